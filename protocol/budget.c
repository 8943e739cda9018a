#include "protocol/budget.h"

bool budget_add_days(struct tally *sum, struct ledger_reader *reader, uint32_t scope, uint32_t from,
                     uint32_t until, struct fault *fault)
{
    for (uint32_t day = from; day < until; day++) {
        struct tally tally;
        bool is_there;
        if (!ledger_reader_tally(&tally, &is_there, reader, 0, scope, PERIOD_DAY, day, fault))
            return false;
        if (!is_there)
            continue;
        sum->used_uses += tally.used_uses;
        sum->held_uses += tally.held_uses;
        sum->used_amount += tally.used_amount;
        sum->held_amount += tally.held_amount;
    }
    return true;
}

static bool shares(const struct tables *tables, uint32_t relief, const struct limit *limit)
{
    for (uint32_t i = 0; i < tables->limit_count; i++)
        if (tables->limits[i].relief == relief && tables->limits[i].shared == limit->shared)
            return true;
    return false;
}

bool budget_spent(struct tally *out, uint32_t *from, struct ledger_reader *reader,
                  const struct tables *tables, const struct limit *limit, uint32_t day,
                  struct fault *fault)
{
    uint32_t until;
    *out = (struct tally){.used_uses = 0};
    period_days(from, &until, limit->period, period_number(limit->period, day, day));
    if (until == DAY_NEVER || until - *from > BUDGET_DAY_COUNT_MAX) {
        until = day + 1;
        *from = until > BUDGET_DAY_COUNT_MAX ? until - BUDGET_DAY_COUNT_MAX : 0;
    }
    for (uint32_t relief = 0; relief < tables->relief_count; relief++) {
        bool counts =
            relief == limit->relief || (limit->shared != 0 && shares(tables, relief, limit));
        if (counts &&
            !budget_add_days(out, reader, tables->reliefs[relief].code, *from, until, fault))
            return false;
    }
    return true;
}
