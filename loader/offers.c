#include "loader/offers.h"

#include "loader/memory.h"
#include "loader/sort.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof(struct run_clause) == 3 * sizeof(uint32_t), "without gaps");
static_assert(sizeof(struct bid) == 3 * sizeof(uint32_t), "without gaps");

#define LISTED_COUNT_MAX 6 /* reliefs that a message names */
#define WHERE_TEXT_SIZE  (NAME_SIZE + 64)
#define LISTED_TEXT_SIZE (LISTED_COUNT_MAX * (NAME_SIZE + 4))

/* ---- messages ---- */

static void where_text(char text[static WHERE_TEXT_SIZE], const struct offers *offers,
                       uint32_t product, struct where where)
{
    const char *name = offers->resolved->rules->products[product].name;
    if (where.number == 0)
        snprintf(text, WHERE_TEXT_SIZE, "product \"%s\" at all points of sale", name);
    else
        snprintf(text, WHERE_TEXT_SIZE, "product \"%s\" at point of sale %u", name, where.number);
}

bool offers_too_many(struct fault *fault)
{
    return fault_set(fault,
                     "there are more than %d offers, products at sites (OFFER_COUNT_MAX): let "
                     "contracts and clauses name fewer different lists of points of sale, or "
                     "fewer products",
                     OFFER_COUNT_MAX);
}

static bool too_many_clauses(const struct offers *offers, uint32_t product, struct where where,
                             size_t count, struct fault *fault)
{
    char text[WHERE_TEXT_SIZE];
    where_text(text, offers, product, where);
    return fault_set(fault,
                     "%s: %zu clauses of reliefs stand there in the window, at most %d "
                     "(OFFER_CLAUSE_COUNT_MAX): write fewer clauses, or let contracts about the "
                     "same relief not follow each other so often",
                     text, count, OFFER_CLAUSE_COUNT_MAX);
}

/* ---- runs ---- */

struct ranked_clause {
    uint32_t rank;
    struct run_clause clause;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked_clause *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return (x->clause.contract > y->clause.contract) - (x->clause.contract < y->clause.contract);
}

/* Adds the slice's clauses to those that are gathered, and its days to `covered`. */
static void gather_slice(struct offers *offers, uint32_t slice, struct dayset *covered)
{
    size_t size;
    const uint32_t *words = interner_at(&offers->pieces->slices, slice, &size);
    uint32_t contract = words[0];
    const struct standing *standings = (const void *)(words + 1);
    uint32_t standing_count = (uint32_t)((size - sizeof(contract)) / sizeof(standings[0]));
    offers->ranked =
        memory_room(offers->ranked, &offers->ranked_room,
                    (size_t)offers->ranked_count + standing_count, sizeof(*offers->ranked));
    for (uint32_t i = 0; i < standing_count; i++) {
        const struct standing *standing = &standings[i];
        struct dayset days = daysets_get(&offers->resolved->daysets, standing->covered);
        *covered = dayset_either(covered, &days);
        offers->ranked[offers->ranked_count++] =
            (struct ranked_clause){offers->resolved->clause_ranks[standing->clause],
                                   {standing->clause, contract, standing->dayset}};
    }
}

static const struct rule_version *version_of(const struct offers *offers, uint32_t i)
{
    const struct rules *rules = offers->resolved->rules;
    return &rules->versions[rules->clauses[offers->ranked[i].clause.clause].version];
}

/* Whether a relief that stacks begins at the i-th of the gathered clauses. */
static bool begins_to_stack(const struct offers *offers, uint32_t i)
{
    const struct rule_version *version = version_of(offers, i);
    return version->stacks && (i == 0 || !version_of(offers, i - 1)->stacks ||
                               version_of(offers, i - 1)->relief != version->relief);
}

static bool too_many_stack(const struct offers *offers, uint32_t product, struct where where,
                           struct fault *fault)
{
    char text[WHERE_TEXT_SIZE], listed[LISTED_TEXT_SIZE] = "";
    uint32_t listed_count = 0;
    for (uint32_t i = 0; i < offers->ranked_count && listed_count < LISTED_COUNT_MAX; i++)
        if (begins_to_stack(offers, i)) {
            size_t size = strlen(listed);
            snprintf(listed + size, sizeof(listed) - size, "%s%s", listed_count == 0 ? "" : ", ",
                     offers->resolved->rules->reliefs[version_of(offers, i)->relief].name);
            listed_count++;
        }
    where_text(text, offers, product, where);
    return fault_set(fault,
                     "%s: more than %d reliefs come on top of others there (%s): take \"stacks\" "
                     "from one of them, or let versions of one relief have the same order",
                     text, STACKING_COUNT_MAX, listed);
}

static bool stacking_is_fine(const struct offers *offers, uint32_t product, struct where where,
                             struct fault *fault)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < offers->ranked_count; i++)
        count += begins_to_stack(offers, i);
    return count <= STACKING_COUNT_MAX || too_many_stack(offers, product, where, fault);
}

/* The run of the gathered clauses. */
static bool add_run(struct offers *offers, uint32_t *run, struct fault *fault)
{
    struct run_clause clauses[OFFER_CLAUSE_COUNT_MAX];
    for (uint32_t i = 0; i < offers->ranked_count; i++)
        clauses[i] = offers->ranked[i].clause;
    *run = interner_number(&offers->runs, clauses, offers->ranked_count * sizeof(clauses[0]));
    if (offers->runs.word_count * sizeof(uint32_t) / sizeof(clauses[0]) > CLAUSE_COUNT_MAX)
        return fault_set(fault,
                         "compiled for all points of sale there are more than %d clauses "
                         "(CLAUSE_COUNT_MAX): let contracts of a provider begin and end on the "
                         "same days, and write clauses about more points of sale at once",
                         CLAUSE_COUNT_MAX);
    return true;
}

/* ---- what is offered on one product ---- */

static bool make_bid(struct offers *offers, uint32_t share, uint32_t product, struct where where,
                     struct fault *fault)
{
    uint32_t run;
    size_t size;
    struct dayset covered = {{0}};
    const uint32_t *slices = interner_at(&offers->shares, share, &size);
    offers->ranked_count = 0;
    for (size_t i = 0; i < size / sizeof(slices[0]); i++)
        gather_slice(offers, slices[i], &covered);
    if (offers->ranked_count > OFFER_CLAUSE_COUNT_MAX)
        return too_many_clauses(offers, product, where, offers->ranked_count, fault);
    qsort(offers->ranked, offers->ranked_count, sizeof(*offers->ranked), compare_ranked);
    if (!stacking_is_fine(offers, product, where, fault) || !add_run(offers, &run, fault))
        return false;
    offers->bids_of_shares[share] =
        (struct bid){0, run, daysets_add(&offers->resolved->daysets, &covered)};
    return true;
}

static bool find_bid(struct offers *offers, struct bid *bid, uint32_t product,
                     const uint32_t slices[], uint32_t slice_count, struct where where,
                     struct fault *fault)
{
    uint32_t count_before = offers->shares.count;
    uint32_t share = interner_number(&offers->shares, slices, slice_count * sizeof(slices[0]));
    offers->bids_of_shares = memory_room(offers->bids_of_shares, &offers->share_room,
                                         offers->shares.count, sizeof(*offers->bids_of_shares));
    if (share == count_before && !make_bid(offers, share, product, where, fault))
        return false;
    *bid = offers->bids_of_shares[share];
    bid->product = product;
    return true;
}

/* ---- what is offered at a site ---- */

/* Products and slices of all pieces, by product. Which of two slices is first does not matter:
 * clauses are ranked later, and the same slices are in the same order every time. */
static uint32_t order_slices(struct offers *offers, const uint32_t pieces[], uint32_t piece_count)
{
    uint32_t count = 0;
    size_t size;
    for (uint32_t i = 0; i < piece_count; i++) {
        const uint32_t *words = interner_at(&offers->pieces->lists, pieces[i], &size);
        size_t word_count = size / sizeof(words[0]);
        offers->order = memory_room(offers->order, &offers->order_room, count + word_count / 2,
                                    sizeof(*offers->order));
        for (size_t w = 0; w < word_count; w += 2)
            offers->order[count++] = (uint64_t)words[w] << 32 | words[w + 1];
    }
    sort_u64(offers->order, count);
    return count;
}

static bool add_content(struct offers *offers, uint32_t *content, const struct bid bids[],
                        uint32_t bid_count, struct fault *fault)
{
    *content = interner_number(&offers->contents, bids, bid_count * sizeof(bids[0]));
    return offers->contents.word_count * sizeof(uint32_t) / sizeof(bids[0]) <= OFFER_COUNT_MAX ||
           offers_too_many(fault);
}

static bool make_content(struct offers *offers, uint32_t *content, const uint32_t pieces[],
                         uint32_t piece_count, struct where where, struct fault *fault)
{
    uint32_t count = order_slices(offers, pieces, piece_count);
    struct bid *bids = memory_take(count, sizeof(*bids));
    uint32_t *slices = memory_take(count, sizeof(*slices));
    uint32_t bid_count = 0;
    bool are_fine = true;
    for (uint32_t i = 0; are_fine && i < count;) {
        uint32_t product = (uint32_t)(offers->order[i] >> 32), slice_count = 0;
        for (; i < count && offers->order[i] >> 32 == product; i++)
            slices[slice_count++] = (uint32_t)offers->order[i];
        are_fine = find_bid(offers, &bids[bid_count++], product, slices, slice_count, where, fault);
    }
    are_fine = are_fine && add_content(offers, content, bids, bid_count, fault);
    free(slices);
    free(bids);
    return are_fine;
}

bool offers_find(struct offers *offers, uint32_t *content, const uint32_t pieces[],
                 uint32_t piece_count, struct where where, struct fault *fault)
{
    uint32_t count_before = offers->bundles.count;
    uint32_t bundle = interner_number(&offers->bundles, pieces, piece_count * sizeof(pieces[0]));
    offers->contents_of_bundles =
        memory_room(offers->contents_of_bundles, &offers->bundle_room, offers->bundles.count,
                    sizeof(*offers->contents_of_bundles));
    if (bundle == count_before && !make_content(offers, &offers->contents_of_bundles[bundle],
                                                pieces, piece_count, where, fault))
        return false;
    *content = offers->contents_of_bundles[bundle];
    return true;
}

/* ---- the module ---- */

void offers_begin(struct offers *offers, struct resolved *resolved, const struct pieces *pieces)
{
    memset(offers, 0, sizeof(*offers));
    offers->resolved = resolved;
    offers->pieces = pieces;
}

const struct bid *offers_content(const struct offers *offers, uint32_t content, uint32_t *count)
{
    size_t size;
    const struct bid *bids = interner_at(&offers->contents, content, &size);
    *count = (uint32_t)(size / sizeof(bids[0]));
    return bids;
}

const struct run_clause *offers_run(const struct offers *offers, uint32_t run, uint32_t *count)
{
    size_t size;
    const struct run_clause *clauses = interner_at(&offers->runs, run, &size);
    *count = (uint32_t)(size / sizeof(clauses[0]));
    return clauses;
}

void offers_free(struct offers *offers)
{
    interner_free(&offers->bundles);
    interner_free(&offers->shares);
    interner_free(&offers->runs);
    interner_free(&offers->contents);
    free(offers->contents_of_bundles);
    free(offers->bids_of_shares);
    free(offers->order);
    free(offers->ranked);
    memset(offers, 0, sizeof(*offers));
}
