#include "protocol/corrections_journal.h"

#include "protocol/identity.h"
#include "protocol/status.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char said[1024];
static size_t said_count;

static void tell(const char *sentence)
{
    snprintf(said, sizeof(said), "%s", sentence);
    said_count++;
}

static bool parses(struct corrections *out, const char *text, const char *batch,
                   struct fault *fault)
{
    said_count = 0;
    said[0] = '\0';
    return corrections_parse(out, "t", strdup(text), strlen(text), batch, tell, fault);
}

static struct corrections parsed(const char *text, const char *batch)
{
    struct corrections corrections;
    struct fault fault;
    ck_assert(identity_start(&fault));
    ck_assert_msg(parses(&corrections, text, batch, &fault), "%s", fault.text);
    return corrections;
}

/* ---- the table ---- */

START_TEST(a_table_is_read_by_its_header)
{
    struct corrections c = parsed("\xef\xbb\xbf"
                                  "action;reason;terminal;amount;request_id;quantity\r\n"
                                  "refund;\"a \"\"b\"\"\";7;1,545;18446744073709551615;\r\n"
                                  ";;;;;\r\n"
                                  "confirm;;0;;1;10000\r\n",
                                  "");
    ck_assert_uint_eq(c.count, 2);
    ck_assert_uint_eq(c.wrong_count, 0);
    ck_assert_uint_eq(c.rows[0].line, 2);
    ck_assert_uint_eq(c.rows[0].kind, ELIG_REFUND);
    ck_assert_uint_eq(c.rows[0].terminal, 7);
    ck_assert_uint_eq(c.rows[0].target_id, UINT64_MAX);
    ck_assert_uint_eq(c.rows[0].amount, 15450);
    ck_assert_uint_eq(c.rows[0].quantity, 0);
    ck_assert_uint_eq(c.rows[0].reason_size, strlen("a \"\"b\"\""));
    ck_assert_uint_eq(c.rows[1].kind, ELIG_CONFIRM);
    ck_assert_uint_eq(c.rows[1].quantity, 10000);
    corrections_free(&c);
}
END_TEST

START_TEST(a_row_becomes_the_request_that_it_says)
{
    struct corrections c = parsed("terminal,request_id,action,amount\n7,8,refund,1.50\n", "");
    struct elig_request request = correction_request(&c.rows[0]);
    uint8_t frame[ELIG_FRAME_SIZE];
    ck_assert_uint_eq(request.kind, ELIG_REFUND);
    ck_assert_uint_eq(request.product, 7);
    ck_assert_uint_eq(request.target_id, 8);
    ck_assert_uint_eq(request.unit_price, 15000);
    ck_assert_uint_eq(request.request_id, c.rows[0].request_id);
    ck_assert_int_eq(elig_encode_request(frame, &request), ELIG_FINE);
    corrections_free(&c);
}
END_TEST

/* By Python's hashlib; they leave the process and never change. */
START_TEST(request_ids_are_a_promise)
{
    static const struct {
        const char *row, *batch;
        uint64_t id;
    } cases[] = {
        {"4711,1,refund,,\n", "", UINT64_C(4143812834010939222)},
        {"4711,1,refund,2,\n", "", UINT64_C(1223222452626606839)},
        {"4711,1,refund,,0.25\n", "outage", UINT64_C(17804718498943099906)},
        {"0,18446744073709551615,cancel,,\n", "outage", UINT64_C(4203690873357263482)},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[200];
        snprintf(text, sizeof(text), "terminal,request_id,action,quantity,amount\n%s",
                 cases[i].row);
        struct corrections c = parsed(text, cases[i].batch);
        ck_assert_uint_eq(c.count, 1);
        ck_assert_uint_eq(c.rows[0].request_id, cases[i].id);
        corrections_free(&c);
    }
}
END_TEST

START_TEST(an_id_follows_from_what_is_asked_and_from_nothing_else)
{
    struct corrections a = parsed(CORRECTIONS_HEADER "\n1,2,refund,,,x\n", "b");
    static const struct {
        const char *row, *batch;
        bool is_same;
    } cases[] = {
        {"1,2,refund,,,y\n", "b", true},   {"\n\n01,2,refund,,,\n", "b", true},
        {"1,2,refund,,,x\n", "c", false},  {"3,2,refund,,,x\n", "b", false},
        {"1,3,refund,,,x\n", "b", false},  {"1,2,cancel,,,x\n", "b", false},
        {"1,2,refund,1,,x\n", "b", false}, {"1,2,refund,,0.01,x\n", "b", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[200];
        snprintf(text, sizeof(text), CORRECTIONS_HEADER "\n%s", cases[i].row);
        struct corrections b = parsed(text, cases[i].batch);
        ck_assert_msg((b.rows[0].request_id == a.rows[0].request_id) == cases[i].is_same,
                      "case %zu", i);
        corrections_free(&b);
    }
    corrections_free(&a);
}
END_TEST

START_TEST(a_wrong_row_is_told_and_the_others_are_taken)
{
    static const struct {
        const char *row, *told;
    } cases[] = {
        {"x,1,refund,,,\n", "t:3: terminal: wanted a number from 0 to 4294967295, found \"x\""},
        {"4294967296,1,refund,,,\n", "t:3: terminal: wanted"},
        {"1,18446744073709551616,refund,,,\n", "t:3: request_id: wanted"},
        {"1,0,refund,,,\n", "t:3: request_id: wanted"},
        {"1,,refund,,,\n", "t:3: request_id: wanted"},
        {"1,1,refnd,,,\n", "t:3: action: wanted refund, cancel or confirm (did you mean refund?)"},
        {"1,1,use,,,\n", "t:3: action: wanted refund, cancel or confirm"},
        {"1,1,cancel,1,,\n", "t:3: quantity: wanted nothing: a cancel is of all"},
        {"1,1,refund,0,,\n", "t:3: quantity: wanted 1 to 10000"},
        {"1,1,refund,10001,,\n", "t:3: quantity: wanted 1 to 10000"},
        {"1,1,confirm,,1,\n", "t:3: amount: wanted nothing: only a refund"},
        {"1,1,refund,1,1,\n", "t:3: amount: wanted nothing beside a quantity"},
        {"1,1,refund,,0.00,\n", "t:3: amount: wanted EUR above 0"},
        {"1,1,refund,,429496.7296,\n", "t:3: amount: wanted EUR above 0"},
        {"9,9,cancel,,,again\n", "t:3: is the same as line 2"},
        {"1,1,refund\n", "t:3: wanted 6 fields"},
        {"1,1,refund,,,a\"b\n", "t:3: quotes"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[300];
        snprintf(text, sizeof(text), CORRECTIONS_HEADER "\n9,9,cancel,,,\n%s8,8,cancel,,,\n",
                 cases[i].row);
        struct corrections c = parsed(text, "");
        ck_assert_uint_eq(said_count, 1);
        ck_assert_msg(strncmp(said, cases[i].told, strlen(cases[i].told)) == 0, "%s", said);
        ck_assert_uint_eq(c.count, 2);
        ck_assert_uint_eq(c.wrong_count, 1);
        ck_assert_uint_eq(c.rows[1].target_id, 8);
        corrections_free(&c);
    }
}
END_TEST

START_TEST(a_table_without_its_columns_is_refused)
{
    struct corrections c;
    struct fault fault;
    ck_assert(!parses(&c, "terminal,action\n", "", &fault));
    ck_assert_str_eq(fault.text,
                     "t:1: the column \"request_id\" is missing: write it into the header, "
                     "and a value or a separator into every row");
    ck_assert(!parses(&c, "", "", &fault));
    ck_assert(!corrections_read(&c, "/nothing/there", "", tell, &fault));
}
END_TEST

/* ---- the journal ---- */

static char path[500];

static struct journal *opened(uint32_t terminal)
{
    struct journal *journal;
    struct fault fault;
    snprintf(path, sizeof(path), "%s/journal.csv", support_directory());
    ck_assert_msg(journal_open(&journal, path, terminal, &fault), "%s", fault.text);
    return journal;
}

static void put(struct journal *journal, uint64_t id, bool is_done)
{
    struct fault fault;
    char reason[CORRECTIONS_REASON_MAX];
    memset(reason, '"', sizeof(reason)); /* the longest there is */
    struct correction row = {.line = 2,
                             .terminal = 7,
                             .kind = ELIG_REFUND,
                             .amount = 15450,
                             .target_id = 8,
                             .request_id = id,
                             .reason = reason,
                             .reason_size = sizeof(reason)};
    struct elig_response response = {
        .kind = ELIG_REFUND, .status = STATUS_REFUNDED, .ledger_sequence = 9};
    journal_put(journal, &row, &response, is_done);
    ck_assert(journal_sync(journal, &fault));
}

START_TEST(what_was_done_is_known_the_next_time)
{
    struct journal *journal = opened(0);
    put(journal, UINT64_MAX, true);
    put(journal, 5, false);
    put(journal, 3, true);
    ck_assert(!journal_has(journal, 3)); /* of this run */
    journal_close(journal);
    journal = opened(0);
    ck_assert(journal_has(journal, 3));
    ck_assert(journal_has(journal, UINT64_MAX));
    ck_assert(!journal_has(journal, 5));
    put(journal, 5, true);
    journal_close(journal);
    journal = opened(0);
    ck_assert(journal_has(journal, 5));
    journal_close(journal);
    unlink(path);
}
END_TEST

START_TEST(a_journal_that_is_cut_anywhere_goes_on_with_its_whole_lines)
{
    struct stat info;
    struct journal *journal = opened(0);
    off_t ends[4];
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(stat(path, &info), 0);
        ends[i] = info.st_size;
        if (i < 3)
            put(journal, (uint64_t)i + 1, true);
    }
    journal_close(journal);
    for (off_t size = ends[3]; size >= 0; size -= size > 300 ? 97 : 1) {
        ck_assert_int_eq(truncate(path, size), 0);
        journal = opened(0);
        for (int i = 0; i < 3; i++)
            ck_assert(journal_has(journal, (uint64_t)i + 1) == (ends[i + 1] <= size));
        journal_close(journal);
    }
    unlink(path);
}
END_TEST

START_TEST(a_journal_is_one_terminals_and_one_processs)
{
    struct journal *journal = opened(4), *other;
    struct fault fault;
    ck_assert(!journal_open(&other, path, 4, &fault));
    ck_assert(strstr(fault.text, "another eligctl is writing it") != NULL);
    put(journal, 1, true);
    journal_close(journal);
    ck_assert(!journal_open(&other, path, 5, &fault));
    ck_assert_msg(strstr(fault.text, ":2: was written by terminal 4, and this is 5") != NULL, "%s",
                  fault.text);
    journal_close(opened(4));
    unlink(path);
    ck_assert(!journal_open(&other, "/nothing/there", 4, &fault));
}
END_TEST

static Suite *corrections_suite(void)
{
    Suite *suite = suite_create("corrections");
    TCase *tcase = tcase_create("all");
    tcase_set_timeout(tcase, 60); /* a slow disk has hundreds of syncs to do */
    tcase_add_test(tcase, a_table_is_read_by_its_header);
    tcase_add_test(tcase, a_row_becomes_the_request_that_it_says);
    tcase_add_test(tcase, request_ids_are_a_promise);
    tcase_add_test(tcase, an_id_follows_from_what_is_asked_and_from_nothing_else);
    tcase_add_test(tcase, a_wrong_row_is_told_and_the_others_are_taken);
    tcase_add_test(tcase, a_table_without_its_columns_is_refused);
    tcase_add_test(tcase, what_was_done_is_known_the_next_time);
    tcase_add_test(tcase, a_journal_that_is_cut_anywhere_goes_on_with_its_whole_lines);
    tcase_add_test(tcase, a_journal_is_one_terminals_and_one_processs);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(corrections_suite());
}
