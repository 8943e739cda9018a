#include "engine/guard.h"

#include "engine/guard_parts.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/mman.h>

/* How many of those that left are looked at for one newcomer. */
#define LEFT_LOOK_MAX 64

/* ---- opening ---- */

/* Bits that n identifiers set, on average, in a bitmap of m: E(n + 1) = E(n) + 1 - E(n) / m, in
 * units of 2^-32, rounded up. */
static void fill_bits(uint16_t bits[], uint32_t count_max, uint32_t bitmap_bits)
{
    uint64_t expected = 0;
    for (uint32_t n = 0; n <= count_max; n++) {
        bits[n] = (uint16_t)((expected + UINT32_MAX) >> 32);
        expected += (UINT64_C(1) << 32) - expected / bitmap_bits;
    }
}
static_assert(DAY_BITS <= UINT16_MAX, "counts of bits fit");

static size_t whole_lines(size_t size)
{
    return (size + CACHE_LINE_SIZE - 1) / CACHE_LINE_SIZE * CACHE_LINE_SIZE;
}

/* Twice as many as places at least, a power of two. */
static uint32_t index_size(uint32_t slot_count)
{
    uint32_t size = 2;
    while (size < 2 * slot_count)
        size *= 2;
    return size;
}

/* Where everything is in the one piece of memory. */
struct plan {
    size_t places, bitmaps, tenants, index, alarmed, chunk, end;
};

static struct plan plan_of(uint32_t slot_count)
{
    struct plan plan;
    plan.places = whole_lines(sizeof(struct guard));
    plan.bitmaps = plan.places + (slot_count + (size_t)1) * sizeof(struct place);
    plan.tenants = plan.bitmaps + (slot_count + (size_t)1) * sizeof(struct bitmaps);
    plan.index = plan.tenants + whole_lines(slot_count * sizeof(struct tenant));
    plan.alarmed = plan.index + whole_lines(index_size(slot_count) * sizeof(uint32_t));
    plan.chunk = plan.alarmed + whole_lines((slot_count / 64 + (size_t)1) * sizeof(uint64_t));
    plan.end = plan.chunk + CHUNK_SIZE;
    return plan;
}

/* The memory is of whole pages, and so everything begins on a line of its own. */
static void *at(uint8_t *memory, size_t offset)
{
    return __builtin_assume_aligned(memory + offset, CACHE_LINE_SIZE);
}

static struct guard *lay_out(uint8_t *memory, const struct guard_settings *settings)
{
    struct plan plan = plan_of(settings->slot_count);
    struct guard *guard = at(memory, 0);
    guard->places = at(memory, plan.places);
    guard->bitmaps = at(memory, plan.bitmaps);
    guard->tenants = at(memory, plan.tenants);
    guard->index = at(memory, plan.index);
    guard->alarmed = at(memory, plan.alarmed);
    guard->chunk = memory + plan.chunk;
    guard->size = plan.end;
    guard->slot_count = settings->slot_count;
    guard->save_s = settings->save_s;
    guard->index_mask = index_size(settings->slot_count) - 1;
    fill_bits(guard->minute_bits, GUARD_PER_MINUTE_MAX, MINUTE_BITS);
    fill_bits(guard->day_bits, GUARD_PER_DAY_MAX, DAY_BITS);
    return guard;
}

bool guard_open(struct guard **out, const struct guard_settings *settings, struct fault *fault)
{
    assert(settings->slot_count > 0 && settings->slot_count <= GUARD_SLOTS_MAX);
    assert(settings->save_s > 0 && settings->save_s <= GUARD_SAVE_S_MAX);
    size_t size = plan_of(settings->slot_count).end;
    uint8_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return fault_set(fault,
                         "no memory for %u terminals (%zu bytes): %s; fewer places need less",
                         settings->slot_count, size, strerror(errno));
    uint8_t *key = sodium_malloc(GUARD_KEY_SIZE);
    if (key == NULL) {
        munmap(memory, size);
        return fault_set(fault, "no guarded memory for the guard's key: %s", strerror(errno));
    }
    madvise(memory, size, MADV_DONTDUMP); /* who was asked about is no part of a core file */
    struct guard *guard = lay_out(memory, settings);
    guard->key = key;
    guard_take_key(guard, settings->key);
    pthread_mutex_init(&guard->lock, NULL);
    guard_clear(guard);
    *out = guard;
    return true;
}

void guard_close(struct guard *guard)
{
    if (guard == NULL)
        return;
    pthread_mutex_destroy(&guard->lock);
    sodium_free(guard->key);
    size_t size = guard->size;
    munmap(guard, size);
}

size_t guard_size(const struct guard *guard)
{
    return guard->size;
}

/* ---- places ---- */

/* Zeros that are there already are not written: memory that nobody has used yet stays unused. */
static void clear_words(_Atomic uint64_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (atomic_load_explicit(&words[i], memory_order_relaxed) != 0)
            atomic_store_explicit(&words[i], 0, memory_order_relaxed);
}

static void clear_place(struct guard *guard, uint32_t slot, uint32_t terminal)
{
    struct place *place = &guard->places[slot];
    _Atomic uint64_t *const counts[] = {&place->minute, &place->day, &place->typed, &place->misses,
                                        &place->window};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        atomic_store_explicit(counts[i], 0, memory_order_relaxed);
    for (size_t i = 0; i < GUARD_CAUSE_COUNT; i++)
        atomic_store_explicit(&place->alarm_hours[i], 0, memory_order_relaxed);
    atomic_store_explicit(&place->alarms, 0, memory_order_relaxed);
    place->minute_words = guard->bitmaps[slot].minute_words;
    place->day_words = guard->bitmaps[slot].day_words;
    clear_words(place->minute_words, MINUTE_WORDS);
    clear_words(place->day_words, DAY_WORDS);
    atomic_store_explicit(&place->terminal, terminal, memory_order_release);
}

void guard_clear(struct guard *guard)
{
    for (uint32_t i = 0; i < guard->taken_count; i++)
        clear_place(guard, i, 0);
    clear_place(guard, guard->slot_count, GUARD_TERMINAL_ELSEWHERE);
    for (uint32_t i = 0; i <= guard->index_mask; i++)
        guard->index[i] = NOBODY;
    for (uint32_t i = 0; i <= guard->slot_count / 64; i++)
        atomic_store_explicit(&guard->alarmed[i], 0, memory_order_relaxed);
    guard->taken_count = 0;
    guard->oldest = guard->newest = NOBODY;
    guard->crash_day = guard->crash_count = 0;
    atomic_store_explicit(&guard->debt, 0, memory_order_relaxed);
}

/* ---- places by terminal ---- */

static uint32_t home_of(const struct guard *guard, uint32_t terminal)
{
    uint64_t x = (terminal + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(x >> 32) & guard->index_mask;
}

/* Where the terminal is in the index, or the free cell where it would be. */
static uint32_t cell_of(const struct guard *guard, uint32_t terminal)
{
    uint32_t cell = home_of(guard, terminal);
    while (guard->index[cell] != NOBODY && guard->tenants[guard->index[cell]].terminal != terminal)
        cell = (cell + 1) & guard->index_mask;
    return cell;
}

uint32_t guard_find_place(const struct guard *guard, uint32_t terminal)
{
    return guard->index[cell_of(guard, terminal)];
}

/* Whoever stands behind the gap and could not stand before it moves into it. */
static void forget_terminal(struct guard *guard, uint32_t terminal)
{
    uint32_t mask = guard->index_mask;
    uint32_t gap = cell_of(guard, terminal);
    assert(guard->index[gap] != NOBODY);
    for (uint32_t cell = (gap + 1) & mask; guard->index[cell] != NOBODY; cell = (cell + 1) & mask) {
        uint32_t home = home_of(guard, guard->tenants[guard->index[cell]].terminal);
        if (((cell - home) & mask) < ((cell - gap) & mask))
            continue;
        guard->index[gap] = guard->index[cell];
        gap = cell;
    }
    guard->index[gap] = NOBODY;
}

static void settle(struct guard *guard, uint32_t slot, uint32_t terminal)
{
    guard->tenants[slot] = (struct tenant){.terminal = terminal, .older = NOBODY, .newer = NOBODY};
    guard->index[cell_of(guard, terminal)] = slot;
    clear_place(guard, slot, terminal);
}

uint32_t guard_first_place(struct guard *guard, uint32_t terminal)
{
    if (guard->taken_count == guard->slot_count)
        return NOBODY;
    uint32_t slot = guard->taken_count++;
    settle(guard, slot, terminal);
    return slot;
}

/* ---- those without a session ---- */

void guard_list_place(struct guard *guard, uint32_t slot)
{
    struct tenant *tenant = &guard->tenants[slot];
    tenant->older = guard->newest;
    tenant->newer = NOBODY;
    *(guard->newest == NOBODY ? &guard->oldest : &guard->tenants[guard->newest].newer) = slot;
    guard->newest = slot;
}

static void unlist_place(struct guard *guard, uint32_t slot)
{
    struct tenant *tenant = &guard->tenants[slot];
    *(tenant->older == NOBODY ? &guard->oldest : &guard->tenants[tenant->older].newer) =
        tenant->newer;
    *(tenant->newer == NOBODY ? &guard->newest : &guard->tenants[tenant->newer].older) =
        tenant->older;
    tenant->older = tenant->newer = NOBODY;
}

/* Whether forgetting the place gives nobody anything: nothing was counted today, no alarm waits. */
static bool is_idle(const struct place *place, uint32_t today)
{
    uint64_t day = atomic_load_explicit(&place->day, memory_order_acquire);
    bool is_counting = epoch_goes_on(epoch_of(day), today, DAY_BACK_MAX) && (day & COUNT_MASK) > 0;
    return !is_counting && atomic_load_explicit(&place->alarms, memory_order_acquire) == 0;
}

/* Who is passed over was here today, and so is younger than anybody who was not. */
static uint32_t reuse_place(struct guard *guard, uint32_t terminal, uint32_t today)
{
    for (int looked = 0; looked < LEFT_LOOK_MAX && guard->oldest != NOBODY; looked++) {
        uint32_t slot = guard->oldest;
        unlist_place(guard, slot);
        if (is_idle(&guard->places[slot], today)) {
            forget_terminal(guard, guard->tenants[slot].terminal);
            settle(guard, slot, terminal);
            return slot;
        }
        guard_list_place(guard, slot);
    }
    return NOBODY;
}

static uint32_t find_or_take(struct guard *guard, uint32_t terminal, uint32_t today)
{
    uint32_t slot = guard_find_place(guard, terminal);
    if (slot != NOBODY) {
        if (guard->tenants[slot].session_count == 0)
            unlist_place(guard, slot);
        return slot;
    }
    slot = guard_first_place(guard, terminal);
    return slot != NOBODY ? slot : reuse_place(guard, terminal, today);
}

uint32_t guard_slot(struct guard *guard, uint32_t terminal, uint64_t now_s)
{
    uint32_t slot = NOBODY;
    uint32_t today = guard_today(guard, now_s);
    pthread_mutex_lock(&guard->lock);
    if (terminal != GUARD_TERMINAL_ELSEWHERE)
        slot = find_or_take(guard, terminal, today);
    if (slot != NOBODY)
        guard->tenants[slot].session_count++;
    pthread_mutex_unlock(&guard->lock);
    if (slot != NOBODY)
        return slot;
    guard_raise(guard, guard->slot_count, GUARD_FULL, now_s);
    return guard->slot_count;
}

void guard_leave(struct guard *guard, uint32_t slot)
{
    assert(slot <= guard->slot_count);
    if (slot == guard->slot_count)
        return;
    pthread_mutex_lock(&guard->lock);
    assert(guard->tenants[slot].session_count > 0);
    if (--guard->tenants[slot].session_count == 0)
        guard_list_place(guard, slot);
    pthread_mutex_unlock(&guard->lock);
}
