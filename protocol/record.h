/* Sealed sessions: the records of a stream between a terminal and a server that are not on one
 * machine. Bytes in, bytes out. Normative text: PROTOCOL.md, "Sealed sessions".
 *
 * A server:  record_header_decode -> hello_is_addressed -> hello_open -> accept_seal ->
 *            noise_split, then record_open, frames_before_pads and record_seal
 * A client:  elig_session_start and its neighbours in elig.h */
#ifndef PROTOCOL_RECORD_H
#define PROTOCOL_RECORD_H

#include "protocol/bytes.h"
#include "protocol/frame.h"
#include "protocol/noise.h"

/* A session ends after an hour or 2^20 records in one direction, whichever comes first. */
#define SESSION_MS_MAX      3600000
#define SESSION_RECORDS_MAX (UINT32_C(1) << 20)

#define RECORD_VERSION    1
#define RECORD_FRAMES_MAX 255

enum record_type { RECORD_HELLO = 1, RECORD_ACCEPT = 2, RECORD_BUSY = 3, RECORD_DATA = 16 };

/* Headers: in clear, the same before every body. */
enum {
    HEADER_TYPE = 0,      /* u8, enum record_type */
    HEADER_VERSION = 1,   /* u8, RECORD_VERSION */
    HEADER_BODY_SIZE = 2, /* u16 */
    HEADER_END = 4,
};
static_assert(HEADER_TYPE == 0, "header fields begin with the record");
static_assert(HEADER_VERSION == HEADER_TYPE + 1, "header fields touch");
static_assert(HEADER_BODY_SIZE == HEADER_VERSION + 1, "header fields touch");
static_assert(HEADER_END == HEADER_BODY_SIZE + 2, "header fields touch");
#define HEADER_SIZE HEADER_END

/* What a HELLO tells, sealed. */
enum {
    HELLO_TERMINAL = 0, /* u32, not 0 */
    HELLO_FIRMWARE = 4, /* u32 */
    HELLO_COUNTER = 8,  /* u64, not 0, greater than in every earlier HELLO of this terminal */
    HELLO_TIME_MS = 16, /* u64, since 1970-01-01 UTC by the terminal's clock; 0: it has none */
    HELLO_PAYLOAD_END = 24,
};
static_assert(HELLO_TERMINAL == 0, "hello payload fields begin with the payload");
static_assert(HELLO_FIRMWARE == HELLO_TERMINAL + 4, "hello payload fields touch");
static_assert(HELLO_COUNTER == HELLO_FIRMWARE + 4, "hello payload fields touch");
static_assert(HELLO_TIME_MS == HELLO_COUNTER + 8, "hello payload fields touch");
static_assert(HELLO_PAYLOAD_END == HELLO_TIME_MS + 8, "hello payload fields touch");
#define HELLO_PAYLOAD_SIZE HELLO_PAYLOAD_END

#define KEY_NAME_SIZE 4
#define MAC1_SIZE     16

/* The body of a HELLO. From HELLO_EPHEMERAL on it is Noise's first message. */
enum {
    HELLO_KEY_ID = 0,     /* 4 bytes, which of its keys the server is asked by */
    HELLO_MAC1 = 4,       /* 16 bytes */
    HELLO_EPHEMERAL = 20, /* 32 bytes */
    HELLO_STATIC = 52,    /* 48 bytes, sealed: who the terminal is */
    HELLO_PAYLOAD = 100,  /* 40 bytes, sealed: HELLO_TERMINAL and what follows it */
    HELLO_BODY_SIZE = 140,
};
static_assert(HELLO_KEY_ID == 0, "hello fields begin with the body");
static_assert(HELLO_MAC1 == HELLO_KEY_ID + KEY_NAME_SIZE, "hello fields touch");
static_assert(HELLO_EPHEMERAL == HELLO_MAC1 + MAC1_SIZE, "hello fields touch");
static_assert(HELLO_STATIC == HELLO_EPHEMERAL + NOISE_KEY_SIZE, "hello fields touch");
static_assert(HELLO_PAYLOAD == HELLO_STATIC + NOISE_KEY_SIZE + NOISE_TAG_SIZE,
              "hello fields touch");
static_assert(HELLO_BODY_SIZE == HELLO_PAYLOAD + HELLO_PAYLOAD_SIZE + NOISE_TAG_SIZE,
              "hello fields fill the body");
static_assert(HELLO_BODY_SIZE == HELLO_EPHEMERAL + NOISE_HELLO_OVERHEAD + HELLO_PAYLOAD_SIZE,
              "Noise's first message is what follows mac1");
#define HELLO_SIZE (HEADER_SIZE + HELLO_BODY_SIZE)

/* What an ACCEPT tells, sealed. */
enum {
    ACCEPT_TIME_MS = 0,          /* u64, since 1970-01-01 UTC */
    ACCEPT_GENERATION = 8,       /* u64, snapshot that answers; 0: none */
    ACCEPT_SESSION = 16,         /* u64, not 0, for logs of both sides */
    ACCEPT_FRAMES_MAX = 24,      /* u16, in a record, 1..RECORD_FRAMES_MAX */
    ACCEPT_IN_FLIGHT_MAX = 26,   /* u16, frames without an answer, at least FRAMES_MAX */
    ACCEPT_IDENTIFIERS_MIN = 28, /* u32, that may be asked about in a minute; 0: not told */
    ACCEPT_RECORDS_MAX = 32,     /* u32, each way, 1..SESSION_RECORDS_MAX */
    ACCEPT_IDLE_S = 36,          /* u16, not 0: closed after so long a silence */
    ACCEPT_FLAGS = 38,           /* u16, ACCEPT_DRAINING; the others are zero */
    ACCEPT_PAYLOAD_END = 40,
};
static_assert(ACCEPT_TIME_MS == 0, "accept payload fields begin with the payload");
static_assert(ACCEPT_GENERATION == ACCEPT_TIME_MS + 8, "accept payload fields touch");
static_assert(ACCEPT_SESSION == ACCEPT_GENERATION + 8, "accept payload fields touch");
static_assert(ACCEPT_FRAMES_MAX == ACCEPT_SESSION + 8, "accept payload fields touch");
static_assert(ACCEPT_IN_FLIGHT_MAX == ACCEPT_FRAMES_MAX + 2, "accept payload fields touch");
static_assert(ACCEPT_IDENTIFIERS_MIN == ACCEPT_IN_FLIGHT_MAX + 2, "accept payload fields touch");
static_assert(ACCEPT_RECORDS_MAX == ACCEPT_IDENTIFIERS_MIN + 4, "accept payload fields touch");
static_assert(ACCEPT_IDLE_S == ACCEPT_RECORDS_MAX + 4, "accept payload fields touch");
static_assert(ACCEPT_FLAGS == ACCEPT_IDLE_S + 2, "accept payload fields touch");
static_assert(ACCEPT_PAYLOAD_END == ACCEPT_FLAGS + 2, "accept payload fields touch");
#define ACCEPT_PAYLOAD_SIZE ACCEPT_PAYLOAD_END

#define ACCEPT_DRAINING 1u /* this server is about to stop: finish here, connect elsewhere */

/* The body of an ACCEPT is Noise's second message. */
enum {
    ACCEPT_EPHEMERAL = 0, /* 32 bytes */
    ACCEPT_PAYLOAD = 32,  /* 56 bytes, sealed: ACCEPT_TIME_MS and what follows it */
    ACCEPT_BODY_SIZE = 88,
};
static_assert(ACCEPT_EPHEMERAL == 0, "accept fields begin with the body");
static_assert(ACCEPT_PAYLOAD == ACCEPT_EPHEMERAL + NOISE_KEY_SIZE, "accept fields touch");
static_assert(ACCEPT_BODY_SIZE == ACCEPT_PAYLOAD + ACCEPT_PAYLOAD_SIZE + NOISE_TAG_SIZE,
              "accept fields fill the body");
static_assert(ACCEPT_BODY_SIZE == NOISE_ACCEPT_OVERHEAD + ACCEPT_PAYLOAD_SIZE,
              "Noise's second message is the body");
#define ACCEPT_SIZE (HEADER_SIZE + ACCEPT_BODY_SIZE)

/* The body of a BUSY. Nobody vouches for it: a hint. */
enum {
    BUSY_WAIT_MS = 0, /* u32 */
    BUSY_BODY_SIZE = 4,
};
static_assert(BUSY_WAIT_MS == 0 && BUSY_BODY_SIZE == BUSY_WAIT_MS + 4, "busy is one number");
#define BUSY_SIZE (HEADER_SIZE + BUSY_BODY_SIZE)

/* What a client waits at the least and at the most, before a random half of it is added. */
#define BUSY_WAIT_MS_LEAST 100
#define BUSY_WAIT_MS_MAX   30000

/* The body of a DATA: whole frames under one seal. */
#define DATA_BODY_SIZE(frame_count) (NOISE_TAG_SIZE + FRAME_SIZE * (frame_count))
#define DATA_SIZE(frame_count)      (HEADER_SIZE + DATA_BODY_SIZE(frame_count))
#define RECORD_SIZE_MAX             DATA_SIZE(RECORD_FRAMES_MAX)
static_assert(DATA_BODY_SIZE(RECORD_FRAMES_MAX) <= UINT16_MAX, "the header can say its size");
static_assert(HELLO_SIZE < RECORD_SIZE_MAX && ACCEPT_SIZE < RECORD_SIZE_MAX, "the largest is DATA");

/* ---- headers ---- */

struct record_header {
    uint8_t type;
    uint16_t body_size;
};

enum record_fault { RECORD_FINE = 0, RECORD_BAD_TYPE, RECORD_BAD_VERSION, RECORD_BAD_SIZE };

/* Only a type of this version with a size that this type can have; otherwise the first of the
 * faults that applies, and `out` is untouched. */
MUST_USE enum record_fault record_header_decode(struct record_header *out,
                                                const uint8_t header[static HEADER_SIZE]);
void record_header_encode(uint8_t header[static HEADER_SIZE], const struct record_header *in);

/* ---- who is spoken to ---- */

/* Which of the separate worlds (production, a test, ...) both sides mean: the number that snapshots
 * have, 0 production. In the prologue it is a u64. */
#define ENVIRONMENT_SIZE 8

/* A server's public key with what is computed from it once. Nothing in it is secret. */
struct server_name {
    uint8_t public_key[NOISE_KEY_SIZE];
    uint8_t key_id[KEY_NAME_SIZE]; /* the beginning of its BLAKE2b-256 */
    uint8_t mac1_key[32];
};
void server_name_make(struct server_name *out, const uint8_t public_key[static NOISE_KEY_SIZE]);

/* Binds version, kind of opening, server key and environment into every session. */
#define PROLOGUE_SIZE (6 + HEADER_SIZE + KEY_NAME_SIZE + ENVIRONMENT_SIZE)
void prologue_make(uint8_t prologue[static PROLOGUE_SIZE],
                   const uint8_t key_id[static KEY_NAME_SIZE], uint32_t environment);

/* ---- HELLO ---- */

struct hello {
    uint32_t terminal_id;
    uint32_t firmware;
    uint64_t counter;
    uint64_t time_ms;
};

/* Encoding asserts what decoding asks for. A refused payload leaves `out` untouched. */
void hello_encode(uint8_t payload[static HELLO_PAYLOAD_SIZE], const struct hello *in);
MUST_USE bool hello_decode(struct hello *out, const uint8_t payload[static HELLO_PAYLOAD_SIZE]);

/* Over the whole record but itself. Whoever knows the server's public key can make it: it keeps out
 * noise before curves are computed, and proves nothing else. */
void mac1_make(uint8_t mac1[static MAC1_SIZE], const uint8_t record[static HELLO_SIZE],
               const struct server_name *server);

/* A whole record. Starts `hs` and leaves it waiting for the ACCEPT. False: the server's key is a
 * point of low order. */
MUST_USE bool hello_seal(uint8_t record[static HELLO_SIZE], struct noise_handshake *hs,
                         const struct noise_keys *terminal, const struct server_name *server,
                         const uint8_t psk[static NOISE_KEY_SIZE], uint32_t environment,
                         const struct hello *in,
                         const uint8_t ephemeral_secret[static NOISE_KEY_SIZE]);

/* Whether it asks for this key of the server and mac1 fits: in constant time, before anything
 * else. */
MUST_USE bool hello_is_addressed(const uint8_t record[static HELLO_SIZE],
                                 const struct server_name *server);

/* Of a record that is addressed. Says whose it claims to be: whether that terminal is known, its
 * id and counter fit, and which psk it has, is the caller's to find out. False leaves out and
 * terminal_public untouched and `hs` of no more use. */
MUST_USE bool hello_open(struct hello *out, uint8_t terminal_public[static NOISE_KEY_SIZE],
                         struct noise_handshake *hs, const struct noise_keys *server_keys,
                         const struct server_name *server, uint32_t environment,
                         const uint8_t record[static HELLO_SIZE]);

/* ---- ACCEPT ---- */

struct accept {
    uint64_t time_ms;
    uint64_t generation;
    uint64_t session_id;
    uint16_t frames_max;
    uint16_t in_flight_max;
    uint32_t identifiers_per_min;
    uint32_t records_max;
    uint16_t idle_s;
    uint16_t flags;
};

void accept_encode(uint8_t payload[static ACCEPT_PAYLOAD_SIZE], const struct accept *in);
MUST_USE bool accept_decode(struct accept *out, const uint8_t payload[static ACCEPT_PAYLOAD_SIZE]);

/* A whole record; noise_split comes next. False: the terminal's key is a point of low order. */
MUST_USE bool accept_seal(uint8_t record[static ACCEPT_SIZE], struct noise_handshake *hs,
                          const struct accept *in, const uint8_t psk[static NOISE_KEY_SIZE],
                          const uint8_t ephemeral_secret[static NOISE_KEY_SIZE]);

/* noise_split comes next. Otherwise out is untouched and `hs` of no more use. */
enum accept_fault { ACCEPT_FINE = 0, ACCEPT_BAD_SEAL, ACCEPT_BAD_TERMS };
MUST_USE enum accept_fault accept_open(struct accept *out, struct noise_handshake *hs,
                                       const uint8_t record[static ACCEPT_SIZE]);

/* ---- BUSY ---- */

void busy_encode(uint8_t record[static BUSY_SIZE], uint32_t wait_ms);
uint32_t busy_decode(const uint8_t record[static BUSY_SIZE]);

/* How long a client waits that was told so: within the limits, and up to half as long again as
 * `random` says, so that those who were sent away together do not come back together. */
uint32_t busy_wait_ms(uint32_t told_ms, uint32_t random);

/* ---- DATA ---- */

/* The first frame stands at record + HEADER_SIZE and the others behind it; they are sealed where
 * they are. Returns the size of the record. Asserted: the session still has a record to send. */
size_t record_seal(struct noise_cipher *send, uint8_t *record, size_t frame_count);

/* Opens a record where it stands: frames are then at record + HEADER_SIZE. False for anything but
 * one whole, untouched DATA that is the next one of its session: end the session. Then there are
 * zeros or sealed bytes where frames would be. */
MUST_USE bool record_open(struct noise_cipher *receive, uint8_t *record, size_t record_size,
                          size_t *frame_count);

/* ---- padding ---- */

/* 64 zero bytes hide how much is asked. They are no frame of any version, stand only behind the
 * frames of a record, and are answered by as many of them. */
bool frame_is_pad(const uint8_t frame[static FRAME_SIZE]);

/* How many of the frames come before the padding; 0: padding alone, or a frame behind it, which no
 * record has. */
size_t frames_before_pads(const uint8_t *frames, size_t frame_count);

/* The size to which a record of so many frames is padded: 1, 4, 16, 64 or 255, or frames_max if
 * that is less. */
size_t padded_frame_count(size_t frame_count, size_t frames_max);

#endif
