#include "loader/interned.h"

#include "loader/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_COUNT_FIRST 256 /* a power of two */

/* Nobody can choose what is hashed here for harm: whoever writes a catalogue slows down their own
 * build. */
static uint32_t hash_words(const uint32_t words[], size_t count)
{
    uint64_t hash = count * UINT64_C(0x9e3779b97f4a7c15);
    for (size_t i = 0; i < count; i++) {
        hash = (hash ^ words[i]) * UINT64_C(0xbf58476d1ce4e5b9);
        hash ^= hash >> 29;
    }
    hash *= UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(hash >> 32);
}

static void take_slot(struct interned *interned, uint32_t list)
{
    uint32_t mask = interned->slot_count - 1;
    uint32_t slot = interned->lists[list].hash & mask;
    while (interned->slots[slot] != 0)
        slot = (slot + 1) & mask;
    interned->slots[slot] = list + 1;
}

static void make_room(struct interned *interned)
{
    if (interned->list_count < interned->slot_count / 2)
        return;
    assert(interned->slot_count <= UINT32_MAX / 4);
    interned->slot_count = interned->slot_count == 0 ? SLOT_COUNT_FIRST : 2 * interned->slot_count;
    free(interned->slots);
    interned->slots = memory_take_zeroed(interned->slot_count, sizeof(*interned->slots));
    for (uint32_t i = 0; i < interned->list_count; i++)
        take_slot(interned, i);
}

static bool list_is(const struct interned *interned, uint32_t list, uint32_t hash,
                    const uint32_t words[], size_t count)
{
    const struct interned_list *l = &interned->lists[list];
    return l->hash == hash && l->count == count &&
           (count == 0 || memcmp(interned->words + l->first, words, count * sizeof(*words)) == 0);
}

static uint32_t append(struct interned *interned, uint32_t hash, const uint32_t words[],
                       size_t count)
{
    uint32_t list = interned->list_count++;
    interned->lists = memory_room(interned->lists, &interned->list_room, interned->list_count,
                                  sizeof(*interned->lists));
    interned->words = memory_room(interned->words, &interned->word_room,
                                  interned->word_count + count, sizeof(*interned->words));
    interned->lists[list] = (struct interned_list){interned->word_count, (uint32_t)count, hash};
    if (count > 0)
        memcpy(interned->words + interned->word_count, words, count * sizeof(*words));
    interned->word_count += count;
    take_slot(interned, list);
    return list;
}

uint32_t interned_add(struct interned *interned, const uint32_t words[], size_t count)
{
    assert(count < UINT32_MAX);
    make_room(interned);
    uint32_t hash = hash_words(words, count), mask = interned->slot_count - 1;
    for (uint32_t slot = hash & mask; interned->slots[slot] != 0; slot = (slot + 1) & mask)
        if (list_is(interned, interned->slots[slot] - 1, hash, words, count))
            return interned->slots[slot] - 1;
    return append(interned, hash, words, count);
}

const uint32_t *interned_words(const struct interned *interned, uint32_t list, uint32_t *count)
{
    assert(list < interned->list_count);
    *count = interned->lists[list].count;
    return interned->words + interned->lists[list].first;
}

void interned_free(struct interned *interned)
{
    free(interned->lists);
    free(interned->words);
    free(interned->slots);
    memset(interned, 0, sizeof(*interned));
}
