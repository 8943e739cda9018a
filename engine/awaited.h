/* Answers whose verdict is still with the ledger. What is known of such an answer stands in its own
 * place among the others, and becomes the answer when the verdict is there. Pure. */
#ifndef ENGINE_AWAITED_H
#define ENGINE_AWAITED_H

#include "engine/ledger.h"

/* What a BUSY answer of a transaction asks to wait. */
#define LEDGER_BUSY_MS   500   /* too many wait, or no buffer is free */
#define LEDGER_FULL_MS   10000 /* the disk is full: a person has to come */
#define LEDGER_FAILED_MS 30000 /* it has failed, and starts anew when a person says so */

struct awaited {
    uint64_t request_id, generation;
    uint32_t server_time_s;
    uint32_t day_end_s; /* of the day of service: what a mask may show at most */
    uint16_t stale_h;
    uint8_t kind, profile;
};
static_assert(sizeof(struct awaited) <= FRAME_SIZE, "it stands in the place of an answer");

void awaited_put(uint8_t place[static FRAME_SIZE], const struct awaited *awaited);

/* What the verdict says, as the profile sees it. */
struct response awaited_response(const struct awaited *awaited,
                                 const struct ledger_verdict *verdict);

/* Makes the answer of what was put there. */
void awaited_answer(uint8_t place[static FRAME_SIZE], const struct ledger_verdict *verdict);

/* The same for one that the ledger did not take: BUSY. */
void awaited_refuse(uint8_t place[static FRAME_SIZE], uint16_t wait_ms);

#endif
