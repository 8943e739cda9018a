/* The truth of conditions for one person on one day: what groups.c carries through the window and
 * explain.c tells aloud. Pure. */
#ifndef LOADER_JUDGE_H
#define LOADER_JUDGE_H

#include "loader/groups.h"

#include <assert.h>

struct judge {
    const struct rules *rules; /* borrowed, all four */
    const struct vocabulary *vocabulary;
    const struct person *person;
    const struct prior *prior; /* NULL: none */
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
                 const struct prior *prior, struct window span);
void judge_day(struct judge *judge, uint32_t day);

/* By kind: a status of which we would not be told, where somebody lives there. */
uint64_t judge_missing_kinds(const struct vocabulary *vocabulary, uint32_t place);

/* All groups on that day, in order, since later ones speak of earlier ones. */
void judge_groups(const struct judge *judge, uint8_t truths[], uint32_t group_count);

/* The groups that may be other than no for somebody who lives there and has, or may have, statuses
 * of these kinds, whatever else is true of them; rising. Returns how many: of thousands of groups
 * most are about other places and other people. */
size_t judge_possible_groups(uint16_t out[], const struct rules *rules, uint32_t place,
                             uint64_t kinds);

/* The kinds of which the person has a status on the day, or may have one unknown to us. */
uint64_t judge_possible_kinds(const struct judge *judge);

/* Those groups alone; the truths of all others stay as they are, and are no. */
void judge_some_groups(const struct judge *judge, uint8_t truths[], const uint16_t groups[],
                       size_t group_count);

/* A run of steps that leaves one truth; `truths` holds all groups that they may speak of. */
enum truth judge_steps(const struct judge *judge, const struct step steps[], size_t step_count,
                       const uint8_t truths[]);

/* Whether an earlier snapshot's knowledge makes a yes of an unknown in the group, on the day. */
bool judge_is_last_known(const struct judge *judge, uint16_t group);

/* The first day on which the fact no longer holds: as delivered, or later where the rules extend
 * it. The extension that does so, or NULL; each looks at what was delivered alone, and the latest
 * end holds. */
uint32_t fact_until_day(const struct rules *rules, const struct status_fact *fact);
const struct extension *fact_extension(const struct rules *rules, const struct status_fact *fact);

/* Whether the condition about a status speaks of this fact, its spans included or left aside. */
bool step_has_spans(const struct step *step);
bool fact_fits(const struct rules *rules, const struct status_fact *fact, const struct step *step);
bool fact_is_of_kind(const struct status_fact *fact, uint16_t kind, uint8_t subtype);

/* Whether the fact holds on the day and tells of a school in the place. */
bool fact_is_current(const struct rules *rules, const struct status_fact *fact, uint32_t day);
bool fact_has_school_in(const struct judge *judge, const struct status_fact *fact,
                        struct place_prefix place);

#endif
