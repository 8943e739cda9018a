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
int32_t day_of_date(struct date date);
struct date date_of_day(int32_t day);

/* Whether the date exists: 2000-02-29 does, 1900-02-29 does not; years 1..9999. */
bool date_is_valid(struct date date);

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

#endif
