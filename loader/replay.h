/* A log of requests asked again, of the old catalogue and of the new one: what each relief would
 * have taken off, and for whom it would have been otherwise. Every request is judged by the facts
 * as they were delivered now; limits and budgets are not counted. */
#ifndef LOADER_REPLAY_H
#define LOADER_REPLAY_H

#include "loader/impact.h"

/* A relief, by name; or all of them together. */
struct replay_line {
    char name[NAME_SIZE];
    uint64_t requests[SUPPRESS_CLASS_COUNT]; /* by enum impact_class */
    uint64_t amounts[TIME_COUNT];            /* 1/10000 EUR */
    struct counted persons;                  /* different ones behind these requests */
};

/* Zero before the first call; replay_free releases it. */
struct replay {
    struct replay_line *reliefs; /* those of the new catalogue first, as they are written; those
                                  * that nobody used are left out */
    uint32_t relief_count;
    uint32_t suppressed_count; /* of them */
    struct replay_line total;  /* one request, whatever the number of its reliefs */
    uint64_t request_count;
    uint64_t outside_count; /* requests beyond the days that can be judged */
};

/* After impact_evaluate. A fault of the log, or of one of the catalogues. */
MUST_USE bool replay_requests(struct replay *out, const struct impact *impact,
                              const struct impact_settings *settings, struct fault *fault);
void replay_free(struct replay *replay);

/* Requests on which the relief applied. */
uint64_t replay_uses(const struct replay_line *line, enum impact_time time);

#endif
