#include "protocol/decide.h"

#include <assert.h>

#define SET_NOBODY 0

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Sorted by this: spans of a group are disjoint, so their ends rise as their beginnings do. */
static uint64_t membership_order(uint16_t group, uint32_t until_day)
{
    return (uint64_t)group << 32 | until_day;
}

struct membership_truth decide_membership(const struct tables *tables, uint32_t set, uint16_t group,
                                          uint32_t day)
{
    const struct membership *memberships = tables->memberships + tables->set_first[set];
    uint32_t count = tables->set_first[set + 1] - tables->set_first[set];

    /* The first of the group that has not ended on that day is the only one that can hold it. */
    uint64_t wanted = membership_order(group, day);
    while (count > 0) {
        uint32_t half = count / 2;
        const struct membership *middle = memberships + half;
        if (membership_order(middle->group, middle->until_day) <= wanted) {
            memberships = middle + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    if (memberships == tables->memberships + tables->set_first[set + 1] ||
        memberships->group != group || memberships->from_day > day)
        return (struct membership_truth){TRUTH_NO, 0};
    return (struct membership_truth){(enum truth)memberships->truth, memberships->until_day};
}

/* Half a unit of 1/10000 EUR is rounded up, in favour of the person. */
static uint64_t relief_amount(uint64_t total, uint16_t percent_bp)
{
    return (total * percent_bp + PERCENT_ALL_BP / 2) / PERCENT_ALL_BP;
}
static_assert((uint64_t)UINT32_MAX * QUANTITY_MAX < UINT64_MAX / PERCENT_ALL_BP - 1,
              "the largest price times the largest quantity times 100 % fits");

static struct verdict settle(enum step step, enum status status, uint64_t total)
{
    return (struct verdict){.status = status, .step = step, .payable = total};
}

struct verdict decide(const struct edition *edition, uint32_t view_index,
                      const struct purchase *purchase)
{
    const struct tables *tables = edition->tables;
    assert(view_index < tables->view_count);
    const struct view *view = &tables->views[view_index];
    uint64_t total = (uint64_t)purchase->unit_price * purchase->quantity;

    /* 1. What is bought must be in the catalogue. */
    const struct clause_span *span = edition_find_product(edition, purchase->product);
    if (span == NULL)
        return settle(STEP_PRODUCT, STATUS_UNKNOWN_PRODUCT, total);

    /* 2. The service time must fall on a day that this snapshot can judge. */
    uint32_t day;
    if (!calendar_find_day(&day, &edition->calendar, purchase->service_time_s))
        return settle(STEP_WINDOW, STATUS_OUTSIDE_WINDOW, total);

    /* 3. A means that is not good on the day leads to nobody. */
    uint32_t set = day >= view->from_day && day < view->until_day ? view->set : SET_NOBODY;

    /* 4. Each clause of the product: its relief in force, and the person in its group? */
    struct verdict best = settle(STEP_BEST, STATUS_APPLIES, total);
    bool is_any_yes = false;
    bool is_any_unknown = false;
    const struct clause *clauses = tables->clauses + span->clause_first;
    for (uint32_t i = 0; i < span->clause_count; i++) {
        const struct relief *relief = &tables->reliefs[clauses[i].relief];
        if (day < relief->from_day || day >= relief->until_day)
            continue;
        struct membership_truth in_group = decide_membership(tables, set, clauses[i].group, day);
        is_any_unknown |= in_group.truth == TRUTH_UNKNOWN;
        if (in_group.truth != TRUTH_YES)
            continue;
        uint64_t amount = relief_amount(total, clauses[i].percent_bp);
        if (is_any_yes && amount <= best.relief_amount)
            continue; /* of equals the one written first */
        is_any_yes = true;
        best.relief = relief->code;
        best.split = relief->split;
        best.relief_amount = amount;
        best.until_day = min_u32(in_group.until_day, relief->until_day);
    }

    /* 5. The best of those that are sure; for as long as everything that it rests on lasts. */
    if (is_any_yes) {
        best.payable = total - best.relief_amount;
        best.until_day =
            min_u32(best.until_day, min_u32(view->until_day, edition->calendar.until_day));
        return best;
    }

    /* 6. Missing data are not a no. */
    if (is_any_unknown)
        return settle(STEP_MISSING, STATUS_NO_DATA, total);

    /* 7. Unknown, ended and not entitled have all come this way. */
    return settle(STEP_NONE, STATUS_DOES_NOT_APPLY, total);
}
