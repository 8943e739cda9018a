#include "tests/agreement.h"

#include "loader/memory.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#define VALID_UNTIL_EVERY 16 /* asking day by day takes long */

/* What an engine would answer from. Set and view 0 are nobody's; the n-th person has n + 1. */
struct real_way {
    struct compiled compiled;
    struct tables tables;
    struct manifest manifest;
    struct edition *edition;
    struct membership *memberships;
    size_t membership_count, membership_room;
    uint32_t *set_first;
    struct view *views;
    uint32_t *prior_days; /* by group */
};

/* Both are the same but for the types of their lists. */
static void fill_tables(struct tables *tables, const struct compiled *compiled)
{
    *tables = (struct tables){
        .products = compiled->products,
        .points = compiled->points,
        .daysets = compiled->daysets,
        .offers = compiled->offers,
        .clauses = compiled->clauses,
        .reliefs = compiled->reliefs,
        .contracts = compiled->contracts,
        .splits = compiled->splits,
        .limits = compiled->limits,
        .product_count = compiled->product_count,
        .point_count = compiled->point_count,
        .dayset_count = compiled->dayset_count,
        .offer_count = compiled->offer_count,
        .clause_count = compiled->clause_count,
        .relief_count = compiled->relief_count,
        .contract_count = compiled->contract_count,
        .split_count = compiled->split_count,
        .limit_count = compiled->limit_count,
    };
}

static size_t evaluate(struct real_way *real, struct membership *out,
                       const struct random_catalogue *random, const struct raw_person *raw)
{
    const struct rules *rules = random->catalogue.rules;
    struct person person = {.birth_day = raw->birth_day,
                            .death_day = raw->death_day,
                            .place = raw->place,
                            .statuses = raw->statuses,
                            .status_count = raw->status_count};
    memset(real->prior_days, 0, rules->group_count * sizeof(real->prior_days[0]));
    for (size_t i = 0; i < raw->known_count; i++) {
        for (uint32_t group = 0; group < rules->group_count; group++) {
            if (rules->groups[group].known_days != 0 &&
                rules->groups[group].known_of == raw->known[i].group)
                real->prior_days[group] = raw->known[i].until_day;
        }
    }
    struct prior prior = {real->prior_days};
    size_t count = groups_evaluate(out, SET_SIZE_MAX, rules, &random->vocabulary, &person, &prior,
                                   (struct window){random->from_day, random->until_day});
    if (count == GROUPS_TOO_MANY)
        errx(1, "a person by chance has too many changes");
    return count;
}

static void add_person(struct real_way *real, uint32_t index, const struct random_catalogue *random,
                       const struct raw_person *person)
{
    real->memberships =
        memory_room(real->memberships, &real->membership_room,
                    real->membership_count + SET_SIZE_MAX, sizeof(real->memberships[0]));
    struct membership *out = real->memberships + real->membership_count;
    if (!person->is_nobody)
        real->membership_count += evaluate(real, out, random, person);
    real->set_first[index + 2] = (uint32_t)real->membership_count;
    real->views[index + 1] = (struct view){person->is_nobody ? 0 : index + 1,
                                           person->means_from_day, person->means_until_day};
}

static void real_way_begin(struct real_way *real, const struct random_catalogue *random,
                           uint32_t person_count, uint64_t seed)
{
    struct fault fault = {""};
    struct window window = {random->from_day, random->until_day};
    *real = (struct real_way){0};
    if (!compile_catalogue(&real->compiled, &random->catalogue, window, random->from_day, false,
                           &fault))
        errx(1, "seed %llu does not compile: %s\n%s", (unsigned long long)seed, fault.text,
             random->text);
    real->set_first = memory_take_zeroed(person_count + (size_t)2, sizeof(real->set_first[0]));
    real->views = memory_take_zeroed(person_count + (size_t)1, sizeof(real->views[0]));
    real->views[0] = (struct view){0, 0, DAY_NEVER};
    real->prior_days =
        memory_take_zeroed(random->catalogue.rules->group_count, sizeof(real->prior_days[0]));
}

static void real_way_open(struct real_way *real, const struct random_catalogue *random,
                          uint32_t person_count)
{
    struct fault fault = {""};
    fill_tables(&real->tables, &real->compiled);
    real->tables.memberships = real->memberships;
    real->tables.set_first = real->set_first;
    real->tables.set_count = person_count + 1;
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

static bool ask(struct agreement *agreement, struct triple *triple, const struct real_way *real,
                uint32_t view, uint64_t *state)
{
    for (uint32_t i = 0; i < agreement->purchase_count; i++) {
        struct purchase purchase;
        random_purchase_make(&purchase, triple->random, state);
        struct candidates candidates = decide_candidates(real->edition, &purchase);
        triple->purchase = &purchase;
        triple->found = decide(real->edition, &candidates, view, &purchase);
        if (!compare(agreement, triple))
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
