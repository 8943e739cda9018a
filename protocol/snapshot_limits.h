/* The limits of snapshots, by generation, for who verifies a ledger: opened when a posting speaks
 * of them. */
#ifndef PROTOCOL_SNAPSHOT_LIMITS_H
#define PROTOCOL_SNAPSHOT_LIMITS_H

#include "protocol/ledger_limits.h"
#include "protocol/snapshot.h"

struct snapshot_limits {
    const char *directory;
    struct snapshot_trust trust;
    struct generation_limits *list; /* the one that was asked for last stands first */
    bool has_failed;                /* no memory */
    struct fault missing;           /* of the first that could not be opened; "": none */
};

/* NULL: that snapshot is not there, or not to be trusted; `with` is a struct snapshot_limits. */
const struct row_limits *snapshot_limits_of(void *with, uint64_t generation);
void snapshot_limits_free(struct snapshot_limits *limits);

#endif
