#include "bench/layout.h"

#include <stdlib.h>
#include <string.h>

const struct layout layouts[SOURCE_COUNT] = {
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
                    .column_count = 7,
                    .columns = {{"Dokumenta numurs", ROLE_NUMBER},
                                {"Personas kods", ROLE_CODE},
                                {"Izdošanas datums", ROLE_BEGIN},
                                {"Derīgs līdz", ROLE_END},
                                {"Stāvoklis", ROLE_CLASS},
                                {"Stāvokļa datums", ROLE_OTHER},
                                {"Aktivizēts", ROLE_OTHER}}},
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

uint32_t layout_column(const struct layout *layout, enum role role)
{
    for (uint32_t i = 0; i < layout->column_count; i++)
        if (layout->columns[i].role == role)
            return i;
    return COLUMN_COUNT_MAX;
}

/* Which registers write the last day on which something holds, not the first on which it does not.
 */
static bool writes_last_day(enum source source)
{
    return source == SOURCE_LEARNER || source == SOURCE_PENSION || source == SOURCE_DISABILITY ||
           source == SOURCE_FAMILY || source == SOURCE_HOUSEHOLD;
}

void field_set(struct field *field, const char *text)
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
void field_set_date(struct field *field, enum date_form form, uint32_t day)
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

void field_set_code(struct field *field, struct code_forms forms, uint64_t code, struct draw *draw)
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

void row_fill_person(struct row *row, const struct citizen *citizen, struct draw *draw)
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

void row_fill_card(struct row *row, const struct country *country, enum source source,
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
    if (source == SOURCE_EID)
        field_set_date(&row->fields[6], layout->date_form, card_activated_day(country, card));
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

void row_fill_status(struct row *row, const struct country *country, enum source source,
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

void field_write(struct out *out, const struct layout *layout, const struct field *field)
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

void layout_write_line_end(struct out *out, const struct layout *layout)
{
    out_string(out, layout->has_crlf ? "\r\n" : "\n");
}

static void write_csv(struct out *out, const struct layout *layout, const struct row *row)
{
    for (uint32_t i = 0; i < row->column_count; i++) {
        if (i > 0)
            out_bytes(out, &layout->separator, 1);
        field_write(out, layout, &row->fields[i]);
    }
    layout_write_line_end(out, layout);
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

void row_write(struct out *out, const struct layout *layout, const struct row *row)
{
    if (layout->separator != '\0')
        write_csv(out, layout, row);
    else
        write_xml(out, layout, row);
}

void layout_write_head(struct out *out, const struct layout *layout)
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

void layout_write_foot(struct out *out, const struct layout *layout)
{
    if (layout->separator != '\0')
        return;
    out_string(out, "</");
    out_string(out, layout->xml_root);
    out_string(out, ">\n");
}
