#include "engine/metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

void metrics_sum(struct metrics *sum, const struct metrics *from)
{
#define METRICS_ADD(name, help) metric_add(&sum->name, metric_read(&from->name));
    METRICS(METRICS_ADD)
#undef METRICS_ADD
}

#define METRICS_TEXT_ROW(name, help) +sizeof(" " #name "=18446744073709551615") - 1
static_assert(METRICS(METRICS_TEXT_ROW) < METRICS_TEXT_SIZE, "all numbers fit, the largest too");
#undef METRICS_TEXT_ROW

size_t metrics_to_text(char text[static METRICS_TEXT_SIZE], const struct metrics *metrics)
{
    const struct {
        const char *name;
        uint64_t count;
    } rows[] = {
#define METRICS_ROW(name, help) {#name, metric_read(&metrics->name)},
        METRICS(METRICS_ROW)
#undef METRICS_ROW
    };
    size_t size = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int added = snprintf(text + size, METRICS_TEXT_SIZE - size, " %s=%" PRIu64, rows[i].name,
                             rows[i].count);
        assert(added > 0 && (size_t)added < METRICS_TEXT_SIZE - size);
        size += (size_t)added;
    }
    return size;
}
