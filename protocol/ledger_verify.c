#include "protocol/ledger_verify.h"

#include "protocol/answered.h"
#include "protocol/ledger_pages.h"
#include "protocol/ledger_tallies.h"
#include "protocol/progress.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP            65536 /* postings between two looks at the clock */
#define JOURNAL_WORDS   4
#define KEPT_DAYS_LEAST 366 /* of a tally, after its period */

struct verify {
    struct verified *out;
    const struct verify_settings *settings;
    struct pages pages;
    struct row_head head;
    uint8_t head_row[ROW_HEAD];
    struct fold fold;
    struct kept_limits kept;
    uint32_t *scopes;
    uint8_t *account_noted; /* [n]: a posting has named account n */
    struct totals account_hashes;
    uint32_t first_day; /* in Riga, of the oldest posting that is left */
    struct progress progress;
};

#define COMPLAIN(verify, ...) findings_add(&(verify)->out->findings, __VA_ARGS__)

static bool no_memory(struct fault *fault)
{
    return fault_set(fault, "no memory to verify; give less with --memory-mb");
}

/* Every row of a database; what has another size is complained of and left out. */
struct taking {
    struct verify *verify;
    enum db db;
    size_t key_size, row_size;
    void (*take)(struct verify *v, const uint8_t *key, const uint8_t *row);
};

static void take_any(void *to, const MDB_val *key, const MDB_val *row)
{
    const struct taking *taking = to;
    if (key->mv_size == taking->key_size && row->mv_size == taking->row_size)
        taking->take(taking->verify, key->mv_data, row->mv_data);
    else if (taking->verify->fold.share == 0 || taking->db != TALLIES)
        COMPLAIN(taking->verify, "I3", 0,
                 "%s: want keys of %zu and rows of %zu bytes, found %zu and %zu",
                 pages_name(taking->db), taking->key_size, taking->row_size, key->mv_size,
                 row->mv_size);
}

static bool each_row(struct verify *v, enum db db, size_t key_size, size_t row_size,
                     void (*take)(struct verify *v, const uint8_t *key, const uint8_t *row),
                     struct fault *fault)
{
    struct taking taking = {v, db, key_size, row_size, take};
    return pages_each(&v->pages, db, take_any, &taking, fault);
}

static bool read_head(struct verify *v, struct fault *fault)
{
    uint8_t key[4] = {'h', 'e', 'a', 'd'};
    const uint8_t *row = pages_get(&v->pages, META, key, sizeof(key), ROW_HEAD);
    if (row == NULL)
        return fault_set(fault, "%s: has no head; want a ledger", v->pages.path);
    memcpy(v->head_row, row, ROW_HEAD);
    if (!row_read_head(&v->head, v->head_row))
        return fault_set(fault, "%s: its head is none: want format 2, found %" PRIu32,
                         v->pages.path, v->head.format);
    v->out->sequence = v->head.sequence;
    v->out->pruned = v->head.pruned;
    return true;
}

static void digest(uint8_t out[HASH], const uint8_t *bytes, size_t size)
{
    crypto_generichash(out, HASH, bytes, size, NULL, 0);
}

/* ---- accounts: before postings refer to them ---- */

static void take_account(struct verify *v, const uint8_t *key, const uint8_t *row)
{
    uint64_t number = key_number(key, 4), scope = row_number(row + 8, 4);
    if (number == 0 || number > v->head.accounts)
        COMPLAIN(v, "I3", 0, "account %" PRIu64 ": want numbers 1 to %" PRIu32, number,
                 v->head.accounts);
    else
        v->scopes[number] = (uint32_t)scope;
    bool is_sane = row_number(row, 4) != 0 && scope != 0 && scope <= INT32_MAX && row[63] == 0 &&
                   row_number(row + 12, 4) == 0 && row_number(row + 136, 8) == 0 &&
                   row_number(row + 144, 8) == 0 && row_number(row + 152, 8) == 0;
    if (!is_sane)
        COMPLAIN(v, "I3", 0, "account %" PRIu64 ": is not as it was written", number);
    uint8_t hash[HASH];
    size_t before = v->account_hashes.count;
    digest(hash, row, ROW_ACCOUNT);
    if (totals_at(&v->account_hashes, hash) == NULL)
        v->fold.has_failed = true;
    else if (v->account_hashes.count == before)
        COMPLAIN(v, "I3", 0, "account %" PRIu64 ": is the same as another one", number);
}

static bool read_accounts(struct verify *v, struct fault *fault)
{
    uint64_t count = pages_count(&v->pages, ACCOUNTS);
    if (count != v->head.accounts)
        COMPLAIN(v, "I3", v->head.sequence, "accounts: want %" PRIu32 ", found %" PRIu64,
                 v->head.accounts, count);
    if (v->head.accounts > v->head.sequence) {
        COMPLAIN(v, "I3", 0, "accounts: want at most one for each posting");
        v->head.accounts = 0;
    }
    v->scopes = calloc((size_t)v->head.accounts + 1, sizeof(*v->scopes));
    v->account_noted = calloc((size_t)v->head.accounts + 1, 1);
    if (v->scopes == NULL || v->account_noted == NULL)
        return no_memory(fault);
    v->out->account_count = v->head.accounts;
    v->fold.scopes = v->scopes;
    v->fold.account_count = v->head.accounts;
    return each_row(v, ACCOUNTS, KEY_ACCOUNT, ROW_ACCOUNT, take_account, fault);
}

static void check_account_posting(struct verify *v, const struct row_posting *p)
{
    uint8_t key[KEY_ACCOUNT], hash[HASH];
    uint32_t number = p->parts[0].account;
    key_put(key, number, 4);
    const uint8_t *row = pages_get(&v->pages, ACCOUNTS, key, sizeof(key), ROW_ACCOUNT);
    if (row == NULL || number > v->head.accounts) {
        COMPLAIN(v, "I3", p->sequence, "account %" PRIu32 " is missing", number);
        return;
    }
    digest(hash, row, ROW_ACCOUNT);
    if (row_number(hash, 8) != p->body)
        COMPLAIN(v, "I3", p->sequence, "account %" PRIu32 ": its row is not the one of then",
                 number);
    if (v->account_noted[number] ||
        (number > 1 && v->head.pruned == 0 && !v->account_noted[number - 1]))
        COMPLAIN(v, "I3", p->sequence, "account %" PRIu32 ": want each once, in order", number);
    v->account_noted[number] = 1;
}

/* ---- postings ---- */

/* What has come along the chain so far. */
struct walk {
    struct verify *verify;
    uint64_t sequence, recorded_ms, count;
    uint8_t chain[HASH];
};

static void check_chain(struct verify *v, const struct row_posting *p, const uint8_t *row,
                        struct walk *walk)
{
    uint8_t both[2 * HASH], hash[HASH];
    digest(hash, row, HASHED);
    if (p->kind != PRUNED && memcmp(hash, p->hash, HASH) != 0)
        COMPLAIN(v, "I3", p->sequence, "content: is not what its hash says");
    memcpy(both, walk->chain, HASH);
    memcpy(both + HASH, p->hash, HASH);
    digest(hash, both, sizeof(both));
    if (memcmp(hash, p->chain, HASH) != 0)
        COMPLAIN(v, "I3", p->sequence, "chain: does not follow from the posting before");
    memcpy(walk->chain, p->chain, HASH);
}

static void check_accounts_of(struct verify *v, const struct row_posting *p)
{
    for (uint8_t i = 0; p->kind <= EXPIRE && i < p->part_count; i++) {
        uint32_t account = p->parts[i].account;
        if (v->head.pruned == 0 && account <= v->head.accounts && !v->account_noted[account])
            COMPLAIN(v, "I3", p->sequence, "account %" PRIu32 ": want its posting before this one",
                     account);
    }
}

static void check_posting(struct verify *v, const struct row_posting *p, const uint8_t *row,
                          struct walk *walk)
{
    check_chain(v, p, row, walk);
    if (p->kind == PRUNED)
        return;
    if (p->recorded_ms < walk->recorded_ms)
        COMPLAIN(v, "I6", p->sequence, "clock: want %" PRIu64 " ms or later, found %" PRIu64,
                 walk->recorded_ms, p->recorded_ms);
    if (walk->recorded_ms == 0)
        v->first_day = row_day(p->recorded_ms / 1000);
    walk->recorded_ms = p->recorded_ms;
    if (p->kind == ACCOUNT)
        check_account_posting(v, p);
    check_accounts_of(v, p);
}

static void take_posting(struct verify *v, const uint8_t *key, const uint8_t *row,
                         struct walk *walk)
{
    struct row_posting p;
    uint64_t sequence = key_number(key, KEY_POSTING);
    bool is_first_pass = v->fold.share == 0;
    if (is_first_pass && sequence != walk->sequence + 1)
        COMPLAIN(v, "I3", sequence, "want posting %" PRIu64 ", found this one", walk->sequence + 1);
    walk->sequence = sequence;
    if (!row_read_posting(&p, row) || p.sequence != sequence) {
        if (is_first_pass)
            COMPLAIN(v, "I3", sequence, "the row is none that is ever written");
        memcpy(walk->chain, row + HASHED + HASH, HASH);
        return;
    }
    if (is_first_pass)
        check_posting(v, &p, row, walk);
    fold_posting(&v->fold, &p);
}

static void check_end(struct verify *v, const struct walk *walk)
{
    if (walk->sequence != v->head.sequence)
        COMPLAIN(v, "I3", walk->sequence, "head: want the last posting, found %" PRIu64,
                 v->head.sequence);
    else if (memcmp(walk->chain, v->head.chain, HASH) != 0)
        COMPLAIN(v, "I3", walk->sequence, "head: its chain value is not the last posting's");
    if (v->head.clock_ms < walk->recorded_ms)
        COMPLAIN(v, "I6", walk->sequence,
                 "head: want a clock of %" PRIu64 " ms or later, found %" PRIu64, walk->recorded_ms,
                 v->head.clock_ms);
}

static void take_any_posting(void *to, const MDB_val *key, const MDB_val *row)
{
    struct walk *walk = to;
    struct verify *v = walk->verify;
    if (key->mv_size == KEY_POSTING && row->mv_size == ROW_POSTING)
        take_posting(v, key->mv_data, row->mv_data, walk);
    else if (v->fold.share == 0)
        COMPLAIN(v, "I3", walk->sequence, "behind it: a key of %zu and a row of %zu bytes",
                 key->mv_size, row->mv_size);
    if (++walk->count % STEP == 0)
        progress_set(&v->progress, v->progress.done + STEP);
}

static bool walk_postings(struct verify *v, struct fault *fault)
{
    struct walk walk = {.verify = v, .sequence = v->head.pruned};
    memcpy(walk.chain, v->head.pruned_chain, HASH);
    if (!pages_each(&v->pages, POSTINGS, take_any_posting, &walk, fault))
        return false;
    v->out->posting_count = walk.count;
    if (v->fold.share == 0)
        check_end(v, &walk);
    return !(v->fold.has_failed || v->kept.has_failed) || no_memory(fault);
}

/* Denials whose content is gone stand in a subject's list without saying whose they are. */
static bool leads(void *with, uint64_t from, uint64_t to, uint32_t *day_most)
{
    const struct verify *v = with;
    while (from != to) {
        struct row_posting p;
        const uint8_t *row = pages_posting(&v->pages, from);
        if (row == NULL || !row_read_posting(&p, row) || p.kind != PRUNED || p.before >= from)
            return to == 0 && from != 0 && from <= v->head.pruned;
        if (p.day_most > *day_most)
            *day_most = p.day_most;
        from = p.before;
    }
    return true;
}

/* ---- rows against the fold ---- */

static bool deadline_fits(const struct folded *t, const struct row_transaction *row)
{
    if (t->state != HELD)
        return row->deadline_ms == 0;
    uint64_t second = row->deadline_ms / 1000;
    return row->deadline_ms != 0 && second + 1 >= t->until_s && second <= (uint64_t)t->until_s + 1;
}

static const char *wrong_field(const struct folded *t, const struct row_transaction *row)
{
    return row->first != t->first                                ? "first"
           : row->last != t->last                                ? "last"
           : row->kind != t->kind                                ? "kind"
           : row->state != t->state                              ? "state"
           : row->body != t->body                                ? "body"
           : row->flags != t->flags                              ? "flags"
           : row->quantity != t->quantity                        ? "quantity"
           : row->confirmed != t->confirmed                      ? "confirmed"
           : row->part_count != t->part_count                    ? "part_count"
           : memcmp(row->parts, t->parts, sizeof(t->parts)) != 0 ? "parts"
           : !deadline_fits(t, row)                              ? "deadline"
                                                                 : NULL;
}

static void check_transaction(struct verify *v, const struct folded *t)
{
    struct row_transaction row;
    const uint8_t *bytes = pages_transaction(&v->pages, t->terminal, t->id);
    if (t->is_gone) {
        if (bytes != NULL)
            COMPLAIN(v, "I1", t->last,
                     "transaction: want it gone with its beginning, found its row");
        return;
    }
    if (bytes == NULL) {
        COMPLAIN(v, "I1", t->first, "transaction: want its row, found none");
        return;
    }
    bool is_row = row_read_transaction(&row, bytes);
    const char *wrong = is_row ? wrong_field(t, &row) : "form";
    if (wrong != NULL)
        COMPLAIN(v, "I1", t->last,
                 "transaction: %s is not what its postings come to (state: want %u, found %u; "
                 "quantity: want %u, found %u)",
                 wrong, t->state, is_row ? row.state : 0, t->quantity, is_row ? row.quantity : 0);
}

static void check_person(struct verify *v, const struct person *person)
{
    uint8_t key[KEY_TALLY] = {0};
    uint32_t between = 0;
    key_put(key, person->subject, 8);
    const uint8_t *row = pages_get(&v->pages, TALLIES, key, sizeof(key), ROW_TALLY);
    if (row == NULL) {
        COMPLAIN(v, "I1", person->last, "subject: want its row, found none");
        return;
    }
    uint64_t last = row_number(row, 8), open_count = row_number(row + 8, 4);
    if (last != person->last && !leads(v, last, person->last, &between))
        COMPLAIN(v, "I1", person->last, "subject: last: want this posting, found %" PRIu64, last);
    if (open_count != person->open_count)
        COMPLAIN(v, "I2", person->last, "subject: open holds: want %" PRIu32 ", found %" PRIu64,
                 person->open_count, open_count);
    uint32_t day = between > person->day_most ? between : person->day_most;
    uint64_t walk_from = row_number(row + 16, 8);
    bool is_walk =
        person->walk_from != 0 ? walk_from == person->walk_from : leads(v, walk_from, 0, &between);
    if (row_number(row + 12, 4) != day || !is_walk || row_number(row + 24, 8) != 0)
        COMPLAIN(v, "I1", person->last, "subject: its row is not what its postings come to");
}

/* ---- tallies, and subjects that stand among them ---- */

static void take_subject_row(struct verify *v, const uint8_t *key, const uint8_t *row)
{
    uint64_t subject = key_number(key, 8), last = row_number(row, 8);
    uint32_t day = 0;
    if (totals_find(&v->fold.persons, &subject) != NULL || last <= v->head.pruned)
        return;
    const uint8_t *posting = pages_posting(&v->pages, last);
    bool is_known = subject != 0 && posting != NULL && posting[8] == PRUNED &&
                    leads(v, last, 0, &day) && row_number(row + 8, 4) == 0 &&
                    row_number(row + 12, 4) == day && leads(v, row_number(row + 16, 8), 0, &day) &&
                    row_number(row + 24, 8) == 0;
    if (!is_known)
        COMPLAIN(v, "I1", last, "subject: a row of which no posting knows");
}

static void take_tally(struct verify *v, const uint8_t *key, const uint8_t *row)
{
    uint64_t subject = key_number(key, 8);
    bool is_last_share = v->fold.share + 1 == v->fold.share_count;
    struct tally_check check = {.findings = &v->out->findings,
                                .stops = &v->fold.stops,
                                .knows_all = v->head.pruned == 0,
                                .first_day = v->first_day};
    if (key_number(key + 8, 4) == 0 && key[12] == 0) {
        if (fold_is_mine(&v->fold, subject))
            take_subject_row(v, key, row);
    } else if (subject == 0) {
        if (is_last_share)
            tally_check(&check, &v->fold.all_days, key, row);
    } else if (fold_is_mine(&v->fold, subject)) {
        tally_check(&check, &v->fold.days, key, row);
    }
}

/* Tallies of days that ended long ago go, of whatever was recorded late about them, too. */
static bool is_kept(const struct verify *v, uint32_t day)
{
    return day > v->first_day || (v->head.pruned == 0 && v->first_day - day < KEPT_DAYS_LEAST);
}

/* Budgets that are new are sums of days, so each day has its row. */
static void check_days_are_there(struct verify *v)
{
    for (size_t i = 0; i < v->fold.all_days.count; i++) {
        const struct spent *day = totals_entry(&v->fold.all_days, i);
        uint8_t key[KEY_TALLY] = {0};
        key_put(key + 8, day->scope, 4);
        key[12] = 2;
        key_put(key + 13, day->day, 4);
        if (is_kept(v, day->day) &&
            pages_get(&v->pages, TALLIES, key, sizeof(key), ROW_TALLY) == NULL)
            COMPLAIN(v, "I1", 0,
                     "tally of relief %" PRIu32 ", day %" PRIu32 ": want a row, found none",
                     day->scope, day->day);
    }
}

/* ---- one share of the work ---- */

static bool verify_share(struct verify *v, struct fault *fault)
{
    bool is_last = v->fold.share + 1 == v->fold.share_count;
    if (!walk_postings(v, fault))
        return false;
    for (size_t i = 0; i < v->fold.transactions.count; i++)
        check_transaction(v, totals_entry(&v->fold.transactions, i));
    for (size_t i = 0; i < v->fold.persons.count; i++)
        check_person(v, totals_entry(&v->fold.persons, i));
    spent_sort(&v->fold.days);
    if (is_last) {
        check_days_are_there(v);
        spent_sort(&v->fold.all_days);
    }
    return each_row(v, TALLIES, KEY_TALLY, ROW_TALLY, take_tally, fault);
}

/* ---- rows that no posting explains, and holds ---- */

static void take_transaction(struct verify *v, const uint8_t *key, const uint8_t *bytes)
{
    struct row_transaction row;
    struct row_posting p;
    uint32_t terminal = (uint32_t)key_number(key, 4);
    uint64_t id = key_number(key + 4, 8);
    if (!row_read_transaction(&row, bytes)) {
        COMPLAIN(v, "I1", 0, "transaction: a row that is never written so");
        return;
    }
    const uint8_t *first = pages_posting(&v->pages, row.first);
    if (first == NULL || !row_read_posting(&p, first)) {
        COMPLAIN(v, "I1", row.first, "transaction: want its first posting, found none");
        return;
    }
    bool is_named = (p.terminal == terminal && p.id == id) ||
                    (p.kind == CANCEL && p.target_terminal == terminal && p.target == id);
    bool is_emptied = row.state == DENIED && row.first == row.last && row.deadline_ms == 0 &&
                      row.part_count == 0 && row.quantity == 0 && row.confirmed == 0;
    if (p.kind == PRUNED ? !is_emptied : !is_named)
        COMPLAIN(v, "I1", row.first, "transaction: a row whose first posting is not about it");
    if (row.state != HELD)
        return;
    uint8_t hold[KEY_HOLD];
    key_put(hold, row.deadline_ms, 8);
    memcpy(hold + 8, key, KEY_TRANSACTION);
    if (pages_get(&v->pages, HOLDS, hold, sizeof(hold), 1) == NULL)
        COMPLAIN(v, "I2", row.first,
                 "hold: want a row with the deadline of the transaction, found none");
    v->out->hold_count++;
}

static void take_hold(struct verify *v, const uint8_t *key, const uint8_t *row)
{
    struct row_transaction t;
    const uint8_t *bytes =
        pages_transaction(&v->pages, (uint32_t)key_number(key + 8, 4), key_number(key + 12, 8));
    bool is_held = bytes != NULL && row_read_transaction(&t, bytes) && t.state == HELD &&
                   t.deadline_ms == key_number(key, 8) && row[0] == 1;
    if (!is_held)
        COMPLAIN(v, "I2", bytes != NULL ? row_number(bytes, 8) : 0,
                 "hold: a row without a reservation that ends then");
}

/* ---- what others remember ---- */

static void check_seen(struct verify *v)
{
    const struct seen_head *seen = v->settings->seen;
    if (seen == NULL || seen->sequence <= v->head.pruned)
        return;
    if (seen->sequence > v->head.sequence) {
        v->out->seen_missing = seen->sequence - v->head.sequence;
        COMPLAIN(v, "I3", v->head.sequence,
                 "head: want %" PRIu64 ", which was seen, or later: %" PRIu64
                 " postings are missing",
                 seen->sequence, v->out->seen_missing);
        return;
    }
    const uint8_t *row = pages_posting(&v->pages, seen->sequence);
    if (row != NULL && memcmp(row + HASHED + HASH, seen->chain, HASH) != 0)
        COMPLAIN(v, "I3", seen->sequence, "chain: is not the one that was seen: another history");
}

static void check_answered(void *to, const struct answered *a)
{
    struct verify *v = to;
    struct row_posting p;
    if (a->sequence == 0 || a->sequence <= v->head.pruned)
        return;
    v->out->journal_count++;
    const uint8_t *row = pages_posting(&v->pages, a->sequence);
    if (row == NULL || !row_read_posting(&p, row)) {
        COMPLAIN(v, "I4", a->sequence, "was acknowledged to terminal %" PRIu32 ": it is missing",
                 a->terminal);
        return;
    }
    bool is_own = p.terminal == a->terminal && p.id == a->id;
    bool is_target = p.target_terminal == a->terminal && p.target == a->id;
    if (p.kind == PRUNED)
        return;
    if (!is_own && !is_target)
        COMPLAIN(v, "I4", a->sequence, "was acknowledged to terminal %" PRIu32 ": found another's",
                 a->terminal);
    else if (is_own && p.status != a->status)
        COMPLAIN(v, "I4", a->sequence, "was acknowledged with status %u, found %u", a->status,
                 p.status);
    if (pages_transaction(&v->pages, a->terminal, a->id) == NULL)
        COMPLAIN(v, "I4", a->sequence, "was acknowledged: its transaction is missing");
}

/* ---- the whole ---- */

/* How many parts keep the tables within the memory that was given. */
static uint32_t share_count(const struct verify *v)
{
    uint64_t transactions = pages_count(&v->pages, TRANSACTIONS),
             postings = pages_count(&v->pages, POSTINGS);
    uint64_t share = 1;
    while (share < UINT16_MAX &&
           totals_need(sizeof(struct folded), transactions / share + 1) +
                   totals_need(sizeof(struct person), transactions / share + 1) +
                   totals_need(sizeof(struct spent), postings / share + 1) +
                   (v->fold.kept != NULL ? kept_need(postings / share + 1) : 0) >
               v->settings->memory)
        share++;
    return (uint32_t)share;
}

static bool verify_all(struct verify *v, struct fault *fault)
{
    if (!pages_open(&v->pages, v->settings->path, fault) || !read_head(v, fault))
        return false;
    v->fold.findings = &v->out->findings;
    v->fold.pruned = v->head.pruned;
    v->fold.kept = v->settings->limits_of != NULL ? &v->kept : NULL;
    v->fold.share_count = share_count(v);
    v->kept.counts_all = v->fold.share_count == 1;
    v->fold.leads = leads;
    v->fold.with = v;
    v->out->share_count = v->fold.share_count;
    v->out->transaction_count = pages_count(&v->pages, TRANSACTIONS);
    v->out->tally_count = pages_count(&v->pages, TALLIES);
    progress_start(&v->progress, "verifying", "postings",
                   pages_count(&v->pages, POSTINGS) * v->fold.share_count, v->settings->is_quiet);
    if (!read_accounts(v, fault))
        return false;
    for (uint32_t i = 0; i < v->fold.share_count; i++, fold_next_share(&v->fold)) {
        if (!verify_share(v, fault))
            return false;
        kept_free(&v->kept);
    }
    v->out->compared_count = v->kept.compared_count;
    v->out->unknown_count = v->kept.unknown_count;
    progress_end(&v->progress);
    check_seen(v);
    return each_row(v, TRANSACTIONS, KEY_TRANSACTION, ROW_TRANSACTION, take_transaction, fault) &&
           each_row(v, HOLDS, KEY_HOLD, 1, take_hold, fault) &&
           (v->settings->journal == NULL ||
            answered_each(v->settings->journal, check_answered, v, fault));
}

bool ledger_verify(struct verified *out, const struct verify_settings *settings,
                   struct fault *fault)
{
    struct verify v = {
        .out = out,
        .settings = settings,
        .kept = {.of = settings->limits_of, .with = settings->with, .findings = &out->findings}};
    uint32_t told_max = out->findings.told_max;
    *out = (struct verified){.findings = {.told_max = told_max}};
    fold_start(&v.fold);
    kept_start(&v.kept);
    totals_start(&v.account_hashes, HASH, HASH);
    bool is_good = verify_all(&v, fault);
    fold_free(&v.fold);
    kept_free(&v.kept);
    totals_free(&v.account_hashes);
    free(v.scopes);
    free(v.account_noted);
    pages_close(&v.pages);
    return is_good;
}
