/* Sends a day of visits to a server, by many connections, as fast as it answers, and keeps the
 * books. A terminal's manners: what has no answer is sent again, the same bytes, however often the
 * connection breaks; what was answered is not done twice. */
#ifndef BENCH_REPLAY_H
#define BENCH_REPLAY_H

#include "bench/books.h"
#include "bench/histogram.h"
#include "bench/visits.h"

#define REPLAY_CONNECTION_MAX 256
#define REPLAY_DEPTH_MAX      256
#define REPLAY_STATUS_ROOM    512 /* above every status */

struct replay_plan {
    const char *address;
    const struct visits *visits;
    const struct crowd *crowd;
    const struct sellers *sellers;
    uint64_t id_first;
    uint32_t day, connection_count, depth;
    uint32_t patience_ms;     /* so long a server may be away */
    const char *journal_path; /* NULL: none */
    bool is_quiet;
};

struct replay_result {
    struct books books;
    struct histogram latency; /* of first answers, from when they were sent */
    uint64_t counts[KIND_LAST + 1][REPLAY_STATUS_ROOM];
    uint64_t sent_count, answered_count;
    uint64_t alike_count, unlike_count; /* answers to what was sent once more */
    uint64_t resent_count;              /* after a connection broke, or the server was busy */
    uint64_t broken_count;              /* connections */
    uint64_t elapsed_ns;
    bool is_interrupted;
};

/* `result` is large; books are the caller's to free. SIGINT and SIGTERM end it early: what is under
 * way is waited for, and the books are of what was answered. */
MUST_USE bool replay_run(struct replay_result *result, const struct replay_plan *plan,
                         struct fault *fault);

#endif
