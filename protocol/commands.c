#include "protocol/commands.h"

#include "protocol/nearest.h"
#include "protocol/options.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define COMMANDS_MAX 32

int command_fail(const char *program, int status, const struct fault *fault)
{
    fprintf(stderr, "%s: %s\n", program, fault->text);
    return status;
}

int command_finish(const char *program, int status)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return status;
    fprintf(stderr, "%s: standard output: %s\n", program, strerror(errno));
    return EXIT_FAILED;
}

static void list_commands(const char *program, const char *about, const struct command commands[],
                          size_t command_count)
{
    printf("usage: %s COMMAND [options] ...\n%s\n\n", program, about);
    for (size_t i = 0; i < command_count; i++)
        printf("  %-12s %s\n", commands[i].name, commands[i].about);
    printf("\n%s COMMAND --help tells the options of a command.\n", program);
}

static void list_commands_mdoc(const struct command commands[], size_t command_count)
{
    puts(".Bl -tag -width Ds");
    for (size_t i = 0; i < command_count; i++) {
        printf(".It Cm %s\n", commands[i].name);
        options_mdoc_sentence(commands[i].about, stdout);
    }
    puts(".El");
}

static int refuse_command(const char *program, const struct command commands[],
                          size_t command_count, const char *word)
{
    const char *names[COMMANDS_MAX + 2] = {"--help", "--version"};
    assert(command_count <= COMMANDS_MAX);
    for (size_t i = 0; i < command_count; i++)
        names[i + 2] = commands[i].name;
    const char *nearest = nearest_word(word, names, command_count + 2);
    const char *kind = word[0] == '-' ? "option" : "command";
    if (nearest != NULL)
        fprintf(stderr, "%s: unknown %s %.60s; did you mean %s?\n", program, kind, word, nearest);
    else
        fprintf(stderr, "%s: unknown %s %.60s; %s --help lists the commands\n", program, kind, word,
                program);
    return EXIT_USAGE;
}

int commands_run(const char *program, const char *about, const struct command commands[],
                 size_t command_count, int argc, char *argv[])
{
    if (argc < 2) {
        fprintf(stderr, "%s: want a command; %s --help lists them\n", program, program);
        return EXIT_USAGE;
    }
    const char *word = argv[1];
    for (size_t i = 0; i < command_count; i++) {
        if (strcmp(word, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
        list_commands(program, about, commands, command_count);
    else if (strcmp(word, "--version") == 0)
        printf("%s %s\n", program, ELIG_VERSION);
    else if (strcmp(word, "--mdoc-options") == 0)
        list_commands_mdoc(commands, command_count);
    else
        return refuse_command(program, commands, command_count, word);
    return fflush(stdout) == 0 ? EXIT_YES : EXIT_FAILED;
}
