/* Any bytes as the tables of a snapshot are refused, or can be walked from end to end. */
#include "protocol/tables.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Follows every number that leads from one table into another, as an engine would. */
static uint64_t walk(const struct tables *t)
{
    uint64_t sum = 0;
    for (uint32_t v = 0; v < t->view_count; v++) {
        uint32_t set = t->views[v].set;
        for (uint32_t i = t->set_first[set]; i < t->set_first[set + 1]; i++)
            sum += t->groups[t->memberships[i].group].yes_count;
    }
    for (uint32_t o = 0; o < t->offer_count; o++) {
        const struct clause *clauses = t->clauses + t->offers[o].clause_first;
        sum += t->daysets[t->offers[o].dayset].words[0];
        for (uint32_t c = 0; c < t->offers[o].clause_count; c++) {
            sum += t->reliefs[clauses[c].relief].giver + t->daysets[clauses[c].dayset].words[1];
            if (clauses[c].group != GROUP_EVERYBODY)
                sum += t->groups[clauses[c].group].yes_count;
        }
    }
    for (uint32_t c = 0; c < t->contract_count; c++)
        sum += t->reliefs[t->contracts[c].relief].code;
    for (uint32_t l = 0; l < t->limit_count; l++)
        sum += t->reliefs[t->limits[l].relief].code;
    for (uint32_t n = 0; n < t->terminal_count; n++) {
        const struct terminal *terminal = &t->terminals[n];
        for (uint32_t i = 0; i < terminal->point_count; i++)
            sum += t->spans[terminal->point_first + i].last;
        for (uint32_t i = 0; i < terminal->product_count; i++)
            sum += t->spans[terminal->product_first + i].last;
    }
    for (uint32_t c = 0; c < t->census_count; c++)
        sum += t->groups[t->census[c].group].unknown_count;
    return sum;
}

/* The next value: two bytes of size, then that many bytes or what is left. */
static struct table_bytes take(const uint8_t **data, size_t *left)
{
    if (*left < 2)
        return (struct table_bytes){*data, 0};
    size_t size = load_u16(*data);
    *data += 2;
    *left -= 2;
    if (size > *left)
        size = *left;
    struct table_bytes taken = {*data, size};
    *data += size;
    *left -= size;
    return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct table_values values;
    values.census = take(&data, &size);
    values.clauses = take(&data, &size);
    values.groups = take(&data, &size);
    values.products = take(&data, &size);
    values.reliefs = take(&data, &size);
    values.sets = take(&data, &size);
    values.views = take(&data, &size);
    values.daysets = take(&data, &size);
    values.offers = take(&data, &size);
    values.points = take(&data, &size);
    values.contracts = take(&data, &size);
    values.splits = take(&data, &size);
    values.limits = take(&data, &size);
    values.terminals = take(&data, &size);
    values.spans = take(&data, &size);

    struct tables tables;
    struct fault fault = {""};
    if (!tables_decode(&tables, &values, &fault)) {
        assert(fault.text[0] != '\0');
        return 0;
    }
    assert(tables_check(&tables, &fault));
    volatile uint64_t sum = walk(&tables);
    (void)sum;
    tables_free(&tables);
    return 0;
}
