#include "protocol/edition.h"

#include "tests/shelf.h"
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

enum { FROM = 20749, TODAY = 20780, UNTIL = 20842 };

static const struct manifest manifest_of_window = {.from_day = FROM, .until_day = UNTIL};

/* A full catalogue: numbers far apart, and some side by side. */
START_TEST(every_number_leads_to_its_own_and_no_other_anywhere)
{
    enum { POINTS = 50000, SITES = 40 };
    struct product *products = calloc(PRODUCT_COUNT_MAX, sizeof(*products));
    struct point *points = calloc(POINTS, sizeof(*points));
    struct offer *offers = calloc(PRODUCT_COUNT_MAX, sizeof(*offers));
    struct dayset all = shelf_all_days(UNTIL - FROM);
    for (uint32_t i = 0; i < PRODUCT_COUNT_MAX; i++) {
        products[i].number = i * 65521 + 3;
        offers[i] = (struct offer){.site = i / (PRODUCT_COUNT_MAX / SITES),
                                   .product = products[i].number,
                                   .clause_first = i};
    }
    for (uint32_t i = 0; i < POINTS; i++)
        points[i] =
            (struct point){.number = i < POINTS / 2 ? i + 1 : i * 80000, .site = 1 + i % SITES};
    struct tables tables = {.products = products,
                            .points = points,
                            .offers = offers,
                            .daysets = &all,
                            .product_count = PRODUCT_COUNT_MAX,
                            .point_count = POINTS,
                            .offer_count = PRODUCT_COUNT_MAX,
                            .dayset_count = 1};
    struct edition *edition;
    struct fault fault;
    ck_assert_msg(edition_open(&edition, &tables, &manifest_of_window, &fault), "%s", fault.text);
    for (uint32_t i = 0; i < PRODUCT_COUNT_MAX; i++) {
        ck_assert(edition_has_product(edition, products[i].number));
        ck_assert(!edition_has_product(edition, products[i].number + 1));
        const struct offer *found = edition_find_offer(edition, offers[i].site, offers[i].product);
        ck_assert(found != NULL && found->clause_first == i);
        ck_assert_ptr_null(edition_find_offer(edition, offers[i].site + 1, offers[i].product));
    }
    for (uint32_t i = 0; i < POINTS; i++)
        ck_assert_uint_eq(edition_site(edition, points[i].number), points[i].site);
    ck_assert_uint_eq(edition_site(edition, POINTS / 2 + 1), SITE_NOWHERE);
    ck_assert_uint_eq(edition_site(edition, 0), SITE_NOWHERE);
    ck_assert(!edition_has_product(edition, 0));
    edition_close(edition);
    free(products);
    free(points);
    free(offers);
}
END_TEST

START_TEST(days_beyond_the_window_are_refused)
{
    struct dayset daysets[2] = {shelf_all_days(UNTIL - FROM), {{1}}};
    struct tables tables = {.daysets = daysets, .dayset_count = 2};
    struct edition *edition = NULL;
    struct fault fault = {""};
    daysets[1].words[1] = UINT64_C(1) << (UNTIL - FROM - 64);
    ck_assert(!edition_open(&edition, &tables, &manifest_of_window, &fault));
    ck_assert_str_eq(fault.text, "daysets: set of days 1 does not fit a window of 93 days");
    daysets[1].words[1] = 0;
    daysets[1].words[DAYSET_WORD_COUNT - 1] = 1;
    ck_assert(!edition_open(&edition, &tables, &manifest_of_window, &fault));
    daysets[1].words[DAYSET_WORD_COUNT - 1] = 0;
    daysets[0].words[0] ^= 1;
    ck_assert(!edition_open(&edition, &tables, &manifest_of_window, &fault));
    ck_assert_str_eq(fault.text, "daysets: set of days 0 does not fit a window of 93 days");
    ck_assert_ptr_null(edition);
    daysets[0].words[0] ^= 1;
    ck_assert(edition_open(&edition, &tables, &manifest_of_window, &fault));
    edition_close(edition);
}
END_TEST

static const struct tables no_tables;

/* ---- terminals ---- */

static void key_of(uint8_t key[static TERMINAL_KEY_SIZE], uint32_t number)
{
    for (uint32_t i = 0; i < TERMINAL_KEY_SIZE; i += 4)
        store_u32(key + i, (number + i) * UINT32_C(2654435761));
}

START_TEST(every_key_leads_to_its_own_terminal_and_no_other_anywhere)
{
    enum { TERMINALS = 20000 };
    struct terminal *terminals = calloc(TERMINALS, sizeof(*terminals));
    struct dayset all = shelf_all_days(UNTIL - FROM);
    for (uint32_t i = 0; i < TERMINALS; i++) {
        terminals[i].number = i + 1;
        key_of(terminals[i].key, i + 1);
    }
    struct tables tables = {
        .terminals = terminals, .terminal_count = TERMINALS, .daysets = &all, .dayset_count = 1};
    struct edition *edition;
    struct fault fault;
    ck_assert_msg(edition_open(&edition, &tables, &manifest_of_window, &fault), "%s", fault.text);
    ck_assert_uint_ge(edition->terminal_mask + 1, 2 * TERMINALS); /* half full at most */
    uint8_t key[TERMINAL_KEY_SIZE];
    for (uint32_t i = 0; i < TERMINALS; i++) {
        key_of(key, i + 1);
        ck_assert_ptr_eq(edition_find_terminal(edition, key), &terminals[i]);
        key[TERMINAL_KEY_SIZE - 1] ^= 1; /* its neighbour in the table, by all that is hashed */
        ck_assert_ptr_null(edition_find_terminal(edition, key));
    }
    edition_close(edition);
    free(terminals);
}
END_TEST

/* Only the end of a key differs, so that all of them are looked for at one place. */
START_TEST(keys_that_begin_alike_are_told_apart)
{
    struct terminal terminals[9] = {{.number = 0}};
    struct dayset all = shelf_all_days(UNTIL - FROM);
    struct tables tables = {
        .terminals = terminals, .terminal_count = 8, .daysets = &all, .dayset_count = 1};
    for (uint32_t i = 0; i < 9; i++) {
        key_of(terminals[i].key, 1);
        terminals[i].key[TERMINAL_KEY_SIZE - 1] = (uint8_t)i;
    }
    struct edition *edition;
    struct fault fault;
    ck_assert_msg(edition_open(&edition, &tables, &manifest_of_window, &fault), "%s", fault.text);
    for (uint32_t i = 0; i < 9; i++)
        ck_assert_ptr_eq(edition_find_terminal(edition, terminals[i].key),
                         i < tables.terminal_count ? &terminals[i] : NULL);
    edition_close(edition);

    ck_assert(edition_open(&edition, &no_tables, &manifest_of_window, &fault));
    ck_assert_ptr_null(edition_find_terminal(edition, terminals[0].key)); /* of none */
    edition_close(edition);
}
END_TEST

static const struct number_span spans[] = {{101, 103}, {205, 205}, {7, 7}, {1001, 1999}};
static const struct terminal sellers[] = {
    {.point_count = 2, .product_first = 2, .product_count = 2},
    {.point_first = 1, .point_count = 1}, /* all products */
};

static const struct {
    uint32_t seller, point_of_sale, product;
    bool sells;
} asked[] = {
    {0, 101, 7, true},     {0, 103, 1999, true},        {0, 205, 1001, true},
    {0, 0, 7, true},       {0, 100, 7, false},          {0, 104, 7, false},
    {0, 204, 7, false},    {0, 206, 7, false},          {0, UINT32_MAX, 7, false},
    {0, 7, 7, false}, /* a product's span is none of points */
    {0, 101, 6, false},    {0, 101, 8, false},          {0, 101, 1000, false},
    {0, 101, 2000, false}, {0, 101, UINT32_MAX, false}, {0, 101, 0, false},
    {0, 101, 102, false}, /* nor the other way round */
    {0, 0, 2000, false},   {1, 205, 1, true},           {1, 205, UINT32_MAX, true},
    {1, 0, 5, true},       {1, 101, 5, false},
};

START_TEST(a_terminal_sells_what_its_spans_hold)
{
    struct dayset all = shelf_all_days(UNTIL - FROM);
    struct tables tables = {.spans = spans, .span_count = 4, .daysets = &all, .dayset_count = 1};
    struct edition *edition;
    struct fault fault;
    ck_assert_msg(edition_open(&edition, &tables, &manifest_of_window, &fault), "%s", fault.text);
    ck_assert(edition_terminal_sells(edition, &sellers[asked[_i].seller], asked[_i].point_of_sale,
                                     asked[_i].product) == asked[_i].sells);
    edition_close(edition);
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
    ck_assert(edition_open(&out, &no_tables, &manifest, &fault));
    uint64_t due_s = time_of_riga_day(TODAY + 2);
    ck_assert_uint_eq(edition_stale_h(out, due_s - 1), 0);
    ck_assert_uint_eq(edition_stale_h(out, due_s), 1);
    ck_assert_uint_eq(edition_stale_h(out, due_s + 3599), 1);
    ck_assert_uint_eq(edition_stale_h(out, due_s + 3600), 2);
    ck_assert_uint_eq(edition_stale_h(out, UINT64_MAX), UINT16_MAX);
    edition_close(out);

    manifest.not_after_s = time_of_riga_day(TODAY + 1); /* the snapshot as a whole */
    ck_assert(edition_open(&out, &no_tables, &manifest, &fault));
    ck_assert_uint_eq(edition_stale_h(out, manifest.not_after_s), 1);
    edition_close(out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("edition");
    TCase *tcase = tcase_create("edition");
    tcase_add_test(tcase, every_number_leads_to_its_own_and_no_other_anywhere);
    tcase_add_test(tcase, days_beyond_the_window_are_refused);
    tcase_add_test(tcase, every_key_leads_to_its_own_terminal_and_no_other_anywhere);
    tcase_add_test(tcase, keys_that_begin_alike_are_told_apart);
    tcase_add_loop_test(tcase, a_terminal_sells_what_its_spans_hold, 0,
                        sizeof(asked) / sizeof(asked[0]));
    tcase_add_test(tcase, staleness_counts_begun_hours_from_the_first_overdue_source);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
