#include "bench/page.h"

#include "bench/chart.h"
#include "bench/markup.h"

/* Colours come in pairs, for light and dark, each with a contrast of at least 4.5 to its
 * background; paper is light. Lines of the same chart differ by their dashes, too. */
static const char style[] =
    ":root{color-scheme:light "
    "dark;--bg:#fff;--fg:#1b1b1b;--dim:#595959;--rule:#dcdcdc;--soft:#f5f5f3;\n"
    "--k0:#5f5f5f;--k1:#0b5cad;--k2:#0a7352;--k3:#b3400a;--k4:#7b3aa6;--k5:#7d5200;--k6:#a3245e;"
    "--k7:#2a6b7c}\n"
    "@media screen and (prefers-color-scheme:dark){:root{--bg:#14161a;--fg:#e6e6e6;--dim:#a9aeb6;"
    "--rule:#343a42;--soft:#1c1f25;\n"
    "--k0:#b4b4b4;--k1:#6cb2ff;--k2:#4fd1a5;--k3:#ff9a66;--k4:#c9a0f0;--k5:#e0b84c;--k6:#ff8ab8;"
    "--k7:#7cd0e0}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:62rem;padding:1.5rem 1rem "
    "4rem;background:var(--bg);color:var(--fg);\n"
    "font:1rem/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','DejaVu "
    "Sans',sans-serif}\n"
    "h1{font-size:1.7rem;line-height:1.2;margin:0 0 .5rem}\n"
    "h2{font-size:1.25rem;margin:3rem 0 .75rem;padding-top:.75rem;border-top:2px solid var(--fg)}\n"
    "p,dl{max-width:46rem}\n"
    "dt{font-weight:600}\n"
    "dd{margin:0 0 .6rem}\n"
    "nav ul{list-style:none;margin:1rem 0 0;padding:0;display:flex;flex-wrap:wrap;gap:.25rem "
    "1.25rem}\n"
    "a{color:var(--k1)}\n"
    ".missing{border-left:3px solid var(--k3);padding:.25rem .75rem;background:var(--soft)}\n"
    ".caption{font-size:.875rem;font-weight:600;margin:1.5rem 0 .4rem}\n"
    ".scroll{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-size:.875rem;line-height:1.35;font-variant-numeric:"
    "tabular-nums}\n"
    "th,td{padding:.3rem .9rem .3rem 0;text-align:left;vertical-align:top;font-weight:400}\n"
    "thead th{color:var(--dim);vertical-align:bottom;border-bottom:1px solid var(--fg)}\n"
    "tbody tr{border-bottom:1px solid var(--rule)}\n"
    "thead th,td{white-space:nowrap}.words td{white-space:normal;overflow-wrap:anywhere}\n"
    ".n{text-align:right}\n"
    "th:last-child,td:last-child{padding-right:0}\n"
    "tbody th{position:sticky;left:0;background:var(--bg);min-width:6rem}\n"
    "figure{margin:1.5rem 0}\n"
    "figcaption{font-size:.875rem;color:var(--dim);max-width:46rem;margin-top:.5rem}\n"
    "figcaption b{color:var(--fg)}\n"
    "svg{display:block;width:100%;height:auto;overflow:visible;font-size:12px;"
    "font-variant-numeric:tabular-nums}\n"
    "svg.narrow{display:none}\n"
    "@media screen and (max-width:600px){svg.wide{display:none}svg.narrow{display:block}}\n"
    "text{fill:var(--fg)}\n"
    ".dim{fill:var(--dim)}\n"
    ".group{font-weight:600}\n"
    ".axis{stroke:var(--dim)}\n"
    ".grid{stroke:var(--rule)}\n"
    ".k0{--k:var(--k0)}.k1{--k:var(--k1)}.k2{--k:var(--k2)}.k3{--k:var(--k3)}\n"
    ".k4{--k:var(--k4)}.k5{--k:var(--k5)}.k6{--k:var(--k6)}.k7{--k:var(--k7)}\n"
    ".line{fill:none;stroke:var(--k);stroke-width:2;stroke-linejoin:round}\n"
    ".line.k2{stroke-dasharray:8 3}.line.k3{stroke-dasharray:3 3}.line.k4{stroke-dasharray:10 3 2 "
    "3}\n"
    ".line.k5{stroke-dasharray:5 2}.line.k6{stroke-dasharray:1.5 2.5}.line.k7{stroke-dasharray:12 "
    "4}\n"
    ".line.faint{stroke-width:1;opacity:.65}\n"
    ".mark{fill:var(--k);stroke:var(--bg);stroke-width:1}\n"
    ".mark.faint{fill:var(--bg);stroke:var(--k)}\n"
    ".mark.hollow{fill:var(--bg);stroke:var(--k);stroke-width:2}\n"
    ".mark.k4{stroke:var(--k);stroke-width:2}\n"
    ".range{stroke:var(--k);stroke-width:3;stroke-linecap:round;opacity:.45}\n"
    ".leader,.knee{stroke:var(--k)}\n"
    ".knee{stroke-dasharray:2 3}\n"
    ".name{fill:var(--k,var(--fg))}\n"
    ".name,.value{paint-order:stroke;stroke:var(--bg);stroke-width:3;stroke-linejoin:round}\n"
    ".box{fill:var(--k);fill-opacity:.2;stroke:var(--bg);stroke-width:1}\n"
    ".floor{stroke:var(--fg);stroke-width:2}\n"
    "@media print{tbody "
    "th{position:static}body{max-width:none;padding:0;font-size:10pt}nav{display:none}"
    "figure,tr{break-inside:avoid}h2,.caption{break-after:avoid}.scroll{overflow:visible}"
    "table{font-size:8pt}th,td{padding-right:.5rem}}\n";

/* ---- whole ---- */

static void put_element(struct page *page, const char *open, const char *text, const char *close)
{
    fputs(open, page->to);
    markup_text(page->to, text);
    fputs(close, page->to);
}

static void begin_html(struct page *page, const char *title, const char *about,
                       const struct page_section sections[], size_t section_count)
{
    put_element(page,
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                "<meta http-equiv=\"Content-Security-Policy\" "
                "content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n<title>",
                title, "</title>\n<style>\n");
    fputs(style, page->to);
    put_element(page, "</style>\n</head>\n<body>\n<main>\n<h1>", title, "</h1>\n");
    page_say(page, about);
    fputs("<nav aria-label=\"Sections\"><ul>\n", page->to);
    for (size_t i = 0; i < section_count; i++) {
        fprintf(page->to, "<li><a href=\"#%s\">", sections[i].id);
        put_element(page, "", sections[i].title, "</a></li>\n");
    }
    fputs("</ul></nav>\n", page->to);
}

static void write_section(struct page *page, const struct page_section *section,
                          const struct measures *measures)
{
    if (page->form == PAGE_HTML) {
        fprintf(page->to, "<section id=\"%s\">\n", section->id);
        put_element(page, "<h2>", section->title, "</h2>\n");
    } else if (page->form == PAGE_TEXT) {
        fprintf(page->to, "\n== %s\n", section->title);
    }
    section->write(page, measures);
    if (page->form == PAGE_HTML)
        fputs("</section>\n", page->to);
}

void page_write(FILE *to, enum page_form form, const char *title, const char *about,
                const struct page_section sections[], size_t section_count,
                const struct measures *measures)
{
    struct page page = {.to = to, .form = form};
    if (form == PAGE_HTML) {
        begin_html(&page, title, about, sections, section_count);
    } else if (form == PAGE_JSON) {
        json_start(&page.json, to);
        json_open_object(&page.json, NULL);
    } else {
        fprintf(to, "%s\n", title);
    }
    for (size_t i = 0; i < section_count; i++)
        write_section(&page, &sections[i], measures);
    if (form == PAGE_HTML) {
        fputs("</main>\n</body>\n</html>\n", to);
    } else if (form == PAGE_JSON) {
        json_close_object(&page.json);
        json_end(&page.json);
    }
}

/* ---- parts ---- */

void page_say(struct page *page, const char *sentence)
{
    if (page->form == PAGE_HTML)
        put_element(page, "<p>", sentence, "</p>\n");
    else if (page->form == PAGE_TEXT)
        fprintf(page->to, "%s\n", sentence);
}

void page_table(struct page *page, const struct table *table)
{
    switch (page->form) {
    case PAGE_HTML:
        table_html(table, page->to);
        break;
    case PAGE_TEXT:
        table_text(table, page->to);
        break;
    case PAGE_JSON:
        table_json(table, &page->json);
        break;
    }
}

static void draw(struct page *page, const struct page_figure *figure, const char *size,
                 double width, double height)
{
    struct svg svg;
    char id[64];
    snprintf(id, sizeof(id), "%s-%s", figure->id, size);
    svg_begin(&svg, page->to, id, size, width, height, figure->title, figure->about);
    figure->draw(&svg, figure->chart);
    svg_end(&svg);
}

void page_figure(struct page *page, const struct page_figure *figure)
{
    if (page->form != PAGE_HTML)
        return;
    fputs("<figure>\n", page->to);
    draw(page, figure, "wide", CHART_WIDE, figure->wide_height);
    draw(page, figure, "narrow", CHART_NARROW, figure->narrow_height);
    fprintf(page->to, "<figcaption><b>Figure %u.</b> ", ++page->figure_count);
    put_element(page, "", figure->caption, "</figcaption>\n</figure>\n");
}

void page_words(struct page *page, const struct page_word words[], size_t count)
{
    if (page->form != PAGE_HTML)
        return;
    fputs("<dl>\n", page->to);
    for (size_t i = 0; i < count; i++) {
        put_element(page, "<dt>", words[i].word, "</dt>");
        put_element(page, "<dd>", words[i].meaning, "</dd>\n");
    }
    fputs("</dl>\n", page->to);
}

void page_missing(struct page *page, const char *name, const char *source)
{
    if (page->form == PAGE_JSON) {
        json_open_array(&page->json, name);
        json_close_array(&page->json);
        return;
    }
    if (page->form == PAGE_HTML)
        put_element(page, "<p class=\"missing\">Not measured: it comes from ", source, ".</p>\n");
    else
        fprintf(page->to, "Not measured: it comes from %s.\n", source);
}
