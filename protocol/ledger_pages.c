#include "protocol/ledger_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_NAME "ledger.mdb"

/* The beginning of the first record beside it: magic, and where the head lies that it goes on from.
 */
#define REDO_NAME      "ledger.redo"
#define REDO_MAGIC     "ELIGREDO"
#define REDO_HEAD_AT   16
#define REDO_LOOK      (REDO_HEAD_AT + ROW_HEAD)
#define WAIT_STEP_MS   5
#define WAIT_STEPS_MAX 400

static const char *const db_names[DB_COUNT] = {"postings", "transactions", "tallies",
                                               "holds",    "accounts",     "meta"};

const char *pages_name(enum db db)
{
    return db_names[db];
}

bool pages_fault(const struct pages *pages, int error, struct fault *fault)
{
    return fault_set(fault, "%s: %s", pages->path,
                     error == MDB_NOTFOUND ? "a database is missing; want a ledger"
                                           : mdb_strerror(error));
}

static bool find_path(struct pages *pages, const char *path, bool *is_backup, struct fault *fault)
{
    struct stat info;
    *is_backup = !(stat(path, &info) == 0 && S_ISDIR(info.st_mode));
    int length =
        snprintf(pages->path, sizeof(pages->path), *is_backup ? "%s" : "%s/" FILE_NAME, path);
    if (length >= (int)sizeof(pages->path))
        return fault_set(fault, "%.100s...: too long a path", path);
    if (stat(pages->path, &info) != 0)
        return fault_set(fault, "%s: %s; want the folder of a ledger, or a backup of one",
                         pages->path, strerror(errno));
    return S_ISREG(info.st_mode) || fault_set(fault, "%s: is no file", pages->path);
}

/* LMDB reads pages where they should be: a file that ends before would end this program. The size
 * is looked at last, because a writer may be making the file larger. */
static bool is_whole(const struct pages *pages, struct fault *fault)
{
    MDB_envinfo info;
    MDB_stat stat;
    struct stat file;
    mdb_filehandle_t fd;
    int error = mdb_env_info(pages->env, &info);
    if (error == 0)
        error = mdb_env_stat(pages->env, &stat);
    if (error == 0)
        error = mdb_env_get_fd(pages->env, &fd);
    if (error == 0 && fstat(fd, &file) != 0)
        error = errno;
    if (error != 0)
        return pages_fault(pages, error, fault);
    uint64_t wanted = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
    return (uint64_t)file.st_size >= wanted ||
           fault_set(fault, "%s: want %" PRIu64 " bytes, found %" PRIu64 ": it was cut",
                     pages->path, wanted, (uint64_t)file.st_size);
}

/* Zeros when there is none. */
static bool read_redo(uint8_t out[static REDO_LOOK], const char *folder, struct fault *fault)
{
    char path[PAGES_PATH_SIZE];
    memset(out, 0, REDO_LOOK);
    if (snprintf(path, sizeof(path), "%s/" REDO_NAME, folder) >= (int)sizeof(path))
        return fault_set(fault, "%.100s...: too long a path", folder);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT || fault_set(fault, "%s: %s", path, strerror(errno));
    bool is_read = pread(fd, out, REDO_LOOK, 0) >= 0;
    int error = errno;
    close(fd);
    return is_read || fault_set(fault, "%s: %s", path, strerror(error));
}

static bool goes_on_from(const uint8_t redo[static REDO_LOOK], const uint8_t *head)
{
    return head != NULL && memcmp(redo, REDO_MAGIC, sizeof(REDO_MAGIC) - 1) == 0 &&
           memcmp(redo + REDO_HEAD_AT, head, ROW_HEAD) == 0;
}

static int begin(struct pages *pages)
{
    if (pages->txn != NULL)
        mdb_txn_abort(pages->txn);
    pages->txn = NULL;
    int error = mdb_txn_begin(pages->env, NULL, MDB_RDONLY, &pages->txn);
    for (int i = 0; error == 0 && i < DB_COUNT; i++)
        error = mdb_dbi_open(pages->txn, db_names[i], 0, &pages->dbis[i]);
    return error;
}

/* What was answered and lies in the redo file only comes with the writer's next commit. The file
 * was read before the transaction began. */
static bool wait_for_redo(struct pages *pages, const uint8_t redo[static REDO_LOOK],
                          struct fault *fault)
{
    const struct timespec step = {.tv_nsec = WAIT_STEP_MS * 1000000};
    uint8_t key[4] = {'h', 'e', 'a', 'd'};
    for (int i = 0; goes_on_from(redo, pages_get(pages, META, key, sizeof(key), ROW_HEAD)); i++) {
        if (i == WAIT_STEPS_MAX)
            return fault_set(fault,
                             "%s: lacks what was answered last and is in " REDO_NAME
                             " only; if eligd runs, its disk is slow; if not, start it once, "
                             "which puts it in",
                             pages->path);
        nanosleep(&step, NULL);
        int error = begin(pages);
        if (error != 0)
            return pages_fault(pages, error, fault);
    }
    return true;
}

bool pages_open(struct pages *pages, const char *path, struct fault *fault)
{
    bool is_backup;
    uint8_t redo[REDO_LOOK] = {0};
    *pages = (struct pages){.env = NULL};
    if (!find_path(pages, path, &is_backup, fault) || (!is_backup && !read_redo(redo, path, fault)))
        return false;
    unsigned flags = MDB_RDONLY | MDB_NOSUBDIR | (is_backup ? MDB_NOLOCK : 0);
    int error = mdb_env_create(&pages->env);
    if (error == 0)
        error = mdb_env_set_maxdbs(pages->env, DB_COUNT);
    if (error == 0)
        error = mdb_env_open(pages->env, pages->path, flags, 0600);
    if (error != 0)
        return pages_fault(pages, error, fault);
    if (!is_whole(pages, fault))
        return false;
    error = begin(pages);
    return error == 0 ? wait_for_redo(pages, redo, fault) : pages_fault(pages, error, fault);
}

void pages_close(struct pages *pages)
{
    if (pages->txn != NULL)
        mdb_txn_abort(pages->txn);
    if (pages->env != NULL)
        mdb_env_close(pages->env);
}

const uint8_t *pages_get(const struct pages *pages, enum db db, uint8_t *key, size_t key_size,
                         size_t size)
{
    MDB_val wanted = {key_size, key}, found;
    if (mdb_get(pages->txn, pages->dbis[db], &wanted, &found) != 0 || found.mv_size != size)
        return NULL;
    return found.mv_data;
}

const uint8_t *pages_posting(const struct pages *pages, uint64_t sequence)
{
    uint8_t key[KEY_POSTING];
    key_put(key, sequence, 8);
    return pages_get(pages, POSTINGS, key, sizeof(key), ROW_POSTING);
}

const uint8_t *pages_transaction(const struct pages *pages, uint32_t terminal, uint64_t id)
{
    uint8_t key[KEY_TRANSACTION];
    key_put(key, terminal, 4);
    key_put(key + 4, id, 8);
    return pages_get(pages, TRANSACTIONS, key, sizeof(key), ROW_TRANSACTION);
}

uint64_t pages_count(const struct pages *pages, enum db db)
{
    MDB_stat stat;
    return mdb_stat(pages->txn, pages->dbis[db], &stat) == 0 ? stat.ms_entries : 0;
}

bool pages_each(const struct pages *pages, enum db db,
                void (*take)(void *to, const MDB_val *key, const MDB_val *row), void *to,
                struct fault *fault)
{
    MDB_cursor *cursor;
    MDB_val key, row;
    int error = mdb_cursor_open(pages->txn, pages->dbis[db], &cursor);
    if (error != 0)
        return pages_fault(pages, error, fault);
    while ((error = mdb_cursor_get(cursor, &key, &row, MDB_NEXT)) == 0)
        take(to, &key, &row);
    mdb_cursor_close(cursor);
    return error == MDB_NOTFOUND || pages_fault(pages, error, fault);
}
