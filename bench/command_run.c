#include "bench/commands.h"

#include "bench/driver.h"
#include "bench/ids.h"
#include "engine/spin.h"
#include "protocol/commands.h"
#include "protocol/identity.h"
#include "protocol/json.h"
#include "protocol/keyfile.h"
#include "protocol/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM          "eligbench run" /* in front of what is said on stderr */
#define SKEW_PERCENT_MAX 99

struct settings {
    const char *connect, *dialect, *truth, *kind;
    uint64_t id_first;
    const char *server_public, *merchant_key; /* of sealed sessions; NULL: plain */
    uint64_t terminal_count, terminal_seed, environment;
    bool is_padded;
    uint64_t connections, depth, rate, busy_us, warm_ms, measure_ms, pid;
    uint64_t hit_percent, skew_percent, seed;
    bool has_keys_to_load, is_verified, is_json;
};

#define FIELD(name) offsetof(struct settings, name)
static const struct option_row rows[] = {
    {"connect", OPTION_TEXT, FIELD(connect), "ADDRESS", NULL, 0, 0,
     "required: 127.0.0.1:PORT or unix:PATH of the server"},
    {"truth", OPTION_TEXT, FIELD(truth), "FILE", NULL, 0, 0,
     "required: truth.csv of a synthetic country; requests are drawn from it"},
    {"dialect", OPTION_TEXT, FIELD(dialect), "NAME", "elig", 0, 0,
     "what the server speaks: elig, echo or redis"},
    {"kind", OPTION_TEXT, FIELD(kind), "KIND", "check", 0, 0,
     "what is asked: check, use, or reserve+confirm, each of which the ledger stores"},
    {"id-first", OPTION_NUMBER, FIELD(id_first), "N", "0", 0, ID_FIRST_MAX,
     "where request ids begin, which a ledger must not see twice; 0: by the clock"},
    {"connections", OPTION_NUMBER, FIELD(connections), "N", "16", 1, DRIVER_CONNECTION_MAX,
     "connections open at once"},
    {"depth", OPTION_NUMBER, FIELD(depth), "N", "64", 1, DRIVER_DEPTH_MAX,
     "closed loop: requests under way on each connection"},
    {"rate", OPTION_NUMBER, FIELD(rate), "N", "0", 0, 100000000,
     "open loop: requests a second, due by the clock; 0: closed loop"},
    {"busy-poll", OPTION_NUMBER, FIELD(busy_us), "US", "0", 0, SPIN_US_MAX,
     "closed loop: poll for so many microseconds before sleeping, as eligd --busy-poll does"},
    {"warm-ms", OPTION_NUMBER, FIELD(warm_ms), "MS", "300", 0, 600000, "run before measuring"},
    {"measure-ms", OPTION_NUMBER, FIELD(measure_ms), "MS", "2000", 1, 86400000, "time measured"},
    {"pid", OPTION_NUMBER, FIELD(pid), "PID", "0", 0, 4194304,
     "process of the server, to read its CPU time; 0: do not"},
    {"hits", OPTION_NUMBER, FIELD(hit_percent), "PERCENT", "50", 0, 100,
     "requests about identifiers that are in the snapshot"},
    {"skew", OPTION_NUMBER, FIELD(skew_percent), "PERCENT", "0", 0, SKEW_PERCENT_MAX,
     "0: everybody alike; 99: nearly all requests are about a few"},
    {"seed", OPTION_NUMBER, FIELD(seed), "N", "1", 0, UINT32_MAX, "of the requests"},
    {"load-keys", OPTION_FLAG, FIELD(has_keys_to_load), NULL, NULL, 0, 0,
     "redis: first set as many keys as the truth has identifiers"},
    {"verify", OPTION_FLAG, FIELD(is_verified), NULL, NULL, 0, 0,
     "count answers that differ from the first one to the same request as wrong"},
    {"server-public", OPTION_TEXT, FIELD(server_public), "FILE", NULL, 0, 0,
     "the server's public key: sealed sessions, of the terminals that eligbench terminals enrols"},
    {"merchant-key", OPTION_TEXT, FIELD(merchant_key), "FILE", NULL, 0, 0,
     "the secret that all merchants share"},
    {"terminals", OPTION_NUMBER, FIELD(terminal_count), "N", "8", 1, 65536,
     "how many terminals there are; connections take turns"},
    {"terminal-seed", OPTION_NUMBER, FIELD(terminal_seed), "N", "1", 0, UINT64_MAX,
     "what their keys follow from"},
    {"environment", OPTION_NUMBER, FIELD(environment), "NUMBER", "0", 0, UINT32_MAX,
     "of the server; 0 is production"},
    {"padded", OPTION_FLAG, FIELD(is_padded), NULL, NULL, 0, 0, "pad records"},
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

/* Sets every key of the redis dialect in pipelines, with the key as its value. */
#define SET_BATCH    256
#define SET_HEAD     "*3\r\n$3\r\nSET\r\n$16\r\n"
#define SET_MIDDLE   "\r\n$16\r\n"
#define SET_ANSWER   "+OK\r\n"
#define SET_SIZE_MAX 96

static size_t append(uint8_t *out, size_t size, const void *bytes, size_t byte_count)
{
    memcpy(out + size, bytes, byte_count);
    return size + byte_count;
}

static size_t set_command(uint8_t *out, uint64_t number)
{
    uint8_t key[REDIS_KEY_SIZE];
    redis_key(key, number);
    size_t size = append(out, 0, SET_HEAD, sizeof(SET_HEAD) - 1);
    size = append(out, size, key, sizeof(key));
    size = append(out, size, SET_MIDDLE, sizeof(SET_MIDDLE) - 1);
    size = append(out, size, key, sizeof(key));
    return append(out, size, "\r\n", 2);
}

static bool set_keys(FILE *redis, uint64_t key_count)
{
    uint8_t command[SET_SIZE_MAX];
    char answer[sizeof(SET_ANSWER)];
    for (uint64_t first = 0; first < key_count; first += SET_BATCH) {
        uint64_t end = first + SET_BATCH < key_count ? first + SET_BATCH : key_count;
        for (uint64_t i = first; i < end; i++) {
            size_t size = set_command(command, i);
            if (fwrite(command, 1, size, redis) != size)
                return false;
        }
        if (fflush(redis) != 0)
            return false;
        for (uint64_t i = first; i < end; i++)
            if (fgets(answer, sizeof(answer), redis) == NULL || strcmp(answer, SET_ANSWER) != 0)
                return false;
    }
    return true;
}

static bool load_keys(const char *address, uint64_t key_count, struct fault *fault)
{
    int fd = driver_connect(address, true, fault);
    if (fd < 0)
        return false;
    FILE *redis = fdopen(fd, "r+");
    bool is_fine = redis != NULL && set_keys(redis, key_count);
    if (redis != NULL)
        fclose(redis);
    else
        close(fd);
    return is_fine || fault_set(fault, "%s: the server did not take the keys", address);
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

static bool kind_fits(const struct settings *settings, struct fault *fault)
{
    uint8_t kind = kind_of_name(settings->kind);
    if (kind == 0)
        return fault_set(fault, "--kind: want check, use or reserve+confirm, found \"%.60s\"",
                         settings->kind);
    if (kind != KIND_CHECK && settings->is_verified)
        return fault_set(fault, "--verify: goes with --kind check only: what was used before "
                                "changes what a limit leaves");
    if (kind != KIND_CHECK && strcmp(settings->dialect, "elig") != 0)
        return fault_set(fault, "--kind %s: goes with the dialect elig only", settings->kind);
    return true;
}

static bool run(struct result *result, struct plan *plan, const struct settings *settings,
                struct fault *fault)
{
    struct workload workload;
    struct mix mix = {(uint32_t)settings->hit_percent, (double)settings->skew_percent / 100,
                      settings->seed, kind_of_name(settings->kind)};
    if (!workload_read(&workload, settings->truth, &mix, fault))
        return false;
    plan->workload = &workload;
    bool is_fine =
        !settings->has_keys_to_load || load_keys(plan->address, workload.identifier_count, fault);
    is_fine = is_fine && driver_run(result, plan, fault);
    workload_free(&workload);
    plan->workload = NULL;
    return is_fine;
}

static bool read_sealing(struct sealing *out, const struct settings *settings, struct fault *fault)
{
    *out = (struct sealing){.seed = settings->terminal_seed,
                            .terminal_count = (uint32_t)settings->terminal_count,
                            .environment = (uint32_t)settings->environment,
                            .is_padded = settings->is_padded};
    if (settings->merchant_key == NULL || strcmp(settings->dialect, "elig") != 0)
        return fault_set(fault, "--server-public: goes with --merchant-key FILE and the dialect "
                                "elig");
    return identity_start(fault) &&
           keyfile_read_server_public(out->server_public, settings->server_public, fault) &&
           keyfile_read_merchant(out->merchant_key, settings->merchant_key, fault);
}

int command_run(int argc, char *argv[])
{
    static struct result result;
    struct settings settings;
    struct operands operands;
    struct fault fault;
    options_read(&table, &settings, &operands, argc, argv);
    struct plan plan = {
        .dialect = dialect_of_name(settings.dialect),
        .address = settings.connect,
        .connection_count = (uint32_t)settings.connections,
        .depth = (uint32_t)settings.depth,
        .rate_per_s = settings.rate,
        .busy_us = settings.busy_us,
        .warm_ms = (uint32_t)settings.warm_ms,
        .measure_ms = (uint32_t)settings.measure_ms,
        .server_pid = (pid_t)settings.pid,
        .is_verified = settings.is_verified,
        .id_first = id_first_or_now(settings.id_first),
    };
    plan.id_first -= plan.id_first % WORKLOAD_FRAME_COUNT;
    if (!kind_fits(&settings, &fault))
        return command_fail(PROGRAM, EXIT_USAGE, &fault);
    if (plan.dialect == NULL) {
        fault_set(&fault, "--dialect: want elig, echo or redis, found \"%.60s\"", settings.dialect);
        return command_fail(PROGRAM, EXIT_USAGE, &fault);
    }
    struct sealing sealing;
    if (settings.server_public != NULL) {
        if (!read_sealing(&sealing, &settings, &fault))
            return command_fail(PROGRAM, EXIT_FAILED, &fault);
        plan.sealing = &sealing;
    }
    if (!run(&result, &plan, &settings, &fault))
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    if (settings.is_json)
        print_json(&plan, &result);
    else
        print_text(&plan, &result);
    return command_finish(PROGRAM,
                          result.failed_count + result.wrong_count == 0 ? EXIT_YES : EXIT_NO);
}
