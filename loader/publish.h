/* Publication: a verified data file and its manifest become CURRENT, or nothing changes.
 *
 * Order of steps, each synced before the next: data file, manifest, folder, CURRENT under another
 * name, rename, folder. A reader sees the old or the new, never a half; a cut of power leaves the
 * old or the new, never an older one. One publisher at a time (a lock on the folder).
 *
 * Where each generation has an identity key of its own, the key is written, synced, before the data
 * file and the manifest get their names, and destroyed when they go. */
#ifndef LOADER_PUBLISH_H
#define LOADER_PUBLISH_H

#include "protocol/fault.h"
#include "protocol/snapshot.h"

struct publication; /* an open, locked snapshot folder */

/* Locks the folder (made when missing, mode 0750) and sweeps what a killed publisher left. With
 * trust->identity_keys each generation has its key there; `trust` is borrowed for the call. */
MUST_USE bool publish_begin(struct publication **out, const char *directory,
                            const struct snapshot_trust *trust, struct fault *fault);
void publish_end(struct publication *publication); /* NULL: nothing */

/* The generation to build now: one more than the highest that was ever there; and its parent. */
uint64_t publish_next_generation(const struct publication *publication);
uint64_t publish_current_generation(const struct publication *publication); /* 0: none yet */

/* Where builder_write should put the data file of the next generation. Lives as long as the
 * publication. */
const char *publish_data_path(const struct publication *publication);

/* Signs the manifest, reopens everything as an engine would (snapshot_open with `trust`), and only
 * then moves CURRENT. trust->identity is the key of the data; in a folder of keys it becomes that
 * of the generation. On failure data file and key are removed. */
MUST_USE bool publish_commit(struct publication *publication, struct manifest *manifest,
                             const struct sign_secret *signer, const struct snapshot_trust *trust,
                             struct fault *fault);

/* The data of an older generation under a new number: CURRENT never goes back. In a folder of keys
 * it must still have its own. */
MUST_USE bool publish_rollback(struct publication *publication, uint64_t generation,
                               const struct sign_secret *signer, const struct snapshot_trust *trust,
                               uint64_t *new_generation, struct fault *fault);

/* Removes all but the newest `keep_count` generations, and destroys their keys; never the current
 * one. False: a key could not be destroyed. */
MUST_USE bool publish_sweep(struct publication *publication, uint32_t keep_count,
                            struct fault *fault);

/* Generations present, rising; the newest `room` of them. Returns how many there are. */
size_t publish_list(const char *directory, uint64_t generations[], size_t room);

#endif
