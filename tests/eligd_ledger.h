/* What suites about the real program with a ledger share: a snapshot of one person, a ledger on a
 * disk, a client over plain frames. No test asserts a time; every wait is bounded. */
#ifndef TESTS_ELIGD_LEDGER_H
#define TESTS_ELIGD_LEDGER_H

#include "protocol/frame.h"
#include "protocol/posting.h"
#include "tests/eligd.h"
#include "tests/fixture.h"
#include "tests/support.h"

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
static const char *ledger_map = "64"; /* MiB */
static char folder[400], ledger[500], head_key[500], log_path[500];
static char socket_path[sizeof(((struct sockaddr_un *)0)->sun_path)];
static uint8_t stream[MANY * FRAME_SIZE], got[MANY * FRAME_SIZE];

/* ---- the scene ---- */

/* A ledger refuses to lie in memory; where temporary files do, it lies with what is built. */
static inline void choose_folder(void)
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

static inline void open_scene(void)
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

static inline void remove_ledger(void)
{
    static const char *const names[] = {"ledger.mdb", "ledger.mdb-lock", "ledger.redo",
                                        "ledger.lock", "head"};
    char path[600];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", ledger, names[i]);
        unlink(path);
    }
}

static inline void close_scene(void)
{
    eligd_kill();
    remove_ledger();
    rmdir(ledger);
    unlink(head_key);
    unlink(log_path);
    rmdir(folder);
    fixture_close(fixture);
}

static inline void spawn(const char *const extra[])
{
    const char *options[ELIGD_ARGUMENTS_MAX + 1] = {
        "--snapshots",      fixture_directory(fixture),
        "--identity-key",   fixture_identity_path(fixture),
        "--signing-public", fixture_public_path(fixture),
        "--environment",    "7",
        "--unix",           socket_path,
        "--poll-ms",        "10",
        "--ledger",         ledger,
        "--ledger-map",     ledger_map,
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
static inline void check_refused(const char *const extra[], const char *text)
{
    static char said[1 << 16];
    spawn(extra);
    ck_assert_int_eq(eligd_wait_for_exit(), 3);
    eligd_read_log(said, sizeof(said));
    ck_assert_msg(strstr(said, text) != NULL, "want %s, said %s", text, said);
}

/* ---- a client ---- */

static inline int connect_unix(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, socket_path, sizeof(socket_path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static inline void put(size_t i, uint8_t kind, uint64_t request_id, uint64_t target_id)
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

static inline void send_frames(int fd, size_t count)
{
    ck_assert_int_eq(send(fd, stream, count * FRAME_SIZE, MSG_NOSIGNAL),
                     (ssize_t)(count * FRAME_SIZE));
}

/* How many answers came before the end of the stream. */
static inline size_t receive(int fd, size_t count)
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

static inline struct response response_at(size_t i)
{
    struct response response;
    ck_assert(frame_decode_response(&response, got + i * FRAME_SIZE));
    return response;
}

static inline struct response ask(uint8_t kind, uint64_t request_id, uint64_t target_id)
{
    int fd = connect_unix();
    put(0, kind, request_id, target_id);
    send_frames(fd, 1);
    ck_assert_uint_eq(receive(fd, 1), 1);
    close(fd);
    return response_at(0);
}

#endif
