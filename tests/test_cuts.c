#include "loader/cuts.h"
#include "tests/support.h"

START_TEST(numbers_are_in_one_stretch_when_no_range_tells_them_apart)
{
    struct cuts cuts = {0}, more = {0};
    cuts_add_range(&cuts, 10, 19);
    cuts_add_range(&cuts, 15, 29);
    cuts_add_range(&more, 4000000000, UINT32_MAX);
    cuts_add_range(&more, 10, 10);
    cuts_settle(&more);
    cuts_add_all(&cuts, &more);
    cuts_settle(&cuts);
    static const struct {
        uint32_t number, stretch;
    } rows[] = {{0, 0},           {9, 0},           {10, 1},        {11, 2}, {14, 2},
                {15, 3},          {19, 3},          {20, 4},        {29, 4}, {30, 5},
                {3999999999u, 5}, {4000000000u, 6}, {UINT32_MAX, 6}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        ck_assert_uint_eq(cuts_stretch(&cuts, rows[i].number), rows[i].stretch);
    cuts_free(&cuts);
    cuts_free(&more);
}
END_TEST

START_TEST(without_ranges_there_is_one_stretch)
{
    struct cuts cuts = {0};
    cuts_settle(&cuts);
    ck_assert_uint_eq(cuts_stretch(&cuts, 0), 0);
    ck_assert_uint_eq(cuts_stretch(&cuts, UINT32_MAX), 0);
    cuts_free(&cuts);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cuts");
    TCase *tests = tcase_create("stretches");
    tcase_add_test(tests, numbers_are_in_one_stretch_when_no_range_tells_them_apart);
    tcase_add_test(tests, without_ranges_there_is_one_stretch);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
