/* Where a server listens, as text: "127.0.0.1:7447", "[::1]:7447" or "unix:/run/elig/eligd.sock".
 * Names are not looked up. Frames are plain and carry identifiers: they do not leave this machine
 * by mistake, so an address that is not loopback is none of ours. */
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
    ADDRESS_ELSEWHERE, /* not of this machine */
};

/* A refused text leaves `out` untouched. */
MUST_USE enum address_fault address_parse(struct address *out, const char *text);

/* The same without "unix:": an IP address and a port alone. */
MUST_USE enum address_fault address_parse_tcp(struct address *out, const char *text);

/* A Unix socket's path; false when it is empty or longer than such paths can be. */
MUST_USE bool address_of_path(struct address *out, const char *path);

#endif
