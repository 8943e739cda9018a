/* Tallies as limits ask for them: the row, or what a walk through the postings finds. */
#ifndef ENGINE_TALLIES_H
#define ENGINE_TALLIES_H

#include "engine/book_parts.h"

/* Of a subject with more purchases than are walked through nobody can say: as much as stands
 * against every limit, and nothing is kept of that. */
struct tally tally_find(struct book *book, const struct tally_name *name);

/* One request holds up all others: more purchases than anybody has in a lifetime, a few at a time
 * on every day, are no person's but somebody's who wants the ledger to stand still. Denials, and
 * what was asked about a purchase, are stepped over: whoever is refused again and again buries
 * nobody. */
#define WALK_POSTINGS_MAX 65536

/* A subject's purchases that are held or confirmed, the last one first, as far back as any may be
 * of a service on `from_day` or after it. */
struct walk {
    struct book *book;
    uint64_t next; /* sequence */
    uint32_t from_day;
    uint32_t left; /* purchases that are still looked at */
    bool is_cut;   /* there were more */
    struct posting posting;
    struct transaction transaction;
};
struct walk walk_begin(struct book *book, uint64_t subject, uint32_t from_day);
MUST_USE bool walk_next(struct walk *walk);

/* Adds to the subject's tallies of a scope, and to those of its budgets, in all periods around the
 * day. */
struct tally_change {
    int64_t used_uses, held_uses, used_amount, held_amount;
};
void tallies_change(struct book *book, uint64_t subject, uint32_t scope, uint32_t day,
                    const struct tally_change *change);

/* Adds `sign` times the parts, of a purchase that is confirmed or is held. */
enum tally_side { USED = 1, HELD };
void tally_parts(struct book *book, const struct posting *purchase,
                 const struct posting_part parts[], int sign, enum tally_side where);

#endif
