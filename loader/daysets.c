#include "loader/daysets.h"

#include "loader/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define DAYS_PER_WEEK 7
#define SATURDAY      5 /* 0: Monday */
#define NTH_LAST      5

/* ---- sets ---- */

/* Day numbers may lie before 1970 or beyond the window: only what is inside is added. */
static void add_span(struct dayset *set, struct window window, int64_t from_day, int64_t until_day)
{
    int64_t first = from_day > window.from_day ? from_day - window.from_day : 0;
    int64_t end =
        (until_day < window.until_day ? until_day : window.until_day) - (int64_t)window.from_day;
    for (int64_t bit = first; bit < end;) {
        int64_t count = 64 - bit % 64 < end - bit ? 64 - bit % 64 : end - bit;
        set->words[bit / 64] |= UINT64_MAX >> (64 - count) << bit % 64;
        bit += count;
    }
}

struct dayset dayset_of_span(struct window window, uint32_t from_day, uint32_t until_day)
{
    struct dayset set = {{0}};
    add_span(&set, window, from_day, until_day);
    return set;
}

struct dayset dayset_both(const struct dayset *a, const struct dayset *b)
{
    struct dayset set;
    for (size_t i = 0; i < DAYSET_WORD_COUNT; i++)
        set.words[i] = a->words[i] & b->words[i];
    return set;
}

struct dayset dayset_either(const struct dayset *a, const struct dayset *b)
{
    struct dayset set;
    for (size_t i = 0; i < DAYSET_WORD_COUNT; i++)
        set.words[i] = a->words[i] | b->words[i];
    return set;
}

struct dayset dayset_without(const struct dayset *a, const struct dayset *b)
{
    struct dayset set;
    for (size_t i = 0; i < DAYSET_WORD_COUNT; i++)
        set.words[i] = a->words[i] & ~b->words[i];
    return set;
}

bool dayset_is_empty(const struct dayset *set)
{
    uint64_t any = 0;
    for (size_t i = 0; i < DAYSET_WORD_COUNT; i++)
        any |= set->words[i];
    return any == 0;
}

/* ---- items of calendars ---- */

/* Day 0 was a Thursday. */
static uint32_t weekday_of_day(int32_t day)
{
    return (uint32_t)(((day + 3) % DAYS_PER_WEEK + DAYS_PER_WEEK) % DAYS_PER_WEEK);
}

/* The computus in the form of Meeus, Jones and Butcher: right for every Gregorian year. */
struct date easter_of_year(int32_t year)
{
    int32_t a = year % 19, b = year / 100, c = year % 100;
    int32_t d = b / 4, e = b % 4, f = (b + 8) / 25, g = (b - f + 1) / 3;
    int32_t h = (19 * a + b - d - g + 15) % 30;
    int32_t i = c / 4, k = c % 4;
    int32_t l = (32 + 2 * e + 2 * i - h - k) % 7;
    int32_t m = (a + 11 * h + 22 * l) / 451;
    int32_t month_day = h + l - 7 * m + 114;
    return (struct date){year, (uint32_t)(month_day / 31), (uint32_t)(month_day % 31) + 1};
}

static void add_yearly(struct dayset *set, const struct calendar_item *item, struct window window,
                       int32_t year)
{
    struct date date = {year, item->month, item->day};
    if (!date_is_valid(date))
        return;
    int32_t day = day_of_date(date);
    uint32_t weekday = weekday_of_day(day);
    add_span(set, window, day, (int64_t)day + 1);
    if (item->or_monday && weekday >= SATURDAY) {
        int64_t monday = (int64_t)day + DAYS_PER_WEEK - weekday;
        add_span(set, window, monday, monday + 1);
    }
}

/* A span that begins or ends on 29 February does so, in common years, on the days beside it: the
 * sum behind day_of_date makes 1 March of 29 February. */
static void add_yearly_span(struct dayset *set, const struct calendar_item *item,
                            struct window window, int32_t year)
{
    bool passes_new_year = item->last_month < item->month ||
                           (item->last_month == item->month && item->last_day < item->day);
    struct date first = {year, item->month, item->day};
    struct date last = {passes_new_year ? year + 1 : year, item->last_month, item->last_day};
    int32_t until_day = day_of_date(last) + (date_is_valid(last) ? 1 : 0);
    add_span(set, window, day_of_date(first), until_day);
}

static void add_nth_weekday(struct dayset *set, const struct calendar_item *item,
                            struct window window, int32_t year)
{
    int32_t first = day_of_date((struct date){year, item->month, 1});
    struct date next_month = {item->month < 12 ? year : year + 1, item->month % 12u + 1, 1};
    uint32_t ahead = (item->weekday + DAYS_PER_WEEK - weekday_of_day(first)) % DAYS_PER_WEEK;
    int32_t day = first + (int32_t)ahead;
    if (item->nth == NTH_LAST) {
        int32_t after = day_of_date(next_month);
        day += (after - 1 - day) / DAYS_PER_WEEK * DAYS_PER_WEEK;
    } else {
        day += (item->nth - 1) * DAYS_PER_WEEK;
    }
    add_span(set, window, day, (int64_t)day + 1);
}

static void add_easter(struct dayset *set, const struct calendar_item *item, struct window window,
                       int32_t year)
{
    int64_t day = (int64_t)day_of_date(easter_of_year(year)) + item->offset_days;
    add_span(set, window, day, day + 1);
}

static void add_weekdays(struct dayset *set, const struct calendar_item *item, struct window window)
{
    for (uint32_t day = window.from_day; day < window.until_day; day++)
        if (item->weekday_mask >> weekday_of_day((int32_t)day) & 1)
            add_span(set, window, day, (int64_t)day + 1);
}

/* Years before and after those of the window reach into it: by spans over the year's end, offsets
 * from Easter, and Mondays after the last weekend of a year. */
static void add_in_years(struct dayset *set, const struct calendar_item *item, struct window window,
                         void (*add)(struct dayset *, const struct calendar_item *, struct window,
                                     int32_t year))
{
    int32_t last = date_of_day((int32_t)window.until_day - 1).year + 1;
    for (int32_t year = date_of_day((int32_t)window.from_day).year - 1; year <= last; year++)
        add(set, item, window, year);
}

/* `earlier` are the calendars before the item's own. */
static struct dayset item_days(const struct calendar_item *item, struct window window,
                               const struct dayset earlier[])
{
    struct dayset set = {{0}};
    switch (item->kind) {
    case CALENDAR_YEARLY:
        add_in_years(&set, item, window, add_yearly);
        return set;
    case CALENDAR_YEARLY_SPAN:
        add_in_years(&set, item, window, add_yearly_span);
        return set;
    case CALENDAR_ONCE:
        add_span(&set, window, item->from_day, item->until_day);
        return set;
    case CALENDAR_EASTER:
        add_in_years(&set, item, window, add_easter);
        return set;
    case CALENDAR_NTH_WEEKDAY:
        add_in_years(&set, item, window, add_nth_weekday);
        return set;
    case CALENDAR_WEEKDAYS:
        add_weekdays(&set, item, window);
        return set;
    case CALENDAR_OTHER:
        return earlier[item->calendar];
    }
    abort(); /* not a kind of item: memory was overwritten */
}

/* ---- calendars ---- */

static const struct calendar_item *items_of(const struct rules *rules, uint32_t calendar)
{
    return rules->items + rules->calendars[calendar].first_item;
}

static struct dayset items_days(const struct rules *rules, uint32_t calendar, uint32_t place,
                                struct window window, const struct dayset earlier[])
{
    struct dayset set = {{0}};
    const struct calendar_item *items = items_of(rules, calendar);
    for (uint32_t i = 0; i < rules->calendars[calendar].item_count; i++) {
        if (items[i].has_place && !place_is_in(place, items[i].place))
            continue;
        struct dayset days = item_days(&items[i], window, earlier);
        set = items[i].is_excluded ? dayset_without(&set, &days) : dayset_either(&set, &days);
    }
    return set;
}

void calendars_within(bool is_within[], const struct rules *rules, uint32_t calendar)
{
    memset(is_within, 0, ((size_t)calendar + 1) * sizeof(is_within[0]));
    is_within[calendar] = true;
    for (uint32_t c = calendar + 1; c-- > 0;) {
        const struct calendar_item *items = items_of(rules, c);
        for (uint32_t i = 0; is_within[c] && i < rules->calendars[c].item_count; i++)
            if (items[i].kind == CALENDAR_OTHER) {
                assert(items[i].calendar < c);
                is_within[items[i].calendar] = true;
            }
    }
}

/* From the first calendar to this one, not by asking each for those within it. */
struct dayset dayset_of_calendar(const struct rules *rules, uint32_t calendar, uint32_t place,
                                 struct window window)
{
    assert(window.from_day < window.until_day &&
           window.until_day - window.from_day <= WINDOW_DAYS_MAX);
    if (calendar == CALENDAR_ALL_DAYS)
        return dayset_of_span(window, 0, DAY_NEVER);
    assert(calendar < rules->calendar_count);
    size_t count = (size_t)calendar + 1;
    bool *is_within = memory_take(count, sizeof(*is_within));
    struct dayset *days = memory_take(count, sizeof(*days));
    calendars_within(is_within, rules, calendar);
    for (uint32_t c = 0; c < count; c++)
        if (is_within[c])
            days[c] = items_days(rules, c, place, window, days);
    struct dayset set = days[calendar];
    free(days);
    free(is_within);
    return set;
}

/* ---- numbers ---- */

void daysets_begin(struct daysets *daysets, struct window window)
{
    struct dayset all = dayset_of_span(window, 0, DAY_NEVER);
    memset(daysets, 0, sizeof(*daysets));
    uint32_t number = daysets_add(daysets, &all);
    assert(number == DAYSET_ALL);
}

uint32_t daysets_add(struct daysets *daysets, const struct dayset *set)
{
    return interner_number(&daysets->sets, set, sizeof(*set));
}

struct dayset daysets_get(const struct daysets *daysets, uint32_t number)
{
    size_t size;
    struct dayset set;
    const void *words = interner_at(&daysets->sets, number, &size);
    assert(size == sizeof(set));
    memcpy(&set, words, sizeof(set));
    return set;
}

void daysets_free(struct daysets *daysets)
{
    interner_free(&daysets->sets);
}
