#include "bench/breakage.h"

#include <stdlib.h>

const char *defect_name(enum defect defect)
{
#define DEFECT_NAME(name) #name,
    static const char *const names[] = {DEFECT_LIST(DEFECT_NAME)};
#undef DEFECT_NAME
    assert(defect < DEFECT_COUNT);
    return names[defect];
}

static bool has_column(const struct layout *layout, enum role role)
{
    return layout_column(layout, role) < COLUMN_COUNT_MAX;
}

bool defect_occurs(enum defect defect, enum source source)
{
    const struct layout *layout = &layouts[source];
    switch (defect) {
    case DEFECT_COLUMN_COUNT:
    case DEFECT_QUOTE:
    case DEFECT_LINE_TOO_LONG:
    case DEFECT_ENCODING:
        return layout->separator != '\0'; /* XML that is not well-formed is no delivery at all */
    case DEFECT_CODE_MISSING:
    case DEFECT_CODE_FORM:
    case DEFECT_CODE_NOT_PERSON:
    case DEFECT_DATE_FORM:
    case DEFECT_DATE_NONE_SUCH:
    case DEFECT_DATE_MISSING:
        return true;
    case DEFECT_NUMBER_FORM:
        return has_column(layout, ROLE_NUMBER);
    case DEFECT_DATE_ORDER:
        return has_column(layout, ROLE_END);
    case DEFECT_CLASSIFIER:
        return has_column(layout, ROLE_CLASS);
    case DEFECT_PLACE:
        return has_column(layout, ROLE_PLACE);
    case DEFECT_PERSON_UNKNOWN:
        return source != SOURCE_PERSONS;
    case DEFECT_BIRTH_FUTURE:
        return source == SOURCE_PERSONS;
    case DEFECT_MEANS_CONFLICT:
        return false; /* rows of the country itself */
    }
    abort(); /* not a defect: memory was overwritten */
}

#define LONG_LINE_SIZE 5000 /* the loader takes 4096 */

/* Breaks the row; `which` chooses between the ways there are. */
static void row_break(struct row *row, const struct layout *layout, enum defect defect,
                      uint32_t which, uint32_t as_of_day)
{
    struct field *code = &row->fields[layout_column(layout, ROLE_CODE)];
    struct field *begin = &row->fields[layout_column(layout, ROLE_BEGIN)];
    struct draw draw = {which};
    switch (defect) {
    case DEFECT_COLUMN_COUNT:
        if (which % 2 == 0)
            row->column_count--;
        else
            field_set(&row->fields[row->column_count++], "1");
        return;
    case DEFECT_QUOTE:
    case DEFECT_LINE_TOO_LONG:
    case DEFECT_ENCODING:
    case DEFECT_MEANS_CONFLICT:
        return; /* done on the way to the file, or in the country */
    case DEFECT_CODE_MISSING:
        code->size = 0;
        return;
    case DEFECT_CODE_FORM:
        field_set(code, which % 2 == 0 ? "320000000001" : "01018O-00012");
        return;
    case DEFECT_CODE_NOT_PERSON:
        field_set(code, which % 2 == 0 ? "40000000000" : "90000000000");
        return;
    case DEFECT_NUMBER_FORM:
        field_set(&row->fields[layout_column(layout, ROLE_NUMBER)],
                  which % 2 == 0 ? "12345678901" : "3A-4519");
        return;
    case DEFECT_DATE_FORM:
        field_set(begin, layout->date_form == FORM_ISO ? "01.11.2026" : "2026-11-01");
        return;
    case DEFECT_DATE_NONE_SUCH:
        field_set(begin, layout->date_form == FORM_ISO      ? "2026-02-31"
                         : layout->date_form == FORM_DOTTED ? "31.02.2026"
                                                            : "20260231");
        return;
    case DEFECT_DATE_ORDER:
        field_set_date(begin, layout->date_form, as_of_day - which % 20);
        field_set_date(&row->fields[layout_column(layout, ROLE_END)], layout->date_form,
                       as_of_day - 30);
        return;
    case DEFECT_DATE_MISSING:
        begin->size = 0;
        return;
    case DEFECT_CLASSIFIER:
        field_set(&row->fields[layout_column(layout, ROLE_CLASS)], "cits");
        return;
    case DEFECT_PLACE:
        field_set(&row->fields[layout_column(layout, ROLE_PLACE)],
                  which % 2 == 0 ? "RIGA" : "00010000");
        return;
    case DEFECT_PERSON_UNKNOWN:
        field_set_code(code, layout->codes, country_unknown_code(which), &draw);
        return;
    case DEFECT_BIRTH_FUTURE:
        field_set_date(begin, layout->date_form, as_of_day + 1 + which % 1000);
        return;
    }
}

/* Rows that are broken as text: all in the code, which every reader must look at. */
static void write_broken_text(struct out *out, const struct layout *layout, const struct row *row,
                              enum defect defect, uint32_t which)
{
    uint32_t code = layout_column(layout, ROLE_CODE);
    for (uint32_t i = 0; i < row->column_count; i++) {
        if (i > 0)
            out_bytes(out, &layout->separator, 1);
        if (i != code) {
            field_write(out, layout, &row->fields[i]);
        } else if (defect == DEFECT_QUOTE) { /* never closed; the next line is another row */
            out_bytes(out, "\"", 1);
            out_text(out, row->fields[i].text, row->fields[i].size);
        } else if (defect == DEFECT_LINE_TOO_LONG) {
            for (size_t j = 0; j < LONG_LINE_SIZE; j++)
                out_bytes(out, "1", 1);
        } else { /* a byte that is none in UTF-8 nor in Windows-1257, or none of any text */
            out_text(out, row->fields[i].text, row->fields[i].size - 2);
            out_bytes(out, which % 2 == 0 ? "\xa1" : "\0", 1);
            out_bytes(out, "1", 1);
        }
    }
    layout_write_line_end(out, layout);
}

void breakage_write(struct out *out, enum source source, struct row *row, enum defect defect,
                    uint32_t which, uint32_t as_of_day)
{
    const struct layout *layout = &layouts[source];
    row_break(row, layout, defect, which + 1000 * source, as_of_day);
    if (defect == DEFECT_QUOTE || defect == DEFECT_LINE_TOO_LONG || defect == DEFECT_ENCODING)
        write_broken_text(out, layout, row, defect, which);
    else
        row_write(out, layout, row);
}
