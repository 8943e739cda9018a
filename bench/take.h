/* Memory of a bench, which has nothing to save when there is none. */
#ifndef BENCH_TAKE_H
#define BENCH_TAKE_H

#include <err.h>
#include <stdlib.h>

#include "protocol/bytes.h"
#include "protocol/options.h"

#define TAKE_ROOM_FIRST 1024

/* `count` items, all zero. */
static inline void *take(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL)
        errx(EXIT_FAILED, "out of memory: no room for %zu items of %zu bytes", count, size);
    return memory;
}

/* The list with room for one more than `count` items. */
static inline void *take_room(void *list, size_t *room, size_t count, size_t size)
{
    if (count < *room)
        return list;
    *room = *room == 0 ? TAKE_ROOM_FIRST : 2 * *room;
    list = reallocarray(list, *room, size);
    if (list == NULL)
        errx(EXIT_FAILED, "out of memory: no room for %zu items of %zu bytes", *room, size);
    return list;
}

#endif
