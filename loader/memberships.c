#include "loader/memberships.h"

#include "loader/alike.h"
#include "loader/memory.h"
#include "loader/municipalities.h"
#include "loader/parallel.h"
#include "loader/terms.h"
#include "protocol/index.h"
#include "protocol/progress.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define RUN_SIZE    4096 /* persons that a thread takes at once */
#define AHEAD_COUNT 4    /* persons whose statuses are asked for in advance */
#define HASH_FACTOR UINT64_C(0x9e3779b97f4a7c15)

/* How many persons of each (set, municipality) a thread has met: what is counted by group follows
 * from the sets. */
struct pair {
    uint64_t key; /* set * MUNICIPALITY_COUNT + municipality's first four digits + 1; 0: empty */
    uint32_t count;
};
struct pairs {
    struct pair *slots;
    uint64_t mask;
    size_t count;
};

static struct pair *pairs_at(const struct pairs *pairs, uint64_t key)
{
    uint64_t at = (key * HASH_FACTOR) >> 32 & pairs->mask;
    while (pairs->slots[at].key != 0 && pairs->slots[at].key != key)
        at = (at + 1) & pairs->mask;
    return &pairs->slots[at];
}

static void pairs_widen(struct pairs *pairs)
{
    struct pairs wider = {.mask = pairs->slots == NULL ? 1023 : 2 * pairs->mask + 1,
                          .count = pairs->count};
    wider.slots = memory_take_zeroed(wider.mask + 1, sizeof(wider.slots[0]));
    for (uint64_t i = 0; pairs->slots != NULL && i <= pairs->mask; i++)
        if (pairs->slots[i].key != 0)
            *pairs_at(&wider, pairs->slots[i].key) = pairs->slots[i];
    free(pairs->slots);
    *pairs = wider;
}

static void pairs_count(struct pairs *pairs, uint64_t key)
{
    if (2 * pairs->count >= pairs->mask)
        pairs_widen(pairs);
    struct pair *pair = pairs_at(pairs, key);
    pairs->count += pair->key == 0;
    pair->key = key;
    pair->count++;
}

struct bench_of_one { /* what one thread works with */
    struct alike *alike;
    struct pairs pairs;
    struct status_fact *statuses;
    size_t status_room;
    uint32_t *until_days, *from_days; /* by group: a person's prior; 0 but for known_days */
    struct terms *terms;
    struct membership *with_terms; /* SET_SIZE_MAX of them */
    bool *is_used;                 /* by the thread's number of a set; others are not numbered */
    size_t used_room, used_count;
};

/* A group with known_days, and where the earlier snapshot has it. */
struct known_group {
    uint16_t group, earlier;
    uint32_t until_day_max;
};

struct evaluation {
    const struct rules *rules;
    const struct vocabulary *vocabulary;
    const struct prior_source *prior; /* NULL: none, or no group asks for it */
    struct known_group *known;
    uint32_t known_count;
    struct window window;
    uint32_t as_of_day, thread_count, test_set;
    uint32_t **renumbered; /* by thread: its number -> the final one */
    struct municipalities municipalities;
    struct bench_of_one *benches;
    atomic_size_t published_count;
};

static void prefetch_person(const struct people *people, size_t row)
{
    const struct status_fact *statuses = people->facts->statuses;
    for (uint32_t i = people->status_first[row]; i < people->status_first[row + 1]; i++)
        __builtin_prefetch(&statuses[people->status_order[i]]);
}

static struct person gather_person(struct bench_of_one *bench, const struct people *people,
                                   size_t row)
{
    const struct person_fact *base = &people->facts->persons[row];
    uint32_t first = people->status_first[row], count = people->status_first[row + 1] - first;
    bench->statuses =
        memory_room(bench->statuses, &bench->status_room, count, sizeof(bench->statuses[0]));
    for (uint32_t i = 0; i < count; i++)
        bench->statuses[i] = people->facts->statuses[people->status_order[first + i]];
    return (struct person){.birth_day = base->birth_day,
                           .death_day = base->death_day,
                           .place = base->place,
                           .statuses = bench->statuses,
                           .status_count = count};
}

/* --- what an earlier snapshot knew --- */

static bool find_group(uint16_t *out, const struct tables *tables, const char *name)
{
    for (uint32_t i = 0; i < tables->group_count; i++) {
        if (strncmp(tables->groups[i].name, name, sizeof(tables->groups[i].name)) == 0) {
            *out = (uint16_t)i;
            return true;
        }
    }
    return false;
}

/* Which groups fall back on the earlier snapshot, by its names. */
static void list_known(struct evaluation *all, const struct prior_source *prior)
{
    const struct rules *rules = all->rules;
    all->known = memory_take(rules->group_count, sizeof(all->known[0]));
    for (uint16_t i = 0; prior != NULL && i < rules->group_count; i++) {
        const struct group_rule *group = &rules->groups[i];
        struct known_group known = {.group = i,
                                    .until_day_max = prior->as_of_day + group->known_days};
        if (group->known_days != 0 &&
            (find_group(&known.earlier, prior->tables, group->name) ||
             find_group(&known.earlier, prior->tables, rules->groups[group->known_of].name)))
            all->known[all->known_count++] = known;
    }
    if (all->known_count > 0)
        all->prior = prior;
}

/* The set of whoever had the code then; 0, the empty one, for a stranger. */
static uint32_t earlier_set(const struct prior_source *prior, uint64_t code)
{
    struct identifier identifier = {.means = MEANS_PERSONAL_CODE, .size = 11};
    struct digest digest;
    means_unpack_code(identifier.text, code);
    identity_digest(&digest, prior->key, &identifier);
    return prior->tables->views[index_find(&prior->tables->index, &digest)].set;
}

/* Until when the set's yes in the group, on the earlier as-of day, is good, and since when it was
 * so; 0: there is none. One term behind the other is one yes. */
static uint32_t earlier_until_day(uint32_t *from_day, const struct prior_source *prior,
                                  uint32_t set, const struct known_group *known)
{
    const struct tables *tables = prior->tables;
    uint32_t until_day = 0;
    for (uint32_t i = tables->set_first[set]; i < tables->set_first[set + 1]; i++) {
        const struct membership *m = &tables->memberships[i];
        if (m->group != known->earlier || m->truth != TRUTH_YES)
            continue;
        if (prior->as_of_day >= m->from_day && prior->as_of_day < m->until_day) {
            *from_day = m->from_day;
            until_day = m->until_day;
        } else if (until_day != 0 && m->from_day == until_day) {
            until_day = m->until_day;
        }
    }
    return until_day < known->until_day_max ? until_day : known->until_day_max;
}

/* Whether the earlier snapshot knew anything of the person that still holds. Somebody whose code
 * has changed since then is there under the previous one. */
static bool recall(const struct evaluation *all, struct bench_of_one *bench,
                   const struct person_fact *base)
{
    bool is_known = false;
    uint32_t set = earlier_set(all->prior, base->code);
    if (set == SET_EMPTY && base->previous != NO_CODE)
        set = earlier_set(all->prior, base->previous);
    for (uint32_t i = 0; i < all->known_count; i++) {
        uint16_t group = all->known[i].group;
        uint32_t until_day =
            earlier_until_day(&bench->from_days[group], all->prior, set, &all->known[i]);
        bench->until_days[group] = until_day;
        is_known = is_known || until_day > all->window.from_day;
    }
    return is_known;
}

/* --- evaluating --- */

/* The set with the person's own terms, where a limit asks for them. */
static uint32_t add_terms(struct bench_of_one *bench, const struct person *person,
                          const struct prior *prior, uint32_t set)
{
    size_t count;
    const struct membership *list = alike_set(bench->alike, set, &count);
    if (!terms_are_asked(bench->terms, list, count))
        return set;
    count = terms_apply(bench->terms, bench->with_terms, list, count, person, prior);
    return count == GROUPS_TOO_MANY ? ALIKE_TOO_MANY
                                    : alike_add(bench->alike, bench->with_terms, count);
}

static uint32_t evaluate_person(const struct evaluation *all, struct bench_of_one *bench,
                                const struct people *people, size_t row)
{
    struct person person = gather_person(bench, people, row);
    const struct prior *known = NULL;
    struct prior prior = {bench->until_days, bench->from_days};
    uint32_t set = alike_evaluate(bench->alike, &person, NULL);
    if (all->prior != NULL && set != ALIKE_TOO_MANY && alike_asks_prior(bench->alike, set) &&
        recall(all, bench, &people->facts->persons[row])) {
        known = &prior;
        set = alike_evaluate(bench->alike, &person, known);
    }
    return set == ALIKE_TOO_MANY ? set : add_terms(bench, &person, known, set);
}

/* Sets without a person's terms, or without what was last known, may be nobody's. */
static void use_set(struct bench_of_one *bench, uint32_t set)
{
    bench->is_used =
        memory_room(bench->is_used, &bench->used_room, (size_t)set + 1, sizeof(bench->is_used[0]));
    while (bench->used_count <= set)
        bench->is_used[bench->used_count++] = false;
    bench->is_used[set] = true;
}

static void count_person(struct bench_of_one *bench, uint32_t set, uint32_t place)
{
    assert(place / MUNICIPALITY_DIVISOR < MUNICIPALITY_COUNT);
    use_set(bench, set);
    pairs_count(&bench->pairs,
                (uint64_t)set * MUNICIPALITY_COUNT + place / MUNICIPALITY_DIVISOR + 1);
}

/* Rows [first, end); sets by numbers of the thread's own. */
static void evaluate_rows(struct evaluation *all, uint32_t thread, const struct people *people,
                          uint32_t set_of[], size_t first, size_t end, struct intake *intake)
{
    struct bench_of_one *bench = &all->benches[thread];
    const struct person_fact *rows = people->facts->persons;
    size_t published_count = 0;
    static_assert(ALIKE_EMPTY == SET_EMPTY, "the same set");
    for (size_t row = first; row < end; row++) {
        if (row + AHEAD_COUNT < end)
            prefetch_person(people, row + AHEAD_COUNT);
        uint32_t set =
            people->is_person[row] ? evaluate_person(all, bench, people, row) : SET_EMPTY;
        if (set == ALIKE_TOO_MANY) {
            intake_refuse(intake, rows[row].delivery, rows[row].line, 0, REFUSAL_TOO_MANY_CHANGES);
            set = SET_EMPTY;
        }
        set_of[row] = set;
        if (set == SET_EMPTY)
            continue;
        published_count++;
        count_person(bench, set, rows[row].place);
    }
    atomic_fetch_add(&all->published_count, published_count);
}

/* --- numbering sets by their content --- */

struct named_set {
    const struct membership *list;
    uint32_t size;
    uint32_t thread, number;
};

static int compare_memberships(const struct membership *a, const struct membership *b)
{
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    if (a->from_day != b->from_day)
        return a->from_day < b->from_day ? -1 : 1;
    if (a->until_day != b->until_day)
        return a->until_day < b->until_day ? -1 : 1;
    return a->truth < b->truth ? -1 : a->truth > b->truth;
}

static int compare_sets(const void *left, const void *right)
{
    const struct named_set *a = left, *b = right;
    for (uint32_t i = 0; i < a->size && i < b->size; i++) {
        int order = compare_memberships(&a->list[i], &b->list[i]);
        if (order != 0)
            return order;
    }
    return a->size < b->size ? -1 : a->size > b->size;
}

/* Everybody's sets in one list, the same one several times where several threads met it. */
static struct named_set *list_sets(const struct evaluation *all, size_t *count, size_t *room)
{
    size_t most = 0;
    *count = *room = 0;
    for (uint32_t t = 0; t < all->thread_count; t++)
        most += all->benches[t].used_count;
    struct named_set *named = memory_take(most, sizeof(named[0]));
    for (uint32_t t = 0; t < all->thread_count; t++) {
        for (uint32_t i = 0; i < all->benches[t].used_count; i++) {
            size_t size;
            if (!all->benches[t].is_used[i])
                continue;
            const struct membership *list = alike_set(all->benches[t].alike, i, &size);
            named[(*count)++] = (struct named_set){list, (uint32_t)size, t, i};
            *room += size;
        }
    }
    qsort(named, *count, sizeof(named[0]), compare_sets);
    return named;
}

static void number_sets(struct memberships *out, struct evaluation *all)
{
    size_t named_count, room;
    struct named_set *named = list_sets(all, &named_count, &room);
    for (uint32_t t = 0; t < all->thread_count; t++)
        all->renumbered[t] = memory_take(all->benches[t].used_count, sizeof(all->renumbered[t][0]));
    out->list = memory_take(room, sizeof(out->list[0]));
    out->set_first = memory_take(named_count + 1, sizeof(out->set_first[0]));

    uint32_t used = 0;
    for (size_t i = 0; i < named_count; i++) {
        if (i == 0 || compare_sets(&named[i - 1], &named[i]) != 0) {
            out->set_first[out->set_count++] = used;
            if (named[i].size > 0)
                memcpy(out->list + used, named[i].list, named[i].size * sizeof(out->list[0]));
            used += named[i].size;
        }
        all->renumbered[named[i].thread][named[i].number] = out->set_count - 1;
    }
    out->set_first[out->set_count] = used;
    free(named);
}

/* --- census --- */

/* How many persons of each (group, municipality). */
struct tally {
    uint32_t yes_count, unknown_count;
};

static void tally_pair(struct tally tallies[], const struct evaluation *all,
                       const struct alike *alike, const struct pair *pair)
{
    uint64_t municipality = all->municipalities.index_of[(pair->key - 1) % MUNICIPALITY_COUNT];
    size_t count;
    const struct membership *list =
        alike_set(alike, (uint32_t)((pair->key - 1) / MUNICIPALITY_COUNT), &count);
    for (size_t i = 0; i < count; i++) {
        if (all->as_of_day < list[i].from_day || all->as_of_day >= list[i].until_day)
            continue;
        struct tally *tally = &tallies[list[i].group * all->municipalities.count + municipality];
        if (list[i].truth == TRUTH_YES)
            tally->yes_count += pair->count;
        else
            tally->unknown_count += pair->count;
    }
}

/* Those in which somebody who is published lives. */
static void list_municipalities(struct evaluation *all)
{
    uint8_t *is_there = memory_take_zeroed(MUNICIPALITY_COUNT, 1);
    for (uint32_t t = 0; t < all->thread_count; t++) {
        const struct pairs *pairs = &all->benches[t].pairs;
        for (uint64_t i = 0; pairs->slots != NULL && i <= pairs->mask; i++)
            if (pairs->slots[i].key != 0)
                is_there[(pairs->slots[i].key - 1) % MUNICIPALITY_COUNT] = 1;
    }
    municipalities_number(&all->municipalities, is_there);
    free(is_there);
}

static struct tally *tally_all(const struct evaluation *all)
{
    struct tally *tallies = memory_take_zeroed(
        (size_t)all->rules->group_count * all->municipalities.count, sizeof(tallies[0]));
    for (uint32_t t = 0; t < all->thread_count; t++) {
        const struct bench_of_one *bench = &all->benches[t];
        for (uint64_t i = 0; bench->pairs.slots != NULL && i <= bench->pairs.mask; i++)
            if (bench->pairs.slots[i].key != 0)
                tally_pair(tallies, all, bench->alike, &bench->pairs.slots[i]);
    }
    return tallies;
}

static void collect_census(struct memberships *out, struct evaluation *all)
{
    uint32_t group_count = all->rules->group_count;
    list_municipalities(all);
    out->census =
        memory_take((size_t)group_count * all->municipalities.count, sizeof(out->census[0]));
    struct tally *tallies = tally_all(all);
    for (uint32_t group = 0; group < group_count; group++)
        for (uint32_t i = 0; i < all->municipalities.count; i++) {
            const struct tally *tally = &tallies[group * all->municipalities.count + i];
            if (tally->yes_count + tally->unknown_count == 0)
                continue;
            out->census[out->census_count++] =
                (struct census){.group = (uint16_t)group,
                                .place = all->municipalities.places[i],
                                .yes_count = tally->yes_count,
                                .unknown_count = tally->unknown_count};
            out->yes_counts[group] += tally->yes_count;
            out->unknown_counts[group] += tally->unknown_count;
        }
    free(tallies);
}

/* --- all of it --- */

struct evaluation *evaluation_open(const struct rules *rules, const struct vocabulary *vocabulary,
                                   const struct prior_source *prior, struct window window,
                                   uint32_t as_of_day, uint32_t thread_count)
{
    struct evaluation *all = memory_take_zeroed(1, sizeof(*all));
    all->rules = rules;
    all->vocabulary = vocabulary;
    all->window = window;
    all->as_of_day = as_of_day;
    all->thread_count = thread_count;
    list_known(all, prior);
    all->renumbered = memory_take_zeroed(thread_count, sizeof(all->renumbered[0]));
    all->benches = memory_take_zeroed(thread_count, sizeof(all->benches[0]));
    for (uint32_t t = 0; t < thread_count; t++) {
        struct bench_of_one *bench = &all->benches[t];
        bench->alike = alike_begin(all->rules, all->vocabulary, all->window);
        use_set(bench, ALIKE_EMPTY);
        bench->until_days =
            memory_take_zeroed(all->rules->group_count, sizeof(bench->until_days[0]));
        bench->from_days = memory_take_zeroed(all->rules->group_count, sizeof(bench->from_days[0]));
        bench->terms = terms_open(all->rules, all->vocabulary, all->window);
        bench->with_terms = memory_take(SET_SIZE_MAX, sizeof(bench->with_terms[0]));
    }
    struct membership test = {GROUP_TEST, TRUTH_YES, window.from_day, window.until_day};
    all->test_set = alike_add(all->benches[0].alike, &test, 1);
    use_set(&all->benches[0], all->test_set);
    return all;
}

void evaluation_close(struct evaluation *all)
{
    if (all == NULL)
        return;
    for (uint32_t t = 0; t < all->thread_count; t++) {
        struct bench_of_one *bench = &all->benches[t];
        alike_end(bench->alike);
        free(bench->pairs.slots);
        free(bench->statuses);
        free(bench->until_days);
        free(bench->from_days);
        free(bench->is_used);
        terms_close(bench->terms);
        free(bench->with_terms);
        free(all->renumbered[t]);
    }
    free(all->benches);
    free(all->known);
    free(all->renumbered);
    free(all);
}

void evaluation_add(struct evaluation *evaluation, uint32_t thread, const struct people *people,
                    uint32_t set_of[], struct intake *intake)
{
    assert(thread < evaluation->thread_count);
    evaluate_rows(evaluation, thread, people, set_of, 0, people->facts->person_count, intake);
}

uint32_t evaluation_test_set(const struct evaluation *evaluation)
{
    return evaluation->test_set;
}

void evaluation_finish(struct memberships *out, struct evaluation *evaluation)
{
    *out = (struct memberships){.published_count = evaluation->published_count};
    number_sets(out, evaluation);
    out->test_set = evaluation->renumbered[0][evaluation->test_set];
    collect_census(out, evaluation);
}

const uint32_t *evaluation_numbers(const struct evaluation *evaluation, uint32_t thread)
{
    assert(thread < evaluation->thread_count);
    return evaluation->renumbered[thread];
}

/* --- a country that is one part --- */

struct whole {
    struct evaluation *evaluation;
    const struct people *people;
    struct intake *intake;
    uint32_t *set_of;
    uint8_t *run_threads; /* which thread took which run */
    struct progress progress;
    atomic_size_t done_count;
};

static void evaluate_run(void *context, uint32_t thread, size_t first, size_t end)
{
    struct whole *whole = context;
    whole->run_threads[first / RUN_SIZE] = (uint8_t)thread;
    evaluate_rows(whole->evaluation, thread, whole->people, whole->set_of, first, end,
                  whole->intake);
    size_t done = atomic_fetch_add(&whole->done_count, end - first) + (end - first);
    if (thread == 0)
        progress_set(&whole->progress, done);
}

static void renumber_run(void *context, uint32_t thread, size_t first, size_t end)
{
    (void)thread;
    struct whole *whole = context;
    const uint32_t *numbers =
        evaluation_numbers(whole->evaluation, whole->run_threads[first / RUN_SIZE]);
    for (size_t row = first; row < end; row++)
        whole->set_of[row] = numbers[whole->set_of[row]];
}

void memberships_evaluate(struct memberships *out, const struct people *people,
                          const struct rules *rules, const struct vocabulary *vocabulary,
                          const struct prior_source *prior, struct window window,
                          uint32_t as_of_day, struct intake *intake, uint32_t thread_count,
                          bool is_quiet)
{
    size_t row_count = people->facts->person_count;
    struct whole whole = {
        .evaluation = evaluation_open(rules, vocabulary, prior, window, as_of_day, thread_count),
        .people = people,
        .intake = intake,
        .set_of = memory_take(row_count, sizeof(whole.set_of[0])),
        .run_threads = memory_take_zeroed(row_count / RUN_SIZE + 1, 1)};
    progress_start(&whole.progress, "evaluating", "persons", row_count, is_quiet);
    parallel_for(thread_count, row_count, RUN_SIZE, evaluate_run, &whole);
    evaluation_finish(out, whole.evaluation);
    parallel_for(thread_count, row_count, RUN_SIZE, renumber_run, &whole);
    progress_set(&whole.progress, row_count);
    progress_end(&whole.progress);
    intake_order_quarantine(intake);
    out->set_of = whole.set_of;
    evaluation_close(whole.evaluation);
    free(whole.run_threads);
}

void memberships_free(struct memberships *memberships)
{
    free(memberships->set_of);
    free(memberships->set_first);
    free(memberships->list);
    free(memberships->census);
    *memberships = (struct memberships){0};
}
