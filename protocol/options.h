/* Options of a program, once, in a table: from it come the flags, the keys of the configuration
 * file, --help, the man page's list and the nearest name for a mistyped one. */
#ifndef PROTOCOL_OPTIONS_H
#define PROTOCOL_OPTIONS_H

#include <stdio.h>

#include "protocol/fault.h"

enum option_type {
    OPTION_FLAG,   /* bool; --name, or "name yes|no" in a file */
    OPTION_NUMBER, /* uint64_t within least..most */
    OPTION_TEXT,   /* const char *, borrowed from argv or owned by the options */
    OPTION_DAY,    /* uint32_t, "2026-11-23" */
};

/* One option. `offset` is that of the field in the program's settings struct, whose type is as
 * above. `initial` is text as a person would type it, or NULL: 0, false, NULL. An option whose help
 * begins with "required" must be given. */
struct option_row {
    const char *name; /* without the dashes: "idle-ms" */
    enum option_type type;
    size_t offset;
    const char *argument; /* what it is called in help: "MS"; NULL for a flag */
    const char *initial;
    uint64_t least, most;
    const char *help;
};

/* A program or one of its commands. */
struct option_table {
    const char *usage; /* as in the man page's SYNOPSIS: "eligd [options]" */
    const char *about; /* one sentence */
    const struct option_row *rows;
    size_t row_count;
    size_t operands_least, operands_most; /* words that are no options */
    const char *footer;                   /* examples or exit statuses under the list; NULL: none */
};

#define OPTION_OPERANDS_MAX 64

struct operands {
    const char *words[OPTION_OPERANDS_MAX];
    size_t count;
};

/* Fills `settings` with initial values, then with what argv says. argv[0] is the program or command
 * itself. --help prints to stdout and exits 0; --version likewise; "--" ends the options; "--name
 * value" and "--name=value" are the same. Whatever is wrong is one line on stderr, with the nearest
 * option where the name is unknown, and exit 2. */
void options_read(const struct option_table *table, void *settings, struct operands *operands,
                  int argc, char *argv[]);

/* The same from a file of "name value" lines, # for comments: initial values must be in place
 * already (options_initial), flags given on the command line win when read after. Faults are
 * file:line: what was wanted, what was found. */
void options_initial(const struct option_table *table, void *settings);
MUST_USE bool options_read_file(const struct option_table *table, void *settings, const char *path,
                                struct fault *fault);

/* "print JSON" as mdoc's "Print JSON." */
void options_mdoc_sentence(const char *text, FILE *to);
/* Every option with its value, in the form of the configuration file. */
void options_dump(const struct option_table *table, const void *settings, FILE *to);

#define ELIG_VERSION "1.4.0"

/* Exit statuses shared by the programs. */
enum { EXIT_YES = 0, EXIT_NO = 1, EXIT_USAGE = 2, EXIT_FAILED = 3 };

#endif
