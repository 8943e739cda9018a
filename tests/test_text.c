#include "loader/text.h"

#include "tests/support.h"

#include <string.h>

static const struct {
    const char *name, *bytes;
    size_t size;
    bool is_utf8;
} utf8_rows[] = {
    {"nothing", "", 0, true},
    {"ASCII", "abc", 3, true},
    {"two bytes", "\xc4\x81", 2, true},
    {"three bytes", "\xe2\x82\xac", 3, true},
    {"four bytes", "\xf0\x9f\x99\x82", 4, true},
    {"the last character there is", "\xf4\x8f\xbf\xbf", 4, true},
    {"beyond the last character", "\xf4\x90\x80\x80", 4, false},
    {"NUL", "a\0b", 3, false},
    {"a byte of continuation alone", "\x80", 1, false},
    {"an overlong slash of two bytes", "\xc0\xaf", 2, false},
    {"an overlong slash of three bytes", "\xe0\x80\xaf", 3, false},
    {"an overlong slash of four bytes", "\xf0\x80\x80\xaf", 4, false},
    {"a surrogate", "\xed\xa0\x80", 3, false},
    {"the character before surrogates", "\xed\x9f\xbf", 3, true},
    {"two bytes cut short", "\xc4", 1, false},
    {"three bytes cut short", "\xe2\x82", 2, false},
    {"four bytes cut short", "\xf0\x9f\x99", 3, false},
    {"a byte that never occurs", "\xff", 1, false},
    {"a third byte that is none", "\xe2\x82\x28", 3, false},
};

START_TEST(utf8_is_the_standards_table)
{
    const char *bytes = (const char *)at_the_edge(utf8_rows[_i].bytes, utf8_rows[_i].size);
    ck_assert_msg(text_is_utf8(bytes, utf8_rows[_i].size) == utf8_rows[_i].is_utf8, "%s",
                  utf8_rows[_i].name);
}
END_TEST

/* Bytes of Latvian letters in Windows-1257, from the code page's published table. */
static const struct {
    uint8_t byte;
    const char *letter;
} letters[] = {
    {0xc2, "Ā"}, {0xe2, "ā"}, {0xc8, "Č"}, {0xe8, "č"}, {0xc7, "Ē"},        {0xe7, "ē"},
    {0xcc, "Ģ"}, {0xec, "ģ"}, {0xce, "Ī"}, {0xee, "ī"}, {0xcd, "Ķ"},        {0xed, "ķ"},
    {0xcf, "Ļ"}, {0xef, "ļ"}, {0xd2, "Ņ"}, {0xf2, "ņ"}, {0xd0, "Š"},        {0xf0, "š"},
    {0xdb, "Ū"}, {0xfb, "ū"}, {0xde, "Ž"}, {0xfe, "ž"}, {0xaa, "Ŗ"},        {0xba, "ŗ"},
    {0x80, "€"}, {0x84, "„"}, {0x94, "”"}, {0x96, "–"}, {0xa0, "\xc2\xa0"}, {0xff, "˙"},
};

START_TEST(every_latvian_letter_has_its_byte)
{
    char out[4], byte = (char)letters[_i].byte;
    const char *letter = letters[_i].letter;
    size_t size = text_utf8_of_1257(out, sizeof(out), &byte, 1);
    ck_assert_uint_eq(size, strlen(letter));
    ck_assert(memcmp(out, letter, size) == 0);
    ck_assert_uint_eq(text_1257_of_utf8(out, sizeof(out), letter, strlen(letter)), 1);
    ck_assert_uint_eq((uint8_t)out[0], letters[_i].byte);
}
END_TEST

START_TEST(every_byte_comes_back_or_stands_for_nothing)
{
    size_t nothing_count = 0;
    for (unsigned i = 1; i < 256; i++) {
        char there[4], back[4], byte = (char)i;
        size_t size = text_utf8_of_1257(there, sizeof(there), &byte, 1);
        ck_assert(text_is_1257(&byte, 1) == (size != SIZE_MAX));
        if (size == SIZE_MAX) {
            nothing_count++;
            continue;
        }
        ck_assert(text_is_utf8(there, size));
        ck_assert_uint_eq(text_1257_of_utf8(back, sizeof(back), there, size), 1);
        ck_assert_int_eq(back[0], byte);
    }
    ck_assert_uint_eq(nothing_count, 12); /* 81 83 88 8a 8c 90 98 9a 9c 9f a1 a5 */
}
END_TEST

START_TEST(text_that_does_not_fit_is_refused)
{
    char out[8];
    ck_assert_uint_eq(text_utf8_of_1257(out, 1, "\xe2", 1), SIZE_MAX);
    ck_assert_uint_eq(text_utf8_of_1257(out, 2, "\xe2", 1), 2);
    ck_assert_uint_eq(text_1257_of_utf8(out, 1, "āb", 3), SIZE_MAX);
    ck_assert_uint_eq(text_1257_of_utf8(out, 2, "āb", 3), 2);
    ck_assert_uint_eq(text_1257_of_utf8(out, 8, "ж", 2), SIZE_MAX); /* not in the code page */
    ck_assert_uint_eq(text_1257_of_utf8(out, 8, "\xc4", 1), SIZE_MAX);
}
END_TEST

START_TEST(trimming_takes_what_is_around_and_nothing_within)
{
    struct span span = span_trim((struct span){" \t a b\r ", 8});
    ck_assert(span.size == 3 && memcmp(span.text, "a b", 3) == 0);
    ck_assert_uint_eq(span_trim((struct span){"  ", 2}).size, 0);
    ck_assert_uint_eq(span_trim((struct span){"", 0}).size, 0);
    ck_assert_uint_eq(span_trim((struct span){"\xe2\x80", 2}).size, 2);
}
END_TEST

START_TEST(a_byte_order_mark_is_seen_whole_only)
{
    ck_assert_uint_eq(text_bom_size("\xef\xbb\xbfx", 4), 3);
    ck_assert_uint_eq(text_bom_size("\xef\xbb\xbf", 3), 3);
    ck_assert_uint_eq(text_bom_size("\xef\xbb", 2), 0);
    ck_assert_uint_eq(text_bom_size("abc", 3), 0);
}
END_TEST

START_TEST(digits_are_a_number)
{
    static const struct {
        const char *text;
        bool is_one;
        uint64_t number;
    } rows[] = {{"0", true, 0},
                {"007", true, 7},
                {"18446744073709551615", true, UINT64_MAX},
                {"18446744073709551616", false, 0},
                {"99999999999999999999999", false, 0},
                {"", false, 0},
                {"-1", false, 0},
                {"+1", false, 0},
                {"1 ", false, 0},
                {"1x", false, 0}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t number = 77;
        struct span text = {rows[i].text, (uint32_t)strlen(rows[i].text)};
        ck_assert(span_number(text, &number) == rows[i].is_one);
        ck_assert_uint_eq(number, rows[i].is_one ? rows[i].number : 77);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("text");
    TCase *tcase = tcase_create("encodings");
    tcase_add_test(tcase, digits_are_a_number);
    tcase_add_loop_test(tcase, utf8_is_the_standards_table, 0,
                        sizeof(utf8_rows) / sizeof(utf8_rows[0]));
    tcase_add_loop_test(tcase, every_latvian_letter_has_its_byte, 0,
                        sizeof(letters) / sizeof(letters[0]));
    tcase_add_test(tcase, every_byte_comes_back_or_stands_for_nothing);
    tcase_add_test(tcase, text_that_does_not_fit_is_refused);
    tcase_add_test(tcase, trimming_takes_what_is_around_and_nothing_within);
    tcase_add_test(tcase, a_byte_order_mark_is_seen_whole_only);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
