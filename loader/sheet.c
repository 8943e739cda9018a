#include "loader/sheet.h"

#include "loader/files.h"
#include "loader/intake.h"
#include "loader/memory.h"
#include "loader/parser.h"
#include "loader/registration.h"
#include "protocol/money.h"
#include "protocol/nearest.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_SHOWN_MAX   120 /* bytes; longer ones are cut */
#define FOUND_SIZE       64
#define WORD_SHOWN_MAX   40
#define DIGITS_SHOWN_MAX 6 /* an e-talons number has seven, a personal code eleven */

/* ---- faults ---- */

bool sheet_wrong(const struct sheet *sheet, const char *format, ...)
{
    char sentence[FAULT_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    return fault_set(sheet->fault, "%.*s:%" PRIu32 ": %.*s", PATH_SHOWN_MAX, sheet->path,
                     sheet->line, FAULT_TEXT_SIZE - PATH_SHOWN_MAX - 16, sentence);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What a fault calls a field: somebody may hand a register to us in the place of a table. */
static void found_text(char out[static FOUND_SIZE], struct span field)
{
    size_t digit_count = 0;
    bool is_plain = true;
    for (uint32_t i = 0; i < field.size; i++) {
        digit_count += is_digit(field.text[i]);
        is_plain = is_plain && field.text[i] >= ' ' && field.text[i] < 0x7f;
    }
    bool is_day = field.size == DAY_TEXT_SIZE - 1 && field.text[4] == '-' && field.text[7] == '-';
    if (field.size == 0)
        snprintf(out, FOUND_SIZE, "nothing");
    else if (digit_count > DIGITS_SHOWN_MAX && !is_day)
        snprintf(out, FOUND_SIZE, "%s %zu digits",
                 digit_count == field.size ? "a number of" : "text with", digit_count);
    else if (!is_plain || field.size > WORD_SHOWN_MAX)
        snprintf(out, FOUND_SIZE, "a text of %" PRIu32 " bytes", field.size);
    else
        snprintf(out, FOUND_SIZE, "\"%.*s\"", (int)field.size, field.text);
}

bool sheet_wanted(const struct sheet *sheet, uint32_t column, const char *wanted)
{
    char found[FOUND_SIZE];
    found_text(found, sheet->fields[column]);
    return sheet_wrong(sheet, "%s: wanted %s, found %s", sheet->columns[column].name, wanted,
                       found);
}

/* ---- the file ---- */

bool sheet_load(char **text, size_t *text_size, const char *path, struct fault *fault)
{
    *text = NULL;
    *text_size = 0;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return true;
    if (!files_read_whole(text, text_size, path, SHEET_SIZE_MAX, fault))
        return false;
    return *text_size <= SHEET_SIZE_MAX ||
           fault_set(fault, "%s: wanted at most %u bytes (SHEET_SIZE_MAX), found more", path,
                     SHEET_SIZE_MAX);
}

/* ---- the header ---- */

static bool span_is(struct span span, const char *text)
{
    return strlen(text) == span.size && memcmp(text, span.text, span.size) == 0;
}

/* "number, title, from" of all columns, or of those that must be there. */
static void list_columns(char *out, size_t room, const struct sheet *sheet)
{
    size_t size = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < sheet->column_count && size < room; i++)
        size += (size_t)snprintf(out + size, room - size, "%s%s%s", i == 0 ? "" : ", ",
                                 sheet->columns[i].name,
                                 sheet->columns[i].is_required ? "" : " (optional)");
}

static bool unknown_column(const struct sheet *sheet, struct span name, uint32_t field)
{
    const char *names[SHEET_COLUMN_COUNT_MAX], *near = NULL;
    char word[WORD_SHOWN_MAX + 1], found[FOUND_SIZE], columns[256];
    for (uint32_t i = 0; i < sheet->column_count; i++)
        names[i] = sheet->columns[i].name;
    if (name.size > 1 && name.size < sizeof(word)) {
        memcpy(word, name.text, name.size);
        word[name.size] = '\0';
        near = nearest_word(word, names, sheet->column_count);
    }
    found_text(found, name);
    if (near != NULL)
        return sheet_wrong(sheet,
                           "column %" PRIu32 ", %s, is none of this table's; did you mean "
                           "\"%s\"?",
                           field + 1, found, near);
    list_columns(columns, sizeof(columns), sheet);
    return sheet_wrong(sheet,
                       "column %" PRIu32 ", %s, is none of this table's: it has %s; remove "
                       "it, or correct its name",
                       field + 1, found, columns);
}

static bool take_column(struct sheet *sheet, struct span name, uint32_t field)
{
    for (uint32_t i = 0; i < sheet->column_count; i++) {
        if (!span_is(name, sheet->columns[i].name))
            continue;
        if (sheet->field_of[i] != FIELD_COUNT_MAX)
            return sheet_wrong(sheet, "the column \"%s\" stands there twice: remove one",
                               sheet->columns[i].name);
        sheet->field_of[i] = field;
        return true;
    }
    return unknown_column(sheet, name, field);
}

static bool take_header(struct sheet *sheet)
{
    struct csv_row row;
    char columns[256];
    list_columns(columns, sizeof(columns), sheet);
    sheet->line = 1;
    if (!csv_next(&sheet->csv, &row))
        return sheet_wrong(sheet, "wanted a header line with %s, found an empty table", columns);
    sheet->line = row.line + 1;
    if (row.refusal != 0 || row.field_count > FIELD_COUNT_MAX)
        return sheet_wrong(sheet, "wanted a header line with %s, found another line", columns);
    sheet->field_count = row.field_count;
    for (uint32_t i = 0; i < row.field_count; i++)
        if (!take_column(sheet, span_trim(row.fields[i]), i))
            return false;
    for (uint32_t i = 0; i < sheet->column_count; i++)
        if (sheet->columns[i].is_required && sheet->field_of[i] == FIELD_COUNT_MAX)
            return sheet_wrong(sheet, "the column \"%s\" is missing: the header has %s",
                               sheet->columns[i].name, columns);
    return true;
}

bool sheet_begin(struct sheet *sheet, const char *path, const char *text, size_t text_size,
                 const struct sheet_column columns[], size_t column_count, struct fault *fault)
{
    assert(column_count <= SHEET_COLUMN_COUNT_MAX);
    size_t bom_size = text_bom_size(text, text_size);
    sheet->path = path;
    sheet->columns = columns;
    sheet->column_count = (uint32_t)column_count;
    sheet->fault = fault;
    for (size_t i = 0; i < SHEET_COLUMN_COUNT_MAX; i++)
        sheet->field_of[i] = FIELD_COUNT_MAX;
    text += bom_size;
    text_size -= bom_size;
    csv_begin(&sheet->csv, csv_separator(text, text_size), text, text_size, text_size, true);
    return take_header(sheet);
}

/* ---- rows ---- */

static bool row_is_blank(const struct csv_row *row)
{
    for (uint32_t i = 0; i < row->field_count && i < FIELD_COUNT_MAX; i++)
        if (span_trim(row->fields[i]).size > 0)
            return false;
    return row->field_count <= FIELD_COUNT_MAX;
}

/* A table is mended by hand, so that more is said of a line than where registers are read. */
static bool refuse_line(const struct sheet *sheet, uint8_t refusal)
{
    if (refusal == REFUSAL_LINE_TOO_LONG)
        return sheet_wrong(sheet, "wanted a line of at most %d bytes, found a longer one",
                           LINE_SIZE_MAX);
    if (refusal == REFUSAL_ENCODING)
        return sheet_wrong(sheet, "wanted UTF-8, found a NUL byte: save the table as UTF-8");
    return sheet_wrong(sheet, "a quote is not closed: close it, or double quotes within a field");
}

static bool take_row(struct sheet *sheet, const struct csv_row *row)
{
    uint32_t single_size = 0;
    if (row->refusal != 0)
        return refuse_line(sheet, row->refusal);
    if (row->field_count != sheet->field_count)
        return sheet_wrong(sheet, "wanted %" PRIu32 " fields as in the header, found %" PRIu32,
                           sheet->field_count, row->field_count);
    for (uint32_t i = 0; i < sheet->column_count; i++) {
        uint32_t field = sheet->field_of[i];
        sheet->fields[i] = (struct span){"", 0};
        if (field == FIELD_COUNT_MAX)
            continue;
        struct span text = row->fields[field];
        if ((row->doubled >> field & 1) != 0) {
            text = csv_undouble(sheet->single + single_size, text);
            single_size += text.size;
            assert(single_size <= LINE_SIZE_MAX); /* as long as the line at most */
        }
        sheet->fields[i] = span_trim(text);
        if (!text_is_utf8(text.text, text.size))
            return sheet_wrong(sheet, "%s: not UTF-8: save the table as UTF-8",
                               sheet->columns[i].name);
    }
    return true;
}

bool sheet_next(struct sheet *sheet, bool *is_there)
{
    struct csv_row row;
    while (csv_next(&sheet->csv, &row)) {
        sheet->line = row.line + 1;
        if (row.refusal == 0 && row_is_blank(&row))
            continue; /* spreadsheets leave separators behind */
        *is_there = true;
        return take_row(sheet, &row);
    }
    *is_there = false;
    return true;
}

/* ---- fields ---- */

bool sheet_take_number(const struct sheet *sheet, uint32_t column, uint64_t *out, uint64_t least,
                       uint64_t most)
{
    char wanted[80];
    if (span_number(sheet->fields[column], out) && *out >= least && *out <= most)
        return true;
    snprintf(wanted, sizeof(wanted), "a number from %" PRIu64 " to %" PRIu64, least, most);
    return sheet_wanted(sheet, column, wanted);
}

bool sheet_take_number_32(const struct sheet *sheet, uint32_t column, uint32_t *out, uint32_t least)
{
    uint64_t number;
    if (!sheet_take_number(sheet, column, &number, least, UINT32_MAX))
        return false;
    *out = (uint32_t)number;
    return true;
}

bool sheet_take_registration(const struct sheet *sheet, uint32_t column, uint64_t *out)
{
    if (sheet->fields[column].size != REGISTRATION_DIGIT_COUNT ||
        !span_number(sheet->fields[column], out))
        return sheet_wanted(sheet, column, "a registration number of 11 digits");
    return registration_is_good(*out) ||
           sheet_wrong(sheet,
                       "%s: the check digit of the registration number does not fit: a digit is "
                       "mistyped",
                       sheet->columns[column].name);
}

/* Nothing that would break a line or move a cursor. */
static bool is_printable(struct span text)
{
    for (uint32_t i = 0; i < text.size; i++)
        if ((uint8_t)text.text[i] < ' ' || text.text[i] == 0x7f)
            return false;
    return true;
}

bool sheet_take_text(const struct sheet *sheet, uint32_t column, char *out, size_t room,
                     bool may_be_empty)
{
    struct span field = sheet->fields[column];
    char wanted[64];
    if (field.size < room && (field.size > 0 || may_be_empty) && is_printable(field)) {
        memcpy(out, field.text, field.size);
        memset(out + field.size, 0, room - field.size);
        return true;
    }
    snprintf(wanted, sizeof(wanted), "printable text of at most %zu bytes", room - 1);
    return sheet_wanted(sheet, column, wanted);
}

bool sheet_take_name(const struct sheet *sheet, uint32_t column, char *out, size_t room)
{
    static const char wanted[] = "a name: a letter, then letters, digits, \".\", \"_\" and \"-\","
                                 " at most 31 of them";
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    struct span field = sheet->fields[column];
    char first = field.size > 0 ? (char)(field.text[0] | 0x20) : '\0';
    if (field.size == 0 || field.size >= room || first < 'a' || first > 'z')
        return sheet_wanted(sheet, column, wanted);
    memcpy(out, field.text, field.size);
    memset(out + field.size, 0, room - field.size);
    if (strspn(out, allowed) != field.size)
        return sheet_wanted(sheet, column, wanted);
    struct token token = {.kind = TOKEN_WORD, .text = out, .size = field.size};
    return !token_is_keyword(&token) ||
           sheet_wrong(sheet, "%s: \"%s\" is a word of the relief language: choose another name",
                       sheet->columns[column].name, out);
}

bool sheet_take_choice(const struct sheet *sheet, uint32_t column, const char *const names[],
                       size_t name_count, size_t *choice, bool may_be_empty)
{
    struct span field = sheet->fields[column];
    char wanted[128], word[WORD_SHOWN_MAX + 1];
    if (field.size == 0 && may_be_empty)
        return true;
    for (size_t i = 0; i < name_count; i++)
        if (span_is(field, names[i])) {
            *choice = i;
            return true;
        }
    size_t size = 0;
    for (size_t i = 0; i < name_count && size < sizeof(wanted); i++)
        size += (size_t)snprintf(wanted + size, sizeof(wanted) - size, "%s%s",
                                 i == 0                ? ""
                                 : i + 1 == name_count ? " or "
                                                       : ", ",
                                 names[i]);
    snprintf(word, sizeof(word), "%.*s", (int)field.size, field.text);
    char hint[NEAREST_TEXT_SIZE] = "", sentence[192];
    if (field.size >= 2)
        nearest_text(hint, " (\"", "\"?)", word, names, name_count);
    snprintf(sentence, sizeof(sentence), "%s%s", wanted, hint);
    return sheet_wanted(sheet, column, sentence);
}

static bool take_day(const struct sheet *sheet, uint32_t column, uint32_t *out)
{
    struct span field = sheet->fields[column];
    int32_t day;
    if (field.size == 0)
        return true;
    if (!day_of_text(&day, field.text, field.size) || day < 0)
        return sheet_wanted(sheet, column, "a day such as 2026-01-31");
    *out = (uint32_t)day;
    return true;
}

bool sheet_take_days(const struct sheet *sheet, uint32_t from_column, uint32_t until_column,
                     uint32_t *from_day, uint32_t *until_day)
{
    *from_day = 0;
    *until_day = DAY_NEVER;
    if (!take_day(sheet, from_column, from_day) || !take_day(sheet, until_column, until_day))
        return false;
    return *from_day < *until_day ||
           sheet_wrong(sheet,
                       "until %.*s is not after the day it begins: it is the first day on which "
                       "the row no longer holds",
                       (int)sheet->fields[until_column].size, sheet->fields[until_column].text);
}

bool sheet_take_price(const struct sheet *sheet, uint32_t column, uint32_t *out)
{
    struct span field = sheet->fields[column];
    uint64_t amount = 0;
    if (field.size > 0 && !money_of_text(&amount, field.text, field.size, UINT32_MAX))
        return sheet_wanted(sheet, column,
                            "an amount in EUR such as 1.50, with at most 4 decimals, at most "
                            "429496.7295");
    *out = (uint32_t)amount;
    return true;
}

bool sheet_take_place(const struct sheet *sheet, uint32_t column, uint32_t *out, bool may_be_empty)
{
    static const char wanted[] = "an ATVK code of seven digits";
    struct span field = sheet->fields[column];
    uint64_t number;
    *out = 0;
    if (field.size == 0 && may_be_empty)
        return true;
    /* A spreadsheet loses all zeros in front or none: with some of them it is no whole code. */
    if (field.size > 7 || !span_number(field, &number) || number == 0 ||
        (field.text[0] == '0' && field.size < 7))
        return sheet_wanted(sheet, column, wanted);
    *out = (uint32_t)number;
    return true;
}
