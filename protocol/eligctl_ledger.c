/* eligctl ledger: verify, backup, restore, stat. */
#include "protocol/eligctl.h"

#include "protocol/commands.h"
#include "protocol/json.h"
#include "protocol/keyfile.h"
#include "protocol/ledger_copy.h"
#include "protocol/ledger_head.h"
#include "protocol/ledger_read.h"
#include "protocol/ledger_verify.h"
#include "protocol/options.h"
#include "protocol/progress.h"
#include "protocol/report.h"
#include "protocol/snapshot_limits.h"

#include <inttypes.h>
#include <string.h>

#define MIB ((uint64_t)1 << 20)

/* ---- a head that was seen ---- */

struct seen_settings {
    const char *head, *signing_public;
};

#define SEEN_HELP                                                                                  \
    "a copy of the signed head that eligd writes beside a ledger, kept elsewhere: the ledger "     \
    "must have come at least as far"
#define SEEN_ROWS(settings)                                                                        \
    {"head", OPTION_TEXT, offsetof(settings, seen.head), "FILE", NULL, 0, 0, SEEN_HELP},           \
    {                                                                                              \
        "signing-public", OPTION_TEXT, offsetof(settings, seen.signing_public), "FILE", NULL, 0,   \
            0, "public key of who signed it"                                                       \
    }

/* *has_seen: one was given. */
static bool read_seen(struct seen_head *out, bool *has_seen, const struct seen_settings *settings,
                      struct fault *fault)
{
    struct sign_public signer;
    struct ledger_head head;
    *has_seen = settings->head != NULL;
    if ((settings->head == NULL) != (settings->signing_public == NULL))
        return fault_set(fault, "want --head and --signing-public, or neither");
    if (settings->head == NULL)
        return true;
    if (!keyfile_read_public(&signer, settings->signing_public, fault) ||
        !ledger_head_read(&head, settings->head, &signer, fault))
        return false;
    out->sequence = head.sequence;
    static_assert(sizeof(out->chain) == sizeof(head.chain), "both are BLAKE2b-256");
    memcpy(out->chain, head.chain, sizeof(head.chain));
    return true;
}

/* ---- verify ---- */

struct ledger_verify_settings {
    struct seen_settings seen;
    const char *journal;
    const char *snapshots, *snapshots_public, *identity_key, *identity_keys;
    uint64_t violations, memory_mb, environment;
    bool json, quiet;
};

#define VERIFY_AT(field) offsetof(struct ledger_verify_settings, field)

static const struct option_row verify_rows[] = {
    {"journal", OPTION_TEXT, VERIFY_AT(journal), "FILE", NULL, 0, 0,
     "what a client was answered, a line each: terminal, request id, status, sequence"},
    SEEN_ROWS(struct ledger_verify_settings),
    {"snapshots", OPTION_TEXT, VERIFY_AT(snapshots), "DIR", NULL, 0, 0,
     "folder of snapshots, for whether their limits were kept; with the next two"},
    {"snapshots-public", OPTION_TEXT, VERIFY_AT(snapshots_public), "FILE", NULL, 0, 0,
     "public key of who signs snapshots"},
    {"identity-key", OPTION_TEXT, VERIFY_AT(identity_key), "FILE", NULL, 0, 0,
     "key of the snapshots' identifiers"},
    {"identity-keys", OPTION_TEXT, VERIFY_AT(identity_keys), "DIR", NULL, 0, 0,
     "folder of the key of each snapshot, instead"},
    {"environment", OPTION_NUMBER, VERIFY_AT(environment), "NUMBER", "0", 0, UINT32_MAX,
     "environment of the snapshots; 0 is production"},
    {"violations", OPTION_NUMBER, VERIFY_AT(violations), "NUMBER", "20", 1, VIOLATION_TOLD_MAX,
     "how many are told; all are counted"},
    {"memory-mb", OPTION_NUMBER, VERIFY_AT(memory_mb), "NUMBER", "1024", 16, 1 << 20,
     "MiB for tables; with less, postings are read several times"},
    {"quiet", OPTION_FLAG, VERIFY_AT(quiet), NULL, NULL, 0, 0, "no progress on stderr"},
    {"json", OPTION_FLAG, VERIFY_AT(json), NULL, NULL, 0, 0, "answer as JSON"},
};

static const struct option_table verify_table = {
    .usage = "eligctl ledger verify LEDGER [options]",
    .about = "Works everything in a ledger or a backup out once more, and compares.",
    .rows = verify_rows,
    .row_count = COUNT_OF(verify_rows),
    .operands_least = 1,
    .operands_most = 1,
    .footer = "exit status: 0 it is good; 1 it is not; 2 usage; 3 could not be read",
};

static void print_verified(const struct verified *v, const char *path)
{
    for (uint32_t i = 0; i < v->findings.told_count; i++) {
        const struct ledger_violation *told = &v->findings.told[i];
        if (told->sequence != 0)
            printf("%s posting %" PRIu64 ": %s\n", told->rule, told->sequence, told->text);
        else
            printf("%s %s\n", told->rule, told->text);
    }
    if (v->findings.count > v->findings.told_count)
        printf("... and %" PRIu64 " more\n", v->findings.count - v->findings.told_count);
    printf("%s: %s: %s postings", path, v->findings.count == 0 ? "good" : "NOT GOOD",
           COUNT_TEXT(v->posting_count));
    printf(", %s transactions", COUNT_TEXT(v->transaction_count));
    printf(", %s tallies", COUNT_TEXT(v->tally_count));
    printf(", %s open reservations", COUNT_TEXT(v->hold_count));
    printf(", %s accounts", COUNT_TEXT(v->account_count));
    if (v->journal_count > 0)
        printf(", %s acknowledged", COUNT_TEXT(v->journal_count));
    if (v->compared_count > 0 || v->unknown_count > 0)
        printf(", limits of %s purchases", COUNT_TEXT(v->compared_count));
    printf("; %s violations.\n", COUNT_TEXT(v->findings.count));
}

/* What was asked for and could not be looked at. */
static void print_unknown(const struct verified *v, const struct snapshot_limits *limits)
{
    if (limits->directory == NULL)
        return;
    if (v->unknown_count > 0)
        fprintf(stderr, "note: limits of %s purchases were not looked at: %s\n",
                COUNT_TEXT(v->unknown_count), limits->missing.text);
    if (v->share_count > 1)
        fputs("note: budgets were not looked at: they want all postings at once, and so more "
              "--memory-mb\n",
              stderr);
}

static void print_verified_json(const struct verified *v)
{
    struct json json;
    json_start(&json, stdout);
    json_open_object(&json, NULL);
    json_bool(&json, "good", v->findings.count == 0);
    json_number(&json, "violation_count", v->findings.count);
    json_open_array(&json, "violations");
    for (uint32_t i = 0; i < v->findings.told_count; i++) {
        json_open_object(&json, NULL);
        json_text(&json, "rule", v->findings.told[i].rule);
        json_number(&json, "sequence", v->findings.told[i].sequence);
        json_text(&json, "text", v->findings.told[i].text);
        json_close_object(&json);
    }
    json_close_array(&json);
    json_number(&json, "sequence", v->sequence);
    json_number(&json, "pruned", v->pruned);
    json_number(&json, "postings", v->posting_count);
    json_number(&json, "transactions", v->transaction_count);
    json_number(&json, "tallies", v->tally_count);
    json_number(&json, "holds", v->hold_count);
    json_number(&json, "accounts", v->account_count);
    json_number(&json, "acknowledged", v->journal_count);
    json_number(&json, "limits_compared", v->compared_count);
    json_number(&json, "limits_unknown", v->unknown_count);
    json_number(&json, "missing_to_head", v->seen_missing);
    json_number(&json, "passes", v->share_count);
    json_close_object(&json);
    json_end(&json);
}

static struct verified verified; /* large */

/* Keys are opened now, snapshots when a posting speaks of them. */
static bool open_limits(struct snapshot_limits *limits, struct snapshot_keys *keys,
                        const struct ledger_verify_settings *s, struct fault *fault)
{
    bool has_key = (s->identity_key != NULL) != (s->identity_keys != NULL);
    if (s->snapshots == NULL)
        return (s->snapshots_public == NULL && s->identity_key == NULL &&
                s->identity_keys == NULL) ||
               fault_set(fault, "want --snapshots with the keys of them");
    if (s->snapshots_public == NULL || !has_key)
        return fault_set(fault, "with --snapshots want --snapshots-public, and --identity-key or "
                                "--identity-keys");
    limits->directory = s->snapshots;
    if (!snapshot_keys_open(keys, s->snapshots_public, s->identity_key, s->identity_keys, fault))
        return false;
    limits->trust = snapshot_trust_of(keys, (uint32_t)s->environment);
    return true;
}

static int run_verify(int argc, char *argv[])
{
    static const char name[] = "eligctl ledger verify";
    struct ledger_verify_settings s;
    struct operands operands;
    struct seen_head seen;
    struct snapshot_limits limits = {.directory = NULL};
    struct snapshot_keys keys = {.identity = NULL};
    struct fault fault;
    bool has_seen;
    options_read(&verify_table, &s, &operands, argc, argv);
    if (!identity_start(&fault) || !read_seen(&seen, &has_seen, &s.seen, &fault) ||
        !open_limits(&limits, &keys, &s, &fault))
        return command_fail(name, EXIT_FAILED, &fault);
    ledger_reader_survive(name);
    struct verify_settings settings = {.path = operands.words[0],
                                       .journal = s.journal,
                                       .seen = has_seen ? &seen : NULL,
                                       .limits_of = s.snapshots != NULL ? snapshot_limits_of : NULL,
                                       .with = &limits,
                                       .memory = s.memory_mb * MIB,
                                       .is_quiet = s.quiet || s.json};
    verified.findings.told_max = (uint32_t)s.violations;
    bool is_read = ledger_verify(&verified, &settings, &fault);
    if (is_read && limits.has_failed)
        is_read = fault_set(&fault, "no memory for the limits of snapshots");
    snapshot_limits_free(&limits);
    snapshot_keys_close(&keys);
    if (!is_read)
        return command_fail(name, EXIT_FAILED, &fault);
    print_unknown(&verified, &limits);
    if (s.json)
        print_verified_json(&verified);
    else
        print_verified(&verified, settings.path);
    return command_finish(name, verified.findings.count == 0 ? EXIT_YES : EXIT_NO);
}

/* Of a copy: the first violation is the fault. */
static bool copy_is_good(const char *path, const struct seen_head *seen, struct fault *fault)
{
    struct verify_settings settings = {
        .path = path, .seen = seen, .memory = 1024 * MIB, .is_quiet = true};
    verified.findings.told_max = 1;
    if (!ledger_verify(&verified, &settings, fault))
        return false;
    /* postings that are missing to a head are told, and no reason to keep none at all */
    uint64_t violations = verified.findings.count - (verified.seen_missing > 0);
    if (violations == 0)
        return true;
    return fault_set(fault, "%s: is not good: posting %" PRIu64 ": %s", path,
                     verified.findings.told[0].sequence, verified.findings.told[0].text);
}

/* ---- backup and restore ---- */

struct no_settings {
    bool nothing;
};

static const struct option_table backup_table = {
    .usage = "eligctl ledger backup LEDGER OUT",
    .about = "Copies a ledger into a new file while it is in use, and verifies the copy.",
    .operands_least = 2,
    .operands_most = 2,
    .footer = "exit status: 0 the copy is there and good; 2 usage; 3 it is not",
};

static int run_backup(int argc, char *argv[])
{
    static const char name[] = "eligctl ledger backup";
    struct no_settings s;
    struct operands operands;
    struct ledger_head head;
    struct fault fault;
    options_read(&backup_table, &s, &operands, argc, argv);
    ledger_reader_survive(name);
    const char *out = operands.words[1];
    if (!identity_start(&fault) || !ledger_backup(&head, operands.words[0], out, &fault) ||
        !copy_is_good(out, NULL, &fault))
        return command_fail(name, EXIT_FAILED, &fault);
    printf("%s: good, up to posting %" PRIu64 ".\n", out, head.sequence);
    return command_finish(name, EXIT_YES);
}

struct restore_settings {
    struct seen_settings seen;
};

static const struct option_row restore_rows[] = {SEEN_ROWS(struct restore_settings)};

static const struct option_table restore_table = {
    .usage = "eligctl ledger restore BACKUP FOLDER [options]",
    .about = "Verifies a backup and puts it into a folder that has no ledger.",
    .rows = restore_rows,
    .row_count = COUNT_OF(restore_rows),
    .operands_least = 2,
    .operands_most = 2,
    .footer = "exit status: 0 it is there; 1 it is there, but postings are missing that the head\n"
              "             knows of; 2 usage; 3 it is not",
};

static int run_restore(int argc, char *argv[])
{
    static const char name[] = "eligctl ledger restore";
    struct restore_settings s;
    struct operands operands;
    struct seen_head seen;
    struct fault fault;
    bool has_seen;
    options_read(&restore_table, &s, &operands, argc, argv);
    ledger_reader_survive(name);
    if (!identity_start(&fault) || !read_seen(&seen, &has_seen, &s.seen, &fault) ||
        !copy_is_good(operands.words[0], has_seen ? &seen : NULL, &fault) ||
        !ledger_restore(operands.words[0], operands.words[1], &fault))
        return command_fail(name, EXIT_FAILED, &fault);
    printf("%s: restored, up to posting %" PRIu64 ".\n", operands.words[1], verified.sequence);
    if (verified.seen_missing > 0)
        printf("%" PRIu64 " postings are missing that the head knows of: what was acknowledged "
               "after posting %" PRIu64 " is lost here.\n",
               verified.seen_missing, verified.sequence);
    return command_finish(name, verified.seen_missing > 0 ? EXIT_NO : EXIT_YES);
}

/* ---- stat ---- */

struct stat_settings {
    bool json;
};

static const struct option_row stat_rows[] = {
    {"json", OPTION_FLAG, offsetof(struct stat_settings, json), NULL, NULL, 0, 0, "answer as JSON"},
};

static const struct option_table stat_table = {
    .usage = "eligctl ledger stat LEDGER [options]",
    .about = "Tells how much is in a ledger, how large it is and who reads it.",
    .rows = stat_rows,
    .row_count = COUNT_OF(stat_rows),
    .operands_least = 1,
    .operands_most = 1,
    .footer = REPORT_FOOTER,
};

struct ledger_facts {
    struct ledger_head head;
    struct ledger_sizes sizes;
    uint64_t oldest_s; /* 0: there is no posting */
};

static bool read_facts(struct ledger_facts *out, const char *path, struct fault *fault)
{
    struct ledger_reader *reader;
    struct posting oldest;
    bool is_there = false;
    if (!ledger_reader_open(&reader, path, fault))
        return false;
    bool is_good = ledger_reader_head(&out->head, reader, fault) &&
                   ledger_reader_sizes(&out->sizes, reader, fault) &&
                   ledger_reader_oldest(&oldest, &is_there, reader, &out->head, fault);
    out->oldest_s = is_there ? oldest.recorded_ms / 1000 : 0;
    ledger_reader_close(reader);
    return is_good;
}

static void print_facts(const struct ledger_facts *f)
{
    char time[RIGA_TEXT_SIZE];
    printf("environment        %" PRIu32 "\n", f->head.environment);
    printf("last posting       %s\n", COUNT_TEXT(f->head.sequence));
    printf("removed up to      %s\n", COUNT_TEXT(f->head.pruned));
    if (f->oldest_s != 0)
        printf("oldest posting     %s (Riga)\n", riga_text(time, f->oldest_s));
    printf("clock              %s (Riga)\n", riga_text(time, f->head.clock_ms / 1000));
    printf("postings           %s\n", COUNT_TEXT(f->sizes.postings));
    printf("transactions       %s\n", COUNT_TEXT(f->sizes.transactions));
    printf("tallies            %s\n", COUNT_TEXT(f->sizes.tallies));
    printf("open reservations  %s\n", COUNT_TEXT(f->sizes.holds));
    printf("accounts           %s\n", COUNT_TEXT(f->sizes.accounts));
    printf("used               %s bytes", COUNT_TEXT(f->sizes.used));
    printf(" of %s\n", COUNT_TEXT(f->sizes.map));
    printf("readers            %" PRIu32 " of %" PRIu32 "\n", f->sizes.readers,
           f->sizes.readers_most);
}

static void print_facts_json(const struct ledger_facts *f)
{
    struct json json;
    json_start(&json, stdout);
    json_open_object(&json, NULL);
    json_number(&json, "environment", f->head.environment);
    json_number(&json, "sequence", f->head.sequence);
    json_number(&json, "pruned", f->head.pruned);
    json_number(&json, "oldest_s", f->oldest_s);
    json_number(&json, "clock_ms", f->head.clock_ms);
    json_number(&json, "postings", f->sizes.postings);
    json_number(&json, "transactions", f->sizes.transactions);
    json_number(&json, "tallies", f->sizes.tallies);
    json_number(&json, "holds", f->sizes.holds);
    json_number(&json, "accounts", f->sizes.accounts);
    json_number(&json, "used_bytes", f->sizes.used);
    json_number(&json, "map_bytes", f->sizes.map);
    json_number(&json, "readers", f->sizes.readers);
    json_number(&json, "readers_most", f->sizes.readers_most);
    json_close_object(&json);
    json_end(&json);
}

static int run_stat(int argc, char *argv[])
{
    static const char name[] = "eligctl ledger stat";
    struct stat_settings s;
    struct operands operands;
    struct ledger_facts facts;
    struct fault fault;
    options_read(&stat_table, &s, &operands, argc, argv);
    ledger_reader_survive(name);
    if (!read_facts(&facts, operands.words[0], &fault))
        return command_fail(name, EXIT_FAILED, &fault);
    if (s.json)
        print_facts_json(&facts);
    else
        print_facts(&facts);
    return command_finish(name, EXIT_YES);
}

int run_ledger(int argc, char *argv[])
{
    static const struct command commands[] = {
        {"verify", run_verify, "work everything in a ledger out once more, and compare"},
        {"backup", run_backup, "copy a ledger while it is in use"},
        {"restore", run_restore, "put a backup where there is no ledger"},
        {"stat", run_stat, "tell how much is in a ledger"},
    };
    return commands_run("eligctl ledger", "Verifies ledgers, backs them up, restores them.",
                        commands, COUNT_OF(commands), argc, argv);
}
