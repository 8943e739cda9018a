#include "bench/chart_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- dots ---- */

#define DOT_ROW    20.0
#define DOT_GROUP  24.0 /* the line of a group's name */
#define DOT_BOTTOM 44.0

static bool begins_group(const struct chart_dots *chart, size_t i)
{
    return i == 0 || strcmp(chart->dots[i].group, chart->dots[i - 1].group) != 0;
}

double chart_dots_height(const struct chart_dots *chart)
{
    double height = DOT_BOTTOM;
    for (size_t i = 0; i < chart->count; i++)
        height += DOT_ROW + (begins_group(chart, i) ? DOT_GROUP : 0);
    return height;
}

/* The value, with its note where that has room. */
static const char *dot_text(char out[static 2 * CHART_LABEL_SIZE], const struct chart_dots *chart,
                            size_t i, bool has_notes)
{
    char amount[AMOUNT_TEXT_SIZE];
    snprintf(out, 2 * CHART_LABEL_SIZE, "%s%s",
             amount_text(amount, chart->unit, chart->dots[i].value),
             has_notes ? chart->dots[i].note : "");
    return out;
}

static struct chart_frame dots_frame(const struct svg *svg, const struct chart_dots *chart,
                                     bool has_notes)
{
    char text[2 * CHART_LABEL_SIZE];
    double name_width = 0, text_width = 0, least = INFINITY, most = 0;
    for (size_t i = 0; i < chart->count; i++) {
        name_width = fmax(name_width, svg_text_width(chart->dots[i].name));
        text_width = fmax(text_width, svg_text_width(dot_text(text, chart, i, has_notes)));
        if (chart->dots[i].least > 0)
            least = fmin(least, chart->dots[i].least);
        most = fmax(most, chart->dots[i].most);
    }
    struct chart_frame frame = {.left =
                                    fmin(name_width, svg->width * 0.3) + 2 * CHART_GAP + CHART_EDGE,
                                .right = svg->width - text_width - 2 * CHART_GAP,
                                .top = 0,
                                .bottom = svg->height - DOT_BOTTOM + CHART_EDGE};
    frame.x =
        scale_of(SCALE_LOG_WIDE, isfinite(least) ? least : 1, most, frame.left, frame.right, 44);
    return frame;
}

static void draw_dot(struct svg *svg, const struct chart_frame *frame,
                     const struct chart_dots *chart, size_t i, double y, bool has_notes)
{
    char class[CHART_CLASS_SIZE], text[2 * CHART_LABEL_SIZE];
    const struct chart_dot *dot = &chart->dots[i];
    svg_text(svg, chart_class(class, "name", dot->style), SVG_END, frame->left - 2 * CHART_GAP,
             y + 4, dot->name);
    svg_line(svg, "grid", frame->left, y, frame->right, y);
    svg_line(svg, chart_class(class, "range", dot->style), scale_at(&frame->x, dot->least), y,
             scale_at(&frame->x, dot->most), y);
    svg_mark(svg, chart_class(class, "full", dot->style), chart_mark(dot->style),
             scale_at(&frame->x, dot->value), y);
    svg_text(svg, "value", SVG_START, frame->right + 2 * CHART_GAP, y + 4,
             dot_text(text, chart, i, has_notes));
}

void chart_dots(struct svg *svg, const struct chart_dots *chart)
{
    bool has_notes = svg->width >= CHART_WIDE;
    struct chart_axis axis = {.title = chart->title, .unit = chart->unit};
    struct chart_frame frame = dots_frame(svg, chart, has_notes);
    double y = 0;
    for (size_t i = 0; i < chart->count; i++) {
        if (begins_group(chart, i)) {
            y += DOT_GROUP;
            svg_text(svg, "group", SVG_START, CHART_EDGE, y - CHART_GAP, chart->dots[i].group);
        }
        draw_dot(svg, &frame, chart, i, y + DOT_ROW / 2 - 3, has_notes);
        y += DOT_ROW;
    }
    chart_x_axis(svg, &frame, &axis);
}

/* ---- stacks ---- */

#define STACK_HEIGHT 40.0
#define STACK_ROW    (STACK_HEIGHT + 2 * CHART_LINE_HEIGHT)
#define PART_PADDING 5.0

double chart_stacks_height(const struct chart_stacks *chart)
{
    return STACK_ROW * (double)chart->count;
}

/* Name and amount where they have room, else the number, else nothing. */
static void draw_part_text(struct svg *svg, const struct chart_part *part, enum amount_unit unit,
                           double x, double y, double width)
{
    char text[CHART_LABEL_SIZE], amount[AMOUNT_TEXT_SIZE];
    double room = width - 2 * PART_PADDING;
    snprintf(text, sizeof(text), "%zu %s", part->number, part->name);
    if (svg_text_width(text) > room)
        snprintf(text, sizeof(text), "%zu", part->number);
    if (svg_text_width(text) > width - 2)
        return;
    bool is_narrow = svg_text_width(text) > room;
    svg_text(svg, "part", is_narrow ? SVG_MIDDLE : SVG_START,
             is_narrow ? x + width / 2 : x + PART_PADDING, y + CHART_LINE_HEIGHT + 1, text);
    if (svg_text_width(amount_text(amount, unit, part->value)) <= room)
        svg_text(svg, "part dim", SVG_START, x + PART_PADDING, y + 2 * CHART_LINE_HEIGHT + 2,
                 amount);
}

static void draw_stack(struct svg *svg, const struct chart_stack *stack, enum amount_unit unit,
                       double y)
{
    char class[CHART_CLASS_SIZE], amount[AMOUNT_TEXT_SIZE];
    double total = 0, x = 0;
    for (size_t i = 0; i < stack->count; i++)
        total += stack->parts[i].value;
    svg_text(svg, "group", SVG_START, 0, y + CHART_LINE_HEIGHT, stack->label);
    svg_text(svg, "value", SVG_END, svg->width, y + CHART_LINE_HEIGHT,
             amount_text(amount, unit, total));
    y += CHART_LINE_HEIGHT + CHART_GAP - 2;
    for (size_t i = 0; i < stack->count; i++) {
        const struct chart_part *part = &stack->parts[i];
        double width = total > 0 ? part->value / total * svg->width : 0;
        svg_box(svg, chart_class(class, "box", (part->number - 1) % CHART_STYLE_COUNT), x, y, width,
                STACK_HEIGHT);
        draw_part_text(svg, part, unit, x, y, width);
        x += width;
    }
}

void chart_stacks(struct svg *svg, const struct chart_stacks *chart)
{
    for (size_t i = 0; i < chart->count; i++)
        draw_stack(svg, &chart->stacks[i], chart->unit, STACK_ROW * (double)i);
}

/* ---- bars ---- */

#define BAR_ROW    26.0
#define BAR_HEIGHT 16.0

double chart_bars_height(const struct chart_bars *chart)
{
    return BAR_ROW * (double)chart->count + DOT_BOTTOM;
}

static struct chart_frame bars_frame(const struct svg *svg, const struct chart_bars *chart)
{
    double name_width = 0, note_width = 0, most = 0;
    for (size_t i = 0; i < chart->count; i++) {
        name_width = fmax(name_width, svg_text_width(chart->bars[i].name));
        note_width = fmax(note_width, svg_text_width(chart->bars[i].note));
        most = fmax(most, fmax(chart->bars[i].value, chart->bars[i].floor));
    }
    struct chart_frame frame = {.left = fmin(name_width, svg->width * 0.3) + CHART_GAP + CHART_EDGE,
                                .right = svg->width - fmin(note_width, svg->width * 0.4) -
                                         CHART_GAP - CHART_EDGE,
                                .bottom = svg->height - DOT_BOTTOM + CHART_EDGE};
    frame.x = scale_of(SCALE_LINEAR, 0, most, frame.left, frame.right, 60);
    return frame;
}

void chart_bars(struct svg *svg, const struct chart_bars *chart)
{
    struct chart_axis axis = {.title = chart->title, .unit = chart->unit};
    struct chart_frame frame = bars_frame(svg, chart);
    for (size_t i = 0; i < chart->count; i++) {
        const struct chart_bar *bar = &chart->bars[i];
        double y = BAR_ROW * (double)i, end = scale_at(&frame.x, bar->value);
        svg_text(svg, "name", SVG_END, frame.left - CHART_GAP, y + BAR_ROW / 2 + 4, bar->name);
        svg_box(svg, "box k1", frame.left, y + (BAR_ROW - BAR_HEIGHT) / 2, end - frame.left,
                BAR_HEIGHT);
        if (bar->floor > 0) {
            double x = scale_at(&frame.x, bar->floor);
            svg_line(svg, "floor", x, y + 2, x, y + BAR_ROW - 2);
            end = fmax(end, x);
        }
        svg_text(svg, "value", SVG_START, end + CHART_GAP, y + BAR_ROW / 2 + 4, bar->note);
    }
    chart_x_axis(svg, &frame, &axis);
}
