#include "bench/driver.h"
#include "bench/echo.h"
#include "bench/fleet.h"
#include "tests/support.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char truth[] = "# people\n"
                            "P,01018000012,3:1:2:Y\n"
                            "M,2,PA1234567,01018000012,1,2\n"
                            "N,1,01018000020\n";

static char address[64];
static pid_t server_pid;
static struct workload workload;
static struct result result;
static struct fault fault;

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static uint64_t busy_us; /* of the echo and of the driver */

static void start_echo(void)
{
    char path[256], port[16] = "";
    snprintf(path, sizeof(path), "%s/port", support_directory());
    server_pid = fork();
    ck_assert_int_ge(server_pid, 0);
    if (server_pid == 0) {
        struct fault own;
        _exit(echo_serve(path, busy_us, &own) ? 0 : 1);
    }
    for (int tries = 0; tries < 500 && port[0] == '\0'; tries++) {
        FILE *file = fopen(path, "re");
        if (file != NULL && fscanf(file, "%15s", port) != 1)
            port[0] = '\0';
        if (file != NULL)
            fclose(file);
        pause_ms(10);
    }
    snprintf(address, sizeof(address), "127.0.0.1:%s", port);
    snprintf(path, sizeof(path), "%s/truth.csv", support_directory());
    support_write_file(path, truth, sizeof(truth) - 1, 0600);
    struct mix mix = {.hit_percent = 50, .skew = 0.5, .seed = 3, .kind = KIND_CHECK};
    ck_assert_msg(workload_read(&workload, path, &mix, &fault), "%s", fault.text);
}

static void start_busy_echo(void)
{
    busy_us = 1000;
    start_echo();
}

static void stop_echo(void)
{
    int ended;
    kill(server_pid, SIGTERM);
    ck_assert_int_eq(waitpid(server_pid, &ended, 0), server_pid);
    ck_assert(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
    workload_free(&workload);
}

static struct plan plan_of(uint64_t rate_per_s)
{
    return (struct plan){.dialect = &dialect_echo,
                         .workload = &workload,
                         .address = address,
                         .connection_count = 4,
                         .depth = 16,
                         .rate_per_s = rate_per_s,
                         .busy_us = busy_us,
                         .warm_ms = 20,
                         .measure_ms = 300,
                         .server_pid = server_pid};
}

/* How often it is measured, until nothing but what a test does has stood still. */
#define TRIES_MAX 5

START_TEST(closed_loop_gets_every_answer_and_reads_both_clocks)
{
    struct plan plan = plan_of(0);
    int tries = TRIES_MAX;
    do
        ck_assert_msg(driver_run(&result, &plan, &fault), "%s", fault.text);
    while ((result.answer_count == 0 || result.server_cpu_ns == 0) && --tries > 0);
    ck_assert_uint_gt(result.answer_count, 0);
    ck_assert_uint_eq(result.failed_count, 0);
    ck_assert_uint_eq(result.wrong_count, 0);
    ck_assert_uint_eq(result.latency.count, result.answer_count);
    ck_assert_uint_gt(result.server_cpu_ns, 0);
    ck_assert_uint_gt(result.client_cpu_ns, 0);
}
END_TEST

static void *stall(void *unused)
{
    (void)unused;
    pause_ms(100);
    kill(server_pid, SIGSTOP);
    pause_ms(150);
    kill(server_pid, SIGCONT);
    return NULL;
}

static bool has_latency(uint32_t share, uint64_t more_than_ns)
{
    return result.failed_count == 0 && histogram_at(&result.latency, share) > more_than_ns;
}

START_TEST(a_stalled_server_shows_in_the_latency_of_an_open_loop)
{
    bool shows = false;
    for (int tries = 0; tries < TRIES_MAX && !shows; tries++) {
        pthread_t stalling;
        struct plan plan = plan_of(2000);
        ck_assert_int_eq(pthread_create(&stalling, NULL, stall, NULL), 0);
        ck_assert_msg(driver_run(&result, &plan, &fault), "%s", fault.text);
        pthread_join(stalling, NULL);
        shows =
            has_latency(1000000, UINT64_C(100000000)) && has_latency(900000, UINT64_C(50000000));
    }
    ck_assert_uint_eq(result.failed_count, 0);
    /* A third of the requests was due while it stood still, and all of them are counted. */
    ck_assert_uint_gt(histogram_at(&result.latency, 1000000), UINT64_C(100000000));
    ck_assert_uint_gt(histogram_at(&result.latency, 900000), UINT64_C(50000000));
}
END_TEST

/* Stands still across the end of what is measured, for so many ms. */
static void *stall_across_the_end(void *ms)
{
    pause_ms(200);
    kill(server_pid, SIGSTOP);
    pause_ms(*(const long *)ms);
    kill(server_pid, SIGCONT);
    return NULL;
}

static void run_with_stall(uint64_t rate_per_s, long ms)
{
    pthread_t stalling;
    struct plan plan = plan_of(rate_per_s);
    ck_assert_int_eq(pthread_create(&stalling, NULL, stall_across_the_end, &ms), 0);
    ck_assert_msg(driver_run(&result, &plan, &fault), "%s", fault.text);
    pthread_join(stalling, NULL);
}

/* Of 300 ms. */
#define DUE_COUNT(rate_per_s) ((rate_per_s)*3 / 10 - 1)

START_TEST(a_stall_across_the_end_of_an_open_loop_shows_in_its_latency)
{
    bool shows = false;
    for (int tries = 0; tries < TRIES_MAX && !shows; tries++) {
        run_with_stall(2000, 300);
        shows =
            has_latency(1000000, UINT64_C(100000000)) && result.answer_count < result.latency.count;
    }
    ck_assert_uint_eq(result.failed_count, 0);
    ck_assert_uint_ge(result.latency.count, DUE_COUNT(2000));
    ck_assert_uint_lt(result.answer_count, result.latency.count);
    ck_assert_uint_gt(histogram_at(&result.latency, 1000000), UINT64_C(100000000));
}
END_TEST

START_TEST(what_an_open_loop_never_got_rid_of_has_failed)
{
    int tries = TRIES_MAX;
    do /* more than the connections take; and longer than is waited */
        run_with_stall(400000, 3500);
    while (result.failed_count == 0 && --tries > 0);
    ck_assert_uint_gt(result.failed_count, 0);
    ck_assert_uint_ge(result.latency.count + result.failed_count, DUE_COUNT(400000));
}
END_TEST

START_TEST(an_answer_of_another_protocol_is_wrong)
{
    struct plan plan = plan_of(0);
    plan.dialect = &dialect_redis; /* the echo of a RESP command is no RESP answer */
    plan.measure_ms = 50;
    ck_assert_msg(driver_run(&result, &plan, &fault), "%s", fault.text);
    ck_assert_uint_gt(result.wrong_count + result.failed_count, 0);
    ck_assert_uint_eq(result.answer_count, 0);
}
END_TEST

static const uint32_t process_counts[] = {1, 3, 4};

static const cpu_set_t *all_cores(void)
{
    static cpu_set_t cores;
    ck_assert_int_eq(sched_getaffinity(0, sizeof(cores), &cores), 0);
    return &cores;
}

START_TEST(several_processes_get_every_answer_and_add_up)
{
    struct plan plan = plan_of(0);
    int tries = TRIES_MAX;
    do
        ck_assert_msg(fleet_run(&result, &plan, process_counts[_i], all_cores(), &fault), "%s",
                      fault.text);
    while ((result.answer_count == 0 || result.server_cpu_ns == 0) && --tries > 0);
    ck_assert_uint_gt(result.answer_count, 0);
    ck_assert_uint_eq(result.failed_count, 0);
    ck_assert_uint_eq(result.wrong_count, 0);
    ck_assert_uint_eq(result.latency.count, result.answer_count);
    ck_assert_uint_eq(result.outcomes.by[OUTCOME_OTHER], result.answer_count);
    ck_assert_uint_gt(result.server_cpu_ns, 0);
    ck_assert_uint_gt(result.client_cpu_ns, 0);
}
END_TEST

START_TEST(several_processes_share_the_rate)
{
    struct plan plan = plan_of(1001);
    plan.warm_ms = 0;
    int tries = TRIES_MAX;
    do
        ck_assert_msg(fleet_run(&result, &plan, 3, NULL, &fault), "%s", fault.text);
    while ((result.answer_count == 0 || result.server_cpu_ns == 0) && --tries > 0);
    ck_assert_uint_eq(result.failed_count, 0);
    /* As many as are due in the measured time and what was late of them; not three times as many.
     */
    ck_assert_uint_gt(result.answer_count, 0);
    ck_assert_uint_le(result.answer_count, 1001 * result.elapsed_ns / 1000000000 + 3);
}
END_TEST

START_TEST(an_interrupt_ends_all_processes_with_what_they_measured)
{
    struct plan plan = plan_of(2000);
    plan.measure_ms = 600000;
    pid_t parent = getpid(), killer = fork();
    if (killer == 0) {
        pause_ms(1500);
        kill(parent, SIGINT);
        _exit(0);
    }
    ck_assert_msg(fleet_run(&result, &plan, 2, NULL, &fault), "%s", fault.text);
    ck_assert(result.is_interrupted);
    ck_assert(children_interrupted());
    ck_assert_uint_eq(result.failed_count, 0);
    waitpid(killer, NULL, 0);
}
END_TEST

START_TEST(one_process_that_cannot_connect_ends_the_others)
{
    struct plan plan = plan_of(0);
    plan.address = "unix:/nonexistent/eligd.sock";
    ck_assert(!fleet_run(&result, &plan, 3, NULL, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "/nonexistent/eligd.sock"));
    kill(server_pid, SIGKILL);
    ck_assert_int_eq(waitpid(-1, NULL, 0), server_pid);
    ck_assert_int_eq(waitpid(-1, NULL, 0), -1); /* nobody else is left */
    workload_free(&workload);
}
END_TEST

START_TEST(requests_of_a_killed_server_have_failed)
{
    struct plan plan = plan_of(0);
    kill(server_pid, SIGSTOP);
    struct fault refused;
    plan.warm_ms = plan.measure_ms = 10;
    pid_t killer = fork();
    if (killer == 0) {
        pause_ms(1000); /* connections are there by then */
        kill(server_pid, SIGKILL);
        _exit(0);
    }
    ck_assert_msg(driver_run(&result, &plan, &refused), "%s", refused.text);
    ck_assert_uint_eq(result.failed_count, 4 * 16);
    waitpid(killer, NULL, 0);
    waitpid(server_pid, NULL, 0);
    workload_free(&workload);
}
END_TEST

START_TEST(nobody_listening_is_a_fault_that_says_where)
{
    struct plan plan = plan_of(0);
    plan.address = "unix:/nonexistent/eligd.sock";
    ck_assert(!driver_run(&result, &plan, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "/nonexistent/eligd.sock"));
    plan.address = "localhost";
    ck_assert(!driver_run(&result, &plan, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "wanted ADDRESS:PORT"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("driver");
    TCase *served = tcase_create("with an echo server");
    tcase_add_checked_fixture(served, start_echo, stop_echo);
    tcase_add_test(served, closed_loop_gets_every_answer_and_reads_both_clocks);
    tcase_add_test(served, a_stalled_server_shows_in_the_latency_of_an_open_loop);
    tcase_add_test(served, a_stall_across_the_end_of_an_open_loop_shows_in_its_latency);
    tcase_add_test(served, what_an_open_loop_never_got_rid_of_has_failed);
    tcase_add_test(served, an_answer_of_another_protocol_is_wrong);
    tcase_add_loop_test(served, several_processes_get_every_answer_and_add_up, 0,
                        sizeof(process_counts) / sizeof(process_counts[0]));
    tcase_add_test(served, several_processes_share_the_rate);
    tcase_add_test(served, an_interrupt_ends_all_processes_with_what_they_measured);
    suite_add_tcase(suite, served);
    TCase *busy = tcase_create("with an echo server, both polling");
    tcase_add_checked_fixture(busy, start_busy_echo, stop_echo);
    tcase_add_test(busy, closed_loop_gets_every_answer_and_reads_both_clocks);
    suite_add_tcase(suite, busy);
    TCase *killed = tcase_create("with a server that dies");
    tcase_add_checked_fixture(killed, start_echo, NULL);
    tcase_add_test(killed, requests_of_a_killed_server_have_failed);
    tcase_add_test(killed, one_process_that_cannot_connect_ends_the_others);
    suite_add_tcase(suite, killed);
    TCase *alone = tcase_create("without a server");
    tcase_add_test(alone, nobody_listening_is_a_fault_that_says_where);
    suite_add_tcase(suite, alone);
    return support_run(suite);
}
