#include "bench/report_parts.h"

#include "bench/chart.h"

#include <stdio.h>
#include <string.h>

#define RATE_COUNT_MAX 64

static struct spread value_of(const struct measures *measures, const char *subject,
                              const char *setting, const char *measure)
{
    struct summary_key key = {MEASURES_SWEEP, subject, setting, measure};
    return summary_of(measures, &key);
}

static void find_rates(struct names *out, const struct measures *measures, const char *subject)
{
    struct summary_key like = {MEASURES_SWEEP, subject, NULL, NULL};
    struct names settings;
    names_find(&settings, measures, NAMES_SETTING, &like);
    out->count = 0;
    for (size_t i = 0; i < settings.count && out->count < RATE_COUNT_MAX; i++)
        if (names_number(settings.list[i]) >= 0) /* "knee" has none */
            out->list[out->count++] = settings.list[i];
}

/* ---- chart: of each subject the p99, and thin beside it the p50 ---- */

struct curves {
    struct chart_line lines[CHART_LINE_MAX];
    struct chart_point points[CHART_LINE_MAX][RATE_COUNT_MAX];
    size_t count;
};

static void take_curve(struct curves *curves, const struct measures *measures, const char *subject,
                       size_t place, const char *measure, bool is_faint)
{
    struct names rates;
    if (curves->count == CHART_LINE_MAX)
        return;
    struct chart_line *line = &curves->lines[curves->count];
    *line = (struct chart_line){.style = chart_style(subject, place),
                                .is_faint = is_faint,
                                .has_marks = !is_faint,
                                .points = curves->points[curves->count]};
    find_rates(&rates, measures, subject);
    for (size_t i = 0; i < rates.count; i++) {
        struct spread rate = value_of(measures, subject, rates.list[i], "answers_per_s");
        struct spread ns = value_of(measures, subject, rates.list[i], measure);
        if (rate.median > 0 && ns.median > 0)
            line->points[line->count++] = (struct chart_point){rate.median, ns.median};
    }
    if (!is_faint) {
        snprintf(line->label, sizeof(line->label), "%s", subject);
        line->knee = value_of(measures, subject, "knee", "knee_per_s").median;
    }
    curves->count += line->count > 0;
}

static void draw_lines(struct svg *svg, const void *chart)
{
    chart_lines(svg, chart);
}

static void write_chart(struct page *page, const struct measures *measures,
                        const struct names *subjects)
{
    static struct curves curves; /* too large for a stack */
    curves.count = 0;
    for (size_t i = 0; i < subjects->count; i++) {
        take_curve(&curves, measures, subjects->list[i], i, "p50_ns", true);
        take_curve(&curves, measures, subjects->list[i], i, "p99_ns", false);
    }
    struct chart_lines chart = {
        .x = {"answers per second, logarithmic", SCALE_LOG, AMOUNT_PER_S, NULL, 0},
        .y = {"latency: p99 with marks, p50 thin", SCALE_LOG_WIDE, AMOUNT_NS, NULL, 0},
        .lines = curves.lines,
        .line_count = curves.count,
        .has_names_inside = true};
    struct page_figure figure = {
        .id = "figure-sweep",
        .title = "Throughput against latency",
        .about = "For each server two lines over answers per second, p99 and p50, both axes "
                 "logarithmic. A ring marks the knee. The table below has the numbers.",
        .caption =
            "Throughput against latency in an open loop, medians of rounds. Each mark is a rate; "
            "a ring with its number is the knee, beyond which latency rises and throughput hardly "
            "does.",
        .draw = draw_lines,
        .chart = &chart,
        .wide_height = chart_lines_height(CHART_WIDE),
        .narrow_height = chart_lines_height(CHART_NARROW)};
    if (curves.count > 0)
        page_figure(page, &figure);
}

/* ---- tables ---- */

/* What was lost is added up over rounds and tries: one answer in one of them must be seen. */
static struct spread figure_of(const struct measures *measures, const char *subject,
                               const char *setting, const char *measure)
{
    struct summary_key key = {MEASURES_SWEEP, subject, setting, measure};
    bool is_sum = strcmp(measure, "failed") == 0 || strcmp(measure, "wrong") == 0;
    return (is_sum ? summary_sum : summary_of)(measures, &key);
}

static void write_knees(struct page *page, const struct measures *measures,
                        const struct names *subjects)
{
    static const struct table_column columns[] = {
        {"server", "Server", TABLE_TEXT, AMOUNT_RATIO},
        {"knee_per_s", "Knee, answers/s", TABLE_SPREAD, AMOUNT_PER_S},
    };
    struct table table;
    table_begin(&table, "knees", "The knee", columns, COUNT_OF(columns));
    for (size_t i = 0; i < subjects->count; i++) {
        struct table_cell *cells = table_add(&table);
        cells[0].text = subjects->list[i];
        cells[1].spread = value_of(measures, subjects->list[i], "knee", "knee_per_s");
    }
    page_table(page, &table);
    table_free(&table);
}

static void write_rates(struct page *page, const struct measures *measures,
                        const struct names *subjects)
{
    static const struct table_column columns[] = {
        {"server", "Server", TABLE_TEXT, AMOUNT_RATIO},
        {"offered_per_s", "Offered/s", TABLE_AMOUNT, AMOUNT_PER_S},
        {"answers_per_s", "Answers/s", TABLE_AMOUNT, AMOUNT_PER_S},
        {"p50_ns", "p50", TABLE_AMOUNT, AMOUNT_NS},
        {"p99_ns", "p99", TABLE_AMOUNT, AMOUNT_NS},
        {"p999_ns", "p99.9", TABLE_AMOUNT, AMOUNT_NS},
        {"p9999_ns", "p99.99", TABLE_AMOUNT, AMOUNT_NS},
        {"max_ns", "greatest", TABLE_AMOUNT, AMOUNT_NS},
        {"cpu_ns", "CPU per request", TABLE_AMOUNT, AMOUNT_NS},
        {"failed", "Failed", TABLE_AMOUNT, AMOUNT_COUNT},
        {"wrong", "Wrong", TABLE_AMOUNT, AMOUNT_COUNT},
    };
    struct table table;
    table_begin(&table, "sweep", "Each rate, medians of rounds; failed and wrong: sums", columns,
                COUNT_OF(columns));
    for (size_t i = 0; i < subjects->count; i++) {
        struct names rates;
        find_rates(&rates, measures, subjects->list[i]);
        for (size_t j = 0; j < rates.count; j++) {
            struct table_cell *cells = table_add(&table);
            cells[0].text = subjects->list[i];
            for (size_t k = 1; k < COUNT_OF(columns); k++)
                cells[k].spread =
                    figure_of(measures, subjects->list[i], rates.list[j], columns[k].name);
        }
    }
    page_table(page, &table);
    table_free(&table);
}

void report_sweep(struct page *page, const struct measures *measures)
{
    struct summary_key like = {MEASURES_SWEEP, NULL, NULL, NULL};
    struct names subjects;
    names_find(&subjects, measures, NAMES_SUBJECT, &like);
    if (subjects.count == 0) {
        page_missing(page, "sweep", "eligbench sweep");
        return;
    }
    write_chart(page, measures, &subjects);
    write_knees(page, measures, &subjects);
    write_rates(page, measures, &subjects);
}
