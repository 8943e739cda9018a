/* Listening sockets. Sealed sessions come from anywhere; plain frames are heard on loopback and
 * Unix sockets only. */
#ifndef ENGINE_LISTENER_H
#define ENGINE_LISTENER_H

#include <sys/types.h>

#include "protocol/address.h"
#include "protocol/fault.h"

#define LISTENER_BACKLOG 1024

/* Answers that the kernel holds for a client that does not take them; more wait with us, and then
 * it is not read from. Without this the kernel would take megabytes for each. */
#define LISTENER_UNSENT_SIZE 65536

/* "127.0.0.1:7447" or "[::1]:7447"; anything that is not loopback is refused. */
MUST_USE bool listener_parse_plain(struct address *out, const char *text, struct fault *fault);
/* Any address of this machine, "0.0.0.0:7447" and "[::]:7447" too. */
MUST_USE bool listener_parse_sealed(struct address *out, const char *text, struct fault *fault);
MUST_USE bool listener_parse_unix(struct address *out, const char *path, struct fault *fault);

/* Listens on the address, or on a port that the system chooses and writes into `address`. Sockets
 * opened on one address share its connections (SO_REUSEPORT). Not blocking, closed on exec. A
 * client that acknowledges nothing for `write_ms` is gone. */
MUST_USE bool listener_open_tcp(int *fd, struct address *address, uint32_t write_ms,
                                struct fault *fault);
uint16_t listener_port(const struct address *address);

/* Whose connection it is, as far as addresses tell machines apart: a number for each IPv4 address,
 * and for each /64 of IPv6, of which one machine has all. 0: of none. */
uint64_t listener_source(const struct sockaddr_storage *peer);

/* A Unix socket file of ours: which one it is, so that nobody else's is removed. */
struct listener_file {
    const char *path; /* borrowed */
    dev_t device;
    ino_t inode;
};

/* Listens on `path`, mode 0660. A file that a dead server left there is replaced; a socket that
 * answers, or a file that is no socket, is a fault. */
MUST_USE bool listener_open_unix(int *fd, struct listener_file *file, const char *path,
                                 struct fault *fault);
/* Removes the file, unless another has taken its place. */
void listener_remove(const struct listener_file *file);

/* The port as a line of text: whoever sees the file sees all of it. */
MUST_USE bool listener_write_port(const char *path, uint16_t port, struct fault *fault);

#endif
