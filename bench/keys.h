/* The keys of a store that is measured: as many as a workload has identifiers. */
#ifndef BENCH_KEYS_H
#define BENCH_KEYS_H

#include "bench/dialect.h"

/* Sets them in pipelines through one connection; the dialect is a store's. */
MUST_USE bool keys_load(const char *address, const struct dialect *dialect, uint64_t key_count,
                        struct fault *fault);

#endif
