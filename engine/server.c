#include "engine/server_parts.h"

#include "engine/ledger_setup.h"
#include "protocol/profile.h"
#include "protocol/progress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* Behind the metrics of the loops. */
enum { METRICS_LEDGER, METRICS_AUDIT, METRICS_BESIDE };

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
