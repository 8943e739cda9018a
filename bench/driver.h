/* A load of one client thread on one server: closed loop (a fixed number of requests always under
 * way) or open loop (requests are due by the clock, whatever the server does). */
#ifndef BENCH_DRIVER_H
#define BENCH_DRIVER_H

#include <sys/types.h>

#include "bench/dialect.h"
#include "bench/histogram.h"
#include "bench/workload.h"
#include "protocol/elig.h"
#include "protocol/fault.h"

#define DRIVER_CONNECTION_MAX 1024
#define DRIVER_DEPTH_MAX      4096      /* requests under way on one connection */
#define RATE_MAX              100000000 /* requests a second of an open loop */

/* Terminals that load a server through sealed sessions: connection c is terminal c %
 * terminal_count of bench/terminals.h. */
struct sealing {
    uint8_t server_public[ELIG_KEY_SIZE], merchant_key[ELIG_KEY_SIZE];
    uint64_t seed;
    uint32_t terminal_count, environment;
    bool is_padded;
};

/* Of several processes that load together: each writes a byte to the one descriptor when its
 * connections are open, and reads from the other the nanosecond at which all begin; an end in its
 * place: nobody begins. */
struct meeting {
    int ready_fd, go_fd;
};

struct plan {
    const struct dialect *dialect;
    const struct workload *workload; /* borrowed */
    const char *address;             /* "127.0.0.1:7447" or "unix:/path" */
    uint32_t connection_count, depth;
    uint32_t connection_first; /* number of the first one, from which ids and terminals follow */
    uint64_t rate_per_s;       /* 0: closed loop */
    uint64_t busy_us;          /* closed loop: polls for so long before it sleeps */
    uint32_t warm_ms, measure_ms;
    pid_t server_pid;              /* whose CPU is read; 0: nobody's */
    const struct sealing *sealing; /* borrowed; NULL: plain */
    uint64_t id_first;             /* added to every id; a multiple of WORKLOAD_FRAME_COUNT */
    bool is_verified;              /* every answer to a frame must equal the first one to it */
    const struct meeting *meeting; /* borrowed; NULL: alone */
};

#define STATUS_ROOM 512 /* above every status */

struct outcome_count {
    uint64_t by[OUTCOME_COUNT];
    uint64_t by_status[STATUS_ROOM]; /* of the dialects that have one; others: 0 */
};

struct result {
    /* From when a request was due to when its answer was read; of an open loop also of what was due
     * within the measured time and answered after it. */
    struct histogram latency;
    uint64_t answer_count; /* within the measured time */
    uint64_t failed_count; /* requests of the whole run that got no answer, or were never sent */
    uint64_t wrong_count;  /* answers of the whole run that were no answer, or not the first one */
    struct outcome_count outcomes;
    uint64_t elapsed_ns;
    uint64_t server_cpu_ns, client_cpu_ns; /* within the measured time */
    bool is_interrupted;
};

/* `result` is large: keep it off small stacks. SIGINT ends the run early, with what was measured.
 */
MUST_USE bool driver_run(struct result *result, const struct plan *plan, struct fault *fault);

/* A socket connected to the address `text`, or -1 and a fault. */
int driver_connect(const char *text, bool is_blocking, struct fault *fault);

#endif
