/* Places for words in a drawing, so that they stand neither on each other nor on its lines. */
#ifndef BENCH_WORDS_H
#define BENCH_WORDS_H

#include "protocol/bytes.h"

#define WORDS_HEIGHT          15.0 /* from one line to the next */
#define WORDS_GAP             8.0  /* from what they are about */
#define WORDS_COUNT_MAX       32
#define WORDS_POINT_COUNT_MAX 8192

struct words_point {
    double x, y;
};

/* Where a text stands; y is its base line. */
struct words_place {
    double x, y, width;
};

/* What is drawn already: words, and lines as points along them. */
struct words {
    double left, right, top, bottom; /* where words may stand */
    struct words_place texts[WORDS_COUNT_MAX];
    struct words_point points[WORDS_POINT_COUNT_MAX];
    size_t text_count, point_count;
};

/* A line from one point to the other is there. */
void words_avoid(struct words *words, struct words_point from, struct words_point to);

/* The best place for a text about the point: behind it, in front of it, above or below. It is taken
 * then. */
struct words_place words_place(struct words *words, struct words_point about, double width);

/* Base lines of a column, in their order, moved apart to WORDS_HEIGHT, as little as that takes, and
 * between `top` and `bottom`, where these have room for them. */
void words_spread(double lines[], size_t count, double top, double bottom);

#endif
