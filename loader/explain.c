#include "loader/explain.h"

#include "loader/memory.h"
#include "protocol/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SENTENCE_SIZE 256
#define INDENT        2

uint32_t explain_find(const struct build *build, const struct identifier *identifier)
{
    if (identifier->means == MEANS_PERSONAL_CODE)
        return people_find(&build->people, means_pack_code(identifier->text));
    for (size_t i = 0; i < build->facts.means_count; i++)
        if (build->people.holder[i] != NOBODY &&
            memcmp(&build->facts.means[i].identifier, identifier, sizeof(*identifier)) == 0)
            return build->people.holder[i];
    return NOBODY;
}

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

/* The statuses are for the caller to free. */
static struct person gather(const struct build *build, uint32_t base_row)
{
    const struct people *people = &build->people;
    const struct person_fact *base = &build->facts.persons[base_row];
    uint32_t first = people->status_first[base_row];
    uint32_t count = people->status_first[base_row + 1] - first;
    struct status_fact *statuses = memory_take(count, sizeof(statuses[0]));
    for (uint32_t i = 0; i < count; i++)
        statuses[i] = build->facts.statuses[people->status_order[first + i]];
    return (struct person){base->birth_day, base->death_day, base->place, statuses, count};
}

static void release(struct person *person)
{
    free((void *)(uintptr_t)person->statuses); /* ours; const is for those who read them */
}

static bool is_wanted(uint32_t group, uint32_t wanted)
{
    return wanted == EXPLAIN_ALL_GROUPS ? group != GROUP_TEST : group == wanted;
}

void explain_print(const struct build *build, uint32_t base_row, uint32_t group, uint32_t day,
                   FILE *to)
{
    struct teller teller = {.build = build, .to = to};
    struct person person = gather(build, base_row);
    char text[DAY_TEXT_SIZE];
    day_to_text(text, (int32_t)day);
    tell_rows(&teller, base_row);
    fprintf(to, "\non %s\n", text);
    for (uint32_t i = 0; i < build->catalogue.rules->group_count; i++)
        if (is_wanted(i, group))
            print_group(build, &person, (uint16_t)i, day, to);
    release(&person);
}

void explain_print_json(const struct build *build, uint32_t base_row, uint32_t group, uint32_t day,
                        FILE *to)
{
    struct json json;
    struct teller teller = {.build = build, .json = &json};
    struct person person = gather(build, base_row);
    json_start(&json, to);
    json_open_object(&json, NULL);
    json_day(&json, "day", day);
    json_open_array(&json, "rows");
    tell_rows(&teller, base_row);
    json_close_array(&json);
    json_open_array(&json, "groups");
    for (uint32_t i = 0; i < build->catalogue.rules->group_count; i++)
        if (is_wanted(i, group))
            print_group_json(build, &person, (uint16_t)i, day, &json);
    json_close_array(&json);
    json_close_object(&json);
    json_end(&json);
    release(&person);
}
