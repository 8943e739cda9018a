/* Connections over socket pairs, with a loop that the test turns itself. */
#include "engine/conn.h"
#include "engine/conn_parts.h"
#include "tests/scene.h"
#include "tests/support.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURNS_MAX   20000 /* nothing here takes as many */
#define FRAMES      256
#define STREAM_SIZE (FRAMES * FRAME_SIZE)
#define CONNECTIONS 300 /* more than there are buffers for waiting answers */

static struct scene scene;
static struct ev_loop *ev;
static struct conns *conns;
static _Atomic uint32_t connection_count;
static uint8_t profile; /* of connections that are opened next */
static uint8_t stream[STREAM_SIZE];
static uint8_t want[STREAM_SIZE];
static uint8_t got[STREAM_SIZE * 2];

static void open_conns(uint32_t idle_ms, uint32_t frame_ms, uint32_t write_ms)
{
    struct conns_settings settings = {
        .connection_count_max = CONNECTIONS,
        .connection_count = &connection_count,
        .idle_ms = idle_ms,
        .frame_ms = frame_ms,
        .write_ms = write_ms,
        .ev = ev,
        .answerer = &scene.answerer,
        .metrics = &scene.metrics,
    };
    struct fault fault;
    ck_assert(conns_open(&conns, &settings, &fault));
    conns_use(conns, scene.edition);
}

static void open_all(void)
{
    profile = PROFILE_INSPECTOR;
    scene_open(&scene);
    ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    open_conns(3600000, 3600000, 3600000);
    scene_frames(stream, FRAMES, 12);
    bool is_over;
    ck_assert_uint_eq(answer_frames(&scene.answerer, &scene.moment, want, stream, FRAMES, &is_over),
                      FRAMES);
}

static void close_all(void)
{
    conns_close(conns);
    ck_assert_uint_eq(connection_count, 0);
    ev_loop_destroy(ev);
    scene_close(&scene);
}

static void reopen(uint32_t idle_ms, uint32_t frame_ms, uint32_t write_ms)
{
    conns_close(conns);
    open_conns(idle_ms, frame_ms, write_ms);
}

/* Our end of a new connection; the server's end takes so many bytes at once, 0: as it pleases. */
static int connect_narrow(int send_size)
{
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    ck_assert(send_size == 0 ||
              setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &send_size, sizeof(send_size)) == 0);
    if (conns_admit(conns, pair[1]))
        conns_add(conns, pair[1], profile);
    return pair[0];
}

static int connect_pair(void)
{
    return connect_narrow(0);
}

static void turn(void)
{
    ev_run(ev, EVRUN_NOWAIT);
}

/* Reads until `size` bytes have come or the stream has ended; how many came. */
static size_t receive(int fd, uint8_t *bytes, size_t size)
{
    size_t have = 0;
    for (int i = 0; i < TURNS_MAX && have < size; i++) {
        turn();
        ssize_t now = recv(fd, bytes + have, size - have, 0);
        if (now == 0)
            break;
        if (now > 0)
            have += (size_t)now;
    }
    return have;
}

/* Turns, with time passing, until the other side has ended the stream; whether it did. */
static bool wait_for_end(int fd)
{
    uint8_t rest[4096];
    for (int i = 0; i < TURNS_MAX; i++) {
        turn();
        ssize_t now = recv(fd, rest, sizeof(rest), 0);
        if (now == 0 || (now < 0 && errno == ECONNRESET))
            return true;
        struct pollfd pollfd = {.fd = fd, .events = POLLIN};
        poll(&pollfd, 1, 1);
    }
    return false;
}

/* The time of the answers is that of the loop. */
static void check_answers(const uint8_t *answers, size_t frame_count)
{
    for (size_t i = 0; i < frame_count; i++) {
        uint8_t answer[FRAME_SIZE];
        memcpy(answer, answers + i * FRAME_SIZE, FRAME_SIZE);
        memcpy(answer + RESPONSE_SERVER_TIME, want + i * FRAME_SIZE + RESPONSE_SERVER_TIME, 4);
        ck_assert_msg(memcmp(answer, want + i * FRAME_SIZE, FRAME_SIZE) == 0, "answer %zu", i);
    }
}

static void send_all(int fd, const uint8_t *bytes, size_t size)
{
    for (int i = 0; i < TURNS_MAX && size > 0; i++) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent > 0) {
            bytes += sent;
            size -= (size_t)sent;
        }
        turn();
    }
    ck_assert_uint_eq(size, 0);
}

START_TEST(a_full_segment_is_answered_in_order)
{
    int fd = connect_pair();
    send_all(fd, stream, STREAM_SIZE);
    ck_assert_uint_eq(receive(fd, got, STREAM_SIZE), STREAM_SIZE);
    check_answers(got, FRAMES);
    close(fd);
}
END_TEST

START_TEST(one_cut_anywhere_changes_no_answer)
{
    int fd = connect_pair();
    for (size_t cut = 1; cut < 3 * FRAME_SIZE; cut++) {
        ck_assert_int_eq(send(fd, stream, cut, 0), (ssize_t)cut);
        turn();
        turn();
        size_t rest = 3 * FRAME_SIZE - cut;
        ck_assert_int_eq(send(fd, stream + cut, rest, 0), (ssize_t)rest);
        ck_assert_uint_eq(receive(fd, got, 3 * FRAME_SIZE), 3 * FRAME_SIZE);
        check_answers(got, 3);
    }
    close(fd);
}
END_TEST

START_TEST(byte_by_byte_changes_no_answer)
{
    int fd = connect_pair();
    for (size_t i = 0; i < 5 * FRAME_SIZE; i++) {
        ck_assert_int_eq(send(fd, stream + i, 1, 0), 1);
        turn();
    }
    ck_assert_uint_eq(receive(fd, got, 5 * FRAME_SIZE), 5 * FRAME_SIZE);
    check_answers(got, 5);
    close(fd);
}
END_TEST

/* All are read from before anybody is answered: a group has frames of several, and 256 frames from
 * each of twelve are more than a round holds. */
static const size_t asked_each[] = {1, 3, 63, 64, 65, FRAMES};
START_TEST(questions_of_many_are_answered_together_and_each_its_own)
{
    enum { MANY = 12 };
    int fds[MANY];
    size_t count = asked_each[_i];
    for (size_t i = 0; i < MANY; i++)
        fds[i] = connect_pair();
    for (size_t i = 0; i < MANY; i++) /* the i-th begins with frame i */
        for (size_t f = 0; f < count; f++)
            ck_assert_int_eq(send(fds[i], stream + (i + f) % FRAMES * FRAME_SIZE, FRAME_SIZE, 0),
                             FRAME_SIZE);
    for (size_t i = 0; i < MANY; i++) {
        ck_assert_uint_eq(receive(fds[i], got, count * FRAME_SIZE), count * FRAME_SIZE);
        for (size_t f = 0; f < count; f++) {
            size_t at = (i + f) % FRAMES * FRAME_SIZE;
            memcpy(got + STREAM_SIZE + at, got + f * FRAME_SIZE, FRAME_SIZE);
            memcpy(got + STREAM_SIZE + at + RESPONSE_SERVER_TIME, want + at + RESPONSE_SERVER_TIME,
                   4);
            ck_assert(memcmp(got + STREAM_SIZE + at, want + at, FRAME_SIZE) == 0);
        }
        close(fds[i]);
    }
}
END_TEST

START_TEST(nothing_of_a_question_stays_when_it_is_answered)
{
    int fd = connect_pair();
    ck_assert_int_eq(send(fd, stream, 70 * FRAME_SIZE + 9, 0), 70 * FRAME_SIZE + 9);
    ck_assert_uint_eq(receive(fd, got, 70 * FRAME_SIZE), 70 * FRAME_SIZE);
    ck_assert_uint_eq(conns->round.size, 0);
    ck_assert(bytes_are_zero(conns->round.in, sizeof(conns->round.in)));
    const struct answerer *answerer = &scene.answerer;
    ck_assert(
        bytes_are_zero((const uint8_t *)answerer->identifiers, sizeof(answerer->identifiers)));
    ck_assert(bytes_are_zero((const uint8_t *)answerer->digests, sizeof(answerer->digests)));
    ck_assert(bytes_are_zero((const uint8_t *)answerer->views, sizeof(answerer->views)));
    close(fd);
}
END_TEST

/* Whoever was about to go on and did not, or has ended its side. */
START_TEST(nothing_of_the_beginning_of_a_frame_stays_when_no_more_comes)
{
    int fd = connect_pair();
    ck_assert_int_eq(send(fd, stream, FRAME_SIZE - 9, 0), FRAME_SIZE - 9);
    turn();
    turn();
    const struct conn *conn = &conns->all[0];
    ck_assert_uint_eq(conn->partial_size, FRAME_SIZE - 9);
    if (_i == 0)
        ev_feed_fd_event(ev, conn->io.fd, EV_READ); /* there is nothing */
    else
        ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
    turn();
    ck_assert_uint_eq(conns_count(conns), _i == 0 ? 1 : 0);
    ck_assert(bytes_are_zero(conns->round.in, sizeof(conns->round.in)));
    ck_assert(_i == 0 || bytes_are_zero(conn->partial, sizeof(conn->partial)));
    close(fd);
}
END_TEST

START_TEST(random_cuts_change_no_answer)
{
    uint64_t state = (uint64_t)_i + 1;
    int fd = connect_pair();
    size_t sent = 0, have = 0;
    while (have < STREAM_SIZE) {
        size_t size = 1 + support_random(&state) % 700;
        if (size > STREAM_SIZE - sent)
            size = STREAM_SIZE - sent;
        if (size > 0)
            send_all(fd, stream + sent, size);
        sent += size;
        have += receive(fd, got + have, sent / FRAME_SIZE * FRAME_SIZE - have);
        ck_assert_uint_eq(have, sent / FRAME_SIZE * FRAME_SIZE);
    }
    check_answers(got, FRAMES);
    close(fd);
}
END_TEST

START_TEST(what_was_asked_before_the_end_of_the_stream_is_answered)
{
    int fd = connect_pair();
    ck_assert_int_eq(send(fd, stream, STREAM_SIZE, 0), STREAM_SIZE);
    ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
    ck_assert_uint_eq(receive(fd, got, sizeof(got)), STREAM_SIZE);
    check_answers(got, FRAMES);
    ck_assert_uint_eq(conns_count(conns), 0);
    ck_assert_uint_eq(metric_read(&scene.metrics.cut_frames), 0);
    ck_assert_uint_eq(metric_read(&scene.metrics.broken), 0);
    close(fd);
}
END_TEST

START_TEST(an_end_inside_a_frame_is_counted)
{
    int fd = connect_pair();
    ck_assert_int_eq(send(fd, stream, FRAME_SIZE + 7, 0), FRAME_SIZE + 7);
    ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
    ck_assert_uint_eq(receive(fd, got, sizeof(got)), FRAME_SIZE);
    ck_assert_uint_eq(metric_read(&scene.metrics.cut_frames), 1);
    ck_assert_uint_eq(conns_count(conns), 0);
    close(fd);
}
END_TEST

START_TEST(another_version_is_answered_and_the_stream_ended)
{
    int fd = connect_pair();
    memcpy(got, stream, 4 * FRAME_SIZE);
    got[2 * FRAME_SIZE + REQUEST_VERSION] = 9;
    ck_assert_int_eq(send(fd, got, 4 * FRAME_SIZE, 0), 4 * FRAME_SIZE);
    ck_assert_uint_eq(receive(fd, got, sizeof(got)), 3 * FRAME_SIZE);
    check_answers(got, 2);
    ck_assert_uint_eq(load_u16(got + 2 * FRAME_SIZE + RESPONSE_STATUS), STATUS_BAD_VERSION);

    /* We may go on sending for a while; nothing of it is answered, nothing is reset. */
    ck_assert_int_eq(send(fd, stream, STREAM_SIZE, MSG_NOSIGNAL), STREAM_SIZE);
    ck_assert_uint_eq(receive(fd, got, sizeof(got)), 0);
    close(fd);
    turn();
    turn();
    ck_assert_uint_eq(conns_count(conns), 0);
    ck_assert_uint_eq(metric_read(&scene.metrics.bad_versions), 1);
}
END_TEST

/* Two who are asked in turn by one loop: what one may see is not seen by the other. */
START_TEST(every_connection_is_answered_by_its_own_profile)
{
    static const uint8_t profiles[] = {PROFILE_GATE, PROFILE_INSPECTOR, PROFILE_TILL};
    int fds[3];
    for (size_t i = 0; i < 3; i++) {
        profile = profiles[i];
        fds[i] = connect_pair();
        send_all(fds[i], stream, STREAM_SIZE / 2);
    }
    for (size_t i = 0; i < 3; i++)
        send_all(fds[i], stream + STREAM_SIZE / 2, STREAM_SIZE / 2);
    for (size_t i = 0; i < 3; i++) {
        bool is_over;
        scene.moment.profile = profiles[i];
        answer_frames(&scene.answerer, &scene.moment, want, stream, FRAMES, &is_over);
        ck_assert_uint_eq(receive(fds[i], got, STREAM_SIZE), STREAM_SIZE);
        check_answers(got, FRAMES);
        close(fds[i]);
    }
}
END_TEST

START_TEST(who_talks_on_after_the_end_is_closed_when_it_was_enough)
{
    int fd = connect_pair();
    got[0] = 9; /* no version of ours */
    memset(got + 1, 0, FRAME_SIZE - 1);
    ck_assert_int_eq(send(fd, got, FRAME_SIZE, 0), FRAME_SIZE);
    ck_assert_uint_eq(receive(fd, got, FRAME_SIZE), FRAME_SIZE);
    size_t sent_size = 0;
    for (int i = 0; i < TURNS_MAX && conns_count(conns) > 0; i++) {
        ssize_t sent = send(fd, stream, STREAM_SIZE, MSG_NOSIGNAL);
        sent_size += sent > 0 ? (size_t)sent : 0;
        turn();
    }
    ck_assert_uint_eq(conns_count(conns), 0);
    ck_assert_uint_gt(sent_size, CONN_LINGER_SIZE);
    close(fd);
}
END_TEST

/* Sends without reading until neither side moves; how many whole frames the server took. */
static size_t fill(int fd)
{
    size_t sent_size = 0;
    for (int quiet = 0; quiet < 50; quiet++) {
        size_t at = sent_size % STREAM_SIZE;
        ssize_t sent = send(fd, stream + at, STREAM_SIZE - at, MSG_NOSIGNAL);
        if (sent > 0) {
            sent_size += (size_t)sent;
            quiet = 0;
        }
        turn();
    }
    return sent_size;
}

START_TEST(who_does_not_read_is_not_read_from_and_loses_nothing)
{
    /* Through a narrow end, waiting answers leave piece by piece. */
    int fd = connect_narrow(_i == 0 ? 0 : 1);
    size_t sent_size = fill(fd);
    ck_assert_uint_eq(conns_count(conns), 1);
    ck_assert_uint_ge(metric_read(&scene.metrics.held_back), 1);
    uint64_t answered_count = metric_read(&scene.metrics.checks);
    for (int i = 0; i < 100; i++)
        turn();
    ck_assert_uint_eq(metric_read(&scene.metrics.checks), answered_count);

    /* Now it reads, and everything that it asked is answered, in order. */
    size_t whole = sent_size / FRAME_SIZE;
    for (size_t frame = 0; frame < whole; frame++) {
        ck_assert_uint_eq(receive(fd, got, FRAME_SIZE), FRAME_SIZE);
        ck_assert_uint_eq(load_u64(got + RESPONSE_ID),
                          load_u64(stream + frame % FRAMES * FRAME_SIZE + REQUEST_ID));
    }
    close(fd);
}
END_TEST

START_TEST(who_does_not_take_answers_in_time_is_closed)
{
    reopen(3600000, 3600000, 20);
    int fd = connect_pair();
    fill(fd);
    for (int i = 0; i < TURNS_MAX && conns_count(conns) > 0; i++)
        ev_run(ev, EVRUN_ONCE);
    ck_assert_uint_eq(conns_count(conns), 0);
    ck_assert_uint_eq(metric_read(&scene.metrics.write_closed), 1);
    close(fd);
}
END_TEST

START_TEST(when_buffers_run_out_the_slowest_is_closed_for_the_next)
{
    int fds[CONNECTIONS];
    for (int i = 0; i < CONN_BUFFERS_MAX + 3; i++) {
        fds[i] = connect_pair();
        int size = 1; /* as small as the system lets it be */
        ck_assert_int_eq(setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
        fill(fds[i]);
    }
    ck_assert_uint_eq(metric_read(&scene.metrics.held_back), CONN_BUFFERS_MAX + 3);
    ck_assert_uint_eq(metric_read(&scene.metrics.write_closed), 3);
    ck_assert_uint_eq(conns_count(conns), CONN_BUFFERS_MAX);
    /* The first three were closed, and somebody new is served. */
    for (int i = 0; i < 3; i++)
        ck_assert(wait_for_end(fds[i]));
    int fd = connect_pair();
    ck_assert_int_eq(send(fd, stream, FRAME_SIZE, 0), FRAME_SIZE);
    ck_assert_uint_eq(receive(fd, got, FRAME_SIZE), FRAME_SIZE);
    close(fd);
    for (int i = 0; i < CONN_BUFFERS_MAX + 3; i++)
        close(fds[i]);
}
END_TEST

START_TEST(who_asks_much_leaves_others_their_turn)
{
    enum { QUEUED = 4 }; /* reads' worth of frames, all of them there before the first turn */
    int greedy = connect_pair();
    int modest = connect_pair();
    int room = QUEUED * STREAM_SIZE * 4;
    ck_assert_int_eq(setsockopt(greedy, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
    for (int i = 0; i < QUEUED; i++)
        ck_assert_int_eq(send(greedy, stream, STREAM_SIZE, 0), STREAM_SIZE);
    ck_assert_int_eq(send(modest, stream, FRAME_SIZE, 0), FRAME_SIZE);

    ck_assert(ev_run(ev, EVRUN_NOWAIT));
    ck_assert_int_eq(recv(modest, got, FRAME_SIZE, 0), FRAME_SIZE);
    check_answers(got, 1);
    ck_assert_int_eq(recv(greedy, got, sizeof(got), 0), STREAM_SIZE);
    check_answers(got, FRAMES);
    close(greedy);
    close(modest);
}
END_TEST

START_TEST(silence_is_closed)
{
    reopen(20, 3600000, 3600000);
    int fd = connect_pair();
    ck_assert(wait_for_end(fd));
    ck_assert_uint_eq(metric_read(&scene.metrics.idle_closed), 1);
    ck_assert_uint_eq(conns_count(conns), 0);
    close(fd);
}
END_TEST

START_TEST(silence_after_an_answer_is_closed_too)
{
    reopen(20, 3600000, 3600000);
    int fd = connect_pair();
    send_all(fd, stream, FRAME_SIZE);
    ck_assert_uint_eq(receive(fd, got, FRAME_SIZE), FRAME_SIZE);
    ck_assert(wait_for_end(fd));
    ck_assert_uint_eq(metric_read(&scene.metrics.idle_closed), 1);
    close(fd);
}
END_TEST

START_TEST(a_frame_has_one_deadline_however_it_trickles)
{
    reopen(3600000, 60, 3600000);
    int fd = connect_pair();
    /* A byte now and then, so that a deadline that began anew with each would never pass. */
    bool is_closed = false;
    size_t sent_size = 0;
    for (int i = 0; i < TURNS_MAX && !is_closed && sent_size < FRAME_SIZE - 1; i++) {
        is_closed = send(fd, stream, 1, MSG_NOSIGNAL) < 0;
        sent_size++;
        struct pollfd pollfd = {.fd = fd, .events = POLLIN};
        poll(&pollfd, 1, 10);
        turn();
        is_closed = is_closed || conns_count(conns) == 0;
    }
    ck_assert(is_closed);
    ck_assert_uint_eq(metric_read(&scene.metrics.frame_closed), 1);
    close(fd);
}
END_TEST

/* Every frame comes in two pieces. False: it was closed in the middle of one, which is right where
 * the machine stood still for so long. */
static bool ask_in_halves(int fd, int count)
{
    for (int i = 0; i < count; i++) {
        ck_assert_int_eq(send(fd, stream, FRAME_SIZE / 2, MSG_NOSIGNAL), FRAME_SIZE / 2);
        turn();
        usleep(3000);
        turn();
        if (conns_count(conns) == 0)
            return false;
        ck_assert_int_eq(send(fd, stream + FRAME_SIZE / 2, FRAME_SIZE / 2, MSG_NOSIGNAL),
                         FRAME_SIZE / 2);
        ck_assert_uint_eq(receive(fd, got, FRAME_SIZE), FRAME_SIZE);
    }
    return true;
}

/* All together take longer than one may. */
START_TEST(the_deadline_of_a_frame_ends_with_the_frame)
{
    bool is_served = false;
    for (int tries = 0; tries < 20 && !is_served; tries++) {
        reopen(3600000, 200, 3600000);
        int fd = connect_pair();
        is_served = ask_in_halves(fd, 80);
        close(fd);
    }
    ck_assert(is_served);
}
END_TEST

START_TEST(over_the_limit_connections_are_closed_at_once)
{
    int fds[CONNECTIONS + 3];
    for (int i = 0; i < CONNECTIONS + 3; i++)
        fds[i] = connect_pair();
    ck_assert_uint_eq(conns_count(conns), CONNECTIONS);
    ck_assert_uint_eq(metric_read(&scene.metrics.over_limit), 3);
    for (int i = CONNECTIONS; i < CONNECTIONS + 3; i++)
        ck_assert_int_eq(recv(fds[i], got, 1, 0), 0);

    /* When one leaves, another may come. */
    close(fds[0]);
    turn();
    fds[0] = connect_pair();
    send_all(fds[0], stream, FRAME_SIZE);
    ck_assert_uint_eq(receive(fds[0], got, FRAME_SIZE), FRAME_SIZE);
    for (int i = 0; i < CONNECTIONS + 3; i++)
        close(fds[i]);
}
END_TEST

/* One that waits to be handed to another loop has a descriptor already. */
START_TEST(who_was_admitted_counts_before_it_is_served)
{
    int fds[CONNECTIONS], pair[2];
    for (int i = 0; i < CONNECTIONS - 1; i++)
        fds[i] = connect_pair();
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    ck_assert(conns_admit(conns, pair[1]));
    fds[CONNECTIONS - 1] = connect_pair();
    ck_assert_int_eq(recv(fds[CONNECTIONS - 1], got, 1, 0), 0);
    conns_add(conns, pair[1], PROFILE_INSPECTOR);
    send_all(pair[0], stream, FRAME_SIZE);
    ck_assert_uint_eq(receive(pair[0], got, FRAME_SIZE), FRAME_SIZE);
    ck_assert_uint_eq(metric_read(&scene.metrics.over_limit), 1);
    close(pair[0]);
    for (int i = 0; i < CONNECTIONS; i++)
        close(fds[i]);
}
END_TEST

START_TEST(a_connection_that_breaks_harms_no_other)
{
    int good = connect_pair();
    for (int i = 0; i < 50; i++) {
        int bad = connect_pair();
        ck_assert_int_eq(send(bad, stream, STREAM_SIZE, 0), STREAM_SIZE);
        close(bad); /* with answers on their way: the server's send fails */
        send_all(good, stream, FRAME_SIZE);
        ck_assert_uint_eq(receive(good, got, FRAME_SIZE), FRAME_SIZE);
        check_answers(got, 1);
    }
    ck_assert_uint_eq(conns_count(conns), 1);
    ck_assert_uint_ge(metric_read(&scene.metrics.broken), 1);
    close(good);
}
END_TEST

START_TEST(draining_answers_and_ends_in_good_order)
{
    int fd = connect_pair();
    int slow = connect_pair();
    fill(slow);
    conns_drain(conns, 250);
    send_all(fd, stream, 2 * FRAME_SIZE);
    ck_assert_uint_eq(receive(fd, got, 2 * FRAME_SIZE), 2 * FRAME_SIZE);
    ck_assert_uint_eq(load_u16(got + RESPONSE_STATUS), STATUS_DRAINING);
    ck_assert_uint_eq(load_u16(got + RESPONSE_WAIT_MS), 250);

    conns_end(conns);
    ck_assert_uint_eq(receive(fd, got, sizeof(got)), 0);
    /* The slow one gets every answer that was made before its stream ends. */
    uint64_t answered = metric_read(&scene.metrics.checks) + metric_read(&scene.metrics.pings) +
                        metric_read(&scene.metrics.bad_frames) +
                        metric_read(&scene.metrics.turned_away) - 2 - FRAMES;
    size_t have = 0, now;
    while ((now = receive(slow, got, FRAME_SIZE)) == FRAME_SIZE)
        have++;
    ck_assert_uint_eq(now, 0);
    ck_assert_uint_eq(have, answered);
    close(fd);
    close(slow);
    for (int i = 0; i < 10; i++)
        turn();
    ck_assert_uint_eq(conns_count(conns), 0);
}
END_TEST

START_TEST(a_swap_between_reads_changes_what_is_answered)
{
    int fd = connect_pair();
    struct manifest manifest = *scene.edition->manifest;
    struct edition *next;
    struct fault fault;
    manifest.generation++;
    ck_assert(edition_open(&next, scene.edition->tables, &manifest, &fault));
    ck_assert(edition_take_identity(next, scene.edition->identity, &fault));
    for (uint64_t i = 0; i < 20; i++) {
        conns_use(conns, i % 2 == 0 ? scene.edition : next);
        send_all(fd, stream, FRAME_SIZE);
        ck_assert_uint_eq(receive(fd, got, FRAME_SIZE), FRAME_SIZE);
        ck_assert_uint_eq(load_u64(got + RESPONSE_GENERATION), SCENE_GENERATION + i % 2);
    }
    conns_use(conns, scene.edition);
    edition_close(next);
    close(fd);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conn");
    TCase *tcase = tcase_create("conn");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, open_all, close_all);
    tcase_add_test(tcase, a_full_segment_is_answered_in_order);
    tcase_add_test(tcase, one_cut_anywhere_changes_no_answer);
    tcase_add_test(tcase, byte_by_byte_changes_no_answer);
    tcase_add_loop_test(tcase, random_cuts_change_no_answer, 0, 20);
    tcase_add_test(tcase, what_was_asked_before_the_end_of_the_stream_is_answered);
    tcase_add_test(tcase, an_end_inside_a_frame_is_counted);
    tcase_add_test(tcase, another_version_is_answered_and_the_stream_ended);
    tcase_add_test(tcase, every_connection_is_answered_by_its_own_profile);
    tcase_add_test(tcase, who_talks_on_after_the_end_is_closed_when_it_was_enough);
    tcase_add_loop_test(tcase, who_does_not_read_is_not_read_from_and_loses_nothing, 0, 2);
    tcase_add_test(tcase, who_does_not_take_answers_in_time_is_closed);
    tcase_add_test(tcase, when_buffers_run_out_the_slowest_is_closed_for_the_next);
    tcase_add_test(tcase, who_asks_much_leaves_others_their_turn);
    tcase_add_test(tcase, silence_is_closed);
    tcase_add_test(tcase, silence_after_an_answer_is_closed_too);
    tcase_add_test(tcase, a_frame_has_one_deadline_however_it_trickles);
    tcase_add_test(tcase, the_deadline_of_a_frame_ends_with_the_frame);
    tcase_add_test(tcase, over_the_limit_connections_are_closed_at_once);
    tcase_add_test(tcase, who_was_admitted_counts_before_it_is_served);
    tcase_add_test(tcase, a_connection_that_breaks_harms_no_other);
    tcase_add_test(tcase, draining_answers_and_ends_in_good_order);
    tcase_add_test(tcase, a_swap_between_reads_changes_what_is_answered);
    suite_add_tcase(suite, tcase);

    TCase *many = tcase_create("many");
    tcase_set_timeout(many, 60);
    tcase_add_checked_fixture(many, open_all, close_all);
    tcase_add_loop_test(many, questions_of_many_are_answered_together_and_each_its_own, 0,
                        sizeof(asked_each) / sizeof(asked_each[0]));
    suite_add_tcase(suite, many);

    TCase *wiping = tcase_create("wiping");
    tcase_add_checked_fixture(wiping, open_all, close_all);
    tcase_add_test(wiping, nothing_of_a_question_stays_when_it_is_answered);
    tcase_add_loop_test(wiping, nothing_of_the_beginning_of_a_frame_stays_when_no_more_comes, 0, 2);
    suite_add_tcase(suite, wiping);
    return support_run(suite);
}
