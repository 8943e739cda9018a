#include "protocol/calendar.h"

#include <assert.h>

#define SECONDS_PER_MINUTE 60

bool calendar_prepare(struct calendar *out, uint32_t from_day, uint32_t until_day,
                      struct fault *fault)
{
    if (from_day == 0 || from_day >= until_day || until_day > CALENDAR_DAY_END)
        return fault_set(fault, "judging window: want from_day before until_day, got %u and %u",
                         from_day, until_day);
    if (until_day - from_day > WINDOW_DAYS_MAX)
        return fault_set(fault, "judging window: want at most %u days, got %u", WINDOW_DAYS_MAX,
                         until_day - from_day);

    out->from_day = from_day;
    out->until_day = until_day;
    for (uint32_t day = from_day; day <= until_day; day++)
        out->start_s[day - from_day] = time_of_riga_day(day);
    return true;
}

bool calendar_find_day(uint32_t *day, const struct calendar *calendar, uint64_t utc_s)
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

static bool clock_changes(const struct calendar *calendar, uint32_t day)
{
    const uint64_t *start_s = &calendar->start_s[day - calendar->from_day];
    return start_s[1] - start_s[0] != SECONDS_PER_DAY;
}

uint32_t calendar_minute(const struct calendar *calendar, uint32_t day, uint64_t utc_s)
{
    assert(day >= calendar->from_day && day < calendar->until_day);
    if (clock_changes(calendar, day))
        return riga_second_of_time(utc_s) / SECONDS_PER_MINUTE;
    return (uint32_t)(utc_s - calendar->start_s[day - calendar->from_day]) / SECONDS_PER_MINUTE;
}

uint64_t calendar_span_end(const struct calendar *calendar, uint32_t day,
                           const struct clock_span *span, uint64_t after_s)
{
    assert(day >= calendar->from_day && day < calendar->until_day);
    const uint64_t *start_s = &calendar->start_s[day - calendar->from_day];
    if (!clock_changes(calendar, day))
        return start_s[0] + (uint64_t)span->until_min * SECONDS_PER_MINUTE;

    /* Two days of a year: the minutes from here on, one by one. */
    uint64_t utc_s = after_s - after_s % SECONDS_PER_MINUTE;
    uint32_t minute = span->from_min;
    while (utc_s < start_s[1] && minute >= span->from_min && minute < span->until_min) {
        utc_s += SECONDS_PER_MINUTE;
        minute = riga_second_of_time(utc_s) / SECONDS_PER_MINUTE;
    }
    return utc_s;
}

uint64_t calendar_day_start(const struct calendar *calendar, uint32_t day)
{
    assert(day >= calendar->from_day && day <= calendar->until_day);
    return calendar->start_s[day - calendar->from_day];
}
