/* The reference's own days, clock and calendars. */
#include "tests/reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_PER_HOUR 3600
#define WEEKDAY_SUNDAY   6
#define NTH_LAST         5

/* ---- days: counted out, year by year and month by month ---- */

static bool is_leap(int32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static uint32_t month_length(int32_t year, uint32_t month)
{
    if (month == 2)
        return is_leap(year) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static int32_t year_length(int32_t year)
{
    return is_leap(year) ? 366 : 365;
}

int32_t day_of_civil(int32_t year, uint32_t month, uint32_t day)
{
    int32_t count = 0;
    for (int32_t y = 1970; y < year; y++)
        count += year_length(y);
    for (int32_t y = 1970; y > year; y--)
        count -= year_length(y - 1);
    for (uint32_t m = 1; m < month; m++)
        count += (int32_t)month_length(year, m);
    return count + (int32_t)day - 1;
}

struct civil civil_of_day(int32_t day)
{
    /* Day 0 was a Thursday. */
    struct civil civil = {.year = 1970, .month = 1, .number = (uint32_t)day};
    civil.weekday = (uint32_t)((day % 7 + 7 + 3) % 7);
    for (; day < 0; day += year_length(civil.year))
        civil.year--;
    for (; day >= year_length(civil.year); civil.year++)
        day -= year_length(civil.year);
    for (; day >= (int32_t)month_length(civil.year, civil.month); civil.month++)
        day -= (int32_t)month_length(civil.year, civil.month);
    civil.day = (uint32_t)day + 1;
    return civil;
}

int compare_month_days(uint32_t month, uint32_t day, uint32_t other_month, uint32_t other_day)
{
    if (month != other_month)
        return month < other_month ? -1 : 1;
    return day < other_day ? -1 : day > other_day;
}

/* The church's tables, as Clavius laid them down: the golden number and the epact give the full
 * moon from 21 March on; Easter is the Sunday after it. */
struct civil easter_sunday(int32_t year)
{
    int32_t golden = year % 19 + 1;
    int32_t century = year / 100 + 1;
    int32_t solar = 3 * century / 4 - 12;
    int32_t lunar = (8 * century + 5) / 25 - 5;
    int32_t epact = ((11 * golden + 20 + lunar - solar) % 30 + 30) % 30;
    if (epact == 24 || (epact == 25 && golden > 11))
        epact++;
    int32_t full_moon = 44 - epact; /* of March */
    if (full_moon < 21)
        full_moon += 30;
    struct civil day = civil_of_day(day_of_civil(year, 3, 1) + full_moon);
    while (day.weekday != WEEKDAY_SUNDAY)
        day = civil_of_day((int32_t)day.number + 1);
    return day;
}

/* ---- the clock: winter time is UTC+2, summer time UTC+3 ---- */

/* 01:00 UTC on the last Sunday of a month with 31 days. */
static uint64_t last_sunday_one_o_clock(int32_t year, uint32_t month)
{
    struct civil day = civil_of_day(day_of_civil(year, month, 31));
    while (day.weekday != WEEKDAY_SUNDAY)
        day = civil_of_day((int32_t)day.number - 1);
    return (uint64_t)day.number * SECONDS_PER_DAY + SECONDS_PER_HOUR;
}

struct wall_clock wall_clock_of(uint64_t utc_s)
{
    int32_t year = civil_of_day((int32_t)(utc_s / SECONDS_PER_DAY)).year;
    bool is_summer =
        utc_s >= last_sunday_one_o_clock(year, 3) && utc_s < last_sunday_one_o_clock(year, 10);
    uint64_t wall_s = utc_s + (is_summer ? UINT64_C(3) : UINT64_C(2)) * SECONDS_PER_HOUR;
    return (struct wall_clock){(uint32_t)(wall_s / SECONDS_PER_DAY),
                               (uint32_t)(wall_s % SECONDS_PER_DAY / 60)};
}

/* ---- places, calendars ---- */

bool is_in_place(uint32_t place, struct place_prefix prefix)
{
    if (place == 0)
        return false;
    char text[16], front[16];
    snprintf(text, sizeof(text), "%07u", place);
    snprintf(front, sizeof(front), "%0*u", (int)prefix.digit_count, prefix.value);
    return strncmp(text, front, prefix.digit_count) == 0;
}

static bool is_yearly_day(const struct calendar_item *item, struct civil today)
{
    if (today.month == item->month && today.day == item->day)
        return true;
    if (!item->or_monday || today.weekday != 0)
        return false;
    struct civil sunday = civil_of_day((int32_t)today.number - 1);
    struct civil saturday = civil_of_day((int32_t)today.number - 2);
    return (sunday.month == item->month && sunday.day == item->day) ||
           (saturday.month == item->month && saturday.day == item->day);
}

static bool is_yearly_span(const struct calendar_item *item, struct civil today)
{
    bool is_from = compare_month_days(today.month, today.day, item->month, item->day) >= 0;
    bool is_up_to =
        compare_month_days(today.month, today.day, item->last_month, item->last_day) <= 0;
    bool passes_the_year =
        compare_month_days(item->last_month, item->last_day, item->month, item->day) < 0;
    return passes_the_year ? is_from || is_up_to : is_from && is_up_to;
}

static bool is_nth_weekday(const struct calendar_item *item, struct civil today)
{
    if (today.month != item->month || today.weekday != item->weekday)
        return false;
    if (item->nth == NTH_LAST)
        return today.day + 7 > month_length(today.year, today.month);
    return (today.day - 1) / 7 + 1 == item->nth;
}

static bool calendar_holds(const struct rules *rules, uint32_t calendar, uint32_t place,
                           struct civil today);

static bool item_speaks_of(const struct rules *rules, const struct calendar_item *item,
                           uint32_t place, struct civil today)
{
    if (item->has_place && !is_in_place(place, item->place))
        return false;
    switch (item->kind) {
    case CALENDAR_YEARLY:
        return is_yearly_day(item, today);
    case CALENDAR_YEARLY_SPAN:
        return is_yearly_span(item, today);
    case CALENDAR_ONCE:
        return today.number >= item->from_day && today.number < item->until_day;
    case CALENDAR_EASTER: {
        struct civil then = civil_of_day((int32_t)today.number - item->offset_days);
        return then.number == easter_sunday(then.year).number;
    }
    case CALENDAR_NTH_WEEKDAY:
        return is_nth_weekday(item, today);
    case CALENDAR_WEEKDAYS:
        return (item->weekday_mask & 1u << today.weekday) != 0;
    case CALENDAR_OTHER:
        return calendar_holds(rules, item->calendar, place, today);
    }
    abort(); /* a kind that the parser does not know */
}

static bool calendar_holds(const struct rules *rules, uint32_t calendar, uint32_t place,
                           struct civil today)
{
    if (calendar == CALENDAR_ALL_DAYS)
        return true;
    const struct rule_calendar *days = &rules->calendars[calendar];
    bool holds = false;
    for (uint32_t i = 0; i < days->item_count; i++) {
        const struct calendar_item *item = &rules->items[days->first_item + i];
        if (item_speaks_of(rules, item, place, today))
            holds = !item->is_excluded;
    }
    return holds;
}

bool reference_calendar_holds(const struct rules *rules, uint32_t calendar, uint32_t place,
                              uint32_t day)
{
    return calendar_holds(rules, calendar, place, civil_of_day((int32_t)day));
}
