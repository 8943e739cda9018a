#include "loader/trade_check.h"

#include "loader/memory.h"
#include "loader/sort.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER_SHOWN_MAX 120
#define PLACE_FORMAT     "%07" PRIu32

/* What is checked, and where faults go. */
struct check {
    const struct trade *trade;
    const char *folder;
    struct fault *fault;
};

static bool wrong(const struct check *c, enum trade_table table, uint32_t line, const char *format,
                  ...) PRINTF_LIKE(4, 5);
static bool wrong(const struct check *c, enum trade_table table, uint32_t line, const char *format,
                  ...)
{
    char sentence[FAULT_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    return fault_set(c->fault, "%.*s/%s:%" PRIu32 ": %.*s", FOLDER_SHOWN_MAX, c->folder,
                     trade_file_name(table), line, FAULT_TEXT_SIZE - FOLDER_SHOWN_MAX - 64,
                     sentence);
}

/* ---- nothing twice ---- */

/* Tables are in order of their numbers, and then of their lines. */
#define CHECK_ONCE(name, rows, count, key, table, format, what)                                    \
    static bool name(const struct check *c)                                                        \
    {                                                                                              \
        const struct trade *t = c->trade;                                                          \
        for (uint32_t i = 1; i < t->count; i++)                                                    \
            if (t->rows[i].key == t->rows[i - 1].key)                                              \
                return wrong(c, table, t->rows[i].in_force.line,                                   \
                             what " " format " stands already in row %" PRIu32                     \
                                  ": keep one of them, or give this one another number",           \
                             t->rows[i].key, t->rows[i - 1].in_force.line);                        \
        return true;                                                                               \
    }
CHECK_ONCE(givers_once, givers, giver_count, number, TABLE_GIVERS, "%011" PRIu64, "giver")
CHECK_ONCE(providers_once, providers, provider_count, number, TABLE_PROVIDERS, "%011" PRIu64,
           "provider")
CHECK_ONCE(points_once, points, point_count, number, TABLE_POINTS, "%" PRIu32, "point of sale")
CHECK_ONCE(terminals_once, terminals, terminal_count, number, TABLE_TERMINALS, "%" PRIu32,
           "terminal")
CHECK_ONCE(contracts_once, contracts, contract_count, number, TABLE_CONTRACTS, "%" PRIu32,
           "contract")
CHECK_ONCE(products_once, products, product_count, number, TABLE_PRODUCTS, "%" PRIu32, "product")
CHECK_ONCE(places_once, places, place_count, code, TABLE_PLACES, PLACE_FORMAT, "place")

/* What may stand in one row only: bytes, as many in every row. */
struct once {
    const void *bytes;
    size_t size;
    uint32_t line;
};

static int compare_onces(const void *left, const void *right)
{
    const struct once *a = left, *b = right;
    int order = memcmp(a->bytes, b->bytes, a->size);
    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

/* The first two that are the same, as rows of the file; false when there are none. */
static bool find_twice(struct once onces[], size_t count, struct once *twice, uint32_t *line)
{
    sort_items(onces, count, sizeof(onces[0]), compare_onces);
    for (size_t i = 1; i < count; i++) {
        if (memcmp(onces[i].bytes, onces[i - 1].bytes, onces[i].size) != 0)
            continue;
        *twice = onces[i];
        *line = onces[i - 1].line;
        return true;
    }
    return false;
}

static bool product_names_once(const struct check *c)
{
    const struct trade *t = c->trade;
    struct once *onces = memory_take(t->product_count, sizeof(onces[0])), twice;
    uint32_t line;
    for (uint32_t i = 0; i < t->product_count; i++)
        onces[i] = (struct once){t->products[i].name, NAME_SIZE, t->products[i].in_force.line};
    bool is_twice = find_twice(onces, t->product_count, &twice, &line);
    free(onces);
    return !is_twice || wrong(c, TABLE_PRODUCTS, twice.line,
                              "the product name \"%s\" stands already in row %" PRIu32
                              ": give one of them another name",
                              (const char *)twice.bytes, line);
}

static bool product_names_free(const struct check *c)
{
    for (uint32_t i = 0; i < c->trade->product_count; i++)
        if (strcmp(c->trade->products[i].name, PRODUCT_TEST_NAME) == 0)
            return wrong(c, TABLE_PRODUCTS, c->trade->products[i].in_force.line,
                         "the product name \"%s\" is reserved for the engine's own tests: give it "
                         "another name",
                         PRODUCT_TEST_NAME);
    return true;
}

static bool keys_once(const struct check *c)
{
    const struct trade *t = c->trade;
    struct once *onces = memory_take(t->terminal_count, sizeof(onces[0])), twice;
    size_t count = 0;
    uint32_t line;
    for (uint32_t i = 0; i < t->terminal_count; i++)
        if (t->terminals[i].has_key)
            onces[count++] = (struct once){t->terminals[i].key, TERMINAL_KEY_SIZE,
                                           t->terminals[i].in_force.line};
    bool is_twice = find_twice(onces, count, &twice, &line);
    free(onces);
    return !is_twice ||
           wrong(c, TABLE_TERMINALS, twice.line,
                 "the key stands already in row %" PRIu32 ": every terminal has a key of its own",
                 line);
}

/* ---- who is spoken of is there ---- */

static bool provider_is_there(const struct check *c, uint64_t number, enum trade_table table,
                              uint32_t line)
{
    return trade_provider(c->trade, number) != NULL ||
           wrong(c, table, line,
                 "provider %011" PRIu64 " is not in %s; add it there, or correct the number",
                 number, trade_file_name(TABLE_PROVIDERS));
}

static bool place_is_good(const struct check *c, const struct point_row *point)
{
    if (point->place == 0 || !c->trade->has_places)
        return true;
    uint32_t now = trade_place_now(c->trade, point->place);
    if (trade_place(c->trade, point->place) == NULL)
        return wrong(c, TABLE_POINTS, point->in_force.line,
                     "place " PLACE_FORMAT " is not in %s; add it there, or correct the code",
                     point->place, trade_file_name(TABLE_PLACES));
    return now == point->place ||
           wrong(c, TABLE_POINTS, point->in_force.line,
                 "place " PLACE_FORMAT " was replaced by " PLACE_FORMAT " (%s): write that one",
                 point->place, now, trade_place(c->trade, now)->title);
}

static bool points_fit(const struct check *c)
{
    for (uint32_t i = 0; i < c->trade->point_count; i++) {
        const struct point_row *point = &c->trade->points[i];
        if (!provider_is_there(c, point->provider, TABLE_POINTS, point->in_force.line) ||
            !place_is_good(c, point))
            return false;
    }
    return true;
}

/* Somebody's points of sale, as a row of a table says it. */
struct whose {
    enum trade_table table;
    uint32_t line;
    uint64_t provider;
    const char *who; /* "the contract is with" */
};

static bool range_fits(const struct check *c, const struct whose *whose,
                       const struct point_range *range)
{
    const struct trade *t = c->trade;
    const struct point_row *point = trade_point_from(t, range->first);
    if (point == NULL || point->number > range->last) {
        if (range->first == range->last)
            return wrong(c, whose->table, whose->line,
                         "point of sale %" PRIu32
                         " is not in %s; add it there, or correct the number",
                         range->first, trade_file_name(TABLE_POINTS));
        return wrong(c, whose->table, whose->line,
                     "no point of sale from %" PRIu32 " to %" PRIu32
                     " is in %s; add them there, or correct the numbers",
                     range->first, range->last, trade_file_name(TABLE_POINTS));
    }
    const struct point_row *end = t->points + t->point_count;
    for (; point < end && point->number <= range->last; point++)
        if (point->provider != whose->provider)
            return wrong(c, whose->table, whose->line,
                         "point of sale %" PRIu32 " is of provider %011" PRIu64 ", %s %011" PRIu64
                         ": correct the points",
                         point->number, point->provider, whose->who, whose->provider);
    return true;
}

/* The first range says whose all the others are. */
static bool terminal_fits(const struct check *c, const struct terminal_row *terminal)
{
    const struct point_range *ranges = &c->trade->ranges[terminal->first_range];
    struct whose whose = {TABLE_TERMINALS, terminal->in_force.line, 0,
                          "the terminal's first one is of"};
    const struct point_row *first = trade_point_from(c->trade, ranges[0].first);
    if (first != NULL)
        whose.provider = first->provider;
    for (uint32_t i = 0; i < terminal->range_count; i++)
        if (!range_fits(c, &whose, &ranges[i]))
            return false;
    return true;
}

static bool terminals_fit(const struct check *c)
{
    for (uint32_t i = 0; i < c->trade->terminal_count; i++)
        if (!terminal_fits(c, &c->trade->terminals[i]))
            return false;
    return true;
}

static bool contracts_fit(const struct check *c)
{
    for (uint32_t i = 0; i < c->trade->contract_count; i++) {
        const struct contract_row *contract = &c->trade->contracts[i];
        uint32_t line = contract->in_force.line;
        if (c->trade->has_givers && trade_giver(c->trade, contract->giver) == NULL)
            return wrong(c, TABLE_CONTRACTS, line,
                         "giver %011" PRIu64 " is not in %s; add it there, or correct the number",
                         contract->giver, trade_file_name(TABLE_GIVERS));
        if (!provider_is_there(c, contract->provider, TABLE_CONTRACTS, line))
            return false;
        const struct whose whose = {TABLE_CONTRACTS, line, contract->provider,
                                    "the contract is with"};
        for (uint32_t j = 0; j < contract->range_count; j++)
            if (!range_fits(c, &whose, &c->trade->ranges[contract->first_range + j]))
                return false;
    }
    return true;
}

/* ---- places ---- */

static bool replacements_are_there(const struct check *c)
{
    for (uint32_t i = 0; i < c->trade->place_count; i++) {
        const struct place_row *place = &c->trade->places[i];
        if (place->replaced_by != 0 && trade_place(c->trade, place->replaced_by) == NULL)
            return wrong(c, TABLE_PLACES, place->in_force.line,
                         "place " PLACE_FORMAT ", which replaces " PLACE_FORMAT
                         ", is not in the table; add it, or correct the code",
                         place->replaced_by, place->code);
    }
    return true;
}

/* Every place is walked over once: `walks` holds in which walk. */
static bool replacements_end(const struct check *c)
{
    const struct trade *t = c->trade;
    uint32_t *walks = memory_take_zeroed(t->place_count, sizeof(walks[0]));
    const struct place_row *circle = NULL;
    for (uint32_t i = 0; i < t->place_count && circle == NULL; i++) {
        const struct place_row *place = &t->places[i];
        while (place->replaced_by != 0 && walks[place - t->places] == 0) {
            walks[place - t->places] = i + 1;
            place = trade_place(t, place->replaced_by);
        }
        if (place->replaced_by != 0 && walks[place - t->places] == i + 1)
            circle = place;
    }
    free(walks);
    return circle == NULL || wrong(c, TABLE_PLACES, circle->in_force.line,
                                   "place " PLACE_FORMAT " is replaced by itself, over one place "
                                   "or several: one of them is still in use",
                                   circle->code);
}

bool trade_check(const struct trade *trade, const char *folder, struct fault *fault)
{
    static bool (*const checks[])(const struct check *c) = {
        givers_once,        providers_once,         points_once,
        terminals_once,     contracts_once,         products_once,
        product_names_once, product_names_free,     keys_once,
        places_once,        replacements_are_there, replacements_end,
        points_fit,         terminals_fit,          contracts_fit};
    struct check c = {.trade = trade, .folder = folder, .fault = fault};
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        if (!checks[i](&c))
            return false;
    return true;
}
