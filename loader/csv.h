/* Lines of separated values, one row each: fields are borrowed from the bytes that were read.
 *
 * A field may stand in quotes, with quotes inside doubled; a row never goes over a line's end, not
 * even within quotes, so that a file can be cut at any line end and read on several cores. */
#ifndef LOADER_CSV_H
#define LOADER_CSV_H

#include "loader/text.h"

#define LINE_SIZE_MAX   4096 /* without its end */
#define FIELD_COUNT_MAX 64   /* more are counted, but not kept */

/* A reader of some bytes of a file. */
struct csv {
    const char *at;    /* where the next line begins */
    const char *limit; /* a line that begins here or later is not ours */
    const char *end;   /* of the bytes that can be read */
    bool is_last;      /* the file ends at `end` */
    char separator;
    uint32_t line;     /* lines taken so far, empty ones too */
    const char *block; /* the 64 bytes that `marks` is about: a bit for each that needs a look */
    uint64_t marks;
};

struct csv_row {
    uint32_t line;   /* from 0: lines since csv_begin */
    uint8_t refusal; /* 0, or the refusal of the row as a whole: then there are no fields */
    uint8_t column;  /* of the refusal, from 1; 0: the row as a whole */
    uint32_t field_count;
    uint64_t doubled; /* bit i: field i has doubled quotes in it; see csv_undouble */
    struct span fields[FIELD_COUNT_MAX];
};

/* Bytes beyond `limit` that must be readable, unless the file ends before: a line that has not
 * ended by then is too long. */
#define CSV_LOOKAHEAD_SIZE (LINE_SIZE_MAX + 2)

/* The comma, semicolon or tab that the first line has most of; a comma when it has none. */
char csv_separator(const char *text, size_t text_size);

/* Reads the lines that begin in bytes[0..limit_size), and up to `size` to finish the last. */
void csv_begin(struct csv *csv, char separator, const char *bytes, size_t limit_size, size_t size,
               bool is_last);

/* The next row that is not an empty line; false when there is none. */
bool csv_next(struct csv *csv, struct csv_row *row);

/* The field's text with doubled quotes made single, in `out`. */
struct span csv_undouble(char out[static LINE_SIZE_MAX], struct span field);

#endif
