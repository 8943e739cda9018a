/* The text of rules by chance: every statement and clause condition of elig-reliefs(5). */
#include "tests/random_text.h"

#include "tests/latvia.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#define PRODUCT_COUNT    4
#define SPLIT_COUNT      3
#define GROUP_MOST       8
#define STACKING_MOST    3
#define AMOUNT_PER_EUR   10000
#define CLAUSE_MOST      5
#define LARGE_GROUPS     68
#define LARGE_CLAUSES    36
#define CALENDAR_MOST    4
#define MINUTES_PER_HOUR 60

struct writer {
    FILE *file;
    struct random_catalogue *random;
    uint64_t *state;
    uint32_t group_count, calendar_count, stacking_count;
    bool has_holidays;
};

static uint32_t draw(struct writer *writer, uint32_t bound)
{
    return random_below(writer->state, bound);
}

static bool chance(struct writer *writer, uint32_t percent)
{
    return random_chance(writer->state, percent);
}

#define PICK(writer, list) ((list)[draw(writer, sizeof(list) / sizeof((list)[0]))])

static void write_day(struct writer *writer, uint32_t day)
{
    struct civil civil = civil_of_day((int32_t)day);
    fprintf(writer->file, "%04d-%02u-%02u", (int)civil.year, civil.month, civil.day);
    random_add_edge(writer->random, day);
}

static uint32_t some_day(struct writer *writer)
{
    return random_day(writer->random, writer->state);
}

/* " from DAY", " until DAY", both or neither; `until` is said as `until_word`. */
static void write_span(struct writer *writer, uint32_t percent, const char *until_word)
{
    uint32_t first = some_day(writer), second = some_day(writer);
    if (chance(writer, percent)) {
        fprintf(writer->file, " from ");
        write_day(writer, first < second ? first : second);
    }
    if (chance(writer, percent)) {
        fprintf(writer->file, " %s ", until_word);
        write_day(writer, (first < second ? second : first) + 1);
    }
}

static void write_amount(struct writer *writer, uint32_t amount)
{
    if (amount % AMOUNT_PER_EUR == 0 && chance(writer, 50))
        fprintf(writer->file, "%u", amount / AMOUNT_PER_EUR);
    else if (amount % 100 == 0 && chance(writer, 70))
        fprintf(writer->file, "%u.%02u", amount / AMOUNT_PER_EUR, amount % AMOUNT_PER_EUR / 100);
    else
        fprintf(writer->file, "%u.%04u", amount / AMOUNT_PER_EUR, amount % AMOUNT_PER_EUR);
}

static uint32_t some_amount(struct writer *writer)
{
    static const uint32_t usual[] = {3000, 11500, 15450, 30900, 5000, 125000, 20000, 1};
    return chance(writer, 60) ? PICK(writer, usual) : 1 + draw(writer, 60000);
}

/* ---- places, products, calendars ---- */

static void write_place(struct writer *writer)
{
    static const char *const names[] = {"RIGA",  "JURMALA", "KURZEME", "PARISH",
                                        "COAST", "MANY",    "0005",    "0"};
    fputs(PICK(writer, names), writer->file);
}

static void write_places_and_products(struct writer *writer)
{
    fputs("place RIGA = 0001\nplace JURMALA = 0004\nplace KURZEME = 32\nplace PARISH = 3201000\n"
          "places COAST = JURMALA, KURZEME\nplaces MANY = COAST, 0005, RIGA\n",
          writer->file);
    for (uint32_t i = 1; i <= PRODUCT_COUNT; i++)
        fprintf(writer->file, "product p%u = %u\n", i, 1000 + i);
    fputs("products PAIR = p1, p2\nproducts ALL = PAIR, p3, p4\n", writer->file);
}

static void write_month_day(struct writer *writer)
{
    struct civil civil = civil_of_day((int32_t)some_day(writer));
    if (chance(writer, 8))
        fputs("02-29", writer->file);
    else
        fprintf(writer->file, "%02u-%02u", civil.month, civil.day);
}

static void write_once(struct writer *writer)
{
    uint32_t first = some_day(writer);
    write_day(writer, first);
    if (chance(writer, 50))
        return;
    fputs("..", writer->file);
    write_day(writer, first + draw(writer, 40));
}

static const char *const weekdays[] = {"monday", "tuesday",  "wednesday", "thursday",
                                       "friday", "saturday", "sunday"};

static void write_nth_weekday(struct writer *writer)
{
    static const char *const nths[] = {"first", "second", "third", "fourth", "last"};
    const char *nth = PICK(writer, nths);
    uint32_t month = civil_of_day((int32_t)some_day(writer)).month;
    fprintf(writer->file, "%s %s of %02u", nth, PICK(writer, weekdays), month);
}

static void write_easter(struct writer *writer)
{
    static const int offsets[] = {-2, 0, 1, 39, 49, 50, -47, 180, -180};
    int offset = PICK(writer, offsets);
    if (offset == 0)
        fputs("easter", writer->file);
    else
        fprintf(writer->file, "easter%+d", offset);
}

static void write_days_of_weeks(struct writer *writer)
{
    static const char *const names[] = {"weekdays", "weekends", "workdays"};
    fputs(names[draw(writer, writer->has_holidays ? 3 : 2)], writer->file);
}

static void write_item(struct writer *writer)
{
    switch (draw(writer, writer->calendar_count > 0 ? 10 : 9)) {
    case 0:
        write_month_day(writer);
        if (chance(writer, 50))
            fputs(" or monday", writer->file);
        break;
    case 1:
        write_month_day(writer);
        fputs("..", writer->file);
        write_month_day(writer);
        break;
    case 2:
        write_once(writer);
        break;
    case 3:
        write_easter(writer);
        break;
    case 4:
        write_nth_weekday(writer);
        break;
    case 5:
    case 6:
        fputs(PICK(writer, weekdays), writer->file);
        break;
    case 7:
    case 8:
        write_days_of_weeks(writer);
        break;
    default:
        fprintf(writer->file, "c%u", 1 + draw(writer, writer->calendar_count));
        break;
    }
    if (chance(writer, 15)) {
        fputs(" in ", writer->file);
        write_place(writer);
    }
}

static void write_items(struct writer *writer)
{
    write_item(writer);
    for (uint32_t i = chance(writer, 50) ? 0 : draw(writer, 4); i > 0; i--) {
        fputs(", ", writer->file);
        write_item(writer);
    }
    if (!chance(writer, 30))
        return;
    fputs(" except ", writer->file);
    write_item(writer);
    for (uint32_t i = draw(writer, 2); i > 0; i--) {
        fputs(", ", writer->file);
        write_item(writer);
    }
}

static void write_calendars(struct writer *writer)
{
    if (chance(writer, 80)) {
        fputs("calendar holidays = 01-01, easter-2, easter, easter+1, 05-04 or monday, "
              "second sunday of 05, 06-23..06-24, 11-18 or monday, 12-24..12-26, 12-31\n",
              writer->file);
        writer->has_holidays = true;
    }
    uint32_t count = draw(writer, CALENDAR_MOST + 1);
    for (uint32_t i = 1; i <= count; i++) {
        fprintf(writer->file, "calendar c%u = ", i);
        write_items(writer);
        fputs("\n", writer->file);
        writer->calendar_count = i;
    }
}

/* ---- groups ---- */

static void write_kind(struct writer *writer, uint32_t kind_index, uint32_t percent_subtype)
{
    const struct status_kind *kind = &writer->random->vocabulary.kinds[kind_index];
    fputs(kind->name, writer->file);
    if (kind->subtype_count > 0 && chance(writer, percent_subtype))
        fprintf(writer->file, ".%s", kind->subtypes[1 + draw(writer, kind->subtype_count)]);
}

static void write_extensions(struct writer *writer)
{
    uint32_t count = draw(writer, 4);
    for (uint32_t i = 1; i <= count; i++) {
        uint32_t first = some_day(writer), last = first + draw(writer, 60);
        uint32_t kind = draw(writer, STAFF); /* not the list */
        fprintf(writer->file, "extend E%u = ", i);
        write_kind(writer, kind, 40);
        if (chance(writer, 50)) {
            fputs(", ", writer->file);
            write_kind(writer, (kind + 1) % STAFF, 40);
        }
        if (chance(writer, 40)) {
            fputs(" except ", writer->file);
            write_kind(writer, kind, 100);
        }
        fputs(" ending ", writer->file);
        write_day(writer, first);
        fputs("..", writer->file);
        write_day(writer, last);
        fputs(" until ", writer->file);
        write_day(writer, last + 2 + draw(writer, 100));
        fputs("\n", writer->file);
    }
}

static void write_status(struct writer *writer)
{
    fputs("status ", writer->file);
    write_kind(writer, draw(writer, STAFF), 60);
    if (chance(writer, 15)) {
        fputs(" begun", writer->file);
        fputs(" from ", writer->file);
        uint32_t day = some_day(writer);
        write_day(writer, day);
        if (chance(writer, 50)) {
            fputs(" before ", writer->file);
            write_day(writer, day + 1 + draw(writer, 90));
        }
    }
    if (chance(writer, 15)) {
        fputs(" ending before ", writer->file);
        write_day(writer, some_day(writer));
    } else if (chance(writer, 15)) {
        fputs(" ending from ", writer->file);
        write_day(writer, some_day(writer));
    }
}

static void write_operand(struct writer *writer)
{
    static const uint32_t ages[] = {7, 18, 24, 62, 75};
    static const char *const compared[] = {">=", ">", "<", "<="};
    uint32_t kind = draw(writer, writer->group_count > 0 ? 9 : 8);
    const char *sign;
    switch (kind) {
    case 0:
    case 1:
    case 2:
        write_status(writer);
        break;
    case 3:
        fputs("list riga_staff", writer->file);
        break;
    case 4:
        fputs("school_in ", writer->file);
        write_place(writer);
        break;
    case 5:
        fputs("resident_in ", writer->file);
        write_place(writer);
        break;
    case 6:
    case 7:
        sign = PICK(writer, compared);
        fprintf(writer->file, "age %s %u", sign, PICK(writer, ages));
        break;
    default:
        fprintf(writer->file, "g%u", 1 + draw(writer, writer->group_count));
        break;
    }
}

static void write_condition(struct writer *writer, uint32_t depth)
{
    if (depth == 0 || chance(writer, 35)) {
        write_operand(writer);
        return;
    }
    if (chance(writer, 20))
        fputs("not ", writer->file);
    fputs("(", writer->file);
    write_condition(writer, depth - 1);
    for (uint32_t i = draw(writer, 3); i > 0; i--) {
        fputs(chance(writer, 45) ? " and " : " or ", writer->file);
        write_condition(writer, depth - 1);
    }
    fputs(")", writer->file);
}

static void write_groups(struct writer *writer)
{
    uint32_t count =
        3 + draw(writer, GROUP_MOST - 2) + (writer->random->is_large ? LARGE_GROUPS : 0);
    for (uint32_t i = 1; i <= count; i++) {
        fprintf(writer->file, "group g%u = ", i);
        write_condition(writer, 3);
        if (chance(writer, 20))
            write_span(writer, 60, "until");
        fputs("\n", writer->file);
        writer->group_count = i;
    }
}

/* ---- clauses ---- */

static void write_percent(struct writer *writer)
{
    static const uint32_t usual[] = {5000, 10000, 3333, 1, 9999, 2500};
    uint32_t percent_bp = chance(writer, 60) ? PICK(writer, usual) : 1 + draw(writer, 10000);
    if (percent_bp % 100 == 0)
        fprintf(writer->file, "%u%%", percent_bp / 100);
    else
        fprintf(writer->file, "%u.%02u%%", percent_bp / 100, percent_bp % 100);
}

/* " in", " at": where. */
static void write_where(struct writer *writer)
{
    if (chance(writer, 50)) {
        fputs(" in ", writer->file);
        write_place(writer);
        return;
    }
    const struct trade *trade = &writer->random->catalogue.trade;
    uint32_t first = draw(writer, trade->point_count);
    uint32_t last = first + draw(writer, trade->point_count - first);
    fprintf(writer->file, " at %u", trade->points[first].number);
    if (last > first)
        fprintf(writer->file, "%s%u", chance(writer, 50) ? "-" : ", ", trade->points[last].number);
}

/* One of the relief's contracts, or two. */
static void write_under(struct writer *writer, uint32_t relief)
{
    const struct trade *trade = &writer->random->catalogue.trade;
    char name[NAME_SIZE];
    snprintf(name, sizeof(name), "R%u", relief + 1);
    const char *before = " under ";
    for (uint32_t i = 0; i < trade->contract_count; i++) {
        if (strcmp(trade->contracts[i].relief, name) != 0 || !chance(writer, 60))
            continue;
        fprintf(writer->file, "%s%u", before, trade->contracts[i].number);
        before = ", ";
    }
}

static void write_clocks(struct writer *writer)
{
    static const uint32_t edges[] = {0, 120, 180, 181, 210, 239, 240, 241, 600, 900, 1439};
    uint32_t minute = PICK(writer, edges);
    const char *before = " ";
    for (uint32_t i = 0; i < CLOCK_SPAN_COUNT_MAX && minute < MINUTES_PER_DAY; i++) {
        uint32_t until = minute + 1 + draw(writer, chance(writer, 50) ? 30 : 600);
        until = until > MINUTES_PER_DAY ? MINUTES_PER_DAY : until;
        fprintf(writer->file, "%s%02u:%02u-%02u:%02u", before, minute / MINUTES_PER_HOUR,
                minute % MINUTES_PER_HOUR, until / MINUTES_PER_HOUR, until % MINUTES_PER_HOUR);
        before = ", ";
        minute = until + 1 + (chance(writer, 25) ? 0 : draw(writer, 300));
        if (chance(writer, 60))
            break;
    }
}

static void write_price(struct writer *writer)
{
    uint32_t least = some_amount(writer);
    fputs(" price", writer->file);
    bool has_least = chance(writer, 60);
    if (has_least) {
        fputs(" from ", writer->file);
        write_amount(writer, least);
    }
    if (!has_least || chance(writer, 50)) {
        fputs(" below ", writer->file);
        write_amount(writer, least + 1 + draw(writer, 30000));
    }
}

static void write_quantity(struct writer *writer)
{
    uint32_t least = 1 + draw(writer, 4);
    switch (draw(writer, 4)) {
    case 0:
        fprintf(writer->file, " quantity %u", least);
        break;
    case 1:
        fprintf(writer->file, " quantity %u to %u", least, least + draw(writer, 4));
        break;
    case 2:
        fprintf(writer->file, " quantity from %u", least);
        break;
    default:
        fprintf(writer->file, " quantity up to %u", least);
        break;
    }
}

static void write_words(struct writer *writer, const char *before, const char *const words[],
                        uint32_t count)
{
    uint32_t mask = 1 + draw(writer, (1u << count) - 1);
    for (uint32_t i = 0; i < count; i++) {
        if ((mask >> i & 1) == 0)
            continue;
        fprintf(writer->file, "%s%s", before, words[i]);
        before = ", ";
    }
}

static void write_one_condition(struct writer *writer, uint32_t which, uint32_t relief)
{
    static const char *const means[] = {"personal-code", "eid", "e-talons", "card"};
    static const char *const entries[] = {"chip", "contactless", "optical", "typed", "unstated"};
    switch (which) {
    case 0:
        write_where(writer);
        break;
    case 1:
        write_under(writer, relief);
        break;
    case 2:
        fputs(" on ", writer->file);
        write_items(writer);
        break;
    case 3:
        write_clocks(writer);
        break;
    case 4:
        write_price(writer);
        break;
    case 5:
        write_quantity(writer);
        break;
    case 6:
        write_words(writer, " by ", means, 4);
        break;
    default:
        write_words(writer, " read ", entries, 5);
        break;
    }
}

/* Each at most once, in any order. */
static void write_clause_conditions(struct writer *writer, uint32_t relief)
{
    static const uint32_t percents[] = {20, 12, 35, 25, 20, 15, 12, 12};
    uint32_t shift = draw(writer, 8);
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t which = (i + shift) % 8;
        if (chance(writer, percents[which]))
            write_one_condition(writer, which, relief);
    }
}

static void write_computation(struct writer *writer)
{
    uint32_t which = draw(writer, 6);
    if (which < 3) {
        fputs(which == 0 ? " free" : " discount ", writer->file);
        if (which > 0)
            write_percent(writer);
        if (chance(writer, 25)) {
            fputs(" above ", writer->file);
            write_amount(writer, some_amount(writer));
        }
        return;
    }
    static const char *const words[] = {" amount ", " subsidy ", " costs "};
    fputs(words[which - 3], writer->file);
    write_amount(writer, some_amount(writer));
}

static void write_modifiers(struct writer *writer)
{
    if (chance(writer, 20)) {
        fputs(" at most ", writer->file);
        write_amount(writer, some_amount(writer));
        if (chance(writer, 50))
            fputs(" each", writer->file);
    }
    if (chance(writer, 20)) {
        uint32_t count = 1 + draw(writer, 3);
        fprintf(writer->file, " for %u %s", count, count == 1 ? "unit" : "units");
    }
    if (chance(writer, 20)) {
        uint32_t count = 1 + draw(writer, 3);
        fprintf(writer->file, " with %u %s", count, count == 1 ? "companion" : "companions");
    }
}

static void write_clause(struct writer *writer, uint32_t relief)
{
    static const char *const products[] = {"p1",  "p2",   "p3",       "p1, p4",
                                           "ALL", "PAIR", "PAIR, p4", "p4"};
    if (chance(writer, 12))
        fputs("  clause everybody", writer->file);
    else
        fprintf(writer->file, "  clause g%u", 1 + draw(writer, writer->group_count));
    const char *sold = PICK(writer, products);
    if (writer->random->is_large && chance(writer, 70))
        sold = "ALL";
    fprintf(writer->file, " product %s", sold);
    write_clause_conditions(writer, relief);
    write_computation(writer);
    write_modifiers(writer);
    fputs("\n", writer->file);
}

/* ---- reliefs ---- */

static void write_splits(struct writer *writer)
{
    static const char *const shares[] = {"50%", "0.7100 each", "33.33%"};
    for (uint32_t i = 1; i <= SPLIT_COUNT; i++)
        fprintf(writer->file, "split %u = %llu %s, %llu rest\n", i,
                (unsigned long long)random_giver(i), shares[i - 1],
                (unsigned long long)random_giver(i - 1));
}

static void write_rounding(struct writer *writer)
{
    static const char *const modes[] = {"half up", "down", "up"};
    static const uint32_t steps[] = {1, 100, 500, 1000, 10000, 3, 7};
    fprintf(writer->file, "  round %s to ", PICK(writer, modes));
    write_amount(writer, PICK(writer, steps));
    fputs("\n", writer->file);
}

static void write_unknown(struct writer *writer)
{
    static const char *const policies[] = {"refuse", "allow"};
    if (chance(writer, 60))
        fprintf(writer->file, "  unknown %s\n", PICK(writer, policies));
    else
        fprintf(writer->file, "  unknown last known %u days\n", 1 + draw(writer, 60));
}

/* Nothing that a check looks at, but there they are. */
static void write_limits(struct writer *writer)
{
    static const char *const limits[] = {
        "  limit 60 uses per month\n", "  limit 12.50 EUR per week shared 3 published\n",
        "  limit every 90 minutes\n", "  budget 1250000.00 EUR per year warn 80%\n"};
    fputs(PICK(writer, limits), writer->file);
}

static void write_version_body(struct writer *writer, uint32_t relief, bool stacks)
{
    static const char *const states[] = {"draft", "suspended", "closed", "active"};
    if (chance(writer, 12))
        fprintf(writer->file, "  state %s\n", PICK(writer, states));
    if (stacks) /* all versions in the same order: at most three come on top at one offer */
        fprintf(writer->file, "  stacks\n  order %u\n", 103 - relief);
    else if (chance(writer, 40))
        fprintf(writer->file, "  order %u\n", 98 + draw(writer, 5));
    if (chance(writer, 60))
        write_unknown(writer);
    if (chance(writer, 50))
        write_rounding(writer);
    if (writer->random->everywhere_mask >> relief & 1)
        fputs("  everywhere\n", writer->file);
    uint32_t clause_most = writer->random->is_large ? LARGE_CLAUSES : CLAUSE_MOST;
    for (uint32_t i = 1 + draw(writer, clause_most); i > 0; i--)
        write_clause(writer, relief);
    if (chance(writer, 25))
        write_limits(writer);
}

static void write_relief(struct writer *writer, uint32_t relief)
{
    bool stacks = writer->stacking_count < STACKING_MOST && chance(writer, 45);
    writer->stacking_count += stacks;
    uint32_t from_day =
        chance(writer, 60) ? writer->random->from_day - draw(writer, 300) : some_day(writer);
    for (uint32_t i = 1 + draw(writer, 3); i > 0; i--) {
        fprintf(writer->file, "relief R%u giver %llu from ", relief + 1,
                (unsigned long long)random_giver(relief % RANDOM_GIVER_COUNT));
        write_day(writer, from_day);
        if (chance(writer, 25)) {
            fputs(" until ", writer->file);
            write_day(writer, from_day + 1 + draw(writer, 500));
        }
        if (chance(writer, 60))
            fprintf(writer->file, " split %u", 1 + draw(writer, SPLIT_COUNT));
        fputs("\n", writer->file);
        /* Versions may differ in whether they stack. */
        write_version_body(writer, relief, stacks && chance(writer, 90));
        uint32_t next = some_day(writer);
        from_day = next > from_day ? next : from_day + 1 + draw(writer, 60);
    }
}

void random_rules_write(struct random_catalogue *random, uint64_t *state)
{
    struct writer writer = {.random = random, .state = state};
    writer.file = open_memstream(&random->text, &random->text_size);
    if (writer.file == NULL)
        err(1, "memory for rules");
    write_places_and_products(&writer);
    write_calendars(&writer);
    write_splits(&writer);
    write_extensions(&writer);
    write_groups(&writer);
    for (uint32_t relief = 0; relief < random->relief_count; relief++)
        write_relief(&writer, relief);
    if (fclose(writer.file) != 0)
        err(1, "memory for rules");
}
