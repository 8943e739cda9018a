/* The decision, one row of a table for each case; rows are numbered as the steps of decide.c. */
#include "protocol/decide.h"
#include "tests/shelf.h"
#include "tests/support.h"

#include <string.h>

/* The window is 2026-10-23 to 2027-01-24, as of Monday 2026-11-23. */
enum { FROM = 20749, TODAY = 20780, UNTIL = 20842 };
enum { AUTUMN = 20751 }; /* 2026-10-25, a day of 25 hours */

/* ---- who ---- */

enum { TEST = 0, ALWAYS, SOON_OVER, LATER, MAYBE, TWICE, NOBODYS };
enum { ALWAYS_TWIN = ALWAYS + GROUP_BIT_COUNT, GROUPS }; /* has the bit of ALWAYS, and nobody */
enum { SET_EMPTY, SET_RICH, SET_MAYBE, SET_TWICE, SET_COUNT };
static const struct membership memberships[] = {
    /* rich: */ {ALWAYS, TRUTH_YES, FROM, UNTIL},
    {SOON_OVER, TRUTH_YES, FROM, TODAY + 1},
    {LATER, TRUTH_YES, TODAY + 1, UNTIL},
    /* maybe: */ {SOON_OVER, TRUTH_YES, FROM, TODAY},
    {MAYBE, TRUTH_UNKNOWN, FROM, UNTIL},
    /* twice: */ {TWICE, TRUTH_UNKNOWN, FROM, TODAY - 2},
    {TWICE, TRUTH_YES, TODAY - 2, TODAY - 1},
    {TWICE, TRUTH_YES, TODAY, TODAY + 3},
    {TWICE, TRUTH_UNKNOWN, TODAY + 5, UNTIL},
};
static const uint32_t set_first[SET_COUNT + 1] = {0, 0, 3, 5, 9};

enum { NOBODY, RICH, RICH_ENDED, RICH_NOT_YET, RICH_UNTIL_SOON, MAYBE_ONE, TWICE_ONE, VIEW_COUNT };
static const struct view views[VIEW_COUNT] = {
    [NOBODY] = {SET_EMPTY, 0, DAY_NEVER},
    [RICH] = {SET_RICH, FROM, UNTIL},
    [RICH_ENDED] = {SET_RICH, FROM, TODAY},
    [RICH_NOT_YET] = {SET_RICH, TODAY + 1, UNTIL},
    [RICH_UNTIL_SOON] = {SET_RICH, FROM, TODAY + 2},
    [MAYBE_ONE] = {SET_MAYBE, FROM, UNTIL},
    [TWICE_ONE] = {SET_TWICE, FROM, UNTIL},
};

/* ---- what, where, when ---- */

enum { ALL_DAYS, PAST, FUTURE, SHORT, TODAY_ONLY, DAYSETS };
static struct dayset daysets[DAYSETS];

static void fill_days(struct dayset *dayset, uint32_t from_day, uint32_t until_day)
{
    memset(dayset, 0, sizeof(*dayset));
    for (uint32_t day = from_day; day < until_day; day++)
        dayset->words[(day - FROM) / 64] |= UINT64_C(1) << (day - FROM) % 64;
}

enum { HERE = 1, THERE = 2 }; /* sites */
static const struct point points[] = {
    {.number = 101, .site = HERE}, {.number = 102, .site = HERE}, {.number = 201, .site = THERE}};

/* Each clause: as shelf_clause makes it, but for what differs and is not 0. Those of one product
 * stand together. */
#define CLAUSE(product_, relief_, group_, value_)                                                  \
    {                                                                                              \
        .product = product_, .relief = relief_, .group = group_, .value = value_                   \
    }
#define CLAUSE_AS(product_, relief_, group_, value_, ...)                                          \
    {                                                                                              \
        .product = product_, .relief = relief_, .group = group_, .value = value_, .differs = {     \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

/* Products, by what their clauses are about. */
enum {
    HALF = 10,
    TURNS,
    SURE,
    UNSURE,
    EQUALS,
    WHILE_SHORT,
    GAPS,
    GONE,
    FEW,
    SMALL,
    ANYBODY,
    ALLOWED,
    CLOCKED,
    PRICED,
    COUNTED,
    BY_MEANS,
    READ,
    ORDERED,
    STACKED,
    STACKED_ONLY,
    COMPANION,
    ONE_UNIT,
    OFF,
    SUBSIDY,
    COSTS,
    ABOVE,
    CAPPED,
    CAPPED_EACH,
    CENTS,
    CENTS_DOWN,
    CENTS_UP,
    HERE_ONLY,
    PLAIN,
    SWITCHED,
    STACK_SPLIT,
    STACK_EMPTY,
    SAME_BIT,
    END
};
enum { OPEN, OTHER, THIRD, FOURTH, RELIEFS };
static const struct {
    uint32_t product;
    uint16_t relief, group, value;
    struct clause differs;
} shelf[] = {
    CLAUSE(HALF, OPEN, ALWAYS, 5000),
    CLAUSE_AS(TURNS, OPEN, ALWAYS, 10000, .dayset = PAST),
    CLAUSE_AS(TURNS, OTHER, ALWAYS, 10000, .dayset = FUTURE),
    CLAUSE(SURE, OPEN, SOON_OVER, 10000),
    CLAUSE(SURE, OTHER, ALWAYS, 5000),
    CLAUSE(UNSURE, OPEN, NOBODYS, 10000),
    CLAUSE(UNSURE, OTHER, MAYBE, 10000),
    CLAUSE(EQUALS, OPEN, ALWAYS, 3333),
    CLAUSE(EQUALS, OTHER, ALWAYS, 3333),
    CLAUSE_AS(WHILE_SHORT, OPEN, ALWAYS, 10000, .dayset = SHORT),
    CLAUSE(GAPS, OPEN, TWICE, 10000),
    CLAUSE_AS(GONE, OPEN, MAYBE, 10000, .dayset = PAST),
    CLAUSE(FEW, OPEN, LATER, 1),
    CLAUSE(SMALL, OPEN, MAYBE, 5000),
    CLAUSE(SMALL, OTHER, ALWAYS, 1),
    CLAUSE_AS(ANYBODY, OPEN, GROUP_EVERYBODY, 10000, .dayset = TODAY_ONLY),
    CLAUSE_AS(ALLOWED, OPEN, MAYBE, 5000, .flags = CLAUSE_ALLOWS_UNKNOWN),
    CLAUSE_AS(CLOCKED, OPEN, ALWAYS, 10000, .clock_count = 2, .clocks = {{600, 900}, {1380, 1440}}),
    CLAUSE_AS(PRICED, OPEN, ALWAYS, 10000, .price_least = 42700, .price_most = 50000),
    CLAUSE_AS(COUNTED, OPEN, ALWAYS, 10000, .quantity_least = 2, .quantity_most = 4),
    CLAUSE_AS(BY_MEANS, OPEN, ALWAYS, 10000, .means_mask = 1 << MEANS_EID | 1 << MEANS_CARD),
    CLAUSE_AS(READ, OPEN, ALWAYS, 10000, .entry_mask = 1 << ENTRY_CHIP),
    CLAUSE(ORDERED, OPEN, NOBODYS, 10000),
    CLAUSE_AS(ORDERED, OPEN, MAYBE, 9000, .number = 2),
    CLAUSE_AS(ORDERED, OPEN, ALWAYS, 1000, .number = 3),
    CLAUSE_AS(ORDERED, OPEN, ALWAYS, 5000, .number = 4),
    CLAUSE(STACKED, OPEN, ALWAYS, 5000),
    CLAUSE(STACKED, OTHER, SOON_OVER, 2000),
    CLAUSE_AS(STACKED, THIRD, SOON_OVER, 1000, .flags = CLAUSE_STACKS, .split = 7),
    CLAUSE_AS(STACKED, FOURTH, ALWAYS, 5000, .flags = CLAUSE_STACKS, .computation = COMPUTE_AMOUNT),
    CLAUSE_AS(STACKED_ONLY, THIRD, ALWAYS, 5000, .flags = CLAUSE_STACKS),
    CLAUSE_AS(COMPANION, OPEN, ALWAYS, 10000, .companions_max = 1),
    CLAUSE_AS(ONE_UNIT, OPEN, ALWAYS, 10000, .unit_count_max = 1),
    CLAUSE_AS(OFF, OPEN, ALWAYS, 7100, .computation = COMPUTE_AMOUNT),
    CLAUSE_AS(SUBSIDY, OPEN, ALWAYS, 15450, .computation = COMPUTE_SUBSIDY),
    CLAUSE_AS(COSTS, OPEN, ALWAYS, 3000, .computation = COMPUTE_PRICE),
    CLAUSE_AS(ABOVE, OPEN, ALWAYS, 5000, .above = 10000),
    CLAUSE_AS(CAPPED, OPEN, ALWAYS, 10000, .cap = 20000),
    CLAUSE_AS(CAPPED_EACH, OPEN, ALWAYS, 10000, .cap = 20000, .flags = CLAUSE_CAP_EACH),
    CLAUSE_AS(CENTS, OPEN, ALWAYS, 3333, .round_step = 100),
    CLAUSE_AS(CENTS_DOWN, OPEN, ALWAYS, 3333, .round_step = 100, .rounding = ROUND_DOWN),
    CLAUSE_AS(CENTS_UP, OPEN, ALWAYS, 9999, .round_step = 100, .rounding = ROUND_UP),
    CLAUSE(HERE_ONLY, OPEN, ALWAYS, 10000),
    CLAUSE_AS(SWITCHED, OPEN, ALWAYS, 5000, .dayset = PAST),
    CLAUSE_AS(SWITCHED, OPEN, ALWAYS, 2500, .dayset = TODAY_ONLY, .flags = CLAUSE_STACKS),
    CLAUSE(STACK_SPLIT, OPEN, ALWAYS, 5000),
    CLAUSE_AS(STACK_SPLIT, THIRD, ALWAYS, 5000, .flags = CLAUSE_STACKS, .split = 7),
    CLAUSE_AS(STACK_EMPTY, THIRD, ALWAYS, 20000, .flags = CLAUSE_STACKS,
              .computation = COMPUTE_PRICE),
    CLAUSE_AS(STACK_EMPTY, FOURTH, ALWAYS, 5000, .flags = CLAUSE_STACKS),
    CLAUSE(SAME_BIT, OPEN, ALWAYS_TWIN, 10000),
};
enum { CLAUSES = sizeof(shelf) / sizeof(shelf[0]) };
static struct clause clauses[CLAUSES];
static struct offer offers[2 * CLAUSES];
static struct product products[END];

static struct tables tables = {
    .views = views,
    .set_first = set_first,
    .memberships = memberships,
    .points = points,
    .daysets = daysets,
    .offers = offers,
    .clauses = clauses,
    .products = products,
    .view_count = VIEW_COUNT,
    .set_count = SET_COUNT,
    .group_count = GROUPS,
    .relief_count = RELIEFS,
    .point_count = sizeof(points) / sizeof(points[0]),
    .dayset_count = DAYSETS,
    .clause_count = CLAUSES,
};

static struct edition *edition;

#define TAKE(field)                                                                                \
    if (differs->field != 0)                                                                       \
    clause.field = differs->field
static struct clause clause_of(size_t i)
{
    const struct clause *differs = &shelf[i].differs;
    struct clause clause =
        shelf_clause(100u + shelf[i].relief, shelf[i].relief, shelf[i].group, shelf[i].value);
    clause.split = (uint16_t)(7 + shelf[i].relief);
    TAKE(split);
    TAKE(dayset);
    TAKE(computation);
    TAKE(flags);
    TAKE(rounding);
    TAKE(companions_max);
    TAKE(round_step);
    TAKE(means_mask);
    TAKE(entry_mask);
    TAKE(above);
    TAKE(cap);
    TAKE(price_least);
    TAKE(price_most);
    TAKE(quantity_least);
    TAKE(quantity_most);
    TAKE(unit_count_max);
    TAKE(clock_count);
    TAKE(number);
    memcpy(clause.clocks, differs->clocks, sizeof(clause.clocks));
    return clause;
}

/* Everything but HERE_ONLY stands nowhere, so that it needs no contract; HERE_ONLY at site HERE. */
static void open_edition(void)
{
    static struct manifest manifest = {
        .from_day = FROM, .until_day = UNTIL, .not_after_s = UINT64_MAX};
    uint32_t clause_products[CLAUSES];
    struct fault fault;
    daysets[ALL_DAYS] = shelf_all_days(UNTIL - FROM);
    fill_days(&daysets[PAST], FROM, TODAY);
    fill_days(&daysets[FUTURE], TODAY + 1, UNTIL);
    fill_days(&daysets[SHORT], TODAY, TODAY + 4);
    fill_days(&daysets[TODAY_ONLY], TODAY, TODAY + 1);
    for (uint32_t i = 0; i < CLAUSES; i++) {
        clauses[i] = clause_of(i);
        clause_products[i] = shelf[i].product;
    }
    tables.offer_count = shelf_offers(offers, clause_products, CLAUSES);
    for (uint32_t i = 0; i < tables.offer_count; i++) {
        if (offers[i].product == HERE_ONLY) {
            offers[i].site = HERE;
            offers[i].dayset = SHORT;
        }
    }
    tables.product_count = 0;
    for (uint32_t number = HALF; number < END; number++)
        products[tables.product_count++].number = number;
    ck_assert_msg(edition_open(&edition, &tables, &manifest, &fault), "%s", fault.text);
}

static void close_edition(void)
{
    edition_close(edition);
}

/* ---- the table ---- */

struct row {
    const char *name;
    uint32_t view, day;
    struct purchase purchase; /* service_time_s: seconds of the day */
    enum decision step;
    enum status status;
    uint32_t relief;
    uint16_t split;
    uint64_t relief_amount, payable;
    uint32_t until_day;
};
#define BUY(product_, price_, quantity_)                                                           \
    {                                                                                              \
        .product = product_, .unit_price = price_, .quantity = quantity_                           \
    }
#define BUY_AS(product_, price_, quantity_, ...)                                                   \
    {                                                                                              \
        .product = product_, .unit_price = price_, .quantity = quantity_, __VA_ARGS__              \
    }
#define NOTHING(total) DECISION_NONE, STATUS_DOES_NOT_APPLY, 0, 0, 0, total, 0
#define TAKES(relief, amount, payable, until)                                                      \
    DECISION_BEST, STATUS_APPLIES, 100 + relief, 7 + relief, amount, payable, until

/* clang-format off */
static const struct row rows[] = {
    {"1. a product that is not in the catalogue", RICH, TODAY, BUY(9, 15000, 1),
        DECISION_PRODUCT, STATUS_UNKNOWN_PRODUCT, 0, 0, 0, 15000, 0},
    {"1. product 0", RICH, TODAY, BUY(0, 15000, 1),
        DECISION_PRODUCT, STATUS_UNKNOWN_PRODUCT, 0, 0, 0, 15000, 0},
    {"1. comes before 2 and 3", RICH, UNTIL, BUY_AS(9, 15000, 2, .point_of_sale = 999),
        DECISION_PRODUCT, STATUS_UNKNOWN_PRODUCT, 0, 0, 0, 30000, 0},
    {"2. a point of sale that is not in the catalogue", RICH, TODAY, BUY_AS(HERE_ONLY, 15000, 1, .point_of_sale = 999),
        DECISION_POINT, STATUS_UNKNOWN_POINT_OF_SALE, 0, 0, 0, 15000, 0},
    {"2. comes before 3", RICH, UNTIL, BUY_AS(HERE_ONLY, 15000, 1, .point_of_sale = 999),
        DECISION_POINT, STATUS_UNKNOWN_POINT_OF_SALE, 0, 0, 0, 15000, 0},
    {"2. there what needs no contract is given", RICH, TODAY, BUY_AS(HALF, 15000, 1, .point_of_sale = 999),
        TAKES(OPEN, 7500, 7500, UNTIL)},
    {"3. the day before the window", RICH, FROM - 1, BUY(HALF, 15000, 1),
        DECISION_WINDOW, STATUS_OUTSIDE_WINDOW, 0, 0, 0, 15000, 0},
    {"3. the window's first day is in", RICH, FROM, BUY(HALF, 15000, 1), TAKES(OPEN, 7500, 7500, UNTIL)},
    {"3. the window's last day is in", RICH, UNTIL - 1, BUY(HALF, 15000, 1), TAKES(OPEN, 7500, 7500, UNTIL)},
    {"3. until_day itself is outside", RICH, UNTIL, BUY(HALF, 15000, 1),
        DECISION_WINDOW, STATUS_OUTSIDE_WINDOW, 0, 0, 0, 15000, 0},
    {"3. comes before 4", RICH, UNTIL, BUY_AS(HERE_ONLY, 15000, 1, .point_of_sale = 201),
        DECISION_WINDOW, STATUS_OUTSIDE_WINDOW, 0, 0, 0, 15000, 0},
    {"4. a product without any relief", RICH, TODAY, BUY(PLAIN, 15000, 1),
        DECISION_CONTRACT, STATUS_NO_CONTRACT, 0, 0, 0, 15000, 0},
    {"4. a point of sale without a contract", RICH, TODAY, BUY_AS(HERE_ONLY, 15000, 1, .point_of_sale = 201),
        DECISION_CONTRACT, STATUS_NO_CONTRACT, 0, 0, 0, 15000, 0},
    {"4. no point of sale is stated", RICH, TODAY, BUY(HERE_ONLY, 15000, 1),
        DECISION_CONTRACT, STATUS_NO_CONTRACT, 0, 0, 0, 15000, 0},
    {"4. the contract begins today", RICH, TODAY, BUY_AS(HERE_ONLY, 15000, 1, .point_of_sale = 101),
        TAKES(OPEN, 15000, 0, UNTIL)},
    {"4. at both points of the site", RICH, TODAY + 3, BUY_AS(HERE_ONLY, 15000, 1, .point_of_sale = 102),
        TAKES(OPEN, 15000, 0, UNTIL)},
    {"4. there was none yesterday", RICH, TODAY - 1, BUY_AS(HERE_ONLY, 15000, 1, .point_of_sale = 101),
        DECISION_CONTRACT, STATUS_NO_CONTRACT, 0, 0, 0, 15000, 0},
    {"4. it has ended", RICH, TODAY + 4, BUY_AS(HERE_ONLY, 15000, 1, .point_of_sale = 101),
        DECISION_CONTRACT, STATUS_NO_CONTRACT, 0, 0, 0, 15000, 0},
    {"5. a means whose last day was yesterday", RICH_ENDED, TODAY, BUY(HALF, 15000, 1), NOTHING(15000)},
    {"5. the same means was good yesterday", RICH_ENDED, TODAY - 1, BUY(HALF, 15000, 1), TAKES(OPEN, 7500, 7500, TODAY)},
    {"5. a means that is good from tomorrow", RICH_NOT_YET, TODAY, BUY(HALF, 15000, 1), NOTHING(15000)},
    {"5. nobody is entitled to nothing", NOBODY, TODAY, BUY(HALF, 15000, 1), NOTHING(15000)},
    {"5. nobody is no missing data either", NOBODY, TODAY, BUY(UNSURE, 15000, 1), NOTHING(15000)},
    {"5. what everybody gets nobody gets, too", NOBODY, TODAY, BUY(ANYBODY, 15000, 1), TAKES(OPEN, 15000, 0, TODAY + 1)},
    {"5. and whoever has a means that ended", RICH_ENDED, TODAY, BUY(ANYBODY, 15000, 1), TAKES(OPEN, 15000, 0, TODAY + 1)},
    {"6. on the day before it nobody", RICH, TODAY - 1, BUY(ANYBODY, 15000, 1), NOTHING(15000)},
    {"6. a clause that ended today, another that begins tomorrow", RICH, TODAY, BUY(TURNS, 15000, 1), NOTHING(15000)},
    {"6. the first of them yesterday", RICH, TODAY - 1, BUY(TURNS, 15000, 1), TAKES(OPEN, 15000, 0, TODAY)},
    {"6. the second of them tomorrow", RICH, TODAY + 1, BUY(TURNS, 15000, 1), TAKES(OTHER, 15000, 0, UNTIL)},
    {"6. a membership that begins tomorrow", RICH, TODAY, BUY(FEW, 15000, 1), NOTHING(15000)},
    {"6. in the last span but one of a group", TWICE_ONE, TODAY + 2, BUY(GAPS, 15000, 1), TAKES(OPEN, 15000, 0, TODAY + 3)},
    {"6. in the gap between two spans of a group", TWICE_ONE, TODAY + 3, BUY(GAPS, 15000, 1), NOTHING(15000)},
    {"6. in an earlier span of a group", TWICE_ONE, TODAY - 2, BUY(GAPS, 15000, 1), TAKES(OPEN, 15000, 0, TODAY - 1)},
    {"6. in the gap of one day", TWICE_ONE, TODAY - 1, BUY(GAPS, 15000, 1), NOTHING(15000)},
    {"6. a price below the least", RICH, TODAY, BUY(PRICED, 42699, 1), NOTHING(42699)},
    {"6. the least price", RICH, TODAY, BUY(PRICED, 42700, 1), TAKES(OPEN, 42700, 0, UNTIL)},
    {"6. the greatest price", RICH, TODAY, BUY(PRICED, 50000, 2), TAKES(OPEN, 100000, 0, UNTIL)},
    {"6. a price above the greatest", RICH, TODAY, BUY(PRICED, 50001, 1), NOTHING(50001)},
    {"6. fewer than the least quantity", RICH, TODAY, BUY(COUNTED, 100, 1), NOTHING(100)},
    {"6. the least quantity", RICH, TODAY, BUY(COUNTED, 100, 2), TAKES(OPEN, 200, 0, UNTIL)},
    {"6. the greatest quantity", RICH, TODAY, BUY(COUNTED, 100, 4), TAKES(OPEN, 400, 0, UNTIL)},
    {"6. more than the greatest quantity", RICH, TODAY, BUY(COUNTED, 100, 5), NOTHING(500)},
    {"6. a means that will not do", RICH, TODAY, BUY(BY_MEANS, 100, 1), NOTHING(100)},
    {"6. one that will", RICH, TODAY, BUY_AS(BY_MEANS, 100, 1, .means = MEANS_EID), TAKES(OPEN, 100, 0, UNTIL)},
    {"6. read otherwise than asked for", RICH, TODAY, BUY_AS(READ, 100, 1, .entry = ENTRY_TYPED), NOTHING(100)},
    {"6. not said how", RICH, TODAY, BUY(READ, 100, 1), NOTHING(100)},
    {"6. read as asked for", RICH, TODAY, BUY_AS(READ, 100, 1, .entry = ENTRY_CHIP), TAKES(OPEN, 100, 0, UNTIL)},
    {"6. of a relief the first clause that fits, not the best", RICH, TODAY, BUY(ORDERED, 10000, 1), TAKES(OPEN, 1000, 9000, UNTIL)},
    {"6. missing data may count as yes", MAYBE_ONE, TODAY, BUY(ALLOWED, 15000, 1), TAKES(OPEN, 7500, 7500, UNTIL)},
    {"6. not for who is surely not in the group", RICH, TODAY, BUY(ALLOWED, 15000, 1), NOTHING(15000)},
    {"7. the larger amount wins, though it ends sooner", RICH, TODAY, BUY(SURE, 15000, 1), TAKES(OPEN, 15000, 0, TODAY + 1)},
    {"7. tomorrow the other one is left", RICH, TODAY + 1, BUY(SURE, 15000, 1), TAKES(OTHER, 7500, 7500, UNTIL)},
    {"7. of equal amounts the one that is tried first", RICH, TODAY, BUY(EQUALS, 15000, 1), TAKES(OPEN, 5000, 10000, UNTIL)},
    {"7. without a price all amounts are equal", RICH, TODAY, BUY(SURE, 0, 1), TAKES(OPEN, 0, 0, TODAY + 1)},
    {"7. valid while the days last", RICH, TODAY, BUY(WHILE_SHORT, 15000, 1), TAKES(OPEN, 15000, 0, TODAY + 4)},
    {"7. valid while the means is good", RICH_UNTIL_SOON, TODAY, BUY(HALF, 15000, 1), TAKES(OPEN, 7500, 7500, TODAY + 2)},
    {"7. half a unit is rounded up", RICH, TODAY, BUY(HALF, 15001, 1), TAKES(OPEN, 7501, 7500, UNTIL)},
    {"7. below half a unit is rounded down", RICH, TODAY, BUY(EQUALS, 10001, 1), TAKES(OPEN, 3333, 6668, UNTIL)},
    {"7. the total is rounded, not the single price", RICH, TODAY, BUY(HALF, 15001, 2), TAKES(OPEN, 15001, 15001, UNTIL)},
    {"7. the largest price times the largest quantity", RICH, TODAY, BUY(WHILE_SHORT, UINT32_MAX, 10000),
        TAKES(OPEN, 42949672950000, 0, TODAY + 4)},
    {"7. rounded to cents", RICH, TODAY, BUY(CENTS, 10000, 1), TAKES(OPEN, 3300, 6700, UNTIL)},
    {"7. rounded to cents, down", RICH, TODAY, BUY(CENTS_DOWN, 11000, 1), TAKES(OPEN, 3600, 7400, UNTIL)},
    {"7. rounded up, and not beyond the price", RICH, TODAY, BUY(CENTS_UP, 150, 1), TAKES(OPEN, 150, 0, UNTIL)},
    {"7. an amount off", RICH, TODAY, BUY(OFF, 10000, 3), TAKES(OPEN, 7100, 22900, UNTIL)},
    {"7. and not more than the price", RICH, TODAY, BUY(OFF, 7000, 1), TAKES(OPEN, 7000, 0, UNTIL)},
    {"7. a subsidy of each unit", RICH, TODAY, BUY(SUBSIDY, 30900, 2), TAKES(OPEN, 30900, 30900, UNTIL)},
    {"7. not more than its price", RICH, TODAY, BUY(SUBSIDY, 10000, 2), TAKES(OPEN, 20000, 0, UNTIL)},
    {"7. a price for each unit", RICH, TODAY, BUY(COSTS, 15000, 2), TAKES(OPEN, 24000, 6000, UNTIL)},
    {"7. of what costs less anyway nothing", RICH, TODAY, BUY(COSTS, 2000, 2), TAKES(OPEN, 0, 4000, UNTIL)},
    {"7. the part above a price", RICH, TODAY, BUY(ABOVE, 15000, 2), TAKES(OPEN, 5000, 25000, UNTIL)},
    {"7. nothing of what is not above it", RICH, TODAY, BUY(ABOVE, 10000, 2), TAKES(OPEN, 0, 20000, UNTIL)},
    {"7. a cap", RICH, TODAY, BUY(CAPPED, 15000, 2), TAKES(OPEN, 20000, 10000, UNTIL)},
    {"7. a cap for each", RICH, TODAY, BUY(CAPPED_EACH, 25000, 2), TAKES(OPEN, 40000, 10000, UNTIL)},
    {"7. one companion along with the person", RICH, TODAY, BUY_AS(COMPANION, 100, 2, .companions = 1), TAKES(OPEN, 200, 0, UNTIL)},
    {"7. a second companion pays", RICH, TODAY, BUY_AS(COMPANION, 100, 3, .companions = 2), TAKES(OPEN, 200, 100, UNTIL)},
    {"7. a companion where none is covered pays", RICH, TODAY, BUY_AS(HALF, 100, 2, .companions = 1), TAKES(OPEN, 50, 150, UNTIL)},
    {"7. the person is always one of those that travel", RICH, TODAY, BUY_AS(HALF, 100, 1, .companions = 5), TAKES(OPEN, 50, 50, UNTIL)},
    {"7. without the person no companion", NOBODY, TODAY, BUY_AS(COMPANION, 100, 2, .companions = 1), NOTHING(200)},
    {"7. one unit of three", RICH, TODAY, BUY(ONE_UNIT, 100, 3), TAKES(OPEN, 100, 200, UNTIL)},
    {"7. the best, then those that stack on what is left", RICH, TODAY, BUY(STACKED, 20000, 1),
        DECISION_BEST, STATUS_APPLIES, 0, SPLIT_SEVERAL, 16000, 4000, TODAY + 1},
    {"7. nothing is left to stack on", RICH, TODAY, BUY(STACKED, 0, 1), TAKES(OPEN, 0, 0, UNTIL)},
    {"7. one that stacks, alone", RICH, TODAY, BUY(STACKED_ONLY, 20000, 1), TAKES(THIRD, 10000, 10000, UNTIL)},
    {"7. one that takes nothing is left out, also as the first that stacks", RICH, TODAY,
        BUY(STACK_EMPTY, 20000, 1), TAKES(FOURTH, 10000, 10000, UNTIL)},
    {"7. and stands where all take nothing", RICH, TODAY, BUY(STACK_EMPTY, 0, 1), TAKES(THIRD, 0, 0, UNTIL)},
    {"7. two with one split", RICH, TODAY, BUY(STACK_SPLIT, 20000, 1),
        DECISION_BEST, STATUS_APPLIES, 0, 7, 15000, 5000, UNTIL},
    {"7. a version that stacks from today on", RICH, TODAY, BUY(SWITCHED, 10000, 1), TAKES(OPEN, 2500, 7500, TODAY + 1)},
    {"7. and did not yesterday", RICH, TODAY - 1, BUY(SWITCHED, 10000, 1), TAKES(OPEN, 5000, 5000, TODAY)},
    {"8. what is unknown is not no", MAYBE_ONE, TODAY, BUY(SMALL, 15000, 1),
        DECISION_MISSING, STATUS_NO_DATA, 0, 0, 0, 15000, 0},
    {"8. unknown in an earlier span", TWICE_ONE, TODAY - 3, BUY(GAPS, 15000, 1),
        DECISION_MISSING, STATUS_NO_DATA, 0, 0, 0, 15000, 0},
    {"8. unknown in the last span", TWICE_ONE, TODAY + 5, BUY(GAPS, 15000, 1),
        DECISION_MISSING, STATUS_NO_DATA, 0, 0, 0, 15000, 0},
    {"8. unknown for a clause not in force is a no", MAYBE_ONE, TODAY, BUY(GONE, 15000, 1), NOTHING(15000)},
    {"9. a known person who is in no group of the clauses", MAYBE_ONE, TODAY, BUY(HALF, 15000, 1), NOTHING(15000)},
    {"9. a group that looks like one of the person's at first", RICH, TODAY, BUY(SAME_BIT, 15000, 1), NOTHING(15000)},
    {"9. a membership that ended yesterday", MAYBE_ONE, TODAY, BUY(SURE, 15000, 1), NOTHING(15000)},
    {"9. quantity counts in what is to be paid", NOBODY, TODAY, BUY(HALF, 15000, 3), NOTHING(45000)},
};
/* clang-format on */

/* A personal code where no other means is said. */
static struct verdict decide_at(uint32_t view, struct purchase *purchase)
{
    if (purchase->means == 0)
        purchase->means = MEANS_PERSONAL_CODE;
    struct candidates candidates = decide_candidates(edition, purchase);
    return decide(edition, &candidates, view, purchase);
}

START_TEST(each_row_is_settled_at_its_step)
{
    const struct row *row = &rows[_i];
    /* At the first and at the last second of the day. */
    uint64_t seconds[] = {time_of_riga_day(row->day), time_of_riga_day(row->day + 1) - 1};
    for (size_t i = 0; i < 2; i++) {
        struct purchase purchase = row->purchase;
        purchase.service_time_s = seconds[i];
        struct verdict got = decide_at(row->view, &purchase);
        ck_assert_msg(got.step == row->step, "%s: step %d", row->name, (int)got.step);
        ck_assert_msg(got.status == row->status, "%s: status %d", row->name, (int)got.status);
        if (got.part_count < 2)
            ck_assert_msg(got.relief == row->relief, "%s: relief %u", row->name, got.relief);
        ck_assert_msg(got.split == row->split, "%s: split %u", row->name, got.split);
        ck_assert_msg(got.relief_amount == row->relief_amount && got.payable == row->payable,
                      "%s: amounts %lu %lu", row->name, (unsigned long)got.relief_amount,
                      (unsigned long)got.payable);
        uint64_t until_s = row->until_day == 0 ? 0 : time_of_riga_day(row->until_day);
        ck_assert_msg(got.valid_until_s == until_s, "%s: until %lu", row->name,
                      (unsigned long)got.valid_until_s);
    }
}
END_TEST

/* Whoever is read in place of somebody unknown leaves no trace in the verdict. */
START_TEST(a_decoy_is_nobody)
{
    const struct row *row = &rows[_i];
    struct purchase purchase = row->purchase;
    purchase.service_time_s = time_of_riga_day(row->day);
    struct verdict nobody = decide_at(NOBODY, &purchase);
    for (uint32_t view = 0; view < VIEW_COUNT; view++) {
        struct verdict got = decide_at(view | VIEW_DECOY, &purchase);
        ck_assert_int_eq(got.status, nobody.status);
        ck_assert_int_eq(got.step, nobody.step);
        ck_assert_uint_eq(got.relief, nobody.relief);
        ck_assert_uint_eq(got.split, nobody.split);
        ck_assert_uint_eq(got.relief_amount, nobody.relief_amount);
        ck_assert_uint_eq(got.payable, nobody.payable);
        ck_assert_uint_eq(got.valid_until_s, nobody.valid_until_s);
        ck_assert_uint_eq(got.part_count, nobody.part_count);
    }
}
END_TEST

/* ---- the clock ---- */

#define HOUR 3600
static const struct {
    const char *name;
    uint32_t day;
    uint32_t after_midnight_s; /* as seconds pass, not as the clock shows */
    bool applies;
    uint32_t until_s; /* likewise */
} moments[] = {
    {"a second before ten", TODAY, 10 * HOUR - 1, false, 0},
    {"ten", TODAY, 10 * HOUR, true, 15 * HOUR},
    {"a second before three", TODAY, 15 * HOUR - 1, true, 15 * HOUR},
    {"three", TODAY, 15 * HOUR, false, 0},
    {"a second before eleven in the evening", TODAY, 23 * HOUR - 1, false, 0},
    {"eleven in the evening, up to midnight", TODAY, 23 * HOUR, true, 24 * HOUR},
    {"the last second of the day", TODAY, 24 * HOUR - 1, true, 24 * HOUR},
    {"on a day of 25 hours ten comes an hour later", AUTUMN, 10 * HOUR, false, 0},
    {"and this is ten", AUTUMN, 11 * HOUR, true, 16 * HOUR},
    {"three on that day", AUTUMN, 16 * HOUR, false, 0},
    {"its last second", AUTUMN, 25 * HOUR - 1, true, 25 * HOUR},
};

START_TEST(the_wall_clock_in_riga_counts)
{
    uint64_t midnight_s = time_of_riga_day(moments[_i].day);
    struct purchase purchase = BUY(CLOCKED, 100, 1);
    purchase.service_time_s = midnight_s + moments[_i].after_midnight_s;
    struct verdict got = decide_at(RICH, &purchase);
    ck_assert_msg((got.status == STATUS_APPLIES) == moments[_i].applies, "%s", moments[_i].name);
    if (moments[_i].applies)
        ck_assert_msg(got.valid_until_s == midnight_s + moments[_i].until_s, "%s: %lu",
                      moments[_i].name, (unsigned long)(got.valid_until_s - midnight_s));
}
END_TEST

/* ---- several at once ---- */

START_TEST(stacked_reliefs_are_told_one_by_one)
{
    struct purchase purchase = BUY_AS(STACKED, 20000, 1, .service_time_s = time_of_riga_day(TODAY));
    struct verdict got = decide_at(RICH, &purchase);
    ck_assert_uint_eq(got.part_count, 3);
    ck_assert(got.parts[0].clause->relief == OPEN && got.parts[0].amount == 10000);
    ck_assert(got.parts[1].clause->relief == THIRD && got.parts[1].amount == 1000);
    ck_assert(got.parts[2].clause->relief == FOURTH && got.parts[2].amount == 5000);
    uint32_t code = decide_code_together(decide_code_together(100, 102), 103);
    ck_assert_uint_eq(got.relief, code);
    ck_assert(code != 0 && code <= INT32_MAX);
    ck_assert_uint_ne(code, decide_code_together(decide_code_together(100, 103), 102));
}
END_TEST

/* STACKED is half of 2.00 EUR (OPEN), 0.10 EUR (THIRD) and half of the rest, of which limits may
 * leave less. */
START_TEST(a_relief_gives_no_more_than_limits_leave)
{
    struct allowance allowances[] = {{OPEN, 4000}, {THIRD, 0}, {FOURTH, 7000}};
    struct purchase purchase = BUY_AS(STACKED, 20000, 1, .service_time_s = time_of_riga_day(TODAY));
    purchase.allowances = allowances;
    purchase.allowance_count = COUNT_OF(allowances);
    struct verdict got = decide_at(RICH, &purchase);
    ck_assert_uint_eq(got.part_count, 2);
    ck_assert(got.parts[0].clause->relief == OPEN && got.parts[0].amount == 4000);
    ck_assert(got.parts[1].clause->relief == FOURTH && got.parts[1].amount == 5000);
    ck_assert_uint_eq(got.payable, 11000);
}
END_TEST

START_TEST(a_relief_that_is_out_leaves_its_place_to_the_next_best)
{
    struct allowance out = {OPEN, 0};
    struct purchase purchase = BUY_AS(EQUALS, 10000, 1, .service_time_s = time_of_riga_day(TODAY));
    ck_assert_uint_eq(decide_at(RICH, &purchase).parts[0].clause->relief, OPEN);
    purchase.allowances = &out;
    purchase.allowance_count = 1;
    ck_assert_uint_eq(decide_at(RICH, &purchase).parts[0].clause->relief, OTHER);
    out.amount_most = 3332; /* a cent's hundredth less than the other */
    ck_assert_uint_eq(decide_at(RICH, &purchase).parts[0].clause->relief, OTHER);
    purchase.product = HALF;
    out.amount_most = 0;
    ck_assert_uint_eq(decide_at(RICH, &purchase).status, STATUS_DOES_NOT_APPLY);
}
END_TEST

START_TEST(a_part_tells_the_persons_own_units_and_the_first_day_of_the_term)
{
    struct purchase purchase =
        BUY_AS(COMPANION, 10000, 3, .companions = 2, .service_time_s = time_of_riga_day(TODAY));
    struct verdict got = decide_at(RICH, &purchase);
    ck_assert_uint_eq(got.parts[0].use_count, 1);
    ck_assert_uint_gt(got.parts[0].unit_count, 1);
    ck_assert_uint_eq(got.parts[0].term_day, FROM);
    purchase.product = ANYBODY;
    ck_assert_uint_eq(decide_at(RICH, &purchase).parts[0].term_day, 0);
}
END_TEST

START_TEST(who_pays_how_much_adds_up)
{
    struct split split = {
        1, 3, {{1, SPLIT_SUBSIDY, 15450}, {2, SPLIT_PERCENT, 5000}, {3, SPLIT_REST, 0}}};
    uint64_t amounts[SPLIT_PART_COUNT_MAX];
    static const struct {
        uint64_t amount;
        uint16_t units;
        uint64_t parts[3];
    } cases[] = {
        {30900, 1, {15450, 15450, 0}},
        {61801, 2, {30900, 30901, 0}},
        {100000, 1, {15450, 50000, 34550}},
        {10000, 1, {10000, 0, 0}},
        {0, 1, {0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        decide_split(amounts, &split, cases[i].amount, cases[i].units);
        for (size_t part = 0; part < 3; part++)
            ck_assert_uint_eq(amounts[part], cases[i].parts[part]);
        ck_assert_uint_eq(amounts[0] + amounts[1] + amounts[2] + amounts[3], cases[i].amount);
    }
}
END_TEST

START_TEST(amount_and_payable_are_the_total)
{
    uint64_t state = 3;
    for (int i = 0; i < 50000; i++) {
        struct purchase purchase = {
            .product = HALF + (uint32_t)(support_random(&state) % (END - HALF)),
            .point_of_sale = support_random(&state) % 2 ? 101 : 0,
            .unit_price = (uint32_t)(support_random(&state) >> support_random(&state) % 64),
            .quantity = (uint16_t)(1 + support_random(&state) % QUANTITY_MAX),
            .companions = (uint8_t)(support_random(&state) % 4),
            .means = (uint8_t)(1 + support_random(&state) % MEANS_LAST),
            .entry = (uint8_t)(support_random(&state) % (ENTRY_LAST + 1)),
            .service_time_s = time_of_riga_day(FROM) - 86400 +
                              support_random(&state) % ((UNTIL - FROM + 2) * UINT64_C(86400)),
        };
        struct verdict got = decide_at((uint32_t)(support_random(&state) % VIEW_COUNT), &purchase);
        uint64_t total = (uint64_t)purchase.unit_price * purchase.quantity, parts = 0;
        for (uint32_t part = 0; part < got.part_count; part++)
            parts += got.parts[part].amount;
        ck_assert_uint_eq(got.relief_amount + got.payable, total);
        ck_assert_uint_eq(parts, got.relief_amount);
        ck_assert((got.status == STATUS_APPLIES) == (got.relief != 0));
        ck_assert((got.status == STATUS_APPLIES) == (got.valid_until_s > purchase.service_time_s));
    }
}
END_TEST

/* Membership truth against the obvious loop, over sets of random shape. */
START_TEST(membership_is_found_as_by_looking_at_every_one)
{
    enum { LIMIT = 40 };
    uint64_t state = 11;
    for (int round = 0; round < 2000; round++) {
        struct membership set[LIMIT];
        uint32_t count = 0;
        for (uint16_t group = 0; group < 8 && count < LIMIT - 4; group++) {
            uint32_t day = FROM;
            for (uint64_t spans = support_random(&state) % 4; spans > 0; spans--) {
                day += (uint32_t)(support_random(&state) % 5);
                uint32_t until = day + 1 + (uint32_t)(support_random(&state) % 5);
                set[count++] = (struct membership){
                    group, support_random(&state) % 2 ? TRUTH_YES : TRUTH_UNKNOWN, day, until};
                day = until;
            }
        }
        uint32_t first[] = {0, count};
        struct tables one = {.memberships = set, .set_first = first, .set_count = 1};
        for (uint16_t group = 0; group < 9; group++) {
            for (uint32_t day = FROM; day < FROM + 40; day++) {
                enum truth want = TRUTH_NO;
                for (uint32_t i = 0; i < count; i++) {
                    if (set[i].group == group && set[i].from_day <= day && day < set[i].until_day)
                        want = (enum truth)set[i].truth;
                }
                ck_assert_int_eq(decide_membership(&one, 0, group, day).truth, want);
            }
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decide");
    TCase *tcase = tcase_create("decide");
    tcase_add_checked_fixture(tcase, open_edition, close_edition);
    tcase_add_loop_test(tcase, each_row_is_settled_at_its_step, 0, sizeof(rows) / sizeof(rows[0]));
    tcase_add_loop_test(tcase, a_decoy_is_nobody, 0, sizeof(rows) / sizeof(rows[0]));
    tcase_add_loop_test(tcase, the_wall_clock_in_riga_counts, 0,
                        sizeof(moments) / sizeof(moments[0]));
    tcase_add_test(tcase, stacked_reliefs_are_told_one_by_one);
    tcase_add_test(tcase, a_relief_gives_no_more_than_limits_leave);
    tcase_add_test(tcase, a_relief_that_is_out_leaves_its_place_to_the_next_best);
    tcase_add_test(tcase, a_part_tells_the_persons_own_units_and_the_first_day_of_the_term);
    tcase_add_test(tcase, who_pays_how_much_adds_up);
    tcase_add_test(tcase, amount_and_payable_are_the_total);
    tcase_add_test(tcase, membership_is_found_as_by_looking_at_every_one);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
