/* Rows of one size under keys of one size, found by key: what sums are kept in. Grows as it must;
 * an entry begins with its key, which has no bytes between its fields that are not set. */
#ifndef PROTOCOL_TOTALS_H
#define PROTOCOL_TOTALS_H

#include "protocol/bytes.h"

struct totals {
    uint8_t *entries; /* in the order in which they came, until they are sorted */
    uint32_t *slots;  /* number of an entry and 1; 0: free */
    size_t entry_size, key_size, count, room, slot_count;
};

void totals_start(struct totals *totals, size_t entry_size, size_t key_size);
void totals_free(struct totals *totals);

/* The entry under the key, new ones zero but for it; good until the next call. NULL: no memory, or
 * more than UINT32_MAX - 1 entries. */
void *totals_at(struct totals *totals, const void *key);
/* NULL: there is none. */
void *totals_find(const struct totals *totals, const void *key);
void *totals_entry(const struct totals *totals, size_t i); /* i < count */

/* From then on entries are only read, by number. */
void totals_sort(struct totals *totals, int (*compare)(const void *, const void *));

/* Bytes that `count` entries need, slots and growth included: for whoever has a bound. */
uint64_t totals_need(size_t entry_size, uint64_t count);

#endif
