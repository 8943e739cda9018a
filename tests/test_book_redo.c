/* A book whose process ends at any moment: what was answered is there when it is opened again, and
 * whoever reads waits for it until then. */
#include "engine/book_parts.h"
#include "protocol/ledger_copy.h"
#include "protocol/ledger_read.h"
#include "protocol/ledger_verify.h"
#include "tests/ledger_scene.h"
#include "tests/support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LARGE 60 /* requests that are too large a group for the redo file */

static struct ledger_scene scene;
static struct fault fault;

static void close_book(void)
{
    book_close(scene.book);
    scene.book = NULL;
}

static void set_up(void)
{
    ls_open(&scene);
    close_book();
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

static bool try_open(void)
{
    struct book_settings settings = {.directory = scene.directory,
                                     .map_size = scene.map_size,
                                     .subject_key = 77,
                                     .environment = 1,
                                     .is_unsafe = true,
                                     .ballast_size = 1 << 20};
    return book_open(&scene.book, &settings, &fault);
}

static void open_book(void)
{
    if (!try_open())
        ck_abort_msg("%s", fault.text);
}

/* ---- a process that ends ---- */

struct told {
    struct ledger_head head; /* of the last group that was answered */
    uint64_t next_id;
};

static struct ledger_verdict use(uint64_t subject)
{
    struct ledger_request request = ls_purchase(&scene, KIND_USE, subject, LS_P_STACK);
    return ls_ask(&scene, &request);
}

/* A group that LMDB commits. */
static void use_many(void)
{
    struct ledger_verdict verdict;
    ck_assert_uint_eq(book_begin(scene.book, scene.now_ms), BOOK_DONE);
    for (uint64_t i = 0; i < LARGE; i++) {
        struct ledger_request request = ls_purchase(&scene, KIND_USE, 50 + i, LS_P_STACK);
        ls_fill(&scene, &request);
        ck_assert_uint_eq(book_apply(scene.book, &request, &verdict), BOOK_DONE);
    }
    ck_assert_uint_eq(book_commit(scene.book), BOOK_DONE);
}

/* What `write` leaves behind when it is killed afterwards. */
static struct told write_and_die(void (*write_book)(void))
{
    const char *directory = scene.directory; /* a child has one of its own */
    struct told told;
    int pipes[2];
    ck_assert_int_eq(pipe(pipes), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        scene.directory = directory;
        open_book();
        write_book();
        told = (struct told){.head = *book_head(scene.book), .next_id = scene.next_id};
        if (write(pipes[1], &told, sizeof(told)) != (ssize_t)sizeof(told))
            _exit(1);
        kill(getpid(), SIGKILL);
    }
    ck_assert_int_eq(read(pipes[0], &told, sizeof(told)), sizeof(told));
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    close(pipes[0]);
    close(pipes[1]);
    scene.next_id = told.next_id;
    return told;
}

static void must_be_whole(void)
{
    static struct verified verified;
    struct verify_settings settings = {
        .path = scene.directory, .memory = VERIFY_MEMORY_LEAST, .is_quiet = true};
    verified = (struct verified){.findings.told_max = 1};
    if (!ledger_verify(&verified, &settings, &fault))
        ck_abort_msg("%s", fault.text);
    if (verified.findings.count > 0)
        ck_abort_msg("%s: %s", verified.findings.told[0].rule, verified.findings.told[0].text);
}

static void must_have(const struct ledger_head *head)
{
    uint8_t found[LEDGER_HEAD_SIZE], wanted[LEDGER_HEAD_SIZE]; /* without gaps */
    open_book();
    ck_assert_uint_eq(book_head(scene.book)->sequence, head->sequence);
    ledger_head_encode(found, book_head(scene.book));
    ledger_head_encode(wanted, head);
    ck_assert_mem_eq(found, wanted, sizeof(wanted));
    close_book();
    must_be_whole();
}

/* So many groups are in the redo file and not in the ledger. */
static int pending(void)
{
    static uint8_t file[REDO_SIZE];
    struct redo_walk walk = {.file = file};
    struct redo_record record;
    struct ledger_reader *reader;
    struct ledger_head head;
    int count = 0;
    ck_assert(redo_load(file, scene.directory, &fault));
    if (!ledger_reader_open(&reader, path_of(LEDGER_FILE), &fault))
        ck_abort_msg("%s", fault.text);
    ck_assert(ledger_reader_head(&head, reader, &fault));
    ledger_reader_close(reader);
    ledger_head_encode(walk.head, &head);
    while (redo_walk(&record, &walk))
        count++;
    return count;
}

static void three_uses(void)
{
    for (uint64_t i = 1; i <= 3; i++)
        use(i);
}

START_TEST(what_was_answered_before_a_kill_is_there)
{
    struct told told = write_and_die(three_uses);
    ck_assert_int_eq(pending(), 3);
    must_have(&told.head);
    ck_assert_int_eq(pending(), 0);
}
END_TEST

START_TEST(what_was_answered_before_a_kill_is_answered_again)
{
    struct ledger_request first = ls_purchase(&scene, KIND_USE, 1, LS_P_STACK);
    scene.next_id = first.request_id;
    write_and_die(three_uses);
    open_book();
    ck_assert_uint_eq(ls_ask(&scene, &first).sequence, 4); /* behind three accounts */
    ck_assert_uint_eq(ls_posting_count(&scene, POSTING_USE), 3);
}
END_TEST

static void uses_around_a_large_group(void)
{
    three_uses();
    use_many();
    ck_assert(book_is_settled(scene.book));
    use(4);
    ck_assert(!book_is_settled(scene.book));
}

START_TEST(a_large_group_takes_the_small_ones_along)
{
    struct told told = write_and_die(uses_around_a_large_group);
    ck_assert_int_eq(pending(), 1);
    must_have(&told.head);
}
END_TEST

static void more_than_the_file_takes(void)
{
    for (uint64_t i = 0; i < REDO_GROUPS_MAX + 5; i++)
        use(1 + i % 7);
}

START_TEST(a_file_that_is_full_begins_again)
{
    struct told told = write_and_die(more_than_the_file_takes);
    ck_assert_int_eq(pending(), 4);
    must_have(&told.head);
}
END_TEST

static void uses_and_a_settling(void)
{
    three_uses();
    ck_assert_uint_eq(book_settle(scene.book), BOOK_DONE);
    use(4);
}

START_TEST(what_is_settled_is_in_the_ledger)
{
    struct told told = write_and_die(uses_and_a_settling);
    ck_assert_int_eq(pending(), 1);
    must_have(&told.head);
}
END_TEST

/* ---- groups that are dropped ---- */

static void drop_one(uint64_t subject)
{
    struct ledger_verdict verdict;
    struct ledger_request request = ls_purchase(&scene, KIND_RESERVE, subject, LS_P_SCHOOL);
    ls_fill(&scene, &request);
    ck_assert_uint_eq(book_begin(scene.book, scene.now_ms), BOOK_DONE);
    ck_assert_uint_eq(book_apply(scene.book, &request, &verdict), BOOK_DONE);
    book_drop(scene.book);
}

static void drops_between(void)
{
    for (uint64_t i = 1; i <= 3; i++) {
        struct ledger_request held = ls_purchase(&scene, KIND_RESERVE, i, LS_P_HALF);
        ls_ask(&scene, &held);
        drop_one(i);
        struct ledger_request confirm = ls_about(&scene, KIND_CONFIRM, &held);
        ls_ask(&scene, &confirm);
        ck_assert(!book_is_settled(scene.book));
    }
    drop_one(9);
}

START_TEST(a_group_that_is_dropped_takes_nothing_along)
{
    struct told told = write_and_die(drops_between);
    ck_assert_int_eq(pending(), 6);
    must_have(&told.head);
    open_book();
    drops_between();
    struct ledger_head head = *book_head(scene.book);
    close_book();
    ck_assert_int_eq(pending(), 0);
    must_have(&head);
}
END_TEST

/* ---- a group that changes nothing ---- */

START_TEST(who_asks_what_stands_writes_nothing)
{
    struct ledger_head head;
    open_book();
    struct ledger_request first = ls_purchase(&scene, KIND_USE, 1, LS_P_STACK);
    ls_ask(&scene, &first);
    for (int is_settled = 0; is_settled < 2; is_settled++) {
        uint64_t end = scene.book->redo.end;
        scene.now_ms += 1000;
        struct ledger_request ask = ls_about(&scene, KIND_STATUS, &first);
        ck_assert_uint_eq(ls_ask(&scene, &ask).status, STATUS_CONFIRMED);
        ls_ask(&scene, &first);
        ck_assert_uint_eq(scene.book->redo.end, end);
        ck_assert_int_eq(book_is_settled(scene.book), is_settled);
        ck_assert_uint_eq(book_settle(scene.book), BOOK_DONE);
    }
    /* The clock goes on all the same, and is written at the latest when all is settled. */
    head = *book_head(scene.book);
    ck_assert_uint_eq(head.clock_ms, scene.now_ms);
    close_book();
    must_have(&head);
}
END_TEST

/* ---- files that do not belong together ---- */

static void flip(const char *name, off_t at)
{
    uint8_t byte;
    int fd = open(path_of(name), O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

START_TEST(a_last_record_that_is_torn_was_never_answered)
{
    struct told told = write_and_die(three_uses);
    flip(REDO_FILE, 2 * REDO_BLOCK + 400);
    ck_assert_int_eq(pending(), 2);
    open_book();
    ck_assert_uint_eq(book_head(scene.book)->sequence, told.head.sequence - 1);
    close_book();
    must_be_whole();
}
END_TEST

/* Nor does anybody wait for it, once a book has been opened. */
START_TEST(a_first_record_that_is_torn_is_cleared_away)
{
    write_and_die(three_uses);
    open_book();
    close_book();
    struct told told = write_and_die(three_uses);
    flip(REDO_FILE, 400);
    flip(REDO_FILE, REDO_BLOCK);
    flip(REDO_FILE, 2 * REDO_BLOCK);
    open_book();
    ck_assert_uint_eq(book_head(scene.book)->sequence, told.head.sequence - 3);
    close_book();
    must_be_whole();
}
END_TEST

static void must_be_refused(const char *text)
{
    ck_assert(!try_open());
    ck_assert_msg(strstr(fault.text, text) != NULL, "%s", fault.text);
}

START_TEST(a_record_that_is_damaged_with_others_behind_it_refuses_the_book)
{
    struct told told = write_and_die(three_uses);
    flip(REDO_FILE, REDO_BLOCK + 400);
    must_be_refused(REDO_FILE ": has what was answered later than posting");
    flip(REDO_FILE, REDO_BLOCK + 400);
    must_have(&told.head);
}
END_TEST

static void copy(const char *from, const char *to)
{
    static uint8_t bytes[16 << 20];
    int fd = open(path_of(from), O_RDONLY | O_CLOEXEC);
    ssize_t size = read(fd, bytes, sizeof(bytes));
    ck_assert(size > 0 && size < (ssize_t)sizeof(bytes));
    close(fd);
    support_write_file(path_of(to), bytes, (size_t)size, 0600);
}

/* An older ledger, and the redo file of a newer one. */
START_TEST(an_older_copy_of_the_ledger_is_refused_beside_a_newer_redo_file)
{
    write_and_die(three_uses);
    open_book();
    close_book();
    copy(LEDGER_FILE, "older");
    write_and_die(uses_and_a_settling);
    copy("older", LEDGER_FILE);
    must_be_refused("or the ledger is an older copy");
    ck_assert_int_eq(unlink(path_of(REDO_FILE)), 0); /* as it is said */
    open_book();
    ck_assert_uint_eq(ls_posting_count(&scene, POSTING_USE), 3);
}
END_TEST

/* What goes on from the very state of the copy did happen so. */
START_TEST(a_copy_of_just_before_goes_on_with_what_was_answered)
{
    write_and_die(three_uses);
    open_book();
    close_book();
    copy(LEDGER_FILE, "older");
    struct told told = write_and_die(three_uses);
    copy("older", LEDGER_FILE);
    must_have(&told.head);
}
END_TEST

/* All new ledgers have the same head. */
START_TEST(a_new_ledger_is_refused_beside_a_redo_file_with_something)
{
    write_and_die(three_uses);
    ck_assert_int_eq(unlink(path_of(LEDGER_FILE)), 0);
    must_be_refused("later than posting 0");
    ck_assert_int_eq(unlink(path_of(REDO_FILE)), 0);
    open_book();
    ck_assert_uint_eq(book_head(scene.book)->sequence, 0);
}
END_TEST

START_TEST(a_backup_is_not_restored_beside_a_redo_file)
{
    struct ledger_head head;
    char backup[600], folder[600], path[700];
    write_and_die(three_uses);
    open_book();
    close_book();
    snprintf(backup, sizeof(backup), "%s/backup", scene.directory);
    snprintf(folder, sizeof(folder), "%s/restored", scene.directory);
    snprintf(path, sizeof(path), "%s/" REDO_FILE, folder);
    unlink(backup);
    if (!ledger_backup(&head, scene.directory, backup, &fault))
        ck_abort_msg("%s", fault.text);
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    support_write_file(path, "x", 1, 0600);
    ck_assert(!ledger_restore(backup, folder, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "move it away"));
    unlink(path);
    ck_assert(ledger_restore(backup, folder, &fault));
    ck_assert_int_ne(access(path, F_OK), 0);
    scene.directory = folder;
    must_have(&head);
    unlink(path);
}
END_TEST

/* ---- who reads meanwhile ---- */

static bool read_head_there(void *to)
{
    struct ledger_reader *reader;
    if (!ledger_reader_open(&reader, scene.directory, &fault))
        return false;
    bool is_read = ledger_reader_head(to, reader, &fault);
    ledger_reader_close(reader);
    return is_read;
}

static bool verify_there(void *to)
{
    static struct verified verified;
    struct ledger_head *head = to;
    struct verify_settings settings = {
        .path = scene.directory, .memory = VERIFY_MEMORY_LEAST, .is_quiet = true};
    verified = (struct verified){.findings.told_max = 1};
    if (!ledger_verify(&verified, &settings, &fault))
        return false;
    head->sequence = verified.sequence;
    return verified.findings.count == 0;
}

static bool backup_there(void *to)
{
    static int number;
    char path[600];
    snprintf(path, sizeof(path), "%s/backup%d", scene.directory, number++);
    unlink(path);
    return ledger_backup(to, scene.directory, path, &fault);
}

static bool (*const readings[])(void *to) = {read_head_there, verify_there, backup_there};

START_TEST(who_reads_waits_for_what_was_answered_before)
{
    const char *directory = scene.directory;
    int pipes[2], back[2];
    struct ledger_head head, seen;
    char byte;
    ck_assert(pipe(pipes) == 0 && pipe(back) == 0);
    pid_t writer = fork();
    if (writer == 0) {
        scene.directory = directory;
        open_book();
        three_uses();
        if (write(pipes[1], book_head(scene.book), sizeof(head)) != (ssize_t)sizeof(head))
            _exit(1);
        usleep(200000);
        ck_assert_uint_eq(book_settle(scene.book), BOOK_DONE);
        _exit(read(back[0], &byte, 1) == 1 ? 0 : 1);
    }
    ck_assert_int_eq(read(pipes[0], &head, sizeof(head)), sizeof(head));
    ck_assert_msg(readings[_i](&seen), "%s", fault.text);
    ck_assert_uint_eq(seen.sequence, head.sequence);
    ck_assert_int_eq(write(back[1], "x", 1), 1);
    int status;
    ck_assert_int_eq(waitpid(writer, &status, 0), writer);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(who_reads_after_a_kill_is_told_to_start_the_engine_once)
{
    struct ledger_head seen;
    struct told told = write_and_die(three_uses);
    ck_assert(!readings[_i](&seen));
    ck_assert_ptr_nonnull(strstr(fault.text, "start it once"));
    must_have(&told.head);
    ck_assert(readings[_i](&seen));
    ck_assert_uint_eq(seen.sequence, told.head.sequence);
}
END_TEST

/* LMDB's lock of the writer is kept with the readers' table: who was killed held it. */
START_TEST(a_reader_that_stays_open_is_no_matter_after_a_kill)
{
    const char *directory = scene.directory;
    struct ledger_reader *reader;
    struct ledger_head head;
    int pipes[2], back[2];
    char byte;
    open_book();
    close_book();
    ck_assert(pipe(pipes) == 0 && pipe(back) == 0);
    pid_t child = fork();
    if (child == 0) {
        bool is_open = ledger_reader_open(&reader, directory, &fault);
        if (!is_open || write(pipes[1], "x", 1) != 1 || read(back[0], &byte, 1) != 1)
            _exit(1);
        bool is_read = ledger_reader_head(&head, reader, &fault);
        _exit(is_read && head.sequence != 0 ? 0 : 1);
    }
    ck_assert_int_eq(read(pipes[0], &byte, 1), 1);
    struct told told = write_and_die(three_uses);
    must_have(&told.head);
    told = write_and_die(three_uses);
    must_have(&told.head);
    ck_assert_int_eq(write(back[1], "x", 1), 1);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* ---- by chance ---- */

static uint64_t chance;

static void something(void)
{
    static struct ledger_request asked[400];
    size_t count = 0, until = 20 + support_random(&chance) % 380;
    uint32_t pruned;
    for (size_t i = 0; i < until; i++) {
        uint64_t dice = support_random(&chance);
        scene.now_ms += dice / 4096 % 30000;
        if (count < 3 || dice % 2 == 0) {
            asked[count] = ls_purchase(&scene, dice / 2 % 2 == 0 ? KIND_USE : KIND_RESERVE,
                                       1 + dice / 4 % 6, LS_P_HALF + (uint32_t)(dice / 64 % 6));
            ls_ask(&scene, &asked[count++]);
        } else {
            static const uint8_t kinds[] = {KIND_CONFIRM, KIND_CANCEL, KIND_REFUND, KIND_STATUS};
            struct ledger_request change =
                ls_about(&scene, kinds[dice / 2 % 4], &asked[dice / 8 % count]);
            ls_ask(&scene, &change);
        }
        if (dice / 1024 % 16 == 0)
            drop_one(1 + dice % 6);
        if (dice / 65536 % 32 == 0)
            use_many();
        if (dice / 65536 % 32 == 1)
            ls_expire(&scene, scene.now_ms + 60000);
        if (dice / 65536 % 32 == 2)
            ck_assert_uint_eq(book_settle(scene.book), BOOK_DONE);
        if (dice / 65536 % 32 == 3) {
            const struct book_retention retention = {.keep_days = 1000};
            ck_assert_uint_eq(book_begin(scene.book, scene.now_ms), BOOK_DONE);
            ck_assert_uint_eq(book_prune(scene.book, &retention, 10, &pruned), BOOK_DONE);
            ck_assert_uint_eq(book_commit(scene.book), BOOK_DONE);
        }
    }
}

START_TEST(whatever_was_written_before_a_kill_is_there)
{
    chance = (uint64_t)_i + 1;
    for (int round = 0; round < 3; round++) {
        struct told told = write_and_die(something);
        scene.now_ms = told.head.clock_ms;
        open_book();
        ck_assert_uint_eq(book_head(scene.book)->sequence, told.head.sequence);
        ck_assert_mem_eq(book_head(scene.book)->chain, told.head.chain, CHAIN_SIZE);
        close_book();
        must_be_whole();
        support_random(&chance);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("book_redo");
    TCase *tcase = tcase_create("book_redo"), *reading = tcase_create("reading");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_checked_fixture(reading, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_set_timeout(reading, 60);
    tcase_add_test(tcase, what_was_answered_before_a_kill_is_there);
    tcase_add_test(tcase, what_was_answered_before_a_kill_is_answered_again);
    tcase_add_test(tcase, a_large_group_takes_the_small_ones_along);
    tcase_add_test(tcase, a_file_that_is_full_begins_again);
    tcase_add_test(tcase, what_is_settled_is_in_the_ledger);
    tcase_add_test(tcase, a_group_that_is_dropped_takes_nothing_along);
    tcase_add_test(tcase, who_asks_what_stands_writes_nothing);
    tcase_add_test(tcase, a_last_record_that_is_torn_was_never_answered);
    tcase_add_test(tcase, a_first_record_that_is_torn_is_cleared_away);
    tcase_add_test(tcase, a_record_that_is_damaged_with_others_behind_it_refuses_the_book);
    tcase_add_test(tcase, an_older_copy_of_the_ledger_is_refused_beside_a_newer_redo_file);
    tcase_add_test(tcase, a_copy_of_just_before_goes_on_with_what_was_answered);
    tcase_add_test(tcase, a_new_ledger_is_refused_beside_a_redo_file_with_something);
    tcase_add_test(tcase, a_backup_is_not_restored_beside_a_redo_file);
    tcase_add_loop_test(reading, who_reads_waits_for_what_was_answered_before, 0,
                        COUNT_OF(readings));
    tcase_add_loop_test(reading, who_reads_after_a_kill_is_told_to_start_the_engine_once, 0,
                        COUNT_OF(readings));
    tcase_add_test(reading, a_reader_that_stays_open_is_no_matter_after_a_kill);
    tcase_add_loop_test(tcase, whatever_was_written_before_a_kill_is_there, 0, 8);
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, reading);
    return support_run(suite);
}
