#include "loader/arrange.h"

#include "loader/parallel.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Entries in memory are worked on in chunks, so that threads share the work evenly. */
#define CHUNK_ENTRY_COUNT ((uint64_t)1 << 16)
#define SLICE_COUNT       ((uint64_t)1 << 16) /* buckets that are cleared at once */
#define SMALL_SORT_COUNT  24
#define RETRY_COUNT_MAX   64

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

static void sort_from(struct index_entry entries[], uint64_t count, uint32_t depth)
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

static void sort_range(void *context, uint32_t thread, size_t number, size_t end)
{
    (void)thread, (void)end;
    struct sorting *sorting = context;
    uint64_t begin = number == 0 ? 0 : sorting->ends[number - 1];
    sort_from(sorting->entries + begin, sorting->ends[number] - begin, 1);
}

static void sort_entries(struct index_entry *entries, uint64_t count, uint32_t thread_count)
{
    struct sorting sorting = {.entries = entries};
    split_by_byte(sorting.ends, entries, count, 0);
    parallel_for(thread_count, 256, 1, sort_range, &sorting);
}

/* ---- chunks ---- */

/* A run of entries that is worked on at once: a part, or a chunk of those in memory. */
struct arranged_part {
    uint64_t first, count; /* entries */
    int64_t lead;          /* the largest of all entries before it; see below */
    int64_t own_lead;      /* of its own entries */
    int64_t worst;         /* how far one of them stands from home, by its own entries alone */
    int64_t least;         /* own lead of whoever would stand furthest if all before pushed */
    uint64_t heads[BUCKET_SLOT_COUNT]; /* by which its first entries choose their homes */
};

/* The entries of a chunk; in `*owned`, for the caller to free, when they had to be loaded. */
static const struct index_entry *chunk_open(const struct arrangement *a, uint64_t chunk,
                                            struct index_entry **owned, struct fault *fault)
{
    *owned = NULL;
    if (a->parts == NULL)
        return a->entries + a->chunks[chunk].first;
    uint64_t count = a->chunks[chunk].count;
    *owned = calloc(count > 0 ? count : 1, sizeof(**owned));
    if (*owned == NULL) {
        fault_set(fault, "no memory to arrange %" PRIu64 " identifiers", count);
        return NULL;
    }
    if (count == 0 || a->parts->load(a->parts->context, (uint32_t)chunk, *owned, fault))
        return *owned;
    free(*owned);
    return NULL;
}

/* What threads share, whatever they do. */
struct chunk_work {
    const struct arrangement *arrangement;
    const struct filling *filling; /* NULL while entries are measured */
    uint64_t first_chunk;
    pthread_mutex_t mutex;
    bool has_fault;
    struct fault fault;
};

static void chunk_fail(struct chunk_work *work, const struct fault *fault)
{
    pthread_mutex_lock(&work->mutex);
    work->has_fault = true;
    work->fault = *fault;
    pthread_mutex_unlock(&work->mutex);
}

static bool run_chunks(struct chunk_work *work, uint64_t count, uint32_t thread_count,
                       void (*step)(void *context, uint32_t thread, size_t first, size_t end),
                       struct fault *fault)
{
    pthread_mutex_init(&work->mutex, NULL);
    parallel_for(thread_count, count, 1, step, work);
    pthread_mutex_destroy(&work->mutex);
    if (work->has_fault)
        *fault = work->fault;
    return !work->has_fault;
}

/* ---- places ----
 *
 * Entry i stands at slot place(i) = max(first slot of its home bucket, place(i - 1) + 1), which is
 * i + lead(i), where lead(i) is the largest of (first home slot of j) - j over all j up to i. A
 * largest-so-far can be taken chunk by chunk: that is what lets threads place entries without
 * knowing what the others do. */

static inline int64_t own_lead(const struct arrangement *a, const struct index_entry *entry,
                               uint64_t i)
{
    uint64_t home = index_home(&entry->digest, a->home_count);
    return (int64_t)(home * BUCKET_SLOT_COUNT) - (int64_t)i;
}

static inline int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The same digest, or two whose tags are the same and which no reader could tell apart. Those of
 * two chunks are in memory. */
static bool tags_differ(const struct arrangement *a, const struct arranged_part *chunk,
                        const struct index_entry entries[])
{
    uint64_t i = a->parts == NULL && chunk->first > 0 ? 0 : 1;
    for (; i < chunk->count; i++) {
        const struct index_entry *entry = &entries[i];
        if (memcmp((entry - 1)->digest.bytes + 4, entry->digest.bytes + 4, DIGEST_SIZE - 4) == 0)
            return false;
    }
    return true;
}

static void measure(const struct arrangement *a, struct arranged_part *chunk,
                    const struct index_entry entries[])
{
    int64_t lead = INT64_MIN;
    chunk->worst = INT64_MIN;
    chunk->least = INT64_MAX;
    for (uint64_t i = 0; i < chunk->count; i++) {
        int64_t own = own_lead(a, &entries[i], chunk->first + i);
        lead = larger(lead, own);
        chunk->worst = larger(chunk->worst, lead - own);
        chunk->least = own < chunk->least ? own : chunk->least;
    }
    chunk->own_lead = lead;
    for (uint64_t i = 0; i < BUCKET_SLOT_COUNT && i < chunk->count; i++)
        chunk->heads[i] = load_u64(entries[i].digest.bytes);
}

static void measure_chunk(void *context, uint32_t thread, size_t number, size_t end)
{
    (void)thread, (void)end;
    struct chunk_work *work = context;
    const struct arrangement *a = work->arrangement;
    struct index_entry *owned;
    struct fault fault;
    const struct index_entry *entries = chunk_open(a, number, &owned, &fault);
    if (entries == NULL) {
        chunk_fail(work, &fault);
        return;
    }
    if (!tags_differ(a, &a->chunks[number], entries)) {
        fault_set(&fault, "an identifier is there twice; settle who owns it first");
        chunk_fail(work, &fault);
    }
    measure(a, &a->chunks[number], entries);
    free(owned);
}

/* Whether nobody stands too far from home, when all before a chunk push as far as they do: of two
 * numbers the larger, less another, is the larger of both differences. */
static bool places_fit(struct arrangement *a)
{
    int64_t lead = 0, worst = 0;
    for (uint64_t c = 0; c < a->chunk_count; c++) {
        struct arranged_part *chunk = &a->chunks[c];
        chunk->lead = lead;
        if (chunk->count == 0)
            continue;
        worst = larger(worst, larger(chunk->worst, lead - chunk->least));
        lead = larger(lead, chunk->own_lead);
    }
    /* (slot - first home slot) / 4 is how many buckets away it is */
    return worst < (int64_t)(BUCKET_REACH_MAX + 1) * BUCKET_SLOT_COUNT;
}

/* More buckets until nobody stands too far: the steps are the same on every machine. */
static bool settle_places(struct arrangement *a, uint32_t thread_count, struct fault *fault)
{
    a->home_count = index_home_count(a->entry_count);
    for (uint32_t i = 0; i < RETRY_COUNT_MAX; i++) {
        struct chunk_work work = {.arrangement = a};
        if (!run_chunks(&work, a->chunk_count, thread_count, measure_chunk, fault))
            return false;
        if (places_fit(a))
            return true;
        a->home_count = index_fit_home_count(a->home_count + a->home_count / 8 + 1);
    }
    return fault_set(fault, "digests crowd together: they do not come from a keyed hash");
}

static bool make(struct arrangement **out, const struct index_entry *entries,
                 const struct index_parts *parts, uint64_t entry_count, uint32_t thread_count,
                 struct fault *fault)
{
    uint64_t chunk_count =
        parts != NULL ? parts->count : (entry_count + CHUNK_ENTRY_COUNT - 1) / CHUNK_ENTRY_COUNT;
    struct arrangement *a = calloc(1, sizeof(*a));
    struct arranged_part *chunks = calloc(chunk_count + 1, sizeof(*chunks));
    if (a == NULL || chunks == NULL) {
        free(a);
        free(chunks);
        return fault_set(fault, "no memory to arrange %" PRIu64 " identifiers", entry_count);
    }
    *a = (struct arrangement){entries, parts, 0, 0, chunks, chunk_count};
    for (uint64_t c = 0; c < chunk_count; c++) {
        uint64_t left = entry_count - a->entry_count;
        chunks[c].first = a->entry_count;
        chunks[c].count = parts != NULL              ? parts->entry_counts[c]
                          : left < CHUNK_ENTRY_COUNT ? left
                                                     : CHUNK_ENTRY_COUNT;
        a->entry_count += chunks[c].count;
    }
    if (!settle_places(a, thread_count, fault)) {
        arrangement_free(a);
        return false;
    }
    *out = a;
    return true;
}

bool arrangement_make(struct arrangement **out, struct index_entry *entries, uint64_t entry_count,
                      uint32_t thread_count, struct fault *fault)
{
    if (entry_count > 0)
        sort_entries(entries, entry_count, thread_count);
    return make(out, entries, NULL, entry_count, thread_count, fault);
}

bool arrangement_make_of_parts(struct arrangement **out, const struct index_parts *parts,
                               uint32_t thread_count, struct fault *fault)
{
    return make(out, NULL, parts, 0, thread_count, fault);
}

void arrangement_free(struct arrangement *arrangement)
{
    if (arrangement == NULL)
        return;
    free(arrangement->chunks);
    free(arrangement);
}

/* ---- bytes ---- */

struct filling {
    uint8_t *buckets;
    uint64_t bucket_size; /* BUCKET_SIZE, or that of their subjects */
    uint64_t first_bucket, bucket_count;
};

/* Empty slots are zero. */
static void clear_slices(void *context, uint32_t thread, size_t first, size_t end)
{
    (void)thread;
    const struct filling *filling = context;
    memset(filling->buckets + first * filling->bucket_size, 0,
           (end - first) * filling->bucket_size);
}

/* By what the entry that many behind the chunk's last chooses its home; false: there is none. */
static bool word_behind(const struct arrangement *a, uint64_t chunk, uint64_t behind,
                        uint64_t *word)
{
    for (uint64_t c = chunk + 1; c < a->chunk_count; c++) {
        if (behind < a->chunks[c].count) {
            *word = a->chunks[c].heads[behind];
            return true;
        }
        behind -= a->chunks[c].count;
    }
    return false;
}

/* A bucket overflowed when the fifth entry, counted from the one in its first slot, wanted it too;
 * then the four before it are there as well, because nobody leaves a gap behind. */
static uint32_t overflow_flag(const struct arrangement *a, uint64_t chunk,
                              const struct index_entry entries[], uint64_t i, uint64_t bucket)
{
    uint64_t fifth = i + BUCKET_SLOT_COUNT, count = a->chunks[chunk].count, word;
    struct digest digest;
    if (fifth < count)
        digest = entries[fifth].digest;
    else if (word_behind(a, chunk, fifth - count, &word))
        store_u64(digest.bytes, word);
    else
        return 0;
    return index_home(&digest, a->home_count) <= bucket ? PAYLOAD_OVERFLOWED : 0;
}

static void fill_slot(const struct chunk_work *work, uint64_t chunk,
                      const struct index_entry entries[], uint64_t i, uint64_t place)
{
    const struct filling *filling = work->filling;
    const struct index_entry *entry = &entries[i];
    uint64_t bucket = place / BUCKET_SLOT_COUNT, in_bucket = place % BUCKET_SLOT_COUNT;
    uint8_t *to = filling->buckets + (bucket - filling->first_bucket) * filling->bucket_size;
    if (filling->bucket_size != BUCKET_SIZE) {
        store_u64(to + in_bucket * 8, entry->subject);
        return;
    }
    uint32_t payload = entry->view;
    if (in_bucket == 0)
        payload |= overflow_flag(work->arrangement, chunk, entries, i, bucket);
    memcpy(to + in_bucket * SLOT_SIZE + SLOT_TAG, entry->digest.bytes + 4, DIGEST_SIZE - 4);
    store_u32(to + in_bucket * SLOT_SIZE + SLOT_PAYLOAD, payload);
}

static void fill_entries(const struct chunk_work *work, uint64_t number,
                         const struct index_entry entries[])
{
    const struct filling *filling = work->filling;
    const struct arranged_part *chunk = &work->arrangement->chunks[number];
    int64_t lead = chunk->lead;
    for (uint64_t i = 0; i < chunk->count; i++) {
        lead = larger(lead, own_lead(work->arrangement, &entries[i], chunk->first + i));
        uint64_t place = (uint64_t)((int64_t)(chunk->first + i) + lead);
        uint64_t bucket = place / BUCKET_SLOT_COUNT;
        if (bucket >= filling->first_bucket &&
            bucket - filling->first_bucket < filling->bucket_count) /* else: another shard's */
            fill_slot(work, number, entries, i, place);
    }
}

static void fill_chunk(void *context, uint32_t thread, size_t number, size_t end)
{
    (void)thread, (void)end;
    struct chunk_work *work = context;
    struct index_entry *owned;
    struct fault fault;
    uint64_t chunk = work->first_chunk + number;
    const struct index_entry *entries = chunk_open(work->arrangement, chunk, &owned, &fault);
    if (entries == NULL) {
        chunk_fail(work, &fault);
        return;
    }
    fill_entries(work, chunk, entries);
    free(owned);
}

/* The bucket of the first entry of a chunk, or of those behind it when it has none. */
static uint64_t chunk_bucket(const struct arrangement *a, uint64_t number)
{
    const struct arranged_part *chunk = &a->chunks[number];
    int64_t lead = chunk->lead;
    if (chunk->count > 0) {
        struct digest digest;
        store_u64(digest.bytes, chunk->heads[0]);
        uint64_t home = index_home(&digest, a->home_count);
        lead = larger(lead, (int64_t)(home * BUCKET_SLOT_COUNT) - (int64_t)chunk->first);
    }
    return (uint64_t)((int64_t)chunk->first + lead) / BUCKET_SLOT_COUNT;
}

static bool fill(const struct arrangement *a, struct filling *filling, uint32_t thread_count,
                 struct fault *fault)
{
    uint64_t first = filling->first_bucket, end = first + filling->bucket_count;
    parallel_for(thread_count, filling->bucket_count, SLICE_COUNT, clear_slices, filling);

    /* chunks that begin in these buckets, and the one before them */
    struct chunk_work work = {.arrangement = a, .filling = filling};
    uint64_t beyond = 0;
    while (beyond < a->chunk_count && chunk_bucket(a, beyond) < end)
        beyond++;
    while (work.first_chunk + 1 < beyond && chunk_bucket(a, work.first_chunk + 1) < first)
        work.first_chunk++;
    return run_chunks(&work, beyond - work.first_chunk, thread_count, fill_chunk, fault);
}

bool arrangement_fill(const struct arrangement *arrangement, uint8_t *buckets,
                      uint64_t first_bucket, uint64_t bucket_count, uint32_t thread_count,
                      struct fault *fault)
{
    struct filling filling = {buckets, BUCKET_SIZE, first_bucket, bucket_count};
    return fill(arrangement, &filling, thread_count, fault);
}

bool arrangement_fill_subjects(const struct arrangement *arrangement, uint8_t *subjects,
                               uint64_t first_bucket, uint64_t bucket_count, uint32_t thread_count,
                               struct fault *fault)
{
    struct filling filling = {subjects, SUBJECT_BUCKET_SIZE, first_bucket, bucket_count};
    return fill(arrangement, &filling, thread_count, fault);
}
