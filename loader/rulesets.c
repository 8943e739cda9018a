#include "loader/parser.h"

#include "loader/memory.h"

#include <stdio.h>
#include <string.h>

#define PLACE_COUNT_MAX       4096 /* names of places and of sets of them */
#define PRODUCT_SET_COUNT_MAX 4096
#define SHARE_MOST            UINT32_MAX

/* ---- places ---- */

static bool place_stands(const struct place_prefix places[], uint32_t count,
                         struct place_prefix place)
{
    for (uint32_t i = 0; i < count; i++) {
        if (places[i].value == place.value && places[i].digit_count == place.digit_count)
            return true;
    }
    return false;
}

/* The place or set at the next token. */
static bool take_places_once(struct parser *parser, struct place_prefix out[], uint32_t *count)
{
    struct token token = parser->token;
    struct run run;
    if (!parser_take_places(parser, &run))
        return false;
    bool is_new = false;
    for (uint32_t i = 0; i < run.count; i++) {
        struct place_prefix place = parser->set_places[run.first + i];
        if (place_stands(out, *count, place))
            continue;
        if (*count == RULE_LIST_SIZE_MAX)
            return parser_too_many(parser, &token, RULE_LIST_SIZE_MAX, "places in one list",
                                   "RULE_LIST_SIZE_MAX");
        out[(*count)++] = place;
        is_new = true;
    }
    return is_new || parser_stands_already(parser, &token, "list");
}

bool parse_places(struct parser *parser, struct place_prefix out[RULE_LIST_SIZE_MAX],
                  uint32_t *count)
{
    *count = 0;
    do {
        if (!take_places_once(parser, out, count))
            return false;
    } while (parser_takes(parser, ","));
    return true;
}

static bool define_places(struct parser *parser, struct symbol *symbol, const struct token *token,
                          const struct place_prefix places[], uint32_t count)
{
    if (parser->place_name_count == PLACE_COUNT_MAX)
        return parser_too_many(parser, token, PLACE_COUNT_MAX, "places", "PLACE_COUNT_MAX");
    if (count > RULE_LIST_TOTAL_MAX - parser->set_place_count)
        return parser_too_many(parser, token, RULE_LIST_TOTAL_MAX, "places in lists and conditions",
                               "RULE_LIST_TOTAL_MAX");
    parser->place_name_count++;
    parser->set_places =
        memory_room(parser->set_places, &parser->set_place_room,
                    parser->set_place_count + (size_t)count, sizeof(parser->set_places[0]));
    memcpy(&parser->set_places[parser->set_place_count], places, count * sizeof(places[0]));
    symbol->value = parser->set_place_count;
    symbol->count = count;
    parser->set_place_count += count;
    return parser_define(parser, symbol, token, "the place");
}

/* place RIGA = 0001 */
bool parse_place(struct parser *parser)
{
    struct token token = parser->token;
    struct symbol symbol;
    struct place_prefix place;
    if (!parser_take_name(parser, &symbol, SYMBOL_PLACE, "a name for the place") ||
        !parser_take_word(parser, "="))
        return false;
    if (parser->token.kind != TOKEN_WORD ||
        !place_prefix_of_text(&place, parser->token.text, parser->token.size))
        return parser_wanted(parser, "1 to 7 digits of an ATVK code");
    parser_advance(parser);
    return define_places(parser, &symbol, &token, &place, 1) &&
           parser_take_line_end(parser, "the end of the line");
}

/* places COAST = LIEPAJA, VENTSPILS, 0044 */
bool parse_place_set(struct parser *parser)
{
    struct token token = parser->token;
    struct symbol symbol;
    struct place_prefix places[RULE_LIST_SIZE_MAX];
    uint32_t count;
    return parser_take_name(parser, &symbol, SYMBOL_PLACE, "a name for the places") &&
           parser_take_word(parser, "=") && parse_places(parser, places, &count) &&
           define_places(parser, &symbol, &token, places, count) &&
           parser_take_line_end(parser, "a comma and another place, or the end of the line");
}

/* ---- products ---- */

static void append_product(uint32_t **list, uint32_t *count, size_t *room, uint32_t index)
{
    *list = memory_room(*list, room, *count + (size_t)1, sizeof(**list));
    (*list)[(*count)++] = index;
}

uint32_t parser_add_product(struct parser *parser, const struct product *product)
{
    struct rules *rules = parser->rules;
    rules->products = memory_room(rules->products, &parser->product_room,
                                  rules->product_count + (size_t)1, sizeof(rules->products[0]));
    rules->products[rules->product_count] = *product;
    append_product(&parser->set_products, &parser->set_product_count, &parser->set_product_room,
                   rules->product_count++);
    return parser->set_product_count - 1;
}

/* product city.ticket = 1001 */
bool parse_product(struct parser *parser)
{
    struct token token = parser->token;
    struct symbol name;
    if (!parser_take_name(parser, &name, SYMBOL_PRODUCT, "a name for the product") ||
        !parser_take_word(parser, "="))
        return false;
    struct token number_token = parser->token;
    uint64_t number;
    if (!parser_take_number(parser, &number, 1, UINT32_MAX, "a product number, 2 to 4294967295"))
        return false;
    if (parser->rules->product_count == PRODUCT_COUNT_MAX)
        return parser_too_many(parser, &token, PRODUCT_COUNT_MAX, "products", "PRODUCT_COUNT_MAX");

    struct symbol taken = {.sort = SYMBOL_PRODUCT_NUMBER, .file = parser->file, .line = token.line};
    snprintf(taken.name, sizeof(taken.name), "%u", (uint32_t)number);
    name.value = parser->set_product_count;
    name.count = 1;
    if (!parser_define(parser, &name, &token, "the product") ||
        !parser_define(parser, &taken, &number_token, "the product number"))
        return false;
    struct product product = {.number = (uint32_t)number};
    memcpy(product.name, name.name, sizeof(product.name));
    parser_add_product(parser, &product);
    return parser_take_line_end(parser, "the end of the line");
}

/* The product or set at the next token. Stamps tell at once what the list has already. */
static bool take_products_once(struct parser *parser, uint32_t **list, uint32_t *count,
                               size_t *room)
{
    struct token token = parser->token;
    const struct symbol *found;
    if (!parser_take_symbol(parser, &found, SYMBOL_PRODUCT, "a product"))
        return false;
    bool is_new = false;
    for (uint32_t i = 0; i < found->count; i++) {
        uint32_t index = parser->set_products[found->value + i];
        if (parser->product_stamps[index] == parser->product_stamp)
            continue;
        if (*count >= RULE_LIST_TOTAL_MAX)
            return parser_too_many(parser, &token, RULE_LIST_TOTAL_MAX, "products in all lists",
                                   "RULE_LIST_TOTAL_MAX");
        parser->product_stamps[index] = parser->product_stamp;
        append_product(list, count, room, index);
        is_new = true;
    }
    return is_new || parser_stands_already(parser, &token, "list");
}

bool parse_products(struct parser *parser, uint32_t **list, uint32_t *count, size_t *room)
{
    parser->product_stamp++;
    do {
        if (!take_products_once(parser, list, count, room))
            return false;
    } while (parser_takes(parser, ","));
    return true;
}

/* products tickets = city.ticket, city.pass */
bool parse_product_set(struct parser *parser)
{
    struct token token = parser->token;
    struct symbol symbol;
    if (!parser_take_name(parser, &symbol, SYMBOL_PRODUCT, "a name for the products") ||
        !parser_take_word(parser, "="))
        return false;
    if (parser->product_set_count == PRODUCT_SET_COUNT_MAX)
        return parser_too_many(parser, &token, PRODUCT_SET_COUNT_MAX, "sets of products",
                               "PRODUCT_SET_COUNT_MAX");
    parser->product_set_count++;
    symbol.value = parser->set_product_count;
    if (!parse_products(parser, &parser->set_products, &parser->set_product_count,
                        &parser->set_product_room))
        return false;
    symbol.count = parser->set_product_count - symbol.value;
    return parser_define(parser, &symbol, &token, "the product") &&
           parser_take_line_end(parser, "a comma and another product, or the end of the line");
}

/* ---- who pays ---- */

static bool next_is_percent(const struct parser *parser)
{
    struct lexer ahead = parser->lexer;
    struct token next = lexer_next(&ahead);
    return token_is(&next, "%");
}

/* P% | X each | rest */
static bool take_share(struct parser *parser, struct split_part *part)
{
    if (parser_takes(parser, "rest")) {
        part->kind = SPLIT_REST;
        return true;
    }
    if (next_is_percent(parser)) {
        part->kind = SPLIT_PERCENT;
        return parser_take_percent(parser, &part->value);
    }
    uint64_t amount;
    part->kind = SPLIT_SUBSIDY;
    if (!parser_take_amount(parser, &amount, 1, SHARE_MOST,
                            "a share such as 50%, 0.71 each or rest"))
        return false;
    part->value = (uint32_t)amount;
    return parser_takes(parser, "each") || parser_wanted(parser, "% or each");
}

static bool take_part(struct parser *parser, struct split *split)
{
    struct token token = parser->token;
    if (split->part_count == SPLIT_PART_COUNT_MAX)
        return parser_too_many(parser, &token, SPLIT_PART_COUNT_MAX, "payers in a split",
                               "SPLIT_PART_COUNT_MAX");
    struct split_part part = {0};
    if (!parser_take_registration(parser, &part.payer, "payer") || !take_share(parser, &part))
        return false;
    for (uint8_t i = 0; i < split->part_count; i++) {
        if (split->parts[i].payer == part.payer)
            return parser_fault(parser, &token, "this payer has a share already");
        if (split->parts[i].kind == SPLIT_REST)
            return parser_fault(parser, &token,
                                "nothing is left behind the rest: the rest is the "
                                "last share");
    }
    split->parts[split->part_count++] = part;
    return true;
}

/* The last part pays what is left, so that nothing is lost by rounding. */
static bool end_split(struct parser *parser, struct split *split, const struct token *token)
{
    struct split_part *last = &split->parts[split->part_count - 1];
    uint32_t percent_bp = 0;
    bool has_amount = false;
    for (uint8_t i = 0; i < split->part_count; i++) {
        percent_bp += split->parts[i].kind == SPLIT_PERCENT ? split->parts[i].value : 0;
        has_amount |= split->parts[i].kind == SPLIT_SUBSIDY;
    }
    if (last->kind == SPLIT_REST)
        return percent_bp < PERCENT_ALL_BP ||
               parser_fault(parser, token, "the percentages leave nothing for the rest");
    if (has_amount || percent_bp != PERCENT_ALL_BP)
        return parser_fault(parser, token,
                            "the last share must be rest, or all of them percentages that add up "
                            "to 100%%");
    last->kind = SPLIT_REST;
    last->value = 0;
    return true;
}

/* split 3 = 90000089066 50%, 90011524360 rest */
bool parse_split(struct parser *parser)
{
    struct rules *rules = parser->rules;
    struct token token = parser->token;
    struct split split = {0};
    uint64_t code;
    if (!parser_take_number(parser, &code, 1, SPLIT_CODE_MAX, "a funding-split code, 1 to 65534") ||
        !parser_take_word(parser, "="))
        return false;
    split.code = (uint16_t)code;
    struct symbol symbol = {.sort = SYMBOL_SPLIT, .file = parser->file, .line = token.line};
    snprintf(symbol.name, sizeof(symbol.name), "%u", split.code);
    do {
        if (!take_part(parser, &split))
            return false;
    } while (parser_takes(parser, ","));
    if (!token_ends_line(&parser->token))
        return parser_wanted(parser, "a comma and another payer, or the end of the line");
    if (!end_split(parser, &split, &token))
        return false;
    if (rules->split_count == SPLIT_COUNT_MAX)
        return parser_too_many(parser, &token, SPLIT_COUNT_MAX, "splits", "SPLIT_COUNT_MAX");
    rules->splits = memory_room(rules->splits, &parser->split_room, rules->split_count + (size_t)1,
                                sizeof(rules->splits[0]));
    rules->splits[rules->split_count++] = split;
    return parser_define(parser, &symbol, &token, "the split") &&
           parser_take_line_end(parser, "the end of the line");
}
