/* A catalogue made ready for compiling: rows in order of their numbers, names as indexes,
 * everything that is in force for some time as days of the window. Whatever order the rows of
 * tables had is gone here. */
#ifndef LOADER_RESOLVE_H
#define LOADER_RESOLVE_H

#include "loader/catalogue.h"
#include "loader/daysets.h"

struct resolved_contract {
    const struct contract_row *row;
    uint32_t relief; /* index */
    uint32_t code;
    struct dayset days;
};

struct resolved_point {
    const struct point_row *row;
    uint32_t dayset; /* number: days on which it and its provider may sell under a contract */
};

struct resolved {
    const struct rules *rules; /* borrowed, as the next is */
    const struct trade *trade;
    struct window window;
    struct daysets daysets;
    struct resolved_contract *contracts; /* by number */
    struct resolved_point *points;       /* by number */
    struct dayset *version_days;         /* as in rules->versions; none when it gives nothing */
    struct dayset *product_days;         /* as in rules->products */
    uint32_t *clause_products; /* as in rules->clause_products: indexes instead of numbers */
    uint32_t *clause_ranks; /* as in rules->clauses: rising in the order in which they are tried */
};

/* `out` is freed by the caller, also after a fault. */
MUST_USE bool resolve_catalogue(struct resolved *out, const struct catalogue *catalogue,
                                struct window window, bool with_drafts, struct fault *fault);
void resolved_free(struct resolved *resolved);

/* Whether a version gives anything on the days on which it is in force. */
bool version_is_given(const struct rule_version *version, bool with_drafts);

#endif
