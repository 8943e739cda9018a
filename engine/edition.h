/* A snapshot made ready for answering: what every decision is judged against. Immutable once
 * prepared, so that any number of loops read it without a lock. */
#ifndef ENGINE_EDITION_H
#define ENGINE_EDITION_H

#include "engine/calendar.h"

/* The clauses of one product, in the order in which they were written. */
struct clause_span {
    uint32_t product; /* number */
    uint32_t clause_first, clause_count;
    bool is_taken; /* a free slot of the table has no product */
};

struct edition {
    const struct tables *tables; /* borrowed from the snapshot, as the next is */
    const struct manifest *manifest;
    struct calendar calendar;
    uint64_t overdue_s;        /* UTC second from which a source, or the whole snapshot, is stale */
    struct clause_span *spans; /* owned: open hash by product number, at most half full */
    uint32_t span_mask;
};

/* What it reads outlives the edition. */
MUST_USE bool edition_open(struct edition **out, const struct tables *tables,
                           const struct manifest *manifest, struct fault *fault);
void edition_close(struct edition *edition); /* NULL: nothing */

/* The clauses of a product; NULL when the catalogue does not know the product. */
const struct clause_span *edition_find_product(const struct edition *edition, uint32_t product);

/* Hours begun since the first source was overdue; 0 while all are fresh; at most UINT16_MAX. */
uint16_t edition_stale_h(const struct edition *edition, uint64_t now_s);

#endif
