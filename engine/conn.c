#include "engine/conn.h"

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
#define KICKS_A_TICK     256 /* closing many at once must not hold up the others */

enum conn_state {
    CONN_FREE = 0,
    CONN_SERVING,
    CONN_ENDING,    /* nothing more is answered; unsent answers are flushed */
    CONN_LINGERING, /* our side has ended; what comes in is thrown away */
};

/* What a connection is waiting for, and so which deadline holds. All deadlines of a class are the
 * same length: a list in order of beginning is in order of end. */
enum wait { WAIT_REQUEST, WAIT_FRAME, WAIT_WRITE, WAIT_LINGER, WAIT_COUNT };

struct conn {
    ev_io io; /* reads or writes, never both */
    struct conns *conns;
    struct conn *before, *after; /* in the list of its wait; `after` in the list of the free */
    uint64_t deadline_tick;
    uint8_t *pending; /* from the pool; NULL: every answer is sent */
    uint32_t pending_from, pending_size;
    uint32_t linger_size;
    uint8_t state;
    uint8_t wait;
    uint8_t profile;
    uint8_t partial_size;
    uint8_t partial[FRAME_SIZE]; /* the beginning of a frame */
};
static_assert(FRAME_SIZE <= UINT8_MAX, "partial_size counts a frame");

struct wait_list {
    struct conn *first, *last;
    uint64_t tick_count; /* how long such a wait may last */
};

struct conns {
    struct conns_settings settings;
    struct moment moment;
    ev_timer ticker;
    uint64_t tick;
    struct wait_list waits[WAIT_COUNT];

    struct conn *all;      /* [settings.connection_count_max] */
    struct conn *free;     /* those that were used before */
    uint32_t used_count;   /* of `all`, from its beginning: ever used */
    uint32_t count;        /* open now */
    uint8_t *pending_all;  /* [CONN_PENDING_MAX * CONN_READ_SIZE] */
    uint8_t *pending_free; /* the first bytes of a free buffer point to the next */
    uint32_t pending_used_count;

    /* Of whoever is being served at the moment. */
    uint8_t in[CONN_READ_SIZE];
    uint8_t out[CONN_READ_SIZE];
};

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

/* The wait begins now; one that began within this tick already stays where it is. */
static void wait_begin(struct conn *conn, enum wait wait)
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
    ms /= TICKS_A_DEADLINE;
    return ms < TICK_MS_LEAST ? TICK_MS_LEAST : ms > TICK_MS_MOST ? TICK_MS_MOST : ms;
}

static uint64_t ticks_of_ms(uint32_t ms, uint32_t a_tick_ms)
{
    return (ms + a_tick_ms - 1) / a_tick_ms + 1; /* the tick that runs has begun already */
}

/* ---- buffers for answers that wait ---- */

static void conn_close(struct conn *conn);

static void pending_release(struct conn *conn)
{
    struct conns *conns = conn->conns;
    if (conn->pending == NULL)
        return;
    memcpy(conn->pending, &conns->pending_free, sizeof(conns->pending_free));
    conns->pending_free = conn->pending;
    conn->pending = NULL;
    conn->pending_from = conn->pending_size = 0;
}

static void pending_take(struct conn *conn)
{
    struct conns *conns = conn->conns;
    if (conns->pending_free == NULL && conns->pending_used_count == CONN_PENDING_MAX) {
        struct conn *slowest = conns->waits[WAIT_WRITE].first;
        assert(slowest != NULL && slowest != conn);
        metric_add(&conns->settings.metrics->write_closed, 1);
        conn_close(slowest);
    }
    if (conns->pending_free != NULL) {
        conn->pending = conns->pending_free;
        memcpy(&conns->pending_free, conn->pending, sizeof(conns->pending_free));
    } else {
        conn->pending = conns->pending_all + (size_t)conns->pending_used_count++ * CONN_READ_SIZE;
    }
    metric_add(&conns->settings.metrics->held_back, 1);
}

/* ---- one connection ---- */

static void conn_ready(struct ev_loop *ev, ev_io *io, int events);

static void conn_watch(struct conn *conn, int events)
{
    struct ev_loop *ev = conn->conns->settings.ev;
    if (ev_is_active(&conn->io) && (conn->io.events & (EV_READ | EV_WRITE)) == events)
        return;
    ev_io_stop(ev, &conn->io);
    ev_io_set(&conn->io, conn->io.fd, events);
    ev_io_start(ev, &conn->io);
}

static void conn_close(struct conn *conn)
{
    struct conns *conns = conn->conns;
    assert(conn->state != CONN_FREE);

    /* The watcher first: epoll may still report a descriptor that is closed. */
    ev_io_stop(conns->settings.ev, &conn->io);
    close(conn->io.fd);
    pending_release(conn);
    explicit_bzero(conn->partial, sizeof(conn->partial));
    wait_leave(conn);
    conn->state = CONN_FREE;
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
    conn->state = CONN_LINGERING;
    conn->linger_size = 0;
    wait_begin(conn, WAIT_LINGER);
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

/* Sends answers; what the socket does not take waits, and until it is taken nothing is read. False
 * when the connection is gone. */
static bool conn_write(struct conn *conn, const uint8_t *bytes, size_t size)
{
    assert(conn->pending == NULL && size > 0 && size <= CONN_READ_SIZE);
    size_t sent = conn_send(conn, bytes, size);
    if (sent == SIZE_MAX)
        return false;
    if (sent == size)
        return true;
    pending_take(conn);
    conn->pending_from = 0;
    conn->pending_size = (uint32_t)(size - sent);
    memcpy(conn->pending, bytes + sent, size - sent);
    wait_begin(conn, WAIT_WRITE);
    conn_watch(conn, EV_WRITE);
    return true;
}

/* What a served connection waits for now that it has no unsent answers. A frame's deadline runs
 * from its first byte, so it begins only when another frame does. */
static void conn_wait_for_more(struct conn *conn, bool is_new_frame)
{
    if (conn->partial_size == 0)
        wait_begin(conn, WAIT_REQUEST);
    else if (is_new_frame || conn->wait != WAIT_FRAME)
        wait_begin(conn, WAIT_FRAME);
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
    pending_release(conn);
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

static void conn_read(struct conn *conn)
{
    struct conns *conns = conn->conns;
    struct metrics *metrics = conns->settings.metrics;

    /* read, behind the beginning of a frame that came before */
    size_t partial_size = conn->partial_size;
    memcpy(conns->in, conn->partial, partial_size);
    ssize_t got = recv(conn->io.fd, conns->in + partial_size, sizeof(conns->in) - partial_size, 0);
    if (got < 0 && error_is_passing(errno))
        return;
    if (got < 0) {
        conn_break(conn);
        return;
    }
    if (got == 0) {
        conn_read_end(conn);
        return;
    }

    /* answer every whole frame */
    size_t size = partial_size + (size_t)got;
    size_t frame_count = size / FRAME_SIZE;
    bool is_over = false;
    size_t answer_count = 0;
    if (frame_count > 0) {
        conns->moment.now_s = (uint64_t)ev_now(conns->settings.ev);
        conns->moment.profile = conn->profile;
        answer_count = answer_frames(conns->settings.answerer, &conns->moment, conns->out,
                                     conns->in, frame_count, &is_over);
    }

    /* keep the beginning of the next; nothing else of what came in stays */
    conn->partial_size = (uint8_t)(size % FRAME_SIZE);
    memcpy(conn->partial, conns->in + frame_count * FRAME_SIZE, conn->partial_size);
    explicit_bzero(conn->partial + conn->partial_size, FRAME_SIZE - conn->partial_size);
    explicit_bzero(conns->in, size);

    /* send */
    if (is_over) {
        metric_add(&metrics->bad_versions, 1);
        conn->state = CONN_ENDING;
    }
    if (answer_count > 0 && !conn_write(conn, conns->out, answer_count * FRAME_SIZE))
        return;
    if (conn->pending != NULL)
        return;
    if (conn->state == CONN_ENDING)
        conn_linger(conn);
    else
        conn_wait_for_more(conn, frame_count > 0);
}

static void conn_discard(struct conn *conn)
{
    struct conns *conns = conn->conns;
    ssize_t got = recv(conn->io.fd, conns->in, sizeof(conns->in), 0);
    if (got < 0 && error_is_passing(errno))
        return;
    if (got > 0) {
        explicit_bzero(conns->in, (size_t)got);
        conn->linger_size += (uint32_t)got;
        if (conn->linger_size <= CONN_LINGER_SIZE)
            return;
    }
    conn_close(conn);
}

static void conn_ready(struct ev_loop *ev, ev_io *io, int events)
{
    struct conn *conn = io->data;
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
    case WAIT_LINGER: /* had its time */
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
}

bool conns_open(struct conns **out, const struct conns_settings *settings, struct fault *fault)
{
    struct conns *conns = calloc(1, sizeof(*conns));
    if (conns == NULL)
        return fault_set(fault, "no memory for connections");
    conns->settings = *settings;
    conns->all = calloc(settings->connection_count_max, sizeof(conns->all[0]));
    conns->pending_all = calloc(CONN_PENDING_MAX, CONN_READ_SIZE);
    if (conns->all == NULL || conns->pending_all == NULL) {
        conns_close(conns);
        return fault_set(fault, "no memory for %u connections", settings->connection_count_max);
    }

    uint32_t ms = tick_ms(settings);
    conns->waits[WAIT_REQUEST].tick_count = ticks_of_ms(settings->idle_ms, ms);
    conns->waits[WAIT_FRAME].tick_count = ticks_of_ms(settings->frame_ms, ms);
    conns->waits[WAIT_WRITE].tick_count = ticks_of_ms(settings->write_ms, ms);
    conns->waits[WAIT_LINGER].tick_count = ticks_of_ms(CONN_LINGER_MS, ms);
    ev_timer_init(&conns->ticker, conns_tick, ms / 1000.0, ms / 1000.0);
    /* What has arrived is read before anybody is closed for silence. */
    ev_set_priority(&conns->ticker, EV_MINPRI);
    conns->ticker.data = conns;
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

void conns_add(struct conns *conns, int fd, uint8_t profile)
{
    struct conns_settings *settings = &conns->settings;
    if (atomic_fetch_add(settings->connection_count, 1) >= settings->connection_count_max) {
        atomic_fetch_sub(settings->connection_count, 1);
        metric_add(&settings->metrics->over_limit, 1);
        close(fd);
        return;
    }
    struct conn *conn = conns_take_free(conns);
    memset(conn, 0, sizeof(*conn));
    conn->conns = conns;
    conn->state = CONN_SERVING;
    conn->profile = profile;
    ev_io_init(&conn->io, conn_ready, fd, EV_READ);
    conn->io.data = conn;
    if (conns->count++ == 0)
        ev_timer_again(settings->ev, &conns->ticker);
    wait_join(conn, WAIT_REQUEST);
    ev_io_start(settings->ev, &conn->io);
    metric_add(&settings->metrics->accepted, 1);
}

void conns_use(struct conns *conns, const struct edition *edition)
{
    conns->moment.edition = edition;
}

void conns_drain(struct conns *conns, uint16_t wait_ms)
{
    assert(wait_ms > 0);
    conns->moment.drain_wait_ms = wait_ms;
}

void conns_end(struct conns *conns)
{
    for (uint32_t i = 0; i < conns->used_count; i++) {
        struct conn *conn = &conns->all[i];
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

void conns_close(struct conns *conns)
{
    if (conns == NULL)
        return;
    for (uint32_t i = 0; conns->all != NULL && i < conns->used_count; i++) {
        if (conns->all[i].state != CONN_FREE)
            conn_close(&conns->all[i]);
    }
    free(conns->pending_all);
    free(conns->all);
    free(conns);
}
