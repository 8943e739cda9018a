/* eligctl audit: whether a journal of checks is whole, who asked about somebody, what is in it. */
#include "protocol/eligctl.h"

#include "protocol/audit_read.h"
#include "protocol/commands.h"
#include "protocol/day.h"
#include "protocol/identifier_input.h"
#include "protocol/json.h"
#include "protocol/options.h"
#include "protocol/report.h"
#include "protocol/report_snapshot.h"
#include "protocol/resident.h"
#include "protocol/status.h"
#include "protocol/subject.h"

#include <inttypes.h>
#include <string.h>

/* ---- verify ---- */

struct verify_settings {
    const char *head, *signing_public;
    bool json;
};

#define VERIFY_AT(field) offsetof(struct verify_settings, field)

static const struct option_row verify_rows[] = {
    {"head", OPTION_TEXT, VERIFY_AT(head), "FILE", NULL, 0, 0,
     "a signed head that was kept: the journal must have come to it and gone on from there"},
    {"signing-public", OPTION_TEXT, VERIFY_AT(signing_public), "FILE", NULL, 0, 0,
     "public key of who signed the head"},
    {"json", OPTION_FLAG, VERIFY_AT(json), NULL, NULL, 0, 0, "answer as JSON"},
};

static const struct option_table verify_table = {
    .usage = "eligctl audit verify DIR [--head FILE --signing-public FILE] [--json]",
    .about = "Reads a whole journal of checks: its chain, its numbers, every field of every row.",
    .rows = verify_rows,
    .row_count = COUNT_OF(verify_rows),
    .operands_least = 1,
    .operands_most = 1,
    .footer = "exit status: 0 whole; 1 not so; 2 usage; 3 could not read",
};

static void print_sums(const struct audit_sums *sums)
{
    char from[RIGA_TEXT_SIZE], until[RIGA_TEXT_SIZE];
    if (sums->block_count == 0) {
        puts("No block is in it yet.");
        return;
    }
    printf("Blocks %" PRIu64 " to %" PRIu64 " in %" PRIu64 " segments, %" PRIu64 " rows, %s to %s "
           "(Riga).\n",
           sums->first, sums->number, sums->segment_count, sums->row_count,
           riga_text(from, sums->from_ms / 1000), riga_text(until, sums->until_ms / 1000));
    if (sums->first > 1)
        printf("Blocks before %" PRIu64 " were removed after their time.\n", sums->first);
    printf("Lost, by the journal's own word: %" PRIu64 " rows.\n", sums->lost);
    if (sums->abrupt_count > 0)
        printf("Ended abruptly: %" PRIu64 " of %" PRIu64 " runs; checks of their last second may "
               "be missing.\n",
               sums->abrupt_count, sums->run_count);
}

static void json_sums(struct json *json, const struct audit_sums *sums)
{
    json_number(json, "first", sums->first);
    json_number(json, "last", sums->number);
    json_number(json, "segments", sums->segment_count);
    json_number(json, "bytes", sums->byte_count);
    json_number(json, "blocks", sums->block_count);
    json_number(json, "rows", sums->row_count);
    json_number(json, "lost", sums->lost);
    json_number(json, "runs", sums->run_count);
    json_number(json, "abrupt", sums->abrupt_count);
    json_number(json, "from_ms", sums->from_ms);
    json_number(json, "until_ms", sums->until_ms);
}

static void tell_verified(const struct audit_sums *sums, const struct audit_head *head, bool json)
{
    if (json) {
        struct json out;
        json_start(&out, stdout);
        json_open_object(&out, NULL);
        json_bool(&out, "whole", true);
        json_bool(&out, "head", head != NULL);
        json_sums(&out, sums);
        json_close_object(&out);
        json_end(&out);
        return;
    }
    puts(head != NULL
             ? "The journal is whole, and the signed head is on its way."
             : "The journal is whole. Without --head nobody can say that its end is there.");
    print_sums(sums);
}

static int run_verify(int argc, char *argv[])
{
    struct verify_settings s;
    struct operands operands;
    struct fault fault;
    struct sign_public signer;
    struct audit_head head;
    struct audit_sums sums;
    options_read(&verify_table, &s, &operands, argc, argv);
    if ((s.head == NULL) != (s.signing_public == NULL)) {
        fault_write(&fault, "want --head and --signing-public, or neither");
        return command_fail("eligctl audit verify", EXIT_USAGE, &fault);
    }
    if (!identity_start(&fault) ||
        (s.head != NULL && !keyfile_read_public(&signer, s.signing_public, &fault)))
        return command_fail("eligctl audit verify", EXIT_FAILED, &fault);
    if (s.head != NULL && !audit_head_read(&head, s.head, &signer, &fault))
        return command_fail("eligctl audit verify", EXIT_NO, &fault);
    const struct audit_head *kept = s.head != NULL ? &head : NULL;
    if (!audit_verify(&sums, operands.words[0], kept, NULL, NULL, &fault))
        return command_fail("eligctl audit verify", sums.is_begun ? EXIT_NO : EXIT_FAILED, &fault);
    tell_verified(&sums, kept, s.json);
    return command_finish("eligctl audit verify", EXIT_YES);
}

/* ---- asked ---- */

struct asked_settings {
    struct report_snapshot_settings snapshot;
    const char *means, *subject_key;
    uint32_t from_day, until_day;
    bool json;
};

#define ASKED_AT(field) offsetof(struct asked_settings, field)

static const struct option_row asked_rows[] = {
    {"subject-key", OPTION_TEXT, ASKED_AT(subject_key), "FILE", NULL, 0, 0,
     "required: the key with which the journal knows people"},
    {"means", OPTION_TEXT, ASKED_AT(means), "NAME", "personal-code", 0, 0,
     "kind of the identifier on standard input: personal-code, eid, e-talons or card"},
    REPORT_ROWS_SNAPSHOT(struct asked_settings),
    {"from", OPTION_DAY, ASKED_AT(from_day), "DAY", NULL, 0, 0, "the first day; without it, all"},
    {"until", OPTION_DAY, ASKED_AT(until_day), "DAY", NULL, 0, 0,
     "the first day that is not meant any more; without it, all"},
    {"json", OPTION_FLAG, ASKED_AT(json), NULL, NULL, 0, 0, "answer as JSON"},
};

static const struct option_table asked_table = {
    .usage = "eligctl audit asked DIR --subject-key FILE [options]",
    .about = "Tells who asked about the person whose identifier is on standard input.",
    .rows = asked_rows,
    .row_count = COUNT_OF(asked_rows),
    .operands_least = 1,
    .operands_most = 1,
    .footer = "exit status: 0 told; 1 nobody asked; 2 usage; 3 could not read\n"
              "example: echo 010100-00018 | eligctl audit asked DIR --subject-key FILE",
};

/* What rows are told to. */
struct telling {
    struct json *json; /* NULL: in words */
    uint64_t count;
};

static void tell_asked(void *context, const struct asked *asked)
{
    struct telling *telling = context;
    char time[RIGA_TEXT_SIZE];
    riga_text(time, asked->time_s);
    telling->count++;
    if (telling->json == NULL) {
        printf("%s  terminal %" PRIu32 ", product %" PRIu32 ", point of sale %" PRIu32 ", %s: %s\n",
               time, asked->terminal, asked->product, asked->point_of_sale,
               means_name(asked->means), status_text(asked->status));
        return;
    }
    json_open_object(telling->json, NULL);
    json_text(telling->json, "time", time);
    json_number(telling->json, "time_s", asked->time_s);
    json_number(telling->json, "terminal", asked->terminal);
    json_number(telling->json, "product", asked->product);
    json_number(telling->json, "point_of_sale", asked->point_of_sale);
    json_number(telling->json, "entry", asked->entry);
    json_text(telling->json, "means", means_name(asked->means));
    json_text(telling->json, "status", status_name(asked->status));
    json_close_object(telling->json);
}

/* Never with the identifier in the sentence. */
static bool read_who(struct identifier *who, const char *means_text, struct fault *fault)
{
    char line[IDENTIFIER_INPUT];
    size_t size;
    uint8_t means = means_of_name(means_text);
    if (means == 0)
        return fault_set(fault,
                         "--means: want personal-code, eid, e-talons or card, found \"%.60s\"",
                         means_text);
    const char *wrong = identifier_read_line(line, &size);
    if (wrong != NULL)
        return fault_set(fault, "standard input: %s", wrong);
    enum means_fault found = means_normalise(who, (enum means)means, line, size);
    explicit_bzero(line, sizeof(line));
    return found == MEANS_FINE ||
           fault_set(fault, "standard input: %s: %s", means_text, means_fault_text(found));
}

/* Whom the journal calls how, and nobody else: the key must be its own. */
static bool find_subject(uint64_t *subject, uint64_t *key_check, const struct asked_settings *s,
                         const struct identifier *who, struct fault *fault)
{
    struct identity_key *key = NULL;
    struct report_snapshot snapshot = {.snapshot = NULL};
    uint32_t view;
    bool is_good = keyfile_open_subject(&key, s->subject_key, fault) &&
                   report_snapshot_open(&snapshot, &s->snapshot, fault) &&
                   resident_subject(subject, &view, &snapshot, key, who, fault);
    if (is_good)
        *key_check = subject_key_check(key);
    report_snapshot_close(&snapshot);
    keyfile_close_identity(key);
    return is_good;
}

static bool tell_all(struct telling *telling, const char *directory, const struct asked_settings *s,
                     uint64_t subject, uint64_t key_check, struct fault *fault)
{
    struct audit_sums sums;
    uint64_t from_ms = s->from_day != 0 ? time_of_riga_day(s->from_day) * 1000 : 0;
    uint64_t until_ms = s->until_day != 0 ? time_of_riga_day(s->until_day) * 1000 : UINT64_MAX;
    if (!audit_each(directory, subject, from_ms, until_ms, tell_asked, telling, &sums, fault))
        return false;
    if (sums.segment_count > 0 && sums.subject_key != key_check)
        return fault_set(fault, "%s: is not the key of this journal's subjects", s->subject_key);
    if (sums.lost > 0 || sums.abrupt_count > 0)
        fprintf(stderr,
                "eligctl audit asked: %" PRIu64 " rows of this time were lost, and %" PRIu64
                " runs ended abruptly: somebody may have asked who is not told\n",
                sums.lost, sums.abrupt_count);
    if (sums.tail_size > 0)
        fprintf(stderr,
                "eligctl audit asked: %" PRIu64 " bytes could not be read: eligctl audit "
                "verify tells more\n",
                sums.tail_size);
    return true;
}

static int run_asked(int argc, char *argv[])
{
    struct asked_settings s;
    struct operands operands;
    struct fault fault;
    struct identifier who;
    struct json json = {.to = NULL};
    uint64_t subject = SUBJECT_NOBODY, key_check = 0;
    options_read(&asked_table, &s, &operands, argc, argv);
    if (!identity_start(&fault) || !read_who(&who, s.means, &fault))
        return command_fail("eligctl audit asked", EXIT_USAGE, &fault);
    bool is_good = find_subject(&subject, &key_check, &s, &who, &fault);
    bool is_anybody = means_is_anybody(&who);
    explicit_bzero(&who, sizeof(who));
    if (is_anybody)
        subject = SUBJECT_NOBODY;
    struct telling telling = {.json = s.json ? &json : NULL};
    if (s.json) {
        json_start(&json, stdout);
        json_open_array(&json, NULL);
    }
    is_good = is_good && tell_all(&telling, operands.words[0], &s, subject, key_check, &fault);
    if (s.json) {
        json_close_array(&json);
        json_end(&json);
    }
    if (!is_good)
        return command_fail("eligctl audit asked", EXIT_FAILED, &fault);
    if (!s.json && telling.count == 0)
        puts("Nobody asked.");
    return command_finish("eligctl audit asked", telling.count > 0 ? EXIT_YES : EXIT_NO);
}

/* ---- stat ---- */

struct stat_settings {
    bool json;
};

static const struct option_row stat_rows[] = {
    {"json", OPTION_FLAG, offsetof(struct stat_settings, json), NULL, NULL, 0, 0, "answer as JSON"},
};

static const struct option_table stat_table = {
    .usage = "eligctl audit stat DIR [--json]",
    .about = "Tells how much a journal of checks holds, and how verdicts were spread.",
    .rows = stat_rows,
    .row_count = COUNT_OF(stat_rows),
    .operands_least = 1,
    .operands_most = 1,
    .footer = "exit status: 0 told; 2 usage; 3 could not read",
};

struct spread {
    uint64_t by_status[STATUS_END];
    uint64_t anybody, plain;
};

static void spread_row(void *context, const struct asked *asked)
{
    struct spread *spread = context;
    if (asked->status < STATUS_END)
        spread->by_status[asked->status]++;
    spread->anybody += asked->subject == SUBJECT_NOBODY;
    spread->plain += asked->terminal == 0;
}

static void json_spread(const struct audit_sums *sums, const struct spread *spread)
{
    struct json json;
    json_start(&json, stdout);
    json_open_object(&json, NULL);
    json_sums(&json, sums);
    json_number(&json, "anybody", spread->anybody);
    json_number(&json, "plain", spread->plain);
    json_open_object(&json, "verdicts");
    for (uint16_t i = 0; i < STATUS_END; i++)
        if (spread->by_status[i] > 0)
            json_number(&json, status_name(i), spread->by_status[i]);
    json_close_object(&json);
    json_close_object(&json);
    json_end(&json);
}

static void print_spread(const struct audit_sums *sums, const struct spread *spread)
{
    print_sums(sums);
    printf("%" PRIu64 " bytes. About nobody in particular: %" PRIu64
           " rows; in plain frames: %" PRIu64 ".\n",
           sums->byte_count, spread->anybody, spread->plain);
    for (uint16_t i = 0; i < STATUS_END; i++)
        if (spread->by_status[i] > 0)
            printf("  %-16s %" PRIu64 "\n", status_name(i), spread->by_status[i]);
}

static int run_stat(int argc, char *argv[])
{
    struct stat_settings s;
    struct operands operands;
    struct fault fault;
    struct audit_sums sums;
    static struct spread spread;
    options_read(&stat_table, &s, &operands, argc, argv);
    if (!identity_start(&fault) ||
        !audit_verify(&sums, operands.words[0], NULL, spread_row, &spread, &fault))
        return command_fail("eligctl audit stat", EXIT_FAILED, &fault);
    if (s.json)
        json_spread(&sums, &spread);
    else
        print_spread(&sums, &spread);
    return command_finish("eligctl audit stat", EXIT_YES);
}

int run_audit(int argc, char *argv[])
{
    static const struct command commands[] = {
        {"verify", run_verify, "say whether a journal of checks is whole"},
        {"asked", run_asked, "tell who asked about a person"},
        {"stat", run_stat, "tell how much is in a journal of checks"},
    };
    return commands_run("eligctl audit", "Reads the journal of checks that eligd --audit keeps.",
                        commands, COUNT_OF(commands), argc, argv);
}
