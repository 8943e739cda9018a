/* One loop over many items on all cores. */
#ifndef LOADER_PARALLEL_H
#define LOADER_PARALLEL_H

#include "protocol/bytes.h"

#define THREAD_COUNT_MAX 64

/* Cores that this process may run on, at most THREAD_COUNT_MAX. */
uint32_t parallel_core_count(void);

/* Cuts 0..item_count into runs of `run_size` items (the last one shorter) and calls `work` for each
 * run, once, on up to `thread_count` threads; `thread` is 0 for the caller's own. Runs begin in
 * rising order. Returns when all are done. Where the system gives fewer threads, fewer work. */
void parallel_for(uint32_t thread_count, size_t item_count, size_t run_size,
                  void (*work)(void *context, uint32_t thread, size_t first, size_t end),
                  void *context);

#endif
