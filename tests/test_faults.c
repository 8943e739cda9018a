/* Faults of clients, and terminals that mean harm, put to the real server over loopback. The
 * numbers are those of tests/README.md, "Faults". No time is asserted: deadlines are short, and
 * every wait is bounded. */
#include "tests/faults.h"

START_TEST(fault_01_a_stream_is_cut_at_every_byte)
{
    START("--per-minute", "0");
    for (uint32_t piece = 1; piece < HELLO_BYTES; piece += piece < 8 ? 1 : 23) {
        struct relay_plan pieces = RELAY_NOTHING;
        pieces.piece = piece;
        plan(RELAY_UP, pieces);
        booth_open(&booth, relay.port);
        for (size_t count = 1; count <= 5; count++)
            market_ask(&booth, count, piece);
    }
    /* And the answers on their way back. */
    struct relay_plan bytes = RELAY_NOTHING;
    bytes.piece = 1;
    plan(RELAY_DOWN, bytes);
    booth_open(&booth, relay.port);
    market_ask(&booth, 5, 1);
}
END_TEST

START_TEST(fault_02_a_record_of_255_frames_leaves_others_their_turn)
{
    static uint8_t record[ELIG_RECORD_SIZE_MAX];
    START("--per-minute", "0");
    booth_open(&booth, market.port);
    for (int i = 0; i < 8; i++) {
        size_t size = put(&booth, ELIG_FRAMES_MAX, record);
        ck_assert(booth_send_raw(&booth, record, size));
        check_others();
        ck_assert_int_eq(booth_next(&booth), ELIG_EVENT_FRAMES);
        ck_assert_uint_eq(booth.event.frame_count, ELIG_FRAMES_MAX);
        for (size_t j = 0; j < ELIG_FRAMES_MAX; j++)
            ck_assert(market_is_answer(booth.event.frames + j * FRAME_SIZE,
                                       j % 2 ? MARKET_STRANGER : MARKET_CODE, j + 1));
    }
    stop_and_count("record_unopened", 0);
}
END_TEST

static const uint16_t sizes[] = {0,  1,  15,  16,   17,    31,    63,    64,   79,
                                 81, 88, 140, 8193, 16335, 16337, 32768, 65535};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

START_TEST(fault_03_impossible_sizes_are_closed_before_their_body)
{
    START_PLAINLY();
    for (size_t i = 0; i < SIZES; i++) {
        uint8_t hello[4] = {1, 1}, data[4] = {16, 1}, got[64];
        store_u16(hello + 2, sizes[i]);
        store_u16(data + 2, sizes[i]);
        if (sizes[i] != HELLO_BYTES - 4)
            ck_assert_uint_eq(say_raw(hello, sizeof(hello), got, sizeof(got)), 0);
        booth_open(&booth, market.port);
        market_ask(&booth, 1, 1);
        ck_assert(booth_send_raw(&booth, data, sizeof(data)));
        ck_assert_msg(booth_is_shut_out(&booth), "%u", sizes[i]);
    }
    stop_and_count("record_bad_size", SIZES);
    ck_assert_uint_eq(eligd_total("hello_malformed"), SIZES - 1);
}
END_TEST

START_TEST(fault_04_before_a_session_every_type_and_version_but_one_is_closed)
{
    uint8_t got[64];
    START_PLAINLY();
    for (unsigned i = 0; i < 256; i++) {
        uint8_t type[4] = {(uint8_t)i, 1, 140, 0}, version[4] = {1, (uint8_t)i, 140, 0};
        if (i != 1) {
            ck_assert_uint_eq(say_raw(type, sizeof(type), got, sizeof(got)), 0);
            ck_assert_uint_eq(say_raw(version, sizeof(version), got, sizeof(got)), 0);
        }
    }
    stop_and_count("hello_malformed", 510);
}
END_TEST

START_TEST(fault_04_in_a_session_every_type_and_version_but_one_is_closed)
{
    START_PLAINLY();
    for (unsigned i = 0; i < 256; i += i < 20 ? 1 : 19) {
        if (i != 16) {
            uint8_t type[4] = {(uint8_t)i, 1, 80, 0};
            booth_open(&booth, market.port);
            ck_assert(booth_send_raw(&booth, type, sizeof(type)));
            ck_assert_msg(booth_is_shut_out(&booth), "type %u", i);
        }
        if (i != 1) {
            uint8_t version[4] = {16, (uint8_t)i, 80, 0};
            booth_open(&booth, market.port);
            ck_assert(booth_send_raw(&booth, version, sizeof(version)));
            ck_assert_msg(booth_is_shut_out(&booth), "version %u", i);
        }
    }
    stop();
    ck_assert_uint_gt(eligd_total("record_bad_type"), 20);
    ck_assert_uint_gt(eligd_total("record_bad_version"), 20);
}
END_TEST

/* Whoever has keys may still write nonsense: it is told so, and goes on. */
START_TEST(fault_04_in_a_frame_every_kind_and_reserved_bit_is_answered)
{
    START("--per-minute", "0");
    booth_open(&booth, market.port);
    for (unsigned i = 0; i < 256; i++) {
        uint8_t frames[3 * FRAME_SIZE], answers[sizeof(frames)];
        for (size_t j = 0; j < 3; j++)
            market_frame(frames + j * FRAME_SIZE, MARKET_CODE, j + 1);
        frames[REQUEST_KIND] = (uint8_t)i;
        frames[FRAME_SIZE + REQUEST_HOLD_10S] = (uint8_t)i;
        frames[2 * FRAME_SIZE + REQUEST_MEANS] = (uint8_t)i;
        ck_assert(booth_ask(&booth, answers, frames, 3));
        for (size_t j = 0; j < 3; j++)
            ck_assert_uint_eq(load_u64(answers + j * FRAME_SIZE + RESPONSE_ID), j + 1);
        uint16_t status = load_u16(answers + RESPONSE_STATUS);
        ck_assert(i == KIND_CHECK ? status == STATUS_APPLIES
                                  : (i == 0 || i > KIND_LAST) == (status == STATUS_BAD_KIND));
        status = load_u16(answers + FRAME_SIZE + RESPONSE_STATUS);
        ck_assert_uint_eq(status, i == 0 ? STATUS_APPLIES : STATUS_BAD_RESERVED);
    }
}
END_TEST

/* Pieces of frames, nothing but padding, frames behind padding: no number of frames says more than
 * there are. */
START_TEST(fault_05_counts_that_do_not_fit_the_bytes_end_the_session)
{
    static uint8_t record[ELIG_RECORD_SIZE_MAX];
    START_PLAINLY();
    for (int i = 0; i < 4; i++) {
        booth_open(&booth, market.port);
        memset(record, 0, sizeof(record));
        if (i == 1)
            market_frame(record + 4 + FRAME_SIZE, MARKET_CODE, 1);
        if (i == 2)
            record[4 + 4 * FRAME_SIZE - 1] = 1;
        if (i != 0)
            market_frame(record + 4, MARKET_CODE, 1);
        if (i == 1)
            memset(record + 4, 0, FRAME_SIZE);
        size_t size = seal(&booth, record, 4);
        if (i == 3)
            store_u16(record + 2, (uint16_t)(size - 4 - FRAME_SIZE));
        ck_assert(booth_send_raw(&booth, record, size));
        ck_assert_msg(booth_is_shut_out(&booth), "%d", i);
    }
    stop();
    ck_assert_uint_eq(eligd_total("record_bad_padding"), 3);
    ck_assert_uint_eq(eligd_total("record_unopened"), 1);
}
END_TEST

START_TEST(fault_06_many_connect_and_say_nothing)
{
    enum { SILENT = 800 };
    static int fds[SILENT];
    START("--hello-ms", "3000");
    int before = count_descriptors();
    uint64_t before_kib = peak_kib();
    for (int i = 0; i < SILENT; i++)
        fds[i] = booth_connect_to(market.port);
    check_others();
    for (int i = 0; i < SILENT; i++) {
        uint8_t byte;
        struct pollfd watch = {.fd = fds[i], .events = POLLIN};
        ck_assert_int_eq(poll(&watch, 1, BOOTH_WAIT_MS), 1);
        ck_assert_int_eq(recv(fds[i], &byte, 1, 0), 0);
        close(fds[i]);
    }
    ck_assert_uint_le(peak_kib(), before_kib + SILENT * 2);
    booth_close(&other);
    wait_for_descriptors(before);
    stop_and_count("hello_closed", SILENT);
}
END_TEST

START_TEST(fault_07_a_hello_and_a_record_that_trickle_are_closed)
{
    static uint8_t record[ELIG_RECORD_SIZE_MAX];
    struct relay_plan slowly = RELAY_NOTHING;
    slowly.piece = 1;
    slowly.pause_us = 60000;
    START("--hello-ms", "1000");
    plan(RELAY_UP, slowly);
    booth_greet(&booth, relay.port);
    ck_assert(booth_is_shut_out(&booth));
    stop_and_count("hello_closed", 1);
    relay_plan_nothing(&relay);

    START("--frame-ms", "1000");
    booth_open(&booth, market.port);
    market_ask(&booth, 1, 1);
    size_t size = put(&booth, 64, record);
    size_t sent = 0;
    while (sent < size && send(booth.fd, record + sent, 1, MSG_NOSIGNAL) == 1) {
        sent++;
        usleep(10000);
    }
    ck_assert_uint_lt(sent, size);
    stop_and_count("frame_closed", 1);
}
END_TEST

START_TEST(fault_08_who_never_reads_is_not_read_from_and_closed)
{
    static uint8_t record[ELIG_RECORD_SIZE_MAX];
    START("--per-minute", "0", "--write-ms", "500");
    booth_open(&booth, market.port);
    market_ask(&booth, ELIG_FRAMES_MAX, 1);
    uint64_t before_kib = peak_kib();
    do
        for (size_t i = 0; i < ELIG_FRAMES_MAX; i++)
            market_frame(record + 4 + i * FRAME_SIZE, MARKET_CODE, i + 1);
    while (booth_send_raw(&booth, record, seal(&booth, record, ELIG_FRAMES_MAX)));
    ck_assert_uint_le(peak_kib(), before_kib + 1024);
    stop();
    /* By its own deadline, or by that of the kernel, which is as long: whoever comes first. */
    ck_assert_uint_eq(eligd_total("write_closed") + eligd_total("broken"), 1);
}
END_TEST

START_TEST(fault_09_what_was_asked_before_the_end_of_the_stream_is_answered)
{
    static uint8_t record[ELIG_RECORD_SIZE_MAX];
    START("--per-minute", "0");
    booth_open(&booth, market.port);
    for (int i = 0; i < 3; i++)
        ck_assert(booth_send_raw(&booth, record, put(&booth, 80, record)));
    ck_assert_int_eq(shutdown(booth.fd, SHUT_WR), 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(booth_next(&booth), ELIG_EVENT_FRAMES);
        ck_assert_uint_eq(booth.event.frame_count, 80);
    }
    ck_assert(booth_is_shut_out(&booth));
    stop_and_count("broken", 0);
}
END_TEST

START_TEST(fault_10_a_reset_in_the_middle_harms_nobody_else)
{
    static uint8_t record[ELIG_RECORD_SIZE_MAX];
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    START("--per-minute", "0");
    check_others();
    for (int i = 0; i < 30; i++) {
        booth_open(&booth, market.port);
        size_t size = put(&booth, ELIG_FRAMES_MAX, record);
        ck_assert(booth_send_raw(&booth, record, i % 2 ? size : size / 2));
        setsockopt(booth.fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
        booth_close(&booth);
        check_others();
    }
    stop();
    ck_assert_uint_gt(eligd_total("broken"), 0);
    ck_assert_uint_eq(eligd_total("sessions"), eligd_total("sessions_ended"));
}
END_TEST

static const struct {
    uint32_t unit_price;
    uint16_t quantity;
    uint8_t companions;
    uint16_t status;
    uint64_t payable;
} amounts[] = {
    {0, 1, 0, STATUS_APPLIES, 0},
    {UINT32_MAX, 1, 0, STATUS_APPLIES, UINT32_MAX / 2},
    {UINT32_MAX, QUANTITY_MAX, 0, STATUS_APPLIES, AMOUNT_MAX / 2},
    {1, QUANTITY_MAX, 255, STATUS_APPLIES, QUANTITY_MAX / 2},
    {15000, 0, 0, STATUS_BAD_QUANTITY, 0},
    {15000, QUANTITY_MAX + 1, 0, STATUS_BAD_QUANTITY, 0},
    {UINT32_MAX, UINT16_MAX, 255, STATUS_BAD_QUANTITY, 0},
};

START_TEST(fault_17_amounts_at_their_bounds_are_refused_or_right)
{
    START_PLAINLY();
    booth_open(&booth, market.port);
    for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
        uint8_t frame[FRAME_SIZE];
        struct response response;
        market_frame(frame, MARKET_CODE, i + 1);
        store_u32(frame + REQUEST_UNIT_PRICE, amounts[i].unit_price);
        store_u16(frame + REQUEST_QUANTITY, amounts[i].quantity);
        frame[REQUEST_COMPANIONS] = amounts[i].companions;
        ck_assert(booth_ask(&booth, frame, frame, 1));
        ck_assert(frame_decode_response(&response, frame));
        ck_assert_msg(response.status == amounts[i].status, "%zu: %u", i, response.status);
        uint64_t price = (uint64_t)amounts[i].unit_price * amounts[i].quantity;
        if (response.status == STATUS_APPLIES) {
            ck_assert_uint_eq(response.relief_amount + response.payable, price);
            ck_assert_msg(response.payable - amounts[i].payable <= amounts[i].quantity, "%zu: %llu",
                          i, (unsigned long long)response.payable);
        }
    }
}
END_TEST

static const struct {
    uint8_t text[24];
    uint16_t status;
} identifiers[] = {
    {"3200000000A", STATUS_BAD_IDENTIFIER},
    {"320000000012", STATUS_BAD_IDENTIFIER},
    {"3200000000", STATUS_BAD_IDENTIFIER},
    {"320000-00001", STATUS_BAD_IDENTIFIER},
    {"3200000\xc4\x81"
     "01",
     STATUS_BAD_IDENTIFIER},
    {"32000\0"
     "00001",
     STATUS_BAD_IDENTIFIER},
    {"", STATUS_BAD_IDENTIFIER},
    {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", STATUS_BAD_IDENTIFIER},
    {"%n%n%s%x;DROP", STATUS_BAD_IDENTIFIER},
    {"32999999999", STATUS_DOES_NOT_APPLY},
};

START_TEST(fault_18_identifiers_that_are_none_are_refused_and_not_logged)
{
    static char log[1 << 16];
    START_PLAINLY();
    booth_open(&booth, market.port);
    for (size_t i = 0; i < sizeof(identifiers) / sizeof(identifiers[0]); i++) {
        uint8_t frame[FRAME_SIZE];
        market_frame(frame, MARKET_CODE, i + 1);
        memcpy(frame + REQUEST_IDENTIFIER, identifiers[i].text, sizeof(identifiers[i].text));
        ck_assert(booth_ask(&booth, frame, frame, 1));
        ck_assert_msg(load_u16(frame + RESPONSE_STATUS) == identifiers[i].status, "%zu: %u", i,
                      load_u16(frame + RESPONSE_STATUS));
    }
    stop_and_count("bad_frames", sizeof(identifiers) / sizeof(identifiers[0]) - 1);
    eligd_read_log(log, sizeof(log));
    ck_assert_ptr_null(strstr(log, "3200000"));
    ck_assert_ptr_null(strstr(log, "3299999"));
    ck_assert_ptr_null(strstr(log, "DROP"));
}
END_TEST

START_TEST(fault_19_all_terminals_come_back_at_once)
{
    static struct booth crowd[MARKET_CROWD];
    START_PLAINLY();
    check_others();
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < MARKET_CROWD; i++) {
            if (round == 0)
                market_booth(&crowd[i], MARKET_FIRST + i);
            booth_greet(&crowd[i], relay.port);
        }
        check_others();
        for (uint32_t i = 0; i < MARKET_CROWD; i++) {
            while (booth_next(&crowd[i]) == ELIG_EVENT_BUSY) {
                ck_assert_uint_gt(crowd[i].event.wait_ms, 0);
                usleep(crowd[i].event.wait_ms * 1000);
                booth_greet(&crowd[i], market.port);
            }
            ck_assert_int_eq(crowd[i].event.kind, ELIG_EVENT_ACCEPTED);
            market_ask(&crowd[i], 2, 5);
        }
        relay_cut(&relay);
    }
    for (uint32_t i = 0; i < MARKET_CROWD; i++)
        booth_close(&crowd[i]);
    stop_and_count("hello_replayed", 0);
}
END_TEST

START_TEST(fault_21_connections_over_the_limit_are_closed_and_the_others_served)
{
    enum { MOST = 5, MORE = 20 };
    int fds[MOST];
    uint8_t byte;
    START("--connections-max", "5");
    check_others();
    for (int i = 1; i < MOST; i++)
        fds[i] = booth_connect_to(market.port);
    for (int i = 0; i < MORE; i++) {
        struct booth late = {.fd = booth_connect_to(market.port)};
        ck_assert_int_le(recv(late.fd, &byte, 1, 0), 0);
        close(late.fd);
    }
    check_others();
    for (int i = 1; i < MOST; i++)
        close(fds[i]);
    eligd_wait_for_events("ready", 1);
    for (bool is_in = false; !is_in;) { /* as soon as it has seen that they are gone */
        booth_greet(&booth, market.port);
        is_in = booth_next(&booth) == ELIG_EVENT_ACCEPTED;
    }
    market_ask(&booth, 2, 1);
    stop();
    ck_assert_uint_ge(eligd_total("over_limit"), MORE);
    ck_assert_uint_eq(eligd_total("accept_pauses"), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("faults");
    TCase *tcase = tcase_create("faults");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, open_market, close_market);
    tcase_add_test(tcase, fault_01_a_stream_is_cut_at_every_byte);
    tcase_add_test(tcase, fault_02_a_record_of_255_frames_leaves_others_their_turn);
    tcase_add_test(tcase, fault_03_impossible_sizes_are_closed_before_their_body);
    tcase_add_test(tcase, fault_04_before_a_session_every_type_and_version_but_one_is_closed);
    tcase_add_test(tcase, fault_04_in_a_session_every_type_and_version_but_one_is_closed);
    tcase_add_test(tcase, fault_04_in_a_frame_every_kind_and_reserved_bit_is_answered);
    tcase_add_test(tcase, fault_05_counts_that_do_not_fit_the_bytes_end_the_session);
    tcase_add_test(tcase, fault_06_many_connect_and_say_nothing);
    tcase_add_test(tcase, fault_07_a_hello_and_a_record_that_trickle_are_closed);
    tcase_add_test(tcase, fault_08_who_never_reads_is_not_read_from_and_closed);
    tcase_add_test(tcase, fault_09_what_was_asked_before_the_end_of_the_stream_is_answered);
    tcase_add_test(tcase, fault_10_a_reset_in_the_middle_harms_nobody_else);
    tcase_add_test(tcase, fault_17_amounts_at_their_bounds_are_refused_or_right);
    tcase_add_test(tcase, fault_18_identifiers_that_are_none_are_refused_and_not_logged);
    tcase_add_test(tcase, fault_19_all_terminals_come_back_at_once);
    tcase_add_test(tcase, fault_21_connections_over_the_limit_are_closed_and_the_others_served);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
