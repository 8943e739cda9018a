#include "loader/cases_run.h"

#include "tests/latvia.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>

static const char rules_text[] = "place RIGA = 0001\n"
                                 "place JURMALA = 0004000\n"
                                 "places TOWNS = RIGA, JURMALA\n"
                                 "product city.ticket = 1001\n"
                                 "product school.lunch = 1005\n"
                                 "group pensioner = status VSAA.pension.old_age\n"
                                 "group needy = status SOPA.household.needy\n"
                                 "relief CITY giver 90011524360 from 2026-01-01\n"
                                 "  everywhere\n"
                                 "  clause pensioner product city.ticket 10:00-15:00 free\n"
                                 "  clause pensioner product city.ticket discount 50%\n"
                                 "relief TOP-UP giver 90011524360 from 2026-01-01\n"
                                 "  everywhere\n"
                                 "  stacks\n"
                                 "  clause pensioner product city.ticket amount 0.10\n"
                                 "relief LUNCH giver 90011524360 from 2026-01-01\n"
                                 "  everywhere\n"
                                 "  unknown last known 30 days\n"
                                 "  clause needy product school.lunch free\n";

static struct vocabulary vocabulary;
static struct catalogue catalogue;

static void setup(void)
{
    struct fault fault = {""};
    latvia_vocabulary(&vocabulary);
    if (!rules_parse(&catalogue.rules, rules_text, strlen(rules_text), "t.rules", &vocabulary,
                     &fault))
        ck_abort_msg("%s", fault.text);
}

static void teardown(void)
{
    rules_free(catalogue.rules);
    catalogue.rules = NULL;
}

static bool parse(struct cases *cases, const char *text, struct fault *fault)
{
    size_t size = strlen(text);
    const char *guarded = (const char *)at_the_edge(text, size);
    return cases_parse(cases, guarded, size, "t.cases", catalogue.rules, &vocabulary, fault);
}

static struct cases parse_good(const char *text)
{
    struct fault fault = {""};
    struct cases cases = {0};
    if (!parse(&cases, text, &fault))
        ck_abort_msg("%s\n%s", fault.text, text);
    return cases;
}

/* ---- what is wrong, and what is said about it ---- */

#define PERSON "case \"a\"\nperson born 1950-03-01\n"
#define BUYS   PERSON "buys city.ticket at 1.50 on 2026-09-01\n"

static const struct {
    const char *text, *fault;
} wrong[] = {
    {"cas", "t.cases:1:1: wanted case and a title, found \"cas\"; did you mean \"case\"?"},
    {"case a", "t.cases:1:6: wanted a title in quotation marks, found \"a\""},
    {"case \"a", "t.cases:1:6: wanted a quotation mark after the title, found the end of the line"},
    {"case \"\"", "t.cases:1:6: wanted a title of 1 to 95 bytes, found one of 0"},
    {"case \"\xff\"", "t.cases:1:6: wanted a title of printable characters in UTF-8"},
    {"case \"a\" b", "t.cases:1:6: wanted the end of the line after the title"},
    {"case \"a\"", "t.cases:1:1: the case has no person: want \"person born DAY\" or \"person "
                   "nobody\" under it"},
    {"case \"a\"\nbuys city.ticket at 1.50 on 2026-09-01",
     "t.cases:2:1: wanted person, since every case is about one, found \"buys\""},
    {"case \"a\"\nperson", "t.cases:2:7: wanted born and a day, or nobody, found the end of the "
                           "file"},
    {"case \"a\"\nperson born 1950", "t.cases:2:13: wanted a day such as 2026-01-31, found "
                                     "\"1950\""},
    {"case \"a\"\nperson born 1950-03-01 lives RGIA",
     "t.cases:2:30: wanted one place, or 1 to 7 digits of an ATVK code, found \"RGIA\"; did you "
     "mean \"RIGA\"?"},
    {"case \"a\"\nperson born 1950-03-01 lives TOWNS",
     "t.cases:2:30: wanted one place, or 1 to 7 digits of an ATVK code, found \"TOWNS\""},
    {"case \"a\"\nperson born 1950-03-01 livs RIGA",
     "t.cases:2:24: wanted lives, died or the end of the line, found \"livs\"; did you mean "
     "\"lives\"?"},
    {"case \"a\"\nperson born 1950-03-01 died 2020-01-01 lives RIGA",
     "t.cases:2:40: wanted the end of the line, found \"lives\", which comes earlier, once, or not "
     "in such a line"},
    {"case \"a\"\nperson born 1990-03-01 died 1989-01-01", "t.cases:2:24: died before being born"},
    {"case \"a\"\nperson born 1950-03-01 died 1969-12-31",
     "t.cases:2:29: wanted a day from 1970-01-01 on, found \"1969-12-31\""},
    {PERSON, "t.cases:1:1: the case buys nothing: want \"buys\" and \"expect\" under it"},
    {PERSON "case \"b\"",
     "t.cases:1:1: the case buys nothing: want \"buys\" and \"expect\" under it"},
    {PERSON "person nobody",
     "t.cases:3:1: wanted status, list, missing, known or buys, found \"person\""},
    {"case \"a\"\nperson nobody\nstatus VSAA.pension",
     "t.cases:3:1: wanted buys, found \"status\""},
    {PERSON "status VSAA.pensoin",
     "t.cases:3:8: wanted a kind of status that a register delivers, found \"VSAA.pensoin\"; did "
     "you mean \"VSAA.pension\"?"},
    {PERSON "status VSAA.pension school RIGA",
     "t.cases:3:21: the register of VSAA.pension tells no schools"},
    {PERSON "status VSAA.pension from 2026-01-01 until 2026-01-01",
     "t.cases:3:43: until 2026-01-01 is not after the day it begins"},
    {PERSON "status VSAA.pension untl 2026-01-01",
     "t.cases:3:21: wanted school, from, until or the end of the line, found \"untl\"; did you "
     "mean "
     "\"until\"?"},
    {PERSON "list riga_staff untl 2026-01-01",
     "t.cases:3:17: wanted from, until or the end of the line, found \"untl\"; did you mean "
     "\"until\"?"},
    {PERSON "list VSAA.pension", "t.cases:3:6: wanted the name of a giver's list, found "
                                 "\"VSAA.pension\""},
    {PERSON "missing SOPA.houshold",
     "t.cases:3:9: wanted a kind of status, or a giver's list, found \"SOPA.houshold\"; did you "
     "mean \"SOPA.household\"?"},
    {PERSON "known neddy until 2026-09-01",
     "t.cases:3:7: wanted a group, found \"neddy\"; did you mean \"needy\"?"},
    {PERSON "buys city.tickte at 1.50 on 2026-09-01",
     "t.cases:3:6: wanted a product, found \"city.tickte\"; did you mean \"city.ticket\"?"},
    {PERSON "buys 0 city.ticket at 1.50 on 2026-09-01",
     "t.cases:3:6: wanted a quantity, 1 to 10000, found \"0\""},
    {PERSON "buys city.ticket 1.50", "t.cases:3:18: wanted at, found \"1.50\""},
    {PERSON "buys city.ticket at 1.50001",
     "t.cases:3:21: wanted an amount in EUR with up to four decimals, such as 1.50, found "
     "\"1.50001\""},
    {PERSON "buys city.ticket at 1.50 point 0",
     "t.cases:3:32: wanted the number of a point of sale, found \"0\""},
    {PERSON "buys city.ticket at 1.50 noon", "t.cases:3:26: wanted point or on and a day, found "
                                             "\"noon\""},
    {PERSON "buys city.ticket at 1.50 on 1970-01-01",
     "t.cases:3:29: wanted a day from 1970-01-02 on, found \"1970-01-01\""},
    {PERSON "buys city.ticket at 1.50 on 2026-09-01 24:00",
     "t.cases:3:40: wanted a time of the day such as 09:30, found \"24:00\""},
    {PERSON "buys city.ticket at 1.50 on 2026-03-29 03:30",
     "t.cases:3:40: the clocks in Riga leave this time out on that day"},
    {PERSON "buys city.ticket at 1.50 on 2026-09-01 by edi",
     "t.cases:3:43: wanted personal-code, eid, e-talons or card, found \"edi\"; did you mean "
     "\"eid\"?"},
    {PERSON "buys 4294967296 at 1.50 on 2026-09-01",
     "t.cases:3:6: wanted a product, or its number, 1 to 4294967295, found a number of 10 digits"},
    {PERSON "buys city.ticket at 1.50 on 2026-09-01 companions 256",
     "t.cases:3:51: wanted how many companions, 0 to 255, found \"256\""},
    {PERSON "buys city.ticket at 1.50 on 2026-09-01 noon",
     "t.cases:3:40: wanted a time, companions, by, read or the end of the line, found \"noon\""},
    {PERSON "buys city.ticket at 1.50 on 2026-09-01 read fingers",
     "t.cases:3:45: wanted unstated, chip, contactless, optical or typed, found \"fingers\""},
    {BUYS, "t.cases:1:1: the case expects nothing of what is bought last: want \"expect\""},
    {BUYS "buys city.ticket at 1.50 on 2026-09-01",
     "t.cases:4:1: wanted expect, after what is bought, found \"buys\""},
    {BUYS "expect nothign", "t.cases:4:8: wanted a relief, nothing, no-data, no-contract, "
                            "unknown-product, unknown-point or outside-window, found \"nothign\"; "
                            "did you mean \"nothing\"?"},
    {BUYS "expect CITY", "t.cases:4:12: wanted + and another relief, or takes and an amount, found "
                         "the end of the file"},
    {BUYS "expect CITY takes 1", "t.cases:4:20: wanted pays and an amount, found the end of the "
                                 "file"},
    {BUYS "expect CITY + CTIY takes 1",
     "t.cases:4:15: wanted a relief, found \"CTIY\"; did you mean \"CITY\"?"},
    {BUYS "expect CITY + CITY + CITY + CITY + CITY takes 1",
     "t.cases:4:36: more than 4 reliefs together (VERDICT_PART_COUNT_MAX)"},
    {BUYS "expect CITY takes 1 pays 0 split 65536",
     "t.cases:4:34: wanted a funding-split code, 0 to 65535, found \"65536\""},
    {BUYS "expect nothing split 1",
     "t.cases:4:16: wanted pays or the end of the line, found \"split\""},
    {BUYS "expect nothing\nstatus VSAA.pension",
     "t.cases:5:1: wanted buys or the next case, found \"status\""},
};

START_TEST(what_is_wrong_is_said_with_its_line)
{
    struct cases cases = {0};
    struct fault fault = {""};
    ck_assert_msg(!parse(&cases, wrong[_i].text, &fault), "%s", wrong[_i].text);
    ck_assert_str_eq(fault.text, wrong[_i].fault);
    cases_free(&cases);
}
END_TEST

static const struct {
    const char *before, *line;       /* `line` goes on and on */
    unsigned file_count, line_count; /* that are good: so many files of so many lines */
    const char *fault;
} too_many[] = {
    {"", "case \"a\"\nperson nobody\nbuys 2 at 1 on 2026-09-01\nexpect nothing\n", 2, 32768,
     "t.cases:1:1: more than 65536 cases (CASE_COUNT_MAX)"},
    {"case \"a\"\nperson nobody\n", "buys 2 at 1 on 2026-09-01\nexpect nothing\n", 4, 65536,
     "t.cases:3:1: more than 262144 purchases in all cases (CASE_PURCHASE_MAX)"},
    {PERSON, "list riga_staff\n", 4, 65536,
     "t.cases:3:1: more than 262144 statuses in all cases (CASE_FACT_MAX)"},
    {PERSON, "known needy until 2026-09-01\n", 4, 65536,
     "t.cases:3:1: more than 262144 memberships known in all cases (CASE_FACT_MAX)"},
    {"", "\n", 256, 1, "t.cases: more than 256 files of cases (CASES_FILE_COUNT_MAX)"},
    {"", "\n", 1, CASES_FILE_SIZE_MAX, NULL},
    {"", "\n", 0, CASES_FILE_SIZE_MAX + 1,
     "t.cases: more than 4194304 bytes (CASES_FILE_SIZE_MAX)"},
};

/* A file of the lines, and of what a case must end with. */
static bool parse_lines(struct cases *cases, int row, unsigned line_count, struct fault *fault)
{
    static const char end[] = "buys 2 at 1 on 2026-09-01\nexpect nothing\n";
    const char *line = too_many[row].line;
    bool is_open = line[0] == 'l' || line[0] == 'k';
    size_t size = strlen(too_many[row].before), line_size = strlen(line);
    char *text = malloc(size + line_count * line_size + sizeof(end));
    memcpy(text, too_many[row].before, size);
    for (unsigned i = 0; i < line_count; i++, size += line_size)
        memcpy(text + size, line, line_size);
    memcpy(text + size, end, sizeof(end));
    size += is_open ? sizeof(end) - 1 : 0;
    bool is_good = cases_parse(cases, text, size, "t.cases", catalogue.rules, &vocabulary, fault);
    free(text);
    return is_good;
}

START_TEST(there_is_room_for_so_much_and_no_more)
{
    struct cases cases = {0};
    struct fault fault = {""};
    for (unsigned i = 0; i < too_many[_i].file_count; i++)
        if (!parse_lines(&cases, _i, too_many[_i].line_count, &fault))
            ck_abort_msg("%s", fault.text);
    if (too_many[_i].fault != NULL) {
        unsigned line_count = too_many[_i].file_count == 0 ? too_many[_i].line_count : 1;
        ck_assert(!parse_lines(&cases, _i, line_count, &fault));
        ck_assert_str_eq(fault.text, too_many[_i].fault);
    }
    cases_free(&cases);
}
END_TEST

START_TEST(a_case_is_read_with_all_that_it_says)
{
    struct cases cases =
        parse_good("# as they are written\n"
                   "case \"v\u0113rt\u012bgs\"  # a title\n"
                   "  person born 1950-03-01 lives RIGA died 2026-12-24\n"
                   "  status IZM.learner.higher school JURMALA from 2025-09-01 until 2026-07-01\n"
                   "  list riga_staff\n"
                   "  missing SOPA.household\n"
                   "  known needy until 2026-10-01\n"
                   "  buys 3 city.ticket at 1.545 point 101 on 2026-07-01 09:30 companions 2 by "
                   "eid read chip\n"
                   "  expect CITY + TOP-UP takes 4.00 pays 0.635 split 7\n"
                   "\n"
                   "  buys 1005 at 2 on 2026-01-01\n"
                   "  expect no-contract\n"
                   "case \"b\"\n"
                   "person nobody\n"
                   "buys 2 99 at 0.50 on 2026-01-01\n"
                   "expect unknown-product pays 1\n");
    ck_assert_uint_eq(cases.person_count, 2);
    const struct case_person *person = &cases.persons[0];
    ck_assert_str_eq(person->title, "v\u0113rt\u012bgs");
    ck_assert_uint_eq(person->line, 2);
    ck_assert_uint_eq(person->place, 1000);
    ck_assert_uint_eq(person->missing, UINT64_C(1) << HOUSEHOLD);
    ck_assert_uint_eq(person->status_count, 2);
    ck_assert_uint_eq(cases.statuses[0].kind, LEARNER);
    ck_assert_uint_eq(cases.statuses[0].subtype, 4);
    ck_assert_uint_eq(cases.statuses[0].school, 4000);
    ck_assert_uint_eq(cases.statuses[1].until_day, DAY_NEVER);
    ck_assert_uint_eq(person->known_count, 1);
    ck_assert_str_eq(catalogue.rules->groups[cases.known[0].group].name, "needy");

    ck_assert_uint_eq(cases.purchase_count, 3);
    const struct case_purchase *buys = cases.purchases;
    ck_assert_uint_eq(buys->line, 8);
    ck_assert_uint_eq(buys->purchase.product, 1001);
    ck_assert_uint_eq(buys->purchase.quantity, 3);
    ck_assert_uint_eq(buys->purchase.unit_price, 15450);
    ck_assert_uint_eq(buys->purchase.point_of_sale, 101);
    ck_assert_uint_eq(buys->purchase.companions, 2);
    ck_assert_uint_eq(buys->purchase.means, MEANS_EID);
    ck_assert_uint_eq(buys->purchase.entry, ENTRY_CHIP);
    ck_assert_uint_eq(buys->purchase.service_time_s, 1782887400); /* 06:30 UTC */
    ck_assert_uint_eq(buys->status, STATUS_APPLIES);
    ck_assert_uint_eq(buys->relief_count, 2);
    ck_assert_uint_eq(buys->relief_amount, 40000);
    ck_assert_uint_eq(buys->payable, 6350);
    ck_assert(buys->has_split);
    ck_assert_uint_eq(buys->split, 7);
    ck_assert_uint_eq(buys[1].purchase.product, 1005);
    ck_assert_uint_eq(buys[1].purchase.quantity, 1);
    ck_assert(!buys[1].has_payable);
    ck_assert_uint_eq(buys[2].person, 1);
    ck_assert(cases.persons[1].is_nobody);
    ck_assert_uint_eq(buys[2].purchase.product, 99);
    ck_assert_uint_eq(buys[2].purchase.unit_price, 5000);
    ck_assert_uint_eq(buys[2].status, STATUS_UNKNOWN_PRODUCT);
    cases_free(&cases);
}
END_TEST

/* ---- what is decided ---- */

#define PENSIONER PERSON "status VSAA.pension.old_age\n"

static const struct {
    const char *sentence, *text, *found; /* found NULL: as expected */
} rows[] = {
    {"the first clause that fits",
     PENSIONER "buys city.ticket at 1.50 on 2026-09-01\nexpect CITY takes 1.50 pays 0", NULL},
    {"what stacks comes on top",
     PENSIONER "buys city.ticket at 1.50 on 2026-09-01 15:00\n"
               "expect CITY + TOP-UP takes 0.85 pays 0.65 split 0",
     NULL},
    {"an amount that is not the one",
     PENSIONER "buys city.ticket at 1.50 on 2026-09-01\nexpect CITY takes 1.49 pays 0.01",
     "CITY takes 1.50 pays 0.00 split 0"},
    {"a relief that is not the one",
     PENSIONER "buys city.ticket at 1.50 on 2026-09-01\nexpect TOP-UP takes 1.50 pays 0",
     "CITY takes 1.50 pays 0.00 split 0"},
    {"a split that is not the one",
     PENSIONER "buys city.ticket at 1.50 on 2026-09-01\nexpect CITY takes 1.50 pays 0 split 2",
     "CITY takes 1.50 pays 0.00 split 0"},
    {"nothing without the status",
     PERSON "buys city.ticket at 1.50 on 2026-09-01\nexpect nothing pays 1.50", NULL},
    {"nobody has nothing",
     "case \"a\"\nperson nobody\nbuys city.ticket at 1.50 on 2026-09-01\nexpect CITY takes 1 pays "
     "1",
     "nothing pays 1.50"},
    {"a death ends it",
     "case \"a\"\nperson born 1950-01-01 died 2026-09-01\nstatus VSAA.pension.old_age\n"
     "buys city.ticket at 1.50 on 2026-09-01\nexpect nothing",
     NULL},
    {"missing data are no no",
     PERSON "missing SOPA.household\nbuys school.lunch at 2 on 2026-09-01\nexpect no-data pays 2",
     NULL},
    {"what was known before",
     PERSON "missing SOPA.household\nknown needy until 2026-09-02\n"
            "buys school.lunch at 2 on 2026-09-01\nexpect LUNCH takes 2 pays 0",
     NULL},
    {"and no longer",
     PERSON "missing SOPA.household\nknown needy until 2026-09-01\n"
            "buys school.lunch at 2 on 2026-09-01\nexpect no-data",
     NULL},
    {"an unknown product", PERSON "buys 77 at 1 on 2026-09-01\nexpect unknown-product", NULL},
    {"before the relief begins",
     PENSIONER "buys city.ticket at 1.50 on 2025-12-31\nexpect no-contract", NULL},
    {"years apart are other windows",
     PENSIONER "buys city.ticket at 1.50 on 2036-09-01\nexpect CITY takes 1.50 pays 0\n"
               "buys city.ticket at 1.50 on 2026-09-01\nexpect CITY takes 1.50 pays 0\n"
               "buys city.ticket at 1.50 on 2030-09-01\nexpect CITY takes 1.50 pays 0",
     NULL},
    {"outside of all the others",
     PENSIONER "buys city.ticket at 1.50 on 2026-09-01\nexpect CITY takes 1.50 pays 0\n"
               "buys city.ticket at 1.50 on 2026-09-02\nexpect outside-window",
     NULL},
    {"inside of the others",
     PENSIONER "buys city.ticket at 1.50 on 2026-09-01\nexpect CITY takes 1.50 pays 0\n"
               "buys city.ticket at 1.50 on 2026-09-03\nexpect CITY takes 1.50 pays 0\n"
               "buys city.ticket at 1.50 on 2026-09-02\nexpect outside-window",
     "CITY takes 1.50 pays 0.00 split 0"},
    {"outside alone", PERSON "buys city.ticket at 1.50 on 2026-09-02\nexpect outside-window", NULL},
};

START_TEST(a_case_is_decided_as_an_engine_would)
{
    struct cases cases = parse_good(rows[_i].text);
    struct cases_outcome outcome;
    struct fault fault = {""};
    if (!cases_run(&outcome, &cases, &catalogue, &vocabulary, &fault))
        ck_abort_msg("%s: %s", rows[_i].sentence, fault.text);
    ck_assert_uint_eq(outcome.passed_count + outcome.failed_count, cases.purchase_count);
    if (rows[_i].found == NULL && outcome.failed_count > 0)
        ck_abort_msg("%s: found %s", rows[_i].sentence, outcome.failures[0].found);
    if (rows[_i].found != NULL) {
        ck_assert_msg(outcome.failed_count == 1, "%s", rows[_i].sentence);
        ck_assert_str_eq(outcome.failures[0].found, rows[_i].found);
        ck_assert_uint_gt(outcome.failures[0].step_count, 0);
    }
    cases_outcome_free(&outcome);
    cases_free(&cases);
}
END_TEST

START_TEST(failures_come_in_the_order_in_which_they_are_written)
{
    struct cases cases =
        parse_good(PENSIONER "buys city.ticket at 1.50 on 2036-09-01\nexpect nothing\n"
                             "buys city.ticket at 1.50 on 2026-09-01\nexpect nothing pays 2\n");
    struct cases_outcome outcome;
    struct fault fault;
    ck_assert(cases_run(&outcome, &cases, &catalogue, &vocabulary, &fault));
    ck_assert_uint_eq(outcome.failure_count, 2);
    ck_assert_uint_eq(outcome.failures[0].purchase, 0);
    ck_assert_str_eq(outcome.failures[0].wanted, "nothing");
    ck_assert_uint_eq(outcome.failures[1].purchase, 1);
    ck_assert_str_eq(outcome.failures[1].wanted, "nothing pays 2.00");
    ck_assert_str_eq(outcome.failures[1].bought, "city.ticket at 1.50 EUR, on 2026-09-01 12:00");
    cases_outcome_free(&outcome);
    cases_free(&cases);
}
END_TEST

START_TEST(what_the_registers_lack_is_no_matter_of_a_case)
{
    vocabulary.kinds[PENSION].is_missing = true;
    struct cases cases =
        parse_good(PERSON "buys city.ticket at 1.50 on 2026-09-01\nexpect nothing\n");
    struct cases_outcome outcome;
    struct fault fault;
    ck_assert(cases_run(&outcome, &cases, &catalogue, &vocabulary, &fault));
    ck_assert_uint_eq(outcome.failed_count, 0);
    cases_outcome_free(&outcome);
    cases_free(&cases);
}
END_TEST

/* ---- a folder ---- */

static void write(const char *folder, const char *name, const char *text)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    support_write_file(path, text, strlen(text), 0644);
}

static const char town_rules[] = "product ride = 2\n"
                                 "group learner = school_in 0094\n"
                                 "group resident = resident_in 0094\n"
                                 "relief TOWN giver 90011524360 from 2026-01-01\n"
                                 "  everywhere\n"
                                 "  clause learner product ride free\n"
                                 "  clause resident product ride discount 50%\n";
static const char town_places[] = "code,title,replaced_by\n0094000,x,\n0004000,x,0094000\n";

START_TEST(places_that_were_replaced_are_those_that_took_their_place)
{
    struct catalogue town = {0};
    struct cases_outcome outcome;
    struct fault fault = {""};
    struct trade_text texts[TABLE_COUNT] = {[TABLE_PLACES] = {town_places, strlen(town_places)}};
    ck_assert(trade_parse(&town.trade, "c", texts, &fault));
    ck_assert(
        rules_parse(&town.rules, town_rules, strlen(town_rules), "t.rules", &vocabulary, &fault));
    static const char text[] = "case \"a school\"\nperson born 2010-01-01 lives 0001000\n"
                               "status IZM.learner school 0004000\n"
                               "buys ride at 1 on 2026-09-01\nexpect TOWN takes 1 pays 0\n"
                               "case \"an address\"\nperson born 2010-01-01 lives 0004000\n"
                               "buys ride at 1 on 2026-09-01\nexpect TOWN takes 0.50 pays 0.50\n";
    struct cases cases = {0};
    ck_assert(cases_parse(&cases, text, strlen(text), "t.cases", town.rules, &vocabulary, &fault));
    ck_assert(cases_run(&outcome, &cases, &town, &vocabulary, &fault));
    ck_assert_uint_eq(outcome.passed_count, 2);
    ck_assert_uint_eq(outcome.failed_count, 0);
    cases_outcome_free(&outcome);
    cases_free(&cases);
    catalogue_free(&town);
}
END_TEST

START_TEST(a_folder_is_checked_at_once)
{
    const char *folder = support_directory();
    struct cases_check check;
    struct fault fault = {""};
    ck_assert(cases_check(&check, folder, &catalogue, &vocabulary, &fault));
    ck_assert_uint_eq(check.passed_count + check.failed_count, 0);

    write(folder, "b.cases", PERSON "buys city.ticket at 1 on 2026-09-01\nexpect no-data\n");
    write(folder, "a.cases", PERSON "buys city.ticket at 1 on 2026-09-01\nexpect nothing\n");
    write(folder, ".hidden.cases", "nonsense");
    write(folder, "a.cases.old", "nonsense");
    ck_assert(cases_check(&check, folder, &catalogue, &vocabulary, &fault));
    ck_assert_uint_eq(check.passed_count, 1);
    ck_assert_uint_eq(check.failed_count, 1);
    ck_assert_ptr_nonnull(
        strstr(check.first, "/b.cases:3: a: wanted no-data, found nothing pays 1"));

    write(folder, "c.cases", "nonsense");
    ck_assert(!cases_check(&check, folder, &catalogue, &vocabulary, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "/c.cases:1:1: wanted case and a title"));
}
END_TEST

START_TEST(a_file_of_rules_has_no_cases)
{
    char path[4096];
    struct cases_check check;
    struct fault fault = {""};
    const char *folder = support_directory();
    write(folder, "one.rules", "");
    write(folder, "one.cases", "nonsense");
    snprintf(path, sizeof(path), "%s/one.rules", folder);
    ck_assert(cases_check(&check, path, &catalogue, &vocabulary, &fault));
    ck_assert_uint_eq(check.passed_count + check.failed_count, 0);
    ck_assert(!cases_check(&check, "/nowhere", &catalogue, &vocabulary, &fault));
    ck_assert_str_eq(fault.text, "/nowhere: No such file or directory");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cases");
    TCase *reading = tcase_create("reading");
    tcase_add_checked_fixture(reading, setup, teardown);
    tcase_add_loop_test(reading, what_is_wrong_is_said_with_its_line, 0, COUNT_OF(wrong));
    tcase_add_loop_test(reading, there_is_room_for_so_much_and_no_more, 0, COUNT_OF(too_many));
    tcase_add_test(reading, a_case_is_read_with_all_that_it_says);
    suite_add_tcase(suite, reading);

    TCase *deciding = tcase_create("deciding");
    tcase_add_checked_fixture(deciding, setup, teardown);
    tcase_add_loop_test(deciding, a_case_is_decided_as_an_engine_would, 0, COUNT_OF(rows));
    tcase_add_test(deciding, failures_come_in_the_order_in_which_they_are_written);
    tcase_add_test(deciding, what_the_registers_lack_is_no_matter_of_a_case);
    tcase_add_test(deciding, places_that_were_replaced_are_those_that_took_their_place);
    tcase_add_test(deciding, a_folder_is_checked_at_once);
    tcase_add_test(deciding, a_file_of_rules_has_no_cases);
    suite_add_tcase(suite, deciding);
    return support_run(suite);
}
