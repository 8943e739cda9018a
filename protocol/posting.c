#include "protocol/posting.h"

#include <assert.h>
#include <string.h>

#define DAYS_PER_WEEK      7
#define MONDAY             4 /* day 4 is 1970-01-05 */
#define MONTHS_PER_YEAR    12
#define SCHOOL_YEAR_BEGINS 9 /* the month */

enum { PART_SIZE = 16 };

enum {
    PART_ACCOUNT = 0,    /* u32 */
    PART_UNIT_COUNT = 4, /* u16 */
    PART_USE_COUNT = 6,  /* u16 */
    PART_AMOUNT = 8,     /* u64 */
    PART_END = 16,
};
static_assert(PART_UNIT_COUNT == PART_ACCOUNT + 4, "part fields touch");
static_assert(PART_USE_COUNT == PART_UNIT_COUNT + 2, "part fields touch");
static_assert(PART_AMOUNT == PART_USE_COUNT + 2, "part fields touch");
static_assert(PART_END == PART_AMOUNT + 8, "part fields touch");
static_assert((int)PART_END == PART_SIZE, "part fields fill the record");

enum {
    POSTING_AT_SEQUENCE = 0,         /* u64 */
    POSTING_AT_KIND = 8,             /* u8 */
    POSTING_AT_STATE = 9,            /* u8 */
    POSTING_AT_STATUS = 10,          /* u16 */
    POSTING_AT_TERMINAL = 12,        /* u32 */
    POSTING_AT_REQUEST_ID = 16,      /* u64 */
    POSTING_AT_TARGET_ID = 24,       /* u64 */
    POSTING_AT_TARGET_TERMINAL = 32, /* u32 */
    POSTING_AT_PRODUCT = 36,         /* u32 */
    POSTING_AT_SUBJECT = 40,         /* u64 */
    POSTING_AT_RECORDED_MS = 48,     /* u64 */
    POSTING_AT_SERVICE_TIME_S = 56,  /* u32 */
    POSTING_AT_POINT_OF_SALE = 60,   /* u32 */
    POSTING_AT_UNIT_PRICE = 64,      /* u32 */
    POSTING_AT_QUANTITY = 68,        /* u16 */
    POSTING_AT_COMPANIONS = 70,      /* u8 */
    POSTING_AT_ENTRY = 71,           /* u8 */
    POSTING_AT_MEANS = 72,           /* u8 */
    POSTING_AT_PART_COUNT = 73,      /* u8 */
    POSTING_AT_FLAGS = 74,           /* u16 */
    POSTING_AT_REMAINING = 76,       /* u16 */
    POSTING_AT_SPLIT = 78,           /* u16 */
    POSTING_AT_BODY = 80,            /* u64 */
    POSTING_AT_PROVIDER = 88,        /* u64 */
    POSTING_AT_DAY_MOST = 96,        /* u32 */
    POSTING_AT_RELIEF = 100,         /* u32 */
    POSTING_AT_UNTIL_S = 104,        /* u32 */
    POSTING_AT_SKIP = 108,           /* u32 */
    POSTING_AT_SUBJECT_BEFORE = 112, /* u64 */
    POSTING_AT_GENERATION = 120,     /* u64 */
    POSTING_AT_PARTS = 128,          /* 4 times a part; those not in use zero */
    POSTING_AT_CONTENT_HASH = 192,   /* 32 bytes */
    POSTING_AT_CHAIN = 224,          /* 32 bytes */
    POSTING_AT_END = 256,
};
static_assert(POSTING_AT_KIND == POSTING_AT_SEQUENCE + 8, "posting fields touch");
static_assert(POSTING_AT_STATE == POSTING_AT_KIND + 1, "posting fields touch");
static_assert(POSTING_AT_STATUS == POSTING_AT_STATE + 1, "posting fields touch");
static_assert(POSTING_AT_TERMINAL == POSTING_AT_STATUS + 2, "posting fields touch");
static_assert(POSTING_AT_REQUEST_ID == POSTING_AT_TERMINAL + 4, "posting fields touch");
static_assert(POSTING_AT_TARGET_ID == POSTING_AT_REQUEST_ID + 8, "posting fields touch");
static_assert(POSTING_AT_TARGET_TERMINAL == POSTING_AT_TARGET_ID + 8, "posting fields touch");
static_assert(POSTING_AT_PRODUCT == POSTING_AT_TARGET_TERMINAL + 4, "posting fields touch");
static_assert(POSTING_AT_SUBJECT == POSTING_AT_PRODUCT + 4, "posting fields touch");
static_assert(POSTING_AT_RECORDED_MS == POSTING_AT_SUBJECT + 8, "posting fields touch");
static_assert(POSTING_AT_SERVICE_TIME_S == POSTING_AT_RECORDED_MS + 8, "posting fields touch");
static_assert(POSTING_AT_POINT_OF_SALE == POSTING_AT_SERVICE_TIME_S + 4, "posting fields touch");
static_assert(POSTING_AT_UNIT_PRICE == POSTING_AT_POINT_OF_SALE + 4, "posting fields touch");
static_assert(POSTING_AT_QUANTITY == POSTING_AT_UNIT_PRICE + 4, "posting fields touch");
static_assert(POSTING_AT_COMPANIONS == POSTING_AT_QUANTITY + 2, "posting fields touch");
static_assert(POSTING_AT_ENTRY == POSTING_AT_COMPANIONS + 1, "posting fields touch");
static_assert(POSTING_AT_MEANS == POSTING_AT_ENTRY + 1, "posting fields touch");
static_assert(POSTING_AT_PART_COUNT == POSTING_AT_MEANS + 1, "posting fields touch");
static_assert(POSTING_AT_FLAGS == POSTING_AT_PART_COUNT + 1, "posting fields touch");
static_assert(POSTING_AT_REMAINING == POSTING_AT_FLAGS + 2, "posting fields touch");
static_assert(POSTING_AT_SPLIT == POSTING_AT_REMAINING + 2, "posting fields touch");
static_assert(POSTING_AT_BODY == POSTING_AT_SPLIT + 2, "posting fields touch");
static_assert(POSTING_AT_PROVIDER == POSTING_AT_BODY + 8, "posting fields touch");
static_assert(POSTING_AT_DAY_MOST == POSTING_AT_PROVIDER + 8, "posting fields touch");
static_assert(POSTING_AT_RELIEF == POSTING_AT_DAY_MOST + 4, "posting fields touch");
static_assert(POSTING_AT_UNTIL_S == POSTING_AT_RELIEF + 4, "posting fields touch");
static_assert(POSTING_AT_SKIP == POSTING_AT_UNTIL_S + 4, "posting fields touch");
static_assert(POSTING_AT_SUBJECT_BEFORE == POSTING_AT_SKIP + 4, "posting fields touch");
static_assert(POSTING_AT_GENERATION == POSTING_AT_SUBJECT_BEFORE + 8, "posting fields touch");
static_assert(POSTING_AT_PARTS == POSTING_AT_GENERATION + 8, "posting fields touch");
static_assert(POSTING_AT_CONTENT_HASH == POSTING_AT_PARTS + 64, "posting fields touch");
static_assert(POSTING_AT_CHAIN == POSTING_AT_CONTENT_HASH + 32, "posting fields touch");
static_assert(POSTING_AT_END == POSTING_AT_CHAIN + 32, "posting fields touch");
static_assert((int)POSTING_AT_END == POSTING_SIZE, "posting fields fill the record");

enum {
    ACCOUNT_CODE = 0,         /* u32 */
    ACCOUNT_CONTRACT = 4,     /* u32 */
    ACCOUNT_SCOPE = 8,        /* u32 */
    ACCOUNT_RESERVED = 12,    /* 4 bytes, zero */
    ACCOUNT_GIVER = 16,       /* u64 */
    ACCOUNT_PROVIDER = 24,    /* u64 */
    ACCOUNT_RELIEF = 32,      /* name, filled with zeros */
    ACCOUNT_SPLIT = 64,       /* as in a snapshot; zeros: none */
    ACCOUNT_RESERVED_2 = 136, /* 24 bytes, zero */
    ACCOUNT_END = 160,
};
static_assert(ACCOUNT_CONTRACT == ACCOUNT_CODE + 4, "account fields touch");
static_assert(ACCOUNT_SCOPE == ACCOUNT_CONTRACT + 4, "account fields touch");
static_assert(ACCOUNT_RESERVED == ACCOUNT_SCOPE + 4, "account fields touch");
static_assert(ACCOUNT_GIVER == ACCOUNT_RESERVED + 4, "account fields touch");
static_assert(ACCOUNT_PROVIDER == ACCOUNT_GIVER + 8, "account fields touch");
static_assert(ACCOUNT_RELIEF == ACCOUNT_PROVIDER + 8, "account fields touch");
static_assert(ACCOUNT_SPLIT == ACCOUNT_RELIEF + 32, "account fields touch");
static_assert(ACCOUNT_RESERVED_2 == ACCOUNT_SPLIT + 72, "account fields touch");
static_assert(ACCOUNT_END == ACCOUNT_RESERVED_2 + 24, "account fields touch");
static_assert((int)ACCOUNT_END == ACCOUNT_SIZE, "account fields fill the record");

enum {
    TRANSACTION_FIRST = 0,        /* u64 */
    TRANSACTION_LAST = 8,         /* u64 */
    TRANSACTION_BODY = 16,        /* u64 */
    TRANSACTION_DEADLINE_MS = 24, /* u64 */
    TRANSACTION_KIND = 32,        /* u8 */
    TRANSACTION_STATE = 33,       /* u8 */
    TRANSACTION_PART_COUNT = 34,  /* u8 */
    TRANSACTION_RESERVED = 35,    /* zero */
    TRANSACTION_FLAGS = 36,       /* u16 */
    TRANSACTION_QUANTITY = 38,    /* u16 */
    TRANSACTION_CONFIRMED = 40,   /* u16 */
    TRANSACTION_RESERVED_2 = 42,  /* 6 bytes, zero */
    TRANSACTION_PARTS = 48,       /* as in a posting */
    TRANSACTION_END = 112,
};
static_assert(TRANSACTION_LAST == TRANSACTION_FIRST + 8, "transaction fields touch");
static_assert(TRANSACTION_BODY == TRANSACTION_LAST + 8, "transaction fields touch");
static_assert(TRANSACTION_DEADLINE_MS == TRANSACTION_BODY + 8, "transaction fields touch");
static_assert(TRANSACTION_KIND == TRANSACTION_DEADLINE_MS + 8, "transaction fields touch");
static_assert(TRANSACTION_STATE == TRANSACTION_KIND + 1, "transaction fields touch");
static_assert(TRANSACTION_PART_COUNT == TRANSACTION_STATE + 1, "transaction fields touch");
static_assert(TRANSACTION_RESERVED == TRANSACTION_PART_COUNT + 1, "transaction fields touch");
static_assert(TRANSACTION_FLAGS == TRANSACTION_RESERVED + 1, "transaction fields touch");
static_assert(TRANSACTION_QUANTITY == TRANSACTION_FLAGS + 2, "transaction fields touch");
static_assert(TRANSACTION_CONFIRMED == TRANSACTION_QUANTITY + 2, "transaction fields touch");
static_assert(TRANSACTION_RESERVED_2 == TRANSACTION_CONFIRMED + 2, "transaction fields touch");
static_assert(TRANSACTION_PARTS == TRANSACTION_RESERVED_2 + 6, "transaction fields touch");
static_assert(TRANSACTION_END == TRANSACTION_PARTS + 64, "transaction fields touch");
static_assert((int)TRANSACTION_END == TRANSACTION_SIZE, "transaction fields fill the record");

enum {
    TALLY_USED_USES = 0,    /* u32 */
    TALLY_HELD_USES = 4,    /* u32 */
    TALLY_USED_AMOUNT = 8,  /* u64 */
    TALLY_HELD_AMOUNT = 16, /* u64 */
    TALLY_STOPPED = 24,     /* u8 */
    TALLY_RESERVED = 25,    /* 7 bytes, zero */
    TALLY_END = 32,
};
static_assert(TALLY_HELD_USES == TALLY_USED_USES + 4, "tally fields touch");
static_assert(TALLY_USED_AMOUNT == TALLY_HELD_USES + 4, "tally fields touch");
static_assert(TALLY_HELD_AMOUNT == TALLY_USED_AMOUNT + 8, "tally fields touch");
static_assert(TALLY_STOPPED == TALLY_HELD_AMOUNT + 8, "tally fields touch");
static_assert(TALLY_RESERVED == TALLY_STOPPED + 1, "tally fields touch");
static_assert(TALLY_END == TALLY_RESERVED + 7, "tally fields touch");
static_assert((int)TALLY_END == TALLY_SIZE, "tally fields fill the record");

enum {
    SUBJECT_LAST = 0,       /* u64 */
    SUBJECT_OPEN_COUNT = 8, /* u32 */
    SUBJECT_DAY_MOST = 12,  /* u32 */
    SUBJECT_WALK_FROM = 16, /* u64 */
    SUBJECT_RESERVED = 24,  /* 8 bytes, zero */
    SUBJECT_END = 32,
};
static_assert(SUBJECT_OPEN_COUNT == SUBJECT_LAST + 8, "subject head fields touch");
static_assert(SUBJECT_DAY_MOST == SUBJECT_OPEN_COUNT + 4, "subject head fields touch");
static_assert(SUBJECT_WALK_FROM == SUBJECT_DAY_MOST + 4, "subject head fields touch");
static_assert(SUBJECT_RESERVED == SUBJECT_WALK_FROM + 8, "subject head fields touch");
static_assert(SUBJECT_END == SUBJECT_RESERVED + 8, "subject head fields touch");
static_assert((int)SUBJECT_END == TALLY_SIZE, "subject head fields fill the record");

enum {
    HEAD_FORMAT = 0,         /* u32 */
    HEAD_ENVIRONMENT = 4,    /* u32 */
    HEAD_SEQUENCE = 8,       /* u64 */
    HEAD_CLOCK_MS = 16,      /* u64 */
    HEAD_SUBJECT_KEY = 24,   /* u64 */
    HEAD_PRUNED = 32,        /* u64 */
    HEAD_ACCOUNT_COUNT = 40, /* u32 */
    HEAD_RESERVED = 44,      /* 4 bytes, zero */
    HEAD_CHAIN = 48,         /* 32 bytes */
    HEAD_PRUNED_CHAIN = 80,  /* 32 bytes */
    HEAD_RESERVED_2 = 112,   /* 16 bytes, zero */
    HEAD_END = 128,
};
static_assert(HEAD_ENVIRONMENT == HEAD_FORMAT + 4, "ledger head fields touch");
static_assert(HEAD_SEQUENCE == HEAD_ENVIRONMENT + 4, "ledger head fields touch");
static_assert(HEAD_CLOCK_MS == HEAD_SEQUENCE + 8, "ledger head fields touch");
static_assert(HEAD_SUBJECT_KEY == HEAD_CLOCK_MS + 8, "ledger head fields touch");
static_assert(HEAD_PRUNED == HEAD_SUBJECT_KEY + 8, "ledger head fields touch");
static_assert(HEAD_ACCOUNT_COUNT == HEAD_PRUNED + 8, "ledger head fields touch");
static_assert(HEAD_RESERVED == HEAD_ACCOUNT_COUNT + 4, "ledger head fields touch");
static_assert(HEAD_CHAIN == HEAD_RESERVED + 4, "ledger head fields touch");
static_assert(HEAD_PRUNED_CHAIN == HEAD_CHAIN + 32, "ledger head fields touch");
static_assert(HEAD_RESERVED_2 == HEAD_PRUNED_CHAIN + 32, "ledger head fields touch");
static_assert(HEAD_END == HEAD_RESERVED_2 + 16, "ledger head fields touch");
static_assert((int)HEAD_END == LEDGER_HEAD_SIZE, "ledger head fields fill the record");

/* ---- parts: in postings and transactions ---- */

static bool parts_are_sane(const struct posting_part parts[static POSTING_PART_COUNT_MAX],
                           uint8_t part_count)
{
    if (part_count > POSTING_PART_COUNT_MAX)
        return false;
    for (size_t i = 0; i < POSTING_PART_COUNT_MAX; i++) {
        const struct posting_part *p = &parts[i];
        bool is_empty =
            p->account == 0 && p->unit_count == 0 && p->use_count == 0 && p->amount == 0;
        if (i >= part_count ? !is_empty : p->use_count > p->unit_count)
            return false;
    }
    return true;
}

static void parts_encode(uint8_t *bytes, const struct posting_part parts[])
{
    for (size_t i = 0; i < POSTING_PART_COUNT_MAX; i++, bytes += PART_SIZE) {
        store_u32(bytes + PART_ACCOUNT, parts[i].account);
        store_u16(bytes + PART_UNIT_COUNT, parts[i].unit_count);
        store_u16(bytes + PART_USE_COUNT, parts[i].use_count);
        store_u64(bytes + PART_AMOUNT, parts[i].amount);
    }
}

static void parts_decode(struct posting_part parts[], const uint8_t *bytes)
{
    for (size_t i = 0; i < POSTING_PART_COUNT_MAX; i++, bytes += PART_SIZE)
        parts[i] = (struct posting_part){
            .account = load_u32(bytes + PART_ACCOUNT),
            .unit_count = load_u16(bytes + PART_UNIT_COUNT),
            .use_count = load_u16(bytes + PART_USE_COUNT),
            .amount = load_u64(bytes + PART_AMOUNT),
        };
}

/* ---- postings ---- */

bool posting_is_given(const struct posting *p)
{
    return (p->kind == POSTING_USE || p->kind == POSTING_RESERVE || p->kind == POSTING_LATE) &&
           p->state != STATE_DENIED;
}

static bool posting_is_sane(const struct posting *p)
{
    bool is_kind = (p->kind >= POSTING_USE && p->kind <= POSTING_LAST) || p->kind == POSTING_PRUNED;
    bool is_skip = p->skip == 0 || (posting_is_given(p) && p->skip < p->sequence);
    return p->sequence != 0 && is_kind && p->state <= STATE_LAST && p->flags <= FLAGS_ALL &&
           p->subject_before < p->sequence && is_skip && parts_are_sane(p->parts, p->part_count);
}

static void posting_store(uint8_t row[static POSTING_SIZE], const struct posting *in)
{
    store_u64(row + POSTING_AT_SEQUENCE, in->sequence);
    row[POSTING_AT_KIND] = in->kind;
    row[POSTING_AT_STATE] = in->state;
    store_u16(row + POSTING_AT_STATUS, in->status);
    store_u32(row + POSTING_AT_TERMINAL, in->terminal);
    store_u64(row + POSTING_AT_REQUEST_ID, in->request_id);
    store_u64(row + POSTING_AT_TARGET_ID, in->kind == POSTING_RESERVE ? in->terms : in->target_id);
    store_u32(row + POSTING_AT_TARGET_TERMINAL, in->target_terminal);
    store_u32(row + POSTING_AT_PRODUCT, in->product);
    store_u64(row + POSTING_AT_SUBJECT, in->subject);
    store_u64(row + POSTING_AT_RECORDED_MS, in->recorded_ms);
    store_u32(row + POSTING_AT_SERVICE_TIME_S, in->service_time_s);
    store_u32(row + POSTING_AT_POINT_OF_SALE, in->point_of_sale);
    store_u32(row + POSTING_AT_UNIT_PRICE, in->unit_price);
    store_u16(row + POSTING_AT_QUANTITY, in->quantity);
    row[POSTING_AT_COMPANIONS] = in->companions;
    row[POSTING_AT_ENTRY] = in->entry;
    row[POSTING_AT_MEANS] = in->means;
    row[POSTING_AT_PART_COUNT] = in->part_count;
    store_u16(row + POSTING_AT_FLAGS, in->flags);
    store_u16(row + POSTING_AT_REMAINING, in->remaining);
    store_u16(row + POSTING_AT_SPLIT, in->split);
    store_u64(row + POSTING_AT_BODY, in->body);
    store_u64(row + POSTING_AT_PROVIDER, in->provider);
    store_u32(row + POSTING_AT_DAY_MOST, in->day_most);
    store_u32(row + POSTING_AT_RELIEF, in->relief);
    store_u32(row + POSTING_AT_UNTIL_S, in->until_s);
    store_u32(row + POSTING_AT_SKIP, in->skip);
    store_u64(row + POSTING_AT_SUBJECT_BEFORE, in->subject_before);
    store_u64(row + POSTING_AT_GENERATION, in->generation);
    parts_encode(row + POSTING_AT_PARTS, in->parts);
    memcpy(row + POSTING_AT_CONTENT_HASH, in->content_hash, CHAIN_SIZE);
    memcpy(row + POSTING_AT_CHAIN, in->chain, CHAIN_SIZE);
}
static_assert((int)POSTING_AT_CONTENT_HASH == POSTING_CONTENT, "what is hashed ends there");

static void posting_load(struct posting *out, const uint8_t row[static POSTING_SIZE])
{
    out->sequence = load_u64(row + POSTING_AT_SEQUENCE);
    out->kind = row[POSTING_AT_KIND];
    out->state = row[POSTING_AT_STATE];
    out->status = load_u16(row + POSTING_AT_STATUS);
    out->terminal = load_u32(row + POSTING_AT_TERMINAL);
    out->request_id = load_u64(row + POSTING_AT_REQUEST_ID);
    uint64_t target_id = load_u64(row + POSTING_AT_TARGET_ID);
    out->target_id = out->kind == POSTING_RESERVE ? 0 : target_id;
    out->terms = out->kind == POSTING_RESERVE ? target_id : 0;
    out->target_terminal = load_u32(row + POSTING_AT_TARGET_TERMINAL);
    out->product = load_u32(row + POSTING_AT_PRODUCT);
    out->subject = load_u64(row + POSTING_AT_SUBJECT);
    out->recorded_ms = load_u64(row + POSTING_AT_RECORDED_MS);
    out->service_time_s = load_u32(row + POSTING_AT_SERVICE_TIME_S);
    out->point_of_sale = load_u32(row + POSTING_AT_POINT_OF_SALE);
    out->unit_price = load_u32(row + POSTING_AT_UNIT_PRICE);
    out->quantity = load_u16(row + POSTING_AT_QUANTITY);
    out->companions = row[POSTING_AT_COMPANIONS];
    out->entry = row[POSTING_AT_ENTRY];
    out->means = row[POSTING_AT_MEANS];
    out->part_count = row[POSTING_AT_PART_COUNT];
    out->flags = load_u16(row + POSTING_AT_FLAGS);
    out->remaining = load_u16(row + POSTING_AT_REMAINING);
    out->split = load_u16(row + POSTING_AT_SPLIT);
    out->body = load_u64(row + POSTING_AT_BODY);
    out->provider = load_u64(row + POSTING_AT_PROVIDER);
    out->day_most = load_u32(row + POSTING_AT_DAY_MOST);
    out->relief = load_u32(row + POSTING_AT_RELIEF);
    out->until_s = load_u32(row + POSTING_AT_UNTIL_S);
    out->skip = load_u32(row + POSTING_AT_SKIP);
    out->subject_before = load_u64(row + POSTING_AT_SUBJECT_BEFORE);
    out->generation = load_u64(row + POSTING_AT_GENERATION);
    parts_decode(out->parts, row + POSTING_AT_PARTS);
    memcpy(out->content_hash, row + POSTING_AT_CONTENT_HASH, CHAIN_SIZE);
    memcpy(out->chain, row + POSTING_AT_CHAIN, CHAIN_SIZE);
}

/* 16 bits of each part: how many days before the day of service it had begun, and one. */
#define TERM_BITS 16

void posting_set_term_day(struct posting *posting, uint32_t index, uint32_t term_day)
{
    uint32_t day = riga_day_of_time(posting->service_time_s);
    assert(index < POSTING_PART_COUNT_MAX);
    uint64_t age = term_day <= day ? (uint64_t)day - term_day + 1 : 0;
    if (age > UINT16_MAX)
        age = 0;
    posting->terms &= ~(UINT64_C(0xffff) << TERM_BITS * index);
    posting->terms |= age << TERM_BITS * index;
}

uint32_t posting_term_day(const struct posting *posting, uint32_t index)
{
    uint32_t day = riga_day_of_time(posting->service_time_s);
    assert(index < POSTING_PART_COUNT_MAX);
    uint32_t age = posting->terms >> TERM_BITS * index & UINT16_MAX;
    return age != 0 && age - 1 <= day ? day + 1 - age : TERM_UNKNOWN;
}

/* What is kept of a denial after its time. */
static struct posting pruned_posting(const struct posting *of)
{
    struct posting kept = {.sequence = of->sequence,
                           .kind = POSTING_PRUNED,
                           .day_most = of->day_most,
                           .subject_before = of->subject_before};
    memcpy(kept.content_hash, of->content_hash, CHAIN_SIZE);
    memcpy(kept.chain, of->chain, CHAIN_SIZE);
    return kept;
}

void posting_encode(uint8_t row[static POSTING_SIZE], const struct posting *in)
{
    assert(posting_is_sane(in));
    if (in->kind == POSTING_PRUNED) {
        struct posting kept = pruned_posting(in);
        posting_store(row, &kept);
    } else {
        posting_store(row, in);
    }
}

bool posting_decode(struct posting *out, const uint8_t row[static POSTING_SIZE])
{
    struct posting posting;
    posting_load(&posting, row);
    if (!posting_is_sane(&posting))
        return false;
    if (posting.kind == POSTING_PRUNED) { /* nothing but what is kept */
        uint8_t kept[POSTING_SIZE];
        posting_encode(kept, &posting);
        if (memcmp(kept, row, POSTING_SIZE) != 0)
            return false;
    }
    *out = posting;
    return true;
}

/* ---- accounts ---- */

static bool account_is_sane(const struct account *a)
{
    return a->code != 0 && a->code <= CODE_MOST && a->scope != 0 && a->scope <= CODE_MOST &&
           (catalogue_name_is_sane(a->relief) ||
            bytes_are_zero((const uint8_t *)a->relief, NAME_SIZE));
}

void account_encode(uint8_t row[static ACCOUNT_SIZE], const struct account *in)
{
    assert(account_is_sane(in));
    memset(row, 0, ACCOUNT_SIZE);
    store_u32(row + ACCOUNT_CODE, in->code);
    store_u32(row + ACCOUNT_CONTRACT, in->contract);
    store_u32(row + ACCOUNT_SCOPE, in->scope);
    store_u64(row + ACCOUNT_GIVER, in->giver);
    store_u64(row + ACCOUNT_PROVIDER, in->provider);
    memcpy(row + ACCOUNT_RELIEF, in->relief, NAME_SIZE);
    if (in->split.part_count != 0)
        split_encode(row + ACCOUNT_SPLIT, &in->split);
}

bool account_decode(struct account *out, const uint8_t row[static ACCOUNT_SIZE])
{
    struct account account = {
        .code = load_u32(row + ACCOUNT_CODE),
        .contract = load_u32(row + ACCOUNT_CONTRACT),
        .scope = load_u32(row + ACCOUNT_SCOPE),
        .giver = load_u64(row + ACCOUNT_GIVER),
        .provider = load_u64(row + ACCOUNT_PROVIDER),
    };
    memcpy(account.relief, row + ACCOUNT_RELIEF, NAME_SIZE);
    bool has_split = !bytes_are_zero(row + ACCOUNT_SPLIT, SPLIT_SIZE);
    if (!account_is_sane(&account) || load_u32(row + ACCOUNT_RESERVED) != 0 ||
        !bytes_are_zero(row + ACCOUNT_RESERVED_2, ACCOUNT_END - ACCOUNT_RESERVED_2) ||
        (has_split && !split_decode(&account.split, row + ACCOUNT_SPLIT)))
        return false;
    *out = account;
    return true;
}

/* ---- transactions ---- */

static bool transaction_is_sane(const struct transaction *t)
{
    return t->first != 0 && t->first <= t->last && t->kind >= POSTING_USE &&
           t->kind <= POSTING_LATE && t->state <= STATE_LAST && t->flags <= FLAGS_ALL &&
           (t->deadline_ms != 0) == (t->state == STATE_RESERVED) &&
           parts_are_sane(t->parts, t->part_count);
}

void transaction_encode(uint8_t row[static TRANSACTION_SIZE], const struct transaction *in)
{
    assert(transaction_is_sane(in));
    store_u64(row + TRANSACTION_FIRST, in->first);
    store_u64(row + TRANSACTION_LAST, in->last);
    store_u64(row + TRANSACTION_BODY, in->body);
    store_u64(row + TRANSACTION_DEADLINE_MS, in->deadline_ms);
    row[TRANSACTION_KIND] = in->kind;
    row[TRANSACTION_STATE] = in->state;
    row[TRANSACTION_PART_COUNT] = in->part_count;
    row[TRANSACTION_RESERVED] = 0;
    store_u16(row + TRANSACTION_FLAGS, in->flags);
    store_u16(row + TRANSACTION_QUANTITY, in->quantity);
    store_u16(row + TRANSACTION_CONFIRMED, in->confirmed);
    memset(row + TRANSACTION_RESERVED_2, 0, TRANSACTION_PARTS - TRANSACTION_RESERVED_2);
    parts_encode(row + TRANSACTION_PARTS, in->parts);
}

bool transaction_decode(struct transaction *out, const uint8_t row[static TRANSACTION_SIZE])
{
    struct transaction transaction = {
        .first = load_u64(row + TRANSACTION_FIRST),
        .last = load_u64(row + TRANSACTION_LAST),
        .body = load_u64(row + TRANSACTION_BODY),
        .deadline_ms = load_u64(row + TRANSACTION_DEADLINE_MS),
        .kind = row[TRANSACTION_KIND],
        .state = row[TRANSACTION_STATE],
        .part_count = row[TRANSACTION_PART_COUNT],
        .flags = load_u16(row + TRANSACTION_FLAGS),
        .quantity = load_u16(row + TRANSACTION_QUANTITY),
        .confirmed = load_u16(row + TRANSACTION_CONFIRMED),
    };
    parts_decode(transaction.parts, row + TRANSACTION_PARTS);
    if (!transaction_is_sane(&transaction) || row[TRANSACTION_RESERVED] != 0 ||
        !bytes_are_zero(row + TRANSACTION_RESERVED_2, TRANSACTION_PARTS - TRANSACTION_RESERVED_2))
        return false;
    *out = transaction;
    return true;
}

/* ---- tallies ---- */

void tally_encode(uint8_t row[static TALLY_SIZE], const struct tally *in)
{
    assert(in->stopped <= 1);
    store_u32(row + TALLY_USED_USES, in->used_uses);
    store_u32(row + TALLY_HELD_USES, in->held_uses);
    store_u64(row + TALLY_USED_AMOUNT, in->used_amount);
    store_u64(row + TALLY_HELD_AMOUNT, in->held_amount);
    row[TALLY_STOPPED] = in->stopped;
    memset(row + TALLY_RESERVED, 0, TALLY_END - TALLY_RESERVED);
}

bool tally_decode(struct tally *out, const uint8_t row[static TALLY_SIZE])
{
    if (row[TALLY_STOPPED] > 1 || !bytes_are_zero(row + TALLY_RESERVED, TALLY_END - TALLY_RESERVED))
        return false;
    *out = (struct tally){
        .used_uses = load_u32(row + TALLY_USED_USES),
        .held_uses = load_u32(row + TALLY_HELD_USES),
        .used_amount = load_u64(row + TALLY_USED_AMOUNT),
        .held_amount = load_u64(row + TALLY_HELD_AMOUNT),
        .stopped = row[TALLY_STOPPED],
    };
    return true;
}

void subject_head_encode(uint8_t row[static TALLY_SIZE], const struct subject_head *in)
{
    store_u64(row + SUBJECT_LAST, in->last);
    store_u32(row + SUBJECT_OPEN_COUNT, in->open_count);
    store_u32(row + SUBJECT_DAY_MOST, in->day_most);
    store_u64(row + SUBJECT_WALK_FROM, in->walk_from);
    memset(row + SUBJECT_RESERVED, 0, SUBJECT_END - SUBJECT_RESERVED);
}

bool subject_head_decode(struct subject_head *out, const uint8_t row[static TALLY_SIZE])
{
    if (!bytes_are_zero(row + SUBJECT_RESERVED, SUBJECT_END - SUBJECT_RESERVED))
        return false;
    *out = (struct subject_head){
        .last = load_u64(row + SUBJECT_LAST),
        .open_count = load_u32(row + SUBJECT_OPEN_COUNT),
        .day_most = load_u32(row + SUBJECT_DAY_MOST),
        .walk_from = load_u64(row + SUBJECT_WALK_FROM),
    };
    return true;
}

/* ---- the head ---- */

static bool head_is_sane(const struct ledger_head *h)
{
    return h->format == LEDGER_FORMAT && h->pruned <= h->sequence;
}

void ledger_head_encode(uint8_t row[static LEDGER_HEAD_SIZE], const struct ledger_head *in)
{
    assert(head_is_sane(in));
    memset(row, 0, LEDGER_HEAD_SIZE);
    store_u32(row + HEAD_FORMAT, in->format);
    store_u32(row + HEAD_ENVIRONMENT, in->environment);
    store_u64(row + HEAD_SEQUENCE, in->sequence);
    store_u64(row + HEAD_CLOCK_MS, in->clock_ms);
    store_u64(row + HEAD_SUBJECT_KEY, in->subject_key);
    store_u64(row + HEAD_PRUNED, in->pruned);
    store_u32(row + HEAD_ACCOUNT_COUNT, in->account_count);
    memcpy(row + HEAD_CHAIN, in->chain, CHAIN_SIZE);
    memcpy(row + HEAD_PRUNED_CHAIN, in->pruned_chain, CHAIN_SIZE);
}

bool ledger_head_decode(struct ledger_head *out, const uint8_t row[static LEDGER_HEAD_SIZE])
{
    struct ledger_head head = {
        .format = load_u32(row + HEAD_FORMAT),
        .environment = load_u32(row + HEAD_ENVIRONMENT),
        .sequence = load_u64(row + HEAD_SEQUENCE),
        .clock_ms = load_u64(row + HEAD_CLOCK_MS),
        .subject_key = load_u64(row + HEAD_SUBJECT_KEY),
        .pruned = load_u64(row + HEAD_PRUNED),
        .account_count = load_u32(row + HEAD_ACCOUNT_COUNT),
    };
    memcpy(head.chain, row + HEAD_CHAIN, CHAIN_SIZE);
    memcpy(head.pruned_chain, row + HEAD_PRUNED_CHAIN, CHAIN_SIZE);
    if (!head_is_sane(&head) || load_u32(row + HEAD_RESERVED) != 0 ||
        !bytes_are_zero(row + HEAD_RESERVED_2, HEAD_END - HEAD_RESERVED_2))
        return false;
    *out = head;
    return true;
}

/* ---- periods ---- */

static uint32_t day_in(int32_t year, uint32_t month)
{
    return (uint32_t)day_of_date((struct date){year, month, 1});
}

uint32_t period_number(uint8_t period, uint32_t day, uint32_t term_day)
{
    assert(day <= INT32_MAX);
    struct date date = {1970, 1, 1};
    if (period == PERIOD_MONTH || period == PERIOD_SCHOOL_YEAR || period == PERIOD_YEAR)
        date = date_of_day((int32_t)day);
    uint32_t year = (uint32_t)date.year;
    switch ((enum limit_period)period) {
    case PERIOD_DAY:
        return day;
    case PERIOD_WEEK:
        return (day + DAYS_PER_WEEK - MONDAY) / DAYS_PER_WEEK;
    case PERIOD_MONTH:
        return MONTHS_PER_YEAR * year + date.month - 1;
    case PERIOD_SCHOOL_YEAR:
        return date.month < SCHOOL_YEAR_BEGINS ? year - 1 : year;
    case PERIOD_YEAR:
        return year;
    case PERIOD_STATUS_TERM:
        return term_day;
    case PERIOD_PURCHASE:
    case PERIOD_LIFETIME:
        break;
    }
    return 0;
}

void period_days(uint32_t *from_day, uint32_t *until_day, uint8_t period, uint32_t number)
{
    *from_day = 0;
    *until_day = DAY_NEVER;
    switch ((enum limit_period)period) {
    case PERIOD_DAY:
        *from_day = number;
        *until_day = number + 1;
        return;
    case PERIOD_WEEK: /* week 0 began before day 0 */
        *from_day = number == 0 ? 0 : DAYS_PER_WEEK * (number - 1) + MONDAY;
        *until_day = DAYS_PER_WEEK * number + MONDAY;
        return;
    case PERIOD_MONTH:
        *from_day = day_in((int32_t)(number / MONTHS_PER_YEAR), number % MONTHS_PER_YEAR + 1);
        number++;
        *until_day = day_in((int32_t)(number / MONTHS_PER_YEAR), number % MONTHS_PER_YEAR + 1);
        return;
    case PERIOD_SCHOOL_YEAR:
        *from_day = day_in((int32_t)number, SCHOOL_YEAR_BEGINS);
        *until_day = day_in((int32_t)number + 1, SCHOOL_YEAR_BEGINS);
        return;
    case PERIOD_YEAR:
        *from_day = day_in((int32_t)number, 1);
        *until_day = day_in((int32_t)number + 1, 1);
        return;
    case PERIOD_STATUS_TERM:
        *from_day = number;
        return;
    case PERIOD_PURCHASE:
    case PERIOD_LIFETIME:
        return;
    }
}
