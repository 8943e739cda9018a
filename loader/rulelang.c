#include "loader/rulelang.h"

#include "loader/files.h"
#include "loader/memory.h"
#include "loader/parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULES_SIZE_MAX   (4 * 1024 * 1024) /* of each file */
#define NUMBER_TEXT_SIZE 24

/* ---- words for numbers ---- */

const char *const weekday_words[] = {"monday", "tuesday",  "wednesday", "thursday",
                                     "friday", "saturday", "sunday"};
const char *const ordinal_words[] = {"first", "second", "third", "fourth", "last"};
const char *const version_state_words[] = {[VERSION_DRAFT] = "draft",
                                           [VERSION_ACTIVE] = "active",
                                           [VERSION_SUSPENDED] = "suspended",
                                           [VERSION_CLOSED] = "closed"};
const char *const period_words[] = {
    [PERIOD_PURCHASE] = "purchase",
    [PERIOD_DAY] = "day",
    [PERIOD_WEEK] = "week",
    [PERIOD_MONTH] = "month",
    [PERIOD_SCHOOL_YEAR] = "school_year",
    [PERIOD_YEAR] = "year",
    [PERIOD_STATUS_TERM] = "status_term",
    [PERIOD_LIFETIME] = "lifetime",
};

/* ---- statements ---- */

static const char *wanted_after_group(const struct group_rule *group)
{
    if (group->until_day != DAY_NEVER)
        return "the end of the line";
    if (group->from_day != 0)
        return "until or the end of the line";
    return "and, or, from, until or the end of the line";
}

/* group NAME = condition [from DAY] [until DAY] */
static bool parse_group(struct parser *parser)
{
    struct rules *rules = parser->rules;
    struct token token = parser->token;
    struct symbol name;
    if (!parser_take_name(parser, &name, SYMBOL_GROUP, "a name for the group") ||
        !parser_take_word(parser, "="))
        return false;
    if (rules->group_count == GROUP_COUNT_MAX)
        return parser_too_many(parser, &token, GROUP_COUNT_MAX, "groups", "GROUP_COUNT_MAX");

    struct group_rule *group = &rules->groups[rules->group_count];
    *group = (struct group_rule){.until_day = DAY_NEVER,
                                 .first_step = (uint16_t)rules->step_count,
                                 .at = parser_line(parser, &token)};
    if (!parse_condition(parser) ||
        !parser_take_span(parser, &group->from_day, &group->until_day, "until"))
        return false;
    group->step_count = (uint16_t)(rules->step_count - group->first_step);
    memcpy(group->name, name.name, sizeof(group->name));

    /* Defined only now: a condition speaks of earlier groups, not of its own. */
    name.value = rules->group_count++;
    return parser_define(parser, &name, &token, "the group") &&
           parser_take_line_end(parser, wanted_after_group(group));
}

static const struct statement {
    const char *word;
    bool (*read)(struct parser *parser); /* from behind the word to the end of the line */
} statements[] = {
    {"place", parse_place},          {"places", parse_place_set},  {"product", parse_product},
    {"products", parse_product_set}, {"calendar", parse_calendar}, {"split", parse_split},
    {"extend", parse_extension},     {"group", parse_group},       {"relief", parse_relief},
};

static bool wanted_statement(const struct parser *parser)
{
    const char *words[COUNT_OF(statements) + RELIEF_LINE_COUNT];
    size_t count = relief_line_words(words);
    for (size_t i = 0; i < COUNT_OF(statements); i++)
        words[count++] = statements[i].word;
    return parser_wanted_one_of(
        parser, &parser->token,
        parser->relief_is_open
            ? "clause, limit, budget, state, order, stacks, unknown, round or everywhere, or "
              "group, relief or another statement"
            : "place, places, product, products, calendar, split, extend, group or relief",
        words, count);
}

static bool read_statement(struct parser *parser)
{
    bool is_line;
    if (!parse_relief_line(parser, &is_line))
        return false;
    if (is_line)
        return true;
    for (size_t i = 0; i < COUNT_OF(statements); i++) {
        if (!parser_is_at(parser, statements[i].word))
            continue;
        if (!close_relief(parser))
            return false;
        parser_advance(parser);
        return statements[i].read(parser);
    }
    return wanted_statement(parser);
}

/* Empty lines are none. */
static bool read_statements(struct parser *parser)
{
    while (parser->token.kind != TOKEN_TEXT_END) {
        if (parser->token.kind == TOKEN_LINE_END)
            parser_advance(parser);
        else if (!read_statement(parser))
            return false;
    }
    return close_relief(parser);
}

/* ---- what is there before any file ---- */

static void reserve(struct parser *parser, enum symbol_sort sort, const char *name, uint32_t value)
{
    struct symbol symbol = {.sort = sort, .value = value, .count = 1};
    snprintf(symbol.name, sizeof(symbol.name), "%s", name);
    symbols_add(&parser->symbols, &symbol);
}

/* What the test identities are entitled to: in front of everything, in every snapshot. */
static void add_reserved(struct parser *parser)
{
    struct rules *rules = parser->rules;
    char number[NUMBER_TEXT_SIZE];

    struct group_rule *group = &rules->groups[rules->group_count++];
    *group = (struct group_rule){.name = GROUP_TEST_NAME, .until_day = DAY_NEVER};
    reserve(parser, SYMBOL_GROUP, GROUP_TEST_NAME, GROUP_TEST);

    const struct product product = {.number = PRODUCT_TEST, .name = PRODUCT_TEST_NAME};
    reserve(parser, SYMBOL_PRODUCT, PRODUCT_TEST_NAME, parser_add_product(parser, &product));
    snprintf(number, sizeof(number), "%d", PRODUCT_TEST);
    reserve(parser, SYMBOL_PRODUCT_NUMBER, number, 0);

    parser_add_relief(parser,
                      &(struct rule_relief){.code = RELIEF_TEST_CODE, .name = RELIEF_TEST_NAME});
    reserve(parser, SYMBOL_RELIEF, RELIEF_TEST_NAME, RELIEF_TEST);
    snprintf(number, sizeof(number), "%d", RELIEF_TEST_CODE);
    reserve(parser, SYMBOL_RELIEF_CODE, number, RELIEF_TEST);
    parser_add_version(parser,
                       &(struct rule_version){.relief = RELIEF_TEST,
                                              .until_day = DAY_NEVER,
                                              .state = VERSION_ACTIVE,
                                              .order = RULE_ORDER_USUAL,
                                              .round_step = 1},
                       &(struct version_note){.is_everywhere = true});

    rules->clause_products =
        memory_room(NULL, &parser->clause_product_room, 1, sizeof(rules->clause_products[0]));
    rules->clause_products[rules->clause_product_count++] = PRODUCT_TEST;
    struct rule_clause clause = {.group = GROUP_TEST,
                                 .known_group = GROUP_TEST,
                                 .product_count = 1,
                                 .calendar = CALENDAR_ALL_DAYS};
    clause_terms_begin(&clause.terms, 1);
    clause.terms.computation = COMPUTE_PERCENT;
    clause.terms.value = PERCENT_ALL_BP;
    parser_add_clause(parser, &clause, &(struct token){0});
}

/* Products that the catalogue's tables know. */
static bool add_products(struct parser *parser, const struct product products[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct symbol name = {.sort = SYMBOL_PRODUCT,
                              .file = SYMBOL_FILE_ELSEWHERE,
                              .line = 1,
                              .value = parser->set_product_count,
                              .count = 1};
        struct symbol number = {
            .sort = SYMBOL_PRODUCT_NUMBER, .file = SYMBOL_FILE_ELSEWHERE, .line = 1};
        memcpy(name.name, products[i].name, sizeof(name.name));
        snprintf(number.name, sizeof(number.name), "%u", products[i].number);
        if (symbols_find(&parser->symbols, name.sort, name.name, strlen(name.name)) != NULL ||
            symbols_find(&parser->symbols, number.sort, number.name, strlen(number.name)) != NULL)
            return fault_set(parser->fault,
                             "the catalogue's product \"%s\" with number %u is reserved for the "
                             "engine's own tests, or stands there twice",
                             products[i].name, products[i].number);
        if (parser->rules->product_count == PRODUCT_COUNT_MAX)
            return fault_set(parser->fault,
                             "the catalogue's tables have more than %d products "
                             "(PRODUCT_COUNT_MAX)",
                             PRODUCT_COUNT_MAX - 1);
        symbols_add(&parser->symbols, &name);
        symbols_add(&parser->symbols, &number);
        parser_add_product(parser, &products[i]);
    }
    return true;
}

/* ---- files ---- */

static struct parser *begin(const struct vocabulary *vocabulary, struct fault *fault)
{
    struct parser *parser = memory_take_zeroed(1, sizeof(*parser));
    parser->rules = memory_take_zeroed(1, sizeof(*parser->rules));
    parser->rules->groups = memory_take_zeroed(GROUP_COUNT_MAX, sizeof(struct group_rule));
    parser->rules->steps = memory_take_zeroed(STEP_COUNT_MAX, sizeof(struct step));
    parser->product_stamps = memory_take_zeroed(PRODUCT_COUNT_MAX, sizeof(uint32_t));
    parser->vocabulary = vocabulary;
    parser->fault = fault;
    add_reserved(parser);
    return parser;
}

/* Cases speak of places, too, when the names are gone that are needed for the rules alone. */
static void keep_place_names(struct parser *parser)
{
    struct rules *rules = parser->rules;
    rules->named_places = memory_take(parser->symbols.count, sizeof(rules->named_places[0]));
    for (uint32_t i = 0; i < parser->symbols.count; i++) {
        const struct symbol *symbol = &parser->symbols.list[i];
        if (symbol->sort != SYMBOL_PLACE || symbol->count != 1)
            continue;
        struct named_place *place = &rules->named_places[rules->named_place_count++];
        memcpy(place->name, symbol->name, sizeof(place->name));
        place->place = parser->set_places[symbol->value];
    }
}

/* The rules, finished; or nothing, when a fault was found. */
static bool end(struct parser *parser, bool is_good, struct rules **out)
{
    struct rules *rules = parser->rules;
    is_good = is_good && finish_rules(parser);
    if (is_good) {
        keep_place_names(parser);
        *out = rules;
    } else {
        rules_free(rules);
    }
    symbols_free(&parser->symbols);
    free(parser->set_places);
    free(parser->set_products);
    free(parser->product_stamps);
    free(parser->noted);
    free(parser->notes);
    free(parser->clause_tokens);
    free(parser);
    return is_good;
}

/* The text is borrowed until the end: faults may be found in it even then. */
static bool read_text(struct parser *parser, const char *text, size_t text_size, const char *where)
{
    struct rules *rules = parser->rules;
    if (text_size > RULES_SIZE_MAX)
        return fault_set(parser->fault,
                         "%s: wanted at most %d bytes of rules (RULES_SIZE_MAX), found more", where,
                         RULES_SIZE_MAX);
    char *name = memory_text("%s", where);
    parser->file = (uint16_t)rules->file_count;
    rules->files[rules->file_count++] = name;
    lexer_begin(&parser->lexer, text, text_size, name);
    parser_advance(parser);
    return read_statements(parser);
}

bool rules_parse(struct rules **out, const char *text, size_t text_size, const char *where,
                 const struct vocabulary *vocabulary, struct fault *fault)
{
    struct parser *parser = begin(vocabulary, fault);
    return end(parser, read_text(parser, text, text_size, where), out);
}

bool rules_read(struct rules **out, const char *const paths[], size_t path_count,
                const struct vocabulary *vocabulary, const struct product products[],
                size_t product_count, struct fault *fault)
{
    if (path_count > RULES_FILE_COUNT_MAX)
        return fault_set(fault, "%s: more than %d rules files (RULES_FILE_COUNT_MAX)",
                         paths[RULES_FILE_COUNT_MAX], RULES_FILE_COUNT_MAX);
    char *texts[RULES_FILE_COUNT_MAX] = {NULL};
    struct parser *parser = begin(vocabulary, fault);
    bool is_good = add_products(parser, products, product_count);
    for (size_t i = 0; i < path_count && is_good; i++) {
        size_t size = 0;
        is_good = files_read_whole(&texts[i], &size, paths[i], RULES_SIZE_MAX, fault) &&
                  read_text(parser, texts[i], size, paths[i]);
    }
    is_good = end(parser, is_good, out);
    for (size_t i = 0; i < path_count; i++)
        free(texts[i]);
    return is_good;
}

void rules_free(struct rules *rules)
{
    if (rules == NULL)
        return;
    for (uint32_t i = 0; i < rules->file_count; i++)
        free(rules->files[i]);
    void *const lists[] = {rules->groups,           rules->steps,    rules->products,
                           rules->calendars,        rules->items,    rules->reliefs,
                           rules->reliefs_by_name,  rules->versions, rules->clauses,
                           rules->limits,           rules->splits,   rules->clause_products,
                           rules->contract_numbers, rules->ranges,   rules->places,
                           rules->named_places};
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        free(lists[i]);
    free(rules);
}

uint32_t rules_relief(const struct rules *rules, const char *name)
{
    uint32_t least = 0, beyond = rules->relief_count;
    while (least < beyond) {
        uint32_t middle = least + (beyond - least) / 2, relief = rules->reliefs_by_name[middle];
        int order = strcmp(rules->reliefs[relief].name, name);
        if (order == 0)
            return relief;
        if (order < 0)
            least = middle + 1;
        else
            beyond = middle;
    }
    return rules->relief_count;
}

uint32_t rules_product(const struct rules *rules, uint32_t number)
{
    uint32_t least = 0, beyond = rules->product_count;
    while (least < beyond) {
        uint32_t middle = least + (beyond - least) / 2;
        if (rules->products[middle].number == number)
            return middle;
        if (rules->products[middle].number < number)
            least = middle + 1;
        else
            beyond = middle;
    }
    return rules->product_count;
}

static bool has_number(const uint32_t numbers[], uint32_t count, uint32_t number)
{
    for (uint32_t i = 0; i < count; i++)
        if (numbers[i] == number)
            return true;
    return false;
}

bool clause_is_about(const struct rules *rules, const struct rule_clause *clause, uint32_t product)
{
    return has_number(rules->clause_products + clause->first_product, clause->product_count,
                      product);
}

bool clause_is_at(const struct rules *rules, const struct rule_clause *clause, uint32_t point)
{
    return clause->range_count == 0 ||
           point_ranges_have(rules->ranges + clause->first_range, clause->range_count, point);
}

bool clause_is_in(const struct rules *rules, const struct rule_clause *clause, uint32_t place)
{
    for (uint32_t i = 0; i < clause->place_count; i++)
        if (place_is_in(place, rules->places[clause->first_place + i]))
            return true;
    return clause->place_count == 0;
}

bool clause_is_under(const struct rules *rules, const struct rule_clause *clause, uint32_t contract)
{
    return clause->contract_count == 0 ||
           has_number(rules->contract_numbers + clause->first_contract, clause->contract_count,
                      contract);
}

void rules_line_text(char text[static RULES_LINE_SIZE], const struct rules *rules,
                     struct line_in_rules at)
{
    if (at.line == 0)
        snprintf(text, RULES_LINE_SIZE, "reserved");
    else
        snprintf(text, RULES_LINE_SIZE, "%.*s:%u", RULES_LINE_SIZE - NUMBER_TEXT_SIZE,
                 rules->files[at.file], at.line);
}
