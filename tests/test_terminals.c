/* Terminals and a real server: sealed sessions over real sockets, from the HELLO to the close. */
#include "protocol/keyfile.h"
#include "protocol/profile.h"
#include "protocol/revocation.h"
#include "tests/market.h"
#include "tests/support.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define POINT_OTHER  (MARKET_POINT + 1)
#define TYPED_RATION 2
#define CODES_ASKED  8
enum { GATE = MARKET_FIRST, ENDED, BOUND };

static struct booth booth;
static uint8_t next_public[NOISE_KEY_SIZE];
static char next_key[512], revocations[512], revoker[512];

/* ---- the scene ---- */

static void make_keys(void)
{
    struct fault fault;
    char public_path[600];
    snprintf(next_key, sizeof(next_key), "%.400s/next.key", support_directory());
    snprintf(revoker, sizeof(revoker), "%.400s/revoker.key", support_directory());
    snprintf(revocations, sizeof(revocations), "%.400s/revoked", support_directory());
    ck_assert(keyfile_create_server(next_key, &fault));
    ck_assert(keyfile_create_signing(revoker, &fault));
    snprintf(public_path, sizeof(public_path), "%s.pub", next_key);
    ck_assert(keyfile_read_server_public(next_public, public_path, &fault));
}

/* The market, with another point of sale, a gate, a terminal of yesterday and typed rations. */
static void open_scene(void)
{
    market_open();
    make_keys();
    uint64_t provider = fixture_terminal_at(market.fixture, MARKET_TILL)->provider;
    fixture_point(market.fixture, POINT_OTHER, provider);
    fixture_terminal_at(market.fixture, GATE)->profile = PROFILE_GATE;
    fixture_terminal_at(market.fixture, ENDED)->until_day = FIXTURE_FROM_DAY;
    fixture_terminal_at(market.fixture, MARKET_RATIONED)->typed_per_day = TYPED_RATION;
    fixture_publish(market.fixture);
    market_booth(&booth, MARKET_TILL);
}

static void close_scene(void)
{
    booth_close(&booth);
    market_close();
}

#define START_PLAINLY() market_start(0, (const char *const[]){NULL})

static void make_booth(uint32_t number)
{
    booth_close(&booth);
    market_booth(&booth, number);
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

static struct response ask(const char *code, uint64_t id)
{
    uint8_t frame[FRAME_SIZE];
    struct response response;
    market_frame(frame, code, id);
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
    booth_open(&booth, market.port);
    ck_assert_uint_eq(booth.event.terms.frames_max, ELIG_FRAMES_MAX);
    struct response response = ask(MARKET_CODE, 1);
    ck_assert_uint_eq(response.status, STATUS_APPLIES);
    ck_assert_uint_eq(response.relief_amount, 7500);
    ck_assert_uint_eq(ask(MARKET_STRANGER, 2).status, STATUS_DOES_NOT_APPLY);
    stop_and_count("sessions", 1);
}
END_TEST

START_TEST(the_terminals_profile_is_what_it_sees)
{
    START_PLAINLY();
    make_booth(GATE);
    booth_open(&booth, market.port);
    struct response response = ask(MARKET_CODE, 1);
    ck_assert_uint_eq(response.status, STATUS_APPLIES);
    ck_assert_uint_eq(response.relief, RELIEF_UNTOLD);
}
END_TEST

START_TEST(any_number_of_frames_in_a_record)
{
    enum { FRAMES = ELIG_FRAMES_MAX };
    static uint8_t frames[FRAMES * FRAME_SIZE], answers[FRAMES * FRAME_SIZE];
    MARKET_START("--per-minute", "0");
    booth_open(&booth, market.port);
    for (size_t count = 1; count <= FRAMES; count += count < 66 ? 1 : 63) {
        for (size_t i = 0; i < count; i++)
            market_frame(frames + i * FRAME_SIZE, i % 2 ? MARKET_CODE : MARKET_STRANGER, i + 1);
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
    booth_open(&booth, market.port);
    static uint8_t frames[5 * FRAME_SIZE];
    for (size_t i = 0; i < 5; i++)
        market_frame(frames + i * FRAME_SIZE, MARKET_CODE, i + 1);
    ck_assert(booth_ask(&booth, frames, frames, 5)); /* 16 frames each way */
    ck_assert_uint_eq(elig_session_in_flight(&booth.session), 0);
    ck_assert_uint_eq(ask(MARKET_CODE, 9).status, STATUS_APPLIES);
}
END_TEST

START_TEST(the_key_that_will_follow_serves_already)
{
    MARKET_START("--server-key-next", next_key);
    booth_open(&booth, market.port);
    booth_close(&booth);
    market_booth(&booth, MARKET_TILL);
    memcpy(booth.settings.server_public, next_public, NOISE_KEY_SIZE);
    booth_open(&booth, market.port);
    ck_assert_uint_eq(ask(MARKET_CODE, 1).status, STATUS_APPLIES);
    stop_and_count("sessions", 2);
}
END_TEST

START_TEST(what_a_terminal_does_not_sell_it_does_not_learn)
{
    START_PLAINLY();
    booth_open(&booth, market.port);
    struct request request = {
        .kind = KIND_CHECK,
        .quantity = 1,
        .request_id = 1,
        .identifier = {.means = MEANS_PERSONAL_CODE, .size = 11, .text = MARKET_CODE},
        .product = MARKET_PRODUCT,
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
    char path[700];
    uint64_t provider = fixture_terminal_at(market.fixture, MARKET_TILL)->provider;
    snprintf(path, sizeof(path), "%s/%011llu.key", market.merchants, (unsigned long long)provider);
    ck_assert_int_eq(unlink(path), 0);
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
    booth_greet(&booth, market.port);
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
    booth_greet(&booth, market.port);
    ck_assert_int_eq(booth_next(&booth), ELIG_EVENT_OVER);
    ck_assert_int_eq(booth.event.cause, ELIG_CAUSE_SEAL);
}
END_TEST

START_TEST(a_hello_is_good_once)
{
    MARKET_START("--state", market.state);
    booth_open(&booth, market.port);
    for (int round = 0; round < 2; round++) {
        int fd = booth_connect_to(market.port);
        struct booth thief = {.fd = fd};
        ck_assert(booth_send_raw(&thief, booth.hello, sizeof(booth.hello)));
        ck_assert(booth_is_shut_out(&thief));
        close(fd);
        if (round == 0) { /* nor after a restart */
            stop_and_count("hello_replayed", 1);
            MARKET_START("--state", market.state);
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
    struct noise_keys keys = market_keys(number);
    memcpy(entry.key, keys.public_key, NOISE_KEY_SIZE);
    ck_assert(keyfile_open_secret(&secret, revoker, &fault));
    ck_assert_msg(revocations_revoke(&revoking, revocations, FIXTURE_ENVIRONMENT, &entry, secret,
                                     true, &fault),
                  "%s", fault.text);
    keyfile_close_secret(secret);
}

static void start_with_revocations(void)
{
    char public_path[600];
    snprintf(public_path, sizeof(public_path), "%s.pub", revoker);
    MARKET_START("--revocations", revocations, "--revoker-public", public_path);
}

START_TEST(a_revoked_terminal_is_cut_off_and_others_are_not)
{
    struct booth other;
    put_on_list(BOUND);
    start_with_revocations();
    booth_open(&booth, market.port);
    market_booth(&other, GATE);
    booth_open(&other, market.port);
    put_on_list(MARKET_TILL);
    ck_assert(booth_is_shut_out(&booth));
    booth_greet(&booth, market.port);
    ck_assert(booth_is_shut_out(&booth));
    uint8_t frame[FRAME_SIZE];
    market_frame(frame, MARKET_CODE, 5);
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
    booth_open(&booth, market.port);
    struct stat status;
    ck_assert_int_eq(stat(revocations, &status), 0);
    FILE *file = fopen(revocations, "r+");
    ck_assert_int_eq(fseek(file, 70, SEEK_SET), 0);
    fputc(0x55, file);
    fclose(file);
    eligd_wait_for_events("revocations_refused", 1);
    ck_assert_uint_eq(ask(MARKET_CODE, 1).status, STATUS_APPLIES);
    make_booth(BOUND);
    booth_greet(&booth, market.port);
    ck_assert(booth_is_shut_out(&booth));
}
END_TEST

START_TEST(a_terminal_that_leaves_the_catalogue_leaves_the_server)
{
    MARKET_START("--poll-ms", "20");
    booth_open(&booth, market.port);
    ck_assert_uint_eq(ask(MARKET_CODE, 1).status, STATUS_APPLIES);
    fixture_terminal_at(market.fixture, MARKET_TILL)->until_day = FIXTURE_FROM_DAY;
    fixture_publish(market.fixture);
    ck_assert(booth_is_shut_out(&booth)); /* though it asks nothing */
    stop_and_count("session_over", 1);
}
END_TEST

/* ---- rations ---- */

START_TEST(who_asks_about_too_many_is_told_to_wait)
{
    MARKET_START("--state", market.state);
    make_booth(MARKET_RATIONED);
    booth_open(&booth, market.port);
    uint32_t busy_count = 0;
    for (uint32_t i = 0; i < CODES_ASKED; i++) {
        char code[12];
        snprintf(code, sizeof(code), "3210000000%u", i);
        struct response response = ask(code, i + 1);
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
    MARKET_START("--state", market.state);
    make_booth(MARKET_RATIONED);
    for (int round = 0; round < 2; round++) {
        booth_open(&booth, market.port);
        for (uint64_t i = 0; i < 4; i++) {
            struct request request = {
                .kind = KIND_CHECK,
                .entry = ENTRY_TYPED,
                .quantity = 1,
                .request_id = i + 1,
                .identifier = {.means = MEANS_PERSONAL_CODE, .size = 11, .text = MARKET_CODE},
                .product = MARKET_PRODUCT,
                .service_time_s = (uint32_t)time_of_riga_day(FIXTURE_AS_OF_DAY) + 60,
            };
            ck_assert_uint_eq(ask_as(&request).status,
                              round == 0 && i < TYPED_RATION ? STATUS_APPLIES : STATUS_BUSY);
        }
        if (round == 0) {
            stop_and_count("rationed", 2);
            MARKET_START("--state", market.state);
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
    struct booth caller = {.fd = booth_connect_to(market.port)};
    ck_assert(booth_send_raw(&caller, noises[_i].bytes, noises[_i].size));
    ck_assert_msg(booth_is_shut_out(&caller), "%s", noises[_i].name);
    close(caller.fd);
    stop_and_count(noises[_i].count, 1);
}
END_TEST

/* A HELLO at one byte after another is one; silence is not. */
static const struct {
    const char *idle_ms;
    uint16_t told_s;
} silences[] = {{"999", 1}, {"1999", 1}, {"300000", 300}, {"86400000", UINT16_MAX}};

/* Whoever believes what ACCEPT says does not write into what has been closed. */
START_TEST(a_terminal_is_told_no_longer_silence_than_it_may_keep)
{
    MARKET_START("--idle-ms", silences[_i].idle_ms);
    booth_open(&booth, market.port);
    ck_assert_uint_eq(booth.event.terms.idle_s, silences[_i].told_s);
}
END_TEST

START_TEST(who_says_nothing_is_closed)
{
    MARKET_START("--hello-ms", "50");
    struct booth silent = {.fd = booth_connect_to(market.port)};
    ck_assert(booth_is_shut_out(&silent));
    booth_open(&booth, market.port); /* accepted, and then silent */
    ck_assert(booth_is_shut_out(&booth));
    close(silent.fd);
    stop_and_count("hello_closed", 2);
}
END_TEST

START_TEST(records_may_come_in_any_pieces)
{
    MARKET_START("--per-minute", "0");
    static uint8_t frames[3 * FRAME_SIZE], record[ELIG_RECORD_SIZE_MAX];
    booth_open(&booth, market.port);
    size_t size = 20 + sizeof(frames);
    for (size_t cut = 1; cut < size; cut += 7) {
        for (size_t i = 0; i < 3; i++)
            market_frame(frames + i * FRAME_SIZE, MARKET_CODE, cut * 3 + i + 1);
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
    booth_open(&booth, market.port);
    market_frame(frame, MARKET_CODE, 1);
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
    MARKET_START("--drain-ms", "2000");
    booth_open(&booth, market.port);
    ck_assert_uint_eq(ask(MARKET_CODE, 1).status, STATUS_APPLIES);
    ck_assert_int_eq(kill(eligd_pid(), SIGTERM), 0);
    eligd_wait_for_events("draining", 1);
    uint16_t status = STATUS_APPLIES;
    for (uint64_t id = 2; status == STATUS_APPLIES; id++)
        status = ask(MARKET_CODE, id).status;
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
    tcase_add_loop_test(tcase, a_terminal_is_told_no_longer_silence_than_it_may_keep, 0,
                        sizeof(silences) / sizeof(silences[0]));
    tcase_add_test(tcase, who_says_nothing_is_closed);
    tcase_add_test(tcase, records_may_come_in_any_pieces);
    tcase_add_loop_test(tcase, whatever_is_not_the_next_record_ends_the_session, 0, TAMPERINGS);
    tcase_add_test(tcase, a_stopping_server_says_so_in_sessions_and_to_who_comes);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
