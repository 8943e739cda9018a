/* What all together have had of a relief, from the ledger's tallies of days. */
#ifndef PROTOCOL_BUDGET_H
#define PROTOCOL_BUDGET_H

#include "protocol/ledger_read.h"
#include "protocol/snapshot.h"

#define BUDGET_DAY_COUNT_MAX 4000 /* as many days as are added */

/* Adds days of service from..until under a scope. */
MUST_USE bool budget_add_days(struct tally *sum, struct ledger_reader *reader, uint32_t scope,
                              uint32_t from, uint32_t until, struct fault *fault);

/* Under a budget, all that share it together, in the period in which the day lies, which begins on
 * *from. Of a lifetime the BUDGET_DAY_COUNT_MAX days up to that day. */
MUST_USE bool budget_spent(struct tally *out, uint32_t *from, struct ledger_reader *reader,
                           const struct tables *tables, const struct limit *limit, uint32_t day,
                           struct fault *fault);

#endif
