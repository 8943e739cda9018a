#include "protocol/ledger_rows.h"

/* ---- numbers ---- */

uint64_t row_number(const uint8_t *at, int size)
{
    uint64_t value = 0;
    for (int i = size - 1; i >= 0; i--)
        value = value << 8 | at[i];
    return value;
}

uint64_t key_number(const uint8_t *at, int size)
{
    uint64_t value = 0;
    for (int i = 0; i < size; i++)
        value = value << 8 | at[i];
    return value;
}

void key_put(uint8_t *at, uint64_t value, int size)
{
    for (int i = size - 1; i >= 0; i--, value >>= 8)
        at[i] = (uint8_t)value;
}

static uint64_t u64(const uint8_t *row, int at)
{
    return row_number(row + at, 8);
}
static uint32_t u32(const uint8_t *row, int at)
{
    return (uint32_t)row_number(row + at, 4);
}
static uint16_t u16(const uint8_t *row, int at)
{
    return (uint16_t)row_number(row + at, 2);
}

static bool is_zero(const uint8_t *row, int from, int until)
{
    for (int i = from; i < until; i++)
        if (row[i] != 0)
            return false;
    return true;
}

/* ---- rows ---- */

static bool read_parts(struct row_part parts[PARTS], const uint8_t *row, int at, uint8_t count)
{
    for (int i = 0; i < PARTS; i++, at += 16) {
        parts[i] =
            (struct row_part){u32(row, at), u16(row, at + 4), u16(row, at + 6), u64(row, at + 8)};
        if (i >= count ? !is_zero(row, at, at + 16) : parts[i].uses > parts[i].units)
            return false;
    }
    return count <= PARTS;
}

/* What is left of a denial: nothing but its number, its place in the subject's list and hashes. */
static bool is_emptied(const uint8_t *row)
{
    return is_zero(row, 9, 96) && is_zero(row, 100, 112) && is_zero(row, 120, HASHED);
}

bool row_read_posting(struct row_posting *out, const uint8_t *row)
{
    *out = (struct row_posting){
        .sequence = u64(row, 0),
        .kind = row[8],
        .state = row[9],
        .status = u16(row, 10),
        .terminal = u32(row, 12),
        .id = u64(row, 16),
        .target = u64(row, 24),
        .target_terminal = u32(row, 32),
        .product = u32(row, 36),
        .subject = u64(row, 40),
        .recorded_ms = u64(row, 48),
        .service_s = u32(row, 56),
        .quantity = u16(row, 68),
        .part_count = row[73],
        .flags = u16(row, 74),
        .body = u64(row, 80),
        .day_most = u32(row, 96),
        .relief = u32(row, 100),
        .until_s = u32(row, 104),
        .skip = u32(row, 108),
        .before = u64(row, 112),
        .generation = u64(row, 120),
        .hash = row + HASHED,
        .chain = row + HASHED + HASH,
    };
    bool is_kind = (out->kind >= USE && out->kind <= STOP) || out->kind == PRUNED;
    return is_kind && out->state <= GIVEN_BACK && out->flags <= ALL_FLAGS &&
           read_parts(out->parts, row, 128, out->part_count) &&
           (out->kind != PRUNED || is_emptied(row));
}

bool row_read_transaction(struct row_transaction *out, const uint8_t *row)
{
    *out = (struct row_transaction){
        .first = u64(row, 0),
        .last = u64(row, 8),
        .body = u64(row, 16),
        .deadline_ms = u64(row, 24),
        .kind = row[32],
        .state = row[33],
        .part_count = row[34],
        .flags = u16(row, 36),
        .quantity = u16(row, 38),
        .confirmed = u16(row, 40),
    };
    return row[35] == 0 && is_zero(row, 42, 48) && out->kind >= USE && out->kind <= LATE &&
           out->state <= GIVEN_BACK && out->flags <= ALL_FLAGS &&
           read_parts(out->parts, row, 48, out->part_count);
}

bool row_read_head(struct row_head *out, const uint8_t *row)
{
    *out = (struct row_head){
        .format = u32(row, 0),
        .sequence = u64(row, 8),
        .clock_ms = u64(row, 16),
        .pruned = u64(row, 32),
        .accounts = u32(row, 40),
        .chain = row + 48,
        .pruned_chain = row + 80,
    };
    return out->format == 2 && is_zero(row, 44, 48) && is_zero(row, 112, ROW_HEAD) &&
           out->pruned <= out->sequence;
}

/* ---- days ---- */

/* Days from 1970-01-01 to the first of March of a year, months counted from there: leap days stand
 * at the end. */
static int64_t first_of_month(int64_t year, int64_t month) /* 1..12 */
{
    int64_t y = month < 3 ? year - 1 : year, m = month < 3 ? month + 9 : month - 3;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 - 719468;
}

/* 01:00 UTC on the month's last Sunday: summer time begins and ends so in the whole Union. */
static int64_t change_s(int64_t year, int64_t month)
{
    int64_t last = first_of_month(year, month) + 30; /* March and October have 31 days */
    int64_t weekday = (last + 4) % 7;                /* 0 is Sunday: day 3 was one */
    return (last - weekday) * 86400 + 3600;
}

uint32_t row_day(uint64_t utc_s)
{
    int64_t at = (int64_t)utc_s, year = 1970 + at / 31556952;
    if (at < first_of_month(year, 1) * 86400)
        year--;
    else if (at >= first_of_month(year + 1, 1) * 86400)
        year++;
    bool is_summer = at >= change_s(year, 3) && at < change_s(year, 10);
    return (uint32_t)((at + (is_summer ? 3 : 2) * 3600) / 86400);
}

static uint32_t day_of(int64_t year, int64_t month)
{
    return (uint32_t)first_of_month(year, month);
}

bool row_period(uint32_t *from, uint32_t *until, uint8_t period, uint32_t number)
{
    int64_t n = number;
    *from = number;
    *until = UINT32_MAX;
    switch (period) {
    case 2:
        *until = number + 1;
        return true;
    case 3:
        *from = n == 0 ? 0 : (uint32_t)(7 * n - 3);
        *until = (uint32_t)(7 * n + 4);
        return true;
    case 4:
        *from = day_of(n / 12, n % 12 + 1);
        *until = day_of((n + 1) / 12, (n + 1) % 12 + 1);
        return true;
    case 5:
        *from = day_of(n, 9);
        *until = day_of(n + 1, 9);
        return true;
    case 6:
        *from = day_of(n, 1);
        *until = day_of(n + 1, 1);
        return true;
    case 7:
        return true;
    case 8:
        *from = 0;
        return number == 0;
    default:
        return false;
    }
}

/* Guessed from the mean length, then put right. */
uint32_t row_period_of(uint8_t period, uint32_t day)
{
    uint32_t from, until;
    uint64_t years = 1970 * UINT64_C(400) + day * UINT64_C(400) / 365; /* in 1/400 */
    uint32_t number = period == 2                  ? day
                      : period == 3                ? day / 7
                      : period == 4                ? (uint32_t)(years * 12 / 400)
                      : period == 5 || period == 6 ? (uint32_t)(years / 400)
                                                   : 0;
    while (row_period(&from, &until, period, number) && until <= day)
        number++;
    while (row_period(&from, &until, period, number) && from > day)
        number--;
    return number;
}
