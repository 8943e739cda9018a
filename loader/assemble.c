#include "loader/assemble.h"

#include "loader/memory.h"
#include "loader/parallel.h"
#include "protocol/progress.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct assembling {
    struct assembly *assembly;
    uint32_t first_part;
    struct facts *facts; /* by thread */
    struct progress progress;
    atomic_size_t done_count;
    pthread_mutex_t mutex; /* of what follows, and of the counts */
    bool has_fault;
    struct fault fault;
};

static bool assemble_part(struct assembling *all, uint32_t thread, uint32_t part,
                          struct fault *fault)
{
    struct assembly *assembly = all->assembly;
    struct facts *facts = &all->facts[thread];
    struct people people;
    if (!shelves_take(assembly->shelves, part, facts, fault))
        return false;
    facts_renew_places(facts, assembly->trade);
    if (!people_join_part(&people, facts, assembly->intake, fault))
        return false;
    uint32_t *set_of = memory_take(facts->person_count, sizeof(set_of[0]));
    evaluation_add(assembly->evaluation, thread, &people, set_of, assembly->intake);
    identifiers_add(assembly->identifiers, thread, part, &people, set_of);

    pthread_mutex_lock(&all->mutex);
    assembly->person_count += people.person_count;
    assembly->repeated_person_count += people.repeated_person_count;
    pthread_mutex_unlock(&all->mutex);
    free(set_of);
    people_free(&people);
    return true;
}

static void assemble_parts(void *context, uint32_t thread, size_t first, size_t end)
{
    struct assembling *all = context;
    struct fault fault;
    for (size_t i = first; i < end; i++) {
        if (!assemble_part(all, thread, all->first_part + (uint32_t)i, &fault)) {
            pthread_mutex_lock(&all->mutex);
            all->has_fault = true;
            all->fault = fault;
            pthread_mutex_unlock(&all->mutex);
        }
    }
    size_t done = atomic_fetch_add(&all->done_count, end - first) + (end - first);
    if (thread == 0)
        progress_set(&all->progress, done);
}

bool assemble(struct assembly *assembly, uint32_t thread_count, bool is_quiet, struct fault *fault)
{
    struct assembling all = {.assembly = assembly,
                             .facts = memory_take_zeroed(thread_count, sizeof(all.facts[0]))};
    pthread_mutex_init(&all.mutex, NULL);
    progress_start(&all.progress, "evaluating", "parts", SHELF_COUNT_ALL, is_quiet);
    parallel_for(thread_count, SHELF_COUNT, 1, assemble_parts, &all);
    all.first_part = SHELF_COUNT; /* those who are tied to each other are known now */
    parallel_for(thread_count, SHELF_KIN_COUNT, 1, assemble_parts, &all);
    progress_set(&all.progress, SHELF_COUNT_ALL);
    progress_end(&all.progress);
    for (uint32_t t = 0; t < thread_count; t++)
        facts_free(&all.facts[t]);
    free(all.facts);
    pthread_mutex_destroy(&all.mutex);
    if (all.has_fault)
        *fault = all.fault;
    return !all.has_fault;
}
