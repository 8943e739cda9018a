#include "loader/cases.h"

#include "loader/cases_reader.h"
#include "loader/files.h"
#include "loader/memory.h"
#include "loader/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct case_person *person_of(const struct reader *reader)
{
    return &reader->cases->persons[reader->cases->person_count - 1];
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
bool cases_take_day_from(struct reader *reader, uint32_t *day, int32_t least)
{
    struct token token = reader->parser.token;
    int32_t number = 0;
    char text[DAY_TEXT_SIZE];
    if (!take_day(reader, &number))
        return false;
    day_to_text(text, least);
    if (number < least)
        return parser_fault(&reader->parser, &token, "wanted a day from %s on, found \"%.*s\"",
                            text, (int)token.size, token.text);
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
                                "one place, or 1 to 7 digits of an ATVK code"))
            return false;
        prefix = reader->rules->named_places[symbol->value].place;
    }
    *place = prefix.value * place_prefix_count(prefix);
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
        return parser_fault(parser, &token,
                            "wanted a quotation mark after the title, found the end of the line");
    size_t size = (size_t)(end - text);
    if (size == 0 || size >= CASE_TITLE_SIZE)
        return parser_fault(parser, &token, "wanted a title of 1 to %d bytes, found one of %zu",
                            CASE_TITLE_SIZE - 1, size);
    if (!title_is_good(text, size))
        return parser_fault(parser, &token, "wanted a title of printable characters in UTF-8");
    memcpy(title, text, size);
    parser->lexer.next = end + 1;
    parser_advance(parser);
    /* Columns count characters, and those of the title may have several bytes: point in front. */
    return token_ends_line(&parser->token) ||
           parser_fault(parser, &token, "wanted the end of the line after the title");
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
        return parser_fault(parser, &reader->case_token,
                            "the case has no person: want \"person born DAY\" or "
                            "\"person nobody\" under it");
    case STAGE_FACTS:
        return parser_fault(parser, &reader->case_token,
                            "the case buys nothing: want \"buys\" and \"expect\" under it");
    case STAGE_EXPECT:
        return parser_fault(parser, &reader->case_token,
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
        return parser_too_many(&reader->parser, &token, CASE_COUNT_MAX, "cases", "CASE_COUNT_MAX");
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
        if (!cases_take_day_from(reader, &person->death_day, 0))
            return false;
        if ((int64_t)person->death_day < person->birth_day)
            return parser_fault(parser, &token, "died before being born");
    }
    return parser_take_line_end(parser, "lives, died or the end of the line");
}

/* ---- status, list, missing, known ---- */

static bool add_status(struct reader *reader, const struct token *token,
                       const struct status_fact *fact)
{
    struct cases *cases = reader->cases;
    if (cases->status_count == CASE_FACT_MAX)
        return parser_too_many(&reader->parser, token, CASE_FACT_MAX, "statuses in all cases",
                               "CASE_FACT_MAX");
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
    if (!parse_status_kind(parser, &fact.kind, &fact.subtype))
        return false;
    if (fact.subtype == SUBTYPE_ANY)
        fact.subtype = SUBTYPE_NONE;
    struct token school = parser->token;
    if (parser_takes(parser, "school")) {
        const struct status_kind *kind = &parser->vocabulary->kinds[fact.kind];
        if (!kind->has_school)
            return parser_fault(parser, &school, "the register of %s tells no schools", kind->name);
        if (!take_place(reader, &fact.school))
            return false;
    }
    return parser_take_span(parser, &fact.from_day, &fact.until_day, "until") &&
           add_status(reader, &token, &fact) &&
           parser_take_line_end(parser, "school, from, until or the end of the line");
}

/* One of the kinds of status and giver's lists, or of the lists alone. */
static bool take_kind(struct reader *reader, uint16_t *kind, bool only_lists, const char *wanted)
{
    struct parser *parser = &reader->parser;
    const struct vocabulary *vocabulary = parser->vocabulary;
    const char *names[KIND_COUNT_MAX];
    size_t count = 0;
    for (uint16_t i = 0; i < vocabulary->kind_count; i++) {
        if (only_lists && !vocabulary->kinds[i].is_list)
            continue;
        names[count++] = vocabulary->kinds[i].name;
        if (!parser_takes(parser, vocabulary->kinds[i].name))
            continue;
        *kind = i;
        return true;
    }
    return parser_wanted_one_of(parser, &parser->token, wanted, names, count);
}

/* list NAME [from DAY] [until DAY] */
static bool read_list(struct reader *reader)
{
    struct parser *parser = &reader->parser;
    struct token token = parser->token;
    struct status_fact fact = {.until_day = DAY_NEVER, .line = token.line};
    parser_advance(parser);
    return take_kind(reader, &fact.kind, true, "the name of a giver's list") &&
           parser_take_span(parser, &fact.from_day, &fact.until_day, "until") &&
           add_status(reader, &token, &fact) &&
           parser_take_line_end(parser, "from, until or the end of the line");
}

/* missing KIND: a kind of status or a list */
static bool read_missing(struct reader *reader)
{
    uint16_t kind = 0;
    parser_advance(&reader->parser);
    if (!take_kind(reader, &kind, false, "a kind of status, or a giver's list"))
        return false;
    person_of(reader)->missing |= UINT64_C(1) << kind;
    return parser_take_line_end(&reader->parser, "the end of the line");
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
    if (!parser_take_word(parser, "until") || !cases_take_day_from(reader, &known.until_day, 0))
        return false;
    if (cases->known_count == CASE_FACT_MAX)
        return parser_too_many(&reader->parser, &token, CASE_FACT_MAX,
                               "memberships known in all cases", "CASE_FACT_MAX");
    cases->known = memory_room(cases->known, &cases->known_room, cases->known_count + (size_t)1,
                               sizeof(known));
    cases->known[cases->known_count++] = known;
    person_of(reader)->known_count++;
    return parser_take_line_end(parser, "the end of the line");
}

/* ---- the file ---- */

/* A word that has its place elsewhere is not mistyped. */
static bool wanted_line(const struct reader *reader)
{
    static const char *const words[] = {"case",    "person", "status", "list",
                                        "missing", "known",  "buys",   "expect"};
    static const char *const wanted[] = {
        [STAGE_OUTSIDE] = "case and a title",
        [STAGE_PERSON] = "person, since every case is about one",
        [STAGE_FACTS] = "status, list, missing, known or buys",
        [STAGE_EXPECT] = "expect, after what is bought",
        [STAGE_BOUGHT] = "buys or the next case",
    };
    const struct parser *parser = &reader->parser;
    bool buys_only = reader->stage == STAGE_FACTS && person_of(reader)->is_nobody;
    const char *wish = buys_only ? "buys" : wanted[reader->stage];
    if (parser_choice(parser, words, COUNT_OF(words)) < COUNT_OF(words))
        return parser_wanted(parser, wish);
    return parser_wanted_one_of(parser, &parser->token, wish, words, COUNT_OF(words));
}

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
        return cases_read_buys(reader);
    if (reader->stage == STAGE_EXPECT && parser_is_at(parser, "expect"))
        return cases_read_expect(reader);

    return wanted_line(reader);
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
    for (uint32_t i = 0; i < rules->group_count; i++) {
        if (rules->groups[i].known_days == 0) /* as written */
            add_symbol(parser, SYMBOL_GROUP, rules->groups[i].name, i, i == GROUP_TEST);
    }
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
    char *name = memory_text("%s", where);
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
    char *text = NULL;
    size_t text_size;
    bool is_good = files_read_whole(&text, &text_size, path, CASES_FILE_SIZE_MAX, fault) &&
                   cases_parse(cases, text, text_size, path, rules, vocabulary, fault);
    free(text);
    return is_good;
}

bool cases_read_folder(struct cases *cases, const char *path, const struct rules *rules,
                       const struct vocabulary *vocabulary, struct fault *fault)
{
    struct stat found;
    struct files files;
    if (stat(path, &found) == 0 && !S_ISDIR(found.st_mode))
        return true;
    if (!files_list(&files, path, ".cases", fault))
        return false;
    bool is_good = true;
    for (size_t i = 0; i < files.count && is_good; i++)
        is_good = cases_read(cases, files.paths[i], rules, vocabulary, fault);
    files_free(&files);
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
