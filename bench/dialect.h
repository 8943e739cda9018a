/* What is spoken to a server under test: our frames, the same frames echoed, or Redis' RESP. Bytes
 * in, bytes out; the driver does the rest. */
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
};

extern const struct dialect dialect_elig, dialect_echo, dialect_redis;

/* "elig", "echo", "redis", or NULL. */
const struct dialect *dialect_of_name(const char *name);

/* Redis holds as many keys as the workload has identifiers; number n is this text. */
#define REDIS_KEY_SIZE 16
void redis_key(uint8_t key[static REDIS_KEY_SIZE], uint64_t number);

#endif
