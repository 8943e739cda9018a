#include "loader/explain.h"

#include "loader/bill.h"
#include "loader/narrate.h"
#include "protocol/json.h"

#include <inttypes.h>
#include <stdlib.h>

#define SENTENCE_SIZE 256
#define INDENT        2

/* --- the rows --- */

struct teller {
    const struct build *build;
    FILE *to; /* NULL: into json */
    struct json *json;
};

static void tell_row(struct teller *teller, uint8_t delivery, uint32_t line, const char *what,
                     uint32_t from_day, uint32_t until_day)
{
    const char *file = teller->build->intake.deliveries[delivery].file;
    char from[DAY_TEXT_SIZE] = "", until[DAY_TEXT_SIZE] = "";
    day_to_text(from, (int32_t)from_day);
    if (until_day != DAY_NEVER)
        day_to_text(until, (int32_t)until_day);
    if (teller->to != NULL) {
        fprintf(teller->to, "%s:%" PRIu32 ": %s from %s%s%s\n", file, line, what, from,
                until[0] != '\0' ? " until " : ", open end", until);
        return;
    }
    json_open_object(teller->json, NULL);
    json_text(teller->json, "file", file);
    json_number(teller->json, "line", line);
    json_text(teller->json, "fact", what);
    json_text(teller->json, "from", from);
    if (until[0] != '\0')
        json_text(teller->json, "until", until);
    json_close_object(teller->json);
}

static void tell_person(struct teller *teller, const struct person_fact *row)
{
    char what[SENTENCE_SIZE];
    if (row->place == 0)
        snprintf(what, sizeof(what), "person without a declared address, alive");
    else
        snprintf(what, sizeof(what), "person living at %07" PRIu32 ", alive", row->place);
    tell_row(teller, row->delivery, row->line, what, (uint32_t)row->birth_day, row->death_day);
}

static void tell_status(struct teller *teller, const struct status_fact *row)
{
    char what[SENTENCE_SIZE];
    const struct status_kind *kind = &teller->build->vocabulary.kinds[row->kind];
    int size =
        snprintf(what, sizeof(what), "%s%s%s", kind->name, row->subtype != SUBTYPE_NONE ? "." : "",
                 row->subtype != SUBTYPE_NONE ? kind->subtypes[row->subtype] : "");
    if (row->school != 0)
        snprintf(what + size, sizeof(what) - (size_t)size, " with a school at %07" PRIu32,
                 row->school);
    tell_row(teller, row->delivery, row->line, what, row->from_day, row->until_day);
}

static void tell_rows(struct teller *teller, uint32_t base_row)
{
    const struct people *people = &teller->build->people;
    const struct facts *facts = &teller->build->facts;
    tell_person(teller, &facts->persons[base_row]);
    for (uint32_t i = people->status_first[base_row]; i < people->status_first[base_row + 1]; i++)
        tell_status(teller, &facts->statuses[people->status_order[i]]);
    for (size_t i = 0; i < facts->means_count; i++)
        if (people->holder[i] == base_row)
            tell_row(teller, facts->means[i].delivery, facts->means[i].line,
                     means_name(facts->means[i].identifier.means), facts->means[i].from_day,
                     facts->means[i].until_day);
}

/* --- the groups --- */

static void say_line(void *context, uint32_t depth, const char *sentence)
{
    fprintf(context, "%*s%s\n", (int)(INDENT * (depth + 1)), "", sentence);
}

static void say_json(void *context, uint32_t depth, const char *sentence)
{
    json_open_object(context, NULL);
    json_number(context, "depth", depth);
    json_text(context, "text", sentence);
    json_close_object(context);
}

/* Sentences come before the truth is known; a reader wants it first. */
static void print_group(const struct build *build, const struct person *person, uint16_t group,
                        uint32_t day, FILE *to)
{
    char *steps = NULL;
    size_t steps_size = 0;
    FILE *memory = open_memstream(&steps, &steps_size);
    if (memory == NULL)
        abort();
    enum truth truth = groups_explain(build->catalogue.rules, &build->vocabulary, person, NULL, day,
                                      group, say_line, memory);
    fclose(memory);
    fprintf(to, "%s: %s\n%s", build->catalogue.rules->groups[group].name, truth_text(truth), steps);
    free(steps);
}

static void print_group_json(const struct build *build, const struct person *person, uint16_t group,
                             uint32_t day, struct json *json)
{
    json_open_object(json, NULL);
    json_text(json, "name", build->catalogue.rules->groups[group].name);
    json_open_array(json, "steps");
    enum truth truth = groups_explain(build->catalogue.rules, &build->vocabulary, person, NULL, day,
                                      group, say_json, json);
    json_close_array(json);
    json_text(json, "truth", truth_text(truth));
    json_close_object(json);
}

static bool is_wanted(uint32_t group, uint32_t wanted)
{
    return wanted == EXPLAIN_ALL_GROUPS ? group != GROUP_TEST : group == wanted;
}

static void print_groups(const struct explanation *explanation, FILE *to)
{
    char text[DAY_TEXT_SIZE];
    day_to_text(text, (int32_t)explanation->day);
    fprintf(to, "\non %s\n", text);
    for (uint32_t i = 0; i < explanation->build->catalogue.rules->group_count; i++)
        if (is_wanted(i, explanation->group))
            print_group(explanation->build, explanation->person, (uint16_t)i, explanation->day, to);
}

static void print_groups_json(const struct explanation *explanation, struct json *json)
{
    json_day(json, "day", explanation->day);
    json_open_array(json, "groups");
    for (uint32_t i = 0; i < explanation->build->catalogue.rules->group_count; i++)
        if (is_wanted(i, explanation->group))
            print_group_json(explanation->build, explanation->person, (uint16_t)i, explanation->day,
                             json);
    json_close_array(json);
}

/* --- the purchase --- */

static void say_step(void *context, uint32_t depth, const char *sentence)
{
    fprintf(context, "%*s%s\n", (int)(INDENT * depth), "", sentence);
}

static void print_purchase(const struct explanation *explanation, FILE *to)
{
    struct narrator narrator = {say_step, to};
    fputc('\n', to);
    struct verdict verdict = narrate_purchase(explanation->trial, explanation->purchase, &narrator);
    fputc('\n', to);
    bill_print(explanation->trial, explanation->purchase, &verdict, to);
}

static void print_purchase_json(const struct explanation *explanation, struct json *json)
{
    struct narrator narrator = {say_json, json};
    json_open_array(json, "steps");
    struct verdict verdict = narrate_purchase(explanation->trial, explanation->purchase, &narrator);
    json_close_array(json);
    json_open_object(json, "answer");
    bill_print_json(explanation->trial, explanation->purchase, &verdict, json);
    json_close_object(json);
}

/* --- the whole --- */

void explain_print(const struct explanation *explanation, FILE *to)
{
    struct teller teller = {.build = explanation->build, .to = to};
    if (explanation->base_row != NOBODY)
        tell_rows(&teller, explanation->base_row);
    else
        fprintf(to, "no person in the deliveries has or had this identifier\n");
    if (explanation->trial != NULL)
        print_purchase(explanation, to);
    else
        print_groups(explanation, to);
}

void explain_print_json(const struct explanation *explanation, FILE *to)
{
    struct json json;
    struct teller teller = {.build = explanation->build, .json = &json};
    json_start(&json, to);
    json_open_object(&json, NULL);
    json_open_array(&json, "rows");
    if (explanation->base_row != NOBODY)
        tell_rows(&teller, explanation->base_row);
    json_close_array(&json);
    if (explanation->trial != NULL)
        print_purchase_json(explanation, &json);
    else
        print_groups_json(explanation, &json);
    json_close_object(&json);
    json_end(&json);
}
