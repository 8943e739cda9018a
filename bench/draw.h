/* Reproducible randomness for the synthetic country (splitmix64) in whole numbers only, so that a
 * seed means the same bytes on every machine. */
#ifndef BENCH_DRAW_H
#define BENCH_DRAW_H

#include <assert.h>

#include "protocol/bytes.h"

struct draw {
    uint64_t state;
};

static inline uint64_t draw_next(struct draw *draw)
{
    uint64_t z = (draw->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* A stream of its own for one purpose: what one file draws does not move what another draws. */
static inline struct draw draw_start(uint64_t seed, uint64_t purpose)
{
    struct draw draw = {seed ^ (purpose * UINT64_C(0xd1342543de82ef95))};
    draw.state = draw_next(&draw);
    return draw;
}

/* 0 up to, not including, `bound`, which is not 0. */
static inline uint32_t draw_below(struct draw *draw, uint32_t bound)
{
    assert(bound > 0);
    return (uint32_t)(((draw_next(draw) >> 32) * bound) >> 32);
}

/* `least` up to, not including, `end`. */
static inline uint32_t draw_between(struct draw *draw, uint32_t least, uint32_t end)
{
    return least + draw_below(draw, end - least);
}

/* True in `per_100000` of 100,000 cases. */
static inline bool draw_chance(struct draw *draw, uint32_t per_100000)
{
    return draw_below(draw, 100000) < per_100000;
}

static inline bool draw_percent(struct draw *draw, uint32_t percent)
{
    return draw_below(draw, 100) < percent;
}

#endif
