#include "loader/offers.h"

#include "loader/memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_PER_STANDING 3
#define WORDS_PER_RUN      3
#define WORDS_PER_BID      3
static_assert(sizeof(struct standing) == WORDS_PER_STANDING * sizeof(uint32_t), "without gaps");
static_assert(sizeof(struct run_clause) == WORDS_PER_RUN * sizeof(uint32_t), "without gaps");
static_assert(sizeof(struct bid) == WORDS_PER_BID * sizeof(uint32_t), "without gaps");

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
    uint32_t count;
    const uint32_t *words = interned_words(&offers->pieces->slices, slice, &count);
    uint32_t standing_count = (count - 1) / WORDS_PER_STANDING;
    offers->ranked =
        memory_room(offers->ranked, &offers->ranked_room,
                    (size_t)offers->ranked_count + standing_count, sizeof(*offers->ranked));
    for (uint32_t i = 0; i < standing_count; i++) {
        struct standing standing;
        memcpy(&standing, words + 1 + (size_t)i * WORDS_PER_STANDING, sizeof(standing));
        struct dayset days = daysets_get(&offers->resolved->daysets, standing.covered);
        *covered = dayset_either(covered, &days);
        offers->ranked[offers->ranked_count++] =
            (struct ranked_clause){offers->resolved->clause_ranks[standing.clause],
                                   {standing.clause, words[0], standing.dayset}};
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
    uint32_t words[WORDS_PER_RUN * OFFER_CLAUSE_COUNT_MAX];
    for (uint32_t i = 0; i < offers->ranked_count; i++)
        memcpy(words + (size_t)i * WORDS_PER_RUN, &offers->ranked[i].clause,
               sizeof(struct run_clause));
    *run = interned_add(&offers->runs, words, (size_t)offers->ranked_count * WORDS_PER_RUN);
    if (offers->runs.word_count / WORDS_PER_RUN > CLAUSE_COUNT_MAX)
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
    uint32_t slice_count, run;
    struct dayset covered = {{0}};
    const uint32_t *slices = interned_words(&offers->shares, share, &slice_count);
    offers->ranked_count = 0;
    for (uint32_t i = 0; i < slice_count; i++)
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
    uint32_t count_before = offers->shares.list_count;
    uint32_t share = interned_add(&offers->shares, slices, slice_count);
    offers->bids_of_shares =
        memory_room(offers->bids_of_shares, &offers->share_room, offers->shares.list_count,
                    sizeof(*offers->bids_of_shares));
    if (share == count_before && !make_bid(offers, share, product, where, fault))
        return false;
    *bid = offers->bids_of_shares[share];
    bid->product = product;
    return true;
}

/* ---- what is offered at a site ---- */

static int compare_order(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Products and slices of all pieces, by product. Which of two slices is first does not matter:
 * clauses are ranked later, and the same slices are in the same order every time. */
static uint32_t order_slices(struct offers *offers, const uint32_t pieces[], uint32_t piece_count)
{
    uint32_t count = 0, word_count;
    for (uint32_t i = 0; i < piece_count; i++) {
        const uint32_t *words = interned_words(&offers->pieces->lists, pieces[i], &word_count);
        offers->order = memory_room(offers->order, &offers->order_room,
                                    (size_t)count + word_count / 2, sizeof(*offers->order));
        for (uint32_t w = 0; w < word_count; w += 2)
            offers->order[count++] = (uint64_t)words[w] << 32 | words[w + 1];
    }
    if (count > 1)
        qsort(offers->order, count, sizeof(*offers->order), compare_order);
    return count;
}

static bool add_content(struct offers *offers, uint32_t *content, const struct bid bids[],
                        uint32_t bid_count, struct fault *fault)
{
    size_t word_count = (size_t)bid_count * WORDS_PER_BID;
    offers->words =
        memory_room(offers->words, &offers->word_room, word_count + 1, sizeof(*offers->words));
    if (bid_count > 0)
        memcpy(offers->words, bids, bid_count * sizeof(*bids));
    *content = interned_add(&offers->contents, offers->words, word_count);
    return offers->contents.word_count / WORDS_PER_BID <= OFFER_COUNT_MAX || offers_too_many(fault);
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
    uint32_t count_before = offers->bundles.list_count;
    uint32_t bundle = interned_add(&offers->bundles, pieces, piece_count);
    offers->contents_of_bundles =
        memory_room(offers->contents_of_bundles, &offers->bundle_room, offers->bundles.list_count,
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
    const uint32_t *words = interned_words(&offers->contents, content, count);
    *count /= WORDS_PER_BID;
    return (const struct bid *)(const void *)words;
}

const struct run_clause *offers_run(const struct offers *offers, uint32_t run, uint32_t *count)
{
    const uint32_t *words = interned_words(&offers->runs, run, count);
    *count /= WORDS_PER_RUN;
    return (const struct run_clause *)(const void *)words;
}

void offers_free(struct offers *offers)
{
    interned_free(&offers->bundles);
    interned_free(&offers->shares);
    interned_free(&offers->runs);
    interned_free(&offers->contents);
    free(offers->contents_of_bundles);
    free(offers->bids_of_shares);
    free(offers->order);
    free(offers->words);
    free(offers->ranked);
    memset(offers, 0, sizeof(*offers));
}
