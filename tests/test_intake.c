#include "loader/intake.h"

#include "loader/source.h"
#include "loader/text.h"
#include "tests/support.h"

#include <fcntl.h>
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
             "datums,Aktivizēts\r\n"
             "PA1234567,010190-00015,01.02.2020,31.01.2030,derīgs,,01.02.2020\r\n"
             "PA7654321,32000000001,01.02.2020,31.01.2030,bloķēts,05.06.2026,03.02.2020\r\n"
             "PA7654322,32000000001,01.02.2010,31.01.2020,aizstāts,05.06.2026,\r\n",
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
    struct intake_settings settings = {.folder = folder,
                                       .absent = absent,
                                       .thread_count = thread_count,
                                       .is_quiet = true,
                                       .chunk_size = chunk_size};
    return intake_read(&world->intake, &world->facts, &world->vocabulary, &world->registers,
                       &settings, &world->fault);
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
    ck_assert(means[1].until_day == day("2026-06-05"));  /* blocked before it ended */
    ck_assert(means[1].from_day == day("2020-02-03"));   /* activated */
    ck_assert(means[2].issued_day == day("2010-02-01")); /* of no use to validators */
    ck_assert(means[2].from_day >= means[2].until_day);
    ck_assert_uint_eq(world.intake.deliveries[EID].idle_count, 1);
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

/* ---- cuts and threads do not matter ---- */

/* Member by member: what lies between them is nobody's. */
static bool persons_are_equal(const struct person_fact *a, const struct person_fact *b)
{
    return a->code == b->code && a->previous == b->previous && a->birth_day == b->birth_day &&
           a->death_day == b->death_day && a->place == b->place && a->line == b->line &&
           a->delivery == b->delivery;
}

static bool statuses_are_equal(const struct status_fact *a, const struct status_fact *b)
{
    return a->code == b->code && a->from_day == b->from_day && a->until_day == b->until_day &&
           a->school == b->school && a->line == b->line && a->kind == b->kind &&
           a->subtype == b->subtype && a->delivery == b->delivery;
}

static bool means_are_equal(const struct means_fact *a, const struct means_fact *b)
{
    return a->code == b->code && a->from_day == b->from_day && a->until_day == b->until_day &&
           a->issued_day == b->issued_day && a->line == b->line && a->delivery == b->delivery &&
           memcmp(&a->identifier, &b->identifier, sizeof(a->identifier)) == 0;
}

static bool facts_are_equal(const struct facts *a, const struct facts *b)
{
    bool are_equal = a->person_count == b->person_count && a->status_count == b->status_count &&
                     a->means_count == b->means_count;
    for (size_t i = 0; are_equal && i < a->person_count; i++)
        are_equal = persons_are_equal(&a->persons[i], &b->persons[i]);
    for (size_t i = 0; are_equal && i < a->status_count; i++)
        are_equal = statuses_are_equal(&a->statuses[i], &b->statuses[i]);
    for (size_t i = 0; are_equal && i < a->means_count; i++)
        are_equal = means_are_equal(&a->means[i], &b->means[i]);
    return are_equal;
}

static bool worlds_are_equal(const struct world *a, const struct world *b)
{
    if (!facts_are_equal(&a->facts, &b->facts) ||
        a->intake.quarantine_count != b->intake.quarantine_count ||
        (a->intake.quarantine_count > 0 &&
         memcmp(a->intake.quarantine, b->intake.quarantine,
                a->intake.quarantine_count * sizeof(a->intake.quarantine[0])) != 0))
        return false;
    for (size_t i = 0; i < FILE_COUNT; i++) {
        const struct delivery *one = &a->intake.deliveries[i], *other = &b->intake.deliveries[i];
        if (one->row_count != other->row_count || one->refused_count != other->refused_count ||
            one->warning_count != other->warning_count || one->idle_count != other->idle_count ||
            memcmp(one->refused_by, other->refused_by, sizeof(one->refused_by)) != 0)
            return false;
    }
    return true;
}

/* Lists of Riga's staff with rows of every kind of trouble between good ones; returns the rows. */
static unsigned write_troubled(unsigned repeat_count)
{
    static const char troubled[] = "32000000001,2024-01-01,\n"
                                   "\n"
                                   "32000000002,2024-01-01,2023-01-01\r\n"
                                   "320000000,2024-01-01,\n"
                                   "\r\n"
                                   "\"32000000003\",\"2024-01-01\",\"2025-01-01\"\r\n"
                                   "\"32000000004,2024-01-01,\n"
                                   "32000000005,2024-01-01\n"
                                   "32000000\"06\",2024-01-01,\n"
                                   "40003658252,2024-02-30,\n"
                                   "0101900001\xff,2024-01-01,\n"
                                   "161175-09990,2024-01-01,\n";
    static char text[1 << 20];
    size_t size = (size_t)snprintf(text, sizeof(text), "personas_kods,no,lidz\n");
    for (unsigned i = 0; i < repeat_count; i++) {
        ck_assert_uint_lt(size + 2 * sizeof(troubled) + 6000, sizeof(text));
        memcpy(text + size, troubled, sizeof(troubled) - 1);
        size += sizeof(troubled) - 1;
        if (i % 16 == 0) { /* a line that is too long: longer than many a chunk */
            memset(text + size, 'x', 5000);
            text[size + 5000] = '\n';
            size += 5001;
        }
    }
    write_text(delivered[STAFF].name, text, size - 1); /* the last line has no end */
    return 10 * repeat_count + (repeat_count + 15) / 16;
}

START_TEST(any_size_of_chunk_gives_the_same)
{
    struct world whole, cut;
    write_all();
    delivered[STAFF].row_count = write_troubled(2);
    write_list();
    must_read(&whole);
    ck_assert_uint_eq(whole.intake.quarantine_count, 2 * 7 + 1);
    for (size_t chunk_size = 1; chunk_size < 600; chunk_size += chunk_size < 80 ? 1 : 37) {
        if (!read_world(&cut, NULL, 1 + (uint32_t)(chunk_size % 3), chunk_size))
            ck_abort_msg("%s", cut.fault.text);
        ck_assert_msg(worlds_are_equal(&whole, &cut), "chunks of %zu", chunk_size);
        free_world(&cut);
    }
    free_world(&whole);
}
END_TEST

START_TEST(any_number_of_threads_gives_the_same)
{
    struct world one, many;
    write_all();
    delivered[STAFF].row_count = write_troubled(1000);
    write_list();
    if (!read_world(&one, NULL, 1, 4096))
        ck_abort_msg("%s", one.fault.text);
    for (uint32_t thread_count = 2; thread_count <= 8; thread_count += 3) {
        if (!read_world(&many, NULL, thread_count, 4096))
            ck_abort_msg("%s", many.fault.text);
        ck_assert(worlds_are_equal(&one, &many));
        free_world(&many);
    }
    free_world(&one);
}
END_TEST

START_TEST(refused_rows_are_named_by_line_and_column)
{
    static const struct quarantined wanted[] = {
        {.line = 4, .refusal = REFUSAL_DATE_ORDER, .column = 3},
        {.line = 5, .refusal = REFUSAL_CODE_FORM, .column = 1},
        {.line = 8, .refusal = REFUSAL_QUOTE, .column = 1},
        {.line = 9, .refusal = REFUSAL_COLUMN_COUNT, .column = 0},
        {.line = 10, .refusal = REFUSAL_QUOTE, .column = 1},
        {.line = 11, .refusal = REFUSAL_CODE_NOT_PERSON, .column = 1},
        {.line = 12, .refusal = REFUSAL_ENCODING, .column = 1},
        {.line = 14, .refusal = REFUSAL_LINE_TOO_LONG, .column = 0},
    };
    struct world world;
    write_all();
    delivered[STAFF].row_count = write_troubled(1);
    write_list();
    if (!read_world(&world, NULL, 2, 50))
        ck_abort_msg("%s", world.fault.text);
    ck_assert_uint_eq(world.intake.quarantine_count, sizeof(wanted) / sizeof(wanted[0]));
    for (size_t i = 0; i < world.intake.quarantine_count; i++) {
        const struct quarantined *found = &world.intake.quarantine[i];
        ck_assert_uint_eq(found->delivery, STAFF);
        ck_assert_uint_eq(found->line, wanted[i].line);
        ck_assert_uint_eq(found->column, wanted[i].column);
        ck_assert_uint_eq(found->refusal, wanted[i].refusal);
    }
    ck_assert_uint_eq(world.intake.deliveries[STAFF].warning_count, 1);
    free_world(&world);
}
END_TEST

START_TEST(a_broken_row_of_xml_is_refused_alone)
{
    struct world world;
    delivered[DISABILITY].text = "<invaliditate>\n<persona><grupa>1</grupa><no>2020-01-01</no>"
                                 "</persona>\n\n<persona kods='010190-00015'><grupa>9</grupa>"
                                 "<no>2020-01-01</no></persona><persona kods='010190-00015'>"
                                 "<grupa>1</grupa><no>2020-01-01</no></persona></invaliditate>";
    delivered[DISABILITY].row_count = 3;
    write_all();
    must_read(&world);
    const struct quarantined *found = world.intake.quarantine;
    ck_assert_uint_eq(world.intake.quarantine_count, 2);
    ck_assert(found[0].line == 2 && found[0].refusal == REFUSAL_CODE_MISSING);
    ck_assert(found[1].line == 4 && found[1].refusal == REFUSAL_CLASSIFIER);
    ck_assert(found[1].column == 2 && found[1].delivery == DISABILITY);
    free_world(&world);
}
END_TEST

/* ---- files that are not what was announced ---- */

START_TEST(a_file_cut_anywhere_never_passes_for_whole)
{
    char bytes[FILE_ROOM];
    const struct file *file = &files[_i];
    size_t size = strlen(file->text);
    memcpy(bytes, file->text, size);
    if (file->is_1257)
        size = text_1257_of_utf8(bytes, sizeof(bytes), file->text, size);
    write_all();
    for (size_t cut = 0; cut < size; cut++) {
        struct world world;
        write_text(file->name, bytes, cut);
        bool is_read = read_world(&world, NULL, 1, 64);
        /* Within the last row a cut may be seen by that row only. */
        bool is_in_last_row = memchr(bytes + cut, '\n', size - cut - 1) == NULL;
        ck_assert_msg(!is_read || is_in_last_row, "%s cut at %zu", file->name, cut);
        free_world(&world);
    }
}
END_TEST

START_TEST(columns_may_stand_in_any_order_among_others)
{
    struct world world;
    delivered[STAFF].text = "amats,lidz,personas_kods, no \nx,2025-01-01,32000000001,2024-01-01\n";
    write_all();
    must_read(&world);
    const struct status_fact *fact = &world.facts.statuses[world.facts.status_count - 1];
    ck_assert(fact->code == 32000000001 && fact->from_day == day("2024-01-01"));
    ck_assert(fact->until_day == day("2025-01-01"));
    free_world(&world);
}
END_TEST

START_TEST(doubled_quotes_in_a_wanted_field_are_one)
{
    struct world world;
    delivered[STAFF].text = "personas_kods,no,lidz\n\"32000\"\"0001\",2024-01-01,\n";
    write_all();
    must_read(&world);
    ck_assert_uint_eq(world.intake.deliveries[STAFF].refused_by[REFUSAL_CODE_FORM], 1);
    free_world(&world);
}
END_TEST

static const struct {
    const char *name;
    int file;
    const char *text, *fault;
} broken_files[] = {
    {"an empty file", STAFF, "", "riga_darbinieki.csv:1: a header line wanted, nothing found"},
    {"a header of another register", STAFF, "a,b\n",
     "riga_darbinieki.csv:1: column \"personas_kods\" wanted, the header has 2 others"},
    {"a header with a slip", STAFF, "personas_kodi,no,lidz\n",
     "riga_darbinieki.csv:1: column \"personas_kods\" wanted, the header has 3 others, the "
     "nearest \"personas_kodi\""},
    {"no header at all", STAFF, "32000000001,2024-01-01,\n",
     "riga_darbinieki.csv:1: column \"personas_kods\" wanted, the header has 3 others"},
    {"another separator", STAFF, "personas_kods;no;lidz\n",
     "riga_darbinieki.csv:1: column \"personas_kods\" wanted, the header has 1 other; is "
     "something else than , between its columns?"},
    {"another encoding", STAFF,
     "personas_kods,no,l\xee"
     "dz\n",
     "riga_darbinieki.csv:1: column \"lidz\" wanted, the header has 3 others; its letters are not "
     "utf-8, as the register is described"},
    {"a column twice", STAFF, "personas_kods,no,lidz,no\n",
     "riga_darbinieki.csv:1: one column \"no\" wanted, 2 found: which one counts cannot be told"},
    {"a broken header", STAFF, "\"personas_kods,no,lidz\n",
     "riga_darbinieki.csv:1: a header line wanted: a quote is not closed"},
    {"a row too few", STAFF, "personas_kods,no,lidz\n",
     "riga_darbinieki.csv: 1 rows wanted, as delivery.csv says, 0 found: the file is cut or not "
     "of this delivery"},
    {"a row too many", STAFF, "personas_kods,no,lidz\nx\nx\n",
     "riga_darbinieki.csv: 1 rows wanted, as delivery.csv says, 2 found: the file is cut or not "
     "of this delivery"},
    {"XML that is none", DISABILITY, "<invaliditate>\n<persona></invaliditate>",
     "vdeavk_invaliditate.xml:2:12: mismatched tag"},
    {"XML with other elements", DISABILITY, "<invaliditate><personas/></invaliditate>",
     "vdeavk_invaliditate.xml: 2 elements \"persona\" wanted, none found"},
};

START_TEST(a_broken_file_is_a_fault_with_its_name)
{
    struct world world;
    delivered[broken_files[_i].file].text = broken_files[_i].text;
    write_all();
    ck_assert_msg(!read_world(&world, NULL, 2, 0), "%s", broken_files[_i].name);
    ck_assert_str_eq(world.fault.text, broken_files[_i].fault);
    ck_assert(world.facts.persons == NULL && world.intake.quarantine == NULL);
    free_world(&world);
}
END_TEST

START_TEST(what_is_no_plain_file_is_refused)
{
    struct world world;
    char path[512];
    write_all();
    snprintf(path, sizeof(path), "%s/%s", folder, delivered[STAFF].name);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert(!read_world(&world, NULL, 1, 0));
    ck_assert_str_eq(world.fault.text, "riga_darbinieki.csv: No such file or directory");
    free_world(&world);
    ck_assert_int_eq(mkfifo(path, 0600), 0); /* whoever opens it must not wait for ever */
    ck_assert(!read_world(&world, NULL, 1, 0));
    ck_assert_str_eq(world.fault.text, "riga_darbinieki.csv: a plain file wanted");
    free_world(&world);
}
END_TEST

START_TEST(a_file_of_a_hundred_gigabytes_is_refused_unread)
{
    struct world world;
    char path[512];
    write_all();
    snprintf(path, sizeof(path), "%s/%s", folder, delivered[STAFF].name);
    ck_assert_int_eq(truncate(path, INT64_C(100) << 30), 0);
    ck_assert(!read_world(&world, NULL, 1, 0));
    ck_assert(strstr(world.fault.text, "at most") != NULL);
    free_world(&world);
}
END_TEST

START_TEST(a_file_that_changes_while_it_is_read_is_noticed)
{
    struct world world;
    write_all();
    must_read(&world);
    int folder_fd = open(folder, O_RDONLY | O_DIRECTORY);
    struct source source;
    ck_assert(source_open(&source, folder_fd, &world.intake.deliveries[STAFF], 0, &world.fault));
    ck_assert(source_is_unchanged(&source, &world.fault));

    char path[512];
    snprintf(path, sizeof(path), "%s/%s", folder, delivered[STAFF].name);
    ck_assert_int_eq(truncate(path, (off_t)source.size + 1), 0);
    ck_assert(!source_is_unchanged(&source, &world.fault));
    ck_assert(strstr(world.fault.text, "was changed while it was read") != NULL);

    struct output output = {0};
    char buffer[FILE_ROOM];
    ck_assert_int_eq(truncate(path, (off_t)source.size - 1), 0);
    source_read_csv(&source, source.data_from, source.size, buffer, &output);
    ck_assert(output.has_fault && strstr(output.fault.text, "became shorter") != NULL);
    output_free(&output);
    source_close(&source);
    close(folder_fd);
    free_world(&world);
}
END_TEST

/* ---- the list ---- */

static const struct {
    const char *name, *list, *fault;
} lists[] = {
    {"an empty list", "", "delivery.csv:1: a header line wanted, nothing found"},
    {"no column of that name", "register,file,as_of,missing\n",
     "delivery.csv:1: a column \"rows\" wanted, the header has none"},
    {"a column twice", "register,file,as_of,rows,missing,rows\n",
     "delivery.csv:1: one column \"rows\" wanted, two found"},
    {"a register that nobody described",
     "register,file,as_of,rows,missing\nPMLP.person,a,2026-11-20,1,\n",
     "delivery.csv:2:1: the name of a described register (did you mean \"PMLP.persons\"?) wanted"},
    {"a column too few", "register,file,as_of,rows,missing\nriga_staff,a,2026-11-20,1\n",
     "delivery.csv:2: 5 columns wanted, 4 found"},
    {"a quote that is not closed", "register,file,as_of,rows,missing\n\"riga_staff,a\n",
     "delivery.csv:2: a quote is not closed"},
    {"a file elsewhere", "register,file,as_of,rows,missing\nriga_staff,../a,2026-11-20,1,\n",
     "delivery.csv:2:2: the name of a file in the same folder, without \"/\" wanted"},
    {"a file below", "register,file,as_of,rows,missing\nriga_staff,a/b,2026-11-20,1,\n",
     "delivery.csv:2:2: the name of a file in the same folder, without \"/\" wanted"},
    {"no file", "register,file,as_of,rows,missing\nriga_staff,,2026-11-20,1,\n",
     "delivery.csv:2:2: the name of a file in the same folder, without \"/\" wanted"},
    {"a file listed twice",
     "register,file,as_of,rows,missing\nriga_staff,a,2026-11-20,1,\nriga_staff,a,2026-11-20,1,\n",
     "delivery.csv:3:2: a file that was not listed before wanted"},
    {"a day that is none", "rows,register,file,as_of,missing\n1,riga_staff,a,20.11.2026,\n",
     "delivery.csv:2:4: a day such as 2026-11-23 wanted"},
    {"rows that are no number", "register,file,as_of,rows,missing\nriga_staff,a,2026-11-20,-1,\n",
     "delivery.csv:2:4: the number of rows in the file wanted"},
    {"places that are none",
     "register,file,as_of,rows,missing\nSOPA.household,a,2026-11-20,1,0004 Rīga\n",
     "delivery.csv:2:5: ATVK codes or their beginnings, apart by spaces, wanted"},
    {"missing places of means", "register,file,as_of,rows,missing\nPMLP.eid,a,2026-11-20,1,0004\n",
     "delivery.csv:2:5: no missing places for a register of persons or means wanted"},
    {"a register that is not listed",
     "register,file,as_of,rows,missing\nriga_staff,a,2026-11-20,1,\n",
     "delivery.csv: a file of register IZM.learner wanted, none listed: deliver it, or name it as "
     "absent, and all it could say is unknown"},
};

START_TEST(a_wrong_list_is_a_fault_with_its_line)
{
    struct world world;
    write_all();
    write_text("delivery.csv", lists[_i].list, strlen(lists[_i].list));
    ck_assert_msg(!read_world(&world, NULL, 1, 0), "%s", lists[_i].name);
    ck_assert_str_eq(world.fault.text, lists[_i].fault);
    free_world(&world);
}
END_TEST

START_TEST(missing_places_become_known)
{
    struct world world;
    write_all();
    must_read(&world);
    uint16_t kind = vocabulary_kind(&world.vocabulary, "SOPA.household", false);
    ck_assert_uint_eq(world.vocabulary.kinds[kind].missing_count, 2);
    ck_assert(vocabulary_is_missing(&world.vocabulary.kinds[kind], 4000));
    ck_assert(vocabulary_is_missing(&world.vocabulary.kinds[kind], 26000));
    ck_assert(!vocabulary_is_missing(&world.vocabulary.kinds[kind], 1000));
    free_world(&world);
}
END_TEST

START_TEST(what_is_named_absent_is_unknown)
{
    struct world world;
    delivered[HOUSEHOLD].register_name = NULL;
    delivered[EID].register_name = NULL;
    write_all();
    ck_assert(!read_world(&world, NULL, 1, 0));
    free_world(&world);
    ck_assert(!read_world(&world, "SOPA.household", 1, 0));
    free_world(&world);
    if (!read_world(&world, "SOPA.household, PMLP.eid", 1, 0))
        ck_abort_msg("%s", world.fault.text);
    uint16_t kind = vocabulary_kind(&world.vocabulary, "SOPA.household", false);
    ck_assert(world.vocabulary.kinds[kind].is_missing);
    for (uint16_t i = 0; i < world.vocabulary.kind_count; i++)
        ck_assert(i == kind || !world.vocabulary.kinds[i].is_missing);
    ck_assert_uint_eq(world.intake.delivery_count, FILE_COUNT - 2);
    free_world(&world);
}
END_TEST

static const struct {
    const char *absent, *fault;
} absences[] = {
    {"SOPA.houshold", "absent: a described register wanted, \"SOPA.houshold\" found (did you mean "
                      "\"SOPA.household\"?)"},
    {"PMLP.persons", "absent: PMLP.persons is the base register: nothing goes without it"},
    {"PMLP.eid", "absent: PMLP.eid is listed in delivery.csv: remove it from one of them"},
    {",", "absent: a described register wanted, \"\" found"},
};

START_TEST(what_cannot_be_absent_is_a_fault)
{
    struct world world;
    write_all();
    ck_assert(!read_world(&world, absences[_i].absent, 1, 0));
    ck_assert_str_eq(world.fault.text, absences[_i].fault);
    free_world(&world);
}
END_TEST

START_TEST(refusals_beyond_the_quarantine_are_counted)
{
    struct intake intake = {.delivery_count = 1};
    for (unsigned i = 0; i < QUARANTINE_COUNT_MAX + 10; i++)
        intake_refuse(&intake, 0, i, 1, REFUSAL_PERSON_UNKNOWN);
    intake_order_quarantine(&intake);
    ck_assert_uint_eq(intake.quarantine_count, QUARANTINE_COUNT_MAX);
    ck_assert_uint_eq(intake.deliveries[0].refused_count, QUARANTINE_COUNT_MAX + 10);
    ck_assert_uint_eq(intake.deliveries[0].refused_by[REFUSAL_PERSON_UNKNOWN],
                      QUARANTINE_COUNT_MAX + 10);
    intake_free(&intake);
}
END_TEST

START_TEST(every_refusal_has_a_name_and_a_sentence)
{
    for (int i = 1; i <= REFUSAL_LAST; i++) {
        ck_assert_uint_gt(strlen(refusal_text((enum refusal)i)), 10);
        ck_assert_uint_gt(strlen(refusal_name((enum refusal)i)), 4);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("intake");
    TCase *tcase = tcase_create("reading");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, a_whole_delivery_is_read_without_a_refusal);
    tcase_add_test(tcase, facts_carry_what_the_rows_said);
    tcase_add_loop_test(tcase, every_register_of_statuses_says_its_own, 0,
                        sizeof(statuses_wanted) / sizeof(statuses_wanted[0]));
    tcase_add_test(tcase, any_size_of_chunk_gives_the_same);
    tcase_add_test(tcase, any_number_of_threads_gives_the_same);
    tcase_add_test(tcase, refused_rows_are_named_by_line_and_column);
    tcase_add_test(tcase, a_broken_row_of_xml_is_refused_alone);
    tcase_add_loop_test(tcase, a_file_cut_anywhere_never_passes_for_whole, 0, FILE_COUNT);
    tcase_add_test(tcase, columns_may_stand_in_any_order_among_others);
    tcase_add_test(tcase, doubled_quotes_in_a_wanted_field_are_one);
    tcase_add_loop_test(tcase, a_broken_file_is_a_fault_with_its_name, 0,
                        sizeof(broken_files) / sizeof(broken_files[0]));
    tcase_add_test(tcase, what_is_no_plain_file_is_refused);
    tcase_add_test(tcase, a_file_of_a_hundred_gigabytes_is_refused_unread);
    tcase_add_test(tcase, a_file_that_changes_while_it_is_read_is_noticed);
    tcase_add_loop_test(tcase, a_wrong_list_is_a_fault_with_its_line, 0,
                        sizeof(lists) / sizeof(lists[0]));
    tcase_add_test(tcase, missing_places_become_known);
    tcase_add_test(tcase, what_is_named_absent_is_unknown);
    tcase_add_loop_test(tcase, what_cannot_be_absent_is_a_fault, 0,
                        sizeof(absences) / sizeof(absences[0]));
    tcase_add_test(tcase, refusals_beyond_the_quarantine_are_counted);
    tcase_add_test(tcase, every_refusal_has_a_name_and_a_sentence);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(suite());
}
