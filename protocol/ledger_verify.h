/* Whether a ledger keeps its promises (LEDGER.md, "Verification"): everything in it is worked out
 * once more from its postings. Shares no code with who writes it. */
#ifndef PROTOCOL_LEDGER_VERIFY_H
#define PROTOCOL_LEDGER_VERIFY_H

#include "protocol/fault.h"
#include "protocol/ledger_limits.h"

#define VERIFY_MEMORY_LEAST ((uint64_t)16 << 20)

/* A head that was seen earlier, somewhere else. */
struct seen_head {
    uint64_t sequence;
    uint8_t chain[HASH];
};

struct verify_settings {
    const char *path;             /* folder of a ledger, or a backup */
    const char *journal;          /* what a client was answered; NULL: none */
    const struct seen_head *seen; /* NULL: none */
    /* Limits of a generation, NULL: not known; `limits_of` NULL: they are not looked at. */
    const struct row_limits *(*limits_of)(void *with, uint64_t generation);
    void *with;
    uint64_t memory; /* bytes for tables, about */
    bool is_quiet;
};

struct verified {
    struct ledger_findings findings; /* told_max is set before */
    uint64_t sequence, pruned, posting_count, transaction_count, tally_count, hold_count;
    uint64_t journal_count; /* lines that were looked up */
    uint64_t seen_missing;  /* postings by which it ends before the head that was seen */
    uint32_t account_count, share_count;
    /* Purchases whose limits were looked at; whose snapshot's are not known. */
    uint64_t compared_count, unknown_count;
};

/* False: it cannot be read at all. What is wrong in it is in the findings. */
MUST_USE bool ledger_verify(struct verified *out, const struct verify_settings *settings,
                            struct fault *fault);

#endif
