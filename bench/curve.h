/* A curve of latencies in a file of measures: one row per percentile, from the fastest answer to
 * all but one in a million. */
#ifndef BENCH_CURVE_H
#define BENCH_CURVE_H

#include "bench/histogram.h"
#include "bench/measures.h"

struct curve {
    const char *subject;
    uint64_t rate_per_s; /* of an open loop; 0: a closed one of this depth */
    uint32_t depth, round;
};

/* Whether a file of measures takes it. */
MUST_USE bool curve_subject_fits(const char *subject, struct fault *fault);

MUST_USE bool curve_append(const char *path, const struct curve *curve,
                           const struct histogram *latency, struct fault *fault);

#endif
