#include "engine/limits.h"

#include "engine/tallies.h"

#include <assert.h>
#include <stdlib.h>

#define SECONDS_PER_MINUTE 60
#define REMAINING_MOST     (REMAINING_UNPUBLISHED - 1)

/* ---- which limits there are ---- */

static bool stands(const struct limit *limit, uint32_t day)
{
    return limit->from_day <= day && day < limit->until_day;
}

/* The first limit of the relief in the table. */
static uint32_t first_limit(const struct tables *tables, uint32_t relief)
{
    uint32_t first = 0, count = tables->limit_count;
    while (count > 0) {
        uint32_t half = count / 2;
        if (tables->limits[first + half].relief < relief) {
            first += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return first;
}

/* Those of a relief that stand on a day, one after the other. */
struct limit_list {
    const struct limit *next, *end;
    uint32_t relief, day;
    bool has_term;
};

/* Those that part `index` is asked about. */
static struct limit_list limits_of(const struct limit_case *c, uint32_t index)
{
    const struct tables *tables = c->edition->tables;
    const struct limit_part *part = &c->parts[index];
    struct limit_list list = {
        .relief = part->relief, .day = c->day, .has_term = part->term_day != TERM_UNKNOWN};
    if (tables->limit_count != 0 && part->relief != RELIEF_NONE) {
        list.next = tables->limits + first_limit(tables, part->relief);
        list.end = tables->limits + tables->limit_count;
    }
    return list;
}

static const struct limit *next_limit(struct limit_list *list)
{
    for (; list->next != list->end && list->next->relief == list->relief; list->next++)
        if (stands(list->next, list->day) &&
            (list->has_term || list->next->period != PERIOD_STATUS_TERM))
            return list->next++;
    return NULL;
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t x, y;
    x = *(const uint64_t *)a;
    y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The table's limits are in order of relief; so are those of one number here. */
static void find_shared(struct book *book, const struct edition *edition)
{
    struct shared_limits *shared = &book->shared;
    const struct tables *tables = edition->tables;
    uint64_t generation = edition->manifest->generation;
    if (shared->of == tables->limits && shared->generation == generation &&
        shared->of_count == tables->limit_count)
        return;
    shared->of = tables->limits;
    shared->generation = generation;
    shared->of_count = tables->limit_count;
    shared->count = 0;
    for (uint32_t i = 0; i < tables->limit_count; i++)
        if (tables->limits[i].shared != 0)
            shared->list[shared->count++] = (uint64_t)tables->limits[i].shared << 32 | i;
    if (shared->count > 0)
        qsort(shared->list, shared->count, sizeof(shared->list[0]), compare_keys);
}

/* The reliefs that a limit counts: its own, or all that share its number on the day. */
struct sharers {
    const struct book *book;
    const struct limit *limits, *limit;
    uint32_t at, day, last;
};

static struct sharers sharers_of(struct book *book, const struct limit_case *c,
                                 const struct limit *limit)
{
    struct sharers sharers = {book, c->edition->tables->limits, limit, 0, c->day, RELIEF_NONE};
    if (limit->shared == 0)
        return sharers;
    find_shared(book, c->edition);
    uint64_t wanted = (uint64_t)limit->shared << 32;
    for (uint32_t count = book->shared.count; count > 0;) {
        uint32_t half = count / 2;
        bool is_before = book->shared.list[sharers.at + half] < wanted;
        sharers.at += is_before ? half + 1 : 0;
        count = is_before ? count - half - 1 : half;
    }
    return sharers;
}

static bool next_sharer(struct sharers *sharers, uint32_t *relief)
{
    if (sharers->limit->shared == 0) {
        *relief = sharers->limit->relief;
        return sharers->at++ == 0;
    }
    const struct shared_limits *shared = &sharers->book->shared;
    for (; sharers->at < shared->count && shared->list[sharers->at] >> 32 == sharers->limit->shared;
         sharers->at++) {
        const struct limit *limit = &sharers->limits[(uint32_t)shared->list[sharers->at]];
        if (limit->relief != sharers->last && stands(limit, sharers->day)) {
            *relief = sharers->last = limit->relief;
            return true;
        }
    }
    return false;
}

static bool counts(struct book *book, const struct limit_case *c, const struct limit *limit,
                   uint32_t relief)
{
    struct sharers sharers = sharers_of(book, c, limit);
    uint32_t one;
    while (next_sharer(&sharers, &one))
        if (one == relief)
            return true;
    return false;
}

static uint32_t scope_of(const struct limit_case *c, uint32_t relief)
{
    return c->edition->tables->reliefs[relief].code;
}

/* ---- what they are compared with ---- */

struct count {
    uint64_t uses, amount;
};

/* What stands in the tallies, holds included. */
static struct count tallied(struct book *book, const struct limit_case *c,
                            const struct limit *limit, uint32_t term_day)
{
    struct count count = {0, 0};
    struct sharers sharers = sharers_of(book, c, limit);
    uint64_t subject = limit->kind == LIMIT_BUDGET ? SUBJECT_NOBODY : c->subject;
    uint32_t number = period_number(limit->period, c->day, term_day), relief;
    while (next_sharer(&sharers, &relief)) {
        struct tally tally = tally_find(
            book, &(struct tally_name){subject, scope_of(c, relief), limit->period, number});
        count.uses += (uint64_t)tally.used_uses + tally.held_uses;
        count.amount += tally.used_amount + tally.held_amount;
    }
    return count;
}

/* What the parts [0, part_count) of this purchase come to under a limit. */
static struct count in_purchase(struct book *book, const struct limit_case *c,
                                const struct limit *limit, uint32_t part_count)
{
    struct count count = {0, 0};
    for (uint32_t i = 0; i < part_count; i++)
        if (counts(book, c, limit, c->parts[i].relief)) {
            count.uses += c->parts[i].use_count;
            count.amount += c->parts[i].amount;
        }
    return count;
}

/* Both, for part `index`: what it may add to. */
static struct count before_part(struct book *book, const struct limit_case *c,
                                const struct limit *limit, uint32_t index)
{
    struct count before = in_purchase(book, c, limit, index);
    if (limit->period != PERIOD_PURCHASE) {
        struct count had = tallied(book, c, limit, c->parts[index].term_day);
        before.uses += had.uses;
        before.amount += had.amount;
    }
    return before;
}

static uint64_t left_of(uint64_t value, uint64_t had)
{
    return value > had ? value - had : 0;
}

/* ---- spacing ---- */

static bool has_use(struct book *book, const struct limit_case *c, const struct limit *limit,
                    const struct transaction *transaction)
{
    for (size_t i = 0; i < transaction->part_count; i++) {
        const struct posting_part *part = &transaction->parts[i];
        uint32_t scope = book_account_scope(book, part->account), relief;
        struct sharers sharers = sharers_of(book, c, limit);
        while (part->use_count > 0 && next_sharer(&sharers, &relief))
            if (scope_of(c, relief) == scope)
                return true;
    }
    return false;
}

static bool is_too_soon(struct book *book, const struct limit_case *c, const struct limit *limit)
{
    uint64_t at_s = c->service_time_s, apart_s = at_s; /* nothing is further back than 1970 */
    if (limit->value < at_s / SECONDS_PER_MINUTE)
        apart_s = limit->value * SECONDS_PER_MINUTE;
    struct walk walk = walk_begin(book, c->subject, riga_day_of_time(at_s - apart_s));
    while (walk_next(&walk)) {
        uint64_t other_s = walk.posting.service_time_s;
        uint64_t between_s = other_s < at_s ? at_s - other_s : other_s - at_s;
        if (between_s < apart_s && has_use(book, c, limit, &walk.transaction))
            return true;
    }
    return walk.is_cut; /* who cannot be looked at as a whole is not given more */
}

/* ---- what they leave ---- */

/* Whether the limit is about a person, so that somebody must be there to have it counted for. */
static bool wants_person(const struct limit *limit)
{
    return limit->kind == LIMIT_SPACING ||
           (limit->kind != LIMIT_BUDGET && limit->period != PERIOD_PURCHASE);
}

/* Limits of uses and amounts: how much the part may take off. */
static uint64_t counted_leave(struct book *book, const struct limit_case *c, uint32_t index)
{
    struct limit_list list = limits_of(c, index);
    const struct limit *limit;
    uint64_t leave = UINT64_MAX;
    while ((limit = next_limit(&list)) != NULL) {
        if (wants_person(limit) && c->subject == SUBJECT_NOBODY)
            return 0;
        if (limit->kind != LIMIT_USES && limit->kind != LIMIT_AMOUNT)
            continue;
        struct count before = before_part(book, c, limit, index);
        uint64_t left =
            left_of(limit->value, limit->kind == LIMIT_USES ? before.uses : before.amount);
        if (limit->kind == LIMIT_USES)
            left = c->parts[index].use_count <= left ? UINT64_MAX : 0;
        if (left < leave)
            leave = left;
    }
    return leave < c->parts[index].amount || leave == 0 ? leave : UINT64_MAX;
}

static bool spacing_allows(struct book *book, const struct limit_case *c, uint32_t index)
{
    struct limit_list list = limits_of(c, index);
    const struct limit *limit;
    while ((limit = next_limit(&list)) != NULL)
        if (limit->kind == LIMIT_SPACING && is_too_soon(book, c, limit))
            return false;
    return true;
}

/* Whom a WARN and a STOP are about. */
static uint32_t scope_of_budget(const struct limit_case *c, const struct limit *limit)
{
    return limit->shared != 0 ? SCOPE_SHARED | limit->shared : scope_of(c, limit->relief);
}

static void write_about_budget(struct book *book, const struct limit_case *c,
                               const struct limit *limit, uint8_t kind, uint64_t spent,
                               uint32_t number)
{
    struct posting posting = {
        .kind = kind,
        .status = kind == POSTING_STOP ? STATUS_BUDGET_SPENT : 0,
        .service_time_s = (uint32_t)c->service_time_s,
        .target_id = number,
        .target_terminal = limit->period,
        .relief = scope_of_budget(c, limit),
        .generation = c->edition->manifest->generation,
        .part_count = 1,
        .parts = {{.amount = spent}},
    };
    book_append(book, &posting, 0, 0);
}

/* Once in a period: a tally remembers it, of a shared budget one of its own. */
static void write_stop(struct book *book, const struct limit_case *c, const struct limit *limit,
                       uint64_t spent, uint32_t number)
{
    struct tally_name name = {SUBJECT_NOBODY, scope_of_budget(c, limit), limit->period, number};
    struct tally tally = tally_find(book, &name);
    if (tally.stopped != 0)
        return;
    tally.stopped = 1;
    book_put_tally(book, &name, &tally);
    write_about_budget(book, c, limit, POSTING_STOP, spent, number);
}

/* All are asked: each that refuses writes its own STOP. */
static bool budgets_allow(struct book *book, const struct limit_case *c, uint32_t index,
                          bool writes_stop)
{
    struct limit_list list = limits_of(c, index);
    const struct limit *limit;
    bool is_allowed = true;
    while ((limit = next_limit(&list)) != NULL) {
        if (limit->kind != LIMIT_BUDGET)
            continue;
        uint64_t spent = before_part(book, c, limit, index).amount;
        if (c->parts[index].amount <= left_of(limit->value, spent))
            continue;
        if (writes_stop && limit->period != PERIOD_PURCHASE)
            write_stop(book, c, limit, spent,
                       period_number(limit->period, c->day, c->parts[index].term_day));
        is_allowed = false;
    }
    return is_allowed;
}

uint64_t limits_leave(struct book *book, const struct limit_case *c, uint32_t index,
                      bool writes_stop, uint16_t *status)
{
    uint64_t leave = counted_leave(book, c, index);
    if (leave == 0)
        *status = STATUS_LIMIT_REACHED;
    if (leave != UINT64_MAX && leave != 0)
        return leave; /* decided again before anything else is asked */
    if (leave != 0 && !spacing_allows(book, c, index)) {
        *status = STATUS_TOO_SOON;
        leave = 0;
    }
    if (leave != 0 && !budgets_allow(book, c, index, writes_stop)) {
        *status = STATUS_BUDGET_SPENT;
        leave = 0;
    }
    return leave;
}

bool limits_are_passed(struct book *book, const struct limit_case *limit_case)
{
    bool is_over = false;
    uint16_t why;
    for (uint32_t i = 0; i < limit_case->part_count; i++)
        if (limits_leave(book, limit_case, i, false, &why) != UINT64_MAX)
            is_over = true;
    return is_over;
}

/* ---- afterwards ---- */

uint16_t limits_remaining(struct book *book, const struct limit_case *c)
{
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < c->part_count; i++) {
        struct limit_list list = limits_of(c, i);
        const struct limit *limit;
        while ((limit = next_limit(&list)) != NULL) {
            if (limit->kind != LIMIT_USES || !limit->is_published ||
                limit->period == PERIOD_PURCHASE || c->subject == SUBJECT_NOBODY)
                continue;
            uint64_t left =
                left_of(limit->value, tallied(book, c, limit, c->parts[i].term_day).uses);
            if (left < least)
                least = left;
        }
    }
    if (least == UINT64_MAX)
        return REMAINING_UNPUBLISHED;
    return (uint16_t)(least < REMAINING_MOST ? least : REMAINING_MOST);
}

/* A shared budget is warned of once, with the first part that it counts. */
static bool is_told(struct book *book, const struct limit_case *c, const struct limit *limit,
                    uint32_t index)
{
    for (uint32_t i = 0; i < index; i++)
        if (counts(book, c, limit, c->parts[i].relief))
            return true;
    return false;
}

void limits_warn(struct book *book, const struct limit_case *c)
{
    for (uint32_t i = 0; i < c->part_count; i++) {
        struct limit_list list = limits_of(c, i);
        const struct limit *limit;
        while ((limit = next_limit(&list)) != NULL) {
            if (limit->kind != LIMIT_BUDGET || limit->warn_bp == 0 ||
                limit->period == PERIOD_PURCHASE || is_told(book, c, limit, i))
                continue;
            uint32_t term_day = c->parts[i].term_day;
            uint64_t after = tallied(book, c, limit, term_day).amount;
            uint64_t added = in_purchase(book, c, limit, c->part_count).amount;
            uint64_t mark = limit->value / PERCENT_ALL_BP * limit->warn_bp +
                            limit->value % PERCENT_ALL_BP * limit->warn_bp / PERCENT_ALL_BP;
            if (after >= mark && left_of(after, added) < mark)
                write_about_budget(book, c, limit, POSTING_WARN, after,
                                   period_number(limit->period, c->day, term_day));
        }
    }
}
