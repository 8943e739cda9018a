#include "loader/shelves.h"

#include "loader/kin.h"
#include "loader/memory.h"
#include "loader/sort.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

/* Not the factor by which the join spreads codes: in a part these would all fall together. */
#define SPREAD      UINT64_C(0xc2b2ae3d27d4eb4f)
#define AHEAD_COUNT 16

/* ---- facts as they wait: without gaps, and without what nearly nobody has ---- */

/* A code and numbers below what is left of its word. */
#define CODE_BITS       37 /* eleven digits */
#define DELIVERY_BITS   8
#define KIND_BITS       8
#define DELIVERY_SHIFT  CODE_BITS
#define KIND_SHIFT      (DELIVERY_SHIFT + DELIVERY_BITS)
#define SUBTYPE_SHIFT   (KIND_SHIFT + KIND_BITS)
#define TEXT_SIZE_SHORT 14 /* of nearly all identifiers */
static_assert(KIND_COUNT_MAX <= 1 << KIND_BITS, "a kind of status fits its bits");
static_assert(SUBTYPE_COUNT_MAX <= 1 << (64 - SUBTYPE_SHIFT), "a subtype fits its bits");

struct short_person { /* without a previous code */
    uint64_t word;
    int32_t birth_day;
    uint32_t death_day, place, line;
};

struct short_status {
    uint64_t word;
    uint32_t from_day, until_day, school, line;
};

struct short_means {
    uint64_t word;
    uint32_t from_day, until_day, issued_day, line;
    uint8_t means, size;
    char text[TEXT_SIZE_SHORT];
};

/* Full facts with zeros between their members. */
static struct person_fact *clean_person(struct person_fact *to, const struct person_fact *from)
{
    memset(to, 0, sizeof(*to));
    to->code = from->code;
    to->previous = from->previous;
    to->birth_day = from->birth_day;
    to->death_day = from->death_day;
    to->place = from->place;
    to->line = from->line;
    to->delivery = from->delivery;
    return to;
}

static struct means_fact *clean_means(struct means_fact *to, const struct means_fact *from)
{
    memset(to, 0, sizeof(*to));
    to->code = from->code;
    to->from_day = from->from_day;
    to->until_day = from->until_day;
    to->issued_day = from->issued_day;
    to->line = from->line;
    to->delivery = from->delivery;
    to->identifier = from->identifier;
    return to;
}

static uint64_t word_of(uint64_t code, uint8_t delivery)
{
    assert(code >> CODE_BITS == 0);
    return code | (uint64_t)delivery << DELIVERY_SHIFT;
}

static uint64_t code_of(uint64_t word)
{
    return word & ((UINT64_C(1) << CODE_BITS) - 1);
}

static uint8_t delivery_of(uint64_t word)
{
    return (uint8_t)(word >> DELIVERY_SHIFT);
}

/* ---- open, close ---- */

struct shelves {
    struct kin *kin;
    struct hoard *persons, *statuses, *means;
    struct hoard *changers;    /* struct person_fact: with a previous code, until kin are known */
    struct hoard *kin_persons; /* struct person_fact: whoever is tied */
    struct hoard *long_means;  /* struct means_fact */
    pthread_mutex_t moving;    /* of kin_persons */
    bool has_fault;            /* something could not be read back */
    struct fault fault;
};

struct shelves *shelves_open(struct hoard_room *room)
{
    struct shelves *shelves = memory_take_zeroed(1, sizeof(*shelves));
    shelves->kin = kin_open();
    shelves->persons = hoard_open(room, SHELF_COUNT, sizeof(struct short_person));
    shelves->statuses = hoard_open(room, SHELF_COUNT_ALL, sizeof(struct short_status));
    shelves->means = hoard_open(room, SHELF_COUNT_ALL, sizeof(struct short_means));
    shelves->changers = hoard_open(room, 1, sizeof(struct person_fact));
    shelves->kin_persons = hoard_open(room, SHELF_KIN_COUNT, sizeof(struct person_fact));
    shelves->long_means = hoard_open(room, SHELF_COUNT_ALL, sizeof(struct means_fact));
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
    hoard_close(shelves->changers);
    hoard_close(shelves->kin_persons);
    hoard_close(shelves->long_means);
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

/* Who is tied to whom is known when all were read: until then everybody stands by the own code, but
 * for those who say it. */
static void add_person(struct shelves *shelves, const struct person_fact *fact)
{
    if (fact->previous != NO_CODE && fact->previous != fact->code) {
        struct person_fact full;
        kin_tie(shelves->kin, fact->code, fact->previous);
        hoard_add(shelves->changers, 0, clean_person(&full, fact), sizeof(full));
        return;
    }
    struct short_person person = {word_of(fact->code, fact->delivery), fact->birth_day,
                                  fact->death_day, fact->place, fact->line};
    hoard_add(shelves->persons, plain_part(fact->code), &person, sizeof(person));
}

static void add_status(struct shelves *shelves, const struct status_fact *fact)
{
    struct short_status status = {word_of(fact->code, fact->delivery) |
                                      (uint64_t)fact->kind << KIND_SHIFT |
                                      (uint64_t)fact->subtype << SUBTYPE_SHIFT,
                                  fact->from_day, fact->until_day, fact->school, fact->line};
    hoard_add(shelves->statuses, part_of(shelves, fact->code), &status, sizeof(status));
}

static void add_means(struct shelves *shelves, const struct means_fact *fact)
{
    uint32_t part = part_of(shelves, fact->code);
    if (fact->identifier.size > TEXT_SIZE_SHORT) {
        struct means_fact full;
        hoard_add(shelves->long_means, part, clean_means(&full, fact), sizeof(full));
        return;
    }
    struct short_means means = {.word = word_of(fact->code, fact->delivery),
                                .from_day = fact->from_day,
                                .until_day = fact->until_day,
                                .issued_day = fact->issued_day,
                                .line = fact->line,
                                .means = fact->identifier.means,
                                .size = fact->identifier.size};
    memcpy(means.text, fact->identifier.text, sizeof(means.text));
    hoard_add(shelves->means, part, &means, sizeof(means));
}

void shelves_add(struct shelves *shelves, struct facts *piece)
{
    if (shelves->has_fault) /* which is told when somebody wants a part */
        piece->person_count = piece->status_count = piece->means_count = 0;
    for (size_t i = 0; i < piece->person_count; i++)
        add_person(shelves, &piece->persons[i]);
    for (size_t i = 0; i < piece->status_count; i++) {
        if (i + AHEAD_COUNT < piece->status_count)
            kin_prefetch(shelves->kin, piece->statuses[i + AHEAD_COUNT].code);
        add_status(shelves, &piece->statuses[i]);
    }
    for (size_t i = 0; i < piece->means_count; i++) {
        if (i + AHEAD_COUNT < piece->means_count)
            kin_prefetch(shelves->kin, piece->means[i + AHEAD_COUNT].code);
        add_means(shelves, &piece->means[i]);
    }
    piece->person_count = piece->status_count = piece->means_count = 0;
}

static void move_changers(void *context, const void *records, size_t count)
{
    struct shelves *shelves = context;
    const struct person_fact *persons = records;
    for (size_t i = 0; i < count; i++)
        hoard_add(shelves->kin_persons, kin_part(shelves->kin, persons[i].code), &persons[i],
                  sizeof(persons[i]));
}

void shelves_know_kin(struct shelves *shelves)
{
    bool is_good = kin_settle(shelves->kin, SHELF_KIN_COUNT);
    if (!is_good)
        fault_set(&shelves->fault, "at most %zu changes of personal codes wanted, more found",
                  KIN_TIE_COUNT_MAX);
    else
        is_good = hoard_visit(shelves->changers, 0, move_changers, shelves, &shelves->fault);
    shelves->has_fault = !is_good;
    hoard_empty(shelves->changers, 0);
}

/* ---- taking ---- */

struct taking {
    struct shelves *shelves;
    struct facts *facts;
};

static struct person_fact full_person(const struct short_person *person)
{
    return (struct person_fact){.code = code_of(person->word),
                                .birth_day = person->birth_day,
                                .death_day = person->death_day,
                                .place = person->place,
                                .line = person->line,
                                .delivery = delivery_of(person->word)};
}

/* Those who are tied go to their own parts. */
static void take_persons(void *context, const void *records, size_t count)
{
    const struct taking *taking = context;
    struct shelves *shelves = taking->shelves;
    const struct short_person *persons = records;
    struct person_fact *to = taking->facts->persons + taking->facts->person_count;
    for (size_t i = 0; i < count; i++) {
        if (i + AHEAD_COUNT < count)
            kin_prefetch(shelves->kin, code_of(persons[i + AHEAD_COUNT].word));
        uint32_t kin = kin_part(shelves->kin, code_of(persons[i].word));
        *to = full_person(&persons[i]);
        if (kin == KIN_NONE) {
            to++;
            continue;
        }
        struct person_fact full;
        pthread_mutex_lock(&shelves->moving);
        hoard_add(shelves->kin_persons, kin, clean_person(&full, to), sizeof(full));
        pthread_mutex_unlock(&shelves->moving);
    }
    taking->facts->person_count = (size_t)(to - taking->facts->persons);
}

static void take_statuses(void *context, const void *records, size_t count)
{
    const struct taking *taking = context;
    const struct short_status *statuses = records;
    struct status_fact *to = taking->facts->statuses + taking->facts->status_count;
    for (size_t i = 0; i < count; i++)
        to[i] = (struct status_fact){
            .code = code_of(statuses[i].word),
            .from_day = statuses[i].from_day,
            .until_day = statuses[i].until_day,
            .school = statuses[i].school,
            .line = statuses[i].line,
            .kind = statuses[i].word >> KIND_SHIFT & ((1u << KIND_BITS) - 1),
            .subtype = (uint8_t)(statuses[i].word >> SUBTYPE_SHIFT),
            .delivery = delivery_of(statuses[i].word),
        };
    taking->facts->status_count += count;
}

static void take_means(void *context, const void *records, size_t count)
{
    const struct taking *taking = context;
    const struct short_means *means = records;
    struct means_fact *to = taking->facts->means + taking->facts->means_count;
    for (size_t i = 0; i < count; i++) {
        to[i] = (struct means_fact){
            .code = code_of(means[i].word),
            .from_day = means[i].from_day,
            .until_day = means[i].until_day,
            .issued_day = means[i].issued_day,
            .line = means[i].line,
            .delivery = delivery_of(means[i].word),
            .identifier = {.means = means[i].means, .size = means[i].size},
        };
        memcpy(to[i].identifier.text, means[i].text, sizeof(means[i].text));
    }
    taking->facts->means_count += count;
}

/* By delivery and line; rows of one line as they came. */
static bool is_before(const struct person_fact *a, const struct person_fact *b)
{
    return a->delivery < b->delivery || (a->delivery == b->delivery && a->line < b->line);
}

static bool are_in_order(const struct person_fact persons[], size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (is_before(&persons[i], &persons[i - 1]))
            return false;
    return true;
}

/* Those who are tied come out of all parts, and there may be several base registers. */
#define PLACE_BITS 27
static void order_persons(struct person_fact persons[], size_t count)
{
    if (are_in_order(persons, count))
        return;
    struct person_fact *unordered = memory_take(count, sizeof(persons[0]));
    uint64_t *order = memory_take(count, sizeof(order[0]));
    memcpy(unordered, persons, count * sizeof(persons[0]));
    for (size_t i = 0; i < count; i++) {
        assert(persons[i].delivery < 1u << (32 - PLACE_BITS));
        order[i] = (uint64_t)persons[i].delivery << (32 + PLACE_BITS) |
                   (uint64_t)persons[i].line << PLACE_BITS | i;
    }
    sort_u64(order, count);
    for (size_t i = 0; i < count; i++)
        persons[i] = unordered[order[i] & ((UINT64_C(1) << PLACE_BITS) - 1)];
    free(unordered);
    free(order);
}

static bool take_all_persons(struct shelves *shelves, uint32_t part, struct facts *facts,
                             struct fault *fault)
{
    bool is_kin = part >= SHELF_COUNT, is_good;
    struct hoard *hoard = is_kin ? shelves->kin_persons : shelves->persons;
    uint32_t number = is_kin ? part - SHELF_COUNT : part;
    struct taking taking = {shelves, facts};
    uint64_t count = hoard_count(hoard, number);
    if (count >> PLACE_BITS != 0)
        return fault_set(fault, "too many base rows in one part of the country: %" PRIu64, count);
    facts->person_count = 0;
    facts->persons =
        memory_room(facts->persons, &facts->person_room, count + 1, sizeof(facts->persons[0]));
    if (is_kin) {
        is_good = hoard_take(hoard, number, facts->persons, fault);
        facts->person_count = count;
    } else {
        is_good = hoard_visit(hoard, number, take_persons, &taking, fault);
    }
    hoard_empty(hoard, number);
    if (is_good)
        order_persons(facts->persons, facts->person_count);
    return is_good;
}

bool shelves_take(struct shelves *shelves, uint32_t part, struct facts *facts, struct fault *fault)
{
    struct taking taking = {shelves, facts};
    uint64_t status_count = hoard_count(shelves->statuses, part);
    uint64_t short_count = hoard_count(shelves->means, part);
    uint64_t long_count = hoard_count(shelves->long_means, part);
    if (shelves->has_fault) {
        *fault = shelves->fault;
        return false;
    }
    facts->status_count = facts->means_count = 0;
    facts->statuses =
        memory_room(facts->statuses, &facts->status_room, status_count, sizeof(facts->statuses[0]));
    facts->means = memory_room(facts->means, &facts->means_room, short_count + long_count,
                               sizeof(facts->means[0]));
    if (!take_all_persons(shelves, part, facts, fault) ||
        !hoard_visit(shelves->statuses, part, take_statuses, &taking, fault) ||
        !hoard_visit(shelves->means, part, take_means, &taking, fault) ||
        !hoard_take(shelves->long_means, part, facts->means + short_count, fault))
        return false;
    facts->means_count += long_count;
    hoard_empty(shelves->statuses, part);
    hoard_empty(shelves->means, part);
    hoard_empty(shelves->long_means, part);
    return true;
}
