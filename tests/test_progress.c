#include "tests/support.h"

#include "protocol/progress.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STEPS       30
#define STEP_MS     50
#define OUTPUT_SIZE 65536

/* Work of a second and a half. */
static void work(uint64_t total, bool is_quiet)
{
    struct progress progress;
    struct timespec step = {.tv_nsec = STEP_MS * 1000000};
    progress_start(&progress, "reading", "rows", total, is_quiet);
    for (uint64_t i = 1; i <= STEPS; i++) {
        nanosleep(&step, NULL);
        progress_set(&progress, i * 100000);
    }
    progress_end(&progress);
}

/* What the work wrote to stderr when that is `fd_in`; `fd_out` is where it can be read. */
static const char *output_of(int fd_in, int fd_out, uint64_t total, bool is_quiet)
{
    static char text[OUTPUT_SIZE];
    size_t size = 0;
    pid_t child = fork();
    if (child == 0) {
        close(fd_out);
        dup2(fd_in, STDERR_FILENO);
        setenv("TERM", "xterm", 1);
        work(total, is_quiet);
        _exit(0);
    }
    close(fd_in);
    /* A terminal ends with EIO, a pipe with 0. */
    for (ssize_t got;
         size < sizeof(text) - 1 && (got = read(fd_out, text + size, sizeof(text) - 1 - size)) > 0;)
        size += (size_t)got;
    text[size] = '\0';
    close(fd_out);
    waitpid(child, NULL, 0);
    return text;
}

static const char *through_pipe(uint64_t total, bool is_quiet)
{
    int ends[2];
    if (pipe(ends) != 0)
        err(1, "pipe");
    return output_of(ends[1], ends[0], total, is_quiet);
}

static const char *through_terminal(uint64_t total)
{
    int outer = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (outer < 0 || grantpt(outer) != 0 || unlockpt(outer) != 0)
        return NULL;
    int inner = open(ptsname(outer), O_RDWR | O_NOCTTY);
    return inner < 0 ? NULL : output_of(inner, outer, total, false);
}

static size_t count_char(const char *text, char c)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += *text == c;
    return count;
}

START_TEST(a_log_gets_a_line_per_ten_percent_and_a_last_one)
{
    const char *text = through_pipe(STEPS * 100000, false);
    ck_assert_ptr_null(strchr(text, '\r'));
    ck_assert_ptr_null(strchr(text, '\033'));
    /* the first second is silent */
    ck_assert_uint_ge(count_char(text, '\n'), 2);
    ck_assert_uint_le(count_char(text, '\n'), 10);
    ck_assert_ptr_nonnull(strstr(text, "reading:  90 %  2,700,000 rows, "));
    ck_assert_ptr_nonnull(strstr(text, "reading: 3,000,000 rows in "));
}
END_TEST

START_TEST(a_log_without_a_total_gets_the_last_line)
{
    const char *text = through_pipe(0, false);
    ck_assert_uint_eq(count_char(text, '\n'), 1);
    ck_assert_ptr_eq(strstr(text, "reading: 3,000,000 rows in "), text);
}
END_TEST

START_TEST(a_terminal_gets_a_bar_at_most_ten_times_a_second)
{
    uint64_t start_ns = clock_monotonic_ns();
    const char *text = through_terminal(STEPS * 100000);
    uint64_t took_ms = (clock_monotonic_ns() - start_ns) / 1000000;
    if (text == NULL) {
        printf("skipped: no pseudo-terminal here\n");
        return;
    }
    size_t paint_count = count_char(text, '\r');
    ck_assert_uint_ge(paint_count, 5);
    ck_assert_uint_le(paint_count, took_ms / 100 + 5);
    ck_assert_ptr_nonnull(strstr(text, "[##"));
    ck_assert_ptr_nonnull(strstr(text, " left\033[K"));
    ck_assert_ptr_nonnull(strstr(text, "\rreading: 3,000,000 rows in "));
}
END_TEST

START_TEST(a_log_hears_nothing_of_short_work)
{
    int ends[2];
    char text[OUTPUT_SIZE];
    if (pipe(ends) != 0)
        err(1, "pipe");
    pid_t child = fork();
    if (child == 0) {
        struct progress progress;
        dup2(ends[1], STDERR_FILENO);
        progress_start(&progress, "reading", "rows", 10, false);
        progress_set(&progress, 5);
        progress_set(&progress, 10);
        progress_end(&progress);
        _exit(0);
    }
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], text, sizeof(text)), 0);
    close(ends[0]);
    waitpid(child, NULL, 0);
}
END_TEST

START_TEST(quiet_is_silent)
{
    ck_assert_str_eq(through_pipe(STEPS * 100000, true), "");
}
END_TEST

START_TEST(more_than_the_total_is_no_more_than_all)
{
    const char *text = through_pipe(1000, false);
    ck_assert_ptr_null(strstr(text, "101 %"));
    ck_assert_ptr_nonnull(strstr(text, "reading: 3,000,000 rows in "));
}
END_TEST

START_TEST(the_monotonic_clock_does_not_go_back)
{
    uint64_t before = clock_monotonic_ns();
    for (int i = 0; i < 1000; i++) {
        uint64_t now = clock_monotonic_ns();
        ck_assert_uint_ge(now, before);
        before = now;
    }
    ck_assert_uint_gt(clock_wall_s(), 1700000000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("progress");
    TCase *tcase = tcase_create("progress");
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, a_log_gets_a_line_per_ten_percent_and_a_last_one);
    tcase_add_test(tcase, a_log_without_a_total_gets_the_last_line);
    tcase_add_test(tcase, a_terminal_gets_a_bar_at_most_ten_times_a_second);
    tcase_add_test(tcase, a_log_hears_nothing_of_short_work);
    tcase_add_test(tcase, quiet_is_silent);
    tcase_add_test(tcase, more_than_the_total_is_no_more_than_all);
    tcase_add_test(tcase, the_monotonic_clock_does_not_go_back);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
