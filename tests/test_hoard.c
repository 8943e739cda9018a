#include "loader/hoard.h"
#include "loader/memory.h"
#include "tests/support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PART_COUNT 5

/* A file system where every file has a name, and keeps it. */
static bool has_no_tmpfile, has_names_that_stay;

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode =
        (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (has_no_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return openat(AT_FDCWD, path, flags, mode);
}

int unlink(const char *path)
{
    if (has_names_that_stay) {
        errno = EBUSY;
        return -1;
    }
    return unlinkat(AT_FDCWD, path, 0);
}

struct record {
    uint32_t part, number;
    char rest[13]; /* blocks are not full to the last byte */
};

static const char *folder;
static struct hoard_room *room;
static struct hoard *hoard;

static void open_room(uint64_t size)
{
    folder = support_directory();
    room = hoard_room_open(size, folder);
    hoard = hoard_open(room, PART_COUNT, sizeof(struct record));
}

static void close_room(void)
{
    hoard_close(hoard);
    hoard_room_close(room);
}

/* Part 0 gets most of them, the last one none. */
static void add(uint32_t count)
{
    uint32_t counts[PART_COUNT];
    for (uint32_t part = 0; part < PART_COUNT; part++)
        counts[part] = (uint32_t)hoard_count(hoard, part);
    for (uint32_t i = 0; i < count; i++) {
        struct record record = {.part = i % 7 < 4 ? 0 : i % 7 - 3};
        record.number = counts[record.part]++;
        hoard_add(hoard, record.part, &record, sizeof(record));
    }
    ck_assert_uint_eq(hoard_count(hoard, 0), counts[0]);
    ck_assert_uint_eq(hoard_count(hoard, PART_COUNT - 1), 0);
}

static void check_part(uint32_t part)
{
    struct fault fault;
    uint64_t count = hoard_count(hoard, part);
    struct record *records = calloc(count + 1, sizeof(records[0]));
    ck_assert(hoard_take(hoard, part, records, &fault));
    for (uint64_t i = 0; i < count; i++) {
        ck_assert_uint_eq(records[i].part, part);
        ck_assert_uint_eq(records[i].number, i);
    }
    free(records);
}

static size_t count_names(void)
{
    size_t count = 0;
    DIR *directory = opendir(folder);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count - 2; /* itself and the one above */
}

static const uint64_t rooms[] = {0, 1, HOARD_BLOCK_SIZE_SMALL, 20 * HOARD_BLOCK_SIZE_SMALL,
                                 HOARD_ROOM_SMALL};

START_TEST(what_was_added_comes_back_in_order_whatever_the_room)
{
    struct fault fault;
    static const uint32_t counts[] = {0, 1, 100, 30000};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        open_room(rooms[_i]);
        add(counts[i]);
        for (uint32_t part = 0; part < PART_COUNT; part++)
            check_part(part);
        ck_assert(hoard_room_is_whole(room, &fault));
        close_room();
    }
}
END_TEST

START_TEST(a_part_that_was_emptied_begins_anew)
{
    open_room(rooms[_i]);
    for (int round = 0; round < 3; round++) {
        add(20000);
        hoard_room_trim(room); /* while others are still full */
        for (uint32_t part = 0; part < PART_COUNT; part++) {
            check_part(part);
            hoard_empty(hoard, part);
            ck_assert_uint_eq(hoard_count(hoard, part), 0);
        }
        hoard_room_trim(room);
    }
    close_room();
}
END_TEST

START_TEST(only_what_does_not_fit_waits_in_a_file)
{
    open_room(0);
    add(30000);
    ck_assert_uint_eq(hoard_room_spilled(room), 0);
    close_room();
    open_room(20 * HOARD_BLOCK_SIZE_SMALL);
    add(30000);
    uint64_t size = 30000 * sizeof(struct record);
    ck_assert_uint_gt(hoard_room_spilled(room), size / 2);
    ck_assert_uint_lt(hoard_room_spilled(room), size);
    close_room();
}
END_TEST

START_TEST(files_have_no_names)
{
    has_no_tmpfile = _i == 1;
    open_room(1);
    add(30000);
    ck_assert_uint_gt(hoard_room_spilled(room), 0);
    ck_assert_uint_eq(count_names(), 0);
    check_part(0);
    close_room();
}
END_TEST

START_TEST(nothing_goes_into_a_file_that_keeps_its_name)
{
    struct fault fault;
    has_no_tmpfile = has_names_that_stay = true;
    open_room(1);
    add(30000);
    ck_assert_uint_eq(hoard_room_spilled(room), 0);
    ck_assert(!hoard_room_is_whole(room, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, strerror(EBUSY)));
    ck_assert_uint_eq(count_names(), 1); /* it is not tried again and again */
    close_room();
}
END_TEST

START_TEST(nothing_is_left_of_a_process_that_was_killed)
{
    open_room(1);
    pid_t child = fork();
    if (child == 0) {
        add(30000);
        raise(SIGKILL);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    ck_assert_uint_eq(count_names(), 0);
    close_room();
}
END_TEST

/* A new room, and records on a disk that is soon full; then it has room again. */
static void add_on_a_full_disk(uint32_t count)
{
    struct rlimit kept;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &kept), 0);
    struct rlimit small = {10000, kept.rlim_max};
    open_room(1);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    add(count);
    setrlimit(RLIMIT_FSIZE, &kept);
}

START_TEST(a_full_disk_is_told_once_and_what_is_there_can_be_closed)
{
    struct fault fault;
    add_on_a_full_disk(30000);
    ck_assert(!hoard_room_is_whole(room, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "writing what does not fit --memory"));
    ck_assert_ptr_nonnull(strstr(fault.text, "--work-dir"));
    ck_assert_ptr_nonnull(strstr(fault.text, folder));
    close_room();
    ck_assert_uint_eq(count_names(), 0);
}
END_TEST

/* A block that could not be written is a hole in the file when a later one could be. */
START_TEST(nothing_is_read_back_after_a_block_was_lost)
{
    struct fault fault;
    add_on_a_full_disk(2000);
    uint64_t spilled = hoard_room_spilled(room);
    add(2000);
    ck_assert_uint_eq(hoard_room_spilled(room), spilled); /* what nobody will read */
    for (uint32_t part = 0; part < PART_COUNT; part++) {
        struct record *records = calloc(hoard_count(hoard, part) + 1, sizeof(records[0]));
        ck_assert(!hoard_take(hoard, part, records, &fault));
        ck_assert_ptr_nonnull(strstr(fault.text, "writing what does not fit --memory"));
        free(records);
    }
    close_room();
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_a_fault_when_it_is_needed)
{
    struct fault fault;
    room = hoard_room_open(1, "/nowhere/at/all");
    hoard = hoard_open(room, PART_COUNT, sizeof(struct record));
    add(10);
    ck_assert(hoard_room_is_whole(room, &fault));
    for (uint32_t part = 0; part < PART_COUNT; part++)
        hoard_empty(hoard, part);
    add(30000);
    ck_assert(!hoard_room_is_whole(room, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "/nowhere/at/all: making a file for"));
    close_room();
}
END_TEST

START_TEST(a_folder_where_no_file_can_be_is_told_early)
{
    struct fault fault;
    open_room(1);
    ck_assert(hoard_room_try_folder(room, &fault));
    ck_assert_uint_eq(count_names(), 0);
    close_room();
    room = hoard_room_open(1, "/nowhere/at/all");
    ck_assert(!hoard_room_try_folder(room, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "/nowhere/at/all: making a file for"));
    hoard_room_close(room);
}
END_TEST

START_TEST(only_whole_pages_are_forgotten)
{
    size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *bytes = memory_take_pages((size_t)4 << 20);
    memset(bytes, 1, 4 * page_size);
    memory_forget_pages(bytes, page_size / 4); /* a block smaller than a page */
    memory_forget_pages(bytes + page_size / 4, page_size / 4);
    memory_forget_pages(bytes + page_size - 1, page_size + 2);
    for (size_t i = 0; i < 4 * page_size; i++)
        if (bytes[i] != (i / page_size != 1))
            ck_abort_msg("byte %zu became %u", i, bytes[i]);
    free(bytes);
}
END_TEST

START_TEST(what_cannot_be_read_back_is_a_fault)
{
    struct fault fault;
    open_room(1);
    add(30000);
    ck_assert_int_eq(ftruncate(hoard->fd, 5000), 0);
    struct record *records = calloc(hoard_count(hoard, 0), sizeof(records[0]));
    ck_assert(!hoard_take(hoard, 0, records, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "reading back"));
    free(records);
    close_room();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hoard");
    TCase *tests = tcase_create("hoard");
    tcase_set_timeout(tests, 60);
    int room_count = sizeof(rooms) / sizeof(rooms[0]);
    tcase_add_loop_test(tests, what_was_added_comes_back_in_order_whatever_the_room, 0, room_count);
    tcase_add_loop_test(tests, a_part_that_was_emptied_begins_anew, 0, room_count);
    tcase_add_test(tests, only_what_does_not_fit_waits_in_a_file);
    tcase_add_loop_test(tests, files_have_no_names, 0, 2);
    tcase_add_test(tests, nothing_goes_into_a_file_that_keeps_its_name);
    tcase_add_test(tests, nothing_is_left_of_a_process_that_was_killed);
    tcase_add_test(tests, a_full_disk_is_told_once_and_what_is_there_can_be_closed);
    tcase_add_test(tests, nothing_is_read_back_after_a_block_was_lost);
    tcase_add_test(tests, a_folder_that_is_not_there_is_a_fault_when_it_is_needed);
    tcase_add_test(tests, a_folder_where_no_file_can_be_is_told_early);
    tcase_add_test(tests, only_whole_pages_are_forgotten);
    tcase_add_test(tests, what_cannot_be_read_back_is_a_fault);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
