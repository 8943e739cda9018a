#include "protocol/money.h"

#include "tests/support.h"

#include <string.h>

static const struct {
    const char *text;
    uint64_t amount;
    const char *again;
} amounts[] = {
    {"0", 0, "0.00"},
    {"1", 10000, "1.00"},
    {"1.5", 15000, "1.50"},
    {"1,50", 15000, "1.50"},
    {"1.545", 15450, "1.545"},
    {"0.0001", 1, "0.0001"},
    {"007.10", 71000, "7.10"},
    {"429496.7295", UINT32_MAX, "429496.7295"},
    {"18446744073.7095", UINT64_C(184467440737095), "18446744073.7095"},
};

START_TEST(amounts_are_read_exactly_and_written_as_people_do)
{
    uint64_t amount;
    char text[MONEY_TEXT_SIZE];
    ck_assert(money_of_text(&amount, amounts[_i].text, strlen(amounts[_i].text), UINT64_MAX));
    ck_assert_uint_eq(amount, amounts[_i].amount);
    ck_assert_str_eq(money_text(text, amount), amounts[_i].again);
    ck_assert(money_of_text(&amount, amounts[_i].text, strlen(amounts[_i].text), amount));
    ck_assert(amount == 0 || !money_of_text(&(uint64_t){0}, amounts[_i].text,
                                            strlen(amounts[_i].text), amount - 1));
}
END_TEST

static const char *const none[] = {
    "",
    ".",
    "1.",
    ".5",
    "1.00001",
    "-1",
    "+1",
    "1 ",
    " 1",
    "1.2.3",
    "1,2.3",
    "1e3",
    "one",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999999",
};

START_TEST(what_is_no_amount_is_refused_and_leaves_what_was_there)
{
    uint64_t amount = 77;
    ck_assert(!money_of_text(&amount, none[_i], strlen(none[_i]), UINT64_MAX));
    ck_assert_uint_eq(amount, 77);
}
END_TEST

START_TEST(percentages_have_two_decimals_or_none)
{
    static const struct {
        uint32_t percent_bp;
        const char *text;
    } rows[] = {{0, "0%"},     {1, "0.01%"},     {50, "0.50%"},
                {5000, "50%"}, {3333, "33.33%"}, {10000, "100%"}};
    char text[PERCENT_TEXT_SIZE];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        ck_assert_str_eq(percent_text(text, rows[i].percent_bp), rows[i].text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("money");
    TCase *tcase = tcase_create("money");
    tcase_add_loop_test(tcase, amounts_are_read_exactly_and_written_as_people_do, 0,
                        sizeof(amounts) / sizeof(amounts[0]));
    tcase_add_loop_test(tcase, what_is_no_amount_is_refused_and_leaves_what_was_there, 0,
                        sizeof(none) / sizeof(none[0]));
    tcase_add_test(tcase, percentages_have_two_decimals_or_none);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
