/* A catalogue of many reliefs, made up from a seed: what a country's givers could come to. Nothing
 * of it is meant; it is for measuring how long a catalogue takes to compile and to decide with. */
#ifndef BENCH_RELIEFS_H
#define BENCH_RELIEFS_H

#include "protocol/fault.h"

#define RELIEFS_COUNT_MAX 3900
#define CLAUSES_COUNT_MAX 60000
#define GROUPS_COUNT_MAX  900
#define POINTS_COUNT_MAX  10000

struct reliefs_wish {
    uint32_t relief_count, group_count, point_count;
    uint32_t clause_count; /* of all reliefs: in each one at least and as many as groups at most */
    uint64_t seed;
};

/* Copies the tables and rules of the catalogue `from`, and adds so many reliefs, clauses, groups
 * and points of sale to them. Cases stay behind. The same wish makes the same bytes. */
MUST_USE bool reliefs_write(const char *folder, const char *from, const struct reliefs_wish *wish,
                            struct fault *fault);

#endif
