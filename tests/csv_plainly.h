/* The CSV of elig-registers(5) once more, written for the eye and not for speed: what the reader of
 * loader/csv.c is compared with, by its tests and its fuzz target. */
#ifndef TESTS_CSV_PLAINLY_H
#define TESTS_CSV_PLAINLY_H

#include "loader/csv.h"
#include "loader/intake.h"

#include <string.h>

struct plain_row {
    unsigned refusal;
    size_t field_count;
    char fields[FIELD_COUNT_MAX][LINE_SIZE_MAX];
    size_t sizes[FIELD_COUNT_MAX];
};

static inline void plain_add(struct plain_row *row, char c)
{
    if (row->field_count < FIELD_COUNT_MAX && row->sizes[row->field_count] < LINE_SIZE_MAX)
        row->fields[row->field_count][row->sizes[row->field_count]++] = c;
}

/* One line, without its end. */
static inline void plain_row_read(struct plain_row *row, char separator, const char *line,
                                  size_t size)
{
    enum { START, BARE, QUOTED, BEHIND } state = START;
    row->refusal = 0;
    row->field_count = 0;
    memset(row->sizes, 0, sizeof(row->sizes));
    if (size > LINE_SIZE_MAX) {
        row->refusal = REFUSAL_LINE_TOO_LONG;
        return;
    }
    for (size_t i = 0; i < size; i++) {
        char c = line[i];
        bool is_quote = c == '"';
        if (c == '\0' && row->refusal == 0)
            row->refusal = REFUSAL_ENCODING;
        if (state == QUOTED) {
            bool is_pair = is_quote && i + 1 < size && line[i + 1] == '"';
            if (is_quote && !is_pair)
                state = BEHIND;
            else
                plain_add(row, c);
            i += is_pair;
        } else if (c == separator) {
            row->field_count++;
            state = START;
        } else if (state == START && is_quote) {
            state = QUOTED;
        } else {
            if ((state == BEHIND || is_quote) && row->refusal == 0)
                row->refusal = REFUSAL_QUOTE;
            if (state == START)
                state = BARE;
            plain_add(row, c);
        }
    }
    if (state == QUOTED && row->refusal == 0)
        row->refusal = REFUSAL_QUOTE;
    row->field_count++;
}

/* Whether a row that csv_next gave is the line [line, line + size). */
static inline bool plain_row_is(const struct plain_row *plain, const struct csv_row *row)
{
    char single[LINE_SIZE_MAX];
    if (plain->refusal != 0 || row->refusal != 0)
        return (plain->refusal != 0) == (row->refusal != 0) &&
               (plain->refusal == REFUSAL_LINE_TOO_LONG) == (row->refusal == REFUSAL_LINE_TOO_LONG);
    if (plain->field_count != row->field_count)
        return false;
    for (size_t i = 0; i < plain->field_count && i < FIELD_COUNT_MAX; i++) {
        struct span field = row->fields[i];
        if ((row->doubled >> i & 1) != 0)
            field = csv_undouble(single, field);
        if (field.size != plain->sizes[i] || memcmp(field.text, plain->fields[i], field.size) != 0)
            return false;
    }
    return true;
}

#endif
