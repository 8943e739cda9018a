#include "protocol/ledger_limits.h"

#include <inttypes.h>
#include <stddef.h>

#define PERIODS_COUNTED 6 /* day to lifetime, but for terms; those of all together are few */

/* What somebody, or everybody together, has had under a scope in a period. */
struct had {
    uint64_t subject; /* the key; 0: all together */
    uint32_t scope, number, period, zero;
    int64_t uses, amount;
};

void kept_start(struct kept_limits *kept)
{
    totals_start(&kept->had, sizeof(struct had), offsetof(struct had, uses));
}

void kept_free(struct kept_limits *kept)
{
    totals_free(&kept->had);
}

uint64_t kept_need(uint64_t part_count)
{
    return totals_need(sizeof(struct had), PERIODS_COUNTED * part_count);
}

/* ---- what was had ---- */

static void add(struct kept_limits *kept, const struct had *key, int64_t uses, int64_t amount)
{
    struct had *at = totals_at(&kept->had, key);
    if (at == NULL) {
        kept->has_failed = true;
        return;
    }
    at->uses += uses;
    at->amount += amount;
}

void kept_add(struct kept_limits *kept, uint64_t subject, uint32_t scope, uint32_t day,
              int64_t uses, int64_t amount)
{
    for (uint8_t period = A_DAY; period <= A_LIFETIME; period++) {
        if (period == A_TERM) /* when it began is not in the ledger */
            continue;
        struct had key = {.scope = scope, .number = row_period_of(period, day), .period = period};
        if (kept->counts_all)
            add(kept, &key, uses, amount);
        key.subject = subject;
        if (subject != 0)
            add(kept, &key, uses, amount);
    }
}

/* ---- limits ---- */

static bool stands(const struct row_limit *limit, uint32_t day)
{
    return limit->from_day <= day && day < limit->until_day;
}

static size_t first_of(const struct row_limits *limits, uint32_t scope)
{
    size_t low = 0, high = limits->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (limits->list[middle].scope < scope)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whether uses under the scope count under the limit on that day. */
static bool counts(const struct row_limits *limits, const struct row_limit *limit, uint32_t scope,
                   uint32_t day)
{
    if (limit->scope == scope)
        return true;
    if (limit->shared == 0)
        return false;
    for (size_t i = first_of(limits, scope); i < limits->count; i++) {
        const struct row_limit *other = &limits->list[i];
        if (other->scope != scope)
            break;
        if (other->shared == limit->shared && stands(other, day))
            return true;
    }
    return false;
}

struct sum {
    int64_t uses, amount;
};

static void add_had(struct sum *sum, const struct kept_limits *kept, const struct had *key)
{
    const struct had *had = totals_find(&kept->had, key);
    if (had == NULL)
        return;
    sum->uses += had->uses;
    sum->amount += had->amount;
}

/* Under all scopes that count under it, before the posting. */
static struct sum had_before(const struct kept_limits *kept, const struct row_limits *limits,
                             const struct row_limit *limit, uint64_t subject, uint32_t day)
{
    struct sum sum = {0, 0};
    struct had key = {.subject = limit->kind == BUDGET ? 0 : subject,
                      .scope = limit->scope,
                      .number = row_period_of(limit->period, day),
                      .period = limit->period};
    if (limit->shared == 0) {
        add_had(&sum, kept, &key);
        return sum;
    }
    key.scope = 0;
    for (size_t i = 0; i < limits->count; i++) {
        const struct row_limit *other = &limits->list[i];
        if (other->shared != limit->shared || other->scope == key.scope || !stands(other, day))
            continue;
        key.scope = other->scope;
        add_had(&sum, kept, &key);
    }
    return sum;
}

static bool is_about_persons(const struct row_limit *limit)
{
    return limit->kind == SPACING || (limit->kind != BUDGET && limit->period != A_PURCHASE);
}

/* What must be known beside the ledger, or in the other shares of the work. */
static bool can_be_compared(const struct kept_limits *kept, const struct row_limit *limit)
{
    return limit->kind != SPACING && limit->period != A_TERM &&
           (limit->kind != BUDGET || kept->counts_all);
}

static void compare(struct kept_limits *kept, const struct row_limits *limits,
                    const struct row_limit *limit, const struct row_posting *p, uint8_t part,
                    const uint32_t scopes[])
{
    uint32_t day = row_day(p->service_s);
    if (is_about_persons(limit) && p->subject == 0) {
        findings_add(kept->findings, "I1", p->sequence,
                     "relief %" PRIu32 ": has a limit for persons, and was given to nobody",
                     limit->scope);
        return;
    }
    if (!can_be_compared(kept, limit))
        return;
    struct sum before = {0, 0};
    if (limit->period != A_PURCHASE)
        before = had_before(kept, limits, limit, p->subject, day);
    for (uint8_t i = 0; i < part; i++)
        if (counts(limits, limit, scopes[i], day)) {
            before.uses += p->parts[i].uses;
            before.amount += (int64_t)p->parts[i].amount;
        }
    int64_t had = limit->kind == USES ? before.uses : before.amount;
    int64_t more = limit->kind == USES ? p->parts[part].uses : (int64_t)p->parts[part].amount;
    if (more > 0 && (had > INT64_MAX - more || had + more > (int64_t)limit->value))
        findings_add(kept->findings, "I1", p->sequence,
                     "limit of relief %" PRIu32 ", kind %u, period %u: want at most %" PRIu64
                     ", found %" PRId64 " and %" PRId64 " more",
                     limit->scope, limit->kind, limit->period, limit->value, had, more);
}

void kept_compare(struct kept_limits *kept, const struct row_posting *p,
                  const uint32_t scopes[static PARTS])
{
    const struct row_limits *limits = kept->of(kept->with, p->generation);
    if (limits == NULL) {
        kept->unknown_count++;
        return;
    }
    kept->compared_count++;
    for (uint8_t part = 0; part < p->part_count; part++)
        for (size_t i = first_of(limits, scopes[part]);
             i < limits->count && limits->list[i].scope == scopes[part]; i++)
            if (stands(&limits->list[i], row_day(p->service_s)))
                compare(kept, limits, &limits->list[i], p, part, scopes);
}
