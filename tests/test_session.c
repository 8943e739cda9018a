#include "protocol/session.h"

#include "tests/named.h"
#include "tests/sealed.h"

static struct elig_session_settings settings_of_vectors(void)
{
    struct elig_session_settings settings = {
        .environment = SEALED_ENVIRONMENT,
        .terminal_id = sealed_hello.terminal_id,
        .firmware = sealed_hello.firmware,
        .is_padded = 1,
    };
    struct sealed_side terminal = sealed_terminal();
    memcpy(settings.terminal_secret, terminal.keys.secret_key, ELIG_KEY_SIZE);
    memcpy(settings.server_public, terminal.server.public_key, ELIG_KEY_SIZE);
    memcpy(settings.psk, terminal.psk.bytes, ELIG_KEY_SIZE);
    return settings;
}

static struct elig_session_fresh fresh_of_vectors(void)
{
    struct elig_session_fresh fresh = {
        .counter = sealed_hello.counter,
        .now_ms = 5000000,
        .time_ms = sealed_hello.time_ms,
    };
    struct sealed_key ephemeral = sealed_key_of(SEALED_TERMINAL_EPHEMERAL);
    memcpy(fresh.random, ephemeral.bytes, ELIG_KEY_SIZE);
    return fresh;
}

/* A session and the server at the other end. */
struct talk {
    struct elig_session session;
    struct sealed_side server;
    struct elig_event event;
    uint8_t hello[ELIG_HELLO_SIZE];
    uint8_t accept[ACCEPT_SIZE];
};

static struct session *inside(struct talk *talk)
{
    return (struct session *)(void *)talk->session.inside;
}

/* As far as the HELLO, which the server has read and answered into talk->accept. */
static void talk_start(struct talk *talk, const struct accept *terms)
{
    struct elig_session_settings settings = settings_of_vectors();
    struct elig_session_fresh fresh = fresh_of_vectors();
    talk->server = sealed_server();
    talk->server.accept = *terms;
    ck_assert_int_eq(elig_session_open(&talk->session, &settings), ELIG_FINE);
    ck_assert_int_eq(elig_session_start(&talk->session, &fresh, talk->hello), ELIG_FINE);
    ck_assert(sealed_hear_hello(&talk->server, talk->hello));
    ck_assert(sealed_say_accept(&talk->server, talk->accept));
}

/* All of these bytes, which bring one event at most, and that with the last byte. */
static int talk_take(struct talk *talk, const uint8_t *bytes, size_t size)
{
    size_t taken = elig_session_take(&talk->session, at_the_edge(bytes, size), size, &talk->event);
    ck_assert_uint_eq(taken, size);
    return talk->event.kind;
}

static void talk_open(struct talk *talk, const struct accept *terms)
{
    talk_start(talk, terms);
    ck_assert_int_eq(talk_take(talk, talk->accept, ACCEPT_SIZE), ELIG_EVENT_ACCEPTED);
}

/* Frames that are no padding, numbered from `first`. */
static void fill_frames(uint8_t *frames, size_t count, size_t first)
{
    for (size_t i = 0; i < count; i++) {
        memset(frames + FRAME_SIZE * i, (int)(first + i) | 1, FRAME_SIZE);
        store_u32(frames + FRAME_SIZE * i, (uint32_t)(first + i));
    }
}

/* Puts so many frames and lets the server read them: how many it found, padding included. */
static size_t talk_ask(struct talk *talk, size_t count)
{
    static uint8_t frames[FRAME_SIZE * ELIG_FRAMES_MAX], record[ELIG_RECORD_SIZE_MAX];
    size_t size = 0, found = 0;
    fill_frames(frames, count, 1);
    ck_assert_int_eq(elig_session_put(&talk->session, frames, count, record, sizeof(record), &size),
                     ELIG_FINE);
    ck_assert_uint_eq(size, elig_session_record_size(&talk->session, count));
    ck_assert(record_open(&talk->server.receive, record, size, &found));
    ck_assert_uint_eq(frames_before_pads(record + HEADER_SIZE, found), count);
    ck_assert_mem_eq(record + HEADER_SIZE, frames, FRAME_SIZE * count);
    return found;
}

/* A record of the server: `count` frames of which the last `pad_count` are padding. */
static size_t server_says(struct talk *talk, uint8_t *record, size_t count, size_t pad_count)
{
    memset(record + HEADER_SIZE, 0, FRAME_SIZE * count);
    fill_frames(record + HEADER_SIZE, count - pad_count, 1);
    return record_seal(&talk->server.send, record, count);
}

static void expect_over(struct talk *talk, enum elig_cause cause)
{
    struct session *s = inside(talk);
    ck_assert_int_eq(talk->event.cause, cause);
    ck_assert_int_eq(elig_session_state(&talk->session), ELIG_SESSION_OVER);
    ck_assert_int_eq(elig_session_cause(&talk->session), cause);
    /* no key is left, and it stays so whatever comes */
    ck_assert(bytes_are_zero((uint8_t *)&s->handshake, sizeof(s->handshake)));
    ck_assert(bytes_are_zero((uint8_t *)&s->send, sizeof(s->send)));
    ck_assert(bytes_are_zero((uint8_t *)&s->receive, sizeof(s->receive)));
    ck_assert_int_eq(talk_take(talk, talk->accept, ACCEPT_SIZE), ELIG_EVENT_OVER);
    ck_assert_int_eq(talk->event.cause, cause);
    ck_assert_int_eq(talk_take(talk, talk->accept, 0), ELIG_EVENT_OVER);
    uint8_t frame[FRAME_SIZE] = {1}, room[DATA_SIZE(1)];
    size_t size = 0;
    ck_assert_int_eq(elig_session_put(&talk->session, frame, 1, room, sizeof(room), &size),
                     ELIG_NO_SESSION);
    ck_assert_uint_eq(elig_session_record_size(&talk->session, 1), 0);
    ck_assert_int_eq(elig_session_is_due(&talk->session, UINT64_MAX), 0);
}

/* ---- a conversation ---- */

START_TEST(a_session_says_the_bytes_of_the_vectors)
{
    struct talk talk;
    struct named_file vectors;
    uint8_t record[ELIG_RECORD_SIZE_MAX];
    size_t size = 0;
    named_read(&vectors, "records.txt");
    talk_start(&talk, &sealed_terms);
    ck_assert_mem_eq(talk.hello, named_bytes(&vectors, "hello", HELLO_SIZE), HELLO_SIZE);
    ck_assert_int_eq(talk_take(&talk, named_bytes(&vectors, "accept", ACCEPT_SIZE), ACCEPT_SIZE),
                     ELIG_EVENT_ACCEPTED);
    for (size_t i = 1; i <= 2; i++) {
        size_t sealed_count = i == 1 ? 1 : 4; /* padded */
        char name[NAMED_NAME_SIZE];
        snprintf(name, sizeof(name), "frames_of_terminal_%zu", i);
        const uint8_t *frames = named_bytes(&vectors, name, FRAME_SIZE * sealed_count);
        ck_assert_int_eq(elig_session_put(&talk.session, frames, i, record, sizeof(record), &size),
                         ELIG_FINE);
        snprintf(name, sizeof(name), "data_of_terminal_%zu", i);
        ck_assert_uint_eq(size, DATA_SIZE(sealed_count));
        ck_assert_mem_eq(record, named_bytes(&vectors, name, size), size);
        snprintf(name, sizeof(name), "data_of_server_%zu", i);
        ck_assert_int_eq(talk_take(&talk, named_bytes(&vectors, name, size), size),
                         ELIG_EVENT_FRAMES);
        snprintf(name, sizeof(name), "frames_of_server_%zu", i);
        ck_assert_uint_eq(talk.event.frame_count, i);
        ck_assert_mem_eq(talk.event.frames, named_bytes(&vectors, name, FRAME_SIZE * sealed_count),
                         FRAME_SIZE * i);
        ck_assert_uint_eq(elig_session_in_flight(&talk.session), 0);
    }
}
END_TEST

START_TEST(an_accept_tells_the_terms)
{
    struct talk talk;
    struct accept terms = sealed_terms;
    terms.flags = ACCEPT_DRAINING;
    talk_open(&talk, &terms);
    const struct elig_session_terms *told = &talk.event.terms;
    ck_assert_uint_eq(told->time_ms, terms.time_ms);
    ck_assert_uint_eq(told->generation, terms.generation);
    ck_assert_uint_eq(told->session_id, terms.session_id);
    ck_assert_uint_eq(told->frames_max, terms.frames_max);
    ck_assert_uint_eq(told->in_flight_max, terms.in_flight_max);
    ck_assert_uint_eq(told->identifiers_per_min, terms.identifiers_per_min);
    ck_assert_uint_eq(told->records_max, terms.records_max);
    ck_assert_uint_eq(told->idle_s, terms.idle_s);
    ck_assert_uint_eq(told->is_draining, 1);
    ck_assert_int_eq(elig_session_state(&talk.session), ELIG_SESSION_OPEN);
    ck_assert_int_eq(elig_session_cause(&talk.session), ELIG_CAUSE_NONE);
}
END_TEST

/* What a stream brought, in words. */
struct story {
    char text[4096];
    size_t size;
};

static void tell(struct story *story, const struct elig_event *event)
{
    int size = snprintf(story->text + story->size, sizeof(story->text) - story->size,
                        "%d %d %u %zu %llu %u;", event->kind, event->cause, event->wait_ms,
                        event->frame_count, (unsigned long long)event->terms.session_id,
                        event->frame_count > 0 ? load_u32(event->frames) : 0);
    ck_assert(size > 0 && story->size + (size_t)size < sizeof(story->text));
    story->size += (size_t)size;
}

/* ACCEPT, answers of 1, 2 (padded) and 255 frames, and what is not awaited then. */
enum { STREAM_SIZE = ACCEPT_SIZE + DATA_SIZE(1) + DATA_SIZE(4) + DATA_SIZE(255) + ACCEPT_SIZE };

/* The session before that stream; the same each time. */
static void make_stream(struct talk *talk, uint8_t stream[static STREAM_SIZE])
{
    uint8_t *at = stream;
    talk_start(talk, &sealed_terms);
    memcpy(at, talk->accept, ACCEPT_SIZE);
    at += ACCEPT_SIZE;
    at += server_says(talk, at, 1, 0);
    at += server_says(talk, at, 4, 2);
    at += server_says(talk, at, 255, 100);
    memcpy(at, talk->accept, ACCEPT_SIZE);
}

/* Takes the stream in pieces of `first` and then `step` bytes. Requests are put as soon as the
 * session is open, so that the answers are awaited. */
static void take_stream(struct story *story, struct talk *talk, const uint8_t *stream, size_t first,
                        size_t step)
{
    size_t at = 0, piece = first;
    story->size = 0;
    while (at < STREAM_SIZE) {
        size_t end = piece < STREAM_SIZE - at ? at + piece : STREAM_SIZE;
        while (at < end) {
            size_t taken = elig_session_take(&talk->session, stream + at, end - at, &talk->event);
            ck_assert(taken > 0 && taken <= end - at);
            at += taken;
            if (talk->event.kind != ELIG_EVENT_NONE)
                tell(story, &talk->event);
            if (talk->event.kind == ELIG_EVENT_ACCEPTED)
                inside(talk)->in_flight = 260;
            if (talk->event.kind == ELIG_EVENT_OVER)
                return;
        }
        piece = step;
    }
}

START_TEST(how_a_stream_is_cut_means_nothing)
{
    static uint8_t stream[STREAM_SIZE];
    static struct talk before, talk;
    struct story whole, cut;
    make_stream(&before, stream);
    talk = before; /* for the test: nobody else copies a session */
    take_stream(&whole, &talk, stream, STREAM_SIZE, STREAM_SIZE);
    ck_assert_str_eq(whole.text, "1 0 0 0 72623859790382856 0;2 0 0 1 0 1;2 0 0 2 0 1;"
                                 "2 0 0 155 0 1;4 2 0 0 0 0;");
    for (size_t step = 1; step < 200; step++) {
        talk = before;
        take_stream(&cut, &talk, stream, step, step);
        ck_assert_str_eq(cut.text, whole.text);
    }
    /* everywhere around the small records, here and there in the large one */
    for (size_t first = 1; first < STREAM_SIZE; first += first < 700 ? 1 : 13) {
        talk = before;
        take_stream(&cut, &talk, stream, first, STREAM_SIZE);
        ck_assert_str_eq(cut.text, whole.text);
    }
}
END_TEST

/* ---- what comes at the wrong time ---- */

enum said { SAID_HELLO, SAID_ACCEPT, SAID_BUSY, SAID_DATA, SAID_NOTHING_KNOWN };

static size_t make_record(struct talk *talk, uint8_t *record, enum said said)
{
    switch (said) {
    case SAID_HELLO:
        memcpy(record, talk->hello, HELLO_SIZE);
        return HELLO_SIZE;
    case SAID_ACCEPT:
        memcpy(record, talk->accept, ACCEPT_SIZE);
        return ACCEPT_SIZE;
    case SAID_BUSY:
        busy_encode(record, 1000);
        return BUSY_SIZE;
    case SAID_DATA:
        return server_says(talk, record, 1, 0);
    case SAID_NOTHING_KNOWN:
        memcpy(record, "\x04\x01\x04\x00....", 8);
        return 8;
    }
    abort(); /* not one of them */
}

static const struct {
    enum elig_session_state state;
    enum said said;
    int event;
    enum elig_cause cause;
} turns[] = {
    {ELIG_SESSION_START, SAID_ACCEPT, ELIG_EVENT_OVER, ELIG_CAUSE_NONE},
    {ELIG_SESSION_START, SAID_DATA, ELIG_EVENT_OVER, ELIG_CAUSE_NONE},
    {ELIG_SESSION_HELLO_SENT, SAID_HELLO, ELIG_EVENT_OVER, ELIG_CAUSE_RECORD},
    {ELIG_SESSION_HELLO_SENT, SAID_ACCEPT, ELIG_EVENT_ACCEPTED, ELIG_CAUSE_NONE},
    {ELIG_SESSION_HELLO_SENT, SAID_BUSY, ELIG_EVENT_BUSY, ELIG_CAUSE_BUSY},
    {ELIG_SESSION_HELLO_SENT, SAID_DATA, ELIG_EVENT_OVER, ELIG_CAUSE_RECORD},
    {ELIG_SESSION_HELLO_SENT, SAID_NOTHING_KNOWN, ELIG_EVENT_OVER, ELIG_CAUSE_RECORD},
    {ELIG_SESSION_OPEN, SAID_HELLO, ELIG_EVENT_OVER, ELIG_CAUSE_RECORD},
    {ELIG_SESSION_OPEN, SAID_ACCEPT, ELIG_EVENT_OVER, ELIG_CAUSE_RECORD},
    {ELIG_SESSION_OPEN, SAID_BUSY, ELIG_EVENT_OVER, ELIG_CAUSE_RECORD},
    {ELIG_SESSION_OPEN, SAID_DATA, ELIG_EVENT_FRAMES, ELIG_CAUSE_NONE},
    {ELIG_SESSION_OPEN, SAID_NOTHING_KNOWN, ELIG_EVENT_OVER, ELIG_CAUSE_RECORD},
};

START_TEST(each_record_has_its_time)
{
    struct talk talk;
    uint8_t record[RECORD_SIZE_MAX];
    talk_start(&talk, &sealed_terms);
    if (turns[_i].state == ELIG_SESSION_START) {
        struct elig_session_settings settings = settings_of_vectors();
        ck_assert_int_eq(elig_session_open(&talk.session, &settings), ELIG_FINE);
    }
    if (turns[_i].state == ELIG_SESSION_OPEN) {
        talk_take(&talk, talk.accept, ACCEPT_SIZE);
        talk_ask(&talk, 1);
    }
    ck_assert_int_eq(elig_session_state(&talk.session), turns[_i].state);
    size_t size = make_record(&talk, record, turns[_i].said);
    size_t taken = elig_session_take(&talk.session, record, size, &talk.event);
    ck_assert_int_eq(talk.event.kind, turns[_i].event);
    ck_assert_int_eq(talk.event.cause, turns[_i].cause);
    ck_assert(taken == size || talk.event.kind == ELIG_EVENT_OVER);
    if (turns[_i].cause != ELIG_CAUSE_NONE)
        expect_over(&talk, turns[_i].cause);
}
END_TEST

/* A header that cannot come is refused with its fourth byte: nobody waits for a body of it. */
START_TEST(a_header_out_of_turn_is_refused_at_once)
{
    struct talk talk;
    uint8_t header[HEADER_SIZE];
    talk_start(&talk, &sealed_terms);
    record_header_encode(header, &(struct record_header){RECORD_DATA, DATA_BODY_SIZE(255)});
    ck_assert_int_eq(talk_take(&talk, header, 3), ELIG_EVENT_NONE);
    ck_assert_int_eq(talk_take(&talk, header + 3, 1), ELIG_EVENT_OVER);
    expect_over(&talk, ELIG_CAUSE_RECORD);
}
END_TEST

START_TEST(nothing_taken_is_nothing_said)
{
    struct talk talk;
    talk_start(&talk, &sealed_terms);
    ck_assert_int_eq(talk_take(&talk, talk.accept, 0), ELIG_EVENT_NONE);
    ck_assert_int_eq(elig_session_state(&talk.session), ELIG_SESSION_HELLO_SENT);
    ck_assert_int_eq(talk_take(&talk, talk.accept, HEADER_SIZE), ELIG_EVENT_NONE);
    ck_assert_int_eq(talk_take(&talk, NULL, 0), ELIG_EVENT_NONE); /* no bytes, no address */
    ck_assert_int_eq(elig_session_state(&talk.session), ELIG_SESSION_HELLO_SENT);
}
END_TEST

START_TEST(busy_waits_within_bounds_and_not_all_alike)
{
    struct talk talk;
    uint8_t busy[BUSY_SIZE];
    uint32_t waits[8];
    for (uint8_t i = 0; i < 8; i++) {
        struct elig_session_fresh fresh = fresh_of_vectors();
        talk_start(&talk, &sealed_terms);
        fresh.random[5] ^= i;
        ck_assert_int_eq(elig_session_start(&talk.session, &fresh, talk.hello), ELIG_FINE);
        busy_encode(busy, UINT32_MAX);
        ck_assert_int_eq(talk_take(&talk, busy, sizeof(busy)), ELIG_EVENT_BUSY);
        waits[i] = talk.event.wait_ms;
        ck_assert(waits[i] >= BUSY_WAIT_MS_MAX && waits[i] <= BUSY_WAIT_MS_MAX * 3 / 2);
        for (uint8_t other = 0; other < i; other++)
            ck_assert_uint_ne(waits[other], waits[i]);
    }
    expect_over(&talk, ELIG_CAUSE_BUSY);
}
END_TEST

/* ---- bytes that were changed ---- */

/* An end, or bytes that are still waited for because a length was made greater. */
static void expect_no_good(struct talk *talk, size_t at)
{
    ck_assert_msg(talk->event.kind == ELIG_EVENT_OVER || talk->event.kind == ELIG_EVENT_NONE,
                  "byte %zu", at);
    ck_assert_msg(at < HEADER_SIZE || talk->event.cause == ELIG_CAUSE_SEAL, "byte %zu", at);
}

START_TEST(an_accept_with_any_byte_changed_is_no_good)
{
    static struct talk before, talk;
    talk_start(&before, &sealed_terms);
    for (size_t i = 0; i < ACCEPT_SIZE; i++) {
        talk = before;
        talk.accept[i] ^= 1;
        elig_session_take(&talk.session, talk.accept, ACCEPT_SIZE, &talk.event);
        expect_no_good(&talk, i);
    }
}
END_TEST

START_TEST(data_with_any_byte_changed_is_no_good)
{
    static struct talk before, talk;
    uint8_t record[DATA_SIZE(4)];
    talk_open(&before, &sealed_terms);
    talk_ask(&before, 3);
    size_t size = server_says(&before, record, 4, 1);
    for (size_t i = 0; i < size; i++) {
        talk = before;
        record[i] ^= 1;
        elig_session_take(&talk.session, record, size, &talk.event);
        expect_no_good(&talk, i);
        record[i] ^= 1;
    }
    ck_assert_int_eq(talk_take(&before, record, size), ELIG_EVENT_FRAMES);
}
END_TEST

START_TEST(records_that_come_twice_or_late_end_the_session)
{
    struct talk talk;
    uint8_t first[DATA_SIZE(1)], second[DATA_SIZE(1)];
    talk_open(&talk, &sealed_terms);
    talk_ask(&talk, 1);
    talk_ask(&talk, 1);
    talk_ask(&talk, 1);
    server_says(&talk, first, 1, 0);
    server_says(&talk, second, 1, 0);
    if (_i == 0) { /* twice */
        ck_assert_int_eq(talk_take(&talk, first, sizeof(first)), ELIG_EVENT_FRAMES);
        ck_assert_int_eq(talk_take(&talk, first, sizeof(first)), ELIG_EVENT_OVER);
    } else { /* the second before the first */
        ck_assert_int_eq(talk_take(&talk, second, sizeof(second)), ELIG_EVENT_OVER);
    }
    expect_over(&talk, ELIG_CAUSE_SEAL);
}
END_TEST

static void another_psk(struct elig_session_settings *settings)
{
    settings->psk[0] ^= 1;
}

static void another_environment(struct elig_session_settings *settings)
{
    settings->environment++;
}

static void another_server(struct elig_session_settings *settings)
{
    settings->server_public[0] ^= 1;
}

static const struct {
    void (*change)(struct elig_session_settings *);
    bool is_addressed, is_heard;
} strangers[] = {
    {another_psk, true, true}, /* known by its key, and then the seals differ */
    {another_environment, true, false},
    {another_server, false, false},
};

START_TEST(who_has_other_settings_gets_no_session)
{
    struct talk talk;
    struct elig_session_settings settings = settings_of_vectors();
    struct elig_session_fresh fresh = fresh_of_vectors();
    talk.server = sealed_server();
    strangers[_i].change(&settings);
    ck_assert_int_eq(elig_session_open(&talk.session, &settings), ELIG_FINE);
    ck_assert_int_eq(elig_session_start(&talk.session, &fresh, talk.hello), ELIG_FINE);
    ck_assert(hello_is_addressed(talk.hello, &talk.server.server) == strangers[_i].is_addressed);
    ck_assert(sealed_hear_hello(&talk.server, talk.hello) == strangers[_i].is_heard);
    if (!strangers[_i].is_heard)
        return;
    ck_assert(sealed_say_accept(&talk.server, talk.accept));
    ck_assert_int_eq(talk_take(&talk, talk.accept, ACCEPT_SIZE), ELIG_EVENT_OVER);
    expect_over(&talk, ELIG_CAUSE_SEAL);
}
END_TEST

START_TEST(terms_without_sense_end_the_session)
{
    struct talk talk;
    uint8_t payload[ACCEPT_PAYLOAD_SIZE];
    talk_start(&talk, &sealed_terms);
    ck_assert(sealed_hear_hello(&talk.server, talk.hello));
    accept_encode(payload, &sealed_terms);
    store_u16(payload + ACCEPT_FRAMES_MAX, 256);
    ck_assert(noise_write_accept(&talk.server.handshake, talk.accept + HEADER_SIZE, payload,
                                 sizeof(payload), talk.server.psk.bytes,
                                 talk.server.ephemeral.bytes));
    ck_assert_int_eq(talk_take(&talk, talk.accept, ACCEPT_SIZE), ELIG_EVENT_OVER);
    expect_over(&talk, ELIG_CAUSE_TERMS);
}
END_TEST

/* ---- frames ---- */

START_TEST(every_number_of_frames_is_padded_to_few_sizes)
{
    static struct talk talk;
    static uint8_t record[RECORD_SIZE_MAX];
    talk_open(&talk, &sealed_terms);
    for (size_t count = 1; count <= ELIG_FRAMES_MAX; count++) {
        size_t sealed = talk_ask(&talk, count);
        ck_assert_uint_eq(sealed, padded_frame_count(count, 255));
        ck_assert_uint_eq(elig_session_in_flight(&talk.session), sealed);
        size_t size = server_says(&talk, record, sealed, sealed - count);
        ck_assert_int_eq(talk_take(&talk, record, size), ELIG_EVENT_FRAMES);
        ck_assert_uint_eq(talk.event.frame_count, count);
        ck_assert_uint_eq(load_u32(talk.event.frames + FRAME_SIZE * (count - 1)), count);
        ck_assert_uint_eq(elig_session_in_flight(&talk.session), 0);
    }
}
END_TEST

START_TEST(without_padding_records_are_as_long_as_what_is_asked)
{
    struct talk talk;
    talk_open(&talk, &sealed_terms);
    inside(&talk)->is_padded = false;
    for (size_t count = 1; count <= 20; count++)
        ck_assert_uint_eq(talk_ask(&talk, count), count);
}
END_TEST

START_TEST(a_record_may_be_sealed_where_its_frames_are)
{
    static struct talk before, talk;
    uint8_t frames[FRAME_SIZE * 3], room[2 * DATA_SIZE(4)], wanted[DATA_SIZE(4)];
    size_t size = 0;
    talk_open(&before, &sealed_terms);
    fill_frames(frames, 3, 1);
    talk = before;
    ck_assert_int_eq(elig_session_put(&talk.session, frames, 3, wanted, sizeof(wanted), &size),
                     ELIG_FINE);
    for (size_t at = 0; at <= 200; at++) {
        talk = before;
        memcpy(room + at, frames, sizeof(frames));
        ck_assert_int_eq(elig_session_put(&talk.session, room + at, 3, room, DATA_SIZE(4), &size),
                         ELIG_FINE);
        ck_assert_mem_eq(room, wanted, sizeof(wanted));
    }
}
END_TEST

static const struct {
    size_t frame_count, room_size;
    int pad_at; /* -1: none */
    int error;
} attempts[] = {
    {1, DATA_SIZE(1), -1, ELIG_FINE},
    {1, DATA_SIZE(1) - 1, -1, ELIG_BAD_ARGUMENT},
    {2, DATA_SIZE(4), -1, ELIG_FINE},
    {2, DATA_SIZE(4) - 1, -1, ELIG_BAD_ARGUMENT},
    {0, DATA_SIZE(4), -1, ELIG_BAD_ARGUMENT},
    {11, RECORD_SIZE_MAX, -1, ELIG_BAD_ARGUMENT}, /* frames_max is 10 */
    {10, RECORD_SIZE_MAX, -1, ELIG_FINE},
    {SIZE_MAX, RECORD_SIZE_MAX, -1, ELIG_BAD_ARGUMENT},
    {1, DATA_SIZE(1), 0, ELIG_BAD_ARGUMENT},
    {3, DATA_SIZE(4), 1, ELIG_BAD_ARGUMENT},
    {3, DATA_SIZE(4), 2, ELIG_BAD_ARGUMENT},
};

START_TEST(a_refused_put_changes_nothing)
{
    static struct talk talk;
    static uint8_t frames[FRAME_SIZE * 11], room[RECORD_SIZE_MAX];
    struct accept terms = sealed_terms;
    size_t size = 77;
    terms.frames_max = 10;
    memset(room, 0, sizeof(room));
    talk_open(&talk, &terms);
    fill_frames(frames, 11, 1);
    if (attempts[_i].pad_at >= 0)
        memset(frames + FRAME_SIZE * attempts[_i].pad_at, 0, FRAME_SIZE);
    ck_assert_int_eq(elig_session_put(&talk.session, frames, attempts[_i].frame_count, room,
                                      attempts[_i].room_size, &size),
                     attempts[_i].error);
    bool is_fine = attempts[_i].error == ELIG_FINE;
    ck_assert(is_fine == (size != 77));
    ck_assert(is_fine == (elig_session_in_flight(&talk.session) != 0));
    ck_assert_uint_eq(inside(&talk)->send.counter, is_fine);
    if (!is_fine)
        ck_assert(bytes_are_zero(room, sizeof(room)));
}
END_TEST

START_TEST(no_more_is_in_flight_than_the_server_allows)
{
    static struct talk talk;
    uint8_t frame[FRAME_SIZE] = {1}, room[DATA_SIZE(1)], record[DATA_SIZE(1)];
    struct accept terms = sealed_terms;
    size_t size = 0;
    terms.frames_max = 4;
    terms.in_flight_max = 6;
    talk_open(&talk, &terms);
    talk_ask(&talk, 3); /* padded to 4 */
    talk_ask(&talk, 1);
    talk_ask(&talk, 1);
    ck_assert_int_eq(elig_session_put(&talk.session, frame, 1, room, sizeof(room), &size),
                     ELIG_IN_FLIGHT);
    ck_assert_uint_eq(elig_session_in_flight(&talk.session), 6);
    server_says(&talk, record, 1, 0);
    ck_assert_int_eq(talk_take(&talk, record, sizeof(record)), ELIG_EVENT_FRAMES);
    talk_ask(&talk, 1);
}
END_TEST

static const struct {
    size_t asked, said, pad_count;
    int pad_at; /* one more piece of padding, before others; -1: none */
    bool is_good;
} answers[] = {
    {1, 1, 0, -1, true},  {2, 4, 2, -1, true},  /* the answer to a padded record */
    {2, 4, 0, -1, true},                        /* the caller looks at ids anyway */
    {3, 1, 0, -1, true},                        /* a part of what is asked, the rest may follow */
    {1, 2, 0, -1, false},                       /* more than was asked */
    {2, 5, 0, -1, false}, {2, 4, 4, -1, false}, /* padding alone */
    {3, 4, 1, 0, false},                        /* padding before a frame */
    {3, 4, 1, 1, false},  {0, 1, 0, -1, false}, /* an answer to nothing */
};

START_TEST(answers_are_to_what_was_asked)
{
    static struct talk talk;
    uint8_t record[RECORD_SIZE_MAX];
    talk_open(&talk, &sealed_terms);
    if (answers[_i].asked > 0)
        talk_ask(&talk, answers[_i].asked);
    memset(record + HEADER_SIZE, 0, FRAME_SIZE * answers[_i].said);
    fill_frames(record + HEADER_SIZE, answers[_i].said - answers[_i].pad_count, 1);
    if (answers[_i].pad_at >= 0)
        memset(record + HEADER_SIZE + FRAME_SIZE * answers[_i].pad_at, 0, FRAME_SIZE);
    size_t size = record_seal(&talk.server.send, record, answers[_i].said);
    int kind = talk_take(&talk, record, size);
    ck_assert_int_eq(kind, answers[_i].is_good ? ELIG_EVENT_FRAMES : ELIG_EVENT_OVER);
    if (!answers[_i].is_good)
        expect_over(&talk, ELIG_CAUSE_FRAMES);
}
END_TEST

/* ---- the end of a session, and the next one ---- */

static const struct {
    uint32_t records_max;
    uint64_t age_ms, sent, received;
    int is_due;
} ages[] = {
    {SESSION_RECORDS_MAX, 0, 0, 0, 0},
    {SESSION_RECORDS_MAX, SESSION_DUE_MS - 1, 0, 0, 0},
    {SESSION_RECORDS_MAX, SESSION_DUE_MS, 0, 0, 1},
    {SESSION_RECORDS_MAX, UINT64_MAX - 5000000, 0, 0, 1},
    {SESSION_RECORDS_MAX, 0, 983039, 0, 0},
    {SESSION_RECORDS_MAX, 0, 983040, 0, 1},
    {SESSION_RECORDS_MAX, 0, 0, 983040, 1},
    {16, 0, 14, 14, 0},
    {16, 0, 15, 0, 1},
    {1, 0, 0, 0, 0},
    {1, 0, 1, 0, 1},
};

START_TEST(a_new_session_is_due_before_the_old_one_ends)
{
    struct talk talk;
    struct accept terms = sealed_terms;
    terms.records_max = ages[_i].records_max;
    talk_start(&talk, &terms);
    ck_assert_int_eq(elig_session_is_due(&talk.session, UINT64_MAX), 0); /* not open yet */
    talk_take(&talk, talk.accept, ACCEPT_SIZE);
    inside(&talk)->send.counter = ages[_i].sent;
    inside(&talk)->receive.counter = ages[_i].received;
    uint64_t now_ms = fresh_of_vectors().now_ms + ages[_i].age_ms;
    ck_assert_int_eq(elig_session_is_due(&talk.session, now_ms), ages[_i].is_due);
}
END_TEST

START_TEST(after_its_last_record_a_session_only_listens)
{
    struct talk talk;
    uint8_t frame[FRAME_SIZE] = {1}, room[DATA_SIZE(1)], record[DATA_SIZE(1)];
    struct accept terms = sealed_terms;
    size_t size = 0;
    terms.records_max = 2;
    talk_open(&talk, &terms);
    talk_ask(&talk, 1);
    talk_ask(&talk, 1);
    ck_assert_int_eq(elig_session_put(&talk.session, frame, 1, room, sizeof(room), &size),
                     ELIG_NO_SESSION);
    for (int i = 0; i < 2; i++) {
        server_says(&talk, record, 1, 0);
        ck_assert_int_eq(talk_take(&talk, record, sizeof(record)), ELIG_EVENT_FRAMES);
    }
    inside(&talk)->in_flight = 1;
    server_says(&talk, record, 1, 0);
    ck_assert_int_eq(talk_take(&talk, record, sizeof(record)), ELIG_EVENT_OVER);
    expect_over(&talk, ELIG_CAUSE_SPENT);
}
END_TEST

/* From every state, and with nothing left of the session before. */
START_TEST(a_session_starts_again_from_any_state)
{
    struct talk talk;
    uint8_t record[DATA_SIZE(1)];
    talk_start(&talk, &sealed_terms);
    struct elig_session_fresh fresh = fresh_of_vectors();
    if (_i >= 1)
        talk_take(&talk, talk.accept, ACCEPT_SIZE);
    if (_i >= 2)
        talk_ask(&talk, 1);
    if (_i >= 3) { /* half a record has arrived */
        server_says(&talk, record, 1, 0);
        talk_take(&talk, record, 30);
    }
    if (_i >= 4)
        talk_take(&talk, record, 54);
    fresh.counter++;
    fresh.random[0] ^= 1;
    ck_assert_int_eq(elig_session_start(&talk.session, &fresh, talk.hello), ELIG_FINE);
    ck_assert_int_eq(elig_session_state(&talk.session), ELIG_SESSION_HELLO_SENT);
    ck_assert_int_eq(elig_session_cause(&talk.session), ELIG_CAUSE_NONE);
    ck_assert_uint_eq(elig_session_in_flight(&talk.session), 0);
    ck_assert(sealed_hear_hello(&talk.server, talk.hello));
    ck_assert_uint_eq(talk.server.hello.counter, fresh.counter);
    ck_assert(sealed_say_accept(&talk.server, talk.accept));
    ck_assert_int_eq(talk_take(&talk, talk.accept, ACCEPT_SIZE), ELIG_EVENT_ACCEPTED);
    talk_ask(&talk, 1);
    server_says(&talk, record, 1, 0);
    ck_assert_int_eq(talk_take(&talk, record, sizeof(record)), ELIG_EVENT_FRAMES);
}
END_TEST

START_TEST(the_next_key_of_the_server_is_used_when_asked_for)
{
    struct talk talk;
    struct elig_session_settings settings = settings_of_vectors();
    struct elig_session_fresh fresh = fresh_of_vectors();
    struct noise_keys other = sealed_keys_of(1);
    struct server_name names[2];
    memcpy(settings.server_public_next, other.public_key, ELIG_KEY_SIZE);
    server_name_make(&names[0], settings.server_public);
    server_name_make(&names[1], other.public_key);
    ck_assert_int_eq(elig_session_open(&talk.session, &settings), ELIG_FINE);
    for (int i = 0; i < 4; i++) { /* now, next, and round again */
        fresh.counter++;
        ck_assert_int_eq(elig_session_start(&talk.session, &fresh, talk.hello), ELIG_FINE);
        ck_assert(hello_is_addressed(talk.hello, &names[i % 2]));
        ck_assert(!hello_is_addressed(talk.hello, &names[1 - i % 2]));
        ck_assert_int_eq(elig_session_use_next_key(&talk.session), ELIG_FINE);
    }
}
END_TEST

START_TEST(without_a_next_key_the_one_of_now_stays)
{
    struct talk talk;
    talk_start(&talk, &sealed_terms);
    ck_assert_int_eq(elig_session_use_next_key(&talk.session), ELIG_BAD_ARGUMENT);
    ck_assert_int_eq(talk_take(&talk, talk.accept, ACCEPT_SIZE), ELIG_EVENT_ACCEPTED);
}
END_TEST

/* ---- arguments ---- */

static const struct {
    size_t at, size;
    uint8_t value;
    bool is_good;
} arguments[] = {
#define FIELD(name)                                                                                \
    offsetof(struct elig_session_settings, name), sizeof(((struct elig_session_settings *)0)->name)
    {FIELD(terminal_secret), 0, false},   {FIELD(server_public), 0, false},
    {FIELD(server_public_next), 0, true}, {FIELD(psk), 0, false},
    {FIELD(environment), 0, true},        {FIELD(terminal_id), 0, false},
    {FIELD(terminal_id), 0xff, true},     {FIELD(firmware), 0, true},
    {FIELD(is_padded), 0, true},          {FIELD(is_padded), 2, false},
#undef FIELD
};

START_TEST(settings_are_looked_at_when_a_session_is_opened)
{
    struct elig_session session = {{0}};
    struct elig_session_settings settings = settings_of_vectors();
    memset((uint8_t *)&settings + arguments[_i].at, arguments[_i].value, arguments[_i].size);
    ck_assert_int_eq(elig_session_open(&session, &settings),
                     arguments[_i].is_good ? ELIG_FINE : ELIG_BAD_ARGUMENT);
    ck_assert_int_eq(elig_session_state(&session),
                     arguments[_i].is_good ? ELIG_SESSION_START : ELIG_SESSION_CLOSED);
}
END_TEST

START_TEST(a_start_without_counter_or_randomness_is_refused)
{
    struct talk talk;
    struct elig_session_fresh fresh = fresh_of_vectors();
    talk_start(&talk, &sealed_terms);
    fresh.counter = 0;
    ck_assert_int_eq(elig_session_start(&talk.session, &fresh, talk.hello), ELIG_BAD_ARGUMENT);
    fresh = fresh_of_vectors();
    memset(fresh.random, 0, sizeof(fresh.random));
    ck_assert_int_eq(elig_session_start(&talk.session, &fresh, talk.hello), ELIG_BAD_ARGUMENT);
    /* and what was under way goes on */
    ck_assert_int_eq(talk_take(&talk, talk.accept, ACCEPT_SIZE), ELIG_EVENT_ACCEPTED);
}
END_TEST

START_TEST(a_server_key_of_low_order_is_told_at_the_start)
{
    struct talk talk;
    struct elig_session_settings settings = settings_of_vectors();
    struct elig_session_fresh fresh = fresh_of_vectors();
    memset(settings.server_public, 0, ELIG_KEY_SIZE);
    settings.server_public[0] = 1;
    ck_assert_int_eq(elig_session_open(&talk.session, &settings), ELIG_FINE);
    ck_assert_int_eq(elig_session_start(&talk.session, &fresh, talk.hello), ELIG_BAD_ARGUMENT);
    talk.event.cause = elig_session_cause(&talk.session);
    expect_over(&talk, ELIG_CAUSE_SERVER_KEY);
}
END_TEST

START_TEST(a_closed_session_is_zeros_and_does_nothing)
{
    struct talk talk;
    struct elig_session_fresh fresh = fresh_of_vectors();
    talk_open(&talk, &sealed_terms);
    elig_session_close(&talk.session);
    ck_assert(bytes_are_zero((uint8_t *)&talk.session, sizeof(talk.session)));
    ck_assert_int_eq(elig_session_state(&talk.session), ELIG_SESSION_CLOSED);
    ck_assert_int_eq(elig_session_start(&talk.session, &fresh, talk.hello), ELIG_BAD_ARGUMENT);
    ck_assert_int_eq(elig_session_use_next_key(&talk.session), ELIG_BAD_ARGUMENT);
    ck_assert_int_eq(talk_take(&talk, talk.accept, ACCEPT_SIZE), ELIG_EVENT_OVER);
    ck_assert_int_eq(talk.event.cause, ELIG_CAUSE_NONE);
    elig_session_close(&talk.session);
}
END_TEST

START_TEST(every_cause_has_a_sentence_of_its_own)
{
    for (int cause = ELIG_CAUSE_NONE; cause <= ELIG_CAUSE_SERVER_KEY; cause++) {
        ck_assert_str_ne(elig_cause_text(cause), "unknown cause");
        for (int other = 0; other < cause; other++)
            ck_assert_str_ne(elig_cause_text(cause), elig_cause_text(other));
    }
    ck_assert_str_eq(elig_cause_text(-1), "unknown cause");
    ck_assert_str_eq(elig_cause_text(ELIG_CAUSE_SERVER_KEY + 1), "unknown cause");
}
END_TEST

static void add_stream(TCase *tests)
{
    tcase_add_test(tests, a_session_says_the_bytes_of_the_vectors);
    tcase_add_test(tests, an_accept_tells_the_terms);
    tcase_add_test(tests, how_a_stream_is_cut_means_nothing);
    tcase_add_loop_test(tests, each_record_has_its_time, 0, COUNT_OF(turns));
    tcase_add_test(tests, a_header_out_of_turn_is_refused_at_once);
    tcase_add_test(tests, nothing_taken_is_nothing_said);
    tcase_add_test(tests, busy_waits_within_bounds_and_not_all_alike);
    tcase_add_test(tests, an_accept_with_any_byte_changed_is_no_good);
    tcase_add_test(tests, data_with_any_byte_changed_is_no_good);
    tcase_add_loop_test(tests, records_that_come_twice_or_late_end_the_session, 0, 2);
    tcase_add_loop_test(tests, who_has_other_settings_gets_no_session, 0, COUNT_OF(strangers));
    tcase_add_test(tests, terms_without_sense_end_the_session);
}

static void add_frames(TCase *tests)
{
    tcase_add_test(tests, every_number_of_frames_is_padded_to_few_sizes);
    tcase_add_test(tests, without_padding_records_are_as_long_as_what_is_asked);
    tcase_add_test(tests, a_record_may_be_sealed_where_its_frames_are);
    tcase_add_loop_test(tests, a_refused_put_changes_nothing, 0, COUNT_OF(attempts));
    tcase_add_test(tests, no_more_is_in_flight_than_the_server_allows);
    tcase_add_loop_test(tests, answers_are_to_what_was_asked, 0, COUNT_OF(answers));
}

static void add_life(TCase *tests)
{
    tcase_add_loop_test(tests, a_new_session_is_due_before_the_old_one_ends, 0, COUNT_OF(ages));
    tcase_add_test(tests, after_its_last_record_a_session_only_listens);
    tcase_add_loop_test(tests, a_session_starts_again_from_any_state, 0, 5);
    tcase_add_test(tests, the_next_key_of_the_server_is_used_when_asked_for);
    tcase_add_test(tests, without_a_next_key_the_one_of_now_stays);
    tcase_add_loop_test(tests, settings_are_looked_at_when_a_session_is_opened, 0,
                        COUNT_OF(arguments));
    tcase_add_test(tests, a_start_without_counter_or_randomness_is_refused);
    tcase_add_test(tests, a_server_key_of_low_order_is_told_at_the_start);
    tcase_add_test(tests, a_closed_session_is_zeros_and_does_nothing);
    tcase_add_test(tests, every_cause_has_a_sentence_of_its_own);
}

int main(void)
{
    Suite *suite = suite_create("session");
    TCase *stream = tcase_create("stream"), *frames = tcase_create("frames");
    TCase *life = tcase_create("life");
    add_stream(stream);
    add_frames(frames);
    add_life(life);
    suite_add_tcase(suite, stream);
    suite_add_tcase(suite, frames);
    suite_add_tcase(suite, life);
    return support_run(suite);
}
