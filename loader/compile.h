/* A catalogue resolved for a judging window: every calendar, validity, contract and point of sale
 * becomes sites, offers, sets of days and compiled clauses, so that whoever decides only compares
 * numbers. Pure. */
#ifndef LOADER_COMPILE_H
#define LOADER_COMPILE_H

#include "loader/catalogue.h"
#include "loader/groups.h"
#include "protocol/snapshot.h"

/* The fields of struct tables that come from the catalogue alone: products, points, daysets,
 * offers, clauses, reliefs, contracts, splits, limits, terminals, spans. Owned; compiled_free
 * releases them. */
struct compiled {
    struct product *products;
    struct point *points;
    struct dayset *daysets;
    struct offer *offers;
    struct clause *clauses;
    struct relief *reliefs;
    struct contract *contracts;
    struct split *splits;
    struct limit *limits;
    struct terminal *terminals; /* enrolled ones that the window, or a day after it, still sees */
    struct number_span *spans;
    uint32_t *clause_origins; /* by compiled clause: index in rules->clauses */
    uint32_t product_count, point_count, dayset_count, offer_count, clause_count, relief_count,
        contract_count, split_count, limit_count, terminal_count, span_count;
};

/* With `with_drafts` reliefs in state draft are compiled as if they were active: for trying them.
 * `as_of_day` is for the state that relief records tell. */
MUST_USE bool compile_catalogue(struct compiled *out, const struct catalogue *catalogue,
                                struct window window, uint32_t as_of_day, bool with_drafts,
                                struct fault *fault);
void compiled_free(struct compiled *compiled);

/* The same as fields of the tables of a snapshot, borrowed. */
void compiled_fill(struct tables *tables, const struct compiled *compiled);

#endif
