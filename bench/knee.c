#include "bench/knee.h"

#include <assert.h>

struct knee knee_start(uint64_t rate_first, uint64_t rate_most, double p99_most_ns)
{
    assert(rate_first >= 1 && rate_first <= rate_most && p99_most_ns > 0);
    return (struct knee){
        .rate_first = rate_first, .rate_most = rate_most, .p99_most_ns = p99_most_ns};
}

uint64_t knee_next(const struct knee *knee)
{
    if (knee->again != 0)
        return knee->again;
    if (knee->kept_up == 0)
        return knee->failed == 0 ? knee->rate_first : 0;
    if (knee->failed == 0) {
        if (knee->kept_up == knee->rate_most)
            return 0;
        return knee->kept_up > knee->rate_most / 2 ? knee->rate_most : 2 * knee->kept_up;
    }
    uint64_t gap = knee->failed - knee->kept_up;
    bool is_near = gap <= 1 || (double)gap <= KNEE_PRECISION * (double)knee->kept_up;
    return is_near ? 0 : knee->kept_up + gap / 2;
}

bool knee_note(struct knee *knee, uint64_t rate, double answers_per_s, double p99_ns)
{
    bool has_kept_up =
        answers_per_s >= KNEE_ANSWERED_LEAST * (double)rate && p99_ns <= knee->p99_most_ns;
    bool is_second_try = rate == knee->again;
    knee->again = 0;
    if (has_kept_up)
        knee->kept_up = rate;
    else if (is_second_try)
        knee->failed = rate;
    else
        knee->again = rate;
    return has_kept_up;
}
