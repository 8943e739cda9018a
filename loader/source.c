#include "loader/source.h"

#include "loader/csv.h"
#include "loader/files.h"
#include "loader/memory.h"
#include "loader/xml.h"
#include "protocol/nearest.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER_SIZE_MAX  (LINE_SIZE_MAX + 8)
#define DECODED_SIZE_MAX (LINE_SIZE_MAX * TEXT_1257_GROWTH)

static bool read_wholly(const struct source *source, char *buffer, size_t size, uint64_t offset,
                        struct fault *fault)
{
    ssize_t got = files_read_at(source->fd, buffer, size, offset);
    if (got < 0)
        return fault_set(fault, "%s: %s", source->file, strerror(errno));
    if ((size_t)got < size)
        return fault_set(fault, "%s: became shorter while it was read: deliver it again",
                         source->file);
    return true;
}

/* ---- the header ---- */

/* The names in the header, UTF-8. */
struct header {
    uint32_t count;
    bool is_in_another_encoding; /* as far as its bytes tell */
    char names[FIELD_COUNT_MAX][COLUMN_NAME_SIZE];
    const char *pointers[FIELD_COUNT_MAX];
};

/* A name that is no text, or longer than any described one, can be none that we want. */
static void take_header_name(struct header *header, const struct csv_row *row, uint32_t index,
                             enum file_encoding encoding)
{
    char single[LINE_SIZE_MAX], decoded[DECODED_SIZE_MAX];
    struct span name = span_trim(row->fields[index]);
    char *out = header->names[index];
    if ((row->doubled >> index & 1) != 0)
        name = csv_undouble(single, name);
    bool is_utf8 = text_is_utf8(name.text, name.size), is_ascii = true;
    for (uint32_t i = 0; i < name.size; i++)
        is_ascii &= (unsigned char)name.text[i] < 0x80;
    header->is_in_another_encoding |= !is_ascii && is_utf8 != (encoding == ENCODING_UTF8);

    size_t size = name.size;
    if (encoding == ENCODING_WINDOWS_1257)
        size = text_utf8_of_1257(decoded, sizeof(decoded), name.text, name.size);
    else
        memcpy(decoded, name.text, name.size);
    if (size >= COLUMN_NAME_SIZE)
        size = 0;
    memcpy(out, decoded, size);
    out[size] = '\0';
    header->pointers[index] = out;
}

/* What may be the matter with a header that lacks a column. A header that is none may be a person's
 * row: only what resembles a known name, and can be no number or day, is said. */
static void suggest(char *out, size_t room, const struct source *source,
                    const struct header *header, const char *name)
{
    const char separator[2] = {source->description->separator, '\0'};
    const char *near = nearest_word(name, header->pointers, header->count);
    out[0] = '\0';
    if (header->is_in_another_encoding)
        snprintf(out, room, "; its letters are not %s, as the register is described",
                 source->description->encoding == ENCODING_UTF8 ? "utf-8" : "windows-1257");
    else if (header->count == 1 && source->description->column_count > 1)
        snprintf(out, room, "; is something else than %s between its columns?",
                 separator[0] == '\t' ? "tab" : separator);
    else if (near != NULL && strpbrk(near, "0123456789") == NULL)
        snprintf(out, room, ", the nearest \"%s\"", near);
}

static bool find_column(const struct source *source, const struct header *header, const char *name,
                        uint8_t *field, struct fault *fault)
{
    uint32_t found = 0;
    for (uint32_t i = header->count; i-- > 0;) {
        if (strcmp(header->names[i], name) == 0) {
            *field = (uint8_t)i;
            found++;
        }
    }
    if (found == 1)
        return true;
    if (found > 1)
        return fault_set(fault,
                         "%s:1: one column \"%s\" wanted, %" PRIu32
                         " found: which one counts cannot be told",
                         source->file, name, found);
    char suggestion[COLUMN_NAME_SIZE + 64];
    suggest(suggestion, sizeof(suggestion), source, header, name);
    return fault_set(fault, "%s:1: column \"%s\" wanted, the header has %" PRIu32 " other%s%s",
                     source->file, name, header->count, header->count == 1 ? "" : "s", suggestion);
}

static bool find_columns(struct source *source, const struct header *header,
                         uint8_t fields[static COLUMN_COUNT_MAX], struct fault *fault)
{
    for (uint16_t i = 0; i < source->description->column_count; i++) {
        const struct column *column = &source->description->columns[i];
        if (column->role == ROLE_IGNORED)
            continue;
        if (!find_column(source, header, column->name, &fields[i], fault))
            return false;
        source->wanted_fields |= UINT64_C(1) << fields[i];
    }
    return true;
}

static bool read_header(struct source *source, uint8_t fields[static COLUMN_COUNT_MAX],
                        struct fault *fault)
{
    char bytes[HEADER_SIZE_MAX];
    size_t size = source->size < sizeof(bytes) ? (size_t)source->size : sizeof(bytes);
    struct header header;
    struct csv csv;
    struct csv_row row;
    if (!read_wholly(source, bytes, size, 0, fault))
        return false;
    size_t bom_size = text_bom_size(bytes, size);
    csv_begin(&csv, source->description->separator, bytes + bom_size, size > bom_size,
              size - bom_size, size == source->size);
    if (!csv_next(&csv, &row))
        return fault_set(fault, "%s:1: a header line wanted, nothing found", source->file);
    if (row.refusal != 0 || row.field_count > FIELD_COUNT_MAX)
        return fault_set(fault, "%s:1: a header line wanted: %s", source->file,
                         row.refusal == 0 ? "more than 64 columns"
                                          : refusal_text((enum refusal)row.refusal));
    header.count = row.field_count;
    header.is_in_another_encoding = false;
    for (uint32_t i = 0; i < row.field_count; i++)
        take_header_name(&header, &row, i, source->description->encoding);
    source->field_count = row.field_count;
    source->data_from = (uint64_t)(csv.at - bytes);
    return find_columns(source, &header, fields, fault);
}

/* ---- open and close ---- */

static bool open_file(struct source *source, int folder_fd, struct fault *fault)
{
    /* NONBLOCK: a pipe of that name must not hold us; it is refused below. */
    source->fd = openat(folder_fd, source->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (source->fd < 0 || fstat(source->fd, &source->opened) != 0)
        return fault_set(fault, "%s: %s", source->file, strerror(errno));
    if (!S_ISREG(source->opened.st_mode))
        return fault_set(fault, "%s: a plain file wanted", source->file);
    source->size = (uint64_t)source->opened.st_size;
    if (source->size > FILE_SIZE_MAX)
        return fault_set(fault, "%s: at most %" PRIu64 " bytes wanted, more found", source->file,
                         FILE_SIZE_MAX);
    return true;
}

bool source_open(struct source *source, int folder_fd, const struct delivery *delivery,
                 uint8_t delivery_index, struct fault *fault)
{
    uint8_t fields[COLUMN_COUNT_MAX];
    *source = (struct source){
        .description = delivery->description,
        .file = delivery->file,
    };
    if (!open_file(source, folder_fd, fault))
        return false;
    bool is_csv = source->description->format == FORMAT_CSV;
    for (uint8_t i = 0; i < COLUMN_COUNT_MAX; i++)
        fields[i] = i;
    if (is_csv && !read_header(source, fields, fault))
        return false;
    enum file_encoding encoding = is_csv ? source->description->encoding : ENCODING_UTF8;
    if (!row_plan(&source->plan, source->description, encoding, fields, fault))
        return fault_at(fault, source->file);
    source->plan.delivery = delivery_index;
    source->plan.as_of_day = delivery->as_of_day;
    return true;
}

bool source_is_unchanged(const struct source *source, struct fault *fault)
{
    struct stat now;
    const struct stat *then = &source->opened;
    if (fstat(source->fd, &now) != 0)
        return fault_set(fault, "%s: %s", source->file, strerror(errno));
    if (now.st_size != then->st_size || now.st_mtim.tv_sec != then->st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != then->st_mtim.tv_nsec)
        return fault_set(fault,
                         "%s: was changed while it was read: deliver it again, whole, and "
                         "then the list",
                         source->file);
    return true;
}

void source_close(struct source *source)
{
    if (source->fd >= 0)
        close(source->fd);
    source->fd = -1;
}

/* ---- reading ---- */

static void refuse(struct output *output, const struct source *source, uint32_t line,
                   uint8_t column, unsigned refusal)
{
    output->refused = memory_room(output->refused, &output->refused_room, output->refused_count + 1,
                                  sizeof(output->refused[0]));
    output->refused[output->refused_count++] = (struct quarantined){
        .delivery = source->plan.delivery,
        .refusal = (uint8_t)refusal,
        .column = column,
        .line = line,
    };
}

size_t source_buffer_size(size_t piece_size)
{
    return 1 + piece_size + CSV_LOOKAHEAD_SIZE;
}

static void undouble_wanted(const struct source *source, struct csv_row *row,
                            char scratch[static LINE_SIZE_MAX])
{
    char *room = scratch; /* all fields of a line together are no longer than it */
    for (uint64_t left = row->doubled & source->wanted_fields; left != 0; left &= left - 1) {
        struct span *field = &row->fields[__builtin_ctzll(left)];
        *field = csv_undouble(room, *field);
        room += field->size;
    }
}

static void read_rows(const struct source *source, struct csv *csv, struct output *output)
{
    char scratch[2 * LINE_SIZE_MAX];
    struct csv_row row;
    struct row_reader reader = {.plan = &source->plan, .facts = &output->facts};
    while (csv_next(csv, &row)) {
        output->row_count++;
        if (row.refusal == 0 && row.field_count != source->field_count)
            row.refusal = REFUSAL_COLUMN_COUNT;
        if (row.refusal != 0) {
            refuse(output, source, row.line, row.column, row.refusal);
            continue;
        }
        if ((row.doubled & source->wanted_fields) != 0)
            undouble_wanted(source, &row, scratch);
        unsigned refusal = row_take(&reader, row.fields, row.line);
        if (refusal != 0)
            refuse(output, source, row.line, reader.column, refusal);
    }
    output->line_count = csv->line;
    output->warning_count = reader.warning_count;
    output->idle_count = reader.idle_count;
}

/* A line belongs to the piece in which it begins. The byte before the piece says whether one begins
 * right at its start. */
void source_read_csv(const struct source *source, uint64_t from, uint64_t until, char *buffer,
                     struct output *output)
{
    assert(source->data_from > 0 && source->data_from <= from && from < until);
    uint64_t readable =
        source->size - until > CSV_LOOKAHEAD_SIZE ? until + CSV_LOOKAHEAD_SIZE : source->size;
    size_t size = (size_t)(readable - (from - 1)), limit = (size_t)(until - (from - 1));
    output->has_fault = !read_wholly(source, buffer, size, from - 1, &output->fault);
    if (output->has_fault)
        return;
    const char *before = memchr(buffer, '\n', limit - 1);
    if (before == NULL)
        return;
    size_t start = (size_t)(before - buffer) + 1;
    struct csv csv;
    csv_begin(&csv, source->description->separator, buffer + start, limit - start, size - start,
              readable == source->size);
    read_rows(source, &csv, output);
}

struct xml_reading {
    const struct source *source;
    struct output *output;
    struct row_reader reader;
    void (*hand_over)(void *context, struct output *output);
    void *context;
};

static void on_xml_row(void *context, const struct span fields[], uint32_t line, unsigned refusal,
                       uint8_t column)
{
    struct xml_reading *reading = context;
    reading->output->row_count++;
    if (refusal == 0) {
        refusal = row_take(&reading->reader, fields, line);
        column = reading->reader.column;
    }
    if (refusal != 0)
        refuse(reading->output, reading->source, line, column, refusal);
}

static bool feed_xml(const struct xml_reading *reading, struct xml *xml, char *buffer,
                     size_t buffer_size, struct fault *fault)
{
    const struct source *source = reading->source;
    uint64_t at = 0;
    do {
        uint64_t left = source->size - at;
        size_t size = left < buffer_size ? (size_t)left : buffer_size;
        if (!read_wholly(source, buffer, size, at, fault))
            return false;
        at += size;
        if (!xml_feed(xml, buffer, size, at == source->size, fault)) {
            char text[FAULT_TEXT_SIZE];
            memcpy(text, fault->text, sizeof(text));
            return fault_set(fault, "%s:%.*s", source->file, FAULT_TEXT_SIZE / 4, text);
        }
        if (at < source->size)
            reading->hand_over(reading->context, reading->output);
    } while (at < source->size);
    return true;
}

void source_read_xml(const struct source *source, char *buffer, size_t buffer_size,
                     struct output *output, void (*hand_over)(void *context, struct output *output),
                     void *context)
{
    struct xml_reading reading = {
        .source = source,
        .output = output,
        .reader = {.plan = &source->plan, .facts = &output->facts},
        .hand_over = hand_over,
        .context = context,
    };
    struct xml *xml = xml_begin(source->description, on_xml_row, &reading);
    output->has_fault = !feed_xml(&reading, xml, buffer, buffer_size, &output->fault);
    output->warning_count = reading.reader.warning_count;
    output->idle_count = reading.reader.idle_count;
    xml_end(xml);
}

void output_empty(struct output *output)
{
    struct output kept = *output;
    kept.facts.person_count = kept.facts.status_count = kept.facts.means_count = 0;
    *output = (struct output){
        .facts = kept.facts,
        .refused = kept.refused,
        .refused_room = kept.refused_room,
    };
}

void output_free(struct output *output)
{
    facts_free(&output->facts);
    free(output->refused);
    *output = (struct output){0};
}
