#include "bench/exports.h"

#include "bench/out.h"

#include <stdlib.h>
#include <string.h>

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

#define COLUMN_COUNT_MAX 6

static const struct layout {
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
} layouts[SOURCE_COUNT] = {
    [SOURCE_PERSONS] = {.name = "PMLP.persons",
                        .file = "pmlp_personas.csv",
                        .separator = ';',
                        .codes = {.hyphen = 90},
                        .column_count = 6,
                        .columns = {{"Personas kods", ROLE_CODE},
                                    {"Iepriekšējie personas kodi", ROLE_OTHER},
                                    {"Dzimšanas datums", ROLE_BEGIN},
                                    {"Miršanas datums", ROLE_OTHER},
                                    {"Deklarētās adreses ATVK", ROLE_PLACE},
                                    {"Statuss", ROLE_OTHER}}},
    [SOURCE_EID] = {.name = "PMLP.eid",
                    .file = "pmlp_eid.csv",
                    .has_bom = true,
                    .has_crlf = true,
                    .separator = ',',
                    .date_form = FORM_DOTTED,
                    .codes = {.hyphen = 80, .prefixed = 5},
                    .column_count = 6,
                    .columns = {{"Dokumenta numurs", ROLE_NUMBER},
                                {"Personas kods", ROLE_CODE},
                                {"Izdošanas datums", ROLE_BEGIN},
                                {"Derīgs līdz", ROLE_END},
                                {"Stāvoklis", ROLE_CLASS},
                                {"Stāvokļa datums", ROLE_OTHER}}},
    [SOURCE_SPECIAL] = {.name = "PMLP.special",
                        .file = "pmlp_statusi.csv",
                        .is_windows_1257 = true,
                        .has_crlf = true,
                        .separator = ';',
                        .date_form = FORM_DOTTED,
                        .codes = {.hyphen = 100},
                        .column_count = 4,
                        .columns = {{"Personas kods", ROLE_CODE},
                                    {"Statuss", ROLE_CLASS},
                                    {"Piešķirts", ROLE_BEGIN},
                                    {"Izbeigts", ROLE_END}}},
    [SOURCE_LEARNER] = {.name = "IZM.learner",
                        .file = "izm_izglitojamie.csv",
                        .is_quoted = true,
                        .separator = ',',
                        .codes = {.hyphen = 70},
                        .column_count = 6,
                        .columns = {{"Izglītojamā personas kods", ROLE_CODE},
                                    {"Iestāde", ROLE_OTHER},
                                    {"Iestādes ATVK", ROLE_PLACE},
                                    {"Programma", ROLE_CLASS},
                                    {"No", ROLE_BEGIN},
                                    {"Līdz", ROLE_END}}},
    [SOURCE_PENSION] = {.name = "VSAA.pension",
                        .file = "vsaa_pensijas.csv",
                        .is_windows_1257 = true,
                        .has_crlf = true,
                        .separator = '\t',
                        .date_form = FORM_COMPACT,
                        .codes = {.as_number = 100},
                        .column_count = 4,
                        .columns = {{"PERSONAS_KODS", ROLE_CODE},
                                    {"VEIDS", ROLE_CLASS},
                                    {"NO", ROLE_BEGIN},
                                    {"LĪDZ", ROLE_END}}},
    [SOURCE_DISABILITY] = {.name = "VDEAVK.disability",
                           .file = "vdeavk_invaliditate.xml",
                           .xml_root = "invaliditate",
                           .xml_row = "persona",
                           .codes = {.hyphen = 60},
                           .column_count = 4,
                           .columns = {{"@kods", ROLE_CODE},
                                       {"grupa", ROLE_CLASS},
                                       {"no", ROLE_BEGIN},
                                       {"lidz", ROLE_END}}},
    [SOURCE_FAMILY] = {.name = "SIF.family",
                       .file = "sif_goda_gimene.xml",
                       .is_windows_1257 = true,
                       .xml_root = "godaGimene",
                       .xml_row = "karte",
                       .date_form = FORM_DOTTED,
                       .codes = {.hyphen = 95, .prefixed = 5},
                       .column_count = 4,
                       .columns = {{"personasKods", ROLE_CODE},
                                   {"loma", ROLE_CLASS},
                                   {"izsniegta", ROLE_BEGIN},
                                   {"derigaLidz", ROLE_END}}},
    [SOURCE_ORPHAN] = {.name = "VBTAI.orphan",
                       .file = "vbtai_barenji.csv",
                       .has_bom = true,
                       .separator = ';',
                       .date_form = FORM_DOTTED,
                       .codes = {.hyphen = 50},
                       .column_count = 4,
                       .columns = {{"personas kods", ROLE_CODE},
                                   {"statuss", ROLE_CLASS},
                                   {"lēmuma datums", ROLE_BEGIN},
                                   {"beigu datums", ROLE_END}}},
    [SOURCE_HOUSEHOLD] = {.name = "SOPA.household",
                          .file = "sopa_statusi.csv",
                          .is_windows_1257 = true,
                          .has_crlf = true,
                          .separator = ',',
                          .date_form = FORM_DOTTED,
                          .codes = {.hyphen = 85, .spaced = 5},
                          .column_count = 5,
                          .columns = {{"Personas kods", ROLE_CODE},
                                      {"Statuss", ROLE_CLASS},
                                      {"Pašvaldība", ROLE_OTHER},
                                      {"Lēmuma datums", ROLE_BEGIN},
                                      {"Termiņš", ROLE_END}}},
    [SOURCE_ETALONS] = {.name = "RS.etalons",
                        .file = "rs_etaloni.csv",
                        .separator = ';',
                        .codes = {.hyphen = 50},
                        .column_count = 6,
                        .columns = {{"E-talona numurs", ROLE_NUMBER},
                                    {"Personas kods", ROLE_CODE},
                                    {"Izsniegts", ROLE_BEGIN},
                                    {"Derīgs līdz", ROLE_END},
                                    {"Stāvoklis", ROLE_CLASS},
                                    {"Stāvokļa datums", ROLE_OTHER}}},
    [SOURCE_STAFF] = {.name = "riga_staff",
                      .file = "riga_darbinieki.csv",
                      .separator = ',',
                      .codes = {.hyphen = 60, .prefixed = 15, .spaced = 10},
                      .column_count = 3,
                      .columns = {{"personas_kods", ROLE_CODE},
                                  {"no", ROLE_BEGIN},
                                  {"lidz", ROLE_END}}},
};

/* Which registers write the last day on which something holds, not the first on which it does not.
 */
static bool writes_last_day(enum source source)
{
    return source == SOURCE_LEARNER || source == SOURCE_PENSION || source == SOURCE_DISABILITY ||
           source == SOURCE_FAMILY || source == SOURCE_HOUSEHOLD;
}

/* A row on its way to the file: the text of each column, UTF-8. */
#define FIELD_SIZE_MAX 128
struct row {
    uint32_t column_count;
    struct field {
        size_t size;
        char text[FIELD_SIZE_MAX];
    } fields[COLUMN_COUNT_MAX + 1];
};

static void field_set(struct field *field, const char *text)
{
    field->size = strlen(text);
    assert(field->size <= FIELD_SIZE_MAX);
    memcpy(field->text, text, field->size);
}

static void field_set_birth(struct field *field, enum date_form form, int32_t day)
{
    struct date date = date_of_day(day);
    char *text = field->text;
    switch (form) {
    case FORM_ISO:
        digits_put(text, (uint32_t)date.year, 4);
        text[4] = text[7] = '-';
        digits_put(text + 5, date.month, 2);
        digits_put(text + 8, date.day, 2);
        field->size = 10;
        return;
    case FORM_DOTTED:
        digits_put(text, date.day, 2);
        text[2] = text[5] = '.';
        digits_put(text + 3, date.month, 2);
        digits_put(text + 6, (uint32_t)date.year, 4);
        field->size = 10;
        return;
    case FORM_COMPACT:
        digits_put(text, (uint32_t)date.year * 10000 + date.month * 100 + date.day, 8);
        field->size = 8;
        return;
    }
    abort(); /* not a form: memory was overwritten */
}

/* An open end is an empty field. Births have their own function: the day before 1970 is -1, whose
 * bits are those of DAY_NEVER. */
static void field_set_date(struct field *field, enum date_form form, uint32_t day)
{
    if (day == DAY_NEVER)
        field->size = 0;
    else
        field_set_birth(field, form, (int32_t)day);
}

static size_t put_code(char *text, uint64_t code, bool has_hyphen)
{
    digits_put(text, code, 11);
    if (!has_hyphen)
        return 11;
    memmove(text + 7, text + 6, 5);
    text[6] = '-';
    return 12;
}

static void field_set_code(struct field *field, struct code_forms forms, uint64_t code,
                           struct draw *draw)
{
    uint32_t percent = draw_below(draw, 100);
    if (percent < forms.hyphen) {
        field->size = put_code(field->text, code, true);
    } else if (percent < 0u + forms.hyphen + forms.prefixed) {
        memcpy(field->text, "PNOLV-", 6);
        field->size = 6 + put_code(field->text + 6, code, true);
    } else if (percent < 0u + forms.hyphen + forms.prefixed + forms.spaced) {
        field->text[0] = ' ';
        field->size = 1 + put_code(field->text + 1, code, percent % 2 == 0);
        field->text[field->size++] = ' ';
    } else {
        field->size = put_code(field->text, code, false);
        if (forms.as_number == 100 && field->text[0] == '0')
            memmove(field->text, field->text + 1, --field->size);
    }
}

static void field_set_number(struct field *field, uint32_t number, size_t width)
{
    field->size = width;
    digits_put(field->text, number, width);
}

/* As registers write municipalities: seven digits, or a number that lost its zeros. */
static void field_set_place(struct field *field, uint32_t place, struct draw *draw)
{
    if (place == 0) {
        field->size = 0;
        return;
    }
    size_t width = 7;
    if (draw_percent(draw, 40))
        for (width = 4; width < 7 && place >= (width == 4 ? 10000u : 100000u); width++)
            ;
    field_set_number(field, place, width);
}

/* Rows of each register, column by column */

static uint64_t code_given(const struct country *country, uint32_t person, bool is_under_previous)
{
    const struct citizen *citizen = &country->citizens[person];
    return is_under_previous && citizen->previous[0] != 0 ? citizen->previous[0] : citizen->code;
}

static void fill_person(struct row *row, const struct citizen *citizen, struct draw *draw)
{
    const struct layout *layout = &layouts[SOURCE_PERSONS];
    field_set_code(&row->fields[0], layout->codes, citizen->code, draw);
    struct field *previous = &row->fields[1];
    previous->size = 0;
    for (size_t i = 0; i < PREVIOUS_COUNT_MAX && citizen->previous[i] != 0; i++) {
        if (i > 0)
            previous->text[previous->size++] = ' ';
        previous->size +=
            put_code(previous->text + previous->size, citizen->previous[i], draw_percent(draw, 80));
    }
    bool is_dead = citizen->death_day != DAY_NEVER;
    field_set_birth(&row->fields[2], layout->date_form, citizen->birth_day);
    field_set_date(&row->fields[3], layout->date_form, citizen->death_day);
    field_set_place(&row->fields[4], citizen->place, draw);
    field_set(&row->fields[5], is_dead ? "miris" : "dzīvs");
}

static void fill_card(struct row *row, const struct country *country, enum source source,
                      const struct card_row *card, struct draw *draw)
{
    static const char *const states[] = {"derīgs", "bloķēts", "nozaudēts", "aizstāts", "anulēts"};
    const struct layout *layout = &layouts[source];
    if (source == SOURCE_EID) {
        struct field *number = &row->fields[0];
        number->text[0] = 'P';
        number->text[1] = (char)('A' + card->number / 10000000);
        digits_put(number->text + 2, card->number % 10000000, 7);
        number->size = 9;
    } else {
        bool is_short = card->number < 1000000 && draw_percent(draw, 50);
        field_set_number(&row->fields[0], card->number, is_short ? 6 : 7);
    }
    field_set_code(&row->fields[1], layout->codes,
                   code_given(country, card->person, card->is_under_previous), draw);
    field_set_date(&row->fields[2], layout->date_form, card->from_day);
    field_set_date(&row->fields[3], layout->date_form, card->last_day);
    field_set(&row->fields[4], states[card->state]);
    field_set_date(&row->fields[5], layout->date_form,
                   card->state == CARD_GOOD ? DAY_NEVER : card->state_day);
}

static const char *class_text(enum source source, uint8_t subtype)
{
    static const char *const texts[SOURCE_COUNT][5] = {
        [SOURCE_SPECIAL] = {NULL, "politiski represēta persona",
                            "nacionālās pretošanās kustības dalībnieks",
                            "Otrā pasaules kara dalībnieks"},
        [SOURCE_LEARNER] = {NULL, "pirmsskola", "vispārējā", "profesionālā", "augstākā"},
        [SOURCE_PENSION] = {NULL, "VP", "IP", "AZ", "SN"},
        [SOURCE_DISABILITY] = {NULL, "1", "2", "3", "B"},
        [SOURCE_FAMILY] = {NULL, "vecāks", "bērns"},
        [SOURCE_ORPHAN] = {NULL, "bārenis", "bez vecāku gādības"},
        [SOURCE_HOUSEHOLD] = {NULL, "trūcīga", "maznodrošināta"},
    };
    assert(texts[source][subtype] != NULL);
    return texts[source][subtype];
}

/* Ignored by the loader, and awkward: commas, quotes, letters of two bytes. */
static const char *school_name(uint32_t which)
{
    static const char *const names[] = {
        "Rīgas 49. vidusskola",
        "\"Zvaniņš\", pirmsskolas izglītības iestāde, 2. korpuss",
        "Valsts ģimnāzija, \"Jūrmalas iela 7\"",
        "SIA \"Ķiršu dārzs\"",
        "Tehnikums, profesionālās izglītības kompetences centrs",
    };
    return names[which % (sizeof(names) / sizeof(names[0]))];
}

static void fill_status(struct row *row, const struct country *country, enum source source,
                        const struct status_row *status, struct draw *draw)
{
    const struct layout *layout = &layouts[source];
    uint32_t end_day = status->until_day;
    if (end_day != DAY_NEVER && writes_last_day(source))
        end_day--;
    for (uint32_t i = 0; i < layout->column_count; i++) {
        struct field *field = &row->fields[i];
        switch (layout->columns[i].role) {
        case ROLE_CODE:
            field_set_code(field, layout->codes,
                           code_given(country, status->person, status->is_under_previous), draw);
            break;
        case ROLE_BEGIN:
            field_set_date(field, layout->date_form, status->from_day);
            break;
        case ROLE_END:
            field_set_date(field, layout->date_form, end_day);
            break;
        case ROLE_CLASS:
            field_set(field, class_text(source, status->subtype));
            break;
        case ROLE_PLACE:
            field_set_place(field, status->school, draw);
            break;
        case ROLE_OTHER:
            field_set(field, source == SOURCE_LEARNER ? school_name(status->person)
                                                      : "pašvaldības sociālais dienests");
            break;
        case ROLE_NUMBER:
            break; /* means have rows of their own */
        }
    }
}

/* Rows of text */

static void write_field(struct out *out, const struct layout *layout, const struct field *field)
{
    if (!layout->is_quoted) {
        out_text(out, field->text, field->size);
        return;
    }
    out_bytes(out, "\"", 1);
    size_t done = 0;
    for (size_t i = 0; i < field->size; i++) {
        if (field->text[i] != '"')
            continue;
        out_text(out, field->text + done, i + 1 - done);
        out_bytes(out, "\"", 1);
        done = i + 1;
    }
    out_text(out, field->text + done, field->size - done);
    out_bytes(out, "\"", 1);
}

static void write_line_end(struct out *out, const struct layout *layout)
{
    out_string(out, layout->has_crlf ? "\r\n" : "\n");
}

static void write_csv(struct out *out, const struct layout *layout, const struct row *row)
{
    for (uint32_t i = 0; i < row->column_count; i++) {
        if (i > 0)
            out_bytes(out, &layout->separator, 1);
        write_field(out, layout, &row->fields[i]);
    }
    write_line_end(out, layout);
}

/* Elements that say nothing are left out or left empty, one way and the other. */
static void write_xml(struct out *out, const struct layout *layout, const struct row *row)
{
    bool leaves_out = row->fields[0].size % 2 == 0;
    out_string(out, "  <");
    out_string(out, layout->xml_row);
    for (uint32_t i = 0; i < row->column_count; i++) {
        const char *name = layout->columns[i].name;
        if (name[0] == '@') {
            out_string(out, " ");
            out_string(out, name + 1);
            out_string(out, "=\"");
            out_text(out, row->fields[i].text, row->fields[i].size);
            out_string(out, "\">");
            continue;
        }
        if (i == 0)
            out_string(out, ">");
        if (row->fields[i].size == 0 && leaves_out)
            continue;
        out_string(out, "<");
        out_string(out, name);
        out_string(out, ">");
        out_text(out, row->fields[i].text, row->fields[i].size);
        out_string(out, "</");
        out_string(out, name);
        out_string(out, ">");
    }
    out_string(out, "</");
    out_string(out, layout->xml_row);
    out_string(out, ">\n");
}

static void write_row(struct out *out, const struct layout *layout, const struct row *row)
{
    if (layout->separator != '\0')
        write_csv(out, layout, row);
    else
        write_xml(out, layout, row);
}

static void write_head(struct out *out, const struct layout *layout)
{
    if (layout->separator == '\0') {
        out_string(out, "<?xml version=\"1.0\" encoding=\"");
        out_string(out, layout->is_windows_1257 ? "windows-1257" : "UTF-8");
        out_string(out, "\"?>\n<");
        out_string(out, layout->xml_root);
        out_string(out, ">\n");
        return;
    }
    if (layout->has_bom)
        out_bytes(out, "\xef\xbb\xbf", 3);
    struct row row = {.column_count = layout->column_count};
    for (uint32_t i = 0; i < layout->column_count; i++)
        field_set(&row.fields[i], layout->columns[i].name);
    write_csv(out, layout, &row);
}

static void write_foot(struct out *out, const struct layout *layout)
{
    if (layout->separator != '\0')
        return;
    out_string(out, "</");
    out_string(out, layout->xml_root);
    out_string(out, ">\n");
}

/* Broken rows: a good row once more with one thing wrong. If the loader took it, the truth would
 * not be met. */

static uint32_t column_of(const struct layout *layout, enum role role)
{
    for (uint32_t i = 0; i < layout->column_count; i++)
        if (layout->columns[i].role == role)
            return i;
    return COLUMN_COUNT_MAX;
}

static bool has_column(const struct layout *layout, enum role role)
{
    return column_of(layout, role) < COLUMN_COUNT_MAX;
}

static bool defect_occurs(enum defect defect, enum source source)
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

#define LONG_LINE_SIZE 5000

/* Breaks the row; `which` chooses between the ways there are. */
static void row_break(struct row *row, const struct layout *layout, enum defect defect,
                      uint32_t which, uint32_t as_of_day)
{
    struct field *code = &row->fields[column_of(layout, ROLE_CODE)];
    struct field *begin = &row->fields[column_of(layout, ROLE_BEGIN)];
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
        field_set(&row->fields[column_of(layout, ROLE_NUMBER)],
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
        field_set_date(&row->fields[column_of(layout, ROLE_END)], layout->date_form,
                       as_of_day - 30);
        return;
    case DEFECT_DATE_MISSING:
        begin->size = 0;
        return;
    case DEFECT_CLASSIFIER:
        field_set(&row->fields[column_of(layout, ROLE_CLASS)], "cits");
        return;
    case DEFECT_PLACE:
        field_set(&row->fields[column_of(layout, ROLE_PLACE)],
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
    static const char filling[LONG_LINE_SIZE];
    uint32_t code = column_of(layout, ROLE_CODE);
    for (uint32_t i = 0; i < row->column_count; i++) {
        if (i > 0)
            out_bytes(out, &layout->separator, 1);
        if (i != code) {
            write_field(out, layout, &row->fields[i]);
        } else if (defect == DEFECT_QUOTE) { /* never closed; the next line is another row */
            out_bytes(out, "\"", 1);
            out_text(out, row->fields[i].text, row->fields[i].size);
        } else if (defect == DEFECT_LINE_TOO_LONG) {
            for (size_t j = 0; j < sizeof(filling); j++)
                out_bytes(out, "1", 1);
        } else { /* a byte that is none in UTF-8 nor in Windows-1257, or none of any text */
            out_text(out, row->fields[i].text, row->fields[i].size - 2);
            out_bytes(out, which % 2 == 0 ? "\xa1" : "\0", 1);
            out_bytes(out, "1", 1);
        }
    }
    write_line_end(out, layout);
}

/* One file */

struct export
{
    const struct country *country;
    enum source source;
    struct out *out;
    struct draw draw;
    struct row row;
    struct export_summary *summary;
    struct breakage breakage;
    uint32_t kinds[DEFECT_COUNT], kind_count; /* of defects that this file can have */
    uint64_t good_count, broken_count, broken_written;
    uint32_t *again; /* persons whose row comes once more at the end */
    uint32_t again_count;
};

static uint64_t source_size(const struct country *country, enum source source)
{
    if (source == SOURCE_PERSONS)
        return country->person_count;
    bool is_means = source == SOURCE_EID || source == SOURCE_ETALONS;
    return is_means ? country->card_count[source] : country->row_count[source];
}

static void fill_row(struct export *export, uint32_t index)
{
    const struct country *country = export->country;
    export->row.column_count = layouts[export->source].column_count;
    if (export->source == SOURCE_PERSONS)
        fill_person(&export->row, &country->citizens[index], &export->draw);
    else if (export->source == SOURCE_EID || export->source == SOURCE_ETALONS)
        fill_card(&export->row, country, export->source, &country->cards[export->source][index],
                  &export->draw);
    else
        fill_status(&export->row, country, export->source, &country->rows[export->source][index],
                    &export->draw);
}

static void write_good(struct export *export)
{
    write_row(export->out, &layouts[export->source], &export->row);
    export->summary->row_count++;
}

static void write_broken(struct export *export)
{
    const struct layout *layout = &layouts[export->source];
    uint32_t which = (uint32_t) export->broken_written;
    enum defect defect = export->kinds[which % export->kind_count];
    uint64_t size = source_size(export->country, export->source);
    which = which / export->kind_count; /* of this kind */
    fill_row(export, draw_below(&export->draw, (uint32_t)size));
    row_break(&export->row, layout, defect, which + 1000 * export->source,
              export->country->as_of_day);
    if (defect == DEFECT_QUOTE || defect == DEFECT_LINE_TOO_LONG || defect == DEFECT_ENCODING)
        write_broken_text(export->out, layout, &export->row, defect, which);
    else
        write_row(export->out, layout, &export->row);
    export->broken_written++;
    export->summary->row_count++;
    export->summary->broken_count[defect]++;
}

/* The base register corrects itself: of 1,000 persons two come with a wrong row first, and one
 * comes twice. The right row is the last. */
static void write_base_row(struct export *export, uint32_t person)
{
    uint32_t what = draw_below(&export->draw, 1000);
    fill_row(export, person);
    if (what < 3)
        export->again[export->again_count++] = person;
    if (what < 2) {
        struct citizen wrong = export->country->citizens[person];
        wrong.birth_day -= 3653;
        wrong.place = wrong.place / 1000 == 1 ? 24000 : 1000;
        wrong.death_day =
            wrong.death_day == DAY_NEVER ? export->country->as_of_day - 100 : DAY_NEVER;
        fill_person(&export->row, &wrong, &export->draw);
    }
    write_good(export);
}

/* Registers are in an order of their own: a step that shares no divisor with the count visits every
 * row once. */
static uint64_t step_through(uint64_t count)
{
    uint64_t step = count / 2 + count / 8 + 1;
    for (;; step++) {
        uint64_t a = step, b = count;
        while (b != 0) {
            uint64_t rest = a % b;
            a = b;
            b = rest;
        }
        if (a == 1)
            return step;
    }
}

static void write_rows(struct export *export, struct progress *progress, uint64_t done_before)
{
    uint64_t count = source_size(export->country, export->source);
    uint64_t step = count > 0 ? step_through(count) : 0, index = 0;
    for (uint64_t i = 0; i < count; i++, index = (index + step) % count) {
        if (export->source == SOURCE_PERSONS) {
            write_base_row(export, (uint32_t)index);
        } else {
            fill_row(export, (uint32_t)index);
            write_good(export);
        }
        while (export->broken_written * count < export->broken_count * (i + 1))
            write_broken(export);
        if (i % 4096 == 0)
            progress_set(progress, done_before + i);
    }
    for (uint32_t i = 0; i < export->again_count; i++) {
        fill_row(export, export->again[i]);
        write_good(export);
    }
}

static void count_conflicts(const struct export *export)
{
    if (export->source != SOURCE_EID && export->source != SOURCE_ETALONS)
        return;
    const struct card_row *cards = export->country->cards[export->source];
    for (uint32_t i = 0; i < export->country->card_count[export->source]; i++)
        export->summary->broken_count[DEFECT_MEANS_CONFLICT] += cards[i].claim == CLAIM_REFUSED;
}

static bool write_file(struct export *export, const char *folder, struct progress *progress,
                       uint64_t done_before, struct fault *fault)
{
    const struct layout *layout = &layouts[export->source];
    uint64_t count = source_size(export->country, export->source);
    for (enum defect defect = 0; defect < DEFECT_COUNT; defect++)
        if (defect_occurs(defect, export->source))
            export->kinds[export->kind_count++] = defect;
    export->broken_count = count * export->breakage.per_mille / 1000;
    if (export->breakage.is_every_kind && export->broken_count < export->kind_count)
        export->broken_count = export->kind_count;
    *export->summary = (struct export_summary){.name = layout->name, .file = layout->file};

    if (!out_open(export->out, folder, layout->file, fault))
        return false;
    export->out->is_windows_1257 = layout->is_windows_1257;
    write_head(export->out, layout);
    write_rows(export, progress, done_before);
    write_foot(export->out, layout);
    count_conflicts(export);
    export->summary->byte_count = export->out->byte_count;
    return out_close(export->out, fault);
}

/* Lists beside the files */

static bool write_delivery(struct out *out, const struct country *country, const char *folder,
                           const struct export_summary summaries[static SOURCE_COUNT],
                           struct fault *fault)
{
    char day[DAY_TEXT_SIZE], prefix[4];
    day_to_text(day, (int32_t)country->as_of_day);
    if (!out_open(out, folder, "delivery.csv", fault))
        return false;
    out_string(out, "register,file,as_of,rows,missing\n");
    for (enum source source = 0; source < SOURCE_COUNT; source++) {
        out_string(out, summaries[source].name);
        out_string(out, ",");
        out_string(out, summaries[source].file);
        out_string(out, ",");
        out_string(out, day);
        out_string(out, ",");
        out_number(out, summaries[source].row_count);
        out_string(out, ",");
        for (size_t i = 0; source == SOURCE_HOUSEHOLD && i < MISSING_PLACE_COUNT; i++) {
            out_string(out, i > 0 ? " " : "");
            digits_put(prefix, missing_places[i], sizeof(prefix));
            out_bytes(out, prefix, sizeof(prefix));
        }
        out_string(out, "\n");
    }
    return out_close(out, fault);
}

static bool write_broken_list(struct out *out, const char *folder,
                              const struct export_summary summaries[static SOURCE_COUNT],
                              struct fault *fault)
{
#define DEFECT_NAME(name) #name,
    static const char *const names[] = {DEFECT_LIST(DEFECT_NAME)};
#undef DEFECT_NAME
    if (!out_open(out, folder, "broken.csv", fault))
        return false;
    out_string(out, "register,kind,count\n");
    for (enum source source = 0; source < SOURCE_COUNT; source++) {
        for (enum defect defect = 0; defect < DEFECT_COUNT; defect++) {
            if (summaries[source].broken_count[defect] == 0)
                continue;
            out_string(out, summaries[source].name);
            out_string(out, ",");
            out_string(out, names[defect]);
            out_string(out, ",");
            out_number(out, summaries[source].broken_count[defect]);
            out_string(out, "\n");
        }
    }
    return out_close(out, fault);
}

bool exports_write(const struct country *country, const char *folder, struct breakage breakage,
                   bool is_quiet, struct export_summary summaries[static SOURCE_COUNT],
                   struct fault *fault)
{
    static struct out out; /* too large for a stack */
    uint64_t total = 0, done = 0;
    for (enum source source = 0; source < SOURCE_COUNT; source++)
        total += source_size(country, source);
    uint32_t *again = malloc(country->person_count * sizeof(*again));
    if (again == NULL)
        return fault_set(fault, "not enough memory for %u persons", country->person_count);
    struct progress progress;
    progress_start(&progress, "writing", "rows", total, is_quiet);
    bool is_written = true;
    for (enum source source = 0; is_written && source < SOURCE_COUNT; source++) {
        struct export export = {
            .country = country,
            .source = source,
            .out = &out,
            .draw = draw_start(country->seed, 1 + source),
            .summary = &summaries[source],
            .breakage = breakage,
            .again = again,
        };
        is_written = write_file(&export, folder, &progress, done, fault);
        done += source_size(country, source);
    }
    progress_set(&progress, done);
    progress_end(&progress);
    free(again);
    return is_written && write_delivery(&out, country, folder, summaries, fault) &&
           write_broken_list(&out, folder, summaries, fault);
}
