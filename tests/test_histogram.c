#include "bench/hgrm.h"
#include "bench/histogram.h"
#include "bench/pace.h"
#include "bench/random.h"
#include "bench/spread.h"
#include "tests/support.h"

#include <stdlib.h>

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

START_TEST(two_histograms_add_up_to_that_of_all_values)
{
    static struct histogram odd, even, all;
    for (uint64_t ns = 1; ns <= 100000; ns += 7) {
        histogram_add(ns % 2 == 1 ? &odd : &even, ns);
        histogram_add(&all, ns);
    }
    histogram_add_all(&odd, &even);
    ck_assert_mem_eq(&odd, &all, sizeof(all));
}
END_TEST

static void expect_hgrm(const struct histogram *histogram, const char *wanted)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(file);
    hgrm_write(file, histogram);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_str_eq(text, wanted);
    free(text);
}

START_TEST(percentiles_are_printed_as_hdr_histogram_prints_them)
{
    static struct histogram histogram;
    for (uint64_t us = 1; us <= 8; us++)
        histogram_add(&histogram, us * 1000);
    expect_hgrm(&histogram, "       Value     Percentile TotalCount 1/(1-Percentile)\n"
                            "\n"
                            "       1.007 0.000000000000          1           1.00\n"
                            "       1.007 0.100000000000          1           1.11\n"
                            "       2.015 0.200000000000          2           1.25\n"
                            "       3.007 0.300000000000          3           1.43\n"
                            "       4.031 0.400000000000          4           1.67\n"
                            "       4.031 0.500000000000          4           2.00\n"
                            "       5.055 0.550000000000          5           2.22\n"
                            "       5.055 0.600000000000          5           2.50\n"
                            "       6.015 0.650000000000          6           2.86\n"
                            "       6.015 0.700000000000          6           3.33\n"
                            "       6.015 0.750000000000          6           4.00\n"
                            "       7.039 0.775000000000          7           4.44\n"
                            "       7.039 0.800000000000          7           5.00\n"
                            "       7.039 0.825000000000          7           5.71\n"
                            "       7.039 0.850000000000          7           6.67\n"
                            "       7.039 0.875000000000          7           8.00\n"
                            "       8.000 0.887500000000          8           8.89\n"
                            "       8.000 1.000000000000          8\n"
                            "#[Mean    =        4.504, StdDeviation   =        2.290]\n"
                            "#[Max     =        8.000, Total count    =            8]\n"
                            "#[Buckets =           37, SubBuckets     =           64]\n");
}
END_TEST

START_TEST(no_values_are_printed_as_none)
{
    static const struct histogram nothing;
    expect_hgrm(&nothing, "       Value     Percentile TotalCount 1/(1-Percentile)\n"
                          "\n"
                          "#[Mean    =        0.000, StdDeviation   =        0.000]\n"
                          "#[Max     =        0.000, Total count    =            0]\n"
                          "#[Buckets =           37, SubBuckets     =           64]\n");
}
END_TEST

START_TEST(the_middle_of_rounds_is_between_two_when_they_are_even)
{
    double odd[] = {3, 1, 2}, even[] = {4, 1, 3, 2};
    struct spread spread = spread_of(odd, 3);
    ck_assert_double_eq(spread.least, 1);
    ck_assert_double_eq(spread.median, 2);
    ck_assert_double_eq(spread.most, 3);
    ck_assert_double_eq(spread_of(even, 4).median, 2.5);
    ck_assert_uint_eq(spread_of(even, 0).round_count, 0);
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
    tcase_add_test(cases, two_histograms_add_up_to_that_of_all_values);
    tcase_add_test(cases, percentiles_are_printed_as_hdr_histogram_prints_them);
    tcase_add_test(cases, no_values_are_printed_as_none);
    tcase_add_test(cases, the_middle_of_rounds_is_between_two_when_they_are_even);
    tcase_add_test(cases, due_times_are_even_and_do_not_drift);
    suite_add_tcase(suite, cases);
    return support_run(suite);
}
