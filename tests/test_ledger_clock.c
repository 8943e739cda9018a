#include "engine/ledger_clock.h"

#include "tests/support.h"

#define SECOND UINT64_C(1000)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)
#define YEAR   (365 * DAY)
#define NOW    (57 * YEAR)

/* The clock is begun at NOW, and ten seconds pass while the wall clock moves by `wall_ms`. */
static const struct {
    const char *name;
    int64_t wall_ms;
    bool is_synchronised;
    uint64_t moved_ms;
    bool is_ahead, is_far_behind;
} steps[] = {
    {"both go alike", 10000, false, 10000, false, false},
    {"the wall clock goes a little faster", 10700, false, 10700, false, false},
    {"300 s more are believed", 310000, false, 310000, false, false},
    {"a millisecond more is not", 310001, false, 10000, true, false},
    {"an hour forward is not", 3600000, false, 10000, true, false},
    {"unless the clock is synchronised", 3600000, true, 3600000, false, false},
    {"ten years forward are not", 10 * (int64_t)YEAR, false, 10000, true, false},
    {"one second back is waited for", -1000, false, 5000, false, false},
    {"300 s back are, too", -300000, false, 5000, false, false},
    {"a millisecond more is wrong", -300001, false, 10000, false, true},
    {"an hour back is wrong", -3600000, false, 10000, false, true},
    {"even when synchronised: never back", -3600000, true, 10000, false, true},
    {"ten years back are wrong", -10 * (int64_t)YEAR, false, 10000, false, true},
};

START_TEST(ten_seconds_pass)
{
    struct ledger_clock clock;
    clock_begin(&clock, NOW, NOW, 5000, false);
    uint64_t wall_ms = NOW + (uint64_t)steps[_i].wall_ms;
    uint64_t now_ms = clock_next(&clock, wall_ms, 15000, steps[_i].is_synchronised);
    ck_assert_msg(now_ms == NOW + steps[_i].moved_ms, "%s: %llu", steps[_i].name,
                  (unsigned long long)(now_ms - NOW));
    ck_assert_msg(clock.is_ahead == steps[_i].is_ahead, "%s", steps[_i].name);
    ck_assert_msg(clock.is_far_behind == steps[_i].is_far_behind, "%s", steps[_i].name);
}
END_TEST

static const struct {
    const char *name;
    uint64_t written_ms, wall_ms;
    bool is_synchronised;
    uint64_t now_ms;
    bool is_ahead;
} starts[] = {
    {"a new ledger has the wall clock", 0, NOW, false, NOW, false},
    {"a restart after days", NOW, NOW + 7 * DAY, false, NOW + 7 * DAY, false},
    {"after more than a week somebody must say so", NOW, NOW + 7 * DAY + 1, false, NOW, true},
    {"or the clock is synchronised", NOW, NOW + 30 * DAY, true, NOW + 30 * DAY, false},
    {"a machine that has lost its time", NOW, 0, false, NOW, false},
    {"and says that it is right", NOW, 0, true, NOW, false},
};

START_TEST(a_ledger_is_opened)
{
    struct ledger_clock clock;
    clock_begin(&clock, starts[_i].written_ms, starts[_i].wall_ms, 77, starts[_i].is_synchronised);
    ck_assert_msg(clock.now_ms == starts[_i].now_ms, "%s", starts[_i].name);
    ck_assert_msg(clock.is_ahead == starts[_i].is_ahead, "%s", starts[_i].name);
}
END_TEST

START_TEST(a_wall_clock_that_comes_back_is_followed_again)
{
    struct ledger_clock clock;
    uint64_t now_ms = 0;
    clock_begin(&clock, NOW, NOW, 0, false);
    for (uint64_t s = 1; s <= 100; s++)
        now_ms = clock_next(&clock, NOW + HOUR + s * SECOND, s * SECOND, false);
    ck_assert(clock.is_ahead && now_ms == NOW + 100 * SECOND);
    now_ms = clock_next(&clock, NOW + 105 * SECOND, 101 * SECOND, false);
    ck_assert(!clock.is_ahead && now_ms == NOW + 105 * SECOND);
}
END_TEST

/* A wall clock that is led astray in steps, each of which would be believed. */
START_TEST(many_small_steps_lead_no_further_than_one)
{
    struct ledger_clock clock;
    uint64_t now_ms = 0;
    clock_begin(&clock, NOW, NOW, 0, false);
    for (uint64_t s = 1; s <= 100; s++)
        now_ms = clock_next(&clock, NOW + s * 200 * SECOND, s * SECOND, false);
    ck_assert(clock.is_ahead);
    ck_assert_uint_le(now_ms, NOW + (100 + 300) * SECOND);
    now_ms = clock_next(&clock, NOW + HOUR, 101 * SECOND, true); /* it is right after all */
    ck_assert(!clock.is_ahead && now_ms == NOW + HOUR);
    now_ms = clock_next(&clock, NOW + HOUR + 301 * SECOND, 102 * SECOND, false);
    ck_assert(!clock.is_ahead && now_ms == NOW + HOUR + 301 * SECOND);
}
END_TEST

START_TEST(a_small_step_back_is_made_up_for_and_no_time_is_lost)
{
    struct ledger_clock clock;
    uint64_t now_ms = NOW;
    clock_begin(&clock, NOW, NOW, 0, false);
    for (uint64_t ms = 1; ms <= 30000; ms++) { /* ten seconds behind */
        uint64_t next_ms = clock_next(&clock, NOW + ms - 10 * SECOND, ms, false);
        ck_assert_uint_ge(next_ms, now_ms);
        now_ms = next_ms;
    }
    ck_assert_uint_eq(now_ms, NOW + 20 * SECOND);
}
END_TEST

START_TEST(a_machine_that_slept_goes_on_by_the_clock_that_did_not)
{
    struct ledger_clock clock;
    clock_begin(&clock, NOW, NOW, 0, false);
    ck_assert_uint_eq(clock_next(&clock, NOW + 9 * HOUR, 9 * HOUR, false), NOW + 9 * HOUR);
    ck_assert(!clock.is_ahead);
}
END_TEST

START_TEST(a_monotonic_clock_that_is_not_changes_nothing)
{
    struct ledger_clock clock;
    clock_begin(&clock, NOW, NOW, 1000, false);
    ck_assert_uint_eq(clock_next(&clock, NOW - HOUR, 500, false), NOW);
    ck_assert_uint_eq(clock_next(&clock, NOW - HOUR, 1500, false), NOW + 500);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ledger_clock");
    TCase *tcase = tcase_create("ledger_clock");
    tcase_add_loop_test(tcase, ten_seconds_pass, 0, COUNT_OF(steps));
    tcase_add_loop_test(tcase, a_ledger_is_opened, 0, COUNT_OF(starts));
    tcase_add_test(tcase, a_wall_clock_that_comes_back_is_followed_again);
    tcase_add_test(tcase, many_small_steps_lead_no_further_than_one);
    tcase_add_test(tcase, a_small_step_back_is_made_up_for_and_no_time_is_lost);
    tcase_add_test(tcase, a_machine_that_slept_goes_on_by_the_clock_that_did_not);
    tcase_add_test(tcase, a_monotonic_clock_that_is_not_changes_nothing);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
