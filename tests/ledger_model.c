#include "tests/ledger_model.h"

#define ALL          UINT64_MAX
#define ONLY(status) ((struct ledger_verdict){0, status, .remaining = 65535})

static struct model_row *add(struct model *m, const struct model_row *row)
{
    struct model_row *added = &m->rows[m->count++];
    *added = *row;
    added->before = m->last[row->subject];
    m->last[row->subject] = added->at = m->count;
    return m->named[row->terminal - LS_TERMINAL][row->id] = added;
}

static bool counts(const struct model *m, const struct limit *l, uint32_t r, uint32_t day)
{
    for (const struct limit *o = m->limits; l->shared != 0 && o < m->limits + m->limit_count; o++)
        if (o->shared == l->shared && o->relief == r && o->from_day <= day && day < o->until_day)
            return true;
    return l->shared == 0 && l->relief == r;
}

/* Of what has ended nothing is left in its parts. */
struct tally model_tally(const struct model *m, const struct limit *l, uint64_t subject,
                         uint32_t number, uint32_t day)
{
    struct tally t = {0};
    uint32_t from, until, i = subject != 0 ? m->last[subject] : m->count;
    period_days(&from, &until, l->period, number);
    for (const struct model_row *o; i != 0; i = subject != 0 ? o->before : i - 1) {
        o = &m->rows[i - 1];
        bool is_in = o->day >= from && o->day < until, is_held = o->state == STATE_RESERVED;
        const struct model_row *asked = &m->rows[l->kind == LIMIT_SPACING ? number - 1 : 0];
        uint64_t apart = o->purchase.service_time_s - asked->purchase.service_time_s;
        if (l->kind == LIMIT_SPACING)
            is_in = i != number && (apart < l->value * 60 || -apart < l->value * 60);
        else if (l->period == PERIOD_PURCHASE)
            is_in = i == number;
        for (const struct verdict_part *p = o->now.parts; p < o->now.parts + o->now.part_count; p++)
            if (is_in && counts(m, l, p->clause->relief, day)) {
                *(is_held ? &t.held_uses : &t.used_uses) += p->use_count;
                *(is_held ? &t.held_amount : &t.used_amount) += p->amount;
            }
    }
    return t;
}

static uint64_t left_by(const struct model *m, const struct limit *l, const struct model_row *row,
                        uint32_t term_day)
{
    bool is_own = l->period == PERIOD_PURCHASE || l->kind == LIMIT_SPACING;
    uint32_t number = is_own ? row->at : period_number(l->period, row->day, term_day);
    uint64_t subject = l->kind == LIMIT_BUDGET ? 0 : row->subject;
    struct tally t = model_tally(m, l, subject, number, row->day);
    bool is_money = l->kind == LIMIT_AMOUNT || l->kind == LIMIT_BUDGET;
    uint64_t had = is_money ? t.used_amount + t.held_amount : t.used_uses + t.held_uses;
    return l->value > had && (had == 0 || l->kind != LIMIT_SPACING) ? l->value - had : 0;
}

/* What all leave, kind by kind in the order they are asked; why, and of uses that are published. */
static uint64_t leave(const struct model *m, struct model_row *row, uint32_t p)
{
    static const uint16_t whys[] = {0, STATUS_LIMIT_REACHED, STATUS_LIMIT_REACHED, STATUS_TOO_SOON,
                                    STATUS_BUDGET_SPENT};
    const struct verdict_part *part = &row->now.parts[p];
    const uint64_t needs[] = {0, part->use_count, part->amount | !part->amount, 1, part->amount};
    uint64_t least = ALL;
    for (uint8_t kind = LIMIT_USES; kind <= LIMIT_BUDGET && least == ALL; kind++)
        for (const struct limit *l = m->limits; l < m->limits + m->limit_count; l++) {
            bool is_personal = l->kind != LIMIT_BUDGET && l->period != PERIOD_PURCHASE;
            bool is_out = row->subject == 0 && is_personal;
            if (l->relief != part->clause->relief || row->day < l->from_day ||
                row->day >= l->until_day || (l->kind != kind && !is_out))
                continue;
            uint64_t left = is_out ? 0 : left_by(m, l, row, part->term_day);
            uint16_t *told = &row->answer.remaining, some = left < 65534 ? (uint16_t)left : 65534;
            if (kind == LIMIT_USES && l->is_published && is_personal && !is_out)
                *told = some < *told ? some : *told;
            left = needs[kind] <= left ? ALL : kind == LIMIT_AMOUNT ? left : 0;
            row->why = left < least ? whys[kind] : row->why;
            least = left < least ? left : least;
        }
    return least;
}

/* With what is left in its parts, or was given back of so much before. */
static void tell(struct ledger_verdict *v, const struct model_row *row, uint16_t q, uint64_t before)
{
    uint64_t total = (uint64_t)row->purchase.unit_price * q, sum = 0;
    for (uint32_t p = 0; p < row->now.part_count; p++)
        sum += row->now.parts[p].amount;
    v->sequence = 1;
    v->relief_amount = before != 0 ? before - sum : sum;
    v->payable = total > v->relief_amount ? total - v->relief_amount : 0;
}

/* Decided until limits leave all of it. A part that is asked about stands beside those before it.
 */
static struct ledger_verdict buy(struct model *m, struct model_row *row,
                                 const struct ledger_request *r)
{
    struct allowance most[] = {{0, ALL}, {1, ALL}, {2, ALL}, {3, ALL}, {4, ALL}, {5, ALL}};
    uint16_t why = 0, quantity = row->purchase.quantity;
    uint32_t held = 0, count = 0, *at = &row->now.part_count;
    for (uint32_t i = row->before; i != 0 && r->subject != 0; i = m->rows[i - 1].before)
        held += m->rows[i - 1].state == STATE_RESERVED;
    row->purchase.allowances = most;
    row->purchase.allowance_count = LS_RELIEF_COUNT;
    for (uint64_t left = 0; left != ALL;) {
        decide_into(&row->now, r->edition, &r->candidates, r->view, &row->purchase);
        for (count = *at, left = ALL, *at = 0; *at < count && left == ALL; ++*at) {
            left = leave(m, row, *at);
            row->is_over |= left != ALL && r->kind == KIND_LATE;
            left = r->kind == KIND_LATE ? ALL : left;
            most[row->now.parts[*at].clause->relief].amount_most = left;
            why = left == 0 && why == 0 ? row->why : why;
        }
    }
    why = count == 0 && why != 0 ? why : (uint16_t)row->now.status;
    row->answer = ONLY(row->is_over ? STATUS_OVER_LIMIT : why);
    row->answer.relief = row->now.relief;
    row->answer.split = row->now.split;
    if (count > 0 && r->kind == KIND_RESERVE && held >= 3) {
        row->answer = ONLY(STATUS_TOO_MANY_HELD);
        *at = 0;
    } else if (count > 0 && r->kind == KIND_RESERVE) {
        row->deadline_ms = m->now_ms + r->hold_10s * UINT64_C(10000);
        row->answer.until_s = (uint32_t)(row->deadline_ms / 1000);
    }
    row->state = *at == 0 ? STATE_DENIED : row->deadline_ms != 0 ? STATE_RESERVED : STATE_CONFIRMED;
    for (uint32_t p = 0; p < *at; p++)
        (void)leave(m, row, p);
    row->left = *at == 0 ? 0 : quantity;
    row->confirmed = row->state == STATE_CONFIRMED ? quantity : 0;
    row->bought = row->now;
    tell(&row->answer, row, quantity, 0);
    return row->answer;
}

static struct ledger_verdict state_of(const struct model_row *row)
{
    static const uint16_t said[] = {
        0, STATUS_RESERVED, STATUS_CONFIRMED, STATUS_CANCELLED, STATUS_EXPIRED, 0, STATUS_REFUNDED};
    struct ledger_verdict v = row->answer;
    if (row->state == STATE_DENIED)
        return v;
    v.status = row->is_over && row->state == STATE_CONFIRMED ? STATUS_OVER_LIMIT : said[row->state];
    v.until_s = row->state == STATE_RESERVED ? v.until_s : 0;
    tell(&v, row, row->left, 0);
    return v;
}

/* q of n units stay: units and uses are rounded up, money by `up` of n. */
static void keep(struct model_row *row, uint16_t q, uint32_t n, uint32_t up)
{
    for (struct verdict_part *p = row->now.parts; p < row->now.parts + row->now.part_count; p++) {
        p->unit_count = (uint16_t)((p->unit_count * q + n - 1u) / n);
        p->use_count = (uint16_t)((p->use_count * q + n - 1u) / n);
        p->amount = (p->amount * q + up) / n;
    }
    row->left = q;
}

/* A CONFIRM, CANCEL or REFUND of a transaction; whether it changes anything. */
static bool change(struct model *m, struct model_row *row, const struct ledger_request *r,
                   struct ledger_verdict *v)
{
    bool is_held = row->state == STATE_RESERVED, is_used = row->state == STATE_CONFIRMED;
    bool is_confirm = r->kind == KIND_CONFIRM && (is_held || row->state == STATE_EXPIRED);
    bool is_cancel = r->kind == KIND_CANCEL && is_held,
         is_refund = r->kind == KIND_REFUND && is_used;
    *v = state_of(row);
    uint64_t left = v->relief_amount, amount = r->amount != left ? r->amount : 0;
    uint16_t all = is_refund ? row->left : row->purchase.quantity;
    uint16_t q = amount != 0 ? 0 : r->quantity != 0 ? r->quantity : all;
    if (((is_refund || is_confirm) && (q > all || amount > left)) ||
        (r->kind == KIND_CONFIRM && is_used && q != row->confirmed))
        *v = ONLY(STATUS_EXCEEDS);
    if (v->status == STATUS_EXCEEDS || !(is_confirm || is_cancel || is_refund))
        return false;
    if (is_confirm) {
        row->now = row->bought;
        keep(row, q, all, 0);
        row->confirmed = q;
        row->state = STATE_CONFIRMED;
        uint32_t *at = &row->now.part_count;
        for (*at = 0; *at < row->bought.part_count; ++*at)
            row->is_over |= !is_held && leave(m, row, *at) != ALL;
        row->answer.remaining = v->remaining; /* as it was */
        *v = state_of(row);
    } else {
        keep(row, (uint16_t)(all - q), all, all - 1u);
        for (uint32_t p = row->now.part_count; p-- > 0;) {
            uint64_t *of = &row->now.parts[p].amount, some = amount < *of ? amount : *of;
            *of -= some;
            amount -= some;
        }
        row->state = is_held ? STATE_CANCELLED : row->left == 0 ? STATE_REFUNDED : row->state;
        v->status = row->left == 0 ? state_of(row).status : STATUS_CONFIRMED;
        tell(v, row, q, left);
    }
    v->remaining = 65535;
    v->until_s = 0;
    return true;
}

struct ledger_verdict model_apply(struct model *m, const struct ledger_request *r)
{
    bool is_purchase = kind_is_purchase(r->kind), is_other = r->terminal == LS_TERMINAL_OTHER;
    bool is_strange = !r->is_operator && is_other != (r->target_terminal == LS_TERMINAL_OTHER);
    uint32_t day = riga_day_of_time(r->purchase.service_time_s);
    struct model_row row = {r->terminal, r->request_id, r->body,
                            r->subject,  r->purchase,   .day = day};
    struct model_row *own = m->named[r->terminal - LS_TERMINAL][r->request_id], *target;
    row.answer = ONLY(STATUS_UNKNOWN_TRANSACTION);
    if (own != NULL && r->kind != KIND_STATUS) {
        if (own->body == 0 ? !is_purchase : own->body != r->body)
            return ONLY(STATUS_CONFLICT);
        return own->state == STATE_CANCELLED ? state_of(own) : own->answer;
    }
    if (is_purchase)
        return buy(m, add(m, &row), r);
    target = m->named[r->target_terminal - LS_TERMINAL][r->target_id];
    if (is_strange || (target != NULL ? target->state == STATE_NONE : r->kind != KIND_CANCEL))
        return row.answer;
    if (target == NULL && r->terminal == r->target_terminal && r->request_id == r->target_id)
        return ONLY(STATUS_CONFLICT);
    if (target == NULL) {
        struct model_row none = {r->target_terminal, r->target_id, .state = STATE_CANCELLED};
        none.answer = ONLY(0);
        row.answer = state_of(add(m, &none));
    } else if (!change(m, target, r, &row.answer)) {
        return row.answer;
    }
    return add(m, &row)->answer;
}

uint32_t model_expire(struct model *m)
{
    uint32_t count = 0;
    for (struct model_row *row = m->rows; row < m->rows + m->count; row++)
        if (row->state == STATE_RESERVED && row->deadline_ms <= m->now_ms) {
            keep(row, 0, row->left, 0);
            row->state = STATE_EXPIRED;
            count++;
        }
    return count;
}
