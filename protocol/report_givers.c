/* report givers: what each relief came to, by giver, provider, point of sale and period. */
#include "protocol/report.h"

#include "protocol/commands.h"
#include "protocol/day.h"
#include "protocol/status.h"
#include "protocol/totals.h"

#include <inttypes.h>
#include <string.h>

#define NAME "eligctl report givers"

struct givers_settings {
    struct report_settings report;
    const char *by;
    uint64_t giver;
};

#define GIVERS_AT(field) offsetof(struct givers_settings, field)

static const struct option_row givers_rows[] = {
    REPORT_ROWS_DAYS(struct givers_settings),
    {"by", OPTION_TEXT, GIVERS_AT(by), "PERIOD", "month", 0, 0, "day or month"},
    {"giver", OPTION_NUMBER, GIVERS_AT(giver), "NUMBER", NULL, 1, UINT64_MAX,
     "only this giver's, by registration number; without denials that are of no relief"},
    REPORT_ROWS_FORMAT(struct givers_settings),
};

static const struct option_table givers_table = {
    .usage = "eligctl report givers LEDGER [options]",
    .about = "Tells what each relief came to, by giver, provider, point of sale and period.",
    .rows = givers_rows,
    .row_count = COUNT_OF(givers_rows),
    .operands_least = 1,
    .operands_most = 1,
    .footer = REPORT_FOOTER,
};

/* ---- sums ---- */

enum denial { DENIED_LIMIT, DENIED_TOO_SOON, DENIED_BUDGET, DENIED_HELD, DENIED_OTHER };
#define DENIAL_COUNT (DENIED_OTHER + 1)

/* Purchases by what became of them; money 1/10000 EUR. */
struct sums {
    /* the key */
    uint64_t provider;
    uint32_t account; /* 0: of no relief */
    uint32_t point_of_sale;
    uint32_t day; /* that begins the period */
    uint32_t zero;
    /* what it comes to */
    int64_t transactions, uses, units, price, amount, payable;
    int64_t cancelled, expired, refunds, refunded, late, over_limit;
    int64_t denied[DENIAL_COUNT];
    int64_t funding[SPLIT_PART_COUNT_MAX];
    /* by what they are ordered */
    uint64_t giver;
    char relief[NAME_SIZE];
};
#define SUMS_KEY_SIZE offsetof(struct sums, transactions)
static_assert(SUMS_KEY_SIZE == 24, "a key without gaps");

struct givers {
    struct ledger_report report;
    struct totals totals;
    uint64_t giver;
    bool by_day;
};

static enum denial denial_of(uint16_t status)
{
    switch (status) {
    case STATUS_LIMIT_REACHED:
        return DENIED_LIMIT;
    case STATUS_TOO_SOON:
        return DENIED_TOO_SOON;
    case STATUS_BUDGET_SPENT:
        return DENIED_BUDGET;
    case STATUS_TOO_MANY_HELD:
        return DENIED_HELD;
    default:
        return DENIED_OTHER;
    }
}

static struct sums *sums_at(struct givers *givers, const struct posting *posting,
                            uint32_t account_number)
{
    uint32_t day = posting_day(posting);
    struct sums key = {.provider = posting->provider,
                       .account = account_number,
                       .point_of_sale = posting->point_of_sale,
                       .day = givers->by_day ? day : month_of_day(day)};
    struct sums *sums = totals_at(&givers->totals, &key);
    const struct account *account = account_list_find(&givers->report.accounts, account_number);
    if (sums != NULL && account != NULL) {
        sums->giver = account->giver;
        memcpy(sums->relief, account->relief, NAME_SIZE);
    }
    return sums;
}

/* What the whole purchase is about goes with its first relief, so that rows add up. */
static void add_purchase(struct sums *sums, const struct posting *posting, int sign)
{
    uint64_t relief = 0;
    bool has_units = (posting->flags & FLAG_BY_AMOUNT) == 0;
    int64_t price = has_units ? (int64_t)posting->unit_price * posting->quantity : 0;
    for (size_t i = 0; i < posting->part_count; i++)
        relief += posting->parts[i].amount;
    sums->price += sign * price;
    sums->payable += sign * (price - (int64_t)relief);
}

static void add_part(struct sums *sums, const struct account *account,
                     const struct posting *posting, const struct posting_part *part)
{
    int sign = posting_sign(posting);
    sums->transactions += sign > 0;
    sums->uses += sign * part->use_count;
    sums->units += sign * part->unit_count;
    sums->amount += sign * (int64_t)part->amount;
    sums->cancelled += posting->kind == POSTING_CANCEL;
    sums->expired += posting->kind == POSTING_EXPIRE;
    sums->late += sign > 0 && (posting->flags & FLAG_LATE) != 0;
    sums->over_limit += sign > 0 && (posting->flags & FLAG_OVER_LIMIT) != 0;
    if (sign < 0) {
        sums->refunds++;
        sums->refunded += (int64_t)part->amount;
    }
    if (account != NULL && sign != 0)
        funding_add(sums->funding, account, part, sign);
}

static bool no_memory(struct fault *fault)
{
    return fault_set(fault, "no memory for that many rows; ask for fewer days");
}

static bool is_wanted(const struct givers *givers, const struct account *account)
{
    return givers->giver == 0 || (account != NULL && account->giver == givers->giver);
}

/* By the code that was answered, when one was. */
static uint32_t account_of_denial(const struct account_list *accounts,
                                  const struct posting *posting)
{
    for (uint32_t i = 0; posting->relief != 0 && i < accounts->count; i++)
        if (accounts->rows[i].code == posting->relief && accounts->rows[i].scope != 0)
            return i + 1;
    return 0;
}

static bool take_denial(struct givers *givers, const struct posting *posting, struct fault *fault)
{
    const struct account_list *accounts = &givers->report.accounts;
    uint32_t number = account_of_denial(accounts, posting);
    if (!is_wanted(givers, account_list_find(accounts, number)))
        return true;
    struct sums *sums = sums_at(givers, posting, number);
    if (sums == NULL)
        return no_memory(fault);
    sums->denied[denial_of(posting->status)]++;
    return true;
}

static bool take_posting(void *to, const struct posting *posting, struct fault *fault)
{
    struct givers *givers = to;
    if (!posting_is_asked(posting))
        return true;
    bool is_purchase = posting->kind == POSTING_USE || posting->kind == POSTING_RESERVE ||
                       posting->kind == POSTING_LATE;
    if (is_purchase && posting->state == STATE_DENIED)
        return take_denial(givers, posting, fault);
    if (posting->kind == POSTING_RESERVE)
        return true; /* counted when it is confirmed, cancelled or has run out */
    for (size_t i = 0; i < posting->part_count; i++) {
        const struct posting_part *part = &posting->parts[i];
        const struct account *account = account_list_find(&givers->report.accounts, part->account);
        if (!is_wanted(givers, account))
            continue;
        struct sums *sums = sums_at(givers, posting, part->account);
        if (sums == NULL)
            return no_memory(fault);
        add_part(sums, account, posting, part);
        if (i == 0)
            add_purchase(sums, posting, posting_sign(posting));
    }
    return true;
}

/* ---- telling ---- */

static int compare_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_sums(const void *left, const void *right)
{
    const struct sums *a = left, *b = right;
    int order = compare_u64(a->day, b->day);
    if (order == 0)
        order = compare_u64(a->giver, b->giver);
    if (order == 0)
        order = memcmp(a->relief, b->relief, NAME_SIZE);
    if (order == 0)
        order = compare_u64(a->provider, b->provider);
    if (order == 0)
        order = compare_u64(a->point_of_sale, b->point_of_sale);
    return order != 0 ? order : compare_u64(a->account, b->account);
}

static const struct listing_column columns[] = {
    {"period", CELL_TEXT},          {"giver", CELL_TEXT},          {"relief", CELL_TEXT},
    {"contract", CELL_NUMBER},      {"provider", CELL_TEXT},       {"point_of_sale", CELL_NUMBER},
    {"transactions", CELL_NUMBER},  {"uses", CELL_NUMBER},         {"units", CELL_NUMBER},
    {"price", CELL_MONEY},          {"relief_amount", CELL_MONEY}, {"payable", CELL_MONEY},
    {"funding", CELL_TEXT},         {"cancelled", CELL_NUMBER},    {"expired", CELL_NUMBER},
    {"refunds", CELL_NUMBER},       {"refunded", CELL_MONEY},      {"late", CELL_NUMBER},
    {"over_limit", CELL_NUMBER},    {"denied_limit", CELL_NUMBER}, {"denied_too_soon", CELL_NUMBER},
    {"denied_budget", CELL_NUMBER}, {"denied_held", CELL_NUMBER},  {"denied_other", CELL_NUMBER},
};

static void tell_row(struct listing *listing, const struct givers *givers, const struct sums *s)
{
    static const struct account nobody;
    char period[DAY_TEXT_SIZE + 1], giver[PARTY_TEXT_SIZE], provider[PARTY_TEXT_SIZE];
    char funding[FUNDING_TEXT_SIZE];
    const struct account *account = account_list_find(&givers->report.accounts, s->account);
    if (account == NULL)
        account = &nobody;
    if (givers->by_day)
        day_to_text(period, (int32_t)s->day);
    else
        month_text(period, s->day);
    const struct cell cells[COUNT_OF(columns)] = {
        {.text = period},
        {.text = party_text(giver, s->giver)},
        {.text = s->relief},
        {.number = account->contract},
        {.text = party_text(provider, s->provider)},
        {.number = s->point_of_sale},
        {.number = s->transactions},
        {.number = s->uses},
        {.number = s->units},
        {.number = s->price},
        {.number = s->amount},
        {.number = s->payable},
        {.text = funding_text(funding, &account->split, s->funding)},
        {.number = s->cancelled},
        {.number = s->expired},
        {.number = s->refunds},
        {.number = s->refunded},
        {.number = s->late},
        {.number = s->over_limit},
        {.number = s->denied[DENIED_LIMIT]},
        {.number = s->denied[DENIED_TOO_SOON]},
        {.number = s->denied[DENIED_BUDGET]},
        {.number = s->denied[DENIED_HELD]},
        {.number = s->denied[DENIED_OTHER]},
    };
    listing_row(listing, cells);
}

static bool tell(struct givers *givers, struct fault *fault)
{
    struct json json;
    struct listing *listing;
    bool is_json = givers->report.format == LISTING_JSON;
    if (is_json) {
        json_start(&json, stdout);
        json_open_object(&json, NULL);
        json_number(&json, "sequence", givers->report.head.sequence);
    }
    if (!listing_open(&listing, givers->report.format, stdout, is_json ? &json : NULL, "rows",
                      columns, COUNT_OF(columns), fault))
        return false;
    listing_head(listing);
    totals_sort(&givers->totals, compare_sums);
    for (size_t i = 0; i < givers->totals.count; i++)
        tell_row(listing, givers, totals_entry(&givers->totals, i));
    if (!listing_close(listing, fault))
        return false;
    if (is_json) {
        json_close_object(&json);
        json_end(&json);
    }
    return true;
}

int run_report_givers(int argc, char *argv[])
{
    struct givers_settings s;
    struct operands operands;
    struct fault fault;
    struct givers givers = {.giver = 0};
    options_read(&givers_table, &s, &operands, argc, argv);
    givers.giver = s.giver;
    givers.by_day = strcmp(s.by, "day") == 0;
    if (!givers.by_day && strcmp(s.by, "month") != 0) {
        fault_write(&fault, "--by: want day or month, found \"%.60s\"", s.by);
        return command_fail(NAME, EXIT_USAGE, &fault);
    }
    ledger_reader_survive(NAME);
    totals_start(&givers.totals, sizeof(struct sums), SUMS_KEY_SIZE);
    if (!report_open(&givers.report, operands.words[0], &s.report, &fault))
        return command_fail(NAME, EXIT_FAILED, &fault);
    bool is_good =
        report_each(&givers.report, take_posting, &givers, &fault) && tell(&givers, &fault);
    totals_free(&givers.totals);
    report_close(&givers.report);
    return is_good ? command_finish(NAME, EXIT_YES) : command_fail(NAME, EXIT_FAILED, &fault);
}
