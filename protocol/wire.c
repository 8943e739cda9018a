#include "protocol/wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#define RETRY_MS 5

int64_t wire_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What poll takes of a span. */
static int span_ms(int64_t left_ms)
{
    return left_ms > INT32_MAX ? INT32_MAX : (int)left_ms;
}

void wire_sleep_until(int64_t until_ms)
{
    for (int64_t left_ms; (left_ms = until_ms - wire_clock_ms()) > 0;)
        poll(NULL, 0, span_ms(left_ms));
}

int wire_wait(int fd, short events, int64_t deadline_ms)
{
    for (;;) {
        int64_t left_ms = deadline_ms - wire_clock_ms();
        if (left_ms <= 0)
            return ELIG_TIMEOUT;
        struct pollfd watch = {.fd = fd, .events = events};
        int ready = poll(&watch, 1, span_ms(left_ms));
        if (ready > 0)
            return ELIG_FINE;
        if (ready < 0 && errno != EINTR)
            return ELIG_NO_CONNECTION;
    }
}

/* A non-blocking connect that ends by the deadline. */
static int connect_by(int fd, const struct address *to, int64_t deadline_ms)
{
    while (connect(fd, (const struct sockaddr *)&to->socket, to->size) != 0) {
        if (errno == EAGAIN) { /* a Unix socket whose queue is full: nothing to poll for */
            if (wire_clock_ms() >= deadline_ms)
                return ELIG_TIMEOUT;
            poll(NULL, 0, RETRY_MS);
            continue;
        }
        if (errno != EINPROGRESS && errno != EINTR)
            return ELIG_NO_CONNECTION;
        int waited = wire_wait(fd, POLLOUT, deadline_ms);
        if (waited != ELIG_FINE)
            return waited;
        int error = 0;
        socklen_t error_size = sizeof(error);
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size) != 0)
            return ELIG_NO_CONNECTION;
        if (error != 0) {
            errno = error;
            return ELIG_NO_CONNECTION;
        }
        break;
    }
    return ELIG_FINE;
}

int wire_connect(int *fd, const struct address *to, int64_t deadline_ms)
{
    *fd = socket(to->socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return ELIG_NO_CONNECTION;
    int error = connect_by(*fd, to, deadline_ms);
    if (error != ELIG_FINE) {
        int why = errno;
        close(*fd);
        *fd = -1;
        errno = why;
        return error;
    }
    if (to->socket.ss_family != AF_UNIX) /* what is sent is one small segment: send it at once */
        (void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return ELIG_FINE;
}
