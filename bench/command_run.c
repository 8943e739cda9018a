#include "bench/commands.h"

#include "bench/curve.h"
#include "bench/hgrm.h"
#include "bench/ids.h"
#include "bench/load.h"
#include "engine/spin.h"
#include "protocol/commands.h"
#include "protocol/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PROGRAM "eligbench run" /* in front of what is said on stderr */

struct settings {
    struct target_settings target;
    struct traffic_settings traffic;
    const char *kind, *hgrm, *measures, *subject;
    uint64_t id_first, depth, rate, busy_us, round;
    bool is_verified, is_json;
};

#define FIELD(name) offsetof(struct settings, name)
static const struct option_row rows[] = {
    TARGET_ROWS(FIELD(target)),
    TRAFFIC_ROWS(FIELD(traffic), "300", "2000"),
    {"depth", OPTION_NUMBER, FIELD(depth), "N", "64", 1, DRIVER_DEPTH_MAX,
     "closed loop: requests under way on each connection"},
    {"rate", OPTION_NUMBER, FIELD(rate), "N", "0", 0, RATE_MAX,
     "open loop: requests a second, due by the clock; 0: closed loop"},
    {"busy-poll", OPTION_NUMBER, FIELD(busy_us), "US", "0", 0, SPIN_US_MAX,
     "closed loop: poll for so many microseconds before sleeping, as eligd --busy-poll does"},
    {"kind", OPTION_TEXT, FIELD(kind), "KIND", "check", 0, 0,
     "what is asked: check, use, or reserve+confirm, each of which the ledger stores"},
    {"id-first", OPTION_NUMBER, FIELD(id_first), "N", "0", 0, ID_FIRST_MAX,
     "where request ids begin, which a ledger must not see twice; 0: by the clock"},
    {"verify", OPTION_FLAG, FIELD(is_verified), NULL, NULL, 0, 0,
     "count answers that differ from the first one to the same request as wrong"},
    {"hgrm", OPTION_TEXT, FIELD(hgrm), "FILE", NULL, 0, 0,
     "write the latencies' percentiles as HdrHistogram does"},
    {"measures", OPTION_TEXT, FIELD(measures), "FILE", NULL, 0, 0,
     "append the latencies' percentiles to a file of measures, for eligbench report"},
    {"subject", OPTION_TEXT, FIELD(subject), "NAME", "elig", 0, 0, "who they are of, in that file"},
    {"round", OPTION_NUMBER, FIELD(round), "N", "0", 0, MEASURES_ROUND_MAX,
     "which round of several, in that file"},
    {"json", OPTION_FLAG, FIELD(is_json), NULL, NULL, 0, 0, "print JSON"},
};
static const struct option_table table = {
    .usage = "eligbench run --connect ADDRESS --truth FILE [options]",
    .about = "Loads a server and measures how long answers take and what they cost.",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .footer =
        "Latency counts from the moment a request was due: in an open loop by the clock, in a "
        "closed loop\nwhen it was written. An interrupt ends the run early and prints what was "
        "measured.\nExit status: 0 all answered rightly, 1 some failed or "
        "wrong, 3 no run.",
};

static double per(uint64_t amount, uint64_t count)
{
    return count == 0 ? 0 : (double)amount / (double)count;
}

static const struct {
    const char *name;
    uint32_t per_million;
} percentiles[] = {{"p50", 500000},   {"p90", 900000},    {"p99", 990000},
                   {"p99.9", 999000}, {"p99.99", 999900}, {"max", 1000000}};
#define PERCENTILE_COUNT (sizeof(percentiles) / sizeof(percentiles[0]))

static void print_text(const struct plan *plan, const struct result *result)
{
    const uint64_t *by = result->outcomes.by;
    printf("%s, %u connections, ", plan->dialect->name, plan->connection_count);
    if (plan->rate_per_s != 0)
        printf("open loop at %llu/s\n", (unsigned long long)plan->rate_per_s);
    else
        printf("depth %u\n", plan->depth);
    printf("  %.0f answers/s (%llu in %.2f s), %llu failed, %llu wrong\n",
           per(result->answer_count * 1000, result->elapsed_ns / 1000000),
           (unsigned long long)result->answer_count, (double)result->elapsed_ns / 1e9,
           (unsigned long long)result->failed_count, (unsigned long long)result->wrong_count);
    printf("  latency us:");
    for (size_t i = 0; i < PERCENTILE_COUNT; i++)
        printf(" %s %.1f", percentiles[i].name,
               (double)histogram_at(&result->latency, percentiles[i].per_million) / 1000);
    printf("\n  CPU ns per request: server %.0f, client %.0f\n",
           per(result->server_cpu_ns, result->answer_count),
           per(result->client_cpu_ns, result->answer_count));
    if (plan->dialect != &dialect_echo)
        printf("  applies %llu, no data %llu, does not apply %llu, other %llu\n",
               (unsigned long long)by[OUTCOME_APPLIES], (unsigned long long)by[OUTCOME_NO_DATA],
               (unsigned long long)by[OUTCOME_DOES_NOT_APPLY],
               (unsigned long long)by[OUTCOME_OTHER]);
    for (uint16_t status = 1; status < STATUS_ROOM; status++)
        if (result->outcomes.by_status[status] > 0)
            printf("  %-22s %llu\n", status_name(status),
                   (unsigned long long)result->outcomes.by_status[status]);
}

static void print_json(const struct plan *plan, const struct result *result)
{
    struct json json;
    json_start(&json, stdout);
    json_open_object(&json, NULL);
    json_text(&json, "dialect", plan->dialect->name);
    json_number(&json, "connections", plan->connection_count);
    json_number(&json, "depth", plan->rate_per_s == 0 ? plan->depth : 0);
    json_number(&json, "rate_per_s", plan->rate_per_s);
    json_number(&json, "answers", result->answer_count);
    json_real(&json, "seconds", (double)result->elapsed_ns / 1e9);
    json_real(&json, "answers_per_s",
              per(result->answer_count * 1000, result->elapsed_ns / 1000000));
    json_number(&json, "failed", result->failed_count);
    json_number(&json, "wrong", result->wrong_count);
    json_open_object(&json, "latency_ns");
    for (size_t i = 0; i < PERCENTILE_COUNT; i++)
        json_number(&json, percentiles[i].name,
                    histogram_at(&result->latency, percentiles[i].per_million));
    json_close_object(&json);
    json_real(&json, "server_cpu_ns", per(result->server_cpu_ns, result->answer_count));
    json_real(&json, "client_cpu_ns", per(result->client_cpu_ns, result->answer_count));
    json_number(&json, "applies", result->outcomes.by[OUTCOME_APPLIES]);
    json_number(&json, "no_data", result->outcomes.by[OUTCOME_NO_DATA]);
    json_number(&json, "does_not_apply", result->outcomes.by[OUTCOME_DOES_NOT_APPLY]);
    json_number(&json, "other", result->outcomes.by[OUTCOME_OTHER]);
    json_open_object(&json, "statuses");
    for (uint16_t status = 1; status < STATUS_ROOM; status++)
        if (result->outcomes.by_status[status] > 0)
            json_number(&json, status_name(status), result->outcomes.by_status[status]);
    json_close_object(&json);
    json_close_object(&json);
    json_end(&json);
}

/* 0: no such kind. */
static uint8_t kind_of_name(const char *name)
{
    static const struct {
        const char *name;
        uint8_t kind;
    } kinds[] = {{"check", KIND_CHECK}, {"use", KIND_USE}, {"reserve+confirm", KIND_RESERVE}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return kinds[i].kind;
    return 0;
}

static bool settings_fit(const struct settings *settings, struct fault *fault)
{
    uint8_t kind = kind_of_name(settings->kind);
    if (kind == 0)
        return fault_set(fault, "--kind: want check, use or reserve+confirm, found \"%.60s\"",
                         settings->kind);
    if (kind != KIND_CHECK && settings->is_verified)
        return fault_set(fault, "--verify: goes with --kind check only: what was used before "
                                "changes what a limit leaves");
    if (kind != KIND_CHECK && strcmp(settings->target.dialect, "elig") != 0)
        return fault_set(fault, "--kind %s: goes with the dialect elig only", settings->kind);
    if (settings->measures != NULL && !curve_subject_fits(settings->subject, fault))
        return false;
    return target_fits(&settings->target, fault) && traffic_fits(&settings->traffic, fault);
}

static bool run(struct result *result, struct load *load, const struct settings *settings,
                struct fault *fault)
{
    if (!load_open(load, &settings->target, &settings->traffic, kind_of_name(settings->kind),
                   fault))
        return false;
    load->plan.depth = (uint32_t)settings->depth;
    load->plan.rate_per_s = settings->rate;
    load->plan.busy_us = settings->busy_us;
    load->plan.is_verified = settings->is_verified;
    load->plan.id_first = id_first_or_now(settings->id_first);
    load->plan.id_first -= load->plan.id_first % WORKLOAD_FRAME_COUNT;
    bool is_fine = load_run(result, load, fault);
    load_close(load);
    return is_fine;
}

static bool write_hgrm(const char *path, const struct histogram *latency, struct fault *fault)
{
    FILE *file = fopen(path, "we");
    bool is_fine = file != NULL;
    if (is_fine) {
        hgrm_write(file, latency);
        is_fine = ferror(file) == 0;
        is_fine = fclose(file) == 0 && is_fine;
    }
    return is_fine || fault_set(fault, "%s: cannot be written: %s", path, strerror(errno));
}

static bool write_files(const struct result *result, const struct settings *settings,
                        struct fault *fault)
{
    if (settings->hgrm != NULL && !write_hgrm(settings->hgrm, &result->latency, fault))
        return false;
    if (settings->measures == NULL)
        return true;
    struct curve curve = {.subject = settings->subject,
                          .rate_per_s = settings->rate,
                          .depth = (uint32_t)settings->depth,
                          .round = (uint32_t)settings->round};
    return curve_append(settings->measures, &curve, &result->latency, fault);
}

int command_run(int argc, char *argv[])
{
    static struct result result;
    static struct load load;
    struct settings settings;
    struct operands operands;
    struct fault fault;
    options_read(&table, &settings, &operands, argc, argv);
    if (!settings_fit(&settings, &fault))
        return command_fail(PROGRAM, EXIT_USAGE, &fault);
    if (!run(&result, &load, &settings, &fault))
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    if (settings.is_json)
        print_json(&load.plan, &result);
    else
        print_text(&load.plan, &result);
    if (!write_files(&result, &settings, &fault))
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    return command_finish(PROGRAM,
                          result.failed_count + result.wrong_count == 0 ? EXIT_YES : EXIT_NO);
}
