#include "loader/kin.h"
#include "tests/support.h"

#include <stdlib.h>

#define PART_COUNT 16

static uint64_t code(uint32_t number)
{
    return UINT64_C(32000000000) + number;
}

START_TEST(whoever_is_tied_to_nobody_has_no_number)
{
    struct kin *kin = kin_open();
    ck_assert(kin_settle(kin, PART_COUNT));
    ck_assert_uint_eq(kin_part(kin, code(1)), KIN_NONE);
    kin_close(kin);
    kin = kin_open();
    kin_tie(kin, code(1), code(2));
    ck_assert(kin_settle(kin, PART_COUNT));
    for (uint32_t i = 3; i < 1000; i++)
        ck_assert_uint_eq(kin_part(kin, code(i)), KIN_NONE);
    ck_assert_uint_lt(kin_part(kin, code(1)), PART_COUNT);
    kin_close(kin);
}
END_TEST

START_TEST(chains_circles_and_ties_said_twice_are_one)
{
    struct kin *kin = kin_open();
    for (uint32_t i = 0; i < 1000; i++) {
        kin_tie(kin, code(i), code(i + 1));
        kin_tie(kin, code(i + 1), code(i));
    }
    kin_tie(kin, code(1000), code(0));
    kin_tie(kin, code(2000), code(2001));
    ck_assert(kin_settle(kin, PART_COUNT));
    for (uint32_t i = 0; i <= 1000; i++)
        ck_assert_uint_eq(kin_part(kin, code(i)), kin_part(kin, code(0)));
    ck_assert_uint_eq(kin_part(kin, code(2000)), kin_part(kin, code(2001)));
    kin_close(kin);
}
END_TEST

/* The number of whoever everybody who is tied has in common, followed slowly. */
static void spread_labels(uint32_t labels[], const uint32_t ties[][2], size_t tie_count)
{
    for (bool has_changed = true; has_changed;) {
        has_changed = false;
        for (size_t i = 0; i < tie_count; i++) {
            uint32_t *a = &labels[ties[i][0]], *b = &labels[ties[i][1]];
            if (*a != *b) {
                *a = *b = *a < *b ? *a : *b;
                has_changed = true;
            }
        }
    }
}

START_TEST(all_who_are_tied_have_one_number_and_the_order_of_ties_does_not_matter)
{
    enum { CODES = 4000, TIES = 2500 };
    static uint32_t ties[TIES][2], labels[CODES], of_label[CODES], counts[PART_COUNT];
    uint64_t state = 11;
    struct kin *kin = kin_open(), *backwards = kin_open();
    for (size_t i = 0; i < TIES; i++)
        for (size_t j = 0; j < 2; j++)
            ties[i][j] = (uint32_t)(support_random(&state) % CODES);
    for (size_t i = 0; i < TIES; i++) {
        kin_tie(kin, code(ties[i][0]), code(ties[i][1]));
        kin_tie(backwards, code(ties[TIES - 1 - i][1]), code(ties[TIES - 1 - i][0]));
    }
    ck_assert(kin_settle(kin, PART_COUNT));
    ck_assert(kin_settle(backwards, PART_COUNT));
    for (uint32_t i = 0; i < CODES; i++) {
        labels[i] = i;
        of_label[i] = KIN_NONE;
    }
    spread_labels(labels, (const uint32_t(*)[2])ties, TIES);
    for (uint32_t i = 0; i < CODES; i++) {
        uint32_t part = kin_part(kin, code(i));
        ck_assert_uint_eq(kin_part(backwards, code(i)), part);
        if (part == KIN_NONE)
            continue;
        if (of_label[labels[i]] == KIN_NONE)
            counts[part]++;
        ck_assert(of_label[labels[i]] == KIN_NONE || of_label[labels[i]] == part);
        of_label[labels[i]] = part;
    }
    for (uint32_t i = 0; i < PART_COUNT; i++)
        ck_assert_uint_gt(counts[i], 0);
    kin_close(kin);
    kin_close(backwards);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kin");
    TCase *tests = tcase_create("kin");
    tcase_add_test(tests, whoever_is_tied_to_nobody_has_no_number);
    tcase_add_test(tests, chains_circles_and_ties_said_twice_are_one);
    tcase_add_test(tests, all_who_are_tied_have_one_number_and_the_order_of_ties_does_not_matter);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
