#include "engine/lines.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void *lines_take(size_t count, size_t size)
{
    size_t total, whole;
    if (__builtin_mul_overflow(count, size, &total) ||
        __builtin_add_overflow(total, (size_t)CACHE_LINE_SIZE - 1, &whole) || total == 0)
        return NULL;
    whole -= whole % CACHE_LINE_SIZE;
    void *memory = aligned_alloc(CACHE_LINE_SIZE, whole);
    if (memory != NULL)
        memset(memory, 0, whole);
    return memory;
}

void *lines_resize(void *memory, long size)
{
    void *fresh = size > 0 ? lines_take(1, (size_t)size) : NULL;
    if (memory != NULL && fresh != NULL) {
        size_t kept = malloc_usable_size(memory);
        memcpy(fresh, memory, kept < (size_t)size ? kept : (size_t)size);
    }
    if (fresh != NULL || size <= 0)
        free(memory);
    return fresh;
}
