/* eligctl: the protocol for people. Every command is one question and one answer. */
#include "protocol/eligctl.h"
#include "protocol/commands.h"
#include "protocol/day.h"
#include "protocol/elig.h"
#include "protocol/eligctl_purchase.h"
#include "protocol/eligctl_say.h"
#include "protocol/money.h"
#include "protocol/options.h"
#include "protocol/progress.h"
#include "protocol/reach.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PING_COUNT_MAX  100000
#define UNTIL_TEXT_SIZE 48

/* ---- check ---- */

struct check_settings {
    struct reach reach;
    struct purchase_settings purchase;
    const char *at;
    bool json;
};

#define CHECK_AT(field) offsetof(struct check_settings, field)

static const struct option_row check_rows[] = {
    REACH_ROW_CONNECT(struct check_settings),
    PURCHASE_ROWS(struct check_settings),
    {"at", OPTION_TEXT, CHECK_AT(at), "TIME", NULL, 0, 0, PURCHASE_TIME_HELP ". Without it: now."},
    REACH_ROWS(struct check_settings),
    {"json", OPTION_FLAG, CHECK_AT(json), NULL, NULL, 0, 0, "answer as JSON"},
};

static const struct option_table check_table = {
    .usage = "eligctl check [options] --product NUMBER --price EUR",
    .about = "Asks whether a relief applies to a purchase, and what it is worth.",
    .rows = check_rows,
    .row_count = sizeof(check_rows) / sizeof(check_rows[0]),
    .footer = "exit status: 0 a relief applies; 1 none does, or that cannot be decided;\n"
              "             2 usage; 3 could not ask\n"
              "example: echo 010100-00018 | eligctl check --product 1 --price 1.50",
};

/* 0 a relief applies, 1 decided otherwise, 3 the question was not decided at all. */
static int exit_of_status(uint16_t status)
{
    if (status == STATUS_APPLIES)
        return EXIT_YES;
    return status >= STATUS_UNKNOWN_PRODUCT && status <= STATUS_DOES_NOT_APPLY ? EXIT_NO
                                                                               : EXIT_FAILED;
}

/* ", until 2026-12-31 (Riga)", or nothing. The second named is the first that may be otherwise: of
 * a midnight say the last good day. */
static const char *until_text(char text[static UNTIL_TEXT_SIZE], uint32_t valid_until_s)
{
    char day[DAY_TEXT_SIZE];
    text[0] = '\0';
    if (valid_until_s == 0)
        return text;
    uint32_t second = riga_second_of_time(valid_until_s);
    day_to_text(day, (int32_t)riga_day_of_time(valid_until_s - (second == 0)));
    if (second == 0)
        snprintf(text, UNTIL_TEXT_SIZE, ", until %s (Riga)", day);
    else
        snprintf(text, UNTIL_TEXT_SIZE, ", until %s %02" PRIu32 ":%02" PRIu32 " (Riga)", day,
                 second / 3600, second / 60 % 60);
    return text;
}

/* What was asked beside one product and its price. */
static void print_purchase(const struct elig_request *request)
{
    if (request->quantity == 1 && request->companions == 0 && request->point_of_sale == 0)
        return;
    printf("Asked for: %u of product %" PRIu32, request->quantity, request->product);
    if (request->companions != 0)
        printf(", %u of them for companions", request->companions < request->quantity
                                                  ? request->companions
                                                  : request->quantity - 1u);
    if (request->point_of_sale != 0)
        printf(", at point of sale %" PRIu32, request->point_of_sale);
    puts(".");
}

static void print_decision(const struct elig_request *request, const struct elig_response *r)
{
    char relief[MONEY_TEXT_SIZE], payable[MONEY_TEXT_SIZE];
    char snapshot[SNAPSHOT_TEXT_SIZE], until[UNTIL_TEXT_SIZE];
    money_text(payable, r->payable);
    snapshot_text(snapshot, r->generation, r->stale_h);
    if (r->status != STATUS_APPLIES) {
        const char *text = elig_status_text(r->status);
        printf("%c%s: %s EUR to pay. %s\n", text[0] - 'a' + 'A', text + 1, payable, snapshot);
    } else {
        printf("%s: ",
               r->split == ELIG_SPLIT_SEVERAL ? "Several reliefs apply" : "A relief applies");
        if (r->relief != ELIG_RELIEF_UNTOLD)
            printf("relief %" PRIu32 ", ", r->relief);
        printf("%s EUR off, %s EUR to pay%s. %s\n", money_text(relief, r->relief_amount), payable,
               until_text(until, r->valid_until_s), snapshot);
    }
    print_purchase(request);
}

static void print_response_json(const struct elig_request *request, const struct elig_response *r)
{
    struct json json;
    json_start(&json, stdout);
    json_open_object(&json, NULL);
    json_status(&json, r->status);
    json_bool(&json, "applies", r->status == STATUS_APPLIES);
    json_number(&json, "relief", r->relief);
    json_number(&json, "relief_amount", r->relief_amount); /* 1/10000 EUR */
    json_number(&json, "payable", r->payable);
    json_number(&json, "split", r->split);
    json_number(&json, "valid_until_s", r->valid_until_s);
    json_number(&json, "wait_ms", r->wait_ms);
    json_snapshot(&json, r->generation, r->stale_h, r->server_time_s);
    json_number(&json, "product", request->product);
    json_number(&json, "point_of_sale", request->point_of_sale);
    json_number(&json, "quantity", request->quantity);
    json_number(&json, "companions", request->companions);
    json_close_object(&json);
    json_end(&json);
}

static int run_check(int argc, char *argv[])
{
    struct check_settings settings;
    struct elig_request request = {.kind = ELIG_CHECK, .request_id = new_request_id()};
    struct elig_response response;
    struct elig *elig;
    options_read(&check_table, &settings, NULL, argc, argv);
    int exit_status = purchase_read(&request, "check", &settings.purchase, "at", settings.at);
    if (exit_status != EXIT_YES)
        return exit_status;

    /* ask */
    exit_status = reach_server(&elig, "check", &settings.reach);
    if (exit_status != EXIT_YES)
        return exit_status;
    int error = elig_ask(elig, &request, &response);
    explicit_bzero(request.identifier, sizeof(request.identifier));
    if (error != ELIG_FINE)
        exit_status = reach_failed("check", &settings.reach, elig, error);
    elig_close(elig);
    if (error != ELIG_FINE)
        return exit_status;

    /* tell */
    exit_status = exit_of_status(response.status);
    if (settings.json)
        print_response_json(&request, &response);
    else if (exit_status == EXIT_FAILED)
        say_refusal("check", settings.reach.connect, response.status, response.wait_ms);
    else
        print_decision(&request, &response);
    return command_finish("eligctl check", exit_status);
}

/* ---- ping ---- */

struct ping_settings {
    struct reach reach;
    uint64_t count;
    bool json;
};

#define PING_AT(field) offsetof(struct ping_settings, field)

static const struct option_row ping_rows[] = {
    REACH_ROW_CONNECT(struct ping_settings),
    {"count", OPTION_NUMBER, PING_AT(count), "NUMBER", "1", 1, PING_COUNT_MAX,
     "how many, one after the other on one connection"},
    REACH_ROWS(struct ping_settings),
    {"json", OPTION_FLAG, PING_AT(json), NULL, NULL, 0, 0, "answer as JSON"},
};

static const struct option_table ping_table = {
    .usage = "eligctl ping [options]",
    .about = "Asks whether the server is fit to answer, and how long that takes.",
    .rows = ping_rows,
    .row_count = sizeof(ping_rows) / sizeof(ping_rows[0]),
    .footer = "exit status: 0 it is; 1 it answers, but is not; 2 usage; 3 no answer",
};

struct round_trips {
    uint64_t count, least_ns, most_ns, sum_ns;
};

static void round_trips_add(struct round_trips *trips, uint64_t ns)
{
    trips->least_ns = trips->count == 0 || ns < trips->least_ns ? ns : trips->least_ns;
    trips->most_ns = ns > trips->most_ns ? ns : trips->most_ns;
    trips->sum_ns += ns;
    trips->count++;
}

static double microseconds(uint64_t ns)
{
    return (double)ns / 1000;
}

static void print_pings(const struct elig_response *last, const struct round_trips *trips)
{
    char snapshot[SNAPSHOT_TEXT_SIZE];
    snapshot_text(snapshot, last->generation, last->stale_h);
    if (trips->count == 1)
        printf("%s: answered in %.1f us. %s\n", elig_status_name(last->status),
               microseconds(trips->sum_ns), snapshot);
    else
        printf("%s: %" PRIu64 " answered in %.1f us at least, %.1f on average, %.1f at most. %s\n",
               elig_status_name(last->status), trips->count, microseconds(trips->least_ns),
               microseconds(trips->sum_ns) / (double)trips->count, microseconds(trips->most_ns),
               snapshot);
}

static void print_pings_json(const struct elig_response *last, const struct round_trips *trips)
{
    struct json json;
    json_start(&json, stdout);
    json_open_object(&json, NULL);
    json_status(&json, last->status);
    json_number(&json, "count", trips->count);
    json_real(&json, "least_us", microseconds(trips->least_ns));
    json_real(&json, "average_us", microseconds(trips->sum_ns) / (double)trips->count);
    json_real(&json, "most_us", microseconds(trips->most_ns));
    json_snapshot(&json, last->generation, last->stale_h, last->server_time_s);
    json_close_object(&json);
    json_end(&json);
}

static int run_ping(int argc, char *argv[])
{
    struct ping_settings settings;
    struct elig_response response = {.status = STATUS_OK};
    struct round_trips trips = {0};
    struct elig *elig;
    options_read(&ping_table, &settings, NULL, argc, argv);
    int exit_status = reach_server(&elig, "ping", &settings.reach);
    if (exit_status != EXIT_YES)
        return exit_status;

    /* The handshake is not what is measured. */
    int error = ELIG_FINE;
    if (reach_is_sealed(&settings.reach)) {
        struct elig_request first = {.kind = ELIG_PING, .request_id = new_request_id()};
        error = elig_ask(elig, &first, &response);
    }
    while (trips.count < settings.count && error == ELIG_FINE && response.status == STATUS_OK) {
        struct elig_request request = {.kind = ELIG_PING, .request_id = new_request_id()};
        uint64_t start_ns = clock_monotonic_ns();
        error = elig_ask(elig, &request, &response);
        round_trips_add(&trips, clock_monotonic_ns() - start_ns);
    }
    if (error != ELIG_FINE)
        exit_status = reach_failed("ping", &settings.reach, elig, error);
    elig_close(elig);
    if (error != ELIG_FINE)
        return exit_status;
    if (settings.json)
        print_pings_json(&response, &trips);
    else
        print_pings(&response, &trips);
    return command_finish("eligctl ping", response.status == STATUS_OK ? EXIT_YES : EXIT_NO);
}

/* ---- status ---- */

struct status_settings {
    struct reach reach;
    bool json;
};

#define STATUS_AT(field) offsetof(struct status_settings, field)

static const struct option_row status_rows[] = {
    REACH_ROW_CONNECT(struct status_settings),
    REACH_ROWS(struct status_settings),
    {"json", OPTION_FLAG, STATUS_AT(json), NULL, NULL, 0, 0, "answer as JSON"},
};

static const struct option_table status_table = {
    .usage = "eligctl status [options]",
    .about = "Tells what the server says about itself.",
    .rows = status_rows,
    .row_count = sizeof(status_rows) / sizeof(status_rows[0]),
    .footer = "exit status: 0 told; 2 usage; 3 no answer, or the server is not fit to give one",
};

static void print_report(const struct elig_report *r)
{
    char snapshot[SNAPSHOT_TEXT_SIZE];
    printf("%s\n", snapshot_text(snapshot, r->generation, r->stale_h));
    printf("identifiers  %" PRIu64 "\n", r->identifier_count);
    printf("persons      %" PRIu64 "\n", r->person_count);
    printf("checks       %" PRIu64 "\n", r->check_count);
    printf("connections  %" PRIu32 "\n", r->connection_count);
    printf("running for  %" PRIu32 " d %02" PRIu32 ":%02" PRIu32 ":%02" PRIu32 "\n",
           r->uptime_s / SECONDS_PER_DAY, r->uptime_s / 3600 % 24, r->uptime_s / 60 % 60,
           r->uptime_s % 60);
}

static void print_report_json(const struct elig_report *r)
{
    struct json json;
    json_start(&json, stdout);
    json_open_object(&json, NULL);
    json_status(&json, r->status);
    json_number(&json, "check_count", r->check_count);
    json_number(&json, "identifier_count", r->identifier_count);
    json_number(&json, "person_count", r->person_count);
    json_number(&json, "connection_count", r->connection_count);
    json_number(&json, "uptime_s", r->uptime_s);
    json_number(&json, "wait_ms", r->wait_ms);
    json_snapshot(&json, r->generation, r->stale_h, r->server_time_s);
    json_close_object(&json);
    json_end(&json);
}

static int run_status(int argc, char *argv[])
{
    struct status_settings settings;
    struct elig_report report;
    struct elig *elig;
    options_read(&status_table, &settings, NULL, argc, argv);
    int exit_status = reach_server(&elig, "status", &settings.reach);
    if (exit_status != EXIT_YES)
        return exit_status;
    int error = elig_ask_status(elig, new_request_id(), &report);
    if (error != ELIG_FINE)
        exit_status = reach_failed("status", &settings.reach, elig, error);
    elig_close(elig);
    if (error != ELIG_FINE)
        return exit_status;
    if (settings.json)
        print_report_json(&report);
    else if (report.status == STATUS_OK)
        print_report(&report);
    else
        say_refusal("status", settings.reach.connect, report.status, report.wait_ms);
    return command_finish("eligctl status", report.status == STATUS_OK ? EXIT_YES : EXIT_FAILED);
}

int main(int argc, char *argv[])
{
    static const struct command commands[] = {
        {"check", run_check, "ask whether a relief applies to a purchase"},
        {"ping", run_ping, "ask whether a server is fit to answer"},
        {"status", run_status, "tell what a server says about itself"},
        {"use", run_use, "decide a purchase and record it as used"},
        {"reserve", run_reserve, "decide a purchase and hold it"},
        {"confirm", run_confirm, "confirm what was reserved"},
        {"cancel", run_cancel, "give up what was reserved"},
        {"refund", run_refund, "give back what was confirmed"},
        {"late", run_late, "record a purchase that has happened already"},
        {"transaction", run_transaction, "tell what became of a purchase"},
        {"correct", run_correct, "confirm, cancel and refund what a table says"},
        {"keygen", run_keygen, "make a secret key"},
        {"fingerprint", run_fingerprint, "print the fingerprint of a public key"},
        {"terminal", run_terminal, "enrol terminals, revoke them, give them new keys"},
        {"ledger", run_ledger, "verify a ledger, back it up, restore it"},
        {"report", run_report, "tell what a ledger comes to"},
        {"events", run_events, "tell a ledger's postings, from a number on"},
        {"audit", run_audit, "read a journal of checks: who asked about somebody"},
    };
    return commands_run("eligctl", "Speaks with the eligibility engine.", commands,
                        sizeof(commands) / sizeof(commands[0]), argc, argv);
}
