#include "engine/answer.h"

#include <assert.h>
#include <string.h>

/* Answers that are the same for everything but the frame they answer. */
static struct response response_start(const struct moment *moment, const uint8_t *frame,
                                      enum status status)
{
    const struct edition *edition = moment->edition;
    return (struct response){
        .kind = frame_kind(frame),
        .status = (uint16_t)status,
        .remaining = REMAINING_UNPUBLISHED,
        .request_id = frame_request_id(frame),
        .generation = edition != NULL ? edition->manifest->generation : 0,
        .server_time_s = (uint32_t)moment->now_s,
        .stale_h = edition != NULL ? edition_stale_h(edition, moment->now_s) : 0,
        .wait_ms = status == STATUS_DRAINING ? moment->drain_wait_ms : 0,
    };
}

static void answer_report(const struct answerer *answerer, const struct moment *moment,
                          uint8_t *out, const uint8_t *frame)
{
    const struct metrics_board *board = answerer->board;
    const struct edition *edition = moment->edition;
    struct report report = {
        .status = STATUS_OK,
        .request_id = frame_request_id(frame),
        .generation = edition->manifest->generation,
        .identifier_count = edition->manifest->identifier_count,
        .person_count = edition->manifest->person_count,
        .uptime_s = moment->now_s > board->start_s ? (uint32_t)(moment->now_s - board->start_s) : 0,
        .server_time_s = (uint32_t)moment->now_s,
        .stale_h = edition_stale_h(edition, moment->now_s),
    };
    for (uint32_t i = 0; i < board->loop_count; i++) {
        const struct metrics *metrics = &board->loops[i];
        report.check_count += metric_read(&metrics->checks);
        /* Another loop may open or close one between the two loads. */
        uint64_t closed = metric_read(&metrics->closed);
        uint64_t accepted = metric_read(&metrics->accepted);
        report.connection_count += accepted > closed ? (uint32_t)(accepted - closed) : 0;
    }
    frame_encode_report(out, &report);
}

/* PING and STATUS. */
static void answer_bare(struct answerer *answerer, const struct moment *moment, uint8_t *out,
                        const uint8_t *frame, const struct request *request)
{
    if (request->kind == KIND_STATUS && request->target_id == 0) {
        metric_add(&answerer->metrics->reports, 1);
        answer_report(answerer, moment, out, frame);
        return;
    }
    bool is_ping = request->kind == KIND_PING;
    metric_add(is_ping ? &answerer->metrics->pings : &answerer->metrics->reports, 1);
    struct response response =
        response_start(moment, frame, is_ping ? STATUS_OK : STATUS_NO_LEDGER);
    frame_encode_response(out, &response);
}

/* Refuses a frame before anybody is looked up: the frame itself, or the server as a whole. */
static void answer_refusal(struct answerer *answerer, const struct moment *moment, uint8_t *out,
                           const uint8_t *frame, enum status status)
{
    bool is_service = status == STATUS_DRAINING || status == STATUS_NOT_READY;
    metric_add(is_service ? &answerer->metrics->turned_away : &answerer->metrics->bad_frames, 1);
    struct response response = response_start(moment, frame, status);
    frame_encode_response(out, &response);
}

/* Status numbers are an order of precedence: the frame comes before the service. */
static enum status service_status(const struct moment *moment)
{
    if (moment->drain_wait_ms != 0)
        return STATUS_DRAINING;
    return moment->edition != NULL ? STATUS_OK : STATUS_NOT_READY;
}

/* Decisions are counted in an array by their distance from the first decision status. */
#define DECISION_COUNT (STATUS_DOES_NOT_APPLY - STATUS_UNKNOWN_PRODUCT + 1)

static void count_verdicts(struct metrics *metrics, const uint32_t counts[static DECISION_COUNT],
                           size_t check_count)
{
    metric_add(&metrics->checks, check_count);
    metric_add(&metrics->unknown_product, counts[0]);
    metric_add(&metrics->outside_window, counts[STATUS_OUTSIDE_WINDOW - STATUS_UNKNOWN_PRODUCT]);
    metric_add(&metrics->applies, counts[STATUS_APPLIES - STATUS_UNKNOWN_PRODUCT]);
    metric_add(&metrics->no_data, counts[STATUS_NO_DATA - STATUS_UNKNOWN_PRODUCT]);
    metric_add(&metrics->does_not_apply, counts[DECISION_COUNT - 1]);
}

/* Decides and encodes what has been looked up. */
static void answer_checks(struct answerer *answerer, const struct moment *moment, uint8_t *out,
                          const uint8_t *in, size_t check_count)
{
    const struct edition *edition = moment->edition;
    struct response response = response_start(moment, in, STATUS_OK);
    uint32_t counts[DECISION_COUNT] = {0};

    for (size_t i = 0; i < check_count; i++) {
        const struct check *check = &answerer->checks[i];
        struct verdict verdict = decide(edition, answerer->views[i], &check->purchase);
        counts[verdict.status - STATUS_UNKNOWN_PRODUCT]++;

        response.kind = KIND_CHECK;
        response.status = (uint16_t)verdict.status;
        response.split = verdict.split;
        response.request_id = frame_request_id(in + check->frame * FRAME_SIZE);
        response.relief_amount = verdict.relief_amount;
        response.payable = verdict.payable;
        response.relief = verdict.relief;
        response.valid_until_s =
            verdict.until_day == 0
                ? 0
                : (uint32_t)calendar_day_start(&edition->calendar, verdict.until_day);
        frame_encode_response(out + check->frame * FRAME_SIZE, &response);
    }
    count_verdicts(answerer->metrics, counts, check_count);
}

/* Nothing about who was asked about stays behind. */
static void wipe_checks(struct answerer *answerer, size_t check_count)
{
    explicit_bzero(answerer->identifiers, check_count * sizeof(answerer->identifiers[0]));
    explicit_bzero(answerer->digests, check_count * sizeof(answerer->digests[0]));
    explicit_bzero(answerer->views, check_count * sizeof(answerer->views[0]));
}

static size_t answer_group(struct answerer *answerer, const struct moment *moment, uint8_t *out,
                           const uint8_t *in, size_t frame_count, bool *is_over)
{
    struct request request;
    size_t check_count = 0;
    size_t frame = 0;
    enum status service = service_status(moment);

    /* decode; what needs nobody looked up is answered at once */
    while (frame < frame_count && !*is_over) {
        const uint8_t *frame_in = in + frame * FRAME_SIZE;
        uint8_t *frame_out = out + frame * FRAME_SIZE;
        enum status status = frame_decode_request(&request, frame_in);
        *is_over = status == STATUS_BAD_VERSION;
        if (status == STATUS_OK)
            status = service;
        if (status != STATUS_OK) {
            answer_refusal(answerer, moment, frame_out, frame_in, status);
        } else if (request.kind != KIND_CHECK) {
            answer_bare(answerer, moment, frame_out, frame_in, &request);
        } else {
            answerer->identifiers[check_count] = request.identifier;
            answerer->checks[check_count].frame = (uint8_t)frame;
            answerer->checks[check_count].purchase = (struct purchase){
                .product = request.product,
                .unit_price = request.unit_price,
                .quantity = request.quantity,
                .service_time_s =
                    request.service_time_s != 0 ? request.service_time_s : moment->now_s,
            };
            check_count++;
        }
        frame++;
    }
    explicit_bzero(&request, sizeof(request));
    if (check_count == 0)
        return frame;

    /* look up: who it is, and what is known of them */
    const struct tables *tables = moment->edition->tables;
    identity_digest_batch(answerer->digests, answerer->key, answerer->identifiers, check_count);
    index_find_batch(answerer->views, &tables->index, answerer->digests, check_count);
    for (size_t i = 0; i < check_count; i++) {
        assert(answerer->views[i] < tables->view_count);
        __builtin_prefetch(&tables->views[answerer->views[i]]);
    }
    for (size_t i = 0; i < check_count; i++)
        __builtin_prefetch(&tables->set_first[tables->views[answerer->views[i]].set]);

    /* decide and encode */
    answer_checks(answerer, moment, out, in, check_count);

    wipe_checks(answerer, check_count);
    return frame;
}

size_t answer_frames(struct answerer *answerer, const struct moment *moment, uint8_t *out,
                     const uint8_t *in, size_t frame_count, bool *is_over)
{
    size_t answered_count = 0;
    *is_over = false;
    while (answered_count < frame_count && !*is_over) {
        size_t group_count = frame_count - answered_count;
        if (group_count > ANSWER_GROUP_MAX)
            group_count = ANSWER_GROUP_MAX;
        answered_count += answer_group(answerer, moment, out + answered_count * FRAME_SIZE,
                                       in + answered_count * FRAME_SIZE, group_count, is_over);
    }
    return answered_count;
}
