#include "tests/ledger_model.h"

#include <assert.h>
#include <string.h>

#define ALL UINT64_MAX

static void add(struct model *m, const struct model_row *row)
{
    assert(m->count < MODEL_ROOM && row->id < MODEL_IDS);
    m->rows[m->count] = *row;
    m->rows[m->count++].before = m->last[row->subject];
    m->last[row->subject] = m->index[row->terminal - LS_TERMINAL][row->id] = m->count;
}

struct tally model_tally(const struct model *m, uint64_t subject, uint32_t relief, uint8_t period,
                         uint32_t number)
{
    struct tally t = {0};
    uint32_t from, until, i = subject != 0 ? m->last[subject] : m->count;
    period_days(&from, &until, period, number);
    for (; i != 0; i = subject != 0 ? m->rows[i - 1].before : i - 1) {
        const struct model_row *row = &m->rows[i - 1];
        bool is_held = row->state == STATE_RESERVED, is_used = row->state == STATE_CONFIRMED;
        for (uint32_t p = 0; p < row->part_count && (is_held || is_used); p++)
            if (row->parts[p].relief == relief && row->day >= from && row->day < until) {
                *(is_held ? &t.held_uses : &t.used_uses) += row->parts[p].uses;
                *(is_held ? &t.held_amount : &t.used_amount) += row->parts[p].amount;
            }
    }
    return t;
}

static bool counts(const struct model *m, const struct limit *l, uint32_t relief, uint32_t day)
{
    bool is_shared = false;
    for (const struct limit *o = m->limits; o < m->limits + m->limit_count; o++)
        is_shared |= o->shared == l->shared && o->relief == relief && o->from_day <= day &&
                     day < o->until_day;
    return l->shared != 0 ? is_shared : l->relief == relief;
}

/* What stands against a limit: tallies, and those of the purchase's first `part_count` parts. */
static uint64_t had(const struct model *m, const struct limit *l, const struct model_row *row,
                    uint32_t term_day, uint32_t part_count)
{
    uint64_t sum = 0, subject = l->kind == LIMIT_BUDGET ? 0 : row->subject;
    uint32_t number = period_number(l->period, row->day, term_day);
    for (uint32_t r = 0; r < LS_RELIEF_COUNT && l->period != PERIOD_PURCHASE; r++)
        if (counts(m, l, r, row->day)) {
            struct tally t = model_tally(m, subject, r, l->period, number);
            sum +=
                l->kind == LIMIT_USES ? t.used_uses + t.held_uses : t.used_amount + t.held_amount;
        }
    for (uint32_t p = 0; p < part_count; p++)
        if (counts(m, l, row->parts[p].relief, row->day))
            sum += l->kind == LIMIT_USES ? row->parts[p].uses : row->parts[p].amount;
    return sum;
}

static bool is_too_soon(const struct model *m, const struct limit *l, const struct model_row *row)
{
    for (uint32_t i = m->last[row->subject]; i != 0; i = m->rows[i - 1].before) {
        const struct model_row *o = &m->rows[i - 1];
        uint64_t apart = row->purchase.service_time_s - o->purchase.service_time_s;
        bool is_near = apart < l->value * 60 || -apart < l->value * 60;
        if (is_near && (o->state == STATE_RESERVED || o->state == STATE_CONFIRMED))
            for (uint32_t p = 0; p < o->part_count; p++)
                if (o->parts[p].uses > 0 && counts(m, l, o->parts[p].relief, row->day))
                    return true;
    }
    return false;
}

static bool is_asked(const struct limit *l, const struct model_row *row, uint32_t p)
{
    return l->relief == row->parts[p].relief && l->from_day <= row->day &&
           row->day < l->until_day &&
           (l->period != PERIOD_STATUS_TERM || row->parts[p].term_day != UINT32_MAX);
}

/* What limits leave of part p: first uses and amounts, then spacing, then budgets. */
static uint64_t leave(const struct model *m, const struct model_row *row, uint32_t p, uint16_t *why)
{
    static const uint16_t whys[] = {STATUS_LIMIT_REACHED, STATUS_TOO_SOON, STATUS_BUDGET_SPENT};
    const struct model_part *part = &row->parts[p];
    for (int round = 0; round < 3; round++) {
        uint64_t least = ALL;
        for (const struct limit *l = m->limits; l < m->limits + m->limit_count; l++) {
            bool is_spacing = l->kind == LIMIT_SPACING, is_budget = l->kind == LIMIT_BUDGET;
            if (!is_asked(l, row, p))
                continue;
            if (round == 0 && row->subject == 0 && !is_budget && l->period != PERIOD_PURCHASE)
                return *why = whys[0], 0;
            if (round != (is_spacing ? 1 : is_budget ? 2 : 0))
                continue;
            uint64_t before = is_spacing ? 0 : had(m, l, row, part->term_day, p);
            uint64_t left = l->value > before ? l->value - before : 0;
            if (is_spacing)
                left = is_too_soon(m, l, row) ? 0 : ALL;
            else if (l->kind != LIMIT_AMOUNT)
                left = (is_budget ? part->amount : part->uses) <= left ? ALL : 0;
            least = left < least ? left : least;
        }
        *why = whys[round];
        if (least < part->amount || least == 0)
            return least;
    }
    return ALL;
}

static void decide_within(const struct model *m, struct model_row *row,
                          const struct ledger_request *r)
{
    struct allowance most[LS_RELIEF_COUNT];
    uint16_t first_why = 0, why = 0;
    for (uint16_t i = 0; i < LS_RELIEF_COUNT; i++)
        most[i] = (struct allowance){i, ALL};
    row->purchase.allowances = most;
    row->purchase.allowance_count = LS_RELIEF_COUNT;
    for (bool is_settled = false; !is_settled;) {
        struct verdict v = decide(r->edition, &r->candidates, r->view, &row->purchase);
        row->answer = (struct ledger_verdict){
            .status = (uint16_t)v.status, .relief = v.relief, .split = v.split, .remaining = 65535};
        row->part_count = v.part_count;
        for (uint32_t p = 0; p < v.part_count; p++)
            row->parts[p] =
                (struct model_part){v.parts[p].clause->relief, v.parts[p].term_day,
                                    v.parts[p].unit_count, v.parts[p].use_count, v.parts[p].amount};
        is_settled = true;
        for (uint32_t p = 0; p < row->part_count && is_settled; p++) {
            uint64_t left = leave(m, row, p, &why);
            if (r->kind == KIND_LATE) {
                row->is_over |= left != ALL;
            } else if (left != ALL) {
                is_settled = false;
                most[row->parts[p].relief].amount_most = left;
                first_why = left == 0 && first_why == 0 ? why : first_why;
            }
        }
    }
    if (row->is_over || (row->part_count == 0 && first_why != 0))
        row->answer.status = row->is_over ? STATUS_OVER_LIMIT : first_why;
}

static void tell(struct ledger_verdict *v, const struct model_row *row, uint16_t quantity,
                 const struct model_part parts[])
{
    uint64_t total = (uint64_t)row->purchase.unit_price * quantity;
    v->relief_amount = 0;
    for (uint32_t p = 0; p < row->part_count; p++)
        v->relief_amount += parts[p].amount;
    v->payable = total > v->relief_amount ? total - v->relief_amount : 0;
    v->sequence = 1;
}

static uint16_t remaining_of(const struct model *m, const struct model_row *row)
{
    uint64_t least = 65535;
    for (uint32_t p = 0; p < row->part_count && row->subject != 0; p++)
        for (const struct limit *l = m->limits; l < m->limits + m->limit_count; l++) {
            uint64_t uses = had(m, l, row, row->parts[p].term_day, row->part_count);
            uint64_t left = l->value > uses ? l->value - uses : 0;
            left = left < 65534 ? left : 65534;
            if (is_asked(l, row, p) && l->kind == LIMIT_USES && l->period != PERIOD_PURCHASE &&
                l->is_published)
                least = left < least ? left : least;
        }
    return (uint16_t)least;
}

static void buy(struct model *m, struct model_row *row, const struct ledger_request *r)
{
    uint32_t held = 0;
    for (uint32_t i = m->last[row->subject]; i != 0 && r->subject != 0; i = m->rows[i - 1].before)
        held += m->rows[i - 1].state == STATE_RESERVED;
    decide_within(m, row, r);
    if (r->kind == KIND_RESERVE && row->part_count > 0 && held >= 3) {
        row->answer = (struct ledger_verdict){.status = STATUS_TOO_MANY_HELD, .remaining = 65535};
        row->part_count = 0;
    } else if (r->kind == KIND_RESERVE && row->part_count > 0) {
        row->deadline_ms = m->now_ms + r->hold_10s * UINT64_C(10000);
        row->answer.until_s = (uint32_t)(row->deadline_ms / 1000);
    }
    row->state = row->deadline_ms != 0 ? STATE_RESERVED : STATE_CONFIRMED;
    if (row->part_count == 0)
        row->state = STATE_DENIED;
    else
        row->answer.remaining = remaining_of(m, row);
    row->left = row->state == STATE_DENIED ? 0 : row->purchase.quantity;
    row->confirmed = row->state == STATE_CONFIRMED ? row->purchase.quantity : 0;
    memcpy(row->bought, row->parts, sizeof(row->bought));
    tell(&row->answer, row, row->purchase.quantity, row->parts);
    add(m, row);
}

static struct ledger_verdict state_of(const struct model_row *row)
{
    static const uint16_t statuses[] = {STATUS_UNKNOWN_TRANSACTION,
                                        STATUS_RESERVED,
                                        STATUS_CONFIRMED,
                                        STATUS_CANCELLED,
                                        STATUS_EXPIRED,
                                        0,
                                        STATUS_REFUNDED}; /* in order of states */
    struct ledger_verdict v = row->answer;
    if (row->state == STATE_DENIED)
        return v;
    bool is_over = row->state == STATE_CONFIRMED && row->is_over;
    v.status = is_over ? STATUS_OVER_LIMIT : statuses[row->state];
    v.until_s = row->state == STATE_RESERVED ? v.until_s : 0;
    tell(&v, row, row->left, row->parts);
    return v;
}

/* q of n: units up, money down. */
static struct model_part portion(struct model_part part, uint32_t q, uint32_t n)
{
    uint32_t units = (part.units * q + n - 1) / n, uses = (part.uses * q + n - 1) / n;
    return (struct model_part){part.relief, part.term_day, (uint16_t)units, (uint16_t)uses,
                               part.amount * q / n};
}

/* Takes units, or without units an amount, away from what is left, into `back`. */
static void take(struct model_row *row, uint16_t q, uint64_t amount, struct model_part back[])
{
    for (uint32_t p = row->part_count; p-- > 0;) {
        uint64_t some = amount < row->parts[p].amount ? amount : row->parts[p].amount;
        back[p] =
            q != 0 ? portion(row->parts[p], q, row->left) : (struct model_part){.amount = some};
        amount -= some;
        row->parts[p].units = (uint16_t)(row->parts[p].units - back[p].units);
        row->parts[p].uses = (uint16_t)(row->parts[p].uses - back[p].uses);
        row->parts[p].amount -= back[p].amount;
    }
    row->left = (uint16_t)(row->left - q);
}

/* A CONFIRM, CANCEL or REFUND of a transaction; whether it changes anything. */
static bool change(struct model *m, struct model_row *row, const struct ledger_request *r,
                   struct ledger_verdict *v)
{
    struct model_part back[POSTING_PART_COUNT_MAX];
    bool is_held = row->state == STATE_RESERVED, is_confirmed = row->state == STATE_CONFIRMED;
    uint16_t q = r->quantity != 0 ? r->quantity : row->purchase.quantity, why;
    const struct ledger_verdict exceeds = {.status = STATUS_EXCEEDS, .remaining = 65535};
    *v = state_of(row);
    if (r->kind == KIND_CONFIRM && (is_held || row->state == STATE_EXPIRED)) {
        if (q > row->purchase.quantity)
            return *v = exceeds, false;
        for (uint32_t p = 0; p < row->part_count; p++) {
            row->parts[p] = portion(row->bought[p], q, row->purchase.quantity);
            row->parts[p].term_day = UINT32_MAX;
        }
        for (uint32_t p = 0; p < row->part_count && !is_held; p++)
            row->is_over |= leave(m, row, p, &why) != ALL;
        row->state = STATE_CONFIRMED;
        row->left = row->confirmed = q;
        *v = state_of(row);
    } else if (r->kind == KIND_CANCEL && is_held) {
        take(row, row->left, 0, back);
        row->state = STATE_CANCELLED;
        v->status = STATUS_CANCELLED;
    } else if (r->kind == KIND_REFUND && is_confirmed) {
        uint64_t amount = r->amount != v->relief_amount ? r->amount : 0;
        if (r->amount > v->relief_amount || r->quantity > row->left)
            return *v = exceeds, false;
        q = amount != 0 ? 0 : r->quantity != 0 ? r->quantity : row->left;
        take(row, q, amount, back);
        row->state = row->left == 0 ? STATE_REFUNDED : STATE_CONFIRMED;
        v->status = row->left == 0 ? STATUS_REFUNDED : STATUS_CONFIRMED;
        tell(v, row, q, back);
    } else {
        if (r->kind == KIND_CONFIRM && is_confirmed && q != row->confirmed)
            *v = exceeds;
        return false;
    }
    v->remaining = 65535;
    v->until_s = 0;
    return true;
}

/* What is asked about a transaction; whether it changes anything. */
static bool speak(struct model *m, const struct ledger_request *r, struct ledger_verdict *v)
{
    bool is_other = r->terminal == LS_TERMINAL_OTHER; /* of another provider than the two */
    uint32_t index = m->index[r->target_terminal - LS_TERMINAL][r->target_id];
    struct model_row tombstone = {.terminal = r->target_terminal,
                                  .id = r->target_id,
                                  .is_tombstone = true,
                                  .state = STATE_CANCELLED,
                                  .answer.remaining = 65535};
    v->status = STATUS_UNKNOWN_TRANSACTION;
    if (!r->is_operator && is_other != (r->target_terminal == LS_TERMINAL_OTHER))
        return false;
    if (index != 0)
        return m->rows[index - 1].state != STATE_NONE && change(m, &m->rows[index - 1], r, v);
    if (r->kind != KIND_CANCEL)
        return false;
    add(m, &tombstone);
    *v = state_of(&tombstone);
    return true;
}

struct ledger_verdict model_apply(struct model *m, const struct ledger_request *r)
{
    uint32_t index = m->index[r->terminal - LS_TERMINAL][r->request_id];
    const struct model_row *own = index != 0 && r->kind != KIND_STATUS ? &m->rows[index - 1] : NULL;
    struct ledger_verdict v = {.remaining = 65535};
    struct model_row row = {.terminal = r->terminal,
                            .id = r->request_id,
                            .body = r->body,
                            .subject = r->subject,
                            .purchase = r->purchase,
                            .day = riga_day_of_time(r->purchase.service_time_s)};
    bool is_itself = r->terminal == r->target_terminal && r->request_id == r->target_id;
    if (own != NULL && own->is_tombstone && kind_is_purchase(r->kind)) {
        v = state_of(own);
    } else if (own != NULL ? own->is_tombstone || own->body != r->body
                           : is_itself && r->kind == KIND_CANCEL) {
        v.status = STATUS_CONFLICT;
    } else if (own != NULL) {
        v = own->state == STATE_CANCELLED ? state_of(own) : own->answer;
    } else if (kind_is_purchase(r->kind)) {
        buy(m, &row, r);
        v = row.answer;
    } else if (speak(m, r, &v)) {
        row.answer = v;
        add(m, &row);
    }
    v.ticket = r->ticket;
    return v;
}

uint32_t model_expire(struct model *m)
{
    uint32_t count = 0;
    struct model_part back[POSTING_PART_COUNT_MAX];
    for (struct model_row *row = m->rows; row < m->rows + m->count; row++)
        if (row->state == STATE_RESERVED && row->deadline_ms <= m->now_ms) {
            take(row, row->left, 0, back);
            row->state = STATE_EXPIRED;
            count++;
        }
    return count;
}
