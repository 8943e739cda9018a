#include "tests/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

START_TEST(a_register_given_as_rules_is_not_echoed)
{
    static const char *const rows[] = {"010190-00015;;1890-01-01", "01019000015,eID", "PA1234567",
                                       "32000000003", "1234567"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fault fault = {""};
        ck_assert_ptr_null(rules_of_text(rows[i], strlen(rows[i]), &fault));
        ck_assert_ptr_null(strstr(fault.text, "0101"));
        ck_assert_ptr_null(strstr(fault.text, "000000"));
        ck_assert_ptr_null(strstr(fault.text, "1234"));
        ck_assert_ptr_nonnull(strstr(fault.text, " digits"));
    }
}
END_TEST

/* Limits: as many as fit. That one more is refused is in rules_faults.txt. */

struct text {
    char *bytes;
    size_t size;
    FILE *stream;
};

static void text_begin(struct text *text)
{
    text->stream = open_memstream(&text->bytes, &text->size);
    ck_assert_ptr_nonnull(text->stream);
}

static struct rules *text_parse_good(struct text *text)
{
    fclose(text->stream);
    struct fault fault = {""};
    struct rules *rules = rules_of_text(text->bytes, text->size, &fault);
    free(text->bytes);
    if (rules == NULL)
        ck_abort_msg("%s", fault.text);
    return rules;
}

START_TEST(as_many_groups_steps_and_ages_as_the_limits_allow_are_accepted)
{
    struct text text;
    text_begin(&text);
    for (unsigned i = 1; i < GROUP_COUNT_MAX; i++)
        fprintf(text.stream, "group g%u = age >= %u\n", i, i % AGE_THRESHOLD_MAX + 1);
    struct rules *rules = text_parse_good(&text);
    ck_assert_uint_eq(rules->group_count, GROUP_COUNT_MAX);
    ck_assert_uint_eq(rules->age_count, AGE_THRESHOLD_MAX);
    rules_free(rules);

    text_begin(&text);
    for (unsigned i = 0; i < STEP_COUNT_MAX / 16; i++) /* 16 steps each */
        fprintf(text.stream,
                "group g%u = not (age >= 1 or age >= 1 or age >= 1 or age >= 1 or "
                "age >= 1 or age >= 1 or age >= 1 or age >= 1)\n",
                i);
    rules = text_parse_good(&text);
    ck_assert_uint_eq(rules->step_count, STEP_COUNT_MAX);
    rules_free(rules);
}
END_TEST

START_TEST(as_many_operands_and_parentheses_as_the_limit_allows_are_accepted)
{
    struct text text;
    text_begin(&text);
    fputs("group g = ", text.stream);
    for (unsigned i = 1; i < STEP_DEPTH_MAX; i++)
        fputs("age < 9 or (", text.stream);
    fputs("age < 9", text.stream);
    for (unsigned i = 1; i < STEP_DEPTH_MAX; i++)
        fputs(")", text.stream);
    rules_free(text_parse_good(&text));
}
END_TEST

START_TEST(as_many_products_places_and_reliefs_as_the_limits_allow_are_accepted)
{
    struct text text;
    text_begin(&text);
    for (unsigned i = 1; i < PRODUCT_COUNT_MAX; i++)
        fprintf(text.stream, "product p%u = %u\n", i, PRODUCT_COUNT_MAX + 5 - i);
    for (unsigned i = 0; i < 4096; i++)
        fprintf(text.stream, "place p%u = %u\n", i, i);
    for (unsigned i = 1; i < RELIEF_COUNT_MAX; i++)
        fprintf(text.stream, "relief r%u giver 90011524360 from 2026-01-01\nstate closed\n", i);
    struct rules *rules = text_parse_good(&text);
    ck_assert_uint_eq(rules->product_count, PRODUCT_COUNT_MAX);
    ck_assert_uint_eq(rules->relief_count, RELIEF_COUNT_MAX);
    rules_free(rules);
}
END_TEST

START_TEST(as_many_clauses_as_the_limit_allows_are_accepted)
{
    struct text text;
    text_begin(&text);
    fputs("product p = 2\nrelief r giver 90011524360 from 2026-01-01\n", text.stream);
    for (unsigned i = 1; i < RULE_CLAUSE_COUNT_MAX; i++)
        fprintf(text.stream, "clause everybody product p at %u free\n", i);
    struct rules *rules = text_parse_good(&text);
    ck_assert_uint_eq(rules->clause_count, RULE_CLAUSE_COUNT_MAX);
    ck_assert_uint_eq(rules->clauses[255].terms.number, 255);
    ck_assert_uint_eq(rules->clauses[256].terms.number, 0);
    rules_free(rules);
}
END_TEST

START_TEST(a_text_of_four_mebibytes_is_accepted)
{
    size_t size = 4 * 1024 * 1024;
    char *text = malloc(size);
    ck_assert_ptr_nonnull(text);
    memset(text, ' ', size);
    struct fault fault = {""};
    struct rules *rules = rules_of_text(text, size, &fault);
    ck_assert_ptr_nonnull(rules);
    rules_free(rules);
    free(text);
}
END_TEST

START_TEST(parentheses_beside_each_other_are_not_nested)
{
    char text[1024] = "group g = (age < 18)";
    for (unsigned i = 0; i < 2 * STEP_DEPTH_MAX; i++)
        strcat(text, " or (age < 9)");
    struct rules *rules = rules_of_good_text(text);
    ck_assert_uint_eq(rules->groups[1].step_count, 2 + 3 * 2 * STEP_DEPTH_MAX);
    rules_free(rules);
}
END_TEST

/* What good texts say. */

START_TEST(the_reserved_ones_come_first_even_in_an_empty_file)
{
    struct rules *rules = rules_of_good_text("");
    ck_assert_uint_eq(rules->group_count, 1);
    ck_assert_str_eq(rules->groups[GROUP_TEST].name, "test");
    ck_assert_uint_eq(rules->groups[GROUP_TEST].step_count, 0);
    ck_assert_uint_eq(rules->product_count, 1);
    ck_assert_uint_eq(rules->products[0].number, PRODUCT_TEST);
    ck_assert_str_eq(rules->products[0].name, "test.product");
    ck_assert_uint_eq(rules->relief_count, 1);
    const struct rule_relief *relief = &rules->reliefs[RELIEF_TEST];
    ck_assert_uint_eq(relief->code, RELIEF_TEST_CODE);
    ck_assert_str_eq(relief->name, "TEST");
    ck_assert(relief->is_everywhere);
    ck_assert_uint_eq(relief->version_count, 1);
    ck_assert_uint_eq(rules->version_count, 1);
    ck_assert_int_eq(rules->versions[0].state, VERSION_ACTIVE);
    ck_assert_uint_eq(rules->versions[0].until_day, DAY_NEVER);
    ck_assert_uint_eq(rules->clause_count, 1);
    const struct rule_clause *clause = &rules->clauses[0];
    ck_assert_uint_eq(clause->product_count, 1);
    ck_assert_uint_eq(rules->clause_products[clause->first_product], PRODUCT_TEST);
    ck_assert_uint_eq(clause->group, GROUP_TEST);
    ck_assert_uint_eq(clause->known_group, GROUP_TEST);
    ck_assert_uint_eq(clause->calendar, CALENDAR_ALL_DAYS);
    ck_assert_uint_eq(clause->terms.computation, COMPUTE_PERCENT);
    ck_assert_uint_eq(clause->terms.value, PERCENT_ALL_BP);
    rules_free(rules);
}
END_TEST

/* Steps as letters: S status, L school, R residence, A age, G group, ! not, & and, | or. */
static void letters_of(char *letters, const struct rules *rules, const struct group_rule *group)
{
    static const char all[] = {
        [STEP_STATUS] = 'S',       [STEP_SCHOOL_IN] = 'L', [STEP_RESIDENT_IN] = 'R',
        [STEP_AGE_AT_LEAST] = 'A', [STEP_GROUP] = 'G',     [STEP_NOT] = '!',
        [STEP_AND] = '&',          [STEP_OR] = '|'};
    for (size_t i = 0; i < group->step_count; i++)
        *letters++ = all[rules->steps[group->first_step + i].kind];
    *letters = '\0';
}

static const struct {
    const char *condition, *letters;
} shapes[] = {
    {"age >= 1", "A"},
    {"age < 1", "A!"},
    {"not age < 1", "A!!"},
    {"not not e", "G"},
    {"not not not e", "G!"},
    {"e or list riga_staff and age > 3", "GSA&|"},
    {"e and list riga_staff or age > 3", "GS&A|"},
    {"e and (list riga_staff or age > 3)", "GSA|&"},
    {"e and list riga_staff and age > 3", "GS&A&"},
    {"not e and age > 3", "G!A&"},
    {"not (e and age > 3)", "GA&!"},
    {"((e))", "G"},
    {"status IZM.learner.general and (school_in 1 or resident_in 2)", "SLR|&"},
    {"not resident_in three and e", "RR|R|!G&"},
    {"status IZM.learner ending before 2026-01-01 and e", "SG&"},
};

START_TEST(not_binds_closer_than_and_and_and_closer_than_or)
{
    char text[256], letters[64];
    snprintf(text, sizeof(text),
             "places three = 1, 2, 3\ngroup e = age > 5\r\n  group x = %s # so\r\n",
             shapes[_i].condition);
    struct rules *rules = rules_of_good_text(text);
    letters_of(letters, rules, &rules->groups[2]);
    ck_assert_str_eq(letters, shapes[_i].letters);
    rules_free(rules);
}
END_TEST

START_TEST(every_condition_keeps_what_it_asks_about)
{
    struct rules *rules =
        rules_of_good_text("place RIGA = 0001\n"
                           "group a = age > 23\n"
                           "group b = status PMLP.special.ww2 or status PMLP.special\n"
                           "group c = list riga_staff and a and not b\n"
                           "group d = school_in RIGA or resident_in 0003200\n"
                           "group e = age <= 17 or age < 18 or age >= 24\n");
    const struct step *steps = rules->steps;
    ck_assert_uint_eq(steps[0].years, 24);
    ck_assert_uint_eq(steps[1].status_kind, SPECIAL);
    ck_assert_uint_eq(steps[1].subtype, 3);
    ck_assert_uint_eq(steps[2].status_kind, SPECIAL);
    ck_assert_uint_eq(steps[2].subtype, SUBTYPE_ANY);
    ck_assert_uint_eq(steps[4].status_kind, STAFF);
    ck_assert_uint_eq(steps[4].subtype, SUBTYPE_ANY);
    ck_assert_uint_eq(steps[5].group, 1);
    ck_assert_uint_eq(steps[7].group, 2);
    ck_assert_uint_eq(steps[10].place.value, 1);
    ck_assert_uint_eq(steps[10].place.digit_count, 4);
    ck_assert_uint_eq(steps[11].place.value, 3200);
    ck_assert_uint_eq(steps[11].place.digit_count, 7);
    ck_assert_uint_eq(steps[13].years, 18);
    ck_assert_uint_eq(rules->age_count, 2);
    ck_assert_uint_eq(rules->ages[0], 18);
    ck_assert_uint_eq(rules->ages[1], 24);
    rules_free(rules);
}
END_TEST

START_TEST(the_longest_kind_that_fits_a_word_is_the_kind)
{
    static struct vocabulary vocabulary;
    latvia_vocabulary(&vocabulary);
    struct status_kind *longer = &vocabulary.kinds[vocabulary.kind_count++];
    *longer = (struct status_kind){.name = "IZM.learner.general", .subtype_count = 1};
    strcpy(longer->subtypes[1], "evening");
    static const char text[] = "group a = status IZM.learner.general\n"
                               "group b = status IZM.learner.general.evening\n"
                               "group c = status IZM.learner.higher\n";
    struct rules *rules;
    struct fault fault;
    ck_assert(rules_parse(&rules, text, strlen(text), "t", &vocabulary, &fault));
    ck_assert_uint_eq(rules->steps[0].status_kind, LATVIA_KIND_COUNT);
    ck_assert_uint_eq(rules->steps[0].subtype, SUBTYPE_ANY);
    ck_assert_uint_eq(rules->steps[1].status_kind, LATVIA_KIND_COUNT);
    ck_assert_uint_eq(rules->steps[1].subtype, 1);
    ck_assert_uint_eq(rules->steps[2].status_kind, LEARNER);
    ck_assert_uint_eq(rules->steps[2].subtype, 4);
    rules_free(rules);
}
END_TEST

START_TEST(relief_codes_depend_on_the_name_alone)
{
    struct rules *rules = rules_of_good_text("group g = age < 18\nproduct p = 2\n"
                                             "relief MUSEUM giver 90011524360 from 2026-01-01\n"
                                             "clause g product p discount 1%\n");
    /* Ledgers and merchants' reports keep codes for years: this one may never change. */
    ck_assert_uint_eq(rules->reliefs[1].code, 1045789086);
    rules_free(rules);
}
END_TEST

START_TEST(groups_are_in_force_on_the_days_written)
{
    struct rules *rules = rules_of_good_text("group a = age > 1 from 2026-01-01 until 2027-01-01\n"
                                             "group b = age > 1 until 2027-01-01\n"
                                             "group c = age > 1\n");
    ck_assert_uint_eq(rules->groups[1].from_day, day_of("2026-01-01"));
    ck_assert_uint_eq(rules->groups[1].until_day, day_of("2027-01-01"));
    ck_assert_uint_eq(rules->groups[2].from_day, 0);
    ck_assert_uint_eq(rules->groups[2].until_day, day_of("2027-01-01"));
    ck_assert_uint_eq(rules->groups[3].until_day, DAY_NEVER);
    ck_assert_uint_eq(rules->groups[3].at.line, 3);
    ck_assert_uint_eq(rules->groups[3].known_days, 0);
    rules_free(rules);
}
END_TEST

/* begun and ending of a status, and that what follows them belongs to the group. */
static const struct {
    const char *condition;
    uint32_t begun_from, begun_until, ending_from, ending_until, group_from, group_until;
} spans[] = {
    {"", 0, DAY_NEVER, 0, DAY_NEVER, 0, DAY_NEVER},
    {"begun from 1970-01-11", 10, DAY_NEVER, 0, DAY_NEVER, 0, DAY_NEVER},
    {"begun before 1970-01-11", 0, 10, 0, DAY_NEVER, 0, DAY_NEVER},
    {"begun from 1970-01-11 before 1970-01-21", 10, 20, 0, DAY_NEVER, 0, DAY_NEVER},
    {"ending from 1970-01-11", 0, DAY_NEVER, 10, DAY_NEVER, 0, DAY_NEVER},
    {"ending before 1970-01-11", 0, DAY_NEVER, 0, 10, 0, DAY_NEVER},
    {"begun before 1970-01-11 ending from 1970-01-21 before 1970-01-31", 0, 10, 20, 30, 0,
     DAY_NEVER},
    {"begun from 1970-01-11 from 1970-01-21", 10, DAY_NEVER, 0, DAY_NEVER, 20, DAY_NEVER},
    {"ending before 1970-01-11 from 1970-01-21 until 1970-01-31", 0, DAY_NEVER, 0, 10, 20, 30},
};

START_TEST(a_status_may_have_to_begin_and_end_on_certain_days)
{
    char text[256];
    snprintf(text, sizeof(text), "group a = status SIF.family.child %s", spans[_i].condition);
    struct rules *rules = rules_of_good_text(text);
    const struct step *step = &rules->steps[0];
    ck_assert_uint_eq(step->begun_from, spans[_i].begun_from);
    ck_assert_uint_eq(step->begun_until, spans[_i].begun_until);
    ck_assert_uint_eq(step->ending_from, spans[_i].ending_from);
    ck_assert_uint_eq(step->ending_until, spans[_i].ending_until);
    ck_assert_uint_eq(rules->groups[1].from_day, spans[_i].group_from);
    ck_assert_uint_eq(rules->groups[1].until_day, spans[_i].group_until);
    rules_free(rules);
}
END_TEST

START_TEST(a_list_has_no_days_of_its_own)
{
    struct rules *rules = rules_of_good_text("group a = list riga_staff from 2026-01-01");
    ck_assert_uint_eq(rules->steps[0].begun_until, DAY_NEVER);
    ck_assert_uint_eq(rules->steps[0].ending_until, DAY_NEVER);
    rules_free(rules);
}
END_TEST

START_TEST(a_set_of_places_is_any_of_them_and_sets_may_overlap)
{
    struct rules *rules = rules_of_good_text("place RIGA = 0001\n"
                                             "places coast = 0005, 0027\n"
                                             "places all = coast, RIGA, 0044000\n"
                                             "places more = 0027, all\n"
                                             "group a = school_in more\n");
    static const uint32_t values[] = {27, 5, 1, 44000};
    ck_assert_uint_eq(rules->groups[1].step_count, 7);
    for (uint32_t i = 0, place = 0; i < 7; i++) {
        if (i == 2 || i == 4 || i == 6) {
            ck_assert_int_eq(rules->steps[i].kind, STEP_OR);
            continue;
        }
        ck_assert_int_eq(rules->steps[i].kind, STEP_SCHOOL_IN);
        ck_assert_uint_eq(rules->steps[i].place.value, values[place++]);
    }
    rules_free(rules);
}
END_TEST

/* Several files. */

static const char *const two_names[] = {"a.rules", "b.rules"};

static void write_two(const char *first, const char *second)
{
    ck_assert_int_eq(chdir(support_directory()), 0);
    support_write_file(two_names[0], first, strlen(first), 0600);
    support_write_file(two_names[1], second, strlen(second), 0600);
}

START_TEST(several_files_are_read_as_if_they_were_one)
{
    static struct vocabulary vocabulary;
    static const struct product known[] = {{7000, "shop.soup"}, {3, "shop.bread"}};
    latvia_vocabulary(&vocabulary);
    write_two("place RIGA = 0001\ngroup a = age < 18",
              "\xef\xbb\xbfgroup b = a and resident_in RIGA\n"
              "relief R giver 90011524360 from 2026-01-01\n"
              "  clause b product shop.soup free\n");
    struct rules *rules;
    struct fault fault = {""};
    ck_assert_msg(rules_read(&rules, two_names, 2, &vocabulary, known, 2, &fault), "%s",
                  fault.text);
    ck_assert_uint_eq(rules->file_count, 2);
    ck_assert_str_eq(rules->files[1], "b.rules");
    ck_assert_uint_eq(rules->groups[1].at.file, 0);
    ck_assert_uint_eq(rules->groups[2].at.file, 1);
    ck_assert_uint_eq(rules->groups[2].at.line, 1);
    ck_assert_uint_eq(rules->product_count, 3);
    ck_assert_uint_eq(rules->products[1].number, 3);
    ck_assert_str_eq(rules->products[2].name, "shop.soup");
    ck_assert_uint_eq(rules->clause_products[rules->clauses[1].first_product], 7000);

    char text[RULES_LINE_SIZE];
    rules_line_text(text, rules, rules->clauses[1].at);
    ck_assert_str_eq(text, "b.rules:3");
    rules_line_text(text, rules, rules->clauses[0].at);
    ck_assert_str_eq(text, "reserved");
    rules_free(rules);
}
END_TEST

START_TEST(versions_of_a_relief_may_stand_in_several_files_in_any_order)
{
    static struct vocabulary vocabulary;
    latvia_vocabulary(&vocabulary);
    write_two("product p = 2\n"
              "relief R giver 90011524360 from 2027-01-01\nclause everybody product p free\n",
              "relief R giver 90011524360 from 2026-01-01\nclause everybody product p free\n");
    struct rules *rules;
    struct fault fault = {""};
    ck_assert_msg(rules_read(&rules, two_names, 2, &vocabulary, NULL, 0, &fault), "%s", fault.text);
    ck_assert_uint_eq(rules->version_count, 3);
    ck_assert_uint_eq(rules->versions[1].at.file, 1);
    ck_assert_uint_eq(rules->versions[1].until_day, day_of("2027-01-01"));
    ck_assert_uint_eq(rules->versions[2].at.file, 0);
    ck_assert_uint_eq(rules->clauses[1].at.file, 1);
    rules_free(rules);
}
END_TEST

START_TEST(reliefs_are_found_by_name_and_products_by_number)
{
    struct rules *rules =
        rules_of_good_text("product b.ticket = 30\nproduct a.ticket = 20\nproduct c.ticket = 10\n"
                           "relief ZOO giver 90011524360 from 2026-01-01\nstate draft\n"
                           "relief ART giver 90011524360 from 2026-01-01\nstate draft\n"
                           "relief MUSEUM giver 90011524360 from 2026-01-01\nstate draft\n");
    for (uint32_t i = 0; i < rules->relief_count; i++)
        ck_assert_uint_eq(rules_relief(rules, rules->reliefs[i].name), i);
    for (uint32_t i = 0; i < rules->product_count; i++)
        ck_assert_uint_eq(rules_product(rules, rules->products[i].number), i);
    ck_assert_uint_eq(rules->relief_count, 4);
    static const char *const unknown[] = {"", "A", "ARTS", "MUSEU", "ZOOO", "zoo"};
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        ck_assert_uint_eq(rules_relief(rules, unknown[i]), rules->relief_count);
    for (uint32_t number = 11; number < 50; number++)
        if (number % 10 != 0)
            ck_assert_uint_eq(rules_product(rules, number), rules->product_count);
    rules_free(rules);
}
END_TEST

START_TEST(no_file_at_all_is_an_empty_catalogue)
{
    static struct vocabulary vocabulary;
    struct rules *rules;
    struct fault fault = {""};
    ck_assert(rules_read(&rules, NULL, 0, &vocabulary, NULL, 0, &fault));
    ck_assert_uint_eq(rules->group_count, 1);
    rules_free(rules);
    rules_free(NULL);
}
END_TEST

/* All of them together: later ones use what earlier ones define. */
START_TEST(the_examples_of_the_manual_are_rules_files)
{
    static char text[64 * 1024], example[16 * 1024];
    FILE *file = fopen(support_path("loader/elig-reliefs.5"), "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    char *part = strstr(text, "\n.Sh EXAMPLES\n"), *end = strstr(text, "\n.Sh DIAGNOSTICS\n");
    ck_assert_ptr_nonnull(part);
    ck_assert_ptr_nonnull(end);
    *end = '\0';
    size_t size = 0;
    while ((part = strstr(part, "\n.Bd -literal\n")) != NULL) {
        part += strlen("\n.Bd -literal\n");
        char *part_end = strstr(part, "\n.Ed");
        ck_assert_ptr_nonnull(part_end);
        size += (size_t)snprintf(example + size, sizeof(example) - size, "%.*s\n",
                                 (int)(part_end - part), part);
        ck_assert_uint_lt(size, sizeof(example));
    }
    struct rules *rules = rules_of_good_text(example);
    ck_assert_uint_gt(rules->clause_count, 10);
    ck_assert_uint_gt(rules->limit_count, 3);
    rules_free(rules);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rulelang");
    TCase *tcase = tcase_create("rulelang");
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, a_register_given_as_rules_is_not_echoed);
    tcase_add_test(tcase, as_many_groups_steps_and_ages_as_the_limits_allow_are_accepted);
    tcase_add_test(tcase, as_many_operands_and_parentheses_as_the_limit_allows_are_accepted);
    tcase_add_test(tcase, as_many_products_places_and_reliefs_as_the_limits_allow_are_accepted);
    tcase_add_test(tcase, as_many_clauses_as_the_limit_allows_are_accepted);
    tcase_add_test(tcase, a_text_of_four_mebibytes_is_accepted);
    tcase_add_test(tcase, parentheses_beside_each_other_are_not_nested);
    tcase_add_test(tcase, the_reserved_ones_come_first_even_in_an_empty_file);
    tcase_add_loop_test(tcase, not_binds_closer_than_and_and_and_closer_than_or, 0,
                        COUNT_OF(shapes));
    tcase_add_test(tcase, every_condition_keeps_what_it_asks_about);
    tcase_add_test(tcase, the_longest_kind_that_fits_a_word_is_the_kind);
    tcase_add_test(tcase, relief_codes_depend_on_the_name_alone);
    tcase_add_test(tcase, groups_are_in_force_on_the_days_written);
    tcase_add_loop_test(tcase, a_status_may_have_to_begin_and_end_on_certain_days, 0,
                        COUNT_OF(spans));
    tcase_add_test(tcase, a_list_has_no_days_of_its_own);
    tcase_add_test(tcase, a_set_of_places_is_any_of_them_and_sets_may_overlap);
    tcase_add_test(tcase, several_files_are_read_as_if_they_were_one);
    tcase_add_test(tcase, versions_of_a_relief_may_stand_in_several_files_in_any_order);
    tcase_add_test(tcase, reliefs_are_found_by_name_and_products_by_number);
    tcase_add_test(tcase, no_file_at_all_is_an_empty_catalogue);
    tcase_add_test(tcase, the_examples_of_the_manual_are_rules_files);
    return support_run(suite);
}
