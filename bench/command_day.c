#include "bench/commands.h"

#include "bench/ids.h"
#include "bench/replay.h"
#include "protocol/commands.h"
#include "protocol/day.h"
#include "protocol/json.h"
#include "protocol/options.h"
#include "protocol/progress.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PROGRAM "eligbench day" /* in front of what is said on stderr */

#define DAYS_OF_WEEK 7
#define THURSDAY     4 /* day 0; Monday is 1, Saturday 6, Sunday 0 */
#define SATURDAY     6

struct settings {
    const char *connect, *truth, *catalogue, *books, *journal;
    uint64_t transactions, seed, repeats, connections, depth, id_first, patience_ms;
    uint32_t day;
    bool is_quiet, is_json;
};

#define FIELD(name) offsetof(struct settings, name)
static const struct option_row rows[] = {
    {"connect", OPTION_TEXT, FIELD(connect), "ADDRESS", NULL, 0, 0,
     "required: 127.0.0.1:PORT or unix:PATH of a server with a ledger"},
    {"truth", OPTION_TEXT, FIELD(truth), "FILE", NULL, 0, 0,
     "required: truth.csv of the synthetic country; its people buy"},
    {"catalogue", OPTION_TEXT, FIELD(catalogue), "DIR", "loader/catalogue", 0, 0,
     "catalogue that was loaded: whose points of sale they are"},
    {"transactions", OPTION_NUMBER, FIELD(transactions), "N", "1000000", 100, VISIT_COUNT_MAX,
     "purchases of the day; confirmations, cancellations and refunds come on top"},
    {"day", OPTION_DAY, FIELD(day), "DAY", NULL, 0, 0,
     "the day that is replayed, by times of service; without it, the last workday"},
    {"seed", OPTION_NUMBER, FIELD(seed), "N", "1", 0, UINT64_MAX,
     "another number is another day; the same one is the same"},
    {"repeats", OPTION_NUMBER, FIELD(repeats), "PERCENT", "3", 0, 100,
     "requests whose answer is taken for lost: they are sent once more"},
    {"connections", OPTION_NUMBER, FIELD(connections), "N", "16", 1, REPLAY_CONNECTION_MAX,
     "connections open at once"},
    {"depth", OPTION_NUMBER, FIELD(depth), "N", "64", 1, REPLAY_DEPTH_MAX,
     "requests under way on each connection"},
    {"id-first", OPTION_NUMBER, FIELD(id_first), "N", "0", 0, ID_FIRST_MAX,
     "where request ids begin, which a ledger must not see twice; 0: by the clock"},
    {"patience-ms", OPTION_NUMBER, FIELD(patience_ms), "MS", "10000", 0, 600000,
     "so long a server may be away; what has no answer is sent again"},
    {"books", OPTION_TEXT, FIELD(books), "FILE", NULL, 0, 0,
     "write what the terminals' own books say there, as JSON"},
    {"journal", OPTION_TEXT, FIELD(journal), "FILE", NULL, 0, 0,
     "write every answer there, for eligctl ledger verify"},
    {"quiet", OPTION_FLAG, FIELD(is_quiet), NULL, NULL, 0, 0, "no progress"},
    {"json", OPTION_FLAG, FIELD(is_json), NULL, NULL, 0, 0, "print the books, too"},
};
static const struct option_table table = {
    .usage = "eligbench day --connect ADDRESS --truth FILE [options]",
    .about = "Replays a day of the synthetic country as transactions, and keeps a terminal's "
             "books.",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .footer = "An interrupt ends it early; the books are of what was answered until then.\n"
              "Exit status: 0 every repeat was answered as the first time, 1 some were not, "
              "2 wrong usage,\n3 it could not be ended.",
};

static uint32_t last_workday(void)
{
    uint32_t day = riga_day_of_time(clock_wall_s()) - 1;
    while ((day + THURSDAY) % DAYS_OF_WEEK == SATURDAY || (day + THURSDAY) % DAYS_OF_WEEK == 0)
        day--;
    return day;
}

static double seconds_of(const struct replay_result *result)
{
    return (double)result->elapsed_ns / 1e9;
}

static const char *const kind_names[KIND_LAST + 1] = {
    [KIND_USE] = "use",       [KIND_RESERVE] = "reserve", [KIND_CONFIRM] = "confirm",
    [KIND_CANCEL] = "cancel", [KIND_REFUND] = "refund",   [KIND_LATE] = "late",
};

static uint64_t count_of_kind(const struct replay_result *result, uint8_t kind)
{
    uint64_t sum = 0;
    for (size_t status = 0; status < REPLAY_STATUS_ROOM; status++)
        sum += result->counts[kind][status];
    return sum;
}

static void tell_counts(struct json *json, const struct replay_result *result)
{
    json_open_array(json, "answered");
    for (uint8_t kind = KIND_USE; kind <= KIND_LAST; kind++) {
        for (uint16_t status = 0; status < REPLAY_STATUS_ROOM; status++) {
            if (result->counts[kind][status] == 0)
                continue;
            json_open_object(json, NULL);
            json_text(json, "kind", kind_names[kind]);
            json_text(json, "status", status_name(status));
            json_number(json, "count", result->counts[kind][status]);
            json_close_object(json);
        }
    }
    json_close_array(json);
}

static void tell_lines(struct json *json, const struct books *books)
{
    json_open_array(json, "books");
    for (size_t i = 0; i < books->lines.count; i++) {
        const struct books_line *line = totals_entry(&books->lines, i);
        json_open_object(json, NULL);
        json_number(json, "provider", line->provider);
        json_number(json, "relief", line->relief);
        json_day(json, "day", line->day);
        json_number(json, "transactions", line->given_count);
        json_number(json, "refunds", line->returned_count);
        json_number(json, "given", line->given);
        json_number(json, "returned", line->returned);
        json_signed(json, "relief_amount", (int64_t)line->given - (int64_t)line->returned);
        json_close_object(json);
    }
    json_close_array(json);
}

static void write_books(FILE *to, const struct settings *settings, const struct replay_plan *plan,
                        const struct replay_result *result)
{
    struct json json;
    json_start(&json, to);
    json_open_object(&json, NULL);
    json_day(&json, "day_replayed", plan->day);
    json_number(&json, "seed", settings->seed);
    json_number(&json, "purchases", plan->visits->count);
    json_bool(&json, "interrupted", result->is_interrupted);
    json_number(&json, "answers", result->answered_count);
    json_number(&json, "sent", result->sent_count);
    json_number(&json, "repeats_alike", result->alike_count);
    json_number(&json, "repeats_unlike", result->unlike_count);
    json_number(&json, "connections_broken", result->broken_count);
    json_number(&json, "sent_again", result->resent_count);
    json_real(&json, "seconds", seconds_of(result));
    json_real(&json, "answers_per_s", (double)result->answered_count / seconds_of(result));
    json_number(&json, "p50_ns", histogram_at(&result->latency, 500000));
    json_number(&json, "p99_ns", histogram_at(&result->latency, 990000));
    tell_counts(&json, result);
    tell_lines(&json, &result->books);
    json_close_object(&json);
    json_end(&json);
}

static bool write_books_file(const struct settings *settings, const struct replay_plan *plan,
                             const struct replay_result *result, struct fault *fault)
{
    FILE *to = fopen(settings->books, "we");
    if (to == NULL)
        return fault_set(fault, "%s: %s", settings->books, strerror(errno));
    write_books(to, settings, plan, result);
    bool is_written = ferror(to) == 0;
    is_written = fclose(to) == 0 && is_written;
    return is_written || fault_set(fault, "%s: could not be written whole", settings->books);
}

static void print_text(const struct replay_plan *plan, const struct replay_result *result)
{
    char day[DAY_TEXT_SIZE];
    day_to_text(day, (int32_t)plan->day);
    printf("%s%s: %s purchases", day, result->is_interrupted ? ", interrupted" : "",
           COUNT_TEXT(count_of_kind(result, KIND_USE) + count_of_kind(result, KIND_RESERVE) +
                      count_of_kind(result, KIND_LATE)));
    for (uint8_t kind = KIND_USE; kind <= KIND_LAST; kind++)
        printf(", %s %s", COUNT_TEXT(count_of_kind(result, kind)), kind_names[kind]);
    printf("\n%s answers in %.1f s, %.0f a second, 99 of 100 within %.1f ms\n",
           COUNT_TEXT(result->answered_count), seconds_of(result),
           (double)result->answered_count / seconds_of(result),
           (double)histogram_at(&result->latency, 990000) / 1e6);
    printf("%s sent once more: %s answered alike, %s otherwise\n",
           COUNT_TEXT(result->alike_count + result->unlike_count), COUNT_TEXT(result->alike_count),
           COUNT_TEXT(result->unlike_count));
    if (result->broken_count > 0)
        printf("%s connections broke, %s requests were sent again\n",
               COUNT_TEXT(result->broken_count), COUNT_TEXT(result->resent_count));
}

static bool replay(struct replay_result *result, const struct settings *settings,
                   struct fault *fault)
{
    struct crowd crowd;
    struct sellers sellers;
    struct visits visits;
    uint32_t day = settings->day != 0 ? settings->day : last_workday();
    if (!sellers_read(&sellers, settings->catalogue, fault) ||
        !crowd_read(&crowd, settings->truth, day, fault))
        return false;
    struct day_draw draw = {.seed = settings->seed,
                            .day = day,
                            .visit_count = (uint32_t)settings->transactions,
                            .repeat_percent = (uint32_t)settings->repeats};
    visits_draw(&visits, &crowd, &draw);
    struct replay_plan plan = {
        .address = settings->connect,
        .visits = &visits,
        .crowd = &crowd,
        .sellers = &sellers,
        .id_first =
            settings->id_first != 0 ? settings->id_first : clock_wall_s() << ID_BITS_OF_SECOND,
        .day = day,
        .connection_count = (uint32_t)settings->connections,
        .depth = (uint32_t)settings->depth,
        .patience_ms = (uint32_t)settings->patience_ms,
        .journal_path = settings->journal,
        .is_quiet = settings->is_quiet || settings->is_json,
    };
    bool is_fine = replay_run(result, &plan, fault);
    if (is_fine) {
        books_sort(&result->books);
        is_fine = settings->books == NULL || write_books_file(settings, &plan, result, fault);
    }
    if (is_fine && settings->is_json)
        write_books(stdout, settings, &plan, result);
    else if (is_fine)
        print_text(&plan, result);
    books_free(&result->books);
    visits_free(&visits);
    crowd_free(&crowd);
    sellers_free(&sellers);
    return is_fine;
}

int command_day(int argc, char *argv[])
{
    static struct replay_result result;
    struct settings settings;
    struct operands operands;
    struct fault fault;
    options_read(&table, &settings, &operands, argc, argv);
    if (!replay(&result, &settings, &fault))
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    return command_finish(PROGRAM, result.unlike_count == 0 ? EXIT_YES : EXIT_NO);
}
