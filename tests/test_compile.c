#include "tests/shop.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Days are told from the window's first one: 0 is 20000. */
static const struct window window = {SHOP_FROM_DAY, SHOP_FROM_DAY + 100};
#define DAY(n)   (SHOP_FROM_DAY + (n))
#define AS_OF    DAY(50)
#define RIGA     1000
#define JURMALA  4000
#define TICKET   1001
#define PASS     1002
#define PROVIDER SHOP_PROVIDER

static struct compiled compiled;

static bool is_in(const struct dayset *set, uint32_t day)
{
    uint32_t bit = day - window.from_day;
    return set->words[bit / 64] >> bit % 64 & 1;
}

static void compile_as(bool with_drafts)
{
    struct fault fault = {""};
    compiled_free(&compiled);
    ck_assert_msg(compile_catalogue(&compiled, &shop, window, AS_OF, with_drafts, &fault), "%s",
                  fault.text);
    shop_check(&compiled, window);
}

static void compile(void)
{
    compile_as(false);
}

static void refuse(const char *part)
{
    struct fault fault = {""};
    struct compiled none;
    memset(&none, 0, sizeof(none));
    ck_assert(!compile_catalogue(&none, &shop, window, AS_OF, false, &fault));
    ck_assert_msg(strstr(fault.text, part) != NULL, "wanted \"%s\" in: %s", part, fault.text);
    ck_assert_ptr_null(none.clauses);
}

/* --- what is offered, as text --- */

static uint32_t site_of(uint32_t point)
{
    for (uint32_t i = 0; i < compiled.point_count; i++)
        if (compiled.points[i].number == point)
            return compiled.points[i].site;
    return SITE_NOWHERE;
}

static const struct offer *find_offer(uint32_t point, uint32_t product)
{
    uint32_t site = site_of(point);
    for (uint32_t i = 0; i < compiled.offer_count; i++)
        if (compiled.offers[i].site == site && compiled.offers[i].product == product)
            return &compiled.offers[i];
    return NULL;
}

#define TEXT_SIZE 2048
static char text[TEXT_SIZE];
static size_t text_size;

#define SAY(...)                                                                                   \
    do {                                                                                           \
        text_size += (size_t)snprintf(text + text_size, TEXT_SIZE - text_size, __VA_ARGS__);       \
        ck_assert(text_size < TEXT_SIZE);                                                          \
    } while (0)

/* "*" for all days, else "0-9,20-99": last day in. */
static void say_days(uint16_t dayset)
{
    const struct dayset *set = &compiled.daysets[dayset];
    if (dayset == DAYSET_ALL) {
        SAY("*");
        return;
    }
    const char *comma = "";
    for (uint32_t first = window.from_day, last; first < window.until_day; first = last + 1) {
        last = first;
        if (!is_in(set, first))
            continue;
        while (last + 1 < window.until_day && is_in(set, last + 1))
            last++;
        SAY("%s%u-%u", comma, first - window.from_day, last - window.from_day);
        comma = ",";
    }
}

static const struct contract *contract_of(uint32_t code)
{
    for (uint32_t i = 0; i < compiled.contract_count; i++)
        if (compiled.contracts[i].code == code)
            return &compiled.contracts[i];
    return NULL;
}

/* "0-49: A.1/7 0-9 B.2 *": covered days, then relief, clause and contract with their days. */
static const char *offered(uint32_t point, uint32_t product)
{
    const struct offer *offer = find_offer(point, product);
    text_size = 0;
    text[0] = '\0';
    if (offer == NULL)
        return "";
    say_days(offer->dayset);
    SAY(":");
    for (uint32_t i = 0; i < offer->clause_count; i++) {
        const struct clause *clause = &compiled.clauses[offer->clause_first + i];
        const struct contract *contract = contract_of(clause->code);
        SAY(" %s.%u", compiled.reliefs[clause->relief].name, clause->number);
        if (contract != NULL)
            SAY("/%u", contract->number);
        else
            ck_assert_uint_eq(clause->code, compiled.reliefs[clause->relief].code);
        SAY(" ");
        say_days(clause->dayset);
    }
    return text;
}

#define OFFERED(point, product, wanted) ck_assert_str_eq(offered(point, product), wanted)

/* A provider with points 101 and 102 in Riga, 201 in Jurmala, and two products. */
static void begin(void)
{
    shop_begin();
    shop_product(TICKET);
    shop_product(PASS);
    shop_provider(PROVIDER);
    shop_point(101, PROVIDER, RIGA);
    shop_point(102, PROVIDER, RIGA);
    shop_point(201, PROVIDER, JURMALA);
}

static void end(void)
{
    compiled_free(&compiled);
}

/* A relief with one version and one clause. */
static struct rule_relief *simple_relief(const char *name, uint32_t product)
{
    struct rule_relief *relief = shop_relief(name);
    shop_version(0, DAY_NEVER);
    shop_clause(product);
    return relief;
}

/* --- the reserved relief, and others that need no contract --- */

START_TEST(the_test_relief_stands_nowhere_and_at_every_point_of_sale)
{
    shop.trade.points[1].is_suspended = true;
    compile();
    OFFERED(0, PRODUCT_TEST, "*: TEST.1 *");
    OFFERED(101, PRODUCT_TEST, "*: TEST.1 *");
    OFFERED(102, PRODUCT_TEST, "*: TEST.1 *");
    ck_assert_uint_eq(compiled.clauses[0].code, RELIEF_TEST_CODE);
    ck_assert_uint_eq(compiled.clauses[0].group, GROUP_TEST);
    ck_assert_uint_eq(compiled.clause_count, 1);
    ck_assert_uint_eq(compiled.offer_count, 2);
    ck_assert_uint_eq(compiled.dayset_count, 1);
}
END_TEST

START_TEST(a_catalogue_without_points_of_sale_compiles)
{
    shop.trade.point_count = shop.trade.provider_count = 0;
    compile();
    OFFERED(0, PRODUCT_TEST, "*: TEST.1 *");
    ck_assert_uint_eq(compiled.point_count, 0);
}
END_TEST

START_TEST(everywhere_is_without_contract_but_not_without_conditions)
{
    shop_relief("E")->is_everywhere = true;
    shop_version(DAY(10), DAY(90));
    shop_clause(TICKET);
    shop_in(1, 4);
    shop_clause(TICKET);
    shop_at(201, 201);
    shop_clause(TICKET);
    shop_under(7);
    shop_clause(TICKET);
    shop_contract(7, "E", PROVIDER); /* is not needed, and changes nothing */
    compile();
    OFFERED(0, TICKET, "10-89: E.4 10-89");
    OFFERED(101, TICKET, "10-89: E.1 10-89 E.4 10-89");
    OFFERED(201, TICKET, "10-89: E.2 10-89 E.4 10-89");
}
END_TEST

START_TEST(a_relief_that_stands_nowhere_has_no_offer_nowhere)
{
    simple_relief("A", TICKET);
    shop_contract(7, "A", PROVIDER);
    compile();
    OFFERED(0, TICKET, "");
    OFFERED(999, TICKET, "");
    OFFERED(101, TICKET, "*: A.1/7 *");
    OFFERED(101, PASS, "");
}
END_TEST

/* --- days --- */

enum whose { NOBODYS, VERSIONS, CONTRACTS, POINTS, PROVIDERS, GIVERS, PRODUCTS };

static const struct {
    const char *title;
    struct {
        enum whose whose;
        uint32_t from, until;
    } spans[2];
    const char *wanted;
} validities[] = {
    {"nobody says anything", {{NOBODYS, 0, 0}}, "*: A.1/7 *"},
    {"a version", {{VERSIONS, 10, 20}}, "10-19: A.1/7 10-19"},
    {"a contract", {{CONTRACTS, 10, 20}}, "10-19: A.1/7 10-19"},
    {"a point of sale", {{POINTS, 10, 20}}, "10-19: A.1/7 10-19"},
    {"a provider", {{PROVIDERS, 10, 20}}, "10-19: A.1/7 10-19"},
    {"a giver", {{GIVERS, 10, 20}}, "10-19: A.1/7 10-19"},
    {"a product", {{PRODUCTS, 10, 20}}, "10-19: A.1/7 10-19"},
    {"version and contract", {{VERSIONS, 10, 20}, {CONTRACTS, 15, 30}}, "15-19: A.1/7 15-19"},
    {"point and product", {{POINTS, 0, 20}, {PRODUCTS, 19, 30}}, "19-19: A.1/7 19-19"},
    {"giver and provider, that never meet", {{GIVERS, 10, 20}, {PROVIDERS, 20, 30}}, ""},
    {"a contract that covers the window exactly", {{CONTRACTS, 0, 100}}, "*: A.1/7 *"},
    {"a contract that begins with the window's last day",
     {{CONTRACTS, 99, 200}},
     "99-99: A.1/7 99-99"},
    {"a contract that begins after the window", {{CONTRACTS, 100, 200}}, ""},
};

START_TEST(a_clause_stands_while_all_of_them_are_in_force)
{
    struct provider *provider = &shop.trade.providers[0];
    struct giver *giver = shop_giver(SHOP_GIVER);
    struct product_row *product = shop_product_row(TICKET);
    shop_relief("A");
    struct rule_version *version = shop_version(0, DAY_NEVER);
    shop_clause(TICKET);
    struct contract_row *contract = shop_contract(7, "A", PROVIDER);
    for (size_t i = 0; i < 2; i++) {
        uint32_t from = DAY(validities[_i].spans[i].from),
                 until = DAY(validities[_i].spans[i].until);
        struct in_force span = {from, until, 0};
        switch (validities[_i].spans[i].whose) {
        case NOBODYS:
            break;
        case VERSIONS:
            version->from_day = from;
            version->until_day = until;
            break;
        case CONTRACTS:
            contract->in_force = span;
            break;
        case POINTS:
            shop.trade.points[0].in_force = span;
            break;
        case PROVIDERS:
            provider->in_force = span;
            break;
        case GIVERS:
            giver->in_force = span;
            break;
        case PRODUCTS:
            product->in_force = span;
            break;
        }
    }
    compile();
    ck_assert_msg(strcmp(offered(101, TICKET), validities[_i].wanted) == 0, "%s: %s",
                  validities[_i].title, text);
}
END_TEST

START_TEST(who_is_suspended_sells_nothing_under_contracts)
{
    simple_relief("A", TICKET);
    simple_relief("E", TICKET)->is_everywhere = true;
    shop_contract(7, "A", PROVIDER);
    shop_contract(8, "A", PROVIDER + 1);
    shop_provider(PROVIDER + 1)->is_suspended = true;
    shop_point(301, PROVIDER + 1, RIGA);
    shop.trade.points[1].is_suspended = true;
    compile();
    OFFERED(101, TICKET, "*: A.1/7 * E.1 *");
    OFFERED(102, TICKET, "*: E.1 *");
    OFFERED(301, TICKET, "*: E.1 *");
    ck_assert_uint_eq(site_of(102), site_of(301));
}
END_TEST

/* --- versions --- */

static const struct {
    enum version_state states[3];
    bool with_drafts;
    const char *wanted;
    enum relief_state state; /* on day 50 */
} states[] = {
    {{VERSION_ACTIVE, VERSION_ACTIVE, VERSION_ACTIVE},
     false,
     "*: A.1/7 0-39 A.2/7 40-59 A.3/7 60-99",
     RELIEF_ACTIVE},
    {{VERSION_ACTIVE, VERSION_SUSPENDED, VERSION_ACTIVE},
     false,
     "0-39,60-99: A.1/7 0-39 A.3/7 60-99",
     RELIEF_SUSPENDED},
    {{VERSION_ACTIVE, VERSION_ACTIVE, VERSION_CLOSED},
     false,
     "0-59: A.1/7 0-39 A.2/7 40-59",
     RELIEF_ACTIVE},
    {{VERSION_ACTIVE, VERSION_CLOSED, VERSION_CLOSED}, false, "0-39: A.1/7 0-39", RELIEF_CLOSED},
    {{VERSION_ACTIVE, VERSION_DRAFT, VERSION_DRAFT}, false, "0-39: A.1/7 0-39", RELIEF_SUSPENDED},
    {{VERSION_DRAFT, VERSION_DRAFT, VERSION_DRAFT}, false, "", RELIEF_SUSPENDED},
    {{VERSION_DRAFT, VERSION_DRAFT, VERSION_SUSPENDED},
     true,
     "0-59: A.1/7 0-39 A.2/7 40-59",
     RELIEF_ACTIVE},
    {{VERSION_SUSPENDED, VERSION_CLOSED, VERSION_DRAFT}, true, "60-99: A.3/7 60-99", RELIEF_CLOSED},
};

/* The middle version says that it would go on; the last one takes its place all the same. */
START_TEST(a_version_gives_what_its_state_lets_it_until_the_next_one)
{
    static const uint32_t from[] = {0, 40, 60};
    shop_relief("A");
    for (uint32_t i = 0; i < 3; i++) {
        shop_version(DAY(from[i]), i == 0 ? DAY(40) : DAY_NEVER)->state = states[_i].states[i];
        shop_clause(TICKET)->terms.number = (uint8_t)(i + 1);
    }
    simple_relief("B", TICKET); /* keeps its index, whatever becomes of A */
    shop_contract(7, "A", PROVIDER);
    compile_as(states[_i].with_drafts);
    OFFERED(101, TICKET, states[_i].wanted);
    ck_assert_uint_eq(compiled.relief_count, 3);
    ck_assert_uint_eq(compiled.reliefs[1].state, states[_i].state);
    ck_assert_uint_eq(compiled.reliefs[1].from_day, DAY(0));
    ck_assert_uint_eq(compiled.reliefs[1].until_day, DAY_NEVER);
    ck_assert_str_eq(compiled.reliefs[2].name, "B");
}
END_TEST

static const struct {
    uint32_t spans[2][2];
    uint32_t from, until;
    enum relief_state state;
} hulls[] = {
    {{{10, 20}, {30, 40}}, 10, 40, RELIEF_CLOSED},
    {{{10, 20}, {20, 60}}, 10, 60, RELIEF_ACTIVE},
    {{{10, 20}, {60, 70}}, 10, 70, RELIEF_SUSPENDED},
    {{{51, 60}, {60, 70}}, 51, 70, RELIEF_SUSPENDED},
    {{{10, 20}, {30, 50}}, 10, 50, RELIEF_CLOSED},
    {{{10, 20}, {30, 51}}, 10, 51, RELIEF_ACTIVE},
    {{{10, 200}, {30, 50}}, 10, 50, RELIEF_CLOSED},
};

START_TEST(a_relief_is_recorded_from_its_first_version_to_its_last)
{
    struct rule_relief *relief = shop_relief("A");
    for (uint32_t i = 0; i < 2; i++) {
        shop_version(DAY(hulls[_i].spans[i][0]), DAY(hulls[_i].spans[i][1]));
        shop_clause(TICKET);
    }
    compile();
    const struct relief *found = &compiled.reliefs[1];
    ck_assert_uint_eq(found->from_day, DAY(hulls[_i].from));
    ck_assert_uint_eq(found->until_day, DAY(hulls[_i].until));
    ck_assert_uint_eq(found->state, hulls[_i].state);
    ck_assert_uint_eq(found->code, relief->code);
    ck_assert_uint_eq(found->giver, SHOP_GIVER);
    ck_assert_str_eq(found->name, "A");
}
END_TEST

START_TEST(what_a_version_says_is_in_its_clauses)
{
    shop_relief("A");
    struct rule_version *version = shop_version(0, DAY_NEVER);
    version->stacks = true;
    version->unknown = UNKNOWN_ALLOW;
    version->rounding = ROUND_UP;
    version->round_step = 100;
    version->split = 44;
    struct rule_clause *written = shop_clause(TICKET);
    written->group = 3;
    written->known_group = 9;
    written->terms.cap = 5;
    written->terms.flags = CLAUSE_CAP_EACH;
    written->terms.companions_max = 2;
    shop_contract(7, "A", PROVIDER);
    compile();
    struct clause wanted = written->terms;
    wanted.flags = CLAUSE_FLAGS_ALL;
    wanted.code = compiled.contracts[0].code;
    wanted.relief = 1;
    wanted.group = 9;
    wanted.rounding = ROUND_UP;
    wanted.round_step = 100;
    wanted.split = 44;
    const struct offer *offer = find_offer(101, TICKET);
    ck_assert_mem_eq(&compiled.clauses[offer->clause_first], &wanted, sizeof(wanted));
    ck_assert_uint_eq(compiled.clause_origins[offer->clause_first], 1);
}
END_TEST

/* --- where --- */

START_TEST(a_contract_covers_its_providers_points_or_those_it_lists)
{
    simple_relief("A", TICKET);
    simple_relief("B", TICKET);
    shop_contract(7, "A", PROVIDER);
    shop_contract(8, "B", PROVIDER);
    shop_range(150, 300);
    shop_range(102, 102);
    shop_range(200, 250); /* once more: it covers once */
    shop_provider(PROVIDER + 1);
    shop_point(160, PROVIDER + 1, RIGA); /* in the list, but another provider's */
    shop_point(290, PROVIDER, RIGA);     /* beyond the inner range, within the outer one */
    compile();
    OFFERED(101, TICKET, "*: A.1/7 *");
    OFFERED(102, TICKET, "*: A.1/7 * B.1/8 *");
    OFFERED(160, TICKET, "");
    OFFERED(201, TICKET, "*: A.1/7 * B.1/8 *");
    OFFERED(290, TICKET, "*: A.1/7 * B.1/8 *");
}
END_TEST

START_TEST(clauses_stand_where_they_say)
{
    shop_relief("A");
    shop_version(0, DAY_NEVER);
    shop_clause(TICKET);
    shop_in(1, 4);
    shop_clause(TICKET);
    shop_in(4, 4);
    shop_clause(TICKET);
    shop_at(1, 101);
    shop_at(201, 300);
    shop_clause(TICKET);
    shop_in(1, 4);
    shop_at(102, 102);
    shop_clause(TICKET);
    shop_under(8);
    shop_also_product(PASS);
    shop_also_product(TICKET); /* twice in the list: it stands there once */
    shop_in(0, 1);
    shop_contract(7, "A", PROVIDER)->in_force.until_day = DAY(50);
    shop_contract(8, "A", PROVIDER);
    shop_point(301, PROVIDER, 0);
    compile();
    OFFERED(101, TICKET, "*: A.1/7 0-49 A.1/8 50-99 A.3/7 0-49 A.3/8 50-99 A.5/8 50-99");
    OFFERED(102, TICKET, "*: A.1/7 0-49 A.1/8 50-99 A.4/7 0-49 A.4/8 50-99 A.5/8 50-99");
    OFFERED(201, TICKET, "*: A.2/7 0-49 A.2/8 50-99 A.3/7 0-49 A.3/8 50-99 A.5/8 50-99");
    OFFERED(301, TICKET, "");
    OFFERED(101, PASS, "50-99: A.5/8 50-99");
}
END_TEST

START_TEST(calendars_hold_at_the_points_place)
{
    uint32_t calendar = shop_calendar();
    *shop_item(CALENDAR_ONCE) =
        (struct calendar_item){.kind = CALENDAR_ONCE, .from_day = DAY(10), .until_day = DAY(20)};
    *shop_item(CALENDAR_ONCE) = (struct calendar_item){.kind = CALENDAR_ONCE,
                                                       .from_day = DAY(15),
                                                       .until_day = DAY(30),
                                                       .has_place = true,
                                                       .place = {1, 4}};
    uint32_t outer = shop_calendar();
    shop_item(CALENDAR_OTHER)->calendar = (uint16_t)calendar;
    uint32_t never = shop_calendar();
    shop_relief("A");
    shop_version(DAY(12), DAY_NEVER);
    shop_clause(TICKET)->calendar = outer;
    shop_clause(TICKET)->calendar = never;
    simple_relief("E", PASS)->is_everywhere = true;
    shop.rules->clauses[shop.rules->clause_count - 1].calendar = outer;
    shop_contract(7, "A", PROVIDER);
    compile();
    OFFERED(101, TICKET, "12-99: A.1/7 12-29 A.2/7 ");
    OFFERED(201, TICKET, "12-99: A.1/7 12-19 A.2/7 ");
    OFFERED(0, PASS, "*: E.1 10-19");
    OFFERED(102, PASS, "*: E.1 10-29");
}
END_TEST

START_TEST(what_is_on_no_day_of_the_window_is_covered_all_the_same)
{
    uint32_t never = shop_calendar();
    simple_relief("A", TICKET);
    shop.rules->clauses[1].calendar = never;
    shop_relief("B");
    shop_version(DAY(10), DAY(20));
    shop_clause(TICKET);
    shop_contract(7, "A", PROVIDER);
    shop_contract(8, "B", PROVIDER)->in_force.from_day = DAY(15);
    compile();
    OFFERED(101, TICKET, "*: A.1/7  B.1/8 15-19");
}
END_TEST

/* --- several contracts about one relief --- */

START_TEST(of_contracts_on_the_same_days_the_lower_number_counts)
{
    simple_relief("A", TICKET);
    shop_contract(9, "A", PROVIDER);
    struct contract_row *lower = shop_contract(5, "A", PROVIDER);
    lower->in_force = (struct in_force){DAY(20), DAY(40), 0};
    shop_range(101, 101);
    struct contract_row *middle = shop_contract(7, "A", PROVIDER);
    middle->in_force = (struct in_force){DAY(10), DAY(30), 0};
    shop_range(101, 102);
    compile();
    OFFERED(101, TICKET, "*: A.1/5 20-39 A.1/7 10-19 A.1/9 0-9,40-99");
    OFFERED(102, TICKET, "*: A.1/7 10-29 A.1/9 0-9,30-99");
    OFFERED(201, TICKET, "*: A.1/9 *");
}
END_TEST

START_TEST(a_contract_counts_though_no_clause_is_about_it)
{
    shop_relief("A");
    shop_version(0, DAY_NEVER);
    shop_clause(TICKET);
    shop_under(9);
    shop_contract(5, "A", PROVIDER)->in_force.until_day = DAY(40);
    shop_contract(9, "A", PROVIDER);
    compile();
    OFFERED(101, TICKET, "40-99: A.1/9 40-99");
}
END_TEST

/* --- sites and runs --- */

START_TEST(points_with_the_same_offers_share_a_site_numbered_by_the_first_of_them)
{
    simple_relief("A", TICKET);
    shop_contract(7, "A", PROVIDER);
    shop_range(102, 102);
    shop_provider(PROVIDER + 1);
    shop_point(50, PROVIDER + 1, RIGA); /* nothing, as 101 and 201 */
    shop_point(150, PROVIDER, JURMALA);
    shop_contract(8, "A", PROVIDER + 2)->in_force.until_day = DAY(0); /* over */
    compile();
    ck_assert_uint_eq(site_of(50), 1);
    ck_assert_uint_eq(site_of(101), 1);
    ck_assert_uint_eq(site_of(102), 2);
    ck_assert_uint_eq(site_of(150), 1);
    ck_assert_uint_eq(site_of(201), 1);
    ck_assert_uint_eq(compiled.points[0].number, 50);
    ck_assert_uint_eq(compiled.points[0].provider, PROVIDER + 1);
    ck_assert_uint_eq(compiled.points[0].place, RIGA);
}
END_TEST

START_TEST(offers_of_equal_content_share_their_clauses)
{
    shop_relief("A");
    shop_version(0, DAY_NEVER);
    shop_clause(TICKET);
    shop_also_product(PASS);
    shop_clause(TICKET);
    shop_also_product(PASS);
    shop_relief("B");
    shop_version(0, DAY_NEVER);
    shop_clause(PASS);
    shop_in(4, 4);
    shop_contract(7, "A", PROVIDER);
    shop_contract(8, "B", PROVIDER);
    compile();
    const struct offer *first = find_offer(101, TICKET);
    ck_assert_uint_eq(find_offer(101, PASS)->clause_first, first->clause_first);
    ck_assert_uint_eq(find_offer(201, TICKET)->clause_first, first->clause_first);
    ck_assert_uint_ne(find_offer(201, PASS)->clause_first, first->clause_first);
    OFFERED(201, PASS, "*: A.1/7 * A.2/7 * B.1/8 *");
    ck_assert_uint_eq(compiled.clause_count, 1 + 2 + 3);
    ck_assert_uint_eq(compiled.dayset_count, 1);
}
END_TEST

/* --- order --- */

START_TEST(clauses_stand_in_the_order_in_which_they_are_tried)
{
    shop_relief("STACKING");
    shop_version(0, DAY_NEVER)->stacks = true;
    shop_clause(TICKET);
    shop_relief("LATE");
    shop_version(0, DAY_NEVER)->order = 999;
    shop_clause(TICKET);
    shop_relief("A");
    shop_version(0, DAY(30));
    shop_clause(TICKET);
    shop_clause(TICKET);
    shop_version(DAY(30), DAY_NEVER);
    shop_clause(TICKET);
    simple_relief("B", TICKET);
    shop_relief("EARLY");
    shop_version(0, DAY_NEVER)->order = 1;
    shop_clause(TICKET);
    shop_relief("STACKING-FIRST");
    shop_version(0, DAY_NEVER)->stacks = true;
    shop.rules->versions[shop.rules->version_count - 1].order = 99;
    shop_clause(TICKET);
    static const char *const names[] = {"LATE", "STACKING", "EARLY", "B", "A", "STACKING-FIRST"};
    for (uint32_t i = 0; i < 6; i++)
        shop_contract(i + 1, names[i], PROVIDER);
    shop_contract(9, "A", PROVIDER + 1);
    compile();
    OFFERED(101, TICKET,
            "*: EARLY.1/3 * A.1/5 0-29 A.2/5 0-29 A.1/5 30-99 B.1/4 * LATE.1/1 * "
            "STACKING-FIRST.1/6 * STACKING.1/2 *");
}
END_TEST

static void stacking_reliefs(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        char name[] = {(char)('W' + i), '\0'};
        shop_relief(name);
        shop_version(0, DAY_NEVER)->stacks = true;
        shop_clause(TICKET);
        shop_clause(TICKET);
        shop_contract(i + 1, name, PROVIDER);
        shop_range(102, 102);
    }
}

START_TEST(three_reliefs_may_stack)
{
    stacking_reliefs(3);
    compile();
    OFFERED(102, TICKET, "*: W.1/1 * W.2/1 * X.1/2 * X.2/2 * Y.1/3 * Y.2/3 *");
}
END_TEST

START_TEST(more_than_three_that_stack_are_refused_by_name)
{
    stacking_reliefs(4);
    refuse("product \"product.1001\" at point of sale 102: more than 3 reliefs come on top of "
           "others there (W, X, Y, Z)");
}
END_TEST

/* --- limits and splits --- */

START_TEST(limits_are_those_of_versions_that_are_no_drafts)
{
    shop_relief("A");
    shop_version(DAY(10), DAY_NEVER);
    shop_limit(1)->terms.shared = 5;
    shop_limit(2);
    shop_version(DAY(20), DAY(30))->state = VERSION_SUSPENDED;
    shop_limit(3);
    shop_relief("B");
    shop_version(DAY(10), DAY(20))->state = VERSION_DRAFT;
    shop_limit(4);
    static const struct limit wanted[] = {
        {.relief = 1, .from_day = DAY(10), .until_day = DAY(20), .value = 1, .shared = 5},
        {.relief = 1, .from_day = DAY(10), .until_day = DAY(20), .value = 2},
        {.relief = 1, .from_day = DAY(20), .until_day = DAY(30), .value = 3},
        {.relief = 2, .from_day = DAY(10), .until_day = DAY(20), .value = 4},
    };
    for (uint32_t with_drafts = 0; with_drafts <= 1; with_drafts++) {
        compile_as(with_drafts);
        ck_assert_uint_eq(compiled.limit_count, 3 + with_drafts);
        for (uint32_t i = 0; i < compiled.limit_count; i++) {
            const struct limit *limit = &compiled.limits[i];
            ck_assert_uint_eq(limit->relief, wanted[i].relief);
            ck_assert_uint_eq(limit->from_day, wanted[i].from_day);
            ck_assert_uint_eq(limit->until_day, wanted[i].until_day);
            ck_assert_uint_eq(limit->value, wanted[i].value);
            ck_assert_uint_eq(limit->shared, wanted[i].shared);
            ck_assert_uint_eq(limit->kind, LIMIT_USES);
            ck_assert_uint_eq(limit->period, PERIOD_MONTH);
        }
    }
}
END_TEST

START_TEST(splits_and_products_are_as_written)
{
    shop_split(3);
    shop_split(8);
    compile();
    ck_assert_uint_eq(compiled.split_count, 2);
    ck_assert_mem_eq(compiled.splits, shop.rules->splits, 2 * sizeof(struct split));
    ck_assert_uint_eq(compiled.product_count, 3);
    ck_assert_mem_eq(compiled.products, shop.rules->products, 3 * sizeof(struct product));
}
END_TEST

/* --- terminals --- */

static void check_span(uint32_t index, uint32_t first, uint32_t last)
{
    ck_assert_uint_lt(index, compiled.span_count);
    ck_assert_uint_eq(compiled.spans[index].first, first);
    ck_assert_uint_eq(compiled.spans[index].last, last);
}

START_TEST(terminals_are_as_written_with_their_provider_and_spans)
{
    shop_provider(PROVIDER + 1);
    shop_point(301, PROVIDER + 1, RIGA);
    struct terminal_row *row = shop_terminal(7, 101, 150);
    row->profile = PROFILE_TILL;
    row->in_force = (struct in_force){DAY(1), DAY(20), 0};
    row->per_minute = 30;
    row->per_day = 2000;
    row->typed_per_day = 50;
    shop_sells(TICKET, TICKET);
    shop_sells(PASS, PASS + 7);
    shop_terminal(8, 300, 400);
    compile();
    ck_assert_uint_eq(compiled.terminal_count, 2);
    const struct terminal *first = &compiled.terminals[0], *second = first + 1;
    ck_assert(first->number == 7 && first->profile == PROFILE_TILL);
    ck_assert_mem_eq(first->key, row->key, TERMINAL_KEY_SIZE);
    ck_assert(first->from_day == DAY(1) && first->until_day == DAY(20));
    ck_assert(first->per_minute == 30 && first->per_day == 2000 && first->typed_per_day == 50);
    ck_assert(first->provider == PROVIDER && second->provider == PROVIDER + 1);
    ck_assert(first->point_count == 1 && first->product_count == 2);
    check_span(first->point_first, 101, 150);
    check_span(first->product_first, TICKET, TICKET);
    check_span(first->product_first + 1, PASS, PASS + 7);
    ck_assert(second->number == 8 && second->until_day == DAY_NEVER);
    ck_assert(second->point_count == 1 && second->product_count == 0);
    check_span(second->point_first, 300, 400);
    ck_assert_uint_eq(compiled.span_count, 4);
}
END_TEST

START_TEST(terminals_without_a_key_or_over_before_the_window_are_left_out)
{
    shop_terminal(1, 101, 101)->has_key = false;
    shop_terminal(2, 101, 101)->in_force.until_day = DAY(0); /* over when the window begins */
    shop_terminal(3, 101, 101)->in_force.until_day = DAY(1);
    shop_sells(TICKET, TICKET);
    shop_terminal(4, 101, 101)->in_force.from_day = DAY(500); /* after the window */
    compile();
    ck_assert_uint_eq(compiled.terminal_count, 2);
    ck_assert_uint_eq(compiled.terminals[0].number, 3);
    ck_assert_uint_eq(compiled.terminals[1].number, 4);
    ck_assert_uint_eq(compiled.span_count, 3);
}
END_TEST

START_TEST(more_terminals_than_a_snapshot_holds_are_refused)
{
    for (uint32_t i = 1; i <= TERMINAL_COUNT_MAX; i++)
        shop_terminal(i, 101, 101);
    shop_terminal(TERMINAL_COUNT_MAX + 1, 101, 101)->has_key = false; /* does not count */
    compile();
    ck_assert_uint_eq(compiled.terminal_count, TERMINAL_COUNT_MAX);
    shop.trade.terminals[TERMINAL_COUNT_MAX].has_key = true;
    refuse("the catalogue has 65537 terminals with a key, at most 65536 (TERMINAL_COUNT_MAX): end "
           "those that are no longer in use");
}
END_TEST

/* --- contracts and their codes --- */

START_TEST(contracts_are_recorded_by_number)
{
    simple_relief("A", TICKET);
    simple_relief("B", TICKET);
    shop_contract(9, "A", PROVIDER)->in_force = (struct in_force){DAY(1), DAY(2), 0};
    shop_contract(5, "B", PROVIDER + 1);
    compile();
    static const struct contract wanted[] = {
        {.number = 5, .relief = 2, .from_day = 0, .until_day = DAY_NEVER, .provider = PROVIDER + 1},
        {.number = 9, .relief = 1, .from_day = DAY(1), .until_day = DAY(2), .provider = PROVIDER},
    };
    for (uint32_t i = 0; i < 2; i++) {
        const struct contract *contract = &compiled.contracts[i];
        ck_assert_uint_eq(contract->number, wanted[i].number);
        ck_assert_uint_eq(contract->relief, wanted[i].relief);
        ck_assert_uint_eq(contract->from_day, wanted[i].from_day);
        ck_assert_uint_eq(contract->until_day, wanted[i].until_day);
        ck_assert_uint_eq(contract->provider, wanted[i].provider);
    }
    /* a promise to merchants: XXH3-64 of the name and the number, folded */
    ck_assert_uint_eq(compiled.contracts[1].code, 345310224u);
    ck_assert_uint_eq(compiled.contracts[0].code, 4919268u);
}
END_TEST

START_TEST(a_contract_about_no_relief_is_refused)
{
    shop_contract(30, "NO-SUCH", PROVIDER);
    refuse("contract 30: no rules file has a relief \"NO-SUCH\"");
}
END_TEST

START_TEST(what_is_there_twice_is_refused)
{
    simple_relief("A", TICKET);
    shop_contract(30, "A", PROVIDER);
    shop_contract(31, "A", PROVIDER);
    shop_contract(30, "A", PROVIDER);
    refuse("contract 30 is there twice");
    shop.trade.contract_count = 0;
    shop_point(102, PROVIDER, RIGA);
    refuse("point of sale 102 is there twice");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("compile");
    TCase *rows = tcase_create("offers");
    tcase_add_checked_fixture(rows, begin, end);
    tcase_add_test(rows, the_test_relief_stands_nowhere_and_at_every_point_of_sale);
    tcase_add_test(rows, a_catalogue_without_points_of_sale_compiles);
    tcase_add_test(rows, everywhere_is_without_contract_but_not_without_conditions);
    tcase_add_test(rows, a_relief_that_stands_nowhere_has_no_offer_nowhere);
    tcase_add_loop_test(rows, a_clause_stands_while_all_of_them_are_in_force, 0,
                        sizeof(validities) / sizeof(validities[0]));
    tcase_add_test(rows, who_is_suspended_sells_nothing_under_contracts);
    tcase_add_loop_test(rows, a_version_gives_what_its_state_lets_it_until_the_next_one, 0,
                        sizeof(states) / sizeof(states[0]));
    tcase_add_loop_test(rows, a_relief_is_recorded_from_its_first_version_to_its_last, 0,
                        sizeof(hulls) / sizeof(hulls[0]));
    tcase_add_test(rows, what_a_version_says_is_in_its_clauses);
    tcase_add_test(rows, a_contract_covers_its_providers_points_or_those_it_lists);
    tcase_add_test(rows, clauses_stand_where_they_say);
    tcase_add_test(rows, calendars_hold_at_the_points_place);
    tcase_add_test(rows, what_is_on_no_day_of_the_window_is_covered_all_the_same);
    tcase_add_test(rows, of_contracts_on_the_same_days_the_lower_number_counts);
    tcase_add_test(rows, a_contract_counts_though_no_clause_is_about_it);
    tcase_add_test(rows, points_with_the_same_offers_share_a_site_numbered_by_the_first_of_them);
    tcase_add_test(rows, offers_of_equal_content_share_their_clauses);
    tcase_add_test(rows, clauses_stand_in_the_order_in_which_they_are_tried);
    tcase_add_test(rows, three_reliefs_may_stack);
    tcase_add_test(rows, more_than_three_that_stack_are_refused_by_name);
    suite_add_tcase(suite, rows);
    TCase *tables = tcase_create("tables");
    tcase_add_checked_fixture(tables, begin, end);
    tcase_add_test(tables, limits_are_those_of_versions_that_are_no_drafts);
    tcase_add_test(tables, splits_and_products_are_as_written);
    tcase_add_test(tables, terminals_are_as_written_with_their_provider_and_spans);
    tcase_add_test(tables, terminals_without_a_key_or_over_before_the_window_are_left_out);
    tcase_add_test(tables, more_terminals_than_a_snapshot_holds_are_refused);
    tcase_add_test(tables, contracts_are_recorded_by_number);
    tcase_add_test(tables, a_contract_about_no_relief_is_refused);
    tcase_add_test(tables, what_is_there_twice_is_refused);
    suite_add_tcase(suite, tables);
    return support_run(suite);
}
