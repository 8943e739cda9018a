/* What rulelang.c, which reads statements, and condition.c, which reads their conditions, share. */
#ifndef LOADER_PARSER_H
#define LOADER_PARSER_H

#include "loader/lexer.h"
#include "loader/rulelang.h"
#include "loader/symbols.h"

struct parser {
    struct lexer lexer;
    struct token token; /* the next one, not yet taken */
    struct rules *rules;
    struct symbols symbols;
    const struct vocabulary *vocabulary;
    struct fault *fault;
    size_t product_room, relief_room, clause_room;
    uint32_t place_count;
    struct token relief_token; /* name of the relief that clauses now belong to */
    bool relief_is_open;
    uint32_t relief_clause_count;
    uint32_t nesting;       /* parentheses open */
    uint32_t operand_count; /* steps whose truth no operator has taken yet */
};

/* Takes a condition and appends its steps, at least one. */
MUST_USE bool parse_condition(struct parser *parser);

void parser_advance(struct parser *parser);
bool parser_is_at(const struct parser *parser, const char *text);
/* Takes the token if it is `text`. */
bool parser_takes(struct parser *parser, const char *text);

/* "wanted ..., found ..." at the next token; the second adds which of `names` was likely
 * meant. Both return false. */
bool parser_wanted(const struct parser *parser, const char *wanted);
bool parser_wanted_one_of(const struct parser *parser, const struct token *token,
                          const char *wanted, const char *const names[], size_t name_count);

/* Takes a number, "from 1 to 150" or the like said by `wanted`. */
MUST_USE bool parser_take_number(struct parser *parser, uint64_t *out, uint64_t least,
                                 uint64_t most, const char *wanted);
/* Takes the name of something defined above and not reserved. */
MUST_USE bool parser_take_symbol(struct parser *parser, const struct symbol **out,
                                 enum symbol_sort sort, const char *wanted);

/* Takes `word`, or says that it was wanted. */
MUST_USE bool parser_take_word(struct parser *parser, const char *word);
/* Takes a new name: it begins with a letter and is no word of the language. */
MUST_USE bool parser_take_name(struct parser *parser, struct symbol *symbol, enum symbol_sort sort,
                               const char *wanted);
/* Takes [from DAY] [until DAY]; what is not said stays as it is. */
MUST_USE bool parser_take_span(struct parser *parser, uint32_t *from_day, uint32_t *until_day);
/* Takes the end of the statement; `wanted` says what else could have come. */
MUST_USE bool parser_take_line_end(struct parser *parser, const char *wanted);
/* Defines the symbol, or says that it stands already; `what` is "the group" or the like. */
MUST_USE bool parser_define(struct parser *parser, const struct symbol *symbol,
                            const struct token *token, const char *what);

bool token_number(const struct token *token, uint64_t *out);
/* Whether the token is a word of the language itself, which names nothing. */
bool token_is_keyword(const struct token *token);

#endif
