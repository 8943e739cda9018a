#include "protocol/tables.h"

#include "protocol/huge.h"
#include "protocol/profile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void *take_array(uint64_t count, size_t item_size, struct fault *fault)
{
    void *array = huge_take(count, item_size);
    if (array == NULL)
        fault_set(fault, "no memory for %" PRIu64 " records of %zu bytes", count, item_size);
    return array;
}

static bool record_count(uint32_t *count, const struct table_bytes *in, size_t record_size,
                         uint64_t count_max, const char *what, struct fault *fault)
{
    uint64_t found = in->size / record_size;
    if (in->size % record_size != 0)
        return fault_set(fault, "%s: %" PRIu64 " bytes are no whole number of records of %zu", what,
                         in->size, record_size);
    if (found > count_max)
        return fault_set(fault, "%s: %" PRIu64 " records: at most %" PRIu64, what, found,
                         count_max);
    *count = (uint32_t)found;
    return true;
}

/* One reader per kind of record: an array of what the records say, or a fault. */
#define READER(kind, plural, RECORD_SIZE, COUNT_MAX)                                               \
    static bool plural##_read(const struct kind **out, uint32_t *count,                            \
                              const struct table_bytes *in, struct fault *fault)                   \
    {                                                                                              \
        if (!record_count(count, in, RECORD_SIZE, COUNT_MAX, #plural, fault))                      \
            return false;                                                                          \
        struct kind *records = take_array(*count, sizeof(*records), fault);                        \
        if (records == NULL)                                                                       \
            return false;                                                                          \
        *out = records;                                                                            \
        for (uint32_t i = 0; i < *count; i++)                                                      \
            if (!kind##_decode(&records[i], in->bytes + (uint64_t)i * (RECORD_SIZE)))              \
                return fault_set(fault, #plural ": record %u is not what an encoder writes", i);   \
        return true;                                                                               \
    }

READER(census, census, CENSUS_SIZE, UINT32_MAX)
READER(clause, clauses, CLAUSE_SIZE, CLAUSE_COUNT_MAX)
READER(group, groups, GROUP_SIZE, GROUP_COUNT_MAX)
READER(product, products, PRODUCT_SIZE, PRODUCT_COUNT_MAX)
READER(point, points, POINT_SIZE, POINT_COUNT_MAX)
READER(dayset, daysets, DAYSET_SIZE, DAYSET_COUNT_MAX)
READER(offer, offers, OFFER_SIZE, OFFER_COUNT_MAX)
READER(relief, reliefs, RELIEF_SIZE, RELIEF_COUNT_MAX)
READER(contract, contracts, CONTRACT_SIZE, CONTRACT_COUNT_MAX)
READER(split, splits, SPLIT_SIZE, SPLIT_COUNT_MAX)
READER(limit, limits, LIMIT_SIZE, LIMIT_COUNT_MAX)
READER(terminal, terminals, TERMINAL_SIZE, TERMINAL_COUNT_MAX)
READER(number_span, spans, NUMBER_SPAN_SIZE, NUMBER_SPAN_COUNT_MAX)
READER(membership, memberships, MEMBERSHIP_SIZE, UINT32_MAX)
READER(view, views, VIEW_SIZE, PAYLOAD_VIEW_MASK)

/* u32 set_count, u32 first[set_count + 1], memberships up to the end. */
static bool sets_read(struct tables *out, const struct table_bytes *in, struct fault *fault)
{
    if (in->size < 8)
        return fault_set(fault, "sets: %" PRIu64 " bytes: too short for a count", in->size);
    uint32_t set_count = load_u32(in->bytes);
    uint64_t head_size = 4 + 4 * ((uint64_t)set_count + 1);
    if (set_count == 0 || head_size > in->size)
        return fault_set(fault, "sets: %u sets in %" PRIu64 " bytes", set_count, in->size);

    uint32_t *first = take_array((uint64_t)set_count + 1, sizeof(*first), fault);
    if (first == NULL)
        return false;
    out->set_first = first;
    out->set_count = set_count;
    for (uint32_t i = 0; i <= set_count; i++)
        first[i] = load_u32(in->bytes + 4 + 4 * (uint64_t)i);

    struct table_bytes rest = {in->bytes + head_size, in->size - head_size};
    uint32_t membership_count = 0;
    if (!memberships_read(&out->memberships, &membership_count, &rest, fault))
        return false;
    if (first[set_count] != membership_count)
        return fault_set(fault, "sets: the last one ends at membership %u of %u", first[set_count],
                         membership_count);
    return true;
}

/* In order of group, then day; spans of one group do not overlap. */
static bool memberships_rise(const struct membership *a, const struct membership *b)
{
    return a->group < b->group || (a->group == b->group && a->until_day <= b->from_day);
}

static bool set_is_sane(const struct tables *t, uint32_t set, struct fault *fault)
{
    for (uint32_t i = t->set_first[set]; i < t->set_first[set + 1]; i++) {
        if (t->memberships[i].group >= t->group_count)
            return fault_set(fault, "sets: set %u names group %u of %u", set,
                             t->memberships[i].group, t->group_count);
        if (i > t->set_first[set] && !memberships_rise(&t->memberships[i - 1], &t->memberships[i]))
            return fault_set(fault, "sets: set %u is out of order or overlaps itself", set);
    }
    return true;
}

static bool sets_are_sane(const struct tables *t, struct fault *fault)
{
    if (t->set_count == 0 || t->set_first[0] != 0 || t->set_first[1] != 0)
        return fault_set(fault, "sets: set 0 must be there and empty");
    /* bounds of all sets before any membership is looked at */
    for (uint32_t i = 0; i < t->set_count; i++)
        if (t->set_first[i] > t->set_first[i + 1] ||
            t->set_first[i + 1] - t->set_first[i] > SET_SIZE_MAX)
            return fault_set(fault, "sets: set %u must have 0 to %u memberships", i, SET_SIZE_MAX);
    for (uint32_t i = 0; i < t->set_count; i++)
        if (!set_is_sane(t, i, fault))
            return false;
    return true;
}

static bool views_are_sane(const struct tables *t, struct fault *fault)
{
    if (t->view_count == 0 || t->view_count > PAYLOAD_VIEW_MASK)
        return fault_set(fault, "views: %u: wanted 1 to %u", t->view_count, PAYLOAD_VIEW_MASK);
    const struct view *nobody = &t->views[VIEW_NOBODY];
    if (nobody->set != 0 || nobody->from_day != 0 || nobody->until_day != DAY_NEVER)
        return fault_set(fault, "views: view 0 must be set 0 on all days");
    for (uint32_t i = 0; i < t->view_count; i++)
        if (t->views[i].set >= t->set_count)
            return fault_set(fault, "views: view %u names set %u of %u", i, t->views[i].set,
                             t->set_count);
    return true;
}

/* The first place in an array, in order of numbers, whose number is at least that. */
#define NUMBERED(name, array, count)                                                               \
    static uint32_t name(const struct tables *t, uint32_t number)                                  \
    {                                                                                              \
        uint32_t least = 0, beyond = t->count;                                                     \
        while (least < beyond) {                                                                   \
            uint32_t middle = least + (beyond - least) / 2;                                        \
            if (t->array[middle].number < number)                                                  \
                least = middle + 1;                                                                \
            else                                                                                   \
                beyond = middle;                                                                   \
        }                                                                                          \
        return least;                                                                              \
    }
NUMBERED(product_from, products, product_count)
NUMBERED(point_from, points, point_count)

static const struct product *product_find(const struct tables *t, uint32_t number)
{
    uint32_t at = product_from(t, number);
    return at < t->product_count && t->products[at].number == number ? &t->products[at] : NULL;
}

/* A sequence in which each `key` is greater than the one before; `what` names it. */
#define RISING(array, count, key, what)                                                            \
    for (uint32_t i = 1; i < (count); i++)                                                         \
        if ((array)[i - 1].key >= (array)[i].key)                                                  \
            return fault_set(fault, what ": number %u is out of order or there twice",             \
                             (unsigned)(array)[i].key);

static bool products_are_sane(const struct tables *t, struct fault *fault)
{
    if (t->product_count > PRODUCT_COUNT_MAX)
        return fault_set(fault, "products: %u: at most %u", t->product_count, PRODUCT_COUNT_MAX);
    RISING(t->products, t->product_count, number, "products")
    return true;
}

static bool points_are_sane(const struct tables *t, struct fault *fault)
{
    RISING(t->points, t->point_count, number, "points")
    return true;
}

static bool splits_are_sane(const struct tables *t, struct fault *fault)
{
    RISING(t->splits, t->split_count, code, "splits")
    return true;
}

static bool contracts_are_sane(const struct tables *t, struct fault *fault)
{
    RISING(t->contracts, t->contract_count, number, "contracts")
    for (uint32_t i = 0; i < t->contract_count; i++)
        if (t->contracts[i].relief >= t->relief_count)
            return fault_set(fault, "contracts: number %u names relief %u of %u",
                             t->contracts[i].number, t->contracts[i].relief, t->relief_count);
    return true;
}

static bool limits_are_sane(const struct tables *t, struct fault *fault)
{
    for (uint32_t i = 0; i < t->limit_count; i++) {
        if (t->limits[i].relief >= t->relief_count)
            return fault_set(fault, "limits: limit %u names relief %u of %u", i,
                             t->limits[i].relief, t->relief_count);
        if (i > 0 && t->limits[i - 1].relief > t->limits[i].relief)
            return fault_set(fault, "limits: limit %u is out of order of reliefs", i);
    }
    return true;
}

static bool clauses_are_sane(const struct tables *t, struct fault *fault)
{
    for (uint32_t i = 0; i < t->clause_count; i++) {
        const struct clause *c = &t->clauses[i];
        bool is_anybodys = c->group == GROUP_EVERYBODY;
        if (c->relief >= t->relief_count || (!is_anybodys && c->group >= t->group_count) ||
            c->dayset >= t->dayset_count)
            return fault_set(fault,
                             "clauses: clause %u names relief %u of %u, group %u of %u, set of "
                             "days %u of %u",
                             i, c->relief, t->relief_count, c->group, t->group_count, c->dayset,
                             t->dayset_count);
    }
    return true;
}

/* Relief after relief, those that stack behind all others, and no more of them than an answer has
 * room for. */
static bool run_is_sane(const struct tables *t, const struct offer *offer, struct fault *fault)
{
    const struct clause *run = t->clauses + offer->clause_first;
    uint32_t stacking_count = 0;
    for (uint32_t i = 0; i < offer->clause_count; i++) {
        bool stacks = run[i].flags & CLAUSE_STACKS;
        bool is_new = i == 0 || run[i].relief != run[i - 1].relief ||
                      stacks != (bool)(run[i - 1].flags & CLAUSE_STACKS);
        if (i > 0 && !stacks && run[i - 1].flags & CLAUSE_STACKS)
            return fault_set(fault,
                             "offers: product %u at site %u: a relief that stacks is not last",
                             offer->product, offer->site);
        stacking_count += is_new && stacks;
    }
    return stacking_count <= STACKING_COUNT_MAX ||
           fault_set(fault, "offers: product %u at site %u: more than %d reliefs stack",
                     offer->product, offer->site, STACKING_COUNT_MAX);
}

static bool offers_are_sane(const struct tables *t, struct fault *fault)
{
    for (uint32_t i = 0; i < t->offer_count; i++) {
        const struct offer *o = &t->offers[i], *before = o - 1;
        if (i > 0 &&
            (before->site > o->site || (before->site == o->site && before->product >= o->product)))
            return fault_set(fault, "offers: offer %u is out of order or there twice", i);
        if (o->clause_first >= t->clause_count ||
            o->clause_count > t->clause_count - o->clause_first || o->dayset >= t->dayset_count)
            return fault_set(fault,
                             "offers: offer %u names clauses %u to %u of %u, set of days %u of %u",
                             i, o->clause_first, o->clause_first + o->clause_count, t->clause_count,
                             o->dayset, t->dayset_count);
        if (product_find(t, o->product) == NULL)
            return fault_set(fault, "offers: offer %u is of product %u, which is not listed", i,
                             o->product);
        if (!run_is_sane(t, o, fault))
            return false;
    }
    return true;
}

static bool census_rises(const struct census *a, const struct census *b)
{
    return a->group < b->group || (a->group == b->group && a->place < b->place);
}

static bool census_is_sane(const struct tables *t, struct fault *fault)
{
    for (uint32_t i = 0; i < t->census_count; i++) {
        if (t->census[i].group >= t->group_count)
            return fault_set(fault, "census: line %u names group %u of %u", i, t->census[i].group,
                             t->group_count);
        if (i > 0 && !census_rises(&t->census[i - 1], &t->census[i]))
            return fault_set(fault, "census: line %u is out of order or there twice", i);
    }
    return true;
}

/* ---- terminals ---- */

static bool spans_rise(const struct number_span spans[], uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (spans[i].first == 0 || spans[i].first > spans[i].last ||
            (i > 0 && spans[i - 1].last >= spans[i].first))
            return false;
    return true;
}

/* What is asked of a terminal alone, and whether its spans are there and in order. */
static bool terminal_is_sane(const struct tables *t, const struct terminal *terminal,
                             struct fault *fault)
{
    const struct terminal *x = terminal;
    if (x->profile == 0 || x->profile > PROFILE_LAST)
        return fault_set(fault, "terminals: number %u has profile %u: wanted 1 to %d", x->number,
                         x->profile, PROFILE_LAST);
    if (x->point_count == 0 || x->point_count > TERMINAL_SPAN_COUNT_MAX ||
        x->product_count > TERMINAL_SPAN_COUNT_MAX)
        return fault_set(fault,
                         "terminals: number %u has %u spans of points and %u of products: wanted "
                         "1 to %d, and at most %d",
                         x->number, x->point_count, x->product_count, TERMINAL_SPAN_COUNT_MAX,
                         TERMINAL_SPAN_COUNT_MAX);
    if (x->point_first > t->span_count || x->point_count > t->span_count - x->point_first ||
        x->product_first > t->span_count || x->product_count > t->span_count - x->product_first)
        return fault_set(fault, "terminals: number %u names spans beyond the %u that there are",
                         x->number, t->span_count);
    return (spans_rise(t->spans + x->point_first, x->point_count) &&
            spans_rise(t->spans + x->product_first, x->product_count)) ||
           fault_set(fault, "terminals: number %u has spans that are out of order or overlap",
                     x->number);
}

/* For every point of sale, the next one that is another provider's: spans that overlap would
 * otherwise be walked over and over. */
static uint32_t *next_strangers(const struct tables *t, struct fault *fault)
{
    uint32_t *next = take_array(t->point_count, sizeof(*next), fault);
    for (uint32_t i = t->point_count; next != NULL && i-- > 0;)
        next[i] = i + 1 < t->point_count && t->points[i].provider == t->points[i + 1].provider
                      ? next[i + 1]
                      : i + 1;
    return next;
}

/* Each span has points of sale, and only the provider's. */
static bool points_are_the_providers(const struct tables *t, const struct terminal *terminal,
                                     const uint32_t next[], struct fault *fault)
{
    for (uint32_t i = 0; i < terminal->point_count; i++) {
        const struct number_span *span = &t->spans[terminal->point_first + i];
        uint32_t at = point_from(t, span->first);
        if (at == t->point_count || t->points[at].number > span->last)
            return fault_set(fault,
                             "terminals: number %u is at points of sale %u to %u: none of "
                             "them is listed",
                             terminal->number, span->first, span->last);
        uint32_t stranger = t->points[at].provider != terminal->provider ? at : next[at];
        if (stranger < t->point_count && t->points[stranger].number <= span->last)
            return fault_set(fault,
                             "terminals: number %u is of provider %011" PRIu64
                             ", point of sale %u is not",
                             terminal->number, terminal->provider, t->points[stranger].number);
    }
    return true;
}

static int compare_keys(const void *left, const void *right)
{
    const struct terminal *const *a = left, *const *b = right;
    return memcmp((*a)->key, (*b)->key, TERMINAL_KEY_SIZE); /* simple_mistakes: public keys */
}

/* Faults never show a key. */
static bool keys_differ(const struct tables *t, struct fault *fault)
{
    const struct terminal **by_key = take_array(t->terminal_count, sizeof(void *), fault);
    if (by_key == NULL)
        return false;
    for (uint32_t i = 0; i < t->terminal_count; i++)
        by_key[i] = &t->terminals[i];
    qsort(by_key, t->terminal_count, sizeof(void *), compare_keys);
    bool is_good = true;
    for (uint32_t i = 1; i < t->terminal_count && is_good; i++)
        if (compare_keys(&by_key[i - 1], &by_key[i]) == 0)
            is_good = fault_set(fault, "terminals: numbers %u and %u have the same key",
                                by_key[i - 1]->number, by_key[i]->number);
    free(by_key);
    return is_good;
}

static bool terminals_are_sane(const struct tables *t, struct fault *fault)
{
    RISING(t->terminals, t->terminal_count, number, "terminals")
    uint32_t *next = next_strangers(t, fault);
    if (next == NULL)
        return false;
    bool is_good = true;
    for (uint32_t i = 0; i < t->terminal_count && is_good; i++)
        is_good = terminal_is_sane(t, &t->terminals[i], fault) &&
                  points_are_the_providers(t, &t->terminals[i], next, fault);
    free(next);
    return is_good && keys_differ(t, fault);
}

static bool name_is(const char name[static NAME_SIZE], const char *wanted)
{
    return strncmp(name, wanted, NAME_SIZE) == 0;
}

/* The test group, relief and product are in every snapshot. */
static bool reserved_are_there(const struct tables *t, struct fault *fault)
{
    if (t->group_count == 0 || t->group_count > GROUP_COUNT_MAX ||
        !name_is(t->groups[GROUP_TEST].name, GROUP_TEST_NAME))
        return fault_set(fault, "groups: group 0 must be \"" GROUP_TEST_NAME "\", of 1 to %u",
                         GROUP_COUNT_MAX);
    if (t->relief_count == 0 || t->relief_count > RELIEF_COUNT_MAX ||
        t->reliefs[RELIEF_TEST].code != RELIEF_TEST_CODE ||
        !name_is(t->reliefs[RELIEF_TEST].name, RELIEF_TEST_NAME))
        return fault_set(fault,
                         "reliefs: relief 0 must be \"" RELIEF_TEST_NAME "\" with code %u, "
                         "of 1 to %u",
                         RELIEF_TEST_CODE, RELIEF_COUNT_MAX);
    if (t->dayset_count == 0)
        return fault_set(fault, "daysets: set of days 0 must be there: all days of the window");
    const struct product *product = product_find(t, PRODUCT_TEST);
    if (product == NULL || !name_is(product->name, PRODUCT_TEST_NAME))
        return fault_set(fault, "products: product %u must be \"" PRODUCT_TEST_NAME "\"",
                         PRODUCT_TEST);
    return true;
}

/* What the readers of records refuse by themselves, of arrays that nobody has stored yet. */
static bool counts_are_sane(const struct tables *t, struct fault *fault)
{
    const struct {
        const char *what;
        uint32_t count, count_max;
    } rows[] = {
        {"points", t->point_count, POINT_COUNT_MAX},
        {"daysets", t->dayset_count, DAYSET_COUNT_MAX},
        {"offers", t->offer_count, OFFER_COUNT_MAX},
        {"clauses", t->clause_count, CLAUSE_COUNT_MAX},
        {"contracts", t->contract_count, CONTRACT_COUNT_MAX},
        {"splits", t->split_count, SPLIT_COUNT_MAX},
        {"limits", t->limit_count, LIMIT_COUNT_MAX},
        {"terminals", t->terminal_count, TERMINAL_COUNT_MAX},
        {"spans", t->span_count, NUMBER_SPAN_COUNT_MAX},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].count > rows[i].count_max)
            return fault_set(fault, "%s: %u: at most %u", rows[i].what, rows[i].count,
                             rows[i].count_max);
    return true;
}

bool tables_check(const struct tables *t, struct fault *fault)
{
    return counts_are_sane(t, fault) && products_are_sane(t, fault) &&
           reserved_are_there(t, fault) && sets_are_sane(t, fault) && views_are_sane(t, fault) &&
           points_are_sane(t, fault) && splits_are_sane(t, fault) && contracts_are_sane(t, fault) &&
           limits_are_sane(t, fault) && clauses_are_sane(t, fault) && offers_are_sane(t, fault) &&
           census_is_sane(t, fault) && terminals_are_sane(t, fault);
}

bool tables_decode(struct tables *out, const struct table_values *in, struct fault *fault)
{
    struct tables t;
    memset(&t, 0, sizeof(t));
    if (census_read(&t.census, &t.census_count, &in->census, fault) &&
        clauses_read(&t.clauses, &t.clause_count, &in->clauses, fault) &&
        contracts_read(&t.contracts, &t.contract_count, &in->contracts, fault) &&
        daysets_read(&t.daysets, &t.dayset_count, &in->daysets, fault) &&
        groups_read(&t.groups, &t.group_count, &in->groups, fault) &&
        limits_read(&t.limits, &t.limit_count, &in->limits, fault) &&
        offers_read(&t.offers, &t.offer_count, &in->offers, fault) &&
        points_read(&t.points, &t.point_count, &in->points, fault) &&
        products_read(&t.products, &t.product_count, &in->products, fault) &&
        reliefs_read(&t.reliefs, &t.relief_count, &in->reliefs, fault) &&
        sets_read(&t, &in->sets, fault) && spans_read(&t.spans, &t.span_count, &in->spans, fault) &&
        splits_read(&t.splits, &t.split_count, &in->splits, fault) &&
        terminals_read(&t.terminals, &t.terminal_count, &in->terminals, fault) &&
        views_read(&t.views, &t.view_count, &in->views, fault) && tables_check(&t, fault)) {
        *out = t;
        return true;
    }
    tables_free(&t);
    return false;
}

/* The arrays are ours; const is only for those who read them. */
static void free_array(const void *array)
{
    free((void *)(uintptr_t)array);
}

void tables_free(struct tables *tables)
{
    free_array(tables->views);
    free_array(tables->set_first);
    free_array(tables->memberships);
    free_array(tables->groups);
    free_array(tables->products);
    free_array(tables->reliefs);
    free_array(tables->contracts);
    free_array(tables->splits);
    free_array(tables->limits);
    free_array(tables->points);
    free_array(tables->daysets);
    free_array(tables->offers);
    free_array(tables->clauses);
    free_array(tables->census);
    free_array(tables->terminals);
    free_array(tables->spans);
    memset(tables, 0, sizeof(*tables));
}
