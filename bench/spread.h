/* Values of the same thing, one per round: the one in the middle, and how far they lie apart. */
#ifndef BENCH_SPREAD_H
#define BENCH_SPREAD_H

#include "protocol/bytes.h"

struct spread {
    double median, least, most;
    uint32_t round_count; /* 0: nothing was measured, and the others are 0 */
};

/* Sorts the values; there are fewer than 2^32. */
struct spread spread_of(double values[], size_t count);

#endif
