/* Any bytes from a store are an answer that lies within them, no answer yet, or none; and what they
 * are once, they stay, whatever comes after them: the first byte says which dialect. */
#include "bench/dialect.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE_MAX_TRIED 64 /* well over an answer */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > SIZE_MAX_TRIED)
        return 0;
    const struct dialect *dialect = data[0] % 2 == 0 ? &dialect_redis : &dialect_memcached;
    int before = 0;
    for (size_t cut = 0; cut < size; cut++) {
        enum outcome outcome = OUTCOME_COUNT;
        struct judgement judgement;
        int taken = dialect->answer(data + 1, cut, 1, &outcome, &judgement);
        if (taken > (int)cut || taken < -1 || (before != 0 && taken != before))
            abort();
        if (taken > 0 && outcome != OUTCOME_APPLIES && outcome != OUTCOME_DOES_NOT_APPLY)
            abort();
        before = taken;
    }
    return 0;
}
