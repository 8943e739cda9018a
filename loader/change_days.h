/* The days of a span on which anything may change, as bits from its first day: they need no sorting
 * and stand there once, however many facts begin on the same day. */
#ifndef LOADER_CHANGE_DAYS_H
#define LOADER_CHANGE_DAYS_H

#include "loader/groups.h"

#define DAYS_PER_WORD   64
#define DAYS_WORD_COUNT (WINDOW_DAYS_MAX / DAYS_PER_WORD + 1) /* the day after the last, too */

struct change_days {
    struct window span; /* all else is 0 at first */
    size_t count;
    uint64_t words[DAYS_WORD_COUNT];
};

/* Days outside the span, and its first, change nothing within it. */
void change_days_add(struct change_days *changes, int64_t day);

/* The first day of change after `day`, or the end of the span. */
uint32_t change_days_next(const struct change_days *changes, uint32_t day);

/* The days of the window on which the person lives; empty when there are none. */
struct window person_life(const struct person *person, struct window window);

#endif
