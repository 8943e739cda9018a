#include "engine/book_parts.h"

#include <assert.h>
#include <lmdb.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void store_be32(uint8_t p[static 4], uint32_t value)
{
    store_u32(p, __builtin_bswap32(value));
}

static void store_be64(uint8_t p[static 8], uint64_t value)
{
    store_u64(p, __builtin_bswap64(value));
}

static uint32_t load_be32(const uint8_t p[static 4])
{
    return __builtin_bswap32(load_u32(p));
}

static uint64_t load_be64(const uint8_t p[static 8])
{
    return __builtin_bswap64(load_u64(p));
}

void book_fail(struct book *book)
{
    book->end = BOOK_FAILED;
}

/* Takes down what LMDB says of a write or a look; whether all is well. */
static bool is_done(struct book *book, int error)
{
    if (error == MDB_SUCCESS)
        return true;
    if (error == MDB_MAP_FULL && book->end == BOOK_DONE)
        book->end = BOOK_FULL;
    else if (book->end != BOOK_FULL)
        book->end = BOOK_FAILED;
    return false;
}

/* A row of one size; false when there is none, or it is no such row. */
static bool get(struct book *book, enum book_cursor cursor, const uint8_t *key, size_t key_size,
                size_t size, const uint8_t **row)
{
    if (book->end != BOOK_DONE)
        return false;
    MDB_val name = {key_size, (void *)(uintptr_t)key}, value;
    int error = mdb_cursor_get(book->cursors[cursor], &name, &value, MDB_SET);
    if (error == MDB_NOTFOUND || !is_done(book, error))
        return false;
    if (value.mv_size != size) {
        book_fail(book);
        return false;
    }
    *row = value.mv_data;
    return true;
}

static const enum redo_table redo_tables[CURSOR_COUNT] = {
    [CURSOR_POSTINGS] = REDO_POSTINGS,         [CURSOR_APPEND] = REDO_POSTINGS,
    [CURSOR_TRANSACTIONS] = REDO_TRANSACTIONS, [CURSOR_TALLIES] = REDO_TALLIES,
    [CURSOR_BUDGETS] = REDO_TALLIES,           [CURSOR_HOLDS] = REDO_HOLDS,
    [CURSOR_ACCOUNTS] = REDO_ACCOUNTS,
};

static void put(struct book *book, enum book_cursor cursor, uint8_t *key, size_t key_size,
                uint8_t *row, size_t size, unsigned flags)
{
    if (book->end != BOOK_DONE)
        return;
    MDB_val name = {key_size, key}, value = {size, row};
    if (is_done(book, mdb_cursor_put(book->cursors[cursor], &name, &value, flags)))
        redo_note(&book->redo, redo_tables[cursor], key, row);
}

static void delete_row(struct book *book, enum book_cursor cursor, uint8_t *key, size_t key_size)
{
    if (book->end != BOOK_DONE)
        return;
    MDB_val name = {key_size, key};
    if (is_done(book, mdb_cursor_get(book->cursors[cursor], &name, NULL, MDB_SET)) &&
        is_done(book, mdb_cursor_del(book->cursors[cursor], 0)))
        redo_note(&book->redo, redo_tables[cursor], key, NULL);
}

/* A row that its decoder refuses has rotted: whatever is built on it would be wrong. */
static bool is_sound(struct book *book, bool is_decoded)
{
    if (!is_decoded)
        book_fail(book);
    return is_decoded;
}

/* ---- transactions ---- */

static void transaction_key(uint8_t key[static TRANSACTION_KEY_SIZE], struct transaction_name name)
{
    store_be32(key, name.terminal);
    store_be64(key + 4, name.request_id);
}

bool book_get_transaction(struct book *book, struct transaction_name name, struct transaction *out)
{
    uint8_t key[TRANSACTION_KEY_SIZE];
    const uint8_t *row;
    transaction_key(key, name);
    return get(book, CURSOR_TRANSACTIONS, key, sizeof(key), TRANSACTION_SIZE, &row) &&
           is_sound(book, transaction_decode(out, row));
}

void book_put_transaction(struct book *book, struct transaction_name name,
                          const struct transaction *in)
{
    uint8_t key[TRANSACTION_KEY_SIZE], row[TRANSACTION_SIZE];
    transaction_key(key, name);
    transaction_encode(row, in);
    put(book, CURSOR_TRANSACTIONS, key, sizeof(key), row, sizeof(row), 0);
}

void book_delete_transaction(struct book *book, struct transaction_name name)
{
    uint8_t key[TRANSACTION_KEY_SIZE];
    transaction_key(key, name);
    delete_row(book, CURSOR_TRANSACTIONS, key, sizeof(key));
}

/* ---- holds ---- */

static void hold_key(uint8_t key[static HOLD_KEY_SIZE], uint64_t deadline_ms,
                     struct transaction_name name)
{
    store_be64(key, deadline_ms);
    transaction_key(key + 8, name);
}

void book_put_hold(struct book *book, uint64_t deadline_ms, struct transaction_name name)
{
    uint8_t key[HOLD_KEY_SIZE], row[1] = {1};
    hold_key(key, deadline_ms, name);
    put(book, CURSOR_HOLDS, key, sizeof(key), row, sizeof(row), 0);
}

void book_delete_hold(struct book *book, uint64_t deadline_ms, struct transaction_name name)
{
    uint8_t key[HOLD_KEY_SIZE];
    hold_key(key, deadline_ms, name);
    delete_row(book, CURSOR_HOLDS, key, sizeof(key));
}

bool book_has_hold(struct book *book, uint64_t deadline_ms, struct transaction_name name)
{
    uint8_t key[HOLD_KEY_SIZE];
    const uint8_t *row;
    hold_key(key, deadline_ms, name);
    return get(book, CURSOR_HOLDS, key, sizeof(key), 1, &row);
}

bool hold_of_row(uint64_t *deadline_ms, struct transaction_name *name, const uint8_t *key,
                 size_t key_size)
{
    if (key_size != HOLD_KEY_SIZE)
        return false;
    *deadline_ms = load_be64(key);
    *name = (struct transaction_name){load_be32(key + 8), load_be64(key + 12)};
    return true;
}

bool book_first_hold(struct book *book, uint64_t *deadline_ms, struct transaction_name *name)
{
    MDB_val key, value;
    if (book->end != BOOK_DONE)
        return false;
    int error = mdb_cursor_get(book->cursors[CURSOR_HOLDS], &key, &value, MDB_FIRST);
    if (error == MDB_NOTFOUND || !is_done(book, error))
        return false;
    return is_sound(book, hold_of_row(deadline_ms, name, key.mv_data, key.mv_size));
}

uint64_t book_hold_count(struct book *book)
{
    MDB_stat holds = {0};
    (void)is_done(book, mdb_stat(book->txn, book->databases[CURSOR_HOLDS], &holds));
    return holds.ms_entries;
}

/* ---- tallies ---- */

enum { TALLY_KEY_SCOPE = 8, TALLY_KEY_PERIOD = 12, TALLY_KEY_NUMBER = 13 };
#define PERIOD_NUMBER_MOST 4000000 /* days up to the year 9999 are fewer */

/* What a file says that may be damaged; dates are worked out from it. */
static bool is_tally_key(const MDB_val *key)
{
    return key->mv_size == TALLY_KEY_SIZE &&
           load_be32((const uint8_t *)key->mv_data + TALLY_KEY_NUMBER) <= PERIOD_NUMBER_MOST;
}

static void tally_key(uint8_t key[static TALLY_KEY_SIZE], const struct tally_name *name)
{
    store_be64(key, name->subject);
    store_be32(key + TALLY_KEY_SCOPE, name->scope);
    key[TALLY_KEY_PERIOD] = name->period;
    store_be32(key + TALLY_KEY_NUMBER, name->number);
}

static enum book_cursor tally_cursor(const struct tally_name *name)
{
    return name->subject == SUBJECT_NOBODY ? CURSOR_BUDGETS : CURSOR_TALLIES;
}

bool book_get_tally(struct book *book, const struct tally_name *name, struct tally *out)
{
    uint8_t key[TALLY_KEY_SIZE];
    const uint8_t *row;
    tally_key(key, name);
    return get(book, tally_cursor(name), key, sizeof(key), TALLY_SIZE, &row) &&
           is_sound(book, tally_decode(out, row));
}

void book_put_tally(struct book *book, const struct tally_name *name, const struct tally *in)
{
    uint8_t key[TALLY_KEY_SIZE], row[TALLY_SIZE];
    tally_key(key, name);
    tally_encode(row, in);
    put(book, tally_cursor(name), key, sizeof(key), row, sizeof(row), 0);
}

bool book_next_tally(struct book *book, struct tally_name *name, struct tally *out)
{
    uint8_t wanted[TALLY_KEY_SIZE];
    tally_key(wanted, name);
    MDB_val key = {sizeof(wanted), wanted}, value;
    if (book->end != BOOK_DONE)
        return false;
    int error = mdb_cursor_get(book->cursors[tally_cursor(name)], &key, &value, MDB_SET_RANGE);
    if (error == MDB_NOTFOUND || !is_done(book, error))
        return false;
    if (!is_sound(book, key.mv_size == TALLY_KEY_SIZE && value.mv_size == TALLY_SIZE))
        return false;
    const uint8_t *found = key.mv_data;
    if (memcmp(found, wanted, TALLY_KEY_SIZE - 4) != 0)
        return false;
    name->number = load_be32(found + TALLY_KEY_SIZE - 4);
    return is_sound(book, tally_decode(out, value.mv_data));
}

/* Whether the row is of a period that had ended by then; subjects' own rows and terms have no end.
 * Those of all subjects together stay as long as a purchase may that was recorded late: a budget
 * that is new is worked out from them, and what is given back is taken from it. */
static bool is_over(const uint8_t *key, uint32_t until_day)
{
    uint32_t from, until;
    uint8_t period = key[TALLY_KEY_PERIOD];
    if (period < PERIOD_DAY || period > PERIOD_YEAR)
        return false;
    period_days(&from, &until, period, load_be32(key + TALLY_KEY_NUMBER));
    return until + (load_be64(key) == SUBJECT_NOBODY ? WINDOW_DAYS_MAX : 0) <= until_day;
}

uint32_t book_drop_tallies(struct book *book, uint32_t until_day, uint32_t look_max)
{
    MDB_cursor *cursor = book->cursors[CURSOR_TALLIES];
    MDB_val key = {TALLY_KEY_SIZE, book->tally_from}, value;
    uint32_t count = 0;
    int error = book->end == BOOK_DONE ? mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE) : 0;
    for (uint32_t i = 0; i < look_max && book->end == BOOK_DONE; i++) {
        if (error == MDB_NOTFOUND) {
            memset(book->tally_from, 0, sizeof(book->tally_from)); /* from the beginning again */
            return count;
        }
        if (!is_done(book, error) || !is_sound(book, is_tally_key(&key)))
            return count;
        memcpy(book->tally_from, key.mv_data, TALLY_KEY_SIZE);
        if (is_over(key.mv_data, until_day) && is_done(book, mdb_cursor_del(cursor, 0))) {
            redo_leave(&book->redo);
            count++; /* the cursor is before the next one now */
        }
        error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    return count;
}

struct subject_head book_get_subject(struct book *book, uint64_t subject)
{
    uint8_t key[TALLY_KEY_SIZE];
    const uint8_t *row;
    struct subject_head head;
    tally_key(key, &(struct tally_name){.subject = subject});
    if (get(book, CURSOR_TALLIES, key, sizeof(key), TALLY_SIZE, &row) &&
        is_sound(book, subject_head_decode(&head, row)))
        return head;
    return (struct subject_head){0};
}

/* The posting's place in its subject's chain. */
static void chain_subject(struct book *book, struct posting *posting, uint32_t day, int open_change)
{
    struct subject_head head = book_get_subject(book, posting->subject);
    if ((open_change < 0 && head.open_count == 0) || head.last >= posting->sequence) {
        book_fail(book);
        return;
    }
    bool is_given = posting_is_given(posting);
    uint64_t skip = posting->sequence - head.walk_from;
    posting->skip = is_given && head.walk_from != 0 && skip <= UINT32_MAX ? (uint32_t)skip : 0;
    if (is_given || head.last == 0)
        head.walk_from = posting->sequence;
    posting->subject_before = head.last;
    if (head.day_most < day)
        head.day_most = day;
    posting->day_most = head.day_most;
    head.last = posting->sequence;
    head.open_count += (uint32_t)open_change;

    uint8_t key[TALLY_KEY_SIZE], row[TALLY_SIZE];
    tally_key(key, &(struct tally_name){.subject = posting->subject});
    subject_head_encode(row, &head);
    put(book, CURSOR_TALLIES, key, sizeof(key), row, sizeof(row), 0);
}

/* ---- postings ---- */

void posting_seal(uint8_t row[static POSTING_SIZE], const uint8_t chain_before[static CHAIN_SIZE])
{
    uint8_t both[2 * CHAIN_SIZE];
    uint8_t *content_hash = row + POSTING_CONTENT, *chain = content_hash + CHAIN_SIZE;
    static_assert(POSTING_CONTENT + 2 * CHAIN_SIZE == POSTING_SIZE, "the hashes end the row");
    crypto_generichash(content_hash, CHAIN_SIZE, row, POSTING_CONTENT, NULL, 0);
    memcpy(both, chain_before, CHAIN_SIZE);
    memcpy(both + CHAIN_SIZE, content_hash, CHAIN_SIZE);
    crypto_generichash(chain, CHAIN_SIZE, both, sizeof(both), NULL, 0);
}

void book_append(struct book *book, struct posting *posting, uint32_t day, int open_change)
{
    uint8_t key[SEQUENCE_KEY_SIZE], row[POSTING_SIZE];
    posting->sequence = book->head.sequence + 1;
    posting->recorded_ms = book->head.clock_ms;
    if (posting->subject != SUBJECT_NOBODY)
        chain_subject(book, posting, day, open_change);
    if (book->end != BOOK_DONE)
        return;
    posting_encode(row, posting);
    posting_seal(row, book->head.chain);
    store_be64(key, posting->sequence);
    put(book, CURSOR_APPEND, key, sizeof(key), row, sizeof(row), MDB_APPEND);
    book->head.sequence = posting->sequence;
    memcpy(book->head.chain, row + POSTING_CONTENT + CHAIN_SIZE, CHAIN_SIZE);
}

bool book_get_posting(struct book *book, uint64_t sequence, struct posting *out)
{
    uint8_t key[SEQUENCE_KEY_SIZE];
    const uint8_t *row;
    store_be64(key, sequence);
    return get(book, CURSOR_POSTINGS, key, sizeof(key), POSTING_SIZE, &row) &&
           is_sound(book, posting_decode(out, row) && out->sequence == sequence);
}

bool book_next_posting(struct book *book, uint64_t sequence, struct posting *out,
                       const uint8_t **row)
{
    MDB_val key, value;
    if (book->end != BOOK_DONE ||
        !is_done(book, mdb_cursor_get(book->cursors[CURSOR_POSTINGS], &key, &value, MDB_NEXT)))
        return false;
    *row = value.mv_data;
    return is_sound(book, key.mv_size == SEQUENCE_KEY_SIZE && value.mv_size == POSTING_SIZE &&
                              load_be64(key.mv_data) == sequence && posting_decode(out, *row) &&
                              out->sequence == sequence);
}

bool book_chain(struct book *book, uint64_t sequence, uint8_t chain[static CHAIN_SIZE])
{
    uint8_t name[SEQUENCE_KEY_SIZE];
    MDB_val key = {sizeof(name), name}, value;
    struct posting posting;
    if (sequence == book->head.pruned) {
        memcpy(chain, book->head.pruned_chain, CHAIN_SIZE);
        return true;
    }
    MDB_txn *txn = book_look(book);
    if (txn == NULL)
        return false;
    store_be64(name, sequence);
    bool is_there = mdb_get(txn, book->databases[CURSOR_POSTINGS], &key, &value) == MDB_SUCCESS &&
                    value.mv_size == POSTING_SIZE && posting_decode(&posting, value.mv_data);
    if (is_there)
        memcpy(chain, posting.chain, CHAIN_SIZE);
    book_look_end(book, txn);
    return is_there;
}

void book_drop_posting(struct book *book, uint64_t sequence, const uint8_t chain[static CHAIN_SIZE])
{
    uint8_t key[SEQUENCE_KEY_SIZE];
    store_be64(key, sequence);
    delete_row(book, CURSOR_POSTINGS, key, sizeof(key));
    book->head.pruned = sequence;
    memcpy(book->head.pruned_chain, chain, CHAIN_SIZE);
}

void book_forget_posting(struct book *book, const struct posting *posting)
{
    uint8_t key[SEQUENCE_KEY_SIZE], row[POSTING_SIZE];
    store_be64(key, posting->sequence);
    posting_encode(row, posting);
    put(book, CURSOR_POSTINGS, key, sizeof(key), row, sizeof(row), 0);
}

/* ---- accounts ---- */

static uint64_t account_hash(const uint8_t row[static ACCOUNT_SIZE])
{
    uint8_t hash[CHAIN_SIZE];
    crypto_generichash(hash, sizeof(hash), row, ACCOUNT_SIZE, NULL, 0);
    return load_u64(hash);
}

static void accounts_hash(struct accounts *accounts)
{
    if (accounts->buckets == NULL)
        return;
    memset(accounts->buckets, 0, (accounts->bucket_mask + 1) * sizeof(accounts->buckets[0]));
    for (uint32_t i = 0; i < accounts->count; i++) {
        uint32_t at = (uint32_t)accounts->hashes[i] & accounts->bucket_mask;
        while (accounts->buckets[at] != 0)
            at = (at + 1) & accounts->bucket_mask;
        accounts->buckets[at] = i + 1;
    }
}

/* Twice as many buckets as there is room for accounts. */
static bool accounts_grow(struct accounts *accounts)
{
    uint32_t room = accounts->room == 0 ? 1024 : 2 * accounts->room;
    uint32_t *scopes = realloc(accounts->scopes, room * sizeof(scopes[0]));
    if (scopes != NULL)
        accounts->scopes = scopes;
    uint64_t *hashes = realloc(accounts->hashes, room * sizeof(hashes[0]));
    if (hashes != NULL)
        accounts->hashes = hashes;
    uint32_t *buckets = realloc(accounts->buckets, 2 * (size_t)room * sizeof(buckets[0]));
    if (buckets != NULL)
        accounts->buckets = buckets;
    if (scopes == NULL || hashes == NULL || buckets == NULL)
        return false;
    accounts->room = room;
    accounts->bucket_mask = 2 * room - 1;
    accounts_hash(accounts);
    return true;
}

bool accounts_add(struct accounts *accounts, uint32_t number,
                  const uint8_t row[static ACCOUNT_SIZE])
{
    struct account account;
    if (number != accounts->count + 1 || !account_decode(&account, row) ||
        (accounts->count == accounts->room && !accounts_grow(accounts)))
        return false;
    accounts->scopes[accounts->count] = account.scope;
    accounts->hashes[accounts->count++] = account_hash(row);
    uint32_t at = (uint32_t)accounts->hashes[number - 1] & accounts->bucket_mask;
    while (accounts->buckets[at] != 0)
        at = (at + 1) & accounts->bucket_mask;
    accounts->buckets[at] = number;
    return true;
}

void accounts_cut(struct accounts *accounts, uint32_t count)
{
    if (accounts->count == count)
        return;
    accounts->count = count;
    accounts_hash(accounts);
    memset(accounts->slots, 0, sizeof(accounts->slots));
}

void accounts_free(struct accounts *accounts)
{
    free(accounts->scopes);
    free(accounts->hashes);
    free(accounts->buckets);
}

static uint32_t account_add(struct book *book, uint8_t row[static ACCOUNT_SIZE])
{
    uint8_t key[ACCOUNT_KEY_SIZE];
    uint32_t number = book->accounts.count + 1;
    store_be32(key, number);
    put(book, CURSOR_ACCOUNTS, key, sizeof(key), row, ACCOUNT_SIZE, MDB_NOOVERWRITE);
    if (book->end != BOOK_DONE)
        return number;
    if (!accounts_add(&book->accounts, number, row)) {
        book_fail(book);
        return number;
    }
    book->head.account_count = number;
    struct posting posting = {.kind = POSTING_ACCOUNT,
                              .body = book->accounts.hashes[number - 1],
                              .part_count = 1,
                              .parts = {{.account = number}}};
    book_append(book, &posting, 0, 0);
    return number;
}

uint32_t book_find_account(struct book *book, const struct account *account)
{
    uint8_t row[ACCOUNT_SIZE], key[ACCOUNT_KEY_SIZE];
    const struct accounts *accounts = &book->accounts;
    const uint8_t *stored;
    account_encode(row, account);
    uint64_t hash = account_hash(row);
    uint32_t at = (uint32_t)hash & accounts->bucket_mask;
    for (; accounts->count > 0 && accounts->buckets[at] != 0;
         at = (at + 1) & accounts->bucket_mask) {
        uint32_t number = accounts->buckets[at];
        store_be32(key, number);
        if (accounts->hashes[number - 1] == hash &&
            get(book, CURSOR_ACCOUNTS, key, sizeof(key), ACCOUNT_SIZE, &stored) &&
            memcmp(row, stored, ACCOUNT_SIZE) == 0)
            return number;
    }
    return account_add(book, row);
}

uint32_t book_account_scope(const struct book *book, uint32_t number)
{
    return number == 0 || number > book->accounts.count ? 0 : book->accounts.scopes[number - 1];
}
