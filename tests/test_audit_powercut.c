/* The journal of checks after power cuts: from every disk that one can leave, its writer goes on.
 * The chain holds, what was synced is there, what was cut off is counted. STATES says how many
 * disks (`make power-cuts`). */
#include "protocol/audit_read.h"
#include "tests/audit_maker.h"
#include "tests/disk_calls.h"
#include "tests/powercut.h"

#include <sys/stat.h>

#define SYNC_COUNT    60
#define ROWS_MOST     200   /* between two syncs: two blocks */
#define ROW_AFTER     20000 /* of the run after the cut */
#define STATES_LEAST  2000
#define LONG_S        3600
#define SEGMENT_LARGE ((uint64_t)1 << 20)

static char directory[400];
static struct audit_file_settings settings;

static void open_scene(const char *name)
{
    int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(dup2(nothing, STDERR_FILENO), 0); /* each state is logged */
    close(nothing);
    snprintf(directory, sizeof(directory), "%.380s/%s", support_directory(), name);
    settings = maker_settings(directory);
    settings.segment_size = SEGMENT_LARGE;
    settings.size_max = 4 * SEGMENT_LARGE;
}

static struct disk_wish skip_syncs(int fd, enum disk_call call, size_t size)
{
    (void)fd;
    return (struct disk_wish){.size_most = size, .is_skipped = call == DISK_SYNC};
}

/* A row has its number as its product. What is promised is how many are synced. */
static struct powercut *record(bool syncs)
{
    uint64_t random = 3, count = 0;
    struct audit_file *file = maker_open(&settings);
    struct powercut *recording = powercut_begin(maker_path(directory, 1));
    disk_calls_before = syncs ? NULL : skip_syncs;
    for (int i = 0; i < SYNC_COUNT; i++) {
        uint64_t until = count + 1 + support_random(&random) % ROWS_MOST;
        maker_write(file, count, until);
        count = until;
        powercut_promise(recording, count);
    }
    disk_calls_before = NULL;
    powercut_end(recording);
    audit_file_close(file, MAKER_NOW_MS);
    return recording;
}

/* ---- a state, judged ---- */

static uint64_t size_of(const char *path)
{
    struct stat info;
    ck_assert_int_eq(stat(path, &info), 0);
    return (uint64_t)info.st_size;
}

/* The journal's folder has this one segment, and nothing else. */
static void put_segment(const char *from)
{
    size_t size;
    char torn[450];
    uint8_t *bytes = maker_load(from, &size);
    snprintf(torn, sizeof(torn), "%.400s/torn", directory);
    unlink(torn);
    unlink(
        maker_path(directory, 1)); /* a new file: one that is replaced would be written at once */
    support_write_file(maker_path(directory, 1), bytes, size, 0600);
    free(bytes);
}

struct rows {
    uint64_t count; /* in their order, of the run before the cut */
    bool is_after, is_wrong;
};

static void take_row(void *context, const struct asked *asked)
{
    struct rows *rows = context;
    rows->is_wrong |=
        rows->is_after || (asked->product != rows->count && asked->product != ROW_AFTER);
    rows->is_after |= asked->product == ROW_AFTER;
    rows->count += !rows->is_after;
}

static bool judge(const struct rows *rows, const struct audit_sums *sums, uint64_t promised,
                  uint64_t cut_size, uint64_t lost, struct fault *fault)
{
    if (rows->is_wrong || !rows->is_after)
        return fault_set(fault, "its rows are not those that were written, in their order");
    if (rows->count < promised)
        return fault_set(fault, "%llu rows were synced, and %llu are there",
                         (unsigned long long)promised, (unsigned long long)rows->count);
    if ((lost > 0) != (cut_size > 0) || sums->lost != lost)
        return fault_set(fault, "%llu bytes were cut off, %llu rows counted, %llu said",
                         (unsigned long long)cut_size, (unsigned long long)lost,
                         (unsigned long long)sums->lost);
    if (sums->abrupt_count != (rows->count > 0))
        return fault_set(fault, "it does not say that a run ended without having said so");
    return true;
}

static bool check_state(void *context, const char *path, uint64_t promised, struct fault *fault)
{
    (void)context;
    struct audit_file *file;
    struct audit_sums sums;
    struct rows rows = {0};
    put_segment(path);
    if (!audit_file_open(&file, &settings, MAKER_NOW_MS, fault))
        return false;
    uint64_t lost = audit_file_counts(file).lost;
    uint64_t cut_size = size_of(path) - size_of(maker_path(directory, 1));
    maker_write(file, ROW_AFTER, ROW_AFTER + 1);
    audit_file_close(file, MAKER_NOW_MS);
    return audit_verify(&sums, directory, NULL, take_row, &rows, fault) &&
           judge(&rows, &sums, promised, cut_size, lost, fault);
}

static struct powercut_result explore(bool syncs, uint64_t state_count)
{
    struct powercut *recording = record(syncs);
    struct powercut_plan plan = {
        .state_count = state_count, .seed = 5, .share_count = 1, .check = check_state};
    struct powercut_result result;
    disk_calls_before = skip_syncs; /* the disk of what is looked at is not the one in question */
    powercut_explore(&result, recording, &plan);
    disk_calls_before = NULL;
    powercut_free(recording);
    return result;
}

START_TEST(from_every_disk_that_a_power_cut_leaves_the_journal_goes_on)
{
    const char *wanted = getenv("STATES");
    open_scene("journal");
    struct powercut_result result =
        explore(true, wanted != NULL ? strtoull(wanted, NULL, 10) : STATES_LEAST);
    ck_assert_msg(result.violation_count == 0, "%u violations: %s",
                  (unsigned)result.violation_count, result.first.text);
    ck_assert_uint_ge(result.state_count, STATES_LEAST / 2);
    ck_assert_uint_ge(result.sync_count, SYNC_COUNT);
    printf("journal: %llu states, 0 violations\n", (unsigned long long)result.state_count);
}
END_TEST

START_TEST(a_journal_that_is_not_synced_is_noticed)
{
    open_scene("careless");
    ck_assert_uint_gt(explore(false, STATES_LEAST).violation_count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("audit_powercut");
    TCase *tcase = tcase_create("audit_powercut");
    tcase_set_timeout(tcase, getenv("STATES") != NULL ? LONG_S : 120);
    tcase_add_test(tcase, from_every_disk_that_a_power_cut_leaves_the_journal_goes_on);
    tcase_add_test(tcase, a_journal_that_is_not_synced_is_noticed);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
