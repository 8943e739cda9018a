/* A day of the country as visits of shops, gates and schools: who, what, where, for how much, and
 * what becomes of it. Drawn from a seed, by nothing else. */
#ifndef BENCH_VISITS_H
#define BENCH_VISITS_H

#include "bench/crowd.h"
#include "protocol/frame.h"

#define VISIT_COUNT_MAX 10000000

/* What a visit may ask, in this order. */
enum step { STEP_BUY, STEP_SETTLE, STEP_REFUND };
#define STEP_COUNT 3

enum settling { SETTLE_NOTHING, SETTLE_CONFIRM, SETTLE_CONFIRM_ONE, SETTLE_CANCEL };
enum refunding { REFUND_NOTHING, REFUND_WHOLE, REFUND_ONE, REFUND_AMOUNT };

struct visit {
    uint32_t who;    /* index of an identifier of the crowd */
    uint32_t number; /* in order of time: ids count up, as a terminal's do */
    uint32_t product, point_of_sale, unit_price;
    uint32_t service_time_s;
    uint16_t quantity;
    uint8_t kind; /* KIND_USE, KIND_RESERVE or KIND_LATE */
    uint8_t entry, companions;
    uint8_t settling, refunding;
    uint8_t repeated; /* a bit for each step whose answer is taken for lost: it is sent once more */
};

/* Something that is due at a time of the day. */
struct deed {
    uint32_t time_s;
    uint32_t visit;
    uint8_t step;
};

struct day_draw {
    uint64_t seed;
    uint32_t day; /* in Riga */
    uint32_t visit_count, repeat_percent;
};

struct visits {
    struct visit *list;
    uint32_t count;
    struct deed *deeds; /* in order of time */
    uint32_t deed_count;
};

/* Strangers' codes are added to the crowd. */
void visits_draw(struct visits *visits, struct crowd *crowd, const struct day_draw *draw);
void visits_free(struct visits *visits);

/* Id of what the visit asks in that step: never the same in one day. */
static inline uint64_t visit_id(uint64_t id_first, const struct visit *visit, enum step step)
{
    return id_first + (uint64_t)visit->number * (STEP_COUNT + 1) + step;
}

/* The frame of a step; `relief_amount` is what was granted, of which REFUND_AMOUNT gives back half.
 * The same arguments make the same bytes. */
void visit_frame(uint8_t frame[static FRAME_SIZE], const struct visits *visits,
                 const struct crowd *crowd, uint64_t id_first, uint32_t visit, enum step step,
                 uint64_t relief_amount);

#endif
