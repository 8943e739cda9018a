/* What is spoken to a server under test: our frames, the same frames echoed, or a GET of a
 * key-value store. Bytes in, bytes out; the driver does the rest. */
#ifndef BENCH_DIALECT_H
#define BENCH_DIALECT_H

#include "bench/workload.h"

#define REQUEST_SIZE_MAX 64

enum outcome { OUTCOME_APPLIES, OUTCOME_NO_DATA, OUTCOME_DOES_NOT_APPLY, OUTCOME_OTHER };
#define OUTCOME_COUNT 4

/* A request whose id has this bit is the CONFIRM of the RESERVE whose id has not. */
#define ID_CONFIRM (UINT64_C(1) << 63)

/* What an answer must have in common with all others to the same request. */
struct judgement {
    uint16_t status;
    uint32_t relief;
    uint64_t relief_amount;
};

struct dialect {
    const char *name;
    /* Writes request `id` (from 1) into `out`; returns its size, at most REQUEST_SIZE_MAX. */
    size_t (*request)(uint8_t *out, const struct workload *workload, uint64_t id);
    /* The answer at the front of `in`: its size, 0 when it is not whole yet, -1 when it is no
     * answer to request `id`. */
    int (*answer)(const uint8_t *in, size_t size, uint64_t id, enum outcome *outcome,
                  struct judgement *judgement);
    /* Of stores: writes the command that sets key `number` to itself, at most SET_SIZE_MAX bytes;
     * and the line that says it was done. NULL: no store. */
    size_t (*set)(uint8_t *out, uint64_t number);
    const char *set_answer;
};

extern const struct dialect dialect_elig, dialect_echo;
extern const struct dialect dialect_redis, dialect_valkey, dialect_memcached; /* dialect_store.c */

/* "elig", "echo", "redis", "valkey", "memcached", or NULL. */
const struct dialect *dialect_of_name(const char *name);
#define DIALECT_NAMES "elig, echo, redis, valkey or memcached"

/* A store holds as many keys as the workload has identifiers; number n is this text. */
#define STORE_KEY_SIZE 16
#define SET_SIZE_MAX   96
void store_key(uint8_t key[static STORE_KEY_SIZE], uint64_t number);

#endif
