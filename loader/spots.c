#include "loader/spots.h"

#include "loader/memory.h"
#include "loader/sort.h"

#include <stdlib.h>
#include <string.h>

/* ---- spots ---- */

struct placed_point {
    struct spot alone; /* as if it were the only one of its spot */
    uint32_t point;
};

/* Whether two points are of one spot, and if not, whose comes first. */
static int compare_spots(const struct spot *a, const struct spot *b)
{
    if (a->provider != b->provider)
        return a->provider < b->provider ? -1 : 1;
    if (a->number_stretch != b->number_stretch)
        return a->number_stretch < b->number_stretch ? -1 : 1;
    if (a->place_stretch != b->place_stretch)
        return a->place_stretch < b->place_stretch ? -1 : 1;
    return (a->dayset > b->dayset) - (a->dayset < b->dayset);
}

static int compare_placed_points(const void *a, const void *b)
{
    const struct placed_point *x = a, *y = b;
    int spots = compare_spots(&x->alone, &y->alone);
    return spots != 0 ? spots : (x->point > y->point) - (x->point < y->point);
}

static struct placed_point *place_points(const struct resolved *resolved,
                                         const struct cuts *numbers, const struct cuts *places)
{
    uint32_t count = resolved->trade->point_count;
    struct placed_point *placed = memory_take(count, sizeof(*placed));
    for (uint32_t i = 0; i < count; i++) {
        const struct resolved_point *point = &resolved->points[i];
        struct where where = {point->row->number, point->row->place};
        placed[i].point = i;
        placed[i].alone = (struct spot){.provider = point->row->provider,
                                        .number_stretch = cuts_stretch(numbers, where.number),
                                        .place_stretch = cuts_stretch(places, where.place),
                                        .dayset = point->dayset,
                                        .where = where};
    }
    qsort(placed, count, sizeof(*placed), compare_placed_points);
    return placed;
}

static void gather_spots(struct spots *spots, const struct placed_point placed[], uint32_t count)
{
    spots->list = memory_take(count, sizeof(*spots->list));
    spots->points = memory_take(count, sizeof(*spots->points));
    for (uint32_t i = 0; i < count; i++) {
        if (spots->count == 0 ||
            compare_spots(&spots->list[spots->count - 1], &placed[i].alone) != 0) {
            spots->list[spots->count] = placed[i].alone;
            spots->list[spots->count++].first_point = i;
        }
        spots->list[spots->count - 1].point_count++;
        spots->points[i] = placed[i].point;
    }
}

/* ---- covers ---- */

/* The first spot that is not before this provider's this stretch. */
static uint32_t find_spot(const struct spots *spots, uint64_t provider, uint32_t number_stretch)
{
    struct spot wanted = {.provider = provider, .number_stretch = number_stretch};
    uint32_t least = 0, beyond = spots->count;
    while (least < beyond) {
        uint32_t middle = least + (beyond - least) / 2;
        const struct spot *spot = &spots->list[middle];
        if (spot->provider < wanted.provider ||
            (spot->provider == wanted.provider && spot->number_stretch < wanted.number_stretch))
            least = middle + 1;
        else
            beyond = middle;
    }
    return least;
}

static int compare_covers(const void *a, const void *b)
{
    const struct cover *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static void add_cover(struct spots *spots, struct cover cover)
{
    if (cover.first >= cover.end)
        return;
    spots->covers = memory_room(spots->covers, &spots->cover_room, (size_t)spots->cover_count + 1,
                                sizeof(*spots->covers));
    spots->covers[spots->cover_count++] = cover;
}

/* Those of one contract, from `first` on: ranges may overlap, a contract covers a spot once. */
static void join_covers(struct spots *spots, uint32_t first)
{
    uint32_t kept = first;
    if (spots->cover_count - first < 2)
        return;
    qsort(spots->covers + first, spots->cover_count - first, sizeof(*spots->covers),
          compare_covers);
    for (uint32_t i = first + 1; i < spots->cover_count; i++) {
        if (spots->covers[i].first > spots->covers[kept].end)
            spots->covers[++kept] = spots->covers[i];
        else if (spots->covers[i].end > spots->covers[kept].end)
            spots->covers[kept].end = spots->covers[i].end;
    }
    spots->cover_count = kept + 1;
}

static void cover_with(struct spots *spots, const struct trade *trade,
                       const struct contract_row *contract, uint32_t rank,
                       const struct cuts *numbers)
{
    uint32_t first = spots->cover_count;
    if (contract->range_count == 0)
        add_cover(spots, (struct cover){find_spot(spots, contract->provider, 0),
                                        find_spot(spots, contract->provider, UINT32_MAX), rank});
    for (uint32_t i = 0; i < contract->range_count; i++) {
        const struct point_range *range = &trade->ranges[contract->first_range + i];
        uint32_t from = cuts_stretch(numbers, range->first);
        uint32_t last = cuts_stretch(numbers, range->last);
        add_cover(spots, (struct cover){find_spot(spots, contract->provider, from),
                                        find_spot(spots, contract->provider, last + 1), rank});
    }
    join_covers(spots, first);
}

struct ranked_contract {
    uint32_t relief, contract;
};

static int compare_ranked_contracts(const void *a, const void *b)
{
    const struct ranked_contract *x = a, *y = b;
    if (x->relief != y->relief)
        return x->relief < y->relief ? -1 : 1;
    return (x->contract > y->contract) - (x->contract < y->contract);
}

static void rank_contracts(struct spots *spots, const struct resolved *resolved)
{
    uint32_t count = resolved->trade->contract_count;
    struct ranked_contract *ranked = memory_take(count, sizeof(*ranked));
    for (uint32_t i = 0; i < count; i++)
        ranked[i] = (struct ranked_contract){resolved->contracts[i].relief, i};
    qsort(ranked, count, sizeof(*ranked), compare_ranked_contracts);
    spots->by_rank = memory_take(count, sizeof(*spots->by_rank));
    for (uint32_t i = 0; i < count; i++)
        spots->by_rank[i] = ranked[i].contract;
    free(ranked);
}

/* Contracts without a day in the window, or of reliefs that need none, cover nothing. */
static void find_covers(struct spots *spots, const struct resolved *resolved,
                        const struct cuts *numbers)
{
    rank_contracts(spots, resolved);
    for (uint32_t rank = 0; rank < resolved->trade->contract_count; rank++) {
        const struct resolved_contract *contract = &resolved->contracts[spots->by_rank[rank]];
        if (!dayset_is_empty(&contract->days) &&
            !resolved->rules->reliefs[contract->relief].is_everywhere)
            cover_with(spots, resolved->trade, contract->row, rank, numbers);
    }
    sort_items(spots->covers, spots->cover_count, sizeof(*spots->covers), compare_covers);
}

/* ---- the sweep ---- */

static void leave_behind(struct spots *spots, uint32_t spot, uint32_t ends[])
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < spots->active_count; i++)
        if (ends[spots->active[i]] > spot)
            spots->active[kept++] = spots->active[i];
    spots->active_count = kept;
}

static void insert(struct spots *spots, uint32_t rank)
{
    spots->active = memory_room(spots->active, &spots->active_room, (size_t)spots->active_count + 1,
                                sizeof(*spots->active));
    uint32_t at = spots->active_count++;
    for (; at > 0 && spots->active[at - 1] > rank; at--)
        spots->active[at] = spots->active[at - 1];
    spots->active[at] = rank;
}

void spots_sweep(struct spots *spots, uint32_t spot)
{
    leave_behind(spots, spot, spots->ends);
    for (; spots->next_cover < spots->cover_count && spots->covers[spots->next_cover].first == spot;
         spots->next_cover++) {
        const struct cover *cover = &spots->covers[spots->next_cover];
        spots->ends[cover->rank] = cover->end;
        insert(spots, cover->rank);
    }
}

/* ---- the module ---- */

void spots_begin(struct spots *spots, const struct resolved *resolved, const struct pieces *pieces)
{
    const struct trade *trade = resolved->trade;
    struct cuts numbers = {0}, places = {0};
    memset(spots, 0, sizeof(*spots));
    for (uint32_t i = 0; i < resolved->rules->relief_count; i++) {
        cuts_add_all(&numbers, &pieces->reliefs[i].numbers);
        cuts_add_all(&places, &pieces->reliefs[i].places);
    }
    for (uint32_t i = 0; i < trade->contract_count; i++)
        for (uint32_t r = 0; r < trade->contracts[i].range_count; r++) {
            const struct point_range *range = &trade->ranges[trade->contracts[i].first_range + r];
            cuts_add_range(&numbers, range->first, range->last);
        }
    cuts_settle(&numbers);
    cuts_settle(&places);

    struct placed_point *placed = place_points(resolved, &numbers, &places);
    gather_spots(spots, placed, trade->point_count);
    find_covers(spots, resolved, &numbers);
    spots->ends = memory_take_zeroed(trade->contract_count, sizeof(*spots->ends));
    free(placed);
    cuts_free(&numbers);
    cuts_free(&places);
}

void spots_free(struct spots *spots)
{
    free(spots->list);
    free(spots->points);
    free(spots->covers);
    free(spots->by_rank);
    free(spots->active);
    free(spots->ends);
    memset(spots, 0, sizeof(*spots));
}
