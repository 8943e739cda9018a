/* Medians over rounds, and ratios within them, of what stands in a file of measures. */
#ifndef BENCH_SUMMARY_H
#define BENCH_SUMMARY_H

#include "bench/measures.h"
#include "bench/spread.h"

/* What a row is about; its rounds are its values. */
struct summary_key {
    enum measures_part part;
    const char *subject, *setting, *measure; /* setting NULL: the first that the others have */
};

struct spread summary_of(const struct measures *measures, const struct summary_key *key);

/* Of `over` divided by `under`, round by round, where both were measured and `under` is not 0. */
struct spread summary_ratio(const struct measures *measures, const struct summary_key *over,
                            const struct summary_key *under);

/* Every value added up, those that later rows replace included: median, least and most are the sum.
 */
struct spread summary_sum(const struct measures *measures, const struct summary_key *key);

/* Different names, those that end in a number in its order, others as they come first. */
#define NAMES_COUNT_MAX 512
struct names {
    const char *list[NAMES_COUNT_MAX];
    size_t count;
    size_t left_out; /* rows whose names had no room */
};

enum names_of { NAMES_SUBJECT, NAMES_SETTING, NAMES_MEASURE };

/* Those in the rows that `like` fits, NULL fitting everything. */
void names_find(struct names *out, const struct measures *measures, enum names_of column,
                const struct summary_key *like);

/* Whether the name is that of another's floors: "country floor". */
#define NAMES_FLOOR " floor"
bool names_is_floor(const char *name);

/* The number at a name's end, or -1: 64 of "depth 64", 99.9 of "at_99.9". */
double names_number(const char *name);

#endif
