#include "loader/files.h"

#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_ROOM 512

static struct fault fault;

static const char *write_one(const char *name, size_t size)
{
    static char path[PATH_ROOM];
    char *bytes = malloc(size + 1);
    memset(bytes, 'x', size + 1);
    snprintf(path, sizeof(path), "%s/%s", support_directory(), name);
    support_write_file(path, bytes, size, 0600);
    free(bytes);
    return path;
}

START_TEST(a_file_is_read_whole_and_one_that_is_too_long_up_to_one_byte_more)
{
    static const struct {
        size_t size, most, want;
    } rows[] = {{0, 10, 0},
                {1, 10, 1},
                {10, 10, 10},
                {11, 10, 11},
                {500000, 10, 11},
                {65536, 65536, 65536},
                {65537, 65536, 65537},
                {300000, 1 << 20, 300000}};
    const char *path = write_one("file", rows[_i].size);
    char *text = NULL;
    size_t size = 0;
    ck_assert(files_read_whole(&text, &size, path, rows[_i].most, &fault));
    ck_assert_uint_eq(size, rows[_i].want);
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < size; i++)
        ck_assert(text[i] == 'x');
    free(text);
}
END_TEST

START_TEST(what_cannot_be_opened_or_read_is_a_fault_with_its_name)
{
    char *text = NULL;
    size_t size;
    ck_assert(!files_read_whole(&text, &size, "/nonexistent", 10, &fault));
    ck_assert(strstr(fault.text, "/nonexistent: cannot be opened: ") != NULL);
    ck_assert(!files_read_whole(&text, &size, support_directory(), 10, &fault));
    ck_assert(strstr(fault.text, ": cannot be read: ") != NULL);
    ck_assert_ptr_null(text);
}
END_TEST

START_TEST(a_folder_lists_what_ends_so_in_order_of_bytes)
{
    static const char *const names[] = {"b.rules", "B.rules", "a.rules.old", ".c.rules",
                                        ".rules",  "a.rules", "arules"};
    static const char *const want[] = {"/B.rules", "/a.rules", "/b.rules"};
    struct files files;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        write_one(names[i], 1);
    ck_assert(files_list(&files, support_directory(), ".rules", &fault));
    ck_assert_uint_eq(files.count, 3);
    for (size_t i = 0; i < files.count; i++)
        ck_assert_str_eq(strrchr(files.paths[i], '/'), want[i]);
    files_free(&files);
}
END_TEST

START_TEST(an_empty_folder_has_none_and_no_folder_is_a_fault)
{
    struct files files;
    ck_assert(files_list(&files, support_directory(), ".rules", &fault) && files.count == 0);
    files_free(&files);
    ck_assert(!files_list(&files, "/nonexistent", ".rules", &fault));
    ck_assert(strstr(fault.text, "/nonexistent") != NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("files");
    TCase *tcase = tcase_create("files");
    tcase_add_loop_test(tcase, a_file_is_read_whole_and_one_that_is_too_long_up_to_one_byte_more, 0,
                        8);
    tcase_add_test(tcase, what_cannot_be_opened_or_read_is_a_fault_with_its_name);
    tcase_add_test(tcase, a_folder_lists_what_ends_so_in_order_of_bytes);
    tcase_add_test(tcase, an_empty_folder_has_none_and_no_folder_is_a_fault);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
