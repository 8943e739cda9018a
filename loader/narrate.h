/* A decision told step by step, with the numbers of enum decision: what was found at each step,
 * each clause that may apply with the line where it is written, whether it fits, and if not why;
 * groups with the steps of their conditions; and which written clauses are not there, and why. */
#ifndef LOADER_NARRATE_H
#define LOADER_NARRATE_H

#include "loader/trial.h"

/* Sentences hold what the catalogue says and what the conditions of groups are about, never an
 * identifier. */
struct narrator {
    void (*say)(void *context, uint32_t depth, const char *sentence);
    void *context;
};

/* Tells everything that trial_decide looks at for this purchase, and returns its verdict. */
struct verdict narrate_purchase(const struct trial *trial, const struct purchase *purchase,
                                const struct narrator *narrator);

#endif
