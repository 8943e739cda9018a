/* The enumeration guard: how many people a terminal may ask about. Budgets per terminal on
 * different identifiers per minute and day, on typed entries and on misses; who is over one is told
 * to wait, and an alarm names the terminal and nobody else. Memory is what guard_open took,
 * whatever comes. What the budgets promise, and how exactly: engine/DESIGN.md, "The enumeration
 * guard".
 *
 * libsodium has been started before. guard_hash, guard_admit and guard_note are for any number of
 * threads at once and neither lock nor allocate. Times are seconds since 1970 UTC and may step. */
#ifndef ENGINE_GUARD_H
#define ENGINE_GUARD_H

#include "protocol/fault.h"
#include "protocol/means.h"

#define GUARD_SLOTS_INITIAL      16384 /* terminals that have a place at once */
#define GUARD_SLOTS_MAX          65536
#define GUARD_KEY_SIZE           16
#define GUARD_GROUP_MAX          64 /* identifiers in one guard_admit */
#define GUARD_PER_MINUTE_MAX     1000
#define GUARD_PER_DAY_MAX        20000
#define GUARD_MISS_PERCENT       20  /* more unknown ones than this ... */
#define GUARD_MISS_WINDOW        200 /* ... of about so many new ones: an alarm */
#define GUARD_MINUTE_JITTER_MS   5000
#define GUARD_DAY_JITTER_MS      600000
#define GUARD_SAVE_S_MAX         3600
#define GUARD_TERMINAL_ELSEWHERE UINT32_MAX /* in alarms: those that found no place */

struct guard;

struct guard_settings {
    uint32_t slot_count;         /* 1..GUARD_SLOTS_MAX */
    uint32_t save_s;             /* guard_save is called so often, 1..GUARD_SAVE_S_MAX */
    uint8_t key[GUARD_KEY_SIZE]; /* random; a state file brings its own */
};

/* A terminal's budgets; 0: no such budget. Larger ones than the bounds above count as the bound. */
struct guard_limits {
    uint32_t per_minute;     /* different identifiers in a minute */
    uint32_t per_day;        /* different identifiers in a day of Riga */
    uint32_t typed_per_day;  /* typed entries, each time */
    uint32_t misses_per_day; /* new identifiers that nobody has: stops between half of it and it */
};

enum guard_cause {
    GUARD_PER_MINUTE,
    GUARD_PER_DAY,
    GUARD_TYPED,
    GUARD_MISSES,
    GUARD_FULL, /* no place left: the terminal shares one with others */
};
#define GUARD_CAUSE_COUNT (GUARD_FULL + 1)

MUST_USE bool guard_open(struct guard **out, const struct guard_settings *settings,
                         struct fault *fault);
void guard_close(struct guard *guard); /* NULL: nothing */

/* At a session's start and end: the terminal's place, which is its own until the last of its
 * sessions has left. Takes a lock. When all places are taken, the one that was left first goes to
 * the newcomer if nothing was counted there today; when there is none, the newcomer shares a place,
 * and its budgets, with all others that found none: never without a budget. */
uint32_t guard_slot(struct guard *guard, uint32_t terminal, uint64_t now_s);
void guard_leave(struct guard *guard, uint32_t slot);

/* A canonical identifier under the guard's key (SipHash-2-4). */
uint64_t guard_hash(const struct guard *guard, const struct identifier *identifier);

/* What became of a group. */
struct guard_tally {
    uint64_t fresh; /* bit i: identifier i was admitted and is new to this terminal today */
    uint32_t refused[GUARD_CAUSE_COUNT];
};

/* May the terminal ask about these? waits_ms[i] is 0, or how long it shall wait: up to the end of a
 * day, which is more than WAIT_MS of a frame can say. What must wait is not counted. `count` is
 * 1..GUARD_GROUP_MAX. */
void guard_admit(struct guard *guard, uint32_t slot, const struct guard_limits *limits,
                 const uint64_t hashes[], const bool is_typed[], size_t count, uint64_t now_s,
                 uint32_t waits_ms[], struct guard_tally *tally);

/* Of the fresh ones of a tally: how many there were, and how many of them are nobody's. The same
 * steps whatever the numbers are. */
void guard_note(struct guard *guard, uint32_t slot, uint32_t miss_count, uint32_t fresh_count,
                uint64_t now_s);

/* For one side thread: the next alarm, at most one per terminal, cause and hour. */
struct guard_alarm {
    uint32_t terminal; /* or GUARD_TERMINAL_ELSEWHERE */
    enum guard_cause cause;
};
bool guard_take_alarm(struct guard *guard, struct guard_alarm *out);

/* "per-minute", "per-day", "typed", "misses", "full" */
const char *guard_cause_name(enum guard_cause cause);

/* The state file: mode 0600, replaced atomically; as secret as a key, because its key is in it.
 * guard_save is for the side thread, every `save_s` seconds, and with `is_last` when no session is
 * left. */
MUST_USE bool guard_save(struct guard *guard, const char *path, bool is_last, uint64_t now_s,
                         struct fault *fault);

/* Takes over what was saved and saves it again as in use, before anybody has a place. False: the
 * file was refused and the guard is empty; or it was taken and could not be written again. No file:
 * true, an empty guard. `slot_count`: how many terminals were found in it. */
MUST_USE bool guard_load(struct guard *guard, const char *path, uint64_t now_s,
                         uint32_t *slot_count, struct fault *fault);

/* Bytes that the guard takes, all of them at guard_open. */
size_t guard_size(const struct guard *guard);

#endif
