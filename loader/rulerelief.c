#include "loader/parser.h"

#include "loader/memory.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#define USE_COUNT_MAX     1000000
#define LIMIT_AMOUNT_MOST UINT64_C(9999999999999) /* 999999999.9999 EUR */
#define SPACING_COUNT_MAX 10000                   /* of minutes, hours or days */

static struct rule_version *open_version(const struct parser *parser)
{
    return &parser->rules->versions[parser->rules->version_count - 1];
}

static struct version_note *open_note(const struct parser *parser)
{
    return &parser->notes[parser->rules->version_count - 1];
}

/* ---- reliefs and versions ---- */

/* What a merchant sees instead of the name, which may tell why somebody is entitled. */
static uint32_t relief_code(const char *name)
{
    return code_of_hash(XXH3_64bits(name, strlen(name)));
}

void parser_add_relief(struct parser *parser, const struct rule_relief *relief)
{
    struct rules *rules = parser->rules;
    rules->reliefs = memory_room(rules->reliefs, &parser->relief_room,
                                 rules->relief_count + (size_t)1, sizeof(rules->reliefs[0]));
    rules->reliefs[rules->relief_count++] = *relief;
}

void parser_add_version(struct parser *parser, const struct rule_version *version,
                        const struct version_note *note)
{
    struct rules *rules = parser->rules;
    rules->versions = memory_room(rules->versions, &parser->version_room,
                                  rules->version_count + (size_t)1, sizeof(rules->versions[0]));
    parser->notes = memory_room(parser->notes, &parser->note_room, rules->version_count + (size_t)1,
                                sizeof(*note));
    parser->notes[rules->version_count] = *note;
    rules->versions[rules->version_count++] = *version;
}

/* A name that stands for the first time. */
static bool define_relief(struct parser *parser, struct rule_relief *relief, struct symbol *name,
                          const struct token *token)
{
    if (parser->rules->relief_count == RELIEF_COUNT_MAX)
        return parser_too_many(parser, token, RELIEF_COUNT_MAX, "reliefs", "RELIEF_COUNT_MAX");
    relief->code = relief_code(name->name);
    memcpy(relief->name, name->name, sizeof(relief->name));
    name->value = parser->rules->relief_count;

    struct symbol taken = {.sort = SYMBOL_RELIEF_CODE, .file = parser->file, .line = token->line};
    snprintf(taken.name, sizeof(taken.name), "%u", relief->code);
    if (relief->code == 0 ||
        symbols_find(&parser->symbols, taken.sort, taken.name, strlen(taken.name)) != NULL)
        return parser_fault(parser, token,
                            "the relief \"%s\" would get a code that is taken: give it another "
                            "name",
                            name->name);
    symbols_add(&parser->symbols, name);
    symbols_add(&parser->symbols, &taken);
    parser_add_relief(parser, relief);
    return true;
}

/* A new relief, or a version of one that is there: its index. */
static bool find_relief(struct parser *parser, uint32_t *index, struct symbol *name,
                        const struct token *token, uint64_t giver)
{
    const struct symbol *earlier =
        symbols_find(&parser->symbols, SYMBOL_RELIEF, name->name, strlen(name->name));
    if (earlier == NULL) {
        struct rule_relief relief = {.giver = giver, .at = parser_line(parser, token)};
        *index = parser->rules->relief_count;
        return define_relief(parser, &relief, name, token);
    }
    if (earlier->line == 0)
        return parser_define(parser, name, token, "the relief");
    *index = earlier->value;
    if (parser->rules->reliefs[*index].giver == giver)
        return true;
    char line[LINE_TEXT_SIZE];
    parser_line_text(line, parser,
                     (struct line_in_rules){.file = earlier->file, .line = earlier->line});
    return parser_fault(parser, token,
                        "the relief \"%s\" has another giver in %s: a version has the same giver, "
                        "another relief another name",
                        name->name, line);
}

/* relief NAME giver NUMBER from DAY [until DAY] [split N] */
bool parse_relief(struct parser *parser)
{
    struct version_note note = {.name = parser->token};
    struct symbol name;
    uint64_t giver, split = 0;
    struct rule_version version = {.until_day = DAY_NEVER,
                                   .state = VERSION_ACTIVE,
                                   .order = RULE_ORDER_USUAL,
                                   .round_step = 1,
                                   .at = parser_line(parser, &note.name)};
    if (!parser_take_name(parser, &name, SYMBOL_RELIEF, "a name for the relief") ||
        !parser_take_word(parser, "giver") || !parser_take_registration(parser, &giver, "giver"))
        return false;
    if (!parser_is_at(parser, "from"))
        return parser_wanted(parser, "from and the first day of the relief");
    if (!parser_take_span(parser, &version.from_day, &version.until_day, "until"))
        return false;
    if (parser_takes(parser, "split")) {
        note.split = parser->token;
        if (!parser_take_number(parser, &split, 1, SPLIT_CODE_MAX,
                                "a funding-split code, 1 to 65534"))
            return false;
    }
    version.split = (uint16_t)split;
    if (parser->rules->version_count == RULE_VERSION_COUNT_MAX)
        return parser_too_many(parser, &note.name, RULE_VERSION_COUNT_MAX, "versions of reliefs",
                               "RULE_VERSION_COUNT_MAX");
    if (!find_relief(parser, &version.relief, &name, &note.name, giver))
        return false;
    parser_add_version(parser, &version, &note);
    parser->relief_is_open = true;
    parser->lines_said = 0;
    return parser_take_line_end(parser, "until, split or the end of the line");
}

/* A relief that is in force and has no clause gives nothing: its clauses are somewhere else, or
 * were forgotten. */
bool close_relief(struct parser *parser)
{
    if (!parser->relief_is_open)
        return true;
    parser->relief_is_open = false;
    const struct rule_version *version = open_version(parser);
    const struct token *name = &open_note(parser)->name;
    return version->clause_count > 0 || version->state != VERSION_ACTIVE ||
           parser_fault(parser, name, "the relief \"%.*s\" has no clause under it", (int)name->size,
                        name->text);
}

/* ---- lines under a relief ---- */

static bool read_state(struct parser *parser)
{
    size_t state;
    if (!parser_take_choice(parser, &state, version_state_words, VERSION_STATE_COUNT))
        return false;
    open_version(parser)->state = (enum version_state)state;
    return true;
}

static bool read_order(struct parser *parser)
{
    uint64_t order;
    if (!parser_take_number(parser, &order, 1, RULE_ORDER_MAX, "an order, 1 to 999"))
        return false;
    open_version(parser)->order = (uint16_t)order;
    return true;
}

static bool read_stacks(struct parser *parser)
{
    open_version(parser)->stacks = true;
    return true;
}

/* unknown refuse | allow | last known N days */
static bool read_unknown(struct parser *parser)
{
    static const char *const words[] = {
        [UNKNOWN_REFUSE] = "refuse", [UNKNOWN_ALLOW] = "allow", [UNKNOWN_LAST_KNOWN] = "last"};
    struct rule_version *version = open_version(parser);
    size_t policy;
    if (!parser_take_choice(parser, &policy, words, COUNT_OF(words)))
        return false;
    version->unknown = (enum unknown_policy)policy;
    if (policy != UNKNOWN_LAST_KNOWN)
        return true;
    uint64_t days;
    if (!parser_take_word(parser, "known") ||
        !parser_take_number(parser, &days, 1, KNOWN_DAYS_MAX, "a number of days, 1 to 60"))
        return false;
    version->known_days = (uint16_t)days;
    return parser_take_unit(parser, "day", "days");
}

/* round half up to X | down to X | up to X */
static bool read_round(struct parser *parser)
{
    static const char *const words[] = {
        [ROUND_HALF_UP] = "half", [ROUND_DOWN] = "down", [ROUND_UP] = "up"};
    size_t rounding;
    uint64_t step;
    if (!parser_take_choice(parser, &rounding, words, COUNT_OF(words)) ||
        (rounding == ROUND_HALF_UP && !parser_take_word(parser, "up")) ||
        !parser_take_word(parser, "to") ||
        !parser_take_amount(parser, &step, 1, ROUND_STEP_MAX, "a step in EUR, 0.0001 to 1.00"))
        return false;
    open_version(parser)->rounding = (enum rounding)rounding;
    open_version(parser)->round_step = (uint16_t)step;
    return true;
}

static bool read_everywhere(struct parser *parser)
{
    open_note(parser)->is_everywhere = true;
    return true;
}

/* ---- limits ---- */

/* per PERIOD */
static bool take_period(struct parser *parser, struct limit *limit)
{
    size_t period;
    if (!parser_take_word(parser, "per") ||
        !parser_take_choice(parser, &period, period_words + PERIOD_PURCHASE, PERIOD_LIFETIME))
        return false;
    limit->period = (uint8_t)(PERIOD_PURCHASE + period);
    return true;
}

/* [shared M] */
static bool take_shared(struct parser *parser, struct limit *limit)
{
    uint64_t shared;
    if (!parser_takes(parser, "shared"))
        return true;
    if (!parser_take_number(parser, &shared, 1, UINT16_MAX,
                            "the number of a shared limit, 1 to 65535"))
        return false;
    limit->shared = (uint16_t)shared;
    return true;
}

/* Two limits that count the same would be one that nobody meant. */
static bool add_limit(struct parser *parser, const struct limit *limit, const struct token *token)
{
    struct rules *rules = parser->rules;
    struct rule_version *version = open_version(parser);
    for (uint32_t i = 0; i < version->limit_count; i++) {
        const struct rule_limit *earlier = &rules->limits[version->first_limit + i];
        if (earlier->terms.kind == limit->kind && earlier->terms.period == limit->period &&
            earlier->terms.shared == limit->shared)
            return parser_fault(parser, token, "such a limit stands already in line %u",
                                earlier->at.line);
    }
    if (version->limit_count == VERSION_LIMIT_COUNT_MAX)
        return parser_too_many(parser, token, VERSION_LIMIT_COUNT_MAX, "limits in one version",
                               "VERSION_LIMIT_COUNT_MAX");
    if (rules->limit_count == LIMIT_COUNT_MAX)
        return parser_too_many(parser, token, LIMIT_COUNT_MAX, "limits", "LIMIT_COUNT_MAX");
    rules->limits = memory_room(rules->limits, &parser->limit_room, rules->limit_count + (size_t)1,
                                sizeof(rules->limits[0]));
    if (version->limit_count++ == 0)
        version->first_limit = rules->limit_count;
    rules->limits[rules->limit_count++] = (struct rule_limit){
        .version = rules->version_count - 1, .terms = *limit, .at = parser_line(parser, token)};
    return true;
}

/* every N minutes */
static bool read_spacing(struct parser *parser, struct limit *limit)
{
    static const char *const units[] = {"minute", "hour", "day", "minutes", "hours", "days"};
    static const uint32_t minutes[] = {1, 60, MINUTES_PER_DAY};
    size_t unit;
    if (!parser_take_number(parser, &limit->value, 1, SPACING_COUNT_MAX,
                            "how many minutes, hours or days, 1 to 10000"))
        return false;
    if (parser_choice(parser, units, COUNT_OF(units)) == COUNT_OF(units))
        return parser_wanted_one_of(parser, &parser->token, "minutes, hours or days", units,
                                    COUNT_OF(units));
    if (!parser_take_choice(parser, &unit, units, COUNT_OF(units)))
        return false;
    limit->kind = LIMIT_SPACING;
    limit->value *= minutes[unit % COUNT_OF(minutes)];
    return true;
}

static bool next_is(const struct parser *parser, const char *one, const char *several)
{
    struct lexer ahead = parser->lexer;
    struct token next = lexer_next(&ahead);
    return token_is(&next, one) || token_is(&next, several);
}

/* N uses per PERIOD | X EUR per PERIOD */
static bool read_counted(struct parser *parser, struct limit *limit)
{
    if (next_is(parser, "use", "uses")) {
        limit->kind = LIMIT_USES;
        return parser_take_number(parser, &limit->value, 1, USE_COUNT_MAX,
                                  "a number of uses, 1 to 1000000") &&
               parser_take_unit(parser, "use", "uses") && take_period(parser, limit);
    }
    limit->kind = LIMIT_AMOUNT;
    if (!parser_take_amount(parser, &limit->value, 1, LIMIT_AMOUNT_MOST,
                            "what is limited: 60 uses, 12.50 EUR, or every 30 minutes"))
        return false;
    return parser_takes(parser, "EUR") ? take_period(parser, limit)
                                       : parser_wanted(parser, "uses or EUR");
}

static bool read_limit(struct parser *parser)
{
    struct token token = parser->token;
    struct limit limit = {0};
    if (parser_takes(parser, "every"))
        return read_spacing(parser, &limit) && add_limit(parser, &limit, &token) &&
               (token_ends_line(&parser->token) || parser_wanted(parser, "the end of the line"));
    if (!read_counted(parser, &limit) || !take_shared(parser, &limit))
        return false;
    limit.is_published = parser_takes(parser, "published");
    return add_limit(parser, &limit, &token);
}

/* X EUR per PERIOD [shared M] [warn P%] */
static bool read_budget(struct parser *parser)
{
    struct token token = parser->token;
    struct limit limit = {.kind = LIMIT_BUDGET};
    uint32_t warn_bp = 0;
    if (!parser_take_amount(parser, &limit.value, 1, LIMIT_AMOUNT_MOST,
                            "an amount in EUR, 0.0001 to 999999999.9999") ||
        !parser_take_word(parser, "EUR") || !take_period(parser, &limit) ||
        !take_shared(parser, &limit) ||
        (parser_takes(parser, "warn") && !parser_take_percent(parser, &warn_bp)))
        return false;
    limit.warn_bp = (uint16_t)warn_bp;
    return add_limit(parser, &limit, &token);
}

/* ---- the lines ---- */

static const struct relief_line {
    const char *word;
    bool (*read)(struct parser *parser); /* up to the end of the line, that left out */
    bool may_repeat;
    const char *wanted_after;
} relief_lines[] = {
    {"clause", parse_clause, true, "the end of the line"},
    {"limit", read_limit, true, "shared, published or the end of the line"},
    {"budget", read_budget, true, "shared, warn or the end of the line"},
    {"state", read_state, false, "the end of the line"},
    {"order", read_order, false, "the end of the line"},
    {"stacks", read_stacks, false, "the end of the line"},
    {"unknown", read_unknown, false, "the end of the line"},
    {"round", read_round, false, "the end of the line"},
    {"everywhere", read_everywhere, false, "the end of the line"},
};

static_assert(COUNT_OF(relief_lines) == RELIEF_LINE_COUNT, "every line under a relief is counted");

size_t relief_line_words(const char *words[static RELIEF_LINE_COUNT])
{
    for (size_t i = 0; i < RELIEF_LINE_COUNT; i++)
        words[i] = relief_lines[i].word;
    return RELIEF_LINE_COUNT;
}

bool parse_relief_line(struct parser *parser, bool *is_one)
{
    size_t line = 0;
    while (line < COUNT_OF(relief_lines) && !parser_is_at(parser, relief_lines[line].word))
        line++;
    *is_one = line < COUNT_OF(relief_lines);
    if (!*is_one)
        return true;
    if (!parser->relief_is_open)
        return parser_wanted(parser, line == 0 ? "a relief before its clauses"
                                               : "a relief before the lines about it");
    uint32_t bit = UINT32_C(1) << line;
    if ((parser->lines_said & bit) != 0 && !relief_lines[line].may_repeat)
        return parser_fault(parser, &parser->token,
                            "the relief says \"%s\" already: once for each version",
                            relief_lines[line].word);
    parser->lines_said |= bit;
    parser_advance(parser);
    return relief_lines[line].read(parser) &&
           parser_take_line_end(parser, relief_lines[line].wanted_after);
}
