/* When a person's term in a group began: what limits "per status_term" count from. Memberships are
 * clipped to the judging window and merged; for the groups that such limits ask about, and for them
 * alone, the day on which the term began is worked out and terms are kept apart.
 *
 * A term is a run of days on which the group is yes. It begins on the day on which the group
 * becomes yes, or on which, while it is, a status or list entry begins that the condition asks for:
 * a new decision is a new term. What stands behind "not" begins no term by itself. */
#ifndef LOADER_TERMS_H
#define LOADER_TERMS_H

#include "loader/groups.h"

struct terms;

/* For one thread. What it is given is borrowed and must outlive it. */
struct terms *terms_open(const struct rules *rules, const struct vocabulary *vocabulary,
                         struct window window);
void terms_close(struct terms *terms); /* NULL: nothing */

/* Whether a limit asks for the term of any of these memberships. */
bool terms_are_asked(const struct terms *terms, const struct membership list[], size_t count);

/* The memberships of the person (as groups_evaluate says) with their terms: `out` has room for
 * SET_SIZE_MAX, and is not `list`. Returns how many, or GROUPS_TOO_MANY. */
MUST_USE size_t terms_apply(struct terms *terms, struct membership out[],
                            const struct membership list[], size_t count,
                            const struct person *person, const struct prior *prior);

#endif
