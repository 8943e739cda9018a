/* A file that is changed whole: one writer at a time reads it, and what it becomes stands beside
 * it, synced, before it takes the name. Readers see the old or the new, never a half. */
#ifndef PROTOCOL_REPLACE_H
#define PROTOCOL_REPLACE_H

#include <sys/stat.h>

#include "protocol/fault.h"

#define REPLACE_NAME_MAX 240 /* leaves room for ".tmp" in what a file system takes */
#define REPLACE_WAIT_MS  3000

/* The folder is locked, not the file: the lock leaves nothing behind, and does not move away when
 * the file is replaced. */
struct replacing {
    int folder_fd;
    char name[REPLACE_NAME_MAX + 1];
};

/* Waits for another writer up to REPLACE_WAIT_MS. After true, replace_end. */
MUST_USE bool replace_begin(struct replacing *replacing, const char *path, struct fault *fault);
void replace_end(struct replacing *replacing);

/* `like` is the old file's: the new one gets its mode and owner. NULL: mode 0644, ours. When it is
 * false nothing has changed; only of the last step, the folder's sync, it cannot be known. */
MUST_USE bool replace_commit(const struct replacing *replacing, const void *bytes, size_t size,
                             const struct stat *like, struct fault *fault);

/* All three at once, for a file of ours whose old content does not matter: mode 0644. */
MUST_USE bool replace_in(const char *directory, const char *name, const void *bytes, size_t size,
                         struct fault *fault);

#endif
