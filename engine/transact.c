/* What each request does to the book: the state table of protocol/LEDGER.md, "What becomes of a
 * transaction". */
#include "engine/limits.h"
#include "engine/portions.h"
#include "engine/purchases.h"
#include "engine/tallies.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- answers ---- */

static uint64_t payable_of(const struct posting *first, uint16_t quantity, uint64_t amount)
{
    uint64_t total = (uint64_t)first->unit_price * quantity;
    return total > amount ? total - amount : 0;
}

static void say(struct ledger_verdict *verdict, enum status status)
{
    verdict->status = (uint16_t)status;
}

/* What was answered when it was written. */
static void say_posting(struct ledger_verdict *verdict, const struct posting *posting)
{
    verdict->status = posting->status;
    verdict->split = posting->split;
    verdict->remaining = posting->remaining;
    verdict->relief = posting->relief;
    verdict->until_s = posting->until_s;
    verdict->sequence = posting->sequence;
    verdict->relief_amount = parts_amount(posting->parts, posting->part_count);
    verdict->payable = payable_of(posting, posting->quantity, verdict->relief_amount);
}

static uint16_t status_of(const struct transaction *transaction, const struct posting *first)
{
    switch ((enum transaction_state)transaction->state) {
    case STATE_RESERVED:
        return STATUS_RESERVED;
    case STATE_CONFIRMED:
        return transaction->flags & FLAG_OVER_LIMIT ? STATUS_OVER_LIMIT : STATUS_CONFIRMED;
    case STATE_CANCELLED:
        return STATUS_CANCELLED;
    case STATE_EXPIRED:
        return STATUS_EXPIRED;
    case STATE_DENIED:
        return first->status;
    case STATE_REFUNDED:
        return STATUS_REFUNDED;
    case STATE_NONE:
        break;
    }
    return STATUS_UNKNOWN_TRANSACTION;
}

/* What has become of it. */
static void say_state(struct ledger_verdict *verdict, const struct transaction *transaction,
                      const struct posting *first)
{
    say_posting(verdict, first);
    if (transaction->state == STATE_DENIED)
        return; /* for ever */
    verdict->status = status_of(transaction, first);
    verdict->sequence = transaction->last;
    verdict->relief_amount = parts_amount(transaction->parts, transaction->part_count);
    verdict->payable = payable_of(first, transaction->quantity, verdict->relief_amount);
    if (transaction->state != STATE_RESERVED)
        verdict->until_s = 0;
}

/* ---- what was answered before ---- */

static bool is_tombstone(const struct transaction *transaction)
{
    return transaction->kind == POSTING_CANCEL && transaction->state == STATE_CANCELLED;
}

/* What stands under the request's own id answers it. */
static void answer_again(struct book *book, const struct ledger_request *request,
                         const struct transaction *transaction, struct ledger_verdict *verdict)
{
    struct posting first;
    bool is_purchase = kind_is_purchase(request->kind);
    if (is_purchase && is_tombstone(transaction)) {
        say(verdict, STATUS_CANCELLED);
        verdict->sequence = transaction->first;
    } else if (transaction->body != request->body || is_tombstone(transaction)) {
        say(verdict, STATUS_CONFLICT);
    } else if (!book_get_posting(book, transaction->first, &first)) {
        book_fail(book); /* a transaction without its posting */
    } else if (transaction->state == STATE_CANCELLED) {
        say_state(verdict, transaction, &first);
    } else {
        say_posting(verdict, &first);
    }
}

/* ---- what is said about a transaction ---- */

/* A transaction that is spoken of, and its first posting. */
struct target {
    struct transaction_name name;
    struct transaction transaction;
    struct posting first;
};

/* Whether its rows belong together: what is worked out from them relies on it, and they come from a
 * disk. */
static bool target_fits(const struct target *target)
{
    const struct transaction *t = &target->transaction;
    const struct posting *first = &target->first;
    uint64_t total = (uint64_t)first->unit_price * first->quantity;
    if (first->kind != t->kind || first->part_count != t->part_count)
        return false;
    for (size_t i = 0; i < t->part_count; i++) {
        const struct posting_part *left = &t->parts[i], *bought = &first->parts[i];
        if (left->account != bought->account || left->unit_count > bought->unit_count ||
            left->use_count > bought->use_count || left->amount > bought->amount ||
            bought->amount > total)
            return false;
    }
    if (t->state == STATE_RESERVED || t->state == STATE_EXPIRED)
        return first->quantity != 0 &&
               t->quantity == (t->state == STATE_RESERVED ? first->quantity : 0);
    return t->state != STATE_CONFIRMED ||
           (t->quantity != 0 && t->quantity <= t->confirmed && t->confirmed <= first->quantity);
}

/* A posting about it: what its purchase said, and what is said now. `request` NULL: nobody asks. */
static struct posting posting_about(const struct target *target,
                                    const struct ledger_request *request, uint8_t kind)
{
    struct posting posting = target->first;
    posting.kind = kind;
    posting.status = 0;
    posting.terminal = request != NULL ? request->terminal : 0;
    posting.request_id = request != NULL ? request->request_id : 0;
    posting.body = request != NULL ? request->body : 0;
    posting.target_id = target->name.request_id;
    posting.target_terminal = target->name.terminal;
    posting.flags = 0;
    if (request != NULL && request->is_operator && request->terminal != target->name.terminal)
        posting.flags = FLAG_OPERATOR;
    posting.remaining = REMAINING_UNPUBLISHED;
    posting.until_s = 0;
    posting.generation = 0;
    memset(posting.parts, 0, sizeof(posting.parts));
    return posting;
}

/* Writes the posting, the transaction as it is now, and the request's own row. */
static void put_change(struct book *book, struct target *target, struct posting *posting,
                       int open_change)
{
    uint32_t day = riga_day_of_time(posting->service_time_s);
    book_append(book, posting, day, open_change);
    if (book->end != BOOK_DONE)
        return;
    target->transaction.last = posting->sequence;
    target->transaction.state = posting->state;
    target->transaction.flags |= (uint16_t)(posting->flags & ~FLAG_BY_AMOUNT);
    book_put_transaction(book, target->name, &target->transaction);
    if (posting->request_id == 0)
        return;
    struct transaction own = {.first = posting->sequence,
                              .last = posting->sequence,
                              .body = posting->body,
                              .kind = posting->kind};
    book_put_transaction(book, (struct transaction_name){posting->terminal, posting->request_id},
                         &own);
}

/* An open reservation ends, and all of it is free: CANCEL and EXPIRE. */
static void free_hold(struct book *book, struct target *target, struct posting *posting)
{
    struct transaction *t = &target->transaction;
    posting->quantity = t->quantity;
    memcpy(posting->parts, t->parts, sizeof(posting->parts));
    tally_parts(book, &target->first, posting->parts, -1, HELD);
    book_delete_hold(book, t->deadline_ms, target->name);
    t->deadline_ms = 0;
    t->quantity = 0;
    parts_take(t->parts, posting->parts, t->part_count);
    put_change(book, target, posting, -1);
}

static void confirm_held(struct book *book, const struct ledger_request *request,
                         struct target *target, uint16_t quantity, struct ledger_verdict *out)
{
    struct transaction *t = &target->transaction;
    struct posting posting = posting_about(target, request, POSTING_CONFIRM);
    posting.state = STATE_CONFIRMED;
    posting.status = STATUS_CONFIRMED;
    posting.quantity = quantity;
    parts_portion(posting.parts, t->parts, t->part_count, quantity, t->quantity);
    tally_parts(book, &target->first, t->parts, -1, HELD);
    tally_parts(book, &target->first, posting.parts, 1, USED);
    book_delete_hold(book, t->deadline_ms, target->name);
    t->deadline_ms = 0;
    t->quantity = t->confirmed = quantity;
    memcpy(t->parts, posting.parts, sizeof(t->parts));
    put_change(book, target, &posting, -1);
    say_posting(out, &posting);
}

/* What had been reserved, as limits are asked about it now. */
static void take_case_again(struct book *book, struct limit_case *out,
                            const struct ledger_request *request, const struct posting *posting)
{
    const struct tables *tables = request->edition->tables;
    out->edition = request->edition;
    out->subject = posting->subject;
    out->service_time_s = posting->service_time_s;
    out->day = riga_day_of_time(posting->service_time_s);
    out->part_count = posting->part_count;
    for (uint32_t i = 0; i < posting->part_count; i++) {
        uint32_t scope = book_account_scope(book, posting->parts[i].account), relief = 0;
        while (relief < tables->relief_count && tables->reliefs[relief].code != scope)
            relief++;
        out->parts[i] = (struct limit_part){
            .relief = relief < tables->relief_count ? relief : RELIEF_NONE,
            .term_day = posting_term_day(posting, i),
            .use_count = posting->parts[i].use_count,
            .amount = posting->parts[i].amount,
        };
    }
}

/* It had run out, but the service is rendered: taken once more. */
static void confirm_late(struct book *book, const struct ledger_request *request,
                         struct target *target, uint16_t quantity, struct ledger_verdict *out)
{
    struct transaction *t = &target->transaction;
    struct posting posting = posting_about(target, request, POSTING_CONFIRM);
    struct limit_case limit_case;
    posting.state = STATE_CONFIRMED;
    posting.status = STATUS_CONFIRMED;
    posting.quantity = quantity;
    posting.flags |= FLAG_LATE;
    posting.generation = request->edition->manifest->generation;
    parts_portion(posting.parts, target->first.parts, t->part_count, quantity,
                  target->first.quantity);
    take_case_again(book, &limit_case, request, &posting);
    if (limits_are_passed(book, &limit_case)) {
        posting.status = STATUS_OVER_LIMIT;
        posting.flags |= FLAG_OVER_LIMIT;
    }
    tally_parts(book, &target->first, posting.parts, 1, USED);
    t->quantity = t->confirmed = quantity;
    memcpy(t->parts, posting.parts, sizeof(t->parts));
    put_change(book, target, &posting, 0);
    limits_warn(book, &limit_case);
    say_posting(out, &posting);
}

static void confirm(struct book *book, const struct ledger_request *request, struct target *target,
                    struct ledger_verdict *out)
{
    const struct transaction *t = &target->transaction;
    uint16_t bought = target->first.quantity;
    uint16_t quantity = request->quantity != 0 ? request->quantity : bought;
    bool is_open = t->state == STATE_RESERVED || t->state == STATE_EXPIRED;
    if ((is_open && quantity > bought) || (t->state == STATE_CONFIRMED && quantity != t->confirmed))
        say(out, STATUS_EXCEEDS);
    else if (t->state == STATE_RESERVED)
        confirm_held(book, request, target, quantity, out);
    else if (t->state == STATE_EXPIRED)
        confirm_late(book, request, target, quantity, out);
    else
        say_state(out, t, &target->first);
}

static void cancel(struct book *book, const struct ledger_request *request, struct target *target,
                   struct ledger_verdict *out)
{
    if (target->transaction.state != STATE_RESERVED) {
        say_state(out, &target->transaction, &target->first);
        return;
    }
    struct posting posting = posting_about(target, request, POSTING_CANCEL);
    posting.state = STATE_CANCELLED;
    posting.status = STATUS_CANCELLED;
    free_hold(book, target, &posting);
    say_posting(out, &posting);
}

/* How much a REFUND gives back; false: more than is left. */
static bool refund_parts(struct posting *posting, const struct transaction *t,
                         const struct ledger_request *request)
{
    uint64_t left = parts_amount(t->parts, t->part_count);
    bool is_by_amount = request->amount != 0 && request->amount != left;
    if (request->amount > left || request->quantity > t->quantity)
        return false;
    posting->quantity = request->quantity != 0 ? request->quantity : t->quantity;
    if (request->amount != 0)
        posting->quantity = is_by_amount ? 0 : t->quantity;
    if (is_by_amount) {
        posting->flags |= FLAG_BY_AMOUNT;
        parts_of_amount(posting->parts, t->parts, t->part_count, request->amount);
    } else {
        parts_back(posting->parts, t->parts, t->part_count, posting->quantity, t->quantity);
    }
    return true;
}

static void refund(struct book *book, const struct ledger_request *request, struct target *target,
                   struct ledger_verdict *out)
{
    struct transaction *t = &target->transaction;
    if (t->state != STATE_CONFIRMED) {
        say_state(out, t, &target->first);
        return;
    }
    struct posting posting = posting_about(target, request, POSTING_REFUND);
    if (!refund_parts(&posting, t, request)) {
        say(out, STATUS_EXCEEDS);
        return;
    }
    bool is_whole = posting.quantity == t->quantity;
    posting.state = is_whole ? STATE_REFUNDED : STATE_CONFIRMED;
    posting.status = is_whole ? STATUS_REFUNDED : STATUS_CONFIRMED;
    tally_parts(book, &target->first, posting.parts, -1, USED);
    t->quantity = (uint16_t)(t->quantity - posting.quantity);
    parts_take(t->parts, posting.parts, t->part_count);
    put_change(book, target, &posting, 0);
    say_posting(out, &posting);
}

/* ---- who may speak of it ---- */

static const struct terminal *terminal_of(const struct tables *tables, uint32_t number)
{
    uint32_t first = 0, count = tables->terminal_count;
    while (count > 0) {
        uint32_t half = count / 2;
        if (tables->terminals[first + half].number < number) {
            first += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    bool is_there = first < tables->terminal_count && tables->terminals[first].number == number;
    return is_there ? &tables->terminals[first] : NULL;
}

/* `first` NULL: of a transaction that nobody has seen. A terminal that the snapshot has forgotten
 * is told by where it sold. */
static bool may_speak(const struct ledger_request *request, const struct posting *first)
{
    if (request->is_operator || request->terminal == request->target_terminal)
        return true;
    if (request->provider == 0)
        return false;
    const struct terminal *terminal =
        terminal_of(request->edition->tables, request->target_terminal);
    if (terminal != NULL)
        return terminal->provider == request->provider;
    return first != NULL && first->provider == request->provider;
}

/* So that a purchase that comes after it is not done. */
static void put_tombstone(struct book *book, const struct ledger_request *request,
                          struct target *target, struct ledger_verdict *out)
{
    struct posting posting = {
        .kind = POSTING_CANCEL,
        .state = STATE_CANCELLED,
        .status = STATUS_CANCELLED,
        .terminal = request->terminal,
        .request_id = request->request_id,
        .target_id = target->name.request_id,
        .target_terminal = target->name.terminal,
        .remaining = REMAINING_UNPUBLISHED,
        .body = request->body,
    };
    if (request->is_operator && request->terminal != target->name.terminal)
        posting.flags = FLAG_OPERATOR;
    target->transaction =
        (struct transaction){.first = book->head.sequence + 1, .kind = POSTING_CANCEL};
    put_change(book, target, &posting, 0);
    say_posting(out, &posting);
}

/* Finds what the request speaks of; when there is nothing, `out` says so. */
static bool find_target(struct book *book, const struct ledger_request *request,
                        struct target *target, struct ledger_verdict *out)
{
    target->name = (struct transaction_name){request->target_terminal, request->target_id};
    say(out, STATUS_UNKNOWN_TRANSACTION);
    if (!book_get_transaction(book, target->name, &target->transaction)) {
        if (request->kind != KIND_CANCEL || !may_speak(request, NULL))
            return false;
        if (request->terminal == request->target_terminal &&
            request->request_id == request->target_id)
            say(out, STATUS_CONFLICT); /* a CANCEL of itself */
        else if (book->end == BOOK_DONE)
            put_tombstone(book, request, target, out);
        return false;
    }
    if (target->transaction.state == STATE_NONE)
        return false; /* the id of a CONFIRM, CANCEL or REFUND */
    if (!book_get_posting(book, target->transaction.first, &target->first) ||
        !target_fits(target)) {
        book_fail(book);
        return false;
    }
    return may_speak(request, &target->first);
}

static void apply_change(struct book *book, const struct ledger_request *request,
                         struct ledger_verdict *out)
{
    struct target target;
    if (!find_target(book, request, &target, out))
        return;
    switch ((enum frame_kind)request->kind) {
    case KIND_CONFIRM:
        confirm(book, request, &target, out);
        break;
    case KIND_CANCEL:
        cancel(book, request, &target, out);
        break;
    case KIND_REFUND:
        refund(book, request, &target, out);
        break;
    case KIND_STATUS:
        say_state(out, &target.transaction, &target.first);
        break;
    case KIND_CHECK:
    case KIND_PING:
    case KIND_USE:
    case KIND_RESERVE:
    case KIND_LATE:
        abort(); /* purchases are applied elsewhere, the others nowhere */
    }
}

static void apply_purchase(struct book *book, const struct ledger_request *request,
                           struct ledger_verdict *out)
{
    struct posting posting;
    purchase_apply(book, request, &posting);
    say_posting(out, &posting);
}

/* What was bought, where or when is against it, and nothing is written: the full price. */
static void say_settled(struct ledger_verdict *verdict, const struct ledger_request *request)
{
    const struct purchase *purchase = &request->purchase;
    say(verdict, request->candidates.status);
    if (request->candidates.status != STATUS_NOT_PERMITTED)
        verdict->payable = (uint64_t)purchase->unit_price * purchase->quantity;
}

bool book_answer(struct book *book, const struct ledger_request *request,
                 struct ledger_verdict *verdict)
{
    struct transaction own;
    assert(book->is_open);
    *verdict =
        (struct ledger_verdict){.ticket = request->ticket, .remaining = REMAINING_UNPUBLISHED};
    if (request->kind != KIND_STATUS &&
        book_get_transaction(
            book, (struct transaction_name){request->terminal, request->request_id}, &own))
        answer_again(book, request, &own, verdict);
    else if (request->kind == KIND_STATUS)
        apply_change(book, request, verdict);
    else if (kind_is_purchase(request->kind) && request->candidates.status != STATUS_OK)
        say_settled(verdict, request);
    else
        return false;
    return true;
}

enum book_end book_apply(struct book *book, const struct ledger_request *request,
                         struct ledger_verdict *verdict)
{
    bool is_purchase = kind_is_purchase(request->kind);
    if (book_answer(book, request, verdict) || !book_make_room(book, is_purchase))
        return book->end;
    if (is_purchase)
        apply_purchase(book, request, verdict);
    else
        apply_change(book, request, verdict);
    return book->end;
}

/* ---- reservations run out ---- */

static bool expire_next(struct book *book)
{
    struct target target;
    uint64_t deadline_ms;
    if (!book_first_hold(book, &deadline_ms, &target.name) || deadline_ms > book->head.clock_ms ||
        !book_make_room(book, false))
        return false;
    if (!book_get_transaction(book, target.name, &target.transaction) ||
        target.transaction.state != STATE_RESERVED ||
        target.transaction.deadline_ms != deadline_ms ||
        !book_get_posting(book, target.transaction.first, &target.first) || !target_fits(&target)) {
        book_fail(book);
        return false;
    }
    struct posting posting = posting_about(&target, NULL, POSTING_EXPIRE);
    posting.state = STATE_EXPIRED;
    free_hold(book, &target, &posting);
    return book->end == BOOK_DONE;
}

enum book_end book_expire(struct book *book, uint32_t count_max, uint32_t *count)
{
    assert(book->is_open);
    for (*count = 0; *count < count_max && expire_next(book); ++*count)
        ;
    return book->end;
}
