#include "protocol/listing.h"
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

static const struct listing_column columns[] = {
    {"name", CELL_TEXT}, {"count", CELL_NUMBER}, {"money", CELL_MONEY}, {"day", CELL_DAY}};

static const struct cell rows[][COUNT_OF(columns)] = {
    {{.text = "a,b"}, {.number = 5}, {.number = -15450}, {.number = 20631}},
    {{.text = "\xc4\x81\"x"}, {.number = 123456}, {.number = 20000}, {.number = 0}},
    {{.text = NULL}, {.number = -1}, {.number = -100}, {.number = 1}},
};

static char also[1024];

static void take(void *to, const char *line, size_t size)
{
    (void)to;
    ck_assert_uint_lt(strlen(also) + size, sizeof(also));
    strncat(also, line, size); /* simple_mistakes: bounded above */
}

static char *told(enum listing_format format)
{
    char *text = NULL;
    size_t size;
    struct json json;
    struct fault fault;
    struct listing *listing;
    FILE *to = open_memstream(&text, &size);
    also[0] = '\0';
    if (format == LISTING_JSON) {
        json_start_line(&json, to);
        json_open_object(&json, NULL);
    }
    ck_assert(listing_open(&listing, format, to, format == LISTING_JSON ? &json : NULL, "rows",
                           columns, COUNT_OF(columns), &fault));
    listing_also(listing, take, NULL);
    listing_head(listing);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        listing_row(listing, rows[i]);
    ck_assert(listing_close(listing, &fault));
    if (format == LISTING_JSON) {
        json_close_object(&json);
        json_end(&json);
    }
    fclose(to);
    return text;
}

static const char csv[] = "name,count,money,day\n"
                          "\"a,b\",5,-1.545,2026-06-27\n"
                          "\"\xc4\x81\"\"x\",123456,2.00,1970-01-01\n"
                          ",-1,-0.01,1970-01-02\n";

START_TEST(a_table_is_told_three_ways)
{
    static const char *const wanted[] = {
        [LISTING_TEXT] = "name   count   money         day\n"
                         "a,b        5  -1.545  2026-06-27\n"
                         "\xc4\x81\"x   123456    2.00  1970-01-01\n"
                         "          -1   -0.01  1970-01-02\n",
        [LISTING_CSV] = csv,
        [LISTING_JSON] =
            "{\"rows\": [{\"name\": \"a,b\", \"count\": 5, \"money\": -15450, \"day\": "
            "\"2026-06-27\"}, {\"name\": \"\xc4\x81\\\"x\", \"count\": 123456, \"money\": 20000, "
            "\"day\": \"1970-01-01\"}, {\"name\": null, \"count\": -1, \"money\": -100, \"day\": "
            "\"1970-01-02\"}]}\n",
    };
    char *text = told((enum listing_format)_i);
    ck_assert_str_eq(text, wanted[_i]);
    ck_assert_str_eq(also, csv); /* the same lines, whatever is told */
    free(text);
}
END_TEST

/* A sheet that opens it works nothing out: names come from whoever writes a catalogue. */
START_TEST(a_name_that_looks_like_a_formula_is_a_text_in_csv)
{
    static const struct {
        const char *name, *line;
    } names[] = {
        {"=1+1", "'=1+1,0,0.00,1970-01-01\n"},
        {"+1", "'+1,0,0.00,1970-01-01\n"},
        {"@SUM(A1)", "'@SUM(A1),0,0.00,1970-01-01\n"},
        {"-A1", "'-A1,0,0.00,1970-01-01\n"},
        {"=A1,\"", "\"'=A1,\"\"\",0,0.00,1970-01-01\n"},
        {"-1.50", "-1.50,0,0.00,1970-01-01\n"},
        {"-", "'-,0,0.00,1970-01-01\n"},
    };
    struct fault fault;
    struct listing *listing;
    const struct cell cells[COUNT_OF(columns)] = {{.text = names[_i].name}};
    FILE *nowhere = fopen("/dev/null", "w");
    also[0] = '\0';
    ck_assert(listing_open(&listing, LISTING_CSV, nowhere, NULL, "rows", columns, COUNT_OF(columns),
                           &fault));
    listing_also(listing, take, NULL);
    listing_row(listing, cells);
    ck_assert(listing_close(listing, &fault));
    fclose(nowhere);
    ck_assert_str_eq(also, names[_i].line);
}
END_TEST

START_TEST(two_formats_are_refused)
{
    enum listing_format format;
    struct fault fault;
    ck_assert(!listing_format_of(&format, true, true, &fault));
    ck_assert(listing_format_of(&format, false, true, &fault) && format == LISTING_JSON);
    ck_assert(listing_format_of(&format, true, false, &fault) && format == LISTING_CSV);
    ck_assert(listing_format_of(&format, false, false, &fault) && format == LISTING_TEXT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("listing");
    TCase *tcase = tcase_create("listing");
    tcase_add_loop_test(tcase, a_table_is_told_three_ways, LISTING_TEXT, LISTING_JSON + 1);
    tcase_add_loop_test(tcase, a_name_that_looks_like_a_formula_is_a_text_in_csv, 0, 7);
    tcase_add_test(tcase, two_formats_are_refused);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
