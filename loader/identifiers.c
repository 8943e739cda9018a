#include "loader/identifiers.h"

#include "loader/memory.h"
#include "loader/parallel.h"
#include "loader/sort.h"
#include "loader/subjects.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define PART_BITS  8 /* digests of a part have the same first byte, in their order */
#define PART_COUNT (1 << PART_BITS)
#define FIRST_BYTE 7 /* the highest of the number that they are sorted by */

/* An identifier of somebody, as long as it is not sure that it is nobody else's. */
struct candidate {
    struct digest digest;
    uint64_t subject;
    uint32_t set;                /* the thread's own number */
    uint32_t holder_row;         /* who has it: base row of the part */
    uint32_t issued_day, line;   /* of a row of means */
    uint16_t first_day, end_day; /* of the window; none: not published */
    uint16_t holder_part;
    uint8_t delivery;
    bool is_code; /* a personal code: whose it is was settled before */
};

struct identifiers {
    struct window window;
    const struct identity_key *key, *subject_key;
    uint32_t thread_count;
    struct hoard **candidates; /* by thread: numbers of sets are its own */
    struct hoard *sorted;      /* struct index_entry; views by numbers of the part's thread */
    uint8_t part_threads[PART_COUNT];
    uint64_t counts[PART_COUNT];
    struct view_keys *view_keys; /* by thread */
    uint32_t **view_numbers;     /* by thread; NULL before they are settled */
    atomic_uint_fast64_t repeated_count;
};

struct identifiers *identifiers_open(struct hoard_room *room, struct window window,
                                     const struct identity_key *key,
                                     const struct identity_key *subject_key, uint32_t thread_count)
{
    struct identifiers *all = memory_take_zeroed(1, sizeof(*all));
    all->window = window;
    all->key = key;
    all->subject_key = subject_key;
    all->thread_count = thread_count;
    all->candidates = memory_take(thread_count, sizeof(struct hoard *));
    for (uint32_t t = 0; t < thread_count; t++)
        all->candidates[t] = hoard_open(room, PART_COUNT, sizeof(struct candidate));
    all->sorted = hoard_open(room, PART_COUNT, sizeof(struct index_entry));
    all->view_keys = memory_take_zeroed(thread_count, sizeof(all->view_keys[0]));
    all->view_numbers = memory_take_zeroed(thread_count, sizeof(all->view_numbers[0]));
    return all;
}

void identifiers_close(struct identifiers *all)
{
    if (all == NULL)
        return;
    for (uint32_t t = 0; t < all->thread_count; t++) {
        hoard_close(all->candidates[t]);
        view_keys_free(&all->view_keys[t]);
        free(all->view_numbers[t]);
    }
    hoard_close(all->sorted);
    free(all->candidates);
    free(all->view_keys);
    free(all->view_numbers);
    free(all);
}

/* ---- persons -> candidates ---- */

/* Identifiers wait here until there are enough for a batch. */
struct batch {
    struct identifier identifiers[IDENTITY_BATCH_MAX];
    struct candidate candidates[IDENTITY_BATCH_MAX];
    size_t count;
};

static void batch_flush(struct batch *batch, const struct identifiers *all, struct hoard *hoard)
{
    struct digest digests[IDENTITY_BATCH_MAX];
    identity_digest_batch(digests, all->key, batch->identifiers, batch->count);
    for (size_t i = 0; i < batch->count; i++) {
        batch->candidates[i].digest = digests[i];
        hoard_add(hoard, digests[i].bytes[FIRST_BYTE], &batch->candidates[i],
                  sizeof(batch->candidates[i]));
    }
    batch->count = 0;
}

static void batch_add(struct batch *batch, const struct identifiers *all, struct hoard *hoard,
                      const struct identifier *identifier, const struct candidate *candidate)
{
    batch->identifiers[batch->count] = *identifier;
    batch->candidates[batch->count] = *candidate;
    if (++batch->count == IDENTITY_BATCH_MAX)
        batch_flush(batch, all, hoard);
}

static uint16_t day_of_window(struct window window, uint32_t day)
{
    if (day < window.from_day)
        return 0;
    return (uint16_t)((day < window.until_day ? day : window.until_day) - window.from_day);
}

static void add_codes(struct batch *batch, const struct identifiers *all, struct hoard *hoard,
                      const struct people *people, const uint32_t set_of[],
                      const uint64_t subjects[])
{
    struct identifier identifier = {.means = MEANS_PERSONAL_CODE, .size = 11};
    struct candidate candidate = {.is_code = true,
                                  .end_day = day_of_window(all->window, all->window.until_day)};
    for (size_t row = 0; row < people->facts->person_count; row++) {
        if (set_of[row] == SET_EMPTY)
            continue;
        means_unpack_code(identifier.text, people->facts->persons[row].code);
        candidate.set = set_of[row];
        candidate.subject = subjects == NULL ? 0 : subjects[row];
        batch_add(batch, all, hoard, &identifier, &candidate);
    }
}

/* Also those that are not published: the one that replaces another, or is given to somebody else,
 * may be one of them. */
static void add_means(struct batch *batch, const struct identifiers *all, struct hoard *hoard,
                      uint32_t part, const struct people *people, const uint32_t set_of[],
                      const uint64_t subjects[])
{
    for (size_t i = 0; i < people->facts->means_count; i++) {
        const struct means_fact *means = &people->facts->means[i];
        uint32_t holder = people->holder[i];
        if (holder == NOBODY)
            continue;
        struct candidate candidate = {
            .subject = subjects == NULL ? 0 : subjects[holder],
            .set = set_of[holder],
            .holder_row = holder,
            .holder_part = (uint16_t)part,
            .issued_day = means->issued_day,
            .delivery = means->delivery,
            .line = means->line,
            .first_day = day_of_window(all->window, means->from_day),
            .end_day = day_of_window(all->window, means->until_day),
        };
        batch_add(batch, all, hoard, &means->identifier, &candidate);
    }
}

void identifiers_add(struct identifiers *all, uint32_t thread, uint32_t part,
                     const struct people *people, const uint32_t set_of[])
{
    assert(thread < all->thread_count);
    struct batch batch = {.count = 0};
    struct hoard *hoard = all->candidates[thread];
    uint64_t *subjects =
        all->subject_key == NULL ? NULL : subjects_of_people(people, set_of, all->subject_key);
    add_codes(&batch, all, hoard, people, set_of, subjects);
    add_means(&batch, all, hoard, part, people, set_of, subjects);
    batch_flush(&batch, all, hoard);
    free(subjects);
}

void identifiers_add_tests(struct identifiers *all, uint32_t test_set)
{
    struct batch batch = {.count = 0};
    for (uint8_t means = 1; means <= MEANS_LAST; means++)
        for (int which = TEST_HIT; which <= TEST_EXPIRED; which++) {
            const char *text = means_test_identifier((enum means)means, (enum test_identity)which);
            struct identifier identifier = {.means = means, .size = (uint8_t)strlen(text)};
            memcpy(identifier.text, text, identifier.size);
            uint32_t until_day =
                which == TEST_HIT ? all->window.until_day : all->window.from_day + 1;
            struct candidate candidate = {
                .is_code = true,
                .set = test_set,
                .end_day = day_of_window(all->window, until_day),
                .subject = all->subject_key == NULL
                               ? 0
                               : subject_of_test(all->subject_key, (enum test_identity)which)};
            batch_add(&batch, all, all->candidates[0], &identifier, &candidate);
        }
    batch_flush(&batch, all, all->candidates[0]);
}

/* ---- candidates in order ---- */

/* By the number that chooses the home bucket, then by the rest of the digest. */
struct ordered {
    uint64_t word;
    uint32_t at; /* which candidate */
};

static bool is_before(const struct ordered *a, const struct ordered *b,
                      const struct candidate candidates[])
{
    if (a->word != b->word)
        return a->word < b->word;
    return load_u64(candidates[a->at].digest.bytes + 8) <
           load_u64(candidates[b->at].digest.bytes + 8);
}

/* Every candidate to the range of its next bits, a few to each, and these among themselves: digests
 * are spread evenly. */
#define RANGE_BITS_MAX 16
#define RANGE_BITS_FEW 3 /* so many of them in a range: 2^3 */
static struct ordered *order_candidates(const struct candidate candidates[], size_t count)
{
    uint32_t bits = 1;
    while (bits < RANGE_BITS_MAX && count >> (bits + RANGE_BITS_FEW) > 0)
        bits++;
    uint32_t shift = 64 - PART_BITS - bits, mask = (1u << bits) - 1;
    uint32_t *next = memory_take_zeroed((size_t)mask + 1, sizeof(next[0])), sum = 0;
    struct ordered *order = memory_take(count, sizeof(order[0]));
    for (size_t i = 0; i < count; i++)
        next[load_u64(candidates[i].digest.bytes) >> shift & mask]++;
    for (uint32_t r = 0; r <= mask; r++) {
        uint32_t size = next[r];
        next[r] = sum;
        sum += size;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t word = load_u64(candidates[i].digest.bytes);
        order[next[word >> shift & mask]++] = (struct ordered){word, (uint32_t)i};
    }
    free(next);
    for (size_t i = 1; i < count; i++) {
        struct ordered one = order[i];
        size_t at = i;
        for (; at > 0 && is_before(&one, &order[at - 1], candidates); at--)
            order[at] = order[at - 1];
        order[at] = one;
    }
    return order;
}

/* ---- rows about one means ---- */

/* What all threads share. */
struct settling {
    struct identifiers *all;
    const struct evaluation *evaluation;
    struct intake *intake;
    pthread_mutex_t mutex;
    bool has_fault;
    struct fault fault;
};

enum fate { FATE_KEPT, FATE_REPEATED, FATE_CONFLICT };

static int compare_ordered(const void *left, const void *right)
{
    const struct ordered *a = left, *b = right;
    return a->word != b->word ? (a->word > b->word) - (a->word < b->word)
                              : (a->at > b->at) - (a->at < b->at);
}

/* In the order in which they were delivered, over their words. A register that repeats one number
 * has as many rows of it as it likes. */
static void sort_rows(struct ordered rows[], size_t count, const struct candidate candidates[])
{
    for (size_t i = 0; i < count; i++) {
        const struct candidate *row = &candidates[rows[i].at];
        rows[i].word = (uint64_t)row->delivery << 32 | row->line;
    }
    sort_items(rows, count, sizeof(rows[0]), compare_ordered);
}

static bool is_same_holder(const struct candidate *a, const struct candidate *b)
{
    return a->holder_part == b->holder_part && a->holder_row == b->holder_row;
}

/* Two rows about one means, in the order in which they were delivered: the later issued_day wins;
 * from the same day on, the later row about the same holder wins, and different holders are a
 * conflict. Returns the row that stands. */
static size_t settle_pair(const struct candidate *before, const struct candidate *now,
                          size_t before_at, size_t now_at, uint8_t fates[])
{
    if (now->issued_day < before->issued_day) {
        fates[now_at] = FATE_REPEATED;
        return before_at;
    }
    if (now->issued_day > before->issued_day) {
        if (fates[before_at] == FATE_KEPT)
            fates[before_at] = FATE_REPEATED;
        return now_at;
    }
    if (!is_same_holder(now, before) || fates[before_at] == FATE_CONFLICT) {
        fates[now_at] = fates[before_at] = FATE_CONFLICT;
        return before_at;
    }
    fates[before_at] = FATE_REPEATED;
    return now_at;
}

/* Returns the candidate that stands; NULL: there is none. */
static const struct candidate *settle_rows(struct settling *settling, struct ordered rows[],
                                           size_t count, const struct candidate candidates[])
{
    uint8_t *fates = memory_take_zeroed(count, 1);
    size_t stands = 0;
    sort_rows(rows, count, candidates);
    for (size_t i = 1; i < count; i++)
        stands =
            settle_pair(&candidates[rows[stands].at], &candidates[rows[i].at], stands, i, fates);
    for (size_t i = 0; i < count; i++) {
        const struct candidate *row = &candidates[rows[i].at];
        assert(!row->is_code);
        if (fates[i] == FATE_REPEATED)
            atomic_fetch_add(&settling->all->repeated_count, 1);
        else if (fates[i] == FATE_CONFLICT)
            intake_refuse(settling->intake, row->delivery, row->line, 0, REFUSAL_MEANS_CONFLICT);
    }
    const struct candidate *kept = fates[stands] == FATE_KEPT ? &candidates[rows[stands].at] : NULL;
    free(fates);
    return kept;
}

/* ---- parts of digests ---- */

static bool take_candidates(struct settling *settling, uint32_t part, struct candidate to[],
                            struct fault *fault)
{
    struct identifiers *all = settling->all;
    for (uint32_t t = 0; t < all->thread_count; t++) {
        uint64_t count = hoard_count(all->candidates[t], part);
        const uint32_t *sets = evaluation_numbers(settling->evaluation, t);
        if (count > 0 && !hoard_take(all->candidates[t], part, to, fault))
            return false;
        hoard_empty(all->candidates[t], part);
        for (uint64_t i = 0; i < count; i++)
            to[i].set = sets[to[i].set];
        to += count;
    }
    return true;
}

static void keep(struct identifiers *all, uint32_t thread, uint32_t part,
                 const struct candidate *candidate)
{
    uint64_t key = view_key(candidate->set, candidate->first_day, candidate->end_day);
    if (key == VIEW_KEY_NONE)
        return;
    struct index_entry entry;
    memset(&entry, 0, sizeof(entry)); /* gaps, too */
    entry.digest = candidate->digest;
    entry.view = view_keys_number(&all->view_keys[thread], key);
    entry.subject = candidate->subject;
    hoard_add(all->sorted, part, &entry, sizeof(entry));
    all->counts[part]++;
}

static bool is_same_digest(const struct candidate *a, const struct candidate *b)
{
    return memcmp(a->digest.bytes, b->digest.bytes, sizeof(a->digest.bytes)) == 0;
}

static void settle_part(struct settling *settling, uint32_t thread, uint32_t part,
                        const struct candidate candidates[], size_t count)
{
    struct ordered *order = order_candidates(candidates, count);
    settling->all->part_threads[part] = (uint8_t)thread;
    for (size_t i = 0, end; i < count; i = end) {
        const struct candidate *first = &candidates[order[i].at];
        for (end = i + 1; end < count && order[end].word == order[i].word &&
                          is_same_digest(&candidates[order[end].at], first);)
            end++;
        if (end - i == 1) {
            keep(settling->all, thread, part, first);
            continue;
        }
        const struct candidate *kept = settle_rows(settling, order + i, end - i, candidates);
        if (kept != NULL)
            keep(settling->all, thread, part, kept);
    }
    free(order);
}

static void settle_parts(void *context, uint32_t thread, size_t first, size_t end)
{
    struct settling *settling = context;
    struct fault fault;
    for (size_t part = first; part < end; part++) {
        uint64_t count = 0;
        for (uint32_t t = 0; t < settling->all->thread_count; t++)
            count += hoard_count(settling->all->candidates[t], (uint32_t)part);
        struct candidate *candidates = memory_take(count, sizeof(candidates[0]));
        if (take_candidates(settling, (uint32_t)part, candidates, &fault)) {
            settle_part(settling, thread, (uint32_t)part, candidates, count);
        } else {
            pthread_mutex_lock(&settling->mutex);
            settling->has_fault = true;
            settling->fault = fault;
            pthread_mutex_unlock(&settling->mutex);
        }
        free(candidates);
    }
}

bool identifiers_settle(struct identifiers *all, struct views *views,
                        const struct evaluation *evaluation, struct intake *intake,
                        struct fault *fault)
{
    struct settling settling = {.all = all, .evaluation = evaluation, .intake = intake};
    pthread_mutex_init(&settling.mutex, NULL);
    parallel_for(all->thread_count, PART_COUNT, 1, settle_parts, &settling);
    pthread_mutex_destroy(&settling.mutex);
    if (settling.has_fault) {
        *fault = settling.fault;
        return false;
    }
    views_number(views, all->view_numbers, all->view_keys, all->thread_count, all->window);
    return true;
}

/* ---- what came of it ---- */

uint64_t identifiers_count(const struct identifiers *all)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < PART_COUNT; i++)
        count += all->counts[i];
    return count;
}

uint64_t identifiers_repeated_count(const struct identifiers *all)
{
    return atomic_load(&all->repeated_count);
}

static bool load_part(void *context, uint32_t part, struct index_entry to[], struct fault *fault)
{
    const struct identifiers *all = context;
    const uint32_t *numbers = all->view_numbers[all->part_threads[part]];
    if (!hoard_take(all->sorted, part, to, fault))
        return false;
    for (uint64_t i = 0; i < all->counts[part]; i++)
        to[i].view = numbers[to[i].view];
    return true;
}

struct index_parts identifiers_parts(struct identifiers *all)
{
    return (struct index_parts){
        .count = PART_COUNT, .entry_counts = all->counts, .context = all, .load = load_part};
}
