#include "tests/booth.h"

#include "tests/fixture.h"

#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int booth_wait_ms = BOOTH_WAIT_MS;

static uint64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void booth_make(struct booth *booth, const struct noise_keys *terminal,
                const uint8_t server_public[static NOISE_KEY_SIZE],
                const uint8_t psk[static NOISE_KEY_SIZE], uint32_t number)
{
    memset(booth, 0, sizeof(*booth));
    booth->fd = -1;
    booth->settings.terminal_id = number;
    memcpy(booth->settings.terminal_secret, terminal->secret_key, ELIG_KEY_SIZE);
    memcpy(booth->settings.server_public, server_public, ELIG_KEY_SIZE);
    memcpy(booth->settings.psk, psk, ELIG_KEY_SIZE);
    booth->settings.environment = FIXTURE_ENVIRONMENT;
}

void booth_close(struct booth *booth)
{
    if (booth->fd >= 0)
        close(booth->fd);
    booth->fd = -1;
    booth->received_from = booth->received_size = 0;
    elig_session_close(&booth->session);
}

int booth_connect_to(uint16_t port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    ck_assert_int_eq(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)), 0);
    return fd;
}

bool booth_send_raw(struct booth *booth, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(booth->fd, bytes, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

void booth_greet(struct booth *booth, uint16_t port)
{
    struct elig_session_fresh fresh = {.counter = ++booth->counter,
                                       .now_ms = clock_ms(CLOCK_MONOTONIC),
                                       .time_ms = clock_ms(CLOCK_REALTIME)};
    ck_assert_int_eq(getrandom(fresh.random, sizeof(fresh.random), 0), sizeof(fresh.random));
    if (elig_session_state(&booth->session) == ELIG_SESSION_CLOSED)
        ck_assert_int_eq(elig_session_open(&booth->session, &booth->settings), ELIG_FINE);
    ck_assert_int_eq(elig_session_start(&booth->session, &fresh, booth->hello), ELIG_FINE);
    if (booth->fd >= 0)
        close(booth->fd);
    booth->received_from = booth->received_size = 0;
    booth->fd = booth_connect_to(port);
    ck_assert(booth_send_raw(booth, booth->hello, sizeof(booth->hello)));
}

/* More bytes; false when the stream has ended. */
static bool receive(struct booth *booth)
{
    struct pollfd watch = {.fd = booth->fd, .events = POLLIN};
    ck_assert_msg(poll(&watch, 1, booth_wait_ms) == 1, "nothing came");
    ssize_t got = recv(booth->fd, booth->received, sizeof(booth->received), 0);
    booth->received_from = 0;
    booth->received_size = got > 0 ? (size_t)got : 0;
    return got > 0;
}

int booth_next(struct booth *booth)
{
    for (;;) {
        if (booth->received_from == booth->received_size && !receive(booth)) {
            booth->event = (struct elig_event){.kind = ELIG_EVENT_OVER};
            return ELIG_EVENT_OVER;
        }
        booth->received_from +=
            elig_session_take(&booth->session, booth->received + booth->received_from,
                              booth->received_size - booth->received_from, &booth->event);
        if (booth->event.kind != ELIG_EVENT_NONE)
            return booth->event.kind;
    }
}

void booth_open(struct booth *booth, uint16_t port)
{
    booth_greet(booth, port);
    int kind = booth_next(booth);
    ck_assert_msg(kind == ELIG_EVENT_ACCEPTED, "event %d: %s", kind,
                  elig_cause_text(booth->event.cause));
}

void booth_send(struct booth *booth, const uint8_t *frames, size_t frame_count)
{
    static uint8_t record[ELIG_RECORD_SIZE_MAX];
    size_t size;
    ck_assert_int_eq(
        elig_session_put(&booth->session, frames, frame_count, record, sizeof(record), &size),
        ELIG_FINE);
    (void)booth_send_raw(booth, record, size);
}

bool booth_ask(struct booth *booth, uint8_t *answers, const uint8_t *frames, size_t frame_count)
{
    booth_send(booth, frames, frame_count);
    for (size_t have = 0; have < frame_count;) {
        if (booth_next(booth) != ELIG_EVENT_FRAMES)
            return false;
        ck_assert_uint_le(have + booth->event.frame_count, frame_count);
        memcpy(answers + have * FRAME_SIZE, booth->event.frames,
               booth->event.frame_count * FRAME_SIZE);
        have += booth->event.frame_count;
    }
    return true;
}

bool booth_is_shut_out(struct booth *booth)
{
    return booth_next(booth) == ELIG_EVENT_OVER && booth->event.cause == ELIG_CAUSE_NONE;
}
