/* Which groups a person is in, and when: every group's condition evaluated over the judging window.
 * Pure: no I/O, no clock. */
#ifndef LOADER_GROUPS_H
#define LOADER_GROUPS_H

#include "loader/facts.h"
#include "loader/rulelang.h"
#include "protocol/catalogue.h"

/* All that is known of one person when groups are evaluated. */
struct person {
    int32_t birth_day;
    uint32_t death_day;
    uint32_t place;
    const struct status_fact *statuses; /* borrowed; any order */
    size_t status_count;
};

struct window {
    uint32_t from_day, until_day;
};

/* What an earlier snapshot surely knew of the person, for groups with known_days: by group, the
 * first day on which that no longer holds; 0: it knew nothing. And since when it was so. */
struct prior {
    const uint32_t *until_days; /* borrowed; group_count of them */
    const uint32_t *from_days;  /* the same; NULL: not asked */
};

#define BREAKPOINT_COUNT_MAX 512

/* Writes the person's memberships, in the order that a set wants, and returns how many. `room` is
 * at least SET_SIZE_MAX; `prior` may be NULL. Death ends everything from its day on. Beyond
 * BREAKPOINT_COUNT_MAX days of change inside the window, or SET_SIZE_MAX memberships, returns
 * GROUPS_TOO_MANY: the person is refused and counted. */
#define GROUPS_TOO_MANY SIZE_MAX
MUST_USE size_t groups_evaluate(struct membership out[], size_t room, const struct rules *rules,
                                const struct vocabulary *vocabulary, const struct person *person,
                                const struct prior *prior, struct window window);

/* One group on one day, told step by step to `say` (context, depth, sentence): what each condition
 * asks, what is known, and what follows. Returns the truth. Sentences hold no personal data beyond
 * what the conditions are about. */
enum truth groups_explain(const struct rules *rules, const struct vocabulary *vocabulary,
                          const struct person *person, const struct prior *prior, uint32_t day,
                          uint16_t group,
                          void (*say)(void *context, uint32_t depth, const char *sentence),
                          void *context);

#endif
