/* A table of what was measured: for people in a terminal, in a page, and as JSON. */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include "bench/scale.h"
#include "bench/summary.h"
#include "protocol/json.h"

#define TABLE_COLUMN_COUNT_MAX 12

/* How a column's cells are written. Numbers stand to the right. */
enum table_kind {
    TABLE_TEXT,
    TABLE_AMOUNT, /* the median, in the column's unit */
    TABLE_SPREAD, /* median (least to most) */
};

struct table_column {
    const char *name; /* the member's name in JSON, with the unit: "cpu_ns" */
    const char *title;
    enum table_kind kind;
    enum amount_unit unit;
};

/* One of the two, as the column says; a spread of no rounds, and NULL, are nothing. */
struct table_cell {
    const char *text;
    struct spread spread;
};

struct table {
    const char *name, *caption;
    const struct table_column *columns;
    size_t column_count;
    struct table_cell *cells; /* row by row; their texts are borrowed */
    size_t row_count, cell_room;
};

void table_begin(struct table *out, const char *name, const char *caption,
                 const struct table_column columns[], size_t column_count);
/* The cells of one more row, all nothing, until the next is added. */
struct table_cell *table_add(struct table *table);
void table_free(struct table *table);

void table_text(const struct table *table, FILE *to);
void table_html(const struct table *table, FILE *to);
void table_json(const struct table *table, struct json *json);

#endif
