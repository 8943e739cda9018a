#include "protocol/ledger_read.h"

#include "protocol/options.h"
#include "protocol/redo.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <lmdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SETTLE_STEP_MS 5
#define SETTLE_STEPS   400 /* 2 s: a ledger's thread lets nobody wait as long */

#define PATH_SIZE      4096
#define DB_COUNT       6
#define OPEN_COUNT_MAX 8

enum db { POSTINGS, TRANSACTIONS, TALLIES, HOLDS, ACCOUNTS, META };
static const char *const db_names[DB_COUNT] = {DB_POSTINGS, DB_TRANSACTIONS, DB_TALLIES,
                                               DB_HOLDS,    DB_ACCOUNTS,     DB_META};

struct ledger_reader {
    char path[PATH_SIZE];
    MDB_env *env;
    MDB_txn *txn; /* reset between calls: it holds nothing then */
    MDB_dbi dbis[DB_COUNT];
    struct stat file;
    bool is_backup; /* a file that nobody writes */
};

/* Big-endian keys, so that LMDB's order is that of the numbers. */
static void key_u32(uint8_t *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}
static void key_u64(uint8_t *out, uint64_t value)
{
    key_u32(out, (uint32_t)(value >> 32));
    key_u32(out + 4, (uint32_t)value);
}
static uint32_t of_key_u32(const uint8_t *key)
{
    return (uint32_t)key[0] << 24 | (uint32_t)key[1] << 16 | (uint32_t)key[2] << 8 | key[3];
}

/* ---- opening ---- */

/* POSIX locks belong to a process and a file: a second opening would lose those of the first. */
static const struct ledger_reader *open_readers[OPEN_COUNT_MAX];

static bool reader_note(const struct ledger_reader *reader, struct fault *fault)
{
    size_t free_at = OPEN_COUNT_MAX;
    for (size_t i = 0; i < OPEN_COUNT_MAX; i++) {
        const struct ledger_reader *other = open_readers[i];
        if (other == NULL)
            free_at = i;
        else if (other->file.st_dev == reader->file.st_dev &&
                 other->file.st_ino == reader->file.st_ino)
            return fault_set(fault, "%s: is open in this program already", reader->path);
    }
    if (free_at == OPEN_COUNT_MAX)
        return fault_set(fault, "%s: %d ledgers are open already", reader->path, OPEN_COUNT_MAX);
    open_readers[free_at] = reader;
    return true;
}

static void reader_forget(const struct ledger_reader *reader)
{
    for (size_t i = 0; i < OPEN_COUNT_MAX; i++)
        if (open_readers[i] == reader)
            open_readers[i] = NULL;
}

static const char *lmdb_text(int error)
{
    return error == MDB_NOTFOUND ? "a database is missing" : mdb_strerror(error);
}

static bool reader_fault(const struct ledger_reader *reader, int error, struct fault *fault)
{
    return fault_set(fault, "%s: %s; want a ledger (eligctl ledger verify says more)", reader->path,
                     lmdb_text(error));
}

/* LMDB reads pages where they should be: a file that ends before would end this program. The size
 * is looked at last, because a writer may be making the file larger. */
static bool file_is_whole(const struct ledger_reader *reader, struct fault *fault)
{
    MDB_envinfo info;
    MDB_stat stat;
    struct stat file;
    mdb_filehandle_t fd;
    int error = mdb_env_info(reader->env, &info);
    if (error == 0)
        error = mdb_env_stat(reader->env, &stat);
    if (error == 0)
        error = mdb_env_get_fd(reader->env, &fd);
    if (error == 0 && fstat(fd, &file) != 0)
        error = errno;
    if (error != 0)
        return reader_fault(reader, error, fault);
    uint64_t wanted = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
    return (uint64_t)file.st_size >= wanted ||
           fault_set(fault, "%s: has %" PRIu64 " bytes, want %" PRIu64 ": it was cut", reader->path,
                     (uint64_t)file.st_size, wanted);
}

/* A folder has the file under its name; whatever else is said to be the file. */
static bool find_file(struct ledger_reader *reader, const char *path, struct fault *fault)
{
    bool is_folder = stat(path, &reader->file) == 0 && S_ISDIR(reader->file.st_mode);
    int length =
        snprintf(reader->path, sizeof(reader->path), is_folder ? "%s/%s" : "%s", path, LEDGER_FILE);
    if (length >= (int)sizeof(reader->path))
        return fault_set(fault, "%.100s...: too long a path", path);
    reader->is_backup = !is_folder;
    if (lstat(reader->path, &reader->file) != 0)
        return fault_set(fault, "%s: %s; want the folder of a ledger, or a backup of one",
                         reader->path, strerror(errno));
    return S_ISREG(reader->file.st_mode) || fault_set(fault, "%s: is no file", reader->path);
}

/* One transaction opens the databases; their handles stay good for all. */
static int open_databases(struct ledger_reader *reader)
{
    int error = mdb_txn_begin(reader->env, NULL, MDB_RDONLY, &reader->txn);
    for (int i = 0; error == 0 && i < DB_COUNT; i++)
        error = mdb_dbi_open(reader->txn, db_names[i], 0, &reader->dbis[i]);
    if (error != 0)
        return error;
    error = mdb_txn_commit(reader->txn);
    reader->txn = NULL;
    if (error == 0)
        error = mdb_txn_begin(reader->env, NULL, MDB_RDONLY, &reader->txn);
    if (error == 0)
        mdb_txn_reset(reader->txn);
    return error;
}

static bool reader_start(struct ledger_reader *reader, struct fault *fault)
{
    int error = mdb_env_create(&reader->env);
    if (error == 0)
        error = mdb_env_set_maxdbs(reader->env, DB_COUNT);
    unsigned flags = MDB_RDONLY | MDB_NOSUBDIR | MDB_NOTLS;
    if (error == 0)
        error = mdb_env_open(reader->env, reader->path,
                             reader->is_backup ? flags | MDB_NOLOCK : flags, 0600);
    if (error != 0)
        return reader_fault(reader, error, fault);
    if (!file_is_whole(reader, fault))
        return false;
    error = open_databases(reader);
    return error == 0 || reader_fault(reader, error, fault);
}

static bool still_ends_with(uint64_t sequence, bool *is_so, struct ledger_reader *reader,
                            struct fault *fault)
{
    struct ledger_head head;
    if (!ledger_reader_head(&head, reader, fault))
        return false;
    *is_so = head.sequence == sequence;
    return true;
}

/* Until what lay in the redo file alone when it was read is in the ledger, too: that comes with its
 * next commit. The file is read before the head: what was in neither of the two was answered
 * later. */
static bool wait_for_redo(const uint8_t *file, struct ledger_reader *reader, struct fault *fault)
{
    const struct timespec step = {.tv_nsec = SETTLE_STEP_MS * 1000000};
    struct redo_walk walk = {.file = file};
    struct redo_record record;
    struct ledger_head head, last;
    if (!ledger_reader_head(&head, reader, fault))
        return false;
    ledger_head_encode(walk.head, &head);
    while (redo_walk(&record, &walk))
        ;
    bool waits = ledger_head_decode(&last, walk.head) && last.sequence != head.sequence;
    for (int i = 0; waits && i < SETTLE_STEPS; i++) {
        nanosleep(&step, NULL);
        if (!still_ends_with(head.sequence, &waits, reader, fault))
            return false;
    }
    return !waits ||
           fault_set(fault,
                     "%s: lacks %" PRIu64 " postings that were answered and are in " REDO_FILE
                     " only; if eligd runs, its disk is slow; if not, start it once, which puts "
                     "them in",
                     reader->path, last.sequence - head.sequence);
}

/* A backup has all that it was said to have. */
static bool reader_begin(struct ledger_reader *reader, const char *directory, struct fault *fault)
{
    if (reader->is_backup)
        return reader_start(reader, fault);
    uint8_t *file = malloc(REDO_SIZE);
    if (file == NULL)
        return fault_set(fault, "no memory to read a ledger");
    bool is_good = redo_load(file, directory, fault) && reader_start(reader, fault) &&
                   wait_for_redo(file, reader, fault);
    free(file);
    return is_good;
}

bool ledger_reader_open(struct ledger_reader **out, const char *path, struct fault *fault)
{
    struct ledger_head head;
    struct ledger_reader *reader = calloc(1, sizeof(*reader));
    if (reader == NULL)
        return fault_set(fault, "no memory to read a ledger");
    bool is_good = find_file(reader, path, fault) && reader_note(reader, fault) &&
                   reader_begin(reader, path, fault) && ledger_reader_head(&head, reader, fault);
    if (!is_good) {
        ledger_reader_close(reader);
        return false;
    }
    *out = reader;
    return true;
}

void ledger_reader_close(struct ledger_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->txn != NULL)
        mdb_txn_abort(reader->txn);
    if (reader->env != NULL)
        mdb_env_close(reader->env);
    reader_forget(reader);
    free(reader);
}

/* ---- the whole file ---- */

/* Between begin and end pages are held: nothing is waited for there. */
static bool read_begin(struct ledger_reader *reader, struct fault *fault)
{
    int error = mdb_txn_renew(reader->txn);
    if (error == MDB_MAP_RESIZED) { /* the writer has made it larger */
        error = mdb_env_set_mapsize(reader->env, 0);
        if (error == 0)
            error = mdb_txn_renew(reader->txn);
    }
    return error == 0 || reader_fault(reader, error, fault);
}

static void read_end(struct ledger_reader *reader)
{
    mdb_txn_reset(reader->txn);
}

static int read_sizes(struct ledger_sizes *out, const struct ledger_reader *reader)
{
    uint64_t *const counts[DB_COUNT] = {&out->postings, &out->transactions, &out->tallies,
                                        &out->holds,    &out->accounts,     NULL};
    MDB_envinfo info;
    MDB_stat stat = {0};
    int error = mdb_env_info(reader->env, &info);
    for (int i = 0; error == 0 && i < META; i++) {
        error = mdb_stat(reader->txn, reader->dbis[i], &stat);
        *counts[i] = stat.ms_entries;
    }
    if (error != 0)
        return error;
    out->map = info.me_mapsize;
    out->used = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
    out->readers = info.me_numreaders;
    out->readers_most = info.me_maxreaders;
    return 0;
}

bool ledger_reader_sizes(struct ledger_sizes *out, struct ledger_reader *reader,
                         struct fault *fault)
{
    if (!read_begin(reader, fault))
        return false;
    int error = read_sizes(out, reader);
    read_end(reader);
    return error == 0 || reader_fault(reader, error, fault);
}

bool ledger_reader_copy(struct ledger_reader *reader, int fd, struct fault *fault)
{
    int error = mdb_env_copyfd2(reader->env, fd, MDB_CP_COMPACT);
    return error == 0 || fault_set(fault, "copying %s: %s", reader->path, lmdb_text(error));
}

/* ---- a program that does not crash ---- */

static char crash_text[256];

static void on_crash(int number)
{
    (void)number;
    ssize_t ignored = write(STDERR_FILENO, crash_text, strlen(crash_text));
    (void)ignored;
    _exit(EXIT_FAILED);
}

void ledger_reader_survive(const char *program)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE};
    snprintf(crash_text, sizeof(crash_text),
             "%s: the ledger's file is damaged so that it cannot be read; restore a backup\n",
             program);
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND};
    for (size_t i = 0; i < COUNT_OF(signals); i++)
        sigaction(signals[i], &action, NULL);
}

/* ---- rows ---- */

/* A copy of the row under a key. */
static bool read_row(uint8_t *row, size_t row_size, bool *is_there, struct ledger_reader *reader,
                     enum db db, const uint8_t *key, size_t key_size, struct fault *fault)
{
    MDB_val wanted = {key_size, NULL}, found;
    memcpy(&wanted.mv_data, &key, sizeof(key)); /* LMDB does not write there */
    if (!read_begin(reader, fault))
        return false;
    int error = mdb_get(reader->txn, reader->dbis[db], &wanted, &found);
    bool is_good = error == 0 || error == MDB_NOTFOUND || reader_fault(reader, error, fault);
    *is_there = error == 0;
    if (*is_there && found.mv_size != row_size)
        is_good = fault_set(fault, "%s: a row of %s has %zu bytes, want %zu", reader->path,
                            db_names[db], found.mv_size, row_size);
    if (is_good && *is_there)
        memcpy(row, found.mv_data, row_size);
    read_end(reader);
    return is_good;
}

static bool row_is_bad(const struct ledger_reader *reader, enum db db, struct fault *fault)
{
    return fault_set(fault,
                     "%s: a row of %s is not as it was written; eligctl ledger verify says "
                     "which",
                     reader->path, db_names[db]);
}

bool ledger_reader_head(struct ledger_head *out, struct ledger_reader *reader, struct fault *fault)
{
    uint8_t row[LEDGER_HEAD_SIZE];
    bool is_there;
    if (!read_row(row, sizeof(row), &is_there, reader, META, (const uint8_t *)"head", 4, fault))
        return false;
    if (!is_there)
        return fault_set(fault, "%s: has no head; want a ledger", reader->path);
    return ledger_head_decode(out, row) || row_is_bad(reader, META, fault);
}

bool ledger_reader_posting(struct posting *out, bool *is_there, struct ledger_reader *reader,
                           uint64_t sequence, struct fault *fault)
{
    uint8_t row[POSTING_SIZE], key[SEQUENCE_KEY_SIZE];
    key_u64(key, sequence);
    return read_row(row, sizeof(row), is_there, reader, POSTINGS, key, sizeof(key), fault) &&
           (!*is_there || posting_decode(out, row) || row_is_bad(reader, POSTINGS, fault));
}

bool ledger_reader_transaction(struct transaction *out, bool *is_there,
                               struct ledger_reader *reader, uint32_t terminal, uint64_t request_id,
                               struct fault *fault)
{
    uint8_t row[TRANSACTION_SIZE], key[TRANSACTION_KEY_SIZE];
    key_u32(key, terminal);
    key_u64(key + 4, request_id);
    return read_row(row, sizeof(row), is_there, reader, TRANSACTIONS, key, sizeof(key), fault) &&
           (!*is_there || transaction_decode(out, row) || row_is_bad(reader, TRANSACTIONS, fault));
}

static bool read_tally_row(uint8_t row[static TALLY_SIZE], bool *is_there,
                           struct ledger_reader *reader, uint64_t subject, uint32_t scope,
                           uint8_t period, uint32_t number, struct fault *fault)
{
    uint8_t key[TALLY_KEY_SIZE];
    key_u64(key, subject);
    key_u32(key + 8, scope);
    key[12] = period;
    key_u32(key + 13, number);
    return read_row(row, TALLY_SIZE, is_there, reader, TALLIES, key, sizeof(key), fault);
}

bool ledger_reader_tally(struct tally *out, bool *is_there, struct ledger_reader *reader,
                         uint64_t subject, uint32_t scope, uint8_t period, uint32_t number,
                         struct fault *fault)
{
    uint8_t row[TALLY_SIZE];
    return read_tally_row(row, is_there, reader, subject, scope, period, number, fault) &&
           (!*is_there || tally_decode(out, row) || row_is_bad(reader, TALLIES, fault));
}

bool ledger_reader_subject(struct subject_head *out, bool *is_there, struct ledger_reader *reader,
                           uint64_t subject, struct fault *fault)
{
    uint8_t row[TALLY_SIZE];
    return read_tally_row(row, is_there, reader, subject, 0, 0, 0, fault) &&
           (!*is_there || subject_head_decode(out, row) || row_is_bad(reader, TALLIES, fault));
}

/* ---- accounts ---- */

/* One transaction: accounts are few, one for each relief, provider and contract. */
static int read_accounts(struct account_list *out, struct ledger_reader *reader)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    int error = mdb_cursor_open(reader->txn, reader->dbis[ACCOUNTS], &cursor);
    if (error != 0)
        return error;
    while ((error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        if (key.mv_size != ACCOUNT_KEY_SIZE || value.mv_size != ACCOUNT_SIZE)
            error = MDB_CORRUPTED;
        uint32_t number = error == 0 ? of_key_u32(key.mv_data) : 0;
        if (number == 0 || number > out->count ||
            !account_decode(&out->rows[number - 1], value.mv_data)) {
            error = MDB_CORRUPTED;
            break;
        }
    }
    mdb_cursor_close(cursor);
    return error == MDB_NOTFOUND ? 0 : error;
}

bool account_list_read(struct account_list *out, struct ledger_reader *reader, struct fault *fault)
{
    MDB_stat stat = {0};
    if (!read_begin(reader, fault))
        return false;
    int error = mdb_stat(reader->txn, reader->dbis[ACCOUNTS], &stat);
    *out = (struct account_list){.count = (uint32_t)stat.ms_entries};
    if (error == 0) {
        out->rows = calloc((size_t)out->count + 1, sizeof(*out->rows));
        error = out->rows == NULL ? ENOMEM : read_accounts(out, reader);
    }
    read_end(reader);
    if (error == 0)
        return true;
    account_list_free(out);
    return reader_fault(reader, error, fault);
}

void account_list_free(struct account_list *accounts)
{
    free(accounts->rows);
    *accounts = (struct account_list){0};
}

const struct account *account_list_find(const struct account_list *accounts, uint32_t number)
{
    return number >= 1 && number <= accounts->count && accounts->rows[number - 1].scope != 0
               ? &accounts->rows[number - 1]
               : NULL;
}

/* ---- postings ---- */

struct postings {
    struct ledger_reader *reader;
    uint64_t next, until;
    size_t at, count; /* of the rows that were taken out */
    struct posting posting;
    uint8_t rows[LEDGER_READ_COUNT][POSTING_SIZE];
};

bool postings_open(struct postings **out, struct ledger_reader *reader, uint64_t from,
                   uint64_t until, struct fault *fault)
{
    struct postings *postings = malloc(sizeof(*postings));
    if (postings == NULL)
        return fault_set(fault, "no memory to read postings");
    postings->reader = reader;
    postings->next = from;
    postings->until = until;
    postings->at = postings->count = 0;
    *out = postings;
    return true;
}

void postings_close(struct postings *postings)
{
    free(postings);
}

/* Rows of a run, as many as there are without a gap, up to those that were asked for. */
static int take_rows(struct postings *postings, size_t wanted)
{
    struct ledger_reader *reader = postings->reader;
    MDB_cursor *cursor;
    uint8_t from[SEQUENCE_KEY_SIZE];
    key_u64(from, postings->next);
    MDB_val key = {sizeof(from), from}, value;
    int error = mdb_cursor_open(reader->txn, reader->dbis[POSTINGS], &cursor);
    if (error != 0)
        return error;
    error = mdb_cursor_get(cursor, &key, &value, MDB_SET);
    while (error == 0) {
        uint8_t expected[SEQUENCE_KEY_SIZE];
        key_u64(expected, postings->next + postings->count);
        if (key.mv_size != sizeof(expected) || memcmp(key.mv_data, expected, sizeof(expected)) != 0)
            break;
        if (value.mv_size != POSTING_SIZE) {
            error = MDB_CORRUPTED;
            break;
        }
        memcpy(postings->rows[postings->count++], value.mv_data, POSTING_SIZE);
        if (postings->count == wanted)
            break;
        error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return error == MDB_NOTFOUND ? 0 : error;
}

/* Old postings may be removed at any time: that is said, not left out. */
static bool posting_is_gone(const struct postings *postings, struct fault *fault)
{
    struct ledger_head head;
    if (!ledger_reader_head(&head, postings->reader, fault))
        return false;
    if (postings->next <= head.pruned)
        return fault_set(fault,
                         "%s: posting %" PRIu64 " is gone: all up to %" PRIu64
                         " were removed after their time; begin after it",
                         postings->reader->path, postings->next, head.pruned);
    return fault_set(fault, "%s: posting %" PRIu64 " of %" PRIu64 " is missing",
                     postings->reader->path, postings->next, head.sequence);
}

static bool refill(struct postings *postings, struct fault *fault)
{
    uint64_t left = postings->until - postings->next + 1;
    postings->at = postings->count = 0;
    if (!read_begin(postings->reader, fault))
        return false;
    int error = take_rows(postings, left < LEDGER_READ_COUNT ? (size_t)left : LEDGER_READ_COUNT);
    read_end(postings->reader);
    if (error != 0)
        return reader_fault(postings->reader, error, fault);
    return postings->count > 0 || posting_is_gone(postings, fault);
}

bool postings_next(const struct posting **out, struct postings *postings, struct fault *fault)
{
    *out = NULL;
    if (postings->next > postings->until)
        return true;
    if (postings->at == postings->count && !refill(postings, fault))
        return false;
    if (!posting_decode(&postings->posting, postings->rows[postings->at++]) ||
        postings->posting.sequence != postings->next)
        return fault_set(fault, "%s: posting %" PRIu64 " is not as it was written",
                         postings->reader->path, postings->next);
    postings->next++;
    *out = &postings->posting;
    return true;
}

bool ledger_reader_oldest(struct posting *out, bool *is_there, struct ledger_reader *reader,
                          const struct ledger_head *head, struct fault *fault)
{
    *is_there = false;
    for (uint64_t at = head->pruned + 1; at <= head->sequence; at++) {
        if (!ledger_reader_posting(out, is_there, reader, at, fault))
            return false;
        if (!*is_there || out->kind != POSTING_PRUNED)
            return true;
    }
    *is_there = false;
    return true;
}

bool ledger_reader_find_time(uint64_t *sequence, struct ledger_reader *reader,
                             const struct ledger_head *head, uint64_t time_ms, struct fault *fault)
{
    uint64_t low = head->pruned + 1, high = head->sequence + 1; /* it is from low to high */
    while (low < high) {
        struct posting posting;
        bool is_there;
        uint64_t middle = low + (high - low) / 2;
        if (!ledger_reader_posting(&posting, &is_there, reader, middle, fault))
            return false;
        if (!is_there)
            return fault_set(fault, "%s: posting %" PRIu64 " is missing", reader->path, middle);
        /* what was pruned of a denial has lost its time: those around it are as good */
        for (uint64_t at = middle; posting.kind == POSTING_PRUNED && at + 1 < high && is_there;) {
            if (!ledger_reader_posting(&posting, &is_there, reader, ++at, fault))
                return false;
        }
        if (posting.kind != POSTING_PRUNED && posting.recorded_ms < time_ms)
            low = middle + 1;
        else
            high = middle;
    }
    *sequence = low;
    return true;
}

bool posting_is_asked(const struct posting *posting)
{
    return posting->kind >= POSTING_USE && posting->kind <= POSTING_EXPIRE;
}

int posting_sign(const struct posting *posting)
{
    if (posting->kind == POSTING_REFUND)
        return -1;
    bool took = (posting->kind == POSTING_USE || posting->kind == POSTING_LATE ||
                 posting->kind == POSTING_CONFIRM) &&
                posting->state == STATE_CONFIRMED;
    return took ? 1 : 0;
}
