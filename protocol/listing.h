/* A table for people, as CSV, or as JSON, from one description of its columns. */
#ifndef PROTOCOL_LISTING_H
#define PROTOCOL_LISTING_H

#include "protocol/fault.h"
#include "protocol/json.h"

#define LISTING_COLUMN_COUNT_MAX 40
#define LISTING_LINE_SIZE        4096 /* of a line of CSV, at most */

enum listing_format { LISTING_TEXT, LISTING_CSV, LISTING_JSON };

/* Of --csv and --json one at most. */
MUST_USE bool listing_format_of(enum listing_format *out, bool csv, bool json, struct fault *fault);

/* CELL_MONEY is 1/10000 EUR: "1.545" for people and in CSV, the number itself in JSON. */
enum cell_kind { CELL_TEXT, CELL_NUMBER, CELL_MONEY, CELL_DAY };

struct listing_column {
    const char *name; /* its title, and the member's name in JSON */
    enum cell_kind kind;
};

/* One of the two, as the column says. text NULL: nothing there. */
struct cell {
    const char *text;
    int64_t number;
};

struct listing;

/* `json` (LISTING_JSON alone) has an object open, in which the rows become the array `name`. All
 * borrowed. */
MUST_USE bool listing_open(struct listing **out, enum listing_format format, FILE *to,
                           struct json *json, const char *name,
                           const struct listing_column columns[], size_t column_count,
                           struct fault *fault);

/* From the next line on `take` is given every line of CSV, whatever the format, its end included.
 */
void listing_also(struct listing *listing, void (*take)(void *to, const char *line, size_t size),
                  void *to);

/* The titles, for CSV; call it once, before the first row. */
void listing_head(struct listing *listing);
void listing_row(struct listing *listing, const struct cell cells[]);

/* Prints what is left; false when it ran out of memory on the way. Frees it. */
MUST_USE bool listing_close(struct listing *listing, struct fault *fault);

/* "-1.50" */
#define SIGNED_MONEY_TEXT_SIZE 36
const char *signed_money_text(char text[static SIGNED_MONEY_TEXT_SIZE], int64_t amount);

#endif
