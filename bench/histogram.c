#include "bench/histogram.h"

#include <assert.h>

uint32_t histogram_bucket(uint64_t ns)
{
    if (ns < HISTOGRAM_STEPS)
        return (uint32_t)ns;
    uint32_t doublings = 63 - (uint32_t)__builtin_clzll(ns) - HISTOGRAM_STEPS_SHIFT;
    uint64_t bucket = (uint64_t)doublings * HISTOGRAM_STEPS + (ns >> doublings);
    return bucket < HISTOGRAM_BUCKET_COUNT ? (uint32_t)bucket : HISTOGRAM_BUCKET_COUNT - 1;
}

uint64_t histogram_bucket_end(uint32_t bucket)
{
    assert(bucket < HISTOGRAM_BUCKET_COUNT);
    if (bucket < 2 * HISTOGRAM_STEPS)
        return bucket;
    uint32_t doublings = bucket / HISTOGRAM_STEPS - 1;
    uint64_t step = bucket - (uint64_t)doublings * HISTOGRAM_STEPS;
    return ((step + 1) << doublings) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t ns)
{
    histogram->counts[histogram_bucket(ns)]++;
    histogram->count++;
    if (ns > histogram->most_ns)
        histogram->most_ns = ns;
}

void histogram_add_all(struct histogram *histogram, const struct histogram *from)
{
    for (uint32_t i = 0; i < HISTOGRAM_BUCKET_COUNT; i++)
        histogram->counts[i] += from->counts[i];
    histogram->count += from->count;
    if (from->most_ns > histogram->most_ns)
        histogram->most_ns = from->most_ns;
}

uint64_t histogram_at(const struct histogram *histogram, uint32_t per_million)
{
    assert(per_million <= 1000000);
    /* Counts stay below 2^44, so the product fits. */
    assert(histogram->count < UINT64_C(1) << 44);
    uint64_t wanted = (histogram->count * per_million + 999999) / 1000000;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKET_COUNT; i++) {
        seen += histogram->counts[i];
        if (seen >= wanted && seen > 0) {
            uint64_t end = histogram_bucket_end(i);
            return end < histogram->most_ns ? end : histogram->most_ns;
        }
    }
    return 0;
}
