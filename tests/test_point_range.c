#include "loader/point_range.h"

#include "tests/support.h"

#include <string.h>

static const struct {
    const char *text;
    uint32_t first, last; /* 0 and 0: refused */
} rows[] = {
    {"101", 101, 101},
    {"101-120", 101, 120},
    {"7-7", 7, 7},
    {"007", 7, 7},
    {"1-4294967295", 1, UINT32_MAX},
    {"", 0, 0},
    {"-", 0, 0},
    {"101-", 0, 0},
    {"-120", 0, 0},
    {"0", 0, 0},
    {"0-5", 0, 0},
    {"120-101", 0, 0},
    {"1-4294967296", 0, 0},
    {"18446744073709551617", 0, 0},
    {"1-2-3", 0, 0},
    {"101 ", 0, 0},
    {"10a", 0, 0},
};

START_TEST(a_range_is_a_number_or_two_that_rise)
{
    struct point_range range = {0, 0};
    size_t size = strlen(rows[_i].text);
    const char *guarded = (const char *)at_the_edge(rows[_i].text, size);
    bool is_good = point_range_of_text(&range, guarded, size);
    ck_assert_msg(is_good == (rows[_i].first != 0) && range.first == rows[_i].first &&
                      range.last == rows[_i].last,
                  "\"%s\": %u-%u", rows[_i].text, range.first, range.last);
}
END_TEST

START_TEST(both_ends_are_in)
{
    static const struct point_range ranges[] = {{5, 6}, {9, 9}};
    static const bool is_in[] = {false, false, false, false, false, true,
                                 true,  false, false, true,  false};
    for (uint32_t i = 0; i < COUNT_OF(is_in); i++)
        ck_assert_msg(point_ranges_have(ranges, 2, i) == is_in[i], "%u", i);
    ck_assert(!point_ranges_have(NULL, 0, 5));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("point_range");
    TCase *tcase = tcase_create("point_range");
    tcase_add_loop_test(tcase, a_range_is_a_number_or_two_that_rise, 0, COUNT_OF(rows));
    tcase_add_test(tcase, both_ends_are_in);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
