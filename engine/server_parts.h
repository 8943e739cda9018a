/* What the files of the server share: server.c opens and closes everything, loop.c has the loops.
 * Nobody else includes this. */
#ifndef ENGINE_SERVER_PARTS_H
#define ENGINE_SERVER_PARTS_H

#include "engine/audit.h"
#include "engine/conn.h"
#include "engine/keeper.h"
#include "engine/listener.h"
#include "engine/server.h"
#include "engine/spread.h"
#include "engine/store.h"

#include <pthread.h>

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

/* ---- loop.c ---- */

/* Its sockets, its event loop and its connections; nothing is served yet. What was opened when it
 * fails, loop_close closes. */
MUST_USE bool loop_open(struct loop *loop, struct server *server, uint32_t index,
                        struct fault *fault);
void loop_close(struct loop *loop);

/* Its thread. */
void *loop_run(void *loop);

#endif
