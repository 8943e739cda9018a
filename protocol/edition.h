/* A snapshot made ready for answering: what every decision is judged against. Immutable once
 * prepared, so that any number of loops read it without a lock. */
#ifndef PROTOCOL_EDITION_H
#define PROTOCOL_EDITION_H

#include "protocol/blake.h"
#include "protocol/calendar.h"
#include "protocol/group_bits.h"
#include "protocol/snapshot.h"

/* Open hash tables, at most half full; numbers that nobody has are free slots. */
struct product_slot {
    uint32_t number; /* 0: free */
};
struct point_slot {
    uint32_t number; /* 0: free */
    uint32_t site;
};

/* A set, and a first look at it: the bits of the groups that it speaks of. */
struct set_head {
    uint64_t group_bits[GROUP_WORD_COUNT];
    uint32_t first, count; /* memberships */
};
static_assert(sizeof(struct set_head) == 32, "two heads are a cache line");

/* Views of people here and there, drawn as people are: what is read in place of somebody unknown
 * (VIEW_DECOY). A power of two. */
#define DECOY_COUNT 65536

struct edition {
    const struct tables *tables; /* borrowed from the snapshot, as the next is */
    const struct manifest *manifest;
    const struct identity_key *identity; /* the snapshot's; NULL: nobody is looked up in it */
    struct blake_key *keyed;             /* what it comes to: as secret, in locked memory; owned */
    struct calendar calendar;
    uint64_t overdue_s; /* UTC second from which a source, or the whole snapshot, is stale */
    struct product_slot *products; /* owned, as what follows is */
    struct point_slot *points;
    struct offer *offers;  /* product 0: free */
    struct set_head *sets; /* by number of the set */
    uint32_t *terminals;   /* hashed by key: index + 1 in tables->terminals; 0: free */
    /* A clause's first look, by its number: what rules nearly all of them out. */
    uint8_t *clause_groups; /* the bit of its group */
    uint64_t *open_bits;    /* whether a day of the window is one of its days: for each day
                             * clause_words words */
    uint64_t *asking_bits;  /* whether it asks about price, quantity, clock, means or entry */
    size_t clause_words;
    uint32_t *decoys; /* [DECOY_COUNT] views */
    uint32_t product_mask, point_mask, offer_mask, terminal_mask;
};

/* What it reads outlives the edition. */
MUST_USE bool edition_open(struct edition **out, const struct tables *tables,
                           const struct manifest *manifest, struct fault *fault);
void edition_close(struct edition *edition); /* NULL: nothing */

/* Whose digests its index holds; borrowed. Once. */
MUST_USE bool edition_take_identity(struct edition *edition, const struct identity_key *identity,
                                    struct fault *fault);

/* For whoever tries one person after another, alone with the edition: what the tables say of the
 * set has changed. */
void edition_renew_set(struct edition *edition, uint32_t set);

bool edition_has_product(const struct edition *edition, uint32_t product);

/* Where a number is looked for first. */
static inline uint32_t edition_home(uint32_t number, uint32_t site, uint32_t mask)
{
    /* Multiplying spreads runs of neighbouring numbers; the upper half is the better mixed one. */
    uint64_t key = (uint64_t)site << 32 | number;
    key = (key ^ (key >> 31)) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(key >> 32) & mask;
}

/* The site of a point of sale; SITE_NOWHERE for 0 and for one that the catalogue does not know. */
static inline uint32_t edition_site(const struct edition *edition, uint32_t point_of_sale)
{
    uint32_t slot = edition_home(point_of_sale, 0, edition->point_mask);
    while (edition->points[slot].number != 0 && edition->points[slot].number != point_of_sale)
        slot = (slot + 1) & edition->point_mask;
    return edition->points[slot].site; /* a free slot's is SITE_NOWHERE */
}

/* What may take something off the product at the site; NULL: nothing. */
static inline const struct offer *edition_find_offer(const struct edition *edition, uint32_t site,
                                                     uint32_t product)
{
    uint32_t slot = edition_home(product, site, edition->offer_mask);
    const struct offer *at = &edition->offers[slot];
    while (at->product != 0 && (at->product != product || at->site != site)) {
        slot = (slot + 1) & edition->offer_mask;
        at = &edition->offers[slot];
    }
    return at->product != 0 ? at : NULL;
}

/* The terminal that has this public key, whenever it is or was to be used; NULL: none. */
const struct terminal *edition_find_terminal(const struct edition *edition,
                                             const uint8_t key[static TERMINAL_KEY_SIZE]);

/* Whether the terminal may ask about this product there. A point of sale that is not said, 0, is
 * allowed: what is sold nowhere in particular. `terminal` is one of the edition's. */
bool edition_terminal_sells(const struct edition *edition, const struct terminal *terminal,
                            uint32_t point_of_sale, uint32_t product);

/* Hours begun since the first source was overdue; 0 while all are fresh; at most UINT16_MAX. */
uint16_t edition_stale_h(const struct edition *edition, uint64_t now_s);

#endif
