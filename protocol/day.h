/* Civil days as numbers: day 0 is 1970-01-01, proleptic Gregorian calendar. The only calendar code.
 *
 * Spans are half-open everywhere: from_day is in, until_day is out. */
#ifndef PROTOCOL_DAY_H
#define PROTOCOL_DAY_H

#include "protocol/bytes.h"

#define SECONDS_PER_DAY 86400 /* of UTC: days of Riga have 23 to 25 hours */

#define DAY_NEVER UINT32_MAX /* an open end: later than every day */

struct date {
    int32_t year;   /* 1..9999 */
    uint32_t month; /* 1..12 */
    uint32_t day;   /* 1..31 */
};

/* Days since 1970-01-01 may be negative (births before 1970): a day number that is stored is an
 * int32_t for births and a uint32_t for everything that a snapshot judges. */
static inline int32_t day_of_date(struct date date);
struct date date_of_day(int32_t day);

/* Whether the date exists: 2000-02-29 does, 1900-02-29 does not; years 1..9999. */
static inline bool date_is_valid(struct date date);

/* The day on which somebody born on `birth_day` reaches `age_years`: the birthday, and 1 March in
 * common years for those born on 29 February (a year of age is completed when its last day, 28
 * February, has passed). */
int32_t day_of_age(int32_t birth_day, uint32_t age_years);

/* Whole years of age on `day`; 0 before birth. */
uint32_t age_on_day(int32_t birth_day, int32_t day);

/* "2026-11-23" <-> day. Parsing wants exactly ten characters. */
#define DAY_TEXT_SIZE 11
void day_to_text(char text[static DAY_TEXT_SIZE], int32_t day);
MUST_USE bool day_of_text(int32_t *day, const char *text, size_t text_size);

/* The civil day in Riga at a UTC time in seconds since 1970-01-01T00:00:00Z. Zone rule: UTC+2, and
 * UTC+3 from 01:00 UTC on the last Sunday of March until 01:00 UTC on the last Sunday of October
 * (Directive 2000/84/EC). */
uint32_t riga_day_of_time(uint64_t utc_s);

/* Seconds since Riga's midnight at that time, 0..86399 by the wall clock. */
uint32_t riga_second_of_time(uint64_t utc_s);

/* The UTC second at which a civil day begins in Riga. */
uint64_t time_of_riga_day(uint32_t day);

/* The UTC second of a wall-clock time in Riga: of the hour that is said twice in autumn the first;
 * of the one that is left out in spring, none. */
MUST_USE bool time_of_riga_clock(uint64_t *utc_s, uint32_t day, uint32_t second);

/* "2026-11-23T10:00", "2026-11-23 10:00:30" by the clock in Riga, or seconds since 1970 UTC: a time
 * that frames can carry, from 1 to UINT32_MAX. */
MUST_USE bool time_of_text(uint64_t *utc_s, const char *text);

/* "2026-11-23T19:05:00Z" */
#define TIME_TEXT_SIZE 21
void time_to_text(char text[static TIME_TEXT_SIZE], uint64_t utc_s);

/* ---- here, because registers have dates by the million ---- */

/* Days before the month begins, in a common year that starts in March: February, the month of
 * uneven length, is then last and needs no exception (a well-known trick of calendar code). */
static inline int32_t day_days_before_month(uint32_t months_since_march)
{
    return (int32_t)((153 * months_since_march + 2) / 5);
}

static inline int32_t day_days_before_year(int32_t year)
{
    uint32_t years = (uint32_t)year; /* callers keep dates within 1..9999 */
    return (int32_t)(years * 365 + years / 4 - years / 100 + years / 400);
}

#define DAY_FROM_MARCH_0000_TO_1970 719468

static inline int32_t day_of_date(struct date date)
{
    int32_t year = date.month > 2 ? date.year : date.year - 1;
    uint32_t months_since_march = date.month > 2 ? date.month - 3 : date.month + 9;
    return day_days_before_year(year) + day_days_before_month(months_since_march) +
           (int32_t)date.day - 1 - DAY_FROM_MARCH_0000_TO_1970;
}

static inline bool date_is_valid(struct date date)
{
    static const uint8_t month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (date.year < 1 || date.year > 9999 || date.month < 1 || date.month > 12 || date.day < 1)
        return false;
    if (date.month == 2 && date.day == 29)
        return date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);
    return date.day <= month_days[date.month - 1];
}

#endif
