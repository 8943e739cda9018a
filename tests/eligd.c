#include "tests/eligd.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_SIZE_MAX (1 << 16)
#define LOOKS_A_MS   5

static pid_t pid;
static char log_path[512];

void eligd_read_log(char *text, size_t room)
{
    text[0] = '\0';
    FILE *from = fopen(log_path, "r");
    if (from == NULL)
        return;
    text[fread(text, 1, room - 1, from)] = '\0';
    fclose(from);
}

uint32_t eligd_count_events(const char *event)
{
    static char text[LOG_SIZE_MAX];
    char wanted[64];
    uint32_t count = 0;
    snprintf(wanted, sizeof(wanted), "eligd event=%s ", event);
    eligd_read_log(text, sizeof(text));
    for (const char *at = text; (at = strstr(at, wanted)) != NULL; at++)
        count++;
    return count;
}

void eligd_wait_for_events(const char *event, uint32_t count)
{
    for (int i = 0; i < ELIGD_WAIT_MS * LOOKS_A_MS && eligd_count_events(event) < count; i++)
        usleep(1000 / LOOKS_A_MS);
    ck_assert_msg(eligd_count_events(event) >= count, "event=%s: %u", event,
                  eligd_count_events(event));
}

uint64_t eligd_total(const char *name)
{
    static char text[LOG_SIZE_MAX];
    char wanted[64];
    eligd_read_log(text, sizeof(text));
    const char *line = strstr(text, "eligd event=stopped ");
    ck_assert_msg(line != NULL, "it has not stopped");
    snprintf(wanted, sizeof(wanted), " %s=", name);
    const char *at = strstr(line, wanted);
    ck_assert_msg(at != NULL, "no %s", name);
    return strtoull(at + strlen(wanted), NULL, 10);
}

uint16_t eligd_read_port(const char *path)
{
    FILE *from = fopen(path, "r");
    ck_assert_ptr_nonnull(from);
    unsigned port = 0;
    ck_assert_int_eq(fscanf(from, "%u", &port), 1);
    fclose(from);
    return (uint16_t)port;
}

/* In the child: nothing of whoever runs the tests but what the server is to have. */
static void become_eligd(const char *const options[])
{
    char program[512];
    const char *folder = getenv("ELIG_BIN");
    static char name[] = "eligd";
    char *argv[ELIGD_ARGUMENTS_MAX + 2] = {name};
    size_t count = 0;
    for (; count < ELIGD_ARGUMENTS_MAX && options[count] != NULL; count++)
        memcpy(&argv[count + 1], &options[count], sizeof(argv[0]));
    snprintf(program, sizeof(program), "%s/eligd", folder != NULL ? folder : "build/bin");
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves no server behind */
    int fd = open(log_path, O_CREAT | O_WRONLY | O_APPEND, 0600);
    dup2(fd, STDERR_FILENO);
    close_range(STDERR_FILENO + 1, ~0u, 0);
    execv(program, argv);
    _exit(127);
}

void eligd_spawn(const char *path, const char *const options[])
{
    ck_assert_uint_lt(strlen(path), sizeof(log_path));
    memcpy(log_path, path, strlen(path) + 1);
    unlink(log_path);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        become_eligd(options);
}

void eligd_start(const char *path, const char *const options[])
{
    eligd_spawn(path, options);
    eligd_wait_for_events("ready", 1);
}

pid_t eligd_pid(void)
{
    return pid;
}

int eligd_wait_for_exit(void)
{
    int status;
    for (int ms = 0; ms < ELIGD_WAIT_MS; ms++) {
        if (waitpid(pid, &status, WNOHANG) == pid) {
            pid = 0;
            return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        }
        usleep(1000);
    }
    return -1;
}

void eligd_stop(void)
{
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    ck_assert_int_eq(eligd_wait_for_exit(), 0);
    ck_assert_uint_eq(eligd_total("accepted"), eligd_total("closed"));
}

void eligd_turn_to(pid_t other)
{
    pid = other;
}

void eligd_kill(void)
{
    if (pid == 0)
        return;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    pid = 0;
}
