/* GET of a key of 16 bytes, whose value are 16 bytes: Redis' RESP, which Valkey speaks as well, and
 * memcached's meta commands. */
#include "bench/dialect.h"

#include <string.h>

void store_key(uint8_t key[static STORE_KEY_SIZE], uint64_t number)
{
    for (size_t i = 0; i < STORE_KEY_SIZE; i++)
        key[i] = (uint8_t) "0123456789abcdef"[number >> (60 - 4 * i) & 15];
}

/* A multiplication scatters the numbers, so that neighbours in time are no neighbours in memory. */
static uint64_t number_of(const struct workload *workload, uint64_t id)
{
    return (id * UINT64_C(0x9e3779b97f4a7c15) >> 32) * workload->identifier_count >> 32;
}

static size_t add_text(uint8_t *out, size_t size, const char *text)
{
    size_t text_size = strlen(text);
    memcpy(out + size, text, text_size);
    return size + text_size;
}

/* `before`, the key, `after`. */
static size_t key_between(uint8_t *out, const char *before, uint64_t number, const char *after)
{
    size_t size = add_text(out, 0, before);
    store_key(out + size, number);
    return add_text(out, size + STORE_KEY_SIZE, after);
}

#define REDIS_GET  "*2\r\n$3\r\nGET\r\n$16\r\n"
#define REDIS_SET  "*3\r\n$3\r\nSET\r\n$16\r\n"
#define REDIS_NEXT "\r\n$16\r\n"
#define REDIS_DONE "+OK\r\n"
static_assert(sizeof(REDIS_GET) + STORE_KEY_SIZE + 2 <= REQUEST_SIZE_MAX, "a GET fits");
static_assert(sizeof(REDIS_SET) + sizeof(REDIS_NEXT) + 2 * STORE_KEY_SIZE + 2 <= SET_SIZE_MAX,
              "a SET fits");

static size_t redis_request(uint8_t *out, const struct workload *workload, uint64_t id)
{
    return key_between(out, REDIS_GET, number_of(workload, id), "\r\n");
}

static size_t redis_set(uint8_t *out, uint64_t number)
{
    size_t size = key_between(out, REDIS_SET, number, REDIS_NEXT);
    return size + key_between(out + size, "", number, "\r\n");
}

#define MEMCACHED_GET  "mg "
#define MEMCACHED_SET  "set "
#define MEMCACHED_NEXT " 0 0 16\r\n"
#define MEMCACHED_DONE "STORED\r\n"
static_assert(sizeof(MEMCACHED_SET) + sizeof(MEMCACHED_NEXT) + 2 * STORE_KEY_SIZE + 2 <=
                  SET_SIZE_MAX,
              "a set fits");

static size_t memcached_request(uint8_t *out, const struct workload *workload, uint64_t id)
{
    return key_between(out, MEMCACHED_GET, number_of(workload, id), " v\r\n");
}

static size_t memcached_set(uint8_t *out, uint64_t number)
{
    size_t size = key_between(out, MEMCACHED_SET, number, MEMCACHED_NEXT);
    return size + key_between(out + size, "", number, "\r\n");
}

/* What a store may say to a GET. */
struct store_answers {
    const char *hit; /* in front of the value */
    const char *miss;
};

static bool is_begun(const uint8_t *in, size_t size, const char *text)
{
    size_t text_size = strlen(text);
    return memcmp(in, text, size < text_size ? size : text_size) == 0;
}

static int store_answer(const struct store_answers *answers, const uint8_t *in, size_t size,
                        enum outcome *outcome, struct judgement *judgement)
{
    size_t head_size = strlen(answers->hit), miss_size = strlen(answers->miss);
    size_t hit_size = head_size + STORE_KEY_SIZE + 2;
    *judgement = (struct judgement){0};
    if (is_begun(in, size, answers->hit)) {
        *outcome = OUTCOME_APPLIES;
        if (size < hit_size)
            return 0;
        return memcmp(in + hit_size - 2, "\r\n", 2) == 0 ? (int)hit_size : -1;
    }
    *outcome = OUTCOME_DOES_NOT_APPLY;
    if (!is_begun(in, size, answers->miss))
        return -1;
    return size < miss_size ? 0 : (int)miss_size;
}

static int redis_answer(const uint8_t *in, size_t size, uint64_t id, enum outcome *outcome,
                        struct judgement *judgement)
{
    static const struct store_answers answers = {.hit = "$16\r\n", .miss = "$-1\r\n"};
    (void)id;
    return store_answer(&answers, in, size, outcome, judgement);
}

static int memcached_answer(const uint8_t *in, size_t size, uint64_t id, enum outcome *outcome,
                            struct judgement *judgement)
{
    static const struct store_answers answers = {.hit = "VA 16\r\n", .miss = "EN\r\n"};
    (void)id;
    return store_answer(&answers, in, size, outcome, judgement);
}

const struct dialect dialect_redis = {"redis", redis_request, redis_answer, redis_set, REDIS_DONE};
const struct dialect dialect_valkey = {"valkey", redis_request, redis_answer, redis_set,
                                       REDIS_DONE};
const struct dialect dialect_memcached = {"memcached", memcached_request, memcached_answer,
                                          memcached_set, MEMCACHED_DONE};
