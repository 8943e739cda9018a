/* Whether limits were kept: what postings come to is compared, at each of them, with the limits of
 * the snapshot that decided (LEDGER.md, "Who decides"). The verifier's own; shares nothing with
 * engine/limits. */
#ifndef PROTOCOL_LEDGER_LIMITS_H
#define PROTOCOL_LEDGER_LIMITS_H

#include "protocol/ledger_fold.h"

enum { USES = 1, AMOUNT, SPACING, BUDGET }; /* kinds, as in a snapshot */
enum { A_PURCHASE = 1, A_DAY, A_TERM = 7, A_LIFETIME };

/* A limit as a snapshot says it; in order of scope. */
struct row_limit {
    uint32_t scope, from_day, until_day;
    uint16_t shared; /* those of one number, not 0, count together */
    uint8_t kind, period;
    uint64_t value;
};
struct row_limits {
    const struct row_limit *list;
    size_t count;
};

struct kept_limits {
    /* The limits of a generation; NULL: they are not known. */
    const struct row_limits *(*of)(void *with, uint64_t generation);
    void *with;
    struct ledger_findings *findings;
    bool counts_all;                        /* one share has everything: budgets can be compared */
    struct totals had;                      /* of a subject, or all, under a scope in a period */
    uint64_t compared_count, unknown_count; /* of purchases */
    bool has_failed;                        /* no memory */
};

void kept_start(struct kept_limits *kept);
void kept_free(struct kept_limits *kept); /* what was had; the settings stay */
uint64_t kept_need(uint64_t part_count);  /* bytes, at most */

/* Of parts whose scopes are these, in a posting that is about to take them: whether they are within
 * what limits leave. */
void kept_compare(struct kept_limits *kept, const struct row_posting *p,
                  const uint32_t scopes[static PARTS]);

/* So much more, or less, is used or held on a day. */
void kept_add(struct kept_limits *kept, uint64_t subject, uint32_t scope, uint32_t day,
              int64_t uses, int64_t amount);

#endif
