/* One table that people keep: lines of separated values under a header. Columns are found by their
 * names, fields become numbers, days and names. Unlike a register's, a row that is wrong refuses
 * the whole: its owner can correct it. Faults are file:line: column: what was wanted, what was
 * found; they never show what could be a person's. */
#ifndef LOADER_SHEET_H
#define LOADER_SHEET_H

#include "loader/csv.h"
#include "protocol/fault.h"

#define SHEET_COLUMN_COUNT_MAX 16
#define SHEET_SIZE_MAX         (64u << 20)

struct sheet_column {
    const char *name;
    bool is_required; /* the header must have it */
};

/* All is borrowed but what is said to be for sheet.c alone. */
struct sheet {
    const char *path; /* as in faults */
    const struct sheet_column *columns;
    uint32_t column_count;
    struct fault *fault;
    uint32_t line;                              /* of the row, from 1 */
    struct span fields[SHEET_COLUMN_COUNT_MAX]; /* of the row, by column, without blanks around;
                                                 * size 0: empty, or the header has it not */

    /* for sheet.c alone */
    struct csv csv;
    uint32_t field_of[SHEET_COLUMN_COUNT_MAX]; /* FIELD_COUNT_MAX: the header has it not */
    uint32_t field_count;                      /* of the header */
    char single[2 * LINE_SIZE_MAX];            /* fields whose quotes were doubled */
};

/* The whole of a file; `text` stays NULL when there is none of that name. Owned by the caller. */
MUST_USE bool sheet_load(char **text, size_t *text_size, const char *path, struct fault *fault);

/* Borrows the text and reads its header. */
MUST_USE bool sheet_begin(struct sheet *sheet, const char *path, const char *text, size_t text_size,
                          const struct sheet_column columns[], size_t column_count,
                          struct fault *fault);

/* The next row that says something; `is_there` is false when there is none. */
MUST_USE bool sheet_next(struct sheet *sheet, bool *is_there);

/* Each takes the row's field of a column, or says what was wanted there. */
MUST_USE bool sheet_take_number(const struct sheet *sheet, uint32_t column, uint64_t *out,
                                uint64_t least, uint64_t most);
MUST_USE bool sheet_take_number_32(const struct sheet *sheet, uint32_t column, uint32_t *out,
                                   uint32_t least);
MUST_USE bool sheet_take_registration(const struct sheet *sheet, uint32_t column, uint64_t *out);
/* Text of at most room - 1 bytes. */
MUST_USE bool sheet_take_text(const struct sheet *sheet, uint32_t column, char *out, size_t room,
                              bool may_be_empty);
/* A name as in the relief language. */
MUST_USE bool sheet_take_name(const struct sheet *sheet, uint32_t column, char *out, size_t room);
/* One of `names`; empty leaves `choice` as it is, when it may be empty. */
MUST_USE bool sheet_take_choice(const struct sheet *sheet, uint32_t column,
                                const char *const names[], size_t name_count, size_t *choice,
                                bool may_be_empty);
/* From day to day; empty ones are 0 and DAY_NEVER. */
MUST_USE bool sheet_take_days(const struct sheet *sheet, uint32_t from_column,
                              uint32_t until_column, uint32_t *from_day, uint32_t *until_day);
/* EUR with up to 4 decimals, as 1/10000 EUR; empty is 0. */
MUST_USE bool sheet_take_price(const struct sheet *sheet, uint32_t column, uint32_t *out);
/* An ATVK code, its lost zeros put back; empty is 0, when it may be empty. */
MUST_USE bool sheet_take_place(const struct sheet *sheet, uint32_t column, uint32_t *out,
                               bool may_be_empty);

/* "file:line: column: wanted ..., found ..." of the row's field. Returns false. */
bool sheet_wanted(const struct sheet *sheet, uint32_t column, const char *wanted);
/* "file:line: sentence" of the row. Returns false. */
bool sheet_wrong(const struct sheet *sheet, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
