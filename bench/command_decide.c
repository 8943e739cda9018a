#include "bench/commands.h"

#include "bench/random.h"
#include "bench/take.h"
#include "protocol/commands.h"
#include "protocol/decide.h"
#include "protocol/json.h"
#include "protocol/options.h"
#include "protocol/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A catalogue and persons in memory, of sizes that are asked for, and what one decision costs. */

#define PROGRAM          "eligbench decide"
#define ROUND_COUNT_MAX  99
#define PURCHASE_COUNT   (1u << 16)
#define SET_COUNT        30000 /* as a country has */
#define VIEW_COUNT       (SET_COUNT + 1)
#define SET_SIZE_LEAST   1
#define SET_SIZE_MOST    9
#define GROUP_COUNT      250
#define DAYSET_COUNT     64
#define WINDOW_DAYS      93
#define FROM_DAY         20749
#define POINTS_PER_SITE  8
#define PRODUCT_FIRST    1000
#define EUR              10000 /* in units of money */
#define CONDITION_ONE_IN 20 /* clauses with a span of the clock, and as many with a least price */
#define GROUP_SIZE_MAX   64 /* purchases decided together, as in the engine */

struct settings {
    uint64_t relief_count, clause_count, candidate_count, site_count, rounds;
    bool is_json;
};

struct catalogue {
    struct tables tables;
    struct manifest manifest;
    struct edition *edition;
    struct purchase *purchases;
    uint32_t *views;
    uint64_t sum; /* of what was decided, so that nothing is optimised away */
};

/* ---- making one up ---- */

static struct clause make_clause(uint64_t *state, uint32_t relief)
{
    struct clause clause = {
        .code = relief + 1,
        .relief = (uint16_t)relief,
        .group = (uint16_t)(1 + random_below(state, GROUP_COUNT - 1)),
        .dayset = (uint16_t)(random_below(state, 2) * random_below(state, DAYSET_COUNT)),
        .split = (uint16_t)(1 + relief % 100),
        .computation = (uint8_t)(1 + random_below(state, COMPUTE_LAST)),
        .round_step = random_below(state, 4) == 0 ? 100 : 1,
        .means_mask = MEANS_MASK_ALL,
        .entry_mask = ENTRY_MASK_ALL,
        .value = (uint32_t)(100 + random_below(state, PERCENT_ALL_BP - 100)),
        .price_most = UINT32_MAX,
        .quantity_least = 1,
        .quantity_most = QUANTITY_MAX,
    };
    if (random_below(state, CONDITION_ONE_IN) == 0) {
        clause.clock_count = 1;
        clause.clocks[0] = (struct clock_span){600, 900};
    } else if (random_below(state, CONDITION_ONE_IN) == 0) {
        clause.price_least = EUR;
    }
    return clause;
}

/* Every product at every site has its own run of clauses, each of another relief. */
static void make_offers(struct catalogue *all, const struct settings *settings, uint64_t *state)
{
    uint32_t clause_count =
        (uint32_t)(settings->clause_count - settings->clause_count % settings->candidate_count);
    uint32_t offer_count = clause_count / (uint32_t)settings->candidate_count;
    struct clause *clauses = take(clause_count, sizeof(clauses[0]));
    struct offer *offers = take(offer_count, sizeof(offers[0]));
    for (uint32_t i = 0; i < clause_count; i++)
        clauses[i] = make_clause(state, i % (uint32_t)settings->relief_count);
    for (uint32_t i = 0; i < offer_count; i++)
        offers[i] = (struct offer){.site = 1 + i % (uint32_t)settings->site_count,
                                   .product = PRODUCT_FIRST + i,
                                   .clause_first = i * (uint32_t)settings->candidate_count,
                                   .clause_count = (uint16_t)settings->candidate_count};
    struct product *products = take(offer_count, sizeof(products[0]));
    for (uint32_t i = 0; i < offer_count; i++)
        products[i].number = PRODUCT_FIRST + i;
    all->tables.clauses = clauses;
    all->tables.offers = offers;
    all->tables.products = products;
    all->tables.clause_count = clause_count;
    all->tables.offer_count = all->tables.product_count = offer_count;
}

static void make_points(struct catalogue *all, const struct settings *settings)
{
    uint32_t count = (uint32_t)settings->site_count * POINTS_PER_SITE;
    struct point *points = take(count, sizeof(points[0]));
    for (uint32_t i = 0; i < count; i++)
        points[i] = (struct point){.number = i + 1, .site = 1 + i / POINTS_PER_SITE};
    all->tables.points = points;
    all->tables.point_count = count;
}

/* Persons in one to nine groups, on all days, as nearly everybody is. */
static void make_people(struct catalogue *all, uint64_t *state)
{
    uint32_t *first = take(SET_COUNT + 1, sizeof(first[0]));
    struct membership *list = take(SET_COUNT * SET_SIZE_MOST, sizeof(list[0]));
    struct view *views = take(VIEW_COUNT, sizeof(views[0]));
    uint32_t used = 0;
    first[0] = 0; /* set 0 is empty */
    for (uint32_t set = 1; set < SET_COUNT; set++) {
        first[set] = used;
        uint64_t size = SET_SIZE_LEAST + random_below(state, SET_SIZE_MOST - SET_SIZE_LEAST + 1);
        uint32_t group = 0;
        for (uint64_t i = 0; i < size; i++) {
            group += 1 + (uint32_t)random_below(state, GROUP_COUNT / SET_SIZE_MOST);
            list[used++] =
                (struct membership){(uint16_t)group, TRUTH_YES, FROM_DAY, FROM_DAY + WINDOW_DAYS};
        }
    }
    first[SET_COUNT] = used;
    views[VIEW_NOBODY] = (struct view){0, 0, DAY_NEVER};
    for (uint32_t i = 1; i < VIEW_COUNT; i++)
        views[i] = (struct view){i % SET_COUNT, FROM_DAY, FROM_DAY + WINDOW_DAYS};
    all->tables.set_first = first;
    all->tables.memberships = list;
    all->tables.views = views;
    all->tables.set_count = SET_COUNT;
    all->tables.view_count = VIEW_COUNT;
    all->tables.group_count = GROUP_COUNT;
}

static void make_days(struct catalogue *all, uint64_t *state)
{
    struct dayset *daysets = take(DAYSET_COUNT, sizeof(daysets[0]));
    memset(daysets, 0, DAYSET_COUNT * sizeof(daysets[0]));
    for (uint32_t i = 0; i < DAYSET_COUNT; i++)
        for (uint32_t day = 0; day < WINDOW_DAYS; day++)
            if (i == DAYSET_ALL || random_below(state, 4) != 0)
                daysets[i].words[day / 64] |= UINT64_C(1) << day % 64;
    all->tables.daysets = daysets;
    all->tables.dayset_count = DAYSET_COUNT;
}

/* Half of the purchases are nobody's. */
static void make_purchases(struct catalogue *all, uint64_t *state)
{
    all->purchases = take(PURCHASE_COUNT, sizeof(all->purchases[0]));
    all->views = take(PURCHASE_COUNT, sizeof(all->views[0]));
    for (uint32_t i = 0; i < PURCHASE_COUNT; i++) {
        const struct offer *offer =
            &all->tables.offers[random_below(state, all->tables.offer_count)];
        all->purchases[i] = (struct purchase){
            .product = offer->product,
            .point_of_sale = 1 + (offer->site - 1) * POINTS_PER_SITE +
                             (uint32_t)random_below(state, POINTS_PER_SITE),
            .unit_price = (uint32_t)random_below(state, 5 * EUR),
            .quantity = 1,
            .means = MEANS_PERSONAL_CODE,
            .service_time_s = time_of_riga_day(FROM_DAY + 40) + random_below(state, 86400),
        };
        all->views[i] = 1 + (uint32_t)random_below(state, VIEW_COUNT - 1);
        if (random_below(state, 2))
            all->views[i] |= VIEW_DECOY;
    }
}

static bool catalogue_make(struct catalogue *all, const struct settings *settings,
                           struct fault *fault)
{
    uint64_t state = 1;
    struct relief *reliefs = take(settings->relief_count, sizeof(reliefs[0]));
    memset(reliefs, 0, settings->relief_count * sizeof(reliefs[0]));
    all->tables.reliefs = reliefs;
    all->tables.relief_count = (uint32_t)settings->relief_count;
    all->manifest = (struct manifest){.from_day = FROM_DAY, .until_day = FROM_DAY + WINDOW_DAYS};
    make_offers(all, settings, &state);
    make_points(all, settings);
    make_people(all, &state);
    make_days(all, &state);
    make_purchases(all, &state);
    return edition_open(&all->edition, &all->tables, &all->manifest, fault);
}

static void catalogue_free(struct catalogue *all)
{
    const struct tables *t = &all->tables;
    const void *arrays[] = {t->reliefs, t->clauses,     t->offers, t->products, t->points,
                            t->daysets, t->memberships, t->views,  t->set_first};
    edition_close(all->edition);
    for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
        free((void *)(uintptr_t)arrays[i]); /* ours; const is for those who read them */
    free(all->purchases);
    free(all->views);
}

/* ---- measuring ---- */

/* What is read for a purchase, whoever the question is then asked about. */
static uint32_t set_of(const struct catalogue *all, uint32_t purchase)
{
    return all->tables.views[all->views[purchase] & ~VIEW_DECOY].set;
}

/* As the engine does: a group of purchases, what they need asked for ahead, then decided. */
static void decide_group(struct catalogue *all, uint32_t first)
{
    struct candidates candidates[GROUP_SIZE_MAX];
    const struct tables *tables = &all->tables;
    for (uint32_t i = 0; i < GROUP_SIZE_MAX; i++) {
        candidates[i] = decide_candidates(all->edition, &all->purchases[first + i]);
        __builtin_prefetch(&tables->views[all->views[first + i] & ~VIEW_DECOY]);
    }
    for (uint32_t i = 0; i < GROUP_SIZE_MAX; i++)
        __builtin_prefetch(&all->edition->sets[set_of(all, first + i)]);
    for (uint32_t i = 0; i < GROUP_SIZE_MAX; i++)
        __builtin_prefetch(&tables->memberships[all->edition->sets[set_of(all, first + i)].first]);
    for (uint32_t i = 0; i < GROUP_SIZE_MAX; i++) {
        struct verdict verdict;
        decide_into(&verdict, all->edition, &candidates[i], all->views[first + i],
                    &all->purchases[first + i]);
        all->sum += verdict.payable + (uint64_t)verdict.status;
    }
}

static double measure(struct catalogue *all)
{
    uint64_t start_ns = clock_monotonic_ns();
    for (uint32_t i = 0; i < PURCHASE_COUNT; i += GROUP_SIZE_MAX)
        decide_group(all, i);
    return (double)(clock_monotonic_ns() - start_ns) / PURCHASE_COUNT;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print(const struct settings *settings, const struct catalogue *all, const double *ns)
{
    double median = ns[settings->rounds / 2];
    if (!settings->is_json) {
        printf("%u reliefs, %u clauses, %u of them on a product: %.1f ns for a decision "
               "(%.1f to %.1f, %u rounds)\n",
               all->tables.relief_count, all->tables.clause_count,
               (unsigned)settings->candidate_count, median, ns[0], ns[settings->rounds - 1],
               (unsigned)settings->rounds);
        return;
    }
    struct json json;
    json_start(&json, stdout);
    json_open_object(&json, NULL);
    json_number(&json, "reliefs", all->tables.relief_count);
    json_number(&json, "clauses", all->tables.clause_count);
    json_number(&json, "candidates", settings->candidate_count);
    json_number(&json, "rounds", settings->rounds);
    json_real(&json, "median_ns", median);
    json_real(&json, "fastest_ns", ns[0]);
    json_real(&json, "slowest_ns", ns[settings->rounds - 1]);
    json_close_object(&json);
    json_end(&json);
}

#define FIELD(name) offsetof(struct settings, name)
static const struct option_row rows[] = {
    {"reliefs", OPTION_NUMBER, FIELD(relief_count), "N", "1000", 1, RELIEF_COUNT_MAX,
     "reliefs of the catalogue"},
    {"clauses", OPTION_NUMBER, FIELD(clause_count), "N", "20000", 1, CLAUSE_COUNT_MAX,
     "clauses of all reliefs together"},
    {"candidates", OPTION_NUMBER, FIELD(candidate_count), "N", "8", 1, OFFER_CLAUSE_COUNT_MAX,
     "clauses about a product at a point of sale, each of another relief"},
    {"sites", OPTION_NUMBER, FIELD(site_count), "N", "100", 1, 10000, "sites, of 8 points each"},
    {"rounds", OPTION_NUMBER, FIELD(rounds), "N", "9", 1, ROUND_COUNT_MAX,
     "rounds; the median counts"},
    {"json", OPTION_FLAG, FIELD(is_json), NULL, NULL, 0, 0, "print JSON"},
};
static const struct option_table table = {
    .usage = "eligbench decide [options]",
    .about =
        "Measures the decision alone, with a made-up catalogue of any size in memory: from the "
        "purchase to the verdict, the person already looked up.",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
};

int command_decide(int argc, char *argv[])
{
    static struct catalogue all;
    struct settings settings;
    struct operands operands;
    struct fault fault;
    double ns[ROUND_COUNT_MAX];
    options_read(&table, &settings, &operands, argc, argv);
    if (settings.candidate_count > settings.clause_count ||
        settings.candidate_count > settings.relief_count) {
        fault_set(&fault, "--candidates: wanted at most as many as there are clauses and reliefs");
        return command_fail(PROGRAM, EXIT_USAGE, &fault);
    }
    if (!catalogue_make(&all, &settings, &fault)) {
        catalogue_free(&all);
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    }
    measure(&all); /* warms up */
    for (uint64_t round = 0; round < settings.rounds; round++)
        ns[round] = measure(&all);
    qsort(ns, settings.rounds, sizeof(ns[0]), compare_doubles);
    print(&settings, &all, ns);
    catalogue_free(&all);
    return command_finish(PROGRAM, EXIT_YES);
}
