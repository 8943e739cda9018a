/* Busy polling: for so long after something has come, a loop looks at its sockets again and again
 * before it sleeps. What comes meanwhile waits for no wake-up; it costs a core. */
#ifndef ENGINE_SPIN_H
#define ENGINE_SPIN_H

#include <ev.h>

#include "protocol/bytes.h"

#define SPIN_US_MAX 1000000

struct spin {
    struct ev_loop *ev;           /* borrowed, as the next is */
    const uint64_t *wakeup_count; /* rises with what comes over sockets; a timer is none */
    uint64_t seen_count, busy_ns, until_ns;
};

/* `busy_us` 0: it always sleeps. */
void spin_begin(struct spin *spin, struct ev_loop *ev, uint64_t busy_us,
                const uint64_t *wakeup_count);

/* One turn of the loop: what has come is answered, or it sleeps until something comes. */
void spin_turn(struct spin *spin);

/* Turns until a callback has set *is_over, and called ev_break. */
void spin_run(struct spin *spin, const bool *is_over);

#endif
