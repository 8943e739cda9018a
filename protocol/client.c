#include "protocol/elig.h"

#include "protocol/address.h"
#include "protocol/frame.h"
#include "protocol/sealed_client.h"
#include "protocol/wire.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

static_assert(ELIG_FRAME_SIZE == FRAME_SIZE, "one frame size");
static_assert(ELIG_IDENTIFIER_SIZE_MAX == IDENTIFIER_SIZE_MAX, "one longest identifier");
static_assert((int)ELIG_CARD == MEANS_LAST, "the same means");
static_assert((int)ELIG_STATUS == KIND_STATUS && (int)ELIG_USE == KIND_USE &&
                  (int)ELIG_RESERVE == KIND_RESERVE && (int)ELIG_CONFIRM == KIND_CONFIRM &&
                  (int)ELIG_CANCEL == KIND_CANCEL && (int)ELIG_REFUND == KIND_REFUND &&
                  (int)ELIG_LATE == KIND_LAST,
              "the same kinds");
static_assert(ELIG_HOLD_10S_MAX == HOLD_10S_MAX, "the same longest hold");
static_assert(sizeof(struct elig_request) == 64, "as in every libelig.so.1");
static_assert((int)ELIG_TYPED == ENTRY_LAST, "the same entries");
static_assert(
    (int)ELIG_APPLIES == STATUS_APPLIES && (int)ELIG_BUSY == STATUS_BUSY &&
        (int)ELIG_DRAINING == STATUS_DRAINING && (int)ELIG_NOT_READY == STATUS_NOT_READY &&
        (int)ELIG_NOT_PERMITTED == STATUS_NOT_PERMITTED &&
        (int)ELIG_UNKNOWN_PRODUCT == STATUS_UNKNOWN_PRODUCT &&
        (int)ELIG_UNKNOWN_POINT_OF_SALE == STATUS_UNKNOWN_POINT_OF_SALE &&
        (int)ELIG_OUTSIDE_WINDOW == STATUS_OUTSIDE_WINDOW &&
        (int)ELIG_NO_CONTRACT == STATUS_NO_CONTRACT && (int)ELIG_NO_DATA == STATUS_NO_DATA &&
        (int)ELIG_DOES_NOT_APPLY == STATUS_DOES_NOT_APPLY &&
        (int)ELIG_NO_LEDGER == STATUS_NO_LEDGER && (int)ELIG_CONFLICT == STATUS_CONFLICT &&
        (int)ELIG_UNKNOWN_TRANSACTION == STATUS_UNKNOWN_TRANSACTION &&
        (int)ELIG_EXCEEDS == STATUS_EXCEEDS && (int)ELIG_LIMIT_REACHED == STATUS_LIMIT_REACHED &&
        (int)ELIG_TOO_SOON == STATUS_TOO_SOON && (int)ELIG_BUDGET_SPENT == STATUS_BUDGET_SPENT &&
        (int)ELIG_TOO_MANY_HELD == STATUS_TOO_MANY_HELD && (int)ELIG_RESERVED == STATUS_RESERVED &&
        (int)ELIG_CONFIRMED == STATUS_CONFIRMED && (int)ELIG_OVER_LIMIT == STATUS_OVER_LIMIT &&
        (int)ELIG_CANCELLED == STATUS_CANCELLED && (int)ELIG_EXPIRED == STATUS_EXPIRED &&
        (int)ELIG_REFUNDED == STATUS_REFUNDED,
    "the same statuses");

static_assert(sizeof(ELIG_ANYBODY) == sizeof(MEANS_ANYBODY), "the same text for nobody");
static_assert(ELIG_RELIEF_UNTOLD == RELIEF_UNTOLD, "the same code");

/* As many requests go out before their answers are read: they fit any buffer of a socket. */
#define PLAIN_AT_ONCE 64

/* Before a transaction is sent again to a server that did not say how long to wait. */
#define RESEND_PAUSE_MS 100

/* Frames */

int elig_encode_request(uint8_t frame[ELIG_FRAME_SIZE], const struct elig_request *request)
{
    const char *end = memchr(request->identifier, '\0', sizeof(request->identifier));
    if (end == NULL)
        return ELIG_BAD_ARGUMENT;
    bool is_purchase = kind_is_purchase(request->kind);
    struct request in = {
        .kind = request->kind,
        .entry = request->entry,
        .companions = request->companions,
        .hold_10s = request->hold_10s,
        .quantity = request->quantity,
        .request_id = request->request_id,
        .identifier = {.means = request->means, .size = (uint8_t)(end - request->identifier)},
        .product = is_purchase ? request->product : 0,
        .point_of_sale = request->point_of_sale,
        .unit_price = request->unit_price,
        .service_time_s = request->service_time_s,
        .target_id = request->target_id,
        .target_terminal = is_purchase ? 0 : request->product,
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

int elig_decode_request(struct elig_request *out, const uint8_t frame[ELIG_FRAME_SIZE])
{
    struct request r;
    if (frame_decode_request(&r, frame) != STATUS_OK)
        return ELIG_BAD_ARGUMENT;
    *out = (struct elig_request){
        .kind = r.kind,
        .means = r.identifier.means,
        .entry = r.entry,
        .companions = r.companions,
        .quantity = r.quantity,
        .hold_10s = r.hold_10s,
        .product = kind_is_purchase(r.kind) ? r.product : r.target_terminal,
        .point_of_sale = r.point_of_sale,
        .unit_price = r.unit_price,
        .service_time_s = r.service_time_s,
        .request_id = r.request_id,
        .target_id = r.target_id,
    };
    memcpy(out->identifier, r.identifier.text, r.identifier.size);
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

/* Connecting */

/* Sealed, or plain frames on a socket. */
struct elig {
    uint32_t timeout_ms;
    struct sealed_client *sealed; /* NULL: plain */
    int fd;
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
    int error = wire_connect(&elig->fd, &to, wire_clock_ms() + timeout_ms);
    if (error != ELIG_FINE) {
        elig_close(elig);
        return error;
    }
    *out = elig;
    return ELIG_FINE;
}

int elig_open_sealed(struct elig **out, const char *address,
                     const struct elig_session_settings *settings,
                     const struct elig_counter *counter, uint32_t timeout_ms)
{
    struct address to;
    if (timeout_ms == 0)
        return ELIG_BAD_ARGUMENT;
    if (address_parse(&to, address) == ADDRESS_NOT_UNDERSTOOD)
        return ELIG_NO_ADDRESS;
    struct elig *elig = malloc(sizeof(*elig));
    if (elig == NULL)
        return ELIG_NO_MEMORY;
    *elig = (struct elig){.fd = -1, .timeout_ms = timeout_ms};
    int error = sealed_client_open(&elig->sealed, &to, settings, counter);
    if (error != ELIG_FINE) {
        elig_close(elig);
        return error;
    }
    *out = elig;
    return ELIG_FINE;
}

void elig_close(struct elig *elig)
{
    if (elig == NULL)
        return;
    sealed_client_close(elig->sealed);
    if (elig->fd >= 0)
        close(elig->fd);
    free(elig);
}

uint32_t elig_wait_ms(const struct elig *elig)
{
    return elig == NULL || elig->sealed == NULL ? 0 : sealed_client_wait_ms(elig->sealed);
}

const char *elig_trouble(const struct elig *elig)
{
    return elig == NULL || elig->sealed == NULL ? "" : sealed_client_trouble(elig->sealed);
}

/* Asking in plain frames */

static int send_bytes(int fd, const uint8_t *bytes, size_t wanted_size, int64_t deadline_ms)
{
    size_t sent = 0;
    while (sent < wanted_size) {
        ssize_t size = send(fd, bytes + sent, wanted_size - sent, MSG_NOSIGNAL);
        if (size >= 0) {
            sent += (size_t)size;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return ELIG_NO_CONNECTION;
        int waited = wire_wait(fd, POLLOUT, deadline_ms);
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
        int waited = wire_wait(fd, POLLIN, deadline_ms);
        if (waited != ELIG_FINE)
            return waited;
    }
    return ELIG_FINE;
}

/* The answer to batch->requests[batch->answered]; only one that names the same kind and id is
 * taken. */
static int receive_answer(const struct elig *elig, struct sealed_batch *batch)
{
    uint8_t answer[FRAME_SIZE];
    const struct elig_request *request = &batch->requests[batch->answered];
    int error = receive_frame(elig->fd, answer, wire_clock_ms() + elig->timeout_ms);
    if (error != ELIG_FINE)
        return error;
    if (frame_kind(answer) != request->kind || frame_request_id(answer) != request->request_id ||
        !batch->take(batch->context, batch->answered, answer))
        return ELIG_BAD_ANSWER;
    batch->answered++;
    return ELIG_FINE;
}

/* Some frames out, their answers in. */
static int exchange_some(const struct elig *elig, struct sealed_batch *batch)
{
    uint8_t questions[PLAIN_AT_ONCE * FRAME_SIZE];
    size_t left = batch->count - batch->answered;
    size_t count = left < PLAIN_AT_ONCE ? left : PLAIN_AT_ONCE;
    for (size_t i = 0; i < count; i++) {
        int refused =
            elig_encode_request(questions + i * FRAME_SIZE, &batch->requests[batch->answered + i]);
        if (refused != ELIG_FINE)
            return refused;
    }
    int error =
        send_bytes(elig->fd, questions, count * FRAME_SIZE, wire_clock_ms() + elig->timeout_ms);
    for (size_t i = 0; i < count && error == ELIG_FINE; i++)
        error = receive_answer(elig, batch);
    return error;
}

static int exchange_plain(struct elig *elig, struct sealed_batch *batch)
{
    if (elig->is_broken)
        return ELIG_NO_CONNECTION;
    int error = ELIG_FINE;
    while (batch->answered < batch->count && error == ELIG_FINE)
        error = exchange_some(elig, batch);
    elig->is_broken = error != ELIG_FINE;
    return error;
}

/* Asking */

static int exchange(struct elig *elig, struct sealed_batch *batch)
{
    return elig->sealed == NULL ? exchange_plain(elig, batch)
                                : sealed_client_ask(elig->sealed, batch, elig->timeout_ms);
}

static bool take_response(void *context, size_t place, const uint8_t frame[static FRAME_SIZE])
{
    struct elig_response *responses = context;
    return elig_decode_response(&responses[place], frame) == ELIG_FINE;
}

/* Before anything is sent: whether all of it can be. */
static int look_at(const struct elig_request requests[], size_t count)
{
    uint8_t frame[FRAME_SIZE];
    for (size_t i = 0; i < count; i++) {
        if (requests[i].kind == ELIG_STATUS && requests[i].target_id == 0)
            return ELIG_BAD_ARGUMENT;
        int error = elig_encode_request(frame, &requests[i]);
        if (error != ELIG_FINE)
            return error;
    }
    return ELIG_FINE;
}

int elig_ask_many(struct elig *elig, const struct elig_request requests[], size_t count,
                  struct elig_response responses[], size_t *answered)
{
    struct sealed_batch batch = {
        .requests = requests, .count = count, .take = take_response, .context = responses};
    int error = elig == NULL ? ELIG_BAD_ARGUMENT : look_at(requests, count);
    if (error == ELIG_FINE)
        error = exchange(elig, &batch);
    if (answered != NULL)
        *answered = batch.answered;
    return error;
}

int elig_ask(struct elig *elig, const struct elig_request *request, struct elig_response *out)
{
    return elig_ask_many(elig, request, 1, out, NULL);
}

/* Transactions */

struct elig_request elig_about(uint8_t kind, uint64_t request_id, uint64_t target_id)
{
    return (struct elig_request){.kind = kind, .request_id = request_id, .target_id = target_id};
}

int elig_is_final(const struct elig_response *response)
{
    return response->status != STATUS_DRAINING && response->status != STATUS_BUSY &&
           response->status != STATUS_NOT_READY;
}

/* As long as the server says, and up to half as long again by chance: others wait, too. */
static int64_t resume_ms(const struct elig_response *answer)
{
    uint32_t random = 0;
    uint32_t pause_ms = answer->wait_ms != 0 ? answer->wait_ms : RESEND_PAUSE_MS;
    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
        random = 0;
    return wire_clock_ms() + pause_ms + random % (pause_ms / 2 + 1);
}

int elig_transact(struct elig *elig, const struct elig_request *request, struct elig_response *out)
{
    if (elig == NULL)
        return ELIG_BAD_ARGUMENT;
    int64_t deadline_ms = wire_clock_ms() + elig->timeout_ms;
    for (;;) {
        struct elig_response answer;
        int error = elig_ask(elig, request, &answer);
        if (error != ELIG_FINE)
            return error;
        if (elig_is_final(&answer)) {
            *out = answer;
            return ELIG_FINE;
        }
        if (answer.status == STATUS_DRAINING) { /* plain: it closes now */
            elig->is_broken = true;
            return ELIG_NO_CONNECTION;
        }
        int64_t again_ms = resume_ms(&answer);
        if (again_ms >= deadline_ms)
            return ELIG_TIMEOUT;
        wire_sleep_until(again_ms);
    }
}

/* A report, or a response that refuses one. */
static bool take_report(void *context, size_t place, const uint8_t frame[static FRAME_SIZE])
{
    struct elig_report *out = context;
    struct elig_response refusal;
    assert(place == 0);
    if (elig_decode_report(out, frame) == ELIG_FINE)
        return true;
    if (elig_decode_response(&refusal, frame) != ELIG_FINE)
        return false;
    *out = (struct elig_report){
        .status = refusal.status,
        .request_id = refusal.request_id,
        .generation = refusal.generation,
        .server_time_s = refusal.server_time_s,
        .stale_h = refusal.stale_h,
        .wait_ms = refusal.wait_ms,
    };
    return true;
}

int elig_ask_status(struct elig *elig, uint64_t request_id, struct elig_report *out)
{
    const struct elig_request request = {.kind = ELIG_STATUS, .request_id = request_id};
    struct sealed_batch batch = {
        .requests = &request, .count = 1, .take = take_report, .context = out};
    if (elig == NULL || request_id == 0)
        return ELIG_BAD_ARGUMENT;
    return exchange(elig, &batch);
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
               "elsewhere in a sealed session";
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
    case ELIG_NO_ROOM:
        return "the server has no room now; it said how long to wait";
    case ELIG_NOT_ACCEPTED:
        return "the server does not accept this terminal: look at the server's key, the terminal's "
               "key and number, the merchant's key and the environment";
    case ELIG_NO_COUNTER:
        return "the counter of handshakes cannot be read or stored";
    default:
        return "unknown error";
    }
}
