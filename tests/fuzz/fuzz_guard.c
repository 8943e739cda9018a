/* Any bytes as a guard's state, whoever summed them up, are refused with a reason and leave an
 * empty guard, or give one that counts as it would have. */
#include "engine/guard_parts.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SLOT_COUNT    6
#define SIZE_MAX_USED 32768
#define SUM_SIZE      32
#define NOW_S         UINT64_C(1795687200)

static struct guard *guard;

static void start(void)
{
    static const struct guard_settings settings = {
        .slot_count = SLOT_COUNT, .save_s = 10, .key = {1}};
    struct fault fault;
    if (sodium_init() < 0 || !guard_open(&guard, &settings, &fault))
        abort(); /* nothing can be tested without it */
}

static uint32_t standing_bits(const struct place *place)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < DAY_WORDS; i++)
        if (place->day_words[i] >> WORD_BITS == (uint16_t)epoch_of(place->day))
            count += (uint32_t)__builtin_popcountll(place->day_words[i] & WORD_MASK);
    return count;
}

/* Whatever was taken over, a terminal gets no more than its budgets. */
static void ask(uint32_t terminal)
{
    static const struct guard_limits limits = {
        .per_minute = 20, .per_day = 40, .typed_per_day = 10, .misses_per_day = 30};
    uint64_t hashes[GUARD_GROUP_MAX];
    bool is_typed[GUARD_GROUP_MAX];
    uint32_t waits_ms[GUARD_GROUP_MAX];
    struct guard_tally tally;
    uint32_t slot = guard_slot(guard, terminal, NOW_S);
    for (uint64_t i = 0; i < GUARD_GROUP_MAX; i++) {
        hashes[i] = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
        is_typed[i] = i % 4 == 0;
    }
    const struct place *place = &guard->places[slot];
    bool is_today = epoch_goes_on(epoch_of(place->day), guard_today(guard, NOW_S), DAY_BACK_MAX);
    uint64_t before = is_today ? place->day & COUNT_MASK : 0;
    guard_admit(guard, slot, &limits, hashes, is_typed, GUARD_GROUP_MAX, NOW_S, waits_ms, &tally);
    uint32_t fresh_count = (uint32_t)__builtin_popcountll(tally.fresh);
    uint64_t after = place->day & COUNT_MASK;
    assert(after == before + fresh_count);
    assert(after == before || after <= guard->day_bits[limits.per_day]);
    guard_note(guard, slot, fresh_count, fresh_count, NOW_S);
    assert(after == standing_bits(place));
    guard_leave(guard, slot);
}

static bool decode_and_ask(const uint8_t *bytes, size_t size)
{
    struct fault fault = {""};
    uint32_t count = 0;
    bool is_taken = guard_decode(guard, bytes, size, NOW_S, &count, &fault);
    assert(is_taken == (fault.text[0] == '\0'));
    assert(count == guard->taken_count && count <= SLOT_COUNT && (is_taken || count == 0));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t terminal = guard->places[i].terminal;
        assert(guard_find_place(guard, terminal) == i);
        ask(terminal);
    }
    ask(GUARD_TERMINAL_ELSEWHERE);
    ask(12345);
    struct guard_alarm alarm;
    for (unsigned taken = 0; guard_take_alarm(guard, &alarm); taken++)
        assert(taken < (SLOT_COUNT + 1) * GUARD_CAUSE_COUNT);
    return is_taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t bytes[SIZE_MAX_USED];
    if (guard == NULL)
        start();
    decode_and_ask(data, size);
    if (size < SUM_SIZE || size > sizeof(bytes))
        return 0;
    memcpy(bytes, data, size);
    memcpy(bytes, "ELIGGARD\1\0\0", size < 44 ? 8 : 12);
    crypto_generichash(bytes + size - SUM_SIZE, SUM_SIZE, bytes, size - SUM_SIZE, NULL, 0);
    decode_and_ask(bytes, size);
    return 0;
}
