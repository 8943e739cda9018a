/* Sockets that wait, but never beyond a deadline: for the blocking client. Errors are those of
 * elig.h. */
#ifndef PROTOCOL_WIRE_H
#define PROTOCOL_WIRE_H

#include "protocol/address.h"
#include "protocol/elig.h"

/* Of a clock that never goes back. */
int64_t wire_clock_ms(void);

/* Does nothing until then. */
void wire_sleep_until(int64_t until_ms);

/* Until the socket is ready for one of `events` or the deadline has passed. */
int wire_wait(int fd, short events, int64_t deadline_ms);

/* A non-blocking socket that is connected by the deadline, into `fd`; -1 there after an error. Of
 * ELIG_NO_CONNECTION errno says why. */
int wire_connect(int *fd, const struct address *to, int64_t deadline_ms);

#endif
