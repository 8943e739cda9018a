/* Why somebody is in a group or is not, in sentences. */
#include "loader/groups.h"

#include "tests/rules.h"

#define RIGA 1000
#define ZERO 20000 /* 2024-10-04 */

static struct vocabulary vocabulary;

static void setup(void)
{
    latvia_vocabulary(&vocabulary);
}

#define TOLD_SIZE 8192

static void append_sentence(void *context, uint32_t depth, const char *sentence)
{
    char *text = context;
    size_t size = strlen(text);
    snprintf(text + size, TOLD_SIZE - size, "%*s%s\n", (int)(2 * depth), "", sentence);
}

static const char *tell(const struct rules *rules, const struct person *person, const char *day,
                        uint16_t group, enum truth expected)
{
    static char text[TOLD_SIZE];
    text[0] = '\0';
    enum truth truth =
        groups_explain(rules, &vocabulary, person, NULL, day_of(day), group, append_sentence, text);
    ck_assert_int_eq(truth, expected);
    return text;
}

/* ---- condition by condition ---- */

static struct status_fact told_facts[4];
static struct person told_person = {
    .place = RIGA, .statuses = told_facts, .status_count = COUNT_OF(told_facts)};

static struct rules *told_rules(void)
{
    vocabulary.kinds[HOUSEHOLD].missing_count = 1;
    vocabulary.kinds[HOUSEHOLD].missing[0] = (struct place_prefix){1, 4};
    vocabulary.kinds[ORPHAN].is_missing = true;
    told_facts[0] = (struct status_fact){
        .kind = PENSION, .subtype = 1, .from_day = day_of("2019-03-01"), .until_day = DAY_NEVER};
    told_facts[1] = (struct status_fact){.kind = LEARNER,
                                         .subtype = 4,
                                         .from_day = day_of("2024-09-01"),
                                         .until_day = day_of("2025-07-01"),
                                         .school = RIGA};
    told_facts[2] = (struct status_fact){
        .kind = STAFF, .from_day = day_of("2020-01-01"), .until_day = day_of("2021-01-01")};
    told_facts[3] = (struct status_fact){
        .kind = STAFF, .from_day = day_of("2026-12-01"), .until_day = DAY_NEVER};
    told_person.birth_day = -6534; /* 1952-02-11 */
    told_person.death_day = day_of("2030-05-05");
    return rules_of_good_text(
        "place RIGA = 0001\n"
        "group pensioner = status VSAA.pension.old_age\n"
        "group pupil = status IZM.learner and (school_in RIGA or resident_in 0004)\n"
        "group poor = status SOPA.household.needy or status VBTAI.orphan\n"
        "group mixed = pensioner and not list riga_staff and age < 75 and not poor\n"
        "group dated = age >= 75 from 2026-01-01 until 2027-01-01\n"
        "group twice = pensioner or pensioner or age >= 75 or status SIF.family.parent\n");
}

START_TEST(what_holds_is_told_with_its_days)
{
    struct rules *rules = told_rules();
    ck_assert_str_eq(tell(rules, &told_person, "2026-11-23", 1, TRUTH_YES),
                     "group pensioner: yes\n"
                     "  status VSAA.pension.old_age: yes, from 2019-03-01, open end\n");
    ck_assert_str_eq(tell(rules, &told_person, "2025-01-01", 2, TRUTH_YES),
                     "group pupil: yes\n"
                     "  all of these: yes\n"
                     "    status IZM.learner: yes, from 2024-09-01 until 2025-07-01\n"
                     "    any of these: yes\n"
                     "      school_in 0001: yes, IZM.learner from 2024-09-01 until 2025-07-01\n"
                     "      resident_in 0004: no, the declared address is elsewhere\n");
    rules_free(rules);
}
END_TEST

START_TEST(what_does_not_hold_is_told_with_what_is_nearest)
{
    struct rules *rules = told_rules();
    ck_assert_str_eq(tell(rules, &told_person, "2026-11-23", 2, TRUTH_NO),
                     "group pupil: no\n"
                     "  all of these: no\n"
                     "    status IZM.learner: no, ended on 2025-07-01\n"
                     "    any of these: no\n"
                     "      school_in 0001: no, no school there\n"
                     "      resident_in 0004: no, the declared address is elsewhere\n");
    ck_assert_str_eq(tell(rules, &told_person, "2018-01-01", 6, TRUTH_NO),
                     "group twice: no\n"
                     "  any of these: no\n"
                     "    group pensioner: no\n"
                     "      status VSAA.pension.old_age: no, begins on 2019-03-01\n"
                     "    group pensioner: no, as told above\n"
                     "    age >= 75: no, 75 reached on 2027-02-11\n"
                     "    status SIF.family.parent: no, nothing of the kind was delivered\n");
    rules_free(rules);
}
END_TEST

START_TEST(what_was_not_delivered_is_told)
{
    struct rules *rules = told_rules();
    ck_assert_str_eq(
        tell(rules, &told_person, "2026-11-23", 4, TRUTH_UNKNOWN),
        "group mixed: unknown\n"
        "  all of these: unknown\n"
        "    group pensioner: yes\n"
        "      status VSAA.pension.old_age: yes, from 2019-03-01, open end\n"
        "    not: yes\n"
        "      list riga_staff: no, ended on 2021-01-01, begins again on 2026-12-01\n"
        "    age < 75: yes, 75 reached on 2027-02-11\n"
        "    not: unknown\n"
        "      group poor: unknown\n"
        "        any of these: unknown\n"
        "          status SOPA.household.needy: unknown, SOPA.household was not delivered for the "
        "place of residence\n"
        "          status VBTAI.orphan: unknown, VBTAI.orphan was not delivered\n");
    rules_free(rules);
}
END_TEST

START_TEST(a_group_is_told_with_its_own_days)
{
    struct rules *rules = told_rules();
    ck_assert_str_eq(tell(rules, &told_person, "2026-11-23", 5, TRUTH_NO),
                     "group dated: no\n  age >= 75: no, 75 reached on 2027-02-11\n");
    ck_assert_str_eq(tell(rules, &told_person, "2027-03-01", 5, TRUTH_NO),
                     "group dated: no, it is in force from 2026-01-01 until 2027-01-01\n");
    rules_free(rules);
}
END_TEST

START_TEST(nobody_is_in_a_group_before_birth_or_after_death)
{
    struct rules *rules = told_rules();
    ck_assert_str_eq(tell(rules, &told_person, "2030-05-05", 1, TRUTH_NO),
                     "group pensioner: no, died on 2030-05-05\n");
    told_person.birth_day = (int32_t)day_of("2026-11-24");
    ck_assert_str_eq(tell(rules, &told_person, "2026-11-23", 1, TRUTH_NO),
                     "group pensioner: no, born on 2026-11-24\n");
    ck_assert_str_eq(tell(rules, &told_person, "2026-11-24", GROUP_TEST, TRUTH_NO),
                     "group test: no, it is reserved for test identities\n");
    rules_free(rules);
}
END_TEST

/* ---- what else there is to tell ---- */

START_TEST(days_of_a_status_and_extensions_are_told)
{
    struct rules *rules = rules_of_good_text(
        "extend emergency = SOPA.household ending 2024-10-14..2024-10-24 until 2024-11-23\n"
        "group poor = status SOPA.household.needy ending from 2024-11-01\n"
        "group new = status SOPA.household begun from 2024-10-10 before 2024-11-01\n");
    struct status_fact fact = {
        .kind = HOUSEHOLD, .subtype = 1, .from_day = ZERO, .until_day = ZERO + 15};
    struct person person = {.death_day = DAY_NEVER, .statuses = &fact, .status_count = 1};
    ck_assert_str_eq(tell(rules, &person, "2024-11-03", 1, TRUTH_YES),
                     "group poor: yes\n  status SOPA.household.needy ending from 2024-11-01: yes, "
                     "from 2024-10-04 until 2024-11-23 (extended by emergency, else until "
                     "2024-10-19)\n");
    ck_assert_str_eq(tell(rules, &person, "2024-11-03", 2, TRUTH_NO),
                     "group new: no\n  status SOPA.household begun from 2024-10-10 before "
                     "2024-11-01: no, holds, but from 2024-10-04 until 2024-11-23 (extended by "
                     "emergency, else until 2024-10-19)\n");
    ck_assert_str_eq(tell(rules, &person, "2024-12-03", 1, TRUTH_NO),
                     "group poor: no\n  status SOPA.household.needy ending from 2024-11-01: no, "
                     "ended on 2024-11-23\n");
    rules_free(rules);
}
END_TEST

static struct rules *rules_with_known(void)
{
    struct rules *rules = rules_of_good_text("group needy = status SOPA.household.needy\n");
    rules->groups[rules->group_count++] = (struct group_rule){
        .name = "needy~14", .until_day = DAY_NEVER, .known_of = 1, .known_days = 14};
    return rules;
}

START_TEST(what_was_known_before_is_told)
{
    vocabulary.kinds[HOUSEHOLD].is_missing = true;
    struct rules *rules = rules_with_known();
    struct person person = {.death_day = DAY_NEVER};
    uint32_t until_days[3] = {0, 0, ZERO + 10};
    char text[TOLD_SIZE] = "";
    ck_assert_int_eq(groups_explain(rules, &vocabulary, &person, &(struct prior){until_days, NULL},
                                    ZERO, 2, append_sentence, text),
                     TRUTH_YES);
    ck_assert_str_eq(text, "group needy~14: yes, last known so, which holds until 2024-10-14\n"
                           "  group needy: unknown\n"
                           "    status SOPA.household.needy: unknown, SOPA.household was not "
                           "delivered\n");
    ck_assert_str_eq(tell(rules, &person, "2024-10-04", 2, TRUTH_UNKNOWN),
                     "group needy~14: unknown, and it was not surely yes in the last 14 days\n"
                     "  group needy: unknown\n"
                     "    status SOPA.household.needy: unknown, SOPA.household was not "
                     "delivered\n");
    rules_free(rules);
}
END_TEST

START_TEST(of_several_facts_the_nearest_is_told)
{
    struct rules *rules = rules_of_good_text("group family = status SIF.family\n");
    struct status_fact facts[] = {
        {.kind = FAMILY, .from_day = ZERO, .until_day = ZERO + 10},
        {.kind = FAMILY, .from_day = ZERO, .until_day = ZERO + 20},
        {.kind = FAMILY, .from_day = ZERO, .until_day = ZERO + 15},
        {.kind = FAMILY, .from_day = ZERO + 50, .until_day = ZERO + 60},
        {.kind = FAMILY, .from_day = ZERO + 40, .until_day = ZERO + 45},
        {.kind = FAMILY, .from_day = ZERO + 45, .until_day = ZERO + 70},
    };
    struct person person = {.death_day = DAY_NEVER, .statuses = facts, .status_count = 6};
    ck_assert_str_eq(tell(rules, &person, "2024-10-09", 1, TRUTH_YES), /* day 5 */
                     "group family: yes\n  status SIF.family: yes, from 2024-10-04 until "
                     "2024-10-24\n");
    ck_assert_str_eq(tell(rules, &person, "2024-11-03", 1, TRUTH_NO), /* day 30 */
                     "group family: no\n  status SIF.family: no, ended on 2024-10-24, begins again "
                     "on 2024-11-13\n");
    rules_free(rules);
}
END_TEST

static void count_sentence(void *context, uint32_t depth, const char *sentence)
{
    size_t *count = context;
    ck_assert(depth < 100 && sentence[0] != '\0');
    (*count)++;
}

START_TEST(a_long_chain_of_groups_is_told_to_a_depth_and_each_group_once)
{
    static char text[GROUP_COUNT_MAX * 32 + 32];
    strcpy(text, "group g1 = age > 1\n");
    for (unsigned i = 2; i < GROUP_COUNT_MAX; i++)
        snprintf(text + strlen(text), 32, "group g%u = g%u and g%u\n", i, i - 1, i - 1);
    struct rules *rules = rules_of_good_text(text);
    struct person person = {.death_day = DAY_NEVER};
    size_t count = 0;
    ck_assert_int_eq(groups_explain(rules, &vocabulary, &person, NULL, ZERO, GROUP_COUNT_MAX - 1,
                                    count_sentence, &count),
                     TRUTH_YES);
    ck_assert_uint_gt(count, 32);
    ck_assert_uint_lt(count, 200);
    rules_free(rules);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tell");
    TCase *tcase = tcase_create("tell");
    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, what_holds_is_told_with_its_days);
    tcase_add_test(tcase, what_does_not_hold_is_told_with_what_is_nearest);
    tcase_add_test(tcase, what_was_not_delivered_is_told);
    tcase_add_test(tcase, a_group_is_told_with_its_own_days);
    tcase_add_test(tcase, nobody_is_in_a_group_before_birth_or_after_death);
    tcase_add_test(tcase, days_of_a_status_and_extensions_are_told);
    tcase_add_test(tcase, what_was_known_before_is_told);
    tcase_add_test(tcase, of_several_facts_the_nearest_is_told);
    tcase_add_test(tcase, a_long_chain_of_groups_is_told_to_a_depth_and_each_group_once);
    return support_run(suite);
}
