/* report settlement: the statement of a contract, line by line or day by day, with a checksum that
 * both parties compare. */
#include "protocol/report.h"

#include "protocol/commands.h"
#include "protocol/day.h"
#include "protocol/totals.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#define NAME         "eligctl report settlement"
#define CHECKSUM_HEX (2 * CHAIN_SIZE + 1)

struct settlement_settings {
    struct report_settings report;
    uint64_t contract;
    bool per_day, so_far;
};

#define SETTLEMENT_AT(field) offsetof(struct settlement_settings, field)

static const struct option_row settlement_rows[] = {
    {"contract", OPTION_NUMBER, SETTLEMENT_AT(contract), "NUMBER", NULL, 1, UINT32_MAX,
     "required: number of the contract in the catalogue"},
    REPORT_ROWS_DAYS(struct settlement_settings),
    {"per-day", OPTION_FLAG, SETTLEMENT_AT(per_day), NULL, NULL, 0, 0,
     "sums of days instead of lines"},
    {"so-far", OPTION_FLAG, SETTLEMENT_AT(so_far), NULL, NULL, 0, 0,
     "of days that are not over, too: it may still grow, and says so"},
    REPORT_ROWS_FORMAT(struct settlement_settings),
};

static const struct option_table settlement_table = {
    .usage = "eligctl report settlement LEDGER --contract NUMBER [options]",
    .about = "States what was taken off under a contract, who pays it, and a checksum of that.",
    .rows = settlement_rows,
    .row_count = COUNT_OF(settlement_rows),
    .operands_least = 1,
    .operands_most = 1,
    .footer = REPORT_FOOTER,
};

/* What a line, a day or all of it comes to. */
struct stated {
    int64_t uses, units, price, amount;
    int64_t paid[SPLIT_PART_COUNT_MAX];
};

/* Per payer, over all lines. */
struct payer {
    uint64_t number; /* the key */
    int64_t paid;
};
/* Of --per-day: USE, LATE and CONFIRM together, and refunds apart; each account by itself, because
 * others of the relief may have other payers. */
struct stated_day {
    uint32_t day, account, is_refund, is_correction; /* the key */
    uint32_t relief_scope, count;
    struct stated sum;
};
#define DAY_KEY_SIZE offsetof(struct stated_day, relief_scope)

struct settlement {
    struct ledger_report report;
    const struct settlement_settings *settings;
    struct listing *listing;
    struct totals payers, days;
    struct stated all;
    uint64_t line_count;
    bool is_so_far; /* some of its days are not over */
    crypto_generichash_state checksum;
};

static const struct listing_column columns[] = {
    {"line", CELL_TEXT},        {"sequence", CELL_NUMBER}, {"recorded", CELL_TEXT},
    {"service_day", CELL_TEXT}, {"correction", CELL_TEXT}, {"relief", CELL_TEXT},
    {"terminal", CELL_TEXT},    {"request_id", CELL_TEXT}, {"point_of_sale", CELL_TEXT},
    {"product", CELL_TEXT},     {"count", CELL_NUMBER},    {"units", CELL_NUMBER},
    {"uses", CELL_NUMBER},      {"price", CELL_MONEY},     {"amount", CELL_MONEY},
    {"funding", CELL_TEXT},     {"flags", CELL_TEXT},
};

/* ---- lines ---- */

/* A refund, or what was recorded late, of a day before those of this statement: the statement of
 * that day has gone out already. */
static bool is_correction(const struct settlement *s, const struct posting *p)
{
    return s->report.from_day != 0 && posting_service_day(p) < s->report.from_day;
}

static const char *line_word(const struct posting *p)
{
    return p->kind == POSTING_REFUND    ? "refund"
           : p->kind == POSTING_CONFIRM ? "confirm"
           : p->kind == POSTING_LATE    ? "late"
                                        : "use";
}

static const char *flags_word(const struct posting *p)
{
    bool is_late = (p->flags & FLAG_LATE) != 0, is_over = (p->flags & FLAG_OVER_LIMIT) != 0;
    return is_over ? (is_late ? "late over_limit" : "over_limit") : is_late ? "late" : "";
}

static void tell_line(struct settlement *s, const struct account *account, const struct posting *p,
                      const struct stated *stated)
{
    char recorded[TIME_TEXT_SIZE], service[DAY_TEXT_SIZE], funding[FUNDING_TEXT_SIZE];
    char terminal[PARTY_TEXT_SIZE], id[PARTY_TEXT_SIZE], point[PARTY_TEXT_SIZE];
    char product[PARTY_TEXT_SIZE];
    time_to_text(recorded, p->recorded_ms / 1000);
    day_to_text(service, (int32_t)posting_service_day(p));
    const struct cell cells[COUNT_OF(columns)] = {
        {.text = line_word(p)},
        {.number = (int64_t)p->sequence},
        {.text = recorded},
        {.text = service},
        {.text = is_correction(s, p) ? "earlier" : ""},
        {.text = account->relief},
        {.text = party_text(terminal, p->terminal)},
        {.text = party_text(id, p->request_id)},
        {.text = party_text(point, p->point_of_sale)},
        {.text = party_text(product, p->product)},
        {.number = 1},
        {.number = stated->units},
        {.number = stated->uses},
        {.number = stated->price},
        {.number = stated->amount},
        {.text = funding_text(funding, &account->split, stated->paid)},
        {.text = flags_word(p)},
    };
    listing_row(s->listing, cells);
}

/* The price is that of the units that the relief covers. */
static struct stated state_part(const struct account *account, const struct posting *p,
                                const struct posting_part *part)
{
    int sign = posting_sign(p);
    struct stated stated = {
        .uses = sign * part->use_count,
        .units = sign * part->unit_count,
        .price =
            (p->flags & FLAG_BY_AMOUNT) != 0 ? 0 : sign * (int64_t)p->unit_price * part->unit_count,
        .amount = sign * (int64_t)part->amount,
    };
    funding_add(stated.paid, account, part, sign);
    return stated;
}

static void add(struct stated *to, const struct stated *part)
{
    to->uses += part->uses;
    to->units += part->units;
    to->price += part->price;
    to->amount += part->amount;
    for (size_t i = 0; i < SPLIT_PART_COUNT_MAX; i++)
        to->paid[i] += part->paid[i];
}

static bool add_payers(struct settlement *s, const struct account *account,
                       const struct stated *stated, struct fault *fault)
{
    for (size_t i = 0; i < account->split.part_count; i++) {
        struct payer *payer = totals_at(&s->payers, &account->split.parts[i].payer);
        if (payer == NULL)
            return fault_set(fault, "no memory for payers");
        payer->paid += stated->paid[i];
    }
    return true;
}

static bool add_day(struct settlement *s, uint32_t account_number, const struct account *account,
                    const struct posting *p, const struct stated *stated, struct fault *fault)
{
    struct stated_day key = {.day = posting_day(p),
                             .account = account_number,
                             .is_refund = p->kind == POSTING_REFUND,
                             .is_correction = is_correction(s, p)};
    struct stated_day *day = totals_at(&s->days, &key);
    if (day == NULL)
        return fault_set(fault, "no memory for days");
    day->relief_scope = account->scope;
    day->count++;
    add(&day->sum, stated);
    return true;
}

static bool take_posting(void *to, const struct posting *p, struct fault *fault)
{
    struct settlement *s = to;
    if (posting_sign(p) == 0)
        return true;
    for (size_t i = 0; i < p->part_count; i++) {
        const struct posting_part *part = &p->parts[i];
        const struct account *account = account_list_find(&s->report.accounts, part->account);
        if (account == NULL || account->contract != s->settings->contract)
            continue;
        struct stated stated = state_part(account, p, part);
        add(&s->all, &stated);
        s->line_count++;
        if (!add_payers(s, account, &stated, fault) ||
            (s->settings->per_day && !add_day(s, part->account, account, p, &stated, fault)))
            return false;
        if (!s->settings->per_day)
            tell_line(s, account, p, &stated);
    }
    return true;
}

/* ---- sums ---- */

static int compare_days(const void *left, const void *right)
{
    const struct stated_day *a = left, *b = right;
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    if (a->relief_scope != b->relief_scope)
        return a->relief_scope < b->relief_scope ? -1 : 1;
    if (a->is_refund != b->is_refund)
        return a->is_refund < b->is_refund ? -1 : 1;
    if (a->is_correction != b->is_correction)
        return a->is_correction < b->is_correction ? -1 : 1;
    return (a->account > b->account) - (a->account < b->account);
}

static void tell_sum(struct settlement *s, const char *word, const char *recorded,
                     const char *correction, const char *relief, int64_t count,
                     const struct stated *sum, const char *funding)
{
    const struct cell cells[COUNT_OF(columns)] = {
        {.text = word},        {.number = 0},          {.text = recorded},
        {.text = ""},          {.text = correction},   {.text = relief},
        {.text = ""},          {.text = ""},           {.text = ""},
        {.text = ""},          {.number = count},      {.number = sum->units},
        {.number = sum->uses}, {.number = sum->price}, {.number = sum->amount},
        {.text = funding},     {.text = ""},
    };
    listing_row(s->listing, cells);
}

static void tell_days(struct settlement *s)
{
    totals_sort(&s->days, compare_days);
    for (size_t i = 0; i < s->days.count; i++) {
        const struct stated_day *day = totals_entry(&s->days, i);
        const struct account *account = account_list_find(&s->report.accounts, day->account);
        char text[DAY_TEXT_SIZE], funding[FUNDING_TEXT_SIZE];
        day_to_text(text, (int32_t)day->day);
        tell_sum(s, day->is_refund ? "refunds" : "uses", text, day->is_correction ? "earlier" : "",
                 account->relief, day->count, &day->sum,
                 funding_text(funding, &account->split, day->sum.paid));
    }
}

static int compare_payers(const void *left, const void *right)
{
    const struct payer *a = left, *b = right;
    return (a->number > b->number) - (a->number < b->number);
}

static void tell_totals(struct settlement *s)
{
    totals_sort(&s->payers, compare_payers);
    for (size_t i = 0; i < s->payers.count; i++) {
        const struct payer *payer = totals_entry(&s->payers, i);
        char number[PARTY_TEXT_SIZE];
        struct stated paid = {.amount = payer->paid};
        tell_sum(s, "payer", "", "", "", 0, &paid, party_text(number, payer->number));
    }
    tell_sum(s, "total", "", "", "", (int64_t)s->line_count, &s->all, "");
}

/* ---- the whole ---- */

static void take_csv(void *to, const char *line, size_t size)
{
    struct settlement *s = to;
    crypto_generichash_update(&s->checksum, (const uint8_t *)line, size);
}

/* What the statement is about stands in the checksum, too. */
static void hash_title(struct settlement *s)
{
    char line[128], from[DAY_TEXT_SIZE], until[DAY_TEXT_SIZE];
    day_to_text(from, (int32_t)s->report.from_day);
    day_to_text(until, (int32_t)s->report.until_day);
    int size = snprintf(line, sizeof(line), "contract %" PRIu64 " from %s until %s%s\n",
                        s->settings->contract, from, until, s->is_so_far ? " so far" : "");
    crypto_generichash_init(&s->checksum, NULL, 0, CHAIN_SIZE);
    crypto_generichash_update(&s->checksum, (const uint8_t *)line, (unsigned long long)size);
    if (s->report.format != LISTING_JSON)
        fputs(line, stdout);
}

static void tell_checksum(struct settlement *s, struct json *json)
{
    uint8_t bytes[CHAIN_SIZE];
    char hex[CHECKSUM_HEX];
    crypto_generichash_final(&s->checksum, bytes, sizeof(bytes));
    sodium_bin2hex(hex, sizeof(hex), bytes, sizeof(bytes));
    if (s->report.format == LISTING_JSON)
        json_text(json, "checksum", hex);
    else
        printf("checksum %s\n", hex);
}

static bool tell(struct settlement *s, struct fault *fault)
{
    struct json json;
    bool is_json = s->report.format == LISTING_JSON;
    if (is_json) {
        json_start(&json, stdout);
        json_open_object(&json, NULL);
        json_number(&json, "contract", s->settings->contract);
        json_day(&json, "from", s->report.from_day);
        json_day(&json, "until", s->report.until_day);
        json_bool(&json, "so_far", s->is_so_far);
    }
    hash_title(s);
    if (!listing_open(&s->listing, s->report.format, stdout, is_json ? &json : NULL, "lines",
                      columns, COUNT_OF(columns), fault))
        return false;
    listing_also(s->listing, take_csv, s);
    listing_head(s->listing);
    bool is_good = report_each(&s->report, take_posting, s, fault);
    if (is_good && s->settings->per_day)
        tell_days(s);
    if (is_good)
        tell_totals(s);
    struct fault second;
    if (!listing_close(s->listing, is_good ? fault : &second) || !is_good)
        return false;
    tell_checksum(s, &json);
    if (is_json) {
        json_close_object(&json);
        json_end(&json);
    }
    return true;
}

/* Fails always. */
static bool days_are_gone(const struct ledger_report *report, struct fault *fault)
{
    char day[DAY_TEXT_SIZE] = "a later day";
    if (report->whole_from_day != 0)
        day_to_text(day, (int32_t)report->whole_from_day);
    return fault_set(fault,
                     "--from: postings of these days have been removed after their time, and no "
                     "statement is told of a part: want %s or later",
                     day);
}

/* Only what is over stays as it is; what is not says so in its first line and in its checksum. */
static bool days_are_over(struct settlement *s, struct fault *fault)
{
    if (s->report.from_day == 0 || s->report.until_day == 0)
        return fault_set(fault, "want --from and --until: a statement is about certain days");
    s->is_so_far = time_of_riga_day(s->report.until_day) * 1000 > s->report.head.clock_ms;
    if (s->is_so_far && !s->settings->so_far)
        return fault_set(fault, "--until: want a day that the ledger's clock has reached: these "
                                "days are not over; or --so-far");
    return !s->report.is_cut || days_are_gone(&s->report, fault);
}

int run_report_settlement(int argc, char *argv[])
{
    struct settlement_settings settings;
    struct operands operands;
    struct fault fault;
    struct settlement s = {.settings = &settings};
    options_read(&settlement_table, &settings, &operands, argc, argv);
    ledger_reader_survive(NAME);
    totals_start(&s.payers, sizeof(struct payer), sizeof(uint64_t));
    totals_start(&s.days, sizeof(struct stated_day), DAY_KEY_SIZE);
    if (sodium_init() < 0 || !report_open(&s.report, operands.words[0], &settings.report, &fault))
        return command_fail(NAME, EXIT_FAILED, &fault);
    bool is_good = days_are_over(&s, &fault) && tell(&s, &fault);
    totals_free(&s.payers);
    totals_free(&s.days);
    report_close(&s.report);
    return is_good ? command_finish(NAME, EXIT_YES) : command_fail(NAME, EXIT_FAILED, &fault);
}
