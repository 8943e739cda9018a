/* The real program over real sockets. No test asserts a time; every wait is bounded. */
#include "loader/publish.h"
#include "protocol/frame.h"
#include "tests/eligd.h"
#include "tests/fixture.h"
#include "tests/support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS_MAX    ELIGD_WAIT_MS
#define FRAMES         256
#define STREAM_SIZE    (FRAMES * FRAME_SIZE)
#define PRODUCT_HALF   1001
#define PRODUCT_NOBODY 1002
#define RELIEF_HALF    4711

static struct fixture *fixture;
static uint16_t server_port;
static char log_path[512], port_path[512];
static char socket_path[sizeof(((struct sockaddr_un *)0)->sun_path)];
static uint8_t stream[STREAM_SIZE], got[STREAM_SIZE];

/* ---- the server ---- */

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Each generation has its own key. */
static bool uses_keys;

/* Starts eligd with these options beside the usual ones; `extra` ends in NULL. */
static void spawn_server(const char *const extra[])
{
    const char *options[ELIGD_ARGUMENTS_MAX + 1] = {
        "--snapshots",
        fixture_directory(fixture),
        uses_keys ? "--identity-keys" : "--identity-key",
        uses_keys ? fixture_keys(fixture) : fixture_identity_path(fixture),
        "--signing-public",
        fixture_public_path(fixture),
        "--environment",
        "7",
        "--unix",
        socket_path,
        "--listen-plain",
        "127.0.0.1:0",
        "--port-file-plain",
        port_path,
    };
    size_t count = 0;
    while (options[count] != NULL)
        count++;
    for (size_t i = 0; extra[i] != NULL; i++) {
        ck_assert_uint_lt(count, ELIGD_ARGUMENTS_MAX);
        options[count++] = extra[i];
    }
    unlink(port_path);
    eligd_spawn(log_path, options);
}

static void start_server(const char *const extra[])
{
    spawn_server(extra);
    eligd_wait_for_events("ready", 1);
    server_port = eligd_read_port(port_path);
}

#define START(...) start_server((const char *const[]){__VA_ARGS__, NULL})

/* ---- a client ---- */

static int connect_tcp_to(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)), 0);
    return fd;
}

static int connect_tcp(void)
{
    return connect_tcp_to(server_port);
}

static int connect_unix(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, socket_path, sizeof(socket_path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void send_all(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        ck_assert_int_gt(sent, 0);
        bytes += sent;
        size -= (size_t)sent;
    }
}

/* How many bytes came before the end of the stream, or before `size`. Aborts when none come. */
static size_t receive(int fd, uint8_t *bytes, size_t size)
{
    size_t have = 0;
    while (have < size) {
        struct pollfd pollfd = {.fd = fd, .events = POLLIN};
        ck_assert_int_eq(poll(&pollfd, 1, WAIT_MS_MAX), 1);
        ssize_t now = recv(fd, bytes + have, size - have, 0);
        if (now <= 0)
            break;
        have += (size_t)now;
    }
    return have;
}

static bool is_closed_by_server(int fd)
{
    return receive(fd, got, 1) == 0;
}

static const char *const codes[] = {"32000000001", "32000000002", "32000000003", "32999999999"};
static const uint32_t products[] = {PRODUCT_HALF, PRODUCT_NOBODY, 77};

/* What the answer to a frame of `make_frame` must be. */
static uint16_t want_status(uint64_t number)
{
    if (number % 7 == 3)
        return STATUS_OK; /* PING */
    if (number % 3 == 2)
        return STATUS_UNKNOWN_PRODUCT;
    return number % 4 < 2 && number % 3 == 0 ? STATUS_APPLIES : STATUS_DOES_NOT_APPLY;
}

static void make_frame(uint8_t frame[FRAME_SIZE], uint64_t number)
{
    struct request request = {
        .kind = KIND_CHECK,
        .quantity = 2,
        .request_id = number + 1,
        .identifier = {.means = MEANS_PERSONAL_CODE, .size = 11},
        .product = products[number % 3],
        .unit_price = 15000,
        .service_time_s = (uint32_t)time_of_riga_day(FIXTURE_AS_OF_DAY) + 60,
    };
    memcpy(request.identifier.text, codes[number % 4], 11);
    if (number % 7 == 3)
        request = (struct request){.kind = KIND_PING, .request_id = number + 1};
    frame_encode_request(frame, &request);
}

static void make_frames(uint64_t first, size_t frame_count)
{
    for (size_t i = 0; i < frame_count; i++)
        make_frame(stream + i * FRAME_SIZE, first + i);
}

/* The answer to frame `number`; its generation. */
static uint64_t check_answer(const uint8_t answer[FRAME_SIZE], uint64_t number)
{
    struct response response;
    ck_assert(frame_decode_response(&response, answer));
    ck_assert_uint_eq(response.request_id, number + 1);
    ck_assert_uint_eq(response.status, want_status(number));
    bool applies = response.status == STATUS_APPLIES;
    ck_assert_uint_eq(response.relief, applies ? RELIEF_HALF : 0);
    ck_assert_uint_eq(response.relief_amount, applies ? 15000 : 0);
    return response.generation;
}

static void check_answers(uint64_t first, size_t frame_count)
{
    for (size_t i = 0; i < frame_count; i++)
        check_answer(got + i * FRAME_SIZE, first + i);
}

/* One question, one answer. */
static void check_served(int fd, uint64_t number)
{
    uint8_t frame[FRAME_SIZE];
    make_frame(frame, number);
    send_all(fd, frame, FRAME_SIZE);
    ck_assert_uint_eq(receive(fd, frame, FRAME_SIZE), FRAME_SIZE);
    check_answer(frame, number);
}

static struct report ask_status(int fd)
{
    struct request request = {.kind = KIND_STATUS, .request_id = 99};
    struct report report = {0};
    uint8_t frame[FRAME_SIZE];
    frame_encode_request(frame, &request);
    send_all(fd, frame, FRAME_SIZE);
    ck_assert_uint_eq(receive(fd, frame, FRAME_SIZE), FRAME_SIZE);
    ck_assert(frame_decode_report(&report, frame));
    return report;
}

/* ---- the scene ---- */

static void open_scene(void)
{
    struct fault fault;
    const char *directory = support_directory();
    ck_assert(identity_start(&fault));
    snprintf(log_path, sizeof(log_path), "%s/eligd.log", directory);
    snprintf(port_path, sizeof(port_path), "%s/eligd.port", directory);
    ck_assert_uint_lt(strlen(directory) + 12, sizeof(socket_path));
    snprintf(socket_path, sizeof(socket_path), "%.90s/eligd.sock", directory);

    fixture = fixture_open(directory);
    uint16_t group = fixture_group(fixture, "half");
    uint16_t empty = fixture_group(fixture, "nobody");
    fixture_product(fixture, PRODUCT_HALF, "half");
    fixture_product(fixture, PRODUCT_NOBODY, "nobody");
    uint16_t relief = fixture_relief(fixture, RELIEF_HALF, "HALF");
    fixture_clause(fixture, PRODUCT_HALF, relief, group, 5000);
    fixture_clause(fixture, PRODUCT_NOBODY, relief, empty, 10000);
    uint32_t set = fixture_set_of(fixture, group);
    fixture_person(fixture, MEANS_PERSONAL_CODE, codes[0], set);
    fixture_person(fixture, MEANS_PERSONAL_CODE, codes[1], set);
    fixture_identifier(fixture, MEANS_PERSONAL_CODE, codes[2], set, FIXTURE_FROM_DAY,
                       FIXTURE_AS_OF_DAY); /* ended today */
    fixture_publish(fixture);
}

static void close_scene(void)
{
    eligd_kill();
    fixture_close(fixture);
}

/* ---- frames ---- */

START_TEST(a_full_segment_is_answered_in_order)
{
    START("--loops", _i == 0 ? "1" : "3");
    int fds[] = {connect_tcp(), connect_unix()};
    for (size_t i = 0; i < 2; i++) {
        make_frames(0, FRAMES);
        send_all(fds[i], stream, STREAM_SIZE);
        ck_assert_uint_eq(receive(fds[i], got, STREAM_SIZE), STREAM_SIZE);
        check_answers(0, FRAMES);
        close(fds[i]);
    }
    eligd_stop();
    ck_assert_uint_eq(eligd_total("checks") + eligd_total("pings"), 2 * FRAMES);
}
END_TEST

START_TEST(one_cut_anywhere_changes_no_answer)
{
    START("--loops", "1");
    int fd = connect_tcp();
    for (size_t cut = 1; cut < 2 * FRAME_SIZE; cut++) {
        make_frames(cut, 2);
        send_all(fd, stream, cut);
        if (cut % 16 == 0)
            usleep(1000); /* sometimes the second part certainly comes later */
        send_all(fd, stream + cut, 2 * FRAME_SIZE - cut);
        ck_assert_uint_eq(receive(fd, got, 2 * FRAME_SIZE), 2 * FRAME_SIZE);
        check_answers(cut, 2);
    }
    close(fd);
    eligd_stop();
}
END_TEST

START_TEST(random_cuts_change_no_answer)
{
    START("--loops", "2");
    uint64_t state = 5;
    int fd = connect_tcp();
    for (uint64_t round = 0; round < 20; round++) {
        make_frames(round * FRAMES, FRAMES);
        for (size_t sent = 0; sent < STREAM_SIZE;) {
            size_t size = 1 + support_random(&state) % 2000;
            if (size > STREAM_SIZE - sent)
                size = STREAM_SIZE - sent;
            send_all(fd, stream + sent, size);
            sent += size;
        }
        ck_assert_uint_eq(receive(fd, got, STREAM_SIZE), STREAM_SIZE);
        check_answers(round * FRAMES, FRAMES);
    }
    close(fd);
    eligd_stop();
}
END_TEST

/* ---- clients that behave badly ---- */

START_TEST(what_was_asked_before_half_closing_is_answered)
{
    START("--loops", "1");
    for (uint64_t round = 0; round < 20; round++) {
        int fd = connect_tcp();
        make_frames(round, FRAMES);
        send_all(fd, stream, STREAM_SIZE);
        ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
        ck_assert_uint_eq(receive(fd, got, STREAM_SIZE), STREAM_SIZE);
        check_answers(round, FRAMES);
        ck_assert(is_closed_by_server(fd));
        close(fd);
    }
    eligd_stop();
    ck_assert_uint_eq(eligd_total("broken"), 0);
}
END_TEST

START_TEST(a_slow_reader_gets_all_its_answers)
{
    START("--loops", "1");
    int fd = connect_tcp();
    int other = connect_tcp();
    ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);

    /* Sends until nothing moves: the server has stopped reading. Others are served meanwhile. */
    uint64_t sent_count = 0;
    size_t at = STREAM_SIZE;
    for (int quiet = 0; quiet < 50;) {
        if (at == STREAM_SIZE) {
            make_frames(sent_count, FRAMES);
            at = 0;
        }
        ssize_t sent = send(fd, stream + at, STREAM_SIZE - at, MSG_NOSIGNAL);
        if (sent > 0) {
            at += (size_t)sent;
            sent_count += at == STREAM_SIZE ? FRAMES : 0;
            quiet = 0;
        } else {
            check_served(other, (uint64_t)quiet++);
        }
    }
    for (uint64_t i = 0; i < sent_count; i++) {
        ck_assert_uint_eq(receive(fd, got, FRAME_SIZE), FRAME_SIZE);
        check_answer(got, i);
    }
    close(fd);
    close(other);
    eligd_stop();
    ck_assert_uint_ge(eligd_total("held_back"), 1);
    ck_assert_uint_eq(eligd_total("write_closed"), 0);
}
END_TEST

START_TEST(who_never_reads_is_closed)
{
    START("--write-ms", "50");
    int fd = connect_unix();
    ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    make_frames(0, FRAMES);
    bool is_closed = false;
    for (int ms = 0; ms < WAIT_MS_MAX && !is_closed; ms++) {
        is_closed = send(fd, stream, STREAM_SIZE, MSG_NOSIGNAL) < 0 && errno != EAGAIN;
        usleep(1000);
    }
    ck_assert(is_closed);
    close(fd);
    eligd_stop();
    ck_assert_uint_eq(eligd_total("write_closed"), 1);
}
END_TEST

START_TEST(a_connection_reset_in_a_batch_harms_no_other)
{
    START("--loops", "1");
    int good = connect_tcp();
    struct linger now = {1, 0};
    for (uint64_t i = 0; i < 200; i++) {
        int bad = connect_tcp();
        make_frames(0, FRAMES);
        send_all(bad, stream, STREAM_SIZE / 2 + 7);
        ck_assert_int_eq(setsockopt(bad, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
        close(bad);
        check_served(good, i);
    }
    close(good);
    eligd_stop();
    ck_assert_uint_eq(eligd_total("accepted"), 201);
}
END_TEST

START_TEST(another_version_is_told_so_and_closed)
{
    START("--loops", "1");
    int fd = connect_tcp();
    make_frames(0, 3);
    stream[FRAME_SIZE + REQUEST_VERSION] = 77;
    send_all(fd, stream, 3 * FRAME_SIZE);
    ck_assert_uint_eq(receive(fd, got, STREAM_SIZE), 2 * FRAME_SIZE);
    check_answers(0, 1);
    ck_assert_uint_eq(load_u16(got + FRAME_SIZE + RESPONSE_STATUS), STATUS_BAD_VERSION);
    close(fd);
    eligd_stop();
    ck_assert_uint_eq(eligd_total("bad_versions"), 1);
    ck_assert_uint_eq(eligd_total("broken"), 0);
}
END_TEST

START_TEST(garbage_is_answered_or_closed_and_never_more)
{
    START("--loops", "1");
    uint64_t state = (uint64_t)_i + 1;
    for (int round = 0; round < 50; round++) {
        int fd = connect_tcp();
        size_t size = support_random(&state) % STREAM_SIZE;
        for (size_t i = 0; i < size; i++)
            stream[i] = (uint8_t)support_random(&state);
        for (size_t i = 0; i < size && round % 2 == 0; i += FRAME_SIZE)
            stream[i] = FRAME_VERSION;
        send_all(fd, stream, size);
        ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
        size_t have = receive(fd, got, STREAM_SIZE);
        ck_assert_uint_eq(have % FRAME_SIZE, 0);
        ck_assert_uint_le(have, size);
        ck_assert(round % 2 != 0 || have == size / FRAME_SIZE * FRAME_SIZE);
        close(fd);
    }
    int fd = connect_tcp();
    check_served(fd, 1);
    close(fd);
    eligd_stop();
}
END_TEST

START_TEST(silence_and_unfinished_frames_are_closed)
{
    bool is_partial = _i == 1;
    if (is_partial)
        START("--frame-ms", "50", "--idle-ms", "3600000");
    else
        START("--idle-ms", "150");
    int fd = is_partial ? connect_unix() : connect_tcp();
    make_frames(0, 1);
    if (is_partial)
        send_all(fd, stream, 63);
    ck_assert(is_closed_by_server(fd));
    close(fd);
    eligd_stop();
    ck_assert_uint_eq(eligd_total("idle_closed"), !is_partial);
    ck_assert_uint_eq(eligd_total("frame_closed"), is_partial);
}
END_TEST

START_TEST(a_stop_of_the_server_is_not_the_silence_of_its_clients)
{
    START("--idle-ms", "3000");
    int fd = connect_tcp();
    check_served(fd, 1);
    ck_assert_int_eq(kill(eligd_pid(), SIGSTOP), 0);
    uint64_t start_ms = now_ms();
    while (now_ms() - start_ms < 3500)
        usleep(10000);
    ck_assert_int_eq(kill(eligd_pid(), SIGCONT), 0);
    usleep(100000); /* for a kick that must not come */
    check_served(fd, 2);
    close(fd);
    eligd_stop();
    ck_assert_uint_eq(eligd_total("idle_closed"), 0);
}
END_TEST

/* ---- limits ---- */

START_TEST(over_the_limit_connections_are_closed_and_counted)
{
    START("--connections-max", "3", "--loops", _i == 0 ? "1" : "2");
    int fds[3];
    for (uint64_t i = 0; i < 3; i++) {
        fds[i] = connect_tcp();
        check_served(fds[i], i);
    }
    for (int i = 0; i < 5; i++) {
        int fd = connect_tcp();
        ck_assert(is_closed_by_server(fd));
        close(fd);
    }
    ck_assert_uint_eq(ask_status(fds[1]).connection_count, 3);
    close(fds[0]);

    /* Its place is free as soon as the server has seen it go. */
    for (int ms = 0; ms < WAIT_MS_MAX && ask_status(fds[1]).connection_count > 2; ms++)
        usleep(1000);
    fds[0] = connect_tcp();
    for (uint64_t i = 0; i < 3; i++) {
        check_served(fds[i], i);
        close(fds[i]);
    }
    eligd_stop();
    ck_assert_uint_eq(eligd_total("over_limit"), 5);
}
END_TEST

static rlim_t count_descriptors(pid_t pid)
{
    /* One more than the largest that is open; /proc of a process without dumps is root's. */
    for (rlim_t count = 4096; count > 0; count--) {
        char path[64];
        struct stat status;
        snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, (int)count - 1);
        if (lstat(path, &status) == 0)
            return count;
    }
    return 0;
}

START_TEST(without_descriptors_accepting_pauses_and_goes_on)
{
    START("--loops", "1");
    enum { WAITING = 24 }; /* more than there can be gaps below the limit */
    int fds[WAITING];
    fds[0] = connect_tcp();
    check_served(fds[0], 0);
    rlim_t count = count_descriptors(eligd_pid());
    if (count == 0) {
        printf("skipped: /proc/PID/fd cannot be read here\n");
        return;
    }
    struct rlimit limit = {count + 2, count + 2};
    ck_assert_int_eq(prlimit(eligd_pid(), RLIMIT_NOFILE, &limit, NULL), 0);

    /* The kernel connects them all; the server can take a few. Who is in is served on. */
    uint64_t start_ms = now_ms();
    for (int i = 1; i < WAITING; i++)
        fds[i] = connect_tcp();
    for (uint64_t i = 0; i < 200; i++) {
        check_served(fds[0], i);
        usleep(1000);
    }
    /* As places become free, the ones that waited are served. */
    for (int i = 1; i < WAITING - 1; i++) {
        check_served(fds[i], (uint64_t)i);
        close(fds[i]);
    }
    uint64_t paused_ms = now_ms() - start_ms;
    check_served(fds[WAITING - 1], 1);
    close(fds[WAITING - 1]);
    close(fds[0]);
    eligd_stop();
    ck_assert_uint_ge(eligd_total("accept_pauses"), 1);
    /* It paused instead of trying at once, again and again. */
    ck_assert_uint_le(eligd_total("accept_pauses"), paused_ms / 50 + 10);
    ck_assert_uint_eq(eligd_total("accepted"), WAITING);
}
END_TEST

/* ---- swaps ---- */

#define LOAD_CONNECTIONS 6

static void use_keys(void)
{
    fixture_use_keys(fixture);
    uses_keys = true;
}

/* The next generation; with keys of their own, the older ones go, and their keys with them. */
static uint64_t publish_next(void)
{
    uint64_t generation = fixture_publish(fixture);
    struct snapshot_trust trust = fixture_trust(fixture);
    struct publication *publication;
    struct fault fault;
    if (uses_keys) {
        ck_assert(publish_begin(&publication, fixture_directory(fixture), &trust, &fault));
        ck_assert(publish_sweep(publication, 4, &fault)); /* it may be slow to follow */
        publish_end(publication);
    }
    return generation;
}

START_TEST(swaps_under_load_fail_no_request)
{
    if (_i >= 2)
        use_keys();
    uint64_t last = publish_next();
    START("--poll-ms", "10", "--loops", _i % 2 == 0 ? "1" : "2");
    enum { DEPTH = 64, ROUNDS = 300, PUBLISH_EVERY = 25 };
    int fds[LOAD_CONNECTIONS];
    uint64_t generations[LOAD_CONNECTIONS] = {0};
    uint64_t number = 0;
    for (int i = 0; i < LOAD_CONNECTIONS; i++)
        fds[i] = i % 2 == 0 ? connect_tcp() : connect_unix();
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t first = number;
        for (int i = 0; i < LOAD_CONNECTIONS; i++, number += DEPTH) {
            make_frames(number, DEPTH);
            send_all(fds[i], stream, DEPTH * FRAME_SIZE);
        }
        if (round % PUBLISH_EVERY == 0)
            last = publish_next();
        if (round % 40 == 7)
            ck_assert_int_eq(kill(eligd_pid(), SIGHUP), 0);
        for (int i = 0; i < LOAD_CONNECTIONS; i++, first += DEPTH) {
            ck_assert_uint_eq(receive(fds[i], got, DEPTH * FRAME_SIZE), DEPTH * FRAME_SIZE);
            for (uint64_t j = 0; j < DEPTH; j++) {
                uint64_t generation = check_answer(got + j * FRAME_SIZE, first + j);
                ck_assert_uint_ge(generation, generations[i]); /* never back */
                generations[i] = generation;
            }
        }
    }
    for (int ms = 0; ms < WAIT_MS_MAX && ask_status(fds[0]).generation != last; ms++)
        usleep(1000);
    ck_assert_uint_eq(ask_status(fds[0]).generation, last);
    for (int i = 0; i < LOAD_CONNECTIONS; i++)
        close(fds[i]);
    eligd_stop();
    ck_assert_uint_ge(eligd_total("swaps"), 2);
    ck_assert_uint_eq(eligd_count_events("refused"), 0);
    ck_assert_uint_eq(eligd_total("broken"), 0);
}
END_TEST

START_TEST(hup_looks_at_once)
{
    START("--poll-ms", "3600000");
    int fd = connect_tcp();
    uint64_t next = fixture_publish(fixture);
    ck_assert_uint_eq(ask_status(fd).generation, next - 1);
    ck_assert_int_eq(kill(eligd_pid(), SIGHUP), 0);
    eligd_wait_for_events("swap", 1);
    ck_assert_uint_eq(ask_status(fd).generation, next);
    close(fd);
    eligd_stop();
}
END_TEST

/* ---- loops that poll before they sleep ---- */

static bool has_cores(int count)
{
    cpu_set_t cores;
    ck_assert_int_eq(sched_getaffinity(0, sizeof(cores), &cores), 0);
    return CPU_COUNT(&cores) >= count;
}

/* Whether a thread of the server runs, or would if it had a core. */
static bool server_runs(void)
{
    char path[64], text[512];
    bool runs = false;
    snprintf(path, sizeof(path), "/proc/%d/task", (int)eligd_pid());
    DIR *threads = opendir(path);
    ck_assert_ptr_nonnull(threads);
    for (struct dirent *one = readdir(threads); one != NULL; one = readdir(threads)) {
        if (one->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "/proc/%d/task/%.16s/stat", (int)eligd_pid(), one->d_name);
        FILE *stat = fopen(path, "re");
        if (stat == NULL)
            continue;
        size_t size = fread(text, 1, sizeof(text) - 1, stat);
        fclose(stat);
        text[size] = '\0';
        const char *state = strrchr(text, ')');
        runs = runs || (state != NULL && state[1] == ' ' && state[2] == 'R');
    }
    closedir(threads);
    return runs;
}

static uint64_t server_cpu_us(void)
{
    clockid_t clock;
    struct timespec used;
    ck_assert_int_eq(clock_getcpuclockid(eligd_pid(), &clock), 0);
    ck_assert_int_eq(clock_gettime(clock, &used), 0);
    return (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000;
}

START_TEST(a_loop_that_polls_leaves_room_for_swaps_signals_and_others)
{
    START("--busy-poll", "1000000", "--poll-ms", "10", "--loops", "1");
    int fd = connect_tcp(), other = connect_unix();
    uint64_t next = fixture_publish(fixture), number = 0;
    while (ask_status(fd).generation != next) {
        check_served(fd, number++); /* never a pause: it polls all the while */
        check_served(other, number++);
    }
    eligd_wait_for_events("swap", 1);
    ck_assert_int_eq(kill(eligd_pid(), SIGTERM), 0);
    eligd_wait_for_events("draining", 1);
    close(fd);
    close(other);
    ck_assert_int_eq(eligd_wait_for_exit(), 0);
    ck_assert_uint_eq(eligd_total("accepted"), eligd_total("closed"));
}
END_TEST

START_TEST(a_loop_polls_for_a_while_and_then_sleeps)
{
    enum { POLLS_MS = 300 };
    if (!has_cores(2))
        return; /* it would not poll */
    START("--busy-poll", "300000", "--poll-ms", "3600000", "--loops", "1");
    int fd = connect_tcp();
    do
        check_served(fd, 1);
    while (!server_runs());
    uint64_t before_us; /* it wakes for its ticks; who polls takes what there is */
    do {
        before_us = server_cpu_us();
        usleep(2 * POLLS_MS * 1000);
    } while (server_cpu_us() - before_us > 10000);
    check_served(fd, 2);
    close(fd);
    eligd_stop();
}
END_TEST

START_TEST(without_a_core_to_spare_no_loop_polls)
{
    static char text[65536];
    cpu_set_t before, one;
    ck_assert_int_eq(sched_getaffinity(0, sizeof(before), &before), 0);
    size_t core = 0;
    while (!CPU_ISSET(core, &before))
        core++;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
    START("--busy-poll", "1000000", "--loops", "1");
    ck_assert_int_eq(sched_setaffinity(0, sizeof(before), &before), 0);
    int fd = connect_tcp();
    check_served(fd, 1);
    close(fd);
    eligd_stop();
    eligd_read_log(text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, "event=note busy_poll_us=0 reason="));
    ck_assert_ptr_nonnull(strstr(text, " loops=1 busy_poll_us=0 "));
}
END_TEST

static void damage(uint64_t generation)
{
    char path[1024], text[GENERATION_TEXT_SIZE];
    struct stat status;
    generation_to_text(text, generation);
    snprintf(path, sizeof(path), "%s/%s.mdb", fixture_directory(fixture), text);
    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(truncate(path, status.st_size - 4096), 0);
}

START_TEST(a_refused_snapshot_leaves_the_service_as_it_is)
{
    START("--poll-ms", "3600000");
    int fd = connect_tcp();
    uint64_t good = ask_status(fd).generation;
    damage(fixture_publish(fixture));
    ck_assert_int_eq(kill(eligd_pid(), SIGHUP), 0);
    eligd_wait_for_events("refused", 1);
    check_served(fd, 1);
    ck_assert_uint_eq(ask_status(fd).generation, good);

    /* The next good one is taken. */
    uint64_t next = fixture_publish(fixture);
    ck_assert_int_eq(kill(eligd_pid(), SIGHUP), 0);
    eligd_wait_for_events("swap", 1);
    ck_assert_uint_eq(ask_status(fd).generation, next);
    close(fd);
    eligd_stop();
    ck_assert_uint_eq(eligd_total("swaps"), 1);
}
END_TEST

/* The path of a generation's key. */
static void key_path_of(char path[static 1024], uint64_t generation)
{
    char name[FOLDER_NAME_SIZE];
    folder_file_name(name, generation, ".key");
    snprintf(path, 1024, "%s/%s", fixture_keys(fixture), name);
}

START_TEST(a_snapshot_whose_key_is_missing_or_anothers_leaves_the_service_as_it_is)
{
    char path[1024], old_path[1024];
    use_keys();
    uint64_t good = fixture_publish(fixture);
    START("--poll-ms", "3600000");
    int fd = connect_tcp();
    uint64_t next = fixture_publish(fixture);
    key_path_of(path, next);
    key_path_of(old_path, good);
    ck_assert_int_eq(unlink(path), 0);
    if (_i == 1)
        ck_assert_int_eq(link(old_path, path), 0);
    ck_assert_int_eq(kill(eligd_pid(), SIGHUP), 0);
    eligd_wait_for_events("refused", 1);
    check_served(fd, 1);
    ck_assert_uint_eq(ask_status(fd).generation, good);

    /* The next good one is taken. */
    next = fixture_publish(fixture);
    ck_assert_int_eq(kill(eligd_pid(), SIGHUP), 0);
    eligd_wait_for_events("swap", 1);
    ck_assert_uint_eq(ask_status(fd).generation, next);
    check_served(fd, 1);
    close(fd);
    eligd_stop();
}
END_TEST

/* ---- start and stop ---- */

START_TEST(draining_answers_who_is_still_there)
{
    START("--drain-ms", "10000", "--loops", _i == 0 ? "1" : "2");
    int fd = connect_tcp();
    int other = connect_unix();
    check_served(fd, 1);
    check_served(other, 1);
    ck_assert_int_eq(kill(eligd_pid(), SIGTERM), 0);
    eligd_wait_for_events("draining", 1);

    /* Once told to stop, answers are DRAINING; the first may still have been given before. */
    uint16_t status = 0;
    for (uint64_t i = 0; i < 10000 && status != STATUS_DRAINING; i++) {
        struct response response;
        make_frame(stream, i);
        send_all(fd, stream, FRAME_SIZE);
        ck_assert_uint_eq(receive(fd, got, FRAME_SIZE), FRAME_SIZE);
        ck_assert(frame_decode_response(&response, got));
        ck_assert_uint_eq(response.request_id, i + 1);
        status = response.status;
        ck_assert(status != STATUS_DRAINING || response.wait_ms > 0);
    }
    ck_assert_uint_eq(status, STATUS_DRAINING);
    ck_assert_int_ne(access(socket_path, F_OK), 0);
    close(fd);
    close(other);
    /* When the last has left, it does not wait for the rest of its time. */
    ck_assert_int_eq(eligd_wait_for_exit(), 0);
    ck_assert_uint_ge(eligd_total("turned_away"), 1);
    ck_assert_uint_eq(eligd_total("accepted"), eligd_total("closed"));
}
END_TEST

START_TEST(who_had_connected_before_the_stop_is_answered)
{
    enum { WAITING = 300 }; /* more than one turn of the loop accepts */
    int fds[WAITING];
    START("--drain-ms", "10000", "--loops", _i == 0 ? "1" : "3");
    ck_assert_int_eq(kill(eligd_pid(), SIGSTOP), 0);
    for (uint64_t i = 0; i < WAITING; i++) {
        uint8_t frame[FRAME_SIZE];
        fds[i] = connect_tcp();
        make_frame(frame, i);
        send_all(fds[i], frame, FRAME_SIZE);
    }
    ck_assert_int_eq(kill(eligd_pid(), SIGTERM), 0);
    ck_assert_int_eq(kill(eligd_pid(), SIGCONT), 0);
    for (uint64_t i = 0; i < WAITING; i++) {
        struct response response;
        ck_assert_uint_eq(receive(fds[i], got, FRAME_SIZE), FRAME_SIZE);
        ck_assert(frame_decode_response(&response, got));
        ck_assert_uint_eq(response.request_id, i + 1);
        ck_assert(response.status == STATUS_DRAINING || response.status == want_status(i));
        close(fds[i]);
    }
    ck_assert_int_eq(eligd_wait_for_exit(), 0);
    ck_assert_uint_eq(eligd_total("accepted"), WAITING);
}
END_TEST

START_TEST(draining_ends_with_those_who_stay)
{
    START("--drain-ms", "100");
    int fd = connect_tcp();
    check_served(fd, 1);
    ck_assert_int_eq(kill(eligd_pid(), _i == 0 ? SIGTERM : SIGINT), 0);
    ck_assert(is_closed_by_server(fd));
    ck_assert_int_eq(eligd_wait_for_exit(), 0);
    close(fd);
}
END_TEST

START_TEST(a_second_signal_does_not_wait)
{
    START("--drain-ms", "600000");
    int fd = connect_tcp();
    check_served(fd, 1);
    ck_assert_int_eq(kill(eligd_pid(), SIGTERM), 0);
    eligd_wait_for_events("draining", 1);
    ck_assert_int_eq(kill(eligd_pid(), SIGINT), 0);
    ck_assert_int_eq(eligd_wait_for_exit(), 3);
    ck_assert_uint_eq(eligd_count_events("killed"), 1);
    close(fd);
}
END_TEST

#define ECHO_MS    500 /* so soon the same signal is the same request */
#define ECHO_TRIES 50

/* Sent, and not taken yet. */
static bool has_signals_waiting(void)
{
    char path[64], line[256];
    uint64_t pending = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)eligd_pid());
    FILE *status = fopen(path, "re");
    ck_assert_ptr_nonnull(status);
    while (fgets(line, sizeof(line), status) != NULL)
        if (strncmp(line, "ShdPnd:", 7) == 0)
            pending = strtoull(line + 7, NULL, 16);
    fclose(status);
    return pending != 0;
}

/* A connection to a server that was asked twice to stop, and took both at once; -1: the machine
 * stood still between the two, and it may take them for two. */
static int ask_twice_to_stop(void)
{
    START("--drain-ms", "60000");
    int fd = connect_tcp();
    check_served(fd, 1);
    uint64_t start_ms = now_ms();
    ck_assert_int_eq(kill(eligd_pid(), SIGTERM), 0);
    eligd_wait_for_events("draining", 1);
    ck_assert_int_eq(kill(eligd_pid(), SIGTERM), 0);
    while (has_signals_waiting())
        usleep(1000);
    if (now_ms() - start_ms < ECHO_MS)
        return fd;
    close(fd);
    eligd_kill();
    return -1;
}

START_TEST(a_signal_that_comes_twice_at_once_is_one)
{
    int fd = -1;
    for (int tries = 0; tries < ECHO_TRIES && fd < 0; tries++)
        fd = ask_twice_to_stop();
    ck_assert_int_ge(fd, 0);
    usleep(ECHO_MS * 1400);
    ck_assert_int_eq(waitpid(eligd_pid(), NULL, WNOHANG), 0);
    if (_i == 0) {
        close(fd); /* it leaves in good order */
        ck_assert_int_eq(eligd_wait_for_exit(), 0);
        ck_assert_uint_eq(eligd_count_events("stopped"), 1);
        return;
    }
    ck_assert_int_eq(kill(eligd_pid(), SIGTERM), 0); /* again, and meant so */
    ck_assert_int_eq(eligd_wait_for_exit(), 3);
    ck_assert_uint_eq(eligd_count_events("killed"), 1);
    close(fd);
}
END_TEST

/* How many connections each loop had when it was asked to stop. */
static void read_loop_counts(uint32_t counts[], uint32_t loop_count)
{
    static char text[65536];
    ck_assert_int_eq(kill(eligd_pid(), SIGTERM), 0);
    eligd_wait_for_events("draining", 1);
    eligd_read_log(text, sizeof(text));
    const char *at = strstr(text, " by_loop=");
    ck_assert_ptr_nonnull(at);
    at += strlen(" by_loop=");
    for (uint32_t i = 0; i < loop_count; i++) {
        char *end;
        counts[i] = (uint32_t)strtoul(at, &end, 10);
        ck_assert_int_eq(*end, i + 1 < loop_count ? ',' : ' ');
        at = end + 1;
    }
}

static const struct {
    const char *loops;
    bool is_unix;
    uint32_t leave_a_round; /* every so-manieth leaves; 0: nobody */
} spreads[] = {{"2", false, 0}, {"4", false, 0}, {"4", true, 0},
               {"2", false, 2}, {"4", false, 3}, {"3", true, 2}};

/* Loops accept at once, so each may take one that another was about to even out. */
START_TEST(every_loop_has_its_share_of_the_connections)
{
    enum { MANY = 96, LOOPS_MAX = 4 };
    int fds[MANY];
    uint32_t counts[LOOPS_MAX], loop_count = (uint32_t)atoi(spreads[_i].loops);
    START("--loops", spreads[_i].loops);
    for (uint64_t i = 0; i < MANY; i++) {
        fds[i] = spreads[_i].is_unix ? connect_unix() : connect_tcp();
        check_served(fds[i], i);
    }
    /* Some leave, of loops by chance; as many come. */
    uint32_t left_count = 0, step = spreads[_i].leave_a_round;
    for (uint32_t i = 1; step > 0 && i < MANY; i += step, left_count++) {
        close(fds[i]);
        fds[i] = -1;
    }
    while (ask_status(fds[0]).connection_count != MANY - left_count)
        usleep(1000);
    for (uint64_t i = 0; i < MANY; i++) {
        if (fds[i] >= 0)
            continue;
        fds[i] = connect_tcp();
        check_served(fds[i], i);
    }
    read_loop_counts(counts, loop_count);
    for (uint32_t i = 0; i < loop_count; i++) {
        ck_assert_uint_ge(counts[i] + loop_count, MANY / loop_count);
        ck_assert_uint_le(counts[i], MANY / loop_count + loop_count);
    }
    for (size_t i = 0; i < MANY; i++)
        close(fds[i]);
    ck_assert_int_eq(eligd_wait_for_exit(), 0);
    ck_assert_uint_eq(eligd_total("accepted"), eligd_total("closed"));
    ck_assert_uint_eq(eligd_total("accepted"), MANY + left_count);
}
END_TEST

START_TEST(status_counts_what_was_answered)
{
    START("--loops", "2");
    int fd = connect_tcp();
    for (uint64_t i = 0; i < 30; i++)
        check_served(fd, i);
    struct report report = ask_status(fd);
    uint64_t pings = 0;
    for (uint64_t i = 0; i < 30; i++)
        pings += i % 7 == 3;
    ck_assert_uint_eq(report.check_count, 30 - pings);
    ck_assert_uint_eq(report.connection_count, 1);
    ck_assert_uint_gt(report.identifier_count, 3); /* and the test identities */
    close(fd);
    eligd_stop();
    ck_assert_uint_eq(eligd_total("checks"), 30 - pings);
    ck_assert_uint_eq(eligd_total("pings"), pings);
}
END_TEST

START_TEST(test_identities_are_answered_as_reserved)
{
    START("--loops", "1");
    int fd = connect_tcp();
    const uint16_t want[] = {STATUS_APPLIES, STATUS_DOES_NOT_APPLY, STATUS_DOES_NOT_APPLY};
    for (uint8_t means = 1; means <= MEANS_LAST; means++) {
        for (int which = 0; which < TEST_IDENTITY_COUNT; which++) {
            const char *text = means_test_identifier(means, (enum test_identity)which);
            struct request request = {
                .kind = KIND_CHECK,
                .quantity = 1,
                .request_id = 1,
                .product = PRODUCT_TEST,
                .unit_price = 100,
                .service_time_s = (uint32_t)time_of_riga_day(FIXTURE_AS_OF_DAY) + 60,
            };
            ck_assert_int_eq(means_normalise(&request.identifier, means, text, strlen(text)), 0);
            frame_encode_request(stream, &request);
            send_all(fd, stream, FRAME_SIZE);
            ck_assert_uint_eq(receive(fd, got, FRAME_SIZE), FRAME_SIZE);
            ck_assert_uint_eq(load_u16(got + RESPONSE_STATUS), want[which]);
            ck_assert_uint_eq(load_u32(got + RESPONSE_RELIEF),
                              which == TEST_HIT ? RELIEF_TEST_CODE : 0);
        }
    }
    close(fd);
    eligd_stop();
}
END_TEST

/* What is seen of a relief that applies to whoever asks. */
static const struct {
    const char *profile;
    uint16_t status;
    uint32_t relief, valid_until_day;
} views_of_a_relief[] = {
    {"gate", STATUS_APPLIES, RELIEF_UNTOLD, 0},
    {"till", STATUS_APPLIES, RELIEF_HALF, FIXTURE_AS_OF_DAY + 1},
    {"inspector", STATUS_APPLIES, RELIEF_HALF, FIXTURE_UNTIL_DAY},
    {"administrator", STATUS_DOES_NOT_APPLY, 0, 0},
};

START_TEST(a_listener_shows_what_its_profile_sees)
{
    START("--profile", views_of_a_relief[_i].profile);
    int fds[] = {connect_tcp(), connect_unix()};
    for (size_t i = 0; i < 2; i++) {
        struct response response;
        uint32_t day = views_of_a_relief[_i].valid_until_day;
        make_frame(stream, 0);
        send_all(fds[i], stream, FRAME_SIZE);
        ck_assert_uint_eq(receive(fds[i], got, FRAME_SIZE), FRAME_SIZE);
        ck_assert(frame_decode_response(&response, got));
        ck_assert_uint_eq(response.status, views_of_a_relief[_i].status);
        ck_assert_uint_eq(response.relief, views_of_a_relief[_i].relief);
        ck_assert_uint_eq(response.valid_until_s, day != 0 ? time_of_riga_day(day) : 0);
        close(fds[i]);
    }
    eligd_stop();
    ck_assert_uint_eq(eligd_total("looked_up"), 2);
}
END_TEST

START_TEST(two_servers_share_a_port)
{
    START("--loops", "1");
    pid_t first_pid = eligd_pid();
    uint16_t port = server_port;
    char address[32], other_socket[sizeof(socket_path)];
    snprintf(address, sizeof(address), "127.0.0.1:%u", port);
    snprintf(other_socket, sizeof(other_socket), "%.90s/other.sock", support_directory());
    START("--listen-plain", address, "--unix", other_socket);
    ck_assert_uint_eq(server_port, port);
    eligd_stop();

    /* The first one serves on, alone. */
    for (uint64_t i = 0; i < 20; i++) {
        int fd = connect_tcp_to(port);
        check_served(fd, i);
        close(fd);
    }
    eligd_turn_to(first_pid);
    ck_assert_int_eq(kill(eligd_pid(), SIGTERM), 0);
    ck_assert_int_eq(eligd_wait_for_exit(), 0);
}
END_TEST

/* Options, in place of or beside the good ones, that must end it: with which status, and why. */
static const struct {
    const char *extra[4];
    int status;
    const char *want;
} bad_starts[] = {
    {{"--listen-plain", "0.0.0.0:0"}, 2, "loopback"},
    {{"--listen-plain", "127.0.0.1"}, 2, "--listen"},
    {{"--lisen", "127.0.0.1:0"}, 2, "listen"},
    {{"--loops", "0"}, 2, "loops"},
    {{"--idle-ms", "many"}, 2, "idle-ms"},
    {{"--profile", "tll"}, 2, "found \"tll\"; did you mean till?"},
    {{"--check-config", "--profile", "everybody"}, 1, "want gate, till, inspector or"},
    {{"--snapshots", "/nowhere"}, 3, "/nowhere"},
    {{"--identity-key", "/nowhere/key"}, 3, "/nowhere/key"},
    {{"--identity-keys", "/nowhere/keys"}, 2, "both kinds of identity key"},
    {{"--signing-public", "/nowhere/key.pub"}, 3, "/nowhere/key.pub"},
    {{"--environment", "8"}, 3, "environment"},
    {{"--unix", "/nowhere/eligd.sock"}, 3, "/nowhere"},
    {{"--port-file-plain", "/nowhere/port"}, 3, "/nowhere/port"},
    {{"--check-config", "--listen-plain", "10.1.1.1:1"}, 1, "loopback"},
    {{"--check-config", "--identity-key", "/nowhere/key"}, 1, "/nowhere/key"},
};

START_TEST(what_cannot_be_served_is_said_and_not_served)
{
    static char text[1 << 16];
    spawn_server(bad_starts[_i].extra);
    ck_assert_int_eq(eligd_wait_for_exit(), bad_starts[_i].status);
    eligd_read_log(text, sizeof(text));
    ck_assert_msg(strstr(text, bad_starts[_i].want) != NULL, "%s", text);
    ck_assert_int_ne(access(port_path, F_OK), 0);
    ck_assert_ptr_null(strstr(text, "event=ready"));
}
END_TEST

static const struct {
    const char *name; /* in the folder of snapshots, or elsewhere */
    unsigned mode;
    const char *want;
} bad_folders[] = {
    {"", 0700, "must not lie with the snapshots"},
    {"keys", 0700, "must not lie with the snapshots"},
    {NULL, 0755, "lets others in"},
    {NULL, 0, "wanted the folder of identity keys"},
};

START_TEST(a_folder_of_keys_that_is_not_fit_is_said)
{
    static char text[1 << 16];
    char path[1024];
    use_keys();
    fixture_publish(fixture);
    snprintf(path, sizeof(path), "%s/%s",
             bad_folders[_i].name != NULL ? fixture_directory(fixture) : fixture_keys(fixture),
             bad_folders[_i].name != NULL ? bad_folders[_i].name : "");
    if (bad_folders[_i].name != NULL)
        (void)!mkdir(path, 0700);
    if (bad_folders[_i].mode != 0)
        ck_assert_int_eq(chmod(path, bad_folders[_i].mode), 0);
    else
        snprintf(path, sizeof(path), "/nowhere/keys");
    for (int i = 0; i < 2; i++) { /* before it serves, and when it is asked */
        spawn_server(
            (const char *const[]){"--identity-keys", path, i == 1 ? "--check-config" : NULL, NULL});
        ck_assert_int_eq(eligd_wait_for_exit(), i == 1 ? 1 : 3);
        eligd_read_log(text, sizeof(text));
        ck_assert_msg(strstr(text, bad_folders[_i].want) != NULL, "%s", text);
    }
}
END_TEST

static const struct {
    const char *extra[4];
    int status;
} other_ways[] = {
    {{"--check-config"}, 0},
    {{"--dump-config"}, 0},
    {{"--help"}, 0},
    {{"--version"}, 0},
    {{"--check-config", "--identity-key", "/nowhere/key"}, 1},
};

START_TEST(questions_about_the_options_are_answered_without_serving)
{
    spawn_server(other_ways[_i].extra);
    ck_assert_int_eq(eligd_wait_for_exit(), other_ways[_i].status);
    ck_assert_int_ne(access(port_path, F_OK), 0);
}
END_TEST

START_TEST(a_taken_port_is_said_and_leaves_no_socket_file)
{
    static char text[1 << 16];
    char address[32];
    struct sockaddr_in taken = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(taken);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* shares its port with nobody */
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&taken, sizeof(taken)), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&taken, &size), 0);
    snprintf(address, sizeof(address), "127.0.0.1:%u", ntohs(taken.sin_port));
    spawn_server((const char *const[]){"--listen-plain", address, NULL});
    ck_assert_int_eq(eligd_wait_for_exit(), 3);
    eligd_read_log(text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, "cannot bind"));
    ck_assert_ptr_nonnull(strstr(text, address));
    ck_assert_int_ne(access(socket_path, F_OK), 0);
    close(fd);
}
END_TEST

START_TEST(options_come_from_a_file_and_the_command_line_wins)
{
    static const char lines[] = "# limits\nidle-ms 60\nconnections-max 1\n";
    char path[512];
    snprintf(path, sizeof(path), "%s/eligd.conf", support_directory());
    support_write_file(path, lines, sizeof(lines) - 1, 0644);
    START("--config", path, "--connections-max", "2");
    int fds[] = {connect_tcp(), connect_unix()};
    for (size_t i = 0; i < 2; i++) {
        ck_assert(is_closed_by_server(fds[i]));
        close(fds[i]);
    }
    eligd_stop();
    ck_assert_uint_eq(eligd_total("over_limit"), 0);
    ck_assert_uint_eq(eligd_total("idle_closed"), 2);
}
END_TEST

START_TEST(a_key_that_others_can_read_is_refused)
{
    static char text[1 << 16];
    ck_assert_int_eq(chmod(fixture_identity_path(fixture), 0644), 0);
    spawn_server((const char *const[]){NULL});
    ck_assert_int_eq(eligd_wait_for_exit(), 3);
    eligd_read_log(text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, "event=failed"));
}
END_TEST

START_TEST(the_log_says_nothing_about_who_was_asked_about)
{
    static char text[1 << 16];
    START("--loops", "1");
    int fd = connect_tcp();
    for (uint64_t i = 0; i < 100; i++)
        check_served(fd, i);
    make_frames(0, 1);
    stream[REQUEST_QUANTITY] = 0; /* a frame that is refused */
    send_all(fd, stream, FRAME_SIZE);
    ck_assert_uint_eq(receive(fd, got, FRAME_SIZE), FRAME_SIZE);
    close(fd);
    eligd_stop();
    eligd_read_log(text, sizeof(text));
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        ck_assert_ptr_null(strstr(text, codes[i]));
    ck_assert_uint_eq(eligd_total("bad_frames"), 1);
}
END_TEST

START_TEST(its_memory_cannot_be_dumped)
{
    char path[64];
    struct stat status;
    START("--loops", "1");
    struct rlimit limit;
    ck_assert_int_eq(prlimit(eligd_pid(), RLIMIT_CORE, NULL, &limit), 0);
    ck_assert_uint_eq(limit.rlim_max, 0);
    /* Of a process without dumps, files in /proc are root's whoever runs it. */
    snprintf(path, sizeof(path), "/proc/%d/mem", (int)eligd_pid());
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_uid, 0);
    eligd_stop();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eligd");
    TCase *tcase = tcase_create("eligd");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, open_scene, close_scene);
    tcase_add_loop_test(tcase, a_full_segment_is_answered_in_order, 0, 2);
    tcase_add_test(tcase, one_cut_anywhere_changes_no_answer);
    tcase_add_test(tcase, random_cuts_change_no_answer);
    tcase_add_test(tcase, what_was_asked_before_half_closing_is_answered);
    tcase_add_test(tcase, a_slow_reader_gets_all_its_answers);
    tcase_add_test(tcase, who_never_reads_is_closed);
    tcase_add_test(tcase, a_connection_reset_in_a_batch_harms_no_other);
    tcase_add_test(tcase, another_version_is_told_so_and_closed);
    tcase_add_loop_test(tcase, garbage_is_answered_or_closed_and_never_more, 0, 3);
    tcase_add_loop_test(tcase, silence_and_unfinished_frames_are_closed, 0, 2);
    tcase_add_test(tcase, a_stop_of_the_server_is_not_the_silence_of_its_clients);
    tcase_add_loop_test(tcase, over_the_limit_connections_are_closed_and_counted, 0, 2);
    tcase_add_test(tcase, without_descriptors_accepting_pauses_and_goes_on);
    tcase_add_loop_test(tcase, swaps_under_load_fail_no_request, 0, 4);
    tcase_add_test(tcase, hup_looks_at_once);
    tcase_add_test(tcase, a_loop_that_polls_leaves_room_for_swaps_signals_and_others);
    tcase_add_test(tcase, a_loop_polls_for_a_while_and_then_sleeps);
    tcase_add_test(tcase, without_a_core_to_spare_no_loop_polls);
    tcase_add_test(tcase, a_refused_snapshot_leaves_the_service_as_it_is);
    tcase_add_loop_test(
        tcase, a_snapshot_whose_key_is_missing_or_anothers_leaves_the_service_as_it_is, 0, 2);
    tcase_add_loop_test(tcase, a_folder_of_keys_that_is_not_fit_is_said, 0,
                        sizeof(bad_folders) / sizeof(bad_folders[0]));
    tcase_add_loop_test(tcase, draining_answers_who_is_still_there, 0, 2);
    tcase_add_loop_test(tcase, who_had_connected_before_the_stop_is_answered, 0, 2);
    tcase_add_loop_test(tcase, draining_ends_with_those_who_stay, 0, 2);
    tcase_add_test(tcase, a_second_signal_does_not_wait);
    tcase_add_loop_test(tcase, a_signal_that_comes_twice_at_once_is_one, 0, 2);
    tcase_add_loop_test(tcase, every_loop_has_its_share_of_the_connections, 0,
                        sizeof(spreads) / sizeof(spreads[0]));
    tcase_add_test(tcase, status_counts_what_was_answered);
    tcase_add_test(tcase, test_identities_are_answered_as_reserved);
    tcase_add_loop_test(tcase, a_listener_shows_what_its_profile_sees, 0,
                        sizeof(views_of_a_relief) / sizeof(views_of_a_relief[0]));
    tcase_add_test(tcase, two_servers_share_a_port);
    tcase_add_loop_test(tcase, what_cannot_be_served_is_said_and_not_served, 0,
                        sizeof(bad_starts) / sizeof(bad_starts[0]));
    tcase_add_loop_test(tcase, questions_about_the_options_are_answered_without_serving, 0,
                        sizeof(other_ways) / sizeof(other_ways[0]));
    tcase_add_test(tcase, a_taken_port_is_said_and_leaves_no_socket_file);
    tcase_add_test(tcase, options_come_from_a_file_and_the_command_line_wins);
    tcase_add_test(tcase, a_key_that_others_can_read_is_refused);
    tcase_add_test(tcase, the_log_says_nothing_about_who_was_asked_about);
    tcase_add_test(tcase, its_memory_cannot_be_dumped);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
