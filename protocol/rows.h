/* A small table as people keep it, separated values under a header, changed without touching any
 * byte that is not meant. The form is that of elig-catalogue(5): fields apart by commas, semicolons
 * or tabs, whichever the header has most of; double quotes around a field, doubled within. */
#ifndef PROTOCOL_ROWS_H
#define PROTOCOL_ROWS_H

#include "protocol/fault.h"

#define ROWS_COLUMN_COUNT_MAX 16
#define ROWS_LINE_SIZE_MAX    4096
#define ROWS_SIZE_MAX         (64u << 20) /* of a table */

struct rows_column {
    const char *name;
    bool is_required; /* the header must have it */
};

/* Of a table whose text is borrowed; faults are path:line: sentence. */
struct rows {
    const char *path, *text;
    size_t size;
    const struct rows_column *columns;
    size_t column_count;
    char separator;
    bool has_returns;                       /* lines end as on Windows */
    uint32_t places[ROWS_COLUMN_COUNT_MAX]; /* column of each field of the header */
    uint32_t field_count;                   /* of the header */
    size_t next;                            /* where the next line begins */
    uint32_t line;                          /* taken so far */
};

struct row_field {
    size_t at, size;   /* in the text, with quotes and blanks */
    const char *value; /* without them; quotes that are doubled stay so */
    size_t value_size;
};

/* Fields by column; one that the header has not is empty. */
struct row {
    uint32_t line; /* from 1 */
    struct row_field fields[ROWS_COLUMN_COUNT_MAX];
};

/* Reads the header. */
MUST_USE bool rows_begin(struct rows *rows, const char *path, const char *text, size_t size,
                         const struct rows_column columns[], size_t column_count,
                         struct fault *fault);

/* The next row that says something; `is_there` is false when there is none. */
MUST_USE bool rows_next(struct rows *rows, struct row *row, bool *is_there, struct fault *fault);

/* The text with one row more at its end, and that with another value in a row's field; the caller
 * frees it. Values are by column; NULL or "" is an empty one. They are one line. A value for a
 * column that the header has not is a fault. */
MUST_USE bool rows_append(char **out, size_t *out_size, const struct rows *rows,
                          const char *const values[], struct fault *fault);
MUST_USE bool rows_replace(char **out, size_t *out_size, const struct rows *rows,
                           const struct row *row, size_t column, const char *value,
                           struct fault *fault);

#endif
