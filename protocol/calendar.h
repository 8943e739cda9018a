/* The days of a judging window and the UTC seconds at which they begin in Riga, worked out once per
 * snapshot, so that the day of a request costs a few nanoseconds. */
#ifndef PROTOCOL_CALENDAR_H
#define PROTOCOL_CALENDAR_H

#include <assert.h>

#include "protocol/catalogue.h"
#include "protocol/day.h"
#include "protocol/fault.h"

#define SECONDS_PER_MINUTE 60

struct calendar {
    uint32_t from_day, until_day;
    uint64_t start_s[WINDOW_DAYS_MAX + 1]; /* of each day of the window, and of until_day */
};

/* A second that many ask about, and what the clocks of Riga say then: worked out once for all. */
struct riga_time {
    uint64_t utc_s; /* 0: none */
    uint32_t day, minute;
};
static inline struct riga_time riga_time_of(uint64_t utc_s)
{
    return (struct riga_time){utc_s, riga_day_of_time(utc_s),
                              riga_second_of_time(utc_s) / SECONDS_PER_MINUTE};
}

/* Refuses a window that is empty, longer than WINDOW_DAYS_MAX or beyond the year 9999. */
MUST_USE bool calendar_prepare(struct calendar *out, uint32_t from_day, uint32_t until_day,
                               struct fault *fault);

/* The civil day in Riga at that second; false when it is outside the window. */
MUST_USE static inline bool calendar_find_day(uint32_t *day, const struct calendar *calendar,
                                              uint64_t utc_s)
{
    uint32_t day_count = calendar->until_day - calendar->from_day;
    const uint64_t *start_s = calendar->start_s;
    if (utc_s < start_s[0] || utc_s >= start_s[day_count])
        return false;

    /* Days have 23 to 25 hours, and summer time comes and goes in turn: the guess is at most one
     * day out. At most it is until_day, whose beginning is in the table too. */
    uint64_t i = (utc_s - start_s[0]) / SECONDS_PER_DAY;
    if (utc_s < start_s[i])
        i--;
    else if (utc_s >= start_s[i + 1])
        i++;
    assert(i < day_count && start_s[i] <= utc_s && utc_s < start_s[i + 1]);
    *day = calendar->from_day + (uint32_t)i;
    return true;
}

/* Whether the clock is put forward or back on the day: two days of a year. */
static inline bool calendar_clock_changes(const struct calendar *calendar, uint32_t day)
{
    const uint64_t *start_s = &calendar->start_s[day - calendar->from_day];
    return start_s[1] - start_s[0] != SECONDS_PER_DAY;
}

/* The minute of the wall clock at that second of the day. */
static inline uint32_t calendar_minute(const struct calendar *calendar, uint32_t day,
                                       uint64_t utc_s)
{
    assert(day >= calendar->from_day && day < calendar->until_day);
    if (calendar_clock_changes(calendar, day))
        return riga_second_of_time(utc_s) / SECONDS_PER_MINUTE;
    return (uint32_t)(utc_s - calendar->start_s[day - calendar->from_day]) / SECONDS_PER_MINUTE;
}

/* Both at once; `known` is of this second or of another, and then of no use. */
MUST_USE static inline bool calendar_find_time(uint32_t *day, uint32_t *minute,
                                               const struct calendar *calendar, uint64_t utc_s,
                                               const struct riga_time *known)
{
    if (known->utc_s == utc_s) {
        *day = known->day;
        *minute = known->minute;
        return known->day >= calendar->from_day && known->day < calendar->until_day;
    }
    if (!calendar_find_day(day, calendar, utc_s))
        return false;
    *minute = calendar_minute(calendar, *day, utc_s);
    return true;
}

/* The first second after `after_s`, which is of the day and within the span, at which the day's
 * wall clock has left the span, or the day has ended. In the night in autumn a clock that is put
 * back leaves a span that began after 03:00. */
uint64_t calendar_span_end(const struct calendar *calendar, uint32_t day,
                           const struct clock_span *span, uint64_t after_s);

/* The UTC second at which a day from from_day up to and including until_day begins. */
uint64_t calendar_day_start(const struct calendar *calendar, uint32_t day);

/* The first day that date texts cannot say: 10000-01-01. */
#define CALENDAR_DAY_END 2932897

#endif
