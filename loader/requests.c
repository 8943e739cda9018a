#include "loader/requests.h"

#include "loader/csv.h"
#include "loader/memory.h"
#include "protocol/day.h"
#include "protocol/money.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define READ_SIZE      (64u << 10)
#define PATH_SHOWN_MAX 120
#define WORD_SIZE_MAX  40 /* of times, means, amounts and names of columns */

enum column {
    COLUMN_TIME,
    COLUMN_MEANS,
    COLUMN_IDENTIFIER,
    COLUMN_PRODUCT,
    COLUMN_POINT,
    COLUMN_PRICE,
    COLUMN_QUANTITY,
    COLUMN_COMPANIONS,
    COLUMN_ENTRY,
    COLUMN_COUNT
};

static const struct {
    const char *name;
    bool is_required;
} columns[COLUMN_COUNT] = {
    [COLUMN_TIME] = {"time", true},
    [COLUMN_MEANS] = {"means", true},
    [COLUMN_IDENTIFIER] = {"identifier", true},
    [COLUMN_PRODUCT] = {"product", true},
    [COLUMN_POINT] = {"point_of_sale", false},
    [COLUMN_PRICE] = {"unit_price", true},
    [COLUMN_QUANTITY] = {"quantity", false},
    [COLUMN_COMPANIONS] = {"companions", false},
    [COLUMN_ENTRY] = {"entry", false},
};

struct requests {
    const char *name;
    FILE *file;
    uint64_t size, offset;
    uint32_t line;                  /* taken so far */
    char separator;                 /* '\0' before the header */
    bool is_at_end;                 /* nothing is left to read */
    uint8_t field_of[COLUMN_COUNT]; /* FIELD_COUNT_MAX: the header has it not */
    uint32_t field_count;
    size_t from, until; /* bytes that were read and not taken */
    size_t wiped;       /* bytes before it are zeros */
    char bytes[READ_SIZE + LINE_SIZE_MAX + 2];
    char single[LINE_SIZE_MAX]; /* the last field whose quotes were doubled */
};

/* ---- faults ---- */

static bool wrong(const struct requests *requests, struct fault *fault, const char *sentence)
{
    return fault_set(fault, "%.*s:%" PRIu32 ": %s", PATH_SHOWN_MAX, requests->name, requests->line,
                     sentence);
}

/* What stands in the field may be a person's, whatever it should be. */
static bool wanted(const struct requests *requests, struct fault *fault, enum column column,
                   const char *what, struct span field)
{
    return fault_set(fault, "%.*s:%" PRIu32 ": %s: wanted %s, found %s", PATH_SHOWN_MAX,
                     requests->name, requests->line, columns[column].name, what,
                     field.size == 0 ? "nothing" : "something else");
}

/* ---- lines ---- */

/* Moves what is left to the front, and reads behind it. */
static bool read_more(struct requests *requests, struct fault *fault)
{
    size_t left = requests->until - requests->from;
    memmove(requests->bytes, requests->bytes + requests->from, left);
    requests->from = requests->wiped = 0;
    requests->until = left;
    size_t taken = fread(requests->bytes + left, 1, sizeof(requests->bytes) - left, requests->file);
    explicit_bzero(requests->bytes + left + taken, sizeof(requests->bytes) - left - taken);
    requests->until += taken;
    requests->is_at_end = taken == 0;
    return ferror(requests->file) == 0 ||
           fault_set(fault, "%.*s: cannot be read: %s", PATH_SHOWN_MAX, requests->name,
                     strerror(errno));
}

/* The next line, its end not in it; `line->text` NULL at the end of the file. */
static bool take_line(struct requests *requests, struct span *line, struct fault *fault)
{
    const char *end = NULL;
    explicit_bzero(requests->bytes + requests->wiped, requests->from - requests->wiped);
    requests->wiped = requests->from; /* what was taken before */
    while ((end = memchr(requests->bytes + requests->from, '\n',
                         requests->until - requests->from)) == NULL &&
           !requests->is_at_end && requests->until - requests->from <= LINE_SIZE_MAX + 1)
        if (!read_more(requests, fault))
            return false;
    const char *from = requests->bytes + requests->from;
    size_t size = end != NULL ? (size_t)(end - from) : requests->until - requests->from;
    *line = (struct span){NULL, 0};
    if (size == 0 && end == NULL)
        return true;
    requests->line++;
    if (size - (size > 0 && from[size - 1] == '\r') > LINE_SIZE_MAX)
        return wrong(requests, fault, "wanted a line of at most 4096 bytes, found a longer one");
    *line = (struct span){from, (uint32_t)size};
    requests->from += size + (end != NULL);
    requests->offset += size + (end != NULL);
    return true;
}

/* Its fields; `is_there` is false of a line that says nothing. */
static bool take_fields(const struct requests *requests, struct csv_row *row, struct span line,
                        bool *is_there, struct fault *fault)
{
    struct csv csv;
    csv_begin(&csv, requests->separator, line.text, line.size, line.size, true);
    *is_there = csv_next(&csv, row);
    if (!*is_there)
        return true;
    if (row->refusal != 0)
        return wrong(requests, fault,
                     "the line cannot be read: its quotes, its bytes or its size are wrong");
    *is_there = row->field_count > 1 || span_trim(row->fields[0]).size > 0;
    return true;
}

/* ---- the header ---- */

/* A log without a header begins with a request: its fields are no one's to see. */
static bool unknown_column(const struct requests *requests, uint32_t number, struct fault *fault)
{
    return fault_set(fault,
                     "%.*s:%" PRIu32 ": column %" PRIu32
                     " is none of a log's: wanted a header of time, means, identifier, product, "
                     "unit_price, and if they are there point_of_sale, quantity, companions, entry",
                     PATH_SHOWN_MAX, requests->name, requests->line, number);
}

static bool take_column(struct requests *requests, struct span name, uint32_t field,
                        struct fault *fault)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        if (strlen(columns[i].name) != name.size ||
            memcmp(columns[i].name, name.text, name.size) != 0)
            continue;
        if (requests->field_of[i] != FIELD_COUNT_MAX)
            return fault_set(fault, "%.*s:%" PRIu32 ": the column %s stands there twice",
                             PATH_SHOWN_MAX, requests->name, requests->line, columns[i].name);
        requests->field_of[i] = (uint8_t)field;
        return true;
    }
    return unknown_column(requests, field + 1, fault);
}

static bool take_header(struct requests *requests, struct fault *fault)
{
    struct span line;
    struct csv_row row;
    bool is_there = false;
    if (!take_line(requests, &line, fault))
        return false;
    if (line.text == NULL)
        return fault_set(fault, "%.*s: wanted a header and requests, found an empty file",
                         PATH_SHOWN_MAX, requests->name);
    uint32_t bom_size = (uint32_t)text_bom_size(line.text, line.size);
    line = (struct span){line.text + bom_size, line.size - bom_size};
    requests->separator = csv_separator(line.text, line.size);
    if (!take_fields(requests, &row, line, &is_there, fault))
        return false;
    if (!is_there || row.field_count > FIELD_COUNT_MAX)
        return unknown_column(requests, 1, fault);
    requests->field_count = row.field_count;
    for (uint32_t i = 0; i < row.field_count; i++)
        if (!take_column(requests, span_trim(row.fields[i]), i, fault))
            return false;
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        if (columns[i].is_required && requests->field_of[i] == FIELD_COUNT_MAX)
            return fault_set(fault, "%.*s:%" PRIu32 ": the column %s is missing", PATH_SHOWN_MAX,
                             requests->name, requests->line, columns[i].name);
    return true;
}

bool requests_begin(struct requests **out, FILE *file, const char *name, struct fault *fault)
{
    struct requests *requests = memory_take_zeroed(1, sizeof(*requests));
    requests->file = file;
    requests->name = name;
    memset(requests->field_of, FIELD_COUNT_MAX, sizeof(requests->field_of));
    setvbuf(file, NULL, _IONBF, 0); /* no copies beside our own */
    if (!take_header(requests, fault)) {
        requests_close(requests);
        return false;
    }
    *out = requests;
    return true;
}

bool requests_open(struct requests **out, const char *path, struct fault *fault)
{
    struct stat info;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return fault_set(fault, "%s: cannot be opened: %s", path, strerror(errno));
    bool is_file = fstat(fileno(file), &info) == 0 && S_ISREG(info.st_mode);
    if (!requests_begin(out, file, path, fault))
        return false;
    (*out)->size = is_file ? (uint64_t)info.st_size : 0;
    return true;
}

void requests_close(struct requests *requests)
{
    if (requests == NULL)
        return;
    fclose(requests->file);
    explicit_bzero(requests, sizeof(*requests));
    free(requests);
}

uint64_t requests_offset(const struct requests *requests)
{
    return requests->offset;
}

uint64_t requests_size(const struct requests *requests)
{
    return requests->size;
}

/* ---- fields ---- */

/* The row's field of a column; empty where the header has it not. Valid until the next one is asked
 * for, which may take the place of one whose quotes were doubled. */
static struct span field_at(struct requests *requests, const struct csv_row *row,
                            enum column column)
{
    uint8_t field = requests->field_of[column];
    if (field == FIELD_COUNT_MAX)
        return (struct span){"", 0};
    struct span text = row->fields[field];
    if ((row->doubled >> field & 1) != 0)
        text = csv_undouble(requests->single, text);
    return span_trim(text);
}

/* A short field as text with an end. */
static bool word_of(char word[static WORD_SIZE_MAX], struct span field)
{
    if (field.size >= WORD_SIZE_MAX)
        return false;
    memcpy(word, field.text, field.size);
    word[field.size] = '\0';
    return strlen(word) == field.size;
}

static bool number_of(struct span field, uint64_t least, uint64_t most, uint64_t *out)
{
    uint64_t number = 0;
    for (uint32_t i = 0; i < field.size; i++) {
        if (field.text[i] < '0' || field.text[i] > '9' || number > most)
            return false;
        number = number * 10 + (uint64_t)(field.text[i] - '0');
    }
    *out = number;
    return field.size > 0 && number >= least && number <= most;
}

static bool take_number(struct requests *requests, const struct csv_row *row, enum column column,
                        uint64_t least, uint64_t most, uint64_t *out, struct fault *fault)
{
    char what[80];
    struct span field = field_at(requests, row, column);
    if (field.size == 0 && !columns[column].is_required)
        return true;
    snprintf(what, sizeof(what), "a number from %" PRIu64 " to %" PRIu64, least, most);
    return number_of(field, least, most, out) || wanted(requests, fault, column, what, field);
}

static bool take_numbers(struct requests *requests, const struct csv_row *row,
                         struct purchase *purchase, struct fault *fault)
{
    uint64_t product = 0, point = 0, quantity = 1, companions = 0;
    if (!take_number(requests, row, COLUMN_PRODUCT, 1, UINT32_MAX, &product, fault) ||
        !take_number(requests, row, COLUMN_POINT, 0, UINT32_MAX, &point, fault) ||
        !take_number(requests, row, COLUMN_QUANTITY, 1, QUANTITY_MAX, &quantity, fault) ||
        !take_number(requests, row, COLUMN_COMPANIONS, 0, UINT8_MAX, &companions, fault))
        return false;
    purchase->product = (uint32_t)product;
    purchase->point_of_sale = (uint32_t)point;
    purchase->quantity = (uint16_t)quantity;
    purchase->companions = (uint8_t)companions;
    return true;
}

static bool take_words(struct requests *requests, const struct csv_row *row,
                       struct purchase *purchase, struct fault *fault)
{
    char word[WORD_SIZE_MAX];
    uint64_t price = 0;
    struct span time = field_at(requests, row, COLUMN_TIME);
    if (!word_of(word, time) || !time_of_text(&purchase->service_time_s, word))
        return wanted(requests, fault, COLUMN_TIME,
                      "a time in Riga such as 2026-11-23T10:00, or seconds since 1970 UTC", time);
    struct span unit_price = field_at(requests, row, COLUMN_PRICE);
    if (!money_of_text(&price, unit_price.text, unit_price.size, UINT32_MAX))
        return wanted(requests, fault, COLUMN_PRICE,
                      "EUR up to 429496.7295 with up to four decimals, such as 1.50", unit_price);
    purchase->unit_price = (uint32_t)price;
    struct span entry = field_at(requests, row, COLUMN_ENTRY);
    return entry.size == 0 || entry_of_name(&purchase->entry, entry.text, entry.size) ||
           wanted(requests, fault, COLUMN_ENTRY, "unstated, chip, contactless, optical or typed",
                  entry);
}

/* Whoever is not identified is asked about as terminals do: no means, or the card of anybody. */
static bool take_identifier(struct requests *requests, const struct csv_row *row,
                            struct request_line *out, struct fault *fault)
{
    char word[WORD_SIZE_MAX];
    struct span means = field_at(requests, row, COLUMN_MEANS);
    uint8_t number = word_of(word, means) ? means_of_name(word) : 0;
    struct span text = field_at(requests, row, COLUMN_IDENTIFIER);
    out->purchase.means = MEANS_CARD;
    if (means.size == 0 && text.size == 0)
        return true;
    if (number == 0)
        return wanted(requests, fault, COLUMN_MEANS,
                      "personal-code, eid, e-talons or card, or nothing where the identifier is "
                      "nothing, too",
                      means);
    enum means_fault refusal =
        means_normalise(&out->identifier, (enum means)number, text.text, text.size);
    if (refusal != MEANS_FINE)
        return fault_set(fault, "%.*s:%" PRIu32 ": identifier: %s", PATH_SHOWN_MAX, requests->name,
                         requests->line, means_fault_text(refusal));
    out->purchase.means = number;
    if (means_is_anybody(&out->identifier))
        explicit_bzero(&out->identifier, sizeof(out->identifier));
    return true;
}

static bool take_row(struct requests *requests, const struct csv_row *row, struct request_line *out,
                     struct fault *fault)
{
    if (row->field_count != requests->field_count)
        return fault_set(fault,
                         "%.*s:%" PRIu32 ": wanted %" PRIu32 " fields as in the header, found "
                         "%" PRIu32,
                         PATH_SHOWN_MAX, requests->name, requests->line, requests->field_count,
                         row->field_count);
    return take_words(requests, row, &out->purchase, fault) &&
           take_numbers(requests, row, &out->purchase, fault) &&
           take_identifier(requests, row, out, fault);
}

bool requests_next(struct requests *requests, struct request_line *out, bool *is_there,
                   struct fault *fault)
{
    struct csv_row row;
    struct span line;
    *is_there = false;
    do {
        if (!take_line(requests, &line, fault))
            return false;
        if (line.text == NULL)
            return true;
        if (!take_fields(requests, &row, line, is_there, fault))
            return false;
    } while (!*is_there);
    *out = (struct request_line){0};
    bool is_good = take_row(requests, &row, out, fault);
    explicit_bzero(requests->single, sizeof(requests->single));
    if (!is_good)
        request_wipe(out);
    return is_good;
}

void request_wipe(struct request_line *request)
{
    explicit_bzero(request, sizeof(*request));
}
