#include "tests/shop.h"

#include "protocol/tables.h"
#include "tests/support.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define RELIEFS_ROOM   2048
#define VERSIONS_ROOM  4096
#define CLAUSES_ROOM   RULE_CLAUSE_COUNT_MAX
#define LIST_ROOM      262144
#define PRODUCTS_ROOM  8192
#define POINTS_ROOM    131072
#define CONTRACTS_ROOM 16384
#define TERMINALS_ROOM (TERMINAL_COUNT_MAX + 2)
#define FEW_ROOM       1024

static struct rules rules;
static struct product products[PRODUCTS_ROOM];
static struct rule_calendar calendars[FEW_ROOM];
static struct calendar_item items[FEW_ROOM];
static struct rule_relief reliefs[RELIEFS_ROOM];
static uint32_t reliefs_by_name[RELIEFS_ROOM];
static struct rule_version versions[VERSIONS_ROOM];
static struct rule_limit limits[FEW_ROOM];
static struct split splits[FEW_ROOM];
static uint32_t clause_products[LIST_ROOM], contract_numbers[FEW_ROOM];
static struct point_range ranges[LIST_ROOM];
static struct place_prefix places[FEW_ROOM];
static struct giver givers[FEW_ROOM];
static struct provider providers[FEW_ROOM];
static struct contract_row contracts[CONTRACTS_ROOM];
static struct point_range trade_ranges[LIST_ROOM];
static struct product_row product_rows[FEW_ROOM];
static struct group_rule groups[1];
/* The large ones are no variables: a sanitizer looks for leaks through all of those as each test
 * ends. */
static struct rule_clause *clauses;
static struct point_row *points;
static struct terminal_row *terminals;

struct catalogue shop;

#define ADD(list, room, count) (assert((count) < (room)), &(list)[(count)++])

static const struct in_force always = {0, DAY_NEVER, 0};

void shop_product(uint32_t number)
{
    struct product *product = ADD(products, PRODUCTS_ROOM, rules.product_count);
    memset(product, 0, sizeof(*product));
    product->number = number;
    snprintf(product->name, sizeof(product->name), "product.%u", number);
}

struct rule_relief *shop_relief(const char *name)
{
    struct rule_relief *relief = ADD(reliefs, RELIEFS_ROOM, rules.relief_count);
    memset(relief, 0, sizeof(*relief));
    relief->code = rules.relief_count; /* RELIEF_TEST_CODE of the first */
    relief->giver = SHOP_GIVER;
    relief->first_version = rules.version_count;
    snprintf(relief->name, sizeof(relief->name), "%s", name);
    uint32_t i = rules.relief_count - 1;
    for (; i > 0 && strcmp(reliefs[reliefs_by_name[i - 1]].name, name) > 0; i--)
        reliefs_by_name[i] = reliefs_by_name[i - 1];
    reliefs_by_name[i] = rules.relief_count - 1;
    return relief;
}

struct rule_version *shop_version(uint32_t from_day, uint32_t until_day)
{
    struct rule_version *version = ADD(versions, VERSIONS_ROOM, rules.version_count);
    *version = (struct rule_version){.relief = rules.relief_count - 1,
                                     .from_day = from_day,
                                     .until_day = until_day,
                                     .state = VERSION_ACTIVE,
                                     .order = 100,
                                     .round_step = 1,
                                     .first_clause = rules.clause_count,
                                     .first_limit = rules.limit_count};
    if (reliefs[rules.relief_count - 1].version_count++ > 0 && version[-1].until_day > from_day)
        version[-1].until_day = from_day; /* as rulelang.h promises */
    return version;
}

struct rule_clause *shop_clause(uint32_t product)
{
    struct rule_clause *clause = ADD(clauses, CLAUSES_ROOM, rules.clause_count);
    struct rule_version *version = &versions[rules.version_count - 1];
    *clause = (struct rule_clause){.version = rules.version_count - 1,
                                   .group = GROUP_EVERYBODY,
                                   .known_group = GROUP_EVERYBODY,
                                   .first_product = rules.clause_product_count,
                                   .first_range = rules.range_count,
                                   .first_place = rules.place_count,
                                   .first_contract = rules.contract_number_count,
                                   .calendar = CALENDAR_ALL_DAYS};
    clause->terms = (struct clause){.computation = COMPUTE_PERCENT,
                                    .value = PERCENT_ALL_BP,
                                    .means_mask = MEANS_MASK_ALL,
                                    .entry_mask = ENTRY_MASK_ALL,
                                    .price_most = UINT32_MAX,
                                    .quantity_least = 1,
                                    .quantity_most = UINT16_MAX};
    version->clause_count++;
    clause->terms.number = version->clause_count <= 255 ? (uint8_t)version->clause_count : 0;
    shop_also_product(product);
    return clause;
}

struct rule_limit *shop_limit(uint32_t value)
{
    struct rule_limit *limit = ADD(limits, FEW_ROOM, rules.limit_count);
    *limit = (struct rule_limit){.version = rules.version_count - 1};
    limit->terms = (struct limit){.kind = LIMIT_USES, .period = PERIOD_MONTH, .value = value};
    versions[rules.version_count - 1].limit_count++;
    return limit;
}

struct split *shop_split(uint16_t code)
{
    struct split *split = ADD(splits, FEW_ROOM, rules.split_count);
    memset(split, 0, sizeof(*split));
    *split = (struct split){.code = code, .part_count = 1};
    split->parts[0] = (struct split_part){.payer = SHOP_GIVER, .kind = SPLIT_REST};
    return split;
}

void shop_also_product(uint32_t product)
{
    *ADD(clause_products, LIST_ROOM, rules.clause_product_count) = product;
    clauses[rules.clause_count - 1].product_count++;
}

void shop_at(uint32_t first, uint32_t last)
{
    *ADD(ranges, LIST_ROOM, rules.range_count) = (struct point_range){first, last};
    clauses[rules.clause_count - 1].range_count++;
}

void shop_in(uint32_t prefix, uint8_t digit_count)
{
    *ADD(places, FEW_ROOM, rules.place_count) = (struct place_prefix){prefix, digit_count};
    clauses[rules.clause_count - 1].place_count++;
}

void shop_under(uint32_t contract)
{
    *ADD(contract_numbers, FEW_ROOM, rules.contract_number_count) = contract;
    clauses[rules.clause_count - 1].contract_count++;
}

uint32_t shop_calendar(void)
{
    *ADD(calendars, FEW_ROOM, rules.calendar_count) =
        (struct rule_calendar){.first_item = rules.item_count};
    return rules.calendar_count - 1;
}

struct calendar_item *shop_item(enum calendar_item_kind kind)
{
    struct calendar_item *item = ADD(items, FEW_ROOM, rules.item_count);
    *item = (struct calendar_item){.kind = kind};
    calendars[rules.calendar_count - 1].item_count++;
    return item;
}

struct giver *shop_giver(uint64_t number)
{
    struct giver *giver = ADD(givers, FEW_ROOM, shop.trade.giver_count);
    *giver = (struct giver){.number = number, .in_force = always};
    return giver;
}

struct provider *shop_provider(uint64_t number)
{
    struct provider *provider = ADD(providers, FEW_ROOM, shop.trade.provider_count);
    *provider = (struct provider){.number = number, .in_force = always};
    return provider;
}

struct point_row *shop_point(uint32_t number, uint64_t provider, uint32_t place)
{
    struct point_row *point = ADD(points, POINTS_ROOM, shop.trade.point_count);
    *point = (struct point_row){
        .number = number, .provider = provider, .place = place, .in_force = always};
    return point;
}

struct contract_row *shop_contract(uint32_t number, const char *relief, uint64_t provider)
{
    struct contract_row *contract = ADD(contracts, CONTRACTS_ROOM, shop.trade.contract_count);
    *contract = (struct contract_row){.number = number,
                                      .giver = SHOP_GIVER,
                                      .provider = provider,
                                      .first_range = shop.trade.range_count,
                                      .in_force = always};
    snprintf(contract->relief, sizeof(contract->relief), "%s", relief);
    return contract;
}

void shop_range(uint32_t first, uint32_t last)
{
    *ADD(trade_ranges, LIST_ROOM, shop.trade.range_count) = (struct point_range){first, last};
    contracts[shop.trade.contract_count - 1].range_count++;
}

struct terminal_row *shop_terminal(uint32_t number, uint32_t first_point, uint32_t last_point)
{
    struct terminal_row *terminal = ADD(terminals, TERMINALS_ROOM, shop.trade.terminal_count);
    *terminal = (struct terminal_row){.number = number,
                                      .profile = PROFILE_GATE,
                                      .has_key = true,
                                      .first_range = shop.trade.range_count,
                                      .range_count = 1,
                                      .first_product_range = shop.trade.range_count + 1,
                                      .in_force = always};
    store_u32(terminal->key, number);
    *ADD(trade_ranges, LIST_ROOM, shop.trade.range_count) =
        (struct point_range){first_point, last_point};
    return terminal;
}

void shop_sells(uint32_t first, uint32_t last)
{
    *ADD(trade_ranges, LIST_ROOM, shop.trade.range_count) = (struct point_range){first, last};
    terminals[shop.trade.terminal_count - 1].product_range_count++;
}

struct product_row *shop_product_row(uint32_t number)
{
    struct product_row *row = ADD(product_rows, FEW_ROOM, shop.trade.product_count);
    *row = (struct product_row){.number = number, .in_force = always};
    return row;
}

static void *new_room(size_t size)
{
    void *room = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ck_assert(room != MAP_FAILED);
    return room;
}

static void make_rooms(void)
{
    if (clauses != NULL)
        return;
    clauses = new_room(CLAUSES_ROOM * sizeof(*clauses));
    points = new_room(POINTS_ROOM * sizeof(*points));
    terminals = new_room(TERMINALS_ROOM * sizeof(*terminals));
}

void shop_begin(void)
{
    make_rooms();
    memset(&rules, 0, sizeof(rules));
    rules.products = products;
    rules.calendars = calendars;
    rules.items = items;
    rules.reliefs = reliefs;
    rules.reliefs_by_name = reliefs_by_name;
    rules.versions = versions;
    rules.clauses = clauses;
    rules.limits = limits;
    rules.splits = splits;
    rules.clause_products = clause_products;
    rules.contract_numbers = contract_numbers;
    rules.ranges = ranges;
    rules.places = places;
    rules.groups = groups;
    rules.group_count = 1;
    shop = (struct catalogue){.rules = &rules,
                              .trade = {.givers = givers,
                                        .providers = providers,
                                        .points = points,
                                        .contracts = contracts,
                                        .ranges = trade_ranges,
                                        .terminals = terminals,
                                        .products = product_rows}};
    shop_product(PRODUCT_TEST);
    snprintf(products[0].name, sizeof(products[0].name), "%s", PRODUCT_TEST_NAME);
    shop_relief(RELIEF_TEST_NAME)->is_everywhere = true;
    shop_version(0, DAY_NEVER);
    struct rule_clause *clause = shop_clause(PRODUCT_TEST);
    clause->group = clause->known_group = GROUP_TEST;
}

/* ---- what comes out ---- */

static void check_as_a_snapshot(const struct compiled *compiled)
{
    static const struct view views[1] = {{0, 0, DAY_NEVER}};
    static const uint32_t set_first[2] = {0, 0};
    static struct group all_groups[GROUP_COUNT_MAX];
    snprintf(all_groups[0].name, NAME_SIZE, "%s", GROUP_TEST_NAME);
    struct tables tables = {.views = views,
                            .set_first = set_first,
                            .groups = all_groups,
                            .view_count = 1,
                            .set_count = 1,
                            .group_count = GROUP_COUNT_MAX};
    compiled_fill(&tables, compiled);
    struct fault fault = {""};
    ck_assert_msg(tables_check(&tables, &fault), "%s", fault.text);
}

static void check_days(const struct dayset *set, uint32_t window_days)
{
    for (uint32_t bit = window_days; bit < 64 * DAYSET_WORD_COUNT; bit++)
        ck_assert((set->words[bit / 64] >> bit % 64 & 1) == 0);
}

static void check_run(const struct compiled *compiled, const struct offer *offer)
{
    const struct dayset *covered = &compiled->daysets[offer->dayset];
    uint64_t any = 0;
    for (size_t w = 0; w < DAYSET_WORD_COUNT; w++)
        any |= covered->words[w];
    ck_assert(any != 0);
    for (uint32_t i = offer->clause_first; i < offer->clause_first + offer->clause_count; i++) {
        const struct dayset *days = &compiled->daysets[compiled->clauses[i].dayset];
        for (size_t w = 0; w < DAYSET_WORD_COUNT; w++)
            ck_assert((days->words[w] & ~covered->words[w]) == 0);
    }
}

void shop_check(const struct compiled *compiled, struct window window)
{
    uint32_t window_days = window.until_day - window.from_day;
    check_as_a_snapshot(compiled);
    for (uint32_t i = 0; i < compiled->dayset_count; i++) {
        check_days(&compiled->daysets[i], window_days);
        for (uint32_t other = 0; other < i && other < 100; other++)
            ck_assert_mem_ne(&compiled->daysets[i], &compiled->daysets[other],
                             sizeof(struct dayset));
    }
    for (uint32_t bit = 0; bit < window_days; bit++)
        ck_assert(compiled->daysets[DAYSET_ALL].words[bit / 64] >> bit % 64 & 1);
    for (uint32_t i = 0; i < compiled->offer_count; i++)
        check_run(compiled, &compiled->offers[i]);
    for (uint32_t i = 0; i < compiled->clause_count; i++)
        ck_assert(compiled->clauses[i].code != 0 &&
                  compiled->clause_origins[i] < shop.rules->clause_count);
    size_t size;
    free(shop_bytes(compiled, &size)); /* encoders assert what they write */
}

#define ENCODE(kind, list, list_count, record_size)                                                \
    for (uint32_t i = 0; i < (list_count); i++, at += (record_size))                               \
        kind##_encode(bytes + at, &(list)[i]);

uint8_t *shop_bytes(const struct compiled *compiled, size_t *size)
{
    *size =
        (size_t)compiled->product_count * PRODUCT_SIZE +
        (size_t)compiled->point_count * POINT_SIZE + (size_t)compiled->dayset_count * DAYSET_SIZE +
        (size_t)compiled->offer_count * OFFER_SIZE +
        (size_t)compiled->clause_count * (CLAUSE_SIZE + 4) +
        (size_t)compiled->relief_count * RELIEF_SIZE +
        (size_t)compiled->contract_count * CONTRACT_SIZE +
        (size_t)compiled->split_count * SPLIT_SIZE + (size_t)compiled->limit_count * LIMIT_SIZE +
        (size_t)compiled->terminal_count * TERMINAL_SIZE +
        (size_t)compiled->span_count * NUMBER_SPAN_SIZE;
    uint8_t *bytes = calloc(*size, 1);
    size_t at = 0;
    ck_assert_ptr_nonnull(bytes);
    ENCODE(product, compiled->products, compiled->product_count, PRODUCT_SIZE)
    ENCODE(point, compiled->points, compiled->point_count, POINT_SIZE)
    ENCODE(dayset, compiled->daysets, compiled->dayset_count, DAYSET_SIZE)
    ENCODE(offer, compiled->offers, compiled->offer_count, OFFER_SIZE)
    ENCODE(clause, compiled->clauses, compiled->clause_count, CLAUSE_SIZE)
    ENCODE(relief, compiled->reliefs, compiled->relief_count, RELIEF_SIZE)
    ENCODE(contract, compiled->contracts, compiled->contract_count, CONTRACT_SIZE)
    ENCODE(split, compiled->splits, compiled->split_count, SPLIT_SIZE)
    ENCODE(limit, compiled->limits, compiled->limit_count, LIMIT_SIZE)
    ENCODE(terminal, compiled->terminals, compiled->terminal_count, TERMINAL_SIZE)
    ENCODE(number_span, compiled->spans, compiled->span_count, NUMBER_SPAN_SIZE)
    for (uint32_t i = 0; i < compiled->clause_count; i++, at += 4)
        store_u32(bytes + at, compiled->clause_origins[i]);
    ck_assert_uint_eq(at, *size);
    return bytes;
}
