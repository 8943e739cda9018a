#include "loader/daysets.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int32_t day_of(const char *text)
{
    int32_t day;
    ck_assert(day_of_text(&day, text, strlen(text)));
    return day;
}

static struct window window_of(const char *from, const char *until)
{
    return (struct window){(uint32_t)day_of(from), (uint32_t)day_of(until)};
}

static bool has(const struct dayset *set, uint32_t bit)
{
    return set->words[bit / 64] >> bit % 64 & 1;
}

/* "2026-01-01 2026-04-03..2026-04-06": runs of days, last one in. */
#define RUNS_TEXT_SIZE 1024
static void runs_text(char text[static RUNS_TEXT_SIZE], const struct dayset *set,
                      struct window window)
{
    uint32_t count = window.until_day - window.from_day;
    size_t size = 0;
    text[0] = '\0';
    for (uint32_t first = 0, last; first < count; first = last + 1) {
        char from[DAY_TEXT_SIZE], to[DAY_TEXT_SIZE];
        last = first;
        if (!has(set, first))
            continue;
        while (last + 1 < count && has(set, last + 1))
            last++;
        day_to_text(from, (int32_t)(window.from_day + first));
        day_to_text(to, (int32_t)(window.from_day + last));
        size +=
            (size_t)snprintf(text + size, RUNS_TEXT_SIZE - size, "%s%s%s%s", size > 0 ? " " : "",
                             from, first < last ? ".." : "", first < last ? to : "");
        ck_assert(size < RUNS_TEXT_SIZE);
    }
}

/* --- Easter --- */

static const struct {
    int32_t year;
    const char *date;
} easters[] = {
    {1961, "1961-04-02"}, {1965, "1965-04-18"}, {1970, "1970-03-29"}, {1981, "1981-04-19"},
    {2000, "2000-04-23"}, {2008, "2008-03-23"}, {2011, "2011-04-24"}, {2019, "2019-04-21"},
    {2024, "2024-03-31"}, {2025, "2025-04-20"}, {2026, "2026-04-05"}, {2027, "2027-03-28"},
    {2028, "2028-04-16"}, {2035, "2035-03-25"}, {2038, "2038-04-25"}, {2049, "2049-04-18"},
    {2076, "2076-04-19"}, {2099, "2099-04-12"},
};

START_TEST(easter_is_on_the_day_that_almanacs_say)
{
    ck_assert_int_eq(day_of_date(easter_of_year(easters[_i].year)), day_of(easters[_i].date));
}
END_TEST

/* The same by another way: Gauss's sum with its two exceptions. */
static int32_t easter_of_gauss(int32_t year)
{
    int32_t a = year % 19, b = year % 4, c = year % 7, k = year / 100;
    int32_t p = (13 + 8 * k) / 25, q = k / 4;
    int32_t m = (15 - p + k - q) % 30, n = (4 + k - q) % 7;
    int32_t d = (19 * a + m) % 30, e = (2 * b + 4 * c + 6 * d + n) % 7;
    if (d == 29 && e == 6)
        return day_of_date((struct date){year, 4, 19});
    if (d == 28 && e == 6 && (11 * m + 11) % 30 < 19)
        return day_of_date((struct date){year, 4, 18});
    return day_of_date((struct date){year, 3, 22}) + d + e;
}

START_TEST(easter_is_a_sunday_and_as_gauss_says_in_every_year)
{
    for (int32_t year = 1961; year <= 2099; year++) {
        int32_t day = day_of_date(easter_of_year(year));
        ck_assert_int_eq(day, easter_of_gauss(year));
        ck_assert_int_eq((day + 4) % 7, 0);
    }
}
END_TEST

/* --- calendars --- */

#define ALL_WEEK 0x7f
#define WORKWEEK 0x1f
#define WEEKEND  0x60
#define RIGA                                                                                       \
    {                                                                                              \
        1, 4                                                                                       \
    }

#define YEARLY(m, d) .kind = CALENDAR_YEARLY, .month = (m), .day = (d)
#define SPAN(m, d, m2, d2)                                                                         \
    .kind = CALENDAR_YEARLY_SPAN, .month = (m), .day = (d), .last_month = (m2), .last_day = (d2)
#define EASTER(n)      .kind = CALENDAR_EASTER, .offset_days = (n)
#define NTH(n, day, m) .kind = CALENDAR_NTH_WEEKDAY, .nth = (n), .weekday = (day), .month = (m)
#define WEEKDAYS(mask) .kind = CALENDAR_WEEKDAYS, .weekday_mask = (mask)
#define ONCE(a, b)     .kind = CALENDAR_ONCE, .from_day = (a), .until_day = (b)
#define EXCEPT         .is_excluded = true
#define IN_RIGA        .has_place = true, .place = RIGA

#define D2026_01_01 20454 /* a Thursday */

#define ITEM_COUNT_MAX 5
static const struct {
    const char *title;
    struct calendar_item items[ITEM_COUNT_MAX];
    uint32_t item_count;
    uint32_t place;
    const char *from, *until;
    const char *runs;
} calendars[] = {
    {"a day of every year",
     {{YEARLY(11, 18)}},
     1,
     0,
     "2024-11-18",
     "2026-11-19",
     "2024-11-18 2025-11-18 2026-11-18"},
    {"a window that ends on the day leaves it out",
     {{YEARLY(11, 18)}},
     1,
     0,
     "2024-11-19",
     "2025-11-18",
     ""},
    {"29 February is there in leap years only",
     {{YEARLY(2, 29)}},
     1,
     0,
     "2024-01-01",
     "2026-03-10",
     "2024-02-29"},
    {"29 February, the other leap year",
     {{YEARLY(2, 29)}},
     1,
     0,
     "2027-01-01",
     "2029-03-01",
     "2028-02-29"},
    {"on a Sunday the Monday, too",
     {{YEARLY(5, 4), .or_monday = true}},
     1,
     0,
     "2025-01-01",
     "2026-12-31",
     "2025-05-04..2025-05-05 2026-05-04"},
    {"on a Saturday the Monday, too",
     {{YEARLY(11, 18), .or_monday = true}},
     1,
     0,
     "2023-01-01",
     "2024-12-31",
     "2023-11-18 2023-11-20 2024-11-18"},
    {"the Monday may be of the next year",
     {{YEARLY(12, 31), .or_monday = true}},
     1,
     0,
     "2023-01-01",
     "2023-01-31",
     "2023-01-02"},
    {"29 February on a Saturday",
     {{YEARLY(2, 29), .or_monday = true}},
     1,
     0,
     "2020-01-01",
     "2021-12-31",
     "2020-02-29 2020-03-02"},
    {"a span within the year",
     {{SPAN(6, 1, 8, 31)}},
     1,
     0,
     "2025-01-01",
     "2026-12-31",
     "2025-06-01..2025-08-31 2026-06-01..2026-08-31"},
    {"a span of one day", {{SPAN(6, 1, 6, 1)}}, 1, 0, "2025-01-01", "2025-12-31", "2025-06-01"},
    {"a span over the year's end",
     {{SPAN(9, 1, 5, 31)}},
     1,
     0,
     "2025-01-01",
     "2026-12-31",
     "2025-01-01..2025-05-31 2025-09-01..2026-05-31 2026-09-01..2026-12-30"},
    {"a span over the year's end within a month",
     {{SPAN(12, 31, 12, 30)}},
     1,
     0,
     "2025-01-01",
     "2025-12-31",
     "2025-01-01..2025-12-30"},
    {"a span to the last day of the year",
     {{SPAN(12, 24, 12, 31)}},
     1,
     0,
     "2025-12-01",
     "2026-02-01",
     "2025-12-24..2025-12-31"},
    {"a span until 29 February in both kinds of year",
     {{SPAN(2, 27, 2, 29)}},
     1,
     0,
     "2027-01-01",
     "2028-12-31",
     "2027-02-27..2027-02-28 2028-02-27..2028-02-29"},
    {"a span from 29 February in both kinds of year",
     {{SPAN(2, 29, 3, 2)}},
     1,
     0,
     "2027-01-01",
     "2028-12-31",
     "2027-03-01..2027-03-02 2028-02-29..2028-03-02"},
    {"a span that is 29 February alone",
     {{SPAN(2, 29, 2, 29)}},
     1,
     0,
     "2027-01-01",
     "2028-12-31",
     "2028-02-29"},
    {"once, half-open",
     {{ONCE(D2026_01_01 + 1, D2026_01_01 + 3)}},
     1,
     0,
     "2025-12-01",
     "2026-12-01",
     "2026-01-02..2026-01-03"},
    {"once, cut by both ends of the window",
     {{ONCE(0, DAY_NEVER)}},
     1,
     0,
     "2026-01-01",
     "2026-01-03",
     "2026-01-01..2026-01-02"},
    {"Good Friday to Easter Monday",
     {{EASTER(-2)}, {EASTER(0)}, {EASTER(1)}},
     3,
     0,
     "2025-01-01",
     "2026-12-31",
     "2025-04-18 2025-04-20..2025-04-21 2026-04-03 2026-04-05..2026-04-06"},
    {"days far from Easter fall into other years",
     {{EASTER(-200)}, {EASTER(200)}},
     2,
     0,
     "2025-09-01",
     "2026-01-01",
     "2025-09-17 2025-11-06"},
    {"the second Sunday of May",
     {{NTH(2, 6, 5)}},
     1,
     0,
     "2024-01-01",
     "2026-01-01",
     "2024-05-12 2025-05-11"},
    {"the first Thursday of a month that begins with one",
     {{NTH(1, 3, 1)}},
     1,
     0,
     "2026-01-01",
     "2026-12-31",
     "2026-01-01"},
    {"the fourth Wednesday", {{NTH(4, 2, 1)}}, 1, 0, "2026-01-01", "2026-12-31", "2026-01-28"},
    {"the last Sunday of a month that has five",
     {{NTH(5, 6, 3)}},
     1,
     0,
     "2026-01-01",
     "2026-12-31",
     "2026-03-29"},
    {"the last Friday of a month that has four",
     {{NTH(5, 4, 2)}},
     1,
     0,
     "2026-01-01",
     "2026-12-31",
     "2026-02-27"},
    {"the last Thursday of December is its last day",
     {{NTH(5, 3, 12)}},
     1,
     0,
     "2026-01-01",
     "2027-01-31",
     "2026-12-31"},
    {"weekdays",
     {{WEEKDAYS(WORKWEEK)}},
     1,
     0,
     "2026-01-01",
     "2026-01-14",
     "2026-01-01..2026-01-02 2026-01-05..2026-01-09 2026-01-12..2026-01-13"},
    {"weekends",
     {{WEEKDAYS(WEEKEND)}},
     1,
     0,
     "2026-01-01",
     "2026-01-11",
     "2026-01-03..2026-01-04 2026-01-10"},
    {"except takes away",
     {{SPAN(1, 1, 1, 10)}, {YEARLY(1, 6), EXCEPT}},
     2,
     0,
     "2026-01-01",
     "2026-12-31",
     "2026-01-01..2026-01-05 2026-01-07..2026-01-10"},
    {"what stands after an exception adds again",
     {{SPAN(1, 1, 1, 10)}, {SPAN(1, 3, 1, 8), EXCEPT}, {YEARLY(1, 6)}},
     3,
     0,
     "2026-01-01",
     "2026-12-31",
     "2026-01-01..2026-01-02 2026-01-06 2026-01-09..2026-01-10"},
    {"an exception that comes first takes nothing away",
     {{YEARLY(1, 6), EXCEPT}, {YEARLY(1, 6)}},
     2,
     0,
     "2026-01-01",
     "2026-12-31",
     "2026-01-06"},
    {"in a place, for a point of sale there",
     {{YEARLY(8, 15), IN_RIGA}},
     1,
     1012,
     "2026-01-01",
     "2026-12-31",
     "2026-08-15"},
    {"in a place, for one elsewhere",
     {{YEARLY(8, 15), IN_RIGA}},
     1,
     4000,
     "2026-01-01",
     "2026-12-31",
     ""},
    {"in a place, for one that does not say where it is",
     {{YEARLY(8, 15), .has_place = true, .place = {0, 1}}},
     1,
     0,
     "2026-01-01",
     "2026-12-31",
     ""},
    {"an exception in a place, elsewhere",
     {{SPAN(1, 1, 1, 3)}, {YEARLY(1, 2), EXCEPT, IN_RIGA}},
     2,
     4000,
     "2026-01-01",
     "2026-12-31",
     "2026-01-01..2026-01-03"},
    {"an exception in a place, there",
     {{SPAN(1, 1, 1, 3)}, {YEARLY(1, 2), EXCEPT, IN_RIGA}},
     2,
     1000,
     "2026-01-01",
     "2026-12-31",
     "2026-01-01 2026-01-03"},
    {"a calendar without items holds never", {{0}}, 0, 0, "2026-01-01", "2026-12-31", ""},
};

START_TEST(a_calendar_holds_on_its_days)
{
    struct calendar_item items[ITEM_COUNT_MAX];
    struct rule_calendar calendar = {.item_count = calendars[_i].item_count};
    memcpy(items, calendars[_i].items, sizeof(items));
    struct rules rules = {.calendars = &calendar, .calendar_count = 1, .items = items};
    struct window window = window_of(calendars[_i].from, calendars[_i].until);
    struct dayset set = dayset_of_calendar(&rules, 0, calendars[_i].place, window);
    char text[RUNS_TEXT_SIZE];
    runs_text(text, &set, window);
    ck_assert_msg(strcmp(text, calendars[_i].runs) == 0, "%s:\nwanted %s\nfound  %s",
                  calendars[_i].title, calendars[_i].runs, text);
}
END_TEST

/* calendar holidays = 01-01, 05-04 or monday, easter-2, easter+1
 * calendar workdays = weekdays except holidays
 * calendar riga     = workdays, holidays in RIGA except 05-04 */
START_TEST(calendars_are_made_of_calendars)
{
    struct calendar_item items[] = {
        {YEARLY(1, 1)},
        {YEARLY(5, 4), .or_monday = true},
        {EASTER(-2)},
        {EASTER(1)},
        {WEEKDAYS(WORKWEEK)},
        {.kind = CALENDAR_OTHER, .calendar = 0, EXCEPT},
        {.kind = CALENDAR_OTHER, .calendar = 1},
        {.kind = CALENDAR_OTHER, .calendar = 0, IN_RIGA},
        {YEARLY(5, 4), EXCEPT},
    };
    struct rule_calendar list[] = {
        {.first_item = 0, .item_count = 4},
        {.first_item = 4, .item_count = 2},
        {.first_item = 6, .item_count = 3},
    };
    static const struct {
        uint32_t calendar, place;
        const char *from, *until, *runs;
    } rows[] = {
        {1, 0, "2026-04-01", "2026-04-11", "2026-04-01..2026-04-02 2026-04-07..2026-04-10"},
        {1, 0, "2025-05-01", "2025-05-10", "2025-05-01..2025-05-02 2025-05-06..2025-05-09"},
        {2, 1000, "2026-04-01", "2026-04-08", "2026-04-01..2026-04-03 2026-04-06..2026-04-07"},
        {2, 4000, "2026-04-01", "2026-04-08", "2026-04-01..2026-04-02 2026-04-07"},
        {2, 1000, "2026-05-01", "2026-05-06", "2026-05-01 2026-05-05"},
    };
    struct rules rules = {.calendars = list, .calendar_count = 3, .items = items};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct window window = window_of(rows[i].from, rows[i].until);
        struct dayset set = dayset_of_calendar(&rules, rows[i].calendar, rows[i].place, window);
        char text[RUNS_TEXT_SIZE];
        runs_text(text, &set, window);
        ck_assert_str_eq(text, rows[i].runs);
    }
}
END_TEST

/* Each names the one before twice: asking each for those within it would take for ever. */
START_TEST(a_tower_of_calendars_takes_no_time)
{
    struct calendar_item *items = calloc(2 * (size_t)CALENDAR_COUNT_MAX, sizeof(*items));
    struct rule_calendar *list = calloc(CALENDAR_COUNT_MAX, sizeof(*list));
    for (uint32_t i = 0; i < CALENDAR_COUNT_MAX; i++) {
        struct calendar_item item = {.kind = CALENDAR_OTHER, .calendar = (uint16_t)(i - 1)};
        if (i == 0)
            item = (struct calendar_item){YEARLY(1, 6)};
        items[2 * i] = items[2 * i + 1] = item;
        list[i] = (struct rule_calendar){.first_item = 2 * i, .item_count = 2};
    }
    struct rules rules = {.calendars = list, .calendar_count = CALENDAR_COUNT_MAX, .items = items};
    struct window window = window_of("2026-01-01", "2026-12-31");
    struct dayset set = dayset_of_calendar(&rules, CALENDAR_COUNT_MAX - 1, 0, window);
    char text[RUNS_TEXT_SIZE];
    runs_text(text, &set, window);
    ck_assert_str_eq(text, "2026-01-06");
    free(items);
    free(list);
}
END_TEST

/* --- sets --- */

START_TEST(a_span_is_cut_to_the_window)
{
    static const struct {
        uint32_t from, until, window_days, first, end;
    } rows[] = {
        {0, DAY_NEVER, 800, 0, 800},   {0, DAY_NEVER, 1, 0, 1},
        {0, DAY_NEVER, 64, 0, 64},     {0, DAY_NEVER, 65, 0, 65},
        {20063, 20065, 800, 63, 65},   {20064, 20128, 800, 64, 128},
        {20001, 20799, 800, 1, 799},   {20799, DAY_NEVER, 800, 799, 800},
        {0, 20000, 800, 0, 0},         {0, 20001, 800, 0, 1},
        {20800, DAY_NEVER, 800, 0, 0}, {20005, 20005, 800, 0, 0},
        {20009, 20005, 800, 0, 0},     {DAY_NEVER, DAY_NEVER, 800, 0, 0},
        {19000, 30000, 700, 0, 700},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct window window = {20000, 20000 + rows[i].window_days};
        struct dayset set = dayset_of_span(window, rows[i].from, rows[i].until);
        for (uint32_t bit = 0; bit < 64 * DAYSET_WORD_COUNT; bit++)
            ck_assert_msg(has(&set, bit) == (bit >= rows[i].first && bit < rows[i].end),
                          "row %zu, day %u", i, bit);
    }
}
END_TEST

START_TEST(all_days_of_calendars_and_weekdays_end_with_the_window)
{
    struct calendar_item item = {WEEKDAYS(ALL_WEEK)};
    struct rule_calendar calendar = {.item_count = 1};
    struct rules rules = {.calendars = &calendar, .calendar_count = 1, .items = &item};
    for (uint32_t count = 1; count <= WINDOW_DAYS_MAX; count++) {
        struct window window = {D2026_01_01, D2026_01_01 + count};
        struct dayset week = dayset_of_calendar(&rules, 0, 0, window);
        struct dayset all = dayset_of_calendar(&rules, CALENDAR_ALL_DAYS, 0, window);
        struct dayset span = dayset_of_span(window, 0, DAY_NEVER);
        ck_assert_mem_eq(&week, &all, sizeof(all));
        ck_assert_mem_eq(&span, &all, sizeof(all));
        for (uint32_t bit = 0; bit < 64 * DAYSET_WORD_COUNT; bit++)
            ck_assert(has(&all, bit) == (bit < count));
    }
}
END_TEST

START_TEST(sets_are_joined_cut_and_taken_away_word_by_word)
{
    struct window window = {20000, 20800};
    struct dayset a = dayset_of_span(window, 20010, 20700),
                  b = dayset_of_span(window, 20600, 20800);
    struct dayset both = dayset_both(&a, &b), either = dayset_either(&a, &b);
    struct dayset without = dayset_without(&a, &b), none = dayset_without(&a, &a);
    struct dayset expected = dayset_of_span(window, 20600, 20700);
    ck_assert_mem_eq(&both, &expected, sizeof(both));
    expected = dayset_of_span(window, 20010, 20800);
    ck_assert_mem_eq(&either, &expected, sizeof(either));
    expected = dayset_of_span(window, 20010, 20600);
    ck_assert_mem_eq(&without, &expected, sizeof(without));
    ck_assert(dayset_is_empty(&none) && !dayset_is_empty(&both));
}
END_TEST

START_TEST(equal_sets_have_one_number_and_0_is_all_days)
{
    struct window window = {20000, 20731};
    struct daysets daysets;
    daysets_begin(&daysets, window);
    struct dayset all = daysets_get(&daysets, DAYSET_ALL);
    struct dayset expected = dayset_of_span(window, 0, DAY_NEVER);
    ck_assert_mem_eq(&all, &expected, sizeof(all));
    for (uint32_t round = 0; round < 2; round++)
        for (uint32_t i = 1; i < 700; i++) {
            struct dayset set = dayset_of_span(window, 20000 + i, DAY_NEVER);
            ck_assert_uint_eq(daysets_add(&daysets, &set), i);
            struct dayset again = daysets_get(&daysets, i);
            ck_assert_mem_eq(&again, &set, sizeof(set));
        }
    ck_assert_uint_eq(daysets_add(&daysets, &all), DAYSET_ALL);
    daysets_free(&daysets);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("daysets");
    TCase *calendar = tcase_create("calendars");
    tcase_add_loop_test(calendar, easter_is_on_the_day_that_almanacs_say, 0,
                        sizeof(easters) / sizeof(easters[0]));
    tcase_add_test(calendar, easter_is_a_sunday_and_as_gauss_says_in_every_year);
    tcase_add_loop_test(calendar, a_calendar_holds_on_its_days, 0,
                        sizeof(calendars) / sizeof(calendars[0]));
    tcase_add_test(calendar, calendars_are_made_of_calendars);
    tcase_add_test(calendar, a_tower_of_calendars_takes_no_time);
    suite_add_tcase(suite, calendar);
    TCase *sets = tcase_create("sets");
    tcase_add_test(sets, a_span_is_cut_to_the_window);
    tcase_add_test(sets, all_days_of_calendars_and_weekdays_end_with_the_window);
    tcase_add_test(sets, sets_are_joined_cut_and_taken_away_word_by_word);
    tcase_add_test(sets, equal_sets_have_one_number_and_0_is_all_days);
    suite_add_tcase(suite, sets);
    return support_run(suite);
}
