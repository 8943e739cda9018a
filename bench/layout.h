/* How each register writes its file: names and forms of the columns, encoding, line ends; and rows
 * in that form. */
#ifndef BENCH_LAYOUT_H
#define BENCH_LAYOUT_H

#include "bench/country.h"
#include "bench/out.h"

/* What a column is, as far as breaking it goes. */
enum role {
    ROLE_OTHER,
    ROLE_CODE,
    ROLE_NUMBER,
    ROLE_BEGIN, /* a date that must be there */
    ROLE_END,
    ROLE_CLASS,
    ROLE_PLACE,
};

enum date_form { FORM_ISO, FORM_DOTTED, FORM_COMPACT };

/* How codes are written: the share in percent of each way; else plain digits. */
struct code_forms {
    uint8_t hyphen, prefixed, spaced, as_number;
};

#define COLUMN_COUNT_MAX 7

struct layout {
    const char *name, *file;
    bool is_windows_1257, has_bom, has_crlf, is_quoted;
    char separator; /* of columns; '\0': XML */
    const char *xml_root, *xml_row;
    enum date_form date_form;
    struct code_forms codes;
    uint32_t column_count;
    struct {
        const char *name; /* XML: "@" in front for an attribute of the row */
        enum role role;
    } columns[COLUMN_COUNT_MAX];
};

extern const struct layout layouts[SOURCE_COUNT];

/* Index of the first column of that role, or COLUMN_COUNT_MAX. */
uint32_t layout_column(const struct layout *layout, enum role role);

/* What stands before the rows and behind them. */
void layout_write_head(struct out *out, const struct layout *layout);
void layout_write_foot(struct out *out, const struct layout *layout);
void layout_write_line_end(struct out *out, const struct layout *layout);

/* A row on its way to the file: the text of each column, UTF-8. */
#define FIELD_SIZE_MAX 128
struct row {
    uint32_t column_count;
    struct field {
        size_t size;
        char text[FIELD_SIZE_MAX];
    } fields[COLUMN_COUNT_MAX + 1];
};

void field_set(struct field *field, const char *text);
/* DAY_NEVER is an empty field. */
void field_set_date(struct field *field, enum date_form form, uint32_t day);
void field_set_code(struct field *field, struct code_forms forms, uint64_t code, struct draw *draw);
void field_write(struct out *out, const struct layout *layout, const struct field *field);

/* What a register knows, as it writes it. */
void row_fill_person(struct row *row, const struct citizen *citizen, struct draw *draw);
void row_fill_card(struct row *row, const struct country *country, enum source source,
                   const struct card_row *card, struct draw *draw);
void row_fill_status(struct row *row, const struct country *country, enum source source,
                     const struct status_row *status, struct draw *draw);
void row_write(struct out *out, const struct layout *layout, const struct row *row);

#endif
