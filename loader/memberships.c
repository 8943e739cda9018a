#include "loader/memberships.h"

#include "loader/memory.h"
#include "loader/parallel.h"
#include "protocol/progress.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define RUN_SIZE             4096  /* persons that a thread takes at once */
#define AHEAD_COUNT          4     /* persons whose statuses are asked for in advance */
#define MUNICIPALITY_COUNT   10000 /* ATVK codes of seven digits: the first four */
#define MUNICIPALITY_DIVISOR 1000
#define HASH_FACTOR          UINT64_C(0xff51afd7ed558ccd)

static_assert(sizeof(struct membership) == 12, "memberships are compared and hashed as bytes");

/* Sets that one thread has met, each once, in order of appearance. */
struct met_set {
    size_t first;
    uint32_t size;
    uint32_t hash;
};

struct interner {
    struct membership *list;
    struct met_set *sets;
    uint32_t *slots; /* set + 1; 0: empty */
    size_t list_count, list_room, set_room;
    uint32_t set_count, slot_mask;
};

static uint32_t hash_set(const struct membership *list, size_t size)
{
    uint64_t hash = size;
    for (size_t i = 0; i < size; i++) {
        uint64_t words[2] = {0};
        memcpy(words, &list[i], sizeof(list[i]));
        hash = (hash ^ words[0]) * HASH_FACTOR;
        hash = (hash ^ (hash >> 29) ^ words[1]) * HASH_FACTOR;
        hash ^= hash >> 32;
    }
    return (uint32_t)hash;
}

static void interner_widen(struct interner *in)
{
    in->slot_mask = in->slot_mask == 0 ? 1023 : 2 * in->slot_mask + 1;
    free(in->slots);
    in->slots = memory_take_zeroed((size_t)in->slot_mask + 1, sizeof(in->slots[0]));
    for (uint32_t set = 0; set < in->set_count; set++) {
        uint32_t at = in->sets[set].hash & in->slot_mask;
        while (in->slots[at] != 0)
            at = (at + 1) & in->slot_mask;
        in->slots[at] = set + 1;
    }
}

static uint32_t interner_append(struct interner *in, const struct membership *list, uint32_t size,
                                uint32_t hash)
{
    in->list = memory_room(in->list, &in->list_room, in->list_count + size, sizeof(in->list[0]));
    in->sets = memory_room(in->sets, &in->set_room, (size_t)in->set_count + 1, sizeof(in->sets[0]));
    in->sets[in->set_count] = (struct met_set){in->list_count, size, hash};
    if (size > 0)
        memcpy(in->list + in->list_count, list, size * sizeof(list[0]));
    in->list_count += size;
    return in->set_count++;
}

/* The number, among those of this thread, of the set with these memberships. */
static uint32_t interner_find(struct interner *in, const struct membership *list, size_t size)
{
    if (2 * in->set_count >= in->slot_mask)
        interner_widen(in);
    uint32_t hash = hash_set(list, size);
    uint32_t at = hash & in->slot_mask;
    for (; in->slots[at] != 0; at = (at + 1) & in->slot_mask) {
        const struct met_set *set = &in->sets[in->slots[at] - 1];
        if (set->hash == hash && set->size == size &&
            (size == 0 || memcmp(in->list + set->first, list, size * sizeof(list[0])) == 0))
            return in->slots[at] - 1;
    }
    uint32_t set = interner_append(in, list, (uint32_t)size, hash);
    in->slots[at] = set + 1;
    return set;
}

/* How many persons of each (group, municipality) a thread has met. */
struct tally {
    uint32_t yes_count, unknown_count;
};

struct bench_of_one { /* what one thread works with */
    struct interner interner;
    struct tally *tallies; /* [group * municipality_count + municipality] */
    struct status_fact *statuses;
    size_t status_room;
    struct membership memberships[SET_SIZE_MAX];
};

struct evaluation {
    const struct people *people;
    const struct rules *rules;
    const struct vocabulary *vocabulary;
    struct window window;
    uint32_t as_of_day;
    uint32_t *set_of;                             /* the thread's own numbers at first */
    uint8_t *run_threads;                         /* which thread took which run */
    uint32_t **renumbered;                        /* by thread: its number -> the final one */
    uint16_t municipality_of[MUNICIPALITY_COUNT]; /* index, in order of code */
    uint32_t municipality_count;
    struct bench_of_one *benches;
    struct progress progress;
    atomic_size_t done_count;
    atomic_size_t published_count;
};

static uint32_t municipality_code(uint32_t place)
{
    assert(place / MUNICIPALITY_DIVISOR < MUNICIPALITY_COUNT);
    return place / MUNICIPALITY_DIVISOR;
}

/* --- evaluating --- */

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

static void count_person(struct evaluation *all, struct bench_of_one *bench, uint32_t place,
                         size_t membership_count)
{
    uint32_t municipality = all->municipality_of[municipality_code(place)];
    for (size_t i = 0; i < membership_count; i++) {
        const struct membership *m = &bench->memberships[i];
        if (all->as_of_day < m->from_day || all->as_of_day >= m->until_day)
            continue;
        struct tally *tally = &bench->tallies[m->group * all->municipality_count + municipality];
        if (m->truth == TRUTH_YES)
            tally->yes_count++;
        else
            tally->unknown_count++;
    }
}

static void evaluate_run(void *context, uint32_t thread, size_t first, size_t end)
{
    struct evaluation *all = context;
    const struct people *people = all->people;
    struct bench_of_one *bench = &all->benches[thread];
    all->run_threads[first / RUN_SIZE] = (uint8_t)thread;
    for (size_t row = first; row < end; row++) {
        if (row + AHEAD_COUNT < end)
            prefetch_person(people, row + AHEAD_COUNT);
        size_t count = 0;
        if (people->is_person[row]) {
            struct person person = gather_person(bench, people, row);
            count = groups_evaluate(bench->memberships, SET_SIZE_MAX, all->rules, all->vocabulary,
                                    &person, all->window);
        }
        if (count == GROUPS_TOO_MANY) {
            all->set_of[row] = SET_REFUSED;
            continue;
        }
        if (count > 0)
            count_person(all, bench, people->facts->persons[row].place, count);
        all->set_of[row] = interner_find(&bench->interner, bench->memberships, count);
    }
    size_t done = atomic_fetch_add(&all->done_count, end - first) + (end - first);
    if (thread == 0)
        progress_set(&all->progress, done);
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
static struct named_set *list_sets(const struct evaluation *all, uint32_t thread_count,
                                   size_t *count)
{
    *count = 0;
    for (uint32_t t = 0; t < thread_count; t++)
        *count += all->benches[t].interner.set_count;
    struct named_set *named = memory_take(*count, sizeof(named[0]));
    size_t at = 0;
    for (uint32_t t = 0; t < thread_count; t++) {
        const struct interner *in = &all->benches[t].interner;
        for (uint32_t i = 0; i < in->set_count; i++)
            named[at++] = (struct named_set){in->list + in->sets[i].first, in->sets[i].size, t, i};
    }
    qsort(named, *count, sizeof(named[0]), compare_sets);
    return named;
}

static void number_sets(struct memberships *out, struct evaluation *all, uint32_t thread_count)
{
    size_t named_count;
    struct named_set *named = list_sets(all, thread_count, &named_count);
    size_t room = 0;
    for (uint32_t t = 0; t < thread_count; t++) {
        room += all->benches[t].interner.list_count;
        all->renumbered[t] =
            memory_take(all->benches[t].interner.set_count, sizeof(all->renumbered[t][0]));
    }
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

static void renumber_run(void *context, uint32_t thread, size_t first, size_t end)
{
    (void)thread;
    struct evaluation *all = context;
    const uint32_t *renumbered = all->renumbered[all->run_threads[first / RUN_SIZE]];
    size_t published_count = 0;
    for (size_t row = first; row < end; row++) {
        if (all->set_of[row] == SET_REFUSED)
            continue;
        all->set_of[row] = renumbered[all->set_of[row]];
        published_count += all->set_of[row] != SET_EMPTY;
    }
    atomic_fetch_add(&all->published_count, published_count);
}

/* Serially, so that refusals are reported in the order of rows. */
static void refuse_changeable(struct evaluation *all, struct intake *intake)
{
    const struct facts *facts = all->people->facts;
    for (size_t row = 0; row < facts->person_count; row++) {
        if (all->set_of[row] != SET_REFUSED)
            continue;
        intake_refuse(intake, facts->persons[row].delivery, facts->persons[row].line, 0,
                      REFUSAL_TOO_MANY_CHANGES);
        all->set_of[row] = SET_EMPTY;
    }
}

/* --- census --- */

static void index_municipalities(struct evaluation *all)
{
    const struct facts *facts = all->people->facts;
    uint8_t *is_there = memory_take_zeroed(MUNICIPALITY_COUNT, 1);
    is_there[0] = 1; /* no declared address */
    for (size_t i = 0; i < facts->person_count; i++)
        is_there[municipality_code(facts->persons[i].place)] = 1;
    for (uint32_t code = 0; code < MUNICIPALITY_COUNT; code++)
        if (is_there[code])
            all->municipality_of[code] = (uint16_t)all->municipality_count++;
    free(is_there);
}

static void collect_census(struct memberships *out, struct evaluation *all, uint32_t thread_count)
{
    uint32_t group_count = all->rules->group_count;
    out->census =
        memory_take((size_t)group_count * all->municipality_count, sizeof(out->census[0]));
    uint32_t codes[MUNICIPALITY_COUNT]; /* by index */
    for (uint32_t code = MUNICIPALITY_COUNT; code-- > 0;)
        codes[all->municipality_of[code]] = code; /* [0] is 0's: absent codes share its index */

    for (uint32_t group = 0; group < group_count; group++)
        for (uint32_t i = 0; i < all->municipality_count; i++) {
            struct census row = {.group = (uint16_t)group,
                                 .place = codes[i] * MUNICIPALITY_DIVISOR};
            for (uint32_t t = 0; t < thread_count; t++) {
                const struct tally *tally =
                    &all->benches[t].tallies[group * all->municipality_count + i];
                row.yes_count += tally->yes_count;
                row.unknown_count += tally->unknown_count;
            }
            if (row.yes_count + row.unknown_count == 0)
                continue;
            out->census[out->census_count++] = row;
            out->yes_counts[group] += row.yes_count;
            out->unknown_counts[group] += row.unknown_count;
        }
}

/* --- all of it --- */

static void evaluation_open(struct evaluation *all, uint32_t thread_count)
{
    size_t row_count = all->people->facts->person_count;
    index_municipalities(all);
    all->set_of = memory_take(row_count, sizeof(all->set_of[0]));
    all->run_threads = memory_take_zeroed(row_count / RUN_SIZE + 1, 1);
    all->renumbered = memory_take(thread_count, sizeof(all->renumbered[0]));
    all->benches = memory_take_zeroed(thread_count, sizeof(all->benches[0]));
    for (uint32_t t = 0; t < thread_count; t++) {
        struct bench_of_one *bench = &all->benches[t];
        bench->tallies = memory_take_zeroed(
            (size_t)all->rules->group_count * all->municipality_count, sizeof(bench->tallies[0]));
        interner_find(&bench->interner, NULL, 0); /* everybody knows the empty set */
    }
}

static void evaluation_close(struct evaluation *all, uint32_t thread_count)
{
    for (uint32_t t = 0; t < thread_count; t++) {
        struct bench_of_one *bench = &all->benches[t];
        free(bench->interner.list);
        free(bench->interner.sets);
        free(bench->interner.slots);
        free(bench->tallies);
        free(bench->statuses);
        free(all->renumbered[t]);
    }
    free(all->benches);
    free(all->renumbered);
    free(all->run_threads);
}

void memberships_evaluate(struct memberships *out, const struct people *people,
                          const struct rules *rules, const struct vocabulary *vocabulary,
                          struct window window, uint32_t as_of_day, struct intake *intake,
                          uint32_t thread_count, bool is_quiet)
{
    struct evaluation *all = memory_take_zeroed(1, sizeof(*all));
    all->people = people;
    all->rules = rules;
    all->vocabulary = vocabulary;
    all->window = window;
    all->as_of_day = as_of_day;
    evaluation_open(all, thread_count);
    *out = (struct memberships){0};

    size_t row_count = people->facts->person_count;
    progress_start(&all->progress, "evaluating", "persons", row_count, is_quiet);
    struct membership test = {GROUP_TEST, TRUTH_YES, window.from_day, window.until_day};
    uint32_t test_set = interner_find(&all->benches[0].interner, &test, 1);
    parallel_for(thread_count, row_count, RUN_SIZE, evaluate_run, all);

    number_sets(out, all, thread_count);
    out->test_set = all->renumbered[0][test_set];
    parallel_for(thread_count, row_count, RUN_SIZE, renumber_run, all);
    refuse_changeable(all, intake);
    collect_census(out, all, thread_count);
    progress_set(&all->progress, row_count);
    progress_end(&all->progress);

    out->set_of = all->set_of;
    out->published_count = all->published_count;
    evaluation_close(all, thread_count);
    free(all);
}

void memberships_free(struct memberships *memberships)
{
    free(memberships->set_of);
    free(memberships->set_first);
    free(memberships->list);
    free(memberships->census);
    *memberships = (struct memberships){0};
}
