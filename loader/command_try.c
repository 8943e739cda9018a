#include "loader/commands.h"

#include "loader/bill.h"
#include "loader/memory.h"
#include "loader/question.h"

#include <assert.h>
#include <stdlib.h>

struct try_settings {
    struct build_settings build;
    struct question_settings question;
};
static_assert(offsetof(struct try_settings, build) == 0, "tables of both agree on offsets");

static const struct option_row try_rows[] = {
    INPUT_OPTIONS,
    QUESTION_OPTIONS(struct try_settings, "required: what is bought, by name or number"),
};

static const struct option_table try_table = {
    .usage = "eligload try --exports DIR --product PRODUCT [--price EUR] [options] <identifier",
    .about = "Says what a purchase would cost by the deliveries and the catalogue as they are now, "
             "which reliefs apply, and who pays for them. Nothing is published. One identifier is "
             "read from standard input, so that it stands in no list of processes.",
    .rows = try_rows,
    .row_count = sizeof(try_rows) / sizeof(try_rows[0]),
    .footer = "Exit status: 0 a relief applies, 1 none does, it cannot be decided, or the data "
              "were refused, 2 usage, 3 could not be done.",
};

static void print(const struct trial *trial, const struct purchase *purchase,
                  const struct verdict *verdict, const struct try_settings *settings)
{
    struct json json;
    if (!settings->build.is_json) {
        if (trial->is_nobody)
            printf("no person in the deliveries has or had this identifier: anybody is answered "
                   "so\n");
        bill_print(trial, purchase, verdict, stdout);
        return;
    }
    json_start(&json, stdout);
    json_open_object(&json, NULL);
    json_bool(&json, "is_known", !trial->is_nobody);
    bill_print_json(trial, purchase, verdict, &json);
    json_close_object(&json);
    json_end(&json);
}

static int ask(struct build *build, const struct try_settings *settings,
               const struct sought *sought, const struct person *person, struct fault *fault)
{
    struct purchase purchase;
    struct candidates candidates;
    struct trial *trial;
    if (!question_purchase(&purchase, &settings->question, &build->catalogue, sought,
                           build->as_of_day, fault))
        return EXIT_USAGE;
    if (!question_trial(&trial, build, &settings->question, sought, person, fault))
        return EXIT_NO;
    struct verdict verdict = trial_decide(trial, &candidates, &purchase);
    print(trial, &purchase, &verdict, settings);
    trial_close(trial);
    return verdict.status == STATUS_APPLIES ? EXIT_YES : EXIT_NO;
}

static int try_purchase(struct build *build, const struct try_settings *settings,
                        struct fault *fault)
{
    struct sought sought;
    struct person person;
    int outcome =
        question_begin(&sought, &person, build, &settings->build, &settings->question, fault);
    if (outcome != EXIT_YES)
        return outcome;
    outcome = ask(build, settings, &sought, &person, fault);
    question_release(&person);
    return outcome;
}

int command_try(int argc, char *argv[])
{
    struct try_settings settings;
    struct operands operands;
    struct fault fault = {""};
    options_read(&try_table, &settings, &operands, argc, argv);
    struct build *build = memory_take_zeroed(1, sizeof(*build));
    int outcome = try_purchase(build, &settings, &fault);
    if (fault.text[0] != '\0') /* else it was answered, if only with a no */
        command_fail(PROGRAM, outcome, &fault);
    build_close(build);
    free(build);
    return command_finish(PROGRAM, outcome);
}
