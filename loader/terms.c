#include "loader/terms.h"

#include "loader/change_days.h"
#include "loader/judge.h"
#include "loader/memory.h"

#include <stdlib.h>
#include <string.h>

/* A group with terms: itself and all groups that it speaks of, rising; and the steps that a status
 * makes true, so that a new status is a new term. */
struct asked {
    uint16_t *groups;
    uint16_t *steps;
    size_t group_count, step_count;
    uint64_t kinds; /* of status that matter */
    bool asks_school;
    uint32_t ages[AGE_THRESHOLD_MAX]; /* that matter, each once */
    uint32_t age_count;
};

struct terms {
    const struct rules *rules;
    const struct vocabulary *vocabulary;
    struct window window;
    struct asked *asked;             /* by group; of those without terms all is 0 */
    uint8_t truths[GROUP_COUNT_MAX]; /* all no, but while somebody is judged */
    uint32_t *days;                  /* of one person: on which something may have changed */
    size_t day_room;
};

#define TERM_ALWAYS 0 /* the first day of a term without beginning */

/* ---- what a group speaks of ---- */

struct asking {
    const struct rules *rules;
    struct asked *asked;
    uint8_t *groups; /* by group: whether it is spoken of */
    uint8_t *steps;  /* by step: 1: a yes of it speaks for the group */
};

static void ask_group(struct asking *asking, uint16_t group, bool is_for);

/* What may change the group's truth from one day to another. */
static void ask_days(struct asked *asked, const struct step *step)
{
    if (step->kind == STEP_STATUS)
        asked->kinds |= UINT64_C(1) << step->status_kind;
    asked->asks_school = asked->asks_school || step->kind == STEP_SCHOOL_IN;
    if (step->kind != STEP_AGE_AT_LEAST)
        return;
    for (uint32_t i = 0; i < asked->age_count; i++)
        if (asked->ages[i] == step->years)
            return;
    assert(asked->age_count < AGE_THRESHOLD_MAX);
    asked->ages[asked->age_count++] = step->years;
}

/* Postfix read from its end: an operator comes before its operands. */
static void ask_steps(struct asking *asking, const struct group_rule *group, bool is_for)
{
    bool waiting[2 * STEP_DEPTH_MAX + 2] = {is_for};
    size_t depth = 1;
    for (uint32_t i = group->step_count; i-- > 0;) {
        const struct step *step = &asking->rules->steps[group->first_step + i];
        ask_days(asking->asked, step);
        assert(depth >= 1 && depth + 1 < sizeof(waiting));
        bool now = waiting[--depth];
        if (step->kind == STEP_AND || step->kind == STEP_OR) {
            waiting[depth++] = now;
            waiting[depth++] = now;
        } else if (step->kind == STEP_NOT) {
            waiting[depth++] = !now;
        } else if (step->kind == STEP_GROUP) {
            ask_group(asking, step->group, now);
        } else if (now && (step->kind == STEP_STATUS || step->kind == STEP_SCHOOL_IN)) {
            asking->steps[group->first_step + i] = 1;
        }
    }
}

/* Groups speak of earlier ones only; each is looked at once for either sense. */
static void ask_group(struct asking *asking, uint16_t group, bool is_for)
{
    uint8_t sense = is_for ? 1 : 2;
    if (asking->groups[group] & sense)
        return;
    asking->groups[group] |= sense;
    const struct group_rule *rule = &asking->rules->groups[group];
    if (rule->known_days != 0)
        ask_group(asking, rule->known_of, is_for);
    else if (rule->step_count > 0)
        ask_steps(asking, rule, is_for);
}

static size_t list_marked(uint16_t **out, const uint8_t marks[], uint32_t count)
{
    size_t marked = 0;
    *out = memory_take(count, sizeof(**out));
    for (uint32_t i = 0; i < count; i++)
        if (marks[i] != 0)
            (*out)[marked++] = (uint16_t)i;
    return marked;
}

struct terms *terms_open(const struct rules *rules, const struct vocabulary *vocabulary,
                         struct window window)
{
    static_assert(STEP_COUNT_MAX <= UINT16_MAX, "a step has a number");
    struct terms *terms = memory_take_zeroed(1, sizeof(*terms));
    terms->rules = rules;
    terms->vocabulary = vocabulary;
    terms->window = window;
    terms->asked = memory_take_zeroed(rules->group_count, sizeof(terms->asked[0]));
    for (uint16_t i = 0; i < rules->group_count; i++) {
        if (!rules->groups[i].has_terms)
            continue;
        struct asked *asked = &terms->asked[i];
        struct asking asking = {rules, asked, memory_take_zeroed(rules->group_count, 1),
                                memory_take_zeroed(rules->step_count, 1)};
        ask_group(&asking, i, true);
        asked->group_count = list_marked(&asked->groups, asking.groups, rules->group_count);
        asked->step_count = list_marked(&asked->steps, asking.steps, rules->step_count);
        free(asking.groups);
        free(asking.steps);
    }
    return terms;
}

void terms_close(struct terms *terms)
{
    if (terms == NULL)
        return;
    for (uint32_t i = 0; i < terms->rules->group_count; i++) {
        free(terms->asked[i].groups);
        free(terms->asked[i].steps);
    }
    free(terms->asked);
    free(terms->days);
    free(terms);
}

/* ---- one person ---- */

static bool has_term(const struct terms *terms, const struct membership *membership)
{
    return terms->rules->groups[membership->group].has_terms;
}

bool terms_are_asked(const struct terms *terms, const struct membership list[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (has_term(terms, &list[i]))
            return true;
    return false;
}

/* Whether the fact is a decision that speaks for the group. */
static bool fact_speaks(const struct terms *terms, const struct asked *asked,
                        const struct status_fact *fact)
{
    for (size_t i = 0; i < asked->step_count; i++) {
        const struct step *step = &terms->rules->steps[asked->steps[i]];
        if (step->kind == STEP_STATUS ? fact_fits(terms->rules, fact, step)
                                      : terms->vocabulary->kinds[fact->kind].has_school &&
                                            place_is_in(fact->school, step->place))
            return true;
    }
    return false;
}

/* The first day after `day`, and before `until_day`, on which such a fact begins; or until_day. */
static uint32_t next_decision(const struct terms *terms, const struct asked *asked,
                              const struct person *person, uint32_t day, uint32_t until_day)
{
    uint32_t next = until_day;
    for (size_t i = 0; i < person->status_count; i++) {
        const struct status_fact *fact = &person->statuses[i];
        if (fact->from_day > day && fact->from_day < next && fact->from_day < fact->until_day &&
            fact_speaks(terms, asked, fact))
            next = fact->from_day;
    }
    return next;
}

static bool decision_begins(const struct terms *terms, const struct asked *asked,
                            const struct person *person, uint32_t day)
{
    return day > 0 && next_decision(terms, asked, person, day - 1, day + 1) == day;
}

static enum truth truth_on(struct terms *terms, struct judge *judge, uint16_t group, uint32_t day)
{
    const struct asked *asked = &terms->asked[group];
    judge_day(judge, day);
    judge_some_groups(judge, terms->truths, asked->groups, asked->group_count);
    enum truth truth = (enum truth)terms->truths[group];
    for (size_t i = 0; i < asked->group_count; i++)
        terms->truths[asked->groups[i]] = TRUTH_NO; /* for whoever is judged next */
    return truth;
}

static int compare_days(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;
    return (*a < *b) - (*a > *b); /* the latest first */
}

static void add_day(struct terms *terms, size_t *count, int64_t day, uint32_t last_day)
{
    if (day <= 0 || day > last_day)
        return;
    terms->days = memory_room(terms->days, &terms->day_room, *count + 1, sizeof(terms->days[0]));
    terms->days[(*count)++] = (uint32_t)day;
}

/* Days up to `last_day` on which the group may have changed, the latest first. */
static size_t list_days(struct terms *terms, const struct asked *asked, const struct person *person,
                        uint32_t last_day)
{
    const struct rules *rules = terms->rules;
    size_t count = 0;
    for (size_t i = 0; i < person->status_count; i++) {
        const struct status_fact *fact = &person->statuses[i];
        if (!(asked->kinds >> fact->kind & 1) && !asked->asks_school)
            continue;
        add_day(terms, &count, fact->from_day, last_day);
        add_day(terms, &count, fact_until_day(rules, fact), last_day);
    }
    for (uint32_t i = 0; i < asked->age_count; i++)
        add_day(terms, &count, day_of_age(person->birth_day, asked->ages[i]), last_day);
    for (size_t i = 0; i < asked->group_count; i++) {
        add_day(terms, &count, rules->groups[asked->groups[i]].from_day, last_day);
        add_day(terms, &count, rules->groups[asked->groups[i]].until_day, last_day);
    }
    if (count > 1)
        qsort(terms->days, count, sizeof(terms->days[0]), compare_days);
    return count;
}

/* Where the earlier snapshot's word is all that makes it a yes, it tells the term, too. */
static uint32_t last_known_beginning(const struct prior *prior, uint16_t group, uint32_t day)
{
    if (prior == NULL || prior->from_days == NULL || prior->from_days[group] > day)
        return day;
    return prior->from_days[group];
}

/* The latest of the listed days on which it was not so on the day before, or a decision began. Most
 * people's only one is that: nobody is judged then. */
static uint32_t latest_change(struct terms *terms, const struct membership *membership,
                              const struct person *person, size_t day_count)
{
    const struct asked *asked = &terms->asked[membership->group];
    uint32_t birth_day = person->birth_day > 0 ? (uint32_t)person->birth_day : 0; /* or 1970 */
    struct judge judge;
    bool is_begun = false;
    for (size_t i = 0; i < day_count && terms->days[i] > birth_day; i++) {
        uint32_t day = terms->days[i];
        if (i > 0 && day == terms->days[i - 1])
            continue;
        if (membership->truth == TRUTH_YES && decision_begins(terms, asked, person, day))
            return day;
        if (!is_begun)
            judge_begin(&judge, terms->rules, terms->vocabulary, person, NULL,
                        (struct window){birth_day, day + 1});
        is_begun = true;
        if (truth_on(terms, &judge, membership->group, day - 1) != (enum truth)membership->truth)
            return day;
    }
    return TERM_ALWAYS;
}

/* The day on which what is so on the window's first day began. Where registers do not say since
 * when it is so, it always was: a birthday would tell who it is, and is asked of nobody. */
static uint32_t term_beginning(struct terms *terms, const struct membership *membership,
                               const struct person *person, const struct prior *prior)
{
    uint16_t group = membership->group;
    uint32_t day = terms->window.from_day;
    if (prior != NULL && terms->rules->groups[group].known_days != 0) {
        struct judge judge;
        judge_begin(&judge, terms->rules, terms->vocabulary, person, NULL,
                    (struct window){day, day + 1});
        if (truth_on(terms, &judge, group, day) != (enum truth)membership->truth)
            return last_known_beginning(prior, group, day);
    }
    size_t day_count = list_days(terms, &terms->asked[group], person, day);
    return latest_change(terms, membership, person, day_count);
}

size_t terms_apply(struct terms *terms, struct membership out[], const struct membership list[],
                   size_t count, const struct person *person, const struct prior *prior)
{
    size_t to = 0;
    for (size_t i = 0; i < count; i++) {
        struct membership part = list[i];
        bool is_asked = has_term(terms, &part);
        if (is_asked && part.from_day == terms->window.from_day)
            part.from_day = term_beginning(terms, &list[i], person, prior);
        for (uint32_t day = list[i].from_day; day < list[i].until_day; day = part.from_day) {
            part.until_day = is_asked && part.truth == TRUTH_YES
                                 ? next_decision(terms, &terms->asked[part.group], person, day,
                                                 list[i].until_day)
                                 : list[i].until_day;
            if (to == SET_SIZE_MAX)
                return GROUPS_TOO_MANY;
            out[to++] = part;
            part.from_day = part.until_day;
        }
    }
    return to;
}
