#include "loader/lint_checks.h"

#include "loader/daysets.h"
#include "loader/memory.h"
#include "protocol/decide.h"

#include <inttypes.h>
#include <stdlib.h>

/* Calendars are compared on so many days ahead: years of every kind of Easter but the rarest. */
#define COMPARED_WINDOW_COUNT 5
#define COMPARED_PLACE_MAX    64

/* ---- which clause leaves nothing for which: one condition after the other ---- */

/* Whether every point of sale that `inner` names is one of `outer`. */
static bool points_cover(const struct rules *rules, const struct rule_clause *outer,
                         const struct rule_clause *inner)
{
    if (outer->range_count == 0)
        return true;
    const struct point_range *ranges = rules->ranges + outer->first_range;
    for (uint32_t i = 0; i < inner->range_count; i++) {
        const struct point_range *range = &rules->ranges[inner->first_range + i];
        uint64_t at = range->first; /* all below it are covered */
        for (uint32_t j = 0; j < outer->range_count; j++)
            if (ranges[j].first <= at && at <= ranges[j].last) {
                at = (uint64_t)ranges[j].last + 1;
                j = UINT32_MAX; /* from the front again: they stand in any order */
            }
        if (at <= range->last)
            return false;
    }
    return inner->range_count > 0;
}

static bool places_cover(const struct rules *rules, const struct rule_clause *outer,
                         const struct rule_clause *inner)
{
    if (outer->place_count == 0)
        return true;
    for (uint32_t i = 0; i < inner->place_count; i++) {
        uint32_t j = 0;
        while (j < outer->place_count &&
               !place_prefix_is_within(rules->places[inner->first_place + i],
                                       rules->places[outer->first_place + j]))
            j++;
        if (j == outer->place_count)
            return false;
    }
    return inner->place_count > 0;
}

static bool contracts_cover(const struct rules *rules, const struct rule_clause *outer,
                            const struct rule_clause *inner)
{
    if (outer->contract_count == 0)
        return true;
    for (uint32_t i = 0; i < inner->contract_count; i++) {
        uint32_t j = 0;
        while (j < outer->contract_count && rules->contract_numbers[inner->first_contract + i] !=
                                                rules->contract_numbers[outer->first_contract + j])
            j++;
        if (j == outer->contract_count)
            return false;
    }
    return inner->contract_count > 0;
}

static bool clocks_cover(const struct clause *outer, const struct clause *inner)
{
    static const struct clock_span all_day = {0, MINUTES_PER_DAY};
    const struct clock_span *spans = inner->clock_count > 0 ? inner->clocks : &all_day;
    uint32_t count = inner->clock_count > 0 ? inner->clock_count : 1;
    if (outer->clock_count == 0)
        return true;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = spans[i].from_min;
        for (uint32_t j = 0; j < outer->clock_count; j++) /* they rise */
            if (outer->clocks[j].from_min <= at && at < outer->clocks[j].until_min)
                at = outer->clocks[j].until_min;
        if (at < spans[i].until_min)
            return false;
    }
    return true;
}

static uint32_t quantity_most(const struct clause *terms)
{
    return terms->quantity_most < QUANTITY_MAX ? terms->quantity_most : QUANTITY_MAX;
}

static bool terms_cover(const struct clause *outer, const struct clause *inner)
{
    const uint32_t entries = (UINT32_C(1) << (ENTRY_LAST + 1)) - 1;
    return outer->price_least <= inner->price_least && outer->price_most >= inner->price_most &&
           outer->quantity_least <= inner->quantity_least &&
           quantity_most(outer) >= quantity_most(inner) &&
           (inner->means_mask & ~outer->means_mask) == 0 &&
           (inner->entry_mask & ~outer->entry_mask & entries) == 0 && clocks_cover(outer, inner);
}

/* ---- days ---- */

/* Places between which calendars may differ: the first and the last in each that they name. */
struct compared_places {
    uint32_t codes[COMPARED_PLACE_MAX];
    uint32_t count;
    bool are_too_many;
};

static void add_place(struct compared_places *places, uint32_t code)
{
    for (uint32_t i = 0; i < places->count; i++)
        if (places->codes[i] == code)
            return;
    if (places->count == COMPARED_PLACE_MAX)
        places->are_too_many = true;
    else
        places->codes[places->count++] = code;
}

static void add_items(struct compared_places *places, const struct rules *rules, uint32_t calendar)
{
    const struct rule_calendar *from = &rules->calendars[calendar];
    for (uint32_t i = 0; i < from->item_count; i++) {
        const struct calendar_item *item = &rules->items[from->first_item + i];
        if (!item->has_place)
            continue;
        uint32_t count = place_prefix_count(item->place), first = item->place.value * count;
        add_place(places, first);
        add_place(places, first + count - 1);
    }
}

static void add_places(struct compared_places *places, const struct rules *rules, uint32_t calendar)
{
    if (calendar == CALENDAR_ALL_DAYS)
        return;
    bool *is_within = memory_take((size_t)calendar + 1, sizeof(*is_within));
    calendars_within(is_within, rules, calendar);
    for (uint32_t c = 0; c <= calendar && !places->are_too_many; c++)
        if (is_within[c])
            add_items(places, rules, c);
    free(is_within);
}

/* Whether the days of one calendar are all days of the other, at this place, while the version is
 * in force. */
static bool days_cover_at(const struct rules *rules, uint32_t outer, uint32_t inner, uint32_t place,
                          struct window days)
{
    struct window window = {days.from_day, days.from_day};
    for (int i = 0; i < COMPARED_WINDOW_COUNT && window.until_day < days.until_day; i++) {
        window.from_day = window.until_day;
        window.until_day = days.until_day - window.from_day < WINDOW_DAYS_MAX
                               ? days.until_day
                               : window.from_day + WINDOW_DAYS_MAX;
        struct dayset all = dayset_of_calendar(rules, outer, place, window);
        struct dayset some = dayset_of_calendar(rules, inner, place, window);
        struct dayset rest = dayset_without(&some, &all);
        if (!dayset_is_empty(&rest))
            return false;
    }
    return true;
}

static bool days_cover(const struct rules *rules, uint32_t outer, uint32_t inner,
                       struct window days)
{
    struct compared_places places = {.codes = {0}, .count = 1}; /* nowhere, too */
    if (outer == CALENDAR_ALL_DAYS || outer == inner)
        return true;
    add_places(&places, rules, outer);
    add_places(&places, rules, inner);
    if (places.are_too_many)
        return false;
    for (uint32_t i = 0; i < places.count; i++)
        if (!days_cover_at(rules, outer, inner, places.codes[i], days))
            return false;
    return true;
}

/* ---- clauses of one version ---- */

/* The days on which anybody may still ask for the version. */
static struct window version_days(const struct lint_run *run, const struct rule_version *version)
{
    uint32_t from_day = run->in->window.from_day;
    return (struct window){version->from_day > from_day ? version->from_day : from_day,
                           version->until_day};
}

/* Whether `outer` fits whenever `inner` does, of a product that both are about. */
static bool clause_covers(const struct lint_run *run, const struct rule_version *version,
                          const struct rule_clause *outer, const struct rule_clause *inner)
{
    struct window days = version_days(run, version);
    return terms_cover(&outer->terms, &inner->terms) && points_cover(run->rules, outer, inner) &&
           places_cover(run->rules, outer, inner) && contracts_cover(run->rules, outer, inner) &&
           days_cover(run->rules, outer->calendar, inner->calendar, days) &&
           logic_implies(run->logic, inner->group, outer->group, version->unknown, days);
}

/* The first clause before this one that leaves nothing of the product to it; NULL: none does.
 * `known` remembers which clauses cover it: 0 not looked at, 1 yes, 2 no. */
static const struct rule_clause *find_cover(const struct lint_run *run,
                                            const struct rule_version *version,
                                            const struct rule_clause *clause, uint32_t product,
                                            uint8_t known[])
{
    const struct rule_clause *first = &run->rules->clauses[version->first_clause];
    for (const struct rule_clause *earlier = first; earlier < clause; earlier++) {
        uint8_t *is_known = &known[earlier - first];
        if (*is_known == 2 || !clause_is_about(run->rules, earlier, product))
            continue;
        if (*is_known == 0)
            *is_known = clause_covers(run, version, earlier, clause) ? 1 : 2;
        if (*is_known == 1)
            return earlier;
    }
    return NULL;
}

static void check_reached(const struct lint_run *run, const struct rule_version *version,
                          const struct rule_clause *clause)
{
    const struct rules *rules = run->rules;
    const struct rule_clause *first = &rules->clauses[version->first_clause], *cover = NULL;
    size_t number = (size_t)(clause - first);
    bool is_one = true;
    uint8_t *known = memory_take_zeroed(number, sizeof(known[0]));
    for (uint32_t i = 0; i < clause->product_count; i++) {
        uint32_t product = rules->clause_products[clause->first_product + i];
        const struct rule_clause *found = find_cover(run, version, clause, product, known);
        is_one = is_one && (cover == NULL || found == cover);
        cover = found;
        if (found == NULL)
            break;
    }
    free(known);
    if (cover != NULL)
        lint_at(run, WARNING_CLAUSE_UNREACHED, clause->at,
                "clause %zu of %s is never reached: clause %zu in line %" PRIu32 "%s fits whenever "
                "it does",
                number + 1, rules->reliefs[version->relief].name, (size_t)(cover - first) + 1,
                cover->at.line, is_one ? "" : ", or another before it,");
}

/* The most that the clause could ever take off is what it takes off the dearest of the most. */
static bool takes_nothing(const struct rule_version *version, const struct rule_clause *clause)
{
    struct clause terms = clause->terms;
    uint32_t quantity = quantity_most(&terms);
    terms.rounding = (uint8_t)version->rounding;
    terms.round_step = version->round_step;
    struct purchase purchase = {.unit_price = terms.price_most, .quantity = (uint16_t)quantity};
    uint64_t payable = (uint64_t)terms.price_most * quantity;
    if (terms.price_most == 0) /* what costs nothing is only to be recorded */
        return false;
    bool is_nothing = decide_amount(&terms, &purchase, payable).amount == 0;
    purchase.companions = terms.companions_max;
    return is_nothing && decide_amount(&terms, &purchase, payable).amount == 0;
}

void lint_clauses(const struct lint_run *run)
{
    const struct rules *rules = run->rules;
    for (uint32_t v = 0; v < rules->version_count; v++) {
        const struct rule_version *version = &rules->versions[v];
        if (version->relief == RELIEF_TEST || !lint_is_alive(run, version))
            continue;
        for (uint32_t i = 0; i < version->clause_count; i++) {
            const struct rule_clause *clause = &rules->clauses[version->first_clause + i];
            check_reached(run, version, clause);
            if (takes_nothing(version, clause))
                lint_at(run, WARNING_CLAUSE_NOTHING, clause->at,
                        "clause %" PRIu32 " of %s takes nothing off at any price", i + 1,
                        rules->reliefs[version->relief].name);
        }
    }
}
