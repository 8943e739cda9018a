#include "bench/commands.h"

#include "bench/curve.h"
#include "bench/figures.h"
#include "bench/knee.h"
#include "bench/load.h"
#include "bench/spread.h"
#include "protocol/commands.h"
#include "protocol/json.h"
#include "protocol/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PROGRAM   "eligbench sweep"
#define STEP_MAX  64 /* 27 doublings to RATE_MAX, then halvings to KNEE_PRECISION, some twice */
#define ROUND_MAX 99
/* A terminal does not feel it, and an idle server is far below: what bounds it is the queue. */
#define P99_MOST_US "5000"
#define NS_PER_US   1000

struct settings {
    struct target_settings target;
    struct traffic_settings traffic;
    const char *measures, *subject;
    uint64_t rate_first, rate_most, p99_most_us, rounds;
    bool is_json, is_quiet;
};

#define FIELD(name) offsetof(struct settings, name)
static const struct option_row rows[] = {
    TARGET_ROWS(FIELD(target)),
    TRAFFIC_ROWS(FIELD(traffic), "200", "1000"),
    {"rate-first", OPTION_NUMBER, FIELD(rate_first), "N", "10000", 1, RATE_MAX,
     "requests a second to begin with"},
    {"rate-most", OPTION_NUMBER, FIELD(rate_most), "N", "20000000", 1, RATE_MAX,
     "go no higher than this"},
    {"p99-most-us", OPTION_NUMBER, FIELD(p99_most_us), "US", P99_MOST_US, 1, 60000000,
     "the p99 that a server that keeps up may need"},
    {"rounds", OPTION_NUMBER, FIELD(rounds), "N", "3", 1, ROUND_MAX,
     "rounds of each rate; the medians count, and every answer that failed or was wrong"},
    {"measures", OPTION_TEXT, FIELD(measures), "FILE", NULL, 0, 0,
     "append all figures to a file of measures, for eligbench report"},
    {"subject", OPTION_TEXT, FIELD(subject), "NAME", NULL, 0, 0,
     "whose they are, in that file; the dialect, and elig-sealed of sealed sessions"},
    {"json", OPTION_FLAG, FIELD(is_json), NULL, NULL, 0, 0, "print JSON"},
    {"quiet", OPTION_FLAG, FIELD(is_quiet), NULL, NULL, 0, 0, "no progress"},
};
static const struct option_table table = {
    .usage = "eligbench sweep --connect ADDRESS --truth FILE [options]",
    .about = "Finds the highest rate at which a server keeps up, with requests due by the clock.",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .footer = "It keeps up when it answers 99 % of what is offered and its p99 is at most "
              "--p99-most-us.\nA rate that is too much is tried once more.\n"
              "Exit status: 0 found, 1 the first rate is too high already, or answers failed or "
              "were wrong, 3 no sweep.",
};

struct step {
    uint64_t rate;
    struct figures median; /* of rounds; failed and wrong are their sums: one is one too many */
    bool has_kept_up;
};

struct sweep {
    const struct settings *settings;
    struct load load;
    struct knee knee;
    struct step steps[STEP_MAX];
    size_t step_count;
    struct figures rounds[ROUND_MAX];
    double lost_count; /* wrong at any rate, failed while it kept up */
    bool is_interrupted;
    struct progress progress;
};

static const char *subject_of(const struct settings *settings)
{
    if (settings->subject != NULL)
        return settings->subject;
    return settings->target.server_public != NULL ? "elig-sealed" : settings->target.dialect;
}

static double sum_of(const double values[], size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum;
}

static void take_medians(struct step *step, const struct sweep *sweep, size_t round_count)
{
    for (size_t figure = 0; figure < FIGURE_COUNT; figure++) {
        double values[ROUND_MAX];
        for (size_t round = 0; round < round_count; round++)
            values[round] = sweep->rounds[round].by[figure];
        bool is_sum = figure == FIGURE_FAILED || figure == FIGURE_WRONG;
        step->median.by[figure] =
            is_sum ? sum_of(values, round_count) : spread_of(values, round_count).median;
    }
}

static bool measure_rate(struct sweep *sweep, uint64_t rate, struct fault *fault)
{
    static struct result result;
    struct plan *plan = &sweep->load.plan;
    struct step *step = &sweep->steps[sweep->step_count];
    *step = (struct step){.rate = rate};
    plan->rate_per_s = rate;
    for (size_t round = 0; round < sweep->settings->rounds; round++) {
        bool is_measured = load_run(&result, &sweep->load, fault);
        sweep->is_interrupted = children_interrupted() || (is_measured && result.is_interrupted);
        if (!is_measured || sweep->is_interrupted)
            return sweep->is_interrupted;
        figures_of(&sweep->rounds[round], plan, &result);
        progress_set(&sweep->progress, sweep->progress.done + 1);
    }
    take_medians(step, sweep, sweep->settings->rounds);
    step->has_kept_up = knee_note(&sweep->knee, rate, step->median.by[FIGURE_ANSWERS_PER_S],
                                  step->median.by[FIGURE_P99]);
    sweep->lost_count += step->median.by[FIGURE_WRONG];
    if (step->has_kept_up)
        sweep->lost_count += step->median.by[FIGURE_FAILED];
    sweep->step_count++;
    return true;
}

static bool append_step(const struct sweep *sweep, struct fault *fault)
{
    char setting[MEASURES_TEXT_MAX];
    struct measures_writer writer;
    struct measures_row row = {
        .part = MEASURES_SWEEP, .subject = subject_of(sweep->settings), .setting = setting};
    if (sweep->settings->measures == NULL)
        return true;
    if (!measures_open(&writer, sweep->settings->measures, fault))
        return false;
    snprintf(setting, sizeof(setting), "rate %" PRIu64, sweep->steps[sweep->step_count - 1].rate);
    for (; row.round < sweep->settings->rounds; row.round++)
        figures_add(&writer, &sweep->rounds[row.round], &row);
    return measures_close(&writer, fault);
}

static bool append_knee(const struct sweep *sweep, struct fault *fault)
{
    struct measures_writer writer;
    if (sweep->settings->measures == NULL || sweep->is_interrupted)
        return true;
    if (!measures_open(&writer, sweep->settings->measures, fault))
        return false;
    measures_add(&writer, &(struct measures_row){.part = MEASURES_SWEEP,
                                                 .subject = subject_of(sweep->settings),
                                                 .setting = "knee",
                                                 .measure = "knee_per_s",
                                                 .value = (double)sweep->knee.kept_up});
    return measures_close(&writer, fault);
}

static bool sweep_run(struct sweep *sweep, struct fault *fault)
{
    uint64_t rate;
    while (sweep->step_count < STEP_MAX && (rate = knee_next(&sweep->knee)) != 0) {
        if (!measure_rate(sweep, rate, fault))
            return false;
        if (sweep->is_interrupted)
            return true;
        if (!append_step(sweep, fault))
            return false;
    }
    return append_knee(sweep, fault);
}

static int compare_steps(const void *a, const void *b)
{
    const struct step *x = a, *y = b;
    return (x->rate > y->rate) - (x->rate < y->rate);
}

static double us(const struct step *step, enum figure figure)
{
    return step->median.by[figure] / 1000;
}

/* Of one core. */
static double busy_percent(const struct step *step)
{
    return step->median.by[FIGURE_CPU] * step->median.by[FIGURE_ANSWERS_PER_S] / 1e7;
}

static void print_text(const struct sweep *sweep)
{
    printf("%s, %u connections, medians of %" PRIu64 " rounds; us\n", subject_of(sweep->settings),
           sweep->load.plan.connection_count, sweep->settings->rounds);
    printf("%10s %10s %8s %8s %8s %8s %8s %9s %7s %6s %7s %7s\n", "offered/s", "answers/s", "p50",
           "p90", "p99", "p99.9", "p99.99", "max", "CPU ns", "busy", "failed", "wrong");
    for (size_t i = 0; i < sweep->step_count; i++) {
        const struct step *step = &sweep->steps[i];
        printf("%10" PRIu64 " %10.0f %8.1f %8.1f %8.1f %8.1f %8.1f %9.1f %7.0f %4.0f %% "
               "%7.0f %7.0f %s\n",
               step->rate, step->median.by[FIGURE_ANSWERS_PER_S], us(step, FIGURE_P50),
               us(step, FIGURE_P90), us(step, FIGURE_P99), us(step, FIGURE_P999),
               us(step, FIGURE_P9999), us(step, FIGURE_MAX), step->median.by[FIGURE_CPU],
               busy_percent(step), step->median.by[FIGURE_FAILED], step->median.by[FIGURE_WRONG],
               step->has_kept_up ? "" : "too much");
    }
    if (sweep->lost_count > 0)
        printf("%.0f answers were wrong, or failed at a rate that it kept up with\n",
               sweep->lost_count);
    if (sweep->is_interrupted)
        printf("interrupted: the knee is not found\n");
    else if (sweep->knee.kept_up == 0)
        printf("the first rate is too much already: --rate-first\n");
    else
        printf("knee: %s a second\n", COUNT_TEXT(sweep->knee.kept_up));
}

static void print_json(const struct sweep *sweep)
{
    struct json json;
    json_start(&json, stdout);
    json_open_object(&json, NULL);
    json_text(&json, "subject", subject_of(sweep->settings));
    json_number(&json, "connections", sweep->load.plan.connection_count);
    json_number(&json, "rounds", sweep->settings->rounds);
    json_number(&json, "knee_per_s", sweep->is_interrupted ? 0 : sweep->knee.kept_up);
    json_open_array(&json, "rates");
    for (size_t i = 0; i < sweep->step_count; i++) {
        json_open_object(&json, NULL);
        json_bool(&json, "keeps_up", sweep->steps[i].has_kept_up);
        for (size_t figure = 0; figure < FIGURE_COUNT; figure++)
            json_real(&json, figure_name((enum figure)figure), sweep->steps[i].median.by[figure]);
        json_close_object(&json);
    }
    json_close_array(&json);
    json_close_object(&json);
    json_end(&json);
}

static bool settings_fit(const struct settings *settings, struct fault *fault)
{
    if (settings->rate_first > settings->rate_most)
        return fault_set(fault, "--rate-first: want at most --rate-most, which is %" PRIu64,
                         settings->rate_most);
    if (settings->subject != NULL && !curve_subject_fits(settings->subject, fault))
        return false;
    return target_fits(&settings->target, fault) && traffic_fits(&settings->traffic, fault);
}

int command_sweep(int argc, char *argv[])
{
    static struct sweep sweep;
    struct settings settings;
    struct operands operands;
    struct fault fault;
    options_read(&table, &settings, &operands, argc, argv);
    if (!settings_fit(&settings, &fault))
        return command_fail(PROGRAM, EXIT_USAGE, &fault);
    if (!load_open(&sweep.load, &settings.target, &settings.traffic, KIND_CHECK, &fault))
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    sweep.settings = &settings;
    sweep.knee = knee_start(settings.rate_first, settings.rate_most,
                            (double)settings.p99_most_us * NS_PER_US);
    progress_start(&sweep.progress, "rates", "runs", 0, settings.is_quiet);
    bool is_fine = sweep_run(&sweep, &fault);
    progress_end(&sweep.progress);
    load_close(&sweep.load);
    if (!is_fine)
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    qsort(sweep.steps, sweep.step_count, sizeof(sweep.steps[0]), compare_steps);
    (settings.is_json ? print_json : print_text)(&sweep);
    bool is_found = !sweep.is_interrupted && sweep.knee.kept_up != 0 && sweep.lost_count == 0;
    return command_finish(PROGRAM, is_found ? EXIT_YES : EXIT_NO);
}
