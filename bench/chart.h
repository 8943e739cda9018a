/* Charts of measurements: lines, dots, stacked bars. Each says its names at its data, has few lines
 * of its own, and takes the room that its drawing has: wide, or narrow as a telephone's. */
#ifndef BENCH_CHART_H
#define BENCH_CHART_H

#include "bench/scale.h"
#include "bench/svg.h"

#define CHART_WIDE        760
#define CHART_NARROW      360
#define CHART_STYLE_COUNT 8 /* classes k0 to k7 of the page: a colour, a dash, a mark */
#define CHART_LABEL_SIZE  160
#define CHART_LINE_MAX    16

/* The style of a name that is known, or that of its place among those that are not. */
size_t chart_style(const char *name, size_t place);

/* ---- lines ---- */

struct chart_point {
    double x, y;
};

struct chart_line {
    char label[CHART_LABEL_SIZE];
    size_t style;
    bool is_faint; /* beside a line of the same style that matters more */
    bool has_marks;
    struct chart_point *points; /* by x, at least one */
    size_t count;
    double knee; /* an x that is marked and written; 0: none */
};

struct chart_axis {
    const char *title;
    enum scale_kind kind;
    enum amount_unit unit;
    /* Instead of ticks at nice numbers; NULL: those. */
    const struct chart_tick {
        double value;
        const char *text;
    } * ticks;
    size_t tick_count;
};

struct chart_lines {
    struct chart_axis x, y;
    const struct chart_line *lines;
    size_t line_count;
    bool has_names_inside; /* where lines end far apart; else there is a column for names */
};

double chart_lines_height(double width);
void chart_lines(struct svg *svg, const struct chart_lines *chart);

/* ---- dots: a value and its range in each row, rows in groups ---- */

struct chart_dot {
    const char *group; /* written where it changes */
    const char *name;
    size_t style;
    double value, least, most;
    char note[CHART_LABEL_SIZE]; /* behind the value, where there is room */
};

struct chart_dots {
    const char *title; /* of the axis */
    enum amount_unit unit;
    const struct chart_dot *dots;
    size_t count;
};

double chart_dots_height(const struct chart_dots *chart);
void chart_dots(struct svg *svg, const struct chart_dots *chart);

/* ---- stacks: what a whole is made of, each as wide as the drawing ---- */

struct chart_part {
    const char *name;
    size_t number; /* of the name, from 1: what is written where the name has no room */
    double value;
};

struct chart_stack {
    char label[CHART_LABEL_SIZE];
    const struct chart_part *parts;
    size_t count;
};

struct chart_stacks {
    enum amount_unit unit;
    const struct chart_stack *stacks;
    size_t count;
};

double chart_stacks_height(const struct chart_stacks *chart);
void chart_stacks(struct svg *svg, const struct chart_stacks *chart);

/* ---- bars, and the least that each could be ---- */

struct chart_bar {
    const char *name;
    double value, floor; /* floor 0: not known */
    char note[CHART_LABEL_SIZE];
};

struct chart_bars {
    const char *title;
    enum amount_unit unit;
    const struct chart_bar *bars;
    size_t count;
};

double chart_bars_height(const struct chart_bars *chart);
void chart_bars(struct svg *svg, const struct chart_bars *chart);

#endif
