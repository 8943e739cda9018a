#include "engine/conn.h"

#include "engine/conn_parts.h"
#include "engine/locked.h"
#include "protocol/day.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Deadlines are counted in ticks of the loop, not by a clock: after a suspend or a long stop nobody
 * is thrown out for the time in which we were away ourselves. */
#define TICK_MS_LEAST    5
#define TICK_MS_MOST     250
#define TICKS_A_DEADLINE 16
#define TICK_PRIORITY    EV_MINPRI
#define ROUND_PRIORITY   (TICK_PRIORITY + 1) /* behind all that is read; sockets have 0 */
#define KICKS_A_TICK     256                 /* closing many at once must not hold up the others */

/* ---- deadlines ---- */

static void wait_leave(struct conn *conn)
{
    struct wait_list *list = &conn->conns->waits[conn->wait];
    if (conn->before != NULL)
        conn->before->after = conn->after;
    else
        list->first = conn->after;
    if (conn->after != NULL)
        conn->after->before = conn->before;
    else
        list->last = conn->before;
}

static void wait_join(struct conn *conn, enum wait wait)
{
    struct wait_list *list = &conn->conns->waits[wait];
    conn->wait = (uint8_t)wait;
    conn->deadline_tick = conn->conns->tick + list->tick_count;
    conn->before = list->last;
    conn->after = NULL;
    if (list->last != NULL)
        list->last->after = conn;
    else
        list->first = conn;
    list->last = conn;
}

void conn_wait(struct conn *conn, enum wait wait)
{
    const struct conns *conns = conn->conns;
    if (conn->wait == wait && conn->deadline_tick == conns->tick + conns->waits[wait].tick_count)
        return;
    wait_leave(conn);
    wait_join(conn, wait);
}

static uint32_t tick_ms(const struct conns_settings *settings)
{
    uint32_t ms = settings->idle_ms;
    if (settings->frame_ms < ms)
        ms = settings->frame_ms;
    if (settings->write_ms < ms)
        ms = settings->write_ms;
    if (settings->handshakes != NULL && settings->hello_ms < ms)
        ms = settings->hello_ms;
    ms /= TICKS_A_DEADLINE;
    return ms < TICK_MS_LEAST ? TICK_MS_LEAST : ms > TICK_MS_MOST ? TICK_MS_MOST : ms;
}

static uint64_t ticks_of_ms(uint32_t ms, uint32_t a_tick_ms)
{
    return (ms + a_tick_ms - 1) / a_tick_ms + 1; /* the tick that runs has begun already */
}

/* ---- buffers for answers that wait, and for records that are not whole ---- */

static void buffer_release(struct conns *conns, uint8_t **buffer)
{
    if (*buffer == NULL)
        return;
    memcpy(*buffer, &conns->buffer_free, sizeof(conns->buffer_free));
    conns->buffer_free = *buffer;
    *buffer = NULL;
}

/* Whoever has had a buffer longest: first of those that do not take their answers. */
static struct conn *buffer_holder(struct conns *conns, const struct conn *but)
{
    static const enum wait waits[] = {WAIT_WRITE, WAIT_FRAME, WAIT_HELLO, WAIT_COMMIT};
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
        for (struct conn *conn = conns->waits[waits[i]].first; conn != NULL; conn = conn->after)
            if (conn != but && (conn->pending != NULL || conn->stored != NULL))
                return conn;
    return NULL;
}

static uint8_t *buffer_take(struct conn *conn)
{
    struct conns *conns = conn->conns;
    if (conns->buffer_free == NULL && conns->buffer_used_count == CONN_BUFFERS_MAX) {
        struct conn *slowest = buffer_holder(conns, conn);
        assert(slowest != NULL);
        metric_add(slowest->pending != NULL ? &conns->settings.metrics->write_closed
                                            : &conns->settings.metrics->frame_closed,
                   1);
        conn_close(slowest);
    }
    uint8_t *buffer = conns->buffer_free;
    if (buffer != NULL)
        memcpy(&conns->buffer_free, buffer, sizeof(conns->buffer_free));
    else
        buffer = conns->buffer_all + (size_t)conns->buffer_used_count++ * CONN_READ_SIZE;
    return buffer;
}

/* ---- one connection ---- */

static void conn_ready(struct ev_loop *ev, ev_io *io, int events);

void conn_watch(struct conn *conn, int events)
{
    struct ev_loop *ev = conn->conns->settings.ev;
    if (ev_is_active(&conn->io) && (conn->io.events & (EV_READ | EV_WRITE)) == events)
        return;
    ev_io_stop(ev, &conn->io);
    if (events == 0)
        return;
    ev_io_set(&conn->io, conn->io.fd, events);
    ev_io_start(ev, &conn->io);
}

/* Is gone, or others will say when it is answered. */
static void round_leave(struct conn *conn)
{
    if (conn->place != 0)
        conn->conns->round.served[conn->place - 1].conn = NULL;
    conn->place = 0;
}

void conn_close(struct conn *conn)
{
    struct conns *conns = conn->conns;
    assert(conn->state != CONN_FREE);

    /* The watcher first: epoll may still report a descriptor that is closed. */
    ev_io_stop(conns->settings.ev, &conn->io);
    close(conn->io.fd);
    round_leave(conn);
    buffer_release(conns, &conn->pending);
    buffer_release(conns, &conn->stored);
    conn_forget_awaited(conn);
    explicit_bzero(conn->partial, sizeof(conn->partial));
    if (has_session(conn)) {
        guard_leave(conns->settings.answerer->guard, conn->session.guard_slot);
        metric_add(&conns->settings.metrics->sessions_ended, 1);
    }
    explicit_bzero(&conn->session, sizeof(conn->session));
    wait_leave(conn);
    conn->state = CONN_FREE;
    conn->serial++;
    conn->after = conns->free;
    conns->free = conn;
    conns->count--;
    atomic_fetch_sub(conns->settings.connection_count, 1);
    metric_add(&conns->settings.metrics->closed, 1);
    if (conns->count == 0)
        ev_timer_stop(conns->settings.ev, &conns->ticker);
}

static void conn_break(struct conn *conn)
{
    metric_add(&conn->conns->settings.metrics->broken, 1);
    conn_close(conn);
}

/* Every answer is sent and none will follow: end the stream, and close when the client has. */
static void conn_linger(struct conn *conn)
{
    if (shutdown(conn->io.fd, SHUT_WR) != 0) {
        conn_break(conn);
        return;
    }
    /* Whoever lingers holds no buffer: nobody would look for one there when all are in use. */
    buffer_release(conn->conns, &conn->stored);
    conn->partial_size = 0;
    conn->state = CONN_LINGERING;
    conn->linger_size = 0;
    conn_wait(conn, WAIT_LINGER);
    conn_watch(conn, EV_READ);
}

static bool error_is_passing(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/* How many bytes the socket took; SIZE_MAX when it is broken, and then closed. */
static size_t conn_send(struct conn *conn, const uint8_t *bytes, size_t size)
{
    ssize_t sent = send(conn->io.fd, bytes, size, MSG_NOSIGNAL);
    if (sent >= 0)
        return (size_t)sent;
    if (error_is_passing(errno))
        return 0;
    conn_break(conn);
    return SIZE_MAX;
}

bool conn_write(struct conn *conn, const uint8_t *bytes, size_t size)
{
    assert(conn->pending == NULL && size > 0 && size <= CONN_READ_SIZE);
    size_t sent = conn_send(conn, bytes, size);
    if (sent == SIZE_MAX)
        return false;
    if (sent == size)
        return true;
    conn->pending = buffer_take(conn);
    metric_add(&conn->conns->settings.metrics->held_back, 1);
    conn->pending_from = 0;
    conn->pending_size = (uint32_t)(size - sent);
    memcpy(conn->pending, bytes + sent, size - sent);
    conn_wait(conn, WAIT_WRITE);
    conn_watch(conn, EV_WRITE);
    return true;
}

/* What a served connection waits for now that it has no unsent answers. A frame's deadline runs
 * from its first byte, so it begins only when another frame does. */
static void conn_wait_for_more(struct conn *conn, bool is_new_frame)
{
    if (is_sealed(conn) && !conn->session.is_confirmed) {
        if (conn->wait != WAIT_HELLO) /* else the wait for its first record goes on */
            conn_wait(conn, WAIT_HELLO);
    } else if (conn->partial_size == 0)
        conn_wait(conn, WAIT_REQUEST);
    else if (is_new_frame || conn->wait != WAIT_FRAME)
        conn_wait(conn, WAIT_FRAME);
    conn_watch(conn, EV_READ);
}

static void conn_flush(struct conn *conn)
{
    size_t sent = conn_send(conn, conn->pending + conn->pending_from,
                            conn->pending_size - conn->pending_from);
    if (sent == SIZE_MAX)
        return;
    conn->pending_from += (uint32_t)sent;
    if (conn->pending_from < conn->pending_size)
        return;
    buffer_release(conn->conns, &conn->pending);
    if (conn->state == CONN_ENDING)
        conn_linger(conn);
    else
        conn_wait_for_more(conn, true);
}

/* The client has ended its side. Nothing is unsent, or it would not have been read from: what is
 * under way to it arrives, because no input is left unread. */
static void conn_read_end(struct conn *conn)
{
    if (conn->partial_size > 0)
        metric_add(&conn->conns->settings.metrics->cut_frames, 1);
    conn_close(conn);
}

/* Room for a read; whoever is in the round is answered when there is none. */
static uint8_t *round_room(struct conns *conns)
{
    struct round *round = &conns->round;
    if (round->served_count == ROUND_SERVED_MAX || ROUND_SIZE - round->size < CONN_READ_SIZE)
        conns_end_round(conns);
    return round->in + round->size;
}

/* What comes in, behind the beginning that came before: how much is there now. 0: nothing to do. */
static size_t conn_receive(struct conn *conn, uint8_t *in)
{
    size_t partial_size = conn->partial_size;
    memcpy(in, conn->stored != NULL ? conn->stored : conn->partial, partial_size);
    ssize_t got = recv(conn->io.fd, in + partial_size, CONN_READ_SIZE - partial_size, 0);
    if (got > 0)
        return partial_size + (size_t)got;
    explicit_bzero(in, partial_size);
    if (got == 0)
        conn_read_end(conn);
    else if (!error_is_passing(errno))
        conn_break(conn);
    return 0;
}

void conn_keep(struct conn *conn, const uint8_t *rest, size_t rest_size)
{
    struct conns *conns = conn->conns;
    size_t kept_size = rest_size <= sizeof(conn->partial) ? rest_size : 0;
    if (kept_size == rest_size) {
        buffer_release(conns, &conn->stored);
    } else {
        if (conn->stored == NULL)
            conn->stored = buffer_take(conn);
        memcpy(conn->stored, rest, rest_size);
    }
    memcpy(conn->partial, rest, kept_size);
    if (conn->partial_size > kept_size)
        explicit_bzero(conn->partial + kept_size, sizeof(conn->partial) - kept_size);
    conn->partial_size = (uint16_t)rest_size;
}

static void take_frames(struct served *served, const uint8_t *in, size_t size)
{
    struct conns *conns = served->conn->conns;
    struct taken *taken = &served->taken;
    size_t frame_count = size / FRAME_SIZE;
    *taken = (struct taken){.size = frame_count * FRAME_SIZE};
    served->moment.profile = served->conn->profile;
    taken->answer_size = FRAME_SIZE * answer_take(conns->settings.answerer, &served->moment,
                                                  served->out, in, frame_count, &taken->is_over);
    if (taken->is_over)
        metric_add(&conns->settings.metrics->bad_versions, 1);
}

void conn_finish(struct conn *conn, const uint8_t *answers, size_t size)
{
    conn->state = CONN_ENDING;
    if (size > 0 && !conn_write(conn, answers, size))
        return;
    if (conn->pending == NULL)
        conn_linger(conn);
}

void conn_answer(struct conn *conn, uint8_t *answers, const struct taken *taken)
{
    if (is_sealed(conn))
        sealed_seal(&conn->session, answers, taken->answer_size);
    if (taken->is_over) {
        conn_finish(conn, answers, taken->answer_size);
        return;
    }
    if (taken->answer_size > 0 && !conn_write(conn, answers, taken->answer_size))
        return;
    if (conn->pending == NULL)
        conn_wait_for_more(conn, taken->size > 0);
}

/* ---- a round ---- */

static struct served *round_join(struct conn *conn)
{
    struct conns *conns = conn->conns;
    struct round *round = &conns->round;
    struct served *served = &round->served[round->served_count++];
    *served = (struct served){conn, conns->moment, {0}, round->in + round->size};
    conn->place = (uint16_t)round->served_count;
    ev_feed_event(conns->settings.ev, &round->end, EV_CUSTOM);
    return served;
}

void conns_end_round(struct conns *conns)
{
    struct round *round = &conns->round;
    answer_finish(conns->settings.answerer);
    for (uint32_t i = 0; i < round->served_count; i++) {
        struct served *served = &round->served[i];
        struct conn *conn = served->conn;
        if (conn == NULL)
            continue;
        round_leave(conn);
        conn_answer(conn, served->out, &served->taken);
    }
    explicit_bzero(round->in, round->size);
    round->served_count = 0;
    round->size = 0;
}

static void round_ended(struct ev_loop *ev, ev_prepare *end, int events)
{
    (void)ev;
    (void)events;
    conns_end_round(end->data);
}

static void conn_serve(struct conn *conn, uint8_t *in, size_t size)
{
    struct conns *conns = conn->conns;
    struct served *served = round_join(conn);
    struct taken *taken = &served->taken;
    served->moment.now_s = (uint64_t)ev_now(conns->settings.ev);
    if (is_sealed(conn))
        conn_take_records(served, in, size);
    else
        take_frames(served, in, size);
    if (taken->is_over)
        taken->size = size;
    conn_keep(conn, in + taken->size, size - taken->size);
    /* Answers are no longer than what they answer; the next begin on a cache line. */
    conns->round.size += (size + CACHE_LINE_SIZE - 1) & ~(size_t)(CACHE_LINE_SIZE - 1);

    const struct transactions *transactions = conns->settings.answerer->transactions;
    if (transactions != NULL && transactions->count > 0 && conn_await(served))
        round_leave(conn);
}

static void conn_read(struct conn *conn)
{
    uint8_t *in = round_room(conn->conns);
    if (conn->state == CONN_FREE)
        return; /* somebody of the round that ended needed its buffer */
    size_t size = conn_receive(conn, in);
    if (size == 0)
        return;
    if (conn->state == CONN_GREETING)
        conn_greet(conn, in, size);
    else
        conn_serve(conn, in, size);
}

static void conn_discard(struct conn *conn)
{
    uint8_t *in = round_room(conn->conns);
    ssize_t got = recv(conn->io.fd, in, CONN_READ_SIZE, 0);
    if (got < 0 && error_is_passing(errno))
        return;
    if (got > 0) {
        explicit_bzero(in, (size_t)got);
        conn->linger_size += (uint32_t)got;
        if (conn->linger_size <= CONN_LINGER_SIZE)
            return;
    }
    conn_close(conn);
}

static void conn_ready(struct ev_loop *ev, ev_io *io, int events)
{
    struct conn *conn = io->data;
    conn->conns->wakeup_count++;
    (void)ev;
    (void)events; /* only what is watched for is reported, and only one thing is */
    if (conn->state == CONN_LINGERING)
        conn_discard(conn);
    else if (conn->pending != NULL)
        conn_flush(conn);
    else
        conn_read(conn);
}

/* ---- all connections ---- */

static void conn_expire(struct conn *conn)
{
    struct metrics *metrics = conn->conns->settings.metrics;
    switch ((enum wait)conn->wait) {
    case WAIT_REQUEST:
        metric_add(&metrics->idle_closed, 1);
        break;
    case WAIT_FRAME:
        metric_add(&metrics->frame_closed, 1);
        break;
    case WAIT_WRITE:
        metric_add(&metrics->write_closed, 1);
        break;
    case WAIT_HELLO:
        metric_add(&metrics->hello_closed, 1);
        break;
    case WAIT_LINGER: /* had its time */
    case WAIT_COMMIT: /* has no deadline */
    case WAIT_COUNT:
        break;
    }
    conn_close(conn);
}

static void conns_tick(struct ev_loop *ev, ev_timer *ticker, int events)
{
    struct conns *conns = ticker->data;
    (void)ev;
    (void)events;
    conns->tick++;
    uint32_t kick_count = 0;
    for (int wait = 0; wait < WAIT_COUNT; wait++) {
        struct conn *conn = conns->waits[wait].first;
        while (conn != NULL && conn->deadline_tick <= conns->tick && kick_count < KICKS_A_TICK) {
            struct conn *after = conn->after;
            conn_expire(conn);
            conn = after;
            kick_count++;
        }
    }
    conns_sweep(conns);
}

bool conns_open(struct conns **out, const struct conns_settings *settings, struct fault *fault)
{
    struct conns *conns = lines_take(1, sizeof(*conns));
    if (conns == NULL)
        return fault_set(fault, "no memory for connections");
    conns->settings = *settings;
    conns->all = locked_take(settings->connection_count_max, sizeof(conns->all[0]));
    conns->buffer_all = calloc(CONN_BUFFERS_MAX, CONN_READ_SIZE);
    if (conns->all == NULL || conns->buffer_all == NULL || !conns_open_ledger(conns)) {
        conns_close(conns);
        return fault_set(fault, "no memory for %u connections", settings->connection_count_max);
    }

    uint32_t ms = tick_ms(settings);
    conns->waits[WAIT_REQUEST].tick_count = ticks_of_ms(settings->idle_ms, ms);
    conns->waits[WAIT_FRAME].tick_count = ticks_of_ms(settings->frame_ms, ms);
    conns->waits[WAIT_WRITE].tick_count = ticks_of_ms(settings->write_ms, ms);
    conns->waits[WAIT_LINGER].tick_count = ticks_of_ms(CONN_LINGER_MS, ms);
    conns->waits[WAIT_HELLO].tick_count = ticks_of_ms(settings->hello_ms, ms);
    /* How long the ledger takes is nobody's fault, and ends with a verdict or with the ledger. */
    conns->waits[WAIT_COMMIT].tick_count = UINT64_MAX / 2;
    conns->session_ticks = ticks_of_ms(settings->session_ms, ms);
    conns->jitter = settings->seed;
    conns->today = riga_day_of_time((uint64_t)ev_now(settings->ev));
    ev_timer_init(&conns->ticker, conns_tick, ms / 1000.0, ms / 1000.0);
    /* What has arrived is read before anybody is closed for silence. */
    ev_set_priority(&conns->ticker, TICK_PRIORITY);
    conns->ticker.data = conns;
    ev_prepare_init(&conns->round.end, round_ended);
    ev_set_priority(&conns->round.end, ROUND_PRIORITY);
    conns->round.end.data = conns;
    *out = conns;
    return true;
}

static struct conn *conns_take_free(struct conns *conns)
{
    struct conn *conn = conns->free;
    if (conn != NULL) {
        conns->free = conn->after;
        return conn;
    }
    assert(conns->used_count < conns->settings.connection_count_max);
    return &conns->all[conns->used_count++];
}

bool conns_admit(struct conns *conns, int fd)
{
    struct conns_settings *settings = &conns->settings;
    if (atomic_fetch_add(settings->connection_count, 1) < settings->connection_count_max)
        return true;
    atomic_fetch_sub(settings->connection_count, 1);
    metric_add(&settings->metrics->over_limit, 1);
    close(fd);
    return false;
}

void conns_add(struct conns *conns, int fd, uint8_t profile)
{
    struct conns_settings *settings = &conns->settings;
    struct conn *conn = conns_take_free(conns);
    uint32_t serial = conn->serial;
    memset(conn, 0, sizeof(*conn));
    conn->serial = serial;
    conn->conns = conns;
    conn->profile = profile;
    conn->state = is_sealed(conn) ? CONN_GREETING : CONN_SERVING;
    ev_io_init(&conn->io, conn_ready, fd, EV_READ);
    conn->io.data = conn;
    if (conns->count++ == 0)
        ev_timer_again(settings->ev, &conns->ticker);
    wait_join(conn, is_sealed(conn) ? WAIT_HELLO : WAIT_REQUEST);
    ev_io_start(settings->ev, &conn->io);
    metric_add(&settings->metrics->accepted, 1);
}

void conns_use(struct conns *conns, const struct edition *edition)
{
    if (edition == conns->moment.edition)
        return;
    conns_end_round(conns);
    assert(!conns_need_old(conns));
    conns->moment.edition = edition;
    conns->edition_turn = 1 - conns->edition_turn;
    conns->epoch++; /* every session looks its terminal up again before it is answered */
}

void conns_drain(struct conns *conns, uint16_t wait_ms)
{
    assert(wait_ms > 0);
    conns_end_round(conns);
    conns->moment.drain_wait_ms = wait_ms;
}

void conns_end(struct conns *conns)
{
    conns_end_round(conns);
    for (uint32_t i = 0; i < conns->used_count; i++) {
        struct conn *conn = &conns->all[i];
        if (conn->state == CONN_GREETING || conn->state == CONN_SHAKING)
            conn_close(conn);
        if (conn->state == CONN_COMMITTING)
            conn->awaiting_taken.is_over = true; /* ends with its answers */
        if (conn->state != CONN_SERVING)
            continue;
        conn->state = CONN_ENDING;
        if (conn->pending == NULL)
            conn_linger(conn);
    }
}

uint32_t conns_count(const struct conns *conns)
{
    return conns->count;
}

const uint64_t *conns_wakeups(const struct conns *conns)
{
    return &conns->wakeup_count;
}

void conns_close(struct conns *conns)
{
    if (conns == NULL)
        return;
    for (uint32_t i = 0; conns->all != NULL && i < conns->used_count; i++) {
        if (conns->all[i].state != CONN_FREE)
            conn_close(&conns->all[i]);
    }
    ev_clear_pending(conns->settings.ev, &conns->round.end);
    free(conns->buffer_all);
    conns_close_ledger(conns);
    locked_free(conns->all, conns->settings.connection_count_max, sizeof(conns->all[0]));
    free(conns);
}
