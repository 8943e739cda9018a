#include "loader/commands.h"

#include "loader/cases.h"
#include "loader/lint.h"
#include "loader/memory.h"
#include "loader/registers.h"
#include "loader/shared_files.h"
#include "protocol/progress.h"

#include <stdlib.h>

struct check_settings {
    const char *catalogue, *registers;
    uint64_t back_days, ahead_days;
    uint32_t as_of_day; /* 0: today */
    bool is_strict, is_json, is_quiet;
};

#define CHECK_AT(field) offsetof(struct check_settings, field)

static const struct option_row check_rows[] = {
    CATALOGUE_OPTION(struct check_settings, "reliefs and tables"),
    REGISTERS_OPTION(struct check_settings),
    {"as-of", OPTION_DAY, CHECK_AT(as_of_day), "DAY", NULL, 0, 0,
     "the day it is checked for; without it today"},
    BACK_DAYS_OPTION(struct check_settings),
    AHEAD_DAYS_OPTION(struct check_settings),
    {"strict", OPTION_FLAG, CHECK_AT(is_strict), NULL, NULL, 0, 0,
     "warnings are errors: exit 1 when there are any"},
    {"quiet", OPTION_FLAG, CHECK_AT(is_quiet), NULL, NULL, 0, 0, "no progress"},
    JSON_OPTION(struct check_settings),
};

static const struct option_table check_table = {
    .usage = "eligload check [--catalogue PATH] [--as-of DAY] [options]",
    .about = "Reads a catalogue, says what is wrong in it, and warns of what is most likely not "
             "meant: where, what, why it matters, what to do.",
    .rows = check_rows,
    .row_count = sizeof(check_rows) / sizeof(check_rows[0]),
    .footer = "Exit status: 0 no error, 1 an error, or with --strict a warning, 2 usage, 3 could "
              "not be done.",
};

/* Everything that is read, and what came of it. Cases are read for what is wrong in them. */
struct checking {
    struct vocabulary vocabulary;
    struct catalogue catalogue;
    struct cases cases;
    struct compiled compiled;
    struct lint lint;
};

static void checking_close(struct checking *checking)
{
    lint_free(&checking->lint);
    compiled_free(&checking->compiled);
    cases_free(&checking->cases);
    catalogue_free(&checking->catalogue);
    free(checking);
}

static void tell(struct checking *checking, const struct lint_input *in, bool is_json)
{
    lint_check(&checking->lint, in);
    if (is_json)
        lint_print_json(&checking->lint, in, stdout);
    else
        lint_print(&checking->lint, in, stdout);
}

static int check(struct checking *checking, const struct check_settings *settings,
                 struct fault *fault)
{
    struct lint_input in = {.catalogue = &checking->catalogue,
                            .compiled = &checking->compiled,
                            .is_quiet = settings->is_quiet};
    in.as_of_day =
        settings->as_of_day != 0 ? settings->as_of_day : riga_day_of_time(clock_wall_s());
    if (!build_window(&in.window, in.as_of_day, settings->back_days, settings->ahead_days, fault))
        return EXIT_USAGE;
    char *catalogue = shared_file_find(settings->catalogue, "catalogue");
    in.path = catalogue;
    bool is_good = registers_read_kinds(&checking->vocabulary, settings->registers, fault) &&
                   catalogue_read(&checking->catalogue, catalogue, &checking->vocabulary, fault) &&
                   cases_read_folder(&checking->cases, catalogue, checking->catalogue.rules,
                                     &checking->vocabulary, fault) &&
                   compile_catalogue(&checking->compiled, &checking->catalogue, in.window,
                                     in.as_of_day, false, fault);
    if (is_good)
        tell(checking, &in, settings->is_json);
    free(catalogue);
    return is_good && (!settings->is_strict || checking->lint.count == 0) ? EXIT_YES : EXIT_NO;
}

int command_check(int argc, char *argv[])
{
    struct check_settings settings;
    struct operands operands;
    struct fault fault = {""};
    options_read(&check_table, &settings, &operands, argc, argv);
    struct checking *checking = memory_take_zeroed(1, sizeof(*checking));
    int outcome = check(checking, &settings, &fault);
    if (fault.text[0] != '\0') /* else it was told, if only that there are warnings */
        command_fail(PROGRAM, outcome, &fault);
    checking_close(checking);
    return command_finish(PROGRAM, outcome);
}
