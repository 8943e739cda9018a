/* Points of sale that neither a contract nor a clause tells apart make one spot; and the contracts
 * that cover each spot, told in one sweep over all of them. */
#ifndef LOADER_SPOTS_H
#define LOADER_SPOTS_H

#include "loader/pieces.h"

struct spot {
    uint64_t provider;
    uint32_t number_stretch, place_stretch; /* between cuts */
    uint32_t dayset;    /* number: days on which its points may sell under a contract */
    struct where where; /* of its first point */
    uint32_t first_point, point_count; /* in spots.points */
};

/* A contract covers the spots first .. end - 1; `rank` says where it stands among all contracts by
 * relief, then number. */
struct cover {
    uint32_t first, end;
    uint32_t rank;
};

struct spots {
    struct spot *list;    /* by provider, then number_stretch */
    uint32_t *points;     /* of spot after spot: indexes in resolved.points */
    struct cover *covers; /* by first */
    uint32_t *by_rank;    /* contracts (indexes) by relief, then number */
    uint32_t *active;     /* ranks that cover the spot, rising */
    uint32_t *ends;       /* by rank: the spot at which what covers now ends */
    size_t active_room, cover_room;
    uint32_t count, cover_count, next_cover, active_count;
};

void spots_begin(struct spots *spots, const struct resolved *resolved, const struct pieces *pieces);
void spots_free(struct spots *spots);

/* Sets `active` to the contracts that cover the spot: for spots one after the other, from 0. */
void spots_sweep(struct spots *spots, uint32_t spot);

#endif
