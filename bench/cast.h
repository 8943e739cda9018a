/* The cast: a few citizens with known lives, for demonstrations. They stand first in the country.
 */
#ifndef BENCH_CAST_H
#define BENCH_CAST_H

#include "bench/country.h"
#include "protocol/fault.h"

/* Makes them, at the beginning of a country that is still empty; returns how many. */
uint32_t cast_settle(struct country *country, struct draw *draw);

/* What to ask about them and what will be answered on the as-of day and after: people.csv. */
MUST_USE bool cast_write(const struct country *country, const char *folder, struct fault *fault);

#endif
