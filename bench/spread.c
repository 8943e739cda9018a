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
    double median = (values[(count - 1) / 2] + values[count / 2]) / 2;
    return (struct spread){values[0], median, values[count - 1]};
}
