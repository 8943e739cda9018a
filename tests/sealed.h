/* A terminal and a server with the keys of tests/vectors/records.txt, in memory: for the suites and
 * fuzzers of sealed sessions. */
#ifndef TESTS_SEALED_H
#define TESTS_SEALED_H

#include "protocol/record.h"

#include <stdlib.h>
#include <string.h>

/* 32 bytes that count up. */
struct sealed_key {
    uint8_t bytes[NOISE_KEY_SIZE];
};

static inline struct sealed_key sealed_key_of(uint8_t first)
{
    struct sealed_key key;
    for (size_t i = 0; i < sizeof(key.bytes); i++)
        key.bytes[i] = (uint8_t)(first + i);
    return key;
}

enum {
    SEALED_TERMINAL = 32,
    SEALED_SERVER = 64,
    SEALED_TERMINAL_EPHEMERAL = 96,
    SEALED_SERVER_EPHEMERAL = 128,
    SEALED_PSK = 160,
};

static inline struct noise_keys sealed_keys_of(uint8_t first)
{
    struct noise_keys keys;
    struct sealed_key secret = sealed_key_of(first);
    noise_keys_of_secret(&keys, secret.bytes);
    return keys;
}

static const struct hello sealed_hello = {
    .terminal_id = 70001,
    .firmware = 0x00010203,
    .counter = 42,
    .time_ms = UINT64_C(1795428000123),
};

static const struct accept sealed_terms = {
    .time_ms = UINT64_C(1795428000250),
    .generation = 1234,
    .session_id = UINT64_C(0x0102030405060708),
    .frames_max = 255,
    .in_flight_max = 1020,
    .identifiers_per_min = 300,
    .records_max = SESSION_RECORDS_MAX,
    .idle_s = 120,
    .flags = 0,
};

/* One side of a session, and all that it needs to get there. */
#define SEALED_ENVIRONMENT 0x74736574u /* of the vectors */

struct sealed_side {
    struct noise_keys keys; /* its own */
    struct server_name server;
    uint32_t environment;
    struct sealed_key psk, ephemeral;
    struct noise_handshake handshake;
    struct noise_cipher send, receive;
    uint8_t handshake_hash[NOISE_HASH_SIZE];
    struct hello hello;   /* of a server: what it was told */
    struct accept accept; /* of a server: what it tells; of a terminal: what it was told */
    uint8_t terminal_public[NOISE_KEY_SIZE];
};

static inline struct sealed_side sealed_side_of(uint8_t own_secret, uint8_t ephemeral)
{
    struct noise_keys server_keys = sealed_keys_of(SEALED_SERVER);
    struct sealed_side side = {
        .keys = sealed_keys_of(own_secret),
        .environment = SEALED_ENVIRONMENT,
        .psk = sealed_key_of(SEALED_PSK),
        .ephemeral = sealed_key_of(ephemeral),
        .accept = sealed_terms,
    };
    server_name_make(&side.server, server_keys.public_key);
    return side;
}

static inline struct sealed_side sealed_terminal(void)
{
    return sealed_side_of(SEALED_TERMINAL, SEALED_TERMINAL_EPHEMERAL);
}

static inline struct sealed_side sealed_server(void)
{
    return sealed_side_of(SEALED_SERVER, SEALED_SERVER_EPHEMERAL);
}

static inline bool sealed_say_hello(struct sealed_side *terminal, uint8_t record[static HELLO_SIZE],
                                    const struct hello *hello)
{
    return hello_seal(record, &terminal->handshake, &terminal->keys, &terminal->server,
                      terminal->psk.bytes, terminal->environment, hello, terminal->ephemeral.bytes);
}

static inline bool sealed_hear_hello(struct sealed_side *server,
                                     const uint8_t record[static HELLO_SIZE])
{
    return hello_is_addressed(record, &server->server) &&
           hello_open(&server->hello, server->terminal_public, &server->handshake, &server->keys,
                      &server->server, server->environment, record);
}

static inline bool sealed_say_accept(struct sealed_side *server, uint8_t record[static ACCEPT_SIZE])
{
    if (!accept_seal(record, &server->handshake, &server->accept, server->psk.bytes,
                     server->ephemeral.bytes))
        return false;
    noise_split(&server->handshake, &server->send, &server->receive, server->handshake_hash);
    return true;
}

static inline enum accept_fault sealed_hear_accept(struct sealed_side *terminal,
                                                   const uint8_t record[static ACCEPT_SIZE])
{
    enum accept_fault fault = accept_open(&terminal->accept, &terminal->handshake, record);
    if (fault == ACCEPT_FINE)
        noise_split(&terminal->handshake, &terminal->send, &terminal->receive,
                    terminal->handshake_hash);
    return fault;
}

/* Both after a handshake in which nothing went wrong. */
static inline void sealed_open(struct sealed_side *terminal, struct sealed_side *server)
{
    uint8_t hello[HELLO_SIZE], accept[ACCEPT_SIZE];
    *terminal = sealed_terminal();
    *server = sealed_server();
    if (!sealed_say_hello(terminal, hello, &sealed_hello) || !sealed_hear_hello(server, hello) ||
        !sealed_say_accept(server, accept) || sealed_hear_accept(terminal, accept) != ACCEPT_FINE)
        abort();
}

#endif
