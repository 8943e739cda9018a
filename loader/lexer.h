/* Words and signs of the relief language and where they stand; faults that point at them. */
#ifndef LOADER_LEXER_H
#define LOADER_LEXER_H

#include "protocol/bytes.h"
#include "protocol/fault.h"

enum token_kind {
    TOKEN_WORD,  /* ASCII letters, digits, '_', '.', '-', '+', ':': names, numbers, days, times */
    TOKEN_SIGN,  /* = , ( ) % < <= > >= */
    TOKEN_STRAY, /* a character that the language does not know */
    TOKEN_LINE_END, /* of every line, also of one that is empty or a comment */
    TOKEN_TEXT_END, /* again and again once reached */
};

struct token {
    enum token_kind kind;
    const char *text; /* borrowed from the lexer's text */
    size_t size;
    const char *line_text; /* where its line begins */
    uint32_t line;         /* from 1 */
};

struct lexer {
    const char *next, *end, *line_text;
    uint32_t line;
    const char *where; /* names the text in faults */
};

/* Borrows text and where. A byte order mark in front is passed over. */
void lexer_begin(struct lexer *lexer, const char *text, size_t text_size, const char *where);
struct token lexer_next(struct lexer *lexer);

bool token_is(const struct token *token, const char *text);
bool token_ends_line(const struct token *token);

/* What a fault calls the token: "senoir_75" in quotes. Numbers as long as a personal code or a
 * means are only counted, since somebody may hand a register to us instead of rules. */
#define QUOTE_SIZE 96
void token_quote(char quote[static QUOTE_SIZE], const struct token *token);

/* "where:line:column: sentence"; columns count characters from 1. Returns false. */
bool token_fault(const struct lexer *lexer, const struct token *token, struct fault *fault,
                 const char *format, ...) PRINTF_LIKE(4, 5);

#endif
