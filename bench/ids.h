/* Where the ids of a run begin, when nobody says: a ledger must not see one twice, whatever ran
 * before. */
#ifndef BENCH_IDS_H
#define BENCH_IDS_H

#include "protocol/progress.h"

/* The second of the start; 2^32 ids later is the next second. Below 2^63 until 2038. */
#define ID_BITS_OF_SECOND 32
#define ID_FIRST_MAX      (UINT64_C(1) << 62)

static inline uint64_t id_first_or_now(uint64_t id_first)
{
    return id_first != 0 ? id_first : clock_wall_s() << ID_BITS_OF_SECOND;
}

#endif
