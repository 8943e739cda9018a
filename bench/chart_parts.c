#include "bench/chart_parts.h"

#include <stdio.h>
#include <string.h>

size_t chart_style(const char *name, size_t place)
{
    static const struct {
        const char *name;
        size_t style;
    } known[] = {{"echo", 0},       {"elig", 1},       {"elig-sealed", 2},
                 {"redis", 3},      {"valkey", 4},     {"memcached", 5},
                 {"echo quiet", 0}, {"elig quiet", 1}, {"elig-sealed quiet", 2},
                 {"elig swap", 4},  {"elig ledger", 3}};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strcmp(known[i].name, name) == 0)
            return known[i].style;
    return (place + 4) % CHART_STYLE_COUNT;
}

enum svg_mark chart_mark(size_t style)
{
    return (enum svg_mark)(style % SVG_MARK_COUNT);
}

const char *chart_class(char out[CHART_CLASS_SIZE], const char *what, size_t style)
{
    snprintf(out, CHART_CLASS_SIZE, "%s k%zu", what, style);
    return out;
}

void chart_x_axis(struct svg *svg, const struct chart_frame *frame, const struct chart_axis *axis)
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
        svg_line(svg, "axis", x, frame->bottom, x, frame->bottom + CHART_TICK_LENGTH);
        if (x - half < free_from)
            continue; /* the tick stands, its word has no room */
        double at = x + half > svg->width - CHART_EDGE ? svg->width - CHART_EDGE - half : x;
        svg_text(svg, "dim", SVG_MIDDLE, at,
                 frame->bottom + CHART_TICK_LENGTH + CHART_LINE_HEIGHT - 2, word);
        free_from = x + half + CHART_GAP / 2;
    }
    svg_text(svg, "dim", SVG_END, frame->right,
             frame->bottom + CHART_TICK_LENGTH + 2 * CHART_LINE_HEIGHT, axis->title);
}
