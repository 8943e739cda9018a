#include "engine/lines.h"
#include "tests/support.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool is_on_a_line(const void *memory)
{
    return (uintptr_t)memory % CACHE_LINE_SIZE == 0;
}

START_TEST(what_is_taken_is_zeros_on_lines_of_its_own)
{
    static const uint8_t zeros[1000];
    uint8_t *taken[100];
    for (size_t i = 0; i < 100; i++) {
        taken[i] = lines_take(1 + i / 10, 1 + i % 10 * 11);
        ck_assert(taken[i] != NULL && is_on_a_line(taken[i]));
        ck_assert_int_eq(memcmp(taken[i], zeros, (1 + i / 10) * (1 + i % 10 * 11)), 0);
    }
    /* To the end of its last line nothing else is there. */
    for (size_t i = 0; i < 100; i++)
        memset(taken[i], (int)i, ((1 + i / 10) * (1 + i % 10 * 11) + 63) / 64 * 64);
    for (size_t i = 0; i < 100; i++) {
        ck_assert_uint_eq(taken[i][0], i);
        free(taken[i]);
    }
}
END_TEST

START_TEST(what_is_too_much_or_nothing_is_not_taken)
{
    ck_assert_ptr_null(lines_take(SIZE_MAX / 2, 3));
    ck_assert_ptr_null(lines_take(1, SIZE_MAX - 1));
    ck_assert_ptr_null(lines_take(0, 8));
}
END_TEST

START_TEST(what_grows_or_shrinks_keeps_what_is_in_it)
{
    uint8_t want[5000];
    for (size_t i = 0; i < sizeof(want); i++)
        want[i] = (uint8_t)(i * 7 + 1);
    static const long sizes[] = {1, 63, 64, 65, 4000, 5000, 100, 3};
    uint8_t *memory = NULL;
    size_t had = 0;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t size = (size_t)sizes[i];
        memory = lines_resize(memory, sizes[i]);
        ck_assert(memory != NULL && is_on_a_line(memory));
        ck_assert_int_eq(memcmp(memory, want, had < size ? had : size), 0);
        memcpy(memory, want, size);
        had = size;
    }
    ck_assert_ptr_null(lines_resize(memory, 0));
    ck_assert_ptr_null(lines_resize(NULL, 0));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lines");
    TCase *tcase = tcase_create("lines");
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, what_is_taken_is_zeros_on_lines_of_its_own);
    tcase_add_test(tcase, what_is_too_much_or_nothing_is_not_taken);
    tcase_add_test(tcase, what_grows_or_shrinks_keeps_what_is_in_it);
    return support_run(suite);
}
