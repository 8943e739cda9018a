#include "loader/commands.h"

#include "loader/explain.h"
#include "loader/memory.h"
#include "protocol/nearest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct explain_settings {
    struct build_settings build;
    struct question_settings question;
    const char *group;
    uint32_t day;
};
static_assert(offsetof(struct explain_settings, build) == 0, "tables of both agree on offsets");

static const struct option_row explain_rows[] = {
    INPUT_OPTIONS,
    {"group", OPTION_TEXT, offsetof(struct explain_settings, group), "NAME", NULL, 0, 0,
     "one group; without it all of them"},
    {"day", OPTION_DAY, offsetof(struct explain_settings, day), "DAY", NULL, 0, 0,
     "the day in question; without it the as-of day"},
    QUESTION_OPTIONS(struct explain_settings,
                     "what is bought, by name or number: tells why that purchase is answered as it "
                     "is, in the place of groups"),
};

static const struct option_table explain_table = {
    .usage = "eligload explain --exports DIR [--group NAME] [--product PRODUCT --price EUR] "
             "[options] <identifier",
    .about = "Says why a person is or is not in a group, or has or has not a relief, step by step. "
             "One identifier is read from standard input, so that it stands in no list of "
             "processes.",
    .rows = explain_rows,
    .row_count = sizeof(explain_rows) / sizeof(explain_rows[0]),
    .footer = "Exit status: 0 told, 1 not found, 2 usage, 3 could not be done.",
};

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
    char hint[NEAREST_TEXT_SIZE];
    return *out != EXPLAIN_ALL_GROUPS ||
           fault_set(
               fault, "--group: the rules have no group \"%s\"%s", name,
               nearest_text(hint, ", did you mean \"", "\"?", name, names, rules->group_count));
}

static void print(const struct explanation *explanation, bool is_json)
{
    if (is_json)
        explain_print_json(explanation, stdout);
    else
        explain_print(explanation, stdout);
}

static int explain_groups(struct explanation *explanation, const struct explain_settings *settings,
                          struct fault *fault)
{
    if (explanation->base_row == NOBODY) {
        fault_set(fault, "not found: no person in the deliveries has or had this identifier");
        return EXIT_NO;
    }
    print(explanation, settings->build.is_json);
    return EXIT_YES;
}

/* Somebody who is not known buys, too: as nobody. */
static int explain_purchase(struct explanation *explanation, const struct sought *sought,
                            const struct explain_settings *settings, struct fault *fault)
{
    struct purchase purchase;
    struct trial *trial;
    const struct build *build = explanation->build;
    if (!question_purchase(&purchase, &settings->question, &build->catalogue, sought,
                           explanation->day, fault))
        return EXIT_USAGE;
    if (!question_trial(&trial, build, &settings->question, sought, explanation->person, fault))
        return EXIT_NO;
    explanation->trial = trial;
    explanation->purchase = &purchase;
    print(explanation, settings->build.is_json);
    explanation->trial = NULL;
    explanation->purchase = NULL;
    trial_close(trial);
    return EXIT_YES;
}

static int explain(struct build *build, const struct explain_settings *settings,
                   struct fault *fault)
{
    struct sought sought;
    struct person person;
    struct explanation explanation = {.build = build, .person = &person};
    int outcome =
        question_begin(&sought, &person, build, &settings->build, &settings->question, fault);
    if (outcome != EXIT_YES)
        return outcome;
    explanation.base_row = sought.base_row;
    explanation.day = settings->day != 0 ? settings->day : build->as_of_day;
    if (!find_group(&explanation.group, build->catalogue.rules, settings->group, fault))
        outcome = EXIT_USAGE;
    else if (settings->question.product != NULL)
        outcome = explain_purchase(&explanation, &sought, settings, fault);
    else
        outcome = explain_groups(&explanation, settings, fault);
    question_release(&person);
    return outcome;
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
