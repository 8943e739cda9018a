#include "loader/arrange.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Entries are worked on in chunks, so that threads share the work evenly. */
#define CHUNK_ENTRY_COUNT ((uint64_t)1 << 16)
#define THREAD_COUNT_MAX  64
#define SMALL_SORT_COUNT  24
#define RETRY_COUNT_MAX   64

/* ---- threads ---- */

struct work {
    void (*step)(void *subject, uint64_t number);
    void *subject;
    uint64_t count;
    atomic_uint_fast64_t next;
};

static void *work_on(void *data)
{
    struct work *work = data;
    for (uint64_t i; (i = atomic_fetch_add(&work->next, 1)) < work->count;)
        work->step(work->subject, i);
    return NULL;
}

/* Steps 0 to count - 1, each once, in any order. Threads that cannot be had are not missed. */
static void work_share(void (*step)(void *subject, uint64_t number), void *subject, uint64_t count,
                       uint32_t thread_count)
{
    struct work work = {.step = step, .subject = subject, .count = count};
    atomic_init(&work.next, 0);
    pthread_t threads[THREAD_COUNT_MAX];
    uint32_t started = 0;
    while (started + 1 < thread_count && started < THREAD_COUNT_MAX && started + 1 < count &&
           pthread_create(&threads[started], NULL, work_on, &work) == 0)
        started++;
    work_on(&work);
    for (uint32_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

/* ---- order ---- */

/* By the number that chooses the home bucket, then by the rest of the digest. */
static bool entry_is_before(const struct index_entry *a, const struct index_entry *b)
{
    uint64_t x = load_u64(a->digest.bytes), y = load_u64(b->digest.bytes);
    if (x != y)
        return x < y;
    return load_u64(a->digest.bytes + 8) < load_u64(b->digest.bytes + 8);
}

/* Byte `depth` in that order: both numbers are little-endian. */
static inline uint8_t byte_at(const struct index_entry *entry, uint32_t depth)
{
    return entry->digest.bytes[depth < 8 ? 7 - depth : 23 - depth];
}

static void sort_small(struct index_entry *entries, uint64_t count)
{
    for (uint64_t i = 1; i < count; i++) {
        struct index_entry entry = entries[i];
        uint64_t at = i;
        for (; at > 0 && entry_is_before(&entry, &entries[at - 1]); at--)
            entries[at] = entries[at - 1];
        entries[at] = entry;
    }
}

/* Moves every entry to the range of its byte, in place; ends[b] is where the range of b ends. */
static void split_by_byte(uint64_t ends[static 256], struct index_entry *entries, uint64_t count,
                          uint32_t depth)
{
    uint64_t next[256] = {0};
    for (uint64_t i = 0; i < count; i++)
        next[byte_at(&entries[i], depth)]++;
    uint64_t sum = 0;
    for (uint32_t b = 0; b < 256; b++) {
        uint64_t size = next[b];
        next[b] = sum;
        sum += size;
        ends[b] = sum;
    }
    for (uint32_t b = 0; b < 256; b++) {
        while (next[b] < ends[b]) {
            struct index_entry entry = entries[next[b]];
            uint8_t to;
            while ((to = byte_at(&entry, depth)) != b) {
                struct index_entry displaced = entries[next[to]];
                entries[next[to]++] = entry;
                entry = displaced;
            }
            entries[next[b]++] = entry;
        }
    }
}

static void sort_from(struct index_entry *entries, uint64_t count, uint32_t depth)
{
    if (count <= SMALL_SORT_COUNT) {
        sort_small(entries, count);
        return;
    }
    if (depth == DIGEST_SIZE)
        return;
    uint64_t ends[256];
    split_by_byte(ends, entries, count, depth);
    for (uint32_t b = 0; b < 256; b++) {
        uint64_t begin = b == 0 ? 0 : ends[b - 1];
        sort_from(entries + begin, ends[b] - begin, depth + 1);
    }
}

struct sorting {
    struct index_entry *entries;
    uint64_t ends[256];
};

static void sort_range(void *subject, uint64_t number)
{
    struct sorting *sorting = subject;
    uint64_t begin = number == 0 ? 0 : sorting->ends[number - 1];
    sort_from(sorting->entries + begin, sorting->ends[number] - begin, 1);
}

static void sort_entries(struct index_entry *entries, uint64_t count, uint32_t thread_count)
{
    struct sorting sorting = {.entries = entries};
    split_by_byte(sorting.ends, entries, count, 0);
    work_share(sort_range, &sorting, 256, thread_count);
}

/* ---- places ----
 *
 * Entry i stands at slot place(i) = max(first slot of its home bucket, place(i - 1) + 1), which is
 * i + lead(i), where lead(i) is the largest of (first home slot of j) - j over all j up to i. A
 * largest-so-far can be taken chunk by chunk: that is what lets threads place entries without
 * knowing what the others do. */

static inline int64_t own_lead(const struct arrangement *a, uint64_t i)
{
    uint64_t home = index_home(&a->entries[i].digest, a->home_count);
    return (int64_t)(home * BUCKET_SLOT_COUNT) - (int64_t)i;
}

static uint64_t chunk_end(const struct arrangement *a, uint64_t chunk)
{
    uint64_t end = (chunk + 1) * CHUNK_ENTRY_COUNT;
    return end < a->entry_count ? end : a->entry_count;
}

/* The lead of the chunk's own entries, into the place of the next chunk. */
static void measure_chunk(void *subject, uint64_t chunk)
{
    struct arrangement *a = subject;
    int64_t lead = INT64_MIN;
    for (uint64_t i = chunk * CHUNK_ENTRY_COUNT; i < chunk_end(a, chunk); i++) {
        int64_t own = own_lead(a, i);
        lead = own > lead ? own : lead;
    }
    a->chunk_lead[chunk + 1] = lead;
}

struct reaching {
    const struct arrangement *arrangement;
    atomic_bool too_far;
};

/* Whether everybody of the chunk stands near home. */
static void check_chunk(void *subject, uint64_t chunk)
{
    struct reaching *reaching = subject;
    const struct arrangement *a = reaching->arrangement;
    int64_t lead = a->chunk_lead[chunk];
    for (uint64_t i = chunk * CHUNK_ENTRY_COUNT; i < chunk_end(a, chunk); i++) {
        int64_t own = own_lead(a, i);
        lead = own > lead ? own : lead;
        /* (slot - first home slot) / 4 is how many buckets away it is */
        if (lead - own >= (int64_t)(BUCKET_REACH_MAX + 1) * BUCKET_SLOT_COUNT)
            atomic_store(&reaching->too_far, true);
    }
}

/* chunk_lead[c]: the lead of all entries before chunk c. True when nobody stands too far. */
static bool places_fit(struct arrangement *a, uint32_t thread_count)
{
    work_share(measure_chunk, a, a->chunk_count, thread_count);
    a->chunk_lead[0] = 0;
    for (uint64_t c = 1; c <= a->chunk_count; c++)
        if (a->chunk_lead[c] < a->chunk_lead[c - 1])
            a->chunk_lead[c] = a->chunk_lead[c - 1];

    struct reaching reaching = {.arrangement = a};
    atomic_init(&reaching.too_far, false);
    work_share(check_chunk, &reaching, a->chunk_count, thread_count);
    return !atomic_load(&reaching.too_far);
}

/* The same digest, or two whose tags are the same and which no reader could tell apart. */
static bool tags_differ(const struct index_entry *entries, uint64_t count)
{
    for (uint64_t i = 1; i < count; i++)
        if (memcmp(entries[i - 1].digest.bytes + 4, entries[i].digest.bytes + 4, DIGEST_SIZE - 4) ==
            0)
            return false;
    return true;
}

bool arrangement_make(struct arrangement **out, struct index_entry *entries, uint64_t entry_count,
                      uint32_t thread_count, struct fault *fault)
{
    if (entry_count > 0)
        sort_entries(entries, entry_count, thread_count);
    if (!tags_differ(entries, entry_count))
        return fault_set(fault, "an identifier is there twice; settle who owns it first");

    struct arrangement *a = calloc(1, sizeof(*a));
    uint64_t chunk_count = (entry_count + CHUNK_ENTRY_COUNT - 1) / CHUNK_ENTRY_COUNT;
    int64_t *chunk_lead = calloc(chunk_count + 1, sizeof(*chunk_lead));
    if (a == NULL || chunk_lead == NULL) {
        free(a);
        free(chunk_lead);
        return fault_set(fault, "no memory to arrange %" PRIu64 " identifiers", entry_count);
    }
    *a = (struct arrangement){entries, entry_count, index_home_count(entry_count), chunk_lead,
                              chunk_count};

    /* More buckets until nobody stands too far: the steps are the same on every machine. */
    for (uint32_t i = 0; i < RETRY_COUNT_MAX; i++) {
        if (places_fit(a, thread_count)) {
            *out = a;
            return true;
        }
        a->home_count = index_fit_home_count(a->home_count + a->home_count / 8 + 1);
    }
    arrangement_free(a);
    return fault_set(fault, "digests crowd together: they do not come from a keyed hash");
}

void arrangement_free(struct arrangement *arrangement)
{
    if (arrangement == NULL)
        return;
    free(arrangement->chunk_lead);
    free(arrangement);
}

/* ---- bytes ---- */

struct filling {
    const struct arrangement *arrangement;
    uint8_t *buckets;
    uint64_t bucket_size; /* BUCKET_SIZE, or that of their subjects */
    uint64_t first_bucket, bucket_count;
    uint64_t first_chunk;
};

/* Empty slots are zero; a slice of as many buckets as a chunk has entries. */
static void clear_slice(void *subject, uint64_t slice)
{
    struct filling *filling = subject;
    uint64_t begin = slice * CHUNK_ENTRY_COUNT;
    uint64_t left = filling->bucket_count - begin;
    uint64_t count = left < CHUNK_ENTRY_COUNT ? left : CHUNK_ENTRY_COUNT;
    memset(filling->buckets + begin * filling->bucket_size, 0, count * filling->bucket_size);
}

/* A bucket overflowed when the fifth entry, counted from the one in its first slot, wanted it too;
 * then the four before it are there as well, because nobody leaves a gap behind. */
static uint32_t overflow_flag(const struct arrangement *a, uint64_t i, uint64_t bucket)
{
    uint64_t fifth = i + BUCKET_SLOT_COUNT;
    bool crowded =
        fifth < a->entry_count && index_home(&a->entries[fifth].digest, a->home_count) <= bucket;
    return crowded ? PAYLOAD_OVERFLOWED : 0;
}

static void fill_slot(const struct filling *filling, uint64_t i, uint64_t place)
{
    const struct arrangement *a = filling->arrangement;
    uint64_t bucket = place / BUCKET_SLOT_COUNT, in_bucket = place % BUCKET_SLOT_COUNT;
    uint8_t *to = filling->buckets + (bucket - filling->first_bucket) * filling->bucket_size;
    if (filling->bucket_size != BUCKET_SIZE) {
        store_u64(to + in_bucket * 8, a->entries[i].subject);
        return;
    }
    uint32_t payload = a->entries[i].view;
    if (in_bucket == 0)
        payload |= overflow_flag(a, i, bucket);
    memcpy(to + in_bucket * SLOT_SIZE + SLOT_TAG, a->entries[i].digest.bytes + 4, DIGEST_SIZE - 4);
    store_u32(to + in_bucket * SLOT_SIZE + SLOT_PAYLOAD, payload);
}

static void fill_chunk(void *subject, uint64_t number)
{
    const struct filling *filling = subject;
    const struct arrangement *a = filling->arrangement;
    uint64_t chunk = filling->first_chunk + number;
    int64_t lead = a->chunk_lead[chunk];
    for (uint64_t i = chunk * CHUNK_ENTRY_COUNT; i < chunk_end(a, chunk); i++) {
        int64_t own = own_lead(a, i);
        lead = own > lead ? own : lead;
        uint64_t place = (uint64_t)((int64_t)i + lead);
        uint64_t bucket = place / BUCKET_SLOT_COUNT;
        if (bucket < filling->first_bucket ||
            bucket - filling->first_bucket >= filling->bucket_count)
            continue; /* belongs to another shard */
        fill_slot(filling, i, place);
    }
}

/* The bucket of a chunk's first entry. */
static uint64_t chunk_bucket(const struct arrangement *a, uint64_t chunk)
{
    uint64_t i = chunk * CHUNK_ENTRY_COUNT;
    int64_t own = own_lead(a, i);
    int64_t lead = own > a->chunk_lead[chunk] ? own : a->chunk_lead[chunk];
    return (uint64_t)((int64_t)i + lead) / BUCKET_SLOT_COUNT;
}

static void fill(struct filling *filling, uint32_t thread_count)
{
    const struct arrangement *a = filling->arrangement;
    uint64_t first = filling->first_bucket, end = first + filling->bucket_count;
    work_share(clear_slice, filling,
               (filling->bucket_count + CHUNK_ENTRY_COUNT - 1) / CHUNK_ENTRY_COUNT, thread_count);

    /* chunks that begin in these buckets, and the one before them */
    uint64_t beyond = 0;
    while (beyond < a->chunk_count && chunk_bucket(a, beyond) < end)
        beyond++;
    while (filling->first_chunk + 1 < beyond && chunk_bucket(a, filling->first_chunk + 1) < first)
        filling->first_chunk++;
    work_share(fill_chunk, filling, beyond - filling->first_chunk, thread_count);
}

void arrangement_fill(const struct arrangement *arrangement, uint8_t *buckets,
                      uint64_t first_bucket, uint64_t bucket_count, uint32_t thread_count)
{
    struct filling filling = {arrangement, buckets, BUCKET_SIZE, first_bucket, bucket_count, 0};
    fill(&filling, thread_count);
}

void arrangement_fill_subjects(const struct arrangement *arrangement, uint8_t *subjects,
                               uint64_t first_bucket, uint64_t bucket_count, uint32_t thread_count)
{
    struct filling filling = {arrangement,  subjects,     SUBJECT_BUCKET_SIZE,
                              first_bucket, bucket_count, 0};
    fill(&filling, thread_count);
}
