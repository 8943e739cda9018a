#include "loader/change_days.h"

#include "tests/support.h"

#define FROM  20000
#define UNTIL (FROM + WINDOW_DAYS_MAX)

START_TEST(days_of_change_are_walked_in_order_and_once)
{
    struct change_days changes = {.span = {FROM, UNTIL}};
    static const uint32_t days[] = {700, 63, 64, 1, 799, 63, 128};
    static const uint32_t expected[] = {1, 63, 64, 128, 700, 799, WINDOW_DAYS_MAX};
    for (size_t i = 0; i < 7; i++)
        change_days_add(&changes, FROM + days[i]);
    ck_assert_uint_eq(changes.count, 6);
    uint32_t day = FROM;
    for (size_t i = 0; i < 7; i++) {
        day = change_days_next(&changes, day);
        ck_assert_uint_eq(day, FROM + expected[i]);
    }
}
END_TEST

START_TEST(the_first_day_and_days_outside_change_nothing)
{
    struct change_days changes = {.span = {FROM, UNTIL}};
    static const int64_t days[] = {FROM, FROM - 1, UNTIL, INT64_MIN, INT64_MAX, DAY_NEVER, -5};
    for (size_t i = 0; i < 7; i++)
        change_days_add(&changes, days[i]);
    ck_assert_uint_eq(changes.count, 0);
    ck_assert_uint_eq(change_days_next(&changes, FROM), UNTIL);
}
END_TEST

START_TEST(a_life_begins_and_ends_within_the_window)
{
    static const struct window ten_days = {FROM, FROM + 10};
    struct person person = {.birth_day = -9000, .death_day = DAY_NEVER};
    struct window life = person_life(&person, ten_days);
    ck_assert(life.from_day == FROM && life.until_day == FROM + 10);
    person = (struct person){.birth_day = FROM + 2, .death_day = FROM + 5};
    life = person_life(&person, ten_days);
    ck_assert(life.from_day == FROM + 2 && life.until_day == FROM + 5);
    person.death_day = FROM - 1;
    life = person_life(&person, ten_days);
    ck_assert(life.from_day >= life.until_day);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("change_days");
    TCase *tcase = tcase_create("changes");
    tcase_add_test(tcase, days_of_change_are_walked_in_order_and_once);
    tcase_add_test(tcase, the_first_day_and_days_outside_change_nothing);
    tcase_add_test(tcase, a_life_begins_and_ends_within_the_window);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
