#include "loader/registers.h"

#include "loader/register.h"
#include "tests/support.h"

#include <stdio.h>
#include <string.h>

static struct vocabulary vocabulary;
static struct fault fault;

START_TEST(the_shipped_descriptions_are_read_in_order_of_name)
{
    static const char *const names[] = {
        "IZM.learner",  "PMLP.eid",          "PMLP.persons", "PMLP.special",
        "riga_staff",   "RS.etalons",        "SIF.family",   "SOPA.household",
        "VBTAI.orphan", "VDEAVK.disability", "VSAA.pension",
    };
    struct registers registers;
    if (!registers_read(&registers, &vocabulary, support_path("loader/registers"), &fault))
        ck_abort_msg("%s", fault.text);
    ck_assert_uint_eq(registers.count, sizeof(names) / sizeof(names[0]));
    for (size_t i = 0; i < registers.count; i++)
        ck_assert_str_eq(registers.list[i].name, names[i]);
    ck_assert_uint_eq(vocabulary.kind_count, 8);
    ck_assert(vocabulary_kind(&vocabulary, "riga_staff", true) != KIND_NONE);
    ck_assert_uint_eq(registers.list[1].capable_since, 18141); /* 2019-09-02 */
    ck_assert_uint_eq(registers.list[1].ready_since, 18989);   /* 2021-12-28 */
    registers_free(&registers);
}
END_TEST

static void write_one(const char *file, const char *name)
{
    char path[512], text[512];
    snprintf(path, sizeof(path), "%s/%s", support_directory(), file);
    int size = snprintf(text, sizeof(text),
                        "register %s\nformat csv separator , encoding utf-8\nfact list\n"
                        "column k code\n",
                        name);
    support_write_file(path, text, (size_t)size, 0600);
}

START_TEST(only_files_of_that_name_are_descriptions)
{
    struct registers registers;
    write_one("b.register", "one");
    write_one("a.register", "two");
    write_one("c.register.old", "three");
    write_one(".d.register", "four");
    write_one(".register", "five");
    ck_assert(registers_read(&registers, &vocabulary, support_directory(), &fault));
    ck_assert_uint_eq(registers.count, 2);
    ck_assert_str_eq(registers.list[0].name, "two");
    registers_free(&registers);
}
END_TEST

START_TEST(a_register_described_twice_is_a_fault)
{
    struct registers registers;
    write_one("a.register", "same");
    write_one("b.register", "same");
    ck_assert(!registers_read(&registers, &vocabulary, support_directory(), &fault));
    ck_assert(strstr(fault.text, "b.register") != NULL);
}
END_TEST

START_TEST(a_folder_without_descriptions_is_a_fault)
{
    struct registers registers;
    ck_assert(!registers_read(&registers, &vocabulary, support_directory(), &fault));
    ck_assert(!registers_read(&registers, &vocabulary, "/nonexistent", &fault));
    ck_assert(strstr(fault.text, "/nonexistent") != NULL);
}
END_TEST

START_TEST(their_kinds_can_be_had_alone)
{
    if (!registers_read_kinds(&vocabulary, support_path("loader/registers"), &fault))
        ck_abort_msg("%s", fault.text);
    ck_assert_uint_eq(vocabulary.kind_count, 8);
    ck_assert(!registers_read_kinds(&vocabulary, "/nonexistent", &fault));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("registers");
    TCase *tcase = tcase_create("folders");
    tcase_add_test(tcase, the_shipped_descriptions_are_read_in_order_of_name);
    tcase_add_test(tcase, only_files_of_that_name_are_descriptions);
    tcase_add_test(tcase, a_register_described_twice_is_a_fault);
    tcase_add_test(tcase, a_folder_without_descriptions_is_a_fault);
    tcase_add_test(tcase, their_kinds_can_be_had_alone);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
