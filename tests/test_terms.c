#include "loader/terms.h"

#include "tests/random_rules.h"

#include <stdio.h>
#include <stdlib.h>

/* Window [20000, 20093), which is from 2024-10-04 until 2025-01-05; day 0 of the facts below is its
 * first. The person was born on 1979-12-30 and lives in Riga. */
#define ZERO  20000
#define OPEN  (INT32_MAX - ZERO)
#define BIRTH 3650
#define RIGA  1000

struct fact_row {
    uint16_t kind;
    uint8_t subtype;
    int32_t from, until;
    uint32_t school;
};

#define FACT_COUNT_MAX 5

static struct vocabulary vocabulary;
static const struct window window = {ZERO, ZERO + 93};

/* A limit per status term on reliefs for group x; nothing of the kind for group y. */
static struct rules *parse(const char *condition)
{
    char text[1024];
    struct rules *rules = NULL;
    struct fault fault = {""};
    snprintf(text, sizeof(text),
             "product kit = 1001\n"
             "group needy = status SOPA.household.needy\n"
             "group y = status VSAA.pension\n"
             "group x = %s\n"
             "relief KIT giver 90011524360 from 2020-01-01\n"
             "  everywhere\n"
             "  clause x product kit free\n"
             "  limit 4 uses per status_term\n"
             "relief OTHER giver 90011524360 from 2020-01-01\n"
             "  everywhere\n"
             "  clause y product kit free\n"
             "  limit 4 uses per month\n",
             condition);
    if (!rules_parse(&rules, text, strlen(text), "t.rules", &vocabulary, &fault))
        ck_abort_msg("%s\n%s", fault.text, text);
    return rules;
}

#define GROUP_Y 2
#define GROUP_X 3

static struct person person_of(const struct fact_row *row, struct status_fact *facts)
{
    struct person person = {
        .birth_day = BIRTH, .death_day = DAY_NEVER, .place = RIGA, .statuses = facts};
    for (; row->from != 0 || row->until != 0; row++)
        facts[person.status_count++] = (struct status_fact){
            .kind = row->kind,
            .subtype = row->subtype,
            .from_day = (uint32_t)(ZERO + row->from),
            .until_day = row->until == OPEN ? DAY_NEVER : (uint32_t)(ZERO + row->until),
            .school = row->school};
    return person;
}

/* "yes -900..20, yes 20..93", of one group. */
static void terms_to_text(char *text, size_t text_size, const struct rules *rules,
                          const struct person *person, const struct prior *prior, uint16_t group)
{
    static struct membership clipped[SET_SIZE_MAX], with_terms[SET_SIZE_MAX];
    size_t count =
        groups_evaluate(clipped, SET_SIZE_MAX, rules, &vocabulary, person, prior, window);
    struct terms *terms = terms_open(rules, &vocabulary, window);
    count = terms_apply(terms, with_terms, clipped, count, person, prior);
    terms_close(terms);
    ck_assert_uint_ne(count, GROUPS_TOO_MANY);
    size_t size = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const struct membership *m = &with_terms[i];
        ck_assert_uint_lt(m->from_day, m->until_day);
        if (i > 0) /* as a set wants them */
            ck_assert(m->group > m[-1].group ||
                      (m->group == m[-1].group && m->from_day >= m[-1].until_day));
        if (m->group == group)
            size +=
                (size_t)snprintf(text + size, text_size - size, "%s%s %d..%d", size > 0 ? ", " : "",
                                 m->truth == TRUTH_YES ? "yes" : "unknown", (int)m->from_day - ZERO,
                                 (int)m->until_day - ZERO);
    }
}

static const struct {
    const char *condition;
    struct fact_row facts[FACT_COUNT_MAX + 1]; /* up to until 0 and from 0 */
    const char *expected;
} rows[] = {
    /* one decision */
    {"needy", {{HOUSEHOLD, 1, -200, 100, 0}}, "yes -200..93"},
    {"needy", {{HOUSEHOLD, 1, -200, 50, 0}}, "yes -200..50"},
    {"needy", {{HOUSEHOLD, 1, 0, 50, 0}}, "yes 0..50"},
    {"needy", {{HOUSEHOLD, 1, 5, 50, 0}}, "yes 5..50"},
    {"status SOPA.household.needy", {{HOUSEHOLD, 1, -200, OPEN, 0}}, "yes -200..93"},
    /* one behind the other, within the window and before it */
    {"needy",
     {{HOUSEHOLD, 1, -200, 20, 0}, {HOUSEHOLD, 1, 20, 100, 0}},
     "yes -200..20, yes 20..93"},
    {"needy", {{HOUSEHOLD, 1, -200, -20, 0}, {HOUSEHOLD, 1, -20, 93, 0}}, "yes -20..93"},
    {"needy", {{HOUSEHOLD, 1, -200, -20, 0}, {HOUSEHOLD, 1, -19, 93, 0}}, "yes -19..93"},
    {"needy", {{HOUSEHOLD, 1, -200, 0, 0}, {HOUSEHOLD, 1, 0, 93, 0}}, "yes 0..93"},
    /* overlapping: the newer one is a new term from its first day on */
    {"needy", {{HOUSEHOLD, 1, -200, 30, 0}, {HOUSEHOLD, 1, 20, 90, 0}}, "yes -200..20, yes 20..90"},
    {"needy", {{HOUSEHOLD, 1, -200, 30, 0}, {HOUSEHOLD, 1, -9, 90, 0}}, "yes -9..90"},
    /* the same row twice, and one that is of another kind, change nothing */
    {"needy", {{HOUSEHOLD, 1, -200, 93, 0}, {HOUSEHOLD, 1, -200, 93, 0}}, "yes -200..93"},
    {"needy", {{HOUSEHOLD, 1, -200, 93, 0}, {HOUSEHOLD, 3, -9, 93, 0}}, "yes -200..93"},
    {"needy", {{HOUSEHOLD, 1, -200, 93, 0}, {PENSION, 1, 20, 93, 0}}, "yes -200..93"},
    /* either of two: a decision about the other begins a term as well */
    {"needy or status VSAA.pension",
     {{HOUSEHOLD, 1, -200, 93, 0}, {PENSION, 1, 20, 93, 0}},
     "yes -200..20, yes 20..93"},
    /* both: from the later one on, and anew with each */
    {"needy and status VSAA.pension",
     {{HOUSEHOLD, 1, -200, 93, 0}, {PENSION, 1, -9, 93, 0}},
     "yes -9..93"},
    {"needy and status VSAA.pension",
     {{PENSION, 1, -900, 93, 0}, {HOUSEHOLD, 1, -200, 40, 0}, {HOUSEHOLD, 1, 40, 93, 0}},
     "yes -200..40, yes 40..93"},
    /* what is behind "not" begins a term only by its end */
    {"needy and not status VSAA.pension",
     {{HOUSEHOLD, 1, -200, 93, 0}, {PENSION, 1, -99, -50, 0}},
     "yes -50..93"},
    {"not (not needy)",
     {{HOUSEHOLD, 1, -200, 20, 0}, {HOUSEHOLD, 1, 20, 93, 0}},
     "yes -200..20, yes 20..93"},
    {"needy and not (status VSAA.pension and status VDEAVK.disability)",
     {{HOUSEHOLD, 1, -200, 93, 0}, {PENSION, 1, -99, 93, 0}},
     "yes -200..93"},
    /* an age is reached on a birthday: 44 years on 2023-12-30 */
    {"age >= 44", {{0}}, "yes -279..93"},
    {"needy and age >= 44", {{HOUSEHOLD, 1, -900, 93, 0}}, "yes -279..93"},
    {"needy and age >= 44", {{HOUSEHOLD, 1, -9, 93, 0}}, "yes -9..93"},
    /* where somebody lives has no days: always */
    {"resident_in 0001", {{0}}, "yes -20000..93"},
    /* a group's own days */
    {"needy from 2024-09-24", {{HOUSEHOLD, 1, -900, 93, 0}}, "yes -10..93"},
    {"school_in 0001", {{LEARNER, 2, -900, -10, RIGA}, {LEARNER, 2, -10, 93, RIGA}}, "yes -10..93"},
};

START_TEST(a_term_begins_with_the_group_or_with_a_new_decision)
{
    latvia_vocabulary(&vocabulary);
    struct rules *rules = parse(rows[_i].condition);
    struct status_fact facts[FACT_COUNT_MAX];
    struct person person = person_of(rows[_i].facts, facts);
    char text[256];
    terms_to_text(text, sizeof(text), rules, &person, NULL, GROUP_X);
    ck_assert_msg(strcmp(text, rows[_i].expected) == 0, "%s: \"%s\", expected \"%s\"",
                  rows[_i].condition, text, rows[_i].expected);
    rules_free(rules);
}
END_TEST

START_TEST(groups_without_such_a_limit_stay_as_they_were)
{
    static const struct fact_row two[] = {{PENSION, 1, -200, 20, 0}, {PENSION, 1, 20, 93, 0}, {0}};
    latvia_vocabulary(&vocabulary);
    struct rules *rules = parse("y and age > 1");
    struct status_fact facts[FACT_COUNT_MAX];
    struct person person = person_of(two, facts);
    char text[256];
    ck_assert(rules->groups[GROUP_X].has_terms && !rules->groups[GROUP_Y].has_terms);
    terms_to_text(text, sizeof(text), rules, &person, NULL, GROUP_Y);
    ck_assert_str_eq(text, "yes 0..93");
    terms_to_text(text, sizeof(text), rules, &person, NULL, GROUP_X);
    ck_assert_str_eq(text, "yes -200..20, yes 20..93");
    rules_free(rules);
}
END_TEST

/* Else a window that moves on would be a new term each day. */
START_TEST(what_is_unknown_is_one_term_as_long_as_it_is)
{
    latvia_vocabulary(&vocabulary);
    vocabulary.kinds[HOUSEHOLD].is_missing = true;
    struct rules *rules = parse("needy and age >= 44");
    struct status_fact facts[FACT_COUNT_MAX];
    static const struct fact_row none[] = {{0}}, one[] = {{HOUSEHOLD, 1, -40, 20, 0}, {0}};
    char text[256];
    struct person person = person_of(none, facts);
    terms_to_text(text, sizeof(text), rules, &person, NULL, GROUP_X);
    ck_assert_str_eq(text, "unknown -279..93");
    person = person_of(one, facts);
    terms_to_text(text, sizeof(text), rules, &person, NULL, GROUP_X);
    ck_assert_str_eq(text, "yes -40..20, unknown 20..93");
    rules_free(rules);
}
END_TEST

START_TEST(what_was_last_known_has_the_term_that_was_known)
{
    latvia_vocabulary(&vocabulary);
    vocabulary.kinds[HOUSEHOLD].is_missing = true;
    static const char text_of[] = "product kit = 1001\n"
                                  "group needy = status SOPA.household.needy\n"
                                  "relief KIT giver 90011524360 from 2020-01-01\n"
                                  "  everywhere\n"
                                  "  unknown last known 14 days\n"
                                  "  clause needy product kit free\n"
                                  "  limit 4 uses per status_term\n";
    struct rules *rules = NULL;
    struct fault fault = {""};
    if (!rules_parse(&rules, text_of, strlen(text_of), "t.rules", &vocabulary, &fault))
        ck_abort_msg("%s", fault.text);
    ck_assert_uint_eq(rules->group_count, 3); /* test, needy, needy as last known */
    ck_assert(!rules->groups[1].has_terms && rules->groups[2].has_terms);
    uint32_t until_days[] = {0, 0, ZERO + 10}, from_days[] = {0, 0, ZERO - 300};
    struct person person = {.birth_day = BIRTH, .death_day = DAY_NEVER, .place = RIGA};
    char text[256];
    terms_to_text(text, sizeof(text), rules, &person, &(struct prior){until_days, from_days}, 2);
    ck_assert_str_eq(text, "yes -300..10, unknown 10..93");
    rules_free(rules);
}
END_TEST

/* ---- random people, judged day by day ---- */

#define RANDOM_RULES_COUNT   60 /* in each of eight tests */
#define RANDOM_PERSONS_COUNT 40
#define RANDOM_BACK_DAYS     700 /* so far before the window is looked */

static struct random_rules r;
static struct membership clipped[SET_SIZE_MAX], with_terms[SET_SIZE_MAX], merged[SET_SIZE_MAX];

/* One term and the next put together again, and cut off before the window. */
static size_t merge(size_t count)
{
    size_t merged_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct membership next = with_terms[i];
        struct membership *last = merged_count > 0 ? &merged[merged_count - 1] : NULL;
        if (next.from_day < r.window.from_day)
            next.from_day = r.window.from_day;
        if (last != NULL && last->group == next.group && last->truth == next.truth &&
            last->until_day == next.from_day)
            last->until_day = next.until_day;
        else
            merged[merged_count++] = next;
    }
    return merged_count;
}

static bool a_fact_begins(uint32_t day)
{
    for (size_t i = 0; i < r.person.status_count; i++)
        if (r.person.statuses[i].from_day == day)
            return true;
    return false;
}

/* What is so on the window's first day was so from the term's first day on, and not on the day
 * before; or a decision began then. */
static void check_beginning(const struct rules *rules, const struct membership *term, uint64_t seed)
{
    static struct membership before[SET_SIZE_MAX];
    uint32_t first = r.window.from_day - RANDOM_BACK_DAYS;
    struct window span = {first, r.window.from_day + 1};
    size_t count =
        groups_evaluate(before, SET_SIZE_MAX, rules, &r.vocabulary, &r.person, NULL, span);
    uint32_t since = UINT32_MAX; /* when judged day by day */
    for (size_t i = 0; i < count; i++)
        if (before[i].group == term->group && before[i].until_day == span.until_day &&
            before[i].truth == term->truth)
            since = before[i].from_day;
    bool is_cut = since == first || (int64_t)since == r.person.birth_day;
    bool is_right =
        since <= term->from_day ? since == term->from_day || a_fact_begins(term->from_day) : is_cut;
    ck_assert_msg(is_right, "seed %lu: group %u since %u, its term begins on %u\n%s",
                  (unsigned long)seed, term->group, since, term->from_day, r.text);
}

START_TEST(random_terms_are_what_is_true_day_by_day)
{
    size_t earlier_count = 0;
    for (uint64_t i = 0; i < RANDOM_RULES_COUNT; i++) {
        uint64_t seed = 3000000 + (uint64_t)_i * RANDOM_RULES_COUNT + i;
        struct rules *rules = random_rules_make(&r, seed);
        for (uint32_t group = 0; group < rules->group_count; group++)
            rules->groups[group].has_terms = true;
        struct terms *terms = terms_open(rules, &r.vocabulary, r.window);
        for (int person = 0; person < RANDOM_PERSONS_COUNT; person++) {
            random_person(&r, person % 2 == 0);
            size_t count = groups_evaluate(clipped, SET_SIZE_MAX, rules, &r.vocabulary, &r.person,
                                           NULL, r.window);
            size_t term_count = terms_apply(terms, with_terms, clipped, count, &r.person, NULL);
            ck_assert_uint_eq(merge(term_count), count);
            ck_assert(count == 0 || memcmp(merged, clipped, count * sizeof(clipped[0])) == 0);
            for (size_t t = 0; t < term_count; t++) {
                if (with_terms[t].from_day > r.window.from_day)
                    continue;
                check_beginning(rules, &with_terms[t], seed);
                earlier_count += with_terms[t].from_day > 0;
            }
        }
        terms_close(terms);
        rules_free(rules);
    }
    ck_assert_uint_gt(earlier_count, 100);
}
END_TEST

static Suite *terms_suite(void)
{
    Suite *suite = suite_create("terms");
    TCase *tcase = tcase_create("all");
    tcase_add_loop_test(tcase, a_term_begins_with_the_group_or_with_a_new_decision, 0,
                        (int)(sizeof(rows) / sizeof(rows[0])));
    tcase_add_test(tcase, groups_without_such_a_limit_stay_as_they_were);
    tcase_add_test(tcase, what_is_unknown_is_one_term_as_long_as_it_is);
    tcase_add_test(tcase, what_was_last_known_has_the_term_that_was_known);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, random_terms_are_what_is_true_day_by_day, 0, 8);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(terms_suite());
}
