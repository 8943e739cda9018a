/* The ledger's clock: never back, and not far forward because a wall clock says so. Pure: whoever
 * has clocks passes what they say. See protocol/LEDGER.md, "Periods and time".
 *
 * `monotonic_ms` is of a clock that goes on while the machine sleeps (CLOCK_BOOTTIME). */
#ifndef ENGINE_LEDGER_CLOCK_H
#define ENGINE_LEDGER_CLOCK_H

#include "protocol/bytes.h"

#define CLOCK_STEP_MAX_MS    300000          /* forward in all, on the wall clock's word alone */
#define CLOCK_ABSENCE_MAX_MS (7 * 86400000u) /* likewise, while the ledger was closed */

struct ledger_clock {
    uint64_t now_ms;       /* UTC */
    uint64_t monotonic_ms; /* then */
    /* When it was opened, or known to be right last: so far by then, on either clock. */
    uint64_t base_ms, base_monotonic_ms;
    /* The wall clock is so, far, and is not believed: somebody must be told. */
    bool is_ahead, is_far_behind;
};

/* With what a ledger had written last; 0: it is new, and the wall clock is all there is. Who knows
 * that the wall clock is right says that it is synchronised. */
void clock_begin(struct ledger_clock *clock, uint64_t written_ms, uint64_t wall_ms,
                 uint64_t monotonic_ms, bool is_synchronised);

/* The time now. */
uint64_t clock_next(struct ledger_clock *clock, uint64_t wall_ms, uint64_t monotonic_ms,
                    bool is_synchronised);

#endif
