#include "protocol/ledger_tallies.h"

#include <inttypes.h>

static int compare_spent(const void *left, const void *right)
{
    const struct spent *a = left, *b = right;
    if (a->subject != b->subject)
        return a->subject < b->subject ? -1 : 1;
    if (a->scope != b->scope)
        return a->scope < b->scope ? -1 : 1;
    return (a->day > b->day) - (a->day < b->day);
}

void spent_sort(struct totals *days)
{
    totals_sort(days, compare_spent);
}

/* The sum of days from..until; `days` are sorted. */
static struct spent sum_days(const struct totals *days, uint64_t subject, uint32_t scope,
                             uint32_t from, uint32_t until)
{
    struct spent sum = {.subject = subject, .scope = scope, .day = from};
    size_t low = 0, high = days->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_spent(totals_entry(days, middle), &sum) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < days->count; low++) {
        const struct spent *at = totals_entry(days, low);
        if (at->subject != subject || at->scope != scope || at->day >= until)
            break;
        sum.used_uses += at->used_uses;
        sum.held_uses += at->held_uses;
        sum.used_amount += at->used_amount;
        sum.held_amount += at->held_amount;
    }
    return sum;
}

/* What was pruned has been counted, but is not in the fold any more. */
static bool is_near(int64_t found, int64_t wanted, bool is_exact)
{
    return is_exact ? found == wanted : found >= wanted;
}

/* Uses are counted modulo 2^32; what is less than none is of what was pruned. */
static int64_t as_counted(int64_t uses)
{
    return uses < 0 ? uses : uses & UINT32_MAX;
}

static bool has_stop(const struct tally_check *check, uint32_t scope, uint8_t period,
                     uint32_t number)
{
    struct stop key = {.number = number, .scope = scope, .period = period};
    return totals_find(check->stops, &key) != NULL;
}

/* Of a relief's own budget, and of each that is shared. */
static void check_stopped(const struct tally_check *check, uint32_t scope, uint8_t period,
                          uint32_t number, uint8_t mark)
{
    bool is_stopped = has_stop(check, scope, period, number);
    bool is_wrong =
        mark > 1 || (is_stopped && mark == 0) || (check->knows_all && !is_stopped && mark != 0);
    if (is_wrong)
        findings_add(check->findings, "I1", 0,
                     "tally of relief %" PRIu32 ", period %u, number %" PRIu32
                     ": want marks as there are STOP postings, found %u",
                     scope, period, number, mark);
}

void tally_check(const struct tally_check *check, const struct totals *days, const uint8_t *key,
                 const uint8_t *row)
{
    uint32_t scope = (uint32_t)key_number(key + 8, 4), number = (uint32_t)key_number(key + 13, 4);
    uint64_t subject = key_number(key, 8);
    uint32_t from, until;
    if (scope == 0 || !row_period(&from, &until, key[12], number)) {
        findings_add(check->findings, "I1", 0,
                     "tallies: there is no period %u, number %" PRIu32 ", scope %" PRIu32, key[12],
                     number, scope);
        return;
    }
    struct spent sum = sum_days(days, subject, scope, from, until);
    sum.used_uses = as_counted(sum.used_uses);
    sum.held_uses = as_counted(sum.held_uses);
    bool is_exact = check->knows_all || from > check->first_day;
    int64_t uses = (int64_t)row_number(row, 4), held = (int64_t)row_number(row + 4, 4);
    int64_t amount = (int64_t)row_number(row + 8, 8),
            held_amount = (int64_t)row_number(row + 16, 8);
    if (!is_near(uses, sum.used_uses, is_exact) || !is_near(amount, sum.used_amount, is_exact) ||
        !is_near(held, sum.held_uses, is_exact) || !is_near(held_amount, sum.held_amount, is_exact))
        findings_add(check->findings, "I1", 0,
                     "tally of relief %" PRIu32 ", %s, period %u, number %" PRIu32 ": want %" PRId64
                     " uses, %" PRId64 " held, %" PRId64 " and %" PRId64
                     " /10000 EUR; found %" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64,
                     scope, subject == 0 ? "all together" : "a subject's", key[12], number,
                     sum.used_uses, sum.held_uses, sum.used_amount, sum.held_amount, uses, held,
                     amount, held_amount);
    if (row_number(row + 25, 7) != 0 || (subject != 0 && row[24] != 0))
        findings_add(check->findings, "I1", 0,
                     "tally of relief %" PRIu32 ": is not as it was written", scope);
    if (subject == 0)
        check_stopped(check, scope, key[12], number, row[24]);
}
