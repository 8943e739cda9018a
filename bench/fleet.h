/* The same load from several processes at once, for a server that is faster than one client: each
 * has its share of the connections and of the rate, all measure the same stretch of time, and what
 * they measured is added up. */
#ifndef BENCH_FLEET_H
#define BENCH_FLEET_H

#include "bench/children.h"
#include "bench/driver.h"

#define FLEET_PROCESS_MAX 64

/* As driver_run. `process_count` is at most plan->connection_count. With cores the load always runs
 * in processes of its own, on these; without, a single one is this process. */
MUST_USE bool fleet_run(struct result *result, const struct plan *plan, uint32_t process_count,
                        const cpu_set_t *cores, struct fault *fault);

#endif
