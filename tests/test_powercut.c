/* The explorer finds what a careless writer loses, and nothing where nothing is lost. */
#include "tests/powercut.h"

#include "tests/support.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ROW_COUNT 40
#define ROW_SIZE  1536 /* three pieces: a row can be torn */

/* A row is its number, over and over. */
static void make_row(uint8_t row[static ROW_SIZE], uint64_t number)
{
    for (size_t i = 0; i < ROW_SIZE; i += 8)
        store_u64(row + i, number);
}

enum care { CAREFUL, PROMISES_FIRST, NEVER_SYNCS, SYNCS_ONLY_WHAT_IT_WRITES };

static void write_rows(struct powercut *recording, const char *path, enum care care)
{
    uint8_t row[ROW_SIZE];
    int flags = care == SYNCS_ONLY_WHAT_IT_WRITES ? O_DSYNC : 0;
    int fd = open(path, O_WRONLY | O_CLOEXEC | flags);
    ck_assert_int_ge(fd, 0);
    for (uint64_t number = 1; number <= ROW_COUNT; number++) {
        make_row(row, number);
        ck_assert_int_eq(pwrite(fd, row, ROW_SIZE, (off_t)((number - 1) * ROW_SIZE)), ROW_SIZE);
        if (care == PROMISES_FIRST)
            powercut_promise(recording, number);
        if (care == CAREFUL || care == PROMISES_FIRST)
            ck_assert_int_eq(fdatasync(fd), 0);
        powercut_promise(recording, number);
    }
    close(fd);
}

/* Every row that was promised is there. */
static bool rows_are_there(void *context, const char *path, uint64_t promised, struct fault *fault)
{
    (void)context;
    uint8_t wanted[ROW_SIZE], found[ROW_SIZE];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool are_there = fd >= 0;
    for (uint64_t number = 1; are_there && number <= promised; number++) {
        make_row(wanted, number);
        are_there = pread(fd, found, ROW_SIZE, (off_t)((number - 1) * ROW_SIZE)) == ROW_SIZE &&
                    memcmp(wanted, found, ROW_SIZE) == 0;
    }
    close(fd);
    return are_there ||
           fault_set(fault, "a row of the first %llu is not there", (unsigned long long)promised);
}

static struct powercut_result explore(enum care care)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/rows%d", support_directory(), (int)care);
    support_write_file(path, "", 0, 0600);
    struct powercut *recording = powercut_begin(path);
    write_rows(recording, path, care);
    powercut_end(recording);
    struct powercut_plan plan = {
        .state_count = 4000, .seed = 5, .share_count = 1, .check = rows_are_there};
    struct powercut_result result;
    powercut_explore(&result, recording, &plan);
    powercut_free(recording);
    return result;
}

START_TEST(whoever_syncs_before_promising_loses_nothing)
{
    struct powercut_result result = explore(CAREFUL);
    ck_assert_uint_eq(result.violation_count, 0);
    ck_assert_uint_eq(result.write_count, ROW_COUNT);
    ck_assert_uint_eq(result.sync_count, ROW_COUNT);
    ck_assert_uint_ge(result.state_count, 4000);
}
END_TEST

START_TEST(a_descriptor_that_syncs_each_write_loses_nothing)
{
    struct powercut_result result = explore(SYNCS_ONLY_WHAT_IT_WRITES);
    ck_assert_uint_eq(result.violation_count, 0);
    ck_assert_uint_eq(result.sync_count, 0);
}
END_TEST

START_TEST(a_promise_before_its_sync_is_found_broken)
{
    ck_assert_uint_gt(explore(PROMISES_FIRST).violation_count, 100);
}
END_TEST

START_TEST(whoever_never_syncs_is_found)
{
    struct powercut_result result = explore(NEVER_SYNCS);
    ck_assert_uint_gt(result.violation_count, result.state_count / 2);
    ck_assert_ptr_nonnull(strstr(result.first.text, "is not there"));
}
END_TEST

/* Two files: a row goes to both, and is promised. */
static bool rows_are_in_both(void *context, const char *path, uint64_t promised,
                             struct fault *fault)
{
    char other[512];
    snprintf(other, sizeof(other), "%.*s/other", (int)(strrchr(path, '/') - path), path);
    return rows_are_there(context, path, promised, fault) &&
           rows_are_there(context, other, promised, fault);
}

static struct powercut_result explore_both(bool syncs_both)
{
    char paths[2][512];
    int fds[2];
    uint8_t row[ROW_SIZE];
    snprintf(paths[0], sizeof(paths[0]), "%s/one", support_directory());
    snprintf(paths[1], sizeof(paths[1]), "%s/other", support_directory());
    for (int i = 0; i < 2; i++) {
        support_write_file(paths[i], "", 0, 0600);
        fds[i] = open(paths[i], O_WRONLY | O_CLOEXEC);
    }
    struct powercut *recording = powercut_begin(paths[0]);
    powercut_also(recording, paths[1]);
    for (uint64_t number = 1; number <= ROW_COUNT; number++) {
        make_row(row, number);
        for (int i = 0; i < 2; i++)
            ck_assert_int_eq(pwrite(fds[i], row, ROW_SIZE, (off_t)((number - 1) * ROW_SIZE)),
                             ROW_SIZE);
        ck_assert_int_eq(fdatasync(fds[0]), 0);
        if (syncs_both)
            ck_assert_int_eq(fdatasync(fds[1]), 0);
        powercut_promise(recording, number);
    }
    powercut_end(recording);
    close(fds[0]);
    close(fds[1]);
    struct powercut_plan plan = {
        .state_count = 4000, .seed = 5, .share_count = 1, .check = rows_are_in_both};
    struct powercut_result result;
    powercut_explore(&result, recording, &plan);
    powercut_free(recording);
    return result;
}

START_TEST(a_sync_is_of_its_own_file)
{
    struct powercut_result result = explore_both(true);
    ck_assert_uint_eq(result.violation_count, 0);
    ck_assert_uint_eq(result.write_count, 2 * ROW_COUNT);
    ck_assert_uint_eq(result.sync_count, 2 * ROW_COUNT);
    ck_assert_uint_gt(explore_both(false).violation_count, 100);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("powercut");
    TCase *tcase = tcase_create("powercut");
    tcase_add_test(tcase, whoever_syncs_before_promising_loses_nothing);
    tcase_add_test(tcase, a_descriptor_that_syncs_each_write_loses_nothing);
    tcase_add_test(tcase, a_promise_before_its_sync_is_found_broken);
    tcase_add_test(tcase, whoever_never_syncs_is_found);
    tcase_add_test(tcase, a_sync_is_of_its_own_file);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
