#include "loader/lexer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WHERE_SHOWN_MAX     200 /* characters of a long path */
#define WORD_SHOWN_MAX      64
#define DIGITS_SHOWN_MAX    6 /* an e-talons number has seven, a personal code eleven */
#define CHARACTER_BYTES_MAX 4

void lexer_begin(struct lexer *lexer, const char *text, size_t text_size, const char *where)
{
    if (text_size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        text_size -= 3;
    }
    *lexer = (struct lexer){
        .next = text, .end = text + text_size, .line_text = text, .line = 1, .where = where};
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_of_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '.' || c == '-' || c == '+' || c == ':';
}

static bool is_continuation(char c)
{
    return ((uint8_t)c & 0xc0) == 0x80;
}

/* Blanks, and a comment up to the end of its line. */
static void pass_over_silence(struct lexer *lexer)
{
    while (lexer->next < lexer->end &&
           (*lexer->next == ' ' || *lexer->next == '\t' || *lexer->next == '\r'))
        lexer->next++;
    if (lexer->next < lexer->end && *lexer->next == '#') {
        const char *line_end = memchr(lexer->next, '\n', (size_t)(lexer->end - lexer->next));
        lexer->next = line_end != NULL ? line_end : lexer->end;
    }
}

static size_t word_size(const char *text, const char *end)
{
    size_t size = 0;
    while (text + size < end && is_of_word(text[size]))
        size++;
    return size;
}

static size_t sign_size(const char *text, const char *end)
{
    if (memchr("=,()%", *text, 5) != NULL)
        return 1;
    if (*text != '<' && *text != '>')
        return 0;
    return text + 1 < end && text[1] == '=' ? 2 : 1;
}

/* A character, or a byte that belongs to none. */
static size_t stray_size(const char *text, const char *end)
{
    size_t size = 1;
    if ((uint8_t)*text >= 0xc0) {
        while (size < CHARACTER_BYTES_MAX && text + size < end && is_continuation(text[size]))
            size++;
    }
    return size;
}

struct token lexer_next(struct lexer *lexer)
{
    pass_over_silence(lexer);
    struct token token = {.text = lexer->next, .line_text = lexer->line_text, .line = lexer->line};

    if (lexer->next == lexer->end) {
        token.kind = TOKEN_TEXT_END;
        return token;
    }
    if (*lexer->next == '\n') {
        token.kind = TOKEN_LINE_END;
        lexer->next++;
        lexer->line++;
        lexer->line_text = lexer->next;
        return token;
    }
    if ((token.size = word_size(token.text, lexer->end)) > 0)
        token.kind = TOKEN_WORD;
    else if ((token.size = sign_size(token.text, lexer->end)) > 0)
        token.kind = TOKEN_SIGN;
    else {
        token.kind = TOKEN_STRAY;
        token.size = stray_size(token.text, lexer->end);
    }
    lexer->next += token.size;
    return token;
}

bool token_is(const struct token *token, const char *text)
{
    return token->size == strlen(text) && memcmp(token->text, text, token->size) == 0;
}

bool token_ends_line(const struct token *token)
{
    return token->kind == TOKEN_LINE_END || token->kind == TOKEN_TEXT_END;
}

static size_t digit_count(const struct token *token)
{
    size_t count = 0;
    for (size_t i = 0; i < token->size; i++)
        count += is_digit(token->text[i]);
    return count;
}

/* Days and times have many digits and give nobody away. */
static bool looks_like_a_time(const struct token *token)
{
    static const char *const shapes[] = {"9999-99-99", "9999-99-99..9999-99-99", "99-99..99-99",
                                         "99:99-99:99"};
    char shape[QUOTE_SIZE] = "";
    for (size_t i = 0; i < token->size && i < sizeof(shape) - 1; i++)
        shape[i] = is_digit(token->text[i]) ? '9' : token->text[i];
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (strcmp(shape, shapes[i]) == 0)
            return true;
    }
    return false;
}

/* Whether the bytes are one printable character beyond ASCII in UTF-8. */
static bool is_printable_utf8(const uint8_t *text, size_t size)
{
    static const uint32_t least[CHARACTER_BYTES_MAX + 1] = {0, 0, 0xa0, 0x800, 0x10000};
    if (size < 2 || size > CHARACTER_BYTES_MAX || text[0] >= 0xf8 ||
        text[0] < (uint8_t)(0xf00 >> size) ||
        (size < CHARACTER_BYTES_MAX && text[0] >= (uint8_t)(0xf80 >> size)))
        return false;
    uint32_t character = text[0] & (0x7fu >> size);
    for (size_t i = 1; i < size; i++)
        character = character << 6 | (text[i] & 0x3fu);
    return character >= least[size] && character <= 0x10ffff &&
           (character < 0xd800 || character > 0xdfff);
}

static void stray_quote(char quote[static QUOTE_SIZE], const struct token *token)
{
    const uint8_t *text = (const uint8_t *)token->text;
    bool is_ascii = token->size == 1 && *text > ' ' && *text < 0x7f;
    if (is_ascii && *text != '"')
        snprintf(quote, QUOTE_SIZE, "\"%c\"", *text);
    else if (is_ascii)
        snprintf(quote, QUOTE_SIZE, "a quotation mark");
    else if (is_printable_utf8(text, token->size))
        snprintf(quote, QUOTE_SIZE, "\"%.*s\"", (int)token->size, token->text);
    else
        snprintf(quote, QUOTE_SIZE, "byte 0x%02x", *text);
}

static void word_quote(char quote[static QUOTE_SIZE], const struct token *token)
{
    size_t digits = digit_count(token);
    if (digits > DIGITS_SHOWN_MAX && !looks_like_a_time(token))
        snprintf(quote, QUOTE_SIZE, "a %s %zu digits",
                 digits == token->size ? "number of" : "word with", digits);
    else if (token->size > WORD_SHOWN_MAX)
        snprintf(quote, QUOTE_SIZE, "\"%.*s...\"", WORD_SHOWN_MAX, token->text);
    else
        snprintf(quote, QUOTE_SIZE, "\"%.*s\"", (int)token->size, token->text);
}

void token_quote(char quote[static QUOTE_SIZE], const struct token *token)
{
    switch (token->kind) {
    case TOKEN_WORD:
    case TOKEN_SIGN:
        word_quote(quote, token);
        return;
    case TOKEN_STRAY:
        stray_quote(quote, token);
        return;
    case TOKEN_LINE_END:
        snprintf(quote, QUOTE_SIZE, "the end of the line");
        return;
    case TOKEN_TEXT_END:
        snprintf(quote, QUOTE_SIZE, "the end of the file");
        return;
    }
}

bool token_fault(const struct lexer *lexer, const struct token *token, struct fault *fault,
                 const char *format, ...)
{
    /* Only ASCII can stand before a fault in its line: a character is a byte. */
    size_t column = (size_t)(token->text - token->line_text) + 1;
    char sentence[FAULT_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    return fault_set(fault, "%.*s:%u:%zu: %.*s", WHERE_SHOWN_MAX, lexer->where, token->line, column,
                     FAULT_TEXT_SIZE / 2, sentence);
}
