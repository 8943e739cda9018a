/* The guard's places and its memory, many threads at once, and what a restart keeps. */
#include "tests/guard_scene.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_S     SECONDS_PER_DAY
#define PATH_ROOM 512

/* ---- places ---- */

START_TEST(a_terminal_has_one_place_whatever_its_sessions)
{
    struct guard *guard = guard_of(4, 1);
    uint32_t first = guard_slot(guard, 77, NOON_S), other = guard_slot(guard, 78, NOON_S);
    ck_assert_uint_ne(first, other);
    ck_assert_uint_eq(guard_slot(guard, 77, NOON_S), first);
    guard_leave(guard, first);
    guard_leave(guard, first);
    ck_assert_uint_eq(guard_slot(guard, 77, NOON_S), first);
    guard_close(guard);
    guard_close(NULL);
}
END_TEST

START_TEST(memory_is_the_same_after_fifty_thousand_terminals)
{
    enum { PLACES = 1024, TERMINALS = 50000 };
    struct guard *guard = guard_of(PLACES, 1);
    struct guard_limits limits = {.per_day = 3};
    size_t size = guard_size(guard), heap = mallinfo2().uordblks;
    uint32_t elsewhere = 0, answers_elsewhere = 0;
    for (uint32_t terminal = 0; terminal < TERMINALS; terminal++) {
        uint32_t slot = guard_slot(guard, terminal, NOON_S);
        ck_assert_uint_le(slot, PLACES);
        uint32_t answers = ask_until_stopped(guard, slot, &limits, terminal * 10, 10, NOON_S);
        if (slot == PLACES) {
            elsewhere++;
            answers_elsewhere += answers;
        } else
            ck_assert_uint_eq(answers, 3);
        guard_leave(guard, slot);
    }
    ck_assert_uint_eq(guard_size(guard), size);
    ck_assert_uint_eq(mallinfo2().uordblks, heap);
    ck_assert_uint_lt(size, PLACES * (3072u + 64) + 256 * 1024u);
    /* All of today: nobody is forgotten, the rest share one budget. */
    ck_assert_uint_eq(elsewhere, TERMINALS - PLACES);
    ck_assert_uint_eq(answers_elsewhere, 3);

    struct guard_alarm alarm;
    unsigned full = 0;
    while (guard_take_alarm(guard, &alarm))
        full += alarm.cause == GUARD_FULL && alarm.terminal == GUARD_TERMINAL_ELSEWHERE;
    ck_assert_uint_eq(full, 1);
    guard_close(guard);
}
END_TEST

START_TEST(whoever_left_first_makes_room_when_nothing_of_today_is_lost)
{
    struct guard *guard = guard_of(3, 1);
    struct guard_limits limits = {.per_day = 3};
    uint32_t slots[3];
    for (uint32_t i = 0; i < 3; i++) {
        slots[i] = guard_slot(guard, i, NOON_S);
        ask(guard, slots[i], &limits, i, false, NOON_S);
    }
    ck_assert_uint_eq(guard_slot(guard, 9, NOON_S + DAY_S), 3); /* all three are in session */
    guard_leave(guard, slots[1]);
    guard_leave(guard, slots[0]);
    ck_assert_uint_eq(guard_slot(guard, 9, NOON_S), 3); /* counted today */
    ck_assert_uint_eq(guard_slot(guard, 9, NOON_S + 2 * DAY_S), slots[1]);
    ck_assert_uint_eq(guard_slot(guard, 0, NOON_S + 2 * DAY_S), slots[0]);
    ck_assert_uint_eq(guard_slot(guard, 1, NOON_S + 2 * DAY_S), 3);
    ck_assert_uint_eq(ask_until_stopped(guard, slots[1], &limits, 1, 9, NOON_S + 2 * DAY_S), 3);
    guard_close(guard);
}
END_TEST

START_TEST(an_alarm_that_nobody_took_keeps_its_place)
{
    struct guard *guard = guard_of(1, 1);
    struct guard_limits limits = {.per_day = 1};
    uint32_t slot = guard_slot(guard, 5, NOON_S);
    ask_until_stopped(guard, slot, &limits, 1, 9, NOON_S);
    guard_leave(guard, slot);
    struct guard_alarm alarm;
    ck_assert_uint_eq(guard_slot(guard, 6, NOON_S + 3 * DAY_S), 1);
    ck_assert(guard_take_alarm(guard, &alarm));
    ck_assert_uint_eq(alarm.terminal, 5);
    ck_assert_uint_eq(guard_slot(guard, 6, NOON_S + 3 * DAY_S), slot);
    guard_close(guard);
}
END_TEST

/* Places against a list: who is in session keeps his place, nobody has another's. */
START_TEST(places_come_and_go_and_are_never_mixed_up)
{
    enum { PLACES = 40, TERMINALS = 120, STEPS = 200000 };
    struct guard *guard = guard_of(PLACES, 1);
    struct {
        uint32_t sessions, slot;
    } terminals[TERMINALS] = {{0}};
    uint64_t seed = 3;
    unsigned owned = 0;
    for (int i = 0; i < STEPS; i++) {
        uint32_t terminal = (uint32_t)(support_random(&seed) % TERMINALS);
        if (support_random(&seed) % 2 == 0 && terminals[terminal].sessions < 3) {
            uint32_t slot = guard_slot(guard, terminal * 1000, NOON_S);
            if (slot == PLACES)
                continue;
            if (terminals[terminal].sessions++ > 0)
                ck_assert_uint_eq(slot, terminals[terminal].slot);
            terminals[terminal].slot = slot;
            ck_assert_uint_eq(guard->places[slot].terminal, terminal * 1000);
            owned++;
        } else if (terminals[terminal].sessions > 0) {
            terminals[terminal].sessions--;
            guard_leave(guard, terminals[terminal].slot);
        }
        for (uint32_t t = 0; t < TERMINALS && i % 100 == 0; t++)
            if (terminals[t].sessions > 0)
                ck_assert_uint_eq(guard->places[terminals[t].slot].terminal, t * 1000);
    }
    ck_assert_uint_gt(owned, STEPS / 10);
    guard_close(guard);
}
END_TEST

/* ---- threads ---- */

#define THREADS     4
#define PER_THREAD  20000u
#define PEOPLE_MANY 5000u

struct crowd {
    struct guard *guard;
    const struct guard_limits *limits;
    pthread_barrier_t *barrier;
    uint32_t slot;
    uint64_t seed, first;
    uint32_t fresh_count, admitted_count;
};

static void ask_group_of(struct crowd *crowd, const uint64_t numbers[], size_t count,
                         uint64_t now_s)
{
    static const bool is_typed[GUARD_GROUP_MAX];
    uint64_t hashes[GUARD_GROUP_MAX];
    uint32_t waits_ms[GUARD_GROUP_MAX];
    struct guard_tally tally;
    for (size_t i = 0; i < count; i++)
        hashes[i] = person(crowd->guard, numbers[i]);
    guard_admit(crowd->guard, crowd->slot, crowd->limits, hashes, is_typed, count, now_s, waits_ms,
                &tally);
    uint32_t fresh_count = (uint32_t)__builtin_popcountll(tally.fresh);
    guard_note(crowd->guard, crowd->slot, fresh_count, fresh_count, now_s);
    crowd->fresh_count += fresh_count;
    for (size_t i = 0; i < count; i++)
        crowd->admitted_count += waits_ms[i] == 0;
}

static void *ask_by_chance(void *context)
{
    struct crowd *crowd = context;
    for (uint32_t i = 0; i < PER_THREAD; i += 8) {
        uint64_t numbers[8];
        for (int j = 0; j < 8; j++)
            numbers[j] = support_random(&crowd->seed) % PEOPLE_MANY;
        ask_group_of(crowd, numbers, 8, NOON_S);
    }
    return NULL;
}

/* The same questions by threads, or by one after the other. */
static uint32_t ask_as_crowd(struct guard *guard, const struct guard_limits *limits,
                             bool has_threads)
{
    struct crowd crowds[THREADS];
    pthread_t threads[THREADS];
    uint32_t slot = guard_slot(guard, 1, NOON_S), fresh_count = 0;
    for (uint64_t i = 0; i < THREADS; i++) {
        crowds[i] = (struct crowd){.guard = guard, .limits = limits, .slot = slot, .seed = i};
        if (has_threads)
            ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_by_chance, &crowds[i]), 0);
        else
            ask_by_chance(&crowds[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        if (has_threads)
            pthread_join(threads[i], NULL);
        fresh_count += crowds[i].fresh_count;
    }
    ck_assert(place_is_sound(&guard->places[slot]));
    return fresh_count;
}

/* Which budget is used up in the end: then it is so to the bit. Else every bit is the model's. */
static const struct {
    struct guard_limits limits;
    bool ends_minute, ends_day;
} crowd_rows[] = {
    {{0}, false, false},
    {{.per_day = 20000}, false, false},
    {{.per_day = 2000}, false, true},
    {{.per_minute = 500}, true, false},
    {{.per_minute = 400, .per_day = 300}, false, true},
    {{.per_minute = 100, .per_day = 300}, true, false},
    {{.per_minute = 1000, .per_day = 20000}, true, false},
};

static void check_same_counts(const struct place *a, const struct place *b)
{
    ck_assert_uint_eq(a->minute, b->minute);
    ck_assert_uint_eq(a->day, b->day);
    ck_assert_uint_eq(a->typed, b->typed);
    ck_assert_uint_eq(a->misses, b->misses);
    for (size_t i = 0; i < MINUTE_WORDS; i++)
        ck_assert_uint_eq(a->minute_words[i], b->minute_words[i]);
    for (size_t i = 0; i < DAY_WORDS; i++)
        ck_assert_uint_eq(a->day_words[i], b->day_words[i]);
}

START_TEST(many_threads_count_what_one_would)
{
    const struct guard_limits *limits = &crowd_rows[_i].limits;
    for (uint8_t key = 0; key < 4; key++) {
        struct guard *together = guard_of(2, key), *alone = guard_of(2, key);
        uint32_t fresh = ask_as_crowd(together, limits, true);
        ask_as_crowd(alone, limits, false);
        const struct place *place = &together->places[0], *model = &alone->places[0];
        ck_assert_uint_eq(fresh, day_count(place)); /* each new one is told once */
        if (crowd_rows[_i].ends_day)
            ck_assert_uint_eq(day_count(place), together->day_bits[limits->per_day]);
        if (crowd_rows[_i].ends_minute)
            ck_assert_uint_eq(place->minute & COUNT_MASK,
                              together->minute_bits[limits->per_minute]);
        if (!crowd_rows[_i].ends_minute && !crowd_rows[_i].ends_day)
            check_same_counts(place, model);
        guard_close(together);
        guard_close(alone);
    }
}
END_TEST

#define MINUTES_TOGETHER 200u

/* All begin a minute at once, so that its rotation is raced for; some clocks are behind. */
static void *ask_through_minutes(void *context)
{
    struct crowd *crowd = context;
    for (uint64_t minute = 0; minute < MINUTES_TOGETHER; minute++) {
        pthread_barrier_wait(crowd->barrier);
        for (uint64_t i = 0; i < 100; i++) {
            uint64_t number = crowd->first + minute * 1000 + i;
            uint64_t now_s = NOON_S + minute * 600 - (support_random(&crowd->seed) % 4 == 0);
            ask_group_of(crowd, &number, 1, i == 0 ? NOON_S + minute * 600 : now_s);
        }
    }
    return NULL;
}

START_TEST(a_minute_begins_once_however_many_threads_begin_it)
{
    struct guard *guard = guard_of(2, 1);
    struct guard_limits limits = {.per_minute = 50};
    struct crowd crowds[THREADS];
    pthread_t threads[THREADS];
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, THREADS);
    uint32_t admitted = 0;
    for (uint64_t i = 0; i < THREADS; i++) {
        crowds[i] = (struct crowd){.guard = guard,
                                   .limits = &limits,
                                   .barrier = &barrier,
                                   .slot = 0,
                                   .seed = i,
                                   .first = (i + 1) * 1000000};
        ck_assert_uint_eq(guard_slot(guard, 1, NOON_S), 0);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_through_minutes, &crowds[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        admitted += crowds[i].admitted_count;
    }
    pthread_barrier_destroy(&barrier);
    /* Of 400 in each minute 50, and the one or two that share a bit before it is closed. */
    ck_assert_uint_ge(admitted, MINUTES_TOGETHER * 49);
    ck_assert_uint_le(admitted, MINUTES_TOGETHER * 55);
    guard_close(guard);
}
END_TEST

/* ---- restarts ---- */

static char path[PATH_ROOM];
static struct fault fault;

static void name_file(void)
{
    snprintf(path, sizeof(path), "%s/guard", support_directory());
    unlink(path);
}

static size_t read_state(uint8_t *out, size_t room)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    size_t size = fread(out, 1, room, file);
    fclose(file);
    return size;
}

static void save(struct guard *guard, bool is_last, uint64_t now_s)
{
    ck_assert_msg(guard_save(guard, path, is_last, now_s, &fault), "%s", fault.text);
}

static struct guard *load(uint32_t slot_count, uint64_t now_s, uint32_t found)
{
    struct guard *guard = guard_of(slot_count, 200);
    uint32_t slot_count_found;
    ck_assert_msg(guard_load(guard, path, now_s, &slot_count_found, &fault), "%s", fault.text);
    ck_assert_uint_eq(slot_count_found, found);
    return guard;
}

START_TEST(what_was_counted_is_counted_after_a_restart)
{
    struct guard *guard = guard_of(8, 1);
    struct guard_limits day = {.per_day = 5}, minute = {.per_minute = 5},
                        typed = {.typed_per_day = 5}, misses = {.misses_per_day = 20},
                        few = {.per_day = 100};
    for (uint32_t i = 0; i < 5; i++)
        ck_assert_uint_eq(guard_slot(guard, 100 + i, NOON_S), i);
    ck_assert_uint_eq(ask_until_stopped(guard, 0, &day, 1, 9, NOON_S), 5);
    ck_assert_uint_eq(ask_until_stopped(guard, 1, &minute, 1, 9, NOON_S), 5);
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(ask(guard, 2, &typed, 1, true, NOON_S), 0);
    ask(guard, 3, &misses, 1, false, NOON_S);
    guard_note(guard, 3, 20, 40, NOON_S);
    ask_until_stopped(guard, 4, &few, 1, 60, NOON_S);
    uint32_t bits = day_count(&guard->places[4]);
    struct guard_alarm alarm;
    ck_assert(guard_take_alarm(guard, &alarm)); /* of the others nobody has heard yet */
    ck_assert_uint_eq(alarm.terminal, 100);
    save(guard, true, NOON_S);
    struct stat info;
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0600);
    uint32_t wait_ms = ask(guard, 1, &minute, 1, false, NOON_S + 5);
    uint64_t hash = person(guard, 12345);
    guard_close(guard);

    guard = load(8, NOON_S + 5, 5);
    ck_assert_uint_eq(person(guard, 12345), hash); /* the file's key, not the new one */
    for (uint32_t i = 0; i < 5; i++)
        ck_assert_uint_eq(guard_slot(guard, 100 + i, NOON_S + 5), i);
    ck_assert_uint_gt(ask(guard, 0, &day, 1, false, NOON_S + 5), 0);
    ck_assert_uint_eq(ask(guard, 1, &minute, 1, false, NOON_S + 5), wait_ms);
    for (int i = 0; i < 2; i++)
        ck_assert_uint_eq(ask(guard, 2, &typed, 1, true, NOON_S + 5), 0);
    ck_assert_uint_gt(ask(guard, 2, &typed, 1, true, NOON_S + 5), 0);
    ck_assert_uint_gt(ask(guard, 3, &misses, 1, false, NOON_S + 5), 0);
    ck_assert_uint_eq(day_count(&guard->places[4]), bits);
    ask_until_stopped(guard, 4, &few, 1, 60, NOON_S + 5); /* the same people are free */
    ck_assert_uint_eq(day_count(&guard->places[4]), bits);
    unsigned again = 0; /* what was told within the hour is not, what was not is told again */
    for (; guard_take_alarm(guard, &alarm); again++)
        ck_assert_uint_ne(alarm.terminal, 100);
    ck_assert_uint_eq(again, 3);
    ck_assert_uint_eq(ask(guard, 0, &day, 1, false, NOON_S + DAY_S), 0);
    guard_close(guard);
}
END_TEST

START_TEST(a_day_that_is_over_is_not_written)
{
    static uint8_t bytes[65536];
    struct guard *guard = guard_of(8, 1);
    struct guard_limits limits = {.per_minute = 5, .per_day = 5};
    ask_until_stopped(guard, guard_slot(guard, 1, NOON_S), &limits, 1, 9, NOON_S);
    save(guard, true, NOON_S);
    size_t today = read_state(bytes, sizeof(bytes));
    save(guard, true, NOON_S + 2 * DAY_S);
    ck_assert_uint_gt(today, 2000);
    ck_assert_uint_lt(read_state(bytes, sizeof(bytes)), 300);
    guard_close(guard);
    guard_close(load(8, NOON_S + 2 * DAY_S, 1));
}
END_TEST

START_TEST(without_a_file_a_guard_begins_empty_and_leaves_one)
{
    struct guard *guard = load(4, NOON_S, 0);
    ck_assert_int_eq(access(path, F_OK), 0);
    guard_close(guard);
}
END_TEST

/* A small state: two terminals, one with a day, and the shared place. */
static size_t small_state(uint8_t *out, size_t room)
{
    struct guard *guard = guard_of(4, 1);
    struct guard_limits limits = {.per_minute = 5, .per_day = 5, .typed_per_day = 9};
    ask_until_stopped(guard, guard_slot(guard, 1, NOON_S), &limits, 1, 9, NOON_S);
    guard_slot(guard, 2, NOON_S);
    save(guard, false, NOON_S);
    guard_close(guard);
    return read_state(out, room);
}

static bool takes(struct guard *guard, const uint8_t *bytes, size_t size)
{
    uint32_t count = 0;
    memset(&fault, 0, sizeof(fault));
    bool is_taken = guard_decode(guard, bytes, size, NOON_S, &count, &fault);
    ck_assert(is_taken || (fault.text[0] != '\0' && count == 0 && guard->taken_count == 0));
    return is_taken;
}

START_TEST(no_byte_of_a_state_can_change_unnoticed)
{
    static uint8_t bytes[65536];
    size_t size = small_state(bytes, sizeof(bytes));
    ck_assert(size > 2000 && size < 3000);
    struct guard *guard = guard_of(4, 9);
    uint64_t own = person(guard, 1);
    for (size_t at = 0; at < size; at++)
        for (unsigned bit = 0; bit<8; bit += at> 200 ? 2 : 1) {
            bytes[at] ^= (uint8_t)(1u << bit);
            ck_assert_msg(!takes(guard, bytes, size), "byte %zu", at);
            bytes[at] ^= (uint8_t)(1u << bit);
        }
    for (size_t shorter = 0; shorter<size; shorter += shorter> 300 ? 61 : 1)
        ck_assert(!takes(guard, at_the_edge(bytes, shorter), shorter));
    ck_assert(!takes(guard, bytes, size + 1));
    ck_assert_uint_eq(person(guard, 1), own); /* a refused file leaves no key behind */
    ck_assert(takes(guard, bytes, size));
    guard_close(guard);
}
END_TEST

static void sign(uint8_t *bytes, size_t size)
{
    crypto_generichash(bytes + size - 32, 32, bytes, size - 32, NULL, 0);
}

static const struct {
    const char *what;
    size_t at;
    uint32_t value;
    const char *said;
} wrongs[] = {
    {"another version", 8, 2, "version 2"},
    {"more records than there are", 12, 4, "record"},
    {"fewer records than there are", 12, 1, "too many"},
    {"more terminals than places", 12, 9, "places for 4"},
    {"a time that cannot be", 36, 0x80000000u, "head"},
    {"neither last nor not", 40, 2, "head"},
    {"saved never", 44, 0, "head"},
    {"saved too seldom", 44, GUARD_SAVE_S_MAX + 1, "head"},
    {"a reserved byte", 60, 1, "head"},
    {"a terminal twice", 64, 2, "cannot stand"},
    {"the shared place first", 64, UINT32_MAX, "cannot stand"},
    {"an unknown flag", 68, 21, "record 1"},
    {"closed without a minute", 68, 6, "record 1"},
    {"too many typed entries", 80, UINT32_MAX, "record 1"},
    {"too many misses", 84, UINT32_MAX, "record 1"},
    {"a window of more than all", 88, UINT32_MAX, "record 1"},
    {"more misses than new ones", 92, 1, "record 1"},
    {"reserved bytes of a record", 116, 1, "record 1"},
};

START_TEST(a_state_that_no_guard_writes_is_refused_whoever_signed_it)
{
    static uint8_t bytes[65536];
    size_t size = small_state(bytes, sizeof(bytes));
    struct guard *guard = guard_of(4, 9);
    store_u32(bytes + wrongs[_i].at, wrongs[_i].value);
    sign(bytes, size);
    ck_assert_msg(!takes(guard, bytes, size), "%s", wrongs[_i].what);
    ck_assert_msg(strstr(fault.text, wrongs[_i].said) != NULL, "%s: %s", wrongs[_i].what,
                  fault.text);
    guard_close(guard);
}
END_TEST

START_TEST(a_file_that_others_can_read_or_that_is_none_is_refused_aloud)
{
    static uint8_t bytes[65536];
    char other[PATH_ROOM + 8];
    uint32_t count;
    size_t size = small_state(bytes, sizeof(bytes));
    struct guard *guard = guard_of(4, 9);
    struct guard_limits limits = {.per_day = 5};

    ck_assert_int_eq(chmod(path, 0640), 0);
    ck_assert(!guard_load(guard, path, NOON_S, &count, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "chmod 600"));
    ck_assert_ptr_nonnull(strstr(fault.text, path));
    ck_assert_int_eq(chmod(path, 0600), 0);

    snprintf(other, sizeof(other), "%s.link", path);
    unlink(other);
    ck_assert_int_eq(symlink(path, other), 0);
    ck_assert(!guard_load(guard, other, NOON_S, &count, &fault));
    ck_assert(!guard_load(guard, support_directory(), NOON_S, &count, &fault));
    ck_assert(!guard_load(guard, "/nonexistent-folder/guard", NOON_S, &count, &fault));

    support_write_file(path, "ELIGGARD", 8, 0600);
    ck_assert(!guard_load(guard, path, NOON_S, &count, &fault));
    support_write_file(path, bytes, size - 1, 0600);
    ck_assert(!guard_load(guard, path, NOON_S, &count, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "damaged"));
    /* and goes on with nothing */
    uint32_t slot = guard_slot(guard, 1, NOON_S);
    ck_assert_uint_eq(ask_until_stopped(guard, slot, &limits, 1, 9, NOON_S), 5);
    guard_close(guard);
}
END_TEST

START_TEST(a_save_that_fails_leaves_the_file_that_was_there)
{
    static uint8_t before[65536], after[65536];
    size_t size = small_state(before, sizeof(before));
    char beside[PATH_ROOM + 8];
    snprintf(beside, sizeof(beside), "%s.new", path);
    ck_assert_int_eq(mkdir(beside, 0700), 0);
    struct guard *guard = guard_of(4, 1);
    ck_assert(!guard_save(guard, path, true, NOON_S, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, path));
    ck_assert_uint_eq(read_state(after, sizeof(after)), size);
    ck_assert_mem_eq(before, after, size);
    rmdir(beside);
    static char longest[8192];
    memset(longest, 'x', sizeof(longest) - 1);
    ck_assert(!guard_save(guard, longest, true, NOON_S, &fault));
    guard_close(guard);
}
END_TEST

/* Somebody who can end the server at will, always just before it saves: how many answers in a day
 * of at most `cycles` restarts. A twin: what is loaded counts as ended in peace. */
static uint32_t answers_over_restarts(unsigned cycles, bool is_forgiving)
{
    static uint8_t bytes[65536];
    struct guard_limits limits = {.per_minute = 60, .per_day = 600};
    uint32_t answers = 0, count;
    name_file();
    for (unsigned cycle = 0; cycle < cycles; cycle++) {
        uint64_t now_s = NOON_S + cycle * 60;
        struct guard *guard = guard_of(2, 1);
        ck_assert_msg(guard_load(guard, path, now_s, &count, &fault), "%s", fault.text);
        if (is_forgiving) {
            size_t size = read_state(bytes, sizeof(bytes));
            store_u32(bytes + 40, 1);
            sign(bytes, size);
            support_write_file(path, bytes, size, 0600);
        }
        uint32_t slot = guard_slot(guard, 1, now_s);
        answers += ask_until_stopped(guard, slot, &limits, cycle * 1000, 1000, now_s);
        guard_close(guard); /* nothing is saved */
    }
    return answers;
}

START_TEST(restarts_at_will_give_one_interval_and_no_more)
{
    ck_assert_uint_le(answers_over_restarts(30, false), 600 + 60 + 30);
    ck_assert_uint_ge(answers_over_restarts(5, false), 5 * 55); /* who is honest goes on */
    ck_assert_uint_gt(answers_over_restarts(30, true), 1500);
}
END_TEST

START_TEST(restarts_in_peace_and_one_crash_cost_nobody_anything)
{
    struct guard_limits limits = {.per_minute = 300, .per_day = 2000};
    uint64_t now_s = NOON_S;
    for (int restart = 0; restart < 10; restart++, now_s += 100) {
        struct guard *guard = load(2, now_s, restart > 0);
        guard_slot(guard, 1, now_s);
        save(guard, restart != 4, now_s + 50); /* the fifth ends without a last save */
        guard_close(guard);
    }
    struct guard *guard = load(2, now_s, 1);
    ck_assert_uint_eq(guard->debt & UINT32_MAX, 0);
    ck_assert_uint_eq(guard->crash_count, 1);
    uint32_t slot = guard_slot(guard, 1, now_s);
    for (uint64_t i = 0; i < 1800; i++)
        ck_assert_uint_eq(ask(guard, slot, &limits, i, false, now_s + i), 0);
    guard_close(guard);
}
END_TEST

static Suite *state_suite(void)
{
    Suite *suite = suite_create("guard_state");
    TCase *places = tcase_create("places");
    tcase_add_test(places, a_terminal_has_one_place_whatever_its_sessions);
    tcase_add_test(places, memory_is_the_same_after_fifty_thousand_terminals);
    tcase_add_test(places, whoever_left_first_makes_room_when_nothing_of_today_is_lost);
    tcase_add_test(places, an_alarm_that_nobody_took_keeps_its_place);
    tcase_add_test(places, places_come_and_go_and_are_never_mixed_up);
    suite_add_tcase(suite, places);

    TCase *threads = tcase_create("threads");
    tcase_add_loop_test(threads, many_threads_count_what_one_would, 0,
                        sizeof(crowd_rows) / sizeof(crowd_rows[0]));
    tcase_add_test(threads, a_minute_begins_once_however_many_threads_begin_it);
    suite_add_tcase(suite, threads);

    TCase *restarts = tcase_create("restarts");
    tcase_add_checked_fixture(restarts, name_file, NULL);
    tcase_add_test(restarts, what_was_counted_is_counted_after_a_restart);
    tcase_add_test(restarts, a_day_that_is_over_is_not_written);
    tcase_add_test(restarts, without_a_file_a_guard_begins_empty_and_leaves_one);
    tcase_add_test(restarts, no_byte_of_a_state_can_change_unnoticed);
    tcase_add_loop_test(restarts, a_state_that_no_guard_writes_is_refused_whoever_signed_it, 0,
                        sizeof(wrongs) / sizeof(wrongs[0]));
    tcase_add_test(restarts, a_file_that_others_can_read_or_that_is_none_is_refused_aloud);
    tcase_add_test(restarts, a_save_that_fails_leaves_the_file_that_was_there);
    tcase_add_test(restarts, restarts_at_will_give_one_interval_and_no_more);
    tcase_add_test(restarts, restarts_in_peace_and_one_crash_cost_nobody_anything);
    suite_add_tcase(suite, restarts);
    return suite;
}

int main(void)
{
    return support_run(state_suite());
}
