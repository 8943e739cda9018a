/* Memory in whole cache lines: what one loop writes must not lie on a line that another one uses.
 * tests/shared_lines.sh looks at every load and store of two loops. */
#ifndef ENGINE_LINES_H
#define ENGINE_LINES_H

#include "protocol/bytes.h"

#define CACHE_LINE_SIZE 64

/* Zeros, from the beginning of a line to the end of one; NULL when there is no memory. */
void *lines_take(size_t count, size_t size);

/* As realloc, and with size 0 as free: for libev (ev_set_allocator), whose event loops would lie
 * side by side else. */
void *lines_resize(void *memory, long size);

#endif
