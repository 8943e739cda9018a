#include "loader/intake.h"

#include "loader/text.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A delivery in a folder, whole and small; tests change one thing each. */

#define AS_OF     "2026-11-20"
#define FILE_ROOM 8192

struct file {
    const char *name;
    const char *register_name;
    const char *missing;
    const char *text; /* UTF-8 */
    unsigned row_count;
    bool is_1257; /* written so */
};

enum { PERSONS, EID, SPECIAL, LEARNER, PENSION, DISABILITY, FAMILY, ORPHAN, HOUSEHOLD, ETALONS };
enum { STAFF = ETALONS + 1, FILE_COUNT };

static const struct file files[FILE_COUNT] = {
    [PERSONS] = {"pmlp_personas.csv", "PMLP.persons", "",
                 "Personas kods;Iepriekšējie personas kodi;Dzimšanas datums;Miršanas datums;"
                 "Deklarētās adreses ATVK;Statuss\n"
                 "010190-00015;;1990-01-01;;0001000;aktīvs\n"
                 "32000000001;020280-00023 03037000031;1980-02-02;;1000;aktīvs\n"
                 "321111-11111;;1935-05-05;2026-01-01;;miris\n",
                 3, false},
    [EID] = {"pmlp_eid.csv", "PMLP.eid", "",
             "\xef\xbb\xbf"
             "Dokumenta numurs,Personas kods,Izdošanas datums,Derīgs līdz,Stāvoklis,Stāvokļa "
             "datums\r\n"
             "PA1234567,010190-00015,01.02.2020,31.01.2030,derīgs,\r\n"
             "PA7654321,32000000001,01.02.2020,31.01.2030,bloķēts,05.06.2026\r\n"
             "PA7654322,32000000001,01.02.2010,31.01.2020,aizstāts,05.06.2026\r\n",
             3, false},
    [SPECIAL] = {"pmlp_statusi.csv", "PMLP.special", "",
                 "Personas kods;Statuss;Piešķirts;Izbeigts\r\n"
                 "321111-11111;politiski represēta persona;01.01.1992;\r\n"
                 "321111-11111;nacionālās pretošanās kustības dalībnieks;01.01.1992;01.01.2000\r\n",
                 2, true},
    [LEARNER] = {"izm_izglitojamie.csv", "IZM.learner", "",
                 "\"Izglītojamā personas kods\",\"Iestāde\",\"Iestādes ATVK\",\"Programma\","
                 "\"No\",\"Līdz\"\n"
                 "\"010190-00015\",\"Rīgas \"\"Saules\"\", 1. skola\",\"1000\",\"vispārējā\","
                 "\"2026-09-01\",\"\"\n"
                 "\"32000000001\",\"x\",\"0004000\",\"augstākā\",\"2020-09-01\","
                 "\"2026-06-30\"\n",
                 2, false},
    [PENSION] = {"vsaa_pensijas.csv", "VSAA.pension", "",
                 "PERSONAS_KODS\tVEIDS\tNO\tLĪDZ\r\n"
                 "1019000015\tVP\t19650101\t\r\n"
                 "32111111111\tSN\t20200101\t20201231\r\n",
                 2, true},
    [DISABILITY] = {"vdeavk_invaliditate.xml", "VDEAVK.disability", "",
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<invaliditate>\n"
                    "<persona kods=\"010190-00015\"><grupa>1</grupa><no>2020-01-01</no>"
                    "<lidz>2027-12-31</lidz></persona>\n"
                    "<persona kods=\"32000000001\"><grupa>B</grupa><no>2020-01-01</no></persona>\n"
                    "</invaliditate>\n",
                    2, false},
    [FAMILY] = {"sif_goda_gimene.xml", "SIF.family", "",
                "<?xml version=\"1.0\" encoding=\"windows-1257\"?>\n<godaGimene>\n"
                "<karte><personasKods>010190-00015</personasKods><loma>vecāks</loma>"
                "<izsniegta>01.01.2025</izsniegta><derigaLidz>31.12.2027</derigaLidz></karte>\n"
                "</godaGimene>",
                1, true},
    [ORPHAN] = {"vbtai_barenji.csv", "VBTAI.orphan", "",
                "\xef\xbb\xbfpersonas kods;statuss;lēmuma datums;beigu datums\n"
                "32000000001;bez vecāku gādības;01.01.2024;01.01.2027",
                1, false},
    [HOUSEHOLD] = {"sopa_statusi.csv", "SOPA.household", "0004 0026000",
                   "Personas kods,Statuss,Pašvaldība,Lēmuma datums,Termiņš\r\n"
                   "32000000001,trūcīga,Rīga,01.10.2026,31.12.2026\r\n",
                   1, true},
    [ETALONS] = {"rs_etaloni.csv", "RS.etalons", "",
                 "E-talona numurs;Personas kods;Izsniegts;Derīgs līdz;Stāvoklis;Stāvokļa datums\n"
                 "3645190;010190-00015;2024-01-01;2034-01-01;derīgs;\n"
                 "45190;32000000001;2024-01-01;2034-01-01;nozaudēts;2025-05-05\n",
                 2, false},
    [STAFF] = {"riga_darbinieki.csv", "riga_staff", "",
               "personas_kods,no,lidz\n32000000001,2024-01-01,\n", 1, false},
};

/* What was read, and all that must be freed. */
struct world {
    struct registers registers;
    struct vocabulary vocabulary;
    struct facts facts;
    struct intake intake;
    struct fault fault;
};

static struct file delivered[FILE_COUNT];
static char folder[128];

static void write_text(const char *name, const char *text, size_t size)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    support_write_file(path, text, size, 0600);
}

static void write_file(const struct file *file)
{
    char bytes[FILE_ROOM];
    size_t size = strlen(file->text);
    ck_assert_uint_lt(size, sizeof(bytes));
    memcpy(bytes, file->text, size);
    if (file->is_1257)
        size = text_1257_of_utf8(bytes, sizeof(bytes), file->text, size);
    ck_assert_uint_ne(size, SIZE_MAX);
    write_text(file->name, bytes, size);
}

static void setup(void)
{
    memcpy(delivered, files, sizeof(files));
    snprintf(folder, sizeof(folder), "%s", support_directory());
}

static void write_list(void)
{
    char list[FILE_ROOM];
    int size = snprintf(list, sizeof(list), "register,file,as_of,rows,missing\n");
    for (size_t i = 0; i < FILE_COUNT; i++)
        if (delivered[i].register_name != NULL)
            size += snprintf(list + size, sizeof(list) - (size_t)size, "%s,%s,%s,%u,%s\n",
                             delivered[i].register_name, delivered[i].name, AS_OF,
                             delivered[i].row_count, delivered[i].missing);
    write_text("delivery.csv", list, (size_t)size);
}

static void write_all(void)
{
    for (size_t i = 0; i < FILE_COUNT; i++)
        write_file(&delivered[i]);
    write_list();
}

static bool read_world(struct world *world, const char *absent, uint32_t thread_count,
                       size_t chunk_size)
{
    memset(world, 0, sizeof(*world));
    if (!registers_read(&world->registers, &world->vocabulary, support_path("loader/registers"),
                        &world->fault))
        ck_abort_msg("%s", world->fault.text);
    if (chunk_size == 0)
        return intake_read(&world->intake, &world->facts, &world->vocabulary, &world->registers,
                           folder, absent, thread_count, true, &world->fault);
    return intake_read_chunked(&world->intake, &world->facts, &world->vocabulary, &world->registers,
                               folder, absent, thread_count, true, chunk_size, &world->fault);
}

static void free_world(struct world *world)
{
    facts_free(&world->facts);
    intake_free(&world->intake);
    registers_free(&world->registers);
}

static void must_read(struct world *world)
{
    if (!read_world(world, NULL, 2, 0))
        ck_abort_msg("%s", world->fault.text);
}

static uint32_t day(const char *text)
{
    int32_t read;
    ck_assert(day_of_text(&read, text, 10));
    return (uint32_t)read;
}

/* ---- what is read ---- */

START_TEST(a_whole_delivery_is_read_without_a_refusal)
{
    struct world world;
    write_all();
    must_read(&world);
    ck_assert_uint_eq(world.intake.quarantine_count, 0);
    ck_assert_uint_eq(world.intake.delivery_count, FILE_COUNT);
    for (size_t i = 0; i < FILE_COUNT; i++)
        ck_assert_uint_eq(world.intake.deliveries[i].row_count, files[i].row_count);
    ck_assert_uint_eq(world.facts.person_count, 4); /* two earlier codes are two facts */
    ck_assert_uint_eq(world.facts.status_count, 12);
    ck_assert_uint_eq(world.facts.means_count, 5);
    free_world(&world);
}
END_TEST

START_TEST(facts_carry_what_the_rows_said)
{
    struct world world;
    write_all();
    must_read(&world);
    const struct person_fact *persons = world.facts.persons;
    ck_assert(persons[0].code == 1019000015 && persons[0].previous == NO_CODE);
    ck_assert_int_eq(persons[0].birth_day, (int32_t)day("1990-01-01"));
    ck_assert(persons[0].death_day == DAY_NEVER && persons[0].place == 1000);
    ck_assert(persons[0].line == 2 && persons[0].delivery == PERSONS);
    ck_assert(persons[1].previous == 2028000023 && persons[2].previous == 3037000031);
    ck_assert(persons[2].code == 32000000001 && persons[2].line == 3);
    ck_assert(persons[3].death_day == day("2026-01-01") && persons[3].place == 0);

    const struct means_fact *means = world.facts.means;
    ck_assert(memcmp(means[0].identifier.text, "PA1234567", 10) == 0);
    ck_assert(means[0].from_day == day("2020-02-01") && means[0].until_day == day("2030-02-01"));
    ck_assert(means[1].until_day == day("2026-06-05")); /* blocked before it ended */
    ck_assert(means[2].until_day == day("2020-02-01")); /* ended before it was replaced */
    ck_assert(memcmp(means[4].identifier.text, "0000045190", 11) == 0);
    ck_assert(means[4].until_day == day("2025-05-05"));
    free_world(&world);
}
END_TEST

static const struct status_wanted {
    const char *kind, *subtype, *from, *until;
    uint64_t code;
    uint32_t school, line;
} statuses_wanted[] = {
    {"PMLP.special", "repressed", "1992-01-01", NULL, 32111111111, 0, 2},
    {"PMLP.special", "resistance", "1992-01-01", "2000-01-01", 32111111111, 0, 3},
    {"IZM.learner", "general", "2026-09-01", NULL, 1019000015, 1000, 2},
    {"IZM.learner", "higher", "2020-09-01", "2026-07-01", 32000000001, 4000, 3},
    {"VSAA.pension", "old_age", "1970-01-01", NULL, 1019000015, 0, 2},
    {"VSAA.pension", "social", "2020-01-01", "2021-01-01", 32111111111, 0, 3},
    {"VDEAVK.disability", "group1", "2020-01-01", "2028-01-01", 1019000015, 0, 3},
    {"VDEAVK.disability", "child", "2020-01-01", NULL, 32000000001, 0, 4},
    {"SIF.family", "parent", "2025-01-01", "2028-01-01", 1019000015, 0, 3},
    {"VBTAI.orphan", "no_care", "2024-01-01", "2027-01-01", 32000000001, 0, 2},
    {"SOPA.household", "needy", "2026-10-01", "2027-01-01", 32000000001, 0, 2},
    {"riga_staff", "", "2024-01-01", NULL, 32000000001, 0, 2},
};

START_TEST(every_register_of_statuses_says_its_own)
{
    struct world world;
    write_all();
    must_read(&world);
    const struct status_wanted *wanted = &statuses_wanted[_i];
    const struct status_fact *fact = &world.facts.statuses[_i];
    const struct status_kind *kind = &world.vocabulary.kinds[fact->kind];
    ck_assert_str_eq(kind->name, wanted->kind);
    ck_assert_str_eq(kind->subtypes[fact->subtype], wanted->subtype);
    ck_assert_uint_eq(fact->from_day, day(wanted->from));
    ck_assert_uint_eq(fact->until_day, wanted->until == NULL ? DAY_NEVER : day(wanted->until));
    ck_assert(fact->code == wanted->code);
    ck_assert_uint_eq(fact->school, wanted->school);
    ck_assert_uint_eq(fact->line, wanted->line);
    free_world(&world);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("intake");
    TCase *tcase = tcase_create("reading");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, a_whole_delivery_is_read_without_a_refusal);
    tcase_add_test(tcase, facts_carry_what_the_rows_said);
    tcase_add_loop_test(tcase, every_register_of_statuses_says_its_own, 0,
                        sizeof(statuses_wanted) / sizeof(statuses_wanted[0]));
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(suite());
}
