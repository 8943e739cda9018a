/* report resident: what is kept of one person, for that person, in words and as JSON. */
#include "protocol/report.h"
#include "protocol/resident.h"

#include "protocol/audit_read.h"
#include "protocol/commands.h"
#include "protocol/day.h"
#include "protocol/identifier_input.h"
#include "protocol/keyfile.h"
#include "protocol/money.h"
#include "protocol/progress.h"
#include "protocol/status.h"
#include "protocol/subject.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define NAME                 "eligctl report resident"
#define COLLECTED_ROOM_FIRST 64

struct resident_settings {
    struct report_snapshot_settings snapshot;
    const char *means, *subject_key, *audit;
    uint32_t day;
    bool json;
};

#define RESIDENT_AT(field) offsetof(struct resident_settings, field)

static const struct option_row resident_rows[] = {
    {"means", OPTION_TEXT, RESIDENT_AT(means), "NAME", "personal-code", 0, 0,
     "kind of the identifier on standard input: personal-code, eid, e-talons or card"},
    {"subject-key", OPTION_TEXT, RESIDENT_AT(subject_key), "FILE", NULL, 0, 0,
     "required: key of the ledger's subjects"},
    {"audit", OPTION_TEXT, RESIDENT_AT(audit), "DIR", NULL, 0, 0,
     "the journal of checks, for who asked about the person"},
    REPORT_ROWS_SNAPSHOT(struct resident_settings),
    {"day", OPTION_DAY, RESIDENT_AT(day), "DAY", NULL, 0, 0,
     "on which reliefs are to be had; without it, today"},
    {"json", OPTION_FLAG, RESIDENT_AT(json), NULL, NULL, 0, 0, "answer as JSON"},
};

static const struct option_table resident_table = {
    .usage = "eligctl report resident LEDGER --subject-key FILE [options]",
    .about = "Tells one person, whose identifier is on standard input, what is kept of them.",
    .rows = resident_rows,
    .row_count = COUNT_OF(resident_rows),
    .operands_least = 1,
    .operands_most = 1,
    .footer = "exit status: 0 told; 1 nothing is kept; 2 usage; 3 could not read\n"
              "example: echo 010100-00018 | eligctl report resident LEDGER --subject-key FILE",
};

struct view_of_resident {
    struct ledger_report report;
    struct report_snapshot snapshot;
    struct identity_key *key;
    struct resident resident;
    uint64_t subject;
    uint32_t view, day;
    struct json *json; /* NULL: in words */
};

/* ---- purchases ---- */

static bool is_purchase(const struct posting *p)
{
    return p->kind == POSTING_USE || p->kind == POSTING_RESERVE || p->kind == POSTING_LATE;
}

/* What has become of it, in words for whoever bought it. */
static const char *state_words(const struct posting *p, uint8_t state)
{
    switch (state) {
    case STATE_RESERVED:
        return "reserved, not yet used";
    case STATE_CONFIRMED:
        return "used";
    case STATE_CANCELLED:
        return "cancelled";
    case STATE_EXPIRED:
        return "not used: the reservation ran out";
    case STATE_REFUNDED:
        return "given back";
    default:
        return status_text(p->status);
    }
}

static uint64_t amount_of(const struct posting_part parts[], uint8_t count)
{
    uint64_t sum = 0;
    for (uint8_t i = 0; i < count; i++)
        sum += parts[i].amount;
    return sum;
}

static const char *product_name(const struct view_of_resident *v, uint32_t number)
{
    const struct product *product =
        v->snapshot.tables != NULL ? tables_find_product(v->snapshot.tables, number) : NULL;
    return product != NULL ? product->name : NULL;
}

static void print_reliefs(const struct view_of_resident *v, const struct posting *p)
{
    for (uint8_t i = 0; i < p->part_count; i++) {
        char money[MONEY_TEXT_SIZE];
        const struct account *account = account_list_find(&v->report.accounts, p->parts[i].account);
        printf("%s%s, %s EUR off", i > 0 ? "; " : ": ", account != NULL ? account->relief : "?",
               money_text(money, p->parts[i].amount));
    }
}

static void print_purchase(const struct view_of_resident *v, const struct posting *p,
                           const struct transaction *t)
{
    char time[RIGA_TEXT_SIZE], money[MONEY_TEXT_SIZE];
    uint8_t state = t != NULL ? t->state : p->state;
    uint64_t taken = amount_of(p->parts, p->part_count);
    uint64_t left = t != NULL ? amount_of(t->parts, t->part_count) : taken;
    printf("  %s", riga_text(time, p->service_time_s));
    print_reliefs(v, p);
    printf("%s %u of ", p->part_count > 0 ? ", for" : ": asked for", p->quantity);
    if (product_name(v, p->product) != NULL)
        printf("%s", product_name(v, p->product));
    else
        printf("product %" PRIu32, p->product);
    if (p->point_of_sale != 0)
        printf(" at point of sale %" PRIu32, p->point_of_sale);
    if (p->provider != 0)
        printf(" of %" PRIu64, p->provider);
    printf(": %s", state_words(p, state));
    if (state == STATE_CONFIRMED && left < taken)
        printf(", %s EUR of it is left after what was not taken or given back",
               money_text(money, left));
    if ((p->flags & FLAG_LATE) != 0)
        printf(", recorded later");
    puts(".");
}

static void json_purchase(const struct view_of_resident *v, const struct posting *p,
                          const struct transaction *t)
{
    char time[TIME_TEXT_SIZE];
    struct json *json = v->json;
    uint8_t state = t != NULL ? t->state : p->state;
    json_open_object(json, NULL);
    json_number(json, "sequence", p->sequence);
    time_to_text(time, p->service_time_s);
    json_text(json, "service_time", time);
    time_to_text(time, p->recorded_ms / 1000);
    json_text(json, "recorded", time);
    json_number(json, "point_of_sale", p->point_of_sale);
    json_number(json, "provider", p->provider);
    json_number(json, "product", p->product);
    json_text(json, "product_name", product_name(v, p->product));
    json_number(json, "quantity", p->quantity);
    json_number(json, "unit_price", p->unit_price);
    json_text(json, "status", status_name(p->status));
    json_text(json, "now", state_words(p, state));
    json_bool(json, "late", (p->flags & FLAG_LATE) != 0);
    json_open_array(json, "reliefs");
    for (uint8_t i = 0; i < p->part_count; i++) {
        const struct account *account = account_list_find(&v->report.accounts, p->parts[i].account);
        json_open_object(json, NULL);
        json_text(json, "relief", account != NULL ? account->relief : NULL);
        json_number(json, "giver", account != NULL ? account->giver : 0);
        json_number(json, "amount", p->parts[i].amount);
        json_number(json, "amount_left", t != NULL ? t->parts[i].amount : p->parts[i].amount);
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
}

static bool tell_purchases(struct view_of_resident *v, struct fault *fault)
{
    for (size_t i = 0; i < v->resident.count; i++) {
        const struct posting *p = &v->resident.postings[i];
        struct transaction t;
        bool is_there;
        if (!is_purchase(p))
            continue;
        if (!ledger_reader_transaction(&t, &is_there, v->report.reader, p->terminal, p->request_id,
                                       fault))
            return false;
        if (v->json != NULL)
            json_purchase(v, p, is_there ? &t : NULL);
        else
            print_purchase(v, p, is_there ? &t : NULL);
    }
    return true;
}

/* ---- what may be had ---- */

static const char *period_words(uint8_t period)
{
    static const char *const words[] = {"",          "a purchase",     "that day",
                                        "that week", "that month",     "that school year",
                                        "that year", "since it began", "in a lifetime"};
    return period < COUNT_OF(words) ? words[period] : "";
}

static void print_offer(const struct resident_offer *offer)
{
    char money[MONEY_TEXT_SIZE], day[DAY_TEXT_SIZE];
    printf("  %s", offer->relief->name);
    if (offer->until_day != DAY_NEVER) {
        day_to_text(day, (int32_t)offer->until_day - 1);
        printf(", up to %s", day);
    }
    if (offer->limit != NULL && offer->limit->kind == LIMIT_USES)
        printf(": %" PRIu64 " of %" PRIu64 " uses left %s", offer->left, offer->limit->value,
               period_words(offer->limit->period));
    else if (offer->limit != NULL)
        printf(": %s EUR left %s", money_text(money, offer->left),
               period_words(offer->limit->period));
    puts(".");
}

static void take_offer(void *to, const struct resident_offer *offer)
{
    struct view_of_resident *v = to;
    if (v->json == NULL) {
        print_offer(offer);
        return;
    }
    json_open_object(v->json, NULL);
    json_text(v->json, "relief", offer->relief->name);
    json_number(v->json, "giver", offer->relief->giver);
    if (offer->until_day != DAY_NEVER)
        json_day(v->json, "until", offer->until_day);
    if (offer->limit != NULL) {
        bool is_uses = offer->limit->kind == LIMIT_USES;
        json_text(v->json, "limit", is_uses ? "uses" : "amount");
        json_text(v->json, "period", period_words(offer->limit->period));
        json_number(v->json, "value", offer->limit->value);
        json_number(v->json, "had", offer->had);
        json_number(v->json, "left", offer->left);
    }
    json_close_object(v->json);
}

static void print_offers_title(uint32_t day)
{
    char text[DAY_TEXT_SIZE];
    day_to_text(text, (int32_t)day);
    printf("Reliefs that may be had on %s, somewhere:\n", text);
}

static bool tell_offers(struct view_of_resident *v, struct fault *fault)
{
    if (v->snapshot.snapshot == NULL)
        return true;
    if (v->json != NULL)
        json_open_array(v->json, "available");
    else
        print_offers_title(v->day);
    bool is_good = resident_offers(&v->snapshot, v->view, v->day, &v->resident, &v->report.accounts,
                                   take_offer, v, fault);
    if (v->json != NULL)
        json_close_array(v->json);
    return is_good;
}

/* ---- who asked: from the journal of checks, newest first ---- */

static void tell_asks(struct view_of_resident *v, const struct resident_asks *asks)
{
    if (asks == NULL)
        return;
    if (v->json != NULL)
        json_open_array(v->json, "asked");
    else
        puts("Who asked about you:");
    for (size_t i = 0; i < asks->count; i++) {
        const struct resident_ask *ask = &asks->rows[i];
        char time[RIGA_TEXT_SIZE];
        riga_text(time, ask->time_s);
        if (v->json != NULL) {
            json_open_object(v->json, NULL);
            json_number(v->json, "time_s", ask->time_s);
            json_number(v->json, "terminal", ask->terminal);
            json_number(v->json, "point_of_sale", ask->point_of_sale);
            json_number(v->json, "product", ask->product);
            json_text(v->json, "status", status_name(ask->status));
            json_close_object(v->json);
        } else {
            printf("  %s: terminal %" PRIu32 " at point of sale %" PRIu32 ", product %" PRIu32
                   ": %s.\n",
                   time, ask->terminal, ask->point_of_sale, ask->product, status_text(ask->status));
        }
    }
    if (v->json != NULL)
        json_close_array(v->json);
}

/* ---- the whole ---- */

static bool tell(struct view_of_resident *v, const struct resident_asks *asks, struct fault *fault)
{
    bool is_json = v->json != NULL;
    if (is_json) {
        json_start(v->json, stdout);
        json_open_object(v->json, NULL);
        json_bool(v->json, "older_removed", v->resident.is_cut);
        json_open_array(v->json, "purchases");
    } else {
        puts(v->resident.count > 0 ? "Purchases, the newest first; times of the service, in Riga:"
             : asks != NULL && asks->count > 0 ? "No purchase is kept of this person."
                                               : "Nothing is kept of this person.");
    }
    if (!tell_purchases(v, fault))
        return false;
    if (is_json)
        json_close_array(v->json);
    else if (v->resident.is_cut)
        puts("  Older ones were removed after their time.");
    if (!tell_offers(v, fault))
        return false;
    tell_asks(v, asks);
    if (is_json) {
        json_close_object(v->json);
        json_end(v->json);
    }
    return true;
}

/* ---- who asked, from the journal of checks ---- */

struct collected {
    struct resident_ask *rows;
    size_t count, room;
    bool is_out_of_memory;
};

static void collect(void *context, const struct asked *asked)
{
    struct collected *all = context;
    if (all->count == all->room) {
        size_t room = all->room == 0 ? COLLECTED_ROOM_FIRST : 2 * all->room;
        struct resident_ask *rows = reallocarray(all->rows, room, sizeof(rows[0]));
        all->is_out_of_memory |= rows == NULL;
        if (rows == NULL)
            return;
        all->rows = rows;
        all->room = room;
    }
    all->rows[all->count++] = (struct resident_ask){.time_s = asked->time_s,
                                                    .terminal = asked->terminal,
                                                    .point_of_sale = asked->point_of_sale,
                                                    .product = asked->product,
                                                    .status = asked->status};
}

static int compare_newest_first(const void *a, const void *b)
{
    uint64_t x = ((const struct resident_ask *)a)->time_s;
    uint64_t y = ((const struct resident_ask *)b)->time_s;
    return x > y ? -1 : x < y;
}

static bool collect_asks(struct collected *all, const struct view_of_resident *v,
                         const char *directory, struct fault *fault)
{
    struct audit_sums sums;
    if (!audit_each(directory, v->subject, 0, UINT64_MAX, collect, all, &sums, fault))
        return false;
    if (sums.segment_count > 0 && sums.subject_key != v->report.head.subject_key)
        return fault_set(fault, "%s: is the journal of other subjects than this ledger's",
                         directory);
    if (all->is_out_of_memory)
        return fault_set(fault, "%s: no memory for all who asked", directory);
    if (all->count > 0)
        qsort(all->rows, all->count, sizeof(all->rows[0]), compare_newest_first);
    return true;
}

/* Never with the identifier in the sentence. */
static bool read_who(struct identifier *who, const struct resident_settings *s, struct fault *fault)
{
    char line[IDENTIFIER_INPUT];
    size_t size;
    uint8_t means = means_of_name(s->means);
    if (means == 0)
        return fault_set(
            fault, "--means: want personal-code, eid, e-talons or card, found \"%.60s\"", s->means);
    const char *wrong = identifier_read_line(line, &size);
    if (wrong != NULL)
        return fault_set(fault, "standard input: %s", wrong);
    enum means_fault found = means_normalise(who, (enum means)means, line, size);
    sodium_memzero(line, sizeof(line));
    return found == MEANS_FINE ||
           fault_set(fault, "standard input: %s: %s", s->means, means_fault_text(found));
}

/* A ledger knows persons, whatever they show; whose a card is stands in snapshots. */
static bool can_be_found(const struct resident_settings *s, const struct identifier *who,
                         struct fault *fault)
{
    if (who->means == MEANS_PERSONAL_CODE || s->snapshot.snapshots != NULL)
        return true;
    return fault_set(fault,
                     "--means %s: whose it is stands in the snapshot, not in the ledger: want "
                     "--snapshots, --signing-public, and --identity-key or --identity-keys; or "
                     "the person's personal code",
                     s->means);
}

static bool find_who(struct view_of_resident *v, const struct resident_settings *s,
                     const struct identifier *who, struct fault *fault)
{
    if (!keyfile_open_subject(&v->key, s->subject_key, fault))
        return false;
    if (subject_key_check(v->key) != v->report.head.subject_key)
        return fault_set(fault, "%s: is not the key of this ledger's subjects", s->subject_key);
    return report_snapshot_open(&v->snapshot, &s->snapshot, fault) &&
           resident_subject(&v->subject, &v->view, &v->snapshot, v->key, who, fault) &&
           resident_read(&v->resident, v->report.reader, v->subject, fault);
}

int run_report_resident(int argc, char *argv[])
{
    struct resident_settings s;
    struct operands operands;
    struct fault fault;
    struct identifier who;
    struct json json = {.to = NULL};
    struct report_settings all = {.json = false};
    struct view_of_resident v = {.json = NULL};
    options_read(&resident_table, &s, &operands, argc, argv);
    ledger_reader_survive(NAME);
    if (!identity_start(&fault) || !read_who(&who, &s, &fault) || !can_be_found(&s, &who, &fault))
        return command_fail(NAME, EXIT_USAGE, &fault);
    v.json = s.json ? &json : NULL;
    v.day = s.day != 0 ? s.day : riga_day_of_time(clock_wall_s());
    bool is_open = report_open(&v.report, operands.words[0], &all, &fault);
    struct collected all_asks = {.rows = NULL};
    bool is_good = is_open && find_who(&v, &s, &who, &fault) &&
                   (s.audit == NULL || collect_asks(&all_asks, &v, s.audit, &fault));
    struct resident_asks asks = {all_asks.rows, all_asks.count};
    is_good = is_good && tell(&v, s.audit != NULL ? &asks : NULL, &fault);
    free(all_asks.rows);
    sodium_memzero(&who, sizeof(who));
    int status = v.resident.count > 0 || all_asks.count > 0 ? EXIT_YES : EXIT_NO;
    if (is_good && status == EXIT_NO && v.snapshot.snapshot == NULL)
        fputs("note: without --snapshots nothing is found of a person whose code has changed\n",
              stderr);
    resident_free(&v.resident);
    report_snapshot_close(&v.snapshot);
    keyfile_close_identity(v.key);
    if (is_open)
        report_close(&v.report);
    return is_good ? command_finish(NAME, status) : command_fail(NAME, EXIT_FAILED, &fault);
}
