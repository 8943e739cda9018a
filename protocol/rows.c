#include "protocol/rows.h"

#include "protocol/nearest.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define WORD_SHOWN_MAX  32 /* of a header's word, in a fault */

/* path:line: sentence. */
#define WRONG(rows, fault, line, ...)                                                              \
    (fault_write((fault), __VA_ARGS__), wrong_at((rows), (line), (fault)))

static bool wrong_at(const struct rows *rows, uint32_t line, struct fault *fault)
{
    char where[FAULT_TEXT_SIZE / 2];
    snprintf(where, sizeof(where), "%.200s:%u", rows->path, line);
    return fault_at(fault, where);
}

/* ---- lines ---- */

static char separator_of(const char *line, size_t size)
{
    static const char separators[] = {',', ';', '\t'};
    size_t best = 0, best_count = 0;
    for (size_t s = 0; s < sizeof(separators); s++) {
        size_t count = 0;
        for (size_t i = 0; i < size; i++)
            count += line[i] == separators[s];
        if (count > best_count) {
            best = s;
            best_count = count;
        }
    }
    return separators[best];
}

/* The next line without its end; false when there is none. */
static bool next_line(struct rows *rows, size_t *at, size_t *size)
{
    if (rows->next == rows->size)
        return false;
    const char *from = rows->text + rows->next;
    const char *end = memchr(from, '\n', rows->size - rows->next);
    *at = rows->next;
    *size = end != NULL ? (size_t)(end - from) : rows->size - rows->next;
    rows->next += *size + (end != NULL);
    rows->line++;
    if (*size > 0 && from[*size - 1] == '\r')
        --*size;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Without blanks around, and without quotes around that. */
static void take_value(struct row_field *field, const char *text, char separator)
{
    const char *from = text + field->at, *until = from + field->size;
    while (from < until && is_blank(*from) && *from != separator)
        from++;
    while (until > from && is_blank(until[-1]))
        until--;
    if (until - from >= 2 && *from == '"' && until[-1] == '"') {
        from++;
        until--;
        while (from < until && is_blank(*from))
            from++;
        while (until > from && is_blank(until[-1]))
            until--;
    }
    field->value = from;
    field->value_size = (size_t)(until - from);
}

/* Where the field that begins at `from` ends; `end` + 1 when its quotes are not closed there. */
static size_t field_end(const struct rows *rows, size_t from, size_t end)
{
    const char *text = rows->text;
    size_t i = from;
    if (i < end && text[i] == '"') {
        for (i++; i < end && (text[i] != '"' || (i + 1 < end && text[i + 1] == '"')); i++)
            i += text[i] == '"';
        if (i == end || (i + 1 < end && text[i + 1] != rows->separator))
            return end + 1;
        return i + 1;
    }
    while (i < end && text[i] != rows->separator && text[i] != '"')
        i++;
    return i < end && text[i] == '"' ? end + 1 : i;
}

/* The line's fields in their order; SIZE_MAX with a fault. */
static size_t split(const struct rows *rows, size_t at, size_t size,
                    struct row_field fields[static ROWS_COLUMN_COUNT_MAX], struct fault *fault)
{
    size_t end = at + size, count = 0;
    if (size > ROWS_LINE_SIZE_MAX) {
        WRONG(rows, fault, rows->line, "a line of %zu bytes: at most %d", size, ROWS_LINE_SIZE_MAX);
        return SIZE_MAX;
    }
    if (memchr(rows->text + at, '\0', size) != NULL) {
        WRONG(rows, fault, rows->line, "a zero byte: this is no text");
        return SIZE_MAX;
    }
    for (size_t from = at;; from++) {
        size_t until = field_end(rows, from, end);
        if (until > end) {
            WRONG(rows, fault, rows->line,
                  "quotes that do not go around a whole field: a field stands in quotes or has "
                  "none, and quotes within are doubled");
            return SIZE_MAX;
        }
        if (count < ROWS_COLUMN_COUNT_MAX) {
            fields[count] = (struct row_field){.at = from, .size = until - from};
            take_value(&fields[count], rows->text, rows->separator);
        }
        count++;
        from = until;
        if (until == end)
            return count;
    }
}

/* ---- the header ---- */

static bool value_is(const struct row_field *field, const char *word)
{
    return strlen(word) == field->value_size && strncmp(field->value, word, field->value_size) == 0;
}

static bool unknown_column(const struct rows *rows, const struct row_field *field,
                           struct fault *fault)
{
    const char *names[ROWS_COLUMN_COUNT_MAX];
    char word[WORD_SHOWN_MAX + 1], near[NEAREST_TEXT_SIZE];
    for (size_t i = 0; i < rows->column_count; i++)
        names[i] = rows->columns[i].name;
    size_t size = field->value_size < WORD_SHOWN_MAX ? field->value_size : WORD_SHOWN_MAX;
    snprintf(word, sizeof(word), "%.*s", (int)size, field->value);
    return WRONG(rows, fault, rows->line, "the column \"%s\" is none of this table's%s", word,
                 nearest_text(near, "; did you mean \"", "\"?", word, names, rows->column_count));
}

static bool take_column(struct rows *rows, uint32_t place, const struct row_field *field,
                        struct fault *fault)
{
    for (uint32_t i = 0; i < rows->column_count; i++) {
        if (!value_is(field, rows->columns[i].name))
            continue;
        for (uint32_t j = 0; j < place; j++)
            if (rows->places[j] == i)
                return WRONG(rows, fault, rows->line,
                             "the column \"%s\" stands there twice: remove one",
                             rows->columns[i].name);
        rows->places[place] = i;
        return true;
    }
    return unknown_column(rows, field, fault);
}

static bool has_column(const struct rows *rows, size_t column)
{
    for (uint32_t i = 0; i < rows->field_count; i++)
        if (rows->places[i] == column)
            return true;
    return false;
}

static bool take_header(struct rows *rows, size_t at, size_t size, struct fault *fault)
{
    struct row_field fields[ROWS_COLUMN_COUNT_MAX];
    rows->separator = separator_of(rows->text + at, size);
    rows->has_returns = at + size < rows->size && rows->text[at + size] == '\r';
    size_t count = split(rows, at, size, fields, fault);
    if (count == SIZE_MAX)
        return false;
    if (count > ROWS_COLUMN_COUNT_MAX)
        return WRONG(rows, fault, rows->line, "%zu columns: a table has at most %d", count,
                     ROWS_COLUMN_COUNT_MAX);
    for (uint32_t i = 0; i < count; i++)
        if (!take_column(rows, i, &fields[i], fault))
            return false;
    rows->field_count = (uint32_t)count;
    for (size_t i = 0; i < rows->column_count; i++)
        if (rows->columns[i].is_required && !has_column(rows, i))
            return WRONG(rows, fault, rows->line,
                         "the column \"%s\" is missing: write it into the header, and a value or "
                         "a separator into every row",
                         rows->columns[i].name);
    return true;
}

bool rows_begin(struct rows *rows, const char *path, const char *text, size_t size,
                const struct rows_column columns[], size_t column_count, struct fault *fault)
{
    assert(column_count <= ROWS_COLUMN_COUNT_MAX && size <= ROWS_SIZE_MAX);
    *rows = (struct rows){
        .path = path, .text = text, .size = size, .columns = columns, .column_count = column_count};
    size_t mark_size = sizeof(BYTE_ORDER_MARK) - 1;
    if (size >= mark_size && strncmp(text, BYTE_ORDER_MARK, mark_size) == 0)
        rows->next = mark_size;
    size_t at = 0, line_size = 0;
    while (line_size == 0)
        if (!next_line(rows, &at, &line_size))
            return WRONG(rows, fault, 1, "an empty table: wanted a header line");
    return take_header(rows, at, line_size, fault);
}

/* ---- rows ---- */

static bool says_nothing(const struct row_field fields[], size_t count)
{
    for (size_t i = 0; i < count && i < ROWS_COLUMN_COUNT_MAX; i++)
        if (fields[i].value_size > 0)
            return false;
    return count <= ROWS_COLUMN_COUNT_MAX;
}

bool rows_next(struct rows *rows, struct row *row, bool *is_there, struct fault *fault)
{
    struct row_field fields[ROWS_COLUMN_COUNT_MAX];
    size_t at, size, count;
    *is_there = false;
    do {
        if (!next_line(rows, &at, &size))
            return true;
        count = split(rows, at, size, fields, fault);
        if (count == SIZE_MAX)
            return false;
    } while (says_nothing(fields, count)); /* spreadsheets leave separators behind */
    if (count != rows->field_count)
        return WRONG(rows, fault, rows->line, "wanted %u fields as in the header, found %zu",
                     rows->field_count, count);
    *row = (struct row){.line = rows->line};
    for (size_t i = 0; i < ROWS_COLUMN_COUNT_MAX; i++)
        row->fields[i].value = "";
    for (size_t i = 0; i < count; i++)
        row->fields[rows->places[i]] = fields[i];
    *is_there = true;
    return true;
}

/* ---- changes ---- */

/* The value as a field, in quotes where it must be; how many bytes, at `out` when that is not NULL.
 */
static size_t put_value(char *out, const char *value, char separator)
{
    size_t size = 0, length = strlen(value);
    assert(strpbrk(value, "\r\n") == NULL);
    bool is_quoted =
        length > 0 && (strchr(value, separator) != NULL || strchr(value, '"') != NULL ||
                       is_blank(value[0]) || is_blank(value[length - 1]));
#define PUT(c) (out != NULL ? (void)(out[size] = (c)) : (void)0, size++)
    if (is_quoted)
        PUT('"');
    for (const char *p = value; *p != '\0'; p++) {
        if (*p == '"')
            PUT('"');
        PUT(*p);
    }
    if (is_quoted)
        PUT('"');
#undef PUT
    return size;
}

static const char *value_of(const char *const values[], size_t column)
{
    return values[column] != NULL ? values[column] : "";
}

/* The row with its line's end; how many bytes. */
static size_t put_row(char *out, const struct rows *rows, const char *const values[])
{
    size_t size = 0;
    for (uint32_t i = 0; i < rows->field_count; i++) {
        if (i > 0) {
            if (out != NULL)
                out[size] = rows->separator;
            size++;
        }
        size += put_value(out != NULL ? out + size : NULL, value_of(values, rows->places[i]),
                          rows->separator);
    }
    const char *line_end = rows->has_returns ? "\r\n" : "\n";
    if (out != NULL)
        memcpy(out + size, line_end, strlen(line_end));
    return size + strlen(line_end);
}

/* Room for a text that is larger by so much. */
static char *larger_text(const struct rows *rows, size_t more, struct fault *fault)
{
    char *text = rows->size + more <= ROWS_SIZE_MAX ? malloc(rows->size + more) : NULL;
    if (text == NULL)
        fault_set(fault, "%s: no room for a table of %zu bytes; at most %u", rows->path,
                  rows->size + more, ROWS_SIZE_MAX);
    return text;
}

bool rows_append(char **out, size_t *out_size, const struct rows *rows, const char *const values[],
                 struct fault *fault)
{
    for (size_t i = 0; i < rows->column_count; i++)
        if (*value_of(values, i) != '\0' && !has_column(rows, i))
            return fault_set(fault,
                             "%s: the table has no column \"%s\": write it into the header, and "
                             "a separator into every row",
                             rows->path, rows->columns[i].name);
    const char *line_end = rows->has_returns ? "\r\n" : "\n";
    bool is_ended = rows->text[rows->size - 1] == '\n';
    size_t gap = is_ended ? 0 : strlen(line_end), more = put_row(NULL, rows, values);
    if (more - strlen(line_end) > ROWS_LINE_SIZE_MAX)
        return fault_set(fault, "%s: a row of %zu bytes: at most %d", rows->path, more,
                         ROWS_LINE_SIZE_MAX);
    char *text = larger_text(rows, gap + more, fault);
    if (text == NULL)
        return false;
    memcpy(text, rows->text, rows->size);
    memcpy(text + rows->size, line_end, gap);
    put_row(text + rows->size + gap, rows, values);
    *out = text;
    *out_size = rows->size + gap + more;
    return true;
}

bool rows_replace(char **out, size_t *out_size, const struct rows *rows, const struct row *row,
                  size_t column, const char *value, struct fault *fault)
{
    const struct row_field *field = &row->fields[column];
    assert(has_column(rows, column));
    size_t size = put_value(NULL, value, rows->separator);
    size_t behind = field->at + field->size;
    char *text = larger_text(rows, size, fault);
    if (text == NULL)
        return false;
    memcpy(text, rows->text, field->at);
    put_value(text + field->at, value, rows->separator);
    memcpy(text + field->at + size, rows->text + behind, rows->size - behind);
    *out = text;
    *out_size = rows->size - field->size + size;
    return true;
}
