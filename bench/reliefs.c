#include "bench/reliefs.h"

#include "bench/draw.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define RULES_FILE "90-made-up.rules" /* behind those of the catalogue, whose groups come first */

/* Numbers that the catalogue itself does not use. */
#define FIRST_POINT    10001
#define FIRST_PRODUCT  2001
#define FIRST_CONTRACT 100001
#define FIRST_SPLIT    1001
#define PRODUCT_COUNT  50
#define PROVIDER_COUNT 25
#define GIVER_COUNT    40
#define CALENDAR_COUNT 30
#define SPLIT_COUNT    20

#define KNOWN_PERCENT     30 /* reliefs on products of the catalogue itself, which benches ask for */
#define KNOWN_POINT_COUNT 20 /* points of sale of each of these products */

struct maker {
    const struct reliefs_wish *wish;
    struct draw draw;
    FILE *to; /* the file in hand */
    uint64_t givers[GIVER_COUNT], providers[PROVIDER_COUNT];
    uint32_t clauses_left;
};

/* ---- what it is made of ---- */

static const char *const statuses[] = {
    "IZM.learner.preschool",    "IZM.learner.general",      "IZM.learner.vocational",
    "IZM.learner.higher",       "VSAA.pension.old_age",     "VSAA.pension.disability",
    "VSAA.pension.survivor",    "VSAA.pension.social",      "VDEAVK.disability.group1",
    "VDEAVK.disability.group2", "VDEAVK.disability.group3", "VDEAVK.disability.child",
    "SIF.family.parent",        "SIF.family.child",         "VBTAI.orphan.orphan",
    "VBTAI.orphan.no_care",     "SOPA.household.needy",     "SOPA.household.low_income",
    "PMLP.special.repressed",   "PMLP.special.resistance",  "PMLP.special.ww2",
};
static const uint32_t ages[] = {3, 6, 12, 16, 21, 26, 30, 45, 60, 62, 67, 70, 80, 85};
static const uint32_t cities[] = {1, 2, 3, 4, 5, 6, 7};

/* The catalogue's own products that are asked for, where they are sold, and by whom. */
static const struct {
    const char *product;
    uint32_t first_point;
    uint64_t provider;
} known[] = {
    {"city.ticket", 101, 40003619950},        {"city.pass", 101, 40003619950},
    {"regional.ticket", 201, 49900000014},    {"train.ticket", 301, 40003567907},
    {"medicine.reference", 501, 49900000052}, {"swimming.pool", 601, 49900000067},
    {"museum.entry", 701, 49900000071},
};

/* Eleven digits whose last one checks the others; `which` as good as any other. */
static uint64_t registration_of(uint64_t ten_digits)
{
    static const uint8_t weights[11] = {9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1};
    for (;; ten_digits++) { /* of eleven numbers one has no such digit */
        for (uint64_t last = 0; last < 10; last++) {
            uint64_t number = ten_digits * 10 + last, rest = number;
            uint32_t sum = 0;
            for (size_t i = 11; i-- > 0; rest /= 10)
                sum += weights[i] * (uint32_t)(rest % 10);
            if (sum % 11 == 3)
                return number;
        }
    }
}

static uint32_t pick(struct maker *maker, const uint32_t *list, size_t count)
{
    return list[draw_below(&maker->draw, (uint32_t)count)];
}
#define PICK(maker, list) pick(maker, list, COUNT_OF(list))

/* The first four digits of a city's or municipality's code. */
static uint32_t draw_place(struct maker *maker)
{
    if (draw_percent(&maker->draw, 40))
        return PICK(maker, cities);
    return draw_between(&maker->draw, 20, 50);
}

/* ---- tables: rows at the end of the catalogue's own ---- */

static void write_givers(struct maker *maker)
{
    for (uint32_t i = 0; i < GIVER_COUNT; i++)
        fprintf(maker->to, "%" PRIu64 ",Made-up giver %" PRIu32 ",,\n", maker->givers[i], i + 1);
}

static void write_providers(struct maker *maker)
{
    for (uint32_t i = 0; i < PROVIDER_COUNT; i++)
        fprintf(maker->to, "%" PRIu64 ",Made-up provider %" PRIu32 ",,,\n", maker->providers[i],
                i + 1);
}

static void write_points(struct maker *maker)
{
    for (uint32_t i = 0; i < maker->wish->point_count; i++)
        fprintf(maker->to,
                "%" PRIu32 ",%" PRIu64 ",%04" PRIu32 "000,Made-up point %" PRIu32 ",,,\n",
                FIRST_POINT + i, maker->providers[i % PROVIDER_COUNT], draw_place(maker), i + 1);
}

static void write_products(struct maker *maker)
{
    for (uint32_t i = 0; i < PRODUCT_COUNT; i++)
        fprintf(maker->to, "%" PRIu32 ",made.up.%" PRIu32 ",piece,%" PRIu32 ".%02" PRIu32 ",,\n",
                FIRST_PRODUCT + i, i + 1, draw_between(&maker->draw, 1, 40),
                draw_below(&maker->draw, 100));
}

/* ---- rules ---- */

static void write_calendars(struct maker *maker)
{
    static const char *const weekdays[] = {"monday", "tuesday",  "wednesday", "thursday",
                                           "friday", "saturday", "sunday"};
    static const char *const nths[] = {"first", "second", "third", "fourth", "last"};
    struct draw *draw = &maker->draw;
    uint32_t weekday;
    for (uint32_t i = 0; i < CALENDAR_COUNT; i++) {
        fprintf(maker->to, "calendar made_up_%" PRIu32 " = ", i + 1);
        switch (i % 5) {
        case 0:
            fprintf(maker->to, "workdays, %02u-%02u\n", draw_between(draw, 1, 13),
                    draw_between(draw, 1, 29));
            break;
        case 1:
            weekday = draw_below(draw, 7);
            fprintf(maker->to, "%s, %s except holidays\n", weekdays[weekday],
                    weekdays[(weekday + draw_between(draw, 1, 7)) % 7]);
            break;
        case 2:
            fprintf(maker->to, "%s %s of %02u, weekends in %04u\n", nths[draw_below(draw, 5)],
                    weekdays[draw_below(draw, 7)], draw_between(draw, 1, 13), draw_place(maker));
            break;
        case 3:
            fprintf(maker->to, "09-01..05-%02u except easter-%u, easter+1\n",
                    draw_between(draw, 20, 32), draw_between(draw, 1, 4));
            break;
        default:
            fprintf(maker->to, "2026-%02u-01..2027-%02u-28\n", draw_between(draw, 1, 13),
                    draw_between(draw, 1, 13));
            break;
        }
    }
}

static void write_splits(struct maker *maker)
{
    for (uint32_t i = 0; i < SPLIT_COUNT; i++) {
        uint64_t first = maker->givers[i], second = maker->givers[GIVER_COUNT - 1 - i];
        fprintf(maker->to, "split %" PRIu32 " = %" PRIu64 " ", FIRST_SPLIT + i, first);
        if (i % 3 == 0)
            fprintf(maker->to, "rest\n");
        else if (i % 3 == 1)
            fprintf(maker->to, "%u%%, %" PRIu64 " rest\n", draw_between(&maker->draw, 10, 90),
                    second);
        else
            fprintf(maker->to, "0.%03u each, %" PRIu64 " rest\n",
                    draw_between(&maker->draw, 100, 1000), second);
    }
}

static void write_groups(struct maker *maker)
{
    struct draw *draw = &maker->draw;
    for (uint32_t i = 0; i < maker->wish->group_count; i++) {
        const char *status = statuses[draw_below(draw, COUNT_OF(statuses))];
        fprintf(maker->to, "group made_up_g%" PRIu32 " = status %s", i + 1, status);
        if (draw_percent(draw, 15))
            fprintf(maker->to, " begun from 2025-%02u-01", draw_between(draw, 1, 13));
        if (draw_percent(draw, 50))
            fprintf(maker->to, " and resident_in %04u", draw_place(maker));
        if (draw_percent(draw, 40))
            fprintf(maker->to, " and age %s %u",
                    draw_percent(draw, 50) ? "<" : ">=", PICK(maker, ages));
        if (i > 0 && draw_percent(draw, 15))
            fprintf(maker->to, " and not made_up_g%u", 1 + draw_below(draw, i));
        fprintf(maker->to, "\n");
    }
}

/* Spans of the wall clock that rise, one or two. */
static void write_clock(struct maker *maker)
{
    uint32_t from = draw_between(&maker->draw, 6, 12), until = draw_between(&maker->draw, 13, 18);
    fprintf(maker->to, " %02u:00-%02u:%02u", from, until, 15 * draw_below(&maker->draw, 4));
    if (draw_percent(&maker->draw, 30))
        fprintf(maker->to, ", %02u:00-24:00", draw_between(&maker->draw, 19, 23));
}

static void write_conditions(struct maker *maker)
{
    static const char *const means[] = {"personal-code, eid", "eid", "e-talons, card",
                                        "personal-code, eid, e-talons, card"};
    static const char *const entries[] = {"chip, contactless", "chip, contactless, optical, typed",
                                          "contactless, unstated"};
    struct draw *draw = &maker->draw;
    if (draw_percent(draw, 10))
        fprintf(maker->to, " in %04u, %04u", PICK(maker, cities), draw_between(draw, 20, 50));
    if (draw_percent(draw, 35))
        fprintf(maker->to, " on made_up_%u", 1 + draw_below(draw, CALENDAR_COUNT));
    if (draw_percent(draw, 20))
        write_clock(maker);
    if (draw_percent(draw, 15))
        fprintf(maker->to, " price from %u.00 below %u.00", draw_between(draw, 1, 4),
                draw_between(draw, 4, 60));
    if (draw_percent(draw, 10))
        fprintf(maker->to, " quantity up to %u", draw_between(draw, 1, 9));
    if (draw_percent(draw, 10))
        fprintf(maker->to, " by %s", means[draw_below(draw, COUNT_OF(means))]);
    if (draw_percent(draw, 8))
        fprintf(maker->to, " read %s", entries[draw_below(draw, COUNT_OF(entries))]);
}

static void write_computation(struct maker *maker)
{
    struct draw *draw = &maker->draw;
    uint32_t kind = draw_below(draw, 100);
    if (kind < 15)
        fprintf(maker->to, " free");
    else if (kind < 60)
        fprintf(maker->to, " discount %u%%", draw_between(draw, 5, 100));
    else if (kind < 75)
        fprintf(maker->to, " amount %u.%02u", draw_below(draw, 5), draw_between(draw, 10, 100));
    else if (kind < 90)
        fprintf(maker->to, " subsidy 0.%03u", draw_between(draw, 100, 1000));
    else
        fprintf(maker->to, " costs 0.%02u", draw_between(draw, 10, 100));
    if (kind < 60 && draw_percent(draw, 10))
        fprintf(maker->to, " above 0.%02u", draw_between(draw, 10, 100));
    if (draw_percent(draw, 20))
        fprintf(maker->to, " at most %u.00%s", draw_between(draw, 2, 30),
                draw_percent(draw, 50) ? " each" : "");
    if (draw_percent(draw, 20))
        fprintf(maker->to, " for %u units", draw_between(draw, 2, 5));
    if (draw_percent(draw, 5))
        fprintf(maker->to, " with 2 companions");
}

/* No group twice, for the second clause might say the same; everybody seldom and last, or nobody
 * else would ever matter. */
static void write_clauses(struct maker *maker, const char *product, uint32_t count)
{
    struct draw *draw = &maker->draw;
    uint32_t group_count = maker->wish->group_count, group = draw_below(draw, group_count);
    for (uint32_t i = 0; i < count; i++, group = (group + 1) % group_count) {
        if (i + 1 == count && draw_percent(draw, 4))
            fprintf(maker->to, "  clause everybody product %s", product);
        else
            fprintf(maker->to, "  clause made_up_g%u product %s", group + 1, product);
        write_conditions(maker);
        write_computation(maker);
        fprintf(maker->to, "\n");
    }
}

static void write_policies(struct maker *maker, uint32_t relief)
{
    struct draw *draw = &maker->draw;
    if (draw_percent(draw, 30))
        fprintf(maker->to, "  order %u\n", draw_between(draw, 1, 1000));
    if (draw_percent(draw, 5))
        fprintf(maker->to, "  unknown allow\n");
    else if (draw_percent(draw, 1))
        fprintf(maker->to, "  unknown last known %u days\n", draw_between(draw, 1, 61));
    if (draw_percent(draw, 40))
        fprintf(maker->to, "  round %s to 0.01\n", draw_percent(draw, 50) ? "half up" : "down");
    if (draw_percent(draw, 3))
        fprintf(maker->to, "  state %s\n", draw_percent(draw, 50) ? "draft" : "suspended");
    if (draw_percent(draw, 25))
        fprintf(maker->to, "  limit %u uses per month\n", draw_between(draw, 2, 90));
    if (draw_percent(draw, 10))
        fprintf(maker->to, "  limit %u.00 EUR per year shared %u\n", draw_between(draw, 10, 900),
                1000 + relief % 50);
    if (draw_percent(draw, 20))
        fprintf(maker->to, "  budget %u.00 EUR per year warn 80%%\n",
                draw_between(draw, 1000, 900000));
}

/* How many clauses the relief has: none has more than there are groups, and all are given out. */
static uint32_t draw_run(struct maker *maker, uint32_t relief)
{
    uint32_t others = maker->wish->relief_count - relief - 1, left = maker->clauses_left;
    uint32_t groups = maker->wish->group_count, mean = left / (others + 1);
    uint32_t most = left - others, least = 1;
    if ((uint64_t)others * groups < left)
        least = left - others * groups;
    if (most > groups)
        most = groups;
    uint32_t run = least + draw_below(&maker->draw, 2 * mean);
    return run < most ? run : most;
}

/* A product and where its relief is contracted. */
struct deal {
    char product[32];
    uint64_t provider;
    char points[32];
};

static void draw_deal(struct maker *maker, struct deal *deal)
{
    struct draw *draw = &maker->draw;
    if (draw_percent(draw, KNOWN_PERCENT)) {
        uint32_t which = draw_below(draw, COUNT_OF(known));
        uint32_t point = known[which].first_point + draw_below(draw, KNOWN_POINT_COUNT - 1);
        snprintf(deal->product, sizeof(deal->product), "%s", known[which].product);
        snprintf(deal->points, sizeof(deal->points), "%u-%u", point, point + 1);
        deal->provider = known[which].provider;
        return;
    }
    snprintf(deal->product, sizeof(deal->product), "made.up.%u",
             1 + draw_below(draw, PRODUCT_COUNT));
    snprintf(deal->points, sizeof(deal->points), "all");
    deal->provider = maker->providers[draw_below(draw, PROVIDER_COUNT)];
}

/* Some have two versions, a part of the clauses in each. */
static void write_relief(struct maker *maker, uint32_t relief, FILE *contracts)
{
    struct draw *draw = &maker->draw;
    uint64_t giver = maker->givers[relief % GIVER_COUNT];
    uint32_t run = draw_run(maker, relief), year = draw_between(draw, 2020, 2027);
    struct deal deal;
    draw_deal(maker, &deal);
    maker->clauses_left -= run;
    for (bool is_later = false; run > 0; is_later = true) {
        uint32_t now = run > 1 && !is_later && draw_percent(draw, 20) ? run / 2 : run;
        fprintf(maker->to, "\nrelief MADE-UP-%" PRIu32 " giver %" PRIu64 " from %u-0%u-01",
                relief + 1, giver, is_later ? 2026 : year, is_later ? 9 : 1 + draw_below(draw, 6));
        if (draw_percent(draw, 80))
            fprintf(maker->to, " split %u", FIRST_SPLIT + draw_below(draw, SPLIT_COUNT));
        fprintf(maker->to, "\n");
        write_policies(maker, relief);
        write_clauses(maker, deal.product, now);
        run -= now;
    }
    fprintf(contracts, "%" PRIu32 ",%" PRIu64 ",%" PRIu64 ",MADE-UP-%" PRIu32 ",%s,,\n",
            FIRST_CONTRACT + relief, giver, deal.provider, relief + 1, deal.points);
}

/* ---- files ---- */

static FILE *open_in(const char *folder, const char *name, const char *mode, struct fault *fault)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, mode);
    if (file == NULL)
        fault_set(fault, "%s: cannot be opened: %s", path, strerror(errno));
    return file;
}

static bool close_written(FILE *file, const char *name, struct fault *fault)
{
    bool is_written = !ferror(file);
    if (fclose(file) != 0 || !is_written)
        return fault_set(fault, "%s: cannot be written: %s", name, strerror(errno));
    return true;
}

static bool copy_file(const char *folder, const char *from_folder, const char *name,
                      struct fault *fault)
{
    char buffer[65536];
    FILE *from = open_in(from_folder, name, "re", fault);
    if (from == NULL)
        return false;
    FILE *to = open_in(folder, name, "we", fault);
    size_t size;
    while (to != NULL && (size = fread(buffer, 1, sizeof(buffer), from)) > 0)
        fwrite(buffer, 1, size, to);
    bool is_read = !ferror(from);
    fclose(from);
    if (to == NULL)
        return false;
    bool is_written = close_written(to, name, fault);
    return is_written && (is_read || fault_set(fault, "%s/%s: cannot be read", from_folder, name));
}

static bool ends_in(const char *name, const char *ending)
{
    size_t size = strlen(name), ending_size = strlen(ending);
    return size > ending_size && strcmp(name + size - ending_size, ending) == 0;
}

static bool copy_catalogue(const char *folder, const char *from, struct fault *fault)
{
    DIR *names = opendir(from);
    if (names == NULL)
        return fault_set(fault, "%s: cannot be opened: %s", from, strerror(errno));
    const struct dirent *entry;
    bool is_copied = true;
    while (is_copied && (entry = readdir(names)) != NULL)
        if (entry->d_name[0] != '.' &&
            (ends_in(entry->d_name, ".rules") || ends_in(entry->d_name, ".csv")))
            is_copied = copy_file(folder, from, entry->d_name, fault);
    closedir(names);
    return is_copied;
}

/* Rows are added in the order of the shipped catalogue's columns. */
static bool header_is(const char *folder, const char *name, const char *header, struct fault *fault)
{
    char line[256] = "";
    FILE *file = open_in(folder, name, "re", fault);
    if (file == NULL)
        return false;
    bool is_read = fgets(line, sizeof(line), file) != NULL;
    fclose(file);
    line[strcspn(line, "\r\n")] = '\0';
    return (is_read && strcmp(line, header) == 0) ||
           fault_set(fault, "%s/%s: want the columns of the shipped catalogue, %s", folder, name,
                     header);
}

static bool write_tables(struct maker *maker, const char *folder, struct fault *fault)
{
    static const struct {
        const char *name, *header;
        void (*write)(struct maker *maker);
    } tables[] = {
        {"givers.csv", "number,title,from,until", write_givers},
        {"providers.csv", "number,title,state,from,until", write_providers},
        {"points_of_sale.csv", "number,provider,place,title,state,from,until", write_points},
        {"products.csv", "number,name,unit,price,from,until", write_products},
    };
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        if (!header_is(folder, tables[i].name, tables[i].header, fault))
            return false;
        maker->to = open_in(folder, tables[i].name, "ae", fault);
        if (maker->to == NULL)
            return false;
        tables[i].write(maker);
        if (!close_written(maker->to, tables[i].name, fault))
            return false;
    }
    return true;
}

static bool write_rules(struct maker *maker, const char *folder, struct fault *fault)
{
    if (!header_is(folder, "contracts.csv", "number,giver,provider,relief,points,from,until",
                   fault))
        return false;
    FILE *contracts = open_in(folder, "contracts.csv", "ae", fault);
    if (contracts == NULL)
        return false;
    maker->to = open_in(folder, RULES_FILE, "we", fault);
    if (maker->to == NULL) {
        fclose(contracts);
        return false;
    }
    fprintf(maker->to, "# Made up by eligbench catalogue; nothing of it is meant.\n");
    write_calendars(maker);
    write_splits(maker);
    write_groups(maker);
    maker->clauses_left = maker->wish->clause_count;
    for (uint32_t i = 0; i < maker->wish->relief_count; i++)
        write_relief(maker, i, contracts);
    bool is_written = close_written(maker->to, RULES_FILE, fault);
    struct fault ignored;
    return close_written(contracts, "contracts.csv", is_written ? fault : &ignored) && is_written;
}

bool reliefs_write(const char *folder, const char *from, const struct reliefs_wish *wish,
                   struct fault *fault)
{
    assert(wish->clause_count >= wish->relief_count);
    assert(wish->clause_count <= (uint64_t)wish->relief_count * wish->group_count);
    struct maker maker = {.wish = wish, .draw = draw_start(wish->seed, 100)};
    for (uint32_t i = 0; i < GIVER_COUNT; i++)
        maker.givers[i] = registration_of(UINT64_C(9910000000) + 2 * i);
    for (uint32_t i = 0; i < PROVIDER_COUNT; i++)
        maker.providers[i] = registration_of(UINT64_C(4980000000) + 2 * i);
    return copy_catalogue(folder, from, fault) && write_tables(&maker, folder, fault) &&
           write_rules(&maker, folder, fault);
}
