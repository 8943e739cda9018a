/* The journal of checks as its readers see it: what is whole is told, and whatever is not as it was
 * written is noticed: every byte, every block, the end. */
#include "protocol/audit_read.h"
#include "tests/audit_maker.h"

static char directory[400];
static struct sign_public signer;
static struct sign_secret *secret;
static struct fault fault;

static void open_scene(void)
{
    char key[500], public[510];
    ck_assert(identity_start(&fault));
    snprintf(directory, sizeof(directory), "%.380s/journal", support_directory());
    snprintf(key, sizeof(key), "%.400s/head.key", support_directory());
    snprintf(public, sizeof(public), "%s" KEYFILE_PUBLIC_SUFFIX, key);
    ck_assert(keyfile_create_signing(key, &fault));
    ck_assert(keyfile_open_secret(&secret, key, &fault));
    ck_assert(keyfile_read_public(&signer, public, &fault));
}

static void close_scene(void)
{
    keyfile_close_secret(secret);
}

/* 600 rows in three segments, the last one not full. */
static void make_journal(void)
{
    struct audit_file_settings settings = maker_settings(directory);
    settings.head_key = secret;
    struct audit_file *file = maker_open(&settings);
    maker_write(file, 0, 600);
    audit_file_close(file, MAKER_NOW_MS + 600000);
}

static bool verify(struct audit_sums *sums, const struct audit_head *head)
{
    return audit_verify(sums, directory, head, NULL, NULL, &fault);
}

static struct audit_head read_head(void)
{
    struct audit_head head;
    char path[500];
    snprintf(path, sizeof(path), "%s/" AUDIT_HEAD_FILE, directory);
    ck_assert(audit_head_read(&head, path, &signer, &fault));
    return head;
}

START_TEST(what_was_written_is_read)
{
    struct audit_sums sums;
    make_journal();
    struct audit_head head = read_head();
    ck_assert_msg(verify(&sums, &head), "%s", fault.text);
    ck_assert_uint_eq(sums.row_count, 600);
    ck_assert_uint_eq(sums.segment_count, 3);
    ck_assert_uint_eq(sums.block_count, 6); /* four of 126, one of 96, and the end */
    ck_assert_uint_eq(sums.first, 1);
    ck_assert_uint_eq(sums.number, 6);
    ck_assert_uint_eq(sums.lost, 0);
    ck_assert_uint_eq(sums.run_count, 1);
    ck_assert_uint_eq(sums.abrupt_count, 0);
    ck_assert(sums.has_ended && sums.is_head_met);
    ck_assert_uint_eq(head.number, 6);
}
END_TEST

struct told {
    uint64_t count, product_last;
};

static void take(void *context, const struct asked *asked)
{
    struct told *told = context;
    ck_assert(told->count == 0 || asked->product > told->product_last);
    told->product_last = asked->product;
    told->count++;
}

START_TEST(rows_of_one_subject_in_a_time_are_told_in_order)
{
    make_journal();
    static const struct {
        uint64_t subject, from_s, until_s, count;
    } rows[] = {
        {100, 0, UINT64_MAX / 1000, 120},
        {104, 0, UINT64_MAX / 1000, 120},
        {105, 0, UINT64_MAX / 1000, 0},
        {100, MAKER_NOW_MS / 1000 + 5, UINT64_MAX / 1000, 119},
        {100, 0, MAKER_NOW_MS / 1000 + 5, 1},
        {100, MAKER_NOW_MS / 1000 + 300, MAKER_NOW_MS / 1000 + 400, 20},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct told told = {.count = 0};
        struct audit_sums sums;
        ck_assert(audit_each(directory, rows[i].subject, rows[i].from_s * 1000,
                             rows[i].until_s * 1000, take, &told, &sums, &fault));
        ck_assert_uint_eq(told.count, rows[i].count);
        ck_assert_uint_eq(sums.tail_size, 0);
    }
}
END_TEST

START_TEST(segments_that_are_over_before_are_passed_over)
{
    struct told told = {.count = 0};
    struct audit_sums sums;
    make_journal();
    ck_assert(
        audit_each(directory, 100, MAKER_NOW_MS + 590000, UINT64_MAX, take, &told, &sums, &fault));
    ck_assert_uint_eq(told.count, 2);
    ck_assert_uint_eq(sums.segment_count,
                      2); /* the last one was begun when the one before was over */
    ck_assert(
        audit_each(directory, 100, MAKER_NOW_MS + 600001, UINT64_MAX, take, &told, &sums, &fault));
    ck_assert_uint_eq(sums.segment_count, 1);
}
END_TEST

#define SEGMENTS 3

/* The three segments, one after the other, without files. */
static bool scan_all(uint8_t *const bytes[], const size_t sizes[])
{
    struct audit_sums sums = {.first = 0};
    for (size_t i = 0; i < SEGMENTS; i++)
        if (!audit_scan(&sums, bytes[i], sizes[i], NULL, NULL, &fault))
            return false;
    return sums.tail_size == 0;
}

/* The twins: a journal with one byte changed, for every byte of it. */
START_TEST(every_changed_byte_is_noticed)
{
    uint8_t *bytes[SEGMENTS];
    size_t sizes[SEGMENTS];
    uint64_t seed = 1;
    make_journal();
    for (size_t i = 0; i < SEGMENTS; i++)
        bytes[i] = maker_load(maker_path(directory, 2 * i + 1), &sizes[i]);
    ck_assert(scan_all(bytes, sizes));
    for (size_t i = 0; i < SEGMENTS; i++) {
        uint64_t rounds = support_rounds(sizes[i]);
        for (uint64_t round = 0; round < rounds; round++) {
            size_t at = rounds == sizes[i] ? round : support_random(&seed) % sizes[i];
            uint8_t bit = (uint8_t)(1u << support_random(&seed) % 8);
            bytes[i][at] ^= bit;
            ck_assert_msg(!scan_all(bytes, sizes), "byte %zu of segment %zu", at, i);
            bytes[i][at] ^= bit;
        }
    }
    ck_assert(scan_all(bytes, sizes));
    for (size_t i = 0; i < SEGMENTS; i++)
        free(bytes[i]);
}
END_TEST

/* The same with files, some of them. */
START_TEST(a_changed_file_is_said_to_be_one)
{
    struct audit_sums sums;
    size_t size;
    make_journal();
    for (uint64_t first = 1; first <= 5; first += 2) {
        const char *path = maker_path(directory, first);
        uint8_t *bytes = maker_load(path, &size);
        for (size_t at = 0; at < size; at += 397) {
            bytes[at] ^= 0x10;
            support_write_file(path, bytes, size, 0600);
            ck_assert(!verify(&sums, NULL));
            ck_assert_ptr_nonnull(strstr(fault.text, directory));
            bytes[at] ^= 0x10;
        }
        support_write_file(path, bytes, size, 0600);
        free(bytes);
        ck_assert(verify(&sums, NULL));
    }
}
END_TEST

START_TEST(every_cut_is_noticed_with_a_head_and_inside_blocks_without)
{
    struct audit_sums sums;
    size_t size;
    make_journal();
    struct audit_head head = read_head();
    const char *path = maker_path(directory, 5);
    uint8_t *bytes = maker_load(path, &size);
    ck_assert_uint_eq(size, SEGMENT_HEAD_SIZE + BLOCK_SIZE(96) + BLOCK_SIZE(0));
    for (size_t left = 0; left < size; left += left % ASKED_SIZE == 0 ? 1 : ASKED_SIZE - 1) {
        support_write_file(path, bytes, left, 0600);
        ck_assert(!verify(&sums, &head));
        bool is_boundary = left == SEGMENT_HEAD_SIZE || left == SEGMENT_HEAD_SIZE + BLOCK_SIZE(96);
        ck_assert_int_eq(verify(&sums, NULL), is_boundary);
    }
    free(bytes);
}
END_TEST

START_TEST(a_missing_segment_is_noticed_but_for_the_oldest)
{
    struct audit_sums sums;
    make_journal();
    ck_assert_int_eq(unlink(maker_path(directory, 1)), 0);
    ck_assert(verify(&sums, NULL));
    ck_assert_uint_eq(sums.first, 3);
    ck_assert_int_eq(unlink(maker_path(directory, 5)), 0);
    struct audit_head head = read_head();
    ck_assert(verify(&sums, NULL) && !verify(&sums, &head));
    ck_assert_ptr_nonnull(strstr(fault.text, "had come to 6"));
}
END_TEST

START_TEST(the_middle_cannot_go)
{
    struct audit_sums sums;
    make_journal();
    ck_assert_int_eq(unlink(maker_path(directory, 3)), 0);
    ck_assert(!verify(&sums, NULL));
    ck_assert_ptr_nonnull(strstr(fault.text, "begins with block 5, wanted 3"));
}
END_TEST

/* Somebody who can write the folder, but not sign: a journal made anew, sound in itself. */
START_TEST(a_journal_that_was_written_anew_is_not_what_the_head_says)
{
    struct audit_sums sums;
    char head_path[500];
    make_journal();
    struct audit_head head = read_head();
    for (uint64_t first = 1; first <= 5; first += 2)
        ck_assert_int_eq(unlink(maker_path(directory, first)), 0);
    snprintf(head_path, sizeof(head_path), "%s/" AUDIT_HEAD_FILE, directory);
    struct audit_file_settings settings = maker_settings(directory);
    struct audit_file *file = maker_open(&settings);
    maker_write(file, 1, 601);
    audit_file_close(file, MAKER_NOW_MS + 600000);
    ck_assert(verify(&sums, NULL) && !verify(&sums, &head));
    ck_assert_ptr_nonnull(strstr(fault.text, "another journal than the head says"));

    uint8_t *bytes;
    size_t size;
    bytes = maker_load(head_path, &size);
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= 1;
        support_write_file(head_path, bytes, size, 0600);
        ck_assert(!audit_head_read(&head, head_path, &signer, &fault));
        bytes[i] ^= 1;
    }
    free(bytes);
}
END_TEST

START_TEST(a_head_of_blocks_that_are_gone_compares_nothing)
{
    struct audit_sums sums;
    make_journal();
    struct audit_head head = read_head();
    head.number = 1;
    ck_assert_int_eq(unlink(maker_path(directory, 1)), 0);
    ck_assert(!verify(&sums, &head));
    ck_assert_ptr_nonnull(strstr(fault.text, "nothing can be compared"));
}
END_TEST

/* Rows that no reader can understand are not there by chance: whoever sealed them lies. */
START_TEST(a_sealed_row_with_an_unknown_field_is_refused)
{
    struct audit_sums sums = {.first = 0};
    uint8_t bytes[SEGMENT_HEAD_SIZE + BLOCK_SIZE(1)] = {0};
    static const struct {
        size_t at;
        uint8_t value;
    } rows[] = {
        {ASKED_AT_STATUS, 7},  {ASKED_AT_ENTRY, 99},  {ASKED_AT_MEANS, 0}, {ASKED_AT_MEANS, 9},
        {ASKED_AT_PROFILE, 0}, {ASKED_AT_PROFILE, 9}, {ASKED_AT_ZERO, 1},  {ASKED_AT_ZERO + 2, 1},
    };
    for (size_t i = 0; i <= COUNT_OF(rows); i++) {
        struct audit_segment segment = {.first = 1};
        struct audit_block block = {.number = 1, .row_count = 1};
        struct asked asked = maker_row(1);
        uint8_t *at = bytes + SEGMENT_HEAD_SIZE;
        audit_segment_seal(bytes, &segment);
        asked_encode(at + BLOCK_HEAD_SIZE, &asked);
        if (i < COUNT_OF(rows))
            at[BLOCK_HEAD_SIZE + rows[i].at] = rows[i].value;
        audit_block_seal(at, &block, segment.chain);
        memset(&sums, 0, sizeof(sums));
        ck_assert_int_eq(audit_scan(&sums, bytes, sizeof(bytes), NULL, NULL, &fault),
                         i == COUNT_OF(rows));
    }
}
END_TEST

START_TEST(a_folder_that_is_none_is_said_to_be_none)
{
    struct audit_sums sums;
    ck_assert(!audit_verify(&sums, "/nowhere/at/all", NULL, NULL, NULL, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "/nowhere/at/all"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("audit_read");
    TCase *tests = tcase_create("journal");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, open_scene, close_scene);
    tcase_add_test(tests, what_was_written_is_read);
    tcase_add_test(tests, rows_of_one_subject_in_a_time_are_told_in_order);
    tcase_add_test(tests, segments_that_are_over_before_are_passed_over);
    tcase_add_test(tests, every_changed_byte_is_noticed);
    tcase_add_test(tests, a_changed_file_is_said_to_be_one);
    tcase_add_test(tests, every_cut_is_noticed_with_a_head_and_inside_blocks_without);
    tcase_add_test(tests, a_missing_segment_is_noticed_but_for_the_oldest);
    tcase_add_test(tests, the_middle_cannot_go);
    tcase_add_test(tests, a_journal_that_was_written_anew_is_not_what_the_head_says);
    tcase_add_test(tests, a_head_of_blocks_that_are_gone_compares_nothing);
    tcase_add_test(tests, a_sealed_row_with_an_unknown_field_is_refused);
    tcase_add_test(tests, a_folder_that_is_none_is_said_to_be_none);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
