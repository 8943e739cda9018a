#include "bench/report_parts.h"

#include "bench/chart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "at_" /* of measures that are percentiles */

static struct spread at(const struct measures *measures, const char *subject, const char *setting,
                        const char *measure)
{
    struct summary_key key = {MEASURES_LATENCY, subject, setting, measure};
    return summary_of(measures, &key);
}

/* ---- a curve for each subject and setting ---- */

/* 99.9 % as the number of requests of which one is slower: 1000. */
static double one_in(double per_cent)
{
    return 100 / (100 - per_cent);
}

struct curves {
    struct chart_line lines[CHART_LINE_MAX];
    struct chart_point points[CHART_LINE_MAX][NAMES_COUNT_MAX];
    size_t count, left_out;
};

static void take_points(struct chart_line *line, struct chart_point points[],
                        const struct measures *measures, const char *subject, const char *setting)
{
    struct summary_key like = {MEASURES_LATENCY, subject, setting, NULL};
    struct names measured;
    names_find(&measured, measures, NAMES_MEASURE, &like);
    line->points = points;
    for (size_t i = 0; i < measured.count; i++) {
        double per_cent = names_number(measured.list[i]);
        struct spread ns = at(measures, subject, setting, measured.list[i]);
        if (strncmp(measured.list[i], PREFIX, strlen(PREFIX)) != 0 || per_cent < 0 ||
            per_cent >= 100 || !(ns.median > 0))
            continue;
        points[line->count++] = (struct chart_point){one_in(per_cent), ns.median};
    }
}

static void take_curves(struct curves *curves, const struct measures *measures)
{
    struct summary_key like = {MEASURES_LATENCY, NULL, NULL, NULL};
    struct names subjects, settings;
    curves->count = curves->left_out = 0;
    names_find(&subjects, measures, NAMES_SUBJECT, &like);
    for (size_t i = 0; i < subjects.count; i++) {
        like.subject = subjects.list[i];
        names_find(&settings, measures, NAMES_SETTING, &like);
        for (size_t j = 0; j < settings.count; j++) {
            if (curves->count == CHART_LINE_MAX) {
                curves->left_out++;
                continue;
            }
            struct chart_line *line = &curves->lines[curves->count];
            *line = (struct chart_line){.style = chart_style(subjects.list[i], curves->count)};
            snprintf(line->label, sizeof(line->label), "%s%s%s", subjects.list[i],
                     settings.count > 1 ? ", " : "", settings.count > 1 ? settings.list[j] : "");
            take_points(line, curves->points[curves->count], measures, subjects.list[i],
                        settings.list[j]);
            curves->count += line->count > 0;
        }
    }
}

static void draw_lines(struct svg *svg, const void *chart)
{
    chart_lines(svg, chart);
}

static void write_curves(struct page *page, const struct measures *measures)
{
    static const struct chart_tick ticks[] = {
        {1, "0"},       {2, "50"},        {10, "90"},         {100, "99"},
        {1000, "99.9"}, {10000, "99.99"}, {100000, "99.999"}, {1000000, "99.9999"}};
    static struct curves curves; /* too large for a stack */
    take_curves(&curves, measures);
    struct chart_lines chart = {
        .x = {"percentile", SCALE_LOG, AMOUNT_RATIO, ticks, COUNT_OF(ticks)},
        .y = {"latency, logarithmic", SCALE_LOG_WIDE, AMOUNT_NS, NULL, 0},
        .lines = curves.lines,
        .line_count = curves.count};
    struct page_figure figure = {
        .id = "figure-latency",
        .title = "Latency by percentile",
        .about =
            "A line for each subject: latency on a logarithmic axis over percentiles, from 0 to "
            "99.9999, each nine as wide as the one before. The table below has the numbers.",
        .caption =
            "Latency by percentile, medians of rounds. Each further nine on the horizontal axis "
            "is as wide as the one before, so that rare answers are seen as well as common ones.",
        .draw = draw_lines,
        .chart = &chart,
        .wide_height = chart_lines_height(CHART_WIDE),
        .narrow_height = chart_lines_height(CHART_NARROW)};
    if (curves.count > 0)
        page_figure(page, &figure);
    if (curves.left_out > 0)
        page_say(page, "The table has more lines than the chart has room for.");
}

/* ---- tables ---- */

#define TOLD_COUNT 7
static const char *const told[TOLD_COUNT] = {PREFIX "50",     PREFIX "90",    PREFIX "99",
                                             PREFIX "99.9",   PREFIX "99.99", PREFIX "99.999",
                                             PREFIX "99.9999"};
static void write_latencies(struct page *page, const struct measures *measures,
                            const struct names *subjects)
{
    static const struct table_column columns[] = {
        {"subject", "Subject", TABLE_TEXT, AMOUNT_RATIO},
        {"setting", "Setting", TABLE_TEXT, AMOUNT_RATIO},
        {"p50_ns", "p50", TABLE_AMOUNT, AMOUNT_NS},
        {"p90_ns", "p90", TABLE_AMOUNT, AMOUNT_NS},
        {"p99_ns", "p99", TABLE_AMOUNT, AMOUNT_NS},
        {"p999_ns", "p99.9", TABLE_AMOUNT, AMOUNT_NS},
        {"p9999_ns", "p99.99", TABLE_AMOUNT, AMOUNT_NS},
        {"p99999_ns", "p99.999", TABLE_AMOUNT, AMOUNT_NS},
        {"p999999_ns", "p99.9999", TABLE_AMOUNT, AMOUNT_NS}};
    struct summary_key like = {MEASURES_LATENCY, NULL, NULL, NULL};
    struct names settings;
    struct table table;
    table_begin(&table, "latency", "Latency by percentile, medians of rounds", columns,
                COUNT_OF(columns));
    for (size_t i = 0; i < subjects->count; i++) {
        like.subject = subjects->list[i];
        names_find(&settings, measures, NAMES_SETTING, &like);
        for (size_t j = 0; j < settings.count; j++) {
            struct table_cell *cells = table_add(&table);
            cells[0].text = subjects->list[i];
            cells[1].text = settings.list[j];
            for (size_t k = 0; k < TOLD_COUNT; k++)
                cells[2 + k].spread = at(measures, subjects->list[i], settings.list[j], told[k]);
        }
    }
    page_table(page, &table);
    table_free(&table);
}

void report_latency(struct page *page, const struct measures *measures)
{
    struct summary_key like = {MEASURES_LATENCY, NULL, NULL, NULL};
    struct names subjects;
    names_find(&subjects, measures, NAMES_SUBJECT, &like);
    if (subjects.count == 0) {
        page_missing(page, "latency", "eligbench run at a rate, or eligbench sweep");
        return;
    }
    write_curves(page, measures);
    write_latencies(page, measures, &subjects);
}

/* ---- quiet, and what goes on beside it ---- */

#define QUIET         " quiet"
#define DOT_COUNT_MAX 48

/* The subject "elig quiet" and all others that begin with "elig ". */
struct group {
    const char *list[DOT_COUNT_MAX];
    size_t count;
};

static bool is_quiet(const char *subject)
{
    size_t length = strlen(subject);
    return length > strlen(QUIET) && strcmp(subject + length - strlen(QUIET), QUIET) == 0;
}

static void take_group(struct group *out, const struct names *subjects, const char *quiet)
{
    size_t first_size = strlen(quiet) - strlen(QUIET) + 1; /* with its blank */
    *out = (struct group){.list = {quiet}, .count = 1};
    for (size_t i = 0; i < subjects->count && out->count < DOT_COUNT_MAX; i++)
        if (strcmp(subjects->list[i], quiet) != 0 &&
            strncmp(subjects->list[i], quiet, first_size) == 0)
            out->list[out->count++] = subjects->list[i];
}

/* The first that has others: "echo quiet" has none. */
static bool find_group(struct group *out, const struct names *subjects)
{
    *out = (struct group){.count = 0};
    for (size_t i = 0; i < subjects->count && out->count <= 1; i++)
        if (is_quiet(subjects->list[i]))
            take_group(out, subjects, subjects->list[i]);
    return out->count > 1;
}

static struct spread beside(const struct measures *measures, const struct group *group, size_t i,
                            const char *measure)
{
    struct summary_key over = {MEASURES_LATENCY, group->list[i], NULL, measure};
    struct summary_key under = {MEASURES_LATENCY, group->list[0], NULL, measure};
    return summary_ratio(measures, &over, &under);
}

static size_t take_dots(struct chart_dot dots[static DOT_COUNT_MAX],
                        const struct measures *measures, const struct group *group)
{
    static const struct {
        const char *measure, *name;
    } rows[] = {{PREFIX "50", "p50"},
                {PREFIX "99", "p99"},
                {PREFIX "99.9", "p99.9"},
                {PREFIX "99.99", "p99.99"}};
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t j = 0; j < group->count && count < DOT_COUNT_MAX; j++) {
            struct spread ns = at(measures, group->list[j], NULL, rows[i].measure);
            struct spread ratio = beside(measures, group, j, rows[i].measure);
            char text[AMOUNT_TEXT_SIZE];
            if (!(ns.median > 0))
                continue;
            struct chart_dot *dot = &dots[count++];
            *dot = (struct chart_dot){rows[i].name,
                                      group->list[j],
                                      chart_style(group->list[j], j),
                                      ns.median,
                                      ns.least,
                                      ns.most,
                                      ""};
            if (j > 0 && ratio.round_count > 0)
                snprintf(dot->note, sizeof(dot->note), ", %s \xc3\x97 quiet",
                         amount_text(text, AMOUNT_RATIO, ratio.median));
        }
    }
    return count;
}

static void draw_dots(struct svg *svg, const void *chart)
{
    chart_dots(svg, chart);
}

static void write_dots(struct page *page, const struct measures *measures,
                       const struct group *group)
{
    struct chart_dot dots[DOT_COUNT_MAX];
    struct chart_dots chart = {.title = "latency, logarithmic",
                               .unit = AMOUNT_NS,
                               .dots = dots,
                               .count = take_dots(dots, measures, group)};
    double height = chart_dots_height(&chart);
    struct page_figure figure = {
        .id = "figure-beside",
        .title = "Latency while something else goes on",
        .about =
            "For four percentiles a row for each subject: a mark at the median on a logarithmic "
            "axis, a bar from the least to the greatest round. The table below has the numbers.",
        .caption =
            "The same load alone, while snapshots are swapped, and beside a ledger under load.",
        .draw = draw_dots,
        .chart = &chart,
        .wide_height = height,
        .narrow_height = height};
    if (chart.count > 0)
        page_figure(page, &figure);
}

void report_beside(struct page *page, const struct measures *measures)
{
    static const struct table_column columns[] = {
        {"subject", "Subject", TABLE_TEXT, AMOUNT_RATIO},
        {"p50_to_quiet", "p50 \xc3\x97 quiet", TABLE_SPREAD, AMOUNT_RATIO},
        {"p99_to_quiet", "p99 \xc3\x97 quiet", TABLE_SPREAD, AMOUNT_RATIO},
        {"p999_to_quiet", "p99.9 \xc3\x97 quiet", TABLE_SPREAD, AMOUNT_RATIO},
    };
    struct summary_key like = {MEASURES_LATENCY, NULL, NULL, NULL};
    struct names subjects;
    struct group group;
    struct table table;
    names_find(&subjects, measures, NAMES_SUBJECT, &like);
    if (!find_group(&group, &subjects)) {
        page_missing(page, "beside",
                     "latencies of \"elig quiet\" with \"elig swap\" or \"elig "
                     "ledger\" beside it");
        return;
    }
    write_dots(page, measures, &group);
    table_begin(&table, "beside",
                "Latency in relation to quiet, medians of rounds (least to greatest)", columns,
                COUNT_OF(columns));
    for (size_t i = 1; i < group.count; i++) {
        struct table_cell *cells = table_add(&table);
        cells[0].text = group.list[i];
        cells[1].spread = beside(measures, &group, i, PREFIX "50");
        cells[2].spread = beside(measures, &group, i, PREFIX "99");
        cells[3].spread = beside(measures, &group, i, PREFIX "99.9");
    }
    page_table(page, &table);
    table_free(&table);
}
