#include "bench/cast.h"
#include "bench/country.h"
#include "bench/exports.h"
#include "bench/truth.h"
#include "protocol/means.h"
#include "tests/support.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define AS_OF_DAY 20758 /* 2026-11-01 */

static void write_country(const struct country *country, const char *folder,
                          struct breakage breakage, struct export_summary summaries[SOURCE_COUNT],
                          struct truth_summary *truth)
{
    struct fault fault = {""};
    mkdir(folder, 0755);
    ck_assert_msg(exports_write(country, folder, breakage, true, summaries, &fault), "%s",
                  fault.text);
    ck_assert_msg(truth_write(country, folder, true, truth, &fault), "%s", fault.text);
    ck_assert_msg(cast_write(country, folder, &fault), "%s", fault.text);
}

static char *folder_named(const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", support_directory(), name);
    return path;
}

/* A whole file, with a NUL behind it. */
static char *read_all(const char *folder, const char *name, size_t *size)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *from = fopen(path, "re");
    ck_assert_msg(from != NULL, "%s", path);
    fseek(from, 0, SEEK_END);
    *size = (size_t)ftell(from);
    rewind(from);
    char *text = calloc(1, *size + 1);
    ck_assert_uint_eq(fread(text, 1, *size, from), *size);
    fclose(from);
    return text;
}

/* FNV-1a over all files of the folder, names sorted. */
static uint64_t hash_folder(const char *folder, size_t *file_count)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    *file_count = 0;
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') {
            size_t size;
            char *text = read_all(folder, entries[i]->d_name, &size);
            for (size_t j = 0; j < size; j++)
                hash = (hash ^ (uint8_t)text[j]) * UINT64_C(0x100000001b3);
            free(text);
            ++*file_count;
        }
        free(entries[i]);
    }
    free(entries);
    return hash;
}

static uint64_t hash_of(const char *name, uint32_t person_count, uint64_t seed)
{
    struct country country;
    struct export_summary summaries[SOURCE_COUNT];
    struct truth_summary truth;
    size_t file_count;
    country_make(&country, person_count, seed, AS_OF_DAY, true);
    write_country(&country, folder_named(name), (struct breakage){2, true}, summaries, &truth);
    country_free(&country);
    uint64_t hash = hash_folder(folder_named(name), &file_count);
    ck_assert_uint_eq(file_count, SOURCE_COUNT + 4);
    return hash;
}

START_TEST(a_seed_means_the_same_bytes)
{
    /* On every machine and for every compiler: a change of this number is a change of the country,
     * and needs a word in the commit that makes it. */
    uint64_t hash = hash_of("first", 1000, 1);
    ck_assert_msg(hash == UINT64_C(0x969be3475192eecb), "the files' hash is %016" PRIx64, hash);
    ck_assert_uint_eq(hash_of("second", 1000, 1), hash);
}
END_TEST

START_TEST(another_seed_is_another_country)
{
    ck_assert_uint_ne(hash_of("first", 1000, 1), hash_of("second", 1000, 2));
}
END_TEST

/* People */

static int compare_codes(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static bool code_is_safe(uint64_t code)
{
    if (code / 1000000000 == 32)
        return true;
    bool has_century_of_1800 = code / 10000 % 10 == 0;
    bool is_reserved = code / 100000 == 10100;
    struct date birth = {.year = (int32_t)(1800 + code / 100000 % 100),
                         .month = (uint32_t)(code / 10000000 % 100),
                         .day = (uint32_t)(code / 1000000000)};
    return date_is_valid(birth) && has_century_of_1800 && !is_reserved;
}

START_TEST(personal_codes_are_safe_and_nobody_shares_one)
{
    enum { COUNT = 60000 };
    struct country country;
    country_make(&country, COUNT, 5, AS_OF_DAY, true);
    uint64_t *codes = calloc(COUNT * 3 + 1000, sizeof(*codes));
    size_t count = 0, wrong_count = 0, changed_count = 0;
    for (size_t i = 0; i < COUNT; i++) {
        const struct citizen *citizen = &country.citizens[i];
        codes[count++] = citizen->code;
        for (size_t j = 0; j < PREVIOUS_COUNT_MAX && citizen->previous[j] != 0; j++)
            codes[count++] = citizen->previous[j];
        wrong_count += !means_code_checks(citizen->code);
        changed_count += citizen->previous[0] != 0;
    }
    for (uint32_t i = 0; i < 1000; i++)
        codes[count++] = country_unknown_code(i);
    for (size_t i = 0; i < count; i++)
        ck_assert(code_is_safe(codes[i]));
    qsort(codes, count, sizeof(*codes), compare_codes);
    for (size_t i = 1; i < count; i++)
        ck_assert(codes[i - 1] != codes[i]);
    ck_assert_uint_gt(wrong_count, COUNT / 1000);
    ck_assert_uint_lt(wrong_count, COUNT / 200);
    ck_assert_uint_gt(changed_count, COUNT / 70);
    ck_assert_uint_lt(changed_count, COUNT / 45);
    free(codes);
    country_free(&country);
}
END_TEST

START_TEST(rows_are_in_order_and_no_span_is_empty)
{
    struct country country;
    country_make(&country, 30000, 6, AS_OF_DAY, true);
    for (enum source source = 0; source < SOURCE_COUNT; source++) {
        for (uint32_t i = 0; i < country.row_count[source]; i++) {
            const struct status_row *row = &country.rows[source][i];
            ck_assert(row->from_day < row->until_day);
            ck_assert(i == 0 || row[-1].person <= row->person);
        }
        for (uint32_t i = 0; i < country.card_count[source]; i++) {
            const struct card_row *card = &country.cards[source][i];
            ck_assert(card->from_day < card_until_day(card));
            ck_assert(card->state == CARD_GOOD || card->state_day > card->from_day);
            ck_assert(i == 0 || card[-1].person <= card->person);
        }
    }
    country_free(&country);
}
END_TEST

/* How much of Latvia's published statistics a country must show, in persons of 1,857,000. */
static const struct {
    const char *group;
    uint32_t least, most;
} statistics[] = {
    {"child_under_18", 325000, 355000},
    {"senior_75", 170000, 186000},
    {"pensioner", 425000, 450000},
    {"pensioner_riga", 130000, 152000},
    {"learner", 410000, 440000},
    {"pupil", 240000, 262000},
    {"disability_high", 102000, 116000},
    {"disability_3", 55000, 63000},
    {"honorary_family", 50000, 66000},
    {"orphan_learning", 4000, 8000},
    {"needy", 38000, 56000},
    {"needy_or_low", 65000, 94000},
    {"repressed", 9000, 13000},
    {"riga_staff", 2200, 3800},
};

START_TEST(a_small_country_has_the_statistics_of_a_large_one)
{
    enum { COUNT = 100000 };
    struct country country;
    struct export_summary summaries[SOURCE_COUNT];
    struct truth_summary truth;
    country_make(&country, COUNT, 7, AS_OF_DAY, true);
    write_country(&country, folder_named("statistics"), (struct breakage){2, false}, summaries,
                  &truth);
    uint32_t young = 0, old = 0, dead = 0, in_riga = 0;
    for (size_t i = 0; i < COUNT; i++) {
        const struct citizen *citizen = &country.citizens[i];
        uint32_t age = age_on_day(citizen->birth_day, AS_OF_DAY);
        young += age < 15;
        old += age >= 65;
        dead += citizen->death_day != DAY_NEVER && citizen->death_day > AS_OF_DAY - 31;
        in_riga += citizen->place / 1000 == 1;
    }
    ck_assert_uint_ge(young, COUNT * 147 / 1000);
    ck_assert_uint_le(young, COUNT * 155 / 1000);
    ck_assert_uint_ge(old, COUNT * 215 / 1000);
    ck_assert_uint_le(old, COUNT * 223 / 1000);
    ck_assert_uint_ge(in_riga, COUNT * 31 / 100);
    ck_assert_uint_le(in_riga, COUNT * 35 / 100);
    ck_assert_uint_ge(dead, 2300u * COUNT / 1857000 * 7 / 10);
    ck_assert_uint_le(dead, 2300u * COUNT / 1857000 * 13 / 10);
    for (size_t i = 0; i < sizeof(statistics) / sizeof(statistics[0]); i++) {
        uint64_t count = 0;
        for (uint32_t group = 0; group < TRUTH_GROUP_COUNT; group++)
            if (strcmp(truth_group_name(group), statistics[i].group) == 0)
                count = truth.yes_count[group] * COUNTRY_PERSONS_FULL / COUNT;
        ck_assert_msg(count >= statistics[i].least && count <= statistics[i].most,
                      "%s: %" PRIu64 ", wanted %u to %u", statistics[i].group, count,
                      statistics[i].least, statistics[i].most);
    }
    country_free(&country);
}
END_TEST

/* Files */

static size_t count_lines(const char *text)
{
    size_t count = 0;
    for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
        count++;
    return count;
}

START_TEST(the_delivery_list_numbers_the_rows_of_every_file)
{
    struct country country;
    struct export_summary summaries[SOURCE_COUNT];
    struct truth_summary truth;
    const char *folder = folder_named("list");
    country_make(&country, 3000, 8, AS_OF_DAY, true);
    write_country(&country, folder, (struct breakage){0, false}, summaries, &truth);
    size_t list_size;
    char *list = read_all(folder, "delivery.csv", &list_size);
    for (enum source source = 0; source < SOURCE_COUNT; source++) {
        size_t size;
        char line[512];
        char *text = read_all(folder, summaries[source].file, &size);
        bool is_xml = strstr(summaries[source].file, ".xml") != NULL;
        ck_assert_uint_eq(size, summaries[source].byte_count);
        ck_assert_uint_eq(strlen(text), size); /* no row is broken: no NUL */
        ck_assert_uint_eq(count_lines(text) - (is_xml ? 3 : 1), summaries[source].row_count);
        snprintf(line, sizeof(line), "\n%s,%s,2026-11-01,%" PRIu64 ",%s\n", summaries[source].name,
                 summaries[source].file, summaries[source].row_count,
                 source == SOURCE_HOUSEHOLD ? "0024 0031 0038 0044 0052" : "");
        ck_assert_msg(strstr(list, line) != NULL, "no line%s", line);
        free(text);
    }
    free(list);
    country_free(&country);
}
END_TEST

START_TEST(broken_rows_are_rows_and_are_listed_by_kind)
{
    struct country country;
    struct export_summary good[SOURCE_COUNT], broken[SOURCE_COUNT];
    struct truth_summary truth, truth_of_broken;
    country_make(&country, 20000, 9, AS_OF_DAY, true);
    write_country(&country, folder_named("good"), (struct breakage){0, false}, good, &truth);
    write_country(&country, folder_named("broken"), (struct breakage){2, true}, broken,
                  &truth_of_broken);
    uint64_t sum = 0;
    size_t size;
    char *list = read_all(folder_named("broken"), "broken.csv", &size);
    for (enum source source = 0; source < SOURCE_COUNT; source++) {
        uint64_t count = 0;
        for (size_t i = 0; i < DEFECT_COUNT; i++)
            count += broken[source].broken_count[i] - good[source].broken_count[i];
        /* The draws differ once rows are broken: the base register repeats other persons. */
        if (source != SOURCE_PERSONS)
            ck_assert_uint_eq(broken[source].row_count, good[source].row_count + count);
        ck_assert_uint_ge(count, source == SOURCE_DISABILITY || source == SOURCE_FAMILY ? 9 : 12);
        for (size_t i = 0; i < DEFECT_COUNT; i++)
            sum += broken[source].broken_count[i];
    }
    uint64_t listed = 0;
    for (char *p = strchr(list, '\n'); p != NULL && p[1] != '\0'; p = strchr(p + 1, '\n')) {
        char *end = strchr(p + 1, '\n');
        while (end[-1] != ',')
            end--;
        listed += strtoull(end, NULL, 10);
    }
    ck_assert_uint_eq(listed, sum);
    free(list);
    ck_assert_mem_eq(&truth, &truth_of_broken, sizeof(truth));
    country_free(&country);
}
END_TEST

START_TEST(files_are_in_their_registers_forms)
{
    static const struct {
        const char *file, *begin, *line_end;
    } forms[] = {
        {"pmlp_personas.csv", "Personas kods;Iepriekšējie", "\n"},
        {"pmlp_eid.csv",
         "\xef\xbb\xbf"
         "Dokumenta numurs,Personas kods,",
         "\r\n"},
        {"pmlp_statusi.csv",
         "Personas kods;Statuss;Pie\xf0\xed"
         "irts;Izbeigts\r\n",
         "\r\n"},
        {"izm_izglitojamie.csv", "\"Izglītojamā personas kods\",\"Iestāde\",", "\n"},
        {"vsaa_pensijas.csv",
         "PERSONAS_KODS\tVEIDS\tNO\tL\xce"
         "DZ\r\n",
         "\r\n"},
        {"vdeavk_invaliditate.xml",
         "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<invaliditate>\n  <persona kods=\"", "\n"},
        {"sif_goda_gimene.xml",
         "<?xml version=\"1.0\" encoding=\"windows-1257\"?>\n<godaGimene>\n  <karte><personasKods>",
         "\n"},
        {"vbtai_barenji.csv",
         "\xef\xbb\xbf"
         "personas kods;statuss;lēmuma datums;beigu datums\n",
         "\n"},
        {"sopa_statusi.csv",
         "Personas kods,Statuss,Pa\xf0vald\xee"
         "ba,L\xe7muma datums,Termi\xf2\xf0\r\n",
         "\r\n"},
        {"rs_etaloni.csv", "E-talona numurs;Personas kods;Izsniegts;Derīgs līdz;", "\n"},
        {"riga_darbinieki.csv", "personas_kods,no,lidz\n", "\n"},
    };
    struct country country;
    struct export_summary summaries[SOURCE_COUNT];
    struct truth_summary truth;
    const char *folder = folder_named("forms");
    country_make(&country, 3000, 10, AS_OF_DAY, true);
    write_country(&country, folder, (struct breakage){0, false}, summaries, &truth);
    country_free(&country);
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        size_t size;
        char *text = read_all(folder, forms[i].file, &size);
        ck_assert_msg(strncmp(text, forms[i].begin, strlen(forms[i].begin)) == 0, "%s",
                      forms[i].file);
        bool has_return = strcmp(forms[i].line_end, "\r\n") == 0;
        for (char *p = strchr(text, '\n'); p != NULL; p = strchr(p + 1, '\n'))
            ck_assert_msg((p[-1] == '\r') == has_return, "%s", forms[i].file);
        free(text);
    }
}
END_TEST

START_TEST(a_birth_on_the_day_before_1970_is_written)
{
    struct country country;
    struct export_summary summaries[SOURCE_COUNT];
    struct truth_summary truth;
    const char *folder = folder_named("births");
    country_make(&country, 1000, 11, AS_OF_DAY, true);
    country.citizens[500].birth_day = -1;
    write_country(&country, folder, (struct breakage){0, false}, summaries, &truth);
    size_t size;
    char *text = read_all(folder, "pmlp_personas.csv", &size);
    ck_assert(strstr(text, ";1969-12-31;") != NULL);
    free(text);
    country_free(&country);
}
END_TEST

START_TEST(old_cards_wait_for_their_holders_or_are_of_no_use)
{
    struct country country;
    uint32_t old_count = 0, middle_count = 0, never_count = 0, now_count = 0, new_count = 0;
    country_make(&country, 20000, 12, AS_OF_DAY, true);
    for (uint32_t i = 0; i < country.card_count[SOURCE_EID]; i++) {
        const struct card_row *card = &country.cards[SOURCE_EID][i];
        uint32_t activated = card_activated_day(&country, card);
        uint32_t usable = card_usable_day(&country, SOURCE_EID, card);
        if (card->from_day < 18141 || card->from_day >= 18989) { /* 2019-09-02, 2021-12-28 */
            ck_assert_uint_eq(activated, DAY_NEVER);
            ck_assert_uint_eq(usable, card->from_day < 18141 ? DAY_NEVER : card->from_day);
            old_count += card->from_day < 18141;
            new_count += card->from_day >= 18989;
            continue;
        }
        middle_count++;
        never_count += activated == DAY_NEVER;
        now_count += activated != DAY_NEVER && activated > country.from_day;
        ck_assert_uint_eq(usable, activated);
        ck_assert(activated == DAY_NEVER ||
                  (activated >= card->from_day && activated <= AS_OF_DAY));
    }
    ck_assert_uint_gt(old_count, 1000);
    ck_assert_uint_gt(new_count, 1000);
    ck_assert_uint_gt(never_count, middle_count / 10);
    ck_assert_uint_gt(now_count, middle_count / 20);
    ck_assert_uint_gt(middle_count, 2 * (never_count + now_count));
    country_free(&country);
}
END_TEST

/* The truth once more, the slow way: day by day, row by row, three-valued logic as numbers. */

enum { NO = 0, MAYBE = 1, YES = 2 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

/* Subtype 0: any. `school`: 0 any, else the first digits of its ATVK. */
static int has(const struct country *country, enum source source, uint32_t person, uint32_t subtype,
               uint32_t school, uint32_t day)
{
    for (uint32_t i = 0; i < country->row_count[source]; i++) {
        const struct status_row *row = &country->rows[source][i];
        if (row->person == person && (subtype == 0 || row->subtype == subtype) &&
            (school == 0 || row->school / 1000 == school) && row->from_day <= day &&
            day < row->until_day)
            return YES;
    }
    return NO;
}

static int judge_slowly(const struct country *country, uint32_t person, uint32_t group,
                        uint32_t day)
{
    const struct citizen *citizen = &country->citizens[person];
    uint32_t age = age_on_day(citizen->birth_day, (int32_t)day);
    int in_riga = citizen->place / 1000 == 1 ? YES : NO;
    int untold = place_is_missing(citizen->place) ? MAYBE : NO;
#define HAS(source, subtype) has(country, source, person, subtype, 0, day)
    int pensioner = HAS(SOURCE_PENSION, PENSION_OLD_AGE), learner = HAS(SOURCE_LEARNER, 0);
    int needy = most(HAS(SOURCE_HOUSEHOLD, HOUSEHOLD_NEEDY), untold);
    int needy_or_low = most(needy, most(HAS(SOURCE_HOUSEHOLD, HOUSEHOLD_LOW_INCOME), untold));
    int high =
        most(HAS(SOURCE_DISABILITY, DISABILITY_1),
             most(HAS(SOURCE_DISABILITY, DISABILITY_2), HAS(SOURCE_DISABILITY, DISABILITY_CHILD)));
    if (day >= citizen->death_day || (int64_t)day < citizen->birth_day)
        return NO;
    switch (group) {
    case 1:
        return age < 18 ? YES : NO;
    case 2:
        return age >= 75 ? YES : NO;
    case 3:
        return pensioner;
    case 4:
        return least(pensioner, in_riga);
    case 5:
        return learner;
    case 6:
        return most(HAS(SOURCE_LEARNER, LEARNER_GENERAL), HAS(SOURCE_LEARNER, LEARNER_VOCATIONAL));
    case 7:
        return least(learner, most(in_riga, has(country, SOURCE_LEARNER, person, 0, 1, day)));
    case 8:
        return high;
    case 9:
        return HAS(SOURCE_DISABILITY, DISABILITY_3);
    case 10:
        return HAS(SOURCE_FAMILY, 0);
    case 11:
        return least(HAS(SOURCE_FAMILY, 0), age < 24 ? YES : NO);
    case 12:
        return least(HAS(SOURCE_ORPHAN, 0), least(learner, age < 24 ? YES : NO));
    case 13:
        return needy;
    case 14:
        return needy_or_low;
    case 15:
        return most(HAS(SOURCE_SPECIAL, SPECIAL_REPRESSED),
                    HAS(SOURCE_SPECIAL, SPECIAL_RESISTANCE));
    case 16:
        return HAS(SOURCE_STAFF, 0);
    case 17:
        return least(pensioner, YES - in_riga);
    case 18:
        return least(needy_or_low, most(pensioner, high));
    default:
        return NO;
    }
#undef HAS
}

/* The line that truth.csv must have for the person, or "" when it must have none. */
static void expect_line(char *line, size_t room, const struct country *country, uint32_t person)
{
    size_t size = (size_t)snprintf(line, room, "P,%011" PRIu64, country->citizens[person].code);
    char separator = ',';
    for (uint32_t group = 1; group < TRUTH_GROUP_COUNT; group++) {
        int before = NO;
        uint32_t from_day = 0;
        for (uint32_t day = country->from_day; day <= country->until_day; day++) {
            int now = day < country->until_day ? judge_slowly(country, person, group, day) : NO;
            if (now == before)
                continue;
            if (before != NO) {
                size += (size_t)snprintf(line + size, room - size, "%c%u:%u:%u:%c", separator,
                                         group, from_day, day, before == YES ? 'Y' : 'U');
                separator = ';';
            }
            before = now;
            from_day = day;
        }
    }
    if (separator == ',')
        line[0] = '\0';
}

START_TEST(the_truth_is_that_of_a_slow_judge)
{
    /* Around a birthday of a leap day, the beginning of a school year, and an ordinary time. */
    static const int32_t as_of_days[] = {AS_OF_DAY, 20697, 20513, 19782};
    struct country country;
    struct export_summary summaries[SOURCE_COUNT];
    struct truth_summary truth;
    const char *folder = folder_named("judge");
    country_make(&country, 600, 100 + (uint64_t)_i, (uint32_t)as_of_days[_i], true);
    country.citizens[50].birth_day = day_of_date((struct date){2008, 2, 29});
    country.citizens[51].birth_day = day_of_date((struct date){1952, 2, 29});
    country.citizens[52].birth_day = as_of_days[_i] - 3;
    country.citizens[53].birth_day = as_of_days[_i];
    write_country(&country, folder, (struct breakage){2, true}, summaries, &truth);
    size_t size;
    char *text = read_all(folder, TRUTH_FILE, &size);
    const char *at = text;
    for (uint32_t person = 0; person < country.person_count; person++) {
        char wanted[8192];
        expect_line(wanted, sizeof(wanted), &country, person);
        if (wanted[0] == '\0')
            continue;
        while (at[0] != 'P' && at[0] != '\0')
            at = strchr(at, '\n') + 1;
        size_t length = strcspn(at, "\n");
        ck_assert_msg(length == strlen(wanted) && memcmp(at, wanted, length) == 0,
                      "person %u of seed %d is judged otherwise", person, 100 + _i);
        at += length + 1;
    }
    while (at[0] != 'P' && at[0] != '\0')
        at = strchr(at, '\n') + 1;
    ck_assert_msg(at[0] == '\0', "the truth knows more persons");
    free(text);
    country_free(&country);
}
END_TEST

/* The cast: people.csv against truth.csv, by the reliefs of the shipped catalogue */

static const struct {
    const char *product;
    uint32_t group, percent;
} clauses[] = {
    {"city.ticket", 4, 100},         {"city.ticket", 7, 100},        {"city.ticket", 16, 50},
    {"city.ticket", 8, 100},         {"regional.ticket", 8, 100},    {"regional.ticket", 12, 100},
    {"regional.ticket", 15, 100},    {"regional.ticket", 11, 90},    {"regional.ticket", 10, 50},
    {"medicine.reference", 13, 100}, {"medicine.reference", 14, 50}, {"city.pass", 4, 100},
    {"city.pass", 7, 100},           {"city.pass", 8, 100},          {"city.pass", 16, 50},
    {"regional.pass", 10, 40},
};

/* The digits at *at, and what stands behind them is passed over. */
static uint32_t take_number(const char **at)
{
    uint32_t number = 0;
    for (; **at >= '0' && **at <= '9'; ++*at)
        number = number * 10 + (uint32_t)(**at - '0');
    ++*at;
    return number;
}

/* "APPLIES,100" on that day, from the owner's line; NULL: nobody. */
static void decide_slowly(char *out, size_t room, const char *person_line, const char *product,
                          uint32_t day)
{
    uint32_t percent = 0;
    bool is_unknown = false;
    const char *at = person_line == NULL ? NULL : strchr(person_line + 2, ',');
    while (at != NULL) {
        at++;
        uint32_t group = take_number(&at), from_day = take_number(&at),
                 until_day = take_number(&at);
        bool is_sure = *at++ == 'Y';
        for (size_t i = 0; i < sizeof(clauses) / sizeof(clauses[0]); i++) {
            if (strcmp(clauses[i].product, product) != 0 || clauses[i].group != group ||
                day < from_day || day >= until_day)
                continue;
            if (!is_sure)
                is_unknown = true;
            else if (clauses[i].percent > percent)
                percent = clauses[i].percent;
        }
        if (*at != ';')
            at = NULL;
    }
    snprintf(out, room, "%s,%u",
             percent > 0  ? "APPLIES"
             : is_unknown ? "NO_DATA"
                          : "DOES_NOT_APPLY",
             percent);
}

/* The owner's line of an identifier that is good on the day; NULL when it leads to nobody. */
static const char *find_owner(const char *truth, unsigned means, const char *shown, uint32_t day)
{
    static const char *const fronts[] = {"", "\nP,", "\nM,2,", "\nM,3,"};
    char front[64], owner[12] = "";
    snprintf(front, sizeof(front), "%s%s,", fronts[means], shown);
    const char *line =
        strncmp(truth, front + 1, strlen(front + 1)) == 0 ? truth : strstr(truth, front);
    if (line == NULL)
        return NULL;
    line += *line == '\n';
    if (means == 1)
        return line;
    const char *at = line + strlen(front) - 1;
    memcpy(owner, at, 11);
    at += 12;
    uint32_t from_day = take_number(&at), until_day = take_number(&at);
    return day >= from_day && day < until_day ? find_owner(truth, 1, owner, day) : NULL;
}

START_TEST(the_cast_gets_the_answers_that_people_csv_says)
{
    static const uint32_t sizes[] = {1000, 100, 30000};
    struct country country;
    struct export_summary summaries[SOURCE_COUNT];
    struct truth_summary truth_summary;
    const char *folder = folder_named("cast");
    country_make(&country, sizes[_i], 12, AS_OF_DAY, true);
    write_country(&country, folder, (struct breakage){2, false}, summaries, &truth_summary);
    country_free(&country);
    size_t size, scene_count = 0;
    char *truth = read_all(folder, TRUTH_FILE, &size);
    char *people = read_all(folder, "people.csv", &size);
    for (char *line = strchr(people, '\n') + 1; *line != '\0'; scene_count++) {
        char *fields[9] = {line};
        for (size_t i = 1; i < 9; i++) {
            fields[i] = strchr(fields[i - 1], ',');
            *fields[i]++ = '\0';
        }
        line = strchr(fields[8], '\n') + 1;
        if (strcmp(fields[3], "test.product") == 0)
            continue;
        unsigned means = means_of_name(fields[1]);
        char wanted[64], found[64];
        snprintf(wanted, sizeof(wanted), "%s,%s", fields[6], fields[7]);
        for (uint32_t day = AS_OF_DAY; day < AS_OF_DAY + COUNTRY_DAYS_AFTER; day++) {
            decide_slowly(found, sizeof(found), find_owner(truth, means, fields[2], day), fields[3],
                          day);
            ck_assert_msg(strcmp(wanted, found) == 0, "%s on day %u: %s, wanted %s", fields[0], day,
                          found, wanted);
        }
    }
    ck_assert_uint_eq(scene_count, 12);
    free(truth);
    free(people);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("country");
    TCase *people = tcase_create("people");
    tcase_set_timeout(people, 60);
    tcase_add_test(people, old_cards_wait_for_their_holders_or_are_of_no_use);
    tcase_add_test(people, personal_codes_are_safe_and_nobody_shares_one);
    tcase_add_test(people, rows_are_in_order_and_no_span_is_empty);
    tcase_add_test(people, a_small_country_has_the_statistics_of_a_large_one);
    suite_add_tcase(suite, people);
    TCase *files = tcase_create("files");
    tcase_set_timeout(files, 60);
    tcase_add_test(files, a_seed_means_the_same_bytes);
    tcase_add_test(files, another_seed_is_another_country);
    tcase_add_test(files, the_delivery_list_numbers_the_rows_of_every_file);
    tcase_add_test(files, broken_rows_are_rows_and_are_listed_by_kind);
    tcase_add_test(files, files_are_in_their_registers_forms);
    tcase_add_test(files, a_birth_on_the_day_before_1970_is_written);
    suite_add_tcase(suite, files);
    TCase *truth = tcase_create("truth");
    tcase_set_timeout(truth, 120);
    tcase_add_loop_test(truth, the_truth_is_that_of_a_slow_judge, 0, 4);
    tcase_add_loop_test(truth, the_cast_gets_the_answers_that_people_csv_says, 0, 3);
    suite_add_tcase(suite, truth);
    return support_run(suite);
}
