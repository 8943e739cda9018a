#include "bench/commands.h"
#include "bench/reliefs.h"
#include "protocol/commands.h"
#include "protocol/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PROGRAM "eligbench catalogue" /* in front of what is said on stderr */

struct settings {
    const char *from;
    uint64_t relief_count, clause_count, group_count, point_count, seed;
    bool is_quiet;
};

#define OPTION(field) offsetof(struct settings, field)

static const struct option_row rows[] = {
    {"from", OPTION_TEXT, OPTION(from), "DIR", "loader/catalogue", 0, 0,
     "the catalogue to begin with"},
    {"reliefs", OPTION_NUMBER, OPTION(relief_count), "N", "1000", 1, RELIEFS_COUNT_MAX,
     "how many reliefs are added"},
    {"clauses", OPTION_NUMBER, OPTION(clause_count), "N", "20000", 1, CLAUSES_COUNT_MAX,
     "how many clauses they have together"},
    {"groups", OPTION_NUMBER, OPTION(group_count), "N", "200", 1, GROUPS_COUNT_MAX,
     "how many groups of persons are added"},
    {"points", OPTION_NUMBER, OPTION(point_count), "N", "300", 1, POINTS_COUNT_MAX,
     "how many points of sale are added"},
    {"seed", OPTION_NUMBER, OPTION(seed), "N", "1", 0, UINT64_MAX,
     "another number is another catalogue; the same one is the same, byte for byte"},
    {"quiet", OPTION_FLAG, OPTION(is_quiet), NULL, NULL, 0, 0, "say nothing when it is written"},
};

static const struct option_table table = {
    .usage = "eligbench catalogue [options] FOLDER",
    .about = "Writes a catalogue with very many reliefs, none of which is meant.",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .operands_least = 1,
    .operands_most = 1,
    .footer = "Exit status: 0 written, 2 wrong usage, 3 could not be written.\n",
};

static bool write_all(const struct settings *settings, const char *folder, struct fault *fault)
{
    struct reliefs_wish wish = {
        .relief_count = (uint32_t)settings->relief_count,
        .clause_count = (uint32_t)settings->clause_count,
        .group_count = (uint32_t)settings->group_count,
        .point_count = (uint32_t)settings->point_count,
        .seed = settings->seed,
    };
    if (mkdir(folder, 0755) != 0 && errno != EEXIST)
        return fault_set(fault, "%s: cannot be made: %s", folder, strerror(errno));
    return reliefs_write(folder, settings->from, &wish, fault);
}

int command_catalogue(int argc, char *argv[])
{
    struct settings settings;
    struct operands operands;
    struct fault fault;
    options_read(&table, &settings, &operands, argc, argv);
    if (settings.clause_count < settings.relief_count ||
        settings.clause_count > settings.relief_count * settings.group_count) {
        fault_set(&fault,
                  "--clauses: want in each of the %" PRIu64
                  " reliefs at least one and at most as many as there are groups",
                  settings.relief_count);
        return command_fail(PROGRAM, EXIT_USAGE, &fault);
    }
    if (!write_all(&settings, operands.words[0], &fault))
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    if (!settings.is_quiet)
        printf("%s: %" PRIu64 " reliefs, %" PRIu64 " clauses, %" PRIu64 " groups, %" PRIu64
               " points of sale beside those of %s\n",
               operands.words[0], settings.relief_count, settings.clause_count,
               settings.group_count, settings.point_count, settings.from);
    return command_finish(PROGRAM, EXIT_YES);
}
