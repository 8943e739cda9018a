#include "loader/memberships.h"
#include "loader/views.h"
#include "tests/latvia.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>

/* The judging window of every test, and the day its census is of. */
static const struct window window = {20000, 20093};
#define AS_OF     20031
#define RIGA      1000
#define RIGA_PART 1012 /* a part of the same municipality */
#define JURMALA   4000

static const char rules_text[] = "place RIGA = 0001\n"
                                 "product city.ticket = 1001\n"
                                 "group pensioner = status VSAA.pension.old_age\n"
                                 "group pensioner_riga = pensioner and resident_in RIGA\n"
                                 "group learner = status IZM.learner\n"
                                 "relief R giver 90011524360 from 2020-01-01\n"
                                 "  clause pensioner product city.ticket discount 10%\n";
enum { PENSIONER = 1, PENSIONER_RIGA, LEARNERS };

static struct vocabulary vocabulary;
static struct rules *rules;
static struct intake intake;
static struct facts facts;
static struct people people;
static struct memberships result;
static struct views views;

static void begin(void)
{
    struct fault fault = {""};
    latvia_vocabulary(&vocabulary);
    ck_assert_msg(
        rules_parse(&rules, rules_text, strlen(rules_text), "t.rules", &vocabulary, &fault), "%s",
        fault.text);
    memset(&intake, 0, sizeof(intake));
    memset(&facts, 0, sizeof(facts));
    intake.delivery_count = 1;
}

static void end(void)
{
    views_free(&views);
    memberships_free(&result);
    people_free(&people);
    facts_free(&facts);
    intake_free(&intake);
    rules_free(rules);
}

static uint64_t code(uint32_t number)
{
    return UINT64_C(32000000000) + number;
}

static void person(uint32_t number, uint32_t place)
{
    *facts_add_person(&facts) = (struct person_fact){
        .code = code(number), .death_day = DAY_NEVER, .place = place, .line = number + 1};
}

static void status(uint32_t number, uint16_t kind, uint8_t subtype, uint32_t from_day,
                   uint32_t until_day)
{
    *facts_add_status(&facts) = (struct status_fact){.code = code(number),
                                                     .kind = kind,
                                                     .subtype = subtype,
                                                     .from_day = from_day,
                                                     .until_day = until_day};
}

static void card(uint32_t number, const char *text, uint32_t from_day, uint32_t until_day)
{
    struct means_fact *fact = facts_add_means(&facts);
    *fact = (struct means_fact){.code = code(number), .from_day = from_day, .until_day = until_day};
    fact->identifier.means = MEANS_CARD;
    fact->identifier.size = (uint8_t)strlen(text);
    memcpy(fact->identifier.text, text, strlen(text));
}

static void evaluate(uint32_t thread_count)
{
    struct fault fault;
    ck_assert(people_join(&people, &facts, &intake, thread_count, &fault));
    memberships_evaluate(&result, &people, rules, &vocabulary, window, AS_OF, &intake, thread_count,
                         true);
    views_collect(&views, &people, &result, window, thread_count);
}

static uint32_t set_size(uint32_t set)
{
    return result.set_first[set + 1] - result.set_first[set];
}

/* --- sets --- */

START_TEST(whoever_is_in_no_group_is_not_published)
{
    person(1, RIGA);
    person(2, RIGA);
    status(2, PENSION, 1, 0, window.from_day); /* over before the window begins */
    person(3, RIGA);
    status(3, PENSION, 1, 0, DAY_NEVER);
    card(1, "CARD1", 0, DAY_NEVER);
    evaluate(1);
    ck_assert_uint_eq(result.set_of[0], SET_EMPTY);
    ck_assert_uint_eq(result.set_of[1], SET_EMPTY);
    ck_assert_uint_ne(result.set_of[2], SET_EMPTY);
    ck_assert_uint_eq(result.published_count, 1);
    ck_assert_uint_eq(views.identifier_count, 2 * MEANS_LAST + 1);
}
END_TEST

START_TEST(persons_with_the_same_memberships_share_a_set)
{
    for (uint32_t i = 1; i <= 20; i++) {
        person(i, JURMALA);
        status(i, PENSION, 1, i, DAY_NEVER); /* before the window: all the same inside it */
    }
    evaluate(2);
    for (uint32_t i = 1; i < 20; i++)
        ck_assert_uint_eq(result.set_of[i], result.set_of[0]);
    ck_assert_uint_eq(result.set_count, 3); /* nothing, the tests', theirs */
}
END_TEST

START_TEST(set_0_is_empty_and_the_test_set_is_there)
{
    evaluate(1);
    ck_assert_uint_eq(result.set_count, 2);
    ck_assert_uint_eq(set_size(SET_EMPTY), 0);
    ck_assert_uint_eq(set_size(result.test_set), 1);
    const struct membership *test = &result.list[result.set_first[result.test_set]];
    ck_assert_uint_eq(test->group, GROUP_TEST);
    ck_assert_uint_eq(test->truth, TRUTH_YES);
    ck_assert_uint_eq(test->from_day, window.from_day);
    ck_assert_uint_eq(test->until_day, window.until_day);
    ck_assert_uint_eq(result.yes_counts[GROUP_TEST], 0); /* of no person */
}
END_TEST

START_TEST(too_many_changes_refuse_the_person_and_nobody_else)
{
    struct window wide = {20000, 20800};
    struct fault fault;
    person(1, RIGA);
    for (uint32_t i = 0; i < 300; i++)
        status(1, PENSION, 1, wide.from_day + 2 * i + 1, wide.from_day + 2 * i + 2);
    person(2, RIGA);
    status(2, PENSION, 1, 0, DAY_NEVER);
    ck_assert(people_join(&people, &facts, &intake, 1, &fault));
    memberships_evaluate(&result, &people, rules, &vocabulary, wide, AS_OF, &intake, 1, true);
    ck_assert_uint_eq(result.set_of[0], SET_EMPTY);
    ck_assert_uint_ne(result.set_of[1], SET_EMPTY);
    ck_assert_uint_eq(result.published_count, 1);
    ck_assert_uint_eq(intake.deliveries[0].refused_by[REFUSAL_TOO_MANY_CHANGES], 1);
    ck_assert_uint_eq(intake.quarantine[0].line, 2);
}
END_TEST

/* --- census --- */

START_TEST(the_census_counts_persons_by_group_and_municipality_on_the_as_of_day)
{
    person(1, RIGA);
    person(2, RIGA_PART);
    person(3, JURMALA);
    person(4, 0);
    person(5, JURMALA);
    for (uint32_t i = 1; i <= 4; i++)
        status(i, PENSION, 1, 0, DAY_NEVER);
    status(5, PENSION, 1, AS_OF + 1, DAY_NEVER); /* published, but not yet of the group */
    status(1, LEARNER, 1, 0, AS_OF);             /* not any more */
    status(2, LEARNER, 1, 0, AS_OF + 1);         /* on its last day */
    evaluate(2);

    static const struct census expected[] = {
        {PENSIONER, 0, 1, 0},         {PENSIONER, RIGA, 2, 0}, {PENSIONER, JURMALA, 1, 0},
        {PENSIONER_RIGA, RIGA, 2, 0}, {LEARNERS, RIGA, 1, 0},
    };
    ck_assert_uint_eq(result.census_count, sizeof(expected) / sizeof(expected[0]));
    for (uint32_t i = 0; i < result.census_count; i++) {
        ck_assert_uint_eq(result.census[i].group, expected[i].group);
        ck_assert_uint_eq(result.census[i].place, expected[i].place);
        ck_assert_uint_eq(result.census[i].yes_count, expected[i].yes_count);
        ck_assert_uint_eq(result.census[i].unknown_count, expected[i].unknown_count);
    }
    ck_assert_uint_eq(result.yes_counts[PENSIONER], 4);
    ck_assert_uint_eq(result.yes_counts[LEARNERS], 1);
    ck_assert_uint_eq(result.published_count, 5);
}
END_TEST

START_TEST(what_is_not_delivered_is_counted_as_unknown)
{
    person(1, JURMALA);
    person(2, RIGA);
    vocabulary.kinds[PENSION].missing_count = 1;
    vocabulary.kinds[PENSION].missing[0] = (struct place_prefix){4, 4};
    evaluate(1);
    ck_assert_uint_eq(result.unknown_counts[PENSIONER], 1);
    ck_assert_uint_eq(result.yes_counts[PENSIONER], 0);
    ck_assert_uint_eq(result.published_count, 1);
}
END_TEST

/* --- views --- */

/* The view of an identifier among entries, or NOBODY. */
static uint32_t find_view(const struct index_entry *entries, const struct identity_key *key,
                          uint8_t means, const char *text)
{
    struct identifier identifier = {.means = means, .size = (uint8_t)strlen(text)};
    struct digest digest;
    memcpy(identifier.text, text, strlen(text));
    identity_digest(&digest, key, &identifier);
    for (uint64_t i = 0; i < views.identifier_count; i++)
        if (memcmp(&entries[i].digest, &digest, sizeof(digest)) == 0)
            return entries[i].view;
    return NOBODY;
}

START_TEST(a_view_is_a_set_on_the_days_on_which_the_means_is_good)
{
    static const struct identity_key key = {{1, 2, 3}};
    struct fault fault;
    ck_assert(identity_start(&fault));
    person(1, RIGA);
    status(1, PENSION, 1, 0, DAY_NEVER);
    card(1, "LONG", 0, DAY_NEVER);
    card(1, "EXACT", window.from_day, window.until_day);
    card(1, "PART", window.from_day + 5, window.until_day - 5);
    card(1, "ENDED", 0, window.from_day);
    card(1, "TOCOME", window.until_day, DAY_NEVER);
    evaluate(2);
    ck_assert_uint_eq(views.identifier_count, 2 * MEANS_LAST + 4);
    struct index_entry *entries = views_digest(&views, &people, &result, window, &key, 2, true);

    uint32_t own = find_view(entries, &key, MEANS_PERSONAL_CODE, "32000000001");
    uint32_t part = find_view(entries, &key, MEANS_CARD, "PART");
    ck_assert_uint_lt(own, views.count);
    ck_assert_uint_eq(views.list[own].set, result.set_of[0]);
    ck_assert_uint_eq(views.list[own].from_day, window.from_day);
    ck_assert_uint_eq(views.list[own].until_day, window.until_day);
    ck_assert_uint_eq(find_view(entries, &key, MEANS_CARD, "LONG"), own);
    ck_assert_uint_eq(find_view(entries, &key, MEANS_CARD, "EXACT"), own);
    ck_assert_uint_eq(views.list[part].from_day, window.from_day + 5);
    ck_assert_uint_eq(views.list[part].until_day, window.until_day - 5);
    ck_assert_uint_eq(find_view(entries, &key, MEANS_CARD, "ENDED"), NOBODY);
    ck_assert_uint_eq(find_view(entries, &key, MEANS_CARD, "TOCOME"), NOBODY);
    free(entries);
}
END_TEST

START_TEST(test_identities_of_every_means_are_there)
{
    static const struct identity_key key = {{7}};
    struct fault fault;
    ck_assert(identity_start(&fault));
    evaluate(1);
    struct index_entry *entries = views_digest(&views, &people, &result, window, &key, 1, true);
    for (uint8_t means = 1; means <= MEANS_LAST; means++) {
        uint32_t hit =
            find_view(entries, &key, means, means_test_identifier((enum means)means, TEST_HIT));
        uint32_t expired =
            find_view(entries, &key, means, means_test_identifier((enum means)means, TEST_EXPIRED));
        ck_assert_uint_eq(views.list[hit].set, result.test_set);
        ck_assert_uint_eq(views.list[hit].from_day, window.from_day);
        ck_assert_uint_eq(views.list[hit].until_day, window.until_day);
        ck_assert_uint_eq(views.list[expired].set, result.test_set);
        ck_assert_uint_eq(views.list[expired].until_day, window.from_day + 1);
        ck_assert_uint_eq(
            find_view(entries, &key, means, means_test_identifier((enum means)means, TEST_MISS)),
            NOBODY);
    }
    free(entries);
}
END_TEST

/* --- many --- */

#define MANY 30000

static void many(bool is_backwards)
{
    for (uint32_t n = 1; n <= MANY; n++) {
        uint32_t number = is_backwards ? MANY + 1 - n : n;
        uint64_t seed = number;
        char text[16];
        person(number, support_random(&seed) % 2 == 0 ? RIGA : JURMALA);
        for (uint64_t i = support_random(&seed) % 4; i > 0; i--) {
            uint32_t from = 19900 + (uint32_t)(support_random(&seed) % 150);
            status(number, i == 1 ? LEARNER : PENSION, 1, from,
                   from + 1 + (uint32_t)(support_random(&seed) % 100));
        }
        snprintf(text, sizeof(text), "CARD%05u", (unsigned)number);
        card(number, text, 0, 20000 + (uint32_t)(support_random(&seed) % 300));
    }
}

static int compare_entries(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct digest));
}

static struct index_entry *sorted_entries(const struct identity_key *key, uint32_t thread_count)
{
    struct index_entry *entries = views_digest(&views, &people, &result, window, key, thread_count, true);
    qsort(entries, views.identifier_count, sizeof(*entries), compare_entries);
    return entries;
}

START_TEST(neither_threads_nor_the_order_of_rows_show)
{
    static const struct identity_key key = {{9}};
    struct fault fault;
    ck_assert(identity_start(&fault));
    many(false);
    evaluate(1);
    struct memberships first = result;
    struct views first_views = views;
    struct index_entry *first_entries = sorted_entries(&key, 1);
    uint32_t membership_count = result.set_first[result.set_count];
    ck_assert_uint_gt(result.set_count, 1000);
    ck_assert_uint_gt(views.count, result.set_count);
    people_free(&people);
    facts_free(&facts);

    for (uint32_t thread_count = 1; thread_count <= 6; thread_count += 5) {
        many(thread_count > 1);
        evaluate(thread_count);
        ck_assert_uint_eq(result.set_count, first.set_count);
        ck_assert_mem_eq(result.set_first, first.set_first,
                         (first.set_count + 1) * sizeof(uint32_t));
        ck_assert_mem_eq(result.list, first.list, membership_count * sizeof(*first.list));
        ck_assert_uint_eq(result.census_count, first.census_count);
        for (uint32_t i = 0; i < first.census_count; i++) {
            ck_assert_uint_eq(result.census[i].group, first.census[i].group);
            ck_assert_uint_eq(result.census[i].place, first.census[i].place);
            ck_assert_uint_eq(result.census[i].yes_count, first.census[i].yes_count);
        }
        ck_assert_uint_eq(views.count, first_views.count);
        ck_assert_mem_eq(views.list, first_views.list, views.count * sizeof(*views.list));
        ck_assert_uint_eq(views.identifier_count, first_views.identifier_count);
        struct index_entry *entries = sorted_entries(&key, thread_count);
        ck_assert_mem_eq(entries, first_entries, views.identifier_count * sizeof(*entries));
        free(entries);
        views_free(&views);
        memberships_free(&result);
        people_free(&people);
        facts_free(&facts);
    }
    free(first_entries);
    views_free(&first_views);
    memberships_free(&first);
}
END_TEST

START_TEST(sets_and_views_stand_in_order_and_once)
{
    many(false);
    evaluate(2);
    for (uint32_t s = 1; s < result.set_count; s++) {
        const struct membership *a = result.list + result.set_first[s - 1];
        const struct membership *b = result.list + result.set_first[s];
        uint32_t i = 0;
        while (i < set_size(s - 1) && i < set_size(s) && memcmp(&a[i], &b[i], sizeof(*a)) == 0)
            i++;
        ck_assert_msg(i < set_size(s), "set %u repeats the one before, or its beginning", s);
        if (i < set_size(s - 1))
            ck_assert(a[i].group < b[i].group ||
                      (a[i].group == b[i].group && a[i].from_day <= b[i].from_day));
    }
    for (uint32_t v = 2; v < views.count; v++) {
        const struct view *a = &views.list[v - 1], *b = &views.list[v];
        ck_assert(a->set < b->set || (a->set == b->set && a->from_day < b->from_day) ||
                  (a->set == b->set && a->from_day == b->from_day && a->until_day < b->until_day));
    }
    ck_assert_uint_eq(views.list[VIEW_NOBODY].set, SET_EMPTY);
    ck_assert_uint_eq(views.list[VIEW_NOBODY].from_day, 0);
    ck_assert_uint_eq(views.list[VIEW_NOBODY].until_day, DAY_NEVER);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memberships");
    TCase *tests = tcase_create("memberships");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, whoever_is_in_no_group_is_not_published);
    tcase_add_test(tests, persons_with_the_same_memberships_share_a_set);
    tcase_add_test(tests, set_0_is_empty_and_the_test_set_is_there);
    tcase_add_test(tests, too_many_changes_refuse_the_person_and_nobody_else);
    tcase_add_test(tests, the_census_counts_persons_by_group_and_municipality_on_the_as_of_day);
    tcase_add_test(tests, what_is_not_delivered_is_counted_as_unknown);
    tcase_add_test(tests, a_view_is_a_set_on_the_days_on_which_the_means_is_good);
    tcase_add_test(tests, test_identities_of_every_means_are_there);
    tcase_add_test(tests, neither_threads_nor_the_order_of_rows_show);
    tcase_add_test(tests, sets_and_views_stand_in_order_and_once);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
