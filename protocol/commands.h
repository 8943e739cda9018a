/* A program of several commands, such as eligload: each reads its own options and returns an exit
 * status. */
#ifndef PROTOCOL_COMMANDS_H
#define PROTOCOL_COMMANDS_H

#include "protocol/fault.h"

struct command {
    const char *name;
    int (*run)(int argc, char *argv[]);
    const char *about;
};

/* Runs commands[i].run(argc - 1, argv + 1) for argv[1], prints the list for --help, refuses others
 * with the nearest. */
int commands_run(const char *program, const char *about, const struct command commands[],
                 size_t command_count, int argc, char *argv[]);

/* "program: sentence" on stderr; returns `status`. */
int command_fail(const char *program, int status, const struct fault *fault);

/* What was printed must have arrived: `status`, or EXIT_FAILED with a sentence. */
int command_finish(const char *program, int status);

#endif
