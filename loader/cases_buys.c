#include "loader/cases_reader.h"
#include "loader/memory.h"

#include <string.h>

#define NOON_MIN (12 * 60)

static const struct {
    enum status status;
    const char *name;
} answers[] = {
    {STATUS_DOES_NOT_APPLY, "nothing"},
    {STATUS_NO_DATA, "no-data"},
    {STATUS_NO_CONTRACT, "no-contract"},
    {STATUS_UNKNOWN_PRODUCT, "unknown-product"},
    {STATUS_UNKNOWN_POINT_OF_SALE, "unknown-point"},
    {STATUS_OUTSIDE_WINDOW, "outside-window"},
};
#define ANSWER_COUNT (sizeof(answers) / sizeof(answers[0]))

const char *cases_answer_name(enum status status)
{
    for (size_t i = 0; i < ANSWER_COUNT; i++) {
        if (answers[i].status == status)
            return answers[i].name;
    }
    return NULL;
}

/* EUR, within `most`. */
static bool take_amount(struct reader *reader, uint64_t *amount, uint64_t most)
{
    return parser_take_amount(&reader->parser, amount, 0, most,
                              "an amount in EUR with up to four decimals, such as 1.50");
}

/* ---- buys ---- */

/* [N] PRODUCT: a product that the rules have, or the number of any. */
static bool take_goods(struct reader *reader, struct purchase *purchase)
{
    struct parser *parser = &reader->parser;
    struct token token = parser->token;
    uint64_t number;
    purchase->quantity = 1;
    if (token_number(&token, &number)) {
        struct lexer ahead = parser->lexer; /* "buys 1001 at" is a product, "buys 2 x at" is not */
        struct token next = lexer_next(&ahead);
        if (!token_is(&next, "at")) {
            if (!parser_take_number(parser, &number, 1, QUANTITY_MAX, "a quantity, 1 to 10000"))
                return false;
            purchase->quantity = (uint16_t)number;
        }
    }
    if (token_number(&parser->token, &number)) {
        purchase->product = (uint32_t)number;
        return parser_take_number(parser, &number, 1, UINT32_MAX,
                                  "a product, or its number, 1 to 4294967295");
    }
    const struct symbol *product;
    if (!parser_take_symbol(parser, &product, SYMBOL_PRODUCT, "a product"))
        return false;
    purchase->product = product->value;
    return true;
}

static bool two_digits(uint32_t *value, const char *text, uint32_t most)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return false;
    *value = (uint32_t)(text[0] - '0') * 10 + (uint32_t)(text[1] - '0');
    return *value <= most;
}

/* on DAY [HH:MM], by the clock in Riga */
static bool take_time(struct reader *reader, struct case_purchase *buys)
{
    struct parser *parser = &reader->parser;
    struct token token = parser->token;
    uint32_t hour, minute, minutes = NOON_MIN;
    if (!cases_take_day_from(reader, &buys->day, 1))
        return false;
    if (parser->token.kind == TOKEN_WORD && memchr(parser->token.text, ':', parser->token.size)) {
        token = parser->token;
        if (token.size != 5 || token.text[2] != ':' || !two_digits(&hour, token.text, 23) ||
            !two_digits(&minute, token.text + 3, 59))
            return parser_wanted(parser, "a time of the day such as 09:30");
        minutes = hour * 60 + minute;
        parser_advance(parser);
    }
    return time_of_riga_clock(&buys->purchase.service_time_s, buys->day, minutes * 60) ||
           parser_fault(parser, &token, "the clocks in Riga leave this time out on that day");
}

static bool take_means(struct reader *reader, uint8_t *means)
{
    const char *names[MEANS_WORD_COUNT];
    size_t choice;
    parser_means_words(names);
    if (!parser_take_choice(&reader->parser, &choice, names, MEANS_WORD_COUNT))
        return false;
    *means = (uint8_t)(choice + 1);
    return true;
}

static bool take_entry(struct reader *reader, uint8_t *entry)
{
    const char *names[ENTRY_WORD_COUNT];
    size_t choice;
    parser_entry_words(names);
    if (!parser_take_choice(&reader->parser, &choice, names, ENTRY_WORD_COUNT))
        return false;
    *entry = (uint8_t)choice;
    return true;
}

/* [companions N] [by MEANS] [read HOW] */
static bool take_circumstances(struct reader *reader, struct purchase *purchase)
{
    struct parser *parser = &reader->parser;
    uint64_t number = 0;
    if (parser_takes(parser, "companions") &&
        !parser_take_number(parser, &number, 0, COMPANIONS_MAX, "how many companions, 0 to 255"))
        return false;
    purchase->companions = (uint8_t)number;
    purchase->means = MEANS_PERSONAL_CODE;
    if (parser_takes(parser, "by") && !take_means(reader, &purchase->means))
        return false;
    purchase->entry = ENTRY_UNSTATED;
    return !parser_takes(parser, "read") || take_entry(reader, &purchase->entry);
}

/* buys [N] PRODUCT at PRICE [point N] on DAY [HH:MM] [companions N] [by MEANS] [read HOW] */
bool cases_read_buys(struct reader *reader)
{
    struct parser *parser = &reader->parser;
    struct cases *cases = reader->cases;
    struct token token = parser->token;
    struct case_purchase buys = {.person = cases->person_count - 1, .line = token.line};
    uint64_t number = 0;
    parser_advance(parser);
    if (!take_goods(reader, &buys.purchase) || !parser_take_word(parser, "at") ||
        !take_amount(reader, &number, UINT32_MAX))
        return false;
    buys.purchase.unit_price = (uint32_t)number;
    number = 0;
    if (parser_takes(parser, "point") &&
        !parser_take_number(parser, &number, 1, UINT32_MAX, "the number of a point of sale"))
        return false;
    buys.purchase.point_of_sale = (uint32_t)number;
    if (!parser_takes(parser, "on"))
        return parser_wanted(parser, number == 0 ? "point or on and a day" : "on and a day");
    if (!take_time(reader, &buys) || !take_circumstances(reader, &buys.purchase))
        return false;
    if (cases->purchase_count == CASE_PURCHASE_MAX)
        return parser_too_many(&reader->parser, &token, CASE_PURCHASE_MAX, "purchases in all cases",
                               "CASE_PURCHASE_MAX");
    cases->purchases = memory_room(cases->purchases, &cases->purchase_room,
                                   cases->purchase_count + (size_t)1, sizeof(buys));
    cases->purchases[cases->purchase_count++] = buys;
    reader->stage = STAGE_EXPECT;
    return parser_take_line_end(parser, "a time, companions, by, read or the end of the line");
}

/* ---- expect ---- */

static bool wanted_answer(const struct reader *reader)
{
    const char *names[ANSWER_COUNT];
    for (size_t i = 0; i < ANSWER_COUNT; i++)
        names[i] = answers[i].name;
    return parser_wanted_symbol(&reader->parser, SYMBOL_RELIEF,
                                "a relief, nothing, no-data, no-contract, unknown-product, "
                                "unknown-point or outside-window",
                                names, ANSWER_COUNT);
}

/* RELIEF [+ RELIEF ...] takes X pays Y */
static bool take_reliefs(struct reader *reader, struct case_purchase *buys)
{
    struct parser *parser = &reader->parser;
    do {
        struct token token = parser->token;
        const struct symbol *relief;
        if (buys->relief_count == VERDICT_PART_COUNT_MAX)
            return parser_too_many(&reader->parser, &token, VERDICT_PART_COUNT_MAX,
                                   "reliefs together", "VERDICT_PART_COUNT_MAX");
        if (!parser_take_symbol(parser, &relief, SYMBOL_RELIEF, "a relief"))
            return false;
        buys->reliefs[buys->relief_count++] = (uint16_t)relief->value;
    } while (parser_takes(parser, "+"));
    if (!parser_takes(parser, "takes"))
        return parser_wanted(parser, "+ and another relief, or takes and an amount");
    if (!take_amount(reader, &buys->relief_amount, AMOUNT_MAX))
        return false;
    return parser_is_at(parser, "pays") || parser_wanted(parser, "pays and an amount");
}

static bool take_answer(struct reader *reader, struct case_purchase *buys)
{
    struct parser *parser = &reader->parser;
    for (size_t i = 0; i < ANSWER_COUNT; i++) {
        if (!parser_takes(parser, answers[i].name))
            continue;
        buys->status = answers[i].status;
        return true;
    }
    const struct token *token = &parser->token;
    if (token->kind != TOKEN_WORD ||
        symbols_find(&parser->symbols, SYMBOL_RELIEF, token->text, token->size) == NULL)
        return wanted_answer(reader);
    buys->status = STATUS_APPLIES;
    return take_reliefs(reader, buys);
}

/* expect RELIEF [+ RELIEF ...] takes X pays Y [split N], expect nothing [pays Y] ... */
bool cases_read_expect(struct reader *reader)
{
    struct parser *parser = &reader->parser;
    struct case_purchase *buys = &reader->cases->purchases[reader->cases->purchase_count - 1];
    parser_advance(parser);
    if (!take_answer(reader, buys))
        return false;
    if (parser_takes(parser, "pays")) {
        buys->has_payable = true;
        if (!take_amount(reader, &buys->payable, AMOUNT_MAX))
            return false;
    }
    if (buys->status == STATUS_APPLIES && parser_takes(parser, "split")) {
        uint64_t split;
        if (!parser_take_number(parser, &split, 0, SPLIT_SEVERAL,
                                "a funding-split code, 0 to 65535"))
            return false;
        buys->has_split = true;
        buys->split = (uint16_t)split;
    }
    reader->stage = STAGE_BOUGHT;
    return parser_take_line_end(parser, buys->status == STATUS_APPLIES
                                            ? "split or the end of the line"
                                            : "pays or the end of the line");
}
