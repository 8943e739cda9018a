/* The municipalities in which somebody lives, numbered, so that persons of each can be counted in
 * an array. */
#ifndef LOADER_MUNICIPALITIES_H
#define LOADER_MUNICIPALITIES_H

#include <assert.h>

#include "loader/facts.h"

#define MUNICIPALITY_COUNT   10000 /* ATVK codes of seven digits: the first four */
#define MUNICIPALITY_DIVISOR 1000

struct municipalities {
    uint16_t index_of[MUNICIPALITY_COUNT]; /* by the first four digits, in order of code */
    uint32_t places[MUNICIPALITY_COUNT];   /* by index: the code of seven digits; [0] is 0, those
                                            * without a declared address */
    uint32_t count;
};

void municipalities_list(struct municipalities *out, const struct facts *facts);
/* The same by the codes of four digits that are there; [0], no address, always is. */
void municipalities_number(struct municipalities *out, const uint8_t is_there[MUNICIPALITY_COUNT]);

/* The index of the municipality that a declared address is in. */
static inline uint32_t municipality_of(const struct municipalities *municipalities, uint32_t place)
{
    assert(place / MUNICIPALITY_DIVISOR < MUNICIPALITY_COUNT);
    return municipalities->index_of[place / MUNICIPALITY_DIVISOR];
}

#endif
