/* The journal of checks: who asked when, from which terminal, about whom, with which verdict. Loops
 * put rows into a ring of their own, which costs a few nanoseconds; a thread finds out whom they
 * are about, and writes them. What does not fit is lost and counted, or, when so chosen, not
 * answered. Files, their chain and how they are read: protocol/audit.h. */
#ifndef ENGINE_AUDIT_H
#define ENGINE_AUDIT_H

#include <stdatomic.h>

#include "engine/audit_file.h"
#include "engine/metrics.h"
#include "protocol/edition.h"
#include "protocol/fault.h"

#define AUDIT_RING_COUNT 65536 /* rows of each loop that wait */
#define AUDIT_WAIT_MS    1000  /* what is said to whom a full ring keeps from asking */

/* One answered CHECK, in memory only, wiped when written: it has an identifier. */
struct audit_row {
    struct identifier identifier;
    uint16_t status;  /* as decided, before any mask */
    uint32_t edition; /* audit_edition_tag of that which answered */
    uint32_t time_s, terminal, product, point_of_sale; /* terminal 0: plain frames */
    uint8_t entry, profile;
};
static_assert(sizeof(struct audit_row) <= CACHE_LINE_SIZE, "a row is a cache line at most");

/* What a loop writes and its thread reads. Both counts only rise. */
struct audit_ring {
    _Alignas(CACHE_LINE_SIZE) _Atomic uint64_t end;   /* rows that were pushed */
    uint64_t first_seen;                              /* the loop's last look at `first` */
    _Atomic uint64_t lost;                            /* rows that found no room */
    _Atomic uint32_t edition;                         /* under which the loop answers now */
    struct audit_row *rows;                           /* [AUDIT_RING_COUNT] */
    _Alignas(CACHE_LINE_SIZE) _Atomic uint64_t first; /* rows that were taken */
};

/* Editions follow each other one by one, so that this tells them apart. */
static inline uint32_t audit_edition_tag(const struct edition *edition)
{
    return (uint32_t)edition->manifest->generation;
}

/* For how many of `count` rows there is room. */
static inline size_t audit_room(struct audit_ring *ring, size_t count)
{
    uint64_t end = atomic_load_explicit(&ring->end, memory_order_relaxed);
    if (AUDIT_RING_COUNT - (end - ring->first_seen) < count)
        ring->first_seen = atomic_load_explicit(&ring->first, memory_order_acquire);
    uint64_t room = AUDIT_RING_COUNT - (end - ring->first_seen);
    return count < room ? count : (size_t)room;
}

/* The place of row `i` of those that are pushed next. */
static inline struct audit_row *audit_at(const struct audit_ring *ring, size_t i)
{
    uint64_t end = atomic_load_explicit(&ring->end, memory_order_relaxed);
    return &ring->rows[(end + i) % AUDIT_RING_COUNT];
}

static inline void audit_push(struct audit_ring *ring, size_t count, size_t lost_count)
{
    uint64_t end = atomic_load_explicit(&ring->end, memory_order_relaxed);
    atomic_store_explicit(&ring->end, end + count, memory_order_release);
    if (lost_count != 0)
        metric_add(&ring->lost, lost_count);
}

/* From now on the loop answers, and pushes rows, under this edition. */
static inline void audit_use(struct audit_ring *ring, const struct edition *edition)
{
    atomic_store_explicit(&ring->edition, audit_edition_tag(edition), memory_order_release);
}

/* ---- the thread ---- */

/* Borrowed; outlives it. */
struct audit_settings {
    struct audit_file *file;
    const struct identity_key *subject_key;
    uint32_t loop_count;
    bool refuses;            /* what cannot be written stays in the ring; else it is lost */
    struct metrics *metrics; /* the thread's alone */
    /* The edition in service, for the thread from now on; what it had before is no longer its. */
    const struct edition *(*take)(void *context);
    void *context;
};

struct audit;

/* Takes an edition at once: loops begin under that one, or say another. */
MUST_USE bool audit_open(struct audit **out, const struct audit_settings *settings,
                         struct fault *fault);
MUST_USE bool audit_start(struct audit *audit, struct fault *fault);
struct audit_ring *audit_ring(struct audit *audit, uint32_t loop);

/* Whether the ring of a loop is to be kept from overflowing by answering nobody. */
bool audit_refuses(const struct audit *audit);

/* No loop pushes any more: what is there is written. NULL: nothing. */
void audit_close(struct audit *audit);

#endif
