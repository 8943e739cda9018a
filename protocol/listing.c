#include "protocol/listing.h"

#include "protocol/day.h"
#include "protocol/money.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CELL_TEXT_SIZE 1024

struct listing {
    enum listing_format format;
    FILE *to;
    struct json *json;
    const struct listing_column *columns;
    size_t column_count, row_count;
    void (*take)(void *to, const char *line, size_t size);
    void *take_to;
    char *texts; /* of LISTING_TEXT: cells, each with its NUL, until widths are known */
    size_t size, room;
    size_t widths[LISTING_COLUMN_COUNT_MAX];
    bool has_failed;
};

bool listing_format_of(enum listing_format *out, bool csv, bool json, struct fault *fault)
{
    *out = csv ? LISTING_CSV : json ? LISTING_JSON : LISTING_TEXT;
    return !(csv && json) || fault_set(fault, "want --csv or --json, not both");
}

const char *signed_money_text(char text[static SIGNED_MONEY_TEXT_SIZE], int64_t amount)
{
    char plain[MONEY_TEXT_SIZE];
    uint64_t size = amount < 0 ? -(uint64_t)amount : (uint64_t)amount;
    snprintf(text, SIGNED_MONEY_TEXT_SIZE, "%s%s", amount < 0 ? "-" : "", money_text(plain, size));
    return text;
}

static void cell_text(char text[static CELL_TEXT_SIZE], enum cell_kind kind,
                      const struct cell *cell)
{
    char money[SIGNED_MONEY_TEXT_SIZE];
    if (kind == CELL_TEXT)
        snprintf(text, CELL_TEXT_SIZE, "%s", cell->text != NULL ? cell->text : "");
    else if (kind == CELL_MONEY)
        snprintf(text, CELL_TEXT_SIZE, "%s", signed_money_text(money, cell->number));
    else if (kind == CELL_DAY)
        day_to_text(text, (int32_t)cell->number);
    else
        snprintf(text, CELL_TEXT_SIZE, "%" PRId64, cell->number);
}

/* ---- CSV ---- */

struct line {
    char text[LISTING_LINE_SIZE];
    size_t size;
};

static void line_put(struct line *line, char c)
{
    assert(line->size < sizeof(line->text));
    line->text[line->size++] = c;
}

/* A sheet would work it out instead of showing it; of numbers that is the same. */
static bool is_formula(const char *text)
{
    bool is_number = text[0] == '-' && text[1] >= '0' && text[1] <= '9';
    return text[0] != '\0' && strchr("=+-@\t", text[0]) != NULL && !is_number;
}

static void line_cell(struct line *line, const char *text)
{
    bool is_quoted = strpbrk(text, ",\"\r\n") != NULL;
    if (is_quoted)
        line_put(line, '"');
    if (is_formula(text))
        line_put(line, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            line_put(line, '"');
        line_put(line, *text);
    }
    if (is_quoted)
        line_put(line, '"');
}

static void line_tell(struct listing *listing, struct line *line)
{
    line_put(line, '\n');
    if (listing->format == LISTING_CSV)
        fwrite(line->text, 1, line->size, listing->to);
    if (listing->take != NULL)
        listing->take(listing->take_to, line->text, line->size);
}

/* ---- tables ---- */

/* How wide it looks: characters, not bytes. */
static size_t text_width(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void keep_cell(struct listing *listing, size_t column, const char *text)
{
    size_t size = strlen(text) + 1, width = text_width(text);
    if (listing->size + size > listing->room) {
        size_t room = 2 * listing->room + CELL_TEXT_SIZE;
        char *more = realloc(listing->texts, room);
        if (more == NULL) {
            listing->has_failed = true;
            return;
        }
        listing->texts = more;
        listing->room = room;
    }
    memcpy(listing->texts + listing->size, text, size);
    listing->size += size;
    listing->widths[column] = width > listing->widths[column] ? width : listing->widths[column];
}

static void print_cell(const struct listing *listing, size_t column, const char *text)
{
    bool is_left = listing->columns[column].kind == CELL_TEXT;
    bool is_last = column + 1 == listing->column_count;
    int pad = (int)(listing->widths[column] - text_width(text));
    if (is_left)
        fprintf(listing->to, "%s%*s", text, is_last ? 0 : pad, "");
    else
        fprintf(listing->to, "%*s%s", pad, "", text);
    fputs(is_last ? "\n" : "  ", listing->to);
}

static void print_table(const struct listing *listing)
{
    const char *text = listing->texts;
    for (size_t i = 0; i < listing->column_count; i++)
        print_cell(listing, i, listing->columns[i].name);
    for (size_t row = 0; row < listing->row_count; row++)
        for (size_t i = 0; i < listing->column_count; i++) {
            print_cell(listing, i, text);
            text += strlen(text) + 1;
        }
}

/* ---- the whole ---- */

bool listing_open(struct listing **out, enum listing_format format, FILE *to, struct json *json,
                  const char *name, const struct listing_column columns[], size_t column_count,
                  struct fault *fault)
{
    assert(column_count <= LISTING_COLUMN_COUNT_MAX && (json != NULL) == (format == LISTING_JSON));
    struct listing *listing = calloc(1, sizeof(*listing));
    if (listing == NULL)
        return fault_set(fault, "no memory for a table");
    listing->format = format;
    listing->to = to;
    listing->json = json;
    listing->columns = columns;
    listing->column_count = column_count;
    for (size_t i = 0; i < column_count; i++)
        listing->widths[i] = strlen(columns[i].name);
    if (json != NULL)
        json_open_array(json, name);
    *out = listing;
    return true;
}

void listing_also(struct listing *listing, void (*take)(void *to, const char *line, size_t size),
                  void *to)
{
    listing->take = take;
    listing->take_to = to;
}

void listing_head(struct listing *listing)
{
    struct line line = {.size = 0};
    for (size_t i = 0; i < listing->column_count; i++) {
        if (i > 0)
            line_put(&line, ',');
        line_cell(&line, listing->columns[i].name);
    }
    line_tell(listing, &line);
}

static void json_cell(struct json *json, const struct listing_column *column,
                      const struct cell *cell)
{
    if (column->kind == CELL_TEXT)
        json_text(json, column->name, cell->text);
    else if (column->kind == CELL_DAY)
        json_day(json, column->name, (uint32_t)cell->number);
    else
        json_signed(json, column->name, cell->number);
}

void listing_row(struct listing *listing, const struct cell cells[])
{
    struct line line = {.size = 0};
    char text[CELL_TEXT_SIZE];
    if (listing->json != NULL)
        json_open_object(listing->json, NULL);
    for (size_t i = 0; i < listing->column_count; i++) {
        cell_text(text, listing->columns[i].kind, &cells[i]);
        if (listing->format == LISTING_TEXT)
            keep_cell(listing, i, text);
        if (listing->json != NULL)
            json_cell(listing->json, &listing->columns[i], &cells[i]);
        if (i > 0)
            line_put(&line, ',');
        line_cell(&line, text);
    }
    if (listing->json != NULL)
        json_close_object(listing->json);
    line_tell(listing, &line);
    listing->row_count++;
}

bool listing_close(struct listing *listing, struct fault *fault)
{
    bool is_good = !listing->has_failed || fault_set(fault, "no memory for a table");
    if (listing->json != NULL)
        json_close_array(listing->json);
    if (is_good && listing->format == LISTING_TEXT)
        print_table(listing);
    free(listing->texts);
    free(listing);
    return is_good;
}
