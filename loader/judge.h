/* The truth of conditions for one person on one day: what groups.c carries through the window and
 * explain.c tells aloud. Pure. */
#ifndef LOADER_JUDGE_H
#define LOADER_JUDGE_H

#include "loader/groups.h"

#include <assert.h>

struct judge {
    const struct rules *rules; /* borrowed, all three */
    const struct vocabulary *vocabulary;
    const struct person *person;
    int64_t
        age_days[AGE_THRESHOLD_MAX]; /* as rules->ages: exact within the span, else outside it */
    uint64_t missing_kinds;          /* by kind: a status that we would not be told of */
    bool school_may_be_missing;      /* one of those has schools */

    /* On the day that judge_day was told. */
    uint32_t day;
    uint32_t years;                   /* the highest threshold of rules->ages reached; 0: none */
    bool has_school;                  /* any current fact with the place of a school */
    uint64_t current[KIND_COUNT_MAX]; /* by kind: subtypes that a current fact has, as bits */
};
static_assert(KIND_COUNT_MAX <= 64, "kinds are bits of a word");
static_assert(SUBTYPE_COUNT_MAX <= 64, "subtypes are bits of a word");

/* Prepares for days of `span`, on all of which the person lives. */
void judge_begin(struct judge *judge, const struct rules *rules,
                 const struct vocabulary *vocabulary, const struct person *person,
                 struct window span);
void judge_day(struct judge *judge, uint32_t day);

/* All groups on that day, in order, since later ones speak of earlier ones. */
void judge_groups(const struct judge *judge, uint8_t truths[], uint32_t group_count);

/* A run of steps that leaves one truth; `truths` holds all groups that they may speak of. */
enum truth judge_steps(const struct judge *judge, const struct step steps[], size_t step_count,
                       const uint8_t truths[]);

/* Whether the fact holds on the day and tells of a school in the place. */
bool fact_is_current(const struct status_fact *fact, uint32_t day);
bool fact_has_school_in(const struct judge *judge, const struct status_fact *fact,
                        struct place_prefix place);

#endif
