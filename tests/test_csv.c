#include "tests/csv_plainly.h"

#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>

/* Fields shown with | between them; a refused row as its number. */
static const struct {
    const char *name, *line, *fields;
    unsigned refusal, column;
} rows[] = {
    {"fields are apart by separators", "a;bc;d", "a|bc|d", 0, 0},
    {"empty fields are fields", ";;", "||", 0, 0},
    {"a return before the line's end is no text", "a;b\r", "a|b", 0, 0},
    {"a return elsewhere is text", "a\rb;c", "a\rb|c", 0, 0},
    {"another separator is text", "a,b;c", "a,b|c", 0, 0},
    {"quotes hold separators", "\"a;b\";c", "a;b|c", 0, 0},
    {"doubled quotes are one", "\"a\"\"b\";c", "a\"b|c", 0, 0},
    {"only quotes within", "\"\"\"\"\"\"", "\"\"", 0, 0},
    {"empty quotes are an empty field", "\"\";x", "|x", 0, 0},
    {"quotes before a return are closed", "x;\"y\"\r", "x|y", 0, 0},
    {"a return within quotes is text", "\"x\r\";y", "x\r|y", 0, 0},
    {"a quote that is not closed", "a;\"b", "", REFUSAL_QUOTE, 2},
    {"a quote at the end of the line", "a;\"", "", REFUSAL_QUOTE, 2},
    {"text behind a closing quote", "\"a\"b;c", "", REFUSAL_QUOTE, 1},
    {"a space behind a closing quote", "\"a\" ;c", "", REFUSAL_QUOTE, 1},
    {"a quote within a bare field", "a;b\"c", "", REFUSAL_QUOTE, 2},
    {"a space before quotes", "a; \"b\"", "", REFUSAL_QUOTE, 2},
};

static struct csv_row read_one(const char *line, size_t size)
{
    struct csv csv;
    struct csv_row row;
    csv_begin(&csv, ';', line, size, size, true);
    ck_assert(csv_next(&csv, &row));
    struct csv_row other;
    ck_assert(!csv_next(&csv, &other));
    return row;
}

START_TEST(a_line_is_its_fields)
{
    char text[256] = "", single[LINE_SIZE_MAX];
    size_t size = 0;
    struct csv_row row = read_one((const char *)at_the_edge(rows[_i].line, strlen(rows[_i].line)),
                                  strlen(rows[_i].line));
    ck_assert_msg(row.refusal == rows[_i].refusal, "%s", rows[_i].name);
    ck_assert_uint_eq(row.column, rows[_i].column);
    for (uint32_t i = 0; row.refusal == 0 && i < row.field_count; i++) {
        struct span field = row.fields[i];
        if ((row.doubled >> i & 1) != 0)
            field = csv_undouble(single, field);
        size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%.*s", i == 0 ? "" : "|",
                                 (int)field.size, field.text);
    }
    ck_assert_msg(strcmp(text, rows[_i].fields) == 0, "%s", rows[_i].name);
}
END_TEST

START_TEST(a_nul_is_no_text_wherever_it_stands)
{
    ck_assert_uint_eq(read_one("a;\0;b", 5).refusal, REFUSAL_ENCODING);
    ck_assert_uint_eq(read_one("a;\0;b", 5).column, 2);
    ck_assert_uint_eq(read_one("\"\0\";b", 5).refusal, REFUSAL_ENCODING);
    ck_assert_uint_eq(read_one("a;b\0", 4).refusal, REFUSAL_ENCODING);
}
END_TEST

START_TEST(a_line_is_too_long_one_byte_after_the_limit)
{
    static char line[2 * LINE_SIZE_MAX];
    memset(line, 'x', sizeof(line));
    ck_assert_uint_eq(read_one(line, LINE_SIZE_MAX).refusal, 0);
    ck_assert_uint_eq(read_one(line, LINE_SIZE_MAX + 1).refusal, REFUSAL_LINE_TOO_LONG);
    line[LINE_SIZE_MAX] = '\r';
    line[LINE_SIZE_MAX + 1] = '\n';
    ck_assert_uint_eq(read_one(line, LINE_SIZE_MAX + 2).refusal, 0);
    memset(line, '"', sizeof(line));
    ck_assert_uint_eq(read_one(line, sizeof(line)).refusal, REFUSAL_LINE_TOO_LONG);
}
END_TEST

START_TEST(fields_beyond_the_limit_are_counted)
{
    char line[2 * FIELD_COUNT_MAX];
    memset(line, ';', sizeof(line));
    struct csv_row row = read_one((const char *)at_the_edge(line, sizeof(line)), sizeof(line));
    ck_assert_uint_eq(row.field_count, sizeof(line) + 1);
    ck_assert_uint_eq(row.refusal, 0);
}
END_TEST

START_TEST(empty_lines_are_lines_but_not_rows)
{
    static const char text[] = "\n\r\na\n\nb\n\n";
    struct csv csv;
    struct csv_row row;
    csv_begin(&csv, ';', text, sizeof(text) - 1, sizeof(text) - 1, true);
    ck_assert(csv_next(&csv, &row));
    ck_assert_uint_eq(row.line, 2);
    ck_assert(csv_next(&csv, &row));
    ck_assert_uint_eq(row.line, 4);
    ck_assert(!csv_next(&csv, &row));
    ck_assert_uint_eq(csv.line, 6);
}
END_TEST

START_TEST(a_line_that_begins_at_the_limit_is_not_ours)
{
    static const char text[] = "ab\ncd\n";
    for (size_t limit = 1; limit <= 6; limit++) {
        struct csv csv;
        struct csv_row row;
        unsigned count = 0;
        csv_begin(&csv, ';', text, limit, sizeof(text) - 1, true);
        while (csv_next(&csv, &row)) {
            ck_assert_uint_eq(row.fields[0].size, 2);
            count++;
        }
        ck_assert_uint_eq(count, limit <= 3 ? 1 : 2);
    }
}
END_TEST

/* Compares every row of the bytes with the plain reader's. */
static void compare_with_plain(const char *bytes, size_t size)
{
    static struct plain_row plain;
    struct csv csv;
    struct csv_row row;
    uint32_t line = 0;
    csv_begin(&csv, ';', bytes, size, size, true);
    for (size_t at = 0; at < size; line++) {
        const char *end = memchr(bytes + at, '\n', size - at);
        size_t line_size = (end == NULL ? size : (size_t)(end - bytes)) - at;
        size_t shown =
            line_size > 0 && bytes[at + line_size - 1] == '\r' ? line_size - 1 : line_size;
        if (shown > 0) {
            ck_assert(csv_next(&csv, &row));
            ck_assert_uint_eq(row.line, line);
            plain_row_read(&plain, ';', bytes + at, shown);
            ck_assert(plain_row_is(&plain, &row));
        }
        at += line_size + 1;
    }
    ck_assert(!csv_next(&csv, &row));
}

START_TEST(random_bytes_read_as_plainly_written_rules_say)
{
    static const char alphabet[] = {';', ';', '"', '"', '\n', '\r', '\0', 'a', 'b', ',', 'c', 'd'};
    uint64_t state = 1;
    for (unsigned round = 0; round < 3000; round++) {
        char bytes[300];
        size_t size = (size_t)(support_random(&state) % sizeof(bytes));
        size_t variety = 2 + (size_t)(support_random(&state) % (sizeof(alphabet) - 2));
        for (size_t i = 0; i < size; i++)
            bytes[i] = alphabet[support_random(&state) % (variety + 1)];
        char *exact = malloc(size + 1); /* so that sanitizers see a byte too far */
        memcpy(exact, bytes, size);
        compare_with_plain(exact, size);
        free(exact);
    }
}
END_TEST

START_TEST(a_text_cut_anywhere_is_read_to_its_edge_and_no_further)
{
    static const char text[] =
        "\"a\";b;\"c\"\"d\"\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx;y;z\r\n\"\"";
    for (size_t size = 0; size < sizeof(text); size++)
        compare_with_plain((const char *)at_the_edge(text, size), size);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("csv");
    TCase *tcase = tcase_create("rows");
    tcase_add_loop_test(tcase, a_line_is_its_fields, 0, sizeof(rows) / sizeof(rows[0]));
    tcase_add_test(tcase, a_nul_is_no_text_wherever_it_stands);
    tcase_add_test(tcase, a_line_is_too_long_one_byte_after_the_limit);
    tcase_add_test(tcase, fields_beyond_the_limit_are_counted);
    tcase_add_test(tcase, empty_lines_are_lines_but_not_rows);
    tcase_add_test(tcase, a_line_that_begins_at_the_limit_is_not_ours);
    tcase_add_test(tcase, random_bytes_read_as_plainly_written_rules_say);
    tcase_add_test(tcase, a_text_cut_anywhere_is_read_to_its_edge_and_no_further);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
