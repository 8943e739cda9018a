#include "engine/ledger_clock.h"

/* Where the clock is known to have been right, or has begun. */
static void set_base(struct ledger_clock *clock, uint64_t monotonic_ms)
{
    clock->base_ms = clock->now_ms;
    clock->base_monotonic_ms = monotonic_ms;
}

/* Forward to the wall clock when it is believed, or not too far beyond `from_ms`. */
static void follow(struct ledger_clock *clock, uint64_t wall_ms, uint64_t from_ms,
                   uint64_t step_max_ms, bool is_believed)
{
    bool is_far = wall_ms > from_ms && wall_ms - from_ms > step_max_ms;
    clock->is_ahead = is_far && !is_believed;
    if (!clock->is_ahead && wall_ms > clock->now_ms)
        clock->now_ms = wall_ms;
}

void clock_begin(struct ledger_clock *clock, uint64_t written_ms, uint64_t wall_ms,
                 uint64_t monotonic_ms, bool is_synchronised)
{
    *clock = (struct ledger_clock){.now_ms = written_ms, .monotonic_ms = monotonic_ms};
    follow(clock, wall_ms, written_ms, CLOCK_ABSENCE_MAX_MS, is_synchronised || written_ms == 0);
    set_base(clock, monotonic_ms);
}

uint64_t clock_next(struct ledger_clock *clock, uint64_t wall_ms, uint64_t monotonic_ms,
                    bool is_synchronised)
{
    uint64_t passed_ms =
        monotonic_ms > clock->monotonic_ms ? monotonic_ms - clock->monotonic_ms : 0;
    bool is_behind = wall_ms < clock->now_ms;
    clock->is_far_behind = is_behind && clock->now_ms - wall_ms > CLOCK_STEP_MAX_MS;
    if (passed_ms > 0)
        clock->monotonic_ms = monotonic_ms;

    /* A wall clock that is a little behind is waited for, at half the pace; one that is far behind
     * is wrong. */
    if (is_behind && !clock->is_far_behind) {
        clock->monotonic_ms -=
            passed_ms % 2; /* the other half of the last millisecond is not lost */
        clock->now_ms += passed_ms / 2;
        clock->is_ahead = false;
        return clock->now_ms;
    }
    if (is_behind || wall_ms - clock->now_ms > passed_ms)
        clock->now_ms += passed_ms;
    else
        clock->now_ms = wall_ms;

    /* By the pace since the base: many small steps are one that is large. */
    uint64_t since_ms =
        monotonic_ms > clock->base_monotonic_ms ? monotonic_ms - clock->base_monotonic_ms : 0;
    follow(clock, wall_ms, clock->base_ms + since_ms, CLOCK_STEP_MAX_MS, is_synchronised);
    if (is_synchronised)
        set_base(clock, monotonic_ms);
    return clock->now_ms;
}
