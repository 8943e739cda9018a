/* Facts that are decided -> one immutable LMDB file, byte for byte the same for the same content.
 * The only writer of snapshots. */
#ifndef LOADER_BUILDER_H
#define LOADER_BUILDER_H

#include "protocol/catalogue.h"
#include "protocol/fault.h"
#include "protocol/identity.h"
#include "protocol/index.h"
#include "protocol/manifest.h"
#include "protocol/snapshot.h"

struct index_entry {
    struct digest digest;
    uint32_t view;
    uint64_t subject; /* 0: none */
};

/* Entries that come part by part, each sorted, and all in order of their parts; see arrange.h.
 * Threads load different parts at the same time, and some more than once. */
struct index_parts {
    uint32_t count;
    const uint64_t *entry_counts; /* by part */
    void *context;
    bool (*load)(void *context, uint32_t part, struct index_entry to[], struct fault *fault);
};

/* What a snapshot is made of: `entries` may be in any order and are sorted in place, unless they
 * come in parts; all have a subject, or none has; the tables are all of struct tables but its
 * index. Borrowed. */
struct content {
    struct index_entry *entries;
    uint64_t entry_count;
    const struct index_parts *parts; /* NULL: `entries` */
    const struct tables *tables;
    uint64_t subject_check; /* of the subjects' key; 0: there are none */
};

/* Writes and syncs `path` (which must not exist) and fills the manifest's data_size, data_hash,
 * values, identifier_count, home_count and subject_check. A digest that occurs twice is a fault:
 * callers settle conflicts first. On failure nothing is left at `path`. */
MUST_USE bool builder_write(const char *path, struct content *content, uint32_t thread_count,
                            struct manifest *manifest, struct fault *fault);

#endif
