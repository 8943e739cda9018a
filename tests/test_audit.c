/* The journal of checks as the engine writes it: what loops put into rings comes to the disk under
 * the right subject, and whatever does not is counted. */
#include "engine/audit.h"
#include "protocol/audit_read.h"
#include "tests/audit_maker.h"
#include "tests/scene.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#define WAIT_MS_MAX 20000

static struct scene scene;
static struct metrics metrics;
static struct audit_file *file;
static struct audit *audit;
static char directory[400], log_path[400];
static struct fault fault;

static void log_to_file(void)
{
    int fd = open(log_path, O_CREAT | O_WRONLY | O_APPEND | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    dup2(fd, STDERR_FILENO);
    close(fd);
}

static bool log_says(const char *what)
{
    size_t size;
    uint8_t *text = maker_load(log_path, &size);
    text[size] = '\0';
    bool says = strstr((const char *)text, what) != NULL;
    free(text);
    return says;
}

static void open_scene(void)
{
    snprintf(directory, sizeof(directory), "%.380s/journal", support_directory());
    snprintf(log_path, sizeof(log_path), "%.380s/log", support_directory());
    log_to_file();
    scene_open(&scene);
    memset(&metrics, 0, sizeof(metrics));
}

static void close_scene(void)
{
    scene_close(&scene);
}

static struct audit_sums verified(void)
{
    struct audit_sums sums;
    if (!audit_verify(&sums, directory, NULL, NULL, NULL, &fault))
        ck_abort_msg("%s", fault.text);
    return sums;
}

/* ---- the file ---- */

START_TEST(a_second_run_goes_on_where_the_first_ended)
{
    struct audit_file_settings settings = maker_settings(directory);
    file = maker_open(&settings);
    maker_write(file, 0, 300);
    audit_file_close(file, MAKER_NOW_MS);
    file = maker_open(&settings);
    maker_write(file, 300, 310);
    ck_assert_uint_eq(audit_file_counts(file).rows, 10);
    audit_file_close(file, MAKER_NOW_MS);
    struct audit_sums sums = verified();
    ck_assert_uint_eq(sums.row_count, 310);
    ck_assert_uint_eq(sums.run_count, 2);
    ck_assert_uint_eq(sums.abrupt_count, 0);
    ck_assert_uint_eq(sums.lost, 0);
}
END_TEST

START_TEST(a_run_without_checks_leaves_no_block)
{
    struct audit_file_settings settings = maker_settings(directory);
    for (int i = 0; i < 3; i++)
        audit_file_close(maker_open(&settings), MAKER_NOW_MS);
    struct audit_sums sums = verified();
    ck_assert_uint_eq(sums.segment_count, 1);
    ck_assert_uint_eq(sums.block_count, 0);
}
END_TEST

START_TEST(two_servers_do_not_write_one_journal)
{
    struct audit_file_settings settings = maker_settings(directory);
    struct audit_file *other;
    file = maker_open(&settings);
    ck_assert(!audit_file_open(&other, &settings, MAKER_NOW_MS, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "another server is writing"));
    audit_file_close(file, MAKER_NOW_MS);
}
END_TEST

START_TEST(a_folder_that_others_read_is_refused)
{
    struct audit_file_settings settings = maker_settings(directory);
    ck_assert_int_eq(mkdir(directory, 0750), 0);
    ck_assert(!audit_file_open(&file, &settings, MAKER_NOW_MS, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "chmod 700"));
}
END_TEST

START_TEST(the_journal_of_another_environment_or_key_is_refused)
{
    struct audit_file_settings settings = maker_settings(directory);
    file = maker_open(&settings);
    maker_write(file, 0, 1);
    audit_file_close(file, MAKER_NOW_MS);
    settings.environment++;
    ck_assert(!audit_file_open(&file, &settings, MAKER_NOW_MS, &fault));
    settings.environment--;
    settings.subject_key++;
    ck_assert(!audit_file_open(&file, &settings, MAKER_NOW_MS, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "another environment or subject key"));
}
END_TEST

/* As after a power cut: the last block is there in part, for every part; behind it there may be
 * nothing or what was never written. */
START_TEST(a_torn_block_is_cut_off_counted_and_said)
{
    struct audit_file_settings settings = maker_settings(directory);
    file = maker_open(&settings);
    maker_write(file, 0, 5);
    maker_write(file, 5, 8);
    audit_file_close(file, MAKER_NOW_MS);
    size_t size, whole = SEGMENT_HEAD_SIZE + BLOCK_SIZE(5);
    char path[500];
    snprintf(path, sizeof(path), "%s", maker_path(directory, 1));
    uint8_t *bytes = maker_load(path, &size);
    for (size_t left = whole + 1; left < whole + BLOCK_SIZE(3); left++) {
        uint8_t *zeros = calloc(1, left);
        memcpy(zeros, bytes, left % 2 == 0 ? left : whole);
        support_write_file(path, zeros, left, 0600);
        free(zeros);
        file = maker_open(&settings);
        uint64_t lost = audit_file_counts(file).lost;
        ck_assert(lost >= 1 && lost <= 3);
        audit_file_close(file, MAKER_NOW_MS);
        struct audit_sums sums = verified();
        ck_assert_uint_eq(sums.row_count, 5);
        ck_assert_uint_eq(sums.lost, lost);
        ck_assert_uint_eq(sums.abrupt_count, 1);
    }
    free(bytes);
    ck_assert(log_says("event=audit_torn") && log_says("event=audit_abrupt"));
}
END_TEST

START_TEST(a_segment_that_was_hardly_begun_is_begun_again)
{
    struct audit_file_settings settings = maker_settings(directory);
    file = maker_open(&settings);
    maker_write(file, 0, 252); /* to the brim */
    audit_file_close(file, MAKER_NOW_MS);
    for (size_t size = 0; size <= SEGMENT_HEAD_SIZE; size += SEGMENT_HEAD_SIZE / 2) {
        size_t all;
        uint8_t *bytes = maker_load(maker_path(directory, 3), &all);
        support_write_file(maker_path(directory, 3), bytes, size, 0600);
        free(bytes);
        file = maker_open(&settings);
        maker_write(file, 252, 253);
        audit_file_close(file, MAKER_NOW_MS);
        ck_assert_uint_eq(verified().row_count, 253);
    }
}
END_TEST

START_TEST(the_oldest_segments_go_when_there_is_no_room)
{
    struct audit_file_settings settings = maker_settings(directory);
    settings.size_max = 4 * MAKER_SEGMENT;
    file = maker_open(&settings);
    maker_write(file, 0, 5000);
    audit_file_tidy(file, MAKER_NOW_MS);
    audit_file_close(file, MAKER_NOW_MS);
    struct audit_sums sums = verified();
    ck_assert_uint_le(sums.byte_count, settings.size_max);
    ck_assert_uint_gt(sums.byte_count, settings.size_max / 2);
    ck_assert_uint_gt(sums.first, 1);
    ck_assert_uint_eq(sums.lost, 0); /* removed is not lost */
}
END_TEST

START_TEST(segments_go_after_their_days)
{
    struct audit_file_settings settings = maker_settings(directory);
    settings.days = 10;
    file = maker_open(&settings);
    uint64_t day_ms = UINT64_C(86400000);
    for (uint64_t day = 0; day < 30; day++) {
        struct asked asked = maker_row(day);
        audit_file_add(file, &asked, MAKER_NOW_MS + day * day_ms);
        audit_file_sync(file, MAKER_NOW_MS + day * day_ms + 1000 + day);
        audit_file_tidy(file, MAKER_NOW_MS + day * day_ms + 2000 + day);
    }
    audit_file_close(file, MAKER_NOW_MS + 29 * day_ms + 3000);
    struct audit_sums sums = verified();
    ck_assert_uint_ge(sums.row_count, 10); /* a segment is of a day at least */
    ck_assert_uint_le(sums.row_count, 13);
}
END_TEST

START_TEST(a_wrong_clock_costs_one_segment_a_minute)
{
    struct audit_file_settings settings = maker_settings(directory);
    settings.days = 10;
    file = maker_open(&settings);
    maker_write(file, 0, 2000);
    audit_file_tidy(file, MAKER_NOW_MS);
    uint64_t before = verified().segment_count, wrong_ms = UINT64_C(4000000000000);
    ck_assert_uint_gt(before, 4);
    audit_file_tidy(file, wrong_ms);
    ck_assert_uint_eq(verified().segment_count, before - 1);
    audit_file_tidy(file, wrong_ms + 60000);
    ck_assert_uint_eq(verified().segment_count, before - 2);
    audit_file_close(file, MAKER_NOW_MS);
}
END_TEST

/* A disk that is full: the file may not grow any more. */
static void limit_files(rlim_t size)
{
    struct rlimit limit;
    ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(what_a_full_disk_does_not_take_is_lost_and_the_journal_says_how_many)
{
    struct audit_file_settings settings = maker_settings(directory);
    file = maker_open(&settings);
    maker_write(file, 0, 100);
    uint64_t now_ms = MAKER_NOW_MS + 1000000;
    for (rlim_t size = 0; size < SEGMENT_HEAD_SIZE + BLOCK_SIZE(126); size += 500) {
        limit_files(size);
        for (uint64_t i = 0; i < 130; i++) {
            struct asked asked = maker_row(i);
            audit_file_add(file, &asked, now_ms);
        }
        audit_file_sync(file, now_ms);
        ck_assert(!audit_file_works(file, now_ms));
        ck_assert(!audit_file_works(file, now_ms + AUDIT_RETRY_MS) || size > SEGMENT_HEAD_SIZE);
        now_ms += 10 * AUDIT_RETRY_MS;
        limit_files(RLIM_INFINITY);
        ck_assert(audit_file_works(file, now_ms));
    }
    struct asked asked = maker_row(1000);
    audit_file_add(file, &asked, now_ms);
    audit_file_sync(file, now_ms);
    struct audit_counts counts = audit_file_counts(file);
    audit_file_close(file, now_ms);
    struct audit_sums sums = verified();
    ck_assert_uint_eq(sums.row_count, 101);
    ck_assert_uint_eq(counts.rows, 101);
    ck_assert_uint_eq(sums.lost % 130, 0);
    ck_assert_uint_eq(sums.lost, counts.lost);
    ck_assert_uint_gt(counts.failures, 0);
    ck_assert_uint_eq(sums.run_count, 1);
    ck_assert(log_says("event=audit_failed") && log_says("event=audit_works"));
}
END_TEST

/* What stood torn because it could not be removed, on a disk that was made read-only, say. */
START_TEST(what_a_failure_left_behind_does_not_keep_the_journal_from_going_on)
{
    struct audit_file_settings settings = maker_settings(directory);
    struct asked asked = maker_row(100);
    file = maker_open(&settings);
    maker_write(file, 0, 100);
    limit_files(0);
    audit_file_add(file, &asked, MAKER_NOW_MS);
    audit_file_sync(file, MAKER_NOW_MS);
    ck_assert(!audit_file_works(file, MAKER_NOW_MS));
    limit_files(RLIM_INFINITY);
    support_write_file(maker_path(directory, 2), "torn", 4, 0600);
    ck_assert(audit_file_works(file, MAKER_NOW_MS + AUDIT_RETRY_MS));
    audit_file_close(file, MAKER_NOW_MS);
    ck_assert_uint_eq(verified().row_count, 100);
}
END_TEST

START_TEST(a_clock_that_is_set_back_does_not_keep_it_from_trying_again)
{
    struct audit_file_settings settings = maker_settings(directory);
    struct asked asked = maker_row(0);
    file = maker_open(&settings);
    limit_files(0);
    audit_file_add(file, &asked, MAKER_NOW_MS);
    audit_file_sync(file, MAKER_NOW_MS);
    limit_files(RLIM_INFINITY);
    ck_assert(!audit_file_works(file, MAKER_NOW_MS + AUDIT_RETRY_MS - 1));
    ck_assert(audit_file_works(file, MAKER_NOW_MS - 3600000));
    audit_file_close(file, MAKER_NOW_MS);
}
END_TEST

/* ---- rings and the thread ---- */

static const struct edition *take_scene(void *context)
{
    const struct edition **edition = context;
    return *edition;
}

static const struct edition *in_service;

static void open_audit(uint32_t loop_count, bool refuses)
{
    struct audit_file_settings settings = maker_settings(directory);
    settings.segment_size = 1 << 20;
    settings.size_max = 64 << 20;
    settings.subject_key = subject_key_check(&scene.subject_key);
    in_service = scene.edition;
    file = maker_open(&settings);
    struct audit_settings audit_settings = {
        .file = file,
        .subject_key = &scene.subject_key,
        .loop_count = loop_count,
        .refuses = refuses,
        .metrics = &metrics,
        .take = take_scene,
        .context = &in_service,
    };
    ck_assert(audit_open(&audit, &audit_settings, &fault));
    scene.answerer.audit = audit_ring(audit, 0);
    scene.answerer.audit_refuses = audit_refuses(audit);
}

static void close_audit(void)
{
    audit_close(audit);
    audit_file_close(file, MAKER_NOW_MS);
}

static void ask(struct response *response, const struct request *request)
{
    uint8_t in[FRAME_SIZE], out[FRAME_SIZE];
    bool is_over;
    frame_encode_request(in, request);
    ck_assert_uint_eq(answer_frames(&scene.answerer, &scene.moment, out, in, 1, &is_over), 1);
    ck_assert(frame_decode_response(response, out));
}

/* The rows in order. */
struct rows {
    struct asked rows[64];
    size_t count;
};

static void take_row(void *context, const struct asked *asked)
{
    struct rows *rows = context;
    ck_assert_uint_lt(rows->count, COUNT_OF(rows->rows));
    rows->rows[rows->count++] = *asked;
}

static uint64_t subject_of_code(const char *code)
{
    struct identifier identifier = {.means = MEANS_PERSONAL_CODE, .size = 11};
    memcpy(identifier.text, code, 11);
    return subject_of(&scene.subject_key, &identifier);
}

START_TEST(each_check_that_was_looked_up_is_a_row_about_its_subject)
{
    static const struct {
        const char *code;
        uint32_t product;
        uint16_t status;
        bool is_row;
    } cases[] = {
        {SCENE_SENIOR, SCENE_DISCOUNT, STATUS_APPLIES, true},
        {SCENE_NOBODY, SCENE_DISCOUNT, STATUS_DOES_NOT_APPLY, true},
        {SCENE_UNSURE, SCENE_FREE, STATUS_NO_DATA, true},
        {SCENE_SENIOR, SCENE_NO_PRODUCT, STATUS_UNKNOWN_PRODUCT, false},
        {SCENE_EXPIRED, SCENE_DISCOUNT, STATUS_DOES_NOT_APPLY, true},
    };
    struct response response;
    struct rows rows = {.count = 0};
    struct audit_sums sums;
    open_audit(1, false);
    ck_assert(audit_start(audit, &fault));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct request request = scene_check(cases[i].code, cases[i].product, i + 1);
        ask(&response, &request);
        ck_assert_uint_eq(response.status, cases[i].status);
    }
    struct request anybody = scene_check(SCENE_SENIOR, SCENE_STACKED, 9);
    anybody.identifier = (struct identifier){.means = MEANS_CARD, .size = 7};
    memcpy(anybody.identifier.text, MEANS_ANYBODY, 7);
    ask(&response, &anybody);
    struct request test = scene_check(SCENE_HIT, 1, 10);
    ask(&response, &test);
    close_audit();

    ck_assert(audit_verify(&sums, directory, NULL, take_row, &rows, &fault));
    ck_assert_uint_eq(rows.count, 6);
    for (size_t i = 0, at = 0; i < COUNT_OF(cases); i++) {
        if (!cases[i].is_row)
            continue;
        const struct asked *asked = &rows.rows[at++];
        ck_assert_uint_eq(asked->subject, subject_of_code(cases[i].code));
        ck_assert_uint_eq(asked->status, cases[i].status);
        ck_assert_uint_eq(asked->product, cases[i].product);
        ck_assert_uint_eq(asked->time_s, scene.moment.now_s);
        ck_assert_uint_eq(asked->terminal, 0);
        ck_assert_uint_eq(asked->profile, PROFILE_INSPECTOR);
        ck_assert_uint_eq(asked->means, MEANS_PERSONAL_CODE);
    }
    ck_assert_uint_eq(rows.rows[4].subject, SUBJECT_NOBODY);
    ck_assert_uint_eq(rows.rows[5].subject, subject_of_code(SCENE_HIT));
}
END_TEST

START_TEST(a_terminals_row_has_its_number_and_its_profile)
{
    struct guard_settings settings = {.slot_count = 4, .save_s = 10, .key = {3}};
    static struct terminal terminal = {
        .number = 4711, .profile = PROFILE_TILL, .provider = 40003619950, .until_day = DAY_NEVER};
    struct response response;
    struct rows rows = {.count = 0};
    struct audit_sums sums;
    ck_assert(guard_open(&scene.answerer.guard, &settings, &fault));
    scene.moment.terminal = &terminal;
    scene.moment.profile = PROFILE_TILL;
    scene.moment.guard_slot = guard_slot(scene.answerer.guard, 4711, scene.moment.now_s);
    scene.answerer.limits.per_minute = 1;
    open_audit(1, false);
    ck_assert(audit_start(audit, &fault));
    struct request request = scene_check(SCENE_SENIOR, SCENE_DISCOUNT, 1);
    ask(&response, &request);
    ck_assert_uint_eq(response.status, STATUS_APPLIES);
    request = scene_check(SCENE_PLAIN, SCENE_DISCOUNT, 2); /* one too many in this minute */
    ask(&response, &request);
    ck_assert_uint_eq(response.status, STATUS_BUSY);
    close_audit();
    guard_close(scene.answerer.guard);
    ck_assert(audit_verify(&sums, directory, NULL, take_row, &rows, &fault));
    ck_assert_uint_eq(rows.count, 1);
    ck_assert_uint_eq(rows.rows[0].terminal, 4711);
    ck_assert_uint_eq(rows.rows[0].profile, PROFILE_TILL);
}
END_TEST

/* Codes by number: all different. */
static void push_rows(struct audit_ring *ring, uint64_t from, size_t count, uint32_t tag)
{
    for (size_t i = 0; i < count; i++) {
        struct audit_row *row = audit_at(ring, i);
        *row = (struct audit_row){.identifier = {.means = MEANS_PERSONAL_CODE, .size = 11},
                                  .status = STATUS_APPLIES,
                                  .edition = tag,
                                  .time_s = 1000,
                                  .product = (uint32_t)(from + i),
                                  .entry = ENTRY_CHIP,
                                  .profile = PROFILE_TILL};
        means_unpack_code(row->identifier.text, UINT64_C(32000000001) + (from + i) % 3);
    }
    audit_push(ring, count, 0);
}

START_TEST(a_full_ring_loses_and_counts_or_refuses)
{
    for (int refuses = 0; refuses < 2; refuses++) {
        struct response response;
        open_audit(1, refuses);
        struct audit_ring *ring = audit_ring(audit, 0);
        push_rows(ring, 0, AUDIT_RING_COUNT - 1, audit_edition_tag(scene.edition));
        ck_assert_uint_eq(audit_room(ring, 64), 1);
        for (int i = 0; i < 3; i++) {
            struct request request = scene_check(SCENE_SENIOR, SCENE_DISCOUNT, 1);
            ask(&response, &request);
            bool is_refused = refuses && i > 0;
            ck_assert_uint_eq(response.status, is_refused ? STATUS_BUSY : STATUS_APPLIES);
            ck_assert_uint_eq(response.wait_ms, is_refused ? AUDIT_WAIT_MS : 0);
        }
        ck_assert_uint_eq(audit_room(ring, 64), 0);
        uint64_t refused = metric_read(&scene.metrics.audit_refused);
        ck_assert_uint_eq(refused, refuses ? 2 : 0);
        ck_assert(audit_start(audit, &fault));
        close_audit();
        struct audit_sums sums = verified();
        ck_assert_uint_eq(sums.row_count, (uint64_t)AUDIT_RING_COUNT * (uint64_t)(refuses + 1));
        ck_assert_uint_eq(sums.lost, 2);
        ck_assert_uint_eq(metric_read(&metrics.audit_lost), refuses ? 0 : 2);
    }
}
END_TEST

/* Of a group of 64 those that find room are answered, in order. */
START_TEST(of_a_group_those_who_find_room_are_answered)
{
    uint8_t in[64 * FRAME_SIZE], out[64 * FRAME_SIZE];
    bool is_over;
    open_audit(1, true);
    push_rows(audit_ring(audit, 0), 0, AUDIT_RING_COUNT - 20, audit_edition_tag(scene.edition));
    for (size_t i = 0; i < 64; i++) {
        struct request request = scene_check(SCENE_SENIOR, SCENE_DISCOUNT, i + 1);
        frame_encode_request(in + i * FRAME_SIZE, &request);
    }
    ck_assert_uint_eq(answer_frames(&scene.answerer, &scene.moment, out, in, 64, &is_over), 64);
    for (size_t i = 0; i < 64; i++) {
        struct response response;
        ck_assert(frame_decode_response(&response, out + i * FRAME_SIZE));
        ck_assert_uint_eq(response.request_id, i + 1);
        ck_assert_uint_eq(response.status, i < 20 ? STATUS_APPLIES : STATUS_BUSY);
    }
    audit_close(audit);
    audit_file_close(file, MAKER_NOW_MS);
}
END_TEST

static void wait_for(bool (*is_so)(void))
{
    for (int i = 0; i < WAIT_MS_MAX && !is_so(); i++) {
        struct timespec step = {.tv_nsec = 1000000};
        nanosleep(&step, NULL);
    }
    ck_assert(is_so());
}

static bool ring_is_empty(void)
{
    const struct audit_ring *ring = audit_ring(audit, 0);
    return atomic_load(&ring->first) == atomic_load(&ring->end);
}

START_TEST(rows_are_wiped_when_they_are_taken)
{
    open_audit(1, false);
    struct audit_ring *ring = audit_ring(audit, 0);
    push_rows(ring, 0, 1000, audit_edition_tag(scene.edition));
    ck_assert(audit_start(audit, &fault));
    wait_for(ring_is_empty);
    static const struct audit_row nothing;
    for (size_t i = 0; i < 1000; i++)
        ck_assert_int_eq(memcmp(&ring->rows[i], &nothing, sizeof(nothing)), 0);
    close_audit();
}
END_TEST

/* While the disk fails nothing is taken from the ring, so that it fills and refuses. */
static bool has_failed(void)
{
    return metric_read(&metrics.audit_failures) > 0;
}

START_TEST(rows_stay_in_the_ring_while_the_disk_is_full_if_so_chosen)
{
    open_audit(1, true);
    struct audit_ring *ring = audit_ring(audit, 0);
    limit_files(SEGMENT_HEAD_SIZE);
    push_rows(ring, 0, 10, audit_edition_tag(scene.edition));
    ck_assert(audit_start(audit, &fault));
    wait_for(has_failed);
    push_rows(ring, 10, 20, audit_edition_tag(scene.edition));
    struct timespec some = {.tv_nsec = 200000000};
    nanosleep(&some, NULL);
    limit_files(RLIM_INFINITY);
    wait_for(ring_is_empty);
    close_audit();
    struct audit_sums sums = verified();
    ck_assert_uint_eq(sums.row_count + sums.lost, 30);
    ck_assert_uint_ge(sums.row_count, 20 * (sums.lost == 10));
}
END_TEST

static bool old_rows_are_taken(void)
{
    return atomic_load(&audit_ring(audit, 0)->first) >= 2 &&
           atomic_load(&audit_ring(audit, 1)->first) >= 2;
}

/* A swap: rows of the old edition are looked up in it, those of the next one wait until every loop
 * has left the old one. */
START_TEST(rows_are_looked_up_in_the_edition_that_answered_them)
{
    struct scene next;
    struct rows rows = {.count = 0};
    struct audit_sums sums;
    static struct manifest manifest;
    open_audit(2, false);
    scene_open(&next);
    manifest = *next.edition->manifest;
    manifest.generation++;
    next.edition->manifest = &manifest;
    uint32_t old_tag = audit_edition_tag(scene.edition), tag = audit_edition_tag(next.edition);
    struct audit_ring *one = audit_ring(audit, 0), *two = audit_ring(audit, 1);
    ck_assert(audit_start(audit, &fault));
    push_rows(one, 0, 2, old_tag);
    in_service = next.edition;
    audit_use(one, next.edition);
    push_rows(one, 2, 2, tag);
    push_rows(two, 10, 2, old_tag);
    wait_for(old_rows_are_taken);
    struct timespec some = {.tv_nsec = 200000000}; /* for what must not be taken */
    nanosleep(&some, NULL);
    ck_assert_uint_eq(atomic_load(&one->first), 2);
    ck_assert_uint_eq(atomic_load(&two->first), 2);
    audit_use(two, next.edition);
    wait_for(ring_is_empty);
    push_rows(two, 12, 1, tag);
    close_audit();
    scene_close(&next);
    ck_assert(audit_verify(&sums, directory, NULL, take_row, &rows, &fault));
    ck_assert_uint_eq(rows.count, 7);
    for (size_t i = 0; i < rows.count; i++)
        ck_assert_uint_ne(rows.rows[i].subject, SUBJECT_NOBODY);
}
END_TEST

#define MANY_ROWS UINT64_C(400000)

static void *push_many(void *context)
{
    struct audit_ring *ring = context;
    uint64_t seed = 1, lost = 0;
    for (uint64_t done = 0; done < MANY_ROWS;) {
        size_t count = 1 + support_random(&seed) % 64;
        size_t room = audit_room(ring, count);
        push_rows(ring, done, room, audit_edition_tag(scene.edition));
        audit_push(ring, 0, count - room);
        lost += count - room;
        done += count;
    }
    return (void *)(uintptr_t)lost;
}

/* Two loops as fast as they can: what is on the disk and what is lost are all there was. */
START_TEST(nothing_is_neither_written_nor_counted)
{
    pthread_t threads[2];
    uint64_t lost = 0, pushed = 0;
    open_audit(2, false);
    ck_assert(audit_start(audit, &fault));
    for (uint32_t i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, push_many, audit_ring(audit, i)), 0);
    for (uint32_t i = 0; i < 2; i++) {
        void *their_lost;
        pthread_join(threads[i], &their_lost);
        lost += (uintptr_t)their_lost;
        pushed += atomic_load(&audit_ring(audit, i)->end);
    }
    close_audit();
    struct audit_sums sums = verified();
    ck_assert_uint_eq(sums.row_count, pushed);
    ck_assert_uint_eq(sums.lost, lost);
    ck_assert_uint_eq(metric_read(&metrics.audit_rows), pushed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("audit");
    TCase *disk = tcase_create("file"), *rings = tcase_create("rings");
    tcase_set_timeout(disk, 120);
    tcase_set_timeout(rings, 120);
    tcase_add_checked_fixture(disk, open_scene, close_scene);
    tcase_add_checked_fixture(rings, open_scene, close_scene);
    tcase_add_test(disk, a_second_run_goes_on_where_the_first_ended);
    tcase_add_test(disk, a_run_without_checks_leaves_no_block);
    tcase_add_test(disk, two_servers_do_not_write_one_journal);
    tcase_add_test(disk, a_folder_that_others_read_is_refused);
    tcase_add_test(disk, the_journal_of_another_environment_or_key_is_refused);
    tcase_add_test(disk, a_torn_block_is_cut_off_counted_and_said);
    tcase_add_test(disk, a_segment_that_was_hardly_begun_is_begun_again);
    tcase_add_test(disk, the_oldest_segments_go_when_there_is_no_room);
    tcase_add_test(disk, segments_go_after_their_days);
    tcase_add_test(disk, a_wrong_clock_costs_one_segment_a_minute);
    tcase_add_test(disk, what_a_failure_left_behind_does_not_keep_the_journal_from_going_on);
    tcase_add_test(disk, a_clock_that_is_set_back_does_not_keep_it_from_trying_again);
    tcase_add_test(disk, what_a_full_disk_does_not_take_is_lost_and_the_journal_says_how_many);
    tcase_add_test(rings, each_check_that_was_looked_up_is_a_row_about_its_subject);
    tcase_add_test(rings, a_terminals_row_has_its_number_and_its_profile);
    tcase_add_test(rings, a_full_ring_loses_and_counts_or_refuses);
    tcase_add_test(rings, of_a_group_those_who_find_room_are_answered);
    tcase_add_test(rings, rows_are_wiped_when_they_are_taken);
    tcase_add_test(rings, rows_stay_in_the_ring_while_the_disk_is_full_if_so_chosen);
    tcase_add_test(rings, rows_are_looked_up_in_the_edition_that_answered_them);
    tcase_add_test(rings, nothing_is_neither_written_nor_counted);
    suite_add_tcase(suite, disk);
    suite_add_tcase(suite, rings);
    return support_run(suite);
}
