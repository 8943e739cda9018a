/* The book's file: who may open it, what a group leaves behind, what is noticed. */
#include "engine/tallies.h"
#include "tests/ledger_scene.h"
#include "tests/support.h"

#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct ledger_scene scene;

static void set_up(void)
{
    ls_open(&scene);
}

static void tear_down(void)
{
    ls_close(&scene);
}

static const char *path_of(const char *name)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s/%s", scene.directory, name);
    return path;
}

static struct book_settings settings(void)
{
    return (struct book_settings){.directory = scene.directory,
                                  .map_size = scene.map_size,
                                  .subject_key = 77,
                                  .environment = 1,
                                  .is_unsafe = true};
}

/* Why it cannot be opened. */
static const char *refusal(const struct book_settings *wanted)
{
    static struct fault fault;
    struct book *book;
    fault.text[0] = '\0';
    ck_assert(!book_open(&book, wanted, &fault));
    ck_assert_str_ne(fault.text, "");
    return fault.text;
}

static void close_book(void)
{
    book_close(scene.book);
    scene.book = NULL;
}

/* ---- opening ---- */

START_TEST(two_processes_do_not_have_one_ledger)
{
    struct book_settings wanted = settings();
    ck_assert(strstr(refusal(&wanted), "another process") != NULL);
}
END_TEST

START_TEST(a_ledger_of_another_environment_or_key_is_refused)
{
    struct book_settings wanted = settings();
    close_book();
    wanted.environment = 2;
    ck_assert(strstr(refusal(&wanted), "environment 1") != NULL);
    wanted.environment = 1;
    wanted.subject_key = 78;
    ck_assert(strstr(refusal(&wanted), "subject key") != NULL);
}
END_TEST

START_TEST(files_that_others_can_read_are_refused)
{
    static const char *const files[] = {"ledger.mdb", "ledger.redo", "ledger.lock"};
    struct book_settings wanted = settings();
    close_book();
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        ck_assert_int_eq(chmod(path_of(files[i]), 0640), 0);
        ck_assert(strstr(refusal(&wanted), "open to others") != NULL);
        ck_assert_int_eq(chmod(path_of(files[i]), 0600), 0);
    }
    ck_assert_int_eq(chmod(scene.directory, 0777), 0);
    ck_assert(strstr(refusal(&wanted), "chmod go-w") != NULL);
    ck_assert_int_eq(chmod(scene.directory, 0700), 0);
}
END_TEST

START_TEST(a_file_system_in_memory_is_refused)
{
    char memory[] = "/dev/shm/elig-test-XXXXXX";
    struct book_settings wanted = {.directory = memory, .subject_key = 1, .environment = 1};
    if (mkdtemp(memory) != NULL) { /* not every machine has one */
        ck_assert(strstr(refusal(&wanted), "lies in memory") != NULL);
        ck_assert_int_eq(rmdir(memory), 0);
    }
    wanted.directory = "/nowhere/at/all";
    ck_assert(strstr(refusal(&wanted), "/nowhere/at/all") != NULL);
}
END_TEST

START_TEST(a_new_ledger_is_empty_and_has_its_files_to_itself)
{
    struct stat info;
    const struct ledger_head *head = book_head(scene.book);
    ck_assert(head->sequence == 0 && head->account_count == 0 && head->pruned == 0);
    ck_assert_int_eq(stat(path_of("ledger.mdb"), &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
    ck_assert_int_eq(stat(path_of("ledger.mdb-lock"), &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
}
END_TEST

/* ---- groups ---- */

START_TEST(what_was_committed_is_there_again_and_what_was_dropped_is_not)
{
    struct ledger_request use = ls_purchase(&scene, KIND_USE, 5, LS_P_HALF);
    struct ledger_verdict first = ls_ask(&scene, &use), again;
    struct ledger_head head = *book_head(scene.book);
    struct ledger_request dropped = ls_purchase(&scene, KIND_USE, 6, LS_P_STACK);
    ls_fill(&scene, &dropped);
    ck_assert_uint_eq(book_begin(scene.book, scene.now_ms), BOOK_DONE);
    ck_assert_uint_eq(book_apply(scene.book, &dropped, &again), BOOK_DONE);
    book_drop(scene.book);
    ck_assert_mem_eq(&head, book_head(scene.book), sizeof(head));
    ls_reopen(&scene);
    ck_assert_mem_eq(head.chain, book_head(scene.book)->chain, CHAIN_SIZE);
    ck_assert_uint_eq(ls_ask(&scene, &use).sequence, first.sequence);
    struct ledger_request ask = ls_about(&scene, KIND_STATUS, &dropped);
    ck_assert_uint_eq(ls_ask(&scene, &ask).status, STATUS_UNKNOWN_TRANSACTION);
}
END_TEST

START_TEST(accounts_of_a_group_that_was_dropped_are_written_again)
{
    struct ledger_request stack = ls_purchase(&scene, KIND_USE, 6, LS_P_STACK);
    struct ledger_verdict verdict;
    ls_fill(&scene, &stack);
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(book_begin(scene.book, scene.now_ms), BOOK_DONE);
        ck_assert_uint_eq(book_apply(scene.book, &stack, &verdict), BOOK_DONE);
        ck_assert_uint_eq(book_head(scene.book)->account_count, 3);
        if (i == 0)
            book_drop(scene.book);
    }
    ck_assert_uint_eq(book_commit(scene.book), BOOK_DONE);
    ls_reopen(&scene);
}
END_TEST

START_TEST(the_clock_of_the_ledger_never_goes_back)
{
    struct ledger_request use = ls_purchase(&scene, KIND_USE, 5, LS_P_HALF);
    ls_ask(&scene, &use);
    uint64_t before_ms = book_head(scene.book)->clock_ms;
    scene.now_ms -= 1000000;
    use.request_id = scene.next_id++;
    ls_ask(&scene, &use);
    ck_assert_uint_eq(book_head(scene.book)->clock_ms, before_ms);
}
END_TEST

START_TEST(a_full_map_keeps_room_for_what_was_reserved)
{
    struct ledger_request held[3], use, change;
    struct ledger_verdict verdict;
    close_book();
    scene.map_size = 8 << 20;
    ls_begin(&scene);
    for (size_t i = 0; i < 3; i++) {
        held[i] = ls_purchase(&scene, KIND_RESERVE, 3, LS_P_HALF);
        ls_ask(&scene, &held[i]);
    }
    enum book_end end = BOOK_DONE;
    uint64_t last = 0;
    for (uint32_t i = 0; end == BOOK_DONE && i < 100000; i++) {
        use = ls_purchase(&scene, KIND_USE, 100 + i, LS_P_HALF);
        ls_fill(&scene, &use);
        last = book_head(scene.book)->sequence;
        ck_assert_uint_eq(book_begin(scene.book, scene.now_ms), BOOK_DONE);
        end = book_apply(scene.book, &use, &verdict);
        if (end == BOOK_DONE)
            ck_assert_uint_eq(book_commit(scene.book), BOOK_DONE);
        else
            book_drop(scene.book);
    }
    ck_assert_uint_eq(end, BOOK_FULL);
    ck_assert_uint_eq(book_head(scene.book)->sequence, last);
    ck_assert_uint_gt(last, 500);
    change = ls_about(&scene, KIND_CONFIRM, &held[0]);
    ck_assert_uint_eq(ls_ask(&scene, &change).status, STATUS_CONFIRMED);
    ck_assert(book_is_tight(scene.book));
    ck_assert_uint_eq(ls_ask(&scene, &held[0]).status, STATUS_APPLIES); /* as it was answered */
    held[0].purchase.quantity++;
    ck_assert_uint_eq(ls_ask(&scene, &held[0]).status, STATUS_CONFLICT);
    change = ls_about(&scene, KIND_CANCEL, &held[1]);
    ck_assert_uint_eq(ls_ask(&scene, &change).status, STATUS_CANCELLED);
    ck_assert_uint_eq(ls_expire(&scene, scene.now_ms + 300000), 1);
    ck_assert_uint_gt(book_map_used_bp(scene.book), 5000);
    ls_reopen(&scene);
}
END_TEST

/* ---- rot ---- */

/* Changes a byte of a row, or takes the row away. */
static void spoil(const char *database, const void *key, size_t key_size, size_t at,
                  bool is_deleted)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val name = {key_size, (void *)(uintptr_t)key}, value;
    uint8_t row[POSTING_SIZE];
    close_book();
    ck_assert_int_eq(mdb_env_create(&env), 0);
    ck_assert_int_eq(mdb_env_set_maxdbs(env, 8), 0);
    ck_assert_int_eq(mdb_env_open(env, path_of("ledger.mdb"), MDB_NOSUBDIR, 0600), 0);
    ck_assert_int_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
    ck_assert_int_eq(mdb_dbi_open(txn, database, 0, &dbi), 0);
    ck_assert_int_eq(mdb_get(txn, dbi, &name, &value), 0);
    ck_assert_uint_le(value.mv_size, sizeof(row));
    memcpy(row, value.mv_data, value.mv_size);
    row[at] ^= 1;
    value.mv_data = row;
    ck_assert_int_eq(
        is_deleted ? mdb_del(txn, dbi, &name, NULL) : mdb_put(txn, dbi, &name, &value, 0), 0);
    ck_assert_int_eq(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static const uint8_t second[SEQUENCE_KEY_SIZE] = {[7] = 2};

static const struct {
    const char *why;
    size_t at;
    bool is_deleted;
} spoilt[] = {
    {"an amount", 128 + 8, false}, {"a reserved byte", 108, false}, {"a content hash", 192, false},
    {"a chain value", 224, false}, {"its sequence", 0, false},      {"all of it", 0, true},
};

START_TEST(a_posting_that_was_touched_is_noticed)
{
    struct book_settings wanted = settings();
    for (int i = 0; i < 3; i++) {
        struct ledger_request use = ls_purchase(&scene, KIND_USE, 5, LS_P_HALF);
        ls_ask(&scene, &use);
    }
    spoil(DB_POSTINGS, second, sizeof(second), spoilt[_i].at, spoilt[_i].is_deleted);
    ck_assert_msg(strstr(refusal(&wanted), "does not fit together") != NULL, "%s", spoilt[_i].why);
}
END_TEST

START_TEST(a_hold_without_its_transaction_is_noticed_and_the_other_way_round)
{
    struct book_settings wanted = settings();
    struct ledger_request held = ls_purchase(&scene, KIND_RESERVE, 5, LS_P_HALF);
    ls_ask(&scene, &held);
    uint8_t hold[HOLD_KEY_SIZE] = {0};
    uint64_t deadline_ms = scene.now_ms + 300000;
    for (size_t i = 0; i < 8; i++)
        hold[i] = (uint8_t)(deadline_ms >> (56 - 8 * i));
    hold[11] = LS_TERMINAL;
    hold[19] = (uint8_t)held.request_id;
    spoil(DB_HOLDS, hold, sizeof(hold), 0, true);
    refusal(&wanted);
}
END_TEST

START_TEST(a_hold_of_nobody_is_noticed)
{
    struct book_settings wanted = settings();
    ck_assert_uint_eq(book_begin(scene.book, scene.now_ms), BOOK_DONE);
    book_put_hold(scene.book, scene.now_ms + 1000, (struct transaction_name){LS_TERMINAL, 99});
    ck_assert_uint_eq(book_commit(scene.book), BOOK_DONE);
    close_book();
    ck_assert(strstr(refusal(&wanted), "does not fit together") != NULL);
}
END_TEST

/* Nothing is built on a count that does not fit: the book fails, and is not written any more. */
START_TEST(what_would_come_below_nothing_fails_the_book)
{
    struct ledger_request held = ls_purchase(&scene, KIND_RESERVE, 5, LS_P_HALF);
    ls_ask(&scene, &held);
    struct ledger_request cancel = ls_about(&scene, KIND_CANCEL, &held);
    struct ledger_verdict verdict;
    const struct tally none = {0};
    const struct tally_name day = {SUBJECT_NOBODY, LS_CODE(LS_HALF), PERIOD_DAY, LS_TODAY};
    const uint8_t subject[TALLY_KEY_SIZE] = {[7] = 5};
    if (_i == 0) {
        ck_assert_uint_eq(book_begin(scene.book, scene.now_ms), BOOK_DONE);
        book_put_tally(scene.book, &day, &none);
        ck_assert_uint_eq(book_commit(scene.book), BOOK_DONE);
    } else {
        spoil(DB_TALLIES, subject, sizeof(subject), 8, false); /* how many are open: none */
        ls_reopen(&scene);
    }
    ls_fill(&scene, &cancel);
    ck_assert_uint_eq(book_begin(scene.book, scene.now_ms), BOOK_DONE);
    ck_assert_uint_eq(book_apply(scene.book, &cancel, &verdict), BOOK_FAILED);
    book_drop(scene.book);
    ck_assert_uint_eq(book_begin(scene.book, scene.now_ms), BOOK_FAILED);
}
END_TEST

/* Rows that are well-formed, each by itself, and do not belong together. */
static const struct {
    const char *what;
    struct transaction wrong; /* what is put in place of its own where this is not 0 */
    bool is_ahead;
} unfit[] = {
    {"more is held than was bought", .wrong = {.quantity = 4}},
    {"less is held than was bought", .wrong = {.quantity = 1}},
    {"it is of another kind", .wrong = {.kind = POSTING_USE}},
    {"it has a part more", .wrong = {.part_count = 2}},
    {"its part has more uses", .wrong.parts[0].unit_count = 9, .wrong.parts[0].use_count = 9},
    {"its part has more money", .wrong.parts[0].amount = UINT64_MAX},
    {"its part is another account's", .wrong.parts[0].account = 9},
    {"its subject's last posting is ahead", .is_ahead = true},
};

static void spoil_transaction(size_t i, struct transaction_name name)
{
    const struct transaction *wrong = &unfit[i].wrong;
    struct transaction t;
    ck_assert(book_get_transaction(scene.book, name, &t));
    t.quantity = wrong->quantity != 0 ? wrong->quantity : t.quantity;
    t.kind = wrong->kind != 0 ? wrong->kind : t.kind;
    t.part_count = wrong->part_count != 0 ? wrong->part_count : t.part_count;
    if (wrong->parts[0].use_count != 0) {
        t.parts[0].unit_count = wrong->parts[0].unit_count;
        t.parts[0].use_count = wrong->parts[0].use_count;
    }
    if (wrong->parts[0].amount != 0)
        t.parts[0].amount = wrong->parts[0].amount;
    if (wrong->parts[0].account != 0)
        t.parts[0].account = wrong->parts[0].account;
    book_put_transaction(scene.book, name, &t);
}

START_TEST(rows_that_do_not_belong_together_fail_the_book_and_abort_nothing)
{
    static const uint8_t kinds[] = {KIND_CONFIRM, KIND_CANCEL, KIND_STATUS};
    struct ledger_request held = ls_purchase(&scene, KIND_RESERVE, 5, LS_P_HALF);
    held.purchase.quantity = 3;
    ls_ask(&scene, &held);
    struct ledger_request ask = ls_about(&scene, kinds[_i % 3], &held);
    size_t i = (size_t)_i / 3;
    struct ledger_verdict verdict;
    const uint8_t subject[TALLY_KEY_SIZE] = {[7] = 5};
    if (unfit[i].is_ahead) {
        spoil(DB_TALLIES, subject, sizeof(subject), 5, false);
        ls_reopen(&scene);
        ask.kind = KIND_CONFIRM;
    }
    ls_fill(&scene, &ask);
    ck_assert_uint_eq(book_begin(scene.book, scene.now_ms), BOOK_DONE);
    spoil_transaction(i, (struct transaction_name){held.terminal, held.request_id});
    ck_assert_msg(book_apply(scene.book, &ask, &verdict) == BOOK_FAILED, "%s", unfit[i].what);
    book_drop(scene.book);
}
END_TEST

START_TEST(a_tally_of_a_period_that_never_was_fails_the_book)
{
    const struct tally some = {.used_uses = 1};
    const struct tally_name never = {5, LS_CODE(LS_HALF), PERIOD_MONTH, UINT32_MAX};
    struct ledger_request use = ls_purchase(&scene, KIND_USE, 5, LS_P_HALF);
    ls_ask(&scene, &use);
    ck_assert_uint_eq(book_begin(scene.book, scene.now_ms), BOOK_DONE);
    book_put_tally(scene.book, &never, &some);
    book_drop_tallies(scene.book, LS_TODAY, 1000);
    ck_assert_uint_eq(scene.book->end, BOOK_FAILED);
    book_drop(scene.book);
}
END_TEST

START_TEST(a_head_of_another_format_is_refused)
{
    struct book_settings wanted = settings();
    struct ledger_request use = ls_purchase(&scene, KIND_USE, 5, LS_P_HALF);
    ls_ask(&scene, &use);
    spoil(DB_META, "head", 4, 0, false);
    ck_assert(strstr(refusal(&wanted), "format") != NULL);
}
END_TEST

/* ---- pruning ---- */

static uint32_t prune(uint32_t keep_days, uint32_t keep_denied_days)
{
    uint32_t count;
    struct book_retention retention = {keep_days, keep_denied_days};
    ck_assert_uint_eq(book_begin(scene.book, scene.now_ms), BOOK_DONE);
    ck_assert_uint_eq(book_prune(scene.book, &retention, 1000, &count), BOOK_DONE);
    ck_assert_uint_eq(book_commit(scene.book), BOOK_DONE);
    return count;
}

START_TEST(old_postings_go_with_their_transactions_and_new_ones_stay)
{
    struct ledger_request uses[4];
    const struct limit life = {
        .relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_LIFETIME, .value = 5};
    ls_limits(&scene, &life, 1);
    for (size_t i = 0; i < COUNT_OF(uses); i++) {
        uses[i] = ls_purchase(&scene, KIND_USE, 5, LS_P_HALF);
        ls_ask(&scene, &uses[i]);
        if (i == 1)
            scene.now_ms += UINT64_C(100) * 86400000;
    }
    ck_assert_uint_eq(prune(101, 101), 0);
    ck_assert_uint_gt(prune(100, 100), 0);
    ck_assert_uint_eq(book_head(scene.book)->pruned, 3); /* an account's and two uses' */
    ls_reopen(&scene);
    struct ledger_request ask = ls_about(&scene, KIND_STATUS, &uses[1]);
    ck_assert_uint_eq(ls_ask(&scene, &ask).status, STATUS_UNKNOWN_TRANSACTION);
    ask = ls_about(&scene, KIND_STATUS, &uses[2]);
    ck_assert_uint_eq(ls_ask(&scene, &ask).status, STATUS_CONFIRMED);
    struct ledger_request use = ls_purchase(&scene, KIND_USE, 5, LS_P_HALF);
    ck_assert_uint_eq(ls_ask(&scene, &use).status, STATUS_APPLIES);
    use.request_id = scene.next_id++; /* a lifetime's tally stays, though its postings are gone */
    ck_assert_uint_eq(ls_ask(&scene, &use).status, STATUS_LIMIT_REACHED);
}
END_TEST

START_TEST(of_an_old_denial_only_the_hash_stays_and_the_chain_holds)
{
    struct ledger_request denied = ls_purchase(&scene, KIND_USE, 5, LS_P_HALF);
    struct ledger_request use = ls_purchase(&scene, KIND_USE, 5, LS_P_HALF);
    denied.view = LS_NOBODY;
    ck_assert_uint_eq(ls_ask(&scene, &denied).status, STATUS_DOES_NOT_APPLY);
    ls_ask(&scene, &use);
    scene.now_ms += UINT64_C(31) * 86400000;
    use.request_id = scene.next_id++;
    ls_ask(&scene, &use);
    ck_assert_uint_eq(prune(400, 30), 1);
    ck_assert_uint_eq(prune(400, 30), 0);
    struct ledger_request ask = ls_about(&scene, KIND_STATUS, &denied);
    ck_assert_uint_eq(ls_ask(&scene, &ask).status, STATUS_UNKNOWN_TRANSACTION);
    ck_assert_uint_eq(ls_posting_count(&scene, POSTING_PRUNED), 1);
    ls_reopen(&scene);
    const struct limit week = {.relief = LS_HALF,
                               .kind = LIMIT_USES,
                               .period = PERIOD_WEEK,
                               .value = 3,
                               .is_published = 1};
    ls_limits(&scene, &week, 1); /* a walk goes through what is left of it */
    use.request_id = scene.next_id++;
    ck_assert_uint_eq(ls_ask(&scene, &use).remaining, 0);
}
END_TEST

START_TEST(an_open_reservation_keeps_itself_and_what_came_after_it)
{
    struct ledger_request held = ls_purchase(&scene, KIND_RESERVE, 5, LS_P_HALF);
    struct ledger_request use = ls_purchase(&scene, KIND_USE, 6, LS_P_HALF);
    ls_ask(&scene, &held);
    ls_ask(&scene, &use);
    scene.now_ms += UINT64_C(100) * 86400000;
    prune(10, 10);
    ck_assert_uint_eq(book_head(scene.book)->pruned, 1); /* its account's */
    struct ledger_request confirm = ls_about(&scene, KIND_CONFIRM, &held);
    ck_assert_uint_eq(ls_ask(&scene, &confirm).status, STATUS_CONFIRMED);
    ls_reopen(&scene);
}
END_TEST

START_TEST(the_last_posting_stays_and_with_the_others_go_tombstones)
{
    struct ledger_request use = ls_purchase(&scene, KIND_USE, 5, LS_P_HALF);
    struct ledger_request cancel = ls_about(&scene, KIND_CANCEL, &use);
    struct ledger_request other = ls_purchase(&scene, KIND_USE, 6, LS_P_HALF);
    ck_assert_uint_eq(ls_ask(&scene, &cancel).status, STATUS_CANCELLED);
    ls_ask(&scene, &other);
    scene.now_ms += UINT64_C(100) * 86400000;
    prune(10, 10);
    ck_assert_uint_eq(book_head(scene.book)->pruned, book_head(scene.book)->sequence - 1);
    ls_reopen(&scene);
    ck_assert_uint_eq(ls_ask(&scene, &use).status, STATUS_APPLIES);
    ls_reopen(&scene);
}
END_TEST

START_TEST(a_refund_into_days_that_are_pruned_goes_well)
{
    scene.now_ms += UINT64_C(1001) * 86400000;
    struct ledger_request use = ls_purchase(&scene, KIND_LATE, 5, LS_P_HALF);
    ls_ask(&scene, &use); /* of a service 1001 days ago */
    ck_assert_uint_gt(prune(200, 200), 0);
    struct ledger_request refund = ls_about(&scene, KIND_REFUND, &use);
    ck_assert_uint_eq(ls_ask(&scene, &refund).status, STATUS_REFUNDED);
}
END_TEST

START_TEST(a_budget_knows_of_what_was_recorded_late_as_long_as_it_can_be_given_back)
{
    const struct limit year = {
        .relief = LS_HALF, .kind = LIMIT_BUDGET, .period = PERIOD_YEAR, .value = 12000};
    struct ledger_request late = ls_purchase(&scene, KIND_LATE, 5, LS_P_HALF);
    struct ledger_request use = ls_purchase(&scene, KIND_USE, 6, LS_P_HALF);
    late.purchase.service_time_s = ls_morning(LS_TODAY - 40);
    ls_ask(&scene, &late); /* 5000 of the year */
    prune(10, 10);
    ls_limits(&scene, &year, 1);
    ck_assert_uint_eq(ls_ask(&scene, &use).status, STATUS_APPLIES); /* 10000 */
    use.request_id = scene.next_id++;
    ck_assert_uint_eq(ls_ask(&scene, &use).status, STATUS_BUDGET_SPENT);
    struct ledger_request refund = ls_about(&scene, KIND_REFUND, &late);
    ck_assert_uint_eq(ls_ask(&scene, &refund).status, STATUS_REFUNDED);
    use.request_id = scene.next_id++;
    ck_assert_uint_eq(ls_ask(&scene, &use).status, STATUS_APPLIES);
}
END_TEST

/* ---- how far somebody's postings are looked through ---- */

static void ask_often(struct ledger_request request, uint32_t count)
{
    struct ledger_verdict verdict;
    for (uint32_t i = 0; i < count; i++) {
        if (i % 1000 == 0)
            ck_assert_uint_eq(book_begin(scene.book, scene.now_ms), BOOK_DONE);
        request.request_id = scene.next_id++;
        ls_fill(&scene, &request);
        ck_assert_uint_eq(book_apply(scene.book, &request, &verdict), BOOK_DONE);
        if (i % 1000 == 999 || i + 1 == count)
            ck_assert_uint_eq(book_commit(scene.book), BOOK_DONE);
    }
}

static const struct {
    struct limit limit;
    uint16_t status;
} buried[] = {
    {{.relief = LS_HALF, .kind = LIMIT_SPACING, .value = 30}, STATUS_TOO_SOON},
    {{.relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 9},
     STATUS_LIMIT_REACHED},
    {{.relief = LS_HALF, .kind = LIMIT_AMOUNT, .period = PERIOD_DAY, .value = INT64_MAX >> 16},
     STATUS_LIMIT_REACHED},
};

START_TEST(a_use_that_is_buried_under_others_is_not_given_again)
{
    struct ledger_request use = ls_purchase(&scene, KIND_USE, 5, LS_P_HALF);
    ls_ask(&scene, &use);
    use.request_id = scene.next_id++;
    ls_limits(&scene, &buried[_i].limit, 1);
    ask_often(ls_purchase(&scene, KIND_USE, 5, LS_P_DIME), WALK_POSTINGS_MAX);
    ck_assert_uint_eq(ls_ask(&scene, &use).status, buried[_i].status);
    use.subject = 6;
    use.request_id = scene.next_id++;
    ck_assert_uint_eq(ls_ask(&scene, &use).status, STATUS_APPLIES); /* others are looked at */
    use.kind = KIND_LATE;
    use.subject = 5;
    use.request_id = scene.next_id++;
    ck_assert_uint_eq(ls_ask(&scene, &use).status, STATUS_OVER_LIMIT);
}
END_TEST

/* What a walk looks at, and that it looked at all of it. */
static uint32_t walk_count(uint64_t subject)
{
    uint32_t count = 0;
    ck_assert_uint_eq(book_begin(scene.book, scene.now_ms), BOOK_DONE);
    struct walk walk = walk_begin(scene.book, subject, 0);
    while (walk_next(&walk))
        count++;
    ck_assert(!walk.is_cut);
    ck_assert_uint_eq(scene.book->end, BOOK_DONE);
    uint32_t looked_at = WALK_POSTINGS_MAX - walk.left;
    ck_assert_uint_le(looked_at, count + 1); /* the first posting, if it is a denial */
    book_drop(scene.book);
    return count;
}

START_TEST(denials_and_what_is_asked_about_purchases_bury_nobody)
{
    struct ledger_request denied = ls_purchase(&scene, KIND_USE, 5, LS_P_HALF), use, change;
    denied.view = LS_NOBODY;
    for (uint32_t i = 0; i < 5; i++) {
        if (i != 0 || _i == 0)
            ask_often(denied, 3);
        ck_assert_uint_eq(walk_count(5), i);
        use = ls_purchase(&scene, i % 2 == 0 ? KIND_USE : KIND_RESERVE, 5, LS_P_HALF);
        ls_ask(&scene, &use);
        change = ls_about(&scene, KIND_CONFIRM, &use);
        ls_ask(&scene, &change);
        change = ls_about(&scene, KIND_REFUND, &use);
        change.amount = 1;
        ck_assert_uint_eq(ls_ask(&scene, &change).status, STATUS_CONFIRMED);
    }
    ask_often(denied, WALK_POSTINGS_MAX + 1);
    ck_assert_uint_eq(walk_count(5), 5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("book");
    TCase *tcase = tcase_create("book");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, two_processes_do_not_have_one_ledger);
    tcase_add_test(tcase, a_ledger_of_another_environment_or_key_is_refused);
    tcase_add_test(tcase, files_that_others_can_read_are_refused);
    tcase_add_test(tcase, a_file_system_in_memory_is_refused);
    tcase_add_test(tcase, a_new_ledger_is_empty_and_has_its_files_to_itself);
    tcase_add_test(tcase, what_was_committed_is_there_again_and_what_was_dropped_is_not);
    tcase_add_test(tcase, accounts_of_a_group_that_was_dropped_are_written_again);
    tcase_add_test(tcase, a_hold_of_nobody_is_noticed);
    tcase_add_loop_test(tcase, what_would_come_below_nothing_fails_the_book, 0, 2);
    tcase_add_test(tcase, an_open_reservation_keeps_itself_and_what_came_after_it);
    tcase_add_test(tcase, the_last_posting_stays_and_with_the_others_go_tombstones);
    tcase_add_test(tcase, the_clock_of_the_ledger_never_goes_back);
    tcase_add_test(tcase, a_full_map_keeps_room_for_what_was_reserved);
    tcase_add_loop_test(tcase, a_posting_that_was_touched_is_noticed, 0, COUNT_OF(spoilt));
    tcase_add_test(tcase, a_hold_without_its_transaction_is_noticed_and_the_other_way_round);
    tcase_add_loop_test(tcase, rows_that_do_not_belong_together_fail_the_book_and_abort_nothing, 0,
                        3 * COUNT_OF(unfit));
    tcase_add_test(tcase, a_tally_of_a_period_that_never_was_fails_the_book);
    tcase_add_test(tcase, a_head_of_another_format_is_refused);
    tcase_add_test(tcase, old_postings_go_with_their_transactions_and_new_ones_stay);
    tcase_add_test(tcase, of_an_old_denial_only_the_hash_stays_and_the_chain_holds);
    tcase_add_test(tcase, a_refund_into_days_that_are_pruned_goes_well);
    tcase_add_test(tcase, a_budget_knows_of_what_was_recorded_late_as_long_as_it_can_be_given_back);
    tcase_add_loop_test(tcase, a_use_that_is_buried_under_others_is_not_given_again, 0,
                        COUNT_OF(buried));
    tcase_add_loop_test(tcase, denials_and_what_is_asked_about_purchases_bury_nobody, 0, 2);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
