#include "loader/groups.h"

#include "protocol/snapshot.h"
#include "tests/random_rules.h"

#include <stdio.h>
#include <stdlib.h>

static struct vocabulary vocabulary;
static struct membership out[SET_SIZE_MAX];

static struct rules *parse(const char *text)
{
    struct rules *rules = NULL;
    struct fault fault = {""};
    if (!rules_parse(&rules, text, strlen(text), "t.rules", &vocabulary, &fault))
        ck_abort_msg("%s\n%s", fault.text, text);
    return rules;
}

static int32_t day_of(const char *text)
{
    int32_t day;
    ck_assert(day_of_text(&day, text, strlen(text)));
    return day;
}

/* Memberships of one group as text, in days of the window: "yes 0-10, unknown 10-93". */
static void memberships_to_text(char *text, size_t text_size, size_t count, uint16_t group,
                                struct window window)
{
    size_t size = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (out[i].group == group)
            size += (size_t)snprintf(
                text + size, text_size - size, "%s%s %u-%u", size > 0 ? ", " : "",
                out[i].truth == TRUTH_YES ? "yes" : "unknown", out[i].from_day - window.from_day,
                out[i].until_day - window.from_day);
    }
}

/* One group, one person: window [20000, 20093), which is from 2024-10-04 until 2025-01-05; day 0 of
 * the facts below is its first. The person was born in 1980 and lives in Riga unless it says. */
#define ZERO      20000
#define OPEN      (INT32_MAX - ZERO)
#define RIGA      1000
#define JURMALA   4000
#define SOMEWHERE 3201000

struct fact_row {
    uint16_t kind;
    uint8_t subtype;
    int32_t from, until;
    uint32_t school;
};

#define FACT_COUNT_MAX 5

static const struct {
    const char *condition; /* of the group, with what follows */
    const char *birth;
    int32_t death; /* 0: alive */
    uint32_t place;
    struct fact_row facts[FACT_COUNT_MAX + 1]; /* up to until 0 and from 0 */
    const char *expected;
} rows[] = {
    /* statuses */
    {"status VSAA.pension.old_age", "", 0, RIGA, {{PENSION, 1, -900, OPEN, 0}}, "yes 0-93"},
    {"status VSAA.pension.old_age", "", 0, RIGA, {{PENSION, 2, -900, OPEN, 0}}, ""},
    {"status VSAA.pension.old_age", "", 0, RIGA, {{DISABILITY, 1, -900, OPEN, 0}}, ""},
    {"status VSAA.pension.old_age", "", 0, RIGA, {{PENSION, SUBTYPE_NONE, -9, OPEN, 0}}, ""},
    {"status VSAA.pension", "", 0, RIGA, {{PENSION, 4, -900, OPEN, 0}}, "yes 0-93"},
    {"status VSAA.pension", "", 0, RIGA, {{PENSION, SUBTYPE_NONE, -9, OPEN, 0}}, "yes 0-93"},
    {"list riga_staff", "", 0, RIGA, {{STAFF, SUBTYPE_NONE, -9, OPEN, 0}}, "yes 0-93"},
    {"list riga_staff", "", 0, RIGA, {{0}}, ""},
    /* from_day is in, until_day is out */
    {"status SIF.family", "", 0, RIGA, {{FAMILY, 1, 10, 20, 0}}, "yes 10-20"},
    {"status SIF.family", "", 0, RIGA, {{FAMILY, 1, 0, 93, 0}}, "yes 0-93"},
    {"status SIF.family", "", 0, RIGA, {{FAMILY, 1, -5, 0, 0}}, ""},
    {"status SIF.family", "", 0, RIGA, {{FAMILY, 1, -5, 1, 0}}, "yes 0-1"},
    {"status SIF.family", "", 0, RIGA, {{FAMILY, 1, 92, 900, 0}}, "yes 92-93"},
    {"status SIF.family", "", 0, RIGA, {{FAMILY, 1, 93, 900, 0}}, ""},
    {"not status SIF.family", "", 0, RIGA, {{FAMILY, 1, 10, 20, 0}}, "yes 0-10, yes 20-93"},
    /* when it began and when it ends: day 10 is 2024-10-14, day 20 is 2024-10-24 */
    {"status SIF.family begun from 2024-10-14", "", 0, RIGA, {{FAMILY, 1, 10, 20, 0}}, "yes 10-20"},
    {"status SIF.family begun from 2024-10-15", "", 0, RIGA, {{FAMILY, 1, 10, 20, 0}}, ""},
    {"status SIF.family begun before 2024-10-14", "", 0, RIGA, {{FAMILY, 1, 10, 20, 0}}, ""},
    {"status SIF.family begun before 2024-10-15",
     "",
     0,
     RIGA,
     {{FAMILY, 1, 10, 20, 0}},
     "yes 10-20"},
    {"status SIF.family ending from 2024-10-24",
     "",
     0,
     RIGA,
     {{FAMILY, 1, 10, 20, 0}},
     "yes 10-20"},
    {"status SIF.family ending from 2024-10-25", "", 0, RIGA, {{FAMILY, 1, 10, 20, 0}}, ""},
    {"status SIF.family ending before 2024-10-24", "", 0, RIGA, {{FAMILY, 1, 10, 20, 0}}, ""},
    {"status SIF.family ending before 2024-10-25",
     "",
     0,
     RIGA,
     {{FAMILY, 1, 10, 20, 0}},
     "yes 10-20"},
    {"status SIF.family ending from 2024-10-25",
     "",
     0,
     RIGA,
     {{FAMILY, 1, 10, OPEN, 0}},
     "yes 10-93"},
    {"status SIF.family ending before 9999-12-31", "", 0, RIGA, {{FAMILY, 1, 10, OPEN, 0}}, ""},
    {"status SIF.family.child begun from 2024-10-14 before 2024-10-24 ending from 2024-11-01",
     "",
     0,
     RIGA,
     {{FAMILY, 2, 5, 40, 0},
      {FAMILY, 2, 12, 38, 0},
      {FAMILY, 2, 15, 60, 0},
      {FAMILY, 1, 15, 90, 0}},
     "yes 12-60"},
    /* several facts of one kind */
    {"status SIF.family",
     "",
     0,
     RIGA,
     {{FAMILY, 1, 10, 20, 0}, {FAMILY, 1, 15, 30, 0}},
     "yes 10-30"},
    {"status SIF.family",
     "",
     0,
     RIGA,
     {{FAMILY, 2, 20, 30, 0}, {FAMILY, 1, 10, 20, 0}},
     "yes 10-30"},
    {"status SIF.family.child",
     "",
     0,
     RIGA,
     {{FAMILY, 2, 20, 30, 0}, {FAMILY, 1, 10, 20, 0}},
     "yes 20-30"},
    {"status SIF.family",
     "",
     0,
     RIGA,
     {{FAMILY, 1, 10, 20, 0}, {FAMILY, 1, 21, 30, 0}},
     "yes 10-20, yes 21-30"},
    {"status SIF.family",
     "",
     0,
     RIGA,
     {{FAMILY, 1, 10, 40, 0}, {FAMILY, 1, 20, 30, 0}},
     "yes 10-40"},
    /* ages and birthdays: 75 on 2024-11-04, which is day 31 */
    {"age >= 75", "1949-11-04", 0, RIGA, {{0}}, "yes 31-93"},
    {"age < 75", "1949-11-04", 0, RIGA, {{0}}, "yes 0-31"},
    {"age > 74", "1949-11-04", 0, RIGA, {{0}}, "yes 31-93"},
    {"age <= 74", "1949-11-04", 0, RIGA, {{0}}, "yes 0-31"},
    {"age >= 75", "1949-10-04", 0, RIGA, {{0}}, "yes 0-93"},
    {"age >= 75", "1949-10-05", 0, RIGA, {{0}}, "yes 1-93"},
    {"age >= 75", "1950-01-04", 0, RIGA, {{0}}, "yes 92-93"},
    {"age >= 75", "1950-01-05", 0, RIGA, {{0}}, ""},
    {"age >= 18 and age < 24", "2000-12-04", 0, RIGA, {{0}}, "yes 0-61"},
    {"age < 18 or age >= 24", "2000-12-04", 0, RIGA, {{0}}, "yes 61-93"},
    /* birth and death */
    {"age < 18", "2024-10-14", 0, RIGA, {{0}}, "yes 10-93"},
    {"not status SIF.family", "2024-10-14", 0, RIGA, {{0}}, "yes 10-93"},
    {"age < 18", "2025-01-05", 0, RIGA, {{0}}, ""},
    {"status SIF.family", "2024-10-14", 0, RIGA, {{FAMILY, 2, -50, OPEN, 0}}, "yes 10-93"},
    {"age < 75", "", 50, RIGA, {{0}}, "yes 0-50"},
    {"not status SIF.family", "", 50, RIGA, {{0}}, "yes 0-50"},
    {"status SIF.family", "", 50, RIGA, {{FAMILY, 1, 40, 60, 0}}, "yes 40-50"},
    {"status SIF.family", "", 50, RIGA, {{FAMILY, 1, 50, 60, 0}}, ""},
    {"age < 75", "", 1, RIGA, {{0}}, "yes 0-1"},
    {"age < 75", "", -400, RIGA, {{0}}, ""},
    {"age < 75", "", 93, RIGA, {{0}}, "yes 0-93"},
    /* residence */
    {"resident_in 0001", "", 0, RIGA, {{0}}, "yes 0-93"},
    {"resident_in 0001", "", 0, JURMALA, {{0}}, ""},
    {"not resident_in 0001", "", 0, JURMALA, {{0}}, "yes 0-93"},
    {"resident_in 0001", "", 0, 0, {{0}}, ""},
    {"resident_in 0", "", 0, 0, {{0}}, ""},
    {"not resident_in 0001", "", 0, 0, {{0}}, "yes 0-93"},
    {"resident_in 32", "", 0, SOMEWHERE, {{0}}, "yes 0-93"},
    /* schools */
    {"school_in 0001", "", 0, JURMALA, {{LEARNER, 2, 5, 50, RIGA}}, "yes 5-50"},
    {"school_in 0004", "", 0, JURMALA, {{LEARNER, 2, 5, 50, RIGA}}, ""},
    {"school_in 0001", "", 0, RIGA, {{LEARNER, 2, 5, 50, 0}}, ""},
    {"school_in 0001", "", 0, RIGA, {{FAMILY, 2, 5, 50, RIGA}}, ""},
    {"school_in 0001",
     "",
     0,
     JURMALA,
     {{LEARNER, 2, 5, 50, JURMALA}, {LEARNER, 3, 40, 60, RIGA}},
     "yes 40-60"},
    {"status IZM.learner and (school_in 0001 or resident_in 0001)",
     "",
     0,
     RIGA,
     {{LEARNER, 2, 5, 50, JURMALA}},
     "yes 5-50"},
    /* dated groups */
    {"age > 1 from 2024-10-14 until 2024-11-03", "", 0, RIGA, {{0}}, "yes 10-30"},
    {"age > 1 from 2024-10-14", "", 0, RIGA, {{0}}, "yes 10-93"},
    {"age > 1 until 2024-11-03", "", 0, RIGA, {{0}}, "yes 0-30"},
    {"age > 1 until 2024-10-04", "", 0, RIGA, {{0}}, ""},
    {"age > 1 from 2025-01-05", "", 0, RIGA, {{0}}, ""},
    {"status SIF.family from 2024-10-14", "", 0, RIGA, {{FAMILY, 1, 5, 20, 0}}, "yes 10-20"},
};

static struct person person_of(size_t row, struct status_fact *facts)
{
    struct person person = {.birth_day = 3650, .death_day = DAY_NEVER, .statuses = facts};
    if (rows[row].birth[0] != '\0')
        person.birth_day = day_of(rows[row].birth);
    if (rows[row].death != 0)
        person.death_day = (uint32_t)(ZERO + rows[row].death);
    person.place = rows[row].place;
    for (const struct fact_row *fact = rows[row].facts; fact->from != 0 || fact->until != 0; fact++)
        facts[person.status_count++] = (struct status_fact){
            .kind = fact->kind,
            .subtype = fact->subtype,
            .from_day = (uint32_t)(ZERO + fact->from),
            .until_day = fact->until == OPEN ? DAY_NEVER : (uint32_t)(ZERO + fact->until),
            .school = fact->school};
    return person;
}

START_TEST(a_group_holds_on_the_days_that_its_condition_says)
{
    latvia_vocabulary(&vocabulary);
    struct window window = {ZERO, ZERO + 93};
    char text[256];
    snprintf(text, sizeof(text), "group x = %s\n", rows[_i].condition);
    struct rules *rules = parse(text);
    struct status_fact facts[FACT_COUNT_MAX];
    struct person person = person_of((size_t)_i, facts);
    size_t count = groups_evaluate(out, SET_SIZE_MAX, rules, &vocabulary, &person, NULL, window);
    memberships_to_text(text, sizeof(text), count, 1, window);
    ck_assert_msg(strcmp(text, rows[_i].expected) == 0, "%s: \"%s\", expected \"%s\"",
                  rows[_i].condition, text, rows[_i].expected);
    rules_free(rules);
}
END_TEST

/* What is not known: SOPA was not delivered for Riga, IZM for nobody. */
static const struct {
    const char *condition;
    uint32_t place;
    bool izm_is_missing;
    struct fact_row fact;
    const char *expected;
} unknown_rows[] = {
    {"status SOPA.household.needy", RIGA, false, {0}, "unknown 0-93"},
    {"status SOPA.household", RIGA, false, {0}, "unknown 0-93"},
    {"status SOPA.household.needy", JURMALA, false, {0}, ""},
    {"status SOPA.household.needy", 0, false, {0}, ""},
    {"status SOPA.household.needy",
     RIGA,
     false,
     {HOUSEHOLD, 1, 5, 50, 0},
     "unknown 0-5, yes 5-50, unknown 50-93"},
    {"status SOPA.household.needy", RIGA, false, {HOUSEHOLD, 2, 5, 50, 0}, "unknown 0-93"},
    {"not status SOPA.household.needy", RIGA, false, {0}, "unknown 0-93"},
    {"not status SOPA.household.needy",
     RIGA,
     false,
     {HOUSEHOLD, 1, 5, 50, 0},
     "unknown 0-5, unknown 50-93"},
    {"status VSAA.pension", RIGA, false, {0}, ""},
    {"status IZM.learner", JURMALA, true, {0}, "unknown 0-93"},
    {"status IZM.learner", JURMALA, true, {LEARNER, 2, 5, OPEN, 0}, "unknown 0-5, yes 5-93"},
    {"school_in 0001", JURMALA, true, {0}, "unknown 0-93"},
    {"school_in 0001", 0, true, {0}, "unknown 0-93"},
    {"school_in 0001",
     JURMALA,
     true,
     {LEARNER, 2, 5, 50, RIGA},
     "unknown 0-5, yes 5-50, unknown 50-93"},
    {"school_in 0001", JURMALA, true, {LEARNER, 2, 5, 50, JURMALA}, "unknown 0-93"},
    {"school_in 0001", RIGA, false, {0}, ""},
    {"resident_in 0001", RIGA, true, {0}, "yes 0-93"},
    {"status SOPA.household.needy from 2024-10-14", RIGA, false, {0}, "unknown 10-93"},
};

START_TEST(what_was_not_delivered_is_unknown_unless_a_fact_says_yes)
{
    latvia_vocabulary(&vocabulary);
    vocabulary.kinds[HOUSEHOLD].missing_count = 1;
    vocabulary.kinds[HOUSEHOLD].missing[0] = (struct place_prefix){1, 4};
    vocabulary.kinds[LEARNER].is_missing = unknown_rows[_i].izm_is_missing;
    char text[256];
    snprintf(text, sizeof(text), "group x = %s\n", unknown_rows[_i].condition);
    struct rules *rules = parse(text);

    const struct fact_row *row = &unknown_rows[_i].fact;
    struct status_fact fact = {.kind = row->kind,
                               .subtype = row->subtype,
                               .from_day = (uint32_t)(ZERO + row->from),
                               .until_day =
                                   row->until == OPEN ? DAY_NEVER : (uint32_t)(ZERO + row->until),
                               .school = row->school};
    struct person person = {.birth_day = 3650,
                            .death_day = DAY_NEVER,
                            .place = unknown_rows[_i].place,
                            .statuses = &fact,
                            .status_count = row->until != 0};
    struct window window = {ZERO, ZERO + 93};
    size_t count = groups_evaluate(out, SET_SIZE_MAX, rules, &vocabulary, &person, NULL, window);
    memberships_to_text(text, sizeof(text), count, 1, window);
    ck_assert_str_eq(text, unknown_rows[_i].expected);
    rules_free(rules);
}
END_TEST

/* Kleene's tables, with conditions that are no, unknown and yes for everybody in the test. */
START_TEST(truths_combine_by_kleenes_tables)
{
    static const char *const is[] = {"age < 1", "list riga_staff", "age > 1"};
    static const enum truth and_table[3][3] = {{TRUTH_NO, TRUTH_NO, TRUTH_NO},
                                               {TRUTH_NO, TRUTH_UNKNOWN, TRUTH_UNKNOWN},
                                               {TRUTH_NO, TRUTH_UNKNOWN, TRUTH_YES}};
    static const enum truth or_table[3][3] = {{TRUTH_NO, TRUTH_UNKNOWN, TRUTH_YES},
                                              {TRUTH_UNKNOWN, TRUTH_UNKNOWN, TRUTH_YES},
                                              {TRUTH_YES, TRUTH_YES, TRUTH_YES}};
    static const enum truth not_table[3] = {TRUTH_YES, TRUTH_UNKNOWN, TRUTH_NO};
    latvia_vocabulary(&vocabulary);
    vocabulary.kinds[STAFF].is_missing = true;
    size_t a = (size_t)_i / 3, b = (size_t)_i % 3;
    char text[256];
    snprintf(text, sizeof(text), "group x = %s and %s\ngroup y = %s or %s\ngroup z = not %s\n",
             is[a], is[b], is[a], is[b], is[a]);
    struct rules *rules = parse(text);
    struct person person = {.birth_day = 3650, .death_day = DAY_NEVER, .place = RIGA};
    size_t count = groups_evaluate(out, SET_SIZE_MAX, rules, &vocabulary, &person, NULL,
                                   (struct window){ZERO, ZERO + 1});
    enum truth found[4] = {TRUTH_NO, TRUTH_NO, TRUTH_NO, TRUTH_NO};
    for (size_t i = 0; i < count; i++)
        found[out[i].group] = (enum truth)out[i].truth;
    ck_assert_int_eq(found[1], and_table[a][b]);
    ck_assert_int_eq(found[2], or_table[a][b]);
    ck_assert_int_eq(found[3], not_table[a]);
    rules_free(rules);
}
END_TEST

/* Born on 29 February 2008: 18 on 1 March 2026, and 16 on 29 February 2024. */
START_TEST(those_born_on_29_february_come_of_age_on_1_march_in_common_years)
{
    latvia_vocabulary(&vocabulary);
    struct rules *rules = parse("group x = age >= 18\ngroup y = age >= 16\n");
    struct person person = {
        .birth_day = day_of("2008-02-29"), .death_day = DAY_NEVER, .place = RIGA};
    struct window windows[] = {{(uint32_t)day_of("2026-02-27"), (uint32_t)day_of("2026-03-03")},
                               {(uint32_t)day_of("2024-02-27"), (uint32_t)day_of("2024-03-03")}};
    char text[64];
    size_t count =
        groups_evaluate(out, SET_SIZE_MAX, rules, &vocabulary, &person, NULL, windows[0]);
    memberships_to_text(text, sizeof(text), count, 1, windows[0]);
    ck_assert_str_eq(text, "yes 2-4"); /* 27, 28 | 1, 2 */
    count = groups_evaluate(out, SET_SIZE_MAX, rules, &vocabulary, &person, NULL, windows[1]);
    memberships_to_text(text, sizeof(text), count, 2, windows[1]);
    ck_assert_str_eq(text, "yes 2-5"); /* 27, 28 | 29, 1, 2 */
    rules_free(rules);
}
END_TEST

/* The threshold list asks the calendar only near the window; elsewhere it estimates. */
START_TEST(every_age_is_reached_on_its_calendar_day)
{
    latvia_vocabulary(&vocabulary);
    char text[64];
    uint64_t state = 5;
    for (uint32_t years = 1; years <= 150; years++) {
        snprintf(text, sizeof(text), "group x = age >= %u\n", years);
        struct rules *rules = parse(text);
        for (int i = 0; i < 200; i++) {
            int32_t reached = 18000 + (int32_t)(support_random(&state) % 5000);
            int32_t birth =
                reached - (int32_t)(years * 365.25) + (int32_t)(support_random(&state) % 5) - 2;
            int32_t expected = day_of_age(birth, years);
            uint32_t begin = (uint32_t)(reached - 12 + (int32_t)(support_random(&state) % 12));
            struct window window = {begin, begin + (uint32_t)(support_random(&state) % 12)};
            struct person person = {.birth_day = birth, .death_day = DAY_NEVER};
            size_t count =
                groups_evaluate(out, SET_SIZE_MAX, rules, &vocabulary, &person, NULL, window);
            ck_assert_uint_eq(count, expected < (int64_t)window.until_day &&
                                         window.from_day < window.until_day);
            if (count > 0)
                ck_assert_int_eq((int32_t)out[0].from_day,
                                 expected > (int32_t)begin ? expected : (int32_t)begin);
        }
        rules_free(rules);
    }
}
END_TEST

START_TEST(later_groups_see_earlier_ones_with_their_dates)
{
    latvia_vocabulary(&vocabulary);
    struct rules *rules = parse("group a = status SIF.family from 2024-10-14\n"
                                "group b = not a\n"
                                "group c = a or b\n"
                                "group d = a and age >= 45 until 2024-12-31\n");
    struct status_fact fact = {
        .kind = FAMILY, .subtype = 1, .from_day = 19000, .until_day = ZERO + 70};
    struct person person = {.birth_day = day_of("1979-11-04"),
                            .death_day = DAY_NEVER,
                            .statuses = &fact,
                            .status_count = 1};
    struct window window = {ZERO, ZERO + 93};
    size_t count = groups_evaluate(out, SET_SIZE_MAX, rules, &vocabulary, &person, NULL, window);
    static const char *const expected[] = {"", "yes 10-70", "yes 0-10, yes 70-93", "yes 0-93",
                                           "yes 31-70"};
    for (uint16_t group = 0; group <= 4; group++) {
        char text[64];
        memberships_to_text(text, sizeof(text), count, group, window);
        ck_assert_str_eq(text, expected[group]);
    }
    rules_free(rules);
}
END_TEST

START_TEST(nobody_is_in_a_group_outside_the_window)
{
    latvia_vocabulary(&vocabulary);
    struct rules *rules = parse("group a = age > 1\n");
    struct person person = {.birth_day = 0, .death_day = DAY_NEVER};
    struct window empty = {ZERO, ZERO};
    ck_assert_uint_eq(groups_evaluate(out, SET_SIZE_MAX, rules, &vocabulary, &person, NULL, empty),
                      0);
    struct window longest = {ZERO, ZERO + WINDOW_DAYS_MAX};
    ck_assert_uint_eq(
        groups_evaluate(out, SET_SIZE_MAX, rules, &vocabulary, &person, NULL, longest), 1);
    ck_assert_uint_eq(out[0].from_day, longest.from_day);
    ck_assert_uint_eq(out[0].until_day, longest.until_day);
    rules_free(rules);
}
END_TEST

/* Extensions. */

static const struct {
    uint16_t kind;
    uint8_t subtype;
    int32_t from, until;  /* days of the window; the extension is of last days 10..20, until 50 */
    const char *expected; /* of whoever has any such status, and of "ending from" day 50 */
    const char *expected_late;
} extension_rows[] = {
    {HOUSEHOLD, 1, 5, 11, "yes 5-50", "yes 5-50"}, /* its last day is 10 */
    {HOUSEHOLD, 1, 5, 10, "yes 5-10", ""},
    {HOUSEHOLD, 1, 5, 21, "yes 5-50", "yes 5-50"},
    {HOUSEHOLD, 1, 5, 22, "yes 5-22", ""},
    {HOUSEHOLD, 2, 5, 15, "yes 5-50", "yes 5-50"},
    {HOUSEHOLD, 3, 5, 15, "yes 5-15", ""}, /* the exception */
    {DISABILITY, 1, 5, 15, "yes 5-50", "yes 5-50"},
    {DISABILITY, 2, 5, 15, "yes 5-15", ""},
    {HOUSEHOLD, 1, 5, OPEN, "yes 5-93", "yes 5-93"},
    {HOUSEHOLD, 1, -30, -20, "", ""},
    {FAMILY, 1, 5, 15, "yes 5-40", ""}, /* of two extensions the later one holds; not one of one */
};

START_TEST(what_ends_in_an_emergency_holds_longer)
{
    latvia_vocabulary(&vocabulary);
    struct window window = {ZERO, ZERO + 93};
    struct rules *rules = parse(
        "extend emergency = SOPA.household, VDEAVK.disability.group1 except SOPA.household.crisis "
        "ending 2024-10-14..2024-10-24 until 2024-11-23\n"
        "extend longer = SIF.family ending 2024-10-14..2024-10-24 until 2024-11-13\n"
        "extend shorter = SIF.family.parent ending 2024-10-14..2024-10-24 until 2024-10-29\n"
        "extend later = SIF.family ending 2024-10-27..2024-11-20 until 2024-12-01\n"
        "group any = status SOPA.household or status VDEAVK.disability or status SIF.family\n"
        "group late = status SOPA.household ending from 2024-11-23 or "
        "status VDEAVK.disability ending from 2024-11-23\n");
    int32_t until = extension_rows[_i].until;
    struct status_fact fact = {.kind = extension_rows[_i].kind,
                               .subtype = extension_rows[_i].subtype,
                               .from_day = (uint32_t)(ZERO + extension_rows[_i].from),
                               .until_day = until == OPEN ? DAY_NEVER : (uint32_t)(ZERO + until)};
    struct person person = {
        .birth_day = 3650, .death_day = DAY_NEVER, .statuses = &fact, .status_count = 1};
    size_t count = groups_evaluate(out, SET_SIZE_MAX, rules, &vocabulary, &person, NULL, window);
    char text[64];
    memberships_to_text(text, sizeof(text), count, 1, window);
    ck_assert_str_eq(text, extension_rows[_i].expected);
    memberships_to_text(text, sizeof(text), count, 2, window);
    ck_assert_str_eq(text, extension_rows[_i].expected_late);
    rules_free(rules);
}
END_TEST

/* What an earlier snapshot knew. */

static struct rules *rules_with_known(void)
{
    struct rules *rules = parse("group needy = status SOPA.household.needy\n");
    rules->groups[rules->group_count++] = (struct group_rule){
        .name = "needy~14", .until_day = DAY_NEVER, .known_of = 1, .known_days = 14};
    return rules;
}

static const struct {
    bool is_missing;
    uint32_t known_until; /* day of the window; 0: nothing was known */
    int32_t from, until;  /* of a fact; 0 and 0: none */
    const char *expected;
} known_rows[] = {
    {false, 0, 0, 0, ""},
    {false, 30, 0, 0, ""}, /* what is surely no stays no */
    {false, 30, 5, 10, "yes 5-10"},
    {true, 0, 0, 0, "unknown 0-93"},
    {true, 30, 0, 0, "yes 0-30, unknown 30-93"},
    {true, 200, 0, 0, "yes 0-93"},
    {true, 30, 20, 40, "yes 0-40, unknown 40-93"},
    {true, 30, 50, 60, "yes 0-30, unknown 30-50, yes 50-60, unknown 60-93"},
};

START_TEST(what_was_known_fills_in_for_what_is_unknown)
{
    latvia_vocabulary(&vocabulary);
    vocabulary.kinds[HOUSEHOLD].is_missing = known_rows[_i].is_missing;
    struct rules *rules = rules_with_known();
    struct window window = {ZERO, ZERO + 93};
    uint32_t until_days[3] = {0};
    if (known_rows[_i].known_until != 0)
        until_days[2] = ZERO + known_rows[_i].known_until;
    struct status_fact fact = {.kind = HOUSEHOLD,
                               .subtype = 1,
                               .from_day = (uint32_t)(ZERO + known_rows[_i].from),
                               .until_day = (uint32_t)(ZERO + known_rows[_i].until)};
    struct person person = {.birth_day = 3650,
                            .death_day = DAY_NEVER,
                            .statuses = &fact,
                            .status_count = known_rows[_i].until != 0};
    size_t count = groups_evaluate(out, SET_SIZE_MAX, rules, &vocabulary, &person,
                                   &(struct prior){until_days, NULL}, window);
    char text[128];
    memberships_to_text(text, sizeof(text), count, 2, window);
    ck_assert_str_eq(text, known_rows[_i].expected);
    rules_free(rules);
}
END_TEST

/* Limits. */

START_TEST(a_person_with_too_many_days_of_change_is_refused)
{
    latvia_vocabulary(&vocabulary);
    struct rules *rules = parse("group a = status SIF.family\n");
    struct status_fact facts[BREAKPOINT_COUNT_MAX + 1];
    for (uint32_t i = 0; i <= BREAKPOINT_COUNT_MAX; i++)
        facts[i] =
            (struct status_fact){.kind = FAMILY, .from_day = ZERO + 1 + i, .until_day = DAY_NEVER};
    struct person person = {.death_day = DAY_NEVER, .statuses = facts};
    struct window window = {ZERO, ZERO + WINDOW_DAYS_MAX};
    person.status_count = BREAKPOINT_COUNT_MAX;
    ck_assert_uint_eq(groups_evaluate(out, SET_SIZE_MAX, rules, &vocabulary, &person, NULL, window),
                      1);
    person.status_count = BREAKPOINT_COUNT_MAX + 1;
    ck_assert_uint_eq(groups_evaluate(out, SET_SIZE_MAX, rules, &vocabulary, &person, NULL, window),
                      GROUPS_TOO_MANY);

    /* The same day many times over is one day of change. */
    facts[BREAKPOINT_COUNT_MAX].from_day = ZERO + 1;
    ck_assert_uint_eq(groups_evaluate(out, SET_SIZE_MAX, rules, &vocabulary, &person, NULL, window),
                      1);
    rules_free(rules);
}
END_TEST

START_TEST(a_person_with_too_many_memberships_is_refused)
{
    enum { SPANS = 256, GROUPS = SET_SIZE_MAX / SPANS };
    latvia_vocabulary(&vocabulary);
    struct status_fact facts[SPANS];
    for (uint32_t i = 0; i < SPANS; i++)
        facts[i] = (struct status_fact){
            .kind = FAMILY, .from_day = ZERO + 2 * i, .until_day = ZERO + 2 * i + 1};
    struct person person = {.death_day = DAY_NEVER, .statuses = facts, .status_count = SPANS};
    struct window window = {ZERO, ZERO + 2 * SPANS};
    char text[GROUPS * 64 + 128] = "";
    for (size_t i = 0; i < GROUPS; i++)
        snprintf(text + strlen(text), 64, "group g%zu = status SIF.family\n", i);
    struct rules *rules = parse(text);
    ck_assert_uint_eq(groups_evaluate(out, SET_SIZE_MAX, rules, &vocabulary, &person, NULL, window),
                      SET_SIZE_MAX);
    for (size_t i = 0; i < SET_SIZE_MAX; i++) {
        ck_assert_uint_eq(out[i].group, i / SPANS + 1);
        ck_assert_uint_eq(out[i].from_day, ZERO + 2 * (i % SPANS));
    }
    rules_free(rules);

    strcat(text, "group h = age > 1\n");
    rules = parse(text);
    ck_assert_uint_eq(groups_evaluate(out, SET_SIZE_MAX, rules, &vocabulary, &person, NULL, window),
                      GROUPS_TOO_MANY);
    rules_free(rules);
}
END_TEST

/* Random rules and persons against the slowest and plainest evaluator: a tree, day by day. */

static struct random_rules plain;

static bool plain_place(uint32_t place, const char *digits)
{
    char text[16];
    snprintf(text, sizeof(text), "%07u", place);
    return place != 0 && strncmp(text, digits, strlen(digits)) == 0;
}

static bool plain_missing(const struct status_kind *kind)
{
    bool is_missing = kind->is_missing;
    for (size_t i = 0; i < kind->missing_count; i++) {
        char digits[16];
        snprintf(digits, sizeof(digits), "%0*u", kind->missing[i].digit_count,
                 kind->missing[i].value);
        is_missing = is_missing || plain_place(plain.person.place, digits);
    }
    return is_missing;
}

/* The first day on which a fact no longer holds, and whether the node speaks of it at all. */
static uint32_t plain_end(const struct status_fact *fact)
{
    uint32_t end = fact->until_day;
    for (size_t i = 0; i < plain.extension_count; i++) {
        const struct random_extension *it = &plain.extensions[i];
        bool is_target =
            fact->kind == it->kind && (it->subtype == SUBTYPE_ANY || it->subtype == fact->subtype);
        bool is_exception = fact->kind == it->except_kind && fact->subtype == it->except_subtype;
        bool is_in_time = fact->until_day > it->first_day && fact->until_day <= it->last_day + 1;
        if (is_target && !is_exception && is_in_time && it->until_day > end)
            end = it->until_day;
    }
    return end;
}

static bool plain_status_fits(const struct node *node, const struct status_fact *fact)
{
    uint32_t end = plain_end(fact);
    return fact->kind == node->status_kind &&
           (node->subtype == SUBTYPE_ANY || node->subtype == fact->subtype) &&
           (node->begun_from == 0 || fact->from_day >= node->begun_from) &&
           (node->begun_before == 0 || fact->from_day < node->begun_before) &&
           (node->ending_from == 0 || end >= node->ending_from) &&
           (node->ending_before == 0 || (end != DAY_NEVER && end < node->ending_before));
}

static enum truth plain_facts(const struct node *node, uint32_t day)
{
    enum truth truth = TRUTH_NO;
    for (size_t i = 0; i < LATVIA_KIND_COUNT; i++) {
        const struct status_kind *kind = &plain.vocabulary.kinds[i];
        bool is_asked = node->kind == NODE_STATUS ? i == node->status_kind : kind->has_school;
        if (is_asked && plain_missing(kind))
            truth = TRUTH_UNKNOWN;
    }
    for (size_t i = 0; i < plain.person.status_count; i++) {
        const struct status_fact *fact = &plain.facts[i];
        bool is_current = fact->from_day <= day && day < plain_end(fact);
        bool fits = node->kind == NODE_STATUS ? plain_status_fits(node, fact)
                                              : plain.vocabulary.kinds[fact->kind].has_school &&
                                                    plain_place(fact->school, node->place);
        if (is_current && fits)
            truth = TRUTH_YES;
    }
    return truth;
}

static bool plain_age(const struct node *node, uint32_t day)
{
    struct date birth = date_of_day(plain.person.birth_day);
    struct date now = date_of_day((int32_t)day);
    int32_t years = now.year - birth.year;
    if (now.month < birth.month || (now.month == birth.month && now.day < birth.day))
        years--;
    int32_t asked = (int32_t)node->years;
    return node->sign[0] == '>' ? (node->sign[1] == '=' ? years >= asked : years > asked)
                                : (node->sign[1] == '=' ? years <= asked : years < asked);
}

static enum truth plain_group(uint16_t group, uint32_t day);

static enum truth plain_truth(const struct node *node, uint32_t day)
{
    enum truth left, right;
    switch (node->kind) {
    case NODE_STATUS:
    case NODE_SCHOOL:
        return plain_facts(node, day);
    case NODE_RESIDENT:
        return plain_place(plain.person.place, node->place) ? TRUTH_YES : TRUTH_NO;
    case NODE_AGE:
        return plain_age(node, day) ? TRUTH_YES : TRUTH_NO;
    case NODE_GROUP:
        return plain_group(node->group, day);
    case NODE_NOT:
        left = plain_truth(&plain.nodes[node->left], day);
        return left == TRUTH_YES ? TRUTH_NO : left == TRUTH_NO ? TRUTH_YES : TRUTH_UNKNOWN;
    case NODE_AND:
        left = plain_truth(&plain.nodes[node->left], day);
        right = plain_truth(&plain.nodes[node->right], day);
        if (left == TRUTH_NO || right == TRUTH_NO)
            return TRUTH_NO;
        return left == TRUTH_YES && right == TRUTH_YES ? TRUTH_YES : TRUTH_UNKNOWN;
    case NODE_OR:
        left = plain_truth(&plain.nodes[node->left], day);
        right = plain_truth(&plain.nodes[node->right], day);
        if (left == TRUTH_YES || right == TRUTH_YES)
            return TRUTH_YES;
        return left == TRUTH_NO && right == TRUTH_NO ? TRUTH_NO : TRUTH_UNKNOWN;
    case NODE_LEAF_COUNT:
        break;
    }
    ck_abort_msg("not a node");
}

static enum truth plain_group(uint16_t group, uint32_t day)
{
    if ((int32_t)day < plain.person.birth_day || day >= plain.person.death_day)
        return TRUTH_NO;
    if (group > RANDOM_GROUPS) {
        enum truth truth = plain_group(plain.known_of[group - RANDOM_GROUPS - 1], day);
        return truth == TRUTH_UNKNOWN && day < plain.until_days[group] ? TRUTH_YES : truth;
    }
    if (day < plain.from[group] || day >= plain.until[group])
        return TRUTH_NO;
    return plain_truth(&plain.nodes[plain.roots[group]], day);
}

static enum truth evaluated_truth(size_t count, uint16_t group, uint32_t day)
{
    for (size_t i = 0; i < count; i++) {
        if (out[i].group == group && out[i].from_day <= day && day < out[i].until_day)
            return (enum truth)out[i].truth;
    }
    return TRUTH_NO;
}

/* In order, within the window, disjoint, and never two spans where one would do. */
static void check_order(size_t count, struct window window)
{
    for (size_t i = 0; i < count; i++) {
        ck_assert(out[i].truth == TRUTH_YES || out[i].truth == TRUTH_UNKNOWN);
        ck_assert(out[i].group != GROUP_TEST);
        ck_assert_uint_lt(out[i].from_day, out[i].until_day);
        ck_assert_uint_ge(out[i].from_day, window.from_day);
        ck_assert_uint_le(out[i].until_day, window.until_day);
        if (i == 0)
            continue;
        ck_assert_uint_ge(out[i].group, out[i - 1].group);
        if (out[i].group == out[i - 1].group) {
            ck_assert_uint_ge(out[i].from_day, out[i - 1].until_day);
            ck_assert(out[i].from_day > out[i - 1].until_day || out[i].truth != out[i - 1].truth);
        }
    }
}

static void count_sentence(void *context, uint32_t depth, const char *sentence)
{
    size_t *count = context;
    ck_assert(depth < 100 && sentence[0] != '\0' && strlen(sentence) < 250);
    (*count)++;
}

static void check_person(const struct rules *rules, uint64_t seed)
{
    size_t count = groups_evaluate(out, SET_SIZE_MAX, rules, &plain.vocabulary, &plain.person,
                                   &plain.prior, plain.window);
    ck_assert_uint_ne(count, GROUPS_TOO_MANY);
    check_order(count, plain.window);
    for (uint16_t group = 1; group <= RANDOM_GROUPS + RANDOM_KNOWN; group++) {
        for (uint32_t day = plain.window.from_day; day < plain.window.until_day; day++) {
            enum truth expected = plain_group(group, day);
            enum truth found = evaluated_truth(count, group, day);
            if (expected != found)
                ck_abort_msg("seed %lu, group %u, day %u: %d, expected %d\n%s", (unsigned long)seed,
                             group, day, found, expected, plain.text);
        }
        uint32_t day = plain.window.from_day + random_pick(&plain, RANDOM_DAYS_MAX);
        size_t sentence_count = 0;
        enum truth told = groups_explain(rules, &plain.vocabulary, &plain.person, &plain.prior, day,
                                         group, count_sentence, &sentence_count);
        ck_assert_msg(told == plain_group(group, day), "seed %lu, group %u, day %u is told wrong",
                      (unsigned long)seed, group, day);
        ck_assert_uint_ge(sentence_count, 1);
    }
}

#define RANDOM_RULES_COUNT   500 /* in each of eight tests */
#define RANDOM_PERSONS_COUNT 5   /* for each of the rules */

static void random_case(uint64_t seed)
{
    struct rules *rules = random_rules_make(&plain, seed);
    for (int i = 0; i < RANDOM_PERSONS_COUNT; i++) {
        random_person(&plain, false);
        check_person(rules, seed);
    }
    rules_free(rules);
}

START_TEST(random_rules_and_persons_agree_with_a_plain_evaluator_and_with_what_is_told)
{
    for (uint64_t seed = 0; seed < support_rounds(RANDOM_RULES_COUNT); seed++)
        random_case((uint64_t)_i * RANDOM_RULES_COUNT + seed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("groups");
    TCase *tcase = tcase_create("groups");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_group_holds_on_the_days_that_its_condition_says, 0,
                        COUNT_OF(rows));
    tcase_add_loop_test(tcase, what_was_not_delivered_is_unknown_unless_a_fact_says_yes, 0,
                        COUNT_OF(unknown_rows));
    tcase_add_loop_test(tcase, truths_combine_by_kleenes_tables, 0, 9);
    tcase_add_test(tcase, those_born_on_29_february_come_of_age_on_1_march_in_common_years);
    tcase_add_test(tcase, every_age_is_reached_on_its_calendar_day);
    tcase_add_test(tcase, later_groups_see_earlier_ones_with_their_dates);
    tcase_add_test(tcase, nobody_is_in_a_group_outside_the_window);
    tcase_add_test(tcase, a_person_with_too_many_days_of_change_is_refused);
    tcase_add_test(tcase, a_person_with_too_many_memberships_is_refused);
    tcase_add_loop_test(
        tcase, random_rules_and_persons_agree_with_a_plain_evaluator_and_with_what_is_told, 0, 8);
    tcase_add_loop_test(tcase, what_ends_in_an_emergency_holds_longer, 0, COUNT_OF(extension_rows));
    tcase_add_loop_test(tcase, what_was_known_fills_in_for_what_is_unknown, 0,
                        COUNT_OF(known_rows));
    return support_run(suite);
}
