#include "protocol/posting.h"

#include "tests/support.h"

#include <string.h>

static struct posting a_posting(void)
{
    struct posting posting = {
        .sequence = 9,
        .kind = POSTING_CONFIRM,
        .state = STATE_CONFIRMED,
        .status = 421,
        .terminal = 11,
        .request_id = 12,
        .target_id = 13,
        .target_terminal = 14,
        .product = 15,
        .subject = 16,
        .recorded_ms = 17,
        .service_time_s = 18,
        .point_of_sale = 19,
        .unit_price = 20,
        .quantity = 21,
        .companions = 22,
        .entry = 23,
        .means = 24,
        .part_count = 2,
        .flags = FLAG_LATE | FLAG_OPERATOR,
        .remaining = 25,
        .split = 26,
        .body = 27,
        .provider = 28,
        .day_most = 29,
        .relief = 30,
        .until_s = 31,
        .subject_before = 8,
        .generation = 32,
        .parts = {{1, 3, 2, 33}, {2, 1, 1, UINT64_C(1) << 40}},
    };
    memset(posting.content_hash, 0xaa, CHAIN_SIZE);
    memset(posting.chain, 0xbb, CHAIN_SIZE);
    return posting;
}

START_TEST(a_posting_comes_back_as_it_was)
{
    uint8_t row[POSTING_SIZE], again[POSTING_SIZE];
    struct posting in = a_posting(), out;
    posting_encode(row, &in);
    ck_assert(posting_decode(&out, at_the_edge(row, sizeof(row))));
    posting_encode(again, &out);
    ck_assert_mem_eq(row, again, sizeof(row));
    ck_assert_uint_eq(out.parts[1].amount, UINT64_C(1) << 40);
    ck_assert_uint_eq(out.generation, 32);
    ck_assert_uint_eq(out.subject_before, 8);
}
END_TEST

/* The offsets of LEDGER.md, for a few fields in all parts of the row. */
START_TEST(fields_stand_where_the_page_says)
{
    uint8_t row[POSTING_SIZE];
    struct posting in = a_posting();
    posting_encode(row, &in);
    ck_assert_uint_eq(load_u64(row), 9);
    ck_assert_uint_eq(row[8], POSTING_CONFIRM);
    ck_assert_uint_eq(load_u32(row + 36), 15);
    ck_assert_uint_eq(load_u64(row + 40), 16);
    ck_assert_uint_eq(load_u16(row + 68), 21);
    ck_assert_uint_eq(load_u16(row + 74), 5);
    ck_assert_uint_eq(load_u32(row + 96), 29);
    ck_assert_uint_eq(load_u64(row + 112), 8);
    ck_assert_uint_eq(load_u32(row + 144), 2);
    ck_assert_uint_eq(row[192], 0xaa);
    ck_assert_uint_eq(row[224], 0xbb);
}
END_TEST

START_TEST(terms_of_a_reservation_come_back_and_only_of_that)
{
    enum { DAY = 20780 };
    static const uint32_t days[] = {DAY, 0, DAY - 1, DAY + 1}; /* the last one cannot be */
    uint8_t row[POSTING_SIZE];
    struct posting in = a_posting(), out;
    in.kind = POSTING_RESERVE;
    in.service_time_s = (uint32_t)time_of_riga_day(DAY);
    for (uint32_t i = 0; i < POSTING_PART_COUNT_MAX; i++)
        posting_set_term_day(&in, i, days[i]);
    posting_encode(row, &in);
    ck_assert(posting_decode(&out, row));
    ck_assert_uint_eq(load_u16(row + 24), 1);
    ck_assert_uint_eq(load_u16(row + 26), DAY + 1);
    ck_assert_uint_eq(out.target_id, 0);
    for (uint32_t i = 0; i + 1 < POSTING_PART_COUNT_MAX; i++)
        ck_assert_uint_eq(posting_term_day(&out, i), days[i]);
    ck_assert_uint_eq(posting_term_day(&out, POSTING_PART_COUNT_MAX - 1), TERM_UNKNOWN);
    in.kind = POSTING_USE;
    posting_encode(row, &in);
    ck_assert(posting_decode(&out, row));
    ck_assert_uint_eq(out.terms, 0);
    ck_assert_uint_eq(out.target_id, in.target_id);
}
END_TEST

/* A byte of a good row, changed: (at, value). */
static const struct {
    const char *why;
    uint16_t at;
    uint8_t value;
} bad_postings[] = {
    {"sequence 0", 0, 0},
    {"kind 0", 8, 0},
    {"a kind that nobody knows", 8, POSTING_LAST + 1},
    {"a state that nobody knows", 9, STATE_LAST + 1},
    {"more parts than there is room for", 73, 5},
    {"something in a part that is not there", 73, 1},
    {"a flag that nobody knows", 74, 16},
    {"a skip of what is no purchase", 108, 1},
    {"a subject's posting before that is itself", 112, 9},
    {"more uses than units", 128 + 6, 4},
    {"content where only a hash is left", 8, POSTING_PRUNED},
};

START_TEST(a_posting_that_nobody_writes_is_refused)
{
    uint8_t row[POSTING_SIZE];
    struct posting in = a_posting(), out;
    posting_encode(row, &in);
    row[bad_postings[_i].at] = bad_postings[_i].value;
    ck_assert_msg(!posting_decode(&out, row), "%s", bad_postings[_i].why);
}
END_TEST

START_TEST(of_a_pruned_denial_its_place_and_hash_stay)
{
    uint8_t row[POSTING_SIZE];
    struct posting in = a_posting(), out;
    in.kind = POSTING_PRUNED;
    posting_encode(row, &in);
    ck_assert(posting_decode(&out, row));
    ck_assert_uint_eq(out.subject, 0);
    ck_assert_uint_eq(out.request_id, 0);
    ck_assert_uint_eq(out.part_count, 0);
    ck_assert_uint_eq(out.subject_before, 8);
    ck_assert_uint_eq(out.day_most, 29);
    ck_assert_mem_eq(out.chain, in.chain, CHAIN_SIZE);
}
END_TEST

START_TEST(accounts_come_back_and_bad_ones_are_refused)
{
    uint8_t row[ACCOUNT_SIZE];
    struct account in = {.code = 5,
                         .contract = 6,
                         .scope = 7,
                         .giver = 8,
                         .provider = 9,
                         .relief = "BUS_HALF",
                         .split = {.code = 3, .part_count = 1, .parts = {{8, SPLIT_REST, 0}}}};
    struct account out;
    account_encode(row, &in);
    ck_assert(account_decode(&out, at_the_edge(row, sizeof(row))));
    ck_assert_uint_eq(out.split.parts[0].payer, 8);
    ck_assert_str_eq(out.relief, "BUS_HALF");
    in.split.part_count = 0;
    account_encode(row, &in);
    ck_assert(account_decode(&out, row));
    ck_assert_uint_eq(out.split.part_count, 0);
    static const uint16_t at[] = {0, 8, 12, 32, 63, 64, 159}; /* of them 0, 8 and 32 not zero */
    for (size_t i = 0; i < COUNT_OF(at); i++) {
        account_encode(row, &in);
        row[at[i]] = row[at[i]] == 0;
        ck_assert_msg(!account_decode(&out, row), "byte %u", at[i]);
    }
}
END_TEST

START_TEST(transactions_come_back_and_bad_ones_are_refused)
{
    uint8_t row[TRANSACTION_SIZE], again[TRANSACTION_SIZE];
    struct transaction in = {.first = 3,
                             .last = 4,
                             .body = 5,
                             .deadline_ms = 6,
                             .kind = POSTING_RESERVE,
                             .state = STATE_RESERVED,
                             .part_count = 1,
                             .flags = FLAG_LATE,
                             .quantity = 7,
                             .confirmed = 8,
                             .parts = {{1, 2, 1, 9}}};
    struct transaction out;
    transaction_encode(row, &in);
    ck_assert(transaction_decode(&out, at_the_edge(row, sizeof(row))));
    transaction_encode(again, &out);
    ck_assert_mem_eq(row, again, sizeof(row));
    static const struct {
        uint16_t at;
        uint8_t value;
    } bad[] = {{0, 0},  {0, 5},  {24, 0}, {32, 0},  {32, 7},   {33, 7},
               {33, 2}, {34, 0}, {35, 1}, {36, 16}, {42, 255}, {64, 1}};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        transaction_encode(row, &in);
        row[bad[i].at] = bad[i].value;
        ck_assert_msg(!transaction_decode(&out, row), "byte %u", bad[i].at);
    }
}
END_TEST

START_TEST(tallies_and_heads_come_back_and_bad_ones_are_refused)
{
    uint8_t row[LEDGER_HEAD_SIZE];
    struct tally tally = {1, 2, 3, 4, 1}, tally_out;
    tally_encode(row, &tally);
    ck_assert(tally_decode(&tally_out, row) && tally_out.held_amount == 4);
    row[24] = 2;
    ck_assert(!tally_decode(&tally_out, row));
    row[24] = 0;
    row[31] = 1;
    ck_assert(!tally_decode(&tally_out, row));

    struct subject_head subject = {1, 2, 3, 4}, subject_out;
    subject_head_encode(row, &subject);
    ck_assert(subject_head_decode(&subject_out, row) && subject_out.day_most == 3 &&
              subject_out.walk_from == 4);
    row[24] = 1;
    ck_assert(!subject_head_decode(&subject_out, row));

    struct ledger_head head = {.format = LEDGER_FORMAT, .sequence = 5, .pruned = 4}, head_out;
    ledger_head_encode(row, &head);
    ck_assert(ledger_head_decode(&head_out, row) && head_out.pruned == 4);
    static const uint8_t at[] = {0, 32, 44, 127};
    for (size_t i = 0; i < COUNT_OF(at); i++) {
        ledger_head_encode(row, &head);
        row[at[i]] = 9;
        ck_assert_msg(!ledger_head_decode(&head_out, row), "byte %u", at[i]);
    }
}
END_TEST

static uint32_t day_of(int32_t year, uint32_t month, uint32_t day)
{
    return (uint32_t)day_of_date((struct date){year, month, day});
}

static const struct {
    uint8_t period;
    struct date day, from, until;
} periods[] = {
    {PERIOD_DAY, {2024, 2, 29}, {2024, 2, 29}, {2024, 3, 1}},
    {PERIOD_WEEK, {2026, 11, 23}, {2026, 11, 23}, {2026, 11, 30}}, /* a Monday */
    {PERIOD_WEEK, {2026, 11, 29}, {2026, 11, 23}, {2026, 11, 30}},
    {PERIOD_WEEK, {2026, 12, 31}, {2026, 12, 28}, {2027, 1, 4}},
    {PERIOD_WEEK, {2027, 1, 3}, {2026, 12, 28}, {2027, 1, 4}},
    {PERIOD_WEEK, {2024, 2, 29}, {2024, 2, 26}, {2024, 3, 4}},
    {PERIOD_MONTH, {2024, 2, 29}, {2024, 2, 1}, {2024, 3, 1}},
    {PERIOD_MONTH, {2025, 2, 28}, {2025, 2, 1}, {2025, 3, 1}},
    {PERIOD_MONTH, {2026, 12, 31}, {2026, 12, 1}, {2027, 1, 1}},
    {PERIOD_MONTH, {2027, 1, 1}, {2027, 1, 1}, {2027, 2, 1}},
    {PERIOD_SCHOOL_YEAR, {2026, 8, 31}, {2025, 9, 1}, {2026, 9, 1}},
    {PERIOD_SCHOOL_YEAR, {2026, 9, 1}, {2026, 9, 1}, {2027, 9, 1}},
    {PERIOD_SCHOOL_YEAR, {2027, 1, 1}, {2026, 9, 1}, {2027, 9, 1}},
    {PERIOD_YEAR, {2026, 12, 31}, {2026, 1, 1}, {2027, 1, 1}},
    {PERIOD_YEAR, {2027, 1, 1}, {2027, 1, 1}, {2028, 1, 1}},
};

START_TEST(periods_begin_and_end_where_people_expect)
{
    uint32_t day = day_of(periods[_i].day.year, periods[_i].day.month, periods[_i].day.day);
    uint32_t from, until;
    period_days(&from, &until, periods[_i].period, period_number(periods[_i].period, day, 0));
    ck_assert_int_eq((int32_t)from, day_of_date(periods[_i].from));
    ck_assert_int_eq((int32_t)until, day_of_date(periods[_i].until));
}
END_TEST

/* A day lies in its period, and where the day before lies in another, the periods meet there. */
START_TEST(periods_tile_the_years_from_2020_to_2040)
{
    for (uint8_t period = PERIOD_DAY; period <= PERIOD_YEAR; period++)
        for (uint32_t day = day_of(2020, 1, 1); day < day_of(2041, 1, 1); day++) {
            uint32_t number = period_number(period, day, 0), from, until;
            period_days(&from, &until, period, number);
            bool is_next = period_number(period, day - 1, 0) != number;
            if (day < from || day >= until || is_next != (day == from) ||
                (is_next && period_number(period, day - 1, 0) != number - 1))
                ck_abort_msg("period %u, day %u", period, day);
        }
}
END_TEST

START_TEST(terms_have_all_from_their_first_day_on_and_lifetimes_everything)
{
    uint32_t from, until;
    ck_assert_uint_eq(period_number(PERIOD_STATUS_TERM, 20000, 19000), 19000);
    period_days(&from, &until, PERIOD_STATUS_TERM, 19000);
    ck_assert(from == 19000 && until == DAY_NEVER);
    ck_assert_uint_eq(period_number(PERIOD_LIFETIME, 20000, 19000), 0);
    period_days(&from, &until, PERIOD_LIFETIME, 0);
    ck_assert(from == 0 && until == DAY_NEVER);
    period_days(&from, &until, PERIOD_WEEK, period_number(PERIOD_WEEK, 3, 0));
    ck_assert(from == 0 && until == 4); /* the week in which 1970 begins */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("posting");
    TCase *tcase = tcase_create("posting");
    tcase_add_test(tcase, a_posting_comes_back_as_it_was);
    tcase_add_test(tcase, fields_stand_where_the_page_says);
    tcase_add_test(tcase, terms_of_a_reservation_come_back_and_only_of_that);
    tcase_add_loop_test(tcase, a_posting_that_nobody_writes_is_refused, 0, COUNT_OF(bad_postings));
    tcase_add_test(tcase, of_a_pruned_denial_its_place_and_hash_stay);
    tcase_add_test(tcase, accounts_come_back_and_bad_ones_are_refused);
    tcase_add_test(tcase, transactions_come_back_and_bad_ones_are_refused);
    tcase_add_test(tcase, tallies_and_heads_come_back_and_bad_ones_are_refused);
    tcase_add_loop_test(tcase, periods_begin_and_end_where_people_expect, 0, COUNT_OF(periods));
    tcase_add_test(tcase, periods_tile_the_years_from_2020_to_2040);
    tcase_add_test(tcase, terms_have_all_from_their_first_day_on_and_lifetimes_everything);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
