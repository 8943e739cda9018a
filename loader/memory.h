/* Memory of a program that runs once: where there is none it ends, with a sentence. */
#ifndef LOADER_MEMORY_H
#define LOADER_MEMORY_H

#include "protocol/bytes.h"

/* malloc, calloc and realloc of arrays for a program that has nothing to save when memory runs out:
 * they end the program with a sentence. Zero items are fine. */
MUST_USE void *memory_take(size_t count, size_t size);
MUST_USE void *memory_take_zeroed(size_t count, size_t size);
MUST_USE void *memory_grow(void *old, size_t count, size_t size);

/* Whole pages, huge ones where the system has them; for free(). The other call gives what is in
 * pages that lie wholly in `memory` back to the system: they stay, and are zero. */
MUST_USE void *memory_take_pages(size_t size);
void memory_forget_pages(void *memory, size_t size);

/* The list with room for `needed` items: doubles, so that adding one by one stays linear. */
MUST_USE void *memory_room(void *list, size_t *room, size_t needed, size_t size);

/* The words, in memory of their own. */
MUST_USE char *memory_text(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
