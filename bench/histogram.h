/* Latencies in buckets of known error: 64 steps per doubling, so a value is known within 1/64. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include "protocol/bytes.h"

#define HISTOGRAM_STEPS        64 /* per doubling: a power of two */
#define HISTOGRAM_STEPS_SHIFT  6
#define HISTOGRAM_DOUBLINGS    37 /* to 2^42 ns, over an hour; what is longer counts as that */
#define HISTOGRAM_BUCKET_COUNT (HISTOGRAM_STEPS * HISTOGRAM_DOUBLINGS)

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKET_COUNT];
    uint64_t count;
    uint64_t most_ns; /* exact */
};

void histogram_add(struct histogram *histogram, uint64_t ns);

/* Adds all values of `from`. */
void histogram_add_all(struct histogram *histogram, const struct histogram *from);

/* The least value that `per_million` of all values do not exceed, rounded up to its bucket's end;
 * 0 when empty. */
uint64_t histogram_at(const struct histogram *histogram, uint32_t per_million);

/* Bucket of a value, and the greatest value of a bucket. */
uint32_t histogram_bucket(uint64_t ns);
uint64_t histogram_bucket_end(uint32_t bucket);

#endif
