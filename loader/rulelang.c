#include "loader/rulelang.h"

#include "loader/memory.h"
#include "loader/parser.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define RULES_SIZE_MAX    (4 * 1024 * 1024)
#define PLACE_COUNT_MAX   4096
#define GIVER_DIGIT_COUNT 11
#define NUMBER_TEXT_SIZE  24
#define RELIEF_CODE_MASK  0x7fffffffu

static bool too_many(const struct parser *parser, const struct token *token, int most,
                     const char *what, const char *limit)
{
    return token_fault(&parser->lexer, token, parser->fault, "more than %d %s (%s)", most, what,
                       limit);
}

/* place RIGA = 0001 */
static bool read_place(struct parser *parser)
{
    struct token token = parser->token;
    struct symbol place;
    if (!parser_take_name(parser, &place, SYMBOL_PLACE, "a name for the place") ||
        !parser_take_word(parser, "="))
        return false;
    if (parser->token.kind != TOKEN_WORD ||
        !place_prefix_of_text(&place.place, parser->token.text, parser->token.size))
        return parser_wanted(parser, "1 to 7 digits of an ATVK code");
    parser_advance(parser);
    if (parser->place_count == PLACE_COUNT_MAX)
        return too_many(parser, &token, PLACE_COUNT_MAX, "places", "PLACE_COUNT_MAX");
    parser->place_count++;
    return parser_define(parser, &place, &token, "the place") &&
           parser_take_line_end(parser, "the end of the line");
}

static void add_product(struct parser *parser, uint32_t number, const char *name)
{
    struct rules *rules = parser->rules;
    rules->products = memory_room(rules->products, &parser->product_room,
                                  rules->product_count + (size_t)1, sizeof(rules->products[0]));
    struct product *product = &rules->products[rules->product_count++];
    *product = (struct product){.number = number};
    snprintf(product->name, sizeof(product->name), "%s", name);
}

/* product city.ticket = 1001 */
static bool read_product(struct parser *parser)
{
    struct token token = parser->token;
    struct symbol product;
    if (!parser_take_name(parser, &product, SYMBOL_PRODUCT, "a name for the product") ||
        !parser_take_word(parser, "="))
        return false;
    struct token number_token = parser->token;
    uint64_t number;
    if (!parser_take_number(parser, &number, 1, UINT32_MAX, "a product number, 2 to 4294967295"))
        return false;
    if (parser->rules->product_count == PRODUCT_COUNT_MAX)
        return too_many(parser, &token, PRODUCT_COUNT_MAX, "products", "PRODUCT_COUNT_MAX");

    product.value = (uint32_t)number;
    struct symbol taken = {.sort = SYMBOL_PRODUCT_NUMBER, .line = token.line};
    snprintf(taken.name, sizeof(taken.name), "%u", product.value);
    if (!parser_define(parser, &product, &token, "the product") ||
        !parser_define(parser, &taken, &number_token, "the product number"))
        return false;
    add_product(parser, product.value, product.name);
    return parser_take_line_end(parser, "the end of the line");
}

static const char *wanted_after_group(const struct group_rule *group)
{
    if (group->until_day != DAY_NEVER)
        return "the end of the line";
    if (group->from_day != 0)
        return "until or the end of the line";
    return "and, or, from, until or the end of the line";
}

/* group NAME = condition [from DAY] [until DAY] */
static bool read_group(struct parser *parser)
{
    struct rules *rules = parser->rules;
    struct token token = parser->token;
    struct symbol name;
    if (!parser_take_name(parser, &name, SYMBOL_GROUP, "a name for the group") ||
        !parser_take_word(parser, "="))
        return false;
    if (rules->group_count == GROUP_COUNT_MAX)
        return too_many(parser, &token, GROUP_COUNT_MAX, "groups", "GROUP_COUNT_MAX");

    struct group_rule *group = &rules->groups[rules->group_count];
    *group = (struct group_rule){.until_day = DAY_NEVER, .first_step = (uint16_t)rules->step_count};
    if (!parse_condition(parser) || !parser_take_span(parser, &group->from_day, &group->until_day))
        return false;
    group->step_count = (uint16_t)(rules->step_count - group->first_step);
    snprintf(group->name, sizeof(group->name), "%s", name.name);

    /* Defined only now: a condition speaks of earlier groups, not of its own. */
    name.value = rules->group_count++;
    return parser_define(parser, &name, &token, "the group") &&
           parser_take_line_end(parser, wanted_after_group(group));
}

static bool giver_is_good(uint64_t giver)
{
    static const uint32_t weights[GIVER_DIGIT_COUNT] = {9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1};
    uint32_t sum = 0;
    for (size_t i = GIVER_DIGIT_COUNT; i-- > 0; giver /= 10)
        sum += weights[i] * (uint32_t)(giver % 10);
    return sum % 11 == 3;
}

/* giver 90011524360 */
static bool take_giver(struct parser *parser, uint64_t *giver)
{
    if (!parser_take_word(parser, "giver"))
        return false;
    struct token token = parser->token;
    if (token.size != GIVER_DIGIT_COUNT || !token_number(&token, giver))
        return parser_wanted(parser, "a registration number of 11 digits");
    if (!giver_is_good(*giver))
        return token_fault(&parser->lexer, &token, parser->fault,
                           "the check digit of the giver's registration number does not fit: "
                           "a digit is mistyped");
    parser_advance(parser);
    return true;
}

/* What a merchant sees instead of the name, which may tell why somebody is entitled. */
static uint32_t relief_code(const char *name)
{
    uint64_t hash = XXH3_64bits(name, strlen(name));
    return (uint32_t)(hash ^ hash >> 32) & RELIEF_CODE_MASK;
}

static bool define_relief(struct parser *parser, struct relief *relief, const struct symbol *name,
                          const struct token *token)
{
    if (!parser_define(parser, name, token, "the relief"))
        return false;
    relief->code = relief_code(name->name);
    snprintf(relief->name, sizeof(relief->name), "%s", name->name);

    struct symbol taken = {.sort = SYMBOL_RELIEF_CODE, .line = token->line};
    snprintf(taken.name, sizeof(taken.name), "%u", relief->code);
    if (relief->code == 0 ||
        symbols_find(&parser->symbols, taken.sort, taken.name, strlen(taken.name)) != NULL)
        return token_fault(&parser->lexer, token, parser->fault,
                           "the relief \"%s\" would get a code that is taken: give it another "
                           "name",
                           name->name);
    symbols_add(&parser->symbols, &taken);
    return true;
}

static void add_relief(struct parser *parser, const struct relief *relief)
{
    struct rules *rules = parser->rules;
    rules->reliefs = memory_room(rules->reliefs, &parser->relief_room,
                                 rules->relief_count + (size_t)1, sizeof(rules->reliefs[0]));
    rules->reliefs[rules->relief_count++] = *relief;
}

/* relief NAME giver NUMBER from DAY [until DAY] [split N] */
static bool read_relief(struct parser *parser)
{
    struct token token = parser->token;
    struct symbol name;
    struct relief relief = {.until_day = DAY_NEVER};
    if (!parser_take_name(parser, &name, SYMBOL_RELIEF, "a name for the relief") ||
        !take_giver(parser, &relief.giver))
        return false;
    if (!parser_is_at(parser, "from"))
        return parser_wanted(parser, "from and the first day of the relief");
    if (!parser_take_span(parser, &relief.from_day, &relief.until_day))
        return false;
    uint64_t split = 0;
    if (parser_takes(parser, "split") &&
        !parser_take_number(parser, &split, 1, UINT16_MAX, "a funding-split code, 1 to 65535"))
        return false;
    relief.split = (uint16_t)split;
    if (parser->rules->relief_count == RELIEF_COUNT_MAX)
        return too_many(parser, &token, RELIEF_COUNT_MAX, "reliefs", "RELIEF_COUNT_MAX");

    if (!define_relief(parser, &relief, &name, &token))
        return false;
    add_relief(parser, &relief);
    parser->relief_token = token;
    parser->relief_is_open = true;
    parser->relief_clause_count = 0;
    return parser_take_line_end(parser, "until, split or the end of the line");
}

static void add_clause(struct parser *parser, const struct clause *clause)
{
    struct rules *rules = parser->rules;
    rules->clauses = memory_room(rules->clauses, &parser->clause_room,
                                 rules->clause_count + (size_t)1, sizeof(rules->clauses[0]));
    rules->clauses[rules->clause_count++] = *clause;
}

/* One product of a clause: what is at the next token. */
static bool read_clause_product(struct parser *parser, const struct symbol *group)
{
    struct token token = parser->token;
    const struct symbol *product;
    if (!parser_take_symbol(parser, &product, SYMBOL_PRODUCT, "a product"))
        return false;
    struct clause clause = {.product = product->value,
                            .relief = (uint16_t)(parser->rules->relief_count - 1),
                            .group = (uint16_t)group->value};
    if (parser->rules->clause_count == CLAUSE_COUNT_MAX)
        return too_many(parser, &token, CLAUSE_COUNT_MAX, "clauses", "CLAUSE_COUNT_MAX");

    struct symbol once = {.sort = SYMBOL_CLAUSE, .line = token.line};
    snprintf(once.name, sizeof(once.name), "%u/%u/%u", clause.relief, clause.group, clause.product);
    const struct symbol *earlier =
        symbols_find(&parser->symbols, SYMBOL_CLAUSE, once.name, strlen(once.name));
    if (earlier != NULL)
        return token_fault(&parser->lexer, &token, parser->fault,
                           "the product \"%s\" stands already in a clause of this group and "
                           "relief, in line %u",
                           product->name, earlier->line);
    symbols_add(&parser->symbols, &once);
    add_clause(parser, &clause);
    return true;
}

/* "33.33" -> 3333. Digits, and at most two after a dot. */
static bool percent_of_token(const struct token *token, uint32_t *percent_bp)
{
    const char *dot = memchr(token->text, '.', token->size);
    size_t whole_size = dot != NULL ? (size_t)(dot - token->text) : token->size;
    size_t part_size = dot != NULL ? token->size - whole_size - 1 : 0;
    if (token->kind != TOKEN_WORD || whole_size < 1 || whole_size > 3 || part_size > 2 ||
        (dot != NULL && part_size == 0))
        return false;

    uint32_t sum = 0;
    for (size_t i = 0; i < token->size; i++) {
        char c = token->text[i];
        if (i == whole_size)
            continue; /* the dot */
        if (c < '0' || c > '9')
            return false;
        sum = sum * 10 + (uint32_t)(c - '0');
    }
    static const uint32_t scale[] = {100, 10, 1};
    *percent_bp = sum * scale[part_size];
    return *percent_bp >= 1 && *percent_bp <= PERCENT_ALL_BP;
}

/* discount 100% */
static bool take_discount(struct parser *parser, uint16_t *percent_bp)
{
    if (!parser_takes(parser, "discount"))
        return parser_wanted(parser, "a comma and another product, or discount");
    uint32_t percent;
    if (!percent_of_token(&parser->token, &percent))
        return parser_wanted(parser, "a percentage, 0.01% to 100%");
    parser_advance(parser);
    *percent_bp = (uint16_t)percent;
    return parser_take_word(parser, "%");
}

/* clause GROUP product NAME, NAME discount 50% */
static bool read_clause(struct parser *parser)
{
    const struct symbol *found;
    if (!parser_take_symbol(parser, &found, SYMBOL_GROUP, "a group") ||
        !parser_take_word(parser, "product"))
        return false;
    struct symbol group = *found; /* clauses are symbols too and may move it */
    uint32_t first = parser->rules->clause_count;
    do {
        if (!read_clause_product(parser, &group))
            return false;
    } while (parser_takes(parser, ","));

    uint16_t percent_bp = 0;
    if (!take_discount(parser, &percent_bp))
        return false;
    for (uint32_t i = first; i < parser->rules->clause_count; i++)
        parser->rules->clauses[i].percent_bp = percent_bp;
    parser->relief_clause_count += parser->rules->clause_count - first;
    return parser_take_line_end(parser, "the end of the line");
}

/* The file. */

/* A relief without a clause gives nothing: its clauses are somewhere else, or were forgotten. */
static bool close_relief(struct parser *parser)
{
    if (!parser->relief_is_open)
        return true;
    parser->relief_is_open = false;
    if (parser->relief_clause_count > 0)
        return true;
    return token_fault(&parser->lexer, &parser->relief_token, parser->fault,
                       "the relief \"%.*s\" has no clause under it", (int)parser->relief_token.size,
                       parser->relief_token.text);
}

static bool read_statement(struct parser *parser)
{
    static const char wanted[] = "place, product, group, relief or clause";
    static const char *const words[] = {"place", "product", "group", "relief", "clause"};
    if (parser_is_at(parser, "clause")) {
        if (!parser->relief_is_open)
            return parser_wanted(parser, "a relief before its clauses");
        parser_advance(parser);
        return read_clause(parser);
    }
    if (!token_is_keyword(&parser->token))
        return parser_wanted_one_of(parser, &parser->token, wanted, words,
                                    sizeof(words) / sizeof(words[0]));
    if (!close_relief(parser))
        return false;
    if (parser_takes(parser, "place"))
        return read_place(parser);
    if (parser_takes(parser, "product"))
        return read_product(parser);
    if (parser_takes(parser, "group"))
        return read_group(parser);
    if (parser_takes(parser, "relief"))
        return read_relief(parser);
    return parser_wanted(parser, wanted);
}

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

static void reserve(struct parser *parser, enum symbol_sort sort, const char *name, uint32_t value)
{
    struct symbol symbol = {.sort = sort, .value = value};
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

    add_product(parser, PRODUCT_TEST, PRODUCT_TEST_NAME);
    reserve(parser, SYMBOL_PRODUCT, PRODUCT_TEST_NAME, PRODUCT_TEST);
    snprintf(number, sizeof(number), "%d", PRODUCT_TEST);
    reserve(parser, SYMBOL_PRODUCT_NUMBER, number, PRODUCT_TEST);

    add_relief(parser, &(struct relief){.code = RELIEF_TEST_CODE,
                                        .until_day = DAY_NEVER,
                                        .name = RELIEF_TEST_NAME});
    reserve(parser, SYMBOL_RELIEF, RELIEF_TEST_NAME, RELIEF_TEST);
    snprintf(number, sizeof(number), "%d", RELIEF_TEST_CODE);
    reserve(parser, SYMBOL_RELIEF_CODE, number, RELIEF_TEST_CODE);

    add_clause(parser, &(struct clause){.product = PRODUCT_TEST,
                                        .relief = RELIEF_TEST,
                                        .group = GROUP_TEST,
                                        .percent_bp = PERCENT_ALL_BP});
}

static int compare_products(const void *left, const void *right)
{
    const struct product *a = left, *b = right;
    return (a->number > b->number) - (a->number < b->number);
}

struct ordered_clause {
    struct clause clause;
    uint32_t order; /* qsort is not stable */
};

static int compare_clauses(const void *left, const void *right)
{
    const struct ordered_clause *a = left, *b = right;
    if (a->clause.product != b->clause.product)
        return a->clause.product < b->clause.product ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

static void sort_tables(struct rules *rules)
{
    qsort(rules->products, rules->product_count, sizeof(rules->products[0]), compare_products);

    struct ordered_clause *ordered = memory_take(rules->clause_count, sizeof(ordered[0]));
    for (uint32_t i = 0; i < rules->clause_count; i++)
        ordered[i] = (struct ordered_clause){rules->clauses[i], i};
    qsort(ordered, rules->clause_count, sizeof(ordered[0]), compare_clauses);
    for (uint32_t i = 0; i < rules->clause_count; i++)
        rules->clauses[i] = ordered[i].clause;
    free(ordered);
}

bool rules_parse(struct rules **out, const char *text, size_t text_size, const char *where,
                 const struct vocabulary *vocabulary, struct fault *fault)
{
    if (text_size > RULES_SIZE_MAX)
        return fault_set(fault, "%s: wanted at most %d bytes of rules (RULES_SIZE_MAX), found more",
                         where, RULES_SIZE_MAX);
    struct rules *rules = memory_take_zeroed(1, sizeof(*rules));
    struct parser parser = {.rules = rules, .vocabulary = vocabulary, .fault = fault};
    lexer_begin(&parser.lexer, text, text_size, where);
    add_reserved(&parser);
    parser_advance(&parser);

    bool is_good = read_statements(&parser);
    symbols_free(&parser.symbols);
    if (!is_good) {
        rules_free(rules);
        return false;
    }
    sort_tables(rules);
    *out = rules;
    return true;
}

bool rules_read(struct rules **out, const char *path, const struct vocabulary *vocabulary,
                struct fault *fault)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return fault_set(fault, "%s: cannot be opened: %s", path, strerror(errno));
    char *text = memory_take(RULES_SIZE_MAX + 1, 1);
    size_t text_size = fread(text, 1, RULES_SIZE_MAX + 1, file);
    bool is_good = ferror(file) == 0
                       ? rules_parse(out, text, text_size, path, vocabulary, fault)
                       : fault_set(fault, "%s: cannot be read: %s", path, strerror(errno));
    free(text);
    fclose(file);
    return is_good;
}

void rules_free(struct rules *rules)
{
    if (rules == NULL)
        return;
    free(rules->products);
    free(rules->reliefs);
    free(rules->clauses);
    free(rules);
}
