#include "engine/awaited.h"

#include "protocol/profile.h"

#include <string.h>

void awaited_put(uint8_t place[static FRAME_SIZE], const struct awaited *awaited)
{
    memset(place, 0, FRAME_SIZE);
    memcpy(place, awaited, sizeof(*awaited));
}

struct response awaited_response(const struct awaited *awaited,
                                 const struct ledger_verdict *verdict)
{
    struct response response = {
        .kind = awaited->kind,
        .status = verdict->status,
        .split = verdict->split,
        .remaining = verdict->remaining,
        .request_id = awaited->request_id,
        .ledger_sequence = verdict->sequence,
        .generation = awaited->generation,
        .relief_amount = verdict->relief_amount,
        .payable = verdict->payable,
        .relief = verdict->relief,
        .valid_until_s = verdict->until_s,
        .server_time_s = awaited->server_time_s,
        .stale_h = awaited->stale_h,
        .wait_ms = verdict->status == STATUS_BUSY ? LEDGER_FULL_MS : 0,
    };
    profile_mask(&response, awaited->profile, awaited->day_end_s);
    return response;
}

void awaited_answer(uint8_t place[static FRAME_SIZE], const struct ledger_verdict *verdict)
{
    struct awaited awaited;
    memcpy(&awaited, place, sizeof(awaited));
    struct response response = awaited_response(&awaited, verdict);
    frame_encode_response(place, &response);
}

void awaited_refuse(uint8_t place[static FRAME_SIZE], uint16_t wait_ms)
{
    struct awaited awaited;
    memcpy(&awaited, place, sizeof(awaited));
    struct response response = {
        .kind = awaited.kind,
        .status = STATUS_BUSY,
        .remaining = REMAINING_UNPUBLISHED,
        .request_id = awaited.request_id,
        .generation = awaited.generation,
        .server_time_s = awaited.server_time_s,
        .stale_h = awaited.stale_h,
        .wait_ms = wait_ms,
    };
    frame_encode_response(place, &response);
}
