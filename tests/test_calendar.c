/* The calendar of a window says what protocol/day.h says, for every second that matters. */
#include "protocol/calendar.h"
#include "tests/support.h"

static uint32_t day_of(const char *text)
{
    int32_t day;
    ck_assert(day_of_text(&day, text, 10));
    return (uint32_t)day;
}

static const struct {
    const char *from, *until;
} windows[] = {
    {"2026-10-23", "2027-01-24"}, /* summer time ends in it */
    {"2026-02-20", "2026-05-24"}, /* begins in it */
    {"2026-01-01", "2028-03-11"}, /* both, twice; the longest there may be */
    {"2026-10-25", "2026-10-26"}, /* the day of 25 hours alone */
    {"2026-03-29", "2026-03-30"}, /* the day of 23 hours alone */
    {"2026-10-24", "2026-10-26"}, {"2026-03-28", "2026-03-30"},
    {"1970-01-02", "1970-01-03"}, {"9999-12-30", "9999-12-31"},
};

START_TEST(days_begin_and_end_where_the_zone_rule_says)
{
    struct calendar calendar;
    struct fault fault;
    uint32_t from_day = day_of(windows[_i].from);
    uint32_t until_day = day_of(windows[_i].until);
    ck_assert(calendar_prepare(&calendar, from_day, until_day, &fault));

    for (uint32_t day = from_day; day < until_day; day++) {
        uint64_t start_s = calendar_day_start(&calendar, day);
        uint64_t end_s = calendar_day_start(&calendar, day + 1);
        ck_assert_uint_eq(start_s, time_of_riga_day(day));
        uint64_t seconds[] = {start_s, start_s + 1, start_s + 43200, end_s - 3601, end_s - 1};
        for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
            uint32_t found;
            ck_assert(calendar_find_day(&found, &calendar, seconds[i]));
            ck_assert_uint_eq(found, day);
            ck_assert_uint_eq(found, riga_day_of_time(seconds[i]));
        }
    }
}
END_TEST

START_TEST(seconds_outside_the_window_have_no_day)
{
    struct calendar calendar;
    struct fault fault;
    uint32_t from_day = day_of(windows[_i].from);
    uint32_t until_day = day_of(windows[_i].until);
    ck_assert(calendar_prepare(&calendar, from_day, until_day, &fault));

    uint32_t day = 12345;
    ck_assert(!calendar_find_day(&day, &calendar, calendar_day_start(&calendar, from_day) - 1));
    ck_assert(!calendar_find_day(&day, &calendar, calendar_day_start(&calendar, until_day)));
    ck_assert(!calendar_find_day(&day, &calendar, 0));
    ck_assert(!calendar_find_day(&day, &calendar, UINT64_MAX));
    ck_assert_uint_eq(day, 12345);
}
END_TEST

START_TEST(random_seconds_have_the_day_of_the_zone_rule)
{
    struct calendar calendar;
    struct fault fault;
    uint32_t from_day = day_of("2026-01-01");
    ck_assert(calendar_prepare(&calendar, from_day, from_day + WINDOW_DAYS_MAX, &fault));
    uint64_t least_s = calendar_day_start(&calendar, from_day);
    uint64_t span_s = calendar_day_start(&calendar, from_day + WINDOW_DAYS_MAX) - least_s;
    uint64_t state = 7;
    for (int i = 0; i < 20000; i++) {
        uint64_t utc_s = least_s + support_random(&state) % span_s;
        uint32_t day;
        ck_assert(calendar_find_day(&day, &calendar, utc_s));
        ck_assert_uint_eq(day, riga_day_of_time(utc_s));
    }
}
END_TEST

/* Around both changes of the clock, the minute is what a clock on the wall shows. */
START_TEST(minutes_are_those_of_the_wall_clock)
{
    static const char *const days[] = {"2026-03-28", "2026-03-29", "2026-03-30", "2026-06-01",
                                       "2026-10-24", "2026-10-25", "2026-10-26"};
    struct calendar calendar;
    struct fault fault;
    uint32_t from_day = day_of("2026-03-01");
    ck_assert(calendar_prepare(&calendar, from_day, from_day + 300, &fault));
    for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
        uint32_t day = day_of(days[i]);
        uint64_t end_s = calendar_day_start(&calendar, day + 1);
        for (uint64_t utc_s = calendar_day_start(&calendar, day); utc_s < end_s; utc_s += 7) {
            uint32_t minute = calendar_minute(&calendar, day, utc_s);
            ck_assert_uint_eq(minute, riga_second_of_time(utc_s) / 60);
        }
    }
}
END_TEST

static const struct {
    uint32_t from_day, until_day;
} bad_windows[] = {
    {20000, 20000},
    {20001, 20000},
    {0, 10},
    {20000, 20000 + WINDOW_DAYS_MAX + 1},
    {CALENDAR_DAY_END - 1, CALENDAR_DAY_END + 1},
    {20000, DAY_NEVER},
};

/* A second that many share is worked out once: it says what everybody would find. */
START_TEST(a_second_that_is_known_has_the_same_day_and_minute)
{
    struct calendar calendar;
    struct fault fault;
    uint64_t random = 17;
    uint32_t from_day = day_of(windows[_i].from), until_day = day_of(windows[_i].until);
    ck_assert(calendar_prepare(&calendar, from_day, until_day, &fault));
    uint64_t first_s = calendar_day_start(&calendar, from_day);
    uint64_t end_s = calendar_day_start(&calendar, until_day), judged_count = 0;
    for (int i = 0; i < 20000; i++) {
        uint64_t span_s = i % 2 == 0 ? end_s - first_s + 14400 : 14400; /* half of them at an end */
        uint64_t utc_s = (i % 4 == 1 ? end_s : first_s) - 7200 + support_random(&random) % span_s;
        struct riga_time known = riga_time_of(utc_s), other = riga_time_of(utc_s + 86400);
        uint32_t day = 1, minute = 1, known_day = 1, known_minute = 1;
        bool is_judged = calendar_find_time(&day, &minute, &calendar, utc_s, &other);
        ck_assert(is_judged ==
                  calendar_find_time(&known_day, &known_minute, &calendar, utc_s, &known));
        judged_count += is_judged;
        if (!is_judged)
            continue;
        ck_assert_uint_eq(known_day, day);
        ck_assert_uint_eq(known_minute, minute);
    }
    ck_assert_uint_gt(judged_count, 0);
    ck_assert_uint_lt(judged_count, 20000);
}
END_TEST

START_TEST(a_window_that_cannot_be_judged_is_refused)
{
    struct calendar calendar;
    struct fault fault = {""};
    ck_assert(
        !calendar_prepare(&calendar, bad_windows[_i].from_day, bad_windows[_i].until_day, &fault));
    ck_assert(fault.text[0] != '\0');
}
END_TEST

START_TEST(a_span_of_the_clock_ends_where_a_minute_later_the_clock_has_left_it)
{
    static const struct {
        uint32_t
            utc_min; /* of 2026-10-25, on which the clocks go back at 01:00; or of the day before */
        bool is_day_before;
        struct clock_span span;
        uint32_t end_utc_min;
    } rows[] = {
        {60, true, {4 * 60, 5 * 60}, 2 * 60},        /* 04:00 by summer time */
        {60, true, {0, 24 * 60}, 21 * 60},           /* until midnight */
        {30, false, {3 * 60, 4 * 60}, 120},          /* both passes of the hour */
        {30, false, {3 * 60 + 1, 4 * 60 + 30}, 60},  /* put back to 03:00, which is before */
        {90, false, {3 * 60 + 1, 4 * 60 + 30}, 150}, /* the second pass */
        {30, false, {2 * 60, 3 * 60 + 31}, 31},      /* within the first pass */
        {600, false, {12 * 60, 24 * 60}, 22 * 60},   /* a day of 25 hours */
    };
    struct calendar calendar;
    struct fault fault = {""};
    uint32_t day = (uint32_t)day_of_date((struct date){2026, 10, 25});
    ck_assert(calendar_prepare(&calendar, day - 10, day + 10, &fault));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t of_day = rows[i].is_day_before ? day - 1 : day;
        uint64_t utc_midnight_s = (uint64_t)of_day * SECONDS_PER_DAY;
        uint64_t end_s = calendar_span_end(&calendar, of_day, &rows[i].span,
                                           utc_midnight_s + rows[i].utc_min * 60 + 7);
        ck_assert_uint_eq(end_s, utc_midnight_s + rows[i].end_utc_min * 60);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("calendar");
    TCase *tcase = tcase_create("calendar");
    int window_count = sizeof(windows) / sizeof(windows[0]);
    tcase_add_loop_test(tcase, days_begin_and_end_where_the_zone_rule_says, 0, window_count);
    tcase_add_loop_test(tcase, seconds_outside_the_window_have_no_day, 0, window_count);
    tcase_add_test(tcase, random_seconds_have_the_day_of_the_zone_rule);
    tcase_add_test(tcase, minutes_are_those_of_the_wall_clock);
    tcase_add_loop_test(tcase, a_second_that_is_known_has_the_same_day_and_minute, 0, window_count);
    tcase_add_test(tcase, a_span_of_the_clock_ends_where_a_minute_later_the_clock_has_left_it);
    tcase_add_loop_test(tcase, a_window_that_cannot_be_judged_is_refused, 0,
                        sizeof(bad_windows) / sizeof(bad_windows[0]));
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
