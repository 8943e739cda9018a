/* The ledger with a book of its own: a thread that takes what loops submit, applies it in groups,
 * and hands verdicts back when their group is on the disk. Loops never wait for it: requests and
 * verdicts stand in rings, two for each loop, and nothing is locked but to wake a thread that
 * sleeps.
 *
 * The thread lets reservations run out, prunes what is old and signs the head, too. What happens
 * when the disk is full, a sync fails or the process is stopped: engine/DESIGN.md, "The ledger". */
#ifndef ENGINE_LEDGER_THREAD_H
#define ENGINE_LEDGER_THREAD_H

#include "engine/book.h"
#include "engine/metrics.h"
#include "protocol/keyfile.h"

/* Requests that are committed together, at most. A lone one is committed at once: a group is what
 * came while the one before was written. */
#define LEDGER_GROUP_MAX     1024
#define LEDGER_EXPIRED_MAX   100   /* reservations that run out in one group */
#define LEDGER_PRUNED_MAX    200   /* rows removed in one group */
#define LEDGER_PRUNE_LOAD_MS 1000  /* between two such groups while others wait */
#define LEDGER_PRUNE_MS      60000 /* between two looks for such rows, when there were few */
#define LEDGER_SETTLE_MS     10    /* without a group, before LMDB commits what small ones wrote */
#define LEDGER_UNSETTLED_MS  500   /* with groups, but so few that REDO_GROUPS_MAX is far */
#define LEDGER_IDLE_MS       1000  /* between two looks at the clock, when nobody asks */
#define LEDGER_FULL_PAUSE_MS 1000  /* how long a full disk is called so, and not written beside */
#define LEDGER_HEAD_MS       60000 /* between two signed heads */
#define LEDGER_FOR_EVER      UINT32_MAX /* days */

/* All but the book is borrowed, and outlives it. */
struct ledger_thread_settings {
    struct book *book;                  /* its own from opening on, whatever comes of that */
    const char *directory;              /* where the head is written */
    const struct sign_secret *head_key; /* NULL: no head is signed */
    struct book_retention retention;    /* LEDGER_FOR_EVER: nothing is removed */
    bool trusts_clock;                  /* an operator says that the wall clock is right */
    uint32_t loop_count;
    struct metrics *metrics; /* the thread's alone */
    /* Called from the thread: there are verdicts for the loop, or it has failed. */
    void (*wake)(void *context, uint32_t loop);
    void *context;
};

MUST_USE bool ledger_thread_open(struct ledger **out, const struct ledger_thread_settings *settings,
                                 struct fault *fault);

/* From here on loops are woken. What was submitted before is done, too. */
MUST_USE bool ledger_thread_start(struct ledger *ledger, struct fault *fault);

/* No loop uses it any more: its thread ends when the group that it is at is over. ledger_close
 * waits for that, however long the disk takes; whoever has something else to listen to meanwhile
 * asks whether it still runs. From any thread. */
void ledger_thread_end(struct ledger *ledger);
bool ledger_thread_is_running(const struct ledger *ledger);

/* For how long its present group, or head, has been under way; 0: it is at none. And how many
 * requests are with it. From any thread. */
uint64_t ledger_thread_group_ms(const struct ledger *ledger);
uint64_t ledger_thread_waiting(const struct ledger *ledger);

#endif
