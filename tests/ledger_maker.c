#include "tests/ledger_maker.h"

#include "protocol/day.h"

#include <err.h>
#include <lmdb.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAP_SIZE      ((size_t)1 << 36)
#define PROVIDER      UINT64_C(40003000001)
#define GIVER         UINT64_C(90000000001)
#define TERM_DAY      20500 /* before every service */
#define DEFAULT_POINT 11

enum db { POSTINGS, TRANSACTIONS, TALLIES, HOLDS, ACCOUNTS, META, DB_COUNT };

struct ledger_maker {
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbis[DB_COUNT];
    struct ledger_head head;
};

static void must(int error, const char *what)
{
    if (error != 0)
        errx(1, "ledger maker: %s: %s", what, mdb_strerror(error));
}

static void big(uint8_t *out, uint64_t value, int size)
{
    for (int i = size - 1; i >= 0; i--, value >>= 8)
        out[i] = (uint8_t)value;
}

/* ---- rows ---- */

static void put(struct ledger_maker *m, enum db db, void *key, size_t key_size, void *row,
                size_t size)
{
    MDB_val k = {key_size, key}, v = {size, row};
    must(mdb_put(m->txn, m->dbis[db], &k, &v, 0), "put");
}

static const uint8_t *get(struct ledger_maker *m, enum db db, void *key, size_t key_size)
{
    MDB_val k = {key_size, key}, v;
    int error = mdb_get(m->txn, m->dbis[db], &k, &v);
    if (error == MDB_NOTFOUND)
        return NULL;
    must(error, "get");
    return v.mv_data;
}

static void transaction_key(uint8_t key[static TRANSACTION_KEY_SIZE], uint32_t terminal,
                            uint64_t id)
{
    big(key, terminal, 4);
    big(key + 4, id, 8);
}

static bool find(struct ledger_maker *m, struct transaction *out, uint32_t terminal, uint64_t id)
{
    uint8_t key[TRANSACTION_KEY_SIZE];
    transaction_key(key, terminal, id);
    const uint8_t *row = get(m, TRANSACTIONS, key, sizeof(key));
    if (row != NULL && !transaction_decode(out, row))
        errx(1, "ledger maker: a transaction");
    return row != NULL;
}

static void keep(struct ledger_maker *m, uint32_t terminal, uint64_t id, struct transaction *t)
{
    uint8_t key[TRANSACTION_KEY_SIZE], row[TRANSACTION_SIZE];
    transaction_key(key, terminal, id);
    transaction_encode(row, t);
    put(m, TRANSACTIONS, key, sizeof(key), row, sizeof(row));
}

static struct posting posting_at(struct ledger_maker *m, uint64_t sequence)
{
    uint8_t key[SEQUENCE_KEY_SIZE];
    struct posting posting;
    big(key, sequence, 8);
    const uint8_t *row = get(m, POSTINGS, key, sizeof(key));
    if (row == NULL || !posting_decode(&posting, row))
        errx(1, "ledger maker: no such posting");
    return posting;
}

static void hold_key(uint8_t key[static HOLD_KEY_SIZE], uint64_t deadline_ms, uint32_t terminal,
                     uint64_t id)
{
    big(key, deadline_ms, 8);
    transaction_key(key + 8, terminal, id);
}

/* ---- tallies ---- */

static void tally_key(uint8_t key[static TALLY_KEY_SIZE], uint64_t subject, uint32_t scope,
                      uint8_t period, uint32_t number)
{
    big(key, subject, 8);
    big(key + 8, scope, 4);
    key[12] = period;
    big(key + 13, number, 4);
}

static struct tally tally_at(struct ledger_maker *m, uint8_t key[static TALLY_KEY_SIZE])
{
    struct tally tally = {.used_uses = 0};
    const uint8_t *row = get(m, TALLIES, key, TALLY_KEY_SIZE);
    if (row != NULL && !tally_decode(&tally, row))
        errx(1, "ledger maker: a tally");
    return tally;
}

static void tally_add(struct ledger_maker *m, uint64_t subject, uint32_t scope, uint8_t period,
                      uint32_t day, const struct posting_part *part, int used, int held)
{
    uint8_t key[TALLY_KEY_SIZE], row[TALLY_SIZE];
    tally_key(key, subject, scope, period, period_number(period, day, TERM_DAY));
    struct tally tally = tally_at(m, key);
    tally.used_uses += (uint32_t)(used * part->use_count);
    tally.held_uses += (uint32_t)(held * part->use_count);
    tally.used_amount += (uint64_t)used * part->amount; /* of -1: modulo, as it should be */
    tally.held_amount += (uint64_t)held * part->amount;
    tally_encode(row, &tally);
    put(m, TALLIES, key, sizeof(key), row, sizeof(row));
}

/* Every period of a subject, days and months of all together. */
static void spend(struct ledger_maker *m, const struct posting *p,
                  const struct posting_part parts[], size_t count, int used, int held)
{
    uint32_t day = riga_day_of_time(p->service_time_s);
    for (size_t i = 0; i < count; i++) {
        uint8_t key[ACCOUNT_KEY_SIZE];
        struct account account;
        big(key, parts[i].account, 4);
        const uint8_t *row = get(m, ACCOUNTS, key, sizeof(key));
        if (row == NULL || !account_decode(&account, row))
            errx(1, "ledger maker: no such account");
        tally_add(m, 0, account.scope, PERIOD_DAY, day, &parts[i], used, held);
        tally_add(m, 0, account.scope, PERIOD_MONTH, day, &parts[i], used, held);
        for (uint8_t period = PERIOD_DAY; p->subject != 0 && period <= PERIOD_LIFETIME; period++)
            tally_add(m, p->subject, account.scope, period, day, &parts[i], used, held);
    }
}

/* ---- postings ---- */

static void digest(uint8_t out[static CHAIN_SIZE], const uint8_t *bytes, size_t size)
{
    crypto_generichash(out, CHAIN_SIZE, bytes, size, NULL, 0);
}

/* The subject's row: what was before, and what is now. */
static void chain_subject(struct ledger_maker *m, struct posting *p, int opened)
{
    uint8_t key[TALLY_KEY_SIZE], row[TALLY_SIZE];
    struct subject_head head = {.last = 0};
    if (p->subject == 0)
        return;
    tally_key(key, p->subject, 0, 0, 0);
    const uint8_t *there = get(m, TALLIES, key, sizeof(key));
    if (there != NULL && !subject_head_decode(&head, there))
        errx(1, "ledger maker: a subject's row");
    bool is_given =
        (p->kind == POSTING_USE || p->kind == POSTING_RESERVE || p->kind == POSTING_LATE) &&
        p->state != STATE_DENIED;
    p->skip = is_given && head.last != 0 ? (uint32_t)(p->sequence - head.walk_from) : 0;
    if (is_given || head.last == 0)
        head.walk_from = p->sequence;
    p->subject_before = head.last;
    uint32_t day = riga_day_of_time(p->service_time_s);
    head.day_most = day > head.day_most ? day : head.day_most;
    p->day_most = head.day_most;
    head.last = p->sequence;
    head.open_count += (uint32_t)opened;
    subject_head_encode(row, &head);
    put(m, TALLIES, key, sizeof(key), row, sizeof(row));
}

static void post(struct ledger_maker *m, struct posting *p, int opened)
{
    uint8_t key[SEQUENCE_KEY_SIZE], row[POSTING_SIZE], both[2 * CHAIN_SIZE];
    p->sequence = ++m->head.sequence;
    p->recorded_ms = m->head.clock_ms;
    chain_subject(m, p, opened);
    posting_encode(row, p);
    digest(p->content_hash, row, POSTING_CONTENT);
    memcpy(both, m->head.chain, CHAIN_SIZE);
    memcpy(both + CHAIN_SIZE, p->content_hash, CHAIN_SIZE);
    digest(p->chain, both, sizeof(both));
    memcpy(m->head.chain, p->chain, CHAIN_SIZE);
    posting_encode(row, p);
    big(key, p->sequence, 8);
    put(m, POSTINGS, key, sizeof(key), row, sizeof(row));
}

static void own_row(struct ledger_maker *m, const struct posting *p)
{
    struct transaction own = {
        .first = p->sequence, .last = p->sequence, .body = p->body, .kind = p->kind};
    keep(m, p->terminal, p->request_id, &own);
}

/* ---- purchases ---- */

static struct posting purchase(const struct ledger_maker *m, const struct made *made, uint8_t kind)
{
    struct posting p = {
        .kind = kind,
        .state = kind == POSTING_RESERVE ? STATE_RESERVED : STATE_CONFIRMED,
        .status = made->status != 0 ? made->status : 310,
        .terminal = made->terminal,
        .request_id = made->id,
        .product = 5,
        .subject = made->subject,
        .service_time_s =
            made->service_time_s != 0 ? made->service_time_s : (uint32_t)maker_now_s(m),
        .point_of_sale = made->point_of_sale != 0 ? made->point_of_sale : DEFAULT_POINT,
        .unit_price = 20000,
        .quantity = made->quantity,
        .means = 1,
        .part_count = 1,
        .flags = made->flags,
        .remaining = 65535,
        .split = 1,
        .body = made->id ^ 0xb0d7,
        .provider = PROVIDER,
        .relief = 900,
        .generation = 3,
        .parts = {{made->account, made->quantity, made->quantity, made->amount}},
    };
    if (made->account_2 != 0) {
        p.part_count = 2;
        p.parts[1] = (struct posting_part){made->account_2, 1, 1, made->amount / 2};
    }
    if (made->amount == 0) {
        p.state = STATE_DENIED;
        p.status = made->status != 0 ? made->status : 410;
        p.part_count = 0;
        memset(p.parts, 0, sizeof(p.parts));
    }
    return p;
}

static void buy(struct ledger_maker *m, struct posting *p, uint64_t deadline_ms)
{
    bool is_held = p->state == STATE_RESERVED, is_denied = p->state == STATE_DENIED;
    post(m, p, is_held);
    struct transaction t = {
        .first = p->sequence,
        .last = p->sequence,
        .body = p->body,
        .deadline_ms = is_held ? deadline_ms : 0,
        .kind = p->kind,
        .state = p->state,
        .part_count = p->part_count,
        .flags = p->flags,
        .quantity = is_denied ? 0 : p->quantity,
        .confirmed = is_denied || is_held ? 0 : p->quantity,
    };
    memcpy(t.parts, p->parts, sizeof(t.parts));
    keep(m, p->terminal, p->request_id, &t);
    spend(m, p, p->parts, p->part_count, !is_held, is_held);
    if (is_held) {
        uint8_t key[HOLD_KEY_SIZE], one = 1;
        hold_key(key, deadline_ms, p->terminal, p->request_id);
        put(m, HOLDS, key, sizeof(key), &one, 1);
    }
}

void maker_use(struct ledger_maker *m, struct made made)
{
    struct posting p = purchase(m, &made, POSTING_USE);
    buy(m, &p, 0);
}

void maker_late(struct ledger_maker *m, struct made made)
{
    struct posting p = purchase(m, &made, POSTING_LATE);
    p.flags |= FLAG_LATE;
    buy(m, &p, 0);
}

void maker_reserve(struct ledger_maker *m, struct made made, uint32_t hold_s)
{
    struct posting p = purchase(m, &made, POSTING_RESERVE);
    uint64_t deadline_ms = m->head.clock_ms + 1000 * (uint64_t)hold_s;
    if (p.state == STATE_RESERVED)
        p.until_s = (uint32_t)(deadline_ms / 1000);
    buy(m, &p, deadline_ms);
}

/* ---- what follows ---- */

static void drop_hold(struct ledger_maker *m, const struct transaction *t, uint32_t terminal,
                      uint64_t id)
{
    uint8_t key[HOLD_KEY_SIZE];
    MDB_val k = {sizeof(key), key};
    hold_key(key, t->deadline_ms, terminal, id);
    must(mdb_del(m->txn, m->dbis[HOLDS], &k, NULL), "no such hold");
}

/* About a purchase: all of it that a posting says again. */
static struct posting follower(struct ledger_maker *m, const struct transaction *t, uint8_t kind,
                               uint32_t terminal, uint64_t id, uint64_t target)
{
    struct posting p = posting_at(m, t->first);
    p.kind = kind;
    p.status = 421;
    p.terminal = kind == POSTING_EXPIRE ? 0 : terminal;
    p.request_id = id;
    p.target_id = target;
    p.target_terminal = terminal;
    p.body = id ^ 0xb0d7;
    p.flags = 0;
    p.remaining = p.split = 0;
    p.relief = p.until_s = 0;
    p.generation = 0;
    p.quantity = t->quantity;
    p.part_count = t->part_count;
    memcpy(p.parts, t->parts, sizeof(p.parts));
    return p;
}

/* q of n units: uses and units up, amount down; all of all. */
static void cut_parts(struct posting *p, uint16_t quantity)
{
    uint32_t of = p->quantity;
    for (size_t i = 0; i < p->part_count && quantity != of; i++) {
        struct posting_part *part = &p->parts[i];
        part->unit_count = (uint16_t)((part->unit_count * quantity + of - 1) / of);
        part->use_count = (uint16_t)((part->use_count * quantity + of - 1) / of);
        part->amount = part->amount * quantity / of;
    }
    p->quantity = quantity;
}

void maker_confirm(struct ledger_maker *m, uint32_t terminal, uint64_t id, uint64_t target,
                   uint16_t quantity)
{
    struct transaction t;
    if (!find(m, &t, terminal, target))
        errx(1, "ledger maker: nothing to confirm");
    struct posting p = follower(m, &t, POSTING_CONFIRM, terminal, id, target);
    bool is_held = t.state == STATE_RESERVED;
    if (is_held) {
        cut_parts(&p, quantity != 0 ? quantity : t.quantity);
    } else { /* it had expired: once more what was asked */
        struct posting first = posting_at(m, t.first);
        memcpy(p.parts, first.parts, sizeof(p.parts));
        p.quantity = first.quantity;
        p.flags = FLAG_LATE | FLAG_OVER_LIMIT;
        p.status = 422;
    }
    p.state = STATE_CONFIRMED;
    post(m, &p, is_held ? -1 : 0);
    own_row(m, &p);
    if (is_held) {
        drop_hold(m, &t, terminal, target);
        spend(m, &p, t.parts, t.part_count, 0, -1);
    }
    spend(m, &p, p.parts, p.part_count, 1, 0);
    t.last = p.sequence;
    t.deadline_ms = 0;
    t.state = STATE_CONFIRMED;
    t.flags |= p.flags;
    t.quantity = t.confirmed = p.quantity;
    memcpy(t.parts, p.parts, sizeof(t.parts));
    keep(m, terminal, target, &t);
}

static void release(struct ledger_maker *m, struct posting *p, struct transaction *t, uint8_t state,
                    uint32_t terminal, uint64_t target)
{
    p->state = state;
    post(m, p, -1);
    drop_hold(m, t, terminal, target);
    spend(m, p, t->parts, t->part_count, 0, -1);
    t->last = p->sequence;
    t->deadline_ms = 0;
    t->state = state;
    t->quantity = 0;
    for (size_t i = 0; i < t->part_count; i++)
        t->parts[i] = (struct posting_part){.account = t->parts[i].account};
    keep(m, terminal, target, t);
}

void maker_cancel(struct ledger_maker *m, uint32_t terminal, uint64_t id, uint64_t target)
{
    struct transaction t;
    if (find(m, &t, terminal, target)) {
        struct posting p = follower(m, &t, POSTING_CANCEL, terminal, id, target);
        p.status = 423;
        release(m, &p, &t, STATE_CANCELLED, terminal, target);
        own_row(m, &p);
        return;
    }
    struct posting p = {.kind = POSTING_CANCEL,
                        .state = STATE_CANCELLED,
                        .status = 423,
                        .terminal = terminal,
                        .request_id = id,
                        .target_id = target,
                        .target_terminal = terminal,
                        .body = id ^ 0xb0d7};
    post(m, &p, 0);
    own_row(m, &p);
    t = (struct transaction){
        .first = p.sequence, .last = p.sequence, .kind = POSTING_CANCEL, .state = STATE_CANCELLED};
    keep(m, terminal, target, &t);
}

void maker_expire(struct ledger_maker *m, uint32_t terminal, uint64_t target)
{
    struct transaction t;
    if (!find(m, &t, terminal, target))
        errx(1, "ledger maker: nothing to expire");
    struct posting p = follower(m, &t, POSTING_EXPIRE, terminal, 0, target);
    p.status = 0;
    p.body = 0;
    release(m, &p, &t, STATE_EXPIRED, terminal, target);
}

void maker_refund(struct ledger_maker *m, uint32_t terminal, uint64_t id, uint64_t target,
                  uint16_t quantity)
{
    struct transaction t;
    if (!find(m, &t, terminal, target))
        errx(1, "ledger maker: nothing to refund");
    struct posting p = follower(m, &t, POSTING_REFUND, terminal, id, target);
    cut_parts(&p, quantity != 0 ? quantity : t.quantity);
    t.quantity = (uint16_t)(t.quantity - p.quantity);
    for (size_t i = 0; i < t.part_count; i++) {
        t.parts[i].unit_count = (uint16_t)(t.parts[i].unit_count - p.parts[i].unit_count);
        t.parts[i].use_count = (uint16_t)(t.parts[i].use_count - p.parts[i].use_count);
        t.parts[i].amount -= p.parts[i].amount;
    }
    t.state = p.state = t.quantity == 0 ? STATE_REFUNDED : STATE_CONFIRMED;
    p.status = t.quantity == 0 ? 425 : 421;
    post(m, &p, 0);
    own_row(m, &p);
    spend(m, &p, p.parts, p.part_count, -1, 0);
    t.last = p.sequence;
    keep(m, terminal, target, &t);
}

/* ---- the ledger's own notes ---- */

static uint32_t add_account(struct ledger_maker *m, uint32_t scope, uint32_t contract,
                            const char *relief, const struct split *split)
{
    uint8_t key[ACCOUNT_KEY_SIZE], row[ACCOUNT_SIZE], hash[CHAIN_SIZE];
    struct account account = {
        .code = 900 + scope + contract,
        .contract = contract,
        .scope = scope,
        .giver = GIVER,
        .provider = PROVIDER,
        .split = *split,
    };
    snprintf(account.relief, sizeof(account.relief), "%s", relief);
    account_encode(row, &account);
    digest(hash, row, sizeof(row));
    struct posting p = {.kind = POSTING_ACCOUNT,
                        .body = load_u64(hash),
                        .part_count = 1,
                        .parts = {{.account = ++m->head.account_count}}};
    big(key, m->head.account_count, 4);
    put(m, ACCOUNTS, key, sizeof(key), row, sizeof(row));
    post(m, &p, 0);
    return m->head.account_count;
}

uint32_t maker_account(struct ledger_maker *m, uint32_t scope, uint32_t contract,
                       const char *relief)
{
    static const struct split split = {
        .code = 1,
        .part_count = 2,
        .parts = {{PROVIDER, SPLIT_PERCENT, 3000}, {GIVER, SPLIT_REST, 0}}};
    return add_account(m, scope, contract, relief, &split);
}

uint32_t maker_account_turned(struct ledger_maker *m, uint32_t scope, uint32_t contract,
                              const char *relief)
{
    static const struct split split = {
        .code = 2,
        .part_count = 2,
        .parts = {{GIVER, SPLIT_PERCENT, 3000}, {PROVIDER, SPLIT_REST, 0}}};
    return add_account(m, scope, contract, relief, &split);
}

void maker_note(struct ledger_maker *m, uint8_t kind, uint32_t scope, uint64_t spent)
{
    uint32_t day = riga_day_of_time(maker_now_s(m));
    uint32_t number = period_number(PERIOD_MONTH, day, 0);
    struct posting p = {.kind = kind,
                        .relief = scope,
                        .target_terminal = PERIOD_MONTH,
                        .target_id = number,
                        .service_time_s = (uint32_t)maker_now_s(m),
                        .part_count = 1,
                        .parts = {{.amount = spent}}};
    post(m, &p, 0);
    if (kind != POSTING_STOP)
        return;
    uint8_t key[TALLY_KEY_SIZE], row[TALLY_SIZE];
    tally_key(key, 0, scope, PERIOD_MONTH, number);
    struct tally tally = tally_at(m, key);
    tally.stopped = 1;
    tally_encode(row, &tally);
    put(m, TALLIES, key, sizeof(key), row, sizeof(row));
}

void maker_empty(struct ledger_maker *m, uint64_t sequence)
{
    uint8_t key[SEQUENCE_KEY_SIZE], row[POSTING_SIZE];
    struct posting p = posting_at(m, sequence);
    p.kind = POSTING_PRUNED;
    posting_encode(row, &p);
    big(key, sequence, 8);
    put(m, POSTINGS, key, sizeof(key), row, sizeof(row));
}

/* ---- the whole ---- */

static void begin(struct ledger_maker *m)
{
    must(mdb_txn_begin(m->env, NULL, 0, &m->txn), "begin");
}

struct ledger_maker *maker_open(const char *directory)
{
    static const char *const names[DB_COUNT] = {DB_POSTINGS, DB_TRANSACTIONS, DB_TALLIES,
                                                DB_HOLDS,    DB_ACCOUNTS,     DB_META};
    char path[4096], head_key[] = "head";
    struct ledger_maker *m = calloc(1, sizeof(*m));
    snprintf(path, sizeof(path), "%s/" LEDGER_FILE, directory);
    if (m == NULL || sodium_init() < 0)
        errx(1, "ledger maker: no memory");
    must(mdb_env_create(&m->env), "create");
    must(mdb_env_set_maxdbs(m->env, DB_COUNT), "databases");
    must(mdb_env_set_mapsize(m->env, MAP_SIZE), "map");
    must(mdb_env_open(m->env, path, MDB_NOSUBDIR | MDB_NOSYNC, 0600), path);
    begin(m);
    for (int i = 0; i < DB_COUNT; i++)
        must(mdb_dbi_open(m->txn, names[i], MDB_CREATE, &m->dbis[i]), names[i]);
    const uint8_t *row = get(m, META, head_key, 4);
    if (row == NULL)
        m->head = (struct ledger_head){.format = LEDGER_FORMAT,
                                       .environment = MAKER_ENVIRONMENT,
                                       .clock_ms = 1000 * MAKER_START_S,
                                       .subject_key = MAKER_SUBJECT_KEY};
    else if (!ledger_head_decode(&m->head, row))
        errx(1, "ledger maker: the head");
    return m;
}

void maker_commit(struct ledger_maker *m)
{
    char head_key[] = "head";
    uint8_t row[LEDGER_HEAD_SIZE];
    ledger_head_encode(row, &m->head);
    put(m, META, head_key, 4, row, sizeof(row));
    must(mdb_txn_commit(m->txn), "commit");
    begin(m);
}

void maker_close(struct ledger_maker *m)
{
    maker_commit(m);
    mdb_txn_abort(m->txn);
    mdb_env_close(m->env);
    free(m);
}

void maker_remove(struct ledger_maker *m, uint64_t sequence)
{
    for (uint64_t at = m->head.pruned + 1; at <= sequence; at++) {
        uint8_t bytes[SEQUENCE_KEY_SIZE];
        MDB_val key = {sizeof(bytes), bytes};
        struct posting posting = posting_at(m, at);
        memcpy(m->head.pruned_chain, posting.chain, CHAIN_SIZE);
        big(bytes, at, 8);
        must(mdb_del(m->txn, m->dbis[POSTINGS], &key, NULL), "del");
    }
    m->head.pruned = sequence;
}

const struct ledger_head *maker_head(const struct ledger_maker *m)
{
    return &m->head;
}

void maker_set_subject_key(struct ledger_maker *m, uint64_t check_value)
{
    m->head.subject_key = check_value;
}

void maker_wait(struct ledger_maker *m, uint64_t ms)
{
    m->head.clock_ms += ms;
}

uint64_t maker_now_s(const struct ledger_maker *m)
{
    return m->head.clock_ms / 1000;
}

/* Parts of maker_one_of_each; numbers are those of the postings. */
static void buy_and_confirm(struct ledger_maker *m, uint32_t bus, uint32_t lunch)
{
    maker_use(m, (struct made){.terminal = 1,
                               .id = 1,
                               .subject = 101,
                               .account = bus,
                               .quantity = 2,
                               .amount = 20000});                        /* 3 */
    maker_use(m, (struct made){.terminal = 1, .id = 2, .subject = 102}); /* 4: denied */
    maker_wait(m, 1500);
    maker_reserve(m,
                  (struct made){.terminal = 1,
                                .id = 3,
                                .subject = 101,
                                .account = bus,
                                .account_2 = lunch,
                                .quantity = 3,
                                .amount = 30001},
                  60);
    maker_confirm(m, 1, 4, 3, 2); /* 6 */
}

static void cancel_and_run_out(struct ledger_maker *m, uint32_t lunch)
{
    maker_reserve(m,
                  (struct made){.terminal = 2,
                                .id = 1,
                                .subject = 103,
                                .account = lunch,
                                .quantity = 1,
                                .amount = 15450},
                  60);
    maker_cancel(m, 2, 2, 1); /* 8 */
    maker_reserve(m,
                  (struct made){.terminal = 2,
                                .id = 3,
                                .subject = 103,
                                .account = lunch,
                                .quantity = 1,
                                .amount = 15450},
                  60);
    maker_wait(m, 60000);
    maker_expire(m, 2, 3); /* 10 */
}

static void give_back_and_come_late(struct ledger_maker *m, uint32_t bus, uint32_t lunch,
                                    uint32_t long_ago_s)
{
    maker_refund(m, 1, 5, 1, 1);
    maker_refund(m, 1, 6, 3, 0); /* 12 */
    maker_late(m, (struct made){.terminal = 1,
                                .id = 7,
                                .subject = 102,
                                .account = bus,
                                .quantity = 1,
                                .amount = 9999,
                                .service_time_s = long_ago_s,
                                .flags = FLAG_OVER_LIMIT,
                                .status = 422});
    maker_cancel(m, 3, 1, 99); /* 14: a tombstone */
    maker_use(m, (struct made){.terminal = 0,
                               .id = 8,
                               .subject = 0,
                               .account = lunch,
                               .quantity = 1,
                               .amount = 100,
                               .point_of_sale = 12});
}

static void stop_hold_and_deny(struct ledger_maker *m, uint32_t bus)
{
    maker_note(m, POSTING_WARN, 2, 100); /* 16 */
    maker_note(m, POSTING_STOP, 2, 100);
    maker_confirm(m, 2, 9, 3, 0); /* 18: had expired */
    maker_reserve(
        m,
        (struct made){
            .terminal = 2, .id = 10, .subject = 102, .account = bus, .quantity = 1, .amount = 5000},
        600);
    maker_use(m, (struct made){.terminal = 2, .id = 11, .subject = 104}); /* 20: denied */
    maker_use(m, (struct made){.terminal = 2, .id = 12, .subject = 105}); /* 21: denied, emptied */
}

void maker_one_of_each(const char *directory)
{
    struct ledger_maker *m = maker_open(directory);
    uint32_t bus = maker_account(m, 1, 77, "BUS"), lunch = maker_account(m, 2, 0, "LUNCH");
    uint32_t long_ago_s = (uint32_t)maker_now_s(m) - 90000;
    buy_and_confirm(m, bus, lunch);
    maker_wait(m, 86400000);
    cancel_and_run_out(m, lunch);
    give_back_and_come_late(m, bus, lunch, long_ago_s);
    stop_hold_and_deny(m, bus);
    maker_empty(m, 21);
    maker_empty(m, 4);
    maker_close(m);
}
