#include "loader/memory.h"

#include "protocol/options.h"

#include <assert.h>
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_SIZE_LEAST  ((size_t)4 << 20)
#define ROOM_COUNT_FIRST 64
#define PAGE_ALIGNMENT   ((size_t)2 << 20)

/* Of the whole pages among these bytes. */
static void advise(void *memory, size_t size, int advice)
{
    uintptr_t page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)memory + page_size - 1) / page_size * page_size;
    uintptr_t end = ((uintptr_t)memory + size) / page_size * page_size;
    if (end > first)
        madvise((void *)first, end - first, advice);
}

/* Tables of millions are looked into at random: with pages of 2 MiB there are fewer page faults and
 * fewer misses of the page tables. Advice that is not taken changes nothing. */
static void ask_for_huge_pages(void *memory, size_t size)
{
    if (size >= HUGE_SIZE_LEAST)
        advise(memory, size, MADV_HUGEPAGE);
}

static void *memory_or_exit(void *memory, size_t count, size_t size)
{
    if (memory == NULL)
        errx(EXIT_FAILED, "out of memory: no room for %zu items of %zu bytes", count, size);
    ask_for_huge_pages(memory, count * size);
    return memory;
}

void *memory_take(size_t count, size_t size)
{
    assert(count <= SIZE_MAX / size);
    return memory_or_exit(malloc(count == 0 ? 1 : count * size), count, size);
}

void *memory_take_zeroed(size_t count, size_t size)
{
    return memory_or_exit(calloc(count == 0 ? 1 : count, size), count, size);
}

void *memory_grow(void *old, size_t count, size_t size)
{
    return memory_or_exit(reallocarray(old, count == 0 ? 1 : count, size), count, size);
}

void *memory_take_pages(size_t size)
{
    return memory_or_exit(aligned_alloc(PAGE_ALIGNMENT, size), size, 1);
}

void memory_forget_pages(void *memory, size_t size)
{
    advise(memory, size, MADV_DONTNEED);
}

void *memory_room(void *list, size_t *room, size_t needed, size_t size)
{
    if (needed <= *room)
        return list;
    size_t wider = *room == 0 ? ROOM_COUNT_FIRST : 2 * *room;
    *room = wider < needed ? needed : wider;
    return memory_grow(list, *room, size);
}

char *memory_text(const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    int size = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (size < 0)
        errx(EXIT_FAILED, "out of memory: no room for a text");
    return text;
}
