#include "loader/commands.h"

#include "loader/cases_run.h"
#include "loader/memory.h"
#include "loader/registers.h"
#include "loader/shared_files.h"
#include "protocol/json.h"

#include <stdlib.h>

struct test_settings {
    const char *catalogue, *registers, *cases;
    bool is_json;
};

static const struct option_row test_rows[] = {
    CATALOGUE_OPTION(struct test_settings, "reliefs, tables and cases"),
    REGISTERS_OPTION(struct test_settings),
    {"cases", OPTION_TEXT, offsetof(struct test_settings, cases), "FILE", NULL, 0, 0,
     "cases of this file, in the place of the catalogue's own"},
    JSON_OPTION(struct test_settings),
};

static const struct option_table test_table = {
    .usage = "eligload test [--catalogue PATH] [--cases FILE] [options]",
    .about = "Decides the cases of a catalogue as an engine would, and tells of each that is "
             "answered otherwise than its owner expects, step by step.",
    .rows = test_rows,
    .row_count = sizeof(test_rows) / sizeof(test_rows[0]),
    .footer = "Exit status: 0 all as expected, 1 not all, or the catalogue or a file of cases is "
              "wrong, 2 usage, 3 could not be told.",
};

/* Everything that is read, and what came of it. */
struct testing {
    struct vocabulary vocabulary;
    struct catalogue catalogue;
    struct cases cases;
    struct cases_outcome outcome;
};

static void testing_close(struct testing *testing)
{
    cases_outcome_free(&testing->outcome);
    cases_free(&testing->cases);
    catalogue_free(&testing->catalogue);
    free(testing);
}

/* ---- what is told ---- */

static void print_failure(const struct cases *cases, const struct case_failure *failure)
{
    const struct case_purchase *buys = &cases->purchases[failure->purchase];
    const struct case_person *person = &cases->persons[buys->person];
    printf("%s:%u: %s\n", cases->files[person->file], buys->line, person->title);
    printf("  buys    %s\n  wanted  %s\n  found   %s\n", failure->bought, failure->wanted,
           failure->found);
    for (size_t i = 0; i < failure->step_count; i++)
        printf("%*s%s\n", (int)(4 + 2 * failure->steps[i].depth), "", failure->steps[i].sentence);
    putchar('\n');
}

static void print_outcome(const struct testing *testing)
{
    const struct cases_outcome *outcome = &testing->outcome;
    for (size_t i = 0; i < outcome->failure_count; i++)
        print_failure(&testing->cases, &outcome->failures[i]);
    if (outcome->failure_count < outcome->failed_count)
        printf("%zu more fail\n", outcome->failed_count - outcome->failure_count);
    printf("%u passed, %u failed\n", outcome->passed_count, outcome->failed_count);
}

static void print_failure_json(const struct cases *cases, const struct case_failure *failure,
                               struct json *json)
{
    const struct case_purchase *buys = &cases->purchases[failure->purchase];
    const struct case_person *person = &cases->persons[buys->person];
    json_open_object(json, NULL);
    json_text(json, "file", cases->files[person->file]);
    json_number(json, "line", buys->line);
    json_text(json, "title", person->title);
    json_text(json, "buys", failure->bought);
    json_text(json, "wanted", failure->wanted);
    json_text(json, "found", failure->found);
    json_open_array(json, "steps");
    for (size_t i = 0; i < failure->step_count; i++) {
        json_open_object(json, NULL);
        json_number(json, "depth", failure->steps[i].depth);
        json_text(json, "text", failure->steps[i].sentence);
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
}

static void print_outcome_json(const struct testing *testing)
{
    const struct cases_outcome *outcome = &testing->outcome;
    struct json json;
    json_start(&json, stdout);
    json_open_object(&json, NULL);
    json_number(&json, "passed", outcome->passed_count);
    json_number(&json, "failed", outcome->failed_count);
    json_open_array(&json, "failures");
    for (size_t i = 0; i < outcome->failure_count; i++)
        print_failure_json(&testing->cases, &outcome->failures[i], &json);
    json_close_array(&json);
    json_close_object(&json);
    json_end(&json);
}

/* ---- the whole ---- */

static bool read_cases(struct testing *testing, const char *file, const char *catalogue,
                       struct fault *fault)
{
    const struct rules *rules = testing->catalogue.rules;
    if (file != NULL)
        return cases_read(&testing->cases, file, rules, &testing->vocabulary, fault);
    return cases_read_folder(&testing->cases, catalogue, rules, &testing->vocabulary, fault);
}

static int test(struct testing *testing, const struct test_settings *settings, struct fault *fault)
{
    char *catalogue = shared_file_find(settings->catalogue, "catalogue");
    bool is_good = registers_read_kinds(&testing->vocabulary, settings->registers, fault) &&
                   catalogue_read(&testing->catalogue, catalogue, &testing->vocabulary, fault) &&
                   read_cases(testing, settings->cases, catalogue, fault) &&
                   cases_run(&testing->outcome, &testing->cases, &testing->catalogue,
                             &testing->vocabulary, fault);
    free(catalogue);
    if (!is_good)
        return EXIT_NO;
    if (settings->is_json)
        print_outcome_json(testing);
    else
        print_outcome(testing);
    return testing->outcome.failed_count == 0 ? EXIT_YES : EXIT_NO;
}

int command_test(int argc, char *argv[])
{
    struct test_settings settings;
    struct operands operands;
    struct fault fault = {""};
    options_read(&test_table, &settings, &operands, argc, argv);
    struct testing *testing = memory_take_zeroed(1, sizeof(*testing));
    int outcome = test(testing, &settings, &fault);
    if (fault.text[0] != '\0') /* else it was told, if only that cases fail */
        command_fail(PROGRAM, outcome, &fault);
    testing_close(testing);
    return command_finish(PROGRAM, outcome);
}
