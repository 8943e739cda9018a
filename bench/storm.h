/* Very many terminals at once, or what only looks like one: for what a server does when all come
 * together, when nobody means it well, and when everybody is silent. */
#ifndef BENCH_STORM_H
#define BENCH_STORM_H

#include <sys/types.h>

#include "bench/driver.h"

#define STORM_CONNECTIONS_MAX 60000

struct storm_plan {
    const char *address;
    const struct sealing *sealing; /* borrowed */
    uint32_t connection_count;
    uint32_t hold_ms; /* sessions stay so long, silent */
    pid_t server_pid; /* 0: nobody's CPU and memory are read */
};

struct storm_result {
    struct histogram latency; /* from the first connect to ACCEPT, waits after BUSY included */
    uint64_t accepted_count, busy_count, failed_count;
    uint64_t elapsed_ns;                    /* until the last one was accepted */
    uint64_t handshake_cpu_ns, idle_cpu_ns; /* of the server: until then, and while all are held */
    uint64_t memory_before, memory_held;    /* of the server, private bytes */
};

/* All terminals connect at once, and come back as they are told when they are told BUSY. */
MUST_USE bool storm_handshakes(struct storm_result *out, const struct storm_plan *plan,
                               struct fault *fault);

/* What comes that is none of ours. */
enum garbage { GARBAGE_NOISE, GARBAGE_MAC, GARBAGE_HELLO, GARBAGE_COUNT };
const char *garbage_name(enum garbage garbage); /* "noise", "mac", "hello" */

struct garbage_plan {
    const char *address;
    const struct sealing *sealing;
    enum garbage garbage;
    uint64_t rate_per_s;
    uint32_t measure_ms;
    pid_t server_pid;
};
struct garbage_result {
    uint64_t sent_count, failed_count;
    uint64_t elapsed_ns, server_cpu_ns;
};

/* Connections by the clock, each with one piece of garbage. */
MUST_USE bool storm_garbage(struct garbage_result *out, const struct garbage_plan *plan,
                            struct fault *fault);

#endif
