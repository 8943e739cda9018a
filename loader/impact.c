#include "loader/impact.h"

#include "loader/memory.h"
#include "loader/municipalities.h"
#include "loader/parallel.h"
#include "loader/shared_files.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define RUN_SIZE    4096 /* persons that a thread takes at once */
#define CLASS_COUNT 3    /* persons stay, lose or gain */

uint64_t impact_before(const struct counted *persons)
{
    return persons->persons[CLASS_SAME] + persons->persons[CLASS_LOST] +
           persons->persons[CLASS_CHANGED];
}

uint64_t impact_now(const struct counted *persons)
{
    return persons->persons[CLASS_SAME] + persons->persons[CLASS_GAINED] +
           persons->persons[CLASS_CHANGED];
}

/* ---- reading ---- */

static bool read_catalogues(struct impact *impact, const struct impact_settings *settings,
                            struct fault *fault)
{
    char *registers = shared_file_find(settings->build.registers, "registers");
    bool is_good = registers_read(&impact->registers, &impact->vocabulary, registers, fault) &&
                   catalogue_read(&impact->sides[TIME_BEFORE].catalogue, settings->old_path,
                                  &impact->vocabulary, fault) &&
                   catalogue_read(&impact->sides[TIME_NOW].catalogue, settings->new_path,
                                  &impact->vocabulary, fault);
    free(registers);
    return is_good;
}

static bool set_window(struct impact *impact, const struct build_settings *settings,
                       struct fault *fault)
{
    impact->as_of_day =
        settings->as_of_day != 0 ? settings->as_of_day : intake_latest_as_of(&impact->intake);
    return build_window(&impact->window, impact->as_of_day, settings->back_days,
                        settings->ahead_days, fault);
}

/* A fault in one of two catalogues says in which. */
static bool compile_sides(struct impact *impact, const struct impact_settings *settings,
                          struct fault *fault)
{
    const char *const paths[] = {settings->old_path, settings->new_path};
    for (size_t i = 0; i < TIME_COUNT; i++) {
        struct impact_side *side = &impact->sides[i];
        if (!compile_catalogue(&side->compiled, &side->catalogue, impact->window, impact->as_of_day,
                               false, fault))
            return fault_at(fault, paths[i]);
    }
    return true;
}

bool impact_read(struct impact *impact, const struct impact_settings *settings, struct fault *fault)
{
    const struct build_settings *build = &settings->build;
    impact->thread_count =
        build->thread_count != 0 ? (uint32_t)build->thread_count : parallel_core_count();
    struct intake_settings intake = {.folder = build->exports,
                                     .absent = build->absent,
                                     .thread_count = impact->thread_count,
                                     .is_quiet = build->is_quiet};
    return read_catalogues(impact, settings, fault) &&
           intake_read(&impact->intake, &impact->facts, &impact->vocabulary, &impact->registers,
                       &intake, fault) &&
           set_window(impact, build, fault) && compile_sides(impact, settings, fault) &&
           people_join(&impact->people, &impact->facts, &impact->intake, impact->thread_count,
                       fault);
}

/* ---- both sides evaluated ---- */

/* Addresses and schools as they were delivered: each catalogue says itself which became others. */
struct delivered_places {
    uint32_t *homes, *schools;
};

static struct delivered_places save_places(const struct facts *facts)
{
    struct delivered_places places = {memory_take(facts->person_count, sizeof(places.homes[0])),
                                      memory_take(facts->status_count, sizeof(places.schools[0]))};
    for (size_t i = 0; i < facts->person_count; i++)
        places.homes[i] = facts->persons[i].place;
    for (size_t i = 0; i < facts->status_count; i++)
        places.schools[i] = facts->statuses[i].school;
    return places;
}

static void restore_places(struct facts *facts, const struct delivered_places *places)
{
    for (size_t i = 0; i < facts->person_count; i++)
        facts->persons[i].place = places->homes[i];
    for (size_t i = 0; i < facts->status_count; i++)
        facts->statuses[i].school = places->schools[i];
}

static void evaluate_sides(struct impact *impact, bool is_quiet)
{
    struct delivered_places places = save_places(&impact->facts);
    for (size_t i = 0; i < TIME_COUNT; i++) { /* the new one last: its places stay */
        struct impact_side *side = &impact->sides[i];
        restore_places(&impact->facts, &places);
        side->vocabulary = impact->vocabulary;
        facts_renew_places(&impact->facts, &side->catalogue.trade);
        vocabulary_renew_places(&side->vocabulary, &side->catalogue.trade);
        memberships_evaluate(&side->memberships, &impact->people, side->catalogue.rules,
                             &side->vocabulary, NULL, impact->window, impact->as_of_day,
                             &impact->intake, impact->thread_count, is_quiet);
    }
    free(places.homes);
    free(places.schools);
}

/* ---- groups by name ---- */

static uint16_t group_index(struct impact *impact, const char *name)
{
    for (uint32_t i = 0; i < impact->group_count; i++)
        if (strcmp(impact->groups[i].name, name) == 0)
            return (uint16_t)i;
    memcpy(impact->groups[impact->group_count].name, name, NAME_SIZE);
    return (uint16_t)impact->group_count++;
}

static void match_groups(struct impact *impact)
{
    impact->groups =
        memory_take_zeroed((size_t)TIME_COUNT * GROUP_COUNT_MAX, sizeof(impact->groups[0]));
    for (size_t t = TIME_COUNT; t-- > 0;) {
        struct impact_side *side = &impact->sides[t];
        for (uint32_t i = 0; i < side->catalogue.rules->group_count; i++) {
            const struct group_rule *group = &side->catalogue.rules->groups[i];
            side->common[i] = COMMON_NONE;
            if (i == GROUP_TEST || group->known_days != 0)
                continue;
            side->common[i] = group_index(impact, group->name);
            impact->groups[side->common[i]].is_there[t] = true;
        }
    }
}

/* ---- counting persons ---- */

/* By set: the groups that it surely is in on the as-of day, in the common numbering, rising. */
struct yes_lists {
    uint32_t *first; /* set_count + 1 */
    uint16_t *groups;
};

struct counting {
    const struct impact *impact;
    struct yes_lists lists[TIME_COUNT];
    uint32_t *tallies[THREAD_COUNT_MAX]; /* by group, municipality and class */
    struct municipalities municipalities;
};

static int compare_numbers(const void *left, const void *right)
{
    const uint16_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static struct yes_lists list_yes(const struct impact_side *side, uint32_t as_of_day)
{
    const struct memberships *memberships = &side->memberships;
    struct yes_lists lists = {
        memory_take((size_t)memberships->set_count + 1, sizeof(lists.first[0])),
        memory_take(memberships->set_first[memberships->set_count], sizeof(lists.groups[0]))};
    uint32_t count = 0;
    for (uint32_t set = 0; set < memberships->set_count; set++) {
        lists.first[set] = count;
        for (uint32_t i = memberships->set_first[set]; i < memberships->set_first[set + 1]; i++) {
            const struct membership *m = &memberships->list[i];
            if (m->truth == TRUTH_YES && m->from_day <= as_of_day && as_of_day < m->until_day &&
                side->common[m->group] != COMMON_NONE)
                lists.groups[count++] = side->common[m->group];
        }
        uint32_t size = count - lists.first[set];
        if (size > 1)
            qsort(lists.groups + lists.first[set], size, sizeof(lists.groups[0]), compare_numbers);
    }
    lists.first[memberships->set_count] = count;
    return lists;
}

static void tally(const struct counting *all, uint32_t tallies[], uint16_t group,
                  uint32_t municipality, enum impact_class class)
{
    tallies[((size_t)group * all->municipalities.count + municipality) * CLASS_COUNT + class]++;
}

/* Two rising lists walked side by side. */
static void count_person(const struct counting *all, uint32_t tallies[], size_t row)
{
    const struct impact *impact = all->impact;
    const uint16_t *at[TIME_COUNT], *end[TIME_COUNT];
    for (size_t t = 0; t < TIME_COUNT; t++) {
        uint32_t set = impact->sides[t].memberships.set_of[row];
        at[t] = all->lists[t].groups + all->lists[t].first[set];
        end[t] = all->lists[t].groups + all->lists[t].first[set + 1];
    }
    uint32_t place = impact->facts.persons[row].place;
    uint32_t municipality = municipality_of(&all->municipalities, place);
    while (at[TIME_BEFORE] < end[TIME_BEFORE] || at[TIME_NOW] < end[TIME_NOW]) {
        uint32_t before = at[TIME_BEFORE] < end[TIME_BEFORE] ? *at[TIME_BEFORE] : UINT32_MAX;
        uint32_t now = at[TIME_NOW] < end[TIME_NOW] ? *at[TIME_NOW] : UINT32_MAX;
        if (before == now)
            tally(all, tallies, (uint16_t)now, municipality, CLASS_SAME);
        else if (before < now)
            tally(all, tallies, (uint16_t)before, municipality, CLASS_LOST);
        else
            tally(all, tallies, (uint16_t)now, municipality, CLASS_GAINED);
        at[TIME_BEFORE] += before <= now;
        at[TIME_NOW] += now <= before;
    }
}

static void count_run(void *context, uint32_t thread, size_t first, size_t end)
{
    struct counting *all = context;
    for (size_t row = first; row < end; row++)
        if (all->impact->people.is_person[row])
            count_person(all, all->tallies[thread], row);
}

/* ---- cells ---- */

static struct counted sum_of_threads(const struct counting *all, uint32_t group,
                                     uint32_t municipality)
{
    struct counted sum = {.is_told = false};
    size_t first = ((size_t)group * all->municipalities.count + municipality) * CLASS_COUNT;
    for (uint32_t t = 0; t < all->impact->thread_count; t++)
        for (size_t class = 0; class < CLASS_COUNT; class ++)
            sum.persons[class] += all->tallies[t][first + class];
    return sum;
}

static void collect_group(struct impact *impact, const struct counting *all, uint32_t number,
                          size_t *room)
{
    struct impact_group *group = &impact->groups[number];
    group->first_cell = impact->cell_count;
    for (uint32_t i = 0; i < all->municipalities.count; i++) {
        struct counted persons = sum_of_threads(all, number, i);
        for (size_t class = 0; class < CLASS_COUNT; class ++)
            group->persons.persons[class] += persons.persons[class];
        if (persons.persons[CLASS_LOST] + persons.persons[CLASS_GAINED] == 0)
            continue;
        impact->cells = memory_room(impact->cells, room, impact->cell_count + (size_t)1,
                                    sizeof(impact->cells[0]));
        impact->cells[impact->cell_count++] =
            (struct impact_cell){all->municipalities.places[i], persons};
    }
    group->cell_count = impact->cell_count - group->first_cell;
}

/* A person lives in one municipality, so that cells are about different ones. */
static void suppress_group(struct impact *impact, struct impact_group *group, uint64_t bound)
{
    struct counted **lines = memory_take(group->cell_count, sizeof(void *));
    for (uint32_t i = 0; i < group->cell_count; i++)
        lines[i] = &impact->cells[group->first_cell + i].persons;
    suppress_lines(lines, group->cell_count, bound, true);
    for (uint32_t i = 0; i < group->cell_count; i++)
        group->suppressed_count += !lines[i]->is_told;
    group->persons.is_told = suppress_may_tell(&group->persons, bound);
    free(lines);
}

static void collect_cells(struct impact *impact, const struct counting *all, uint64_t bound)
{
    size_t room = 0;
    for (uint32_t i = 0; i < impact->group_count; i++) {
        collect_group(impact, all, i, &room);
        suppress_group(impact, &impact->groups[i], bound);
    }
}

void impact_evaluate(struct impact *impact, const struct impact_settings *settings)
{
    evaluate_sides(impact, settings->build.is_quiet);
    match_groups(impact);
    struct counting *all = memory_take_zeroed(1, sizeof(*all));
    all->impact = impact;
    municipalities_list(&all->municipalities, &impact->facts);
    for (size_t t = 0; t < TIME_COUNT; t++)
        all->lists[t] = list_yes(&impact->sides[t], impact->as_of_day);
    size_t tally_count = (size_t)impact->group_count * all->municipalities.count * CLASS_COUNT;
    for (uint32_t t = 0; t < impact->thread_count; t++)
        all->tallies[t] = memory_take_zeroed(tally_count, sizeof(all->tallies[t][0]));
    parallel_for(impact->thread_count, impact->facts.person_count, RUN_SIZE, count_run, all);
    collect_cells(impact, all, settings->suppress_below);
    for (uint32_t t = 0; t < impact->thread_count; t++)
        free(all->tallies[t]);
    for (size_t t = 0; t < TIME_COUNT; t++) {
        free(all->lists[t].first);
        free(all->lists[t].groups);
    }
    free(all);
}

void impact_close(struct impact *impact)
{
    for (size_t i = 0; i < TIME_COUNT; i++) {
        memberships_free(&impact->sides[i].memberships);
        compiled_free(&impact->sides[i].compiled);
        catalogue_free(&impact->sides[i].catalogue);
    }
    free(impact->groups);
    free(impact->cells);
    people_free(&impact->people);
    facts_free(&impact->facts);
    intake_free(&impact->intake);
    registers_free(&impact->registers);
    *impact = (struct impact){0};
}
