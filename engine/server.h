/* The server: listening sockets, loops with a thread each, and the store that feeds them. */
#ifndef ENGINE_SERVER_H
#define ENGINE_SERVER_H

#include "engine/config.h"
#include "engine/metrics.h"
#include "protocol/keyfile.h"
#include "protocol/noise.h"

/* What DRAINING answers ask a client to wait before it connects again, elsewhere or here. */
#define SERVER_DRAIN_WAIT_MS 1000

struct server;

/* The keys of config's files; what config does not name is NULL. All borrowed. */
struct server_keys {
    const struct identity_key *identity; /* NULL: from config->identity_keys */
    const struct sign_public *signer, *revoker;
    const struct noise_keys *current, *next;
    const struct identity_key *subject; /* of ledger and journal; so the next */
    const struct sign_secret *ledger_head;
};

/* Opens the snapshot, the sockets and the loops, and begins to serve. All arguments are borrowed
 * for as long as the server lives. Signals must be blocked already: threads inherit that. */
MUST_USE bool server_start(struct server **out, const struct config *config,
                           const struct server_keys *keys, struct fault *fault);

/* The TCP ports that are served; 0 without one. */
uint16_t server_port(const struct server *server);
uint16_t server_port_plain(const struct server *server);

/* Looks for a new snapshot at once. */
void server_look(struct server *server);

/* Stops accepting, answers DRAINING and lets connections leave, for at most drain-ms. */
void server_drain(struct server *server);

/* Whether a loop is still at work, or the ledger at its last group. */
bool server_is_running(const struct server *server);

/* What was counted, over all loops. */
struct server_totals {
    struct metrics metrics;
    uint64_t swap_count, alarm_count;
    uint32_t connection_count; /* open now */
    uint32_t loop_connection_counts[CONFIG_LOOPS_MAX];
};
void server_totals(struct server_totals *out, struct server *server);

/* After server_drain, when it is no longer running. NULL: nothing. */
void server_close(struct server *server);

#endif
