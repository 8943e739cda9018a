#include "protocol/status.h"

#include "tests/support.h"

#include <ctype.h>
#include <string.h>

static const struct {
    uint16_t number;
    const char *name;
} statuses[] = {
#define ROW(name, number, text) {number, #name},
    STATUS_LIST(ROW)
#undef ROW
};
#define STATUS_COUNT (sizeof(statuses) / sizeof(statuses[0]))

START_TEST(numbers_rise_so_that_precedence_is_the_order_of_the_list)
{
    for (size_t i = 1; i < STATUS_COUNT; i++)
        ck_assert_uint_lt(statuses[i - 1].number, statuses[i].number);
}
END_TEST

START_TEST(only_listed_numbers_are_known)
{
    size_t known_count = 0;
    for (uint32_t number = 0; number <= UINT16_MAX; number++)
        known_count += status_is_known((uint16_t)number);
    ck_assert_uint_eq(known_count, STATUS_COUNT);
    ck_assert(!status_is_known(1));
    ck_assert(!status_is_known(109));
    ck_assert(!status_is_known(UINT16_MAX));
}
END_TEST

START_TEST(every_status_has_a_name_and_a_sentence_of_its_own)
{
    for (size_t i = 0; i < STATUS_COUNT; i++) {
        ck_assert_str_eq(status_name(statuses[i].number), statuses[i].name);
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(status_text(statuses[i].number), status_text(statuses[j].number));
        ck_assert(islower((unsigned char)status_text(statuses[i].number)[0]));
    }
}
END_TEST

START_TEST(an_unlisted_number_is_called_unknown)
{
    ck_assert_str_eq(status_name(999), "UNKNOWN");
    ck_assert_str_eq(status_text(999), "unknown status");
}
END_TEST

/* These are on the wire: a change here breaks every terminal. */
START_TEST(numbers_are_those_that_were_published)
{
    static const uint16_t published[] = {0,   101, 102, 103, 104, 105, 106, 107, 108, 201, 202, 203,
                                         204, 301, 302, 303, 304, 310, 311, 312, 401, 402, 403, 404,
                                         410, 411, 412, 413, 420, 421, 422, 423, 424, 425};
    ck_assert_uint_le(sizeof(published) / sizeof(published[0]), STATUS_COUNT);
    for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++)
        ck_assert(status_is_known(published[i]));
    ck_assert_str_eq(status_name(310), "APPLIES");
    ck_assert_str_eq(status_name(311), "NO_DATA");
    ck_assert_str_eq(status_name(312), "DOES_NOT_APPLY");
    ck_assert_str_eq(status_name(402), "CONFLICT");
    ck_assert_str_eq(status_name(422), "OVER_LIMIT");
    ck_assert_str_eq(status_name(425), "REFUNDED");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("status");
    TCase *tests = tcase_create("status");
    tcase_add_test(tests, numbers_rise_so_that_precedence_is_the_order_of_the_list);
    tcase_add_test(tests, only_listed_numbers_are_known);
    tcase_add_test(tests, every_status_has_a_name_and_a_sentence_of_its_own);
    tcase_add_test(tests, an_unlisted_number_is_called_unknown);
    tcase_add_test(tests, numbers_are_those_that_were_published);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
