/* The reference's own view of a person: what is true of one on a day. */
#include "tests/reference.h"

#include <stdlib.h>

/* ---- who ---- */

/* A birthday that the year does not have is 1 March: the first date that is not before it. */
static bool has_reached_age(int32_t birth_day, uint32_t years, uint32_t day)
{
    struct civil birth = civil_of_day(birth_day);
    struct civil today = civil_of_day((int32_t)day);
    int32_t birthday_year = birth.year + (int32_t)years;
    if (today.year != birthday_year)
        return today.year > birthday_year;
    return compare_month_days(today.month, today.day, birth.month, birth.day) >= 0;
}

static bool is_target(const struct extension_target targets[], uint8_t target_count,
                      const struct status_fact *fact)
{
    for (uint8_t i = 0; i < target_count; i++) {
        if (targets[i].status_kind == fact->kind &&
            (targets[i].subtype == SUBTYPE_ANY || targets[i].subtype == fact->subtype))
            return true;
    }
    return false;
}

uint32_t extended_end(const struct rules *rules, const struct status_fact *fact)
{
    uint32_t end = fact->until_day;
    for (uint32_t i = 0; i < rules->extension_count && fact->until_day != DAY_NEVER; i++) {
        const struct extension *extension = &rules->extensions[i];
        uint32_t last_day = fact->until_day - 1;
        if (last_day >= extension->ended_from && last_day < extension->ended_until &&
            is_target(extension->targets, extension->target_count, fact) &&
            !is_target(extension->exceptions, extension->exception_count, fact) &&
            extension->until_day > end)
            end = extension->until_day;
    }
    return end;
}

static bool is_current(const struct rules *rules, const struct status_fact *fact, uint32_t day)
{
    return day >= fact->from_day && day < extended_end(rules, fact);
}

static bool is_not_delivered(const struct status_kind *kind, uint32_t place)
{
    bool is_missing = kind->is_missing;
    for (uint16_t i = 0; i < kind->missing_count; i++)
        is_missing = is_missing || is_in_place(place, kind->missing[i]);
    return is_missing;
}

static enum truth truth_of_status(const struct reference *reference,
                                  const struct raw_person *person, const struct step *step,
                                  uint32_t day)
{
    for (size_t i = 0; i < person->status_count; i++) {
        const struct status_fact *fact = &person->statuses[i];
        uint32_t end = extended_end(reference->rules, fact);
        if (fact->kind == step->status_kind &&
            (step->subtype == SUBTYPE_ANY || step->subtype == fact->subtype) &&
            day >= fact->from_day && day < end && fact->from_day >= step->begun_from &&
            fact->from_day < step->begun_until && end >= step->ending_from &&
            (end < step->ending_until || step->ending_until == DAY_NEVER))
            return TRUTH_YES;
    }
    const struct status_kind *kind = &reference->vocabulary->kinds[step->status_kind];
    return is_not_delivered(kind, person->place) ? TRUTH_UNKNOWN : TRUTH_NO;
}

static enum truth truth_of_school(const struct reference *reference,
                                  const struct raw_person *person, const struct step *step,
                                  uint32_t day)
{
    const struct vocabulary *vocabulary = reference->vocabulary;
    for (size_t i = 0; i < person->status_count; i++) {
        const struct status_fact *fact = &person->statuses[i];
        if (vocabulary->kinds[fact->kind].has_school && is_in_place(fact->school, step->place) &&
            is_current(reference->rules, fact, day))
            return TRUTH_YES;
    }
    for (uint16_t i = 0; i < vocabulary->kind_count; i++) {
        if (vocabulary->kinds[i].has_school &&
            is_not_delivered(&vocabulary->kinds[i], person->place))
            return TRUTH_UNKNOWN;
    }
    return TRUTH_NO;
}

static enum truth both(enum truth a, enum truth b)
{
    if (a == TRUTH_NO || b == TRUTH_NO)
        return TRUTH_NO;
    return a == TRUTH_YES && b == TRUTH_YES ? TRUTH_YES : TRUTH_UNKNOWN;
}

static enum truth opposite(enum truth truth)
{
    if (truth == TRUTH_UNKNOWN)
        return TRUTH_UNKNOWN;
    return truth == TRUTH_YES ? TRUTH_NO : TRUTH_YES;
}

static enum truth yes_if(bool is_true)
{
    return is_true ? TRUTH_YES : TRUTH_NO;
}

/* The truth of what ends before `*end`, which moves in front of it: an operator's right side stands
 * directly before it, the left side before that. */
static enum truth truth_of_steps(const struct reference *reference, const struct raw_person *person,
                                 uint32_t *end, uint32_t day)
{
    const struct step *step = &reference->rules->steps[--*end];
    enum truth left, right;
    switch (step->kind) {
    case STEP_NOT:
        return opposite(truth_of_steps(reference, person, end, day));
    case STEP_AND:
        right = truth_of_steps(reference, person, end, day);
        left = truth_of_steps(reference, person, end, day);
        return both(left, right);
    case STEP_OR:
        right = truth_of_steps(reference, person, end, day);
        left = truth_of_steps(reference, person, end, day);
        return opposite(both(opposite(left), opposite(right)));
    case STEP_STATUS:
        return truth_of_status(reference, person, step, day);
    case STEP_SCHOOL_IN:
        return truth_of_school(reference, person, step, day);
    case STEP_RESIDENT_IN:
        return yes_if(is_in_place(person->place, step->place));
    case STEP_AGE_AT_LEAST:
        return yes_if(has_reached_age(person->birth_day, step->years, day));
    case STEP_GROUP:
        return reference_truth(reference, person, step->group, day);
    }
    abort(); /* a step that the parser does not know */
}

enum truth reference_truth(const struct reference *reference, const struct raw_person *person,
                           uint16_t group, uint32_t day)
{
    const struct group_rule *rule = &reference->rules->groups[group];
    if (person->is_nobody || (int64_t)day < person->birth_day || day >= person->death_day)
        return TRUTH_NO;
    if (day < rule->from_day || day >= rule->until_day || rule->step_count == 0)
        return TRUTH_NO;
    uint32_t end = (uint32_t)rule->first_step + rule->step_count;
    return truth_of_steps(reference, person, &end, day);
}

static bool was_known(const struct raw_person *person, uint16_t group, uint32_t day)
{
    for (size_t i = 0; i < person->known_count; i++) {
        if (person->known[i].group == group && day < person->known[i].until_day)
            return true;
    }
    return false;
}

enum truth truth_of_membership(const struct reference *reference, const struct raw_person *person,
                               const struct rule_clause *clause, uint32_t day)
{
    const struct rule_version *version = &reference->rules->versions[clause->version];
    if (clause->group == GROUP_EVERYBODY)
        return TRUTH_YES;
    enum truth truth = reference_truth(reference, person, clause->group, day);
    if (truth == TRUTH_UNKNOWN && version->unknown == UNKNOWN_LAST_KNOWN &&
        was_known(person, clause->group, day))
        return TRUTH_YES;
    return truth;
}

enum truth truth_for_clause(const struct reference *reference, const struct raw_person *person,
                            const struct rule_clause *clause, uint32_t day)
{
    enum truth truth = truth_of_membership(reference, person, clause, day);
    const struct rule_version *version = &reference->rules->versions[clause->version];
    return truth == TRUTH_UNKNOWN && version->unknown == UNKNOWN_ALLOW ? TRUTH_YES : truth;
}
