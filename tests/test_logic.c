#include "loader/logic.h"
#include "tests/random_rules.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUP_ROOM (RANDOM_GROUPS + RANDOM_KNOWN + 1)
#define TODAY      20780 /* 2026-11-23 */

static const struct window from_today = {TODAY, DAY_NEVER};
static struct vocabulary vocabulary;

/* Rules of these groups. The last two are the ones that are asked about. */
static struct rules *read_groups(const char *text)
{
    struct rules *rules;
    struct fault fault;
    latvia_vocabulary(&vocabulary);
    if (!rules_parse(&rules, text, strlen(text), "test.rules", &vocabulary, &fault))
        ck_abort_msg("%s", fault.text);
    return rules;
}

struct holding {
    const char *name, *text;
    bool can_hold;
};

static const struct holding holdings[] = {
    {"an age may be reached", "group g = age >= 18 and age < 75\n", true},
    {"nobody is older than 75 and younger than 18", "group g = age >= 75 and age < 18\n", false},
    {"ages are told through other groups", "group old = age >= 75\ngroup g = old and age < 75\n",
     false},
    {"or leaves a way", "group g = age >= 75 and (age < 18 or list riga_staff)\n", true},
    {"or leaves no way", "group g = age >= 75 and (age < 18 or not age >= 60)\n", false},
    {"x and not x", "group g = list riga_staff and not list riga_staff\n", false},
    {"x and not x, taken apart",
     "group a = list riga_staff or status SIF.family\ngroup g = status SIF.family and not a\n",
     false},
    {"a subtype without its kind", "group g = status SIF.family.child and not status SIF.family\n",
     false},
    {"a kind without one of its subtypes",
     "group g = status SIF.family and not status SIF.family.child\n", true},
    {"several statuses at once", "group g = status SIF.family.child and status SIF.family.parent\n",
     true},
    {"one person, one address", "group g = resident_in 0001 and resident_in 0004\n", false},
    {"a place within another", "group g = resident_in 0001 and resident_in 0001000\n", true},
    {"outside of a place that is around",
     "group g = resident_in 0001000 and not resident_in 0001\n", false},
    {"several schools", "group g = school_in 0001 and school_in 0004\n", true},
    {"days that do not meet", "group a = age >= 18 until 2027-01-01\ngroup g = a from 2027-01-01\n",
     false},
    {"days that meet", "group a = age >= 18 until 2027-01-01\ngroup g = a from 2026-12-31\n", true},
    {"days that are over", "group g = age >= 18 until 2026-01-01\n", false},
    {"days to come", "group g = age >= 18 from 2030-01-01\n", true},
    {"outside of its days whoever is in no group",
     "group a = age >= 18 until 2027-01-01\ngroup g = age >= 18 and not a\n", true},
    {"what ends before today has ended", "group g = status SIF.family ending before 2026-01-01\n",
     false},
    {"what begins one day holds from then on",
     "group a = status SIF.family begun from 2028-01-01\ngroup g = a until 2028-01-01\n", false},
    {"what neither began before nor after a day",
     "group g = status SIF.family begun before 2020-01-01 and not status SIF.family\n", false},
};

START_TEST(a_group_that_nobody_can_be_in_is_seen)
{
    const struct holding *h = &holdings[_i];
    struct rules *rules = read_groups(h->text);
    struct logic *logic = logic_begin(rules);
    ck_assert_msg(logic_can_hold(logic, (uint16_t)(rules->group_count - 1), from_today) ==
                      h->can_hold,
                  "%s", h->name);
    logic_end(logic);
    rules_free(rules);
}
END_TEST

struct implication {
    const char *name, *text; /* the last group but one, and the last, wider one */
    enum unknown_policy policy;
    bool holds;
};

static const struct implication implications[] = {
    {"and narrows", "group w = age >= 18\ngroup g = w and list riga_staff\ngroup v = w\n",
     UNKNOWN_REFUSE, true},
    {"and widens nothing", "group w = age >= 18\ngroup g = w\ngroup v = w and list riga_staff\n",
     UNKNOWN_REFUSE, false},
    {"a higher age", "group g = age >= 75\ngroup v = age >= 65\n", UNKNOWN_REFUSE, true},
    {"a lower age", "group g = age >= 65\ngroup v = age >= 75\n", UNKNOWN_REFUSE, false},
    {"a subtype is of its kind", "group g = status SIF.family.child\ngroup v = status SIF.family\n",
     UNKNOWN_REFUSE, true},
    {"a kind is not of a subtype",
     "group g = status SIF.family\ngroup v = status SIF.family.child\n", UNKNOWN_REFUSE, false},
    {"each of an or",
     "group g = list riga_staff and age < 24 or status SIF.family and age < 18\ngroup v = age < "
     "24\n",
     UNKNOWN_REFUSE, true},
    {"one of an or is too little", "group g = list riga_staff or age < 18\ngroup v = age < 24\n",
     UNKNOWN_REFUSE, false},
    {"a place within a set",
     "places P = 0001, 0004\ngroup g = resident_in 0004000\ngroup v = resident_in P\n",
     UNKNOWN_REFUSE, true},
    {"the wider one ends", "group g = age >= 75\ngroup v = age >= 65 until 2027-01-01\n",
     UNKNOWN_REFUSE, false},
    {"both end", "group g = age >= 75 until 2026-12-01\ngroup v = age >= 65 until 2027-01-01\n",
     UNKNOWN_REFUSE, true},
    /* whether family or not is unknown: the second group is unknown, too */
    {"what is surely one of two is not told by missing data",
     "group g = age >= 18\ngroup v = status SIF.family and age >= 18 or not status SIF.family\n",
     UNKNOWN_REFUSE, false},
    {"when unknown counts as yes, it may be",
     "group g = age >= 18\ngroup v = status SIF.family or not status SIF.family\n", UNKNOWN_ALLOW,
     true},
    {"what is not unknown is no",
     "group g = status SIF.family\ngroup v = status SIF.family and age < 18\n", UNKNOWN_ALLOW,
     false},
    {"a subtype may be wherever its kind may be",
     "group g = status SIF.family.child\ngroup v = status SIF.family\n", UNKNOWN_ALLOW, true},
    {"what was known last fills in for both",
     "group g = status SIF.family.child\ngroup v = status SIF.family\n", UNKNOWN_LAST_KNOWN, true},
};

START_TEST(a_group_within_another_is_seen)
{
    const struct implication *m = &implications[_i];
    struct rules *rules = read_groups(m->text);
    struct logic *logic = logic_begin(rules);
    uint16_t last = (uint16_t)(rules->group_count - 1);
    ck_assert_msg(logic_implies(logic, last - 1, last, m->policy, from_today) == m->holds, "%s",
                  m->name);
    logic_end(logic);
    rules_free(rules);
}
END_TEST

START_TEST(everybody_is_wider_than_all_and_within_none)
{
    struct rules *rules = read_groups("group g = age >= 18\n");
    struct logic *logic = logic_begin(rules);
    ck_assert(logic_implies(logic, 1, GROUP_EVERYBODY, UNKNOWN_REFUSE, from_today));
    ck_assert(!logic_implies(logic, GROUP_EVERYBODY, 1, UNKNOWN_REFUSE, from_today));
    ck_assert(logic_implies(logic, 1, 1, UNKNOWN_REFUSE, from_today));
    logic_end(logic);
    rules_free(rules);
}
END_TEST

/* Each group is the one before it, twice: taken apart there would be 2^60 conditions. */
START_TEST(what_takes_too_long_is_taken_for_possible)
{
    static char text[8192];
    size_t size = (size_t)snprintf(text, sizeof(text), "group g0 = age >= 75\n");
    for (int i = 1; i < 60; i++)
        size += (size_t)snprintf(
            text + size, sizeof(text) - size,
            i % 2 != 0 ? "group g%d = g%d and g%d\n" : "group g%d = g%d or g%d\n", i, i - 1, i - 1);
    snprintf(text + size, sizeof(text) - size, "group ends = g59 and age < 18\n");
    struct rules *rules = read_groups(text);
    struct logic *logic = logic_begin(rules);
    ck_assert(logic_can_hold(logic, (uint16_t)(rules->group_count - 1), from_today));
    logic_end(logic);
    rules_free(rules);
}
END_TEST

/* ---- against persons by chance ---- */

#define RANDOM_ROUNDS  400 /* of each loop */
#define RANDOM_PERSONS 40

/* By group, the days of the window on which a person is surely, and on which perhaps, in it. */
struct truths {
    uint8_t days[GROUP_ROOM][RANDOM_DAYS_MAX];
};

static void judge_person(struct truths *truths, const struct random_rules *r,
                         const struct rules *rules)
{
    static struct membership list[SET_SIZE_MAX];
    size_t count =
        groups_evaluate(list, SET_SIZE_MAX, rules, &r->vocabulary, &r->person, NULL, r->window);
    ck_assert_uint_ne(count, GROUPS_TOO_MANY);
    memset(truths, 0, sizeof(*truths));
    for (size_t i = 0; i < count; i++)
        for (uint32_t day = list[i].from_day; day < list[i].until_day; day++)
            truths->days[list[i].group][day - r->window.from_day] = (uint8_t)list[i].truth;
}

struct claims {
    bool can_hold[GROUP_ROOM];
    bool surely[GROUP_ROOM][GROUP_ROOM], perhaps[GROUP_ROOM][GROUP_ROOM];
};

/* Whether the day is as it is claimed. */
static bool day_fits(const struct claims *claims, const struct truths *truths, uint32_t day)
{
    bool fits = true;
    for (uint16_t a = 1; a <= RANDOM_GROUPS; a++) {
        uint8_t truth = truths->days[a][day];
        fits = fits && (truth != TRUTH_YES || claims->can_hold[a]);
        for (uint16_t b = 1; b <= RANDOM_GROUPS; b++) {
            uint8_t wider = truths->days[b][day];
            fits = fits && (!claims->surely[a][b] || truth != TRUTH_YES || wider == TRUTH_YES) &&
                   (!claims->perhaps[a][b] || truth == TRUTH_NO || wider != TRUTH_NO);
        }
    }
    return fits;
}

/* Claims are about the window: what was claimed is nowhere otherwise. */
START_TEST(nobody_is_otherwise_than_is_claimed)
{
    static struct random_rules r;
    static struct truths truths;
    uint32_t empty_count = 0, within_count = 0;
    for (uint32_t round = 0; round < RANDOM_ROUNDS; round++) {
        struct claims claims;
        bool fits = true;
        struct rules *rules = random_rules_make(&r, (uint64_t)_i * RANDOM_ROUNDS + round);
        struct logic *logic = logic_begin(rules);
        for (uint16_t a = 1; a <= RANDOM_GROUPS; a++) {
            claims.can_hold[a] = logic_can_hold(logic, a, r.window);
            empty_count += !claims.can_hold[a];
            for (uint16_t b = 1; b <= RANDOM_GROUPS; b++) {
                claims.surely[a][b] = logic_implies(logic, a, b, UNKNOWN_REFUSE, r.window);
                claims.perhaps[a][b] = logic_implies(logic, a, b, UNKNOWN_ALLOW, r.window);
                within_count += a != b && claims.can_hold[a] && claims.surely[a][b];
            }
        }
        for (uint32_t i = 0; i < RANDOM_PERSONS; i++) {
            random_person(&r, i % 2 == 0);
            judge_person(&truths, &r, rules);
            for (uint32_t day = 0; day < r.window.until_day - r.window.from_day; day++)
                fits = fits && day_fits(&claims, &truths, day);
        }
        ck_assert_msg(fits, "%s", r.text);
        logic_end(logic);
        rules_free(rules);
    }
    ck_assert_uint_gt(empty_count, 10);
    ck_assert_uint_gt(within_count, 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("logic");
    TCase *tcase = tcase_create("logic");
    tcase_add_loop_test(tcase, a_group_that_nobody_can_be_in_is_seen, 0,
                        sizeof(holdings) / sizeof(holdings[0]));
    tcase_add_loop_test(tcase, a_group_within_another_is_seen, 0,
                        sizeof(implications) / sizeof(implications[0]));
    tcase_add_test(tcase, everybody_is_wider_than_all_and_within_none);
    tcase_add_test(tcase, what_takes_too_long_is_taken_for_possible);
    tcase_add_loop_test(tcase, nobody_is_otherwise_than_is_claimed, 0, 4);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
