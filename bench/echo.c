#include "bench/echo.h"

#include "engine/spin.h"
#include "protocol/frame.h"

#include <errno.h>
#include <ev.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct peer {
    ev_io watcher;
    struct echo *echo;
    uint8_t bytes[ECHO_READ_SIZE]; /* read and not yet sent back */
    size_t size;
};

struct echo {
    ev_io listener;
    uint64_t wakeup_count;
    bool is_over;
    uint32_t peer_count;
};

static void peer_close(struct ev_loop *loop, struct peer *peer)
{
    peer->echo->peer_count--;
    ev_io_stop(loop, &peer->watcher);
    close(peer->watcher.fd);
    free(peer);
}

static void peer_watch(struct ev_loop *loop, struct peer *peer, int events)
{
    int fd = peer->watcher.fd;
    if ((peer->watcher.events & (EV_READ | EV_WRITE)) == events)
        return;
    ev_io_stop(loop, &peer->watcher);
    ev_io_set(&peer->watcher, fd, events);
    ev_io_start(loop, &peer->watcher);
}

/* Sends whole frames back and keeps the rest; reads nothing while something is unsent. */
static void peer_ready(struct ev_loop *loop, ev_io *watcher, int events)
{
    struct peer *peer = watcher->data;
    peer->echo->wakeup_count++;
    if (events & EV_READ) {
        ssize_t got = recv(watcher->fd, peer->bytes + peer->size, ECHO_READ_SIZE - peer->size, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
            peer_close(loop, peer);
            return;
        }
        peer->size += got > 0 ? (size_t)got : 0;
    }
    size_t whole = peer->size - peer->size % FRAME_SIZE;
    ssize_t sent = whole > 0 ? send(watcher->fd, peer->bytes, whole, MSG_NOSIGNAL) : 0;
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        peer_close(loop, peer);
        return;
    }
    if (sent > 0) {
        peer->size -= (size_t)sent;
        memmove(peer->bytes, peer->bytes + sent, peer->size);
    }
    peer_watch(loop, peer, whole > (size_t)(sent > 0 ? sent : 0) ? EV_WRITE : EV_READ);
}

static void echo_accept(struct ev_loop *loop, ev_io *listener, int events)
{
    (void)events;
    struct echo *echo = listener->data;
    int on = 1;
    int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct peer *peer = echo->peer_count < ECHO_CONNECTION_MAX ? malloc(sizeof(*peer)) : NULL;
    if (peer == NULL) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    peer->size = 0;
    peer->echo = echo;
    ev_io_init(&peer->watcher, peer_ready, fd, EV_READ);
    peer->watcher.data = peer;
    ev_io_start(loop, &peer->watcher);
    echo->peer_count++;
}

static void echo_stop(struct ev_loop *loop, ev_signal *signal, int events)
{
    struct echo *echo = signal->data;
    (void)events;
    echo->is_over = true;
    ev_break(loop, EVBREAK_ALL);
}

static bool write_port(const char *path, uint16_t port, struct fault *fault)
{
    FILE *file = fopen(path, "we");
    bool is_fine = file != NULL && fprintf(file, "%u\n", port) > 0;
    if (file != NULL && fclose(file) != 0)
        is_fine = false;
    return is_fine || fault_set(fault, "%s: cannot write the port: %s", path, strerror(errno));
}

static int listen_anywhere(uint16_t *port, struct fault *fault)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 1024) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        fault_set(fault, "127.0.0.1: cannot listen: %s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    *port = ntohs(address.sin_port);
    return fd;
}

bool echo_serve(const char *port_path, uint64_t busy_us, struct fault *fault)
{
    struct echo echo = {.is_over = false};
    struct spin spin;
    ev_signal stop, interrupt;
    uint16_t port;
    int fd = listen_anywhere(&port, fault);
    if (fd < 0)
        return false;
    struct ev_loop *loop = ev_default_loop(EVBACKEND_EPOLL | EVFLAG_NOENV);
    if (loop == NULL) {
        close(fd);
        return fault_set(fault, "no event loop: %s", strerror(errno));
    }
    spin_begin(&spin, loop, busy_us, &echo.wakeup_count);
    ev_io_init(&echo.listener, echo_accept, fd, EV_READ);
    echo.listener.data = &echo;
    ev_io_start(loop, &echo.listener);
    ev_signal_init(&stop, echo_stop, SIGTERM);
    stop.data = interrupt.data = &echo;
    ev_signal_start(loop, &stop);
    ev_signal_init(&interrupt, echo_stop, SIGINT);
    ev_signal_start(loop, &interrupt);
    bool is_fine = write_port(port_path, port, fault);
    if (is_fine)
        spin_run(&spin, &echo.is_over);
    close(fd);
    return is_fine;
}
