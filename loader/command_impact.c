#include "loader/commands.h"

#include "loader/impact_tell.h"
#include "loader/memory.h"

#include <assert.h>
#include <stdlib.h>

static_assert(offsetof(struct impact_settings, build) == 0, "tables of both agree on offsets");

static const struct option_row impact_rows[] = {
    {"old", OPTION_TEXT, offsetof(struct impact_settings, old_path), "PATH", NULL, 0, 0,
     "required: the catalogue as it is, a folder or one file of reliefs"},
    {"new", OPTION_TEXT, offsetof(struct impact_settings, new_path), "PATH", NULL, 0, 0,
     "required: the catalogue as it is to be"},
    {"requests", OPTION_TEXT, offsetof(struct impact_settings, requests), "FILE", NULL, 0, 0,
     "a log of requests that are asked again, of both"},
    {"suppress-below", OPTION_NUMBER, offsetof(struct impact_settings, suppress_below), "PERSONS",
     "5", 1, 1000000, "counts of fewer persons are not told; 1 tells all"},
    DELIVERY_OPTIONS,
};

static const struct option_table impact_table = {
    .usage = "eligload impact --old PATH --new PATH --exports DIR [--requests FILE] [options]",
    .about = "Judges the same deliveries by two catalogues, person by person, and says who gains "
             "and who loses: by group and municipality, in counts; and of a log of requests what "
             "each relief would take off. Nothing is published.",
    .rows = impact_rows,
    .row_count = sizeof(impact_rows) / sizeof(impact_rows[0]),
    .footer =
        "Exit status: 0 told, 1 a catalogue, the deliveries or the log were refused, 2 usage, "
        "3 could not be told.",
};

static int compare(struct impact *impact, struct replay *replay,
                   const struct impact_settings *settings, struct fault *fault)
{
    if (!impact_read(impact, settings, fault))
        return EXIT_NO;
    impact_evaluate(impact, settings);
    if (settings->requests != NULL && !replay_requests(replay, impact, settings, fault))
        return EXIT_NO;
    (settings->build.is_json ? impact_print_json : impact_print)(
        impact, settings->requests != NULL ? replay : NULL, settings, stdout);
    return EXIT_YES;
}

int command_impact(int argc, char *argv[])
{
    struct impact_settings settings;
    struct operands operands;
    struct replay replay = {0};
    struct fault fault = {""};
    options_read(&impact_table, &settings, &operands, argc, argv);
    struct impact *impact = memory_take_zeroed(1, sizeof(*impact));
    int outcome = compare(impact, &replay, &settings, &fault);
    if (outcome != EXIT_YES)
        command_fail(PROGRAM, outcome, &fault);
    replay_free(&replay);
    impact_close(impact);
    free(impact);
    return command_finish(PROGRAM, outcome);
}
