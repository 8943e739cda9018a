/* eligctl use, reserve, late, confirm, cancel, refund, transaction. */
#include "protocol/commands.h"
#include "protocol/day.h"
#include "protocol/eligctl.h"
#include "protocol/eligctl_purchase.h"
#include "protocol/eligctl_say.h"
#include "protocol/money.h"
#include "protocol/reach.h"

#include <inttypes.h>
#include <string.h>

#define HOLD_STEP_S 10
#define HOLD_S_MAX  (HOLD_STEP_S * HOLD_10S_MAX)

#define REMAINING_MANY 65534 /* that, or more */
#define SENTENCE_SIZE  160

struct transact_settings {
    struct reach reach;
    struct purchase_settings purchase;
    const char *at, *amount;
    uint64_t request_id, hold_s, target, target_terminal, quantity;
    bool json;
};

#define AT(field)   offsetof(struct transact_settings, field)
#define ROW_CONNECT REACH_ROW_CONNECT(struct transact_settings)
#define ROW_AT                                                                                     \
    {                                                                                              \
        "at", OPTION_TEXT, AT(at), "TIME", NULL, 0, 0, PURCHASE_TIME_HELP ". Without it: now."     \
    }
#define ROW_ID                                                                                     \
    {                                                                                              \
        "request-id", OPTION_NUMBER, AT(request_id), "NUMBER", NULL, 1, UINT64_MAX,                \
            "name of this very request, to repeat it after a lost answer; without it a new one "   \
            "is "                                                                                  \
            "drawn and told"                                                                       \
    }
#define ROW_TARGET                                                                                 \
    {                                                                                              \
        "target", OPTION_NUMBER, AT(target), "ID", NULL, 1, UINT64_MAX,                            \
            "required: request id of the purchase that is meant"                                   \
    }
#define ROW_TARGET_TERMINAL                                                                        \
    {                                                                                              \
        "target-terminal", OPTION_NUMBER, AT(target_terminal), "NUMBER", "0", 0, UINT32_MAX,       \
            "number of the terminal that bought; 0 is this one"                                    \
    }
#define ROWS_END                                                                                   \
    REACH_ROWS(struct transact_settings),                                                          \
    {                                                                                              \
        "json", OPTION_FLAG, AT(json), NULL, NULL, 0, 0, "answer as JSON"                          \
    }

#define EXIT_STATUSES                                                                              \
    "exit status: 0 done; 1 not done, and never will be under this request id;\n"                  \
    "             2 usage; 3 the server does not do it now, or no answer came: repeat it with\n"   \
    "             --request-id"

static const struct option_row use_rows[] = {ROW_CONNECT, PURCHASE_ROWS(struct transact_settings),
                                             ROW_AT, ROW_ID, ROWS_END};

static const struct option_table use_table = {
    .usage = "eligctl use [options] --product NUMBER --price EUR",
    .about = "Decides a purchase and records it as used, at once.",
    .rows = use_rows,
    .row_count = COUNT_OF(use_rows),
    .footer = EXIT_STATUSES "\n"
                            "example: echo 010100-00018 | eligctl use --product 1 --price 1.50",
};

static const struct option_row reserve_rows[] = {
    ROW_CONNECT,
    PURCHASE_ROWS(struct transact_settings),
    ROW_AT,
    {"hold", OPTION_NUMBER, AT(hold_s), "SECONDS", "300", 1, HOLD_S_MAX,
     "for how long it is held, to the next ten seconds"},
    ROW_ID,
    ROWS_END};

static const struct option_table reserve_table = {
    .usage = "eligctl reserve [options] --product NUMBER --price EUR",
    .about = "Decides a purchase and holds it until it is confirmed or cancelled.",
    .rows = reserve_rows,
    .row_count = COUNT_OF(reserve_rows),
    .footer = EXIT_STATUSES
    "\n"
    "example: echo 010100-00018 | eligctl reserve --hold 120 --product 1 --price 1.50",
};

static const struct option_row late_rows[] = {
    ROW_CONNECT,
    PURCHASE_ROWS(struct transact_settings),
    {"service-time", OPTION_TEXT, AT(at), "TIME", NULL, 0, 0, "required: " PURCHASE_TIME_HELP},
    ROW_ID,
    ROWS_END};

static const struct option_table late_table = {
    .usage = "eligctl late [options] --product NUMBER --price EUR --service-time TIME",
    .about = "Records a purchase that has happened already; no limit refuses it.",
    .rows = late_rows,
    .row_count = COUNT_OF(late_rows),
    .footer = EXIT_STATUSES,
};

static const struct option_row confirm_rows[] = {
    ROW_CONNECT,
    ROW_TARGET,
    ROW_TARGET_TERMINAL,
    {"quantity", OPTION_NUMBER, AT(quantity), "NUMBER", "0", 0, QUANTITY_MAX,
     "how many of those that are held; the others are free again; 0 is all"},
    ROW_ID,
    ROWS_END};

static const struct option_table confirm_table = {
    .usage = "eligctl confirm [options] --target ID",
    .about = "Confirms a purchase that was reserved.",
    .rows = confirm_rows,
    .row_count = COUNT_OF(confirm_rows),
    .footer = EXIT_STATUSES,
};

static const struct option_row cancel_rows[] = {ROW_CONNECT, ROW_TARGET, ROW_TARGET_TERMINAL,
                                                ROW_ID, ROWS_END};

static const struct option_table cancel_table = {
    .usage = "eligctl cancel [options] --target ID",
    .about = "Gives up a purchase that was reserved, or that may never have arrived.",
    .rows = cancel_rows,
    .row_count = COUNT_OF(cancel_rows),
    .footer = EXIT_STATUSES,
};

static const struct option_row refund_rows[] = {
    ROW_CONNECT,
    ROW_TARGET,
    ROW_TARGET_TERMINAL,
    {"quantity", OPTION_NUMBER, AT(quantity), "NUMBER", "0", 0, QUANTITY_MAX,
     "how many are given back; 0 is all that are left"},
    {"amount", OPTION_TEXT, AT(amount), "EUR", NULL, 0, 0,
     "so much of the relief is given back, and no uses; not with --quantity"},
    ROW_ID,
    ROWS_END};

static const struct option_table refund_table = {
    .usage = "eligctl refund [options] --target ID",
    .about = "Gives a confirmed purchase back: all that is left, some, or an amount.",
    .rows = refund_rows,
    .row_count = COUNT_OF(refund_rows),
    .footer = EXIT_STATUSES,
};

static const struct option_row transaction_rows[] = {ROW_CONNECT, ROW_TARGET, ROW_TARGET_TERMINAL,
                                                     ROWS_END};

static const struct option_table transaction_table = {
    .usage = "eligctl transaction [options] --target ID",
    .about = "Tells what became of a purchase; changes nothing.",
    .rows = transaction_rows,
    .row_count = COUNT_OF(transaction_rows),
    .footer = "exit status: 0 told; 1 no such transaction, or it was denied; 2 usage; 3 could not "
              "ask",
};

/* ---- what answers mean ---- */

enum money { MONEY_NONE, MONEY_TO_PAY, MONEY_PAID, MONEY_BACK };

/* A status means one thing to one kind and another to the next. What is not here is not done, and
 * the status's own sentence tells it. */
struct saying {
    uint8_t kind;
    uint16_t status;
    uint8_t exit_status, money;
    const char *text;
};

static const struct saying sayings[] = {
    {ELIG_USE, STATUS_APPLIES, EXIT_YES, MONEY_TO_PAY, "Used"},
    {ELIG_USE, STATUS_CANCELLED, EXIT_NO, MONEY_NONE, "Not used: it was cancelled before it came"},
    {ELIG_RESERVE, STATUS_APPLIES, EXIT_YES, MONEY_TO_PAY, "Reserved"},
    {ELIG_RESERVE, STATUS_CANCELLED, EXIT_NO, MONEY_NONE, "Cancelled: nothing is held"},
    {ELIG_LATE, STATUS_APPLIES, EXIT_YES, MONEY_TO_PAY, "Recorded"},
    {ELIG_LATE, STATUS_OVER_LIMIT, EXIT_YES, MONEY_TO_PAY, "Recorded beyond what a limit allows"},
    {ELIG_CONFIRM, STATUS_CONFIRMED, EXIT_YES, MONEY_PAID, "Confirmed"},
    {ELIG_CONFIRM, STATUS_OVER_LIMIT, EXIT_YES, MONEY_PAID, "Confirmed beyond what a limit allows"},
    {ELIG_CONFIRM, STATUS_CANCELLED, EXIT_NO, MONEY_NONE, "Not confirmed: it was cancelled"},
    {ELIG_CONFIRM, STATUS_REFUNDED, EXIT_NO, MONEY_NONE,
     "Not confirmed: it was given back as a whole"},
    {ELIG_CANCEL, STATUS_CANCELLED, EXIT_YES, MONEY_NONE, "Cancelled: nothing is held"},
    {ELIG_CANCEL, STATUS_CONFIRMED, EXIT_NO, MONEY_NONE,
     "Not cancelled: it is confirmed, and only a refund undoes that"},
    {ELIG_CANCEL, STATUS_OVER_LIMIT, EXIT_NO, MONEY_NONE,
     "Not cancelled: it is confirmed, and only a refund undoes that"},
    {ELIG_CANCEL, STATUS_EXPIRED, EXIT_NO, MONEY_NONE,
     "Not cancelled: the reservation had run out, and nothing is held"},
    {ELIG_CANCEL, STATUS_REFUNDED, EXIT_NO, MONEY_NONE,
     "Not cancelled: it was given back as a whole"},
    {ELIG_REFUND, STATUS_CONFIRMED, EXIT_YES, MONEY_BACK, "Given back, and some is left"},
    {ELIG_REFUND, STATUS_REFUNDED, EXIT_YES, MONEY_BACK, "Given back, and nothing is left"},
    {ELIG_REFUND, STATUS_RESERVED, EXIT_NO, MONEY_NONE,
     "Not given back: it is reserved; confirm or cancel it"},
    {ELIG_REFUND, STATUS_CANCELLED, EXIT_NO, MONEY_NONE, "Not given back: it was cancelled"},
    {ELIG_REFUND, STATUS_EXPIRED, EXIT_NO, MONEY_NONE,
     "Not given back: the reservation ran out and was never confirmed"},
    {ELIG_STATUS, STATUS_RESERVED, EXIT_YES, MONEY_TO_PAY, "Reserved"},
    {ELIG_STATUS, STATUS_CONFIRMED, EXIT_YES, MONEY_PAID, "Confirmed"},
    {ELIG_STATUS, STATUS_OVER_LIMIT, EXIT_YES, MONEY_PAID, "Confirmed beyond what a limit allows"},
    {ELIG_STATUS, STATUS_CANCELLED, EXIT_YES, MONEY_NONE, "Cancelled"},
    {ELIG_STATUS, STATUS_EXPIRED, EXIT_YES, MONEY_NONE, "The reservation ran out"},
    {ELIG_STATUS, STATUS_REFUNDED, EXIT_YES, MONEY_NONE, "Given back as a whole"},
};

static const struct saying *saying_of(const struct elig_response *r)
{
    for (size_t i = 0; i < COUNT_OF(sayings); i++)
        if (sayings[i].kind == r->kind && sayings[i].status == r->status)
            return &sayings[i];
    return NULL;
}

int transact_exit(const struct elig_response *r)
{
    const struct saying *saying = saying_of(r);
    if (saying != NULL)
        return saying->exit_status;
    return r->status >= STATUS_UNKNOWN_PRODUCT && r->status != STATUS_NO_LEDGER ? EXIT_NO
                                                                                : EXIT_FAILED;
}

const char *transact_text(const struct elig_response *r)
{
    const struct saying *saying = saying_of(r);
    return saying != NULL ? saying->text : elig_status_text(r->status);
}

/* ---- sentences ---- */

static void print_money(const struct elig_response *r, uint8_t money)
{
    char relief[MONEY_TEXT_SIZE], payable[MONEY_TEXT_SIZE];
    money_text(relief, r->relief_amount);
    money_text(payable, r->payable);
    if (money == MONEY_BACK)
        printf("%s EUR of relief, %s EUR to the customer", relief, payable);
    else
        printf("%s EUR off, %s EUR %s", relief, payable, money == MONEY_PAID ? "paid" : "to pay");
}

/* "Reserved until 10:32:00 (Riga)" */
static void print_head(const struct elig_response *r)
{
    const char *text = transact_text(r);
    bool is_small = text[0] >= 'a' && text[0] <= 'z';
    printf("%c%s", is_small ? text[0] - 'a' + 'A' : text[0], text + 1);
    if ((r->kind == ELIG_RESERVE || r->kind == ELIG_STATUS) && r->valid_until_s != 0) {
        uint32_t second = riga_second_of_time(r->valid_until_s);
        printf(" until %02" PRIu32 ":%02" PRIu32 ":%02" PRIu32 " (Riga)", second / 3600,
               second / 60 % 60, second % 60);
    }
}

static void print_answer(const struct elig_request *request, const struct elig_response *r)
{
    const struct saying *saying = saying_of(r);
    char payable[MONEY_TEXT_SIZE];
    print_head(r);
    if (saying != NULL && saying->money != MONEY_NONE) {
        fputs(": ", stdout);
        if (r->relief != 0 && r->relief != ELIG_RELIEF_UNTOLD && saying->money != MONEY_BACK)
            printf("relief %" PRIu32 ", ", r->relief);
        print_money(r, saying->money);
    } else if (saying == NULL && request->target_id == 0 && r->status != STATUS_CONFLICT) {
        printf(": %s EUR to pay", money_text(payable, r->payable));
    }
    if (r->remaining < REMAINING_MANY)
        printf(", uses left: %u", r->remaining);
    fputc('.', stdout);
    if (r->ledger_sequence != 0)
        printf(" Ledger %" PRIu64 ".", r->ledger_sequence);
    printf(" Request %" PRIu64 ".\n",
           request->kind == ELIG_STATUS ? request->target_id : request->request_id);
}

/* Of a purchase what was asked, of others what they are about. */
static void json_asked(struct json *json, const struct elig_request *request)
{
    json_number(json, "request_id", request->request_id);
    if (request->target_id != 0) {
        json_number(json, "target_id", request->target_id);
        json_number(json, "target_terminal", request->product);
    } else {
        json_number(json, "product", request->product);
        json_number(json, "point_of_sale", request->point_of_sale);
        json_number(json, "companions", request->companions);
    }
    json_number(json, "quantity", request->quantity);
}

static void print_answer_json(const struct elig_request *request, const struct elig_response *r)
{
    struct json json;
    json_start(&json, stdout);
    json_open_object(&json, NULL);
    json_status(&json, r->status);
    json_bool(&json, "done", transact_exit(r) == EXIT_YES);
    json_asked(&json, request);
    json_number(&json, "ledger_sequence", r->ledger_sequence);
    json_number(&json, "relief", r->relief);
    json_number(&json, "relief_amount", r->relief_amount); /* 1/10000 EUR */
    json_number(&json, "payable", r->payable);
    json_number(&json, "split", r->split);
    json_number(&json, "remaining", r->remaining);
    json_number(&json, "valid_until_s", r->valid_until_s);
    json_number(&json, "wait_ms", r->wait_ms);
    json_snapshot(&json, r->generation, r->stale_h, r->server_time_s);
    json_close_object(&json);
    json_end(&json);
}

/* ---- asking ---- */

/* Before it is sent: whoever is interrupted must be able to repeat it. */
static void name_request(struct elig_request *request, const char *command,
                         const struct transact_settings *settings)
{
    request->request_id = settings->request_id;
    if (settings->request_id != 0)
        return;
    request->request_id = new_request_id();
    if (request->kind != ELIG_STATUS)
        fprintf(stderr,
                "eligctl %s: request %" PRIu64
                "; if no answer comes, the same words and --request-id %" PRIu64 " repeat it\n",
                command, request->request_id, request->request_id);
}

static int transact(struct elig_request *request, const char *command,
                    const struct transact_settings *settings)
{
    struct elig_response response;
    struct elig *elig;
    name_request(request, command, settings);
    int exit_status = reach_server(&elig, command, &settings->reach);
    if (exit_status != EXIT_YES)
        return exit_status;
    int error = elig_transact(elig, request, &response);
    if (error != ELIG_FINE)
        exit_status = reach_failed(command, &settings->reach, elig, error);
    elig_close(elig);
    if (error != ELIG_FINE)
        return exit_status;
    exit_status = transact_exit(&response);
    if (settings->json)
        print_answer_json(request, &response);
    else if (exit_status == EXIT_FAILED)
        say_refusal(command, settings->reach.connect, response.status, response.wait_ms);
    else
        print_answer(request, &response);
    char program[SENTENCE_SIZE];
    snprintf(program, sizeof(program), "eligctl %s", command);
    return command_finish(program, exit_status);
}

static int buy(struct elig_request *request, const char *command,
               const struct transact_settings *settings)
{
    const char *at_option = request->kind == ELIG_LATE ? "service-time" : "at";
    int exit_status = purchase_read(request, command, &settings->purchase, at_option, settings->at);
    if (exit_status == EXIT_YES)
        exit_status = transact(request, command, settings);
    explicit_bzero(request->identifier, sizeof(request->identifier));
    return exit_status;
}

int run_use(int argc, char *argv[])
{
    struct transact_settings settings;
    struct elig_request request = {.kind = ELIG_USE};
    options_read(&use_table, &settings, NULL, argc, argv);
    return buy(&request, "use", &settings);
}

int run_reserve(int argc, char *argv[])
{
    struct transact_settings settings;
    struct elig_request request = {.kind = ELIG_RESERVE};
    options_read(&reserve_table, &settings, NULL, argc, argv);
    request.hold_10s = (uint8_t)((settings.hold_s + HOLD_STEP_S - 1) / HOLD_STEP_S);
    return buy(&request, "reserve", &settings);
}

int run_late(int argc, char *argv[])
{
    struct transact_settings settings;
    struct elig_request request = {.kind = ELIG_LATE};
    options_read(&late_table, &settings, NULL, argc, argv);
    return buy(&request, "late", &settings);
}

static struct elig_request about(uint8_t kind, const struct transact_settings *settings)
{
    struct elig_request request = elig_about(kind, 0, settings->target);
    request.product = (uint32_t)settings->target_terminal;
    return request;
}

int run_confirm(int argc, char *argv[])
{
    struct transact_settings settings;
    options_read(&confirm_table, &settings, NULL, argc, argv);
    struct elig_request request = about(ELIG_CONFIRM, &settings);
    request.quantity = (uint16_t)settings.quantity;
    return transact(&request, "confirm", &settings);
}

int run_cancel(int argc, char *argv[])
{
    struct transact_settings settings;
    options_read(&cancel_table, &settings, NULL, argc, argv);
    struct elig_request request = about(ELIG_CANCEL, &settings);
    return transact(&request, "cancel", &settings);
}

int run_refund(int argc, char *argv[])
{
    struct transact_settings settings;
    uint64_t amount = 0;
    options_read(&refund_table, &settings, NULL, argc, argv);
    struct elig_request request = about(ELIG_REFUND, &settings);
    request.quantity = (uint16_t)settings.quantity;
    if (settings.amount != NULL) {
        if (!money_of_text(&amount, settings.amount, strlen(settings.amount), UINT32_MAX) ||
            amount == 0)
            return refuse_value("refund", "amount", AMOUNT_WANTED, settings.amount);
        if (settings.quantity != 0)
            return refuse_value("refund", "amount", "either it or --quantity", settings.amount);
    }
    request.unit_price = (uint32_t)amount;
    return transact(&request, "refund", &settings);
}

int run_transaction(int argc, char *argv[])
{
    struct transact_settings settings;
    options_read(&transaction_table, &settings, NULL, argc, argv);
    struct elig_request request = about(ELIG_STATUS, &settings);
    return transact(&request, "transaction", &settings);
}
