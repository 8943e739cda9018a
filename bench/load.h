/* What the commands that load a server have in common: their options, and what follows from them.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "bench/driver.h"
#include "bench/fleet.h"
#include "protocol/options.h"

/* A row of an option table, in a list that is a macro. */
#define LOAD_ROW(...)                                                                              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

/* Whom to load. */
struct target_settings {
    const char *connect, *dialect, *truth;
    const char *server_public, *merchant_key; /* of sealed sessions; NULL: plain */
    uint64_t terminal_count, terminal_seed, environment;
    uint64_t pid;
    bool is_padded, has_keys_to_load;
};

/* Rows of an option table whose settings have a struct target_settings at `at`. */
#define TARGET_FIELD(at, name) ((at) + offsetof(struct target_settings, name))
#define TARGET_ROWS(at)                                                                            \
    LOAD_ROW("connect", OPTION_TEXT, TARGET_FIELD(at, connect), "ADDRESS", NULL, 0, 0,             \
             "required: 127.0.0.1:PORT or unix:PATH of the server"),                               \
        LOAD_ROW("truth", OPTION_TEXT, TARGET_FIELD(at, truth), "FILE", NULL, 0, 0,                \
                 "required: truth.csv of a synthetic country; requests are drawn from it"),        \
        LOAD_ROW("dialect", OPTION_TEXT, TARGET_FIELD(at, dialect), "NAME", "elig", 0, 0,          \
                 "what the server speaks: " DIALECT_NAMES),                                        \
        LOAD_ROW("pid", OPTION_NUMBER, TARGET_FIELD(at, pid), "PID", "0", 0, 4194304,              \
                 "process of the server, to read its CPU time; 0: do not"),                        \
        LOAD_ROW("load-keys", OPTION_FLAG, TARGET_FIELD(at, has_keys_to_load), NULL, NULL, 0, 0,   \
                 "redis, valkey, memcached: first set as many keys as the truth has identifiers"), \
        LOAD_ROW(                                                                                  \
            "server-public", OPTION_TEXT, TARGET_FIELD(at, server_public), "FILE", NULL, 0, 0,     \
            "the server's public key: sealed sessions, of the terminals that eligbench terminals " \
            "enrols"),                                                                             \
        LOAD_ROW("merchant-key", OPTION_TEXT, TARGET_FIELD(at, merchant_key), "FILE", NULL, 0, 0,  \
                 "the secret that all merchants share"),                                           \
        LOAD_ROW("terminals", OPTION_NUMBER, TARGET_FIELD(at, terminal_count), "N", "8", 1, 65536, \
                 "how many terminals there are; connections take turns"),                          \
        LOAD_ROW("terminal-seed", OPTION_NUMBER, TARGET_FIELD(at, terminal_seed), "N", "1", 0,     \
                 UINT64_MAX, "what their keys follow from"),                                       \
        LOAD_ROW("environment", OPTION_NUMBER, TARGET_FIELD(at, environment), "NUMBER", "0", 0,    \
                 UINT32_MAX, "of the server; 0 is production"),                                    \
        LOAD_ROW("padded", OPTION_FLAG, TARGET_FIELD(at, is_padded), NULL, NULL, 0, 0,             \
                 "pad records")

/* How. */
struct traffic_settings {
    uint64_t connections, processes, warm_ms, measure_ms;
    uint64_t hit_percent, skew_percent, seed;
};

#define TRAFFIC_FIELD(at, name) ((at) + offsetof(struct traffic_settings, name))
#define TRAFFIC_ROWS(at, warm, measure)                                                            \
    LOAD_ROW("connections", OPTION_NUMBER, TRAFFIC_FIELD(at, connections), "N", "16", 1,           \
             DRIVER_CONNECTION_MAX, "connections open at once"),                                   \
        LOAD_ROW("processes", OPTION_NUMBER, TRAFFIC_FIELD(at, processes), "N", "1", 1,            \
                 FLEET_PROCESS_MAX,                                                                \
                 "processes that share the connections, when one is slower than the server"),      \
        LOAD_ROW("warm-ms", OPTION_NUMBER, TRAFFIC_FIELD(at, warm_ms), "MS", warm, 0, 600000,      \
                 "run before measuring"),                                                          \
        LOAD_ROW("measure-ms", OPTION_NUMBER, TRAFFIC_FIELD(at, measure_ms), "MS", measure, 1,     \
                 86400000, "time measured"),                                                       \
        LOAD_ROW("hits", OPTION_NUMBER, TRAFFIC_FIELD(at, hit_percent), "PERCENT", "50", 0, 100,   \
                 "requests about identifiers that are in the snapshot"),                           \
        LOAD_ROW("skew", OPTION_NUMBER, TRAFFIC_FIELD(at, skew_percent), "PERCENT", "0", 0, 99,    \
                 "0: everybody alike; 99: nearly all requests are about a few"),                   \
        LOAD_ROW("seed", OPTION_NUMBER, TRAFFIC_FIELD(at, seed), "N", "1", 0, UINT32_MAX,          \
                 "of the requests")

/* Stays where it is: the plan points into it. */
struct load {
    struct plan plan;
    struct workload workload;
    struct sealing sealing;
    uint32_t process_count;
};

/* Whether the options go together; what is wrong is wrong usage. */
MUST_USE bool target_fits(const struct target_settings *target, struct fault *fault);
MUST_USE bool traffic_fits(const struct traffic_settings *traffic, struct fault *fault);

/* The workload of these settings; asks for `kind`. */
MUST_USE bool load_read_workload(struct load *load, const char *truth,
                                 const struct traffic_settings *traffic, uint8_t kind,
                                 struct fault *fault);

/* The whole plan, in a closed loop of depth 1, and the keys of a store set. After true,
 * load_close. */
MUST_USE bool load_open(struct load *load, const struct target_settings *target,
                        const struct traffic_settings *traffic, uint8_t kind, struct fault *fault);
void load_close(struct load *load);

MUST_USE bool load_run(struct result *result, const struct load *load, struct fault *fault);

#endif
