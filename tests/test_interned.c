#include "loader/interned.h"
#include "tests/support.h"

START_TEST(equal_lists_have_one_index_and_others_the_next)
{
    struct interned interned = {0};
    for (uint32_t round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 10000; i++) {
            uint32_t words[] = {i % 100, i / 100, 7};
            ck_assert_uint_eq(interned_add(&interned, words, 3), i);
        }
    ck_assert_uint_eq(interned.list_count, 10000);
    ck_assert_uint_eq(interned.word_count, 30000);
    for (uint32_t i = 0; i < 10000; i++) {
        uint32_t count;
        const uint32_t *words = interned_words(&interned, i, &count);
        ck_assert(count == 3 && words[0] == i % 100 && words[1] == i / 100 && words[2] == 7);
    }
    interned_free(&interned);
    ck_assert_uint_eq(interned.list_count, 0);
}
END_TEST

START_TEST(lists_of_other_lengths_differ_though_they_begin_alike)
{
    static const uint32_t zeros[64] = {0};
    struct interned interned = {0};
    for (uint32_t round = 0; round < 2; round++)
        for (uint32_t count = 0; count <= 64; count++)
            ck_assert_uint_eq(interned_add(&interned, count == 0 ? NULL : zeros, count), count);
    interned_free(&interned);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("interned");
    TCase *tests = tcase_create("lists");
    tcase_add_test(tests, equal_lists_have_one_index_and_others_the_next);
    tcase_add_test(tests, lists_of_other_lengths_differ_though_they_begin_alike);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
