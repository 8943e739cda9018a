/* The real program with a ledger: killed, started again, swapped, with an older ledger in its
 * place. No test asserts a time; every wait is bounded. */
#include "protocol/frame.h"
#include "protocol/posting.h"
#include "tests/eligd.h"
#include "tests/fixture.h"
#include "tests/support.h"

#include <errno.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/un.h>
#include <unistd.h>

#define PRODUCT_HALF 1001
#define RELIEF_HALF  4711
#define CODE         "32000000001"
#define MANY         200

static struct fixture *fixture;
static char folder[400], ledger[500], head_key[500], log_path[500];
static char socket_path[sizeof(((struct sockaddr_un *)0)->sun_path)];
static uint8_t stream[MANY * FRAME_SIZE], got[MANY * FRAME_SIZE];

/* ---- the scene ---- */

/* A ledger refuses to lie in memory; where temporary files do, it lies with what is built. */
static void choose_folder(void)
{
    struct statfs system;
    const char *build = getenv("BUILD");
    snprintf(folder, sizeof(folder), "%.380s", support_directory());
    ck_assert_int_eq(statfs(folder, &system), 0);
    if (system.f_type != TMPFS_MAGIC)
        return;
    snprintf(folder, sizeof(folder), "%.300s/ledger-XXXXXX", build != NULL ? build : "build");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void open_scene(void)
{
    struct fault fault;
    ck_assert(identity_start(&fault));
    choose_folder();
    snprintf(log_path, sizeof(log_path), "%s/eligd.log", folder);
    snprintf(ledger, sizeof(ledger), "%s/ledger", folder);
    snprintf(head_key, sizeof(head_key), "%s/head.key", folder);
    snprintf(socket_path, sizeof(socket_path), "%.90s/eligd.sock", support_directory());
    ck_assert_int_eq(mkdir(ledger, 0700), 0);
    ck_assert(keyfile_create_signing(head_key, &fault));
    fixture = fixture_open(support_directory());
    fixture_use_subjects(fixture);
    uint16_t group = fixture_group(fixture, "half");
    fixture_product(fixture, PRODUCT_HALF, "half");
    fixture_clause(fixture, PRODUCT_HALF, fixture_relief(fixture, RELIEF_HALF, "HALF"), group,
                   5000);
    fixture_person(fixture, MEANS_PERSONAL_CODE, CODE, fixture_set_of(fixture, group));
    fixture_publish(fixture);
}

static void remove_ledger(void)
{
    static const char *const names[] = {"ledger.mdb", "ledger.mdb-lock", "lock", "head"};
    char path[600];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", ledger, names[i]);
        unlink(path);
    }
}

static void close_scene(void)
{
    eligd_kill();
    remove_ledger();
    rmdir(ledger);
    unlink(head_key);
    unlink(log_path);
    rmdir(folder);
    fixture_close(fixture);
}

static void spawn(const char *const extra[])
{
    const char *options[ELIGD_ARGUMENTS_MAX + 1] = {
        "--snapshots",      fixture_directory(fixture),
        "--identity-key",   fixture_identity_path(fixture),
        "--signing-public", fixture_public_path(fixture),
        "--environment",    "7",
        "--unix",           socket_path,
        "--poll-ms",        "10",
        "--ledger",         ledger,
        "--ledger-map",     "64",
    };
    size_t count = 0;
    while (options[count] != NULL)
        count++;
    for (size_t i = 0; extra[i] != NULL; i++)
        options[count++] = extra[i];
    eligd_spawn(log_path, options);
}

#define START(...)                                                                                 \
    do {                                                                                           \
        spawn((const char *const[]){"--subject-key", fixture_subject_path(fixture), __VA_ARGS__,   \
                                    NULL});                                                        \
        eligd_wait_for_events("ready", 1);                                                         \
    } while (0)

/* The start is refused, and says so. */
static void check_refused(const char *const extra[], const char *text)
{
    static char said[1 << 16];
    spawn(extra);
    ck_assert_int_eq(eligd_wait_for_exit(), 3);
    eligd_read_log(said, sizeof(said));
    ck_assert_msg(strstr(said, text) != NULL, "want %s, said %s", text, said);
}

/* ---- a client ---- */

static int connect_unix(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, socket_path, sizeof(socket_path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void put(size_t i, uint8_t kind, uint64_t request_id, uint64_t target_id)
{
    struct request request = {.kind = kind, .request_id = request_id, .target_id = target_id};
    if (kind_is_purchase(kind)) {
        request.quantity = 2;
        request.identifier = (struct identifier){.means = MEANS_PERSONAL_CODE, .size = 11};
        memcpy(request.identifier.text, CODE, 11);
        request.product = PRODUCT_HALF;
        request.unit_price = 15000;
        request.service_time_s = (uint32_t)time_of_riga_day(FIXTURE_AS_OF_DAY) + 60;
        request.hold_10s = kind == KIND_RESERVE ? 90 : 0;
    }
    frame_encode_request(stream + i * FRAME_SIZE, &request);
}

static void send_frames(int fd, size_t count)
{
    ck_assert_int_eq(send(fd, stream, count * FRAME_SIZE, MSG_NOSIGNAL),
                     (ssize_t)(count * FRAME_SIZE));
}

/* How many answers came before the end of the stream. */
static size_t receive(int fd, size_t count)
{
    size_t have = 0, size = count * FRAME_SIZE;
    while (have < size) {
        struct pollfd pollfd = {.fd = fd, .events = POLLIN};
        ck_assert_int_eq(poll(&pollfd, 1, ELIGD_WAIT_MS), 1);
        ssize_t now = recv(fd, got + have, size - have, 0);
        if (now <= 0)
            break;
        have += (size_t)now;
    }
    return have / FRAME_SIZE;
}

static struct response response_at(size_t i)
{
    struct response response;
    ck_assert(frame_decode_response(&response, got + i * FRAME_SIZE));
    return response;
}

static struct response ask(uint8_t kind, uint64_t request_id, uint64_t target_id)
{
    int fd = connect_unix();
    put(0, kind, request_id, target_id);
    send_frames(fd, 1);
    ck_assert_uint_eq(receive(fd, 1), 1);
    close(fd);
    return response_at(0);
}

/* ---- killed ---- */

START_TEST(what_was_answered_stands_though_the_server_is_killed)
{
    START("--loops", "2");
    struct response used = ask(KIND_USE, 1, 0);
    ck_assert_uint_eq(used.status, STATUS_APPLIES);
    ck_assert_uint_eq(used.relief_amount, 15000);
    ck_assert_uint_ne(used.ledger_sequence, 0);
    ck_assert_uint_eq(ask(KIND_RESERVE, 2, 0).status, STATUS_APPLIES);
    eligd_kill();

    START("--loops", "2");
    struct response again = ask(KIND_USE, 1, 0);
    ck_assert_uint_eq(again.status, STATUS_APPLIES);
    ck_assert_uint_eq(again.ledger_sequence, used.ledger_sequence);
    ck_assert_uint_eq(again.relief_amount, used.relief_amount);
    ck_assert_uint_eq(ask(KIND_STATUS, 3, 2).status, STATUS_RESERVED);
    ck_assert_uint_eq(ask(KIND_CONFIRM, 4, 2).status, STATUS_CONFIRMED);
    eligd_stop();
    ck_assert_uint_eq(eligd_total("verdict_applies"), 1);
    ck_assert_uint_eq(eligd_total("verdict_reserved"), 1);
    ck_assert_uint_eq(eligd_total("verdict_confirmed"), 1);
    ck_assert_uint_eq(eligd_total("ledger_waiting"), 0);
}
END_TEST

/* Killed with transactions on their way: whoever was answered has the same answer afterwards, and
 * nothing is done twice. */
START_TEST(what_is_asked_again_after_a_kill_is_done_once)
{
    static uint64_t sequences[MANY];
    START("--loops", "1");
    int fd = connect_unix();
    size_t answered = 0;
    for (size_t i = 0; i < MANY; i += 10) {
        for (size_t j = 0; j < 10; j++)
            put(j, KIND_USE, i + j + 1, 0);
        send_frames(fd, 10);
        if (i < MANY / 2) {
            ck_assert_uint_eq(receive(fd, 10), 10);
            for (size_t j = 0; j < 10; j++)
                sequences[answered++] = response_at(j).ledger_sequence;
        }
    }
    eligd_kill();
    close(fd);

    START("--loops", "1");
    fd = connect_unix();
    for (size_t i = 0; i < MANY; i++)
        put(i, KIND_USE, i + 1, 0);
    send_frames(fd, MANY);
    ck_assert_uint_eq(receive(fd, MANY), MANY);
    uint64_t most = 0;
    for (size_t i = 0; i < MANY; i++) {
        struct response response = response_at(i);
        ck_assert_uint_eq(response.status, STATUS_APPLIES);
        ck_assert_uint_gt(response.ledger_sequence, most);
        most = response.ledger_sequence;
        if (i < answered)
            ck_assert_uint_eq(response.ledger_sequence, sequences[i]);
    }
    close(fd);
    eligd_stop();
}
END_TEST

START_TEST(a_swap_while_transactions_are_under_way_loses_none)
{
    START("--loops", "2");
    int fds[4];
    uint64_t request_id = 1;
    for (int i = 0; i < 4; i++)
        fds[i] = connect_unix();
    for (uint32_t round = 1; round <= 5; round++) {
        fixture_publish(fixture);
        while (eligd_count_events("swap") < round)
            for (int i = 0; i < 4; i++) {
                for (size_t j = 0; j < 20; j++)
                    put(j, j % 3 == 0 ? KIND_CHECK : KIND_USE, request_id++, 0);
                send_frames(fds[i], 20);
                ck_assert_uint_eq(receive(fds[i], 20), 20);
                for (size_t j = 0; j < 20; j++)
                    ck_assert_uint_eq(response_at(j).status, STATUS_APPLIES);
            }
    }
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    eligd_stop();
    ck_assert_uint_eq(eligd_total("swaps"), 5);
}
END_TEST

START_TEST(what_is_under_way_when_it_shall_stop_is_answered)
{
    START("--loops", "1");
    int fd = connect_unix();
    for (size_t i = 0; i < MANY; i++)
        put(i, KIND_USE, i + 1, 0);
    send_frames(fd, MANY);
    ck_assert_int_eq(kill(eligd_pid(), SIGTERM), 0);
    ck_assert_uint_eq(receive(fd, MANY), MANY);
    for (size_t i = 0; i < MANY; i++) {
        uint16_t status = response_at(i).status;
        ck_assert(status == STATUS_APPLIES || status == STATUS_DRAINING);
    }
    close(fd);
    ck_assert_int_eq(eligd_wait_for_exit(), 0);
}
END_TEST

/* ---- refused ---- */

START_TEST(a_snapshot_without_subjects_or_of_another_key_refuses_the_start)
{
    struct fault fault;
    char other[500];
    snprintf(other, sizeof(other), "%s/other.key", folder);
    ck_assert(keyfile_create_subject(other, &fault));
    check_refused((const char *const[]){"--subject-key", other, NULL}, "with another key");
    unlink(other);
}
END_TEST

START_TEST(an_older_ledger_than_the_head_says_refuses_the_start_unless_it_is_accepted)
{
    char head[600], kept[600], old[600];
    static uint8_t bytes[256];
    snprintf(head, sizeof(head), "%s/head", ledger);
    snprintf(kept, sizeof(kept), "%s/kept-head", folder);
    START("--ledger-head-key", head_key);
    ck_assert_uint_eq(ask(KIND_USE, 1, 0).status, STATUS_APPLIES);
    eligd_stop();
    FILE *from = fopen(head, "r");
    ck_assert_ptr_nonnull(from);
    size_t size = fread(bytes, 1, sizeof(bytes), from);
    fclose(from);
    support_write_file(kept, bytes, size, 0644);

    /* The same ledger, gone on: it is fine. */
    START("--ledger-head-key", head_key, "--ledger-head", kept);
    ck_assert_uint_eq(ask(KIND_USE, 2, 0).status, STATUS_APPLIES);
    eligd_stop();

    remove_ledger();
    check_refused((const char *const[]){"--subject-key", fixture_subject_path(fixture),
                                        "--ledger-head-key", head_key, "--ledger-head", kept, NULL},
                  "it is an older copy");
    START("--ledger-head-key", head_key, "--ledger-head", kept, "--accept-older-ledger");
    ck_assert_uint_eq(eligd_count_events("ledger_accepted"), 1);
    for (uint64_t i = 11; i < 14; i++)
        ck_assert_uint_eq(ask(KIND_USE, i, 0).status, STATUS_APPLIES);
    eligd_stop();

    /* It has gone on from there, and is another one by now. */
    check_refused((const char *const[]){"--subject-key", fixture_subject_path(fixture),
                                        "--ledger-head-key", head_key, "--ledger-head", kept, NULL},
                  "is another one than the head says");
    bytes[20] ^= 1;
    snprintf(old, sizeof(old), "%s/forged-head", folder);
    support_write_file(old, bytes, size, 0644);
    check_refused((const char *const[]){"--subject-key", fixture_subject_path(fixture),
                                        "--ledger-head-key", head_key, "--ledger-head", old, NULL},
                  "the signature does not fit");
    unlink(kept);
    unlink(old);
}
END_TEST

static const struct bad {
    const char *extra[6];
    const char *text;
} bads[] = {
    {{NULL}, "--ledger: wants --subject-key FILE"},
    {{"--subject-key", "k", "--ledger-head", "h", NULL}, "wants --ledger-head-key FILE"},
    {{"--subject-key", "k", "--accept-older-ledger", NULL}, "older than what?"},
};

START_TEST(options_that_do_not_go_together_are_named)
{
    static char said[1 << 16];
    spawn(bads[_i].extra);
    ck_assert_int_eq(eligd_wait_for_exit(), 2);
    eligd_read_log(said, sizeof(said));
    ck_assert_msg(strstr(said, bads[_i].text) != NULL, "%s", said);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eligd_ledger");
    TCase *tcase = tcase_create("eligd_ledger");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, open_scene, close_scene);
    tcase_add_test(tcase, what_was_answered_stands_though_the_server_is_killed);
    tcase_add_test(tcase, what_is_asked_again_after_a_kill_is_done_once);
    tcase_add_test(tcase, a_swap_while_transactions_are_under_way_loses_none);
    tcase_add_test(tcase, what_is_under_way_when_it_shall_stop_is_answered);
    tcase_add_test(tcase, a_snapshot_without_subjects_or_of_another_key_refuses_the_start);
    tcase_add_test(tcase,
                   an_older_ledger_than_the_head_says_refuses_the_start_unless_it_is_accepted);
    tcase_add_loop_test(tcase, options_that_do_not_go_together_are_named, 0,
                        (int)(sizeof(bads) / sizeof(bads[0])));
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
