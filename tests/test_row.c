#include "loader/row.h"

#include "tests/support.h"

#include <stdio.h>
#include <string.h>

/* Rows of every register, fields in order of its description, | between them. The descriptions are
 * the shipped ones. */

#define AS_OF "2026-11-20"

static struct registers registers;
static struct vocabulary vocabulary;

static void setup(void)
{
    struct fault fault;
    if (!registers_read(&registers, &vocabulary, support_path("loader/registers"), &fault))
        ck_abort_msg("%s", fault.text);
}

static void teardown(void)
{
    registers_free(&registers);
}

static uint32_t day(const char *text)
{
    int32_t read;
    ck_assert(day_of_text(&read, text, 10));
    return (uint32_t)read;
}

static struct row_plan plan_of(const char *name)
{
    struct fault fault;
    struct row_plan plan;
    uint8_t fields[COLUMN_COUNT_MAX];
    for (uint8_t i = 0; i < COLUMN_COUNT_MAX; i++)
        fields[i] = i;
    for (size_t i = 0; i < registers.count; i++) {
        if (strcmp(registers.list[i].name, name) != 0)
            continue;
        if (!row_plan(&plan, &registers.list[i], ENCODING_UTF8, fields, &fault))
            ck_abort_msg("%s", fault.text);
        plan.as_of_day = day(AS_OF);
        return plan;
    }
    ck_abort_msg("no register %s", name);
    return (struct row_plan){0};
}

static unsigned take(const char *name, const char *text, struct facts *facts, uint8_t *column)
{
    struct row_plan plan = plan_of(name);
    struct row_reader reader = {.plan = &plan, .facts = facts};
    struct span fields[COLUMN_COUNT_MAX] = {{"", 0}};
    for (size_t i = 0;; i++) {
        size_t size = strcspn(text, "|");
        fields[i] = (struct span){(const char *)at_the_edge(text, size), (uint32_t)size};
        if (text[size] == '\0')
            break;
        text += size + 1;
    }
    unsigned refusal = row_take(&reader, fields, 7);
    *column = refusal == 0 ? 0 : reader.column;
    return refusal;
}

static const struct row_case {
    const char *name, *fields;
    unsigned refusal, column;
} cases[] = {
    /* codes, as every register writes them */
    {"riga_staff", "010190-00015|2020-01-01|", 0, 0},
    {"riga_staff", " 01019000015 |2020-01-01|", 0, 0},
    {"riga_staff", "1019000015|2020-01-01|", 0, 0},
    {"riga_staff", "PNOLV-321234-56789|2020-01-01|", 0, 0},
    {"riga_staff", "390000-00000|2020-01-01|", 0, 0},
    {"riga_staff", "|2020-01-01|", REFUSAL_CODE_MISSING, 1},
    {"riga_staff", "-|2020-01-01|", REFUSAL_CODE_MISSING, 1},
    {"riga_staff", "10190-00015|2020-01-01|", 0, 0}, /* ten digits: the zero is lost */
    {"riga_staff", "010190-0001|2020-01-01|", REFUSAL_CODE_NOT_PERSON, 1}, /* 00... */
    {"riga_staff", "019000015|2020-01-01|", REFUSAL_CODE_FORM, 1},
    {"riga_staff", "010190-000155|2020-01-01|", REFUSAL_CODE_FORM, 1},
    {"riga_staff", "010190000:5|2020-01-01|", REFUSAL_CODE_FORM, 1},
    {"riga_staff", "01019O-00015|2020-01-01|", REFUSAL_CODE_FORM, 1},
    {"riga_staff",
     "\xff"
     "10190-00015|2020-01-01|",
     REFUSAL_ENCODING, 1},
    {"riga_staff", "400036-58252|2020-01-01|", REFUSAL_CODE_NOT_PERSON, 1},
    {"riga_staff", "000000-00000|2020-01-01|", REFUSAL_CODE_NOT_PERSON, 1},
    /* days */
    {"riga_staff", "390000-00000|2020-01-01|2020-01-02", 0, 0},
    {"riga_staff", "390000-00000|2020-01-01|2020-01-01", REFUSAL_DATE_ORDER, 3},
    {"riga_staff", "390000-00000||2020-01-01", REFUSAL_DATE_MISSING, 2},
    {"riga_staff", "390000-00000|01.01.2020|", REFUSAL_DATE_FORM, 2},
    {"riga_staff", "390000-00000|2020-1-1|", REFUSAL_DATE_FORM, 2},
    {"riga_staff", "390000-00000|2020/01/01|", REFUSAL_DATE_FORM, 2},
    {"riga_staff", "390000-00000|2020-01-01 |\t2021-01-01", 0, 0},
    {"riga_staff", "390000-00000|2019-02-29|", REFUSAL_DATE_NONE_SUCH, 2},
    {"riga_staff", "390000-00000|0000-01-01|", REFUSAL_DATE_NONE_SUCH, 2},
    {"riga_staff", "390000-00000|2020-13-01|", REFUSAL_DATE_NONE_SUCH, 2},
    {"riga_staff", "390000-00000|2020-01-\xc4\xff|", REFUSAL_ENCODING, 2},
    /* the base register */
    {"PMLP.persons", "390000-00000||1990-01-01||0001000|x", 0, 0},
    {"PMLP.persons", "390000-00000||1890-01-01|||x", 0, 0},
    {"PMLP.persons", "390000-00000||||0001000|x", REFUSAL_DATE_MISSING, 3},
    {"PMLP.persons", "390000-00000||2026-11-20||0001000|x", 0, 0},
    {"PMLP.persons", "390000-00000||2026-11-21||0001000|x", REFUSAL_BIRTH_FUTURE, 3},
    {"PMLP.persons", "390000-00000||1990-01-01|1989-12-31|0001000|x", REFUSAL_DATE_ORDER, 4},
    {"PMLP.persons", "390000-00000||1990-01-01|1990-01-01|0001000|x", 0, 0},
    {"PMLP.persons", "390000-00000||1990-01-01||00010000|x", REFUSAL_PLACE, 5},
    {"PMLP.persons", "390000-00000||1990-01-01||LV1000|x", REFUSAL_PLACE, 5},
    {"PMLP.persons", "390000-00000||1990-01-01||0000000|x", REFUSAL_PLACE, 5},
    {"PMLP.persons", "390000-00000||1990-01-01||\xfe|x", REFUSAL_ENCODING, 5},
    {"PMLP.persons", "390000-00000|010190|1990-01-01|||x", REFUSAL_CODE_FORM, 2},
    {"PMLP.persons", "390000-00000|400036-58252|1990-01-01|||x", REFUSAL_CODE_NOT_PERSON, 2},
    {"PMLP.persons", "390000-00000|391 392|1990-01-01|||x", REFUSAL_CODE_FORM, 2},
    {"PMLP.persons",
     "390000-00000|39000000001 39000000002 39000000003 39000000004 39000000005 39000000006 "
     "39000000007 39000000008|1990-01-01|||x",
     0, 0},
    {"PMLP.persons",
     "390000-00000|39000000001 39000000002 39000000003 39000000004 39000000005 39000000006 "
     "39000000007 39000000008 39000000009|1990-01-01|||x",
     REFUSAL_CODE_FORM, 2},
    /* means */
    {"PMLP.eid", "PA1234567|390000-00000|01.02.2020|31.01.2030|derīgs|", 0, 0},
    {"PMLP.eid", "pa 1234567|390000-00000|01.02.2020|31.01.2030|derīgs|", 0, 0},
    {"PMLP.eid", "PA123456|390000-00000|01.02.2020|31.01.2030|derīgs|", REFUSAL_NUMBER_FORM, 1},
    {"PMLP.eid", "1234567PA|390000-00000|01.02.2020|31.01.2030|derīgs|", REFUSAL_NUMBER_FORM, 1},
    {"PMLP.eid", "|390000-00000|01.02.2020|31.01.2030|derīgs|", REFUSAL_NUMBER_FORM, 1},
    {"PMLP.eid", "\xe7|390000-00000|01.02.2020|31.01.2030|derīgs|", REFUSAL_ENCODING, 1},
    {"PMLP.eid", "PA1234567|390000-00000|01.02.2020|31.01.2030|labs|", REFUSAL_CLASSIFIER, 5},
    {"PMLP.eid", "PA1234567|390000-00000|01.02.2020|31.01.2030||", REFUSAL_CLASSIFIER, 5},
    {"PMLP.eid", "PA1234567|390000-00000|01.02.2020|31.01.2030|der\xeegs|", REFUSAL_ENCODING, 5},
    {"PMLP.eid", "PA1234567|390000-00000|01.02.2020|31.01.2030|bloķēts|", REFUSAL_DATE_MISSING, 6},
    {"PMLP.eid", "PA1234567|390000-00000|01.02.2020|31.01.2030|bloķēts|01.02.2020",
     REFUSAL_DATE_ORDER, 6},
    {"PMLP.eid", "PA1234567|390000-00000|01.02.2020|31.01.2030|bloķēts|02.02.2020", 0, 0},
    {"PMLP.eid", "PA1234567|390000-00000|01.02.2020|31.01.2020|derīgs|", REFUSAL_DATE_ORDER, 4},
    {"PMLP.eid", "PA1234567|390000-00000|01.02.2020||derīgs|", REFUSAL_DATE_MISSING, 4},
    {"PMLP.eid", "PA1234567|390000-00000|32.01.2020|31.01.2030|derīgs|", REFUSAL_DATE_NONE_SUCH, 3},
    {"PMLP.eid", "PA1234567|390000-00000|01.02.2020|31.01.2030|derīgs||32.01.2021",
     REFUSAL_DATE_NONE_SUCH, 7},
    {"RS.etalons", "12345678901|390000-00000|2020-01-01|2030-01-01|derīgs|", REFUSAL_NUMBER_FORM,
     1},
    {"RS.etalons", "0|390000-00000|2020-01-01|2030-01-01|derīgs|", REFUSAL_NUMBER_FORM, 1},
    {"RS.etalons", "1|390000-00000|2020-01-01|2030-01-01|derīgs|", 0, 0},
    /* statuses */
    {"PMLP.special", "390000-00000|Otrā pasaules kara dalībnieks|01.01.1992|", 0, 0},
    {"PMLP.special", "390000-00000|politiski represēta|01.01.1992|", REFUSAL_CLASSIFIER, 2},
    {"IZM.learner", "390000-00000|x|0001000|augstākā|2026-09-01|2026-09-01", 0, 0},
    {"IZM.learner", "390000-00000|x||augstākā|2026-09-01|", 0, 0},
    {"IZM.learner", "390000-00000|x|Rīga|augstākā|2026-09-01|", REFUSAL_PLACE, 3},
    {"IZM.learner", "390000-00000|x|0001000|augstākā|2026-09-01|2026-08-31", REFUSAL_DATE_ORDER, 6},
    {"VSAA.pension", "1019000015|VP|20200101|", 0, 0},
    {"VSAA.pension", "1019000015|vp|20200101|", REFUSAL_CLASSIFIER, 2},
    {"VSAA.pension", "1019000015|VP|2020011|", REFUSAL_DATE_FORM, 3},
    {"VSAA.pension", "1019000015|VP|20200230|", REFUSAL_DATE_NONE_SUCH, 3},
    {"VDEAVK.disability", "390000-00000|4|2020-01-01|", REFUSAL_CLASSIFIER, 2},
    {"SIF.family", "390000-00000|bērns|01.01.2020|", REFUSAL_DATE_MISSING, 4},
    {"VBTAI.orphan", "390000-00000|bārenis|01.01.2020|02.01.2020", 0, 0},
    {"SOPA.household", "390000-00000|trūcīga|Rīga|01.01.2020|31.12.2019", REFUSAL_DATE_ORDER, 5},
};

START_TEST(a_row_is_a_fact_or_says_why_not)
{
    struct facts facts = {0};
    uint8_t column;
    unsigned refusal = take(cases[_i].name, cases[_i].fields, &facts, &column);
    size_t fact_count = facts.person_count + facts.status_count + facts.means_count;
    ck_assert_msg(refusal == cases[_i].refusal, "case %d: %u", _i, refusal);
    ck_assert_uint_eq(column, cases[_i].column);
    ck_assert_msg((fact_count > 0) == (refusal == 0), "case %d", _i);
    facts_free(&facts);
}
END_TEST

/* ---- what is in the facts ---- */

START_TEST(earlier_codes_are_facts_of_their_own)
{
    struct facts facts = {0};
    uint8_t column;
    ck_assert_uint_eq(take("PMLP.persons",
                           "390000-00000|010190-00015  1019000023 390000-00000|1990-01-01|||x",
                           &facts, &column),
                      0);
    ck_assert_uint_eq(facts.person_count, 2); /* the code itself is no earlier one */
    ck_assert(facts.persons[0].previous == 1019000015 && facts.persons[1].previous == 1019000023);
    ck_assert(facts.persons[0].code == 39000000000 && facts.persons[1].code == 39000000000);
    ck_assert_uint_eq(facts.persons[1].line, 7);
    facts_free(&facts);
}
END_TEST

START_TEST(what_began_before_1970_has_begun)
{
    struct facts facts = {0};
    uint8_t column;
    ck_assert_uint_eq(take("riga_staff", "390000-00000|1950-01-01|", &facts, &column), 0);
    ck_assert_uint_eq(take("riga_staff", "390000-00000|1950-01-01|1960-01-01", &facts, &column), 0);
    ck_assert_uint_eq(take("riga_staff", "390000-00000|1950-01-01|1971-01-01", &facts, &column), 0);
    ck_assert_uint_eq(
        take("PMLP.persons", "390000-00000||1890-01-01|1960-01-01||", &facts, &column), 0);
    ck_assert(facts.statuses[0].from_day == 0 && facts.statuses[0].until_day == DAY_NEVER);
    ck_assert(facts.statuses[1].from_day == 0 && facts.statuses[1].until_day == 1);
    ck_assert(facts.statuses[2].from_day == 0 && facts.statuses[2].until_day == 365);
    ck_assert_int_eq(facts.persons[0].birth_day, (int32_t)day("1890-01-01"));
    ck_assert_uint_eq(facts.persons[0].death_day, 0);
    facts_free(&facts);
}
END_TEST

START_TEST(wrong_check_digits_are_counted_and_taken)
{
    struct facts facts = {0};
    struct row_plan plan = plan_of("riga_staff");
    struct row_reader reader = {.plan = &plan, .facts = &facts};
    struct span right[] = {{"161175-09994", 12}, {"2020-01-01", 10}, {"", 0}};
    unsigned wrong_count = 0;
    char text[13];
    for (unsigned last = 0; last < 10; last++) {
        snprintf(text, sizeof(text), "161175-0999%u", last);
        right[0].text = text;
        ck_assert_uint_eq(row_take(&reader, right, 1), 0);
        wrong_count++;
    }
    ck_assert_uint_eq(reader.warning_count, wrong_count - 1); /* one of ten is right */
    ck_assert_uint_eq(facts.status_count, 10);
    facts_free(&facts);
}
END_TEST

/* From when on a card can be used follows from the day of issue, and of activation. */
static const struct {
    const char *fields;               /* issued, last day, state, its day, activated */
    const char *from_day, *until_day; /* NULL: of no use */
} cards[] = {
    {"01.09.2019|31.08.2029|derīgs||", NULL, NULL},
    {"01.09.2019|31.08.2029|derīgs||01.10.2019", NULL, NULL},
    {"02.09.2019|01.09.2029|derīgs||", NULL, NULL},
    {"02.09.2019|01.09.2029|derīgs||02.09.2019", "2019-09-02", "2029-09-02"},
    {"02.09.2019|01.09.2029|derīgs||15.03.2023", "2023-03-15", "2029-09-02"},
    {"02.09.2019|01.09.2029|derīgs||01.01.2018", "2019-09-02", "2029-09-02"},
    {"27.12.2021|26.12.2031|derīgs||", NULL, NULL},
    {"28.12.2021|27.12.2031|derīgs||", "2021-12-28", "2031-12-28"},
    {"28.12.2021|27.12.2031|derīgs||01.05.2022", "2021-12-28", "2031-12-28"},
    {"02.09.2020|01.09.2030|bloķēts|01.05.2022|02.05.2021", "2021-05-02", "2022-05-01"},
    {"02.09.2020|01.09.2030|bloķēts|01.05.2022|01.05.2022", NULL, NULL},
    {"02.09.2020|01.09.2030|bloķēts|01.05.2022|02.05.2023", NULL, NULL},
};

START_TEST(a_card_is_good_from_when_it_can_be_used)
{
    struct row_plan plan = plan_of("PMLP.eid");
    struct facts facts = {0};
    struct row_reader reader = {.plan = &plan, .facts = &facts};
    struct span fields[COLUMN_COUNT_MAX] = {{"PA1234567", 9}, {"390000-00000", 12}};
    const char *text = cards[_i].fields;
    for (size_t i = 2; i < 7; i++, text += strcspn(text, "|") + 1)
        fields[i] = (struct span){text, (uint32_t)strcspn(text, "|")};
    ck_assert_uint_eq(row_take(&reader, fields, 1), 0);
    ck_assert_uint_eq(facts.means_count, 1);
    const struct means_fact *fact = &facts.means[0];
    ck_assert_uint_eq(reader.idle_count, cards[_i].from_day == NULL);
    if (cards[_i].from_day == NULL) {
        ck_assert_uint_ge(fact->from_day, fact->until_day);
    } else {
        ck_assert_uint_eq(fact->from_day, day(cards[_i].from_day));
        ck_assert_uint_eq(fact->until_day, day(cards[_i].until_day));
    }
    char issued[11];
    snprintf(issued, sizeof(issued), "%.4s-%.2s-%.2s", cards[_i].fields + 6, cards[_i].fields + 3,
             cards[_i].fields);
    ck_assert_uint_eq(fact->issued_day, day(issued));
    facts_free(&facts);
}
END_TEST

START_TEST(a_register_that_says_nothing_of_use_has_means_of_any_age)
{
    struct facts facts = {0};
    uint8_t column;
    ck_assert_uint_eq(
        take("RS.etalons", "1234567|390000-00000|1960-01-01|2029-01-01|derīgs|", &facts, &column),
        0);
    ck_assert_uint_eq(facts.means[0].from_day, 0);
    ck_assert_uint_eq(facts.means[0].until_day, day("2029-01-02"));
    facts_free(&facts);
}
END_TEST

/* ---- the quick ways are the slow ways ---- */

START_TEST(a_quick_code_is_the_normalised_code)
{
    static const char alphabet[] = "0123456789012345678901234567890123-:/ O\xc2";
    uint64_t state = 2;
    unsigned taken_count = 0;
    for (unsigned round = 0; round < 200000; round++) {
        char text[16];
        uint32_t size = 8 + (uint32_t)(support_random(&state) % 7);
        uint64_t variety = (support_random(&state) % 4) == 0 ? sizeof(alphabet) - 1 : 34;
        for (uint32_t i = 0; i < size; i++)
            text[i] = alphabet[support_random(&state) % variety];
        if (support_random(&state) % 2 == 0)
            text[6] = '-';
        uint64_t code = 0;
        struct identifier identifier;
        unsigned refusal = row_code_of_text(&code, (struct span){text, size});
        bool is_normal =
            means_normalise(&identifier, MEANS_PERSONAL_CODE, text, size) == MEANS_FINE;
        ck_assert((refusal == 0) == is_normal);
        if (is_normal) {
            ck_assert(code == means_pack_code(identifier.text));
            taken_count++;
        }
    }
    ck_assert_uint_gt(taken_count, 10000);
}
END_TEST

START_TEST(a_quick_number_is_the_normalised_number)
{
    static const char *const names[] = {"PMLP.eid", "RS.etalons"};
    static const enum means means[] = {MEANS_EID, MEANS_ETALONS};
    static const char alphabet[] = "012345678901234567890PAz -";
    uint64_t state = 3;
    unsigned taken_count = 0;
    struct row_plan plan = plan_of(names[_i]);
    for (unsigned round = 0; round < 100000; round++) {
        struct facts facts = {0};
        struct row_reader reader = {.plan = &plan, .facts = &facts};
        char text[30];
        uint32_t size =
            (uint32_t)(_i == 0 ? 8 + support_random(&state) % 3 : support_random(&state) % 12);
        for (uint32_t i = 0; i < size; i++)
            text[i] = alphabet[support_random(&state) % (_i == 0 && i > 1 ? 19 : 25)];
        if (_i == 0 && support_random(&state) % 2 == 0)
            memcpy(text, "PA", 2);
        const char *from = _i == 0 ? "01.01.2020" : "2020-01-01";
        struct span fields[] = {{text, size}, {"39000000000", 11}, {from, 10},
                                {from, 10},   {"derīgs", 7},       {"", 0},
                                {"", 0}};
        struct identifier identifier;
        bool is_normal = means_normalise(&identifier, means[_i], text, size) == MEANS_FINE;
        ck_assert((row_take(&reader, fields, 1) == 0) == is_normal);
        if (is_normal) {
            ck_assert(memcmp(&facts.means[0].identifier, &identifier, sizeof(identifier)) == 0);
            taken_count++;
        }
        facts_free(&facts);
    }
    ck_assert_uint_gt(taken_count, 1000);
}
END_TEST

START_TEST(every_day_of_four_centuries_is_read_in_every_form)
{
    for (int32_t number = (int32_t)day("1800-01-01"); number < (int32_t)day("2200-01-01");
         number++) {
        char iso[DAY_TEXT_SIZE], dotted[DAY_TEXT_SIZE], compact[DAY_TEXT_SIZE];
        struct date date = date_of_day(number);
        day_to_text(iso, number);
        snprintf(dotted, sizeof(dotted), "%02u.%02u.%04u", date.day % 100, date.month % 100,
                 (unsigned)date.year % 10000);
        snprintf(compact, sizeof(compact), "%04u%02u%02u", (unsigned)date.year % 10000,
                 date.month % 100, date.day % 100);
        int32_t read[3] = {0};
        ck_assert(row_day_of_text(&read[0], DATE_ISO, (struct span){iso, 10}) == 0);
        ck_assert(row_day_of_text(&read[1], DATE_DOTTED, (struct span){dotted, 10}) == 0);
        ck_assert(row_day_of_text(&read[2], DATE_COMPACT, (struct span){compact, 8}) == 0);
        ck_assert(read[0] == number && read[1] == number && read[2] == number);
    }
}
END_TEST

START_TEST(a_date_with_any_byte_changed_is_another_or_none)
{
    static const char *const texts[] = {"2020-10-10", "10.10.2020", "20201010"};
    const char *text = texts[_i];
    uint32_t size = (uint32_t)strlen(text);
    for (uint32_t at = 0; at < size; at++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            char changed[16];
            int32_t read;
            memcpy(changed, text, size);
            changed[at] = (char)byte;
            bool is_digit = byte >= '0' && byte <= '9';
            bool was_digit = text[at] >= '0' && text[at] <= '9';
            unsigned refusal =
                row_day_of_text(&read, (enum date_form)_i, (struct span){changed, size});
            if (is_digit != was_digit || (!was_digit && changed[at] != text[at]))
                ck_assert_uint_eq(refusal, REFUSAL_DATE_FORM);
            else
                ck_assert_uint_ne(refusal, REFUSAL_DATE_FORM);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("row");
    TCase *tcase = tcase_create("rows");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, a_card_is_good_from_when_it_can_be_used, 0,
                        sizeof(cards) / sizeof(cards[0]));
    tcase_add_test(tcase, a_register_that_says_nothing_of_use_has_means_of_any_age);
    tcase_add_loop_test(tcase, a_row_is_a_fact_or_says_why_not, 0,
                        sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(tcase, earlier_codes_are_facts_of_their_own);
    tcase_add_test(tcase, what_began_before_1970_has_begun);
    tcase_add_test(tcase, wrong_check_digits_are_counted_and_taken);
    tcase_add_test(tcase, a_quick_code_is_the_normalised_code);
    tcase_add_loop_test(tcase, a_quick_number_is_the_normalised_number, 0, 2);
    tcase_add_test(tcase, every_day_of_four_centuries_is_read_in_every_form);
    tcase_add_loop_test(tcase, a_date_with_any_byte_changed_is_another_or_none, 0, 3);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
