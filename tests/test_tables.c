#include "protocol/tables.h"

#include "protocol/profile.h"
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

/* A small country's tables, stored; each test breaks one thing. */
#define GROUPS      3
#define PRODUCTS    3
#define RELIEFS     2
#define CLAUSES     4
#define OFFERS      3
#define POINTS      3
#define DAYSETS     2
#define CONTRACTS   2
#define SPLITS      2
#define LIMITS      2
#define CENSUS      3
#define TERMINALS   3
#define SPANS       5
#define SETS        3
#define MEMBERSHIPS 4
#define VIEWS       3

struct country {
    struct census census[CENSUS];
    struct clause clauses[CLAUSES];
    struct group groups[GROUPS];
    struct product products[PRODUCTS];
    struct point points[POINTS];
    struct dayset daysets[DAYSETS];
    struct offer offers[OFFERS];
    struct relief reliefs[RELIEFS];
    struct contract contracts[CONTRACTS];
    struct split splits[SPLITS];
    struct limit limits[LIMITS];
    struct terminal terminals[TERMINALS];
    struct number_span spans[SPANS];
    uint32_t set_first[SETS + 1];
    struct membership memberships[MEMBERSHIPS];
    struct view views[VIEWS];
};

#define CLAUSE(code_, relief_, group_, flags_)                                                     \
    {                                                                                              \
        .code = code_, .relief = relief_, .group = group_, .flags = flags_, .dayset = relief_,     \
        .computation = COMPUTE_PERCENT, .round_step = 1, .means_mask = MEANS_MASK_ALL,             \
        .entry_mask = ENTRY_MASK_ALL, .value = 5000, .price_most = UINT32_MAX,                     \
        .quantity_least = 1, .quantity_most = 10                                                   \
    }

static const struct country good = {
    .census = {{1, 1000, 5, 0}, {1, 3200, 2, 1}, {2, 1000, 1, 0}},
    .clauses = {CLAUSE(1, 0, 0, 0), CLAUSE(9, 1, 1, 0), CLAUSE(9, 1, GROUP_EVERYBODY, 0),
                CLAUSE(10, 1, 2, CLAUSE_STACKS)},
    .groups = {{.name = GROUP_TEST_NAME}, {.name = "a"}, {.name = "b"}},
    .products = {{PRODUCT_TEST, PRODUCT_TEST_NAME}, {1001, "x"}, {1002, "y"}},
    .points = {{.number = 101, .site = 1, .provider = 5},
               {.number = 102, .site = 1, .provider = 5},
               {.number = 201, .site = 1, .provider = 6}},
    .daysets = {{{3}}, {{1}}},
    .offers = {{0, 1, 0, 1, 0}, {1, 1001, 1, 3, 1}, {1, 1002, 1, 2, 0}},
    .reliefs = {{.code = RELIEF_TEST_CODE,
                 .until_day = DAY_NEVER,
                 .state = RELIEF_ACTIVE,
                 .name = RELIEF_TEST_NAME},
                {.code = 9, .until_day = DAY_NEVER, .state = RELIEF_CLOSED, .name = "R"}},
    .contracts = {{9, 1, 1, 0, 10, 5}, {10, 2, 1, 0, 10, 6}},
    .splits = {{3, 1, {{7, SPLIT_REST, 0}}}, {4, 1, {{8, SPLIT_REST, 0}}}},
    .limits = {{.relief = 0, .kind = LIMIT_USES, .period = PERIOD_DAY, .until_day = 1, .value = 1},
               {.relief = 1, .kind = LIMIT_SPACING, .until_day = 1, .value = 60}},
    .terminals = {{.number = 7,
                   .profile = 1,
                   .key = {1},
                   .provider = 5,
                   .until_day = DAY_NEVER,
                   .point_count = 2,
                   .product_first = 2,
                   .product_count = 2},
                  {.number = 8,
                   .profile = PROFILE_LAST,
                   .key = {[31] = 1},
                   .provider = 6,
                   .until_day = 20000,
                   .point_first = 4,
                   .point_count = 1},
                  {.number = UINT32_MAX,
                   .profile = 2,
                   .key = {2},
                   .provider = 5,
                   .until_day = 20000,
                   .point_first = 1,
                   .point_count = 1}},
    .spans = {{101, 101}, {102, 200}, {1, 5}, {1001, UINT32_MAX}, {200, 300}},
    .set_first = {0, 0, 1, 4},
    .memberships = {{0, TRUTH_YES, 10, 20},
                    {1, TRUTH_YES, 10, 12},
                    {1, TRUTH_UNKNOWN, 12, 20},
                    {2, TRUTH_YES, 11, 12}},
    .views = {{0, 0, DAY_NEVER}, {1, 0, DAY_NEVER}, {2, 5, 6}},
};

static struct tables tables_of(const struct country *c)
{
    return (struct tables){
        .views = c->views,
        .set_first = c->set_first,
        .memberships = c->memberships,
        .groups = c->groups,
        .products = c->products,
        .reliefs = c->reliefs,
        .clauses = c->clauses,
        .census = c->census,
        .points = c->points,
        .daysets = c->daysets,
        .offers = c->offers,
        .contracts = c->contracts,
        .splits = c->splits,
        .limits = c->limits,
        .terminals = c->terminals,
        .spans = c->spans,
        .terminal_count = TERMINALS,
        .span_count = SPANS,
        .point_count = POINTS,
        .dayset_count = DAYSETS,
        .offer_count = OFFERS,
        .contract_count = CONTRACTS,
        .split_count = SPLITS,
        .limit_count = LIMITS,
        .view_count = VIEWS,
        .set_count = SETS,
        .group_count = GROUPS,
        .product_count = PRODUCTS,
        .relief_count = RELIEFS,
        .clause_count = CLAUSES,
        .census_count = CENSUS,
    };
}

struct stored {
    uint8_t census[CENSUS * CENSUS_SIZE], clauses[CLAUSES * CLAUSE_SIZE],
        groups[GROUPS * GROUP_SIZE], products[PRODUCTS * PRODUCT_SIZE],
        reliefs[RELIEFS * RELIEF_SIZE], views[VIEWS * VIEW_SIZE], points[POINTS * POINT_SIZE],
        daysets[DAYSETS * DAYSET_SIZE], offers[OFFERS * OFFER_SIZE],
        contracts[CONTRACTS * CONTRACT_SIZE], splits[SPLITS * SPLIT_SIZE],
        limits[LIMITS * LIMIT_SIZE], terminals[TERMINALS * TERMINAL_SIZE],
        spans[SPANS * NUMBER_SPAN_SIZE], sets[4 + 4 * (SETS + 1) + MEMBERSHIPS * MEMBERSHIP_SIZE];
};

static void store(struct stored *s, const struct country *c)
{
    for (size_t i = 0; i < CENSUS; i++)
        census_encode(s->census + i * CENSUS_SIZE, &c->census[i]);
    for (size_t i = 0; i < CLAUSES; i++)
        clause_encode(s->clauses + i * CLAUSE_SIZE, &c->clauses[i]);
    for (size_t i = 0; i < GROUPS; i++)
        group_encode(s->groups + i * GROUP_SIZE, &c->groups[i]);
    for (size_t i = 0; i < PRODUCTS; i++)
        product_encode(s->products + i * PRODUCT_SIZE, &c->products[i]);
    for (size_t i = 0; i < RELIEFS; i++)
        relief_encode(s->reliefs + i * RELIEF_SIZE, &c->reliefs[i]);
    for (size_t i = 0; i < VIEWS; i++)
        view_encode(s->views + i * VIEW_SIZE, &c->views[i]);
    for (size_t i = 0; i < POINTS; i++)
        point_encode(s->points + i * POINT_SIZE, &c->points[i]);
    for (size_t i = 0; i < DAYSETS; i++)
        dayset_encode(s->daysets + i * DAYSET_SIZE, &c->daysets[i]);
    for (size_t i = 0; i < OFFERS; i++)
        offer_encode(s->offers + i * OFFER_SIZE, &c->offers[i]);
    for (size_t i = 0; i < CONTRACTS; i++)
        contract_encode(s->contracts + i * CONTRACT_SIZE, &c->contracts[i]);
    for (size_t i = 0; i < SPLITS; i++)
        split_encode(s->splits + i * SPLIT_SIZE, &c->splits[i]);
    for (size_t i = 0; i < LIMITS; i++)
        limit_encode(s->limits + i * LIMIT_SIZE, &c->limits[i]);
    for (size_t i = 0; i < TERMINALS; i++)
        terminal_encode(s->terminals + i * TERMINAL_SIZE, &c->terminals[i]);
    for (size_t i = 0; i < SPANS; i++)
        number_span_encode(s->spans + i * NUMBER_SPAN_SIZE, &c->spans[i]);
    store_u32(s->sets, SETS);
    for (size_t i = 0; i <= SETS; i++)
        store_u32(s->sets + 4 + 4 * i, c->set_first[i]);
    for (size_t i = 0; i < MEMBERSHIPS; i++)
        membership_encode(s->sets + 4 + 4 * (SETS + 1) + i * MEMBERSHIP_SIZE, &c->memberships[i]);
}

static struct table_bytes edge(const uint8_t *bytes, size_t size)
{
    return (struct table_bytes){at_the_edge(bytes, size), size};
}

static struct table_values values_of(const struct stored *s)
{
    return (struct table_values){
        .census = edge(s->census, sizeof(s->census)),
        .clauses = edge(s->clauses, sizeof(s->clauses)),
        .groups = edge(s->groups, sizeof(s->groups)),
        .products = edge(s->products, sizeof(s->products)),
        .reliefs = edge(s->reliefs, sizeof(s->reliefs)),
        .sets = edge(s->sets, sizeof(s->sets)),
        .views = edge(s->views, sizeof(s->views)),
        .points = edge(s->points, sizeof(s->points)),
        .daysets = edge(s->daysets, sizeof(s->daysets)),
        .offers = edge(s->offers, sizeof(s->offers)),
        .contracts = edge(s->contracts, sizeof(s->contracts)),
        .splits = edge(s->splits, sizeof(s->splits)),
        .limits = edge(s->limits, sizeof(s->limits)),
        .terminals = edge(s->terminals, sizeof(s->terminals)),
        .spans = edge(s->spans, sizeof(s->spans)),
    };
}

static bool says(const struct table_values *values, const char *words)
{
    struct tables out;
    struct fault fault = {""};
    if (tables_decode(&out, values, &fault)) {
        tables_free(&out);
        return words == NULL;
    }
    if (words == NULL || strstr(fault.text, words) == NULL)
        ck_abort_msg("wanted \"%s\", said \"%s\"", words, fault.text);
    return true;
}

START_TEST(what_was_stored_is_read_as_it_was)
{
    struct stored s;
    store(&s, &good);
    struct table_values values = values_of(&s);
    struct tables t;
    struct fault fault;
    ck_assert_msg(tables_decode(&t, &values, &fault), "%s", fault.text);
    ck_assert(t.view_count == VIEWS && t.set_count == SETS && t.group_count == GROUPS &&
              t.product_count == PRODUCTS && t.relief_count == RELIEFS &&
              t.clause_count == CLAUSES && t.census_count == CENSUS);
    for (size_t i = 0; i < MEMBERSHIPS; i++)
        ck_assert(memcmp(&t.memberships[i], &good.memberships[i], sizeof(struct membership)) == 0);
    ck_assert(memcmp(t.set_first, good.set_first, sizeof(good.set_first)) == 0);
    ck_assert(memcmp(t.views, good.views, sizeof(good.views)) == 0);
    ck_assert_uint_eq(t.clauses[3].code, 10);
    ck_assert(t.point_count == POINTS && t.dayset_count == DAYSETS && t.offer_count == OFFERS &&
              t.contract_count == CONTRACTS && t.split_count == SPLITS && t.limit_count == LIMITS);
    ck_assert(t.terminal_count == TERMINALS && t.span_count == SPANS);
    ck_assert(memcmp(t.spans, good.spans, sizeof(good.spans)) == 0);
    for (size_t i = 0; i < TERMINALS; i++)
        ck_assert(t.terminals[i].number == good.terminals[i].number &&
                  memcmp(t.terminals[i].key, good.terminals[i].key, TERMINAL_KEY_SIZE) == 0);
    ck_assert(memcmp(t.offers, good.offers, sizeof(good.offers)) == 0);
    ck_assert_uint_eq(t.census[1].unknown_count, 1);
    tables_free(&t);
}
END_TEST

/* ---- one number wrong ---- */

#define FIELD(path, number, words)                                                                 \
    {                                                                                              \
        offsetof(struct country, path), sizeof(((struct country *)0)->path), number, words         \
    }

static const struct {
    size_t at, size;
    uint32_t number;
    const char *words;
} wrong_numbers[] = {
    FIELD(census[0].group, 3, "census: line 0 names group 3 of 3"),
    FIELD(census[1].place, 1000, "census: line 1 is out of order"),
    FIELD(census[2].group, 0, "census: line 2 is out of order"),
    FIELD(clauses[1].relief, 2, "names relief 2 of 2"),
    FIELD(clauses[1].group, 3, "group 3 of 3"),
    FIELD(clauses[1].dayset, 2, "set of days 2 of 2"),
    FIELD(clauses[1].flags, CLAUSE_STACKS, "a relief that stacks is not last"),
    FIELD(points[1].number, 101, "points: number 101 is out of order"),
    FIELD(offers[1].product, 1003, "product 1003, which is not listed"),
    FIELD(offers[2].product, 1001, "offer 2 is out of order"),
    FIELD(offers[0].site, 2, "offer 1 is out of order"),
    FIELD(offers[1].clause_first, 4, "names clauses 4 to 7 of 4"),
    FIELD(offers[1].clause_first, 2, "names clauses 2 to 5 of 4"),
    FIELD(offers[1].dayset, 2, "set of days 2 of 2"),
    FIELD(contracts[1].number, 1, "contracts: number 1 is out of order"),
    FIELD(contracts[1].relief, 2, "contracts: number 2 names relief 2 of 2"),
    FIELD(splits[1].code, 3, "splits: number 3 is out of order"),
    FIELD(limits[1].relief, 2, "limits: limit 1 names relief 2 of 2"),
    FIELD(terminals[1].number, 7, "terminals: number 7 is out of order or there twice"),
    FIELD(terminals[1].profile, PROFILE_LAST + 1, "number 8 has profile 5: wanted 1 to 4"),
    FIELD(terminals[2].key[0], 1, "terminals: numbers 7 and 4294967295 have the same key"),
    FIELD(terminals[0].point_first, 5, "number 7 names spans beyond the 5 that there are"),
    FIELD(terminals[0].point_first, 4, "number 7 names spans beyond the 5 that there are"),
    FIELD(terminals[0].point_count, 6, "number 7 names spans beyond the 5 that there are"),
    FIELD(terminals[0].product_first, 4, "number 7 names spans beyond the 5 that there are"),
    FIELD(terminals[0].product_count, 4, "number 7 names spans beyond the 5 that there are"),
    FIELD(terminals[0].point_first, 3, "number 7 has spans that are out of order or overlap"),
    FIELD(terminals[0].product_count, 3, "number 7 has spans that are out of order or overlap"),
    FIELD(terminals[0].product_first, 1, "number 7 has spans that are out of order or overlap"),
    FIELD(spans[0].last, 102, "number 7 has spans that are out of order or overlap"),
    FIELD(terminals[1].provider, 5, "number 8 is of provider 00000000005, point of sale 201 is"),
    FIELD(points[1].provider, 6, "number 7 is of provider 00000000005, point of sale 102 is not"),
    FIELD(points[2].number, 200, "number 7 is of provider 00000000005, point of sale 200 is not"),
    FIELD(spans[1].last, 201, "number 7 is of provider 00000000005, point of sale 201 is not"),
    FIELD(spans[1].first, 103, "number 7 is at points of sale 103 to 200: none of them is listed"),
    FIELD(spans[4].first, 202, "number 8 is at points of sale 202 to 300: none of them is listed"),
    FIELD(groups[0].name[0], 'r', "group 0 must be \"test\""),
    FIELD(products[0].number, 2, "product 1 must be"),
    FIELD(products[0].name[0], 'r', "product 1 must be"),
    FIELD(products[2].number, 1001, "number 1001 is out of order"),
    FIELD(products[2].number, 5, "number 5 is out of order"),
    FIELD(reliefs[0].code, 2, "relief 0 must be"),
    FIELD(reliefs[0].name[0], 'R', "relief 0 must be"),
    FIELD(set_first[0], 1, "set 0 must be there and empty"),
    FIELD(set_first[1], 1, "set 0 must be there and empty"),
    FIELD(set_first[2], 5, "set 2 must have"),
    FIELD(set_first[2], UINT32_MAX, "set 1 must have"),
    FIELD(set_first[3], 3, "ends at membership 3 of 4"),
    FIELD(set_first[3], UINT32_MAX, "ends at membership 4294967295 of 4"),
    FIELD(memberships[0].group, 3, "set 1 names group 3 of 3"),
    FIELD(memberships[2].group, 0, "out of order or overlaps"),
    FIELD(memberships[2].from_day, 11, "out of order or overlaps"),
    FIELD(memberships[3].group, 1, "out of order or overlaps"),
    FIELD(views[0].set, 1, "view 0 must be set 0"),
    FIELD(views[0].from_day, 1, "view 0 must be set 0"),
    FIELD(views[0].until_day, 100, "view 0 must be set 0"),
    FIELD(views[2].set, 3, "view 2 names set 3 of 3"),
    FIELD(views[2].set, UINT32_MAX, "view 2 names set"),
};

START_TEST(a_number_that_points_nowhere_is_refused_by_reader_and_builder)
{
    struct country c = good;
    memcpy((uint8_t *)&c + wrong_numbers[_i].at, &wrong_numbers[_i].number, wrong_numbers[_i].size);
    struct stored s;
    store(&s, &c);
    struct table_values values = values_of(&s);
    ck_assert(says(&values, wrong_numbers[_i].words));

    if (strstr(wrong_numbers[_i].words, "ends at") != NULL)
        return; /* arrays that are not stored have no other end */
    struct tables t = tables_of(&c);
    struct fault fault;
    ck_assert(!tables_check(&t, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, wrong_numbers[_i].words));
}
END_TEST

START_TEST(a_table_of_a_wrong_size_is_refused)
{
    struct stored s;
    store(&s, &good);
    struct table_values values = values_of(&s);
    struct table_bytes *all[] = {&values.census,  &values.clauses, &values.groups, &values.products,
                                 &values.reliefs, &values.sets,    &values.views};
    /* beside offers of nothing, so that clauses, products and days may be fewer */
    values.offers.size = 0;
    for (size_t i = 0; i < 7; i++) {
        uint64_t kept = all[i]->size;
        for (uint64_t size = 0; size < kept; size++) {
            all[i]->size = size;
            struct tables out;
            struct fault fault;
            bool opened = tables_decode(&out, &values, &fault);
            /* clauses and census may be fewer; whole records of them are a table, too */
            bool may = (i == 0 && size % CENSUS_SIZE == 0) || (i == 1 && size % CLAUSE_SIZE == 0) ||
                       (i == 3 && size % PRODUCT_SIZE == 0 && size > 0) ||
                       (i == 6 && size % VIEW_SIZE == 0 && size > 0);
            ck_assert_msg(opened == may, "table %zu, size %u", i, (unsigned)size);
            if (opened)
                tables_free(&out);
        }
        all[i]->size = kept;
    }
    ck_assert(says(&values, NULL));
}
END_TEST

START_TEST(more_reliefs_that_stack_than_an_answer_has_room_for_are_refused)
{
    struct country c = good;
    struct clause clauses[STACKING_COUNT_MAX + 1];
    struct relief reliefs[STACKING_COUNT_MAX + 1];
    struct offer offer = {.product = 1, .clause_count = STACKING_COUNT_MAX};
    for (uint16_t i = 0; i <= STACKING_COUNT_MAX; i++) {
        clauses[i] = (struct clause)CLAUSE(i + 1u, i, 0, CLAUSE_STACKS);
        clauses[i].dayset = 0;
        reliefs[i] = c.reliefs[i > 0];
    }
    struct tables t = tables_of(&c);
    t.clauses = clauses;
    t.clause_count = t.relief_count = STACKING_COUNT_MAX + 1;
    t.reliefs = reliefs;
    t.offers = &offer;
    t.offer_count = 1;
    struct fault fault = {""};
    ck_assert_msg(tables_check(&t, &fault), "%s", fault.text);
    offer.clause_count++;
    ck_assert(!tables_check(&t, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "more than 3 reliefs stack"));

    /* the first of four that stack follows clauses of its own that do not */
    struct clause mixed[STACKING_COUNT_MAX + 2];
    memcpy(mixed + 1, clauses, sizeof(clauses));
    mixed[0] = clauses[0];
    mixed[0].flags = 0;
    t.clauses = mixed;
    t.clause_count = STACKING_COUNT_MAX + 2;
    offer.clause_count = STACKING_COUNT_MAX + 2;
    ck_assert(!tables_check(&t, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "more than 3 reliefs stack"));
}
END_TEST

/* What decoders refuse by themselves, of arrays that nobody has stored yet. */
static const struct {
    size_t at, size;
    uint32_t number;
    const char *words;
} unstored[] = {
    FIELD(terminals[0].point_count, 0, "number 7 has 0 spans of points and 2 of products"),
    FIELD(terminals[0].point_count, 65, "number 7 has 65 spans of points and 2 of products"),
    FIELD(terminals[0].product_count, 65, "wanted 1 to 64, and at most 64"),
    FIELD(terminals[0].profile, 0, "number 7 has profile 0"),
    FIELD(spans[0].first, 0, "number 7 has spans that are out of order or overlap"),
    FIELD(spans[3].last, 1000, "number 7 has spans that are out of order or overlap"),
};

START_TEST(what_no_record_may_say_is_refused_of_a_builder_too)
{
    struct country c = good;
    memcpy((uint8_t *)&c + unstored[_i].at, &unstored[_i].number, unstored[_i].size);
    struct tables t = tables_of(&c);
    struct fault fault;
    ck_assert(!tables_check(&t, &fault));
    ck_assert_msg(strstr(fault.text, unstored[_i].words) != NULL, "%s", fault.text);
}
END_TEST

/* As many as there may be, every one at all the points of sale and one more each: walked over point
 * by point it would take minutes. */
START_TEST(terminals_at_many_points_of_sale_are_soon_checked)
{
    struct country c = good;
    struct tables t = tables_of(&c);
    struct point *points = calloc(POINT_COUNT_MAX, sizeof(*points));
    struct terminal *terminals = calloc(TERMINAL_COUNT_MAX, sizeof(*terminals));
    struct number_span all = {1, UINT32_MAX};
    for (uint32_t i = 0; i < POINT_COUNT_MAX; i++)
        points[i] = (struct point){.number = i + 1, .site = 1, .provider = 5};
    for (uint32_t i = 0; i < TERMINAL_COUNT_MAX; i++) {
        terminals[i] = good.terminals[0];
        terminals[i].number = i + 1;
        terminals[i].point_count = 1;
        terminals[i].product_first = terminals[i].product_count = 0;
        store_u32(terminals[i].key, i + 1);
    }
    t.points = points;
    t.point_count = POINT_COUNT_MAX;
    t.terminals = terminals;
    t.terminal_count = TERMINAL_COUNT_MAX;
    t.spans = &all;
    t.span_count = 1;
    struct fault fault = {""};
    ck_assert_msg(tables_check(&t, &fault), "%s", fault.text);
    points[POINT_COUNT_MAX - 1].provider = 6;
    ck_assert(!tables_check(&t, &fault));
    ck_assert_str_eq(fault.text, "terminals: number 1 is of provider 00000000005, point of sale "
                                 "262144 is not");
    t.terminal_count++;
    ck_assert(!tables_check(&t, &fault));
    ck_assert_str_eq(fault.text, "terminals: 65537: at most 65536");
    free(points);
    free(terminals);
}
END_TEST

START_TEST(a_count_of_sets_beyond_the_bytes_is_refused)
{
    struct stored s;
    store(&s, &good);
    static const uint32_t counts[] = {0, 2, 4, 5, 16, 17, 1u << 30, UINT32_MAX - 1, UINT32_MAX};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        store_u32(s.sets, counts[i]);
        struct table_values values = values_of(&s);
        struct tables out;
        struct fault fault;
        ck_assert(!tables_decode(&out, &values, &fault));
    }
}
END_TEST

START_TEST(a_record_that_is_none_is_named)
{
    struct stored s;
    store(&s, &good);
    s.views[2 * VIEW_SIZE + 15] = 1;
    struct table_values values = values_of(&s);
    ck_assert(says(&values, "views: record 2"));
}
END_TEST

static Suite *tables_suite(void)
{
    Suite *suite = suite_create("tables");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, what_was_stored_is_read_as_it_was);
    tcase_add_loop_test(tcase, a_number_that_points_nowhere_is_refused_by_reader_and_builder, 0,
                        sizeof(wrong_numbers) / sizeof(wrong_numbers[0]));
    tcase_add_test(tcase, a_table_of_a_wrong_size_is_refused);
    tcase_add_test(tcase, more_reliefs_that_stack_than_an_answer_has_room_for_are_refused);
    tcase_add_loop_test(tcase, what_no_record_may_say_is_refused_of_a_builder_too, 0,
                        sizeof(unstored) / sizeof(unstored[0]));
    tcase_add_test(tcase, terminals_at_many_points_of_sale_are_soon_checked);
    tcase_add_test(tcase, a_count_of_sets_beyond_the_bytes_is_refused);
    tcase_add_test(tcase, a_record_that_is_none_is_named);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(tables_suite());
}
