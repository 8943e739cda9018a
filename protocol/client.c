#include "protocol/elig.h"

#include "protocol/address.h"
#include "protocol/frame.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static_assert(ELIG_FRAME_SIZE == FRAME_SIZE, "one frame size");
static_assert(ELIG_IDENTIFIER_SIZE_MAX == IDENTIFIER_SIZE_MAX, "one longest identifier");
static_assert((int)ELIG_CARD == MEANS_LAST, "the same means");
static_assert((int)ELIG_STATUS == KIND_STATUS, "the same kinds");
static_assert((int)ELIG_TYPED == ENTRY_LAST, "the same entries");
static_assert((int)ELIG_APPLIES == STATUS_APPLIES && (int)ELIG_BUSY == STATUS_BUSY &&
                  (int)ELIG_DRAINING == STATUS_DRAINING &&
                  (int)ELIG_NOT_READY == STATUS_NOT_READY &&
                  (int)ELIG_NOT_PERMITTED == STATUS_NOT_PERMITTED &&
                  (int)ELIG_UNKNOWN_PRODUCT == STATUS_UNKNOWN_PRODUCT &&
                  (int)ELIG_UNKNOWN_POINT_OF_SALE == STATUS_UNKNOWN_POINT_OF_SALE &&
                  (int)ELIG_OUTSIDE_WINDOW == STATUS_OUTSIDE_WINDOW &&
                  (int)ELIG_NO_CONTRACT == STATUS_NO_CONTRACT &&
                  (int)ELIG_NO_DATA == STATUS_NO_DATA &&
                  (int)ELIG_DOES_NOT_APPLY == STATUS_DOES_NOT_APPLY,
              "the same statuses");

static_assert(sizeof(ELIG_ANYBODY) == sizeof(MEANS_ANYBODY), "the same text for nobody");
static_assert(ELIG_RELIEF_UNTOLD == RELIEF_UNTOLD, "the same code");

#define RETRY_MS 5

/* Frames */

int elig_encode_request(uint8_t frame[ELIG_FRAME_SIZE], const struct elig_request *request)
{
    const char *end = memchr(request->identifier, '\0', sizeof(request->identifier));
    if (end == NULL)
        return ELIG_BAD_ARGUMENT;
    struct request in = {
        .kind = request->kind,
        .entry = request->entry,
        .companions = request->companions,
        .quantity = request->quantity,
        .request_id = request->request_id,
        .identifier = {.means = request->means, .size = (uint8_t)(end - request->identifier)},
        .product = request->product,
        .point_of_sale = request->point_of_sale,
        .unit_price = request->unit_price,
        .service_time_s = request->service_time_s,
        .target_id = request->target_id,
    };
    memcpy(in.identifier.text, request->identifier, in.identifier.size);

    /* What a server would refuse is refused here, by the same code. */
    uint8_t made[FRAME_SIZE];
    struct request read_back;
    frame_encode_request(made, &in);
    enum status status = frame_decode_request(&read_back, made);
    if (status == STATUS_BAD_IDENTIFIER)
        return ELIG_BAD_IDENTIFIER;
    if (status != STATUS_OK)
        return ELIG_BAD_ARGUMENT;
    memcpy(frame, made, FRAME_SIZE);
    return ELIG_FINE;
}

int elig_decode_response(struct elig_response *out, const uint8_t frame[ELIG_FRAME_SIZE])
{
    struct response r;
    if (!frame_decode_response(&r, frame))
        return ELIG_BAD_ANSWER;
    *out = (struct elig_response){
        .kind = r.kind,
        .status = r.status,
        .split = r.split,
        .remaining = r.remaining,
        .request_id = r.request_id,
        .ledger_sequence = r.ledger_sequence,
        .generation = r.generation,
        .relief_amount = r.relief_amount,
        .payable = r.payable,
        .relief = r.relief,
        .valid_until_s = r.valid_until_s,
        .server_time_s = r.server_time_s,
        .stale_h = r.stale_h,
        .wait_ms = r.wait_ms,
    };
    return ELIG_FINE;
}

int elig_decode_report(struct elig_report *out, const uint8_t frame[ELIG_FRAME_SIZE])
{
    struct report r;
    if (!frame_decode_report(&r, frame))
        return ELIG_BAD_ANSWER;
    *out = (struct elig_report){
        .status = r.status,
        .request_id = r.request_id,
        .check_count = r.check_count,
        .generation = r.generation,
        .identifier_count = r.identifier_count,
        .person_count = r.person_count,
        .uptime_s = r.uptime_s,
        .connection_count = r.connection_count,
        .server_time_s = r.server_time_s,
        .stale_h = r.stale_h,
        .wait_ms = r.wait_ms,
    };
    return ELIG_FINE;
}

int elig_normalise(char out[ELIG_IDENTIFIER_SIZE_MAX + 1], uint8_t means, const char *text)
{
    struct identifier identifier;
    if (means == 0 || means > MEANS_LAST)
        return ELIG_BAD_ARGUMENT;
    if (means_normalise(&identifier, (enum means)means, text, strlen(text)) != MEANS_FINE)
        return ELIG_BAD_IDENTIFIER;
    memcpy(out, identifier.text, IDENTIFIER_SIZE_MAX);
    out[identifier.size] = '\0';
    return ELIG_FINE;
}

/* Waiting */

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until the socket is ready for `events` or the deadline has passed. */
static int wait_for(int fd, short events, int64_t deadline_ms)
{
    for (;;) {
        int64_t left_ms = deadline_ms - clock_ms();
        if (left_ms <= 0)
            return ELIG_TIMEOUT;
        struct pollfd watch = {.fd = fd, .events = events};
        int ready = poll(&watch, 1, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);
        if (ready > 0)
            return ELIG_FINE;
        if (ready < 0 && errno != EINTR)
            return ELIG_NO_CONNECTION;
    }
}

/* Connecting */

/* A non-blocking connect that ends by the deadline. */
static int connect_by(int fd, const struct address *address, int64_t deadline_ms)
{
    while (connect(fd, (const struct sockaddr *)&address->socket, address->size) != 0) {
        if (errno == EAGAIN) { /* a Unix socket whose queue is full: nothing to poll for */
            if (clock_ms() >= deadline_ms)
                return ELIG_TIMEOUT;
            poll(NULL, 0, RETRY_MS);
            continue;
        }
        if (errno != EINPROGRESS && errno != EINTR)
            return ELIG_NO_CONNECTION;
        int waited = wait_for(fd, POLLOUT, deadline_ms);
        if (waited != ELIG_FINE)
            return waited;
        int error = 0;
        socklen_t error_size = sizeof(error);
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size) != 0 || error != 0)
            return ELIG_NO_CONNECTION;
        break;
    }
    return ELIG_FINE;
}

struct elig {
    int fd;
    uint32_t timeout_ms;
    bool is_broken; /* an answer may still be under way: never to be taken for the next one */
};

int elig_connect(struct elig **out, const char *address, uint32_t timeout_ms)
{
    struct address to;
    if (timeout_ms == 0)
        return ELIG_BAD_ARGUMENT;
    enum address_fault fault = address_parse(&to, address);
    if (fault != ADDRESS_FINE)
        return fault == ADDRESS_ELSEWHERE ? ELIG_NOT_LOCAL : ELIG_NO_ADDRESS;
    struct elig *elig = malloc(sizeof(*elig));
    if (elig == NULL)
        return ELIG_NO_MEMORY;
    *elig = (struct elig){.fd = -1, .timeout_ms = timeout_ms};
    elig->fd = socket(to.socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error =
        elig->fd < 0 ? ELIG_NO_CONNECTION : connect_by(elig->fd, &to, clock_ms() + timeout_ms);
    if (error != ELIG_FINE) {
        elig_close(elig);
        return error;
    }
    if (to.socket.ss_family != AF_UNIX) /* a request is one small segment: send it at once */
        (void)setsockopt(elig->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    *out = elig;
    return ELIG_FINE;
}

void elig_close(struct elig *elig)
{
    if (elig == NULL)
        return;
    if (elig->fd >= 0)
        close(elig->fd);
    free(elig);
}

/* Asking */

static int send_frame(int fd, const uint8_t frame[static FRAME_SIZE], int64_t deadline_ms)
{
    size_t sent = 0;
    while (sent < FRAME_SIZE) {
        ssize_t size = send(fd, frame + sent, FRAME_SIZE - sent, MSG_NOSIGNAL);
        if (size >= 0) {
            sent += (size_t)size;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return ELIG_NO_CONNECTION;
        int waited = wait_for(fd, POLLOUT, deadline_ms);
        if (waited != ELIG_FINE)
            return waited;
    }
    return ELIG_FINE;
}

static int receive_frame(int fd, uint8_t frame[static FRAME_SIZE], int64_t deadline_ms)
{
    size_t received = 0;
    while (received < FRAME_SIZE) {
        ssize_t size = recv(fd, frame + received, FRAME_SIZE - received, 0);
        if (size > 0) {
            received += (size_t)size;
            continue;
        }
        if (size < 0 && errno == EINTR)
            continue;
        if (size == 0 || errno != EAGAIN)
            return ELIG_NO_CONNECTION;
        int waited = wait_for(fd, POLLIN, deadline_ms);
        if (waited != ELIG_FINE)
            return waited;
    }
    return ELIG_FINE;
}

/* One frame out, its answer in; only an answer that names the same kind and id is taken. */
static int exchange(struct elig *elig, uint8_t answer[static FRAME_SIZE],
                    const uint8_t question[static FRAME_SIZE])
{
    if (elig->is_broken)
        return ELIG_NO_CONNECTION;
    int64_t deadline_ms = clock_ms() + elig->timeout_ms;
    int error = send_frame(elig->fd, question, deadline_ms);
    if (error == ELIG_FINE)
        error = receive_frame(elig->fd, answer, deadline_ms);
    if (error == ELIG_FINE && (frame_kind(answer) != frame_kind(question) ||
                               frame_request_id(answer) != frame_request_id(question)))
        error = ELIG_BAD_ANSWER;
    elig->is_broken = error != ELIG_FINE;
    return error;
}

int elig_ask(struct elig *elig, const struct elig_request *request, struct elig_response *out)
{
    uint8_t question[FRAME_SIZE], answer[FRAME_SIZE];
    if (elig == NULL || request->kind == ELIG_STATUS)
        return ELIG_BAD_ARGUMENT;
    int error = elig_encode_request(question, request);
    if (error != ELIG_FINE)
        return error;
    error = exchange(elig, answer, question);
    if (error != ELIG_FINE)
        return error;
    error = elig_decode_response(out, answer);
    elig->is_broken = error != ELIG_FINE;
    return error;
}

int elig_ask_status(struct elig *elig, uint64_t request_id, struct elig_report *out)
{
    uint8_t question[FRAME_SIZE], answer[FRAME_SIZE];
    struct elig_request request = {.kind = ELIG_STATUS, .request_id = request_id};
    if (elig == NULL || elig_encode_request(question, &request) != ELIG_FINE)
        return ELIG_BAD_ARGUMENT;
    int error = exchange(elig, answer, question);
    if (error != ELIG_FINE || elig_decode_report(out, answer) == ELIG_FINE)
        return error;

    struct elig_response refusal;
    if (elig_decode_response(&refusal, answer) != ELIG_FINE) {
        elig->is_broken = true;
        return ELIG_BAD_ANSWER;
    }
    *out = (struct elig_report){
        .status = refusal.status,
        .request_id = refusal.request_id,
        .generation = refusal.generation,
        .server_time_s = refusal.server_time_s,
        .stale_h = refusal.stale_h,
        .wait_ms = refusal.wait_ms,
    };
    return ELIG_FINE;
}

/* Words */

const char *elig_status_text(uint16_t status)
{
    return status_text(status);
}

const char *elig_status_name(uint16_t status)
{
    return status_name(status);
}

const char *elig_error_text(int error)
{
    switch (error) {
    case ELIG_FINE:
        return "no error";
    case ELIG_BAD_ARGUMENT:
        return "a field of the request is out of range";
    case ELIG_BAD_IDENTIFIER:
        return "the identifier is not one of its kind";
    case ELIG_NO_ADDRESS:
        return "the address is not HOST:PORT, [HOST]:PORT or unix:PATH with a numeric host";
    case ELIG_NOT_LOCAL:
        return "frames are plain, so they go to 127.0.0.0/8, [::1] and Unix sockets only; "
               "elsewhere by an encrypted tunnel that begins there";
    case ELIG_NO_CONNECTION:
        return "the server cannot be reached, or closed the connection";
    case ELIG_TIMEOUT:
        return "the server did not answer in time";
    case ELIG_BAD_ANSWER:
        return "what came back is not an answer of this protocol to this request";
    case ELIG_NO_MEMORY:
        return "out of memory";
    case ELIG_NO_SESSION:
        return "there is no open session, or it has no records left";
    case ELIG_IN_FLIGHT:
        return "as many requests are unanswered as the server allows";
    case ELIG_NO_RANDOMNESS:
        return "the cryptographic library found no source of randomness";
    default:
        return "unknown error";
    }
}
