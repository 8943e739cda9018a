#include "loader/kin.h"

#include "loader/memory.h"

#include <assert.h>
#include <stdlib.h>

#define SPREAD     UINT64_C(0xd6e8feb86659fd93)
#define VALUE_BITS 27 /* beside a code of eleven digits; see join.c */
#define VALUE_MASK ((UINT64_C(1) << VALUE_BITS) - 1)
#define CODE_LIMIT (UINT64_C(1) << (64 - VALUE_BITS))

struct tie {
    uint64_t code, other;
};

struct kin {
    struct tie *ties;
    size_t count, room;
    uint64_t *slots; /* code, and a number: of a node while ties are followed, then of its part */
    uint64_t mask;
    uint32_t shift;
};

/* Codes with their first neighbours: every node leads, in the end, to one that leads to itself. */
struct forest {
    uint32_t *parents;
    uint64_t *codes;
    uint32_t count;
};

struct kin *kin_open(void)
{
    return memory_take_zeroed(1, sizeof(struct kin));
}

void kin_close(struct kin *kin)
{
    if (kin == NULL)
        return;
    free(kin->ties);
    free(kin->slots);
    free(kin);
}

void kin_tie(struct kin *kin, uint64_t code, uint64_t other)
{
    assert(code != 0 && code < CODE_LIMIT && other != 0 && other < CODE_LIMIT);
    kin->ties = memory_room(kin->ties, &kin->room, kin->count + 1, sizeof(kin->ties[0]));
    kin->ties[kin->count++] = (struct tie){code, other};
}

static uint64_t *slot_of(const struct kin *kin, uint64_t code)
{
    uint64_t at = (code * SPREAD) >> kin->shift;
    while (kin->slots[at] != 0 && kin->slots[at] >> VALUE_BITS != code)
        at = (at + 1) & kin->mask;
    return &kin->slots[at];
}

static uint32_t node_of(struct kin *kin, struct forest *forest, uint64_t code)
{
    uint64_t *slot = slot_of(kin, code);
    if (*slot == 0) {
        *slot = code << VALUE_BITS | forest->count;
        forest->codes[forest->count] = code;
        forest->parents[forest->count] = forest->count;
        forest->count++;
    }
    return (uint32_t)(*slot & VALUE_MASK);
}

static uint32_t root_of(struct forest *forest, uint32_t node)
{
    while (forest->parents[node] != node) {
        forest->parents[node] = forest->parents[forest->parents[node]];
        node = forest->parents[node];
    }
    return node;
}

/* The least code of all that are tied is the root, so that the order of ties does not matter. */
static void join_trees(struct forest *forest, uint32_t one, uint32_t other)
{
    one = root_of(forest, one);
    other = root_of(forest, other);
    if (forest->codes[one] < forest->codes[other])
        forest->parents[other] = one;
    else
        forest->parents[one] = other;
}

bool kin_settle(struct kin *kin, uint32_t part_count)
{
    static_assert(2 * KIN_TIE_COUNT_MAX <= VALUE_MASK + 1, "every code has a number");
    assert(part_count <= VALUE_MASK && part_count > 0);
    if (kin->count > KIN_TIE_COUNT_MAX)
        return false;
    uint32_t bits = 4;
    while ((UINT64_C(1) << bits) < 4 * (uint64_t)kin->count)
        bits++;
    kin->mask = (UINT64_C(1) << bits) - 1;
    kin->shift = 64 - bits;
    kin->slots = memory_take_zeroed((size_t)kin->mask + 1, sizeof(kin->slots[0]));
    struct forest forest = {.parents = memory_take(2 * kin->count, sizeof(forest.parents[0])),
                            .codes = memory_take(2 * kin->count, sizeof(forest.codes[0]))};
    for (size_t i = 0; i < kin->count; i++)
        join_trees(&forest, node_of(kin, &forest, kin->ties[i].code),
                   node_of(kin, &forest, kin->ties[i].other));
    for (uint32_t i = 0; i < forest.count; i++) {
        uint64_t root = forest.codes[root_of(&forest, i)];
        uint64_t part = ((root * SPREAD) >> 32) % part_count;
        *slot_of(kin, forest.codes[i]) = forest.codes[i] << VALUE_BITS | part;
    }
    free(forest.parents);
    free(forest.codes);
    free(kin->ties);
    kin->ties = NULL;
    return true;
}

uint32_t kin_part(const struct kin *kin, uint64_t code)
{
    uint64_t slot = *slot_of(kin, code);
    return slot == 0 ? KIN_NONE : (uint32_t)(slot & VALUE_MASK);
}

void kin_prefetch(const struct kin *kin, uint64_t code)
{
    __builtin_prefetch(&kin->slots[(code * SPREAD) >> kin->shift]);
}
