#include "protocol/index.h"

#include <string.h>

/* A last shard so small that LMDB would keep it inside a shared page could not be aligned. */
#define SHARD_BUCKETS_LEAST 32

#define ENTRIES_PER_BUCKET 2 /* load 0.5 of four slots */

uint64_t index_fit_home_count(uint64_t home_count)
{
    if (home_count == 0)
        home_count = 1;
    uint64_t last = index_bucket_count(home_count) % SHARD_BUCKET_COUNT;
    if (last > 0 && last < SHARD_BUCKETS_LEAST)
        home_count += SHARD_BUCKETS_LEAST - last;
    return home_count;
}

uint64_t index_home_count(uint64_t identifier_count)
{
    return index_fit_home_count(identifier_count / ENTRIES_PER_BUCKET +
                                identifier_count % ENTRIES_PER_BUCKET);
}

/* Four numbers side by side; compilers make of it whatever registers there are. */
typedef uint32_t four __attribute__((vector_size(16)));

static inline four load_four(const uint8_t *bytes)
{
    four words;
    memcpy(&words, bytes, sizeof(words));
    return words;
}

/* The payloads of those slots of a bucket that have the digest's tag, and zero for the others, as
 * they are stored. Slots are turned into columns, so that one comparison is for all four; without a
 * branch, which would be mispredicted for every other probe. Empty slots hold view 0, so an
 * all-zero tag finds nobody in them. */
static inline four bucket_find(const uint8_t *bucket, const struct digest *digest)
{
    static_assert(BUCKET_SLOT_COUNT == 4 && SLOT_SIZE == sizeof(four), "four slots of four words");
    static_assert(SLOT_TAG == 0 && SLOT_PAYLOAD == 12 && DIGEST_SIZE == sizeof(four),
                  "three words of tag, which are a digest's last three");
    four slots[4], tag = load_four(digest->bytes);
    for (int i = 0; i < 4; i++)
        slots[i] = load_four(bucket + i * SLOT_SIZE);
    four low01 = __builtin_shufflevector(slots[0], slots[1], 0, 4, 1, 5);
    four low23 = __builtin_shufflevector(slots[2], slots[3], 0, 4, 1, 5);
    four high01 = __builtin_shufflevector(slots[0], slots[1], 2, 6, 3, 7);
    four high23 = __builtin_shufflevector(slots[2], slots[3], 2, 6, 3, 7);
    four tag0 = __builtin_shufflevector(low01, low23, 0, 1, 4, 5);
    four tag1 = __builtin_shufflevector(low01, low23, 2, 3, 6, 7);
    four tag2 = __builtin_shufflevector(high01, high23, 0, 1, 4, 5);
    four payloads = __builtin_shufflevector(high01, high23, 2, 3, 6, 7);
    return payloads & (four)((tag0 == tag[1]) & (tag1 == tag[2]) & (tag2 == tag[3]));
}

/* What is stored there as a view. */
static inline uint32_t view_of(uint32_t stored)
{
    uint8_t bytes[4];
    memcpy(bytes, &stored, sizeof(bytes));
    return load_u32(bytes) & PAYLOAD_VIEW_MASK;
}

/* The view in this bucket, VIEW_NOBODY when none of its slots has the tag. */
static inline uint32_t bucket_probe(const uint8_t *bucket, const struct digest *digest)
{
    four found = bucket_find(bucket, digest);
    found |= __builtin_shufflevector(found, found, 2, 3, 0, 1);
    found |= __builtin_shufflevector(found, found, 1, 0, 3, 2);
    return view_of(found[0]);
}

static inline uint32_t bucket_overflowed(const uint8_t *bucket)
{
    return load_u32(bucket + SLOT_PAYLOAD) & PAYLOAD_OVERFLOWED;
}

/* The rare second look: past a home bucket that overflowed. Taken also for what was found at home,
 * and to the end: how far one looks says nothing about who is there. */
static uint32_t find_beyond(const struct index *index, const struct digest *digest)
{
    uint64_t home = index_home(digest, index->home_count);
    uint32_t view = VIEW_NOBODY, is_more = 1;
    for (uint64_t reach = 1; reach <= BUCKET_REACH_MAX && is_more != 0; reach++) {
        const uint8_t *bucket = index_bucket(index, home + reach);
        view |= bucket_probe(bucket, digest);
        is_more = bucket_overflowed(bucket);
    }
    return view;
}

void index_find_asked(uint32_t views[], uint32_t neighbours[], const struct index *index,
                      const uint8_t *const homes[], const struct digest digests[], size_t count)
{
    static_assert(INDEX_BATCH_MAX == 64, "one bit of `beyond` a digest");
    assert(count <= INDEX_BATCH_MAX);

    /* probe without branches; where somebody has overflowed, the next bucket is asked for */
    uint64_t beyond = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t first = load_u32(homes[i] + SLOT_PAYLOAD);
        uint32_t is_more = (first & PAYLOAD_OVERFLOWED) >> 31;
        HUGE_ASK(homes[i] + (size_t)is_more * BUCKET_SIZE);
        views[i] = bucket_probe(homes[i], &digests[i]);
        neighbours[i] = first & PAYLOAD_VIEW_MASK;
        beyond |= (uint64_t)is_more << i;
    }

    /* look further there: no digest stands twice */
    for (; beyond != 0; beyond &= beyond - 1) {
        size_t i = (size_t)__builtin_ctzll(beyond);
        views[i] |= find_beyond(index, &digests[i]);
    }
}

void index_find_batch(uint32_t views[], const struct index *index, const struct digest digests[],
                      size_t count)
{
    const uint8_t *homes[INDEX_BATCH_MAX];
    uint32_t neighbours[INDEX_BATCH_MAX];
    assert(count <= INDEX_BATCH_MAX);
    for (size_t i = 0; i < count; i++) {
        homes[i] = index_home_bucket(index, &digests[i]);
        HUGE_ASK(homes[i]);
    }
    index_find_asked(views, neighbours, index, homes, digests, count);
}

uint32_t index_find(const struct index *index, const struct digest *digest)
{
    uint32_t view;
    index_find_batch(&view, index, digest, 1);
    return view;
}

/* The slot of a tag from its home bucket on; the same steps whether it is there or not. */
static uint64_t find_slot(const struct index *index, const struct digest *digest)
{
    uint64_t home = index_home(digest, index->home_count), slot = SLOT_NONE;
    uint32_t is_more = 1;
    for (uint64_t reach = 0; reach <= BUCKET_REACH_MAX && is_more != 0; reach++) {
        const uint8_t *bucket = index_bucket(index, home + reach);
        four found = bucket_find(bucket, digest);
        for (uint64_t i = 0; i < BUCKET_SLOT_COUNT; i++)
            slot = view_of(found[i]) != VIEW_NOBODY ? (home + reach) * BUCKET_SLOT_COUNT + i : slot;
        is_more = bucket_overflowed(bucket);
    }
    return slot;
}

void index_find_slots(uint32_t views[], uint64_t slots[], const struct index *index,
                      const struct digest digests[], size_t count)
{
    index_find_batch(views, index, digests, count); /* which brings the buckets near */
    for (size_t i = 0; i < count; i++)
        slots[i] = find_slot(index, &digests[i]);
}

uint64_t index_subject(const struct index *index, uint64_t slot)
{
    if (slot == SLOT_NONE || index->subjects[0] == NULL)
        return 0;
    uint64_t bucket = slot / BUCKET_SLOT_COUNT;
    return load_u64(index->subjects[bucket >> SUBJECT_BUCKET_SHIFT] +
                    (bucket & (SUBJECT_BUCKET_COUNT - 1)) * SUBJECT_BUCKET_SIZE +
                    slot % BUCKET_SLOT_COUNT * 8);
}
