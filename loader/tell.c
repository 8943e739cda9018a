#include "loader/judge.h"

#include "protocol/calendar.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Groups that speak of groups that speak of groups: deeper ones are named with their truth alone.
 */
#define TELL_DEPTH_MAX 64
#define SENTENCE_SIZE  256
#define CONDITION_SIZE 176

struct teller {
    struct judge judge;
    uint8_t truths[GROUP_COUNT_MAX];
    bool is_told[GROUP_COUNT_MAX];
    void (*say)(void *context, uint32_t depth, const char *sentence);
    void *context;
};

static void tell_steps(struct teller *teller, uint32_t depth, const struct step steps[],
                       size_t count);

static void PRINTF_LIKE(3, 4)
    tell(const struct teller *teller, uint32_t depth, const char *format, ...)
{
    char sentence[SENTENCE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    teller->say(teller->context, depth, sentence);
}

static const char *day_text(char text[static DAY_TEXT_SIZE], uint32_t day)
{
    if (day >= CALENDAR_DAY_END)
        return "never";
    day_to_text(text, (int32_t)day);
    return text;
}

/* "from 2019-03-01, open end" or "from 2019-03-01 until 2026-01-01" */
#define SPAN_TEXT_SIZE 48
static const char *span_text(char text[static SPAN_TEXT_SIZE], uint32_t from_day,
                             uint32_t until_day)
{
    char from[DAY_TEXT_SIZE], until[DAY_TEXT_SIZE];
    if (until_day >= CALENDAR_DAY_END)
        snprintf(text, SPAN_TEXT_SIZE, "from %s, open end", day_text(from, from_day));
    else
        snprintf(text, SPAN_TEXT_SIZE, "from %s until %s", day_text(from, from_day),
                 day_text(until, until_day));
    return text;
}

static void tell_unknown(const struct teller *teller, uint32_t depth, const char *condition,
                         const struct status_kind *kind)
{
    if (kind->is_missing)
        tell(teller, depth, "%s: unknown, %s was not delivered", condition, kind->name);
    else
        tell(teller, depth, "%s: unknown, %s was not delivered for the place of residence",
             condition, kind->name);
}

/* What of a person's facts matters to one condition about status. */
struct facts_found {
    const struct status_fact *current; /* that holds longest, of those that hold */
    const struct status_fact *past;    /* that ended last */
    const struct status_fact *next;    /* that begins first */
    const struct status_fact *unfit;   /* that holds, but is not of the days asked for */
};

static uint32_t until_day(const struct judge *judge, const struct status_fact *fact)
{
    return fact_until_day(judge->rules, fact);
}

/* Which of the found a fact would be; NULL: none, it was too long ago and does not fit. */
static const struct status_fact **place_for(struct facts_found *found, const struct judge *judge,
                                            const struct step *step, const struct status_fact *fact)
{
    bool is_current = fact_is_current(judge->rules, fact, judge->day);
    if (!fact_fits(judge->rules, fact, step))
        return is_current ? &found->unfit : NULL;
    if (is_current)
        return &found->current;
    return fact->from_day > judge->day ? &found->next : &found->past;
}

static struct facts_found find_facts(const struct judge *judge, const struct step *step)
{
    struct facts_found found = {NULL, NULL, NULL, NULL};
    const struct person *person = judge->person;
    assert(person->statuses != NULL || person->status_count == 0);
    for (size_t i = 0; i < person->status_count; i++) {
        const struct status_fact *fact = &person->statuses[i];
        if (!fact_is_of_kind(fact, step->status_kind, step->subtype))
            continue;
        const struct status_fact **best = place_for(&found, judge, step, fact);
        if (best == NULL)
            continue;
        bool is_better = *best == NULL ||
                         (best == &found.next ? fact->from_day < (*best)->from_day
                                              : until_day(judge, fact) > until_day(judge, *best));
        if (is_better)
            *best = fact;
    }
    return found;
}

/* "from ... until ..." of a fact, and which extension made it so long. */
#define FACT_TEXT_SIZE (SPAN_TEXT_SIZE + DAY_TEXT_SIZE + NAME_SIZE + 32)
static const char *fact_text(char text[static FACT_TEXT_SIZE], const struct judge *judge,
                             const struct status_fact *fact)
{
    char day[DAY_TEXT_SIZE];
    const struct extension *extension = fact_extension(judge->rules, fact);
    span_text(text, fact->from_day, until_day(judge, fact));
    size_t size = strlen(text);
    if (extension != NULL)
        snprintf(text + size, FACT_TEXT_SIZE - size, " (extended by %s, else until %s)",
                 extension->name, day_text(day, fact->until_day));
    return text;
}

static void tell_no_status(const struct teller *teller, uint32_t depth, const char *condition,
                           struct facts_found found)
{
    char text[FACT_TEXT_SIZE], past[DAY_TEXT_SIZE], next[DAY_TEXT_SIZE];
    if (found.past != NULL)
        day_text(past, until_day(&teller->judge, found.past));
    if (found.next != NULL)
        day_text(next, found.next->from_day);
    if (found.unfit != NULL)
        tell(teller, depth, "%s: no, holds, but %s", condition,
             fact_text(text, &teller->judge, found.unfit));
    else if (found.past != NULL && found.next != NULL)
        tell(teller, depth, "%s: no, ended on %s, begins again on %s", condition, past, next);
    else if (found.past != NULL)
        tell(teller, depth, "%s: no, ended on %s", condition, past);
    else if (found.next != NULL)
        tell(teller, depth, "%s: no, begins on %s", condition, next);
    else
        tell(teller, depth, "%s: no, nothing of the kind was delivered", condition);
}

/* " begun before 2020-06-01", or nothing when no day is asked about. */
static void append_days(char condition[static CONDITION_SIZE], const char *word, uint32_t from_day,
                        uint32_t until_day)
{
    char from[DAY_TEXT_SIZE], until[DAY_TEXT_SIZE];
    size_t size = strlen(condition);
    if (from_day == 0 && until_day == DAY_NEVER)
        return;
    snprintf(condition + size, CONDITION_SIZE - size, " %s%s%s%s%s", word,
             from_day != 0 ? " from " : "", from_day != 0 ? day_text(from, from_day) : "",
             until_day != DAY_NEVER ? " before " : "",
             until_day != DAY_NEVER ? day_text(until, until_day) : "");
}

static void tell_status(const struct teller *teller, uint32_t depth, const struct step *step,
                        enum truth truth)
{
    const struct status_kind *kind = &teller->judge.vocabulary->kinds[step->status_kind];
    bool is_any = step->subtype == SUBTYPE_ANY;
    char condition[CONDITION_SIZE];
    snprintf(condition, sizeof(condition), "%s %s%s%s", kind->is_list ? "list" : "status",
             kind->name, is_any ? "" : ".", is_any ? "" : kind->subtypes[step->subtype]);
    append_days(condition, "begun", step->begun_from, step->begun_until);
    append_days(condition, "ending", step->ending_from, step->ending_until);

    struct facts_found found = find_facts(&teller->judge, step);
    assert(truth != TRUTH_YES || found.current != NULL); /* a fact said yes */
    char text[FACT_TEXT_SIZE];
    if (truth == TRUTH_YES)
        tell(teller, depth, "%s: yes, %s", condition,
             fact_text(text, &teller->judge, found.current));
    else if (truth == TRUTH_UNKNOWN)
        tell_unknown(teller, depth, condition, kind);
    else
        tell_no_status(teller, depth, condition, found);
}

/* The first fact that tells of a school in the place; there is one when the truth is yes. */
static const struct status_fact *school_fact(const struct judge *judge, struct place_prefix place)
{
    for (size_t i = 0; i < judge->person->status_count; i++) {
        if (fact_has_school_in(judge, &judge->person->statuses[i], place))
            return &judge->person->statuses[i];
    }
    abort(); /* judge_school found one */
}

/* The first kind with schools that was not delivered; there is one when the truth is unknown. */
static const struct status_kind *missing_school_kind(const struct judge *judge)
{
    for (uint16_t i = 0; i < judge->vocabulary->kind_count; i++) {
        const struct status_kind *kind = &judge->vocabulary->kinds[i];
        if (kind->has_school && judge->missing_kinds >> i & 1)
            return kind;
    }
    abort(); /* judge_begin found one */
}

static void tell_school(const struct teller *teller, uint32_t depth, struct place_prefix place,
                        enum truth truth)
{
    char condition[CONDITION_SIZE], text[FACT_TEXT_SIZE];
    snprintf(condition, sizeof(condition), "school_in %0*u", place.digit_count, place.value);
    if (truth == TRUTH_YES) {
        const struct status_fact *fact = school_fact(&teller->judge, place);
        tell(teller, depth, "%s: yes, %s %s", condition,
             teller->judge.vocabulary->kinds[fact->kind].name,
             fact_text(text, &teller->judge, fact));
    } else if (truth == TRUTH_UNKNOWN) {
        tell_unknown(teller, depth, condition, missing_school_kind(&teller->judge));
    } else {
        tell(teller, depth, "%s: no, no school there", condition);
    }
}

static void tell_residence(const struct teller *teller, uint32_t depth, struct place_prefix place,
                           enum truth truth)
{
    const char *why = "the declared address is there";
    if (truth == TRUTH_NO)
        why = teller->judge.person->place == 0 ? "no address is declared"
                                               : "the declared address is elsewhere";
    tell(teller, depth, "resident_in %0*u: %s, %s", place.digit_count, place.value,
         truth_text(truth), why);
}

/* `sign` is ">=", or "<" for its negation. */
static void tell_age(const struct teller *teller, uint32_t depth, const char *sign, uint32_t years,
                     enum truth truth)
{
    char text[DAY_TEXT_SIZE];
    day_to_text(text, day_of_age(teller->judge.person->birth_day, years));
    tell(teller, depth, "age %s %u: %s, %u reached on %s", sign, years, truth_text(truth), years,
         text);
}

static void tell_group(struct teller *teller, uint32_t depth, uint16_t number);

/* A group that falls back on what an earlier snapshot knew. */
static void tell_known(struct teller *teller, uint32_t depth, uint16_t number)
{
    const struct group_rule *group = &teller->judge.rules->groups[number];
    const char *truth = truth_text(teller->truths[number]);
    char text[DAY_TEXT_SIZE];
    if (teller->truths[group->known_of] != TRUTH_UNKNOWN)
        tell(teller, depth, "group %s: %s", group->name, truth);
    else if (judge_is_last_known(&teller->judge, number))
        tell(teller, depth, "group %s: %s, last known so, which holds until %s", group->name, truth,
             day_text(text, teller->judge.prior->until_days[number]));
    else
        tell(teller, depth, "group %s: %s, and it was not surely yes in the last %u days",
             group->name, truth, group->known_days);
    tell_group(teller, depth + 1, group->known_of);
}

static void tell_group(struct teller *teller, uint32_t depth, uint16_t number)
{
    const struct group_rule *group = &teller->judge.rules->groups[number];
    const char *truth = truth_text(teller->truths[number]);
    char span[SPAN_TEXT_SIZE];
    if (number == GROUP_TEST) {
        tell(teller, depth, "group %s: no, it is reserved for test identities", group->name);
        return;
    }
    if (teller->is_told[number] || depth > TELL_DEPTH_MAX) {
        tell(teller, depth, "group %s: %s%s", group->name, truth,
             teller->is_told[number] ? ", as told above" : "");
        return;
    }
    teller->is_told[number] = true;
    if (group->known_days != 0) {
        tell_known(teller, depth, number);
        return;
    }
    if (teller->judge.day < group->from_day || teller->judge.day >= group->until_day) {
        tell(teller, depth, "group %s: no, it is in force %s", group->name,
             span_text(span, group->from_day, group->until_day));
        return;
    }
    tell(teller, depth, "group %s: %s", group->name, truth);
    tell_steps(teller, depth + 1, &teller->judge.rules->steps[group->first_step],
               group->step_count);
}

/* How many steps the operand has that ends where the run ends. */
static size_t operand_size(const struct step steps[], size_t count)
{
    size_t wanted = 1, size = 0;
    while (wanted > 0) {
        assert(size < count);
        enum step_kind kind = steps[count - ++size].kind;
        if (kind == STEP_AND || kind == STEP_OR)
            wanted++;
        else if (kind != STEP_NOT)
            wanted--;
    }
    return size;
}

/* The operands of `a and b and c`, which stand as `(a and b) and c`, beside each other. */
static void tell_operands(struct teller *teller, uint32_t depth, const struct step steps[],
                          size_t count)
{
    enum step_kind kind = steps[count - 1].kind;
    size_t right_size = operand_size(steps, count - 1);
    size_t left_size = count - 1 - right_size;
    if (steps[left_size - 1].kind == kind)
        tell_operands(teller, depth, steps, left_size);
    else
        tell_steps(teller, depth, steps, left_size);
    tell_steps(teller, depth, steps + left_size, right_size);
}

static void tell_not(struct teller *teller, uint32_t depth, const struct step steps[], size_t count,
                     enum truth truth)
{
    const struct step *operand = &steps[count - 2];
    if (operand->kind == STEP_AGE_AT_LEAST) {
        tell_age(teller, depth, "<", operand->years, truth);
        return;
    }
    tell(teller, depth, "not: %s", truth_text(truth));
    tell_steps(teller, depth + 1, steps, count - 1);
}

static void tell_steps(struct teller *teller, uint32_t depth, const struct step steps[],
                       size_t count)
{
    const struct step *last = &steps[count - 1];
    enum truth truth = judge_steps(&teller->judge, steps, count, teller->truths);
    switch (last->kind) {
    case STEP_STATUS:
        tell_status(teller, depth, last, truth);
        return;
    case STEP_SCHOOL_IN:
        tell_school(teller, depth, last->place, truth);
        return;
    case STEP_RESIDENT_IN:
        tell_residence(teller, depth, last->place, truth);
        return;
    case STEP_AGE_AT_LEAST:
        tell_age(teller, depth, ">=", last->years, truth);
        return;
    case STEP_GROUP:
        tell_group(teller, depth, last->group);
        return;
    case STEP_NOT:
        tell_not(teller, depth, steps, count, truth);
        return;
    case STEP_AND:
    case STEP_OR:
        tell(teller, depth, "%s of these: %s", last->kind == STEP_AND ? "all" : "any",
             truth_text(truth));
        tell_operands(teller, depth + 1, steps, count);
        return;
    }
}

enum truth groups_explain(const struct rules *rules, const struct vocabulary *vocabulary,
                          const struct person *person, const struct prior *prior, uint32_t day,
                          uint16_t group,
                          void (*say)(void *context, uint32_t depth, const char *sentence),
                          void *context)
{
    assert(group < rules->group_count && day < CALENDAR_DAY_END);
    struct teller teller = {.say = say, .context = context};
    char text[DAY_TEXT_SIZE];
    if ((int64_t)day < person->birth_day) {
        day_to_text(text, person->birth_day);
        tell(&teller, 0, "group %s: no, born on %s", rules->groups[group].name, text);
        return TRUTH_NO;
    }
    if (day >= person->death_day) {
        tell(&teller, 0, "group %s: no, died on %s", rules->groups[group].name,
             day_text(text, person->death_day));
        return TRUTH_NO;
    }
    judge_begin(&teller.judge, rules, vocabulary, person, prior, (struct window){day, day + 1});
    judge_day(&teller.judge, day);
    judge_groups(&teller.judge, teller.truths, (uint32_t)group + 1);
    tell_group(&teller, 0, group);
    return teller.truths[group];
}
