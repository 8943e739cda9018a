/* Whether loops share a cache line that is written while checks are answered: tests/shared_lines.sh
 * runs `shared_lines serve` under lackey, which prints every load and store of every thread, and
 * pipes that into `shared_lines judge`.
 * serve: a server with two loops in this process, and one connection of frames and one sealed
 * session on each; between two stores to MARK_ADDRESS they are only asked.
 * judge: between the marks no loop touched a line that another thread wrote.
 * The main thread is the client, and left out; threads beside the loops may share lines
 * with each other. */
#include "engine/server.h"
#include "protocol/profile.h"
#include "tests/booth.h"
#include "tests/fixture.h"
#include "tests/support.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK_ADDRESS UINT64_C(0x5eed00000000)
#define MARK_SIZE    4096
#define MAIN_THREAD  1
#define FIRST_LOOP   2 /* the server begins its loops before its other threads */
#define THREADS_MAX  16
#define LINES_MAX    (1u << 18) /* a power of two; at most half of them are used */

#define EXIT_UNREADABLE 3    /* of a judge who has seen nothing */
#define LEAST_ACCESSES  1000 /* of a loop that answered its questions */

#define LOOPS    2
#define NEVER_MS 86400000 /* all is slow here */
#define PROVIDER UINT64_C(40003619950)
#define PRODUCT  1001
#define RELIEF   4711
#define POINT    101
#define PRICE    15000
#define CODE     "32000000001"
#define STRANGER "32999999999"
#define ROUNDS   3
#define FRAMES   64

/* ---- serve ---- */

static struct fixture *fixture;
static uint8_t server_public[NOISE_KEY_SIZE], psk[NOISE_KEY_SIZE];
static char server_key[512], merchants[512], state[512];
static struct noise_keys terminals[LOOPS];
static struct config config;
static struct server *server;

static void must(bool is_good, const struct fault *fault)
{
    if (!is_good)
        errx(1, "%s", fault->text);
}

static void make_keys(void)
{
    struct fault fault;
    char path[600];
    snprintf(server_key, sizeof(server_key), "%.400s/server.key", support_directory());
    snprintf(merchants, sizeof(merchants), "%.400s/merchants", support_directory());
    snprintf(state, sizeof(state), "%.400s/state", support_directory());
    must(keyfile_create_server(server_key, &fault), &fault);
    snprintf(path, sizeof(path), "%s.pub", server_key);
    must(keyfile_read_server_public(server_public, path, &fault), &fault);
    if (mkdir(merchants, 0700) != 0 || mkdir(state, 0700) != 0)
        err(1, "folders");
    snprintf(path, sizeof(path), "%s/%011" PRIu64 ".key", merchants, PROVIDER);
    must(keyfile_create_merchant(path, &fault) && keyfile_read_merchant(psk, path, &fault), &fault);
}

/* Neighbours in the catalogue, as terminals of one shop are. */
static void enrol(uint32_t i)
{
    uint8_t secret[NOISE_KEY_SIZE] = {2, (uint8_t)i};
    noise_keys_of_secret(&terminals[i], secret);
    struct terminal *terminal =
        fixture_terminal(fixture, i + 1, terminals[i].public_key, POINT, POINT);
    terminal->profile = PROFILE_INSPECTOR;
    terminal->from_day = 0;
    terminal->until_day = DAY_NEVER;
}

static void make_snapshot(void)
{
    fixture = fixture_open(support_directory());
    uint16_t group = fixture_group(fixture, "half");
    fixture_product(fixture, PRODUCT, "half");
    fixture_clause(fixture, PRODUCT, fixture_relief(fixture, RELIEF, "half"), group, 5000);
    fixture_person(fixture, MEANS_PERSONAL_CODE, CODE, fixture_set_of(fixture, group));
    fixture_point(fixture, POINT, PROVIDER);
    for (uint32_t i = 0; i < LOOPS; i++)
        enrol(i);
    fixture_publish(fixture);
}

static void start(void)
{
    struct fault fault;
    static struct noise_keys *keys;
    static struct sign_public signer;
    must(keyfile_open_server(&keys, server_key, &fault) &&
             keyfile_read_public(&signer, fixture_public_path(fixture), &fault),
         &fault);
    options_initial(&config_table, &config);
    config.snapshots = fixture_directory(fixture);
    config.listen = "127.0.0.1:0";
    config.listen_plain = "127.0.0.1:0";
    config.profile = "inspector";
    config.merchant_keys = merchants;
    config.state = state;
    config.environment = FIXTURE_ENVIRONMENT;
    config.loops = LOOPS;
    config.hello_ms = config.frame_ms = config.idle_ms = config.write_ms = NEVER_MS;
    config.connections_max = 64;
    const struct server_keys server_keys = {
        .identity = fixture_identity_key(fixture), .signer = &signer, .current = keys};
    must(server_start(&server, &config, &server_keys, &fault), &fault);
}

static void make_questions(uint8_t frames[static FRAMES * FRAME_SIZE])
{
    for (size_t i = 0; i < FRAMES; i++) {
        struct request request = {
            .kind = KIND_CHECK,
            .quantity = 1,
            .request_id = i + 1,
            .identifier = {.means = MEANS_PERSONAL_CODE, .size = 11},
            .product = PRODUCT,
            .point_of_sale = POINT,
            .unit_price = PRICE,
            .service_time_s = (uint32_t)time_of_riga_day(FIXTURE_AS_OF_DAY) + 60,
        };
        memcpy(request.identifier.text, i % 2 == 0 ? CODE : STRANGER, 11);
        frame_encode_request(frames + i * FRAME_SIZE, &request);
    }
}

static void must_be_answers(const uint8_t *answers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct response response;
        uint16_t want = i % 2 == 0 ? STATUS_APPLIES : STATUS_DOES_NOT_APPLY;
        if (!frame_decode_response(&response, answers + i * FRAME_SIZE) || response.status != want)
            errx(1, "answer %zu: %u", i, response.status);
    }
}

static struct booth booths[LOOPS];
static int plain[LOOPS];

static void ask_all(const uint8_t *questions, size_t count)
{
    static uint8_t answers[FRAMES * FRAME_SIZE];
    for (uint32_t i = 0; i < LOOPS; i++) {
        if (send(plain[i], questions, count * FRAME_SIZE, MSG_NOSIGNAL) !=
                (ssize_t)(count * FRAME_SIZE) ||
            recv(plain[i], answers, count * FRAME_SIZE, MSG_WAITALL) !=
                (ssize_t)(count * FRAME_SIZE))
            err(1, "frames in the clear");
        must_be_answers(answers, count);
        if (!booth_ask(&booths[i], answers, questions, count))
            errx(1, "the session has ended");
        must_be_answers(answers, count);
    }
}

/* Of each kind one on each loop: who comes goes to the loop that has fewest. */
static void connect_all(void)
{
    struct server_totals totals;
    for (uint32_t i = 0; i < LOOPS; i++) {
        do
            server_totals(&totals, server);
        while (totals.connection_count < i);
        plain[i] = booth_connect_to(server_port_plain(server));
    }
    for (uint32_t i = 0; i < LOOPS; i++) {
        booth_make(&booths[i], &terminals[i], server_public, psk, i + 1);
        booth_open(&booths[i], server_port(server));
    }
    server_totals(&totals, server);
    for (uint32_t i = 0; i < LOOPS; i++)
        if (totals.loop_connection_counts[i] != 2)
            errx(1, "loop %u has %u connections", i, totals.loop_connection_counts[i]);
}

START_TEST(checks_are_answered_between_two_marks)
{
    static uint8_t questions[FRAMES * FRAME_SIZE];
    struct fault fault;
    volatile uint8_t *mark = mmap((void *)MARK_ADDRESS, MARK_SIZE, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (mark == MAP_FAILED)
        err(1, "the address of marks");
    booth_wait_ms = NEVER_MS;
    must(identity_start(&fault), &fault);
    make_keys();
    make_snapshot();
    start();
    connect_all();
    make_questions(questions);
    ask_all(questions, FRAMES); /* what is done but once is done */
    ask_all(questions, 1);
    *mark = 1;
    for (int round = 0; round < ROUNDS; round++) {
        ask_all(questions, FRAMES);
        ask_all(questions, 1);
    }
    *mark = 2;
    exit(0); /* how it ends is not looked at */
}
END_TEST

/* The fixtures are for suites, so it is one; in this process and thread. */
static int serve(void)
{
    Suite *suite = suite_create("shared_lines");
    TCase *tcase = tcase_create("shared_lines");
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, checks_are_answered_between_two_marks);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    srunner_free(runner);
    return 1; /* it has failed */
}

/* ---- judge ---- */

/* What each thread did to a cache line. */
struct line {
    uint64_t number; /* 0: free */
    uint32_t load_counts[THREADS_MAX], store_counts[THREADS_MAX];
};

static struct line lines[LINES_MAX];

static struct line *find_line(uint64_t number)
{
    static uint32_t used_count;
    uint64_t at = (number * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (LINES_MAX - 1);
    while (lines[at].number != 0 && lines[at].number != number)
        at = (at + 1) & (LINES_MAX - 1);
    if (lines[at].number == 0 && ++used_count > LINES_MAX / 2)
        errx(EXIT_UNREADABLE, "more than %u lines", LINES_MAX / 2);
    lines[at].number = number;
    return &lines[at];
}

static void note(uint32_t thread, char kind, uint64_t address, uint64_t size)
{
    uint64_t last = (address + size - 1) / CACHE_LINE_SIZE;
    for (uint64_t number = address / CACHE_LINE_SIZE; number <= last; number++) {
        struct line *line = find_line(number);
        line->load_counts[thread] += kind != 'S';
        line->store_counts[thread] += kind != 'L';
    }
}

/* A line of the trace is " S ADDRESS,SIZE", L, M for both; and between them valgrind says which
 * thread runs. */
static void read_trace(uint64_t counts[static THREADS_MAX])
{
    static char text[4096];
    uint32_t thread = MAIN_THREAD;
    uint32_t mark_count = 0;
    while (fgets(text, sizeof(text), stdin) != NULL) {
        if (text[0] != ' ') {
            const char *at = strstr(text, "SCHED[");
            if (at != NULL && strstr(at, "acquired lock") != NULL)
                thread = (uint32_t)strtoul(at + strlen("SCHED["), NULL, 10);
            if (thread >= THREADS_MAX)
                errx(EXIT_UNREADABLE, "thread %u", thread);
            continue;
        }
        char *comma;
        uint64_t address = strtoull(text + 3, &comma, 16);
        if (*comma != ',')
            continue;
        if (address == MARK_ADDRESS)
            mark_count++;
        else if (mark_count == 1 && thread != MAIN_THREAD) {
            counts[thread]++;
            note(thread, text[1], address, strtoull(comma + 1, NULL, 10));
        }
    }
    if (mark_count != 2)
        errx(EXIT_UNREADABLE, "%u marks in the trace, wanted 2", mark_count);
}

static bool is_used(const struct line *line, uint32_t thread)
{
    return line->load_counts[thread] + line->store_counts[thread] > 0;
}

static uint32_t tell_line(const struct line *line)
{
    printf("  line %#" PRIx64 ":", line->number * CACHE_LINE_SIZE);
    for (uint32_t i = 0; i < THREADS_MAX; i++)
        if (is_used(line, i))
            printf("  thread %u: %u loads, %u stores", i, line->load_counts[i],
                   line->store_counts[i]);
    puts("");
    return 1;
}

/* Whether a loop uses what another thread writes. That one of the side threads reads what a loop
 * writes, as the keeper does that saves what the guard counts, takes the line from nobody for long.
 */
static bool is_shared(const struct line *line)
{
    for (uint32_t loop = FIRST_LOOP; loop < FIRST_LOOP + LOOPS; loop++)
        for (uint32_t other = 0; other < THREADS_MAX; other++)
            if (other != loop && is_used(line, loop) && line->store_counts[other] > 0)
                return true;
    return false;
}

static int judge(void)
{
    static uint64_t counts[THREADS_MAX];
    uint32_t shared_count = 0, line_count = 0;
    read_trace(counts);
    for (uint32_t i = 0; i < LINES_MAX; i++) {
        line_count += lines[i].number != 0;
        if (lines[i].number != 0 && is_shared(&lines[i]))
            shared_count += tell_line(&lines[i]);
    }
    for (uint32_t i = FIRST_LOOP; i < FIRST_LOOP + LOOPS; i++)
        if (counts[i] < LEAST_ACCESSES)
            errx(EXIT_UNREADABLE, "thread %u answered nothing: %" PRIu64 " loads and stores", i,
                 counts[i]);
    printf("  two loops, %" PRIu64 " and %" PRIu64 " loads and stores: of %u cache lines %u were "
           "used by a loop and written by another thread\n",
           counts[FIRST_LOOP], counts[FIRST_LOOP + 1], line_count, shared_count);
    return shared_count > 0;
}

int main(int argc, char *argv[])
{
    if (argc == 2 && strcmp(argv[1], "serve") == 0)
        return serve();
    if (argc == 2 && strcmp(argv[1], "judge") == 0)
        return judge();
    errx(2, "usage: shared_lines serve | judge");
}
