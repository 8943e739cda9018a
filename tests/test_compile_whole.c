/* Whole catalogues: against a slow and obvious reading of them, in any order of rows, at the limits
 * of every table, and in time. */
#include "loader/daysets.h"
#include "tests/shop.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct window window = {SHOP_FROM_DAY, SHOP_FROM_DAY + 70};
#define DAY(n) (SHOP_FROM_DAY + (n))
#define AS_OF  DAY(50)

static uint64_t seed;

static uint32_t below(uint32_t beyond)
{
    return (uint32_t)(support_random(&seed) % beyond);
}

static void compile(struct compiled *compiled, struct window days)
{
    struct fault fault = {""};
    ck_assert_msg(compile_catalogue(compiled, &shop, days, AS_OF, false, &fault), "%s", fault.text);
}

/* --- a random catalogue --- */

#define PRODUCT_COUNT  4
#define PROVIDER_COUNT 2
#define POINT_COUNT    12
#define RELIEF_COUNT   5
#define CONTRACT_COUNT 12
#define CALENDAR_COUNT 4

static const uint32_t places[] = {0, 1000, 1012, 4000, 4100, 250000};

static struct in_force random_span(void)
{
    uint32_t from = below(2) ? 0 : DAY(below(60));
    uint32_t until = below(2) ? DAY_NEVER : (from == 0 ? DAY(0) : from) + 1 + below(60);
    return (struct in_force){from, until, 0};
}

static void random_prefix(struct place_prefix *prefix)
{
    static const struct place_prefix prefixes[] = {{1, 4}, {4, 4},  {1012, 7},
                                                   {0, 1}, {25, 3}, {0, 4}};
    *prefix = prefixes[below(sizeof(prefixes) / sizeof(prefixes[0]))];
}

static void random_calendars(void)
{
    for (uint32_t c = 0; c < CALENDAR_COUNT; c++) {
        shop_calendar();
        for (uint32_t i = below(4); i < 4; i++) {
            uint32_t from = DAY(below(60));
            struct calendar_item *item = shop_item(CALENDAR_ONCE);
            *item = (struct calendar_item){.kind = CALENDAR_ONCE,
                                           .from_day = from,
                                           .until_day = from + 1 + below(40),
                                           .is_excluded = below(3) == 0,
                                           .has_place = below(3) == 0};
            if (below(3) == 0) {
                item->kind = CALENDAR_WEEKDAYS;
                item->weekday_mask = (uint8_t)below(128);
            } else if (c > 0 && below(3) == 0) {
                item->kind = CALENDAR_OTHER;
                item->calendar = (uint16_t)below(c);
            }
            random_prefix(&item->place);
        }
    }
}

static void random_clause(void)
{
    struct rule_clause *clause = shop_clause(1001 + below(PRODUCT_COUNT));
    if (below(2))
        shop_also_product(1001 + below(PRODUCT_COUNT));
    if (below(3) == 0)
        clause->calendar = below(CALENDAR_COUNT);
    for (uint32_t i = below(6); i > 3; i--) {
        uint32_t first = 100 + below(POINT_COUNT);
        shop_at(first, first + below(5));
    }
    for (uint32_t i = below(6); i > 3; i--) {
        struct place_prefix prefix;
        random_prefix(&prefix);
        shop_in(prefix.value, prefix.digit_count);
    }
    for (uint32_t i = below(7); i > 4; i--)
        shop_under(1 + below(CONTRACT_COUNT));
}

static void random_relief(uint32_t index)
{
    char name[NAME_SIZE];
    snprintf(name, sizeof(name), "R%u", index);
    struct rule_relief *relief = shop_relief(name);
    relief->is_everywhere = below(4) == 0;
    relief->giver = SHOP_GIVER + below(2);
    uint32_t from = below(2) ? 0 : DAY(below(30));
    for (uint32_t v = below(3); v < 3; v++) {
        struct rule_version *version = shop_version(from, below(3) == 0 ? from + 30 : DAY_NEVER);
        version->state = below(4) == 0 ? (enum version_state)below(4) : VERSION_ACTIVE;
        version->order = (uint16_t)(99 + below(3));
        version->stacks = index < 2 && below(2);
        for (uint32_t c = below(4); c < 4; c++)
            random_clause();
        from = (from == 0 ? DAY(0) : from) + 1 + below(40);
    }
}

static void random_trade(void)
{
    for (uint32_t i = 0; i < PROVIDER_COUNT; i++) {
        struct provider *provider = shop_provider(SHOP_PROVIDER + i);
        provider->in_force = random_span();
        provider->is_suspended = below(5) == 0;
    }
    shop_giver(SHOP_GIVER + 1)->in_force = random_span();
    shop_product_row(1001)->in_force = random_span();
    for (uint32_t i = 0; i < POINT_COUNT; i++) {
        struct point_row *point = shop_point(100 + i, SHOP_PROVIDER + below(PROVIDER_COUNT),
                                             places[below(sizeof(places) / sizeof(places[0]))]);
        point->in_force = random_span();
        point->is_suspended = below(8) == 0;
    }
    for (uint32_t i = 0; i < CONTRACT_COUNT; i++) {
        char name[NAME_SIZE];
        snprintf(name, sizeof(name), "R%u", below(RELIEF_COUNT));
        shop_contract(i + 1, name, SHOP_PROVIDER + below(PROVIDER_COUNT))->in_force = random_span();
        for (uint32_t r = below(8); r > 4; r--) {
            uint32_t first = 100 + below(POINT_COUNT);
            shop_range(first, first + below(2) * below(10));
        }
    }
}

static void random_catalogue(uint64_t number)
{
    seed = number;
    shop_begin();
    for (uint32_t i = 0; i < PRODUCT_COUNT; i++)
        shop_product(1001 + i);
    random_calendars();
    for (uint32_t i = 0; i < RELIEF_COUNT; i++)
        random_relief(i);
    random_trade();
}

/* --- the slow reading --- */

/* A clause in force, under a contract's row; NULL: it needs none. */
struct standing_clause {
    uint32_t clause;
    const struct contract_row *contract;
};

static bool is_in_force(struct in_force in_force, uint32_t day)
{
    return in_force.from_day <= day && day < in_force.until_day;
}

static bool calendar_holds(uint32_t calendar, uint32_t place, uint32_t day)
{
    struct dayset set = dayset_of_calendar(shop.rules, calendar, place, window);
    uint32_t bit = day - window.from_day;
    return set.words[bit / 64] >> bit % 64 & 1;
}

static const struct point_row *find_point(uint32_t number)
{
    for (uint32_t i = 0; i < shop.trade.point_count; i++)
        if (shop.trade.points[i].number == number)
            return &shop.trade.points[i];
    return NULL;
}

static bool may_sell(const struct point_row *point, uint32_t day)
{
    if (point->is_suspended || !is_in_force(point->in_force, day))
        return false;
    for (uint32_t i = 0; i < shop.trade.provider_count; i++) {
        const struct provider *provider = &shop.trade.providers[i];
        if (provider->number == point->provider)
            return !provider->is_suspended && is_in_force(provider->in_force, day);
    }
    return true;
}

static bool covers(const struct contract_row *contract, const struct rule_relief *relief,
                   const struct point_row *point, uint32_t day)
{
    if (strcmp(contract->relief, relief->name) != 0 || contract->provider != point->provider ||
        !is_in_force(contract->in_force, day))
        return false;
    for (uint32_t i = 0; i < contract->range_count; i++) {
        const struct point_range *range = &shop.trade.ranges[contract->first_range + i];
        if (point->number >= range->first && point->number <= range->last)
            return true;
    }
    return contract->range_count == 0;
}

static const struct contract_row *find_contract(const struct rule_relief *relief,
                                                const struct point_row *point, uint32_t day)
{
    const struct contract_row *found = NULL;
    for (uint32_t i = 0; point != NULL && i < shop.trade.contract_count; i++) {
        const struct contract_row *contract = &shop.trade.contracts[i];
        if (covers(contract, relief, point, day) && may_sell(point, day) &&
            (found == NULL || contract->number < found->number))
            found = contract;
    }
    return found;
}

static bool giver_is_there(uint64_t number, uint32_t day)
{
    for (uint32_t i = 0; i < shop.trade.giver_count; i++)
        if (shop.trade.givers[i].number == number)
            return is_in_force(shop.trade.givers[i].in_force, day);
    return true;
}

static bool product_is_there(uint32_t number, uint32_t day)
{
    for (uint32_t i = 0; i < shop.trade.product_count; i++)
        if (shop.trade.products[i].number == number)
            return is_in_force(shop.trade.products[i].in_force, day);
    return true;
}

static bool version_holds(const struct rule_version *version, uint32_t day)
{
    const struct rule_relief *relief = &shop.rules->reliefs[version->relief];
    if (version->state != VERSION_ACTIVE || day < version->from_day || day >= version->until_day ||
        !giver_is_there(relief->giver, day))
        return false;
    for (uint32_t i = 0; i < relief->version_count; i++) {
        uint32_t from_day = shop.rules->versions[relief->first_version + i].from_day;
        if (from_day > version->from_day && day >= from_day)
            return false;
    }
    return true;
}

static bool clause_may_stand(const struct rule_clause *clause, const struct point_row *point,
                             const struct contract_row *contract, uint32_t product)
{
    const struct rules *rules = shop.rules;
    bool of_product = false, at = clause->range_count == 0, in = clause->place_count == 0;
    bool under = clause->contract_count == 0;
    for (uint32_t i = 0; i < clause->product_count; i++)
        of_product |= rules->clause_products[clause->first_product + i] == product;
    for (uint32_t i = 0; point != NULL && i < clause->range_count; i++)
        at |= point->number >= rules->ranges[clause->first_range + i].first &&
              point->number <= rules->ranges[clause->first_range + i].last;
    for (uint32_t i = 0; point != NULL && i < clause->place_count; i++)
        in |= place_is_in(point->place, rules->places[clause->first_place + i]);
    for (uint32_t i = 0; contract != NULL && i < clause->contract_count; i++)
        under |= rules->contract_numbers[clause->first_contract + i] == contract->number;
    return of_product && at && in && under;
}

/* Whether the clause stands there on that day, calendars aside; and under which contract. */
static bool is_covered(uint32_t c, const struct point_row *point, uint32_t product, uint32_t day,
                       const struct contract_row **contract)
{
    const struct rule_clause *clause = &shop.rules->clauses[c];
    const struct rule_version *version = &shop.rules->versions[clause->version];
    const struct rule_relief *relief = &shop.rules->reliefs[version->relief];
    *contract = relief->is_everywhere ? NULL : find_contract(relief, point, day);
    return (relief->is_everywhere || *contract != NULL) && version_holds(version, day) &&
           product_is_there(product, day) && clause_may_stand(clause, point, *contract, product);
}

/* As tried: those that stack last, by order, relief, version, as written. */
static int compare_standing(const void *a, const void *b)
{
    const struct standing_clause *x = a, *y = b;
    const struct rule_version *v = &shop.rules->versions[shop.rules->clauses[x->clause].version];
    const struct rule_version *w = &shop.rules->versions[shop.rules->clauses[y->clause].version];
    if (v->stacks != w->stacks)
        return v->stacks ? 1 : -1;
    if (v->order != w->order)
        return v->order < w->order ? -1 : 1;
    return (x->clause > y->clause) - (x->clause < y->clause);
}

#define STANDING_COUNT_MAX 128

static uint32_t read_slowly(struct standing_clause out[static STANDING_COUNT_MAX],
                            const struct point_row *point, uint32_t product, uint32_t day)
{
    uint32_t count = 0;
    for (uint32_t c = 0; c < shop.rules->clause_count; c++) {
        const struct contract_row *contract;
        if (is_covered(c, point, product, day, &contract) &&
            calendar_holds(shop.rules->clauses[c].calendar, point != NULL ? point->place : 0, day))
            out[count++] = (struct standing_clause){c, contract};
    }
    qsort(out, count, sizeof(*out), compare_standing);
    return count;
}

/* --- the comparison --- */

static const struct offer *find_offer(const struct compiled *compiled, uint32_t point,
                                      uint32_t product)
{
    uint32_t site = SITE_NOWHERE;
    for (uint32_t i = 0; i < compiled->point_count; i++)
        if (compiled->points[i].number == point)
            site = compiled->points[i].site;
    for (uint32_t i = 0; i < compiled->offer_count; i++)
        if (compiled->offers[i].site == site && compiled->offers[i].product == product)
            return &compiled->offers[i];
    return NULL;
}

static bool holds(const struct compiled *compiled, uint16_t dayset, uint32_t day)
{
    uint32_t bit = day - window.from_day;
    return compiled->daysets[dayset].words[bit / 64] >> bit % 64 & 1;
}

static uint32_t code_of(const struct compiled *compiled, const struct standing_clause *standing)
{
    const struct rule_clause *clause = &shop.rules->clauses[standing->clause];
    const struct rule_version *version = &shop.rules->versions[clause->version];
    for (uint32_t i = 0; standing->contract != NULL && i < compiled->contract_count; i++)
        if (compiled->contracts[i].number == standing->contract->number)
            return compiled->contracts[i].code;
    return shop.rules->reliefs[version->relief].code;
}

static void compare_day(const struct compiled *compiled, const struct offer *offer, uint32_t number,
                        uint32_t product, uint32_t day)
{
    const struct point_row *point = find_point(number);
    struct standing_clause wanted[STANDING_COUNT_MAX];
    uint32_t count = read_slowly(wanted, point, product, day), found = 0;
    bool is_covered_then = false;
    for (uint32_t i = 0; offer != NULL && i < offer->clause_count; i++) {
        uint32_t at = offer->clause_first + i;
        const struct contract_row *contract;
        is_covered_then |=
            is_covered(compiled->clause_origins[at], point, product, day, &contract) &&
            (contract == NULL ||
             code_of(compiled, &(struct standing_clause){compiled->clause_origins[at], contract}) ==
                 compiled->clauses[at].code);
        if (!holds(compiled, compiled->clauses[at].dayset, day))
            continue;
        ck_assert_msg(found < count && compiled->clause_origins[at] == wanted[found].clause,
                      "point %u, product %u, day %u: clause %u", number, product,
                      day - window.from_day, compiled->clause_origins[at]);
        ck_assert_uint_eq(compiled->clauses[at].code, code_of(compiled, &wanted[found]));
        found++;
    }
    ck_assert_msg(found == count, "point %u, product %u, day %u: %u clauses of %u", number, product,
                  day - window.from_day, found, count);
    if (offer != NULL)
        ck_assert_int_eq(holds(compiled, offer->dayset, day), is_covered_then);
}

START_TEST(offers_hold_what_a_slow_reading_finds_on_every_day)
{
    struct compiled compiled;
    for (uint64_t number = 0; number < support_rounds(10); number++) {
        random_catalogue((uint64_t)_i * 1000 + number);
        compile(&compiled, window);
        shop_check(&compiled, window);
        for (uint32_t point = 99; point < 100 + POINT_COUNT; point++)
            for (uint32_t product = 1001; product < 1001 + PRODUCT_COUNT; product++) {
                const struct offer *offer = find_offer(&compiled, point, product);
                for (uint32_t day = window.from_day; day < window.until_day; day++)
                    compare_day(&compiled, offer, point, product, day);
            }
        compiled_free(&compiled);
    }
}
END_TEST

/* --- any order of rows --- */

#define SHUFFLE(list, count)                                                                       \
    for (uint32_t left = (count); left > 1; left--) {                                              \
        uint32_t other = below(left);                                                              \
        __typeof__((list)[0]) kept = (list)[left - 1];                                             \
        (list)[left - 1] = (list)[other];                                                          \
        (list)[other] = kept;                                                                      \
    }

START_TEST(rows_in_any_order_give_the_same_bytes)
{
    struct compiled compiled;
    size_t size, size_again;
    random_catalogue((uint64_t)_i);
    compile(&compiled, window);
    uint8_t *bytes = shop_bytes(&compiled, &size);
    compiled_free(&compiled);
    SHUFFLE(shop.trade.points, shop.trade.point_count)
    SHUFFLE(shop.trade.providers, shop.trade.provider_count)
    SHUFFLE(shop.trade.givers, shop.trade.giver_count)
    SHUFFLE(shop.trade.contracts, shop.trade.contract_count)
    for (uint32_t i = 0; i < shop.trade.contract_count; i++) {
        struct point_range *ranges = shop.trade.ranges + shop.trade.contracts[i].first_range;
        SHUFFLE(ranges, shop.trade.contracts[i].range_count)
    }
    compile(&compiled, window);
    uint8_t *again = shop_bytes(&compiled, &size_again);
    compiled_free(&compiled);
    ck_assert_uint_eq(size, size_again);
    ck_assert_mem_eq(bytes, again, size);
    free(bytes);
    free(again);
}
END_TEST

START_TEST(points_share_a_site_exactly_when_their_offers_are_equal)
{
    struct compiled c;
    random_catalogue((uint64_t)_i);
    compile(&c, window);
    for (uint32_t a = 0; a < c.point_count; a++)
        for (uint32_t b = 0; b < a; b++) {
            bool are_equal = true;
            for (uint32_t product = 1001; product < 1001 + PRODUCT_COUNT; product++) {
                const struct offer *x = find_offer(&c, c.points[a].number, product);
                const struct offer *y = find_offer(&c, c.points[b].number, product);
                are_equal &=
                    (x == NULL) == (y == NULL) &&
                    (x == NULL || (x->clause_first == y->clause_first &&
                                   x->clause_count == y->clause_count && x->dayset == y->dayset));
            }
            ck_assert(are_equal == (c.points[a].site == c.points[b].site));
        }
    compiled_free(&c);
}
END_TEST

/* --- limits --- */

static void refuse(struct window days, const char *part)
{
    struct fault fault = {""};
    struct compiled none;
    ck_assert(!compile_catalogue(&none, &shop, days, AS_OF, false, &fault));
    ck_assert_msg(strstr(fault.text, part) != NULL, "wanted \"%s\" in: %s", part, fault.text);
}

START_TEST(more_rows_than_a_table_holds_are_refused_before_they_are_looked_at)
{
    shop_begin();
    const struct {
        uint32_t *count;
        uint32_t most;
        const char *part;
    } rows[] = {
        {&shop.rules->product_count, PRODUCT_COUNT_MAX, "(PRODUCT_COUNT_MAX)"},
        {&shop.trade.point_count, POINT_COUNT_MAX, "(POINT_COUNT_MAX): remove"},
        {&shop.trade.contract_count, CONTRACT_COUNT_MAX, "(CONTRACT_COUNT_MAX)"},
        {&shop.rules->relief_count, RELIEF_COUNT_MAX, "(RELIEF_COUNT_MAX)"},
        {&shop.rules->split_count, SPLIT_COUNT_MAX, "(SPLIT_COUNT_MAX)"},
        {&shop.rules->limit_count, LIMIT_COUNT_MAX, "(LIMIT_COUNT_MAX)"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t kept = *rows[i].count;
        *rows[i].count = rows[i].most + 1;
        refuse(window, rows[i].part);
        *rows[i].count = kept;
    }
}
END_TEST

static void relief_with_clauses(uint32_t clause_count, uint32_t product)
{
    shop_relief("A");
    shop_version(0, DAY_NEVER);
    for (uint32_t i = 0; i < clause_count; i++)
        shop_clause(product);
}

START_TEST(an_offer_has_room_for_so_many_clauses)
{
    struct compiled compiled;
    for (uint32_t extra = 0; extra <= 1; extra++) {
        shop_begin();
        shop_product(1001);
        shop_point(101, SHOP_PROVIDER, 0);
        relief_with_clauses(OFFER_CLAUSE_COUNT_MAX + extra, 1001);
        shop_contract(7, "A", SHOP_PROVIDER);
        if (extra == 0) {
            compile(&compiled, window);
            shop_check(&compiled, window);
            compiled_free(&compiled);
        }
    }
    refuse(window, "product \"product.1001\" at point of sale 101: 1025 clauses of reliefs stand "
                   "there in the window, at most 1024 (OFFER_CLAUSE_COUNT_MAX)");
}
END_TEST

/* A point of sale for every contract, each with all the clauses. */
START_TEST(all_sites_have_room_for_so_many_clauses)
{
    shop_begin();
    shop_product(1001);
    relief_with_clauses(1000, 1001);
    for (uint32_t i = 1; i <= 1100; i++) {
        shop_point(i, SHOP_PROVIDER, 0);
        shop_contract(i, "A", SHOP_PROVIDER);
        shop_range(i, i);
    }
    refuse(window, "(CLAUSE_COUNT_MAX)");
}
END_TEST

START_TEST(all_sites_have_room_for_so_many_offers)
{
    shop_begin();
    for (uint32_t i = 0; i < 2001; i++)
        shop_product(1001 + i);
    shop_relief("E")->is_everywhere = true;
    shop_version(0, DAY_NEVER);
    shop_clause(1001);
    for (uint32_t i = 1; i < 2000; i++)
        shop_also_product(1001 + i);
    relief_with_clauses(1, 3001);
    for (uint32_t i = 1; i <= 1060; i++) {
        shop_point(i, SHOP_PROVIDER, 0);
        shop_contract(i, "A", SHOP_PROVIDER);
        shop_range(i, i);
    }
    refuse(window, "(OFFER_COUNT_MAX)");
}
END_TEST

/* Contract b covers the points whose numbers have bit b. */
START_TEST(there_are_so_many_sites)
{
    shop_begin();
    shop_product(1001);
    for (uint32_t bit = 0; bit < 16; bit++) {
        char name[NAME_SIZE];
        snprintf(name, sizeof(name), "R%u", bit);
        shop_relief(name);
        shop_version(0, DAY_NEVER);
        shop_clause(1001);
        shop_contract(bit + 1, name, SHOP_PROVIDER);
        for (uint32_t n = UINT32_C(1) << bit; n < 65536; n += UINT32_C(2) << bit)
            shop_range(65536 + n, 65536 + n + (UINT32_C(1) << bit) - 1);
    }
    for (uint32_t i = 0; i < 65536; i++)
        shop_point(65536 + i, SHOP_PROVIDER, 0);
    refuse(window, "(SITE_COUNT_MAX)");
}
END_TEST

/* As many spans as contracts times products. */
START_TEST(there_are_so_many_sets_of_days)
{
    struct window wide = {SHOP_FROM_DAY, SHOP_FROM_DAY + WINDOW_DAYS_MAX};
    shop_begin();
    for (uint32_t i = 0; i < 260; i++) {
        shop_product(1001 + i);
        shop_product_row(1001 + i)->in_force.until_day = DAY(500 + i);
    }
    relief_with_clauses(1, 1001);
    for (uint32_t i = 1; i < 260; i++)
        shop_also_product(1001 + i);
    for (uint32_t i = 1; i <= 260; i++) {
        shop_point(i, SHOP_PROVIDER, 0);
        shop_contract(i, "A", SHOP_PROVIDER)->in_force.from_day = DAY(i);
        shop_range(i, i);
    }
    refuse(wide, "(DAYSET_COUNT_MAX)");
}
END_TEST

/* --- time --- */

#define FAST_MS 3000 /* a tenth of that alone on a desk; other work may be on the machine */

/* A country: 1000 reliefs of 20 clauses, 100 providers with 500 points in as many places, a hundred
 * contracts each. */
static void country(void)
{
    shop_begin();
    for (uint32_t i = 0; i < 500; i++)
        shop_product(1001 + i);
    for (uint32_t c = 0; c < 100; c++) {
        shop_calendar();
        shop_item(CALENDAR_WEEKDAYS)->weekday_mask = 0x1f;
        struct calendar_item *item = shop_item(CALENDAR_YEARLY);
        item->month = (uint8_t)(1 + c % 12);
        item->day = (uint8_t)(1 + c % 28);
        item->is_excluded = true;
        item->has_place = c % 50 == 0;
        item->place = (struct place_prefix){c % 40 + 1, 4};
    }
    for (uint32_t r = 0; r < 1000; r++) {
        char name[NAME_SIZE];
        snprintf(name, sizeof(name), "R%u", r);
        shop_relief(name);
        for (uint32_t v = 0; v < 2; v++) {
            shop_version(v == 0 ? 0 : DAY(400), DAY_NEVER);
            for (uint32_t c = 0; c < 10; c++) {
                struct rule_clause *clause = shop_clause(1001 + (r * 7 + c / 3) % 100);
                shop_also_product(1001 + (r * 7 + c / 3 + 50) % 100);
                clause->calendar = c % 3 == 0 ? CALENDAR_ALL_DAYS : (r + c) % 100;
                if (r % 30 == 0 && c == 5)
                    shop_in(r % 40 + 1, 4);
                if (r % 50 == 0 && c == 6)
                    shop_at(1000 + r * 50, 1000 + r * 50 + 20);
            }
        }
    }
    for (uint32_t p = 0; p < 100; p++) {
        shop_provider(SHOP_PROVIDER + p);
        for (uint32_t i = 0; i < 500; i++)
            shop_point(1000 + p * 500 + i, SHOP_PROVIDER + p, (i % 40 + 1) * 1000);
        for (uint32_t i = 0; i < 100; i++) {
            char name[NAME_SIZE];
            snprintf(name, sizeof(name), "R%u", (p * 10 + i * 7) % 1000);
            shop_contract(p * 100 + i + 1, name, SHOP_PROVIDER + p)->in_force.from_day =
                i % 4 == 0 ? DAY(i) : 0;
            if (i % 10 == 0)
                shop_range(1000 + p * 500 + i, 1000 + p * 500 + i + 40);
        }
    }
}

START_TEST(a_country_compiles_in_no_time)
{
    struct window wide = {SHOP_FROM_DAY, SHOP_FROM_DAY + WINDOW_DAYS_MAX};
    struct compiled compiled;
    struct timespec begun, done;
    country();
    ck_assert_uint_ge(shop.rules->clause_count, 20000);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begun);
    compile(&compiled, wide);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &done);
    int64_t ms = (done.tv_sec - begun.tv_sec) * 1000 + (done.tv_nsec - begun.tv_nsec) / 1000000;
    if (getenv("SHOW_TIME") != NULL)
        printf("%d ms: %u offers, %u clauses, %u daysets\n", (int)ms, compiled.offer_count,
               compiled.clause_count, compiled.dayset_count);
    ck_assert_int_le(ms, FAST_MS);
    compiled_free(&compiled);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("compile_whole");
    TCase *random = tcase_create("random");
    tcase_add_loop_test(random, offers_hold_what_a_slow_reading_finds_on_every_day, 0, 10);
    tcase_add_loop_test(random, rows_in_any_order_give_the_same_bytes, 0, 30);
    tcase_add_loop_test(random, points_share_a_site_exactly_when_their_offers_are_equal, 0, 30);
    suite_add_tcase(suite, random);
    TCase *limits = tcase_create("limits");
    tcase_set_timeout(limits, 30);
    tcase_add_test(limits, more_rows_than_a_table_holds_are_refused_before_they_are_looked_at);
    tcase_add_test(limits, an_offer_has_room_for_so_many_clauses);
    tcase_add_test(limits, all_sites_have_room_for_so_many_clauses);
    tcase_add_test(limits, all_sites_have_room_for_so_many_offers);
    tcase_add_test(limits, there_are_so_many_sites);
    tcase_add_test(limits, there_are_so_many_sets_of_days);
    tcase_add_test(limits, a_country_compiles_in_no_time);
    suite_add_tcase(suite, limits);
    return support_run(suite);
}
