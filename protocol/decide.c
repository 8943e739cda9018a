#include "protocol/decide.h"

#include <assert.h>
#include <string.h>

#define SET_NOBODY           0
#define SCANNED_SET_SIZE_MAX 16 /* memberships; longer sets are searched */
#define CHUNK                64 /* clauses that are looked at together, as bits of a word */
#define CODE_FACTOR          16777619u

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- before anybody is looked up ---- */

static void refuse(struct candidates *out, enum decision step, enum status status)
{
    *out = (struct candidates){.status = status, .step = step};
}

static bool dayset_has(const struct dayset *dayset, uint32_t day_index)
{
    return dayset->words[day_index / 64] >> day_index % 64 & 1;
}

/* Of bits by number of the clause the 64 from `first` on. */
static uint64_t bits_from(const uint64_t *words, uint32_t first)
{
    uint32_t shift = first % 64;
    words += first / 64;
    return words[0] >> shift | (words[1] << 1) << (63 - shift);
}

void decide_candidates_into(struct candidates *out, const struct edition *edition,
                            const struct purchase *purchase, const struct riga_time *now)
{
    const struct tables *tables = edition->tables;

    /* What is not in the catalogue, or at no point of sale of it, needs no contract to be asked
     * about: it is looked for as nowhere. */
    uint32_t site = edition_site(edition, purchase->point_of_sale);
    const struct offer *offer = edition_find_offer(edition, site, purchase->product);
    if (offer == NULL) {
        /* 1. What is bought must be in the catalogue. */
        if (!edition_has_product(edition, purchase->product)) {
            refuse(out, DECISION_PRODUCT, STATUS_UNKNOWN_PRODUCT);
            return;
        }

        /* 2. And where it is bought. */
        if (site == SITE_NOWHERE && purchase->point_of_sale != 0) {
            refuse(out, DECISION_POINT, STATUS_UNKNOWN_POINT_OF_SALE);
            return;
        }
    }

    /* 3. The service time must fall on a day that this snapshot can judge. */
    uint32_t day, minute;
    if (!calendar_find_time(&day, &minute, &edition->calendar, purchase->service_time_s, now)) {
        refuse(out, DECISION_WINDOW, STATUS_OUTSIDE_WINDOW);
        return;
    }

    /* 4. A contract must cover a relief on the product there on that day. */
    uint32_t day_index = day - edition->calendar.from_day;
    if (offer == NULL || !dayset_has(&tables->daysets[offer->dayset], day_index)) {
        refuse(out, DECISION_CONTRACT, STATUS_NO_CONTRACT);
        return;
    }

    out->status = STATUS_OK;
    out->step = 0;
    out->clauses = tables->clauses + offer->clause_first;
    out->clause_count = offer->clause_count;
    out->day = day;
    out->minute = minute;
    out->asking = bits_from(edition->asking_bits, offer->clause_first);

    /* What a decision reads first, while there is something else to do: whoever it is about. */
    __builtin_prefetch(&edition->clause_groups[offer->clause_first]);
    if (out->asking != 0)
        __builtin_prefetch(&out->clauses[__builtin_ctzll(out->asking)]);
}

/* ---- a clause ---- */

/* Not 0 when x lies beyond least..most. */
static inline uint32_t beyond(uint32_t x, uint32_t least, uint32_t most)
{
    return x - least > most - least;
}

static inline uint32_t clock_misses(const struct clause *clause, uint32_t minute)
{
    const struct clock_span *clocks = clause->clocks;
    uint32_t misses = beyond(minute, clocks[0].from_min, clocks[0].until_min - 1u);
    if (__builtin_expect(clause->clock_count > 1, 0))
        for (uint32_t i = 1; i < clause->clock_count; i++)
            misses &= beyond(minute, clocks[i].from_min, clocks[i].until_min - 1u);
    return misses & (clause->clock_count != 0);
}

/* What is against a clause on one of its days, as a bit for each enum fit. One clause in two fits,
 * and which one nobody can guess: so all is compared, without a branch. */
static inline uint32_t misfits_of(const struct clause *clause, uint32_t minute,
                                  const struct purchase *purchase)
{
    return clock_misses(clause, minute) << FIT_NOT_THIS_TIME |
           beyond(purchase->unit_price, clause->price_least, clause->price_most) << FIT_PRICE |
           beyond(purchase->quantity, clause->quantity_least, clause->quantity_most)
               << FIT_QUANTITY |
           (~(uint32_t)clause->means_mask >> purchase->means & 1) << FIT_MEANS |
           (~(uint32_t)clause->entry_mask >> purchase->entry & 1) << FIT_ENTRY;
}
static_assert(MEANS_LAST < 8 && ENTRY_LAST < 8, "means and entries are bits of a byte");
static_assert(FIT_YES == 0, "nothing against it is no bit");

enum fit decide_fit(const struct edition *edition, const struct clause *clause,
                    const struct candidates *candidates, const struct purchase *purchase)
{
    uint32_t day_index = candidates->day - edition->calendar.from_day;
    if (!dayset_has(&edition->tables->daysets[clause->dayset], day_index))
        return FIT_NOT_THIS_DAY;
    uint32_t misfits = misfits_of(clause, candidates->minute, purchase);
    return misfits == 0 ? FIT_YES : (enum fit)__builtin_ctz(misfits);
}

/* Sorted by this: spans of a group are disjoint, so their ends rise as their beginnings do. */
static uint64_t membership_order(uint16_t group, uint32_t until_day)
{
    return (uint64_t)group << 32 | until_day;
}

static struct membership_truth membership_search(const struct membership *memberships,
                                                 uint32_t count, uint16_t group, uint32_t day)
{
    const struct membership *end = memberships + count;

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
    if (memberships == end || memberships->group != group || memberships->from_day > day)
        return (struct membership_truth){TRUTH_NO, 0, 0};
    return (struct membership_truth){(enum truth)memberships->truth, memberships->until_day,
                                     memberships->from_day};
}

struct membership_truth decide_membership(const struct tables *tables, uint32_t set, uint16_t group,
                                          uint32_t day)
{
    uint32_t first = tables->set_first[set];
    return membership_search(tables->memberships + first, tables->set_first[set + 1] - first, group,
                             day);
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

/* Of the companions' units those that the clause covers. */
static uint16_t covered_companions(const struct clause *clause, const struct purchase *purchase)
{
    uint64_t companions = min_u64(purchase->companions, purchase->quantity - 1u);
    return (uint16_t)min_u64(companions, clause->companions_max);
}

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

static uint64_t amount_of(const struct clause *clause, const struct purchase *purchase,
                          uint16_t units, uint64_t payable)
{
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
    return min_u64(amount, base);
}

struct verdict_part decide_amount(const struct clause *clause, const struct purchase *purchase,
                                  uint64_t payable)
{
    uint16_t units = covered_units(clause, purchase);
    return (struct verdict_part){
        .clause = clause,
        .amount = amount_of(clause, purchase, units, payable),
        .unit_count = units,
        .use_count = (uint16_t)(units - covered_companions(clause, purchase)),
    };
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
    uint32_t together = ((code * CODE_FACTOR) ^ next_code) & CODE_MOST;
    return together != 0 ? together : 1;
}

/* ---- the decision ---- */

/* Whom a decision is about, and what is looked at again and again. */
struct question {
    const struct edition *edition;
    const struct candidates *candidates;
    const struct purchase *purchase;
    const struct set_head *set; /* of the person; that of nobody is empty */
};

/* A clause that fits and whose group is sure. */
struct found {
    const struct clause *clause;
    uint32_t until_day, from_day; /* of the membership */
    uint64_t amount_most;         /* that limits leave */
};

/* Which of up to 64 clauses from `first` on may be about this purchase and, by a first look at the
 * person's groups, about the person. Which do nobody can guess: no branch depends on it, and the
 * person changes nothing about the steps. */
static inline __attribute__((always_inline)) uint64_t
likely_clauses(const struct question *question, uint32_t first)
{
    const struct edition *edition = question->edition;
    const struct candidates *candidates = question->candidates;
    const struct clause *clauses = candidates->clauses + first;
    uint32_t number = (uint32_t)(clauses - edition->tables->clauses);
    uint32_t left = candidates->clause_count - first, count = left < CHUNK ? left : CHUNK;
    uint32_t day_index = candidates->day - edition->calendar.from_day;

    const uint8_t *groups = &edition->clause_groups[number];
    const struct set_head *set = question->set;
    uint64_t likely = group_bits_gather(set->group_bits, groups, count);
    uint64_t open = bits_from(edition->open_bits + day_index * edition->clause_words, number);
    likely &= open;

    uint64_t asking = first == 0 ? candidates->asking : bits_from(edition->asking_bits, number);
    asking &= UINT64_MAX >> (CHUNK - count) % CHUNK; /* there is at least one */
    for (; asking != 0; asking &= asking - 1) {
        uint32_t i = (uint32_t)__builtin_ctzll(asking);
        uint32_t misfits = misfits_of(&clauses[i], candidates->minute, question->purchase);
        likely &= ~((uint64_t)(misfits != 0) << i);
    }
    return likely;
}

/* The same as decide_membership, from the set's head: nearly all sets are a cache line or two. */
static struct membership_truth truth_in(const struct question *question, uint16_t group)
{
    if (group == GROUP_EVERYBODY)
        return (struct membership_truth){TRUTH_YES, DAY_NEVER, 0};
    const struct membership *memberships =
        question->edition->tables->memberships + question->set->first;
    uint32_t day = question->candidates->day, count = question->set->count;
    if (count > SCANNED_SET_SIZE_MAX)
        return membership_search(memberships, count, group, day);
    for (uint32_t i = 0; i < count; i++) {
        const struct membership *m = &memberships[i];
        if ((m->group == group) & (m->from_day <= day) & (day < m->until_day))
            return (struct membership_truth){(enum truth)m->truth, m->until_day, m->from_day};
    }
    return (struct membership_truth){TRUTH_NO, 0, 0};
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
static uint64_t found_until_s(const struct question *question, const struct found *found)
{
    const struct edition *edition = question->edition;
    const struct candidates *candidates = question->candidates;
    const struct calendar *calendar = &edition->calendar;
    const struct clause *clause = found->clause;
    uint32_t day = dayset_end(&edition->tables->daysets[clause->dayset], calendar, candidates->day);
    if (found->until_day < day)
        day = found->until_day;
    uint64_t until_s = calendar_day_start(calendar, day);
    for (uint32_t i = 0; i < clause->clock_count; i++) {
        const struct clock_span *span = &clause->clocks[i];
        if (candidates->minute >= span->from_min && candidates->minute < span->until_min)
            until_s = min_u64(until_s, calendar_span_end(calendar, candidates->day, span,
                                                         question->purchase->service_time_s));
    }
    return until_s;
}

/* Puts what was found behind what applies already. */
static void verdict_add(struct verdict *verdict, const struct question *question,
                        const struct found *found, uint64_t amount)
{
    const struct clause *clause = found->clause;
    uint64_t until_s = found_until_s(question, found);
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
    struct verdict_part *part = &verdict->parts[verdict->part_count++];
    part->clause = clause;
    part->amount = amount;
    part->unit_count = covered_units(clause, question->purchase);
    part->use_count = (uint16_t)(part->unit_count - covered_companions(clause, question->purchase));
    part->term_day = found->from_day;
    verdict->relief_amount += amount;
    verdict->payable -= amount;
}

/* Clauses that are tried as one relief: a version that stacks and one that does not are two. */
static bool is_same_relief(const struct clause *a, const struct clause *b)
{
    return a->relief == b->relief && ((a->flags ^ b->flags) & CLAUSE_STACKS) == 0;
}

/* What limits leave of a relief; without limits everything. */
static uint64_t amount_most_of(const struct purchase *purchase, uint16_t relief)
{
    for (uint32_t i = 0; i < purchase->allowance_count; i++)
        if (purchase->allowances[i].relief == relief)
            return purchase->allowances[i].amount_most;
    return UINT64_MAX;
}

/* What has been found so far. */
struct findings {
    bool is_missing;
    const struct clause *last; /* the relief that this clause is of is settled */
    struct found best;  /* of those that do not stack; NULL: none, or already in the verdict */
    struct found empty; /* the first of those that stack and take nothing off; NULL: none */
    uint64_t best_amount;
};

static void settle_best(struct findings *findings, struct verdict *verdict,
                        const struct question *question)
{
    if (findings->best.clause != NULL)
        verdict_add(verdict, question, &findings->best, findings->best_amount);
    findings->best.clause = NULL;
}

/* On top of what applies already. What takes nothing off is kept, should it be alone. */
static void take_stacking(struct findings *findings, struct verdict *verdict,
                          const struct question *question, const struct found *found)
{
    settle_best(findings, verdict, question);
    uint16_t units = covered_units(found->clause, question->purchase);
    uint64_t amount = amount_of(found->clause, question->purchase, units, verdict->payable);
    amount = min_u64(amount, found->amount_most);
    if (amount > 0)
        verdict_add(verdict, question, found, amount);
    else if (findings->empty.clause == NULL)
        findings->empty = *found;
}

/* A clause that is about purchase and person: the best so far, or on top of the best. */
static void take_found(struct findings *findings, struct verdict *verdict,
                       const struct question *question, const struct found *found)
{
    const struct clause *clause = found->clause;
    if (clause->flags & CLAUSE_STACKS) {
        take_stacking(findings, verdict, question, found);
        return;
    }
    uint64_t amount = amount_of(clause, question->purchase,
                                covered_units(clause, question->purchase), verdict->payable);
    amount = min_u64(amount, found->amount_most);
    if (findings->best.clause == NULL || amount > findings->best_amount) {
        findings->best = *found; /* of equals the one that is tried first stays */
        findings->best_amount = amount;
    }
}

/* A clause that may be about the purchase and the person: is it? */
static void try_clause(struct findings *findings, struct verdict *verdict,
                       const struct question *question, const struct clause *clause)
{
    if (findings->last != NULL && is_same_relief(findings->last, clause))
        return;
    struct membership_truth in_group = truth_in(question, clause->group);
    if (in_group.truth == TRUTH_UNKNOWN && (clause->flags & CLAUSE_ALLOWS_UNKNOWN) == 0)
        findings->is_missing = true;
    else if (in_group.truth != TRUTH_NO) {
        struct found found = {clause, in_group.until_day, in_group.from_day,
                              amount_most_of(question->purchase, clause->relief)};
        findings->last = clause;
        if (found.amount_most > 0)
            take_found(findings, verdict, question, &found);
    }
}

/* What everybody gets does not end with the means: an answer must not tell whether it is known. */
static bool depends_on_means(const struct verdict *verdict)
{
    for (uint32_t i = 0; i < verdict->part_count; i++)
        if (verdict->parts[i].clause->group != GROUP_EVERYBODY)
            return true;
    return false;
}

/* Steps 6 and 7 for a purchase and a person that some clauses may be about: `likely`, of the first
 * of them. The means is good until `means_until_day`. Most purchases never come here. */
static __attribute__((noinline)) void weigh_clauses(struct verdict *verdict,
                                                    const struct question *question,
                                                    uint64_t likely, uint32_t means_until_day)
{
    const struct candidates *candidates = question->candidates;
    const struct calendar *calendar = &question->edition->calendar;
    struct findings findings = {.last = NULL};

    /* 6. Of each relief the first clause that fits and whose group is sure. */
    for (uint32_t first = 0; first < candidates->clause_count; first += CHUNK) {
        if (first > 0)
            likely = likely_clauses(question, first);
        for (; likely != 0; likely &= likely - 1)
            try_clause(&findings, verdict, question,
                       &candidates->clauses[first + (uint32_t)__builtin_ctzll(likely)]);
    }

    /* 7. The best one, and on what it leaves to pay those that stack. */
    settle_best(&findings, verdict, question);
    if (verdict->part_count == 0 && findings.empty.clause != NULL)
        verdict_add(verdict, question, &findings.empty, 0);
    if (verdict->part_count > 0) {
        verdict->status = STATUS_APPLIES;
        verdict->step = DECISION_BEST;
        if (means_until_day < calendar->until_day && depends_on_means(verdict))
            verdict->valid_until_s =
                min_u64(verdict->valid_until_s, calendar_day_start(calendar, means_until_day));
    } else if (findings.is_missing) {
        /* 8. Missing data are not a no. */
        verdict->status = STATUS_NO_DATA;
        verdict->step = DECISION_MISSING;
    }
}

/* The head of the person's set, or of nobody's: found only when the person's is read, so that what
 * a processor does ahead of its loads is the same for both. */
static const struct set_head *set_of_asked(const struct edition *edition, uint32_t set,
                                           bool is_somebody)
{
    static_assert(SET_NOBODY == 0 && SET_SIZE_MAX < 1 << 16, "no set has as many memberships");
    uint32_t nobody = edition->sets[set].count >> 16;
    uint32_t mask = 0 - (uint32_t)is_somebody; /* a choice would become a branch */
    return &edition->sets[(set & mask) | (nobody & ~mask)];
}

void decide_into(struct verdict *out, const struct edition *edition,
                 const struct candidates *candidates, uint32_t view_index,
                 const struct purchase *purchase)
{
    const struct tables *tables = edition->tables;
    bool is_decoy = view_index & VIEW_DECOY;
    view_index &= ~VIEW_DECOY;
    assert(view_index < tables->view_count);
    out->split = 0;
    out->relief = 0;
    out->relief_amount = 0;
    out->payable = (uint64_t)purchase->unit_price * purchase->quantity;
    out->valid_until_s = 0;
    out->part_count = 0;

    /* Steps 1 to 4 may have settled it. */
    out->status = candidates->status;
    out->step = candidates->step;
    if (candidates->status != STATUS_OK)
        return;

    /* 5. A means that is not good on the day leads to nobody. */
    const struct view *view = &tables->views[view_index];
    bool is_good =
        (candidates->day >= view->from_day) & (candidates->day < view->until_day) & !is_decoy;
    struct question question = {edition, candidates, purchase,
                                set_of_asked(edition, view->set, is_good)};

    /* 9. Unknown, ended and not entitled, unless clauses say otherwise. */
    out->status = STATUS_DOES_NOT_APPLY;
    out->step = DECISION_NONE;
    uint64_t likely = likely_clauses(&question, 0);
    if (likely != 0 || candidates->clause_count > CHUNK)
        weigh_clauses(out, &question, likely, is_good ? view->until_day : DAY_NEVER);
}
