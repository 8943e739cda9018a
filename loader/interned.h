/* Lists of numbers, each kept once: equal lists have the same index, so that comparing them later
 * is comparing two numbers. */
#ifndef LOADER_INTERNED_H
#define LOADER_INTERNED_H

#include "protocol/bytes.h"

struct interned_list {
    size_t first; /* in words */
    uint32_t count;
    uint32_t hash;
};

/* Zeros are none; interned_free releases it. */
struct interned {
    struct interned_list *lists;
    uint32_t *words;
    uint32_t *slots; /* index + 1 of a list; 0: free. At most half are taken */
    size_t list_room, word_room, word_count;
    uint32_t list_count, slot_count;
};

/* The list's index: that of an equal one, or list_count as it was before. */
uint32_t interned_add(struct interned *interned, const uint32_t words[], size_t count);

/* Borrowed until the next one is added. */
const uint32_t *interned_words(const struct interned *interned, uint32_t list, uint32_t *count);

void interned_free(struct interned *interned);

#endif
