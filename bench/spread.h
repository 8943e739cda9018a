/* Several values of the same thing: the one in the middle, and how far they lie apart. */
#ifndef BENCH_SPREAD_H
#define BENCH_SPREAD_H

#include "protocol/bytes.h"

struct spread {
    double least, median, most; /* all 0 when there are no values */
};

/* Sorts the values. */
struct spread spread_of(double values[], size_t count);

#endif
