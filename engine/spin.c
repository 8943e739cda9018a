#include "engine/spin.h"

#include "protocol/progress.h"

#define NS_PER_US UINT64_C(1000)

static void invoke(struct ev_loop *ev)
{
    struct spin *spin = ev_userdata(ev);
    if (ev_pending_count(ev) > 0)
        spin->until_ns = clock_monotonic_ns() + spin->busy_ns;
    ev_invoke_pending(ev);
}

void spin_begin(struct spin *spin, struct ev_loop *ev, uint64_t busy_us)
{
    *spin = (struct spin){.ev = ev, .busy_ns = busy_us * NS_PER_US};
    if (busy_us == 0)
        return;
    ev_set_userdata(ev, spin);
    ev_set_invoke_pending_cb(ev, invoke);
}

void spin_run(struct spin *spin, const bool *is_over)
{
    if (spin->busy_ns == 0)
        ev_run(spin->ev, 0); /* turns within libev cost less */
    else
        while (!*is_over)
            spin_turn(spin);
}

void spin_turn(struct spin *spin)
{
    bool is_busy = spin->busy_ns > 0 && clock_monotonic_ns() < spin->until_ns;
    ev_run(spin->ev, is_busy ? EVRUN_NOWAIT : EVRUN_ONCE);
}
