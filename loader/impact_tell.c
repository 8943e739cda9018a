#include "loader/impact_tell.h"

#include "protocol/json.h"
#include "protocol/money.h"
#include "protocol/progress.h"

#include <inttypes.h>
#include <string.h>

#define HIDDEN "-" /* in the place of a number that is not told */

/* ---- what a line shows ---- */

static bool is_changed(const struct impact_group *group)
{
    return group->persons.persons[CLASS_LOST] + group->persons.persons[CLASS_GAINED] > 0 ||
           group->is_there[TIME_BEFORE] != group->is_there[TIME_NOW];
}

static const char *state_of(const struct impact_group *group)
{
    if (!group->is_there[TIME_BEFORE])
        return "new";
    return group->is_there[TIME_NOW] ? "kept" : "gone";
}

/* How many there were may be told even where it is not told what became of them. */
static bool before_is_told(const struct counted *persons, uint64_t bound)
{
    return persons->is_told || !suppress_is_small(impact_before(persons), bound);
}

static const struct place_row *find_place(const struct impact *impact, uint32_t code)
{
    const struct place_row *row = trade_place(&impact->sides[TIME_NOW].catalogue.trade, code);
    return row != NULL ? row : trade_place(&impact->sides[TIME_BEFORE].catalogue.trade, code);
}

static const char *title_of(uint32_t code, const struct place_row *row)
{
    if (code == 0)
        return "no declared address";
    return row != NULL ? row->title : "";
}

static uint32_t suppressed_cells(const struct impact *impact)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < impact->group_count; i++)
        count += impact->groups[i].suppressed_count;
    return count;
}

/* ---- to people ---- */

static const char *told(char text[static COUNT_TEXT_SIZE], uint64_t count, bool is_told)
{
    return is_told ? count_to_text(text, count) : HIDDEN;
}
#define TOLD(count, is_told) told((char[COUNT_TEXT_SIZE]){0}, count, is_told)

static void print_persons(const struct counted *persons, uint64_t bound, FILE *to)
{
    bool is_told = persons->is_told;
    fprintf(to, " %12s %12s %12s %12s",
            TOLD(impact_before(persons), before_is_told(persons, bound)),
            TOLD(impact_now(persons), is_told), TOLD(persons->persons[CLASS_GAINED], is_told),
            TOLD(persons->persons[CLASS_LOST], is_told));
}

static void print_groups(const struct impact *impact, uint64_t bound, FILE *to)
{
    uint32_t same_count = 0;
    fprintf(to, "%-32s %12s %12s %12s %12s\n", "group, persons", "before", "now", "gained", "lost");
    for (uint32_t i = 0; i < impact->group_count; i++) {
        const struct impact_group *group = &impact->groups[i];
        same_count += !is_changed(group);
        if (!is_changed(group))
            continue;
        fprintf(to, "%-32s", group->name);
        print_persons(&group->persons, bound, to);
        fprintf(to, "%s%s\n", strcmp(state_of(group), "kept") == 0 ? "" : "  ",
                strcmp(state_of(group), "kept") == 0 ? "" : state_of(group));
    }
    if (same_count > 0)
        fprintf(to, "%" PRIu32 " %sgroup%s: nobody gained or lost\n", same_count,
                same_count < impact->group_count ? "more " : "", same_count == 1 ? "" : "s");
}

static void print_cells(const struct impact *impact, uint64_t bound, FILE *to)
{
    uint32_t suppressed_count = suppressed_cells(impact);
    if (impact->cell_count > suppressed_count)
        fprintf(to, "\n%-32s %12s %12s %12s %12s  %s\n", "group in a municipality", "before", "now",
                "gained", "lost", "ATVK");
    for (uint32_t i = 0; i < impact->group_count; i++) {
        const struct impact_group *group = &impact->groups[i];
        for (uint32_t j = 0; j < group->cell_count; j++) {
            const struct impact_cell *cell = &impact->cells[group->first_cell + j];
            if (!cell->persons.is_told)
                continue;
            const struct place_row *place = find_place(impact, cell->place);
            fprintf(to, "%-32s", group->name);
            print_persons(&cell->persons, bound, to);
            const char *title = title_of(cell->place, place);
            fprintf(to, "  %07" PRIu32 "%s%s\n", cell->place, title[0] != '\0' ? " " : "", title);
        }
    }
    if (suppressed_count > 0)
        fprintf(to,
                "%s%" PRIu32 " change%s in a municipality %s not told: fewer than %" PRIu64
                " persons, or it would tell of such\n",
                impact->cell_count > suppressed_count ? "" : "\n", suppressed_count,
                suppressed_count == 1 ? "" : "s", suppressed_count == 1 ? "is" : "are", bound);
}

#define EUR_TEXT_SIZE 34

static const char *told_amount(char text[static EUR_TEXT_SIZE], uint64_t amount, bool is_told)
{
    return is_told ? money_text(text, amount) : HIDDEN;
}
#define TOLD_AMOUNT(amount, is_told) told_amount((char[EUR_TEXT_SIZE]){0}, amount, is_told)

static void print_line(const struct replay_line *line, const char *name, bool before_is_there,
                       FILE *to)
{
    bool is_told = line->persons.is_told;
    fprintf(to, "%-24s %10s %10s %9s %9s %9s %14s %14s\n", name,
            TOLD(replay_uses(line, TIME_BEFORE), before_is_there),
            TOLD(replay_uses(line, TIME_NOW), is_told), TOLD(line->requests[CLASS_GAINED], is_told),
            TOLD(line->requests[CLASS_LOST], is_told), TOLD(line->requests[CLASS_CHANGED], is_told),
            TOLD_AMOUNT(line->amounts[TIME_BEFORE], before_is_there),
            TOLD_AMOUNT(line->amounts[TIME_NOW], is_told));
}

/* Many persons before, of whom at least as many are in one class. */
static bool total_before_is_told(const struct replay_line *line, uint64_t bound)
{
    uint64_t most = 0;
    if (line->persons.is_told)
        return true;
    for (size_t class = 0; class < SUPPRESS_CLASS_COUNT; class ++)
        if (class != CLASS_GAINED && line->persons.persons[class] > most)
            most = line->persons.persons[class];
    return replay_uses(line, TIME_BEFORE) == 0 || most >= bound;
}

static void print_replay(const struct replay *replay, uint64_t bound, FILE *to)
{
    fprintf(to, "\n%s requests asked again", COUNT_TEXT(replay->request_count));
    if (replay->outside_count > 0)
        fprintf(to, ", %s of them of days that are not judged (--back-days, --ahead-days)",
                COUNT_TEXT(replay->outside_count));
    fprintf(to, "; limits and budgets are not counted\n");
    fprintf(to, "%-24s %10s %10s %9s %9s %9s %14s %14s\n", "relief, requests", "before", "now",
            "gained", "lost", "changed", "EUR before", "EUR now");
    for (uint32_t i = 0; i < replay->relief_count; i++) {
        const struct replay_line *line = &replay->reliefs[i];
        print_line(line, line->name, line->persons.is_told, to);
    }
    print_line(&replay->total, "all together", total_before_is_told(&replay->total, bound), to);
    if (replay->suppressed_count > 0)
        fprintf(to,
                "%" PRIu32 " relief%s not told: fewer than %" PRIu64
                " persons are behind a number, or it would tell of such\n",
                replay->suppressed_count, replay->suppressed_count == 1 ? " is" : "s are", bound);
}

void impact_print(const struct impact *impact, const struct replay *replay,
                  const struct impact_settings *settings, FILE *to)
{
    char day[DAY_TEXT_SIZE];
    day_to_text(day, (int32_t)impact->as_of_day);
    fprintf(to, "from %s to %s, %s persons as of %s\n\n", settings->old_path, settings->new_path,
            COUNT_TEXT(impact->people.person_count), day);
    print_groups(impact, settings->suppress_below, to);
    print_cells(impact, settings->suppress_below, to);
    if (replay != NULL)
        print_replay(replay, settings->suppress_below, to);
}

/* ---- to programs ---- */

static void json_persons(struct json *json, const struct counted *persons, uint64_t bound)
{
    if (before_is_told(persons, bound))
        json_number(json, "before", impact_before(persons));
    json_bool(json, "suppressed", !persons->is_told);
    if (!persons->is_told)
        return;
    json_number(json, "now", impact_now(persons));
    json_number(json, "gained", persons->persons[CLASS_GAINED]);
    json_number(json, "lost", persons->persons[CLASS_LOST]);
}

static void json_groups(struct json *json, const struct impact *impact, uint64_t bound)
{
    json_open_array(json, "groups");
    for (uint32_t i = 0; i < impact->group_count; i++) {
        json_open_object(json, NULL);
        json_text(json, "name", impact->groups[i].name);
        json_text(json, "state", state_of(&impact->groups[i]));
        json_persons(json, &impact->groups[i].persons, bound);
        json_close_object(json);
    }
    json_close_array(json);
}

static void json_cells(struct json *json, const struct impact *impact, uint64_t bound)
{
    char code[16];
    json_open_array(json, "municipalities");
    for (uint32_t i = 0; i < impact->group_count; i++) {
        const struct impact_group *group = &impact->groups[i];
        for (uint32_t j = 0; j < group->cell_count; j++) {
            const struct impact_cell *cell = &impact->cells[group->first_cell + j];
            if (!cell->persons.is_told)
                continue;
            snprintf(code, sizeof(code), "%07" PRIu32, cell->place);
            json_open_object(json, NULL);
            json_text(json, "group", group->name);
            json_text(json, "atvk", code);
            json_persons(json, &cell->persons, bound);
            json_close_object(json);
        }
    }
    json_close_array(json);
    json_number(json, "municipalities_suppressed", suppressed_cells(impact));
}

static void json_amount(struct json *json, const char *name, uint64_t amount)
{
    char text[MONEY_TEXT_SIZE];
    json_text(json, name, money_text(text, amount));
}

static void json_line(struct json *json, const char *name, const struct replay_line *line,
                      bool before_is_there)
{
    json_open_object(json, name);
    if (name == NULL)
        json_text(json, "name", line->name);
    if (before_is_there) {
        json_number(json, "before", replay_uses(line, TIME_BEFORE));
        json_amount(json, "eur_before", line->amounts[TIME_BEFORE]);
    }
    json_bool(json, "suppressed", !line->persons.is_told);
    if (line->persons.is_told) {
        json_number(json, "now", replay_uses(line, TIME_NOW));
        json_number(json, "gained", line->requests[CLASS_GAINED]);
        json_number(json, "lost", line->requests[CLASS_LOST]);
        json_number(json, "changed", line->requests[CLASS_CHANGED]);
        json_amount(json, "eur_now", line->amounts[TIME_NOW]);
    }
    json_close_object(json);
}

static void json_replay(struct json *json, const struct replay *replay, uint64_t bound)
{
    json_open_object(json, "requests");
    json_number(json, "count", replay->request_count);
    json_number(json, "outside_window", replay->outside_count);
    json_open_array(json, "reliefs");
    for (uint32_t i = 0; i < replay->relief_count; i++)
        json_line(json, NULL, &replay->reliefs[i], replay->reliefs[i].persons.is_told);
    json_close_array(json);
    json_line(json, "all", &replay->total, total_before_is_told(&replay->total, bound));
    json_close_object(json);
}

void impact_print_json(const struct impact *impact, const struct replay *replay,
                       const struct impact_settings *settings, FILE *to)
{
    struct json json;
    json_start(&json, to);
    json_open_object(&json, NULL);
    json_text(&json, "old", settings->old_path);
    json_text(&json, "new", settings->new_path);
    json_day(&json, "as_of", impact->as_of_day);
    json_number(&json, "persons", impact->people.person_count);
    json_number(&json, "suppress_below", settings->suppress_below);
    json_groups(&json, impact, settings->suppress_below);
    json_cells(&json, impact, settings->suppress_below);
    if (replay != NULL)
        json_replay(&json, replay, settings->suppress_below);
    json_close_object(&json);
    json_end(&json);
}
