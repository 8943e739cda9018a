#include "protocol/corrections.h"

#include "protocol/folder.h"
#include "protocol/money.h"
#include "protocol/nearest.h"
#include "protocol/rows.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum column {
    COLUMN_TERMINAL,
    COLUMN_REQUEST_ID,
    COLUMN_ACTION,
    COLUMN_QUANTITY,
    COLUMN_AMOUNT,
    COLUMN_REASON,
    COLUMN_COUNT
};
static const struct rows_column columns[COLUMN_COUNT] = {
    {"terminal", true},  {"request_id", true}, {"action", true},
    {"quantity", false}, {"amount", false},    {"reason", false},
};

#define ACTION_SHOWN_MAX 20
#define ID_HASH_SIZE     16
#define ID_TEXT_SIZE     256
#define QUANTITY_MOST    10000

static const struct {
    const char *name;
    uint8_t kind;
} actions[] = {{"refund", ELIG_REFUND}, {"cancel", ELIG_CANCEL}, {"confirm", ELIG_CONFIRM}};

const char *correction_action(uint8_t kind)
{
    for (size_t i = 0; i < COUNT_OF(actions); i++)
        if (actions[i].kind == kind)
            return actions[i].name;
    return NULL;
}

/* ---- a row ---- */

/* "path:line: column: wanted ..." */
static bool wrong(const char *path, const struct row *row, enum column column, const char *wanted,
                  struct fault *fault)
{
    const struct row_field *field = &row->fields[column];
    int shown = field->value_size < ACTION_SHOWN_MAX ? (int)field->value_size : ACTION_SHOWN_MAX;
    return fault_set(fault, "%.200s:%" PRIu32 ": %s: wanted %s, found \"%.*s\"", path, row->line,
                     columns[column].name, wanted, shown, field->value);
}

static bool number_of(uint64_t *out, const struct row_field *field, uint64_t most)
{
    uint64_t value = 0;
    for (size_t i = 0; i < field->value_size; i++) {
        char c = field->value[i];
        if (c < '0' || c > '9' || value > (most - (uint64_t)(c - '0')) / 10)
            return false;
        value = value * 10 + (uint64_t)(c - '0');
    }
    *out = value;
    return field->value_size > 0;
}

static bool take_action(struct correction *out, const char *path, const struct row *row,
                        struct fault *fault)
{
    const struct row_field *field = &row->fields[COLUMN_ACTION];
    const char *names[COUNT_OF(actions)];
    char word[ACTION_SHOWN_MAX + 1], near[NEAREST_TEXT_SIZE], wanted[2 * NEAREST_TEXT_SIZE];
    int size = field->value_size < ACTION_SHOWN_MAX ? (int)field->value_size : ACTION_SHOWN_MAX;
    snprintf(word, sizeof(word), "%.*s", size, field->value);
    for (size_t i = 0; i < COUNT_OF(actions); i++) {
        names[i] = actions[i].name;
        if (strcmp(word, names[i]) == 0)
            out->kind = actions[i].kind;
    }
    nearest_text(near, " (did you mean ", "?)", word, names, COUNT_OF(names));
    snprintf(wanted, sizeof(wanted), "refund, cancel or confirm%s", near);
    return out->kind != 0 || wrong(path, row, COLUMN_ACTION, wanted, fault);
}

/* How much of it: nothing is all. */
static bool take_measure(struct correction *out, const char *path, const struct row *row,
                         struct fault *fault)
{
    const struct row_field *quantity = &row->fields[COLUMN_QUANTITY];
    const struct row_field *amount = &row->fields[COLUMN_AMOUNT];
    uint64_t value = 0;
    if (quantity->value_size > 0) {
        if (out->kind == ELIG_CANCEL)
            return wrong(path, row, COLUMN_QUANTITY, "nothing: a cancel is of all", fault);
        if (!number_of(&value, quantity, QUANTITY_MOST) || value == 0)
            return wrong(path, row, COLUMN_QUANTITY, "1 to 10000, or nothing: all", fault);
        out->quantity = (uint16_t)value;
    }
    if (amount->value_size == 0)
        return true;
    if (out->kind != ELIG_REFUND)
        return wrong(path, row, COLUMN_AMOUNT, "nothing: only a refund may be of an amount", fault);
    if (out->quantity != 0)
        return wrong(path, row, COLUMN_AMOUNT, "nothing beside a quantity", fault);
    if (!money_of_text(&value, amount->value, amount->value_size, UINT32_MAX) || value == 0)
        return wrong(path, row, COLUMN_AMOUNT,
                     "EUR above 0 such as 1.50, with up to four decimals, or nothing: all", fault);
    out->amount = (uint32_t)value;
    return true;
}

static bool take_row(struct correction *out, const char *path, const struct row *row,
                     struct fault *fault)
{
    uint64_t terminal = 0;
    *out = (struct correction){.line = row->line,
                               .reason = row->fields[COLUMN_REASON].value,
                               .reason_size = row->fields[COLUMN_REASON].value_size};
    if (!number_of(&terminal, &row->fields[COLUMN_TERMINAL], UINT32_MAX))
        return wrong(path, row, COLUMN_TERMINAL, "a number from 0 to 4294967295", fault);
    if (!number_of(&out->target_id, &row->fields[COLUMN_REQUEST_ID], UINT64_MAX) ||
        out->target_id == 0)
        return wrong(path, row, COLUMN_REQUEST_ID, "a number from 1 to 18446744073709551615",
                     fault);
    if (out->reason_size > CORRECTIONS_REASON_MAX)
        return wrong(path, row, COLUMN_REASON, "at most 2000 bytes", fault);
    out->terminal = (uint32_t)terminal;
    return take_action(out, path, row, fault) && take_measure(out, path, row, fault);
}

/* The first 8 bytes, little-endian, of BLAKE2b-128 of one line of text. The manual page says so. */
static uint64_t id_of(const struct correction *c, const char *batch)
{
    char text[ID_TEXT_SIZE];
    uint8_t hash[ID_HASH_SIZE];
    int size = snprintf(text, sizeof(text), "%.*s,%" PRIu32 ",%" PRIu64 ",%s,%u,%" PRIu32 "\n",
                        CORRECTIONS_BATCH_MAX, batch, c->terminal, c->target_id,
                        correction_action(c->kind), c->quantity, c->amount);
    crypto_generichash(hash, sizeof(hash), (const uint8_t *)text, (unsigned long long)size, NULL,
                       0);
    uint64_t id = load_u64(hash);
    return id != 0 ? id : 1;
}

struct elig_request correction_request(const struct correction *correction)
{
    struct elig_request request =
        elig_about(correction->kind, correction->request_id, correction->target_id);
    request.product = correction->terminal;
    request.quantity = correction->quantity;
    request.unit_price = correction->amount;
    return request;
}

/* ---- rows that are the same ---- */

static int compare_ids(const void *a, const void *b)
{
    const struct correction *const *x = a, *const *y = b;
    if ((*x)->request_id != (*y)->request_id)
        return (*x)->request_id < (*y)->request_id ? -1 : 1;
    return ((*x)->line > (*y)->line) - ((*x)->line < (*y)->line);
}

/* Those that have lost their request id. */
static void drop_unnamed(struct corrections *corrections)
{
    size_t kept = 0;
    for (size_t i = 0; i < corrections->count; i++)
        if (corrections->rows[i].request_id != 0)
            corrections->rows[kept++] = corrections->rows[i];
    corrections->wrong_count += corrections->count - kept;
    corrections->count = kept;
}

static bool drop_repeated(struct corrections *corrections, void (*tell)(const char *sentence),
                          struct fault *fault)
{
    struct fault said;
    size_t count = corrections->count;
    struct correction **sorted = calloc(count + 1, sizeof(struct correction *));
    if (sorted == NULL)
        return fault_set(fault, "%s: no memory for its rows", corrections->path);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &corrections->rows[i];
    qsort(sorted, count, sizeof(struct correction *), compare_ids);
    for (size_t i = 0, first = 0; i < count; i++) {
        if (i == first || sorted[i]->request_id != sorted[first]->request_id) {
            first = i;
            continue;
        }
        fault_write(&said,
                    "%.200s:%" PRIu32 ": is the same as line %" PRIu32
                    " and would be done once: add them up, or put one into another batch",
                    corrections->path, sorted[i]->line, sorted[first]->line);
        tell(said.text);
        sorted[i]->request_id = 0;
    }
    free(sorted);
    drop_unnamed(corrections);
    return true;
}

/* ---- the table ---- */

static bool add_row(struct corrections *corrections, const struct correction *row,
                    struct fault *fault)
{
    size_t count = corrections->count;
    if ((count & (count - 1)) == 0) {
        struct correction *more =
            reallocarray(corrections->rows, count == 0 ? 1 : 2 * count, sizeof(*more));
        if (more == NULL)
            return fault_set(fault, "%s: no memory for its rows", corrections->path);
        corrections->rows = more;
    }
    corrections->rows[corrections->count++] = *row;
    return true;
}

static bool take_rows(struct corrections *corrections, size_t size, const char *batch,
                      void (*tell)(const char *sentence), struct fault *fault)
{
    struct rows rows;
    struct row row;
    struct fault said;
    bool is_there = true;
    if (!rows_begin(&rows, corrections->path, corrections->text, size, columns, COLUMN_COUNT,
                    fault))
        return false;
    while (is_there) {
        struct correction correction;
        if (rows_next(&rows, &row, &is_there, &said)) {
            if (!is_there)
                break;
            if (take_row(&correction, corrections->path, &row, &said)) {
                correction.request_id = id_of(&correction, batch);
                if (!add_row(corrections, &correction, fault))
                    return false;
                continue;
            }
        }
        tell(said.text);
        corrections->wrong_count++;
        is_there = true;
    }
    return drop_repeated(corrections, tell, fault);
}

bool corrections_parse(struct corrections *out, const char *path, char *text, size_t size,
                       const char *batch, void (*tell)(const char *sentence), struct fault *fault)
{
    struct corrections corrections = {.path = path, .text = text};
    if (!take_rows(&corrections, size, batch, tell, fault)) {
        corrections_free(&corrections);
        return false;
    }
    *out = corrections;
    return true;
}

bool corrections_read(struct corrections *out, const char *path, const char *batch,
                      void (*tell)(const char *sentence), struct fault *fault)
{
    uint64_t size = 0;
    int fd = folder_open_regular(AT_FDCWD, path, &size, fault);
    if (fd < 0)
        return false;
    char *text = size <= ROWS_SIZE_MAX ? malloc((size_t)size + 1) : NULL;
    ssize_t found = text != NULL ? folder_read(fd, text, (size_t)size + 1) : -1;
    close(fd);
    if (found == (ssize_t)size)
        return corrections_parse(out, path, text, (size_t)size, batch, tell, fault);
    free(text);
    return fault_set(fault, "%s: could not be read whole; a table has at most %u bytes", path,
                     ROWS_SIZE_MAX);
}

void corrections_free(struct corrections *corrections)
{
    free(corrections->text);
    free(corrections->rows);
    *corrections = (struct corrections){0};
}
