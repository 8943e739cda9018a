/* Terminals and a real server: sealed sessions over real sockets, from the HELLO to the close. */
#include "protocol/keyfile.h"
#include "protocol/profile.h"
#include "protocol/revocation.h"
#include "tests/booth.h"
#include "tests/eligd.h"
#include "tests/fixture.h"
#include "tests/support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PRODUCT_HALF  1001
#define PRODUCT_OTHER 1002
#define RELIEF_HALF   4711
#define CODE          "32000000001"
#define STRANGER      "32999999999"
#define PROVIDER      UINT64_C(40003619950)
#define POINT         101
#define POINT_OTHER   102
enum { TILL = 7, GATE, RATIONED, ENDED, BOUND, BOOTHS };

static struct fixture *fixture;
static struct noise_keys terminals[BOOTHS];
static struct booth booth;
static uint8_t server_public[NOISE_KEY_SIZE], next_public[NOISE_KEY_SIZE], psk[NOISE_KEY_SIZE];
static uint16_t sealed_port;
static struct {
    char log[512], port[512], server_key[512], next_key[512], merchants[512], revocations[512],
        revoker[512], state[512], pid[512];
} paths;

/* ---- the scene ---- */

static void path_in(char *out, const char *directory, const char *name)
{
    snprintf(out, 512, "%.400s/%s", directory, name);
}

static void make_keys(const char *directory)
{
    struct fault fault;
    char public_path[600], merchant[600];
    path_in(paths.server_key, directory, "server.key");
    path_in(paths.next_key, directory, "next.key");
    path_in(paths.merchants, directory, "merchants");
    path_in(paths.revoker, directory, "revoker.key");
    path_in(paths.revocations, directory, "revoked");
    path_in(paths.state, directory, "state");
    ck_assert(keyfile_create_server(paths.server_key, &fault));
    ck_assert(keyfile_create_server(paths.next_key, &fault));
    ck_assert(keyfile_create_signing(paths.revoker, &fault));
    snprintf(public_path, sizeof(public_path), "%s.pub", paths.server_key);
    ck_assert(keyfile_read_server_public(server_public, public_path, &fault));
    snprintf(public_path, sizeof(public_path), "%s.pub", paths.next_key);
    ck_assert(keyfile_read_server_public(next_public, public_path, &fault));
    ck_assert_int_eq(mkdir(paths.merchants, 0700), 0);
    ck_assert_int_eq(mkdir(paths.state, 0700), 0);
    snprintf(merchant, sizeof(merchant), "%s/%011llu.key", paths.merchants,
             (unsigned long long)PROVIDER);
    ck_assert(keyfile_create_merchant(merchant, &fault));
    ck_assert(keyfile_read_merchant(psk, merchant, &fault));
}

static void make_terminals(void)
{
    fixture_point(fixture, POINT, PROVIDER);
    fixture_point(fixture, POINT_OTHER, PROVIDER);
    for (uint32_t i = TILL; i < BOOTHS; i++) {
        uint8_t secret[NOISE_KEY_SIZE] = {0, (uint8_t)i};
        noise_keys_of_secret(&terminals[i], secret);
        struct terminal *terminal =
            fixture_terminal(fixture, i, terminals[i].public_key, POINT, POINT);
        terminal->profile = i == GATE ? PROFILE_GATE : PROFILE_INSPECTOR;
        terminal->from_day = 0;
        terminal->until_day = DAY_NEVER;
        if (i == RATIONED) {
            terminal->per_minute = 3;
            terminal->typed_per_day = 2;
        }
        if (i == ENDED)
            terminal->until_day = FIXTURE_FROM_DAY;
    }
}

static void open_scene(void)
{
    struct fault fault;
    const char *directory = support_directory();
    ck_assert(identity_start(&fault));
    path_in(paths.log, directory, "eligd.log");
    path_in(paths.port, directory, "eligd.port");
    make_keys(directory);
    fixture = fixture_open(directory);
    uint16_t group = fixture_group(fixture, "half");
    fixture_product(fixture, PRODUCT_HALF, "half");
    fixture_product(fixture, PRODUCT_OTHER, "other");
    fixture_clause(fixture, PRODUCT_HALF, fixture_relief(fixture, RELIEF_HALF, "half"), group,
                   5000);
    fixture_person(fixture, MEANS_PERSONAL_CODE, CODE, fixture_set_of(fixture, group));
    make_terminals();
    fixture_publish(fixture);
    booth_make(&booth, &terminals[TILL], server_public, psk, TILL);
}

static void close_scene(void)
{
    booth_close(&booth);
    eligd_kill();
    fixture_close(fixture);
}

static void start_server(const char *const extra[])
{
    const char *options[ELIGD_ARGUMENTS_MAX + 1] = {
        "--snapshots",      fixture_directory(fixture),
        "--identity-key",   fixture_identity_path(fixture),
        "--signing-public", fixture_public_path(fixture),
        "--environment",    "7",
        "--listen",         "127.0.0.1:0",
        "--port-file",      paths.port,
        "--server-key",     paths.server_key,
        "--merchant-keys",  paths.merchants};
    size_t count = 0;
    while (options[count] != NULL)
        count++;
    for (size_t i = 0; extra[i] != NULL; i++)
        options[count++] = extra[i];
    unlink(paths.port);
    eligd_start(paths.log, options);
    sealed_port = eligd_read_port(paths.port);
}
#define START(...) start_server((const char *const[]){__VA_ARGS__, NULL})
#define START_PLAINLY() start_server((const char *const[]){NULL})

static void make_booth(uint32_t number)
{
    booth_close(&booth);
    booth_make(&booth, &terminals[number], server_public, psk, number);
}

static void make_frame(uint8_t frame[static FRAME_SIZE], const char *code, uint32_t product,
                       uint64_t id)
{
    struct request request = {
        .kind = KIND_CHECK,
        .quantity = 1,
        .request_id = id,
        .identifier = {.means = MEANS_PERSONAL_CODE, .size = 11},
        .product = product,
        .point_of_sale = POINT,
        .unit_price = 15000,
        .service_time_s = (uint32_t)time_of_riga_day(FIXTURE_AS_OF_DAY) + 60,
    };
    memcpy(request.identifier.text, code, 11);
    frame_encode_request(frame, &request);
}

static struct response ask_as(const struct request *request)
{
    uint8_t frame[FRAME_SIZE];
    struct response response;
    frame_encode_request(frame, request);
    ck_assert(booth_ask(&booth, frame, frame, 1));
    ck_assert(frame_decode_response(&response, frame));
    ck_assert_uint_eq(response.request_id, request->request_id);
    return response;
}

static struct response ask(const char *code, uint32_t product, uint64_t id)
{
    uint8_t frame[FRAME_SIZE];
    struct response response;
    make_frame(frame, code, product, id);
    ck_assert(booth_ask(&booth, frame, frame, 1));
    ck_assert(frame_decode_response(&response, frame));
    ck_assert_uint_eq(response.request_id, id);
    return response;
}

static void stop_and_count(const char *name, uint64_t want)
{
    booth_close(&booth);
    eligd_stop();
    ck_assert_msg(eligd_total(name) == want, "%s: %llu", name,
                  (unsigned long long)eligd_total(name));
}

/* ---- sessions ---- */

START_TEST(a_terminal_is_accepted_and_answered)
{
    START_PLAINLY();
    booth_open(&booth, sealed_port);
    ck_assert_uint_eq(booth.event.terms.frames_max, ELIG_FRAMES_MAX);
    struct response response = ask(CODE, PRODUCT_HALF, 1);
    ck_assert_uint_eq(response.status, STATUS_APPLIES);
    ck_assert_uint_eq(response.relief_amount, 7500);
    ck_assert_uint_eq(ask(STRANGER, PRODUCT_HALF, 2).status, STATUS_DOES_NOT_APPLY);
    stop_and_count("sessions", 1);
}
END_TEST

START_TEST(the_terminals_profile_is_what_it_sees)
{
    START_PLAINLY();
    make_booth(GATE);
    booth_open(&booth, sealed_port);
    struct response response = ask(CODE, PRODUCT_HALF, 1);
    ck_assert_uint_eq(response.status, STATUS_APPLIES);
    ck_assert_uint_eq(response.relief, RELIEF_UNTOLD);
}
END_TEST

START_TEST(any_number_of_frames_in_a_record)
{
    enum { FRAMES = ELIG_FRAMES_MAX };
    static uint8_t frames[FRAMES * FRAME_SIZE], answers[FRAMES * FRAME_SIZE];
    START("--per-minute", "0");
    booth_open(&booth, sealed_port);
    for (size_t count = 1; count <= FRAMES; count += count < 66 ? 1 : 63) {
        for (size_t i = 0; i < count; i++)
            make_frame(frames + i * FRAME_SIZE, i % 2 ? CODE : STRANGER, PRODUCT_HALF, i + 1);
        ck_assert(booth_ask(&booth, answers, frames, count));
        for (size_t i = 0; i < count; i++) {
            struct response response;
            ck_assert(frame_decode_response(&response, answers + i * FRAME_SIZE));
            ck_assert_uint_eq(response.request_id, i + 1);
            ck_assert_uint_eq(response.status, i % 2 ? STATUS_APPLIES : STATUS_DOES_NOT_APPLY);
        }
    }
}
END_TEST

START_TEST(padding_is_answered_by_padding)
{
    START_PLAINLY();
    booth.settings.is_padded = 1;
    booth_open(&booth, sealed_port);
    static uint8_t frames[5 * FRAME_SIZE];
    for (size_t i = 0; i < 5; i++)
        make_frame(frames + i * FRAME_SIZE, CODE, PRODUCT_HALF, i + 1);
    ck_assert(booth_ask(&booth, frames, frames, 5)); /* 16 frames each way */
    ck_assert_uint_eq(elig_session_in_flight(&booth.session), 0);
    ck_assert_uint_eq(ask(CODE, PRODUCT_HALF, 9).status, STATUS_APPLIES);
}
END_TEST

START_TEST(the_key_that_will_follow_serves_already)
{
    START("--server-key-next", paths.next_key);
    booth_open(&booth, sealed_port);
    booth_close(&booth);
    booth_make(&booth, &terminals[TILL], next_public, psk, TILL);
    booth.counter = 1;
    booth_open(&booth, sealed_port);
    ck_assert_uint_eq(ask(CODE, PRODUCT_HALF, 1).status, STATUS_APPLIES);
    stop_and_count("sessions", 2);
}
END_TEST

START_TEST(what_a_terminal_does_not_sell_it_does_not_learn)
{
    START_PLAINLY();
    booth_open(&booth, sealed_port);
    struct request request = {
        .kind = KIND_CHECK,
        .quantity = 1,
        .request_id = 1,
        .identifier = {.means = MEANS_PERSONAL_CODE, .size = 11, .text = CODE},
        .product = PRODUCT_HALF,
        .point_of_sale = POINT_OTHER,
    };
    ck_assert_uint_eq(ask_as(&request).status, STATUS_NOT_PERMITTED);
    request.point_of_sale = 0;
    ck_assert_uint_ne(ask_as(&request).status, STATUS_NOT_PERMITTED);
    stop_and_count("not_permitted", 1);
}
END_TEST

/* ---- who is not let in ---- */

static void other_psk(void)
{
    booth.settings.psk[0] ^= 1;
}
static void other_environment(void)
{
    booth.settings.environment++;
}
static void other_number(void)
{
    booth.settings.terminal_id = GATE;
}
static void unknown_key(void)
{
    booth.settings.terminal_secret[5] ^= 1;
}
static void other_server_key(void)
{
    memcpy(booth.settings.server_public, next_public, NOISE_KEY_SIZE);
}
static void ended_terminal(void)
{
    make_booth(ENDED);
}
static void no_merchant_key(void)
{
    char command[700];
    snprintf(command, sizeof(command), "%s/%011llu.key", paths.merchants,
             (unsigned long long)PROVIDER);
    ck_assert_int_eq(unlink(command), 0);
}

static const struct {
    const char *name;
    void (*spoil)(void);
    const char *count;
} intruders[] = {
    {"another environment", other_environment, "hello_unreadable"},
    {"another number", other_number, "hello_stranger"},
    {"a key that nobody has", unknown_key, "hello_stranger"},
    {"a key of the server that it has not", other_server_key, "hello_misaddressed"},
    {"a terminal whose time is over", ended_terminal, "hello_ended"},
    {"a merchant whose key is not here", no_merchant_key, "hello_no_merchant_key"},
};

START_TEST(whoever_is_not_let_in_is_not_told_why)
{
    START_PLAINLY();
    intruders[_i].spoil();
    booth_greet(&booth, sealed_port);
    ck_assert_msg(booth_is_shut_out(&booth), "%s", intruders[_i].name);
    stop_and_count(intruders[_i].count, 1);
    ck_assert_uint_eq(eligd_total("sessions"), 0);
}
END_TEST

/* The server cannot know yet; the terminal sees it, and what it would send does not open. */
START_TEST(another_merchants_secret_opens_nothing)
{
    START_PLAINLY();
    other_psk();
    booth_greet(&booth, sealed_port);
    ck_assert_int_eq(booth_next(&booth), ELIG_EVENT_OVER);
    ck_assert_int_eq(booth.event.cause, ELIG_CAUSE_SEAL);
}
END_TEST

START_TEST(a_hello_is_good_once)
{
    START("--state", paths.state);
    booth_open(&booth, sealed_port);
    for (int round = 0; round < 2; round++) {
        int fd = booth_connect_to(sealed_port);
        struct booth thief = {.fd = fd};
        ck_assert(booth_send_raw(&thief, booth.hello, sizeof(booth.hello)));
        ck_assert(booth_is_shut_out(&thief));
        close(fd);
        if (round == 0) { /* nor after a restart */
            stop_and_count("hello_replayed", 1);
            START("--state", paths.state);
        }
    }
    stop_and_count("hello_replayed", 1);
}
END_TEST

/* ---- revocation ---- */

static void put_on_list(uint32_t number)
{
    struct fault fault;
    struct sign_secret *secret;
    struct revoking revoking;
    struct revocation entry = {.terminal = number, .revoked_s = 1};
    memcpy(entry.key, terminals[number].public_key, NOISE_KEY_SIZE);
    ck_assert(keyfile_open_secret(&secret, paths.revoker, &fault));
    ck_assert_msg(revocations_revoke(&revoking, paths.revocations, FIXTURE_ENVIRONMENT, &entry,
                                     secret, true, &fault),
                  "%s", fault.text);
    keyfile_close_secret(secret);
}

static void start_with_revocations(void)
{
    char public_path[600];
    snprintf(public_path, sizeof(public_path), "%s.pub", paths.revoker);
    START("--revocations", paths.revocations, "--revoker-public", public_path);
}

START_TEST(a_revoked_terminal_is_cut_off_and_others_are_not)
{
    struct booth other;
    put_on_list(BOUND);
    start_with_revocations();
    booth_open(&booth, sealed_port);
    booth_make(&other, &terminals[GATE], server_public, psk, GATE);
    booth_open(&other, sealed_port);
    put_on_list(TILL);
    ck_assert(booth_is_shut_out(&booth));
    booth_greet(&booth, sealed_port);
    ck_assert(booth_is_shut_out(&booth));
    uint8_t frame[FRAME_SIZE];
    make_frame(frame, CODE, PRODUCT_HALF, 5);
    ck_assert(booth_ask(&other, frame, frame, 1));
    booth_close(&other);
    stop_and_count("session_revoked", 1);
    ck_assert_uint_eq(eligd_total("hello_revoked"), 1);
}
END_TEST

START_TEST(a_list_that_is_not_the_revokers_changes_nothing)
{
    put_on_list(BOUND);
    start_with_revocations();
    booth_open(&booth, sealed_port);
    struct stat status;
    ck_assert_int_eq(stat(paths.revocations, &status), 0);
    FILE *file = fopen(paths.revocations, "r+");
    ck_assert_int_eq(fseek(file, 70, SEEK_SET), 0);
    fputc(0x55, file);
    fclose(file);
    eligd_wait_for_events("revocations_refused", 1);
    ck_assert_uint_eq(ask(CODE, PRODUCT_HALF, 1).status, STATUS_APPLIES);
    make_booth(BOUND);
    booth_greet(&booth, sealed_port);
    ck_assert(booth_is_shut_out(&booth));
}
END_TEST

START_TEST(a_terminal_that_leaves_the_catalogue_leaves_the_server)
{
    START("--poll-ms", "20");
    booth_open(&booth, sealed_port);
    ck_assert_uint_eq(ask(CODE, PRODUCT_HALF, 1).status, STATUS_APPLIES);
    fixture_terminal_at(fixture, TILL)->until_day = FIXTURE_FROM_DAY;
    fixture_publish(fixture);
    ck_assert(booth_is_shut_out(&booth)); /* though it asks nothing */
    stop_and_count("session_over", 1);
}
END_TEST

/* ---- rations ---- */

START_TEST(who_asks_about_too_many_is_told_to_wait)
{
    START("--state", paths.state);
    make_booth(RATIONED);
    booth_open(&booth, sealed_port);
    uint32_t busy_count = 0;
    for (uint32_t i = 0; i < 8; i++) {
        char code[12];
        snprintf(code, sizeof(code), "3210000000%u", i);
        struct response response = ask(code, PRODUCT_HALF, i + 1);
        busy_count += response.status == STATUS_BUSY;
        ck_assert((response.status == STATUS_BUSY) == (response.wait_ms > 0));
    }
    ck_assert_uint_ge(busy_count, 4);
    eligd_wait_for_events("alarm", 1);
    static char log[1 << 16];
    eligd_read_log(log, sizeof(log));
    ck_assert_ptr_null(strstr(log, "3210000000"));
    ck_assert_ptr_nonnull(strstr(log, "terminal=9 cause=per-minute"));
    stop_and_count("rationed", busy_count);
    ck_assert_uint_ge(eligd_total("alarms"), 1);
}
END_TEST

START_TEST(typed_codes_have_a_ration_of_their_own_that_a_restart_does_not_renew)
{
    START("--state", paths.state);
    make_booth(RATIONED);
    for (int round = 0; round < 2; round++) {
        booth_open(&booth, sealed_port);
        for (uint64_t i = 0; i < 4; i++) {
            struct request request = {
                .kind = KIND_CHECK,
                .entry = ENTRY_TYPED,
                .quantity = 1,
                .request_id = i + 1,
                .identifier = {.means = MEANS_PERSONAL_CODE, .size = 11, .text = CODE},
                .product = PRODUCT_HALF,
                .service_time_s = (uint32_t)time_of_riga_day(FIXTURE_AS_OF_DAY) + 60,
            };
            ck_assert_uint_eq(ask_as(&request).status,
                              round == 0 && i < 2 ? STATUS_APPLIES : STATUS_BUSY);
        }
        if (round == 0) {
            stop_and_count("rationed", 2);
            START("--state", paths.state);
        }
    }
}
END_TEST

/* ---- whatever else comes ---- */

static const struct {
    const char *name;
    uint8_t bytes[8];
    size_t size;
    const char *count;
} noises[] = {
    {"another protocol", "GET / HT", 8, "hello_malformed"},
    {"another version", {1, 2, 140, 0}, 4, "hello_malformed"},
    {"a body of no size", {1, 1, 0, 0}, 4, "hello_malformed"},
    {"a body of 141 bytes", {1, 1, 141, 0}, 4, "hello_malformed"},
    {"a record before a HELLO", {16, 1, 80, 0}, 4, "hello_malformed"},
    {"an ACCEPT", {2, 1, 88, 0}, 4, "hello_malformed"},
    {"zeros", {0}, 8, "hello_malformed"},
};

START_TEST(noise_is_closed_without_a_word)
{
    START_PLAINLY();
    struct booth caller = {.fd = booth_connect_to(sealed_port)};
    ck_assert(booth_send_raw(&caller, noises[_i].bytes, noises[_i].size));
    ck_assert_msg(booth_is_shut_out(&caller), "%s", noises[_i].name);
    close(caller.fd);
    stop_and_count(noises[_i].count, 1);
}
END_TEST

/* A HELLO at one byte after another is one; silence is not. */
START_TEST(who_says_nothing_is_closed)
{
    START("--hello-ms", "50");
    struct booth silent = {.fd = booth_connect_to(sealed_port)};
    ck_assert(booth_is_shut_out(&silent));
    booth_open(&booth, sealed_port); /* accepted, and then silent */
    ck_assert(booth_is_shut_out(&booth));
    close(silent.fd);
    stop_and_count("hello_closed", 2);
}
END_TEST

START_TEST(records_may_come_in_any_pieces)
{
    START("--per-minute", "0");
    static uint8_t frames[3 * FRAME_SIZE], record[ELIG_RECORD_SIZE_MAX];
    booth_open(&booth, sealed_port);
    size_t size = 20 + sizeof(frames);
    for (size_t cut = 1; cut < size; cut += 7) {
        for (size_t i = 0; i < 3; i++)
            make_frame(frames + i * FRAME_SIZE, CODE, PRODUCT_HALF, cut * 3 + i + 1);
        ck_assert_int_eq(elig_session_put(&booth.session, frames, 3, record, sizeof(record), &size),
                         ELIG_FINE);
        ck_assert(booth_send_raw(&booth, record, cut));
        usleep(300);
        ck_assert(booth_send_raw(&booth, record + cut, size - cut));
        ck_assert_int_eq(booth_next(&booth), ELIG_EVENT_FRAMES);
        ck_assert_uint_eq(booth.event.frame_count, 3);
    }
}
END_TEST

/* Bits that change on the way, records that come again, records of another session. */
enum tampering { FLIPPED, REPEATED, SWAPPED, FOREIGN, SHORTENED, TAMPERINGS };

START_TEST(whatever_is_not_the_next_record_ends_the_session)
{
    static uint8_t first[ELIG_RECORD_SIZE_MAX], second[ELIG_RECORD_SIZE_MAX];
    uint8_t frame[FRAME_SIZE];
    size_t size;
    START_PLAINLY();
    booth_open(&booth, sealed_port);
    make_frame(frame, CODE, PRODUCT_HALF, 1);
    ck_assert_int_eq(elig_session_put(&booth.session, frame, 1, first, sizeof(first), &size),
                     ELIG_FINE);
    ck_assert_int_eq(elig_session_put(&booth.session, frame, 1, second, sizeof(second), &size),
                     ELIG_FINE);
    switch ((enum tampering)_i) {
    case FLIPPED:
        first[size - 1] ^= 1;
        break;
    case REPEATED:
        ck_assert(booth_send_raw(&booth, first, size));
        ck_assert_int_eq(booth_next(&booth), ELIG_EVENT_FRAMES);
        break;
    case SWAPPED:
        memcpy(first, second, size);
        break;
    case FOREIGN:
        memset(first + 4, 0xaa, size - 4);
        break;
    case SHORTENED:
        first[2] = 79;
        break;
    case TAMPERINGS:
        break;
    }
    ck_assert(booth_send_raw(&booth, first, size));
    ck_assert(booth_is_shut_out(&booth));
    stop_and_count(_i == SHORTENED ? "record_bad_size" : "record_unopened", 1);
}
END_TEST

START_TEST(a_stopping_server_says_so_in_sessions_and_to_who_comes)
{
    START("--drain-ms", "2000");
    booth_open(&booth, sealed_port);
    ck_assert_uint_eq(ask(CODE, PRODUCT_HALF, 1).status, STATUS_APPLIES);
    ck_assert_int_eq(kill(eligd_pid(), SIGTERM), 0);
    eligd_wait_for_events("draining", 1);
    uint16_t status = STATUS_APPLIES;
    for (uint64_t id = 2; status == STATUS_APPLIES; id++)
        status = ask(CODE, PRODUCT_HALF, id).status;
    ck_assert_uint_eq(status, STATUS_DRAINING);
    booth_close(&booth);
    ck_assert_int_eq(eligd_wait_for_exit(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("terminals");
    TCase *tcase = tcase_create("terminals");
    tcase_add_checked_fixture(tcase, open_scene, close_scene);
    tcase_add_test(tcase, a_terminal_is_accepted_and_answered);
    tcase_add_test(tcase, the_terminals_profile_is_what_it_sees);
    tcase_add_test(tcase, any_number_of_frames_in_a_record);
    tcase_add_test(tcase, padding_is_answered_by_padding);
    tcase_add_test(tcase, the_key_that_will_follow_serves_already);
    tcase_add_test(tcase, what_a_terminal_does_not_sell_it_does_not_learn);
    tcase_add_loop_test(tcase, whoever_is_not_let_in_is_not_told_why, 0,
                        sizeof(intruders) / sizeof(intruders[0]));
    tcase_add_test(tcase, another_merchants_secret_opens_nothing);
    tcase_add_test(tcase, a_hello_is_good_once);
    tcase_add_test(tcase, a_revoked_terminal_is_cut_off_and_others_are_not);
    tcase_add_test(tcase, a_list_that_is_not_the_revokers_changes_nothing);
    tcase_add_test(tcase, a_terminal_that_leaves_the_catalogue_leaves_the_server);
    tcase_add_test(tcase, who_asks_about_too_many_is_told_to_wait);
    tcase_add_test(tcase, typed_codes_have_a_ration_of_their_own_that_a_restart_does_not_renew);
    tcase_add_loop_test(tcase, noise_is_closed_without_a_word, 0,
                        sizeof(noises) / sizeof(noises[0]));
    tcase_add_test(tcase, who_says_nothing_is_closed);
    tcase_add_test(tcase, records_may_come_in_any_pieces);
    tcase_add_loop_test(tcase, whatever_is_not_the_next_record_ends_the_session, 0, TAMPERINGS);
    tcase_add_test(tcase, a_stopping_server_says_so_in_sessions_and_to_who_comes);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
