#include "bench/commands.h"

#include "bench/storm.h"
#include "protocol/commands.h"
#include "protocol/identity.h"
#include "protocol/json.h"
#include "protocol/keyfile.h"
#include "protocol/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PROGRAM "eligbench storm"

struct settings {
    const char *connect, *server_public, *merchant_key, *garbage;
    uint64_t terminal_count, terminal_seed, environment, connections, hold_ms, pid, rate,
        measure_ms;
    bool is_json;
};

#define FIELD(name) offsetof(struct settings, name)
static const struct option_row rows[] = {
    {"connect", OPTION_TEXT, FIELD(connect), "ADDRESS", NULL, 0, 0,
     "required: 127.0.0.1:PORT of a server's sealed sessions"},
    {"server-public", OPTION_TEXT, FIELD(server_public), "FILE", NULL, 0, 0,
     "required: its public key"},
    {"merchant-key", OPTION_TEXT, FIELD(merchant_key), "FILE", NULL, 0, 0,
     "required: the secret that all merchants share"},
    {"terminals", OPTION_NUMBER, FIELD(terminal_count), "N", "8", 1, 65536,
     "how many terminals eligbench terminals has enrolled; connections take turns"},
    {"terminal-seed", OPTION_NUMBER, FIELD(terminal_seed), "N", "1", 0, UINT64_MAX,
     "what their keys follow from"},
    {"environment", OPTION_NUMBER, FIELD(environment), "NUMBER", "0", 0, UINT32_MAX,
     "of the server; 0 is production"},
    {"connections", OPTION_NUMBER, FIELD(connections), "N", "10000", 1, STORM_CONNECTIONS_MAX,
     "how many come at once"},
    {"hold-ms", OPTION_NUMBER, FIELD(hold_ms), "MS", "0", 0, 3600000,
     "keep all sessions open and silent for so long, and measure what that costs"},
    {"garbage", OPTION_TEXT, FIELD(garbage), "KIND", NULL, 0, 0,
     "instead: connections with noise, with a HELLO that is not addressed (mac), or with one that "
     "is and does not open (hello)"},
    {"rate", OPTION_NUMBER, FIELD(rate), "N", "50000", 1, 1000000, "garbage: connections a second"},
    {"measure-ms", OPTION_NUMBER, FIELD(measure_ms), "MS", "2000", 1, 3600000,
     "garbage: for how long"},
    {"pid", OPTION_NUMBER, FIELD(pid), "PID", "0", 0, 4194304,
     "process of the server, to read its CPU time and memory; 0: do not"},
    {"json", OPTION_FLAG, FIELD(is_json), NULL, NULL, 0, 0, "print JSON"},
};
static const struct option_table table = {
    .usage = "eligbench storm --connect ADDRESS --server-public FILE --merchant-key FILE [options]",
    .about = "Connects terminals to a server by the thousand, or what only looks like them.",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .footer = "Exit status: 0 all were accepted, or all garbage was sent; 1 some failed; 2 usage; "
              "3 no run.",
};

static double ms_of(uint64_t ns)
{
    return (double)ns / 1e6;
}

static void print_storm(const struct settings *settings, const struct storm_result *result)
{
    double a = (double)(result->accepted_count > 0 ? result->accepted_count : 1);
    uint64_t grown = result->memory_held > result->memory_before
                         ? result->memory_held - result->memory_before
                         : 0;
    double idle_share =
        settings->hold_ms > 0 ? ms_of(result->idle_cpu_ns) / (double)settings->hold_ms : 0;
    if (settings->is_json) {
        struct json json;
        json_start(&json, stdout);
        json_open_object(&json, NULL);
        json_number(&json, "accepted", result->accepted_count);
        json_number(&json, "busy", result->busy_count);
        json_number(&json, "failed", result->failed_count);
        json_real(&json, "seconds", (double)result->elapsed_ns / 1e9);
        json_real(&json, "server_cpu_us", (double)result->handshake_cpu_ns / 1e3 / a);
        json_number(&json, "p50_ns", histogram_at(&result->latency, 500000));
        json_number(&json, "p99_ns", histogram_at(&result->latency, 990000));
        json_number(&json, "max_ns", histogram_at(&result->latency, 1000000));
        json_real(&json, "held_bytes_each", (double)grown / a);
        json_real(&json, "held_cpu_share", idle_share);
        json_close_object(&json);
        json_end(&json);
        return;
    }
    printf("%" PRIu64 " sessions in %.2f s: %" PRIu64 " times busy, %" PRIu64 " failed\n"
           "  until accepted ms: p50 %.1f p99 %.1f max %.1f; server CPU %.0f us each\n",
           result->accepted_count, (double)result->elapsed_ns / 1e9, result->busy_count,
           result->failed_count, ms_of(histogram_at(&result->latency, 500000)),
           ms_of(histogram_at(&result->latency, 990000)),
           ms_of(histogram_at(&result->latency, 1000000)),
           (double)result->handshake_cpu_ns / 1e3 / a);
    if (settings->hold_ms > 0)
        printf("  held %.1f s: %.0f bytes of server memory each, %.2f %% of a core\n",
               (double)settings->hold_ms / 1e3, (double)grown / a, 100 * idle_share);
}

static void print_garbage(const struct settings *settings, const struct garbage_result *result)
{
    double seconds = (double)result->elapsed_ns / 1e9;
    double count = (double)(result->sent_count > 0 ? result->sent_count : 1);
    if (settings->is_json) {
        struct json json;
        json_start(&json, stdout);
        json_open_object(&json, NULL);
        json_number(&json, "sent", result->sent_count);
        json_number(&json, "failed", result->failed_count);
        json_real(&json, "per_s", count / seconds);
        json_real(&json, "server_cpu_us", (double)result->server_cpu_ns / 1e3 / count);
        json_close_object(&json);
        json_end(&json);
        return;
    }
    printf("%" PRIu64 " connections with garbage (%s), %.0f/s, %" PRIu64
           " failed; server CPU %.1f us each\n",
           result->sent_count, settings->garbage, count / seconds, result->failed_count,
           (double)result->server_cpu_ns / 1e3 / count);
}

static int run_storm(const struct settings *settings, const struct sealing *sealing)
{
    static struct storm_result result;
    struct fault fault;
    struct storm_plan plan = {.address = settings->connect,
                              .sealing = sealing,
                              .connection_count = (uint32_t)settings->connections,
                              .hold_ms = (uint32_t)settings->hold_ms,
                              .server_pid = (pid_t)settings->pid};
    if (!storm_handshakes(&result, &plan, &fault))
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    print_storm(settings, &result);
    return command_finish(PROGRAM, result.failed_count == 0 ? EXIT_YES : EXIT_NO);
}

static int run_garbage(const struct settings *settings, const struct sealing *sealing)
{
    struct garbage_result result;
    struct fault fault;
    struct garbage_plan plan = {.address = settings->connect,
                                .sealing = sealing,
                                .rate_per_s = settings->rate,
                                .measure_ms = (uint32_t)settings->measure_ms,
                                .server_pid = (pid_t)settings->pid};
    while (plan.garbage < GARBAGE_COUNT &&
           strcmp(settings->garbage, garbage_name(plan.garbage)) != 0)
        plan.garbage++;
    if (plan.garbage == GARBAGE_COUNT) {
        fault_set(&fault, "--garbage: want noise, mac or hello, found \"%.60s\"",
                  settings->garbage);
        return command_fail(PROGRAM, EXIT_USAGE, &fault);
    }
    if (!storm_garbage(&result, &plan, &fault))
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    print_garbage(settings, &result);
    return command_finish(PROGRAM, result.failed_count == 0 ? EXIT_YES : EXIT_NO);
}

int command_storm(int argc, char *argv[])
{
    struct settings settings;
    struct operands operands;
    struct fault fault;
    options_read(&table, &settings, &operands, argc, argv);
    struct sealing sealing = {.seed = settings.terminal_seed,
                              .terminal_count = (uint32_t)settings.terminal_count,
                              .environment = (uint32_t)settings.environment};
    if (!identity_start(&fault) ||
        !keyfile_read_server_public(sealing.server_public, settings.server_public, &fault) ||
        !keyfile_read_merchant(sealing.merchant_key, settings.merchant_key, &fault))
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    return settings.garbage != NULL ? run_garbage(&settings, &sealing)
                                    : run_storm(&settings, &sealing);
}
