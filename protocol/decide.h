/* The decision: pure, without clock, storage or settings. The numbers of its steps are the same in
 * decide.c, in engine/DESIGN.md ("The decision"), in what `eligload explain` tells and in the table
 * of tests/test_decide.c.
 *
 * It stands here because two programs must decide alike: the engine answers with it, the loader
 * tries, tests and explains a catalogue with it. */
#ifndef PROTOCOL_DECIDE_H
#define PROTOCOL_DECIDE_H

#include "protocol/edition.h"
#include "protocol/frame.h"

/* What limits leave of a relief. */
struct allowance {
    uint16_t relief;      /* index */
    uint64_t amount_most; /* it takes off at most, 1/10000 EUR; 0: it is out */
};

/* What is being bought, where, how and when; nothing about who. */
struct purchase {
    uint32_t product;        /* number */
    uint32_t point_of_sale;  /* number; 0: not stated */
    uint32_t unit_price;     /* 1/10000 EUR */
    uint16_t quantity;       /* 1..QUANTITY_MAX, companions' units among them */
    uint8_t companions;      /* at most quantity - 1 count */
    uint8_t means, entry;    /* enum means, enum entry */
    uint64_t service_time_s; /* UTC; never 0: the caller puts its own time there */
    /* Of the ledger's purchases, once limits have spoken; a relief that is not named is free. */
    const struct allowance *allowances;
    uint32_t allowance_count;
};

/* The step that settled it. Never leaves the process: a merchant does not learn why. */
enum decision {
    DECISION_PRODUCT = 1,
    DECISION_POINT = 2,
    DECISION_WINDOW = 3,
    DECISION_CONTRACT = 4,
    DECISION_MEANS = 5,   /* settles nothing: goes on as for a person who is nobody */
    DECISION_CLAUSES = 6, /* settles nothing: gathers what the next ones look at */
    DECISION_BEST = 7,
    DECISION_MISSING = 8,
    DECISION_NONE = 9,
};

/* What steps 1 to 4 found, before anybody is looked up: clauses that may apply. */
struct candidates {
    enum status
        status; /* OK; or UNKNOWN_PRODUCT, UNKNOWN_POINT_OF_SALE, OUTSIDE_WINDOW, NO_CONTRACT */
    enum decision step; /* of a status that is not OK */
    const struct clause *clauses;
    uint32_t clause_count;
    uint32_t day;    /* civil day in Riga of the service */
    uint32_t minute; /* of that day's wall clock */
    uint64_t asking; /* which of the first 64 clauses ask about more than day and group */
};
/* `now` is a second that many purchases share; any, when they do not. */
void decide_candidates_into(struct candidates *out, const struct edition *edition,
                            const struct purchase *purchase, const struct riga_time *now);
static inline struct candidates decide_candidates(const struct edition *edition,
                                                  const struct purchase *purchase)
{
    struct candidates candidates;
    decide_candidates_into(&candidates, edition, purchase, &(struct riga_time){.utc_s = 0});
    return candidates;
}

#define VERDICT_PART_COUNT_MAX 4 /* one relief, and at most three that stack on it */

struct verdict_part {
    const struct clause *clause;
    uint64_t amount;     /* 1/10000 EUR */
    uint16_t unit_count; /* that it covers */
    uint16_t use_count;  /* the person's own among them: what limits of uses count */
    uint32_t term_day;   /* on which the membership began; 0: the clause is about everybody */
};

struct verdict {
    enum status status; /* APPLIES, NO_DATA, DOES_NOT_APPLY, or what the candidates say */
    enum decision step;
    uint16_t split;         /* funding-split code; 0 without relief; SPLIT_SEVERAL */
    uint32_t relief;        /* code; 0 without relief; of several reliefs that of them together */
    uint64_t relief_amount; /* 1/10000 EUR; 0 without relief */
    uint64_t payable;       /* 1/10000 EUR */
    uint64_t valid_until_s; /* UTC: from then on it may be otherwise; 0 without relief */
    uint32_t part_count;
    struct verdict_part parts[VERDICT_PART_COUNT_MAX]; /* in the order in which they were applied */
};

/* Steps 5 to 9. `view` is one of the edition's tables; `candidates` are the purchase's.
 *
 * A view with VIEW_DECOY is read like any other, and then the question is asked about nobody: so
 * that whoever is not known costs the same memory and the same steps as somebody who is. */
#define VIEW_DECOY (UINT32_C(1) << 31)
static_assert(VIEW_DECOY > PAYLOAD_VIEW_MASK, "no view has that number");
void decide_into(struct verdict *out, const struct edition *edition,
                 const struct candidates *candidates, uint32_t view,
                 const struct purchase *purchase);

/* The same for whoever is in no hurry: a verdict is large. */
static inline struct verdict decide(const struct edition *edition,
                                    const struct candidates *candidates, uint32_t view,
                                    const struct purchase *purchase)
{
    struct verdict verdict;
    decide_into(&verdict, edition, candidates, view, purchase);
    return verdict;
}

/* ---- the parts of step 6, for whoever tells it aloud ---- */

/* Whether a clause is about this purchase, whoever buys: the first thing that is against it. */
enum fit {
    FIT_YES,
    FIT_NOT_THIS_DAY,
    FIT_NOT_THIS_TIME,
    FIT_PRICE,
    FIT_QUANTITY,
    FIT_MEANS,
    FIT_ENTRY,
};
enum fit decide_fit(const struct edition *edition, const struct clause *clause,
                    const struct candidates *candidates, const struct purchase *purchase);

/* Whether a person with this set is in a group on that day. */
struct membership_truth {
    enum truth truth;
    uint32_t until_day; /* the membership's end; 0 when TRUTH_NO, as the next */
    uint32_t from_day;
};
struct membership_truth decide_membership(const struct tables *tables, uint32_t set, uint16_t group,
                                          uint32_t day);

/* What the clause takes off, of `payable` that is still to pay for all units; whatever limits say.
 */
struct verdict_part decide_amount(const struct clause *clause, const struct purchase *purchase,
                                  uint64_t payable);

/* Who pays how much of `amount` for so many covered units: by part of the split. */
void decide_split(uint64_t out[static SPLIT_PART_COUNT_MAX], const struct split *split,
                  uint64_t amount, uint16_t unit_count);

/* The code of several reliefs together, in this order. */
uint32_t decide_code_together(uint32_t code, uint32_t next_code);

#endif
