#include "engine/portions.h"

#include "tests/support.h"

#include <string.h>

static const struct posting_part two[] = {{1, 5, 3, 1001}, {2, 1, 1, 10}};

static const struct {
    uint16_t quantity, of;
    struct posting_part parts[2];
} portions[] = {
    {1, 3, {{1, 2, 1, 333}, {2, 1, 1, 3}}},         {2, 3, {{1, 4, 2, 667}, {2, 1, 1, 6}}},
    {3, 3, {{1, 5, 3, 1001}, {2, 1, 1, 10}}},       {1, 10000, {{1, 1, 1, 0}, {2, 1, 1, 0}}},
    {9999, 10000, {{1, 5, 3, 1000}, {2, 1, 1, 9}}},
};

START_TEST(units_are_rounded_up_and_money_down)
{
    struct posting_part out[2];
    parts_portion(out, two, 2, portions[_i].quantity, portions[_i].of);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_uint_eq(out[i].account, portions[_i].parts[i].account);
        ck_assert_uint_eq(out[i].unit_count, portions[_i].parts[i].unit_count);
        ck_assert_uint_eq(out[i].use_count, portions[_i].parts[i].use_count);
        ck_assert_uint_eq(out[i].amount, portions[_i].parts[i].amount);
    }
}
END_TEST

static const struct {
    uint16_t quantity, of;
    struct posting_part parts[2];
} backs[] = {
    {1, 3, {{1, 1, 1, 333}, {2, 0, 0, 3}}},         {2, 3, {{1, 3, 2, 667}, {2, 0, 0, 6}}},
    {3, 3, {{1, 5, 3, 1001}, {2, 1, 1, 10}}},       {1, 10000, {{1, 0, 0, 0}, {2, 0, 0, 0}}},
    {9999, 10000, {{1, 4, 2, 1000}, {2, 0, 0, 9}}},
};

START_TEST(what_goes_back_is_rounded_down)
{
    struct posting_part out[2];
    parts_back(out, two, 2, backs[_i].quantity, backs[_i].of);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_uint_eq(out[i].account, backs[_i].parts[i].account);
        ck_assert_uint_eq(out[i].unit_count, backs[_i].parts[i].unit_count);
        ck_assert_uint_eq(out[i].use_count, backs[_i].parts[i].use_count);
        ck_assert_uint_eq(out[i].amount, backs[_i].parts[i].amount);
    }
}
END_TEST

START_TEST(unit_by_unit_everything_goes_back)
{
    struct posting_part left[2], away[2];
    memcpy(left, two, sizeof(left));
    for (uint16_t of = 7; of > 0; of--) {
        parts_back(away, left, 2, 1, of);
        parts_take(left, away, 2);
        ck_assert(left[0].use_count <= left[0].unit_count);
        ck_assert(left[0].use_count >= (of - 1 < 3 ? of - 1 : 3)); /* as long as units are kept */
    }
    for (size_t i = 0; i < 2; i++)
        ck_assert(left[i].unit_count == 0 && left[i].use_count == 0 && left[i].amount == 0);
}
END_TEST

START_TEST(an_amount_comes_from_the_last_part_first_and_takes_no_units)
{
    static const uint64_t amounts[][3] = {{4, 0, 4}, {10, 0, 10}, {11, 1, 10}, {1011, 1001, 10}};
    for (size_t i = 0; i < COUNT_OF(amounts); i++) {
        struct posting_part out[2];
        parts_of_amount(out, two, 2, amounts[i][0]);
        ck_assert_uint_eq(out[0].amount, amounts[i][1]);
        ck_assert_uint_eq(out[1].amount, amounts[i][2]);
        ck_assert(out[0].unit_count == 0 && out[1].use_count == 0 && out[1].account == 2);
        ck_assert_uint_eq(parts_amount(out, 2), amounts[i][0]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("portions");
    TCase *tcase = tcase_create("portions");
    tcase_add_loop_test(tcase, units_are_rounded_up_and_money_down, 0, COUNT_OF(portions));
    tcase_add_loop_test(tcase, what_goes_back_is_rounded_down, 0, COUNT_OF(backs));
    tcase_add_test(tcase, unit_by_unit_everything_goes_back);
    tcase_add_test(tcase, an_amount_comes_from_the_last_part_first_and_takes_no_units);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
