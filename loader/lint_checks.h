/* The checks behind lint.h, and what they share. */
#ifndef LOADER_LINT_CHECKS_H
#define LOADER_LINT_CHECKS_H

#include "loader/lint.h"
#include "loader/logic.h"

/* A version that ends within so many days should have a successor. */
#define LINT_ENDING_DAYS 30

/* All is borrowed but `logic`. */
struct lint_run {
    const struct lint_input *in;
    const struct rules *rules;
    const struct trade *trade;
    struct logic *logic;
    struct lint *out;
};

/* Each adds a warning: at a line of the rules, in a row of a table, or at what a rules file
 * defines with "word name", which is looked up in the files. */
void lint_at(const struct lint_run *run, enum warning warning, struct line_in_rules at,
             const char *format, ...) PRINTF_LIKE(4, 5);
void lint_at_row(const struct lint_run *run, enum warning warning, enum trade_table table,
                 uint32_t line, const char *format, ...) PRINTF_LIKE(5, 6);
struct line_in_rules lint_find(const struct lint_run *run, const char *word, const char *name);

/* Whether the version gives something in the window or later, or will when its state allows. */
bool lint_is_alive(const struct lint_run *run, const struct rule_version *version);

/* "2026-11-23" */
const char *lint_day(char text[static DAY_TEXT_SIZE], uint32_t day);
#define LINT_DAY(day) lint_day((char[DAY_TEXT_SIZE]){0}, day)

/* Each looks at all that it is about, clause or relief or row after the other. */
void lint_clauses(const struct lint_run *run); /* lint_clauses.c */
void lint_reliefs(const struct lint_run *run); /* lint_rules.c, as the next six */
void lint_limits(const struct lint_run *run);
void lint_groups(const struct lint_run *run);
void lint_calendars(const struct lint_run *run);
void lint_splits(const struct lint_run *run);
void lint_extensions(const struct lint_run *run);
void lint_names(const struct lint_run *run);
void lint_contracts(const struct lint_run *run); /* lint_trade.c, as the next three */
void lint_points(const struct lint_run *run);
void lint_terminals(const struct lint_run *run);
void lint_products(const struct lint_run *run);

#endif
