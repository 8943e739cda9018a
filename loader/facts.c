#include "loader/facts.h"

#include "loader/memory.h"
#include "loader/trade.h"

#include <assert.h>
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

/* ---- places ---- */

/* The few hundred places of a country come again and again. */
#define RENEWAL_COUNT 4096
struct renewals {
    const struct trade *trade;
    struct {
        uint32_t before, now;
    } places[RENEWAL_COUNT]; /* by the last digits of the code */
};

static uint32_t renew(struct renewals *renewals, uint32_t place)
{
    size_t at = place % RENEWAL_COUNT;
    if (place == 0)
        return 0;
    if (renewals->places[at].before != place) {
        renewals->places[at].before = place;
        renewals->places[at].now = trade_place_now(renewals->trade, place);
    }
    return renewals->places[at].now;
}

/* Beside the beginning of codes that a register named stands the one that took its place. */
static void renew_missing(struct renewals *renewals, struct status_kind *kind)
{
    uint16_t count = kind->missing_count;
    assert(count <= MISSING_COUNT_MAX); /* once */
    for (uint16_t i = 0; i < count; i++) {
        struct place_prefix prefix = kind->missing[i];
        uint32_t tail = place_prefix_count(prefix);
        uint32_t now = renew(renewals, prefix.value * tail);
        if (now == prefix.value * tail)
            continue;
        bool is_whole = now % tail == 0; /* no part of another */
        kind->missing[kind->missing_count++] =
            is_whole ? (struct place_prefix){now / tail, prefix.digit_count}
                     : (struct place_prefix){now, PLACE_DIGIT_COUNT};
    }
}

void facts_renew_places(struct facts *facts, const struct trade *trade)
{
    if (trade->place_count == 0)
        return;
    struct renewals *renewals = memory_take_zeroed(1, sizeof(*renewals));
    renewals->trade = trade;
    for (size_t i = 0; i < facts->person_count; i++)
        facts->persons[i].place = renew(renewals, facts->persons[i].place);
    for (size_t i = 0; i < facts->status_count; i++)
        facts->statuses[i].school = renew(renewals, facts->statuses[i].school);
    free(renewals);
}

void vocabulary_renew_places(struct vocabulary *vocabulary, const struct trade *trade)
{
    if (trade->place_count == 0)
        return;
    struct renewals *renewals = memory_take_zeroed(1, sizeof(*renewals));
    renewals->trade = trade;
    for (uint16_t i = 0; i < vocabulary->kind_count; i++)
        renew_missing(renewals, &vocabulary->kinds[i]);
    free(renewals);
}
