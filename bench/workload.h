/* The requests of a run: encoded once, drawn from a seed, sent again and again under new ids. */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include "protocol/fault.h"
#include "protocol/frame.h"

#define WORKLOAD_FRAME_COUNT (1u << 18) /* 16 MiB; a power of two */

/* Frame f is about product f % WORKLOAD_PRODUCT_COUNT of the shipped catalogue, at a point of sale
 * of one provider: a terminal that sells there may send every frame with that remainder. */
#define WORKLOAD_PRODUCT_COUNT 8
struct workload_points {
    uint32_t first, last; /* numbers of points of sale, both in */
};
struct workload_points workload_points(uint32_t product_index);

struct workload {
    uint8_t kind;                  /* KIND_CHECK, KIND_USE or KIND_RESERVE: what the frames ask */
    uint8_t (*frames)[FRAME_SIZE]; /* WORKLOAD_FRAME_COUNT; owned */
    uint64_t identifier_count;     /* that the hits are drawn from */
};

/* How requests are drawn. `skew` is below 1: 0 asks for everybody alike, towards 1 the first few
 * get most of the requests: the share of the first r of n identifiers is (r/n)^(1-skew). */
struct mix {
    uint32_t hit_percent;
    double skew;
    uint64_t seed;
    uint8_t kind; /* KIND_CHECK, KIND_USE or KIND_RESERVE */
};

/* Of a RESERVE: long enough that nothing runs out while it waits for its CONFIRM. */
#define WORKLOAD_HOLD_10S 30

/* Hits are the identifiers of a truth file (lines P and M); misses are personal codes that nobody
 * has. */
MUST_USE bool workload_read(struct workload *workload, const char *truth_path,
                            const struct mix *mix, struct fault *fault);
void workload_free(struct workload *workload);

#endif
