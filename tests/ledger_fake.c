#include "tests/ledger_fake.h"

#include "protocol/posting.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 65536

struct row {
    uint32_t terminal;
    uint64_t request_id, body;
    uint8_t kind, state;
    uint16_t bought, confirmed;
    uint16_t quantity; /* that is left */
    struct ledger_verdict first;
};

struct waiting {
    uint32_t loop;
    struct ledger_request request;
};

struct done {
    struct ledger_verdict *verdicts; /* [LEDGER_WAITING_MAX] */
    size_t count;
};

struct ledger_fake {
    struct ledger ledger;
    uint32_t loop_count;
    void (*wake)(void *context, uint32_t loop);
    void *context;
    bool is_holding, has_failed;
    size_t under_way_count, room;
    struct waiting *waiting; /* [LEDGER_WAITING_MAX] */
    size_t waiting_count;
    struct done *done; /* [loop_count] */
    struct row *rows;  /* [ROWS_MAX] */
    size_t row_count;
    uint64_t sequence;
    struct ledger_request last;
};

static struct ledger_fake *fake_of(struct ledger *ledger)
{
    return (struct ledger_fake *)(void *)ledger;
}
static const struct ledger_fake *fake_of_const(const struct ledger *ledger)
{
    return (const struct ledger_fake *)(const void *)ledger;
}

static struct row *find(struct ledger_fake *fake, uint32_t terminal, uint64_t request_id)
{
    for (size_t i = 0; i < fake->row_count; i++)
        if (fake->rows[i].terminal == terminal && fake->rows[i].request_id == request_id)
            return &fake->rows[i];
    return NULL;
}

static struct row *add(struct ledger_fake *fake, const struct ledger_request *request,
                       uint8_t state)
{
    assert(fake->row_count < ROWS_MAX);
    struct row *row = &fake->rows[fake->row_count++];
    *row = (struct row){
        .terminal = request->terminal,
        .request_id = request->request_id,
        .body = request->body,
        .kind = request->kind,
        .state = state,
        .bought = request->purchase.quantity,
        .confirmed = request->purchase.quantity,
        .quantity = request->purchase.quantity,
    };
    return row;
}

static struct ledger_verdict plain(enum status status)
{
    return (struct ledger_verdict){.status = (uint16_t)status, .remaining = REMAINING_UNPUBLISHED};
}

/* What a transaction has come to, with what was answered first. */
static struct ledger_verdict standing(const struct row *row, enum status status)
{
    struct ledger_verdict verdict = row->first;
    verdict.status = (uint16_t)status;
    if (row->first.relief == 0 && status != row->first.status)
        verdict = plain(status);
    return verdict;
}

static struct ledger_verdict buy(struct ledger_fake *fake, const struct ledger_request *request)
{
    struct verdict decided;
    decide_into(&decided, request->edition, &request->candidates, request->view,
                &request->purchase);
    bool applies = decided.status == STATUS_APPLIES;
    bool is_held = applies && request->kind == KIND_RESERVE;
    struct row *row = add(fake, request,
                          !applies  ? STATE_DENIED
                          : is_held ? STATE_RESERVED
                                    : STATE_CONFIRMED);
    row->first = (struct ledger_verdict){
        .status = (uint16_t)decided.status,
        .split = decided.split,
        .remaining = REMAINING_UNPUBLISHED,
        .relief = decided.relief,
        .until_s = is_held ? LEDGER_FAKE_HOLD_S : 0,
        .sequence = ++fake->sequence,
        .relief_amount = decided.relief_amount,
        .payable = decided.payable,
    };
    return row->first;
}

static struct ledger_verdict again(struct row *row, const struct ledger_request *request)
{
    if (row->state == STATE_CANCELLED && row->kind == KIND_CANCEL)
        return plain(STATUS_CANCELLED); /* a tombstone */
    if (row->body != request->body || row->kind != request->kind)
        return plain(STATUS_CONFLICT);
    return row->state == STATE_CANCELLED ? standing(row, STATUS_CANCELLED) : row->first;
}

static const enum status status_of_state[] = {
    [STATE_RESERVED] = STATUS_RESERVED,   [STATE_CONFIRMED] = STATUS_CONFIRMED,
    [STATE_CANCELLED] = STATUS_CANCELLED, [STATE_EXPIRED] = STATUS_EXPIRED,
    [STATE_REFUNDED] = STATUS_REFUNDED,
};

static struct ledger_verdict tell(const struct row *row)
{
    return row->state == STATE_DENIED ? row->first : standing(row, status_of_state[row->state]);
}

static struct ledger_verdict confirm(struct row *row, const struct ledger_request *request)
{
    uint16_t quantity = request->quantity != 0 ? request->quantity : row->bought;
    bool is_held = row->state == STATE_RESERVED;
    if ((is_held && quantity > row->bought) ||
        (row->state == STATE_CONFIRMED && quantity != row->confirmed))
        return plain(STATUS_EXCEEDS);
    if (is_held) {
        row->state = STATE_CONFIRMED;
        row->confirmed = row->quantity = quantity;
    }
    return tell(row);
}

static struct ledger_verdict refund(struct row *row, const struct ledger_request *request)
{
    uint16_t quantity = request->quantity != 0 ? request->quantity : row->quantity;
    if (row->state != STATE_CONFIRMED)
        return tell(row);
    if (quantity > row->quantity)
        return plain(STATUS_EXCEEDS);
    row->quantity -= quantity;
    if (row->quantity == 0)
        row->state = STATE_REFUNDED;
    return tell(row);
}

static struct ledger_verdict speak(struct ledger_fake *fake, const struct ledger_request *request)
{
    struct row *row = find(fake, request->target_terminal, request->target_id);
    uint8_t before = row != NULL ? row->state : (uint8_t)STATE_NONE;
    uint16_t quantity_before = row != NULL ? row->quantity : 0;
    struct ledger_verdict verdict = plain(STATUS_UNKNOWN_TRANSACTION);
    if (row == NULL && request->kind == KIND_CANCEL) {
        struct ledger_request target = *request;
        target.terminal = request->target_terminal;
        target.request_id = request->target_id;
        add(fake, &target, STATE_CANCELLED);
        verdict = plain(STATUS_CANCELLED);
    } else if (row != NULL && request->kind == KIND_STATUS) {
        return tell(row);
    } else if (row != NULL && request->kind == KIND_CONFIRM) {
        verdict = confirm(row, request);
    } else if (row != NULL && request->kind == KIND_CANCEL) {
        if (row->state == STATE_RESERVED)
            row->state = STATE_CANCELLED;
        verdict = tell(row);
    } else if (row != NULL) {
        verdict = refund(row, request);
    }
    bool is_changed = row != NULL && (row->state != before || row->quantity != quantity_before);
    if (is_changed || (row == NULL && request->kind == KIND_CANCEL)) {
        verdict.sequence = ++fake->sequence;
        add(fake, request, STATE_NONE)->first = verdict;
    }
    return verdict;
}

static struct ledger_verdict decide_request(struct ledger_fake *fake,
                                            const struct ledger_request *request)
{
    struct row *row = find(fake, request->terminal, request->request_id);
    if (request->kind == KIND_STATUS)
        return speak(fake, request);
    if (row != NULL)
        return again(row, request);
    if (!kind_is_purchase(request->kind))
        return speak(fake, request);
    if (request->candidates.status == STATUS_OK)
        return buy(fake, request);
    struct ledger_verdict settled = plain(request->candidates.status);
    if (request->candidates.status != STATUS_NOT_PERMITTED)
        settled.payable = (uint64_t)request->purchase.unit_price * request->purchase.quantity;
    return settled;
}

void ledger_fake_let_go(struct ledger *ledger, bool is_backwards)
{
    struct ledger_fake *fake = fake_of(ledger);
    static struct ledger_verdict verdicts[LEDGER_WAITING_MAX];
    size_t count = fake->waiting_count;
    for (size_t i = 0; i < count; i++) {
        verdicts[i] = decide_request(fake, &fake->waiting[i].request);
        verdicts[i].ticket = fake->waiting[i].request.ticket;
    }
    fake->waiting_count = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = is_backwards ? count - 1 - i : i;
        struct done *done = &fake->done[fake->waiting[at].loop];
        done->verdicts[done->count++] = verdicts[at];
    }
    for (uint32_t loop = 0; loop < fake->loop_count; loop++)
        if (fake->done[loop].count > 0 && fake->wake != NULL)
            fake->wake(fake->context, loop);
}

static size_t fake_submit(struct ledger *ledger, uint32_t loop,
                          const struct ledger_request requests[], size_t count)
{
    struct ledger_fake *fake = fake_of(ledger);
    assert(loop < fake->loop_count);
    size_t taken = 0;
    while (taken < count && !fake->has_failed && fake->under_way_count < LEDGER_WAITING_MAX &&
           fake->room > 0) {
        fake->waiting[fake->waiting_count++] = (struct waiting){loop, requests[taken]};
        fake->last = requests[taken++];
        fake->under_way_count++;
        fake->room--;
    }
    if (!fake->is_holding && taken > 0)
        ledger_fake_let_go(ledger, false);
    return taken;
}

static size_t fake_take(struct ledger *ledger, uint32_t loop, struct ledger_verdict out[],
                        size_t room)
{
    struct ledger_fake *fake = fake_of(ledger);
    struct done *done = &fake->done[loop];
    size_t count = done->count < room ? done->count : room;
    memcpy(out, done->verdicts, count * sizeof(out[0]));
    memmove(done->verdicts, done->verdicts + count, (done->count - count) * sizeof(out[0]));
    done->count -= count;
    fake->under_way_count -= count;
    return count;
}

static bool fake_has_failed(const struct ledger *ledger)
{
    return fake_of_const(ledger)->has_failed;
}

static void fake_close(struct ledger *ledger)
{
    struct ledger_fake *fake = fake_of(ledger);
    for (uint32_t i = 0; i < fake->loop_count; i++)
        free(fake->done[i].verdicts);
    free(fake->done);
    free(fake->waiting);
    free(fake->rows);
    free(fake);
}

static const struct ledger_methods fake_methods = {fake_submit, fake_take, fake_has_failed,
                                                   fake_close};

static void *must_calloc(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL)
        abort();
    return memory;
}

struct ledger *ledger_fake_open(uint32_t loop_count, void (*wake)(void *context, uint32_t loop),
                                void *context)
{
    struct ledger_fake *fake = must_calloc(1, sizeof(*fake));
    *fake = (struct ledger_fake){
        .ledger = {&fake_methods},
        .loop_count = loop_count,
        .wake = wake,
        .context = context,
        .room = SIZE_MAX,
    };
    fake->waiting = must_calloc(LEDGER_WAITING_MAX, sizeof(fake->waiting[0]));
    fake->rows = must_calloc(ROWS_MAX, sizeof(fake->rows[0]));
    fake->done = must_calloc(loop_count, sizeof(fake->done[0]));
    for (uint32_t i = 0; i < loop_count; i++)
        fake->done[i].verdicts = must_calloc(LEDGER_WAITING_MAX, sizeof(struct ledger_verdict));
    return &fake->ledger;
}

void ledger_fake_hold(struct ledger *ledger)
{
    fake_of(ledger)->is_holding = true;
}

size_t ledger_fake_waiting(const struct ledger *ledger)
{
    return fake_of_const(ledger)->waiting_count;
}

void ledger_fake_narrow(struct ledger *ledger, size_t count)
{
    fake_of(ledger)->room = count;
}

void ledger_fake_fail(struct ledger *ledger)
{
    struct ledger_fake *fake = fake_of(ledger);
    fake->has_failed = true;
    for (uint32_t i = 0; i < fake->loop_count && fake->wake != NULL; i++)
        fake->wake(fake->context, i);
}

const struct ledger_request *ledger_fake_last(const struct ledger *ledger)
{
    return &fake_of_const(ledger)->last;
}

size_t ledger_fake_count(const struct ledger *ledger)
{
    return fake_of_const(ledger)->row_count;
}
