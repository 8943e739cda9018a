#include "loader/facts.h"

#include "loader/memory.h"

#include <stdlib.h>
#include <string.h>

struct person_fact *facts_add_person(struct facts *facts)
{
    facts->persons = memory_room(facts->persons, &facts->person_room, facts->person_count + 1,
                                 sizeof(facts->persons[0]));
    return &facts->persons[facts->person_count++];
}

struct status_fact *facts_add_status(struct facts *facts)
{
    facts->statuses = memory_room(facts->statuses, &facts->status_room, facts->status_count + 1,
                                  sizeof(facts->statuses[0]));
    return &facts->statuses[facts->status_count++];
}

struct means_fact *facts_add_means(struct facts *facts)
{
    facts->means = memory_room(facts->means, &facts->means_room, facts->means_count + 1,
                               sizeof(facts->means[0]));
    return &facts->means[facts->means_count++];
}

/* Adds `more` behind `*count` items and empties it; its room stays, for whoever fills it again. */
static void *appended(void *array, size_t *count, size_t *room, const void *more,
                      size_t *more_count, size_t item_size)
{
    if (*more_count == 0)
        return array;
    array = memory_room(array, room, *count + *more_count, item_size);
    memcpy((char *)array + *count * item_size, more, *more_count * item_size);
    *count += *more_count;
    *more_count = 0;
    return array;
}

void facts_append(struct facts *facts, struct facts *more)
{
    facts->persons = appended(facts->persons, &facts->person_count, &facts->person_room,
                              more->persons, &more->person_count, sizeof(facts->persons[0]));
    facts->statuses = appended(facts->statuses, &facts->status_count, &facts->status_room,
                               more->statuses, &more->status_count, sizeof(facts->statuses[0]));
    facts->means = appended(facts->means, &facts->means_count, &facts->means_room, more->means,
                            &more->means_count, sizeof(facts->means[0]));
}

void facts_free(struct facts *facts)
{
    free(facts->persons);
    free(facts->statuses);
    free(facts->means);
    *facts = (struct facts){0};
}
