/* Sorting of arrays that may be empty, and then NULL, which qsort must not be given. */
#ifndef LOADER_SORT_H
#define LOADER_SORT_H

#include "protocol/bytes.h"

/* As qsort. */
void sort_items(void *items, size_t count, size_t size,
                int (*compare)(const void *left, const void *right));

/* Rising. */
void sort_u32(uint32_t numbers[], size_t count);
void sort_u64(uint64_t numbers[], size_t count);

#endif
