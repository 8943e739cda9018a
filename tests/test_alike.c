#include "loader/alike.h"

#include "tests/random_rules.h"

#define RULES_COUNT   120 /* in each of eight tests */
#define PERSONS_COUNT 80  /* for each of the rules */

static struct random_rules r;
static struct membership plain[SET_SIZE_MAX];

static void check_set(struct alike *alike, const struct rules *rules, const struct prior *prior,
                      uint64_t seed)
{
    size_t plain_count =
        groups_evaluate(plain, SET_SIZE_MAX, rules, &r.vocabulary, &r.person, prior, r.window);
    uint32_t set = alike_evaluate(alike, &r.person, prior);
    ck_assert_uint_lt(set, alike_set_count(alike));
    size_t count;
    const struct membership *list = alike_set(alike, set, &count);
    ck_assert_msg(count == plain_count &&
                      (count == 0 || memcmp(list, plain, count * sizeof(plain[0])) == 0),
                  "seed %lu, %s: %zu memberships, expected %zu\n%s", (unsigned long)seed,
                  prior != NULL ? "with earlier knowledge" : "alone", count, plain_count, r.text);
    bool asks = false;
    for (size_t i = 0; i < count; i++)
        asks = asks || (list[i].truth == TRUTH_UNKNOWN && list[i].group > RANDOM_GROUPS);
    ck_assert_int_eq(alike_asks_prior(alike, set), asks);
}

START_TEST(random_persons_get_the_memberships_that_they_get_alone)
{
    for (uint64_t i = 0; i < support_rounds(RULES_COUNT); i++) {
        uint64_t seed = 1000000 + (uint64_t)_i * RULES_COUNT + i;
        struct rules *rules = random_rules_make(&r, seed);
        struct alike *alike = alike_begin(rules, &r.vocabulary, r.window);
        for (int person = 0; person < PERSONS_COUNT; person++) {
            random_person(&r, person % 2 == 0);
            check_set(alike, rules, NULL, seed);
            check_set(alike, rules, &r.prior, seed);
            check_set(alike, rules, NULL, seed);
        }
        alike_end(alike);
        rules_free(rules);
    }
}
END_TEST

/* ---- one set of rules ---- */

#define ZERO 20000 /* 2024-10-04 */

static struct rules *rules;
static struct alike *alike;
static const struct window window = {ZERO, ZERO + WINDOW_DAYS_MAX};

static void begin(void)
{
    struct fault fault = {""};
    static const char text[] = "group family = status SIF.family\n"
                               "group riga = resident_in 0001\n";
    latvia_vocabulary(&r.vocabulary);
    if (!rules_parse(&rules, text, strlen(text), "t.rules", &r.vocabulary, &fault))
        ck_abort_msg("%s", fault.text);
    alike = alike_begin(rules, &r.vocabulary, window);
}

static void end(void)
{
    alike_end(alike);
    rules_free(rules);
}

START_TEST(whoever_the_rules_cannot_tell_apart_has_the_same_set)
{
    struct status_fact facts[] = {{.kind = FAMILY, .subtype = 1, .until_day = DAY_NEVER},
                                  {.kind = PENSION, .subtype = 1, .until_day = DAY_NEVER}};
    struct person person = {
        .death_day = DAY_NEVER, .place = 1000, .statuses = facts, .status_count = 1};
    uint32_t set = alike_evaluate(alike, &person, NULL);
    person.status_count = 2; /* nobody asks about pensions, nor about parts of Riga */
    person.place = 1999;
    facts[0].subtype = 2;
    ck_assert_uint_eq(alike_evaluate(alike, &person, NULL), set);
    facts[1].from_day = ZERO + 7;
    ck_assert_uint_eq(alike_evaluate(alike, &person, NULL), set);
    person.place = 4000;
    ck_assert_uint_ne(alike_evaluate(alike, &person, NULL), set);
}
END_TEST

START_TEST(whoever_is_in_no_group_or_not_alive_has_the_empty_set)
{
    struct person person = {.death_day = DAY_NEVER};
    ck_assert_uint_eq(alike_evaluate(alike, &person, NULL), ALIKE_EMPTY);
    person = (struct person){.death_day = ZERO, .place = 1000};
    ck_assert_uint_eq(alike_evaluate(alike, &person, NULL), ALIKE_EMPTY);
    size_t count;
    alike_set(alike, ALIKE_EMPTY, &count);
    ck_assert_uint_eq(count, 0);
    ck_assert_uint_eq(alike_set_count(alike), 1);
}
END_TEST

START_TEST(too_many_changes_are_too_many_here_as_well)
{
    static struct status_fact facts[BREAKPOINT_COUNT_MAX + 1];
    struct person person = {.death_day = DAY_NEVER, .statuses = facts};
    for (uint32_t i = 0; i <= BREAKPOINT_COUNT_MAX; i++)
        facts[i] =
            (struct status_fact){.kind = FAMILY, .from_day = ZERO + 1 + i, .until_day = DAY_NEVER};
    person.status_count = BREAKPOINT_COUNT_MAX;
    ck_assert_uint_ne(alike_evaluate(alike, &person, NULL), ALIKE_TOO_MANY);
    person.status_count = BREAKPOINT_COUNT_MAX + 1;
    ck_assert_uint_eq(alike_evaluate(alike, &person, NULL), ALIKE_TOO_MANY);
}
END_TEST

START_TEST(a_set_of_no_person_is_numbered_among_the_others)
{
    struct membership test = {GROUP_TEST, TRUTH_YES, window.from_day, window.until_day};
    uint32_t set = alike_add(alike, &test, 1);
    ck_assert_uint_eq(set, 1);
    ck_assert_uint_eq(alike_add(alike, &test, 1), 1);
    size_t count;
    const struct membership *list = alike_set(alike, set, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_mem_eq(list, &test, sizeof(test));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("alike");
    TCase *random = tcase_create("random"), *few = tcase_create("few");
    tcase_set_timeout(random, 60);
    tcase_add_loop_test(random, random_persons_get_the_memberships_that_they_get_alone, 0, 8);
    tcase_add_checked_fixture(few, begin, end);
    tcase_add_test(few, whoever_the_rules_cannot_tell_apart_has_the_same_set);
    tcase_add_test(few, whoever_is_in_no_group_or_not_alive_has_the_empty_set);
    tcase_add_test(few, too_many_changes_are_too_many_here_as_well);
    tcase_add_test(few, a_set_of_no_person_is_numbered_among_the_others);
    suite_add_tcase(suite, random);
    suite_add_tcase(suite, few);
    return support_run(suite);
}
