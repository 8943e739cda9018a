/* Memory for what is read at random. */
#include "protocol/huge.h"
#include "tests/support.h"

#include <check.h>
#include <stdlib.h>

static const struct {
    size_t count, item_size;
} sizes[] = {{0, 8},      {1, 1},      {3, 7},       {1000, 64},
             {262143, 1}, {262144, 1}, {2097153, 1}, {3, 1 << 21}};

START_TEST(memory_of_any_size_is_zeros_from_a_cache_line_on)
{
    size_t size = sizes[_i].count * sizes[_i].item_size;
    uint8_t *memory = huge_take(sizes[_i].count, sizes[_i].item_size);
    ck_assert_ptr_nonnull(memory);
    ck_assert_uint_eq((uintptr_t)memory % HUGE_LINE, 0);
    ck_assert(bytes_are_zero(memory, size));
    memset(memory, 0xa5, size); /* and all of it is there */
    free(memory);
}
END_TEST

START_TEST(what_was_used_before_is_zeros_again)
{
    for (int i = 0; i < 5; i++) {
        uint8_t *memory = huge_take(300000, 1);
        ck_assert_ptr_nonnull(memory);
        ck_assert(bytes_are_zero(memory, 300000));
        memset(memory, 0xa5, 300000);
        free(memory);
    }
}
END_TEST

START_TEST(a_size_that_is_none_gets_no_memory)
{
    ck_assert_ptr_null(huge_take(SIZE_MAX, 1));
    ck_assert_ptr_null(huge_take(SIZE_MAX / 8, 16));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("huge");
    TCase *tcase = tcase_create("huge");
    tcase_add_loop_test(tcase, memory_of_any_size_is_zeros_from_a_cache_line_on, 0,
                        sizeof(sizes) / sizeof(sizes[0]));
    tcase_add_test(tcase, what_was_used_before_is_zeros_again);
    tcase_add_test(tcase, a_size_that_is_none_gets_no_memory);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
