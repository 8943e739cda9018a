#include "protocol/fault.h"

#include "tests/support.h"

#include <string.h>

START_TEST(a_fault_is_a_sentence_and_a_refusal_in_one)
{
    struct fault fault;
    ck_assert(!fault_set(&fault, "want a number from %d to %d, found \"%s\"", 1, 9, "x"));
    ck_assert_str_eq(fault.text, "want a number from 1 to 9, found \"x\"");
}
END_TEST

START_TEST(where_it_happened_is_put_in_front_again_and_again)
{
    struct fault fault;
    fault_set(&fault, "want a date");
    ck_assert(!fault_at(&fault, "column 7"));
    ck_assert(!fault_at(&fault, "rules:3"));
    ck_assert_str_eq(fault.text, "rules:3: column 7: want a date");
}
END_TEST

START_TEST(a_sentence_that_is_too_long_is_cut_and_still_ends)
{
    struct fault fault;
    char text[2 * FAULT_TEXT_SIZE];
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    memset(&fault, 'z', sizeof(fault));
    fault_set(&fault, "%s", text);
    ck_assert_uint_eq(strlen(fault.text), FAULT_TEXT_SIZE - 1);
    fault_at(&fault, "rules:3");
    ck_assert_uint_lt(strlen(fault.text), FAULT_TEXT_SIZE);
    ck_assert(strncmp(fault.text, "rules:3: aaa", 12) == 0);
    fault_at(&fault, text);
    ck_assert_uint_eq(strlen(fault.text), FAULT_TEXT_SIZE - 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fault");
    TCase *tests = tcase_create("fault");
    tcase_add_test(tests, a_fault_is_a_sentence_and_a_refusal_in_one);
    tcase_add_test(tests, where_it_happened_is_put_in_front_again_and_again);
    tcase_add_test(tests, a_sentence_that_is_too_long_is_cut_and_still_ends);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
