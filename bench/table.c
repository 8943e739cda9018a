#include "bench/table.h"

#include "bench/markup.h"
#include "bench/take.h"

#include <assert.h>
#include <string.h>

#define NOTHING "-"

void table_begin(struct table *out, const char *name, const char *caption,
                 const struct table_column columns[], size_t column_count)
{
    assert(column_count > 0 && column_count <= TABLE_COLUMN_COUNT_MAX);
    *out = (struct table){
        .name = name, .caption = caption, .columns = columns, .column_count = column_count};
}

struct table_cell *table_add(struct table *table)
{
    size_t first = table->row_count++ * table->column_count;
    /* A row has fewer cells than the room that is first taken. */
    static_assert(TABLE_COLUMN_COUNT_MAX < TAKE_ROOM_FIRST, "a row has room");
    table->cells = take_room(table->cells, &table->cell_room, first + table->column_count,
                             sizeof(table->cells[0]));
    memset(table->cells + first, 0, table->column_count * sizeof(table->cells[0]));
    return table->cells + first;
}

void table_free(struct table *table)
{
    free(table->cells);
    *table = (struct table){0};
}

/* ---- cells ---- */

static const struct table_cell *cell_at(const struct table *table, size_t row, size_t column)
{
    return &table->cells[row * table->column_count + column];
}

static const char *cell_text(char text[static AMOUNT_TEXT_SIZE], const struct table_column *column,
                             const struct table_cell *cell)
{
    const struct spread *spread = &cell->spread;
    if (column->kind == TABLE_TEXT)
        return cell->text != NULL ? cell->text : NOTHING;
    if (spread->round_count == 0)
        return NOTHING;
    if (column->kind == TABLE_AMOUNT || spread->round_count == 1)
        return amount_text(text, column->unit, spread->median);
    return amount_range_text(text, column->unit, spread->median, spread->least, spread->most);
}

/* ---- in a terminal ---- */

static size_t column_width(const struct table *table, size_t column)
{
    char text[AMOUNT_TEXT_SIZE];
    size_t width = markup_length(table->columns[column].title);
    for (size_t row = 0; row < table->row_count; row++) {
        const struct table_cell *cell = cell_at(table, row, column);
        size_t length = markup_length(cell_text(text, &table->columns[column], cell));
        if (length > width)
            width = length;
    }
    return width;
}

static void put_padded(FILE *to, const char *text, size_t width, bool is_left, bool is_last)
{
    int gap = (int)(width - markup_length(text));
    if (is_left)
        fprintf(to, "  %s%*s", text, is_last ? 0 : gap, "");
    else
        fprintf(to, "  %*s%s", gap, "", text);
}

void table_text(const struct table *table, FILE *to)
{
    char text[AMOUNT_TEXT_SIZE];
    size_t widths[TABLE_COLUMN_COUNT_MAX], last = table->column_count - 1;
    for (size_t i = 0; i <= last; i++)
        widths[i] = column_width(table, i);
    fprintf(to, "%s\n", table->caption);
    for (size_t i = 0; i <= last; i++)
        put_padded(to, table->columns[i].title, widths[i], table->columns[i].kind == TABLE_TEXT,
                   i == last);
    fputc('\n', to);
    for (size_t row = 0; row < table->row_count; row++) {
        for (size_t i = 0; i <= last; i++)
            put_padded(to, cell_text(text, &table->columns[i], cell_at(table, row, i)), widths[i],
                       table->columns[i].kind == TABLE_TEXT, i == last);
        fputc('\n', to);
    }
}

/* ---- in a page ---- */

static void put_html_cell(const struct table *table, FILE *to, size_t row, size_t column)
{
    char text[AMOUNT_TEXT_SIZE];
    const struct table_column *about = &table->columns[column];
    /* The first word of a row is what the row is about. */
    const char *open = column == 0                 ? "<th scope=\"row\">"
                       : about->kind == TABLE_TEXT ? "<td>"
                                                   : "<td class=\"n\">";
    fputs(open, to);
    markup_text(to, cell_text(text, about, cell_at(table, row, column)));
    fputs(column == 0 ? "</th>" : "</td>", to);
}

/* Its cells may be long and are broken; numbers never are. */
static bool is_of_words(const struct table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].kind != TABLE_TEXT)
            return false;
    return true;
}

void table_html(const struct table *table, FILE *to)
{
    fputs("<p class=\"caption\">", to);
    markup_text(to, table->caption);
    /* Wider than a small screen, it scrolls by itself, with keys as well. */
    fputs("</p>\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"", to);
    markup_text(to, table->caption);
    fprintf(to, "\">\n<table%s aria-label=\"", is_of_words(table) ? " class=\"words\"" : "");
    markup_text(to, table->caption);
    fputs("\">\n<thead><tr>", to);
    for (size_t i = 0; i < table->column_count; i++) {
        fprintf(to, "<th scope=\"col\"%s>",
                table->columns[i].kind == TABLE_TEXT ? "" : " class=\"n\"");
        markup_text(to, table->columns[i].title);
        fputs("</th>", to);
    }
    fputs("</tr></thead>\n<tbody>\n", to);
    for (size_t row = 0; row < table->row_count; row++) {
        fputs("<tr>", to);
        for (size_t i = 0; i < table->column_count; i++)
            put_html_cell(table, to, row, i);
        fputs("</tr>\n", to);
    }
    fputs("</tbody>\n</table>\n</div>\n", to);
}

/* ---- for programs ---- */

static void put_json_cell(const struct table_column *column, const struct table_cell *cell,
                          struct json *json)
{
    if (column->kind == TABLE_TEXT) {
        if (cell->text != NULL)
            json_text(json, column->name, cell->text);
        return;
    }
    if (cell->spread.round_count == 0)
        return;
    if (column->kind == TABLE_AMOUNT) {
        json_real(json, column->name, cell->spread.median);
        return;
    }
    json_open_object(json, column->name);
    json_real(json, "median", cell->spread.median);
    json_real(json, "least", cell->spread.least);
    json_real(json, "most", cell->spread.most);
    json_number(json, "rounds", cell->spread.round_count);
    json_close_object(json);
}

void table_json(const struct table *table, struct json *json)
{
    json_open_array(json, table->name);
    for (size_t row = 0; row < table->row_count; row++) {
        json_open_object(json, NULL);
        for (size_t i = 0; i < table->column_count; i++)
            put_json_cell(&table->columns[i], cell_at(table, row, i), json);
        json_close_object(json);
    }
    json_close_array(json);
}
