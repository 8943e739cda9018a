#include "loader/pieces.h"

#include "loader/memory.h"
#include "loader/sort.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct found_standing {
    uint32_t product; /* index */
    struct standing standing;
};

#define WORDS_PER_STANDING (sizeof(struct standing) / sizeof(uint32_t))
static_assert(sizeof(struct standing) == 3 * sizeof(uint32_t), "a standing is words without gaps");

/* ---- what reliefs tell apart ---- */

/* Place 0 is "not said", and in no place. */
static void add_place(struct cuts *cuts, struct place_prefix prefix)
{
    uint32_t count = place_prefix_count(prefix), first = prefix.value * count;
    cuts_add_range(cuts, first == 0 ? 1 : first, first + count - 1);
}

static void cut_calendars(struct pieces *pieces)
{
    const struct rules *rules = pieces->resolved->rules;
    pieces->calendars = memory_take_zeroed(rules->calendar_count, sizeof(*pieces->calendars));
    for (uint32_t c = 0; c < rules->calendar_count; c++) {
        const struct rule_calendar *calendar = &rules->calendars[c];
        for (uint32_t i = 0; i < calendar->item_count; i++) {
            const struct calendar_item *item = &rules->items[calendar->first_item + i];
            if (item->has_place)
                add_place(&pieces->calendars[c], item->place);
            if (item->kind == CALENDAR_OTHER)
                cuts_add_all(&pieces->calendars[c], &pieces->calendars[item->calendar]);
        }
        cuts_settle(&pieces->calendars[c]);
    }
}

static void cut_clause(struct pieces *pieces, struct relief_cuts *cuts,
                       const struct rule_clause *clause)
{
    const struct rules *rules = pieces->resolved->rules;
    for (uint32_t i = 0; i < clause->place_count; i++)
        add_place(&cuts->places, rules->places[clause->first_place + i]);
    for (uint32_t i = 0; i < clause->range_count; i++) {
        const struct point_range *range = &rules->ranges[clause->first_range + i];
        cuts_add_range(&cuts->numbers, range->first, range->last);
    }
    if (clause->calendar != CALENDAR_ALL_DAYS)
        cuts_add_all(&cuts->places, &pieces->calendars[clause->calendar]);
}

static void cut_reliefs(struct pieces *pieces)
{
    const struct rules *rules = pieces->resolved->rules;
    pieces->reliefs = memory_take_zeroed(rules->relief_count, sizeof(*pieces->reliefs));
    for (uint32_t i = 0; i < rules->clause_count; i++) {
        uint32_t version = rules->clauses[i].version;
        if (!dayset_is_empty(&pieces->resolved->version_days[version]))
            cut_clause(pieces, &pieces->reliefs[rules->versions[version].relief],
                       &rules->clauses[i]);
    }
    for (uint32_t i = 0; i < rules->relief_count; i++) {
        cuts_settle(&pieces->reliefs[i].places);
        cuts_settle(&pieces->reliefs[i].numbers);
    }
}

/* ---- whether a clause stands somewhere ---- */

static bool is_under(const struct pieces *pieces, const struct rule_clause *clause,
                     uint32_t contract)
{
    const struct resolved *resolved = pieces->resolved;
    return clause_is_under(resolved->rules, clause,
                           contract == CONTRACT_NONE ? 0
                                                     : resolved->contracts[contract].row->number);
}

/* ---- its days ---- */

/* The answer's index in a list that grows with the questions. */
static bool is_new_question(struct interner *questions, const uint32_t words[], size_t size,
                            uint32_t **answers, size_t *room, uint32_t *question)
{
    uint32_t count_before = questions->count;
    *question = interner_number(questions, words, size);
    *answers = memory_room(*answers, room, questions->count, sizeof(**answers));
    return *question == count_before;
}

static struct dayset calendar_days(struct pieces *pieces, uint32_t calendar, uint32_t place)
{
    struct resolved *resolved = pieces->resolved;
    uint32_t question;
    uint32_t words[] = {calendar, cuts_stretch(&pieces->calendars[calendar], place)};
    if (is_new_question(&pieces->calendar_questions, words, sizeof(words),
                        &pieces->calendar_answers, &pieces->calendar_answer_room, &question)) {
        struct dayset days = dayset_of_calendar(resolved->rules, calendar, place, resolved->window);
        pieces->calendar_answers[question] = daysets_add(&resolved->daysets, &days);
    }
    return daysets_get(&resolved->daysets, pieces->calendar_answers[question]);
}

static void add_standing(struct pieces *pieces, uint32_t clause, uint32_t product,
                         const struct dayset *days, const struct dayset *covered)
{
    struct daysets *daysets = &pieces->resolved->daysets;
    pieces->found = memory_room(pieces->found, &pieces->found_room, (size_t)pieces->found_count + 1,
                                sizeof(*pieces->found));
    pieces->found[pieces->found_count++] = (struct found_standing){
        product, {clause, daysets_add(daysets, days), daysets_add(daysets, covered)}};
}

/* On which of `base` the clause stands, product by product. */
static void stand(struct pieces *pieces, uint32_t c, const struct dayset *base, struct where where)
{
    const struct resolved *resolved = pieces->resolved;
    const struct rule_clause *clause = &resolved->rules->clauses[c];
    struct dayset calendar = *base;
    if (clause->calendar != CALENDAR_ALL_DAYS)
        calendar = calendar_days(pieces, clause->calendar, where.place);
    for (uint32_t i = 0; i < clause->product_count; i++) {
        uint32_t product = resolved->clause_products[clause->first_product + i];
        struct dayset covered = dayset_both(base, &resolved->product_days[product]);
        struct dayset days = dayset_both(&covered, &calendar);
        /* A clause whose calendar has no day in the window gives nothing in it, but is covered all
         * the same: what is answered must not depend on how far the window reaches. */
        if (!dayset_is_empty(&covered))
            add_standing(pieces, c, product, &days, &covered);
    }
}

static void stand_version(struct pieces *pieces, uint32_t v, uint32_t contract,
                          const struct dayset *contract_days, struct where where)
{
    const struct resolved *resolved = pieces->resolved;
    const struct rules *rules = resolved->rules;
    const struct rule_version *version = &rules->versions[v];
    struct dayset base = dayset_both(contract_days, &resolved->version_days[v]);
    if (dayset_is_empty(&base))
        return;
    for (uint32_t i = 0; i < version->clause_count; i++) {
        const struct rule_clause *clause = &rules->clauses[version->first_clause + i];
        if (is_under(pieces, clause, contract) && clause_is_at(rules, clause, where.number) &&
            clause_is_in(rules, clause, where.place))
            stand(pieces, version->first_clause + i, &base, where);
    }
}

/* ---- found standings -> slices, one for each product -> a piece ---- */

/* By product; of one product as found, which is as written. */
static void order_found(struct pieces *pieces)
{
    uint32_t count = pieces->found_count;
    pieces->order = memory_room(pieces->order, &pieces->order_room, count, sizeof(uint64_t));
    for (uint32_t i = 0; i < count; i++)
        pieces->order[i] = (uint64_t)pieces->found[i].product << 32 | i;
    sort_u64(pieces->order, count);
}

/* The slice of the standings from `first` in order, which are about one product; `end` is where
 * they end. A clause whose list names the product twice stands there once. */
static uint32_t add_slice(struct pieces *pieces, uint32_t contract, uint32_t first, uint32_t *end)
{
    size_t count = 0;
    uint64_t product = pieces->order[first] >> 32;
    uint32_t clause = UINT32_MAX, i = first;
    pieces->words[count++] = contract;
    for (; i < pieces->found_count && pieces->order[i] >> 32 == product; i++) {
        const struct found_standing *found = &pieces->found[(uint32_t)pieces->order[i]];
        if (found->standing.clause == clause)
            continue;
        clause = found->standing.clause;
        memcpy(pieces->words + count, &found->standing, sizeof(found->standing));
        count += WORDS_PER_STANDING;
    }
    *end = i;
    return interner_number(&pieces->slices, pieces->words, count * sizeof(pieces->words[0]));
}

static uint32_t add_piece(struct pieces *pieces, uint32_t contract)
{
    order_found(pieces);
    /* room for the longest slice: all that was found, about one product */
    size_t needed = pieces->found_count * WORDS_PER_STANDING + 1;
    pieces->words = memory_room(pieces->words, &pieces->word_room, needed, sizeof(uint32_t));
    uint32_t *piece = memory_take((size_t)2 * pieces->found_count, sizeof(*piece));
    size_t count = 0;
    for (uint32_t i = 0; i < pieces->found_count;) {
        piece[count++] = (uint32_t)(pieces->order[i] >> 32);
        piece[count++] = add_slice(pieces, contract, i, &i);
    }
    uint32_t list = interner_number(&pieces->lists, piece, count * sizeof(piece[0]));
    free(piece);
    return list;
}

/* ---- the module ---- */

void pieces_begin(struct pieces *pieces, struct resolved *resolved)
{
    memset(pieces, 0, sizeof(*pieces));
    pieces->resolved = resolved;
    cut_calendars(pieces);
    cut_reliefs(pieces);
    uint32_t empty = interner_number(&pieces->lists, NULL, 0);
    assert(empty == PIECE_EMPTY);
}

uint32_t pieces_find(struct pieces *pieces, uint32_t relief, uint32_t contract, uint32_t dayset,
                     struct where where)
{
    const struct relief_cuts *cuts = &pieces->reliefs[relief];
    uint32_t question;
    uint32_t words[] = {relief, contract, dayset, cuts_stretch(&cuts->places, where.place),
                        cuts_stretch(&cuts->numbers, where.number)};
    if (is_new_question(&pieces->questions, words, sizeof(words), &pieces->answers,
                        &pieces->answer_room, &question)) {
        const struct rule_relief *asked = &pieces->resolved->rules->reliefs[relief];
        struct dayset days = daysets_get(&pieces->resolved->daysets, dayset);
        pieces->found_count = 0;
        for (uint32_t i = 0; i < asked->version_count; i++)
            stand_version(pieces, asked->first_version + i, contract, &days, where);
        pieces->answers[question] = add_piece(pieces, contract);
    }
    return pieces->answers[question];
}

void pieces_free(struct pieces *pieces)
{
    for (uint32_t i = 0; pieces->reliefs != NULL && i < pieces->resolved->rules->relief_count;
         i++) {
        cuts_free(&pieces->reliefs[i].places);
        cuts_free(&pieces->reliefs[i].numbers);
    }
    for (uint32_t i = 0; pieces->calendars != NULL && i < pieces->resolved->rules->calendar_count;
         i++)
        cuts_free(&pieces->calendars[i]);
    free(pieces->reliefs);
    free(pieces->calendars);
    interner_free(&pieces->lists);
    interner_free(&pieces->slices);
    interner_free(&pieces->questions);
    interner_free(&pieces->calendar_questions);
    free(pieces->answers);
    free(pieces->calendar_answers);
    free(pieces->found);
    free(pieces->order);
    free(pieces->words);
    memset(pieces, 0, sizeof(*pieces));
}
