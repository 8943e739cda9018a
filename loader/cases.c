#include "loader/cases.h"

#include "loader/memory.h"
#include "loader/parser.h"
#include "loader/text.h"
#include "protocol/money.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NOON_MIN         (12 * 60)
#define ATVK_DIGIT_COUNT 7
#define COMPANIONS_MAX   UINT8_MAX
#define SPLIT_CODE_MAX   (SPLIT_SEVERAL - 1)

/* What may come next in a case. */
enum stage {
    STAGE_OUTSIDE, /* no case yet */
    STAGE_PERSON,  /* a case without its person */
    STAGE_FACTS,   /* what is known of the person, then what is bought */
    STAGE_EXPECT,  /* what was bought, without what is expected */
    STAGE_BOUGHT,  /* something more that is bought, or the next case */
};

struct reader {
    struct parser parser; /* its symbols are those of the rules */
    struct cases *cases;
    const struct rules *rules;
    enum stage stage;
    struct token case_token;
};

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

static struct case_person *person_of(const struct reader *reader)
{
    return &reader->cases->persons[reader->cases->person_count - 1];
}

static bool too_many(const struct reader *reader, const struct token *token, int most,
                     const char *what, const char *limit)
{
    return token_fault(&reader->parser.lexer, token, reader->parser.fault, "more than %d %s (%s)",
                       most, what, limit);
}

/* ---- words that several lines have ---- */

/* from DAY, until DAY, on DAY: the day itself. */
static bool take_day(struct reader *reader, int32_t *day)
{
    struct parser *parser = &reader->parser;
    if (parser->token.kind != TOKEN_WORD ||
        !day_of_text(day, parser->token.text, parser->token.size))
        return parser_wanted(parser, "a day such as 2026-01-31");
    parser_advance(parser);
    return true;
}

/* A day from `least` on. */
static bool take_day_from(struct reader *reader, uint32_t *day, int32_t least)
{
    struct token token = reader->parser.token;
    int32_t number;
    char text[DAY_TEXT_SIZE];
    if (!take_day(reader, &number))
        return false;
    day_to_text(text, least);
    if (number < least)
        return token_fault(&reader->parser.lexer, &token, reader->parser.fault,
                           "wanted a day from %s on, found \"%.*s\"", text, (int)token.size,
                           token.text);
    *day = (uint32_t)number;
    return true;
}

/* A name of a place, or digits of an ATVK code: the code of the place itself. */
static bool take_place(struct reader *reader, uint32_t *place)
{
    struct parser *parser = &reader->parser;
    struct place_prefix prefix;
    if (parser->token.kind == TOKEN_WORD &&
        place_prefix_of_text(&prefix, parser->token.text, parser->token.size)) {
        parser_advance(parser);
    } else {
        const struct symbol *symbol;
        if (!parser_take_symbol(parser, &symbol, SYMBOL_PLACE,
                                "a place, or 1 to 7 digits of an ATVK code"))
            return false;
        prefix = reader->rules->named_places[symbol->value].place;
    }
    *place = prefix.value;
    for (uint8_t i = prefix.digit_count; i < ATVK_DIGIT_COUNT; i++)
        *place *= 10;
    return true;
}

/* EUR, within `most`. */
static bool take_amount(struct reader *reader, uint64_t *amount, uint64_t most)
{
    const struct token *token = &reader->parser.token;
    if (token->kind != TOKEN_WORD || !money_of_text(amount, token->text, token->size, most))
        return parser_wanted(&reader->parser,
                             "an amount in EUR with up to four decimals, such as 1.50");
    parser_advance(&reader->parser);
    return true;
}

/* ---- case, person ---- */

static bool title_is_good(const char *title, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if ((uint8_t)title[i] < ' ' || title[i] == 0x7f)
            return false;
    }
    return text_is_utf8(title, size);
}

/* "a title": the lexer knows no such thing, so it is told where to go on. */
static bool take_title(struct reader *reader, char title[static CASE_TITLE_SIZE])
{
    struct parser *parser = &reader->parser;
    struct token token = parser->token;
    if (token.kind != TOKEN_STRAY || *token.text != '"')
        return parser_wanted(parser, "a title in quotation marks");
    const char *text = token.text + 1;
    const char *line_end = memchr(text, '\n', (size_t)(parser->lexer.end - text));
    if (line_end == NULL)
        line_end = parser->lexer.end;
    const char *end = memchr(text, '"', (size_t)(line_end - text));
    if (end == NULL)
        return token_fault(&parser->lexer, &token, parser->fault,
                           "wanted a quotation mark after the title, found the end of the line");
    size_t size = (size_t)(end - text);
    if (size == 0 || size >= CASE_TITLE_SIZE)
        return token_fault(&parser->lexer, &token, parser->fault,
                           "wanted a title of 1 to %d bytes, found one of %zu", CASE_TITLE_SIZE - 1,
                           size);
    if (!title_is_good(text, size))
        return token_fault(&parser->lexer, &token, parser->fault,
                           "wanted a title of printable characters in UTF-8");
    memcpy(title, text, size);
    parser->lexer.next = end + 1;
    parser_advance(parser);
    /* Columns count characters, and those of the title may have several bytes: point in front. */
    return token_ends_line(&parser->token) ||
           token_fault(&parser->lexer, &token, parser->fault,
                       "wanted the end of the line after the title");
}

/* A case says who, what is bought, and what is expected of it. */
static bool close_case(const struct reader *reader)
{
    const struct parser *parser = &reader->parser;
    switch (reader->stage) {
    case STAGE_OUTSIDE:
    case STAGE_BOUGHT:
        return true;
    case STAGE_PERSON:
        return token_fault(&parser->lexer, &reader->case_token, parser->fault,
                           "the case has no person: want \"person born DAY\" or "
                           "\"person nobody\" under it");
    case STAGE_FACTS:
        return token_fault(&parser->lexer, &reader->case_token, parser->fault,
                           "the case buys nothing: want \"buys\" and \"expect\" under it");
    case STAGE_EXPECT:
        return token_fault(&parser->lexer, &reader->case_token, parser->fault,
                           "the case expects nothing of what is bought last: want \"expect\"");
    }
    abort(); /* not a stage: memory was overwritten */
}

/* case "a title" */
static bool read_case(struct reader *reader)
{
    struct cases *cases = reader->cases;
    struct token token = reader->parser.token;
    if (!close_case(reader))
        return false;
    parser_advance(&reader->parser);
    if (cases->person_count == CASE_COUNT_MAX)
        return too_many(reader, &token, CASE_COUNT_MAX, "cases", "CASE_COUNT_MAX");
    struct case_person person = {.file = (uint16_t)(cases->file_count - 1),
                                 .line = token.line,
                                 .death_day = DAY_NEVER,
                                 .first_status = cases->status_count,
                                 .first_known = cases->known_count};
    if (!take_title(reader, person.title))
        return false;
    cases->persons = memory_room(cases->persons, &cases->person_room,
                                 cases->person_count + (size_t)1, sizeof(person));
    cases->persons[cases->person_count++] = person;
    reader->case_token = token;
    reader->stage = STAGE_PERSON;
    return parser_take_line_end(&reader->parser, "the end of the line");
}

/* person born DAY [lives PLACE] [died DAY], person nobody */
static bool read_person(struct reader *reader)
{
    struct parser *parser = &reader->parser;
    struct case_person *person = person_of(reader);
    parser_advance(parser);
    reader->stage = STAGE_FACTS;
    if (parser_takes(parser, "nobody")) {
        person->is_nobody = true;
        return parser_take_line_end(parser, "the end of the line");
    }
    if (!parser_takes(parser, "born"))
        return parser_wanted(parser, "born and a day, or nobody");
    if (!take_day(reader, &person->birth_day))
        return false;
    if (parser_takes(parser, "lives") && !take_place(reader, &person->place))
        return false;
    struct token token = parser->token;
    if (parser_takes(parser, "died")) {
        if (!take_day_from(reader, &person->death_day, 0))
            return false;
        if ((int64_t)person->death_day < person->birth_day)
            return token_fault(&parser->lexer, &token, parser->fault, "died before being born");
    }
    return parser_take_line_end(parser, "lives, died or the end of the line");
}

/* ---- status, list, missing, known ---- */

static bool add_status(struct reader *reader, const struct token *token,
                       const struct status_fact *fact)
{
    struct cases *cases = reader->cases;
    if (cases->status_count == CASE_FACT_MAX)
        return too_many(reader, token, CASE_FACT_MAX, "statuses in all cases", "CASE_FACT_MAX");
    cases->statuses = memory_room(cases->statuses, &cases->status_room,
                                  cases->status_count + (size_t)1, sizeof(*fact));
    cases->statuses[cases->status_count++] = *fact;
    person_of(reader)->status_count++;
    return true;
}

/* status KIND[.SUBTYPE] [school PLACE] [from DAY] [until DAY] */
static bool read_status(struct reader *reader)
{
    struct parser *parser = &reader->parser;
    struct token token = parser->token;
    struct status_fact fact = {.until_day = DAY_NEVER, .line = token.line};
    parser_advance(parser);
    if (!parser_take_status(parser, &fact.kind, &fact.subtype))
        return false;
    if (fact.subtype == SUBTYPE_ANY)
        fact.subtype = SUBTYPE_NONE;
    struct token school = parser->token;
    if (parser_takes(parser, "school")) {
        const struct status_kind *kind = &parser->vocabulary->kinds[fact.kind];
        if (!kind->has_school)
            return token_fault(&parser->lexer, &school, parser->fault,
                               "the register of %s tells no schools", kind->name);
        if (!take_place(reader, &fact.school))
            return false;
    }
    return parser_take_span(parser, &fact.from_day, &fact.until_day) &&
           add_status(reader, &token, &fact) &&
           parser_take_line_end(parser, "school, from, until or the end of the line");
}

/* list NAME [from DAY] [until DAY] */
static bool read_list(struct reader *reader)
{
    struct parser *parser = &reader->parser;
    struct token token = parser->token;
    struct status_fact fact = {.until_day = DAY_NEVER, .line = token.line};
    parser_advance(parser);
    return parser_take_list(parser, &fact.kind) &&
           parser_take_span(parser, &fact.from_day, &fact.until_day) &&
           add_status(reader, &token, &fact) &&
           parser_take_line_end(parser, "from, until or the end of the line");
}

/* missing KIND: a kind of status or a list */
static bool read_missing(struct reader *reader)
{
    struct parser *parser = &reader->parser;
    parser_advance(parser);
    const char *names[KIND_COUNT_MAX];
    for (uint16_t i = 0; i < parser->vocabulary->kind_count; i++) {
        names[i] = parser->vocabulary->kinds[i].name;
        if (token_is(&parser->token, names[i])) {
            person_of(reader)->missing |= UINT64_C(1) << i;
            parser_advance(parser);
            return parser_take_line_end(parser, "the end of the line");
        }
    }
    return parser_wanted_one_of(parser, &parser->token, "a kind of status, or a giver's list",
                                names, parser->vocabulary->kind_count);
}

/* known GROUP until DAY */
static bool read_known(struct reader *reader)
{
    struct parser *parser = &reader->parser;
    struct cases *cases = reader->cases;
    struct token token = parser->token;
    struct case_known known;
    const struct symbol *group;
    parser_advance(parser);
    if (!parser_take_symbol(parser, &group, SYMBOL_GROUP, "a group"))
        return false;
    known.group = (uint16_t)group->value;
    if (!parser_take_word(parser, "until") || !take_day_from(reader, &known.until_day, 0))
        return false;
    if (cases->known_count == CASE_FACT_MAX)
        return too_many(reader, &token, CASE_FACT_MAX, "memberships known in all cases",
                        "CASE_FACT_MAX");
    cases->known = memory_room(cases->known, &cases->known_room, cases->known_count + (size_t)1,
                               sizeof(known));
    cases->known[cases->known_count++] = known;
    person_of(reader)->known_count++;
    return parser_take_line_end(parser, "the end of the line");
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
    if (!take_day_from(reader, &buys->day, 1))
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
           token_fault(&parser->lexer, &token, parser->fault,
                       "the clocks in Riga leave this time out on that day");
}

static bool take_means(struct reader *reader, uint8_t *means)
{
    static const char wanted[] = "personal-code, eid, e-talons or card";
    const char *names[MEANS_LAST];
    for (uint8_t i = 1; i <= MEANS_LAST; i++) {
        names[i - 1] = means_name(i);
        if (!parser_takes(&reader->parser, names[i - 1]))
            continue;
        *means = i;
        return true;
    }
    return parser_wanted_one_of(&reader->parser, &reader->parser.token, wanted, names, MEANS_LAST);
}

static bool take_entry(struct reader *reader, uint8_t *entry)
{
    static const char wanted[] = "chip, contactless, optical, typed or unstated";
    const char *names[ENTRY_LAST + 1];
    for (uint8_t i = 0; i <= ENTRY_LAST; i++) {
        names[i] = entry_name(i);
        if (!parser_takes(&reader->parser, names[i]))
            continue;
        *entry = i;
        return true;
    }
    return parser_wanted_one_of(&reader->parser, &reader->parser.token, wanted, names,
                                ENTRY_LAST + 1);
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
static bool read_buys(struct reader *reader)
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
        return too_many(reader, &token, CASE_PURCHASE_MAX, "purchases in all cases",
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
    const char **names = memory_take(reader->rules->relief_count + ANSWER_COUNT, sizeof(names[0]));
    size_t count = 0;
    for (size_t i = 0; i < ANSWER_COUNT; i++)
        names[count++] = answers[i].name;
    for (uint32_t i = RELIEF_TEST + 1; i < reader->rules->relief_count; i++)
        names[count++] = reader->rules->reliefs[i].name;
    parser_wanted_one_of(&reader->parser, &reader->parser.token,
                         "a relief, nothing, no-data, no-contract, unknown-product, "
                         "unknown-point or outside-window",
                         names, count);
    free(names);
    return false;
}

/* RELIEF [+ RELIEF ...] takes X pays Y */
static bool take_reliefs(struct reader *reader, struct case_purchase *buys)
{
    struct parser *parser = &reader->parser;
    do {
        struct token token = parser->token;
        const struct symbol *relief;
        if (buys->relief_count == VERDICT_PART_COUNT_MAX)
            return too_many(reader, &token, VERDICT_PART_COUNT_MAX, "reliefs together",
                            "VERDICT_PART_COUNT_MAX");
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
static bool read_expect(struct reader *reader)
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

/* ---- the file ---- */

static bool read_line(struct reader *reader)
{
    struct parser *parser = &reader->parser;
    bool has_facts = reader->stage == STAGE_FACTS;
    if (parser_is_at(parser, "case"))
        return read_case(reader);
    if (reader->stage == STAGE_PERSON && parser_is_at(parser, "person"))
        return read_person(reader);
    if (has_facts && !person_of(reader)->is_nobody) {
        if (parser_is_at(parser, "status"))
            return read_status(reader);
        if (parser_is_at(parser, "list"))
            return read_list(reader);
        if (parser_is_at(parser, "missing"))
            return read_missing(reader);
        if (parser_is_at(parser, "known"))
            return read_known(reader);
    }
    if ((has_facts || reader->stage == STAGE_BOUGHT) && parser_is_at(parser, "buys"))
        return read_buys(reader);
    if (reader->stage == STAGE_EXPECT && parser_is_at(parser, "expect"))
        return read_expect(reader);

    static const char *const words[] = {"case",    "person", "status", "list",
                                        "missing", "known",  "buys",   "expect"};
    static const char *const wanted[] = {
        [STAGE_OUTSIDE] = "case and a title",
        [STAGE_PERSON] = "person, since every case is about one",
        [STAGE_FACTS] = "status, list, missing, known or buys",
        [STAGE_EXPECT] = "expect, after what is bought",
        [STAGE_BOUGHT] = "buys or the next case",
    };
    const char *wish = has_facts && person_of(reader)->is_nobody ? "buys" : wanted[reader->stage];
    return parser_wanted_one_of(parser, &parser->token, wish, words,
                                sizeof(words) / sizeof(words[0]));
}

/* What the rules define, for whoever looks names up. */
static void add_symbol(struct parser *parser, enum symbol_sort sort, const char *name,
                       uint32_t value, bool is_reserved)
{
    struct symbol symbol = {.sort = sort, .line = !is_reserved, .value = value};
    snprintf(symbol.name, sizeof(symbol.name), "%s", name);
    symbols_add(&parser->symbols, &symbol);
}

static void add_symbols(struct parser *parser, const struct rules *rules)
{
    for (uint32_t i = 0; i < rules->product_count; i++)
        add_symbol(parser, SYMBOL_PRODUCT, rules->products[i].name, rules->products[i].number,
                   rules->products[i].number == PRODUCT_TEST);
    for (uint32_t i = 0; i < rules->named_place_count; i++)
        add_symbol(parser, SYMBOL_PLACE, rules->named_places[i].name, i, false);
    for (uint32_t i = 0; i < rules->group_count; i++)
        add_symbol(parser, SYMBOL_GROUP, rules->groups[i].name, i, i == GROUP_TEST);
    for (uint32_t i = 0; i < rules->relief_count; i++)
        add_symbol(parser, SYMBOL_RELIEF, rules->reliefs[i].name, i, i == RELIEF_TEST);
}

static bool read_lines(struct reader *reader)
{
    struct parser *parser = &reader->parser;
    while (parser->token.kind != TOKEN_TEXT_END) {
        if (parser->token.kind == TOKEN_LINE_END)
            parser_advance(parser);
        else if (!read_line(reader))
            return false;
    }
    return close_case(reader);
}

bool cases_parse(struct cases *cases, const char *text, size_t text_size, const char *where,
                 const struct rules *rules, const struct vocabulary *vocabulary,
                 struct fault *fault)
{
    if (text_size > CASES_FILE_SIZE_MAX)
        return fault_set(fault, "%s: more than %d bytes (CASES_FILE_SIZE_MAX)", where,
                         CASES_FILE_SIZE_MAX);
    if (cases->file_count == CASES_FILE_COUNT_MAX)
        return fault_set(fault, "%s: more than %d files of cases (CASES_FILE_COUNT_MAX)", where,
                         CASES_FILE_COUNT_MAX);
    struct reader *reader = memory_take_zeroed(1, sizeof(*reader));
    struct parser *parser = &reader->parser;
    char *name = memory_take(strlen(where) + 1, 1);
    memcpy(name, where, strlen(where) + 1);
    cases->files[cases->file_count++] = name;

    lexer_begin(&parser->lexer, text, text_size, name);
    parser->vocabulary = vocabulary;
    parser->fault = fault;
    add_symbols(parser, rules);
    reader->cases = cases;
    reader->rules = rules;
    parser_advance(parser);
    bool is_good = read_lines(reader);
    symbols_free(&parser->symbols);
    free(reader);
    return is_good;
}

bool cases_read(struct cases *cases, const char *path, const struct rules *rules,
                const struct vocabulary *vocabulary, struct fault *fault)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return fault_set(fault, "%s: cannot be opened: %s", path, strerror(errno));
    char *text = memory_take(CASES_FILE_SIZE_MAX + 1, 1);
    size_t text_size = fread(text, 1, CASES_FILE_SIZE_MAX + 1, file);
    bool is_good = ferror(file) == 0
                       ? cases_parse(cases, text, text_size, path, rules, vocabulary, fault)
                       : fault_set(fault, "%s: cannot be read: %s", path, strerror(errno));
    free(text);
    fclose(file);
    return is_good;
}

static int is_cases(const struct dirent *entry)
{
    static const char ending[] = ".cases";
    size_t size = strlen(entry->d_name);
    return entry->d_name[0] != '.' && size >= sizeof(ending) &&
           strcmp(entry->d_name + size - (sizeof(ending) - 1), ending) == 0;
}

static int by_name(const struct dirent **left, const struct dirent **right)
{
    return strcmp((*left)->d_name, (*right)->d_name);
}

static bool read_entry(struct cases *cases, const char *folder, const char *name,
                       const struct rules *rules, const struct vocabulary *vocabulary,
                       struct fault *fault)
{
    char *path;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return fault_set(fault, "%s: out of memory", folder);
    bool is_good = cases_read(cases, path, rules, vocabulary, fault);
    free(path);
    return is_good;
}

bool cases_read_folder(struct cases *cases, const char *path, const struct rules *rules,
                       const struct vocabulary *vocabulary, struct fault *fault)
{
    struct stat found;
    struct dirent **entries;
    if (stat(path, &found) == 0 && !S_ISDIR(found.st_mode))
        return true;
    int entry_count = scandir(path, &entries, is_cases, by_name);
    if (entry_count < 0)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    bool is_good = true;
    for (int i = 0; i < entry_count; i++) {
        is_good = is_good && read_entry(cases, path, entries[i]->d_name, rules, vocabulary, fault);
        free(entries[i]);
    }
    free(entries);
    return is_good;
}

void cases_free(struct cases *cases)
{
    for (uint32_t i = 0; i < cases->file_count; i++)
        free(cases->files[i]);
    free(cases->persons);
    free(cases->purchases);
    free(cases->statuses);
    free(cases->known);
    *cases = (struct cases){0};
}
