#include "bench/agree.h"
#include "bench/commands.h"
#include "protocol/commands.h"
#include "protocol/identity_keys.h"
#include "protocol/json.h"
#include "protocol/options.h"
#include "protocol/progress.h"

#include <inttypes.h>
#include <stdio.h>

#define PROGRAM "eligbench agree" /* in front of what is said on stderr */

struct settings {
    const char *truth, *snapshots, *signing_public, *identity_key, *identity_keys;
    uint64_t environment;
    bool is_json;
};

#define OPTION(field) offsetof(struct settings, field)

static const struct option_row rows[] = {
    {"truth", OPTION_TEXT, OPTION(truth), "FILE", NULL, 0, 0,
     "required: truth.csv of the country from which the snapshot was built"},
    {"snapshots", OPTION_TEXT, OPTION(snapshots), "DIR", NULL, 0, 0,
     "required: the folder of snapshots; its current one is compared"},
    {"signing-public", OPTION_TEXT, OPTION(signing_public), "FILE", NULL, 0, 0,
     "required: public key of who signed it"},
    {"identity-key", OPTION_TEXT, OPTION(identity_key), "FILE", NULL, 0, 0,
     "one key of the identifiers' digests, of all snapshots"},
    {"identity-keys", OPTION_TEXT, OPTION(identity_keys), "DIR", NULL, 0, 0,
     "folder where each snapshot has its own key; this or --identity-key"},
    {"environment", OPTION_NUMBER, OPTION(environment), "NUMBER", "0", 0, UINT32_MAX,
     "0 production, anything else a test; as it was built"},
    {"json", OPTION_FLAG, OPTION(is_json), NULL, NULL, 0, 0, "JSON on standard output"},
};

static const struct option_table table = {
    .usage = "eligbench agree [options]",
    .about = "Compares a snapshot with what is true of the country, line by line.",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .footer = "Exit status: 0 they agree, 1 they differ, 2 wrong usage, 3 could not compare.\n",
};

static void tell_json(const struct agreement *agreement, double seconds)
{
    struct json json;
    json_start(&json, stdout);
    json_open_object(&json, NULL);
    json_number(&json, "identifiers", agreement->identifier_count);
    json_number(&json, "memberships", agreement->membership_count);
    json_number(&json, "absent", agreement->absent_count);
    json_number(&json, "differences", agreement->difference_count);
    json_real(&json, "seconds", seconds);
    json_open_array(&json, "first_differences");
    for (uint32_t i = 0; i < agreement->kept_count; i++) {
        json_open_object(&json, NULL);
        json_number(&json, "line", agreement->kept[i].line);
        if (agreement->kept[i].kind == DIFFERENCE_MEMBERSHIP)
            json_number(&json, "group", agreement->kept[i].group);
        json_text(&json, "difference", difference_text(agreement->kept[i].kind));
        json_close_object(&json);
    }
    json_close_array(&json);
    json_close_object(&json);
    json_end(&json);
}

static void tell(const struct agreement *agreement, const char *path, double seconds)
{
    for (uint32_t i = 0; i < agreement->kept_count; i++) {
        const char *text = difference_text(agreement->kept[i].kind);
        if (agreement->kept[i].line == 0)
            printf("%s\n", text);
        else if (agreement->kept[i].kind == DIFFERENCE_MEMBERSHIP)
            printf("%s:%" PRIu64 ": %s, first in group %" PRIu32 "\n", path,
                   agreement->kept[i].line, text, agreement->kept[i].group);
        else
            printf("%s:%" PRIu64 ": %s\n", path, agreement->kept[i].line, text);
    }
    if (agreement->difference_count > agreement->kept_count)
        printf("... and %" PRIu64 " more\n", agreement->difference_count - agreement->kept_count);
    printf("%" PRIu64 " identifiers, %" PRIu64 " memberships and %" PRIu64 " absences %s, %" PRIu64
           " differ (%.1f s)\n",
           agreement->identifier_count, agreement->membership_count, agreement->absent_count,
           agreement->difference_count == 0 ? "agree" : "compared", agreement->difference_count,
           seconds);
}

static bool compare(const struct settings *settings, struct agreement *agreement,
                    struct fault *fault)
{
    struct snapshot_keys keys;
    struct snapshot *snapshot = NULL;
    bool has_keys = snapshot_keys_open(&keys, settings->signing_public, settings->identity_key,
                                       settings->identity_keys, fault);
    struct snapshot_trust trust = snapshot_trust_of(&keys, (uint32_t)settings->environment);
    bool is_compared =
        has_keys && snapshot_open_current(&snapshot, settings->snapshots, &trust, fault) &&
        agree_compare(agreement, settings->truth, snapshot, snapshot_identity(snapshot), fault);
    snapshot_close(snapshot);
    snapshot_keys_close(&keys);
    return is_compared;
}

int command_agree(int argc, char *argv[])
{
    struct settings settings;
    struct operands operands;
    struct agreement agreement;
    struct fault fault;
    options_read(&table, &settings, &operands, argc, argv);
    if (!identity_keys_choice(settings.identity_key, settings.identity_keys, &fault))
        return command_fail(PROGRAM, EXIT_USAGE, &fault);

    uint64_t start_ns = clock_monotonic_ns();
    if (!compare(&settings, &agreement, &fault))
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    double seconds = (double)(clock_monotonic_ns() - start_ns) / 1e9;
    if (settings.is_json)
        tell_json(&agreement, seconds);
    else
        tell(&agreement, settings.truth, seconds);
    return command_finish(PROGRAM, agreement.difference_count == 0 ? EXIT_YES : EXIT_NO);
}
