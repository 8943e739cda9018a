#include "loader/parser.h"

#include "loader/memory.h"

#include <string.h>

#define PRICE_MOST    UINT32_MAX /* 429496.7295 EUR */
#define QUANTITY_OPEN UINT16_MAX /* no upper end */

/* ---- lists: where ---- */

/* in PLACE[, PLACE ...] */
static bool read_in(struct parser *parser, struct rule_clause *clause)
{
    struct rules *rules = parser->rules;
    struct token token = parser->token;
    struct place_prefix places[RULE_LIST_SIZE_MAX];
    uint32_t count;
    if (!parse_places(parser, places, &count))
        return false;
    if (count > RULE_LIST_TOTAL_MAX - rules->place_count)
        return parser_too_many(parser, &token, RULE_LIST_TOTAL_MAX, "places in all clauses",
                               "RULE_LIST_TOTAL_MAX");
    rules->places = memory_room(rules->places, &parser->place_room,
                                rules->place_count + (size_t)count, sizeof(places[0]));
    memcpy(&rules->places[rules->place_count], places, count * sizeof(places[0]));
    clause->first_place = rules->place_count;
    clause->place_count = count;
    rules->place_count += count;
    return true;
}

static bool take_range(struct parser *parser, struct rule_clause *clause)
{
    struct rules *rules = parser->rules;
    struct token token = parser->token;
    struct point_range range;
    if (!point_range_of_text(&range, token.text, token.size))
        return parser_wanted(parser, "numbers of points of sale, such as 101 or 101-120");
    if (clause->range_count == RULE_LIST_SIZE_MAX)
        return parser_too_many(parser, &token, RULE_LIST_SIZE_MAX, "points of sale in one list",
                               "RULE_LIST_SIZE_MAX");
    if (rules->range_count == RULE_LIST_TOTAL_MAX)
        return parser_too_many(parser, &token, RULE_LIST_TOTAL_MAX, "points of sale in all clauses",
                               "RULE_LIST_TOTAL_MAX");
    for (uint32_t i = clause->first_range; i < rules->range_count; i++) {
        if (range.first <= rules->ranges[i].last && rules->ranges[i].first <= range.last)
            return parser_stands_already(parser, &token, "list");
    }
    rules->ranges = memory_room(rules->ranges, &parser->range_room, rules->range_count + (size_t)1,
                                sizeof(range));
    rules->ranges[rules->range_count++] = range;
    clause->range_count++;
    parser_advance(parser);
    return true;
}

/* at 101, 105-120 */
static bool read_at(struct parser *parser, struct rule_clause *clause)
{
    clause->first_range = parser->rules->range_count;
    do {
        if (!take_range(parser, clause))
            return false;
    } while (parser_takes(parser, ","));
    return true;
}

static bool take_contract(struct parser *parser, struct rule_clause *clause)
{
    struct rules *rules = parser->rules;
    struct token token = parser->token;
    uint64_t number;
    if (!parser_take_number(parser, &number, 1, UINT32_MAX, "the number of a contract"))
        return false;
    if (clause->contract_count == RULE_LIST_SIZE_MAX)
        return parser_too_many(parser, &token, RULE_LIST_SIZE_MAX, "contracts in one list",
                               "RULE_LIST_SIZE_MAX");
    if (rules->contract_number_count == RULE_LIST_TOTAL_MAX)
        return parser_too_many(parser, &token, RULE_LIST_TOTAL_MAX, "contracts in all clauses",
                               "RULE_LIST_TOTAL_MAX");
    for (uint32_t i = clause->first_contract; i < rules->contract_number_count; i++) {
        if (rules->contract_numbers[i] == number)
            return parser_stands_already(parser, &token, "list");
    }
    rules->contract_numbers =
        memory_room(rules->contract_numbers, &parser->contract_number_room,
                    rules->contract_number_count + (size_t)1, sizeof(rules->contract_numbers[0]));
    rules->contract_numbers[rules->contract_number_count++] = (uint32_t)number;
    clause->contract_count++;
    return true;
}

/* under 17, 18 */
static bool read_under(struct parser *parser, struct rule_clause *clause)
{
    clause->first_contract = parser->rules->contract_number_count;
    do {
        if (!take_contract(parser, clause))
            return false;
    } while (parser_takes(parser, ","));
    return true;
}

/* ---- other conditions ---- */

static bool read_on(struct parser *parser, struct rule_clause *clause)
{
    return parse_days(parser, &clause->calendar);
}

static bool read_clocks(struct parser *parser, struct rule_clause *clause)
{
    return parse_clocks(parser, &clause->terms);
}

/* price [from X] [below X] */
static bool read_price(struct parser *parser, struct rule_clause *clause)
{
    static const char wanted[] = "a price in EUR, 0.0001 to 429496.7295";
    uint64_t from = 0, below;
    if (!parser_is_at(parser, "from") && !parser_is_at(parser, "below"))
        return parser_wanted(parser, "from or below and a price");
    if (parser_takes(parser, "from") && !parser_take_amount(parser, &from, 1, PRICE_MOST, wanted))
        return false;
    clause->terms.price_least = (uint32_t)from;
    if (!parser_takes(parser, "below"))
        return true;
    struct token token = parser->token;
    if (!parser_take_amount(parser, &below, 1, PRICE_MOST, wanted))
        return false;
    clause->terms.price_most = (uint32_t)below - 1;
    return below > from ||
           parser_fault(parser, &token, "below %.*s is not above the price it begins at",
                        (int)token.size, token.text);
}

/* quantity N | N to M | from N | up to M */
static bool read_quantity(struct parser *parser, struct rule_clause *clause)
{
    static const char wanted[] = "a quantity, 1 to 10000";
    uint64_t least = 1, most = QUANTITY_OPEN;
    if (parser_takes(parser, "up")) {
        if (!parser_take_word(parser, "to") ||
            !parser_take_number(parser, &most, 1, QUANTITY_MAX, wanted))
            return false;
    } else if (parser_takes(parser, "from")) {
        if (!parser_take_number(parser, &least, 1, QUANTITY_MAX, wanted))
            return false;
    } else {
        if (!parser_take_number(parser, &least, 1, QUANTITY_MAX,
                                "a quantity, 1 to 10000, from or up to"))
            return false;
        most = least;
        struct token to = parser->token;
        if (parser_takes(parser, "to") &&
            !parser_take_number(parser, &most, 1, QUANTITY_MAX, wanted))
            return false;
        if (most < least)
            return parser_fault(parser, &to, "the quantity ends before it begins");
    }
    clause->terms.quantity_least = (uint16_t)least;
    clause->terms.quantity_most = (uint16_t)most;
    return true;
}

/* Takes names, at least one, as bits: the first of `names` is bit `first_bit`. */
static bool take_mask(struct parser *parser, uint8_t *mask, const char *const names[],
                      size_t name_count, uint32_t first_bit)
{
    *mask = 0;
    do {
        struct token token = parser->token;
        size_t name;
        if (!parser_take_choice(parser, &name, names, name_count))
            return false;
        uint8_t bit = (uint8_t)(1u << (first_bit + name));
        if ((*mask & bit) != 0)
            return parser_stands_already(parser, &token, "list");
        *mask |= bit;
    } while (parser_takes(parser, ","));
    return true;
}

/* by personal-code, eid */
static bool read_by(struct parser *parser, struct rule_clause *clause)
{
    const char *names[MEANS_WORD_COUNT];
    parser_means_words(names);
    return take_mask(parser, &clause->terms.means_mask, names, MEANS_WORD_COUNT, 1);
}

/* read chip, contactless */
static bool read_read(struct parser *parser, struct rule_clause *clause)
{
    const char *names[ENTRY_WORD_COUNT];
    parser_entry_words(names);
    return take_mask(parser, &clause->terms.entry_mask, names, ENTRY_WORD_COUNT, 0);
}

#define CLOCKS "10:00-15:00" /* times have no word in front */

static const struct condition {
    const char *word;
    bool (*read)(struct parser *parser, struct rule_clause *clause);
} conditions[] = {
    {"in", read_in}, {"at", read_at},       {"under", read_under},
    {"on", read_on}, {"price", read_price}, {"quantity", read_quantity},
    {"by", read_by}, {"read", read_read},   {CLOCKS, read_clocks},
};

/* ---- what is taken off ---- */

static bool take_value(struct parser *parser, uint32_t *value)
{
    uint64_t amount;
    if (!parser_take_amount(parser, &amount, 1, PRICE_MOST,
                            "an amount in EUR, 0.0001 to 429496.7295"))
        return false;
    *value = (uint32_t)amount;
    return true;
}

static const char *const computations[] = {"free", "discount", "amount", "subsidy", "costs"};

static bool read_computation(struct parser *parser, struct clause *terms)
{
    static const uint8_t kinds[] = {COMPUTE_PERCENT, COMPUTE_PERCENT, COMPUTE_AMOUNT,
                                    COMPUTE_SUBSIDY, COMPUTE_PRICE};
    size_t choice = parser_choice(parser, computations, COUNT_OF(computations));
    if (choice == COUNT_OF(computations)) {
        const char *words[1 + COUNT_OF(conditions) + COUNT_OF(computations)] = {"except"};
        size_t count = 1; /* which may stand behind days */
        for (size_t i = 0; i < COUNT_OF(conditions) && conditions[i].read != read_clocks; i++)
            words[count++] = conditions[i].word; /* times come last, and have no word */
        for (size_t i = 0; i < COUNT_OF(computations); i++)
            words[count++] = computations[i];
        return parser_wanted_one_of(
            parser, &parser->token,
            "a comma and more, a condition (in, at, under, on, 10:00-15:00, "
            "price, quantity, by, read), or free, discount, amount, "
            "subsidy or costs",
            words, count);
    }
    parser_advance(parser);
    terms->computation = kinds[choice];
    terms->value = PERCENT_ALL_BP;
    if (choice == 0)
        return true;
    return choice == 1 ? parser_take_percent(parser, &terms->value)
                       : take_value(parser, &terms->value);
}

/* above X: of each unit's price only the part above counts */
static bool read_above(struct parser *parser, struct rule_clause *clause)
{
    return take_value(parser, &clause->terms.above);
}

/* at most X [each] */
static bool read_most(struct parser *parser, struct rule_clause *clause)
{
    if (!parser_take_word(parser, "most") || !take_value(parser, &clause->terms.cap))
        return false;
    if (parser_takes(parser, "each"))
        clause->terms.flags |= CLAUSE_CAP_EACH;
    return true;
}

/* for N units: of the person's own */
static bool read_for(struct parser *parser, struct rule_clause *clause)
{
    uint64_t count;
    if (!parser_take_number(parser, &count, 1, QUANTITY_MAX, "a number of units, 1 to 10000"))
        return false;
    clause->terms.unit_count_max = (uint16_t)count;
    return parser_take_unit(parser, "unit", "units");
}

/* with N companions */
static bool read_with(struct parser *parser, struct rule_clause *clause)
{
    uint64_t count;
    if (!parser_take_number(parser, &count, 1, COMPANIONS_MAX, "a number of companions, 1 to 255"))
        return false;
    clause->terms.companions_max = (uint8_t)count;
    return parser_take_unit(parser, "companion", "companions");
}

static const struct condition modifiers[] = {
    {"above", read_above}, {"at", read_most}, {"for", read_for}, {"with", read_with}};

/* Of a list that is tried again and again: the one at the next token; `count` when there is none.
 */
static size_t find_condition(const struct parser *parser, const struct condition list[],
                             size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (parser_is_at(parser, list[i].word) ||
            (list[i].read == read_clocks && token_is_clock(&parser->token)))
            return i;
    }
    return count;
}

/* As many of the list as there are, each at most once. */
static bool read_conditions(struct parser *parser, struct rule_clause *clause,
                            const struct condition list[], size_t count)
{
    uint32_t said = 0;
    for (size_t i; (i = find_condition(parser, list, count)) < count; said |= UINT32_C(1) << i) {
        if ((said >> i & 1) != 0)
            return list[i].read == read_clocks
                       ? parser_wanted(parser, "times of the day in one place, with commas")
                       : parser_stands_already(parser, &parser->token, "clause");
        if (list[i].read != read_clocks)
            parser_advance(parser);
        if (!list[i].read(parser, clause))
            return false;
    }
    return true;
}

static bool read_modifiers(struct parser *parser, struct rule_clause *clause)
{
    struct token token = parser->token;
    if (!read_conditions(parser, clause, modifiers, COUNT_OF(modifiers)))
        return false;
    if (clause->terms.above != 0 && clause->terms.computation != COMPUTE_PERCENT)
        return parser_fault(parser, &token, "above goes with free and discount only");
    if (token_ends_line(&parser->token))
        return true;
    if (find_condition(parser, conditions, COUNT_OF(conditions)) < COUNT_OF(conditions))
        return parser_wanted(parser, "conditions before what is taken off");
    static const char *const words[] = {"above", "at", "for", "with"};
    return parser_wanted_one_of(parser, &parser->token,
                                "above, at most, for, with or the end of the line", words,
                                COUNT_OF(words));
}

/* ---- the whole clause ---- */

static void note_number(struct parser *parser, uint64_t number)
{
    parser_note(parser, &number, sizeof(number));
}

/* What tells clauses of a version apart, products and what is taken off aside. */
static void note_conditions(struct parser *parser, const struct rule_clause *clause)
{
    const struct rules *rules = parser->rules;
    const struct clause *terms = &clause->terms;
    const uint64_t numbers[] = {clause->version,      clause->group,       clause->calendar,
                                clause->place_count,  clause->range_count, clause->contract_count,
                                terms->price_least,   terms->price_most,   terms->quantity_least,
                                terms->quantity_most, terms->means_mask,   terms->entry_mask,
                                terms->clock_count};
    parser_note(parser, numbers, sizeof(numbers));
    for (uint32_t i = clause->first_place; i < clause->first_place + clause->place_count; i++) {
        note_number(parser, rules->places[i].value);
        note_number(parser, rules->places[i].digit_count);
    }
    for (uint32_t i = clause->first_range; i < clause->first_range + clause->range_count; i++) {
        note_number(parser, rules->ranges[i].first);
        note_number(parser, rules->ranges[i].last);
    }
    for (uint32_t i = 0; i < clause->contract_count; i++)
        note_number(parser, rules->contract_numbers[clause->first_contract + i]);
    for (uint8_t i = 0; i < terms->clock_count; i++) {
        note_number(parser, terms->clocks[i].from_min);
        note_number(parser, terms->clocks[i].until_min);
    }
}

/* Of two clauses with the same group, product and conditions the second could never be reached. */
static bool check_once(struct parser *parser, const struct rule_clause *clause,
                       const struct token *token)
{
    char all[NAME_SIZE];
    note_conditions(parser, clause);
    parser_fingerprint(parser, all);
    for (uint32_t i = 0; i < clause->product_count; i++) {
        uint32_t index = parser->rules->clause_products[clause->first_product + i];
        struct symbol once = {.sort = SYMBOL_CLAUSE, .file = parser->file, .line = token->line};
        parser_note(parser, all, sizeof(all));
        note_number(parser, index);
        parser_fingerprint(parser, once.name);
        const struct symbol *earlier =
            symbols_find(&parser->symbols, SYMBOL_CLAUSE, once.name, strlen(once.name));
        if (earlier != NULL)
            return parser_fault(parser, token,
                                "the product \"%s\" stands already in a clause of this group and "
                                "relief with the same conditions, in line %u",
                                parser->rules->products[index].name, earlier->line);
        symbols_add(&parser->symbols, &once);
    }
    return true;
}

void clause_terms_begin(struct clause *terms, uint32_t number)
{
    *terms = (struct clause){.means_mask = MEANS_MASK_ALL,
                             .entry_mask = ENTRY_MASK_ALL,
                             .price_most = PRICE_MOST,
                             .quantity_least = 1,
                             .quantity_most = QUANTITY_OPEN,
                             .number = (uint8_t)(number <= UINT8_MAX ? number : 0)};
}

void parser_add_clause(struct parser *parser, const struct rule_clause *clause,
                       const struct token *token)
{
    struct rules *rules = parser->rules;
    rules->clauses = memory_room(rules->clauses, &parser->clause_room,
                                 rules->clause_count + (size_t)1, sizeof(rules->clauses[0]));
    parser->clause_tokens = memory_room(parser->clause_tokens, &parser->clause_token_room,
                                        rules->clause_count + (size_t)1, sizeof(*token));
    parser->clause_tokens[rules->clause_count] = *token;
    rules->clauses[rules->clause_count++] = *clause;
    struct rule_version *version = &rules->versions[clause->version];
    if (version->clause_count++ == 0)
        version->first_clause = rules->clause_count - 1;
}

/* GROUP | everybody */
static bool take_group(struct parser *parser, uint16_t *group)
{
    static const char *const more[] = {"everybody"};
    const struct token *token = &parser->token;
    const struct symbol *found;
    *group = GROUP_EVERYBODY;
    if (parser_takes(parser, "everybody"))
        return true;
    if (token->kind != TOKEN_WORD ||
        symbols_find(&parser->symbols, SYMBOL_GROUP, token->text, token->size) == NULL)
        return parser_wanted_symbol(parser, SYMBOL_GROUP, "a group or everybody", more,
                                    COUNT_OF(more));
    if (!parser_take_symbol(parser, &found, SYMBOL_GROUP, "a group or everybody"))
        return false;
    *group = (uint16_t)found->value;
    return true;
}

/* clause GROUP product NAME[, NAME ...] {CONDITION} COMPUTATION {MODIFIER} */
bool parse_clause(struct parser *parser)
{
    struct rules *rules = parser->rules;
    struct token token = parser->token;
    const struct rule_version *version = &rules->versions[rules->version_count - 1];
    struct rule_clause clause = {.version = rules->version_count - 1,
                                 .first_product = rules->clause_product_count,
                                 .calendar = CALENDAR_ALL_DAYS,
                                 .at = parser_line(parser, &token)};
    clause_terms_begin(&clause.terms, version->clause_count + 1);
    if (!take_group(parser, &clause.group) || !parser_take_word(parser, "product"))
        return false;
    if (rules->clause_count == RULE_CLAUSE_COUNT_MAX)
        return parser_too_many(parser, &token, RULE_CLAUSE_COUNT_MAX, "clauses",
                               "RULE_CLAUSE_COUNT_MAX");
    if (!parse_products(parser, &rules->clause_products, &rules->clause_product_count,
                        &parser->clause_product_room))
        return false;
    clause.product_count = rules->clause_product_count - clause.first_product;
    clause.known_group = clause.group;
    if (!read_conditions(parser, &clause, conditions, COUNT_OF(conditions)) ||
        !read_computation(parser, &clause.terms) || !read_modifiers(parser, &clause) ||
        !check_once(parser, &clause, &token))
        return false;
    for (uint32_t i = clause.first_product; i < rules->clause_product_count; i++)
        rules->clause_products[i] = rules->products[rules->clause_products[i]].number;
    parser_add_clause(parser, &clause, &token);
    return true;
}
