/* Connections over loops: which loop takes the next one, and how it gets there. Whoever accepts one
 * keeps it, unless another loop has clearly fewer: then it is handed over. A lock is taken for what
 * is handed over and for nothing else; frames never come here. */
#ifndef ENGINE_SPREAD_H
#define ENGINE_SPREAD_H

#include "engine/metrics.h"
#include "protocol/fault.h"

/* Handed over and not yet taken, of each loop; when there are as many, who accepts keeps them. */
#define SPREAD_WAITING_MAX 256

/* A loop keeps what it accepts as long as it has at most so much more than the one that has least:
 * one sixteenth. Of few connections that is none; of thousands, which the kernel spreads well
 * enough, hardly any change hands. */
#define SPREAD_SLACK_SHIFT 4

struct spread;

/* Takes who has how many connections from the loops' metrics, which are borrowed. */
MUST_USE bool spread_open(struct spread **out, const struct metrics loops[], uint32_t loop_count,
                          struct fault *fault);
void spread_close(struct spread *spread); /* what nobody took is closed; NULL: nothing */

/* Connections of a loop, and those that wait for it. */
uint32_t spread_load(const struct spread *spread, uint32_t loop);

/* Which loop should take the next connection that `self` accepts. */
uint32_t spread_choose(const struct spread *spread, uint32_t self);

/* An accepted socket. */
struct spread_one {
    int fd;
    uint8_t profile; /* as of conns_add */
};

/* False when the loop takes nothing any more, or too many wait for it: keep it. Else wake it. */
MUST_USE bool spread_give(struct spread *spread, uint32_t loop, struct spread_one one);

/* For the loop itself: the one that has waited longest; false: none waits. */
bool spread_take(struct spread *spread, uint32_t loop, struct spread_one *out);

/* From now on the loop is given nothing: what waits is all that there will be. */
void spread_end(struct spread *spread, uint32_t loop);

#endif
