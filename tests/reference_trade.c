/* The reference's own view of who sells what, where and under which contract. */
#include "tests/reference.h"

#include <string.h>

/* ---- what stands where, and when ---- */

static bool is_in_force(struct in_force in_force, uint32_t day)
{
    return day >= in_force.from_day && day < in_force.until_day;
}

static bool giver_is_in_force(const struct trade *trade, uint64_t giver, uint32_t day)
{
    for (uint32_t i = 0; i < trade->giver_count; i++) {
        if (trade->givers[i].number == giver)
            return is_in_force(trade->givers[i].in_force, day);
    }
    return true; /* there is no table of them, or the relief is reserved */
}

static bool product_is_in_force(const struct trade *trade, uint32_t product, uint32_t day)
{
    for (uint32_t i = 0; i < trade->product_count; i++) {
        if (trade->products[i].number == product)
            return is_in_force(trade->products[i].in_force, day);
    }
    return true;
}

const struct point_row *find_point(const struct trade *trade, uint32_t number)
{
    for (uint32_t i = 0; i < trade->point_count; i++) {
        if (number != 0 && trade->points[i].number == number)
            return &trade->points[i];
    }
    return NULL;
}

static bool sells(const struct trade *trade, const struct point_row *point, uint32_t day)
{
    if (point->is_suspended || !is_in_force(point->in_force, day))
        return false;
    for (uint32_t i = 0; i < trade->provider_count; i++) {
        const struct provider *provider = &trade->providers[i];
        if (provider->number == point->provider)
            return !provider->is_suspended && is_in_force(provider->in_force, day);
    }
    return false;
}

static bool contract_covers(const struct trade *trade, const struct contract_row *contract,
                            const struct rule_relief *relief, const struct point_row *point,
                            uint32_t day)
{
    if (contract->giver != relief->giver || contract->provider != point->provider ||
        strcmp(contract->relief, relief->name) != 0 || !is_in_force(contract->in_force, day))
        return false;
    for (uint32_t i = 0; i < contract->range_count; i++) {
        const struct point_range *range = &trade->ranges[contract->first_range + i];
        if (point->number >= range->first && point->number <= range->last)
            return true;
    }
    return contract->range_count == 0;
}

/* Of several the one with the lowest number; NULL: none. */
static const struct contract_row *find_contract(const struct trade *trade,
                                                const struct rule_relief *relief,
                                                const struct point_row *point, uint32_t day)
{
    const struct contract_row *found = NULL;
    for (uint32_t i = 0; i < trade->contract_count; i++) {
        const struct contract_row *contract = &trade->contracts[i];
        if (contract_covers(trade, contract, relief, point, day) &&
            (found == NULL || contract->number < found->number))
            found = contract;
    }
    return found;
}

static bool is_about_product(const struct rules *rules, const struct rule_clause *clause,
                             uint32_t product)
{
    for (uint32_t i = 0; i < clause->product_count; i++) {
        if (rules->clause_products[clause->first_product + i] == product)
            return true;
    }
    return false;
}

static bool is_at_point(const struct rules *rules, const struct rule_clause *clause,
                        const struct point_row *point)
{
    for (uint32_t i = 0; i < clause->range_count; i++) {
        const struct point_range *range = &rules->ranges[clause->first_range + i];
        if (point != NULL && point->number >= range->first && point->number <= range->last)
            return true;
    }
    return clause->range_count == 0;
}

static bool is_at_place(const struct rules *rules, const struct rule_clause *clause,
                        const struct point_row *point)
{
    for (uint32_t i = 0; i < clause->place_count; i++) {
        if (point != NULL && is_in_place(point->place, rules->places[clause->first_place + i]))
            return true;
    }
    return clause->place_count == 0;
}

static bool is_under(const struct rules *rules, const struct rule_clause *clause,
                     const struct contract_row *contract)
{
    for (uint32_t i = 0; i < clause->contract_count; i++) {
        if (contract != NULL &&
            rules->contract_numbers[clause->first_contract + i] == contract->number)
            return true;
    }
    return clause->contract_count == 0;
}

bool version_is_in_force(const struct rules *rules, const struct rule_version *version,
                         uint32_t day)
{
    const struct rule_relief *relief = &rules->reliefs[version->relief];
    if (version->state != VERSION_ACTIVE || day < version->from_day || day >= version->until_day)
        return false;
    for (uint32_t i = 0; i < relief->version_count; i++) {
        const struct rule_version *other = &rules->versions[relief->first_version + i];
        if (other->from_day > version->from_day && day >= other->from_day)
            return false; /* it has taken the place */
    }
    return true;
}

/* Whether the clause stands there on that day, calendars aside. */
static bool clause_is_offered(const struct reference *reference, const struct rule_clause *clause,
                              struct sale sale, const struct contract_row **contract)
{
    const struct rules *rules = reference->rules;
    const struct trade *trade = reference->trade;
    const struct rule_version *version = &rules->versions[clause->version];
    const struct rule_relief *relief = &rules->reliefs[version->relief];
    *contract = NULL;
    if (!is_about_product(rules, clause, sale.product) ||
        !product_is_in_force(trade, sale.product, sale.day) ||
        !version_is_in_force(rules, version, sale.day) ||
        !giver_is_in_force(trade, relief->giver, sale.day) ||
        !is_at_point(rules, clause, sale.point) || !is_at_place(rules, clause, sale.point))
        return false;
    if (!relief->is_everywhere) {
        if (sale.point == NULL || !sells(trade, sale.point, sale.day))
            return false;
        *contract = find_contract(trade, relief, sale.point, sale.day);
        if (*contract == NULL)
            return false;
    }
    return is_under(rules, clause, *contract);
}

bool clause_stands(const struct reference *reference, const struct rule_clause *clause,
                   struct sale sale, const struct contract_row **contract)
{
    uint32_t place = sale.point != NULL ? sale.point->place : 0;
    return clause_is_offered(reference, clause, sale, contract) &&
           reference_calendar_holds(reference->rules, clause->calendar, place, sale.day);
}

bool anything_is_offered(const struct reference *reference, struct sale sale)
{
    for (uint32_t i = 0; i < reference->rules->clause_count; i++) {
        const struct rule_clause *clause = &reference->rules->clauses[i];
        const struct contract_row *contract;
        if (clause_is_offered(reference, clause, sale, &contract))
            return true;
    }
    return false;
}

bool anything_stands_nowhere(const struct reference *reference, uint32_t product)
{
    struct sale sale = {.product = product};
    for (sale.day = reference->from_day; sale.day < reference->until_day; sale.day++) {
        if (anything_is_offered(reference, sale))
            return true;
    }
    return false;
}
