#include "protocol/rows.h"

#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct rows_column columns[] = {{"a", true}, {"b", true}, {"c", false}};
#define COLUMN_COUNT 3

static struct rows begun(const char *text)
{
    struct rows rows;
    struct fault fault;
    const char *copy = (const char *)at_the_edge(text, strlen(text));
    ck_assert_msg(rows_begin(&rows, "t", copy, strlen(text), columns, COLUMN_COUNT, &fault), "%s",
                  fault.text);
    return rows;
}

static bool field_is(const struct row *row, size_t column, const char *wanted)
{
    const struct row_field *field = &row->fields[column];
    return field->value_size == strlen(wanted) &&
           strncmp(field->value, wanted, field->value_size) == 0;
}

static void check_text(char *text, size_t size, const char *wanted)
{
    ck_assert_msg(size == strlen(wanted) && memcmp(text, wanted, size) == 0, "%.*s", (int)size,
                  text);
    free(text);
}

/* One row under "a,b,c": what its fields say. */
static const struct line {
    const char *line, *a, *b, *c;
} lines[] = {
    {"1,2,3", "1", "2", "3"},
    {" 1 ,\t2\t,  ", "1", "2", ""},
    {"\"1\",\"2\",\"3\"", "1", "2", "3"},
    {"\" 1 \",\"\",", "1", "", ""},
    {"\"1,2\",3,4", "1,2", "3", "4"},
    {"\"say \"\"1\"\"\",2,3", "say \"\"1\"\"", "2", "3"},
    {"\"\"\"\",2,3", "\"\"", "2", "3"},
    {"1;2,3,4", "1;2", "3", "4"},
    {"1,2,\"3\"\r", "1", "2", "3"},
    {"1,2,3\r", "1", "2", "3"},
};

START_TEST(a_row_is_taken_field_by_field)
{
    const struct line *line = &lines[_i];
    char text[128];
    struct row row;
    struct fault fault;
    bool is_there;
    snprintf(text, sizeof(text), "a,b,c\n%s", line->line);
    struct rows rows = begun(text);
    ck_assert_msg(rows_next(&rows, &row, &is_there, &fault) && is_there, "%s", fault.text);
    ck_assert_uint_eq(row.line, 2);
    ck_assert_msg(field_is(&row, 0, line->a) && field_is(&row, 1, line->b) &&
                      field_is(&row, 2, line->c),
                  "%s", line->line);
    ck_assert(rows_next(&rows, &row, &is_there, &fault) && !is_there);
    ck_assert(rows_next(&rows, &row, &is_there, &fault) && !is_there); /* and so it stays */
}
END_TEST

static const char *const wrong_lines[] = {
    "\"1,2,3",    "1,\"2,3",    "1,2,\"3",     "1\",2,3", "\"1\"2,3,4", "\"1\" ,2,3",
    "1,2,\"3\"x", "\"\"\",2,3", "1,2,\"3\"\"", "1,2",     "1,2,3,4",    "1,2,3,",
};

START_TEST(a_row_of_another_form_is_refused)
{
    char text[128];
    struct row row;
    struct fault fault = {""};
    bool is_there;
    snprintf(text, sizeof(text), "a,b,c\n%s", wrong_lines[_i]);
    struct rows rows = begun(text);
    ck_assert_msg(!rows_next(&rows, &row, &is_there, &fault), "%s", wrong_lines[_i]);
    ck_assert_msg(strncmp(fault.text, "t:2: ", 5) == 0, "%s", fault.text);
}
END_TEST

/* What is written is read back as it was, whatever is in it. */
static const char *const values[] = {
    "",       "1", "a b", "a,b", "\"", "\"\"", ",", " blank in front", "blank behind ",
    "a\"b,c", ";", "\t",
};

START_TEST(a_value_is_read_back_as_it_was_written)
{
    const char *value = values[_i], *const row_values[] = {"x", value, NULL};
    struct rows rows = begun("a,b,c\n1,2,3\n"), again;
    struct row row;
    struct fault fault;
    bool is_there;
    char *text;
    size_t size;
    ck_assert(rows_append(&text, &size, &rows, row_values, &fault));
    ck_assert_int_eq(memcmp(text, "a,b,c\n1,2,3\nx,", 14), 0);
    ck_assert(rows_begin(&again, "t", text, size, columns, COLUMN_COUNT, &fault));
    ck_assert(rows_next(&again, &row, &is_there, &fault) && is_there);
    ck_assert_msg(rows_next(&again, &row, &is_there, &fault) && is_there, "%s", fault.text);
    ck_assert(field_is(&row, 0, "x") && field_is(&row, 2, ""));

    /* With quotes doubled and blanks at the ends gone, as a reader of values wants it. */
    char seen[64];
    size_t seen_size = 0;
    for (size_t i = 0; i < row.fields[1].value_size; i++) {
        seen[seen_size++] = row.fields[1].value[i];
        i += row.fields[1].value[i] == '"';
    }
    seen[seen_size] = '\0';
    const char *trimmed = value + strspn(value, " \t");
    size_t trimmed_size = strlen(trimmed);
    while (trimmed_size > 0 && strchr(" \t", trimmed[trimmed_size - 1]) != NULL)
        trimmed_size--;
    ck_assert_uint_eq(seen_size, trimmed_size);
    ck_assert_int_eq(strncmp(seen, trimmed, trimmed_size), 0);
    free(text);
}
END_TEST

START_TEST(a_value_is_replaced_in_its_place)
{
    struct fault fault;
    struct row row;
    bool is_there;
    char *text;
    size_t size;
    struct rows rows = begun("c;b;a\r\n1; \t;3\r\n\r\n4;5;6");
    ck_assert(rows_next(&rows, &row, &is_there, &fault) && is_there);
    ck_assert(rows_replace(&text, &size, &rows, &row, 1, "new", &fault));
    check_text(text, size, "c;b;a\r\n1;new;3\r\n\r\n4;5;6");
    ck_assert(rows_replace(&text, &size, &rows, &row, 0, "x;y", &fault));
    check_text(text, size, "c;b;a\r\n1; \t;\"x;y\"\r\n\r\n4;5;6");
    ck_assert(rows_replace(&text, &size, &rows, &row, 2, "", &fault));
    check_text(text, size, "c;b;a\r\n; \t;3\r\n\r\n4;5;6");
    ck_assert(rows_next(&rows, &row, &is_there, &fault) && is_there);
    ck_assert_uint_eq(row.line, 4);
    ck_assert(rows_replace(&text, &size, &rows, &row, 0, "7", &fault));
    check_text(text, size, "c;b;a\r\n1; \t;3\r\n\r\n4;5;7");
}
END_TEST

START_TEST(a_row_that_is_longer_than_a_line_is_not_added)
{
    static char long_value[ROWS_LINE_SIZE_MAX + 1];
    const char *const row_values[] = {"1", "2", long_value};
    struct rows rows = begun("a,b,c\n");
    struct fault fault;
    char *text;
    size_t size;
    memset(long_value, 'x', ROWS_LINE_SIZE_MAX - 4);
    ck_assert(rows_append(&text, &size, &rows, row_values, &fault));
    ck_assert_uint_eq(size, 6 + ROWS_LINE_SIZE_MAX + 1);
    free(text);
    memset(long_value, 'x', ROWS_LINE_SIZE_MAX - 3);
    ck_assert(!rows_append(&text, &size, &rows, row_values, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "at most 4096"));
}
END_TEST

#define LOOP(test, rows) tcase_add_loop_test(tcase, test, 0, sizeof(rows) / sizeof((rows)[0]))

static Suite *rows_suite(void)
{
    Suite *suite = suite_create("rows");
    TCase *tcase = tcase_create("all");
    LOOP(a_row_is_taken_field_by_field, lines);
    LOOP(a_row_of_another_form_is_refused, wrong_lines);
    LOOP(a_value_is_read_back_as_it_was_written, values);
    tcase_add_test(tcase, a_value_is_replaced_in_its_place);
    tcase_add_test(tcase, a_row_that_is_longer_than_a_line_is_not_added);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(rows_suite());
}
