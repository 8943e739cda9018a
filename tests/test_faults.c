/* Faults of clients, of the network and of terminals that mean harm, each put to the real server
 * over loopback, most of them by somebody on the way. The numbers are those of tests/README.md,
 * "Faults". No time is asserted: deadlines are short, and every wait is bounded. */
#include "protocol/session.h"
#include "tests/market.h"
#include "tests/relay.h"
#include "tests/support.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HELLO_BYTES   144
#define ACCEPT_BYTES  92
#define BYTES(frames) (20 + 64 * (frames))

static struct booth booth, other;
static struct relay relay;

static void open_market(void)
{
    market_open();
    market_booth(&booth, MARKET_TILL);
    market_booth(&other, MARKET_OTHER);
}

static void close_market(void)
{
    relay_close(&relay);
    booth_close(&booth);
    booth_close(&other);
    market_close();
}

static void start_with_relay(const char *const extra[])
{
    market_start(0, extra);
    relay_open(&relay, market.port);
}
#define START(...)      start_with_relay((const char *const[]){__VA_ARGS__, NULL})
#define START_PLAINLY() start_with_relay((const char *const[]){NULL})

static void plan(int way, struct relay_plan what)
{
    relay_plan_nothing(&relay);
    relay_plan(&relay, way, what);
}

/* What everybody else has of it all: nothing. */
static void check_others(void)
{
    if (other.fd < 0)
        booth_open(&other, market.port);
    market_ask(&other, 3, 77);
}

static void close_booths(void)
{
    booth_close(&booth);
    booth_close(&other);
    relay_close(&relay);
}

static void stop(const char *name, uint64_t want)
{
    close_booths();
    market_stop(name, want);
}

static int count_descriptors(void)
{
    char path[64];
    int count = 0;
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)eligd_pid());
    DIR *folder = opendir(path);
    ck_assert_ptr_nonnull(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static void wait_for_descriptors(int most)
{
    for (int ms = 0; ms < BOOTH_WAIT_MS && count_descriptors() > most; ms++)
        usleep(1000);
    ck_assert_int_le(count_descriptors(), most);
}

/* A raw client: bytes as they are, then what came back until the end of the stream. */
static size_t say_raw(const uint8_t *bytes, size_t size, uint8_t *got, size_t room)
{
    size_t have = 0;
    struct booth raw = {.fd = booth_connect_to(market.port)};
    (void)booth_send_raw(&raw, bytes, size);
    for (;;) {
        struct pollfd watch = {.fd = raw.fd, .events = POLLIN};
        ck_assert_msg(poll(&watch, 1, BOOTH_WAIT_MS) == 1, "not closed");
        ssize_t now = recv(raw.fd, got + have, room - have, 0);
        if (now <= 0)
            break;
        have += (size_t)now;
    }
    close(raw.fd);
    return have;
}

static size_t put(struct booth *from, size_t frame_count,
                  uint8_t record[static ELIG_RECORD_SIZE_MAX])
{
    static uint8_t frames[ELIG_FRAMES_MAX * FRAME_SIZE];
    size_t size;
    for (size_t i = 0; i < frame_count; i++)
        market_frame(frames + i * FRAME_SIZE, i % 2 ? MARKET_STRANGER : MARKET_CODE, i + 1);
    ck_assert_int_eq(
        elig_session_put(&from->session, frames, frame_count, record, ELIG_RECORD_SIZE_MAX, &size),
        ELIG_FINE);
    return size;
}

/* What an honest core would not seal: whoever has the keys may write what they like. */
static size_t seal(struct booth *from, uint8_t *record, size_t frame_count)
{
    return record_seal(&((struct session *)&from->session)->send, record, frame_count);
}

static uint64_t peak_kib(void)
{
    char path[64], line[256];
    uint64_t kib = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)eligd_pid());
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtoull(line + 6, NULL, 10);
    fclose(file);
    return kib;
}

/* ---- clients ---- */

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
    stop("record_unopened", 0);
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
    check_others();
    stop("record_bad_size", SIZES);
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
    check_others();
    stop("hello_malformed", 510);
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
    check_others();
    close_booths();
    eligd_stop();
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
        ck_assert(i == KIND_CHECK
                      ? status == STATUS_APPLIES
                      : (i != KIND_PING && i != KIND_STATUS) == (status == STATUS_BAD_KIND));
        status = load_u16(answers + FRAME_SIZE + RESPONSE_STATUS);
        ck_assert_uint_eq(status, i == 0 ? STATUS_APPLIES : STATUS_BAD_RESERVED);
    }
    check_others();
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
    check_others();
    close_booths();
    eligd_stop();
    ck_assert_uint_eq(eligd_total("record_bad_padding"), 3);
    ck_assert_uint_eq(eligd_total("record_unopened"), 1);
}
END_TEST

START_TEST(fault_06_many_connect_and_say_nothing)
{
    enum { SILENT = 800 };
    static int fds[SILENT];
    START("--hello-ms", "1000");
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
    stop("hello_closed", SILENT);
}
END_TEST

START_TEST(fault_07_a_hello_and_a_record_that_trickle_are_closed)
{
    static uint8_t record[ELIG_RECORD_SIZE_MAX];
    struct relay_plan slowly = RELAY_NOTHING;
    slowly.piece = 1;
    slowly.pause_us = 60000;
    START("--hello-ms", "300", "--frame-ms", "300");
    plan(RELAY_UP, slowly);
    booth_greet(&booth, relay.port);
    ck_assert(booth_is_shut_out(&booth));
    booth_open(&booth, market.port);
    market_ask(&booth, 1, 1);
    size_t size = put(&booth, 64, record);
    size_t sent = 0;
    while (sent < size && send(booth.fd, record + sent, 1, MSG_NOSIGNAL) == 1) {
        sent++;
        usleep(10000);
    }
    ck_assert_uint_lt(sent, size);
    check_others();
    close_booths();
    eligd_stop();
    ck_assert_uint_eq(eligd_total("hello_closed"), 1);
    ck_assert_uint_eq(eligd_total("frame_closed"), 1);
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
    check_others();
    stop("write_closed", 1);
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
    stop("broken", 0);
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
    close_booths();
    eligd_stop();
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
    check_others();
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
    check_others();
    stop("bad_frames", sizeof(identifiers) / sizeof(identifiers[0]) - 1);
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
    stop("hello_replayed", 0);
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
    close_booths();
    eligd_stop();
    ck_assert_uint_ge(eligd_total("over_limit"), MORE);
    ck_assert_uint_eq(eligd_total("accept_pauses"), 0);
}
END_TEST

/* ---- the network ---- */

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
    stop("record_unopened", 0);
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
    stop("frame_closed", 0);
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
    close_booths();
    eligd_stop();
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
    stop("checks", 3);
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
    close_booths();
    eligd_stop();
    ck_assert_uint_eq(eligd_total("hello_malformed"), 1);
    ck_assert_uint_eq(eligd_total("sessions"), 2);
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
    check_others();
    close_booths();
    eligd_stop();
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
    check_others();
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
    check_others();
    close_booths();
    eligd_stop();
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
    check_others();
    close_booths();
    eligd_stop();
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
    check_others();
    stop("record_unopened", 10);
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
    booth_close(&booth);
    eligd_stop();
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
