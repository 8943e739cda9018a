/* libelig against a server that does as it is told, well or badly; and what eligctl makes of it. */
#include "protocol/elig.h"

#include "protocol/frame.h"
#include "tests/vectors.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_MS       10000
#define SHORT_TIMEOUT_MS 120
/* Where a question that is answered must not take so long, but all of them do together. */
#define LONGER_TIMEOUT_MS 2000

/* How the server treats each frame. */
enum manner {
    MANNER_PLAIN,      /* answers */
    MANNER_DRIP,       /* answers byte by byte */
    MANNER_SILENT,     /* reads and says nothing */
    MANNER_HANG_UP,    /* closes instead of answering */
    MANNER_HALF,       /* half an answer, then closes */
    MANNER_OTHER_ID,   /* the answer to something else */
    MANNER_OTHER_KIND, /* an answer of another kind */
    MANNER_NO_ANSWER,  /* 64 bytes that are no answer */
    MANNER_LATE,       /* answers when it is told something else */
    MANNER_SLAM,       /* closes before it is asked */
};

struct orders {
    enum manner manner;
    struct response answer; /* kind and id are put in */
    struct report report;   /* of a STATUS, when answer.status is OK */
};

/* The test gives orders, the server's thread takes them before each frame. */
static pthread_mutex_t orders_lock = PTHREAD_MUTEX_INITIALIZER;
static struct orders orders_given;
static atomic_bool is_late_out; /* the answer that was held back */

static struct orders take_orders(void)
{
    pthread_mutex_lock(&orders_lock);
    struct orders orders = orders_given;
    pthread_mutex_unlock(&orders_lock);
    return orders;
}

static void give_orders(struct orders orders)
{
    pthread_mutex_lock(&orders_lock);
    orders_given = orders;
    pthread_mutex_unlock(&orders_lock);
}

static void order_manner(enum manner manner)
{
    struct orders orders = take_orders();
    orders.manner = manner;
    give_orders(orders);
}

static void order_answer(struct response answer)
{
    struct orders orders = take_orders();
    orders.answer = answer;
    give_orders(orders);
}

static void order_report(struct report report)
{
    struct orders orders = take_orders();
    orders.report = report;
    give_orders(orders);
}

static struct server {
    int listener;
    char address[128];
    pthread_t thread;
} server;

static void send_all(int fd, const uint8_t *bytes, size_t size, size_t step)
{
    for (size_t sent = 0; sent < size; sent += step) {
        size_t part = size - sent < step ? size - sent : step;
        if (send(fd, bytes + sent, part, MSG_NOSIGNAL) != (ssize_t)part)
            return;
        if (step < size)
            usleep(200);
    }
}

static bool read_frame(int fd, uint8_t frame[static FRAME_SIZE])
{
    size_t size = 0;
    while (size < FRAME_SIZE) {
        ssize_t got = recv(fd, frame + size, FRAME_SIZE - size, 0);
        if (got <= 0)
            return false;
        size += (size_t)got;
    }
    return true;
}

static void make_answer(const struct orders *orders, uint8_t out[static FRAME_SIZE],
                        const struct request *request)
{
    if (request->kind == KIND_STATUS && orders->answer.status == STATUS_OK) {
        struct report report = orders->report;
        report.request_id = request->request_id;
        frame_encode_report(out, &report);
        return;
    }
    struct response response = orders->answer;
    response.kind = request->kind;
    response.request_id = request->request_id;
    frame_encode_response(out, &response);
}

/* Or until nobody is left who could hear the answer. */
static void wait_for_other_orders(int fd)
{
    struct pollfd end = {.fd = fd, .events = POLLRDHUP};
    while (take_orders().manner == MANNER_LATE && poll(&end, 1, 1) == 0)
        ;
}

/* False: the connection is over. */
static bool serve_frame(int fd)
{
    uint8_t in[FRAME_SIZE], out[FRAME_SIZE];
    struct request request;
    if (!read_frame(fd, in) || frame_decode_request(&request, in) != STATUS_OK)
        return false;
    struct orders orders = take_orders();
    make_answer(&orders, out, &request);
    switch (orders.manner) {
    case MANNER_PLAIN:
        break;
    case MANNER_DRIP:
        send_all(fd, out, FRAME_SIZE, 1);
        return true;
    case MANNER_SILENT:
        return true;
    case MANNER_HANG_UP:
        return false;
    case MANNER_HALF:
        send_all(fd, out, FRAME_SIZE / 2, FRAME_SIZE);
        return false;
    case MANNER_OTHER_ID:
        out[RESPONSE_ID] ^= 1;
        break;
    case MANNER_OTHER_KIND:
        out[RESPONSE_KIND] = KIND_PING;
        break;
    case MANNER_NO_ANSWER:
        out[RESPONSE_VERSION] = 2;
        break;
    case MANNER_LATE:
        wait_for_other_orders(fd);
        send_all(fd, out, FRAME_SIZE, FRAME_SIZE);
        atomic_store(&is_late_out, true);
        return true;
    case MANNER_SLAM:
        abort(); /* never gets so far */
    }
    send_all(fd, out, FRAME_SIZE, FRAME_SIZE);
    return true;
}

static void *serve(void *argument)
{
    const int *listener = argument;
    for (;;) {
        int fd = accept(*listener, NULL, NULL);
        if (fd < 0)
            return NULL; /* the test shut the listener down */
        while (take_orders().manner != MANNER_SLAM && serve_frame(fd))
            ;
        close(fd);
    }
}

static void bind_to(const void *address, socklen_t size, int family)
{
    server.listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server.listener < 0 || bind(server.listener, address, size) != 0 ||
        listen(server.listener, 8) != 0)
        err(1, "server of the test");
}

static void bind_unix(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/server", support_directory());
    snprintf(server.address, sizeof(server.address), "unix:%s", address.sun_path);
    unlink(address.sun_path);
    bind_to(&address, sizeof(address), AF_UNIX);
}

static void bind_v4(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    bind_to(&address, size, AF_INET);
    ck_assert_int_eq(getsockname(server.listener, (struct sockaddr *)&address, &size), 0);
    snprintf(server.address, sizeof(server.address), "127.0.0.1:%u", ntohs(address.sin_port));
}

static void start(void)
{
    ck_assert_int_eq(pthread_create(&server.thread, NULL, serve, &server.listener), 0);
}

static void stop(void)
{
    shutdown(server.listener, SHUT_RDWR);
    close(server.listener);
    pthread_join(server.thread, NULL);
}

static void set_up(void)
{
    give_orders((struct orders){
        .answer = {.status = STATUS_DOES_NOT_APPLY,
                   .remaining = REMAINING_UNPUBLISHED,
                   .generation = 12,
                   .payable = 15000,
                   .server_time_s = 1795428000},
    });
    bind_unix();
    start();
}

static struct elig_request check_request(void)
{
    struct elig_request request = {
        .kind = ELIG_CHECK,
        .means = ELIG_PERSONAL_CODE,
        .quantity = 1,
        .identifier = "01010000018",
        .product = 1,
        .unit_price = 15000,
        .request_id = 42,
    };
    return request;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct elig *connect_to_server(uint32_t timeout_ms)
{
    struct elig *elig = NULL;
    ck_assert_int_eq(elig_connect(&elig, server.address, timeout_ms), ELIG_FINE);
    ck_assert_ptr_nonnull(elig);
    return elig;
}

/* ---- answers ---- */

START_TEST(an_answer_comes_back_whole_however_it_is_cut)
{
    struct elig_request request = check_request();
    struct elig_response response;
    order_manner(_i == 0 ? MANNER_PLAIN : MANNER_DRIP);
    struct elig *elig = connect_to_server(TIMEOUT_MS);
    for (uint64_t id = 1; id <= 5; id++) {
        request.request_id = id;
        ck_assert_int_eq(elig_ask(elig, &request, &response), ELIG_FINE);
        ck_assert_uint_eq(response.request_id, id);
        ck_assert_uint_eq(response.kind, ELIG_CHECK);
        ck_assert_uint_eq(response.status, ELIG_DOES_NOT_APPLY);
        ck_assert_uint_eq(response.payable, 15000);
        ck_assert_uint_eq(response.generation, 12);
        ck_assert_uint_eq(response.remaining, REMAINING_UNPUBLISHED);
    }
    elig_close(elig);
}
END_TEST

START_TEST(a_server_is_found_on_ipv4_too)
{
    stop();
    bind_v4();
    start();
    struct elig_request ping = {.kind = ELIG_PING, .request_id = 1};
    struct elig_response response;
    order_answer((struct response){.status = STATUS_OK, .generation = 12});
    struct elig *elig = connect_to_server(TIMEOUT_MS);
    ck_assert_int_eq(elig_ask(elig, &ping, &response), ELIG_FINE);
    ck_assert_uint_eq(response.status, ELIG_OK);
    elig_close(elig);
}
END_TEST

START_TEST(a_report_comes_back_and_a_refusal_with_its_wait)
{
    struct elig_report report;
    order_answer((struct response){.status = STATUS_OK});
    order_report((struct report){.check_count = 7,
                                 .generation = 12,
                                 .identifier_count = 3,
                                 .person_count = 2,
                                 .uptime_s = 60,
                                 .connection_count = 1});
    struct elig *elig = connect_to_server(TIMEOUT_MS);
    ck_assert_int_eq(elig_ask_status(elig, 9, &report), ELIG_FINE);
    ck_assert_uint_eq(report.status, ELIG_OK);
    ck_assert_uint_eq(report.request_id, 9);
    ck_assert_uint_eq(report.check_count, 7);
    ck_assert_uint_eq(report.person_count, 2);

    order_answer((struct response){.status = STATUS_BUSY, .wait_ms = 250, .generation = 12});
    ck_assert_int_eq(elig_ask_status(elig, 10, &report), ELIG_FINE);
    ck_assert_uint_eq(report.status, ELIG_BUSY);
    ck_assert_uint_eq(report.request_id, 10);
    ck_assert_uint_eq(report.wait_ms, 250);
    ck_assert_uint_eq(report.person_count, 0);
    elig_close(elig);
}
END_TEST

START_TEST(many_are_answered_in_order_and_what_was_answered_is_told)
{
    static struct elig_request requests[200];
    static struct elig_response responses[200];
    size_t answered = 0;
    for (size_t i = 0; i < 200; i++) {
        requests[i] = check_request();
        requests[i].request_id = i + 1;
    }
    struct elig *elig = connect_to_server(TIMEOUT_MS);
    ck_assert_int_eq(elig_ask_many(elig, requests, 200, responses, &answered), ELIG_FINE);
    ck_assert_uint_eq(answered, 200);
    for (size_t i = 0; i < 200; i++)
        ck_assert_uint_eq(responses[i].request_id, i + 1);
    ck_assert_uint_eq(elig_wait_ms(elig), 0);
    ck_assert_str_eq(elig_trouble(elig), "");

    requests[199].quantity = 0; /* found before any is sent */
    ck_assert_int_eq(elig_ask_many(elig, requests, 200, responses, &answered), ELIG_BAD_ARGUMENT);
    ck_assert_uint_eq(answered, 0);
    order_manner(MANNER_HALF);
    ck_assert_int_eq(elig_ask_many(elig, requests, 100, responses, &answered), ELIG_NO_CONNECTION);
    ck_assert_uint_eq(answered, 0);
    elig_close(elig);
}
END_TEST

/* ---- what goes wrong ---- */

static const struct {
    const char *what;
    enum manner manner;
    int error;
} mishaps[] = {
    {"says nothing", MANNER_SILENT, ELIG_TIMEOUT},
    {"hangs up", MANNER_HANG_UP, ELIG_NO_CONNECTION},
    {"breaks off", MANNER_HALF, ELIG_NO_CONNECTION},
    {"answers another id", MANNER_OTHER_ID, ELIG_BAD_ANSWER},
    {"answers another kind", MANNER_OTHER_KIND, ELIG_BAD_ANSWER},
    {"speaks another version", MANNER_NO_ANSWER, ELIG_BAD_ANSWER},
    {"answers late", MANNER_LATE, ELIG_TIMEOUT},
};

/* What is no timeout has all the time that it wants. */
static uint32_t timeout_of(int error)
{
    return error == ELIG_TIMEOUT ? SHORT_TIMEOUT_MS : TIMEOUT_MS;
}

START_TEST(a_server_that_fails_is_told_apart_and_not_asked_again)
{
    struct elig_request request = check_request();
    struct elig_response response, untouched;
    memset(&untouched, 0xa5, sizeof(untouched));
    response = untouched;
    order_manner(mishaps[_i].manner);
    struct elig *elig = connect_to_server(timeout_of(mishaps[_i].error));
    int64_t start_ms = now_ms();
    ck_assert_msg(elig_ask(elig, &request, &response) == mishaps[_i].error, "a server that %s",
                  mishaps[_i].what);
    ck_assert_int_lt(now_ms() - start_ms, TIMEOUT_MS);
    ck_assert_mem_eq(&response, &untouched, sizeof(response));

    /* A late answer to the first question must never be taken for one to the second. */
    order_manner(MANNER_PLAIN);
    while (mishaps[_i].manner == MANNER_LATE && !atomic_load(&is_late_out))
        usleep(1000);
    ck_assert_int_eq(elig_ask(elig, &request, &response), ELIG_NO_CONNECTION);
    struct elig_report report;
    ck_assert_int_eq(elig_ask_status(elig, 1, &report), ELIG_NO_CONNECTION);
    elig_close(elig);
}
END_TEST

START_TEST(a_closed_server_is_an_error_and_no_signal)
{
    struct elig_request request = check_request();
    struct elig_response response;
    order_manner(_i == 0 ? MANNER_HANG_UP : MANNER_SLAM);
    for (int i = 0; i < 20; i++) {
        struct elig *elig = connect_to_server(TIMEOUT_MS);
        usleep(2000); /* long enough for the server to have closed */
        ck_assert_int_eq(elig_ask(elig, &request, &response), ELIG_NO_CONNECTION);
        elig_close(elig);
    }
}
END_TEST

START_TEST(a_listener_that_never_accepts_is_a_timeout)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char text[128];
    struct elig *elig[16] = {NULL};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/deaf", support_directory());
    snprintf(text, sizeof(text), "unix:%s", address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 0) == 0);
    size_t i = 0;
    int error = ELIG_FINE;
    for (; i < 16 && error == ELIG_FINE; i++)
        error = elig_connect(&elig[i], text, SHORT_TIMEOUT_MS);
    ck_assert_int_eq(error, ELIG_TIMEOUT);
    for (size_t j = 0; j < 16; j++)
        elig_close(elig[j]);
    close(fd);
}
END_TEST

static const struct {
    const char *address;
    int error;
} addresses[] = {
    {"", ELIG_NO_ADDRESS},
    {"localhost:7447", ELIG_NO_ADDRESS},
    {"127.0.0.1", ELIG_NO_ADDRESS},
    {"127.0.0.1:", ELIG_NO_ADDRESS},
    {":7447", ELIG_NO_ADDRESS},
    {"127.0.0.1:x", ELIG_NO_ADDRESS},
    {"127.0.0.1:123456", ELIG_NO_ADDRESS},
    {"127.0.0.1:72983", ELIG_NO_ADDRESS}, /* 7447 and 65536 */
    {"127.0.0.1:+7447", ELIG_NO_ADDRESS},
    {"::1:7447", ELIG_NO_ADDRESS},
    {"[::1]", ELIG_NO_ADDRESS},
    {"[]:1", ELIG_NO_ADDRESS},
    {"[127.0.0.1]:1", ELIG_NO_ADDRESS},
    {"unix:", ELIG_NO_ADDRESS},
    {"10.1.2.3:7447", ELIG_NOT_LOCAL},
    {"0.0.0.0:7447", ELIG_NOT_LOCAL},
    {"126.255.255.255:1", ELIG_NOT_LOCAL},
    {"[::]:7447", ELIG_NOT_LOCAL},
    {"[2001:db8::1]:7447", ELIG_NOT_LOCAL},
    {"[::ffff:10.1.2.3]:7447", ELIG_NOT_LOCAL},
    {"127.1.2.3:1", ELIG_NO_CONNECTION},
    {"unix:/no/such/socket", ELIG_NO_CONNECTION},
    {"127.0.0.1:1", ELIG_NO_CONNECTION},
    {"0000000000000000000000000000000000000000000000000000000000000000000.1:7", ELIG_NO_ADDRESS},
};

START_TEST(an_address_that_leads_nowhere_is_an_error)
{
    struct elig *elig = NULL;
    ck_assert_msg(elig_connect(&elig, addresses[_i].address, TIMEOUT_MS) == addresses[_i].error,
                  "\"%s\"", addresses[_i].address);
    ck_assert_ptr_null(elig);
}
END_TEST

/* ---- transactions ---- */

static const struct {
    struct response answer;
    int error; /* of elig_transact */
} outcomes[] = {
    {{.status = STATUS_APPLIES, .relief = 7, .ledger_sequence = 3}, ELIG_FINE},
    {{.status = STATUS_LIMIT_REACHED, .payable = 15000, .ledger_sequence = 3}, ELIG_FINE},
    {{.status = STATUS_DOES_NOT_APPLY, .payable = 15000}, ELIG_FINE},
    {{.status = STATUS_CONFLICT}, ELIG_FINE},
    {{.status = STATUS_CANCELLED}, ELIG_FINE},
    {{.status = STATUS_NO_LEDGER}, ELIG_FINE},
    {{.status = STATUS_NOT_PERMITTED}, ELIG_FINE},
    {{.status = STATUS_BUSY, .wait_ms = 60000}, ELIG_TIMEOUT},
    {{.status = STATUS_BUSY, .wait_ms = 1}, ELIG_TIMEOUT},
    {{.status = STATUS_NOT_READY}, ELIG_TIMEOUT},
    {{.status = STATUS_DRAINING, .wait_ms = 250}, ELIG_NO_CONNECTION},
};

START_TEST(a_transaction_ends_with_an_answer_that_stays_or_is_not_known)
{
    struct elig_request request = check_request();
    struct elig_response out = {.status = 7};
    request.kind = ELIG_USE;
    order_answer(outcomes[_i].answer);
    struct elig *elig =
        connect_to_server(outcomes[_i].error == ELIG_TIMEOUT ? LONGER_TIMEOUT_MS : TIMEOUT_MS);
    int64_t start_ms = now_ms();
    ck_assert_int_eq(elig_transact(elig, &request, &out), outcomes[_i].error);
    ck_assert_int_lt(now_ms() - start_ms, TIMEOUT_MS);
    if (outcomes[_i].error == ELIG_FINE) {
        ck_assert_uint_eq(out.status, outcomes[_i].answer.status);
        ck_assert_uint_eq(out.ledger_sequence, outcomes[_i].answer.ledger_sequence);
        ck_assert_int_eq(elig_is_final(&out), 1);
    } else {
        ck_assert_uint_eq(out.status, 7);
        out.status = outcomes[_i].answer.status;
        ck_assert_int_eq(elig_is_final(&out), 0);
    }
    /* After BUSY the connection is of use; a server that stops closes it. */
    if (outcomes[_i].error != ELIG_NO_CONNECTION)
        order_answer((struct response){.status = STATUS_CONFLICT});
    ck_assert_int_eq(elig_transact(elig, &request, &out),
                     outcomes[_i].error == ELIG_NO_CONNECTION ? ELIG_NO_CONNECTION : ELIG_FINE);
    elig_close(elig);
}
END_TEST

START_TEST(what_became_of_a_transaction_is_asked_as_any_question)
{
    struct elig_request status = elig_about(ELIG_STATUS, 9, 42);
    struct elig_response out;
    order_answer((struct response){.status = STATUS_OVER_LIMIT, .relief = 7, .ledger_sequence = 3});
    struct elig *elig = connect_to_server(TIMEOUT_MS);
    ck_assert_int_eq(elig_ask(elig, &status, &out), ELIG_FINE);
    ck_assert_uint_eq(out.kind, ELIG_STATUS);
    ck_assert_uint_eq(out.request_id, 9);
    ck_assert_uint_eq(out.status, ELIG_OVER_LIMIT);
    ck_assert_int_eq(elig_transact(NULL, &status, &out), ELIG_BAD_ARGUMENT);
    status.target_id = 0; /* of the server: a report */
    ck_assert_int_eq(elig_transact(elig, &status, &out), ELIG_BAD_ARGUMENT);
    struct elig_request nothing = elig_about(ELIG_CANCEL, 9, 0);
    ck_assert_int_eq(elig_transact(elig, &nothing, &out), ELIG_BAD_ARGUMENT);
    elig_close(elig);
}
END_TEST

START_TEST(a_wrong_call_is_refused_and_harms_nothing)
{
    struct elig_request request = check_request();
    struct elig_response response;
    struct elig_report report;
    struct elig *none = NULL;
    ck_assert_int_eq(elig_connect(&none, server.address, 0), ELIG_BAD_ARGUMENT);
    ck_assert_int_eq(elig_ask(NULL, &request, &response), ELIG_BAD_ARGUMENT);
    ck_assert_int_eq(elig_ask_status(NULL, 1, &report), ELIG_BAD_ARGUMENT);
    elig_close(NULL);

    struct elig *elig = connect_to_server(TIMEOUT_MS);
    ck_assert_int_eq(elig_ask_status(elig, 0, &report), ELIG_BAD_ARGUMENT);
    struct elig_request status = {.kind = ELIG_STATUS, .request_id = 1};
    ck_assert_int_eq(elig_ask(elig, &status, &response), ELIG_BAD_ARGUMENT);
    request = check_request();
    request.quantity = 0;
    ck_assert_int_eq(elig_ask(elig, &request, &response), ELIG_BAD_ARGUMENT);
    request = check_request();
    strcpy(request.identifier, "010100-00018");
    ck_assert_int_eq(elig_ask(elig, &request, &response), ELIG_BAD_IDENTIFIER);
    request = check_request();
    ck_assert_int_eq(elig_ask(elig, &request, &response), ELIG_FINE);
    elig_close(elig);
}
END_TEST

/* ---- frames without a connection ---- */

/* The columns of requests.txt; transactions.txt has one for the hold behind the companions. */
static struct elig_request request_of_vector(const struct vector *v, bool has_hold)
{
    size_t at = has_hold ? 8 : 7;
    struct elig_request request = {
        .kind = (uint8_t)vector_number(v, 2),
        .means = (uint8_t)vector_number(v, 3),
        .entry = (uint8_t)vector_number(v, 4),
        .quantity = (uint16_t)vector_number(v, 5),
        .companions = (uint8_t)vector_number(v, 6),
        .hold_10s = has_hold ? (uint8_t)vector_number(v, 7) : 0,
        .request_id = vector_number(v, at),
        .product = (uint32_t)vector_number(v, at + 2),
        .point_of_sale = (uint32_t)vector_number(v, at + 3),
        .unit_price = (uint32_t)vector_number(v, at + 4),
        .service_time_s = (uint32_t)vector_number(v, at + 5),
        .target_id = vector_number(v, at + 6),
    };
    if (strcmp(v->words[at + 1], "-") != 0)
        snprintf(request.identifier, sizeof(request.identifier), "%s", v->words[at + 1]);
    return request;
}

static void look_at_vector(const struct vector *v, bool has_hold)
{
    uint8_t wanted[FRAME_SIZE], frame[FRAME_SIZE];
    struct elig_request read_back, untouched;
    support_unhex(wanted, sizeof(wanted), v->words[v->count - 1]);
    memset(&untouched, 0xa5, sizeof(untouched));
    read_back = untouched;
    if (strcmp(v->words[2], "-") == 0) {
        ck_assert_int_eq(elig_decode_request(&read_back, wanted), ELIG_BAD_ARGUMENT);
        ck_assert_mem_eq(&read_back, &untouched, sizeof(untouched));
        return;
    }
    struct elig_request request = request_of_vector(v, has_hold);
    ck_assert_msg(elig_encode_request(frame, &request) == ELIG_FINE, "%s", v->words[0]);
    ck_assert_mem_eq(frame, wanted, FRAME_SIZE);
    ck_assert_msg(elig_decode_request(&read_back, frame) == ELIG_FINE, "%s", v->words[0]);
    ck_assert_mem_eq(&read_back, &request, sizeof(request)); /* no hole in it */
}

START_TEST(a_request_is_encoded_as_the_vectors_say_and_read_back)
{
    struct vector_file file = vectors_open(_i == 0 ? "requests.txt" : "transactions.txt");
    struct vector v;
    size_t count = 0;
    for (; vectors_next(&file, &v); count++)
        look_at_vector(&v, _i != 0);
    ck_assert_uint_gt(count, 100);
}
END_TEST

START_TEST(a_request_that_makes_no_frame_is_not_encoded)
{
    uint8_t frame[FRAME_SIZE] = {0};
    struct elig_request request = check_request();
    request.request_id = 0;
    ck_assert_int_eq(elig_encode_request(frame, &request), ELIG_BAD_ARGUMENT);
    request = check_request();
    memset(request.identifier, '1', sizeof(request.identifier)); /* no NUL anywhere */
    ck_assert_int_eq(elig_encode_request(frame, &request), ELIG_BAD_ARGUMENT);
    ck_assert(bytes_are_zero(frame, FRAME_SIZE));
}
END_TEST

START_TEST(an_identifier_is_normalised_as_the_vectors_say)
{
    struct vector_file file = vectors_open("identifiers.txt");
    struct vector v;
    while (vectors_next(&file, &v)) {
        char text[512] = {0}, out[ELIG_IDENTIFIER_SIZE_MAX + 1] = "untouched";
        size_t size = strcmp(v.words[4], "-") == 0
                          ? 0
                          : support_unhex((uint8_t *)text, sizeof(text) - 1, v.words[4]);
        if (strlen(text) != size)
            continue; /* a NUL within ends a C string */
        bool is_fine = strcmp(v.words[2], "FINE") == 0;
        int error = elig_normalise(out, (uint8_t)vector_number(&v, 1), text);
        ck_assert_msg(error == (is_fine ? ELIG_FINE : ELIG_BAD_IDENTIFIER), "%s", v.words[0]);
        ck_assert_str_eq(out, is_fine ? v.words[3] : "untouched");
    }
    char out[ELIG_IDENTIFIER_SIZE_MAX + 1];
    ck_assert_int_eq(elig_normalise(out, 0, "ABCD"), ELIG_BAD_ARGUMENT);
    ck_assert_int_eq(elig_normalise(out, 5, "ABCD"), ELIG_BAD_ARGUMENT);
}
END_TEST

START_TEST(every_error_and_status_has_words)
{
    for (int error = ELIG_FINE; error >= ELIG_NO_COUNTER; error--) {
        ck_assert_str_ne(elig_error_text(error), "unknown error");
        for (int other = ELIG_FINE; other > error; other--)
            ck_assert_str_ne(elig_error_text(error), elig_error_text(other));
    }
    ck_assert_str_eq(elig_error_text(1), "unknown error");
    ck_assert_str_eq(elig_error_text(ELIG_NO_COUNTER - 1), "unknown error");
    ck_assert_str_eq(elig_status_name(ELIG_NO_DATA), "NO_DATA");
    ck_assert_str_eq(elig_status_text(ELIG_APPLIES), "a relief applies");
}
END_TEST

/* ---- eligctl ---- */

struct said {
    int exit_status;
    char text[4096]; /* both streams */
};

static struct said run_eligctl(const char *words)
{
    struct said said = {.exit_status = -1};
    char command[1024];
    const char *bin = getenv("ELIG_BIN");
    snprintf(command, sizeof(command), "echo 010100-00018 | '%s/eligctl' %s --connect %s 2>&1",
             bin != NULL ? bin : "build/bin", words, server.address);
    FILE *from = popen(command, "r");
    ck_assert_ptr_nonnull(from);
    size_t size = fread(said.text, 1, sizeof(said.text) - 1, from);
    said.text[size] = '\0';
    int status = pclose(from);
    if (WIFEXITED(status))
        said.exit_status = WEXITSTATUS(status);
    return said;
}

#define NEW_YEAR_S 1798754400 /* 2027-01-01T00:00 in Riga */

static const struct {
    struct response answer;
    const char *words;
    int exit_status;
    const char *wanted; /* what is said begins so */
} dialogues[] = {
    {{.status = STATUS_APPLIES,
      .relief = 3735,
      .relief_amount = 15000,
      .valid_until_s = NEW_YEAR_S,
      .generation = 12},
     "check --product 1 --price 1.50",
     0,
     "A relief applies: relief 3735, 1.50 EUR off, 0.00 EUR to pay, until 2026-12-31 (Riga). "
     "Snapshot 12, fresh.\n"},
    {{.status = STATUS_APPLIES,
      .relief = 7,
      .relief_amount = 7725,
      .payable = 7725,
      .valid_until_s = NEW_YEAR_S + 15 * 3600,
      .generation = 12,
      .stale_h = 49},
     "check --product 1 --price 1.545",
     0,
     "A relief applies: relief 7, 0.7725 EUR off, 0.7725 EUR to pay, until 2027-01-01 15:00 "
     "(Riga). "
     "Snapshot 12, a source of it is overdue for 49 h.\n"},
    {{.status = STATUS_DOES_NOT_APPLY, .payable = 15450, .generation = 12},
     "check --product 1 --price 1.545",
     1,
     "No relief applies: 1.545 EUR to pay. Snapshot 12, fresh.\n"},
    {{.status = STATUS_NO_DATA, .payable = 15000, .generation = 12},
     "check --product 1 --price 1.50",
     1,
     "Cannot be decided: data of a register are missing: 1.50 EUR to pay."},
    {{.status = STATUS_UNKNOWN_PRODUCT, .payable = 15000, .generation = 12},
     "check --product 99 --price 1.50",
     1,
     "The product is not in the catalogue: 1.50 EUR to pay."},
    {{.status = STATUS_UNKNOWN_POINT_OF_SALE, .payable = 15000, .generation = 12},
     "check --product 1001 --price 1.50 --point-of-sale 999",
     1,
     "The point of sale is not in the catalogue: 1.50 EUR to pay. Snapshot 12, fresh.\n"
     "Asked for: 1 of product 1001, at point of sale 999.\n"},
    {{.status = STATUS_NO_CONTRACT, .payable = 45000, .generation = 12},
     "check --product 1001 --price 1.50 --point-of-sale 42 --quantity 3 --companions 1",
     1,
     "No relief on this product is contracted at this point of sale: 4.50 EUR to pay. "
     "Snapshot 12, fresh.\n"
     "Asked for: 3 of product 1001, 1 of them for companions, at point of sale 42.\n"},
    {{.status = STATUS_APPLIES,
      .relief = 71,
      .relief_amount = 15000,
      .payable = 15000,
      .split = 65535,
      .valid_until_s = NEW_YEAR_S,
      .generation = 12},
     "check --product 1 --price 1.50 --quantity 2 --companions 255",
     0,
     "Several reliefs apply: relief 71, 1.50 EUR off, 1.50 EUR to pay, until 2026-12-31 (Riga). "
     "Snapshot 12, fresh.\nAsked for: 2 of product 1, 1 of them for companions.\n"},
    {{.status = STATUS_APPLIES, .relief = RELIEF_UNTOLD, .relief_amount = 15000, .generation = 12},
     "check --product 1 --price 1.50",
     0,
     "A relief applies: 1.50 EUR off, 0.00 EUR to pay. Snapshot 12, fresh.\n"},
    {{.status = STATUS_NO_CONTRACT, .payable = 15000, .generation = 12},
     "check --product 1 --price 1.50 --json",
     1,
     "{\n  \"status\": \"NO_CONTRACT\",\n  \"status_number\": 304,\n"},
    {{.status = STATUS_BUSY, .wait_ms = 250, .generation = 12},
     "check --product 1 --price 1.50",
     3,
     "eligctl check: unix:"},
    {{.status = STATUS_NOT_READY},
     "check --product 1 --price 1.50 --json",
     3,
     "{\n  \"status\": \"NOT_READY\",\n  \"status_number\": 203,\n"},
    {{.status = STATUS_APPLIES,
      .relief = 3735,
      .relief_amount = 15000,
      .valid_until_s = NEW_YEAR_S,
      .generation = 12},
     "check --product 1 --price 1.50 --json",
     0,
     "{\n  \"status\": \"APPLIES\",\n  \"status_number\": 310,\n"
     "  \"status_text\": \"a relief applies\",\n  \"applies\": true,\n  \"relief\": 3735,\n"
     "  \"relief_amount\": 15000,\n  \"payable\": 0,\n  \"split\": 0,\n"
     "  \"valid_until_s\": 1798754400,\n"},
    {{.status = STATUS_OK, .generation = 12}, "ping", 0, "OK: answered in "},
    {{.status = STATUS_OK, .generation = 12}, "ping --count 3", 0, "OK: 3 answered in "},
    {{.status = STATUS_OK, .generation = 12},
     "ping --json",
     0,
     "{\n  \"status\": \"OK\",\n  \"status_number\": 0,\n  \"status_text\": \"ok\",\n  \"count\": "
     "1,"},
    {{.status = STATUS_NOT_READY}, "ping --count 3", 1, "NOT_READY: answered in "},
    {{.status = STATUS_OK},
     "status",
     0,
     "Snapshot 12, fresh.\nidentifiers  3\npersons      2\nchecks       7\nconnections  1\n"
     "running for  1 d 01:01:01\n"},
    {{.status = STATUS_OK},
     "status --json",
     0,
     "{\n  \"status\": \"OK\",\n  \"status_number\": 0,\n  \"status_text\": \"ok\",\n"
     "  \"check_count\": 7,\n  \"identifier_count\": 3,\n  \"person_count\": 2,\n"},
    {{.status = STATUS_NOT_READY}, "status", 3, "eligctl status: unix:"},
};

START_TEST(eligctl_says_in_words_and_exit_status_what_was_answered)
{
    struct response answer = dialogues[_i].answer;
    answer.remaining = REMAINING_UNPUBLISHED;
    order_answer(answer);
    order_report((struct report){.check_count = 7,
                                 .generation = 12,
                                 .identifier_count = 3,
                                 .person_count = 2,
                                 .uptime_s = 86400 + 3661,
                                 .connection_count = 1});
    struct said said = run_eligctl(dialogues[_i].words);
    ck_assert_msg(strncmp(said.text, dialogues[_i].wanted, strlen(dialogues[_i].wanted)) == 0,
                  "%s said: %s", dialogues[_i].words, said.text);
    ck_assert_int_eq(said.exit_status, dialogues[_i].exit_status);
    ck_assert_ptr_null(strstr(said.text, "00018"));
}
END_TEST

START_TEST(eligctl_cannot_ask_a_server_that_fails)
{
    order_manner(mishaps[_i].manner);
    char words[64];
    snprintf(words, sizeof(words), "check --product 1 --price 1.50 --timeout-ms %u",
             timeout_of(mishaps[_i].error));
    struct said said = run_eligctl(words);
    ck_assert_msg(strstr(said.text, elig_error_text(mishaps[_i].error)) != NULL, "said: %s",
                  said.text);
    ck_assert_int_eq(said.exit_status, 3);
    ck_assert_ptr_null(strstr(said.text, "00018"));
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

int main(void)
{
    Suite *suite = suite_create("client");
    TCase *tests = tcase_create("client");
    tcase_add_checked_fixture(tests, set_up, stop);
    tcase_set_timeout(tests, 30);
    tcase_add_loop_test(tests, an_answer_comes_back_whole_however_it_is_cut, 0, 2);
    tcase_add_test(tests, a_server_is_found_on_ipv4_too);
    tcase_add_test(tests, a_report_comes_back_and_a_refusal_with_its_wait);
    tcase_add_test(tests, many_are_answered_in_order_and_what_was_answered_is_told);
    tcase_add_loop_test(tests, a_server_that_fails_is_told_apart_and_not_asked_again, 0,
                        ROWS(mishaps));
    tcase_add_loop_test(tests, a_closed_server_is_an_error_and_no_signal, 0, 2);
    tcase_add_test(tests, a_listener_that_never_accepts_is_a_timeout);
    tcase_add_loop_test(tests, an_address_that_leads_nowhere_is_an_error, 0, ROWS(addresses));
    tcase_add_loop_test(tests, a_transaction_ends_with_an_answer_that_stays_or_is_not_known, 0,
                        ROWS(outcomes));
    tcase_add_test(tests, what_became_of_a_transaction_is_asked_as_any_question);
    tcase_add_test(tests, a_wrong_call_is_refused_and_harms_nothing);
    tcase_add_loop_test(tests, a_request_is_encoded_as_the_vectors_say_and_read_back, 0, 2);
    tcase_add_test(tests, a_request_that_makes_no_frame_is_not_encoded);
    tcase_add_test(tests, an_identifier_is_normalised_as_the_vectors_say);
    tcase_add_test(tests, every_error_and_status_has_words);
    tcase_add_loop_test(tests, eligctl_says_in_words_and_exit_status_what_was_answered, 0,
                        ROWS(dialogues));
    tcase_add_loop_test(tests, eligctl_cannot_ask_a_server_that_fails, 0, ROWS(mishaps));
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
