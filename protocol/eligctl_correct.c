/* eligctl correct: many transactions put right by whoever runs the system. */
#include "protocol/commands.h"
#include "protocol/corrections_journal.h"
#include "protocol/eligctl.h"
#include "protocol/eligctl_say.h"
#include "protocol/identity.h"
#include "protocol/progress.h"
#include "protocol/reach.h"
#include "protocol/status.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NAME      "eligctl correct"
#define AT_ONCE   64  /* requests on their way: so many may be answered and not yet written down */
#define TRIES_MAX 6   /* without any answer */
#define PAUSE_MS  250 /* after the first of them; doubled with each */
#define TOLD_MAX  20  /* rows that were not done; the journal has them all */
#define MS_PER_S  1000
#define NS_PER_MS 1000000

struct correct_settings {
    struct reach reach;
    const char *file, *journal, *batch;
    bool strict, dry_run, quiet, json;
};

#define AT(field) offsetof(struct correct_settings, field)

static const struct option_row correct_rows[] = {
    REACH_ROW_CONNECT(struct correct_settings),
    {"file", OPTION_TEXT, AT(file), "FILE", NULL, 0, 0,
     "required: the table of corrections: " CORRECTIONS_HEADER},
    {"journal", OPTION_TEXT, AT(journal), "FILE", NULL, 0, 0,
     "where a line is written for each row that is answered, and from where it goes on; only "
     "--dry-run does without"},
    {"batch", OPTION_TEXT, AT(batch), "NAME", NULL, 0, 0,
     "the same row is done once in a batch, whatever file it comes in"},
    {"strict", OPTION_FLAG, AT(strict), NULL, NULL, 0, 0, "do nothing when a row is wrong"},
    {"dry-run", OPTION_FLAG, AT(dry_run), NULL, NULL, 0, 0,
     "only check the table and ask how it stands with its transactions"},
    REACH_ROWS(struct correct_settings),
    {"quiet", OPTION_FLAG, AT(quiet), NULL, NULL, 0, 0, "no progress on stderr"},
    {"json", OPTION_FLAG, AT(json), NULL, NULL, 0, 0, "answer as JSON"},
};

static const struct option_table correct_table = {
    .usage = "eligctl correct [options] --file FILE --journal FILE",
    .about = "Confirms, cancels and refunds what a table says, each row once.",
    .rows = correct_rows,
    .row_count = COUNT_OF(correct_rows),
    .footer = "exit status: 0 all rows are done; 1 some are wrong, or could not be done; 2 usage;\n"
              "             3 stopped on the way: run it again, nothing is done twice",
};

/* Rows that have no answer yet. */
struct waiting {
    const struct correction *rows[AT_ONCE];
    struct elig_request requests[AT_ONCE];
    struct elig_response responses[AT_ONCE];
    size_t count;
};

struct correct {
    struct correct_settings settings;
    struct corrections corrections;
    struct journal *journal; /* NULL: a dry run without one */
    struct elig *elig;       /* NULL: not connected */
    struct progress progress;
    struct waiting waiting;
    size_t next; /* row */
    uint64_t done, done_before, not_done;
};

static struct correct correct; /* large */

static void tell_wrong(const char *sentence)
{
    fprintf(stderr, NAME ": %s\n", sentence);
}

/* ---- an answer ---- */

/* A dry run's: whether the state is one that the row can change. */
static bool would_be_done(uint8_t kind, uint16_t status)
{
    switch (kind) {
    case ELIG_REFUND:
        return status == STATUS_CONFIRMED || status == STATUS_OVER_LIMIT;
    case ELIG_CONFIRM:
        return status == STATUS_RESERVED || status == STATUS_EXPIRED;
    default: /* cancels hold for what comes after them, too */
        return status == STATUS_RESERVED || status == STATUS_UNKNOWN_TRANSACTION;
    }
}

/* False: the server does not look into the ledger, and will not for the next ones. */
static bool take_answer(struct correct *c, const struct correction *row,
                        const struct elig_response *response)
{
    bool is_dry = c->settings.dry_run;
    int exit_status = transact_exit(response);
    if (exit_status == EXIT_FAILED) {
        say_refusal("correct", c->settings.reach.connect, response->status, response->wait_ms);
        return false;
    }
    bool is_done = is_dry ? would_be_done(row->kind, response->status) : exit_status == EXIT_YES;
    c->done += is_done;
    c->not_done += !is_done;
    if (!is_done && (is_dry || c->not_done <= TOLD_MAX))
        fprintf(stderr, NAME ": %s:%" PRIu32 ": %s of %" PRIu64 " %s: %s\n", c->corrections.path,
                row->line, correction_action(row->kind), row->target_id,
                is_dry ? "would not be done" : "was not done", transact_text(response));
    if (!is_dry && c->not_done == TOLD_MAX + 1 && !is_done)
        fputs(NAME ": ... and more: the journal has them all\n", stderr);
    if (!is_dry)
        journal_put(c->journal, row, response, is_done);
    return true;
}

/* ---- rows on their way ---- */

static void fill(struct correct *c)
{
    struct waiting *waiting = &c->waiting;
    while (waiting->count < AT_ONCE && c->next < c->corrections.count) {
        const struct correction *row = &c->corrections.rows[c->next++];
        if (c->journal != NULL && journal_has(c->journal, row->request_id)) {
            c->done_before++;
            continue;
        }
        struct elig_request request = correction_request(row);
        if (c->settings.dry_run) {
            request = elig_about(ELIG_STATUS, row->request_id, row->target_id);
            request.product = row->terminal;
        }
        waiting->rows[waiting->count] = row;
        waiting->requests[waiting->count++] = request;
    }
}

/* Answers leave, the others stay in their order; how long the server wants to be left alone. False:
 * to stop. */
static bool take_answers(struct correct *c, size_t answered, uint32_t *wait_ms)
{
    struct waiting *waiting = &c->waiting;
    size_t kept = 0;
    for (size_t i = 0; i < waiting->count; i++) {
        const struct elig_response *response = &waiting->responses[i];
        if (i < answered && elig_is_final(response)) {
            if (!take_answer(c, waiting->rows[i], response))
                return false;
            continue;
        }
        if (i < answered && response->wait_ms > *wait_ms)
            *wait_ms = response->wait_ms;
        waiting->rows[kept] = waiting->rows[i];
        waiting->requests[kept++] = waiting->requests[i];
    }
    waiting->count = kept;
    return true;
}

static void pause_ms(uint64_t ms)
{
    struct timespec pause = {(time_t)(ms / MS_PER_S), (long)(ms % MS_PER_S) * NS_PER_MS};
    nanosleep(&pause, NULL);
}

/* A plain connection that failed, or whose server stops, is of no more use. */
static void connect_again(struct correct *c)
{
    if (c->elig != NULL && reach_is_sealed(&c->settings.reach))
        return;
    elig_close(c->elig);
    c->elig = NULL;
    if (reach_server(&c->elig, "correct", &c->settings.reach) != EXIT_YES)
        c->elig = NULL;
}

/* Until the rows under way are answered. False: said why, and stopped. */
static bool settle(struct correct *c)
{
    struct waiting *waiting = &c->waiting;
    struct fault fault;
    for (uint32_t tries = 0; waiting->count > 0;) {
        size_t answered = 0, before = waiting->count;
        uint32_t wait_ms = 0;
        int error = c->elig == NULL ? ELIG_NO_CONNECTION
                                    : elig_ask_many(c->elig, waiting->requests, waiting->count,
                                                    waiting->responses, &answered);
        bool goes_on = take_answers(c, answered, &wait_ms);
        if (!c->settings.dry_run && !journal_sync(c->journal, &fault))
            return command_fail(NAME, false, &fault);
        if (!goes_on)
            return false;
        progress_set(&c->progress, c->done + c->not_done + c->done_before);
        if (waiting->count == 0)
            break;
        tries = waiting->count < before ? 0 : tries + 1;
        if (tries == TRIES_MAX) {
            if (error != ELIG_FINE)
                (void)reach_failed("correct", &c->settings.reach, c->elig, error);
            else
                say_refusal("correct", c->settings.reach.connect, waiting->responses[0].status,
                            (uint16_t)wait_ms);
            return false;
        }
        uint64_t own_pause_ms = (uint64_t)PAUSE_MS << tries;
        pause_ms(wait_ms > own_pause_ms ? wait_ms : own_pause_ms);
        connect_again(c);
    }
    return true;
}

/* ---- the whole ---- */

static void tell_sum(const struct correct *c, uint64_t left)
{
    const char *done = c->settings.dry_run ? "would be done" : "done";
    printf("%s: %s rows: %s %s", c->corrections.path,
           COUNT_TEXT(c->corrections.count + c->corrections.wrong_count), COUNT_TEXT(c->done),
           done);
    printf(", %s done before", COUNT_TEXT(c->done_before));
    printf(", %s not done", COUNT_TEXT(c->not_done));
    printf(", %s wrong", COUNT_TEXT(c->corrections.wrong_count));
    if (left != 0)
        printf(", %s not answered: run it again, nothing is done twice", COUNT_TEXT(left));
    puts(".");
}

static void tell_sum_json(const struct correct *c, uint64_t left)
{
    struct json json;
    json_start(&json, stdout);
    json_open_object(&json, NULL);
    json_bool(&json, "dry_run", c->settings.dry_run);
    json_number(&json, "rows", c->corrections.count + c->corrections.wrong_count);
    json_number(&json, "done", c->done);
    json_number(&json, "done_before", c->done_before);
    json_number(&json, "not_done", c->not_done);
    json_number(&json, "wrong", c->corrections.wrong_count);
    json_number(&json, "not_answered", left);
    json_close_object(&json);
    json_end(&json);
}

static int ask_all(struct correct *c)
{
    int exit_status = reach_server(&c->elig, "correct", &c->settings.reach);
    if (exit_status != EXIT_YES)
        return exit_status;
    progress_start(&c->progress, "correcting", "rows", c->corrections.count, c->settings.quiet);
    do
        fill(c);
    while (c->waiting.count > 0 && settle(c));
    progress_end(&c->progress);
    elig_close(c->elig);
    uint64_t left = c->corrections.count - c->done - c->not_done - c->done_before;
    if (c->settings.json)
        tell_sum_json(c, left);
    else
        tell_sum(c, left);
    if (left != 0)
        return command_finish(NAME, EXIT_FAILED);
    return command_finish(NAME, c->not_done + c->corrections.wrong_count == 0 ? EXIT_YES : EXIT_NO);
}

/* A dry run looks into one that is there, and begins none. */
static bool wants_journal(const struct correct_settings *s)
{
    return s->journal != NULL && (!s->dry_run || access(s->journal, F_OK) == 0);
}

static int check_settings(const struct correct_settings *s)
{
    if (s->journal == NULL && !s->dry_run) {
        fputs(NAME ": --journal FILE must be given, unless it is a --dry-run; see --help\n",
              stderr);
        return EXIT_USAGE;
    }
    if (s->batch != NULL && strlen(s->batch) > CORRECTIONS_BATCH_MAX)
        return refuse_value("correct", "batch", "a name of at most 64 bytes", s->batch);
    return EXIT_YES;
}

int run_correct(int argc, char *argv[])
{
    struct correct *c = &correct;
    struct correct_settings *s = &c->settings;
    struct fault fault;
    options_read(&correct_table, s, NULL, argc, argv);
    int exit_status = check_settings(s);
    if (exit_status != EXIT_YES)
        return exit_status;
    if (!identity_start(&fault) ||
        !corrections_read(&c->corrections, s->file, s->batch != NULL ? s->batch : "", tell_wrong,
                          &fault))
        return command_fail(NAME, EXIT_FAILED, &fault);
    if (s->strict && c->corrections.wrong_count > 0) {
        fputs(NAME ": nothing was asked, because a row is wrong and it is to be --strict\n",
              stderr);
        exit_status = EXIT_NO;
    } else if (wants_journal(s) &&
               !journal_open(&c->journal, s->journal, (uint32_t)s->reach.terminal, &fault)) {
        exit_status = command_fail(NAME, EXIT_FAILED, &fault);
    } else {
        exit_status = ask_all(c);
    }
    journal_close(c->journal);
    corrections_free(&c->corrections);
    return exit_status;
}
