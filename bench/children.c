#include "bench/children.h"

#include "protocol/progress.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STOP_PATIENCE_NS (5 * NS_PER_S)
#define STOP_POLL_NS     10000000
#define EXIT_NOT_FOUND   127 /* as a shell says */

/* Read by the signal handler: a process leaves the list before its id may belong to another. */
static volatile pid_t loads[CHILDREN_MAX], servers[CHILDREN_MAX];
static volatile sig_atomic_t is_interrupted;
static pid_t owner;

static void interrupt(int number)
{
    int kept_errno = errno;
    (void)number;
    is_interrupted = 1;
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        if (loads[i] > 0)
            kill(loads[i], SIGINT);
    errno = kept_errno;
}

static void stop_all(void)
{
    if (getpid() != owner)
        return;
    for (size_t i = 0; i < CHILDREN_MAX; i++) {
        if (loads[i] > 0)
            child_stop(loads[i]);
        if (servers[i] > 0)
            child_stop(servers[i]);
    }
}

static const int watched[] = {SIGINT, SIGTERM, SIGHUP};
#define WATCHED_COUNT (sizeof(watched) / sizeof(watched[0]))

void children_watch(void)
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < WATCHED_COUNT; i++)
        sigaction(watched[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* a load that was killed is told, and the servers are stopped */
    if (owner == 0)
        atexit(stop_all);
    owner = getpid();
}

bool children_interrupted(void)
{
    return is_interrupted != 0;
}

static volatile pid_t *place_of(pid_t pid)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++) {
        if (loads[i] == pid)
            return &loads[i];
        if (servers[i] == pid)
            return &servers[i];
    }
    return NULL;
}

static void forget(pid_t pid)
{
    volatile pid_t *place = place_of(pid);
    if (place != NULL)
        *place = 0;
}

/* In a process group of its own: what is typed at the terminal is for the parent, which passes on
 * what concerns the child. */
static void begin_child(pid_t parent, const cpu_set_t *cores, const sigset_t *signals)
{
    for (size_t i = 0; i < WATCHED_COUNT; i++)
        signal(watched[i], SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, signals, NULL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_FAILURE);
    if (cores != NULL)
        sched_setaffinity(0, sizeof(*cores), cores);
}

pid_t child_fork(enum child_kind kind, const cpu_set_t *cores, struct fault *fault)
{
    volatile pid_t *list = kind == CHILD_LOAD ? loads : servers, *place = NULL;
    for (size_t i = 0; i < CHILDREN_MAX && place == NULL; i++)
        if (list[i] == 0)
            place = &list[i];
    assert(place != NULL);
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before); /* until it stands in the list */
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        begin_child(parent, cores, &before);
        return 0;
    }
    int why = errno;
    if (pid > 0)
        *place = pid;
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid < 0)
        fault_set(fault, "no process can be started: %s", strerror(why));
    return pid;
}

pid_t child_spawn(const char *const argv[], const char *log, const cpu_set_t *cores,
                  struct fault *fault)
{
    pid_t pid = child_fork(CHILD_SERVER, cores, fault);
    if (pid != 0)
        return pid;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (null >= 0 && out >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
        dup2(out, STDERR_FILENO) >= 0)
        execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(EXIT_NOT_FOUND);
}

bool child_runs(pid_t pid)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

int child_wait(pid_t pid)
{
    siginfo_t info;
    int status = 0;
    while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
        continue;
    forget(pid); /* its id is its own until it is waited for */
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

void child_stop(pid_t pid)
{
    uint64_t end_ns = clock_monotonic_ns() + STOP_PATIENCE_NS;
    kill(pid, SIGTERM);
    while (child_runs(pid) && clock_monotonic_ns() < end_ns)
        nanosleep(&(struct timespec){0, STOP_POLL_NS}, NULL);
    if (child_runs(pid))
        kill(pid, SIGKILL);
    child_wait(pid);
}
