/* Where every entry stands in the index: entries sorted by digest, each in the first free slot from
 * its home bucket on. The same entries give the same places whatever their order and the number of
 * threads were. */
#ifndef LOADER_ARRANGE_H
#define LOADER_ARRANGE_H

#include "loader/builder.h"

struct arrangement {
    const struct index_entry *entries; /* borrowed, sorted; NULL: they come in parts */
    const struct index_parts *parts;   /* borrowed */
    uint64_t entry_count;
    uint64_t home_count; /* so that nobody stands further than BUCKET_REACH_MAX from home */
    struct arranged_part *chunks; /* see arrange.c */
    uint64_t chunk_count;
};

/* Sorts the entries in place. A fault when two have the same digest. */
MUST_USE bool arrangement_make(struct arrangement **out, struct index_entry *entries,
                               uint64_t entry_count, uint32_t thread_count, struct fault *fault);
/* The same of entries that are sorted and come in parts. */
MUST_USE bool arrangement_make_of_parts(struct arrangement **out, const struct index_parts *parts,
                                        uint32_t thread_count, struct fault *fault);
void arrangement_free(struct arrangement *arrangement); /* NULL: nothing */

/* Writes `bucket_count` buckets from `first_bucket` on, empty slots included. Parts may fail to
 * load.
 */
MUST_USE bool arrangement_fill(const struct arrangement *arrangement, uint8_t *buckets,
                               uint64_t first_bucket, uint64_t bucket_count, uint32_t thread_count,
                               struct fault *fault);

/* The same of their subjects, a u64 for each slot. */
MUST_USE bool arrangement_fill_subjects(const struct arrangement *arrangement, uint8_t *subjects,
                                        uint64_t first_bucket, uint64_t bucket_count,
                                        uint32_t thread_count, struct fault *fault);

#endif
