/* report budget: what of each relief is spent on each day of service, what was warned of and
 * stopped, and, with a snapshot, what is left of the budgets that it has. */
#include "protocol/budget.h"
#include "protocol/report.h"
#include "protocol/report_snapshot.h"

#include "protocol/commands.h"
#include "protocol/day.h"

#include <inttypes.h>
#include <string.h>

#define NAME "eligctl report budget"

struct budget_settings {
    struct report_settings report;
    struct report_snapshot_settings snapshot;
    const char *relief;
};

#define BUDGET_AT(field) offsetof(struct budget_settings, field)

static const struct option_row budget_rows[] = {
    {"from", OPTION_DAY, BUDGET_AT(report.from_day), "DAY", NULL, 0, 0,
     "required: first day of service"},
    {"until", OPTION_DAY, BUDGET_AT(report.until_day), "DAY", NULL, 0, 0,
     "required: first day of service that is out"},
    {"relief", OPTION_TEXT, BUDGET_AT(relief), "NAME", NULL, 0, 0, "only this one"},
    REPORT_ROWS_SNAPSHOT(struct budget_settings),
    REPORT_ROWS_FORMAT(struct budget_settings),
};

static const struct option_table budget_table = {
    .usage = "eligctl report budget LEDGER --from DAY --until DAY [options]",
    .about = "Tells what of each relief is spent, day by day, and what is left of its budget.",
    .rows = budget_rows,
    .row_count = COUNT_OF(budget_rows),
    .operands_least = 1,
    .operands_most = 1,
    .footer = REPORT_FOOTER,
};

struct budget {
    struct ledger_report report;
    struct report_snapshot snapshot;
    const struct budget_settings *settings;
    struct listing *listing;
};

static const struct listing_column columns[] = {
    {"what", CELL_TEXT},  {"relief", CELL_TEXT}, {"period", CELL_TEXT},
    {"from", CELL_TEXT},  {"uses", CELL_NUMBER}, {"spent", CELL_MONEY},
    {"held", CELL_MONEY}, {"budget", CELL_TEXT}, {"left", CELL_TEXT},
};

static const char *period_word(uint8_t period)
{
    static const char *const names[] = {
        "", "purchase", "day", "week", "month", "school_year", "year", "status_term", "lifetime"};
    return period < COUNT_OF(names) ? names[period] : "";
}

static void tell(struct budget *b, const char *what, const char *relief, uint8_t period,
                 uint32_t from, const struct tally *spent, const int64_t *value)
{
    char day[DAY_TEXT_SIZE], budget[SIGNED_MONEY_TEXT_SIZE] = "", left[SIGNED_MONEY_TEXT_SIZE] = "";
    day_to_text(day, (int32_t)from);
    if (value != NULL) {
        signed_money_text(budget, *value);
        signed_money_text(left, *value - (int64_t)(spent->used_amount + spent->held_amount));
    }
    const struct cell cells[COUNT_OF(columns)] = {
        {.text = what},
        {.text = relief},
        {.text = period_word(period)},
        {.text = day},
        {.number = spent->used_uses},
        {.number = (int64_t)spent->used_amount},
        {.number = (int64_t)spent->held_amount},
        {.text = budget},
        {.text = left},
    };
    listing_row(b->listing, cells);
}

/* ---- days ---- */

/* One account for each relief: others of it have other contracts. */
static bool is_first_of_scope(const struct account_list *accounts, uint32_t i)
{
    for (uint32_t before = 0; before < i; before++)
        if (accounts->rows[before].scope == accounts->rows[i].scope)
            return false;
    return accounts->rows[i].scope != 0;
}

static bool is_wanted(const struct budget *b, const char *relief)
{
    return b->settings->relief == NULL || strcmp(b->settings->relief, relief) == 0;
}

static bool tell_days(struct budget *b, struct fault *fault)
{
    const struct account_list *accounts = &b->report.accounts;
    for (uint32_t i = 0; i < accounts->count; i++) {
        if (!is_first_of_scope(accounts, i) || !is_wanted(b, accounts->rows[i].relief))
            continue;
        for (uint32_t day = b->report.from_day; day < b->report.until_day; day++) {
            struct tally spent = {.used_uses = 0};
            if (!budget_add_days(&spent, b->report.reader, accounts->rows[i].scope, day, day + 1,
                                 fault))
                return false;
            if (spent.used_amount != 0 || spent.held_amount != 0 || spent.used_uses != 0)
                tell(b, "day", accounts->rows[i].relief, PERIOD_DAY, day, &spent, NULL);
        }
    }
    return true;
}

/* ---- warnings ---- */

static const char *relief_of_scope(const struct budget *b, uint32_t scope)
{
    const struct account_list *accounts = &b->report.accounts;
    for (uint32_t i = 0; i < accounts->count; i++)
        if (accounts->rows[i].scope == scope)
            return accounts->rows[i].relief;
    return (scope & SCOPE_SHARED) != 0 ? "(shared)" : "";
}

static bool take_note(void *to, const struct posting *p, struct fault *fault)
{
    struct budget *b = to;
    (void)fault;
    if (p->kind != POSTING_WARN && p->kind != POSTING_STOP)
        return true;
    const char *relief = relief_of_scope(b, p->relief);
    struct tally spent = {.used_amount = p->parts[0].amount};
    if (is_wanted(b, relief))
        tell(b, p->kind == POSTING_WARN ? "warned" : "stopped", relief, (uint8_t)p->target_terminal,
             posting_day(p), &spent, NULL);
    return true;
}

/* ---- what is left ---- */

/* The period in which the last day that is asked for lies. */
static bool tell_limit(struct budget *b, const struct limit *limit, struct fault *fault)
{
    const struct relief *relief = &b->snapshot.tables->reliefs[limit->relief];
    uint32_t last = b->report.until_day - 1, from;
    struct tally spent;
    int64_t value = (int64_t)limit->value;
    if (limit->kind != LIMIT_BUDGET || last < limit->from_day || last >= limit->until_day ||
        !is_wanted(b, relief->name))
        return true;
    if (!budget_spent(&spent, &from, b->report.reader, b->snapshot.tables, limit, last, fault))
        return false;
    tell(b, limit->shared != 0 ? "shared budget" : "budget", relief->name, limit->period, from,
         &spent, &value);
    return true;
}

static bool tell_limits(struct budget *b, struct fault *fault)
{
    const struct tables *tables = b->snapshot.tables;
    for (uint32_t i = 0; tables != NULL && i < tables->limit_count; i++)
        if (!tell_limit(b, &tables->limits[i], fault))
            return false;
    return true;
}

static bool tell_all(struct budget *b, struct fault *fault)
{
    struct json json;
    bool is_json = b->report.format == LISTING_JSON;
    if (is_json) {
        json_start(&json, stdout);
        json_open_object(&json, NULL);
        json_number(&json, "sequence", b->report.head.sequence);
    }
    if (!listing_open(&b->listing, b->report.format, stdout, is_json ? &json : NULL, "rows",
                      columns, COUNT_OF(columns), fault))
        return false;
    listing_head(b->listing);
    bool is_good = tell_days(b, fault) && report_each(&b->report, take_note, b, fault) &&
                   tell_limits(b, fault);
    struct fault second;
    if (!listing_close(b->listing, is_good ? fault : &second) || !is_good)
        return false;
    if (is_json) {
        json_close_object(&json);
        json_end(&json);
    }
    return true;
}

int run_report_budget(int argc, char *argv[])
{
    struct budget_settings s;
    struct operands operands;
    struct fault fault;
    struct budget b = {.settings = &s};
    options_read(&budget_table, &s, &operands, argc, argv);
    ledger_reader_survive(NAME);
    if (s.report.until_day - s.report.from_day > BUDGET_DAY_COUNT_MAX) {
        fault_write(&fault, "--until: want at most %d days", BUDGET_DAY_COUNT_MAX);
        return command_fail(NAME, EXIT_USAGE, &fault);
    }
    if (!report_open(&b.report, operands.words[0], &s.report, &fault))
        return command_fail(NAME, EXIT_FAILED, &fault);
    bool is_good = report_snapshot_open(&b.snapshot, &s.snapshot, &fault) && tell_all(&b, &fault);
    report_snapshot_close(&b.snapshot);
    report_close(&b.report);
    return is_good ? command_finish(NAME, EXIT_YES) : command_fail(NAME, EXIT_FAILED, &fault);
}
