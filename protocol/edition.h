/* A snapshot made ready for answering: what every decision is judged against. Immutable once
 * prepared, so that any number of loops read it without a lock. */
#ifndef PROTOCOL_EDITION_H
#define PROTOCOL_EDITION_H

#include "protocol/calendar.h"
#include "protocol/snapshot.h"

/* Open hash tables, at most half full; numbers that nobody has are free slots. */
struct product_slot {
    uint32_t number; /* 0: free */
};
struct point_slot {
    uint32_t number; /* 0: free */
    uint32_t site;
};

/* A set, and a first look at it: bit g % 64 is set when it says anything about a group g. */
struct set_head {
    uint64_t group_bits;
    uint32_t first, count; /* memberships */
};

/* A clause's first look: what rules nearly all clauses out, sixteen of them in a cache line. */
struct clause_gate {
    uint16_t dayset;
    uint8_t group_bit;         /* group % 64 */
    uint8_t is_everybodys : 1; /* whatever the group bits say */
    uint8_t asks : 1;          /* about price, quantity, clock, means or entry */
};

struct edition {
    const struct tables *tables; /* borrowed from the snapshot, as the next is */
    const struct manifest *manifest;
    struct calendar calendar;
    uint64_t overdue_s; /* UTC second from which a source, or the whole snapshot, is stale */
    struct product_slot *products; /* owned, as the next four are */
    struct point_slot *points;
    struct offer *offers;      /* product 0: free */
    struct set_head *sets;     /* by number of the set */
    struct clause_gate *gates; /* by number of the clause */
    uint32_t product_mask, point_mask, offer_mask;
};

/* What it reads outlives the edition. */
MUST_USE bool edition_open(struct edition **out, const struct tables *tables,
                           const struct manifest *manifest, struct fault *fault);
void edition_close(struct edition *edition); /* NULL: nothing */

/* For whoever tries one person after another, alone with the edition: what the tables say of the
 * set has changed. */
void edition_renew_set(struct edition *edition, uint32_t set);

bool edition_has_product(const struct edition *edition, uint32_t product);

/* The site of a point of sale; SITE_NOWHERE for 0 and for one that the catalogue does not know. */
uint32_t edition_site(const struct edition *edition, uint32_t point_of_sale);

/* What may take something off the product at the site; NULL: nothing. */
const struct offer *edition_find_offer(const struct edition *edition, uint32_t site,
                                       uint32_t product);

/* Hours begun since the first source was overdue; 0 while all are fresh; at most UINT16_MAX. */
uint16_t edition_stale_h(const struct edition *edition, uint64_t now_s);

#endif
