#include "loader/symbols.h"

#include "loader/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_COUNT_FIRST 256 /* a power of two, as all that follow */

/* FNV-1a. Rules are written by those who run the loader: nobody gains by making names collide. */
static uint32_t hash_of(enum symbol_sort sort, const char *name, size_t name_size)
{
    uint32_t hash = 2166136261u ^ (uint32_t)sort;
    for (size_t i = 0; i < name_size; i++)
        hash = (hash ^ (uint8_t)name[i]) * 16777619u;
    return hash;
}

static uint32_t *slot_of(const struct symbols *symbols, enum symbol_sort sort, const char *name,
                         size_t name_size)
{
    uint32_t slot = hash_of(sort, name, name_size) & (symbols->slot_count - 1);
    while (symbols->slots[slot] != 0) {
        const struct symbol *symbol = &symbols->list[symbols->slots[slot] - 1];
        if (symbol->sort == sort && strlen(symbol->name) == name_size &&
            memcmp(symbol->name, name, name_size) == 0)
            break;
        slot = (slot + 1) & (symbols->slot_count - 1);
    }
    return &symbols->slots[slot];
}

const struct symbol *symbols_find(const struct symbols *symbols, enum symbol_sort sort,
                                  const char *name, size_t name_size)
{
    if (symbols->slot_count == 0)
        return NULL;
    uint32_t found = *slot_of(symbols, sort, name, name_size);
    return found != 0 ? &symbols->list[found - 1] : NULL;
}

static void grow(struct symbols *symbols)
{
    symbols->slot_count = symbols->slot_count == 0 ? SLOT_COUNT_FIRST : symbols->slot_count * 2;
    symbols->room = symbols->slot_count / 2; /* so that a free slot is always near */
    free(symbols->slots);
    symbols->slots = memory_take_zeroed(symbols->slot_count, sizeof(symbols->slots[0]));
    symbols->list = memory_grow(symbols->list, symbols->room, sizeof(symbols->list[0]));
    for (uint32_t i = 0; i < symbols->count; i++) {
        const struct symbol *symbol = &symbols->list[i];
        *slot_of(symbols, symbol->sort, symbol->name, strlen(symbol->name)) = i + 1;
    }
}

void symbols_add(struct symbols *symbols, const struct symbol *symbol)
{
    if (symbols->count == symbols->room)
        grow(symbols);
    uint32_t *slot = slot_of(symbols, symbol->sort, symbol->name, strlen(symbol->name));
    assert(*slot == 0);
    symbols->list[symbols->count++] = *symbol;
    *slot = symbols->count;
}

void symbols_free(struct symbols *symbols)
{
    free(symbols->list);
    free(symbols->slots);
    *symbols = (struct symbols){0};
}
