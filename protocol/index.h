/* The index on disk and in memory: digest -> view, one cache line touched nearly always.
 *
 * Buckets of 64 bytes hold four slots of a 96-bit tag and a 32-bit payload. A digest's first eight
 * bytes (little-endian) choose the home bucket, its last twelve are the tag. What does not fit its
 * bucket goes to the next one, and the bucket it left says so. The table is cut into shards because
 * one LMDB value should not pass 1 GiB; buckets are numbered through all shards. */
#ifndef PROTOCOL_INDEX_H
#define PROTOCOL_INDEX_H

#include <assert.h>

#include "protocol/bytes.h"
#include "protocol/huge.h"
#include "protocol/identity.h"

#define BUCKET_SIZE       64
#define BUCKET_SLOT_COUNT 4

enum {
    SLOT_TAG = 0, /* 12 bytes: digest bytes 4 to 15 */
    SLOT_PAYLOAD =
        12, /* u32: view in bits 0 to 30; bit 31, in slot 0 alone: the bucket overflowed */
    SLOT_SIZE = 16,
};
static_assert(SLOT_PAYLOAD == SLOT_TAG + 12, "slot fields touch");
static_assert(SLOT_SIZE == SLOT_PAYLOAD + 4, "slot fields touch");
static_assert(SLOT_SIZE * BUCKET_SLOT_COUNT == BUCKET_SIZE, "slots fill the bucket");

#define PAYLOAD_OVERFLOWED 0x80000000u
#define PAYLOAD_VIEW_MASK  0x7fffffffu

/* The view of whoever is not in the index: an empty set. An empty slot's payload is 0 too. */
#define VIEW_NOBODY 0

#define SHARD_BUCKET_SHIFT 23 /* 512 MiB a shard */
#define SHARD_BUCKET_COUNT (UINT64_C(1) << SHARD_BUCKET_SHIFT)
#define SHARD_COUNT_MAX    64

/* Home buckets are followed by this many that only take what overflows the last ones; how far an
 * identifier may stand from home at most. The builder refuses to go beyond it. */
#define BUCKET_REACH_MAX 32

/* Subjects stand beside the index, eight bytes for each of its slots, in shards of their own that
 * cover so many buckets: 512 MiB, too. */
#define SUBJECT_BUCKET_SIZE     (8 * BUCKET_SLOT_COUNT)
#define SUBJECT_BUCKET_SHIFT    24
#define SUBJECT_BUCKET_COUNT    (UINT64_C(1) << SUBJECT_BUCKET_SHIFT)
#define SUBJECT_SHARD_COUNT_MAX (SHARD_COUNT_MAX >> (SUBJECT_BUCKET_SHIFT - SHARD_BUCKET_SHIFT))

struct index {
    uint64_t home_count;                              /* buckets that digests choose from */
    const uint8_t *shards[SHARD_COUNT_MAX];           /* borrowed; each begins on a cache line */
    const uint8_t *subjects[SUBJECT_SHARD_COUNT_MAX]; /* borrowed; [0] NULL: there are none */
};

/* How many shards those buckets make. */
static inline uint64_t index_shard_count(uint64_t bucket_count)
{
    return (bucket_count + SHARD_BUCKET_COUNT - 1) / SHARD_BUCKET_COUNT;
}

static inline uint64_t index_subject_shard_count(uint64_t bucket_count)
{
    return (bucket_count + SUBJECT_BUCKET_COUNT - 1) / SUBJECT_BUCKET_COUNT;
}

/* How many home buckets for `identifier_count` at load 0.5; at least 1. */
uint64_t index_home_count(uint64_t identifier_count);

/* The same or the next home_count that leaves no last shard too small to stand on a page of its own
 * (LMDB packs small values together, off the cache lines). */
uint64_t index_fit_home_count(uint64_t home_count);

static inline uint64_t index_bucket_count(uint64_t home_count)
{
    return home_count + BUCKET_REACH_MAX;
}

__extension__ typedef unsigned __int128 uint128; /* gcc and clang have it; ISO C does not */

static inline uint64_t index_home(const struct digest *digest, uint64_t home_count)
{
    return (uint64_t)(((uint128)load_u64(digest->bytes) * home_count) >> 64);
}

static inline const uint8_t *index_bucket(const struct index *index, uint64_t bucket)
{
    return index->shards[bucket >> SHARD_BUCKET_SHIFT] +
           (bucket & (SHARD_BUCKET_COUNT - 1)) * BUCKET_SIZE;
}

/* What a look-up of the digest reads first. */
static inline const uint8_t *index_home_bucket(const struct index *index,
                                               const struct digest *digest)
{
    return index_bucket(index, index_home(digest, index->home_count));
}

/* The view of each digest, VIEW_NOBODY where it is not in the index. Hashes are spread evenly: all
 * home buckets are asked for before the first is probed, so that the misses overlap. */
#define INDEX_BATCH_MAX 64
void index_find_batch(uint32_t views[], const struct index *index, const struct digest digests[],
                      size_t count);
/* The same where home buckets were asked for before: homes[i] is index_home_bucket(digests[i]). And
 * somebody's view from there; VIEW_NOBODY when nobody is at home, as for one digest in seven. */
void index_find_asked(uint32_t views[], uint32_t neighbours[], const struct index *index,
                      const uint8_t *const homes[], const struct digest digests[], size_t count);
uint32_t index_find(const struct index *index, const struct digest *digest);

/* The same, and in which slot each digest stands, counted through all shards; SLOT_NONE where it is
 * not in the index. For whoever counts; a look-up alone does without. */
#define SLOT_NONE UINT64_MAX
void index_find_slots(uint32_t views[], uint64_t slots[], const struct index *index,
                      const struct digest digests[], size_t count);

/* Whose slot it is (subject.h); 0 for SLOT_NONE, and in a snapshot without subjects. */
uint64_t index_subject(const struct index *index, uint64_t slot);

#endif
