/* The real way (parse, compile, groups, tables, decide) against the reference, for catalogues,
 * persons and purchases by chance; and what was met on the way, so that nobody can say that a run
 * tested nothing. */
#ifndef TESTS_AGREEMENT_H
#define TESTS_AGREEMENT_H

#include "loader/compile.h"
#include "tests/random_catalogue.h"

/* What a run must have met, each at least once. */
#define FEATURE_LIST(X)                                                                            \
    X(UNKNOWN_PRODUCT, "answered UNKNOWN_PRODUCT")                                                 \
    X(UNKNOWN_POINT, "answered UNKNOWN_POINT_OF_SALE")                                             \
    X(OUTSIDE_WINDOW, "answered OUTSIDE_WINDOW")                                                   \
    X(NO_CONTRACT, "answered NO_CONTRACT")                                                         \
    X(APPLIES, "answered APPLIES")                                                                 \
    X(NO_DATA, "answered NO_DATA")                                                                 \
    X(DOES_NOT_APPLY, "answered DOES_NOT_APPLY")                                                   \
    X(POINT_UNSTATED, "applies where no point of sale is stated")                                  \
    X(POINT_NOWHERE, "applies at a point of sale that nobody knows")                               \
    X(EVERYWHERE, "a part needs no contract")                                                      \
    X(CONTRACT, "a part is under a contract")                                                      \
    X(CONTRACT_LIMITED, "under a contract with an end, or with points of sale")                    \
    X(UNDER, "a clause names contracts")                                                           \
    X(PLACE, "a clause names places")                                                              \
    X(POINTS, "a clause names points of sale")                                                     \
    X(LATER_VERSION, "a relief's later version")                                                   \
    X(LATER_CLAUSE, "not a version's first clause")                                                \
    X(EVERYBODY, "a clause for everybody")                                                         \
    X(CALENDAR, "a clause with days")                                                              \
    X(CALENDAR_EXCEPT, "days with exceptions")                                                     \
    X(CALENDAR_PLACE, "days in a place only")                                                      \
    X(CALENDAR_NAMED, "days of another calendar")                                                  \
    X(CLOCK, "a clause with a clock")                                                              \
    X(PRICE, "a clause with bounds of the price")                                                  \
    X(QUANTITY, "a clause with bounds of the quantity")                                            \
    X(MEANS, "a clause for some means only")                                                       \
    X(ENTRY, "a clause for some ways of reading only")                                             \
    X(PERCENT, "takes a part of the price")                                                        \
    X(AMOUNT, "takes an amount")                                                                   \
    X(SUBSIDY, "takes an amount off each unit")                                                    \
    X(COSTS, "sets the price of a unit")                                                           \
    X(ABOVE, "only the price above something counts")                                              \
    X(CAP, "capped")                                                                               \
    X(CAP_EACH, "capped for each unit")                                                            \
    X(ROUND_HALF, "rounded half up, to more than the least amount")                                \
    X(ROUND_DOWN, "rounded down")                                                                  \
    X(ROUND_UP, "rounded up")                                                                      \
    X(UNITS, "not all units covered")                                                              \
    X(COMPANIONS, "companions covered")                                                            \
    X(STACKED, "several reliefs on top of each other")                                             \
    X(STACKED_THREE, "three or more")                                                              \
    X(SPLIT_MIXED, "several splits together")                                                      \
    X(ZERO, "a relief of nothing")                                                                 \
    X(UNKNOWN_ALLOWED, "missing data count as yes")                                                \
    X(UNKNOWN_LAST_KNOWN, "missing data count as before")                                          \
    X(EXTENDED, "a status that holds by an extension")                                             \
    X(LEAP_BIRTHDAY, "born on 29 February, an age reached around then")                            \
    X(BIRTHDAY, "the day on which an age is reached, or one beside it")                            \
    X(STATUS_EDGE, "a status begins or ends, or did the day before")                               \
    X(DEAD, "dead, or not born yet")                                                               \
    X(DEATH_DAY, "the day of death, or one beside it")                                             \
    X(MEANS_ENDED, "the means is not good on the day")                                             \
    X(NOBODY, "an identifier of nobody")                                                           \
    X(SPRING_NIGHT, "the night in which an hour is left out, 02:59 to 04:01")                      \
    X(AUTUMN_FIRST, "the first pass of the hour that is said twice")                               \
    X(AUTUMN_SECOND, "its second pass")                                                            \
    X(CLOCK_EDGE, "the minute in which a clause's clock turns, or the one before")                 \
    X(YEAR_END, "31 December or 1 January")                                                        \
    X(LEAP_DAY, "29 February")                                                                     \
    X(MIDNIGHT, "the second of midnight, or the last before")                                      \
    X(WINDOW_EDGE, "a first or last day of the window")                                            \
    X(VERSION_EDGE, "a version takes its place, or will tomorrow")                                 \
    X(MANY_GROUPS, "more groups than a word has bits")                                             \
    X(MANY_CLAUSES, "more clauses at the point of sale than a word has bits")                      \
    X(VALID_UNTIL, "asked how long it holds")

enum feature {
#define FEATURE_MEMBER(name, text) FEATURE_##name,
    FEATURE_LIST(FEATURE_MEMBER) FEATURE_COUNT
#undef FEATURE_MEMBER
};

/* What a run does, and what came of it. */
struct agreement {
    uint32_t person_count, purchase_count; /* for a catalogue; purchases for a person */
    /* Changes what the reference is told, to show that the comparison notices; NULL: nothing. */
    void (*spoil)(struct reference *reference, struct raw_person *person,
                  struct purchase *purchase);
    bool is_quiet; /* differences are counted, not told */
    uint64_t triple_count, difference_count;
    uint64_t counts[FEATURE_COUNT];
};

/* One catalogue with its persons and their purchases. With the first difference, unless it is to be
 * quiet, everything that is needed to see it is printed, and false returned. */
bool agreement_run(struct agreement *agreement, uint64_t seed);

/* ---- its parts ---- */

/* Everything that one comparison looks at. */
struct triple {
    uint64_t seed;
    const struct random_catalogue *random;
    const struct raw_person *person;
    const struct purchase *purchase;
    const struct reference *reference;
    struct reference_answer wanted;
    uint64_t wanted_until_s; /* 0: not asked */
    struct verdict found;
    uint32_t candidate_count; /* clauses that it looked at */
};

/* agreement_count.c: which features the triple has. */
void agreement_count(struct agreement *agreement, const struct triple *triple);
void agreement_summary(const struct agreement *agreement);
/* False: a feature was never met; which one is printed. */
bool agreement_has_all(const struct agreement *agreement);
/* agreement_tell.c: all of it, for a person who wants to know why. */
void agreement_tell(const struct triple *triple);

#endif
