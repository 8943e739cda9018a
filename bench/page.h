/* A report in one of three forms, from the same calls: a page that needs nothing else, text, JSON.
 * The page is HTML that is XML as well; it has its style in itself, and no scripts. */
#ifndef BENCH_PAGE_H
#define BENCH_PAGE_H

#include "bench/svg.h"
#include "bench/table.h"

enum page_form { PAGE_HTML, PAGE_TEXT, PAGE_JSON };

struct page {
    FILE *to;
    enum page_form form;
    struct json json;
    uint32_t figure_count;
};

/* A part of the report, and what writes it. */
struct page_section {
    const char *id, *title;
    void (*write)(struct page *page, const struct measures *measures);
};

/* A drawing, made twice: for wide screens and paper, and for narrow screens. */
struct page_figure {
    const char *id, *title, *about, *caption;
    void (*draw)(struct svg *svg, const void *chart);
    const void *chart;
    double wide_height, narrow_height;
};

/* The whole report; `about` is a sentence below its title. */
void page_write(FILE *to, enum page_form form, const char *title, const char *about,
                const struct page_section sections[], size_t section_count,
                const struct measures *measures);

/* For sections. Sentences are not in JSON, figures in pages alone. */
void page_say(struct page *page, const char *sentence);
void page_table(struct page *page, const struct table *table);
void page_figure(struct page *page, const struct page_figure *figure);
/* Words and what they mean, in pages alone. */
struct page_word {
    const char *word, *meaning;
};
void page_words(struct page *page, const struct page_word words[], size_t count);
/* In the place of a table: there is nothing to show; `source` is what would have measured it. */
void page_missing(struct page *page, const char *name, const char *source);

#endif
