#include "engine/book.h"

#include "engine/book_folder.h"
#include "engine/book_parts.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <lmdb.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_FILE        "ledger.lock"
#define MAP_SIZE_DEFAULT (UINT64_C(64) << 30)
#define BALLAST_DEFAULT  (UINT64_C(16) << 20)
#define READER_COUNT_MAX 126   /* other programs that read at a time */
#define TAIL_COUNT       10000 /* postings that are checked when the book is opened */
#define HEAD_NAME        "head"

/* Of the file, in pages: what a group changes at most beside its applies, and what an apply does.
 */
#define GROUP_PAGES 256
#define APPLY_PAGES 16
#define SPACE_STEP  (UINT64_C(16) << 20) /* by which places on the disk are asked for */
/* Groups that LMDB has not committed come to so much at most, counted likewise; and the next one
 * finds so much. */
#define PENDING_BYTES_MAX (UINT64_C(64) << 20)
#define PENDING_ROOM      (UINT64_C(1) << 20)

static const char *const database_names[CURSOR_COUNT] = {
    [CURSOR_POSTINGS] = DB_POSTINGS,         [CURSOR_APPEND] = DB_POSTINGS,
    [CURSOR_TRANSACTIONS] = DB_TRANSACTIONS, [CURSOR_TALLIES] = DB_TALLIES,
    [CURSOR_BUDGETS] = DB_TALLIES,           [CURSOR_HOLDS] = DB_HOLDS,
    [CURSOR_ACCOUNTS] = DB_ACCOUNTS,         [CURSOR_META] = DB_META,
};
#define DATABASE_COUNT 6

/* ---- who has it ---- */

/* One process at a time. */
static bool take_lock(struct book *book, const char *directory, struct fault *fault)
{
    char path[FOLDER_PATH_SIZE];
    if (!folder_path(path, directory, LOCK_FILE, fault))
        return false;
    if (!folder_open_file(&book->lock_fd, path, fault))
        return false;
    if (flock(book->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return fault_set(fault, "%s: another process has this ledger open", path);
    return true;
}

/* ---- room on the disk ---- */

static uint64_t file_bytes(const struct book *book)
{
    MDB_envinfo info;
    mdb_env_info(book->env, &info);
    return ((uint64_t)info.me_last_pgno + 1) * book->page_bytes;
}

/* Gives the file its places up to there; an errno. */
static int space_allocate(const struct book *book, uint64_t until)
{
    int error;
    do
        error = fallocate(book->data_fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)until) == 0 ? 0 : errno;
    while (error == EINTR);
    return error;
}

/* Makes sure that the file has places on the disk up to `until`; in large steps while there are. */
static bool space_ask(struct book *book, uint64_t until)
{
    struct book_space *space = &book->space;
    if (until <= space->end)
        return true;
    uint64_t step = (until + SPACE_STEP - 1) / SPACE_STEP * SPACE_STEP;
    int error = space_allocate(book, step);
    if (error == 0)
        until = step;
    else if (error == EOPNOTSUPP || error == ENOSYS)
        until = UINT64_MAX; /* such a file system says so at a commit */
    else if (space_allocate(book, until) != 0)
        return false;
    space->end = until;
    return true;
}

/* Pages that are free inside the file: half of what is listed, since readers may hold some. */
static uint64_t free_pages(MDB_txn *txn)
{
    enum { FREE_DATABASE = 0 };
    MDB_cursor *cursor;
    MDB_val key, value;
    uint64_t count = 0;
    if (mdb_cursor_open(txn, FREE_DATABASE, &cursor) != MDB_SUCCESS)
        return 0;
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS)
        if (value.mv_size >= 8)
            count += load_u64(value.mv_data); /* a list, its length first */
    mdb_cursor_close(cursor);
    return count / 2;
}

/* Whether the group may need so much, and `beyond` it is left. */
static bool space_has(struct book *book, uint64_t beyond)
{
    struct book_space *space = &book->space;
    uint64_t until = space->needed + beyond;
    if (until <= space->most && space_ask(book, until))
        return true;
    if (space->spare == 0)
        space->spare = free_pages(book->txn) * book->page_bytes;
    until = space->needed + beyond - (space->spare < space->needed ? space->spare : space->needed);
    return until <= space->most && space_ask(book, until);
}

/* For a group, and for an apply of it. What is only about what was reserved or confirmed before may
 * use up the ballast. */
static bool space_take(struct book *book, uint64_t page_count)
{
    book->space.needed += page_count * book->page_bytes;
    if (!book->space.is_tight && space_has(book, book->space.ballast_size))
        return true;
    book->space.is_tight = true;
    return space_has(book, 0);
}

bool book_is_tight(const struct book *book)
{
    return book->space.is_tight;
}

/* ---- groups ---- */

static bool begin_writing(struct book *book)
{
    if (mdb_txn_begin(book->env, NULL, 0, &book->txn) != MDB_SUCCESS) {
        book->txn = NULL;
        return false;
    }
    for (size_t i = 0; i < CURSOR_COUNT; i++)
        if (mdb_cursor_open(book->txn, book->databases[i], &book->cursors[i]) != MDB_SUCCESS)
            return false;
    return true;
}

static void end_writing(struct book *book)
{
    if (book->txn != NULL)
        mdb_txn_abort(book->txn);
    book->txn = NULL;
}

/* One more group in the same transaction of LMDB might find less room than one of its own would. */
static bool is_crowded(struct book *book)
{
    const struct book_space *space = &book->space;
    return space->is_tight || space->needed > file_bytes(book) + PENDING_BYTES_MAX ||
           !space_has(book, space->ballast_size + PENDING_ROOM);
}

enum book_end book_begin(struct book *book, uint64_t now_ms)
{
    assert(!book->is_open);
    if (!book_is_settled(book) && is_crowded(book) && book_settle(book) != BOOK_DONE)
        return book->end;
    if (book->end == BOOK_FAILED)
        return BOOK_FAILED;
    book->end = BOOK_DONE;
    bool goes_on = book->txn != NULL;
    if (!goes_on && !begin_writing(book)) {
        end_writing(book);
        book->end = BOOK_FAILED;
        return book->end;
    }
    book->is_open = true;
    redo_begin(&book->redo);
    if (book->head.clock_ms < now_ms)
        book->head.clock_ms = now_ms;
    if (goes_on)
        return BOOK_DONE;
    book->space.needed = file_bytes(book);
    book->space.spare = 0;
    book->space.is_tight = false;
    if (!space_take(book, GROUP_PAGES)) {
        book_drop(book);
        return BOOK_FULL;
    }
    return BOOK_DONE;
}

/* Room for one apply more, or one reservation that runs out. */
bool book_make_room(struct book *book, bool is_new)
{
    if (book->end == BOOK_DONE &&
        (!space_take(book, APPLY_PAGES) || (is_new && book->space.is_tight)))
        book->end = BOOK_FULL;
    return book->end == BOOK_DONE;
}

static bool put_head(struct book *book)
{
    uint8_t row[LEDGER_HEAD_SIZE];
    MDB_val key = {sizeof(HEAD_NAME) - 1, (void *)(uintptr_t)HEAD_NAME};
    MDB_val value = {sizeof(row), row};
    ledger_head_encode(row, &book->head);
    return mdb_put(book->txn, book->databases[CURSOR_META], &key, &value, 0) == MDB_SUCCESS;
}

/* The group, and all that are pending. */
static enum book_end commit_all(struct book *book)
{
    uint8_t row[LEDGER_HEAD_SIZE];
    book->is_open = false;
    int error = mdb_txn_commit(book->txn);
    book->txn = NULL;
    if (error != MDB_SUCCESS) {
        book->end = BOOK_FAILED;
        return book->end;
    }
    ledger_head_encode(row, &book->head);
    redo_restart(&book->redo, row);
    book->committed = book->head;
    return BOOK_DONE;
}

/* The group stays in LMDB's transaction, and is on the disk. */
static enum book_end append_group(struct book *book)
{
    uint8_t row[LEDGER_HEAD_SIZE];
    book->is_open = false;
    ledger_head_encode(row, &book->head);
    if (!redo_append(&book->redo, row)) {
        end_writing(book);
        book->end = BOOK_FAILED;
        return book->end;
    }
    book->committed = book->head;
    return BOOK_DONE;
}

/* Nothing was written: there is nothing to sync, and the clock is written with what comes next. */
static enum book_end end_idle_group(struct book *book)
{
    book->is_open = false;
    if (book_is_settled(book))
        end_writing(book);
    book->committed = book->head;
    return BOOK_DONE;
}

enum book_end book_commit(struct book *book)
{
    assert(book->is_open);
    if (book->end == BOOK_DONE && !redo_has_changes(&book->redo))
        return end_idle_group(book);
    if (book->end == BOOK_DONE && book->head.sequence > book->committed.sequence &&
        redo_has_room(&book->redo))
        return append_group(book);
    if (book->end == BOOK_DONE && !put_head(book))
        book->end = BOOK_FULL; /* nothing of the group is on the disk */
    if (book->end == BOOK_DONE)
        return commit_all(book);
    enum book_end end = book->end;
    book_drop(book);
    return book->end == BOOK_FAILED ? BOOK_FAILED : end;
}

void book_drop(struct book *book)
{
    assert(book->is_open);
    book->is_open = false;
    end_writing(book);
    book->head = book->committed;
    accounts_cut(&book->accounts, book->head.account_count);
    book->denials_from = 0;
    if (book->end == BOOK_FULL)
        book->end = BOOK_DONE;
    if (book->end == BOOK_DONE && !book_is_settled(book) &&
        !(begin_writing(book) && book_redo_pending(book))) {
        end_writing(book);
        book->end = BOOK_FAILED;
    }
}

bool book_is_settled(const struct book *book)
{
    return book->redo.count == 0;
}

enum book_end book_settle(struct book *book)
{
    uint8_t row[LEDGER_HEAD_SIZE];
    assert(!book->is_open);
    ledger_head_encode(row, &book->head);
    if (book->end != BOOK_DONE)
        return book->end;
    if (book_is_settled(book)) {
        if (memcmp(row, book->redo.head, sizeof(row)) == 0)
            return BOOK_DONE;
        enum book_end end = book_begin(book, book->head.clock_ms); /* the clock alone */
        if (end != BOOK_DONE)
            return end;
    }
    if (put_head(book))
        return commit_all(book);
    end_writing(book);
    book->is_open = false;
    book->end = BOOK_FAILED;
    return book->end;
}

/* ---- opening ---- */

/* The head that is there, or that of a new ledger. */
static bool load_head(struct book *book, const struct book_settings *settings, bool *is_new,
                      struct fault *fault)
{
    MDB_val key = {sizeof(HEAD_NAME) - 1, (void *)(uintptr_t)HEAD_NAME}, value;
    int error = mdb_get(book->txn, book->databases[CURSOR_META], &key, &value);
    *is_new = error == MDB_NOTFOUND;
    if (*is_new) {
        MDB_stat postings;
        if (mdb_stat(book->txn, book->databases[CURSOR_POSTINGS], &postings) != MDB_SUCCESS ||
            postings.ms_entries != 0)
            return fault_set(fault, "%s: has postings but no head; restore it from a copy",
                             settings->directory);
        book->head = (struct ledger_head){.format = LEDGER_FORMAT,
                                          .environment = settings->environment,
                                          .subject_key = settings->subject_key};
        return true;
    }
    if (error != MDB_SUCCESS || value.mv_size != LEDGER_HEAD_SIZE ||
        !ledger_head_decode(&book->head, value.mv_data))
        return fault_set(fault, "%s: its head is not one of format %u; restore it from a copy",
                         settings->directory, LEDGER_FORMAT);
    return true;
}

static bool head_check(const struct book *book, const struct book_settings *settings,
                       struct fault *fault)
{
    if (book->head.environment != settings->environment)
        return fault_set(fault, "%s: is of environment %u, snapshots are of %u",
                         settings->directory, book->head.environment, settings->environment);
    if (book->head.subject_key != settings->subject_key)
        return fault_set(fault,
                         "%s: was begun with another subject key; with this one nobody's "
                         "uses would be found",
                         settings->directory);
    return true;
}

static bool load_accounts(struct book *book)
{
    MDB_val key, value;
    MDB_cursor *cursor = book->cursors[CURSOR_ACCOUNTS];
    int error = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    for (; error == MDB_SUCCESS; error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))
        if (value.mv_size != ACCOUNT_SIZE || book->accounts.count >= book->head.account_count ||
            !accounts_add(&book->accounts, book->accounts.count + 1, value.mv_data))
            return false;
    return error == MDB_NOTFOUND && book->accounts.count == book->head.account_count;
}

/* Of a row as it lies there. */
static bool hashes_fit(const uint8_t row[static POSTING_SIZE],
                       const uint8_t chain_before[static CHAIN_SIZE], bool is_pruned)
{
    const uint8_t *content_hash = row + POSTING_CONTENT, *chain = content_hash + CHAIN_SIZE;
    uint8_t both[2 * CHAIN_SIZE], again[CHAIN_SIZE];
    crypto_generichash(again, sizeof(again), row, POSTING_CONTENT, NULL, 0);
    if (!is_pruned && memcmp(again, content_hash, CHAIN_SIZE) != 0)
        return false;
    memcpy(both, chain_before, CHAIN_SIZE);
    memcpy(both + CHAIN_SIZE, content_hash, CHAIN_SIZE);
    crypto_generichash(again, sizeof(again), both, sizeof(both), NULL, 0);
    return memcmp(again, chain, CHAIN_SIZE) == 0;
}

/* Whether a posting of the tail fits its transaction, and that its hold. */
static bool posting_fits(struct book *book, const struct posting *posting)
{
    if (posting->kind != POSTING_RESERVE || posting->state != STATE_RESERVED)
        return true;
    struct transaction transaction;
    struct transaction_name name = {posting->terminal, posting->request_id};
    return book_get_transaction(book, name, &transaction) &&
           (transaction.state != STATE_RESERVED ||
            book_has_hold(book, transaction.deadline_ms, name));
}

/* The last postings: without a gap, their hashes right, the last one the head's. */
static bool check_tail(struct book *book)
{
    const struct ledger_head *head = &book->head;
    uint64_t first = head->sequence > TAIL_COUNT ? head->sequence - TAIL_COUNT + 1 : 1;
    uint8_t chain[CHAIN_SIZE];
    struct posting posting;
    const uint8_t *row;
    memcpy(chain, head->pruned_chain, CHAIN_SIZE);
    if (first > head->pruned + 1) {
        if (!book_get_posting(book, first - 1, &posting))
            return false;
        memcpy(chain, posting.chain, CHAIN_SIZE);
    } else {
        first = head->pruned + 1;
    }
    for (uint64_t sequence = first; sequence <= head->sequence; sequence++) {
        if (!book_next_posting(book, sequence, &posting, &row) ||
            !hashes_fit(row, chain, posting.kind == POSTING_PRUNED) ||
            !posting_fits(book, &posting))
            return false;
        memcpy(chain, posting.chain, CHAIN_SIZE);
    }
    return memcmp(chain, head->chain, CHAIN_SIZE) == 0;
}

/* Every hold is of a transaction that is held, until then. */
static bool check_holds(struct book *book)
{
    MDB_val key, value;
    MDB_cursor *cursor = book->cursors[CURSOR_HOLDS];
    int error = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    for (; error == MDB_SUCCESS; error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        uint64_t deadline_ms;
        struct transaction_name name;
        struct transaction transaction;
        if (!hold_of_row(&deadline_ms, &name, key.mv_data, key.mv_size) ||
            !book_get_transaction(book, name, &transaction) ||
            transaction.state != STATE_RESERVED || transaction.deadline_ms != deadline_ms)
            return false;
    }
    return error == MDB_NOTFOUND;
}

static bool open_databases(struct book *book)
{
    for (size_t i = 0; i < CURSOR_COUNT; i++)
        if (mdb_dbi_open(book->txn, database_names[i], MDB_CREATE, &book->databases[i]) !=
            MDB_SUCCESS)
            return false;
    return true;
}

/* What was answered before a crash and is in the redo file alone. All new ledgers begin alike: to
 * one of them anything might seem to belong. */
static bool take_up_redo(struct book *book, const struct book_settings *settings, bool is_new,
                         struct fault *fault)
{
    if (!is_new && !book_redo_all(book))
        return fault_set(fault,
                         "%s/" REDO_FILE ": cannot be put into the ledger; see whether the "
                         "disk is full, and restore the ledger from a copy",
                         settings->directory);
    if (!redo_is_ahead(&book->redo, book->head.sequence))
        return true;
    return fault_set(fault,
                     "%s/" REDO_FILE ": has what was answered later than posting %" PRIu64
                     " and does not follow from it: it is damaged, or the ledger is an older copy "
                     "or another one; put the right ones there, or, if what came after is known to "
                     "be lost, move it away",
                     settings->directory, book->head.sequence);
}

static bool open_redo(struct book *book, const struct book_settings *settings, struct fault *fault)
{
    char path[FOLDER_PATH_SIZE];
    int fd = -1;
    if (folder_path(path, settings->directory, REDO_FILE, fault) &&
        folder_open_file(&fd, path, fault))
        return redo_open(&book->redo, fd, path, settings->is_unsafe, fault) &&
               (settings->is_unsafe || folder_sync(settings->directory, fault));
    if (fd >= 0)
        close(fd);
    return false;
}

static bool load(struct book *book, const struct book_settings *settings, struct fault *fault)
{
    bool is_new;
    if (mdb_txn_begin(book->env, NULL, 0, &book->txn) != MDB_SUCCESS || !open_databases(book))
        return fault_set(fault, "%s: its databases cannot be opened", settings->directory);
    if (!load_head(book, settings, &is_new, fault) || !head_check(book, settings, fault))
        return false;
    for (size_t i = 0; i < CURSOR_COUNT; i++)
        if (mdb_cursor_open(book->txn, book->databases[i], &book->cursors[i]) != MDB_SUCCESS)
            return fault_set(fault, "%s: cannot be read", settings->directory);
    if (!take_up_redo(book, settings, is_new, fault))
        return false;
    if (!load_accounts(book) || !check_tail(book) || !check_holds(book))
        return fault_set(fault,
                         "%s: does not fit together; see eligctl ledger verify, and restore "
                         "it from a copy",
                         settings->directory);
    return (put_head(book) && commit_all(book) == BOOK_DONE && redo_clear(&book->redo)) ||
           fault_set(fault, "%s: cannot be written", settings->directory);
}

/* A write beyond the process's own limit would fail a commit, as a broken disk does; fallocate does
 * not know of it. */
static uint64_t file_most(uint64_t map_size)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur > map_size)
        return map_size;
    return limit.rlim_cur;
}

static bool open_environment(struct book *book, const struct book_settings *settings,
                             struct fault *fault)
{
    char path[FOLDER_PATH_SIZE];
    MDB_stat stat;
    int dead_count;
    if (!folder_path(path, settings->directory, LEDGER_FILE, fault) ||
        !folder_open_file(&book->data_fd, path, fault))
        return false;
    unsigned flags = MDB_NOSUBDIR | MDB_NORDAHEAD | (settings->is_unsafe ? MDB_NOSYNC : 0);
    book->map_size = settings->map_size != 0 ? settings->map_size : MAP_SIZE_DEFAULT;
    book->space.most = file_most(book->map_size);
    int error = mdb_env_create(&book->env);
    if (error == MDB_SUCCESS)
        error = mdb_env_set_mapsize(book->env, book->map_size);
    if (error == MDB_SUCCESS)
        error = mdb_env_set_maxdbs(book->env, DATABASE_COUNT);
    if (error == MDB_SUCCESS)
        error = mdb_env_set_maxreaders(book->env, READER_COUNT_MAX);
    if (error == MDB_SUCCESS)
        error = mdb_env_open(book->env, path, flags, S_IRUSR | S_IWUSR);
    if (error == MDB_SUCCESS)
        error = mdb_reader_check(book->env, &dead_count);
    if (error == MDB_SUCCESS)
        error = mdb_env_stat(book->env, &stat);
    if (error == MDB_SUCCESS)
        book->page_bytes = stat.ms_psize;
    return error == MDB_SUCCESS || fault_set(fault, "%s: %s", path, mdb_strerror(error));
}

bool book_open(struct book **out, const struct book_settings *settings, struct fault *fault)
{
    struct book *book = calloc(1, sizeof(*book));
    if (book == NULL)
        return fault_set(fault, "no memory for the ledger");
    book->lock_fd = book->data_fd = book->redo.fd = -1;
    book->space.ballast_size =
        settings->ballast_size != 0 ? settings->ballast_size : BALLAST_DEFAULT;
    book->allowances = calloc(RELIEF_COUNT_MAX, sizeof(book->allowances[0]));
    if (book->allowances == NULL)
        (void)fault_set(fault, "no memory for the ledger");
    else if (folder_check(settings->directory, settings->is_unsafe, fault) &&
             take_lock(book, settings->directory, fault) &&
             open_environment(book, settings, fault) && open_redo(book, settings, fault) &&
             load(book, settings, fault)) {
        *out = book;
        return true;
    }
    book_close(book);
    return false;
}

void book_close(struct book *book)
{
    if (book == NULL)
        return;
    if (book->is_open)
        book_drop(book);
    if (!book_is_settled(book) && book_settle(book) != BOOK_DONE)
        book->end = BOOK_FAILED; /* what is missing is put in when it is opened again */
    end_writing(book);
    if (book->env != NULL)
        mdb_env_close(book->env);
    redo_close(&book->redo);
    if (book->data_fd >= 0)
        close(book->data_fd);
    if (book->lock_fd >= 0)
        close(book->lock_fd);
    accounts_free(&book->accounts);
    free(book->allowances);
    free(book);
}

/* ---- what is told ---- */

const struct ledger_head *book_head(const struct book *book)
{
    return &book->head;
}

MDB_txn *book_look(struct book *book)
{
    MDB_txn *txn;
    assert(!book->is_open);
    if (book->txn != NULL)
        return book->txn;
    return mdb_txn_begin(book->env, NULL, MDB_RDONLY, &txn) == MDB_SUCCESS ? txn : NULL;
}

void book_look_end(struct book *book, MDB_txn *txn)
{
    if (txn != book->txn)
        mdb_txn_abort(txn);
}

uint32_t book_map_used_bp(struct book *book)
{
    uint64_t used = file_bytes(book);
    MDB_txn *txn = book_look(book);
    if (txn != NULL) {
        used -= free_pages(txn) * book->page_bytes;
        book_look_end(book, txn);
    }
    return (uint32_t)(used / (book->map_size / 10000));
}

uint64_t book_open_holds(struct book *book)
{
    MDB_stat stat = {0};
    MDB_txn *txn = book_look(book);
    if (txn == NULL)
        return 0;
    if (mdb_stat(txn, book->databases[CURSOR_HOLDS], &stat) != MDB_SUCCESS)
        stat.ms_entries = 0;
    book_look_end(book, txn);
    return stat.ms_entries;
}

uint64_t book_next_deadline_ms(struct book *book)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    uint64_t deadline_ms = UINT64_MAX;
    struct transaction_name name;
    MDB_txn *txn = book_look(book);
    if (txn == NULL)
        return deadline_ms;
    if (mdb_cursor_open(txn, book->databases[CURSOR_HOLDS], &cursor) == MDB_SUCCESS) {
        if (mdb_cursor_get(cursor, &key, &value, MDB_FIRST) == MDB_SUCCESS &&
            !hold_of_row(&deadline_ms, &name, key.mv_data, key.mv_size))
            deadline_ms = 0; /* who looks closer finds what is wrong */
        mdb_cursor_close(cursor);
    }
    book_look_end(book, txn);
    return deadline_ms;
}

void book_check_readers(struct book *book)
{
    int dead_count;
    (void)mdb_reader_check(book->env, &dead_count);
}
