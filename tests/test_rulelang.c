#include "loader/rulelang.h"

#include "tests/latvia.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>

/* Names whose codes are equal; found by trying. */
#define COLLIDING_A "RELIEF-24705"
#define COLLIDING_B "RELIEF-48022"

static struct vocabulary vocabulary;

static struct rules *parse(const char *text, size_t text_size, struct fault *fault)
{
    struct rules *rules = NULL;
    latvia_vocabulary(&vocabulary);
    const char *guarded = (const char *)at_the_edge(text, text_size);
    bool is_good = rules_parse(&rules, guarded, text_size, "t.rules", &vocabulary, fault);
    ck_assert(is_good == (rules != NULL));
    return rules;
}

static struct rules *parse_good(const char *text)
{
    struct fault fault = {""};
    struct rules *rules = parse(text, strlen(text), &fault);
    if (rules == NULL)
        ck_abort_msg("%s", fault.text);
    return rules;
}

/* What is wrong, and what is said about it. */
static const struct {
    const char *text, *fault;
} wrong[] = {
    {"cat", "t.rules:1:1: wanted place, product, group, relief or clause, found \"cat\""},
    {"grup a = age > 5", "t.rules:1:1: wanted place, product, group, relief or clause, found "
                         "\"grup\"; did you mean \"group\"?"},
    {"group vec\u0101ki = age > 5",
     "t.rules:1:10: wanted only letters of the English alphabet in a "
     "name, found \"\u0101\""},
    {"\n\n  and", "t.rules:3:3: wanted place, product, group, relief or clause, found \"and\""},
    {"= 1", "t.rules:1:1: wanted place, product, group, relief or clause, found \"=\""},
    {"place", "t.rules:1:6: wanted a name for the place, found the end of the file"},
    {"place\n", "t.rules:1:6: wanted a name for the place, found the end of the line"},
    {"place 0001 = 0001", "t.rules:1:7: wanted a name for the place, found \"0001\""},
    {"place RIGA 0001", "t.rules:1:12: wanted =, found \"0001\""},
    {"place RIGA = LV1", "t.rules:1:14: wanted 1 to 7 digits of an ATVK code, found \"LV1\""},
    {"place RIGA = 00010000",
     "t.rules:1:14: wanted 1 to 7 digits of an ATVK code, found a number of 8 digits"},
    {"place RIGA = 0001 x", "t.rules:1:19: wanted the end of the line, found \"x\""},
    {"place RIGA = 0001\nplace RIGA = 0001",
     "t.rules:2:7: the place \"RIGA\" stands already in line 1"},
    {"product a = b", "t.rules:1:13: wanted a product number, 2 to 4294967295, found \"b\""},
    {"product a = 0", "t.rules:1:13: wanted a product number, 2 to 4294967295, found \"0\""},
    {"product a = 4294967296",
     "t.rules:1:13: wanted a product number, 2 to 4294967295, found a number of 10 digits"},
    {"product a = 1",
     "t.rules:1:13: the product number \"1\" is reserved for the engine's own tests"},
    {"product test.product = 2",
     "t.rules:1:9: the product \"test.product\" is reserved for the engine's own tests"},
    {"product a = 2\nproduct b = 02",
     "t.rules:2:13: the product number \"02\" stands already in line 1"},
    {"product a = 2\nproduct a = 3", "t.rules:2:9: the product \"a\" stands already in line 1"},
    {"product discount = 2",
     "t.rules:1:9: wanted a name for the product, found \"discount\", which is a word of the "
     "language"},
    {"group a2345678901234567890123456789012 = age < 18",
     "t.rules:1:7: wanted a name of at most 31 characters, found one of 32"},
    {"group test = age < 18",
     "t.rules:1:7: the group \"test\" is reserved for the engine's own tests"},
    {"group a = test", "t.rules:1:11: \"test\" is reserved for the engine's own tests"},
    {"group a = a", "t.rules:1:11: wanted a condition or an earlier group, found \"a\""},
    {"group a = age < 18\ngroup a = age < 19",
     "t.rules:2:7: the group \"a\" stands already in line 1"},
    {"group a =",
     "t.rules:1:10: wanted a condition or an earlier group, found the end of the file"},
    {"group a = and", "t.rules:1:11: wanted a condition or an earlier group, found \"and\""},
    {"group senior_75 = age >= 75\n# \xc4\x81\ngroup b = not (senoir_75)",
     "t.rules:3:16: wanted a condition or an earlier group, found \"senoir_75\"; did you mean "
     "\"senior_75\"?"},
    {"group a = age < 18 group", "t.rules:1:20: wanted and, or, from, until or the end of the "
                                 "line, found \"group\""},
    {"group a = age < 18 from 2026-01-01 and",
     "t.rules:1:36: wanted until or the end of the line, found \"and\""},
    {"group a = age < 18 until 2026-01-01 from",
     "t.rules:1:37: wanted the end of the line, found \"from\""},
    {"group a = age < 18 from 2026-02-29",
     "t.rules:1:25: wanted a day such as 2026-01-31, found \"2026-02-29\""},
    {"group a = age < 18 from 1969-12-31",
     "t.rules:1:25: wanted a day such as 2026-01-31, found \"1969-12-31\""},
    {"group a = age < 18 from 2026-01-01 until 2026-01-01",
     "t.rules:1:42: until 2026-01-01 is not after the day it begins"},
    {"group a = age = 18", "t.rules:1:15: wanted >=, >, < or <=, found \"=\""},
    {"group a = age 18", "t.rules:1:15: wanted >=, >, < or <=, found \"18\""},
    {"group a = age < 0", "t.rules:1:17: wanted an age from 1 to 150, found \"0\""},
    {"group a = age < 151", "t.rules:1:17: wanted an age from 1 to 150, found \"151\""},
    {"group a = age < 18.5", "t.rules:1:17: wanted an age from 1 to 150, found \"18.5\""},
    {"group a = (age < 18", "t.rules:1:20: wanted and, or, or the closing ), found the end of "
                            "the file"},
    {"group a = (age < 18\n)", "t.rules:1:20: wanted and, or, or the closing ), found the end of "
                               "the line"},
    {"group a = age < 18)", "t.rules:1:19: wanted and, or, from, until or the end of the line, "
                            "found \")\""},
    {"group a = status", "t.rules:1:17: wanted a kind of status that a register delivers, found "
                         "the end of the file"},
    {"group a = status IZM.lerner",
     "t.rules:1:18: wanted a kind of status that a register delivers, found \"IZM.lerner\"; did "
     "you mean \"IZM.learner\"?"},
    {"group a = status riga_staff",
     "t.rules:1:18: wanted a kind of status that a register delivers, found \"riga_staff\""},
    {"group a = status IZM.learnerx",
     "t.rules:1:18: wanted a kind of status that a register delivers, found \"IZM.learnerx\"; did "
     "you mean \"IZM.learner\"?"},
    {"group a = status IZM.learner.genral",
     "t.rules:1:30: wanted a subtype of IZM.learner, found \"genral\"; did you mean "
     "\"general\"?"},
    {"group a = status IZM.learner.general.x",
     "t.rules:1:30: wanted a subtype of IZM.learner, found \"general.x\"; did you mean "
     "\"general\"?"},
    {"group a = status IZM.learner.", "t.rules:1:30: wanted a subtype of IZM.learner, found \"\""},
    {"group a = list riga_stuff", "t.rules:1:16: wanted the name of a giver's list, found "
                                  "\"riga_stuff\"; did you mean \"riga_staff\"?"},
    {"group a = list IZM.learner",
     "t.rules:1:16: wanted the name of a giver's list, found \"IZM.learner\""},
    {"place RIGA = 0001\ngroup a = resident_in RGIA",
     "t.rules:2:23: wanted a place, or 1 to 7 digits of an ATVK code, found \"RGIA\"; did you "
     "mean \"RIGA\"?"},
    {"group a = school_in 00010000",
     "t.rules:1:21: wanted a place, or 1 to 7 digits of an ATVK code, found a number of 8 "
     "digits"},
    {"relief", "t.rules:1:7: wanted a name for the relief, found the end of the file"},
    {"relief TEST giver 90011524360 from 2026-01-01",
     "t.rules:1:8: the relief \"TEST\" is reserved for the engine's own tests"},
    {"relief A from 2026-01-01", "t.rules:1:10: wanted giver, found \"from\""},
    {"relief A giver 9001152436 from 2026-01-01",
     "t.rules:1:16: wanted a registration number of 11 digits, found a number of 10 digits"},
    {"relief A giver 90011524361 from 2026-01-01",
     "t.rules:1:16: the check digit of the giver's registration number does not fit: a digit is "
     "mistyped"},
    {"relief A giver 90011524360", "t.rules:1:27: wanted from and the first day of the relief, "
                                   "found the end of the file"},
    {"relief A giver 90011524360 from 2026-01-01 split 0",
     "t.rules:1:50: wanted a funding-split code, 1 to 65535, found \"0\""},
    {"relief A giver 90011524360 from 2026-01-01 until 2025-01-01",
     "t.rules:1:50: until 2025-01-01 is not after the day it begins"},
    {"relief A giver 90011524360 from 2026-01-01\n",
     "t.rules:1:8: the relief \"A\" has no clause under it"},
    {"clause a", "t.rules:1:1: wanted a relief before its clauses, found \"clause\""},
};

START_TEST(a_wrong_text_is_refused_with_place_and_reason)
{
    struct fault fault = {""};
    struct rules *rules = parse(wrong[_i].text, strlen(wrong[_i].text), &fault);
    ck_assert_ptr_null(rules);
    ck_assert_str_eq(fault.text, wrong[_i].fault);
}
END_TEST

/* The same for clauses, after a text that defines what they need. */
#define CLAUSE_TEXT                                                                                \
    "group g = age < 18\ngroup h = age < 19\nproduct p = 2\nproduct q = 3\n"                       \
    "relief A giver 90011524360 from 2026-01-01\n"

static const struct {
    const char *text, *fault;
} wrong_clauses[] = {
    {"clause zebra product p discount 1%", "t.rules:6:8: wanted a group, found \"zebra\""},
    {"clause test product p discount 1%",
     "t.rules:6:8: \"test\" is reserved for the engine's own tests"},
    {"clause g p discount 1%", "t.rules:6:10: wanted product, found \"p\""},
    {"clause g product zebra discount 1%", "t.rules:6:18: wanted a product, found \"zebra\""},
    {"clause g product test.product discount 1%",
     "t.rules:6:18: \"test.product\" is reserved for the engine's own tests"},
    {"clause g product p, discount 1%", "t.rules:6:21: wanted a product, found \"discount\""},
    {"clause g product p q discount 1%",
     "t.rules:6:20: wanted a comma and another product, or discount, found \"q\""},
    {"clause g product p discount 0%",
     "t.rules:6:29: wanted a percentage, 0.01% to 100%, found \"0\""},
    {"clause g product p discount 100.01%",
     "t.rules:6:29: wanted a percentage, 0.01% to 100%, found \"100.01\""},
    {"clause g product p discount 1.234%",
     "t.rules:6:29: wanted a percentage, 0.01% to 100%, found \"1.234\""},
    {"clause g product p discount .5%",
     "t.rules:6:29: wanted a percentage, 0.01% to 100%, found \".5\""},
    {"clause g product p discount 5.%",
     "t.rules:6:29: wanted a percentage, 0.01% to 100%, found \"5.\""},
    {"clause g product p discount 1.2.%",
     "t.rules:6:29: wanted a percentage, 0.01% to 100%, found \"1.2.\""},
    {"clause g product p discount 0100%",
     "t.rules:6:29: wanted a percentage, 0.01% to 100%, found \"0100\""},
    {"clause g product p discount 42949673%", /* times 100, 4 more than 32 bits hold */
     "t.rules:6:29: wanted a percentage, 0.01% to 100%, found a number of 8 digits"},
    {"clause g product p discount -5%",
     "t.rules:6:29: wanted a percentage, 0.01% to 100%, found \"-5\""},
    {"clause g product p discount 5", "t.rules:6:30: wanted %, found the end of the file"},
    {"clause g product p discount 5% x", "t.rules:6:32: wanted the end of the line, found \"x\""},
    {"clause g product p, p discount 5%",
     "t.rules:6:21: the product \"p\" stands already in a clause of this group and relief, in "
     "line 6"},
    {"clause g product p discount 5%\nclause h product p discount 5%\n"
     "clause g product q, p discount 9%",
     "t.rules:8:21: the product \"p\" stands already in a clause of this group and relief, in "
     "line 6"},
    {"clause g product p discount 5%\nplace X = 1\nclause h product p discount 5%",
     "t.rules:8:1: wanted a relief before its clauses, found \"clause\""},
    {"place X = 1", "t.rules:5:8: the relief \"A\" has no clause under it"},
    {"clause g product p discount 5%\nrelief A giver 90011524360 from 2026-01-01",
     "t.rules:7:8: the relief \"A\" stands already in line 5"},
};

START_TEST(a_wrong_clause_is_refused_with_place_and_reason)
{
    char text[1024];
    int size = snprintf(text, sizeof(text), CLAUSE_TEXT "%s", wrong_clauses[_i].text);
    struct fault fault = {""};
    ck_assert_ptr_null(parse(text, (size_t)size, &fault));
    ck_assert_str_eq(fault.text, wrong_clauses[_i].fault);
}
END_TEST

/* Strange characters are shown if they can be, and columns count characters. */
static const struct {
    const char *text;
    size_t text_size;
    const char *fault;
} strange[] = {
    {"group \xc4\x81 = age < 18", 18,
     "t.rules:1:7: wanted a name for the group, found \"\xc4\x81\""},
    {"\xef\xbb\xbfgroup = x", 12, "t.rules:1:7: wanted a name for the group, found \"=\""},
    {"@", 1, "t.rules:1:1: wanted place, product, group, relief or clause, found \"@\""},
    {"\"", 1,
     "t.rules:1:1: wanted place, product, group, relief or clause, found a quotation mark"},
    {"\x1b[31m", 5, "t.rules:1:1: wanted place, product, group, relief or clause, found byte 0x1b"},
    {"\0group", 6, "t.rules:1:1: wanted place, product, group, relief or clause, found byte 0x00"},
    {"\xc4", 1, "t.rules:1:1: wanted place, product, group, relief or clause, found byte 0xc4"},
    {"\x81", 1, "t.rules:1:1: wanted place, product, group, relief or clause, found byte 0x81"},
    {"\xc0\x80", 2, "t.rules:1:1: wanted place, product, group, relief or clause, found byte 0xc0"},
    {"\xed\xa0\x80", 3,
     "t.rules:1:1: wanted place, product, group, relief or clause, found byte 0xed"},
    {"\xc2\x9b", 2, "t.rules:1:1: wanted place, product, group, relief or clause, found byte 0xc2"},
    {"place A = 1 \xe2\x82\xac \xe2\x82\xac", 19,
     "t.rules:1:13: wanted the end of the line, found \"\xe2\x82\xac\""},
    {"place A = 1 # \xe2\x82\xac\nplace B \xf0\x9f\x9a\x8c = 1", 34,
     "t.rules:2:9: wanted =, found \"\xf0\x9f\x9a\x8c\""},
};

START_TEST(a_strange_character_is_named_without_harm)
{
    struct fault fault = {""};
    ck_assert_ptr_null(parse(strange[_i].text, strange[_i].text_size, &fault));
    ck_assert_str_eq(fault.text, strange[_i].fault);
}
END_TEST

START_TEST(a_register_given_as_rules_is_not_echoed)
{
    static const char *const rows[] = {"010190-00015;;1890-01-01", "01019000015,eID", "PA1234567",
                                       "32000000003", "1234567"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fault fault = {""};
        ck_assert_ptr_null(parse(rows[i], strlen(rows[i]), &fault));
        ck_assert_ptr_null(strstr(fault.text, "0101"));
        ck_assert_ptr_null(strstr(fault.text, "000000"));
        ck_assert_ptr_null(strstr(fault.text, "1234"));
        ck_assert_ptr_nonnull(strstr(fault.text, " digits"));
    }
}
END_TEST

/* Limits: one more than fits is refused by the limit's name, and as many as fit are not. */

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

/* Parses what was written; NULL and the fault, or the rules. */
static struct rules *text_parse(struct text *text, struct fault *fault)
{
    fclose(text->stream);
    struct rules *rules = parse(text->bytes, text->size, fault);
    free(text->bytes);
    return rules;
}

static void write_many(FILE *to, const char *limit, unsigned extra)
{
    if (strcmp(limit, "GROUP_COUNT_MAX") == 0) {
        for (unsigned i = 0; i < GROUP_COUNT_MAX - 1 + extra; i++)
            fprintf(to, "group g%u = age < 18\n", i);
    } else if (strcmp(limit, "STEP_COUNT_MAX") == 0) {
        for (unsigned i = 0; i < 8; i++) {
            fprintf(to, "group g%u = list riga_staff", i);
            for (unsigned j = 1; j < STEP_COUNT_MAX / 16; j++)
                fputs(" or list riga_staff", to);
            fputs("\n", to);
        }
        fputs("group h = g1 and g2 and g3 and g4\n", to);
        for (unsigned i = 0; i <= extra; i++)
            fprintf(to, "group h%u = g1\n", i);
    } else if (strcmp(limit, "STEP_DEPTH_MAX") == 0) {
        fputs("group g = ", to);
        for (unsigned i = 1; i < STEP_DEPTH_MAX + extra; i++)
            fputs("age < 9 or (", to);
        fputs("age < 9", to);
        for (unsigned i = 1; i < STEP_DEPTH_MAX + extra; i++)
            fputs(")", to);
        fputs("\n", to);
    } else if (strcmp(limit, "AGE_THRESHOLD_MAX") == 0) {
        for (unsigned i = 0; i < AGE_THRESHOLD_MAX + extra; i++)
            fprintf(to, "group g%u = age < %u\n", i, i + 1);
    } else if (strcmp(limit, "PRODUCT_COUNT_MAX") == 0) {
        for (unsigned i = 0; i < PRODUCT_COUNT_MAX - 1 + extra; i++)
            fprintf(to, "product p%u = %u\n", i, PRODUCT_COUNT_MAX + 5 - i);
    } else if (strcmp(limit, "PLACE_COUNT_MAX") == 0) {
        for (unsigned i = 0; i < 4096 + extra; i++)
            fprintf(to, "place p%u = %u\n", i, i);
    } else if (strcmp(limit, "RELIEF_COUNT_MAX") == 0) {
        fputs("group g = age < 18\nproduct p = 2\n", to);
        for (unsigned i = 0; i < RELIEF_COUNT_MAX - 1 + extra; i++)
            fprintf(to,
                    "relief r%u giver 90011524360 from 2026-01-01\n"
                    "clause g product p discount 1%%\n",
                    i);
    } else if (strcmp(limit, "CLAUSE_COUNT_MAX") == 0) {
        for (unsigned i = 0; i < 256; i++)
            fprintf(to, "group g%u = age < 18\nproduct p%u = %u\n", i, i, i + 2);
        fputs("relief r giver 90011524360 from 2026-01-01\n", to);
        for (unsigned i = 0; i < 256; i++) {
            fprintf(to, "clause g%u product p0", i);
            for (unsigned j = 1; j < 256u - (i == 0 && extra == 0); j++)
                fprintf(to, ", p%u", j);
            fputs(" discount 1%\n", to);
        }
    } else {
        ck_abort_msg("no such limit");
    }
}

static const char *const limits[] = {"GROUP_COUNT_MAX",   "STEP_COUNT_MAX",    "STEP_DEPTH_MAX",
                                     "AGE_THRESHOLD_MAX", "PRODUCT_COUNT_MAX", "PLACE_COUNT_MAX",
                                     "RELIEF_COUNT_MAX",  "CLAUSE_COUNT_MAX"};

START_TEST(as_many_as_a_limit_allows_are_accepted_and_one_more_is_not)
{
    struct fault fault = {""};
    struct text text;
    text_begin(&text);
    write_many(text.stream, limits[_i], 0);
    struct rules *rules = text_parse(&text, &fault);
    if (rules == NULL)
        ck_abort_msg("%s", fault.text);
    rules_free(rules);

    text_begin(&text);
    write_many(text.stream, limits[_i], 1);
    ck_assert_ptr_null(text_parse(&text, &fault));
    ck_assert_msg(strstr(fault.text, limits[_i]) != NULL, "%s", fault.text);
}
END_TEST

START_TEST(a_text_of_four_mebibytes_is_accepted_and_one_byte_more_is_not)
{
    size_t size = 4 * 1024 * 1024;
    char *text = malloc(size + 1);
    ck_assert_ptr_nonnull(text);
    memset(text, ' ', size + 1);
    struct fault fault = {""};
    struct rules *rules = parse(text, size, &fault);
    ck_assert_ptr_nonnull(rules);
    rules_free(rules);
    ck_assert_ptr_null(parse(text, size + 1, &fault));
    ck_assert_str_eq(fault.text, "t.rules: wanted at most 4194304 bytes of rules "
                                 "(RULES_SIZE_MAX), found more");
    free(text);
}
END_TEST

START_TEST(parentheses_around_nothing_else_end_at_their_limit)
{
    for (unsigned count = STEP_DEPTH_MAX; count <= STEP_DEPTH_MAX + 1; count++) {
        char text[512] = "group g = ";
        for (unsigned i = 0; i < count; i++)
            strcat(text, "(");
        strcat(text, "age < 18");
        for (unsigned i = 0; i < count; i++)
            strcat(text, ")");
        struct fault fault = {""};
        struct rules *rules = parse(text, strlen(text), &fault);
        if (count == STEP_DEPTH_MAX)
            ck_assert_ptr_nonnull(rules);
        else
            ck_assert_str_eq(fault.text, "t.rules:1:43: parentheses are nested deeper than 32 "
                                         "(STEP_DEPTH_MAX)");
        rules_free(rules);
    }
}
END_TEST

START_TEST(parentheses_beside_each_other_are_not_nested)
{
    char text[1024] = "group g = (age < 18)";
    for (unsigned i = 0; i < 2 * STEP_DEPTH_MAX; i++)
        strcat(text, " or (age < 9)");
    struct rules *rules = parse_good(text);
    ck_assert_uint_eq(rules->groups[1].step_count, 2 + 3 * 2 * STEP_DEPTH_MAX);
    rules_free(rules);
}
END_TEST

START_TEST(two_reliefs_never_share_a_code)
{
    static const char text[] = "group g = age < 18\nproduct p = 2\n"
                               "relief " COLLIDING_A " giver 90011524360 from 2026-01-01\n"
                               "clause g product p discount 1%\n"
                               "relief " COLLIDING_B " giver 90011524360 from 2026-01-01\n"
                               "clause g product p discount 1%\n";
    struct fault fault = {""};
    ck_assert_ptr_null(parse(text, strlen(text), &fault));
    ck_assert_str_eq(fault.text, "t.rules:5:8: the relief \"" COLLIDING_B
                                 "\" would get a code that is taken: give it another name");
}
END_TEST

/* What good texts say. */

START_TEST(the_reserved_ones_come_first_even_in_an_empty_file)
{
    struct rules *rules = parse_good("");
    ck_assert_uint_eq(rules->group_count, 1);
    ck_assert_str_eq(rules->groups[GROUP_TEST].name, "test");
    ck_assert_uint_eq(rules->groups[GROUP_TEST].step_count, 0);
    ck_assert_uint_eq(rules->product_count, 1);
    ck_assert_uint_eq(rules->products[0].number, PRODUCT_TEST);
    ck_assert_str_eq(rules->products[0].name, "test.product");
    ck_assert_uint_eq(rules->relief_count, 1);
    ck_assert_uint_eq(rules->reliefs[RELIEF_TEST].code, RELIEF_TEST_CODE);
    ck_assert_str_eq(rules->reliefs[RELIEF_TEST].name, "TEST");
    ck_assert_uint_eq(rules->clause_count, 1);
    ck_assert_uint_eq(rules->clauses[0].product, PRODUCT_TEST);
    ck_assert_uint_eq(rules->clauses[0].relief, RELIEF_TEST);
    ck_assert_uint_eq(rules->clauses[0].group, GROUP_TEST);
    ck_assert_uint_eq(rules->clauses[0].percent_bp, PERCENT_ALL_BP);
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
};

START_TEST(not_binds_closer_than_and_and_and_closer_than_or)
{
    char text[256], letters[64];
    snprintf(text, sizeof(text), "group e = age > 5\r\n  group x = %s # so\r\n",
             shapes[_i].condition);
    struct rules *rules = parse_good(text);
    letters_of(letters, rules, &rules->groups[2]);
    ck_assert_str_eq(letters, shapes[_i].letters);
    rules_free(rules);
}
END_TEST

START_TEST(every_condition_keeps_what_it_asks_about)
{
    struct rules *rules = parse_good("place RIGA = 0001\n"
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

START_TEST(days_splits_and_percentages_are_read_as_written)
{
    struct rules *rules =
        parse_good("group a = age > 1 from 2026-01-01 until 2027-01-01\n"
                   "group b = age > 1 until 2027-01-01\n"
                   "group c = age > 1\n"
                   "product q = 4294967295\nproduct p = 2\n"
                   "relief R giver 40003658252 from 2026-01-02 until 2026-12-31 split 65535\n"
                   "  clause a product q, p discount 33.33%\n"
                   "  clause b product p discount 0.01%\n"
                   "relief S giver 90000069281 from 2026-01-02\n"
                   "  clause c product p discount 100.00%\n"
                   "  clause c product q discount 7.5%\n");
    ck_assert_uint_eq(rules->groups[1].from_day, 20454);
    ck_assert_uint_eq(rules->groups[1].until_day, 20819);
    ck_assert_uint_eq(rules->groups[2].from_day, 0);
    ck_assert_uint_eq(rules->groups[2].until_day, 20819);
    ck_assert_uint_eq(rules->groups[3].until_day, DAY_NEVER);
    ck_assert_uint_eq(rules->products[1].number, 2);
    ck_assert_str_eq(rules->products[1].name, "p");
    ck_assert_uint_eq(rules->products[2].number, 4294967295);
    ck_assert_uint_eq(rules->reliefs[1].giver, 40003658252);
    ck_assert_uint_eq(rules->reliefs[1].from_day, 20455);
    ck_assert_uint_eq(rules->reliefs[1].until_day, 20818);
    ck_assert_uint_eq(rules->reliefs[1].split, 65535);
    ck_assert_uint_eq(rules->reliefs[2].until_day, DAY_NEVER);
    ck_assert_uint_eq(rules->reliefs[2].split, 0);
    static const struct clause expected[] = {
        {PRODUCT_TEST, 0, 0, 10000}, {2, 1, 1, 3333},        {2, 1, 2, 1}, {2, 2, 3, 10000},
        {4294967295, 1, 1, 3333},    {4294967295, 2, 3, 750}};
    ck_assert_uint_eq(rules->clause_count, 6);
    for (size_t i = 0; i < 6; i++) {
        ck_assert_uint_eq(rules->clauses[i].product, expected[i].product);
        ck_assert_uint_eq(rules->clauses[i].relief, expected[i].relief);
        ck_assert_uint_eq(rules->clauses[i].group, expected[i].group);
        ck_assert_uint_eq(rules->clauses[i].percent_bp, expected[i].percent_bp);
    }
    rules_free(rules);
}
END_TEST

START_TEST(relief_codes_depend_on_the_name_alone)
{
    struct rules *rules = parse_good("group g = age < 18\nproduct p = 2\n"
                                     "relief MUSEUM giver 90011524360 from 2026-01-01\n"
                                     "clause g product p discount 1%\n");
    /* Ledgers and merchants' reports keep codes for years: this one may never change. */
    ck_assert_uint_eq(rules->reliefs[1].code, 1045789086);
    rules_free(rules);
}
END_TEST

static const char *const shipped_groups[] = {"test",
                                             "child_under_18",
                                             "senior_75",
                                             "pensioner",
                                             "pensioner_riga",
                                             "learner",
                                             "pupil",
                                             "learner_riga",
                                             "disability_high",
                                             "disability_3",
                                             "honorary_family",
                                             "family_child",
                                             "orphan_learning",
                                             "needy",
                                             "needy_or_low",
                                             "repressed",
                                             "riga_staff",
                                             "pensioner_elsewhere",
                                             "needy_pensioner"};

START_TEST(the_shipped_catalogue_has_its_groups_in_their_order)
{
    latvia_vocabulary(&vocabulary);
    struct rules *rules;
    struct fault fault;
    if (!rules_read(&rules, support_path("loader/catalogue/latvia.rules"), &vocabulary, &fault))
        ck_abort_msg("%s", fault.text);
    ck_assert_uint_eq(rules->group_count, 19);
    for (size_t i = 0; i < 19; i++)
        ck_assert_str_eq(rules->groups[i].name, shipped_groups[i]);
    ck_assert_uint_eq(rules->product_count, 9);
    ck_assert_uint_eq(rules->products[1].number, 1001);
    ck_assert_uint_eq(rules->products[8].number, 1008);
    ck_assert_uint_eq(rules->relief_count, 8);
    ck_assert_uint_eq(rules->clause_count, 23);
    rules_free(rules);
}
END_TEST

/* The part of a file between two lines, for the example of the manual. */
static char *part_of_file(const char *path, const char *begin, const char *end)
{
    static char text[32 * 1024];
    FILE *file = fopen(support_path(path), "r");
    ck_assert_ptr_nonnull(file);
    size_t size = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[size] = '\0';
    char *part = strstr(text, begin);
    ck_assert_ptr_nonnull(part);
    part += strlen(begin);
    char *part_end = strstr(part, end);
    ck_assert_ptr_nonnull(part_end);
    *part_end = '\0';
    return part;
}

START_TEST(the_example_of_the_manual_is_a_rules_file)
{
    struct rules *rules =
        parse_good(part_of_file("loader/elig-reliefs.5", "\n.Bd -literal\n", "\n.Ed\n"));
    ck_assert_uint_eq(rules->group_count, 5);
    ck_assert_uint_eq(rules->clause_count, 6);
    rules_free(rules);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_a_fault)
{
    latvia_vocabulary(&vocabulary);
    struct rules *rules;
    struct fault fault;
    ck_assert(!rules_read(&rules, "/nonexistent/x.rules", &vocabulary, &fault));
    ck_assert_str_eq(fault.text,
                     "/nonexistent/x.rules: cannot be opened: No such file or directory");
    ck_assert(!rules_read(&rules, "/", &vocabulary, &fault));
    ck_assert_str_eq(fault.text, "/: cannot be read: Is a directory");
    rules_free(NULL);
}
END_TEST

#define COUNT_OF(table) (int)(sizeof(table) / sizeof(table[0]))

int main(void)
{
    Suite *suite = suite_create("rulelang");
    TCase *tcase = tcase_create("rulelang");
    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, a_wrong_text_is_refused_with_place_and_reason, 0, COUNT_OF(wrong));
    tcase_add_loop_test(tcase, a_wrong_clause_is_refused_with_place_and_reason, 0,
                        COUNT_OF(wrong_clauses));
    tcase_add_loop_test(tcase, a_strange_character_is_named_without_harm, 0, COUNT_OF(strange));
    tcase_add_test(tcase, a_register_given_as_rules_is_not_echoed);
    tcase_add_loop_test(tcase, as_many_as_a_limit_allows_are_accepted_and_one_more_is_not, 0,
                        COUNT_OF(limits));
    tcase_add_test(tcase, a_text_of_four_mebibytes_is_accepted_and_one_byte_more_is_not);
    tcase_add_test(tcase, parentheses_around_nothing_else_end_at_their_limit);
    tcase_add_test(tcase, parentheses_beside_each_other_are_not_nested);
    tcase_add_test(tcase, two_reliefs_never_share_a_code);
    tcase_add_test(tcase, the_reserved_ones_come_first_even_in_an_empty_file);
    tcase_add_loop_test(tcase, not_binds_closer_than_and_and_and_closer_than_or, 0,
                        COUNT_OF(shapes));
    tcase_add_test(tcase, every_condition_keeps_what_it_asks_about);
    tcase_add_test(tcase, the_longest_kind_that_fits_a_word_is_the_kind);
    tcase_add_test(tcase, days_splits_and_percentages_are_read_as_written);
    tcase_add_test(tcase, relief_codes_depend_on_the_name_alone);
    tcase_add_test(tcase, the_shipped_catalogue_has_its_groups_in_their_order);
    tcase_add_test(tcase, the_example_of_the_manual_is_a_rules_file);
    tcase_add_test(tcase, a_file_that_cannot_be_read_is_a_fault);
    return support_run(suite);
}
