/* A tally as it lies in the ledger, against what the postings come to day by day: the verifier's.
 */
#ifndef PROTOCOL_LEDGER_TALLIES_H
#define PROTOCOL_LEDGER_TALLIES_H

#include "protocol/ledger_fold.h"

struct tally_check {
    struct ledger_findings *findings;
    const struct totals *stops;
    bool knows_all;     /* nothing was pruned */
    uint32_t first_day; /* else: of the oldest posting that is left */
};

/* What was used by subject, scope and day, in that order. */
void spent_sort(struct totals *days);

/* Complains when the row is not the sum of its days, which are sorted; of what was pruned at least
 * that. */
void tally_check(const struct tally_check *check, const struct totals *days, const uint8_t *key,
                 const uint8_t *row);

#endif
