#include "protocol/session.h"

#include <string.h>

static_assert(ELIG_KEY_SIZE == NOISE_KEY_SIZE, "one size of keys");
static_assert(ELIG_FRAMES_MAX == RECORD_FRAMES_MAX, "one greatest record");
static_assert(ELIG_HELLO_SIZE == HELLO_SIZE, "one size of HELLO");
static_assert(ELIG_RECORD_SIZE_MAX == RECORD_SIZE_MAX, "one size of records");
static_assert(ELIG_SESSION_CLOSED == 0, "what wiping leaves is closed");

static struct session *inside(struct elig_session *session)
{
    return (struct session *)(void *)session->inside;
}

static const struct session *inside_const(const struct elig_session *session)
{
    return (const struct session *)(const void *)session->inside;
}

/* Opening and closing */

static bool settings_are_sane(const struct elig_session_settings *settings)
{
    return settings->terminal_id != 0 && settings->is_padded <= 1 &&
           !bytes_are_zero(settings->terminal_secret, ELIG_KEY_SIZE) &&
           !bytes_are_zero(settings->server_public, ELIG_KEY_SIZE) &&
           !bytes_are_zero(settings->psk, ELIG_KEY_SIZE);
}

int elig_session_open(struct elig_session *session, const struct elig_session_settings *settings)
{
    if (!settings_are_sane(settings))
        return ELIG_BAD_ARGUMENT;
    if (!noise_ready())
        return ELIG_NO_RANDOMNESS;
    struct session *s = inside(session);
    memset(s, 0, sizeof(*s));
    noise_keys_of_secret(&s->terminal, settings->terminal_secret);
    server_name_make(&s->servers[0], settings->server_public);
    server_name_make(&s->servers[1], settings->server_public_next);
    s->has_next = !bytes_are_zero(settings->server_public_next, ELIG_KEY_SIZE);
    memcpy(s->psk, settings->psk, NOISE_KEY_SIZE);
    s->environment = settings->environment;
    s->terminal_id = settings->terminal_id;
    s->firmware = settings->firmware;
    s->is_padded = settings->is_padded == 1;
    s->state = ELIG_SESSION_START;
    return ELIG_FINE;
}

void elig_session_close(struct elig_session *session)
{
    noise_wipe(session, sizeof(*session));
}

/* Keys of a session that is over, or makes room for another, are of no use to anybody. */
static void forget(struct session *s)
{
    noise_wipe(&s->handshake, sizeof(s->handshake));
    noise_wipe(&s->send, sizeof(s->send));
    noise_wipe(&s->receive, sizeof(s->receive));
    noise_wipe(s->record, sizeof(s->record));
    s->have_size = 0;
    s->in_flight = 0;
}

static void end(struct session *s, enum elig_cause cause)
{
    forget(s);
    s->state = ELIG_SESSION_OVER;
    s->cause = cause;
}

int elig_session_start(struct elig_session *session, const struct elig_session_fresh *fresh,
                       uint8_t hello[ELIG_HELLO_SIZE])
{
    struct session *s = inside(session);
    if (s->state == ELIG_SESSION_CLOSED || fresh->counter == 0 ||
        bytes_are_zero(fresh->random, sizeof(fresh->random)))
        return ELIG_BAD_ARGUMENT;
    forget(s);
    const struct hello told = {
        .terminal_id = s->terminal_id,
        .firmware = s->firmware,
        .counter = fresh->counter,
        .time_ms = fresh->time_ms,
    };
    if (!hello_seal(hello, &s->handshake, &s->terminal, &s->servers[s->server_index], s->psk,
                    s->environment, &told, fresh->random)) {
        end(s, ELIG_CAUSE_SERVER_KEY);
        return ELIG_BAD_ARGUMENT;
    }
    s->random = load_u32(hello + HEADER_SIZE + HELLO_EPHEMERAL);
    s->started_ms = fresh->now_ms;
    s->cause = ELIG_CAUSE_NONE;
    s->state = ELIG_SESSION_HELLO_SENT;
    return ELIG_FINE;
}

int elig_session_use_next_key(struct elig_session *session)
{
    struct session *s = inside(session);
    if (!s->has_next)
        return ELIG_BAD_ARGUMENT;
    s->server_index = 1 - s->server_index;
    return ELIG_FINE;
}

/* Taking */

static void say_over(struct elig_event *event, const struct session *s)
{
    event->kind = ELIG_EVENT_OVER;
    event->cause = (int)s->cause;
}

static void end_and_say(struct session *s, enum elig_cause cause, struct elig_event *event)
{
    end(s, cause);
    say_over(event, s);
}

static void take_accept(struct session *s, struct elig_event *event)
{
    uint8_t handshake_hash[NOISE_HASH_SIZE];
    enum accept_fault fault = accept_open(&s->terms, &s->handshake, s->record);
    if (fault != ACCEPT_FINE) {
        end_and_say(s, fault == ACCEPT_BAD_SEAL ? ELIG_CAUSE_SEAL : ELIG_CAUSE_TERMS, event);
        return;
    }
    noise_split(&s->handshake, &s->send, &s->receive, handshake_hash);
    s->state = ELIG_SESSION_OPEN;
    event->kind = ELIG_EVENT_ACCEPTED;
    event->terms = (struct elig_session_terms){
        .time_ms = s->terms.time_ms,
        .generation = s->terms.generation,
        .session_id = s->terms.session_id,
        .frames_max = s->terms.frames_max,
        .in_flight_max = s->terms.in_flight_max,
        .identifiers_per_min = s->terms.identifiers_per_min,
        .records_max = s->terms.records_max,
        .idle_s = s->terms.idle_s,
        .is_draining = (s->terms.flags & ACCEPT_DRAINING) != 0,
    };
}

static void take_busy(struct session *s, struct elig_event *event)
{
    event->wait_ms = busy_wait_ms(busy_decode(s->record), s->random);
    end_and_say(s, ELIG_CAUSE_BUSY, event);
    event->kind = ELIG_EVENT_BUSY;
}

static void take_data(struct session *s, size_t record_size, struct elig_event *event)
{
    size_t frame_count = 0;
    if (s->receive.counter >= s->terms.records_max) {
        end_and_say(s, ELIG_CAUSE_SPENT, event);
        return;
    }
    if (!record_open(&s->receive, s->record, record_size, &frame_count)) {
        end_and_say(s, ELIG_CAUSE_SEAL, event);
        return;
    }
    const uint8_t *frames = s->record + HEADER_SIZE;
    size_t told_count = frames_before_pads(frames, frame_count);
    if (told_count == 0 || frame_count > s->in_flight) {
        end_and_say(s, ELIG_CAUSE_FRAMES, event);
        return;
    }
    s->in_flight -= frame_count;
    event->kind = ELIG_EVENT_FRAMES;
    event->frames = frames;
    event->frame_count = told_count;
}

/* Moves bytes into the record until it has `wanted_size`; how many were taken. */
static size_t fill(struct session *s, size_t wanted_size, const uint8_t *bytes, size_t size)
{
    size_t missing = s->have_size < wanted_size ? wanted_size - s->have_size : 0;
    size_t taken = size < missing ? size : missing;
    if (taken > 0) /* no bytes may have no address */
        memcpy(s->record + s->have_size, bytes, taken);
    s->have_size += taken;
    return taken;
}

/* Before a body is waited for: whether such a record can come now at all. */
static bool is_awaited(const struct session *s, struct record_header *header)
{
    if (record_header_decode(header, s->record) != RECORD_FINE)
        return false;
    if (s->state == ELIG_SESSION_OPEN)
        return header->type == RECORD_DATA;
    return header->type == RECORD_ACCEPT || header->type == RECORD_BUSY;
}

static void take_record(struct session *s, const struct record_header *header,
                        struct elig_event *event)
{
    size_t record_size = s->have_size;
    s->have_size = 0;
    if (header->type == RECORD_ACCEPT)
        take_accept(s, event);
    else if (header->type == RECORD_BUSY)
        take_busy(s, event);
    else
        take_data(s, record_size, event);
}

size_t elig_session_take(struct elig_session *session, const uint8_t *bytes, size_t size,
                         struct elig_event *event)
{
    struct session *s = inside(session);
    struct record_header header;
    *event = (struct elig_event){.kind = ELIG_EVENT_NONE};
    if (s->state != ELIG_SESSION_HELLO_SENT && s->state != ELIG_SESSION_OPEN) {
        say_over(event, s);
        return size;
    }
    size_t taken = fill(s, HEADER_SIZE, bytes, size);
    if (s->have_size < HEADER_SIZE)
        return taken;
    if (!is_awaited(s, &header)) {
        end_and_say(s, ELIG_CAUSE_RECORD, event);
        return taken;
    }
    if (taken < size)
        taken += fill(s, HEADER_SIZE + (size_t)header.body_size, bytes + taken, size - taken);
    if (s->have_size == HEADER_SIZE + (size_t)header.body_size)
        take_record(s, &header, event);
    return taken;
}

/* Putting */

/* 0: a record does not have so many. */
static size_t sealed_frame_count(const struct session *s, size_t frame_count)
{
    if (s->state != ELIG_SESSION_OPEN || frame_count == 0 || frame_count > s->terms.frames_max)
        return 0;
    return s->is_padded ? padded_frame_count(frame_count, s->terms.frames_max) : frame_count;
}

size_t elig_session_record_size(const struct elig_session *session, size_t frame_count)
{
    size_t sealed_count = sealed_frame_count(inside_const(session), frame_count);
    return sealed_count == 0 ? 0 : DATA_SIZE(sealed_count);
}

int elig_session_put(struct elig_session *session, const uint8_t *frames, size_t frame_count,
                     uint8_t *room, size_t room_size, size_t *record_size)
{
    struct session *s = inside(session);
    if (s->state != ELIG_SESSION_OPEN || s->send.counter >= s->terms.records_max)
        return ELIG_NO_SESSION;
    size_t sealed_count = sealed_frame_count(s, frame_count);
    if (sealed_count == 0 || room_size < DATA_SIZE(sealed_count) ||
        frames_before_pads(frames, frame_count) != frame_count)
        return ELIG_BAD_ARGUMENT;
    if (s->in_flight + sealed_count > s->terms.in_flight_max)
        return ELIG_IN_FLIGHT;
    uint8_t *sealed = room + HEADER_SIZE;
    memmove(sealed, frames, FRAME_SIZE * frame_count);
    memset(sealed + FRAME_SIZE * frame_count, 0, FRAME_SIZE * (sealed_count - frame_count));
    *record_size = record_seal(&s->send, room, sealed_count);
    s->in_flight += sealed_count;
    return ELIG_FINE;
}

/* Looking */

int elig_session_is_due(const struct elig_session *session, uint64_t now_ms)
{
    const struct session *s = inside_const(session);
    if (s->state != ELIG_SESSION_OPEN)
        return 0;
    uint64_t used = s->send.counter > s->receive.counter ? s->send.counter : s->receive.counter;
    uint32_t records_max = s->terms.records_max;
    return now_ms - s->started_ms >= SESSION_DUE_MS ||
           used >= records_max - records_max / SESSION_DUE_RECORDS_SHARE;
}

int elig_session_state(const struct elig_session *session)
{
    return (int)inside_const(session)->state;
}

int elig_session_cause(const struct elig_session *session)
{
    return (int)inside_const(session)->cause;
}

size_t elig_session_in_flight(const struct elig_session *session)
{
    return inside_const(session)->in_flight;
}

const char *elig_cause_text(int cause)
{
    switch (cause) {
    case ELIG_CAUSE_NONE:
        return "the session is not over";
    case ELIG_CAUSE_BUSY:
        return "the server has no room now and said how long to wait";
    case ELIG_CAUSE_RECORD:
        return "what came is no record of this version, or none that can come at this time";
    case ELIG_CAUSE_SEAL:
        return "a seal does not fit: another server, key, psk or environment, or changed bytes";
    case ELIG_CAUSE_TERMS:
        return "the terms of the server make no sense";
    case ELIG_CAUSE_FRAMES:
        return "frames came that were not asked for, or behind padding";
    case ELIG_CAUSE_SPENT:
        return "the session has had as many records as it may have";
    case ELIG_CAUSE_SERVER_KEY:
        return "the public key of the server in the settings is none";
    default:
        return "unknown cause";
    }
}
