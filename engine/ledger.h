/* The ledger as connections see it: they submit transactions and get verdicts. Who keeps it, a
 * thread with a file of its own (ledger_thread) or somebody else, is behind this interface; every
 * implementation passes tests/test_ledger_contract.c.
 *
 * A verdict comes when what it says is on the disk for good, never before. Every request that was
 * taken gets exactly one, or none when the ledger has failed (then connections are closed without
 * an answer, which means: not known). */
#ifndef ENGINE_LEDGER_H
#define ENGINE_LEDGER_H

#include "protocol/decide.h"

/* Requests that wait, of all loops together; who comes beyond is answered BUSY. */
#define LEDGER_WAITING_MAX 4096
/* Once so many wait, whoever asks may have so many of them: so that others find places, too. */
#define LEDGER_CROWD_MIN (LEDGER_WAITING_MAX / 4)
#define LEDGER_SHARE_MAX (LEDGER_WAITING_MAX / 64)

struct ledger_request {
    uint64_t ticket;               /* the caller's own, comes back with the verdict */
    uint64_t asker;                /* whose share of the places it takes */
    const struct edition *edition; /* borrowed, stands until the verdict is taken */
    uint8_t kind;                  /* enum frame_kind: a transaction, or STATUS with a target */
    uint8_t hold_10s;              /* of RESERVE */
    bool is_operator;              /* may speak of every transaction */
    uint32_t terminal;             /* who asks; 0: plain frames */
    uint64_t provider;             /* whose terminal it is; 0: plain frames */
    uint64_t request_id;
    uint64_t body; /* subject_body of the frame */
    /* Of USE, RESERVE and LATE. */
    uint64_t subject; /* SUBJECT_NOBODY: nobody was identified */
    uint32_t view;    /* of the edition, as decide_into takes it */
    struct purchase purchase;
    /* Status OK; or what settles it before anybody is looked up (204, 301 to 304): then it is
     * only asked whether it was answered before, and if not, that is the verdict. */
    struct candidates candidates;
    /* Of CONFIRM, CANCEL, REFUND and STATUS. */
    uint64_t target_id;
    uint32_t target_terminal; /* never 0 unless the target was asked in plain frames */
    uint16_t quantity;        /* CONFIRM, REFUND: units; 0: all */
    uint32_t amount;          /* REFUND: 1/10000 EUR; 0: not by amount */
};

struct ledger_verdict {
    uint64_t ticket;
    uint16_t status; /* enum status */
    uint16_t split;
    uint16_t remaining; /* REMAINING_UNPUBLISHED: no limit of the relief is published */
    uint32_t relief;
    uint32_t until_s;  /* of RESERVE the end of the hold */
    uint64_t sequence; /* 0: nothing is in the ledger about it */
    uint64_t relief_amount, payable;
};

struct ledger; /* each implementation begins with a struct ledger */

struct ledger_methods {
    /* How many of `count` were taken, in order; the others find no room, or their asker has its
     * share. From loop `loop`. */
    size_t (*submit)(struct ledger *ledger, uint32_t loop, const struct ledger_request requests[],
                     size_t count);
    /* Verdicts that are there for the loop, at most `room`. */
    size_t (*take)(struct ledger *ledger, uint32_t loop, struct ledger_verdict out[], size_t room);
    /* Whether it has stopped for good, and no verdict will come any more. */
    bool (*has_failed)(const struct ledger *ledger);
    /* No loop uses it any more. What was taken is done or not done, and is never answered. */
    void (*close)(struct ledger *ledger);
};

struct ledger {
    const struct ledger_methods *methods;
};

static inline size_t ledger_submit(struct ledger *ledger, uint32_t loop,
                                   const struct ledger_request requests[], size_t count)
{
    return ledger->methods->submit(ledger, loop, requests, count);
}
static inline size_t ledger_take(struct ledger *ledger, uint32_t loop, struct ledger_verdict out[],
                                 size_t room)
{
    return ledger->methods->take(ledger, loop, out, room);
}
static inline bool ledger_has_failed(const struct ledger *ledger)
{
    return ledger->methods->has_failed(ledger);
}
static inline void ledger_close(struct ledger *ledger)
{
    if (ledger != NULL)
        ledger->methods->close(ledger);
}

#endif
