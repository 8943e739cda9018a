#include "protocol/catalogue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ATVK_MAX 9999999u

enum {
    MEMBERSHIP_GROUP = 0,     /* u16 */
    MEMBERSHIP_TRUTH = 2,     /* u16 */
    MEMBERSHIP_FROM_DAY = 4,  /* u32 */
    MEMBERSHIP_UNTIL_DAY = 8, /* u32 */
    MEMBERSHIP_END = 12,
};
static_assert(MEMBERSHIP_TRUTH == MEMBERSHIP_GROUP + 2, "membership fields touch");
static_assert(MEMBERSHIP_FROM_DAY == MEMBERSHIP_TRUTH + 2, "membership fields touch");
static_assert(MEMBERSHIP_UNTIL_DAY == MEMBERSHIP_FROM_DAY + 4, "membership fields touch");
static_assert(MEMBERSHIP_END == MEMBERSHIP_UNTIL_DAY + 4, "membership fields touch");
static_assert((int)MEMBERSHIP_END == MEMBERSHIP_SIZE, "membership fields fill the record");

enum {
    VIEW_SET = 0,       /* u32 */
    VIEW_FROM_DAY = 4,  /* u32 */
    VIEW_UNTIL_DAY = 8, /* u32 */
    VIEW_RESERVED = 12, /* 4 bytes, zero */
    VIEW_END = 16,
};
static_assert(VIEW_FROM_DAY == VIEW_SET + 4, "view fields touch");
static_assert(VIEW_UNTIL_DAY == VIEW_FROM_DAY + 4, "view fields touch");
static_assert(VIEW_RESERVED == VIEW_UNTIL_DAY + 4, "view fields touch");
static_assert((int)VIEW_END == VIEW_SIZE, "view fields fill the record");

enum {
    GROUP_NAME = 0,           /* 32 bytes */
    GROUP_YES_COUNT = 32,     /* u64 */
    GROUP_UNKNOWN_COUNT = 40, /* u64 */
    GROUP_END = 48,
};
static_assert(GROUP_YES_COUNT == GROUP_NAME + NAME_SIZE, "group fields touch");
static_assert(GROUP_UNKNOWN_COUNT == GROUP_YES_COUNT + 8, "group fields touch");
static_assert(GROUP_END == GROUP_UNKNOWN_COUNT + 8, "group fields touch");
static_assert((int)GROUP_END == GROUP_SIZE, "group fields fill the record");

enum {
    PRODUCT_NUMBER = 0, /* u32 */
    PRODUCT_NAME = 4,   /* 32 bytes */
    PRODUCT_END = 36,
};
static_assert(PRODUCT_NAME == PRODUCT_NUMBER + 4, "product fields touch");
static_assert(PRODUCT_END == PRODUCT_NAME + NAME_SIZE, "product fields touch");
static_assert((int)PRODUCT_END == PRODUCT_SIZE, "product fields fill the record");

enum {
    RELIEF_CODE = 0,        /* u32 */
    RELIEF_FROM_DAY = 4,    /* u32 */
    RELIEF_UNTIL_DAY = 8,   /* u32 */
    RELIEF_SPLIT = 12,      /* u16 */
    RELIEF_RESERVED = 14,   /* 2 bytes, zero */
    RELIEF_GIVER = 16,      /* u64 */
    RELIEF_NAME = 24,       /* 32 bytes */
    RELIEF_RESERVED_2 = 56, /* 8 bytes, zero */
    RELIEF_END = 64,
};
static_assert(RELIEF_FROM_DAY == RELIEF_CODE + 4, "relief fields touch");
static_assert(RELIEF_UNTIL_DAY == RELIEF_FROM_DAY + 4, "relief fields touch");
static_assert(RELIEF_SPLIT == RELIEF_UNTIL_DAY + 4, "relief fields touch");
static_assert(RELIEF_RESERVED == RELIEF_SPLIT + 2, "relief fields touch");
static_assert(RELIEF_GIVER == RELIEF_RESERVED + 2, "relief fields touch");
static_assert(RELIEF_NAME == RELIEF_GIVER + 8, "relief fields touch");
static_assert(RELIEF_RESERVED_2 == RELIEF_NAME + NAME_SIZE, "relief fields touch");
static_assert(RELIEF_END == RELIEF_RESERVED_2 + 8, "relief fields touch");
static_assert((int)RELIEF_END == RELIEF_SIZE, "relief fields fill the record");

enum {
    CLAUSE_PRODUCT = 0,    /* u32 */
    CLAUSE_RELIEF = 4,     /* u16 */
    CLAUSE_GROUP = 6,      /* u16 */
    CLAUSE_PERCENT_BP = 8, /* u16 */
    CLAUSE_RESERVED = 10,  /* 6 bytes, zero */
    CLAUSE_END = 16,
};
static_assert(CLAUSE_RELIEF == CLAUSE_PRODUCT + 4, "clause fields touch");
static_assert(CLAUSE_GROUP == CLAUSE_RELIEF + 2, "clause fields touch");
static_assert(CLAUSE_PERCENT_BP == CLAUSE_GROUP + 2, "clause fields touch");
static_assert(CLAUSE_RESERVED == CLAUSE_PERCENT_BP + 2, "clause fields touch");
static_assert((int)CLAUSE_END == CLAUSE_SIZE, "clause fields fill the record");

enum {
    CENSUS_GROUP = 0,          /* u16 */
    CENSUS_RESERVED = 2,       /* 2 bytes, zero */
    CENSUS_PLACE = 4,          /* u32 */
    CENSUS_YES_COUNT = 8,      /* u32 */
    CENSUS_UNKNOWN_COUNT = 12, /* u32 */
    CENSUS_END = 16,
};
static_assert(CENSUS_RESERVED == CENSUS_GROUP + 2, "census fields touch");
static_assert(CENSUS_PLACE == CENSUS_RESERVED + 2, "census fields touch");
static_assert(CENSUS_YES_COUNT == CENSUS_PLACE + 4, "census fields touch");
static_assert(CENSUS_UNKNOWN_COUNT == CENSUS_YES_COUNT + 4, "census fields touch");
static_assert((int)CENSUS_END == CENSUS_SIZE, "census fields fill the record");

/* One to 31 printable characters of ASCII without spaces, then nothing but zeros. */
static bool name_is_sane(const char name[static NAME_SIZE])
{
    size_t size = strnlen(name, NAME_SIZE);
    if (size == 0 || size == NAME_SIZE)
        return false;
    for (size_t i = 0; i < size; i++)
        if (name[i] <= ' ' || name[i] > '~')
            return false;
    return bytes_are_zero((const uint8_t *)name + size, NAME_SIZE - size);
}

static bool membership_is_sane(const struct membership *m)
{
    return m->group < GROUP_COUNT_MAX && (m->truth == TRUTH_UNKNOWN || m->truth == TRUTH_YES) &&
           m->from_day < m->until_day;
}

const char *truth_text(enum truth truth)
{
    switch (truth) {
    case TRUTH_NO:
        return "no";
    case TRUTH_UNKNOWN:
        return "unknown";
    case TRUTH_YES:
        return "yes";
    }
    abort(); /* not a truth: memory was overwritten */
}

void membership_encode(uint8_t record[static MEMBERSHIP_SIZE], const struct membership *in)
{
    assert(membership_is_sane(in));
    store_u16(record + MEMBERSHIP_GROUP, in->group);
    store_u16(record + MEMBERSHIP_TRUTH, in->truth);
    store_u32(record + MEMBERSHIP_FROM_DAY, in->from_day);
    store_u32(record + MEMBERSHIP_UNTIL_DAY, in->until_day);
}

bool membership_decode(struct membership *out, const uint8_t record[static MEMBERSHIP_SIZE])
{
    struct membership m = {
        .group = load_u16(record + MEMBERSHIP_GROUP),
        .truth = load_u16(record + MEMBERSHIP_TRUTH),
        .from_day = load_u32(record + MEMBERSHIP_FROM_DAY),
        .until_day = load_u32(record + MEMBERSHIP_UNTIL_DAY),
    };
    if (!membership_is_sane(&m))
        return false;
    *out = m;
    return true;
}

static bool view_is_sane(const struct view *v)
{
    return v->from_day < v->until_day;
}

void view_encode(uint8_t record[static VIEW_SIZE], const struct view *in)
{
    assert(view_is_sane(in));
    memset(record, 0, VIEW_SIZE);
    store_u32(record + VIEW_SET, in->set);
    store_u32(record + VIEW_FROM_DAY, in->from_day);
    store_u32(record + VIEW_UNTIL_DAY, in->until_day);
}

bool view_decode(struct view *out, const uint8_t record[static VIEW_SIZE])
{
    struct view v = {
        .set = load_u32(record + VIEW_SET),
        .from_day = load_u32(record + VIEW_FROM_DAY),
        .until_day = load_u32(record + VIEW_UNTIL_DAY),
    };
    if (!view_is_sane(&v) || !bytes_are_zero(record + VIEW_RESERVED, VIEW_END - VIEW_RESERVED))
        return false;
    *out = v;
    return true;
}

void group_encode(uint8_t record[static GROUP_SIZE], const struct group *in)
{
    assert(name_is_sane(in->name));
    memcpy(record + GROUP_NAME, in->name, NAME_SIZE);
    store_u64(record + GROUP_YES_COUNT, in->yes_count);
    store_u64(record + GROUP_UNKNOWN_COUNT, in->unknown_count);
}

bool group_decode(struct group *out, const uint8_t record[static GROUP_SIZE])
{
    struct group g = {
        .yes_count = load_u64(record + GROUP_YES_COUNT),
        .unknown_count = load_u64(record + GROUP_UNKNOWN_COUNT),
    };
    memcpy(g.name, record + GROUP_NAME, NAME_SIZE);
    if (!name_is_sane(g.name))
        return false;
    *out = g;
    return true;
}

static bool product_is_sane(const struct product *p)
{
    return p->number != 0 && name_is_sane(p->name);
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

static bool relief_is_sane(const struct relief *r)
{
    return r->code != 0 && r->from_day < r->until_day && name_is_sane(r->name);
}

void relief_encode(uint8_t record[static RELIEF_SIZE], const struct relief *in)
{
    assert(relief_is_sane(in));
    memset(record, 0, RELIEF_SIZE);
    store_u32(record + RELIEF_CODE, in->code);
    store_u32(record + RELIEF_FROM_DAY, in->from_day);
    store_u32(record + RELIEF_UNTIL_DAY, in->until_day);
    store_u16(record + RELIEF_SPLIT, in->split);
    store_u64(record + RELIEF_GIVER, in->giver);
    memcpy(record + RELIEF_NAME, in->name, NAME_SIZE);
}

bool relief_decode(struct relief *out, const uint8_t record[static RELIEF_SIZE])
{
    struct relief r = {
        .code = load_u32(record + RELIEF_CODE),
        .from_day = load_u32(record + RELIEF_FROM_DAY),
        .until_day = load_u32(record + RELIEF_UNTIL_DAY),
        .split = load_u16(record + RELIEF_SPLIT),
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

static bool clause_is_sane(const struct clause *c)
{
    return c->product != 0 && c->relief < RELIEF_COUNT_MAX && c->group < GROUP_COUNT_MAX &&
           c->percent_bp >= 1 && c->percent_bp <= PERCENT_ALL_BP;
}

void clause_encode(uint8_t record[static CLAUSE_SIZE], const struct clause *in)
{
    assert(clause_is_sane(in));
    memset(record, 0, CLAUSE_SIZE);
    store_u32(record + CLAUSE_PRODUCT, in->product);
    store_u16(record + CLAUSE_RELIEF, in->relief);
    store_u16(record + CLAUSE_GROUP, in->group);
    store_u16(record + CLAUSE_PERCENT_BP, in->percent_bp);
}

bool clause_decode(struct clause *out, const uint8_t record[static CLAUSE_SIZE])
{
    struct clause c = {
        .product = load_u32(record + CLAUSE_PRODUCT),
        .relief = load_u16(record + CLAUSE_RELIEF),
        .group = load_u16(record + CLAUSE_GROUP),
        .percent_bp = load_u16(record + CLAUSE_PERCENT_BP),
    };
    if (!clause_is_sane(&c) ||
        !bytes_are_zero(record + CLAUSE_RESERVED, CLAUSE_END - CLAUSE_RESERVED))
        return false;
    *out = c;
    return true;
}

static bool census_is_sane(const struct census *c)
{
    return c->group < GROUP_COUNT_MAX && c->place <= ATVK_MAX;
}

void census_encode(uint8_t record[static CENSUS_SIZE], const struct census *in)
{
    assert(census_is_sane(in));
    memset(record, 0, CENSUS_SIZE);
    store_u16(record + CENSUS_GROUP, in->group);
    store_u32(record + CENSUS_PLACE, in->place);
    store_u32(record + CENSUS_YES_COUNT, in->yes_count);
    store_u32(record + CENSUS_UNKNOWN_COUNT, in->unknown_count);
}

bool census_decode(struct census *out, const uint8_t record[static CENSUS_SIZE])
{
    struct census c = {
        .group = load_u16(record + CENSUS_GROUP),
        .place = load_u32(record + CENSUS_PLACE),
        .yes_count = load_u32(record + CENSUS_YES_COUNT),
        .unknown_count = load_u32(record + CENSUS_UNKNOWN_COUNT),
    };
    if (!census_is_sane(&c) ||
        !bytes_are_zero(record + CENSUS_RESERVED, CENSUS_PLACE - CENSUS_RESERVED))
        return false;
    *out = c;
    return true;
}
