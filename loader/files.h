/* Files that people wrote: read whole, and listed. */
#ifndef LOADER_FILES_H
#define LOADER_FILES_H

#include "protocol/bytes.h"
#include "protocol/fault.h"

#include <sys/types.h>

/* The file's bytes, at most one more than `size_most`: a longer one is the caller's to refuse.
 * Owned by the caller. */
MUST_USE bool files_read_whole(char **text, size_t *text_size, const char *path, size_t size_most,
                               struct fault *fault);

/* As many of `size` bytes as the file has from `offset` on; -1 on an error, with errno. */
MUST_USE ssize_t files_read_at(int fd, void *bytes, size_t size, uint64_t offset);

/* Paths of files in a folder. Owned; files_free releases them. */
struct files {
    char **paths;
    size_t count;
};

/* Those whose names end with `suffix` and do not begin with a dot, in order of their names by
 * bytes, whatever the locale. There may be none. */
MUST_USE bool files_list(struct files *out, const char *folder, const char *suffix,
                         struct fault *fault);
void files_free(struct files *files);

#endif
