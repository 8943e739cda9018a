#include "engine/server.h"

#include "engine/audit.h"
#include "engine/conn.h"
#include "engine/keeper.h"
#include "engine/ledger_setup.h"
#include "engine/listener.h"
#include "engine/spin.h"
#include "engine/spread.h"
#include "engine/store.h"
#include "protocol/profile.h"
#include "protocol/progress.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define ACCEPTS_A_CALLBACK 4   /* the others wait: connections that are open come first */
#define ACCEPT_PAUSE_S     0.1 /* without descriptors, accepting again at once is a busy loop */
#define DRAIN_STEP_MS      10

/* Behind the metrics of the loops. */
enum { METRICS_LEDGER, METRICS_AUDIT, METRICS_BESIDE };

/* A thread with an event loop; what it serves is its alone. */
struct loop {
    _Alignas(CACHE_LINE_SIZE) struct server *server;
    uint32_t index;
    struct ev_loop *ev;
    pthread_t thread;
    bool is_started, is_over;
    int sealed_fd, plain_fd; /* -1: none */
    ev_io sealed, plain, local;
    ev_timer pause;
    ev_async wake;     /* something has changed: the snapshot in service, or what is asked of us */
    ev_async verdicts; /* the ledger has some, or has failed */
    ev_async given;    /* other loops have given it connections */
    ev_timer drain;
    uint32_t drain_step_count;
    struct conns *conns;
    struct answerer answerer;
    struct transactions *transactions; /* NULL: there is no ledger */
};
static_assert(sizeof(struct loop) % CACHE_LINE_SIZE == 0, "no line is two loops'");

struct server {
    const struct config *config;
    struct address sealed_address, plain_address;
    int unix_fd; /* -1: none; all loops accept from it */
    struct listener_file unix_file;
    struct store *store;
    struct server_identity identity; /* of sealed sessions, as the next four are */
    struct guard *guard;
    struct counters *counters;
    struct keeper *keeper;
    struct handshakes *handshakes; /* NULL: nothing sealed is served */
    struct ledger *ledger;         /* NULL: none is kept */
    const struct identity_key *subject_key;
    struct audit_file *audit_file; /* NULL: no journal of checks is kept; so the next */
    struct audit *audit;
    struct loop *loops;
    struct spread *spread;
    struct metrics *metrics; /* [loop_count + METRICS_BESIDE] */
    struct metrics_board board;
    uint32_t loop_count;
    uint8_t profile; /* of whoever connects to the sockets of plain frames */
    _Atomic uint32_t connection_count;
    _Atomic uint32_t running_count;
    atomic_bool is_draining;
};

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

/* Readers of the store are the loops, behind them the handshakes, and behind these the journal's
 * thread, which looks by itself. */
static uint32_t audit_reader(const struct server *server)
{
    return server->loop_count + (server->config->listen != NULL);
}

static void wake_reader(void *context, uint32_t reader)
{
    struct server *server = context;
    if (reader < server->loop_count)
        ev_async_send(server->loops[reader].ev, &server->loops[reader].wake);
    else if (reader < audit_reader(server))
        handshakes_wake(server->handshakes);
}

static void wake_for_verdicts(void *context, uint32_t index)
{
    struct server *server = context;
    ev_async_send(server->loops[index].ev, &server->loops[index].verdicts);
}

/* It leaves the store when the ledger is closed (server_close): until then that may look at the
 * edition, though nobody waits for verdicts any more. */
static void *loop_run(void *argument)
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

static bool loop_open(struct loop *loop, struct server *server, uint32_t index, struct fault *fault)
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

static void loop_close(struct loop *loop)
{
    conns_close(loop->conns);
    loop_close_sockets(loop);
    if (loop->ev != NULL)
        ev_loop_destroy(loop->ev);
    free(loop->transactions);
}

/* ---- the server ---- */

static void identity_take(struct server_identity *out, const struct server_keys *keys)
{
    const struct noise_keys *both[SERVER_KEY_COUNT_MAX] = {keys->current, keys->next};
    for (size_t i = 0; i < SERVER_KEY_COUNT_MAX && both[i] != NULL; i++) {
        out->keys[i] = both[i];
        server_name_make(&out->names[i], both[i]->public_key);
        out->key_count++;
    }
}

/* What terminals are told, in whole seconds: not later than we close, or they would write into what
 * is closed already. */
static uint16_t idle_s_of(const struct config *config)
{
    uint64_t idle_s = config->idle_ms / 1000;
    return idle_s == 0 ? 1 : idle_s < UINT16_MAX ? (uint16_t)idle_s : UINT16_MAX;
}

/* All that terminals need: their budgets, what is remembered of them, and who opens to them. */
static bool server_open_sealed(struct server *server, const struct server_keys *keys,
                               struct fault *fault)
{
    const struct config *config = server->config;
    if (config->listen == NULL)
        return true;
    identity_take(&server->identity, keys);
    struct guard_settings guard = {.slot_count = GUARD_SLOTS_INITIAL, .save_s = KEEPER_SAVE_S};
    if (getrandom(guard.key, sizeof(guard.key), 0) != (ssize_t)sizeof(guard.key))
        return fault_set(fault, "no randomness for the guard's key: %s", strerror(errno));
    struct keeper_settings keeper = {.directory = config->state, .save_s = KEEPER_SAVE_S};
    bool is_open =
        guard_open(&server->guard, &guard, fault) && counters_open(&server->counters, fault);
    explicit_bzero(&guard, sizeof(guard));
    keeper.guard = server->guard;
    keeper.counters = server->counters;
    if (!is_open || !keeper_open(&server->keeper, &keeper, fault))
        return false;
    struct handshakes_settings handshakes = {
        .identity = &server->identity,
        .merchant_keys = config->merchant_keys,
        .revocations = config->revocations,
        .revoker = keys->revoker,
        .environment = (uint32_t)config->environment,
        .store = server->store,
        .reader = server->loop_count,
        .guard = server->guard,
        .counters = server->counters,
        .loop_count = server->loop_count,
        .idle_s = idle_s_of(config),
        .per_minute = (uint32_t)config->per_minute,
        .wake = wake_reader,
        .context = server,
    };
    return handshakes_open(&server->handshakes, &handshakes, fault);
}

static bool server_open_ledger(struct server *server, const struct server_keys *keys,
                               struct fault *fault)
{
    if (server->config->ledger == NULL)
        return true;
    server->subject_key = keys->subject;
    struct ledger_setup setup = {
        .config = server->config,
        .subject_key = keys->subject,
        .head_key = keys->ledger_head,
        .loop_count = server->loop_count,
        .metrics = &server->metrics[server->loop_count + METRICS_LEDGER],
        .wake = wake_for_verdicts,
        .context = server,
    };
    return ledger_setup_open(&server->ledger, &setup, fault);
}

static const struct edition *take_for_audit(void *context)
{
    struct server *server = context;
    return store_take(server->store, audit_reader(server));
}

static bool server_open_audit(struct server *server, const struct server_keys *keys,
                              struct fault *fault)
{
    const struct config *config = server->config;
    if (config->audit == NULL)
        return true;
    uint64_t size_max = config->audit_size << 20;
    struct audit_file_settings file = {
        .directory = config->audit,
        .environment = (uint32_t)config->environment,
        .subject_key = subject_key_check(keys->subject),
        .size_max = size_max,
        .segment_size = size_max / AUDIT_SEGMENTS_LEAST < AUDIT_SEGMENT_SIZE_MAX
                            ? size_max / AUDIT_SEGMENTS_LEAST
                            : AUDIT_SEGMENT_SIZE_MAX,
        .days = (uint32_t)config->audit_days,
        .head_key = keys->ledger_head,
    };
    if (!audit_file_open(&server->audit_file, &file, clock_wall_s() * 1000, fault))
        return false;
    struct audit_settings settings = {
        .file = server->audit_file,
        .subject_key = keys->subject,
        .loop_count = server->loop_count,
        .refuses = strcmp(config->audit_full, CONFIG_AUDIT_REFUSE) == 0,
        .metrics = &server->metrics[server->loop_count + METRICS_AUDIT],
        .take = take_for_audit,
        .context = server,
    };
    return audit_open(&server->audit, &settings, fault);
}

static bool server_open_sockets(struct server *server, struct fault *fault)
{
    const struct config *config = server->config;
    if (config->listen != NULL &&
        !listener_parse_sealed(&server->sealed_address, config->listen, fault))
        return fault_at(fault, "--listen");
    if (config->listen_plain != NULL &&
        !listener_parse_plain(&server->plain_address, config->listen_plain, fault))
        return fault_at(fault, "--listen-plain");
    if (config->unix_path != NULL &&
        !listener_open_unix(&server->unix_fd, &server->unix_file, config->unix_path, fault))
        return false;
    /* The first loop finds the port, the others share it. */
    for (uint32_t i = 0; i < server->loop_count; i++) {
        if (!loop_open(&server->loops[i], server, i, fault))
            return false;
    }
    return true;
}

static bool server_start_threads(struct server *server, struct fault *fault)
{
    for (uint32_t i = 0; i < server->loop_count; i++) {
        struct loop *loop = &server->loops[i];
        atomic_fetch_add(&server->running_count, 1);
        int rc = pthread_create(&loop->thread, NULL, loop_run, loop);
        if (rc != 0) {
            atomic_fetch_sub(&server->running_count, 1);
            return fault_set(fault, "thread of a loop: %s", strerror(rc));
        }
        loop->is_started = true;
    }
    if (server->ledger != NULL && !ledger_thread_start(server->ledger, fault))
        return false;
    if (server->audit != NULL && !audit_start(server->audit, fault))
        return false;
    if (server->handshakes != NULL &&
        (!keeper_start(server->keeper, fault) || !handshakes_start(server->handshakes, fault)))
        return false;
    return store_start(server->store, fault);
}

bool server_start(struct server **out, const struct config *config, const struct server_keys *keys,
                  struct fault *fault)
{
    struct server *server = calloc(1, sizeof(*server));
    if (server == NULL)
        return fault_set(fault, "no memory for the server");
    ev_set_allocator(lines_resize);
    server->config = config;
    server->unix_fd = -1;
    server->profile = profile_of_name(config->profile);
    server->loop_count = (uint32_t)config->loops;
    server->loops = lines_take(server->loop_count, sizeof(server->loops[0]));
    server->metrics = lines_take(server->loop_count + METRICS_BESIDE, sizeof(server->metrics[0]));
    if (server->loops == NULL || server->metrics == NULL) {
        fault_set(fault, "no memory for %u loops", server->loop_count);
        goto fail;
    }
    for (uint32_t i = 0; i < server->loop_count; i++)
        server->loops[i].sealed_fd = server->loops[i].plain_fd = -1;
    server->board = (struct metrics_board){server->metrics, server->loop_count, clock_wall_s()};
    if (!spread_open(&server->spread, server->metrics, server->loop_count, fault))
        goto fail;

    struct store_settings settings = {
        .directory = config->snapshots,
        .signer = keys->signer,
        .identity = keys->identity,
        .identity_keys = config->identity_keys,
        .environment = (uint32_t)config->environment,
        .subject_check = keys->subject != NULL ? subject_key_check(keys->subject) : 0,
        .poll_ms = (uint32_t)config->poll_ms,
        .reader_count = audit_reader(server) + (config->audit != NULL),
        .wake = wake_reader,
        .context = server,
    };
    if (!store_open(&server->store, &settings, fault) || !server_open_sealed(server, keys, fault) ||
        !server_open_ledger(server, keys, fault) || !server_open_audit(server, keys, fault) ||
        !server_open_sockets(server, fault) || !server_start_threads(server, fault))
        goto fail;
    *out = server;
    return true;
fail:
    server_close(server);
    return false;
}

uint16_t server_port(const struct server *server)
{
    return server->config->listen != NULL ? listener_port(&server->sealed_address) : 0;
}

uint16_t server_port_plain(const struct server *server)
{
    return server->config->listen_plain != NULL ? listener_port(&server->plain_address) : 0;
}

void server_look(struct server *server)
{
    store_look(server->store);
}

void server_drain(struct server *server)
{
    if (atomic_exchange(&server->is_draining, true))
        return;
    if (server->unix_fd >= 0)
        listener_remove(&server->unix_file); /* who comes now finds nobody, at once */
    for (uint32_t i = 0; i < server->loop_count; i++) {
        if (server->loops[i].is_started)
            wake_reader(server, i);
    }
}

bool server_is_running(const struct server *server)
{
    return atomic_load(&server->running_count) > 0 ||
           (server->ledger != NULL && ledger_thread_is_running(server->ledger));
}

void server_totals(struct server_totals *out, struct server *server)
{
    memset(out, 0, sizeof(*out));
    if (server->ledger != NULL) {
        struct metrics *metrics = &server->metrics[server->loop_count + METRICS_LEDGER];
        metric_set(&metrics->ledger_waiting, ledger_thread_waiting(server->ledger));
        metric_set(&metrics->ledger_group_ms, ledger_thread_group_ms(server->ledger));
    }
    for (uint32_t i = 0; i < server->loop_count + METRICS_BESIDE; i++)
        metrics_sum(&out->metrics, &server->metrics[i]);
    out->swap_count = store_swap_count(server->store);
    out->alarm_count = keeper_alarm_count(server->keeper);
    out->connection_count = atomic_load(&server->connection_count);
    for (uint32_t i = 0; i < server->loop_count; i++)
        out->loop_connection_counts[i] = metrics_open_count(&server->metrics[i]);
}

void server_close(struct server *server)
{
    if (server == NULL)
        return;
    if (server->loops != NULL)
        server_drain(server); /* only when starting failed half-way */
    for (uint32_t i = 0; server->loops != NULL && i < server->loop_count; i++) {
        if (server->loops[i].is_started)
            pthread_join(server->loops[i].thread, NULL);
    }
    /* The ledger looks at editions as long as it has requests; its last wakes find the loops there.
     */
    ledger_close(server->ledger);
    for (uint32_t i = 0; server->store != NULL && i < server->loop_count; i++)
        store_leave(server->store, i);
    audit_close(server->audit);
    audit_file_close(server->audit_file, clock_wall_s() * 1000);
    if (server->store != NULL && server->config->audit != NULL)
        store_leave(server->store, audit_reader(server));
    /* The store's thread wakes the others, and they wake loops: each goes after who wakes it. */
    handshakes_end(server->handshakes);
    store_close(server->store);
    handshakes_close(server->handshakes);
    for (uint32_t i = 0; server->loops != NULL && i < server->loop_count; i++)
        loop_close(&server->loops[i]);
    keeper_close(server->keeper);
    counters_close(server->counters);
    guard_close(server->guard);
    if (server->unix_fd >= 0)
        close(server->unix_fd);
    spread_close(server->spread);
    free(server->metrics);
    free(server->loops);
    free(server);
}
