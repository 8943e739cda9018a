/* Groups of the redo file, put into LMDB's transaction once more: when the book is opened, and when
 * a later group was dropped and took them along. */
#include "engine/book_parts.h"

#include <lmdb.h>
#include <string.h>

/* Not the cursor that reads postings: whoever looks through them begins where it stands. */
static const enum book_cursor cursors[REDO_TABLE_END] = {
    [REDO_POSTINGS] = CURSOR_APPEND,   [REDO_TRANSACTIONS] = CURSOR_TRANSACTIONS,
    [REDO_TALLIES] = CURSOR_TALLIES,   [REDO_HOLDS] = CURSOR_HOLDS,
    [REDO_ACCOUNTS] = CURSOR_ACCOUNTS,
};

static bool put_in(struct book *book, struct redo_record *record)
{
    struct redo_change change;
    while (redo_next(&change, record)) {
        struct redo_sizes sizes = redo_sizes(change.table);
        MDB_cursor *cursor = book->cursors[cursors[change.table]];
        MDB_val key = {sizes.key, (void *)(uintptr_t)change.key};
        MDB_val row = {sizes.row, (void *)(uintptr_t)change.row};
        int error = change.row != NULL ? mdb_cursor_put(cursor, &key, &row, 0)
                                       : mdb_cursor_get(cursor, &key, NULL, MDB_SET);
        if (error == MDB_SUCCESS && change.row == NULL)
            error = mdb_cursor_del(cursor, 0);
        if (error != MDB_SUCCESS)
            return false;
    }
    return true;
}

bool book_redo_pending(struct book *book)
{
    const struct redo *redo = &book->redo;
    struct redo_record record;
    for (size_t at = 0; at < redo->end; at += record.size)
        if (!redo_read(&record, redo->file + at, redo->end - at) || !put_in(book, &record))
            return false;
    return true;
}

bool book_redo_all(struct book *book)
{
    struct redo_walk walk = {.file = book->redo.file};
    struct redo_record record;
    ledger_head_encode(walk.head, &book->head);
    while (redo_walk(&record, &walk))
        if (!put_in(book, &record))
            return false;
    return ledger_head_decode(&book->head, walk.head);
}
