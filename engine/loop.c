#include "engine/ledger_thread.h"
#include "engine/server_parts.h"
#include "engine/spin.h"
#include "protocol/progress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ACCEPTS_A_CALLBACK 4   /* the others wait: connections that are open come first */
#define ACCEPT_PAUSE_S     0.1 /* without descriptors, accepting again at once is a busy loop */
#define DRAIN_STEP_MS      10

/* ---- accepting ---- */

static void accept_stop(struct loop *loop)
{
    ev_io_stop(loop->ev, &loop->sealed);
    ev_io_stop(loop->ev, &loop->plain);
    ev_io_stop(loop->ev, &loop->local);
}

static void accept_start(struct loop *loop)
{
    if (loop->sealed_fd >= 0)
        ev_io_start(loop->ev, &loop->sealed);
    if (loop->plain_fd >= 0)
        ev_io_start(loop->ev, &loop->plain);
    if (loop->server->unix_fd >= 0)
        ev_io_start(loop->ev, &loop->local);
}

static void accept_resume(struct ev_loop *ev, ev_timer *pause, int events)
{
    (void)ev;
    (void)events;
    accept_start(pause->data);
}

/* Serves it here, or gives it to a loop that has fewer connections. */
static void loop_place(struct loop *loop, struct spread_one one)
{
    struct server *server = loop->server;
    uint32_t chosen = spread_choose(server->spread, loop->index);
    if (chosen != loop->index && spread_give(server->spread, chosen, one))
        ev_async_send(server->loops[chosen].ev, &server->loops[chosen].given);
    else
        conns_add(loop->conns, one.fd, one.profile);
}

static bool take_one_given(struct loop *loop)
{
    struct spread_one one;
    if (!spread_take(loop->server->spread, loop->index, &one))
        return false;
    conns_add(loop->conns, one.fd, one.profile);
    return true;
}

static void loop_take_given(struct ev_loop *ev, ev_async *async, int events)
{
    int count = ACCEPTS_A_CALLBACK;
    (void)events;
    while (count > 0 && take_one_given(async->data))
        count--;
    if (count == 0)
        ev_async_send(ev, async); /* more may be there: after whoever waits for answers */
}

/* Accepts one; false when there is none, or no more can be taken now. */
static bool accept_one(struct loop *loop, ev_io *io)
{
    struct metrics *metrics = loop->answerer.metrics;
    int fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        uint8_t profile = io == &loop->sealed ? 0 : loop->server->profile;
        if (conns_admit(loop->conns, fd)) /* from now on it counts, though it may wait elsewhere */
            loop_place(loop, (struct spread_one){fd, profile});
        return true;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        metric_add(&metrics->accept_pauses, 1);
        accept_stop(loop);
        ev_timer_set(&loop->pause, ACCEPT_PAUSE_S, 0.0);
        ev_timer_start(loop->ev, &loop->pause);
        return false;
    }
    /* Gone before we came: the next one may be there still. */
    return errno == ECONNABORTED || errno == EINTR;
}

static void accept_ready(struct ev_loop *ev, ev_io *io, int events)
{
    int accept_count = ACCEPTS_A_CALLBACK;
    (void)ev;
    (void)events;
    while (accept_count > 0 && accept_one(io->data, io))
        accept_count--;
}

/* ---- stopping ---- */

/* Who has connected already is answered, if only that we drain; the queue is short and bounded. */
static void accept_the_last(struct loop *loop)
{
    ev_io *ios[] = {&loop->sealed, &loop->plain, &loop->local};
    for (size_t i = 0; i < sizeof(ios) / sizeof(ios[0]); i++) {
        int accept_count = LISTENER_BACKLOG;
        while (ev_is_active(ios[i]) && accept_count > 0 && accept_one(loop, ios[i]))
            accept_count--;
    }
}

static void drain_step(struct ev_loop *ev, ev_timer *timer, int events)
{
    struct loop *loop = timer->data;
    (void)events;
    uint64_t drained_ms = (uint64_t)loop->drain_step_count++ * DRAIN_STEP_MS;
    uint64_t drain_ms = loop->server->config->drain_ms;

    /* The last quarter is for answers and ends of streams to arrive. */
    if (drained_ms >= drain_ms - drain_ms / 4)
        conns_end(loop->conns);
    loop->is_over = drained_ms >= drain_ms || conns_count(loop->conns) == 0;
    if (loop->is_over)
        ev_break(ev, EVBREAK_ALL);
}

static void loop_close_sockets(struct loop *loop)
{
    if (loop->sealed_fd >= 0)
        close(loop->sealed_fd);
    if (loop->plain_fd >= 0)
        close(loop->plain_fd);
    loop->sealed_fd = loop->plain_fd = -1;
}

static void loop_drain(struct loop *loop)
{
    conns_drain(loop->conns, SERVER_DRAIN_WAIT_MS);
    spread_end(loop->server->spread, loop->index);
    while (take_one_given(loop))
        ;
    accept_the_last(loop);
    accept_stop(loop);
    ev_timer_stop(loop->ev, &loop->pause);
    loop_close_sockets(loop);
    ev_timer_start(loop->ev, &loop->drain);
}

/* ---- loops ---- */

/* Between callbacks no frame is being answered: the switch is this pointer. What was asked of the
 * ledger under the old edition needs it until it is answered; the next one is not put in service
 * before the store has been told that it is not. */
static void loop_take_edition(struct loop *loop)
{
    const struct edition *edition = store_take_beside(loop->server->store, loop->index);
    conns_use(loop->conns, edition);
    if (loop->answerer.audit != NULL)
        audit_use(loop->answerer.audit, edition);
    if (!conns_need_old(loop->conns))
        store_let_go(loop->server->store, loop->index);
}

static void loop_take_verdicts(struct ev_loop *ev, ev_async *async, int events)
{
    struct loop *loop = async->data;
    (void)events;
    bool needed_old = conns_need_old(loop->conns);
    if (conns_commit(loop->conns))
        ev_async_send(ev, async); /* more are there: after whoever waits for answers */
    if (needed_old && !conns_need_old(loop->conns))
        store_let_go(loop->server->store, loop->index);
}

static void loop_wake(struct ev_loop *ev, ev_async *async, int events)
{
    struct loop *loop = async->data;
    (void)ev;
    (void)events;
    loop_take_edition(loop);
    if (loop->server->handshakes != NULL && conns_shake(loop->conns))
        ev_async_send(loop->ev, &loop->wake); /* more are done: after whoever waits for answers */
    if (atomic_load(&loop->server->is_draining) && !ev_is_active(&loop->drain))
        loop_drain(loop);
}

/* It leaves the store when the ledger is closed (server_close): until then that may look at the
 * edition, though nobody waits for verdicts any more. */
void *loop_run(void *argument)
{
    struct loop *loop = argument;
    struct spin spin;
    spin_begin(&spin, loop->ev, loop->server->config->busy_poll_us, conns_wakeups(loop->conns));
    loop_take_edition(loop);
    spin_run(&spin, &loop->is_over);
    conns_close(loop->conns);
    loop->conns = NULL;
    struct server *server = loop->server;
    bool is_last = atomic_fetch_sub(&server->running_count, 1) == 1;
    if (is_last && server->ledger != NULL)
        ledger_thread_end(server->ledger);
    return NULL;
}

static bool loop_listen(struct loop *loop, struct server *server, struct fault *fault)
{
    const struct config *config = server->config;
    uint32_t write_ms = (uint32_t)config->write_ms;
    if (config->listen != NULL &&
        !listener_open_tcp(&loop->sealed_fd, &server->sealed_address, write_ms, fault))
        return fault_at(fault, config->listen);
    if (config->listen_plain != NULL &&
        !listener_open_tcp(&loop->plain_fd, &server->plain_address, write_ms, fault))
        return fault_at(fault, config->listen_plain);
    return true;
}

static void loop_watch(struct loop *loop)
{
    ev_io_init(&loop->sealed, accept_ready, loop->sealed_fd, EV_READ);
    ev_io_init(&loop->plain, accept_ready, loop->plain_fd, EV_READ);
    ev_io_init(&loop->local, accept_ready, loop->server->unix_fd, EV_READ);
    ev_timer_init(&loop->pause, accept_resume, ACCEPT_PAUSE_S, 0.0);
    ev_timer_init(&loop->drain, drain_step, 0.0, DRAIN_STEP_MS / 1000.0);
    ev_async_init(&loop->wake, loop_wake);
    ev_async_init(&loop->verdicts, loop_take_verdicts);
    ev_async_init(&loop->given, loop_take_given);
    loop->sealed.data = loop->plain.data = loop->local.data = loop;
    loop->pause.data = loop->drain.data = loop->wake.data = loop;
    loop->verdicts.data = loop->given.data = loop;
    ev_async_start(loop->ev, &loop->wake);
    ev_async_start(loop->ev, &loop->given);
    if (loop->server->ledger != NULL)
        ev_async_start(loop->ev, &loop->verdicts);
    accept_start(loop);
}

static bool loop_open_ledger(struct loop *loop, struct server *server, struct fault *fault)
{
    if (server->ledger == NULL)
        return true;
    loop->transactions = lines_take(1, sizeof(*loop->transactions));
    if (loop->transactions == NULL)
        return fault_set(fault, "no memory for transactions");
    loop->answerer.transactions = loop->transactions;
    loop->answerer.subject_key = server->subject_key;
    return true;
}

bool loop_open(struct loop *loop, struct server *server, uint32_t index, struct fault *fault)
{
    const struct config *config = server->config;
    loop->server = server;
    loop->index = index;
    if (!loop_listen(loop, server, fault))
        return false;

    /* NOENV: an environment variable must not choose another backend. */
    loop->ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    if (loop->ev == NULL)
        return fault_set(fault, "cannot make an event loop: %s", strerror(errno));
    loop->answerer.metrics = &server->metrics[index];
    loop->answerer.board = &server->board;
    loop->answerer.guard = server->guard;
    loop->answerer.limits = (struct guard_limits){
        .per_minute = (uint32_t)config->per_minute,
        .per_day = (uint32_t)config->per_day,
        .typed_per_day = (uint32_t)config->typed_per_day,
        .misses_per_day = (uint32_t)config->misses_per_day,
    };
    if (!loop_open_ledger(loop, server, fault))
        return false;
    if (server->audit != NULL) {
        loop->answerer.audit = audit_ring(server->audit, index);
        loop->answerer.audit_refuses = audit_refuses(server->audit);
    }
    struct conns_settings settings = {
        .connection_count_max = (uint32_t)config->connections_max,
        .connection_count = &server->connection_count,
        .idle_ms = (uint32_t)config->idle_ms,
        .frame_ms = (uint32_t)config->frame_ms,
        .write_ms = (uint32_t)config->write_ms,
        .hello_ms = (uint32_t)config->hello_ms,
        .session_ms = SESSION_MS_MAX,
        .seed = clock_monotonic_ns() + index,
        .loop = index,
        .handshakes = server->handshakes,
        .identity = &server->identity,
        .ledger = server->ledger,
        .ev = loop->ev,
        .answerer = &loop->answerer,
        .metrics = &server->metrics[index],
    };
    if (!conns_open(&loop->conns, &settings, fault))
        return false;

    loop_watch(loop);
    return true;
}

void loop_close(struct loop *loop)
{
    conns_close(loop->conns);
    loop_close_sockets(loop);
    if (loop->ev != NULL)
        ev_loop_destroy(loop->ev);
    free(loop->transactions);
}
