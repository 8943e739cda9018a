#include "protocol/ledger_fold.h"

#include "protocol/ledger_limits.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* ---- what was found ---- */

void findings_add(struct ledger_findings *findings, const char *rule, uint64_t sequence,
                  const char *format, ...)
{
    findings->count++;
    if (findings->told_count == findings->told_max || findings->told_count == VIOLATION_TOLD_MAX)
        return;
    struct ledger_violation *told = &findings->told[findings->told_count++];
    told->rule = rule;
    told->sequence = sequence;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(told->text, sizeof(told->text), format, arguments);
    va_end(arguments);
}

/* ---- shares ---- */

static uint64_t mixed(uint64_t value)
{
    value = (value ^ value >> 31) * UINT64_C(0x7fb5d329728ea185);
    return value ^ value >> 27;
}

bool fold_is_mine(const struct fold *fold, uint64_t subject)
{
    return mixed(subject) % fold->share_count == fold->share;
}

/* All postings of a transaction fall into one share: that of its subject, or of its name. */
static bool posting_is_mine(const struct fold *fold, const struct row_posting *p)
{
    if (p->subject != 0)
        return fold_is_mine(fold, p->subject);
    bool is_about =
        p->kind == CONFIRM || p->kind == CANCEL || p->kind == REFUND || p->kind == EXPIRE;
    return fold_is_mine(fold, is_about ? mixed(p->target) ^ p->target_terminal
                                       : mixed(p->id) ^ p->terminal);
}

void fold_start(struct fold *fold)
{
    totals_start(&fold->transactions, sizeof(struct folded), offsetof(struct folded, first));
    totals_start(&fold->persons, sizeof(struct person), offsetof(struct person, last));
    totals_start(&fold->days, sizeof(struct spent), offsetof(struct spent, used_uses));
    totals_start(&fold->all_days, sizeof(struct spent), offsetof(struct spent, used_uses));
    totals_start(&fold->stops, sizeof(struct stop), sizeof(struct stop));
}

void fold_next_share(struct fold *fold)
{
    totals_free(&fold->transactions);
    totals_free(&fold->persons);
    totals_free(&fold->days);
    fold->share++;
}

void fold_free(struct fold *fold)
{
    totals_free(&fold->transactions);
    totals_free(&fold->persons);
    totals_free(&fold->days);
    totals_free(&fold->all_days);
    totals_free(&fold->stops);
}

/* ---- what is used and held ---- */

static void spend_at(struct fold *fold, struct totals *days, const struct spent *key,
                     const struct row_part *part, int used, int held)
{
    struct spent *at = totals_at(days, key);
    if (at == NULL) {
        fold->has_failed = true;
        return;
    }
    at->used_uses += used * (int64_t)part->uses;
    at->held_uses += held * (int64_t)part->uses;
    at->used_amount += used * (int64_t)part->amount;
    at->held_amount += held * (int64_t)part->amount;
}

static void spend(struct fold *fold, const struct row_posting *p, const struct row_part parts[],
                  uint8_t part_count, int used, int held)
{
    for (uint8_t i = 0; i < part_count; i++) {
        uint32_t account = parts[i].account;
        if (account == 0 || account > fold->account_count || fold->scopes[account] == 0) {
            findings_add(fold->findings, "I1", p->sequence,
                         "part %u: want an account, found number %" PRIu32 " of %" PRIu32, i + 1,
                         account, fold->account_count);
            continue;
        }
        struct spent key = {
            .subject = 0, .scope = fold->scopes[account], .day = row_day(p->service_s)};
        spend_at(fold, &fold->all_days, &key, &parts[i], used, held);
        key.subject = p->subject;
        if (p->subject != 0)
            spend_at(fold, &fold->days, &key, &parts[i], used, held);
        if (fold->kept != NULL)
            kept_add(fold->kept, p->subject, key.scope, key.day,
                     (used + held) * (int64_t)parts[i].uses,
                     (used + held) * (int64_t)parts[i].amount);
    }
}

/* What was taken over a limit says so; of all else it must have been left. */
static void compare_with_limits(struct fold *fold, const struct row_posting *p)
{
    uint32_t scopes[PARTS] = {0};
    if (fold->kept == NULL || (p->flags & IS_OVER) != 0)
        return;
    for (uint8_t i = 0; i < p->part_count; i++)
        if (p->parts[i].account <= fold->account_count)
            scopes[i] = fold->scopes[p->parts[i].account];
    kept_compare(fold->kept, p, scopes);
}

/* ---- transactions ---- */

static struct folded *find_transaction(struct fold *fold, uint32_t terminal, uint64_t id)
{
    struct folded key = {.id = id, .terminal = terminal};
    return totals_find(&fold->transactions, &key);
}

/* A new one under this name; NULL: there is one already, or no memory. */
static struct folded *add_transaction(struct fold *fold, const struct row_posting *p,
                                      uint32_t terminal, uint64_t id)
{
    struct folded key = {.id = id, .terminal = terminal};
    struct folded *there = totals_find(&fold->transactions, &key);
    if (there != NULL) {
        findings_add(fold->findings, "I5", p->sequence,
                     "want a new request id, found that of posting %" PRIu64, there->first);
        return NULL;
    }
    struct folded *new = totals_at(&fold->transactions, &key);
    if (new == NULL) {
        fold->has_failed = true;
        return NULL;
    }
    new->first = new->last = p->sequence;
    return new;
}

static void add_own_row(struct fold *fold, const struct row_posting *p)
{
    struct folded *own = add_transaction(fold, p, p->terminal, p->id);
    if (own == NULL)
        return;
    own->kind = p->kind;
    own->body = p->body;
}

static void open_count_add(struct fold *fold, const struct row_posting *p, int count)
{
    struct person *person = totals_find(&fold->persons, &p->subject);
    if (person == NULL)
        return;
    person->open_count += (uint32_t)count;
    if (count > 0 && person->open_count > HOLDS_OF_A_SUBJECT)
        findings_add(fold->findings, "I2", p->sequence,
                     "want at most %u open reservations of a subject, found %" PRIu32,
                     HOLDS_OF_A_SUBJECT, person->open_count);
}

static void expect_state(struct fold *fold, const struct row_posting *p, uint8_t wanted)
{
    if (p->state != wanted)
        findings_add(fold->findings, "I5", p->sequence, "state: want %u, found %u", wanted,
                     p->state);
}

static void fold_purchase(struct fold *fold, const struct row_posting *p)
{
    struct folded *t = add_transaction(fold, p, p->terminal, p->id);
    if (t == NULL)
        return;
    bool is_held = p->kind == RESERVE;
    t->kind = p->kind;
    t->state = p->state;
    t->body = p->body;
    t->subject = p->subject;
    t->day = row_day(p->service_s);
    t->flags = p->flags & (uint16_t)~BY_AMOUNT;
    if (p->state == DENIED) {
        if (p->part_count != 0)
            findings_add(fold->findings, "I1", p->sequence, "a denial: want no parts, found %u",
                         p->part_count);
        return;
    }
    expect_state(fold, p, is_held ? HELD : TAKEN);
    t->until_s = p->until_s;
    t->part_count = p->part_count;
    t->quantity = p->quantity;
    t->confirmed = is_held ? 0 : p->quantity;
    memcpy(t->parts, p->parts, sizeof(t->parts));
    compare_with_limits(fold, p);
    spend(fold, p, p->parts, p->part_count, !is_held, is_held);
    if (is_held)
        open_count_add(fold, p, 1);
}

/* What a CANCEL says that came before its purchase: nothing but names. */
static bool is_tombstone(const struct row_posting *p)
{
    return p->kind == CANCEL && p->subject == 0 && p->product == 0 && p->service_s == 0 &&
           p->quantity == 0 && p->part_count == 0;
}

static void fold_tombstone(struct fold *fold, const struct row_posting *p)
{
    struct folded *t = add_transaction(fold, p, p->target_terminal, p->target);
    if (t == NULL)
        return;
    t->kind = CANCEL;
    t->state = UNDONE;
    t->flags = p->flags & (uint16_t)~BY_AMOUNT;
    expect_state(fold, p, UNDONE);
}

/* Each part is about the account of the purchase's, and within what is there. */
static bool parts_fit(struct fold *fold, const struct row_posting *p, const struct folded *t,
                      bool is_bounded)
{
    bool fits = p->part_count == t->part_count && (!is_bounded || p->quantity <= t->quantity);
    for (uint8_t i = 0; fits && i < t->part_count; i++) {
        const struct row_part *there = &t->parts[i], *part = &p->parts[i];
        fits = part->account == there->account &&
               (!is_bounded || (part->units <= there->units && part->uses <= there->uses &&
                                part->amount <= there->amount));
    }
    if (!fits)
        findings_add(fold->findings, "I1", p->sequence,
                     "want the accounts of posting %" PRIu64 " and at most what it has left",
                     t->first);
    return fits;
}

static void fold_confirm(struct fold *fold, const struct row_posting *p, struct folded *t)
{
    if (!parts_fit(fold, p, t, t->state == HELD))
        return;
    if (t->state == HELD) {
        spend(fold, p, t->parts, t->part_count, 0, -1);
        open_count_add(fold, p, -1);
    } else {
        compare_with_limits(fold, p);
    }
    spend(fold, p, p->parts, p->part_count, 1, 0);
    t->state = TAKEN;
    t->quantity = t->confirmed = p->quantity;
    memcpy(t->parts, p->parts, sizeof(t->parts));
}

/* CANCEL and EXPIRE: all that was held. */
static void fold_release(struct fold *fold, const struct row_posting *p, struct folded *t)
{
    if (p->quantity != t->quantity || p->part_count != t->part_count ||
        memcmp(p->parts, t->parts, sizeof(t->parts)) != 0)
        findings_add(fold->findings, "I1", p->sequence,
                     "want all that posting %" PRIu64 " held to be given back", t->first);
    spend(fold, p, t->parts, t->part_count, 0, -1);
    open_count_add(fold, p, -1);
    for (uint8_t i = 0; i < t->part_count; i++)
        t->parts[i] = (struct row_part){.account = t->parts[i].account};
    t->state = p->kind == CANCEL ? UNDONE : RUN_OUT;
    t->quantity = 0;
}

static void fold_refund(struct fold *fold, const struct row_posting *p, struct folded *t)
{
    if (!parts_fit(fold, p, t, true))
        return;
    spend(fold, p, p->parts, p->part_count, -1, 0);
    t->quantity = (uint16_t)(t->quantity - p->quantity);
    uint64_t left = 0;
    for (uint8_t i = 0; i < t->part_count; i++) {
        t->parts[i].units = (uint16_t)(t->parts[i].units - p->parts[i].units);
        t->parts[i].uses = (uint16_t)(t->parts[i].uses - p->parts[i].uses);
        t->parts[i].amount -= p->parts[i].amount;
        left += t->parts[i].amount + t->parts[i].uses;
    }
    t->state = t->quantity == 0 && left == 0 ? GIVEN_BACK : TAKEN;
}

static void check_same_purchase(struct fold *fold, const struct row_posting *p,
                                const struct folded *t)
{
    if (p->subject != t->subject || row_day(p->service_s) != t->day)
        findings_add(fold->findings, "I1", p->sequence,
                     "want the subject and day of posting %" PRIu64 ", found others", t->first);
}

static bool state_allows(const struct row_posting *p, const struct folded *t)
{
    switch (p->kind) {
    case CONFIRM:
        return t->state == HELD || t->state == RUN_OUT;
    case REFUND:
        return t->state == TAKEN;
    default:
        return t->state == HELD;
    }
}

/* With what was pruned its beginning may be gone, and then its row is, too. */
static struct folded *add_gone(struct fold *fold, const struct row_posting *p)
{
    struct folded *t =
        fold->pruned > 0 ? add_transaction(fold, p, p->target_terminal, p->target) : NULL;
    if (t != NULL)
        t->is_gone = true;
    else
        findings_add(fold->findings, "I5", p->sequence, "want a transaction before it, found none");
    return t;
}

static void fold_follower(struct fold *fold, const struct row_posting *p)
{
    struct folded *t = find_transaction(fold, p->target_terminal, p->target);
    if (p->kind != EXPIRE)
        add_own_row(fold, p); /* moves what was found */
    if (t == NULL && is_tombstone(p)) {
        fold_tombstone(fold, p);
        return;
    }
    t = find_transaction(fold, p->target_terminal, p->target);
    if (t == NULL)
        t = add_gone(fold, p);
    if (t == NULL)
        return;
    if (t->is_gone) {
        int sign = p->kind == REFUND ? -1 : p->kind == CONFIRM ? 1 : 0;
        spend(fold, p, p->parts, p->part_count, sign, 0);
        return;
    }
    if (!state_allows(p, t)) {
        findings_add(fold->findings, "I5", p->sequence,
                     "posting %" PRIu64 " has come to state %u: want no other end, found kind %u",
                     t->first, t->state, p->kind);
        return;
    }
    check_same_purchase(fold, p, t);
    if (p->kind == CONFIRM)
        fold_confirm(fold, p, t);
    else if (p->kind == REFUND)
        fold_refund(fold, p, t);
    else
        fold_release(fold, p, t);
    expect_state(fold, p, t->state);
    t->last = p->sequence;
    t->flags |= p->flags & (uint16_t)~BY_AMOUNT;
}

/* ---- subjects ---- */

static uint32_t later_day(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* Walks through purchases go over what was given only, or follow the list. */
static void fold_walk(struct fold *fold, struct person *person, const struct row_posting *p)
{
    bool is_given = (p->kind == USE || p->kind == RESERVE || p->kind == LATE) && p->state != DENIED;
    uint32_t day = 0;
    uint64_t to = p->skip < p->sequence ? p->sequence - p->skip : 0;
    bool is_good = p->skip == 0 ||
                   (is_given && (person->walk_from != 0 ? to == person->walk_from
                                                        : fold->leads(fold->with, to, 0, &day)));
    if (!is_good)
        findings_add(fold->findings, "I1", p->sequence,
                     "skip: want it to lead to the purchase before, %" PRIu64 ", found %" PRIu64,
                     person->walk_from, to);
    if (is_given || p->before == 0)
        person->walk_from = p->sequence;
}

static void fold_subject(struct fold *fold, const struct row_posting *p)
{
    struct person *person = totals_at(&fold->persons, &p->subject);
    uint32_t between = 0;
    if (person == NULL) {
        fold->has_failed = true;
        return;
    }
    bool is_cut = person->last == 0 && p->before != 0 && p->before <= fold->pruned;
    if (p->before != person->last && !is_cut &&
        !fold->leads(fold->with, p->before, person->last, &between))
        findings_add(fold->findings, "I1", p->sequence,
                     "subject's posting before: want %" PRIu64 ", found %" PRIu64, person->last,
                     p->before);
    uint32_t wanted = later_day(later_day(person->day_most, between), row_day(p->service_s));
    bool knows_all = person->last != 0 || p->before == 0;
    if (knows_all ? p->day_most != wanted : p->day_most < wanted)
        findings_add(fold->findings, "I1", p->sequence,
                     "latest day of service: want %" PRIu32 ", found %" PRIu32, wanted,
                     p->day_most);
    fold_walk(fold, person, p);
    person->last = p->sequence;
    person->day_most = p->day_most;
}

/* ---- the whole ---- */

static void check_flags(struct fold *fold, const struct row_posting *p)
{
    bool is_over = (p->flags & IS_OVER) != 0;
    bool may_be_over = (p->kind == LATE || p->kind == CONFIRM) && p->state == TAKEN;
    if (is_over && !may_be_over)
        findings_add(fold->findings, "I1", p->sequence,
                     "over limit: want a LATE or CONFIRM that took, found kind %u", p->kind);
    if (p->status == OVER_LIMIT_ANSWER && !is_over)
        findings_add(fold->findings, "I1", p->sequence,
                     "OVER_LIMIT was answered: want the flag, found none");
}

static void fold_stop(struct fold *fold, const struct row_posting *p)
{
    struct stop key = {.number = p->target, .scope = p->relief, .period = p->target_terminal};
    if (totals_at(&fold->stops, &key) == NULL)
        fold->has_failed = true;
}

void fold_posting(struct fold *fold, const struct row_posting *p)
{
    if (p->kind == STOP && fold->share == 0)
        fold_stop(fold, p);
    if (p->kind > EXPIRE || !posting_is_mine(fold, p))
        return;
    check_flags(fold, p);
    if (p->subject != 0)
        fold_subject(fold, p);
    else if (p->day_most != 0 || p->before != 0)
        findings_add(fold->findings, "I1", p->sequence,
                     "of no subject: want no posting before and no day, found one");
    if (p->kind == USE || p->kind == RESERVE || p->kind == LATE)
        fold_purchase(fold, p);
    else
        fold_follower(fold, p);
}
