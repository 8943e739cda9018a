/* What the files of the guard share: guard.c counts, guard_slots.c gives places to terminals,
 * guard_file.c keeps them over a restart. Nobody else includes this. */
#ifndef ENGINE_GUARD_PARTS_H
#define ENGINE_GUARD_PARTS_H

#include "engine/guard.h"
#include "engine/metrics.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

/* A word of a bitmap says in its upper 16 bits of which minute or day its other 48 are: of another
 * one it is empty. So nobody has to clear a bitmap while others count in it. */
#define WORD_BITS    48
#define WORD_MASK    ((UINT64_C(1) << WORD_BITS) - 1)
#define MINUTE_WORDS 24
#define DAY_WORDS    344
#define MINUTE_BITS  (MINUTE_WORDS * WORD_BITS)
#define DAY_BITS     (DAY_WORDS * WORD_BITS)

/* A count in the lower half of a word, below the minute or day that it is of. */
#define COUNT_CLOSED (UINT64_C(1) << 31) /* somebody was refused over a used-up budget */
#define COUNT_MASK   (COUNT_CLOSED - 1)
#define NO_BUDGET    UINT32_MAX
#define HOUR_S       3600
#define MINUTE_S     60
#define WINDOW_ONE   (UINT32_C(1) << 16) /* one check, as the miss window counts */
#define WINDOW_WHOLE (GUARD_MISS_WINDOW * WINDOW_ONE)
#define CHUNK_SIZE   65536 /* of a file that is written */

/* What is counted of one terminal. */
struct place {
    _Alignas(CACHE_LINE_SIZE) _Atomic uint64_t minute; /* minute, closed, bits that stand */
    _Atomic uint64_t day;                              /* day, closed, bits that stand */
    _Atomic uint64_t typed;                            /* day, count */
    _Atomic uint64_t misses;                           /* day, count */
    _Atomic uint64_t window;                           /* misses, new ones, each in WINDOW_ONE */
    _Alignas(CACHE_LINE_SIZE) _Atomic uint32_t alarm_hours[GUARD_CAUSE_COUNT]; /* last one each */
    _Atomic uint32_t alarms; /* a bit for each cause that nobody took yet */
    _Atomic uint32_t terminal;
    /* Elsewhere, so that a terminal that asks nothing takes no page of memory for what it might. */
    _Atomic uint64_t *minute_words, *day_words; /* [MINUTE_WORDS], [DAY_WORDS] */
};
static_assert(sizeof(struct place) == (size_t)2 * CACHE_LINE_SIZE, "no line is two terminals'");

/* The bitmaps of one terminal. */
struct bitmaps {
    _Alignas(CACHE_LINE_SIZE) _Atomic uint64_t minute_words[MINUTE_WORDS];
    _Atomic uint64_t day_words[DAY_WORDS];
};
static_assert(sizeof(struct bitmaps) == (size_t)46 * CACHE_LINE_SIZE, "nor are the bits");

/* Who has the place; under the lock. Those without a session are a list, oldest leave first. */
#define NOBODY UINT32_MAX
struct tenant {
    uint32_t terminal;
    uint32_t session_count;
    uint32_t older, newer; /* in the list, or NOBODY */
};

struct guard {
    struct place *places;    /* slot_count, and the shared one */
    struct bitmaps *bitmaps; /* of the places */
    uint32_t slot_count;
    uint32_t save_s;
    size_t size;
    _Atomic uint64_t today;    /* day << 40 | the second at which it ends */
    _Atomic uint64_t debt;     /* day << 32 | minutes that restarts may have lost on it */
    _Atomic uint64_t *alarmed; /* a bit per place */
    uint8_t *key;              /* GUARD_KEY_SIZE, locked memory */
    uint64_t seed;             /* from the key: jitter, and where a budget of misses ends */
    uint32_t crash_day;        /* restarts without a last save on that day */
    uint32_t crash_count;
    /* Sessions that begin and end write here, and the keeper: apart from what every check reads. */
    _Alignas(CACHE_LINE_SIZE) pthread_mutex_t lock; /* of what follows */
    struct tenant *tenants;
    uint32_t taken_count;    /* places that ever had a tenant are the first ones */
    uint32_t oldest, newest; /* ends of the list */
    uint32_t *index;         /* open addressing: places by terminal, or NOBODY */
    uint32_t index_mask;
    uint8_t *chunk; /* CHUNK_SIZE */
    _Alignas(CACHE_LINE_SIZE) uint16_t
        minute_bits[GUARD_PER_MINUTE_MAX + 1]; /* that so many identifiers set; only read */
    uint16_t day_bits[GUARD_PER_DAY_MAX + 1];
};

static inline uint32_t epoch_of(uint64_t state)
{
    return (uint32_t)(state >> 32);
}

static inline uint64_t epoch_state(uint32_t epoch, uint32_t count)
{
    return (uint64_t)epoch << 32 | count;
}

/* Whether what is held of minute or day `held` goes on at `now`: also when the clock was put back a
 * little. Put back further, a wrong clock was put right, and nobody waits for its future. */
#define MINUTE_BACK_MAX 5
#define DAY_BACK_MAX    1
static inline bool epoch_goes_on(uint32_t held, uint32_t now, uint32_t back_max)
{
    return held == now || (held > now && held - now <= back_max);
}

/* guard.c */
uint32_t guard_today(struct guard *guard, uint64_t now_s);
void guard_raise(struct guard *guard, uint32_t slot, enum guard_cause cause, uint64_t now_s);
void guard_take_key(struct guard *guard, const uint8_t key[static GUARD_KEY_SIZE]);

/* guard_slots.c; the lock is held */
uint32_t guard_find_place(const struct guard *guard, uint32_t terminal); /* or NOBODY */
uint32_t guard_first_place(struct guard *guard, uint32_t terminal);      /* a new one, or NOBODY */
void guard_list_place(struct guard *guard, uint32_t slot);               /* nobody is there now */
void guard_clear(struct guard *guard);                                   /* as it was opened */

/* guard_file.c: takes what a state file holds; refused, the guard is clear. */
MUST_USE bool guard_decode(struct guard *guard, const uint8_t *bytes, size_t size, uint64_t now_s,
                           uint32_t *slot_count, struct fault *fault);

#endif
