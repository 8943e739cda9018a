#include "loader/compile.h"

#include "loader/daysets.h"
#include "loader/memory.h"
#include "loader/offers.h"
#include "loader/pieces.h"
#include "loader/resolve.h"
#include "loader/spots.h"

#include <stdlib.h>
#include <string.h>

#define NOT_YET UINT32_MAX /* has no number in the tables that come out */

struct compiler {
    struct compiled *out;
    struct resolved resolved;
    struct pieces pieces;
    struct spots spots;
    struct offers offers;
    uint32_t as_of_day;
    bool with_drafts;
    uint32_t *everywhere; /* reliefs (indexes) that need no contract and give something */
    uint32_t everywhere_count;
    uint32_t *bundle; /* pieces that meet at the spot */
    size_t bundle_room;
    uint32_t bundle_count;
    uint32_t nowhere; /* content, as the next ones are */
    uint32_t *contents_of_spots;
    uint32_t *contents_of_sites; /* [SITE_NOWHERE] is `nowhere` */
    uint32_t site_count;
    uint32_t *daysets_out; /* by number in resolved.daysets */
    uint32_t *runs_out;    /* by run: its first clause */
    size_t dayset_room, offer_room, clause_room, origin_room;
};

static uint32_t *not_yet_numbered(uint32_t count)
{
    uint32_t *numbers = memory_take(count, sizeof(*numbers));
    memset(numbers, 0xff, count * sizeof(*numbers));
    return numbers;
}

/* ---- limits of the tables ---- */

static bool counts_are_fine(const struct catalogue *catalogue, struct fault *fault)
{
    const struct rules *rules = catalogue->rules;
    const struct {
        const char *what, *limit, *advice;
        uint32_t count, most;
    } counts[] = {
        {"products", "PRODUCT_COUNT_MAX", "sell what has the same reliefs as one product",
         rules->product_count, PRODUCT_COUNT_MAX},
        {"points of sale", "POINT_COUNT_MAX", "remove those that are closed",
         catalogue->trade.point_count, POINT_COUNT_MAX},
        {"contracts", "CONTRACT_COUNT_MAX", "remove those that ended before the window",
         catalogue->trade.contract_count, CONTRACT_COUNT_MAX},
        {"reliefs", "RELIEF_COUNT_MAX", "write what differs in clauses as one relief",
         rules->relief_count, RELIEF_COUNT_MAX},
        {"splits", "SPLIT_COUNT_MAX", "let reliefs with the same payers share one",
         rules->split_count, SPLIT_COUNT_MAX},
        {"limits of reliefs", "LIMIT_COUNT_MAX", "remove versions that are over",
         rules->limit_count, LIMIT_COUNT_MAX},
    };
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        if (counts[i].count > counts[i].most)
            return fault_set(fault, "the catalogue has %u %s, at most %u (%s): %s", counts[i].count,
                             counts[i].what, counts[i].most, counts[i].limit, counts[i].advice);
    return true;
}

/* ---- tables that are nearly as written ---- */

static void *copy_rows(const void *rows, uint32_t count, size_t size)
{
    void *copy = memory_take(count, size);
    if (count > 0)
        memcpy(copy, rows, count * size);
    return copy;
}

static const struct rule_version *version_on(const struct rules *rules,
                                             const struct rule_relief *relief, uint32_t day)
{
    for (uint32_t v = relief->first_version; v < relief->first_version + relief->version_count; v++)
        if (day >= rules->versions[v].from_day && day < rules->versions[v].until_day)
            return &rules->versions[v];
    return NULL;
}

/* Before its first version, and between two, a relief is not in use either. */
static enum relief_state state_on(const struct compiler *c, const struct rule_relief *relief,
                                  uint32_t until_day)
{
    const struct rule_version *version = version_on(c->resolved.rules, relief, c->as_of_day);
    if (version == NULL)
        return c->as_of_day >= until_day ? RELIEF_CLOSED : RELIEF_SUSPENDED;
    if (version_is_given(version, c->with_drafts))
        return RELIEF_ACTIVE;
    return version->state == VERSION_CLOSED ? RELIEF_CLOSED : RELIEF_SUSPENDED;
}

static void write_reliefs(struct compiler *c)
{
    const struct rules *rules = c->resolved.rules;
    c->out->relief_count = rules->relief_count;
    c->out->reliefs = memory_take_zeroed(rules->relief_count, sizeof(*c->out->reliefs));
    for (uint32_t i = 0; i < rules->relief_count; i++) {
        const struct rule_relief *relief = &rules->reliefs[i];
        struct relief *out = &c->out->reliefs[i];
        *out = (struct relief){.code = relief->code,
                               .giver = relief->giver,
                               .from_day = rules->versions[relief->first_version].from_day};
        for (uint32_t v = 0; v < relief->version_count; v++) {
            uint32_t until_day = rules->versions[relief->first_version + v].until_day;
            if (until_day > out->until_day)
                out->until_day = until_day;
        }
        out->state = (uint8_t)state_on(c, relief, out->until_day);
        memcpy(out->name, relief->name, sizeof(out->name));
    }
}

static void write_contracts(struct compiler *c)
{
    uint32_t count = c->resolved.trade->contract_count;
    c->out->contract_count = count;
    c->out->contracts = memory_take_zeroed(count, sizeof(*c->out->contracts));
    for (uint32_t i = 0; i < count; i++) {
        const struct resolved_contract *contract = &c->resolved.contracts[i];
        c->out->contracts[i] = (struct contract){.code = contract->code,
                                                 .number = contract->row->number,
                                                 .relief = (uint16_t)contract->relief,
                                                 .from_day = contract->row->in_force.from_day,
                                                 .until_day = contract->row->in_force.until_day,
                                                 .provider = contract->row->provider};
    }
}

/* By relief. Of drafts nobody is told; of versions that are suspended or closed what was used is
 * still to be counted. */
static void write_limits(struct compiler *c)
{
    const struct rules *rules = c->resolved.rules;
    c->out->limits = memory_take_zeroed(rules->limit_count, sizeof(*c->out->limits));
    for (uint32_t r = 0; r < rules->relief_count; r++) {
        const struct rule_relief *relief = &rules->reliefs[r];
        for (uint32_t v = relief->first_version; v < relief->first_version + relief->version_count;
             v++) {
            const struct rule_version *version = &rules->versions[v];
            bool is_left_out = version->state == VERSION_DRAFT && !c->with_drafts;
            for (uint32_t i = 0; !is_left_out && i < version->limit_count; i++) {
                struct limit *limit = &c->out->limits[c->out->limit_count++];
                *limit = rules->limits[version->first_limit + i].terms;
                limit->relief = (uint16_t)r;
                limit->from_day = version->from_day;
                limit->until_day = version->until_day;
            }
        }
    }
}

static void write_plain_tables(struct compiler *c)
{
    const struct rules *rules = c->resolved.rules;
    c->out->product_count = rules->product_count;
    c->out->products = copy_rows(rules->products, rules->product_count, sizeof(*rules->products));
    c->out->split_count = rules->split_count;
    c->out->splits = copy_rows(rules->splits, rules->split_count, sizeof(*rules->splits));
    write_reliefs(c);
    write_contracts(c);
    write_limits(c);
}

/* ---- terminals ---- */

static bool terminal_is_of_use(const struct compiler *c, const struct terminal_row *row)
{
    return row->has_key && row->in_force.until_day > c->resolved.window.from_day;
}

static uint32_t add_spans(struct compiler *c, uint32_t first_range, uint32_t count)
{
    uint32_t first = c->out->span_count;
    const struct point_range *ranges = c->resolved.trade->ranges + first_range;
    for (uint32_t i = 0; i < count; i++)
        c->out->spans[c->out->span_count++] = (struct number_span){ranges[i].first, ranges[i].last};
    return first;
}

static void add_terminal(struct compiler *c, const struct terminal_row *row)
{
    struct terminal *terminal = &c->out->terminals[c->out->terminal_count++];
    *terminal = (struct terminal){
        .number = row->number,
        .profile = row->profile,
        .provider = trade_terminal_provider(c->resolved.trade, row),
        .from_day = row->in_force.from_day,
        .until_day = row->in_force.until_day,
        .point_count = (uint16_t)row->range_count,
        .product_count = (uint16_t)row->product_range_count,
        .per_minute = row->per_minute,
        .per_day = row->per_day,
        .typed_per_day = row->typed_per_day,
    };
    memcpy(terminal->key, row->key, sizeof(terminal->key));
    terminal->point_first = add_spans(c, row->first_range, row->range_count);
    if (row->product_range_count > 0)
        terminal->product_first = add_spans(c, row->first_product_range, row->product_range_count);
}

/* A terminal without a key cannot speak, and one that ended before the window is never asked for;
 * one that begins after it is there for whoever moves a window on. */
static bool write_terminals(struct compiler *c, struct fault *fault)
{
    const struct trade *trade = c->resolved.trade;
    uint32_t count = 0;
    size_t span_count = 0;
    for (uint32_t i = 0; i < trade->terminal_count; i++) {
        const struct terminal_row *row = &trade->terminals[i];
        if (!terminal_is_of_use(c, row))
            continue;
        count++;
        span_count += row->range_count + (size_t)row->product_range_count;
    }
    if (count > TERMINAL_COUNT_MAX)
        return fault_set(fault,
                         "the catalogue has %u terminals with a key, at most %d "
                         "(TERMINAL_COUNT_MAX): end those that are no longer in use",
                         count, TERMINAL_COUNT_MAX);
    c->out->terminals = memory_take_zeroed(count, sizeof(*c->out->terminals));
    c->out->spans = memory_take_zeroed(span_count, sizeof(*c->out->spans));
    for (uint32_t i = 0; i < trade->terminal_count; i++)
        if (terminal_is_of_use(c, &trade->terminals[i]))
            add_terminal(c, &trade->terminals[i]);
    return true;
}

/* ---- which pieces meet where ---- */

static void find_everywhere(struct compiler *c)
{
    const struct rules *rules = c->resolved.rules;
    c->everywhere = memory_take(rules->relief_count, sizeof(*c->everywhere));
    for (uint32_t i = 0; i < rules->relief_count; i++) {
        const struct rule_relief *relief = &rules->reliefs[i];
        bool gives = false;
        for (uint32_t v = 0; v < relief->version_count; v++)
            gives |= !dayset_is_empty(&c->resolved.version_days[relief->first_version + v]);
        if (relief->is_everywhere && gives)
            c->everywhere[c->everywhere_count++] = i;
    }
}

static void add_piece(struct compiler *c, uint32_t relief, uint32_t contract, uint32_t dayset,
                      struct where where)
{
    uint32_t piece = pieces_find(&c->pieces, relief, contract, dayset, where);
    if (piece == PIECE_EMPTY)
        return;
    c->bundle =
        memory_room(c->bundle, &c->bundle_room, (size_t)c->bundle_count + 1, sizeof(*c->bundle));
    c->bundle[c->bundle_count++] = piece;
}

/* Whether the point of sale or its provider is suspended does not matter to these: they stand even
 * where nobody says where it is. */
static void add_everywhere(struct compiler *c, struct where where)
{
    for (uint32_t i = 0; i < c->everywhere_count; i++)
        add_piece(c, c->everywhere[i], CONTRACT_NONE, DAYSET_ALL, where);
}

/* Of contracts about the same relief the one with the lowest number counts; the others count on the
 * days that it leaves. */
static void add_contracted(struct compiler *c, const struct spot *spot)
{
    struct dayset open = daysets_get(&c->resolved.daysets, spot->dayset);
    struct dayset taken = {{0}};
    uint32_t relief_before = UINT32_MAX;
    for (uint32_t i = 0; i < c->spots.active_count; i++) {
        uint32_t index = c->spots.by_rank[c->spots.active[i]];
        const struct resolved_contract *contract = &c->resolved.contracts[index];
        if (contract->relief != relief_before)
            memset(&taken, 0, sizeof(taken));
        relief_before = contract->relief;
        struct dayset days = dayset_both(&contract->days, &open);
        struct dayset left = dayset_without(&days, &taken);
        taken = dayset_either(&taken, &days);
        if (!dayset_is_empty(&left))
            add_piece(c, contract->relief, index, daysets_add(&c->resolved.daysets, &left),
                      spot->where);
    }
}

static bool find_contents(struct compiler *c, struct fault *fault)
{
    struct where nowhere = {0, 0};
    add_everywhere(c, nowhere);
    if (!offers_find(&c->offers, &c->nowhere, c->bundle, c->bundle_count, nowhere, fault))
        return false;
    c->contents_of_spots = memory_take(c->spots.count, sizeof(*c->contents_of_spots));
    for (uint32_t i = 0; i < c->spots.count; i++) {
        const struct spot *spot = &c->spots.list[i];
        c->bundle_count = 0;
        spots_sweep(&c->spots, i);
        add_everywhere(c, spot->where);
        add_contracted(c, spot);
        if (!offers_find(&c->offers, &c->contents_of_spots[i], c->bundle, c->bundle_count,
                         spot->where, fault))
            return false;
    }
    return true;
}

/* ---- sites ---- */

static uint32_t *spots_by_point(const struct compiler *c)
{
    uint32_t *spots = memory_take(c->resolved.trade->point_count, sizeof(*spots));
    for (uint32_t s = 0; s < c->spots.count; s++)
        for (uint32_t i = 0; i < c->spots.list[s].point_count; i++)
            spots[c->spots.points[c->spots.list[s].first_point + i]] = s;
    return spots;
}

static bool site_of_content(struct compiler *c, uint32_t *site, uint32_t *sites_of_contents,
                            uint32_t content, struct fault *fault)
{
    if (sites_of_contents[content] == NOT_YET) {
        if (c->site_count == SITE_COUNT_MAX)
            return fault_set(fault,
                             "points of sale differ in more than %d ways in what is offered there "
                             "(SITE_COUNT_MAX): let contracts and clauses name fewer different "
                             "lists of points of sale",
                             SITE_COUNT_MAX - 1);
        sites_of_contents[content] = c->site_count;
        c->contents_of_sites[c->site_count++] = content;
    }
    *site = sites_of_contents[content];
    return true;
}

/* Sites get their numbers in the order of points; one for each content. */
static bool number_sites(struct compiler *c, const uint32_t spot_of_point[],
                         uint32_t *sites_of_contents, struct fault *fault)
{
    for (uint32_t i = 0; i < c->out->point_count; i++) {
        const struct resolved_point *point = &c->resolved.points[i];
        uint32_t site;
        if (!site_of_content(c, &site, sites_of_contents, c->contents_of_spots[spot_of_point[i]],
                             fault))
            return false;
        c->out->points[i] = (struct point){.number = point->row->number,
                                           .site = site,
                                           .place = point->row->place,
                                           .provider = point->row->provider};
    }
    return true;
}

static bool write_points(struct compiler *c, struct fault *fault)
{
    uint32_t *spot_of_point = spots_by_point(c);
    uint32_t *sites_of_contents = not_yet_numbered(c->offers.contents.count);
    c->out->point_count = c->resolved.trade->point_count;
    c->out->points = memory_take_zeroed(c->out->point_count, sizeof(*c->out->points));
    c->contents_of_sites = memory_take(SITE_COUNT_MAX, sizeof(*c->contents_of_sites));
    c->contents_of_sites[SITE_NOWHERE] = c->nowhere;
    c->site_count = 1;
    bool are_fine = number_sites(c, spot_of_point, sites_of_contents, fault);
    free(sites_of_contents);
    free(spot_of_point);
    return are_fine;
}

/* ---- offers, clauses, sets of days: numbered as they are first used ---- */

static bool dayset_out(struct compiler *c, uint16_t *out, uint32_t number, struct fault *fault)
{
    struct compiled *to = c->out;
    if (c->daysets_out[number] == NOT_YET) {
        if (to->dayset_count == DAYSET_COUNT_MAX)
            return fault_set(fault,
                             "compiled for all points of sale there are more than %d different "
                             "sets of days (DAYSET_COUNT_MAX): let contracts, versions and points "
                             "of sale begin and end on the same days, and clauses share calendars",
                             DAYSET_COUNT_MAX);
        to->daysets = memory_room(to->daysets, &c->dayset_room, (size_t)to->dayset_count + 1,
                                  sizeof(*to->daysets));
        c->daysets_out[number] = to->dayset_count;
        to->daysets[to->dayset_count++] = daysets_get(&c->resolved.daysets, number);
    }
    *out = (uint16_t)c->daysets_out[number];
    return true;
}

static struct clause clause_out(const struct compiler *c, const struct run_clause *from)
{
    const struct rules *rules = c->resolved.rules;
    const struct rule_clause *written = &rules->clauses[from->clause];
    const struct rule_version *version = &rules->versions[written->version];
    struct clause clause = written->terms;
    clause.code = from->contract == CONTRACT_NONE ? rules->reliefs[version->relief].code
                                                  : c->resolved.contracts[from->contract].code;
    clause.relief = (uint16_t)version->relief;
    clause.group = written->known_group;
    clause.split = version->split;
    clause.flags |= version->stacks ? CLAUSE_STACKS : 0;
    clause.flags |= version->unknown == UNKNOWN_ALLOW ? CLAUSE_ALLOWS_UNKNOWN : 0;
    clause.rounding = (uint8_t)version->rounding;
    clause.round_step = version->round_step;
    return clause;
}

static bool run_out(struct compiler *c, uint32_t *first, uint32_t *count, uint32_t run,
                    struct fault *fault)
{
    struct compiled *to = c->out;
    const struct run_clause *clauses = offers_run(&c->offers, run, count);
    if (c->runs_out[run] == NOT_YET) {
        c->runs_out[run] = to->clause_count;
        size_t needed = (size_t)to->clause_count + *count;
        to->clauses = memory_room(to->clauses, &c->clause_room, needed, sizeof(*to->clauses));
        to->clause_origins =
            memory_room(to->clause_origins, &c->origin_room, needed, sizeof(*to->clause_origins));
        for (uint32_t i = 0; i < *count; i++) {
            struct clause clause = clause_out(c, &clauses[i]);
            if (!dayset_out(c, &clause.dayset, clauses[i].dayset, fault))
                return false;
            to->clause_origins[to->clause_count] = clauses[i].clause;
            to->clauses[to->clause_count++] = clause;
        }
    }
    *first = c->runs_out[run];
    return true;
}

static bool offer_out(struct compiler *c, uint32_t site, const struct bid *bid, struct fault *fault)
{
    struct compiled *to = c->out;
    uint32_t clause_count;
    struct offer offer = {.site = site, .product = to->products[bid->product].number};
    if (to->offer_count == OFFER_COUNT_MAX)
        return offers_too_many(fault);
    if (!dayset_out(c, &offer.dayset, bid->dayset, fault) ||
        !run_out(c, &offer.clause_first, &clause_count, bid->run, fault))
        return false;
    offer.clause_count = (uint16_t)clause_count;
    to->offers =
        memory_room(to->offers, &c->offer_room, (size_t)to->offer_count + 1, sizeof(*to->offers));
    to->offers[to->offer_count++] = offer;
    return true;
}

static bool write_offers(struct compiler *c, struct fault *fault)
{
    uint16_t all;
    c->daysets_out = not_yet_numbered(c->resolved.daysets.sets.count);
    c->runs_out = not_yet_numbered(c->offers.runs.count);
    if (!dayset_out(c, &all, DAYSET_ALL, fault))
        return false;
    for (uint32_t site = 0; site < c->site_count; site++) {
        uint32_t count;
        const struct bid *bids = offers_content(&c->offers, c->contents_of_sites[site], &count);
        for (uint32_t i = 0; i < count; i++)
            if (!offer_out(c, site, &bids[i], fault))
                return false;
    }
    return true;
}

/* ---- the module ---- */

static void compiler_free(struct compiler *c)
{
    offers_free(&c->offers);
    spots_free(&c->spots);
    pieces_free(&c->pieces);
    resolved_free(&c->resolved);
    free(c->everywhere);
    free(c->bundle);
    free(c->contents_of_spots);
    free(c->contents_of_sites);
    free(c->daysets_out);
    free(c->runs_out);
}

static bool compile_sites(struct compiler *c, struct fault *fault)
{
    pieces_begin(&c->pieces, &c->resolved);
    spots_begin(&c->spots, &c->resolved, &c->pieces);
    offers_begin(&c->offers, &c->resolved, &c->pieces);
    find_everywhere(c);
    return find_contents(c, fault) && write_points(c, fault) && write_offers(c, fault);
}

bool compile_catalogue(struct compiled *out, const struct catalogue *catalogue,
                       struct window window, uint32_t as_of_day, bool with_drafts,
                       struct fault *fault)
{
    struct compiled compiled;
    struct compiler c;
    memset(&compiled, 0, sizeof(compiled));
    memset(&c, 0, sizeof(c));
    c.out = &compiled;
    c.as_of_day = as_of_day;
    c.with_drafts = with_drafts;
    bool is_done = counts_are_fine(catalogue, fault) &&
                   resolve_catalogue(&c.resolved, catalogue, window, with_drafts, fault);
    if (is_done) {
        write_plain_tables(&c);
        is_done = write_terminals(&c, fault) && compile_sites(&c, fault);
    }
    compiler_free(&c);
    if (is_done)
        *out = compiled;
    else
        compiled_free(&compiled);
    return is_done;
}

void compiled_fill(struct tables *tables, const struct compiled *compiled)
{
    tables->products = compiled->products;
    tables->points = compiled->points;
    tables->daysets = compiled->daysets;
    tables->offers = compiled->offers;
    tables->clauses = compiled->clauses;
    tables->reliefs = compiled->reliefs;
    tables->contracts = compiled->contracts;
    tables->splits = compiled->splits;
    tables->limits = compiled->limits;
    tables->terminals = compiled->terminals;
    tables->spans = compiled->spans;
    tables->product_count = compiled->product_count;
    tables->point_count = compiled->point_count;
    tables->dayset_count = compiled->dayset_count;
    tables->offer_count = compiled->offer_count;
    tables->clause_count = compiled->clause_count;
    tables->relief_count = compiled->relief_count;
    tables->contract_count = compiled->contract_count;
    tables->split_count = compiled->split_count;
    tables->limit_count = compiled->limit_count;
    tables->terminal_count = compiled->terminal_count;
    tables->span_count = compiled->span_count;
}

void compiled_free(struct compiled *compiled)
{
    free(compiled->products);
    free(compiled->points);
    free(compiled->daysets);
    free(compiled->offers);
    free(compiled->clauses);
    free(compiled->reliefs);
    free(compiled->contracts);
    free(compiled->splits);
    free(compiled->limits);
    free(compiled->terminals);
    free(compiled->spans);
    free(compiled->clause_origins);
    memset(compiled, 0, sizeof(*compiled));
}
