#include "protocol/snapshot_limits.h"

#include <stdlib.h>

struct generation_limits {
    struct generation_limits *next;
    uint64_t generation;
    bool is_known;
    struct row_limits limits;
    struct row_limit list[];
};

static int compare_scopes(const void *left, const void *right)
{
    const struct row_limit *a = left, *b = right;
    return (a->scope > b->scope) - (a->scope < b->scope);
}

static void fill(struct generation_limits *to, const struct tables *tables)
{
    for (uint32_t i = 0; i < tables->limit_count; i++) {
        const struct limit *limit = &tables->limits[i];
        to->list[i] = (struct row_limit){.scope = tables->reliefs[limit->relief].code,
                                         .from_day = limit->from_day,
                                         .until_day = limit->until_day,
                                         .shared = limit->shared,
                                         .kind = limit->kind,
                                         .period = limit->period,
                                         .value = limit->value};
    }
    if (tables->limit_count > 0)
        qsort(to->list, tables->limit_count, sizeof(to->list[0]), compare_scopes);
    to->limits = (struct row_limits){to->list, tables->limit_count};
    to->is_known = true;
}

/* What cannot be opened is remembered, too. */
static struct generation_limits *open_limits(struct snapshot_limits *all, uint64_t generation)
{
    struct snapshot *snapshot = NULL;
    struct fault fault;
    if (!snapshot_open(&snapshot, all->directory, generation, &all->trust, &fault) &&
        all->missing.text[0] == '\0')
        all->missing = fault;
    uint32_t count = snapshot != NULL ? snapshot_tables(snapshot)->limit_count : 0;
    struct generation_limits *one = calloc(1, sizeof(*one) + count * sizeof(one->list[0]));
    if (one == NULL) {
        all->has_failed = true;
    } else {
        one->generation = generation;
        if (snapshot != NULL)
            fill(one, snapshot_tables(snapshot));
        one->next = all->list;
        all->list = one;
    }
    snapshot_close(snapshot);
    return one;
}

const struct row_limits *snapshot_limits_of(void *with, uint64_t generation)
{
    struct snapshot_limits *all = with;
    struct generation_limits *one = all->list, **at = &all->list;
    while (one != NULL && one->generation != generation) {
        at = &one->next;
        one = one->next;
    }
    if (one == NULL) {
        one = open_limits(all, generation);
    } else if (one != all->list) {
        *at = one->next;
        one->next = all->list;
        all->list = one;
    }
    return one != NULL && one->is_known ? &one->limits : NULL;
}

void snapshot_limits_free(struct snapshot_limits *limits)
{
    while (limits->list != NULL) {
        struct generation_limits *next = limits->list->next;
        free(limits->list);
        limits->list = next;
    }
}
