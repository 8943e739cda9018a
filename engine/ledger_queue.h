/* What loops ask a ledger's thread, and what it answers: two rings for each loop, one side writing
 * and the other reading. No lock; nobody waits for anybody. */
#ifndef ENGINE_LEDGER_QUEUE_H
#define ENGINE_LEDGER_QUEUE_H

#include <stdatomic.h>

#include "engine/ledger.h"

#define SHARE_BITS 12 /* two askers that meet in a place share a share */

struct request_ring;
struct verdict_ring;

struct ledger_queue {
    uint32_t loop_count;
    struct request_ring *asked;               /* [loop_count] */
    struct verdict_ring *done;                /* likewise */
    _Atomic uint64_t under_way_count;         /* until their verdicts are taken */
    _Atomic uint32_t shares[1 << SHARE_BITS]; /* requests that wait, by their asker's hash */
    uint32_t next_loop;                       /* the thread's: whose requests come first */
};

/* A request that was gathered, where it stands in its loop's ring until its verdict is given. */
struct member {
    const struct ledger_request *request;
    uint32_t loop;
};

MUST_USE bool ledger_queue_open(struct ledger_queue *queue, uint32_t loop_count,
                                struct fault *fault);
void ledger_queue_close(struct ledger_queue *queue); /* of zeros: nothing */

/* For a loop: how many of `count` find a place, in order; at most `room` verdicts. */
size_t ledger_queue_submit(struct ledger_queue *queue, uint32_t loop,
                           const struct ledger_request requests[], size_t count);
size_t ledger_queue_take(struct ledger_queue *queue, uint32_t loop, struct ledger_verdict out[],
                         size_t room);
uint64_t ledger_queue_waiting(const struct ledger_queue *queue);

/* For the thread: what waits, by turns from each loop, at most `room`; how many there are. They
 * stay in their rings. */
size_t ledger_queue_gather(struct ledger_queue *queue, struct member members[], size_t room);
bool ledger_queue_has_asked(const struct ledger_queue *queue);
/* Gives the verdicts of the first members that are of one loop, and frees their places; how many.
 * In the order in which they were gathered. */
size_t ledger_queue_give(struct ledger_queue *queue, const struct member members[],
                         const struct ledger_verdict verdicts[], size_t count);

#endif
