#include "tests/agreement.h"

#include "loader/alike.h"
#include "loader/memory.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#define VALID_UNTIL_EVERY 16 /* asking day by day takes long */

/* What an engine would answer from. Set and view 0 are nobody's; the n-th person has view n + 1. */
struct real_way {
    struct compiled compiled;
    struct tables tables;
    struct manifest manifest;
    struct edition *edition;
    struct alike *alike;
    struct membership *memberships;
    uint32_t *set_first;
    struct view *views;
    uint32_t *prior_days; /* by group */
};

static void fill_prior(struct real_way *real, const struct rules *rules,
                       const struct raw_person *raw)
{
    memset(real->prior_days, 0, rules->group_count * sizeof(real->prior_days[0]));
    for (size_t i = 0; i < raw->known_count; i++) {
        for (uint32_t group = 0; group < rules->group_count; group++) {
            if (rules->groups[group].known_days != 0 &&
                rules->groups[group].known_of == raw->known[i].group)
                real->prior_days[group] = raw->known[i].until_day;
        }
    }
}

/* As a build does it: what was known before is asked only where it could make a difference. */
static uint32_t set_as_built(struct real_way *real, const struct person *person)
{
    struct prior prior = {real->prior_days, NULL};
    uint32_t set = alike_evaluate(real->alike, person, NULL);
    return alike_asks_prior(real->alike, set) ? alike_evaluate(real->alike, person, &prior) : set;
}

/* As cases and explanations do it: this person alone. */
static uint32_t set_of_one(struct real_way *real, const struct random_catalogue *random,
                           const struct person *person)
{
    static struct membership list[SET_SIZE_MAX];
    struct prior prior = {real->prior_days, NULL};
    size_t count =
        groups_evaluate(list, SET_SIZE_MAX, random->catalogue.rules, &random->vocabulary, person,
                        &prior, (struct window){random->from_day, random->until_day});
    if (count == GROUPS_TOO_MANY)
        errx(1, "a person by chance has too many changes");
    return alike_add(real->alike, list, count);
}

static void add_person(struct real_way *real, uint32_t index, const struct random_catalogue *random,
                       const struct raw_person *raw)
{
    struct person person = {.birth_day = raw->birth_day,
                            .death_day = raw->death_day,
                            .place = raw->place,
                            .statuses = raw->statuses,
                            .status_count = raw->status_count};
    uint32_t set = ALIKE_EMPTY;
    fill_prior(real, random->catalogue.rules, raw);
    if (!raw->is_nobody)
        set = index % 2 == 0 ? set_as_built(real, &person) : set_of_one(real, random, &person);
    assert(set != ALIKE_TOO_MANY);
    real->views[index + 1] = (struct view){set, raw->means_from_day, raw->means_until_day};
}

static void real_way_begin(struct real_way *real, const struct random_catalogue *random,
                           uint32_t person_count, uint64_t seed)
{
    struct fault fault = {""};
    struct window window = {random->from_day, random->until_day};
    const struct rules *rules = random->catalogue.rules;
    *real = (struct real_way){0};
    if (!compile_catalogue(&real->compiled, &random->catalogue, window, random->from_day, false,
                           &fault))
        errx(1, "seed %llu does not compile: %s\n%s", (unsigned long long)seed, fault.text,
             random->text);
    real->alike = alike_begin(rules, &random->vocabulary, window);
    real->views = memory_take_zeroed(person_count + (size_t)1, sizeof(real->views[0]));
    real->views[0] = (struct view){ALIKE_EMPTY, 0, DAY_NEVER};
    real->prior_days = memory_take_zeroed(rules->group_count, sizeof(real->prior_days[0]));
}

static void lay_out_sets(struct real_way *real)
{
    uint32_t set_count = alike_set_count(real->alike);
    size_t room = 0, size;
    real->set_first = memory_take_zeroed(set_count + (size_t)1, sizeof(real->set_first[0]));
    for (uint32_t set = 0; set < set_count; set++) {
        const struct membership *list = alike_set(real->alike, set, &size);
        uint32_t first = real->set_first[set];
        real->memberships =
            memory_room(real->memberships, &room, first + size, sizeof(real->memberships[0]));
        if (size > 0)
            memcpy(real->memberships + first, list, size * sizeof(list[0]));
        real->set_first[set + 1] = first + (uint32_t)size;
    }
}

static void real_way_open(struct real_way *real, const struct random_catalogue *random,
                          uint32_t person_count)
{
    struct fault fault = {""};
    lay_out_sets(real);
    compiled_fill(&real->tables, &real->compiled);
    real->tables.memberships = real->memberships;
    real->tables.set_first = real->set_first;
    real->tables.set_count = alike_set_count(real->alike);
    real->tables.views = real->views;
    real->tables.view_count = person_count + 1;
    real->manifest = (struct manifest){
        .from_day = random->from_day, .until_day = random->until_day, .not_after_s = UINT64_MAX};
    if (!edition_open(&real->edition, &real->tables, &real->manifest, &fault))
        errx(1, "what was compiled cannot be opened: %s", fault.text);
}

static void real_way_end(struct real_way *real)
{
    edition_close(real->edition);
    alike_end(real->alike);
    compiled_free(&real->compiled);
    free(real->memberships);
    free(real->set_first);
    free(real->views);
    free(real->prior_days);
}

static bool agrees(const struct triple *triple)
{
    const struct reference_answer *wanted = &triple->wanted;
    const struct verdict *found = &triple->found;
    return wanted->status == found->status && wanted->relief == found->relief &&
           wanted->split == found->split && wanted->relief_amount == found->relief_amount &&
           wanted->payable == found->payable && wanted->part_count == found->part_count &&
           (triple->wanted_until_s == 0 || triple->wanted_until_s == found->valid_until_s);
}

/* False: they differ, and are to be told. */
static bool compare(struct agreement *agreement, struct triple *triple)
{
    struct reference reference = *triple->reference;
    struct raw_person person = *triple->person;
    struct purchase purchase = *triple->purchase;
    if (agreement->spoil != NULL)
        agreement->spoil(&reference, &person, &purchase);
    triple->wanted = reference_answer(&reference, &person, &purchase);
    triple->wanted_until_s = 0;
    if (triple->wanted.status == STATUS_APPLIES && agreement->triple_count % VALID_UNTIL_EVERY == 0)
        triple->wanted_until_s =
            reference_valid_until(&reference, &person, &purchase, &triple->wanted);
    agreement->triple_count++;
    agreement_count(agreement, triple);
    if (agrees(triple))
        return true;
    agreement->difference_count++;
    if (agreement->is_quiet)
        return true;
    agreement_tell(triple);
    return false;
}

static bool ask(struct agreement *agreement, const struct triple *person,
                const struct real_way *real, uint32_t view, uint64_t *state)
{
    struct triple triple = *person;
    for (uint32_t i = 0; i < agreement->purchase_count; i++) {
        struct purchase purchase;
        random_purchase_make(&purchase, triple.random, state);
        struct candidates candidates = decide_candidates(real->edition, &purchase);
        triple.purchase = &purchase;
        triple.candidate_count = candidates.clause_count;
        triple.found = decide(real->edition, &candidates, view, &purchase);
        if (!compare(agreement, &triple))
            return false;
    }
    return true;
}

bool agreement_run(struct agreement *agreement, uint64_t seed)
{
    struct random_catalogue random;
    random_catalogue_make(&random, seed);
    uint64_t state = seed ^ UINT64_C(0x9e3779b97f4a7c15);
    uint32_t person_count = agreement->person_count;
    struct random_person *persons = memory_take_zeroed(person_count, sizeof(persons[0]));
    struct real_way real;
    real_way_begin(&real, &random, person_count, seed);
    for (uint32_t i = 0; i < person_count; i++) {
        random_person_make(&persons[i], &random, &state);
        add_person(&real, i, &random, &persons[i].raw);
    }
    real_way_open(&real, &random, person_count);

    struct reference reference;
    reference_begin(&reference, &random.catalogue, &random.vocabulary, random.from_day,
                    random.until_day);
    struct triple triple = {.seed = seed, .random = &random, .reference = &reference};
    bool is_good = true;
    for (uint32_t i = 0; i < person_count && is_good; i++) {
        triple.person = &persons[i].raw;
        is_good = ask(agreement, &triple, &real, i + 1, &state);
    }
    real_way_end(&real);
    free(persons);
    random_catalogue_free(&random);
    return is_good;
}
