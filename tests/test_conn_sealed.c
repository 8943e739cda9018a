/* Sealed connections over socket pairs, with a loop that the test turns itself: from the HELLO to
 * the close, in every state in which a connection can be when something else happens. */
#include "engine/conn.h"
#include "engine/conn_parts.h"
#include "engine/listener.h"
#include "tests/ledger_fake.h"
#include "tests/lobby.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#define TURNS_MAX   lobby_wait_ms() /* each of a millisecond, or none */
#define CONNECTIONS (CONN_BUFFERS_MAX + 40)
#define LONG_FRAMES 100 /* a record that does not fit beside its connection */
#define NEVER_MS    3600000

struct till {
    struct elig_session session;
    struct elig_event event;
    int fd;
};

static struct lobby lobby;
static struct ev_loop *ev;
static struct ev_async async;
static struct conns *conns;
static struct metrics metrics;
static struct metrics_board board;
static struct answerer answerer;
static struct ledger *ledger; /* NULL: there is none */
static struct transactions transactions;
static _Atomic uint32_t connection_count;
static struct till tills[CONNECTIONS];
static struct till *const till = &tills[0];
static uint8_t frames[LONG_FRAMES * FRAME_SIZE];

/* ---- the scene ---- */

/* What connections take for the time: libev's own, or long ago. */
static bool is_long_ago;

ev_tstamp ev_now(struct ev_loop *loop)
{
    (void)loop;
    return is_long_ago ? 0 : ev_time();
}

static void wake(uint32_t loop)
{
    if (loop == 0)
        ev_async_send(ev, &async);
}

static void shake(struct ev_loop *loop, ev_async *watcher, int events)
{
    (void)loop;
    (void)watcher;
    (void)events;
    while (conns_shake(conns))
        ;
}

static void open_conns(uint32_t hello_ms, uint32_t session_ms, uint32_t frame_ms)
{
    struct fault fault;
    struct conns_settings settings = {
        .connection_count_max = CONNECTIONS,
        .connection_count = &connection_count,
        .idle_ms = NEVER_MS,
        .frame_ms = frame_ms,
        .write_ms = NEVER_MS,
        .hello_ms = hello_ms,
        .session_ms = session_ms,
        .seed = 5,
        .handshakes = lobby.handshakes,
        .identity = &lobby.identity,
        .ledger = ledger,
        .ev = ev,
        .answerer = &answerer,
        .metrics = &metrics,
    };
    ck_assert_msg(conns_open(&conns, &settings, &fault), "%s", fault.text);
    conns_use(conns, store_take(lobby.store, 0));
}

static void reopen(uint32_t hello_ms, uint32_t session_ms, uint32_t frame_ms)
{
    conns_close(conns);
    open_conns(hello_ms, session_ms, frame_ms);
}

static void open_all(void)
{
    lobby_open(&lobby, 64);
    lobby.wake = wake;
    ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    ev_async_init(&async, shake);
    ev_async_start(ev, &async);
    board = (struct metrics_board){&metrics, 1, 1};
    answerer.metrics = &metrics;
    answerer.board = &board;
    answerer.guard = lobby.guard;
    for (size_t i = 0; i < LONG_FRAMES; i++)
        lobby_check_frame(frames + i * FRAME_SIZE, i % 2 ? LOBBY_CODE : LOBBY_STRANGER, i + 1);
    lobby_revoke(&lobby, 1, 0, 0);
    lobby_open_handshakes(&lobby, true);
    open_conns(NEVER_MS, NEVER_MS, NEVER_MS);
}

static void close_all(void)
{
    conns_close(conns);
    ck_assert_uint_eq(connection_count, 0);
    ck_assert_uint_eq(metric_read(&metrics.accepted), metric_read(&metrics.closed));
    ck_assert_uint_eq(metric_read(&metrics.sessions), metric_read(&metrics.sessions_ended));
    lobby_close_handshakes(&lobby); /* before the loop that its thread wakes */
    ev_loop_destroy(ev);
    lobby_close(&lobby);
}

/* ---- a terminal ---- */

static void turn(void)
{
    ev_run(ev, EVRUN_NOWAIT);
}

static void turn_often(void)
{
    for (int i = 0; i < 10; i++)
        turn();
}

static void connect_till(struct till *one)
{
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    ck_assert(conns_admit(conns, pair[1]));
    conns_add(conns, pair[1], 0);
    one->fd = pair[0];
}

static void send_bytes(const struct till *one, const uint8_t *bytes, size_t size)
{
    ck_assert_int_eq(send(one->fd, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
    turn();
}

static void make_hello(struct till *one, uint32_t number, uint8_t hello[static HELLO_SIZE])
{
    struct elig_session_settings settings = lobby_terminal(&lobby, number);
    elig_session_close(&one->session);
    lobby_greet(&lobby, &one->session, &settings, hello);
}

static void greet(struct till *one, uint32_t number)
{
    uint8_t hello[HELLO_SIZE];
    make_hello(one, number, hello);
    connect_till(one);
    send_bytes(one, hello, sizeof(hello));
}

/* What comes next; ELIG_EVENT_OVER with cause NONE when the stream has ended. */
static int next(struct till *one)
{
    uint8_t byte;
    for (int i = 0; i < TURNS_MAX; i++) {
        turn();
        ssize_t got = recv(one->fd, &byte, 1, 0);
        if (got == 1) {
            elig_session_take(&one->session, &byte, 1, &one->event);
            i = 0;
            if (one->event.kind != ELIG_EVENT_NONE)
                return one->event.kind;
        } else if (got == 0 || errno == ECONNRESET) {
            one->event = (struct elig_event){.kind = ELIG_EVENT_OVER};
            return ELIG_EVENT_OVER;
        } else {
            struct pollfd watch = {.fd = one->fd, .events = POLLIN};
            poll(&watch, 1, 1);
        }
    }
    ck_abort_msg("nothing came");
    return ELIG_EVENT_NONE;
}

static bool is_shut_out(struct till *one)
{
    return next(one) == ELIG_EVENT_OVER && one->event.cause == ELIG_CAUSE_NONE;
}

static void open_till(struct till *one, uint32_t number)
{
    greet(one, number);
    ck_assert_int_eq(next(one), ELIG_EVENT_ACCEPTED);
}

static size_t put(struct till *one, uint8_t *record, size_t frame_count)
{
    size_t size;
    ck_assert_int_eq(
        elig_session_put(&one->session, frames, frame_count, record, RECORD_SIZE_MAX, &size),
        ELIG_FINE);
    return size;
}

static void check_answers(struct till *one, size_t frame_count)
{
    ck_assert_int_eq(next(one), ELIG_EVENT_FRAMES);
    ck_assert_uint_eq(one->event.frame_count, frame_count);
    for (size_t i = 0; i < frame_count; i++) {
        struct response response;
        ck_assert(frame_decode_response(&response, one->event.frames + i * FRAME_SIZE));
        ck_assert_uint_eq(response.request_id, i + 1);
        ck_assert_uint_eq(response.status, i % 2 ? STATUS_APPLIES : STATUS_DOES_NOT_APPLY);
    }
}

static void ask(struct till *one, size_t frame_count)
{
    static uint8_t record[RECORD_SIZE_MAX];
    send_bytes(one, record, put(one, record, frame_count));
    check_answers(one, frame_count);
}

/* ---- beginnings ---- */

START_TEST(a_session_begins_and_is_answered)
{
    lobby_start(&lobby);
    open_till(till, LOBBY_TILL);
    ask(till, 1);
    ask(till, LONG_FRAMES);
    ck_assert_uint_eq(metric_read(&metrics.sessions), 1);
}
END_TEST

START_TEST(a_hello_may_come_in_any_two_pieces)
{
    lobby_start(&lobby);
    for (size_t cut = 1; cut < HELLO_SIZE; cut += 13) {
        uint8_t hello[HELLO_SIZE];
        make_hello(till, LOBBY_TILL, hello);
        connect_till(till);
        send_bytes(till, hello, cut);
        send_bytes(till, hello + cut, sizeof(hello) - cut);
        ck_assert_int_eq(next(till), ELIG_EVENT_ACCEPTED);
        ask(till, 2);
        close(till->fd);
    }
}
END_TEST

START_TEST(records_may_come_in_any_pieces_also_long_ones)
{
    static uint8_t record[RECORD_SIZE_MAX];
    lobby_start(&lobby);
    open_till(till, LOBBY_TILL);
    for (size_t piece = 1; piece <= 4096; piece = piece * 3 + 1) {
        size_t size = put(till, record, LONG_FRAMES);
        for (size_t at = 0; at < size; at += piece)
            send_bytes(till, record + at, size - at < piece ? size - at : piece);
        check_answers(till, LONG_FRAMES);
    }
}
END_TEST

/* Whoever has not been accepted has no keys to seal with. */
START_TEST(more_than_a_hello_is_none)
{
    uint8_t hello[HELLO_SIZE + 1] = {0};
    lobby_start(&lobby);
    make_hello(till, LOBBY_TILL, hello);
    connect_till(till);
    send_bytes(till, hello, sizeof(hello));
    ck_assert(is_shut_out(till));
    ck_assert_uint_eq(metric_read(&metrics.hello_malformed), 1);
}
END_TEST

START_TEST(a_flipped_bit_of_mac1_costs_no_handshake)
{
    uint8_t hello[HELLO_SIZE];
    make_hello(till, LOBBY_TILL, hello); /* no thread runs: nobody could open it */
    hello[HEADER_SIZE + HELLO_MAC1 + 3] ^= 4;
    connect_till(till);
    send_bytes(till, hello, sizeof(hello));
    ck_assert(is_shut_out(till));
    ck_assert_uint_eq(metric_read(&metrics.hello_misaddressed), 1);
}
END_TEST

START_TEST(a_client_that_left_while_its_hello_waited_harms_nobody)
{
    for (int i = 0; i < 20; i++) {
        greet(&tills[i], LOBBY_TILL);
        close(tills[i].fd); /* not noticed: while a HELLO waits nothing is read */
    }
    lobby_start(&lobby);
    open_till(&tills[20], LOBBY_GATE);
    for (int i = 0; i < TURNS_MAX && conns_count(conns) > 1; i++)
        turn();
    ck_assert_uint_eq(conns_count(conns), 1);
    ask(&tills[20], 1);
}
END_TEST

/* What was made for a connection that is gone goes to nobody, though another has its place. */
START_TEST(a_session_goes_to_the_connection_that_asked_and_to_no_other)
{
    greet(till, LOBBY_TILL);
    conns_end(conns);
    ck_assert(is_shut_out(till));
    greet(&tills[1], LOBBY_GATE); /* in the same place, and waiting likewise */
    lobby_start(&lobby);
    ck_assert_int_eq(next(&tills[1]), ELIG_EVENT_ACCEPTED);
    ask(&tills[1], 1);
    ck_assert_uint_eq(metric_read(&metrics.sessions), 1);
}
END_TEST

/* ---- who a terminal is decides what it sees ---- */

static struct response ask_about(struct till *one, const char *code, uint32_t point)
{
    static uint8_t record[RECORD_SIZE_MAX];
    uint8_t frame[FRAME_SIZE];
    struct response response;
    size_t size;
    lobby_check_frame(frame, code, 1);
    store_u32(frame + REQUEST_POINT_OF_SALE, point);
    ck_assert_int_eq(elig_session_put(&one->session, frame, 1, record, sizeof(record), &size),
                     ELIG_FINE);
    send_bytes(one, record, size);
    ck_assert_int_eq(next(one), ELIG_EVENT_FRAMES);
    ck_assert(frame_decode_response(&response, one->event.frames));
    return response;
}

START_TEST(every_session_is_answered_by_its_terminals_profile)
{
    lobby_start(&lobby);
    open_till(till, LOBBY_TILL);
    open_till(&tills[1], LOBBY_GATE);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(ask_about(till, LOBBY_CODE, LOBBY_POINT).relief, 4711);
        ck_assert_uint_eq(ask_about(&tills[1], LOBBY_CODE, LOBBY_POINT).relief, RELIEF_UNTOLD);
    }
}
END_TEST

START_TEST(a_terminal_asks_only_where_it_sells)
{
    lobby_start(&lobby);
    open_till(till, LOBBY_TILL);
    ck_assert_uint_eq(ask_about(till, LOBBY_CODE, LOBBY_POINT).status, STATUS_APPLIES);
    ck_assert_uint_eq(ask_about(till, LOBBY_CODE, LOBBY_POINT + 1).status, STATUS_NOT_PERMITTED);
}
END_TEST

START_TEST(a_terminals_budget_is_that_of_all_its_sessions)
{
    char code[12];
    lobby_start(&lobby);
    answerer.limits.per_day = 4;
    for (uint32_t i = 0; i < 8; i++) {
        if (i % 2 == 0)
            open_till(&tills[i], LOBBY_TILL);
        snprintf(code, sizeof(code), "3210000000%u", i);
        struct response response = ask_about(&tills[i / 2 * 2], code, LOBBY_POINT);
        ck_assert_uint_eq(response.status, i < 4 ? STATUS_DOES_NOT_APPLY : STATUS_BUSY);
        ck_assert((response.wait_ms > 0) == (i >= 4));
    }
    open_till(&tills[20], LOBBY_GATE);
    ck_assert_uint_eq(ask_about(&tills[20], "32100000009", LOBBY_POINT).status,
                      STATUS_DOES_NOT_APPLY);
    ck_assert_uint_eq(metric_read(&metrics.rationed), 4);
}
END_TEST

START_TEST(when_as_many_hellos_wait_as_may_others_are_told_to_come_back)
{
    struct handshake_asked asked = {.serial = 12345};
    for (uint32_t i = 0; i < HANDSHAKES_WAITING_MAX; i++) {
        asked.source = i;
        ck_assert_int_eq(handshakes_submit(lobby.handshakes, &asked), SUBMITTED);
    }
    for (int i = 0; i < 5; i++) {
        greet(&tills[i], LOBBY_TILL);
        ck_assert_int_eq(next(&tills[i]), ELIG_EVENT_BUSY);
        ck_assert_uint_ge(tills[i].event.wait_ms, CONN_BUSY_MS_LEAST);
        ck_assert(i == 0 || tills[i].event.wait_ms != tills[i - 1].event.wait_ms);
    }
    ck_assert_uint_eq(metric_read(&metrics.hello_busy), 5);
    ck_assert_uint_eq(metric_read(&metrics.hello_crowded), 0);
    ck_assert_uint_eq(metric_read(&metrics.sessions), 0);
}
END_TEST

/* A connection from 127.0.0.1, and where it comes from. */
static uint64_t connect_by_tcp(struct till *one)
{
    struct address address;
    struct fault fault;
    struct sockaddr_storage peer;
    socklen_t size = sizeof(peer);
    int listening;
    ck_assert(listener_parse_sealed(&address, "127.0.0.1:0", &fault));
    ck_assert_msg(listener_open_tcp(&listening, &address, NEVER_MS, &fault), "%s", fault.text);
    one->fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(one->fd, (struct sockaddr *)&address.socket, address.size), 0);
    ck_assert_int_eq(fcntl(one->fd, F_SETFL, O_NONBLOCK), 0);
    int fd = accept4(listening, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK);
    ck_assert_int_ge(fd, 0);
    close(listening);
    ck_assert(conns_admit(conns, fd));
    conns_add(conns, fd, 0);
    return listener_source(&peer);
}

/* Whoever has the queue's beginning and comes from where this terminal does, or from elsewhere. */
START_TEST(a_crowd_from_one_address_sends_away_its_own_only)
{
    uint8_t hello[HELLO_SIZE];
    struct handshake_asked asked = {.serial = 12345};
    make_hello(till, LOBBY_TILL, hello);
    asked.source = connect_by_tcp(till) + (_i == 0 ? 0 : 1);
    for (uint32_t i = 0; i < HANDSHAKES_CROWD_MIN; i++)
        ck_assert_int_eq(handshakes_submit(lobby.handshakes, &asked), SUBMITTED);
    send_bytes(till, hello, sizeof(hello));
    if (_i == 1)
        lobby_start(&lobby);
    ck_assert_int_eq(next(till), _i == 0 ? ELIG_EVENT_BUSY : ELIG_EVENT_ACCEPTED);
    ck_assert_uint_eq(metric_read(&metrics.hello_busy), _i == 0);
    ck_assert_uint_eq(metric_read(&metrics.hello_crowded), _i == 0);
}
END_TEST

START_TEST(a_server_that_leaves_sends_newcomers_away_and_answers_the_others)
{
    static uint8_t record[RECORD_SIZE_MAX];
    lobby_start(&lobby);
    open_till(till, LOBBY_TILL);
    conns_drain(conns, 250);
    greet(&tills[1], LOBBY_TILL);
    ck_assert_int_eq(next(&tills[1]), ELIG_EVENT_BUSY);
    send_bytes(till, record, put(till, record, 2));
    ck_assert_int_eq(next(till), ELIG_EVENT_FRAMES);
    ck_assert_uint_eq(load_u16(till->event.frames + RESPONSE_STATUS), STATUS_DRAINING);
}
END_TEST

/* ---- deadlines ---- */

START_TEST(a_hello_has_a_deadline_however_it_trickles)
{
    uint8_t hello[HELLO_SIZE];
    lobby_start(&lobby);
    reopen(40, NEVER_MS, NEVER_MS);
    make_hello(till, LOBBY_TILL, hello);
    connect_till(till);
    for (size_t i = 0; i < HELLO_SIZE - 1 && conns_count(conns) > 0; i++) {
        (void)send(till->fd, hello + i, 1, MSG_NOSIGNAL);
        turn();
        usleep(1000);
    }
    ck_assert(is_shut_out(till));
    ck_assert_uint_eq(metric_read(&metrics.hello_closed), 1);
}
END_TEST

START_TEST(whoever_is_accepted_and_never_proves_its_keys_is_closed)
{
    static uint8_t record[RECORD_SIZE_MAX];
    lobby_start(&lobby);
    reopen(1000, NEVER_MS, NEVER_MS);
    open_till(till, LOBBY_TILL);
    if (_i == 1)
        send_bytes(till, record, put(till, record, LONG_FRAMES) - 1);
    ck_assert(is_shut_out(till));
    ck_assert_uint_eq(metric_read(&metrics.hello_closed), 1);
    ck_assert_uint_eq(metric_read(&metrics.sessions_ended), 1);
}
END_TEST

START_TEST(a_record_has_one_deadline_once_the_session_is_confirmed)
{
    static uint8_t record[RECORD_SIZE_MAX];
    lobby_start(&lobby);
    reopen(NEVER_MS, NEVER_MS, 60);
    open_till(till, LOBBY_TILL);
    ask(till, 1);
    size_t size = put(till, record, LONG_FRAMES);
    for (size_t i = 0; i < size - 1 && conns_count(conns) > 0; i++) {
        (void)send(till->fd, record + i, 1, MSG_NOSIGNAL);
        turn();
        usleep(1000);
    }
    ck_assert(is_shut_out(till));
    ck_assert_uint_eq(metric_read(&metrics.frame_closed), 1);
}
END_TEST

/* Nothing more that the server sends on this socket is taken. */
static void fill_socket(int fd)
{
    static uint8_t filling[4096];
    while (send(fd, filling, sizeof(filling), MSG_NOSIGNAL) > 0)
        ;
    while (send(fd, filling, 1, MSG_NOSIGNAL) > 0)
        ;
}

/* The socket is full before the server says a word; its HELLO is answered when that is read. */
static void greet_behind_a_full_socket(struct till *one, bool *is_full)
{
    uint8_t hello[HELLO_SIZE];
    int pair[2];
    make_hello(one, LOBBY_TILL, hello);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    fill_socket(pair[1]);
    ck_assert(conns_admit(conns, pair[1]));
    conns_add(conns, pair[1], 0);
    one->fd = pair[0];
    send_bytes(one, hello, sizeof(hello));
    for (int i = 0; i < TURNS_MAX && metric_read(&metrics.held_back) == 0; i++) {
        turn();
        usleep(1000);
    }
    *is_full = metric_read(&metrics.held_back) == 1;
}

static void drain_filling(struct till *one)
{
    static uint8_t filling[4096];
    ssize_t got;
    while ((got = recv(one->fd, filling, sizeof(filling), MSG_PEEK)) > 0) {
        size_t zeros = 0;
        while (zeros < (size_t)got && filling[zeros] == 0)
            zeros++;
        if (zeros == 0)
            return;
        ck_assert_int_eq(recv(one->fd, filling, zeros, 0), (ssize_t)zeros);
        turn();
    }
}

/* The wait for the first record begins when the ACCEPT has gone, and not with the wait for that. */
START_TEST(an_accept_that_was_held_back_is_followed_by_the_wait_for_a_record)
{
    bool is_full;
    lobby_start(&lobby);
    reopen(1000, NEVER_MS, NEVER_MS);
    greet_behind_a_full_socket(till, &is_full);
    ck_assert(is_full);
    for (int i = 0; i < 1200; i++) { /* longer than a HELLO or a record may take */
        turn();
        usleep(1000);
    }
    ck_assert_uint_eq(conns_count(conns), 1);
    drain_filling(till);
    ck_assert_int_eq(next(till), ELIG_EVENT_ACCEPTED);
    if (_i == 1) {
        ask(till, 1);
        return;
    }
    ck_assert(is_shut_out(till));
    ck_assert_uint_eq(metric_read(&metrics.hello_closed), 1);
}
END_TEST

START_TEST(a_session_ends_after_its_hour_though_nothing_is_asked)
{
    lobby_start(&lobby);
    reopen(NEVER_MS, 30, 100); /* ticks of a few milliseconds */
    open_till(till, LOBBY_TILL);
    ck_assert(is_shut_out(till));
    ck_assert_uint_eq(metric_read(&metrics.session_over), 1);
}
END_TEST

/* ---- the catalogue and the list of revocations ---- */

START_TEST(a_session_outlives_editions_that_have_its_terminal_and_no_other)
{
    lobby_start(&lobby);
    open_till(till, LOBBY_TILL);
    open_till(&tills[1], LOBBY_GATE);
    for (int round = 0; round < 3; round++) {
        if (round == 2)
            fixture_terminal_at(lobby.fixture, LOBBY_TILL)->until_day = FIXTURE_FROM_DAY;
        uint64_t swap_count = store_swap_count(lobby.store);
        fixture_publish(lobby.fixture);
        store_look(lobby.store);
        for (int ms = 0; ms < lobby_wait_ms() && store_swap_count(lobby.store) == swap_count;
             ms++) {
            conns_use(conns, store_take(lobby.store, 0));
            (void)store_take(lobby.store, 1);
            usleep(1000);
        }
        conns_use(conns, store_take(lobby.store, 0));
        ask(&tills[1], 1);
        if (round < 2)
            ask(till, 2);
    }
    ck_assert(is_shut_out(till));
    ck_assert_uint_eq(metric_read(&metrics.session_over), 1);
}
END_TEST

/* Days pass while nobody is connected, and nothing ticks then: a terminal whose first day has come
 * meanwhile is served at once. */
START_TEST(a_day_that_began_while_nobody_was_here_is_noticed)
{
    lobby_start(&lobby);
    is_long_ago = true; /* nobody was in force yet */
    reopen(NEVER_MS, NEVER_MS, NEVER_MS);
    is_long_ago = false;
    open_till(till, LOBBY_TILL);
    ask(till, 1);
    ck_assert_uint_eq(metric_read(&metrics.session_over), 0);
}
END_TEST

START_TEST(a_revoked_session_is_closed_in_whatever_state_it_is)
{
    static uint8_t record[RECORD_SIZE_MAX];
    lobby_start(&lobby);
    open_till(till, LOBBY_TILL);
    open_till(&tills[1], LOBBY_TILL);
    open_till(&tills[2], LOBBY_GATE);
    send_bytes(&tills[1], record, put(&tills[1], record, LONG_FRAMES) - 5);
    lobby_revoke(&lobby, 2, LOBBY_TILL, 0);
    ck_assert(is_shut_out(till));
    ck_assert(is_shut_out(&tills[1]));
    ask(&tills[2], 1);
    ck_assert_uint_eq(metric_read(&metrics.session_revoked), 2);
}
END_TEST

/* ---- the ledger ---- */

/* From now on there is one, whose verdicts come when it is let go. */
static void open_ledger(void)
{
    static struct identity_key subject_key = {{4}};
    ledger = ledger_fake_open(1, NULL, NULL);
    ledger_fake_hold(ledger);
    answerer.transactions = &transactions;
    answerer.subject_key = &subject_key;
    reopen(NEVER_MS, NEVER_MS, NEVER_MS);
}

static void close_ledger(void)
{
    conns_close(conns);
    ledger_close(ledger);
    ledger = NULL;
    answerer.transactions = NULL;
    open_conns(NEVER_MS, NEVER_MS, NEVER_MS);
}

static void give_verdicts(void)
{
    ledger_fake_let_go(ledger, false);
    while (conns_commit(conns))
        ;
}

/* A record of so many frames, every third of which is a USE. */
static size_t put_uses(struct till *one, uint8_t *record, size_t frame_count)
{
    for (size_t i = 0; i < frame_count; i++)
        frames[i * FRAME_SIZE + REQUEST_KIND] = i % 3 == 1 ? KIND_USE : KIND_CHECK;
    return put(one, record, frame_count);
}

START_TEST(a_record_with_transactions_and_those_behind_it_are_answered_with_their_verdicts)
{
    static uint8_t records[3 * RECORD_SIZE_MAX];
    lobby_start(&lobby);
    open_ledger();
    open_till(till, LOBBY_TILL);
    size_t size = put(till, records, 2);
    size += put_uses(till, records + size, (size_t)_i);
    size += put_uses(till, records + size, 4);
    /* The beginning of the third waits beside. */
    send_bytes(till, records, size - 50);
    turn_often();
    size_t asked_count = ledger_fake_waiting(ledger);
    ck_assert_uint_eq(asked_count, ((size_t)_i + 1) / 3);
    give_verdicts();
    check_answers(till, 2);
    check_answers(till, (size_t)_i);
    send_bytes(till, records + size - 50, 50);
    turn_often();
    ck_assert_uint_eq(ledger_fake_waiting(ledger), 1);
    ck_assert_uint_eq(ledger_fake_last(ledger)->terminal, LOBBY_TILL);
    ck_assert_uint_eq(ledger_fake_last(ledger)->provider, LOBBY_PROVIDER);
    give_verdicts();
    check_answers(till, 4);
    close_ledger();
}
END_TEST

START_TEST(a_record_of_checks_behind_one_with_a_transaction_is_answered_with_it)
{
    static uint8_t records[2 * RECORD_SIZE_MAX];
    lobby_start(&lobby);
    open_ledger();
    open_till(till, LOBBY_TILL);
    size_t size = put_uses(till, records, 2);
    size += put_uses(till, records + size, 1);
    send_bytes(till, records, size);
    turn_often();
    ck_assert_uint_eq(ledger_fake_waiting(ledger), 1);
    give_verdicts();
    check_answers(till, 2);
    check_answers(till, 1);
    close_ledger();
}
END_TEST

START_TEST(a_terminal_that_is_revoked_while_it_waits_is_not_answered)
{
    static uint8_t record[RECORD_SIZE_MAX];
    lobby_start(&lobby);
    open_ledger();
    open_till(till, LOBBY_TILL);
    send_bytes(till, record, put_uses(till, record, 3));
    turn_often();
    ck_assert_uint_eq(ledger_fake_waiting(ledger), 1);
    lobby_revoke(&lobby, 2, LOBBY_TILL, 0);
    ck_assert(is_shut_out(till));
    give_verdicts();
    ck_assert_uint_eq(metric_read(&metrics.transactions_unanswered), 1);
    close_ledger();
}
END_TEST

/* ---- buffers ---- */

/* A terminal whose end takes little, with answers to so many records waiting for it. */
static size_t open_held_back(struct till *one)
{
    static uint8_t record[RECORD_SIZE_MAX];
    int narrow = 1;
    int pair[2];
    uint8_t hello[HELLO_SIZE];
    make_hello(one, LOBBY_TILL, hello);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    ck_assert_int_eq(setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &narrow, sizeof(narrow)), 0);
    ck_assert(conns_admit(conns, pair[1]));
    conns_add(conns, pair[1], 0);
    one->fd = pair[0];
    send_bytes(one, hello, sizeof(hello));
    ck_assert_int_eq(next(one), ELIG_EVENT_ACCEPTED);
    size_t sent_count = 0;
    while (metric_read(&metrics.held_back) == 0) {
        send_bytes(one, record, put(one, record, 40));
        turn();
        sent_count++;
    }
    return sent_count;
}

START_TEST(answers_that_wait_are_all_there_when_they_are_taken)
{
    lobby_start(&lobby);
    size_t sent_count = open_held_back(till);
    for (size_t i = 0; i < sent_count; i++)
        check_answers(till, 40);
    ask(till, 1);
}
END_TEST

START_TEST(the_end_comes_after_answers_that_wait)
{
    lobby_start(&lobby);
    size_t sent_count = open_held_back(till);
    conns_end(conns);
    conns_end(conns); /* changes nothing */
    for (size_t i = 0; i < sent_count; i++)
        check_answers(till, 40);
    ck_assert(is_shut_out(till));
    ck_assert_uint_eq(conns_count(conns), 1); /* lingers until we have ended, too */
    close(till->fd);
    turn_often();
    ck_assert_uint_eq(conns_count(conns), 0);
}
END_TEST

static void send_half(struct till *one, uint8_t *record)
{
    size_t size = put(one, record, LONG_FRAMES);
    send_bytes(one, record, size / 2);
}

static void send_rest(struct till *one, const uint8_t *record)
{
    send_bytes(one, record + DATA_SIZE(LONG_FRAMES) / 2,
               DATA_SIZE(LONG_FRAMES) - DATA_SIZE(LONG_FRAMES) / 2);
    check_answers(one, LONG_FRAMES);
}

/* Whether they have proved their keys or not: it is the one that has waited longest. */
START_TEST(when_buffers_run_out_the_longest_holder_is_closed_for_the_next)
{
    enum { MORE = 3 };
    static uint8_t records[CONN_BUFFERS_MAX + MORE][RECORD_SIZE_MAX];
    lobby_start(&lobby);
    for (int i = 0; i < CONN_BUFFERS_MAX + MORE; i++) {
        open_till(&tills[i], i % 2 ? LOBBY_TILL : LOBBY_GATE);
        if (_i == 1)
            ask(&tills[i], 1);
        send_half(&tills[i], records[i]);
    }
    ck_assert_uint_eq(metric_read(&metrics.frame_closed), MORE);
    ck_assert_uint_eq(conns_count(conns), CONN_BUFFERS_MAX);
    for (int i = 0; i < MORE; i++)
        ck_assert(is_shut_out(&tills[i]));
    for (int i = MORE; i < CONN_BUFFERS_MAX + MORE; i += 17)
        send_rest(&tills[i], records[i]);
}
END_TEST

/* Sessions that ended in the middle of a record linger for a while, and hold no buffer then. */
START_TEST(whoever_lingers_holds_no_buffer)
{
    static uint8_t records[2][RECORD_SIZE_MAX];
    lobby_start(&lobby);
    for (int i = 0; i < CONN_BUFFERS_MAX; i++) {
        open_till(&tills[i], i % 2 ? LOBBY_TILL : LOBBY_GATE);
        send_half(&tills[i], records[0]);
    }
    const struct edition *edition = store_take(lobby.store, 0);
    conns_use(conns, NULL); /* no catalogue has them */
    for (int i = 0; i < TURNS_MAX && metric_read(&metrics.session_over) < CONN_BUFFERS_MAX; i++) {
        turn();
        usleep(100);
    }
    ck_assert_uint_eq(metric_read(&metrics.session_over), CONN_BUFFERS_MAX);
    ck_assert_uint_eq(conns_count(conns), CONN_BUFFERS_MAX);
    conns_use(conns, edition);
    open_till(&tills[CONN_BUFFERS_MAX], LOBBY_TILL);
    send_half(&tills[CONN_BUFFERS_MAX], records[1]);
    send_rest(&tills[CONN_BUFFERS_MAX], records[1]);
}
END_TEST

/* Eight who ask as much as they can fill a round, and take no answers: for their buffers the one
 * that has held its own longest is closed, which is read from next. */
START_TEST(who_is_closed_for_a_buffer_is_not_read_from)
{
    enum { ASKING = ROUND_SIZE / CONN_READ_SIZE };
    static uint8_t records[CONN_BUFFERS_MAX][RECORD_SIZE_MAX], read[CONN_READ_SIZE];
    int fds[ASKING];
    lobby_start(&lobby);
    for (int i = 0; i < CONN_BUFFERS_MAX; i++) {
        open_till(&tills[i], i % 2 ? LOBBY_TILL : LOBBY_GATE);
        ask(&tills[i], 1);
        send_half(&tills[i], records[i]);
    }
    for (size_t i = 0; i < CONN_FRAMES_MAX; i++)
        lobby_check_frame(read + i * FRAME_SIZE, LOBBY_CODE, i);
    if (_i == 0) /* whoever was ready first is read from last, or first: libev may choose */
        ck_assert_int_eq(send(till->fd, records[0] + DATA_SIZE(LONG_FRAMES) / 2, 1, 0), 1);
    for (int i = 0; i < ASKING; i++) {
        int pair[2];
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
        fill_socket(pair[1]);
        ck_assert(conns_admit(conns, pair[1]));
        conns_add(conns, pair[1], PROFILE_INSPECTOR);
        fds[i] = pair[0];
        ck_assert_int_eq(send(fds[i], read, sizeof(read), 0), (ssize_t)sizeof(read));
    }
    if (_i == 1)
        ck_assert_int_eq(send(till->fd, records[0] + DATA_SIZE(LONG_FRAMES) / 2, 1, 0), 1);
    turn_often();
    ck_assert_uint_eq(metric_read(&metrics.held_back), ASKING);
    ck_assert_uint_eq(metric_read(&metrics.frame_closed), 1);
    ck_assert_uint_eq(metric_read(&metrics.write_closed), ASKING - 1);
    ck_assert_uint_eq(metric_read(&metrics.broken), 0);
    ck_assert(is_shut_out(till));
    send_rest(&tills[1], records[1]);
    for (int i = 0; i < ASKING; i++)
        close(fds[i]);
}
END_TEST

/* As many as there are buffers are in one round, each with the beginning of a long record, and the
 * first to be answered needs a buffer for its answer. */
START_TEST(a_round_of_holders_leaves_somebody_to_be_closed)
{
    static uint8_t records[2 * RECORD_SIZE_MAX];
    int server_fds[CONN_BUFFERS_MAX];
    lobby_start(&lobby);
    for (int i = 0; i < CONN_BUFFERS_MAX; i++) {
        open_till(&tills[i], i % 2 ? LOBBY_TILL : LOBBY_GATE);
        ask(&tills[i], 1);
        server_fds[i] = conns->all[i].io.fd;
    }
    for (int round = 0; round < 4; round++) { /* libev learns how many are ready at once */
        for (int i = 0; i < CONN_BUFFERS_MAX; i++)
            ck_assert_int_eq(send(tills[i].fd, records, put(&tills[i], records, 1), 0),
                             (ssize_t)DATA_SIZE(1));
        for (int i = 0; i < CONN_BUFFERS_MAX; i++)
            check_answers(&tills[i], 1);
    }
    for (int i = 0; i < CONN_BUFFERS_MAX; i++) {
        size_t size = put(&tills[i], records, 1);
        (void)put(&tills[i], records + size, LONG_FRAMES);
        size += sizeof(conns->all[0].partial) + 1;
        fill_socket(server_fds[i]);
        ck_assert_int_eq(send(tills[i].fd, records, size, 0), (ssize_t)size);
    }
    turn();
    ck_assert_uint_eq(metric_read(&metrics.held_back), CONN_BUFFERS_MAX);
    ck_assert_uint_eq(conns_count(conns) + metric_read(&metrics.frame_closed) +
                          metric_read(&metrics.write_closed),
                      CONN_BUFFERS_MAX);
    ck_assert_uint_gt(conns_count(conns), 0);
}
END_TEST

/* ---- the end of the server ---- */

START_TEST(the_end_closes_every_connection_in_whatever_state_it_is)
{
    enum { GREETING, HALF_A_HELLO, SERVING, HALF_A_RECORD, SHAKING, STATES };
    static uint8_t record[RECORD_SIZE_MAX];
    uint8_t hello[HELLO_SIZE];
    lobby_start(&lobby);
    connect_till(&tills[GREETING]);
    make_hello(&tills[HALF_A_HELLO], LOBBY_TILL, hello);
    connect_till(&tills[HALF_A_HELLO]);
    send_bytes(&tills[HALF_A_HELLO], hello, 70);
    open_till(&tills[SERVING], LOBBY_TILL);
    ask(&tills[SERVING], 2);
    open_till(&tills[HALF_A_RECORD], LOBBY_GATE);
    send_half(&tills[HALF_A_RECORD], record);
    make_hello(&tills[SHAKING], LOBBY_TILL, hello);
    connect_till(&tills[SHAKING]);
    ck_assert_int_eq(send(tills[SHAKING].fd, hello, sizeof(hello), 0), HELLO_SIZE);
    ev_async_stop(ev, &async); /* so that what is done is not taken */
    turn_often();
    conns_end(conns);
    for (int i = 0; i < STATES; i++)
        ck_assert(is_shut_out(&tills[i]));
    ck_assert_uint_eq(conns_count(conns), 2); /* those that have to see the end of the stream */
    close(tills[SERVING].fd);
    close(tills[HALF_A_RECORD].fd);
    turn_often();
    ck_assert_uint_eq(conns_count(conns), 0);
    conns_end(conns);
    ev_async_start(ev, &async);
    while (conns_shake(conns))
        ;
    ck_assert_uint_eq(metric_read(&metrics.sessions), 2);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, open_all, close_all);
    suite_add_tcase(suite, tcase);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("conn_sealed");
    TCase *tcase = add_case(suite, "beginnings");
    tcase_add_test(tcase, a_session_begins_and_is_answered);
    tcase_add_test(tcase, a_hello_may_come_in_any_two_pieces);
    tcase_add_test(tcase, records_may_come_in_any_pieces_also_long_ones);
    tcase_add_test(tcase, more_than_a_hello_is_none);
    tcase_add_test(tcase, a_flipped_bit_of_mac1_costs_no_handshake);
    tcase_add_test(tcase, a_client_that_left_while_its_hello_waited_harms_nobody);
    tcase_add_test(tcase, a_session_goes_to_the_connection_that_asked_and_to_no_other);
    tcase = add_case(suite, "terminals");
    tcase_add_test(tcase, every_session_is_answered_by_its_terminals_profile);
    tcase_add_test(tcase, a_terminal_asks_only_where_it_sells);
    tcase_add_test(tcase, a_terminals_budget_is_that_of_all_its_sessions);
    tcase = add_case(suite, "crowds");
    tcase_add_test(tcase, when_as_many_hellos_wait_as_may_others_are_told_to_come_back);
    tcase_add_loop_test(tcase, a_crowd_from_one_address_sends_away_its_own_only, 0, 2);
    tcase_add_test(tcase, a_server_that_leaves_sends_newcomers_away_and_answers_the_others);
    tcase = add_case(suite, "deadlines");
    tcase_add_test(tcase, a_hello_has_a_deadline_however_it_trickles);
    tcase_add_loop_test(tcase, whoever_is_accepted_and_never_proves_its_keys_is_closed, 0, 2);
    tcase_add_test(tcase, a_record_has_one_deadline_once_the_session_is_confirmed);
    tcase_add_test(tcase, a_session_ends_after_its_hour_though_nothing_is_asked);
    tcase_add_loop_test(tcase, an_accept_that_was_held_back_is_followed_by_the_wait_for_a_record, 0,
                        2);
    tcase = add_case(suite, "catalogue");
    tcase_add_test(tcase, a_session_outlives_editions_that_have_its_terminal_and_no_other);
    tcase_add_test(tcase, a_day_that_began_while_nobody_was_here_is_noticed);
    tcase_add_test(tcase, a_revoked_session_is_closed_in_whatever_state_it_is);
    tcase = add_case(suite, "ledger");
    tcase_add_loop_test(
        tcase, a_record_with_transactions_and_those_behind_it_are_answered_with_their_verdicts, 2,
        60);
    tcase_add_test(tcase, a_record_of_checks_behind_one_with_a_transaction_is_answered_with_it);
    tcase_add_test(tcase, a_terminal_that_is_revoked_while_it_waits_is_not_answered);
    tcase = add_case(suite, "buffers");
    tcase_add_test(tcase, answers_that_wait_are_all_there_when_they_are_taken);
    tcase_add_loop_test(tcase, when_buffers_run_out_the_longest_holder_is_closed_for_the_next, 0,
                        2);
    tcase_add_test(tcase, whoever_lingers_holds_no_buffer);
    tcase_add_loop_test(tcase, who_is_closed_for_a_buffer_is_not_read_from, 0, 2);
    tcase_add_test(tcase, a_round_of_holders_leaves_somebody_to_be_closed);
    tcase = add_case(suite, "end");
    tcase_add_test(tcase, the_end_comes_after_answers_that_wait);
    tcase_add_test(tcase, the_end_closes_every_connection_in_whatever_state_it_is);
    return support_run(suite);
}
