#include "loader/commands.h"

#include "loader/explain.h"
#include "loader/memory.h"
#include "protocol/nearest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_LINE_SIZE 256

struct explain_settings {
    struct build_settings build;
    const char *group, *means;
    uint32_t day;
};
static_assert(offsetof(struct explain_settings, build) == 0, "tables of both agree on offsets");

static const struct option_row explain_rows[] = {
    INPUT_OPTIONS,
    {"group", OPTION_TEXT, offsetof(struct explain_settings, group), "NAME", NULL, 0, 0,
     "one group; without it all of them"},
    {"day", OPTION_DAY, offsetof(struct explain_settings, day), "DAY", NULL, 0, 0,
     "the day in question; without it the as-of day"},
    {"means", OPTION_TEXT, offsetof(struct explain_settings, means), "KIND", "personal-code", 0, 0,
     "what is read: personal-code, eid, e-talons or card"},
};

static const struct option_table explain_table = {
    .usage = "eligload explain --exports DIR [--group NAME] [--day DAY] [options] <identifier",
    .about = "Says why a person is or is not in a group, step by step. One identifier is read from "
             "standard input, so that it stands in no list of processes.",
    .rows = explain_rows,
    .row_count = sizeof(explain_rows) / sizeof(explain_rows[0]),
    .footer = "Exit status: 0 told, 1 not found, 2 usage, 3 could not be done.",
};

static bool read_identifier(struct identifier *out, const char *means_word, struct fault *fault)
{
    char line[INPUT_LINE_SIZE];
    uint8_t means = means_of_name(means_word);
    if (means == 0)
        return fault_set(fault, "--means: want personal-code, eid, e-talons or card, found \"%s\"",
                         means_word);
    if (fgets(line, sizeof(line), stdin) == NULL)
        return fault_set(fault, "standard input: want one identifier, found nothing");
    enum means_fault wrong = means_normalise(out, (enum means)means, line, strcspn(line, "\r\n"));
    explicit_bzero(line, sizeof(line));
    return wrong == MEANS_FINE || fault_set(fault, "standard input: %s", means_fault_text(wrong));
}

static bool find_group(uint32_t *out, const struct rules *rules, const char *name,
                       struct fault *fault)
{
    *out = EXPLAIN_ALL_GROUPS;
    if (name == NULL)
        return true;
    const char *names[GROUP_COUNT_MAX];
    for (uint32_t i = 0; i < rules->group_count; i++) {
        names[i] = rules->groups[i].name;
        if (strcmp(names[i], name) == 0)
            *out = i;
    }
    const char *nearest = nearest_word(name, names, rules->group_count);
    return *out != EXPLAIN_ALL_GROUPS ||
           fault_set(fault, "--group: the rules have no group \"%s\"%s%s%s", name,
                     nearest != NULL ? ", did you mean \"" : "", nearest != NULL ? nearest : "",
                     nearest != NULL ? "\"?" : "");
}

static int explain(struct build *build, const struct explain_settings *settings,
                   struct fault *fault)
{
    struct identifier identifier;
    uint32_t group;
    if (!read_identifier(&identifier, settings->means, fault))
        return EXIT_USAGE;
    if (!build_read(build, &settings->build, fault))
        return EXIT_NO;
    if (!find_group(&group, build->catalogue.rules, settings->group, fault))
        return EXIT_USAGE;
    uint32_t row = explain_find(build, &identifier);
    explicit_bzero(&identifier, sizeof(identifier));
    if (row == NOBODY) {
        fault_set(fault, "not found: no person in the deliveries has or had this identifier");
        return EXIT_NO;
    }
    uint32_t day = settings->day != 0 ? settings->day : build->as_of_day;
    if (settings->build.is_json)
        explain_print_json(build, row, group, day, stdout);
    else
        explain_print(build, row, group, day, stdout);
    return EXIT_YES;
}

int command_explain(int argc, char *argv[])
{
    struct explain_settings settings;
    struct operands operands;
    struct fault fault;
    options_read(&explain_table, &settings, &operands, argc, argv);
    struct build *build = memory_take_zeroed(1, sizeof(*build));
    int outcome = explain(build, &settings, &fault);
    if (outcome != EXIT_YES)
        command_fail(PROGRAM, outcome, &fault);
    build_close(build);
    free(build);
    return command_finish(PROGRAM, outcome);
}
