/* What the readers of the relief language share: the next word, what was said so far, and how one
 * says that something else was wanted. rulelang.c reads files and statements; each other file reads
 * one kind of them. */
#ifndef LOADER_PARSER_H
#define LOADER_PARSER_H

#include "loader/lexer.h"
#include "loader/rulelang.h"
#include "loader/symbols.h"
#include "protocol/frame.h"
#include "protocol/means.h"

/* What faults about a whole version point at, once all files are read. */
struct version_note {
    struct token name, split;
    bool is_everywhere;
};

/* Several of the same: a run in one of the lists. */
struct run {
    uint32_t first, count;
};

struct parser {
    struct lexer lexer;
    struct token token; /* the next one, not yet taken */
    uint16_t file;      /* index in rules->files */
    struct rules *rules;
    struct symbols symbols;
    const struct vocabulary *vocabulary;
    struct fault *fault;

    size_t product_room, calendar_room, item_room, relief_room, version_room, clause_room,
        limit_room, split_room, clause_product_room, contract_number_room, range_room, place_room;
    struct place_prefix *set_places; /* what places and sets of them stand for */
    uint32_t *set_products;          /* the same of products: indexes in rules->products */
    uint32_t set_place_count, set_product_count;
    size_t set_place_room, set_product_room;
    uint32_t place_name_count, product_set_count;
    uint32_t *product_stamps; /* by index in rules->products: the last list that has it */
    uint32_t product_stamp;
    uint32_t workdays; /* calendar of "workdays", CALENDAR_ALL_DAYS before it was wanted */

    uint8_t *noted; /* what a fingerprint is to be made of */
    size_t noted_size, noted_room;

    struct version_note *notes;  /* by version as written */
    struct token *clause_tokens; /* by clause as written: its group */
    size_t note_room, clause_token_room;
    bool relief_is_open;    /* lines of its last version may follow */
    uint32_t lines_said;    /* bit by line of relief_lines[] */
    uint32_t nesting;       /* parentheses open */
    uint32_t operand_count; /* steps whose truth no operator has taken yet */
};

/* "file:line:column: sentence" at the token; false. */
#define parser_fault(parser, token, ...)                                                           \
    (token_fault(&(parser)->lexer, (token), (parser)->fault, __VA_ARGS__), fault_told())

/* ---- the next word ---- */

void parser_advance(struct parser *parser);
bool parser_is_at(const struct parser *parser, const char *text);
/* Takes the token if it is `text`. */
bool parser_takes(struct parser *parser, const char *text);

/* "wanted ..., found ..." at the next token; the second adds which of `names` was likely
 * meant, the third those that are defined and `more`. All return false. */
bool parser_wanted(const struct parser *parser, const char *wanted);
bool parser_wanted_one_of(const struct parser *parser, const struct token *token,
                          const char *wanted, const char *const names[], size_t name_count);
bool parser_wanted_symbol(const struct parser *parser, enum symbol_sort sort, const char *wanted,
                          const char *const more[], size_t more_count);
/* "more than 32 places (PLACE_COUNT_MAX)"; false. */
bool parser_too_many(const struct parser *parser, const struct token *token, int most,
                     const char *what, const char *limit);

/* "... stands already in this list"; false. */
bool parser_stands_already(const struct parser *parser, const struct token *token,
                           const char *where);

/* The index of the next token in `words`; their number when it is none of them. */
size_t parser_choice(const struct parser *parser, const char *const words[], size_t word_count);
/* Takes one of `words`; else says that one of them was wanted, and which was likely meant. */
MUST_USE bool parser_take_choice(struct parser *parser, size_t *out, const char *const words[],
                                 size_t word_count);

/* The words for means and for ways of reading them, for parser_take_choice. */
#define MEANS_WORD_COUNT MEANS_LAST
#define ENTRY_WORD_COUNT (ENTRY_LAST + 1)
void parser_means_words(const char *words[static MEANS_WORD_COUNT]);
void parser_entry_words(const char *words[static ENTRY_WORD_COUNT]);

/* ---- what is taken ---- */

/* Takes `word`, or says that it was wanted. */
MUST_USE bool parser_take_word(struct parser *parser, const char *word);
/* Takes the word for one or for several: "day" and "days". */
MUST_USE bool parser_take_unit(struct parser *parser, const char *one, const char *several);
/* Takes a number, "from 1 to 150" or the like said by `wanted`. */
MUST_USE bool parser_take_number(struct parser *parser, uint64_t *out, uint64_t least,
                                 uint64_t most, const char *wanted);
/* Takes an amount of EUR with up to four decimals, in 1/10000 EUR. */
MUST_USE bool parser_take_amount(struct parser *parser, uint64_t *out, uint64_t least,
                                 uint64_t most, const char *wanted);
/* Takes a percentage and its sign, in 1/100 of a percent, 1 to PERCENT_ALL_BP. */
MUST_USE bool parser_take_percent(struct parser *parser, uint32_t *percent_bp);
/* Takes a registration number; `whose` is "giver" or the like. */
MUST_USE bool parser_take_registration(struct parser *parser, uint64_t *out, const char *whose);
MUST_USE bool parser_take_day(struct parser *parser, uint32_t *day);
/* Takes DAY..DAY, the last day in, as half-open days. */
MUST_USE bool parser_take_days(struct parser *parser, uint32_t *from_day, uint32_t *until_day);
/* Takes [from DAY] [until DAY]; what is not said stays as it is. The word for the end is
 * `until`. */
MUST_USE bool parser_take_span(struct parser *parser, uint32_t *from_day, uint32_t *until_day,
                               const char *until);
/* Takes the end of the statement; `wanted` says what else could have come. */
MUST_USE bool parser_take_line_end(struct parser *parser, const char *wanted);

/* Takes the name of something defined above and not reserved. */
MUST_USE bool parser_take_symbol(struct parser *parser, const struct symbol **out,
                                 enum symbol_sort sort, const char *wanted);
/* Takes a place, a set of places, or digits: a run in parser->set_places. */
MUST_USE bool parser_take_places(struct parser *parser, struct run *out);

/* Takes a new name: it begins with a letter and is no word of the language. */
MUST_USE bool parser_take_name(struct parser *parser, struct symbol *symbol, enum symbol_sort sort,
                               const char *wanted);
/* Defines the symbol, or says that it stands already; `what` is "the group" or the like. */
MUST_USE bool parser_define(struct parser *parser, const struct symbol *symbol,
                            const struct token *token, const char *what);
/* "line 5", or "city.rules:5" of another file. */
#define LINE_TEXT_SIZE 128
void parser_line_text(char text[static LINE_TEXT_SIZE], const struct parser *parser,
                      struct line_in_rules at);
struct line_in_rules parser_line(const struct parser *parser, const struct token *token);

/* For whatever may stand only once: bytes are noted one after another, and become a name that no
 * other bytes have. */
void parser_note(struct parser *parser, const void *bytes, size_t size);
void parser_fingerprint(struct parser *parser, char name[static NAME_SIZE]);

bool token_number(const struct token *token, uint64_t *out);
/* Whether the token is a word of the language itself, which names nothing. */
bool token_is_keyword(const struct token *token);
/* "easter", "easter+1", "easter-46". */
bool token_is_easter(const struct token *token, int16_t *offset_days);

/* ---- statements and their parts; each is taken from behind its first word ---- */

/* condition.c: takes a condition and appends its steps, at least one. */
MUST_USE bool parse_condition(struct parser *parser);
/* Takes SOURCE.KIND[.SUBTYPE]. */
MUST_USE bool parse_status_kind(struct parser *parser, uint16_t *status_kind, uint8_t *subtype);

/* rulesets.c: what is sold, where, and who pays. */
MUST_USE bool parse_place(struct parser *parser);
MUST_USE bool parse_place_set(struct parser *parser);
MUST_USE bool parse_product(struct parser *parser);
MUST_USE bool parse_product_set(struct parser *parser);
MUST_USE bool parse_split(struct parser *parser);
/* Its index in parser->set_products; names and numbers are the caller's to define. */
uint32_t parser_add_product(struct parser *parser, const struct product *product);
/* Takes PRODUCT[, PRODUCT ...], sets too, and appends what they stand for, each once, to the list:
 * indexes in rules->products. */
MUST_USE bool parse_products(struct parser *parser, uint32_t **list, uint32_t *count, size_t *room);
/* Takes PLACE[, PLACE ...], sets too: what they stand for, each once. */
MUST_USE bool parse_places(struct parser *parser, struct place_prefix out[RULE_LIST_SIZE_MAX],
                           uint32_t *count);

/* ruletime.c: days. */
MUST_USE bool parse_calendar(struct parser *parser);
MUST_USE bool parse_extension(struct parser *parser);
/* ITEM[, ITEM ...] [except ITEM ...] of a clause: a calendar's index. */
MUST_USE bool parse_days(struct parser *parser, uint32_t *calendar);
/* HH:MM-HH:MM[, HH:MM-HH:MM ...]. */
MUST_USE bool parse_clocks(struct parser *parser, struct clause *terms);
bool token_is_clock(const struct token *token);

/* rulerelief.c: reliefs, their versions and the lines under them, clauses aside. */
MUST_USE bool parse_relief(struct parser *parser);
/* A line under a relief; `is_one` is false, and nothing taken, when it is none. */
MUST_USE bool parse_relief_line(struct parser *parser, bool *is_one);
#define RELIEF_LINE_COUNT 9
size_t relief_line_words(const char *words[static RELIEF_LINE_COUNT]);
/* At the end of the lines under a relief, if there is one. */
MUST_USE bool close_relief(struct parser *parser);
void parser_add_version(struct parser *parser, const struct rule_version *version,
                        const struct version_note *note);
void parser_add_relief(struct parser *parser, const struct rule_relief *relief);

/* ruleclause.c: takes a clause up to the end of its line. */
MUST_USE bool parse_clause(struct parser *parser);
/* The terms of a clause that has no condition, the so manieth of its version. */
void clause_terms_begin(struct clause *terms, uint32_t number);
void parser_add_clause(struct parser *parser, const struct rule_clause *clause,
                       const struct token *token);

/* rulefinish.c: once all files are read. Versions are put in order, groups of what was known are
 * added, and what can only be seen from all of them is checked. */
MUST_USE bool finish_rules(struct parser *parser);

#endif
