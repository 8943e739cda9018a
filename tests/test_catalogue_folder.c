#include "loader/catalogue.h"

#include "tests/folder_of.h"
#include "tests/latvia.h"

#include <stdlib.h>
#include <string.h>

static const struct folder_file whole[] = {
    {"a.rules", "place RIGA = 0001\n"
                "product city.pass = 1002\n"
                "group senior = age >= 75\n"},
    {"b.rules", "relief RIGA-CITY giver 90011524360 from 2026-01-01\n"
                "  clause senior product city.ticket, city.pass discount 50%\n"},
    {"givers.csv", "number,title\n90011524360,Rīga\n"},
    {"providers.csv", "number,title\n40003000017,Rīgas satiksme\n"},
    {"points_of_sale.csv", "number,provider,place,title\n101,40003000017,0001000,Centrs\n"},
    {"contracts.csv", "number,giver,provider,relief\n12,90011524360,40003000017,RIGA-CITY\n"},
    {"products.csv", "number,name\n1001,city.ticket\n"},
    {"places.csv", "code,title,replaced_by\n0001000,Rīga,\n0000999,Vecrīga,0001000\n"},
    {NULL, NULL},
};

static struct vocabulary vocabulary;
static struct catalogue catalogue;
static struct fault fault;

static void setup(void)
{
    latvia_vocabulary(&vocabulary);
}

static void teardown(void)
{
    catalogue_free(&catalogue);
}

static bool read_changed(const char *file, const char *text)
{
    const struct folder_file instead[] = {{file, text}, {NULL, NULL}};
    return catalogue_read(&catalogue, folder_of("c", whole, instead), &vocabulary, &fault);
}

static const struct product *find_product(const char *name)
{
    for (uint32_t i = 0; i < catalogue.rules->product_count; i++)
        if (strcmp(catalogue.rules->products[i].name, name) == 0)
            return &catalogue.rules->products[i];
    return NULL;
}

START_TEST(a_folder_is_its_rules_in_order_of_name_and_its_tables)
{
    if (!read_changed("note.txt", "none of it"))
        ck_abort_msg("%s", fault.text);
    ck_assert_uint_eq(catalogue.rules->file_count, 2);
    ck_assert_uint_eq(catalogue.rules->relief_count, 2);
    ck_assert_uint_eq(catalogue.trade.contract_count, 1);
    ck_assert_uint_eq(find_product("city.ticket")->number, 1001); /* from the table */
    ck_assert_uint_eq(find_product("city.pass")->number, 1002);   /* from the rules */
}
END_TEST

START_TEST(a_catalogue_may_be_one_file_of_rules)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/one.rules", support_directory());
    support_write_file(path, "group senior = age >= 75\n", 25, 0644);
    if (!catalogue_read(&catalogue, path, &vocabulary, &fault))
        ck_abort_msg("%s", fault.text);
    ck_assert_uint_eq(catalogue.rules->group_count, 2);
    ck_assert_uint_eq(catalogue.trade.provider_count, 0);
}
END_TEST

START_TEST(tables_need_not_be_there)
{
    const struct folder_file rules[] = {{"a.rules", "group senior = age >= 75\n"}, {NULL, NULL}};
    ck_assert(catalogue_read(&catalogue, folder_of("c", rules, NULL), &vocabulary, &fault));
}
END_TEST

#define CITY_RULES                                                                                 \
    "relief RIGA-CITY giver 90011524360 from 2026-01-01\n"                                         \
    "  clause senior product city.ticket "

static const struct {
    const char *file, *text, *told;
} faults[] = {
    {"contracts.csv", "number,giver,provider,relief\n12,90011524360,40003000017,RIGA-CTIY\n",
     "c/contracts.csv:2: no relief is called \"RIGA-CTIY\" (did you mean \"RIGA-CITY\"?); write "
     "it"},
    {"contracts.csv", "number,giver,provider,relief\n12,90011524360,40003000017,TEST\n",
     "c/contracts.csv:2: no relief is called \"TEST\"; write it in the rules, or correct the name"},
    {"b.rules",
     "relief RIGA-CITY giver 90000054163 from 2026-01-01\n"
     "  clause senior product city.ticket free\n",
     "c/contracts.csv:2: the relief RIGA-CITY is given by 90000054163, the contract is with 9001"},
    {"c.rules",
     "\nrelief OTHER giver 90000054163 from 2026-01-01\n"
     "  clause senior product city.ticket free\n",
     "c/c.rules:2:8: giver 90000054163 of the relief OTHER is not in givers.csv; add it there, or "
     "correct the number"},
    {"b.rules", CITY_RULES "at 101, 103 free\n",
     "c/b.rules:2:10: point of sale 103 is not in points_of_sale.csv; add it there, or correct the "
     "number"},
    {"b.rules", CITY_RULES "at 102-200 free\n",
     "c/b.rules:2:10: no point of sale from 102 to 200 is in points_of_sale.csv; add them there, "
     "or correct the numbers"},
    {"b.rules", CITY_RULES "under 13 free\n",
     "c/b.rules:2:10: contract 13 is not in contracts.csv; add it there, or correct the number"},
    {"c.rules",
     "relief OTHER giver 90011524360 from 2026-01-01\n"
     "  clause senior product city.ticket under 12 free\n",
     "c/c.rules:2:10: contract 12 is not on the relief OTHER: correct the number, or "
     "contracts.csv"},
    {"b.rules", CITY_RULES "in 0002 free\n",
     "c/b.rules:2:10: place 0002 is not in places.csv; add it there, or correct the code"},
    {"b.rules", CITY_RULES "in 0000999 free\n",
     "c/b.rules:2:10: place 0000999 was replaced by 0001000: write that one"},
    {"c.rules", "\ngroup old_town = age > 3 and resident_in 0000999\n",
     "c/c.rules:2:7: place 0000999 was replaced by 0001000: write that one"},
    {"c.rules", "\n\n\ngroup far = school_in 0003\n",
     "c/c.rules:4:7: place 0003 is not in places.csv; add it there, or correct the code"},
    {"c.rules", "\n\ncalendar fair = 08-15 in 0003\n",
     "c/c.rules:3:10: place 0003 is not in places.csv; add it there, or correct the code"},
    {"products.csv", "number,name\n1001,city.ticket\n1002,city.tram\n", "c/a.rules:2:"},
    {"products.csv", "number,name\n1001,city.ticket\n1003,city.pass\n", "c/a.rules:2:"},
    {"products.csv", "number,title\n1001,x\n", "c/products.csv:1: column 2, \"title\", is none of"},
    {"terminals.csv", "number,points,profile,products\n7,101,gate,1001 1003\n",
     "c/terminals.csv:2: product 1003 is neither in products.csv nor in the rules; add it there,"},
    {"terminals.csv", "number,points,profile,products\n7,101,gate,1001\n8,101,gate,2-900\n",
     "c/terminals.csv:3: no product from 2 to 900 is in products.csv or in the rules; add them th"},
    {"a.rules", "group senior = agee >= 75\n", "c/a.rules:1:16:"},
};

START_TEST(what_does_not_fit_is_told_with_its_line_and_what_to_do)
{
    ck_assert(!read_changed(faults[_i].file, faults[_i].text));
    if (strstr(fault.text, faults[_i].told) == NULL)
        ck_abort_msg("wanted: %s\nfound:  %s", faults[_i].told, fault.text);
    ck_assert(catalogue.rules == NULL && catalogue.trade.givers == NULL);
}
END_TEST

START_TEST(clauses_may_speak_of_what_is_in_the_tables)
{
    if (!read_changed("b.rules", CITY_RULES "in RIGA at 100-110 under 12 free\n"
                                            "calendar fair = 08-15 in RIGA\n"))
        ck_abort_msg("%s", fault.text);
}
END_TEST

/* Also products of the rules, spans that hold some, and the engine's own. */
START_TEST(terminals_may_sell_what_is_in_the_tables_or_in_the_rules)
{
    if (!read_changed("terminals.csv", "number,points,profile,products\n"
                                       "7,101,gate,1001-1002\n8,101,till,500-1001 1\n"
                                       "9,101,till,1002-4294967295\n10,101,gate,\n"))
        ck_abort_msg("%s", fault.text);
    ck_assert_uint_eq(catalogue.trade.terminal_count, 4);
}
END_TEST

START_TEST(what_is_no_catalogue_is_told)
{
    const struct folder_file none[] = {{"givers.csv", "number,title\n"}, {NULL, NULL}};
    ck_assert(!catalogue_read(&catalogue, "/nonexistent/c", &vocabulary, &fault));
    ck_assert_str_eq(fault.text, "/nonexistent/c: No such file or directory");
    const char *folder = folder_of("c", none, NULL);
    ck_assert(!catalogue_read(&catalogue, folder, &vocabulary, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "c: files *.rules wanted, none found"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("catalogue_folder");
    TCase *tcase = tcase_create("folders");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_folder_is_its_rules_in_order_of_name_and_its_tables);
    tcase_add_test(tcase, a_catalogue_may_be_one_file_of_rules);
    tcase_add_test(tcase, tables_need_not_be_there);
    tcase_add_loop_test(tcase, what_does_not_fit_is_told_with_its_line_and_what_to_do, 0,
                        COUNT_OF(faults));
    tcase_add_test(tcase, clauses_may_speak_of_what_is_in_the_tables);
    tcase_add_test(tcase, terminals_may_sell_what_is_in_the_tables_or_in_the_rules);
    tcase_add_test(tcase, what_is_no_catalogue_is_told);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
