#include "bench/commands.h"

#include "bench/measures.h"
#include "bench/random.h"
#include "bench/take.h"
#include "bench/workload.h"
#include "engine/look_up.h"
#include "protocol/commands.h"
#include "protocol/decide.h"
#include "protocol/frame.h"
#include "protocol/huge.h"
#include "protocol/identity_keys.h"
#include "protocol/json.h"
#include "protocol/options.h"
#include "protocol/progress.h"
#include "protocol/record.h"
#include "protocol/response.h"
#include "protocol/snapshot.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM         "eligbench micro" /* in front of what is said on stderr */
#define ROUND_COUNT_MAX 99
#define GROUP           LOOK_UP_MAX
#define GROUP_COUNT     (WORKLOAD_FRAME_COUNT / GROUP)
#define PROBE_COUNT     (UINT32_C(1) << 21) /* digests all over the index: no cache has their lines */
#define LINE_SIZE       64
#define LINES_BYTES_MIN (UINT64_C(1) << 27) /* well past every cache */
#define LINES_AHEAD     64
static_assert(WORKLOAD_FRAME_COUNT % GROUP == 0 && PROBE_COUNT % GROUP == 0, "whole groups");

struct settings {
    const char *snapshots, *identity_key, *identity_keys, *signing_public, *truth, *measures;
    uint64_t environment, rounds, hit_percent;
    bool is_json;
};

/* A group on its way, in memory that is used again and again, as that of the engine is. */
struct gathered {
    uint8_t frames[GROUP][FRAME_SIZE]; /* in the cache, as what was received is */
    struct request requests[GROUP];
    struct identifier identifiers[GROUP];
    struct purchase purchases[GROUP];
    struct candidates candidates[GROUP];
    struct digest digests[GROUP];
    const uint8_t *homes[GROUP];
    uint32_t views[GROUP];
    struct verdict verdicts[GROUP];
    uint8_t record[DATA_SIZE(GROUP)]; /* the answers, where a record has them */
    struct noise_cipher send, receive;
};

struct bench {
    struct snapshot_keys keys;
    struct snapshot *snapshot;
    struct edition *edition;
    struct workload workload;
    uint64_t service_time_s;
    struct riga_time now; /* the same, as a loop has it */
    struct gathered group;
    struct digest *probes; /* [PROBE_COUNT] */
    uint8_t *lines;        /* memory as large as the index, for the bound of random reads */
    uint64_t line_count;
    uint64_t sum; /* of what was read, so that nothing is optimised away */
};

/* ---- the steps of a group, in the engine's order ---- */

static void do_decode(struct bench *bench)
{
    struct gathered *group = &bench->group;
    for (size_t i = 0; i < GROUP; i++) {
        bench->sum += frame_decode_request(&group->requests[i], group->frames[i]);
        identifier_copy(&group->identifiers[i], &group->requests[i].identifier);
    }
}

static void do_purchase(struct bench *bench)
{
    struct gathered *group = &bench->group;
    for (size_t i = 0; i < GROUP; i++) {
        const struct request *request = &group->requests[i];
        group->purchases[i] = (struct purchase){.product = request->product,
                                                .point_of_sale = request->point_of_sale,
                                                .unit_price = request->unit_price,
                                                .quantity = request->quantity,
                                                .companions = request->companions,
                                                .means = request->identifier.means,
                                                .entry = request->entry,
                                                .service_time_s = bench->service_time_s};
        decide_candidates_into(&group->candidates[i], bench->edition, &group->purchases[i],
                               &bench->now);
    }
}

static void do_hash(struct bench *bench)
{
    look_up_digest(bench->group.digests, bench->group.homes, bench->edition,
                   bench->group.identifiers, GROUP);
}

static void do_probe(struct bench *bench)
{
    look_up_find(bench->group.views, bench->edition, bench->group.homes, bench->group.digests,
                 GROUP);
}

static void do_ask(struct bench *bench)
{
    look_up_ask(bench->edition, bench->group.views, GROUP);
}

static void do_decide(struct bench *bench)
{
    struct gathered *group = &bench->group;
    for (size_t i = 0; i < GROUP; i++)
        decide_into(&group->verdicts[i], bench->edition, &group->candidates[i], group->views[i],
                    &group->purchases[i]);
}

static void do_encode(struct bench *bench)
{
    struct gathered *group = &bench->group;
    for (size_t i = 0; i < GROUP; i++) {
        const struct verdict *verdict = &group->verdicts[i];
        struct response response = {.kind = KIND_CHECK,
                                    .status = (uint16_t)verdict->status,
                                    .split = verdict->split,
                                    .remaining = REMAINING_UNPUBLISHED,
                                    .request_id = group->requests[i].request_id,
                                    .relief_amount = verdict->relief_amount,
                                    .payable = verdict->payable,
                                    .relief = verdict->relief,
                                    .valid_until_s = (uint32_t)verdict->valid_until_s};
        response_encode(group->record + HEADER_SIZE + i * FRAME_SIZE, &response);
    }
}

static void do_seal(struct bench *bench)
{
    record_seal(&bench->group.send, bench->group.record, GROUP);
}

static void do_open(struct bench *bench)
{
    size_t frame_count;
    struct gathered *group = &bench->group;
    bench->sum += record_open(&group->receive, group->record, sizeof(group->record), &frame_count);
}

static const struct step {
    const char *name;
    void (*run)(struct bench *bench);
    bool is_sealing; /* of sealed sessions alone */
} steps[] = {
    {"decode", do_decode, false}, {"purchase", do_purchase, false}, {"hash", do_hash, false},
    {"probe", do_probe, false},   {"ask", do_ask, false},           {"decide", do_decide, false},
    {"encode", do_encode, false}, {"seal", do_seal, true},          {"open", do_open, true}};
#define STEP_COUNT COUNT_OF(steps)

/* ---- a probe alone, and its floor ---- */

/* Half are of somebody, whom any slot names, and half of nobody. */
static void draw_probes(struct bench *bench)
{
    const struct index *index = &snapshot_tables(bench->snapshot)->index;
    uint64_t state = 1, bucket_count = index_bucket_count(index->home_count);
    for (uint32_t i = 0; i < PROBE_COUNT; i++) {
        uint8_t *bytes = bench->probes[i].bytes;
        store_u64(bytes, random_next(&state));
        store_u64(bytes + 8, random_next(&state));
        const uint8_t *slot = NULL;
        while (i % 2 == 0 &&
               (slot == NULL || (load_u32(slot + SLOT_PAYLOAD) & PAYLOAD_VIEW_MASK) == VIEW_NOBODY))
            slot = index_bucket(index, random_below(&state, bucket_count)) +
                   random_below(&state, BUCKET_SLOT_COUNT) * SLOT_SIZE;
        if (slot != NULL)
            memcpy(bytes + 4, slot + SLOT_TAG, DIGEST_SIZE - 4);
    }
}

static void probe_alone(struct bench *bench)
{
    uint32_t views[GROUP];
    for (size_t first = 0; first < PROBE_COUNT; first += GROUP) {
        index_find_batch(views, &snapshot_tables(bench->snapshot)->index, bench->probes + first,
                         GROUP);
        bench->sum += views[0];
    }
}

/* The floor of every hash table: as many random cache lines, all asked for long ahead, into the
 * first cache and into the second. */
#define RANDOM_LINES(name, cache)                                                                  \
    static void name(struct bench *bench)                                                          \
    {                                                                                              \
        uint64_t state = bench->sum;                                                               \
        const uint8_t *ahead[LINES_AHEAD];                                                         \
        for (uint32_t i = 0; i < PROBE_COUNT + LINES_AHEAD; i++) {                                 \
            const uint8_t **line = &ahead[i % LINES_AHEAD];                                        \
            if (i >= LINES_AHEAD)                                                                  \
                bench->sum += **line;                                                              \
            *line = bench->lines + random_below(&state, bench->line_count) * LINE_SIZE;            \
            __builtin_prefetch(*line, 0, cache);                                                   \
        }                                                                                          \
    }
RANDOM_LINES(random_lines, 3)
RANDOM_LINES(random_lines_far, 2)

/* ---- rounds ---- */

struct times {
    double steps[STEP_COUNT][ROUND_COUNT_MAX]; /* ns of one request, as all of these are */
    double check[ROUND_COUNT_MAX];             /* all steps but those of sealing */
    double probe[ROUND_COUNT_MAX], lines[ROUND_COUNT_MAX], lines_far[ROUND_COUNT_MAX];
    double ratio[ROUND_COUNT_MAX];
    size_t round_count;
};

static void time_groups(struct times *times, struct bench *bench, size_t round)
{
    uint64_t ns[STEP_COUNT] = {0};
    bench->group.send = bench->group.receive = (struct noise_cipher){.counter = 0};
    for (size_t at = 0; at < GROUP_COUNT; at++) {
        memcpy(bench->group.frames, bench->workload.frames + at * GROUP,
               sizeof(bench->group.frames));
        uint64_t then_ns = clock_monotonic_ns();
        for (size_t i = 0; i < STEP_COUNT; i++) {
            steps[i].run(bench);
            uint64_t now_ns = clock_monotonic_ns();
            ns[i] += now_ns - then_ns;
            then_ns = now_ns;
        }
    }
    times->check[round] = 0;
    for (size_t i = 0; i < STEP_COUNT; i++) {
        times->steps[i][round] = (double)ns[i] / WORKLOAD_FRAME_COUNT;
        times->check[round] += steps[i].is_sealing ? 0 : times->steps[i][round];
    }
}

static double time_probes(struct bench *bench, void (*run)(struct bench *bench))
{
    uint64_t start_ns = clock_monotonic_ns();
    run(bench);
    return (double)(clock_monotonic_ns() - start_ns) / PROBE_COUNT;
}

static void measure(struct times *times, struct bench *bench, size_t round_count)
{
    times->round_count = round_count;
    for (size_t round = 0; round < round_count; round++) {
        time_groups(times, bench, round);
        times->probe[round] = time_probes(bench, probe_alone);
        times->lines[round] = time_probes(bench, random_lines);
        times->lines_far[round] = time_probes(bench, random_lines_far);
        times->ratio[round] = times->probe[round] / times->lines[round];
    }
}

static void bench_take_memory(struct bench *bench)
{
    uint64_t index_bytes =
        index_bucket_count(snapshot_tables(bench->snapshot)->index.home_count) * BUCKET_SIZE;
    uint64_t bytes = index_bytes > LINES_BYTES_MIN ? index_bytes : LINES_BYTES_MIN;
    bench->probes = take(PROBE_COUNT, sizeof(bench->probes[0]));
    draw_probes(bench);
    bench->line_count = bytes / LINE_SIZE;
    bench->lines = huge_take(bytes, 1); /* as the index is */
    if (bench->lines == NULL)
        err(EXIT_FAILED, "no memory for %" PRIu64 " bytes", bytes);
    memset(bench->lines, 1, bytes);
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
        !edition_take_identity(bench->edition, snapshot_identity(bench->snapshot), fault) ||
        !workload_read(&bench->workload, settings->truth, &mix, fault))
        return false;
    bench->service_time_s = time_of_riga_day(snapshot_manifest(bench->snapshot)->as_of_day);
    bench->now = riga_time_of(bench->service_time_s);
    bench_take_memory(bench);
    return true;
}

static void bench_close(struct bench *bench)
{
    free(bench->probes);
    free(bench->lines);
    workload_free(&bench->workload);
    edition_close(bench->edition);
    snapshot_close(bench->snapshot);
    snapshot_keys_close(&bench->keys);
}

/* ---- telling ---- */

/* One line of what is told: `subject` is the report's. */
struct line {
    const char *name, *subject, *measure;
    const double *values;
};
#define LINE_COUNT_MAX (STEP_COUNT + 5)

static size_t lines_of(struct line lines[LINE_COUNT_MAX], const struct times *times)
{
    size_t count = 0;
    for (size_t i = 0; i < STEP_COUNT; i++)
        lines[count++] = (struct line){steps[i].name, steps[i].is_sealing ? "sealed" : "check",
                                       steps[i].name, times->steps[i]};
    lines[count++] = (struct line){"check", NULL, NULL, times->check};
    lines[count++] = (struct line){"probe alone", "check floor", "probe alone", times->probe};
    lines[count++] = (struct line){"random lines", "check floor", "probe", times->lines};
    lines[count++] = (struct line){"lines, far", NULL, NULL, times->lines_far};
    lines[count++] = (struct line){"probe/lines", NULL, NULL, times->ratio};
    return count;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double value_at(const struct line *line, size_t round_count, size_t rank)
{
    double sorted[ROUND_COUNT_MAX];
    memcpy(sorted, line->values, round_count * sizeof(sorted[0]));
    qsort(sorted, round_count, sizeof(sorted[0]), compare_doubles);
    return sorted[rank];
}

static void print_text(const struct bench *bench, const struct times *times)
{
    const struct manifest *manifest = snapshot_manifest(bench->snapshot);
    struct line lines[LINE_COUNT_MAX];
    size_t line_count = lines_of(lines, times), count = times->round_count;
    printf("%llu identifiers, %.1f bytes of index each; ns per request in groups of %d, %zu "
           "rounds\n",
           (unsigned long long)manifest->identifier_count,
           (double)(index_bucket_count(manifest->home_count) * BUCKET_SIZE) /
               (double)manifest->identifier_count,
           GROUP, count);
    for (size_t i = 0; i < line_count; i++)
        printf("  %-13s %7.2f  (%.2f to %.2f)\n", lines[i].name,
               value_at(&lines[i], count, count / 2), value_at(&lines[i], count, 0),
               value_at(&lines[i], count, count - 1));
}

static void print_json(const struct bench *bench, const struct times *times)
{
    struct line lines[LINE_COUNT_MAX];
    size_t line_count = lines_of(lines, times);
    struct json json;
    json_start(&json, stdout);
    json_open_object(&json, NULL);
    json_number(&json, "identifiers", snapshot_manifest(bench->snapshot)->identifier_count);
    json_number(&json, "rounds", times->round_count);
    json_open_object(&json, "median_ns");
    for (size_t i = 0; i < line_count; i++)
        json_real(&json, lines[i].name,
                  value_at(&lines[i], times->round_count, times->round_count / 2));
    json_close_object(&json);
    json_close_object(&json);
    json_end(&json);
}

static void add_rows(struct measures_writer *writer, const struct line *line, const char *subject,
                     size_t round_count)
{
    for (uint32_t round = 0; round < round_count; round++)
        measures_add(writer, &(struct measures_row){MEASURES_STAGES, round, subject, "depth 64",
                                                    line->measure, line->values[round]});
}

/* What is sealed takes the other steps, too. */
static bool write_measures(const char *path, const struct times *times, struct fault *fault)
{
    struct line lines[LINE_COUNT_MAX];
    size_t line_count = lines_of(lines, times);
    struct measures_writer writer;
    if (!measures_open(&writer, path, fault))
        return false;
    for (size_t i = 0; i < line_count; i++)
        if (lines[i].subject != NULL)
            add_rows(&writer, &lines[i], lines[i].subject, times->round_count);
    for (size_t i = 0; i < STEP_COUNT; i++)
        if (!steps[i].is_sealing)
            add_rows(&writer, &lines[i], "sealed", times->round_count);
    return measures_close(&writer, fault);
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
    {"measures", OPTION_TEXT, FIELD(measures), "FILE", NULL, 0, 0,
     "append to a file of measures, for eligbench report"},
    {"json", OPTION_FLAG, FIELD(is_json), NULL, NULL, 0, 0, "print JSON"},
};
static const struct option_table table = {
    .usage = "eligbench micro --snapshots DIR --identity-keys DIR --signing-public FILE "
             "--truth FILE [options]",
    .about =
        "Measures the steps of a check as a loop takes them, group by group, and random reads of "
        "as much memory beside a probe of the index alone.",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
};

int command_micro(int argc, char *argv[])
{
    static struct times times;
    struct settings settings;
    struct operands operands;
    struct fault fault;
    static struct bench bench;
    options_read(&table, &settings, &operands, argc, argv);
    if (!identity_keys_choice(settings.identity_key, settings.identity_keys, &fault))
        return command_fail(PROGRAM, EXIT_USAGE, &fault);
    bool is_fine = bench_open(&bench, &settings, &fault);
    if (is_fine) {
        measure(&times, &bench, settings.rounds);
        (settings.is_json ? print_json : print_text)(&bench, &times);
        is_fine = settings.measures == NULL || write_measures(settings.measures, &times, &fault);
    }
    bench_close(&bench);
    return is_fine ? command_finish(PROGRAM, EXIT_YES) : command_fail(PROGRAM, EXIT_FAILED, &fault);
}
