/* Numbers at which something begins or ends: between two cuts no range tells numbers apart. */
#ifndef LOADER_CUTS_H
#define LOADER_CUTS_H

#include "protocol/bytes.h"

/* Zeros are none; cuts_free releases it. */
struct cuts {
    uint32_t *at; /* rising, once cuts_settle was called */
    size_t room;
    uint32_t count;
};

void cuts_add_range(struct cuts *cuts, uint32_t first, uint32_t last); /* both in */
void cuts_add_all(struct cuts *cuts, const struct cuts *others);
void cuts_settle(struct cuts *cuts);

/* Which stretch between cuts the number lies in: 0 is the one below the first cut. */
uint32_t cuts_stretch(const struct cuts *cuts, uint32_t number);

void cuts_free(struct cuts *cuts);

#endif
