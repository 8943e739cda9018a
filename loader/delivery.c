#include "loader/delivery.h"

#include "loader/csv.h"
#include "protocol/nearest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum list_column { LIST_REGISTER, LIST_FILE, LIST_AS_OF, LIST_ROWS, LIST_MISSING, LIST_COLUMNS };

static const char *const list_names[LIST_COLUMNS] = {
    [LIST_REGISTER] = "register", [LIST_FILE] = "file",       [LIST_AS_OF] = "as_of",
    [LIST_ROWS] = "rows",         [LIST_MISSING] = "missing",
};

/* A line of the list while it is read. */
struct listing {
    struct intake *intake;
    struct vocabulary *vocabulary;
    const struct registers *registers;
    uint32_t line;                    /* from 1 */
    uint32_t fields_of[LIST_COLUMNS]; /* which field each column is */
    uint32_t field_count;
    struct span fields[LIST_COLUMNS];
    struct fault *fault;
};

static bool wrong(struct listing *l, enum list_column column, const char *wanted)
{
    return fault_set(l->fault, "%s:%" PRIu32 ":%" PRIu32 ": %s wanted", DELIVERY_LIST_NAME, l->line,
                     l->fields_of[column] + 1, wanted);
}

static bool span_is(struct span span, const char *text)
{
    return strlen(text) == span.size && memcmp(text, span.text, span.size) == 0;
}

static const struct register_description *find_register(const struct registers *registers,
                                                        struct span name)
{
    for (size_t i = 0; i < registers->count; i++)
        if (span_is(name, registers->list[i].name))
            return &registers->list[i];
    return NULL;
}

/* " (did you mean ...?)" or nothing: the nearest register there is. */
static const char *suggest(char text[static NEAREST_TEXT_SIZE], const struct registers *registers,
                           struct span name)
{
    const char *names[REGISTER_COUNT_MAX];
    char word[WORD_SIZE];
    for (size_t i = 0; i < registers->count; i++)
        names[i] = registers->list[i].name;
    snprintf(word, sizeof(word), "%.*s", (int)name.size, name.text);
    return nearest_text(text, " (did you mean \"", "\"?)", word, names, registers->count);
}

static bool take_register(struct listing *l, struct delivery *delivery)
{
    struct span name = l->fields[LIST_REGISTER];
    char hint[NEAREST_TEXT_SIZE], wanted[NEAREST_TEXT_SIZE + 64];
    delivery->description = find_register(l->registers, name);
    if (delivery->description != NULL)
        return true;
    snprintf(wanted, sizeof(wanted), "the name of a described register%s",
             suggest(hint, l->registers, name));
    return wrong(l, LIST_REGISTER, wanted);
}

static bool take_file(struct listing *l, struct delivery *delivery)
{
    struct span name = l->fields[LIST_FILE];
    if (name.size == 0 || name.size >= sizeof(delivery->file) || name.text[0] == '.' ||
        memchr(name.text, '/', name.size) != NULL || !text_is_utf8(name.text, name.size))
        return wrong(l, LIST_FILE, "the name of a file in the same folder, without \"/\"");
    memcpy(delivery->file, name.text, name.size);
    delivery->file[name.size] = '\0';
    for (size_t i = 0; i < l->intake->delivery_count; i++)
        if (strcmp(l->intake->deliveries[i].file, delivery->file) == 0)
            return wrong(l, LIST_FILE, "a file that was not listed before");
    return true;
}

static bool take_as_of(struct listing *l, struct delivery *delivery)
{
    int32_t day;
    struct span text = l->fields[LIST_AS_OF];
    if (!day_of_text(&day, text.text, text.size) || day < 0)
        return wrong(l, LIST_AS_OF, "a day such as 2026-11-23");
    delivery->as_of_day = (uint32_t)day;
    return true;
}

static bool take_rows(struct listing *l, struct delivery *delivery)
{
    struct span text = l->fields[LIST_ROWS];
    uint64_t number = 0;
    bool is_number = text.size > 0 && text.size <= 10;
    for (uint32_t i = 0; is_number && i < text.size; i++) {
        is_number = text.text[i] >= '0' && text.text[i] <= '9';
        number = number * 10 + (uint64_t)(text.text[i] - '0');
    }
    if (!is_number || number > UINT32_MAX)
        return wrong(l, LIST_ROWS, "the number of rows in the file");
    delivery->rows_announced = number;
    return true;
}

/* Places apart by spaces; their data in this register were not delivered. */
static bool take_missing(struct listing *l, const struct delivery *delivery)
{
    struct span rest = l->fields[LIST_MISSING];
    if (rest.size > 0 && delivery->description->fact != FACT_STATUS)
        return wrong(l, LIST_MISSING, "no missing places for a register of persons or means");
    while (rest.size > 0) {
        struct status_kind *kind = &l->vocabulary->kinds[delivery->description->status_kind];
        const char *space = memchr(rest.text, ' ', rest.size);
        uint32_t size = space == NULL ? rest.size : (uint32_t)(space - rest.text);
        if (kind->missing_count == MISSING_COUNT_MAX)
            return wrong(l, LIST_MISSING, "at most 64 missing places");
        if (!place_prefix_of_text(&kind->missing[kind->missing_count], rest.text, size))
            return wrong(l, LIST_MISSING, "ATVK codes or their beginnings, apart by spaces,");
        kind->missing_count++;
        rest = span_trim((struct span){rest.text + size, rest.size - size});
    }
    return true;
}

static bool take_row(struct listing *l, const struct csv_row *row)
{
    struct delivery *delivery = &l->intake->deliveries[l->intake->delivery_count];
    if (row->refusal != 0)
        return fault_set(l->fault, "%s:%" PRIu32 ": %s", DELIVERY_LIST_NAME, l->line,
                         refusal_text((enum refusal)row->refusal));
    if (row->field_count != l->field_count)
        return fault_set(l->fault, "%s:%" PRIu32 ": %" PRIu32 " columns wanted, %" PRIu32 " found",
                         DELIVERY_LIST_NAME, l->line, l->field_count, row->field_count);
    if (l->intake->delivery_count == DELIVERY_COUNT_MAX)
        return fault_set(l->fault, "%s:%" PRIu32 ": at most %d files wanted, more found",
                         DELIVERY_LIST_NAME, l->line, DELIVERY_COUNT_MAX);
    for (size_t i = 0; i < LIST_COLUMNS; i++)
        l->fields[i] = span_trim(row->fields[l->fields_of[i]]);
    *delivery = (struct delivery){0};
    if (!take_register(l, delivery) || !take_file(l, delivery) || !take_as_of(l, delivery) ||
        !take_rows(l, delivery) || !take_missing(l, delivery))
        return false;
    l->intake->delivery_count++;
    return true;
}

static bool take_header(struct listing *l, const struct csv_row *row)
{
    if (row->refusal != 0 || row->field_count > FIELD_COUNT_MAX)
        return fault_set(l->fault, "%s:1: a header line wanted", DELIVERY_LIST_NAME);
    l->field_count = row->field_count;
    for (size_t i = 0; i < LIST_COLUMNS; i++) {
        uint32_t field = 0;
        while (field < row->field_count && !span_is(span_trim(row->fields[field]), list_names[i]))
            field++;
        if (field == row->field_count)
            return fault_set(l->fault, "%s:1: a column \"%s\" wanted, the header has none",
                             DELIVERY_LIST_NAME, list_names[i]);
        l->fields_of[i] = field;
        while (++field < row->field_count)
            if (span_is(span_trim(row->fields[field]), list_names[i]))
                return fault_set(l->fault, "%s:1: one column \"%s\" wanted, two found",
                                 DELIVERY_LIST_NAME, list_names[i]);
    }
    return true;
}

static bool is_listed(const struct intake *intake, const struct register_description *description)
{
    for (size_t i = 0; i < intake->delivery_count; i++)
        if (intake->deliveries[i].description == description)
            return true;
    return false;
}

static bool take_absent_one(struct listing *l, struct span name, bool is_absent[])
{
    char hint[NEAREST_TEXT_SIZE];
    const struct register_description *description = find_register(l->registers, name);
    if (description == NULL)
        return fault_set(l->fault, "absent: a described register wanted, \"%.*s\" found%s",
                         (int)(name.size < WORD_SIZE ? name.size : WORD_SIZE), name.text,
                         suggest(hint, l->registers, name));
    if (description->fact == FACT_PERSON)
        return fault_set(l->fault, "absent: %s is the base register: nothing goes without it",
                         description->name);
    if (is_listed(l->intake, description))
        return fault_set(l->fault, "absent: %s is listed in %s: remove it from one of them",
                         description->name, DELIVERY_LIST_NAME);
    is_absent[description - l->registers->list] = true;
    if (description->fact == FACT_STATUS)
        l->vocabulary->kinds[description->status_kind].is_missing = true;
    return true;
}

static bool take_absent(struct listing *l, const char *absent, bool is_absent[])
{
    for (const char *at = absent == NULL ? "" : absent; *at != '\0';) {
        size_t size = strcspn(at, ",");
        struct span name = span_trim((struct span){at, (uint32_t)size});
        if (!take_absent_one(l, name, is_absent))
            return false;
        at += size + (at[size] == ',');
    }
    return true;
}

static bool all_are_there(struct listing *l, const bool is_absent[])
{
    for (size_t i = 0; i < l->registers->count; i++) {
        const struct register_description *description = &l->registers->list[i];
        if (!is_absent[i] && !is_listed(l->intake, description))
            return fault_set(l->fault,
                             "%s: a file of register %s wanted, none listed: deliver it, or name "
                             "it as absent, and all it could say is unknown",
                             DELIVERY_LIST_NAME, description->name);
    }
    return true;
}

bool delivery_list_parse(struct intake *intake, struct vocabulary *vocabulary,
                         const struct registers *registers, const char *text, size_t text_size,
                         const char *absent, struct fault *fault)
{
    bool is_absent[REGISTER_COUNT_MAX] = {false};
    struct listing listing = {
        .intake = intake,
        .vocabulary = vocabulary,
        .registers = registers,
        .fault = fault,
    };
    size_t bom_size = text_bom_size(text, text_size);
    struct csv csv;
    struct csv_row row;
    csv_begin(&csv, ',', text + bom_size, text_size - bom_size, text_size - bom_size, true);
    if (!csv_next(&csv, &row))
        return fault_set(fault, "%s:1: a header line wanted, nothing found", DELIVERY_LIST_NAME);
    if (!take_header(&listing, &row))
        return false;
    while (csv_next(&csv, &row)) {
        listing.line = row.line + 1;
        if (!take_row(&listing, &row))
            return false;
    }
    return take_absent(&listing, absent, is_absent) && all_are_there(&listing, is_absent);
}
