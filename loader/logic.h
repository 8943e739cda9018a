/* What follows from the conditions of groups alone, whoever the person is: whether anybody could be
 * in a group, and whether whoever is in one must be in another. Conditions are taken apart until
 * they contradict each other; where that takes too long the answer is that of whoever does not
 * know, so that nobody is warned of what may be right. Pure. */
#ifndef LOADER_LOGIC_H
#define LOADER_LOGIC_H

#include "loader/groups.h"

#define LOGIC_BRANCH_COUNT_MAX 20000 /* ways a person could be that one question looks at */
#define LOGIC_CLAIM_TOTAL_MAX  2000000
#define LOGIC_DEPTH_MAX        48 /* choices between "or"s that wait for each other */
#define LOGIC_CLAIM_COUNT_MAX  96 /* of a kind, at once */

struct logic; /* for one struct rules, which is borrowed */

struct logic *logic_begin(const struct rules *rules);
void logic_end(struct logic *logic); /* NULL: nothing */

/* Whether somebody could surely be in the group on a day of the span. True when in doubt. */
bool logic_can_hold(struct logic *logic, uint16_t group, struct window days);

/* Whether, on every day of the span, whoever is in `group` is in `wider`, too: what the policy
 * takes for being in a group. GROUP_EVERYBODY is wider than all. False when in doubt. */
bool logic_implies(struct logic *logic, uint16_t group, uint16_t wider, enum unknown_policy policy,
                   struct window days);

#endif
