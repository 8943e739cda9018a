/* Strings of words, each once, numbered in order of appearance. */
#ifndef LOADER_INTERNER_H
#define LOADER_INTERNER_H

#include "protocol/bytes.h"

/* All zero is empty. Owned; interner_free releases it. */
struct interner {
    uint32_t *words;
    struct interned {
        size_t first;
        uint32_t count, hash;
    } * list;
    uint64_t *slots; /* hash, then number + 1; 0: empty */
    size_t word_count, word_room, list_room;
    uint32_t count, slot_mask;
};

/* The number of what has these bytes, a multiple of four; a new one when there was none. */
uint32_t interner_number(struct interner *interner, const void *bytes, size_t size);

/* What has that number; valid until the next call of interner_number. */
const void *interner_at(const struct interner *interner, uint32_t number, size_t *size);
void interner_free(struct interner *interner);

#endif
