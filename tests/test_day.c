#include "protocol/day.h"

#include "tests/vectors.h"

static int32_t day_number(const struct vector *vector, size_t word)
{
    return (int32_t)strtol(vector->words[word], NULL, 10);
}

/* Whether the calendar says what the line says. */
static bool agrees(const struct vector *v)
{
    const char *what = v->words[1];
    int32_t day = 0;
    if (strcmp(what, "date") == 0) {
        char text[DAY_TEXT_SIZE];
        day_to_text(text, day_number(v, 2));
        return strcmp(text, v->words[3]) == 0 && day_of_text(&day, text, 10) &&
               day == day_number(v, 2);
    }
    if (strcmp(what, "no-date") == 0)
        return !day_of_text(&day, v->words[2], strlen(v->words[2]));
    if (strcmp(what, "age") == 0)
        return day_of_age(day_number(v, 2), (uint32_t)vector_number(v, 3)) == day_number(v, 4);
    if (strcmp(what, "riga") == 0)
        return riga_day_of_time(vector_number(v, 2)) == vector_number(v, 3) &&
               riga_second_of_time(vector_number(v, 2)) == vector_number(v, 4);
    if (strcmp(what, "midnight") == 0)
        return time_of_riga_day((uint32_t)vector_number(v, 2)) == vector_number(v, 3);
    return false;
}

START_TEST(days_are_those_of_the_vectors)
{
    struct vector_file file = vectors_open("days.txt");
    struct vector vector;
    size_t count = 0;
    for (; vectors_next(&file, &vector); count++)
        ck_assert_msg(agrees(&vector), "days.txt:%u: %s", vector.line, vector.words[0]);
    ck_assert_uint_gt(count, 100);
}
END_TEST

/* Walks the calendar day by day, with the plainest rule there is. */
START_TEST(every_day_of_four_hundred_years_and_more_follows_the_day_before)
{
    static const uint8_t month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct date date = {1800, 1, 1};
    for (int32_t day = day_of_date(date); date.year < 2301; day++) {
        struct date back = date_of_day(day);
        bool is_same = back.year == date.year && back.month == date.month && back.day == date.day;
        if (day_of_date(date) != day || !is_same || !date_is_valid(date))
            ck_abort_msg("day %d", day); /* an assertion a day would take seconds */
        bool is_leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);
        uint32_t last = month_days[date.month - 1] + (date.month == 2 && is_leap ? 1u : 0u);
        date.day++;
        if (date.day > last) {
            if (date_is_valid(date))
                ck_abort_msg("the day after day %d", day);
            date.day = 1;
            date.month++;
        }
        if (date.month > 12) {
            date.month = 1;
            date.year++;
        }
    }
}
END_TEST

START_TEST(the_first_and_last_day_that_have_a_date_come_back)
{
    int32_t first = day_of_date((struct date){1, 1, 1});
    int32_t last = day_of_date((struct date){9999, 12, 31});
    ck_assert_int_eq(first, -719162);
    ck_assert_int_eq(last, 2932896);
    ck_assert_int_eq(date_of_day(first).year, 1);
    ck_assert_int_eq(date_of_day(last).year, 9999);
}
END_TEST

START_TEST(age_grows_by_one_on_the_day_that_day_of_age_names)
{
    static const struct date births[] = {{2008, 2, 29}, {1951, 12, 31}, {2007, 2, 28},
                                         {1999, 3, 1},  {1890, 1, 1},   {2000, 2, 29}};
    for (size_t i = 0; i < sizeof(births) / sizeof(births[0]); i++) {
        int32_t birth = day_of_date(births[i]);
        ck_assert_uint_eq(age_on_day(birth, birth - 1), 0);
        ck_assert_uint_eq(age_on_day(birth, birth), 0);
        for (uint32_t age = 1; age <= 120; age++) {
            int32_t day = day_of_age(birth, age);
            ck_assert_uint_eq(age_on_day(birth, day), age);
            ck_assert_uint_eq(age_on_day(birth, day - 1), age - 1);
        }
    }
}
END_TEST

/* Every hour of forty years: midnights are where the days change, and a day has 23 to 25 hours. */
START_TEST(a_day_in_riga_begins_at_its_midnight_and_nowhere_else)
{
    uint32_t first = (uint32_t)day_of_date((struct date){2010, 1, 1});
    uint32_t last = (uint32_t)day_of_date((struct date){2050, 1, 1});
    for (uint32_t day = first; day < last; day++) {
        uint64_t start = time_of_riga_day(day);
        uint64_t hours = (time_of_riga_day(day + 1) - start) / 3600;
        bool is_midnight = riga_day_of_time(start) == day && riga_second_of_time(start) == 0 &&
                           riga_day_of_time(start - 1) == day - 1 &&
                           riga_second_of_time(start - 1) == 86399;
        if (hours < 23 || hours > 25 || !is_midnight)
            ck_abort_msg("day %u", day);
        for (uint64_t hour = 0; hour < hours; hour++) {
            if (riga_day_of_time(start + hour * 3600) != day)
                ck_abort_msg("hour %u of day %u", (unsigned)hour, day);
        }
    }
}
END_TEST

START_TEST(a_time_is_written_in_utc)
{
    char text[TIME_TEXT_SIZE];
    time_to_text(text, 0);
    ck_assert_str_eq(text, "1970-01-01T00:00:00Z");
    time_to_text(text, UINT64_C(20780) * SECONDS_PER_DAY + 19 * 3600 + 5 * 60 + 59);
    ck_assert_str_eq(text, "2026-11-23T19:05:59Z");
}
END_TEST

/* 2026-10-25 03:30 comes twice, 2026-03-29 03:30 never. */
START_TEST(a_clock_in_riga_shows_the_hour_twice_in_autumn_and_not_in_spring)
{
    uint64_t utc_s = 7;
    uint32_t half_past_three = 3 * 3600 + 1800;
    uint32_t spring = (uint32_t)day_of_date((struct date){2026, 3, 29});
    uint32_t autumn = (uint32_t)day_of_date((struct date){2026, 10, 25});
    ck_assert(!time_of_riga_clock(&utc_s, spring, half_past_three));
    ck_assert_uint_eq(utc_s, 7);
    ck_assert(time_of_riga_clock(&utc_s, autumn, half_past_three));
    ck_assert_uint_eq(utc_s, (uint64_t)autumn * SECONDS_PER_DAY + 1800);
    ck_assert_uint_eq(riga_second_of_time(utc_s + 3600), half_past_three);
}
END_TEST

START_TEST(a_date_is_read_up_to_its_end_and_not_a_byte_further)
{
    static const char text[] = "2026-11-23";
    int32_t day = 0;
    for (size_t size = 0; size < 10; size++)
        ck_assert(!day_of_text(&day, (const char *)at_the_edge(text, size), size));
    ck_assert_int_eq(day, 0);
    ck_assert(day_of_text(&day, (const char *)at_the_edge(text, 10), 10));
    ck_assert_int_eq(day, 20780);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("day");
    TCase *tests = tcase_create("day");
    tcase_add_test(tests, days_are_those_of_the_vectors);
    tcase_add_test(tests, every_day_of_four_hundred_years_and_more_follows_the_day_before);
    tcase_add_test(tests, the_first_and_last_day_that_have_a_date_come_back);
    tcase_add_test(tests, age_grows_by_one_on_the_day_that_day_of_age_names);
    tcase_add_test(tests, a_day_in_riga_begins_at_its_midnight_and_nowhere_else);
    tcase_add_test(tests, a_time_is_written_in_utc);
    tcase_add_test(tests, a_clock_in_riga_shows_the_hour_twice_in_autumn_and_not_in_spring);
    tcase_add_test(tests, a_date_is_read_up_to_its_end_and_not_a_byte_further);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
