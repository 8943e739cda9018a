#include "loader/interner.h"

#include "loader/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define HASH_FACTOR     UINT64_C(0xff51afd7ed558ccd)
#define SLOT_MASK_LEAST 1023

static uint32_t hash_words(const uint8_t *bytes, size_t size)
{
    uint64_t hash = size;
    for (; size >= 8; bytes += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        hash = (hash ^ word) * HASH_FACTOR;
        hash ^= hash >> 32;
    }
    if (size > 0) {
        uint32_t word;
        memcpy(&word, bytes, 4);
        hash = (hash ^ word) * HASH_FACTOR;
        hash ^= hash >> 32;
    }
    return (uint32_t)(hash ^ hash >> 29);
}

static void widen(struct interner *in)
{
    in->slot_mask = in->slot_mask == 0 ? SLOT_MASK_LEAST : 2 * in->slot_mask + 1;
    free(in->slots);
    in->slots = memory_take_zeroed((size_t)in->slot_mask + 1, sizeof(in->slots[0]));
    for (uint32_t number = 0; number < in->count; number++) {
        uint32_t at = in->list[number].hash & in->slot_mask;
        while (in->slots[at] != 0)
            at = (at + 1) & in->slot_mask;
        in->slots[at] = (uint64_t)in->list[number].hash << 32 | (number + 1);
    }
}

static uint32_t append(struct interner *in, const void *bytes, size_t size, uint32_t hash)
{
    size_t count = size / sizeof(in->words[0]);
    in->words =
        memory_room(in->words, &in->word_room, in->word_count + count, sizeof(in->words[0]));
    in->list = memory_room(in->list, &in->list_room, (size_t)in->count + 1, sizeof(in->list[0]));
    in->list[in->count] = (struct interned){in->word_count, (uint32_t)count, hash};
    if (size > 0)
        memcpy(in->words + in->word_count, bytes, size);
    in->word_count += count;
    return in->count++;
}

uint32_t interner_number(struct interner *in, const void *bytes, size_t size)
{
    assert(size % sizeof(in->words[0]) == 0);
    if (2 * (uint64_t)in->count >= in->slot_mask)
        widen(in);
    uint32_t hash = hash_words(bytes, size);
    uint32_t at = hash & in->slot_mask;
    for (; in->slots[at] != 0; at = (at + 1) & in->slot_mask) {
        if (in->slots[at] >> 32 != hash)
            continue;
        uint32_t number = (uint32_t)in->slots[at] - 1;
        const struct interned *it = &in->list[number];
        if (it->count * sizeof(in->words[0]) == size &&
            (size == 0 || memcmp(in->words + it->first, bytes, size) == 0))
            return number;
    }
    uint32_t number = append(in, bytes, size, hash);
    in->slots[at] = (uint64_t)hash << 32 | (number + 1);
    return number;
}

const void *interner_at(const struct interner *in, uint32_t number, size_t *size)
{
    assert(number < in->count);
    *size = in->list[number].count * sizeof(in->words[0]);
    return *size == 0 ? NULL : in->words + in->list[number].first;
}

void interner_free(struct interner *in)
{
    free(in->words);
    free(in->list);
    free(in->slots);
    *in = (struct interner){0};
}
