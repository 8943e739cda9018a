#include "protocol/enrolment.h"

#include "protocol/day.h"
#include "protocol/profile.h"
#include "protocol/rows.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_1 "1111111111111111111111111111111111111111111111111111111111111111"
#define KEY_2 "2222222222222222222222222222222222222222222222222222222222222222"
#define KEY_3 "3333333333333333333333333333333333333333333333333333333333333333"

static const char table[] = ENROLMENT_HEADER "\n101,101-120 205,till," KEY_1
                                             ",1001-1009,300,2000,200,2026-01-01,2027-01-01\n"
                                             "102,301,gate,,,,,,,\n"
                                             "\n"
                                             ",,,,,,,,,\n"
                                             "103, 401 ,inspector,\"" KEY_2 "\",,,,,,\n";

/* With a text of the test's own, which the parser may free. */
static bool parses(struct enrolment *out, const char *text, size_t size, struct fault *fault)
{
    char *copy = malloc(size + 1);
    memcpy(copy, text, size);
    return enrolment_parse(out, "t", copy, size, fault);
}

static struct enrolment parsed(const char *text)
{
    struct enrolment enrolment;
    struct fault fault;
    ck_assert_msg(parses(&enrolment, text, strlen(text), &fault), "%s", fault.text);
    return enrolment;
}

static void check_text(const struct enrolment *enrolment, const char *wanted)
{
    ck_assert_uint_eq(enrolment->size, strlen(wanted));
    ck_assert_msg(memcmp(enrolment->text, wanted, strlen(wanted)) == 0, "%.*s",
                  (int)enrolment->size, enrolment->text);
}

static struct enrolling row_of(uint32_t number, uint8_t byte)
{
    struct enrolling row = {
        .number = number, .points = "101-120", .profile = "till", .until_day = DAY_NEVER};
    memset(row.key, byte, sizeof(row.key));
    return row;
}

/* ---- reading ---- */

START_TEST(a_table_is_read_by_its_header)
{
    struct enrolment e = parsed(table);
    ck_assert_uint_eq(e.count, 3);
    const struct enrolled *t = e.terminals;
    ck_assert(t[0].number == 101 && t[1].number == 102 && t[2].number == 103);
    ck_assert(t[0].line == 2 && t[1].line == 3 && t[2].line == 6);
    ck_assert(t[0].has_key && !t[1].has_key && t[2].has_key);
    ck_assert(t[0].key[0] == 0x11 && t[0].key[31] == 0x11 && t[2].key[31] == 0x22);
    ck_assert_uint_eq(t[0].profile, PROFILE_TILL);
    ck_assert_uint_eq(t[2].profile, PROFILE_INSPECTOR);
    ck_assert(t[1].from_day == 0 && t[1].until_day == DAY_NEVER);
    ck_assert_int_eq(t[0].until_day - t[0].from_day, 365);
    ck_assert_int_eq(strncmp(t[0].points, "101-120 205", t[0].points_size), 0);
    ck_assert_uint_eq(t[2].points_size, 3);
    enrolment_free(&e);
}
END_TEST

/* Each of them is the same table: terminal 7, a till at 5, with the key 1. */
static const char *const same_tables[] = {
    "number,points,profile,key\n7,5,till," KEY_1 "\n",
    "number,points,profile,key\n7,5,till," KEY_1,
    "key;profile;points;number\r\n" KEY_1 ";till;5;7\r\n",
    "profile\tnumber\tkey\tpoints\n till\t7 \t" KEY_1 "\t 5 \n",
    "\xef\xbb\xbfnumber,points,profile,key\n7,5,till," KEY_1 "\n",
    "\n\nnumber,points,profile,key\n\n\n,,,\n\"7\",\"5\",\"till\",\"" KEY_1 "\"\n\n",
    "\"number\",\"points\",\" profile \",key\n 7 ,5,till," KEY_1 "\n",
};

START_TEST(the_forms_of_a_table_are_those_of_the_catalogue)
{
    struct enrolment e = parsed(same_tables[_i]);
    ck_assert_uint_eq(e.count, 1);
    ck_assert(e.terminals[0].number == 7 && e.terminals[0].profile == PROFILE_TILL);
    ck_assert(e.terminals[0].has_key && e.terminals[0].key[7] == 0x11);
    ck_assert(e.terminals[0].points_size == 1 && e.terminals[0].points[0] == '5');
    enrolment_free(&e);
}
END_TEST

#define HEAD "number,points,profile,key,from,until\n"

static const struct wrong {
    const char *text, *sentence;
} wrongs[] = {
    {"", "t:1: an empty table"},
    {"\n\n\n", "t:1: an empty table"},
    {"number,points,profile\n", "t:1: the column \"key\" is missing"},
    {"number,point_of_sale,profile,key\n", "the column \"point_of_sale\" is none of this table's"},
    {"number,points,profil,key\n", "did you mean \"profile\"?"},
    {"number,points,profile,key,key\n", "the column \"key\" stands there twice"},
    {"number,points,profile,key,\n", "the column \"\" is none"},
    {"a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\n", "17 columns"},
    {HEAD "7,5,till,,\n", "t:2: wanted 6 fields as in the header, found 5"},
    {HEAD "7,5,till,,,,\n", "t:2: wanted 6 fields as in the header, found 7"},
    {HEAD "0,5,till,,,\n", "t:2: number: wanted"},
    {HEAD "4294967296,5,till,,,\n", "t:2: number: wanted"},
    {HEAD "x,5,till,,,\n", "t:2: number: wanted"},
    {HEAD "7 8,5,till,,,\n", "t:2: number: wanted"},
    {HEAD ",5,till,,,\n", "t:2: number: wanted"},
    {HEAD "7,5,tills,,,\n", "t:2: profile: wanted"},
    {HEAD "7,5,,,,\n", "t:2: profile: wanted"},
    {HEAD "7,5,till,11,,\n", "t:2: key: wanted a public key"},
    {HEAD "7,5,till,g" KEY_1 ",,\n", "t:2: key: wanted a public key"},
    {HEAD "7,5,till,00000000000000000000000000000000"
          "00000000000000000000000000000000,,\n",
     "t:2: key: wanted a public key"},
    {HEAD "7,5,till,,2026-13-01,\n", "t:2: from: wanted a day"},
    {HEAD "7,5,till,,,soon\n", "t:2: until: wanted a day"},
    {HEAD "\n7,\"5,till,,,\n", "t:3: quotes that do not go around a whole field"},
    {HEAD "7,5\",till,,,\n", "t:2: quotes"},
    {HEAD "7,\"5\"x,till,,,\n", "t:2: quotes"},
    {HEAD "7, \"5\",till,,,\n", "t:2: quotes"},
    {HEAD "7,\"5\" ,till,,,\n", "t:2: quotes"},
};

START_TEST(a_table_that_cannot_be_read_is_refused_with_its_line)
{
    struct enrolment e;
    struct fault fault;
    const char *text = wrongs[_i].text;
    ck_assert(!parses(&e, text, strlen(text), &fault));
    ck_assert_msg(strstr(fault.text, wrongs[_i].sentence) != NULL, "%s", fault.text);
    ck_assert_ptr_null(strstr(fault.text, "1111"));
}
END_TEST

START_TEST(what_is_no_text_or_too_long_is_refused)
{
    struct enrolment e;
    struct fault fault;
    static const char zero[] = HEAD "7,5\0,till,,,\n";
    ck_assert(!parses(&e, zero, sizeof(zero) - 1, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "zero byte"));
    static char big[sizeof(HEAD) + ROWS_LINE_SIZE_MAX + 16];
    size_t size = (size_t)snprintf(big, sizeof(big), HEAD);
    memset(big + size, ' ', ROWS_LINE_SIZE_MAX + 1);
    ck_assert(!parses(&e, big, size + ROWS_LINE_SIZE_MAX + 1, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "t:2: a line of 4097 bytes"));
    ck_assert(parses(&e, big, size + ROWS_LINE_SIZE_MAX, &fault)); /* blanks are no row */
    enrolment_free(&e);
}
END_TEST

START_TEST(a_terminal_is_found_by_its_number_when_it_is_there_once)
{
    struct fault fault;
    const struct enrolled *found;
    struct enrolment e = parsed(HEAD "7,5,till,,,\n8,5,till,,,\n7,6,gate,,,\n");
    ck_assert(enrolment_find(&found, &e, 8, &fault));
    ck_assert_uint_eq(found->line, 3);
    ck_assert(!enrolment_find(&found, &e, 9, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "terminal 9 is not in the table"));
    ck_assert(!enrolment_find(&found, &e, 7, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "in line 2 and in line 4"));
    enrolment_free(&e);
}
END_TEST

/* ---- adding ---- */

START_TEST(a_row_is_added_at_the_end_and_no_other_byte_is_changed)
{
    struct fault fault;
    struct enrolment e = parsed(table);
    struct enrolling row = row_of(104, 0x33);
    row.products = "1001-1009 1012";
    row.per_minute = 4294967295;
    row.typed_per_day = 1;
    row.until_day = 20820; /* 2027-01-02 */
    ck_assert_msg(enrolment_add(&e, &row, &fault), "%s", fault.text);
    char wanted[2048];
    snprintf(wanted, sizeof(wanted), "%s%s", table,
             "104,101-120,till," KEY_3 ",1001-1009 1012,4294967295,,1,,2027-01-02\n");
    check_text(&e, wanted);
    ck_assert_uint_eq(e.count, 4);
    enrolment_free(&e);
}
END_TEST

static const struct added {
    const char *before, *after;
} added[] = {
    {"key,number,profile,points\n", "key,number,profile,points\n" KEY_3 ",9,till,101-120\n"},
    {"key;number;profile;points", "key;number;profile;points\n" KEY_3 ";9;till;101-120\n"},
    {"key;number;profile;points\r\n", "key;number;profile;points\r\n" KEY_3 ";9;till;101-120\r\n"},
    {"key\tnumber\tprofile\tpoints\n\n\n",
     "key\tnumber\tprofile\tpoints\n\n\n" KEY_3 "\t9\ttill\t101-120\n"},
    {HEAD "7,5,till,,,", HEAD "7,5,till,,,\n9,101-120,till," KEY_3 ",,\n"},
    {"\xef\xbb\xbf" HEAD "\"7\", 5,till,,,\r\n",
     "\xef\xbb\xbf" HEAD "\"7\", 5,till,,,\r\n9,101-120,till," KEY_3 ",,\n"},
};

START_TEST(a_row_is_added_in_the_form_of_its_table)
{
    struct fault fault;
    struct enrolment e = parsed(added[_i].before);
    struct enrolling row = row_of(9, 0x33);
    ck_assert_msg(enrolment_add(&e, &row, &fault), "%s", fault.text);
    check_text(&e, added[_i].after);
    enrolment_free(&e);
}
END_TEST

START_TEST(a_number_or_a_key_that_stands_already_is_refused)
{
    struct fault fault;
    struct enrolment e = parsed(table);
    struct enrolling row = row_of(102, 0x33);
    ck_assert(!enrolment_add(&e, &row, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "t:3: terminal 102 stands there already"));
    row = row_of(104, 0x22);
    ck_assert(!enrolment_add(&e, &row, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "t:6: terminal 103 has this key already"));
    check_text(&e, table);
    enrolment_free(&e);
}
END_TEST

START_TEST(a_value_without_a_column_is_refused)
{
    struct fault fault;
    struct enrolment e = parsed(HEAD);
    struct enrolling row = row_of(9, 0x33);
    row.per_minute = 5;
    ck_assert(!enrolment_add(&e, &row, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "t: the table has no column \"per_minute\""));
    check_text(&e, HEAD);
    enrolment_free(&e);
}
END_TEST

static const struct value {
    const char *points, *profile, *products, *sentence; /* NULL: it is good */
} values[] = {
    {"1", "gate", NULL, NULL},
    {"4294967295", "till", "all", NULL},
    {"1-4294967295", "inspector", "2", NULL},
    {"5-5 7", "administrator", "2-3 5", NULL},
    {"101-120  205 ", "till", NULL, NULL},
    {"", "till", NULL, "points: wanted"},
    {"all", "till", NULL, "points: wanted"},
    {"0", "till", NULL, "points: wanted"},
    {"0-5", "till", NULL, "points: wanted"},
    {"4294967296", "till", NULL, "points: wanted"},
    {"5-", "till", NULL, "points: wanted"},
    {"-5", "till", NULL, "points: wanted"},
    {"9-5", "till", NULL, "points: wanted"},
    {"5 - 9", "till", NULL, "points: wanted"},
    {"5,9", "till", NULL, "points: wanted"},
    {"5\n9", "till", NULL, "points: wanted"},
    {"5\t9", "till", NULL, "points: wanted"},
    {"5", "", NULL, "profile: wanted"},
    {"5", "gat", NULL, "did you mean gate?"},
    {"5", "till", "", "products: wanted"},
    {"5", "till", "none", "products: wanted"},
    {"5", "till", "0", "products: wanted"},
    {"5", "till", "7-6", "products: wanted"},
};

START_TEST(a_row_that_the_loader_would_refuse_is_none)
{
    struct fault fault;
    struct enrolling row = row_of(9, 0x33);
    row.points = values[_i].points;
    row.profile = values[_i].profile;
    row.products = values[_i].products;
    bool is_good = enrolling_check(&row, &fault);
    ck_assert_msg(is_good == (values[_i].sentence == NULL), "%s", row.points);
    if (!is_good)
        ck_assert_msg(strstr(fault.text, values[_i].sentence) != NULL, "%s", fault.text);
}
END_TEST

START_TEST(as_many_spans_as_a_terminal_may_have_and_not_one_more)
{
    struct fault fault;
    char points[ENROLMENT_SPANS_MAX * 4 + 8] = "";
    struct enrolling row = row_of(9, 0x33);
    row.points = points;
    for (size_t i = 0; i < ENROLMENT_SPANS_MAX; i++)
        snprintf(points + 4 * i, 5, "%03zu ", i + 1);
    ck_assert(enrolling_check(&row, &fault));
    snprintf(points + (size_t)4 * ENROLMENT_SPANS_MAX, 4, "999");
    ck_assert(!enrolling_check(&row, &fault));
    row = row_of(9, 0x33);
    row.from_day = row.until_day = 20000;
    ck_assert(!enrolling_check(&row, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "later than from"));
    row.until_day++;
    ck_assert(enrolling_check(&row, &fault));
    row.number = 0;
    ck_assert(!enrolling_check(&row, &fault));
}
END_TEST

/* ---- another key ---- */

static const struct changed {
    const char *before, *after;
} changed[] = {
    {HEAD "6,5,till,,,\n7,5,till,,,\n", HEAD "6,5,till,,,\n7,5,till," KEY_3 ",,\n"},
    {HEAD "7,5,till," KEY_1 ",,\n8,5,gate,,,\n", HEAD "7,5,till," KEY_3 ",,\n8,5,gate,,,\n"},
    {HEAD "\"7\",5,till,\"" KEY_1 "\",,", HEAD "\"7\",5,till," KEY_3 ",,"},
    {"number;points;profile;key\r\n 7 ; 5;till; " KEY_1 " \r\n;;;\r\n",
     "number;points;profile;key\r\n 7 ; 5;till;" KEY_3 "\r\n;;;\r\n"},
    {"key,number,points,profile\n,7,5,till", "key,number,points,profile\n" KEY_3 ",7,5,till"},
};

START_TEST(another_key_changes_its_field_and_no_other_byte)
{
    struct fault fault;
    uint8_t key[NOISE_KEY_SIZE];
    struct enrolment e = parsed(changed[_i].before);
    memset(key, 0x33, sizeof(key));
    ck_assert_msg(enrolment_set_key(&e, 7, key, &fault), "%s", fault.text);
    check_text(&e, changed[_i].after);
    enrolment_free(&e);
}
END_TEST

START_TEST(a_key_that_somebody_has_is_given_to_nobody)
{
    struct fault fault;
    uint8_t key[NOISE_KEY_SIZE];
    struct enrolment e = parsed(table);
    memset(key, 0x22, sizeof(key));
    ck_assert(!enrolment_set_key(&e, 101, key, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "terminal 103 has this key already"));
    ck_assert(!enrolment_set_key(&e, 103, key, &fault)); /* nor to who has it */
    ck_assert_ptr_nonnull(strstr(fault.text, "terminal 103 has this very key: nothing to do"));
    memset(key, 0x33, sizeof(key));
    ck_assert(!enrolment_set_key(&e, 999, key, &fault));
    check_text(&e, table);
    enrolment_free(&e);
}
END_TEST

/* ---- the file ---- */

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", support_directory(), name);
    return path;
}

START_TEST(a_table_is_read_from_a_regular_file)
{
    struct enrolment e;
    struct fault fault;
    struct stat info;
    support_write_file(path_of("table"), table, sizeof(table) - 1, 0640);
    ck_assert_msg(enrolment_read(&e, path_of("table"), &info, &fault), "%s", fault.text);
    ck_assert_uint_eq(info.st_mode & 07777, 0640);
    check_text(&e, table);
    enrolment_free(&e);
    ck_assert(!enrolment_read(&e, path_of("none"), NULL, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "begin it with the line " ENROLMENT_HEADER));
    ck_assert(!enrolment_read(&e, support_directory(), NULL, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "regular"));
    ck_assert_int_eq(symlink("table", path_of("link")), 0);
    ck_assert(!enrolment_read(&e, path_of("link"), NULL, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "symbolic link"));
    ck_assert_int_eq(truncate(path_of("table"), (off_t)ROWS_SIZE_MAX + 1), 0);
    ck_assert(!enrolment_read(&e, path_of("table"), NULL, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "at most"));
}
END_TEST

/* As many as a catalogue may have, and one more. */
START_TEST(a_full_table_is_read_and_takes_no_more)
{
    struct fault fault;
    struct enrolment e;
    size_t room = (size_t)(ENROLMENT_COUNT_MAX + 2) * 32, size = 0;
    char *text = malloc(room);
    size += (size_t)snprintf(text, room, "number,points,profile,key\n");
    for (uint32_t i = 1; i <= ENROLMENT_COUNT_MAX; i++)
        size += (size_t)snprintf(text + size, room - size, "%u,5,till,\n", i);
    ck_assert_msg(enrolment_parse(&e, "t", text, size, &fault), "%s", fault.text);
    ck_assert_uint_eq(e.count, ENROLMENT_COUNT_MAX);
    struct enrolling row = row_of(ENROLMENT_COUNT_MAX + 1, 0x33);
    ck_assert(!enrolment_add(&e, &row, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "more than 65536 terminals"));
    ck_assert_uint_eq(e.count, ENROLMENT_COUNT_MAX);
    enrolment_free(&e);
}
END_TEST

#define LOOP(test, rows) tcase_add_loop_test(tcase, test, 0, sizeof(rows) / sizeof((rows)[0]))

static Suite *enrolment_suite(void)
{
    Suite *suite = suite_create("enrolment");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, a_table_is_read_by_its_header);
    LOOP(the_forms_of_a_table_are_those_of_the_catalogue, same_tables);
    LOOP(a_table_that_cannot_be_read_is_refused_with_its_line, wrongs);
    tcase_add_test(tcase, what_is_no_text_or_too_long_is_refused);
    tcase_add_test(tcase, a_terminal_is_found_by_its_number_when_it_is_there_once);
    tcase_add_test(tcase, a_row_is_added_at_the_end_and_no_other_byte_is_changed);
    LOOP(a_row_is_added_in_the_form_of_its_table, added);
    tcase_add_test(tcase, a_number_or_a_key_that_stands_already_is_refused);
    tcase_add_test(tcase, a_value_without_a_column_is_refused);
    LOOP(a_row_that_the_loader_would_refuse_is_none, values);
    tcase_add_test(tcase, as_many_spans_as_a_terminal_may_have_and_not_one_more);
    LOOP(another_key_changes_its_field_and_no_other_byte, changed);
    tcase_add_test(tcase, a_key_that_somebody_has_is_given_to_nobody);
    tcase_add_test(tcase, a_table_is_read_from_a_regular_file);
    tcase_add_test(tcase, a_full_table_is_read_and_takes_no_more);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(enrolment_suite());
}
