/* What of the frames of a read is for the ledger: what it is asked, about whom, in which order, and
 * what is settled before. */
#include "tests/scene.h"
#include "tests/support.h"

static struct scene scene;
static struct transactions transactions;
static struct terminal terminal;
static uint8_t in[ANSWER_REQUESTS_MAX * FRAME_SIZE], out[ANSWER_REQUESTS_MAX * FRAME_SIZE];

static void open_scene(void)
{
    scene_open(&scene);
    memset(&transactions, 0, sizeof(transactions));
    scene.answerer.transactions = &transactions;
    scene.answerer.subject_key = &scene.subject_key;
}

static void close_scene(void)
{
    scene_close(&scene);
}

static void put(size_t i, const struct request *request)
{
    frame_encode_request(in + i * FRAME_SIZE, request);
}

static void put_purchase(size_t i, uint8_t kind, const char *code, uint32_t product)
{
    struct request request = scene_check(code, product, i + 1);
    request.kind = kind;
    request.hold_10s = kind == KIND_RESERVE ? 6 : 0;
    put(i, &request);
}

static void put_about(size_t i, uint8_t kind, uint64_t target_id)
{
    struct request request = {.kind = kind, .request_id = i + 1, .target_id = target_id};
    put(i, &request);
}

static void answer(size_t frame_count)
{
    bool is_over;
    transactions.count = 0;
    ck_assert_uint_eq(answer_frames(&scene.answerer, &scene.moment, out, in, frame_count, &is_over),
                      frame_count);
}

static uint16_t status_at(size_t i)
{
    return load_u16(out + i * FRAME_SIZE + RESPONSE_STATUS);
}

static uint64_t subject_of_code(const char *code)
{
    struct identifier identifier = {.means = MEANS_PERSONAL_CODE, .size = 11};
    memcpy(identifier.text, code, 11);
    return subject_of(&scene.subject_key, &identifier);
}

START_TEST(a_purchase_is_asked_with_all_that_the_ledger_needs)
{
    static const uint8_t kinds[] = {KIND_USE, KIND_RESERVE, KIND_LATE};
    put_purchase(0, kinds[_i], SCENE_SENIOR, SCENE_DISCOUNT);
    answer(1);
    ck_assert_uint_eq(transactions.count, 1);
    const struct ledger_request *request = &transactions.requests[0];
    ck_assert_uint_eq(request->kind, kinds[_i]);
    ck_assert_uint_eq(request->hold_10s, kinds[_i] == KIND_RESERVE ? 6 : 0);
    ck_assert_ptr_eq(request->edition, scene.edition);
    ck_assert_uint_eq(request->terminal, 0);
    ck_assert_uint_eq(request->request_id, 1);
    ck_assert_uint_eq(request->body, subject_body(&scene.subject_key, in));
    ck_assert_uint_eq(request->subject, subject_of_code(SCENE_SENIOR));
    ck_assert_uint_eq(request->purchase.product, SCENE_DISCOUNT);
    ck_assert_int_eq(request->candidates.status, STATUS_OK);
    ck_assert(!request->is_operator);
    struct verdict verdict;
    decide_into(&verdict, request->edition, &request->candidates, request->view,
                &request->purchase);
    ck_assert_int_eq(verdict.status, STATUS_APPLIES);
    ck_assert_ptr_eq(transactions.places[0], out);
}
END_TEST

/* As connections do it: what is asked and where its answer is awaited share their memory. */
START_TEST(what_is_awaited_in_the_place_of_its_question_is_the_same)
{
    static struct ledger_request wanted[9];
    bool is_over;
    for (size_t i = 0; i < 9; i++)
        put_purchase(i, i % 3 == 2 ? KIND_CHECK : KIND_USE, SCENE_SENIOR, SCENE_DISCOUNT);
    answer(9);
    ck_assert_uint_eq(transactions.count, 6);
    memcpy(wanted, transactions.requests, 6 * sizeof(wanted[0]));
    transactions.count = 0;
    ck_assert_uint_eq(answer_frames(&scene.answerer, &scene.moment, in, in, 9, &is_over), 9);
    ck_assert_uint_eq(transactions.count, 6);
    for (size_t i = 0; i < 6; i++) {
        ck_assert_uint_eq(transactions.requests[i].body, wanted[i].body);
        ck_assert_uint_eq(transactions.requests[i].subject, wanted[i].subject);
        ck_assert_uint_eq(transactions.requests[i].view, wanted[i].view);
        ck_assert_uint_eq(transactions.requests[i].request_id, wanted[i].request_id);
    }
    ck_assert(memcmp(in, out, 9 * FRAME_SIZE) == 0);
}
END_TEST

/* A card is counted as its holder is. */
START_TEST(whom_the_snapshot_knows_is_counted_as_it_says)
{
    const struct index *index = &scene.edition->tables->index;
    struct identifier identifier = {.means = MEANS_PERSONAL_CODE, .size = 11};
    struct digest digest;
    uint32_t view;
    uint64_t slot;
    memcpy(identifier.text, SCENE_SENIOR, 11);
    identity_digest(&digest, &scene.key, &identifier);
    index_find_slots(&view, &slot, index, &digest, 1);
    store_u64((uint8_t *)(uintptr_t)index->subjects[0] + slot * 8, 4242);
    put_purchase(0, KIND_USE, SCENE_PLAIN, SCENE_DISCOUNT);
    put_purchase(1, KIND_USE, SCENE_SENIOR, SCENE_DISCOUNT);
    answer(2);
    ck_assert_uint_eq(transactions.requests[0].subject, subject_of_code(SCENE_PLAIN));
    ck_assert_uint_eq(transactions.requests[1].subject, 4242);
    ck_assert_uint_eq(metric_read(&scene.metrics.looked_up), 0); /* that is of checks */
}
END_TEST

START_TEST(whom_no_snapshot_knows_is_counted_by_what_was_shown_and_anybody_not_at_all)
{
    put_purchase(0, KIND_USE, SCENE_NOBODY, SCENE_DISCOUNT);
    struct request anybody = scene_check(SCENE_NOBODY, SCENE_STACKED, 2);
    anybody.kind = KIND_USE;
    anybody.identifier = (struct identifier){
        .means = MEANS_CARD, .size = sizeof(MEANS_ANYBODY) - 1, .text = MEANS_ANYBODY};
    put(1, &anybody);
    answer(2);
    ck_assert_uint_eq(transactions.count, 2);
    ck_assert_uint_eq(transactions.requests[0].subject, subject_of_code(SCENE_NOBODY));
    ck_assert_uint_ne(transactions.requests[0].view & VIEW_DECOY, 0);
    ck_assert_uint_eq(transactions.requests[1].subject, SUBJECT_NOBODY);
}
END_TEST

START_TEST(what_a_terminal_does_not_sell_it_does_not_buy)
{
    static const struct number_span only = {SCENE_FREE, SCENE_FREE};
    struct tables *tables = (struct tables *)(uintptr_t)scene.edition->tables;
    tables->spans = &only;
    terminal = (struct terminal){
        .number = 5, .profile = PROFILE_TILL, .product_count = 1, .until_day = DAY_NEVER};
    scene.moment.terminal = &terminal;
    put_purchase(0, KIND_USE, SCENE_SENIOR, SCENE_DISCOUNT);
    answer(1);
    ck_assert_uint_eq(transactions.count, 1); /* it may have been answered before */
    ck_assert_uint_eq(transactions.requests[0].candidates.status, STATUS_NOT_PERMITTED);
    ck_assert_uint_eq(transactions.requests[0].view, VIEW_NOBODY);
}
END_TEST

START_TEST(what_speaks_of_a_transaction_has_its_target)
{
    static const uint8_t kinds[] = {KIND_CONFIRM, KIND_CANCEL, KIND_REFUND, KIND_STATUS};
    for (size_t i = 0; i < sizeof(kinds); i++)
        put_about(i, kinds[i], 90 + i);
    struct request refund = {.kind = KIND_REFUND,
                             .request_id = 3,
                             .target_id = 92,
                             .target_terminal = 8,
                             .unit_price = 1234};
    put(2, &refund);
    answer(sizeof(kinds));
    ck_assert_uint_eq(transactions.count, sizeof(kinds));
    for (size_t i = 0; i < sizeof(kinds); i++) {
        ck_assert_uint_eq(transactions.requests[i].kind, kinds[i]);
        ck_assert_uint_eq(transactions.requests[i].target_id, 90 + i);
        ck_assert_uint_eq(transactions.requests[i].target_terminal, i == 2 ? 8 : 0);
        ck_assert_uint_eq(transactions.requests[i].amount, i == 2 ? 1234 : 0);
    }
}
END_TEST

START_TEST(the_order_of_requests_is_that_of_frames_and_checks_are_answered_as_ever)
{
    static uint8_t want[ANSWER_REQUESTS_MAX * FRAME_SIZE];
    scene_frames(in, ANSWER_REQUESTS_MAX, 7);
    scene.answerer.transactions = NULL;
    answer(ANSWER_REQUESTS_MAX);
    memcpy(want, out, sizeof(want));
    scene.answerer.transactions = &transactions;
    for (size_t i = 0; i < ANSWER_REQUESTS_MAX; i += 6) {
        put_purchase(i, KIND_RESERVE, SCENE_SENIOR, SCENE_DISCOUNT);
        put_about(i + 1, KIND_CONFIRM, i + 1);
        put_purchase(i + 2, KIND_USE, SCENE_PLAIN, SCENE_FREE);
    }
    answer(ANSWER_REQUESTS_MAX);
    size_t at = 0;
    for (size_t i = 0; i < ANSWER_REQUESTS_MAX; i++) {
        if (i % 6 > 2) {
            ck_assert(memcmp(want + i * FRAME_SIZE, out + i * FRAME_SIZE, FRAME_SIZE) == 0);
            continue;
        }
        ck_assert_uint_eq(transactions.requests[at].request_id, i + 1);
        ck_assert_ptr_eq(transactions.places[at++], out + i * FRAME_SIZE);
    }
    ck_assert_uint_eq(transactions.count, at);
}
END_TEST

START_TEST(what_is_bought_where_and_when_is_settled_before_and_not_stored)
{
    put_purchase(0, KIND_USE, SCENE_SENIOR, SCENE_NO_PRODUCT);
    put_purchase(1, KIND_RESERVE, SCENE_SENIOR, SCENE_CONTRACTED);
    answer(2);
    ck_assert_uint_eq(transactions.count, 2); /* they may have been answered before */
    ck_assert_uint_eq(transactions.requests[0].candidates.status, STATUS_UNKNOWN_PRODUCT);
    ck_assert_uint_eq(transactions.requests[1].candidates.status, STATUS_NO_CONTRACT);
    ck_assert_uint_eq(transactions.requests[0].kind, KIND_USE);
    ck_assert_uint_eq(metric_read(&scene.metrics.looked_up), 0);
    ck_assert_uint_eq(metric_read(&scene.metrics.transactions_refused), 2);
    ck_assert_uint_eq(metric_read(&scene.metrics.checks), 0);
}
END_TEST

START_TEST(who_runs_the_system_buys_for_test_identities_only_and_may_speak_of_all)
{
    scene.moment.profile = PROFILE_ADMINISTRATOR;
    put_purchase(0, KIND_USE, SCENE_SENIOR, SCENE_DISCOUNT);
    put_purchase(1, KIND_USE, SCENE_HIT, PRODUCT_TEST);
    put_about(2, KIND_REFUND, 9);
    answer(3);
    ck_assert_uint_eq(transactions.count, 3);
    ck_assert_uint_eq(transactions.requests[0].candidates.status, STATUS_NOT_PERMITTED);
    ck_assert_uint_eq(transactions.requests[1].candidates.status, STATUS_OK);
    ck_assert(transactions.requests[2].is_operator);
}
END_TEST

START_TEST(without_a_snapshot_or_on_the_way_out_nothing_is_asked)
{
    put_purchase(0, KIND_USE, SCENE_SENIOR, SCENE_DISCOUNT);
    put_about(1, KIND_CONFIRM, 9);
    if (_i == 0)
        scene.moment.drain_wait_ms = 100;
    else
        scene.moment.edition = NULL;
    answer(2);
    ck_assert_uint_eq(transactions.count, 0);
    ck_assert_uint_eq(status_at(0), _i == 0 ? STATUS_DRAINING : STATUS_NOT_READY);
    ck_assert_uint_eq(status_at(1), _i == 0 ? STATUS_DRAINING : STATUS_NOT_READY);
}
END_TEST

START_TEST(without_a_ledger_there_is_none)
{
    scene.answerer.transactions = NULL;
    put_purchase(0, KIND_USE, SCENE_SENIOR, SCENE_DISCOUNT);
    put_about(1, KIND_STATUS, 9);
    answer(2);
    ck_assert_uint_eq(status_at(0), STATUS_NO_LEDGER);
    ck_assert_uint_eq(status_at(1), STATUS_NO_LEDGER);
}
END_TEST

/* Two different people in a minute, and no more. */
START_TEST(whom_the_guard_sends_away_leaves_the_row_and_the_others_stay_in_order)
{
    static const char *const codes[] = {SCENE_SENIOR, SCENE_UNSURE, SCENE_PLAIN, SCENE_EXPIRED};
    struct guard_settings settings = {.slot_count = 4, .save_s = 10, .key = {3}};
    struct fault fault;
    ck_assert(guard_open(&scene.answerer.guard, &settings, &fault));
    terminal = (struct terminal){.number = 5,
                                 .profile = PROFILE_TILL,
                                 .provider = 40003619950,
                                 .per_minute = 2,
                                 .until_day = DAY_NEVER};
    scene.moment.terminal = &terminal;
    scene.moment.guard_slot = guard_slot(scene.answerer.guard, 5, scene.moment.now_s);
    for (size_t i = 0; i < 4; i++)
        put_purchase(i, KIND_USE, codes[i], SCENE_DISCOUNT);
    put_about(4, KIND_CANCEL, 3);
    answer(5);
    ck_assert_uint_eq(transactions.count, 3);
    ck_assert_uint_eq(transactions.requests[0].request_id, 1);
    ck_assert_uint_eq(transactions.requests[1].request_id, 2);
    ck_assert_uint_eq(transactions.requests[2].request_id, 5);
    ck_assert_uint_eq(transactions.requests[2].target_terminal, 5);
    ck_assert_uint_eq(transactions.requests[0].terminal, 5);
    ck_assert_uint_eq(transactions.requests[0].provider, 40003619950);
    ck_assert_uint_eq(status_at(2), STATUS_BUSY);
    ck_assert_uint_eq(status_at(3), STATUS_BUSY);
    guard_close(scene.answerer.guard);
}
END_TEST

START_TEST(checks_alone_ask_the_ledger_nothing)
{
    scene_frames(in, ANSWER_REQUESTS_MAX, 3);
    answer(ANSWER_REQUESTS_MAX);
    ck_assert_uint_eq(transactions.count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("answer_ledger");
    TCase *tcase = tcase_create("answer_ledger");
    tcase_add_checked_fixture(tcase, open_scene, close_scene);
    tcase_add_loop_test(tcase, a_purchase_is_asked_with_all_that_the_ledger_needs, 0, 3);
    tcase_add_test(tcase, what_is_awaited_in_the_place_of_its_question_is_the_same);
    tcase_add_test(tcase, whom_the_snapshot_knows_is_counted_as_it_says);
    tcase_add_test(tcase,
                   whom_no_snapshot_knows_is_counted_by_what_was_shown_and_anybody_not_at_all);
    tcase_add_test(tcase, what_a_terminal_does_not_sell_it_does_not_buy);
    tcase_add_test(tcase, what_speaks_of_a_transaction_has_its_target);
    tcase_add_test(tcase, the_order_of_requests_is_that_of_frames_and_checks_are_answered_as_ever);
    tcase_add_test(tcase, what_is_bought_where_and_when_is_settled_before_and_not_stored);
    tcase_add_test(tcase, who_runs_the_system_buys_for_test_identities_only_and_may_speak_of_all);
    tcase_add_loop_test(tcase, without_a_snapshot_or_on_the_way_out_nothing_is_asked, 0, 2);
    tcase_add_test(tcase, without_a_ledger_there_is_none);
    tcase_add_test(tcase, whom_the_guard_sends_away_leaves_the_row_and_the_others_stay_in_order);
    tcase_add_test(tcase, checks_alone_ask_the_ledger_nothing);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
