#include "loader/groups.h"

#include "loader/change_days.h"
#include "loader/judge.h"

#include <stdlib.h>
#include <string.h>

#define NOT_OPEN UINT16_MAX

static void changes_collect(struct change_days *changes, const struct rules *rules,
                            const struct judge *judge)
{
    const struct person *person = judge->person;
    for (size_t i = 0; i < person->status_count; i++) {
        change_days_add(changes, person->statuses[i].from_day);
        change_days_add(changes, fact_until_day(rules, &person->statuses[i]));
    }
    for (uint32_t i = 0; i < rules->age_count; i++)
        change_days_add(changes, judge->age_days[i]);
    for (uint32_t i = 0; i < rules->group_count; i++) {
        change_days_add(changes, rules->groups[i].from_day);
        change_days_add(changes, rules->groups[i].until_day);
        if (judge->prior != NULL && rules->groups[i].known_days != 0)
            change_days_add(changes, judge->prior->until_days[i]);
    }
}

/* Memberships as they are found, span after span, with the ones that still go on. */
struct output {
    struct membership *list;
    size_t count;
    uint16_t open[GROUP_COUNT_MAX]; /* number in the list, or NOT_OPEN */
};
static_assert(SET_SIZE_MAX < NOT_OPEN, "every membership has a number");

/* Carries one span's truths over; false when the set is full. */
static bool output_span(struct output *output, const uint8_t truths[], uint32_t group_count,
                        struct window span)
{
    for (uint16_t group = 0; group < group_count; group++) {
        uint16_t open = output->open[group];
        if (open != NOT_OPEN && output->list[open].truth == truths[group]) {
            output->list[open].until_day = span.until_day;
            continue;
        }
        output->open[group] = NOT_OPEN;
        if (truths[group] == TRUTH_NO)
            continue;
        if (output->count == SET_SIZE_MAX)
            return false;
        output->list[output->count] = (struct membership){
            .group = group,
            .truth = truths[group],
            .from_day = span.from_day,
            .until_day = span.until_day,
        };
        output->open[group] = (uint16_t)output->count++;
    }
    return true;
}

static int compare_memberships(const void *left, const void *right)
{
    const struct membership *a = left, *b = right;
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    return (a->from_day > b->from_day) - (a->from_day < b->from_day);
}

size_t groups_evaluate(struct membership out[], size_t room, const struct rules *rules,
                       const struct vocabulary *vocabulary, const struct person *person,
                       const struct prior *prior, struct window window)
{
    assert(room >= SET_SIZE_MAX);
    assert(window.from_day <= window.until_day);
    assert(window.until_day - window.from_day <= WINDOW_DAYS_MAX);
    struct window life = person_life(person, window);
    if (life.from_day >= life.until_day)
        return 0;

    /* on which days anything may change */
    struct judge judge;
    judge_begin(&judge, rules, vocabulary, person, prior, life);
    struct change_days changes = {.span = life};
    changes_collect(&changes, rules, &judge);
    if (changes.count > BREAKPOINT_COUNT_MAX)
        return GROUPS_TOO_MANY;

    /* all groups from each of them to the next */
    uint8_t truths[GROUP_COUNT_MAX];
    struct output output = {.list = out};
    memset(output.open, 0xff, rules->group_count * sizeof(output.open[0]));
    for (uint32_t day = life.from_day, next; day < life.until_day; day = next) {
        next = change_days_next(&changes, day);
        judge_day(&judge, day);
        judge_groups(&judge, truths, rules->group_count);
        struct window span = {day, next};
        if (!output_span(&output, truths, rules->group_count, span))
            return GROUPS_TOO_MANY;
    }

    /* by group: they were found by day */
    if (changes.count > 0)
        qsort(out, output.count, sizeof(out[0]), compare_memberships);
    return output.count;
}
