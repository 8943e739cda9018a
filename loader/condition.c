#include "loader/parser.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define AGE_YEARS_MAX 150

static bool read_or(struct parser *parser);

static bool is_operator(enum step_kind kind)
{
    return kind == STEP_NOT || kind == STEP_AND || kind == STEP_OR;
}

/* Appends a step; `token` is what a fault points at. */
static bool emit(struct parser *parser, struct step step, const struct token *token)
{
    struct rules *rules = parser->rules;
    if (rules->step_count == STEP_COUNT_MAX)
        return parser_fault(parser, token,
                            "all groups together have more than %d conditions and operators "
                            "(STEP_COUNT_MAX)",
                            STEP_COUNT_MAX);
    if (!is_operator(step.kind))
        parser->operand_count++;
    else if (step.kind != STEP_NOT)
        parser->operand_count--;
    if (parser->operand_count > STEP_DEPTH_MAX)
        return parser_fault(parser, token,
                            "more than %d operands wait for each other (STEP_DEPTH_MAX): make a "
                            "part of the condition a group of its own",
                            STEP_DEPTH_MAX);
    rules->steps[rules->step_count++] = step;
    return true;
}

/* The kind with the longest name that the word begins with, as a whole or up to a dot. */
static uint16_t kind_of_word(const struct vocabulary *vocabulary, const struct token *word)
{
    uint16_t best = KIND_NONE;
    size_t best_size = 0;
    for (uint16_t i = 0; i < vocabulary->kind_count; i++) {
        const struct status_kind *kind = &vocabulary->kinds[i];
        size_t size = strlen(kind->name);
        if (!kind->is_list && size > best_size && size <= word->size &&
            memcmp(kind->name, word->text, size) == 0 &&
            (size == word->size || word->text[size] == '.')) {
            best = i;
            best_size = size;
        }
    }
    return best;
}

static bool wanted_kind(const struct parser *parser, bool is_list, const char *wanted)
{
    const char *names[KIND_COUNT_MAX];
    size_t count = 0;
    for (uint16_t i = 0; i < parser->vocabulary->kind_count; i++) {
        if (parser->vocabulary->kinds[i].is_list == is_list)
            names[count++] = parser->vocabulary->kinds[i].name;
    }
    return parser_wanted_one_of(parser, &parser->token, wanted, names, count);
}

/* The part of the word after the kind's name and a dot. */
static bool read_subtype(const struct parser *parser, const struct status_kind *kind,
                         uint8_t *subtype)
{
    struct token rest = parser->token;
    rest.text += strlen(kind->name) + 1;
    rest.size -= strlen(kind->name) + 1;

    char name[WORD_SIZE] = "";
    if (rest.size < sizeof(name))
        memcpy(name, rest.text, rest.size);
    *subtype = vocabulary_subtype(kind, name);
    if (*subtype != SUBTYPE_NONE)
        return true;

    const char *names[SUBTYPE_COUNT_MAX];
    for (size_t i = 1; i <= kind->subtype_count; i++)
        names[i - 1] = kind->subtypes[i];
    char wanted[WORD_SIZE + 32];
    snprintf(wanted, sizeof(wanted), "a subtype of %s", kind->name);
    return parser_wanted_one_of(parser, &rest, wanted, names, kind->subtype_count);
}

bool parse_status_kind(struct parser *parser, uint16_t *status_kind, uint8_t *subtype)
{
    struct token word = parser->token;
    uint16_t number = word.kind == TOKEN_WORD ? kind_of_word(parser->vocabulary, &word) : KIND_NONE;
    if (number == KIND_NONE)
        return wanted_kind(parser, false, "a kind of status that a register delivers");

    const struct status_kind *kind = &parser->vocabulary->kinds[number];
    *status_kind = number;
    *subtype = SUBTYPE_ANY;
    if (word.size > strlen(kind->name) && !read_subtype(parser, kind, subtype))
        return false;
    parser_advance(parser);
    return true;
}

/* begun [from DAY] [before DAY], ending likewise: at least one of the two. */
static bool read_when(struct parser *parser, const char *word, uint32_t *from_day,
                      uint32_t *until_day)
{
    if (!parser_takes(parser, word))
        return true;
    if (!parser_is_at(parser, "from") && !parser_is_at(parser, "before"))
        return parser_wanted(parser, "from or before and a day");
    return parser_take_span(parser, from_day, until_day, "before");
}

static struct step step_of_status(uint16_t status_kind, uint8_t subtype)
{
    return (struct step){.kind = STEP_STATUS,
                         .status_kind = status_kind,
                         .subtype = subtype,
                         .begun_until = DAY_NEVER,
                         .ending_until = DAY_NEVER};
}

/* status SOURCE.name[.subtype] [begun ...] [ending ...] */
static bool read_status(struct parser *parser)
{
    struct token word = parser->token;
    uint16_t number = KIND_NONE;
    uint8_t subtype = SUBTYPE_ANY;
    if (!parse_status_kind(parser, &number, &subtype))
        return false;
    struct step step = step_of_status(number, subtype);
    return read_when(parser, "begun", &step.begun_from, &step.begun_until) &&
           read_when(parser, "ending", &step.ending_from, &step.ending_until) &&
           emit(parser, step, &word);
}

/* list NAME */
static bool read_list(struct parser *parser)
{
    struct token word = parser->token;
    char name[WORD_SIZE] = "";
    if (word.kind == TOKEN_WORD && word.size < sizeof(name))
        memcpy(name, word.text, word.size);
    uint16_t number = vocabulary_kind(parser->vocabulary, name, true);
    if (number == KIND_NONE)
        return wanted_kind(parser, true, "the name of a giver's list");

    parser_advance(parser);
    return emit(parser, step_of_status(number, SUBTYPE_ANY), &word);
}

/* school_in PLACE, resident_in PLACE: of a set of places in any of them */
static bool read_place(struct parser *parser, enum step_kind step_kind)
{
    struct token word = parser->token;
    struct run places;
    if (!parser_take_places(parser, &places))
        return false;
    for (uint32_t i = 0; i < places.count; i++) {
        struct step step = {.kind = step_kind, .place = parser->set_places[places.first + i]};
        if (!emit(parser, step, &word) ||
            (i > 0 && !emit(parser, (struct step){.kind = STEP_OR}, &word)))
            return false;
    }
    return true;
}

/* Keeps the list of thresholds rising. */
static bool remember_age(struct parser *parser, uint32_t years, const struct token *token)
{
    struct rules *rules = parser->rules;
    uint32_t at = 0;
    while (at < rules->age_count && rules->ages[at] < years)
        at++;
    if (at < rules->age_count && rules->ages[at] == years)
        return true;
    if (rules->age_count == AGE_THRESHOLD_MAX)
        return parser_fault(parser, token,
                            "more than %d different ages are asked about (AGE_THRESHOLD_MAX)",
                            AGE_THRESHOLD_MAX);
    memmove(&rules->ages[at + 1], &rules->ages[at],
            (rules->age_count - at) * sizeof(rules->ages[0]));
    rules->ages[at] = years;
    rules->age_count++;
    return true;
}

/* age >= N and its kin. The only step is "at least": more than N years is at least N + 1. */
static bool read_age(struct parser *parser)
{
    struct token sign = parser->token;
    bool is_negated = token_is(&sign, "<") || token_is(&sign, "<=");
    bool is_beyond = token_is(&sign, ">") || token_is(&sign, "<=");
    if (!is_negated && !is_beyond && !token_is(&sign, ">="))
        return parser_wanted(parser, ">=, >, < or <=");
    parser_advance(parser);

    struct token word = parser->token;
    uint64_t years;
    if (!parser_take_number(parser, &years, 1, AGE_YEARS_MAX, "an age from 1 to 150"))
        return false;
    struct step step = {.kind = STEP_AGE_AT_LEAST, .years = (uint32_t)years + is_beyond};
    return remember_age(parser, step.years, &word) && emit(parser, step, &word) &&
           (!is_negated || emit(parser, (struct step){.kind = STEP_NOT}, &sign));
}

static bool read_parentheses(struct parser *parser, const struct token *opening)
{
    if (parser->nesting == STEP_DEPTH_MAX)
        return parser_fault(parser, opening,
                            "parentheses are nested deeper than %d (STEP_DEPTH_MAX)",
                            STEP_DEPTH_MAX);
    parser->nesting++;
    if (!read_or(parser))
        return false;
    parser->nesting--;
    return parser_takes(parser, ")") || parser_wanted(parser, "and, or, or the closing )");
}

static bool wanted_condition(const struct parser *parser)
{
    static const char *const words[] = {"status", "list", "age", "school_in", "resident_in", "not"};
    return parser_wanted_symbol(parser, SYMBOL_GROUP, "a condition or an earlier group", words,
                                COUNT_OF(words));
}

/* The bare name of an earlier group. */
static bool read_group(struct parser *parser)
{
    struct token word = parser->token;
    const struct symbol *group;
    if (word.kind != TOKEN_WORD ||
        symbols_find(&parser->symbols, SYMBOL_GROUP, word.text, word.size) == NULL)
        return wanted_condition(parser);
    if (!parser_take_symbol(parser, &group, SYMBOL_GROUP, "a group"))
        return false;
    struct step step = {.kind = STEP_GROUP, .group = (uint16_t)group->value};
    return emit(parser, step, &word);
}

static bool read_primary(struct parser *parser)
{
    struct token word = parser->token;
    if (parser_takes(parser, "("))
        return read_parentheses(parser, &word);
    if (parser_takes(parser, "status"))
        return read_status(parser);
    if (parser_takes(parser, "list"))
        return read_list(parser);
    if (parser_takes(parser, "school_in"))
        return read_place(parser, STEP_SCHOOL_IN);
    if (parser_takes(parser, "resident_in"))
        return read_place(parser, STEP_RESIDENT_IN);
    if (parser_takes(parser, "age"))
        return read_age(parser);
    return read_group(parser);
}

/* not, any number of times: two of them are none, in three-valued logic too. */
static bool read_not(struct parser *parser)
{
    struct token word = parser->token;
    bool is_negated = false;
    while (parser_takes(parser, "not"))
        is_negated = !is_negated;
    return read_primary(parser) &&
           (!is_negated || emit(parser, (struct step){.kind = STEP_NOT}, &word));
}

static bool read_and(struct parser *parser)
{
    if (!read_not(parser))
        return false;
    struct token word = parser->token;
    while (parser_takes(parser, "and")) {
        if (!read_not(parser) || !emit(parser, (struct step){.kind = STEP_AND}, &word))
            return false;
        word = parser->token;
    }
    return true;
}

static bool read_or(struct parser *parser)
{
    if (!read_and(parser))
        return false;
    struct token word = parser->token;
    while (parser_takes(parser, "or")) {
        if (!read_and(parser) || !emit(parser, (struct step){.kind = STEP_OR}, &word))
            return false;
        word = parser->token;
    }
    return true;
}

bool parse_condition(struct parser *parser)
{
    parser->nesting = 0;
    parser->operand_count = 0;
    if (!read_or(parser))
        return false;
    assert(parser->operand_count == 1);
    return true;
}
