/* Memory for what is read at random all the time. Where a table is larger than what a processor
 * remembers of its pages, finding the page takes as long as the cache miss itself; large tables
 * stand in huge pages, where the system gives them to whoever asks. */
#ifndef PROTOCOL_HUGE_H
#define PROTOCOL_HUGE_H

#include "protocol/bytes.h"

#define HUGE_LINE 64 /* such memory begins on a cache line */

/* Asks for the line where `place` is, long before it is read: into the second cache, which can wait
 * for several times as many lines as the first. A macro, because gcc leaves out calls of functions
 * that do nothing else. */
#define HUGE_ASK(place) __builtin_prefetch((place), 0, 2)

/* Zeros; for free(). NULL: there is none. Never 0 bytes. */
void *huge_take(size_t count, size_t item_size);

#endif
