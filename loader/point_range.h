/* Numbers of points of sale, as clauses, contracts and terminals name them: "101" or "101-120"; and
 * of products, as terminals do. */
#ifndef LOADER_POINT_RANGE_H
#define LOADER_POINT_RANGE_H

#include "protocol/bytes.h"

struct point_range {
    uint32_t first, last; /* both in */
};

/* Not of 0, which stands for no point of sale, and for no product. */
MUST_USE bool point_range_of_text(struct point_range *out, const char *text, size_t text_size);

/* Whether any of them has the number. */
bool point_ranges_have(const struct point_range ranges[], uint32_t count, uint32_t number);

#endif
