/* Power cuts without a machine: what a program writes to a file, or to several, is recorded, call
 * by call, and then every disk is made that a power cut could have left behind, and looked at.
 *
 * A disk promises that what was synced is there; a sync speaks of its own file. Of what was written
 * since, each 512 bytes may be there or not, in any combination; a write to a descriptor that was
 * opened with O_DSYNC is there when the call returns. The calls are heard through disk_calls.c. */
#ifndef TESTS_POWERCUT_H
#define TESTS_POWERCUT_H

#include "protocol/bytes.h"
#include "protocol/fault.h"

struct powercut; /* a recording */

/* From now on writes to this file, which is there, are recorded. One at a time in a process. */
struct powercut *powercut_begin(const char *path);
/* And to this one, which lies beside it, and does in every state. */
void powercut_also(struct powercut *recording, const char *path);
/* What was promised to somebody at this moment: every later state must hold promise `number`. */
void powercut_promise(struct powercut *recording, uint64_t number);
void powercut_end(struct powercut *recording);
void powercut_free(struct powercut *recording);

struct powercut_plan {
    uint64_t state_count; /* about so many */
    uint64_t seed;
    uint32_t share, share_count; /* which part of the states: several processes, one each */
    /* Looks at one state: the file at `path`, with the others beside it, must hold `promised`, and
     * be whole. False with a fault: a violation. It writes nothing there. */
    bool (*check)(void *context, const char *path, uint64_t promised, struct fault *fault);
    void *context;
};
struct powercut_result {
    uint64_t state_count, violation_count;
    uint64_t write_count, sync_count;
    struct fault first; /* of the first violation */
};
void powercut_explore(struct powercut_result *out, const struct powercut *recording,
                      const struct powercut_plan *plan);

#endif
