/* Sets of days of the judging window: put together from spans and calendars, and numbered, equal
 * ones alike. Pure. */
#ifndef LOADER_DAYSETS_H
#define LOADER_DAYSETS_H

#include "loader/groups.h"
#include "loader/interner.h"
#include "loader/rulelang.h"

/* The days of the window that lie within from_day .. until_day (half-open). */
struct dayset dayset_of_span(struct window window, uint32_t from_day, uint32_t until_day);
struct dayset dayset_both(const struct dayset *a, const struct dayset *b);    /* in a and in b */
struct dayset dayset_either(const struct dayset *a, const struct dayset *b);  /* in a or in b */
struct dayset dayset_without(const struct dayset *a, const struct dayset *b); /* in a, not in b */
bool dayset_is_empty(const struct dayset *set);

/* The days of `window` on which the calendar holds at a point of sale in `place`; of
 * CALENDAR_ALL_DAYS all. Place 0 is in no place. */
struct dayset dayset_of_calendar(const struct rules *rules, uint32_t calendar, uint32_t place,
                                 struct window window);

/* Which calendars this one is made of, itself included: all are earlier ones, so that calendar + 1
 * of them are told. Whoever followed every name instead might never come back, since each may name
 * the one before it twice. */
void calendars_within(bool is_within[], const struct rules *rules, uint32_t calendar);

/* Easter Sunday of a year of the Gregorian calendar. */
struct date easter_of_year(int32_t year);

/* Sets by number: number 0 (DAYSET_ALL) is all days of the window. */
struct daysets {
    struct interner sets;
};
void daysets_begin(struct daysets *daysets, struct window window);
uint32_t daysets_add(struct daysets *daysets, const struct dayset *set);
struct dayset daysets_get(const struct daysets *daysets, uint32_t number);
void daysets_free(struct daysets *daysets);

#endif
