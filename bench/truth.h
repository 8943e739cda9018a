/* What a snapshot of the country must say: worked out from the people themselves, never from the
 * exports, and by other means than the loader's. Shares no code with loader/. */
#ifndef BENCH_TRUTH_H
#define BENCH_TRUTH_H

#include "bench/country.h"
#include "protocol/fault.h"

/* Groups of the shipped catalogue, as it numbers them; 0 is the reserved test group. */
#define TRUTH_GROUP_LIST(X)                                                                        \
    X(child_under_18, 1)                                                                           \
    X(senior_75, 2)                                                                                \
    X(pensioner, 3)                                                                                \
    X(pensioner_riga, 4)                                                                           \
    X(learner, 5)                                                                                  \
    X(pupil, 6)                                                                                    \
    X(learner_riga, 7)                                                                             \
    X(disability_high, 8)                                                                          \
    X(disability_3, 9)                                                                             \
    X(honorary_family, 10)                                                                         \
    X(family_child, 11)                                                                            \
    X(orphan_learning, 12)                                                                         \
    X(needy, 13)                                                                                   \
    X(needy_or_low, 14)                                                                            \
    X(repressed, 15)                                                                               \
    X(riga_staff, 16)                                                                              \
    X(pensioner_elsewhere, 17)                                                                     \
    X(needy_pensioner, 18)
#define TRUTH_GROUP_COUNT 19 /* with the test group */

#define TRUTH_FILE "truth.csv"

struct truth_summary {
    uint64_t person_count, means_count, absent_count; /* lines of each kind */
    uint64_t yes_count[TRUTH_GROUP_COUNT];            /* persons, on the as-of day */
    uint64_t unknown_count[TRUTH_GROUP_COUNT];
    uint64_t byte_count;
};

const char *truth_group_name(uint32_t group);

/* Writes FOLDER/truth.csv; its form is in eligbench(1). */
MUST_USE bool truth_write(const struct country *country, const char *folder, bool is_quiet,
                          struct truth_summary *summary, struct fault *fault);

#endif
