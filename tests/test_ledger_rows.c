/* The verifier's own reading, and posting.h's: two ways to the same. */
#include "protocol/day.h"
#include "protocol/ledger_rows.h"
#include "protocol/posting.h"
#include "tests/support.h"

#include <string.h>

#define DAY_2015 16436
#define DAY_2045 27394

START_TEST(every_day_begins_when_it_does)
{
    for (uint32_t day = DAY_2015; day < DAY_2045; day++) {
        uint64_t begin_s = time_of_riga_day(day);
        ck_assert_uint_eq(row_day(begin_s), day);
        ck_assert_uint_eq(row_day(begin_s - 1), day - 1);
    }
    for (uint64_t s = 0; s < UINT32_MAX; s += 35999)
        ck_assert_uint_eq(row_day(s), riga_day_of_time(s));
}
END_TEST

START_TEST(periods_have_the_same_days)
{
    for (uint8_t period = PERIOD_DAY; period <= PERIOD_LIFETIME; period++) {
        for (uint32_t day = DAY_2015; day < DAY_2045; day++) {
            uint32_t number = period_number(period, day, day - 3), from, until, from_2, until_2;
            period_days(&from, &until, period, number);
            ck_assert(row_period(&from_2, &until_2, period, number));
            ck_assert_uint_eq(from_2, from);
            ck_assert_uint_eq(until_2, until);
            ck_assert(from <= day && day < until);
            if (period != PERIOD_STATUS_TERM)
                ck_assert_uint_eq(row_period_of(period, day), number);
        }
    }
    uint32_t from, until;
    ck_assert(!row_period(&from, &until, PERIOD_PURCHASE, 1));
    ck_assert(!row_period(&from, &until, PERIOD_LIFETIME + 1, 1));
}
END_TEST

START_TEST(a_posting_is_read_alike)
{
    uint8_t row[POSTING_SIZE];
    struct row_posting mine;
    struct posting in = {.sequence = 1,
                         .kind = 2,
                         .state = 3,
                         .status = 4,
                         .terminal = 5,
                         .request_id = 6,
                         .terms = 7, /* of a RESERVE it stands there */
                         .target_terminal = 8,
                         .product = 9,
                         .subject = 10,
                         .recorded_ms = 11,
                         .service_time_s = 12,
                         .quantity = 13,
                         .part_count = 2,
                         .flags = 14,
                         .body = 15,
                         .day_most = 16,
                         .relief = 17,
                         .until_s = 18,
                         .parts = {{19, 21, 20, 22}, {23, 25, 24, 26}}};
    posting_encode(row, &in);
    ck_assert(row_read_posting(&mine, row));
    ck_assert(mine.sequence == 1 && mine.kind == 2 && mine.state == 3 && mine.status == 4);
    ck_assert(mine.terminal == 5 && mine.id == 6 && mine.target == 7 && mine.target_terminal == 8);
    ck_assert(mine.product == 9 && mine.subject == 10 && mine.recorded_ms == 11);
    ck_assert(mine.service_s == 12 && mine.quantity == 13 && mine.part_count == 2);
    ck_assert(mine.flags == 14 && mine.body == 15 && mine.day_most == 16 && mine.relief == 17);
    ck_assert(mine.until_s == 18 && mine.before == 0);
    ck_assert(mine.parts[1].account == 23 && mine.parts[1].units == 25);
    ck_assert(mine.parts[1].uses == 24 && mine.parts[1].amount == 26);
}
END_TEST

START_TEST(keys_are_in_the_order_of_their_numbers)
{
    uint8_t a[8], b[8];
    key_put(a, 255, 8);
    key_put(b, 256, 8);
    ck_assert_int_lt(memcmp(a, b, 8), 0);
    ck_assert_uint_eq(key_number(b, 8), 256);
    ck_assert_uint_eq(row_number((const uint8_t[]){1, 2, 0, 0}, 4), 513);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ledger_rows");
    TCase *tcase = tcase_create("ledger_rows");
    tcase_add_test(tcase, every_day_begins_when_it_does);
    tcase_add_test(tcase, periods_have_the_same_days);
    tcase_add_test(tcase, a_posting_is_read_alike);
    tcase_add_test(tcase, keys_are_in_the_order_of_their_numbers);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
