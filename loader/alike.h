/* People whom the rules cannot tell apart share a membership set that is worked out once: the same
 * memberships as groups_evaluate finds, for the price of a look-up. What it costs grows with how
 * many kinds of people there are, not with persons times groups.
 *
 * The rules see little of a person on a day: which statuses hold, as far as conditions ask about
 * them, which thresholds of age are reached, and which of the places asked about the address and
 * the schools are in. That is the person's signature on that day. */
#ifndef LOADER_ALIKE_H
#define LOADER_ALIKE_H

#include "loader/groups.h"

struct alike;

/* For one thread. What it is given is borrowed and must outlive it. */
struct alike *alike_begin(const struct rules *rules, const struct vocabulary *vocabulary,
                          struct window window);
void alike_end(struct alike *alike);

/* The number of the person's set, or ALIKE_TOO_MANY where groups_evaluate says GROUPS_TOO_MANY.
 * Numbers rise in order of appearance from ALIKE_EMPTY, the set of whoever is in no group. */
#define ALIKE_EMPTY    0
#define ALIKE_TOO_MANY UINT32_MAX
uint32_t alike_evaluate(struct alike *alike, const struct person *person,
                        const struct prior *prior);

/* The number of a set that is no person's. */
uint32_t alike_add(struct alike *alike, const struct membership list[], size_t count);

/* The sets met so far; a list is valid until the next set is added. */
uint32_t alike_set_count(const struct alike *alike);
const struct membership *alike_set(const struct alike *alike, uint32_t set, size_t *count);

/* Whether what an earlier snapshot knew could make a difference to whoever has the set. */
bool alike_asks_prior(const struct alike *alike, uint32_t set);

#endif
