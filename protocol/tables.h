/* The tables of a snapshot beside its index: stored bytes <-> arrays that are checked whole, every
 * number that points from one table into another included. No file and no library is touched. */
#ifndef PROTOCOL_TABLES_H
#define PROTOCOL_TABLES_H

#include "protocol/snapshot.h"

/* The content of one value, without its padding. */
struct table_bytes {
    const uint8_t *bytes;
    uint64_t size;
};

struct table_values {
    struct table_bytes census, clauses, contracts, daysets, groups, limits, offers, points,
        products, reliefs, sets, spans, splits, terminals, views;
};

/* Decodes everything but the index. On failure `out` holds nothing. */
MUST_USE bool tables_decode(struct tables *out, const struct table_values *in, struct fault *fault);
void tables_free(struct tables *tables);

/* The same checks on arrays that nobody has stored yet: what the builder is given. */
MUST_USE bool tables_check(const struct tables *tables, struct fault *fault);

#endif
