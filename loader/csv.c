#include "loader/csv.h"

#include "loader/intake.h"

#include <assert.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define BLOCK_SIZE 64

static bool needs_a_look(char c, char separator)
{
    return c == separator || c == '\n' || c == '"' || c == '\0';
}

/* A bit for every byte of the block that ends a field or a line, quotes, or is no text. */
#ifdef __SSE2__
static uint64_t marks_of_block(const char *block, char separator)
{
    const __m128i separators = _mm_set1_epi8(separator);
    const __m128i line_ends = _mm_set1_epi8('\n');
    const __m128i quotes = _mm_set1_epi8('"');
    const __m128i zeros = _mm_setzero_si128();
    uint64_t marks = 0;
    for (unsigned i = 0; i < BLOCK_SIZE; i += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i_u *)(const void *)(block + i));
        __m128i found = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(bytes, separators), _mm_cmpeq_epi8(bytes, line_ends)),
            _mm_or_si128(_mm_cmpeq_epi8(bytes, quotes), _mm_cmpeq_epi8(bytes, zeros)));
        marks |= (uint64_t)(uint32_t)_mm_movemask_epi8(found) << i;
    }
    return marks;
}
#else
static uint64_t marks_of_block(const char *block, char separator)
{
    uint64_t marks = 0;
    for (unsigned i = 0; i < BLOCK_SIZE; i++)
        marks |= (uint64_t)needs_a_look(block[i], separator) << i;
    return marks;
}
#endif

static uint64_t marks_of_tail(const char *block, size_t size, char separator)
{
    uint64_t marks = 0;
    for (size_t i = 0; i < size; i++)
        marks |= (uint64_t)needs_a_look(block[i], separator) << i;
    return marks;
}

static uint64_t marks_at(const struct csv *csv)
{
    size_t left = (size_t)(csv->end - csv->block);
    return left >= BLOCK_SIZE ? marks_of_block(csv->block, csv->separator)
                              : marks_of_tail(csv->block, left, csv->separator);
}

char csv_separator(const char *text, size_t text_size)
{
    static const char separators[] = {',', ';', '\t'};
    const char *line_end = memchr(text, '\n', text_size);
    size_t size = line_end != NULL ? (size_t)(line_end - text) : text_size;
    char best = separators[0];
    size_t best_count = 0;
    for (size_t i = 0; i < sizeof(separators); i++) {
        size_t count = 0;
        for (size_t j = 0; j < size; j++)
            count += text[j] == separators[i];
        if (count > best_count) {
            best = separators[i];
            best_count = count;
        }
    }
    return best;
}

void csv_begin(struct csv *csv, char separator, const char *bytes, size_t limit_size, size_t size,
               bool is_last)
{
    assert(limit_size <= size);
    assert(!needs_a_look(separator, '\n'));
    *csv = (struct csv){
        .at = bytes,
        .limit = bytes + limit_size,
        .end = bytes + size,
        .is_last = is_last,
        .separator = separator,
        .block = bytes,
    };
    csv->marks = marks_at(csv);
}

/* The next byte that needs a look, or the end. */
static inline const char *next_mark(struct csv *csv)
{
    while (csv->marks == 0) {
        if (csv->end - csv->block <= BLOCK_SIZE)
            return csv->end;
        csv->block += BLOCK_SIZE;
        csv->marks = marks_at(csv);
    }
    const char *mark = csv->block + __builtin_ctzll(csv->marks);
    csv->marks &= csv->marks - 1;
    return mark;
}

static inline bool ends_line(const struct csv *csv, const char *mark)
{
    return mark == csv->end || *mark == '\n';
}

static void refuse(struct csv_row *row, enum refusal refusal)
{
    if (row->refusal != 0) /* the first reason stands */
        return;
    row->refusal = (uint8_t)refusal;
    row->column = row->field_count < UINT8_MAX ? (uint8_t)(row->field_count + 1) : UINT8_MAX;
}

static inline void take_field(struct csv_row *row, const char *from, const char *until)
{
    if (row->field_count < FIELD_COUNT_MAX)
        row->fields[row->field_count] = (struct span){from, (uint32_t)(until - from)};
    row->field_count++;
}

static const char *without_return(const char *from, const char *until)
{
    return until > from && until[-1] == '\r' ? until - 1 : until;
}

/* A field that begins with the quote at `quote`. Returns the mark behind it: a separator's, or one
 * that ends the line. */
static const char *take_quoted(struct csv *csv, struct csv_row *row, const char *quote)
{
    const char *mark = next_mark(csv);
    while (!ends_line(csv, mark)) {
        if (*mark == '\0') {
            refuse(row, REFUSAL_ENCODING);
        } else if (*mark == '"') {
            if (csv->end - mark == 1 || mark[1] != '"')
                break;
            next_mark(csv); /* the second of a pair */
            if (row->field_count < FIELD_COUNT_MAX)
                row->doubled |= UINT64_C(1) << row->field_count;
        }
        mark = next_mark(csv);
    }
    if (ends_line(csv, mark)) {
        refuse(row, REFUSAL_QUOTE);
        return mark;
    }
    const char *behind = next_mark(csv);
    bool is_closed = ends_line(csv, behind) ? without_return(mark + 1, behind) == mark + 1
                                            : behind == mark + 1 && *behind == csv->separator;
    if (!is_closed)
        refuse(row, REFUSAL_QUOTE);
    take_field(row, quote + 1, mark);
    return behind;
}

/* Fields from `from` to the mark that ends the line, which is returned. */
static const char *take_fields(struct csv *csv, struct csv_row *row, const char *from)
{
    const char *field = from;
    const char separator = csv->separator;
    for (;;) {
        const char *mark = next_mark(csv);
        if (mark != csv->end && *mark == separator) { /* nearly always */
            take_field(row, field, mark);
            field = mark + 1;
            continue;
        }
        if (ends_line(csv, mark)) {
            take_field(row, field, without_return(field, mark));
            return mark;
        }
        if (mark == field && *mark == '"') {
            mark = take_quoted(csv, row, mark);
            if (ends_line(csv, mark))
                return mark;
            if (*mark == separator) {
                field = mark + 1;
                continue;
            }
        }
        refuse(row, *mark == '"' ? REFUSAL_QUOTE : REFUSAL_ENCODING);
    }
}

bool csv_next(struct csv *csv, struct csv_row *row)
{
    while (csv->at < csv->limit) {
        const char *from = csv->at;
        row->line = csv->line++;
        row->refusal = 0;
        row->column = 0;
        row->field_count = 0;
        row->doubled = 0;
        const char *until = take_fields(csv, row, from);
        csv->at = until == csv->end ? csv->end : until + 1;
        until = without_return(from, until);
        if (until - from > LINE_SIZE_MAX) {
            row->refusal = REFUSAL_LINE_TOO_LONG;
            row->column = 0;
        } else {
            assert(csv->at < csv->end || csv->is_last || csv->end[-1] == '\n');
        }
        if (until > from)
            return true;
    }
    return false;
}

struct span csv_undouble(char out[static LINE_SIZE_MAX], struct span field)
{
    struct span single = {out, 0};
    assert(field.size <= LINE_SIZE_MAX);
    for (uint32_t i = 0; i < field.size; i++) {
        out[single.size++] = field.text[i];
        if (field.text[i] == '"')
            i++;
    }
    return single;
}
