/* A terminal for tests of the real server: sealed streams over real sockets, by the core that
 * firmware uses. Every wait is bounded; what must not fail aborts the test. */
#ifndef TESTS_BOOTH_H
#define TESTS_BOOTH_H

#include "protocol/elig.h"
#include "protocol/frame.h"
#include "protocol/noise.h"

#define BOOTH_WAIT_MS 20000
extern int booth_wait_ms; /* that long, unless a test is slow by itself */

struct booth {
    struct elig_session_settings settings;
    struct elig_session session;
    struct elig_event event;        /* the last one; its frames are good until the next call */
    uint64_t counter;               /* of its HELLOs */
    uint8_t hello[ELIG_HELLO_SIZE]; /* the last one */
    int fd;                         /* -1: not connected */
    uint8_t received[ELIG_RECORD_SIZE_MAX];
    size_t received_from, received_size;
};

/* Not connected yet. */
void booth_make(struct booth *booth, const struct noise_keys *terminal,
                const uint8_t server_public[static NOISE_KEY_SIZE],
                const uint8_t psk[static NOISE_KEY_SIZE], uint32_t number);
void booth_close(struct booth *booth);

/* A TCP connection to a port of this machine. */
int booth_connect_to(uint16_t port);

/* Connects and says HELLO. */
void booth_greet(struct booth *booth, uint16_t port);

/* What comes next: an ELIG_EVENT; ELIG_EVENT_OVER with cause ELIG_CAUSE_NONE when the server ended
 * the stream. */
int booth_next(struct booth *booth);

/* Greets and is accepted, or the test fails. */
void booth_open(struct booth *booth, uint16_t port);

/* Seals frames into a record and sends it. */
void booth_send(struct booth *booth, const uint8_t *frames, size_t frame_count);

/* Sends and waits for as many answers; false when the stream ended before. */
bool booth_ask(struct booth *booth, uint8_t *answers, const uint8_t *frames, size_t frame_count);

/* Sends bytes as they are; false when the server has closed. */
bool booth_send_raw(struct booth *booth, const uint8_t *bytes, size_t size);

/* Whether the server ends the stream, within the wait, without another event. */
bool booth_is_shut_out(struct booth *booth);

#endif
