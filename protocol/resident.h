/* What a ledger keeps of one person, and what reliefs they may have now: for that person. */
#ifndef PROTOCOL_RESIDENT_H
#define PROTOCOL_RESIDENT_H

#include "protocol/ledger_read.h"
#include "protocol/report_snapshot.h"

#define RESIDENT_POSTING_COUNT_MAX 1000000

/* A person's postings, the newest first. */
struct resident {
    struct posting *postings;
    size_t count;
    bool is_cut; /* older ones were removed after their time */
};
MUST_USE bool resident_read(struct resident *out, struct ledger_reader *reader, uint64_t subject,
                            struct fault *fault);
void resident_free(struct resident *resident);

/* Whom the ledger counts for: by the snapshot's index, so that cards and changed codes lead to the
 * same subject, else by the identifier itself. `snapshot` may have none open. */
MUST_USE bool resident_subject(uint64_t *subject, uint32_t *view,
                               const struct report_snapshot *snapshot,
                               const struct identity_key *subject_key,
                               const struct identifier *identifier, struct fault *fault);

/* A relief that the person may have on a day somewhere, and one of its limits. */
struct resident_offer {
    const struct relief *relief;
    uint32_t until_day;        /* DAY_NEVER: no end is known */
    const struct limit *limit; /* NULL: it has none */
    uint64_t had, left;        /* uses, or 1/10000 EUR, under the limit in its period */
};

/* Calls `take` for each relief and each of its limits of uses or amounts per period; for a relief
 * without any, once. What was used before `resident` begins is not known. */
MUST_USE bool resident_offers(const struct report_snapshot *snapshot, uint32_t view, uint32_t day,
                              const struct resident *resident, const struct account_list *accounts,
                              void (*take)(void *to, const struct resident_offer *offer), void *to,
                              struct fault *fault);

/* One check about the person that nobody stored as a transaction: from the journal of checks. */
struct resident_ask {
    uint64_t time_s;
    uint32_t terminal, point_of_sale, product;
    uint16_t status;
};
struct resident_asks {
    const struct resident_ask *rows; /* the newest first */
    size_t count;
};

#endif
