/* Clauses for tests: a part of the price for a group, on all days, at every point of sale and
 * nowhere in particular; and the offers that they make. */
#ifndef TESTS_SHELF_H
#define TESTS_SHELF_H

#include "protocol/snapshot.h"

#include <assert.h>
#include <string.h>

static inline struct clause shelf_clause(uint32_t code, uint16_t relief, uint16_t group,
                                         uint16_t percent_bp)
{
    return (struct clause){
        .code = code,
        .relief = relief,
        .group = group,
        .computation = COMPUTE_PERCENT,
        .round_step = 1,
        .means_mask = MEANS_MASK_ALL,
        .entry_mask = ENTRY_MASK_ALL,
        .value = percent_bp,
        .price_most = UINT32_MAX,
        .quantity_least = 1,
        .quantity_most = UINT16_MAX,
        .number = 1,
    };
}

/* Set of days 0, for a window of so many days. */
static inline struct dayset shelf_all_days(uint32_t day_count)
{
    struct dayset all = {{0}};
    assert(day_count <= WINDOW_DAYS_MAX);
    for (uint32_t day = 0; day < day_count; day++)
        all.words[day / 64] |= UINT64_C(1) << day % 64;
    return all;
}

/* One offer, at SITE_NOWHERE, for each run of equal numbers in `products`, which says for every
 * clause what it is about; returns how many. */
static inline uint32_t shelf_offers(struct offer *offers, const uint32_t *products,
                                    uint32_t clause_count)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < clause_count; i++) {
        if (i == 0 || products[i] != products[i - 1])
            offers[count++] = (struct offer){.product = products[i], .clause_first = i};
        offers[count - 1].clause_count++;
    }
    return count;
}

#endif
