#include "loader/register.h"

#include "loader/lexer.h"
#include "loader/memory.h"
#include "loader/text.h"
#include "protocol/day.h"
#include "protocol/nearest.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_PER_LINE_MAX 16
#define WORD_ROOM          COLUMN_NAME_SIZE

/* ---- lines of words ---- */

struct word {
    char text[WORD_ROOM];
    uint32_t column; /* from 1 */
};

/* A description while it is read. */
struct reading {
    const char *where; /* the file's name, for faults */
    uint32_t line;
    struct word words[WORDS_PER_LINE_MAX];
    size_t word_count;
    uint32_t end_column; /* where a further word would have stood */
    struct register_description *out;
    bool has_format, has_fact;
    bool is_list;
    struct vocabulary *vocabulary;
    struct status_kind kind; /* added to the vocabulary when all is well */
    struct fault *fault;
};

static bool wrong_at(struct reading *r, uint32_t column, const char *wanted, const char *found)
{
    return fault_set(r->fault, "%s:%u:%u: %s wanted, %s found", r->where, r->line > 0 ? r->line : 1,
                     column, wanted, found); /* of an empty file: 1 */
}

static bool wrong_word(struct reading *r, size_t index, const char *wanted)
{
    char found[QUOTE_SIZE];
    if (index >= r->word_count)
        return wrong_at(r, r->end_column, wanted, "the end of the line");
    const char *text = r->words[index].text; /* may be a person's: somebody gave a register to us */
    token_quote(found, &(struct token){.kind = TOKEN_WORD, .text = text, .size = strlen(text)});
    return wrong_at(r, r->words[index].column, wanted, found);
}

/* The word's index in `names`; or a fault with the nearest of them. */
static bool choose(struct reading *r, size_t index, const char *wanted, const char *const names[],
                   size_t name_count, size_t *choice)
{
    *choice = 0;
    if (index >= r->word_count)
        return wrong_word(r, index, wanted);
    for (size_t i = 0; i < name_count; i++) {
        if (strcmp(r->words[index].text, names[i]) == 0) {
            *choice = i;
            return true;
        }
    }
    const char *word = r->words[index].text;
    char hint[NEAREST_TEXT_SIZE] = "", sentence[FAULT_TEXT_SIZE / 2];
    if (strlen(word) >= 2)
        nearest_text(hint, " (\"", "\"?)", word, names, name_count);
    snprintf(sentence, sizeof(sentence), "%s%s", wanted, hint);
    return wrong_word(r, index, sentence);
}

static bool no_more_words(struct reading *r, size_t count)
{
    return r->word_count <= count || wrong_word(r, count, "the end of the line");
}

/* A word ends at a blank, or at its closing quote. `at` moves behind it. */
static bool take_word(struct reading *r, const char *line, size_t size, size_t *at)
{
    bool is_quoted = line[*at] == '"';
    size_t from = *at + is_quoted, until = from;
    while (until < size &&
           (is_quoted ? line[until] != '"' : line[until] != ' ' && line[until] != '\t'))
        until++;
    uint32_t column = (uint32_t)*at + 1;
    if (is_quoted && until == size)
        return wrong_at(r, (uint32_t)size + 1, "a closing quote", "the end of the line");
    if (until - from >= WORD_ROOM)
        return wrong_at(r, column, "a word of at most 95 bytes", "a longer one");
    if (r->word_count == WORDS_PER_LINE_MAX)
        return wrong_at(r, column, "the end of the line", "one word more");
    struct word *word = &r->words[r->word_count++];
    memcpy(word->text, line + from, until - from);
    word->text[until - from] = '\0';
    word->column = column;
    *at = until + is_quoted;
    return true;
}

static bool take_words(struct reading *r, const char *line, size_t size)
{
    r->word_count = 0;
    r->end_column = (uint32_t)size + 1;
    if (!text_is_utf8(line, size))
        return wrong_at(r, 1, "UTF-8 text", "other bytes");
    for (size_t at = 0; at < size && line[at] != '#';) {
        if (line[at] == ' ' || line[at] == '\t')
            at++;
        else if (!take_word(r, line, size, &at))
            return false;
    }
    return true;
}

/* ---- what a line says ---- */

/* A name that rules can speak of: letters, digits, dots, underscores. */
static bool take_name(struct reading *r, size_t index, const char *wanted,
                      char out[static WORD_SIZE])
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._";
    if (index >= r->word_count)
        return wrong_word(r, index, wanted);
    const char *text = r->words[index].text;
    size_t size = strlen(text);
    if (size == 0 || size >= WORD_SIZE || strspn(text, allowed) != size)
        return wrong_word(r, index, wanted);
    memcpy(out, text, size + 1);
    return true;
}

static bool take_register(struct reading *r)
{
    if (r->out->name[0] != '\0')
        return wrong_word(r, 0, "one register in a file");
    return take_name(r, 1, "a name of letters, digits, dots and underscores, at most 31,",
                     r->out->name) &&
           no_more_words(r, 2);
}

static bool take_separator(struct reading *r, size_t index)
{
    static const char *const names[] = {",", ";", "tab", "|"};
    static const char separators[] = {',', ';', '\t', '|'};
    size_t choice;
    if (!choose(r, index, "a separator (, ; | or tab)", names, COUNT_OF(names), &choice))
        return false;
    r->out->separator = separators[choice];
    return true;
}

static bool take_keyword(struct reading *r, size_t index, const char *keyword)
{
    bool is_there = index < r->word_count && strcmp(r->words[index].text, keyword) == 0;
    return is_there || wrong_word(r, index, keyword);
}

static bool take_csv(struct reading *r)
{
    static const char *const names[] = {"utf-8", "windows-1257"};
    size_t choice;
    if (!take_keyword(r, 2, "separator") || !take_separator(r, 3) ||
        !take_keyword(r, 4, "encoding") ||
        !choose(r, 5, "an encoding (utf-8 or windows-1257)", names, COUNT_OF(names), &choice))
        return false;
    r->out->encoding = choice == 0 ? ENCODING_UTF8 : ENCODING_WINDOWS_1257;
    return no_more_words(r, 6);
}

static bool take_xml(struct reading *r)
{
    return take_keyword(r, 2, "row") &&
           take_name(r, 3, "the name of the element that is a row", r->out->row_element) &&
           no_more_words(r, 4);
}

static bool take_format(struct reading *r)
{
    static const char *const names[] = {"csv", "xml"};
    size_t choice;
    if (r->has_format)
        return wrong_word(r, 0, "one format");
    if (!choose(r, 1, "a format (csv or xml)", names, COUNT_OF(names), &choice))
        return false;
    r->has_format = true;
    r->out->format = choice == 0 ? FORMAT_CSV : FORMAT_XML;
    return choice == 0 ? take_csv(r) : take_xml(r);
}

static bool take_means(struct reading *r, size_t index)
{
    static const enum means kinds[] = {MEANS_EID, MEANS_ETALONS, MEANS_CARD}; /* codes are people */
    const char *names[sizeof(kinds) / sizeof(kinds[0])];
    const size_t count = sizeof(kinds) / sizeof(kinds[0]);
    for (size_t i = 0; i < count; i++)
        names[i] = means_name((uint8_t)kinds[i]);
    size_t choice;
    if (!choose(r, index, "a kind of means (eid, e-talons or card)", names, count, &choice))
        return false;
    r->out->means = kinds[choice];
    return no_more_words(r, index + 1);
}

static bool take_fact(struct reading *r)
{
    static const char *const names[] = {"person", "status", "list", "means"};
    static const enum fact_kind facts[] = {FACT_PERSON, FACT_STATUS, FACT_STATUS, FACT_MEANS};
    size_t choice;
    if (r->has_fact)
        return wrong_word(r, 0, "one fact");
    if (!choose(r, 1, "a fact (person, status, list or means)", names, COUNT_OF(names), &choice))
        return false;
    r->has_fact = true;
    r->out->fact = facts[choice];
    r->is_list = choice == 2;
    return r->out->fact == FACT_MEANS ? take_means(r, 2) : no_more_words(r, 2);
}

static bool take_number(struct reading *r, uint32_t most, uint32_t *number)
{
    char wanted[64];
    snprintf(wanted, sizeof(wanted), "a number from 0 to %u", most);
    const char *text = r->word_count > 1 ? r->words[1].text : "";
    size_t size = strlen(text);
    if (size == 0 || size > 9 || strspn(text, "0123456789") != size ||
        strtoul(text, NULL, 10) > most)
        return wrong_word(r, 1, wanted);
    *number = (uint32_t)strtoul(text, NULL, 10);
    return no_more_words(r, 2);
}

static bool take_fresh_days(struct reading *r)
{
    return take_number(r, 3660, &r->out->fresh_days);
}

static bool take_refused(struct reading *r)
{
    return take_number(r, 1000, &r->out->refused_per_mille_max);
}

static bool take_change(struct reading *r)
{
    return take_number(r, 1000, &r->out->change_percent_max);
}

static bool take_day(struct reading *r, uint32_t *day)
{
    const char *text = r->word_count > 1 ? r->words[1].text : "";
    int32_t read;
    if (*day != 0)
        return wrong_word(r, 0, "one such line");
    if (!day_of_text(&read, text, strlen(text)) || read < 1)
        return wrong_word(r, 1, "a day from 1970 on, such as 2019-09-02");
    *day = (uint32_t)read;
    return no_more_words(r, 2);
}

static bool take_capable_since(struct reading *r)
{
    return take_day(r, &r->out->capable_since);
}

static bool take_ready_since(struct reading *r)
{
    return take_day(r, &r->out->ready_since);
}

/* ---- columns ---- */

static const char *const role_names[] = {
    [ROLE_IGNORED] = "ignored",     [ROLE_CODE] = "code",
    [ROLE_PREVIOUS] = "previous",   [ROLE_BIRTH] = "birth",
    [ROLE_DEATH] = "death",         [ROLE_PLACE] = "place",
    [ROLE_SCHOOL] = "school",       [ROLE_SUBTYPE] = "subtype",
    [ROLE_FROM] = "from",           [ROLE_LAST] = "last",
    [ROLE_UNTIL] = "until",         [ROLE_NUMBER] = "number",
    [ROLE_STATE] = "state",         [ROLE_STATE_FROM] = "state-from",
    [ROLE_ACTIVATED] = "activated",
};

static bool role_is_date(enum role role)
{
    return role == ROLE_BIRTH || role == ROLE_DEATH || role == ROLE_FROM || role == ROLE_LAST ||
           role == ROLE_UNTIL || role == ROLE_STATE_FROM || role == ROLE_ACTIVATED;
}

/* Whether a row without it could still be understood. */
static bool role_may_be_empty(enum role role)
{
    return role != ROLE_CODE && role != ROLE_NUMBER && role != ROLE_BIRTH && role != ROLE_STATE;
}

static bool take_date_form(struct reading *r, size_t index, struct column *column)
{
    static const char *const names[] = {"iso", "dotted", "compact"};
    size_t choice;
    if (!choose(r, index, "a form of dates (iso, dotted or compact)", names, COUNT_OF(names),
                &choice))
        return false;
    column->date_form = (enum date_form)choice;
    return true;
}

static bool column_is_new(struct reading *r, const struct column *column)
{
    for (uint16_t i = 0; i < r->out->column_count; i++) {
        if (strcmp(r->out->columns[i].name, column->name) == 0)
            return wrong_word(r, 1, "a column that was not described yet");
        if (column->role != ROLE_IGNORED && r->out->columns[i].role == column->role)
            return wrong_word(r, 2, "a role that no other column has");
    }
    return true;
}

static bool take_column(struct reading *r)
{
    struct column column = {.is_optional = false};
    size_t role, next = 3;
    if (r->word_count < 2 || r->words[1].text[0] == '\0')
        return wrong_word(r, 1, "the column's name");
    memcpy(column.name, r->words[1].text, sizeof(column.name));
    if (!choose(r, 2, "what the column is", role_names, COUNT_OF(role_names), &role))
        return false;
    column.role = (enum role)role;
    if (role_is_date(column.role) && !take_date_form(r, next++, &column))
        return false;
    if (r->word_count > next) {
        if (!role_may_be_empty(column.role))
            return wrong_word(r, next, "the end of the line");
        if (!take_keyword(r, next, "optional"))
            return false;
        column.is_optional = true;
        next++;
    }
    if (!no_more_words(r, next) || !column_is_new(r, &column))
        return false;
    if (r->out->column_count == COLUMN_COUNT_MAX)
        return wrong_word(r, 0, "at most 32 columns");
    r->out->columns[r->out->column_count++] = column;
    return true;
}

/* The number of the subtype of that name, which becomes the next one when it is new. */
static bool take_subtype(struct reading *r, size_t index, uint8_t *number)
{
    char name[WORD_SIZE];
    if (!take_name(r, index, "the subtype's name in rules", name))
        return false;
    *number = vocabulary_subtype(&r->kind, name);
    if (*number != SUBTYPE_NONE)
        return true;
    if (r->kind.subtype_count == SUBTYPE_COUNT_MAX - 1)
        return wrong_word(r, index, "at most 31 subtypes");
    *number = ++r->kind.subtype_count;
    memcpy(r->kind.subtypes[*number], name, sizeof(name));
    return true;
}

static bool take_state(struct reading *r, size_t index, uint8_t *is_good)
{
    static const char *const names[] = {"ended", "good"};
    size_t choice;
    if (!choose(r, index, "good or ended", names, COUNT_OF(names), &choice))
        return false;
    *is_good = (uint8_t)choice;
    return true;
}

static bool take_map(struct reading *r)
{
    struct map_row row = {.to = 0};
    struct column *column =
        r->out->column_count == 0 ? NULL : &r->out->columns[r->out->column_count - 1];
    if (column == NULL || (column->role != ROLE_SUBTYPE && column->role != ROLE_STATE))
        return wrong_word(r, 0, "a subtype or state column before it");
    if (r->word_count < 2 || r->words[1].text[0] == '\0')
        return wrong_word(r, 1, "a value that the register writes");
    if (column->map_count == MAP_COUNT_MAX)
        return wrong_word(r, 0, "at most 64 values");
    memcpy(row.from, r->words[1].text, sizeof(row.from));
    for (uint16_t i = 0; i < column->map_count; i++)
        if (strcmp(column->map[i].from, row.from) == 0)
            return wrong_word(r, 1, "a value that was not mapped yet");
    bool is_read =
        column->role == ROLE_SUBTYPE ? take_subtype(r, 2, &row.to) : take_state(r, 2, &row.to);
    if (!is_read || !no_more_words(r, 3))
        return false;
    column->map[column->map_count++] = row;
    return true;
}

static bool take_line(struct reading *r)
{
    static const char *const names[] = {
        "register",           "format",        "fact",        "fresh-days", "refused-per-mille-max",
        "change-percent-max", "capable-since", "ready-since", "column",     "map"};
    static bool (*const takers[])(struct reading *) = {
        take_register, take_format,        take_fact,        take_fresh_days, take_refused,
        take_change,   take_capable_since, take_ready_since, take_column,     take_map};
    static_assert(COUNT_OF(names) == COUNT_OF(takers), "every keyword has its reader");
    size_t choice;
    if (r->word_count == 0)
        return true;
    return choose(r, 0, "a keyword", names, COUNT_OF(names), &choice) && takers[choice](r);
}

/* ---- the description as a whole ---- */

static const struct column *column_of_role(const struct register_description *out, enum role role)
{
    for (uint16_t i = 0; i < out->column_count; i++)
        if (out->columns[i].role == role)
            return &out->columns[i];
    return NULL;
}

#define ROLE_BIT(role) (1u << (role))

/* Which roles a kind of fact must and may have. */
static bool roles_fit(struct reading *r)
{
    static const uint32_t interval =
        ROLE_BIT(ROLE_FROM) | ROLE_BIT(ROLE_LAST) | ROLE_BIT(ROLE_UNTIL);
    static const struct {
        uint32_t must, may;
    } wanted[] = {
        [FACT_PERSON] = {ROLE_BIT(ROLE_CODE) | ROLE_BIT(ROLE_BIRTH),
                         ROLE_BIT(ROLE_PREVIOUS) | ROLE_BIT(ROLE_DEATH) | ROLE_BIT(ROLE_PLACE)},
        [FACT_STATUS] = {ROLE_BIT(ROLE_CODE),
                         ROLE_BIT(ROLE_SUBTYPE) | ROLE_BIT(ROLE_SCHOOL) | interval},
        [FACT_MEANS] = {ROLE_BIT(ROLE_CODE) | ROLE_BIT(ROLE_NUMBER),
                        ROLE_BIT(ROLE_STATE) | ROLE_BIT(ROLE_STATE_FROM) |
                            ROLE_BIT(ROLE_ACTIVATED) | interval},
    };
    for (size_t role = 1; role < COUNT_OF(role_names); role++) {
        bool is_there = column_of_role(r->out, (enum role)role) != NULL;
        bool is_must = (wanted[r->out->fact].must & ROLE_BIT(role)) != 0;
        bool is_may = (wanted[r->out->fact].may & ROLE_BIT(role)) != 0;
        if (is_must && !is_there)
            return fault_set(r->fault, "%s:%u:1: a column \"%s\" wanted, none found", r->where,
                             r->line, role_names[role]);
        if (is_there && !is_must && !is_may)
            return fault_set(r->fault, "%s:%u:1: roles of that fact only wanted, \"%s\" found",
                             r->where, r->line, role_names[role]);
    }
    return true;
}

static bool maps_fit(struct reading *r)
{
    const struct column *subtype = column_of_role(r->out, ROLE_SUBTYPE);
    const struct column *state = column_of_role(r->out, ROLE_STATE);
    bool has_empty_map =
        (subtype != NULL && subtype->map_count == 0) || (state != NULL && state->map_count == 0);
    if (has_empty_map)
        return wrong_at(r, 1, "\"map\" lines behind the subtype or state column", "none");
    if ((state == NULL) != (column_of_role(r->out, ROLE_STATE_FROM) == NULL))
        return wrong_at(r, 1, "both of the columns state and state-from, or none", "one");
    if (column_of_role(r->out, ROLE_LAST) != NULL && column_of_role(r->out, ROLE_UNTIL) != NULL)
        return wrong_at(r, 1, "one of the columns last and until", "both");
    if (r->is_list && (subtype != NULL || column_of_role(r->out, ROLE_SCHOOL) != NULL))
        return wrong_at(r, 1, "a list without subtypes and schools", "such a column");
    return true;
}

/* From when on means are of use is asked of the day on which each was issued. */
static bool readiness_fits(struct reading *r)
{
    const struct column *from = column_of_role(r->out, ROLE_FROM);
    uint32_t capable = r->out->capable_since, ready = r->out->ready_since;
    if (capable == 0 && ready == 0)
        return column_of_role(r->out, ROLE_ACTIVATED) == NULL ||
               wrong_at(r, 1, "ready-since with the column activated", "none");
    if (r->out->fact != FACT_MEANS)
        return wrong_at(r, 1, "capable-since and ready-since with fact means only", "one of them");
    if (from == NULL || from->is_optional)
        return wrong_at(r, 1,
                        "a column \"from\" that is not optional, with capable-since or "
                        "ready-since",
                        "none");
    if ((ready != 0) != (column_of_role(r->out, ROLE_ACTIVATED) != NULL))
        return wrong_at(r, 1, "both ready-since and a column activated, or none", "one");
    return ready == 0 || ready >= capable ||
           wrong_at(r, 1, "ready-since not before capable-since", "an earlier day");
}

static bool description_is_whole(struct reading *r)
{
    const char *absent = r->out->name[0] == '\0' ? "register NAME"
                         : !r->has_format        ? "format"
                         : !r->has_fact          ? "fact"
                                                 : NULL;
    if (absent != NULL)
        return wrong_at(r, 1, absent, "the end of the file");
    if (!roles_fit(r) || !maps_fit(r) || !readiness_fits(r))
        return false;
    for (uint16_t i = 0; i < r->out->column_count; i++)
        if (r->out->format == FORMAT_CSV && r->out->columns[i].name[0] == '@')
            return wrong_at(r, 1, "attributes (@name) with format xml only", "one with csv");
    return true;
}

static bool add_kind(struct reading *r)
{
    struct vocabulary *vocabulary = r->vocabulary;
    if (r->out->fact != FACT_STATUS)
        return true;
    if (vocabulary->kind_count == KIND_COUNT_MAX)
        return wrong_at(r, 1, "at most 64 kinds of status", "one more");
    memcpy(r->kind.name, r->out->name, sizeof(r->kind.name));
    r->kind.is_list = r->is_list;
    r->kind.has_school = column_of_role(r->out, ROLE_SCHOOL) != NULL;
    r->out->status_kind = vocabulary->kind_count;
    vocabulary->kinds[vocabulary->kind_count++] = r->kind;
    return true;
}

bool register_parse(struct register_description *out, struct vocabulary *vocabulary,
                    const char *text, size_t text_size, const char *where, struct fault *fault)
{
    /* Large, and mostly zero: not for the stack of whoever calls. */
    struct reading *r = memory_take_zeroed(1, sizeof(*r));
    *out = (struct register_description){
        .fresh_days = 30, .refused_per_mille_max = 20, .change_percent_max = 30};
    r->where = where;
    r->out = out;
    r->vocabulary = vocabulary;
    r->fault = fault;
    bool is_fine = true;
    for (size_t at = text_bom_size(text, text_size); is_fine && at < text_size;) {
        const char *end = memchr(text + at, '\n', text_size - at);
        size_t size = end == NULL ? text_size - at : (size_t)(end - (text + at));
        size_t shown = size > 0 && text[at + size - 1] == '\r' ? size - 1 : size;
        r->line++;
        is_fine = take_words(r, text + at, shown) && take_line(r);
        at += size + 1;
    }
    is_fine = is_fine && description_is_whole(r) && add_kind(r);
    free(r);
    return is_fine;
}
