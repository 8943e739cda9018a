/* Drawings in a page: the few shapes that charts are made of. How they look is said by classes,
 * whose colours are the page's. Places are in units of the drawing, y downwards. */
#ifndef BENCH_SVG_H
#define BENCH_SVG_H

#include <stdio.h>

#include "protocol/bytes.h"

struct svg {
    FILE *to;
    double width, height;
    size_t point_count; /* of the line that is being drawn */
};

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };

/* Shapes of marks, so that colour is never the only difference. */
enum svg_mark { SVG_CIRCLE, SVG_SQUARE, SVG_TRIANGLE, SVG_DIAMOND, SVG_CROSS, SVG_MARK_COUNT };

/* `id` is the drawing's alone in its page; `title` and `about` are what is read out instead. */
void svg_begin(struct svg *svg, FILE *to, const char *id, const char *classes, double width,
               double height, const char *title, const char *about);
void svg_end(struct svg *svg);

void svg_line(struct svg *svg, const char *classes, double x1, double y1, double x2, double y2);
void svg_box(struct svg *svg, const char *classes, double x, double y, double width, double height);
/* (x, y) is on the text's base line. */
void svg_text(struct svg *svg, const char *classes, enum svg_anchor anchor, double x, double y,
              const char *text);
void svg_mark(struct svg *svg, const char *classes, enum svg_mark mark, double x, double y);

/* A line through all points until its end. */
void svg_path_begin(struct svg *svg, const char *classes);
void svg_path_to(struct svg *svg, double x, double y);
void svg_path_end(struct svg *svg);

/* What a text of the drawings' size takes, roughly, and rather too much. */
double svg_text_width(const char *text);

#endif
