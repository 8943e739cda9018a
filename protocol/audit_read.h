/* Reading the journal of checks: what it says, and whether it is whole. A server may be writing it
 * meanwhile. */
#ifndef PROTOCOL_AUDIT_READ_H
#define PROTOCOL_AUDIT_READ_H

#include "protocol/audit.h"

typedef void audit_row_call(void *context, const struct asked *asked);

/* How far one has come, and what was met on the way. All zeros at first. */
struct audit_sums {
    uint64_t first;                  /* number of the oldest block there is; 0: none yet */
    uint64_t number;                 /* of the last one */
    uint8_t chain[AUDIT_CHAIN_SIZE]; /* of that */
    bool is_begun;                   /* a head was read: number and chain bind what follows */
    bool has_ended;                  /* the last block was the last of its run */
    uint32_t environment;
    uint64_t subject_key;
    uint64_t segment_count, block_count, row_count, byte_count;
    uint64_t lost;                 /* rows that should be there, by the journal's own word */
    uint64_t run_count;            /* of the server */
    uint64_t abrupt_count;         /* of these: how many ended without having said so */
    uint64_t from_ms, until_ms;    /* when its first and last block were closed */
    uint64_t tail_size;            /* bytes behind the last whole block: torn, or being written */
    const struct audit_head *head; /* to be met on the way; NULL: none. Borrowed */
    bool is_head_met;
};

/* One segment from memory: its head must follow what was read before, and every block the one
 * before it. `call` gets every row; NULL: nobody does. False: it is not as AUDIT.md says; what is
 * merely cut off at the end is told in tail_size. */
MUST_USE bool audit_scan(struct audit_sums *sums, const uint8_t bytes[], size_t size,
                         audit_row_call *call, void *context, struct fault *fault);

/* A segment's bytes, which the caller frees. *is_gone: there is none of that name (any more). */
MUST_USE bool audit_load(uint8_t **bytes, size_t *size, bool *is_gone, const char *directory,
                         uint64_t first, struct fault *fault);

/* The whole folder: chain, numbers, every field, nothing torn; and that `head`, when there is one,
 * is what it had come to. */
MUST_USE bool audit_verify(struct audit_sums *out, const char *directory,
                           const struct audit_head *head, audit_row_call *call, void *context,
                           struct fault *fault);

/* Every row about the subject whose time is from `from_ms` on and before `until_ms`, in order.
 * Segments that cannot have any are passed over; bytes that cannot be read are counted in
 * sums->tail_size, and the others are told all the same. `sums` may be NULL. */
MUST_USE bool audit_each(const char *directory, uint64_t subject, uint64_t from_ms,
                         uint64_t until_ms, audit_row_call *call, void *context,
                         struct audit_sums *sums, struct fault *fault);

#endif
