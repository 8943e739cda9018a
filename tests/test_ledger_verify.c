#include "protocol/ledger_verify.h"
#include "tests/ledger_maker.h"
#include "tests/support.h"

#include <lmdb.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE   256
#define MEMORY      ((uint64_t)64 << 20)
#define DENIAL_1    4 /* postings of maker_one_of_each that are emptied */
#define DENIAL_2    21
#define ROW_SIZE    256
#define SHOWN_COUNT 20

static struct verified verified;

static const struct ledger_findings *verify_with(const struct verify_settings *settings)
{
    struct fault fault;
    verified.findings.told_max = SHOWN_COUNT;
    ck_assert_msg(ledger_verify(&verified, settings, &fault), "%s", fault.text);
    return &verified.findings;
}

static const struct ledger_findings *verify(const char *directory)
{
    struct verify_settings settings = {.path = directory, .memory = MEMORY, .is_quiet = true};
    return verify_with(&settings);
}

static void check_is_good(const struct ledger_findings *findings)
{
    const struct ledger_violation *first = &findings->told[0];
    ck_assert_msg(findings->count == 0, "%s, posting %u: %s", first->rule,
                  (unsigned)first->sequence, first->text);
}

static bool has_text(const struct ledger_findings *findings, const char *text)
{
    for (uint32_t i = 0; i < findings->told_count; i++)
        if (strstr(findings->told[i].text, text) != NULL)
            return true;
    return false;
}

static bool has_rule(const struct ledger_findings *findings, const char *rule)
{
    for (uint32_t i = 0; i < findings->told_count; i++)
        if (strcmp(findings->told[i].rule, rule) == 0)
            return true;
    return false;
}

START_TEST(a_ledger_with_one_of_each_is_good)
{
    maker_one_of_each(support_directory());
    check_is_good(verify(support_directory()));
    ck_assert_uint_eq(verified.sequence, DENIAL_2);
    ck_assert_uint_eq(verified.posting_count, DENIAL_2);
    ck_assert_uint_eq(verified.hold_count, 1);
    ck_assert_uint_eq(verified.share_count, 1);
}
END_TEST

START_TEST(an_empty_ledger_is_good)
{
    maker_close(maker_open(support_directory()));
    check_is_good(verify(support_directory()));
}
END_TEST

/* ---- many transactions by chance, in as many shares as little memory makes ---- */

static void make_many(const char *directory, uint64_t count)
{
    struct ledger_maker *m = maker_open(directory);
    uint64_t state = 5;
    uint32_t accounts[] = {maker_account(m, 1, 7, "BUS"), maker_account(m, 2, 8, "LUNCH")};
    for (uint64_t id = 1; id <= count; id++) {
        uint64_t dice = support_random(&state);
        struct made made = {.terminal = (uint32_t)(1 + dice % 3),
                            .id = 10 * id,
                            .subject = 1 + dice / 8 % (count / 4 + 1),
                            .account = accounts[dice / 64 % 2],
                            .quantity = (uint16_t)(1 + dice / 128 % 4),
                            .amount = dice / 512 % 5 * 1000};
        maker_wait(m, dice % 100000);
        if (dice / 4096 % 3 == 0) {
            maker_use(m, made);
        } else {
            maker_reserve(m, made, 30);
            if (made.amount != 0 && dice / 4096 % 3 == 1)
                maker_confirm(m, made.terminal, 10 * id + 1, 10 * id, 1);
            else if (made.amount != 0)
                maker_cancel(m, made.terminal, 10 * id + 1, 10 * id);
        }
        if (made.amount != 0 && dice / 4096 % 3 < 2 && dice % 5 == 0)
            maker_refund(m, made.terminal, 10 * id + 2, 10 * id, 0);
    }
    maker_close(m);
}

START_TEST(shares_find_the_same)
{
    make_many(support_directory(), 3000);
    check_is_good(verify(support_directory()));
    struct verify_settings settings = {
        .path = support_directory(), .memory = 1 << 18, .is_quiet = true};
    check_is_good(verify_with(&settings));
    ck_assert_uint_gt(verified.share_count, 3);
}
END_TEST

/* ---- twins: a good ledger with one thing wrong ---- */

struct twin_file {
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_cursor *cursor;
};

static void twin_open(struct twin_file *file, const char *db)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof(path), "%s/" LEDGER_FILE, support_directory());
    ck_assert_int_eq(mdb_env_create(&file->env), 0);
    ck_assert_int_eq(mdb_env_set_maxdbs(file->env, 6), 0);
    ck_assert_int_eq(mdb_env_open(file->env, path, MDB_NOSUBDIR | MDB_NOSYNC, 0600), 0);
    ck_assert_int_eq(mdb_txn_begin(file->env, NULL, 0, &file->txn), 0);
    ck_assert_int_eq(mdb_dbi_open(file->txn, db, 0, &file->dbi), 0);
    ck_assert_int_eq(mdb_cursor_open(file->txn, file->dbi, &file->cursor), 0);
}

static void twin_close(struct twin_file *file)
{
    mdb_cursor_close(file->cursor);
    ck_assert_int_eq(mdb_txn_commit(file->txn), 0);
    mdb_env_close(file->env);
}

/* The nth row, from 0, at the cursor; false: there are not so many. */
static bool twin_row(struct twin_file *file, size_t n, MDB_val *key, MDB_val *row)
{
    int error = mdb_cursor_get(file->cursor, key, row, MDB_FIRST);
    for (; error == 0 && n > 0; n--)
        error = mdb_cursor_get(file->cursor, key, row, MDB_NEXT);
    return error == 0;
}

/* Flips bits of one byte of a row's content or key; false: there is no such row or byte. */
static bool flip_row(const char *db, size_t n, size_t at, uint8_t bits, uint8_t good[ROW_SIZE])
{
    struct twin_file file;
    MDB_val key, row;
    uint8_t copy[ROW_SIZE] = {0};
    twin_open(&file, db);
    bool is_there = twin_row(&file, n, &key, &row) && at < row.mv_size;
    if (is_there) {
        memcpy(copy, row.mv_data, row.mv_size);
        memcpy(good, copy, sizeof(copy));
        copy[at] ^= bits;
        MDB_val changed = {row.mv_size, copy};
        ck_assert_int_eq(mdb_cursor_put(file.cursor, &key, &changed, MDB_CURRENT), 0);
    }
    twin_close(&file);
    return is_there;
}

static bool flip(const char *db, size_t n, size_t at, uint8_t bits)
{
    uint8_t good[ROW_SIZE];
    return flip_row(db, n, at, bits, good);
}

static const struct twin_db {
    const char *name;
    size_t row_size;
} dbs[] = {
    {DB_POSTINGS, POSTING_SIZE}, {DB_TRANSACTIONS, TRANSACTION_SIZE},
    {DB_TALLIES, TALLY_SIZE},    {DB_HOLDS, 1},
    {DB_ACCOUNTS, ACCOUNT_SIZE}, {DB_META, LEDGER_HEAD_SIZE},
};

/* The row of a transaction, or of a subject, of which nothing is left but an emptied denial. */
static bool is_emptied(const uint8_t *row)
{
    return load_u64(row) == DENIAL_1 || load_u64(row) == DENIAL_2;
}

/* What nothing in the ledger says a second time; `row` is that of the good one. */
static bool is_said_once(const char *db, const uint8_t *row, size_t at)
{
    if (strcmp(db, DB_META) == 0) /* environment; the clock, forward; check value of a key */
        return (at >= 4 && at < 8) || (at >= 16 && at < 32);
    if (strcmp(db, DB_POSTINGS) == 0 && row[8] == POSTING_PRUNED)
        return at >= 96 && at < 100;                         /* the days of an emptied denial */
    if (strcmp(db, DB_TRANSACTIONS) == 0 && is_emptied(row)) /* body, kind, flags */
        return (at >= 16 && at < 24) || at == 32 || at == 36;
    return false;
}

START_TEST(any_byte_of_any_row_is_noticed)
{
    const struct twin_db *db = &dbs[_i];
    struct fault fault;
    struct verify_settings settings = {
        .path = support_directory(), .memory = MEMORY, .is_quiet = true};
    uint64_t state = (uint64_t)_i + 1, count = 0;
    maker_one_of_each(support_directory());
    for (size_t n = 0;; n++) {
        for (size_t at = 0; at < db->row_size; at++) {
            uint8_t bits = (uint8_t)(1 << support_random(&state) % 8), good[ROW_SIZE];
            if (!flip_row(db->name, n, at, bits, good)) {
                ck_assert_uint_eq(at, 0);
                ck_assert_uint_gt(count, 0);
                return;
            }
            verified.findings.told_max = 1;
            bool is_read = ledger_verify(&verified, &settings, &fault);
            ck_assert_msg(!is_read || verified.findings.count > 0 ||
                              is_said_once(db->name, good, at),
                          "%s, row %zu, byte %zu, bits %u: not noticed", db->name, n, at, bits);
            ck_assert(flip(db->name, n, at, bits));
            count++;
        }
    }
}
END_TEST

START_TEST(a_row_that_is_taken_away_is_noticed)
{
    const struct twin_db *db = &dbs[_i];
    for (size_t n = 0;; n++) {
        struct twin_file file;
        MDB_val key, row;
        char path[PATH_SIZE];
        struct fault fault;
        struct verify_settings settings = {
            .path = support_directory(), .memory = MEMORY, .is_quiet = true};
        snprintf(path, sizeof(path), "%s/" LEDGER_FILE, support_directory());
        remove(path);
        maker_one_of_each(support_directory());
        twin_open(&file, db->name);
        bool is_there = twin_row(&file, n, &key, &row);
        /* a tally that is not there is none that is wrong, but for a subject's and for days of all
         */
        const uint8_t *k = is_there ? key.mv_data : NULL;
        bool is_cache = is_there && strcmp(db->name, DB_TALLIES) == 0 &&
                        !bytes_are_zero(k + 8, 4) && (!bytes_are_zero(k, 8) || k[12] != PERIOD_DAY);
        const uint8_t *r = is_there ? row.mv_data : NULL;
        is_cache = is_cache || (is_there && strcmp(db->name, DB_POSTINGS) != 0 &&
                                row.mv_size >= TALLY_SIZE && is_emptied(r));
        if (is_there)
            ck_assert_int_eq(mdb_cursor_del(file.cursor, 0), 0);
        twin_close(&file);
        if (!is_there)
            break;
        verified.findings.told_max = 1;
        bool is_read = ledger_verify(&verified, &settings, &fault);
        ck_assert_msg(is_read ? (verified.findings.count > 0) != is_cache : !is_cache,
                      "%s, row %zu", db->name, n);
    }
}
END_TEST

/* ---- twins whose hashes are right: what they say is wrong ---- */

static void digest(uint8_t out[static CHAIN_SIZE], const uint8_t *bytes, size_t size)
{
    crypto_generichash(out, CHAIN_SIZE, bytes, size, NULL, 0);
}

/* Hashes and chain of all postings anew, and of the head. */
static void seal_anew(void)
{
    struct twin_file file;
    MDB_val key, row;
    uint8_t chain[2 * CHAIN_SIZE] = {0}, copy[POSTING_SIZE], head[LEDGER_HEAD_SIZE];
    twin_open(&file, DB_POSTINGS);
    int error = mdb_cursor_get(file.cursor, &key, &row, MDB_FIRST);
    for (; error == 0; error = mdb_cursor_get(file.cursor, &key, &row, MDB_NEXT)) {
        memcpy(copy, row.mv_data, POSTING_SIZE);
        if (copy[8] != POSTING_PRUNED)
            digest(copy + POSTING_CONTENT, copy, POSTING_CONTENT);
        memcpy(chain + CHAIN_SIZE, copy + POSTING_CONTENT, CHAIN_SIZE);
        digest(copy + POSTING_CONTENT + CHAIN_SIZE, chain, sizeof(chain));
        memcpy(chain, copy + POSTING_CONTENT + CHAIN_SIZE, CHAIN_SIZE);
        MDB_val changed = {POSTING_SIZE, copy};
        ck_assert_int_eq(mdb_cursor_put(file.cursor, &key, &changed, MDB_CURRENT), 0);
    }
    twin_close(&file);
    twin_open(&file, DB_META);
    ck_assert(twin_row(&file, 0, &key, &row));
    memcpy(head, row.mv_data, sizeof(head));
    memcpy(head + 48, chain, CHAIN_SIZE);
    MDB_val changed = {sizeof(head), head};
    ck_assert_int_eq(mdb_cursor_put(file.cursor, &key, &changed, MDB_CURRENT), 0);
    twin_close(&file);
}

/* Bits of a posting of maker_one_of_each, by number, as LEDGER.md says where; whose hashes fit. */
static const struct lie {
    const char *name;
    uint64_t sequence;
    size_t at;
    uint8_t bits;
    const char *rule, *text; /* of one of the findings, so that no rule hides behind another */
} lies[] = {
    {"a use of another relief", 3, 128, 3, "I1", "want the accounts of"},
    {"a use of an account that is none", 3, 128, 0x40, "I1", "want an account, found number"},
    {"more was taken off", 3, 136, 1, "I1", "tally of relief"},
    {"one use less", 3, 134, 3, "I1", ""},
    {"a denial that took", 20, 9, STATE_DENIED ^ STATE_CONFIRMED, "I1", "state is not what"},
    {"somebody else's use", 3, 40, 2, "I1", "want the subject and day of posting"},
    {"another day", 3, 58, 2, "I1", ""},
    {"a reservation that is confirmed at once", 5, 9, 3, "I5", ""},
    {"more is confirmed than was held", 6, 138, 1, "I1", "at most what it has left"},
    {"a confirmation of nobody's", 6, 24, 0x40, "I5", "want a transaction before it"},
    {"a confirmation that is a cancellation", 6, 8, POSTING_CONFIRM ^ POSTING_CANCEL, "I5", ""},
    {"a cancellation that gives back less", 8, 136, 2, "I1", "to be given back"},
    {"a cancellation that is a confirmation", 8, 8, POSTING_CONFIRM ^ POSTING_CANCEL, "I1", ""},
    {"an end of a reservation that has one", 10, 24, 2, "I5", "want no other end"},
    {"a refund of more than was taken", 11, 138, 1, "I1", "at most what it has left"},
    {"a refund that is a confirmation", 11, 8, POSTING_REFUND ^ POSTING_CONFIRM, "I5", ""},
    {"a refund of all that leaves some", 12, 9, STATE_REFUNDED ^ STATE_CONFIRMED, "I5",
     "state: want"},
    {"a use beyond a limit without a mark", 13, 74, FLAG_OVER_LIMIT, "I1",
     "OVER_LIMIT was answered"},
    {"a mark on what took nothing", 10, 74, FLAG_OVER_LIMIT, "I1", "over limit: want a LATE"},
    {"a tombstone of another", 14, 24, 1, "I1", ""},
    {"the clock goes back", 6, 52, 1, "I6", "clock: want"},
    {"a request id twice", 20, 16, 11 ^ 10, NULL, "want a new request id"},
    {"a stop of another month", 17, 24, 1, "I1", "want marks as there are STOP"},
    {"an account of another row", 1, 80, 1, "I3", "its row is not the one of then"},
    {"an account twice", 2, 128, 3, "I3", "want each once, in order"},
    {"a subject's posting before", 5, 112, 1, "I1", "subject's posting before"},
    {"a walk that leads elsewhere", 5, 108, 1, "I1", "skip: want it to lead"},
    {"a skip of what is no purchase", 6, 108, 1, "I1", "skip: want it to lead"},
    {"a subject's latest day", 5, 96, 1, "I1", "latest day of service"},
    {"a reservation that ends at another time", 19, 105, 1, "I1", "deadline is not what"},
    {"a denial with a part", 20, 73, 1, "I1", "a denial: want no parts"},
};

START_TEST(a_lie_with_good_hashes_is_noticed)
{
    const struct lie *lie = &lies[_i];
    maker_one_of_each(support_directory());
    seal_anew();
    check_is_good(verify(support_directory()));
    ck_assert(flip(DB_POSTINGS, (size_t)lie->sequence - 1, lie->at, lie->bits));
    seal_anew();
    const struct ledger_findings *findings = verify(support_directory());
    ck_assert_msg(findings->count > 0, "%s: not noticed", lie->name);
    ck_assert_msg(lie->rule == NULL || has_rule(findings, lie->rule), "%s: %s: %s", lie->name,
                  findings->told[0].rule, findings->told[0].text);
    ck_assert_msg(has_text(findings, lie->text), "%s: want %s, found %s", lie->name, lie->text,
                  findings->told[0].text);
}
END_TEST

static const struct {
    const char *db;
    size_t row, at;
    const char *text;
} hashes[] = {
    {DB_POSTINGS, 4, 136, "content: is not what its hash says"},
    {DB_POSTINGS, 4, 230, "chain: does not follow from the posting before"},
    {DB_META, 0, 50, "head: its chain value is not the last posting's"},
};

START_TEST(each_hash_is_looked_at)
{
    maker_one_of_each(support_directory());
    ck_assert(flip(hashes[_i].db, hashes[_i].row, hashes[_i].at, 1));
    ck_assert(has_text(verify(support_directory()), hashes[_i].text));
}
END_TEST

/* Of a row of another database, by what it should say. */
static bool has_lost_row(const char *db, size_t n, const char *text)
{
    struct twin_file file;
    MDB_val key, row;
    twin_open(&file, db);
    ck_assert(twin_row(&file, n, &key, &row));
    ck_assert_int_eq(mdb_cursor_del(file.cursor, 0), 0);
    twin_close(&file);
    return has_text(verify(support_directory()), text);
}

/* The first row about a subject, from 0. */
static size_t subject_row(void)
{
    struct twin_file file;
    MDB_val key, row;
    size_t n = 0;
    twin_open(&file, DB_TALLIES);
    while (twin_row(&file, n, &key, &row) && !bytes_are_zero((const uint8_t *)key.mv_data + 8, 5))
        n++;
    twin_close(&file);
    return n;
}

START_TEST(holds_and_days_that_are_missing_or_nobodys_are_named)
{
    maker_one_of_each(support_directory());
    ck_assert(flip(DB_HOLDS, 0, 0, 2));
    ck_assert(has_text(verify(support_directory()), "hold: a row without a reservation"));
    ck_assert(flip(DB_TALLIES, subject_row(), 8, 4));
    ck_assert(has_text(verify(support_directory()), "subject: open holds: want"));
    ck_assert(has_lost_row(DB_HOLDS, 0, "hold: want a row with the deadline"));
    ck_assert(has_lost_row(DB_TALLIES, 0, "want a row, found none")); /* the first day of all */
}
END_TEST

START_TEST(a_subject_has_three_open_reservations_at_most)
{
    struct ledger_maker *maker = maker_open(support_directory());
    uint32_t account = maker_account(maker, 500, 77, "BUS");
    for (uint64_t id = 1; id <= 4; id++) {
        struct made made = {.terminal = 1,
                            .id = id,
                            .subject = 9,
                            .account = account,
                            .quantity = 1,
                            .amount = 5000};
        maker_reserve(maker, made, 600);
        if (id == 2)
            maker_cancel(maker, 1, 10, 1); /* then there is room for one more */
    }
    maker_close(maker);
    check_is_good(verify(support_directory()));
    maker = maker_open(support_directory());
    struct made made = {
        .terminal = 1, .id = 5, .subject = 9, .account = account, .quantity = 1, .amount = 5000};
    maker_reserve(maker, made, 600);
    maker_close(maker);
    const struct ledger_findings *findings = verify(support_directory());
    ck_assert_uint_eq(findings->count, 1);
    ck_assert(has_rule(findings, "I2"));
    ck_assert(has_text(findings, "want at most 3 open reservations of a subject, found 4"));
}
END_TEST

START_TEST(a_posting_that_is_missing_is_named)
{
    struct twin_file file;
    MDB_val key, row;
    maker_one_of_each(support_directory());
    twin_open(&file, DB_POSTINGS);
    ck_assert(twin_row(&file, 9, &key, &row));
    ck_assert_int_eq(mdb_cursor_del(file.cursor, 0), 0);
    twin_close(&file);
    seal_anew();
    ck_assert(has_text(verify(support_directory()), "want posting 10, found this one"));
}
END_TEST

/* Postings were put in another order, with hashes that fit: two that changed places. */
START_TEST(two_final_states_are_noticed)
{
    struct ledger_maker *m = maker_open(support_directory());
    uint32_t bus = maker_account(m, 1, 7, "BUS");
    maker_reserve(
        m,
        (struct made){
            .terminal = 1, .id = 1, .subject = 5, .account = bus, .quantity = 1, .amount = 100},
        60);
    maker_reserve(
        m,
        (struct made){
            .terminal = 1, .id = 2, .subject = 5, .account = bus, .quantity = 1, .amount = 100},
        60);
    maker_confirm(m, 1, 3, 1, 0);
    maker_cancel(m, 1, 4, 2); /* posting 5: about 1 now */
    maker_close(m);
    check_is_good(verify(support_directory()));
    ck_assert(flip(DB_POSTINGS, 4, 24, 3));
    seal_anew();
    ck_assert(has_rule(verify(support_directory()), "I5"));
}
END_TEST

/* ---- what others remember ---- */

START_TEST(a_head_that_was_seen_is_not_ahead)
{
    maker_one_of_each(support_directory());
    struct ledger_maker *m = maker_open(support_directory());
    struct seen_head seen = {.sequence = maker_head(m)->sequence};
    memcpy(seen.chain, maker_head(m)->chain, sizeof(seen.chain));
    maker_close(m);
    struct verify_settings settings = {
        .path = support_directory(), .seen = &seen, .memory = MEMORY, .is_quiet = true};
    check_is_good(verify_with(&settings));
    seen.chain[5] ^= 1;
    ck_assert_uint_eq(verify_with(&settings)->count, 1);
    seen.sequence += 4;
    ck_assert_uint_eq(verify_with(&settings)->count, 1);
    ck_assert_uint_eq(verified.seen_missing, 4);
}
END_TEST

static const struct {
    const char *line;
    bool is_good;
} journals[] = {
    {"# terminal id status sequence\n1 1 310 3\n1,4,421,6\n2 3 310 9\n", true},
    {"1 1 310 0\n", true},   /* nothing was stored */
    {"1 2 410 4\n", true},   /* a denial that was emptied */
    {"3 99 423 14\n", true}, /* under a tombstone */
    {"1 1 410 3\n", false},  /* another status */
    {"1 1 310 4000\n", false},
    {"1 9 310 3\n", false}, /* another's */
    {"2 1 310 3\n", false},
};

START_TEST(what_was_acknowledged_is_there)
{
    char path[PATH_SIZE];
    const char *line = journals[_i].line;
    maker_one_of_each(support_directory());
    snprintf(path, sizeof(path), "%s/journal", support_directory());
    support_write_file(path, line, strlen(line), 0600);
    struct verify_settings settings = {
        .path = support_directory(), .journal = path, .memory = MEMORY, .is_quiet = true};
    const struct ledger_findings *findings = verify_with(&settings);
    ck_assert_msg((findings->count == 0) == journals[_i].is_good, "%s", line);
    ck_assert(journals[_i].is_good || has_rule(findings, "I4"));
}
END_TEST

START_TEST(what_is_no_ledger_is_a_sentence)
{
    char path[PATH_SIZE], bytes[16384] = "not a ledger";
    struct fault fault;
    struct verify_settings settings = {.path = path, .memory = MEMORY, .is_quiet = true};
    snprintf(path, sizeof(path), "%s/file", support_directory());
    ck_assert(!ledger_verify(&verified, &settings, &fault));
    support_write_file(path, bytes, sizeof(bytes), 0600);
    ck_assert(!ledger_verify(&verified, &settings, &fault));
    maker_one_of_each(support_directory());
    snprintf(path, sizeof(path), "%s/" LEDGER_FILE, support_directory());
    ck_assert_int_eq(truncate(path, 16384), 0);
    ck_assert(!ledger_verify(&verified, &settings, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "it was cut"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ledger_verify");
    TCase *tcase = tcase_create("ledger_verify");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_ledger_with_one_of_each_is_good);
    tcase_add_test(tcase, an_empty_ledger_is_good);
    tcase_add_loop_test(tcase, each_hash_is_looked_at, 0, (int)COUNT_OF(hashes));
    tcase_add_test(tcase, holds_and_days_that_are_missing_or_nobodys_are_named);
    tcase_add_test(tcase, a_subject_has_three_open_reservations_at_most);
    tcase_add_test(tcase, a_posting_that_is_missing_is_named);
    tcase_add_loop_test(tcase, a_lie_with_good_hashes_is_noticed, 0, (int)COUNT_OF(lies));
    tcase_add_test(tcase, two_final_states_are_noticed);
    tcase_add_test(tcase, a_head_that_was_seen_is_not_ahead);
    tcase_add_loop_test(tcase, what_was_acknowledged_is_there, 0, (int)COUNT_OF(journals));
    tcase_add_test(tcase, what_is_no_ledger_is_a_sentence);
    suite_add_tcase(suite, tcase);

    TCase *rows = tcase_create("rows"); /* all of them: these take their time */
    tcase_set_timeout(rows, 60);
    tcase_add_test(rows, shares_find_the_same);
    tcase_add_loop_test(rows, any_byte_of_any_row_is_noticed, 0, (int)COUNT_OF(dbs));
    tcase_add_loop_test(rows, a_row_that_is_taken_away_is_noticed, 0, (int)COUNT_OF(dbs));
    suite_add_tcase(suite, rows);
    return support_run(suite);
}
