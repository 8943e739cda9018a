/* Percentiles as HdrHistogram prints them, which plotters of latencies read: value, share of all
 * values, count so far, 1/(1-share). */
#ifndef BENCH_HGRM_H
#define BENCH_HGRM_H

#include <stdio.h>

#include "bench/histogram.h"

/* Values in microseconds. Errors of the stream are left to the caller's ferror(). */
void hgrm_write(FILE *file, const struct histogram *histogram);

#endif
