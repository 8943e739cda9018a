/* Processes that a bench starts: each is ended by its id, also when this one is interrupted or
 * killed, and nothing is left behind. */
#ifndef BENCH_CHILDREN_H
#define BENCH_CHILDREN_H

#include <sched.h>
#include <sys/types.h>

#include "protocol/fault.h"

#define CHILDREN_MAX 128 /* at once */

enum child_kind {
    CHILD_SERVER, /* stays when this process is interrupted, until it is stopped */
    CHILD_LOAD,   /* is interrupted as well, and so ends early with what it has measured */
};

/* From now on SIGINT, SIGTERM and SIGHUP end nothing at once: they interrupt loads. Whatever still
 * runs when this process exits is stopped then. */
void children_watch(void);
bool children_interrupted(void);

/* As fork: 0 in the child, which does not outlive its parent and runs on these cores (NULL: on
 * any); -1 and a fault. The child ends by _exit. */
pid_t child_fork(enum child_kind kind, const cpu_set_t *cores, struct fault *fault);

/* A server: the program argv[0], found as a shell would, with what it says in the file `log`. */
pid_t child_spawn(const char *const argv[], const char *log, const cpu_set_t *cores,
                  struct fault *fault);

bool child_runs(pid_t pid);

/* Waits for its end; returns the status as of waitpid. */
int child_wait(pid_t pid);

/* Asks it to stop, and after some seconds makes it. */
void child_stop(pid_t pid);

#endif
