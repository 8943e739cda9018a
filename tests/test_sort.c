#include "loader/sort.h"

#include "tests/support.h"

#define NUMBER_COUNT 1000

START_TEST(numbers_are_rising_afterwards)
{
    static uint32_t small[NUMBER_COUNT];
    static uint64_t wide[NUMBER_COUNT];
    uint64_t state = 1;
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        wide[i] = support_random(&state);
        small[i] = (uint32_t)support_random(&state);
    }
    small[0] = UINT32_MAX, small[1] = 0, small[2] = small[3];
    wide[0] = UINT64_MAX, wide[1] = 0, wide[2] = wide[3];
    sort_u32(small, NUMBER_COUNT);
    sort_u64(wide, NUMBER_COUNT);
    for (size_t i = 1; i < NUMBER_COUNT; i++)
        ck_assert(small[i - 1] <= small[i] && wide[i - 1] <= wide[i]);
    ck_assert(small[0] == 0 && small[NUMBER_COUNT - 1] == UINT32_MAX);
    ck_assert(wide[0] == 0 && wide[NUMBER_COUNT - 1] == UINT64_MAX);
}
END_TEST

START_TEST(nothing_is_in_order)
{
    sort_u32(NULL, 0);
    sort_u64(NULL, 0);
    sort_items(NULL, 0, 8, NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sort");
    TCase *tcase = tcase_create("sort");
    tcase_add_test(tcase, numbers_are_rising_afterwards);
    tcase_add_test(tcase, nothing_is_in_order);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
