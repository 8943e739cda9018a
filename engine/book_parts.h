/* What book.c, transact.c and limits.c share: rows of the environment, read and written inside the
 * group that is open.
 *
 * A failure sticks: from then on nothing is found, nothing is written, and `end` says why. So
 * whoever works with rows asks once, when done. */
#ifndef ENGINE_BOOK_PARTS_H
#define ENGINE_BOOK_PARTS_H

#include "engine/book.h"
#include "engine/redo.h"
#include "protocol/subject.h"

/* Cursors of a group. Postings have two, so that reading does not move the one that appends. */
enum book_cursor {
    CURSOR_POSTINGS,
    CURSOR_APPEND,
    CURSOR_TRANSACTIONS,
    CURSOR_TALLIES,
    CURSOR_BUDGETS, /* the same database as CURSOR_TALLIES; subject 0 */
    CURSOR_HOLDS,
    CURSOR_ACCOUNTS,
    CURSOR_META,
    CURSOR_COUNT
};

#define PRUNE_LOOK_MAX 1000 /* postings that are looked through for a denial at a time */

/* Which account a part of a verdict has: found again without making its row. Direct-mapped. */
#define ACCOUNT_SLOT_COUNT 4096
struct account_slot {
    const struct tables *tables; /* NULL: free */
    uint64_t generation, provider;
    uint32_t code, number;
    uint16_t relief, split;
};

/* Accounts by number, and by the hash of their rows. */
struct accounts {
    uint32_t *scopes;  /* by number - 1 */
    uint64_t *hashes;  /* likewise */
    uint32_t *buckets; /* number; 0: free */
    uint32_t count, room, bucket_mask;
    struct account_slot slots[ACCOUNT_SLOT_COUNT];
};

/* Limits that are shared, in order of number and relief, of the edition that was asked about last.
 */
struct shared_limits {
    const struct limit *of; /* the table; NULL: none yet */
    uint64_t generation;
    uint32_t of_count, count;
    uint64_t list[LIMIT_COUNT_MAX]; /* shared number << 32 | index of the limit */
};

/* Room on the disk, see LEDGER.md, "When the disk is full". */
struct book_space {
    uint64_t ballast_size;
    uint64_t most; /* as large as the file may become */
    uint64_t end;  /* bytes of the file that have a place on the disk; UINT64_MAX: cannot be told */
    uint64_t needed; /* by the group, at most */
    uint64_t spare;  /* of pages that are free inside the file */
    bool is_tight;   /* the ballast is being used up */
};

struct MDB_env;
struct MDB_txn;
struct MDB_cursor;

struct book {
    struct MDB_env *env;
    struct MDB_txn *txn; /* of the group, and of those before it that are in the redo file only */
    bool is_open;        /* a group is */
    unsigned databases[CURSOR_COUNT];
    struct MDB_cursor *cursors[CURSOR_COUNT];
    enum book_end end;
    int lock_fd, data_fd;
    uint64_t map_size;
    uint32_t page_bytes;
    struct ledger_head head, committed;
    uint64_t now_ms;
    struct accounts accounts;
    struct shared_limits shared;
    struct redo redo;
    struct book_space space;
    struct allowance *allowances;       /* room for one of each relief */
    uint64_t old_until;                 /* sequence: up to there all are old enough to go */
    uint64_t denials_from;              /* sequence: denials before it have no content any more */
    uint8_t tally_from[TALLY_KEY_SIZE]; /* where tallies are looked through next */
};

/* For good. */
void book_fail(struct book *book);

/* To look outside of a group; NULL: it cannot be had. */
struct MDB_txn *book_look(struct book *book);
void book_look_end(struct book *book, struct MDB_txn *txn);

/* Between groups, when `txn` has groups that LMDB has not committed: puts them in again. */
MUST_USE bool book_redo_pending(struct book *book);
/* When the book is opened: puts in what goes on from its head, which is the last one's then. */
MUST_USE bool book_redo_all(struct book *book);

/* Room for one apply, or one reservation that runs out; a new purchase leaves the ballast alone.
 * false: BOOK_FULL. */
MUST_USE bool book_make_room(struct book *book, bool is_new);

MUST_USE bool book_get_posting(struct book *book, uint64_t sequence, struct posting *out);
/* The one behind that which was read last, or the first of all, which must be this one; its row as
 * it lies there. */
MUST_USE bool book_next_posting(struct book *book, uint64_t sequence, struct posting *out,
                                const uint8_t **row);
/* Gives it its sequence, time, place in the subject's chain (`day` is that of its service) and
 * hashes; `open_change` is added to the subject's open reservations. */
void book_append(struct book *book, struct posting *posting, uint32_t day, int open_change);

/* Removes the oldest posting, whose chain value stays in the head. */
void book_drop_posting(struct book *book, uint64_t sequence,
                       const uint8_t chain[static CHAIN_SIZE]);
/* Writes it again without its content; its hashes stay. */
void book_forget_posting(struct book *book, const struct posting *posting);

struct transaction_name {
    uint32_t terminal;
    uint64_t request_id;
};
MUST_USE bool book_get_transaction(struct book *book, struct transaction_name name,
                                   struct transaction *out);
void book_put_transaction(struct book *book, struct transaction_name name,
                          const struct transaction *in);
void book_delete_transaction(struct book *book, struct transaction_name name);

void book_put_hold(struct book *book, uint64_t deadline_ms, struct transaction_name name);
void book_delete_hold(struct book *book, uint64_t deadline_ms, struct transaction_name name);
MUST_USE bool book_has_hold(struct book *book, uint64_t deadline_ms, struct transaction_name name);
MUST_USE bool hold_of_row(uint64_t *deadline_ms, struct transaction_name *name, const uint8_t *key,
                          size_t key_size);
uint64_t book_hold_count(struct book *book);
/* The one that ends first. */
MUST_USE bool book_first_hold(struct book *book, uint64_t *deadline_ms,
                              struct transaction_name *name);

struct tally_name {
    uint64_t subject; /* 0: of a budget */
    uint32_t scope;
    uint8_t period;
    uint32_t number;
};
MUST_USE bool book_get_tally(struct book *book, const struct tally_name *name, struct tally *out);
void book_put_tally(struct book *book, const struct tally_name *name, const struct tally *in);
/* The first row at `name` or behind it, of the same subject, scope and period. Its number is put
 * into `name`. */
MUST_USE bool book_next_tally(struct book *book, struct tally_name *name, struct tally *out);

/* Looks through so many rows, from where it stopped last, and removes those of days, weeks, months
 * and years that had ended by `until_day`; how many. */
uint32_t book_drop_tallies(struct book *book, uint32_t until_day, uint32_t look_max);

/* Of a subject that has no row yet: zeros. */
struct subject_head book_get_subject(struct book *book, uint64_t subject);

/* Its number; a new one is written, with its posting. */
uint32_t book_find_account(struct book *book, const struct account *account);
uint32_t book_account_scope(const struct book *book, uint32_t number);
void accounts_cut(struct accounts *accounts, uint32_t count); /* forgets those behind */
MUST_USE bool accounts_add(struct accounts *accounts, uint32_t number,
                           const uint8_t row[static ACCOUNT_SIZE]);
void accounts_free(struct accounts *accounts);

/* Of posting and chain before; fills in both hashes of the row. */
void posting_seal(uint8_t row[static POSTING_SIZE], const uint8_t chain_before[static CHAIN_SIZE]);

#endif
