#include "bench/commands.h"

#include "bench/random.h"
#include "bench/take.h"
#include "bench/workload.h"
#include "protocol/commands.h"
#include "protocol/decide.h"
#include "protocol/edition.h"
#include "protocol/frame.h"
#include "protocol/identity_keys.h"
#include "protocol/json.h"
#include "protocol/options.h"
#include "protocol/progress.h"
#include "protocol/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM         "eligbench micro" /* in front of what is said on stderr */
#define ROUND_COUNT_MAX 99
#define REQUEST_COUNT   WORKLOAD_FRAME_COUNT
#define BATCH           INDEX_BATCH_MAX
#define LINE_SIZE       64
#define LINES_BYTES_MIN (UINT64_C(1) << 27) /* well past every cache */
static_assert(REQUEST_COUNT % BATCH == 0, "whole batches");
static_assert(BATCH == IDENTITY_BATCH_MAX, "one batch for hash and probe");

struct settings {
    const char *snapshots, *identity_key, *identity_keys, *signing_public, *truth;
    uint64_t environment, rounds, hit_percent;
    bool is_json;
};

/* Everything that the steps work on; each step reads what the one before it made. */
struct bench {
    struct snapshot_keys keys;
    struct snapshot *snapshot;
    struct edition *edition;
    struct workload workload;
    struct request *requests;
    struct digest *digests;
    uint32_t *views;
    struct verdict *verdicts;
    uint8_t (*answers)[FRAME_SIZE];
    uint8_t *lines; /* memory as large as the index, for the bound of random reads */
    uint64_t line_count;
    uint64_t service_time_s;
    uint64_t sum; /* of what was read, so that nothing is optimised away */
};

static void do_decode(struct bench *bench)
{
    for (size_t i = 0; i < REQUEST_COUNT; i++)
        bench->sum += frame_decode_request(&bench->requests[i], bench->workload.frames[i]);
}

static void do_hash(struct bench *bench)
{
    struct identifier identifiers[BATCH];
    for (size_t first = 0; first < REQUEST_COUNT; first += BATCH) {
        for (size_t i = 0; i < BATCH; i++)
            identifiers[i] = bench->requests[first + i].identifier;
        identity_digest_batch(bench->digests + first, snapshot_identity(bench->snapshot),
                              identifiers, BATCH);
    }
}

static void do_probe(struct bench *bench)
{
    const struct index *index = &snapshot_tables(bench->snapshot)->index;
    for (size_t first = 0; first < REQUEST_COUNT; first += BATCH)
        index_find_batch(bench->views + first, index, bench->digests + first, BATCH);
}

static void do_decide(struct bench *bench)
{
    for (size_t i = 0; i < REQUEST_COUNT; i++) {
        const struct request *request = &bench->requests[i];
        struct purchase purchase = {.product = request->product,
                                    .point_of_sale = request->point_of_sale,
                                    .unit_price = request->unit_price,
                                    .quantity = request->quantity,
                                    .companions = request->companions,
                                    .means = request->identifier.means,
                                    .entry = request->entry,
                                    .service_time_s = bench->service_time_s};
        struct candidates candidates = decide_candidates(bench->edition, &purchase);
        bench->verdicts[i] = decide(bench->edition, &candidates, bench->views[i], &purchase);
    }
}

static void do_encode(struct bench *bench)
{
    for (size_t i = 0; i < REQUEST_COUNT; i++) {
        const struct verdict *verdict = &bench->verdicts[i];
        struct response response = {.kind = KIND_CHECK,
                                    .status = (uint16_t)verdict->status,
                                    .split = verdict->split,
                                    .remaining = REMAINING_UNPUBLISHED,
                                    .request_id = bench->requests[i].request_id,
                                    .relief_amount = verdict->relief_amount,
                                    .payable = verdict->payable,
                                    .relief = verdict->relief};
        frame_encode_response(bench->answers[i], &response);
    }
}

/* The floor of every hash table: as many random cache lines, all asked for ahead of time. */
static void do_random_lines(struct bench *bench)
{
    uint64_t state = bench->sum;
    const uint8_t *lines[BATCH];
    for (size_t first = 0; first < REQUEST_COUNT; first += BATCH) {
        for (size_t i = 0; i < BATCH; i++) {
            lines[i] = bench->lines + random_below(&state, bench->line_count) * LINE_SIZE;
            __builtin_prefetch(lines[i]);
        }
        for (size_t i = 0; i < BATCH; i++)
            bench->sum += *lines[i];
    }
}

static const struct {
    const char *name;
    void (*run)(struct bench *bench);
} steps[] = {{"decode", do_decode}, {"hash", do_hash},     {"probe", do_probe},
             {"decide", do_decide}, {"encode", do_encode}, {"random lines", do_random_lines}};
#define STEP_COUNT (sizeof(steps) / sizeof(steps[0]))

struct times {
    double ns[STEP_COUNT][ROUND_COUNT_MAX];
    size_t round_count;
};

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(struct times *times, struct bench *bench, size_t round_count)
{
    times->round_count = round_count;
    for (size_t round = 0; round < round_count; round++) {
        for (size_t i = 0; i < STEP_COUNT; i++) {
            uint64_t start_ns = clock_monotonic_ns();
            steps[i].run(bench);
            times->ns[i][round] = (double)(clock_monotonic_ns() - start_ns) / REQUEST_COUNT;
        }
    }
    for (size_t i = 0; i < STEP_COUNT; i++)
        qsort(times->ns[i], round_count, sizeof(times->ns[i][0]), compare_doubles);
}

static void bench_take_memory(struct bench *bench)
{
    uint64_t index_bytes =
        index_bucket_count(snapshot_tables(bench->snapshot)->index.home_count) * BUCKET_SIZE;
    uint64_t bytes = index_bytes > LINES_BYTES_MIN ? index_bytes : LINES_BYTES_MIN;
    bench->requests = take(REQUEST_COUNT, sizeof(bench->requests[0]));
    bench->digests = take(REQUEST_COUNT, sizeof(bench->digests[0]));
    bench->views = take(REQUEST_COUNT, sizeof(bench->views[0]));
    bench->verdicts = take(REQUEST_COUNT, sizeof(bench->verdicts[0]));
    bench->answers = take(REQUEST_COUNT, sizeof(bench->answers[0]));
    bench->line_count = bytes / LINE_SIZE;
    bench->lines = take(bytes, 1);
    memset(bench->lines, 1, bytes); /* real pages, not all the same zero page */
}

static bool bench_open(struct bench *bench, const struct settings *settings, struct fault *fault)
{
    struct mix mix = {(uint32_t)settings->hit_percent, 0, 1, KIND_CHECK};
    if (!snapshot_keys_open(&bench->keys, settings->signing_public, settings->identity_key,
                            settings->identity_keys, fault))
        return false;
    struct snapshot_trust trust = snapshot_trust_of(&bench->keys, (uint32_t)settings->environment);
    if (!snapshot_open_current(&bench->snapshot, settings->snapshots, &trust, fault) ||
        !edition_open(&bench->edition, snapshot_tables(bench->snapshot),
                      snapshot_manifest(bench->snapshot), fault) ||
        !workload_read(&bench->workload, settings->truth, &mix, fault))
        return false;
    bench->service_time_s = time_of_riga_day(snapshot_manifest(bench->snapshot)->as_of_day);
    bench_take_memory(bench);
    return true;
}

static void bench_close(struct bench *bench)
{
    free(bench->requests);
    free(bench->digests);
    free(bench->views);
    free(bench->verdicts);
    free(bench->answers);
    free(bench->lines);
    workload_free(&bench->workload);
    edition_close(bench->edition);
    snapshot_close(bench->snapshot);
    snapshot_keys_close(&bench->keys);
}

static void print_text(const struct bench *bench, const struct times *times)
{
    const struct manifest *manifest = snapshot_manifest(bench->snapshot);
    printf("%llu identifiers, %.1f bytes of index each; ns per request, %zu rounds\n",
           (unsigned long long)manifest->identifier_count,
           (double)(index_bucket_count(manifest->home_count) * BUCKET_SIZE) /
               (double)manifest->identifier_count,
           times->round_count);
    for (size_t i = 0; i < STEP_COUNT; i++)
        printf("  %-13s %7.1f  (%.1f to %.1f)\n", steps[i].name,
               times->ns[i][times->round_count / 2], times->ns[i][0],
               times->ns[i][times->round_count - 1]);
}

static void print_json(const struct bench *bench, const struct times *times)
{
    struct json json;
    json_start(&json, stdout);
    json_open_object(&json, NULL);
    json_number(&json, "identifiers", snapshot_manifest(bench->snapshot)->identifier_count);
    json_number(&json, "rounds", times->round_count);
    json_open_object(&json, "median_ns");
    for (size_t i = 0; i < STEP_COUNT; i++)
        json_real(&json, steps[i].name, times->ns[i][times->round_count / 2]);
    json_close_object(&json);
    json_close_object(&json);
    json_end(&json);
}

#define FIELD(name) offsetof(struct settings, name)
static const struct option_row rows[] = {
    {"snapshots", OPTION_TEXT, FIELD(snapshots), "DIR", NULL, 0, 0, "required: snapshot folder"},
    {"identity-key", OPTION_TEXT, FIELD(identity_key), "FILE", NULL, 0, 0,
     "one key of the digests, of all snapshots"},
    {"identity-keys", OPTION_TEXT, FIELD(identity_keys), "DIR", NULL, 0, 0,
     "folder where each snapshot has its own key; this or --identity-key"},
    {"signing-public", OPTION_TEXT, FIELD(signing_public), "FILE", NULL, 0, 0,
     "required: public key of the publisher"},
    {"truth", OPTION_TEXT, FIELD(truth), "FILE", NULL, 0, 0,
     "required: truth.csv of the synthetic country that was loaded"},
    {"environment", OPTION_NUMBER, FIELD(environment), "N", "0", 0, UINT32_MAX,
     "environment of the snapshot"},
    {"rounds", OPTION_NUMBER, FIELD(rounds), "N", "9", 1, ROUND_COUNT_MAX,
     "rounds; the median counts"},
    {"hits", OPTION_NUMBER, FIELD(hit_percent), "PERCENT", "50", 0, 100,
     "requests about identifiers that are in the snapshot"},
    {"json", OPTION_FLAG, FIELD(is_json), NULL, NULL, 0, 0, "print JSON"},
};
static const struct option_table table = {
    .usage = "eligbench micro --snapshots DIR --identity-keys DIR --signing-public FILE "
             "--truth FILE [options]",
    .about = "Measures the steps of a check one by one, and random reads of as much memory beside "
             "them.",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
};

int command_micro(int argc, char *argv[])
{
    static struct times times;
    struct settings settings;
    struct operands operands;
    struct fault fault;
    struct bench bench = {0};
    options_read(&table, &settings, &operands, argc, argv);
    if (!identity_keys_choice(settings.identity_key, settings.identity_keys, &fault))
        return command_fail(PROGRAM, EXIT_USAGE, &fault);
    bool is_fine = bench_open(&bench, &settings, &fault);
    if (is_fine) {
        measure(&times, &bench, settings.rounds);
        (settings.is_json ? print_json : print_text)(&bench, &times);
    }
    bench_close(&bench);
    return is_fine ? command_finish(PROGRAM, EXIT_YES) : command_fail(PROGRAM, EXIT_FAILED, &fault);
}
