#include "bench/commands.h"

#include "bench/random.h"
#include "protocol/commands.h"
#include "protocol/json.h"
#include "protocol/options.h"
#include "protocol/progress.h"
#include "protocol/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What sealed sessions cost, step by step, without sockets: curves, refusals, records. */

#define PROGRAM         "eligbench seals"
#define ROUND_COUNT_MAX 99
#define CURVE_COUNT     64   /* of a round */
#define RECORD_COUNT    2000 /* likewise */
#define REFUSAL_COUNT   20000

struct settings {
    uint64_t rounds;
    bool is_json;
};

/* A terminal, a server, and what they say to each other, made once. */
struct bench {
    struct noise_keys terminal, server;
    struct server_name name;
    uint8_t psk[NOISE_KEY_SIZE], random[NOISE_KEY_SIZE];
    uint8_t hello[HELLO_SIZE], noise[HELLO_SIZE], accept[ACCEPT_SIZE];
    struct noise_cipher send, receive;
    uint8_t record[RECORD_SIZE_MAX];
    size_t frame_count; /* of the records that are measured */
    uint64_t sum;       /* of what came out, so that nothing is optimised away */
};

static const struct hello told = {.terminal_id = 1, .counter = 1};
static const struct accept terms = {.session_id = 1,
                                    .frames_max = RECORD_FRAMES_MAX,
                                    .in_flight_max = RECORD_FRAMES_MAX,
                                    .records_max = SESSION_RECORDS_MAX,
                                    .idle_s = 1};

static void must(bool is_good)
{
    if (!is_good)
        abort(); /* both sides are ours */
}

static void do_refuse(struct bench *bench)
{
    for (size_t i = 0; i < REFUSAL_COUNT; i++) {
        bench->noise[HEADER_SIZE + HELLO_EPHEMERAL] = (uint8_t)i;
        bench->sum += hello_is_addressed(bench->noise, &bench->name);
    }
}

static void open_hello(struct bench *bench, struct noise_handshake *handshake)
{
    struct hello hello;
    uint8_t who[NOISE_KEY_SIZE];
    must(hello_is_addressed(bench->hello, &bench->name) &&
         hello_open(&hello, who, handshake, &bench->server, &bench->name, 0, bench->hello));
}

static void do_handshake(struct bench *bench)
{
    uint8_t hash[NOISE_HASH_SIZE];
    for (size_t i = 0; i < CURVE_COUNT; i++) {
        struct noise_handshake handshake;
        open_hello(bench, &handshake);
        bench->random[0] = (uint8_t)i;
        must(accept_seal(bench->accept, &handshake, &terms, bench->psk, bench->random));
        noise_split(&handshake, &bench->send, &bench->receive, hash);
    }
}

static void do_seal(struct bench *bench)
{
    for (size_t i = 0; i < RECORD_COUNT; i++) {
        bench->send.counter = 0;
        bench->sum += record_seal(&bench->send, bench->record, bench->frame_count);
    }
}

/* A record opens once: it is sealed again for each, and what that costs is measured beside it. */
static void do_seal_and_open(struct bench *bench)
{
    for (size_t i = 0; i < RECORD_COUNT; i++) {
        size_t found;
        struct noise_cipher twin = bench->send;
        twin.counter = bench->send.counter = 0;
        size_t size = record_seal(&bench->send, bench->record, bench->frame_count);
        must(record_open(&twin, bench->record, size, &found));
        bench->sum += found;
    }
}

static const struct {
    const char *name;
    void (*run)(struct bench *bench);
    size_t count, frame_count;
} steps[] = {
    {"refuse garbage", do_refuse, REFUSAL_COUNT, 0},
    {"handshake, the server's side", do_handshake, CURVE_COUNT, 0},
    {"seal 1 frame", do_seal, RECORD_COUNT, 1},
    {"seal and open 1 frame", do_seal_and_open, RECORD_COUNT, 1},
    {"seal 64 frames", do_seal, RECORD_COUNT, 64},
    {"seal and open 64 frames", do_seal_and_open, RECORD_COUNT, 64},
    {"seal and open 255 frames", do_seal_and_open, RECORD_COUNT, 255},
};

static void bench_open(struct bench *bench)
{
    uint64_t state = 3;
    uint8_t secret[NOISE_KEY_SIZE];
    must(noise_ready());
    for (size_t i = 0; i < sizeof(bench->record); i++)
        bench->record[i] = (uint8_t)random_next(&state);
    memcpy(bench->random, bench->record, NOISE_KEY_SIZE);
    memcpy(secret, bench->record + 32, NOISE_KEY_SIZE);
    noise_keys_of_secret(&bench->terminal, secret);
    memcpy(secret, bench->record + 64, NOISE_KEY_SIZE);
    noise_keys_of_secret(&bench->server, secret);
    server_name_make(&bench->name, bench->server.public_key);
    struct noise_handshake handshake;
    must(hello_seal(bench->hello, &handshake, &bench->terminal, &bench->name, bench->psk, 0, &told,
                    bench->random));
    noise_wipe(&handshake, sizeof(handshake));
    memcpy(bench->noise, bench->hello, HELLO_SIZE);
    bench->noise[HELLO_SIZE - 1] ^= 1;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(double ns[], struct bench *bench, size_t step, uint64_t rounds)
{
    bench->frame_count = steps[step].frame_count;
    for (uint64_t round = 0; round < rounds; round++) {
        uint64_t start_ns = clock_monotonic_ns();
        steps[step].run(bench);
        ns[round] = (double)(clock_monotonic_ns() - start_ns) / (double)steps[step].count;
    }
    qsort(ns, rounds, sizeof(ns[0]), compare_doubles);
}

#define FIELD(name) offsetof(struct settings, name)
static const struct option_row rows[] = {
    {"rounds", OPTION_NUMBER, FIELD(rounds), "N", "9", 1, ROUND_COUNT_MAX,
     "rounds; the median counts"},
    {"json", OPTION_FLAG, FIELD(is_json), NULL, NULL, 0, 0, "print JSON"},
};
static const struct option_table table = {
    .usage = "eligbench seals [options]",
    .about = "Measures what sealed sessions cost without sockets: handshakes, refusals, records.",
    .rows = rows,
    .row_count = COUNT_OF(rows),
};

int command_seals(int argc, char *argv[])
{
    static struct bench bench;
    struct settings settings;
    struct operands operands;
    struct json json;
    options_read(&table, &settings, &operands, argc, argv);
    bench_open(&bench);
    if (settings.is_json) {
        json_start(&json, stdout);
        json_open_object(&json, NULL);
        json_open_object(&json, "median_ns");
    }
    for (size_t step = 0; step < COUNT_OF(steps); step++) {
        double ns[ROUND_COUNT_MAX];
        measure(ns, &bench, step, settings.rounds);
        double median = ns[settings.rounds / 2];
        if (settings.is_json)
            json_real(&json, steps[step].name, median);
        else
            printf("  %-30s %10.0f ns  (%.0f to %.0f)\n", steps[step].name, median, ns[0],
                   ns[settings.rounds - 1]);
    }
    if (settings.is_json) {
        json_close_object(&json);
        json_close_object(&json);
        json_end(&json);
    }
    return command_finish(PROGRAM, EXIT_YES);
}
