/* A published snapshot, verified and read-only. The only reader: engine, loader and bench use it.
 *
 * Nothing is trusted: the data file is copied into a sealed memfd while it is hashed, and LMDB maps
 * that copy, so neither rot, truncation nor replacement of the file is seen after. Only a publisher
 * maps the file, which is its own. What is served stands in memory of its own, in huge pages where
 * there are any, and then the copy goes. */
#ifndef PROTOCOL_SNAPSHOT_H
#define PROTOCOL_SNAPSHOT_H

#include "protocol/catalogue.h"
#include "protocol/fault.h"
#include "protocol/folder.h"
#include "protocol/identity.h"
#include "protocol/index.h"
#include "protocol/manifest.h"

/* Value names in the data file, in LMDB's order. The index is "index.00", "index.01"
 * ..., its subjects, where there are any, are "subj.00" ... Each value
 * is SNAPSHOT_VALUE_PAD zero bytes and then its content, because LMDB begins a large value 16 bytes
 * into a page and buckets must begin on cache lines. */
#define VALUE_CENSUS         "census"
#define VALUE_CLAUSES        "clauses"
#define VALUE_CONTRACTS      "contract" /* names have at most eight characters */
#define VALUE_DAYSETS        "daysets"
#define VALUE_GROUPS         "groups"
#define VALUE_INDEX_FORMAT   "index.%02u"
#define VALUE_LIMITS         "limits"
#define VALUE_OFFERS         "offers"
#define VALUE_POINTS         "points"
#define VALUE_PRODUCTS       "products"
#define VALUE_RELIEFS        "reliefs"
#define VALUE_SETS           "sets"
#define VALUE_SPLITS         "splits"
#define VALUE_SUBJECT_FORMAT "subj.%02u"
#define VALUE_TERMINALS      "terminal"
#define VALUE_SPANS          "termspan"
#define VALUE_VIEWS          "views"
#define SNAPSHOT_VALUE_PAD   48

/* What every reader of snapshots has: whom it trusts, and what digests are made with: one key for
 * all snapshots, or a folder where each has its own. */
struct snapshot_keys {
    struct sign_public signer;
    struct identity_key *identity; /* NULL: from the folder */
    const char *identity_keys;     /* borrowed; NULL: `identity` */
};

/* Opens what is there, and starts what it needs (identity_start); close it in any case. Of
 * `identity_key` and `identity_keys` one is NULL (identity_keys_choice). */
MUST_USE bool snapshot_keys_open(struct snapshot_keys *keys, const char *signing_public,
                                 const char *identity_key, const char *identity_keys,
                                 struct fault *fault);
void snapshot_keys_close(struct snapshot_keys *keys);

/* Who may have made a snapshot, and for whom. All borrowed, for the duration of the call. */
struct snapshot_trust {
    const struct sign_public *signer;
    const struct identity_key *identity;
    const char *identity_keys; /* folder of the key of each generation; NULL: `identity` for all */
    uint32_t environment;
    uint64_t generation_above; /* refuse this one and all older; 0: any */
    uint64_t now_s;            /* refuse what is past its not-after; 0: do not look */
    /* The folder is ours, and locked: the file itself is read from the disk, as far as the kernel
     * agrees, and mapped. For publishers, who hold what they wrote against its hash once more. */
    bool is_mapped;
};

/* Any generation, however old; `keys` is borrowed. */
struct snapshot_trust snapshot_trust_of(const struct snapshot_keys *keys, uint32_t environment);

/* What a snapshot holds, decoded and range-checked: borrowed, lives as long as the snapshot. */
struct tables {
    struct index index;
    const struct view *views;  /* [VIEW_NOBODY] is set 0 on all days */
    const uint32_t *set_first; /* set s is memberships[set_first[s]] up to set_first[s + 1] */
    const struct membership *memberships;
    const struct group *groups;
    const struct census *census;    /* by group, then place */
    const struct product *products; /* by number */
    const struct point *points;     /* by number */
    const struct dayset *daysets;   /* [DAYSET_ALL] is all days of the window */
    const struct offer *offers;     /* by site, then product */
    const struct clause *clauses;   /* runs, one behind the other */
    const struct relief *reliefs;
    const struct contract *contracts; /* by number */
    const struct split *splits;       /* by code */
    const struct limit *limits;       /* by relief */
    const struct terminal *terminals; /* by number */
    const struct number_span *spans;  /* of terminals */
    uint32_t view_count, set_count, group_count, census_count;
    uint32_t product_count, point_count, dayset_count, offer_count, clause_count;
    uint32_t relief_count, contract_count, split_count, limit_count;
    uint32_t terminal_count, span_count;
};

struct snapshot;

/* CURRENT's content; a fault when there is none, or it is no regular small file of that form. */
MUST_USE bool snapshot_current(const char *directory, uint64_t *generation,
                               uint8_t manifest_hash[static DATA_HASH_SIZE], struct fault *fault);

/* Opens what CURRENT names / one generation. On failure *out is untouched and fault says why. */
MUST_USE bool snapshot_open_current(struct snapshot **out, const char *directory,
                                    const struct snapshot_trust *trust, struct fault *fault);
MUST_USE bool snapshot_open(struct snapshot **out, const char *directory, uint64_t generation,
                            const struct snapshot_trust *trust, struct fault *fault);
void snapshot_close(struct snapshot *snapshot); /* NULL: nothing */

const struct manifest *snapshot_manifest(const struct snapshot *snapshot);
const struct tables *snapshot_tables(const struct snapshot *snapshot);

/* The key of its identifiers. From a folder of keys it is the snapshot's own, in guarded memory
 * that is wiped when the snapshot is closed; else it is the one that it was opened with. */
const struct identity_key *snapshot_identity(const struct snapshot *snapshot);

/* Only the signed page, read and checked; for lists. `page_hash` may be NULL. */
MUST_USE bool snapshot_read_manifest(struct manifest *out, const char *directory,
                                     uint64_t generation, const struct sign_public *signer,
                                     uint8_t *page_hash, struct fault *fault);

#endif
