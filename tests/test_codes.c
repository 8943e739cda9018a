#include "loader/codes.h"
#include "tests/shop.h"
#include "tests/support.h"

#include <string.h>

#define PROVIDER SHOP_PROVIDER

/* The relief A has the code 2, and a few contracts. */
static void begin(void)
{
    shop_begin();
    shop_relief("A");
}

/* Everything collides with the relief A at first; later tries differ by their last digit. */
static uint64_t collide_until_second_try(const void *bytes, size_t size)
{
    const char *name = bytes;
    uint64_t slashes = 0;
    for (size_t i = 0; i < size; i++)
        slashes += name[i] == '/';
    return slashes == 1 ? 2 : 2 + (uint64_t)(name[size - 1] - '0');
}

static uint64_t always_0(const void *bytes, size_t size)
{
    return size == 0 ? *(const uint8_t *)bytes : 0;
}

START_TEST(codes_that_collide_are_tried_again_in_order_of_numbers)
{
    struct fault fault = {""};
    uint32_t codes[3];
    shop_contract(30, "A", PROVIDER);
    shop_contract(10, "A", PROVIDER);
    shop_contract(20, "A", PROVIDER);
    ck_assert(codes_with_hash(codes, &shop, collide_until_second_try, &fault));
    ck_assert_uint_eq(codes[1], 3); /* 10: "A/10" has 2, which is A's; "A/10/1" has 3 */
    ck_assert_uint_eq(codes[2], 4);
    ck_assert_uint_eq(codes[0], 5);
}
END_TEST

START_TEST(a_code_that_is_never_free_is_told)
{
    struct fault fault = {""};
    uint32_t code;
    shop_contract(30, "A", PROVIDER);
    ck_assert(!codes_with_hash(&code, &shop, always_0, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "contract 30: no code is free for the relief \"A\""));
}
END_TEST

START_TEST(codes_differ_and_do_not_depend_on_other_contracts)
{
    static uint32_t codes[5000];
    struct fault fault = {""};
    for (uint32_t i = 0; i < 5000; i++)
        shop_contract(1 + i, "A", PROVIDER);
    ck_assert(codes_of_contracts(codes, &shop, &fault));
    ck_assert_uint_eq(codes[8], 345310224u); /* XXH3-64 of "A/9", folded: a promise to merchants */
    uint32_t equal_count = 0;
    for (uint32_t i = 0; i < 5000; i++)
        for (uint32_t other = 0; other < i; other++)
            equal_count += codes[i] == codes[other];
    ck_assert_uint_eq(equal_count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("codes");
    TCase *tests = tcase_create("codes");
    tcase_add_checked_fixture(tests, begin, NULL);
    tcase_add_test(tests, codes_that_collide_are_tried_again_in_order_of_numbers);
    tcase_add_test(tests, a_code_that_is_never_free_is_told);
    tcase_add_test(tests, codes_differ_and_do_not_depend_on_other_contracts);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
