/* When the n-th request is due. Arithmetic from the start, so that a stalled server cannot slow its
 * own examiner. */
#ifndef BENCH_PACE_H
#define BENCH_PACE_H

#include "protocol/progress.h"

struct pace {
    uint64_t start_ns;
    uint64_t rate_per_s; /* not 0 */
};

static inline uint64_t pace_due_ns(const struct pace *pace, uint64_t request_index)
{
    uint64_t whole_s = request_index / pace->rate_per_s;
    uint64_t rest = request_index % pace->rate_per_s;
    return pace->start_ns + whole_s * NS_PER_S + rest * NS_PER_S / pace->rate_per_s;
}

#endif
