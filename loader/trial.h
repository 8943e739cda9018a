/* A catalogue on trial: compiled for a window of days and asked what one person would pay, without
 * a snapshot, a key or a file. What decides is the engine's own decide(). */
#ifndef LOADER_TRIAL_H
#define LOADER_TRIAL_H

#include "loader/compile.h"
#include "protocol/decide.h"

/* Where the person stands in the tables of a trial, beside nobody. */
enum { TRIAL_VIEW = VIEW_NOBODY + 1, TRIAL_SET = 1 };

/* Everything is borrowed but what `trial_open` made; the person's facts, vocabulary and prior must
 * live until the next trial_person. Read by whoever tells what happened, changed by nobody else. */
struct trial {
    const struct catalogue *catalogue;
    struct window window;
    bool with_drafts;
    struct compiled compiled;
    struct manifest manifest;
    struct tables tables;
    struct edition *edition;

    bool is_nobody;
    struct person person;
    const struct vocabulary *vocabulary;
    const struct prior *prior; /* NULL: nothing was known before */
    struct view views[TRIAL_VIEW + 1];
    uint32_t set_first[TRIAL_SET + 2];
    struct membership *memberships;
};

/* A fault when the catalogue cannot be compiled for the window. Nobody buys at first. */
MUST_USE bool trial_open(struct trial **out, const struct catalogue *catalogue,
                         struct window window, uint32_t as_of_day, bool with_drafts,
                         struct fault *fault);
void trial_close(struct trial *trial); /* NULL: nothing */

/* Who buys from now on, with a means that is good on all days. Facts are a person's as groups.h
 * wants them; `vocabulary` says what is missing about this one, `prior` (may be NULL) what the
 * snapshot before knew. */
void trial_nobody(struct trial *trial);
MUST_USE bool trial_person(struct trial *trial, const struct person *person,
                           const struct vocabulary *vocabulary, const struct prior *prior,
                           struct fault *fault);

/* The days on which the person's means is good. */
void trial_means(struct trial *trial, uint32_t from_day, uint32_t until_day);

/* What an engine would answer, and what it would have looked at. */
struct verdict trial_decide(const struct trial *trial, struct candidates *candidates,
                            const struct purchase *purchase);

/* As the rules say it: the clause that a compiled one came from, its version, its relief. */
const struct rule_clause *trial_clause(const struct trial *trial, const struct clause *clause);
const struct rule_version *trial_version(const struct trial *trial, const struct clause *clause);
const struct rule_relief *trial_relief(const struct trial *trial, const struct clause *clause);
/* Which clause of its version it is, from 1: the compiled one has no room for more than 255. */
uint32_t trial_clause_number(const struct trial *trial, const struct clause *clause);

#endif
