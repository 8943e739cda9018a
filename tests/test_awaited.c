/* What is made of a verdict, and what of it each profile sees. */
#include "engine/awaited.h"
#include "protocol/profile.h"
#include "tests/support.h"

#include <string.h>

#define DAY_END_S 1000000

static const struct awaited awaited_use = {
    .request_id = 77,
    .generation = 5,
    .server_time_s = 900000,
    .day_end_s = DAY_END_S,
    .stale_h = 3,
    .kind = KIND_USE,
};

static const struct ledger_verdict applies = {
    .status = STATUS_APPLIES,
    .split = 4,
    .remaining = 9,
    .relief = 4711,
    .sequence = 12,
    .relief_amount = 5000,
    .payable = 10000,
};

START_TEST(an_answer_has_what_stood_in_its_place_and_what_the_verdict_says)
{
    uint8_t place[FRAME_SIZE];
    struct response response;
    struct awaited awaited = awaited_use;
    awaited.profile = PROFILE_INSPECTOR;
    awaited_put(place, &awaited);
    awaited_answer(place, &applies);
    ck_assert(frame_decode_response(&response, place));
    ck_assert_uint_eq(response.kind, KIND_USE);
    ck_assert_uint_eq(response.status, STATUS_APPLIES);
    ck_assert_uint_eq(response.split, 4);
    ck_assert_uint_eq(response.remaining, 9);
    ck_assert_uint_eq(response.request_id, 77);
    ck_assert_uint_eq(response.ledger_sequence, 12);
    ck_assert_uint_eq(response.generation, 5);
    ck_assert_uint_eq(response.relief_amount, 5000);
    ck_assert_uint_eq(response.payable, 10000);
    ck_assert_uint_eq(response.relief, 4711);
    ck_assert_uint_eq(response.server_time_s, 900000);
    ck_assert_uint_eq(response.stale_h, 3);
    ck_assert_uint_eq(response.wait_ms, 0);
}
END_TEST

/* What each profile sees of verdicts of all sorts. */
static const struct seen {
    uint8_t kind, profile;
    uint16_t status;
    uint32_t until_s;
    uint16_t want_status;
    uint32_t want_relief;
    uint16_t want_remaining;
    uint32_t want_until_s;
} seen[] = {
    {KIND_USE, PROFILE_INSPECTOR, STATUS_APPLIES, 0, STATUS_APPLIES, 4711, 9, 0},
    {KIND_USE, PROFILE_TILL, STATUS_APPLIES, 0, STATUS_APPLIES, 4711, 9, 0},
    {KIND_USE, PROFILE_GATE, STATUS_APPLIES, 0, STATUS_APPLIES, RELIEF_UNTOLD,
     REMAINING_UNPUBLISHED, 0},
    /* A hold may go on over midnight; whoever made it must know. */
    {KIND_RESERVE, PROFILE_TILL, STATUS_APPLIES, DAY_END_S + 60, STATUS_APPLIES, 4711, 9,
     DAY_END_S + 60},
    {KIND_RESERVE, PROFILE_GATE, STATUS_APPLIES, DAY_END_S + 60, STATUS_APPLIES, RELIEF_UNTOLD,
     REMAINING_UNPUBLISHED, DAY_END_S + 60},
    {KIND_CONFIRM, PROFILE_TILL, STATUS_CONFIRMED, 0, STATUS_CONFIRMED, 4711, 9, 0},
    {KIND_LATE, PROFILE_INSPECTOR, STATUS_OVER_LIMIT, 0, STATUS_OVER_LIMIT, 4711, 9, 0},
    {KIND_LATE, PROFILE_GATE, STATUS_OVER_LIMIT, 0, STATUS_APPLIES, RELIEF_UNTOLD,
     REMAINING_UNPUBLISHED, 0},
};

START_TEST(a_profile_sees_of_a_verdict_what_it_may)
{
    const struct seen *row = &seen[_i];
    struct awaited awaited = awaited_use;
    struct ledger_verdict verdict = applies;
    awaited.kind = row->kind;
    awaited.profile = row->profile;
    verdict.status = row->status;
    verdict.until_s = row->until_s;
    struct response response = awaited_response(&awaited, &verdict);
    ck_assert_uint_eq(response.status, row->want_status);
    ck_assert_uint_eq(response.relief, row->want_relief);
    ck_assert_uint_eq(response.remaining, row->want_remaining);
    ck_assert_uint_eq(response.valid_until_s, row->want_until_s);
    ck_assert_uint_eq(response.relief_amount, 5000);
    ck_assert_uint_eq(response.ledger_sequence, 12);
}
END_TEST

static const uint16_t denials[] = {STATUS_DOES_NOT_APPLY, STATUS_NO_DATA,
                                   STATUS_LIMIT_REACHED,  STATUS_TOO_SOON,
                                   STATUS_BUDGET_SPENT,   STATUS_TOO_MANY_HELD};

START_TEST(to_a_gate_every_no_is_the_same)
{
    struct awaited awaited = awaited_use;
    struct ledger_verdict verdict = {
        .status = denials[_i], .remaining = 3, .sequence = 12, .payable = 15000};
    uint8_t place[FRAME_SIZE], no[FRAME_SIZE];
    awaited.profile = PROFILE_GATE;
    awaited_put(place, &awaited);
    awaited_answer(place, &verdict);
    verdict.status = STATUS_DOES_NOT_APPLY;
    awaited_put(no, &awaited);
    awaited_answer(no, &verdict);
    ck_assert(memcmp(place, no, FRAME_SIZE) == 0);
}
END_TEST

START_TEST(what_the_ledger_did_not_take_is_busy)
{
    uint8_t place[FRAME_SIZE];
    struct response response;
    struct awaited awaited = awaited_use;
    awaited.profile = PROFILE_TILL;
    awaited_put(place, &awaited);
    awaited_refuse(place, LEDGER_BUSY_MS);
    ck_assert(frame_decode_response(&response, place));
    ck_assert_uint_eq(response.status, STATUS_BUSY);
    ck_assert_uint_eq(response.wait_ms, LEDGER_BUSY_MS);
    ck_assert_uint_eq(response.request_id, 77);
    ck_assert_uint_eq(response.kind, KIND_USE);
    ck_assert_uint_eq(response.ledger_sequence, 0);
}
END_TEST

START_TEST(a_busy_verdict_says_how_long_to_wait)
{
    struct awaited awaited = awaited_use;
    struct ledger_verdict verdict = {.status = STATUS_BUSY, .remaining = REMAINING_UNPUBLISHED};
    awaited.profile = PROFILE_TILL;
    ck_assert_uint_eq(awaited_response(&awaited, &verdict).wait_ms, LEDGER_FULL_MS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("awaited");
    TCase *tcase = tcase_create("awaited");
    tcase_add_test(tcase, an_answer_has_what_stood_in_its_place_and_what_the_verdict_says);
    tcase_add_loop_test(tcase, a_profile_sees_of_a_verdict_what_it_may, 0,
                        (int)(sizeof(seen) / sizeof(seen[0])));
    tcase_add_loop_test(tcase, to_a_gate_every_no_is_the_same, 0,
                        (int)(sizeof(denials) / sizeof(denials[0])));
    tcase_add_test(tcase, what_the_ledger_did_not_take_is_busy);
    tcase_add_test(tcase, a_busy_verdict_says_how_long_to_wait);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
