#include "engine/guard.h"

#include "engine/guard_parts.h"
#include "protocol/day.h"

#include <sodium.h>
#include <string.h>

#define IDENTIFIER_HEAD offsetof(struct identifier, text)
static_assert(IDENTIFIER_HEAD == 2 && offsetof(struct identifier, size) == 1, "without a gap");

static_assert(GUARD_KEY_SIZE == crypto_shorthash_KEYBYTES, "SipHash-2-4");
static_assert(sizeof(uint64_t) == crypto_shorthash_BYTES, "SipHash-2-4");

/* ---- hashes ---- */

/* The bytes as they lie: means, size, text. No copy, and so nothing to wipe. */
uint64_t guard_hash(const struct guard *guard, const struct identifier *identifier)
{
    assert(identifier->size > 0 && identifier->size <= IDENTIFIER_SIZE_MAX);
    uint8_t out[sizeof(uint64_t)];
    crypto_shorthash(out, (const uint8_t *)identifier, IDENTIFIER_HEAD + (size_t)identifier->size,
                     guard->key);
    return load_u64(out);
}

void guard_take_key(struct guard *guard, const uint8_t key[static GUARD_KEY_SIZE])
{
    static const uint8_t label[] = "guard seed"; /* begins as no means does */
    static_assert('g' > MEANS_LAST, "the seed is nobody's hash");
    memcpy(guard->key, key, GUARD_KEY_SIZE);
    uint8_t out[sizeof(uint64_t)];
    crypto_shorthash(out, label, sizeof(label), guard->key);
    guard->seed = load_u64(out);
}

static uint64_t mix(uint64_t value, uint64_t with)
{
    uint64_t x = (value ^ (with + 1) * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xd6e8feb86659fd93);
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return x ^ x >> 32;
}

#define DAY_SALT (UINT64_C(1) << 32)

/* An identifier's bits in the minute and in the day. */
struct spot {
    uint16_t minute, day;
};
static_assert(DAY_BITS <= UINT16_MAX && MINUTE_BITS <= UINT16_MAX, "bits fit");

/* One of so many, by a hash that was turned about. */
static uint16_t bit_of(uint64_t hash, uint64_t turn, uint32_t bits)
{
    return (uint16_t)(((hash ^ turn) * UINT64_C(0x9e3779b97f4a7c15) >> 32) * bits >> 32);
}

/* Whether two identifiers share a bit is another question every minute and every day: what somebody
 * found out about it is worth nothing the next time. All lines that the group will touch are asked
 * for before the first is needed. */
static void find_spots(struct spot spots[], const struct place *place, const uint64_t hashes[],
                       size_t count, uint32_t minute, uint32_t day)
{
    uint64_t minute_turn = mix(minute, 0), day_turn = mix(DAY_SALT | day, 0);
    for (size_t i = 0; i < count; i++) {
        spots[i].minute = bit_of(hashes[i], minute_turn, MINUTE_BITS);
        spots[i].day = bit_of(hashes[i], day_turn, DAY_BITS);
        __builtin_prefetch(&place->day_words[spots[i].day / WORD_BITS], 1);
        __builtin_prefetch(&place->minute_words[spots[i].minute / WORD_BITS], 1);
    }
}

/* ---- minutes and days ---- */

#define TODAY_END_MASK ((UINT64_C(1) << 40) - 1)
#define SHORTEST_DAY_S (23 * HOUR_S) /* of Riga, in spring */

uint32_t guard_today(struct guard *guard, uint64_t now_s)
{
    uint64_t today = atomic_load_explicit(&guard->today, memory_order_relaxed);
    uint64_t end_s = today & TODAY_END_MASK;
    if (now_s < end_s && now_s + SHORTEST_DAY_S >= end_s)
        return (uint32_t)(today >> 40);
    uint32_t day = riga_day_of_time(now_s);
    today = (uint64_t)day << 40 | (time_of_riga_day(day + 1) & TODAY_END_MASK);
    atomic_store_explicit(&guard->today, today, memory_order_relaxed);
    return day;
}

/* The minute or day that the place counts now; the first who comes in a new one begins it. */
static uint32_t enter_epoch(_Atomic uint64_t *state, uint32_t now, uint32_t back_max)
{
    uint64_t old = atomic_load_explicit(state, memory_order_acquire);
    while (!epoch_goes_on(epoch_of(old), now, back_max))
        if (atomic_compare_exchange_weak_explicit(state, &old, epoch_state(now, 0),
                                                  memory_order_acq_rel, memory_order_acquire))
            return now;
    return epoch_of(old);
}

/* ---- counts ---- */

static bool is_over(uint64_t state, uint32_t room)
{
    return (state & COUNT_MASK) >= room;
}

/* Room for one more? Takes it for whoever is new here; whoever is not passes until a budget that is
 * used up has refused somebody: from then on everybody waits, or what shares bits with others could
 * be asked for without end. */
static bool take_room(_Atomic uint64_t *state, uint32_t room, bool is_new)
{
    uint64_t old = atomic_load_explicit(state, memory_order_relaxed);
    for (;;) {
        bool over = is_over(old, room);
        if (over && (old & COUNT_CLOSED) != 0)
            return false;
        if (!is_new)
            return true;
        uint64_t next = over ? old | COUNT_CLOSED : old + 1;
        if (atomic_compare_exchange_weak_explicit(state, &old, next, memory_order_acq_rel,
                                                  memory_order_relaxed))
            return !over;
    }
}

/* Gives back what was taken in this minute or day. */
static void give_room(_Atomic uint64_t *state, uint32_t epoch)
{
    uint64_t old = atomic_load_explicit(state, memory_order_relaxed);
    while (epoch_of(old) == epoch && (old & COUNT_MASK) > 0)
        if (atomic_compare_exchange_weak_explicit(state, &old, old - 1, memory_order_acq_rel,
                                                  memory_order_relaxed))
            return;
}

/* Adds to what is counted exactly on a day, unless it would be more than `room`. */
static bool add_exactly(_Atomic uint64_t *state, uint32_t day, uint32_t count, uint32_t room)
{
    uint64_t old = atomic_load_explicit(state, memory_order_relaxed);
    for (;;) {
        bool goes_on = epoch_goes_on(epoch_of(old), day, DAY_BACK_MAX);
        uint64_t held = goes_on ? old & COUNT_MASK : 0;
        uint64_t sum = held + count < COUNT_MASK ? held + count : COUNT_MASK;
        if (sum > room)
            return false;
        uint64_t next = epoch_state(goes_on ? epoch_of(old) : day, (uint32_t)sum);
        if (atomic_compare_exchange_weak_explicit(state, &old, next, memory_order_acq_rel,
                                                  memory_order_relaxed))
            return true;
    }
}

static uint32_t count_on(const _Atomic uint64_t *state, uint32_t day)
{
    uint64_t held = atomic_load_explicit(state, memory_order_relaxed);
    return epoch_goes_on(epoch_of(held), day, DAY_BACK_MAX) ? (uint32_t)(held & COUNT_MASK) : 0;
}

/* ---- bits ---- */

static bool bit_stands(const _Atomic uint64_t *words, uint32_t bit, uint32_t epoch)
{
    uint64_t word = atomic_load_explicit(&words[bit / WORD_BITS], memory_order_relaxed);
    return word >> WORD_BITS == (uint16_t)epoch && (word >> bit % WORD_BITS & 1) != 0;
}

/* False when it stood already. A word of another minute or day begins anew, unless it is we who are
 * late: then the bit would be another minute's, and is left. */
static bool set_bit(_Atomic uint64_t *words, uint32_t bit, uint32_t epoch,
                    const _Atomic uint64_t *state)
{
    _Atomic uint64_t *word = &words[bit / WORD_BITS];
    uint64_t mark = UINT64_C(1) << bit % WORD_BITS;
    uint64_t tag = (uint64_t)(uint16_t)epoch << WORD_BITS;
    uint64_t old = atomic_load_explicit(word, memory_order_acquire);
    for (;;) {
        bool is_ours = old >> WORD_BITS == (uint16_t)epoch;
        if (is_ours && (old & mark) != 0)
            return false;
        if (!is_ours && epoch_of(atomic_load_explicit(state, memory_order_acquire)) != epoch)
            return true;
        uint64_t next = (is_ours ? old : tag) | mark;
        if (atomic_compare_exchange_weak_explicit(word, &old, next, memory_order_acq_rel,
                                                  memory_order_acquire))
            return true;
    }
}

/* ---- a group ---- */

/* What a group is measured against. */
struct measure {
    struct place *place;
    uint32_t minute, day;
    uint32_t minute_room, day_room; /* bits */
    uint32_t typed_room;            /* entries */
    bool has_minute;
    bool has_missed; /* too often today */
};

static uint32_t at_most(uint32_t value, uint32_t most)
{
    return value < most ? value : most;
}

/* What restarts may have lost today counts as used by everybody. */
static uint32_t charge_of(const struct guard *guard, const struct guard_limits *limits,
                          uint32_t day)
{
    uint64_t debt = atomic_load_explicit(&guard->debt, memory_order_relaxed);
    if (epoch_of(debt) != day)
        return 0;
    uint32_t minutes = at_most((uint32_t)debt, GUARD_PER_DAY_MAX);
    uint32_t per_minute = limits->per_minute != 0 ? limits->per_minute : GUARD_PER_MINUTE_MAX;
    return minutes * at_most(per_minute, GUARD_PER_MINUTE_MAX);
}

static uint32_t less(uint32_t budget, uint32_t charge)
{
    return budget > charge ? budget - charge : 0;
}

/* Somewhere in the upper half of the budget, where only the key knows: whoever is stopped after so
 * many guesses cannot tell whether the last one was somebody. */
static bool has_missed(const struct guard *guard, const struct place *place,
                       const struct guard_limits *limits, uint32_t day, uint32_t charge)
{
    if (limits->misses_per_day == 0)
        return false;
    uint32_t budget = limits->misses_per_day;
    uint32_t terminal = atomic_load_explicit(&place->terminal, memory_order_relaxed);
    uint64_t chance = mix(guard->seed ^ terminal, DAY_SALT | day);
    uint32_t room = budget - (uint32_t)(chance % (budget / 2 + 1));
    return count_on(&place->misses, day) >= less(room, charge);
}

static struct measure measure_of(const struct guard *guard, struct place *place,
                                 const struct guard_limits *limits, uint32_t minute, uint32_t day)
{
    struct measure measure = {.place = place, .has_minute = limits->per_minute != 0};
    measure.minute =
        measure.has_minute ? enter_epoch(&place->minute, minute, MINUTE_BACK_MAX) : minute;
    measure.day = enter_epoch(&place->day, day, DAY_BACK_MAX);
    uint32_t charge = charge_of(guard, limits, measure.day);
    uint32_t per_day = at_most(limits->per_day, GUARD_PER_DAY_MAX);
    measure.minute_room = guard->minute_bits[at_most(limits->per_minute, GUARD_PER_MINUTE_MAX)];
    measure.day_room = limits->per_day != 0 ? guard->day_bits[less(per_day, charge)] : NO_BUDGET;
    measure.typed_room =
        limits->typed_per_day != 0 ? less(limits->typed_per_day, charge) : NO_BUDGET;
    measure.has_missed = has_missed(guard, place, limits, measure.day, charge);
    return measure;
}

#define ADMITTED GUARD_CAUSE_COUNT

/* Takes room on the day and in the minute, or in neither. */
static unsigned take_both(const struct measure *measure, bool new_today, bool new_now)
{
    struct place *place = measure->place;
    if (!take_room(&place->day, measure->day_room, new_today))
        return GUARD_PER_DAY;
    if (!measure->has_minute || take_room(&place->minute, measure->minute_room, new_now))
        return ADMITTED;
    if (new_today)
        give_room(&place->day, measure->day);
    return GUARD_PER_MINUTE;
}

/* ADMITTED, or why not. Room is taken before a bit is set: no number of threads gets past a budget;
 * and given back when somebody else set the bit meanwhile. */
static unsigned admit_one(const struct measure *measure, struct spot spot, bool is_typed,
                          bool *fresh)
{
    struct place *place = measure->place;
    uint32_t day = measure->day, minute = measure->minute;
    if (measure->has_missed)
        return GUARD_MISSES;
    if (is_typed && !add_exactly(&place->typed, day, 1, measure->typed_room))
        return GUARD_TYPED;

    bool new_today = !bit_stands(place->day_words, spot.day, day);
    bool new_now = measure->has_minute && !bit_stands(place->minute_words, spot.minute, minute);
    unsigned cause = take_both(measure, new_today, new_now);
    if (cause != ADMITTED) {
        if (is_typed)
            give_room(&place->typed, day);
        return cause;
    }
    *fresh = new_today && set_bit(place->day_words, spot.day, day, &place->day);
    if (new_today && !*fresh)
        give_room(&place->day, day);
    if (new_now && !set_bit(place->minute_words, spot.minute, minute, &place->minute))
        give_room(&place->minute, minute);
    return ADMITTED;
}

static uint64_t ms_until(uint64_t end_s, uint64_t now_s)
{
    return end_s > now_s ? (end_s - now_s) * 1000 : 0;
}

/* To the end of what is used up, and a little longer, for each terminal another little: never from
 * the identifier, whose hash would show in it. */
static uint32_t wait_of(const struct guard *guard, const struct measure *measure, unsigned cause,
                        uint64_t now_s)
{
    bool is_minute = cause == GUARD_PER_MINUTE;
    uint32_t epoch = is_minute ? measure->minute : measure->day;
    uint64_t end_s =
        is_minute ? ((uint64_t)epoch + 1) * MINUTE_S : time_of_riga_day(measure->day + 1);
    uint32_t terminal = atomic_load_explicit(&measure->place->terminal, memory_order_relaxed);
    uint64_t most_ms = is_minute ? GUARD_MINUTE_JITTER_MS : GUARD_DAY_JITTER_MS;
    uint64_t jitter_ms = 1 + mix(~guard->seed ^ terminal, epoch) % most_ms;
    return (uint32_t)(ms_until(end_s, now_s) + jitter_ms);
}

void guard_admit(struct guard *guard, uint32_t slot, const struct guard_limits *limits,
                 const uint64_t hashes[], const bool is_typed[], size_t count, uint64_t now_s,
                 uint32_t waits_ms[], struct guard_tally *tally)
{
    assert(slot <= guard->slot_count && count > 0 && count <= GUARD_GROUP_MAX);
    struct place *place = &guard->places[slot];
    uint32_t minute = (uint32_t)(now_s / MINUTE_S), day = guard_today(guard, now_s);
    struct spot spots[GUARD_GROUP_MAX];
    find_spots(spots, place, hashes, count, minute, day);
    struct measure measure = measure_of(guard, place, limits, minute, day);
    if (measure.minute != minute || measure.day != day) /* the clock was put back */
        find_spots(spots, place, hashes, count, measure.minute, measure.day);
    *tally = (struct guard_tally){0};
    for (size_t i = 0; i < count; i++) {
        bool fresh = false;
        unsigned cause = admit_one(&measure, spots[i], is_typed[i], &fresh);
        waits_ms[i] = 0;
        tally->fresh |= (uint64_t)fresh << i;
        if (cause == ADMITTED)
            continue;
        waits_ms[i] = wait_of(guard, &measure, cause, now_s);
        if (tally->refused[cause]++ == 0)
            guard_raise(guard, slot, (enum guard_cause)cause, now_s);
    }
}

/* ---- misses ---- */

/* The newest weigh most: a window that is full shrinks in proportion when more comes in. */
static uint64_t window_of(uint64_t old, uint32_t miss_count, uint32_t fresh_count)
{
    uint64_t misses = (old >> 32) + (uint64_t)miss_count * WINDOW_ONE;
    uint64_t fresh = (uint32_t)old + (uint64_t)fresh_count * WINDOW_ONE;
    if (fresh > WINDOW_WHOLE) {
        misses = misses * WINDOW_WHOLE / fresh;
        fresh = WINDOW_WHOLE;
    }
    return misses << 32 | fresh;
}

void guard_note(struct guard *guard, uint32_t slot, uint32_t miss_count, uint32_t fresh_count,
                uint64_t now_s)
{
    assert(slot <= guard->slot_count && miss_count <= fresh_count &&
           fresh_count <= GUARD_GROUP_MAX);
    if (fresh_count == 0)
        return; /* the terminal asked before: that it knows */
    struct place *place = &guard->places[slot];
    uint32_t day = epoch_of(atomic_load_explicit(&place->day, memory_order_relaxed));
    bool is_added = add_exactly(&place->misses, day, miss_count, NO_BUDGET);
    assert(is_added);

    uint64_t old = atomic_load_explicit(&place->window, memory_order_relaxed), next;
    do
        next = window_of(old, miss_count, fresh_count);
    while (!atomic_compare_exchange_weak_explicit(&place->window, &old, next, memory_order_acq_rel,
                                                  memory_order_relaxed));
    if ((uint32_t)next == WINDOW_WHOLE && (next >> 32) * 100 > WINDOW_WHOLE * GUARD_MISS_PERCENT)
        guard_raise(guard, slot, GUARD_MISSES, now_s);
}

/* ---- alarms ---- */

#define HOURS_BACK_MAX 2

void guard_raise(struct guard *guard, uint32_t slot, enum guard_cause cause, uint64_t now_s)
{
    struct place *place = &guard->places[slot];
    uint32_t hour = (uint32_t)(now_s / HOUR_S);
    uint32_t last = atomic_load_explicit(&place->alarm_hours[cause], memory_order_relaxed);
    if (epoch_goes_on(last, hour, HOURS_BACK_MAX) ||
        !atomic_compare_exchange_strong_explicit(&place->alarm_hours[cause], &last, hour,
                                                 memory_order_acq_rel, memory_order_relaxed))
        return;
    atomic_fetch_or_explicit(&place->alarms, UINT32_C(1) << cause, memory_order_acq_rel);
    atomic_fetch_or_explicit(&guard->alarmed[slot / 64], UINT64_C(1) << slot % 64,
                             memory_order_acq_rel);
}

/* The bit of the place goes first: an alarm that is raised meanwhile sets it again. */
static bool take_alarm_of(struct guard *guard, uint32_t slot, struct guard_alarm *out)
{
    struct place *place = &guard->places[slot];
    _Atomic uint64_t *word = &guard->alarmed[slot / 64];
    uint64_t bit = UINT64_C(1) << slot % 64;
    atomic_fetch_and_explicit(word, ~bit, memory_order_acq_rel);
    uint32_t causes = atomic_load_explicit(&place->alarms, memory_order_acquire);
    if (causes == 0)
        return false;
    uint32_t cause = (uint32_t)__builtin_ctz(causes);
    out->cause = (enum guard_cause)cause;
    out->terminal = atomic_load_explicit(&place->terminal, memory_order_relaxed);
    causes =
        atomic_fetch_and_explicit(&place->alarms, ~(UINT32_C(1) << cause), memory_order_acq_rel);
    if ((causes & (causes - 1)) != 0)
        atomic_fetch_or_explicit(word, bit, memory_order_acq_rel);
    return true;
}

bool guard_take_alarm(struct guard *guard, struct guard_alarm *out)
{
    for (uint32_t i = 0; i <= guard->slot_count / 64; i++) {
        uint64_t word;
        while ((word = atomic_load_explicit(&guard->alarmed[i], memory_order_acquire)) != 0)
            if (take_alarm_of(guard, i * 64 + (uint32_t)__builtin_ctzll(word), out))
                return true;
    }
    return false;
}

const char *guard_cause_name(enum guard_cause cause)
{
    static const char *const names[GUARD_CAUSE_COUNT] = {"per-minute", "per-day", "typed", "misses",
                                                         "full"};
    assert(cause < GUARD_CAUSE_COUNT);
    return names[cause];
}
