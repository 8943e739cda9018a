/* The keeper of state: what survives a restart, what is said aloud, and what is said of nobody. */
#include "engine/keeper.h"
#include "protocol/progress.h"
#include "tests/guard_scene.h"
#include "tests/support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAIT_MS_MAX 20000
#define TERMINAL    70001

static struct guard *guard;
static struct counters *counters;
static struct keeper *keeper;
static struct fault fault;
static char directory[400], log_path[512], guard_file[512], counters_file[512];

static void open_parts(void)
{
    guard = guard_of(SOME_SLOTS, 1);
    ck_assert(counters_open(&counters, &fault));
}

static void close_parts(void)
{
    guard_close(guard);
    counters_close(counters);
}

static void open_all(void)
{
    snprintf(directory, sizeof(directory), "%.380s/state", support_directory());
    snprintf(guard_file, sizeof(guard_file), "%s/%s", directory, KEEPER_GUARD_FILE);
    snprintf(counters_file, sizeof(counters_file), "%s/%s", directory, KEEPER_COUNT_FILE);
    snprintf(log_path, sizeof(log_path), "%.400s/log", support_directory());
    ck_assert_int_eq(mkdir(directory, 0700), 0);
    int fd = open(log_path, O_CREAT | O_WRONLY | O_APPEND | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    dup2(fd, STDERR_FILENO);
    close(fd);
    open_parts();
}

static void close_all(void)
{
    keeper_close(keeper);
    close_parts();
}

static bool try_open(const char *where)
{
    struct keeper_settings settings = {
        .guard = guard, .counters = counters, .directory = where, .save_s = 1};
    fault.text[0] = '\0';
    return keeper_open(&keeper, &settings, &fault);
}

static void begin(void)
{
    ck_assert_msg(try_open(directory), "%s", fault.text);
    ck_assert_msg(keeper_start(keeper, &fault), "%s", fault.text);
}

static void end(void)
{
    keeper_close(keeper);
    keeper = NULL;
}

/* The server starts once more. */
static void begin_again(void)
{
    end();
    close_parts();
    open_parts();
    begin();
}

static uint32_t count_lines(const char *text)
{
    char line[4096];
    uint32_t count = 0;
    FILE *from = fopen(log_path, "r");
    while (fgets(line, sizeof(line), from) != NULL)
        count += strstr(line, text) != NULL;
    fclose(from);
    return count;
}

static void wait_for_line(const char *text)
{
    for (int ms = 0; ms < WAIT_MS_MAX && count_lines(text) == 0; ms++)
        usleep(1000);
    ck_assert_msg(count_lines(text) > 0, "%s", text);
}

/* How many different people the terminal may ask about still, of five a day. */
static uint32_t ask_about(uint64_t first, uint32_t most)
{
    static const struct guard_limits limits = {.per_day = 5};
    uint64_t now_s = clock_wall_s();
    uint32_t slot = guard_slot(guard, TERMINAL, now_s);
    uint32_t count = ask_until_stopped(guard, slot, &limits, first, most, now_s);
    guard_leave(guard, slot);
    return count;
}

START_TEST(what_is_kept_survives_a_restart)
{
    begin();
    ck_assert(counters_rise(counters, TERMINAL, 12));
    ck_assert_uint_eq(ask_about(1, 5), 5);
    begin_again();
    ck_assert(!counters_rise(counters, TERMINAL, 12));
    ck_assert(counters_rise(counters, TERMINAL, 13));
    ck_assert_uint_eq(ask_about(100, 5), 0);
    ck_assert_uint_eq(count_lines("state guarded_terminals=1 counters=1"), 1);
    ck_assert_uint_eq(count_lines("state_refused"), 0);
}
END_TEST

START_TEST(without_a_directory_nothing_is_kept_and_nothing_said)
{
    ck_assert(try_open(NULL));
    ck_assert(keeper_start(keeper, &fault));
    ck_assert(counters_rise(counters, TERMINAL, 12));
    end();
    ck_assert_int_ne(access(counters_file, F_OK), 0);
    ck_assert_uint_eq(count_lines("event="), 0);
}
END_TEST

/* A server must not stay down for its state, and nobody shall think that nothing was lost. */
START_TEST(state_that_cannot_be_read_is_refused_aloud_and_begun_anew)
{
    static const char *const files[] = {guard_file, counters_file};
    begin();
    ck_assert(counters_rise(counters, TERMINAL, 12));
    ck_assert_uint_eq(ask_about(1, 5), 5);
    end();
    support_write_file(files[_i], "ELIG and then nothing of ours", 29, 0600);
    close_parts();
    open_parts();
    begin();
    ck_assert_uint_eq(count_lines("event=state_refused"), 1);
    ck_assert_uint_eq(count_lines(files[_i]), 1);
    ck_assert(counters_rise(counters, TERMINAL, 12) == (_i == 1));
    (void)counters_rise(counters, TERMINAL, 13);
    begin_again();
    ck_assert_uint_eq(count_lines("event=state_refused"), 1);
    ck_assert(!counters_rise(counters, TERMINAL, 13));
}
END_TEST

START_TEST(a_directory_that_cannot_be_written_refuses_the_start)
{
    char missing[600];
    snprintf(missing, sizeof(missing), "%s/not/here", directory);
    ck_assert(!try_open(missing));
    ck_assert_msg(strstr(fault.text, missing) != NULL, "%s", fault.text);
    ck_assert_int_eq(rmdir(directory), 0);
    support_write_file(directory, "", 0, 0600); /* a file where the directory was */
    ck_assert(!try_open(directory));
    ck_assert_msg(strstr(fault.text, directory) != NULL, "%s", fault.text);
}
END_TEST

START_TEST(a_path_that_is_too_long_refuses_the_start)
{
    static char path[5000];
    memset(path, 'a', sizeof(path) - 1);
    ck_assert(!try_open(path));
    ck_assert(fault.text[0] == path[0]);
}
END_TEST

/* Said once, not each time; when the directory is back nothing is lost. */
START_TEST(a_saving_that_fails_is_said_and_made_up_for)
{
    char away[600];
    snprintf(away, sizeof(away), "%s.away", directory);
    begin();
    ck_assert(counters_rise(counters, TERMINAL, 12));
    ck_assert_int_eq(rename(directory, away), 0);
    wait_for_line("event=unsaved");
    ck_assert_int_eq(rename(away, directory), 0);
    for (int ms = 0; ms < WAIT_MS_MAX && access(counters_file, F_OK) != 0; ms++)
        usleep(1000);
    ck_assert_int_eq(access(counters_file, F_OK), 0);
    begin_again();
    ck_assert(!counters_rise(counters, TERMINAL, 12));
    ck_assert_uint_eq(count_lines("event=unsaved"), 1);
}
END_TEST

START_TEST(one_file_that_cannot_be_saved_does_not_keep_the_other_from_it)
{
    char inside[600];
    begin();
    ck_assert(counters_rise(counters, TERMINAL, 12));
    ck_assert_int_eq(unlink(guard_file), 0);
    ck_assert_int_eq(mkdir(guard_file, 0700), 0); /* nothing can be put in its place */
    snprintf(inside, sizeof(inside), "%s/something", guard_file);
    support_write_file(inside, "", 0, 0600);
    end();
    ck_assert_uint_eq(count_lines("event=unsaved"), 1);
    ck_assert_int_eq(access(counters_file, F_OK), 0);
}
END_TEST

START_TEST(alarms_name_the_terminal_and_nobody_else)
{
    begin();
    ck_assert_uint_eq(ask_about(32000000001, 20), 5);
    wait_for_line("event=alarm terminal=70001 cause=per-day");
    ck_assert_uint_eq(count_lines("32000000"), 0);
    end();
    ck_assert_uint_eq(count_lines("event=alarm"), 1); /* one an hour */
}
END_TEST

START_TEST(alarms_of_the_last_moment_are_said_at_the_end)
{
    begin();
    ck_assert_uint_eq(ask_about(1, 20), 5);
    end();
    ck_assert_uint_eq(count_lines("event=alarm terminal=70001"), 1);
}
END_TEST

/* A server that cannot start, and is tried again and again: nobody was served, and no terminal
 * shall pay for it as for crashes. */
START_TEST(starts_that_failed_are_no_crashes)
{
    begin();
    ck_assert_uint_eq(ask_about(1, 2), 2);
    end();
    for (int i = 0; i < 5; i++) {
        close_parts();
        open_parts();
        ck_assert(try_open(directory));
        end();
    }
    close_parts();
    open_parts();
    begin();
    ck_assert_uint_eq(ask_about(100, 5), 3);
    keeper_close(NULL);
}
END_TEST

START_TEST(a_folder_is_one_servers)
{
    struct keeper *first;
    begin();
    first = keeper;
    keeper = NULL;
    ck_assert(!try_open(directory));
    ck_assert_msg(strstr(fault.text, "another server keeps its state there") != NULL, "%s",
                  fault.text);
    keeper_close(first);
    begin();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("keeper");
    TCase *tcase = tcase_create("keeper");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, open_all, close_all);
    tcase_add_test(tcase, what_is_kept_survives_a_restart);
    tcase_add_test(tcase, without_a_directory_nothing_is_kept_and_nothing_said);
    tcase_add_loop_test(tcase, state_that_cannot_be_read_is_refused_aloud_and_begun_anew, 0, 2);
    tcase_add_test(tcase, a_directory_that_cannot_be_written_refuses_the_start);
    tcase_add_test(tcase, a_path_that_is_too_long_refuses_the_start);
    tcase_add_test(tcase, a_saving_that_fails_is_said_and_made_up_for);
    tcase_add_test(tcase, one_file_that_cannot_be_saved_does_not_keep_the_other_from_it);
    tcase_add_test(tcase, alarms_name_the_terminal_and_nobody_else);
    tcase_add_test(tcase, alarms_of_the_last_moment_are_said_at_the_end);
    tcase_add_test(tcase, starts_that_failed_are_no_crashes);
    tcase_add_test(tcase, a_folder_is_one_servers);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
