#include "loader/facts.h"

#include "loader/trade.h"
#include "tests/latvia.h"
#include "tests/support.h"

static struct facts facts;
static struct vocabulary vocabulary;

/* Babīte became a part of Mārupe, and a parish of one a parish of the other. */
static struct place_row places[] = {
    {.code = 1000},
    {.code = 38000},
    {.code = 38020},
    {.code = 804000, .replaced_by = 38000},
    {.code = 804010, .replaced_by = 38020},
    {.code = 9999001, .replaced_by = 804000},
};
static const struct trade trade = {.places = places, .place_count = 6, .has_places = true};

static void begin(void)
{
    latvia_vocabulary(&vocabulary);
}

static void end(void)
{
    facts_free(&facts);
}

static void person(uint32_t place)
{
    *facts_add_person(&facts) = (struct person_fact){.place = place};
}

START_TEST(addresses_and_schools_are_renewed)
{
    static const struct {
        uint32_t before, now;
    } cases[] = {{0, 0},           {1000, 1000},     {804000, 38000}, {804010, 38020},
                 {9999001, 38000}, {804011, 804011}, {804000, 38000}};
    for (size_t i = 0; i < 7; i++) {
        person(cases[i].before);
        *facts_add_status(&facts) = (struct status_fact){.school = cases[i].before};
    }
    facts_renew_places(&facts, &trade);
    vocabulary_renew_places(&vocabulary, &trade);
    for (size_t i = 0; i < 7; i++) {
        ck_assert_uint_eq(facts.persons[i].place, cases[i].now);
        ck_assert_uint_eq(facts.statuses[i].school, cases[i].now);
    }
}
END_TEST

/* Whether household data are missing there, after places were renewed. */
static bool is_missing(const char *prefix, uint32_t place)
{
    struct status_kind *kind = &vocabulary.kinds[HOUSEHOLD];
    kind->missing_count = 1;
    ck_assert(place_prefix_of_text(&kind->missing[0], prefix, strlen(prefix)));
    facts_renew_places(&facts, &trade);
    vocabulary_renew_places(&vocabulary, &trade);
    return vocabulary_is_missing(kind, place);
}

START_TEST(what_is_missing_in_a_place_is_missing_where_it_went)
{
    ck_assert(is_missing("0804", 38000));
    ck_assert(is_missing("0804", 38021));  /* a municipality is its parishes too */
    ck_assert(is_missing("0804", 804011)); /* what no table knows stays where it was */
    ck_assert(is_missing("0804010", 38020));
    ck_assert(!is_missing("0804010", 38000));
    ck_assert(!is_missing("0001", 38000));
    ck_assert(is_missing("0001", 1000));
    ck_assert(is_missing("9999001", 38000)); /* through two changes */
}
END_TEST

START_TEST(without_a_table_places_stay_as_they_are)
{
    static const struct trade none;
    person(804000);
    facts_renew_places(&facts, &none);
    vocabulary_renew_places(&vocabulary, &none);
    ck_assert_uint_eq(facts.persons[0].place, 804000);
}
END_TEST

START_TEST(many_places_do_not_disturb_each_other)
{
    for (uint32_t i = 0; i < 50000; i++)
        person(i % 3 == 0 ? 804000 : 4096 * (i % 100) + 804000 % 4096);
    facts_renew_places(&facts, &trade);
    vocabulary_renew_places(&vocabulary, &trade);
    for (uint32_t i = 0; i < 50000; i++) {
        uint32_t before = i % 3 == 0 ? 804000 : 4096 * (i % 100) + 804000 % 4096;
        ck_assert_uint_eq(facts.persons[i].place, before == 804000 ? 38000 : before);
    }
}
END_TEST

START_TEST(facts_move_in_order_and_leave_nothing_behind)
{
    struct facts more = {0};
    person(1);
    *facts_add_person(&more) = (struct person_fact){.place = 2};
    *facts_add_means(&more) = (struct means_fact){.from_day = 3};
    facts_append(&facts, &more);
    ck_assert_uint_eq(facts.person_count, 2);
    ck_assert_uint_eq(facts.persons[1].place, 2);
    ck_assert_uint_eq(facts.means_count, 1);
    ck_assert_uint_eq(more.person_count + more.means_count, 0);
    facts_free(&more);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("facts");
    TCase *tcase = tcase_create("facts");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, addresses_and_schools_are_renewed);
    tcase_add_test(tcase, what_is_missing_in_a_place_is_missing_where_it_went);
    tcase_add_test(tcase, without_a_table_places_stay_as_they_are);
    tcase_add_test(tcase, many_places_do_not_disturb_each_other);
    tcase_add_test(tcase, facts_move_in_order_and_leave_nothing_behind);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
