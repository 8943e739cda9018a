#include "bench/report_parts.h"

#include "bench/chart.h"

#include <stdio.h>
#include <string.h>

#define TOTAL         "total"
#define BAR_COUNT_MAX 48

static struct spread value_of(const struct measures *measures, const char *subject,
                              const char *stage)
{
    struct summary_key key = {MEASURES_LOADER, subject, NULL, stage};
    return summary_of(measures, &key);
}

static size_t take_bars(struct chart_bar bars[static BAR_COUNT_MAX], const struct table *table)
{
    size_t count = 0;
    for (size_t i = 0; i < table->row_count && count < BAR_COUNT_MAX; i++) {
        const struct table_cell *cells = &table->cells[i * table->column_count];
        char seconds[AMOUNT_TEXT_SIZE], ratio[AMOUNT_TEXT_SIZE];
        struct chart_bar *bar = &bars[count++];
        *bar = (struct chart_bar){.name = cells[0].text,
                                  .value = cells[1].spread.median,
                                  .floor = cells[2].spread.median};
        amount_text(seconds, AMOUNT_S, bar->value);
        if (cells[3].spread.round_count > 0)
            snprintf(bar->note, sizeof(bar->note), "%s, %s \xc3\x97", seconds,
                     amount_text(ratio, AMOUNT_RATIO, cells[3].spread.median));
        else
            snprintf(bar->note, sizeof(bar->note), "%s", seconds);
    }
    return count;
}

static void draw_bars(struct svg *svg, const void *chart)
{
    chart_bars(svg, chart);
}

static void write_chart(struct page *page, const struct table *table, size_t number)
{
    struct chart_bar bars[BAR_COUNT_MAX];
    char id[32];
    struct chart_bars chart = {
        .title = "seconds", .unit = AMOUNT_RATIO, .bars = bars, .count = take_bars(bars, table)};
    double height = chart_bars_height(&chart);
    snprintf(id, sizeof(id), "figure-loader-%zu", number);
    struct page_figure figure = {
        .id = id,
        .title = "Stages of the loader and their floors",
        .about = "A bar for each stage, in seconds, with a line across it where its floor is. The "
                 "table below has the numbers.",
        .caption =
            "Stages of the loader, medians of rounds. The line across a bar is the floor, the "
            "least "
            "time that this machine needs for that work; the number behind \xc3\x97 says how many "
            "times as long the stage takes.",
        .draw = draw_bars,
        .chart = &chart,
        .wide_height = height,
        .narrow_height = height};
    page_figure(page, &figure);
}

static void write_subject(struct page *page, const struct measures *measures, const char *subject,
                          size_t number)
{
    static const struct table_column columns[] = {
        {"stage", "Stage", TABLE_TEXT, AMOUNT_RATIO},
        {"seconds", "Time", TABLE_SPREAD, AMOUNT_S},
        {"floor_seconds", "Floor", TABLE_SPREAD, AMOUNT_S},
        {"to_floor", "\xc3\x97 floor", TABLE_SPREAD, AMOUNT_RATIO},
    };
    char floor_name[MEASURES_TEXT_MAX + sizeof(NAMES_FLOOR)];
    char name[MEASURES_TEXT_MAX + sizeof("loader ")], caption[MEASURES_TEXT_MAX + 64];
    struct summary_key like = {MEASURES_LOADER, subject, NULL, NULL};
    struct names stages;
    struct table table;
    snprintf(floor_name, sizeof(floor_name), "%s" NAMES_FLOOR, subject);
    snprintf(name, sizeof(name), "loader %s", subject);
    snprintf(caption, sizeof(caption), "Loading %s, medians of rounds (least to greatest)",
             subject);
    names_find(&stages, measures, NAMES_MEASURE, &like);
    table_begin(&table, name, caption, columns, COUNT_OF(columns));
    for (size_t i = 0; i < stages.count; i++) {
        struct summary_key over = {MEASURES_LOADER, subject, NULL, stages.list[i]};
        struct summary_key under = {MEASURES_LOADER, floor_name, NULL, stages.list[i]};
        struct table_cell *cells = table_add(&table);
        cells[0].text = stages.list[i];
        cells[1].spread = value_of(measures, subject, stages.list[i]);
        cells[2].spread = value_of(measures, floor_name, stages.list[i]);
        cells[3].spread = summary_ratio(measures, &over, &under);
    }
    write_chart(page, &table, number);
    page_table(page, &table);
    table_free(&table);
}

/* Of whom there is a total alone is set beside the loader. */
static bool is_whole(const struct measures *measures, const char *subject)
{
    struct summary_key like = {MEASURES_LOADER, subject, NULL, NULL};
    struct names stages;
    names_find(&stages, measures, NAMES_MEASURE, &like);
    return stages.count == 1 && strcmp(stages.list[0], TOTAL) == 0;
}

/* Those of one setting were measured in the same rounds: by them they are divided. */
static const char *setting_of(const struct measures *measures, const char *subject)
{
    struct summary_key like = {MEASURES_LOADER, subject, NULL, TOTAL};
    struct names settings;
    names_find(&settings, measures, NAMES_SETTING, &like);
    return settings.list[0];
}

static void write_wholes(struct page *page, const struct measures *measures,
                         const struct names *subjects)
{
    static const struct table_column columns[] = {
        {"subject", "What", TABLE_TEXT, AMOUNT_RATIO},
        {"seconds", "Time", TABLE_SPREAD, AMOUNT_S},
        {"to_country", "\xc3\x97 country", TABLE_SPREAD, AMOUNT_RATIO},
    };
    struct table table;
    table_begin(&table, "loader beside", "Beside the loader, medians of rounds (least to greatest)",
                columns, COUNT_OF(columns));
    for (size_t i = 0; i < subjects->count; i++) {
        if (!is_whole(measures, subjects->list[i]))
            continue;
        const char *setting = setting_of(measures, subjects->list[i]);
        struct summary_key key = {MEASURES_LOADER, subjects->list[i], setting, TOTAL};
        struct summary_key country = {MEASURES_LOADER, "country", setting, TOTAL};
        struct table_cell *cells = table_add(&table);
        cells[0].text = subjects->list[i];
        cells[1].spread = summary_of(measures, &key);
        cells[2].spread = summary_ratio(measures, &key, &country);
    }
    if (table.row_count > 0)
        page_table(page, &table);
    table_free(&table);
}

void report_loader(struct page *page, const struct measures *measures)
{
    struct summary_key like = {MEASURES_LOADER, NULL, NULL, NULL};
    struct names subjects;
    size_t written = 0;
    names_find(&subjects, measures, NAMES_SUBJECT, &like);
    for (size_t i = 0; i < subjects.count; i++)
        if (!names_is_floor(subjects.list[i]) && !is_whole(measures, subjects.list[i]))
            write_subject(page, measures, subjects.list[i], ++written);
    if (written == 0)
        page_missing(page, "loader", "the loader's own measurement of its stages");
    write_wholes(page, measures, &subjects);
}
