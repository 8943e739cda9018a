/* Tables by chance: givers, providers, points of sale, contracts, validities of products. */
#include "tests/random_text.h"

#include "loader/memory.h"

#include <stdio.h>
#include <stdlib.h>

#define PROVIDER_COUNT 3
#define POINT_COUNT    9
#define PRODUCT_COUNT  4
#define CONTRACT_MAX   24
#define NUMBER_SUM     3 /* check digits of registration numbers: see loader/rulelang.c */

/* A registration number whose check digit fits. */
static uint64_t registration_number(uint64_t first_digits)
{
    static const uint32_t weights[11] = {9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1};
    for (uint64_t number = first_digits * 1000;; number++) {
        uint32_t sum = 0;
        uint64_t rest = number;
        for (int i = 10; i >= 0; i--, rest /= 10)
            sum += weights[i] * (uint32_t)(rest % 10);
        if (sum % 11 == NUMBER_SUM)
            return number;
    }
}

uint64_t random_giver(uint32_t index)
{
    return registration_number(90000000 + index * 137);
}

static uint64_t provider_number(uint32_t index)
{
    return registration_number(40000000 + index * 211);
}

/* For ever, or with an end or two that are days of change. */
static struct in_force some_validity(struct random_catalogue *random, uint64_t *state,
                                     uint32_t percent_limited)
{
    struct in_force span = {0, DAY_NEVER, 1};
    if (!random_chance(state, percent_limited))
        return span;
    uint32_t first = random_day(random, state), second = random_day(random, state);
    if (random_chance(state, 60))
        span.from_day = first < second ? first : second;
    if (random_chance(state, 60))
        span.until_day = (first < second ? second : first) + 1;
    random_add_edge(random, span.from_day);
    random_add_edge(random, span.until_day);
    return span;
}

static void make_parties(struct random_catalogue *random, uint64_t *state)
{
    struct trade *trade = &random->catalogue.trade;
    trade->has_givers = true;
    trade->givers = memory_take_zeroed(RANDOM_GIVER_COUNT, sizeof(trade->givers[0]));
    for (; trade->giver_count < RANDOM_GIVER_COUNT; trade->giver_count++) {
        struct giver *giver = &trade->givers[trade->giver_count];
        giver->number = random_giver(trade->giver_count);
        giver->in_force = some_validity(random, state, 15);
    }
    trade->providers = memory_take_zeroed(PROVIDER_COUNT, sizeof(trade->providers[0]));
    for (; trade->provider_count < PROVIDER_COUNT; trade->provider_count++) {
        struct provider *provider = &trade->providers[trade->provider_count];
        provider->number = provider_number(trade->provider_count);
        provider->is_suspended = random_chance(state, 5);
        provider->in_force = some_validity(random, state, 15);
    }
}

static void make_points(struct random_catalogue *random, uint64_t *state)
{
    static const uint32_t places[] = {1000, 1000, 4000, 3201000, 5000, 0};
    struct trade *trade = &random->catalogue.trade;
    trade->points = memory_take_zeroed(POINT_COUNT, sizeof(trade->points[0]));
    for (; trade->point_count < POINT_COUNT; trade->point_count++) {
        struct point_row *point = &trade->points[trade->point_count];
        point->number = 101 + trade->point_count * 3;
        point->provider = trade->providers[random_below(state, PROVIDER_COUNT)].number;
        point->place = places[random_below(state, 6)];
        point->is_suspended = random_chance(state, 4);
        point->in_force = some_validity(random, state, 15);
    }
}

/* In some catalogues: the products' usual prices and validities. */
static void make_products(struct random_catalogue *random, uint64_t *state)
{
    struct trade *trade = &random->catalogue.trade;
    if (random_chance(state, 50))
        return;
    trade->products = memory_take_zeroed(PRODUCT_COUNT, sizeof(trade->products[0]));
    for (; trade->product_count < PRODUCT_COUNT; trade->product_count++) {
        struct product_row *product = &trade->products[trade->product_count];
        product->number = 1001 + trade->product_count;
        snprintf(product->name, sizeof(product->name), "p%u", trade->product_count + 1);
        product->in_force = some_validity(random, state, 25);
    }
}

static void add_ranges(struct contract_row *contract, struct trade *trade, uint64_t *state)
{
    contract->first_range = trade->range_count;
    while (contract->range_count < 3 && random_chance(state, 20)) {
        uint32_t first = 100 + random_below(state, 24);
        trade->ranges[trade->range_count++] =
            (struct point_range){first, first + random_below(state, 12)};
        contract->range_count++;
    }
}

static void make_contracts(struct random_catalogue *random, uint64_t *state)
{
    struct trade *trade = &random->catalogue.trade;
    trade->contracts = memory_take_zeroed(CONTRACT_MAX, sizeof(trade->contracts[0]));
    trade->ranges = memory_take_zeroed((size_t)CONTRACT_MAX * 3, sizeof(trade->ranges[0]));
    for (; trade->contract_count < CONTRACT_MAX; trade->contract_count++) {
        struct contract_row *contract = &trade->contracts[trade->contract_count];
        uint32_t relief = random_below(state, random->relief_count);
        for (uint32_t i = 0; i < 8 && random->everywhere_mask >> relief & 1; i++)
            relief = random_below(state, random->relief_count);
        if (random->everywhere_mask >> relief & 1 || random_chance(state, 4))
            break;
        contract->number = 11 + trade->contract_count * 2;
        contract->giver = random_giver(relief % RANDOM_GIVER_COUNT);
        contract->provider = trade->providers[random_below(state, PROVIDER_COUNT)].number;
        snprintf(contract->relief, sizeof(contract->relief), "R%u", relief + 1);
        contract->in_force = some_validity(random, state, 30);
        add_ranges(contract, trade, state);
    }
}

void random_trade_make(struct random_catalogue *random, uint64_t *state)
{
    make_parties(random, state);
    make_points(random, state);
    make_products(random, state);
    make_contracts(random, state);
}
