/* Identity keys that are made and destroyed with their snapshots: DIR/GENERATION.key, as
 * protocol/identity_keys reads them. Whoever calls holds the lock of the folder of snapshots. */
#ifndef LOADER_GENERATION_KEYS_H
#define LOADER_GENERATION_KEYS_H

#include "protocol/identity_keys.h"

/* Makes the folder when it is missing (mode 0700), and looks whether keys that we write there are
 * for those alone who share it, and whether it lies apart from the snapshots. */
MUST_USE bool generation_keys_begin(const char *directory, const char *snapshots,
                                    struct fault *fault);

/* A new file, synced: mode 0600, or 0440 in a folder that is shared with a group. Never overwrites
 * one. */
MUST_USE bool generation_keys_write(const char *directory, uint64_t generation,
                                    const struct identity_key *key, struct fault *fault);

/* Overwrites the key once, syncs that, and takes its name away. One that is not there is done. */
MUST_USE bool generation_keys_destroy(const char *directory, uint64_t generation,
                                      struct fault *fault);

/* Destroys the keys of generations that are not whole in the folder of snapshots: what a killed
 * publisher left, before anything else of it is removed. Never that of `current`, nor when none of
 * the keys belongs to a page here that `signer` signed: then they are another folder's, or this one
 * is not the folder that it was, and that is a fault. */
MUST_USE bool generation_keys_sweep(const char *directory, int snapshots_fd, uint64_t current,
                                    const struct sign_public *signer, struct fault *fault);

#endif
