/* Where a server listens, as text: "127.0.0.1:7447", "[::1]:7447" or "unix:/run/elig/eligd.sock".
 * Names are not looked up. Plain frames carry identifiers and do not leave this machine by mistake:
 * an address that is not loopback is told apart. */
#ifndef PROTOCOL_ADDRESS_H
#define PROTOCOL_ADDRESS_H

#include <sys/socket.h>

#include "protocol/bytes.h"

struct address {
    struct sockaddr_storage socket;
    socklen_t size;
};

enum address_fault {
    ADDRESS_FINE = 0,
    ADDRESS_NOT_UNDERSTOOD,
    ADDRESS_ELSEWHERE, /* well written, and not of this machine alone: for sealed sessions only */
};

/* A text that is not understood leaves `out` untouched. */
MUST_USE enum address_fault address_parse(struct address *out, const char *text);

/* The same without "unix:": an IP address and a port alone. */
MUST_USE enum address_fault address_parse_tcp(struct address *out, const char *text);

/* A Unix socket's path; false when it is empty or longer than such paths can be. */
MUST_USE bool address_of_path(struct address *out, const char *path);

#endif
