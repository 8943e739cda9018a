#include "tests/named.h"
#include "tests/sealed.h"

#include <signal.h>

static struct named_file vectors;

static void expect_bytes(const uint8_t *found, size_t size, const char *name)
{
    const struct named *wanted = named_find(&vectors, name);
    ck_assert_msg(size == wanted->size && memcmp(found, wanted->bytes, size) == 0,
                  "%s: other bytes", name);
}

static bool is_wiped(const struct noise_handshake *hs)
{
    return bytes_are_zero((const uint8_t *)hs, sizeof(*hs));
}

/* A frame that is none of padding, different for each number. */
static void fill_frame(uint8_t *frame, size_t number)
{
    for (size_t i = 0; i < FRAME_SIZE; i++)
        frame[i] = (uint8_t)(i + 7 * number);
    store_u32(frame + 8, (uint32_t)number + 1);
}

/* ---- vectors ---- */

START_TEST(names_and_prologue_are_those_of_the_vectors)
{
    struct sealed_side server = sealed_server();
    uint8_t prologue[PROLOGUE_SIZE];
    named_read(&vectors, "records.txt");
    prologue_make(prologue, server.server.key_id, server.environment);
    expect_bytes(server.keys.secret_key, NOISE_KEY_SIZE, "server_secret");
    expect_bytes(server.keys.public_key, NOISE_KEY_SIZE, "server_public");
    uint8_t environment[ENVIRONMENT_SIZE];
    store_u64(environment, server.environment);
    expect_bytes(environment, ENVIRONMENT_SIZE, "environment");
    expect_bytes(server.server.key_id, KEY_NAME_SIZE, "key_id");
    expect_bytes(server.server.mac1_key, sizeof(server.server.mac1_key), "mac1_key");
    expect_bytes(prologue, sizeof(prologue), "prologue");
}
END_TEST

START_TEST(the_handshake_is_that_of_the_vectors)
{
    struct sealed_side terminal = sealed_terminal(), server = sealed_server();
    uint8_t hello[HELLO_SIZE], accept[ACCEPT_SIZE], payload[ACCEPT_PAYLOAD_SIZE];
    named_read(&vectors, "records.txt");
    hello_encode(payload, &sealed_hello);
    expect_bytes(payload, HELLO_PAYLOAD_SIZE, "hello_payload");
    accept_encode(payload, &sealed_terms);
    expect_bytes(payload, ACCEPT_PAYLOAD_SIZE, "accept_payload");
    ck_assert(sealed_say_hello(&terminal, hello, &sealed_hello));
    expect_bytes(hello, sizeof(hello), "hello");
    ck_assert(sealed_hear_hello(&server, hello));
    expect_bytes(server.terminal_public, NOISE_KEY_SIZE, "terminal_public");
    ck_assert(sealed_say_accept(&server, accept));
    expect_bytes(accept, sizeof(accept), "accept");
    ck_assert_int_eq(sealed_hear_accept(&terminal, accept), ACCEPT_FINE);
    expect_bytes(terminal.handshake_hash, NOISE_HASH_SIZE, "handshake_hash");
    expect_bytes(server.handshake_hash, NOISE_HASH_SIZE, "handshake_hash");
    expect_bytes(terminal.send.key, NOISE_KEY_SIZE, "terminal_to_server_key");
    expect_bytes(terminal.receive.key, NOISE_KEY_SIZE, "server_to_terminal_key");
}
END_TEST

/* Seals the frames of that name, compares, and opens them on the other side. */
static void expect_data(struct noise_cipher *send, struct noise_cipher *receive, const char *whose,
                        int number)
{
    char name[NAMED_NAME_SIZE];
    uint8_t record[NAMED_SIZE_MAX];
    size_t frame_count = 0;
    snprintf(name, sizeof(name), "frames_of_%s_%d", whose, number);
    const struct named *frames = named_find(&vectors, name);
    memcpy(record + HEADER_SIZE, frames->bytes, frames->size);
    size_t size = record_seal(send, record, frames->size / FRAME_SIZE);
    snprintf(name, sizeof(name), "data_of_%s_%d", whose, number);
    expect_bytes(record, size, name);
    ck_assert(record_open(receive, record, size, &frame_count));
    ck_assert_uint_eq(frame_count * FRAME_SIZE, frames->size);
    ck_assert_mem_eq(record + HEADER_SIZE, frames->bytes, frames->size);
}

START_TEST(data_both_ways_and_busy_are_those_of_the_vectors)
{
    struct sealed_side terminal, server;
    uint8_t busy[BUSY_SIZE];
    sealed_open(&terminal, &server);
    named_read(&vectors, "records.txt");
    for (int i = 1; i <= 2; i++) {
        expect_data(&terminal.send, &server.receive, "terminal", i);
        expect_data(&server.send, &terminal.receive, "server", i);
    }
    busy_encode(busy, 1500);
    expect_bytes(busy, sizeof(busy), "busy");
    ck_assert_uint_eq(busy_decode(busy), 1500);
}
END_TEST

/* What is in the frames of the vectors, so that nobody learns wrong frames from them. */
START_TEST(the_frames_of_the_vectors_are_requests_and_answers)
{
    struct request request;
    struct response response;
    named_read(&vectors, "records.txt");
    const uint8_t *asked = named_bytes(&vectors, "frames_of_terminal_2", 4 * FRAME_SIZE);
    const uint8_t *told = named_bytes(&vectors, "frames_of_server_2", 4 * FRAME_SIZE);
    ck_assert_uint_eq(frames_before_pads(asked, 4), 2);
    ck_assert_uint_eq(frames_before_pads(told, 4), 2);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(frame_decode_request(&request, asked + FRAME_SIZE * i), STATUS_OK);
        ck_assert(frame_decode_response(&response, told + FRAME_SIZE * i));
        ck_assert_uint_eq(request.request_id, response.request_id);
    }
}
END_TEST

/* ---- headers ---- */

/* Once more, and otherwise than record.c. */
static enum record_fault fault_of(unsigned type, unsigned version, unsigned size)
{
    if (type != 1 && type != 2 && type != 3 && type != 16)
        return RECORD_BAD_TYPE;
    if (version != 1)
        return RECORD_BAD_VERSION;
    for (unsigned n = 1; type == 16 && n <= 255; n++) {
        if (size == 16 + 64 * n)
            return RECORD_FINE;
    }
    bool is_fixed =
        (type == 1 && size == 140) || (type == 2 && size == 88) || (type == 3 && size == 4);
    return is_fixed ? RECORD_FINE : RECORD_BAD_SIZE;
}

/* 1 when the header is taken, and then it encodes back to itself; else nothing is left behind. */
static size_t expect_header(unsigned type, unsigned version, unsigned size)
{
    const uint8_t bytes[HEADER_SIZE] = {(uint8_t)type, (uint8_t)version, (uint8_t)size,
                                        (uint8_t)(size >> 8)};
    uint8_t again[HEADER_SIZE];
    struct record_header out = {.type = 99, .body_size = 999};
    enum record_fault fault = record_header_decode(&out, bytes);
    bool is_good = fault == fault_of(type, version, size);
    if (fault == RECORD_FINE) {
        record_header_encode(again, &out);
        is_good = is_good && memcmp(again, bytes, HEADER_SIZE) == 0 && out.body_size == size;
    } else {
        is_good = is_good && out.type == 99 && out.body_size == 999;
    }
    if (!is_good) /* a call of Check for each of a million would take seconds */
        ck_abort_msg("type %u version %u size %u: %d", type, version, size, (int)fault);
    return fault == RECORD_FINE;
}

START_TEST(of_every_body_size_only_those_of_its_type_are_taken)
{
    static const struct {
        unsigned type;
        size_t taken;
    } types[] = {{RECORD_HELLO, 1},
                 {RECORD_ACCEPT, 1},
                 {RECORD_BUSY, 1},
                 {RECORD_DATA, 255},
                 {0, 0},
                 {4, 0},
                 {15, 0},
                 {17, 0}};
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        size_t taken = 0;
        for (unsigned size = 0; size <= UINT16_MAX; size++)
            taken += expect_header(types[i].type, RECORD_VERSION, size);
        ck_assert_uint_eq(taken, types[i].taken);
    }
}
END_TEST

START_TEST(of_every_type_and_version_only_the_listed_ones_are_taken)
{
    static const unsigned sizes[] = {4, 80, 88, 140, 16336, 0, UINT16_MAX};
    for (unsigned type = 0; type <= UINT8_MAX; type++) {
        for (unsigned version = 0; version <= UINT8_MAX; version++) {
            for (size_t i = 0; i < COUNT_OF(sizes); i++)
                expect_header(type, version, sizes[i]);
        }
    }
}
END_TEST

/* ---- payloads ---- */

START_TEST(a_hello_without_terminal_or_counter_is_refused)
{
    uint8_t payload[HELLO_PAYLOAD_SIZE];
    struct hello out = {.firmware = 5}, before = out;
    hello_encode(payload, &sealed_hello);
    store_u32(payload + HELLO_TERMINAL, 0);
    ck_assert(!hello_decode(&out, payload));
    hello_encode(payload, &sealed_hello);
    store_u64(payload + HELLO_COUNTER, 0);
    ck_assert(!hello_decode(&out, payload));
    ck_assert_mem_eq(&out, &before, sizeof(out));
    hello_encode(payload, &(struct hello){.terminal_id = UINT32_MAX, .counter = UINT64_MAX});
    ck_assert(hello_decode(&out, payload));
    ck_assert(out.terminal_id == UINT32_MAX && out.counter == UINT64_MAX && out.time_ms == 0);
}
END_TEST

/* One field of the terms of the vectors changed. */
static const struct {
    size_t at;
    size_t size;
    uint64_t value;
    bool is_good;
} terms[] = {
    {ACCEPT_TIME_MS, 8, 0, true},
    {ACCEPT_GENERATION, 8, 0, true},
    {ACCEPT_SESSION, 8, 0, false},
    {ACCEPT_SESSION, 8, UINT64_MAX, true},
    {ACCEPT_FRAMES_MAX, 2, 0, false},
    {ACCEPT_FRAMES_MAX, 2, 1, true},
    {ACCEPT_FRAMES_MAX, 2, 256, false},
    {ACCEPT_FRAMES_MAX, 2, 1020, false},
    {ACCEPT_IN_FLIGHT_MAX, 2, 254, false},
    {ACCEPT_IN_FLIGHT_MAX, 2, 255, true},
    {ACCEPT_IN_FLIGHT_MAX, 2, UINT16_MAX, true},
    {ACCEPT_IDENTIFIERS_MIN, 4, 0, true},
    {ACCEPT_IDENTIFIERS_MIN, 4, UINT32_MAX, true},
    {ACCEPT_RECORDS_MAX, 4, 0, false},
    {ACCEPT_RECORDS_MAX, 4, 1, true},
    {ACCEPT_RECORDS_MAX, 4, SESSION_RECORDS_MAX + 1, false},
    {ACCEPT_IDLE_S, 2, 0, false},
    {ACCEPT_IDLE_S, 2, UINT16_MAX, true},
    {ACCEPT_FLAGS, 2, ACCEPT_DRAINING, true},
    {ACCEPT_FLAGS, 2, 0x0002, false},
    {ACCEPT_FLAGS, 2, 0x0003, false},
    {ACCEPT_FLAGS, 2, 0x0004, false},
    {ACCEPT_FLAGS, 2, 0x0008, false},
    {ACCEPT_FLAGS, 2, 0x0010, false},
    {ACCEPT_FLAGS, 2, 0x0020, false},
    {ACCEPT_FLAGS, 2, 0x0040, false},
    {ACCEPT_FLAGS, 2, 0x0080, false},
    {ACCEPT_FLAGS, 2, 0x0100, false},
    {ACCEPT_FLAGS, 2, 0x0200, false},
    {ACCEPT_FLAGS, 2, 0x0400, false},
    {ACCEPT_FLAGS, 2, 0x0800, false},
    {ACCEPT_FLAGS, 2, 0x1000, false},
    {ACCEPT_FLAGS, 2, 0x2000, false},
    {ACCEPT_FLAGS, 2, 0x4000, false},
    {ACCEPT_FLAGS, 2, 0x8000, false},
};

START_TEST(terms_are_taken_within_their_bounds_only)
{
    uint8_t payload[ACCEPT_PAYLOAD_SIZE], again[ACCEPT_PAYLOAD_SIZE];
    struct accept out, before;
    memset(&out, 0xa5, sizeof(out));
    before = out;
    accept_encode(payload, &sealed_terms);
    for (size_t i = 0; i < terms[_i].size; i++)
        payload[terms[_i].at + i] = (uint8_t)(terms[_i].value >> 8 * i);
    ck_assert(accept_decode(&out, payload) == terms[_i].is_good);
    if (terms[_i].is_good) {
        accept_encode(again, &out);
        ck_assert_mem_eq(again, payload, sizeof(payload));
    } else {
        ck_assert_mem_eq(&out, &before, sizeof(out));
    }
}
END_TEST

/* Sealed by a server that means it: a seal that fits is no reason to believe the rest. */
START_TEST(terms_out_of_bounds_are_refused_under_a_good_seal)
{
    struct sealed_side terminal = sealed_terminal(), server = sealed_server();
    uint8_t hello[HELLO_SIZE], record[ACCEPT_SIZE], payload[ACCEPT_PAYLOAD_SIZE];
    struct accept before = terminal.accept;
    ck_assert(sealed_say_hello(&terminal, hello, &sealed_hello));
    ck_assert(sealed_hear_hello(&server, hello));
    accept_encode(payload, &sealed_terms);
    store_u16(payload + ACCEPT_FLAGS, 2);
    record_header_encode(record, &(struct record_header){RECORD_ACCEPT, ACCEPT_BODY_SIZE});
    ck_assert(noise_write_accept(&server.handshake, record + HEADER_SIZE, payload, sizeof(payload),
                                 server.psk.bytes, server.ephemeral.bytes));
    ck_assert_int_eq(sealed_hear_accept(&terminal, record), ACCEPT_BAD_TERMS);
    ck_assert_mem_eq(&terminal.accept, &before, sizeof(before));
    ck_assert(is_wiped(&terminal.handshake));
}
END_TEST

START_TEST(a_hello_out_of_bounds_is_refused_under_a_good_seal)
{
    struct sealed_side terminal = sealed_terminal(), server = sealed_server();
    uint8_t record[HELLO_SIZE], prologue[PROLOGUE_SIZE];
    static const uint8_t zeros[HELLO_PAYLOAD_SIZE], who[NOISE_KEY_SIZE];
    ck_assert(sealed_say_hello(&terminal, record, &sealed_hello));
    prologue_make(prologue, server.server.key_id, server.environment);
    noise_start_initiator(&terminal.handshake, &terminal.keys, server.server.public_key,
                          terminal.psk.bytes, prologue, sizeof(prologue));
    ck_assert(noise_write_hello(&terminal.handshake, record + HEADER_SIZE + HELLO_EPHEMERAL, zeros,
                                sizeof(zeros), terminal.ephemeral.bytes));
    mac1_make(record + HEADER_SIZE + HELLO_MAC1, record, &server.server);
    ck_assert(hello_is_addressed(record, &server.server));
    ck_assert(!sealed_hear_hello(&server, record));
    ck_assert_mem_eq(server.terminal_public, who, sizeof(who));
    ck_assert(is_wiped(&server.handshake));
}
END_TEST

/* ---- HELLO ---- */

typedef bool addressed_function(const uint8_t *, const struct server_name *);

/* Whether every bit of a HELLO matters to who looks whether it is addressed to him. */
static bool notices_every_bit(addressed_function *is_addressed)
{
    struct sealed_side terminal = sealed_terminal();
    uint8_t record[HELLO_SIZE];
    if (!sealed_say_hello(&terminal, record, &sealed_hello) ||
        !is_addressed(record, &terminal.server))
        return false;
    for (size_t i = 0; i < 8 * HELLO_SIZE; i++) {
        record[i / 8] ^= (uint8_t)(1u << i % 8);
        if (is_addressed(record, &terminal.server))
            return false;
        record[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    return true;
}

static bool is_addressed(const uint8_t *record, const struct server_name *server)
{
    return hello_is_addressed(record, server);
}

/* Negative twins: mac1 is not looked at, or does not cover what stands before it. */

static bool is_addressed_by_key_id(const uint8_t *record, const struct server_name *server)
{
    struct record_header header;
    return record_header_decode(&header, record) == RECORD_FINE &&
           memcmp(record + HEADER_SIZE + HELLO_KEY_ID, server->key_id, KEY_NAME_SIZE) == 0;
}

static bool is_addressed_by_mac1(const uint8_t *record, const struct server_name *server)
{
    uint8_t copy[HELLO_SIZE];
    memcpy(copy, record, HELLO_SIZE);
    memcpy(copy + HEADER_SIZE + HELLO_KEY_ID, server->key_id, KEY_NAME_SIZE);
    return hello_is_addressed(copy, server);
}

START_TEST(every_bit_of_a_hello_matters_to_mac1)
{
    ck_assert(notices_every_bit(is_addressed));
    ck_assert(!notices_every_bit(is_addressed_by_key_id));
    ck_assert(!notices_every_bit(is_addressed_by_mac1));
}
END_TEST

/* mac1 is no secret: who changes a HELLO can make it anew. */
START_TEST(every_byte_of_a_hello_matters_behind_mac1)
{
    struct sealed_side terminal = sealed_terminal();
    uint8_t record[HELLO_SIZE];
    ck_assert(sealed_say_hello(&terminal, record, &sealed_hello));
    for (size_t i = HEADER_SIZE + HELLO_EPHEMERAL; i < HELLO_SIZE; i++) {
        struct sealed_side server = sealed_server();
        record[i] ^= 0x40;
        mac1_make(record + HEADER_SIZE + HELLO_MAC1, record, &server.server);
        ck_assert(hello_is_addressed(record, &server.server));
        ck_assert(!sealed_hear_hello(&server, record));
        ck_assert(is_wiped(&server.handshake));
        record[i] ^= 0x40;
    }
    struct sealed_side server = sealed_server();
    mac1_make(record + HEADER_SIZE + HELLO_MAC1, record, &server.server);
    ck_assert(sealed_hear_hello(&server, record));
}
END_TEST

START_TEST(a_hello_says_who_the_terminal_is)
{
    struct sealed_side terminal = sealed_terminal(), server = sealed_server();
    uint8_t record[HELLO_SIZE];
    ck_assert(sealed_say_hello(&terminal, record, &sealed_hello));
    ck_assert(sealed_hear_hello(&server, record));
    ck_assert_mem_eq(server.terminal_public, terminal.keys.public_key, NOISE_KEY_SIZE);
    ck_assert_uint_eq(server.hello.terminal_id, sealed_hello.terminal_id);
    ck_assert_uint_eq(server.hello.firmware, sealed_hello.firmware);
    ck_assert_uint_eq(server.hello.counter, sealed_hello.counter);
    ck_assert_uint_eq(server.hello.time_ms, sealed_hello.time_ms);
}
END_TEST

START_TEST(a_hello_to_another_environment_is_refused)
{
    struct sealed_side terminal = sealed_terminal(), server = sealed_server();
    uint8_t record[HELLO_SIZE];
    terminal.environment = 0;
    ck_assert(sealed_say_hello(&terminal, record, &sealed_hello));
    ck_assert(hello_is_addressed(record, &server.server));
    ck_assert(!sealed_hear_hello(&server, record));
    server.environment = 0;
    ck_assert(sealed_hear_hello(&server, record));
}
END_TEST

START_TEST(a_hello_to_another_server_is_refused)
{
    struct sealed_side terminal = sealed_terminal(), server = sealed_server();
    struct noise_keys other = sealed_keys_of(1);
    uint8_t record[HELLO_SIZE];
    server_name_make(&terminal.server, other.public_key);
    ck_assert(sealed_say_hello(&terminal, record, &sealed_hello));
    ck_assert(!hello_is_addressed(record, &server.server));
    ck_assert(hello_is_addressed(record, &terminal.server));
    /* even when it was turned round to this one's name */
    memcpy(record + HEADER_SIZE + HELLO_KEY_ID, server.server.key_id, KEY_NAME_SIZE);
    mac1_make(record + HEADER_SIZE + HELLO_MAC1, record, &server.server);
    ck_assert(hello_is_addressed(record, &server.server));
    ck_assert(!sealed_hear_hello(&server, record));
}
END_TEST

/* Both keys of a server are the same to everything but the prologue. */
START_TEST(a_hello_under_another_key_id_is_refused)
{
    struct sealed_side terminal = sealed_terminal(), server = sealed_server();
    uint8_t record[HELLO_SIZE];
    terminal.server.key_id[0] ^= 1;
    ck_assert(sealed_say_hello(&terminal, record, &sealed_hello));
    ck_assert(!hello_is_addressed(record, &server.server));
    record[HEADER_SIZE + HELLO_KEY_ID] ^= 1;
    mac1_make(record + HEADER_SIZE + HELLO_MAC1, record, &server.server);
    ck_assert(hello_is_addressed(record, &server.server));
    ck_assert(!sealed_hear_hello(&server, record));
}
END_TEST

/* ---- ACCEPT ---- */

START_TEST(every_byte_of_an_accept_matters)
{
    struct sealed_side terminal = sealed_terminal(), server = sealed_server();
    uint8_t hello[HELLO_SIZE], record[ACCEPT_SIZE];
    ck_assert(sealed_say_hello(&terminal, hello, &sealed_hello));
    ck_assert(sealed_hear_hello(&server, hello));
    ck_assert(sealed_say_accept(&server, record));
    for (size_t i = 0; i < ACCEPT_SIZE; i++) {
        struct sealed_side copy = terminal;
        record[i] ^= 0x40;
        ck_assert_msg(sealed_hear_accept(&copy, record) == ACCEPT_BAD_SEAL, "byte %zu", i);
        ck_assert(is_wiped(&copy.handshake));
        record[i] ^= 0x40;
    }
    ck_assert_int_eq(sealed_hear_accept(&terminal, record), ACCEPT_FINE);
}
END_TEST

START_TEST(an_accept_under_another_psk_is_refused)
{
    struct sealed_side terminal = sealed_terminal(), server = sealed_server();
    uint8_t hello[HELLO_SIZE], record[ACCEPT_SIZE];
    server.psk.bytes[31] ^= 1;
    ck_assert(sealed_say_hello(&terminal, hello, &sealed_hello));
    ck_assert(sealed_hear_hello(&server, hello));
    ck_assert(sealed_say_accept(&server, record));
    ck_assert_int_eq(sealed_hear_accept(&terminal, record), ACCEPT_BAD_SEAL);
}
END_TEST

/* ---- BUSY ---- */

START_TEST(a_wait_stays_within_its_bounds)
{
    static const struct {
        uint32_t told_ms, least_ms;
    } waits[] = {{0, 100},       {99, 100},      {100, 100},         {1500, 1500},
                 {30000, 30000}, {30001, 30000}, {UINT32_MAX, 30000}};
    for (size_t i = 0; i < COUNT_OF(waits); i++) {
        uint32_t least = waits[i].least_ms, most_found = 0;
        for (uint32_t random = 0; random < 20000; random++) {
            uint32_t wait = busy_wait_ms(waits[i].told_ms, random);
            if (wait < least || wait > least + least / 2)
                ck_abort_msg("told %u: %u", waits[i].told_ms, wait);
            most_found = wait > most_found ? wait : most_found;
        }
        ck_assert_uint_eq(busy_wait_ms(waits[i].told_ms, 0), least);
        ck_assert_uint_eq(most_found, least + least / 2);
        ck_assert(busy_wait_ms(waits[i].told_ms, UINT32_MAX) <= least + least / 2);
    }
}
END_TEST

/* ---- DATA ---- */

static size_t make_data(struct noise_cipher *send, uint8_t *record, size_t frame_count)
{
    for (size_t i = 0; i < frame_count; i++)
        fill_frame(record + HEADER_SIZE + FRAME_SIZE * i, i);
    return record_seal(send, record, frame_count);
}

START_TEST(every_number_of_frames_comes_through)
{
    struct sealed_side terminal, server;
    uint8_t record[RECORD_SIZE_MAX], frame[FRAME_SIZE];
    sealed_open(&terminal, &server);
    for (size_t count = 1; count <= RECORD_FRAMES_MAX; count++) {
        size_t found = 0;
        size_t size = make_data(&terminal.send, record, count);
        ck_assert_uint_eq(size, 20 + 64 * count);
        ck_assert(record_open(&server.receive, record, size, &found));
        ck_assert_uint_eq(found, count);
        for (size_t i = 0; i < count; i++) {
            fill_frame(frame, i);
            ck_assert_mem_eq(record + HEADER_SIZE + FRAME_SIZE * i, frame, FRAME_SIZE);
        }
    }
    ck_assert_uint_eq(server.receive.counter, RECORD_FRAMES_MAX);
}
END_TEST

/* Whether it is refused, with the next good one still taken. */
static bool data_is_refused(const struct sealed_side *server, const uint8_t *record, size_t size)
{
    struct noise_cipher receive = server->receive;
    uint8_t copy[RECORD_SIZE_MAX + 64];
    size_t frame_count = 77;
    memcpy(copy, record, size);
    bool is_taken = record_open(&receive, copy, size, &frame_count);
    ck_assert(is_taken || (frame_count == 77 && receive.counter == server->receive.counter));
    return !is_taken;
}

START_TEST(every_bit_of_data_matters)
{
    struct sealed_side terminal, server;
    uint8_t record[DATA_SIZE(3)];
    sealed_open(&terminal, &server);
    size_t size = make_data(&terminal.send, record, 3);
    for (size_t i = 0; i < 8 * size; i++) {
        record[i / 8] ^= (uint8_t)(1u << i % 8);
        ck_assert_msg(data_is_refused(&server, record, size), "bit %zu", i);
        record[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    ck_assert(!data_is_refused(&server, record, size));
}
END_TEST

START_TEST(data_cut_short_or_long_is_refused)
{
    struct sealed_side terminal, server;
    uint8_t record[DATA_SIZE(3) + 64] = {0};
    sealed_open(&terminal, &server);
    size_t size = make_data(&terminal.send, record, 3);
    for (size_t cut = 0; cut < sizeof(record); cut++)
        ck_assert(data_is_refused(&server, record, cut) == (cut != size));
    /* the same with a header that says so */
    store_u16(record + HEADER_BODY_SIZE, DATA_BODY_SIZE(2));
    ck_assert(data_is_refused(&server, record, DATA_SIZE(2)));
    store_u16(record + HEADER_BODY_SIZE, DATA_BODY_SIZE(4));
    ck_assert(data_is_refused(&server, record, DATA_SIZE(4)));
}
END_TEST

START_TEST(data_is_taken_once_in_its_order_and_in_its_direction)
{
    struct sealed_side terminal, server, other_terminal, other_server;
    uint8_t records[3][DATA_SIZE(1)], back[DATA_SIZE(1)], copy[DATA_SIZE(1)];
    size_t count = 0;
    sealed_open(&terminal, &server);
    for (size_t i = 0; i < 3; i++)
        make_data(&terminal.send, records[i], 1);
    make_data(&server.send, back, 1);
    ck_assert(data_is_refused(&server, back, sizeof(back)));         /* mirrored */
    ck_assert(data_is_refused(&server, records[1], sizeof(copy)));   /* one left out */
    ck_assert(data_is_refused(&terminal, records[0], sizeof(copy))); /* mirrored */
    memcpy(copy, records[0], sizeof(copy));
    ck_assert(record_open(&server.receive, copy, sizeof(copy), &count));
    ck_assert(data_is_refused(&server, records[0], sizeof(copy))); /* a second time */
    ck_assert(data_is_refused(&server, records[2], sizeof(copy))); /* out of order */
    ck_assert(!data_is_refused(&server, records[1], sizeof(copy)));
    /* into another session of the same two */
    other_terminal = sealed_terminal();
    other_server = sealed_server();
    other_server.ephemeral = sealed_key_of(200);
    uint8_t hello[HELLO_SIZE], accept[ACCEPT_SIZE];
    ck_assert(sealed_say_hello(&other_terminal, hello, &sealed_hello));
    ck_assert(sealed_hear_hello(&other_server, hello));
    ck_assert(sealed_say_accept(&other_server, accept));
    ck_assert(data_is_refused(&other_server, records[0], sizeof(copy)));
}
END_TEST

START_TEST(a_session_ends_after_its_last_record)
{
    struct sealed_side terminal, server;
    uint8_t record[DATA_SIZE(1)];
    size_t count = 0;
    sealed_open(&terminal, &server);
    terminal.send.counter = server.receive.counter = SESSION_RECORDS_MAX - 1;
    size_t size = make_data(&terminal.send, record, 1);
    ck_assert(record_open(&server.receive, record, size, &count));
    ck_assert_uint_eq(server.receive.counter, SESSION_RECORDS_MAX);
    noise_seal(&terminal.send, record + HEADER_SIZE, record, HEADER_SIZE, record + HEADER_SIZE,
               FRAME_SIZE); /* one more, as its terminal may not */
    ck_assert(!record_open(&server.receive, record, size, &count));
}
END_TEST

/* ---- padding ---- */

START_TEST(padding_is_no_frame)
{
    uint8_t frame[FRAME_SIZE] = {0};
    struct request request;
    struct response response;
    ck_assert(frame_is_pad(frame));
    ck_assert_int_eq(frame_decode_request(&request, frame), STATUS_BAD_VERSION);
    ck_assert(!frame_decode_response(&response, frame));
    for (size_t i = 0; i < 8 * FRAME_SIZE; i++) {
        frame[i / 8] = (uint8_t)(1u << i % 8);
        ck_assert(!frame_is_pad(frame));
        frame[i / 8] = 0;
    }
}
END_TEST

static const struct {
    const char *frames; /* f: frame, p: padding */
    size_t count;
} paddings[] = {
    {"f", 1},   {"p", 0},    {"fp", 1},  {"pf", 0},   {"ff", 2},   {"fpp", 1},
    {"fpf", 0}, {"ffpp", 2}, {"pff", 0}, {"ffpf", 0}, {"pppp", 0}, {"fffp", 3},
};

START_TEST(padding_stands_behind_the_frames_only)
{
    uint8_t frames[4 * FRAME_SIZE] = {0};
    size_t count = strlen(paddings[_i].frames);
    for (size_t i = 0; i < count; i++) {
        if (paddings[_i].frames[i] == 'f')
            frames[FRAME_SIZE * i + 63] = 1;
    }
    ck_assert_uint_eq(frames_before_pads(at_the_edge(frames, FRAME_SIZE * count), count),
                      paddings[_i].count);
}
END_TEST

START_TEST(few_sizes_are_left_after_padding)
{
    static const struct {
        size_t count, frames_max, padded;
    } sizes[] = {{1, 255, 1},     {2, 255, 4},   {4, 255, 4},    {5, 255, 16},    {16, 255, 16},
                 {17, 255, 64},   {64, 255, 64}, {65, 255, 255}, {255, 255, 255}, {1, 1, 1},
                 {2, 3, 3},       {3, 3, 3},     {5, 10, 10},    {17, 63, 63},    {65, 100, 100},
                 {100, 100, 100}, {4, 100, 4}};
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        ck_assert_uint_eq(padded_frame_count(sizes[i].count, sizes[i].frames_max), sizes[i].padded);
    for (size_t most = 1; most <= RECORD_FRAMES_MAX; most++) {
        for (size_t count = 1; count <= most; count++) {
            size_t padded = padded_frame_count(count, most);
            ck_assert(padded >= count && padded <= most);
        }
    }
}
END_TEST

/* ---- negative twins: encoders assert what decoders refuse ---- */

START_TEST(sealing_after_the_last_record_is_a_bug)
{
    struct noise_cipher send = {.counter = SESSION_RECORDS_MAX};
    uint8_t record[DATA_SIZE(1)] = {0};
    record_seal(&send, record, 1);
}
END_TEST

START_TEST(sealing_no_frame_is_a_bug)
{
    struct noise_cipher send = {.counter = 0};
    uint8_t record[DATA_SIZE(1)] = {0};
    record_seal(&send, record, 0);
}
END_TEST

START_TEST(sealing_too_many_frames_is_a_bug)
{
    struct noise_cipher send = {.counter = 0};
    static uint8_t record[DATA_SIZE(RECORD_FRAMES_MAX + 1)];
    record_seal(&send, record, RECORD_FRAMES_MAX + 1);
}
END_TEST

START_TEST(telling_a_reserved_flag_is_a_bug)
{
    uint8_t payload[ACCEPT_PAYLOAD_SIZE];
    struct accept accept = sealed_terms;
    accept.flags = 2;
    accept_encode(payload, &accept);
}
END_TEST

START_TEST(a_header_of_no_type_is_a_bug)
{
    uint8_t header[HEADER_SIZE];
    record_header_encode(header, &(struct record_header){4, 4});
}
END_TEST

static void add_bytes(TCase *tests)
{
    tcase_add_test(tests, names_and_prologue_are_those_of_the_vectors);
    tcase_add_test(tests, the_handshake_is_that_of_the_vectors);
    tcase_add_test(tests, data_both_ways_and_busy_are_those_of_the_vectors);
    tcase_add_test(tests, the_frames_of_the_vectors_are_requests_and_answers);
    tcase_add_test(tests, of_every_body_size_only_those_of_its_type_are_taken);
    tcase_add_test(tests, of_every_type_and_version_only_the_listed_ones_are_taken);
    tcase_add_test(tests, a_hello_without_terminal_or_counter_is_refused);
    tcase_add_loop_test(tests, terms_are_taken_within_their_bounds_only, 0, COUNT_OF(terms));
    tcase_add_test(tests, a_wait_stays_within_its_bounds);
    tcase_add_test(tests, padding_is_no_frame);
    tcase_add_loop_test(tests, padding_stands_behind_the_frames_only, 0, COUNT_OF(paddings));
    tcase_add_test(tests, few_sizes_are_left_after_padding);
}

static void add_refusals(TCase *tests)
{
    tcase_add_test(tests, terms_out_of_bounds_are_refused_under_a_good_seal);
    tcase_add_test(tests, a_hello_out_of_bounds_is_refused_under_a_good_seal);
    tcase_add_test(tests, every_bit_of_a_hello_matters_to_mac1);
    tcase_add_test(tests, every_byte_of_a_hello_matters_behind_mac1);
    tcase_add_test(tests, a_hello_says_who_the_terminal_is);
    tcase_add_test(tests, a_hello_to_another_environment_is_refused);
    tcase_add_test(tests, a_hello_to_another_server_is_refused);
    tcase_add_test(tests, a_hello_under_another_key_id_is_refused);
    tcase_add_test(tests, every_byte_of_an_accept_matters);
    tcase_add_test(tests, an_accept_under_another_psk_is_refused);
    tcase_add_test(tests, every_number_of_frames_comes_through);
    tcase_add_test(tests, every_bit_of_data_matters);
    tcase_add_test(tests, data_cut_short_or_long_is_refused);
    tcase_add_test(tests, data_is_taken_once_in_its_order_and_in_its_direction);
    tcase_add_test(tests, a_session_ends_after_its_last_record);
}

static void add_bugs(TCase *bugs)
{
    const char *fork = getenv("CK_FORK"); /* "no" under valgrind: an abort would end the suite */
    if (fork != NULL && strcmp(fork, "no") == 0)
        return;
    tcase_add_test_raise_signal(bugs, sealing_after_the_last_record_is_a_bug, SIGABRT);
    tcase_add_test_raise_signal(bugs, sealing_no_frame_is_a_bug, SIGABRT);
    tcase_add_test_raise_signal(bugs, sealing_too_many_frames_is_a_bug, SIGABRT);
    tcase_add_test_raise_signal(bugs, telling_a_reserved_flag_is_a_bug, SIGABRT);
    tcase_add_test_raise_signal(bugs, a_header_of_no_type_is_a_bug, SIGABRT);
}

int main(void)
{
    Suite *suite = suite_create("record");
    TCase *bytes = tcase_create("bytes"), *refusals = tcase_create("refusals");
    TCase *bugs = tcase_create("bugs");
    if (!noise_ready())
        errx(1, "libsodium did not start");
    add_bytes(bytes);
    add_refusals(refusals);
    add_bugs(bugs);
    suite_add_tcase(suite, bytes);
    suite_add_tcase(suite, refusals);
    suite_add_tcase(suite, bugs);
    return support_run(suite);
}
