#include "loader/cuts.h"

#include "loader/memory.h"
#include "loader/sort.h"

#include <stdlib.h>
#include <string.h>

static void add_cut(struct cuts *cuts, uint32_t at)
{
    cuts->at = memory_room(cuts->at, &cuts->room, (size_t)cuts->count + 1, sizeof(*cuts->at));
    cuts->at[cuts->count++] = at;
}

void cuts_add_range(struct cuts *cuts, uint32_t first, uint32_t last)
{
    add_cut(cuts, first);
    if (last < UINT32_MAX)
        add_cut(cuts, last + 1);
}

void cuts_add_all(struct cuts *cuts, const struct cuts *others)
{
    for (uint32_t i = 0; i < others->count; i++)
        add_cut(cuts, others->at[i]);
}

void cuts_settle(struct cuts *cuts)
{
    uint32_t kept = 0;
    sort_u32(cuts->at, cuts->count);
    for (uint32_t i = 0; i < cuts->count; i++)
        if (kept == 0 || cuts->at[kept - 1] != cuts->at[i])
            cuts->at[kept++] = cuts->at[i];
    cuts->count = kept;
}

uint32_t cuts_stretch(const struct cuts *cuts, uint32_t number)
{
    uint32_t least = 0, beyond = cuts->count;
    while (least < beyond) {
        uint32_t middle = least + (beyond - least) / 2;
        if (cuts->at[middle] <= number)
            least = middle + 1;
        else
            beyond = middle;
    }
    return least;
}

void cuts_free(struct cuts *cuts)
{
    free(cuts->at);
    memset(cuts, 0, sizeof(*cuts));
}
