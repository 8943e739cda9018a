#include "loader/join.h"

#include "loader/memory.h"
#include "loader/parallel.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define RUN_SIZE      16384 /* rows that a thread takes at once */
#define AHEAD_COUNT   16    /* lookups under way at once: their misses overlap */
#define CODE_BITS     37    /* eleven digits */
#define ROW_BITS      27
#define ROW_MASK      ((UINT64_C(1) << ROW_BITS) - 1)
#define ROW_NOBODY    ROW_MASK /* a code that must not be found although it stands in the map */
#define SPREAD        UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / golden ratio: spreads what is close */
#define MEANS_ROW_MAX (UINT32_MAX - 1)

static_assert(CODE_BITS + ROW_BITS == 64, "a code and its row fill one slot");
static_assert(PERSON_ROW_COUNT_MAX == ROW_NOBODY, "every base row has a number below nobody's");

/* Open addressing at a load of at most one half; eight bytes a slot, 0 when empty (no code is 0).
 */
struct codemap {
    uint64_t *slots;
    uint64_t mask;
    uint32_t shift;
};

static struct codemap *codemap_open(size_t code_count)
{
    struct codemap *map = memory_take(1, sizeof(*map));
    uint32_t bits = 4;
    while ((UINT64_C(1) << bits) < 2 * (uint64_t)code_count)
        bits++;
    map->mask = (UINT64_C(1) << bits) - 1;
    map->shift = 64 - bits;
    map->slots = memory_take_zeroed((size_t)map->mask + 1, sizeof(map->slots[0]));
    return map;
}

static void codemap_close(struct codemap *map)
{
    if (map != NULL)
        free(map->slots);
    free(map);
}

static void codemap_prefetch(const struct codemap *map, uint64_t code)
{
    __builtin_prefetch(&map->slots[(code * SPREAD) >> map->shift]);
}

/* The slot of the code, or the empty one where it would stand. */
static uint64_t *codemap_slot(const struct codemap *map, uint64_t code)
{
    uint64_t i = (code * SPREAD) >> map->shift;
    while (map->slots[i] != 0 && map->slots[i] >> ROW_BITS != code)
        i = (i + 1) & map->mask;
    return &map->slots[i];
}

static uint32_t codemap_get(const struct codemap *map, uint64_t code)
{
    uint64_t slot = *codemap_slot(map, code);
    uint64_t row = slot & ROW_MASK;
    return slot == 0 || row == ROW_NOBODY ? NOBODY : (uint32_t)row;
}

static void codemap_put(struct codemap *map, uint64_t code, uint32_t row)
{
    assert(code != NO_CODE && code >> CODE_BITS == 0);
    *codemap_slot(map, code) = code << ROW_BITS | (row == NOBODY ? ROW_NOBODY : row);
}

/* Base rows, serially: the later of two rows must win, and the misses overlap anyway. */
static void put_base_rows(struct people *people, struct intake *intake)
{
    const struct person_fact *rows = people->facts->persons;
    size_t row_count = people->facts->person_count;
    uint64_t test_codes[TEST_IDENTITY_COUNT];
    for (int i = 0; i < TEST_IDENTITY_COUNT; i++)
        test_codes[i] =
            means_pack_code(means_test_identifier(MEANS_PERSONAL_CODE, (enum test_identity)i));

    for (size_t i = 0; i < row_count; i++) {
        if (i + AHEAD_COUNT < row_count)
            codemap_prefetch(people->codes, rows[i + AHEAD_COUNT].code);
        if (rows[i].code == test_codes[TEST_HIT] || rows[i].code == test_codes[TEST_EXPIRED] ||
            rows[i].code == test_codes[TEST_MISS]) {
            intake_refuse(intake, rows[i].delivery, rows[i].line, 0, REFUSAL_CODE_NOT_PERSON);
            continue;
        }
        uint32_t before = codemap_get(people->codes, rows[i].code);
        if (before != NOBODY) {
            people->is_person[before] = 0;
            /* One line with several previous codes is several rows. */
            if (rows[before].line != rows[i].line || rows[before].delivery != rows[i].delivery)
                people->repeated_person_count++;
        }
        codemap_put(people->codes, rows[i].code, (uint32_t)i);
        people->is_person[i] = 1;
    }
}

/* A base row says that somebody had another code before. */
struct change {
    uint64_t previous;
    uint32_t row;     /* who says so */
    uint32_t current; /* base row of the person as it is known now; NOBODY: a circle */
    uint32_t depth;   /* changes from there to the current code */
};

/* Follows later changes of code until there is none. */
static void follow_changes(struct change *change, const struct people *people,
                           const struct codemap *changed_to)
{
    uint32_t row = codemap_get(changed_to, change->previous);
    change->current = NOBODY;
    for (change->depth = 1; change->depth <= PREVIOUS_CHAIN_MAX; change->depth++) {
        uint32_t next = codemap_get(changed_to, people->facts->persons[row].code);
        if (next == NOBODY) {
            change->current = codemap_get(people->codes, people->facts->persons[row].code);
            return;
        }
        row = next;
    }
}

static size_t list_changes(struct change changes[], const struct people *people)
{
    const struct person_fact *rows = people->facts->persons;
    size_t count = 0;
    for (size_t i = 0; i < people->facts->person_count; i++) {
        if (rows[i].previous == NO_CODE || rows[i].previous == rows[i].code)
            continue;
        uint32_t winner = codemap_get(people->codes, rows[i].code);
        if (winner == NOBODY || rows[winner].line != rows[i].line ||
            rows[winner].delivery != rows[i].delivery)
            continue; /* a later row about this person says otherwise */
        changes[count++] = (struct change){.previous = rows[i].previous, .row = (uint32_t)i};
    }
    return count;
}

/* Neither code of a circle can be called the current one: nobody is found under either. */
static void refuse_circle(struct people *people, struct intake *intake, const struct change *change)
{
    const struct person_fact *row = &people->facts->persons[change->row];
    uint32_t own = codemap_get(people->codes, row->code);
    if (own != NOBODY && people->is_person[own]) {
        people->is_person[own] = 0;
        intake_refuse(intake, row->delivery, row->line, 0, REFUSAL_CODE_CIRCLE);
    }
}

/* Codes since July 2017 begin with 32; older ones with a day of birth. */
#define NEW_FORM 32
static bool is_of_new_form(uint64_t code)
{
    return code / UINT64_C(1000000000) == NEW_FORM;
}

/* Whether the first of two codes of one person is the older one, as far as registers tell. */
static bool is_earlier(uint64_t code, uint32_t depth, uint64_t than, uint32_t than_depth)
{
    if (depth != than_depth)
        return depth > than_depth;
    if (is_of_new_form(code) != is_of_new_form(than))
        return is_of_new_form(than);
    return code < than;
}

static void find_first_codes(struct people *people, const struct change changes[], size_t count,
                             const struct codemap *changed_to)
{
    uint8_t *depths = memory_take_zeroed(people->facts->person_count, sizeof(depths[0]));
    for (size_t i = 0; i < count; i++) {
        const struct change *change = &changes[i];
        uint32_t person = change->current;
        if (person == NOBODY || codemap_get(changed_to, change->previous) != change->row)
            continue; /* a later row says whose code that was */
        if (is_earlier(change->previous, change->depth, people_first_code(people, person),
                       depths[person])) {
            people->first_rows[person] = change->row + 1;
            depths[person] = (uint8_t)change->depth;
        }
    }
    free(depths);
}

static void join_previous_codes(struct people *people, struct intake *intake, size_t room)
{
    struct change *changes = memory_take(room, sizeof(changes[0]));
    size_t count = list_changes(changes, people);
    struct codemap *changed_to = codemap_open(count);
    for (size_t i = 0; i < count; i++)
        codemap_put(changed_to, changes[i].previous, changes[i].row);
    for (size_t i = 0; i < count; i++)
        follow_changes(&changes[i], people, changed_to);
    find_first_codes(people, changes, count, changed_to);

    for (size_t i = 0; i < count; i++)
        if (changes[i].current == NOBODY)
            refuse_circle(people, intake, &changes[i]);
    for (size_t i = 0; i < count; i++) {
        uint32_t own = codemap_get(people->codes, changes[i].previous);
        if (own != NOBODY)
            people->is_person[own] = 0;
        if (changes[i].current == NOBODY)
            codemap_put(people->codes, people->facts->persons[changes[i].row].code, NOBODY);
    }
    for (size_t i = 0; i < count; i++)
        codemap_put(people->codes, changes[i].previous, changes[i].current);
    codemap_close(changed_to);
    free(changes);
}

/* --- statuses --- */

struct status_join {
    const struct people *people;
    uint32_t *owner; /* by row of facts.statuses */
};

static void find_status_owners(void *context, uint32_t thread, size_t first, size_t end)
{
    (void)thread;
    struct status_join *join = context;
    const struct status_fact *rows = join->people->facts->statuses;
    for (size_t i = first; i < end; i++) {
        if (i + AHEAD_COUNT < end)
            codemap_prefetch(join->people->codes, rows[i + AHEAD_COUNT].code);
        join->owner[i] = codemap_get(join->people->codes, rows[i].code);
    }
}

/* Counting sort by owner; each thread writes for its own range of owners, so nothing is shared. */
static void count_statuses(void *context, uint32_t thread, size_t first, size_t end)
{
    (void)thread;
    struct status_join *join = context;
    for (size_t i = 0; i < join->people->facts->status_count; i++)
        if (join->owner[i] >= first && join->owner[i] < end)
            join->people->status_first[join->owner[i] + 1]++;
}

static void place_statuses(void *context, uint32_t thread, size_t first, size_t end)
{
    (void)thread;
    struct status_join *join = context;
    uint32_t *next = join->people->status_first;
    for (size_t i = 0; i < join->people->facts->status_count; i++)
        if (join->owner[i] >= first && join->owner[i] < end)
            join->people->status_order[next[join->owner[i]]++] = (uint32_t)i;
}

static void join_statuses(struct people *people, struct intake *intake, uint32_t thread_count)
{
    const struct facts *facts = people->facts;
    size_t row_count = facts->person_count;
    struct status_join join = {people, memory_take(facts->status_count, sizeof(uint32_t))};
    parallel_for(thread_count, facts->status_count, RUN_SIZE, find_status_owners, &join);
    for (size_t i = 0; i < facts->status_count; i++)
        if (join.owner[i] == NOBODY)
            intake_refuse(intake, facts->statuses[i].delivery, facts->statuses[i].line, 0,
                          REFUSAL_PERSON_UNKNOWN);

    people->status_first = memory_take_zeroed(row_count + 1, sizeof(uint32_t));
    people->status_order = memory_take(facts->status_count, sizeof(uint32_t));
    size_t share = row_count / thread_count + 1;
    parallel_for(thread_count, row_count, share, count_statuses, &join);
    for (size_t i = 0; i < row_count; i++)
        people->status_first[i + 1] += people->status_first[i];
    parallel_for(thread_count, row_count, share, place_statuses, &join);

    /* Placing moved every beginning to its end, which is the next one's beginning. */
    memmove(people->status_first + 1, people->status_first, row_count * sizeof(uint32_t));
    people->status_first[0] = 0;
    free(join.owner);
}

/* --- means --- */

/* Rows of means by identifier: upper half of a slot a piece of the hash, lower half row + 1. Each
 * thread keeps the identifiers whose hash falls to it, and takes rows in order: the result does not
 * depend on how many threads there are. */
struct means_join {
    struct people *people;
    uint64_t *hashes; /* NULL: rows about one means are somebody else's to settle */
    uint8_t *fates;
    uint32_t part_count;
};

enum fate { FATE_KEPT, FATE_UNKNOWN, FATE_RESERVED, FATE_REPEATED, FATE_CONFLICT };

static uint64_t hash_identifier(const struct identifier *identifier)
{
    static_assert(sizeof(*identifier) == 26, "an identifier is 26 bytes without padding");
    uint64_t words[4] = {0};
    memcpy(words, identifier, sizeof(*identifier));
    uint64_t hash = SPREAD;
    for (int i = 0; i < 4; i++) {
        hash = (hash ^ words[i]) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    }
    return hash;
}

static void find_holders(void *context, uint32_t thread, size_t first, size_t end)
{
    (void)thread;
    struct means_join *join = context;
    struct people *people = join->people;
    const struct means_fact *rows = people->facts->means;
    for (size_t i = first; i < end; i++) {
        if (i + AHEAD_COUNT < end)
            codemap_prefetch(people->codes, rows[i + AHEAD_COUNT].code);
        people->holder[i] = codemap_get(people->codes, rows[i].code);
        if (join->hashes != NULL)
            join->hashes[i] = hash_identifier(&rows[i].identifier);
        join->fates[i] = means_is_reserved(&rows[i].identifier) ? FATE_RESERVED
                         : people->holder[i] == NOBODY          ? FATE_UNKNOWN
                                                                : FATE_KEPT;
    }
}

/* Two rows about one means: the later issued_day wins; from the same day on, the later row about
 * the same holder wins, and different holders are a conflict. Returns the row that stands. */
static uint32_t settle_means(struct means_join *join, uint32_t before, uint32_t now)
{
    const struct means_fact *rows = join->people->facts->means;
    const uint32_t *holder = join->people->holder;
    if (rows[now].issued_day < rows[before].issued_day) {
        join->fates[now] = FATE_REPEATED;
        return before;
    }
    if (rows[now].issued_day > rows[before].issued_day) {
        if (join->fates[before] == FATE_KEPT)
            join->fates[before] = FATE_REPEATED;
        return now;
    }
    if (holder[now] != holder[before] || join->fates[before] == FATE_CONFLICT) {
        join->fates[now] = join->fates[before] = FATE_CONFLICT;
        return before;
    }
    join->fates[before] = FATE_REPEATED;
    return now;
}

static void settle_part(void *context, uint32_t thread, size_t part, size_t end)
{
    (void)thread;
    assert(end == part + 1);
    struct means_join *join = context;
    const struct means_fact *rows = join->people->facts->means;
    size_t row_count = join->people->facts->means_count;
    uint32_t *mine = memory_take(row_count / join->part_count + 1, sizeof(mine[0]));
    size_t mine_count = 0, mine_room = row_count / join->part_count + 1;
    for (size_t i = 0; i < row_count; i++) {
        if (((join->hashes[i] & UINT32_MAX) * join->part_count) >> 32 != part)
            continue;
        if (mine_count == mine_room)
            mine = memory_grow(mine, mine_room += mine_room / 4 + 16, sizeof(mine[0]));
        mine[mine_count++] = (uint32_t)i;
    }

    uint64_t mask = 15;
    while (mask + 1 < 2 * mine_count)
        mask = 2 * mask + 1;
    uint64_t *slots = memory_take_zeroed(mask + 1, sizeof(slots[0]));
    for (size_t i = 0; i < mine_count; i++) {
        if (i + AHEAD_COUNT < mine_count)
            __builtin_prefetch(&slots[join->hashes[mine[i + AHEAD_COUNT]] & mask]);
        uint32_t row = mine[i];
        if (join->fates[row] != FATE_KEPT)
            continue;
        uint64_t hash = join->hashes[row], piece = hash & ~(uint64_t)UINT32_MAX;
        uint64_t at = hash & mask; /* the part was chosen by bits further up */
        while (slots[at] != 0 && ((slots[at] & ~(uint64_t)UINT32_MAX) != piece ||
                                  memcmp(&rows[(uint32_t)slots[at] - 1].identifier,
                                         &rows[row].identifier, sizeof(rows[row].identifier)) != 0))
            at = (at + 1) & mask;
        uint32_t stands = slots[at] == 0 ? row : settle_means(join, (uint32_t)slots[at] - 1, row);
        slots[at] = piece | (stands + 1);
    }
    free(slots);
    free(mine);
}

static void join_means(struct people *people, struct intake *intake, uint32_t thread_count,
                       bool is_part)
{
    const struct facts *facts = people->facts;
    people->holder = memory_take(facts->means_count, sizeof(uint32_t));
    struct means_join join = {
        .people = people,
        .hashes = is_part ? NULL : memory_take(facts->means_count, sizeof(uint64_t)),
        .fates = memory_take(facts->means_count, sizeof(uint8_t)),
        .part_count = thread_count,
    };
    parallel_for(thread_count, facts->means_count, RUN_SIZE, find_holders, &join);
    if (!is_part)
        parallel_for(thread_count, join.part_count, 1, settle_part, &join);

    for (size_t i = 0; i < facts->means_count; i++) {
        const struct means_fact *row = &facts->means[i];
        if (join.fates[i] == FATE_KEPT)
            continue;
        people->holder[i] = NOBODY;
        switch ((enum fate)join.fates[i]) {
        case FATE_KEPT:
            break;
        case FATE_UNKNOWN:
            intake_refuse(intake, row->delivery, row->line, 0, REFUSAL_PERSON_UNKNOWN);
            break;
        case FATE_RESERVED:
            intake_refuse(intake, row->delivery, row->line, 0, REFUSAL_NUMBER_FORM);
            break;
        case FATE_REPEATED:
            people->repeated_means_count++;
            break;
        case FATE_CONFLICT:
            intake_refuse(intake, row->delivery, row->line, 0, REFUSAL_MEANS_CONFLICT);
            break;
        }
    }
    free(join.hashes);
    free(join.fates);
}

static bool join(struct people *out, const struct facts *facts, struct intake *intake,
                 uint32_t thread_count, bool is_part, struct fault *fault)
{
    if (facts->person_count >= PERSON_ROW_COUNT_MAX || facts->status_count >= UINT32_MAX ||
        facts->means_count >= MEANS_ROW_MAX)
        return fault_set(fault,
                         "too many rows to join: at most %" PRIu32
                         " of the base register and %" PRIu32
                         " of statuses and of means, found %zu, %zu and %zu",
                         PERSON_ROW_COUNT_MAX - 1, MEANS_ROW_MAX - 1, facts->person_count,
                         facts->status_count, facts->means_count);

    struct people people = {.facts = facts};
    size_t previous_count = 0;
    for (size_t i = 0; i < facts->person_count; i++)
        previous_count += facts->persons[i].previous != NO_CODE;
    people.codes = codemap_open(facts->person_count + previous_count);
    people.is_person = memory_take_zeroed(facts->person_count, sizeof(uint8_t));
    people.first_rows = memory_take_zeroed(facts->person_count, sizeof(uint32_t));

    put_base_rows(&people, intake);
    join_previous_codes(&people, intake, previous_count);
    for (size_t i = 0; i < facts->person_count; i++)
        people.person_count += people.is_person[i];
    join_statuses(&people, intake, thread_count);
    join_means(&people, intake, thread_count, is_part);
    *out = people;
    return true;
}

bool people_join(struct people *out, const struct facts *facts, struct intake *intake,
                 uint32_t thread_count, struct fault *fault)
{
    return join(out, facts, intake, thread_count, false, fault);
}

bool people_join_part(struct people *out, const struct facts *facts, struct intake *intake,
                      struct fault *fault)
{
    return join(out, facts, intake, 1, true, fault);
}

void people_free(struct people *people)
{
    codemap_close(people->codes);
    free(people->is_person);
    free(people->first_rows);
    free(people->status_first);
    free(people->status_order);
    free(people->holder);
    *people = (struct people){0};
}

uint32_t people_find(const struct people *people, uint64_t code)
{
    return codemap_get(people->codes, code);
}

uint64_t people_first_code(const struct people *people, uint32_t row)
{
    uint32_t first = people->first_rows[row];
    return first == 0 ? people->facts->persons[row].code
                      : people->facts->persons[first - 1].previous;
}
