/* The verifier's own account of what postings come to: transactions, subjects, what was used on
 * which day. Part of the work at a time, by a hash of the subject, so that memory has a bound. */
#ifndef PROTOCOL_LEDGER_FOLD_H
#define PROTOCOL_LEDGER_FOLD_H

#include "protocol/ledger_rows.h"
#include "protocol/totals.h"

/* ---- what was found ---- */

#define VIOLATION_TOLD_MAX  1000
#define VIOLATION_TEXT_SIZE 200

/* Which of the promises is broken: see LEDGER.md, "Verification". */
struct ledger_violation {
    const char *rule;  /* "I1" ... "I6" */
    uint64_t sequence; /* of the posting that it is about, or that leads there; 0: none does */
    char text[VIOLATION_TEXT_SIZE]; /* never with a subject */
};
struct ledger_findings {
    uint64_t count;
    uint32_t told_count, told_max;
    struct ledger_violation told[VIOLATION_TOLD_MAX];
};
void findings_add(struct ledger_findings *findings, const char *rule, uint64_t sequence,
                  const char *format, ...) PRINTF_LIKE(4, 5);

/* ---- the fold ---- */

struct folded {
    uint64_t id; /* the key */
    uint32_t terminal, zero;
    uint64_t first, last, body, subject;
    uint32_t day, until_s;
    uint16_t flags, quantity, confirmed;
    uint8_t kind, state, part_count;
    bool is_gone; /* began before what is left: its row is gone, too */
    struct row_part parts[PARTS];
};
struct person {
    uint64_t subject; /* the key */
    uint64_t last;
    uint32_t open_count, day_most;
    uint64_t walk_from; /* 0: neither its first posting nor a purchase that was given was there */
};
/* Of a subject under a scope on a day. */
struct spent {
    uint64_t subject; /* the key; 0: all together */
    uint32_t scope, day;
    int64_t used_uses, held_uses, used_amount, held_amount;
};
/* A budget that was stopped in a period: of a relief, or shared under a number. */
struct stop {
    uint64_t number; /* the key */
    uint32_t scope, period;
};

struct kept_limits;

struct fold {
    struct ledger_findings *findings;
    struct kept_limits *kept; /* NULL: limits are not known */
    uint64_t pruned;
    const uint32_t *scopes; /* of account n: scopes[n] */
    uint32_t account_count;
    uint32_t share, share_count; /* which part of the work this is */
    struct totals transactions, persons, days;
    struct totals all_days, stops; /* of all shares together */
    bool has_failed;               /* no memory */
    /* Follows a subject's list over denials that were emptied: whether `from` leads to `to`. */
    bool (*leads)(void *with, uint64_t from, uint64_t to, uint32_t *day_most);
    void *with;
};

void fold_start(struct fold *fold);
void fold_next_share(struct fold *fold); /* forgets all but what is of all shares */
void fold_free(struct fold *fold);
bool fold_is_mine(const struct fold *fold, uint64_t subject);
void fold_posting(struct fold *fold, const struct row_posting *p);

#endif
