#include "bench/report_parts.h"

#include "bench/chart.h"

#include <stdio.h>
#include <string.h>

#define STACK_COUNT_MAX 32
#define PART_COUNT_MAX  48 /* steps in all */

/* What is written for the subjects that are known. */
static const char *title_of(const char *subject)
{
    static const struct {
        const char *subject, *title;
    } known[] = {{"check", "CHECK in the clear"},
                 {"sealed", "CHECK sealed"},
                 {"use", "USE"},
                 {"check floor", "What a CHECK cannot do faster"}};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strcmp(known[i].subject, subject) == 0)
            return known[i].title;
    return subject;
}

static struct spread value_of(const struct measures *measures, const char *subject,
                              const char *setting, const char *step)
{
    struct summary_key key = {MEASURES_STAGES, subject, setting, step};
    return summary_of(measures, &key);
}

static void find(struct names *out, const struct measures *measures, enum names_of column,
                 const char *subject)
{
    struct summary_key like = {MEASURES_STAGES, subject, NULL, NULL};
    names_find(out, measures, column, &like);
}

/* A step has the same number wherever it comes. */
static size_t number_of(const struct names *steps, const char *step)
{
    size_t at = 0;
    while (at < steps->count && strcmp(steps->list[at], step) != 0)
        at++;
    return at + 1;
}

/* ---- chart ---- */

struct stacks {
    struct chart_stack list[STACK_COUNT_MAX];
    struct chart_part parts[STACK_COUNT_MAX][PART_COUNT_MAX];
    size_t count;
};

static void take_stack(struct stacks *stacks, const struct measures *measures,
                       const struct names *steps, const char *subject, const char *setting)
{
    struct chart_stack *stack = &stacks->list[stacks->count];
    struct chart_part *parts = stacks->parts[stacks->count];
    struct names own;
    find(&own, measures, NAMES_MEASURE, subject);
    *stack = (struct chart_stack){.parts = parts};
    snprintf(stack->label, sizeof(stack->label), "%s, %s", title_of(subject), setting);
    for (size_t i = 0; i < own.count && stack->count < PART_COUNT_MAX; i++) {
        double ns = value_of(measures, subject, setting, own.list[i]).median;
        if (ns > 0)
            parts[stack->count++] =
                (struct chart_part){own.list[i], number_of(steps, own.list[i]), ns};
    }
    stacks->count += stack->count > 0;
}

static void draw_stacks(struct svg *svg, const void *chart)
{
    chart_stacks(svg, chart);
}

static void write_chart(struct page *page, const struct measures *measures,
                        const struct names *subjects, const struct names *steps)
{
    static struct stacks stacks; /* too large for a stack of calls */
    stacks.count = 0;
    for (size_t i = 0; i < subjects->count; i++) {
        struct names settings;
        if (names_is_floor(subjects->list[i]))
            continue;
        find(&settings, measures, NAMES_SETTING, subjects->list[i]);
        for (size_t j = 0; j < settings.count && stacks.count < STACK_COUNT_MAX; j++)
            take_stack(&stacks, measures, steps, subjects->list[i], settings.list[j]);
    }
    struct chart_stacks chart = {.unit = AMOUNT_NS, .stacks = stacks.list, .count = stacks.count};
    double height = chart_stacks_height(&chart);
    struct page_figure figure = {
        .id = "figure-stages",
        .title = "What a request's time is made of",
        .about =
            "A bar for each kind of request and depth, all equally long, cut into its steps by "
            "their part of the whole. The tables below have the numbers.",
        .caption =
            "What the time of a request is made of. Each bar is a whole, whose sum stands to the "
            "right; steps keep their number and colour, and the tables name them all.",
        .draw = draw_stacks,
        .chart = &chart,
        .wide_height = height,
        .narrow_height = height};
    if (stacks.count > 0)
        page_figure(page, &figure);
}

/* ---- a table for each subject: steps by settings ---- */

static void write_table(struct page *page, const struct measures *measures, const char *subject,
                        const struct names *steps)
{
    struct table_column columns[TABLE_COLUMN_COUNT_MAX] = {
        {"step", "Step", TABLE_TEXT, AMOUNT_RATIO}};
    char name[MEASURES_TEXT_MAX + sizeof("stages ")], caption[CHART_LABEL_SIZE];
    char titles[PART_COUNT_MAX][MEASURES_TEXT_MAX + 24];
    struct names settings, own;
    struct table table;
    size_t column_count = 1;
    find(&own, measures, NAMES_MEASURE, subject);
    find(&settings, measures, NAMES_SETTING, subject);
    for (size_t i = 0; i < settings.count && column_count < TABLE_COLUMN_COUNT_MAX; i++)
        columns[column_count++] =
            (struct table_column){settings.list[i], settings.list[i], TABLE_SPREAD, AMOUNT_NS};
    snprintf(name, sizeof(name), "stages %s", subject);
    snprintf(caption, sizeof(caption), "%s: medians of rounds (least to greatest)",
             title_of(subject));
    table_begin(&table, name, caption, columns, column_count);
    for (size_t i = 0; i < own.count && i < PART_COUNT_MAX; i++) {
        struct table_cell *cells = table_add(&table);
        snprintf(titles[i], sizeof(titles[i]), "%zu %s", number_of(steps, own.list[i]),
                 own.list[i]);
        cells[0].text = titles[i];
        for (size_t j = 1; j < column_count; j++)
            cells[j].spread = value_of(measures, subject, columns[j].name, own.list[i]);
    }
    page_table(page, &table);
    table_free(&table);
}

void report_stages(struct page *page, const struct measures *measures)
{
    struct names subjects, steps;
    find(&subjects, measures, NAMES_SUBJECT, NULL);
    find(&steps, measures, NAMES_MEASURE, NULL);
    if (subjects.count == 0) {
        page_missing(page, "stages", "a profile of the steps of CHECK and USE");
        return;
    }
    write_chart(page, measures, &subjects, &steps);
    for (size_t i = 0; i < subjects.count; i++)
        write_table(page, measures, subjects.list[i], &steps);
    if (steps.count > PART_COUNT_MAX)
        page_say(page, "There are more steps than are shown.");
}
