/* The folder of identity keys: GENERATION.key, the key under which that snapshot's identifiers are
 * digested. It lies apart from the snapshots, so that whoever takes one has not got the other, and
 * a key goes when its snapshot goes. loader/generation_keys writes and destroys them. */
#ifndef PROTOCOL_IDENTITY_KEYS_H
#define PROTOCOL_IDENTITY_KEYS_H

#include <sys/stat.h>

#include "protocol/folder.h"

#define IDENTITY_KEY_SUFFIX ".key"

/* Whether a person named one key for all snapshots or a folder of them, and not both. */
MUST_USE bool identity_keys_choice(const char *key_file, const char *keys_directory,
                                   struct fault *fault);

/* The key of a generation. Refused when the folder or the file is open to others: the folder
 * belongs to its owner and at most, for reading, to its group; so does the file, which is the
 * folder's owner's, ours or root's. Closed with keyfile_close_identity. */
MUST_USE bool identity_keys_open(struct identity_key **out, const char *directory,
                                 uint64_t generation, struct fault *fault);

/* The folder, open, when it is fit to hold keys; -1 with a fault. */
int identity_keys_folder(struct stat *info, const char *directory, struct fault *fault);

/* Whether neither folder lies in the other, so that no copy or backup of one holds both. */
MUST_USE bool identity_keys_are_apart(const char *directory, const char *snapshots,
                                      struct fault *fault);

#endif
