#include "loader/parser.h"

#include "loader/memory.h"
#include "protocol/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 18 /* of a number: any such fits 64 bits */

void parser_advance(struct parser *parser)
{
    parser->token = lexer_next(&parser->lexer);
}

bool parser_is_at(const struct parser *parser, const char *text)
{
    return token_is(&parser->token, text);
}

bool parser_takes(struct parser *parser, const char *text)
{
    if (!parser_is_at(parser, text))
        return false;
    parser_advance(parser);
    return true;
}

bool parser_wanted(const struct parser *parser, const char *wanted)
{
    char quote[QUOTE_SIZE];
    token_quote(quote, &parser->token);
    return token_fault(&parser->lexer, &parser->token, parser->fault, "wanted %s, found %s", wanted,
                       quote);
}

bool parser_wanted_one_of(const struct parser *parser, const struct token *token,
                          const char *wanted, const char *const names[], size_t name_count)
{
    char quote[QUOTE_SIZE], word[2 * WORD_SIZE];
    token_quote(quote, token);
    const char *nearest = NULL;
    if (token->kind == TOKEN_WORD && token->size < sizeof(word)) {
        snprintf(word, sizeof(word), "%.*s", (int)token->size, token->text);
        nearest = nearest_word(word, names, name_count);
    }
    if (nearest == NULL)
        return token_fault(&parser->lexer, token, parser->fault, "wanted %s, found %s", wanted,
                           quote);
    return token_fault(&parser->lexer, token, parser->fault,
                       "wanted %s, found %s; did you mean \"%s\"?", wanted, quote, nearest);
}

/* The same with the names that are defined. */
static bool wanted_symbol(const struct parser *parser, enum symbol_sort sort, const char *wanted)
{
    const char **names = memory_take(parser->symbols.count, sizeof(names[0]));
    size_t count = 0;
    for (uint32_t i = 0; i < parser->symbols.count; i++) {
        const struct symbol *symbol = &parser->symbols.list[i];
        if (symbol->sort == sort && symbol->line != 0)
            names[count++] = symbol->name;
    }
    parser_wanted_one_of(parser, &parser->token, wanted, names, count);
    free(names);
    return false;
}

bool token_is_keyword(const struct token *token)
{
    static const char *const keywords[] = {
        "place", "product", "group",     "relief",      "clause", "status",
        "list",  "age",     "school_in", "resident_in", "and",    "or",
        "not",   "from",    "until",     "giver",       "split",  "discount"};
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (token_is(token, keywords[i]))
            return true;
    }
    return false;
}

bool token_number(const struct token *token, uint64_t *out)
{
    if (token->kind != TOKEN_WORD || token->size > DIGITS_MAX)
        return false;
    uint64_t number = 0;
    for (size_t i = 0; i < token->size; i++) {
        if (token->text[i] < '0' || token->text[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(token->text[i] - '0');
    }
    *out = number;
    return true;
}

bool parser_take_number(struct parser *parser, uint64_t *out, uint64_t least, uint64_t most,
                        const char *wanted)
{
    if (!token_number(&parser->token, out) || *out < least || *out > most)
        return parser_wanted(parser, wanted);
    parser_advance(parser);
    return true;
}

bool parser_take_symbol(struct parser *parser, const struct symbol **out, enum symbol_sort sort,
                        const char *wanted)
{
    const struct token *token = &parser->token;
    const struct symbol *symbol = NULL;
    if (token->kind == TOKEN_WORD)
        symbol = symbols_find(&parser->symbols, sort, token->text, token->size);
    if (symbol == NULL)
        return wanted_symbol(parser, sort, wanted);
    if (symbol->line == 0)
        return token_fault(&parser->lexer, token, parser->fault,
                           "\"%s\" is reserved for the engine's own tests", symbol->name);
    parser_advance(parser);
    *out = symbol;
    return true;
}

bool parser_define(struct parser *parser, const struct symbol *symbol, const struct token *token,
                   const char *what)
{
    const struct symbol *earlier =
        symbols_find(&parser->symbols, symbol->sort, symbol->name, strlen(symbol->name));
    if (earlier == NULL) {
        symbols_add(&parser->symbols, symbol);
        return true;
    }
    char quote[QUOTE_SIZE];
    token_quote(quote, token);
    if (earlier->line == 0)
        return token_fault(&parser->lexer, token, parser->fault,
                           "%s %s is reserved for the engine's own tests", what, quote);
    return token_fault(&parser->lexer, token, parser->fault, "%s %s stands already in line %u",
                       what, quote, earlier->line);
}

bool parser_take_name(struct parser *parser, struct symbol *symbol, enum symbol_sort sort,
                      const char *wanted)
{
    const struct token *token = &parser->token;
    char first = token->size > 0 ? *token->text : '\0';
    bool is_letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
    if (token->kind != TOKEN_WORD || !is_letter)
        return parser_wanted(parser, wanted);
    if (token_is_keyword(token))
        return token_fault(&parser->lexer, token, parser->fault,
                           "wanted %s, found \"%.*s\", which is a word of the language", wanted,
                           (int)token->size, token->text);
    if (token->size >= NAME_SIZE)
        return token_fault(&parser->lexer, token, parser->fault,
                           "wanted a name of at most %d characters, found one of %zu",
                           NAME_SIZE - 1, token->size);
    const char *behind = token->text + token->size;
    if (behind < parser->lexer.end && (uint8_t)*behind >= 0x80) {
        parser_advance(parser);
        return parser_wanted(parser, "only letters of the English alphabet in a name");
    }
    *symbol = (struct symbol){.sort = sort, .line = token->line};
    memcpy(symbol->name, token->text, token->size);
    parser_advance(parser);
    return true;
}

bool parser_take_word(struct parser *parser, const char *word)
{
    return parser_takes(parser, word) || parser_wanted(parser, word);
}

bool parser_take_line_end(struct parser *parser, const char *wanted)
{
    if (!token_ends_line(&parser->token))
        return parser_wanted(parser, wanted);
    parser_advance(parser);
    return true;
}

static bool take_day(struct parser *parser, uint32_t *day)
{
    int32_t number;
    if (parser->token.kind != TOKEN_WORD ||
        !day_of_text(&number, parser->token.text, parser->token.size) || number < 0)
        return parser_wanted(parser, "a day such as 2026-01-31");
    *day = (uint32_t)number;
    parser_advance(parser);
    return true;
}

bool parser_take_span(struct parser *parser, uint32_t *from_day, uint32_t *until_day)
{
    if (parser_takes(parser, "from") && !take_day(parser, from_day))
        return false;
    if (!parser_takes(parser, "until"))
        return true;
    struct token token = parser->token;
    if (!take_day(parser, until_day))
        return false;
    if (*until_day > *from_day)
        return true;
    return token_fault(&parser->lexer, &token, parser->fault,
                       "until %.*s is not after the day it begins", (int)token.size, token.text);
}
