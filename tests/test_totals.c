#include "protocol/totals.h"
#include "tests/support.h"

#define ENTRY_COUNT 20000

struct entry {
    uint64_t key;
    uint32_t part, zero; /* of the key */
    uint64_t sum;
};

static int compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->part > y->part) - (x->part < y->part);
}

START_TEST(sums_are_found_by_key)
{
    struct totals totals;
    totals_start(&totals, sizeof(struct entry), offsetof(struct entry, sum));
    for (int round = 0; round < 3; round++)
        for (uint64_t i = 0; i < ENTRY_COUNT; i++) {
            struct entry key = {.key = i * 7919 % ENTRY_COUNT, .part = (uint32_t)(i % 2)};
            struct entry *entry = totals_at(&totals, &key);
            ck_assert_ptr_nonnull(entry);
            entry->sum += i;
        }
    ck_assert_uint_eq(totals.count, ENTRY_COUNT);
    struct entry none = {.key = 0, .part = 9};
    ck_assert_ptr_null(totals_find(&totals, &none));
    totals_sort(&totals, compare);
    uint64_t sum = 0;
    for (size_t i = 0; i < totals.count; i++) {
        const struct entry *entry = totals_entry(&totals, i);
        ck_assert_uint_eq(entry->key, i);
        sum += entry->sum;
    }
    ck_assert_uint_eq(sum, UINT64_C(3) * ENTRY_COUNT * (ENTRY_COUNT - 1) / 2);
    totals_free(&totals);
    ck_assert_ptr_null(totals_find(&totals, &none));
}
END_TEST

START_TEST(what_is_needed_grows_with_what_there_is)
{
    ck_assert_uint_ge(totals_need(40, 1000), 1000 * 48);
    ck_assert_uint_lt(totals_need(40, 1000), totals_need(40, 100000));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("totals");
    TCase *tcase = tcase_create("totals");
    tcase_add_test(tcase, sums_are_found_by_key);
    tcase_add_test(tcase, what_is_needed_grows_with_what_there_is);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
