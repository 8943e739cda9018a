#include "bench/seal.h"

#include "bench/pace.h"
#include "bench/terminals.h"
#include "protocol/progress.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

static void settings_make(struct elig_session_settings *settings, const struct sealing *sealing,
                          uint32_t index)
{
    struct noise_keys keys;
    uint32_t number = TERMINAL_FIRST + index % sealing->terminal_count;
    terminals_keys(&keys, sealing->seed, number);
    *settings = (struct elig_session_settings){
        .terminal_id = number,
        .environment = sealing->environment,
        .is_padded = sealing->is_padded,
    };
    memcpy(settings->terminal_secret, keys.secret_key, ELIG_KEY_SIZE);
    memcpy(settings->server_public, sealing->server_public, ELIG_KEY_SIZE);
    memcpy(settings->psk, sealing->merchant_key, ELIG_KEY_SIZE);
}

/* The wall clock rises from run to run, and so needs no file. */
static uint64_t next_counter(void)
{
    static uint64_t last;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t now_ns = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
    last = now_ns > last ? now_ns : last + 1;
    return last;
}

bool seal_prepare(struct elig_session *session, const struct sealing *sealing, uint32_t index,
                  uint8_t hello[static ELIG_HELLO_SIZE], struct fault *fault)
{
    struct elig_session_settings settings;
    struct elig_session_fresh fresh = {.counter = next_counter(),
                                       .now_ms = clock_monotonic_ns() / 1000000};
    settings_make(&settings, sealing, index);
    return (getrandom(fresh.random, sizeof(fresh.random), 0) == (ssize_t)sizeof(fresh.random) &&
            elig_session_open(session, &settings) == ELIG_FINE &&
            elig_session_start(session, &fresh, hello) == ELIG_FINE) ||
           fault_set(fault, "terminal %u: no session can begin", settings.terminal_id);
}

bool seal_open(struct seal *seal, int fd, const struct sealing *sealing, uint32_t index,
               struct fault *fault)
{
    struct elig_event event = {.kind = ELIG_EVENT_NONE};
    uint8_t hello[ELIG_HELLO_SIZE];
    if (!seal_prepare(&seal->session, sealing, index, hello, fault))
        return false;
    if (send(fd, hello, sizeof(hello), MSG_NOSIGNAL) != (ssize_t)sizeof(hello))
        return fault_set(fault, "HELLO: %s", strerror(errno));
    while (event.kind == ELIG_EVENT_NONE) {
        ssize_t got = recv(fd, seal->bytes, sizeof(seal->bytes), 0);
        if (got <= 0)
            return fault_set(fault, "the server closed instead of accepting");
        elig_session_take(&seal->session, seal->bytes, (size_t)got, &event);
    }
    seal->frames_max = event.terms.frames_max;
    seal->waiting_count = 0;
    if (event.kind != ELIG_EVENT_ACCEPTED)
        return fault_set(fault, "not accepted: %s",
                         event.kind == ELIG_EVENT_BUSY ? "busy" : elig_cause_text(event.cause));
    return true;
}

bool seal_has_room(const struct seal *seal)
{
    return seal->waiting_count < SEAL_FRAMES_MAX;
}

void seal_add(struct seal *seal, const uint8_t frame[static ELIG_FRAME_SIZE], uint64_t id)
{
    assert(seal_has_room(seal));
    uint8_t *at = seal->waiting + (size_t)seal->waiting_count++ * ELIG_FRAME_SIZE;
    memcpy(at, frame, ELIG_FRAME_SIZE);
    store_u64(at + REQUEST_ID, id);
}

size_t seal_put(struct seal *seal, uint8_t *out)
{
    size_t size = 0, record_size;
    uint32_t put_count = 0;
    while (put_count < seal->waiting_count) {
        uint32_t count = seal->waiting_count - put_count;
        if (count > seal->frames_max)
            count = seal->frames_max;
        size_t room = elig_session_record_size(&seal->session, count);
        if (elig_session_put(&seal->session, seal->waiting + (size_t)put_count * ELIG_FRAME_SIZE,
                             count, out + size, room, &record_size) != ELIG_FINE)
            break; /* as much is under way as the server allows: with the next answers */
        size += record_size;
        put_count += count;
    }
    memmove(seal->waiting, seal->waiting + (size_t)put_count * ELIG_FRAME_SIZE,
            (size_t)(seal->waiting_count - put_count) * ELIG_FRAME_SIZE);
    seal->waiting_count -= put_count;
    return size;
}

bool seal_take(struct seal *seal, size_t size, uint8_t *frames, size_t room, size_t *frames_size)
{
    size_t taken = 0;
    *frames_size = 0;
    while (taken < size) {
        struct elig_event event;
        taken += elig_session_take(&seal->session, seal->bytes + taken, size - taken, &event);
        if (event.kind == ELIG_EVENT_OVER || event.kind == ELIG_EVENT_BUSY)
            return false;
        if (event.kind != ELIG_EVENT_FRAMES)
            continue;
        size_t more = event.frame_count * ELIG_FRAME_SIZE;
        if (more > room - *frames_size)
            return false;
        memcpy(frames + *frames_size, event.frames, more);
        *frames_size += more;
    }
    return true;
}
