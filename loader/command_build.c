#include "loader/commands.h"

#include "loader/memory.h"
#include "loader/summary.h"
#include "protocol/identity_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct option_row build_rows[] = {
    INPUT_OPTIONS,
    BUILD_OPTION("snapshots", OPTION_TEXT, snapshots, "DIR", NULL, 0, 0,
                 "required: folder where snapshots are published"),
    BUILD_OPTION("identity-key", OPTION_TEXT, identity_key, "FILE", NULL, 0, 0,
                 "one key for the digests of identifiers, of all snapshots"),
    BUILD_OPTION("identity-keys", OPTION_TEXT, identity_keys, "DIR", NULL, 0, 0,
                 "folder where each snapshot gets a new key of its own, GENERATION.key, that is "
                 "destroyed with it; this or --identity-key"),
    BUILD_OPTION("subject-key", OPTION_TEXT, subject_key, "FILE", NULL, 0, 0,
                 "key of what a ledger calls persons by; without it no ledger can count from the "
                 "snapshot"),
    BUILD_OPTION("signing-key", OPTION_TEXT, signing_key, "FILE", NULL, 0, 0,
                 "required: key that signs the snapshot"),
    BUILD_OPTION("environment", OPTION_NUMBER, environment, "NUMBER", "0", 0, UINT32_MAX,
                 "0: production; anything else: a test"),
    BUILD_OPTION("not-after-days", OPTION_NUMBER, not_after_days, "DAYS", "14", 1, 400,
                 "days after which engines refuse the snapshot"),
    BUILD_OPTION("memory", OPTION_NUMBER, memory_mib, "MIB", "0", 0, 1u << 24,
                 "MiB for what waits between two stages; what is more waits in files. 0: no limit"),
    BUILD_OPTION("work-dir", OPTION_TEXT, work_dir, "DIR", NULL, 0, 0,
                 "folder of those files, which have no names; without it that of the snapshots"),
    BUILD_OPTION("parsed-dir", OPTION_TEXT, parsed_dir, "DIR", NULL, 0, 0,
                 "folder, as private as the deliveries, where files are kept as they were parsed: "
                 "those that have not changed are not parsed again"),
    BUILD_OPTION("keep", OPTION_NUMBER, keep_count, "COUNT", "4", 1, 1000, "generations to keep"),
    BUILD_OPTION("group-change-percent-max", OPTION_NUMBER, group_change_percent_max, "PERCENT",
                 "25", 0, 100000, "gate: change of a group against the snapshot in service"),
    BUILD_OPTION("accept", OPTION_TEXT, accept, "GATE[:NAME],...", NULL, 0, 0,
                 "gates whose findings somebody has looked at and found right"),
    BUILD_OPTION("dry-run", OPTION_FLAG, is_dry, NULL, NULL, 0, 0,
                 "read, evaluate and compare; write nothing but what --quarantine, --summary and "
                 "--parsed-dir name, and what waits (--memory)"),
    BUILD_OPTION("quarantine", OPTION_TEXT, quarantine, "FILE", NULL, 0, 0,
                 "where refused rows are listed; without it GENERATION.quarantine beside the "
                 "snapshot"),
    BUILD_OPTION("summary", OPTION_TEXT, summary, "FILE", NULL, 0, 0,
                 "the summary as JSON into a file"),
};

static const struct option_table build_table = {
    .usage = "eligload build --exports DIR --snapshots DIR --identity-keys DIR --signing-key FILE "
             "[options]",
    .about = "Reads the registers' deliveries and publishes a snapshot of who is entitled to what.",
    .rows = build_rows,
    .row_count = sizeof(build_rows) / sizeof(build_rows[0]),
    .footer =
        "Exit status: 0 published, 1 refused or held back (nothing changed), 2 usage, 3 could "
        "not be done.",
};

static bool write_summary_file(const struct build *build, const struct build_settings *settings,
                               int outcome, const struct fault *why, struct fault *fault)
{
    FILE *to = fopen(settings->summary, "we");
    if (to == NULL)
        return fault_set(fault, "%s: %s", settings->summary, strerror(errno));
    summary_print_json(build, settings, outcome, why, to);
    bool is_good = ferror(to) == 0;
    if (fclose(to) != 0 || !is_good)
        return fault_set(fault, "%s: %s", settings->summary, strerror(errno));
    return true;
}

int command_build(int argc, char *argv[])
{
    struct build_settings settings;
    struct operands operands;
    struct fault fault, summary_fault;
    options_read(&build_table, &settings, &operands, argc, argv);
    if (!gates_accept_is_known(settings.accept, &fault) ||
        !identity_keys_choice(settings.identity_key, settings.identity_keys, &fault))
        return command_fail(PROGRAM, EXIT_USAGE, &fault);

    struct build *build = memory_take_zeroed(1, sizeof(*build));
    int outcome = build_run(build, &settings, &fault);
    if (settings.is_json)
        summary_print_json(build, &settings, outcome, &fault, stdout);
    else if (!settings.is_quiet)
        summary_print(build, &settings, outcome, stdout);
    fflush(stdout);
    if (!settings.is_json)
        summary_print_gates(build, stderr);
    if (outcome != EXIT_YES)
        command_fail(PROGRAM, outcome, &fault);
    if (settings.summary != NULL &&
        !write_summary_file(build, &settings, outcome, &fault, &summary_fault))
        outcome = command_fail(PROGRAM, EXIT_FAILED, &summary_fault);
    build_close(build);
    free(build);
    return command_finish(PROGRAM, outcome);
}
