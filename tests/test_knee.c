#include "bench/knee.h"
#include "tests/support.h"

#define FIRST 1000
#define MOST  1000000
#define P99   1e6 /* ns at most */

/* A server that answers up to `capacity` a second, in a tenth of a millisecond until then. */
static struct knee sweep(uint64_t capacity, uint32_t *step_count)
{
    struct knee knee = knee_start(FIRST, MOST, P99);
    uint64_t rate;
    *step_count = 0;
    while ((rate = knee_next(&knee)) != 0) {
        bool is_too_much = rate > capacity; /* each time that it is tried */
        ck_assert_uint_ge(rate, FIRST);
        ck_assert_uint_le(rate, MOST);
        ck_assert_uint_lt(++*step_count, 64);
        ck_assert(knee_note(&knee, rate, (double)(is_too_much ? capacity * 9 / 10 : rate),
                            is_too_much ? 1e9 : 1e5) == !is_too_much);
    }
    return knee;
}

static const uint64_t capacities[] = {1000, 1001, 1999, 2000, 5000, 77777, 512000, 999999};

START_TEST(the_knee_is_found_from_below_within_the_precision)
{
    uint32_t step_count;
    struct knee knee = sweep(capacities[_i], &step_count);
    ck_assert_uint_le(knee.kept_up, capacities[_i]);
    ck_assert_uint_gt(knee.failed, capacities[_i]);
    ck_assert_double_le((double)(knee.failed - knee.kept_up),
                        KNEE_PRECISION * (double)knee.kept_up + 1);
}
END_TEST

START_TEST(a_server_faster_than_the_highest_rate_keeps_up_with_that)
{
    uint32_t step_count;
    struct knee knee = sweep(2 * MOST, &step_count);
    ck_assert_uint_eq(knee.kept_up, MOST);
    ck_assert_uint_eq(knee.failed, 0);
}
END_TEST

START_TEST(a_server_slower_than_the_first_rate_has_no_knee)
{
    uint32_t step_count;
    struct knee knee = sweep(FIRST / 2, &step_count);
    ck_assert_uint_eq(knee.kept_up, 0);
    ck_assert_uint_eq(step_count, 2); /* the first rate has a second try */
}
END_TEST

START_TEST(one_part_in_a_hundred_may_be_missing_and_no_more)
{
    struct knee knee = knee_start(FIRST, MOST, P99);
    ck_assert(knee_note(&knee, 1000, 990, 100));
    ck_assert(!knee_note(&knee, 2000, 1979, 100));
    ck_assert(!knee_note(&knee, 2000, 1979, 100));
    ck_assert_uint_eq(knee_next(&knee), 1500);
}
END_TEST

START_TEST(p99_may_be_the_bound_and_no_more_whatever_the_first_rate_had)
{
    struct knee knee = knee_start(FIRST, MOST, P99);
    ck_assert(knee_note(&knee, 1000, 1000, 1));
    ck_assert(knee_note(&knee, 2000, 2000, P99));
    ck_assert(!knee_note(&knee, 4000, 4000, P99 + 1));
}
END_TEST

START_TEST(a_rate_counts_as_too_much_when_it_was_twice)
{
    struct knee knee = knee_start(FIRST, MOST, P99);
    ck_assert(knee_note(&knee, 1000, 1000, 1));
    ck_assert(!knee_note(&knee, 2000, 2000, 2 * P99));
    ck_assert_uint_eq(knee.failed, 0);
    ck_assert_uint_eq(knee_next(&knee), 2000);
    ck_assert(knee_note(&knee, 2000, 2000, 1)); /* somebody else had the machine */
    ck_assert_uint_eq(knee_next(&knee), 4000);
    ck_assert(!knee_note(&knee, 4000, 4000, 2 * P99));
    ck_assert_uint_eq(knee_next(&knee), 4000);
    ck_assert(!knee_note(&knee, 4000, 4000, 2 * P99));
    ck_assert_uint_eq(knee.failed, 4000);
    ck_assert_uint_eq(knee_next(&knee), 3000);
    ck_assert(!knee_note(&knee, 3000, 3000, 2 * P99)); /* each has two */
    ck_assert_uint_eq(knee_next(&knee), 3000);
}
END_TEST

START_TEST(rates_at_the_end_of_the_range_do_not_overflow)
{
    struct knee knee = knee_start(1, UINT64_MAX, P99);
    ck_assert(knee_note(&knee, UINT64_MAX / 2 + 1, 1e30, 1));
    ck_assert_uint_eq(knee_next(&knee), UINT64_MAX);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("knee");
    TCase *cases = tcase_create("knee");
    tcase_add_loop_test(cases, the_knee_is_found_from_below_within_the_precision, 0,
                        sizeof(capacities) / sizeof(capacities[0]));
    tcase_add_test(cases, a_server_faster_than_the_highest_rate_keeps_up_with_that);
    tcase_add_test(cases, a_server_slower_than_the_first_rate_has_no_knee);
    tcase_add_test(cases, one_part_in_a_hundred_may_be_missing_and_no_more);
    tcase_add_test(cases, p99_may_be_the_bound_and_no_more_whatever_the_first_rate_had);
    tcase_add_test(cases, a_rate_counts_as_too_much_when_it_was_twice);
    tcase_add_test(cases, rates_at_the_end_of_the_range_do_not_overflow);
    suite_add_tcase(suite, cases);
    return support_run(suite);
}
