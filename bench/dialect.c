#include "bench/dialect.h"

#include <string.h>

static size_t confirm_request(uint8_t *out, uint64_t id)
{
    struct request request = {
        .kind = KIND_CONFIRM, .request_id = id, .target_id = id & ~ID_CONFIRM};
    frame_encode_request(out, &request);
    return FRAME_SIZE;
}

static size_t frame_request(uint8_t *out, const struct workload *workload, uint64_t id)
{
    if ((id & ID_CONFIRM) != 0)
        return confirm_request(out, id);
    memcpy(out, workload->frames[id % WORKLOAD_FRAME_COUNT], FRAME_SIZE);
    store_u64(out + REQUEST_ID, id);
    return FRAME_SIZE;
}

static enum outcome outcome_of_status(uint16_t status)
{
    if (status == STATUS_APPLIES || status == STATUS_CONFIRMED)
        return OUTCOME_APPLIES;
    if (status == STATUS_NO_DATA)
        return OUTCOME_NO_DATA;
    return status == STATUS_DOES_NOT_APPLY ? OUTCOME_DOES_NOT_APPLY : OUTCOME_OTHER;
}

/* Reads only what the bench judges: the client must not be the bottleneck. */
static int elig_answer(const uint8_t *in, size_t size, uint64_t id, enum outcome *outcome,
                       struct judgement *judgement)
{
    if (size < FRAME_SIZE)
        return 0;
    if (in[RESPONSE_VERSION] != FRAME_VERSION || load_u64(in + RESPONSE_ID) != id)
        return -1;
    judgement->status = load_u16(in + RESPONSE_STATUS);
    judgement->relief = load_u32(in + RESPONSE_RELIEF);
    judgement->relief_amount = load_u64(in + RESPONSE_RELIEF_AMOUNT);
    *outcome = outcome_of_status(judgement->status);
    return FRAME_SIZE;
}

static int echo_answer(const uint8_t *in, size_t size, uint64_t id, enum outcome *outcome,
                       struct judgement *judgement)
{
    if (size < FRAME_SIZE)
        return 0;
    if (load_u64(in + REQUEST_ID) != id)
        return -1;
    *judgement = (struct judgement){0};
    *outcome = OUTCOME_OTHER;
    return FRAME_SIZE;
}

const struct dialect dialect_elig = {
    .name = "elig", .request = frame_request, .answer = elig_answer};
const struct dialect dialect_echo = {
    .name = "echo", .request = frame_request, .answer = echo_answer};

const struct dialect *dialect_of_name(const char *name)
{
    static const struct dialect *const all[] = {&dialect_elig, &dialect_echo, &dialect_redis,
                                                &dialect_valkey, &dialect_memcached};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}
