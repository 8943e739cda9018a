#include "protocol/totals.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 64

void totals_start(struct totals *totals, size_t entry_size, size_t key_size)
{
    assert(key_size <= entry_size && key_size > 0);
    *totals = (struct totals){.entry_size = entry_size, .key_size = key_size};
}

void totals_free(struct totals *totals)
{
    free(totals->entries);
    free(totals->slots);
    totals_start(totals, totals->entry_size, totals->key_size);
}

void *totals_entry(const struct totals *totals, size_t i)
{
    assert(i < totals->count);
    return totals->entries + i * totals->entry_size;
}

/* Of nothing secret: entries of tables. */
static bool begins_with(const void *entry, const void *start, size_t size)
{
    return memcmp(entry, start, size) == 0;
}

static uint64_t hash_of(const void *key, size_t size)
{
    const uint8_t *p = key;
    uint64_t hash = UINT64_C(0x9e3779b97f4a7c15);
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = 0;
        memcpy(&word, p + i, size - i < 8 ? size - i : 8);
        hash = (hash ^ word) * UINT64_C(0xbf58476d1ce4e5b9);
        hash ^= hash >> 29;
    }
    return hash ^ hash >> 32;
}

/* The slot of the key, or the free one where it would stand. */
static size_t slot_of(const struct totals *totals, const void *key)
{
    size_t mask = totals->slot_count - 1, slot = hash_of(key, totals->key_size) & mask;
    while (totals->slots[slot] != 0 &&
           !begins_with(totals_entry(totals, totals->slots[slot] - 1), key, totals->key_size))
        slot = (slot + 1) & mask;
    return slot;
}

/* Slots are twice as many as entries have room, so that a free one is near. */
static bool grow(struct totals *totals)
{
    size_t room = totals->room == 0 ? ROOM_FIRST : 2 * totals->room;
    if (room > UINT32_MAX / 2)
        return false;
    uint8_t *entries = realloc(totals->entries, room * totals->entry_size);
    if (entries == NULL)
        return false;
    totals->entries = entries;
    uint32_t *slots = calloc(2 * room, sizeof(*slots));
    if (slots == NULL)
        return false;
    free(totals->slots);
    totals->slots = slots;
    totals->slot_count = 2 * room;
    totals->room = room;
    for (size_t i = 0; i < totals->count; i++)
        slots[slot_of(totals, totals_entry(totals, i))] = (uint32_t)(i + 1);
    return true;
}

void *totals_find(const struct totals *totals, const void *key)
{
    if (totals->count == 0)
        return NULL;
    uint32_t number = totals->slots[slot_of(totals, key)];
    return number == 0 ? NULL : totals_entry(totals, number - 1);
}

void *totals_at(struct totals *totals, const void *key)
{
    void *there = totals_find(totals, key);
    if (there != NULL)
        return there;
    if (totals->count == totals->room && !grow(totals))
        return NULL;
    totals->slots[slot_of(totals, key)] = (uint32_t)(totals->count + 1);
    totals->count++;
    uint8_t *entry = totals_entry(totals, totals->count - 1);
    memset(entry, 0, totals->entry_size);
    memcpy(entry, key, totals->key_size);
    return entry;
}

void totals_sort(struct totals *totals, int (*compare)(const void *, const void *))
{
    if (totals->count > 1)
        qsort(totals->entries, totals->count, totals->entry_size, compare);
    free(totals->slots);
    totals->slots = NULL;
}

uint64_t totals_need(size_t entry_size, uint64_t count)
{
    uint64_t room = ROOM_FIRST;
    while (room < count)
        room *= 2;
    return room * (entry_size + 2 * sizeof(uint32_t)) + room / 2 * entry_size;
}
