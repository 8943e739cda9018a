#include "protocol/edition.h"

#include "protocol/frame.h"
#include "protocol/huge.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_PER_HOUR 3600
#define DECOY_REACH      1024 /* buckets */

/* Zeroed slots, at least twice as many as there are to be. */
static void *take_slots(uint32_t *mask, uint32_t count, size_t slot_size, struct fault *fault)
{
    uint32_t slot_count = 2;
    while (slot_count < 2 * (uint64_t)count)
        slot_count *= 2;
    *mask = slot_count - 1;
    void *slots = huge_take(slot_count, slot_size);
    if (slots == NULL)
        fault_set(fault, "no memory for a table of %u numbers", count);
    return slots;
}

static bool products_fill(struct edition *edition, struct fault *fault)
{
    const struct tables *tables = edition->tables;
    edition->products = take_slots(&edition->product_mask, tables->product_count,
                                   sizeof(edition->products[0]), fault);
    if (edition->products == NULL)
        return false;
    for (uint32_t i = 0; i < tables->product_count; i++) {
        uint32_t slot = edition_home(tables->products[i].number, 0, edition->product_mask);
        while (edition->products[slot].number != 0)
            slot = (slot + 1) & edition->product_mask;
        edition->products[slot].number = tables->products[i].number;
    }
    return true;
}

static bool points_fill(struct edition *edition, struct fault *fault)
{
    const struct tables *tables = edition->tables;
    edition->points =
        take_slots(&edition->point_mask, tables->point_count, sizeof(edition->points[0]), fault);
    if (edition->points == NULL)
        return false;
    for (uint32_t i = 0; i < tables->point_count; i++) {
        const struct point *point = &tables->points[i];
        uint32_t slot = edition_home(point->number, 0, edition->point_mask);
        while (edition->points[slot].number != 0)
            slot = (slot + 1) & edition->point_mask;
        edition->points[slot] = (struct point_slot){point->number, point->site};
    }
    return true;
}

static bool offers_fill(struct edition *edition, struct fault *fault)
{
    const struct tables *tables = edition->tables;
    edition->offers =
        take_slots(&edition->offer_mask, tables->offer_count, sizeof(edition->offers[0]), fault);
    if (edition->offers == NULL)
        return false;
    for (uint32_t i = 0; i < tables->offer_count; i++) {
        const struct offer *offer = &tables->offers[i];
        uint32_t slot = edition_home(offer->product, offer->site, edition->offer_mask);
        while (edition->offers[slot].product != 0)
            slot = (slot + 1) & edition->offer_mask;
        edition->offers[slot] = *offer; /* beside its neighbours: one cache line for a search */
    }
    return true;
}

/* Keys are evenly spread as they are; whoever made them to collide spoils a search among terminals
 * that are all in the catalogue. */
static uint32_t terminal_home(const uint8_t key[static TERMINAL_KEY_SIZE], uint32_t mask)
{
    return edition_home(load_u32(key), load_u32(key + 4), mask);
}

static bool terminals_fill(struct edition *edition, struct fault *fault)
{
    const struct tables *tables = edition->tables;
    edition->terminals = take_slots(&edition->terminal_mask, tables->terminal_count,
                                    sizeof(edition->terminals[0]), fault);
    if (edition->terminals == NULL)
        return false;
    for (uint32_t i = 0; i < tables->terminal_count; i++) {
        uint32_t slot = terminal_home(tables->terminals[i].key, edition->terminal_mask);
        while (edition->terminals[slot] != 0)
            slot = (slot + 1) & edition->terminal_mask;
        edition->terminals[slot] = i + 1;
    }
    return true;
}

static uint32_t group_bit(uint16_t group)
{
    return group == GROUP_EVERYBODY ? GROUP_BIT_EVERYBODY : group % GROUP_BIT_COUNT;
}

static void head_add(struct set_head *head, uint16_t group)
{
    uint32_t bit = group_bit(group);
    head->group_bits[bit / 64] |= UINT64_C(1) << bit % 64;
}

void edition_renew_set(struct edition *edition, uint32_t set)
{
    const struct tables *tables = edition->tables;
    struct set_head *head = &edition->sets[set];
    *head = (struct set_head){.first = tables->set_first[set],
                              .count = tables->set_first[set + 1] - tables->set_first[set]};
    head_add(head, GROUP_EVERYBODY);
    for (uint32_t i = 0; i < head->count; i++)
        head_add(head, tables->memberships[head->first + i].group);
}

static bool sets_fill(struct edition *edition, struct fault *fault)
{
    const struct tables *tables = edition->tables;
    edition->sets = huge_take((size_t)tables->set_count + 2, sizeof(edition->sets[0]));
    if (edition->sets == NULL)
        return fault_set(fault, "no memory for %u sets", tables->set_count);
    for (uint32_t set = 0; set < tables->set_count; set++)
        edition_renew_set(edition, set);
    return true;
}

/* The first who stands in the bucket or behind it; nobody where the next thousand are empty. */
static uint32_t view_near(const struct index *index, uint64_t bucket)
{
    uint64_t end = bucket + DECOY_REACH, last = index_bucket_count(index->home_count);
    for (; bucket < end && bucket < last; bucket++) {
        uint32_t view = load_u32(index_bucket(index, bucket) + SLOT_PAYLOAD) & PAYLOAD_VIEW_MASK;
        if (view != VIEW_NOBODY)
            return view;
    }
    return VIEW_NOBODY;
}

static bool decoys_fill(struct edition *edition, struct fault *fault)
{
    const struct index *index = &edition->tables->index;
    edition->decoys = huge_take(DECOY_COUNT, sizeof(edition->decoys[0]));
    if (edition->decoys == NULL)
        return fault_set(fault, "no memory for decoys");
    for (uint64_t i = 0; i < DECOY_COUNT && index->home_count > 0; i++)
        edition->decoys[i] =
            view_near(index, (uint64_t)(((uint128)i * index->home_count) / DECOY_COUNT));
    return true;
}

static bool asks(const struct clause *clause)
{
    return clause->price_least > 0 || clause->price_most < UINT32_MAX ||
           clause->quantity_least > 1 || clause->quantity_most < QUANTITY_MAX ||
           clause->clock_count > 0 || clause->means_mask != MEANS_MASK_ALL ||
           clause->entry_mask != ENTRY_MASK_ALL;
}

static void open_days(struct edition *edition, uint32_t number, const struct dayset *dayset)
{
    for (uint32_t word = 0; word < DAYSET_WORD_COUNT; word++)
        for (uint64_t days = dayset->words[word]; days != 0; days &= days - 1) {
            size_t day = word * 64 + (size_t)__builtin_ctzll(days);
            edition->open_bits[day * edition->clause_words + number / 64] |= UINT64_C(1)
                                                                             << number % 64;
        }
}

static bool clauses_fill(struct edition *edition, struct fault *fault)
{
    const struct tables *tables = edition->tables;
    size_t day_count = edition->calendar.until_day - edition->calendar.from_day;
    edition->clause_words = (size_t)tables->clause_count / 64 + 2; /* 64 bits from any clause on */
    edition->clause_groups = huge_take((size_t)tables->clause_count + GROUP_GATHER_STEP, 1);
    edition->open_bits = huge_take(day_count * edition->clause_words, sizeof(uint64_t));
    edition->asking_bits = huge_take(edition->clause_words, sizeof(uint64_t));
    if (edition->clause_groups == NULL || edition->open_bits == NULL ||
        edition->asking_bits == NULL)
        return fault_set(fault, "no memory for %u clauses", tables->clause_count);
    for (uint32_t i = 0; i < tables->clause_count; i++) {
        const struct clause *clause = &tables->clauses[i];
        edition->clause_groups[i] = (uint8_t)group_bit(clause->group);
        edition->asking_bits[i / 64] |= (uint64_t)asks(clause) << i % 64;
        open_days(edition, i, &tables->daysets[clause->dayset]);
    }
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

/* Whether no set of days reaches beyond the window, and set 0 is all of it. */
static bool daysets_fit(const struct tables *tables, uint32_t day_count, struct fault *fault)
{
    for (uint32_t i = 0; i < tables->dayset_count; i++) {
        for (uint32_t word = 0; word < DAYSET_WORD_COUNT; word++) {
            uint32_t below = word * 64 >= day_count ? 0 : day_count - word * 64;
            uint64_t within = below >= 64 ? UINT64_MAX : (UINT64_C(1) << below) - 1;
            uint64_t bits = tables->daysets[i].words[word];
            if ((bits & ~within) != 0 || (i == DAYSET_ALL && bits != within))
                return fault_set(fault, "daysets: set of days %u does not fit a window of %u days",
                                 i, day_count);
        }
    }
    return true;
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
        !daysets_fit(tables, manifest->until_day - manifest->from_day, fault) ||
        !products_fill(edition, fault) || !points_fill(edition, fault) ||
        !offers_fill(edition, fault) || !terminals_fill(edition, fault) ||
        !sets_fill(edition, fault) || !clauses_fill(edition, fault) ||
        !decoys_fill(edition, fault)) {
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
    free(edition->products);
    free(edition->points);
    free(edition->offers);
    free(edition->terminals);
    free(edition->sets);
    free(edition->decoys);
    free(edition->clause_groups);
    free(edition->open_bits);
    free(edition->asking_bits);
    sodium_free(edition->keyed);
    free(edition);
}

bool edition_take_identity(struct edition *edition, const struct identity_key *identity,
                           struct fault *fault)
{
    static_assert(IDENTITY_KEY_SIZE == BLAKE_KEY_SIZE, "blake.h makes the digests of identifiers");
    assert(edition->keyed == NULL);
    edition->keyed = sodium_malloc(sizeof(*edition->keyed));
    if (edition->keyed == NULL)
        return fault_set(fault, "no locked memory for what an identity key comes to");
    blake_key_take(edition->keyed, identity->bytes);
    edition->identity = identity;
    return true;
}

/* All searches end: tables are at most half full. */

bool edition_has_product(const struct edition *edition, uint32_t product)
{
    uint32_t slot = edition_home(product, 0, edition->product_mask);
    while (edition->products[slot].number != 0 && edition->products[slot].number != product)
        slot = (slot + 1) & edition->product_mask;
    return product != 0 && edition->products[slot].number == product;
}

const struct terminal *edition_find_terminal(const struct edition *edition,
                                             const uint8_t key[static TERMINAL_KEY_SIZE])
{
    uint32_t slot = terminal_home(key, edition->terminal_mask);
    for (; edition->terminals[slot] != 0; slot = (slot + 1) & edition->terminal_mask) {
        const struct terminal *terminal = &edition->tables->terminals[edition->terminals[slot] - 1];
        if (memcmp(terminal->key, key, TERMINAL_KEY_SIZE) == 0) /* simple_mistakes: public */
            return terminal;
    }
    return NULL;
}

static bool spans_have(const struct number_span spans[], uint32_t count, uint32_t number)
{
    for (uint32_t i = 0; i < count; i++)
        if (spans[i].first <= number && number <= spans[i].last)
            return true;
    return false;
}

bool edition_terminal_sells(const struct edition *edition, const struct terminal *terminal,
                            uint32_t point_of_sale, uint32_t product)
{
    const struct number_span *spans = edition->tables->spans;
    return (point_of_sale == 0 ||
            spans_have(spans + terminal->point_first, terminal->point_count, point_of_sale)) &&
           (terminal->product_count == 0 ||
            spans_have(spans + terminal->product_first, terminal->product_count, product));
}

uint16_t edition_stale_h(const struct edition *edition, uint64_t now_s)
{
    if (now_s < edition->overdue_s)
        return 0;
    uint64_t hours = (now_s - edition->overdue_s) / SECONDS_PER_HOUR + 1;
    return hours > UINT16_MAX ? UINT16_MAX : (uint16_t)hours;
}
