#include "protocol/ledger_read.h"
#include "protocol/ledger_verify.h"
#include "protocol/options.h"
#include "tests/ledger_maker.h"
#include "tests/support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_SIZE    256
#define FLIP_COUNT   400
#define WRITER_COUNT 300
#define ALARM_S      10

static struct ledger_reader *reader;
static struct ledger_head head;
static struct fault fault;

static void open_reader(const char *path)
{
    ck_assert_msg(ledger_reader_open(&reader, path, &fault), "%s", fault.text);
    ck_assert(ledger_reader_head(&head, reader, &fault));
}

static void set_up(void)
{
    maker_one_of_each(support_directory());
    open_reader(support_directory());
}

static void tear_down(void)
{
    ledger_reader_close(reader);
}

static uint64_t count_postings(uint64_t from, uint64_t until)
{
    struct postings *postings;
    const struct posting *posting = NULL;
    uint64_t next = from;
    ck_assert(postings_open(&postings, reader, from, until, &fault));
    do {
        ck_assert_msg(postings_next(&posting, postings, &fault), "%s", fault.text);
        if (posting != NULL)
            ck_assert_uint_eq(posting->sequence, next++);
    } while (posting != NULL);
    postings_close(postings);
    return next - from;
}

START_TEST(postings_come_in_order)
{
    ck_assert_uint_eq(head.sequence, 21);
    ck_assert_uint_eq(count_postings(1, 21), 21);
    ck_assert_uint_eq(count_postings(5, 9), 5);
    ck_assert_uint_eq(count_postings(21, 21), 1);
    ck_assert_uint_eq(count_postings(3, 2), 0);
}
END_TEST

START_TEST(one_that_is_missing_is_a_fault)
{
    struct postings *postings;
    const struct posting *posting;
    ck_assert(postings_open(&postings, reader, 21, 22, &fault));
    ck_assert(postings_next(&posting, postings, &fault));
    ck_assert(!postings_next(&posting, postings, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "posting 22 of 21 is missing"));
    postings_close(postings);
}
END_TEST

START_TEST(rows_are_found)
{
    struct posting posting;
    struct transaction transaction;
    struct tally tally;
    struct subject_head subject;
    struct account_list accounts;
    bool is_there;
    ck_assert(ledger_reader_posting(&posting, &is_there, reader, 6, &fault) && is_there);
    ck_assert_uint_eq(posting.kind, POSTING_CONFIRM);
    ck_assert(ledger_reader_posting(&posting, &is_there, reader, 22, &fault) && !is_there);
    ck_assert(ledger_reader_transaction(&transaction, &is_there, reader, 1, 3, &fault) && is_there);
    ck_assert_uint_eq(transaction.state, STATE_REFUNDED);
    ck_assert(ledger_reader_transaction(&transaction, &is_there, reader, 9, 9, &fault));
    ck_assert(!is_there);
    ck_assert(ledger_reader_tally(&tally, &is_there, reader, 101, 1, PERIOD_LIFETIME, 0, &fault));
    ck_assert(is_there);
    ck_assert_uint_eq(tally.used_uses, 1);
    ck_assert(ledger_reader_subject(&subject, &is_there, reader, 102, &fault) && is_there);
    ck_assert_uint_eq(subject.last, 19);
    ck_assert(account_list_read(&accounts, reader, &fault));
    ck_assert_uint_eq(accounts.count, 2);
    ck_assert_str_eq(account_list_find(&accounts, 2)->relief, "LUNCH");
    ck_assert_ptr_null(account_list_find(&accounts, 0));
    ck_assert_ptr_null(account_list_find(&accounts, 3));
    account_list_free(&accounts);
}
END_TEST

START_TEST(the_first_posting_of_a_time_is_found)
{
    static const struct {
        uint64_t ms, sequence;
    } rows[] = {{0, 1},
                {1000 * MAKER_START_S, 1},
                {1000 * MAKER_START_S + 1, 4 /* emptied: of no time */},
                {1000 * MAKER_START_S + 1501, 7},
                {1000 * (MAKER_START_S + 90000), 21 /* likewise */}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint64_t sequence;
        ck_assert(ledger_reader_find_time(&sequence, reader, &head, rows[i].ms, &fault));
        ck_assert_uint_eq(sequence, rows[i].sequence);
    }
}
END_TEST

START_TEST(a_program_opens_it_once)
{
    struct ledger_reader *second;
    ck_assert(!ledger_reader_open(&second, support_directory(), &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "open in this program already"));
    ledger_reader_close(reader);
    open_reader(support_directory());
}
END_TEST

/* A writer's freed pages are its own again: while a reader is between two calls nothing is held. */
START_TEST(a_reader_holds_nothing_up)
{
    struct postings *postings;
    const struct posting *posting;
    struct ledger_sizes before, after;
    const char *directory = support_directory(); /* a child has one of its own */
    ck_assert(ledger_reader_sizes(&before, reader, &fault));
    ck_assert(postings_open(&postings, reader, 1, 21, &fault));
    ck_assert(postings_next(&posting, postings, &fault));
    pid_t writer = fork();
    ck_assert_int_ge(writer, 0);
    if (writer == 0) { /* in a process of its own, as LMDB wants */
        struct ledger_maker *m = maker_open(directory);
        for (int i = 0; i < WRITER_COUNT; i++) {
            maker_use(m, (struct made){.terminal = 5, .id = (uint64_t)i + 1, .subject = 7});
            maker_commit(m);
        }
        maker_close(m);
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(writer, &status, 0), writer);
    ck_assert_int_eq(status, 0);
    ck_assert(ledger_reader_sizes(&after, reader, &fault));
    ck_assert_uint_eq(after.postings, before.postings + WRITER_COUNT);
    /* 300 commits change some ten pages each: held, they would be 12 MB */
    ck_assert_uint_lt(after.used - before.used, 2 << 20);
    uint64_t count = 1;
    for (; posting != NULL; count++)
        ck_assert(postings_next(&posting, postings, &fault));
    ck_assert_uint_eq(count, 22);
    postings_close(postings);
}
END_TEST

/* ---- damage ---- */

static int read_all_and_leave(const char *path)
{
    static struct verified verified;
    struct verify_settings settings = {.path = path, .memory = 1 << 24, .is_quiet = true};
    int null = open("/dev/null", O_WRONLY);
    dup2(null, STDERR_FILENO);
    alarm(ALARM_S);
    ledger_reader_survive("test");
    verified.findings.told_max = 1;
    if (!ledger_verify(&verified, &settings, &fault) ||
        !ledger_reader_open(&reader, path, &fault) || !ledger_reader_head(&head, reader, &fault))
        return EXIT_FAILED;
    struct postings *postings;
    const struct posting *posting = NULL;
    if (!postings_open(&postings, reader, head.pruned + 1, head.sequence, &fault))
        return EXIT_FAILED;
    do {
        if (!postings_next(&posting, postings, &fault))
            return EXIT_FAILED;
    } while (posting != NULL);
    return verified.findings.count > 0 ? EXIT_NO : EXIT_YES;
}

/* Bits of the file itself, LMDB's own pages among them. */
START_TEST(a_damaged_file_is_no_crash)
{
    char path[PATH_SIZE], spoilt[PATH_SIZE];
    struct stat info;
    uint64_t state = 77;
    uint32_t counts[EXIT_FAILED + 1] = {0};
    tear_down();
    snprintf(path, sizeof(path), "%s/" LEDGER_FILE, support_directory());
    snprintf(spoilt, sizeof(spoilt), "%s/spoilt", support_directory());
    FILE *file = fopen(path, "r");
    ck_assert(file != NULL && fstat(fileno(file), &info) == 0);
    uint8_t *bytes = malloc((size_t)info.st_size);
    ck_assert_uint_eq(fread(bytes, 1, (size_t)info.st_size, file), (size_t)info.st_size);
    fclose(file);
    for (int i = 0; i < FLIP_COUNT; i++) {
        uint64_t dice = support_random(&state);
        /* heads of pages more often than what is in them */
        size_t at = (size_t)(dice / 16 % (uint64_t)info.st_size);
        at = dice % 2 == 0 ? at / 4096 * 4096 + at % 64 : at;
        uint8_t good = bytes[at];
        bytes[at] ^= (uint8_t)(1 + dice / 65536 % 255);
        support_write_file(spoilt, bytes, (size_t)info.st_size, 0600);
        bytes[at] = good;
        pid_t child = fork();
        if (child == 0)
            _exit(read_all_and_leave(spoilt));
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) <= EXIT_FAILED,
                      "byte %zu: ended by signal %d", at, WTERMSIG(status));
        counts[WEXITSTATUS(status)]++;
    }
    ck_assert_uint_gt(counts[EXIT_NO], 0);
    ck_assert_uint_gt(counts[EXIT_FAILED], 0);
    free(bytes);
    open_reader(support_directory());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ledger_read");
    TCase *tcase = tcase_create("ledger_read");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, postings_come_in_order);
    tcase_add_test(tcase, one_that_is_missing_is_a_fault);
    tcase_add_test(tcase, rows_are_found);
    tcase_add_test(tcase, the_first_posting_of_a_time_is_found);
    tcase_add_test(tcase, a_program_opens_it_once);
    tcase_add_test(tcase, a_reader_holds_nothing_up);
    tcase_add_test(tcase, a_damaged_file_is_no_crash);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
