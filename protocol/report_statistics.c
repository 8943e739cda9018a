/* report statistics: how many persons used a relief where and in which month, without telling of so
 * few that somebody could be known by it. */
#include "protocol/report.h"
#include "protocol/report_snapshot.h"

#include "protocol/commands.h"
#include "protocol/day.h"
#include "protocol/suppress.h"
#include "protocol/totals.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NAME     "eligctl report statistics"
#define NOT_TOLD "few"

struct statistics_settings {
    struct report_settings report;
    struct report_snapshot_settings snapshot;
    const char *by;
    uint64_t least;
};

#define STATISTICS_AT(field) offsetof(struct statistics_settings, field)

static const struct option_row statistics_rows[] = {
    REPORT_ROWS_DAYS(struct statistics_settings),
    {"by", OPTION_TEXT, STATISTICS_AT(by), "WHERE", "provider", 0, 0,
     "provider; or municipality, that of the point of sale, for which --snapshots is wanted"},
    {"least", OPTION_NUMBER, STATISTICS_AT(least), "NUMBER", "5", 5, 1000000,
     "fewer persons than that are not told, nor what they could be worked out from"},
    REPORT_ROWS_SNAPSHOT(struct statistics_settings),
    REPORT_ROWS_FORMAT(struct statistics_settings),
};

static const struct option_table statistics_table = {
    .usage = "eligctl report statistics LEDGER [options]",
    .about = "Counts persons, uses and amounts by relief, place and month, without telling of few.",
    .rows = statistics_rows,
    .row_count = COUNT_OF(statistics_rows),
    .operands_least = 1,
    .operands_most = 1,
    .footer = REPORT_FOOTER,
};

/* A relief in a month: somewhere, or everywhere (`is_all`). */
struct counted_group {
    uint32_t month, scope; /* the key */
    uint64_t where;
    uint32_t is_all, zero;
    uint64_t persons;   /* different ones that used it */
    uint64_t concerned; /* and those, too, that gave something back */
    int64_t uses, amount;
    uint32_t account;
    bool is_told;
};
#define GROUP_KEY_SIZE offsetof(struct counted_group, persons)
static_assert(GROUP_KEY_SIZE == 24, "a key without gaps");

/* That somebody has been counted there. */
struct seen {
    uint32_t month, scope; /* the key */
    uint64_t where, subject;
    uint32_t is_all;
    uint32_t is_user; /* as one of those who used it, too */
};
#define SEEN_KEY_SIZE offsetof(struct seen, is_user)
static_assert(SEEN_KEY_SIZE == 28, "a key without gaps");

struct statistics {
    struct ledger_report report;
    struct report_snapshot snapshot;
    struct totals groups, seen;
    uint64_t least;
    bool by_place;
};

/* ---- counting ---- */

static uint64_t where_of(const struct statistics *s, const struct posting *p)
{
    if (!s->by_place)
        return p->provider;
    const struct point *point = tables_find_point(s->snapshot.tables, p->point_of_sale);
    return point != NULL ? point->place : 0;
}

static bool count(struct statistics *s, const struct counted_group *key, const struct posting *p,
                  const struct posting_part *part, struct fault *fault)
{
    int sign = posting_sign(p);
    struct counted_group *group = totals_at(&s->groups, key);
    if (group == NULL)
        return fault_set(fault, "no memory; ask for fewer days");
    group->account = part->account;
    group->uses += sign * part->use_count;
    group->amount += sign * (int64_t)part->amount;
    if (p->subject == 0)
        return true;
    struct seen key_of_seen = {.month = key->month,
                               .scope = key->scope,
                               .where = key->where,
                               .subject = p->subject,
                               .is_all = key->is_all};
    size_t before = s->seen.count;
    struct seen *seen = totals_at(&s->seen, &key_of_seen);
    if (seen == NULL)
        return fault_set(fault, "no memory; ask for fewer days");
    group->concerned += s->seen.count - before;
    group->persons += sign > 0 && seen->is_user == 0;
    seen->is_user |= sign > 0;
    return true;
}

static bool take_posting(void *to, const struct posting *p, struct fault *fault)
{
    struct statistics *s = to;
    if (posting_sign(p) == 0)
        return true;
    for (size_t i = 0; i < p->part_count; i++) {
        const struct account *account = account_list_find(&s->report.accounts, p->parts[i].account);
        if (account == NULL)
            continue;
        struct counted_group here = {.month = month_of_day(posting_day(p)),
                                     .scope = account->scope,
                                     .where = where_of(s, p)};
        struct counted_group all = {.month = here.month, .scope = here.scope, .is_all = 1};
        if (!count(s, &here, p, &p->parts[i], fault) || !count(s, &all, p, &p->parts[i], fault))
            return false;
    }
    return true;
}

/* ---- what may be told ---- */

static int compare_groups(const void *left, const void *right)
{
    const struct counted_group *a = left, *b = right;
    if (a->month != b->month)
        return a->month < b->month ? -1 : 1;
    if (a->scope != b->scope)
        return a->scope < b->scope ? -1 : 1;
    if (a->is_all != b->is_all)
        return a->is_all < b->is_all ? -1 : 1;
    return (a->where > b->where) - (a->where < b->where);
}

/* The lines of a relief in a month, and the one of all places behind them. Somebody may have been
 * in several. */
static void decide_lines(struct statistics *s, size_t first, size_t count, struct counted lines[],
                         struct counted *order[])
{
    for (size_t i = 0; i < count; i++) {
        const struct counted_group *group = totals_entry(&s->groups, first + i);
        lines[i].persons[0] = group->persons;
        lines[i].persons[1] = group->concerned;
        order[i] = &lines[i];
    }
    suppress_lines(order, count - 1, s->least, false);
    lines[count - 1].is_told = suppress_may_tell(&lines[count - 1], s->least);
    for (size_t i = 0; i < count; i++) {
        struct counted_group *group = totals_entry(&s->groups, first + i);
        group->is_told = lines[i].is_told;
    }
}

static bool decide_run(struct statistics *s, size_t first, size_t count, struct fault *fault)
{
    struct counted *lines = calloc(count, sizeof(struct counted));
    struct counted **order = calloc(count, sizeof(struct counted *));
    bool is_good = (lines != NULL && order != NULL) || fault_set(fault, "no memory");
    if (is_good)
        decide_lines(s, first, count, lines, order);
    free(order);
    free(lines);
    return is_good;
}

static bool decide_all(struct statistics *s, struct fault *fault)
{
    totals_sort(&s->groups, compare_groups);
    for (size_t first = 0, i = 0; i < s->groups.count; i++) {
        const struct counted_group *group = totals_entry(&s->groups, i);
        if (group->is_all == 0)
            continue;
        if (!decide_run(s, first, i - first + 1, fault))
            return false;
        first = i + 1;
    }
    return true;
}

/* ---- telling ---- */

static const struct listing_column columns[] = {
    {"month", CELL_TEXT},   {"relief", CELL_TEXT}, {"where", CELL_TEXT},
    {"persons", CELL_TEXT}, {"uses", CELL_TEXT},   {"amount", CELL_TEXT},
};

static void tell_group(struct listing *listing, const struct statistics *s,
                       const struct counted_group *group)
{
    char month[MONTH_TEXT_SIZE], where[PARTY_TEXT_SIZE], persons[PARTY_TEXT_SIZE] = NOT_TOLD;
    char uses[PARTY_TEXT_SIZE] = "", amount[SIGNED_MONEY_TEXT_SIZE] = "";
    const struct account *account = account_list_find(&s->report.accounts, group->account);
    if (group->is_told) {
        snprintf(persons, sizeof(persons), "%" PRIu64, group->persons);
        snprintf(uses, sizeof(uses), "%" PRId64, group->uses);
        signed_money_text(amount, group->amount);
    }
    if (s->by_place && group->is_all == 0)
        snprintf(where, sizeof(where), "%07" PRIu64, group->where);
    else
        party_text(where, group->where);
    const struct cell cells[COUNT_OF(columns)] = {
        {.text = month_text(month, group->month)},
        {.text = account->relief},
        {.text = group->is_all != 0 ? "all" : where},
        {.text = persons},
        {.text = uses},
        {.text = amount},
    };
    listing_row(listing, cells);
}

static bool tell(struct statistics *s, struct fault *fault)
{
    struct json json;
    struct listing *listing;
    bool is_json = s->report.format == LISTING_JSON;
    if (is_json) {
        json_start(&json, stdout);
        json_open_object(&json, NULL);
        json_number(&json, "least", s->least);
    }
    if (!listing_open(&listing, s->report.format, stdout, is_json ? &json : NULL, "rows", columns,
                      COUNT_OF(columns), fault))
        return false;
    listing_head(listing);
    for (size_t i = 0; i < s->groups.count; i++)
        tell_group(listing, s, totals_entry(&s->groups, i));
    if (!listing_close(listing, fault))
        return false;
    if (is_json) {
        json_close_object(&json);
        json_end(&json);
    }
    return true;
}

/* Whole months, over already: from two reports that differ by a day that day could be told. */
static bool months_are_whole(const struct statistics *s, struct fault *fault)
{
    uint32_t from = s->report.from_day, until = s->report.until_day;
    if ((from != 0 && from != month_of_day(from)) || until == 0 || until != month_of_day(until) ||
        time_of_riga_day(until) * 1000 > s->report.head.clock_ms)
        return fault_set(fault, "want --from and --until on the first of a month that has begun: "
                                "only whole months are told");
    return !s->report.is_cut ||
           fault_set(fault, "--from: postings of these months have been removed after their time; "
                            "want the first of a month that is still whole");
}

int run_report_statistics(int argc, char *argv[])
{
    struct statistics_settings settings;
    struct operands operands;
    struct fault fault;
    options_read(&statistics_table, &settings, &operands, argc, argv);
    struct statistics s = {.least = settings.least,
                           .by_place = strcmp(settings.by, "municipality") == 0};
    if (!s.by_place && strcmp(settings.by, "provider") != 0) {
        fault_write(&fault, "--by: want provider or municipality, found \"%.60s\"", settings.by);
        return command_fail(NAME, EXIT_USAGE, &fault);
    }
    if (s.by_place && settings.snapshot.snapshots == NULL) {
        fault_write(&fault, "--by municipality: want --snapshots, where points of sale have one");
        return command_fail(NAME, EXIT_USAGE, &fault);
    }
    ledger_reader_survive(NAME);
    totals_start(&s.groups, sizeof(struct counted_group), GROUP_KEY_SIZE);
    totals_start(&s.seen, sizeof(struct seen), SEEN_KEY_SIZE);
    if (!report_open(&s.report, operands.words[0], &settings.report, &fault))
        return command_fail(NAME, EXIT_FAILED, &fault);
    bool is_good = months_are_whole(&s, &fault) &&
                   report_snapshot_open(&s.snapshot, &settings.snapshot, &fault) &&
                   report_each(&s.report, take_posting, &s, &fault) && decide_all(&s, &fault) &&
                   tell(&s, &fault);
    report_snapshot_close(&s.snapshot);
    totals_free(&s.groups);
    totals_free(&s.seen);
    report_close(&s.report);
    return is_good ? command_finish(NAME, EXIT_YES) : command_fail(NAME, EXIT_FAILED, &fault);
}
