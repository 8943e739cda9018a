#include "loader/parser.h"

#include "loader/memory.h"
#include "loader/registration.h"
#include "loader/text.h"
#include "protocol/money.h"
#include "protocol/nearest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define DIGITS_MAX      18 /* of a number: any such fits 64 bits */
#define WANTED_SIZE     256
#define WANTED_WORD_MAX 8
#define DAY_TEXT_LENGTH (DAY_TEXT_SIZE - 1)
#define DAYS_BETWEEN    ".."
#define EASTER_DAYS_MAX 200

/* Names nothing: whatever stands where a name could. */
static const char *const keywords[] = {
    /* statements, and lines under reliefs */
    "place", "places", "product", "products", "calendar", "split", "extend", "group", "relief",
    "clause", "state", "order", "stacks", "unknown", "round", "everywhere", "limit", "budget",
    /* conditions */
    "status", "list", "age", "school_in", "resident_in", "and", "or", "not", "begun", "ending",
    "before", "from", "until", "giver",
    /* clauses */
    "everybody", "in", "at", "under", "on", "except", "price", "quantity", "by", "read", "free",
    "discount", "amount", "subsidy", "costs", "above", "for", "with",
    /* days */
    "easter", "first", "second", "third", "fourth", "last", "monday", "tuesday", "wednesday",
    "thursday", "friday", "saturday", "sunday", "weekdays", "weekends", "workdays"};

/* ---- the next word ---- */

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
    return parser_fault(parser, &parser->token, "wanted %s, found %s", wanted, quote);
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
        return parser_fault(parser, token, "wanted %s, found %s", wanted, quote);
    return parser_fault(parser, token, "wanted %s, found %s; did you mean \"%s\"?", wanted, quote,
                        nearest);
}

bool parser_wanted_symbol(const struct parser *parser, enum symbol_sort sort, const char *wanted,
                          const char *const more[], size_t more_count)
{
    const char **names = memory_take(parser->symbols.count + more_count, sizeof(names[0]));
    size_t count = 0;
    for (uint32_t i = 0; i < parser->symbols.count; i++) {
        const struct symbol *symbol = &parser->symbols.list[i];
        if (symbol->sort == sort && symbol->line != 0)
            names[count++] = symbol->name;
    }
    for (size_t i = 0; i < more_count; i++)
        names[count++] = more[i];
    parser_wanted_one_of(parser, &parser->token, wanted, names, count);
    free(names);
    return false;
}

bool parser_too_many(const struct parser *parser, const struct token *token, int most,
                     const char *what, const char *limit)
{
    return parser_fault(parser, token, "more than %d %s (%s)", most, what, limit);
}

bool parser_stands_already(const struct parser *parser, const struct token *token,
                           const char *where)
{
    char quote[QUOTE_SIZE];
    token_quote(quote, token);
    return parser_fault(parser, token, "%s stands already in this %s", quote, where);
}

size_t parser_choice(const struct parser *parser, const char *const words[], size_t word_count)
{
    size_t at = 0;
    while (at < word_count && !parser_is_at(parser, words[at]))
        at++;
    return at;
}

bool parser_take_choice(struct parser *parser, size_t *out, const char *const words[],
                        size_t word_count)
{
    *out = parser_choice(parser, words, word_count);
    if (*out < word_count) {
        parser_advance(parser);
        return true;
    }
    char wanted[WANTED_SIZE];
    int size = 0;
    for (size_t i = 0; i < word_count && size < WANTED_SIZE; i++)
        size += snprintf(wanted + size, (size_t)(WANTED_SIZE - size), "%s%s", words[i],
                         i + 2 < word_count    ? ", "
                         : i + 2 == word_count ? " or "
                                               : "");
    return parser_wanted_one_of(parser, &parser->token, wanted, words, word_count);
}

void parser_means_words(const char *words[static MEANS_WORD_COUNT])
{
    for (uint8_t i = 1; i <= MEANS_LAST; i++)
        words[i - 1] = means_name(i);
}

void parser_entry_words(const char *words[static ENTRY_WORD_COUNT])
{
    for (uint8_t i = 0; i <= ENTRY_LAST; i++)
        words[i] = entry_name(i);
}

bool token_is_easter(const struct token *token, int16_t *offset_days)
{
    static const char easter[] = "easter";
    size_t size = sizeof(easter) - 1;
    *offset_days = 0;
    if (token->kind != TOKEN_WORD || token->size < size || memcmp(token->text, easter, size) != 0)
        return false;
    if (token->size == size)
        return true;
    struct token rest = *token;
    rest.text += size + 1;
    rest.size -= size + 1;
    uint64_t days;
    char sign = token->text[size];
    if ((sign != '+' && sign != '-') || rest.size == 0 || !token_number(&rest, &days) ||
        days > EASTER_DAYS_MAX)
        return false;
    *offset_days = (int16_t)(sign == '-' ? -(int)days : (int)days);
    return true;
}

bool token_is_keyword(const struct token *token)
{
    for (size_t i = 0; i < COUNT_OF(keywords); i++) {
        if (token_is(token, keywords[i]))
            return true;
    }
    int16_t offset_days;
    return token_is_easter(token, &offset_days);
}

/* ---- what is taken ---- */

bool parser_take_word(struct parser *parser, const char *word)
{
    return parser_takes(parser, word) || parser_wanted(parser, word);
}

bool parser_take_unit(struct parser *parser, const char *one, const char *several)
{
    return parser_takes(parser, one) || parser_take_word(parser, several);
}

bool token_number(const struct token *token, uint64_t *out)
{
    return token->kind == TOKEN_WORD && token->size <= DIGITS_MAX &&
           span_number((struct span){token->text, (uint32_t)token->size}, out);
}

bool parser_take_number(struct parser *parser, uint64_t *out, uint64_t least, uint64_t most,
                        const char *wanted)
{
    if (!token_number(&parser->token, out) || *out < least || *out > most)
        return parser_wanted(parser, wanted);
    parser_advance(parser);
    return true;
}

bool parser_take_amount(struct parser *parser, uint64_t *out, uint64_t least, uint64_t most,
                        const char *wanted)
{
    if (parser->token.kind != TOKEN_WORD ||
        !money_of_text(out, parser->token.text, parser->token.size, most) || *out < least)
        return parser_wanted(parser, wanted);
    parser_advance(parser);
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

bool parser_take_percent(struct parser *parser, uint32_t *percent_bp)
{
    if (!percent_of_token(&parser->token, percent_bp))
        return parser_wanted(parser, "a percentage, 0.01% to 100%");
    parser_advance(parser);
    return parser_take_word(parser, "%");
}

bool parser_take_registration(struct parser *parser, uint64_t *out, const char *whose)
{
    if (parser->token.size != REGISTRATION_DIGIT_COUNT || !token_number(&parser->token, out))
        return parser_wanted(parser, "a registration number of 11 digits");
    if (!registration_is_good(*out))
        return parser_fault(parser, &parser->token,
                            "the check digit of the %s's registration number does not fit: "
                            "a digit is mistyped",
                            whose);
    parser_advance(parser);
    return true;
}

static bool day_of_token(uint32_t *day, const struct token *token)
{
    int32_t number;
    if (token->kind != TOKEN_WORD || !day_of_text(&number, token->text, token->size) || number < 0)
        return false;
    *day = (uint32_t)number;
    return true;
}

bool parser_take_day(struct parser *parser, uint32_t *day)
{
    if (!day_of_token(day, &parser->token))
        return parser_wanted(parser, "a day such as 2026-01-31");
    parser_advance(parser);
    return true;
}

bool parser_take_days(struct parser *parser, uint32_t *from_day, uint32_t *until_day)
{
    struct token token = parser->token, last = token;
    size_t skip = DAY_TEXT_LENGTH + strlen(DAYS_BETWEEN);
    bool is_good = false;
    uint32_t last_day;
    if (token.kind == TOKEN_WORD && token.size > skip &&
        memcmp(token.text + DAY_TEXT_LENGTH, DAYS_BETWEEN, strlen(DAYS_BETWEEN)) == 0) {
        last.text += skip;
        last.size -= skip;
        token.size = DAY_TEXT_LENGTH;
        is_good = day_of_token(from_day, &token) && day_of_token(&last_day, &last);
    }
    if (!is_good)
        return parser_wanted(parser, "days such as 2026-06-01..2026-08-31");
    if (last_day < *from_day)
        return parser_fault(parser, &last, "the last day, %.*s, is before the first",
                            (int)last.size, last.text);
    *until_day = last_day + 1;
    parser_advance(parser);
    return true;
}

bool parser_take_span(struct parser *parser, uint32_t *from_day, uint32_t *until_day,
                      const char *until)
{
    if (parser_takes(parser, "from") && !parser_take_day(parser, from_day))
        return false;
    if (!parser_takes(parser, until))
        return true;
    struct token token = parser->token;
    if (!parser_take_day(parser, until_day))
        return false;
    if (*until_day > *from_day)
        return true;
    return parser_fault(parser, &token, "%s %.*s is not after the day it begins", until,
                        (int)token.size, token.text);
}

/* The single words of "until, split or the end of the line", in `text`; returns how many. */
static size_t words_wanted(char text[static WANTED_SIZE], const char *words[static WANTED_WORD_MAX],
                           const char *wanted)
{
    size_t count = 0;
    snprintf(text, WANTED_SIZE, "%s", wanted);
    char *rest = NULL, *end = strstr(text, " or the end of the line");
    if (end == NULL)
        return 0;
    *end = '\0';
    for (char *word = strtok_r(text, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
        word += word[0] == ' ';
        if (strchr(word, ' ') == NULL && count < WANTED_WORD_MAX)
            words[count++] = word;
    }
    return count;
}

/* A word that could have come and did not is at the wrong place. */
bool parser_take_line_end(struct parser *parser, const char *wanted)
{
    if (token_ends_line(&parser->token)) {
        parser_advance(parser);
        return true;
    }
    char text[WANTED_SIZE], quote[QUOTE_SIZE];
    const char *words[WANTED_WORD_MAX];
    size_t count = words_wanted(text, words, wanted);
    if (parser_choice(parser, words, count) == count)
        return parser_wanted_one_of(parser, &parser->token, wanted, words, count);
    token_quote(quote, &parser->token);
    return parser_fault(parser, &parser->token,
                        "wanted the end of the line, found %s, which comes earlier, once, or not "
                        "in such a line",
                        quote);
}

/* ---- names ---- */

bool parser_take_symbol(struct parser *parser, const struct symbol **out, enum symbol_sort sort,
                        const char *wanted)
{
    const struct token *token = &parser->token;
    const struct symbol *symbol = NULL;
    if (token->kind == TOKEN_WORD)
        symbol = symbols_find(&parser->symbols, sort, token->text, token->size);
    if (symbol == NULL)
        return parser_wanted_symbol(parser, sort, wanted, NULL, 0), fault_told();
    if (symbol->line == 0)
        return parser_fault(parser, token, "\"%s\" is reserved for the engine's own tests",
                            symbol->name);
    parser_advance(parser);
    *out = symbol;
    return true;
}

bool parser_take_places(struct parser *parser, struct run *out)
{
    struct place_prefix digits;
    const struct symbol *place;
    if (parser->token.kind != TOKEN_WORD ||
        !place_prefix_of_text(&digits, parser->token.text, parser->token.size)) {
        if (!parser_take_symbol(parser, &place, SYMBOL_PLACE,
                                "a place, or 1 to 7 digits of an ATVK code"))
            return false;
        *out = (struct run){place->value, place->count};
        return true;
    }
    if (parser->set_place_count == RULE_LIST_TOTAL_MAX)
        return parser_too_many(parser, &parser->token, RULE_LIST_TOTAL_MAX,
                               "places in lists and conditions", "RULE_LIST_TOTAL_MAX");
    parser->set_places = memory_room(parser->set_places, &parser->set_place_room,
                                     parser->set_place_count + (size_t)1, sizeof(digits));
    *out = (struct run){parser->set_place_count, 1};
    parser->set_places[parser->set_place_count++] = digits;
    parser_advance(parser);
    return true;
}

struct line_in_rules parser_line(const struct parser *parser, const struct token *token)
{
    size_t column = (size_t)(token->text - token->line_text) + 1; /* as of a fault */
    return (struct line_in_rules){.file = parser->file,
                                  .column = (uint16_t)(column < UINT16_MAX ? column : UINT16_MAX),
                                  .line = token->line};
}

void parser_line_text(char text[static LINE_TEXT_SIZE], const struct parser *parser,
                      struct line_in_rules at)
{
    if (at.file == parser->file)
        snprintf(text, LINE_TEXT_SIZE, "line %u", at.line);
    else
        snprintf(text, LINE_TEXT_SIZE, "%.*s:%u", LINE_TEXT_SIZE / 2 + LINE_TEXT_SIZE / 4,
                 parser->rules->files[at.file], at.line);
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
    char quote[QUOTE_SIZE], line[LINE_TEXT_SIZE];
    token_quote(quote, token);
    if (earlier->line == 0)
        return parser_fault(parser, token, "%s %s is reserved for the engine's own tests", what,
                            quote);
    if (earlier->file == SYMBOL_FILE_ELSEWHERE)
        return parser_fault(parser, token, "%s %s stands already in the catalogue's products", what,
                            quote);
    parser_line_text(line, parser,
                     (struct line_in_rules){.file = earlier->file, .line = earlier->line});
    return parser_fault(parser, token, "%s %s stands already in %s", what, quote, line);
}

/* Numbers, days and times have signs that names have not. */
static bool name_is_plain(const struct token *token)
{
    for (size_t i = 0; i < token->size; i++) {
        if (token->text[i] == ':' || token->text[i] == '+')
            return false;
    }
    return true;
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
        return parser_fault(parser, token,
                            "wanted %s, found \"%.*s\", which is a word of the language", wanted,
                            (int)token->size, token->text);
    if (token->size >= NAME_SIZE)
        return parser_fault(parser, token,
                            "wanted a name of at most %d characters, found one of %zu",
                            NAME_SIZE - 1, token->size);
    if (!name_is_plain(token))
        return parser_wanted(parser, "only letters, digits, \"_\", \".\" and \"-\" in a name");
    const char *behind = token->text + token->size;
    if (behind < parser->lexer.end && (uint8_t)*behind >= 0x80) {
        parser_advance(parser);
        return parser_wanted(parser, "only letters of the English alphabet in a name");
    }
    *symbol = (struct symbol){.sort = sort, .file = parser->file, .line = token->line};
    memcpy(symbol->name, token->text, token->size);
    parser_advance(parser);
    return true;
}

void parser_note(struct parser *parser, const void *bytes, size_t size)
{
    parser->noted = memory_room(parser->noted, &parser->noted_room, parser->noted_size + size, 1);
    memcpy(parser->noted + parser->noted_size, bytes, size);
    parser->noted_size += size;
}

void parser_fingerprint(struct parser *parser, char name[static NAME_SIZE])
{
    XXH128_hash_t hash = XXH3_128bits(parser->noted, parser->noted_size);
    snprintf(name, NAME_SIZE, "%015" PRIx64 "%016" PRIx64, hash.high64 >> 4, hash.low64);
    parser->noted_size = 0;
}
