/* What charts of all kinds are made of. */
#ifndef BENCH_CHART_PARTS_H
#define BENCH_CHART_PARTS_H

#include "bench/chart.h"

#define CHART_LINE_HEIGHT 15.0 /* of text */
#define CHART_TICK_LENGTH 5.0
#define CHART_GAP         8.0 /* between text and what it is about */
#define CHART_EDGE        4.0 /* that nothing is cut off at a drawing's edge */

/* Where data are drawn; their scales end there. */
struct chart_frame {
    double left, right, top, bottom;
    struct scale x, y;
};

void chart_x_axis(struct svg *svg, const struct chart_frame *frame, const struct chart_axis *axis);

/* "what k3" */
#define CHART_CLASS_SIZE 48
const char *chart_class(char out[static CHART_CLASS_SIZE], const char *what, size_t style);
enum svg_mark chart_mark(size_t style);

#endif
