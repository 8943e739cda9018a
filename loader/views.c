#include "loader/views.h"

#include "loader/memory.h"
#include "loader/sort.h"
#include "protocol/index.h"

#include <assert.h>
#include <stdlib.h>

#define SPREAD          UINT64_C(0x9e3779b97f4a7c15)
#define SLOT_MASK_LEAST 4095

/* Set, then the days from which and until which: in the order in which views are numbered. */
#define KEY_DAY_BITS 10
#define KEY_DAY_MASK ((1u << KEY_DAY_BITS) - 1)
static_assert(WINDOW_DAYS_MAX <= KEY_DAY_MASK, "every day of a window fits a key");

uint64_t view_key(uint32_t set, uint32_t first_day, uint32_t end_day)
{
    if (set == 0 || first_day >= end_day)
        return VIEW_KEY_NONE;
    assert(end_day <= KEY_DAY_MASK);
    return (uint64_t)set << (2 * KEY_DAY_BITS) | (uint64_t)first_day << KEY_DAY_BITS | end_day;
}

static struct view view_of_key(uint64_t key, struct window window)
{
    return (struct view){.set = (uint32_t)(key >> (2 * KEY_DAY_BITS)),
                         .from_day =
                             window.from_day + ((uint32_t)(key >> KEY_DAY_BITS) & KEY_DAY_MASK),
                         .until_day = window.from_day + ((uint32_t)key & KEY_DAY_MASK)};
}

/* ---- a thread's own ---- */

static uint32_t slot_of(const struct view_keys *keys, uint64_t key)
{
    uint32_t at = (uint32_t)((key * SPREAD) >> 32) & keys->mask;
    while (keys->slots[at] != 0 && keys->list[keys->slots[at] - 1] != key)
        at = (at + 1) & keys->mask;
    return at;
}

static void widen(struct view_keys *keys)
{
    keys->mask = keys->mask == 0 ? SLOT_MASK_LEAST : 2 * keys->mask + 1;
    free(keys->slots);
    keys->slots = memory_take_zeroed((size_t)keys->mask + 1, sizeof(keys->slots[0]));
    for (uint32_t i = 0; i < keys->count; i++)
        keys->slots[slot_of(keys, keys->list[i])] = i + 1;
}

uint32_t view_keys_number(struct view_keys *keys, uint64_t key)
{
    assert(key != VIEW_KEY_NONE);
    if (2 * (uint64_t)keys->count >= keys->mask)
        widen(keys);
    uint32_t at = slot_of(keys, key);
    if (keys->slots[at] == 0) {
        keys->list =
            memory_room(keys->list, &keys->room, (size_t)keys->count + 1, sizeof(keys->list[0]));
        keys->list[keys->count] = key;
        keys->slots[at] = ++keys->count;
    }
    return keys->slots[at] - 1;
}

void view_keys_free(struct view_keys *keys)
{
    free(keys->list);
    free(keys->slots);
    *keys = (struct view_keys){.list = NULL};
}

/* ---- everybody's ---- */

/* All keys, rising, each once. */
static uint64_t *all_keys(const struct view_keys keys[], uint32_t thread_count, size_t *count)
{
    size_t most = 0, kept = 0;
    for (uint32_t t = 0; t < thread_count; t++)
        most += keys[t].count;
    uint64_t *list = memory_take(most, sizeof(list[0]));
    most = 0;
    for (uint32_t t = 0; t < thread_count; t++)
        for (uint32_t i = 0; i < keys[t].count; i++)
            list[most++] = keys[t].list[i];
    sort_u64(list, most);
    for (size_t i = 0; i < most; i++)
        if (i == 0 || list[i] != list[i - 1])
            list[kept++] = list[i];
    *count = kept;
    return list;
}

static uint32_t number_of(const uint64_t list[], size_t count, uint64_t key)
{
    size_t first = 0, end = count;
    while (end - first > 1) {
        size_t middle = first + (end - first) / 2;
        if (list[middle] <= key)
            first = middle;
        else
            end = middle;
    }
    return (uint32_t)first + 1; /* behind nobody's */
}

void views_number(struct views *out, uint32_t *numbers[], const struct view_keys keys[],
                  uint32_t thread_count, struct window window)
{
    size_t count;
    uint64_t *list = all_keys(keys, thread_count, &count);
    out->list = memory_take(count + 1, sizeof(out->list[0]));
    out->list[VIEW_NOBODY] = (struct view){.set = 0, .from_day = 0, .until_day = DAY_NEVER};
    for (size_t i = 0; i < count; i++)
        out->list[i + 1] = view_of_key(list[i], window);
    out->count = (uint32_t)(count + 1);
    for (uint32_t t = 0; t < thread_count; t++) {
        numbers[t] = memory_take(keys[t].count, sizeof(numbers[t][0]));
        for (uint32_t i = 0; i < keys[t].count; i++)
            numbers[t][i] = number_of(list, count, keys[t].list[i]);
    }
    free(list);
}

void views_free(struct views *views)
{
    free(views->list);
    *views = (struct views){.list = NULL};
}
