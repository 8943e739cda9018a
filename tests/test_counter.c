/* The number in a file that only rises. */
#include "protocol/counter.h"

#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES 4
#define DRAWS     25

static const char *counter_path(void)
{
    static char path[256];
    if (path[0] == '\0')
        snprintf(path, sizeof(path), "%s/t.counter", support_directory());
    return path;
}

static void write_counter(const char *text)
{
    support_write_file(counter_path(), text, strlen(text), 0600);
}

static void read_file(char text[static 128])
{
    FILE *from = fopen(counter_path(), "r");
    ck_assert_ptr_nonnull(from);
    text[fread(text, 1, 127, from)] = '\0';
    fclose(from);
}

START_TEST(a_number_is_stored_before_it_is_handed_out_and_rises)
{
    struct fault fault;
    uint64_t number = 0;
    char text[128];
    write_counter("elig-counter-v1 41\n");
    for (uint64_t wanted = 42; wanted < 45; wanted++) {
        char line[128];
        ck_assert_msg(counter_next(&number, counter_path(), &fault), "%s", fault.text);
        ck_assert_uint_eq(number, wanted);
        snprintf(line, sizeof(line), "elig-counter-v1 %lu\n", (unsigned long)wanted);
        read_file(text);
        ck_assert_str_eq(text, line);
    }
    struct stat info;
    ck_assert_int_eq(stat(counter_path(), &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600); /* as it was */
}
END_TEST

START_TEST(a_new_file_begins_above_what_a_lost_one_can_have_had)
{
    struct fault fault;
    uint64_t first = 0, second = 0;
    ck_assert(counter_next(&first, counter_path(), &fault));
    ck_assert_uint_ge(first, ((uint64_t)time(NULL) - 5) * 1000);
    ck_assert(counter_next(&second, counter_path(), &fault));
    ck_assert_uint_eq(second, first + 1);
}
END_TEST

static const struct {
    const char *text, *wanted;
} refusals[] = {
    {"", "wanted one line"},
    {"elig-counter-v1 \n", "wanted one line"},
    {"elig-counter-v1 7", "wanted one line"},
    {"elig-counter-v1 7\n8\n", "wanted one line"},
    {"elig-counter-v1 -7\n", "wanted one line"},
    {"elig-counter-v1 0x7\n", "wanted one line"},
    {"elig-counter-v2 7\n", "wanted one line"},
    {"elig-counter-v1 18446744073709551616\n", "wanted one line"},
    {"elig-counter-v1 99999999999999999999\n", "wanted one line"},
    {"elig-counter-v1 000000000000000000000007\n", "wanted one line"},
    {"elig-counter-v1 18446744073709551615\n", "no greater number"},
};

START_TEST(a_file_that_is_no_counter_is_refused_and_left_as_it_is)
{
    struct fault fault;
    uint64_t number = 5;
    char text[128];
    write_counter(refusals[_i].text);
    ck_assert(!counter_next(&number, counter_path(), &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, refusals[_i].wanted));
    ck_assert_ptr_nonnull(strstr(fault.text, "t.counter: "));
    ck_assert_uint_eq(number, 5);
    read_file(text);
    ck_assert_str_eq(text, refusals[_i].text);
}
END_TEST

/* A new file would take the link's place, and what it leads to, where nothing gets lost, would stay
 * behind. */
START_TEST(a_link_to_a_counter_is_refused_and_stays)
{
    struct fault fault;
    uint64_t number;
    char link[512], text[128];
    write_counter("elig-counter-v1 7\n");
    snprintf(link, sizeof(link), "%s.link", counter_path());
    ck_assert_int_eq(symlink(counter_path(), link), 0);
    ck_assert(!counter_next(&number, link, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "t.counter.link: a symbolic link"));
    ck_assert_int_gt(readlink(link, text, sizeof(text)), 0);
    read_file(text);
    ck_assert_str_eq(text, "elig-counter-v1 7\n");
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_named)
{
    struct fault fault;
    uint64_t number;
    ck_assert(!counter_next(&number, "/no/such/folder/t.counter", &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "/no/such/folder/t.counter"));
}
END_TEST

/* Whoever finds the lock taken for long is told so, and may ask again: no disk is too slow for it.
 */
static bool draw(uint64_t *number)
{
    struct fault fault;
    for (int tries = 0; tries < DRAWS; tries++) {
        if (counter_next(number, counter_path(), &fault))
            return true;
        if (strstr(fault.text, "somebody else has been changing") == NULL)
            return false;
    }
    return false;
}

/* Each process writes what it drew to the pipe. */
START_TEST(processes_that_share_a_file_never_get_the_same_number)
{
    int ends[2];
    uint64_t numbers[PROCESSES * DRAWS];
    write_counter("elig-counter-v1 0\n");
    ck_assert_int_eq(pipe(ends), 0);
    for (int i = 0; i < PROCESSES; i++) {
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child != 0)
            continue;
        for (int j = 0; j < DRAWS; j++) {
            uint64_t number;
            if (!draw(&number) ||
                write(ends[1], &number, sizeof(number)) != (ssize_t)sizeof(number))
                _exit(1);
        }
        _exit(0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = 1;
        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(status, 0);
    }
    ck_assert_int_eq(read(ends[0], numbers, sizeof(numbers)), (int)sizeof(numbers));
    uint64_t seen = 0;
    for (int i = 0; i < PROCESSES * DRAWS; i++) {
        ck_assert_uint_ge(numbers[i], 1);
        ck_assert_uint_le(numbers[i], PROCESSES * DRAWS);
        seen += numbers[i];
        for (int j = 0; j < i; j++)
            ck_assert_uint_ne(numbers[i], numbers[j]);
    }
    ck_assert_uint_eq(seen, PROCESSES * DRAWS * (PROCESSES * DRAWS + 1) / 2);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

int main(void)
{
    Suite *suite = suite_create("counter");
    TCase *tests = tcase_create("counter");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_number_is_stored_before_it_is_handed_out_and_rises);
    tcase_add_test(tests, a_new_file_begins_above_what_a_lost_one_can_have_had);
    tcase_add_loop_test(tests, a_file_that_is_no_counter_is_refused_and_left_as_it_is, 0,
                        ROWS(refusals));
    tcase_add_test(tests, a_link_to_a_counter_is_refused_and_stays);
    tcase_add_test(tests, a_folder_that_is_not_there_is_named);
    tcase_add_test(tests, processes_that_share_a_file_never_get_the_same_number);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
