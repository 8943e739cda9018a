#include "protocol/index.h"

#include "loader/arrange.h"
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

/* A whole index in memory, placed as the builder places it. */
struct built {
    struct index_entry *entries;
    size_t count;
    struct index index;
    uint8_t *buckets, *subjects;
};

static void build(struct built *b, struct index_entry *entries, size_t count)
{
    struct fault fault;
    struct arrangement *arrangement;
    ck_assert_msg(arrangement_make(&arrangement, entries, count, 1, &fault), "%s", fault.text);
    uint64_t bucket_count = index_bucket_count(arrangement->home_count);
    b->entries = entries;
    b->count = count;
    b->buckets = aligned_alloc(BUCKET_SIZE, bucket_count * BUCKET_SIZE);
    ck_assert_ptr_nonnull(b->buckets);
    memset(b->buckets, 0xee, bucket_count * BUCKET_SIZE); /* what must be overwritten */
    ck_assert(arrangement_fill(arrangement, b->buckets, 0, bucket_count, 1, &fault));
    b->subjects = malloc(bucket_count * SUBJECT_BUCKET_SIZE);
    ck_assert_ptr_nonnull(b->subjects);
    memset(b->subjects, 0xee, bucket_count * SUBJECT_BUCKET_SIZE);
    ck_assert(arrangement_fill_subjects(arrangement, b->subjects, 0, bucket_count, 1, &fault));
    b->index = (struct index){
        .home_count = arrangement->home_count, .shards = {b->buckets}, .subjects = {b->subjects}};
    arrangement_free(arrangement);
}

static void drop(struct built *b)
{
    free(b->buckets);
    free(b->subjects);
    free(b->entries);
}

static struct digest random_digest(uint64_t *state)
{
    struct digest digest = {{0}};
    store_u64(digest.bytes, support_random(state));
    store_u64(digest.bytes + 8, support_random(state));
    return digest;
}

/* Digests of which every `crowd` in a row want the same bucket, give or take one. */
static struct index_entry *crowded_entries(size_t count, size_t crowd, uint64_t *state)
{
    struct index_entry *entries = calloc(count, sizeof(*entries));
    ck_assert_ptr_nonnull(entries);
    uint64_t place = 0;
    for (size_t i = 0; i < count; i++) {
        if (i % crowd == 0)
            place = support_random(state);
        entries[i].digest = random_digest(state);
        store_u64(entries[i].digest.bytes, place + support_random(state) % 4096);
        /* bytes 4 to 7 belong to the place and to the tag: the rest of the tag must differ */
        entries[i].view = (uint32_t)(support_random(state) % 1000000) + 1;
        entries[i].subject = support_random(state) | 1;
    }
    return entries;
}

static const size_t crowds[] = {1, 2, 4, 5, 8, 9, 16, 40, 60, 100};

/* What a plain array says. */
static uint32_t view_of(const struct built *b, const struct digest *digest)
{
    for (size_t i = 0; i < b->count; i++)
        if (memcmp(b->entries[i].digest.bytes, digest->bytes, DIGEST_SIZE) == 0)
            return b->entries[i].view;
    return VIEW_NOBODY;
}

START_TEST(the_index_says_what_a_plain_array_says_however_crowded)
{
    uint64_t state = (uint64_t)_i + 1;
    size_t count = 3000;
    struct built b;
    build(&b, crowded_entries(count, crowds[_i], &state), count);

    uint32_t overflowed_count = 0;
    for (uint64_t i = 0; i < index_bucket_count(b.index.home_count); i++)
        overflowed_count += load_u32(b.buckets + i * BUCKET_SIZE + SLOT_PAYLOAD) >> 31;
    if (crowds[_i] > 4)
        ck_assert_uint_gt(overflowed_count, 50); /* the test reaches what it is for */

    /* every one that is there, strangers, and near strangers: same home, other tag */
    for (size_t i = 0; i < count; i++)
        ck_assert_uint_eq(index_find(&b.index, &b.entries[i].digest), b.entries[i].view);
    for (size_t i = 0; i < 300; i++) {
        struct digest stranger = random_digest(&state);
        ck_assert_uint_eq(index_find(&b.index, &stranger), view_of(&b, &stranger));
        struct digest near = b.entries[support_random(&state) % count].digest;
        near.bytes[8 + support_random(&state) % 8] ^= 1;
        ck_assert_uint_eq(index_find(&b.index, &near), view_of(&b, &near));
    }
    drop(&b);
}
END_TEST

START_TEST(a_batch_of_any_size_says_what_one_at_a_time_says)
{
    uint64_t state = 77;
    size_t count = 2000;
    struct built b;
    build(&b, crowded_entries(count, 12, &state), count);
    for (size_t size = 0; size <= INDEX_BATCH_MAX; size++) {
        struct digest digests[INDEX_BATCH_MAX];
        uint32_t views[INDEX_BATCH_MAX + 1];
        memset(views, 0xab, sizeof(views));
        for (size_t i = 0; i < size; i++)
            digests[i] = i % 3 == 2 ? random_digest(&state)
                                    : b.entries[support_random(&state) % count].digest;
        const struct digest *edge =
            (const struct digest *)at_the_edge(digests, size * sizeof(digests[0]));
        index_find_batch(views, &b.index, edge, size);
        for (size_t i = 0; i < size; i++)
            ck_assert_uint_eq(views[i], view_of(&b, &digests[i]));
        ck_assert_uint_eq(views[size], 0xababababu);
    }
    drop(&b);
}
END_TEST

START_TEST(empty_slots_are_nobody_even_to_a_digest_of_zeros)
{
    uint64_t state = 5;
    struct built b;
    build(&b, crowded_entries(10, 1, &state), 10);
    struct digest zeros = {{0}};
    ck_assert_uint_eq(index_find(&b.index, &zeros), VIEW_NOBODY);
    drop(&b);
}
END_TEST

/* Crowded or not, also beyond home; who is not there has no slot. */
START_TEST(every_digest_has_its_slot_and_its_subject)
{
    static const size_t crowd_of[] = {1, 3, 9, 60};
    uint64_t state = 16;
    struct built b;
    build(&b, crowded_entries(3000, crowd_of[_i], &state), 3000);
    uint64_t taken = 0;
    for (size_t i = 0; i < b.count; i++) {
        struct digest asked[2] = {b.entries[i].digest, random_digest(&state)};
        uint32_t views[2];
        uint64_t slots[2];
        index_find_slots(views, slots, &b.index, asked, 2);
        ck_assert_uint_eq(views[0], b.entries[i].view);
        ck_assert_mem_eq(b.buckets + slots[0] * SLOT_SIZE + SLOT_TAG, asked[0].bytes + 4, 12);
        ck_assert_uint_eq(index_subject(&b.index, slots[0]), b.entries[i].subject);
        ck_assert_uint_eq(views[1], VIEW_NOBODY);
        ck_assert_uint_eq(slots[1], SLOT_NONE);
        ck_assert_uint_eq(index_subject(&b.index, slots[1]), 0);
    }
    for (uint64_t slot = 0; slot < index_bucket_count(b.index.home_count) * BUCKET_SLOT_COUNT;
         slot++)
        taken += index_subject(&b.index, slot) != 0;
    ck_assert_uint_eq(taken, b.count); /* 0 in empty ones */
    drop(&b);
}
END_TEST

START_TEST(a_view_uses_all_31_bits_beside_the_overflow_flag)
{
    uint64_t state = 6;
    struct index_entry *entries = crowded_entries(9, 9, &state);
    for (size_t i = 0; i < 9; i++)
        entries[i].view = PAYLOAD_VIEW_MASK - (uint32_t)i;
    struct built b;
    build(&b, entries, 9);
    for (size_t i = 0; i < 9; i++)
        ck_assert_uint_eq(index_find(&b.index, &b.entries[i].digest), b.entries[i].view);
    drop(&b);
}
END_TEST

START_TEST(an_index_of_several_shards_is_one_row_of_buckets)
{
    /* shards are far larger than a test: two that overlap the last and first buckets alone */
    uint8_t *first = calloc(1, BUCKET_SIZE), *second = calloc(1, BUCKET_SIZE);
    struct index index = {.home_count = SHARD_BUCKET_COUNT + 8};
    index.shards[0] = first - (SHARD_BUCKET_COUNT - 1) * BUCKET_SIZE;
    index.shards[1] = second;
    ck_assert_ptr_eq(index_bucket(&index, SHARD_BUCKET_COUNT - 1), first);
    ck_assert_ptr_eq(index_bucket(&index, SHARD_BUCKET_COUNT), second);

    /* a digest at home in the last bucket of shard 0, standing in the first of shard 1 */
    struct digest digest = {{0}};
    uint64_t step = UINT64_MAX / index.home_count;
    store_u64(digest.bytes, (SHARD_BUCKET_COUNT - 1) * step + step);
    store_u64(digest.bytes + 8, 42);
    ck_assert_uint_eq(index_home(&digest, index.home_count), SHARD_BUCKET_COUNT - 1);
    memcpy(second + SLOT_TAG, digest.bytes + 4, 12);
    store_u32(second + SLOT_PAYLOAD, 9);
    ck_assert_uint_eq(index_find(&index, &digest), VIEW_NOBODY);
    store_u32(first + SLOT_PAYLOAD, PAYLOAD_OVERFLOWED);
    ck_assert_uint_eq(index_find(&index, &digest), 9);
    free(first);
    free(second);
}
END_TEST

START_TEST(a_row_of_flags_without_end_is_followed_only_so_far)
{
    /* damage that no builder writes: the search must still end within the buckets */
    uint64_t bucket_count = index_bucket_count(1);
    uint8_t *buckets = calloc(bucket_count, BUCKET_SIZE);
    for (uint64_t i = 0; i < bucket_count; i++)
        store_u32(buckets + i * BUCKET_SIZE + SLOT_PAYLOAD, PAYLOAD_OVERFLOWED);
    struct index index = {
        .home_count = 1,
        .shards = {at_the_edge(buckets, bucket_count * BUCKET_SIZE)},
    };
    struct digest digest;
    memset(&digest, 0xff, sizeof(digest));
    ck_assert_uint_eq(index_find(&index, &digest), VIEW_NOBODY);
    free(buckets);
}
END_TEST

START_TEST(home_buckets_cost_at_most_36_bytes_an_identifier)
{
    for (uint64_t count = 10000; count < UINT64_C(400000000); count = count * 3 / 2)
        ck_assert_uint_le(index_bucket_count(index_home_count(count)) * BUCKET_SIZE, count * 36);
    ck_assert_uint_ge(index_home_count(0), 1);
}
END_TEST

START_TEST(no_last_shard_is_too_small_for_a_page_of_its_own)
{
    for (uint64_t d = 0; d < 200; d++) {
        uint64_t home_count = index_fit_home_count(SHARD_BUCKET_COUNT - 100 + d);
        uint64_t last = index_bucket_count(home_count) % SHARD_BUCKET_COUNT;
        ck_assert(last == 0 || last >= 32);
        ck_assert_uint_ge(home_count, SHARD_BUCKET_COUNT - 100 + d);
        ck_assert_uint_lt(home_count, SHARD_BUCKET_COUNT - 100 + d + 32);
    }
}
END_TEST

/* ---- placing ---- */

START_TEST(the_same_entries_stand_in_the_same_places_whatever_their_order_and_threads)
{
    uint64_t state = (uint64_t)_i + 100;
    size_t count = 200000;
    struct index_entry *a = crowded_entries(count, crowds[_i] < 60 ? crowds[_i] : 1, &state);
    struct index_entry *b = calloc(count, sizeof(*b));
    memcpy(b, a, count * sizeof(*b));
    for (size_t i = count - 1; i > 0; i--) {
        size_t j = support_random(&state) % (i + 1);
        struct index_entry swapped = b[i];
        b[i] = b[j];
        b[j] = swapped;
    }
    struct fault fault;
    struct arrangement *one, *four;
    ck_assert(arrangement_make(&one, a, count, 1, &fault));
    ck_assert(arrangement_make(&four, b, count, 4, &fault));
    ck_assert_uint_eq(one->home_count, four->home_count);

    uint64_t bucket_count = index_bucket_count(one->home_count);
    uint8_t *x = malloc(bucket_count * BUCKET_SIZE), *y = malloc(bucket_count * BUCKET_SIZE);
    ck_assert(arrangement_fill(one, x, 0, bucket_count, 1, &fault));
    /* and in three pieces, as shards are */
    uint64_t cuts[] = {0, bucket_count / 3, bucket_count / 3 + 7, bucket_count};
    for (size_t i = 0; i < 3; i++)
        ck_assert(arrangement_fill(four, y + cuts[i] * BUCKET_SIZE, cuts[i], cuts[i + 1] - cuts[i],
                                   4, &fault));
    ck_assert(memcmp(x, y, bucket_count * BUCKET_SIZE) == 0);
    free(x);
    free(y);
    arrangement_free(one);
    arrangement_free(four);
    free(a);
    free(b);
}
END_TEST

START_TEST(more_buckets_are_made_when_somebody_would_stand_too_far)
{
    uint64_t state = 9;
    size_t count = 3000;
    struct built b;
    /* 200 that want one bucket take 50 buckets in a row at first */
    struct index_entry *entries = calloc(count, sizeof(*entries));
    uint64_t place = support_random(&state);
    for (size_t i = 0; i < count; i++) {
        entries[i].digest = random_digest(&state);
        if (i < 200)
            store_u64(entries[i].digest.bytes, place + (i << 44));
        entries[i].view = 1 + (uint32_t)i;
    }
    build(&b, entries, count);
    ck_assert_uint_gt(b.index.home_count, index_home_count(count));
    for (size_t i = 0; i < count; i++)
        ck_assert_uint_eq(index_find(&b.index, &b.entries[i].digest), b.entries[i].view);
    drop(&b);
}
END_TEST

START_TEST(digests_that_no_number_of_buckets_parts_are_refused)
{
    struct index_entry *entries = calloc(200, sizeof(*entries));
    for (size_t i = 0; i < 200; i++) {
        store_u64(entries[i].digest.bytes + 8, i + 1);
        entries[i].view = 1;
    }
    struct fault fault;
    struct arrangement *arrangement;
    ck_assert(!arrangement_make(&arrangement, entries, 200, 2, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "crowd"));
    free(entries);
}
END_TEST

START_TEST(a_digest_that_is_there_twice_is_refused)
{
    uint64_t state = 10;
    struct index_entry *entries = crowded_entries(50, 1, &state);
    entries[40].digest = entries[3].digest;
    entries[40].view = entries[3].view + 1;
    struct fault fault;
    struct arrangement *arrangement;
    ck_assert(!arrangement_make(&arrangement, entries, 50, 1, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "twice"));
    free(entries);
}
END_TEST

static Suite *index_suite(void)
{
    Suite *suite = suite_create("index");
    const int crowd_count = sizeof(crowds) / sizeof(crowds[0]);

    TCase *finding = tcase_create("finding");
    tcase_add_loop_test(finding, the_index_says_what_a_plain_array_says_however_crowded, 0,
                        crowd_count);
    tcase_add_test(finding, a_batch_of_any_size_says_what_one_at_a_time_says);
    tcase_add_test(finding, empty_slots_are_nobody_even_to_a_digest_of_zeros);
    tcase_add_loop_test(finding, every_digest_has_its_slot_and_its_subject, 0, 4);
    tcase_add_test(finding, a_view_uses_all_31_bits_beside_the_overflow_flag);
    tcase_add_test(finding, an_index_of_several_shards_is_one_row_of_buckets);
    tcase_add_test(finding, a_row_of_flags_without_end_is_followed_only_so_far);
    tcase_add_test(finding, home_buckets_cost_at_most_36_bytes_an_identifier);
    tcase_add_test(finding, no_last_shard_is_too_small_for_a_page_of_its_own);
    suite_add_tcase(suite, finding);

    TCase *placing = tcase_create("placing");
    tcase_set_timeout(placing, 30);
    tcase_add_loop_test(placing,
                        the_same_entries_stand_in_the_same_places_whatever_their_order_and_threads,
                        0, crowd_count);
    tcase_add_test(placing, more_buckets_are_made_when_somebody_would_stand_too_far);
    tcase_add_test(placing, digests_that_no_number_of_buckets_parts_are_refused);
    tcase_add_test(placing, a_digest_that_is_there_twice_is_refused);
    suite_add_tcase(suite, placing);
    return suite;
}

int main(void)
{
    return support_run(index_suite());
}
