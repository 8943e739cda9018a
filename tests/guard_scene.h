/* A guard for tests, and terminals that ask it. */
#ifndef TESTS_GUARD_SCENE_H
#define TESTS_GUARD_SCENE_H

#include "engine/guard_parts.h"
#include "protocol/day.h"
#include "tests/support.h"

#include <sodium.h>
#include <string.h>

#define NOON_S     UINT64_C(1795687200) /* 2026-11-26T10:00:00Z: noon in Riga, a minute begins */
#define SOME_SLOTS 64

static inline struct guard *guard_of(uint32_t slot_count, uint8_t key)
{
    struct guard_settings settings = {.slot_count = slot_count, .save_s = 10, .key = {key, 7}};
    struct guard *guard = NULL;
    struct fault fault;
    ck_assert_int_ge(sodium_init(), 0);
    ck_assert_msg(guard_open(&guard, &settings, &fault), "%s", fault.text);
    return guard;
}

/* A person for every number, as the guard sees them. */
static inline uint64_t person(const struct guard *guard, uint64_t number)
{
    struct identifier identifier = {.means = MEANS_PERSONAL_CODE, .size = 11};
    for (int i = 10; i >= 0; i--, number /= 10)
        identifier.text[i] = (char)('0' + number % 10);
    return guard_hash(guard, &identifier);
}

/* One question: 0, or how long to wait. */
static inline uint32_t ask(struct guard *guard, uint32_t slot, const struct guard_limits *limits,
                           uint64_t number, bool is_typed, uint64_t now_s)
{
    uint64_t hash = person(guard, number);
    uint32_t wait_ms = 0;
    struct guard_tally tally;
    guard_admit(guard, slot, limits, &hash, &is_typed, 1, now_s, &wait_ms, &tally);
    return wait_ms;
}

/* Asks about people from `first` on until one must wait, at most `most`: how many need not. */
static inline uint32_t ask_until_stopped(struct guard *guard, uint32_t slot,
                                         const struct guard_limits *limits, uint64_t first,
                                         uint32_t most, uint64_t now_s)
{
    for (uint32_t i = 0; i < most; i++)
        if (ask(guard, slot, limits, first + i, false, now_s) != 0)
            return i;
    return most;
}

static inline uint32_t standing_bits(const _Atomic uint64_t *words, uint32_t word_count,
                                     uint32_t epoch)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < word_count; i++)
        if (words[i] >> WORD_BITS == (uint16_t)epoch)
            count += (uint32_t)__builtin_popcountll(words[i] & WORD_MASK);
    return count;
}

static inline uint32_t day_count(const struct place *place)
{
    return (uint32_t)(place->day & COUNT_MASK);
}

/* What is counted is what stands. */
static inline bool place_is_sound(const struct place *place)
{
    return day_count(place) == standing_bits(place->day_words, DAY_WORDS, epoch_of(place->day)) &&
           (place->minute & COUNT_MASK) ==
               standing_bits(place->minute_words, MINUTE_WORDS, epoch_of(place->minute));
}

#endif
