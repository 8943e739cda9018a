/* Somebody on the way between terminals and a server: passes bytes on, keeps a copy of all of them,
 * and does to them what a test asks for. Offsets count the bytes of a connection, each way from 0.
 * Works in a thread of its own; what must not fail aborts the test. */
#ifndef TESTS_RELAY_H
#define TESTS_RELAY_H

#include <pthread.h>
#include <stdatomic.h>

#include "protocol/bytes.h"

#define RELAY_PAIRS_MAX 512
#define RELAY_SEEN_MAX  (1 << 16) /* what is kept of a connection each way; the rest only passes */
#define RELAY_NEVER     UINT32_MAX

enum { RELAY_UP, RELAY_DOWN, RELAY_WAYS }; /* to the server, to the terminal */

/* What is done to every connection that comes after it was set; all RELAY_NEVER or 0: nothing. */
struct relay_plan {
    uint32_t flip_at;                /* a bit of this byte is changed */
    uint32_t cut_at;                 /* both sides are closed before this byte */
    uint32_t lost_from;              /* this byte and all after it are swallowed */
    uint32_t hold_from, hold_until;  /* these come only ... */
    uint32_t hold_behind;            /* ... after the byte before this one */
    uint32_t repeat_from, repeat_to; /* these come once more, at once */
    uint32_t insert_at;              /* 84 bytes of nobody's come before this one */
    uint32_t piece;                  /* so many bytes at once; 0: as they come */
    uint32_t pause_us, jitter_us;    /* after each piece */
};
extern const struct relay_plan RELAY_NOTHING;

struct relay_pair {
    int fds[RELAY_WAYS]; /* where bytes of that way come from; -1: closed */
    struct relay_plan plans[RELAY_WAYS];
    uint32_t offsets[RELAY_WAYS], held_size;
    uint8_t held[4096];
    uint8_t *seen[RELAY_WAYS]; /* as it came, before anything was done to it */
    _Atomic uint32_t seen_size[RELAY_WAYS];
};

struct relay {
    uint16_t port, target;
    int listener;
    pthread_t thread;
    atomic_bool is_ending;
    atomic_uint cut_asked, cut_done;
    pthread_mutex_t lock; /* of plans */
    struct relay_plan plans[RELAY_WAYS];
    struct relay_pair pairs[RELAY_PAIRS_MAX];
    _Atomic uint32_t pair_count;
    uint64_t random;
};

void relay_open(struct relay *relay, uint16_t target);
void relay_close(struct relay *relay);

/* For connections that come from now on. */
void relay_plan(struct relay *relay, int way, struct relay_plan plan);
void relay_plan_nothing(struct relay *relay);

/* Closes all connections now, both sides, and returns when it is done. */
void relay_cut(struct relay *relay);

/* The bytes of the connection that came as number `pair`. */
uint32_t relay_seen(const struct relay *relay, uint32_t pair, int way, const uint8_t **bytes);

#endif
