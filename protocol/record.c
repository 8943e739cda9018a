#include "protocol/record.h"

#include <sodium.h>
#include <string.h>

/* Both are a promise to every terminal: another protocol has other ones. */
static const char PROLOGUE_LABEL[] = "elig/1";
static const char MAC1_LABEL[] = "elig-mac1";

static_assert(PROLOGUE_SIZE ==
                  sizeof(PROLOGUE_LABEL) - 1 + HEADER_SIZE + KEY_NAME_SIZE + ENVIRONMENT_SIZE,
              "the prologue is these four");
static_assert(MAC1_SIZE >= crypto_generichash_BYTES_MIN, "mac1 is a BLAKE2b of its own");
static_assert(sizeof(((struct server_name *)0)->mac1_key) == crypto_generichash_BYTES,
              "the key of mac1 is a BLAKE2b-256");

/* Headers */

static bool size_fits(uint8_t type, uint16_t body_size)
{
    switch (type) {
    case RECORD_HELLO:
        return body_size == HELLO_BODY_SIZE;
    case RECORD_ACCEPT:
        return body_size == ACCEPT_BODY_SIZE;
    case RECORD_BUSY:
        return body_size == BUSY_BODY_SIZE;
    default: /* DATA */
        return body_size >= DATA_BODY_SIZE(1) && body_size <= DATA_BODY_SIZE(RECORD_FRAMES_MAX) &&
               (body_size - NOISE_TAG_SIZE) % FRAME_SIZE == 0;
    }
}

static bool type_is_known(uint8_t type)
{
    return (type >= RECORD_HELLO && type <= RECORD_BUSY) || type == RECORD_DATA;
}

enum record_fault record_header_decode(struct record_header *out,
                                       const uint8_t header[static HEADER_SIZE])
{
    struct record_header h = {
        .type = header[HEADER_TYPE],
        .body_size = load_u16(header + HEADER_BODY_SIZE),
    };
    if (!type_is_known(h.type))
        return RECORD_BAD_TYPE;
    if (header[HEADER_VERSION] != RECORD_VERSION)
        return RECORD_BAD_VERSION;
    if (!size_fits(h.type, h.body_size))
        return RECORD_BAD_SIZE;
    *out = h;
    return RECORD_FINE;
}

void record_header_encode(uint8_t header[static HEADER_SIZE], const struct record_header *in)
{
    assert(type_is_known(in->type) && size_fits(in->type, in->body_size));
    header[HEADER_TYPE] = in->type;
    header[HEADER_VERSION] = RECORD_VERSION;
    store_u16(header + HEADER_BODY_SIZE, in->body_size);
}

static void put_header(uint8_t *record, enum record_type type, size_t body_size)
{
    record_header_encode(record, &(struct record_header){(uint8_t)type, (uint16_t)body_size});
}

static bool header_is(const uint8_t *record, enum record_type type)
{
    struct record_header header;
    return record_header_decode(&header, record) == RECORD_FINE && header.type == type;
}

/* Who is spoken to */

void server_name_make(struct server_name *out, const uint8_t public_key[static NOISE_KEY_SIZE])
{
    uint8_t digest[crypto_generichash_BYTES];
    crypto_generichash_state state;
    memcpy(out->public_key, public_key, NOISE_KEY_SIZE);
    crypto_generichash(digest, sizeof(digest), public_key, NOISE_KEY_SIZE, NULL, 0);
    memcpy(out->key_id, digest, KEY_NAME_SIZE);
    crypto_generichash_init(&state, NULL, 0, sizeof(out->mac1_key));
    crypto_generichash_update(&state, (const uint8_t *)MAC1_LABEL, sizeof(MAC1_LABEL) - 1);
    crypto_generichash_update(&state, public_key, NOISE_KEY_SIZE);
    crypto_generichash_final(&state, out->mac1_key, sizeof(out->mac1_key));
}

void prologue_make(uint8_t prologue[static PROLOGUE_SIZE],
                   const uint8_t key_id[static KEY_NAME_SIZE], uint32_t environment)
{
    uint8_t *at = prologue;
    memcpy(at, PROLOGUE_LABEL, sizeof(PROLOGUE_LABEL) - 1);
    at += sizeof(PROLOGUE_LABEL) - 1;
    put_header(at, RECORD_HELLO, HELLO_BODY_SIZE);
    at += HEADER_SIZE;
    memcpy(at, key_id, KEY_NAME_SIZE);
    store_u64(at + KEY_NAME_SIZE, environment);
}

/* HELLO */

static bool hello_is_sane(const struct hello *hello)
{
    return hello->terminal_id != 0 && hello->counter != 0;
}

void hello_encode(uint8_t payload[static HELLO_PAYLOAD_SIZE], const struct hello *in)
{
    assert(hello_is_sane(in));
    store_u32(payload + HELLO_TERMINAL, in->terminal_id);
    store_u32(payload + HELLO_FIRMWARE, in->firmware);
    store_u64(payload + HELLO_COUNTER, in->counter);
    store_u64(payload + HELLO_TIME_MS, in->time_ms);
}

bool hello_decode(struct hello *out, const uint8_t payload[static HELLO_PAYLOAD_SIZE])
{
    struct hello hello = {
        .terminal_id = load_u32(payload + HELLO_TERMINAL),
        .firmware = load_u32(payload + HELLO_FIRMWARE),
        .counter = load_u64(payload + HELLO_COUNTER),
        .time_ms = load_u64(payload + HELLO_TIME_MS),
    };
    if (!hello_is_sane(&hello))
        return false;
    *out = hello;
    return true;
}

void mac1_make(uint8_t mac1[static MAC1_SIZE], const uint8_t record[static HELLO_SIZE],
               const struct server_name *server)
{
    const size_t before = HEADER_SIZE + HELLO_MAC1, after = before + MAC1_SIZE;
    crypto_generichash_state state;
    crypto_generichash_init(&state, server->mac1_key, sizeof(server->mac1_key), MAC1_SIZE);
    crypto_generichash_update(&state, record, before);
    crypto_generichash_update(&state, record + after, HELLO_SIZE - after);
    crypto_generichash_final(&state, mac1, MAC1_SIZE);
}

bool hello_seal(uint8_t record[static HELLO_SIZE], struct noise_handshake *hs,
                const struct noise_keys *terminal, const struct server_name *server,
                const uint8_t psk[static NOISE_KEY_SIZE], uint32_t environment,
                const struct hello *in, const uint8_t ephemeral_secret[static NOISE_KEY_SIZE])
{
    uint8_t prologue[PROLOGUE_SIZE], payload[HELLO_PAYLOAD_SIZE];
    uint8_t *body = record + HEADER_SIZE;
    prologue_make(prologue, server->key_id, environment);
    noise_start_initiator(hs, terminal, server->public_key, psk, prologue, sizeof(prologue));
    hello_encode(payload, in);
    if (!noise_write_hello(hs, body + HELLO_EPHEMERAL, payload, sizeof(payload), ephemeral_secret))
        return false;
    put_header(record, RECORD_HELLO, HELLO_BODY_SIZE);
    memcpy(body + HELLO_KEY_ID, server->key_id, KEY_NAME_SIZE);
    mac1_make(body + HELLO_MAC1, record, server);
    return true;
}

bool hello_is_addressed(const uint8_t record[static HELLO_SIZE], const struct server_name *server)
{
    uint8_t mac1[MAC1_SIZE];
    if (!header_is(record, RECORD_HELLO) ||
        sodium_memcmp(record + HEADER_SIZE + HELLO_KEY_ID, server->key_id, KEY_NAME_SIZE) != 0)
        return false;
    mac1_make(mac1, record, server);
    return sodium_memcmp(record + HEADER_SIZE + HELLO_MAC1, mac1, MAC1_SIZE) == 0;
}

bool hello_open(struct hello *out, uint8_t terminal_public[static NOISE_KEY_SIZE],
                struct noise_handshake *hs, const struct noise_keys *server_keys,
                const struct server_name *server, uint32_t environment,
                const uint8_t record[static HELLO_SIZE])
{
    uint8_t prologue[PROLOGUE_SIZE], payload[HELLO_PAYLOAD_SIZE], who[NOISE_KEY_SIZE];
    struct hello hello;
    prologue_make(prologue, server->key_id, environment);
    noise_start_responder(hs, server_keys, prologue, sizeof(prologue));
    if (!noise_read_hello(hs, who, payload, record + HEADER_SIZE + HELLO_EPHEMERAL,
                          HELLO_BODY_SIZE - HELLO_EPHEMERAL))
        return false;
    if (!hello_decode(&hello, payload)) {
        noise_wipe(hs, sizeof(*hs));
        return false;
    }
    *out = hello;
    memcpy(terminal_public, who, NOISE_KEY_SIZE);
    return true;
}

/* ACCEPT */

static bool accept_is_sane(const struct accept *accept)
{
    return accept->session_id != 0 && accept->frames_max >= 1 &&
           accept->frames_max <= RECORD_FRAMES_MAX && accept->in_flight_max >= accept->frames_max &&
           accept->records_max >= 1 && accept->records_max <= SESSION_RECORDS_MAX &&
           accept->idle_s != 0 && (accept->flags & ~ACCEPT_DRAINING) == 0;
}

void accept_encode(uint8_t payload[static ACCEPT_PAYLOAD_SIZE], const struct accept *in)
{
    assert(accept_is_sane(in));
    store_u64(payload + ACCEPT_TIME_MS, in->time_ms);
    store_u64(payload + ACCEPT_GENERATION, in->generation);
    store_u64(payload + ACCEPT_SESSION, in->session_id);
    store_u16(payload + ACCEPT_FRAMES_MAX, in->frames_max);
    store_u16(payload + ACCEPT_IN_FLIGHT_MAX, in->in_flight_max);
    store_u32(payload + ACCEPT_IDENTIFIERS_MIN, in->identifiers_per_min);
    store_u32(payload + ACCEPT_RECORDS_MAX, in->records_max);
    store_u16(payload + ACCEPT_IDLE_S, in->idle_s);
    store_u16(payload + ACCEPT_FLAGS, in->flags);
}

bool accept_decode(struct accept *out, const uint8_t payload[static ACCEPT_PAYLOAD_SIZE])
{
    struct accept accept = {
        .time_ms = load_u64(payload + ACCEPT_TIME_MS),
        .generation = load_u64(payload + ACCEPT_GENERATION),
        .session_id = load_u64(payload + ACCEPT_SESSION),
        .frames_max = load_u16(payload + ACCEPT_FRAMES_MAX),
        .in_flight_max = load_u16(payload + ACCEPT_IN_FLIGHT_MAX),
        .identifiers_per_min = load_u32(payload + ACCEPT_IDENTIFIERS_MIN),
        .records_max = load_u32(payload + ACCEPT_RECORDS_MAX),
        .idle_s = load_u16(payload + ACCEPT_IDLE_S),
        .flags = load_u16(payload + ACCEPT_FLAGS),
    };
    if (!accept_is_sane(&accept))
        return false;
    *out = accept;
    return true;
}

bool accept_seal(uint8_t record[static ACCEPT_SIZE], struct noise_handshake *hs,
                 const struct accept *in, const uint8_t psk[static NOISE_KEY_SIZE],
                 const uint8_t ephemeral_secret[static NOISE_KEY_SIZE])
{
    uint8_t payload[ACCEPT_PAYLOAD_SIZE];
    accept_encode(payload, in);
    put_header(record, RECORD_ACCEPT, ACCEPT_BODY_SIZE);
    return noise_write_accept(hs, record + HEADER_SIZE, payload, sizeof(payload), psk,
                              ephemeral_secret);
}

enum accept_fault accept_open(struct accept *out, struct noise_handshake *hs,
                              const uint8_t record[static ACCEPT_SIZE])
{
    uint8_t payload[ACCEPT_PAYLOAD_SIZE];
    if (!header_is(record, RECORD_ACCEPT)) {
        noise_wipe(hs, sizeof(*hs));
        return ACCEPT_BAD_SEAL;
    }
    if (!noise_read_accept(hs, payload, record + HEADER_SIZE, ACCEPT_BODY_SIZE))
        return ACCEPT_BAD_SEAL;
    if (accept_decode(out, payload))
        return ACCEPT_FINE;
    noise_wipe(hs, sizeof(*hs));
    return ACCEPT_BAD_TERMS;
}

/* BUSY */

void busy_encode(uint8_t record[static BUSY_SIZE], uint32_t wait_ms)
{
    put_header(record, RECORD_BUSY, BUSY_BODY_SIZE);
    store_u32(record + HEADER_SIZE + BUSY_WAIT_MS, wait_ms);
}

uint32_t busy_decode(const uint8_t record[static BUSY_SIZE])
{
    return load_u32(record + HEADER_SIZE + BUSY_WAIT_MS);
}

uint32_t busy_wait_ms(uint32_t told_ms, uint32_t random)
{
    uint32_t wait_ms = told_ms < BUSY_WAIT_MS_LEAST ? BUSY_WAIT_MS_LEAST
                       : told_ms > BUSY_WAIT_MS_MAX ? BUSY_WAIT_MS_MAX
                                                    : told_ms;
    return wait_ms + random % (wait_ms / 2 + 1);
}

/* DATA */

size_t record_seal(struct noise_cipher *send, uint8_t *record, size_t frame_count)
{
    uint8_t *body = record + HEADER_SIZE;
    assert(frame_count >= 1 && frame_count <= RECORD_FRAMES_MAX);
    assert(send->counter < SESSION_RECORDS_MAX);
    put_header(record, RECORD_DATA, DATA_BODY_SIZE(frame_count));
    noise_seal(send, body, record, HEADER_SIZE, body, FRAME_SIZE * frame_count);
    return DATA_SIZE(frame_count);
}

bool record_open(struct noise_cipher *receive, uint8_t *record, size_t record_size,
                 size_t *frame_count)
{
    struct record_header header;
    uint8_t *body = record + HEADER_SIZE;
    if (record_size < HEADER_SIZE || record_header_decode(&header, record) != RECORD_FINE ||
        header.type != RECORD_DATA || record_size != HEADER_SIZE + (size_t)header.body_size ||
        receive->counter >= SESSION_RECORDS_MAX)
        return false;
    if (!noise_open(receive, body, record, HEADER_SIZE, body, header.body_size))
        return false;
    *frame_count = ((size_t)header.body_size - NOISE_TAG_SIZE) / FRAME_SIZE;
    return true;
}

/* Padding */

static_assert(FRAME_VERSION != 0, "zeros are no frame");

bool frame_is_pad(const uint8_t frame[static FRAME_SIZE])
{
    return bytes_are_zero(frame, FRAME_SIZE);
}

size_t frames_before_pads(const uint8_t *frames, size_t frame_count)
{
    size_t count = 0;
    while (count < frame_count && !frame_is_pad(frames + FRAME_SIZE * count))
        count++;
    return bytes_are_zero(frames + FRAME_SIZE * count, FRAME_SIZE * (frame_count - count)) ? count
                                                                                           : 0;
}

size_t padded_frame_count(size_t frame_count, size_t frames_max)
{
    static const size_t steps[] = {1, 4, 16, 64, RECORD_FRAMES_MAX};
    size_t i = 0;
    assert(frame_count >= 1 && frame_count <= frames_max && frames_max <= RECORD_FRAMES_MAX);
    while (steps[i] < frame_count)
        i++;
    return steps[i] < frames_max ? steps[i] : frames_max;
}
