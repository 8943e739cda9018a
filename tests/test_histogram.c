#include "bench/histogram.h"
#include "bench/pace.h"
#include "bench/random.h"
#include "tests/support.h"

START_TEST(every_value_lies_in_its_bucket_and_within_one_part_in_64)
{
    uint64_t state = 7;
    for (int i = 0; i < 200000; i++) {
        uint64_t ns = random_next(&state) >> (22 + random_below(&state, 42));
        uint32_t bucket = histogram_bucket(ns);
        uint64_t end = histogram_bucket_end(bucket);
        ck_assert_uint_ge(end, ns);
        ck_assert_uint_le(end - ns, ns / HISTOGRAM_STEPS);
        if (bucket > 0)
            ck_assert_uint_lt(histogram_bucket_end(bucket - 1), ns);
    }
}
END_TEST

START_TEST(what_is_longer_than_an_hour_counts_as_the_longest)
{
    ck_assert_uint_eq(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKET_COUNT - 1);
}
END_TEST

START_TEST(percentiles_of_known_values_are_known)
{
    static struct histogram histogram;
    ck_assert_uint_eq(histogram_at(&histogram, 500000), 0);
    for (uint64_t ns = 1; ns <= 100; ns++)
        histogram_add(&histogram, ns);
    ck_assert_uint_eq(histogram_at(&histogram, 0), 1);
    ck_assert_uint_eq(histogram_at(&histogram, 500000), 50);
    ck_assert_uint_eq(histogram_at(&histogram, 990000), 99);
    ck_assert_uint_eq(histogram_at(&histogram, 1000000), 100);
    ck_assert_uint_eq(histogram.count, 100);
}
END_TEST

START_TEST(the_greatest_value_is_exact)
{
    static struct histogram histogram;
    histogram_add(&histogram, 1000003);
    ck_assert_uint_eq(histogram_at(&histogram, 1000000), 1000003);
}
END_TEST

START_TEST(due_times_are_even_and_do_not_drift)
{
    struct pace pace = {.start_ns = 5, .rate_per_s = 3};
    ck_assert_uint_eq(pace_due_ns(&pace, 0), 5);
    ck_assert_uint_eq(pace_due_ns(&pace, 1), 333333338);
    ck_assert_uint_eq(pace_due_ns(&pace, 3), 1000000005);
    pace.rate_per_s = 7777777;
    ck_assert_uint_eq(pace_due_ns(&pace, UINT64_C(7777777) * 86400), UINT64_C(86400000000005));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("histogram");
    TCase *cases = tcase_create("histogram and pace");
    tcase_add_test(cases, every_value_lies_in_its_bucket_and_within_one_part_in_64);
    tcase_add_test(cases, what_is_longer_than_an_hour_counts_as_the_longest);
    tcase_add_test(cases, percentiles_of_known_values_are_known);
    tcase_add_test(cases, the_greatest_value_is_exact);
    tcase_add_test(cases, due_times_are_even_and_do_not_drift);
    suite_add_tcase(suite, cases);
    return support_run(suite);
}
