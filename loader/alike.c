#include "loader/alike.h"

#include "loader/change_days.h"
#include "loader/judge.h"
#include "loader/memory.h"
#include "loader/places.h"

#include <stdlib.h>
#include <string.h>

#define FACT_COUNT_MAX   64 /* of one person; whoever has more is evaluated alone */
#define KNOWN_WORD_COUNT (GROUP_COUNT_MAX / 64)
#define SPAN_COUNT_MAX   (BREAKPOINT_COUNT_MAX + 1)
#define TRUTH_BITS       2

/* ---- what the rules ask ---- */

struct alike {
    const struct rules *rules;
    const struct vocabulary *vocabulary;
    struct window window;
    struct places homes, schools;
    uint64_t asked_subtypes[KIND_COUNT_MAX]; /* by kind: subtypes whose being there matters */
    struct interner
        span_steps; /* numbers of steps about begun and ending, each kind of them once */
    struct interner span_classes; /* which of those a fact fits, as bits */
    uint64_t span_kinds;          /* kinds that those are about */
    uint32_t span_first[KIND_COUNT_MAX], span_end[KIND_COUNT_MAX]; /* those of a kind */
    int32_t born_by[2][AGE_THRESHOLD_MAX]; /* who is so old on the first day, on the last */
    uint32_t *rule_days;                   /* on which groups begin and end, rising */
    uint32_t rule_day_count;
    uint16_t *known_groups; /* with known_days */
    uint32_t known_count;

    struct interner sorts; /* struct sort_of */
    struct candidates {
        uint16_t *groups;
        size_t count;
    } * candidates; /* by number of a sort: the groups that may be other than no for it */
    size_t candidates_room;

    struct interner days;  /* signatures on one day; the next is theirs */
    uint32_t *day_lists;   /* number in `lists` */
    struct interner lists; /* group and truth of all groups that are not no */
    struct interner
        steadies; /* signatures of those for whom no day of the window changes a thing */
    uint32_t *steady_sets;
    struct interner courses; /* lists from day to day */
    uint32_t *course_sets;
    struct interner sets; /* memberships */
    bool *set_asks_prior;
    size_t day_room, steady_room, course_room, set_room;
    uint8_t truths[GROUP_COUNT_MAX]; /* all no, but while somebody is judged */
    struct membership memberships[SET_SIZE_MAX];
};

/* The same question about spans is one, wherever it stands. */
static void ask_spans(struct alike *alike, struct interner *once, uint16_t kind)
{
    alike->span_first[kind] = alike->span_steps.count;
    for (uint32_t i = 0; i < alike->rules->step_count; i++) {
        const struct step *step = &alike->rules->steps[i];
        if (step->kind != STEP_STATUS || step->status_kind != kind || !step_has_spans(step))
            continue;
        uint32_t words[] = {kind,
                            step->subtype,
                            step->begun_from,
                            step->begun_until,
                            step->ending_from,
                            step->ending_until};
        uint32_t before = once->count;
        if (interner_number(once, words, sizeof(words)) == before)
            interner_number(&alike->span_steps, &i, sizeof(i));
    }
    alike->span_end[kind] = alike->span_steps.count;
}

static void ask_steps(struct alike *alike)
{
    struct interner once = {0};
    for (uint32_t i = 0; i < alike->rules->step_count; i++) {
        const struct step *step = &alike->rules->steps[i];
        if (step->kind == STEP_SCHOOL_IN)
            places_ask(&alike->schools, step->place);
        else if (step->kind == STEP_RESIDENT_IN)
            places_ask(&alike->homes, step->place);
        else if (step->kind == STEP_STATUS && step_has_spans(step))
            alike->span_kinds |= UINT64_C(1) << step->status_kind;
        else if (step->kind == STEP_STATUS)
            alike->asked_subtypes[step->status_kind] |=
                step->subtype == SUBTYPE_ANY ? UINT64_MAX : UINT64_C(1) << step->subtype;
    }
    for (uint16_t kind = 0; kind < KIND_COUNT_MAX; kind++)
        if (alike->span_kinds >> kind & 1)
            ask_spans(alike, &once, kind);
    interner_free(&once);
}

/* The last day of birth on which somebody has completed the years on `day`. */
static int32_t born_by(uint32_t day, uint32_t years)
{
    struct date date = date_of_day((int32_t)day);
    date.year -= (int32_t)years;
    date.day = date.day < 28 ? date.day : 28;
    int32_t birth_day = day_of_date(date) + 4; /* beyond the end of February, and of any month */
    while (day_of_age(birth_day, years) > (int64_t)day)
        birth_day--;
    return birth_day;
}

static void ask_days(struct alike *alike)
{
    const struct rules *rules = alike->rules;
    struct change_days changes = {.span = alike->window};
    for (uint32_t i = 0; i < rules->group_count; i++) {
        change_days_add(&changes, rules->groups[i].from_day);
        change_days_add(&changes, rules->groups[i].until_day);
        if (rules->groups[i].known_days != 0)
            alike->known_groups[alike->known_count++] = (uint16_t)i;
    }
    alike->rule_days = memory_take(changes.count, sizeof(alike->rule_days[0]));
    for (uint32_t day = alike->window.from_day;
         changes.count > 0 && (day = change_days_next(&changes, day)) < alike->window.until_day;)
        alike->rule_days[alike->rule_day_count++] = day;
    for (uint32_t i = 0; alike->window.from_day < alike->window.until_day && i < rules->age_count;
         i++) {
        alike->born_by[0][i] = born_by(alike->window.from_day, rules->ages[i]);
        alike->born_by[1][i] = born_by(alike->window.until_day - 1, rules->ages[i]);
    }
}

struct alike *alike_begin(const struct rules *rules, const struct vocabulary *vocabulary,
                          struct window window)
{
    assert(window.from_day <= window.until_day);
    assert(window.until_day - window.from_day <= WINDOW_DAYS_MAX);
    struct alike *alike = memory_take_zeroed(1, sizeof(*alike));
    alike->rules = rules;
    alike->vocabulary = vocabulary;
    alike->window = window;
    alike->homes.vocabulary = vocabulary;
    alike->known_groups = memory_take(rules->group_count, sizeof(alike->known_groups[0]));
    ask_steps(alike);
    ask_days(alike);
    uint32_t empty = alike_add(alike, NULL, 0);
    assert(empty == ALIKE_EMPTY);
    return alike;
}

void alike_end(struct alike *alike)
{
    if (alike == NULL)
        return;
    places_free(&alike->homes);
    places_free(&alike->schools);
    interner_free(&alike->span_steps);
    interner_free(&alike->span_classes);
    for (uint32_t i = 0; i < alike->sorts.count; i++)
        free(alike->candidates[i].groups);
    free(alike->candidates);
    interner_free(&alike->sorts);
    interner_free(&alike->days);
    interner_free(&alike->lists);
    interner_free(&alike->steadies);
    interner_free(&alike->courses);
    interner_free(&alike->sets);
    free(alike->rule_days);
    free(alike->known_groups);
    free(alike->day_lists);
    free(alike->steady_sets);
    free(alike->course_sets);
    free(alike->set_asks_prior);
    free(alike);
}

/* ---- sets ---- */

static bool list_asks_prior(const struct alike *alike, const struct membership list[], size_t count)
{
    for (size_t i = 0; alike->known_count > 0 && i < count; i++)
        if (list[i].truth == TRUTH_UNKNOWN && alike->rules->groups[list[i].group].known_days != 0)
            return true;
    return false;
}

uint32_t alike_add(struct alike *alike, const struct membership list[], size_t count)
{
    static_assert(sizeof(*list) == 12, "memberships are compared and hashed as words");
    uint32_t before = alike->sets.count;
    uint32_t set = interner_number(&alike->sets, list, count * sizeof(list[0]));
    if (set == before) {
        alike->set_asks_prior = memory_room(alike->set_asks_prior, &alike->set_room,
                                            (size_t)set + 1, sizeof(alike->set_asks_prior[0]));
        alike->set_asks_prior[set] = list_asks_prior(alike, list, count);
    }
    return set;
}

uint32_t alike_set_count(const struct alike *alike)
{
    return alike->sets.count;
}

const struct membership *alike_set(const struct alike *alike, uint32_t set, size_t *count)
{
    size_t size;
    const struct membership *list = interner_at(&alike->sets, set, &size);
    *count = size / sizeof(list[0]);
    return list;
}

bool alike_asks_prior(const struct alike *alike, uint32_t set)
{
    return alike->set_asks_prior[set];
}

/* ---- what the rules see of one fact ---- */

/* A fact that matters is a number that is not 0. */
#define WORD_SUBTYPE_SHIFT 6
#define WORD_IS_ASKED      (UINT64_C(1) << 11)
#define WORD_MATTERS       (UINT64_C(1) << 12)
#define WORD_SCHOOL_SHIFT  13
#define WORD_SPAN_SHIFT    37
static_assert(KIND_COUNT_MAX <= 1 << WORD_SUBTYPE_SHIFT, "a kind fits its bits of the word");
static_assert(SUBTYPE_COUNT_MAX <= 32, "a subtype fits its bits of the word");

static uint32_t span_class(struct alike *alike, const struct status_fact *fact)
{
    uint32_t first = alike->span_first[fact->kind], end = alike->span_end[fact->kind];
    size_t word_count = (end - first) / 32 + 1, size;
    uint32_t few[16] = {0};
    uint32_t *bits = word_count <= 16 ? few : memory_take_zeroed(word_count, sizeof(bits[0]));
    bool fits_any = false;
    for (uint32_t i = first; i < end; i++) {
        const uint32_t *number = interner_at(&alike->span_steps, i, &size);
        if (fact_fits(alike->rules, fact, &alike->rules->steps[*number])) {
            bits[(i - first) / 32] |= 1u << (i - first) % 32;
            fits_any = true;
        }
    }
    /* 0 is for whatever fits none; kinds share numbers, a word has the kind beside it */
    uint32_t class =
        fits_any ? 1 + interner_number(&alike->span_classes, bits, word_count * sizeof(bits[0]))
                 : 0;
    if (bits != few)
        free(bits);
    return class;
}

static uint64_t word_of_fact(struct alike *alike, const struct status_fact *fact)
{
    assert(fact->kind < alike->vocabulary->kind_count && fact->subtype < SUBTYPE_COUNT_MAX);
    bool is_asked = alike->asked_subtypes[fact->kind] >> fact->subtype & 1;
    uint64_t school = 0, spans = 0;
    if (alike->schools.prefixes.count > 0 && alike->vocabulary->kinds[fact->kind].has_school)
        school = place_class(&alike->schools, fact->school);
    if (alike->span_kinds >> fact->kind & 1)
        spans = span_class(alike, fact);
    if (!is_asked && school == 0 && spans == 0)
        return 0;
    assert(school < 1u << (WORD_SPAN_SHIFT - WORD_SCHOOL_SHIFT));
    assert(spans < 1u << (64 - WORD_SPAN_SHIFT));
    uint64_t word =
        WORD_MATTERS | fact->kind | school << WORD_SCHOOL_SHIFT | spans << WORD_SPAN_SHIFT;
    return is_asked ? word | WORD_IS_ASKED | (uint64_t)fact->subtype << WORD_SUBTYPE_SHIFT : word;
}

/* ---- one person ---- */

struct subject {
    const struct person *person;
    const struct prior *prior;
    struct window life;
    uint32_t home;                /* class of the declared place */
    uint32_t age_least, age_most; /* thresholds reached on the window's first day, on its last */
    uint32_t fact_count;
    bool is_steady; /* neither birth, death, age nor a status changes anything */
    struct seen_fact {
        uint64_t word;
        uint32_t from_day, until_day;
    } facts[FACT_COUNT_MAX]; /* by word */
};

static uint32_t count_ages(const struct alike *alike, int which, int32_t birth_day)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < alike->rules->age_count; i++)
        count += birth_day <= alike->born_by[which][i];
    return count;
}

static bool is_inside(uint32_t day, struct window life)
{
    return day > life.from_day && day < life.until_day;
}

static void subject_see(struct alike *alike, struct subject *subject)
{
    const struct person *person = subject->person;
    subject->home = place_class(&alike->homes, person->place);
    subject->age_least = count_ages(alike, 0, person->birth_day);
    subject->age_most = count_ages(alike, 1, person->birth_day);
    subject->is_steady = subject->age_least == subject->age_most &&
                         subject->life.from_day == alike->window.from_day &&
                         subject->life.until_day == alike->window.until_day;
    subject->fact_count = (uint32_t)person->status_count;
    for (uint32_t i = 0; i < subject->fact_count; i++) {
        const struct status_fact *fact = &person->statuses[i];
        struct seen_fact seen = {word_of_fact(alike, fact), fact->from_day,
                                 fact_until_day(alike->rules, fact)};
        subject->is_steady = subject->is_steady && !is_inside(seen.from_day, subject->life) &&
                             !is_inside(seen.until_day, subject->life);
        uint32_t at = i;
        for (; at > 0 && subject->facts[at - 1].word > seen.word; at--)
            subject->facts[at] = subject->facts[at - 1];
        subject->facts[at] = seen;
    }
}

/* ---- signatures ---- */

#define HEAD_AGE_SHIFT   24
#define HEAD_EPOCH_SHIFT 32
#define HEAD_PRIOR_SHIFT 63

struct signature {
    size_t count;
    uint64_t words[1 + KNOWN_WORD_COUNT + FACT_COUNT_MAX];
};

static void sign_facts(struct signature *signature, const struct subject *subject, uint32_t day)
{
    uint64_t before = 0;
    for (uint32_t i = 0; i < subject->fact_count; i++) {
        const struct seen_fact *fact = &subject->facts[i];
        if (fact->word == before || day < fact->from_day || day >= fact->until_day)
            continue;
        signature->words[signature->count++] = before = fact->word;
    }
}

static void sign_steady(struct signature *signature, const struct subject *subject)
{
    assert(subject->home < 1u << HEAD_AGE_SHIFT);
    signature->words[0] = subject->home | (uint64_t)subject->age_least << HEAD_AGE_SHIFT;
    signature->count = 1;
    sign_facts(signature, subject, subject->life.from_day);
}

static uint32_t ages_on(const struct alike *alike, const struct subject *subject, uint32_t day)
{
    uint32_t count = subject->age_least;
    while (count < subject->age_most &&
           day_of_age(subject->person->birth_day, alike->rules->ages[count]) <= (int64_t)day)
        count++;
    return count;
}

/* Which of the groups with known_days were last known well enough on the day. */
static void sign_prior(struct signature *signature, const struct alike *alike,
                       const struct prior *prior, uint32_t day)
{
    uint64_t *words = &signature->words[signature->count];
    signature->count += (alike->known_count + 63) / 64;
    memset(words, 0, (alike->known_count + 63) / 64 * sizeof(words[0]));
    for (uint32_t i = 0; i < alike->known_count; i++)
        if (day < prior->until_days[alike->known_groups[i]])
            words[i / 64] |= UINT64_C(1) << i % 64;
}

static void sign_day(struct signature *signature, const struct alike *alike,
                     const struct subject *subject, uint32_t day)
{
    uint32_t epoch = 0;
    while (epoch < alike->rule_day_count && alike->rule_days[epoch] <= day)
        epoch++;
    signature->words[0] = subject->home | (uint64_t)ages_on(alike, subject, day) << HEAD_AGE_SHIFT |
                          (uint64_t)epoch << HEAD_EPOCH_SHIFT |
                          (uint64_t)(subject->prior != NULL) << HEAD_PRIOR_SHIFT;
    signature->count = 1;
    if (subject->prior != NULL)
        sign_prior(signature, alike, subject->prior, day);
    sign_facts(signature, subject, day);
}

/* ---- days -> lists of truths ---- */

/* People who live in places of one class, with statuses of the same kinds. */
struct sort_of {
    uint32_t home, kinds, more_kinds;
};

static const struct candidates *candidates_of(struct alike *alike, const struct subject *subject,
                                              uint64_t kinds)
{
    struct sort_of sort = {subject->home, (uint32_t)kinds, (uint32_t)(kinds >> 32)};
    uint32_t before = alike->sorts.count;
    uint32_t number = interner_number(&alike->sorts, &sort, sizeof(sort));
    alike->candidates = memory_room(alike->candidates, &alike->candidates_room, (size_t)number + 1,
                                    sizeof(alike->candidates[0]));
    struct candidates *candidates = &alike->candidates[number];
    if (number == before) {
        uint16_t groups[GROUP_COUNT_MAX];
        candidates->count =
            judge_possible_groups(groups, alike->rules, subject->person->place, kinds);
        candidates->groups = memory_take(candidates->count, sizeof(groups[0]));
        memcpy(candidates->groups, groups, candidates->count * sizeof(groups[0]));
    }
    return candidates;
}

static uint32_t judge_list(struct alike *alike, const struct subject *subject, uint32_t day)
{
    struct judge judge;
    uint32_t list[GROUP_COUNT_MAX];
    size_t count = 0;
    judge_begin(&judge, alike->rules, alike->vocabulary, subject->person, subject->prior,
                (struct window){day, day + 1});
    judge_day(&judge, day);
    const struct candidates *candidates =
        candidates_of(alike, subject, judge_possible_kinds(&judge));
    judge_some_groups(&judge, alike->truths, candidates->groups, candidates->count);
    for (size_t i = 0; i < candidates->count; i++) {
        uint32_t group = candidates->groups[i];
        if (alike->truths[group] != TRUTH_NO)
            list[count++] = group << TRUTH_BITS | alike->truths[group];
        alike->truths[group] = TRUTH_NO; /* for whoever is judged next */
    }
    return interner_number(&alike->lists, list, count * sizeof(list[0]));
}

static uint32_t list_on(struct alike *alike, const struct subject *subject, uint32_t day)
{
    struct signature signature;
    sign_day(&signature, alike, subject, day);
    uint32_t before = alike->days.count;
    uint32_t number =
        interner_number(&alike->days, signature.words, signature.count * sizeof(uint64_t));
    if (number == before) {
        alike->day_lists = memory_room(alike->day_lists, &alike->day_room, (size_t)number + 1,
                                       sizeof(alike->day_lists[0]));
        alike->day_lists[number] = judge_list(alike, subject, day);
    }
    return alike->day_lists[number];
}

/* ---- lists from day to day -> memberships ---- */

/* Runs of days with the same list; they stand one behind the other. */
struct course {
    uint32_t from_day, count;
    struct run {
        uint32_t list, until_day;
    } runs[SPAN_COUNT_MAX];
};

struct part { /* what is left of a run's list */
    const uint32_t *at, *end;
};

/* All that the runs say of one group, appended; false when the set is full. */
static bool merge_group(struct alike *alike, const struct course *course, struct part parts[],
                        uint32_t group, size_t *count)
{
    struct membership *last = NULL; /* goes on until the run before */
    uint32_t from_day = course->from_day;
    for (uint32_t i = 0; i < course->count; from_day = course->runs[i++].until_day) {
        if (parts[i].at == parts[i].end || *parts[i].at >> TRUTH_BITS != group) {
            last = NULL;
            continue;
        }
        uint16_t truth = (uint16_t)(*parts[i].at++ & ((1u << TRUTH_BITS) - 1));
        if (last == NULL || last->truth != truth) {
            if (*count == SET_SIZE_MAX)
                return false;
            last = &alike->memberships[(*count)++];
            *last =
                (struct membership){.group = (uint16_t)group, .truth = truth, .from_day = from_day};
        }
        last->until_day = course->runs[i].until_day;
    }
    return true;
}

/* In order of group, since lists are. */
static uint32_t merge_course(struct alike *alike, const struct course *course)
{
    struct part parts[SPAN_COUNT_MAX];
    size_t count = 0, size;
    for (uint32_t i = 0; i < course->count; i++) {
        parts[i].at = interner_at(&alike->lists, course->runs[i].list, &size);
        parts[i].end = size > 0 ? parts[i].at + size / sizeof(uint32_t) : parts[i].at;
    }
    for (;;) {
        uint32_t group = UINT32_MAX;
        for (uint32_t i = 0; i < course->count; i++)
            if (parts[i].at != parts[i].end && *parts[i].at >> TRUTH_BITS < group)
                group = *parts[i].at >> TRUTH_BITS;
        if (group == UINT32_MAX)
            return alike_add(alike, alike->memberships, count);
        if (!merge_group(alike, course, parts, group, &count))
            return ALIKE_TOO_MANY;
    }
}

static uint32_t set_of_course(struct alike *alike, const struct course *course)
{
    uint32_t before = alike->courses.count;
    size_t size = offsetof(struct course, runs) + course->count * sizeof(course->runs[0]);
    uint32_t number = interner_number(&alike->courses, course, size);
    if (number == before) {
        alike->course_sets = memory_room(alike->course_sets, &alike->course_room,
                                         (size_t)number + 1, sizeof(alike->course_sets[0]));
        alike->course_sets[number] = merge_course(alike, course);
    }
    return alike->course_sets[number];
}

static void collect_changes(struct change_days *changes, const struct alike *alike,
                            const struct subject *subject)
{
    for (uint32_t i = 0; i < alike->rule_day_count; i++)
        change_days_add(changes, alike->rule_days[i]);
    for (uint32_t i = 0; i < subject->fact_count; i++) {
        change_days_add(changes, subject->facts[i].from_day);
        change_days_add(changes, subject->facts[i].until_day);
    }
    for (uint32_t i = subject->age_least; i < subject->age_most; i++)
        change_days_add(changes, day_of_age(subject->person->birth_day, alike->rules->ages[i]));
    for (uint32_t i = 0; subject->prior != NULL && i < alike->known_count; i++)
        change_days_add(changes, subject->prior->until_days[alike->known_groups[i]]);
}

static uint32_t walk_days(struct alike *alike, const struct subject *subject)
{
    struct change_days changes = {.span = subject->life};
    collect_changes(&changes, alike, subject);
    if (changes.count > BREAKPOINT_COUNT_MAX)
        return ALIKE_TOO_MANY;
    struct course course;
    course.from_day = subject->life.from_day;
    course.count = 0;
    for (uint32_t day = subject->life.from_day, next; day < subject->life.until_day; day = next) {
        next = change_days_next(&changes, day);
        uint32_t list = list_on(alike, subject, day);
        if (course.count == 0 || course.runs[course.count - 1].list != list)
            course.runs[course.count++].list = list;
        course.runs[course.count - 1].until_day = next;
    }
    return set_of_course(alike, &course);
}

/* ---- the whole ---- */

static uint32_t evaluate_alone(struct alike *alike, const struct person *person,
                               const struct prior *prior)
{
    size_t count = groups_evaluate(alike->memberships, SET_SIZE_MAX, alike->rules,
                                   alike->vocabulary, person, prior, alike->window);
    return count == GROUPS_TOO_MANY ? ALIKE_TOO_MANY : alike_add(alike, alike->memberships, count);
}

uint32_t alike_evaluate(struct alike *alike, const struct person *person, const struct prior *prior)
{
    struct subject subject;
    subject.person = person;
    subject.prior = prior;
    subject.life = person_life(person, alike->window);
    if (subject.life.from_day >= subject.life.until_day)
        return ALIKE_EMPTY;
    if (person->status_count > FACT_COUNT_MAX)
        return evaluate_alone(alike, person, prior);
    subject_see(alike, &subject);
    if (!subject.is_steady || prior != NULL)
        return walk_days(alike, &subject);

    struct signature signature;
    sign_steady(&signature, &subject);
    uint32_t before = alike->steadies.count;
    uint32_t number =
        interner_number(&alike->steadies, signature.words, signature.count * sizeof(uint64_t));
    if (number == before) {
        alike->steady_sets = memory_room(alike->steady_sets, &alike->steady_room,
                                         (size_t)number + 1, sizeof(alike->steady_sets[0]));
        alike->steady_sets[number] = walk_days(alike, &subject);
    }
    return alike->steady_sets[number];
}
