#include "tests/support.h"

#include "protocol/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *text;
static size_t text_size;
static struct json json;

static void begin(void)
{
    json_start(&json, open_memstream(&text, &text_size));
}

static void finish(void)
{
    fclose(json.to);
    free(text);
}

static const char *written(void)
{
    fflush(json.to);
    return text;
}

START_TEST(commas_and_indentation_are_right)
{
    json_open_object(&json, NULL);
    json_text(&json, "name", "eligd");
    json_open_array(&json, "list");
    json_number(&json, NULL, UINT64_MAX);
    json_signed(&json, NULL, INT64_MIN);
    json_open_object(&json, NULL);
    json_close_object(&json);
    json_close_array(&json);
    json_open_array(&json, "none");
    json_close_array(&json);
    json_bool(&json, "good", true);
    json_bool(&json, "bad", false);
    json_close_object(&json);
    json_end(&json);
    ck_assert_str_eq(written(), "{\n"
                                "  \"name\": \"eligd\",\n"
                                "  \"list\": [\n"
                                "    18446744073709551615,\n"
                                "    -9223372036854775808,\n"
                                "    {}\n"
                                "  ],\n"
                                "  \"none\": [],\n"
                                "  \"good\": true,\n"
                                "  \"bad\": false\n"
                                "}\n");
}
END_TEST

static const struct {
    const char *value, *wanted;
} texts[] = {
    {"plain", "\"plain\"\n"},
    {"", "\"\"\n"},
    {NULL, "null\n"},
    {"a\"b\\c/d", "\"a\\\"b\\\\c/d\"\n"},
    {"tab\tline\nreturn\r", "\"tab\\tline\\nreturn\\u000d\"\n"},
    {"\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\"\n"},
    {"Rīga €", "\"Rīga €\"\n"},
    {"\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"\n"},
    {"a\xe2z", "\"a\\ufffdz\"\n"},        /* Windows-1257 */
    {"\xc0\x80", "\"\\ufffd\\ufffd\"\n"}, /* overlong */
    {"\xe0\x80\x80", "\"\\ufffd\\ufffd\\ufffd\"\n"},
    {"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"\n"}, /* half of a surrogate pair */
    {"\xf5\x80", "\"\\ufffd\\ufffd\"\n"},
    {"cut \xe2\x82", "\"cut \\ufffd\\ufffd\"\n"},
};

START_TEST(texts_are_escaped_and_always_utf8)
{
    const char *value = texts[_i].value;
    if (value != NULL) /* looking for the rest of a cut character must not pass the end */
        value = (const char *)at_the_edge(value, strlen(value) + 1);
    json_text(&json, NULL, value);
    json_end(&json);
    ck_assert_str_eq(written(), texts[_i].wanted);
}
END_TEST

START_TEST(reals_have_three_decimals_or_are_null)
{
    json_open_array(&json, NULL);
    json_real(&json, NULL, 0.5);
    json_real(&json, NULL, -1234567.8916);
    json_real(&json, NULL, (double)NAN);
    json_real(&json, NULL, (double)INFINITY);
    json_close_array(&json);
    json_end(&json);
    ck_assert_str_eq(written(), "[\n  0.500,\n  -1234567.892,\n  null,\n  null\n]\n");
}
END_TEST

START_TEST(sixteen_levels_fit)
{
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        json_open_array(&json, NULL);
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        json_close_array(&json);
    json_end(&json);
    ck_assert_uint_eq(json.depth, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json");
    TCase *tcase = tcase_create("json");
    tcase_add_checked_fixture(tcase, begin, finish);
    tcase_add_test(tcase, commas_and_indentation_are_right);
    tcase_add_loop_test(tcase, texts_are_escaped_and_always_utf8, 0,
                        sizeof(texts) / sizeof(texts[0]));
    tcase_add_test(tcase, reals_have_three_decimals_or_are_null);
    tcase_add_test(tcase, sixteen_levels_fit);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
