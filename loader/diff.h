/* Two snapshots compared: who gained and lost membership of which group, and where. Counts only,
 * and none that would point at a handful of persons. */
#ifndef LOADER_DIFF_H
#define LOADER_DIFF_H

#include <stdio.h>

#include "protocol/snapshot.h"

/* Changes of fewer than this, and of cells with fewer than this, are not told. */
#define DIFF_CELL_LEAST 5

struct diff_group {
    char name[NAME_SIZE];
    uint64_t before, now;  /* persons on each snapshot's own as-of day */
    uint64_t gained, lost; /* identifiers; 0 when they cannot be compared */
};

/* Net change of a group in a municipality. */
struct diff_cell {
    uint32_t group; /* index in diff.groups */
    uint32_t place;
    int64_t before, now;
};

/* Owned; diff_free releases it. */
struct diff {
    const struct manifest *before, *now; /* borrowed from the snapshots */
    struct diff_group *groups;
    struct diff_cell *cells; /* by group, then place; every one of either snapshot */
    uint32_t group_count, cell_count;
    bool has_identifiers; /* both made with the same identity key */
};

void diff_compare(struct diff *out, const struct snapshot *before, const struct snapshot *now);
void diff_free(struct diff *diff);

/* Whether a cell may be told: it changed, and nobody could be recognised. */
bool diff_cell_is_told(const struct diff_cell *cell);

void diff_print(const struct diff *diff, FILE *to);
void diff_print_json(const struct diff *diff, FILE *to);

#endif
