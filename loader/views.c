#include "loader/views.h"

#include "loader/memory.h"
#include "loader/parallel.h"
#include "loader/sort.h"
#include "loader/subjects.h"
#include "protocol/progress.h"
#include "protocol/snapshot.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define RUN_SIZE         8192 /* rows that a thread takes at once */
#define AHEAD_COUNT      16   /* lookups under way at once */
#define SPREAD           UINT64_C(0x9e3779b97f4a7c15)
#define TEST_ENTRY_COUNT (2 * MEANS_LAST) /* of every means, one that hits and one that expired */

/* A view as a number: set, then the days of the window from which and until which. Never 0 for what
 * is published, and in the order in which views are numbered. */
#define KEY_DAY_BITS 10
#define KEY_DAY_MASK ((1u << KEY_DAY_BITS) - 1)
#define KEY_NONE     0
static_assert(WINDOW_DAYS_MAX <= KEY_DAY_MASK, "every day of a window fits a key");

static uint64_t view_key(uint32_t set, struct window window, uint32_t from_day, uint32_t until_day)
{
    if (from_day < window.from_day)
        from_day = window.from_day;
    if (until_day > window.until_day)
        until_day = window.until_day;
    if (set == SET_EMPTY || from_day >= until_day)
        return KEY_NONE;
    return (uint64_t)set << (2 * KEY_DAY_BITS) |
           (uint64_t)(from_day - window.from_day) << KEY_DAY_BITS | (until_day - window.from_day);
}

static struct view view_of_key(uint64_t key, struct window window)
{
    return (struct view){.set = (uint32_t)(key >> (2 * KEY_DAY_BITS)),
                         .from_day =
                             window.from_day + ((uint32_t)(key >> KEY_DAY_BITS) & KEY_DAY_MASK),
                         .until_day = window.from_day + ((uint32_t)key & KEY_DAY_MASK)};
}

/* Keys, each once; with numbers once they are known. */
struct keymap {
    uint64_t *keys; /* KEY_NONE: empty */
    uint32_t *views;
    uint64_t mask;
    size_t count;
};

static uint64_t keymap_at(const struct keymap *map, uint64_t key)
{
    uint64_t at = (key * SPREAD) >> 32 & map->mask;
    while (map->keys[at] != KEY_NONE && map->keys[at] != key)
        at = (at + 1) & map->mask;
    return at;
}

static void keymap_add(struct keymap *map, uint64_t key);

static void keymap_widen(struct keymap *map)
{
    struct keymap wider = {.mask = map->mask == 0 ? 4095 : 2 * map->mask + 1};
    wider.keys = memory_take_zeroed(wider.mask + 1, sizeof(wider.keys[0]));
    for (uint64_t i = 0; map->keys != NULL && i <= map->mask; i++)
        if (map->keys[i] != KEY_NONE)
            keymap_add(&wider, map->keys[i]);
    free(map->keys);
    *map = wider;
}

static void keymap_add(struct keymap *map, uint64_t key)
{
    if (2 * map->count >= map->mask)
        keymap_widen(map);
    uint64_t at = keymap_at(map, key);
    if (map->keys[at] == KEY_NONE) {
        map->keys[at] = key;
        map->count++;
    }
}

/* What both passes share: the base rows first, then the rows of means, cut into runs. */
struct publishing {
    const struct people *people;
    const struct memberships *memberships;
    struct window window;
    size_t person_run_count, means_run_count;
    size_t *run_counts;  /* first pass */
    struct keymap *maps; /* first pass: by thread; second: the one with numbers */
    size_t *run_firsts;  /* second pass: where a run's entries begin */
    struct index_entry *entries;
    const struct identity_key *key, *subject_key;
    const uint64_t *subjects; /* by base row; NULL: there are none */
    struct progress progress;
    atomic_size_t done_count;
};

static uint64_t person_key(const struct publishing *all, size_t row)
{
    return view_key(all->memberships->set_of[row], all->window, all->window.from_day,
                    all->window.until_day);
}

static uint64_t means_key(const struct publishing *all, size_t row)
{
    uint32_t holder = all->people->holder[row];
    const struct means_fact *means = &all->people->facts->means[row];
    return holder == NOBODY ? KEY_NONE
                            : view_key(all->memberships->set_of[holder], all->window,
                                       means->from_day, means->until_day);
}

/* Holders stand anywhere: what is needed soon is asked for now. */
static void prefetch_means(const struct publishing *all, size_t row)
{
    if (row >= all->people->facts->means_count || all->people->holder[row] == NOBODY)
        return;
    __builtin_prefetch(&all->memberships->set_of[all->people->holder[row]]);
    if (all->subjects != NULL)
        __builtin_prefetch(&all->subjects[all->people->holder[row]]);
}

static void publishing_start(struct publishing *all, const struct people *people,
                             const struct memberships *memberships, struct window window)
{
    *all = (struct publishing){
        .people = people,
        .memberships = memberships,
        .window = window,
        .person_run_count = (people->facts->person_count + RUN_SIZE - 1) / RUN_SIZE,
        .means_run_count = (people->facts->means_count + RUN_SIZE - 1) / RUN_SIZE};
}

/* The rows of a run, and of which kind they are. */
static bool run_rows(const struct publishing *all, size_t run, size_t *first, size_t *end)
{
    bool is_person = run < all->person_run_count;
    size_t count = is_person ? all->people->facts->person_count : all->people->facts->means_count;
    *first = (is_person ? run : run - all->person_run_count) * RUN_SIZE;
    *end = *first + RUN_SIZE < count ? *first + RUN_SIZE : count;
    return is_person;
}

/* --- first pass: which views are there --- */

static void collect_run(void *context, uint32_t thread, size_t run, size_t run_end)
{
    assert(run_end == run + 1);
    struct publishing *all = context;
    size_t first, end;
    bool is_person = run_rows(all, run, &first, &end);
    uint64_t before = KEY_NONE;
    for (size_t row = first; row < end; row++) {
        if (!is_person)
            prefetch_means(all, row + AHEAD_COUNT);
        uint64_t key = is_person ? person_key(all, row) : means_key(all, row);
        if (key == KEY_NONE)
            continue;
        all->run_counts[run]++;
        if (key != before)
            keymap_add(&all->maps[thread], key);
        before = key;
    }
}

static uint64_t test_key(const struct publishing *all, enum test_identity which)
{
    return view_key(all->memberships->test_set, all->window, all->window.from_day,
                    which == TEST_HIT ? all->window.until_day : all->window.from_day + 1);
}

static void number_views(struct views *out, const struct keymap *map, struct window window)
{
    uint64_t *keys = memory_take(map->count, sizeof(keys[0]));
    size_t count = 0;
    for (uint64_t i = 0; i <= map->mask; i++)
        if (map->keys[i] != KEY_NONE)
            keys[count++] = map->keys[i];
    sort_u64(keys, count);

    out->list = memory_take(count + 1, sizeof(out->list[0]));
    out->list[VIEW_NOBODY] = (struct view){.set = SET_EMPTY, .from_day = 0, .until_day = DAY_NEVER};
    for (size_t i = 0; i < count; i++)
        out->list[i + 1] = view_of_key(keys[i], window);
    out->count = (uint32_t)(count + 1);
    free(keys);
}

void views_collect(struct views *out, const struct people *people,
                   const struct memberships *memberships, struct window window,
                   uint32_t thread_count)
{
    struct publishing all;
    publishing_start(&all, people, memberships, window);
    size_t run_count = all.person_run_count + all.means_run_count;
    all.run_counts = memory_take_zeroed(run_count, sizeof(all.run_counts[0]));
    all.maps = memory_take_zeroed(thread_count, sizeof(all.maps[0]));
    parallel_for(thread_count, run_count, 1, collect_run, &all);

    keymap_add(&all.maps[0], test_key(&all, TEST_HIT));
    keymap_add(&all.maps[0], test_key(&all, TEST_EXPIRED));
    for (uint32_t t = 1; t < thread_count; t++) {
        for (uint64_t i = 0; all.maps[t].keys != NULL && i <= all.maps[t].mask; i++)
            if (all.maps[t].keys[i] != KEY_NONE)
                keymap_add(&all.maps[0], all.maps[t].keys[i]);
        free(all.maps[t].keys);
    }
    *out = (struct views){.run_counts = all.run_counts, .identifier_count = TEST_ENTRY_COUNT};
    number_views(out, &all.maps[0], window);
    for (size_t i = 0; i < run_count; i++)
        out->identifier_count += all.run_counts[i];
    free(all.maps[0].keys);
    free(all.maps);
}

void views_free(struct views *views)
{
    free(views->list);
    free(views->run_counts);
    *views = (struct views){0};
}

/* --- second pass: digests --- */

/* Identifiers wait here until there are enough for a batch. */
struct batch {
    struct identifier identifiers[IDENTITY_BATCH_MAX];
    struct digest digests[IDENTITY_BATCH_MAX];
    uint32_t views[IDENTITY_BATCH_MAX];
    uint64_t subjects[IDENTITY_BATCH_MAX];
    size_t count;
};

static void batch_flush(struct batch *batch, const struct identity_key *key,
                        struct index_entry **to)
{
    identity_digest_batch(batch->digests, key, batch->identifiers, batch->count);
    for (size_t i = 0; i < batch->count; i++)
        *(*to)++ = (struct index_entry){batch->digests[i], batch->views[i], batch->subjects[i]};
    batch->count = 0;
}

static struct identifier code_identifier(uint64_t code)
{
    struct identifier identifier = {.means = MEANS_PERSONAL_CODE, .size = 11};
    means_unpack_code(identifier.text, code);
    return identifier;
}

static void digest_run(void *context, uint32_t thread, size_t run, size_t run_end)
{
    assert(run_end == run + 1);
    struct publishing *all = context;
    const struct facts *facts = all->people->facts;
    struct index_entry *to = all->entries + all->run_firsts[run];
    struct batch batch = {.count = 0};
    size_t first, end;
    bool is_person = run_rows(all, run, &first, &end);
    for (size_t row = first; row < end; row++) {
        if (!is_person)
            prefetch_means(all, row + AHEAD_COUNT);
        uint64_t key = is_person ? person_key(all, row) : means_key(all, row);
        if (key == KEY_NONE)
            continue;
        batch.identifiers[batch.count] =
            is_person ? code_identifier(facts->persons[row].code) : facts->means[row].identifier;
        batch.views[batch.count] = all->maps->views[keymap_at(all->maps, key)];
        batch.subjects[batch.count] =
            all->subjects == NULL ? 0 : all->subjects[is_person ? row : all->people->holder[row]];
        if (++batch.count == IDENTITY_BATCH_MAX)
            batch_flush(&batch, all->key, &to);
    }
    batch_flush(&batch, all->key, &to);
    size_t written = (size_t)(to - all->entries) - all->run_firsts[run];
    size_t done = atomic_fetch_add(&all->done_count, written) + written;
    if (thread == 0)
        progress_set(&all->progress, done);
}

static void digest_tests(struct publishing *all)
{
    struct index_entry *to = all->entries;
    for (uint8_t means = 1; means <= MEANS_LAST; means++)
        for (int which = TEST_HIT; which <= TEST_EXPIRED; which++) {
            const char *text = means_test_identifier((enum means)means, (enum test_identity)which);
            struct identifier identifier = {.means = means, .size = (uint8_t)strlen(text)};
            memcpy(identifier.text, text, identifier.size);
            uint64_t key = test_key(all, (enum test_identity)which);
            identity_digest(&to->digest, all->key, &identifier);
            to->view = all->maps->views[keymap_at(all->maps, key)];
            to->subject = all->subject_key == NULL
                              ? 0
                              : subject_of_test(all->subject_key, (enum test_identity)which);
            to++;
        }
    assert(to == all->entries + TEST_ENTRY_COUNT);
}

static struct keymap keymap_of_views(const struct views *views, struct window window)
{
    struct keymap map = {0};
    for (uint32_t i = 1; i < views->count; i++)
        keymap_add(&map, view_key(views->list[i].set, window, views->list[i].from_day,
                                  views->list[i].until_day));
    map.views = memory_take_zeroed(map.mask + 1, sizeof(map.views[0]));
    for (uint32_t i = 1; i < views->count; i++)
        map.views[keymap_at(&map, view_key(views->list[i].set, window, views->list[i].from_day,
                                           views->list[i].until_day))] = i;
    return map;
}

struct index_entry *views_digest(const struct views *views, const struct people *people,
                                 const struct memberships *memberships, struct window window,
                                 const struct identity_key *key,
                                 const struct identity_key *subject_key, uint32_t thread_count,
                                 bool is_quiet)
{
    struct publishing all;
    publishing_start(&all, people, memberships, window);
    uint64_t *subjects = subject_key == NULL
                             ? NULL
                             : subjects_of_people(people, memberships, subject_key, thread_count);
    all.subjects = subjects;
    all.subject_key = subject_key;
    struct keymap map = keymap_of_views(views, window);
    size_t run_count = all.person_run_count + all.means_run_count;
    all.maps = &map;
    all.key = key;
    all.entries = memory_take(views->identifier_count, sizeof(all.entries[0]));
    all.run_firsts = memory_take(run_count + 1, sizeof(all.run_firsts[0]));
    all.run_firsts[0] = TEST_ENTRY_COUNT;
    for (size_t i = 0; i < run_count; i++)
        all.run_firsts[i + 1] = all.run_firsts[i] + views->run_counts[i];

    progress_start(&all.progress, "hashing", "identifiers", views->identifier_count, is_quiet);
    digest_tests(&all);
    parallel_for(thread_count, run_count, 1, digest_run, &all);
    progress_set(&all.progress, views->identifier_count);
    progress_end(&all.progress);
    free(subjects);
    free(all.run_firsts);
    free(map.keys);
    free(map.views);
    return all.entries;
}
