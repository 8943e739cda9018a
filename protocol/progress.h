/* A progress line on stderr for work of over a second: bar, rate and time left on a terminal, one
 * plain line for every ten percent otherwise, nothing when quiet. */
#ifndef PROTOCOL_PROGRESS_H
#define PROTOCOL_PROGRESS_H

#include "protocol/bytes.h"

struct progress {
    const char *what; /* "reading" */
    const char *unit; /* "rows" */
    uint64_t total;   /* 0: not known */
    uint64_t done;
    uint64_t start_ns, shown_ns;
    uint32_t tenths_shown;
    bool is_terminal, is_quiet;
};

/* One thread starts, steps and ends it. `what` and `unit` are borrowed. */
void progress_start(struct progress *progress, const char *what, const char *unit, uint64_t total,
                    bool is_quiet);
/* Cheap enough for every few thousand units: prints at most ten times a second. */
void progress_set(struct progress *progress, uint64_t done);
/* Leaves "what: done unit in time, rate" standing; in a log only after over a second of work. */
void progress_end(struct progress *progress);

/* 1857000 as "1,857,000"; COUNT_TEXT brings its own room, which lasts to the end of the block. */
#define COUNT_TEXT_SIZE   27
#define COUNT_TEXT(count) count_to_text((char[COUNT_TEXT_SIZE]){0}, count)
const char *count_to_text(char text[static COUNT_TEXT_SIZE], uint64_t count);

#define NS_PER_S UINT64_C(1000000000)

/* Monotonic clock, nanoseconds. */
uint64_t clock_monotonic_ns(void);
/* Wall clock, seconds since 1970 UTC. */
uint64_t clock_wall_s(void);

#endif
