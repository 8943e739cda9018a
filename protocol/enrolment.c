#include "protocol/enrolment.h"

#include "protocol/day.h"
#include "protocol/folder.h"
#include "protocol/profile.h"
#include "protocol/rows.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum column {
    COLUMN_NUMBER,
    COLUMN_POINTS,
    COLUMN_PROFILE,
    COLUMN_KEY,
    COLUMN_PRODUCTS,
    COLUMN_PER_MINUTE,
    COLUMN_PER_DAY,
    COLUMN_TYPED_PER_DAY,
    COLUMN_FROM,
    COLUMN_UNTIL,
    COLUMN_COUNT
};
static const struct rows_column columns[COLUMN_COUNT] = {
    {"number", true},    {"points", true},      {"profile", true},  {"key", true},
    {"products", false}, {"per_minute", false}, {"per_day", false}, {"typed_per_day", false},
    {"from", false},     {"until", false},
};

#define KEY_TEXT_SIZE    (2 * NOISE_KEY_SIZE + 1)
#define NUMBER_TEXT_SIZE 11

#define WANTED_POINTS "points of sale and spans of them, apart by spaces, such as \"101-120 205\""
#define WANTED_PRODUCTS                                                                            \
    "all, or numbers of products and spans of them, apart by spaces, such as \"1001-1009 1012\""

/* ---- values ---- */

/* A number of 32 bits at `*text`, which is moved behind it. */
static bool take_number(const char **text, const char *end, uint32_t *out)
{
    uint64_t value = 0;
    const char *p = *text;
    for (; p < end && *p >= '0' && *p <= '9' && value <= UINT32_MAX; p++)
        value = value * 10 + (uint64_t)(*p - '0');
    if (p == *text || value > UINT32_MAX)
        return false;
    *out = (uint32_t)value;
    *text = p;
    return true;
}

static bool number_of(uint32_t *out, const char *text, size_t size)
{
    const char *p = text;
    return take_number(&p, text + size, out) && p == text + size && *out != 0;
}

/* "101-120 205": numbers that are not 0, first before last. */
static bool spans_are_sane(const char *text)
{
    const char *end = text + strlen(text);
    uint32_t count = 0;
    for (const char *p = text; p < end;) {
        uint32_t first = 0, last = 0;
        if (!take_number(&p, end, &first))
            return false;
        last = first;
        if (p < end && *p == '-') {
            p++;
            if (!take_number(&p, end, &last))
                return false;
        }
        if (first == 0 || last < first || ++count > ENROLMENT_SPANS_MAX || (p < end && *p != ' '))
            return false;
        while (p < end && *p == ' ')
            p++;
    }
    return count > 0;
}

/* Its value; 16: it is no digit. */
static unsigned hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 16;
}

static bool key_of(uint8_t key[static NOISE_KEY_SIZE], const struct row_field *field)
{
    if (field->value_size != 2 * (size_t)NOISE_KEY_SIZE)
        return false;
    for (size_t i = 0; i < NOISE_KEY_SIZE; i++) {
        unsigned high = hex_digit(field->value[2 * i]), low = hex_digit(field->value[2 * i + 1]);
        if (high > 15 || low > 15)
            return false;
        key[i] = (uint8_t)(high << 4 | low);
    }
    return !bytes_are_zero(key, NOISE_KEY_SIZE); /* zeros are nobody's */
}

static void key_text(char text[static KEY_TEXT_SIZE], const uint8_t key[static NOISE_KEY_SIZE])
{
    for (size_t i = 0; i < NOISE_KEY_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", key[i]);
}

/* ---- reading ---- */

/* "path:line: column: wanted ..."; what was found may be a key or a person's number. */
static bool wrong(const struct enrolment *enrolment, const struct row *row, enum column column,
                  const char *wanted, struct fault *fault)
{
    return fault_set(fault, "%.200s:%" PRIu32 ": %s: wanted %s, found text of %zu bytes",
                     enrolment->path, row->line, columns[column].name, wanted,
                     row->fields[column].value_size);
}

static bool take_day(const struct row *row, enum column column, uint32_t *out)
{
    const struct row_field *field = &row->fields[column];
    int32_t day = 0;
    if (field->value_size == 0)
        return true;
    if (!day_of_text(&day, field->value, field->value_size) || day < 0)
        return false;
    *out = (uint32_t)day;
    return true;
}

static bool take_row(const struct enrolment *enrolment, struct enrolled *out, const struct row *row,
                     struct fault *fault)
{
    const struct row_field *fields = row->fields;
    char word[32];
    *out = (struct enrolled){.until_day = DAY_NEVER,
                             .line = row->line,
                             .points = fields[COLUMN_POINTS].value,
                             .points_size = fields[COLUMN_POINTS].value_size,
                             .has_key = fields[COLUMN_KEY].value_size > 0};
    if (!number_of(&out->number, fields[COLUMN_NUMBER].value, fields[COLUMN_NUMBER].value_size))
        return wrong(enrolment, row, COLUMN_NUMBER, "a number from 1 to 4294967295", fault);
    snprintf(word, sizeof(word), "%.*s", (int)fields[COLUMN_PROFILE].value_size,
             fields[COLUMN_PROFILE].value);
    out->profile = profile_of_name(word);
    if (out->profile == 0)
        return wrong(enrolment, row, COLUMN_PROFILE, PROFILE_NAMES, fault);
    if (out->has_key && !key_of(out->key, &fields[COLUMN_KEY]))
        return wrong(enrolment, row, COLUMN_KEY,
                     "a public key of 64 hexadecimal digits, or nothing", fault);
    if (!take_day(row, COLUMN_FROM, &out->from_day))
        return wrong(enrolment, row, COLUMN_FROM, "a day such as 2026-01-31, or nothing", fault);
    if (!take_day(row, COLUMN_UNTIL, &out->until_day))
        return wrong(enrolment, row, COLUMN_UNTIL, "a day such as 2026-01-31, or nothing", fault);
    return true;
}

/* Room doubles: a thousand terminals do not take a thousand copies. */
static bool make_room(struct enrolment *enrolment, struct fault *fault)
{
    uint32_t count = enrolment->count;
    if (count == ENROLMENT_COUNT_MAX)
        return fault_set(fault, "%s: more than %d terminals", enrolment->path, ENROLMENT_COUNT_MAX);
    if ((count & (count - 1)) != 0)
        return true;
    struct enrolled *more =
        reallocarray(enrolment->terminals, count == 0 ? 1 : 2 * (size_t)count, sizeof(*more));
    if (more == NULL)
        return fault_set(fault, "%s: no memory for its terminals", enrolment->path);
    enrolment->terminals = more;
    return true;
}

static bool begin(struct rows *rows, const struct enrolment *enrolment, struct fault *fault)
{
    return rows_begin(rows, enrolment->path, enrolment->text, enrolment->size, columns,
                      COLUMN_COUNT, fault);
}

static bool take_rows(struct enrolment *enrolment, struct fault *fault)
{
    struct rows rows;
    struct row row;
    bool is_there = true;
    if (!begin(&rows, enrolment, fault))
        return false;
    for (;;) {
        if (!rows_next(&rows, &row, &is_there, fault))
            return false;
        if (!is_there)
            return true;
        if (!make_room(enrolment, fault) ||
            !take_row(enrolment, &enrolment->terminals[enrolment->count], &row, fault))
            return false;
        enrolment->count++;
    }
}

bool enrolment_parse(struct enrolment *out, const char *path, char *text, size_t size,
                     struct fault *fault)
{
    struct enrolment enrolment = {.path = path, .text = text, .size = size};
    if (!take_rows(&enrolment, fault)) {
        enrolment_free(&enrolment);
        return false;
    }
    *out = enrolment;
    return true;
}

bool enrolment_read(struct enrolment *out, const char *path, struct stat *info, struct fault *fault)
{
    uint64_t size = 0;
    errno = 0;
    int fd = folder_open_regular(AT_FDCWD, path, &size, fault);
    if (fd < 0)
        return errno == ENOENT
                   ? fault_set(
                         fault,
                         "%s: there is no such table; begin it with the line " ENROLMENT_HEADER,
                         path)
                   : false;
    bool is_good = info == NULL || fstat(fd, info) == 0;
    char *text = is_good && size <= ROWS_SIZE_MAX ? malloc((size_t)size + 1) : NULL;
    ssize_t found = text != NULL ? folder_read(fd, text, (size_t)size + 1) : -1;
    close(fd);
    if (found == (ssize_t)size)
        return enrolment_parse(out, path, text, (size_t)size, fault);
    free(text);
    return fault_set(fault, "%s: could not be read whole; a table has at most %u bytes", path,
                     ROWS_SIZE_MAX);
}

void enrolment_free(struct enrolment *enrolment)
{
    free(enrolment->text);
    free(enrolment->terminals);
    *enrolment = (struct enrolment){0};
}

bool enrolment_find(const struct enrolled **out, const struct enrolment *enrolment, uint32_t number,
                    struct fault *fault)
{
    const struct enrolled *found = NULL;
    for (uint32_t i = 0; i < enrolment->count; i++) {
        const struct enrolled *terminal = &enrolment->terminals[i];
        if (terminal->number != number)
            continue;
        if (found != NULL)
            return fault_set(fault,
                             "%s: terminal %" PRIu32 " stands in line %" PRIu32
                             " and in line %" PRIu32 ": remove one",
                             enrolment->path, number, found->line, terminal->line);
        found = terminal;
    }
    if (found == NULL)
        return fault_set(fault,
                         "%s: terminal %" PRIu32 " is not in the table; eligctl terminal list "
                         "tells who is",
                         enrolment->path, number);
    *out = found;
    return true;
}

/* ---- changes ---- */

/* Public ones: how long it takes tells nothing. */
static bool keys_are_same(const uint8_t a[static NOISE_KEY_SIZE],
                          const uint8_t b[static NOISE_KEY_SIZE])
{
    return memcmp(a, b, NOISE_KEY_SIZE) == 0;
}

static const struct enrolled *holder_of(const struct enrolment *enrolment,
                                        const uint8_t key[static NOISE_KEY_SIZE])
{
    for (uint32_t i = 0; i < enrolment->count; i++) {
        const struct enrolled *terminal = &enrolment->terminals[i];
        if (terminal->has_key && keys_are_same(key, terminal->key))
            return terminal;
    }
    return NULL;
}

/* Whether `number` may have the key. */
static bool is_nobodys(const struct enrolment *enrolment, uint32_t number,
                       const uint8_t key[static NOISE_KEY_SIZE], struct fault *fault)
{
    const struct enrolled *holder = holder_of(enrolment, key);
    if (holder != NULL && holder->number == number)
        return fault_set(fault,
                         "%s:%" PRIu32 ": terminal %" PRIu32 " has this very key: nothing to do",
                         enrolment->path, holder->line, number);
    return holder == NULL ||
           fault_set(fault,
                     "%s:%" PRIu32 ": terminal %" PRIu32 " has this key already: every terminal "
                     "has a key of its own",
                     enrolment->path, holder->line, holder->number);
}

/* The changed text in the place of the old one, if it can be read. */
static bool adopt(struct enrolment *enrolment, char *text, size_t size, struct fault *fault)
{
    struct enrolment changed;
    if (!enrolment_parse(&changed, enrolment->path, text, size, fault))
        return false;
    enrolment_free(enrolment);
    *enrolment = changed;
    return true;
}

bool enrolling_check(const struct enrolling *row, struct fault *fault)
{
    if (row->number == 0)
        return fault_set(fault, "number: wanted 1 to 4294967295");
    if (!spans_are_sane(row->points))
        return fault_set(fault, "points: wanted " WANTED_POINTS ", found \"%.60s\"", row->points);
    if (row->products != NULL && strcmp(row->products, "all") != 0 &&
        !spans_are_sane(row->products))
        return fault_set(fault, "products: wanted " WANTED_PRODUCTS ", found \"%.60s\"",
                         row->products);
    if (profile_of_name(row->profile) == 0) {
        const char *near = profile_nearest(row->profile);
        return fault_set(fault, "profile: wanted " PROFILE_NAMES ", found \"%.60s\"%s%s%s",
                         row->profile, near != NULL ? "; did you mean " : "",
                         near != NULL ? near : "", near != NULL ? "?" : "");
    }
    if (row->from_day >= row->until_day) {
        char until[DAY_TEXT_SIZE];
        day_to_text(until, (int32_t)row->until_day);
        return fault_set(fault,
                         "until: wanted a day later than from, the first on which it may not ask "
                         "any more; found %s",
                         until);
    }
    return true;
}

static const char *number_text(char text[static NUMBER_TEXT_SIZE], uint32_t number)
{
    if (number == 0)
        return NULL;
    snprintf(text, NUMBER_TEXT_SIZE, "%" PRIu32, number);
    return text;
}

static bool number_is_free(const struct enrolment *enrolment, uint32_t number, struct fault *fault)
{
    for (uint32_t i = 0; i < enrolment->count; i++)
        if (enrolment->terminals[i].number == number)
            return fault_set(fault,
                             "%s:%" PRIu32 ": terminal %" PRIu32 " stands there already%s; eligctl "
                             "terminal rotate gives it %s",
                             enrolment->path, enrolment->terminals[i].line, number,
                             enrolment->terminals[i].has_key ? "" : ", without a key",
                             enrolment->terminals[i].has_key ? "another key" : "its first one");
    return true;
}

bool enrolment_add(struct enrolment *enrolment, const struct enrolling *row, struct fault *fault)
{
    char number[NUMBER_TEXT_SIZE], per_minute[NUMBER_TEXT_SIZE], per_day[NUMBER_TEXT_SIZE],
        typed_per_day[NUMBER_TEXT_SIZE], key[KEY_TEXT_SIZE], from[DAY_TEXT_SIZE],
        until[DAY_TEXT_SIZE];
    assert(enrolling_check(row, fault));
    if (!number_is_free(enrolment, row->number, fault) ||
        !is_nobodys(enrolment, row->number, row->key, fault))
        return false;
    key_text(key, row->key);
    day_to_text(from, (int32_t)row->from_day);
    day_to_text(until, row->until_day == DAY_NEVER ? 0 : (int32_t)row->until_day);
    const char *const values[COLUMN_COUNT] = {
        [COLUMN_NUMBER] = number_text(number, row->number),
        [COLUMN_POINTS] = row->points,
        [COLUMN_PROFILE] = row->profile,
        [COLUMN_KEY] = key,
        [COLUMN_PRODUCTS] = row->products,
        [COLUMN_PER_MINUTE] = number_text(per_minute, row->per_minute),
        [COLUMN_PER_DAY] = number_text(per_day, row->per_day),
        [COLUMN_TYPED_PER_DAY] = number_text(typed_per_day, row->typed_per_day),
        [COLUMN_FROM] = row->from_day == 0 ? NULL : from,
        [COLUMN_UNTIL] = row->until_day == DAY_NEVER ? NULL : until,
    };
    struct rows rows;
    char *text;
    size_t size;
    return begin(&rows, enrolment, fault) && rows_append(&text, &size, &rows, values, fault) &&
           adopt(enrolment, text, size, fault);
}

bool enrolment_set_key(struct enrolment *enrolment, uint32_t number,
                       const uint8_t key[static NOISE_KEY_SIZE], struct fault *fault)
{
    const struct enrolled *terminal;
    struct rows rows;
    struct row row = {0};
    bool is_there = true;
    char value[KEY_TEXT_SIZE], *text;
    size_t size;
    if (!enrolment_find(&terminal, enrolment, number, fault) ||
        !is_nobodys(enrolment, number, key, fault) || !begin(&rows, enrolment, fault))
        return false;
    key_text(value, key);
    while (row.line != terminal->line)
        if (!rows_next(&rows, &row, &is_there, fault) || !is_there)
            abort(); /* it was read before */
    return rows_replace(&text, &size, &rows, &row, COLUMN_KEY, value, fault) &&
           adopt(enrolment, text, size, fault);
}
