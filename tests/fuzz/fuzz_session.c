/* Whatever a server or somebody on the way sends, and however it is cut: a session gives out
 * nothing but what the server sealed, in its order; one that is over stays so; and a session that
 * gets the same bytes one by one says the same. The input is a play of both sides, see play(). */
#include "protocol/session.h"
#include "tests/fuzz/script.h"
#include "tests/sealed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS_MAX = 64, ANSWERS_MAX = 64, FRAMES_SAID_MAX = 8, STREAM_MAX = 1024 };

struct play {
    struct elig_session whole, by_bytes;
    struct sealed_side server;
    bool is_accepted; /* the server has both ciphers */
    uint8_t accept[ACCEPT_SIZE];
    uint64_t counter;                                           /* of starts */
    uint8_t answers[ANSWERS_MAX][FRAME_SIZE * FRAMES_SAID_MAX]; /* what the server has sealed */
    size_t answer_counts[ANSWERS_MAX];                          /* frames, without padding */
    size_t said, heard;
    uint8_t last[STREAM_MAX]; /* the last record, for coming again */
    size_t last_size;
};

static struct play opening; /* after the first HELLO: made once, copied for each input */

static void settle(struct elig_session_settings *settings)
{
    struct sealed_side terminal = sealed_terminal();
    struct noise_keys other = sealed_keys_of(1);
    *settings =
        (struct elig_session_settings){.environment = 7, .terminal_id = 70001, .is_padded = 1};
    memcpy(settings->terminal_secret, terminal.keys.secret_key, ELIG_KEY_SIZE);
    memcpy(settings->server_public, terminal.server.public_key, ELIG_KEY_SIZE);
    memcpy(settings->server_public_next, other.public_key, ELIG_KEY_SIZE);
    memcpy(settings->psk, terminal.psk.bytes, ELIG_KEY_SIZE);
}

static void start(struct play *play)
{
    uint8_t hello[ELIG_HELLO_SIZE], again[ELIG_HELLO_SIZE];
    struct elig_session_fresh fresh = {.counter = ++play->counter,
                                       .random = {(uint8_t)play->counter}};
    fresh.random[1] = 1;
    expect(elig_session_start(&play->whole, &fresh, hello) == ELIG_FINE);
    expect(elig_session_start(&play->by_bytes, &fresh, again) == ELIG_FINE);
    expect(memcmp(hello, again, sizeof(hello)) == 0);
    play->server.accept.frames_max = 16;
    play->server.accept.in_flight_max = 40;
    play->server.accept.records_max = 20;
    play->is_accepted =
        sealed_hear_hello(&play->server, hello) && sealed_say_accept(&play->server, play->accept);
    play->said = play->heard = 0;
}

static void open_once(void)
{
    struct elig_session_settings settings;
    if (opening.counter != 0)
        return;
    settle(&settings);
    opening.server = sealed_server();
    expect(elig_session_open(&opening.whole, &settings) == ELIG_FINE);
    expect(elig_session_open(&opening.by_bytes, &settings) == ELIG_FINE);
    start(&opening);
}

static void expect_same_event(const struct elig_event *a, const struct elig_event *b)
{
    expect(a->kind == b->kind && a->cause == b->cause && a->wait_ms == b->wait_ms &&
           a->frame_count == b->frame_count);
    expect(memcmp(&a->terms, &b->terms, sizeof(a->terms)) == 0);
    if (a->frame_count > 0)
        expect(memcmp(a->frames, b->frames, FRAME_SIZE * a->frame_count) == 0);
}

static void hear(struct play *play, const struct elig_event *event)
{
    bool is_over = elig_session_state(&play->whole) == ELIG_SESSION_OVER;
    expect((event->kind == ELIG_EVENT_OVER || event->kind == ELIG_EVENT_BUSY) == is_over);
    expect((event->kind == ELIG_EVENT_FRAMES) == (event->frame_count > 0));
    if (event->kind == ELIG_EVENT_ACCEPTED)
        expect(event->terms.session_id == sealed_terms.session_id);
    if (event->kind != ELIG_EVENT_FRAMES)
        return;
    expect(play->heard < play->said);
    expect(event->frame_count == play->answer_counts[play->heard]);
    expect(memcmp(event->frames, play->answers[play->heard], FRAME_SIZE * event->frame_count) == 0);
    play->heard++;
}

/* One event of each session: whole as it comes, and by bytes until as much was taken. */
static size_t take_event(struct play *play, const uint8_t *bytes, size_t size)
{
    struct elig_event event, event_by_bytes = {.kind = ELIG_EVENT_NONE};
    bool was_over = elig_session_state(&play->whole) == ELIG_SESSION_OVER;
    size_t taken = elig_session_take(&play->whole, bytes, size, &event);
    expect(taken > 0 && taken <= size);
    for (size_t i = 0; i < taken; i++) {
        expect(event_by_bytes.kind == ELIG_EVENT_NONE || was_over);
        expect(elig_session_take(&play->by_bytes, bytes + i, 1, &event_by_bytes) == 1);
    }
    expect_same_event(&event, &event_by_bytes);
    hear(play, &event);
    expect(!was_over || event.kind == ELIG_EVENT_OVER);
    return taken;
}

static void deliver(struct play *play, const uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size;)
        at += take_event(play, bytes + at, size - at);
    expect(elig_session_state(&play->whole) == elig_session_state(&play->by_bytes));
    expect(elig_session_in_flight(&play->whole) == elig_session_in_flight(&play->by_bytes));
}

/* A good record of the server, whose frames come from the script. */
static void answer(struct play *play, struct script *script)
{
    size_t count = 1 + next(script) % FRAMES_SAID_MAX;
    size_t told = 1 + next(script) % count;
    if (!play->is_accepted || play->said == ANSWERS_MAX ||
        play->server.send.counter >= SESSION_RECORDS_MAX)
        return;
    memset(play->last + HEADER_SIZE, 0, FRAME_SIZE * count);
    for (size_t i = 0; i < told; i++)
        memset(play->last + HEADER_SIZE + FRAME_SIZE * i, next(script) | 1, FRAME_SIZE);
    memcpy(play->answers[play->said], play->last + HEADER_SIZE, FRAME_SIZE * told);
    play->answer_counts[play->said++] = told;
    play->last_size = record_seal(&play->server.send, play->last, count);
}

static void ask(struct play *play, struct script *script)
{
    static uint8_t frames[FRAME_SIZE * 32], room[ELIG_RECORD_SIZE_MAX], again[sizeof(room)];
    size_t count = next(script) % 32, size = 0, size_again = 0;
    memset(frames, next(script), sizeof(frames));
    int error = elig_session_put(&play->whole, frames, count, room, sizeof(room), &size);
    expect(elig_session_put(&play->by_bytes, frames, count, again, sizeof(again), &size_again) ==
           error);
    if (error != ELIG_FINE)
        return;
    expect(size == size_again && memcmp(room, again, size) == 0);
    expect(elig_session_state(&play->whole) == ELIG_SESSION_OPEN && play->is_accepted);
    size_t sealed_count = 0;
    expect(record_open(&play->server.receive, room, size, &sealed_count));
    expect(frames_before_pads(room + HEADER_SIZE, sealed_count) == count);
}

/* The last record with a byte changed, or cut. */
static void spoil(struct play *play, struct script *script)
{
    size_t at = next(script);
    uint8_t bits = next(script);
    if (at < play->last_size)
        play->last[at] ^= bits;
    else if (bits < play->last_size)
        play->last_size = bits;
}

static void step(struct play *play, struct script *script)
{
    uint8_t raw[32];
    switch (next(script) % 10) {
    case 0:
        for (size_t i = 0; i < sizeof(raw); i++)
            raw[i] = next(script);
        deliver(play, raw, 1 + raw[31] % 31);
        break;
    case 1: /* a record of which the server knows */
    case 2:
        answer(play, script);
        deliver(play, play->last, play->last_size);
        break;
    case 3:
        ask(play, script);
        break;
    case 4:
        memcpy(play->last, play->accept, ACCEPT_SIZE);
        play->last_size = ACCEPT_SIZE;
        deliver(play, play->last, play->last_size);
        break;
    case 5: /* and again */
        deliver(play, play->last, play->last_size);
        break;
    case 6:
        answer(play, script);
        spoil(play, script);
        deliver(play, play->last, play->last_size);
        break;
    case 7:
        busy_encode(play->last, (uint32_t)next(script) << 8);
        play->last_size = BUSY_SIZE;
        deliver(play, play->last, play->last_size);
        break;
    case 8:
        if (play->counter < 4)
            start(play);
        break;
    default:
        expect(elig_session_use_next_key(&play->whole) == ELIG_FINE);
        expect(elig_session_use_next_key(&play->by_bytes) == ELIG_FINE);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct play play;
    struct script script = {.at = data, .size = size};
    open_once();
    play = opening; /* nobody but a test copies a session */
    for (int i = 0; i < STEPS_MAX && script.size > 0; i++)
        step(&play, &script);
    return 0;
}
