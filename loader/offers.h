/* What all reliefs together offer at a point of sale: pieces put together product by product, each
 * offer and each run of clauses kept once. */
#ifndef LOADER_OFFERS_H
#define LOADER_OFFERS_H

#include "loader/pieces.h"
#include "protocol/fault.h"

/* A clause as it will stand in a run. */
struct run_clause {
    uint32_t clause;   /* index in rules->clauses */
    uint32_t contract; /* index, or CONTRACT_NONE */
    uint32_t dayset;   /* number */
};

/* What is offered on one product. */
struct bid {
    uint32_t product; /* index */
    uint32_t run;     /* in `runs` */
    uint32_t dayset;  /* number: days on which a contract covers any of its clauses */
};

struct offers {
    struct resolved *resolved;   /* borrowed, as the next is; its daysets grow */
    const struct pieces *pieces; /* none are added meanwhile */
    struct interner bundles;     /* pieces that meet at a point of sale */
    uint32_t *contents_of_bundles;
    struct interner shares; /* slices that meet on a product */
    struct bid *bids_of_shares;
    struct interner runs;     /* struct run_clause again and again */
    struct interner contents; /* struct bid again and again, by product: what a site offers */
    uint64_t *order;          /* scratch, as the next is */
    struct ranked_clause *ranked;
    size_t bundle_room, share_room, order_room, ranked_room;
    uint32_t ranked_count;
};

void offers_begin(struct offers *offers, struct resolved *resolved, const struct pieces *pieces);
void offers_free(struct offers *offers);

/* What these pieces offer together, as an index in `contents`. `where` is for messages. */
MUST_USE bool offers_find(struct offers *offers, uint32_t *content, const uint32_t pieces[],
                          uint32_t piece_count, struct where where, struct fault *fault);

/* Says that there are more than OFFER_COUNT_MAX; is false. */
bool offers_too_many(struct fault *fault);

/* Borrowed until the next is added. */
const struct bid *offers_content(const struct offers *offers, uint32_t content, uint32_t *count);
const struct run_clause *offers_run(const struct offers *offers, uint32_t run, uint32_t *count);

#endif
