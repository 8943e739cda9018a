#include "loader/register.h"

#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A description that is whole; cases put something else in the place of one line. */
static const char *const whole[] = {
    "register IZM.learner",
    "format csv separator , encoding utf-8",
    "fact status",
    "fresh-days 7",
    "refused-per-mille-max 20",
    "change-percent-max 30",
    "column \"Kods\" code",
    "column \"Iestāde\" ignored",
    "column \"ATVK\" school",
    "column \"Programma\" subtype",
    "  map \"pirmsskola\" preschool # small ones",
    "  map \"vispārējā\" general",
    "  map \"vispārējā izglītība\" general",
    "column \"No\" from iso",
    "column \"Līdz\" last iso optional",
};
#define LINE_COUNT (sizeof(whole) / sizeof(whole[0]))

static struct vocabulary vocabulary;
static struct register_description description;
static struct fault fault;

static void setup(void)
{
    memset(&vocabulary, 0, sizeof(vocabulary));
}

static bool parse(const char *text, size_t size)
{
    return register_parse(&description, &vocabulary, (const char *)at_the_edge(text, size), size,
                          "x", &fault);
}

/* With line `line` (from 1; 0: none) replaced. */
static bool parse_changed(unsigned line, const char *instead)
{
    char text[4096];
    size_t size = 0;
    for (unsigned i = 0; i < LINE_COUNT; i++)
        size += (size_t)snprintf(text + size, sizeof(text) - size, "%s\n",
                                 i + 1 == line ? instead : whole[i]);
    return parse(text, size);
}

START_TEST(a_description_says_what_columns_are)
{
    if (!parse_changed(0, ""))
        ck_abort_msg("%s", fault.text);
    ck_assert_str_eq(description.name, "IZM.learner");
    ck_assert(description.format == FORMAT_CSV && description.separator == ',');
    ck_assert(description.encoding == ENCODING_UTF8 && description.fact == FACT_STATUS);
    ck_assert_uint_eq(description.fresh_days, 7);
    ck_assert_uint_eq(description.refused_per_mille_max, 20);
    ck_assert_uint_eq(description.change_percent_max, 30);
    ck_assert_uint_eq(description.column_count, 6);
    const struct column *programme = &description.columns[3];
    ck_assert_str_eq(programme->name, "Programma");
    ck_assert(programme->role == ROLE_SUBTYPE && programme->map_count == 3);
    ck_assert_str_eq(programme->map[2].from, "vispārējā izglītība");
    ck_assert(programme->map[1].to == 2 && programme->map[2].to == 2);
    ck_assert(description.columns[4].role == ROLE_FROM && !description.columns[4].is_optional);
    ck_assert(description.columns[5].role == ROLE_LAST && description.columns[5].is_optional);
}
END_TEST

START_TEST(statuses_become_kinds_of_the_vocabulary)
{
    ck_assert(parse_changed(0, ""));
    ck_assert_uint_eq(vocabulary.kind_count, 1);
    ck_assert_uint_eq(vocabulary_kind(&vocabulary, "IZM.learner", false), 0);
    ck_assert_uint_eq(description.status_kind, 0);
    ck_assert_uint_eq(vocabulary.kinds[0].subtype_count, 2);
    ck_assert_uint_eq(vocabulary_subtype(&vocabulary.kinds[0], "general"), 2);
    ck_assert(vocabulary.kinds[0].has_school && !vocabulary.kinds[0].is_list);
}
END_TEST

static const struct {
    unsigned line;
    const char *instead, *fault;
} wrong_lines[] = {
    {1, "registr X", "x:1:1: a keyword (\"register\"?) wanted, \"registr\" found"},
    {1, "320000-20101;;1970-06-01;;0005000;pilsonis",
     "x:1:1: a keyword wanted, a word with 26 digits found"},
    {1, "register",
     "x:1:9: a name of letters, digits, dots and underscores, at most 31, wanted, "
     "the end of the line found"},
    {1, "register a-b",
     "x:1:10: a name of letters, digits, dots and underscores, at most 31, "
     "wanted, \"a-b\" found"},
    {1, "register A B", "x:1:12: the end of the line wanted, \"B\" found"},
    {1, "", "x:15:1: register NAME wanted, the end of the file found"},
    {2, "register B", "x:2:1: one register in a file wanted, \"register\" found"},
    {2, "format cvs", "x:2:8: a format (csv or xml) (\"csv\"?) wanted, \"cvs\" found"},
    {2, "format csv", "x:2:11: separator wanted, the end of the line found"},
    {2, "format csv separator : encoding utf-8",
     "x:2:22: a separator (, ; | or tab) wanted, \":\" found"},
    {2, "format csv separator , encoding utf8",
     "x:2:33: an encoding (utf-8 or windows-1257) (\"utf-8\"?) wanted, \"utf8\" found"},
    {2, "format xml row",
     "x:2:15: the name of the element that is a row wanted, the end of the "
     "line found"},
    {2, "", "x:15:1: format wanted, the end of the file found"},
    {3, "", "x:15:1: fact wanted, the end of the file found"},
    {3, "fact statsu",
     "x:3:6: a fact (person, status, list or means) (\"status\"?) wanted, "
     "\"statsu\" found"},
    {3, "fact person", "x:15:1: a column \"birth\" wanted, none found"},
    {3, "fact means eid", "x:15:1: roles of that fact only wanted, \"school\" found"},
    {3, "fact means",
     "x:3:11: a kind of means (eid, e-talons or card) wanted, the end of the line found"},
    {3, "fact means personal-code",
     "x:3:12: a kind of means (eid, e-talons or card) wanted, \"personal-code\" found"},
    {3, "fact means eidd",
     "x:3:12: a kind of means (eid, e-talons or card) (\"eid\"?) wanted, \"eidd\" found"},
    {3, "fact list", "x:15:1: a list without subtypes and schools wanted, such a column found"},
    {4, "fresh-days seven", "x:4:12: a number from 0 to 3660 wanted, \"seven\" found"},
    {4, "fresh-days 3661", "x:4:12: a number from 0 to 3660 wanted, \"3661\" found"},
    {4, "fresh-days 99999999999999999999",
     "x:4:12: a number from 0 to 3660 wanted, "
     "a number of 20 digits found"},
    {5, "refused-per-mille-max -1", "x:5:23: a number from 0 to 1000 wanted, \"-1\" found"},
    {6, "change-percent-max 1 2", "x:6:22: the end of the line wanted, \"2\" found"},
    {7, "column \"Kods\" cod", "x:7:15: what the column is (\"code\"?) wanted, \"cod\" found"},
    {7, "column \"Kods code", "x:7:18: a closing quote wanted, the end of the line found"},
    {7, "column \"\" code", "x:7:8: the column's name wanted, \"\" found"},
    {7, "column \"Kods\" code optional", "x:7:20: the end of the line wanted, \"optional\" found"},
    {7, "column \"@kods\" code",
     "x:15:1: attributes (@name) with format xml only wanted, one "
     "with csv found"},
    {7, "", "x:15:1: a column \"code\" wanted, none found"},
    {7, "column \"\xc4\" code", "x:7:1: UTF-8 text wanted, other bytes found"},
    {8, "column \"Kods\" ignored",
     "x:8:8: a column that was not described yet wanted, \"Kods\" "
     "found"},
    {8, "column \"K2\" code", "x:8:13: a role that no other column has wanted, \"code\" found"},
    {11, "map", "x:11:4: a value that the register writes wanted, the end of the line found"},
    {11, "map \"a\"", "x:11:8: the subtype's name in rules wanted, the end of the line found"},
    {12, "map \"pirmsskola\" general",
     "x:12:5: a value that was not mapped yet wanted, "
     "\"pirmsskola\" found"},
    {9, "map \"a\" b", "x:9:1: a subtype or state column before it wanted, \"map\" found"},
    {14, "column \"No\" from",
     "x:14:17: a form of dates (iso, dotted or compact) wanted, the end "
     "of the line found"},
    {14, "column \"No\" from ISO",
     "x:14:18: a form of dates (iso, dotted or compact) "
     "(\"iso\"?) wanted, \"ISO\" found"},
    {14, "column \"No\" until iso", "x:15:1: one of the columns last and until wanted, both found"},
    {15, "column \"L\" last iso optonal",
     "x:15:21: optional wanted, \"optonal\" "
     "found"},
};

START_TEST(a_wrong_line_is_named_with_what_was_wanted)
{
    ck_assert(!parse_changed(wrong_lines[_i].line, wrong_lines[_i].instead));
    ck_assert_str_eq(fault.text, wrong_lines[_i].fault);
    ck_assert_uint_eq(vocabulary.kind_count, 0);
}
END_TEST

START_TEST(an_empty_map_is_a_fault)
{
    static const char text[] = "register a\nformat csv separator | encoding utf-8\nfact status\n"
                               "column k code\ncolumn s subtype\n";
    ck_assert(!parse(text, sizeof(text) - 1));
    ck_assert(strstr(fault.text, "\"map\" lines") != NULL);
}
END_TEST

START_TEST(a_state_wants_its_day)
{
    static const char text[] = "register a\nformat csv separator | encoding utf-8\n"
                               "fact means card\ncolumn k code\ncolumn n number\ncolumn s state\n"
                               "map x good\n";
    ck_assert(!parse(text, sizeof(text) - 1));
    ck_assert(strstr(fault.text, "state-from") != NULL);
}
END_TEST

/* What is said of when means can be used; a card otherwise. */
static const struct {
    const char *lines, *fault; /* NULL: none */
} readiness[] = {
    {"capable-since 2019-09-02\ncolumn f from iso\n", NULL},
    {"ready-since 2021-12-28\ncolumn f from iso\ncolumn a activated iso optional\n", NULL},
    {"capable-since 2019-09-02\nready-since 2021-12-28\ncolumn f from iso\n"
     "column a activated iso optional\n",
     NULL},
    {"capable-since 2.9.2019\n",
     "x:6:15: a day from 1970 on, such as 2019-09-02 wanted, \"2.9.2019\" found"},
    {"capable-since 1969-12-31\n",
     "x:6:15: a day from 1970 on, such as 2019-09-02 wanted, \"1969-12-31\" found"},
    {"ready-since\n",
     "x:6:12: a day from 1970 on, such as 2019-09-02 wanted, the end of the line found"},
    {"capable-since 2019-09-02\ncapable-since 2019-09-02\n",
     "x:7:1: one such line wanted, \"capable-since\" found"},
    {"capable-since 2019-09-02 x\n", "x:6:26: the end of the line wanted, \"x\" found"},
    {"capable-since 2019-09-02\n", "x:6:1: a column \"from\" that is not optional, with "
                                   "capable-since or ready-since wanted, none "
                                   "found"},
    {"capable-since 2019-09-02\ncolumn f from iso optional\n",
     "x:7:1: a column \"from\" that is not optional, with capable-since or ready-since wanted, "
     "none "
     "found"},
    {"ready-since 2021-12-28\ncolumn f from iso\n",
     "x:7:1: both ready-since and a column activated, or none wanted, one found"},
    {"column f from iso\ncolumn a activated iso optional\n",
     "x:7:1: ready-since with the column activated wanted, none found"},
    {"capable-since 2021-12-28\nready-since 2021-12-27\ncolumn f from iso\n"
     "column a activated iso optional\n",
     "x:9:1: ready-since not before capable-since wanted, an earlier day found"},
};

START_TEST(means_say_from_when_on_they_can_be_used)
{
    char text[512];
    int size = snprintf(text, sizeof(text),
                        "register a\nformat csv separator | encoding utf-8\nfact means card\n"
                        "column k code\ncolumn n number\n%s",
                        readiness[_i].lines);
    bool is_good = parse(text, (size_t)size);
    ck_assert_msg(is_good == (readiness[_i].fault == NULL), "%s: %s", readiness[_i].lines,
                  fault.text);
    if (!is_good)
        ck_assert_str_eq(fault.text, readiness[_i].fault);
}
END_TEST

START_TEST(only_means_can_be_ready)
{
    static const char text[] = "register a\nformat csv separator | encoding utf-8\nfact status\n"
                               "column k code\ncolumn f from iso\ncapable-since 2019-09-02\n";
    ck_assert(!parse(text, sizeof(text) - 1));
    ck_assert(strstr(fault.text, "with fact means only") != NULL);
}
END_TEST

START_TEST(line_ends_and_marks_of_other_systems_do_not_matter)
{
    static const char text[] = "\xef\xbb\xbfregister a # name\r\n\r\n# all of it\r\n"
                               "format\tcsv separator tab encoding windows-1257\r\nfact list\r\n"
                               "column \"personas kods\" code";
    if (!parse(text, sizeof(text) - 1))
        ck_abort_msg("%s", fault.text);
    ck_assert(description.separator == '\t' && description.encoding == ENCODING_WINDOWS_1257);
    ck_assert_uint_eq(vocabulary_kind(&vocabulary, "a", true), 0);
}
END_TEST

START_TEST(a_description_cut_anywhere_is_whole_or_a_fault)
{
    static const char text[] = "register a\nformat xml row r\nfact status\ncolumn @k code\n"
                               "column s subtype\nmap \"x y\" z\n";
    for (size_t size = 0; size < sizeof(text); size++) {
        setup();
        if (parse(text, size))
            ck_assert_uint_eq(vocabulary.kind_count, 1);
        else
            ck_assert_uint_eq(vocabulary.kind_count, 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("register");
    TCase *tcase = tcase_create("descriptions");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, a_description_says_what_columns_are);
    tcase_add_test(tcase, statuses_become_kinds_of_the_vocabulary);
    tcase_add_loop_test(tcase, a_wrong_line_is_named_with_what_was_wanted, 0,
                        sizeof(wrong_lines) / sizeof(wrong_lines[0]));
    tcase_add_test(tcase, an_empty_map_is_a_fault);
    tcase_add_test(tcase, a_state_wants_its_day);
    tcase_add_loop_test(tcase, means_say_from_when_on_they_can_be_used, 0,
                        sizeof(readiness) / sizeof(readiness[0]));
    tcase_add_test(tcase, only_means_can_be_ready);
    tcase_add_test(tcase, line_ends_and_marks_of_other_systems_do_not_matter);
    tcase_add_test(tcase, a_description_cut_anywhere_is_whole_or_a_fault);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
