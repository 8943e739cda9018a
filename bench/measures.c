#include "bench/measures.h"

#include "bench/take.h"
#include "loader/files.h"
#include "protocol/nearest.h"
#include "protocol/rows.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#define HEADER  "part,subject,setting,round,measure,value\n"
#define LETTERS "abcdefghijklmnopqrstuvwxyz0123456789 ._+-"
#define DIGITS  "0123456789"
#define VALUE_LENGTH_MAX                                                                           \
    24 /* of a number: no double needs more digits before and behind the point */
#define WHERE_SIZE     256
#define WORD_SHOWN_MAX 32

static_assert(MEASURES_SIZE_MAX <= ROWS_SIZE_MAX, "rows.h takes such a table");

static const char *const part_names[MEASURES_PART_COUNT] = {"compare", "sweep", "latency", "stages",
                                                            "loader"};

const char *measures_part_name(enum measures_part part)
{
    return part_names[part];
}

/* ---- reading ---- */

enum column { PART, SUBJECT, SETTING, ROUND, MEASURE, VALUE, COLUMN_COUNT };

static const struct rows_column columns[COLUMN_COUNT] = {{"part", true},    {"subject", true},
                                                         {"setting", true}, {"round", true},
                                                         {"measure", true}, {"value", true}};

/* The text is there twice: as the table that rows.h reads, and as that in which each word gets its
 * end. */
struct reading {
    struct measures *out;
    struct rows rows;
    size_t row_room, fact_room;
    uint32_t line;
    struct fault *fault;
};

#define WRONG(reading, ...) (fault_write((reading)->fault, __VA_ARGS__), wrong_line(reading))

static bool wrong_line(const struct reading *reading)
{
    char where[WHERE_SIZE];
    snprintf(where, sizeof(where), "%.200s:%u", reading->rows.path, reading->line);
    return fault_at(reading->fault, where);
}

/* Terminals obey such letters. */
static bool is_control(char letter)
{
    return (uint8_t)letter < ' ' || letter == 0x7f;
}

static bool is_text(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && length <= MEASURES_TEXT_MAX && strspn(text, LETTERS) == length;
}

static bool take_part(struct reading *reading, enum measures_part *out, const char *text)
{
    char near[NEAREST_TEXT_SIZE];
    for (enum measures_part part = 0; part < MEASURES_PART_COUNT; part++) {
        if (strcmp(part_names[part], text) == 0) {
            *out = part;
            return true;
        }
    }
    return WRONG(
        reading, "wanted a part (compare, sweep, latency, stages, loader), found \"%.*s\"%s",
        WORD_SHOWN_MAX, text,
        nearest_text(near, "; did you mean \"", "\"?", text, part_names, MEASURES_PART_COUNT));
}

static bool take_text(struct reading *reading, const char **out, const char *text,
                      enum column column)
{
    *out = text;
    return is_text(text) ||
           WRONG(reading, "wanted a %s, 1 to %d of a-z, 0-9, blanks and ._+-, found \"%.*s\"",
                 columns[column].name, MEASURES_TEXT_MAX, WORD_SHOWN_MAX, text);
}

/* Digits, and with a point digits behind it: neither signs nor "inf" or "0x". */
static bool is_number(const char *text, bool may_have_point)
{
    size_t length = strlen(text), whole = strspn(text, DIGITS);
    if (whole == 0 || length > VALUE_LENGTH_MAX)
        return false;
    if (whole == length || !may_have_point)
        return whole == length;
    size_t rest = strspn(text + whole + 1, DIGITS);
    return text[whole] == '.' && rest > 0 && whole + 1 + rest == length;
}

static bool take_round(struct reading *reading, uint32_t *out, const char *text)
{
    unsigned long long round = is_number(text, false) ? strtoull(text, NULL, 10) : ULLONG_MAX;
    if (round > MEASURES_ROUND_MAX)
        return WRONG(reading, "wanted a round, 0 to %d, found \"%.*s\"", MEASURES_ROUND_MAX,
                     WORD_SHOWN_MAX, text);
    *out = (uint32_t)round;
    return true;
}

static bool take_number(struct reading *reading, double *out, const char *text)
{
    if (!is_number(text, true))
        return WRONG(reading, "wanted a value such as 1234.5, found \"%.*s\"", WORD_SHOWN_MAX,
                     text);
    *out = strtod(text, NULL);
    return true;
}

static bool take_row(struct reading *reading, const struct row *row)
{
    char *texts[COLUMN_COUNT], *text = reading->out->text;
    struct measures_row taken;
    reading->line = row->line;
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        texts[i] = text + (row->fields[i].value - reading->rows.text);
        texts[i][row->fields[i].value_size] = '\0';
    }
    if (!take_part(reading, &taken.part, texts[PART]) ||
        !take_text(reading, &taken.subject, texts[SUBJECT], SUBJECT) ||
        !take_text(reading, &taken.setting, texts[SETTING], SETTING) ||
        !take_round(reading, &taken.round, texts[ROUND]) ||
        !take_text(reading, &taken.measure, texts[MEASURE], MEASURE) ||
        !take_number(reading, &taken.value, texts[VALUE]))
        return false;
    struct measures *out = reading->out;
    out->rows = take_room(out->rows, &reading->row_room, out->row_count, sizeof(taken));
    out->rows[out->row_count++] = taken;
    return true;
}

/* The fact in a line, of which `size` bytes stand behind its "#". */
static bool take_fact(struct reading *reading, char *line, size_t size)
{
    struct measures *out = reading->out;
    line[size] = '\0';
    if (size > 0 && line[size - 1] == '\r')
        line[--size] = '\0';
    while (*line == ' ') {
        line++;
        size--;
    }
    char *colon = strstr(line, ": ");
    if (strlen(line) != size || colon == NULL ||
        size > MEASURES_TEXT_MAX + strlen(": ") + MEASURES_FACT_VALUE_MAX)
        return WRONG(reading, "wanted a fact, \"# name: value\", of at most %d bytes",
                     MEASURES_FACT_VALUE_MAX);
    *colon = '\0';
    for (char *c = colon + 1; *c != '\0'; c++)
        if (is_control(*c))
            *c = ' ';
    if (!is_text(line))
        return WRONG(reading,
                     "wanted a fact's name, 1 to %d of a-z, 0-9, blanks and ._+-, found \"%.*s\"",
                     MEASURES_TEXT_MAX, WORD_SHOWN_MAX, line);
    if (out->fact_count == MEASURES_FACT_COUNT_MAX)
        return WRONG(reading, "more than %d facts: begin a new file", MEASURES_FACT_COUNT_MAX);
    out->facts = take_room(out->facts, &reading->fact_room, out->fact_count, sizeof(out->facts[0]));
    out->facts[out->fact_count++] = (struct measures_fact){line, colon + strlen(": ")};
    return true;
}

/* Takes the facts out of the text `table`, in which their lines become blank; their words stay in
 * the measures' own text, which is equal otherwise. Line 1 is the header's. */
static bool take_facts(struct reading *reading, char *table, size_t size)
{
    size_t at = 0;
    for (uint32_t line = 1; at < size; line++) {
        const char *end = memchr(table + at, '\n', size - at);
        size_t line_size = end != NULL ? (size_t)(end - table) - at : size - at;
        reading->line = line;
        if (line > 1 && table[at] == '#') {
            if (!take_fact(reading, reading->out->text + at + 1, line_size - 1))
                return false;
            memset(table + at, ' ', line_size);
        }
        at += line_size + (end != NULL);
    }
    return true;
}

static bool take_rows(struct reading *reading, const char *path, const char *table, size_t size)
{
    struct row row;
    bool is_there;
    if (!rows_begin(&reading->rows, path, table, size, columns, COLUMN_COUNT, reading->fault))
        return false;
    for (;;) {
        if (!rows_next(&reading->rows, &row, &is_there, reading->fault))
            return false;
        if (!is_there)
            return true;
        if (!take_row(reading, &row))
            return false;
    }
}

bool measures_parse(struct measures *out, const char *path, char *text, size_t size,
                    struct fault *fault)
{
    struct reading reading = {.out = out, .rows.path = path, .fault = fault};
    *out = (struct measures){.text = text};
    if (size > MEASURES_SIZE_MAX) {
        measures_free(out);
        return fault_set(fault, "%s: wanted at most %u bytes: begin a new file", path,
                         MEASURES_SIZE_MAX);
    }
    char *table = take(size + 1, 1);
    memcpy(table, text, size);
    bool is_good = take_facts(&reading, table, size) && take_rows(&reading, path, table, size);
    free(table);
    if (!is_good)
        measures_free(out);
    return is_good;
}

bool measures_read(struct measures *out, const char *path, struct fault *fault)
{
    char *text;
    size_t size;
    if (!files_read_whole(&text, &size, path, MEASURES_SIZE_MAX, fault))
        return false;
    text = realloc(text, size + 1);
    if (text == NULL)
        errx(EXIT_FAILED, "out of memory: no room for %zu bytes of measures", size);
    return measures_parse(out, path, text, size, fault);
}

void measures_free(struct measures *measures)
{
    free(measures->rows);
    free(measures->facts);
    free(measures->text);
    *measures = (struct measures){0};
}

/* ---- writing ---- */

/* The file's first line is ours, or it is empty. */
static bool begin(struct measures_writer *writer, struct fault *fault)
{
    char line[sizeof(HEADER)];
    rewind(writer->file);
    bool is_empty = fgets(line, sizeof(line), writer->file) == NULL;
    if (fseek(writer->file, 0, SEEK_END) != 0)
        return fault_set(fault, "%s: cannot be appended to: %s", writer->path, strerror(errno));
    if (is_empty) {
        fputs(HEADER, writer->file);
        return true;
    }
    return strcmp(line, HEADER) == 0 ||
           fault_set(fault, "%s:1: wanted \"%.*s\": this is no file of measures", writer->path,
                     (int)(sizeof(HEADER) - 2), HEADER);
}

bool measures_open(struct measures_writer *out, const char *path, struct fault *fault)
{
    *out = (struct measures_writer){fopen(path, "a+e"), path};
    if (out->file == NULL)
        return fault_set(fault, "%s: cannot be appended to: %s", path, strerror(errno));
    if (begin(out, fault))
        return true;
    fclose(out->file);
    return false;
}

void measures_add(struct measures_writer *writer, const struct measures_row *row)
{
    assert(row->part < MEASURES_PART_COUNT && row->round <= MEASURES_ROUND_MAX);
    assert(is_text(row->subject) && is_text(row->setting) && is_text(row->measure));
    assert(isfinite(row->value) && row->value >= 0 && row->value < 1e15);
    fprintf(writer->file, "%s,%s,%s,%u,%s,%.6f\n", part_names[row->part], row->subject,
            row->setting, row->round, row->measure, row->value);
}

bool measures_close(struct measures_writer *writer, struct fault *fault)
{
    bool is_written = ferror(writer->file) == 0;
    if (fclose(writer->file) != 0)
        is_written = false;
    return is_written ||
           fault_set(fault, "%s: cannot be written: %s", writer->path, strerror(errno));
}
