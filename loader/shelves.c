#include "loader/shelves.h"

#include "loader/kin.h"
#include "loader/memory.h"
#include "loader/sort.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Not the factor by which the join spreads codes: in a part these would all fall together. */
#define SPREAD      UINT64_C(0xc2b2ae3d27d4eb4f)
#define AHEAD_COUNT 16
#define INDEX_BITS  27

struct shelves {
    struct kin *kin;
    struct hoard *persons, *statuses, *means;
    pthread_mutex_t moving; /* into parts of those who are tied */
};

struct shelves *shelves_open(struct hoard_room *room)
{
    struct shelves *shelves = memory_take_zeroed(1, sizeof(*shelves));
    shelves->kin = kin_open();
    shelves->persons = hoard_open(room, SHELF_COUNT_ALL, sizeof(struct person_fact));
    shelves->statuses = hoard_open(room, SHELF_COUNT_ALL, sizeof(struct status_fact));
    shelves->means = hoard_open(room, SHELF_COUNT_ALL, sizeof(struct means_fact));
    pthread_mutex_init(&shelves->moving, NULL);
    return shelves;
}

void shelves_close(struct shelves *shelves)
{
    if (shelves == NULL)
        return;
    kin_close(shelves->kin);
    hoard_close(shelves->persons);
    hoard_close(shelves->statuses);
    hoard_close(shelves->means);
    pthread_mutex_destroy(&shelves->moving);
    free(shelves);
}

/* ---- adding ---- */

static uint32_t plain_part(uint64_t code)
{
    static_assert(SHELF_COUNT == 256, "eight bits choose a part");
    return (uint32_t)((code * SPREAD) >> 56);
}

static uint32_t part_of(const struct shelves *shelves, uint64_t code)
{
    uint32_t kin = kin_part(shelves->kin, code);
    return kin == KIN_NONE ? plain_part(code) : SHELF_COUNT + kin;
}

/* Who is tied to whom is known when all were read: until then everybody stands by the own code. */
static void add_persons(struct shelves *shelves, const struct facts *piece)
{
    for (size_t i = 0; i < piece->person_count; i++) {
        const struct person_fact *fact = &piece->persons[i];
        if (fact->previous != NO_CODE && fact->previous != fact->code)
            kin_tie(shelves->kin, fact->code, fact->previous);
        hoard_add(shelves->persons, plain_part(fact->code), fact);
    }
}

void shelves_add(struct shelves *shelves, struct facts *piece)
{
    add_persons(shelves, piece);
    for (size_t i = 0; i < piece->status_count; i++) {
        if (i + AHEAD_COUNT < piece->status_count)
            kin_prefetch(shelves->kin, piece->statuses[i + AHEAD_COUNT].code);
        hoard_add(shelves->statuses, part_of(shelves, piece->statuses[i].code),
                  &piece->statuses[i]);
    }
    for (size_t i = 0; i < piece->means_count; i++) {
        if (i + AHEAD_COUNT < piece->means_count)
            kin_prefetch(shelves->kin, piece->means[i + AHEAD_COUNT].code);
        hoard_add(shelves->means, part_of(shelves, piece->means[i].code), &piece->means[i]);
    }
    piece->person_count = piece->status_count = piece->means_count = 0;
}

void shelves_know_kin(struct shelves *shelves)
{
    kin_settle(shelves->kin, SHELF_KIN_COUNT);
}

/* ---- taking ---- */

void shelf_space_free(struct shelf_space *space)
{
    facts_free(&space->facts);
    free(space->scratch);
    *space = (struct shelf_space){.scratch = NULL};
}

/* Records of each delivery stand in order already; the deliveries are to follow each other. */
#define ORDER_BY_DELIVERY(kind)                                                                    \
    static void order_##kind(struct kind##_fact *to, const struct kind##_fact *from, size_t count) \
    {                                                                                              \
        size_t next[UINT8_MAX + 1] = {0}, sum = 0;                                                 \
        for (size_t i = 0; i < count; i++)                                                         \
            next[from[i].delivery]++;                                                              \
        for (size_t d = 0; d <= UINT8_MAX; d++) {                                                  \
            size_t size = next[d];                                                                 \
            next[d] = sum;                                                                         \
            sum += size;                                                                           \
        }                                                                                          \
        for (size_t i = 0; i < count; i++)                                                         \
            to[next[from[i].delivery]++] = from[i];                                                \
    }
ORDER_BY_DELIVERY(person)
ORDER_BY_DELIVERY(status)
ORDER_BY_DELIVERY(means)

/* Those who are tied come out of all parts: by delivery and line; rows of one line as they came. */
static void sort_persons(struct person_fact *to, const struct person_fact *from, size_t count)
{
    assert(count < (size_t)1 << INDEX_BITS);
    uint64_t *order = memory_take(count, sizeof(order[0]));
    for (size_t i = 0; i < count; i++) {
        assert(from[i].delivery < 1u << (32 - INDEX_BITS));
        order[i] = (uint64_t)from[i].delivery << (32 + INDEX_BITS) |
                   (uint64_t)from[i].line << INDEX_BITS | i;
    }
    sort_u64(order, count);
    for (size_t i = 0; i < count; i++)
        to[i] = from[order[i] & (((uint64_t)1 << INDEX_BITS) - 1)];
    free(order);
}

/* Those of them who are tied go to their own parts. */
static size_t keep_untied(struct shelves *shelves, struct person_fact persons[], size_t count)
{
    size_t kept = 0;
    bool is_moving = false;
    for (size_t i = 0; i < count; i++) {
        if (i + AHEAD_COUNT < count)
            kin_prefetch(shelves->kin, persons[i + AHEAD_COUNT].code);
        uint32_t kin = kin_part(shelves->kin, persons[i].code);
        if (kin == KIN_NONE) {
            persons[kept++] = persons[i];
            continue;
        }
        if (!is_moving)
            pthread_mutex_lock(&shelves->moving);
        is_moving = true;
        hoard_add(shelves->persons, SHELF_COUNT + kin, &persons[i]);
    }
    if (is_moving)
        pthread_mutex_unlock(&shelves->moving);
    return kept;
}

/* The part's records as they came, in the scratch memory. */
static bool take_records(struct hoard *hoard, uint32_t part, struct shelf_space *space,
                         size_t record_size, size_t *count, struct fault *fault)
{
    *count = hoard_count(hoard, part);
    size_t size = *count * record_size;
    if (size > space->scratch_room) {
        free(space->scratch);
        space->scratch_room = size + size / 4;
        space->scratch = memory_take(space->scratch_room, 1);
    }
    if (*count > 0 && !hoard_take(hoard, part, space->scratch, fault))
        return false;
    hoard_empty(hoard, part);
    return true;
}

bool shelves_take(struct shelves *shelves, uint32_t part, struct shelf_space *space,
                  struct fault *fault)
{
    struct facts *facts = &space->facts;
    size_t count;
    if (!take_records(shelves->persons, part, space, sizeof(struct person_fact), &count, fault))
        return false;
    if (part < SHELF_COUNT)
        count = keep_untied(shelves, space->scratch, count);
    facts->persons =
        memory_room(facts->persons, &facts->person_room, count, sizeof(facts->persons[0]));
    facts->person_count = count;
    if (part < SHELF_COUNT)
        order_person(facts->persons, space->scratch, count);
    else
        sort_persons(facts->persons, space->scratch, count);

    if (!take_records(shelves->statuses, part, space, sizeof(struct status_fact), &count, fault))
        return false;
    facts->statuses =
        memory_room(facts->statuses, &facts->status_room, count, sizeof(facts->statuses[0]));
    facts->status_count = count;
    order_status(facts->statuses, space->scratch, count);

    if (!take_records(shelves->means, part, space, sizeof(struct means_fact), &count, fault))
        return false;
    facts->means = memory_room(facts->means, &facts->means_room, count, sizeof(facts->means[0]));
    facts->means_count = count;
    order_means(facts->means, space->scratch, count);
    return true;
}
