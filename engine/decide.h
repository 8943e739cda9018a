/* The decision: pure, without clock, storage or settings. The numbers of its steps are the same in
 * decide.c, in DESIGN.md ("The decision") and in the table of tests/test_decide.c. */
#ifndef ENGINE_DECIDE_H
#define ENGINE_DECIDE_H

#include "engine/edition.h"
#include "protocol/frame.h"

/* What is being bought, and when. */
struct purchase {
    uint32_t product;        /* number */
    uint32_t unit_price;     /* 1/10000 EUR */
    uint16_t quantity;       /* 1..QUANTITY_MAX */
    uint64_t service_time_s; /* UTC; never 0: the caller puts its own time there */
};

/* The step that settled it. Never leaves the process: a merchant does not learn why. */
enum step {
    STEP_PRODUCT = 1,
    STEP_WINDOW = 2,
    STEP_MEANS = 3,   /* settles nothing: goes on as for a person who is nobody */
    STEP_CLAUSES = 4, /* settles nothing: gathers what the next three look at */
    STEP_BEST = 5,
    STEP_MISSING = 6,
    STEP_NONE = 7,
};

struct verdict {
    enum status status; /* APPLIES, NO_DATA, DOES_NOT_APPLY, UNKNOWN_PRODUCT or OUTSIDE_WINDOW */
    enum step step;
    uint16_t split;         /* funding-split code; 0 without relief */
    uint32_t relief;        /* code; 0 without relief */
    uint64_t relief_amount; /* 1/10000 EUR; 0 without relief */
    uint64_t payable;       /* 1/10000 EUR */
    uint32_t until_day;     /* from this day on it may be otherwise; 0 without relief */
};

/* `view` is one of the edition's tables. */
struct verdict decide(const struct edition *edition, uint32_t view,
                      const struct purchase *purchase);

/* Whether a person with this set is in a group on that day. */
struct membership_truth {
    enum truth truth;
    uint32_t until_day; /* the membership's end; 0 when TRUTH_NO */
};
struct membership_truth decide_membership(const struct tables *tables, uint32_t set, uint16_t group,
                                          uint32_t day);

#endif
