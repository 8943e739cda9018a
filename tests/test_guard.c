/* The guard's budgets: where they end, what is free, when they begin anew, what an alarm says. */
#include "tests/guard_scene.h"

#include <math.h>

#define TERMINAL 4711u

static struct guard *guard;
static uint32_t slot;

static void open_guard(void)
{
    guard = guard_of(SOME_SLOTS, 1);
    slot = guard_slot(guard, TERMINAL, NOON_S);
}

static void close_guard(void)
{
    guard_close(guard);
}

static struct place *place_of_slot(void)
{
    return &guard->places[slot];
}

/* ---- where budgets end ---- */

/* Four standard errors of linear counting, and one for rounding: DESIGN.md gives them in percent.
 */
static double tolerance(double budget, double bits)
{
    double load = budget / bits;
    return 1 + 4 * sqrt(bits * (exp(load) - load - 1));
}

static const struct {
    uint32_t per_minute, per_day;
} budgets[] = {{1, 0},    {2, 0},    {10, 0},  {60, 0},    {300, 0},    {1000, 0},  {0, 1},
               {0, 2},    {0, 10},   {0, 100}, {0, 1000},  {0, 2000},   {0, 10000}, {0, 20000},
               {60, 100}, {100, 60}, {60, 60}, {1000, 20}, {999999, 0}, {0, 999999}};

START_TEST(a_budget_of_different_people_ends_where_it_should)
{
    struct guard_limits limits = {.per_minute = budgets[_i].per_minute,
                                  .per_day = budgets[_i].per_day};
    uint32_t minute =
        limits.per_minute < GUARD_PER_MINUTE_MAX ? limits.per_minute : GUARD_PER_MINUTE_MAX;
    uint32_t day = limits.per_day < GUARD_PER_DAY_MAX ? limits.per_day : GUARD_PER_DAY_MAX;
    bool is_minute = day == 0 || (minute != 0 && minute <= day);
    double budget = is_minute ? minute : day, bits = is_minute ? MINUTE_BITS : DAY_BITS;
    for (uint8_t key = 0; key < 20; key++) {
        struct guard *one = guard_of(1, key);
        uint32_t place = guard_slot(one, TERMINAL, NOON_S);
        uint32_t count = ask_until_stopped(one, place, &limits, 1, 30000, NOON_S);
        ck_assert_msg(fabs(count - budget) <= tolerance(budget, bits) ||
                          (minute == day && fabs(count - budget) <= tolerance(budget, MINUTE_BITS)),
                      "key %u: %u of %.0f, tolerance %.1f", key, count, budget,
                      tolerance(budget, bits));
        ck_assert(place_is_sound(&one->places[place]));
        guard_close(one);
    }
}
END_TEST

START_TEST(a_budget_of_typed_entries_is_exact)
{
    static const uint32_t typed[] = {1, 2, 10, 200, 5000};
    for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
        struct guard_limits limits = {.per_day = 20, .typed_per_day = typed[i]};
        uint32_t place = guard_slot(guard, (uint32_t)i, NOON_S);
        for (uint32_t entry = 0; entry < typed[i]; entry++) /* the same few, each time */
            ck_assert_uint_eq(ask(guard, place, &limits, entry % 5, true, NOON_S), 0);
        for (int again = 0; again < 3; again++)
            ck_assert_uint_gt(ask(guard, place, &limits, 1, true, NOON_S), 0);
        ck_assert_uint_eq(ask(guard, place, &limits, 1, false, NOON_S), 0);
        ck_assert_uint_eq(guard->places[place].typed & COUNT_MASK, typed[i]);
    }
}
END_TEST

START_TEST(no_budget_is_no_bound)
{
    struct guard_limits limits = {0};
    ck_assert_uint_eq(ask_until_stopped(guard, slot, &limits, 1, 60000, NOON_S), 60000);
    for (int i = 0; i < 1000; i++)
        ck_assert_uint_eq(ask(guard, slot, &limits, 1, true, NOON_S), 0);
}
END_TEST

START_TEST(whoever_was_seen_costs_nothing)
{
    struct guard_limits limits = {.per_minute = 100, .per_day = 100};
    for (uint64_t i = 0; i < 100000; i++)
        ck_assert_uint_eq(ask(guard, slot, &limits, i % 60, false, NOON_S + i % 60), 0);
    ck_assert_uint_le(day_count(place_of_slot()), 60);
}
END_TEST

START_TEST(a_used_up_budget_stops_everybody_once_it_has_refused_somebody)
{
    struct guard_limits limits = {.per_minute = 10};
    for (uint64_t i = 0; i < 10; i++)
        ck_assert_uint_eq(ask(guard, slot, &limits, i, false, NOON_S), 0);
    ck_assert_uint_eq(ask(guard, slot, &limits, 3, false, NOON_S), 0);
    ck_assert_uint_gt(ask(guard, slot, &limits, 10, false, NOON_S), 0);
    ck_assert_uint_gt(ask(guard, slot, &limits, 3, false, NOON_S + 59), 0);
    ck_assert_uint_eq(ask(guard, slot, &limits, 3, false, NOON_S + 60), 0);
    limits.per_minute = 20; /* a larger one holds at once */
    ck_assert_uint_eq(ask_until_stopped(guard, slot, &limits, 100, 15, NOON_S + 61), 15);
}
END_TEST

START_TEST(a_group_is_admitted_as_its_identifiers_would_be_alone)
{
    struct guard_limits limits = {.per_minute = 40, .per_day = 70, .typed_per_day = 30};
    uint64_t seed = 5;
    for (int group = 0; group < 200; group++) {
        uint64_t hashes[GUARD_GROUP_MAX], now_s = NOON_S + (uint64_t)group * 600;
        bool is_typed[GUARD_GROUP_MAX];
        uint32_t waits[GUARD_GROUP_MAX], alone = guard_slot(guard, TERMINAL + 1, now_s);
        uint32_t refused = 0;
        for (size_t i = 0; i < GUARD_GROUP_MAX; i++) {
            hashes[i] = person(guard, support_random(&seed) % 100);
            is_typed[i] = support_random(&seed) % 4 == 0;
        }
        struct guard_tally tally, one;
        guard_admit(guard, slot, &limits, hashes, is_typed, GUARD_GROUP_MAX, now_s, waits, &tally);
        for (size_t i = 0; i < GUARD_GROUP_MAX; i++) {
            uint32_t wait;
            guard_admit(guard, alone, &limits, &hashes[i], &is_typed[i], 1, now_s, &wait, &one);
            ck_assert_int_eq(wait == 0, waits[i] == 0);
            ck_assert_uint_eq(one.fresh, tally.fresh >> i & 1);
            refused += wait != 0;
        }
        for (int cause = 0; cause < GUARD_CAUSE_COUNT; cause++)
            refused -= tally.refused[cause];
        ck_assert_uint_eq(refused, 0);
    }
}
END_TEST

/* ---- when they begin anew ---- */

static const char *const riga_days[] = {"2026-11-26", "2026-12-31", "2028-02-28",
                                        "2026-03-28", "2026-03-29", /* 23 hours */
                                        "2026-10-24", "2026-10-25", /* 25 hours */
                                        "2027-03-28", "2027-10-31"};

START_TEST(a_day_lasts_from_midnight_to_midnight_in_riga)
{
    int32_t day;
    ck_assert(day_of_text(&day, riga_days[_i], 10));
    uint64_t from_s = time_of_riga_day((uint32_t)day),
             until_s = time_of_riga_day((uint32_t)day + 1);
    struct guard_limits limits = {.per_day = 5, .typed_per_day = 5};
    ck_assert_uint_eq(ask_until_stopped(guard, slot, &limits, 1, 100, from_s - 1), 5);
    ck_assert_uint_eq(ask_until_stopped(guard, slot, &limits, 1, 100, from_s), 5);
    for (uint64_t now_s = from_s; now_s < until_s; now_s += 599)
        ck_assert_uint_gt(ask(guard, slot, &limits, 1, false, now_s), (until_s - now_s) * 1000);
    uint32_t wait_ms = ask(guard, slot, &limits, 1, false, until_s - 1);
    ck_assert(wait_ms > 1000 && wait_ms <= 1000 + GUARD_DAY_JITTER_MS);
    ck_assert_uint_eq(ask_until_stopped(guard, slot, &limits, 1, 100, until_s), 5);
}
END_TEST

START_TEST(a_minute_ends_when_it_ends)
{
    struct guard_limits limits = {.per_minute = 5};
    for (uint64_t second = 0; second < 300; second++) {
        uint64_t now_s = NOON_S + second;
        uint32_t admitted = ask_until_stopped(guard, slot, &limits, second * 10, 10, now_s);
        ck_assert_uint_eq(admitted, second % 60 == 0 ? 5 : 0);
        uint32_t wait_ms = ask(guard, slot, &limits, 1, false, now_s);
        ck_assert_uint_gt(wait_ms, (60 - second % 60) * 1000);
        ck_assert_uint_le(wait_ms, (60 - second % 60) * 1000 + GUARD_MINUTE_JITTER_MS);
    }
}
END_TEST

#define DAY_S SECONDS_PER_DAY
static const struct {
    const char *what;
    int64_t step_s;
    bool minute_is_over, day_is_over;
} steps[] = {
    {"nothing", 0, false, false},
    {"a second back", -1, false, false},
    {"five minutes back", -300, false, false},
    {"six minutes back", -360, true, false},
    {"an hour back", -3600, true, false},
    {"a day back", -DAY_S, true, false},
    {"two days back", -2 * DAY_S, true, true},
    {"a year back", -365 * DAY_S, true, true},
    {"a minute on", 60, true, false},
    {"a day on", DAY_S, true, true},
    {"ten years on", 3650 * (int64_t)DAY_S, true, true},
};

START_TEST(a_clock_that_steps_back_a_little_gives_nobody_anything)
{
    struct guard_limits minute = {.per_minute = 5}, day = {.per_day = 5};
    uint32_t other = guard_slot(guard, TERMINAL + 1, NOON_S);
    ck_assert_uint_eq(ask_until_stopped(guard, slot, &minute, 1, 100, NOON_S), 5);
    ck_assert_uint_eq(ask_until_stopped(guard, other, &day, 1, 100, NOON_S), 5);
    uint64_t now_s = (uint64_t)((int64_t)NOON_S + steps[_i].step_s);
    ck_assert_msg((ask(guard, slot, &minute, 50, false, now_s) == 0) == steps[_i].minute_is_over,
                  "minute, %s", steps[_i].what);
    ck_assert_msg((ask(guard, other, &day, 50, false, now_s) == 0) == steps[_i].day_is_over,
                  "day, %s", steps[_i].what);
    ck_assert(place_is_sound(&guard->places[slot]) && place_is_sound(&guard->places[other]));
}
END_TEST

START_TEST(a_clock_that_was_wrong_for_a_moment_stops_nobody_for_years)
{
    struct guard_limits limits = {.per_minute = 5, .per_day = 50, .typed_per_day = 5};
    uint64_t wrong_s = NOON_S + UINT64_C(3650) * DAY_S;
    for (int i = 0; i < 5; i++)
        ck_assert_uint_eq(ask(guard, slot, &limits, 1, true, wrong_s), 0);
    ck_assert_uint_gt(ask(guard, slot, &limits, 1, true, wrong_s), 0);
    ck_assert_uint_eq(ask(guard, slot, &limits, 1, true, NOON_S), 0);
    ck_assert_uint_eq(ask_until_stopped(guard, slot, &limits, 1, 5, NOON_S), 5);
}
END_TEST

/* ---- waits ---- */

START_TEST(terminals_do_not_come_back_at_once_and_a_wait_says_nothing_about_a_person)
{
    struct guard_limits limits = {.per_minute = 1, .per_day = 1};
    bool met[GUARD_MINUTE_JITTER_MS + 1] = {false};
    unsigned different = 0;
    limits.per_day = 0;
    for (uint32_t terminal = 0; terminal < SOME_SLOTS - 1; terminal++) {
        uint32_t place = guard_slot(guard, terminal, NOON_S);
        ck_assert_uint_eq(ask_until_stopped(guard, place, &limits, 1, 100, NOON_S), 1);
        uint32_t wait_ms = ask(guard, place, &limits, 100, false, NOON_S);
        for (uint64_t who = 101; who < 120; who++)
            ck_assert_uint_eq(ask(guard, place, &limits, who, false, NOON_S), wait_ms);
        different += !met[wait_ms - 60000];
        met[wait_ms - 60000] = true;
    }
    ck_assert_uint_ge(different, SOME_SLOTS - 8);
}
END_TEST

/* ---- whoever guesses ---- */

/* A change to the guard after each question, as if it were built otherwise. */
typedef void twin(struct place *place, bool is_refused);

static void forget_day(struct place *place, bool is_refused)
{
    (void)is_refused;
    place->day &= ~(COUNT_MASK | COUNT_CLOSED);
}

/* As linear counting by itself would: what shares a bit with somebody is never refused. */
static void never_close(struct place *place, bool is_refused)
{
    (void)is_refused;
    place->day &= ~COUNT_CLOSED;
}

static void count_everybody(struct place *place, bool is_refused)
{
    if (!is_refused)
        place->day++;
}

static void count_refused(struct place *place, bool is_refused)
{
    if (is_refused)
        place->day++;
}

/* Five codes by chance a second, for a day: how many were answered. */
static uint32_t walk_codes(struct guard *one, const struct guard_limits *limits, twin *change)
{
    uint64_t seed = 99, from_s = time_of_riga_day(guard_today(one, NOON_S));
    uint32_t place = guard_slot(one, TERMINAL, from_s), answers = 0;
    for (uint64_t i = 0; i < UINT64_C(5) * DAY_S; i++) {
        uint64_t who = support_random(&seed) % UINT64_C(44000000);
        bool is_refused = ask(one, place, limits, who, false, from_s + i / 5) != 0;
        answers += !is_refused;
        if (change != NULL)
            change(&one->places[place], is_refused);
    }
    return answers;
}

static bool holds_walkers(twin *change)
{
    static const struct guard_limits limits[] = {{.per_day = 2000},
                                                 {.per_minute = 300, .per_day = 2000}};
    for (int i = 0; i < 2; i++) {
        struct guard *one = guard_of(4, (uint8_t)(3 + i));
        uint32_t answers = walk_codes(one, &limits[i], change);
        guard_close(one);
        if (answers > 2000 + tolerance(2000, DAY_BITS))
            return false;
    }
    return true;
}

START_TEST(whoever_walks_codes_all_day_gets_the_days_budget)
{
    ck_assert(holds_walkers(NULL));
    ck_assert(!holds_walkers(forget_day));
    ck_assert(!holds_walkers(never_close));
}
END_TEST

/* A bus: 1500 people in the first hour and a half, then 20000 rides of the same until late. */
static bool lets_the_bus_drive(twin *change)
{
    struct guard *one = guard_of(4, 5);
    struct guard_limits limits = {.per_minute = 100, .per_day = 2000, .typed_per_day = 10};
    uint64_t seed = 1, from_s = time_of_riga_day(guard_today(one, NOON_S)) + 5 * HOUR_S;
    uint32_t place = guard_slot(one, TERMINAL, from_s), stops = 0;
    for (uint64_t ride = 0; ride < 21500; ride++) {
        uint64_t who = ride < 1500 ? ride : support_random(&seed) % 1500;
        bool is_refused = ask(one, place, &limits, who, false, from_s + ride * 3) != 0;
        stops += is_refused;
        if (change != NULL)
            change(&one->places[place], is_refused);
    }
    guard_close(one);
    return stops == 0;
}

START_TEST(a_bus_is_never_stopped)
{
    ck_assert(lets_the_bus_drive(NULL));
    ck_assert(!lets_the_bus_drive(count_everybody));
}
END_TEST

/* 50 of a minute are admitted; the thousands that were refused have cost the day nothing. */
static bool refused_cost_nothing(twin *change)
{
    struct guard *one = guard_of(4, 6);
    struct guard_limits limits = {.per_minute = 50, .per_day = 200, .typed_per_day = 100};
    uint32_t place = guard_slot(one, TERMINAL, NOON_S), answers = 0;
    for (uint64_t i = 0; i < 3000; i++) {
        bool is_refused = ask(one, place, &limits, i, true, NOON_S + i / 1000 * 60) != 0;
        answers += !is_refused;
        if (change != NULL)
            change(&one->places[place], is_refused);
    }
    bool is_good = answers == 100 && (one->places[place].typed & COUNT_MASK) == 100 &&
                   day_count(&one->places[place]) <= 100 && place_is_sound(&one->places[place]);
    guard_close(one);
    return is_good;
}

START_TEST(what_is_refused_is_not_counted)
{
    ck_assert(refused_cost_nothing(NULL));
    ck_assert(!refused_cost_nothing(count_refused));
}
END_TEST

/* ---- misses ---- */

static const struct guard_limits free_limits = {0};

/* Asks about new people, of whom so many percent are nobody, until there is an alarm: after how
 * many, at most `most`. Each is followed by `repeats` questions about somebody known. */
static uint32_t ask_until_alarm(uint32_t percent, uint32_t most, uint32_t repeats, uint64_t *seed)
{
    struct guard_alarm alarm;
    for (uint32_t i = 0; i < most; i++) {
        uint64_t hash = person(guard, support_random(seed)), known = person(guard, 1);
        bool is_typed = false, is_miss = support_random(seed) % 100 < percent;
        uint32_t wait_ms;
        struct guard_tally tally;
        guard_admit(guard, slot, &free_limits, &hash, &is_typed, 1, NOON_S, &wait_ms, &tally);
        guard_note(guard, slot, is_miss && tally.fresh != 0, (uint32_t)tally.fresh, NOON_S);
        for (uint32_t repeat = 0; repeat < repeats; repeat++) {
            guard_admit(guard, slot, &free_limits, &known, &is_typed, 1, NOON_S, &wait_ms, &tally);
            guard_note(guard, slot, 0, (uint32_t)tally.fresh, NOON_S);
        }
        if (guard_take_alarm(guard, &alarm)) {
            ck_assert_uint_eq(alarm.cause, GUARD_MISSES);
            ck_assert_uint_eq(alarm.terminal, TERMINAL);
            return i;
        }
    }
    return most;
}

static const struct {
    uint32_t percent, honest_before, repeats;
    bool is_found;
} guessers[] = {
    {100, 0, 0, true},  {96, 0, 0, true},   {50, 0, 0, true},    {35, 0, 0, true},
    {96, 500, 0, true}, {50, 500, 0, true}, {96, 3000, 9, true}, /* hidden among repeats */
    {0, 0, 0, false},   {2, 0, 0, false},   {8, 0, 0, false},
};

START_TEST(whoever_guesses_is_found_within_four_hundred_checks)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        uint64_t state = seed;
        close_guard();
        open_guard();
        uint32_t before = ask_until_alarm(2, guessers[_i].honest_before, 0, &state);
        ck_assert_uint_eq(before, guessers[_i].honest_before);
        uint32_t most = guessers[_i].is_found ? 400 : 5000;
        uint32_t after = ask_until_alarm(guessers[_i].percent, most, guessers[_i].repeats, &state);
        ck_assert_msg((after < most) == guessers[_i].is_found, "seed %lu: after %u",
                      (unsigned long)seed, after);
    }
}
END_TEST

/* Guesses until stopped: how many misses were answered. */
static uint32_t guess_until_stopped(uint32_t place, const struct guard_limits *limits,
                                    uint64_t first, uint64_t now_s)
{
    for (uint32_t i = 0; i < 10000; i++) {
        uint64_t hash = person(guard, first + i);
        bool is_typed = false;
        uint32_t wait_ms;
        struct guard_tally tally;
        guard_admit(guard, place, limits, &hash, &is_typed, 1, now_s, &wait_ms, &tally);
        if (wait_ms != 0) {
            ck_assert_uint_eq(tally.refused[GUARD_MISSES], 1);
            return i;
        }
        guard_note(guard, place, tally.fresh != 0, (uint32_t)tally.fresh, now_s);
    }
    return UINT32_MAX;
}

START_TEST(a_budget_of_misses_ends_in_its_upper_half_where_nobody_knows)
{
    struct guard_limits limits = {.misses_per_day = 100};
    bool met[128] = {false};
    unsigned different = 0;
    for (uint32_t terminal = 0; terminal < 40; terminal++) {
        uint32_t place = guard_slot(guard, terminal, NOON_S);
        uint32_t today = guess_until_stopped(place, &limits, 1000, NOON_S);
        ck_assert_msg(today >= 50 && today <= 103, "%u", today); /* two may share a bit */
        different += !met[today];
        met[today] = true;
        ck_assert_uint_gt(ask(guard, place, &limits, 1, false, NOON_S + 3600), 0);
        ck_assert_uint_eq(ask(guard, place, &limits, 1, false, NOON_S + DAY_S), 0);
    }
    ck_assert_uint_gt(different, 15);
}
END_TEST

/* ---- alarms ---- */

START_TEST(an_alarm_comes_once_an_hour_for_each_cause_and_names_the_terminal)
{
    static const struct guard_limits limits[] = {
        [GUARD_PER_MINUTE] = {.per_minute = 3},
        [GUARD_PER_DAY] = {.per_day = 3},
        [GUARD_TYPED] = {.typed_per_day = 3},
    };
    unsigned counts[SOME_SLOTS][GUARD_CAUSE_COUNT] = {{0}};
    struct guard_alarm alarm;
    for (uint64_t second = 0; second < 3 * HOUR_S; second += 7)
        for (uint32_t terminal = 0; terminal < 3; terminal++) {
            uint32_t place = guard_slot(guard, terminal, NOON_S);
            for (uint64_t i = 0; i < 5; i++)
                ask(guard, place, &limits[terminal], second * 10 + i, true, NOON_S + second);
            while (guard_take_alarm(guard, &alarm))
                counts[alarm.terminal][alarm.cause]++;
        }
    for (uint32_t terminal = 0; terminal < 3; terminal++)
        for (uint32_t cause = 0; cause < GUARD_CAUSE_COUNT; cause++)
            ck_assert_uint_eq(counts[terminal][cause], terminal == cause ? 3 : 0);
    ck_assert_str_eq(guard_cause_name(GUARD_PER_MINUTE), "per-minute");
    ck_assert_str_eq(guard_cause_name(GUARD_FULL), "full");
}
END_TEST

START_TEST(alarms_of_all_terminals_are_taken_one_after_the_other)
{
    struct guard_limits limits = {.per_minute = 1, .typed_per_day = 1};
    for (uint32_t terminal = 0; terminal < SOME_SLOTS - 1; terminal++) {
        uint32_t place = guard_slot(guard, terminal, NOON_S);
        ask(guard, place, &limits, 1, true, NOON_S);
        ask(guard, place, &limits, 2, true, NOON_S);
        ask(guard, place, &limits, 2, false, NOON_S);
        ask(guard, place, &limits, 3, false, NOON_S);
    }
    unsigned taken[SOME_SLOTS] = {0};
    struct guard_alarm alarm;
    while (guard_take_alarm(guard, &alarm))
        taken[alarm.terminal] += 1u << alarm.cause;
    for (uint32_t terminal = 0; terminal < SOME_SLOTS - 1; terminal++)
        ck_assert_uint_eq(taken[terminal], 1u << GUARD_PER_MINUTE | 1u << GUARD_TYPED);
}
END_TEST

/* ---- hashes ---- */

START_TEST(a_hash_is_siphash_of_means_and_text_under_the_guards_key)
{
    struct identifier identifier = {.means = MEANS_CARD, .size = 5, .text = "AB123"};
    uint8_t key[GUARD_KEY_SIZE] = {1, 7}, out[8];
    crypto_shorthash(out,
                     (const uint8_t *)"\x04\x05"
                                      "AB123",
                     7, key);
    uint64_t hash = guard_hash(guard, &identifier);
    ck_assert_uint_eq(hash, load_u64(out));
    identifier.means = MEANS_EID;
    ck_assert_uint_ne(guard_hash(guard, &identifier), hash);
    struct guard *other = guard_of(1, 2);
    identifier.means = MEANS_CARD;
    ck_assert_uint_ne(guard_hash(other, &identifier), hash);
    guard_close(other);
}
END_TEST

static Suite *guard_suite(void)
{
    Suite *suite = suite_create("guard");
    TCase *tests = tcase_create("budgets");
    tcase_add_checked_fixture(tests, open_guard, close_guard);
    tcase_add_loop_test(tests, a_budget_of_different_people_ends_where_it_should, 0,
                        sizeof(budgets) / sizeof(budgets[0]));
    tcase_add_test(tests, a_budget_of_typed_entries_is_exact);
    tcase_add_test(tests, no_budget_is_no_bound);
    tcase_add_test(tests, whoever_was_seen_costs_nothing);
    tcase_add_test(tests, a_used_up_budget_stops_everybody_once_it_has_refused_somebody);
    tcase_add_test(tests, a_group_is_admitted_as_its_identifiers_would_be_alone);
    tcase_add_loop_test(tests, a_day_lasts_from_midnight_to_midnight_in_riga, 0,
                        sizeof(riga_days) / sizeof(riga_days[0]));
    tcase_add_test(tests, a_minute_ends_when_it_ends);
    tcase_add_loop_test(tests, a_clock_that_steps_back_a_little_gives_nobody_anything, 0,
                        sizeof(steps) / sizeof(steps[0]));
    tcase_add_test(tests, a_clock_that_was_wrong_for_a_moment_stops_nobody_for_years);
    tcase_add_test(tests,
                   terminals_do_not_come_back_at_once_and_a_wait_says_nothing_about_a_person);
    suite_add_tcase(suite, tests);

    TCase *attacks = tcase_create("attacks");
    tcase_add_checked_fixture(attacks, open_guard, close_guard);
    tcase_add_test(attacks, whoever_walks_codes_all_day_gets_the_days_budget);
    tcase_add_test(attacks, a_bus_is_never_stopped);
    tcase_add_test(attacks, what_is_refused_is_not_counted);
    tcase_add_loop_test(attacks, whoever_guesses_is_found_within_four_hundred_checks, 0,
                        sizeof(guessers) / sizeof(guessers[0]));
    tcase_add_test(attacks, a_budget_of_misses_ends_in_its_upper_half_where_nobody_knows);
    tcase_add_test(attacks, an_alarm_comes_once_an_hour_for_each_cause_and_names_the_terminal);
    tcase_add_test(attacks, alarms_of_all_terminals_are_taken_one_after_the_other);
    tcase_add_test(attacks, a_hash_is_siphash_of_means_and_text_under_the_guards_key);
    suite_add_tcase(suite, attacks);
    return suite;
}

int main(void)
{
    return support_run(guard_suite());
}
