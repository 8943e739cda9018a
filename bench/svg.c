#include "bench/svg.h"

#include "bench/markup.h"

#include <assert.h>
#include <math.h>

#define LETTER_WIDTH                                                                               \
    6.7 /* of text of 12 units in the widest fonts that systems have for their own */

/* A tenth of a unit is finer than any screen. */
static void put_number(struct svg *svg, const char *name, double value)
{
    assert(isfinite(value));
    fprintf(svg->to, " %s=\"%.1f\"", name, value);
}

void svg_begin(struct svg *svg, FILE *to, const char *id, const char *classes, double width,
               double height, const char *title, const char *about)
{
    *svg = (struct svg){.to = to, .width = width, .height = height};
    fprintf(to,
            "<svg id=\"%s\" class=\"%s\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
            "aria-labelledby=\"%s-title %s-about\">\n<title id=\"%s-title\">",
            id, classes, width, height, id, id, id);
    markup_text(to, title);
    fprintf(to, "</title>\n<desc id=\"%s-about\">", id);
    markup_text(to, about);
    fputs("</desc>\n", to);
}

void svg_end(struct svg *svg)
{
    fputs("</svg>\n", svg->to);
}

void svg_line(struct svg *svg, const char *classes, double x1, double y1, double x2, double y2)
{
    fprintf(svg->to, "<line class=\"%s\"", classes);
    put_number(svg, "x1", x1);
    put_number(svg, "y1", y1);
    put_number(svg, "x2", x2);
    put_number(svg, "y2", y2);
    fputs("/>\n", svg->to);
}

void svg_box(struct svg *svg, const char *classes, double x, double y, double width, double height)
{
    fprintf(svg->to, "<rect class=\"%s\"", classes);
    put_number(svg, "x", x);
    put_number(svg, "y", y);
    put_number(svg, "width", width);
    put_number(svg, "height", height);
    fputs("/>\n", svg->to);
}

void svg_text(struct svg *svg, const char *classes, enum svg_anchor anchor, double x, double y,
              const char *text)
{
    static const char *const anchors[] = {"start", "middle", "end"};
    fprintf(svg->to, "<text class=\"%s\" text-anchor=\"%s\"", classes, anchors[anchor]);
    put_number(svg, "x", x);
    put_number(svg, "y", y);
    fputc('>', svg->to);
    markup_text(svg->to, text);
    fputs("</text>\n", svg->to);
}

void svg_mark(struct svg *svg, const char *classes, enum svg_mark mark, double x, double y)
{
    /* Equal areas look equally large, not equal widths. */
    static const char *const paths[SVG_MARK_COUNT] = {
        [SVG_CIRCLE] = "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
        [SVG_SQUARE] = "m-3.5 -3.5h7v7h-7z",
        [SVG_TRIANGLE] = "m0 -4.8l4.8 8.4h-9.6z",
        [SVG_DIAMOND] = "m0 -5l5 5l-5 5l-5 -5z",
        [SVG_CROSS] = "m-4 -4l8 8m0 -8l-8 8",
    };
    assert(isfinite(x) && isfinite(y));
    fprintf(svg->to, "<path class=\"%s mark\" d=\"M%.1f %.1f%s\"/>\n", classes, x, y, paths[mark]);
}

void svg_path_begin(struct svg *svg, const char *classes)
{
    fprintf(svg->to, "<path class=\"%s\" d=\"", classes);
    svg->point_count = 0;
}

void svg_path_to(struct svg *svg, double x, double y)
{
    assert(isfinite(x) && isfinite(y));
    fprintf(svg->to, "%s%.1f %.1f", svg->point_count++ == 0 ? "M" : " L", x, y);
}

void svg_path_end(struct svg *svg)
{
    fputs("\"/>\n", svg->to);
}

double svg_text_width(const char *text)
{
    return LETTER_WIDTH * (double)markup_length(text);
}
