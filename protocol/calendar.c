#include "protocol/calendar.h"

#include <assert.h>

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

uint64_t calendar_span_end(const struct calendar *calendar, uint32_t day,
                           const struct clock_span *span, uint64_t after_s)
{
    assert(day >= calendar->from_day && day < calendar->until_day);
    const uint64_t *start_s = &calendar->start_s[day - calendar->from_day];
    if (!calendar_clock_changes(calendar, day))
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
