/* The real program with a ledger, and terminals that do not give up: its process is killed again
 * and again, and the way to it cuts, delays and doubles. Nothing that was answered is lost, nothing
 * is done twice. CYCLES and SALES say how often (`make kills`, `make flaky-way`). */
#include "protocol/ledger_verify.h"
#include "protocol/snapshot_limits.h"
#include "tests/eligd.h"
#include "tests/fixture.h"
#include "tests/relay.h"
#include "tests/shopper.h"
#include "tests/support.h"

#include <linux/magic.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/un.h>
#include <unistd.h>

#define PRODUCT_HALF  1001
#define PERSON_COUNT  1000
#define SHOPPER_COUNT 8
#define USES_A_DAY    40
#define LONG_S        3600
#define RELAY_AGE     300 /* connections that one relay sees */

static struct fixture *fixture;
static char folder[400], ledger[500], log_path[500], port_path[500];
static char socket_path[sizeof(((struct sockaddr_un *)0)->sun_path)];
static uint16_t port;
static struct shopper shoppers[SHOPPER_COUNT];

static void code_of(char code[static 11], uint32_t i)
{
    char text[12];
    snprintf(text, sizeof(text), "32%09u", i + 1);
    memcpy(code, text, 11);
}
static struct shopper_goods goods = {
    .product = PRODUCT_HALF, .unit_price = 15000, .person_count = PERSON_COUNT, .code_of = code_of};

static uint64_t asked_for(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

/* A ledger refuses to lie in memory; where temporary files do, it lies with what is built. */
static void choose_folder(void)
{
    struct statfs system;
    const char *build = getenv("BUILD");
    snprintf(folder, sizeof(folder), "%.380s", support_directory());
    ck_assert_int_eq(statfs(folder, &system), 0);
    if (system.f_type != TMPFS_MAGIC)
        return;
    snprintf(folder, sizeof(folder), "%.300s/shoppers-XXXXXX", build != NULL ? build : "build");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void open_scene(void)
{
    struct fault fault;
    char code[12] = "";
    ck_assert(identity_start(&fault));
    choose_folder();
    snprintf(log_path, sizeof(log_path), "%s/eligd.log", folder);
    snprintf(port_path, sizeof(port_path), "%s/port", folder);
    snprintf(ledger, sizeof(ledger), "%s/ledger", folder);
    snprintf(socket_path, sizeof(socket_path), "%.90s/eligd.sock", support_directory());
    ck_assert_int_eq(mkdir(ledger, 0700), 0);
    fixture = fixture_open(support_directory());
    fixture_use_subjects(fixture);
    uint16_t group = fixture_group(fixture, "half");
    uint16_t relief = fixture_relief(fixture, 4711, "HALF");
    fixture_product(fixture, PRODUCT_HALF, "half");
    fixture_clause(fixture, PRODUCT_HALF, relief, group, 5000);
    fixture_limit(fixture, (struct limit){.relief = relief,
                                          .kind = LIMIT_USES,
                                          .period = PERIOD_DAY,
                                          .value = USES_A_DAY});
    uint32_t set = fixture_set_of(fixture, group);
    for (uint32_t i = 0; i < PERSON_COUNT; i++) {
        code_of(code, i);
        fixture_person(fixture, MEANS_PERSONAL_CODE, code, set);
    }
    fixture_publish(fixture);
    goods.service_time_s = (uint32_t)time_of_riga_day(FIXTURE_AS_OF_DAY) + 60;
}

static void close_scene(void)
{
    static const char *const names[] = {"ledger.mdb", "ledger.mdb-lock", "lock", "head"};
    char path[600];
    eligd_kill();
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", ledger, names[i]);
        unlink(path);
    }
    rmdir(ledger);
    unlink(log_path);
    unlink(port_path);
    rmdir(folder);
    fixture_close(fixture);
}

static void start_eligd(bool is_over_network)
{
    eligd_start(log_path,
                (const char *const[]){"--snapshots", fixture_directory(fixture), "--identity-key",
                                      fixture_identity_path(fixture), "--signing-public",
                                      fixture_public_path(fixture), "--environment", "7", "--unix",
                                      socket_path, "--ledger", ledger, "--subject-key",
                                      fixture_subject_path(fixture),
                                      is_over_network ? "--listen-plain" : NULL, "127.0.0.1:0",
                                      "--port-file-plain", port_path, NULL});
    if (is_over_network)
        port = eligd_read_port(port_path);
}

static int connect_unix(void *context)
{
    (void)context;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, socket_path, sizeof(socket_path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

static void start_shoppers(int (*connect_to)(void *), void *context, uint64_t sale_most)
{
    memset(shoppers, 0, sizeof(shoppers));
    for (uint32_t i = 0; i < SHOPPER_COUNT; i++) {
        shoppers[i].goods = &goods;
        shoppers[i].connect = connect_to;
        shoppers[i].context = context;
        shopper_start(&shoppers[i], i, sale_most);
    }
}

/* The ledger says what they were told; and the verifier has nothing against it. */
static void check_ledger(void)
{
    static struct verified verified;
    struct fault fault;
    struct snapshot_limits limits = {.directory = fixture_directory(fixture),
                                     .trust = fixture_trust(fixture)};
    struct verify_settings settings = {.path = ledger,
                                       .limits_of = snapshot_limits_of,
                                       .with = &limits,
                                       .memory = UINT64_C(4) << 30,
                                       .is_quiet = true};
    verified = (struct verified){.findings.told_max = 1};
    if (!shoppers_agree(shoppers, SHOPPER_COUNT, ledger, &fault))
        ck_abort_msg("%s", fault.text);
    if (!ledger_verify(&verified, &settings, &fault))
        ck_abort_msg("%s", fault.text);
    snapshot_limits_free(&limits);
    ck_assert_uint_gt(verified.compared_count, 0);
    ck_assert_uint_eq(verified.unknown_count, 0);
    if (verified.findings.count > 0)
        ck_abort_msg("%s: %s", verified.findings.told[0].rule, verified.findings.told[0].text);
}

static void tell(const char *what, uint64_t count)
{
    uint64_t sale_count = 0, posting_count = 0, broken_count = 0, repeated_count = 0,
             busy_count = 0;
    for (size_t i = 0; i < SHOPPER_COUNT; i++) {
        sale_count += shoppers[i].sale_count;
        posting_count += shopper_posting_count(&shoppers[i]);
        broken_count += shoppers[i].broken_count;
        repeated_count += shoppers[i].repeated_count;
        busy_count += shoppers[i].busy_count;
    }
    printf("%llu %s: %llu requests, %llu of them changed something, %llu connections broke, %llu "
           "repeats were answered alike, %llu busy; ledger and terminals agree\n",
           (unsigned long long)count, what, (unsigned long long)sale_count,
           (unsigned long long)posting_count, (unsigned long long)broken_count,
           (unsigned long long)repeated_count, (unsigned long long)busy_count);
    for (size_t i = 0; i < SHOPPER_COUNT; i++)
        shopper_free(&shoppers[i]);
}

START_TEST(nothing_is_lost_or_done_twice_when_the_server_is_killed)
{
    uint64_t cycle_count = asked_for("CYCLES", 12), random = 5;
    open_scene();
    start_eligd(false);
    start_shoppers(connect_unix, NULL, 0);
    for (uint64_t cycle = 0; cycle < cycle_count; cycle++) {
        usleep((useconds_t)(500 + support_random(&random) % 8000));
        eligd_kill();
        start_eligd(false);
    }
    for (size_t i = 0; i < SHOPPER_COUNT; i++)
        shopper_ask_to_end(&shoppers[i]);
    for (size_t i = 0; i < SHOPPER_COUNT; i++)
        shopper_join(&shoppers[i]);
    eligd_stop();
    check_ledger();
    tell("kills", cycle_count);
    close_scene();
}
END_TEST

/* ---- over a way that fails ---- */

static struct relay relay;
static _Atomic uint16_t relay_port;

static int connect_over_relay(void *context)
{
    (void)context;
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(atomic_load(&relay_port)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval wait = {.tv_sec = 5};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* What is done to connections from now on: most are cut somewhere, some are slow, some have a frame
 * that comes twice. */
static void spoil_way(uint64_t *random)
{
    struct relay_plan up = RELAY_NOTHING, down = RELAY_NOTHING;
    struct relay_plan *cut = support_random(random) % 2 == 0 ? &up : &down;
    cut->cut_at = (uint32_t)(support_random(random) % 30000);
    if (support_random(random) % 5 == 0)
        up.jitter_us = down.jitter_us = 2000;
    if (support_random(random) % 3 == 0) {
        up.repeat_from = (uint32_t)(support_random(random) % 200) * FRAME_SIZE;
        up.repeat_to = up.repeat_from + (1 + (uint32_t)(support_random(random) % 5)) * FRAME_SIZE;
    }
    relay_plan(&relay, RELAY_UP, up);
    relay_plan(&relay, RELAY_DOWN, down);
}

/* The last ones ask for what was cut until it is answered: the way must go on changing for them. */
static bool is_anybody_shopping(void)
{
    for (size_t i = 0; i < SHOPPER_COUNT; i++)
        if (!atomic_load(&shoppers[i].has_ended))
            return true;
    return false;
}

START_TEST(nothing_is_lost_or_done_twice_over_a_flaky_way)
{
    uint64_t sale_count = asked_for("SALES", 6000), random = 9;
    uint64_t each = sale_count / SHOPPER_COUNT + 1;
    open_scene();
    start_eligd(true);
    relay_open(&relay, port);
    spoil_way(&random);
    atomic_store(&relay_port, relay.port);
    start_shoppers(connect_over_relay, NULL, each);
    while (is_anybody_shopping()) {
        usleep(1000);
        spoil_way(&random);
        if (atomic_load(&relay.pair_count) < RELAY_AGE)
            continue;
        relay_close(&relay);
        relay_open(&relay, port);
        spoil_way(&random);
        atomic_store(&relay_port, relay.port);
    }
    for (size_t i = 0; i < SHOPPER_COUNT; i++)
        shopper_join(&shoppers[i]);
    relay_close(&relay);
    eligd_stop();
    check_ledger();
    tell("requests asked for", sale_count);
    close_scene();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ledger_shoppers");
    TCase *killed = tcase_create("killed"), *flaky = tcase_create("flaky");
    tcase_set_timeout(killed, getenv("CYCLES") != NULL ? LONG_S : 120);
    tcase_set_timeout(flaky, getenv("SALES") != NULL ? LONG_S : 120);
    tcase_add_test(killed, nothing_is_lost_or_done_twice_when_the_server_is_killed);
    tcase_add_test(flaky, nothing_is_lost_or_done_twice_over_a_flaky_way);
    suite_add_tcase(suite, killed);
    suite_add_tcase(suite, flaky);
    return support_run(suite);
}
