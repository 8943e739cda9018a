#include "bench/spread.h"

#include <stdlib.h>

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct spread spread_of(double values[], size_t count)
{
    if (count == 0)
        return (struct spread){0};
    qsort(values, count, sizeof(values[0]), compare_doubles);
    return (struct spread){.median = (values[(count - 1) / 2] + values[count / 2]) / 2,
                           .least = values[0],
                           .most = values[count - 1],
                           .round_count = (uint32_t)count};
}
