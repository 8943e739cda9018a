/* Draws for the synthetic country: whole numbers only, so that a seed means the same bytes on every
 * machine. */
#ifndef BENCH_DRAW_H
#define BENCH_DRAW_H

#include <assert.h>

#include "bench/random.h"

struct draw {
    uint64_t state;
};

/* A stream of its own for one purpose: what one file draws does not move what another draws. */
static inline struct draw draw_start(uint64_t seed, uint64_t purpose)
{
    struct draw draw = {seed ^ (purpose * UINT64_C(0xd1342543de82ef95))};
    draw.state = random_next(&draw.state);
    return draw;
}

/* 0 up to, not including, `bound`, which is not 0. */
static inline uint32_t draw_below(struct draw *draw, uint32_t bound)
{
    assert(bound > 0);
    return (uint32_t)random_below(&draw->state, bound);
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
