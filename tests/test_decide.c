/* The decision, one row of a table for each case; rows are numbered as the steps of decide.c. */
#include "protocol/decide.h"
#include "tests/support.h"

#include <string.h>

/* The window is 2026-10-23 to 2027-01-24, as of 2026-11-23. */
enum { FROM = 20749, TODAY = 20780, UNTIL = 20842 };

enum { TEST = 0, ALWAYS, SOON_OVER, LATER, MAYBE, TWICE, NOBODYS };

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

enum { OPEN, PAST, FUTURE, SHORT, OTHER, RELIEF_COUNT };
static const struct relief reliefs[RELIEF_COUNT] = {
    [OPEN] = {.code = 100, .from_day = 0, .until_day = DAY_NEVER, .split = 7},
    [PAST] = {.code = 101, .from_day = FROM, .until_day = TODAY, .split = 8},
    [FUTURE] = {.code = 102, .from_day = TODAY + 1, .until_day = DAY_NEVER, .split = 9},
    [SHORT] = {.code = 103, .from_day = TODAY, .until_day = TODAY + 4, .split = 10},
    [OTHER] = {.code = 104, .from_day = 0, .until_day = DAY_NEVER, .split = 11},
};

static const struct product products[] = {
    {.number = 10}, {.number = 20}, {.number = 30}, {.number = 40},         {.number = 50},
    {.number = 60}, {.number = 70}, {.number = 80}, {.number = 4000000000}, {.number = 4000000001},
};
static const struct clause clauses[] = {
    {10, OPEN, ALWAYS, 5000},     {20, PAST, ALWAYS, 10000},       {20, FUTURE, ALWAYS, 10000},
    {30, OPEN, SOON_OVER, 10000}, {30, OTHER, ALWAYS, 5000},       {40, OPEN, NOBODYS, 10000},
    {40, OPEN, MAYBE, 10000},     {50, OPEN, ALWAYS, 3333},        {50, OTHER, ALWAYS, 3333},
    {60, SHORT, ALWAYS, 10000},   {70, OPEN, TWICE, 10000},        {80, PAST, MAYBE, 10000},
    {4000000000, OPEN, LATER, 1}, {4000000001, OPEN, MAYBE, 5000}, {4000000001, OTHER, ALWAYS, 1},
};

static const struct tables tables = {
    .views = views,
    .set_first = set_first,
    .memberships = memberships,
    .products = products,
    .reliefs = reliefs,
    .clauses = clauses,
    .view_count = VIEW_COUNT,
    .set_count = SET_COUNT,
    .group_count = NOBODYS + 1,
    .product_count = sizeof(products) / sizeof(products[0]),
    .relief_count = RELIEF_COUNT,
    .clause_count = sizeof(clauses) / sizeof(clauses[0]),
};

static struct edition *edition;

static void open_edition(void)
{
    static struct manifest manifest = {
        .from_day = FROM, .until_day = UNTIL, .not_after_s = UINT64_MAX};
    struct fault fault;
    ck_assert_msg(edition_open(&edition, &tables, &manifest, &fault), "%s", fault.text);
}

static void close_edition(void)
{
    edition_close(edition);
}

struct row {
    const char *name;
    uint32_t view, day, product, unit_price;
    uint16_t quantity;
    enum step step;
    enum status status;
    uint32_t relief;
    uint16_t split;
    uint64_t relief_amount, payable;
    uint32_t until_day;
};

/* clang-format off */
static const struct row rows[] = {
    {"1. a product that is not in the catalogue", RICH, TODAY, 11, 15000, 1,
        STEP_PRODUCT, STATUS_UNKNOWN_PRODUCT, 0, 0, 0, 15000, 0},
    {"1. product 0", RICH, TODAY, 0, 15000, 1,
        STEP_PRODUCT, STATUS_UNKNOWN_PRODUCT, 0, 0, 0, 15000, 0},
    {"1. comes before 2", RICH, UNTIL, 11, 15000, 2,
        STEP_PRODUCT, STATUS_UNKNOWN_PRODUCT, 0, 0, 0, 30000, 0},
    {"2. the day before the window", RICH, FROM - 1, 10, 15000, 1,
        STEP_WINDOW, STATUS_OUTSIDE_WINDOW, 0, 0, 0, 15000, 0},
    {"2. the window's first day is in", RICH, FROM, 10, 15000, 1,
        STEP_BEST, STATUS_APPLIES, 100, 7, 7500, 7500, UNTIL},
    {"2. the window's last day is in", RICH, UNTIL - 1, 10, 15000, 1,
        STEP_BEST, STATUS_APPLIES, 100, 7, 7500, 7500, UNTIL},
    {"2. until_day itself is outside", RICH, UNTIL, 10, 15000, 1,
        STEP_WINDOW, STATUS_OUTSIDE_WINDOW, 0, 0, 0, 15000, 0},
    {"3. a means whose last day was yesterday", RICH_ENDED, TODAY, 10, 15000, 1,
        STEP_NONE, STATUS_DOES_NOT_APPLY, 0, 0, 0, 15000, 0},
    {"3. the same means was good yesterday", RICH_ENDED, TODAY - 1, 10, 15000, 1,
        STEP_BEST, STATUS_APPLIES, 100, 7, 7500, 7500, TODAY},
    {"3. a means that is good from tomorrow", RICH_NOT_YET, TODAY, 10, 15000, 1,
        STEP_NONE, STATUS_DOES_NOT_APPLY, 0, 0, 0, 15000, 0},
    {"3. nobody is entitled to nothing", NOBODY, TODAY, 10, 15000, 1,
        STEP_NONE, STATUS_DOES_NOT_APPLY, 0, 0, 0, 15000, 0},
    {"3. nobody is no missing data either", NOBODY, TODAY, 40, 15000, 1,
        STEP_NONE, STATUS_DOES_NOT_APPLY, 0, 0, 0, 15000, 0},
    {"4. a relief that ended today, another that begins tomorrow", RICH, TODAY, 20, 15000, 1,
        STEP_NONE, STATUS_DOES_NOT_APPLY, 0, 0, 0, 15000, 0},
    {"4. the first of them yesterday", RICH, TODAY - 1, 20, 15000, 1,
        STEP_BEST, STATUS_APPLIES, 101, 8, 15000, 0, TODAY},
    {"4. the second of them tomorrow", RICH, TODAY + 1, 20, 15000, 1,
        STEP_BEST, STATUS_APPLIES, 102, 9, 15000, 0, UNTIL},
    {"4. a membership that begins tomorrow", RICH, TODAY, 4000000000, 15000, 1,
        STEP_NONE, STATUS_DOES_NOT_APPLY, 0, 0, 0, 15000, 0},
    {"4. in the last span but one of a group", TWICE_ONE, TODAY + 2, 70, 15000, 1,
        STEP_BEST, STATUS_APPLIES, 100, 7, 15000, 0, TODAY + 3},
    {"4. in the gap between two spans of a group", TWICE_ONE, TODAY + 3, 70, 15000, 1,
        STEP_NONE, STATUS_DOES_NOT_APPLY, 0, 0, 0, 15000, 0},
    {"4. in an earlier span of a group", TWICE_ONE, TODAY - 2, 70, 15000, 1,
        STEP_BEST, STATUS_APPLIES, 100, 7, 15000, 0, TODAY - 1},
    {"4. in the gap of one day", TWICE_ONE, TODAY - 1, 70, 15000, 1,
        STEP_NONE, STATUS_DOES_NOT_APPLY, 0, 0, 0, 15000, 0},
    {"5. the larger amount wins, though it ends sooner", RICH, TODAY, 30, 15000, 1,
        STEP_BEST, STATUS_APPLIES, 100, 7, 15000, 0, TODAY + 1},
    {"5. tomorrow the other one is left", RICH, TODAY + 1, 30, 15000, 1,
        STEP_BEST, STATUS_APPLIES, 104, 11, 7500, 7500, UNTIL},
    {"5. of equal amounts the one written first", RICH, TODAY, 50, 15000, 1,
        STEP_BEST, STATUS_APPLIES, 100, 7, 5000, 10000, UNTIL},
    {"5. without a price all amounts are equal", RICH, TODAY, 30, 0, 1,
        STEP_BEST, STATUS_APPLIES, 100, 7, 0, 0, TODAY + 1},
    {"5. valid while the relief is in force", RICH, TODAY, 60, 15000, 1,
        STEP_BEST, STATUS_APPLIES, 103, 10, 15000, 0, TODAY + 4},
    {"5. valid while the means is good", RICH_UNTIL_SOON, TODAY, 10, 15000, 1,
        STEP_BEST, STATUS_APPLIES, 100, 7, 7500, 7500, TODAY + 2},
    {"5. half a unit is rounded up", RICH, TODAY, 10, 15001, 1,
        STEP_BEST, STATUS_APPLIES, 100, 7, 7501, 7500, UNTIL},
    {"5. below half a unit is rounded down", RICH, TODAY, 50, 10001, 1,
        STEP_BEST, STATUS_APPLIES, 100, 7, 3333, 6668, UNTIL},
    {"5. the total is rounded, not the single price", RICH, TODAY, 10, 15001, 2,
        STEP_BEST, STATUS_APPLIES, 100, 7, 15001, 15001, UNTIL},
    {"7. the largest price times the largest quantity", RICH, TODAY, 20, UINT32_MAX, 10000,
        STEP_NONE, STATUS_DOES_NOT_APPLY, 0, 0, 0, 42949672950000, 0},
    {"5. the same with all of it", RICH, TODAY, 60, UINT32_MAX, 10000,
        STEP_BEST, STATUS_APPLIES, 103, 10, 42949672950000, 0, TODAY + 4},
    {"6. what is unknown is not no", MAYBE_ONE, TODAY, 4000000001, 15000, 1,
        STEP_MISSING, STATUS_NO_DATA, 0, 0, 0, 15000, 0},
    {"6. unknown in an earlier span", TWICE_ONE, TODAY - 3, 70, 15000, 1,
        STEP_MISSING, STATUS_NO_DATA, 0, 0, 0, 15000, 0},
    {"6. unknown in the last span", TWICE_ONE, TODAY + 5, 70, 15000, 1,
        STEP_MISSING, STATUS_NO_DATA, 0, 0, 0, 15000, 0},
    {"6. unknown for a relief not in force is a no", MAYBE_ONE, TODAY, 80, 15000, 1,
        STEP_NONE, STATUS_DOES_NOT_APPLY, 0, 0, 0, 15000, 0},
    {"7. a known person who is in no group of the clauses", MAYBE_ONE, TODAY, 10, 15000, 1,
        STEP_NONE, STATUS_DOES_NOT_APPLY, 0, 0, 0, 15000, 0},
    {"7. a membership that ended yesterday", MAYBE_ONE, TODAY, 30, 15000, 1,
        STEP_NONE, STATUS_DOES_NOT_APPLY, 0, 0, 0, 15000, 0},
    {"7. quantity counts in what is to be paid", NOBODY, TODAY, 10, 15000, 3,
        STEP_NONE, STATUS_DOES_NOT_APPLY, 0, 0, 0, 45000, 0},
};
/* clang-format on */

static struct verdict decide_row(const struct row *row, uint64_t service_time_s)
{
    struct purchase purchase = {row->product, row->unit_price, row->quantity, service_time_s};
    return decide(edition, row->view, &purchase);
}

START_TEST(each_row_is_settled_at_its_step)
{
    const struct row *row = &rows[_i];
    /* At the first and at the last second of the day. */
    uint64_t seconds[] = {time_of_riga_day(row->day), time_of_riga_day(row->day + 1) - 1};
    for (size_t i = 0; i < 2; i++) {
        struct verdict got = decide_row(row, seconds[i]);
        ck_assert_msg(got.step == row->step, "%s: step %d", row->name, (int)got.step);
        ck_assert_msg(got.status == row->status, "%s: status %d", row->name, (int)got.status);
        ck_assert_msg(got.relief == row->relief && got.split == row->split, "%s: relief %u/%u",
                      row->name, got.relief, got.split);
        ck_assert_msg(got.relief_amount == row->relief_amount && got.payable == row->payable,
                      "%s: amounts %lu %lu", row->name, (unsigned long)got.relief_amount,
                      (unsigned long)got.payable);
        ck_assert_msg(got.until_day == row->until_day, "%s: until %u", row->name, got.until_day);
    }
}
END_TEST

START_TEST(a_sure_small_relief_beats_an_unsure_large_one)
{
    static const struct membership both[] = {{ALWAYS, TRUTH_YES, FROM, UNTIL},
                                             {MAYBE, TRUTH_UNKNOWN, FROM, UNTIL}};
    static const uint32_t first[] = {0, 0, 2};
    static const struct view both_views[] = {{0, 0, DAY_NEVER}, {1, FROM, UNTIL}};
    struct tables other = tables;
    other.memberships = both;
    other.set_first = first;
    other.views = both_views;
    other.set_count = other.view_count = 2;
    edition->tables = &other;
    struct purchase purchase = {4000000001, 10000, 1, time_of_riga_day(TODAY)};
    struct verdict got = decide(edition, 1, &purchase);
    ck_assert_int_eq(got.status, STATUS_APPLIES);
    ck_assert_uint_eq(got.relief, 104);
    ck_assert_uint_eq(got.relief_amount, 1);
    edition->tables = &tables;
}
END_TEST

START_TEST(amount_and_payable_are_the_total)
{
    uint64_t state = 3;
    for (int i = 0; i < 20000; i++) {
        struct purchase purchase = {
            .product = products[support_random(&state) % tables.product_count].number,
            .unit_price = (uint32_t)support_random(&state),
            .quantity = (uint16_t)(1 + support_random(&state) % QUANTITY_MAX),
            .service_time_s = time_of_riga_day(FROM) - 86400 +
                              support_random(&state) % ((UNTIL - FROM + 2) * UINT64_C(86400)),
        };
        struct verdict got =
            decide(edition, (uint32_t)(support_random(&state) % VIEW_COUNT), &purchase);
        uint64_t total = (uint64_t)purchase.unit_price * purchase.quantity;
        ck_assert_uint_eq(got.relief_amount + got.payable, total);
        ck_assert(got.payable <= total);
        ck_assert((got.status == STATUS_APPLIES) == (got.relief != 0));
        ck_assert((got.status == STATUS_APPLIES) == (got.until_day != 0));
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

START_TEST(every_product_leads_to_its_own_clauses)
{
    for (uint32_t i = 0; i < tables.product_count; i++) {
        const struct clause_span *span = edition_find_product(edition, products[i].number);
        ck_assert_ptr_nonnull(span);
        for (uint32_t j = 0; j < tables.clause_count; j++) {
            bool is_in = j >= span->clause_first && j < span->clause_first + span->clause_count;
            ck_assert(is_in == (clauses[j].product == products[i].number));
        }
    }
    ck_assert_ptr_null(edition_find_product(edition, 0));
    ck_assert_ptr_null(edition_find_product(edition, UINT32_MAX));
}
END_TEST

START_TEST(a_full_catalogue_of_products_is_found)
{
    static struct product many[PRODUCT_COUNT_MAX];
    for (uint32_t i = 0; i < PRODUCT_COUNT_MAX; i++)
        many[i].number = i * 65521 + 3;
    struct tables full = {.products = many, .product_count = PRODUCT_COUNT_MAX};
    struct manifest manifest = {.from_day = FROM, .until_day = UNTIL};
    struct edition *all;
    struct fault fault;
    ck_assert_msg(edition_open(&all, &full, &manifest, &fault), "%s", fault.text);
    for (uint32_t i = 0; i < PRODUCT_COUNT_MAX; i++) {
        const struct clause_span *span = edition_find_product(all, many[i].number);
        ck_assert(span != NULL && span->clause_count == 0);
        ck_assert_ptr_null(edition_find_product(all, many[i].number + 1));
    }
    edition_close(all);
}
END_TEST

START_TEST(a_clause_about_no_product_is_refused)
{
    static const struct product one = {.number = 20};
    struct tables odd = tables;
    odd.products = &one;
    odd.product_count = 1;
    struct manifest manifest = {.from_day = FROM, .until_day = UNTIL};
    struct edition *out = NULL;
    struct fault fault = {""};
    ck_assert(!edition_open(&out, &odd, &manifest, &fault));
    ck_assert_ptr_null(out);
    ck_assert(fault.text[0] != '\0');
}
END_TEST

START_TEST(staleness_counts_begun_hours_from_the_first_overdue_source)
{
    struct manifest manifest = {.from_day = FROM,
                                .until_day = UNTIL,
                                .not_after_s = time_of_riga_day(TODAY + 9),
                                .source_count = 3};
    manifest.sources[0].overdue_day = TODAY + 5;
    manifest.sources[1].overdue_day = TODAY + 2;
    manifest.sources[2].overdue_day = DAY_NEVER;
    struct edition *out;
    struct fault fault;
    ck_assert(edition_open(&out, &tables, &manifest, &fault));
    uint64_t due_s = time_of_riga_day(TODAY + 2);
    ck_assert_uint_eq(edition_stale_h(out, due_s - 1), 0);
    ck_assert_uint_eq(edition_stale_h(out, due_s), 1);
    ck_assert_uint_eq(edition_stale_h(out, due_s + 3599), 1);
    ck_assert_uint_eq(edition_stale_h(out, due_s + 3600), 2);
    ck_assert_uint_eq(edition_stale_h(out, UINT64_MAX), UINT16_MAX);
    edition_close(out);

    manifest.not_after_s = time_of_riga_day(TODAY + 1); /* the snapshot as a whole */
    ck_assert(edition_open(&out, &tables, &manifest, &fault));
    ck_assert_uint_eq(edition_stale_h(out, manifest.not_after_s), 1);
    edition_close(out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decide");
    TCase *tcase = tcase_create("decide");
    tcase_add_checked_fixture(tcase, open_edition, close_edition);
    tcase_add_loop_test(tcase, each_row_is_settled_at_its_step, 0, sizeof(rows) / sizeof(rows[0]));
    tcase_add_test(tcase, a_sure_small_relief_beats_an_unsure_large_one);
    tcase_add_test(tcase, amount_and_payable_are_the_total);
    tcase_add_test(tcase, membership_is_found_as_by_looking_at_every_one);
    tcase_add_test(tcase, every_product_leads_to_its_own_clauses);
    tcase_add_test(tcase, a_full_catalogue_of_products_is_found);
    tcase_add_test(tcase, a_clause_about_no_product_is_refused);
    tcase_add_test(tcase, staleness_counts_begun_hours_from_the_first_overdue_source);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
