#include "loader/join.h"
#include "loader/parallel.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct intake intake;
static struct facts facts;
static struct people people;

static void begin(void)
{
    memset(&intake, 0, sizeof(intake));
    memset(&facts, 0, sizeof(facts));
    memset(&people, 0, sizeof(people));
    intake.delivery_count = 3;
}

static void end(void)
{
    people_free(&people);
    facts_free(&facts);
    intake_free(&intake);
}

/* Codes of the new form that nobody has: 32 and nine digits. */
static uint64_t code(uint32_t number)
{
    return UINT64_C(32000000000) + number;
}

static void person_at(uint32_t line, uint32_t number, uint32_t previous, uint32_t place)
{
    *facts_add_person(&facts) = (struct person_fact){
        .code = code(number),
        .previous = previous == 0 ? NO_CODE : code(previous),
        .death_day = DAY_NEVER,
        .place = place,
        .line = line,
    };
}

static void person(uint32_t number, uint32_t previous)
{
    person_at((uint32_t)facts.person_count + 2, number, previous, 1000);
}

static void status(uint32_t number)
{
    *facts_add_status(&facts) = (struct status_fact){.code = code(number),
                                                     .until_day = DAY_NEVER,
                                                     .line = (uint32_t)facts.status_count + 1,
                                                     .delivery = 1};
}

static void means(uint32_t number, const char *text, uint32_t issued_day)
{
    struct means_fact *fact = facts_add_means(&facts);
    *fact = (struct means_fact){.code = code(number),
                                .from_day = issued_day,
                                .until_day = DAY_NEVER,
                                .issued_day = issued_day,
                                .line = (uint32_t)facts.means_count + 1,
                                .delivery = 2};
    fact->identifier.means = MEANS_CARD;
    fact->identifier.size = (uint8_t)strlen(text);
    memcpy(fact->identifier.text, text, strlen(text));
}

static void join(uint32_t thread_count)
{
    struct fault fault;
    ck_assert_msg(people_join(&people, &facts, &intake, thread_count, &fault), "%s", fault.text);
}

static uint32_t row_of(uint32_t number)
{
    return people_find(&people, code(number));
}

/* --- base rows --- */

START_TEST(a_later_row_about_the_same_code_wins_as_a_whole)
{
    person_at(2, 1, 9, 1000);
    person_at(3, 2, 0, 1000);
    person_at(4, 1, 0, 4000);
    join(1);
    ck_assert_uint_eq(people.person_count, 2);
    ck_assert_uint_eq(people.repeated_person_count, 1);
    ck_assert_uint_eq(row_of(1), 2);
    ck_assert_uint_eq(people.is_person[0], 0);
    ck_assert_uint_eq(row_of(9), NOBODY); /* its previous code went with the row */
}
END_TEST

START_TEST(one_line_with_several_previous_codes_is_one_person)
{
    person_at(2, 1, 8, 1000);
    person_at(2, 1, 9, 1000);
    join(1);
    ck_assert_uint_eq(people.person_count, 1);
    ck_assert_uint_eq(people.repeated_person_count, 0);
    ck_assert_uint_eq(row_of(8), row_of(1));
    ck_assert_uint_eq(row_of(9), row_of(1));
}
END_TEST

START_TEST(a_previous_code_is_no_person_of_its_own)
{
    person(9, 0);
    person(1, 9);
    join(1);
    ck_assert_uint_eq(people.person_count, 1);
    ck_assert_uint_eq(people.is_person[0], 0);
    ck_assert_uint_eq(row_of(9), 1);
}
END_TEST

START_TEST(changes_of_code_are_followed_to_the_last)
{
    person(3, 2); /* in no order */
    person(1, 0);
    person(2, 1);
    join(1);
    ck_assert_uint_eq(people.person_count, 1);
    for (uint32_t number = 1; number <= 3; number++)
        ck_assert_uint_eq(row_of(number), 0);
    ck_assert_uint_eq(intake.quarantine_count, 0);
}
END_TEST

START_TEST(a_code_that_is_its_own_previous_one_is_harmless)
{
    person(1, 1);
    join(1);
    ck_assert_uint_eq(people.person_count, 1);
    ck_assert_uint_eq(row_of(1), 0);
}
END_TEST

START_TEST(codes_that_lead_in_a_circle_are_refused_and_lead_to_nobody)
{
    person(1, 2);
    person(2, 3);
    person(3, 1);
    person(4, 0);
    status(1);
    status(4);
    join(1);
    ck_assert_uint_eq(people.person_count, 1);
    ck_assert_uint_eq(row_of(1), NOBODY);
    ck_assert_uint_eq(row_of(2), NOBODY);
    ck_assert_uint_eq(row_of(3), NOBODY);
    ck_assert_uint_eq(row_of(4), 3);
    ck_assert_uint_eq(intake.deliveries[0].refused_by[REFUSAL_CODE_CIRCLE], 3);
    ck_assert_uint_eq(intake.deliveries[1].refused_by[REFUSAL_PERSON_UNKNOWN], 1);
}
END_TEST

START_TEST(two_persons_who_claim_a_previous_code_do_not_harm_each_other)
{
    person(1, 9);
    person(2, 9);
    join(1);
    ck_assert_uint_eq(people.person_count, 2);
    ck_assert_uint_eq(row_of(9), 1); /* the later row wins */
}
END_TEST

/* Rows as (code, previous, line); the first code of the person who has `of` now. Codes below
 * OLD_FORM_BELOW are of the old form. */
#define OLD_FORM_BELOW 10
static const struct {
    struct {
        uint32_t number, previous, line;
    } rows[5];
    uint32_t of, first;
} first_codes[] = {
    {{{11, 0, 2}}, 11, 11},
    {{{11, 12, 2}}, 11, 12},
    {{{13, 12, 2}, {12, 11, 3}, {11, 0, 4}}, 13, 11}, /* a chain, in any order */
    {{{11, 0, 2}, {12, 11, 3}, {13, 12, 4}}, 13, 11},
    {{{13, 12, 2}, {13, 11, 2}, {12, 11, 3}}, 13, 11}, /* the whole history, twice */
    {{{13, 11, 2}, {13, 12, 2}, {11, 14, 3}}, 13, 14}, /* the longer way is older */
    {{{13, 12, 2}, {13, 11, 2}}, 13, 11},              /* else the least */
    {{{13, 11, 2}, {13, 12, 2}}, 13, 11},
    {{{13, 11, 2}, {13, 9, 2}}, 13, 9}, /* the old form before it */
    {{{13, 9, 2}, {13, 11, 2}, {13, 8, 2}}, 13, 8},
    {{{11, 20, 2}, {12, 20, 3}}, 11, 11}, /* claimed by two: the later */
    {{{11, 20, 2}, {12, 20, 3}}, 12, 20},
    {{{11, 20, 2}, {11, 0, 3}}, 11, 11}, /* the later row says otherwise */
};

static uint64_t code_of_form(uint32_t number)
{
    return number < OLD_FORM_BELOW ? UINT64_C(31129910000) + number : code(number);
}

START_TEST(the_first_code_of_a_person_is_the_oldest_that_is_known)
{
    for (size_t i = 0; i < 5 && first_codes[_i].rows[i].number != 0; i++) {
        person_at(first_codes[_i].rows[i].line, first_codes[_i].rows[i].number, 0, 1000);
        if (first_codes[_i].rows[i].previous != 0)
            facts.persons[i].previous = code_of_form(first_codes[_i].rows[i].previous);
    }
    join(1);
    uint32_t row = row_of(first_codes[_i].of);
    ck_assert_uint_ne(row, NOBODY);
    ck_assert_uint_eq(people_first_code(&people, row), code_of_form(first_codes[_i].first));
}
END_TEST

START_TEST(a_chain_is_followed_so_far_and_no_further)
{
    uint32_t change_count = (uint32_t)_i;
    for (uint32_t number = 1; number <= change_count; number++)
        person(number + 1, number);
    status(1);
    join(1);
    bool is_followed = change_count <= PREVIOUS_CHAIN_MAX;
    ck_assert_uint_eq(row_of(1), is_followed ? change_count - 1 : NOBODY);
    ck_assert_uint_eq(intake.deliveries[1].refused_count, !is_followed);
}
END_TEST

START_TEST(reserved_test_identities_are_nobodys)
{
    for (int which = 0; which < TEST_IDENTITY_COUNT; which++) {
        person(1, 0);
        facts.persons[facts.person_count - 1].code =
            means_pack_code(means_test_identifier(MEANS_PERSONAL_CODE, (enum test_identity)which));
    }
    person(1, 0);
    means(1, means_test_identifier(MEANS_CARD, TEST_HIT), 5);
    means(1, MEANS_ANYBODY, 5);
    join(1);
    ck_assert_uint_eq(people.person_count, 1);
    ck_assert_uint_eq(intake.deliveries[0].refused_by[REFUSAL_CODE_NOT_PERSON], 3);
    ck_assert_uint_eq(intake.deliveries[2].refused_by[REFUSAL_NUMBER_FORM], 2);
    ck_assert_uint_eq(people.holder[0], NOBODY);
    ck_assert_uint_eq(people.holder[1], NOBODY);
}
END_TEST

/* --- statuses --- */

START_TEST(statuses_come_to_their_persons_under_any_of_their_codes)
{
    person(1, 0);
    person(2, 8);
    person(3, 0);
    status(8);
    status(1);
    status(7);
    status(2);
    join(2);
    ck_assert_uint_eq(people.status_first[0], 0);
    ck_assert_uint_eq(people.status_first[1], 1);
    ck_assert_uint_eq(people.status_first[2], 3);
    ck_assert_uint_eq(people.status_first[3], 3);
    ck_assert_uint_eq(people.status_order[0], 1);
    ck_assert_uint_eq(people.status_order[1], 0);
    ck_assert_uint_eq(people.status_order[2], 3);
    ck_assert_uint_eq(intake.quarantine_count, 1);
    ck_assert_uint_eq(intake.quarantine[0].line, facts.statuses[2].line);
    ck_assert_uint_eq(intake.quarantine[0].delivery, 1);
    ck_assert_uint_eq(intake.quarantine[0].refusal, REFUSAL_PERSON_UNKNOWN);
}
END_TEST

/* --- means --- */

struct means_row {
    const char *name;
    struct {
        uint32_t holder, issued_day;
    } rows[3];              /* holder 0: no such row; 9: not in the base register */
    uint32_t holders[3];    /* of each row afterwards; 0: nobody */
    uint32_t refused_count; /* as a conflict */
};

static const struct means_row means_rows[] = {
    {"the later beginning wins", {{1, 5}, {2, 6}}, {0, 2}, 0},
    {"the later beginning wins in whichever order", {{2, 6}, {1, 5}}, {2, 0}, 0},
    {"equal beginnings are both refused", {{1, 5}, {2, 5}}, {0, 0}, 2},
    {"a third one of that day is refused too", {{1, 5}, {2, 5}, {1, 5}}, {0, 0, 0}, 3},
    {"a later one stands above a conflict", {{1, 5}, {2, 5}, {3, 6}}, {0, 0, 3}, 2},
    {"a later one stands before a conflict", {{3, 6}, {1, 5}, {2, 5}}, {3, 0, 0}, 0},
    {"exact copies are harmless", {{1, 5}, {1, 5}}, {0, 1}, 0},
    {"three copies are harmless", {{1, 5}, {1, 5}, {1, 5}}, {0, 0, 1}, 0},
    {"a stranger does not take part", {{1, 5}, {9, 6}}, {1, 0}, 0},
    {"the same person under an earlier code is no conflict", {{1, 5}, {4, 5}}, {0, 1}, 0},
};

START_TEST(a_means_has_one_holder)
{
    const struct means_row *row = &means_rows[_i];
    person(1, 4);
    person(2, 0);
    person(3, 0);
    for (int i = 0; i < 3 && row->rows[i].holder != 0; i++)
        means(row->rows[i].holder, "CARD77", row->rows[i].issued_day);
    means(3, "CARD78", 1);
    join(2);
    for (size_t i = 0; i + 1 < facts.means_count; i++)
        ck_assert_msg(people.holder[i] == (row->holders[i] == 0 ? NOBODY : row->holders[i] - 1),
                      "%s: row %zu", row->name, i);
    ck_assert_uint_eq(people.holder[facts.means_count - 1], 2);
    ck_assert_msg(intake.deliveries[2].refused_by[REFUSAL_MEANS_CONFLICT] == row->refused_count,
                  "%s", row->name);
}
END_TEST

START_TEST(what_counts_is_the_issue_and_not_from_when_a_means_is_of_use)
{
    person(1, 0);
    person(2, 0);
    means(1, "CARD77", 5);
    means(2, "CARD77", 6);
    facts.means[0].from_day = 90; /* activated late */
    means(1, "CARD78", 5);
    means(2, "CARD78", 5);
    facts.means[2].from_day = facts.means[2].until_day = 5; /* never activated */
    join(1);
    ck_assert_uint_eq(people.holder[0], NOBODY);
    ck_assert_uint_eq(people.holder[1], 1);
    ck_assert_uint_eq(people.holder[2], NOBODY);
    ck_assert_uint_eq(people.holder[3], NOBODY);
    ck_assert_uint_eq(intake.deliveries[2].refused_by[REFUSAL_MEANS_CONFLICT], 2);
}
END_TEST

/* --- many --- */

#define MANY_PERSONS  4000
#define MANY_STATUSES 30000
#define MANY_MEANS    20000

static void many(void)
{
    uint64_t seed = 1;
    for (uint32_t i = 0; i < MANY_PERSONS; i++) {
        uint32_t number = 1 + (uint32_t)(support_random(&seed) % MANY_PERSONS);
        uint32_t previous = (uint32_t)(support_random(&seed) % (40 * MANY_PERSONS));
        person(number, previous > MANY_PERSONS + 500 ? 0 : previous);
    }
    for (uint32_t i = 0; i < MANY_STATUSES; i++)
        status(1 + (uint32_t)(support_random(&seed) % (MANY_PERSONS + 500)));
    for (uint32_t i = 0; i < MANY_MEANS; i++) {
        char text[16];
        snprintf(text, sizeof(text), "CARD%05u", (unsigned)(support_random(&seed) % 15000));
        means(1 + (uint32_t)(support_random(&seed) % (MANY_PERSONS + 500)), text,
              (uint32_t)(support_random(&seed) % 3));
    }
}

/* The slow and plain way: for each code, the last row that has it or calls it previous. */
static uint32_t plain_find(uint64_t wanted)
{
    for (int i = 0; i <= PREVIOUS_CHAIN_MAX; i++) {
        uint32_t own = NOBODY, changed_to = NOBODY;
        for (uint32_t row = 0; row < facts.person_count; row++)
            if (facts.persons[row].code == wanted)
                own = row;
        for (uint32_t row = 0; row < facts.person_count; row++) {
            bool is_last = true;
            if (facts.persons[row].previous != wanted || facts.persons[row].code == wanted)
                continue;
            for (uint32_t later = row + 1; later < facts.person_count; later++)
                is_last &= facts.persons[later].code != facts.persons[row].code;
            if (is_last)
                changed_to = row;
        }
        if (changed_to == NOBODY)
            return own;
        wanted = facts.persons[changed_to].code;
    }
    return NOBODY;
}

START_TEST(many_codes_lead_where_a_plain_search_finds_them)
{
    many();
    join(2);
    uint64_t seed = 2;
    for (int i = 0; i < 400; i++) {
        uint64_t wanted = code(1 + (uint32_t)(support_random(&seed) % (MANY_PERSONS + 500)));
        ck_assert_uint_eq(people_find(&people, wanted), plain_find(wanted));
    }
}
END_TEST

START_TEST(threads_do_not_show)
{
    many();
    join(1);
    struct people alone = people;
    size_t refused_count = intake.quarantine_count;
    struct quarantined *refused = intake.quarantine;
    intake.quarantine = NULL;
    intake.quarantine_count = intake.quarantine_room = 0;
    for (uint32_t thread_count = 2; thread_count <= 7; thread_count += 5) {
        join(thread_count);
        ck_assert_uint_eq(people.person_count, alone.person_count);
        ck_assert_mem_eq(people.is_person, alone.is_person, facts.person_count);
        ck_assert_mem_eq(people.status_first, alone.status_first,
                         (facts.person_count + 1) * sizeof(uint32_t));
        ck_assert_mem_eq(people.status_order, alone.status_order,
                         alone.status_first[facts.person_count] * sizeof(uint32_t));
        ck_assert_mem_eq(people.holder, alone.holder, facts.means_count * sizeof(uint32_t));
        ck_assert_uint_eq(intake.quarantine_count, refused_count);
        ck_assert_mem_eq(intake.quarantine, refused, refused_count * sizeof(*refused));
        people_free(&people);
        intake_free(&intake);
        intake.delivery_count = 3;
    }
    ck_assert_uint_gt(refused_count, 100);
    free(refused);
    people_free(&alone);
}
END_TEST

/* --- the loop that all of it runs on --- */

#define LOOP_ITEMS 1003

static void mark(void *context, uint32_t thread, size_t first, size_t end)
{
    ck_assert_uint_lt(thread, 5);
    uint8_t *marks = context;
    for (size_t i = first; i < end; i++)
        marks[i]++;
}

START_TEST(a_parallel_loop_visits_every_item_once)
{
    uint8_t marks[LOOP_ITEMS] = {0}, ones[LOOP_ITEMS];
    memset(ones, 1, sizeof(ones));
    parallel_for(5, LOOP_ITEMS, (size_t)_i, mark, marks);
    ck_assert_mem_eq(marks, ones, sizeof(ones));
    parallel_for(5, 0, (size_t)_i, mark, marks);
    ck_assert_mem_eq(marks, ones, sizeof(ones));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("join");
    TCase *base = tcase_create("base rows");
    tcase_add_checked_fixture(base, begin, end);
    tcase_add_test(base, a_later_row_about_the_same_code_wins_as_a_whole);
    tcase_add_test(base, one_line_with_several_previous_codes_is_one_person);
    tcase_add_test(base, a_previous_code_is_no_person_of_its_own);
    tcase_add_test(base, changes_of_code_are_followed_to_the_last);
    tcase_add_test(base, a_code_that_is_its_own_previous_one_is_harmless);
    tcase_add_test(base, codes_that_lead_in_a_circle_are_refused_and_lead_to_nobody);
    tcase_add_test(base, two_persons_who_claim_a_previous_code_do_not_harm_each_other);
    tcase_add_loop_test(base, the_first_code_of_a_person_is_the_oldest_that_is_known, 0,
                        (int)(sizeof(first_codes) / sizeof(first_codes[0])));
    tcase_add_loop_test(base, a_chain_is_followed_so_far_and_no_further, 1, PREVIOUS_CHAIN_MAX + 3);
    tcase_add_test(base, reserved_test_identities_are_nobodys);
    tcase_add_test(base, statuses_come_to_their_persons_under_any_of_their_codes);
    tcase_add_loop_test(base, a_means_has_one_holder, 0,
                        (int)(sizeof(means_rows) / sizeof(means_rows[0])));
    tcase_add_test(base, what_counts_is_the_issue_and_not_from_when_a_means_is_of_use);
    tcase_add_test(base, many_codes_lead_where_a_plain_search_finds_them);
    tcase_add_test(base, threads_do_not_show);
    suite_add_tcase(suite, base);
    TCase *loop = tcase_create("loop");
    tcase_add_loop_test(loop, a_parallel_loop_visits_every_item_once, 1, 9);
    suite_add_tcase(suite, loop);
    return support_run(suite);
}
