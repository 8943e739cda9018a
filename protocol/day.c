#include "protocol/day.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_PER_HOUR 3600

struct date date_of_day(int32_t day)
{
    int32_t since = day + DAY_FROM_MARCH_0000_TO_1970;
    assert(since >= 0);
    int32_t year = (int32_t)((int64_t)since * 400 / 146097);
    if (day_days_before_year(year) > since)
        year--;
    else if (day_days_before_year(year + 1) <= since)
        year++;
    uint32_t day_of_year = (uint32_t)(since - day_days_before_year(year));
    uint32_t months_since_march = (5 * day_of_year + 2) / 153;
    struct date date = {
        .year = months_since_march < 10 ? year : year + 1,
        .month = months_since_march < 10 ? months_since_march + 3 : months_since_march - 9,
        .day = day_of_year - (uint32_t)day_days_before_month(months_since_march) + 1,
    };
    return date;
}

int32_t day_of_age(int32_t birth_day, uint32_t age_years)
{
    struct date date = date_of_day(birth_day);
    date.year += (int32_t)age_years;
    if (!date_is_valid(date)) { /* 29 February in a common year */
        date.month = 3;
        date.day = 1;
    }
    return day_of_date(date);
}

uint32_t age_on_day(int32_t birth_day, int32_t day)
{
    if (day < birth_day)
        return 0;
    uint32_t years = (uint32_t)(date_of_day(day).year - date_of_day(birth_day).year);
    return years > 0 && day_of_age(birth_day, years) > day ? years - 1 : years;
}

void day_to_text(char text[static DAY_TEXT_SIZE], int32_t day)
{
    struct date date = date_of_day(day);
    snprintf(text, DAY_TEXT_SIZE, "%04u-%02u-%02u", (unsigned)date.year % 10000u, date.month % 100,
             date.day % 100);
}

static bool digits_to_number(uint32_t *number, const char *text, size_t digit_count)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < digit_count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        sum = sum * 10 + (uint32_t)(text[i] - '0');
    }
    *number = sum;
    return true;
}

bool day_of_text(int32_t *day, const char *text, size_t text_size)
{
    uint32_t year;
    struct date date;
    if (text_size != 10 || text[4] != '-' || text[7] != '-' || !digits_to_number(&year, text, 4) ||
        !digits_to_number(&date.month, text + 5, 2) || !digits_to_number(&date.day, text + 8, 2))
        return false;
    date.year = (int32_t)year;
    if (!date_is_valid(date))
        return false;
    *day = day_of_date(date);
    return true;
}

/* The second at which the clocks change in a year: 01:00 UTC on the last Sunday of a month of 31
 * days. Day 0 was a Thursday, so day 3 was a Sunday. */
static int64_t clock_change(int32_t year, uint32_t month)
{
    int32_t last = day_of_date((struct date){year, month, 31});
    int32_t days_after_sunday = (((last - 3) % 7) + 7) % 7;
    return (int64_t)(last - days_after_sunday) * SECONDS_PER_DAY + SECONDS_PER_HOUR;
}

static uint64_t riga_offset_s(uint64_t utc_s)
{
    int32_t year = date_of_day((int32_t)(utc_s / SECONDS_PER_DAY)).year;
    bool is_summer =
        (int64_t)utc_s >= clock_change(year, 3) && (int64_t)utc_s < clock_change(year, 10);
    return is_summer ? 3 * SECONDS_PER_HOUR : 2 * SECONDS_PER_HOUR;
}

uint32_t riga_day_of_time(uint64_t utc_s)
{
    return (uint32_t)((utc_s + riga_offset_s(utc_s)) / SECONDS_PER_DAY);
}

uint32_t riga_second_of_time(uint64_t utc_s)
{
    return (uint32_t)((utc_s + riga_offset_s(utc_s)) % SECONDS_PER_DAY);
}

uint64_t time_of_riga_day(uint32_t day)
{
    /* Midnight in Riga is 21:00 or 22:00 UTC of the day before; clocks never change then. */
    uint64_t utc_midnight_s = (uint64_t)day * SECONDS_PER_DAY;
    assert(day > 0);
    return utc_midnight_s - riga_offset_s(utc_midnight_s - 3 * SECONDS_PER_HOUR);
}

bool time_of_riga_clock(uint64_t *utc_s, uint32_t day, uint32_t second)
{
    static const uint32_t offsets_s[] = {3 * SECONDS_PER_HOUR, 2 * SECONDS_PER_HOUR};
    assert(day > 0);
    for (size_t i = 0; i < sizeof(offsets_s) / sizeof(offsets_s[0]); i++) {
        uint64_t guess_s = (uint64_t)day * SECONDS_PER_DAY + second - offsets_s[i];
        if (riga_day_of_time(guess_s) == day && riga_second_of_time(guess_s) == second) {
            *utc_s = guess_s;
            return true;
        }
    }
    return false;
}

static bool two_digits(uint32_t *value, const char *text, uint32_t most)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return false;
    *value = (uint32_t)(text[0] - '0') * 10 + (uint32_t)(text[1] - '0');
    return *value <= most;
}

/* "2026-11-23T10:00" or "2026-11-23 10:00:30" */
static bool time_of_clock_text(uint64_t *utc_s, const char *text, size_t text_size)
{
    int32_t day;
    uint32_t hour, minute, second = 0;
    bool has_seconds = text_size == 19 && text[16] == ':';
    if ((text_size != 16 && !has_seconds) || (text[10] != 'T' && text[10] != ' ') ||
        text[13] != ':' || !day_of_text(&day, text, 10) || day < 1 ||
        !two_digits(&hour, text + 11, 23) || !two_digits(&minute, text + 14, 59) ||
        (has_seconds && !two_digits(&second, text + 17, 59)))
        return false;
    return time_of_riga_clock(utc_s, (uint32_t)day, hour * SECONDS_PER_HOUR + minute * 60 + second);
}

bool time_of_text(uint64_t *utc_s, const char *text)
{
    size_t size = strlen(text);
    uint64_t time_s = 0;
    if (size > 0 && size <= 10 && size == strspn(text, "0123456789"))
        time_s = strtoull(text, NULL, 10);
    else if (!time_of_clock_text(&time_s, text, size))
        return false;
    if (time_s == 0 || time_s > UINT32_MAX)
        return false;
    *utc_s = time_s;
    return true;
}

void time_to_text(char text[static TIME_TEXT_SIZE], uint64_t utc_s)
{
    unsigned second = (unsigned)(utc_s % SECONDS_PER_DAY);
    day_to_text(text, (int32_t)(utc_s / SECONDS_PER_DAY));
    snprintf(text + DAY_TEXT_SIZE - 1, TIME_TEXT_SIZE - (DAY_TEXT_SIZE - 1), "T%02u:%02u:%02uZ",
             second / SECONDS_PER_HOUR, second / 60 % 60, second % 60);
}
