#include "engine/conn.h"

#include "engine/conn_parts.h"
#include "engine/listener.h"
#include "protocol/day.h"

#include <string.h>
#include <sys/socket.h>

#define SWEPT_A_TICK      4096
#define HANDSHAKES_A_WAKE 64

/* ---- records ---- */

static void count_sealed_end(struct metrics *metrics, enum sealed_end end)
{
    _Atomic uint64_t *counts[] = {
        [SEALED_BAD_TYPE] = &metrics->record_bad_type,
        [SEALED_BAD_VERSION] = &metrics->record_bad_version,
        [SEALED_BAD_SIZE] = &metrics->record_bad_size,
        [SEALED_UNOPENED] = &metrics->record_unopened,
        [SEALED_BAD_PADDING] = &metrics->record_bad_padding,
    };
    if (end > SEALED_IS_OVER)
        metric_add(counts[end], 1);
}

/* Another day: every session looks its terminal up again. */
static void notice_day(struct conns *conns)
{
    uint32_t today = riga_day_of_time((uint64_t)ev_now(conns->settings.ev));
    if (today == conns->today)
        return;
    conns->today = today;
    conns->epoch++;
}

/* Whether the catalogue still has the session's terminal, and its hour is not over. */
static bool session_stands(struct conn *conn)
{
    struct conns *conns = conn->conns;
    struct sealed *session = &conn->session;
    if (session->epoch != conns->epoch) {
        const struct edition *edition = conns->moment.edition;
        const struct terminal *terminal =
            edition != NULL ? edition_find_terminal(edition, session->terminal_key) : NULL;
        bool is_in_force = terminal != NULL && terminal->number == session->terminal_number &&
                           terminal->from_day <= conns->today && conns->today < terminal->until_day;
        session->terminal = is_in_force ? terminal : NULL;
        session->epoch = conns->epoch;
    }
    return session->terminal != NULL && conns->tick < conn->end_tick;
}

void conn_take_records(struct served *served, uint8_t *in, size_t size)
{
    struct conn *conn = served->conn;
    struct taken *taken = &served->taken;
    struct moment *moment = &served->moment;
    struct conns *conns = conn->conns;
    struct metrics *metrics = conns->settings.metrics;
    *taken = (struct taken){.size = size, .is_over = true};
    if (!session_stands(conn)) {
        metric_add(&metrics->session_over, 1);
        return;
    }
    moment->terminal = conn->session.terminal;
    moment->profile = conn->session.terminal->profile;
    moment->guard_slot = conn->session.guard_slot;
    struct sealed_step step;
    sealed_take(&step, &conn->session, conns->settings.answerer, moment, served->out, in, size);
    count_sealed_end(metrics, step.end);
    *taken = (struct taken){step.taken_size, step.answer_size, step.end != SEALED_GOES_ON};
}

/* ---- the beginning ---- */

static uint64_t next_jitter(struct conns *conns)
{
    uint64_t x = conns->jitter += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    return x ^ x >> 31;
}

/* Too many come at once, or we are about to leave: asks it to come back, each after a while of its
 * own. */
static void conn_send_away(struct conn *conn)
{
    struct conns *conns = conn->conns;
    uint32_t wait_ms = CONN_BUSY_MS_LEAST +
                       (uint32_t)(next_jitter(conns) % (CONN_BUSY_MS_MOST - CONN_BUSY_MS_LEAST));
    metric_add(&conns->settings.metrics->hello_busy, 1);
    uint8_t busy[BUSY_SIZE];
    busy_encode(busy, wait_ms);
    conn_finish(conn, busy, sizeof(busy));
}

/* By which of the server's keys a HELLO asks; SERVER_KEY_COUNT_MAX: by none, or it is noise. */
static uint8_t addressed_key(const struct server_identity *identity,
                             const uint8_t hello[static HELLO_SIZE])
{
    for (uint8_t i = 0; i < identity->key_count; i++)
        if (hello_is_addressed(hello, &identity->names[i]))
            return i;
    return SERVER_KEY_COUNT_MAX;
}

/* A machine that is gone already has none. */
static uint64_t conn_source(const struct conn *conn)
{
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof(peer);
    if (getpeername(conn->io.fd, (struct sockaddr *)&peer, &size) != 0)
        return 0;
    return listener_source(&peer);
}

static void conn_shake(struct conn *conn, const uint8_t hello[static HELLO_SIZE])
{
    struct conns *conns = conn->conns;
    const struct conns_settings *settings = &conns->settings;
    struct handshake_asked asked = {
        .loop = settings->loop,
        .conn = (uint32_t)(conn - conns->all),
        .serial = conn->serial,
        .source = conn_source(conn),
        .key_index = addressed_key(settings->identity, hello),
    };
    if (asked.key_index == SERVER_KEY_COUNT_MAX) {
        metric_add(&settings->metrics->hello_misaddressed, 1);
        conn_close(conn);
        return;
    }
    memcpy(asked.hello, hello, HELLO_SIZE);
    enum submitted submitted = SUBMITTED_FULL;
    if (conns->moment.drain_wait_ms == 0)
        submitted = handshakes_submit(settings->handshakes, &asked);
    if (submitted == SUBMITTED_CROWDED)
        metric_add(&settings->metrics->hello_crowded, 1);
    if (submitted != SUBMITTED) {
        conn_send_away(conn);
        return;
    }
    conn->state = CONN_SHAKING;
    conn_wait(conn, WAIT_REQUEST); /* it is our turn: how long that takes is not its fault */
    conn_watch(conn, 0);
}

/* A HELLO and nothing behind it: whoever sends more cannot have the keys to seal it. */
void conn_greet(struct conn *conn, const uint8_t *in, size_t size)
{
    struct conns *conns = conn->conns;
    struct record_header header = {.type = RECORD_HELLO};
    bool is_good = size <= HELLO_SIZE;
    if (size >= HEADER_SIZE)
        is_good = is_good && record_header_decode(&header, in) == RECORD_FINE &&
                  header.type == RECORD_HELLO;
    if (!is_good) {
        metric_add(&conns->settings.metrics->hello_malformed, 1);
        conn_close(conn);
    } else if (size == HELLO_SIZE) {
        conn_keep(conn, in, 0);
        conn_shake(conn, in);
    } else {
        conn_keep(conn, in, size);
    }
}

static void count_hello_end(struct metrics *metrics, enum hello_end end)
{
    _Atomic uint64_t *counts[HELLO_END_COUNT] = {
        [HELLO_ACCEPTED] = &metrics->sessions,
        [HELLO_UNREADABLE] = &metrics->hello_unreadable,
        [HELLO_STRANGER] = &metrics->hello_stranger,
        [HELLO_ENDED] = &metrics->hello_ended,
        [HELLO_REVOKED] = &metrics->hello_revoked,
        [HELLO_REPLAYED] = &metrics->hello_replayed,
        [HELLO_NO_MERCHANT_KEY] = &metrics->hello_no_merchant_key,
    };
    metric_add(counts[end], 1);
}

/* The session begins, if its connection is still there and nothing has changed since. */
static void conn_begin_session(struct conns *conns, const struct handshake_done *done)
{
    struct conn *conn = &conns->all[done->conn];
    if (conn->state != CONN_SHAKING || conn->serial != done->serial) {
        if (done->end == HELLO_ACCEPTED)
            guard_leave(conns->settings.answerer->guard, done->guard_slot);
        return;
    }
    enum hello_end end = done->end;
    if (end == HELLO_ACCEPTED &&
        handshakes_has_revoked(conns->settings.handshakes, done->terminal_key))
        end = HELLO_REVOKED;
    count_hello_end(conns->settings.metrics, end);
    if (end != HELLO_ACCEPTED) {
        if (done->end == HELLO_ACCEPTED)
            guard_leave(conns->settings.answerer->guard, done->guard_slot);
        conn_close(conn);
        return;
    }
    notice_day(conns); /* nothing ticks while nobody is connected */
    conn->session = (struct sealed){
        .receive = done->receive,
        .send = done->send,
        .terminal_number = done->terminal_number,
        .guard_slot = done->guard_slot,
        .epoch = conns->epoch - 1,
    };
    memcpy(conn->session.terminal_key, done->terminal_key, NOISE_KEY_SIZE);
    conn->state = CONN_SERVING;
    conn->end_tick = conns->tick + conns->session_ticks;
    conn_wait(conn, WAIT_HELLO);
    conn_watch(conn, EV_READ);
    (void)conn_write(conn, done->accept, ACCEPT_SIZE);
}

void conns_sweep(struct conns *conns)
{
    notice_day(conns);
    uint32_t count = conns->used_count < SWEPT_A_TICK ? conns->used_count : SWEPT_A_TICK;
    for (uint32_t i = 0; i < count; i++) {
        struct conn *conn = &conns->all[conns->sweep_at++ % conns->used_count];
        if (is_sealed(conn) && conn->state == CONN_SERVING && conn->pending == NULL &&
            !session_stands(conn)) {
            metric_add(&conns->settings.metrics->session_over, 1);
            conn_finish(conn, NULL, 0);
        }
    }
}

/* ---- what changes beside them ---- */

/* Nobody waits for a revocation to be noticed: all sessions are looked at, at once. */
static void close_revoked(struct conns *conns)
{
    for (uint32_t i = 0; i < conns->used_count; i++) {
        struct conn *conn = &conns->all[i];
        if (has_session(conn) &&
            handshakes_has_revoked(conns->settings.handshakes, conn->session.terminal_key)) {
            metric_add(&conns->settings.metrics->session_revoked, 1);
            conn_close(conn);
        }
    }
}

bool conns_shake(struct conns *conns)
{
    struct handshakes *handshakes = conns->settings.handshakes;
    conns_end_round(conns);
    uint32_t revocation_count = handshakes_revocation_count(handshakes);
    if (revocation_count != conns->revocation_count) {
        conns->revocation_count = revocation_count;
        close_revoked(conns);
    }
    struct handshake_done done;
    uint32_t count = 0;
    while (count < HANDSHAKES_A_WAKE && handshakes_take(handshakes, conns->settings.loop, &done)) {
        conn_begin_session(conns, &done);
        count++;
    }
    explicit_bzero(&done, sizeof(done));
    return count == HANDSHAKES_A_WAKE;
}
