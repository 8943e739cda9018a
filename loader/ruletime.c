#include "loader/parser.h"

#include "loader/memory.h"
#include "protocol/nearest.h"

#include <stdio.h>
#include <string.h>

#define LEAP_YEAR         2000 /* days of a year are looked up in it: it has all of them */
#define MONTH_DAY_LENGTH  5    /* "11-18" */
#define CLOCK_LENGTH      5    /* "09:30" */
#define CLOCK_SPAN_LENGTH (2 * CLOCK_LENGTH + 1)
#define MINUTE_COUNT_DAY  (24 * 60)
#define HOLIDAYS          "holidays" /* the calendar that "workdays" goes by */

static const char *const item_words[] = {
    "monday", "tuesday", "wednesday", "thursday", "friday",   "saturday", "sunday",   "first",
    "second", "third",   "fourth",    "last",     "weekdays", "weekends", "workdays", "easter"};

/* ---- calendars and their items ---- */

static bool add_item(struct parser *parser, const struct calendar_item *item,
                     const struct token *token)
{
    struct rules *rules = parser->rules;
    if (rules->item_count == CALENDAR_ITEM_COUNT_MAX)
        return parser_too_many(parser, token, CALENDAR_ITEM_COUNT_MAX, "days in all calendars",
                               "CALENDAR_ITEM_COUNT_MAX");
    rules->items = memory_room(rules->items, &parser->item_room, rules->item_count + (size_t)1,
                               sizeof(rules->items[0]));
    rules->items[rules->item_count++] = *item;
    return true;
}

/* Everything from `first_item` on is the calendar's. */
static bool add_calendar(struct parser *parser, const char *name, uint32_t first_item,
                         const struct token *token)
{
    struct rules *rules = parser->rules;
    if (rules->calendar_count == CALENDAR_COUNT_MAX)
        return parser_too_many(parser, token, CALENDAR_COUNT_MAX, "calendars",
                               "CALENDAR_COUNT_MAX");
    rules->calendars = memory_room(rules->calendars, &parser->calendar_room,
                                   rules->calendar_count + (size_t)1, sizeof(rules->calendars[0]));
    struct rule_calendar *calendar = &rules->calendars[rules->calendar_count++];
    *calendar = (struct rule_calendar){.first_item = first_item,
                                       .item_count = rules->item_count - first_item,
                                       .at = parser_line(parser, token)};
    snprintf(calendar->name, sizeof(calendar->name), "%s", name);
    return true;
}

/* "11-18" -> month and day of some year. */
static bool month_day_of_text(uint8_t *month, uint8_t *day, const char *text)
{
    struct token month_token = {.kind = TOKEN_WORD, .text = text, .size = 2};
    struct token day_token = {.kind = TOKEN_WORD, .text = text + 3, .size = 2};
    uint64_t m, d;
    if (text[2] != '-' || !token_number(&month_token, &m) || !token_number(&day_token, &d) ||
        !date_is_valid((struct date){LEAP_YEAR, (uint32_t)m, (uint32_t)d}))
        return false;
    *month = (uint8_t)m;
    *day = (uint8_t)d;
    return true;
}

/* MM-DD [or monday] | MM-DD..MM-DD; false without a fault when it is neither. */
static bool take_yearly(struct parser *parser, struct calendar_item *item)
{
    const struct token *token = &parser->token;
    bool is_span = token->size == 2 * MONTH_DAY_LENGTH + 2;
    if ((!is_span && token->size != MONTH_DAY_LENGTH) ||
        !month_day_of_text(&item->month, &item->day, token->text))
        return false;
    if (is_span && (memcmp(token->text + MONTH_DAY_LENGTH, "..", 2) != 0 ||
                    !month_day_of_text(&item->last_month, &item->last_day,
                                       token->text + MONTH_DAY_LENGTH + 2)))
        return false;
    item->kind = is_span ? CALENDAR_YEARLY_SPAN : CALENDAR_YEARLY;
    parser_advance(parser);
    return true;
}

static bool read_dates(struct parser *parser, struct calendar_item *item)
{
    static const char wanted[] = "a day (11-18, 2026-11-18) or days (06-01..08-31, "
                                 "2026-06-01..2026-08-31)";
    if (take_yearly(parser, item)) {
        if (item->kind != CALENDAR_YEARLY || !parser_takes(parser, "or"))
            return true;
        item->or_monday = true;
        return parser_take_word(parser, "monday");
    }
    const struct token *token = &parser->token;
    item->kind = CALENDAR_ONCE;
    if (token->size > 2 * MONTH_DAY_LENGTH + 2)
        return parser_take_days(parser, &item->from_day, &item->until_day);
    int32_t day;
    if (!day_of_text(&day, token->text, token->size) || day < 0)
        return parser_wanted(parser, wanted);
    item->from_day = (uint32_t)day;
    item->until_day = item->from_day + 1;
    parser_advance(parser);
    return true;
}

/* "05"; whoever writes "may" is told. */
static bool take_month(struct parser *parser, uint8_t *month)
{
    static const char *const names[] = {"january",   "february", "march",    "april",
                                        "may",       "june",     "july",     "august",
                                        "september", "october",  "november", "december"};
    const struct token *token = &parser->token;
    uint64_t number;
    if (token->size == 2 && token_number(token, &number) && number >= 1 && number <= 12) {
        *month = (uint8_t)number;
        parser_advance(parser);
        return true;
    }
    char word[WORD_SIZE], quote[QUOTE_SIZE];
    snprintf(word, sizeof(word), "%.*s", (int)token->size, token->text);
    const char *nearest =
        token->kind == TOKEN_WORD ? nearest_word(word, names, COUNT_OF(names)) : NULL;
    for (uint32_t i = 0; nearest != NULL && i < COUNT_OF(names); i++) {
        token_quote(quote, token);
        if (nearest == names[i])
            return parser_fault(parser, token,
                                "wanted a month, 01 to 12, found %s; did you mean %02u?", quote,
                                i + 1);
    }
    return parser_wanted(parser, "a month, 01 to 12");
}

/* second sunday of 05 */
static bool read_nth_weekday(struct parser *parser, struct calendar_item *item, size_t ordinal)
{
    size_t weekday;
    parser_advance(parser);
    item->kind = CALENDAR_NTH_WEEKDAY;
    item->nth = (uint8_t)(ordinal + 1);
    if (!parser_take_choice(parser, &weekday, weekday_words, WEEKDAY_COUNT))
        return false;
    item->weekday = (uint8_t)weekday;
    return parser_take_word(parser, "of") && take_month(parser, &item->month);
}

/* Weekdays without those of the calendar "holidays": a calendar of its own, made when it is wanted
 * first, since taking holidays away inside another list would take away what that list has said. */
static bool read_workdays(struct parser *parser, struct calendar_item *item)
{
    struct token token = parser->token;
    const struct symbol *holidays =
        symbols_find(&parser->symbols, SYMBOL_CALENDAR, HOLIDAYS, strlen(HOLIDAYS));
    if (holidays == NULL)
        return parser_fault(parser, &token,
                            "workdays are weekdays without the calendar \"" HOLIDAYS
                            "\", which is not defined above");
    *item = (struct calendar_item){.kind = CALENDAR_OTHER, .is_excluded = item->is_excluded};
    parser_advance(parser);
    item->calendar = (uint16_t)parser->workdays;
    return true;
}

/* What is not a date: weekdays and names. */
static bool read_named_days(struct parser *parser, struct calendar_item *item)
{
    static const char wanted[] = "a day, a weekday or a calendar";
    size_t weekday = parser_choice(parser, weekday_words, WEEKDAY_COUNT);
    size_t ordinal = parser_choice(parser, ordinal_words, ORDINAL_COUNT);
    if (ordinal < ORDINAL_COUNT)
        return read_nth_weekday(parser, item, ordinal);
    if (parser_is_at(parser, WORKDAYS))
        return read_workdays(parser, item);

    item->kind = CALENDAR_WEEKDAYS;
    if (weekday < WEEKDAY_COUNT)
        item->weekday_mask = (uint8_t)(1u << weekday);
    else if (parser_is_at(parser, "weekdays"))
        item->weekday_mask = MASK_WEEKDAYS;
    else if (parser_is_at(parser, "weekends"))
        item->weekday_mask = MASK_WEEKENDS;
    else if (token_is_easter(&parser->token, &item->offset_days))
        item->kind = CALENDAR_EASTER;
    else {
        const struct token *token = &parser->token;
        const struct symbol *other =
            token->kind == TOKEN_WORD
                ? symbols_find(&parser->symbols, SYMBOL_CALENDAR, token->text, token->size)
                : NULL;
        if (other == NULL)
            return parser_wanted_symbol(parser, SYMBOL_CALENDAR, wanted, item_words,
                                        COUNT_OF(item_words));
        item->kind = CALENDAR_OTHER;
        item->calendar = (uint16_t)other->value;
    }
    parser_advance(parser);
    return true;
}

/* ITEM [in PLACE]: of a set of places an item for each. */
static bool read_item(struct parser *parser, bool is_excluded)
{
    struct token token = parser->token;
    struct calendar_item item = {.is_excluded = is_excluded};
    bool is_date = token.kind == TOKEN_WORD && *token.text >= '0' && *token.text <= '9';
    if (is_date ? !read_dates(parser, &item) : !read_named_days(parser, &item))
        return false;
    if (!parser_takes(parser, "in"))
        return add_item(parser, &item, &token);
    struct run places;
    if (!parser_take_places(parser, &places))
        return false;
    item.has_place = true;
    for (uint32_t i = 0; i < places.count; i++) {
        item.place = parser->set_places[places.first + i];
        if (!add_item(parser, &item, &token))
            return false;
    }
    return true;
}

static bool read_items(struct parser *parser, bool is_excluded)
{
    do {
        if (!read_item(parser, is_excluded))
            return false;
    } while (parser_takes(parser, ","));
    return true;
}

static bool read_days(struct parser *parser)
{
    return read_items(parser, false) &&
           (!parser_takes(parser, "except") || read_items(parser, true));
}

/* What "workdays" means, as soon as holidays are known. */
static bool define_workdays(struct parser *parser, const struct token *token)
{
    struct rules *rules = parser->rules;
    struct calendar_item all = {.kind = CALENDAR_WEEKDAYS, .weekday_mask = MASK_WEEKDAYS};
    struct calendar_item holidays = {.kind = CALENDAR_OTHER,
                                     .is_excluded = true,
                                     .calendar = (uint16_t)(rules->calendar_count - 1)};
    parser->workdays = rules->calendar_count;
    uint32_t first_item = rules->item_count;
    return add_item(parser, &all, token) && add_item(parser, &holidays, token) &&
           add_calendar(parser, WORKDAYS, first_item, token);
}

/* calendar holidays = 01-01, easter-2, easter, 11-18 or monday */
bool parse_calendar(struct parser *parser)
{
    struct rules *rules = parser->rules;
    struct token token = parser->token;
    struct symbol symbol;
    uint32_t first_item = rules->item_count;
    if (!parser_take_name(parser, &symbol, SYMBOL_CALENDAR, "a name for the calendar") ||
        !parser_take_word(parser, "=") || !read_days(parser) ||
        !add_calendar(parser, symbol.name, first_item, &token))
        return false;
    symbol.value = rules->calendar_count - 1; /* only now: a calendar does not speak of itself */
    if (!parser_define(parser, &symbol, &token, "the calendar") ||
        (strcmp(symbol.name, HOLIDAYS) == 0 && !define_workdays(parser, &token)))
        return false;
    return parser_take_line_end(parser, "a comma and another day, in, except or the end of the "
                                        "line");
}

/* The words from `token` to the one that is next now, as a name. */
static void fingerprint_of_words(char name[static NAME_SIZE], struct parser *parser,
                                 struct lexer lexer, struct token token)
{
    for (; token.text < parser->token.text; token = lexer_next(&lexer)) {
        parser_note(parser, token.text, token.size);
        parser_note(parser, " ", 1);
    }
    parser_fingerprint(parser, name);
}

bool parse_days(struct parser *parser, uint32_t *calendar)
{
    struct rules *rules = parser->rules;
    struct lexer begin = parser->lexer;
    struct token token = parser->token;
    uint32_t first_item = rules->item_count;
    if (!read_days(parser))
        return false;

    /* One name alone is that calendar; the same words are the same calendar. */
    const struct calendar_item *first = &rules->items[first_item];
    struct symbol words = {.sort = SYMBOL_DAYS, .file = parser->file, .line = token.line};
    fingerprint_of_words(words.name, parser, begin, token);
    const struct symbol *same =
        symbols_find(&parser->symbols, SYMBOL_DAYS, words.name, strlen(words.name));
    bool is_alone =
        rules->item_count == first_item + 1 && first->kind == CALENDAR_OTHER && !first->has_place;
    if (is_alone || same != NULL) {
        *calendar = is_alone ? first->calendar : same->value;
        rules->item_count = first_item;
        return true;
    }
    if (!add_calendar(parser, "", first_item, &token))
        return false;
    *calendar = words.value = rules->calendar_count - 1;
    symbols_add(&parser->symbols, &words);
    return true;
}

/* ---- the wall clock ---- */

bool token_is_clock(const struct token *token)
{
    return token->kind == TOKEN_WORD && *token->text >= '0' && *token->text <= '9' &&
           memchr(token->text, ':', token->size) != NULL;
}

/* "09:30"; 24:00 is the end of the day. */
static bool minute_of_text(uint16_t *minute, const char *text)
{
    struct token hour_token = {.kind = TOKEN_WORD, .text = text, .size = 2};
    struct token minute_token = {.kind = TOKEN_WORD, .text = text + 3, .size = 2};
    uint64_t h, m;
    if (text[2] != ':' || !token_number(&hour_token, &h) || !token_number(&minute_token, &m) ||
        m > 59 || h * 60 + m > MINUTE_COUNT_DAY)
        return false;
    *minute = (uint16_t)(h * 60 + m);
    return true;
}

static bool take_clock(struct parser *parser, struct clause *terms)
{
    struct token token = parser->token;
    struct clock_span span;
    if (token.size != CLOCK_SPAN_LENGTH || token.text[CLOCK_LENGTH] != '-' ||
        !minute_of_text(&span.from_min, token.text) ||
        !minute_of_text(&span.until_min, token.text + CLOCK_LENGTH + 1))
        return parser_wanted(parser, "times of the day such as 09:30-15:00, 24:00 at most");
    if (span.until_min <= span.from_min)
        return parser_fault(parser, &token,
                            "%.*s ends before it begins: over midnight write two, 22:00-24:00 and "
                            "00:00-05:00",
                            (int)token.size, token.text);
    if (terms->clock_count == CLOCK_SPAN_COUNT_MAX)
        return parser_too_many(parser, &token, CLOCK_SPAN_COUNT_MAX, "times in a clause",
                               "CLOCK_SPAN_COUNT_MAX");
    if (terms->clock_count > 0 && span.from_min <= terms->clocks[terms->clock_count - 1].until_min)
        return parser_fault(parser, &token, "%.*s does not begin after the time before it ends",
                            (int)token.size, token.text);
    terms->clocks[terms->clock_count++] = span;
    parser_advance(parser);
    return true;
}

bool parse_clocks(struct parser *parser, struct clause *terms)
{
    do {
        if (parser->token.kind != TOKEN_WORD)
            return parser_wanted(parser, "times of the day such as 09:30-15:00, 24:00 at most");
        if (!take_clock(parser, terms))
            return false;
    } while (parser_takes(parser, ","));
    return true;
}

/* ---- statuses that hold longer ---- */

static bool take_target(struct parser *parser, struct extension_target targets[], uint8_t *count)
{
    struct token token = parser->token;
    if (*count == EXTENSION_TARGET_MAX)
        return parser_too_many(parser, &token, EXTENSION_TARGET_MAX, "kinds of status in a list",
                               "EXTENSION_TARGET_MAX");
    struct extension_target target;
    if (!parse_status_kind(parser, &target.status_kind, &target.subtype))
        return false;
    for (uint8_t i = 0; i < *count; i++) {
        if (targets[i].status_kind == target.status_kind && targets[i].subtype == target.subtype)
            return parser_stands_already(parser, &token, "list");
    }
    targets[(*count)++] = target;
    return true;
}

static bool read_targets(struct parser *parser, struct extension *extension)
{
    do {
        if (!take_target(parser, extension->targets, &extension->target_count))
            return false;
    } while (parser_takes(parser, ","));
    if (!parser_takes(parser, "except"))
        return parser_is_at(parser, "ending") ||
               parser_wanted(parser, "a comma and another status, except or ending");
    do {
        if (!take_target(parser, extension->exceptions, &extension->exception_count))
            return false;
    } while (parser_takes(parser, ","));
    return true;
}

/* extend covid = VDEAVK.disability ending 2020-03-12..2020-06-09 until 2020-07-10 */
bool parse_extension(struct parser *parser)
{
    struct rules *rules = parser->rules;
    struct token token = parser->token;
    struct symbol symbol;
    struct extension extension = {.at = parser_line(parser, &token)};
    if (!parser_take_name(parser, &symbol, SYMBOL_EXTENSION, "a name for the extension") ||
        !parser_take_word(parser, "=") || !read_targets(parser, &extension) ||
        !parser_take_word(parser, "ending") ||
        !parser_take_days(parser, &extension.ended_from, &extension.ended_until) ||
        !parser_take_word(parser, "until"))
        return false;
    struct token until = parser->token;
    if (!parser_take_day(parser, &extension.until_day))
        return false;
    if (extension.until_day < extension.ended_until)
        return parser_fault(parser, &until, "until %.*s is not after the last of the days before",
                            (int)until.size, until.text);
    if (rules->extension_count == EXTENSION_COUNT_MAX)
        return parser_too_many(parser, &token, EXTENSION_COUNT_MAX, "extensions",
                               "EXTENSION_COUNT_MAX");
    memcpy(extension.name, symbol.name, sizeof(extension.name));
    rules->extensions[rules->extension_count++] = extension;
    return parser_define(parser, &symbol, &token, "the extension") &&
           parser_take_line_end(parser, "the end of the line");
}
