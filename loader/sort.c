#include "loader/sort.h"

#include <stdlib.h>

void sort_items(void *items, size_t count, size_t size,
                int (*compare)(const void *left, const void *right))
{
    if (count > 1)
        qsort(items, count, size, compare);
}

static int compare_u32(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static int compare_u64(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

void sort_u32(uint32_t numbers[], size_t count)
{
    sort_items(numbers, count, sizeof(numbers[0]), compare_u32);
}

void sort_u64(uint64_t numbers[], size_t count)
{
    sort_items(numbers, count, sizeof(numbers[0]), compare_u64);
}
