#include "protocol/corrections_journal.h"

#include "protocol/day.h"
#include "protocol/folder.h"
#include "protocol/money.h"
#include "protocol/progress.h"
#include "protocol/rows.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOURNAL_MODE 0640
#define WORD_SIZE    24 /* a number of 64 bits, and an end */

enum column { COLUMN_OWN_REQUEST_ID = 8, COLUMN_OWN_TERMINAL, COLUMN_DONE, COLUMN_COUNT = 15 };
static const struct rows_column columns[COLUMN_COUNT] = {
    {"time", true},
    {"line", true},
    {"terminal", true},
    {"request_id", true},
    {"action", true},
    {"quantity", true},
    {"amount", true},
    {"reason", true},
    {"own_request_id", true},
    {"own_terminal", true},
    {"done", true},
    {"status", true},
    {"ledger_sequence", true},
    {"relief_amount", true},
    {"payable", true},
};

struct journal {
    const char *path;
    FILE *file;
    uint32_t own_terminal;
    uint64_t *done; /* request ids, sorted */
    size_t done_count;
};

/* ---- what is there ---- */

static uint64_t number_of(const struct row_field *field)
{
    char word[WORD_SIZE];
    snprintf(word, sizeof(word), "%.*s", (int)field->value_size, field->value);
    return strtoull(word, NULL, 10);
}

static bool add_done(struct journal *journal, uint64_t id, struct fault *fault)
{
    size_t count = journal->done_count;
    if ((count & (count - 1)) == 0) {
        uint64_t *more = reallocarray(journal->done, count == 0 ? 1 : 2 * count, sizeof(*more));
        if (more == NULL)
            return fault_set(fault, "%s: no memory for its rows", journal->path);
        journal->done = more;
    }
    journal->done[journal->done_count++] = id;
    return true;
}

static int compare_ids(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static bool take_rows(struct journal *journal, const char *text, size_t size, struct fault *fault)
{
    struct rows rows;
    struct row row;
    bool is_there = true;
    if (!rows_begin(&rows, journal->path, text, size, columns, COLUMN_COUNT, fault))
        return false;
    for (;;) {
        if (!rows_next(&rows, &row, &is_there, fault))
            return false;
        if (!is_there)
            break;
        uint64_t writer = number_of(&row.fields[COLUMN_OWN_TERMINAL]);
        if (writer != journal->own_terminal)
            return fault_set(fault,
                             "%s:%" PRIu32 ": was written by terminal %" PRIu64
                             ", and this is %" PRIu32
                             ": go on from that one, for this one would do it once more",
                             journal->path, row.line, writer, journal->own_terminal);
        const struct row_field *done = &row.fields[COLUMN_DONE];
        if (done->value_size == strlen("yes") &&
            !add_done(journal, number_of(&row.fields[COLUMN_OWN_REQUEST_ID]), fault))
            return false;
    }
    if (journal->done_count > 0)
        qsort(journal->done, journal->done_count, sizeof(journal->done[0]), compare_ids);
    return true;
}

/* Up to the end of its last whole line; the rest is nobody's. */
static bool take_text(struct journal *journal, int fd, struct fault *fault)
{
    struct stat info;
    bool is_good = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= ROWS_SIZE_MAX;
    size_t size = is_good ? (size_t)info.st_size : 0;
    char *text = is_good ? malloc(size + 1) : NULL;
    if (text == NULL || lseek(fd, 0, SEEK_SET) != 0 ||
        folder_read(fd, text, size) != (ssize_t)size) {
        free(text);
        return fault_set(fault,
                         "%s: could not be read whole; a journal is a file of at most %u "
                         "bytes: begin another one",
                         journal->path, ROWS_SIZE_MAX);
    }
    while (size > 0 && text[size - 1] != '\n')
        size--;
    if (ftruncate(fd, (off_t)size) != 0)
        is_good = fault_set(fault, "%s: %s", journal->path, strerror(errno));
    else
        is_good = size == 0 || take_rows(journal, text, size, fault);
    if (is_good && size == 0)
        fputs(JOURNAL_HEADER "\n", journal->file);
    free(text);
    return is_good;
}

bool journal_open(struct journal **out, const char *path, uint32_t own_terminal,
                  struct fault *fault)
{
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, JOURNAL_MODE);
    FILE *file = fd >= 0 ? fdopen(fd, "a") : NULL;
    struct journal *journal = file != NULL ? calloc(1, sizeof(*journal)) : NULL;
    if (journal == NULL) {
        fault_set(fault, "%s: %s", path, strerror(errno));
        if (file != NULL)
            fclose(file);
        else if (fd >= 0)
            close(fd);
        return false;
    }
    *journal = (struct journal){.path = path, .file = file, .own_terminal = own_terminal};
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        fault_set(fault, "%s: another eligctl is writing it", path);
    else if (take_text(journal, fd, fault) && journal_sync(journal, fault)) {
        *out = journal;
        return true;
    }
    journal_close(journal);
    return false;
}

void journal_close(struct journal *journal)
{
    if (journal == NULL)
        return;
    fclose(journal->file);
    free(journal->done);
    free(journal);
}

bool journal_has(const struct journal *journal, uint64_t own_request_id)
{
    return journal->done_count > 0 && bsearch(&own_request_id, journal->done, journal->done_count,
                                              sizeof(own_request_id), compare_ids) != NULL;
}

/* ---- what is added ---- */

static void put_asked(struct journal *journal, const struct correction *c)
{
    char time[TIME_TEXT_SIZE], amount[MONEY_TEXT_SIZE];
    time_to_text(time, clock_wall_s());
    fprintf(journal->file, "%s,%" PRIu32 ",%" PRIu32 ",%" PRIu64 ",%s,", time, c->line, c->terminal,
            c->target_id, correction_action(c->kind));
    if (c->quantity != 0)
        fprintf(journal->file, "%u", c->quantity);
    fprintf(journal->file, ",%s,\"%.*s\",", c->amount != 0 ? money_text(amount, c->amount) : "",
            (int)c->reason_size, c->reason);
}

void journal_put(struct journal *journal, const struct correction *correction,
                 const struct elig_response *response, bool is_done)
{
    char relief[MONEY_TEXT_SIZE], payable[MONEY_TEXT_SIZE];
    put_asked(journal, correction);
    fprintf(journal->file, "%" PRIu64 ",%" PRIu32 ",%s,%s,%" PRIu64 ",%s,%s\n",
            correction->request_id, journal->own_terminal, is_done ? "yes" : "no",
            elig_status_name(response->status), response->ledger_sequence,
            money_text(relief, response->relief_amount), money_text(payable, response->payable));
}

bool journal_sync(struct journal *journal, struct fault *fault)
{
    if (fflush(journal->file) == 0 && ferror(journal->file) == 0 &&
        fdatasync(fileno(journal->file)) == 0)
        return true;
    return fault_set(fault, "%s: %s", journal->path, strerror(errno));
}
