#include "loader/interner.h"

#include "tests/support.h"

static struct interner interner;

static void end(void)
{
    interner_free(&interner);
}

START_TEST(the_same_words_have_one_number)
{
    static const uint32_t words[] = {1, 2, 3, 1, 2};
    ck_assert_uint_eq(interner_number(&interner, words, 12), 0);
    ck_assert_uint_eq(interner_number(&interner, words, 8), 1);
    ck_assert_uint_eq(interner_number(&interner, words + 3, 8), 1);
    ck_assert_uint_eq(interner_number(&interner, words, 12), 0);
    ck_assert_uint_eq(interner_number(&interner, words + 1, 12), 2);
    size_t size;
    ck_assert_mem_eq(interner_at(&interner, 2, &size), words + 1, 12);
    ck_assert_uint_eq(size, 12);
}
END_TEST

START_TEST(nothing_is_a_string_too)
{
    size_t size = 9;
    ck_assert_uint_eq(interner_number(&interner, NULL, 0), 0);
    ck_assert_uint_eq(interner_number(&interner, "", 0), 0);
    ck_assert(interner_at(&interner, 0, &size) == NULL && size == 0);
}
END_TEST

START_TEST(strings_of_other_lengths_differ_though_they_begin_alike)
{
    static const uint32_t zeros[64] = {0};
    for (uint32_t round = 0; round < 2; round++)
        for (uint32_t count = 0; count <= 64; count++)
            ck_assert_uint_eq(interner_number(&interner, zeros, count * sizeof(zeros[0])), count);
}
END_TEST

START_TEST(many_strings_are_found_again)
{
    enum { COUNT = 20000 };
    for (uint32_t round = 0; round < 2; round++)
        for (uint32_t i = 0; i < COUNT; i++) {
            uint32_t words[4] = {i % 7, i, i / 7, 5};
            ck_assert_uint_eq(interner_number(&interner, words, 8 + 4 * (i % 3)), i);
        }
    ck_assert_uint_eq(interner.count, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        size_t size;
        const uint32_t *words = interner_at(&interner, i, &size);
        ck_assert_uint_eq(size, 8 + 4 * (i % 3));
        ck_assert_uint_eq(words[1], i);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("interner");
    TCase *tcase = tcase_create("interner");
    tcase_add_checked_fixture(tcase, NULL, end);
    tcase_add_test(tcase, the_same_words_have_one_number);
    tcase_add_test(tcase, nothing_is_a_string_too);
    tcase_add_test(tcase, strings_of_other_lengths_differ_though_they_begin_alike);
    tcase_add_test(tcase, many_strings_are_found_again);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
