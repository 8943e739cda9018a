/* An answer into its frame, for whoever makes millions of them and knows most of each already: part
 * of its caller. Everybody else calls frame_encode_response, which is the same. */
#ifndef PROTOCOL_RESPONSE_H
#define PROTOCOL_RESPONSE_H

#include "protocol/frame.h"
#include "protocol/status.h"

#include <assert.h>

/* What an answer with a status may and must say of what a relief takes off. Refusals, denials and
 * faults say nothing. */
enum { RELIEF_MAY = 1, RELIEF_MUST = 2 };
static const uint8_t relief_told[STATUS_END] = {
    [STATUS_APPLIES] = RELIEF_MAY | RELIEF_MUST,
    [STATUS_RESERVED] = RELIEF_MAY | RELIEF_MUST,
    [STATUS_CONFIRMED] = RELIEF_MAY | RELIEF_MUST,
    [STATUS_OVER_LIMIT] = RELIEF_MAY | RELIEF_MUST,
    [STATUS_CANCELLED] = RELIEF_MAY, /* without one when it was cancelled before it came */
    [STATUS_EXPIRED] = RELIEF_MAY,
    [STATUS_REFUNDED] = RELIEF_MAY,
};

/* Asked of every answer, of which one in seven has a relief, and which one nobody can guess: that
 * is no branch. */
static inline bool response_is_sane(const struct response *r)
{
    if (!status_is_known(r->status))
        return false;
    uint32_t told = relief_told[r->status];
    bool is_of_kind = (r->status != STATUS_OK) | (r->kind == KIND_PING);
    bool has_relief = r->relief != 0;
    bool is_told = has_relief ? told & RELIEF_MAY : !(told & RELIEF_MUST);
    bool is_empty = (r->split | r->relief_amount | r->valid_until_s) == 0;
    bool may_wait = (r->status == STATUS_BUSY) | (r->status == STATUS_DRAINING);
    return is_of_kind & is_told & (has_relief | is_empty) & (may_wait | (r->wait_ms == 0)) &
           (r->relief_amount <= AMOUNT_MAX) & (r->payable <= AMOUNT_MAX - r->relief_amount);
}

static inline void response_encode(uint8_t frame[static FRAME_SIZE], const struct response *in)
{
    assert(response_is_sane(in));
    frame[RESPONSE_VERSION] = FRAME_VERSION;
    frame[RESPONSE_KIND] = in->kind;
    store_u16(frame + RESPONSE_STATUS, in->status);
    store_u16(frame + RESPONSE_SPLIT, in->split);
    store_u16(frame + RESPONSE_REMAINING, in->remaining);
    store_u64(frame + RESPONSE_ID, in->request_id);
    store_u64(frame + RESPONSE_LEDGER_SEQUENCE, in->ledger_sequence);
    store_u64(frame + RESPONSE_GENERATION, in->generation);
    store_u64(frame + RESPONSE_RELIEF_AMOUNT, in->relief_amount);
    store_u64(frame + RESPONSE_PAYABLE, in->payable);
    store_u32(frame + RESPONSE_RELIEF, in->relief);
    store_u32(frame + RESPONSE_VALID_UNTIL, in->valid_until_s);
    store_u32(frame + RESPONSE_SERVER_TIME, in->server_time_s);
    store_u16(frame + RESPONSE_STALE_H, in->stale_h);
    store_u16(frame + RESPONSE_WAIT_MS, in->wait_ms);
}

#endif
