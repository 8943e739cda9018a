#include "bench/chart.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define LINE_HEIGHT 15.0 /* of text */
#define TICK_LENGTH 5.0
#define GAP         8.0  /* between text and what it is about */
#define EDGE        4.0  /* that nothing is cut off at a drawing's edge */
#define NAME_ROOM   28.0 /* for the name of the last line, where names stand inside */
#define INSET       6.0  /* of the first and last mark from the frame's sides */
#define CLASS_SIZE  48

/* ---- what charts share ---- */

size_t chart_style(const char *name, size_t place)
{
    static const char *const known[CHART_STYLE_COUNT] = {"echo",  "elig",   "elig-sealed",
                                                         "redis", "valkey", "memcached"};
    for (size_t i = 0; i < CHART_STYLE_COUNT; i++)
        if (known[i] != NULL && strcmp(known[i], name) == 0)
            return i;
    return (place + 1) % CHART_STYLE_COUNT;
}

static enum svg_mark mark_of(size_t style)
{
    return (enum svg_mark)(style % SVG_MARK_COUNT);
}

static const char *class_of(char out[static CLASS_SIZE], const char *what, size_t style)
{
    snprintf(out, CLASS_SIZE, "%s k%zu", what, style);
    return out;
}

/* ---- places for words ---- */

/* Where a text would be; y is its base line. */
struct place {
    double x, y, width;
};

#define TEXT_COUNT_MAX  (2 * CHART_LINE_MAX)
#define POINT_COUNT_MAX 8192
#define POINT_GAP       4.0 /* between the points by which a line is known */

/* What is drawn already: words, and the lines as points along them. */
struct drawn {
    struct place texts[TEXT_COUNT_MAX];
    struct chart_point points[POINT_COUNT_MAX];
    size_t text_count, point_count;
    double left, right, top, bottom; /* where words may stand */
};

static void add_stretch(struct drawn *drawn, struct chart_point from, struct chart_point to)
{
    double length = hypot(to.x - from.x, to.y - from.y);
    for (double at = 0; at <= length && drawn->point_count < POINT_COUNT_MAX; at += POINT_GAP) {
        double part = length > 0 ? at / length : 0;
        drawn->points[drawn->point_count++] =
            (struct chart_point){from.x + part * (to.x - from.x), from.y + part * (to.y - from.y)};
    }
}

/* How bad a text would be there: words on words are worst, then edges, then words on lines, then
 * what is far from where it belongs. */
static double badness(const struct drawn *drawn, const struct place *place, double away)
{
    double bad = away;
    if (place->x < drawn->left || place->x + place->width > drawn->right ||
        place->y < drawn->top + LINE_HEIGHT || place->y > drawn->bottom - 3)
        bad += 500;
    for (size_t i = 0; i < drawn->text_count; i++) {
        const struct place *other = &drawn->texts[i];
        if (place->x < other->x + other->width + GAP / 2 &&
            other->x < place->x + place->width + GAP / 2 && fabs(place->y - other->y) < LINE_HEIGHT)
            bad += 1000;
    }
    for (size_t i = 0; i < drawn->point_count; i++) {
        const struct chart_point *point = &drawn->points[i];
        if (point->x > place->x - GAP + 1 && point->x < place->x + place->width + GAP - 1 &&
            point->y > place->y - LINE_HEIGHT + 2 && point->y < place->y + 4)
            bad += 15;
    }
    return bad;
}

/* The best place for a text about the point: behind it, in front of it, above or below. */
static struct place find_place(struct drawn *drawn, struct chart_point about, double width)
{
    const double lefts[] = {about.x + GAP, about.x - GAP - width, about.x - width / 2};
    struct place best = {lefts[0], about.y + 4, width};
    double least = INFINITY;
    for (size_t i = 0; i < COUNT_OF(lefts); i++) {
        for (int step = -12; step <= 12; step++) {
            double down = step * LINE_HEIGHT / 3;
            struct place place = {lefts[i], about.y + 4 + down, width};
            double bad = badness(drawn, &place, fabs(down) + 6 * (double)i);
            /* Centred it would stand on its own mark. */
            bool is_on_mark = i == 2 && fabs(down) < LINE_HEIGHT;
            if (bad < least && !is_on_mark) {
                least = bad;
                best = place;
            }
        }
    }
    if (drawn->text_count < TEXT_COUNT_MAX)
        drawn->texts[drawn->text_count++] = best;
    return best;
}

/* ---- frame: two axes ---- */

struct frame {
    double left, right, top, bottom;
    struct scale x, y;
};

static void draw_x_axis(struct svg *svg, const struct frame *frame, const struct chart_axis *axis)
{
    char text[AMOUNT_TEXT_SIZE];
    size_t count = axis->ticks != NULL ? axis->tick_count : frame->x.tick_count;
    svg_line(svg, "axis", frame->left, frame->bottom, frame->right, frame->bottom);
    double free_from = 0;
    for (size_t i = 0; i < count; i++) {
        double value = axis->ticks != NULL ? axis->ticks[i].value : frame->x.ticks[i];
        if (value > frame->x.most * (1 + 1e-9))
            break;
        const char *word =
            axis->ticks != NULL ? axis->ticks[i].text : amount_short_text(text, axis->unit, value);
        double x = scale_at(&frame->x, value), half = svg_text_width(word) / 2;
        svg_line(svg, "axis", x, frame->bottom, x, frame->bottom + TICK_LENGTH);
        if (x - half < free_from)
            continue; /* the tick stands, its word has no room */
        double at = x + half > svg->width - EDGE ? svg->width - EDGE - half : x;
        svg_text(svg, "dim", SVG_MIDDLE, at, frame->bottom + TICK_LENGTH + LINE_HEIGHT - 2, word);
        free_from = x + half + GAP / 2;
    }
    svg_text(svg, "dim", SVG_END, frame->right, frame->bottom + TICK_LENGTH + 2 * LINE_HEIGHT,
             axis->title);
}

static void draw_y_axis(struct svg *svg, const struct frame *frame, const struct chart_axis *axis)
{
    char text[AMOUNT_TEXT_SIZE];
    svg_text(svg, "dim", SVG_START, EDGE, LINE_HEIGHT, axis->title);
    for (size_t i = 0; i < frame->y.tick_count; i++) {
        double y = scale_at(&frame->y, frame->y.ticks[i]);
        if (y < frame->bottom - 1)
            svg_line(svg, "grid", frame->left, y, frame->right, y);
        svg_text(svg, "dim", SVG_END, frame->left - GAP, y + 4,
                 amount_short_text(text, axis->unit, frame->y.ticks[i]));
    }
}

/* ---- lines ---- */

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

static struct frame frame_of(const struct svg *svg, const struct chart_lines *chart)
{
    double label_width = 0;
    for (size_t i = 0; i < chart->line_count; i++)
        label_width = fmax(label_width, svg_text_width(chart->lines[i].label));
    struct bounds bounds = bounds_of(chart);
    if (chart->has_names_inside)
        label_width = fmin(label_width, NAME_ROOM);
    struct frame frame = {.left = 62,
                          .right = svg->width - fmin(label_width, svg->width * 0.4) - 2 * GAP,
                          .top = 2 * LINE_HEIGHT,
                          .bottom = svg->height - 3 * LINE_HEIGHT};
    frame.x = scale_of(chart->x.kind, bounds.least_x, bounds.most_x, frame.left + INSET,
                       frame.right - INSET, 44);
    frame.y = scale_of(chart->y.kind, bounds.least_y, bounds.most_y, frame.bottom, frame.top, 30);
    if (chart->x.ticks != NULL) { /* which need no nice end */
        frame.x.least = fmin(bounds.least_x, chart->x.ticks[0].value);
        frame.x.most = fmax(bounds.most_x, 2 * frame.x.least);
    }
    return frame;
}

static struct chart_point place_of(const struct frame *frame, const struct chart_point *point)
{
    return (struct chart_point){scale_at(&frame->x, point->x), scale_at(&frame->y, point->y)};
}

static void draw_line(struct svg *svg, const struct frame *frame, const struct chart_line *line)
{
    char class[CLASS_SIZE];
    svg_path_begin(svg, class_of(class, line->is_faint ? "line faint" : "line", line->style));
    for (size_t i = 0; i < line->count; i++) {
        struct chart_point at = place_of(frame, &line->points[i]);
        svg_path_to(svg, at.x, at.y);
    }
    svg_path_end(svg);
    for (size_t i = 0; i < line->count && (line->has_marks || line->count == 1); i++) {
        struct chart_point at = place_of(frame, &line->points[i]);
        svg_mark(svg, class_of(class, line->is_faint ? "faint" : "full", line->style),
                 mark_of(line->style), at.x, at.y);
    }
}

/* A text about a point, with a line to it when it stands apart. */
static void draw_word(struct svg *svg, struct drawn *drawn, size_t style, struct chart_point about,
                      const char *text)
{
    char class[CLASS_SIZE];
    struct place place = find_place(drawn, about, svg_text_width(text));
    bool is_beside = place.x > about.x || place.x + place.width < about.x;
    double edge = place.x > about.x ? place.x - 2 : place.x + place.width + 2;
    if (is_beside && fabs(place.y - 4 - about.y) > LINE_HEIGHT / 2)
        svg_line(svg, class_of(class, "leader", style), about.x, about.y, edge, place.y - 4);
    svg_text(svg, class_of(class, "name", style), SVG_START, place.x, place.y, text);
}

/* Where the line is at the place `x`, between its points. */
static double height_at(const struct frame *frame, const struct chart_line *line, double x)
{
    struct chart_point before = place_of(frame, &line->points[0]);
    for (size_t i = 1; i < line->count; i++) {
        struct chart_point after = place_of(frame, &line->points[i]);
        if (x <= after.x)
            return after.x > before.x
                       ? before.y + (x - before.x) / (after.x - before.x) * (after.y - before.y)
                       : after.y;
        before = after;
    }
    return before.y;
}

static struct chart_point knee_of(const struct frame *frame, const struct chart_line *line)
{
    double x = fmax(scale_at(&frame->x, line->knee), place_of(frame, &line->points[0]).x);
    return (struct chart_point){x, height_at(frame, line, x)};
}

static void draw_knee(struct svg *svg, const struct frame *frame, const struct chart_line *line)
{
    char class[CLASS_SIZE];
    struct chart_point knee = knee_of(frame, line);
    svg_line(svg, class_of(class, "knee", line->style), knee.x, knee.y, knee.x, frame->bottom);
    svg_mark(svg, class_of(class, "hollow", line->style), SVG_CIRCLE, knee.x, knee.y);
}

static void note_lines(struct drawn *drawn, const struct frame *frame,
                       const struct chart_lines *chart)
{
    for (size_t i = 0; i < chart->line_count; i++) {
        const struct chart_line *line = &chart->lines[i];
        for (size_t j = 1; j < line->count; j++)
            add_stretch(drawn, place_of(frame, &line->points[j - 1]),
                        place_of(frame, &line->points[j]));
        if (line->knee > 0) {
            struct chart_point knee = knee_of(frame, line);
            add_stretch(drawn, knee, (struct chart_point){knee.x, frame->bottom});
        }
    }
}

static void draw_words(struct svg *svg, const struct frame *frame, const struct chart_lines *chart)
{
    char amount[AMOUNT_TEXT_SIZE];
    struct drawn drawn = {
        .left = frame->left, .right = svg->width, .top = frame->top, .bottom = frame->bottom};
    note_lines(&drawn, frame, chart);
    for (size_t i = 0; i < chart->line_count; i++) {
        const struct chart_line *line = &chart->lines[i];
        if (line->label[0] != '\0')
            draw_word(svg, &drawn, line->style, place_of(frame, &line->points[line->count - 1]),
                      line->label);
    }
    for (size_t i = 0; i < chart->line_count; i++) {
        const struct chart_line *line = &chart->lines[i];
        if (line->knee > 0)
            draw_word(svg, &drawn, line->style, knee_of(frame, line),
                      amount_text(amount, chart->x.unit, line->knee));
    }
}

void chart_lines(struct svg *svg, const struct chart_lines *chart)
{
    assert(chart->line_count <= CHART_LINE_MAX);
    struct frame frame = frame_of(svg, chart);
    draw_y_axis(svg, &frame, &chart->y);
    draw_x_axis(svg, &frame, &chart->x);
    for (size_t i = 0; i < chart->line_count; i++)
        draw_line(svg, &frame, &chart->lines[i]);
    for (size_t i = 0; i < chart->line_count; i++)
        if (chart->lines[i].knee > 0)
            draw_knee(svg, &frame, &chart->lines[i]);
    draw_words(svg, &frame, chart);
}

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

static struct frame dots_frame(const struct svg *svg, const struct chart_dots *chart,
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
    struct frame frame = {.left = fmin(name_width, svg->width * 0.3) + 2 * GAP + EDGE,
                          .right = svg->width - text_width - 2 * GAP,
                          .top = 0,
                          .bottom = svg->height - DOT_BOTTOM + EDGE};
    frame.x =
        scale_of(SCALE_LOG_WIDE, isfinite(least) ? least : 1, most, frame.left, frame.right, 44);
    return frame;
}

static void draw_dot(struct svg *svg, const struct frame *frame, const struct chart_dots *chart,
                     size_t i, double y, bool has_notes)
{
    char class[CLASS_SIZE], text[2 * CHART_LABEL_SIZE];
    const struct chart_dot *dot = &chart->dots[i];
    svg_text(svg, class_of(class, "name", dot->style), SVG_END, frame->left - 2 * GAP, y + 4,
             dot->name);
    svg_line(svg, "grid", frame->left, y, frame->right, y);
    svg_line(svg, class_of(class, "range", dot->style), scale_at(&frame->x, dot->least), y,
             scale_at(&frame->x, dot->most), y);
    svg_mark(svg, class_of(class, "full", dot->style), mark_of(dot->style),
             scale_at(&frame->x, dot->value), y);
    svg_text(svg, "value", SVG_START, frame->right + 2 * GAP, y + 4,
             dot_text(text, chart, i, has_notes));
}

void chart_dots(struct svg *svg, const struct chart_dots *chart)
{
    bool has_notes = svg->width >= CHART_WIDE;
    struct chart_axis axis = {.title = chart->title, .unit = chart->unit};
    struct frame frame = dots_frame(svg, chart, has_notes);
    double y = 0;
    for (size_t i = 0; i < chart->count; i++) {
        if (begins_group(chart, i)) {
            y += DOT_GROUP;
            svg_text(svg, "group", SVG_START, EDGE, y - GAP, chart->dots[i].group);
        }
        draw_dot(svg, &frame, chart, i, y + DOT_ROW / 2 - 3, has_notes);
        y += DOT_ROW;
    }
    draw_x_axis(svg, &frame, &axis);
}

/* ---- stacks ---- */

#define STACK_HEIGHT 40.0
#define STACK_ROW    (STACK_HEIGHT + 2 * LINE_HEIGHT)
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
             is_narrow ? x + width / 2 : x + PART_PADDING, y + LINE_HEIGHT + 1, text);
    if (svg_text_width(amount_text(amount, unit, part->value)) <= room)
        svg_text(svg, "part dim", SVG_START, x + PART_PADDING, y + 2 * LINE_HEIGHT + 2, amount);
}

static void draw_stack(struct svg *svg, const struct chart_stack *stack, enum amount_unit unit,
                       double y)
{
    char class[CLASS_SIZE], amount[AMOUNT_TEXT_SIZE];
    double total = 0, x = 0;
    for (size_t i = 0; i < stack->count; i++)
        total += stack->parts[i].value;
    svg_text(svg, "group", SVG_START, 0, y + LINE_HEIGHT, stack->label);
    svg_text(svg, "value", SVG_END, svg->width, y + LINE_HEIGHT, amount_text(amount, unit, total));
    y += LINE_HEIGHT + GAP - 2;
    for (size_t i = 0; i < stack->count; i++) {
        const struct chart_part *part = &stack->parts[i];
        double width = total > 0 ? part->value / total * svg->width : 0;
        svg_box(svg, class_of(class, "box", (part->number - 1) % CHART_STYLE_COUNT), x, y, width,
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

static struct frame bars_frame(const struct svg *svg, const struct chart_bars *chart)
{
    double name_width = 0, note_width = 0, most = 0;
    for (size_t i = 0; i < chart->count; i++) {
        name_width = fmax(name_width, svg_text_width(chart->bars[i].name));
        note_width = fmax(note_width, svg_text_width(chart->bars[i].note));
        most = fmax(most, fmax(chart->bars[i].value, chart->bars[i].floor));
    }
    struct frame frame = {.left = fmin(name_width, svg->width * 0.3) + GAP + EDGE,
                          .right = svg->width - fmin(note_width, svg->width * 0.4) - GAP - EDGE,
                          .bottom = svg->height - DOT_BOTTOM + EDGE};
    frame.x = scale_of(SCALE_LINEAR, 0, most, frame.left, frame.right, 60);
    return frame;
}

void chart_bars(struct svg *svg, const struct chart_bars *chart)
{
    struct chart_axis axis = {.title = chart->title, .unit = chart->unit};
    struct frame frame = bars_frame(svg, chart);
    for (size_t i = 0; i < chart->count; i++) {
        const struct chart_bar *bar = &chart->bars[i];
        double y = BAR_ROW * (double)i, end = scale_at(&frame.x, bar->value);
        svg_text(svg, "name", SVG_END, frame.left - GAP, y + BAR_ROW / 2 + 4, bar->name);
        svg_box(svg, "box k1", frame.left, y + (BAR_ROW - BAR_HEIGHT) / 2, end - frame.left,
                BAR_HEIGHT);
        if (bar->floor > 0) {
            double x = scale_at(&frame.x, bar->floor);
            svg_line(svg, "floor", x, y + 2, x, y + BAR_ROW - 2);
            end = fmax(end, x);
        }
        svg_text(svg, "value", SVG_START, end + GAP, y + BAR_ROW / 2 + 4, bar->note);
    }
    draw_x_axis(svg, &frame, &axis);
}
