/* eligctl report: what a ledger comes to. */
#include "protocol/eligctl.h"

#include "protocol/commands.h"
#include "protocol/report.h"

int run_report(int argc, char *argv[])
{
    static const struct command commands[] = {
        {"givers", run_report_givers, "tell what each relief came to, by giver and provider"},
        {"settlement", run_report_settlement, "state the lines of a contract, with a checksum"},
        {"budget", run_report_budget, "tell what of each relief is spent, by day"},
        {"resident", run_report_resident, "tell one person what is kept of them"},
        {"statistics", run_report_statistics, "count, without telling of few"},
    };
    return commands_run("eligctl report", "Tells what a ledger comes to, and disturbs nobody.",
                        commands, COUNT_OF(commands), argc, argv);
}
