#include "protocol/replace.h"

#include "tests/support.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#define PATH_ROOM 512

static const char *path_of(const char *name)
{
    static char path[PATH_ROOM];
    snprintf(path, sizeof(path), "%s/%s", support_directory(), name);
    return path;
}

static bool replaces(const char *path, const char *text, const struct stat *like,
                     struct fault *fault)
{
    struct replacing replacing;
    if (!replace_begin(&replacing, path, fault))
        return false;
    bool is_done = replace_commit(&replacing, text, strlen(text), like, fault);
    replace_end(&replacing);
    return is_done;
}

static void check_content(const char *name, const char *wanted)
{
    char text[64] = "";
    FILE *file = fopen(path_of(name), "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    ck_assert_str_eq(text, wanted);
}

static unsigned count_files(void)
{
    unsigned count = 0;
    DIR *folder = opendir(support_directory());
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

START_TEST(the_new_file_stands_in_the_place_of_the_old_and_nothing_is_left)
{
    struct fault fault;
    struct stat info;
    umask(0077);
    ck_assert_msg(replaces(path_of("file"), "first", NULL, &fault), "%s", fault.text);
    check_content("file", "first");
    ck_assert_int_eq(stat(path_of("file"), &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0644);
    support_write_file(path_of("file.tmp"), "of a killed one", 15, 0400);
    ck_assert(replaces(path_of("file"), "second", NULL, &fault));
    check_content("file", "second");
    ck_assert_uint_eq(count_files(), 1);
}
END_TEST

START_TEST(the_new_file_has_the_mode_and_owner_of_the_old)
{
    struct fault fault;
    struct stat info, after;
    support_write_file(path_of("file"), "first", 5, 0640);
    if (geteuid() == 0)
        ck_assert_int_eq(chown(path_of("file"), 12345, 23456), 0);
    ck_assert_int_eq(stat(path_of("file"), &info), 0);
    ck_assert(replaces(path_of("file"), "second", &info, &fault));
    ck_assert_int_eq(stat(path_of("file"), &after), 0);
    ck_assert_uint_eq(after.st_mode, info.st_mode);
    ck_assert_uint_eq(after.st_uid, info.st_uid);
    ck_assert_uint_eq(after.st_gid, info.st_gid);
    ck_assert_uint_ne(after.st_ino, info.st_ino); /* another file: readers keep the old one */
}
END_TEST

START_TEST(what_others_own_is_not_taken_from_them)
{
    if (geteuid() != 0)
        return; /* only root can become somebody else and back */
    struct fault fault;
    struct stat info;
    support_write_file(path_of("file"), "first", 5, 0644);
    ck_assert_int_eq(chmod(support_directory(), 0777), 0);
    ck_assert_int_eq(stat(path_of("file"), &info), 0);
    ck_assert_int_eq(seteuid(12345), 0);
    bool is_done = replaces(path_of("file"), "second", &info, &fault);
    ck_assert_int_eq(seteuid(0), 0);
    ck_assert(!is_done);
    ck_assert_ptr_nonnull(strstr(fault.text, "nothing has changed: the file's owner, or root"));
    check_content("file", "first");
    ck_assert_uint_eq(count_files(), 1);
}
END_TEST

/* That the file itself may be written is not enough, which people do not expect. */
START_TEST(a_folder_that_is_not_ours_to_write_is_named)
{
    if (geteuid() != 0)
        return; /* only root can become somebody else and back */
    struct fault fault;
    struct stat info;
    support_write_file(path_of("file"), "first", 5, 0666);
    ck_assert_int_eq(chmod(support_directory(), 0755), 0);
    ck_assert_int_eq(stat(path_of("file"), &info), 0);
    ck_assert_int_eq(seteuid(12345), 0);
    bool is_done = replaces(path_of("file"), "second", &info, &fault);
    ck_assert_int_eq(seteuid(0), 0);
    ck_assert(!is_done);
    ck_assert_ptr_nonnull(strstr(fault.text, "nothing has changed: the folder must be writable"));
    check_content("file", "first");
}
END_TEST

/* As a full disk would: the file may not grow. */
START_TEST(a_disk_that_is_full_leaves_the_old_file)
{
    struct fault fault;
    support_write_file(path_of("file"), "first", 5, 0644);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {.rlim_cur = 3, .rlim_max = 3};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert(!replaces(path_of("file"), "second", NULL, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "nothing has changed"));
    check_content("file", "first");
    ck_assert_uint_eq(count_files(), 1);
}
END_TEST

START_TEST(paths_without_a_name_or_a_folder_are_refused)
{
    static char long_name[NAME_MAX + 2], long_path[PATH_MAX + 16];
    memset(long_name, 'a', REPLACE_NAME_MAX + 1);
    memset(long_path, '/', sizeof(long_path) - 2);
    long_path[sizeof(long_path) - 2] = 'a';
    const char *const paths[] = {
        "", "/", "folder/", long_name, long_path, "/nonexistent/file", "/dev/null/file"};
    struct fault fault;
    struct replacing replacing;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        fault.text[0] = '\0';
        ck_assert_msg(!replace_begin(&replacing, paths[i], &fault), "%s", paths[i]);
        ck_assert(fault.text[0] != '\0');
    }
}
END_TEST

START_TEST(a_path_without_a_folder_is_in_this_one)
{
    struct fault fault;
    ck_assert_int_eq(chdir(support_directory()), 0);
    ck_assert_msg(replaces("file", "here", NULL, &fault), "%s", fault.text);
    check_content("file", "here");
}
END_TEST

/* A symbolic link is replaced itself: what it leads to is nobody's to change. */
START_TEST(a_link_is_not_followed)
{
    struct fault fault;
    support_write_file(path_of("target"), "target", 6, 0644);
    ck_assert_int_eq(symlink("target", path_of("link")), 0);
    ck_assert_int_eq(symlink("target", path_of("link.tmp")), 0);
    ck_assert(replaces(path_of("link"), "new", NULL, &fault));
    check_content("target", "target");
    check_content("link", "new");
}
END_TEST

START_TEST(there_is_one_writer_at_a_time)
{
    struct fault fault;
    struct replacing replacing;
    int other = open(support_directory(), O_RDONLY | O_DIRECTORY);
    ck_assert(replace_begin(&replacing, path_of("file"), &fault));
    ck_assert_int_ne(flock(other, LOCK_EX | LOCK_NB), 0);
    replace_end(&replacing);
    ck_assert_int_eq(flock(other, LOCK_EX | LOCK_NB), 0);
    ck_assert(!replace_begin(&replacing, path_of("file"), &fault)); /* after REPLACE_WAIT_MS */
    ck_assert_ptr_nonnull(strstr(fault.text, "somebody else has been changing"));
    close(other);
    ck_assert(replace_begin(&replacing, path_of("file"), &fault));
    replace_end(&replacing);
}
END_TEST

static Suite *replace_suite(void)
{
    Suite *suite = suite_create("replace");
    TCase *tcase = tcase_create("all");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, the_new_file_stands_in_the_place_of_the_old_and_nothing_is_left);
    tcase_add_test(tcase, the_new_file_has_the_mode_and_owner_of_the_old);
    tcase_add_test(tcase, what_others_own_is_not_taken_from_them);
    tcase_add_test(tcase, a_folder_that_is_not_ours_to_write_is_named);
    tcase_add_test(tcase, a_disk_that_is_full_leaves_the_old_file);
    tcase_add_test(tcase, paths_without_a_name_or_a_folder_are_refused);
    tcase_add_test(tcase, a_path_without_a_folder_is_in_this_one);
    tcase_add_test(tcase, a_link_is_not_followed);
    tcase_add_test(tcase, there_is_one_writer_at_a_time);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(replace_suite());
}
