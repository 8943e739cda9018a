/* The main path, frames in, frames out: without sockets, files or clock. */
#include "tests/scene.h"
#include "tests/support.h"

#include <check.h>

static struct scene scene;
static uint8_t in[256 * FRAME_SIZE];
static uint8_t out[256 * FRAME_SIZE];

static void open_scene(void)
{
    scene_open(&scene);
}

static void close_scene(void)
{
    scene_close(&scene);
}

/* One answer to one request; the frames lie where memory ends. */
static void answer_frame(uint8_t answer[FRAME_SIZE], const uint8_t frame[FRAME_SIZE])
{
    bool is_over;
    uint8_t *edge = at_the_edge(frame, FRAME_SIZE);
    uint8_t *room = at_the_edge(frame, FRAME_SIZE);
    ck_assert_uint_eq(answer_frames(&scene.answerer, &scene.moment, room, edge, 1, &is_over), 1);
    memcpy(answer, room, FRAME_SIZE);
}

static struct response ask(const struct request *request)
{
    uint8_t frame[FRAME_SIZE];
    uint8_t answer[FRAME_SIZE];
    struct response response = {0};
    frame_encode_request(frame, request);
    answer_frame(answer, frame);
    ck_assert(frame_decode_response(&response, answer));
    ck_assert_uint_eq(response.request_id, request->request_id);
    ck_assert_uint_eq(response.kind, request->kind);
    return response;
}

START_TEST(a_senior_pays_half)
{
    struct request request = scene_check(SCENE_SENIOR, SCENE_DISCOUNT, 1);
    struct response response = ask(&request);
    ck_assert_uint_eq(response.status, STATUS_APPLIES);
    ck_assert_uint_eq(response.relief, 4711);
    ck_assert_uint_eq(response.split, 3);
    ck_assert_uint_eq(response.relief_amount, 7501);
    ck_assert_uint_eq(response.payable, 7500);
    ck_assert_uint_eq(response.remaining, REMAINING_UNPUBLISHED);
    ck_assert_uint_eq(response.ledger_sequence, 0);
    ck_assert_uint_eq(response.generation, SCENE_GENERATION);
    ck_assert_uint_eq(response.server_time_s, scene.moment.now_s);
    ck_assert_uint_eq(response.stale_h, 0);
    ck_assert_uint_eq(response.wait_ms, 0);
    /* The means is good until the ninth day from now. */
    ck_assert_uint_eq(response.valid_until_s, time_of_riga_day(SCENE_TODAY + 9));
}
END_TEST

/* The senior's means ends on the ninth day from now, but today only the hour counts. */
START_TEST(an_answer_may_end_within_the_day)
{
    struct request request = scene_check(SCENE_SENIOR, SCENE_EARLY, 1);
    request.service_time_s = (uint32_t)time_of_riga_day(SCENE_TODAY) + 12 * 3600;
    struct response response = ask(&request);
    ck_assert_uint_eq(response.status, STATUS_APPLIES);
    ck_assert_uint_eq(response.valid_until_s, time_of_riga_day(SCENE_TODAY) + 15 * 3600);
    request.service_time_s = response.valid_until_s;
    ck_assert_uint_eq(ask(&request).status, STATUS_DOES_NOT_APPLY);
}
END_TEST

START_TEST(several_reliefs_have_one_code_and_no_one_split)
{
    struct request request = scene_check(SCENE_SENIOR, SCENE_STACKED, 1);
    struct response response = ask(&request);
    ck_assert_uint_eq(response.status, STATUS_APPLIES);
    ck_assert_uint_eq(response.relief, decide_code_together(4711, 4714));
    ck_assert_uint_eq(response.split, SPLIT_SEVERAL);
    ck_assert_uint_eq(response.relief_amount, 7501 + 1000);
    ck_assert_uint_eq(response.payable, 6500);
}
END_TEST

/* Of two units the companion's is not covered. */
START_TEST(companions_have_units_of_their_own)
{
    struct request request = scene_check(SCENE_SENIOR, SCENE_DISCOUNT, 1);
    request.quantity = 2;
    ck_assert_uint_eq(ask(&request).relief_amount, 15001);
    request.companions = 1;
    ck_assert_uint_eq(ask(&request).relief_amount, 7501);
    request.companions = 255; /* who buys is one of the two */
    ck_assert_uint_eq(ask(&request).relief_amount, 7501);
}
END_TEST

static struct request anybody(uint32_t product)
{
    struct request request = scene_check(SCENE_NOBODY, product, 1);
    request.identifier = (struct identifier){
        .means = MEANS_CARD, .size = sizeof(MEANS_ANYBODY) - 1, .text = MEANS_ANYBODY};
    return request;
}

START_TEST(what_everybody_gets_needs_nobody_identified)
{
    struct request request = anybody(SCENE_STACKED);
    struct response response = ask(&request);
    ck_assert_uint_eq(response.status, STATUS_APPLIES);
    ck_assert_uint_eq(response.relief, 4714);
    ck_assert_uint_eq(response.split, 6);
    ck_assert_uint_eq(response.relief_amount, 1000);
    request = anybody(SCENE_DISCOUNT);
    ck_assert_uint_eq(ask(&request).status, STATUS_DOES_NOT_APPLY);
}
END_TEST

START_TEST(how_somebody_is_identified_is_judged_and_nobody_is_no_card)
{
    struct request request = scene_check("TESTCARD007", SCENE_BY_CARD, 1);
    request.identifier.means = MEANS_CARD;
    request.entry = ENTRY_CHIP;
    ck_assert_uint_eq(ask(&request).status, STATUS_APPLIES);
    request.entry = ENTRY_TYPED;
    ck_assert_uint_eq(ask(&request).status, STATUS_DOES_NOT_APPLY);
    request = scene_check(SCENE_SENIOR, SCENE_BY_CARD, 1);
    request.entry = ENTRY_CHIP;
    ck_assert_uint_eq(ask(&request).status, STATUS_DOES_NOT_APPLY);
    request = anybody(SCENE_BY_CARD);
    request.entry = ENTRY_CHIP;
    ck_assert_uint_eq(ask(&request).status, STATUS_DOES_NOT_APPLY);
}
END_TEST

/* ---- what is settled before anybody is looked up ---- */

static const struct {
    uint32_t product, point_of_sale, day;
    enum status status;
} purchases[] = {
    {SCENE_NO_PRODUCT, SCENE_POINT, SCENE_TODAY, STATUS_UNKNOWN_PRODUCT},
    {SCENE_NO_PRODUCT, SCENE_NO_POINT, 1, STATUS_UNKNOWN_PRODUCT},
    {SCENE_CONTRACTED, SCENE_NO_POINT, SCENE_TODAY, STATUS_UNKNOWN_POINT_OF_SALE},
    {SCENE_CONTRACTED, SCENE_NO_POINT, SCENE_UNTIL, STATUS_UNKNOWN_POINT_OF_SALE},
    {SCENE_CONTRACTED, SCENE_POINT, SCENE_FROM - 1, STATUS_OUTSIDE_WINDOW},
    {SCENE_DISCOUNT, SCENE_NO_POINT, SCENE_UNTIL, STATUS_OUTSIDE_WINDOW},
    {SCENE_CONTRACTED, 0, SCENE_UNTIL, STATUS_OUTSIDE_WINDOW},
    {SCENE_CONTRACTED, 0, SCENE_TODAY, STATUS_NO_CONTRACT},
    {SCENE_CONTRACTED, SCENE_POINT, SCENE_TODAY - 1, STATUS_NO_CONTRACT},
    {SCENE_CONTRACTED, SCENE_POINT, SCENE_TODAY + 5, STATUS_NO_CONTRACT},
    {SCENE_CONTRACTED, SCENE_POINT, SCENE_TODAY, STATUS_APPLIES},
    {SCENE_CONTRACTED, SCENE_POINT, SCENE_TODAY + 4, STATUS_APPLIES},
    {SCENE_DISCOUNT, SCENE_NO_POINT, SCENE_TODAY, STATUS_APPLIES},
    {SCENE_DISCOUNT, SCENE_POINT, SCENE_TODAY, STATUS_APPLIES},
    {SCENE_DISCOUNT, 0, SCENE_TODAY, STATUS_APPLIES},
};

START_TEST(what_is_bought_where_and_when_comes_before_who_buys)
{
    struct request request = scene_check(SCENE_SENIOR, purchases[_i].product, 1);
    request.point_of_sale = purchases[_i].point_of_sale;
    request.service_time_s = (uint32_t)time_of_riga_day(purchases[_i].day) + 3600;
    bool is_refused = purchases[_i].status < STATUS_APPLIES;
    if (is_refused)
        scene.edition->identity = NULL; /* whoever hashed the identifier now would not come back */
    struct response response = ask(&request);
    ck_assert_uint_eq(response.status, purchases[_i].status);
    ck_assert_uint_eq(response.payable + response.relief_amount, 15001);
    ck_assert_uint_eq(metric_read(&scene.metrics.checks), 1);
    ck_assert_uint_eq(metric_read(&scene.metrics.looked_up), is_refused ? 0 : 1);

    /* And it is the same answer, whoever buys. */
    uint8_t want[FRAME_SIZE];
    uint8_t got[FRAME_SIZE];
    frame_encode_request(in, &request);
    answer_frame(want, in);
    memcpy(request.identifier.text, SCENE_NOBODY, 11);
    frame_encode_request(in, &request);
    answer_frame(got, in);
    ck_assert((memcmp(want, got, FRAME_SIZE) == 0) == is_refused);
}
END_TEST

START_TEST(only_those_are_looked_up_whose_purchase_asks_for_it)
{
    struct request request;
    bool is_over;
    for (size_t i = 0; i < 256; i++) {
        request = scene_check(SCENE_SENIOR, i % 4 == 0 ? SCENE_DISCOUNT : SCENE_CONTRACTED, i + 1);
        frame_encode_request(in + i * FRAME_SIZE, &request);
    }
    answer_frames(&scene.answerer, &scene.moment, out, in, 256, &is_over);
    for (size_t i = 0; i < 256; i++)
        ck_assert_uint_eq(load_u16(out + i * FRAME_SIZE + RESPONSE_STATUS),
                          i % 4 == 0 ? STATUS_APPLIES : STATUS_NO_CONTRACT);
    ck_assert_uint_eq(metric_read(&scene.metrics.checks), 256);
    ck_assert_uint_eq(metric_read(&scene.metrics.looked_up), 64);
    ck_assert_uint_eq(metric_read(&scene.metrics.no_contract), 192);
}
END_TEST

/* ---- profiles ---- */

/* One purchase for every decision that there is. */
static const struct {
    const char *code;
    uint32_t product, point_of_sale, service_time_s;
    enum status status;
} decisions[] = {
    {SCENE_SENIOR, SCENE_NO_PRODUCT, 0, 0, STATUS_UNKNOWN_PRODUCT},
    {SCENE_SENIOR, SCENE_CONTRACTED, SCENE_NO_POINT, 0, STATUS_UNKNOWN_POINT_OF_SALE},
    {SCENE_SENIOR, SCENE_DISCOUNT, 0, 1, STATUS_OUTSIDE_WINDOW},
    {SCENE_SENIOR, SCENE_CONTRACTED, 0, 0, STATUS_NO_CONTRACT},
    {SCENE_SENIOR, SCENE_DISCOUNT, 0, 0, STATUS_APPLIES},
    {SCENE_SENIOR, SCENE_STACKED, SCENE_POINT, 0, STATUS_APPLIES},
    {SCENE_UNSURE, SCENE_FREE, 0, 0, STATUS_NO_DATA},
    {SCENE_PLAIN, SCENE_DISCOUNT, 0, 0, STATUS_DOES_NOT_APPLY},
    {SCENE_NOBODY, SCENE_DISCOUNT, 0, 0, STATUS_DOES_NOT_APPLY},
};
#define DECISIONS ((int)(sizeof(decisions) / sizeof(decisions[0])))

static void answer_as(uint8_t answer[FRAME_SIZE], uint8_t profile, const struct request *request)
{
    uint8_t frame[FRAME_SIZE];
    scene.moment.profile = profile;
    frame_encode_request(frame, request);
    answer_frame(answer, frame);
}

START_TEST(each_profile_sees_its_bytes_of_every_decision)
{
    uint8_t all[FRAME_SIZE], want[FRAME_SIZE], got[FRAME_SIZE];
    struct request request = scene_check(decisions[_i].code, decisions[_i].product, 7);
    request.point_of_sale = decisions[_i].point_of_sale;
    request.service_time_s = decisions[_i].service_time_s;
    answer_as(all, PROFILE_INSPECTOR, &request);
    ck_assert_uint_eq(load_u16(all + RESPONSE_STATUS), decisions[_i].status);
    bool applies = decisions[_i].status == STATUS_APPLIES;

    memcpy(want, all, FRAME_SIZE);
    if (applies)
        store_u32(want + RESPONSE_VALID_UNTIL, (uint32_t)time_of_riga_day(SCENE_TODAY + 1));
    answer_as(got, PROFILE_TILL, &request);
    ck_assert_mem_eq(got, want, FRAME_SIZE);

    store_u32(want + RESPONSE_VALID_UNTIL, 0);
    store_u16(want + RESPONSE_SPLIT, 0);
    if (applies)
        store_u32(want + RESPONSE_RELIEF, RELIEF_UNTOLD);
    if (decisions[_i].status == STATUS_NO_DATA)
        store_u16(want + RESPONSE_STATUS, STATUS_DOES_NOT_APPLY);
    answer_as(got, PROFILE_GATE, &request);
    ck_assert_mem_eq(got, want, FRAME_SIZE);

    memcpy(request.identifier.text, SCENE_NOBODY, 11);
    answer_as(want, PROFILE_INSPECTOR, &request);
    memcpy(request.identifier.text, decisions[_i].code, 11);
    answer_as(got, PROFILE_ADMINISTRATOR, &request);
    ck_assert_mem_eq(got, want, FRAME_SIZE);
}
END_TEST

/* At a gate, missing data are one more no: all the same bytes. */
START_TEST(every_no_looks_the_same_to_every_profile)
{
    static const char *const codes[] = {SCENE_PLAIN,  SCENE_EXPIRED, SCENE_FUTURE,
                                        SCENE_NOBODY, SCENE_SENIOR,  SCENE_UNSURE};
    for (uint8_t profile = 1; profile <= PROFILE_LAST; profile++) {
        uint8_t want[FRAME_SIZE], got[FRAME_SIZE];
        for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
            struct request request = scene_check(codes[i], SCENE_FREE, 9);
            answer_as(i == 0 ? want : got, profile, &request);
            bool may_differ = strcmp(codes[i], SCENE_UNSURE) == 0 &&
                              (profile == PROFILE_TILL || profile == PROFILE_INSPECTOR);
            ck_assert_msg(i == 0 || (memcmp(want, got, FRAME_SIZE) != 0) == may_differ,
                          "profile %u, case %zu", profile, i);
        }
    }
}
END_TEST

START_TEST(an_administrator_sees_the_test_identities_and_nobody_else)
{
    scene.moment.profile = PROFILE_ADMINISTRATOR;
    struct request request = scene_check(SCENE_HIT, PRODUCT_TEST, 1);
    struct response response = ask(&request);
    ck_assert_uint_eq(response.status, STATUS_APPLIES);
    ck_assert_uint_eq(response.relief, RELIEF_TEST_CODE);
    ck_assert_uint_eq(response.valid_until_s, time_of_riga_day(SCENE_UNTIL));
    request = scene_check(SCENE_SENIOR, SCENE_DISCOUNT, 1);
    ck_assert_uint_eq(ask(&request).status, STATUS_DOES_NOT_APPLY);
    ck_assert_uint_eq(metric_read(&scene.metrics.looked_up), 2); /* by the same steps */

    /* What everybody gets, an administrator sees too. */
    request = scene_check(SCENE_SENIOR, SCENE_STACKED, 1);
    ck_assert_uint_eq(ask(&request).relief_amount, 1000);
}
END_TEST

START_TEST(missing_data_are_said_to_be_missing)
{
    struct request request = scene_check(SCENE_UNSURE, SCENE_FREE, 1);
    struct response response = ask(&request);
    ck_assert_uint_eq(response.status, STATUS_NO_DATA);
    ck_assert_uint_eq(response.payable, 15001);
    ck_assert_uint_eq(response.relief | response.split | response.valid_until_s, 0);
    ck_assert_uint_eq(response.relief_amount, 0);
}
END_TEST

/* Unknown, ended, not yet good, entitled to something else: all the same bytes. */
START_TEST(every_no_looks_the_same)
{
    static const char *const codes[] = {SCENE_PLAIN, SCENE_EXPIRED, SCENE_FUTURE, SCENE_NOBODY,
                                        SCENE_UNSURE};
    uint8_t want[FRAME_SIZE];
    uint8_t got[FRAME_SIZE];
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct request request = scene_check(codes[i], SCENE_DISCOUNT, 9);
        frame_encode_request(in, &request);
        answer_frame(i == 0 ? want : got, in);
        ck_assert_msg(i == 0 || memcmp(want, got, FRAME_SIZE) == 0, "case %zu differs", i);
    }
    struct response response;
    ck_assert(frame_decode_response(&response, want));
    ck_assert_uint_eq(response.status, STATUS_DOES_NOT_APPLY);
    ck_assert_uint_eq(response.payable, 15001);

    /* And the yes differs, or this test could not fail. */
    struct request request = scene_check(SCENE_SENIOR, SCENE_DISCOUNT, 9);
    frame_encode_request(in, &request);
    answer_frame(got, in);
    ck_assert(memcmp(want, got, FRAME_SIZE) != 0);
}
END_TEST

static const struct {
    size_t at;
    uint8_t value;
    enum status status;
} bad_frames[] = {
    {REQUEST_VERSION, 0, STATUS_BAD_VERSION},
    {REQUEST_VERSION, 2, STATUS_BAD_VERSION},
    {REQUEST_KIND, 0, STATUS_BAD_KIND},
    {REQUEST_KIND, KIND_LAST + 1, STATUS_BAD_KIND},
    {REQUEST_KIND, 255, STATUS_BAD_KIND},
    {REQUEST_HOLD_10S, 1, STATUS_BAD_RESERVED},
    {REQUEST_TARGET_ID, 1, STATUS_BAD_RESERVED},
    {REQUEST_ID, 0, STATUS_BAD_REQUEST_ID},
    {REQUEST_MEANS, 9, STATUS_BAD_MEANS},
    {REQUEST_IDENTIFIER, 'x', STATUS_BAD_IDENTIFIER},
    {REQUEST_IDENTIFIER + 11, '1', STATUS_BAD_IDENTIFIER},
    {REQUEST_ENTRY, ENTRY_LAST + 1, STATUS_BAD_ENTRY},
    {REQUEST_QUANTITY, 0, STATUS_BAD_QUANTITY},
};

START_TEST(a_bad_frame_is_answered_with_its_status)
{
    struct request request = scene_check(SCENE_SENIOR, SCENE_DISCOUNT, 5);
    frame_encode_request(in, &request);
    in[bad_frames[_i].at] = bad_frames[_i].value;
    uint8_t answer[FRAME_SIZE];
    answer_frame(answer, in);
    ck_assert_uint_eq(load_u16(answer + RESPONSE_STATUS), bad_frames[_i].status);
    ck_assert_uint_eq(answer[RESPONSE_KIND], in[REQUEST_KIND]);
    ck_assert_uint_eq(load_u64(answer + RESPONSE_ID), load_u64(in + REQUEST_ID));
    ck_assert_uint_eq(load_u64(answer + RESPONSE_GENERATION), SCENE_GENERATION);
    ck_assert_uint_eq(metric_read(&scene.metrics.bad_frames), 1);
    ck_assert_uint_eq(metric_read(&scene.metrics.checks), 0);
}
END_TEST

START_TEST(a_bad_frame_does_not_end_the_stream_unless_its_version_is_another)
{
    size_t last = 70; /* in the second group */
    scene_frames(in, 100, 1);
    in[5 * FRAME_SIZE + REQUEST_KIND] = 200;
    bool is_over = true;
    ck_assert_uint_eq(answer_frames(&scene.answerer, &scene.moment, out, in, 100, &is_over), 100);
    ck_assert(!is_over);
    ck_assert_uint_eq(load_u16(out + 5 * FRAME_SIZE + RESPONSE_STATUS), STATUS_BAD_KIND);

    in[last * FRAME_SIZE + REQUEST_VERSION] = 2;
    memset(out, 0xee, sizeof(out));
    ck_assert_uint_eq(answer_frames(&scene.answerer, &scene.moment, out, in, 100, &is_over),
                      last + 1);
    ck_assert(is_over);
    ck_assert_uint_eq(load_u16(out + last * FRAME_SIZE + RESPONSE_STATUS), STATUS_BAD_VERSION);
    for (size_t i = (last + 1) * FRAME_SIZE; i < sizeof(out); i++)
        ck_assert_uint_eq(out[i], 0xee);
}
END_TEST

START_TEST(an_answer_does_not_depend_on_what_is_asked_beside_it)
{
    scene_frames(in, 256, 42);
    bool is_over;
    ck_assert_uint_eq(answer_frames(&scene.answerer, &scene.moment, out, in, 256, &is_over), 256);
    for (size_t i = 0; i < 256; i++) {
        uint8_t alone[FRAME_SIZE];
        answer_frame(alone, in + i * FRAME_SIZE);
        ck_assert_msg(memcmp(alone, out + i * FRAME_SIZE, FRAME_SIZE) == 0, "frame %zu", i);
        ck_assert_uint_eq(load_u64(alone + RESPONSE_ID),
                          load_u64(in + i * FRAME_SIZE + REQUEST_ID));
    }
}
END_TEST

/* As connections do it: what is asked and what is answered share their memory. */
START_TEST(an_answer_in_the_place_of_its_question_is_the_same)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        bool is_over;
        scene_frames(in, 256, seed);
        in[7 * FRAME_SIZE + REQUEST_KIND] = 200;
        ck_assert_uint_eq(answer_frames(&scene.answerer, &scene.moment, out, in, 256, &is_over),
                          256);
        ck_assert_uint_eq(answer_frames(&scene.answerer, &scene.moment, in, in, 256, &is_over),
                          256);
        ck_assert(memcmp(in, out, sizeof(out)) == 0);
    }
}
END_TEST

START_TEST(any_number_of_frames_gets_as_many_answers)
{
    scene_frames(in, 256, 3);
    for (size_t count = 0; count <= 256; count++) {
        bool is_over;
        memset(out, 0xee, sizeof(out));
        ck_assert_uint_eq(answer_frames(&scene.answerer, &scene.moment, out, in, count, &is_over),
                          count);
        for (size_t i = 0; i < count; i++)
            ck_assert_uint_eq(load_u64(out + i * FRAME_SIZE + RESPONSE_ID),
                              load_u64(in + i * FRAME_SIZE + REQUEST_ID));
        ck_assert(count == 256 || out[count * FRAME_SIZE] == 0xee);
    }
}
END_TEST

START_TEST(ping_says_ok_and_when)
{
    struct request request = {.kind = KIND_PING, .request_id = 3};
    struct response response = ask(&request);
    ck_assert_uint_eq(response.status, STATUS_OK);
    ck_assert_uint_eq(response.generation, SCENE_GENERATION);
    ck_assert_uint_eq(response.server_time_s, scene.moment.now_s);
    ck_assert_uint_eq(metric_read(&scene.metrics.pings), 1);
}
END_TEST

START_TEST(status_reports_numbers)
{
    struct request check = scene_check(SCENE_SENIOR, SCENE_DISCOUNT, 1);
    for (int i = 0; i < 3; i++)
        ask(&check);
    metric_add(&scene.metrics.accepted, 5);
    metric_add(&scene.metrics.closed, 1);

    struct request request = {.kind = KIND_STATUS, .request_id = 4};
    uint8_t answer[FRAME_SIZE];
    struct report report;
    frame_encode_request(in, &request);
    answer_frame(answer, in);
    ck_assert(frame_decode_report(&report, answer));
    ck_assert_uint_eq(report.request_id, 4);
    ck_assert_uint_eq(report.check_count, 3);
    ck_assert_uint_eq(report.generation, SCENE_GENERATION);
    ck_assert_uint_eq(report.identifier_count, 6);
    ck_assert_uint_eq(report.person_count, 5);
    ck_assert_uint_eq(report.uptime_s, 100);
    ck_assert_uint_eq(report.connection_count, 4);
    ck_assert_uint_eq(report.server_time_s, scene.moment.now_s);
}
END_TEST

START_TEST(a_clock_that_was_set_back_does_not_wrap_the_uptime)
{
    struct request request = {.kind = KIND_STATUS, .request_id = 4};
    uint8_t answer[FRAME_SIZE];
    struct report report;
    scene.board.start_s = scene.moment.now_s + 5;
    frame_encode_request(in, &request);
    answer_frame(answer, in);
    ck_assert(frame_decode_report(&report, answer));
    ck_assert_uint_eq(report.uptime_s, 0);
}
END_TEST

START_TEST(status_of_a_transaction_says_that_there_is_no_ledger)
{
    struct request request = {.kind = KIND_STATUS, .request_id = 4, .target_id = 77};
    ck_assert_uint_eq(ask(&request).status, STATUS_NO_LEDGER);
}
END_TEST

/* Before anything about the purchase is looked at. */
START_TEST(every_transaction_is_told_that_there_is_no_ledger)
{
    static const uint32_t products[] = {SCENE_DISCOUNT, 4000000000};
    for (size_t i = 0; i < 2; i++) {
        struct request purchase = scene_check(SCENE_SENIOR, products[i], 3);
        struct request spoken = {.request_id = 4, .target_id = 77};
        for (uint8_t kind = KIND_USE; kind <= KIND_LAST; kind++) {
            struct request *request = kind_is_purchase(kind) ? &purchase : &spoken;
            request->kind = kind;
            request->hold_10s = kind == KIND_RESERVE ? 1 : 0;
            struct response response = ask(request);
            ck_assert_uint_eq(response.status, STATUS_NO_LEDGER);
            ck_assert_uint_eq(response.kind, kind);
            ck_assert_uint_eq(response.payable, 0);
        }
    }
    ck_assert_uint_eq(metric_read(&scene.metrics.turned_away), 12);
    ck_assert_uint_eq(metric_read(&scene.metrics.looked_up), 0);
}
END_TEST

START_TEST(without_service_time_it_is_now)
{
    struct request request = scene_check(SCENE_SENIOR, SCENE_DISCOUNT, 1);
    request.service_time_s = 0;
    ck_assert_uint_eq(ask(&request).status, STATUS_APPLIES);

    /* The means ends on the ninth day. */
    scene.moment.now_s = time_of_riga_day(SCENE_TODAY + 9) - 1;
    ck_assert_uint_eq(ask(&request).status, STATUS_APPLIES);
    scene.moment.now_s++;
    ck_assert_uint_eq(ask(&request).status, STATUS_DOES_NOT_APPLY);

    /* A snapshot that has grown too old for now still judges what was bought in its days. */
    scene.moment.now_s = time_of_riga_day(SCENE_UNTIL);
    ck_assert_uint_eq(ask(&request).status, STATUS_OUTSIDE_WINDOW);
    request.service_time_s = (uint32_t)time_of_riga_day(SCENE_TODAY);
    ck_assert_uint_eq(ask(&request).status, STATUS_APPLIES);
}
END_TEST

START_TEST(draining_refuses_whatever_is_well_formed)
{
    scene.moment.drain_wait_ms = 250;
    struct request requests[] = {scene_check(SCENE_SENIOR, SCENE_DISCOUNT, 1),
                                 {.kind = KIND_PING, .request_id = 2},
                                 {.kind = KIND_STATUS, .request_id = 3}};
    for (size_t i = 0; i < 3; i++) {
        struct response response = ask(&requests[i]);
        ck_assert_uint_eq(response.status, STATUS_DRAINING);
        ck_assert_uint_eq(response.wait_ms, 250);
        ck_assert_uint_eq(response.payable, 0);
    }
    ck_assert_uint_eq(metric_read(&scene.metrics.turned_away), 3);

    /* The frame's own fault has the lower number. */
    struct response response;
    uint8_t answer[FRAME_SIZE];
    frame_encode_request(in, &requests[0]);
    in[REQUEST_ENTRY] = 99;
    answer_frame(answer, in);
    ck_assert(frame_decode_response(&response, answer));
    ck_assert_uint_eq(response.status, STATUS_BAD_ENTRY);
    ck_assert_uint_eq(response.wait_ms, 0);
}
END_TEST

START_TEST(without_a_snapshot_the_server_is_not_ready)
{
    scene.moment.edition = NULL;
    struct request requests[] = {scene_check(SCENE_SENIOR, SCENE_DISCOUNT, 1),
                                 {.kind = KIND_PING, .request_id = 2},
                                 {.kind = KIND_STATUS, .request_id = 3}};
    for (size_t i = 0; i < 3; i++) {
        struct response response = ask(&requests[i]);
        ck_assert_uint_eq(response.status, STATUS_NOT_READY);
        ck_assert_uint_eq(response.generation, 0);
    }
}
END_TEST

static bool holds(const void *haystack, size_t size, const char *needle)
{
    return memmem(haystack, size, needle, strlen(needle)) != NULL;
}

START_TEST(nothing_about_who_was_asked_about_stays_behind)
{
    bool is_over;
    struct digest digest;
    struct request request = scene_check(SCENE_SENIOR, SCENE_DISCOUNT, 1);
    for (size_t i = 0; i < 256; i++)
        frame_encode_request(in + i * FRAME_SIZE, &request);
    answer_frames(&scene.answerer, &scene.moment, out, in, 256, &is_over);

    identity_digest(&digest, &scene.key, &request.identifier);
    ck_assert(holds(in, sizeof(in), SCENE_SENIOR)); /* the search finds what is there */
    ck_assert(!holds(&scene.answerer, sizeof(scene.answerer), SCENE_SENIOR));
    ck_assert(!holds(out, sizeof(out), SCENE_SENIOR));
    ck_assert_ptr_null(memmem(&scene.answerer, sizeof(scene.answerer), digest.bytes, DIGEST_SIZE));
    ck_assert_ptr_null(memmem(out, sizeof(out), digest.bytes, DIGEST_SIZE));
}
END_TEST

START_TEST(every_frame_is_counted_once)
{
    bool is_over;
    scene_frames(in, 256, 9);
    answer_frames(&scene.answerer, &scene.moment, out, in, 256, &is_over);
    const struct metrics *metrics = &scene.metrics;
    uint64_t checks = metric_read(&metrics->checks);
    ck_assert_uint_eq(checks + metric_read(&metrics->pings) + metric_read(&metrics->bad_frames),
                      256);
    static const uint16_t statuses[] = {STATUS_UNKNOWN_PRODUCT, STATUS_UNKNOWN_POINT_OF_SALE,
                                        STATUS_OUTSIDE_WINDOW,  STATUS_NO_CONTRACT,
                                        STATUS_APPLIES,         STATUS_NO_DATA,
                                        STATUS_DOES_NOT_APPLY};
    const uint64_t counted[] = {
        metric_read(&metrics->unknown_product), metric_read(&metrics->unknown_point_of_sale),
        metric_read(&metrics->outside_window),  metric_read(&metrics->no_contract),
        metric_read(&metrics->applies),         metric_read(&metrics->no_data),
        metric_read(&metrics->does_not_apply)};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        uint64_t count = 0;
        for (size_t frame = 0; frame < 256; frame++)
            count += load_u16(out + frame * FRAME_SIZE + RESPONSE_STATUS) == statuses[i];
        ck_assert_msg(count > 0, "no %s", status_name(statuses[i]));
        ck_assert_uint_eq(counted[i], count);
        checks -= count;
    }
    ck_assert_uint_eq(checks, 0);
    ck_assert_uint_eq(metric_read(&metrics->looked_up), counted[4] + counted[5] + counted[6]);
}
END_TEST

START_TEST(metrics_are_written_with_their_names_and_added_up)
{
    struct metrics sum;
    char text[METRICS_TEXT_SIZE];
    memset(&sum, 0, sizeof(sum));
    metric_add(&scene.metrics.applies, 3);
    metrics_sum(&sum, &scene.metrics);
    metrics_sum(&sum, &scene.metrics);
    ck_assert_uint_eq(metrics_to_text(text, &sum), strlen(text));
    ck_assert_ptr_nonnull(strstr(text, " checks=0 applies=6 no_data=0 "));

    /* The longest text there can be still fits. */
#define METRICS_MOST(name, help) atomic_store(&sum.name, UINT64_MAX);
    METRICS(METRICS_MOST)
    ck_assert_uint_lt(metrics_to_text(text, &sum), METRICS_TEXT_SIZE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("answer");
    TCase *tcase = tcase_create("answer");
    tcase_add_checked_fixture(tcase, open_scene, close_scene);
    tcase_add_test(tcase, a_senior_pays_half);
    tcase_add_test(tcase, an_answer_may_end_within_the_day);
    tcase_add_test(tcase, several_reliefs_have_one_code_and_no_one_split);
    tcase_add_test(tcase, companions_have_units_of_their_own);
    tcase_add_test(tcase, what_everybody_gets_needs_nobody_identified);
    tcase_add_test(tcase, how_somebody_is_identified_is_judged_and_nobody_is_no_card);
    tcase_add_loop_test(tcase, what_is_bought_where_and_when_comes_before_who_buys, 0,
                        sizeof(purchases) / sizeof(purchases[0]));
    tcase_add_test(tcase, only_those_are_looked_up_whose_purchase_asks_for_it);
    tcase_add_loop_test(tcase, each_profile_sees_its_bytes_of_every_decision, 0, DECISIONS);
    tcase_add_test(tcase, every_no_looks_the_same_to_every_profile);
    tcase_add_test(tcase, an_administrator_sees_the_test_identities_and_nobody_else);
    tcase_add_test(tcase, missing_data_are_said_to_be_missing);
    tcase_add_test(tcase, every_no_looks_the_same);
    tcase_add_loop_test(tcase, a_bad_frame_is_answered_with_its_status, 0,
                        sizeof(bad_frames) / sizeof(bad_frames[0]));
    tcase_add_test(tcase, a_bad_frame_does_not_end_the_stream_unless_its_version_is_another);
    tcase_add_test(tcase, an_answer_does_not_depend_on_what_is_asked_beside_it);
    tcase_add_test(tcase, any_number_of_frames_gets_as_many_answers);
    tcase_add_test(tcase, an_answer_in_the_place_of_its_question_is_the_same);
    tcase_add_test(tcase, ping_says_ok_and_when);
    tcase_add_test(tcase, status_reports_numbers);
    tcase_add_test(tcase, a_clock_that_was_set_back_does_not_wrap_the_uptime);
    tcase_add_test(tcase, status_of_a_transaction_says_that_there_is_no_ledger);
    tcase_add_test(tcase, every_transaction_is_told_that_there_is_no_ledger);
    tcase_add_test(tcase, without_service_time_it_is_now);
    tcase_add_test(tcase, draining_refuses_whatever_is_well_formed);
    tcase_add_test(tcase, without_a_snapshot_the_server_is_not_ready);
    tcase_add_test(tcase, nothing_about_who_was_asked_about_stays_behind);
    tcase_add_test(tcase, every_frame_is_counted_once);
    tcase_add_test(tcase, metrics_are_written_with_their_names_and_added_up);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
