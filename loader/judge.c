#include "loader/judge.h"

#include <string.h>

#define AGE_SLACK_DAYS 4

/* The day on which an age is reached. The calendar is asked only when that may be within the span;
 * elsewhere the estimate is on the right side of it, which is all that is needed. A leap year in
 * four, at most two centuries' ends without one within a life and the day after 28 February make
 * the slack. */
static int64_t age_day(int32_t birth_day, uint32_t years, struct window span)
{
    int64_t estimate = (int64_t)birth_day + years * INT64_C(365) + years / 4;
    if (estimate + AGE_SLACK_DAYS < span.from_day || estimate - AGE_SLACK_DAYS > span.until_day)
        return estimate;
    return day_of_age(birth_day, years);
}

void judge_begin(struct judge *judge, const struct rules *rules,
                 const struct vocabulary *vocabulary, const struct person *person,
                 const struct prior *prior, struct window span)
{
    judge->rules = rules;
    judge->vocabulary = vocabulary;
    judge->person = person;
    judge->prior = prior;
    for (uint32_t i = 0; i < rules->age_count; i++)
        judge->age_days[i] = age_day(person->birth_day, rules->ages[i], span);

    judge->missing_kinds = judge_missing_kinds(vocabulary, person->place);
    judge->school_may_be_missing = false;
    for (uint16_t i = 0; judge->missing_kinds != 0 && i < vocabulary->kind_count; i++)
        judge->school_may_be_missing =
            judge->school_may_be_missing ||
            (judge->missing_kinds >> i & 1 && vocabulary->kinds[i].has_school);
}

uint64_t judge_missing_kinds(const struct vocabulary *vocabulary, uint32_t place)
{
    uint64_t missing = 0;
    for (uint16_t i = 0; i < vocabulary->kind_count; i++) {
        if (vocabulary_is_missing(&vocabulary->kinds[i], place))
            missing |= UINT64_C(1) << i;
    }
    return missing;
}

bool fact_is_of_kind(const struct status_fact *fact, uint16_t kind, uint8_t subtype)
{
    return fact->kind == kind && (subtype == SUBTYPE_ANY || fact->subtype == subtype);
}

static bool is_target(const struct extension_target targets[], size_t count,
                      const struct status_fact *fact)
{
    for (size_t i = 0; i < count; i++) {
        if (fact_is_of_kind(fact, targets[i].status_kind, targets[i].subtype))
            return true;
    }
    return false;
}

static bool is_extended(const struct extension *extension, const struct status_fact *fact)
{
    uint32_t last_day =
        fact->until_day - 1; /* spans are of a day at least; an open one ends late */
    return last_day >= extension->ended_from && last_day < extension->ended_until &&
           fact->until_day < extension->until_day &&
           is_target(extension->targets, extension->target_count, fact) &&
           !is_target(extension->exceptions, extension->exception_count, fact);
}

const struct extension *fact_extension(const struct rules *rules, const struct status_fact *fact)
{
    const struct extension *latest = NULL;
    for (uint32_t i = 0; i < rules->extension_count; i++) {
        const struct extension *extension = &rules->extensions[i];
        if (is_extended(extension, fact) &&
            (latest == NULL || extension->until_day > latest->until_day))
            latest = extension;
    }
    return latest;
}

uint32_t fact_until_day(const struct rules *rules, const struct status_fact *fact)
{
    const struct extension *extension = fact_extension(rules, fact);
    return extension == NULL ? fact->until_day : extension->until_day;
}

bool fact_is_current(const struct rules *rules, const struct status_fact *fact, uint32_t day)
{
    return day >= fact->from_day && day < fact_until_day(rules, fact);
}

bool step_has_spans(const struct step *step)
{
    return step->begun_from != 0 || step->begun_until != DAY_NEVER || step->ending_from != 0 ||
           step->ending_until != DAY_NEVER;
}

/* An open end lies before no day. */
static bool is_within(uint32_t day, uint32_t from_day, uint32_t until_day)
{
    return day >= from_day && (day < until_day || until_day == DAY_NEVER);
}

bool fact_fits(const struct rules *rules, const struct status_fact *fact, const struct step *step)
{
    return fact_is_of_kind(fact, step->status_kind, step->subtype) &&
           is_within(fact->from_day, step->begun_from, step->begun_until) &&
           is_within(fact_until_day(rules, fact), step->ending_from, step->ending_until);
}

void judge_day(struct judge *judge, uint32_t day)
{
    const struct rules *rules = judge->rules;
    judge->day = day;
    judge->years = 0;
    for (uint32_t i = 0; i < rules->age_count && judge->age_days[i] <= day; i++)
        judge->years = rules->ages[i];

    memset(judge->current, 0, judge->vocabulary->kind_count * sizeof(judge->current[0]));
    judge->has_school = false;
    for (size_t i = 0; i < judge->person->status_count; i++) {
        const struct status_fact *fact = &judge->person->statuses[i];
        if (!fact_is_current(rules, fact, day))
            continue;
        assert(fact->kind < judge->vocabulary->kind_count);
        assert(fact->subtype < SUBTYPE_COUNT_MAX);
        judge->current[fact->kind] |= UINT64_C(1) << fact->subtype;
        judge->has_school = judge->has_school || fact->school != 0;
    }
}

/* Whether a fact of today fits the spans of the condition, too. */
static bool has_fact_within(const struct judge *judge, const struct step *step)
{
    for (size_t i = 0; i < judge->person->status_count; i++) {
        const struct status_fact *fact = &judge->person->statuses[i];
        if (fact_fits(judge->rules, fact, step) && fact_is_current(judge->rules, fact, judge->day))
            return true;
    }
    return false;
}

static enum truth judge_status(const struct judge *judge, const struct step *step)
{
    uint64_t subtypes = judge->current[step->status_kind];
    if (step->subtype != SUBTYPE_ANY)
        subtypes &= UINT64_C(1) << step->subtype;
    if (subtypes != 0 && (!step_has_spans(step) || has_fact_within(judge, step)))
        return TRUTH_YES;
    return judge->missing_kinds >> step->status_kind & 1 ? TRUTH_UNKNOWN : TRUTH_NO;
}

bool fact_has_school_in(const struct judge *judge, const struct status_fact *fact,
                        struct place_prefix place)
{
    return fact_is_current(judge->rules, fact, judge->day) &&
           judge->vocabulary->kinds[fact->kind].has_school && place_is_in(fact->school, place);
}

static enum truth judge_school(const struct judge *judge, struct place_prefix place)
{
    for (size_t i = 0; judge->has_school && i < judge->person->status_count; i++) {
        if (fact_has_school_in(judge, &judge->person->statuses[i], place))
            return TRUTH_YES;
    }
    return judge->school_may_be_missing ? TRUTH_UNKNOWN : TRUTH_NO;
}

/* Kleene's logic in numbers: no < unknown < yes; and takes the least, or the most, not mirrors. */
static uint8_t least_of(uint8_t left, uint8_t right)
{
    return left < right ? left : right;
}

static uint8_t most_of(uint8_t left, uint8_t right)
{
    return left > right ? left : right;
}

static enum truth truth_of(bool is_true)
{
    return is_true ? TRUTH_YES : TRUTH_NO;
}

enum truth judge_steps(const struct judge *judge, const struct step steps[], size_t step_count,
                       const uint8_t truths[])
{
    uint8_t stack[STEP_DEPTH_MAX];
    size_t depth = 0;
    for (const struct step *step = steps; step < steps + step_count; step++) {
        /* The parser promises both: an operator finds its operands, an operand finds room. */
        switch (step->kind) {
        case STEP_NOT:
            assert(depth >= 1);
            stack[depth - 1] = (uint8_t)(TRUTH_YES - stack[depth - 1]);
            continue;
        case STEP_AND:
            assert(depth >= 2);
            depth--;
            stack[depth - 1] = least_of(stack[depth - 1], stack[depth]);
            continue;
        case STEP_OR:
            assert(depth >= 2);
            depth--;
            stack[depth - 1] = most_of(stack[depth - 1], stack[depth]);
            continue;
        case STEP_STATUS:
            assert(depth < STEP_DEPTH_MAX);
            stack[depth++] = (uint8_t)judge_status(judge, step);
            continue;
        case STEP_SCHOOL_IN:
            assert(depth < STEP_DEPTH_MAX);
            stack[depth++] = (uint8_t)judge_school(judge, step->place);
            continue;
        case STEP_RESIDENT_IN:
            assert(depth < STEP_DEPTH_MAX);
            stack[depth++] = (uint8_t)truth_of(place_is_in(judge->person->place, step->place));
            continue;
        case STEP_AGE_AT_LEAST:
            assert(depth < STEP_DEPTH_MAX);
            stack[depth++] = (uint8_t)truth_of(judge->years >= step->years);
            continue;
        case STEP_GROUP:
            assert(depth < STEP_DEPTH_MAX);
            stack[depth++] = truths[step->group];
            continue;
        }
    }
    assert(depth == 1);
    return stack[0];
}

bool judge_is_last_known(const struct judge *judge, uint16_t group)
{
    return judge->prior != NULL && judge->day < judge->prior->until_days[group];
}

/* As the group that it is known of; where that is unknown, as it was known before. */
static uint8_t judge_known(const struct judge *judge, uint16_t group, const uint8_t truths[])
{
    uint16_t known_of = judge->rules->groups[group].known_of;
    assert(known_of < group);
    if (truths[known_of] == TRUTH_UNKNOWN && judge_is_last_known(judge, group))
        return TRUTH_YES;
    return truths[known_of];
}

static uint8_t judge_group(const struct judge *judge, uint16_t number, const uint8_t truths[])
{
    const struct group_rule *group = &judge->rules->groups[number];
    bool is_in_force = judge->day >= group->from_day && judge->day < group->until_day;
    if (group->known_days != 0)
        return judge_known(judge, number, truths);
    if (group->step_count == 0 || !is_in_force)
        return TRUTH_NO;
    return (uint8_t)judge_steps(judge, &judge->rules->steps[group->first_step], group->step_count,
                                truths);
}

void judge_groups(const struct judge *judge, uint8_t truths[], uint32_t group_count)
{
    for (uint16_t i = 0; i < group_count; i++)
        truths[i] = judge_group(judge, i, truths);
}

void judge_some_groups(const struct judge *judge, uint8_t truths[], const uint16_t groups[],
                       size_t group_count)
{
    for (size_t i = 0; i < group_count; i++)
        truths[groups[i]] = judge_group(judge, groups[i], truths);
}

/* ---- what the place and the kinds of status alone decide ---- */

/* The least and the most that a truth may turn out to be. */
struct bounds {
    uint8_t least, most;
};

struct possible {
    uint32_t place;
    uint64_t kinds;
};

static struct bounds bounds_of_operand(const struct step *step, struct possible possible,
                                       const struct bounds groups[])
{
    if (step->kind == STEP_STATUS && !(possible.kinds >> step->status_kind & 1))
        return (struct bounds){TRUTH_NO, TRUTH_NO};
    if (step->kind == STEP_GROUP)
        return groups[step->group];
    if (step->kind != STEP_RESIDENT_IN)
        return (struct bounds){TRUTH_NO, TRUTH_YES};
    uint8_t truth = (uint8_t)truth_of(place_is_in(possible.place, step->place));
    return (struct bounds){truth, truth};
}

static struct bounds bounds_of_steps(const struct step steps[], size_t step_count,
                                     struct possible possible, const struct bounds groups[])
{
    struct bounds stack[STEP_DEPTH_MAX];
    size_t depth = 0;
    for (const struct step *step = steps; step < steps + step_count; step++) {
        if (step->kind == STEP_NOT) {
            assert(depth >= 1);
            struct bounds of = stack[depth - 1];
            stack[depth - 1] =
                (struct bounds){(uint8_t)(TRUTH_YES - of.most), (uint8_t)(TRUTH_YES - of.least)};
        } else if (step->kind == STEP_AND || step->kind == STEP_OR) {
            assert(depth >= 2);
            struct bounds left = stack[depth - 2], right = stack[depth - 1];
            depth--;
            stack[depth - 1] = step->kind == STEP_AND
                                   ? (struct bounds){least_of(left.least, right.least),
                                                     least_of(left.most, right.most)}
                                   : (struct bounds){most_of(left.least, right.least),
                                                     most_of(left.most, right.most)};
        } else {
            assert(depth < STEP_DEPTH_MAX);
            stack[depth++] = bounds_of_operand(step, possible, groups);
        }
    }
    assert(depth == 1);
    return stack[0];
}

size_t judge_possible_groups(uint16_t out[], const struct rules *rules, uint32_t place,
                             uint64_t kinds)
{
    struct possible possible = {place, kinds};
    struct bounds bounds[GROUP_COUNT_MAX];
    size_t count = 0;
    for (uint16_t i = 0; i < rules->group_count; i++) {
        const struct group_rule *group = &rules->groups[i];
        bounds[i] = (struct bounds){TRUTH_NO, TRUTH_NO};
        if (group->known_days != 0)
            bounds[i].most = bounds[group->known_of].most;
        else if (group->step_count > 0)
            bounds[i] = bounds_of_steps(&rules->steps[group->first_step], group->step_count,
                                        possible, bounds);
        if (group->from_day != 0 || group->until_day != DAY_NEVER || group->known_days != 0)
            bounds[i].least = TRUTH_NO; /* on other days */
        if (bounds[i].most != TRUTH_NO)
            out[count++] = i;
    }
    return count;
}

uint64_t judge_possible_kinds(const struct judge *judge)
{
    uint64_t kinds = judge->missing_kinds;
    assert(judge->vocabulary->kind_count <= KIND_COUNT_MAX);
    for (uint16_t i = 0; i < judge->vocabulary->kind_count; i++)
        kinds |= (uint64_t)(judge->current[i] != 0) << i;
    return kinds;
}
