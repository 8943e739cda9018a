#include "protocol/decide.h"

#include <assert.h>
#include <string.h>

#define SET_NOBODY  0
#define CODE_FACTOR 16777619u
#define CODE_MASK   0x7fffffffu

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- before anybody is looked up ---- */

static struct candidates refuse(enum decision step, enum status status)
{
    return (struct candidates){.status = status, .step = step};
}

static bool dayset_has(const struct dayset *dayset, uint32_t day_index)
{
    return dayset->words[day_index / 64] >> day_index % 64 & 1;
}

struct candidates decide_candidates(const struct edition *edition, const struct purchase *purchase)
{
    const struct tables *tables = edition->tables;

    /* What is not in the catalogue, or at no point of sale of it, needs no contract to be asked
     * about: it is looked for as nowhere. */
    uint32_t site = edition_site(edition, purchase->point_of_sale);
    const struct offer *offer = edition_find_offer(edition, site, purchase->product);
    if (offer == NULL) {
        /* 1. What is bought must be in the catalogue. */
        if (!edition_has_product(edition, purchase->product))
            return refuse(DECISION_PRODUCT, STATUS_UNKNOWN_PRODUCT);

        /* 2. And where it is bought. */
        if (site == SITE_NOWHERE && purchase->point_of_sale != 0)
            return refuse(DECISION_POINT, STATUS_UNKNOWN_POINT_OF_SALE);
    }

    /* 3. The service time must fall on a day that this snapshot can judge. */
    uint32_t day;
    if (!calendar_find_day(&day, &edition->calendar, purchase->service_time_s))
        return refuse(DECISION_WINDOW, STATUS_OUTSIDE_WINDOW);

    /* 4. A contract must cover a relief on the product there on that day. */
    uint32_t day_index = day - edition->calendar.from_day;
    if (offer == NULL || !dayset_has(&tables->daysets[offer->dayset], day_index))
        return refuse(DECISION_CONTRACT, STATUS_NO_CONTRACT);

    return (struct candidates){
        .status = STATUS_OK,
        .clauses = tables->clauses + offer->clause_first,
        .clause_count = offer->clause_count,
        .day = day,
        .minute = calendar_minute(&edition->calendar, day, purchase->service_time_s),
    };
}

/* ---- a clause ---- */

static bool clock_shows(const struct clause *clause, uint32_t minute)
{
    for (uint32_t i = 0; i < clause->clock_count; i++)
        if (minute >= clause->clocks[i].from_min && minute < clause->clocks[i].until_min)
            return true;
    return clause->clock_count == 0;
}

enum fit decide_fit(const struct edition *edition, const struct clause *clause,
                    const struct candidates *candidates, const struct purchase *purchase)
{
    uint32_t day_index = candidates->day - edition->calendar.from_day;
    if (!dayset_has(&edition->tables->daysets[clause->dayset], day_index))
        return FIT_NOT_THIS_DAY;
    if (!clock_shows(clause, candidates->minute))
        return FIT_NOT_THIS_TIME;
    if (purchase->unit_price < clause->price_least || purchase->unit_price > clause->price_most)
        return FIT_PRICE;
    if (purchase->quantity < clause->quantity_least || purchase->quantity > clause->quantity_most)
        return FIT_QUANTITY;
    if ((clause->means_mask >> purchase->means & 1) == 0)
        return FIT_MEANS;
    if ((clause->entry_mask >> purchase->entry & 1) == 0)
        return FIT_ENTRY;
    return FIT_YES;
}
static_assert(MEANS_LAST < 8 && ENTRY_LAST < 8, "means and entries are bits of a byte");

/* Sorted by this: spans of a group are disjoint, so their ends rise as their beginnings do. */
static uint64_t membership_order(uint16_t group, uint32_t until_day)
{
    return (uint64_t)group << 32 | until_day;
}

struct membership_truth decide_membership(const struct tables *tables, uint32_t set, uint16_t group,
                                          uint32_t day)
{
    const struct membership *memberships = tables->memberships + tables->set_first[set];
    uint32_t count = tables->set_first[set + 1] - tables->set_first[set];

    /* The first of the group that has not ended on that day is the only one that can hold it. */
    uint64_t wanted = membership_order(group, day);
    while (count > 0) {
        uint32_t half = count / 2;
        const struct membership *middle = memberships + half;
        if (membership_order(middle->group, middle->until_day) <= wanted) {
            memberships = middle + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    if (memberships == tables->memberships + tables->set_first[set + 1] ||
        memberships->group != group || memberships->from_day > day)
        return (struct membership_truth){TRUTH_NO, 0};
    return (struct membership_truth){(enum truth)memberships->truth, memberships->until_day};
}

/* numerator / denominator as a multiple of the clause's step, rounded once. */
static uint64_t round_once(const struct clause *clause, uint64_t numerator, uint64_t denominator)
{
    denominator *= clause->round_step;
    uint64_t steps = numerator / denominator, rest = numerator % denominator;
    if ((clause->rounding == ROUND_UP && rest > 0) ||
        (clause->rounding == ROUND_HALF_UP && rest >= denominator - rest))
        steps++;
    return steps * clause->round_step;
}
static_assert(AMOUNT_MAX < UINT64_MAX / PERCENT_ALL_BP / 2, "the whole price times 100 % fits");

/* Units of the person, as many as the clause covers, and those of companions. */
static uint16_t covered_units(const struct clause *clause, const struct purchase *purchase)
{
    uint32_t companions = (uint32_t)min_u64(purchase->companions, purchase->quantity - 1u);
    uint32_t own = purchase->quantity - companions;
    if (clause->unit_count_max != 0 && own > clause->unit_count_max)
        own = clause->unit_count_max;
    if (companions > clause->companions_max)
        companions = clause->companions_max;
    return (uint16_t)(own + companions);
}

struct verdict_part decide_amount(const struct clause *clause, const struct purchase *purchase,
                                  uint64_t payable)
{
    uint16_t units = covered_units(clause, purchase);
    uint64_t total = (uint64_t)purchase->unit_price * purchase->quantity;
    uint64_t base = payable == total ? (uint64_t)purchase->unit_price * units
                                     : payable * units / purchase->quantity;
    uint64_t value = clause->value, amount = 0;
    switch ((enum computation)clause->computation) {
    case COMPUTE_PERCENT:
        value *= base - min_u64(base, (uint64_t)clause->above * units);
        amount = round_once(clause, value, PERCENT_ALL_BP);
        break;
    case COMPUTE_AMOUNT:
        amount = round_once(clause, min_u64(value, base), 1);
        break;
    case COMPUTE_SUBSIDY:
        amount = round_once(clause, min_u64(value * units, base), 1);
        break;
    case COMPUTE_PRICE:
        amount = round_once(clause, base - min_u64(base, value * units), 1);
        break;
    }
    if (clause->cap != 0)
        amount = min_u64(amount, clause->flags & CLAUSE_CAP_EACH ? (uint64_t)clause->cap * units
                                                                 : clause->cap);
    return (struct verdict_part){clause, min_u64(amount, base), units};
}

void decide_split(uint64_t out[static SPLIT_PART_COUNT_MAX], const struct split *split,
                  uint64_t amount, uint16_t unit_count)
{
    uint64_t left = amount;
    memset(out, 0, SPLIT_PART_COUNT_MAX * sizeof(out[0]));
    for (size_t i = 0; i < split->part_count; i++) {
        const struct split_part *part = &split->parts[i];
        if (part->kind == SPLIT_SUBSIDY)
            out[i] = min_u64(left, (uint64_t)part->value * unit_count);
        else if (part->kind == SPLIT_PERCENT)
            out[i] = min_u64(left, (amount * part->value + PERCENT_ALL_BP / 2) / PERCENT_ALL_BP);
        else
            out[i] = left;
        left -= out[i];
    }
}

uint32_t decide_code_together(uint32_t code, uint32_t next_code)
{
    uint32_t together = ((code * CODE_FACTOR) ^ next_code) & CODE_MASK;
    return together != 0 ? together : 1;
}

/* ---- the decision ---- */

/* The clause of a relief that decides, and until when all that makes it decide holds. */
struct found {
    const struct clause *clause;
    uint32_t until_day; /* of the membership */
};

/* Clauses that are tried as one relief: a version that stacks and one that does not are two. */
static bool is_same_relief(const struct clause *a, const struct clause *b)
{
    return a->relief == b->relief && ((a->flags ^ b->flags) & CLAUSE_STACKS) == 0;
}

/* The first clause of the relief that fits and whose group is sure; then *i is behind the relief's
 * clauses in any case. */
static struct found find_clause(uint32_t *i, bool *is_missing, const struct edition *edition,
                                const struct candidates *candidates,
                                const struct purchase *purchase, uint32_t set)
{
    const struct clause *clauses = candidates->clauses;
    const struct clause *first = &clauses[*i];
    struct found found = {NULL, DAY_NEVER};
    for (; *i < candidates->clause_count && is_same_relief(first, &clauses[*i]); ++*i) {
        const struct clause *clause = &clauses[*i];
        if (found.clause != NULL || decide_fit(edition, clause, candidates, purchase) != FIT_YES)
            continue;
        struct membership_truth in_group = {TRUTH_YES, DAY_NEVER};
        if (clause->group != GROUP_EVERYBODY)
            in_group = decide_membership(edition->tables, set, clause->group, candidates->day);
        if (in_group.truth == TRUTH_YES ||
            (in_group.truth == TRUTH_UNKNOWN && clause->flags & CLAUSE_ALLOWS_UNKNOWN))
            found = (struct found){clause, in_group.until_day};
        else
            *is_missing |= in_group.truth == TRUTH_UNKNOWN;
    }
    return found;
}

/* The first day after `day` that the set does not hold; the window's end at the latest. */
static uint32_t dayset_end(const struct dayset *dayset, const struct calendar *calendar,
                           uint32_t day)
{
    uint32_t index = day - calendar->from_day, word = index / 64;
    uint64_t missing = ~dayset->words[word] >> index % 64 << index % 64;
    while (missing == 0 && ++word < DAYSET_WORD_COUNT)
        missing = ~dayset->words[word];
    if (missing == 0)
        return calendar->until_day;
    uint32_t end = calendar->from_day + word * 64 + (uint32_t)__builtin_ctzll(missing);
    return end < calendar->until_day ? end : calendar->until_day;
}

/* Until when what was found holds. */
static uint64_t found_until_s(const struct edition *edition, const struct found *found,
                              const struct candidates *candidates, const struct purchase *purchase)
{
    const struct calendar *calendar = &edition->calendar;
    const struct clause *clause = found->clause;
    uint32_t day = dayset_end(&edition->tables->daysets[clause->dayset], calendar, candidates->day);
    if (found->until_day < day)
        day = found->until_day;
    uint64_t until_s = calendar_day_start(calendar, day);
    for (uint32_t i = 0; i < clause->clock_count; i++) {
        const struct clock_span *span = &clause->clocks[i];
        if (candidates->minute >= span->from_min && candidates->minute < span->until_min)
            until_s =
                min_u64(until_s, calendar_minute_start(calendar, candidates->day, span->until_min,
                                                       purchase->service_time_s));
    }
    return until_s;
}

/* Puts a part behind those that apply already. */
static void verdict_add(struct verdict *verdict, const struct verdict_part *part, uint64_t until_s)
{
    const struct clause *clause = part->clause;
    assert(verdict->part_count < VERDICT_PART_COUNT_MAX);
    if (verdict->part_count == 0) {
        verdict->relief = clause->code;
        verdict->split = clause->split;
        verdict->valid_until_s = until_s;
    } else {
        verdict->relief = decide_code_together(verdict->relief, clause->code);
        if (verdict->split != clause->split)
            verdict->split = SPLIT_SEVERAL;
        verdict->valid_until_s = min_u64(verdict->valid_until_s, until_s);
    }
    verdict->parts[verdict->part_count++] = *part;
    verdict->relief_amount += part->amount;
    verdict->payable -= part->amount;
}

/* The reliefs from clause `i` on, which stack. One that takes nothing off is left out, unless there
 * is no other. */
static void verdict_add_stacking(struct verdict *verdict, uint32_t i, bool *is_missing,
                                 const struct edition *edition, const struct candidates *candidates,
                                 const struct purchase *purchase, uint32_t set)
{
    struct found empty = {NULL, 0};
    struct verdict_part empty_part = {NULL, 0, 0};
    while (i < candidates->clause_count) {
        struct found found = find_clause(&i, is_missing, edition, candidates, purchase, set);
        if (found.clause == NULL)
            continue;
        struct verdict_part part = decide_amount(found.clause, purchase, verdict->payable);
        if (part.amount > 0) {
            verdict_add(verdict, &part, found_until_s(edition, &found, candidates, purchase));
        } else if (empty.clause == NULL) {
            empty = found;
            empty_part = part;
        }
    }
    if (verdict->part_count == 0 && empty.clause != NULL)
        verdict_add(verdict, &empty_part, found_until_s(edition, &empty, candidates, purchase));
}

struct verdict decide(const struct edition *edition, const struct candidates *candidates,
                      uint32_t view_index, const struct purchase *purchase)
{
    const struct tables *tables = edition->tables;
    assert(view_index < tables->view_count);
    struct verdict verdict = {.status = candidates->status,
                              .step = candidates->step,
                              .payable = (uint64_t)purchase->unit_price * purchase->quantity};
    if (candidates->status != STATUS_OK)
        return verdict;

    /* 5. A means that is not good on the day leads to nobody. */
    const struct view *view = &tables->views[view_index];
    bool is_good = candidates->day >= view->from_day && candidates->day < view->until_day;
    uint32_t set = is_good ? view->set : SET_NOBODY;

    /* 6. Of each relief the first clause that fits; the best of those that do not stack. */
    bool is_missing = false;
    struct found best = {NULL, 0};
    struct verdict_part best_part = {NULL, 0, 0};
    uint32_t i = 0;
    while (i < candidates->clause_count && (candidates->clauses[i].flags & CLAUSE_STACKS) == 0) {
        struct found found = find_clause(&i, &is_missing, edition, candidates, purchase, set);
        if (found.clause == NULL)
            continue;
        struct verdict_part part = decide_amount(found.clause, purchase, verdict.payable);
        if (best.clause != NULL && part.amount <= best_part.amount)
            continue; /* of equals the one that is tried first */
        best = found;
        best_part = part;
    }

    /* 7. The best one, and on what is left to pay those that stack. */
    if (best.clause != NULL)
        verdict_add(&verdict, &best_part, found_until_s(edition, &best, candidates, purchase));
    verdict_add_stacking(&verdict, i, &is_missing, edition, candidates, purchase, set);
    if (verdict.part_count > 0) {
        verdict.status = STATUS_APPLIES;
        verdict.step = DECISION_BEST;
        uint32_t until_day = view->until_day;
        if (is_good && until_day < edition->calendar.until_day)
            verdict.valid_until_s =
                min_u64(verdict.valid_until_s, calendar_day_start(&edition->calendar, until_day));
        return verdict;
    }

    /* 8. Missing data are not a no. */
    verdict.step = is_missing ? DECISION_MISSING : DECISION_NONE;

    /* 9. Unknown, ended and not entitled have all come this way. */
    verdict.status = is_missing ? STATUS_NO_DATA : STATUS_DOES_NOT_APPLY;
    return verdict;
}
