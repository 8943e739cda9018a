#include "engine/metrics.h"

#include <assert.h>
#include <inttypes.h>

void metrics_sum(struct metrics *sum, const struct metrics *from)
{
#define METRICS_ADD(name, help) metric_add(&sum->name, metric_read(&from->name));
    METRICS(METRICS_ADD)
#undef METRICS_ADD
}

size_t metrics_to_text(char text[static METRICS_TEXT_SIZE], const struct metrics *metrics)
{
    int size = snprintf(text, METRICS_TEXT_SIZE,
#define METRICS_FORMAT(name, help) " " #name "=%" PRIu64
                        METRICS(METRICS_FORMAT) "%s"
#undef METRICS_FORMAT
#define METRICS_VALUE(name, help) , metric_read(&metrics->name)
                        METRICS(METRICS_VALUE),
#undef METRICS_VALUE
                        "");
    assert(size > 0 && size < METRICS_TEXT_SIZE);
    return (size_t)size;
}
