/* Which lines of counts may be told: none with fewer persons in a class than the bound and more
 * than none, and no such count that could be worked out from a total and the other lines. Pure. */
#ifndef PROTOCOL_SUPPRESS_H
#define PROTOCOL_SUPPRESS_H

#include "protocol/bytes.h"

#define SUPPRESS_CLASS_COUNT 4

/* Persons by what becomes of them; what a line shows follows from these and their sums. */
struct counted {
    uint64_t persons[SUPPRESS_CLASS_COUNT];
    bool is_told;
};

bool suppress_is_small(uint64_t count, uint64_t bound);

/* Whether the line may stand alone. */
bool suppress_may_tell(const struct counted *line, uint64_t bound);

/* Sets is_told of the lines under one total. A line that may not stand alone takes others with it,
 * the smallest first, until nobody sees from the total how few there are in it. Lines about
 * different persons are `are_disjoint`; else one person may stand behind several of them. */
void suppress_lines(struct counted *const lines[], size_t count, uint64_t bound, bool are_disjoint);

#endif
