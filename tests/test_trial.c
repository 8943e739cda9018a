#include "loader/bill.h"
#include "loader/narrate.h"
#include "loader/wording.h"

#include "tests/latvia.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>

static const char rules_text[] = /* line 1 */
    "place RIGA = 0001\n"
    "product city.ticket = 1001\n"
    "group pensioner = status VSAA.pension.old_age\n"
    "group needy = status SOPA.household.needy\n"
    "split 1 = 90011524360 0.50 each, 90000054163 rest\n"
    "calendar holidays = 12-25\n"
    "relief CITY giver 90011524360 from 2026-01-01 split 1\n"
    "  clause pensioner product city.ticket at 101-110 10:00-15:00 price below 4.27 free\n" /* 8 */
    "  clause pensioner product city.ticket in RIGA quantity up to 4 discount 50%\n"
    "  clause everybody product city.ticket on holidays by eid read chip costs 0.30\n"
    "relief OLD giver 90011524360 from 2025-01-01 until 2026-01-01\n"
    "  clause everybody product city.ticket free\n"
    "relief DRAFT giver 90011524360 from 2026-01-01\n"
    "  state draft\n"
    "  everywhere\n"
    "  clause needy product city.ticket free\n"
    "relief STOPPED giver 90011524360 from 2026-01-01\n"
    "  state suspended\n"
    "  clause everybody product city.ticket free\n"
    "relief NEEDY giver 90000054163 from 2026-01-01\n"
    "  everywhere\n"
    "  stacks\n"
    "  clause needy product city.ticket amount 0.20\n"
    "  limit 40 uses per status_term\n";

static struct vocabulary vocabulary;
static struct catalogue catalogue;
static struct trial *trial;

static const char *const tables[][2] = {
    {"t.rules", rules_text},
    {"givers.csv", "number,title\n90011524360,Riga\n90000054163,State\n"},
    {"providers.csv", "number,title\n40003619950,Buses\n"},
    {"points_of_sale.csv", "number,provider,place,title\n101,40003619950,0001000,Tram one\n"
                           "120,40003619950,0001000,Tram two\n201,40003619950,0004000,Bus\n"},
    {"contracts.csv", "number,giver,provider,relief,points,from,until\n"
                      "12,90011524360,40003619950,CITY,101-120,2026-02-01,2027-01-01\n"},
};

static uint32_t day_of(const char *text)
{
    int32_t day;
    ck_assert(day_of_text(&day, text, strlen(text)));
    return (uint32_t)day;
}

static void open_trial(bool with_drafts)
{
    struct fault fault = {""};
    struct window window = {day_of("2026-01-01"), day_of("2027-03-01")};
    if (!trial_open(&trial, &catalogue, window, day_of("2026-09-01"), with_drafts, &fault))
        ck_abort_msg("%s", fault.text);
}

static void write_table(const char *name, const char *text)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", support_directory(), name);
    support_write_file(path, text, strlen(text), 0644);
}

static void read_tables(void)
{
    struct fault fault = {""};
    const char *folder = support_directory();
    latvia_vocabulary(&vocabulary);
    if (!catalogue_read(&catalogue, folder, &vocabulary, &fault))
        ck_abort_msg("%s", fault.text);
    open_trial(false);
}

static void setup(void)
{
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        write_table(tables[i][0], tables[i][1]);
    read_tables();
}

static void teardown(void)
{
    trial_close(trial);
    catalogue_free(&catalogue);
}

static struct purchase purchase_of(uint32_t point, const char *time)
{
    struct purchase purchase = {.product = 1001,
                                .point_of_sale = point,
                                .unit_price = 15000,
                                .quantity = 1,
                                .means = MEANS_PERSONAL_CODE};
    ck_assert(time_of_text(&purchase.service_time_s, time));
    return purchase;
}

static void bring(bool is_pensioner, bool is_needy)
{
    static struct status_fact facts[2];
    static struct person person;
    struct fault fault = {""};
    size_t count = 0;
    if (is_pensioner)
        facts[count++] =
            (struct status_fact){.kind = PENSION, .subtype = 1, .until_day = day_of("2026-12-01")};
    if (is_needy)
        facts[count++] = (struct status_fact){.kind = HOUSEHOLD,
                                              .subtype = 1,
                                              .from_day = day_of("2025-03-01"),
                                              .until_day = DAY_NEVER};
    person = (struct person){.birth_day = 0,
                             .death_day = DAY_NEVER,
                             .place = 1000,
                             .statuses = facts,
                             .status_count = count};
    ck_assert(trial_person(trial, &person, &vocabulary, NULL, &fault));
}

/* ---- verdicts ---- */

static const struct {
    const char *sentence;
    bool is_pensioner, is_needy;
    uint32_t point;
    const char *time, *wanted;
} verdicts[] = {
    {"a pensioner at a validator", true, false, 101, "2026-09-01T10:00",
     "CITY takes 1.50 pays 0.00 split 1"},
    {"out of hours", true, false, 101, "2026-09-01T15:00", "CITY takes 0.75 pays 0.75 split 1"},
    {"somewhere else in town", true, false, 120, "2026-09-01T10:00",
     "CITY takes 0.75 pays 0.75 split 1"},
    {"something on top", true, true, 120, "2026-09-01T10:00",
     "CITY + NEEDY takes 0.95 pays 0.55 split 65535"},
    {"where no contract is", true, true, 201, "2026-09-01T10:00",
     "NEEDY takes 0.20 pays 1.30 split 0"},
    {"where nobody knows", false, true, 0, "2026-09-01T10:00",
     "NEEDY takes 0.20 pays 1.30 split 0"},
    {"before the contract", true, false, 101, "2026-01-31T10:00", "nothing pays 1.50"},
    {"after the pension", true, false, 101, "2026-12-01T10:00", "nothing pays 1.50"},
    {"nobody's day", false, false, 101, "2026-12-25T10:00", "nothing pays 1.50"},
    {"outside of the window", true, false, 101, "2027-03-01T10:00", "outside-window pays 1.50"},
};

START_TEST(a_trial_answers_as_an_engine_does)
{
    char found[WORDING_SIZE];
    struct candidates candidates;
    struct purchase purchase = purchase_of(verdicts[_i].point, verdicts[_i].time);
    bring(verdicts[_i].is_pensioner, verdicts[_i].is_needy);
    struct verdict verdict = trial_decide(trial, &candidates, &purchase);
    ck_assert_msg(strcmp(wording_verdict(found, trial, &verdict), verdicts[_i].wanted) == 0,
                  "%s: found %s", verdicts[_i].sentence, found);
}
END_TEST

START_TEST(one_person_leaves_nothing_to_the_next)
{
    struct candidates candidates;
    struct purchase purchase = purchase_of(101, "2026-09-01T10:00");
    bring(true, true);
    ck_assert_uint_eq(trial_decide(trial, &candidates, &purchase).status, STATUS_APPLIES);
    bring(false, false);
    ck_assert_uint_eq(trial_decide(trial, &candidates, &purchase).status, STATUS_DOES_NOT_APPLY);
    bring(true, false);
    ck_assert_uint_eq(trial_decide(trial, &candidates, &purchase).status, STATUS_APPLIES);
    trial_nobody(trial);
    ck_assert_uint_eq(trial_decide(trial, &candidates, &purchase).status, STATUS_DOES_NOT_APPLY);
}
END_TEST

START_TEST(a_means_that_ended_leads_to_nobody)
{
    struct candidates candidates;
    struct purchase purchase = purchase_of(101, "2026-09-01T10:00");
    bring(true, false);
    trial_means(trial, day_of("2026-01-01"), day_of("2026-09-01"));
    ck_assert_uint_eq(trial_decide(trial, &candidates, &purchase).status, STATUS_DOES_NOT_APPLY);
    trial_means(trial, day_of("2026-01-01"), day_of("2026-09-02"));
    ck_assert_uint_eq(trial_decide(trial, &candidates, &purchase).status, STATUS_APPLIES);
}
END_TEST

START_TEST(a_draft_is_tried_when_asked_for)
{
    struct candidates candidates;
    struct purchase purchase = purchase_of(0, "2026-09-01T10:00");
    char found[WORDING_SIZE];
    trial_close(trial);
    open_trial(true);
    bring(false, true);
    struct verdict verdict = trial_decide(trial, &candidates, &purchase);
    ck_assert_str_eq(wording_verdict(found, trial, &verdict), "DRAFT takes 1.50 pays 0.00 split 0");
}
END_TEST

/* ---- what is told ---- */

static void say(void *context, uint32_t depth, const char *sentence)
{
    fprintf(context, "%*s%s\n", (int)(2 * depth), "", sentence);
}

/* Whether the lines stand in the text one after the other, others between them; lines of the rules
 * file are told without its folder. */
static void assert_told(const char *told, const char *const lines[])
{
    const char *at = told;
    for (size_t i = 0; lines[i] != NULL; i++) {
        const char *next = strstr(at, lines[i]);
        ck_assert_msg(next != NULL, "wanted \"%s\" next in\n%s", lines[i], told);
        at = next + strlen(lines[i]);
    }
}

static const struct {
    bool is_pensioner, is_needy;
    uint32_t point, product, unit_price;
    uint16_t quantity;
    const char *time;
    const char *lines[18];
} tales[] = {
    {true,
     false,
     101,
     77,
     15000,
     1,
     "2026-09-01T10:00",
     {"1 product: the catalogue has none of number 77\n", NULL}},
    {true,
     false,
     999,
     1001,
     15000,
     1,
     "2026-09-01T10:00",
     {"1 product: city.ticket (1001)\n",
      "2 point of sale: 999 is not in the catalogue, so only what needs no contract\n", NULL}},
    {true,
     false,
     101,
     1001,
     15000,
     1,
     "2027-03-01T10:00",
     {"3 day: 2027-03-01 10:00 is not within the days that can be judged, 2026-01-01 until "
      "2027-03-01\n",
      NULL}},
    {true,
     true,
     101,
     1001,
     45000,
     5,
     "2026-09-01T15:30",
     {"2 point of sale: 101, Tram one, in 0001000\n", "4 contract: 4 clauses on city.ticket may ",
      "/t.rules:11, OLD: this version ended on 2026-01-01\n",
      "/t.rules:13, DRAFT: a draft gives nothing\n", "/t.rules:17, STOPPED: it is suspended\n",
      "5 means: good on the day\n",
      "/t.rules:8, CITY clause 1 under contract 12, pensioner: free\n",
      "does not fit: 10:00-15:00, it was 15:30\n", "/t.rules:9, CITY clause 2",
      "does not fit: quantity 5 is above 4\n", "/t.rules:10, CITY clause 3",
      "does not fit: calendar holidays does not hold on Tuesday 2026-09-01\n",
      "/t.rules:23, NEEDY clause 1, needy: 0.20 EUR off the purchase\n", "group needy: yes\n",
      "    the term began on 2025-03-01\n",
      "stacks: computed on what the others leave to pay, in step 7\n",
      "7 best: NEEDY takes 0.20 EUR for 5 units\n", NULL}},
    {true,
     false,
     101,
     1001,
     45000,
     1,
     "2026-09-01T12:00",
     {"does not fit: price 4.50 is not below 4.27\n", "/t.rules:9, CITY clause 2",
      "    fits the purchase\n    group pensioner: yes\n      status VSAA.pension.old_age: yes, ",
      "    that changes on 2026-12-01\n", "    takes 2.25 EUR for 1 unit\n",
      "7 best: CITY takes 2.25 EUR for 1 unit\n", "relief 2.25 EUR, to pay 2.25 EUR, good until ",
      NULL}},
    {true,
     false,
     120,
     1001,
     15000,
     1,
     "2026-09-01T12:00",
     {"not here: ", "/t.rules:8, CITY clause 1: only at points of sale such as 101-110\n", NULL}},
    {true,
     false,
     201,
     1001,
     15000,
     1,
     "2026-09-01T12:00",
     {"CITY clause 1: only at points of sale such as 101-110\n",
      "CITY clause 2: only at points of sale in 0001\n",
      "CITY clause 3: no contract covers it at point of sale 201\n", "group needy: no\n",
      "9 no relief applies\n", NULL}},
    {true,
     false,
     0,
     1001,
     15000,
     1,
     "2026-09-01T12:00",
     {"2 point of sale: not stated, so only what needs no contract\n",
      "CITY clause 3: it needs a contract, and no point of sale was stated\n", NULL}},
    {true,
     false,
     101,
     1001,
     15000,
     1,
     "2026-12-25T12:00",
     {"/t.rules:10, CITY clause 3 under contract 12, everybody: costs 0.30 EUR each\n",
      "does not fit: only by eid, it was personal-code\n", NULL}},
    {true,
     false,
     101,
     1001,
     15000,
     1,
     "2026-01-31T12:00",
     {"does not fit: contract 12 begins on 2026-02-01\n", NULL}},
    {true,
     false,
     101,
     1001,
     15000,
     1,
     "2027-01-01T12:00",
     {"does not fit: contract 12 ended on 2027-01-01\n", NULL}},
};

START_TEST(a_decision_is_told_step_by_step)
{
    char *told = NULL;
    size_t told_size = 0;
    FILE *memory = open_memstream(&told, &told_size);
    ck_assert_ptr_nonnull(memory);
    struct narrator narrator = {say, memory};
    struct purchase purchase = purchase_of(tales[_i].point, tales[_i].time);
    purchase.product = tales[_i].product;
    purchase.unit_price = tales[_i].unit_price;
    purchase.quantity = tales[_i].quantity;
    bring(tales[_i].is_pensioner, tales[_i].is_needy);
    narrate_purchase(trial, &purchase, &narrator);
    fclose(memory);
    assert_told(told, tales[_i].lines);
    free(told);
}
END_TEST

START_TEST(what_is_known_of_nobody_is_told_so)
{
    char *told = NULL;
    size_t told_size = 0;
    FILE *memory = open_memstream(&told, &told_size);
    struct narrator narrator = {say, memory};
    struct purchase purchase = purchase_of(101, "2026-09-01T10:00");
    trial_nobody(trial);
    struct verdict verdict = narrate_purchase(trial, &purchase, &narrator);
    fclose(memory);
    ck_assert_uint_eq(verdict.status, STATUS_DOES_NOT_APPLY);
    static const char *const lines[] = {"5 means: leads to nobody\n",
                                        "group pensioner: no, nobody is in it\n", NULL};
    assert_told(told, lines);
    free(told);
}
END_TEST

/* One clause for each quantity. */
START_TEST(a_clause_has_its_number_however_many_stand_before_it)
{
    static char rules[32768];
    char *told = NULL;
    size_t told_size = 0;
    strcpy(rules, "product city.ticket = 1001\nrelief CITY giver 90011524360 from 2026-01-01\n");
    for (int i = 1; i <= 300; i++) {
        size_t size = strlen(rules);
        snprintf(rules + size, sizeof(rules) - size,
                 "clause everybody product city.ticket quantity %d free\n", i);
    }
    teardown();
    write_table("t.rules", rules);
    read_tables();
    FILE *memory = open_memstream(&told, &told_size);
    struct narrator narrator = {say, memory};
    struct purchase purchase = purchase_of(101, "2026-09-01T10:00");
    purchase.quantity = 300;
    narrate_purchase(trial, &purchase, &narrator);
    fclose(memory);
    static const char *const lines[] = {", CITY clause 255 under contract 12, everybody: free\n",
                                        ", CITY clause 300 under contract 12, everybody: free\n",
                                        "7 best: CITY takes 450.00 EUR", NULL};
    assert_told(told, lines);
    free(told);
}
END_TEST

/* ---- the bill ---- */

static char *bill_of(const struct purchase *purchase, bool is_json)
{
    char *text = NULL;
    size_t text_size = 0;
    FILE *memory = open_memstream(&text, &text_size);
    struct candidates candidates;
    struct verdict verdict = trial_decide(trial, &candidates, purchase);
    if (is_json) {
        struct json json;
        json_start(&json, memory);
        json_open_object(&json, NULL);
        bill_print_json(trial, purchase, &verdict, &json);
        json_close_object(&json);
        json_end(&json);
    } else {
        bill_print(trial, purchase, &verdict, memory);
    }
    fclose(memory);
    return text;
}

START_TEST(a_bill_says_who_pays)
{
    struct purchase purchase = purchase_of(120, "2026-09-01T10:00");
    purchase.quantity = 2;
    bring(true, true);
    char *bill = bill_of(&purchase, false);
    static const char *const lines[] = {
        "2 city.ticket at 1.50 EUR, point of sale 120, on 2026-09-01 10:00\n",
        "a relief applies: 1.70 EUR off, 1.30 EUR to pay; relief ",
        ", split 65535, good until ",
        "\n  CITY takes 1.50 EUR for 2 units: discount 50% (",
        "\n    90011524360, Riga pays 1.00 EUR\n    90000054163, State pays 0.50 EUR\n",
        "  NEEDY takes 0.20 EUR for 2 units: 0.20 EUR off the purchase (",
        "\n    90000054163, State pays 0.20 EUR\n",
        NULL};
    assert_told(bill, lines);
    free(bill);
}
END_TEST

START_TEST(a_bill_is_json_too)
{
    struct purchase purchase = purchase_of(120, "2026-09-01T10:00");
    bring(true, false);
    char *bill = bill_of(&purchase, true);
    static const char *const lines[] = {"\"status\": \"APPLIES\"",
                                        "\"relief_amount\": 7500",
                                        "\"payable\": 7500",
                                        "\"split\": 1",
                                        "\"relief\": \"CITY\"",
                                        "\"amount\": 7500",
                                        "\"payer\": \"90011524360\"",
                                        "\"amount\": 5000",
                                        "\"payer\": \"90000054163\"",
                                        "\"amount\": 2500",
                                        NULL};
    assert_told(bill, lines);
    free(bill);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trial");
    TCase *deciding = tcase_create("deciding");
    tcase_add_checked_fixture(deciding, setup, teardown);
    tcase_add_loop_test(deciding, a_trial_answers_as_an_engine_does, 0, COUNT_OF(verdicts));
    tcase_add_test(deciding, one_person_leaves_nothing_to_the_next);
    tcase_add_test(deciding, a_means_that_ended_leads_to_nobody);
    tcase_add_test(deciding, a_draft_is_tried_when_asked_for);
    suite_add_tcase(suite, deciding);

    TCase *telling = tcase_create("telling");
    tcase_add_checked_fixture(telling, setup, teardown);
    tcase_add_loop_test(telling, a_decision_is_told_step_by_step, 0, COUNT_OF(tales));
    tcase_add_test(telling, what_is_known_of_nobody_is_told_so);
    tcase_add_test(telling, a_clause_has_its_number_however_many_stand_before_it);
    tcase_add_test(telling, a_bill_says_who_pays);
    tcase_add_test(telling, a_bill_is_json_too);
    suite_add_tcase(suite, telling);
    return support_run(suite);
}
