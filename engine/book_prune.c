/* Removes what is older than it must be kept. See protocol/LEDGER.md, "How long". */
#include "engine/book_parts.h"

#include <assert.h>

#define MS_PER_DAY (UINT64_C(1000) * SECONDS_PER_DAY)

static bool is_older(const struct book *book, uint64_t recorded_ms, uint32_t keep_days)
{
    return recorded_ms + keep_days * MS_PER_DAY <= book->head.clock_ms;
}

/* Of a denial without content the time is not told any more: it is old when a later one is. */
static bool is_old(struct book *book, const struct posting *posting, uint32_t keep_days)
{
    struct posting later = *posting;
    if (posting->sequence <= book->old_until)
        return true;
    while (later.kind == POSTING_PRUNED)
        if (!book_get_posting(book, later.sequence + 1, &later))
            return false; /* the end */
    if (!is_older(book, later.recorded_ms, keep_days))
        return false;
    book->old_until = later.sequence;
    return true;
}

/* The oldest posting, and what lives by it. One of a reservation that is still open stays, and all
 * that came after it. */
static bool prune_posting(struct book *book, uint32_t keep_days)
{
    struct posting posting;
    struct transaction transaction;
    uint64_t sequence = book->head.pruned + 1;
    if (sequence >= book->head.sequence || !book_get_posting(book, sequence, &posting))
        return false; /* the last one stays: chains go on from it */
    struct transaction_name name = {posting.terminal, posting.request_id};
    if (!is_old(book, &posting, keep_days))
        return false;
    if (posting.kind == POSTING_PRUNED) {
        book_drop_posting(book, sequence, posting.chain);
        return book->end == BOOK_DONE;
    }
    if (posting.request_id != 0 && book_get_transaction(book, name, &transaction) &&
        transaction.first == sequence) {
        if (transaction.state == STATE_RESERVED)
            return false;
        book_delete_transaction(book, name);
    }
    name = (struct transaction_name){posting.target_terminal, posting.target_id};
    if (posting.kind == POSTING_CANCEL && book_get_transaction(book, name, &transaction) &&
        transaction.first == sequence)
        book_delete_transaction(book, name); /* a tombstone */
    book_drop_posting(book, sequence, posting.chain);
    return book->end == BOOK_DONE;
}

/* The content of the oldest denial that still has one. */
static bool prune_denial(struct book *book, uint32_t keep_days)
{
    struct posting posting;
    if (book->denials_from <= book->head.pruned)
        book->denials_from = book->head.pruned + 1;
    for (uint32_t looked = 0; looked < PRUNE_LOOK_MAX; looked++) {
        if (book->denials_from > book->head.sequence ||
            !book_get_posting(book, book->denials_from, &posting) ||
            (posting.kind != POSTING_PRUNED && !is_older(book, posting.recorded_ms, keep_days)))
            return false;
        book->denials_from++;
        if (posting.kind != POSTING_PRUNED && posting.state == STATE_DENIED) {
            book_delete_transaction(
                book, (struct transaction_name){posting.terminal, posting.request_id});
            posting.kind = POSTING_PRUNED;
            book_forget_posting(book, &posting);
            return book->end == BOOK_DONE;
        }
    }
    return false;
}

enum book_end book_prune(struct book *book, const struct book_retention *retention,
                         uint32_t count_max, uint32_t *count)
{
    assert(book->is_open);
    *count = 0;
    redo_leave(&book->redo); /* it is nobody's who waits */
    book->old_until = 0;
    while (*count < count_max && book_make_room(book, false) &&
           (prune_posting(book, retention->keep_days) ||
            prune_denial(book, retention->keep_denied_days)))
        ++*count;
    if (*count < count_max && book->end == BOOK_DONE) {
        uint32_t day = riga_day_of_time(book->head.clock_ms / 1000);
        uint32_t until_day = day > retention->keep_days ? day - retention->keep_days : 0;
        *count += book_drop_tallies(book, until_day, count_max - *count);
    }
    return book->end;
}
