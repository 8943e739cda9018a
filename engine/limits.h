/* Limits and budgets: what they leave of a purchase, and the tallies that they are compared with.
 * What each says is in protocol/LEDGER.md, "Who decides". */
#ifndef ENGINE_LIMITS_H
#define ENGINE_LIMITS_H

#include "engine/book_parts.h"

/* A part as limits see it. */
struct limit_part {
    uint32_t relief;   /* index; RELIEF_NONE: the snapshot does not know it any more */
    uint32_t term_day; /* TERM_UNKNOWN: limits of terms are not asked */
    uint16_t use_count;
    uint64_t amount;
};
#define RELIEF_NONE UINT32_MAX

/* A purchase that limits are asked about, part by part. */
struct limit_case {
    const struct edition *edition;
    uint64_t subject;
    uint64_t service_time_s;
    uint32_t day; /* its civil day */
    uint32_t part_count;
    struct limit_part parts[POSTING_PART_COUNT_MAX];
};

/* What limits leave of part `index`, those before it given: UINT64_MAX: all; 0: it is out, and why;
 * else its amount is cut to that. The first refusal of a budget in a period is written down when
 * `writes_stop`. */
uint64_t limits_leave(struct book *book, const struct limit_case *limit_case, uint32_t index,
                      bool writes_stop, uint16_t *status);

/* Whether any limit says no, or less, to what has happened already. All are asked, so that all have
 * their tallies before it is added. */
bool limits_are_passed(struct book *book, const struct limit_case *limit_case);

/* Of a purchase that has been tallied: what is left of published limits of uses. */
uint16_t limits_remaining(struct book *book, const struct limit_case *limit_case);

/* Writes down which budgets the purchase, tallied already, has brought past their warning. */
void limits_warn(struct book *book, const struct limit_case *limit_case);

#endif
