/* Faults of the network between terminals and the real server, made by somebody on the way. The
 * numbers are those of tests/README.md, "Faults". No time is asserted: deadlines are short, and
 * every wait is bounded. */
#include "tests/faults.h"

START_TEST(fault_23_a_late_network_changes_no_answer)
{
    struct relay_plan late = RELAY_NOTHING;
    late.pause_us = 20000;
    late.jitter_us = 180000;
    START_PLAINLY();
    relay_plan(&relay, RELAY_UP, late);
    relay_plan(&relay, RELAY_DOWN, late);
    booth_open(&booth, relay.port);
    for (uint64_t i = 0; i < 8; i++)
        market_ask(&booth, 3, i + 1);
    stop_and_count("record_unopened", 0);
}
END_TEST

START_TEST(fault_24_a_narrow_network_changes_no_answer)
{
    struct relay_plan narrow = RELAY_NOTHING;
    narrow.piece = 100;
    narrow.pause_us = 10000;
    START("--per-minute", "0", "--hello-ms", "20000", "--frame-ms", "20000");
    uint64_t before_kib = peak_kib();
    relay_plan(&relay, RELAY_UP, narrow);
    relay_plan(&relay, RELAY_DOWN, narrow);
    booth_open(&booth, relay.port);
    market_ask(&booth, 1, 1);
    market_ask(&booth, 64, 1);
    check_others();
    ck_assert_uint_le(peak_kib(), before_kib + 1024);
    stop_and_count("frame_closed", 0);
}
END_TEST

START_TEST(fault_25_a_partition_ends_sessions_and_leaves_no_descriptors)
{
    struct relay_plan gone = RELAY_NOTHING;
    START("--idle-ms", "500");
    int before = count_descriptors();
    gone.lost_from = HELLO_BYTES + BYTES(1);
    plan(RELAY_UP, gone);
    booth_open(&booth, relay.port);
    market_ask(&booth, 1, 1);
    uint8_t frame[FRAME_SIZE];
    market_frame(frame, MARKET_CODE, 2);
    booth_send(&booth, frame, 1); /* into the void */
    ck_assert(booth_is_shut_out(&booth));
    wait_for_descriptors(before);
    relay_plan_nothing(&relay);
    booth_open(&booth, relay.port); /* healed */
    market_ask(&booth, 2, 3);
    stop();
    ck_assert_uint_ge(eligd_total("idle_closed"), 1);
}
END_TEST

START_TEST(fault_26_answers_that_are_lost_are_asked_for_again)
{
    struct relay_plan lost = RELAY_NOTHING;
    uint8_t frame[FRAME_SIZE], answer[FRAME_SIZE];
    START("--idle-ms", "500", "--state", market.state);
    lost.lost_from = ACCEPT_BYTES;
    plan(RELAY_DOWN, lost);
    booth_open(&booth, relay.port);
    market_frame(frame, MARKET_CODE, 42);
    booth_send(&booth, frame, 1);
    ck_assert(booth_is_shut_out(&booth)); /* the server has waited for more */
    relay_plan_nothing(&relay);
    for (int i = 0; i < 2; i++) { /* the same question, as often as it takes */
        booth_open(&booth, relay.port);
        ck_assert(booth_ask(&booth, answer, frame, 1));
        ck_assert(market_is_answer(answer, MARKET_CODE, 42));
    }
    stop_and_count("checks", 3 + 3);
}
END_TEST

START_TEST(fault_27_another_address_wants_another_handshake_and_loses_nothing)
{
    static uint8_t record[ELIG_RECORD_SIZE_MAX];
    START("--state", market.state);
    booth_close(&booth);
    market_booth(&booth, MARKET_RATIONED);
    booth_open(&booth, relay.port);
    for (uint32_t i = 0; i < MARKET_RATION; i++) {
        uint8_t frame[FRAME_SIZE];
        char code[12];
        snprintf(code, sizeof(code), "3210000000%u", i);
        market_frame(frame, code, i + 1);
        ck_assert(booth_ask(&booth, frame, frame, 1));
        ck_assert_uint_eq(load_u16(frame + RESPONSE_STATUS), STATUS_DOES_NOT_APPLY);
    }
    size_t size = put(&booth, 1, record);
    relay_cut(&relay);
    struct booth moved = {.fd = booth_connect_to(relay.port)}; /* the session, from elsewhere */
    ck_assert(booth_send_raw(&moved, record, size));
    ck_assert(booth_is_shut_out(&moved));
    close(moved.fd);
    booth_open(&booth, relay.port);
    uint32_t busy_count = 0;
    for (uint32_t i = 0; i < 2 * MARKET_RATION + 2; i++) { /* a minute may begin in between */
        uint8_t frame[FRAME_SIZE];
        char code[12];
        snprintf(code, sizeof(code), "3220000000%u", i);
        market_frame(frame, code, i + 1);
        ck_assert(booth_ask(&booth, frame, frame, 1));
        busy_count += load_u16(frame + RESPONSE_STATUS) == STATUS_BUSY;
    }
    ck_assert_uint_ge(busy_count, 2);
    stop();
    ck_assert_uint_eq(eligd_total("hello_malformed"), 1);
    ck_assert_uint_eq(eligd_total("sessions"), 3);
}
END_TEST

START_TEST(fault_28_a_bit_that_changes_on_the_way_up_ends_the_session)
{
    struct relay_plan flip = RELAY_NOTHING;
    START_PLAINLY();
    for (uint32_t at = 0; at < HELLO_BYTES + BYTES(1); at++) {
        flip.flip_at = at;
        plan(RELAY_UP, flip);
        booth_greet(&booth, relay.port);
        if (at >= HELLO_BYTES) {
            uint8_t frame[FRAME_SIZE];
            ck_assert_int_eq(booth_next(&booth), ELIG_EVENT_ACCEPTED);
            market_frame(frame, MARKET_CODE, 1);
            for (int i = 0; i < (at == HELLO_BYTES + 3 ? 5 : 1); i++)
                booth_send(&booth, frame, 1); /* 80 bytes have become 336: they are waited for */
        }
        ck_assert_msg(booth_is_shut_out(&booth), "byte %u", at);
    }
    stop();
    ck_assert_uint_eq(eligd_total("checks"), 3); /* the others' */
    ck_assert_uint_eq(eligd_total("hello_malformed"), 4);
    ck_assert_uint_eq(eligd_total("hello_misaddressed"), HELLO_BYTES - 4);
    ck_assert_uint_eq(eligd_total("record_unopened"), BYTES(1) - 3);
}
END_TEST

START_TEST(fault_28_a_bit_that_changes_on_the_way_down_ends_the_session)
{
    struct relay_plan flip = RELAY_NOTHING;
    START_PLAINLY();
    for (uint32_t at = 0; at < ACCEPT_BYTES + BYTES(1); at++) {
        flip.flip_at = at;
        plan(RELAY_DOWN, flip);
        booth_greet(&booth, relay.port);
        if (at >= ACCEPT_BYTES) {
            uint8_t frame[FRAME_SIZE];
            ck_assert_int_eq(booth_next(&booth), ELIG_EVENT_ACCEPTED);
            market_frame(frame, MARKET_CODE, 1);
            for (int i = 0; i < (at == ACCEPT_BYTES + 3 ? 5 : 1); i++)
                booth_send(&booth, frame, 1);
        }
        ck_assert_int_eq(booth_next(&booth), ELIG_EVENT_OVER);
        ck_assert_msg(booth.event.cause == ELIG_CAUSE_SEAL ||
                          booth.event.cause == ELIG_CAUSE_RECORD,
                      "byte %u: %s", at, elig_cause_text(booth.event.cause));
    }
}
END_TEST

enum { AGAIN, REORDERED, LOST, INSERTED, WAYS_TO_MEDDLE };

static struct relay_plan meddle(int how, uint32_t first, uint32_t record)
{
    struct relay_plan what = RELAY_NOTHING;
    switch (how) {
    case AGAIN:
        what.repeat_from = first;
        what.repeat_to = first + record;
        break;
    case REORDERED:
        what.hold_from = first;
        what.hold_until = first + record;
        what.hold_behind = first + 2 * record;
        break;
    case LOST:
        what.hold_from = first;
        what.hold_until = first + record;
        break;
    default:
        what.insert_at = first + record;
        break;
    }
    return what;
}

START_TEST(fault_29_records_again_out_of_order_lost_or_nobodys_end_the_session)
{
    int how = _i % WAYS_TO_MEDDLE, way = _i / WAYS_TO_MEDDLE;
    static uint8_t record[ELIG_RECORD_SIZE_MAX];
    START_PLAINLY();
    plan(way, meddle(how, way == RELAY_UP ? HELLO_BYTES : ACCEPT_BYTES, BYTES(1)));
    booth_open(&booth, relay.port);
    for (int i = 0; i < 3; i++)
        (void)booth_send_raw(&booth, record, put(&booth, 1, record));
    int heard = 0, kind;
    while ((kind = booth_next(&booth)) == ELIG_EVENT_FRAMES)
        heard++;
    ck_assert_int_eq(kind, ELIG_EVENT_OVER);
    ck_assert_int_le(heard, how == AGAIN || how == INSERTED ? 1 : 0);
    ck_assert((booth.event.cause == ELIG_CAUSE_NONE) == (way == RELAY_UP));
    stop();
    ck_assert_uint_eq(eligd_total("record_unopened") + eligd_total("record_bad_type") +
                          eligd_total("record_bad_version") + eligd_total("record_bad_size"),
                      way == RELAY_UP);
}
END_TEST

/* Everything that was heard of a session, played to the server once more. */
START_TEST(fault_29_a_session_that_was_recorded_cannot_be_played_again)
{
    uint8_t got[4096];
    const uint8_t *seen;
    START_PLAINLY();
    booth_open(&booth, relay.port);
    market_ask(&booth, 5, 1);
    booth_close(&booth);
    uint32_t size = relay_seen(&relay, 0, RELAY_UP, &seen);
    ck_assert_uint_eq(size, HELLO_BYTES + BYTES(5));
    ck_assert_uint_eq(say_raw(seen, HELLO_BYTES, got, sizeof(got)), 0);
    ck_assert_uint_eq(say_raw(seen, size, got, sizeof(got)), 0);
    ck_assert_uint_eq(say_raw(seen + HELLO_BYTES, size - HELLO_BYTES, got, sizeof(got)), 0);
    stop();
    ck_assert_uint_eq(eligd_total("hello_replayed"), 1);
    ck_assert_uint_eq(eligd_total("hello_malformed"), 2);
}
END_TEST

START_TEST(fault_30_whoever_takes_a_stream_over_says_nothing_with_it)
{
    uint8_t noise[BYTES(1)] = {16, 1, 80, 0};
    uint64_t random = 9;
    START_PLAINLY();
    for (int i = 0; i < 10; i++) {
        booth_open(&booth, market.port);
        market_ask(&booth, 1, 1);
        for (size_t j = 4; j < sizeof(noise); j++)
            noise[j] = (uint8_t)support_random(&random);
        ck_assert(booth_send_raw(&booth, noise, sizeof(noise)));
        ck_assert(booth_is_shut_out(&booth));
    }
    stop_and_count("record_unopened", 10);
}
END_TEST

START_TEST(fault_33_a_server_that_starts_again_is_found_again)
{
    MARKET_START("--state", market.state);
    uint16_t port = market.port;
    for (uint64_t round = 1; round <= 3; round++) {
        booth_open(&booth, port);
        market_ask(&booth, 4, round);
        if (round == 1)
            eligd_stop();
        else
            eligd_kill();
        ck_assert(booth_is_shut_out(&booth) || round > 1);
        market_start(port, (const char *const[]){"--state", market.state, NULL});
    }
    booth_open(&booth, port);
    market_ask(&booth, 4, 9);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("faults_network");
    TCase *tcase = tcase_create("faults_network");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, open_market, close_market);
    tcase_add_test(tcase, fault_23_a_late_network_changes_no_answer);
    tcase_add_test(tcase, fault_24_a_narrow_network_changes_no_answer);
    tcase_add_test(tcase, fault_25_a_partition_ends_sessions_and_leaves_no_descriptors);
    tcase_add_test(tcase, fault_26_answers_that_are_lost_are_asked_for_again);
    tcase_add_test(tcase, fault_27_another_address_wants_another_handshake_and_loses_nothing);
    tcase_add_test(tcase, fault_28_a_bit_that_changes_on_the_way_up_ends_the_session);
    tcase_add_test(tcase, fault_28_a_bit_that_changes_on_the_way_down_ends_the_session);
    tcase_add_loop_test(tcase, fault_29_records_again_out_of_order_lost_or_nobodys_end_the_session,
                        0, RELAY_WAYS * WAYS_TO_MEDDLE);
    tcase_add_test(tcase, fault_29_a_session_that_was_recorded_cannot_be_played_again);
    tcase_add_test(tcase, fault_30_whoever_takes_a_stream_over_says_nothing_with_it);
    tcase_add_test(tcase, fault_33_a_server_that_starts_again_is_found_again);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
