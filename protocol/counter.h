/* A number in a small file that only rises: one line, "elig-counter-v1 NUMBER". What is handed out
 * is on the disk before anybody sees it, and never comes again, not after a crash and not in
 * another process that uses the same file. */
#ifndef PROTOCOL_COUNTER_H
#define PROTOCOL_COUNTER_H

#include "protocol/fault.h"

/* A new file begins with the milliseconds since 1970: where one was lost, the new one goes on above
 * it, as long as fewer than one a millisecond were handed out. A file that cannot be read as a
 * counter is left as it is. */
MUST_USE bool counter_next(uint64_t *out, const char *path, struct fault *fault);

#endif
