/* eligctl events: postings as lines, one for each, in order, from a number on. */
#include "protocol/eligctl.h"

#include "protocol/commands.h"
#include "protocol/day.h"
#include "protocol/report.h"
#include "protocol/status.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define NAME         "eligctl events"
#define NS_PER_MS    1000000L
#define MS_PER_S     1000
#define HEX_SIZE     17
#define POLL_MS_MOST 60000

struct events_settings {
    uint64_t from, until, poll_ms;
    bool follow, ndjson, subjects;
};

#define EVENTS_AT(field) offsetof(struct events_settings, field)

static const struct option_row events_rows[] = {
    {"from", OPTION_NUMBER, EVENTS_AT(from), "NUMBER", "1", 1, UINT64_MAX,
     "sequence of the first; whoever goes on gives that of the last line it has kept, and one"},
    {"until", OPTION_NUMBER, EVENTS_AT(until), "NUMBER", NULL, 1, UINT64_MAX,
     "sequence of the last; without it, all that are there"},
    {"follow", OPTION_FLAG, EVENTS_AT(follow), NULL, NULL, 0, 0, "wait for more, without end"},
    {"poll-ms", OPTION_NUMBER, EVENTS_AT(poll_ms), "MS", "200", 1, POLL_MS_MOST,
     "how often to look for more, in milliseconds"},
    {"ndjson", OPTION_FLAG, EVENTS_AT(ndjson), NULL, NULL, 0, 0, "a JSON object on each line"},
    {"subjects", OPTION_FLAG, EVENTS_AT(subjects), NULL, NULL, 0, 0,
     "with each one's subject, in hexadecimal: a number that stays with a person"},
};

static const struct option_table events_table = {
    .usage = "eligctl events LEDGER [options]",
    .about = "Tells a ledger's postings in order, from a number on: each once, none left out.",
    .rows = events_rows,
    .row_count = COUNT_OF(events_rows),
    .operands_least = 1,
    .operands_most = 1,
    .footer = "exit status: 0 all told; 2 usage; 3 could not read, or they are gone",
};

static const char *kind_text(uint8_t kind)
{
    static const char *const names[] = {NULL,   "USE",    "RESERVE", "CONFIRM", "CANCEL", "REFUND",
                                        "LATE", "EXPIRE", "ACCOUNT", "WARN",    "STOP"};
    static_assert(COUNT_OF(names) == POSTING_LAST + 1, "a name for every kind");
    return kind == POSTING_PRUNED ? "PRUNED" : names[kind];
}

static const char *state_text(uint8_t state)
{
    static const char *const names[] = {NULL,      "RESERVED", "CONFIRMED", "CANCELLED",
                                        "EXPIRED", "DENIED",   "REFUNDED"};
    static_assert(COUNT_OF(names) == STATE_LAST + 1, "a name for every state");
    return names[state];
}

struct events {
    struct ledger_reader *reader;
    struct account_list accounts;
    const struct events_settings *settings;
};

/* ---- JSON ---- */

static void json_part(struct json *json, const struct events *events,
                      const struct posting_part *part)
{
    const struct account *account = account_list_find(&events->accounts, part->account);
    json_open_object(json, NULL);
    json_number(json, "account", part->account);
    json_text(json, "relief", account != NULL ? account->relief : NULL);
    json_number(json, "giver", account != NULL ? account->giver : 0);
    json_number(json, "contract", account != NULL ? account->contract : 0);
    json_number(json, "units", part->unit_count);
    json_number(json, "uses", part->use_count);
    json_number(json, "amount", part->amount);
    json_close_object(json);
}

static void json_purchase(struct json *json, const struct posting *p)
{
    json_number(json, "service_time_s", p->service_time_s);
    json_number(json, "provider", p->provider);
    json_number(json, "point_of_sale", p->point_of_sale);
    json_number(json, "product", p->product);
    json_number(json, "unit_price", p->unit_price);
    json_number(json, "quantity", p->quantity);
    json_number(json, "companions", p->companions);
    json_bool(json, "late", (p->flags & FLAG_LATE) != 0);
    json_bool(json, "over_limit", (p->flags & FLAG_OVER_LIMIT) != 0);
    json_bool(json, "by_operator", (p->flags & FLAG_OPERATOR) != 0);
    json_bool(json, "by_amount", (p->flags & FLAG_BY_AMOUNT) != 0);
}

static void json_parts(struct json *json, const struct events *events, const struct posting *p)
{
    json_open_array(json, "reliefs");
    for (size_t i = 0; i < p->part_count; i++)
        json_part(json, events, &p->parts[i]);
    json_close_array(json);
}

static void json_asked(struct json *json, const struct events *events, const struct posting *p)
{
    json_text(json, "state", state_text(p->state));
    json_text(json, "status", p->status != 0 ? status_name(p->status) : NULL);
    if (p->relief != 0) /* what the terminal saw, and has in its own books */
        json_number(json, "relief_code", p->relief);
    json_number(json, "terminal", p->terminal);
    json_number(json, "request_id", p->request_id);
    if (p->target_id != 0) {
        json_number(json, "target_terminal", p->target_terminal);
        json_number(json, "target_id", p->target_id);
    }
    json_purchase(json, p);
    json_parts(json, events, p);
    if (events->settings->subjects && p->subject != 0) {
        char hex[HEX_SIZE];
        snprintf(hex, sizeof(hex), "%016" PRIx64, p->subject);
        json_text(json, "subject", hex);
    }
}

/* Numbers beyond what a double holds are left as they are: ids are 64 bits wide. */
static void tell_json(const struct events *events, const struct posting *p)
{
    struct json json;
    char time[TIME_TEXT_SIZE];
    json_start_line(&json, stdout);
    json_open_object(&json, NULL);
    json_number(&json, "sequence", p->sequence);
    json_text(&json, "kind", kind_text(p->kind));
    if (p->kind != POSTING_PRUNED) {
        time_to_text(time, p->recorded_ms / MS_PER_S);
        json_text(&json, "time", time);
        json_number(&json, "recorded_ms", p->recorded_ms);
    }
    if (posting_is_asked(p)) {
        json_asked(&json, events, p);
    } else if (p->kind == POSTING_ACCOUNT) {
        json_parts(&json, events, p);
    } else if (p->kind == POSTING_WARN || p->kind == POSTING_STOP) {
        json_number(&json, "scope", p->relief);
        json_number(&json, "period", p->target_terminal);
        json_number(&json, "period_number", p->target_id);
        json_number(&json, "spent", p->parts[0].amount);
    }
    json_close_object(&json);
    json_end(&json);
}

/* ---- for people ---- */

static void tell_text(const struct events *events, const struct posting *p)
{
    char time[RIGA_TEXT_SIZE], money[SIGNED_MONEY_TEXT_SIZE];
    printf("%" PRIu64 " %s", p->sequence, kind_text(p->kind));
    if (p->kind != POSTING_PRUNED)
        printf(" %s", riga_text(time, p->recorded_ms / MS_PER_S));
    if (posting_is_asked(p))
        printf(" %s %s terminal %" PRIu32 " point %" PRIu32 " product %" PRIu32,
               state_text(p->state), p->status != 0 ? status_name(p->status) : "-", p->terminal,
               p->point_of_sale, p->product);
    for (size_t i = 0; i < p->part_count; i++) {
        const struct account *account = account_list_find(&events->accounts, p->parts[i].account);
        printf(" %s=%s", account != NULL ? account->relief : "spent",
               signed_money_text(money, (int64_t)p->parts[i].amount));
    }
    if (events->settings->subjects && p->subject != 0)
        printf(" subject %016" PRIx64, p->subject);
    putchar('\n');
}

/* ---- the feed ---- */

/* Who has kept more than there is has kept it of another ledger, or this is an older copy: what
 * comes under those numbers is not what would have come. */
static bool is_reached(const struct events *events, const struct ledger_head *head,
                       struct fault *fault)
{
    uint64_t from = events->settings->from;
    return from - 1 <= head->sequence ||
           fault_set(fault,
                     "--from: the ledger ends with posting %" PRIu64 ", and %" PRIu64
                     " was told already: it is another ledger, or an older copy",
                     head->sequence, from - 1);
}

static bool names_are_known(struct events *events, const struct posting *p, struct fault *fault)
{
    for (size_t i = 0; i < p->part_count; i++)
        if (p->parts[i].account > events->accounts.count) {
            account_list_free(&events->accounts);
            return account_list_read(&events->accounts, events->reader, fault);
        }
    return true;
}

static bool tell_run(struct events *events, uint64_t from, uint64_t until, struct fault *fault)
{
    struct postings *postings;
    const struct posting *p = NULL;
    if (!postings_open(&postings, events->reader, from, until, fault))
        return false;
    bool is_good = true;
    do {
        is_good =
            postings_next(&p, postings, fault) && (p == NULL || names_are_known(events, p, fault));
        if (is_good && p != NULL && events->settings->ndjson)
            tell_json(events, p);
        else if (is_good && p != NULL)
            tell_text(events, p);
    } while (is_good && p != NULL && ferror(stdout) == 0);
    postings_close(postings);
    return is_good;
}

static bool feed(struct events *events, struct fault *fault)
{
    const struct events_settings *s = events->settings;
    uint64_t next = s->from, last = s->until != 0 ? s->until : UINT64_MAX;
    for (;;) {
        struct ledger_head head;
        if (!ledger_reader_head(&head, events->reader, fault) ||
            (next == s->from && !is_reached(events, &head, fault)))
            return false;
        uint64_t until = head.sequence < last ? head.sequence : last;
        if (next <= until && !tell_run(events, next, until, fault))
            return false;
        next = until >= next ? until + 1 : next;
        bool is_told = fflush(stdout) == 0 && ferror(stdout) == 0;
        if (!s->follow || next > last || !is_told)
            return true; /* command_finish says what became of standard output */
        struct timespec pause = {(time_t)(s->poll_ms / MS_PER_S),
                                 (long)(s->poll_ms % MS_PER_S) * NS_PER_MS};
        nanosleep(&pause, NULL);
    }
}

int run_events(int argc, char *argv[])
{
    struct events_settings s;
    struct operands operands;
    struct fault fault;
    struct events events = {.settings = &s};
    options_read(&events_table, &s, &operands, argc, argv);
    ledger_reader_survive(NAME);
    if (!ledger_reader_open(&events.reader, operands.words[0], &fault))
        return command_fail(NAME, EXIT_FAILED, &fault);
    bool is_good =
        account_list_read(&events.accounts, events.reader, &fault) && feed(&events, &fault);
    account_list_free(&events.accounts);
    ledger_reader_close(events.reader);
    return is_good ? command_finish(NAME, EXIT_YES) : command_fail(NAME, EXIT_FAILED, &fault);
}
