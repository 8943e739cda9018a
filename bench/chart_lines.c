#include "bench/chart_parts.h"
#include "bench/words.h"

#include <assert.h>
#include <math.h>

#define NAME_ROOM 28.0 /* for the name of the last line, where names stand inside */
#define INSET     6.0  /* of the first and last mark from the frame's sides */
#define BASE_LINE 4.0  /* of a text below the middle of its letters */

static void draw_y_axis(struct svg *svg, const struct chart_frame *frame,
                        const struct chart_axis *axis)
{
    char text[AMOUNT_TEXT_SIZE];
    svg_text(svg, "dim", SVG_START, CHART_EDGE, CHART_LINE_HEIGHT, axis->title);
    for (size_t i = 0; i < frame->y.tick_count; i++) {
        double y = scale_at(&frame->y, frame->y.ticks[i]);
        if (y < frame->bottom - 1)
            svg_line(svg, "grid", frame->left, y, frame->right, y);
        svg_text(svg, "dim", SVG_END, frame->left - CHART_GAP, y + 4,
                 amount_short_text(text, axis->unit, frame->y.ticks[i]));
    }
}

double chart_lines_height(double width)
{
    return width < CHART_WIDE ? 330 : 430;
}

struct bounds {
    double least_x, most_x, least_y, most_y;
};

static struct bounds bounds_of(const struct chart_lines *chart)
{
    struct bounds bounds = {INFINITY, -INFINITY, INFINITY, -INFINITY};
    for (size_t i = 0; i < chart->line_count; i++) {
        for (size_t j = 0; j < chart->lines[i].count; j++) {
            const struct chart_point *point = &chart->lines[i].points[j];
            /* A logarithmic axis has no place for 0. */
            if (chart->x.kind == SCALE_LINEAR || point->x > 0)
                bounds.least_x = fmin(bounds.least_x, point->x);
            if (chart->y.kind == SCALE_LINEAR || point->y > 0)
                bounds.least_y = fmin(bounds.least_y, point->y);
            bounds.most_x = fmax(bounds.most_x, point->x);
            bounds.most_y = fmax(bounds.most_y, point->y);
        }
    }
    if (!isfinite(bounds.least_x))
        bounds.least_x = bounds.most_x = 1;
    if (!isfinite(bounds.least_y))
        bounds.least_y = bounds.most_y = 1;
    return bounds;
}

static struct chart_frame frame_of(const struct svg *svg, const struct chart_lines *chart)
{
    double label_width = 0;
    for (size_t i = 0; i < chart->line_count; i++)
        label_width = fmax(label_width, svg_text_width(chart->lines[i].label));
    struct bounds bounds = bounds_of(chart);
    if (chart->has_names_inside)
        label_width = fmin(label_width, NAME_ROOM);
    struct chart_frame frame = {.left = 62,
                                .right = svg->width - fmin(label_width, svg->width * 0.4) -
                                         2 * CHART_GAP,
                                .top = 2 * CHART_LINE_HEIGHT,
                                .bottom = svg->height - 3 * CHART_LINE_HEIGHT};
    frame.x = scale_of(chart->x.kind, bounds.least_x, bounds.most_x, frame.left + INSET,
                       frame.right - INSET, 44);
    frame.y = scale_of(chart->y.kind, bounds.least_y, bounds.most_y, frame.bottom, frame.top, 30);
    if (chart->x.ticks != NULL) { /* which need no nice end */
        frame.x.least = fmin(bounds.least_x, chart->x.ticks[0].value);
        frame.x.most = fmax(bounds.most_x, 2 * frame.x.least);
    }
    return frame;
}

static struct words_point place_of(const struct chart_frame *frame, const struct chart_point *point)
{
    return (struct words_point){scale_at(&frame->x, point->x), scale_at(&frame->y, point->y)};
}

static void draw_line(struct svg *svg, const struct chart_frame *frame,
                      const struct chart_line *line)
{
    char class[CHART_CLASS_SIZE];
    svg_path_begin(svg, chart_class(class, line->is_faint ? "line faint" : "line", line->style));
    for (size_t i = 0; i < line->count; i++) {
        struct words_point at = place_of(frame, &line->points[i]);
        svg_path_to(svg, at.x, at.y);
    }
    svg_path_end(svg);
    for (size_t i = 0; i < line->count && (line->has_marks || line->count == 1); i++) {
        struct words_point at = place_of(frame, &line->points[i]);
        svg_mark(svg, chart_class(class, line->is_faint ? "faint" : "full", line->style),
                 chart_mark(line->style), at.x, at.y);
    }
}

/* A text, with a line to what it is about when it stands apart. */
static void draw_word(struct svg *svg, size_t style, struct words_point about,
                      struct words_place place, const char *text)
{
    char class[CHART_CLASS_SIZE];
    bool is_beside = place.x > about.x || place.x + place.width < about.x;
    double edge = place.x > about.x ? place.x - 2 : place.x + place.width + 2;
    if (is_beside && fabs(place.y - BASE_LINE - about.y) > CHART_LINE_HEIGHT / 2)
        svg_line(svg, chart_class(class, "leader", style), about.x, about.y, edge,
                 place.y - BASE_LINE);
    svg_text(svg, chart_class(class, "name", style), SVG_START, place.x, place.y, text);
}

/* Where the line is at the place `x`, between its points. */
static double height_at(const struct chart_frame *frame, const struct chart_line *line, double x)
{
    struct words_point before = place_of(frame, &line->points[0]);
    for (size_t i = 1; i < line->count; i++) {
        struct words_point after = place_of(frame, &line->points[i]);
        if (x <= after.x)
            return after.x > before.x
                       ? before.y + (x - before.x) / (after.x - before.x) * (after.y - before.y)
                       : after.y;
        before = after;
    }
    return before.y;
}

static struct words_point knee_of(const struct chart_frame *frame, const struct chart_line *line)
{
    double x = fmax(scale_at(&frame->x, line->knee), place_of(frame, &line->points[0]).x);
    return (struct words_point){x, height_at(frame, line, x)};
}

static void draw_knee(struct svg *svg, const struct chart_frame *frame,
                      const struct chart_line *line)
{
    char class[CHART_CLASS_SIZE];
    struct words_point knee = knee_of(frame, line);
    svg_line(svg, chart_class(class, "knee", line->style), knee.x, knee.y, knee.x, frame->bottom);
    svg_mark(svg, chart_class(class, "hollow", line->style), SVG_CIRCLE, knee.x, knee.y);
}

static void avoid_lines(struct words *words, const struct chart_frame *frame,
                        const struct chart_lines *chart)
{
    for (size_t i = 0; i < chart->line_count; i++) {
        const struct chart_line *line = &chart->lines[i];
        for (size_t j = 1; j < line->count; j++)
            words_avoid(words, place_of(frame, &line->points[j - 1]),
                        place_of(frame, &line->points[j]));
        if (line->knee > 0) {
            struct words_point knee = knee_of(frame, line);
            words_avoid(words, knee, (struct words_point){knee.x, frame->bottom});
        }
    }
}

/* Names and knees among the lines. */
static void draw_inside(struct svg *svg, const struct chart_frame *frame,
                        const struct chart_lines *chart)
{
    char amount[AMOUNT_TEXT_SIZE];
    struct words words = {
        .left = frame->left, .right = svg->width, .top = frame->top, .bottom = frame->bottom};
    avoid_lines(&words, frame, chart);
    for (size_t i = 0; i < chart->line_count; i++) {
        const struct chart_line *line = &chart->lines[i];
        struct words_point end = place_of(frame, &line->points[line->count - 1]);
        if (line->label[0] != '\0')
            draw_word(svg, line->style, end, words_place(&words, end, svg_text_width(line->label)),
                      line->label);
    }
    for (size_t i = 0; i < chart->line_count; i++) {
        const struct chart_line *line = &chart->lines[i];
        if (!(line->knee > 0))
            continue;
        struct words_point knee = knee_of(frame, line);
        amount_text(amount, chart->x.unit, line->knee);
        draw_word(svg, line->style, knee, words_place(&words, knee, svg_text_width(amount)),
                  amount);
    }
}

/* Names in a column to the right, in the order of the lines' ends. */
static void draw_column(struct svg *svg, const struct chart_frame *frame,
                        const struct chart_lines *chart)
{
    const struct chart_line *lines[CHART_LINE_MAX];
    struct words_point ends[CHART_LINE_MAX];
    double heights[CHART_LINE_MAX];
    for (size_t i = 0; i < chart->line_count; i++) {
        const struct chart_line *line = &chart->lines[i];
        struct words_point end = place_of(frame, &line->points[line->count - 1]);
        size_t at = i;
        for (; at > 0 && ends[at - 1].y > end.y; at--) {
            lines[at] = lines[at - 1];
            ends[at] = ends[at - 1];
        }
        lines[at] = line;
        ends[at] = end;
    }
    for (size_t i = 0; i < chart->line_count; i++)
        heights[i] = ends[i].y + BASE_LINE;
    words_spread(heights, chart->line_count, CHART_LINE_HEIGHT, svg->height - CHART_EDGE);
    for (size_t i = 0; i < chart->line_count; i++) {
        struct words_place place = {frame->right + CHART_GAP / 2, heights[i],
                                    svg_text_width(lines[i]->label)};
        draw_word(svg, lines[i]->style, ends[i], place, lines[i]->label);
    }
}

void chart_lines(struct svg *svg, const struct chart_lines *chart)
{
    assert(chart->line_count <= CHART_LINE_MAX);
    struct chart_frame frame = frame_of(svg, chart);
    draw_y_axis(svg, &frame, &chart->y);
    chart_x_axis(svg, &frame, &chart->x);
    for (size_t i = 0; i < chart->line_count; i++)
        draw_line(svg, &frame, &chart->lines[i]);
    for (size_t i = 0; i < chart->line_count; i++)
        if (chart->lines[i].knee > 0)
            draw_knee(svg, &frame, &chart->lines[i]);
    (chart->has_names_inside ? draw_inside : draw_column)(svg, &frame, chart);
}
