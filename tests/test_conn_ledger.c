/* Connections that wait for the ledger, over socket pairs, with a loop that the test turns itself
 * and a ledger whose verdicts come when the test says so. */
#include "engine/conn.h"
#include "engine/conn_parts.h"
#include "tests/ledger_fake.h"
#include "tests/scene.h"
#include "tests/support.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURNS_MAX   20000
#define FRAMES      CONN_FRAMES_MAX
#define STREAM_SIZE (FRAMES * FRAME_SIZE)
#define CONNECTIONS 300
#define NEVER_MS    3600000

static struct scene scene;
static struct transactions transactions;
static struct ev_loop *ev;
static struct conns *conns;
static struct ledger *ledger;
static _Atomic uint32_t connection_count;
static uint8_t stream[STREAM_SIZE], want[STREAM_SIZE], got[STREAM_SIZE];
static uint32_t wake_count;

/* As in the server, verdicts are taken in a turn of their own. */
static void wake(void *context, uint32_t loop)
{
    (void)context;
    ck_assert_uint_eq(loop, 0);
    wake_count++;
}

static void open_conns(uint32_t idle_ms)
{
    struct conns_settings settings = {
        .connection_count_max = CONNECTIONS,
        .connection_count = &connection_count,
        .idle_ms = idle_ms,
        .frame_ms = idle_ms,
        .write_ms = idle_ms,
        .ledger = ledger,
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
    scene_open(&scene);
    scene.answerer.transactions = &transactions;
    scene.answerer.subject_key = &scene.subject_key;
    ledger = ledger_fake_open(1, wake, NULL);
    ledger_fake_hold(ledger);
    ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    open_conns(NEVER_MS);
}

static void close_all(void)
{
    conns_close(conns);
    ck_assert_uint_eq(connection_count, 0);
    ev_loop_destroy(ev);
    ledger_close(ledger);
    scene_close(&scene);
}

static int connect_pair(void)
{
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    ck_assert(conns_admit(conns, pair[1]));
    conns_add(conns, pair[1], PROFILE_INSPECTOR);
    return pair[0];
}

static void turn(void)
{
    ev_run(ev, EVRUN_NOWAIT);
    if (wake_count > 0) {
        wake_count = 0;
        while (conns_commit(conns))
            ;
    }
}

static void turn_often(void)
{
    for (int i = 0; i < 10; i++)
        turn();
}

static void send_frames(int fd, size_t frame_count)
{
    ck_assert_int_eq(send(fd, stream, frame_count * FRAME_SIZE, MSG_NOSIGNAL),
                     (ssize_t)(frame_count * FRAME_SIZE));
    turn_often();
}

static size_t receive(int fd, size_t size)
{
    size_t have = 0;
    for (int i = 0; i < TURNS_MAX && have < size; i++) {
        turn();
        ssize_t now = recv(fd, got + have, size - have, 0);
        if (now == 0)
            break;
        if (now > 0)
            have += (size_t)now;
    }
    return have;
}

static bool is_silent(int fd)
{
    turn_often();
    return recv(fd, got, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

static bool is_ended(int fd)
{
    return receive(fd, 1) == 0;
}

static void let_go(void)
{
    ledger_fake_let_go(ledger, false);
}

static void put(size_t i, const struct request *request)
{
    frame_encode_request(stream + i * FRAME_SIZE, request);
}

static void put_use(size_t i, uint64_t request_id)
{
    struct request request = scene_check(SCENE_SENIOR, SCENE_DISCOUNT, request_id);
    request.kind = KIND_USE;
    put(i, &request);
}

static struct response response_at(size_t i)
{
    struct response response;
    ck_assert(frame_decode_response(&response, got + i * FRAME_SIZE));
    return response;
}

static void check_used(size_t i, uint64_t request_id)
{
    struct response response = response_at(i);
    ck_assert_uint_eq(response.request_id, request_id);
    ck_assert_uint_eq(response.kind, KIND_USE);
    ck_assert_uint_eq(response.status, STATUS_APPLIES);
    ck_assert_uint_ne(response.ledger_sequence, 0);
}

/* Frames that ask the ledger nothing, and how they are answered. */
static void put_checks(void)
{
    bool is_over;
    scene_frames(stream, FRAMES, 12);
    scene.answerer.transactions = NULL;
    answer_frames(&scene.answerer, &scene.moment, want, stream, FRAMES, &is_over);
    scene.answerer.transactions = &transactions;
}

/* The time of the answers is that of the loop. */
static void check_wanted(size_t i)
{
    uint8_t *answer = got + i * FRAME_SIZE;
    memcpy(answer + RESPONSE_SERVER_TIME, want + i * FRAME_SIZE + RESPONSE_SERVER_TIME, 4);
    ck_assert_msg(memcmp(answer, want + i * FRAME_SIZE, FRAME_SIZE) == 0, "answer %zu", i);
}

/* ---- a read ---- */

START_TEST(a_transaction_is_answered_when_its_verdict_is_there)
{
    int fd = connect_pair();
    put_use(0, 5);
    send_frames(fd, 1);
    ck_assert_uint_eq(ledger_fake_waiting(ledger), 1);
    ck_assert(is_silent(fd));
    ck_assert(bytes_are_zero((const uint8_t *)&transactions.requests[0],
                             sizeof(transactions.requests[0]))); /* nothing stays behind */
    let_go();
    ck_assert_uint_eq(receive(fd, FRAME_SIZE), FRAME_SIZE);
    check_used(0, 5);
    ck_assert_uint_eq(response_at(0).generation, SCENE_GENERATION);
    ck_assert_uint_eq(metric_read(&scene.metrics.transactions), 1);
    close(fd);
}
END_TEST

/* In whichever order verdicts come. */
START_TEST(answers_stand_in_the_order_of_frames_whatever_is_between)
{
    int fd = connect_pair();
    put_checks();
    for (size_t i = 3; i < FRAMES; i += 5)
        put_use(i, i + 1);
    send_frames(fd, FRAMES);
    ck_assert(is_silent(fd));
    ledger_fake_let_go(ledger, _i == 1);
    ck_assert_uint_eq(receive(fd, STREAM_SIZE), STREAM_SIZE);
    for (size_t i = 0; i < FRAMES; i++) {
        if (i % 5 == 3) {
            check_used(i, i + 1);
            continue;
        }
        check_wanted(i);
    }
    close(fd);
}
END_TEST

/* Also those of another group than the transaction's; another client's answers stood there. */
static const struct {
    size_t use_at, frame_count;
} uses[] = {{0, 64}, {0, 65}, {0, 131}, {0, FRAMES}, {63, 65}, {64, 66}, {130, 255}};
START_TEST(checks_beside_a_transaction_are_answered_however_many_they_are)
{
    int fd = connect_pair(), other = connect_pair();
    size_t frame_count = uses[_i].frame_count, size = frame_count * FRAME_SIZE;
    scene_frames(stream, FRAMES, 3);
    send_frames(other, FRAMES);
    ck_assert_uint_eq(receive(other, STREAM_SIZE), STREAM_SIZE);
    put_checks();
    put_use(uses[_i].use_at, 1000);
    send_frames(fd, frame_count);
    ck_assert(is_silent(fd));
    let_go();
    ck_assert_uint_eq(receive(fd, size), size);
    for (size_t i = 0; i < frame_count; i++)
        if (i != uses[_i].use_at)
            check_wanted(i);
    check_used(uses[_i].use_at, 1000);
    close(fd);
    close(other);
}
END_TEST

START_TEST(nothing_of_an_answer_stays_in_the_round)
{
    int fd = connect_pair(), other = connect_pair();
    put_checks();
    put_use(9, 1000);
    send_frames(other, 9);
    send_frames(fd, 70);
    let_go();
    ck_assert_uint_eq(receive(fd, 70 * FRAME_SIZE), 70 * FRAME_SIZE);
    ck_assert(bytes_are_zero(conns->round.in, sizeof(conns->round.in)));
    close(fd);
    close(other);
}
END_TEST

START_TEST(who_waits_is_not_read_from_and_nothing_of_it_is_lost)
{
    int fd = connect_pair();
    put_use(0, 1);
    put_use(1, 2);
    put_use(2, 3);
    /* One and a half frames; then the rest. */
    ck_assert_int_eq(send(fd, stream, FRAME_SIZE * 3 / 2, 0), FRAME_SIZE * 3 / 2);
    turn_often();
    ck_assert_int_eq(send(fd, stream + FRAME_SIZE * 3 / 2, FRAME_SIZE * 3 / 2, 0),
                     FRAME_SIZE * 3 / 2);
    turn_often();
    ck_assert_uint_eq(ledger_fake_waiting(ledger), 1);
    let_go();
    ck_assert_uint_eq(receive(fd, FRAME_SIZE), FRAME_SIZE);
    check_used(0, 1);
    turn_often();
    ck_assert_uint_eq(ledger_fake_waiting(ledger), 2);
    let_go();
    ck_assert_uint_eq(receive(fd, 2 * FRAME_SIZE), 2 * FRAME_SIZE);
    check_used(0, 2);
    check_used(1, 3);
    close(fd);
}
END_TEST

START_TEST(reserve_and_confirm_in_one_read_are_done_in_their_order)
{
    int fd = connect_pair();
    struct request reserve = scene_check(SCENE_SENIOR, SCENE_DISCOUNT, 1);
    struct request confirm = {.kind = KIND_CONFIRM, .request_id = 2, .target_id = 1};
    struct request status = {.kind = KIND_STATUS, .request_id = 3, .target_id = 1};
    reserve.kind = KIND_RESERVE;
    reserve.hold_10s = 6;
    put(0, &reserve);
    put(1, &confirm);
    put(2, &status);
    send_frames(fd, 3);
    let_go();
    ck_assert_uint_eq(receive(fd, 3 * FRAME_SIZE), 3 * FRAME_SIZE);
    ck_assert_uint_eq(response_at(0).status, STATUS_APPLIES);
    ck_assert_uint_eq(response_at(0).valid_until_s, LEDGER_FAKE_HOLD_S);
    ck_assert_uint_eq(response_at(1).status, STATUS_CONFIRMED);
    ck_assert_uint_eq(response_at(2).status, STATUS_CONFIRMED);
    close(fd);
}
END_TEST

START_TEST(others_are_served_while_one_waits)
{
    int waiting = connect_pair(), other = connect_pair();
    put_use(0, 1);
    send_frames(waiting, 1);
    scene_frames(stream, 3, 12);
    send_frames(other, 3);
    ck_assert_uint_eq(receive(other, 3 * FRAME_SIZE), 3 * FRAME_SIZE);
    ck_assert(is_silent(waiting));
    let_go();
    ck_assert_uint_eq(receive(waiting, FRAME_SIZE), FRAME_SIZE);
    check_used(0, 1);
    close(waiting);
    close(other);
}
END_TEST

START_TEST(another_version_behind_a_transaction_ends_the_stream_after_its_answer)
{
    int fd = connect_pair();
    put_use(0, 1);
    put_use(1, 2);
    put_use(2, 3);
    stream[FRAME_SIZE] = 9;
    send_frames(fd, 3);
    let_go();
    ck_assert_uint_eq(receive(fd, 3 * FRAME_SIZE), 2 * FRAME_SIZE);
    check_used(0, 1);
    ck_assert_uint_eq(load_u16(got + FRAME_SIZE + RESPONSE_STATUS), STATUS_BAD_VERSION);
    close(fd);
}
END_TEST

/* ---- what the ledger does not take ---- */

START_TEST(what_finds_no_room_in_the_ledger_is_busy_and_the_others_are_done)
{
    int fd = connect_pair();
    ledger_fake_narrow(ledger, 2);
    for (size_t i = 0; i < 4; i++)
        put_use(i, i + 1);
    send_frames(fd, 4);
    let_go();
    ck_assert_uint_eq(receive(fd, 4 * FRAME_SIZE), 4 * FRAME_SIZE);
    check_used(0, 1);
    check_used(1, 2);
    for (size_t i = 2; i < 4; i++) {
        ck_assert_uint_eq(response_at(i).status, STATUS_BUSY);
        ck_assert_uint_eq(response_at(i).request_id, i + 1);
        ck_assert_uint_eq(response_at(i).wait_ms, LEDGER_BUSY_MS);
    }
    send_frames(fd, 1);
    ck_assert_uint_eq(receive(fd, FRAME_SIZE), FRAME_SIZE);
    ck_assert_uint_eq(response_at(0).status, STATUS_BUSY);
    ck_assert_uint_eq(metric_read(&scene.metrics.transactions_busy), 3);
    close(fd);
}
END_TEST

START_TEST(each_connection_of_plain_frames_has_its_own_share_of_the_ledger)
{
    int fds[] = {connect_pair(), connect_pair()};
    uint64_t askers[3];
    for (size_t i = 0; i < 3; i++) {
        put_use(0, i + 1);
        send_frames(fds[i % 2], 1);
        askers[i] = ledger_fake_last(ledger)->asker;
        let_go();
        ck_assert_uint_eq(receive(fds[i % 2], FRAME_SIZE), FRAME_SIZE);
    }
    ck_assert_uint_ne(askers[0], askers[1]);
    ck_assert_uint_eq(askers[0], askers[2]);
    close(fds[0]);
    close(fds[1]);
}
END_TEST

START_TEST(without_a_buffer_a_large_read_is_busy_and_a_small_one_waits)
{
    int fds[AWAIT_LARGE_COUNT];
    for (size_t i = 0; i < 40; i++)
        put_use(i, i + 1);
    for (size_t i = 0; i < AWAIT_LARGE_COUNT; i++) {
        fds[i] = connect_pair();
        send_frames(fds[i], 40);
    }
    ck_assert_uint_eq(ledger_fake_waiting(ledger), 40 * AWAIT_LARGE_COUNT);
    int large = connect_pair(), small = connect_pair();
    send_frames(large, 5);
    ck_assert_uint_eq(receive(large, 5 * FRAME_SIZE), 5 * FRAME_SIZE);
    for (size_t i = 0; i < 5; i++)
        ck_assert_uint_eq(response_at(i).status, STATUS_BUSY);
    send_frames(small, 4);
    ck_assert(is_silent(small));
    let_go();
    ck_assert_uint_eq(receive(small, 4 * FRAME_SIZE), 4 * FRAME_SIZE);
    check_used(3, 4);
    for (size_t i = 0; i < AWAIT_LARGE_COUNT; i++) {
        ck_assert_uint_eq(receive(fds[i], 40 * FRAME_SIZE), 40 * FRAME_SIZE);
        close(fds[i]);
    }
    /* There is room again. */
    send_frames(large, 5);
    ck_assert(is_silent(large));
    close(large);
    close(small);
}
END_TEST

/* ---- what else can happen ---- */

START_TEST(whose_connection_is_gone_is_not_answered_and_nobody_else_is_instead)
{
    int fd = connect_pair();
    struct request denied = scene_check(SCENE_PLAIN, SCENE_DISCOUNT, 1);
    denied.kind = KIND_USE;
    put(0, &denied);
    send_frames(fd, 1);
    conn_close(&conns->all[0]);
    close(fd);
    int other = connect_pair(); /* in the same place */
    put_use(0, 2);
    send_frames(other, 1);
    let_go();
    ck_assert_uint_eq(receive(other, FRAME_SIZE), FRAME_SIZE);
    check_used(0, 2);
    ck_assert(is_silent(other));
    ck_assert_uint_eq(metric_read(&scene.metrics.transactions_unanswered), 1);
    close(other);
}
END_TEST

START_TEST(a_client_that_left_meanwhile_is_noticed_with_its_verdict)
{
    int fd = connect_pair();
    put_use(0, 1);
    send_frames(fd, 1);
    close(fd);
    turn_often();
    ck_assert_uint_eq(conns_count(conns), 1);
    let_go();
    turn_often();
    ck_assert_uint_eq(conns_count(conns), 0);
}
END_TEST

START_TEST(the_old_snapshot_is_needed_until_its_transactions_are_answered)
{
    int waiting = connect_pair(), other = connect_pair();
    struct manifest manifest = *scene.edition->manifest;
    struct edition *next;
    struct fault fault;
    manifest.generation++;
    ck_assert(edition_open(&next, scene.edition->tables, &manifest, &fault));
    ck_assert(edition_take_identity(next, scene.edition->identity, &fault));

    put_use(0, 1);
    send_frames(waiting, 1);
    ck_assert(!conns_need_old(conns));
    conns_use(conns, next);
    ck_assert(conns_need_old(conns));
    scene_frames(stream, 1, 12);
    send_frames(other, 1);
    ck_assert_uint_eq(receive(other, FRAME_SIZE), FRAME_SIZE);
    ck_assert_uint_eq(load_u64(got + RESPONSE_GENERATION), SCENE_GENERATION + 1);
    put_use(0, 2);
    send_frames(other, 1);
    ck_assert_ptr_eq(ledger_fake_last(ledger)->edition, next);
    let_go();
    ck_assert_uint_eq(receive(waiting, FRAME_SIZE), FRAME_SIZE);
    check_used(0, 1);
    ck_assert_uint_eq(response_at(0).generation, SCENE_GENERATION);
    ck_assert_uint_eq(receive(other, FRAME_SIZE), FRAME_SIZE);
    ck_assert_uint_eq(response_at(0).generation, SCENE_GENERATION + 1);
    ck_assert(!conns_need_old(conns));
    conns_use(conns, scene.edition);
    edition_close(next);
    close(waiting);
    close(other);
}
END_TEST

START_TEST(what_is_under_way_is_answered_though_we_drain_and_what_is_new_is_not_done)
{
    int waiting = connect_pair(), late = connect_pair();
    put_use(0, 1);
    send_frames(waiting, 1);
    conns_drain(conns, 250);
    put_use(0, 2);
    send_frames(late, 1);
    ck_assert_uint_eq(receive(late, FRAME_SIZE), FRAME_SIZE);
    ck_assert_uint_eq(response_at(0).status, STATUS_DRAINING);
    ck_assert_uint_eq(ledger_fake_waiting(ledger), 1);
    conns_end(conns);
    ck_assert(is_silent(waiting));
    let_go();
    ck_assert_uint_eq(receive(waiting, FRAME_SIZE + 1), FRAME_SIZE);
    check_used(0, 1);
    close(waiting);
    close(late);
    turn_often();
    ck_assert_uint_eq(conns_count(conns), 0);
}
END_TEST

START_TEST(when_the_ledger_fails_who_waits_is_closed_and_checks_go_on)
{
    int waiting = connect_pair(), other = connect_pair();
    put_use(0, 1);
    send_frames(waiting, 1);
    ledger_fake_fail(ledger);
    turn_often();
    ck_assert(is_ended(waiting));
    ck_assert_uint_eq(metric_read(&scene.metrics.commit_closed), 1);
    struct request check = scene_check(SCENE_SENIOR, SCENE_DISCOUNT, 3);
    put_use(0, 2);
    put(1, &check);
    send_frames(other, 2);
    ck_assert_uint_eq(receive(other, 2 * FRAME_SIZE), 2 * FRAME_SIZE);
    ck_assert_uint_eq(response_at(0).status, STATUS_BUSY);
    ck_assert_uint_eq(response_at(0).wait_ms, LEDGER_FAILED_MS);
    ck_assert_uint_eq(response_at(1).status, STATUS_APPLIES);
    ck_assert(!conns_need_old(conns));
    close(waiting);
    close(other);
}
END_TEST

/* What was on the disk before the ledger failed is answered. */
START_TEST(a_verdict_that_was_given_before_the_failure_is_taken)
{
    int fd = connect_pair();
    put_use(0, 1);
    send_frames(fd, 1);
    let_go();
    ledger_fake_fail(ledger);
    ck_assert_uint_eq(receive(fd, FRAME_SIZE), FRAME_SIZE);
    check_used(0, 1);
    close(fd);
}
END_TEST

START_TEST(how_long_the_ledger_takes_is_nobodys_fault)
{
    conns_close(conns);
    open_conns(20);
    int fd = connect_pair(), idle = connect_pair();
    put_use(0, 1);
    send_frames(fd, 1);
    while (conns_count(conns) > 1) {
        turn();
        usleep(1000);
    }
    for (int i = 0; i < 100; i++) {
        turn();
        usleep(1000);
    }
    let_go();
    ck_assert_uint_eq(receive(fd, FRAME_SIZE), FRAME_SIZE);
    check_used(0, 1);
    close(fd);
    close(idle);
}
END_TEST

START_TEST(closing_all_while_some_wait_leaves_nothing)
{
    int fds[50];
    for (int i = 0; i < 50; i++) {
        fds[i] = connect_pair();
        put_use(0, (uint64_t)i + 1);
        send_frames(fds[i], 1 + (size_t)i % 2 * 5);
    }
    conns_close(conns);
    conns = NULL;
    for (int i = 0; i < 50; i++)
        close(fds[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conn_ledger");
    TCase *tcase = tcase_create("conn_ledger");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, open_all, close_all);
    tcase_add_test(tcase, a_transaction_is_answered_when_its_verdict_is_there);
    tcase_add_loop_test(tcase, answers_stand_in_the_order_of_frames_whatever_is_between, 0, 2);
    tcase_add_loop_test(tcase, checks_beside_a_transaction_are_answered_however_many_they_are, 0,
                        sizeof(uses) / sizeof(uses[0]));
    tcase_add_test(tcase, nothing_of_an_answer_stays_in_the_round);
    tcase_add_test(tcase, who_waits_is_not_read_from_and_nothing_of_it_is_lost);
    tcase_add_test(tcase, reserve_and_confirm_in_one_read_are_done_in_their_order);
    tcase_add_test(tcase, others_are_served_while_one_waits);
    tcase_add_test(tcase, another_version_behind_a_transaction_ends_the_stream_after_its_answer);
    tcase_add_test(tcase, what_finds_no_room_in_the_ledger_is_busy_and_the_others_are_done);
    tcase_add_test(tcase, each_connection_of_plain_frames_has_its_own_share_of_the_ledger);
    tcase_add_test(tcase, without_a_buffer_a_large_read_is_busy_and_a_small_one_waits);
    tcase_add_test(tcase, whose_connection_is_gone_is_not_answered_and_nobody_else_is_instead);
    tcase_add_test(tcase, a_client_that_left_meanwhile_is_noticed_with_its_verdict);
    tcase_add_test(tcase, the_old_snapshot_is_needed_until_its_transactions_are_answered);
    tcase_add_test(tcase,
                   what_is_under_way_is_answered_though_we_drain_and_what_is_new_is_not_done);
    tcase_add_test(tcase, when_the_ledger_fails_who_waits_is_closed_and_checks_go_on);
    tcase_add_test(tcase, a_verdict_that_was_given_before_the_failure_is_taken);
    tcase_add_test(tcase, how_long_the_ledger_takes_is_nobodys_fault);
    tcase_add_test(tcase, closing_all_while_some_wait_leaves_nothing);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
