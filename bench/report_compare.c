#include "bench/report_parts.h"

#include "bench/chart.h"

#include <stdio.h>
#include <string.h>

#define DOT_COUNT_MAX 64

static struct summary_key key_of(const char *subject, const char *setting, const char *measure)
{
    return (struct summary_key){MEASURES_COMPARE, subject, setting, measure};
}

static struct spread value_of(const struct measures *measures, const char *subject,
                              const char *setting, const char *measure)
{
    struct summary_key key = key_of(subject, setting, measure);
    return summary_of(measures, &key);
}

/* CPU of one server in relation to that of another. */
static struct spread ratio_of(const struct measures *measures, const char *over, const char *under,
                              const char *setting)
{
    struct summary_key over_key = key_of(over, setting, "cpu_ns");
    struct summary_key under_key = key_of(under, setting, "cpu_ns");
    return summary_ratio(measures, &over_key, &under_key);
}

static void write_table(struct page *page, const struct measures *measures,
                        const struct names *settings, const struct names *subjects)
{
    static const struct table_column columns[] = {
        {"server", "Server", TABLE_TEXT, AMOUNT_RATIO},
        {"setting", "Setting", TABLE_TEXT, AMOUNT_RATIO},
        {"cpu_ns", "CPU per request", TABLE_SPREAD, AMOUNT_NS},
        {"to_echo", "\xc3\x97 echo", TABLE_SPREAD, AMOUNT_RATIO},
        {"answers_per_s", "Answers/s", TABLE_AMOUNT, AMOUNT_PER_S},
        {"p50_ns", "p50", TABLE_AMOUNT, AMOUNT_NS},
        {"p99_ns", "p99", TABLE_AMOUNT, AMOUNT_NS},
        {"p999_ns", "p99.9", TABLE_AMOUNT, AMOUNT_NS},
        {"client_cpu_ns", "Client's CPU", TABLE_AMOUNT, AMOUNT_NS},
    };
    struct table table;
    table_begin(&table, "compare", "CPU per request, medians of rounds (least to greatest)",
                columns, COUNT_OF(columns));
    for (size_t i = 0; i < settings->count; i++) {
        for (size_t j = 0; j < subjects->count; j++) {
            const char *setting = settings->list[i], *subject = subjects->list[j];
            struct spread cpu = value_of(measures, subject, setting, "cpu_ns");
            if (cpu.round_count == 0)
                continue;
            struct table_cell *cells = table_add(&table);
            cells[0].text = subject;
            cells[1].text = setting;
            cells[2].spread = cpu;
            cells[3].spread = ratio_of(measures, subject, "echo", setting);
            for (size_t k = 4; k < COUNT_OF(columns); k++)
                cells[k].spread = value_of(measures, subject, setting, columns[k].name);
        }
    }
    page_table(page, &table);
    table_free(&table);
}

static bool is_peer(const char *subject)
{
    return strncmp(subject, "elig", strlen("elig")) != 0 && strcmp(subject, "echo") != 0;
}

static void write_peers(struct page *page, const struct measures *measures,
                        const struct names *settings, const struct names *subjects)
{
    static const struct table_column columns[] = {
        {"server", "Server", TABLE_TEXT, AMOUNT_RATIO},
        {"setting", "Setting", TABLE_TEXT, AMOUNT_RATIO},
        {"to_elig", "\xc3\x97 elig", TABLE_SPREAD, AMOUNT_RATIO},
        {"to_elig_sealed", "\xc3\x97 elig-sealed", TABLE_SPREAD, AMOUNT_RATIO},
    };
    struct table table;
    table_begin(&table, "peers", "CPU per request of others in relation to ours", columns,
                COUNT_OF(columns));
    for (size_t i = 0; i < settings->count; i++) {
        for (size_t j = 0; j < subjects->count; j++) {
            const char *setting = settings->list[i], *subject = subjects->list[j];
            if (!is_peer(subject) ||
                value_of(measures, subject, setting, "cpu_ns").round_count == 0)
                continue;
            struct table_cell *cells = table_add(&table);
            cells[0].text = subject;
            cells[1].text = setting;
            cells[2].spread = ratio_of(measures, subject, "elig", setting);
            cells[3].spread = ratio_of(measures, subject, "elig-sealed", setting);
        }
    }
    if (table.row_count > 0)
        page_table(page, &table);
    else
        page_missing(page, "peers", "redis-server, valkey-server or memcached, where installed");
    table_free(&table);
}

static size_t take_dots(struct chart_dot dots[static DOT_COUNT_MAX],
                        const struct measures *measures, const struct names *settings,
                        const struct names *subjects)
{
    size_t count = 0;
    for (size_t i = 0; i < settings->count; i++) {
        for (size_t j = 0; j < subjects->count && count < DOT_COUNT_MAX; j++) {
            const char *setting = settings->list[i], *subject = subjects->list[j];
            struct spread cpu = value_of(measures, subject, setting, "cpu_ns");
            struct spread ratio = ratio_of(measures, subject, "echo", setting);
            char text[AMOUNT_TEXT_SIZE];
            if (cpu.round_count == 0)
                continue;
            struct chart_dot *dot = &dots[count++];
            *dot = (struct chart_dot){
                setting, subject, chart_style(subject, j), cpu.median, cpu.least, cpu.most, ""};
            if (ratio.round_count > 0 && strcmp(subject, "echo") != 0)
                snprintf(dot->note, sizeof(dot->note), ", %s \xc3\x97 echo",
                         amount_text(text, AMOUNT_RATIO, ratio.median));
        }
    }
    return count;
}

static void draw_dots(struct svg *svg, const void *chart)
{
    chart_dots(svg, chart);
}

static void write_chart(struct page *page, const struct measures *measures,
                        const struct names *settings, const struct names *subjects)
{
    struct chart_dot dots[DOT_COUNT_MAX];
    struct chart_dots chart = {.title = "server CPU per request, logarithmic",
                               .unit = AMOUNT_NS,
                               .dots = dots,
                               .count = take_dots(dots, measures, settings, subjects)};
    double height = chart_dots_height(&chart);
    struct page_figure figure = {
        .id = "figure-compare",
        .title = "CPU per request of each server, by depth",
        .about =
            "A row for each server and depth: a mark at the median on a logarithmic axis, a bar "
            "from the least to the greatest round. The table below has the numbers.",
        .caption =
            "Server CPU per request: medians, and bars from the least to the greatest round. "
            "Further left is less.",
        .draw = draw_dots,
        .chart = &chart,
        .wide_height = height,
        .narrow_height = height};
    page_figure(page, &figure);
}

void report_compare(struct page *page, const struct measures *measures)
{
    struct summary_key like = key_of(NULL, NULL, "cpu_ns");
    struct names settings, subjects;
    names_find(&settings, measures, NAMES_SETTING, &like);
    names_find(&subjects, measures, NAMES_SUBJECT, &like);
    if (subjects.count == 0) {
        page_missing(page, "compare", "eligbench compare");
        return;
    }
    write_chart(page, measures, &settings, &subjects);
    write_table(page, measures, &settings, &subjects);
    write_peers(page, measures, &settings, &subjects);
}
