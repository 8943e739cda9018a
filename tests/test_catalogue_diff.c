#include "loader/catalogue_diff.h"

#include "tests/folder_of.h"
#include "tests/latvia.h"

#include <stdlib.h>
#include <string.h>

#define GROUPS                                                                                     \
    "place RIGA = 0001\n"                                                                          \
    "calendar holidays = 01-01, easter+1, 11-18 or monday\n"                                       \
    "calendar fair = first sunday of 08 in RIGA, 2026-07-01..2026-07-03 except monday\n"           \
    "group senior = age >= 75\n"                                                                   \
    "group learner = status IZM.learner.general and not (list riga_staff or senior)\n"             \
    "extend grads = IZM.learner except IZM.learner.higher ending 2026-05-01..2026-06-30 until "    \
    "2026-09-01\n"                                                                                 \
    "split 7 = 90011524360 60%, 90000054163 0.10 each, 40003000017 rest\n"
#define CITY "relief RIGA-CITY giver 90011524360 from 2026-01-01 split 7\n"
#define CITY_LIMITS                                                                                \
    "  limit 60 uses per month\n"                                                                  \
    "  budget 1250000 EUR per year warn 80%\n"
#define CLAUSE_1 "  clause senior product city.ticket on workdays 10:00-15:00 free\n"
#define CLAUSE_2 "  clause learner product city.ticket, city.pass discount 50%\n"
#define CLAUSE_3                                                                                   \
    "  clause everybody product city.pass in RIGA at 101 by eid quantity 2 to 4 costs 1.50\n"
#define BODY  CITY_LIMITS CLAUSE_1 CLAUSE_2 CLAUSE_3
#define RULES GROUPS CITY BODY

#define KEY       "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define OTHER_KEY "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"

static const struct folder_file whole[] = {
    {"a.rules", RULES},
    {"givers.csv", "number,title\n90011524360,Rīga\n90000054163,IZM\n"},
    {"providers.csv", "number,title,state\n40003000017,Rīgas satiksme,active\n"},
    {"points_of_sale.csv", "number,provider,place,title\n101,40003000017,0001000,Centrs\n"
                           "102,40003000017,0001000,\n"},
    {"terminals.csv", "number,points,profile\n7,101,gate\n"},
    {"contracts.csv", "number,giver,provider,relief,points,until\n"
                      "12,90011524360,40003000017,RIGA-CITY,101-120,\n"},
    {"products.csv", "number,name,price\n1001,city.ticket,1.50\n1002,city.pass,\n"},
    {"places.csv", "code,title\n0001000,Rīga\n"},
    {NULL, NULL},
};

static struct vocabulary vocabulary;
static struct catalogue before, now;
static struct changes changes;

static void setup(void)
{
    latvia_vocabulary(&vocabulary);
}

static void teardown(void)
{
    changes_free(&changes);
    catalogue_free(&before);
    catalogue_free(&now);
}

static void read_one(struct catalogue *out, const char *name, const char *file, const char *text)
{
    struct fault fault;
    const struct folder_file instead[] = {{file, text}, {NULL, NULL}};
    const char *folder = folder_of(name, whole, file != NULL ? instead : NULL);
    if (!catalogue_read(out, folder, &vocabulary, &fault))
        ck_abort_msg("%s", fault.text);
}

/* All sentences, a line each. */
static char *compare(const char *file, const char *old, const char *new)
{
    char *told = NULL;
    size_t size;
    read_one(&before, "old", old != NULL ? file : NULL, old);
    read_one(&now, "new", new != NULL ? file : NULL, new);
    catalogue_diff(&changes, &before, &now, &vocabulary);
    FILE *to = open_memstream(&told, &size);
    changes_print(&changes, to);
    fclose(to);
    return told;
}

static const struct {
    const char *file, *old, *new; /* NULL: as in `whole` */
    const char *told;
} cases[] = {
    {"a.rules", NULL, NULL, ""},
    /* where things stand does not matter */
    {"a.rules", GROUPS "group new = age >= 3\n" CITY BODY,
     "\n\ngroup new = age >= 3\n" GROUPS CITY BODY, ""},
    /* tables */
    {"givers.csv", NULL,
     "number,title,from\n40003000017,RS,\n90000054163,Ministrija,2026-01-01\n90011524360,Rīga,\n",
     "giver 40003000017: new, title \"RS\"\n"
     "giver 90000054163: title was \"IZM\", is \"Ministrija\"\n"
     "giver 90000054163: from was always, is 2026-01-01\n"},
    {"providers.csv", NULL, "number,title,state\n40003000017,Rīgas satiksme,suspended\n",
     "provider 40003000017: state was active, is suspended\n"},
    {"points_of_sale.csv", NULL,
     "number,provider,place,title,until\n101,40003000017,,Centrs,\n"
     "103,40003000017,0001000,,2027-01-01\n",
     "point of sale 101: place was 0001000, is none\n"
     "point of sale 103: new, provider 40003000017, place 0001000, until 2027-01-01\n"
     "point of sale 102: gone, was provider 40003000017, place 0001000\n"},
    {"terminals.csv", NULL, "number,points,profile\n7,102 101,till\n",
     "terminal 7: points were 101, are 101 102\n"
     "terminal 7: profile was gate, is till\n"},
    {"terminals.csv", NULL,
     "number,points,profile,key,products,per_minute,per_day,typed_per_day,until\n"
     "7,101,gate," KEY ",1002-1009 1001,30,2000,50,2027-01-01\n",
     "terminal 7: key was none, is afde c40f\n"
     "terminal 7: products were all, are 1001 1002-1009\n"
     "terminal 7: budget per minute was the server's own, is 30\n"
     "terminal 7: budget per day was the server's own, is 2000\n"
     "terminal 7: typed budget per day was the server's own, is 50\n"
     "terminal 7: until was open, is 2027-01-01\n"},
    {"terminals.csv", "number,points,profile,key\n7,101,gate," KEY "\n8,102,till,\n",
     "number,points,profile,key,products\n7,101,gate," OTHER_KEY ",\n9,101-102,gate," KEY ",1001\n",
     "terminal 7: key was afde c40f, is 53fd 5333\n"
     "terminal 9: new, points 101-102, profile gate, key afde c40f, products 1001\n"
     "terminal 8: gone, was points 102, profile till\n"},
    {"contracts.csv", NULL,
     "number,giver,provider,relief,points,until\n"
     "12,90011524360,40003000017,RIGA-CITY,,2026-12-31\n",
     "contract 12: points were 101-120, are all\n"
     "contract 12: until was open, is 2026-12-31\n"},
    {"products.csv", NULL, "number,name,price\n1001,city.ticket,1.545\n1002,city.pass,\n3,x,\n",
     "product 3: new, name x\n"
     "product 1001: price was 1.50, is 1.545\n"},
    {"places.csv", NULL, "code,title,replaced_by\n0001000,Rīga,\n0000999,Vecrīga,1000\n",
     "place 0000999: new, title \"Vecrīga\", replaced by 0001000\n"},
    /* rules */
    {"a.rules", NULL,
     "place RIGA = 0001\n"
     "calendar holidays = 01-01, easter+1, 11-18\n"
     "calendar fair = last sunday of 08, 2026-07-01 except weekends\n"
     "group senior = age >= 70 until 2027-01-01\n"
     "group learner = status IZM.learner.general begun before 2026-09-01 or list riga_staff and "
     "resident_in RIGA\n"
     "split 7 = 90011524360 60%, 40003000017 rest\n" CITY BODY,
     "calendar holidays: days were 01-01, easter+1, 11-18 or monday, are 01-01, easter+1, 11-18\n"
     "calendar fair: days were first sunday of 08 in 0001, 2026-07-01..2026-07-03 except monday, "
     "are last sunday of 08, 2026-07-01 except weekends\n"
     "extension grads: gone, was statuses IZM.learner except IZM.learner.higher, ending "
     "2026-05-01..2026-06-30, until 2026-09-01\n"
     "group senior: condition was age >= 75, is age >= 70\n"
     "group senior: until was open, is 2027-01-01\n"
     "group learner: condition was status IZM.learner.general and not (list riga_staff or senior), "
     "is status IZM.learner.general begun before 2026-09-01 or (list riga_staff and resident_in "
     "0001)\n"
     "split 7: payers were 90011524360 60%, 90000054163 0.10 each, 40003000017 rest, are "
     "90011524360 60%, 40003000017 rest\n"},
    /* clauses */
    {"a.rules", NULL,
     GROUPS CITY CITY_LIMITS CLAUSE_1
     "  clause learner product city.ticket, city.pass discount 60%\n" CLAUSE_3,
     "clause 2 of RIGA-CITY: discount was 50%, is 60%\n"},
    {"a.rules", NULL,
     GROUPS CITY CITY_LIMITS
     "  clause learner product city.pass at 102 free\n" CLAUSE_1 CLAUSE_2 CLAUSE_3,
     "clause 1 of RIGA-CITY: new, group learner, products city.pass, points 102, discount 100%\n"},
    {"a.rules", NULL, GROUPS CITY CITY_LIMITS CLAUSE_1 CLAUSE_3,
     "clause 2 of RIGA-CITY: gone, was group learner, products city.ticket, city.pass, discount "
     "50%\n"},
    {"a.rules", NULL, GROUPS CITY CITY_LIMITS CLAUSE_2 CLAUSE_1 CLAUSE_3,
     "clause 1 of RIGA-CITY: gone, was group senior, products city.ticket, days workdays, hours "
     "10:00-15:00, discount 100%\n"
     "clause 2 of RIGA-CITY: new, group senior, products city.ticket, days workdays, hours "
     "10:00-15:00, discount 100%\n"},
    {"a.rules", NULL,
     GROUPS CITY CITY_LIMITS CLAUSE_1 CLAUSE_2
     "  clause everybody product city.pass at 101-102 read chip price from 1 below 2 amount 0.25 "
     "at most 2.00 each for 3 units with 1 companion\n",
     "clause 3 of RIGA-CITY: points were 101, are 101-102\n"
     "clause 3 of RIGA-CITY: price was not said, is from 1.00 below 2.00\n"
     "clause 3 of RIGA-CITY: reading was not said, is chip\n"
     "clause 3 of RIGA-CITY: was costs 1.50, is amount 0.25\n"
     "clause 3 of RIGA-CITY: cap was not said, is 2.00 each\n"
     "clause 3 of RIGA-CITY: units were not said, are 3\n"
     "clause 3 of RIGA-CITY: companions were not said, are 1\n"
     "clause 3 of RIGA-CITY: places were 0001, are no longer said\n"
     "clause 3 of RIGA-CITY: quantity was 2 to 4, is no longer said\n"
     "clause 3 of RIGA-CITY: means were eid, are no longer said\n"},
    /* versions */
    {"a.rules", NULL,
     GROUPS "relief RIGA-CITY giver 90011524360 from 2026-02-01 until 2027-01-01\n"
            "  state suspended\n  order 5\n  stacks\n  unknown allow\n  round down to 0.01\n"
            "  limit 80 uses per month\n  limit every 30 minutes\n"
            "  limit 5 EUR per day shared 3 published\n" CLAUSE_1 CLAUSE_2 CLAUSE_3,
     "relief RIGA-CITY: from was 2026-01-01, is 2026-02-01\n"
     "relief RIGA-CITY: until was open, is 2027-01-01\n"
     "relief RIGA-CITY: state was active, is suspended\n"
     "relief RIGA-CITY: order was 100, is 5\n"
     "relief RIGA-CITY: stacking was no, is yes\n"
     "relief RIGA-CITY: unknown was refuse, is allow\n"
     "relief RIGA-CITY: round was half up to 0.0001, is down to 0.01\n"
     "relief RIGA-CITY: limit of uses per month was 60, is 80\n"
     "relief RIGA-CITY: limit of spacing was not said, is every 30 minutes\n"
     "relief RIGA-CITY: limit per day was not said, is 5.00 EUR shared 3 published\n"
     "relief RIGA-CITY: split was 7, is no longer said\n"
     "relief RIGA-CITY: budget per year was 1250000.00 EUR warn 80%, is no longer said\n"},
    {"a.rules", NULL,
     RULES "relief RIGA-CITY giver 90011524360 from 2026-09-01 split 7\n" CITY_LIMITS CLAUSE_1
           "  clause learner product city.ticket, city.pass discount 60%\n" CLAUSE_3,
     "relief RIGA-CITY: new version from 2026-09-01\n"
     "clause 2 of RIGA-CITY from 2026-09-01: discount was 50%, is 60%\n"},
    {"a.rules",
     RULES "relief RIGA-CITY giver 90011524360 from 2026-09-01 split 7\n" CITY_LIMITS CLAUSE_1,
     NULL, "relief RIGA-CITY: version from 2026-09-01 is gone\n"},
    {"a.rules", NULL,
     RULES "relief OTHER giver 90000054163 from 2026-03-01 until 2026-04-01\n"
           "  everywhere\n  unknown last known 5 days\n  clause senior product city.pass free\n",
     "relief OTHER: new, giver 90000054163, contract not needed\n"
     "relief OTHER: new version from 2026-03-01, until 2026-04-01, unknown last known 5 days\n"
     "clause 1 of OTHER: new, group senior, products city.pass, discount 100%\n"},
    {"a.rules",
     RULES
     "relief OTHER giver 90000054163 from 2026-03-01\n  clause senior product city.pass free\n",
     NULL, "relief OTHER: gone\n"},
};

START_TEST(what_is_otherwise_is_told_in_words)
{
    char *told = compare(cases[_i].file, cases[_i].old, cases[_i].new);
    ck_assert_str_eq(told, cases[_i].told);
    free(told);
}
END_TEST

/* There and back again says the same of as many things. */
START_TEST(the_other_way_round_is_as_long)
{
    char *told = compare(cases[_i].file, cases[_i].new, cases[_i].old);
    bool is_same = cases[_i].told[0] == '\0';
    ck_assert(is_same == (told[0] == '\0'));
    free(told);
}
END_TEST

START_TEST(json_holds_each_change_with_its_parts)
{
    char *told = compare("contracts.csv", NULL,
                         "number,giver,provider,relief,points,until\n"
                         "12,90011524360,40003000017,RIGA-CITY,101-120,2026-12-31\n");
    char *json = NULL;
    size_t size;
    FILE *to = open_memstream(&json, &size);
    changes_print_json(&changes, to);
    fclose(to);
    ck_assert_ptr_nonnull(strstr(json, "\"what\": \"contract\""));
    ck_assert_ptr_nonnull(strstr(json, "\"name\": \"12\""));
    ck_assert_ptr_nonnull(strstr(json, "\"change\": \"changed\""));
    ck_assert_ptr_nonnull(strstr(json, "\"trait\": \"until\""));
    ck_assert_ptr_nonnull(strstr(json, "\"was\": \"open\""));
    ck_assert_ptr_nonnull(strstr(json, "\"is\": \"2026-12-31\""));
    free(json);
    free(told);
}
END_TEST

START_TEST(traits_beyond_their_limit_flow_together)
{
    struct traits traits = {0};
    char name[16];
    for (int i = 0; i < TRAIT_COUNT_MAX + 3; i++) {
        snprintf(name, sizeof(name), "t%d", i);
        traits_add(&traits, name, "%d", i);
    }
    ck_assert_uint_eq(traits.count, TRAIT_COUNT_MAX);
    ck_assert_str_eq(trait_value(&traits, TRAIT_COUNT_MAX - 1),
                     "127, t128 128, t129 129, t130 130");
    traits_free(&traits);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("catalogue_diff");
    TCase *tcase = tcase_create("differences");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, what_is_otherwise_is_told_in_words, 0, COUNT_OF(cases));
    tcase_add_loop_test(tcase, the_other_way_round_is_as_long, 0, COUNT_OF(cases));
    tcase_add_test(tcase, json_holds_each_change_with_its_parts);
    tcase_add_test(tcase, traits_beyond_their_limit_flow_together);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
