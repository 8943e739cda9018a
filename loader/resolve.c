#include "loader/resolve.h"

#include "loader/codes.h"
#include "loader/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- who and what is in force when ---- */

/* By number; whoever is in no table has no bounds. */
struct validity {
    uint64_t number;
    uint32_t from_day, until_day;
};

struct validities {
    struct validity *list;
    uint32_t count;
};

static int compare_validities(const void *a, const void *b)
{
    const struct validity *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

/* `is_suspended` may be an expression about the row `r`. */
#define TAKE_VALIDITIES(out, rows, row_count, is_suspended)                                        \
    do {                                                                                           \
        (out)->count = (row_count);                                                                \
        (out)->list = memory_take((row_count), sizeof(*(out)->list));                              \
        for (uint32_t r = 0; r < (row_count); r++)                                                 \
            (out)->list[r] = (struct validity){(rows)[r].number, (rows)[r].in_force.from_day,      \
                                               (is_suspended) ? (rows)[r].in_force.from_day        \
                                                              : (rows)[r].in_force.until_day};     \
        qsort((out)->list, (out)->count, sizeof(*(out)->list), compare_validities);                \
    } while (0)

static struct dayset days_in_force(const struct validities *validities, uint64_t number,
                                   struct window window)
{
    struct validity wanted = {.number = number};
    const struct validity *found =
        bsearch(&wanted, validities->list, validities->count, sizeof(wanted), compare_validities);
    return found == NULL ? dayset_of_span(window, 0, DAY_NEVER)
                         : dayset_of_span(window, found->from_day, found->until_day);
}

/* ---- reliefs ---- */

bool version_is_given(const struct rule_version *version, bool with_drafts)
{
    return version->state == VERSION_ACTIVE || (with_drafts && version->state == VERSION_DRAFT);
}

static void resolve_versions(struct resolved *out, const struct rule_relief *relief,
                             const struct dayset *giver_days, bool with_drafts)
{
    for (uint32_t i = 0; i < relief->version_count; i++) {
        uint32_t v = relief->first_version + i;
        const struct rule_version *version = &out->rules->versions[v];
        struct dayset days = dayset_of_span(out->window, version->from_day, version->until_day);
        if (version_is_given(version, with_drafts))
            out->version_days[v] = dayset_both(&days, giver_days);
    }
}

static void resolve_reliefs(struct resolved *out, bool with_drafts)
{
    struct validities givers;
    TAKE_VALIDITIES(&givers, out->trade->givers, out->trade->giver_count, false);
    out->version_days = memory_take_zeroed(out->rules->version_count, sizeof(*out->version_days));
    for (uint32_t i = 0; i < out->rules->relief_count; i++) {
        const struct rule_relief *relief = &out->rules->reliefs[i];
        struct dayset days = days_in_force(&givers, relief->giver, out->window);
        resolve_versions(out, relief, &days, with_drafts);
    }
    free(givers.list);
}

/* ---- the order of clauses ---- */

struct clause_order {
    uint32_t way; /* whether it stacks, then its order */
    uint32_t relief, version, clause;
};

static int compare_clause_orders(const void *a, const void *b)
{
    const struct clause_order *x = a, *y = b;
    if (x->way != y->way)
        return x->way < y->way ? -1 : 1;
    if (x->relief != y->relief)
        return x->relief < y->relief ? -1 : 1;
    if (x->version != y->version)
        return x->version < y->version ? -1 : 1;
    return (x->clause > y->clause) - (x->clause < y->clause);
}

static void rank_clauses(struct resolved *out)
{
    uint32_t count = out->rules->clause_count;
    struct clause_order *orders = memory_take(count, sizeof(*orders));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t v = out->rules->clauses[i].version;
        const struct rule_version *version = &out->rules->versions[v];
        orders[i] = (struct clause_order){
            (version->stacks ? UINT32_C(1) << 16 : 0) | version->order, version->relief, v, i};
    }
    qsort(orders, count, sizeof(*orders), compare_clause_orders);
    out->clause_ranks = memory_take(count, sizeof(*out->clause_ranks));
    for (uint32_t i = 0; i < count; i++)
        out->clause_ranks[orders[i].clause] = i;
    free(orders);
}

/* ---- products ---- */

static void resolve_products(struct resolved *out)
{
    const struct rules *rules = out->rules;
    struct validities products;
    TAKE_VALIDITIES(&products, out->trade->products, out->trade->product_count, false);
    out->product_days = memory_take(rules->product_count, sizeof(*out->product_days));
    for (uint32_t i = 0; i < rules->product_count; i++)
        out->product_days[i] = days_in_force(&products, rules->products[i].number, out->window);
    free(products.list);

    out->clause_products = memory_take(rules->clause_product_count, sizeof(*out->clause_products));
    for (uint32_t i = 0; i < rules->clause_product_count; i++) {
        out->clause_products[i] = rules_product(rules, rules->clause_products[i]);
        assert(out->clause_products[i] < rules->product_count);
    }
}

/* ---- points of sale ---- */

static int compare_points(const void *a, const void *b)
{
    const struct resolved_point *x = a, *y = b;
    return (x->row->number > y->row->number) - (x->row->number < y->row->number);
}

static bool resolve_points(struct resolved *out, struct fault *fault)
{
    const struct trade *trade = out->trade;
    struct validities providers;
    TAKE_VALIDITIES(&providers, trade->providers, trade->provider_count,
                    trade->providers[r].is_suspended);
    out->points = memory_take(trade->point_count, sizeof(*out->points));
    for (uint32_t i = 0; i < trade->point_count; i++) {
        const struct point_row *row = &trade->points[i];
        struct dayset days = days_in_force(&providers, row->provider, out->window);
        struct dayset own = dayset_of_span(out->window, row->in_force.from_day,
                                           row->is_suspended ? 0 : row->in_force.until_day);
        days = dayset_both(&days, &own);
        out->points[i] = (struct resolved_point){row, daysets_add(&out->daysets, &days)};
    }
    free(providers.list);
    qsort(out->points, trade->point_count, sizeof(*out->points), compare_points);
    for (uint32_t i = 1; i < trade->point_count; i++)
        if (out->points[i - 1].row->number == out->points[i].row->number)
            return fault_set(fault, "point of sale %u is there twice: keep one row of it",
                             out->points[i].row->number);
    return true;
}

/* ---- contracts ---- */

static int compare_contracts(const void *a, const void *b)
{
    const struct resolved_contract *x = a, *y = b;
    return (x->row->number > y->row->number) - (x->row->number < y->row->number);
}

static bool find_reliefs_of_contracts(struct resolved *out, const uint32_t codes[],
                                      struct fault *fault)
{
    for (uint32_t i = 0; i < out->trade->contract_count; i++) {
        const struct contract_row *row = &out->trade->contracts[i];
        uint32_t relief = rules_relief(out->rules, row->relief);
        if (relief == out->rules->relief_count)
            return fault_set(fault,
                             "contract %u: no rules file has a relief \"%s\": correct the name or "
                             "write the relief",
                             row->number, row->relief);
        out->contracts[i] = (struct resolved_contract){
            row, relief, codes[i],
            dayset_of_span(out->window, row->in_force.from_day, row->in_force.until_day)};
    }
    return true;
}

static bool contracts_differ(const struct resolved *out, struct fault *fault)
{
    for (uint32_t i = 1; i < out->trade->contract_count; i++)
        if (out->contracts[i - 1].row->number == out->contracts[i].row->number)
            return fault_set(fault, "contract %u is there twice: give each its own number",
                             out->contracts[i].row->number);
    return true;
}

static bool resolve_contracts(struct resolved *out, const struct catalogue *catalogue,
                              struct fault *fault)
{
    uint32_t count = out->trade->contract_count;
    uint32_t *codes = memory_take(count, sizeof(*codes));
    out->contracts = memory_take(count, sizeof(*out->contracts));
    bool are_good =
        codes_of_contracts(codes, catalogue, fault) && find_reliefs_of_contracts(out, codes, fault);
    free(codes);
    if (!are_good)
        return false;
    qsort(out->contracts, count, sizeof(*out->contracts), compare_contracts);
    return contracts_differ(out, fault);
}

/* ---- all of it ---- */

bool resolve_catalogue(struct resolved *out, const struct catalogue *catalogue,
                       struct window window, bool with_drafts, struct fault *fault)
{
    memset(out, 0, sizeof(*out));
    out->rules = catalogue->rules;
    out->trade = &catalogue->trade;
    out->window = window;
    daysets_begin(&out->daysets, window);
    resolve_reliefs(out, with_drafts);
    rank_clauses(out);
    resolve_products(out);
    return resolve_points(out, fault) && resolve_contracts(out, catalogue, fault);
}

void resolved_free(struct resolved *resolved)
{
    daysets_free(&resolved->daysets);
    free(resolved->contracts);
    free(resolved->points);
    free(resolved->version_days);
    free(resolved->product_days);
    free(resolved->clause_products);
    free(resolved->clause_ranks);
    memset(resolved, 0, sizeof(*resolved));
}
