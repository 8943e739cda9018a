#include "tests/ledger_model.h"

#include "tests/ledger_scene.h"

#include <assert.h>
#include <string.h>

#define ALL UINT64_MAX

static uint32_t slot_of(const struct model *m, uint32_t terminal, uint64_t id)
{
    uint32_t at = (uint32_t)(id * 31 + terminal) % COUNT_OF(m->slots);
    for (; m->slots[at] != 0; at = (at + 1) % COUNT_OF(m->slots))
        if (m->rows[m->slots[at] - 1].id == id && m->rows[m->slots[at] - 1].terminal == terminal)
            break;
    return at;
}

struct model_row *model_find(struct model *m, uint32_t terminal, uint64_t id)
{
    uint32_t index = m->slots[slot_of(m, terminal, id)];
    return index != 0 ? &m->rows[index - 1] : NULL;
}

static void add(struct model *m, const struct model_row *row)
{
    assert(m->count < MODEL_ROOM);
    m->slots[slot_of(m, row->terminal, row->id)] = m->count + 1;
    m->rows[m->count] = *row;
    m->rows[m->count++].next_of_subject = m->last_of_subject[row->subject];
    m->last_of_subject[row->subject] = m->count;
}

static bool is_in(uint8_t period, uint32_t number, uint32_t day)
{
    return period == PERIOD_STATUS_TERM ? day >= number : period_number(period, day, 0) == number;
}

struct tally model_tally(const struct model *m, uint64_t subject, uint32_t relief, uint8_t period,
                         uint32_t number)
{
    struct tally t = {0};
    for (uint32_t i = m->last_of_subject[subject]; i != 0; i = m->rows[i - 1].next_of_subject) {
        const struct model_row *row = &m->rows[i - 1];
        bool is_held = row->state == STATE_RESERVED;
        if ((!is_held && row->state != STATE_CONFIRMED) || !is_in(period, number, row->day))
            continue;
        for (uint32_t p = 0; p < row->part_count; p++)
            if (row->parts[p].relief == relief) {
                *(is_held ? &t.held_uses : &t.used_uses) += row->parts[p].uses;
                *(is_held ? &t.held_amount : &t.used_amount) += row->parts[p].amount;
            }
    }
    return t;
}

static void spend(struct model *m, const struct model_row *row, uint64_t sign)
{
    for (uint32_t p = 0; p < row->part_count; p++)
        m->spent[row->parts[p].relief][row->day - LS_FROM] += sign * row->parts[p].amount;
}

static bool stands(const struct limit *l, uint32_t day)
{
    return l->from_day <= day && day < l->until_day;
}

static bool counts(const struct model *m, const struct limit *l, uint32_t relief, uint32_t day)
{
    bool is_shared = false;
    for (uint32_t i = 0; l->shared != 0 && i < m->limit_count; i++)
        is_shared |= m->limits[i].shared == l->shared && m->limits[i].relief == relief &&
                     stands(&m->limits[i], day);
    return l->shared != 0 ? is_shared : l->relief == relief;
}

/* Uses, or amount, that stand against a limit in the ledger. */
static uint64_t had(const struct model *m, const struct limit *l, const struct model_row *row,
                    uint32_t term_day)
{
    uint64_t sum = 0;
    uint32_t number = period_number(l->period, row->day, term_day);
    for (uint32_t r = 0; l->period != PERIOD_PURCHASE && r < MODEL_RELIEFS; r++) {
        if (!counts(m, l, r, row->day))
            continue;
        for (uint32_t d = 0; l->kind == LIMIT_BUDGET && d < MODEL_DAYS; d++)
            sum +=
                m->spent[r][d] != 0 && is_in(l->period, number, LS_FROM + d) ? m->spent[r][d] : 0;
        struct tally t = {0};
        if (l->kind != LIMIT_BUDGET)
            t = model_tally(m, row->subject, r, l->period, number);
        sum += l->kind == LIMIT_USES ? t.used_uses + t.held_uses : t.used_amount + t.held_amount;
    }
    return sum;
}

static bool is_too_soon(const struct model *m, const struct limit *l, const struct model_row *row)
{
    for (uint32_t i = m->last_of_subject[row->subject]; i != 0;
         i = m->rows[i - 1].next_of_subject) {
        const struct model_row *other = &m->rows[i - 1];
        uint64_t apart = row->time_s - other->time_s;
        bool is_open = other->state == STATE_RESERVED || other->state == STATE_CONFIRMED;
        if (!is_open || (apart >= l->value * 60 && -apart >= l->value * 60))
            continue;
        for (uint32_t p = 0; p < other->part_count; p++)
            if (other->parts[p].uses > 0 && counts(m, l, other->parts[p].relief, row->day))
                return true;
    }
    return false;
}

/* How much a limit leaves of part p. */
static uint64_t leave_by(const struct model *m, const struct limit *l, const struct model_row *row,
                         uint32_t p)
{
    const struct model_part *part = &row->parts[p];
    if (l->kind == LIMIT_SPACING)
        return is_too_soon(m, l, row) ? 0 : ALL;
    uint64_t before = had(m, l, row, part->term_day);
    for (uint32_t q = 0; q < p; q++)
        if (counts(m, l, row->parts[q].relief, row->day))
            before += l->kind == LIMIT_USES ? row->parts[q].uses : row->parts[q].amount;
    uint64_t left = l->value > before ? l->value - before : 0;
    if (l->kind == LIMIT_AMOUNT)
        return left;
    return (l->kind == LIMIT_USES ? part->uses : part->amount) <= left ? ALL : 0;
}

/* And all of them: first uses and amounts, then spacing, then budgets. */
static uint64_t leave(const struct model *m, const struct model_row *row, uint32_t p, uint16_t *why)
{
    static const uint16_t whys[] = {STATUS_LIMIT_REACHED, STATUS_TOO_SOON, STATUS_BUDGET_SPENT};
    const struct model_part *part = &row->parts[p];
    for (int round = 0; round < 3; round++) {
        uint64_t least = ALL;
        for (uint32_t i = 0; i < m->limit_count; i++) {
            const struct limit *l = &m->limits[i];
            int its_round = l->kind == LIMIT_SPACING ? 1 : l->kind == LIMIT_BUDGET ? 2 : 0;
            if (l->relief != part->relief || !stands(l, row->day) ||
                (l->period == PERIOD_STATUS_TERM && part->term_day == UINT32_MAX))
                continue;
            bool is_personal = l->kind != LIMIT_BUDGET && l->period != PERIOD_PURCHASE;
            uint64_t left = ALL;
            if (round == 0 && row->subject == 0 && is_personal)
                left = 0;
            else if (round == its_round)
                left = leave_by(m, l, row, p);
            least = left < least ? left : least;
        }
        *why = whys[round];
        if (least < part->amount || least == 0)
            return least;
    }
    return ALL;
}

static void decide_once(struct model_row *row, const struct ledger_request *r,
                        const struct allowance allowances[])
{
    struct purchase purchase = r->purchase;
    purchase.allowances = allowances;
    purchase.allowance_count = MODEL_RELIEFS;
    struct verdict v = decide(r->edition, &r->candidates, r->view, &purchase);
    row->answer.status = (uint16_t)v.status;
    row->answer.relief = v.relief;
    row->answer.split = v.split;
    row->part_count = v.part_count;
    for (uint32_t p = 0; p < v.part_count; p++)
        row->parts[p] =
            (struct model_part){v.parts[p].clause->relief, v.parts[p].term_day,
                                v.parts[p].unit_count, v.parts[p].use_count, v.parts[p].amount};
}

static void decide_within(const struct model *m, struct model_row *row,
                          const struct ledger_request *r)
{
    struct allowance most[MODEL_RELIEFS];
    uint16_t first_why = 0, why = 0;
    for (uint16_t i = 0; i < MODEL_RELIEFS; i++)
        most[i] = (struct allowance){i, ALL};
    for (bool is_settled = false; !is_settled;) {
        decide_once(row, r, most);
        is_settled = true;
        for (uint32_t p = 0; p < row->part_count && is_settled; p++) {
            uint64_t left = leave(m, row, p, &why);
            if (r->kind == KIND_LATE || left == ALL) {
                row->is_over |= left != ALL;
                continue;
            }
            is_settled = false;
            most[row->parts[p].relief].amount_most = left;
            first_why = left == 0 && first_why == 0 ? why : first_why;
        }
    }
    if (row->part_count == 0 && first_why != 0)
        row->answer.status = first_why;
    if (row->is_over)
        row->answer.status = STATUS_OVER_LIMIT;
}

static void tell(struct ledger_verdict *v, const struct model_row *row, uint16_t quantity,
                 const struct model_part parts[])
{
    uint64_t total = (uint64_t)row->price * quantity;
    v->relief_amount = 0;
    for (uint32_t p = 0; p < row->part_count; p++)
        v->relief_amount += parts[p].amount;
    v->payable = total > v->relief_amount ? total - v->relief_amount : 0;
    v->sequence = 1;
}

static uint16_t remaining_of(const struct model *m, const struct model_row *row)
{
    uint64_t least = ALL;
    for (uint32_t p = 0; p < row->part_count; p++)
        for (uint32_t i = 0; i < m->limit_count && row->subject != 0; i++) {
            const struct limit *l = &m->limits[i];
            if (l->relief != row->parts[p].relief || !stands(l, row->day) || !l->is_published ||
                l->kind != LIMIT_USES || l->period == PERIOD_PURCHASE)
                continue;
            uint64_t uses = had(m, l, row, row->parts[p].term_day); /* with this purchase */
            uint64_t left = l->value > uses ? l->value - uses : 0;
            least = left < least ? left : least;
        }
    return least == ALL ? 65535 : (uint16_t)(least < 65534 ? least : 65534);
}

static uint32_t held_by(const struct model *m, uint64_t subject)
{
    uint32_t count = 0;
    for (uint32_t i = m->last_of_subject[subject]; i != 0; i = m->rows[i - 1].next_of_subject)
        count += m->rows[i - 1].state == STATE_RESERVED;
    return count;
}

static void buy(struct model *m, struct model_row *row, const struct ledger_request *r)
{
    bool is_held = r->kind == KIND_RESERVE;
    decide_within(m, row, r);
    if (is_held && row->part_count > 0 && r->subject != 0 && held_by(m, r->subject) >= 3) {
        row->part_count = 0;
        row->answer.status = STATUS_TOO_MANY_HELD;
    }
    row->state = row->part_count == 0 ? STATE_DENIED : is_held ? STATE_RESERVED : STATE_CONFIRMED;
    row->answer.remaining = 65535;
    if (row->part_count == 0) {
        row->answer.relief = row->answer.split = 0;
    } else if (is_held) {
        row->deadline_ms = m->now_ms + r->hold_10s * UINT64_C(10000);
        row->answer.until_s = (uint32_t)(row->deadline_ms / 1000);
    }
    row->left = row->part_count == 0 ? 0 : row->quantity;
    row->confirmed = row->state == STATE_CONFIRMED ? row->quantity : 0;
    memcpy(row->bought, row->parts, sizeof(row->bought));
    tell(&row->answer, row, row->quantity, row->parts);
    spend(m, row, 1);
    add(m, row);
    if (row->part_count > 0)
        row->answer.remaining = remaining_of(m, row);
    m->rows[m->count - 1].answer = row->answer;
}

/* What has become of it. */
static struct ledger_verdict state_of(const struct model_row *row)
{
    static const uint16_t statuses[] = {
        [STATE_NONE] = STATUS_UNKNOWN_TRANSACTION, [STATE_RESERVED] = STATUS_RESERVED,
        [STATE_CONFIRMED] = STATUS_CONFIRMED,      [STATE_CANCELLED] = STATUS_CANCELLED,
        [STATE_EXPIRED] = STATUS_EXPIRED,          [STATE_REFUNDED] = STATUS_REFUNDED};
    struct ledger_verdict v = row->answer;
    if (row->state == STATE_DENIED)
        return v;
    v.status = statuses[row->state];
    if (row->state == STATE_CONFIRMED && row->is_over)
        v.status = STATUS_OVER_LIMIT;
    if (row->state != STATE_RESERVED)
        v.until_s = 0;
    tell(&v, row, row->left, row->parts);
    return v;
}

/* q of n: units up, money down. */
static struct model_part portion(struct model_part part, uint32_t q, uint32_t n)
{
    part.units = (uint16_t)((part.units * q + n - 1) / n);
    part.uses = (uint16_t)((part.uses * q + n - 1) / n);
    part.amount = part.amount * q / n;
    return part;
}

static bool confirm(struct model *m, struct model_row *row, const struct ledger_request *r,
                    struct ledger_verdict *v)
{
    uint16_t q = r->quantity != 0 ? r->quantity : row->quantity, why;
    if (row->state == STATE_CONFIRMED ? q != row->confirmed : q > row->quantity)
        v->status = STATUS_EXCEEDS;
    if (v->status == STATUS_EXCEEDS || row->state == STATE_CONFIRMED)
        return false;
    bool is_late = row->state == STATE_EXPIRED, is_over = false;
    spend(m, row, ALL); /* once less */
    for (uint32_t p = 0; p < row->part_count; p++) {
        row->parts[p] = portion(row->bought[p], q, row->quantity);
        row->parts[p].term_day = UINT32_MAX;
    }
    for (uint32_t p = 0; p < row->part_count && is_late; p++)
        is_over |= leave(m, row, p, &why) != ALL;
    spend(m, row, 1);
    row->is_over = is_over;
    row->state = STATE_CONFIRMED;
    row->left = row->confirmed = q;
    tell(v, row, q, row->parts);
    v->status = is_over ? STATUS_OVER_LIMIT : STATUS_CONFIRMED;
    return true;
}

static void end(struct model *m, struct model_row *row, enum transaction_state state)
{
    spend(m, row, ALL);
    memset(row->parts, 0, sizeof(row->parts));
    for (uint32_t p = 0; p < row->part_count; p++)
        row->parts[p].relief = row->bought[p].relief;
    row->state = state;
    row->left = 0;
}

static bool refund(struct model *m, struct model_row *row, const struct ledger_request *r,
                   struct ledger_verdict *v)
{
    struct model_part back[POSTING_PART_COUNT_MAX];
    struct ledger_verdict left;
    tell(&left, row, row->left, row->parts);
    uint64_t amount = r->amount;
    bool is_by_amount = amount != 0 && amount != left.relief_amount;
    uint16_t q = r->quantity != 0 && amount == 0 ? r->quantity : row->left;
    v->status = STATUS_EXCEEDS;
    if (amount > left.relief_amount || r->quantity > row->left)
        return false;
    for (uint32_t p = row->part_count; p-- > 0;) {
        back[p] = portion(row->parts[p], q, row->left);
        if (is_by_amount) {
            uint64_t some = amount < row->parts[p].amount ? amount : row->parts[p].amount;
            back[p] = (struct model_part){.amount = some};
            amount -= some;
        }
    }
    spend(m, row, ALL);
    for (uint32_t p = 0; p < row->part_count; p++) {
        row->parts[p].units = (uint16_t)(row->parts[p].units - back[p].units);
        row->parts[p].uses = (uint16_t)(row->parts[p].uses - back[p].uses);
        row->parts[p].amount -= back[p].amount;
    }
    spend(m, row, 1);
    q = is_by_amount ? 0 : q;
    row->left = (uint16_t)(row->left - q);
    row->state = row->left == 0 ? STATE_REFUNDED : STATE_CONFIRMED;
    tell(v, row, q, back);
    v->status = row->left == 0 ? STATUS_REFUNDED : STATUS_CONFIRMED;
    return true;
}

/* What is said about a transaction; whether it changes anything. */
static bool change(struct model *m, const struct ledger_request *r, struct ledger_verdict *v)
{
    static const uint64_t providers[] = {[LS_TERMINAL] = LS_PROVIDER,
                                         [LS_TERMINAL_BESIDE] = LS_PROVIDER,
                                         [LS_TERMINAL_OTHER] = LS_OTHER};
    struct model_row *row = model_find(m, r->target_terminal, r->target_id);
    v->status = STATUS_UNKNOWN_TRANSACTION;
    if (!r->is_operator && r->terminal != r->target_terminal &&
        (r->provider == 0 || providers[r->target_terminal] != r->provider))
        return false;
    if (row == NULL && r->kind == KIND_CANCEL) {
        struct model_row tombstone = {.terminal = r->target_terminal,
                                      .id = r->target_id,
                                      .is_tombstone = true,
                                      .state = STATE_CANCELLED,
                                      .answer = {.remaining = 65535}};
        v->status = STATUS_CANCELLED;
        v->sequence = 1;
        add(m, &tombstone);
        return true;
    }
    if (row == NULL || row->state == STATE_NONE)
        return false;
    *v = state_of(row);
    struct ledger_verdict state = *v;
    v->remaining = 65535;
    v->until_s = 0;
    bool is_done = false, is_held = row->state == STATE_RESERVED;
    if (r->kind == KIND_CONFIRM && (is_held || row->state == STATE_EXPIRED))
        is_done = confirm(m, row, r, v);
    else if (r->kind == KIND_CONFIRM && row->state == STATE_CONFIRMED)
        is_done = confirm(m, row, r, v);
    else if (r->kind == KIND_REFUND && row->state == STATE_CONFIRMED)
        is_done = refund(m, row, r, v);
    else if (r->kind == KIND_CANCEL && is_held) {
        tell(v, row, row->left, row->parts);
        v->status = STATUS_CANCELLED;
        end(m, row, STATE_CANCELLED);
        is_done = true;
    }
    if (!is_done && v->status == STATUS_EXCEEDS)
        *v = (struct ledger_verdict){.status = STATUS_EXCEEDS, .remaining = 65535};
    else if (!is_done)
        *v = state;
    return is_done;
}

struct ledger_verdict model_apply(struct model *m, const struct ledger_request *r)
{
    struct model_row *own =
        r->kind == KIND_STATUS ? NULL : model_find(m, r->terminal, r->request_id);
    struct ledger_verdict v = {.ticket = r->ticket, .remaining = 65535};
    struct model_row row = {.terminal = r->terminal, .id = r->request_id, .body = r->body};
    if (own != NULL && own->is_tombstone && kind_is_purchase(r->kind)) {
        v.status = STATUS_CANCELLED;
        v.sequence = 1;
    } else if (own != NULL && (own->body != r->body || own->is_tombstone)) {
        v.status = STATUS_CONFLICT;
    } else if (own != NULL) {
        v = own->state == STATE_CANCELLED ? state_of(own) : own->answer;
    } else if (kind_is_purchase(r->kind)) {
        row.subject = r->subject;
        row.time_s = r->purchase.service_time_s;
        row.day = riga_day_of_time(row.time_s);
        row.price = r->purchase.unit_price;
        row.quantity = r->purchase.quantity;
        buy(m, &row, r);
        v = row.answer;
    } else if (r->terminal == r->target_terminal && r->request_id == r->target_id &&
               r->kind == KIND_CANCEL) {
        v.status = STATUS_CONFLICT; /* a CANCEL of itself */
    } else if (change(m, r, &v)) {
        row.answer = v;
        add(m, &row);
    }
    v.ticket = r->ticket;
    return v;
}

uint32_t model_expire(struct model *m)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < m->count; i++)
        if (m->rows[i].state == STATE_RESERVED && m->rows[i].deadline_ms <= m->now_ms) {
            end(m, &m->rows[i], STATE_EXPIRED);
            count++;
        }
    return count;
}
