/* The folder of a ledger and the files in it: whose they are, and whether a disk keeps them. */
#ifndef ENGINE_BOOK_FOLDER_H
#define ENGINE_BOOK_FOLDER_H

#include "protocol/fault.h"

#define FOLDER_PATH_SIZE 4096

/* It belongs to this user, nobody else writes there, and it lies on a disk of this machine unless
 * `is_unsafe`. */
MUST_USE bool folder_check(const char *directory, bool is_unsafe, struct fault *fault);
/* So that a file that is new is there for good. */
MUST_USE bool folder_sync(const char *directory, struct fault *fault);
MUST_USE bool folder_path(char path[static FOLDER_PATH_SIZE], const char *directory,
                          const char *name, struct fault *fault);
/* A file for reading and writing, made with the right mode, or found with it. `*fd` is to be closed
 * unless it is -1, whatever comes of it. */
MUST_USE bool folder_open_file(int *fd, const char *path, struct fault *fault);

#endif
