#include "loader/lint_checks.h"

#include "loader/memory.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- contracts on the same ---- */

static int compare_contracts(const void *left, const void *right)
{
    const struct contract_row *const *a = left, *const *b = right;
    int order = strcmp((*a)->relief, (*b)->relief);
    if (order != 0)
        return order;
    if ((*a)->provider != (*b)->provider)
        return (*a)->provider < (*b)->provider ? -1 : 1;
    return ((*a)->number > (*b)->number) - ((*a)->number < (*b)->number);
}

/* The first point of sale of the provider in the range; NULL: it has none there. */
static const struct point_row *point_in(const struct lint_run *run, uint64_t provider,
                                        uint32_t first, uint32_t last)
{
    const struct point_row *end = run->trade->points + run->trade->point_count;
    const struct point_row *point = trade_point_from(run->trade, first);
    for (; point != NULL && point < end && point->number <= last; point++)
        if (point->provider == provider)
            return point;
    return NULL;
}

static struct point_range range_of(const struct lint_run *run, const struct contract_row *row,
                                   uint32_t index)
{
    if (row->range_count == 0)
        return (struct point_range){1, UINT32_MAX};
    return run->trade->ranges[row->first_range + index];
}

static uint32_t range_count_of(const struct contract_row *row)
{
    return row->range_count == 0 ? 1 : row->range_count;
}

/* A point of sale that both cover; NULL: there is none. Ranges of each rise. */
static const struct point_row *point_of_both(const struct lint_run *run,
                                             const struct contract_row *a,
                                             const struct contract_row *b)
{
    for (uint32_t i = 0, j = 0; i < range_count_of(a) && j < range_count_of(b);) {
        struct point_range one = range_of(run, a, i), other = range_of(run, b, j);
        uint32_t first = one.first > other.first ? one.first : other.first;
        uint32_t last = one.last < other.last ? one.last : other.last;
        const struct point_row *point =
            first <= last ? point_in(run, a->provider, first, last) : NULL;
        if (point != NULL)
            return point;
        if (one.last <= other.last)
            i++;
        else
            j++;
    }
    return NULL;
}

static void check_overlap(const struct lint_run *run, const struct contract_row *lower,
                          const struct contract_row *higher)
{
    const struct in_force *a = &lower->in_force, *b = &higher->in_force;
    uint32_t from_day = a->from_day > b->from_day ? a->from_day : b->from_day;
    uint32_t until_day = a->until_day < b->until_day ? a->until_day : b->until_day;
    if (from_day >= until_day || until_day <= run->in->window.from_day)
        return;
    const struct point_row *point = point_of_both(run, lower, higher);
    if (point == NULL)
        return;
    lint_at_row(run, WARNING_CONTRACT_OVERLAP, TABLE_CONTRACTS, b->line,
                "contract %" PRIu32 " and contract %" PRIu32 " in row %" PRIu32
                " both cover %s at point of sale %" PRIu32 " from %s on",
                higher->number, lower->number, a->line, lower->relief, point->number,
                from_day == 0 ? "the first day" : LINT_DAY(from_day));
}

/* ---- contracts without effect ---- */

static int compare_codes(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Codes under which something is given in the window, rising. */
static uint32_t *codes_given(const struct lint_run *run)
{
    const struct compiled *compiled = run->in->compiled;
    uint32_t *codes = memory_take(compiled->clause_count, sizeof(codes[0]));
    for (uint32_t i = 0; i < compiled->clause_count; i++)
        codes[i] = compiled->clauses[i].code;
    if (compiled->clause_count > 0)
        qsort(codes, compiled->clause_count, sizeof(codes[0]), compare_codes);
    return codes;
}

/* Contracts stand in both tables by number. */
static bool is_given(const struct lint_run *run, const struct contract_row *row,
                     const uint32_t codes[])
{
    const struct compiled *compiled = run->in->compiled;
    const struct contract *contract = &compiled->contracts[row - run->trade->contracts];
    assert(contract->number == row->number);
    return bsearch(&contract->code, codes, compiled->clause_count, sizeof(codes[0]),
                   compare_codes) != NULL;
}

/* What the relief is on the contract's days. One that is suspended may go on any day. */
enum giving { GIVING_NEVER, GIVING_DRAFT, GIVING_SOMETHING };

static enum giving giving_of(const struct lint_run *run, const struct contract_row *row,
                             const struct rule_relief *relief)
{
    enum giving giving = GIVING_NEVER;
    for (uint32_t i = 0; i < relief->version_count; i++) {
        const struct rule_version *version = &run->rules->versions[relief->first_version + i];
        if (!lint_is_alive(run, version) || version->from_day >= row->in_force.until_day ||
            version->until_day <= row->in_force.from_day)
            continue;
        if (version->state != VERSION_DRAFT)
            return GIVING_SOMETHING;
        giving = GIVING_DRAFT;
    }
    return giving;
}

static bool point_is_open(const struct lint_run *run, const struct point_row *point)
{
    const struct provider *provider = trade_provider(run->trade, point->provider);
    uint32_t from_day = run->in->window.from_day;
    return !point->is_suspended && point->in_force.until_day > from_day &&
           (provider == NULL ||
            (!provider->is_suspended && provider->in_force.until_day > from_day));
}

static bool has_open_point(const struct lint_run *run, const struct contract_row *row)
{
    const struct point_row *end = run->trade->points + run->trade->point_count;
    for (uint32_t i = 0; i < range_count_of(row); i++) {
        struct point_range range = range_of(run, row, i);
        const struct point_row *point = trade_point_from(run->trade, range.first);
        for (; point != NULL && point < end && point->number <= range.last; point++)
            if (point->provider == row->provider && point_is_open(run, point))
                return true;
    }
    return false;
}

/* A point of sale of the contract at which the clause may stand. */
static bool has_point_for(const struct lint_run *run, const struct rule_clause *clause,
                          const struct contract_row *row)
{
    for (uint32_t i = 0; i < run->trade->point_count; i++) {
        const struct point_row *point = &run->trade->points[i];
        if (trade_covers(run->trade, row, point) &&
            clause_is_at(run->rules, clause, point->number) &&
            clause_is_in(run->rules, clause, trade_place_now(run->trade, point->place)))
            return true;
    }
    return false;
}

/* Whether any clause of a version in force could be given under the contract at all. */
static bool has_clause(const struct lint_run *run, const struct contract_row *row,
                       const struct rule_relief *relief)
{
    for (uint32_t i = 0; i < relief->version_count; i++) {
        const struct rule_version *version = &run->rules->versions[relief->first_version + i];
        for (uint32_t j = 0; j < version->clause_count && lint_is_alive(run, version); j++) {
            const struct rule_clause *clause = &run->rules->clauses[version->first_clause + j];
            if (clause_is_under(run->rules, clause, row->number) && has_point_for(run, clause, row))
                return true;
        }
    }
    return false;
}

/* The first reason why nothing will ever be given under the contract; none: it may be yet. */
static void check_effect(const struct lint_run *run, const struct contract_row *row,
                         const uint32_t codes[])
{
    const struct rule_relief *relief =
        &run->rules->reliefs[rules_relief(run->rules, row->relief)]; /* catalogue.c saw to it */
    char why[160] = "";
    if (is_given(run, row, codes))
        return;
    enum giving giving = giving_of(run, row, relief);
    if (relief->is_everywhere)
        snprintf(why, sizeof(why), "the relief is given everywhere, with a contract or without");
    else if (row->in_force.until_day <= run->in->window.from_day)
        snprintf(why, sizeof(why), "it ended on %s", LINT_DAY(row->in_force.until_day));
    else if (giving == GIVING_NEVER)
        snprintf(why, sizeof(why), "%s gives nothing on its days any more", row->relief);
    else if (giving == GIVING_DRAFT)
        snprintf(why, sizeof(why), "%s is a draft", row->relief);
    else if (!has_open_point(run, row))
        snprintf(why, sizeof(why), "none of its points of sale sells anything any more");
    else if (!has_clause(run, row, relief))
        snprintf(why, sizeof(why), "no clause of %s stands at its points of sale", row->relief);
    if (why[0] != '\0')
        lint_at_row(run, WARNING_CONTRACT_NOTHING, TABLE_CONTRACTS, row->in_force.line,
                    "contract %" PRIu32 " on %s is without effect: %s", row->number, row->relief,
                    why);
}

void lint_contracts(const struct lint_run *run)
{
    uint32_t count = run->trade->contract_count;
    const struct contract_row **rows = memory_take(count, sizeof(void *));
    uint32_t *codes = codes_given(run);
    for (uint32_t i = 0; i < count; i++) {
        rows[i] = &run->trade->contracts[i];
        check_effect(run, rows[i], codes);
    }
    if (count > 1)
        qsort(rows, count, sizeof(void *), compare_contracts);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = i + 1; j < count && rows[j]->provider == rows[i]->provider &&
                                 strcmp(rows[j]->relief, rows[i]->relief) == 0;
             j++)
            check_overlap(run, rows[i], rows[j]);
    free(codes);
    free(rows);
}

/* ---- points of sale and terminals ---- */

/* What contracts cover of one provider. */
struct covered {
    uint64_t provider;
    struct point_range range;
};

static int compare_covered(const void *left, const void *right)
{
    const struct covered *a = left, *b = right;
    if (a->provider != b->provider)
        return a->provider < b->provider ? -1 : 1;
    if (a->range.first != b->range.first)
        return a->range.first < b->range.first ? -1 : 1;
    return (a->range.last > b->range.last) - (a->range.last < b->range.last);
}

/* Provider after provider, by first number; those that touch made one. */
static size_t list_covered(const struct lint_run *run, struct covered list[])
{
    size_t count = 0, kept = 0;
    for (uint32_t i = 0; i < run->trade->contract_count; i++) {
        const struct contract_row *row = &run->trade->contracts[i];
        for (uint32_t j = 0; j < range_count_of(row); j++)
            if (row->in_force.until_day > run->in->window.from_day)
                list[count++] = (struct covered){row->provider, range_of(run, row, j)};
    }
    if (count > 1)
        qsort(list, count, sizeof(list[0]), compare_covered);
    for (size_t i = 0; i < count; i++) {
        struct covered *before = kept > 0 ? &list[kept - 1] : NULL;
        if (before == NULL || before->provider != list[i].provider ||
            before->range.last < list[i].range.first)
            list[kept++] = list[i];
        else if (before->range.last < list[i].range.last)
            before->range.last = list[i].range.last;
    }
    return kept;
}

static bool is_covered(const struct covered list[], size_t count, const struct point_row *point)
{
    size_t least = 0, beyond = count; /* the last that begins at the point or before it */
    struct covered wanted = {point->provider, {point->number, UINT32_MAX}};
    while (least < beyond) {
        size_t middle = least + (beyond - least) / 2;
        if (compare_covered(&list[middle], &wanted) <= 0)
            least = middle + 1;
        else
            beyond = middle;
    }
    return least > 0 && list[least - 1].provider == point->provider &&
           list[least - 1].range.last >= point->number;
}

void lint_points(const struct lint_run *run)
{
    const struct trade *trade = run->trade;
    size_t room = (size_t)trade->range_count + trade->contract_count;
    struct covered *list = memory_take(room, sizeof(list[0]));
    size_t count = list_covered(run, list);
    for (uint32_t i = 0; i < trade->point_count; i++) {
        const struct point_row *point = &trade->points[i];
        if (point_is_open(run, point) && !is_covered(list, count, point))
            lint_at_row(run, WARNING_POINT_UNCOVERED, TABLE_POINTS, point->in_force.line,
                        "point of sale %" PRIu32 " is in no contract", point->number);
    }
    free(list);
}

/* Why nothing is sold there from today on; NULL: something may be. */
static const char *why_closed(const struct lint_run *run, const struct point_row *point)
{
    uint32_t today = run->in->as_of_day;
    const struct provider *provider = trade_provider(run->trade, point->provider);
    if (point->is_suspended)
        return "is suspended";
    if (point->in_force.until_day <= today)
        return "has ended";
    if (provider != NULL && provider->is_suspended)
        return "is of a suspended provider";
    if (provider != NULL && provider->in_force.until_day <= today)
        return "is of a provider that has ended";
    return NULL;
}

/* Of a terminal at several points of sale one that is open will do: the others are theirs, too. */
static void lint_terminal(const struct lint_run *run, const struct terminal_row *terminal)
{
    const struct trade *trade = run->trade;
    const struct point_row *end = trade->points + trade->point_count, *first = NULL;
    for (uint32_t i = 0; i < terminal->range_count; i++) {
        const struct point_range *range = &trade->ranges[terminal->first_range + i];
        const struct point_row *point = trade_point_from(trade, range->first);
        for (; point != NULL && point < end && point->number <= range->last; point++) {
            if (why_closed(run, point) == NULL)
                return;
            first = first != NULL ? first : point;
        }
    }
    if (first != NULL)
        lint_at_row(run, WARNING_TERMINAL_POINT, TABLE_TERMINALS, terminal->in_force.line,
                    "terminal %" PRIu32 " stands at point of sale %" PRIu32 ", which %s",
                    terminal->number, first->number, why_closed(run, first));
}

void lint_terminals(const struct lint_run *run)
{
    for (uint32_t i = 0; i < run->trade->terminal_count; i++)
        if (run->trade->terminals[i].in_force.until_day > run->in->as_of_day)
            lint_terminal(run, &run->trade->terminals[i]);
}

/* ---- products ---- */

static uint32_t *products_about(const struct lint_run *run, size_t *count)
{
    const struct rules *rules = run->rules;
    uint32_t *numbers = memory_take(rules->clause_product_count, sizeof(numbers[0]));
    *count = 0;
    for (uint32_t i = 0; i < rules->clause_count; i++) {
        const struct rule_clause *clause = &rules->clauses[i];
        for (uint32_t j = 0;
             j < clause->product_count && lint_is_alive(run, &rules->versions[clause->version]);
             j++)
            numbers[(*count)++] = rules->clause_products[clause->first_product + j];
    }
    if (*count > 0)
        qsort(numbers, *count, sizeof(numbers[0]), compare_codes);
    return numbers;
}

void lint_products(const struct lint_run *run)
{
    size_t count;
    uint32_t *numbers = products_about(run, &count);
    for (uint32_t i = 0; i < run->rules->product_count; i++) {
        const struct product *product = &run->rules->products[i];
        if (product->number == PRODUCT_TEST ||
            bsearch(&product->number, numbers, count, sizeof(numbers[0]), compare_codes) != NULL)
            continue;
        const struct product_row *row = trade_product(run->trade, product->number);
        if (row == NULL)
            lint_at(run, WARNING_PRODUCT_UNUSED, lint_find(run, "product", product->name),
                    "no clause is about the product %s", product->name);
        else if (row->in_force.until_day > run->in->window.from_day)
            lint_at_row(run, WARNING_PRODUCT_UNUSED, TABLE_PRODUCTS, row->in_force.line,
                        "no clause is about the product %s", product->name);
    }
    free(numbers);
}
