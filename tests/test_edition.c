#include "protocol/edition.h"

#include "tests/shelf.h"
#include "tests/support.h"

#include <stdlib.h>

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
    tcase_add_test(tcase, staleness_counts_begun_hours_from_the_first_overdue_source);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
