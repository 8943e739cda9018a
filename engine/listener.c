#include "engine/listener.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define TEMPORARY_END ".new" /* beside the path until the file is complete */
#define UNIX_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - sizeof(TEMPORARY_END))

bool listener_parse_sealed(struct address *out, const char *text, struct fault *fault)
{
    return address_parse_tcp(out, text) != ADDRESS_NOT_UNDERSTOOD ||
           fault_set(fault,
                     "want a numeric address and a port like 0.0.0.0:7447 or [::1]:7447, got "
                     "\"%.60s\"",
                     text);
}

bool listener_parse_plain(struct address *out, const char *text, struct fault *fault)
{
    if (!listener_parse_sealed(out, text, fault))
        return false;
    return address_parse_tcp(out, text) == ADDRESS_FINE ||
           fault_set(fault,
                     "%.60s is not a loopback address: plain frames are served on 127.0.0.0/8, "
                     "[::1] or a Unix socket only; terminals elsewhere come to --listen",
                     text);
}

bool listener_parse_unix(struct address *out, const char *path, struct fault *fault)
{
    size_t size = strlen(path);
    return (size <= UNIX_PATH_MAX && address_of_path(out, path)) ||
           fault_set(fault, "want a path of 1 to %zu bytes, got %zu", UNIX_PATH_MAX, size);
}

static bool socket_start(int fd, const struct address *address, const char *what,
                         struct fault *fault)
{
    if (bind(fd, (const struct sockaddr *)&address->socket, address->size) != 0)
        return fault_set(fault, "%s: cannot bind: %s", what, strerror(errno));
    if (listen(fd, LISTENER_BACKLOG) != 0)
        return fault_set(fault, "%s: cannot listen: %s", what, strerror(errno));
    return true;
}

/* Connections inherit these from the socket that listens. */
static bool socket_prepare(int fd, uint32_t write_ms)
{
    int yes = 1;
    uint32_t unsent_size = LISTENER_UNSENT_SIZE;
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes)) == 0 &&
           setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) == 0 &&
           setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &write_ms, sizeof(write_ms)) == 0 &&
           setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_size, sizeof(unsent_size)) == 0;
}

bool listener_open_tcp(int *out, struct address *address, uint32_t write_ms, struct fault *fault)
{
    int fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fault_set(fault, "TCP socket: %s", strerror(errno));
    if (!socket_prepare(fd, write_ms)) {
        fault_set(fault, "TCP socket options: %s", strerror(errno));
        goto fail;
    }
    if (!socket_start(fd, address, "TCP socket", fault))
        goto fail;
    if (getsockname(fd, (struct sockaddr *)&address->socket, &address->size) != 0) {
        fault_set(fault, "TCP socket: %s", strerror(errno));
        goto fail;
    }
    *out = fd;
    return true;
fail:
    close(fd);
    return false;
}

uint16_t listener_port(const struct address *address)
{
    if (address->socket.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&address->socket)->sin6_port);
    return ntohs(((const struct sockaddr_in *)&address->socket)->sin_port);
}

static uint32_t load_be32(const uint8_t bytes[static 4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

#define IPV4_SOURCE (UINT64_C(1) << 32) /* no /64 that is in use begins with so many zeros */

uint64_t listener_source(const struct sockaddr_storage *peer)
{
    if (peer->ss_family == AF_INET)
        return IPV4_SOURCE | ntohl(((const struct sockaddr_in *)peer)->sin_addr.s_addr);
    if (peer->ss_family != AF_INET6)
        return 0;
    /* A socket of both families tells IPv4 addresses so. */
    const struct in6_addr *address = &((const struct sockaddr_in6 *)peer)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(address))
        return IPV4_SOURCE | load_be32(address->s6_addr + 12);
    return (uint64_t)load_be32(address->s6_addr) << 32 | load_be32(address->s6_addr + 4);
}

/* Whether the path is free, or holds a socket that nobody listens on. */
static bool path_is_free(const struct address *address, const char *path, struct fault *fault)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return errno == ENOENT || fault_set(fault, "%s: %s", path, strerror(errno));
    if (!S_ISSOCK(status.st_mode))
        return fault_set(fault, "%s: what is there is no socket; name another path", path);

    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fault_set(fault, "Unix socket: %s", strerror(errno));
    bool is_refused = connect(fd, (const struct sockaddr *)&address->socket, address->size) != 0 &&
                      errno == ECONNREFUSED;
    close(fd);
    return is_refused || fault_set(fault, "%s: another server listens there", path);
}

bool listener_open_unix(int *out, struct listener_file *file, const char *path, struct fault *fault)
{
    struct address address, temporary;
    char temporary_path[UNIX_PATH_MAX + sizeof(TEMPORARY_END)];
    struct stat status;
    if (!listener_parse_unix(&address, path, fault) || !path_is_free(&address, path, fault))
        return false;

    /* Made beside its place and renamed there: nobody can connect before the mode is set, and the
     * dead server's file is replaced in one step. */
    snprintf(temporary_path, sizeof(temporary_path), "%s%s", path, TEMPORARY_END);
    bool is_fitting = address_of_path(&temporary, temporary_path);
    assert(is_fitting); /* UNIX_PATH_MAX leaves room for the end */

    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fault_set(fault, "Unix socket: %s", strerror(errno));
    if (unlink(temporary_path) != 0 && errno != ENOENT) {
        fault_set(fault, "%s: %s", temporary_path, strerror(errno));
        goto fail;
    }
    if (!socket_start(fd, &temporary, path, fault))
        goto fail;
    if (chmod(temporary_path, 0660) != 0 || rename(temporary_path, path) != 0 ||
        lstat(path, &status) != 0) {
        fault_set(fault, "%s: %s", path, strerror(errno));
        unlink(temporary_path);
        goto fail;
    }
    *file = (struct listener_file){path, status.st_dev, status.st_ino};
    *out = fd;
    return true;
fail:
    close(fd);
    return false;
}

void listener_remove(const struct listener_file *file)
{
    struct stat status;
    if (lstat(file->path, &status) == 0 && status.st_dev == file->device &&
        status.st_ino == file->inode)
        unlink(file->path);
}

bool listener_write_port(const char *path, uint16_t port, struct fault *fault)
{
    char temporary_path[4096];
    int size = snprintf(temporary_path, sizeof(temporary_path), "%s%s", path, TEMPORARY_END);
    if (size < 0 || (size_t)size >= sizeof(temporary_path))
        return fault_set(fault, "--port-file: the path is too long");
    FILE *to = fopen(temporary_path, "we");
    if (to == NULL)
        return fault_set(fault, "%s: %s", temporary_path, strerror(errno));
    bool is_written = fprintf(to, "%u\n", port) > 0;
    is_written = fclose(to) == 0 && is_written;
    if (!is_written || rename(temporary_path, path) != 0) {
        fault_set(fault, "%s: %s", path, strerror(errno));
        unlink(temporary_path);
        return false;
    }
    return true;
}
