#include "loader/places.h"

#include "loader/judge.h"
#include "loader/memory.h"

#include <stdlib.h>

#define PLACE_SLOTS_FIRST 256
#define PLACE_HASH_FACTOR UINT64_C(0x9e3779b97f4a7c15)

struct place_words {
    uint32_t value, digit_count;
};

#define MISSING_WORD_COUNT 2

void places_ask(struct places *places, struct place_prefix prefix)
{
    struct place_words words = {prefix.value, prefix.digit_count};
    interner_number(&places->prefixes, &words, sizeof(words));
}

static uint32_t class_of_new(struct places *places, uint32_t place)
{
    size_t word_count = MISSING_WORD_COUNT + places->prefixes.count / 32 + 1, size;
    uint32_t *bits = memory_take_zeroed(word_count, sizeof(bits[0]));
    if (places->classes.count == 0)
        interner_number(&places->classes, bits, word_count * sizeof(bits[0]));
    uint64_t missing =
        places->vocabulary != NULL ? judge_missing_kinds(places->vocabulary, place) : 0;
    bits[0] = (uint32_t)missing;
    bits[1] = (uint32_t)(missing >> 32);
    for (uint32_t i = 0; i < places->prefixes.count; i++) {
        const struct place_words *words = interner_at(&places->prefixes, i, &size);
        struct place_prefix prefix = {words->value, (uint8_t)words->digit_count};
        if (place_is_in(place, prefix))
            bits[MISSING_WORD_COUNT + i / 32] |= 1u << i % 32;
    }
    uint32_t class = interner_number(&places->classes, bits, word_count * sizeof(bits[0]));
    free(bits);
    return class;
}

static uint64_t place_slot(const uint64_t *slots, uint64_t slot_mask, uint32_t place)
{
    uint64_t at = (place * PLACE_HASH_FACTOR) >> 32 & slot_mask;
    while (slots[at] != 0 && slots[at] >> 32 != place + UINT64_C(1))
        at = (at + 1) & slot_mask;
    return at;
}

static void places_widen(struct places *places)
{
    uint64_t *narrow = places->slots;
    uint64_t mask = narrow == NULL ? PLACE_SLOTS_FIRST - 1 : 2 * places->slot_mask + 1;
    uint64_t *slots = memory_take_zeroed(mask + 1, sizeof(slots[0]));
    for (uint64_t i = 0; narrow != NULL && i <= places->slot_mask; i++)
        if (narrow[i] != 0)
            slots[place_slot(slots, mask, (uint32_t)(narrow[i] >> 32) - 1)] = narrow[i];
    places->slots = slots;
    places->slot_mask = mask;
    free(narrow);
}

uint32_t place_class(struct places *places, uint32_t place)
{
    if (2 * (uint64_t)places->place_count >= places->slot_mask)
        places_widen(places);
    uint64_t at = place_slot(places->slots, places->slot_mask, place);
    if (places->slots[at] == 0) {
        places->slots[at] = (place + UINT64_C(1)) << 32 | class_of_new(places, place);
        places->place_count++;
    }
    return (uint32_t)places->slots[at];
}

void places_free(struct places *places)
{
    interner_free(&places->prefixes);
    interner_free(&places->classes);
    free(places->slots);
}
