/* Servers that are compared: started here, each with sockets on the loopback interface alone,
 * filled with the same keys, and ended again. */
#ifndef BENCH_CONTESTANTS_H
#define BENCH_CONTESTANTS_H

#include "bench/children.h"
#include "bench/driver.h"

enum contestant_kind {
    CONTESTANT_ECHO,
    CONTESTANT_ELIG,
    CONTESTANT_SEALED,
    CONTESTANT_REDIS,
    CONTESTANT_VALKEY,
    CONTESTANT_MEMCACHED,
    CONTESTANT_COUNT
};

#define CONTESTANT_NAMES "echo, elig, elig-sealed, redis, valkey or memcached"
#define CONTESTANT_PATH  4096

struct contestant {
    enum contestant_kind kind;
    pid_t pid;
    char address[32];
};

/* What they are started from. */
struct contestants_setup {
    const char *work; /* a folder as make demo leaves it */
    const cpu_set_t *cores;
    uint64_t key_count;
    uint32_t terminal_count;          /* of sealed sessions */
    bool is_wanted[CONTESTANT_COUNT]; /* and left out, aloud, when it is not there */
};

struct contestants {
    struct contestant list[CONTESTANT_COUNT];
    size_t count;
    struct sealing sealing;
    char folder[CONTESTANT_PATH];            /* for their sockets and logs; goes with them */
    struct fault left_out[CONTESTANT_COUNT]; /* why; empty: takes part or is not wanted */
};

const char *contestant_name(enum contestant_kind kind);
/* CONTESTANT_COUNT: none is called so. */
enum contestant_kind contestant_of_name(const char *name, size_t name_size);
const struct dialect *contestant_dialect(enum contestant_kind kind);

/* Starts all and sets the stores' keys. Call contestants_stop in any case. */
MUST_USE bool contestants_start(struct contestants *out, const struct contestants_setup *setup,
                                struct fault *fault);
void contestants_stop(struct contestants *contestants);

#endif
