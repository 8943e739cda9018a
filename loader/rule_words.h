/* What rules say, in the words of the relief language again: names instead of indexes, so that
 * rules of two catalogues can be compared and told. */
#ifndef LOADER_RULE_WORDS_H
#define LOADER_RULE_WORDS_H

#include "loader/rulelang.h"
#include "loader/traits.h"

/* Each adds the traits of one thing. */
void rule_words_group(struct traits *traits, const struct rules *rules,
                      const struct vocabulary *vocabulary, uint32_t group);
void rule_words_extension(struct traits *traits, const struct rules *rules,
                          const struct vocabulary *vocabulary, uint32_t extension);
void rule_words_calendar(struct traits *traits, const struct rules *rules, uint32_t calendar);
void rule_words_split(struct traits *traits, const struct rules *rules, uint32_t split);
void rule_words_relief(struct traits *traits, const struct rules *rules, uint32_t relief);
void rule_words_version(struct traits *traits, const struct rules *rules, uint32_t version);
/* Its end; usual when it is open, or where the next version begins. */
void rule_words_version_until(struct traits *traits, const struct rules *rules, uint32_t version);
void rule_words_clause(struct traits *traits, const struct rules *rules, uint32_t clause);

/* "101-120, 205" if that is what stands between, into a trait that is open. */
void rule_words_ranges(struct traits *traits, const struct point_range ranges[], uint32_t count,
                       const char *between);

/* A trait that is a day: "2026-01-31", or `never` for 0 and DAY_NEVER, which is usual. */
void rule_words_day(struct traits *traits, const char *name, uint32_t day, const char *never);

#endif
