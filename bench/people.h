/* Lives: what becomes of one citizen, or of one household, in the registers. */
#ifndef BENCH_PEOPLE_H
#define BENCH_PEOPLE_H

#include "bench/country.h"

#define HOUSEHOLD_SIZE_MAX 12

/* Citizens `first` up to `first` + `count`: one address. `age` in years of each. */
struct home {
    uint32_t first, count;
    uint32_t adult_count; /* they come first */
    uint32_t age[HOUSEHOLD_SIZE_MAX];
};

/* Fills every register for a household whose citizens stand already. */
void people_live(struct country *country, struct draw *draw, const struct home *home);

/* A good card issued some time ago, with its number; the caller may end it. */
struct card_row *people_issue_eid(struct country *country, struct draw *draw, uint32_t person,
                                  uint32_t age);
struct card_row *people_issue_etalons(struct country *country, struct draw *draw, uint32_t person);

#endif
