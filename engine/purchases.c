/* What a USE, RESERVE or LATE comes to: decided until its limits have nothing against it, then
 * given or denied. See protocol/LEDGER.md, "Who decides". */
#include "engine/purchases.h"

#include "engine/accounts.h"
#include "engine/limits.h"
#include "engine/tallies.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_COUNT_MAX 3   /* reservations of a subject */
#define LATE_AFTER_S   900 /* older than that a service was recorded late, whatever asks */
#define MS_PER_10S     10000
#define MS_PER_SECOND  1000

static void take_case(struct limit_case *out, const struct ledger_request *request,
                      const struct verdict *verdict)
{
    out->edition = request->edition;
    out->subject = request->subject;
    out->service_time_s = request->purchase.service_time_s;
    out->day = request->candidates.day;
    out->part_count = verdict->part_count;
    for (uint32_t i = 0; i < verdict->part_count; i++) {
        const struct verdict_part *part = &verdict->parts[i];
        out->parts[i] = (struct limit_part){.relief = part->clause->relief,
                                            .term_day = part->term_day,
                                            .use_count = part->use_count,
                                            .amount = part->amount};
    }
}

/* A relief gives no more than that from now on. */
static void allow(struct purchase *purchase, struct allowance *allowances, uint32_t relief,
                  uint64_t amount_most)
{
    uint32_t at = 0;
    while (at < purchase->allowance_count && allowances[at].relief != relief)
        at++;
    if (at == purchase->allowance_count)
        purchase->allowance_count++;
    assert(at < RELIEF_COUNT_MAX);
    allowances[at] = (struct allowance){(uint16_t)relief, amount_most};
    purchase->allowances = allowances;
}

/* Decided until limits have nothing against it. Of each relief it is asked at most twice: cut, then
 * out. */
static uint16_t decide_within_limits(struct book *book, const struct ledger_request *request,
                                     struct verdict *verdict, struct limit_case *limit_case)
{
    struct purchase purchase = request->purchase;
    uint16_t out_status = 0;
    purchase.allowance_count = 0;
    for (;;) {
        decide_into(verdict, request->edition, &request->candidates, request->view, &purchase);
        take_case(limit_case, request, verdict);
        uint64_t leave = UINT64_MAX;
        uint16_t why = 0;
        uint32_t i = 0;
        for (; i < verdict->part_count; i++) {
            leave = limits_leave(book, limit_case, i, true, &why);
            if (leave != UINT64_MAX)
                break;
        }
        if (i == verdict->part_count || book->end != BOOK_DONE)
            break;
        if (leave == 0 && out_status == 0)
            out_status = why;
        allow(&purchase, book->allowances, limit_case->parts[i].relief, leave);
    }
    bool is_refused = verdict->status != STATUS_APPLIES && out_status != 0;
    return is_refused ? out_status : (uint16_t)verdict->status;
}

static uint64_t provider_of_point(const struct tables *tables, uint32_t number)
{
    uint32_t first = 0, count = tables->point_count;
    while (count > 0) {
        uint32_t half = count / 2;
        if (tables->points[first + half].number < number) {
            first += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    bool is_there = first < tables->point_count && tables->points[first].number == number;
    return is_there ? tables->points[first].provider : 0;
}

static struct posting posting_of_purchase(const struct ledger_request *request, uint8_t kind)
{
    const struct purchase *purchase = &request->purchase;
    return (struct posting){
        .kind = kind,
        .terminal = request->terminal,
        .request_id = request->request_id,
        .product = purchase->product,
        .subject = request->subject,
        .service_time_s = (uint32_t)purchase->service_time_s,
        .point_of_sale = purchase->point_of_sale,
        .unit_price = purchase->unit_price,
        .quantity = purchase->quantity,
        .companions = purchase->companions,
        .entry = purchase->entry,
        .means = purchase->means,
        .remaining = REMAINING_UNPUBLISHED,
        .body = request->body,
        .provider = provider_of_point(request->edition->tables, purchase->point_of_sale),
        .generation = request->edition->manifest->generation,
    };
}

static uint8_t posting_kind_of(uint8_t kind)
{
    switch ((enum frame_kind)kind) {
    case KIND_USE:
        return POSTING_USE;
    case KIND_RESERVE:
        return POSTING_RESERVE;
    case KIND_LATE:
        return POSTING_LATE;
    case KIND_CONFIRM:
        return POSTING_CONFIRM;
    case KIND_CANCEL:
        return POSTING_CANCEL;
    case KIND_REFUND:
        return POSTING_REFUND;
    case KIND_CHECK:
    case KIND_PING:
    case KIND_STATUS:
        break;
    }
    abort(); /* nobody asks for those here */
}

/* The posting and the first row of its transaction. */
static void begin_transaction(struct book *book, struct posting *posting, uint32_t day,
                              uint64_t deadline_ms)
{
    struct transaction_name name = {posting->terminal, posting->request_id};
    book_append(book, posting, day, deadline_ms != 0 ? 1 : 0);
    if (book->end != BOOK_DONE)
        return;
    struct transaction transaction = {
        .first = posting->sequence,
        .last = posting->sequence,
        .body = posting->body,
        .deadline_ms = deadline_ms,
        .kind = posting->kind,
        .state = posting->state,
        .part_count = posting->part_count,
        .flags = posting->flags,
        .quantity = posting->state == STATE_DENIED ? 0 : posting->quantity,
        .confirmed = posting->state == STATE_CONFIRMED ? posting->quantity : 0,
    };
    memcpy(transaction.parts, posting->parts, sizeof(transaction.parts));
    book_put_transaction(book, name, &transaction);
    if (deadline_ms != 0)
        book_put_hold(book, deadline_ms, name);
}

static void take_parts(struct book *book, const struct ledger_request *request,
                       const struct verdict *verdict, struct posting *posting)
{
    posting->part_count = (uint8_t)verdict->part_count;
    posting->relief = verdict->relief;
    posting->split = verdict->split;
    for (uint32_t i = 0; i < verdict->part_count; i++) {
        const struct verdict_part *part = &verdict->parts[i];
        posting->parts[i] = (struct posting_part){
            .account = account_of_clause(book, request->edition, part->clause, posting->provider),
            .unit_count = part->unit_count,
            .use_count = part->use_count,
            .amount = part->amount,
        };
    }
}

/* A purchase that is given. */
static void grant(struct book *book, const struct ledger_request *request,
                  const struct verdict *verdict, const struct limit_case *limit_case,
                  struct posting *posting)
{
    bool is_held = request->kind == KIND_RESERVE;
    uint64_t deadline_ms = 0;
    posting->state = is_held ? STATE_RESERVED : STATE_CONFIRMED;
    take_parts(book, request, verdict, posting);
    if (is_held) {
        for (uint32_t i = 0; i < limit_case->part_count; i++)
            posting_set_term_day(posting, i, limit_case->parts[i].term_day);
        deadline_ms = book->head.clock_ms + (uint64_t)request->hold_10s * MS_PER_10S;
        posting->until_s = (uint32_t)(deadline_ms / MS_PER_SECOND);
    }
    tally_parts(book, posting, posting->parts, 1, is_held ? HELD : USED);
    posting->remaining = limits_remaining(book, limit_case);
    begin_transaction(book, posting, limit_case->day, deadline_ms);
    limits_warn(book, limit_case);
}

/* Gates that pass on in a moment what they read, and clocks that are not quite right, are not late.
 */
static bool is_late(const struct book *book, const struct ledger_request *request)
{
    uint64_t now_s = book->head.clock_ms / MS_PER_SECOND;
    return request->kind == KIND_LATE || request->purchase.service_time_s + LATE_AFTER_S < now_s;
}

void purchase_apply(struct book *book, const struct ledger_request *request, struct posting *out)
{
    struct posting posting = posting_of_purchase(request, posting_kind_of(request->kind));
    struct limit_case limit_case;
    struct verdict verdict;
    assert(request->candidates.status == STATUS_OK);
    posting.flags = is_late(book, request) ? FLAG_LATE : 0;
    if (request->kind == KIND_LATE) {
        decide_into(&verdict, request->edition, &request->candidates, request->view,
                    &request->purchase);
        take_case(&limit_case, request, &verdict);
        posting.status = (uint16_t)verdict.status;
        if (limits_are_passed(book, &limit_case)) {
            posting.status = STATUS_OVER_LIMIT;
            posting.flags |= FLAG_OVER_LIMIT;
        }
    } else {
        posting.status = decide_within_limits(book, request, &verdict, &limit_case);
    }
    bool is_given = verdict.status == STATUS_APPLIES;
    if (is_given && request->kind == KIND_RESERVE && request->subject != SUBJECT_NOBODY &&
        book_get_subject(book, request->subject).open_count >= OPEN_COUNT_MAX) {
        posting.status = STATUS_TOO_MANY_HELD;
        is_given = false;
    }
    if (is_given) {
        grant(book, request, &verdict, &limit_case, &posting);
    } else {
        posting.state = STATE_DENIED;
        begin_transaction(book, &posting, limit_case.day, 0);
    }
    *out = posting;
}
