#include "bench/report_parts.h"

#include <stdio.h>

#define BOUND_SIZE 32
#define SUM_SIZE   256

/* A figure that is wanted: a value, or one in relation to another of the same round. */
static const struct wanted {
    const char *title;
    struct summary_key over, under; /* under.subject NULL: the value itself */
    bool is_most;                   /* at most the bound, or at least */
    double bound;
} list[] = {
#define CPU(subject, depth)                                                                        \
    {                                                                                              \
        MEASURES_COMPARE, subject, "depth " depth, "cpu_ns"                                        \
    }
#define LOADED(subject)                                                                            \
    {                                                                                              \
        MEASURES_LOADER, subject, "-", "total"                                                     \
    }
#define LOADED_IN_TURNS(subject) /* by bench/against_sqlite.sh, in the same rounds */              \
    {                                                                                              \
        MEASURES_LOADER, subject, "in turns", "total"                                              \
    }
#define LATENCY(subject, per_cent)                                                                 \
    {                                                                                              \
        MEASURES_LATENCY, subject, NULL, "at_" per_cent                                            \
    }
    {"CHECK / echo, depth 1", CPU("elig", "1"), CPU("echo", "1"), true, 1.1},
    {"CHECK / echo, depth 64", CPU("elig", "64"), CPU("echo", "64"), true, 2},
    {"CHECK / echo, depth 256", CPU("elig", "256"), CPU("echo", "256"), true, 4},
    {"sealed CHECK / echo, depth 1", CPU("elig-sealed", "1"), CPU("echo", "1"), true, 1.4},
    {"sealed CHECK / echo, depth 64", CPU("elig-sealed", "64"), CPU("echo", "64"), true, 3.6},
    {"redis / CHECK, depth 64", CPU("redis", "64"), CPU("elig", "64"), false, 7},
    {"redis / sealed CHECK, depth 64", CPU("redis", "64"), CPU("elig-sealed", "64"), false, 4.2},
    {"valkey / CHECK, depth 64", CPU("valkey", "64"), CPU("elig", "64"), false, 6},
    {"valkey / sealed CHECK, depth 64", CPU("valkey", "64"), CPU("elig-sealed", "64"), false, 3.5},
    {"memcached / CHECK, depth 64", CPU("memcached", "64"), CPU("elig", "64"), false, 7},
    {"memcached / sealed CHECK, depth 64", CPU("memcached", "64"), CPU("elig-sealed", "64"), false,
     4.2},
    {"p99.9 / p50, quiet", LATENCY("elig quiet", "99.9"), LATENCY("elig quiet", "50"), true, 3},
    {"p99.9 / p50, during swaps", LATENCY("elig swap", "99.9"), LATENCY("elig swap", "50"), true,
     3},
    {"p99.9 / p50, beside a ledger", LATENCY("elig ledger", "99.9"), LATENCY("elig ledger", "50"),
     true, 3},
    {"a probe alone / random lines of memory",
     {MEASURES_STAGES, "check floor", "depth 64", "probe alone"},
     {MEASURES_STAGES, "check floor", "depth 64", "probe"},
     true,
     1.3},
    {"the country loaded, in seconds", LOADED("country"), {0}, true, 2.5},
    {"sqlite3 / the loader", LOADED_IN_TURNS("sqlite3"), LOADED_IN_TURNS("country"), false, 25},
    {"sort / the loader", LOADED("sort"), LOADED("country"), false, 1.5},
    {"start with the country's snapshot, in seconds", LOADED("start"), {0}, true, 0.4},
#undef LOADED_IN_TURNS
#undef LOADED
#undef LATENCY
#undef CPU
};

enum verdict { MET, NOT_MET, NOT_MEASURED, VERDICT_COUNT };

static const char *const verdict_names[VERDICT_COUNT] = {"met", "NOT met", "not measured"};

static enum verdict verdict_of(const struct wanted *wanted, const struct spread *spread)
{
    if (spread->round_count == 0)
        return NOT_MEASURED;
    bool is_met =
        wanted->is_most ? spread->median <= wanted->bound : spread->median >= wanted->bound;
    return is_met ? MET : NOT_MET;
}

void report_wanted(struct page *page, const struct measures *measures)
{
    static const struct table_column columns[] = {
        {"figure", "Figure", TABLE_TEXT, AMOUNT_RATIO},
        {"measured", "Measured", TABLE_SPREAD, AMOUNT_RATIO},
        {"wanted", "Wanted", TABLE_TEXT, AMOUNT_RATIO},
        {"verdict", "Verdict", TABLE_TEXT, AMOUNT_RATIO},
    };
    char bounds[COUNT_OF(list)][BOUND_SIZE], sum[SUM_SIZE];
    size_t counts[VERDICT_COUNT] = {0};
    struct table table;
    table_begin(&table, "wanted", "Medians of rounds (least to greatest)", columns,
                COUNT_OF(columns));
    for (size_t i = 0; i < COUNT_OF(list); i++) {
        struct table_cell *cells = table_add(&table);
        cells[0].text = list[i].title;
        cells[1].spread = list[i].under.subject != NULL
                              ? summary_ratio(measures, &list[i].over, &list[i].under)
                              : summary_of(measures, &list[i].over);
        snprintf(bounds[i], BOUND_SIZE, "at %s %g", list[i].is_most ? "most" : "least",
                 list[i].bound);
        cells[2].text = bounds[i];
        enum verdict verdict = verdict_of(&list[i], &cells[1].spread);
        counts[verdict]++;
        cells[3].text = verdict_names[verdict];
    }
    snprintf(sum, sizeof(sum),
             "Of %zu figures %zu are met, %zu are not met, %zu were not measured. Unless it says "
             "otherwise, a figure is CPU time of the server per request in relation to another "
             "server in the same round.",
             COUNT_OF(list), counts[MET], counts[NOT_MET], counts[NOT_MEASURED]);
    page_say(page, sum);
    page_table(page, &table);
    table_free(&table);
}
