/* Servers under the same load in turns, and what came of it: medians, and ratios within a round. */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include "bench/contestants.h"
#include "bench/figures.h"
#include "bench/load.h"

#define COMPARE_ROUND_MAX 99
#define COMPARE_DEPTH_MAX 8

struct compare {
    struct contestants contestants;
    struct load load;
    cpu_set_t load_cores;
    uint32_t depths[COMPARE_DEPTH_MAX];
    size_t depth_count;
    /* Who took part, in order; stays when the servers are stopped. */
    enum contestant_kind kinds[CONTESTANT_COUNT];
    size_t kind_count;
    size_t round_count; /* that are whole */
    struct figures figures[COMPARE_DEPTH_MAX][CONTESTANT_COUNT][COMPARE_ROUND_MAX];
};

/* The contestants are started, depths and workload are set. An interrupt ends it after the last
 * whole round; it is a fault when there is none. */
MUST_USE bool compare_run(struct compare *compare, uint64_t round_count, bool is_quiet,
                          struct fault *fault);

/* Answers that failed or were wrong. */
double compare_lost_count(const struct compare *compare);

MUST_USE bool compare_append(const struct compare *compare, const char *path, struct fault *fault);
void compare_print_text(const struct compare *compare);
void compare_print_json(const struct compare *compare);

#endif
