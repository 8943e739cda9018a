/* People -> membership sets -> views -> what is published. Sets and views are numbered by their
 * content alone, so that neither threads nor the order of rows show in a snapshot. */
#ifndef LOADER_MEMBERSHIPS_H
#define LOADER_MEMBERSHIPS_H

#include "loader/groups.h"
#include "loader/join.h"
#include "protocol/snapshot.h"

#define SET_EMPTY 0 /* whoever has it is not published */

/* Membership sets of everybody. Owned; memberships_free releases them. */
struct memberships {
    uint32_t *set_of;        /* by base row; SET_EMPTY where there is no person */
    uint32_t *set_first;     /* set_count + 1 */
    struct membership *list; /* sets in lexicographic order; set 0 is empty */
    uint32_t set_count;
    uint32_t test_set;     /* that of the reserved test identities */
    struct census *census; /* by group, then place; no empty rows */
    uint32_t census_count;
    uint64_t yes_counts[GROUP_COUNT_MAX], unknown_counts[GROUP_COUNT_MAX]; /* on the as-of day */
    uint64_t published_count; /* persons in at least one group at some time of the window */
};

/* The snapshot before this one. Whoever may be in a group with known_days is looked up in it by the
 * personal code, in the group of the same name there, or else in that which it is known of. A yes
 * there on its as-of day holds until it ended there, and for known_days at most: what was itself
 * carried over ends where it ended before. */
struct prior_source {
    const struct tables *tables; /* borrowed, as the key is */
    uint32_t as_of_day;
    const struct identity_key *key;
};

/* Evaluates every group for every person, on `thread_count` threads; `prior` NULL: there is no
 * earlier snapshot. Persons with too many changes are refused through the intake. */
void memberships_evaluate(struct memberships *out, const struct people *people,
                          const struct rules *rules, const struct vocabulary *vocabulary,
                          const struct prior_source *prior, struct window window,
                          uint32_t as_of_day, struct intake *intake, uint32_t thread_count,
                          bool is_quiet);
void memberships_free(struct memberships *memberships);

/* The same of a country that comes in parts, one after the other or side by side. */
struct evaluation;
MUST_USE struct evaluation *evaluation_open(const struct rules *rules,
                                            const struct vocabulary *vocabulary,
                                            const struct prior_source *prior, struct window window,
                                            uint32_t as_of_day, uint32_t thread_count);
void evaluation_close(struct evaluation *evaluation); /* NULL: nothing */

/* The sets of a part's base rows, by numbers of the thread's own; SET_EMPTY is the same for all. */
void evaluation_add(struct evaluation *evaluation, uint32_t thread, const struct people *people,
                    uint32_t set_of[], struct intake *intake);
/* The test identities' set, by a number of thread 0. */
uint32_t evaluation_test_set(const struct evaluation *evaluation);

/* When all were added: `out` has no set_of. From then on: numbers in `out` by the thread's own. */
void evaluation_finish(struct memberships *out, struct evaluation *evaluation);
const uint32_t *evaluation_numbers(const struct evaluation *evaluation, uint32_t thread);

#endif
