#include "tests/sealed_server.h"

#include "tests/support.h"

#include <err.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define GENERATION    12
#define SERVER_TIME_S 1795428000

static struct {
    struct noise_keys keys[2]; /* its own, and the one it changes to */
    struct server_name names[2];
    uint8_t terminal_public[NOISE_KEY_SIZE], psk[NOISE_KEY_SIZE];
    uint32_t environment;
    int listener;
    in_port_t port; /* stays what it was when it starts again */
    int64_t started_ms;
    pthread_t thread;

    pthread_mutex_t lock; /* for what follows */
    int fd;               /* of the connection that is open; -1: none */
    struct sealed_orders orders;
    struct sealed_log log;
    uint8_t sales[SEALED_SALES_MAX][FRAME_SIZE]; /* what it has done, in order */
} server = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

struct connection {
    int fd;
    struct noise_cipher send, receive;
    uint32_t session, record;
    struct accept terms;
    uint8_t bytes[RECORD_SIZE_MAX];
};

/* Orders and log */

void sealed_server_order(struct sealed_orders orders)
{
    pthread_mutex_lock(&server.lock);
    server.orders = orders;
    pthread_mutex_unlock(&server.lock);
}

void sealed_server_log(struct sealed_log *out)
{
    pthread_mutex_lock(&server.lock);
    *out = server.log;
    pthread_mutex_unlock(&server.lock);
}

/* How the next connection or record is treated, which uses one of the times up. */
static enum sealed_manner next_manner(bool is_connection, struct sealed_orders *orders)
{
    pthread_mutex_lock(&server.lock);
    enum sealed_manner manner = server.orders.manner;
    *orders = server.orders;
    bool is_turn = is_connection == (manner < SEALED_CLOSE) && server.orders.times > 0 &&
                   (is_connection || server.orders.first == 0);
    if (is_turn)
        server.orders.times--;
    else
        manner = SEALED_WELL;
    if (!is_connection && server.orders.first > 0)
        server.orders.first--;
    pthread_mutex_unlock(&server.lock);
    return manner;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Bytes */

static bool read_all(int fd, uint8_t *bytes, size_t wanted)
{
    for (size_t size = 0; size < wanted;) {
        ssize_t got = recv(fd, bytes + size, wanted - size, 0);
        if (got <= 0)
            return false;
        size += (size_t)got;
    }
    return true;
}

static bool send_all(int fd, const uint8_t *bytes, size_t size)
{
    return send(fd, bytes, size, MSG_NOSIGNAL) == (ssize_t)size;
}

/* Hellos */

/* Which of the keys it has the HELLO is addressed to; NULL: none. */
static const struct noise_keys *addressed_key(const uint8_t *record,
                                              const struct server_name **name)
{
    struct sealed_orders orders;
    pthread_mutex_lock(&server.lock);
    orders = server.orders;
    pthread_mutex_unlock(&server.lock);
    for (size_t i = 0; i < 2; i++) {
        *name = &server.names[i];
        if ((i == 0 ? orders.has_now : orders.has_next) && hello_is_addressed(record, *name))
            return &server.keys[i];
    }
    return NULL;
}

/* A counter that does not rise is refused, as by a server in service. */
static bool log_hello(const struct hello *hello)
{
    struct sealed_log *log = &server.log;
    pthread_mutex_lock(&server.lock);
    bool rises = log->hello_count == 0 || hello->counter > log->counters[log->hello_count - 1];
    if (rises && log->hello_count < SEALED_HELLOS_MAX) {
        log->hello_ms[log->hello_count] = (uint32_t)(now_ms() - server.started_ms);
        log->counters[log->hello_count++] = hello->counter;
    }
    pthread_mutex_unlock(&server.lock);
    return rises && log->hello_count <= SEALED_HELLOS_MAX;
}

static bool read_hello(struct connection *c, struct noise_handshake *hs)
{
    struct record_header header;
    struct hello hello;
    const struct server_name *name;
    uint8_t who[NOISE_KEY_SIZE];
    if (!read_all(c->fd, c->bytes, HEADER_SIZE) ||
        record_header_decode(&header, c->bytes) != RECORD_FINE || header.type != RECORD_HELLO ||
        !read_all(c->fd, c->bytes + HEADER_SIZE, header.body_size))
        return false;
    const struct noise_keys *keys = addressed_key(c->bytes, &name);
    return keys != NULL && hello_open(&hello, who, hs, keys, name, server.environment, c->bytes) &&
           memcmp(who, server.terminal_public, sizeof(who)) == 0 &&
           hello.terminal_id == SEALED_TERMINAL_ID && log_hello(&hello);
}

static void say_busy(int fd, uint32_t wait_ms)
{
    uint8_t busy[BUSY_SIZE];
    pthread_mutex_lock(&server.lock);
    server.log.busy_count++;
    pthread_mutex_unlock(&server.lock);
    busy_encode(busy, wait_ms);
    (void)send_all(fd, busy, sizeof(busy));
}

static struct accept terms_of(const struct sealed_orders *orders)
{
    struct accept terms = {
        .frames_max = 64, .in_flight_max = 256, .records_max = 1 << 20, .idle_s = 120};
    if (orders->terms.frames_max != 0)
        terms = orders->terms;
    terms.session_id = 77;
    terms.generation = GENERATION;
    terms.time_ms = SERVER_TIME_S * UINT64_C(1000);
    return terms;
}

/* False: there is no session. */
static bool open_session(struct connection *c)
{
    struct noise_handshake hs;
    struct sealed_orders orders;
    uint8_t accept[ACCEPT_SIZE], secret[NOISE_KEY_SIZE], hash[NOISE_HASH_SIZE];
    if (!read_hello(c, &hs))
        return false;
    enum sealed_manner manner = next_manner(true, &orders);
    if (manner == SEALED_BUSY)
        say_busy(c->fd, orders.busy_ms);
    if (manner == SEALED_BUSY || manner == SEALED_NO_ACCEPT)
        return false;
    c->terms = terms_of(&orders);
    if (getrandom(secret, sizeof(secret), 0) != (ssize_t)sizeof(secret) ||
        !accept_seal(accept, &hs, &c->terms, server.psk, secret))
        return false;
    if (manner == SEALED_BAD_ACCEPT)
        accept[ACCEPT_SIZE - 1] ^= 1;
    if (!send_all(c->fd, accept, manner == SEALED_HALF_ACCEPT ? ACCEPT_SIZE / 2 : ACCEPT_SIZE) ||
        manner == SEALED_HALF_ACCEPT)
        return false;
    noise_split(&hs, &c->send, &c->receive, hash);
    pthread_mutex_lock(&server.lock);
    c->session = (uint32_t)++server.log.session_count;
    pthread_mutex_unlock(&server.lock);
    return true;
}

/* Questions */

/* The smallest ledger: whatever has its id already is not done again. Its sequence, or 0. */
static uint64_t sequence_of(uint64_t id)
{
    for (size_t i = 0; i < server.log.sale_count; i++) {
        if (frame_request_id(server.sales[i]) == id)
            return i + 1;
    }
    return 0;
}

static enum status do_once(const uint8_t *frame, const struct request *request, uint64_t *sequence)
{
    static const uint16_t all_is_well[KIND_LAST + 1] = {
        [KIND_USE] = STATUS_APPLIES,       [KIND_RESERVE] = STATUS_APPLIES,
        [KIND_CONFIRM] = STATUS_CONFIRMED, [KIND_CANCEL] = STATUS_CANCELLED,
        [KIND_REFUND] = STATUS_REFUNDED,   [KIND_LATE] = STATUS_APPLIES,
    };
    *sequence =
        sequence_of(request->kind == KIND_STATUS ? request->target_id : request->request_id);
    if (request->kind == KIND_STATUS)
        return *sequence != 0 ? STATUS_CONFIRMED : STATUS_UNKNOWN_TRANSACTION;
    if (*sequence != 0 && memcmp(server.sales[*sequence - 1], frame, FRAME_SIZE) != 0)
        return STATUS_CONFLICT;
    if (*sequence == 0) {
        assert(server.log.sale_count < SEALED_SALES_MAX);
        memcpy(server.sales[server.log.sale_count], frame, FRAME_SIZE);
        *sequence = ++server.log.sale_count;
    }
    return (enum status)all_is_well[request->kind];
}

static void answer_transaction(struct response *response, const uint8_t *frame,
                               const struct request *request)
{
    pthread_mutex_lock(&server.lock);
    response->status = (uint16_t)do_once(frame, request, &response->ledger_sequence);
    pthread_mutex_unlock(&server.lock);
    bool is_told = response->status == STATUS_APPLIES || response->status == STATUS_CONFIRMED;
    response->relief = is_told ? 1 : 0;
}

static void answer_frame(uint8_t *frame)
{
    struct request request = {0};
    struct response response = {.remaining = REMAINING_UNPUBLISHED,
                                .generation = GENERATION,
                                .server_time_s = SERVER_TIME_S};
    if (frame_is_pad(frame))
        return;
    response.status = (uint16_t)frame_decode_request(&request, frame);
    response.kind = frame_kind(frame);
    response.request_id = frame_request_id(frame);
    bool is_transaction = kind_is_transaction(request.kind) ||
                          (request.kind == KIND_STATUS && request.target_id != 0);
    if (response.status == STATUS_OK && is_transaction) {
        answer_transaction(&response, frame, &request);
        frame_encode_response(frame, &response);
        return;
    }
    if (response.status == STATUS_OK && request.kind == KIND_STATUS) {
        const struct report report = {.request_id = request.request_id,
                                      .generation = GENERATION,
                                      .connection_count = 1,
                                      .identifier_count = 3,
                                      .server_time_s = SERVER_TIME_S};
        frame_encode_report(frame, &report);
        return;
    }
    if (response.status == STATUS_OK && request.kind == KIND_CHECK) {
        uint64_t price = (uint64_t)request.unit_price * request.quantity;
        bool applies = request.product == 1 &&
                       memcmp(request.identifier.text, "01010000018", sizeof("01010000018")) == 0;
        response.status = applies ? STATUS_APPLIES : STATUS_DOES_NOT_APPLY;
        response.relief = applies ? 1 : 0;
        response.relief_amount = applies ? price : 0;
        response.payable = applies ? 0 : price;
    }
    frame_encode_response(frame, &response);
}

static void log_record(const struct connection *c, size_t frame_count)
{
    struct sealed_log *log = &server.log;
    pthread_mutex_lock(&server.lock);
    log->record_count++;
    log->frames_most = frame_count > log->frames_most ? frame_count : log->frames_most;
    for (size_t i = 0; i < frame_count; i++) {
        const uint8_t *frame = c->bytes + HEADER_SIZE + i * FRAME_SIZE;
        if (frame_is_pad(frame) || log->id_count == SEALED_LOG_MAX)
            continue;
        log->asked[log->id_count].id = frame_request_id(frame);
        log->asked[log->id_count].session = c->session;
        log->asked[log->id_count++].record = c->record;
    }
    pthread_mutex_unlock(&server.lock);
}

static void say_instead(uint8_t *frame, enum status status, uint32_t wait_ms)
{
    const struct response response = {.kind = frame_kind(frame),
                                      .status = (uint16_t)status,
                                      .remaining = REMAINING_UNPUBLISHED,
                                      .wait_ms = (uint16_t)wait_ms,
                                      .request_id = frame_request_id(frame)};
    if (!frame_is_pad(frame))
        frame_encode_response(frame, &response);
}

/* The other side hung up within this time. */
static bool is_left(int fd, uint32_t wait_ms)
{
    struct pollfd end = {.fd = fd, .events = POLLRDHUP};
    return poll(&end, 1, (int)wait_ms) > 0;
}

/* A record of answers, as it is ordered. False: the connection is over. */
static bool send_answers(struct connection *c, size_t frame_count)
{
    struct sealed_orders orders;
    enum sealed_manner manner = next_manner(false, &orders);
    uint8_t *first = c->bytes + HEADER_SIZE;
    if (manner == SEALED_SILENT || (manner == SEALED_DROP && frame_count == 1))
        return true;
    if (manner == SEALED_CLOSE)
        return false;
    if (manner == SEALED_DROP) {
        size_t middle = frame_count / 2;
        frame_count--;
        memmove(first + middle * FRAME_SIZE, first + (middle + 1) * FRAME_SIZE,
                (frame_count - middle) * FRAME_SIZE);
    }
    for (size_t i = 0; i < frame_count && manner == SEALED_DRAINING; i++)
        say_instead(first + i * FRAME_SIZE, STATUS_DRAINING, 0);
    for (size_t i = 0; i < frame_count && manner == SEALED_NO_ROOM; i++)
        say_instead(first + i * FRAME_SIZE, STATUS_BUSY, orders.busy_ms);
    if (manner == SEALED_OTHER_ID)
        first[RESPONSE_ID] ^= 1;
    if (manner == SEALED_NONSENSE)
        first[RESPONSE_STATUS] ^= 0xff;
    if (manner == SEALED_LATE && is_left(c->fd, orders.late_ms))
        return false;
    size_t size = record_seal(&c->send, c->bytes, frame_count);
    if (manner == SEALED_FLIP)
        c->bytes[size / 2] ^= 1;
    if (manner == SEALED_CUT)
        size /= 2;
    return send_all(c->fd, c->bytes, size) &&
           (manner != SEALED_REPLAY || send_all(c->fd, c->bytes, size)) && manner != SEALED_CUT;
}

static bool serve_record(struct connection *c)
{
    struct record_header header;
    size_t frame_count;
    if (!read_all(c->fd, c->bytes, HEADER_SIZE) ||
        record_header_decode(&header, c->bytes) != RECORD_FINE || header.type != RECORD_DATA ||
        !read_all(c->fd, c->bytes + HEADER_SIZE, header.body_size) ||
        c->record == c->terms.records_max ||
        !record_open(&c->receive, c->bytes, HEADER_SIZE + (size_t)header.body_size, &frame_count) ||
        frame_count > c->terms.frames_max)
        return false;
    log_record(c, frame_count);
    c->record++;
    for (size_t i = 0; i < frame_count; i++)
        answer_frame(c->bytes + HEADER_SIZE + i * FRAME_SIZE);
    return send_answers(c, frame_count);
}

static void remember_connection(int fd)
{
    pthread_mutex_lock(&server.lock);
    server.fd = fd;
    pthread_mutex_unlock(&server.lock);
}

static void *serve(void *nothing)
{
    static struct connection c;
    (void)nothing;
    for (;;) {
        memset(&c, 0, sizeof(c));
        c.fd = accept(server.listener, NULL, NULL);
        if (c.fd < 0)
            return NULL; /* the test shut the listener down */
        remember_connection(c.fd);
        if (open_session(&c)) {
            while (serve_record(&c))
                ;
        }
        remember_connection(-1);
        close(c.fd);
    }
}

void sealed_server_cut(void)
{
    pthread_mutex_lock(&server.lock);
    if (server.fd >= 0)
        shutdown(server.fd, SHUT_RDWR);
    pthread_mutex_unlock(&server.lock);
}

/* Starting and stopping */

static void make_key(struct noise_keys *out, struct server_name *name, const uint8_t *secret)
{
    noise_keys_of_secret(out, secret);
    server_name_make(name, out->public_key);
}

void sealed_server_start_with(char address[static 32],
                              const uint8_t server_secret[static NOISE_KEY_SIZE],
                              const uint8_t server_next_secret[static NOISE_KEY_SIZE],
                              const uint8_t terminal_public[static NOISE_KEY_SIZE],
                              const uint8_t psk[static NOISE_KEY_SIZE], uint32_t environment)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = server.port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(to);
    if (!noise_ready())
        errx(1, "libsodium is not ready");
    make_key(&server.keys[0], &server.names[0], server_secret);
    make_key(&server.keys[1], &server.names[1], server_next_secret);
    memcpy(server.terminal_public, terminal_public, NOISE_KEY_SIZE);
    memcpy(server.psk, psk, NOISE_KEY_SIZE);
    server.environment = environment;
    server.started_ms = now_ms();
    memset(&server.log, 0, sizeof(server.log));
    sealed_server_order((struct sealed_orders){.has_now = true});
    server.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server.listener < 0 ||
        setsockopt(server.listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) != 0 ||
        bind(server.listener, (struct sockaddr *)&to, sizeof(to)) != 0 ||
        listen(server.listener, 16) != 0 ||
        getsockname(server.listener, (struct sockaddr *)&to, &size) != 0 ||
        pthread_create(&server.thread, NULL, serve, NULL) != 0)
        err(1, "server of the test");
    server.port = to.sin_port;
    snprintf(address, 32, "127.0.0.1:%u", ntohs(to.sin_port));
}

static const uint8_t terminal_secret[NOISE_KEY_SIZE] = {0x20, 1, 2, 3};
static const uint8_t server_secrets[2][NOISE_KEY_SIZE] = {{0x40, 1, 2, 3}, {0x48, 5, 6, 7}};
static const uint8_t merchant_key[NOISE_KEY_SIZE] = {0xa0, 9, 8, 7};

void sealed_server_start(char address[static 32])
{
    struct noise_keys terminal;
    if (!noise_ready())
        errx(1, "no libsodium");
    noise_keys_of_secret(&terminal, terminal_secret);
    sealed_server_start_with(address, server_secrets[0], server_secrets[1], terminal.public_key,
                             merchant_key, SEALED_SERVER_ENVIRONMENT);
}

void sealed_server_stop(void)
{
    shutdown(server.listener, SHUT_RDWR);
    close(server.listener);
    sealed_server_cut();
    pthread_join(server.thread, NULL);
}

struct elig_session_settings sealed_settings(void)
{
    struct noise_keys keys[2];
    struct elig_session_settings settings = {.environment = SEALED_SERVER_ENVIRONMENT,
                                             .terminal_id = SEALED_TERMINAL_ID};
    if (!noise_ready())
        errx(1, "libsodium is not ready");
    noise_keys_of_secret(&keys[0], server_secrets[0]);
    noise_keys_of_secret(&keys[1], server_secrets[1]);
    memcpy(settings.terminal_secret, terminal_secret, NOISE_KEY_SIZE);
    memcpy(settings.server_public, keys[0].public_key, NOISE_KEY_SIZE);
    memcpy(settings.psk, merchant_key, NOISE_KEY_SIZE);
    memcpy(settings.server_public_next, keys[1].public_key, NOISE_KEY_SIZE);
    return settings;
}
