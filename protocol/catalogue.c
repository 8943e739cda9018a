#include "protocol/catalogue.h"

#include <assert.h>
#include <string.h>

enum {
    PRODUCT_NUMBER = 0, /* u32 */
    PRODUCT_NAME = 4,   /* 32 bytes */
    PRODUCT_END = 36,
};
static_assert(PRODUCT_NAME == PRODUCT_NUMBER + 4, "product fields touch");
static_assert(PRODUCT_END == PRODUCT_NAME + NAME_SIZE, "product fields touch");
static_assert((int)PRODUCT_END == PRODUCT_SIZE, "product fields fill the record");

enum {
    POINT_NUMBER = 0,    /* u32 */
    POINT_SITE = 4,      /* u32 */
    POINT_PLACE = 8,     /* u32 */
    POINT_RESERVED = 12, /* 4 bytes, zero */
    POINT_PROVIDER = 16, /* u64 */
    POINT_END = 24,
};
static_assert(POINT_SITE == POINT_NUMBER + 4, "point fields touch");
static_assert(POINT_PLACE == POINT_SITE + 4, "point fields touch");
static_assert(POINT_RESERVED == POINT_PLACE + 4, "point fields touch");
static_assert(POINT_PROVIDER == POINT_RESERVED + 4, "point fields touch");
static_assert(POINT_END == POINT_PROVIDER + 8, "point fields touch");
static_assert((int)POINT_END == POINT_SIZE, "point fields fill the record");

enum {
    OFFER_SITE = 0,          /* u32 */
    OFFER_PRODUCT = 4,       /* u32 */
    OFFER_CLAUSE_FIRST = 8,  /* u32 */
    OFFER_CLAUSE_COUNT = 12, /* u16 */
    OFFER_DAYSET = 14,       /* u16 */
    OFFER_END = 16,
};
static_assert(OFFER_PRODUCT == OFFER_SITE + 4, "offer fields touch");
static_assert(OFFER_CLAUSE_FIRST == OFFER_PRODUCT + 4, "offer fields touch");
static_assert(OFFER_CLAUSE_COUNT == OFFER_CLAUSE_FIRST + 4, "offer fields touch");
static_assert(OFFER_DAYSET == OFFER_CLAUSE_COUNT + 2, "offer fields touch");
static_assert(OFFER_END == OFFER_DAYSET + 2, "offer fields touch");
static_assert((int)OFFER_END == OFFER_SIZE, "offer fields fill the record");

enum {
    CLAUSE_CODE = 0,            /* u32 */
    CLAUSE_RELIEF = 4,          /* u16 */
    CLAUSE_GROUP = 6,           /* u16 */
    CLAUSE_DAYSET = 8,          /* u16 */
    CLAUSE_SPLIT = 10,          /* u16 */
    CLAUSE_COMPUTATION = 12,    /* u8 */
    CLAUSE_FLAGS = 13,          /* u8 */
    CLAUSE_ROUNDING = 14,       /* u8 */
    CLAUSE_COMPANIONS_MAX = 15, /* u8 */
    CLAUSE_ROUND_STEP = 16,     /* u16 */
    CLAUSE_MEANS_MASK = 18,     /* u8 */
    CLAUSE_ENTRY_MASK = 19,     /* u8 */
    CLAUSE_VALUE = 20,          /* u32 */
    CLAUSE_ABOVE = 24,          /* u32 */
    CLAUSE_CAP = 28,            /* u32 */
    CLAUSE_PRICE_LEAST = 32,    /* u32 */
    CLAUSE_PRICE_MOST = 36,     /* u32 */
    CLAUSE_QUANTITY_LEAST = 40, /* u16 */
    CLAUSE_QUANTITY_MOST = 42,  /* u16 */
    CLAUSE_UNIT_COUNT_MAX = 44, /* u16 */
    CLAUSE_CLOCK_COUNT = 46,    /* u8 */
    CLAUSE_NUMBER = 47,         /* u8 */
    CLAUSE_CLOCKS = 48,         /* 3 times u16 from, u16 until; those not in use zero */
    CLAUSE_RESERVED = 60,       /* 4 bytes, zero */
    CLAUSE_END = 64,
};
static_assert(CLAUSE_RELIEF == CLAUSE_CODE + 4, "clause fields touch");
static_assert(CLAUSE_GROUP == CLAUSE_RELIEF + 2, "clause fields touch");
static_assert(CLAUSE_DAYSET == CLAUSE_GROUP + 2, "clause fields touch");
static_assert(CLAUSE_SPLIT == CLAUSE_DAYSET + 2, "clause fields touch");
static_assert(CLAUSE_COMPUTATION == CLAUSE_SPLIT + 2, "clause fields touch");
static_assert(CLAUSE_FLAGS == CLAUSE_COMPUTATION + 1, "clause fields touch");
static_assert(CLAUSE_ROUNDING == CLAUSE_FLAGS + 1, "clause fields touch");
static_assert(CLAUSE_COMPANIONS_MAX == CLAUSE_ROUNDING + 1, "clause fields touch");
static_assert(CLAUSE_ROUND_STEP == CLAUSE_COMPANIONS_MAX + 1, "clause fields touch");
static_assert(CLAUSE_MEANS_MASK == CLAUSE_ROUND_STEP + 2, "clause fields touch");
static_assert(CLAUSE_ENTRY_MASK == CLAUSE_MEANS_MASK + 1, "clause fields touch");
static_assert(CLAUSE_VALUE == CLAUSE_ENTRY_MASK + 1, "clause fields touch");
static_assert(CLAUSE_ABOVE == CLAUSE_VALUE + 4, "clause fields touch");
static_assert(CLAUSE_CAP == CLAUSE_ABOVE + 4, "clause fields touch");
static_assert(CLAUSE_PRICE_LEAST == CLAUSE_CAP + 4, "clause fields touch");
static_assert(CLAUSE_PRICE_MOST == CLAUSE_PRICE_LEAST + 4, "clause fields touch");
static_assert(CLAUSE_QUANTITY_LEAST == CLAUSE_PRICE_MOST + 4, "clause fields touch");
static_assert(CLAUSE_QUANTITY_MOST == CLAUSE_QUANTITY_LEAST + 2, "clause fields touch");
static_assert(CLAUSE_UNIT_COUNT_MAX == CLAUSE_QUANTITY_MOST + 2, "clause fields touch");
static_assert(CLAUSE_CLOCK_COUNT == CLAUSE_UNIT_COUNT_MAX + 2, "clause fields touch");
static_assert(CLAUSE_NUMBER == CLAUSE_CLOCK_COUNT + 1, "clause fields touch");
static_assert(CLAUSE_CLOCKS == CLAUSE_NUMBER + 1, "clause fields touch");
static_assert(CLAUSE_RESERVED == CLAUSE_CLOCKS + 4 * CLOCK_SPAN_COUNT_MAX, "clause fields touch");
static_assert(CLAUSE_END == CLAUSE_RESERVED + 4, "clause fields touch");
static_assert((int)CLAUSE_END == CLAUSE_SIZE, "clause fields fill the record");

enum {
    RELIEF_CODE = 0,        /* u32 */
    RELIEF_FROM_DAY = 4,    /* u32 */
    RELIEF_UNTIL_DAY = 8,   /* u32 */
    RELIEF_STATE = 12,      /* u8 */
    RELIEF_RESERVED = 13,   /* 3 bytes, zero */
    RELIEF_GIVER = 16,      /* u64 */
    RELIEF_NAME = 24,       /* 32 bytes */
    RELIEF_RESERVED_2 = 56, /* 8 bytes, zero */
    RELIEF_END = 64,
};
static_assert(RELIEF_FROM_DAY == RELIEF_CODE + 4, "relief fields touch");
static_assert(RELIEF_UNTIL_DAY == RELIEF_FROM_DAY + 4, "relief fields touch");
static_assert(RELIEF_STATE == RELIEF_UNTIL_DAY + 4, "relief fields touch");
static_assert(RELIEF_RESERVED == RELIEF_STATE + 1, "relief fields touch");
static_assert(RELIEF_GIVER == RELIEF_RESERVED + 3, "relief fields touch");
static_assert(RELIEF_NAME == RELIEF_GIVER + 8, "relief fields touch");
static_assert(RELIEF_RESERVED_2 == RELIEF_NAME + NAME_SIZE, "relief fields touch");
static_assert(RELIEF_END == RELIEF_RESERVED_2 + 8, "relief fields touch");
static_assert((int)RELIEF_END == RELIEF_SIZE, "relief fields fill the record");

enum {
    CONTRACT_CODE = 0,       /* u32 */
    CONTRACT_NUMBER = 4,     /* u32 */
    CONTRACT_RELIEF = 8,     /* u16 */
    CONTRACT_RESERVED = 10,  /* 6 bytes, zero */
    CONTRACT_FROM_DAY = 16,  /* u32 */
    CONTRACT_UNTIL_DAY = 20, /* u32 */
    CONTRACT_PROVIDER = 24,  /* u64 */
    CONTRACT_END = 32,
};
static_assert(CONTRACT_NUMBER == CONTRACT_CODE + 4, "contract fields touch");
static_assert(CONTRACT_RELIEF == CONTRACT_NUMBER + 4, "contract fields touch");
static_assert(CONTRACT_RESERVED == CONTRACT_RELIEF + 2, "contract fields touch");
static_assert(CONTRACT_FROM_DAY == CONTRACT_RESERVED + 6, "contract fields touch");
static_assert(CONTRACT_UNTIL_DAY == CONTRACT_FROM_DAY + 4, "contract fields touch");
static_assert(CONTRACT_PROVIDER == CONTRACT_UNTIL_DAY + 4, "contract fields touch");
static_assert(CONTRACT_END == CONTRACT_PROVIDER + 8, "contract fields touch");
static_assert((int)CONTRACT_END == CONTRACT_SIZE, "contract fields fill the record");

/* A split is a head and four parts; parts not in use are zero. */
enum {
    SPLIT_CODE = 0,       /* u16 */
    SPLIT_PART_COUNT = 2, /* u8 */
    SPLIT_RESERVED = 3,   /* 5 bytes, zero */
    SPLIT_PARTS = 8,
    SPLIT_END = 72,

    PART_PAYER = 0,     /* u64 */
    PART_VALUE = 8,     /* u32 */
    PART_KIND = 12,     /* u8 */
    PART_RESERVED = 13, /* 3 bytes, zero */
    PART_END = 16,
};
static_assert(SPLIT_PART_COUNT == SPLIT_CODE + 2, "split fields touch");
static_assert(SPLIT_RESERVED == SPLIT_PART_COUNT + 1, "split fields touch");
static_assert(SPLIT_PARTS == SPLIT_RESERVED + 5, "split fields touch");
static_assert(SPLIT_END == SPLIT_PARTS + SPLIT_PART_COUNT_MAX * PART_END, "split fields touch");
static_assert((int)SPLIT_END == SPLIT_SIZE, "split fields fill the record");
static_assert(PART_VALUE == PART_PAYER + 8, "part fields touch");
static_assert(PART_KIND == PART_VALUE + 4, "part fields touch");
static_assert(PART_RESERVED == PART_KIND + 1, "part fields touch");
static_assert(PART_END == PART_RESERVED + 3, "part fields touch");

enum {
    LIMIT_RELIEF = 0,        /* u16 */
    LIMIT_SHARED = 2,        /* u16 */
    LIMIT_WARN_BP = 4,       /* u16 */
    LIMIT_KIND = 6,          /* u8 */
    LIMIT_PERIOD = 7,        /* u8 */
    LIMIT_VALUE = 8,         /* u64 */
    LIMIT_FROM_DAY = 16,     /* u32 */
    LIMIT_UNTIL_DAY = 20,    /* u32 */
    LIMIT_IS_PUBLISHED = 24, /* u8, 0 or 1 */
    LIMIT_RESERVED = 25,     /* 7 bytes, zero */
    LIMIT_END = 32,
};
static_assert(LIMIT_SHARED == LIMIT_RELIEF + 2, "limit fields touch");
static_assert(LIMIT_WARN_BP == LIMIT_SHARED + 2, "limit fields touch");
static_assert(LIMIT_KIND == LIMIT_WARN_BP + 2, "limit fields touch");
static_assert(LIMIT_PERIOD == LIMIT_KIND + 1, "limit fields touch");
static_assert(LIMIT_VALUE == LIMIT_PERIOD + 1, "limit fields touch");
static_assert(LIMIT_FROM_DAY == LIMIT_VALUE + 8, "limit fields touch");
static_assert(LIMIT_UNTIL_DAY == LIMIT_FROM_DAY + 4, "limit fields touch");
static_assert(LIMIT_IS_PUBLISHED == LIMIT_UNTIL_DAY + 4, "limit fields touch");
static_assert(LIMIT_RESERVED == LIMIT_IS_PUBLISHED + 1, "limit fields touch");
static_assert(LIMIT_END == LIMIT_RESERVED + 7, "limit fields touch");
static_assert((int)LIMIT_END == LIMIT_SIZE, "limit fields fill the record");

enum {
    TERMINAL_NUMBER = 0,         /* u32 */
    TERMINAL_POINT_COUNT = 4,    /* u16 */
    TERMINAL_PRODUCT_COUNT = 6,  /* u16; 0: all products */
    TERMINAL_PROVIDER = 8,       /* u64 */
    TERMINAL_KEY = 16,           /* 32 bytes */
    TERMINAL_FROM_DAY = 48,      /* u32 */
    TERMINAL_UNTIL_DAY = 52,     /* u32 */
    TERMINAL_POINT_FIRST = 56,   /* u32 */
    TERMINAL_PRODUCT_FIRST = 60, /* u32 */
    TERMINAL_PER_MINUTE = 64,    /* u32 */
    TERMINAL_PER_DAY = 68,       /* u32 */
    TERMINAL_TYPED_PER_DAY = 72, /* u32 */
    TERMINAL_PROFILE = 76,       /* u8 */
    TERMINAL_RESERVED = 77,      /* 3 bytes, zero */
    TERMINAL_END = 80,
};
static_assert(TERMINAL_POINT_COUNT == TERMINAL_NUMBER + 4, "terminal fields touch");
static_assert(TERMINAL_PRODUCT_COUNT == TERMINAL_POINT_COUNT + 2, "terminal fields touch");
static_assert(TERMINAL_PROVIDER == TERMINAL_PRODUCT_COUNT + 2, "terminal fields touch");
static_assert(TERMINAL_KEY == TERMINAL_PROVIDER + 8, "terminal fields touch");
static_assert(TERMINAL_FROM_DAY == TERMINAL_KEY + TERMINAL_KEY_SIZE, "terminal fields touch");
static_assert(TERMINAL_UNTIL_DAY == TERMINAL_FROM_DAY + 4, "terminal fields touch");
static_assert(TERMINAL_POINT_FIRST == TERMINAL_UNTIL_DAY + 4, "terminal fields touch");
static_assert(TERMINAL_PRODUCT_FIRST == TERMINAL_POINT_FIRST + 4, "terminal fields touch");
static_assert(TERMINAL_PER_MINUTE == TERMINAL_PRODUCT_FIRST + 4, "terminal fields touch");
static_assert(TERMINAL_PER_DAY == TERMINAL_PER_MINUTE + 4, "terminal fields touch");
static_assert(TERMINAL_TYPED_PER_DAY == TERMINAL_PER_DAY + 4, "terminal fields touch");
static_assert(TERMINAL_PROFILE == TERMINAL_TYPED_PER_DAY + 4, "terminal fields touch");
static_assert(TERMINAL_RESERVED == TERMINAL_PROFILE + 1, "terminal fields touch");
static_assert(TERMINAL_END == TERMINAL_RESERVED + 3, "terminal fields touch");
static_assert((int)TERMINAL_END == TERMINAL_SIZE, "terminal fields fill the record");

enum {
    SPAN_FIRST = 0, /* u32 */
    SPAN_LAST = 4,  /* u32 */
    SPAN_END = 8,
};
static_assert(SPAN_LAST == SPAN_FIRST + 4, "span fields touch");
static_assert(SPAN_END == SPAN_LAST + 4, "span fields touch");
static_assert((int)SPAN_END == NUMBER_SPAN_SIZE, "span fields fill the record");

bool catalogue_name_is_sane(const char name[static NAME_SIZE])
{
    size_t size = strnlen(name, NAME_SIZE);
    if (size == 0 || size == NAME_SIZE)
        return false;
    for (size_t i = 0; i < size; i++)
        if (name[i] <= ' ' || name[i] > '~')
            return false;
    return bytes_are_zero((const uint8_t *)name + size, NAME_SIZE - size);
}

/* Those beyond say to a gate that it is not told. */
static bool code_is_sane(uint32_t code)
{
    return code != 0 && code <= CODE_MOST;
}

static bool product_is_sane(const struct product *p)
{
    return p->number != 0 && catalogue_name_is_sane(p->name);
}

void product_encode(uint8_t record[static PRODUCT_SIZE], const struct product *in)
{
    assert(product_is_sane(in));
    store_u32(record + PRODUCT_NUMBER, in->number);
    memcpy(record + PRODUCT_NAME, in->name, NAME_SIZE);
}

bool product_decode(struct product *out, const uint8_t record[static PRODUCT_SIZE])
{
    struct product p = {.number = load_u32(record + PRODUCT_NUMBER)};
    memcpy(p.name, record + PRODUCT_NAME, NAME_SIZE);
    if (!product_is_sane(&p))
        return false;
    *out = p;
    return true;
}

static bool point_is_sane(const struct point *p)
{
    return p->number != 0 && p->site != SITE_NOWHERE && p->site < SITE_COUNT_MAX &&
           p->place <= ATVK_MAX;
}

void point_encode(uint8_t record[static POINT_SIZE], const struct point *in)
{
    assert(point_is_sane(in));
    memset(record, 0, POINT_SIZE);
    store_u32(record + POINT_NUMBER, in->number);
    store_u32(record + POINT_SITE, in->site);
    store_u32(record + POINT_PLACE, in->place);
    store_u64(record + POINT_PROVIDER, in->provider);
}

bool point_decode(struct point *out, const uint8_t record[static POINT_SIZE])
{
    struct point p = {
        .number = load_u32(record + POINT_NUMBER),
        .site = load_u32(record + POINT_SITE),
        .place = load_u32(record + POINT_PLACE),
        .provider = load_u64(record + POINT_PROVIDER),
    };
    if (!point_is_sane(&p) || load_u32(record + POINT_RESERVED) != 0)
        return false;
    *out = p;
    return true;
}

/* Whether days beyond the window are left out is for tables.c, which knows the window. */
void dayset_encode(uint8_t record[static DAYSET_SIZE], const struct dayset *in)
{
    for (size_t i = 0; i < DAYSET_WORD_COUNT; i++)
        store_u64(record + 8 * i, in->words[i]);
}

bool dayset_decode(struct dayset *out, const uint8_t record[static DAYSET_SIZE])
{
    for (size_t i = 0; i < DAYSET_WORD_COUNT; i++)
        out->words[i] = load_u64(record + 8 * i);
    return true;
}

static bool offer_is_sane(const struct offer *o)
{
    return o->site < SITE_COUNT_MAX && o->product != 0 && o->clause_count >= 1 &&
           o->clause_count <= OFFER_CLAUSE_COUNT_MAX && o->clause_first < CLAUSE_COUNT_MAX &&
           o->dayset < DAYSET_COUNT_MAX;
}

void offer_encode(uint8_t record[static OFFER_SIZE], const struct offer *in)
{
    assert(offer_is_sane(in));
    store_u32(record + OFFER_SITE, in->site);
    store_u32(record + OFFER_PRODUCT, in->product);
    store_u32(record + OFFER_CLAUSE_FIRST, in->clause_first);
    store_u16(record + OFFER_CLAUSE_COUNT, in->clause_count);
    store_u16(record + OFFER_DAYSET, in->dayset);
}

bool offer_decode(struct offer *out, const uint8_t record[static OFFER_SIZE])
{
    struct offer o = {
        .site = load_u32(record + OFFER_SITE),
        .product = load_u32(record + OFFER_PRODUCT),
        .clause_first = load_u32(record + OFFER_CLAUSE_FIRST),
        .clause_count = load_u16(record + OFFER_CLAUSE_COUNT),
        .dayset = load_u16(record + OFFER_DAYSET),
    };
    if (!offer_is_sane(&o))
        return false;
    *out = o;
    return true;
}

/* Spans rise, do not overlap, and are zero where there are none. */
static bool clocks_are_sane(const struct clause *c)
{
    if (c->clock_count > CLOCK_SPAN_COUNT_MAX)
        return false;
    for (size_t i = 0; i < CLOCK_SPAN_COUNT_MAX; i++) {
        const struct clock_span *span = &c->clocks[i];
        if (i >= c->clock_count) {
            if (span->from_min != 0 || span->until_min != 0)
                return false;
        } else if (span->from_min >= span->until_min || span->until_min > MINUTES_PER_DAY ||
                   (i > 0 && span->from_min < c->clocks[i - 1].until_min)) {
            return false;
        }
    }
    return true;
}

static bool clause_is_sane(const struct clause *c)
{
    return code_is_sane(c->code) && c->relief < RELIEF_COUNT_MAX &&
           (c->group < GROUP_COUNT_MAX || c->group == GROUP_EVERYBODY) &&
           c->dayset < DAYSET_COUNT_MAX && c->split != SPLIT_SEVERAL && c->computation >= 1 &&
           c->computation <= COMPUTE_LAST && (c->flags & ~CLAUSE_FLAGS_ALL) == 0 &&
           c->rounding <= ROUND_LAST && c->round_step >= 1 && c->round_step <= ROUND_STEP_MAX &&
           c->means_mask != 0 && c->entry_mask != 0 &&
           (c->computation != COMPUTE_PERCENT || (c->value >= 1 && c->value <= PERCENT_ALL_BP)) &&
           (c->above == 0 || c->computation == COMPUTE_PERCENT) &&
           (c->cap != 0 || (c->flags & CLAUSE_CAP_EACH) == 0) && c->price_least <= c->price_most &&
           c->quantity_least >= 1 && c->quantity_least <= c->quantity_most && clocks_are_sane(c) &&
           c->reserved == 0;
}

void clause_encode(uint8_t record[static CLAUSE_SIZE], const struct clause *in)
{
    assert(clause_is_sane(in));
    memset(record, 0, CLAUSE_SIZE);
    store_u32(record + CLAUSE_CODE, in->code);
    store_u16(record + CLAUSE_RELIEF, in->relief);
    store_u16(record + CLAUSE_GROUP, in->group);
    store_u16(record + CLAUSE_DAYSET, in->dayset);
    store_u16(record + CLAUSE_SPLIT, in->split);
    record[CLAUSE_COMPUTATION] = in->computation;
    record[CLAUSE_FLAGS] = in->flags;
    record[CLAUSE_ROUNDING] = in->rounding;
    record[CLAUSE_COMPANIONS_MAX] = in->companions_max;
    store_u16(record + CLAUSE_ROUND_STEP, in->round_step);
    record[CLAUSE_MEANS_MASK] = in->means_mask;
    record[CLAUSE_ENTRY_MASK] = in->entry_mask;
    store_u32(record + CLAUSE_VALUE, in->value);
    store_u32(record + CLAUSE_ABOVE, in->above);
    store_u32(record + CLAUSE_CAP, in->cap);
    store_u32(record + CLAUSE_PRICE_LEAST, in->price_least);
    store_u32(record + CLAUSE_PRICE_MOST, in->price_most);
    store_u16(record + CLAUSE_QUANTITY_LEAST, in->quantity_least);
    store_u16(record + CLAUSE_QUANTITY_MOST, in->quantity_most);
    store_u16(record + CLAUSE_UNIT_COUNT_MAX, in->unit_count_max);
    record[CLAUSE_CLOCK_COUNT] = in->clock_count;
    record[CLAUSE_NUMBER] = in->number;
    for (size_t i = 0; i < CLOCK_SPAN_COUNT_MAX; i++) {
        store_u16(record + CLAUSE_CLOCKS + 4 * i, in->clocks[i].from_min);
        store_u16(record + CLAUSE_CLOCKS + 4 * i + 2, in->clocks[i].until_min);
    }
}

bool clause_decode(struct clause *out, const uint8_t record[static CLAUSE_SIZE])
{
    struct clause c = {
        .code = load_u32(record + CLAUSE_CODE),
        .relief = load_u16(record + CLAUSE_RELIEF),
        .group = load_u16(record + CLAUSE_GROUP),
        .dayset = load_u16(record + CLAUSE_DAYSET),
        .split = load_u16(record + CLAUSE_SPLIT),
        .computation = record[CLAUSE_COMPUTATION],
        .flags = record[CLAUSE_FLAGS],
        .rounding = record[CLAUSE_ROUNDING],
        .companions_max = record[CLAUSE_COMPANIONS_MAX],
        .round_step = load_u16(record + CLAUSE_ROUND_STEP),
        .means_mask = record[CLAUSE_MEANS_MASK],
        .entry_mask = record[CLAUSE_ENTRY_MASK],
        .value = load_u32(record + CLAUSE_VALUE),
        .above = load_u32(record + CLAUSE_ABOVE),
        .cap = load_u32(record + CLAUSE_CAP),
        .price_least = load_u32(record + CLAUSE_PRICE_LEAST),
        .price_most = load_u32(record + CLAUSE_PRICE_MOST),
        .quantity_least = load_u16(record + CLAUSE_QUANTITY_LEAST),
        .quantity_most = load_u16(record + CLAUSE_QUANTITY_MOST),
        .unit_count_max = load_u16(record + CLAUSE_UNIT_COUNT_MAX),
        .clock_count = record[CLAUSE_CLOCK_COUNT],
        .number = record[CLAUSE_NUMBER],
        .reserved = load_u32(record + CLAUSE_RESERVED),
    };
    for (size_t i = 0; i < CLOCK_SPAN_COUNT_MAX; i++)
        c.clocks[i] = (struct clock_span){load_u16(record + CLAUSE_CLOCKS + 4 * i),
                                          load_u16(record + CLAUSE_CLOCKS + 4 * i + 2)};
    if (!clause_is_sane(&c))
        return false;
    *out = c;
    return true;
}

static bool relief_is_sane(const struct relief *r)
{
    return code_is_sane(r->code) && r->from_day < r->until_day && r->state >= RELIEF_ACTIVE &&
           r->state <= RELIEF_CLOSED && catalogue_name_is_sane(r->name);
}

void relief_encode(uint8_t record[static RELIEF_SIZE], const struct relief *in)
{
    assert(relief_is_sane(in));
    memset(record, 0, RELIEF_SIZE);
    store_u32(record + RELIEF_CODE, in->code);
    store_u32(record + RELIEF_FROM_DAY, in->from_day);
    store_u32(record + RELIEF_UNTIL_DAY, in->until_day);
    record[RELIEF_STATE] = in->state;
    store_u64(record + RELIEF_GIVER, in->giver);
    memcpy(record + RELIEF_NAME, in->name, NAME_SIZE);
}

bool relief_decode(struct relief *out, const uint8_t record[static RELIEF_SIZE])
{
    struct relief r = {
        .code = load_u32(record + RELIEF_CODE),
        .from_day = load_u32(record + RELIEF_FROM_DAY),
        .until_day = load_u32(record + RELIEF_UNTIL_DAY),
        .state = record[RELIEF_STATE],
        .giver = load_u64(record + RELIEF_GIVER),
    };
    memcpy(r.name, record + RELIEF_NAME, NAME_SIZE);
    if (!relief_is_sane(&r) ||
        !bytes_are_zero(record + RELIEF_RESERVED, RELIEF_GIVER - RELIEF_RESERVED) ||
        !bytes_are_zero(record + RELIEF_RESERVED_2, RELIEF_END - RELIEF_RESERVED_2))
        return false;
    *out = r;
    return true;
}

static bool contract_is_sane(const struct contract *c)
{
    return code_is_sane(c->code) && c->number != 0 && c->relief < RELIEF_COUNT_MAX &&
           c->from_day < c->until_day;
}

void contract_encode(uint8_t record[static CONTRACT_SIZE], const struct contract *in)
{
    assert(contract_is_sane(in));
    memset(record, 0, CONTRACT_SIZE);
    store_u32(record + CONTRACT_CODE, in->code);
    store_u32(record + CONTRACT_NUMBER, in->number);
    store_u16(record + CONTRACT_RELIEF, in->relief);
    store_u32(record + CONTRACT_FROM_DAY, in->from_day);
    store_u32(record + CONTRACT_UNTIL_DAY, in->until_day);
    store_u64(record + CONTRACT_PROVIDER, in->provider);
}

bool contract_decode(struct contract *out, const uint8_t record[static CONTRACT_SIZE])
{
    struct contract c = {
        .code = load_u32(record + CONTRACT_CODE),
        .number = load_u32(record + CONTRACT_NUMBER),
        .relief = load_u16(record + CONTRACT_RELIEF),
        .from_day = load_u32(record + CONTRACT_FROM_DAY),
        .until_day = load_u32(record + CONTRACT_UNTIL_DAY),
        .provider = load_u64(record + CONTRACT_PROVIDER),
    };
    if (!contract_is_sane(&c) ||
        !bytes_are_zero(record + CONTRACT_RESERVED, CONTRACT_FROM_DAY - CONTRACT_RESERVED))
        return false;
    *out = c;
    return true;
}

/* The last part, and only that, is what is left; parts of the whole do not pass it. */
static bool split_is_sane(const struct split *s)
{
    if (s->code == 0 || s->code == SPLIT_SEVERAL || s->part_count == 0 ||
        s->part_count > SPLIT_PART_COUNT_MAX)
        return false;
    uint64_t percent_bp = 0;
    for (size_t i = 0; i < s->part_count; i++) {
        const struct split_part *part = &s->parts[i];
        bool is_last = i + 1 == s->part_count;
        if (is_last != (part->kind == SPLIT_REST) || (part->value == 0) != is_last ||
            part->kind < SPLIT_SUBSIDY || part->kind > SPLIT_REST)
            return false;
        percent_bp += part->kind == SPLIT_PERCENT ? part->value : 0;
    }
    return percent_bp <= PERCENT_ALL_BP;
}

void split_encode(uint8_t record[static SPLIT_SIZE], const struct split *in)
{
    assert(split_is_sane(in));
    memset(record, 0, SPLIT_SIZE);
    store_u16(record + SPLIT_CODE, in->code);
    record[SPLIT_PART_COUNT] = in->part_count;
    for (size_t i = 0; i < in->part_count; i++) {
        uint8_t *part = record + SPLIT_PARTS + i * PART_END;
        store_u64(part + PART_PAYER, in->parts[i].payer);
        store_u32(part + PART_VALUE, in->parts[i].value);
        part[PART_KIND] = in->parts[i].kind;
    }
}

bool split_decode(struct split *out, const uint8_t record[static SPLIT_SIZE])
{
    struct split s = {
        .code = load_u16(record + SPLIT_CODE),
        .part_count = record[SPLIT_PART_COUNT],
    };
    for (size_t i = 0; i < SPLIT_PART_COUNT_MAX; i++) {
        const uint8_t *part = record + SPLIT_PARTS + i * PART_END;
        if (i >= s.part_count ? !bytes_are_zero(part, PART_END)
                              : !bytes_are_zero(part + PART_RESERVED, PART_END - PART_RESERVED))
            return false;
        s.parts[i] = (struct split_part){.payer = load_u64(part + PART_PAYER),
                                         .kind = part[PART_KIND],
                                         .value = load_u32(part + PART_VALUE)};
    }
    if (!split_is_sane(&s) ||
        !bytes_are_zero(record + SPLIT_RESERVED, SPLIT_PARTS - SPLIT_RESERVED))
        return false;
    *out = s;
    return true;
}

static bool limit_is_sane(const struct limit *l)
{
    return l->relief < RELIEF_COUNT_MAX && l->kind >= LIMIT_USES && l->kind <= LIMIT_BUDGET &&
           l->period <= PERIOD_LIFETIME && (l->period == 0) == (l->kind == LIMIT_SPACING) &&
           (l->warn_bp == 0 || l->kind == LIMIT_BUDGET) && l->warn_bp <= PERCENT_ALL_BP &&
           l->value != 0 && l->from_day < l->until_day;
}

void limit_encode(uint8_t record[static LIMIT_SIZE], const struct limit *in)
{
    assert(limit_is_sane(in));
    memset(record, 0, LIMIT_SIZE);
    store_u16(record + LIMIT_RELIEF, in->relief);
    store_u16(record + LIMIT_SHARED, in->shared);
    store_u16(record + LIMIT_WARN_BP, in->warn_bp);
    record[LIMIT_KIND] = in->kind;
    record[LIMIT_PERIOD] = in->period;
    store_u64(record + LIMIT_VALUE, in->value);
    store_u32(record + LIMIT_FROM_DAY, in->from_day);
    store_u32(record + LIMIT_UNTIL_DAY, in->until_day);
    record[LIMIT_IS_PUBLISHED] = in->is_published;
}

bool limit_decode(struct limit *out, const uint8_t record[static LIMIT_SIZE])
{
    struct limit l = {
        .relief = load_u16(record + LIMIT_RELIEF),
        .kind = record[LIMIT_KIND],
        .period = record[LIMIT_PERIOD],
        .shared = load_u16(record + LIMIT_SHARED),
        .warn_bp = load_u16(record + LIMIT_WARN_BP),
        .is_published = record[LIMIT_IS_PUBLISHED],
        .from_day = load_u32(record + LIMIT_FROM_DAY),
        .until_day = load_u32(record + LIMIT_UNTIL_DAY),
        .value = load_u64(record + LIMIT_VALUE),
    };
    if (!limit_is_sane(&l) || l.is_published > 1 ||
        !bytes_are_zero(record + LIMIT_RESERVED, LIMIT_END - LIMIT_RESERVED))
        return false;
    *out = l;
    return true;
}

/* That the profile is one that there is, is for tables.c to see: this floor knows none. */
static bool terminal_is_sane(const struct terminal *t)
{
    return t->number != 0 && t->profile != 0 && !bytes_are_zero(t->key, TERMINAL_KEY_SIZE) &&
           t->from_day < t->until_day && t->point_count >= 1 &&
           t->point_count <= TERMINAL_SPAN_COUNT_MAX &&
           t->product_count <= TERMINAL_SPAN_COUNT_MAX && t->point_first < NUMBER_SPAN_COUNT_MAX &&
           t->product_first < NUMBER_SPAN_COUNT_MAX &&
           (t->product_count != 0 || t->product_first == 0);
}

void terminal_encode(uint8_t record[static TERMINAL_SIZE], const struct terminal *in)
{
    assert(terminal_is_sane(in));
    memset(record, 0, TERMINAL_SIZE);
    store_u32(record + TERMINAL_NUMBER, in->number);
    store_u16(record + TERMINAL_POINT_COUNT, in->point_count);
    store_u16(record + TERMINAL_PRODUCT_COUNT, in->product_count);
    store_u64(record + TERMINAL_PROVIDER, in->provider);
    memcpy(record + TERMINAL_KEY, in->key, TERMINAL_KEY_SIZE);
    store_u32(record + TERMINAL_FROM_DAY, in->from_day);
    store_u32(record + TERMINAL_UNTIL_DAY, in->until_day);
    store_u32(record + TERMINAL_POINT_FIRST, in->point_first);
    store_u32(record + TERMINAL_PRODUCT_FIRST, in->product_first);
    store_u32(record + TERMINAL_PER_MINUTE, in->per_minute);
    store_u32(record + TERMINAL_PER_DAY, in->per_day);
    store_u32(record + TERMINAL_TYPED_PER_DAY, in->typed_per_day);
    record[TERMINAL_PROFILE] = in->profile;
}

bool terminal_decode(struct terminal *out, const uint8_t record[static TERMINAL_SIZE])
{
    struct terminal t = {
        .number = load_u32(record + TERMINAL_NUMBER),
        .profile = record[TERMINAL_PROFILE],
        .provider = load_u64(record + TERMINAL_PROVIDER),
        .from_day = load_u32(record + TERMINAL_FROM_DAY),
        .until_day = load_u32(record + TERMINAL_UNTIL_DAY),
        .point_first = load_u32(record + TERMINAL_POINT_FIRST),
        .point_count = load_u16(record + TERMINAL_POINT_COUNT),
        .product_first = load_u32(record + TERMINAL_PRODUCT_FIRST),
        .product_count = load_u16(record + TERMINAL_PRODUCT_COUNT),
        .per_minute = load_u32(record + TERMINAL_PER_MINUTE),
        .per_day = load_u32(record + TERMINAL_PER_DAY),
        .typed_per_day = load_u32(record + TERMINAL_TYPED_PER_DAY),
    };
    memcpy(t.key, record + TERMINAL_KEY, TERMINAL_KEY_SIZE);
    if (!terminal_is_sane(&t) ||
        !bytes_are_zero(record + TERMINAL_RESERVED, TERMINAL_END - TERMINAL_RESERVED))
        return false;
    *out = t;
    return true;
}

static bool number_span_is_sane(const struct number_span *s)
{
    return s->first != 0 && s->first <= s->last;
}

void number_span_encode(uint8_t record[static NUMBER_SPAN_SIZE], const struct number_span *in)
{
    assert(number_span_is_sane(in));
    store_u32(record + SPAN_FIRST, in->first);
    store_u32(record + SPAN_LAST, in->last);
}

bool number_span_decode(struct number_span *out, const uint8_t record[static NUMBER_SPAN_SIZE])
{
    struct number_span s = {load_u32(record + SPAN_FIRST), load_u32(record + SPAN_LAST)};
    if (!number_span_is_sane(&s))
        return false;
    *out = s;
    return true;
}
