/* Cases decided: each purchase as an engine would answer it, against what its case expects. */
#ifndef LOADER_CASES_RUN_H
#define LOADER_CASES_RUN_H

#include "loader/cases.h"
#include "loader/wording.h"

#define CASE_FAILURE_TOLD_MAX 1000 /* are told with their steps; all are counted */

struct case_step {
    uint32_t depth;
    char *sentence;
};

/* A purchase that was answered otherwise. Texts are complete sentences of the case's own words. */
struct case_failure {
    uint32_t purchase; /* index in the cases */
    char bought[WORDING_SIZE], wanted[WORDING_SIZE], found[WORDING_SIZE];
    struct case_step *steps; /* as narrate.h tells them */
    size_t step_count, step_room;
};

/* Counts are of purchases, each with what it expects. Owned; cases_outcome_free releases it. */
struct cases_outcome {
    uint32_t passed_count, failed_count;
    struct case_failure *failures; /* in the order of files and lines */
    size_t failure_count, failure_room;
};

/* Decides every purchase of the cases, window after window of at most WINDOW_DAYS_MAX days.
 * What `vocabulary` says to be missing is left aside: a case says itself what is missing. A fault
 * when the catalogue cannot be compiled, or what is known of a person is too much. */
MUST_USE bool cases_run(struct cases_outcome *out, const struct cases *cases,
                        const struct catalogue *catalogue, const struct vocabulary *vocabulary,
                        struct fault *fault);
void cases_outcome_free(struct cases_outcome *outcome);

/* Everything at once, for whoever only wants to know whether a catalogue does what its owner
 * expects: reads *.cases of the folder that the catalogue came from, and decides them. `first` says
 * where the first failing case is and what it got; it is empty when none fails. */
struct cases_check {
    uint32_t passed_count, failed_count;
    char first[FAULT_TEXT_SIZE];
};
MUST_USE bool cases_check(struct cases_check *out, const char *catalogue_path,
                          const struct catalogue *catalogue, const struct vocabulary *vocabulary,
                          struct fault *fault);

#endif
