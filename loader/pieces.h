/* What one relief brings to a point of sale, under one contract or without any: which of its
 * clauses stand there about which products, and on which days. Worked out once for all points of
 * sale that the relief cannot tell apart. */
#ifndef LOADER_PIECES_H
#define LOADER_PIECES_H

#include "loader/cuts.h"
#include "loader/resolve.h"

#define CONTRACT_NONE UINT32_MAX /* the relief stands everywhere */
#define PIECE_EMPTY   0          /* nothing of the relief stands there */

/* Where it is asked about; zeros: nowhere. */
struct where {
    uint32_t number; /* of the point of sale */
    uint32_t place;
};

/* Cuts: what a relief asks about the place and the number of a point of sale. */
struct relief_cuts {
    struct cuts places, numbers;
};

/* A clause on the days on which it stands; covered are those without its calendar. */
struct standing {
    uint32_t clause;          /* index in rules->clauses */
    uint32_t dayset, covered; /* numbers */
};

struct pieces {
    struct resolved *resolved; /* borrowed; its daysets grow */
    struct relief_cuts *reliefs;
    struct cuts *calendars;    /* by calendar: the places that it tells apart */
    struct interner lists;     /* a piece: product (index) and slice, again and again */
    struct interner slices;    /* contract (index), then struct standing again and again */
    struct interner questions; /* that were asked before, and the pieces that answer them */
    uint32_t *answers;
    struct interner calendar_questions;
    uint32_t *calendar_answers;
    size_t answer_room, calendar_answer_room;
    struct found_standing *found; /* room for one piece */
    uint64_t *order;
    uint32_t *words;
    size_t found_room, order_room, word_room;
    uint32_t found_count;
};

void pieces_begin(struct pieces *pieces, struct resolved *resolved);
void pieces_free(struct pieces *pieces);

/* The piece, as an index in `lists`. `dayset` is the number of the days on which the contract (an
 * index, or CONTRACT_NONE) counts there. */
uint32_t pieces_find(struct pieces *pieces, uint32_t relief, uint32_t contract, uint32_t dayset,
                     struct where where);

#endif
