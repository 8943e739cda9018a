#include "loader/trade.h"

#include "loader/memory.h"
#include "loader/sheet.h"
#include "loader/sort.h"
#include "loader/trade_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 4096

/* The tables while they are read. */
struct reading {
    struct trade *trade;
    size_t room, range_room; /* of the table's rows, of trade->ranges */
    struct sheet sheet;
};

static bool too_many(const struct reading *r, int most, const char *what, const char *limit)
{
    return sheet_wrong(&r->sheet, "more than %d %s (%s)", most, what, limit);
}

/* A new row at the end of a table, zeros. */
#define ADD_ROW(r, rows, count)                                                                    \
    ((r)->trade->rows = memory_room((r)->trade->rows, &(r)->room, (r)->trade->count + (size_t)1,   \
                                    sizeof((r)->trade->rows[0])),                                  \
     memset(&(r)->trade->rows[(r)->trade->count], 0, sizeof((r)->trade->rows[0])),                 \
     &(r)->trade->rows[(r)->trade->count++])

static bool take_in_force(const struct reading *r, uint32_t from_column, struct in_force *in_force)
{
    in_force->line = r->sheet.line;
    return sheet_take_days(&r->sheet, from_column, from_column + 1, &in_force->from_day,
                           &in_force->until_day);
}

static bool take_state(const struct reading *r, uint32_t column, bool *is_suspended)
{
    static const char *const names[] = {"active", "suspended"};
    size_t choice = 0;
    if (!sheet_take_choice(&r->sheet, column, names, COUNT_OF(names), &choice, true))
        return false;
    *is_suspended = choice == 1;
    return true;
}

/* ---- a row of each table: columns in the order of the tables below ---- */

enum { GIVER_NUMBER, GIVER_TITLE, GIVER_FROM, GIVER_UNTIL };

static bool take_giver(struct reading *r)
{
    if (r->trade->giver_count == GIVER_COUNT_MAX)
        return too_many(r, GIVER_COUNT_MAX, "givers", "GIVER_COUNT_MAX");
    struct giver *giver = ADD_ROW(r, givers, giver_count);
    return sheet_take_registration(&r->sheet, GIVER_NUMBER, &giver->number) &&
           sheet_take_text(&r->sheet, GIVER_TITLE, giver->title, sizeof(giver->title), false) &&
           take_in_force(r, GIVER_FROM, &giver->in_force);
}

enum { PROVIDER_NUMBER, PROVIDER_TITLE, PROVIDER_STATE, PROVIDER_FROM, PROVIDER_UNTIL };

static bool take_provider(struct reading *r)
{
    if (r->trade->provider_count == PROVIDER_COUNT_MAX)
        return too_many(r, PROVIDER_COUNT_MAX, "providers", "PROVIDER_COUNT_MAX");
    struct provider *provider = ADD_ROW(r, providers, provider_count);
    return sheet_take_registration(&r->sheet, PROVIDER_NUMBER, &provider->number) &&
           sheet_take_text(&r->sheet, PROVIDER_TITLE, provider->title, sizeof(provider->title),
                           false) &&
           take_state(r, PROVIDER_STATE, &provider->is_suspended) &&
           take_in_force(r, PROVIDER_FROM, &provider->in_force);
}

enum {
    POINT_NUMBER,
    POINT_PROVIDER,
    POINT_PLACE,
    POINT_TITLE,
    POINT_STATE,
    POINT_FROM,
    POINT_UNTIL
};

static bool take_point(struct reading *r)
{
    if (r->trade->point_count == POINT_COUNT_MAX)
        return too_many(r, POINT_COUNT_MAX, "points of sale", "POINT_COUNT_MAX");
    struct point_row *point = ADD_ROW(r, points, point_count);
    return sheet_take_number_32(&r->sheet, POINT_NUMBER, &point->number, 1) &&
           sheet_take_registration(&r->sheet, POINT_PROVIDER, &point->provider) &&
           sheet_take_place(&r->sheet, POINT_PLACE, &point->place, true) &&
           sheet_take_text(&r->sheet, POINT_TITLE, point->title, sizeof(point->title), true) &&
           take_state(r, POINT_STATE, &point->is_suspended) &&
           take_in_force(r, POINT_FROM, &point->in_force);
}

/* ---- ranges of numbers ---- */

static int compare_ranges(const void *left, const void *right)
{
    const struct point_range *a = left, *b = right;
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    return (a->last > b->last) - (a->last < b->last);
}

/* Puts the last ranges, from `first` on, in order and makes those that overlap one. Their number.
 */
static uint32_t settle_ranges(struct trade *trade, uint32_t first)
{
    struct point_range *ranges = &trade->ranges[first];
    uint32_t count = trade->range_count - first, kept = 0;
    qsort(ranges, count, sizeof(ranges[0]), compare_ranges);
    for (uint32_t i = 0; i < count; i++) {
        if (kept == 0 || ranges[i].first > ranges[kept - 1].last)
            ranges[kept++] = ranges[i];
        else if (ranges[i].last > ranges[kept - 1].last)
            ranges[kept - 1].last = ranges[i].last;
    }
    trade->range_count = first + kept;
    return kept;
}

/* Nothing, or "all", is no range. */
static bool take_ranges(struct reading *r, uint32_t column, const char *wanted, uint32_t *first,
                        uint32_t *count)
{
    struct trade *trade = r->trade;
    struct span rest = r->sheet.fields[column];
    *first = trade->range_count;
    *count = 0;
    if (rest.size == 0 || (rest.size == 3 && memcmp(rest.text, "all", 3) == 0))
        return true;
    while (rest.size > 0) {
        const char *space = memchr(rest.text, ' ', rest.size);
        uint32_t size = space != NULL ? (uint32_t)(space - rest.text) : rest.size;
        struct point_range range;
        if (!point_range_of_text(&range, rest.text, size))
            return sheet_wanted(&r->sheet, column, wanted);
        if (trade->range_count == TRADE_RANGE_COUNT_MAX)
            return too_many(r, TRADE_RANGE_COUNT_MAX, "spans of numbers", "TRADE_RANGE_COUNT_MAX");
        trade->ranges = memory_room(trade->ranges, &r->range_room, trade->range_count + (size_t)1,
                                    sizeof(trade->ranges[0]));
        trade->ranges[trade->range_count++] = range;
        rest = span_trim((struct span){rest.text + size, rest.size - size});
    }
    *count = settle_ranges(trade, *first);
    return true;
}

#define WANTED_POINTS "points of sale and spans of them, apart by spaces, such as \"101-120 205\""
#define WANTED_PRODUCTS                                                                            \
    "numbers of products and spans of them, apart by spaces, such as \"1001-1009 1012\""

enum {
    TERMINAL_NUMBER,
    TERMINAL_POINTS,
    TERMINAL_PROFILE,
    TERMINAL_KEY,
    TERMINAL_PRODUCTS,
    TERMINAL_PER_MINUTE,
    TERMINAL_PER_DAY,
    TERMINAL_TYPED_PER_DAY,
    TERMINAL_FROM,
    TERMINAL_UNTIL
};

static bool take_profile(const struct reading *r, uint8_t *profile)
{
    const char *names[PROFILE_ADMINISTRATOR];
    size_t choice = 0;
    for (uint8_t i = 0; i < PROFILE_ADMINISTRATOR; i++)
        names[i] = profile_name((uint8_t)(PROFILE_GATE + i));
    if (!sheet_take_choice(&r->sheet, TERMINAL_PROFILE, names, COUNT_OF(names), &choice, false))
        return false;
    *profile = (uint8_t)(PROFILE_GATE + choice);
    return true;
}

/* Its value; 16: it is no digit. */
static uint8_t hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    size_t value = at != NULL ? (size_t)(at - digits) % 16 : 16;
    return (uint8_t)value;
}

/* 64 hexadecimal digits; a key is never repeated in a fault. */
static bool take_key(const struct reading *r, struct terminal_row *terminal)
{
    struct span field = r->sheet.fields[TERMINAL_KEY];
    uint8_t any = 0;
    bool is_good = field.size == 2 * TERMINAL_KEY_SIZE;
    for (uint32_t i = 0; is_good && i < TERMINAL_KEY_SIZE; i++) {
        uint8_t high = hex_digit(field.text[2 * i]), low = hex_digit(field.text[2 * i + 1]);
        is_good = high < 16 && low < 16;
        terminal->key[i] = (uint8_t)(high << 4 | (low & 15));
        any |= terminal->key[i];
    }
    terminal->has_key = field.size > 0;
    if (terminal->has_key && !is_good)
        return sheet_wrong(&r->sheet,
                           "key: wanted a public key of 64 hexadecimal digits, or nothing, found "
                           "text of %" PRIu32 " bytes",
                           field.size);
    return !terminal->has_key || any != 0 ||
           sheet_wrong(&r->sheet, "key: zeros are nobody's public key: write the terminal's own, "
                                  "or nothing as long as it has none");
}

/* Points of sale are named one by one: which are to be added is not for the terminal to say. */
static bool take_terminal_spans(struct reading *r, struct terminal_row *terminal)
{
    if (!take_ranges(r, TERMINAL_POINTS, WANTED_POINTS, &terminal->first_range,
                     &terminal->range_count))
        return false;
    if (terminal->range_count == 0)
        return sheet_wanted(&r->sheet, TERMINAL_POINTS, WANTED_POINTS);
    if (!take_ranges(r, TERMINAL_PRODUCTS, "all, or " WANTED_PRODUCTS,
                     &terminal->first_product_range, &terminal->product_range_count))
        return false;
    return (terminal->range_count <= TERMINAL_SPAN_COUNT_MAX &&
            terminal->product_range_count <= TERMINAL_SPAN_COUNT_MAX) ||
           too_many(r, TERMINAL_SPAN_COUNT_MAX, "spans of points or of products of one terminal",
                    "TERMINAL_SPAN_COUNT_MAX");
}

/* Empty: the server's own. */
static bool take_budget(const struct reading *r, uint32_t column, uint32_t *out)
{
    return r->sheet.fields[column].size == 0 || sheet_take_number_32(&r->sheet, column, out, 1);
}

static bool take_terminal(struct reading *r)
{
    if (r->trade->terminal_count == TERMINAL_ROW_COUNT_MAX)
        return too_many(r, TERMINAL_ROW_COUNT_MAX, "terminals", "TERMINAL_ROW_COUNT_MAX");
    struct terminal_row *terminal = ADD_ROW(r, terminals, terminal_count);
    return sheet_take_number_32(&r->sheet, TERMINAL_NUMBER, &terminal->number, 1) &&
           take_profile(r, &terminal->profile) && take_key(r, terminal) &&
           take_terminal_spans(r, terminal) &&
           take_budget(r, TERMINAL_PER_MINUTE, &terminal->per_minute) &&
           take_budget(r, TERMINAL_PER_DAY, &terminal->per_day) &&
           take_budget(r, TERMINAL_TYPED_PER_DAY, &terminal->typed_per_day) &&
           take_in_force(r, TERMINAL_FROM, &terminal->in_force);
}

enum {
    CONTRACT_NUMBER,
    CONTRACT_GIVER,
    CONTRACT_PROVIDER,
    CONTRACT_RELIEF,
    CONTRACT_POINTS,
    CONTRACT_FROM,
    CONTRACT_UNTIL
};

static bool take_contract(struct reading *r)
{
    if (r->trade->contract_count == CONTRACT_COUNT_MAX)
        return too_many(r, CONTRACT_COUNT_MAX, "contracts", "CONTRACT_COUNT_MAX");
    struct contract_row *contract = ADD_ROW(r, contracts, contract_count);
    return sheet_take_number_32(&r->sheet, CONTRACT_NUMBER, &contract->number, 1) &&
           sheet_take_registration(&r->sheet, CONTRACT_GIVER, &contract->giver) &&
           sheet_take_registration(&r->sheet, CONTRACT_PROVIDER, &contract->provider) &&
           sheet_take_name(&r->sheet, CONTRACT_RELIEF, contract->relief,
                           sizeof(contract->relief)) &&
           take_ranges(r, CONTRACT_POINTS, "all, or " WANTED_POINTS, &contract->first_range,
                       &contract->range_count) &&
           take_in_force(r, CONTRACT_FROM, &contract->in_force);
}

enum {
    PRODUCT_COLUMN_NUMBER,
    PRODUCT_COLUMN_NAME,
    PRODUCT_COLUMN_UNIT,
    PRODUCT_COLUMN_PRICE,
    PRODUCT_COLUMN_FROM,
    PRODUCT_COLUMN_UNTIL
};

static bool take_product(struct reading *r)
{
    if (r->trade->product_count == PRODUCT_COUNT_MAX)
        return too_many(r, PRODUCT_COUNT_MAX, "products", "PRODUCT_COUNT_MAX");
    struct product_row *product = ADD_ROW(r, products, product_count);
    return sheet_take_number_32(&r->sheet, PRODUCT_COLUMN_NUMBER, &product->number,
                                PRODUCT_TEST + 1) &&
           sheet_take_name(&r->sheet, PRODUCT_COLUMN_NAME, product->name, sizeof(product->name)) &&
           sheet_take_text(&r->sheet, PRODUCT_COLUMN_UNIT, product->unit, sizeof(product->unit),
                           true) &&
           sheet_take_price(&r->sheet, PRODUCT_COLUMN_PRICE, &product->price) &&
           take_in_force(r, PRODUCT_COLUMN_FROM, &product->in_force);
}

enum { PLACE_CODE, PLACE_TITLE, PLACE_REPLACED, PLACE_FROM, PLACE_UNTIL };

static bool take_place(struct reading *r)
{
    if (r->trade->place_count == TRADE_PLACE_COUNT_MAX)
        return too_many(r, TRADE_PLACE_COUNT_MAX, "places", "TRADE_PLACE_COUNT_MAX");
    struct place_row *place = ADD_ROW(r, places, place_count);
    return sheet_take_place(&r->sheet, PLACE_CODE, &place->code, false) &&
           sheet_take_text(&r->sheet, PLACE_TITLE, place->title, sizeof(place->title), false) &&
           sheet_take_place(&r->sheet, PLACE_REPLACED, &place->replaced_by, true) &&
           take_in_force(r, PLACE_FROM, &place->in_force);
}

/* ---- tables ---- */

static const struct {
    const char *file;
    bool (*take)(struct reading *r);
    size_t column_count;
    struct sheet_column columns[SHEET_COLUMN_COUNT_MAX];
} tables[TABLE_COUNT] = {
    [TABLE_GIVERS] = {"givers.csv",
                      take_giver,
                      4,
                      {{"number", true}, {"title", true}, {"from", false}, {"until", false}}},
    [TABLE_PROVIDERS] =
        {"providers.csv",
         take_provider,
         5,
         {{"number", true}, {"title", true}, {"state", false}, {"from", false}, {"until", false}}},
    [TABLE_POINTS] = {"points_of_sale.csv",
                      take_point,
                      7,
                      {{"number", true},
                       {"provider", true},
                       {"place", true},
                       {"title", true},
                       {"state", false},
                       {"from", false},
                       {"until", false}}},
    [TABLE_TERMINALS] = {"terminals.csv",
                         take_terminal,
                         10,
                         {{"number", true},
                          {"points", true},
                          {"profile", true},
                          {"key", false},
                          {"products", false},
                          {"per_minute", false},
                          {"per_day", false},
                          {"typed_per_day", false},
                          {"from", false},
                          {"until", false}}},
    [TABLE_CONTRACTS] = {"contracts.csv",
                         take_contract,
                         7,
                         {{"number", true},
                          {"giver", true},
                          {"provider", true},
                          {"relief", true},
                          {"points", false},
                          {"from", false},
                          {"until", false}}},
    [TABLE_PRODUCTS] = {"products.csv",
                        take_product,
                        6,
                        {{"number", true},
                         {"name", true},
                         {"unit", false},
                         {"price", false},
                         {"from", false},
                         {"until", false}}},
    [TABLE_PLACES] = {"places.csv",
                      take_place,
                      5,
                      {{"code", true},
                       {"title", true},
                       {"replaced_by", false},
                       {"from", false},
                       {"until", false}}},
};

const char *trade_file_name(enum trade_table table)
{
    return tables[table].file;
}

static bool read_table(struct reading *r, enum trade_table table, const char *folder,
                       struct trade_text text, struct fault *fault)
{
    char path[PATH_SIZE];
    bool is_there;
    snprintf(path, sizeof(path), "%s/%s", folder, tables[table].file);
    r->room = 0;
    if (!sheet_begin(&r->sheet, path, text.text, text.size, tables[table].columns,
                     tables[table].column_count, fault))
        return false;
    for (;;) {
        if (!sheet_next(&r->sheet, &is_there))
            return false;
        if (!is_there)
            return true;
        if (!tables[table].take(r))
            return false;
    }
}

/* Every row begins with its number. */
#define COMPARE_ROWS(name, type, key)                                                              \
    static int name(const void *left, const void *right)                                           \
    {                                                                                              \
        const struct type *a = left, *b = right;                                                   \
        if (a->key != b->key)                                                                      \
            return a->key < b->key ? -1 : 1;                                                       \
        return (a->in_force.line > b->in_force.line) - (a->in_force.line < b->in_force.line);      \
    }
COMPARE_ROWS(compare_givers, giver, number)
COMPARE_ROWS(compare_providers, provider, number)
COMPARE_ROWS(compare_points, point_row, number)
COMPARE_ROWS(compare_terminals, terminal_row, number)
COMPARE_ROWS(compare_contracts, contract_row, number)
COMPARE_ROWS(compare_products, product_row, number)
COMPARE_ROWS(compare_places, place_row, code)

static void sort_tables(struct trade *trade)
{
    sort_items(trade->givers, trade->giver_count, sizeof(trade->givers[0]), compare_givers);
    sort_items(trade->providers, trade->provider_count, sizeof(trade->providers[0]),
               compare_providers);
    sort_items(trade->points, trade->point_count, sizeof(trade->points[0]), compare_points);
    sort_items(trade->terminals, trade->terminal_count, sizeof(trade->terminals[0]),
               compare_terminals);
    sort_items(trade->contracts, trade->contract_count, sizeof(trade->contracts[0]),
               compare_contracts);
    sort_items(trade->products, trade->product_count, sizeof(trade->products[0]), compare_products);
    sort_items(trade->places, trade->place_count, sizeof(trade->places[0]), compare_places);
}

bool trade_parse(struct trade *out, const char *folder,
                 const struct trade_text texts[static TABLE_COUNT], struct fault *fault)
{
    struct trade trade = {.has_givers = texts[TABLE_GIVERS].text != NULL,
                          .has_places = texts[TABLE_PLACES].text != NULL};
    struct reading *r = memory_take_zeroed(1, sizeof(*r));
    bool is_good = true;
    r->trade = &trade;
    for (enum trade_table i = 0; i < TABLE_COUNT && is_good; i++)
        is_good = texts[i].text == NULL || read_table(r, i, folder, texts[i], fault);
    free(r);
    sort_tables(&trade);
    if (!is_good || !trade_check(&trade, folder, fault)) {
        trade_free(&trade);
        return false;
    }
    *out = trade;
    return true;
}

bool trade_read(struct trade *out, const char *folder, struct fault *fault)
{
    struct trade_text texts[TABLE_COUNT] = {0};
    char *owned[TABLE_COUNT] = {0};
    bool is_good = true;
    for (enum trade_table i = 0; i < TABLE_COUNT && is_good; i++) {
        char *path = memory_text("%s/%s", folder, tables[i].file);
        is_good = sheet_load(&owned[i], &texts[i].size, path, fault);
        texts[i].text = owned[i];
        free(path);
    }
    is_good = is_good && trade_parse(out, folder, texts, fault);
    for (size_t i = 0; i < TABLE_COUNT; i++)
        free(owned[i]);
    return is_good;
}

void trade_free(struct trade *trade)
{
    free(trade->givers);
    free(trade->providers);
    free(trade->points);
    free(trade->terminals);
    free(trade->contracts);
    free(trade->ranges);
    free(trade->products);
    free(trade->places);
    *trade = (struct trade){0};
}

/* ---- looking up ---- */

/* The first row whose number is at least that; the count when there is none. */
#define FIRST_FROM(out, rows, count, key, wanted)                                                  \
    do {                                                                                           \
        uint32_t least = 0, most = (count);                                                        \
        while (least < most) {                                                                     \
            uint32_t middle = least + (most - least) / 2;                                          \
            if ((rows)[middle].key < (wanted))                                                     \
                least = middle + 1;                                                                \
            else                                                                                   \
                most = middle;                                                                     \
        }                                                                                          \
        (out) = least;                                                                             \
    } while (0)

const struct giver *trade_giver(const struct trade *trade, uint64_t number)
{
    uint32_t i;
    FIRST_FROM(i, trade->givers, trade->giver_count, number, number);
    return i < trade->giver_count && trade->givers[i].number == number ? &trade->givers[i] : NULL;
}

const struct provider *trade_provider(const struct trade *trade, uint64_t number)
{
    uint32_t i;
    FIRST_FROM(i, trade->providers, trade->provider_count, number, number);
    bool is_there = i < trade->provider_count && trade->providers[i].number == number;
    return is_there ? &trade->providers[i] : NULL;
}

const struct point_row *trade_point_from(const struct trade *trade, uint32_t number)
{
    uint32_t i;
    FIRST_FROM(i, trade->points, trade->point_count, number, number);
    return i < trade->point_count ? &trade->points[i] : NULL;
}

const struct point_row *trade_point(const struct trade *trade, uint32_t number)
{
    const struct point_row *point = trade_point_from(trade, number);
    return point != NULL && point->number == number ? point : NULL;
}

uint64_t trade_terminal_provider(const struct trade *trade, const struct terminal_row *terminal)
{
    return trade_point_from(trade, trade->ranges[terminal->first_range].first)->provider;
}

const struct contract_row *trade_contract(const struct trade *trade, uint32_t number)
{
    uint32_t i;
    FIRST_FROM(i, trade->contracts, trade->contract_count, number, number);
    bool is_there = i < trade->contract_count && trade->contracts[i].number == number;
    return is_there ? &trade->contracts[i] : NULL;
}

const struct product_row *trade_product(const struct trade *trade, uint32_t number)
{
    uint32_t i;
    FIRST_FROM(i, trade->products, trade->product_count, number, number);
    bool is_there = i < trade->product_count && trade->products[i].number == number;
    return is_there ? &trade->products[i] : NULL;
}

const struct place_row *trade_place(const struct trade *trade, uint32_t code)
{
    uint32_t i;
    FIRST_FROM(i, trade->places, trade->place_count, code, code);
    return i < trade->place_count && trade->places[i].code == code ? &trade->places[i] : NULL;
}

bool trade_covers(const struct trade *trade, const struct contract_row *contract,
                  const struct point_row *point)
{
    return contract->provider == point->provider &&
           (contract->range_count == 0 || point_ranges_have(trade->ranges + contract->first_range,
                                                            contract->range_count, point->number));
}

uint32_t trade_place_now(const struct trade *trade, uint32_t code)
{
    const struct place_row *place = trade_place(trade, code);
    while (place != NULL && place->replaced_by != 0) {
        code = place->replaced_by; /* chains end: trade_check saw to it */
        place = trade_place(trade, code);
    }
    return code;
}
