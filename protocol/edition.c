#include "protocol/edition.h"

#include <assert.h>
#include <stdlib.h>

#define SECONDS_PER_HOUR 3600

static uint32_t span_home(uint32_t product, uint32_t mask)
{
    /* Multiplying spreads runs of neighbouring numbers; the upper half is the better mixed one. */
    return (uint32_t)((product * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & mask;
}

static bool spans_fill(struct edition *edition, struct fault *fault)
{
    const struct tables *tables = edition->tables;
    assert(tables->product_count <= PRODUCT_COUNT_MAX);
    uint32_t slot_count = 2;
    while (slot_count < 2 * tables->product_count)
        slot_count *= 2;
    edition->spans = calloc(slot_count, sizeof(edition->spans[0]));
    if (edition->spans == NULL)
        return fault_set(fault, "no memory for %u products", tables->product_count);
    edition->span_mask = slot_count - 1;

    /* Products and clauses are both in order of product number: one walk over each. */
    uint32_t clause = 0;
    for (uint32_t i = 0; i < tables->product_count; i++) {
        uint32_t product = tables->products[i].number;
        uint32_t clause_first = clause;
        while (clause < tables->clause_count && tables->clauses[clause].product == product)
            clause++;
        uint32_t slot = span_home(product, edition->span_mask);
        while (edition->spans[slot].is_taken)
            slot = (slot + 1) & edition->span_mask;
        edition->spans[slot] =
            (struct clause_span){product, clause_first, clause - clause_first, true};
    }
    if (clause != tables->clause_count)
        return fault_set(fault, "clause %u: its product %u is not in the catalogue", clause,
                         tables->clauses[clause].product);
    return true;
}

/* The first second at which something is overdue: a source, or the snapshot as a whole. */
static uint64_t overdue_time(const struct manifest *manifest)
{
    uint64_t overdue_s = manifest->not_after_s;
    for (uint32_t i = 0; i < manifest->source_count; i++) {
        uint32_t day = manifest->sources[i].overdue_day;
        if (day == 0 || day >= CALENDAR_DAY_END) /* never promised, or for ever */
            continue;
        uint64_t day_s = time_of_riga_day(day);
        if (day_s < overdue_s)
            overdue_s = day_s;
    }
    return overdue_s;
}

bool edition_open(struct edition **out, const struct tables *tables,
                  const struct manifest *manifest, struct fault *fault)
{
    struct edition *edition = calloc(1, sizeof(*edition));
    if (edition == NULL)
        return fault_set(fault, "no memory for a snapshot's calendar");
    edition->tables = tables;
    edition->manifest = manifest;
    edition->overdue_s = overdue_time(manifest);
    if (!calendar_prepare(&edition->calendar, manifest->from_day, manifest->until_day, fault) ||
        !spans_fill(edition, fault)) {
        edition_close(edition);
        return false;
    }
    *out = edition;
    return true;
}

void edition_close(struct edition *edition)
{
    if (edition == NULL)
        return;
    free(edition->spans);
    free(edition);
}

const struct clause_span *edition_find_product(const struct edition *edition, uint32_t product)
{
    /* Ends: the table is at most half full. */
    uint32_t slot = span_home(product, edition->span_mask);
    while (edition->spans[slot].is_taken && edition->spans[slot].product != product)
        slot = (slot + 1) & edition->span_mask;
    return edition->spans[slot].is_taken ? &edition->spans[slot] : NULL;
}

uint16_t edition_stale_h(const struct edition *edition, uint64_t now_s)
{
    if (now_s < edition->overdue_s)
        return 0;
    uint64_t hours = (now_s - edition->overdue_s) / SECONDS_PER_HOUR + 1;
    return hours > UINT16_MAX ? UINT16_MAX : (uint16_t)hours;
}
