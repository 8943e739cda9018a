/* Facts that are decided -> one immutable LMDB file, byte for byte the same for the same content.
 * The only writer of snapshots. */
#ifndef LOADER_BUILDER_H
#define LOADER_BUILDER_H

#include "protocol/catalogue.h"
#include "protocol/fault.h"
#include "protocol/identity.h"
#include "protocol/index.h"
#include "protocol/manifest.h"

struct entry {
    struct digest digest;
    uint32_t view;
};

/* What a snapshot is made of. Arrays are borrowed; `entries` may be in any order and are sorted in
 * place. Views, sets and tables are as struct tables describes them (view 0 nobody, set 0 empty).
 */
struct content {
    struct entry *entries;
    uint64_t entry_count;
    const struct view *views;
    const uint32_t *set_first; /* set_count + 1 */
    const struct membership *memberships;
    const struct group *groups;
    const struct product *products;
    const struct relief *reliefs;
    const struct clause *clauses;
    const struct census *census;
    uint32_t view_count, set_count, group_count, product_count;
    uint32_t relief_count, clause_count, census_count;
};

/* Writes and syncs `path` (which must not exist) and fills the manifest's data_size, data_hash,
 * values, identifier_count and home_count. A digest that occurs twice is a fault: callers settle
 * conflicts first. On failure nothing is left at `path`. */
MUST_USE bool builder_write(const char *path, struct content *content, uint32_t thread_count,
                            struct manifest *manifest, struct fault *fault);

#endif
