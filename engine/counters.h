/* The last handshake counter of each terminal: a HELLO whose counter has not risen is an old one,
 * sent again. Memory is what counters_open took. All calls lock; none is on the way of a check. */
#ifndef ENGINE_COUNTERS_H
#define ENGINE_COUNTERS_H

#include "protocol/catalogue.h"
#include "protocol/fault.h"

/* Terminals that are remembered; twice as many as a catalogue has at once. */
#define COUNTERS_MAX (2 * TERMINAL_COUNT_MAX)

struct counters;

MUST_USE bool counters_open(struct counters **out, struct fault *fault);
void counters_close(struct counters *counters); /* NULL: nothing */

/* Takes a counter that is higher than all before; false: it is not, or there is no room to remember
 * it. One of a terminal of which nothing is remembered must be higher than the floor: who knows
 * whether it was forgotten. */
bool counters_rise(struct counters *counters, uint32_t terminal, uint64_t counter);

/* When as many are remembered as may be: forgets, of those that are not in the catalogue, the half
 * whose counters are lowest, and the highest of these is the floor from then on. Else nothing. */
void counters_make_room(struct counters *counters, const struct terminal catalogue[],
                        uint32_t terminal_count);

/* The state file: magic "ELIGCTR1", u32 count, u32 zero, u64 floor, then for each u32 terminal, u32
 * zero, u64 counter; a BLAKE2b-128 of all that at the end. Written only when something has risen
 * since. */
MUST_USE bool counters_save(struct counters *counters, const char *path, struct fault *fault);

/* Of an empty one. No file: true. A file that is not whole or not ours: false, and nothing of it is
 * taken. */
MUST_USE bool counters_load(struct counters *counters, const char *path, struct fault *fault);

uint32_t counters_count(struct counters *counters);

#endif
