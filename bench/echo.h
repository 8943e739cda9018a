/* The reference for every ratio: a bare libev server that sends 64-byte frames back as they came.
 */
#ifndef BENCH_ECHO_H
#define BENCH_ECHO_H

#include "protocol/fault.h"

#define ECHO_CONNECTION_MAX 1024
#define ECHO_READ_SIZE      16384 /* as much at once as the engine reads */

/* Serves on 127.0.0.1, on a port that the system chooses and that is written to `port_path`, until
 * SIGTERM or SIGINT. Polls for `busy_us` before it sleeps, as the engine does when asked to. */
MUST_USE bool echo_serve(const char *port_path, uint64_t busy_us, struct fault *fault);

#endif
