#include "engine/tallies.h"

static bool add_u64(uint64_t *to, int64_t change)
{
    bool is_less = change < 0 && *to < (uint64_t)-change;
    *to += (uint64_t)change;
    return !is_less;
}

/* A tally below nothing does not fit the postings. */
static void tally_add(struct book *book, struct tally *tally, const struct tally_change *change)
{
    tally->used_uses += (uint32_t)change->used_uses; /* modulo 2^32 */
    tally->held_uses += (uint32_t)change->held_uses;
    if (!add_u64(&tally->used_amount, change->used_amount) ||
        !add_u64(&tally->held_amount, change->held_amount))
        book_fail(book);
}

static void change_row(struct book *book, const struct tally_name *name, bool is_kept_always,
                       const struct tally_change *change)
{
    struct tally tally = {0};
    bool is_less = change->used_uses < 0 || change->held_uses < 0 || change->used_amount < 0 ||
                   change->held_amount < 0;
    /* Worked out when somebody asks; or it has been pruned, and nothing is to be given back to. */
    if (!book_get_tally(book, name, &tally) && (!is_kept_always || is_less))
        return;
    tally_add(book, &tally, change);
    if (book->end == BOOK_DONE)
        book_put_tally(book, name, &tally);
}

/* Every term that had begun by that day. */
static void change_terms(struct book *book, uint64_t subject, uint32_t scope, uint32_t day,
                         const struct tally_change *change)
{
    struct tally_name name = {subject, scope, PERIOD_STATUS_TERM, 0};
    struct tally tally;
    while (book_next_tally(book, &name, &tally) && name.number <= day) {
        tally_add(book, &tally, change);
        if (book->end == BOOK_DONE)
            book_put_tally(book, &name, &tally);
        name.number++;
    }
}

static void change_periods(struct book *book, uint64_t subject, uint32_t scope,
                           const struct tally_change *change, const uint32_t numbers[])
{
    for (uint8_t period = PERIOD_DAY; period <= PERIOD_LIFETIME; period++) {
        struct tally_name name = {subject, scope, period, numbers[period]};
        if (period == PERIOD_STATUS_TERM)
            change_terms(book, subject, scope, numbers[PERIOD_DAY], change);
        else
            change_row(book, &name, subject == SUBJECT_NOBODY && period == PERIOD_DAY, change);
    }
}

void tallies_change(struct book *book, uint64_t subject, uint32_t scope, uint32_t day,
                    const struct tally_change *change)
{
    uint32_t numbers[PERIOD_LIFETIME + 1];
    for (uint8_t period = PERIOD_DAY; period <= PERIOD_LIFETIME; period++)
        numbers[period] = period_number(period, day, 0);
    if (subject != SUBJECT_NOBODY)
        change_periods(book, subject, scope, change, numbers);
    change_periods(book, SUBJECT_NOBODY, scope, change, numbers);
}

void tally_parts(struct book *book, const struct posting *purchase,
                 const struct posting_part parts[], int sign, enum tally_side where)
{
    uint32_t day = riga_day_of_time(purchase->service_time_s);
    for (size_t i = 0; i < purchase->part_count; i++) {
        int64_t uses = sign * (int64_t)parts[i].use_count;
        int64_t amount = sign * (int64_t)parts[i].amount;
        struct tally_change change = {0};
        *(where == USED ? &change.used_uses : &change.held_uses) = uses;
        *(where == USED ? &change.used_amount : &change.held_amount) = amount;
        uint32_t scope = book_account_scope(book, parts[i].account);
        if (scope == 0)
            book_fail(book); /* an account that is not there */
        else if (uses != 0 || amount != 0)
            tallies_change(book, purchase->subject, scope, day, &change);
    }
}

/* ---- rows that are missing ---- */

/* More than any limit allows, and the sum over all reliefs fits. */
#define AMOUNT_AGAINST_ALL (UINT64_MAX / (RELIEF_COUNT_MAX + 1))

bool walk_next(struct walk *walk)
{
    struct book *book = walk->book;
    while (walk->next > book->head.pruned && book_get_posting(book, walk->next, &walk->posting) &&
           walk->posting.day_most >= walk->from_day) {
        const struct posting *posting = &walk->posting;
        walk->is_cut = walk->left == 0;
        if (walk->is_cut)
            return false;
        walk->left--;
        walk->next =
            posting->skip != 0 ? posting->sequence - posting->skip : posting->subject_before;
        struct transaction_name name = {posting->terminal, posting->request_id};
        if (!posting_is_given(posting) || !book_get_transaction(book, name, &walk->transaction))
            continue;
        if (walk->transaction.state == STATE_RESERVED || walk->transaction.state == STATE_CONFIRMED)
            return true;
    }
    return false;
}

struct walk walk_begin(struct book *book, uint64_t subject, uint32_t from_day)
{
    struct subject_head head = book_get_subject(book, subject);
    return (struct walk){.book = book,
                         .next = head.walk_from != 0 ? head.walk_from : head.last,
                         .from_day = from_day,
                         .left = WALK_POSTINGS_MAX};
}

static void tally_add_parts(struct book *book, struct tally *tally,
                            const struct transaction *transaction, uint32_t scope)
{
    for (size_t i = 0; i < transaction->part_count; i++) {
        const struct posting_part *part = &transaction->parts[i];
        if (book_account_scope(book, part->account) != scope)
            continue;
        struct tally_change change = {0};
        if (transaction->state == STATE_RESERVED) {
            change.held_uses = part->use_count;
            change.held_amount = (int64_t)part->amount;
        } else {
            change.used_uses = part->use_count;
            change.used_amount = (int64_t)part->amount;
        }
        tally_add(book, tally, &change);
    }
}

/* From what the subject has had; whether all of it was looked at. */
static bool tally_of_postings(struct book *book, const struct tally_name *name, struct tally *tally)
{
    uint32_t from_day, until_day;
    period_days(&from_day, &until_day, name->period, name->number);
    struct walk walk = walk_begin(book, name->subject, from_day);
    while (walk_next(&walk)) {
        uint32_t day = riga_day_of_time(walk.posting.service_time_s);
        if (day >= from_day && day < until_day)
            tally_add_parts(book, tally, &walk.transaction, name->scope);
    }
    return !walk.is_cut;
}

/* Of a budget: from what its relief came to day by day. */
static void tally_of_days(struct book *book, const struct tally_name *name, struct tally *tally)
{
    uint32_t from_day, until_day;
    period_days(&from_day, &until_day, name->period, name->number);
    struct tally_name day = {name->subject, name->scope, PERIOD_DAY, from_day};
    struct tally row;
    for (; book_next_tally(book, &day, &row) && day.number < until_day; day.number++) {
        struct tally_change change = {row.used_uses, row.held_uses, (int64_t)row.used_amount,
                                      (int64_t)row.held_amount};
        tally_add(book, tally, &change);
    }
}

struct tally tally_find(struct book *book, const struct tally_name *name)
{
    struct tally tally = {0};
    if (book_get_tally(book, name, &tally) || book->end != BOOK_DONE)
        return tally;
    if (name->subject == SUBJECT_NOBODY)
        tally_of_days(book, name, &tally);
    else if (!tally_of_postings(book, name, &tally))
        return (struct tally){.used_uses = UINT32_MAX, .used_amount = AMOUNT_AGAINST_ALL};
    if (book->end == BOOK_DONE)
        book_put_tally(book, name, &tally);
    return tally;
}
