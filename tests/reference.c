#include "tests/reference.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define SECONDS_PER_HOUR    3600
#define VERSIONS_SORTED_MAX 256

/* ---- how much ---- */

__extension__ typedef __int128 wide; /* room for every product of three amounts */

static wide least(wide a, wide b)
{
    return a < b ? a : b;
}

/* numerator / denominator to a multiple of `step`. */
static wide round_to(wide numerator, wide denominator, wide step, enum rounding rounding)
{
    wide whole = numerator / (denominator * step);
    wide rest = numerator % (denominator * step);
    if ((rounding == ROUND_UP && rest > 0) ||
        (rounding == ROUND_HALF_UP && 2 * rest >= denominator * step))
        whole++;
    return whole * step;
}

uint64_t reference_amount(const struct clause *terms, enum rounding rounding, uint32_t round_step,
                          const struct purchase *purchase, uint64_t payable, uint32_t *unit_count)
{
    wide companions = least(purchase->companions, purchase->quantity - 1);
    wide own = purchase->quantity - companions;
    if (terms->unit_count_max != 0)
        own = least(own, terms->unit_count_max);
    wide covered = own + least(companions, terms->companions_max);
    wide base = (wide)payable * covered / purchase->quantity;

    wide amount = 0, parts = 1;
    switch (terms->computation) {
    case COMPUTE_PERCENT:
        amount = (base - least(base, terms->above * covered)) * terms->value;
        parts = PERCENT_ALL_BP;
        break;
    case COMPUTE_AMOUNT:
        amount = least(terms->value, base);
        break;
    case COMPUTE_SUBSIDY:
        amount = least(terms->value * covered, base);
        break;
    case COMPUTE_PRICE:
        amount = base - least(terms->value * covered, base);
        break;
    default:
        abort(); /* a computation that the parser does not know */
    }
    amount = round_to(amount, parts, round_step, rounding);
    if (terms->cap != 0)
        amount = least(amount, terms->cap * (terms->flags & CLAUSE_CAP_EACH ? covered : 1));
    *unit_count = (uint32_t)covered;
    return (uint64_t)least(amount, base);
}

/* ---- which ---- */

static bool is_within_clocks(const struct clause *terms, uint32_t minute)
{
    for (uint8_t i = 0; i < terms->clock_count; i++) {
        if (minute >= terms->clocks[i].from_min && minute < terms->clocks[i].until_min)
            return true;
    }
    return terms->clock_count == 0;
}

static bool clause_fits(const struct clause *terms, const struct purchase *purchase,
                        uint32_t minute)
{
    return is_within_clocks(terms, minute) && purchase->unit_price >= terms->price_least &&
           purchase->unit_price <= terms->price_most &&
           purchase->quantity >= terms->quantity_least &&
           purchase->quantity <= terms->quantity_most &&
           (terms->means_mask & 1u << purchase->means) != 0 &&
           (terms->entry_mask & 1u << purchase->entry) != 0;
}

/* All that a purchase is judged by. */
struct question {
    const struct reference *reference;
    const struct raw_person *person;
    const struct purchase *purchase;
    struct sale sale;
    uint32_t minute;
    bool is_missing; /* something could not be decided */
};

/* The first clause of the version that fits and is surely the person's; false: none. */
static bool find_clause(struct question *question, const struct rule_version *version,
                        struct reference_part *part)
{
    const struct rules *rules = question->reference->rules;
    for (uint32_t i = 0; i < version->clause_count; i++) {
        const struct rule_clause *clause = &rules->clauses[version->first_clause + i];
        const struct contract_row *contract;
        if (!clause_stands(question->reference, clause, question->sale, &contract) ||
            !clause_fits(&clause->terms, question->purchase, question->minute))
            continue;
        enum truth truth =
            truth_for_clause(question->reference, question->person, clause, question->sale.day);
        question->is_missing = question->is_missing || truth == TRUTH_UNKNOWN;
        if (truth != TRUTH_YES)
            continue;
        *part = (struct reference_part){.clause = version->first_clause + i,
                                        .contract = contract != NULL ? contract->number : 0};
        return true;
    }
    return false;
}

static void weigh(const struct question *question, const struct rule_version *version,
                  uint64_t payable, struct reference_part *part)
{
    const struct clause *terms = &question->reference->rules->clauses[part->clause].terms;
    part->amount = reference_amount(terms, version->rounding, version->round_step,
                                    question->purchase, payable, &part->unit_count);
}

/* Versions in force on the day, in the order in which they are tried. */
static uint32_t sort_versions(const struct rules *rules, uint32_t day, bool stacks,
                              const struct rule_version *sorted[])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rules->relief_count; i++) {
        const struct rule_relief *relief = &rules->reliefs[i];
        for (uint32_t j = 0; j < relief->version_count; j++) {
            const struct rule_version *version = &rules->versions[relief->first_version + j];
            if (version->stacks != stacks || !version_is_in_force(rules, version, day))
                continue;
            assert(count < VERSIONS_SORTED_MAX);
            uint32_t place = count++;
            for (; place > 0 && sorted[place - 1]->order > version->order; place--)
                sorted[place] = sorted[place - 1];
            sorted[place] = version;
        }
    }
    return count;
}

/* The best of those that do not stack; of equals the first. */
static void take_best(struct question *question, uint64_t total, struct reference_answer *answer)
{
    const struct rules *rules = question->reference->rules;
    const struct rule_version *versions[VERSIONS_SORTED_MAX];
    uint32_t count = sort_versions(rules, question->sale.day, false, versions);
    for (uint32_t i = 0; i < count; i++) {
        struct reference_part part;
        if (!find_clause(question, versions[i], &part))
            continue;
        weigh(question, versions[i], total, &part);
        if (answer->part_count == 0 || part.amount > answer->parts[0].amount) {
            answer->parts[0] = part;
            answer->part_count = 1;
        }
    }
}

/* Each on what is left; one that takes nothing counts only where it is all there is. */
static void take_stacking(struct question *question, uint64_t left, struct reference_answer *answer)
{
    const struct rules *rules = question->reference->rules;
    const struct rule_version *versions[VERSIONS_SORTED_MAX];
    uint32_t count = sort_versions(rules, question->sale.day, true, versions);
    struct reference_part empty;
    bool has_empty = false;
    for (uint32_t i = 0; i < count; i++) {
        struct reference_part part;
        if (!find_clause(question, versions[i], &part))
            continue;
        weigh(question, versions[i], left, &part);
        if (part.amount > 0) {
            assert(answer->part_count < VERDICT_PART_COUNT_MAX);
            answer->parts[answer->part_count++] = part;
            left -= part.amount;
        } else if (!has_empty) {
            empty = part;
            has_empty = true;
        }
    }
    if (answer->part_count == 0 && has_empty)
        answer->parts[answer->part_count++] = empty;
}

static uint32_t part_code(const struct reference *reference, const struct reference_part *part)
{
    const struct rules *rules = reference->rules;
    for (uint32_t i = 0; i < reference->trade->contract_count; i++) {
        if (part->contract != 0 && reference->trade->contracts[i].number == part->contract)
            return reference->contract_codes[i];
    }
    return rules->reliefs[rules->versions[rules->clauses[part->clause].version].relief].code;
}

static void sum_up(const struct reference *reference, uint64_t total,
                   struct reference_answer *answer)
{
    const struct rules *rules = reference->rules;
    for (uint32_t i = 0; i < answer->part_count; i++) {
        const struct reference_part *part = &answer->parts[i];
        uint16_t split = rules->versions[rules->clauses[part->clause].version].split;
        uint32_t code = part_code(reference, part);
        answer->relief = i == 0 ? code : decide_code_together(answer->relief, code);
        answer->split = i == 0 || answer->split == split ? split : SPLIT_SEVERAL;
        answer->relief_amount += part->amount;
    }
    answer->payable = total - answer->relief_amount;
}

static bool is_product(const struct rules *rules, uint32_t number)
{
    for (uint32_t i = 0; i < rules->product_count; i++) {
        if (rules->products[i].number == number)
            return true;
    }
    return false;
}

/* What stands before any person is looked at. */
static enum status status_of_sale(const struct reference *reference,
                                  const struct purchase *purchase, struct sale sale)
{
    if (!is_product(reference->rules, purchase->product))
        return STATUS_UNKNOWN_PRODUCT;
    if (purchase->point_of_sale != 0 && sale.point == NULL &&
        !anything_stands_nowhere(reference, purchase->product))
        return STATUS_UNKNOWN_POINT_OF_SALE;
    if (sale.day < reference->from_day || sale.day >= reference->until_day)
        return STATUS_OUTSIDE_WINDOW;
    return anything_is_offered(reference, sale) ? STATUS_OK : STATUS_NO_CONTRACT;
}

struct reference_answer reference_answer(const struct reference *reference,
                                         const struct raw_person *person,
                                         const struct purchase *purchase)
{
    static const struct raw_person nobody = {.is_nobody = true};
    struct wall_clock clock = wall_clock_of(purchase->service_time_s);
    struct sale sale = {purchase->product, find_point(reference->trade, purchase->point_of_sale),
                        clock.day};
    uint64_t total = (uint64_t)purchase->unit_price * purchase->quantity;
    struct reference_answer answer = {.payable = total};
    answer.status = status_of_sale(reference, purchase, sale);
    if (answer.status != STATUS_OK)
        return answer;

    bool means_is_good = clock.day >= person->means_from_day && clock.day < person->means_until_day;
    struct question question = {.reference = reference,
                                .person = means_is_good ? person : &nobody,
                                .purchase = purchase,
                                .sale = sale,
                                .minute = clock.minute};
    take_best(&question, total, &answer);
    take_stacking(&question, total - (answer.part_count > 0 ? answer.parts[0].amount : 0), &answer);
    if (answer.part_count > 0) {
        answer.status = STATUS_APPLIES;
        sum_up(reference, total, &answer);
    } else {
        answer.status = question.is_missing ? STATUS_NO_DATA : STATUS_DOES_NOT_APPLY;
    }
    return answer;
}

/* ---- how long ---- */

/* Whether the part would still be there on a later day: its clause under its contract, and as much
 * known of the person. */
static bool part_goes_on(const struct reference *reference, const struct raw_person *person,
                         const struct reference_part *part, struct sale sale, enum truth truth)
{
    const struct rule_clause *clause = &reference->rules->clauses[part->clause];
    const struct contract_row *contract;
    return clause_stands(reference, clause, sale, &contract) &&
           (contract != NULL ? contract->number : 0) == part->contract &&
           truth_of_membership(reference, person, clause, sale.day) == truth;
}

static bool is_within_span(const struct clock_span *span, uint32_t minute)
{
    return minute >= span->from_min && minute < span->until_min;
}

/* The first second after the purchase at which the clock has left the span of the clause in which
 * it was, or the day has ended. */
static uint64_t clock_end(const struct clause *terms, uint64_t service_time_s)
{
    struct wall_clock now = wall_clock_of(service_time_s), then = now;
    const struct clock_span *span = terms->clocks;
    while (!is_within_span(span, now.minute))
        span++;
    uint64_t utc_s = service_time_s - service_time_s % 60;
    while (then.day == now.day && is_within_span(span, then.minute)) {
        utc_s += 60;
        then = wall_clock_of(utc_s);
    }
    return utc_s;
}

uint64_t reference_valid_until(const struct reference *reference, const struct raw_person *person,
                               const struct purchase *purchase,
                               const struct reference_answer *answer)
{
    uint32_t today = wall_clock_of(purchase->service_time_s).day;
    struct sale sale = {purchase->product, find_point(reference->trade, purchase->point_of_sale),
                        today};
    uint32_t until_day = reference->until_day;
    uint64_t until_s = UINT64_MAX;
    bool is_about_person = false; /* not only what everybody gets */
    for (uint32_t i = 0; i < answer->part_count; i++) {
        const struct reference_part *part = &answer->parts[i];
        const struct rule_clause *clause = &reference->rules->clauses[part->clause];
        is_about_person = is_about_person || clause->group != GROUP_EVERYBODY;
        enum truth truth = truth_of_membership(reference, person, clause, today);
        for (sale.day = today + 1; sale.day < until_day; sale.day++) {
            if (!part_goes_on(reference, person, part, sale, truth))
                break;
        }
        until_day = sale.day < until_day ? sale.day : until_day;
        if (clause->terms.clock_count > 0) {
            uint64_t end_s = clock_end(&clause->terms, purchase->service_time_s);
            until_s = end_s < until_s ? end_s : until_s;
        }
    }
    bool means_counts =
        is_about_person && today >= person->means_from_day && today < person->means_until_day;
    if (means_counts && until_day > person->means_until_day)
        until_day = person->means_until_day;
    /* midnight: two or three hours before that of UTC */
    uint64_t midnight_s = (uint64_t)until_day * SECONDS_PER_DAY - 3 * SECONDS_PER_HOUR;
    if (wall_clock_of(midnight_s).day != until_day)
        midnight_s += SECONDS_PER_HOUR;
    return midnight_s < until_s ? midnight_s : until_s;
}

/* ---- codes ---- */

/* What rulelang.h and compile.h promise: the name, or name and contract, folded to 31 bits. */
static uint32_t code_of_text(const char *text)
{
    uint64_t hash = XXH3_64bits(text, strlen(text));
    return (uint32_t)(hash ^ hash >> 32) & 0x7fffffffu;
}

static bool code_is_taken(const struct reference *reference, uint32_t code, uint32_t contract_count)
{
    for (uint32_t i = 0; i < reference->rules->relief_count; i++) {
        if (reference->rules->reliefs[i].code == code)
            return true;
    }
    for (uint32_t i = 0; i < contract_count; i++) {
        if (reference->contract_codes[i] == code)
            return true;
    }
    return code == 0;
}

void reference_begin(struct reference *reference, const struct catalogue *catalogue,
                     const struct vocabulary *vocabulary, uint32_t from_day, uint32_t until_day)
{
    assert(catalogue->trade.contract_count <= REFERENCE_CONTRACT_COUNT_MAX);
    *reference = (struct reference){.rules = catalogue->rules,
                                    .trade = &catalogue->trade,
                                    .vocabulary = vocabulary,
                                    .from_day = from_day,
                                    .until_day = until_day};
    for (uint32_t i = 0; i < catalogue->trade.contract_count; i++) {
        const struct contract_row *contract = &catalogue->trade.contracts[i];
        char text[NAME_SIZE + 32];
        snprintf(text, sizeof(text), "%s/%u", contract->relief, contract->number);
        uint32_t code = code_of_text(text);
        for (uint32_t again = 1; code_is_taken(reference, code, i); again++) {
            snprintf(text, sizeof(text), "%s/%u/%u", contract->relief, contract->number, again);
            code = code_of_text(text);
        }
        reference->contract_codes[i] = code;
    }
}
