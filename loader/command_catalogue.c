/* What is done with catalogues alone. */
#include "loader/commands.h"

#include "loader/catalogue_diff.h"
#include "loader/memory.h"
#include "loader/registers.h"

#include <stdlib.h>

struct diff_settings {
    const char *registers;
    bool is_json;
};

static const struct option_row diff_rows[] = {
    REGISTERS_OPTION(struct diff_settings),
    JSON_OPTION(struct diff_settings),
};

static const struct option_table diff_table = {
    .usage = "eligload catalogue-diff [options] OLD NEW",
    .about = "Says what is otherwise in one of two catalogues, folders or files of reliefs.",
    .rows = diff_rows,
    .row_count = sizeof(diff_rows) / sizeof(diff_rows[0]),
    .operands_least = 2,
    .operands_most = 2,
    .footer = "Exit status: 0 the same, 1 different, 2 usage, 3 could not be done.",
};

int command_catalogue_diff(int argc, char *argv[])
{
    struct diff_settings settings;
    struct operands operands;
    struct fault fault;
    struct catalogue before = {0}, now = {0};
    struct changes changes = {0};
    options_read(&diff_table, &settings, &operands, argc, argv);
    struct vocabulary *vocabulary = memory_take_zeroed(1, sizeof(*vocabulary));
    bool is_good = registers_read_kinds(vocabulary, settings.registers, &fault) &&
                   catalogue_read(&before, operands.words[0], vocabulary, &fault) &&
                   catalogue_read(&now, operands.words[1], vocabulary, &fault);
    if (is_good)
        catalogue_diff(&changes, &before, &now, vocabulary);
    if (is_good && settings.is_json)
        changes_print_json(&changes, stdout);
    else if (is_good)
        changes_print(&changes, stdout);
    int outcome = changes.count > 0 ? EXIT_NO : EXIT_YES;
    changes_free(&changes);
    catalogue_free(&before);
    catalogue_free(&now);
    free(vocabulary);
    if (!is_good)
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    return command_finish(PROGRAM, outcome);
}
