#include "engine/answer.h"

#include "engine/look_up.h"
#include "protocol/response.h"

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
        report.check_count += metric_read(&board->loops[i].checks);
        report.connection_count += metrics_open_count(&board->loops[i]);
    }
    frame_encode_report(out, &report);
}

static _Atomic uint64_t *bare_metric(struct metrics *metrics, uint8_t kind)
{
    if (kind_is_transaction(kind))
        return &metrics->turned_away;
    return kind == KIND_PING ? &metrics->pings : &metrics->reports;
}

/* PING, STATUS and, because no ledger is kept here, all that it would answer. */
static void answer_bare(struct answerer *answerer, const struct moment *moment, uint8_t *out,
                        const uint8_t *frame, const struct request *request)
{
    metric_add(bare_metric(answerer->metrics, request->kind), 1);
    if (request->kind == KIND_STATUS && request->target_id == 0) {
        answer_report(answerer, moment, out, frame);
        return;
    }
    enum status status = request->kind == KIND_PING ? STATUS_OK : STATUS_NO_LEDGER;
    struct response response = response_start(moment, frame, status);
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

/* A terminal asks about what it does not sell, or from where it is not. */
static void answer_not_permitted(struct answerer *answerer, const struct moment *moment,
                                 uint8_t *out, const uint8_t *frame)
{
    metric_add(&answerer->metrics->not_permitted, 1);
    struct response response = response_start(moment, frame, STATUS_NOT_PERMITTED);
    frame_encode_response(out, &response);
}

/* Status numbers are an order of precedence: the frame comes before the service. */
static enum status service_status(const struct moment *moment)
{
    if (moment->drain_wait_ms != 0)
        return STATUS_DRAINING;
    return moment->edition != NULL ? STATUS_OK : STATUS_NOT_READY;
}

static void count_decisions(struct answerer *answerer)
{
    const uint32_t *counts = answerer->decided_counts;
    _Atomic uint64_t *metrics[DECISION_COUNT] = {
#define COUNTED(status, name) [STATUS_##status - STATUS_UNKNOWN_PRODUCT] = &answerer->metrics->name
        COUNTED(UNKNOWN_PRODUCT, unknown_product),
        COUNTED(UNKNOWN_POINT_OF_SALE, unknown_point_of_sale),
        COUNTED(OUTSIDE_WINDOW, outside_window),
        COUNTED(NO_CONTRACT, no_contract),
        COUNTED(APPLIES, applies),
        COUNTED(NO_DATA, no_data),
        COUNTED(DOES_NOT_APPLY, does_not_apply),
#undef COUNTED
    };
    uint64_t check_count = 0;
    for (size_t i = 0; i < DECISION_COUNT; i++) {
        check_count += counts[i];
        if (counts[i] != 0)
            metric_add(metrics[i], counts[i]);
    }
    metric_add(&answerer->metrics->checks, check_count);
    memset(answerer->decided_counts, 0, sizeof(answerer->decided_counts));
}

/* Steps 5 to 9, and what the profile sees of it. `response` holds what all answers share. */
static enum status answer_check(const struct check *check, uint32_t view, struct response *response)
{
    const struct edition *edition = check->moment->edition;
    struct verdict verdict;
    decide_into(&verdict, edition, &check->candidates, view, &check->purchase);

    response->status = (uint16_t)verdict.status;
    response->split = verdict.split;
    response->remaining = REMAINING_UNPUBLISHED;
    response->relief_amount = verdict.relief_amount;
    response->payable = verdict.payable;
    response->relief = verdict.relief;
    response->valid_until_s = (uint32_t)verdict.valid_until_s;
    uint64_t day_end_s = verdict.status == STATUS_APPLIES
                             ? calendar_day_start(&edition->calendar, check->candidates.day + 1)
                             : 0;
    profile_mask(response, check->moment->profile, day_end_s);
    response_encode(check->out, response);
    return verdict.status;
}

static bool is_permitted(const struct moment *moment, const struct request *request)
{
    return moment->terminal == NULL ||
           edition_terminal_sells(moment->edition, moment->terminal, request->point_of_sale,
                                  request->product);
}

/* Steps 1 to 4: what is bought, where and when, before anybody is looked up. */
static void take_purchase(const struct answerer *answerer, const struct moment *moment,
                          uint8_t *out, const uint8_t *in, const struct request *request,
                          struct check *check)
{
    check->moment = moment;
    check->in = in;
    check->out = out;
    bool is_anybody = means_is_anybody(&request->identifier);
    check->is_about_nobody =
        !profile_may_ask(moment->profile, request->product, &request->identifier);
    check->purchase = (struct purchase){
        .product = request->product,
        .point_of_sale = request->point_of_sale,
        .unit_price = request->unit_price,
        .quantity = request->quantity,
        .companions = request->companions,
        .means = is_anybody ? 0 : request->identifier.means,
        .entry = request->entry,
        .service_time_s = request->service_time_s != 0 ? request->service_time_s : moment->now_s,
    };
    decide_candidates_into(&check->candidates, moment->edition, &check->purchase, &answerer->now);
}

/* What was bought, where or when settles it: nobody learns from the answer who was asked about, not
 * even from the time that it takes. */
static enum status answer_settled(const struct check *check)
{
    struct response response = response_start(check->moment, check->in, check->candidates.status);
    return answer_check(check, VIEW_NOBODY, &response);
}

/* False when it is answered already. */
static bool take_check(struct answerer *answerer, const struct moment *moment, uint8_t *out,
                       const uint8_t *in, const struct request *request, struct check *check)
{
    if (!is_permitted(moment, request)) {
        answer_not_permitted(answerer, moment, out, in);
        return false;
    }
    take_purchase(answerer, moment, out, in, request, check);
    if (check->candidates.status == STATUS_OK)
        return true;
    enum status status = answer_settled(check);
    answerer->decided_counts[status - STATUS_UNKNOWN_PRODUCT]++;
    return false;
}

/* The terminal's budgets, or where it has none the server's. */
static struct guard_limits limits_of(const struct answerer *answerer,
                                     const struct terminal *terminal)
{
    struct guard_limits limits = answerer->limits;
    if (terminal->per_minute != 0)
        limits.per_minute = terminal->per_minute;
    if (terminal->per_day != 0)
        limits.per_day = terminal->per_day;
    if (terminal->typed_per_day != 0)
        limits.typed_per_day = terminal->typed_per_day;
    return limits;
}

static void answer_rationed(struct answerer *answerer, const struct moment *moment, uint8_t *out,
                            const uint8_t *frame, uint32_t wait_ms)
{
    metric_add(&answerer->metrics->rationed, 1);
    struct response response = response_start(moment, frame, STATUS_BUSY);
    response.wait_ms = wait_ms < UINT16_MAX ? (uint16_t)wait_ms : UINT16_MAX;
    frame_encode_response(out, &response);
}

/* Whom the terminal may ask about now, of the rows from `first` on. The others are answered BUSY,
 * and the rows of those who are left close up. */
static void ration(struct answerer *answerer, const struct moment *moment, size_t first)
{
    struct guard_limits limits = limits_of(answerer, moment->terminal);
    struct guard_tally tally;
    uint64_t hashes[ANSWER_GROUP_MAX];
    bool is_typed[ANSWER_GROUP_MAX];
    uint32_t waits_ms[ANSWER_GROUP_MAX];
    size_t count = answerer->check_count - first;
    if (count == 0)
        return;
    answerer->is_rationed = true;
    for (size_t i = 0; i < count; i++) {
        hashes[i] = guard_hash(answerer->guard, &answerer->identifiers[first + i]);
        is_typed[i] = answerer->checks[first + i].purchase.entry == ENTRY_TYPED;
    }
    guard_admit(answerer->guard, moment->guard_slot, &limits, hashes, is_typed, count,
                moment->now_s, waits_ms, &tally);
    explicit_bzero(hashes, sizeof(hashes));

    size_t kept = first;
    for (size_t i = 0; i < count; i++) {
        const struct check *check = &answerer->checks[first + i];
        if (waits_ms[i] != 0) {
            answer_rationed(answerer, moment, check->out, check->in, waits_ms[i]);
            continue;
        }
        answerer->is_fresh[kept] = tally.fresh >> i & 1;
        if (kept != first + i) {
            answerer->checks[kept] = *check;
            answerer->identifiers[kept] = answerer->identifiers[first + i];
        }
        kept++;
    }
    answerer->check_count = (uint32_t)kept;
}

/* How many were new to each terminal, and of them nobody's: by the same steps, whoever they are. */
static void note_misses(struct answerer *answerer)
{
    if (!answerer->is_rationed) /* nobody here asks from a terminal */
        return;
    for (size_t i = 0; i < answerer->check_count;) {
        const struct moment *moment = answerer->checks[i].moment;
        uint32_t fresh_count = 0, miss_count = 0;
        if (moment->terminal == NULL) { /* in the clear: nobody's */
            i++;
            continue;
        }
        for (; i < answerer->check_count && answerer->checks[i].moment == moment; i++) {
            uint32_t is_fresh = answerer->is_fresh[i], is_miss = answerer->views[i] >> 31;
            fresh_count += is_fresh;
            miss_count += is_fresh & is_miss;
        }
        guard_note(answerer->guard, moment->guard_slot, miss_count, fresh_count, moment->now_s);
    }
}
static_assert(VIEW_DECOY == UINT32_C(1) << 31, "the top bit is that of a decoy");

static void look_up(struct answerer *answerer)
{
    const struct edition *edition = answerer->checks[0].moment->edition;
    size_t count = answerer->check_count;
    uint32_t *views = answerer->views;
    const uint8_t *homes[ANSWER_GROUP_MAX];
    look_up_digest(answerer->digests, homes, edition, answerer->identifiers, count);
    look_up_find(views, edition, homes, answerer->digests, count);
    explicit_bzero(homes, count * sizeof(homes[0]));
    for (size_t i = 0; i < count; i++) /* whoever it is: without a branch */
        views[i] |= VIEW_DECOY & (0 - (uint32_t)answerer->checks[i].is_about_nobody);
    look_up_ask(edition, views, count);
}

/* ---- the journal of checks ---- */

/* Those for whom there is room stay, if whoever finds none is not to be answered. */
static void keep_room(struct answerer *answerer)
{
    if (answerer->audit == NULL || !answerer->audit_refuses)
        return;
    size_t room = audit_room(answerer->audit, answerer->check_count);
    for (size_t i = room; i < answerer->check_count; i++) {
        const struct check *check = &answerer->checks[i];
        struct response response = response_start(check->moment, check->in, STATUS_BUSY);
        response.wait_ms = AUDIT_WAIT_MS;
        frame_encode_response(check->out, &response);
        metric_add(&answerer->metrics->audit_refused, 1);
    }
    answerer->check_count = (uint32_t)room;
}

static void note_check(const struct answerer *answerer, size_t i, enum status status)
{
    const struct moment *moment = answerer->checks[i].moment;
    const struct purchase *purchase = &answerer->checks[i].purchase;
    *audit_at(answerer->audit, i) = (struct audit_row){
        .identifier = answerer->identifiers[i],
        .status = (uint16_t)status,
        .edition = audit_edition_tag(moment->edition),
        .time_s = (uint32_t)moment->now_s,
        .terminal = moment->terminal != NULL ? moment->terminal->number : 0,
        .product = purchase->product,
        .point_of_sale = purchase->point_of_sale,
        .entry = purchase->entry,
        .profile = moment->profile,
    };
}

/* Decides and encodes what has been looked up. */
static void answer_checks(struct answerer *answerer)
{
    size_t check_count = answerer->check_count;
    struct response response =
        response_start(answerer->checks[0].moment, answerer->checks[0].in, STATUS_OK);
    size_t room = answerer->audit != NULL ? audit_room(answerer->audit, check_count) : 0;
    for (size_t i = 0; i < check_count; i++) {
        const struct check *check = &answerer->checks[i];
        response.request_id = frame_request_id(check->in);
        enum status status = answer_check(check, answerer->views[i], &response);
        answerer->decided_counts[status - STATUS_UNKNOWN_PRODUCT]++;
        if (i < room)
            note_check(answerer, i, status);
    }
    if (answerer->audit != NULL)
        audit_push(answerer->audit, room, check_count - room);
}

/* Nothing about who was asked about stays behind. */
static void wipe_rows(struct answerer *answerer)
{
    size_t count = answerer->row_count;
    explicit_bzero(answerer->identifiers, count * sizeof(answerer->identifiers[0]));
    explicit_bzero(answerer->digests, count * sizeof(answerer->digests[0]));
    explicit_bzero(answerer->views, count * sizeof(answerer->views[0]));
    answerer->check_count = answerer->row_count = 0;
    answerer->is_rationed = false;
}

void answer_finish(struct answerer *answerer)
{
    keep_room(answerer);
    if (answerer->check_count > 0) {
        look_up(answerer);
        metric_add(&answerer->metrics->looked_up, answerer->check_count);
        note_misses(answerer);
        answer_checks(answerer);
    }
    wipe_rows(answerer);
    count_decisions(answerer);
}

/* ---- transactions: the same steps, and then it is for the ledger to say ---- */

/* Of a request whose purchase is still to be looked up. */
#define VIEW_AWAITED UINT32_MAX

static bool is_for_ledger(const struct request *request)
{
    return kind_is_transaction(request->kind) ||
           (request->kind == KIND_STATUS && request->target_id != 0);
}

/* Adds what the frame asks; what is known of its answer stands in the answer's place. */
static struct ledger_request *add_request(struct answerer *answerer, const struct moment *moment,
                                          uint8_t *out, const uint8_t *in,
                                          const struct request *request)
{
    struct transactions *transactions = answerer->transactions;
    const struct terminal *terminal = moment->terminal;
    uint32_t number = terminal != NULL ? terminal->number : 0;
    uint64_t body = subject_body(answerer->subject_key, in); /* before `out`, which may be there */
    struct awaited awaited = {
        .request_id = request->request_id,
        .generation = moment->edition->manifest->generation,
        .server_time_s = (uint32_t)moment->now_s,
        .stale_h = edition_stale_h(moment->edition, moment->now_s),
        .kind = request->kind,
        .profile = moment->profile,
    };
    awaited_put(out, &awaited);
    assert(transactions->count < ANSWER_REQUESTS_MAX);
    transactions->places[transactions->count] = out;
    struct ledger_request *added = &transactions->requests[transactions->count++];
    *added = (struct ledger_request){
        .edition = moment->edition,
        .kind = request->kind,
        .hold_10s = request->hold_10s,
        .is_operator = moment->profile == PROFILE_ADMINISTRATOR,
        .terminal = number,
        .provider = terminal != NULL ? terminal->provider : 0,
        .request_id = request->request_id,
        .body = body,
        .view = VIEW_AWAITED,
    };
    if (!kind_is_purchase(request->kind)) {
        added->target_id = request->target_id;
        added->target_terminal = request->target_terminal != 0 ? request->target_terminal : number;
        added->quantity = request->quantity;
        added->amount = request->unit_price;
    }
    return added;
}

/* Whether it is still to be looked up. Whoever runs the system buys with test identities only. */
static bool take_transaction(struct answerer *answerer, const struct moment *moment, uint8_t *out,
                             const uint8_t *in, const struct request *request, struct check *check)
{
    if (!kind_is_purchase(request->kind)) {
        (void)add_request(answerer, moment, out, in, request);
        return false;
    }
    take_purchase(answerer, moment, out, in, request, check);
    if (!is_permitted(moment, request) ||
        !profile_may_ask(moment->profile, request->product, &request->identifier))
        check->candidates = (struct candidates){.status = STATUS_NOT_PERMITTED};
    check->request = (uint16_t)answerer->transactions->count;
    struct ledger_request *added = add_request(answerer, moment, out, in, request);
    added->purchase = check->purchase;
    added->candidates = check->candidates;
    if (check->candidates.status == STATUS_OK)
        return true;
    metric_add(&answerer->metrics->transactions_refused, 1);
    added->view =
        VIEW_NOBODY; /* nobody is looked up: it may have been answered before, all the same */
    return false;
}

/* Whom they are counted for. A subject is made of what everybody shows, though whom the snapshot
 * knows has one there: so that time does not tell who is known. */
static void find_subjects(struct answerer *answerer, const struct edition *edition,
                          size_t check_count)
{
    const struct index *index = &edition->tables->index;
    uint32_t views[ANSWER_GROUP_MAX];
    uint64_t slots[ANSWER_GROUP_MAX];
    subject_batch(answerer->subjects, answerer->subject_key, answerer->identifiers, check_count);
    index_find_slots(views, slots, index, answerer->digests, check_count);
    for (size_t i = 0; i < check_count; i++) {
        uint64_t known = index_subject(index, slots[i]);
        if (known != 0)
            answerer->subjects[i] = known;
        if (means_is_anybody(&answerer->identifiers[i]))
            answerer->subjects[i] = SUBJECT_NOBODY;
    }
    explicit_bzero(views, sizeof(views));
    explicit_bzero(slots, sizeof(slots));
}

static void fill_requests(struct answerer *answerer, const struct moment *moment)
{
    const struct edition *edition = moment->edition;
    size_t check_count = answerer->check_count;
    find_subjects(answerer, edition, check_count);
    for (size_t i = 0; i < check_count; i++) {
        const struct check *check = &answerer->checks[i];
        struct ledger_request *request = &answerer->transactions->requests[check->request];
        request->view = answerer->views[i];
        request->subject = answerer->subjects[i];
        struct awaited awaited;
        uint8_t *place = answerer->transactions->places[check->request];
        memcpy(&awaited, place, sizeof(awaited));
        awaited.day_end_s =
            (uint32_t)calendar_day_start(&edition->calendar, check->candidates.day + 1);
        awaited_put(place, &awaited);
    }
}

/* Purchases that were sent away by the guard leave the row; order is kept. */
static void close_ranks(struct transactions *transactions, uint32_t first)
{
    uint32_t kept = first;
    for (uint32_t i = first; i < transactions->count; i++) {
        const struct ledger_request *request = &transactions->requests[i];
        if (kind_is_purchase(request->kind) && request->view == VIEW_AWAITED)
            continue;
        if (kept != i) {
            transactions->requests[kept] = *request;
            transactions->places[kept] = transactions->places[i];
        }
        kept++;
    }
    transactions->count = kept;
}

/* Nobody else's rows are there: what was gathered before is answered. */
static void answer_transactions(struct answerer *answerer, const struct moment *moment,
                                uint8_t *out, const uint8_t *in, const uint8_t frames[],
                                size_t frame_count)
{
    struct request request;
    uint32_t first = answerer->transactions->count;
    for (size_t i = 0; i < frame_count; i++) {
        size_t at = frames[i] * FRAME_SIZE;
        if (frame_decode_request(&request, in + at) != STATUS_OK)
            continue; /* it was decoded before */
        if (take_transaction(answerer, moment, out + at, in + at, &request,
                             &answerer->checks[answerer->check_count]))
            answerer->identifiers[answerer->check_count++] = request.identifier;
    }
    explicit_bzero(&request, sizeof(request));
    answerer->row_count = answerer->check_count;
    if (moment->terminal != NULL)
        ration(answerer, moment, 0);
    if (answerer->check_count > 0) {
        look_up(answerer);
        note_misses(answerer);
        fill_requests(answerer, moment);
    }
    wipe_rows(answerer);
    explicit_bzero(answerer->subjects, sizeof(answerer->subjects));
    close_ranks(answerer->transactions, first);
}

/* ---- frames ---- */

/* Decodes; what needs nobody looked up is answered at once, CHECKs join the group. Ends with the
 * frames, or with a full group. */
static size_t take_frames(struct answerer *answerer, const struct moment *moment, uint8_t *out,
                          const uint8_t *in, size_t frame_count, bool *is_over)
{
    struct request request;
    uint8_t transactions[ANSWER_GROUP_MAX];
    size_t transaction_count = 0, first = answerer->check_count, frame = 0;
    enum status service = service_status(moment);
    if (answerer->now.utc_s != moment->now_s)
        answerer->now = riga_time_of(moment->now_s);
    if (frame_count > ANSWER_GROUP_MAX)
        frame_count = ANSWER_GROUP_MAX;
    while (frame < frame_count && !*is_over && answerer->check_count < ANSWER_GROUP_MAX) {
        const uint8_t *frame_in = in + frame * FRAME_SIZE;
        uint8_t *frame_out = out + frame * FRAME_SIZE;
        enum status status = frame_decode_request(&request, frame_in);
        *is_over = status == STATUS_BAD_VERSION;
        if (status == STATUS_OK)
            status = service;
        if (status != STATUS_OK) {
            answer_refusal(answerer, moment, frame_out, frame_in, status);
        } else if (request.kind != KIND_CHECK) {
            if (answerer->transactions != NULL && is_for_ledger(&request))
                transactions[transaction_count++] = (uint8_t)frame;
            else
                answer_bare(answerer, moment, frame_out, frame_in, &request);
        } else if (take_check(answerer, moment, frame_out, frame_in, &request,
                              &answerer->checks[answerer->check_count])) {
            identifier_copy(&answerer->identifiers[answerer->check_count++], &request.identifier);
        }
        frame++;
    }
    explicit_bzero(&request, sizeof(request));
    if (answerer->row_count < answerer->check_count)
        answerer->row_count = answerer->check_count;
    if (moment->terminal != NULL)
        ration(answerer, moment, first);
    if (answerer->check_count == ANSWER_GROUP_MAX || transaction_count > 0)
        answer_finish(answerer);
    if (transaction_count > 0)
        answer_transactions(answerer, moment, out, in, transactions, transaction_count);
    return frame;
}

size_t answer_take(struct answerer *answerer, const struct moment *moment, uint8_t *out,
                   const uint8_t *in, size_t frame_count, bool *is_over)
{
    size_t taken_count = 0;
    *is_over = false;
    while (taken_count < frame_count && !*is_over)
        taken_count +=
            take_frames(answerer, moment, out + taken_count * FRAME_SIZE,
                        in + taken_count * FRAME_SIZE, frame_count - taken_count, is_over);
    return taken_count;
}

size_t answer_frames(struct answerer *answerer, const struct moment *moment, uint8_t *out,
                     const uint8_t *in, size_t frame_count, bool *is_over)
{
    size_t count = answer_take(answerer, moment, out, in, frame_count, is_over);
    answer_finish(answerer);
    return count;
}
