#include "bench/figures.h"

static const char *const names[FIGURE_COUNT] = {
#define FIGURE_NAME(member, name) [FIGURE_##member] = name,
    FIGURE_LIST(FIGURE_NAME)
#undef FIGURE_NAME
};

const char *figure_name(enum figure figure)
{
    return names[figure];
}

static double per(uint64_t amount, uint64_t count)
{
    return count == 0 ? 0 : (double)amount / (double)count;
}

static double at(const struct result *result, uint32_t per_million)
{
    return (double)histogram_at(&result->latency, per_million);
}

void figures_of(struct figures *out, const struct plan *plan, const struct result *result)
{
    *out = (struct figures){{
        [FIGURE_OFFERED_PER_S] = (double)plan->rate_per_s,
        [FIGURE_ANSWERS_PER_S] = per(result->answer_count, result->elapsed_ns) * 1e9,
        [FIGURE_P50] = at(result, 500000),
        [FIGURE_P90] = at(result, 900000),
        [FIGURE_P99] = at(result, 990000),
        [FIGURE_P999] = at(result, 999000),
        [FIGURE_P9999] = at(result, 999900),
        [FIGURE_MAX] = at(result, 1000000),
        [FIGURE_CPU] = per(result->server_cpu_ns, result->answer_count),
        [FIGURE_CLIENT_CPU] = per(result->client_cpu_ns, result->answer_count),
        [FIGURE_FAILED] = (double)result->failed_count,
        [FIGURE_WRONG] = (double)result->wrong_count,
    }};
}

void figures_add(struct measures_writer *writer, const struct figures *figures,
                 const struct measures_row *like)
{
    struct measures_row row = *like;
    for (size_t i = 0; i < FIGURE_COUNT; i++) {
        if (i == FIGURE_OFFERED_PER_S && figures->by[i] == 0)
            continue;
        row.measure = names[i];
        row.value = figures->by[i];
        measures_add(writer, &row);
    }
}
