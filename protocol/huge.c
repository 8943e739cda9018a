#include "protocol/huge.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE  ((size_t)1 << 21)
#define HUGE_LEAST (HUGE_PAGE / 8) /* what is smaller is not worth one */

void *huge_take(size_t count, size_t item_size)
{
    size_t size;
    if (__builtin_mul_overflow(count, item_size, &size) || size > SIZE_MAX / 2)
        return NULL;
    size_t unit = size < HUGE_LEAST ? HUGE_LINE : HUGE_PAGE;
    size = (size + (size == 0) + unit - 1) / unit * unit;
    void *memory = aligned_alloc(unit, size);
    if (memory == NULL)
        return NULL;
    if (unit == HUGE_PAGE)
        (void)madvise(memory, size, MADV_HUGEPAGE); /* does well without */
    memset(memory, 0, size);
    return memory;
}
