/* A thread that keeps what must survive a restart, and says aloud what the guard has noticed: loops
 * neither write files nor log. */
#ifndef ENGINE_KEEPER_H
#define ENGINE_KEEPER_H

#include "engine/counters.h"
#include "engine/guard.h"

/* What an attacker could gain by a crash is what came since the last saving. */
#define KEEPER_SAVE_S     10
#define KEEPER_GUARD_FILE "guard"
#define KEEPER_COUNT_FILE "counters"
#define KEEPER_LOCK_FILE  "lock" /* empty */

/* Borrowed, and outlives it. */
struct keeper_settings {
    struct guard *guard;
    struct counters *counters;
    const char *directory; /* NULL: nothing is kept */
    uint32_t save_s;       /* how often; not 0 */
};

struct keeper;

/* Loads what is in the directory, which is this keeper's alone until it is closed. What cannot be
 * read is said aloud, and begun anew. False when the directory cannot be written, or is another
 * server's. */
MUST_USE bool keeper_open(struct keeper **out, const struct keeper_settings *settings,
                          struct fault *fault);
MUST_USE bool keeper_start(struct keeper *keeper, struct fault *fault);

/* How many alarms were said so far; 0 for NULL. From any thread. */
uint64_t keeper_alarm_count(const struct keeper *keeper);

/* Saves a last time, also when it was never started. NULL: nothing. */
void keeper_close(struct keeper *keeper);

#endif
