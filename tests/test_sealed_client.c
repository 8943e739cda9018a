/* libelig's sealed connection against a server that keeps to the protocol, or does not: no request
 * is lost, each gets its own answer, and what is asked again keeps its id. */
#include "protocol/elig.h"
#include "protocol/wire.h"

#include "tests/sealed_server.h"
#include "tests/support.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_MS        10000
#define SHORT_TIMEOUT_MS  300
#define LONGER_TIMEOUT_MS 2500 /* than two answers take */
/* Attempts come after pauses of 100, 200, 400 ms and up to half as much again: the third at the
 * latest 450 ms after the first, the fourth not before 700. Between the two none is under way,
 * unless the machine is slow: then it is a timeout, and asked again. */
#define ATTEMPTS_TIMEOUT_MS 600
/* How often. A client that says nothing but "timeout" is found out all the same. */
#define TRIES_MAX  30
#define NEVER_MS   600000 /* later than any test ends */
#define REFUSALS   3      /* in a row: this server does not want this terminal */
#define MANY       300
#define FRAMES_MAX 64
#define PRICE      15000

static char address[32];
static struct sealed_log seen;

static void set_up(void)
{
    sealed_server_start(address);
}

static const char *counter_path(void)
{
    static char path[256];
    if (path[0] == '\0')
        snprintf(path, sizeof(path), "%s/t.counter", support_directory());
    return path;
}

static struct elig *open_with(const struct elig_session_settings *settings, uint32_t timeout_ms)
{
    struct elig_counter counter = {.path = counter_path()};
    struct elig *elig = NULL;
    ck_assert_int_eq(elig_open_sealed(&elig, address, settings, &counter, timeout_ms), ELIG_FINE);
    return elig;
}

static struct elig *open_sealed(uint32_t timeout_ms)
{
    struct elig_session_settings settings = sealed_settings();
    return open_with(&settings, timeout_ms);
}

static struct elig_request check_request(uint64_t id)
{
    struct elig_request request = {
        .kind = ELIG_CHECK,
        .means = ELIG_PERSONAL_CODE,
        .quantity = 1,
        .identifier = "01010000018",
        .product = 1000,
        .unit_price = PRICE + (uint32_t)id,
        .request_id = id,
    };
    return request;
}

/* Each answer is that of its own question. */
static void look_at(const struct elig_response *response, uint64_t id)
{
    ck_assert_uint_eq(response->request_id, id);
    ck_assert_uint_eq(response->kind, ELIG_CHECK);
    ck_assert_uint_eq(response->status, ELIG_DOES_NOT_APPLY);
    ck_assert_uint_eq(response->payable, PRICE + id);
}

/* Until it is something else than a timeout: no machine is too slow for it. */
static int ask_until_told(struct elig *elig, const struct elig_request *request,
                          struct elig_response *response)
{
    int error = ELIG_TIMEOUT;
    for (int tries = 0; tries < TRIES_MAX && error == ELIG_TIMEOUT; tries++)
        error = elig_ask(elig, request, response);
    return error;
}

static void ask_one(struct elig *elig, uint64_t id)
{
    struct elig_request request = check_request(id);
    struct elig_response response;
    int error = elig_ask(elig, &request, &response);
    ck_assert_msg(error == ELIG_FINE, "%s (%s)", elig_error_text(error), elig_trouble(elig));
    look_at(&response, id);
}

/* Ids 1 to count in one call. */
static void ask_many(struct elig *elig, size_t count)
{
    static struct elig_request requests[2000];
    static struct elig_response responses[2000];
    size_t answered = 0;
    ck_assert_uint_le(count, 2000);
    for (size_t i = 0; i < count; i++)
        requests[i] = check_request(i + 1);
    int error = elig_ask_many(elig, requests, count, responses, &answered);
    ck_assert_msg(error == ELIG_FINE, "%s (%s)", elig_error_text(error), elig_trouble(elig));
    ck_assert_uint_eq(answered, count);
    for (size_t i = 0; i < count; i++)
        look_at(&responses[i], i + 1);
}

/* How often the server was asked under this id. */
static size_t times_asked(uint64_t id)
{
    size_t times = 0;
    for (size_t i = 0; i < seen.id_count; i++)
        times += seen.asked[i].id == id;
    return times;
}

/* ---- well ---- */

START_TEST(a_question_is_answered_and_the_session_lasts)
{
    struct elig *elig = open_sealed(TIMEOUT_MS);
    struct elig_request ping = {.kind = ELIG_PING, .request_id = 100};
    struct elig_response response;
    struct elig_report report;
    for (uint64_t id = 1; id <= 5; id++)
        ask_one(elig, id);
    ck_assert_int_eq(elig_ask(elig, &ping, &response), ELIG_FINE);
    ck_assert_uint_eq(response.status, ELIG_OK);
    ck_assert_int_eq(elig_ask_status(elig, 101, &report), ELIG_FINE);
    ck_assert_uint_eq(report.status, ELIG_OK);
    ck_assert_uint_eq(report.request_id, 101);
    ck_assert_uint_eq(report.identifier_count, 3);
    ck_assert_uint_eq(elig_wait_ms(elig), 0);
    ck_assert_str_eq(elig_trouble(elig), "");
    elig_close(elig);
    sealed_server_log(&seen);
    ck_assert_uint_eq(seen.session_count, 1);
    ck_assert_uint_eq(seen.hello_count, 1);
    ck_assert_uint_eq(seen.record_count, 7);
}
END_TEST

static const struct {
    struct accept terms;
    size_t count;
    uint8_t is_padded;
    size_t records, frames_most;
} batches[] = {
    {{.frames_max = 64, .in_flight_max = 256, .records_max = 1000, .idle_s = 60}, 1000, 0, 16, 64},
    {{.frames_max = 255, .in_flight_max = 255, .records_max = 1000, .idle_s = 60}, 2000, 0, 8, 255},
    {{.frames_max = 1, .in_flight_max = 1, .records_max = 1000, .idle_s = 60}, 30, 0, 30, 1},
    {{.frames_max = 1, .in_flight_max = 500, .records_max = 1000, .idle_s = 60}, 300, 0, 300, 1},
    {{.frames_max = 4, .in_flight_max = 6, .records_max = 1000, .idle_s = 60}, 50, 0, 13, 4},
    {{.frames_max = 64, .in_flight_max = 64, .records_max = 1000, .idle_s = 60}, 5, 1, 1, 16},
    {{.frames_max = 10, .in_flight_max = 25, .records_max = 1000, .idle_s = 60}, 95, 1, 10, 10},
    {{.frames_max = 255, .in_flight_max = 600, .records_max = 1000, .idle_s = 60}, 700, 1, 3, 255},
};

START_TEST(many_are_asked_in_as_few_records_as_the_server_takes)
{
    struct elig_session_settings settings = sealed_settings();
    settings.is_padded = batches[_i].is_padded;
    sealed_server_order((struct sealed_orders){.has_now = true, .terms = batches[_i].terms});
    struct elig *elig = open_with(&settings, TIMEOUT_MS);
    ask_many(elig, batches[_i].count);
    elig_close(elig);
    sealed_server_log(&seen);
    ck_assert_uint_eq(seen.session_count, 1);
    ck_assert_uint_eq(seen.id_count, batches[_i].count);
    ck_assert_uint_eq(seen.record_count, batches[_i].records);
    ck_assert_uint_eq(seen.frames_most, batches[_i].frames_most);
}
END_TEST

/* ---- badly, once: nobody notices ---- */

static const struct {
    const char *what;
    enum sealed_manner manner;
    unsigned times, first;
    size_t hellos, sessions;
} mishaps[] = {
    {"closes without ACCEPT", SEALED_NO_ACCEPT, 1, 0, 2, 1},
    {"closes without ACCEPT twice", SEALED_NO_ACCEPT, 2, 0, 3, 1},
    {"is busy twice", SEALED_BUSY, 2, 0, 3, 1},
    {"sends an ACCEPT with a wrong bit", SEALED_BAD_ACCEPT, 1, 0, 2, 2},
    {"sends half an ACCEPT", SEALED_HALF_ACCEPT, 1, 0, 2, 1},
    {"closes at the first record", SEALED_CLOSE, 1, 0, 2, 2},
    {"closes at the third record", SEALED_CLOSE, 1, 2, 2, 2},
    {"cuts the first answer", SEALED_CUT, 1, 0, 2, 2},
    {"cuts the third answer", SEALED_CUT, 1, 2, 2, 2},
    {"cuts the last answer", SEALED_CUT, 1, 4, 2, 2},
    {"flips a bit of the first answer", SEALED_FLIP, 1, 0, 2, 2},
    {"flips a bit of the third answer", SEALED_FLIP, 1, 2, 2, 2},
    {"sends the first record twice", SEALED_REPLAY, 1, 0, 2, 2},
    {"sends the third record twice", SEALED_REPLAY, 1, 2, 2, 2},
    {"leaves an answer out of the third record", SEALED_DROP, 1, 2, 2, 2},
    {"is stopping", SEALED_DRAINING, 1, 0, 2, 2},
    {"is stopping at the third record", SEALED_DRAINING, 1, 2, 2, 2},
    {"cuts two answers in a row", SEALED_CUT, 2, 1, 3, 3},
    {"is late", SEALED_LATE, 1, 1, 1, 1},
};

/* In each session ids rise without a gap, it begins with a request that has no answer yet, and the
 * last one ends with the last request. */
static void look_at_ids(size_t count)
{
    uint64_t last = 0;
    for (size_t i = 0; i < seen.id_count; i++) {
        uint64_t id = seen.asked[i].id;
        bool is_first = i == 0 || seen.asked[i].session != seen.asked[i - 1].session;
        if (is_first)
            ck_assert_msg(id <= last + 1 && id % FRAMES_MAX == 1, "a session begins with id %lu",
                          (unsigned long)id);
        else
            ck_assert_uint_eq(id, last + 1);
        last = id;
    }
    ck_assert_uint_eq(last, count);
    for (uint64_t id = 1; id <= count; id++)
        ck_assert_uint_ge(times_asked(id), 1);
}

START_TEST(a_server_that_fails_once_costs_no_answer_and_no_id)
{
    sealed_server_order((struct sealed_orders){.has_now = true,
                                               .manner = mishaps[_i].manner,
                                               .times = mishaps[_i].times,
                                               .first = mishaps[_i].first,
                                               .busy_ms = 150,
                                               .late_ms = 200});
    struct elig *elig = open_sealed(TIMEOUT_MS);
    ask_many(elig, MANY);
    elig_close(elig);
    sealed_server_log(&seen);
    ck_assert_msg(seen.hello_count == mishaps[_i].hellos, "a server that %s: %zu hellos",
                  mishaps[_i].what, seen.hello_count);
    ck_assert_uint_eq(seen.session_count, mishaps[_i].sessions);
    look_at_ids(MANY);
    for (size_t i = 1; i < seen.hello_count; i++)
        ck_assert_uint_gt(seen.counters[i], seen.counters[i - 1]);
}
END_TEST

START_TEST(after_a_cut_the_same_ids_come_again_and_only_those_without_answer)
{
    sealed_server_order((struct sealed_orders){
        .has_now = true,
        .manner = SEALED_CUT,
        .times = 1,
        .first = 2,
        .terms = {.frames_max = 1, .in_flight_max = 1, .records_max = 1000, .idle_s = 60}});
    struct elig *elig = open_sealed(TIMEOUT_MS);
    ask_many(elig, 5);
    elig_close(elig);
    sealed_server_log(&seen);
    for (uint64_t id = 1; id <= 5; id++)
        ck_assert_uint_eq(times_asked(id), id == 3 ? 2 : 1);
    ck_assert_uint_eq(seen.asked[2].session, 1);
    ck_assert_uint_eq(seen.asked[3].id, 3);
    ck_assert_uint_eq(seen.asked[3].session, 2);
}
END_TEST

/* ---- transactions ---- */

#define SALES 6

/* One of each kind, about the first. */
static void make_sales(struct elig_request sales[static SALES])
{
    static const uint8_t kinds[SALES] = {ELIG_RESERVE, ELIG_USE,    ELIG_CONFIRM,
                                         ELIG_LATE,    ELIG_REFUND, ELIG_CANCEL};
    for (size_t i = 0; i < SALES; i++) {
        sales[i] = check_request(i + 1);
        if (kinds[i] == ELIG_CONFIRM || kinds[i] == ELIG_REFUND || kinds[i] == ELIG_CANCEL)
            sales[i] = elig_about(kinds[i], i + 1, 1);
        sales[i].kind = kinds[i];
        sales[i].hold_10s = kinds[i] == ELIG_RESERVE ? 3 : 0;
        sales[i].service_time_s = kinds[i] == ELIG_LATE ? 1795420800 : 0;
    }
}

/* The server does each in its turn, so its place in the ledger is that of its id. */
static void look_at_sales(const struct elig_response answers[static SALES])
{
    static const uint16_t statuses[SALES] = {ELIG_APPLIES, ELIG_APPLIES,  ELIG_CONFIRMED,
                                             ELIG_APPLIES, ELIG_REFUNDED, ELIG_CANCELLED};
    for (size_t i = 0; i < SALES; i++) {
        ck_assert_uint_eq(answers[i].request_id, i + 1);
        ck_assert_msg(answers[i].status == statuses[i], "sale %zu: %s", i,
                      elig_status_name(answers[i].status));
        ck_assert_uint_eq(answers[i].ledger_sequence, i + 1);
    }
    sealed_server_log(&seen);
    ck_assert_uint_eq(seen.sale_count, SALES);
}

static void order_mishap(int row)
{
    sealed_server_order((struct sealed_orders){.has_now = true,
                                               .manner = mishaps[row].manner,
                                               .times = mishaps[row].times,
                                               .first = mishaps[row].first,
                                               .busy_ms = 100,
                                               .late_ms = 200});
}

/* As elig.h has it: the same again until it is answered. */
START_TEST(a_transaction_that_is_lost_is_sent_again_and_done_once)
{
    struct elig_request sales[SALES];
    struct elig_response answers[SALES];
    order_mishap(_i);
    make_sales(sales);
    struct elig *elig = open_sealed(SHORT_TIMEOUT_MS);
    for (size_t i = 0; i < SALES; i++) {
        int left = TRIES_MAX;
        while (elig_transact(elig, &sales[i], &answers[i]) != ELIG_FINE)
            ck_assert_int_gt(--left, 0);
    }
    elig_close(elig);
    look_at_sales(answers);
}
END_TEST

START_TEST(a_batch_of_transactions_is_done_once_whatever_is_lost)
{
    struct elig_request sales[SALES];
    struct elig_response answers[SALES];
    order_mishap(_i);
    make_sales(sales);
    struct elig *elig = open_sealed(TIMEOUT_MS);
    size_t done = 0, answered = 0;
    for (int left = 10; done < SALES; done += answered) {
        ck_assert_int_gt(left--, 0);
        (void)elig_ask_many(elig, sales + done, SALES - done, answers + done, &answered);
    }
    elig_close(elig);
    look_at_sales(answers);
}
END_TEST

START_TEST(a_transaction_waits_until_the_server_has_room)
{
    struct elig_request sales[SALES];
    struct elig_response answer;
    sealed_server_order((struct sealed_orders){
        .has_now = true, .manner = SEALED_NO_ROOM, .times = 2, .busy_ms = 150});
    make_sales(sales);
    struct elig *elig = open_sealed(TIMEOUT_MS);
    int64_t start_ms = wire_clock_ms();
    ck_assert_int_eq(elig_transact(elig, &sales[1], &answer), ELIG_FINE);
    ck_assert_int_ge(wire_clock_ms() - start_ms, 300);
    ck_assert_uint_eq(answer.status, ELIG_APPLIES);
    elig_close(elig);
    sealed_server_log(&seen);
    ck_assert_uint_eq(seen.session_count, 1);
    ck_assert_uint_eq(times_asked(2), 3);
    ck_assert_uint_eq(seen.sale_count, 1);
}
END_TEST

START_TEST(a_transaction_that_finds_no_room_in_time_is_not_known)
{
    struct elig_request sales[SALES];
    struct elig_response answer = {.status = 7};
    sealed_server_order((struct sealed_orders){
        .has_now = true, .manner = SEALED_NO_ROOM, .times = 1, .busy_ms = 60000});
    make_sales(sales);
    struct elig *elig = open_sealed(TIMEOUT_MS);
    int64_t start_ms = wire_clock_ms();
    ck_assert_int_eq(elig_transact(elig, &sales[1], &answer), ELIG_TIMEOUT);
    ck_assert_int_lt(wire_clock_ms() - start_ms, TIMEOUT_MS);
    ck_assert_uint_eq(answer.status, 7); /* BUSY is no answer */
    ck_assert_int_eq(elig_transact(elig, &sales[1], &answer), ELIG_FINE);
    ck_assert_uint_eq(answer.status, ELIG_APPLIES);
    elig_close(elig);
}
END_TEST

START_TEST(what_became_of_a_transaction_is_not_that_the_server_stops)
{
    struct elig_request status = elig_about(ELIG_STATUS, 9, 2);
    struct elig_response answer;
    sealed_server_order(
        (struct sealed_orders){.has_now = true, .manner = SEALED_DRAINING, .times = 1});
    struct elig *elig = open_sealed(TIMEOUT_MS);
    ck_assert_int_eq(elig_ask(elig, &status, &answer), ELIG_FINE);
    ck_assert_uint_eq(answer.status, ELIG_UNKNOWN_TRANSACTION);
    elig_close(elig);
    sealed_server_log(&seen);
    ck_assert_uint_eq(seen.session_count, 2);
    ck_assert_uint_eq(times_asked(9), 2);
}
END_TEST

START_TEST(an_id_that_was_used_for_another_sale_is_a_conflict)
{
    struct elig_request sales[SALES];
    struct elig_response answer;
    make_sales(sales);
    struct elig *elig = open_sealed(TIMEOUT_MS);
    ck_assert_int_eq(elig_transact(elig, &sales[1], &answer), ELIG_FINE);
    sales[1].unit_price++;
    ck_assert_int_eq(elig_transact(elig, &sales[1], &answer), ELIG_FINE);
    ck_assert_uint_eq(answer.status, ELIG_CONFLICT);
    elig_close(elig);
    sealed_server_log(&seen);
    ck_assert_uint_eq(seen.sale_count, 1);
}
END_TEST

START_TEST(an_answer_that_comes_twice_is_never_that_of_the_next_question)
{
    struct elig *elig = open_sealed(TIMEOUT_MS);
    for (uint64_t id = 1; id <= 4; id++) {
        sealed_server_order((struct sealed_orders){
            .has_now = true, .manner = SEALED_REPLAY, .times = id == 2 ? 1 : 0});
        ask_one(elig, id);
        usleep(20000);
    }
    elig_close(elig);
    sealed_server_log(&seen);
    ck_assert_uint_eq(seen.session_count, 2);
}
END_TEST

START_TEST(a_ping_is_answered_by_a_server_that_is_stopping)
{
    struct elig_request ping = {.kind = ELIG_PING, .request_id = 1};
    struct elig_response response;
    struct elig_report report;
    sealed_server_order(
        (struct sealed_orders){.has_now = true, .manner = SEALED_DRAINING, .times = 2});
    struct elig *elig = open_sealed(TIMEOUT_MS);
    ck_assert_int_eq(elig_ask(elig, &ping, &response), ELIG_FINE);
    ck_assert_uint_eq(response.status, ELIG_DRAINING);
    ck_assert_int_eq(elig_ask_status(elig, 2, &report), ELIG_FINE);
    ck_assert_uint_eq(report.status, ELIG_DRAINING);
    elig_close(elig);
}
END_TEST

START_TEST(a_busy_server_is_left_alone_for_as_long_as_it_says)
{
    sealed_server_order(
        (struct sealed_orders){.has_now = true, .manner = SEALED_BUSY, .times = 2, .busy_ms = 300});
    struct elig *elig = open_sealed(TIMEOUT_MS);
    ask_one(elig, 1);
    elig_close(elig);
    sealed_server_log(&seen);
    ck_assert_uint_eq(seen.busy_count, 2);
    ck_assert_uint_eq(seen.hello_count, 3);
    for (size_t i = 1; i < 3; i++) {
        ck_assert_uint_ge(seen.hello_ms[i] - seen.hello_ms[i - 1], 299);
    }
}
END_TEST

START_TEST(a_wait_beyond_the_timeout_is_told_at_once_and_kept)
{
    struct elig_request request = check_request(1);
    struct elig_response response;
    sealed_server_order((struct sealed_orders){
        .has_now = true, .manner = SEALED_BUSY, .times = 1, .busy_ms = 60000});
    struct elig *elig = open_sealed(TIMEOUT_MS);
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(elig_ask(elig, &request, &response), ELIG_NO_ROOM);
        ck_assert_uint_gt(elig_wait_ms(elig), 15000);
        ck_assert_uint_le(elig_wait_ms(elig), 60000);
    }
    elig_close(elig);
    sealed_server_log(&seen);
    ck_assert_uint_eq(seen.hello_count, 1);
}
END_TEST

/* ---- badly, for ever: told apart, and of use again afterwards ---- */

static const struct {
    const char *what;
    enum sealed_manner manner;
    int error;
    const char *trouble;
} failures[] = {
    {"closes without ACCEPT", SEALED_NO_ACCEPT, ELIG_NOT_ACCEPTED, "without a word"},
    {"sends an ACCEPT with a wrong bit", SEALED_BAD_ACCEPT, ELIG_NOT_ACCEPTED, "a seal does not"},
    {"sends half an ACCEPT", SEALED_HALF_ACCEPT, ELIG_NOT_ACCEPTED, "without a word"},
    {"closes", SEALED_CLOSE, ELIG_NO_CONNECTION, "broke off"},
    {"cuts", SEALED_CUT, ELIG_NO_CONNECTION, "broke off"},
    {"flips a bit", SEALED_FLIP, ELIG_NO_CONNECTION, "a seal does not"},
    {"is stopping", SEALED_DRAINING, ELIG_NO_CONNECTION, "the server is stopping"},
    {"says nothing", SEALED_SILENT, ELIG_TIMEOUT, ""},
    {"leaves the answer out", SEALED_DROP, ELIG_TIMEOUT, ""},
    {"is too late", SEALED_LATE, ELIG_TIMEOUT, ""},
    {"answers something else", SEALED_OTHER_ID, ELIG_BAD_ANSWER, ""},
    {"answers nonsense", SEALED_NONSENSE, ELIG_BAD_ANSWER, ""},
};

static uint32_t timeout_of(int error)
{
    if (error == ELIG_TIMEOUT)
        return SHORT_TIMEOUT_MS;
    return error == ELIG_NO_CONNECTION ? ATTEMPTS_TIMEOUT_MS : TIMEOUT_MS;
}

START_TEST(a_server_that_fails_for_ever_is_told_apart_and_may_be_asked_again)
{
    struct elig_request request = check_request(7);
    struct elig_response response, untouched;
    memset(&untouched, 0xa5, sizeof(untouched));
    response = untouched;
    sealed_server_order((struct sealed_orders){
        .has_now = true, .manner = failures[_i].manner, .times = 1000, .late_ms = NEVER_MS});
    struct elig *elig = open_sealed(timeout_of(failures[_i].error));
    int error = failures[_i].error == ELIG_NO_CONNECTION ? ask_until_told(elig, &request, &response)
                                                         : elig_ask(elig, &request, &response);
    ck_assert_msg(error == failures[_i].error, "a server that %s: %s", failures[_i].what,
                  elig_error_text(error));
    ck_assert_ptr_nonnull(strstr(elig_trouble(elig), failures[_i].trouble));
    ck_assert_mem_eq(&response, &untouched, sizeof(response));
    sealed_server_log(&seen);
    if (error == ELIG_NOT_ACCEPTED)
        ck_assert_uint_eq(seen.hello_count, REFUSALS);

    sealed_server_order((struct sealed_orders){.has_now = true});
    usleep(elig_wait_ms(elig) * 1000);
    error = ask_until_told(elig, &request, &response);
    ck_assert_msg(error == ELIG_FINE, "%s (%s)", elig_error_text(error), elig_trouble(elig));
    look_at(&response, 7);
    elig_close(elig);
}
END_TEST

START_TEST(what_was_answered_before_a_failure_is_told)
{
    static struct elig_request requests[MANY];
    static struct elig_response responses[MANY];
    size_t answered = 0;
    for (size_t i = 0; i < MANY; i++)
        requests[i] = check_request(i + 1);
    sealed_server_order((struct sealed_orders){
        .has_now = true, .manner = SEALED_SILENT, .times = 1000, .first = 2});
    struct elig *elig = open_sealed(LONGER_TIMEOUT_MS);
    ck_assert_int_eq(elig_ask_many(elig, requests, MANY, responses, &answered), ELIG_TIMEOUT);
    ck_assert_uint_eq(answered, 2 * FRAMES_MAX);

    /* the rest, under the same ids */
    sealed_server_order((struct sealed_orders){.has_now = true});
    size_t rest = 0;
    ck_assert_int_eq(
        elig_ask_many(elig, requests + answered, MANY - answered, responses + answered, &rest),
        ELIG_FINE);
    ck_assert_uint_eq(answered + rest, MANY);
    for (size_t i = 0; i < MANY; i++)
        look_at(&responses[i], i + 1);
    elig_close(elig);
    sealed_server_log(&seen);
    look_at_ids(MANY);
}
END_TEST

static const struct {
    const char *what;
    size_t offset;
} strangers[] = {
    {"another key", offsetof(struct elig_session_settings, terminal_secret) + 1},
    {"another psk", offsetof(struct elig_session_settings, psk)},
    {"another number", offsetof(struct elig_session_settings, terminal_id)},
    {"another environment", offsetof(struct elig_session_settings, environment)},
};

START_TEST(a_terminal_that_is_not_the_one_it_says_is_not_accepted)
{
    struct elig_session_settings settings = sealed_settings();
    struct elig_request request = check_request(1);
    struct elig_response response;
    ((uint8_t *)&settings)[strangers[_i].offset] ^= 2;
    struct elig *elig = open_with(&settings, TIMEOUT_MS);
    ck_assert_msg(elig_ask(elig, &request, &response) == ELIG_NOT_ACCEPTED, "%s",
                  strangers[_i].what);
    elig_close(elig);
    sealed_server_log(&seen);
    ck_assert_uint_eq(seen.id_count, 0);
}
END_TEST

/* ---- keys, sessions, silence ---- */

START_TEST(a_server_that_changes_its_key_is_followed_there_and_back)
{
    struct elig *elig = open_sealed(TIMEOUT_MS);
    for (uint64_t id = 1; id <= 4; id++) {
        ask_one(elig, id * 10);
        sealed_server_order(
            (struct sealed_orders){.has_now = id % 2 == 0, .has_next = id % 2 == 1});
        sealed_server_cut(); /* as it restarts */
        ask_one(elig, id * 10 + 1);
    }
    elig_close(elig);
    sealed_server_log(&seen);
    ck_assert_uint_eq(seen.session_count, 5);
    ck_assert_uint_eq(seen.hello_count, 5); /* of those addressed to a key that it had */
}
END_TEST

START_TEST(a_terminal_that_was_not_told_the_next_key_is_not_accepted)
{
    struct elig_session_settings settings = sealed_settings();
    struct elig_request request = check_request(1);
    struct elig_response response;
    memset(settings.server_public_next, 0, sizeof(settings.server_public_next));
    sealed_server_order((struct sealed_orders){.has_next = true});
    struct elig *elig = open_with(&settings, TIMEOUT_MS);
    ck_assert_int_eq(elig_ask(elig, &request, &response), ELIG_NOT_ACCEPTED);
    elig_close(elig);
    sealed_server_log(&seen);
    ck_assert_uint_eq(seen.hello_count, 0);
}
END_TEST

static const struct {
    uint32_t records_max;
    size_t count, sessions;
} limits[] = {
    {3, 50, 5},     /* 13 records of 4 */
    {1, 12, 3},     /* one record a session */
    {32, 200, 2},   /* due when 30 are used: 50 records */
    {1000, 200, 1}, /* none is reached */
};

START_TEST(a_session_that_comes_to_its_end_is_followed_by_another_and_nothing_is_asked_twice)
{
    sealed_server_order((struct sealed_orders){.has_now = true,
                                               .terms = {.frames_max = 4,
                                                         .in_flight_max = 16,
                                                         .records_max = limits[_i].records_max,
                                                         .idle_s = 60}});
    struct elig *elig = open_sealed(TIMEOUT_MS);
    ask_many(elig, limits[_i].count);
    elig_close(elig);
    sealed_server_log(&seen);
    ck_assert_uint_eq(seen.session_count, limits[_i].sessions);
    ck_assert_uint_eq(seen.id_count, limits[_i].count);
    for (size_t i = 0; i < seen.id_count; i++) {
        ck_assert_uint_eq(seen.asked[i].id, i + 1);
        ck_assert_uint_lt(seen.asked[i].record, limits[_i].records_max);
    }
}
END_TEST

START_TEST(after_a_silence_that_the_server_does_not_bear_there_is_a_new_session)
{
    sealed_server_order((struct sealed_orders){
        .has_now = true,
        .terms = {.frames_max = 4, .in_flight_max = 16, .records_max = 100, .idle_s = 1}});
    struct elig *elig = open_sealed(TIMEOUT_MS);
    int64_t start_ms = wire_clock_ms();
    ask_one(elig, 1);
    ask_one(elig, 2);
    bool is_silent_once = wire_clock_ms() - start_ms < 1000; /* the machine may be silent, too */
    usleep(1100000);
    ask_one(elig, 3);
    elig_close(elig);
    sealed_server_log(&seen);
    ck_assert_uint_eq(seen.id_count, 3); /* nothing went into the closed one */
    ck_assert_uint_gt(seen.asked[2].session, seen.asked[1].session);
    if (is_silent_once)
        ck_assert_uint_eq(seen.asked[1].session, seen.asked[0].session);
}
END_TEST

static void *start_soon(void *nothing)
{
    usleep(400000);
    sealed_server_start(address);
    return nothing;
}

START_TEST(a_server_that_is_away_for_a_moment_is_found_again)
{
    pthread_t thread;
    struct elig *elig = open_sealed(TIMEOUT_MS);
    ask_one(elig, 1);
    sealed_server_stop();
    ck_assert_int_eq(pthread_create(&thread, NULL, start_soon, NULL), 0);
    ask_one(elig, 2);
    pthread_join(thread, NULL);
    elig_close(elig);
}
END_TEST

START_TEST(a_server_that_is_away_is_no_connection_and_wears_out_no_counter)
{
    struct elig_request request = check_request(1);
    struct elig_response response;
    struct elig *elig = open_sealed(SHORT_TIMEOUT_MS);
    sealed_server_stop();
    ck_assert_int_eq(ask_until_told(elig, &request, &response), ELIG_NO_CONNECTION);
    ck_assert_str_eq(elig_trouble(elig), strerror(ECONNREFUSED));
    ck_assert_int_ne(access(counter_path(), F_OK), 0);
    elig_close(elig);
    sealed_server_start(address);
}
END_TEST

/* ---- counters ---- */

struct memory {
    uint64_t stored;
    int load_error, store_error;
    size_t hellos_before; /* at the time of the last store */
};

static int load(void *context, uint64_t *counter)
{
    const struct memory *memory = context;
    *counter = memory->stored;
    return memory->load_error;
}

static int store(void *context, uint64_t counter)
{
    struct memory *memory = context;
    sealed_server_log(&seen);
    memory->hellos_before = seen.hello_count;
    if (memory->store_error == 0)
        memory->stored = counter;
    return memory->store_error;
}

START_TEST(a_counter_of_the_callers_is_stored_before_it_is_used)
{
    struct elig_session_settings settings = sealed_settings();
    struct memory memory = {.stored = 41};
    struct elig_counter counter = {.load = load, .store = store, .context = &memory};
    for (uint64_t i = 1; i <= 3; i++) {
        struct elig *elig = NULL;
        ck_assert_int_eq(elig_open_sealed(&elig, address, &settings, &counter, TIMEOUT_MS),
                         ELIG_FINE);
        ask_one(elig, i);
        elig_close(elig);
        ck_assert_uint_eq(memory.stored, 41 + i);
        ck_assert_uint_eq(memory.hellos_before, i - 1);
    }
    sealed_server_log(&seen);
    ck_assert_uint_eq(seen.counters[2], 44);
}
END_TEST

static const struct {
    struct memory memory;
    const char *path, *trouble;
} counters[] = {
    {{.load_error = 1}, NULL, "cannot be loaded"},
    {{.store_error = -1}, NULL, "cannot be stored"},
    {{.stored = UINT64_MAX}, NULL, "no greater counter"},
    {{0}, "/no/such/folder/t.counter", "/no/such/folder/t.counter"},
};

START_TEST(without_a_counter_no_hello_is_sent)
{
    struct elig_session_settings settings = sealed_settings();
    struct memory memory = counters[_i].memory;
    struct elig_counter counter = {
        .path = counters[_i].path, .load = load, .store = store, .context = &memory};
    struct elig_request request = check_request(1);
    struct elig_response response;
    struct elig *elig = NULL;
    ck_assert_int_eq(elig_open_sealed(&elig, address, &settings, &counter, TIMEOUT_MS), ELIG_FINE);
    ck_assert_int_eq(elig_ask(elig, &request, &response), ELIG_NO_COUNTER);
    ck_assert_ptr_nonnull(strstr(elig_trouble(elig), counters[_i].trouble));
    elig_close(elig);
    sealed_server_log(&seen);
    ck_assert_uint_eq(seen.hello_count, 0);
}
END_TEST

START_TEST(the_counter_in_the_file_rises_from_connection_to_connection)
{
    for (uint64_t i = 1; i <= 3; i++) {
        struct elig *elig = open_sealed(TIMEOUT_MS);
        ask_one(elig, i);
        elig_close(elig);
    }
    sealed_server_log(&seen); /* the server takes no other */
    ck_assert_uint_eq(seen.hello_count, 3);
}
END_TEST

/* ---- wrong calls ---- */

START_TEST(a_wrong_call_is_refused_and_an_address_of_another_machine_is_not)
{
    struct elig_session_settings settings = sealed_settings();
    struct elig_counter counter = {.path = counter_path()}, none = {.load = load};
    struct elig *elig = NULL;
    ck_assert_int_eq(elig_open_sealed(&elig, address, &settings, &counter, 0), ELIG_BAD_ARGUMENT);
    ck_assert_int_eq(elig_open_sealed(&elig, address, &settings, NULL, 1), ELIG_BAD_ARGUMENT);
    ck_assert_int_eq(elig_open_sealed(&elig, address, &settings, &none, 1), ELIG_BAD_ARGUMENT);
    counter.path = "";
    ck_assert_int_eq(elig_open_sealed(&elig, address, &settings, &counter, 1), ELIG_BAD_ARGUMENT);
    counter.path = counter_path();
    ck_assert_int_eq(elig_open_sealed(&elig, "localhost:1", &settings, &counter, 1),
                     ELIG_NO_ADDRESS);
    settings.terminal_id = 0;
    ck_assert_int_eq(elig_open_sealed(&elig, address, &settings, &counter, 1), ELIG_BAD_ARGUMENT);
    ck_assert_ptr_null(elig);

    settings = sealed_settings();
    ck_assert_int_eq(elig_open_sealed(&elig, "192.0.2.1:7447", &settings, &counter, 1), ELIG_FINE);
    elig_close(elig);
    ck_assert_int_eq(elig_open_sealed(&elig, "[2001:db8::1]:7447", &settings, &counter, 1),
                     ELIG_FINE);
    elig_close(elig);
    ck_assert_int_eq(elig_connect(&elig, "192.0.2.1:7447", 1), ELIG_NOT_LOCAL);
}
END_TEST

START_TEST(a_wrong_request_is_found_before_any_is_sent)
{
    struct elig_request requests[3] = {check_request(1), check_request(2), check_request(0)};
    struct elig_response responses[3];
    size_t answered = 9;
    struct elig *elig = open_sealed(TIMEOUT_MS);
    ck_assert_int_eq(elig_ask_many(elig, requests, 3, responses, &answered), ELIG_BAD_ARGUMENT);
    ck_assert_uint_eq(answered, 0);
    strcpy(requests[2].identifier, "010100-00018");
    requests[2].request_id = 3;
    ck_assert_int_eq(elig_ask_many(elig, requests, 3, responses, NULL), ELIG_BAD_IDENTIFIER);
    ck_assert_int_eq(elig_ask_many(NULL, requests, 2, responses, &answered), ELIG_BAD_ARGUMENT);
    ck_assert_int_eq(elig_ask_many(elig, requests, 0, responses, &answered), ELIG_FINE);
    ck_assert_uint_eq(answered, 0);
    sealed_server_log(&seen);
    ck_assert_uint_eq(seen.hello_count, 0);
    ask_one(elig, 5);
    elig_close(elig);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tests = tcase_create(name);
    tcase_add_checked_fixture(tests, set_up, sealed_server_stop);
    tcase_set_timeout(tests, 30);
    suite_add_tcase(suite, tests);
    return tests;
}

/* test_client_twins.sh runs them one by one. */
static void add_good_and_bad_servers(Suite *suite)
{
    TCase *well = add_case(suite, "well");
    tcase_add_test(well, a_question_is_answered_and_the_session_lasts);
    tcase_add_loop_test(well, many_are_asked_in_as_few_records_as_the_server_takes, 0,
                        ROWS(batches));

    TCase *once = add_case(suite, "once");
    tcase_add_loop_test(once, a_server_that_fails_once_costs_no_answer_and_no_id, 0, ROWS(mishaps));
    tcase_add_test(once, after_a_cut_the_same_ids_come_again_and_only_those_without_answer);
    tcase_add_test(once, an_answer_that_comes_twice_is_never_that_of_the_next_question);

    tcase_add_test(once, a_ping_is_answered_by_a_server_that_is_stopping);

    TCase *sales = add_case(suite, "sales");
    tcase_add_loop_test(sales, a_transaction_that_is_lost_is_sent_again_and_done_once, 0,
                        ROWS(mishaps));
    tcase_add_loop_test(sales, a_batch_of_transactions_is_done_once_whatever_is_lost, 0,
                        ROWS(mishaps));
    tcase_add_test(sales, a_transaction_waits_until_the_server_has_room);
    tcase_add_test(sales, a_transaction_that_finds_no_room_in_time_is_not_known);
    tcase_add_test(sales, what_became_of_a_transaction_is_not_that_the_server_stops);
    tcase_add_test(sales, an_id_that_was_used_for_another_sale_is_a_conflict);

    TCase *busy = add_case(suite, "busy");
    tcase_add_test(busy, a_busy_server_is_left_alone_for_as_long_as_it_says);
    tcase_add_test(busy, a_wait_beyond_the_timeout_is_told_at_once_and_kept);

    TCase *always = add_case(suite, "always");
    tcase_add_loop_test(always, a_server_that_fails_for_ever_is_told_apart_and_may_be_asked_again,
                        0, ROWS(failures));
    tcase_add_test(always, what_was_answered_before_a_failure_is_told);
    tcase_add_loop_test(always, a_terminal_that_is_not_the_one_it_says_is_not_accepted, 0,
                        ROWS(strangers));
}

static void add_sessions(Suite *suite)
{
    TCase *keys = add_case(suite, "keys");
    tcase_add_test(keys, a_server_that_changes_its_key_is_followed_there_and_back);
    tcase_add_test(keys, a_terminal_that_was_not_told_the_next_key_is_not_accepted);

    TCase *limits_of = add_case(suite, "limits");
    tcase_add_loop_test(
        limits_of,
        a_session_that_comes_to_its_end_is_followed_by_another_and_nothing_is_asked_twice, 0,
        ROWS(limits));
    tcase_add_test(limits_of, after_a_silence_that_the_server_does_not_bear_there_is_a_new_session);

    TCase *away = add_case(suite, "away");
    tcase_add_test(away, a_server_that_is_away_for_a_moment_is_found_again);
    tcase_add_test(away, a_server_that_is_away_is_no_connection_and_wears_out_no_counter);

    TCase *counting = add_case(suite, "counters");
    tcase_add_test(counting, a_counter_of_the_callers_is_stored_before_it_is_used);
    tcase_add_loop_test(counting, without_a_counter_no_hello_is_sent, 0, ROWS(counters));
    tcase_add_test(counting, the_counter_in_the_file_rises_from_connection_to_connection);

    TCase *calls = add_case(suite, "calls");
    tcase_add_test(calls, a_wrong_call_is_refused_and_an_address_of_another_machine_is_not);
    tcase_add_test(calls, a_wrong_request_is_found_before_any_is_sent);
}

int main(void)
{
    Suite *suite = suite_create("sealed_client");
    add_good_and_bad_servers(suite);
    add_sessions(suite);
    return support_run(suite);
}
