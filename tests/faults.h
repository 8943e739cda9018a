/* What the suites of faults share: the real server, somebody on the way to it, a terminal to which
 * things happen and another that must not notice. */
#ifndef TESTS_FAULTS_H
#define TESTS_FAULTS_H

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

static inline void open_market(void)
{
    market_open();
    market_booth(&booth, MARKET_TILL);
    market_booth(&other, MARKET_OTHER);
}

static inline void start_with_relay(const char *const extra[])
{
    market_start(0, extra);
    relay_open(&relay, market.port);
}
#define START(...)      start_with_relay((const char *const[]){__VA_ARGS__, NULL})
#define START_PLAINLY() start_with_relay((const char *const[]){NULL})

static inline void plan(int way, struct relay_plan what)
{
    relay_plan_nothing(&relay);
    relay_plan(&relay, way, what);
}

/* What everybody else has of it all: nothing. */
static inline void check_others(void)
{
    if (other.fd < 0)
        booth_open(&other, market.port);
    market_ask(&other, 3, 77);
}

/* The last look at the others; then the server leaves in good order. */
static inline void stop(void)
{
    check_others();
    booth_close(&booth);
    booth_close(&other);
    relay_close(&relay);
    eligd_stop();
}

static inline void stop_and_count(const char *name, uint64_t want)
{
    stop();
    ck_assert_msg(eligd_total(name) == want, "%s: %llu", name,
                  (unsigned long long)eligd_total(name));
}

static inline void close_market(void)
{
    if (eligd_pid() != 0)
        stop();
    market_close();
}

static inline int count_descriptors(void)
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

static inline void wait_for_descriptors(int most)
{
    for (int ms = 0; ms < BOOTH_WAIT_MS && count_descriptors() > most; ms++)
        usleep(1000);
    ck_assert_int_le(count_descriptors(), most);
}

/* A raw client: bytes as they are, then what came back until the end of the stream. */
static inline size_t say_raw(const uint8_t *bytes, size_t size, uint8_t *got, size_t room)
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

static inline size_t put(struct booth *from, size_t frame_count,
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
static inline size_t seal(struct booth *from, uint8_t *record, size_t frame_count)
{
    return record_seal(&((struct session *)&from->session)->send, record, frame_count);
}

static inline uint64_t peak_kib(void)
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

#endif
