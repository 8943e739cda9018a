#include "engine/spin.h"

#include "protocol/progress.h"

#define NS_PER_US UINT64_C(1000)

void spin_begin(struct spin *spin, struct ev_loop *ev, uint64_t busy_us,
                const uint64_t *wakeup_count)
{
    *spin = (struct spin){.ev = ev,
                          .wakeup_count = wakeup_count,
                          .seen_count = *wakeup_count,
                          .busy_ns = busy_us * NS_PER_US};
}

void spin_turn(struct spin *spin)
{
    bool is_busy = spin->until_ns != 0 && clock_monotonic_ns() < spin->until_ns;
    ev_run(spin->ev, is_busy ? EVRUN_NOWAIT : EVRUN_ONCE);
    if (spin->busy_ns == 0 || *spin->wakeup_count == spin->seen_count)
        return;
    spin->seen_count = *spin->wakeup_count;
    spin->until_ns = clock_monotonic_ns() + spin->busy_ns;
}

void spin_run(struct spin *spin, const bool *is_over)
{
    if (spin->busy_ns == 0)
        ev_run(spin->ev, 0); /* turns within libev cost less */
    else
        while (!*is_over)
            spin_turn(spin);
}
