#include "engine/locked.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

static atomic_bool was_refused;

void *locked_take(size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total) || total == 0)
        return NULL;
    void *memory = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    if (mlock2(memory, total, MLOCK_ONFAULT) != 0 || madvise(memory, total, MADV_DONTDUMP) != 0)
        atomic_store(&was_refused, true);
    return memory;
}

void locked_free(void *memory, size_t count, size_t size)
{
    if (memory == NULL)
        return;
    explicit_bzero(memory, count * size);
    munmap(memory, count * size);
}

bool locked_was_refused(void)
{
    return atomic_load(&was_refused);
}
