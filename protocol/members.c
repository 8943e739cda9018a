/* Memberships, views, groups and the census: who, of the records in catalogue.h. */
#include "protocol/catalogue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

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
    assert(catalogue_name_is_sane(in->name));
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
    if (!catalogue_name_is_sane(g.name))
        return false;
    *out = g;
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
