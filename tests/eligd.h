/* The real server as a process, for suites that drive it over sockets: one at a time. Every wait is
 * bounded; what must not fail aborts the test. */
#ifndef TESTS_ELIGD_H
#define TESTS_ELIGD_H

#include <sys/types.h>

#include "protocol/bytes.h"

#define ELIGD_WAIT_MS       20000
#define ELIGD_ARGUMENTS_MAX 64

/* Starts it with these options; the list ends in NULL. What it logs is in `log_path`, begun anew.
 */
void eligd_spawn(const char *log_path, const char *const options[]);

/* The same, and waits until it serves. */
void eligd_start(const char *log_path, const char *const options[]);

pid_t eligd_pid(void); /* 0: none runs */

/* How many lines of its log are about this event, and until there are as many. */
uint32_t eligd_count_events(const char *event);
void eligd_wait_for_events(const char *event, uint32_t count);
void eligd_read_log(char *text, size_t room);

/* A number of the last line that it writes. */
uint64_t eligd_total(const char *name);

/* A port that it wrote. */
uint16_t eligd_read_port(const char *path);

/* The status with which it ended; -1 when it has not, or by a signal. */
int eligd_wait_for_exit(void);

/* Asks it to stop: it leaves with 0, and every connection was closed. */
void eligd_stop(void);

/* From now on it is about another that was started before. */
void eligd_turn_to(pid_t other);

/* Kills what still runs, if anything. */
void eligd_kill(void);

#endif
