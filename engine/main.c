/* eligd: answers whether a relief applies to a purchase. */
#include "engine/config.h"
#include "engine/listener.h"
#include "engine/locked.h"
#include "engine/log.h"
#include "engine/server.h"
#include "protocol/identity_keys.h"
#include "protocol/progress.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define DESCRIPTORS_BESIDE 64 /* of sockets that listen, loops, snapshots */
#define DESCRIPTORS_A_LOOP 4
#define WAIT_FOR_LOOPS_NS  10000000
#define LEDGER_TEXT_SIZE   80
#define LOOPS_TEXT_SIZE    (CONFIG_LOOPS_MAX * sizeof(",4294967295"))
#define SIGNAL_ECHO_NS     500000000  /* so soon the same signal is the same request */
#define CLOSING_SAID_NS    1000000000 /* so long closing may take without a word */

/* Keys and identifiers are in this memory: no dump of it, by the kernel or by a debugger. */
static bool process_harden(struct fault *fault)
{
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return fault_set(fault, "cannot forbid core dumps: %s", strerror(errno));
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return fault_set(fault, "cannot ignore SIGPIPE: %s", strerror(errno));
    if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR) /* a file at its limit is a full disk */
        return fault_set(fault, "cannot ignore SIGXFSZ: %s", strerror(errno));
    return true;
}

/* As many descriptors as connections may need; fewer connections where there are not as many. */
static bool process_raise_limit(struct config *config, struct fault *fault)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return fault_set(fault, "limit of descriptors: %s", strerror(errno));
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return fault_set(fault, "limit of descriptors: %s", strerror(errno));

    uint64_t beside = DESCRIPTORS_BESIDE + DESCRIPTORS_A_LOOP * config->loops;
    if (limit.rlim_cur <= beside)
        return fault_set(fault,
                         "the system allows %" PRIu64 " descriptors; want more than %" PRIu64
                         " (ulimit -n)",
                         (uint64_t)limit.rlim_cur, beside);
    if (config->connections_max > limit.rlim_cur - beside) {
        config->connections_max = limit.rlim_cur - beside;
        log_event("note",
                  "connections_max=%" PRIu64 " reason=\"lowered to what the system's limit "
                  "of descriptors allows\"",
                  config->connections_max);
    }
    return true;
}

/* A loop that polls leaves its core to nobody: verifying a snapshot, handshakes and the ledger want
 * one that no loop has. */
static void process_spare_core(struct config *config)
{
    cpu_set_t cores;
    if (config->busy_poll_us == 0 || sched_getaffinity(0, sizeof(cores), &cores) != 0 ||
        (uint64_t)CPU_COUNT(&cores) > config->loops)
        return;
    config->busy_poll_us = 0;
    log_event("note",
              "busy_poll_us=0 reason=\"without --busy-poll: %d processors for %" PRIu64
              " loops, and one more is wanted for everything else\"",
              CPU_COUNT(&cores), config->loops);
}

/* The signals that are waited for in main; blocked, so that no thread is ever interrupted. */
static sigset_t signals_block(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return set;
}

static void log_start(const struct config *config, struct server *server)
{
    char unix_text[LOG_TEXT_SIZE];
    char listen_text[LOG_TEXT_SIZE];
    char plain_text[LOG_TEXT_SIZE];
    log_event("ready",
              "version=%s pid=%d listen=%s port=%u plain=%s plain_port=%u unix=%s profile=%s "
              "loops=%" PRIu64 " busy_poll_us=%" PRIu64 " connections_max=%" PRIu64
              " environment=%" PRIu64,
              ELIG_VERSION, (int)getpid(),
              config->listen != NULL ? log_text(listen_text, config->listen) : "none",
              server_port(server),
              config->listen_plain != NULL ? log_text(plain_text, config->listen_plain) : "none",
              server_port_plain(server),
              config->unix_path != NULL ? log_text(unix_text, config->unix_path) : "none",
              config->profile, config->loops, config->busy_poll_us, config->connections_max,
              config->environment);
}

static void log_stop(struct server *server)
{
    struct server_totals totals;
    char text[METRICS_TEXT_SIZE];
    server_totals(&totals, server);
    metrics_to_text(text, &totals.metrics);
    log_event("stopped", "swaps=%" PRIu64 " alarms=%" PRIu64 "%s", totals.swap_count,
              totals.alarm_count, text);
}

/* By whom it was asked to stop, and when; 0: by nobody. */
struct stop {
    int signal;
    uint64_t asked_ns;
};

/* What the ledger is at: on a disk that hangs, for how long. */
static const char *ledger_text(char text[static LEDGER_TEXT_SIZE], struct server *server)
{
    struct server_totals totals;
    server_totals(&totals, server);
    snprintf(text, LEDGER_TEXT_SIZE, " ledger_waiting=%" PRIu64 " ledger_group_ms=%" PRIu64,
             metric_read(&totals.metrics.ledger_waiting),
             metric_read(&totals.metrics.ledger_group_ms));
    return text;
}

/* How many connections each loop has: "32,31". */
static const char *loops_text(char text[static LOOPS_TEXT_SIZE], const struct config *config,
                              const struct server_totals *totals)
{
    int size = 0;
    for (uint64_t i = 0; i < config->loops; i++)
        size += snprintf(text + size, LOOPS_TEXT_SIZE - (size_t)size, "%s%u", i > 0 ? "," : "",
                         totals->loop_connection_counts[i]);
    return text;
}

/* Whoever asks a second time does not wait for a disk that hangs. timeout(1) and others send a
 * signal to a process and to its group: it comes twice. `what` is said beside. */
static void listen_a_moment(const struct stop *stop, const sigset_t *signals, const char *what)
{
    struct timespec wait = {0, WAIT_FOR_LOOPS_NS};
    int second = sigtimedwait(signals, NULL, &wait);
    if (second != SIGTERM && second != SIGINT)
        return;
    if (second == stop->signal && clock_monotonic_ns() - stop->asked_ns <= SIGNAL_ECHO_NS)
        return;
    log_event("killed", "signal=%d reason=\"asked a second time to stop\"%s", second, what);
    _exit(EXIT_FAILED);
}

/* Serves until TERM or INT, then drains. */
static struct stop serve(struct server *server, const struct config *config,
                         const sigset_t *signals)
{
    struct stop stop = {.signal = 0};
    while (stop.signal != SIGTERM && stop.signal != SIGINT) {
        if (sigwait(signals, &stop.signal) != 0)
            continue;
        if (stop.signal == SIGHUP)
            server_look(server);
    }

    stop.asked_ns = clock_monotonic_ns();
    struct server_totals totals;
    server_totals(&totals, server);
    char ledger[LEDGER_TEXT_SIZE], loops[LOOPS_TEXT_SIZE];
    log_event("draining", "signal=%d connections=%u by_loop=%s drain_ms=%" PRIu64 "%s", stop.signal,
              totals.connection_count, loops_text(loops, config, &totals), config->drain_ms,
              ledger_text(ledger, server));
    server_drain(server);
    while (server_is_running(server))
        listen_a_moment(&stop, signals, ledger_text(ledger, server));
    log_stop(server);
    return stop;
}

/* What is done when nobody is served any more: the last of the journal, and what is known of
 * terminals, is written. A thread does that, so that somebody listens to signals meanwhile. */
struct closing {
    struct server *server;
    atomic_bool is_done;
};

static void *closing_run(void *argument)
{
    struct closing *closing = argument;
    server_close(closing->server);
    atomic_store(&closing->is_done, true);
    return NULL;
}

static void close_server(struct server *server, const struct stop *stop, const sigset_t *signals)
{
    struct closing closing = {.server = server};
    pthread_t thread;
    uint64_t begun_ns = clock_monotonic_ns();
    bool is_said = false;
    if (pthread_create(&thread, NULL, closing_run, &closing) != 0) {
        server_close(server);
        return;
    }
    while (!atomic_load(&closing.is_done)) {
        listen_a_moment(stop, signals, " closing=1");
        bool is_slow = clock_monotonic_ns() - begun_ns > CLOSING_SAID_NS;
        if (is_slow && !is_said)
            log_event("closing", "reason=\"the disk is slow: the end of the journal of checks, or "
                                 "what is known of terminals, is still being written; a second "
                                 "signal does not wait for it\"");
        is_said = is_slow;
    }
    pthread_join(thread, NULL);
}

static int fail(const char *event, const struct fault *fault)
{
    char text[LOG_TEXT_SIZE];
    log_event(event, "fault=%s", log_text(text, fault->text));
    return EXIT_FAILED;
}

/* What must be known aloud before anybody is served. */
static void log_cautions(const struct config *config)
{
    if (config->listen != NULL && config->revocations == NULL)
        log_event("note", "reason=\"without --revocations a stolen terminal is served until the "
                          "catalogue changes\"");
    if (config->listen != NULL && config->state == NULL)
        log_event("note", "reason=\"without --state a restart forgets what terminals have asked\"");
    if (config->ledger != NULL && config->ledger_head_key == NULL)
        log_event("note",
                  "reason=\"without --ledger-head-key nobody notices an older ledger in the "
                  "place of this one\"");
    if (config->audit != NULL && config->ledger_head_key == NULL)
        log_event("note", "reason=\"without --ledger-head-key nobody notices a journal of checks "
                          "that was cut short\"");
    if (locked_was_refused())
        log_event("note", "reason=\"keys of sessions may be swapped out: the system's limit of "
                          "locked memory is too low (LimitMEMLOCK=)\"");
}

static bool write_ports(const struct config *config, struct server *server, struct fault *fault)
{
    return (config->port_file == NULL ||
            listener_write_port(config->port_file, server_port(server), fault)) &&
           (config->port_file_plain == NULL ||
            listener_write_port(config->port_file_plain, server_port_plain(server), fault));
}

static int run(struct config *config, const struct server_keys *keys)
{
    struct fault fault;
    struct server *server = NULL;
    sigset_t signals = signals_block();
    process_spare_core(config);
    if (!process_raise_limit(config, &fault) || !server_start(&server, config, keys, &fault))
        return fail("failed", &fault);

    int status = EXIT_YES;
    struct stop stop = {.signal = 0};
    if (!write_ports(config, server, &fault)) {
        status = fail("failed", &fault);
        server_drain(server);
    } else {
        log_cautions(config);
        log_start(config, server);
        stop = serve(server, config, &signals);
    }
    close_server(server, &stop, &signals);
    return status;
}

/* One key for all snapshots; or a folder of them, from which the store opens one for each. */
static bool identity_open(struct identity_key **out, const struct config *config,
                          struct fault *fault)
{
    if (config->identity_key != NULL)
        return keyfile_open_identity(out, config->identity_key, fault);
    struct stat info;
    int fd = identity_keys_folder(&info, config->identity_keys, fault);
    if (fd < 0)
        return false;
    close(fd);
    return identity_keys_are_apart(config->identity_keys, config->snapshots, fault);
}

/* What nobody could be told is a failure. */
static int told(int status)
{
    return fflush(stdout) == 0 ? status : EXIT_FAILED;
}

/* The keys that the configuration names, in locked memory. */
struct key_ring {
    struct identity_key *identity;
    struct sign_public signer, revoker;
    struct noise_keys *current, *next;
    struct identity_key *subject;
    struct sign_secret *ledger_head;
};

static bool keys_open(struct key_ring *ring, const struct config *config, struct fault *fault)
{
    return identity_open(&ring->identity, config, fault) &&
           keyfile_read_public(&ring->signer, config->signing_public, fault) &&
           (config->revoker_public == NULL ||
            keyfile_read_public(&ring->revoker, config->revoker_public, fault)) &&
           (config->server_key == NULL ||
            keyfile_open_server(&ring->current, config->server_key, fault)) &&
           (config->server_key_next == NULL ||
            keyfile_open_server(&ring->next, config->server_key_next, fault)) &&
           (config->subject_key == NULL ||
            keyfile_open_subject(&ring->subject, config->subject_key, fault)) &&
           (config->ledger_head_key == NULL ||
            keyfile_open_secret(&ring->ledger_head, config->ledger_head_key, fault));
}

static void keys_close(struct key_ring *ring)
{
    keyfile_close_identity(ring->identity);
    keyfile_close_session(ring->current);
    keyfile_close_session(ring->next);
    keyfile_close_identity(ring->subject);
    keyfile_close_secret(ring->ledger_head);
}

int main(int argc, char *argv[])
{
    struct config config;
    struct fault fault;
    struct key_ring ring = {.identity = NULL};
    options_read(&config_table, &config, NULL, argc, argv);
    if (config.dump_config) {
        options_dump(&config_table, &config, stdout);
        return told(EXIT_YES);
    }
    if (!config_check(&config, &fault)) {
        fprintf(stderr, "eligd: %s\n", fault.text);
        return config.check_config ? EXIT_NO : EXIT_USAGE;
    }

    bool is_good =
        process_harden(&fault) && identity_start(&fault) && keys_open(&ring, &config, &fault);
    struct server_keys keys = {.identity = ring.identity,
                               .signer = &ring.signer,
                               .revoker = config.revoker_public != NULL ? &ring.revoker : NULL,
                               .current = ring.current,
                               .next = ring.next,
                               .subject = ring.subject,
                               .ledger_head = ring.ledger_head};
    int status = EXIT_FAILED;
    if (config.check_config && is_good) {
        puts("the configuration is good");
        status = told(EXIT_YES);
    } else if (config.check_config) {
        fprintf(stderr, "eligd: %s\n", fault.text);
        status = EXIT_NO;
    } else {
        status = is_good ? run(&config, &keys) : fail("failed", &fault);
    }
    keys_close(&ring);
    return status;
}
