#include "bench/measures.h"

#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "part,subject,setting,round,measure,value\n"

static struct fault fault;

/* The text as a file "t"; what is read must be freed when it is good. */
static bool parse(struct measures *out, const char *text)
{
    size_t size = strlen(text);
    char *copy = malloc(size + 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, size);
    fault.text[0] = '\0';
    return measures_parse(out, "t", copy, size, &fault);
}

static void check_row(const struct measures_row *row, enum measures_part part, const char *subject,
                      const char *setting, uint32_t round, const char *measure, double value)
{
    ck_assert_int_eq((int)row->part, (int)part);
    ck_assert_str_eq(row->subject, subject);
    ck_assert_str_eq(row->setting, setting);
    ck_assert_uint_eq(row->round, round);
    ck_assert_str_eq(row->measure, measure);
    ck_assert_double_eq_tol(row->value, value, 1e-9);
}

START_TEST(rows_are_read_in_their_order)
{
    struct measures measures;
    ck_assert_msg(parse(&measures, HEADER "compare,elig-sealed,depth 64,2,cpu_ns,412.5\n"
                                          "\n"
                                          "loader,country floor,-,0,read +x._,0\r\n"
                                          "latency, elig quiet ,rate 20000,999,at_99.9,1000000"),
                  "%s", fault.text);
    ck_assert_uint_eq(measures.row_count, 3);
    ck_assert_uint_eq(measures.fact_count, 0);
    check_row(&measures.rows[0], MEASURES_COMPARE, "elig-sealed", "depth 64", 2, "cpu_ns", 412.5);
    check_row(&measures.rows[1], MEASURES_LOADER, "country floor", "-", 0, "read +x._", 0);
    check_row(&measures.rows[2], MEASURES_LATENCY, "elig quiet", "rate 20000", 999, "at_99.9", 1e6);
    measures_free(&measures);
}
END_TEST

START_TEST(a_file_of_a_header_alone_has_no_rows)
{
    struct measures measures;
    ck_assert_msg(parse(&measures, HEADER), "%s", fault.text);
    ck_assert_uint_eq(measures.row_count, 0);
    measures_free(&measures);
}
END_TEST

START_TEST(facts_stand_anywhere_and_come_again)
{
    struct measures measures;
    ck_assert_msg(parse(&measures,
                        HEADER "# load: 0.10\n"
                               "sweep,elig,rate 1,0,cpu_ns,1\n"
                               "#   command: eligbench <run> --to 'x': \"y\", \xc4\x81\r\n"
                               "# load: 0.20"),
                  "%s", fault.text);
    ck_assert_uint_eq(measures.row_count, 1);
    ck_assert_uint_eq(measures.fact_count, 3);
    ck_assert_str_eq(measures.facts[0].name, "load");
    ck_assert_str_eq(measures.facts[0].value, "0.10");
    ck_assert_str_eq(measures.facts[1].name, "command");
    ck_assert_str_eq(measures.facts[1].value, "eligbench <run> --to 'x': \"y\", \xc4\x81");
    ck_assert_str_eq(measures.facts[2].value, "0.20");
    measures_free(&measures);
}
END_TEST

/* A line 3, and what its fault says. */
static const struct wrong {
    const char *line, *said;
} wrong[] = {
    {"compar,elig,depth 1,0,cpu_ns,1", "t:3: wanted a part (compare, sweep, latency, stages, "
                                       "loader), found \"compar\"; did you mean \"compare\"?"},
    {"compare,,depth 1,0,cpu_ns,1", "t:3: wanted a subject, 1 to 63 of a-z"},
    {"compare,Elig,depth 1,0,cpu_ns,1", "t:3: wanted a subject, 1 to 63 of a-z"},
    {"compare,elig,<b>,0,cpu_ns,1", "t:3: wanted a setting, 1 to 63 of a-z"},
    {"compare,elig,depth 1,-1,cpu_ns,1", "t:3: wanted a round, 0 to 999, found \"-1\""},
    {"compare,elig,depth 1,1000,cpu_ns,1", "t:3: wanted a round, 0 to 999, found \"1000\""},
    {"compare,elig,depth 1,1.0,cpu_ns,1", "t:3: wanted a round"},
    {"compare,elig,depth 1,0,cpu/ns,1", "t:3: wanted a measure, 1 to 63 of a-z"},
    {"compare,elig,depth 1,0,cpu_ns,", "t:3: wanted a value such as 1234.5, found \"\""},
    {"compare,elig,depth 1,0,cpu_ns,-1", "t:3: wanted a value"},
    {"compare,elig,depth 1,0,cpu_ns,nan", "t:3: wanted a value"},
    {"compare,elig,depth 1,0,cpu_ns,0x1", "t:3: wanted a value"},
    {"compare,elig,depth 1,0,cpu_ns,1e3", "t:3: wanted a value"},
    {"compare,elig,depth 1,0,cpu_ns,1.", "t:3: wanted a value"},
    {"compare,elig,depth 1,0,cpu_ns,1.2.3", "t:3: wanted a value"},
    {"compare,elig,depth 1,0,cpu_ns,1111111111111111111111111", "t:3: wanted a value"},
    {"compare,elig,depth 1,0,cpu_ns", "t:3: wanted 6 fields as in the header, found 5"},
    {"compare,elig,depth 1,0,cpu_ns,1,2", "t:3: wanted 6 fields as in the header, found 7"},
    {"# no value", "t:3: wanted a fact, \"# name: value\""},
    {"# Name: value", "t:3: wanted a fact's name"},
    {"#: value", "t:3: wanted a fact's name"},
};

START_TEST(a_wrong_line_is_refused_with_its_place)
{
    struct measures measures;
    char text[512];
    snprintf(text, sizeof(text), HEADER "sweep,elig,rate 1,0,cpu_ns,1\n%s\n", wrong[_i].line);
    ck_assert_msg(!parse(&measures, text), "%s", wrong[_i].line);
    ck_assert_msg(strncmp(fault.text, wrong[_i].said, strlen(wrong[_i].said)) == 0, "%s: %s",
                  wrong[_i].line, fault.text);
}
END_TEST

START_TEST(another_header_is_refused)
{
    struct measures measures;
    ck_assert(!parse(&measures, ""));
    ck_assert_ptr_nonnull(strstr(fault.text, "t:1: an empty table"));
    ck_assert(!parse(&measures, "part,subject,setting,round,mesure,value\n"));
    ck_assert_ptr_nonnull(strstr(fault.text, "did you mean \"measure\"?"));
    ck_assert(!parse(&measures, "part,subject,setting,round,measure\n"));
    ck_assert_ptr_nonnull(strstr(fault.text, "the column \"value\" is missing"));
}
END_TEST

START_TEST(a_file_that_is_too_large_is_refused)
{
    struct measures measures;
    size_t size = (size_t)MEASURES_SIZE_MAX + 1;
    char *text = malloc(size + 1);
    ck_assert_ptr_nonnull(text);
    memset(text, '\n', size);
    ck_assert(!measures_parse(&measures, "t", text, size, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "t: wanted at most 4194304 bytes"));
}
END_TEST

START_TEST(what_is_written_is_read_back_and_appended_to)
{
    struct measures_writer writer;
    struct measures measures;
    char path[512];
    snprintf(path, sizeof(path), "%s/measures.csv", support_directory());
    for (uint32_t round = 0; round < 2; round++) {
        struct measures_row row = {MEASURES_STAGES, round, "check", "depth 64", "hash", 25.25};
        ck_assert_msg(measures_open(&writer, path, &fault), "%s", fault.text);
        measures_add(&writer, &row);
        row.value = 1e14;
        measures_add(&writer, &row);
        ck_assert_msg(measures_close(&writer, &fault), "%s", fault.text);
    }
    ck_assert_msg(measures_read(&measures, path, &fault), "%s", fault.text);
    ck_assert_uint_eq(measures.row_count, 4);
    check_row(&measures.rows[0], MEASURES_STAGES, "check", "depth 64", 0, "hash", 25.25);
    check_row(&measures.rows[3], MEASURES_STAGES, "check", "depth 64", 1, "hash", 1e14);
    measures_free(&measures);
}
END_TEST

START_TEST(a_fact_has_a_limit)
{
    struct measures measures;
    char text[sizeof(HEADER) + MEASURES_FACT_VALUE_MAX + 100];
    for (int more = 0; more < 2; more++) {
        snprintf(text, sizeof(text), HEADER "# %0*d: %0*d\n", MEASURES_TEXT_MAX, 1,
                 MEASURES_FACT_VALUE_MAX + more, 2);
        ck_assert_msg(parse(&measures, text) == (more == 0), "%s", fault.text);
        if (more == 0)
            measures_free(&measures);
    }
}
END_TEST

START_TEST(what_a_terminal_would_obey_is_blank)
{
    struct measures measures;
    ck_assert_msg(parse(&measures, HEADER "# kernel: a\x1b[2J\tb\x7f"), "%s", fault.text);
    ck_assert_str_eq(measures.facts[0].value, "a [2J b ");
    measures_free(&measures);
}
END_TEST

START_TEST(another_file_is_not_appended_to)
{
    struct measures_writer writer;
    char path[512];
    snprintf(path, sizeof(path), "%s/letter.txt", support_directory());
    support_write_file(path, "Dear all,\n", 10, 0600);
    ck_assert(!measures_open(&writer, path, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "letter.txt:1: wanted \"part,subject,"));
    ck_assert(!measures_open(&writer, "/nonexistent/x", &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "/nonexistent/x: cannot be appended to"));
}
END_TEST

START_TEST(a_file_that_is_not_there_is_a_fault)
{
    struct measures measures;
    ck_assert(!measures_read(&measures, "/nonexistent/measures.csv", &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "/nonexistent/measures.csv: "));
}
END_TEST

START_TEST(a_full_disk_is_a_fault)
{
    struct measures_writer writer = {fopen("/dev/full", "we"), "/dev/full"};
    ck_assert_ptr_nonnull(writer.file);
    measures_add(&writer, &(struct measures_row){MEASURES_SWEEP, 0, "a", "b", "c", 1});
    ck_assert(!measures_close(&writer, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "/dev/full: cannot be written: "));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("measures");
    TCase *all = tcase_create("all");
    tcase_add_test(all, rows_are_read_in_their_order);
    tcase_add_test(all, a_file_of_a_header_alone_has_no_rows);
    tcase_add_test(all, facts_stand_anywhere_and_come_again);
    tcase_add_loop_test(all, a_wrong_line_is_refused_with_its_place, 0, COUNT_OF(wrong));
    tcase_add_test(all, another_header_is_refused);
    tcase_add_test(all, a_file_that_is_too_large_is_refused);
    tcase_add_test(all, what_is_written_is_read_back_and_appended_to);
    tcase_add_test(all, a_fact_has_a_limit);
    tcase_add_test(all, what_a_terminal_would_obey_is_blank);
    tcase_add_test(all, another_file_is_not_appended_to);
    tcase_add_test(all, a_file_that_is_not_there_is_a_fault);
    tcase_add_test(all, a_full_disk_is_a_fault);
    suite_add_tcase(suite, all);
    return support_run(suite);
}
