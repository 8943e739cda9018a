/* A ledger as the configuration says: its book opened, compared with a head that was kept
 * elsewhere, and given to a thread. */
#ifndef ENGINE_LEDGER_SETUP_H
#define ENGINE_LEDGER_SETUP_H

#include "engine/config.h"
#include "engine/ledger_thread.h"
#include "protocol/subject.h"

/* All borrowed; outlives the ledger. */
struct ledger_setup {
    const struct config *config;
    const struct identity_key *subject_key;
    const struct sign_secret *head_key; /* NULL: no head is signed */
    uint32_t loop_count;
    struct metrics *metrics; /* the ledger's alone */
    void (*wake)(void *context, uint32_t loop);
    void *context;
};

/* Its thread is still to be started. */
MUST_USE bool ledger_setup_open(struct ledger **out, const struct ledger_setup *setup,
                                struct fault *fault);

/* Whether the ledger that ends with `found` can be the one that had come to `kept`. `chain` is the
 * chain value of its posting kept->sequence; NULL: it cannot be told, because that is pruned. */
MUST_USE bool ledger_head_fits(const struct ledger_head *kept, const struct ledger_head *found,
                               const uint8_t *chain, struct fault *fault);

#endif
