#include "bench/commands.h"
#include "protocol/commands.h"

static const struct command commands[] = {
    {"country", command_country, "write a synthetic country's registers, and what is true of them"},
    {"catalogue", command_catalogue, "write a catalogue with very many made-up reliefs"},
    {"agree", command_agree, "compare a snapshot with what is true of the country"},
    {"run", command_run, "load a server, and measure answers, latency and CPU"},
    {"micro", command_micro, "measure the steps of a check one by one"},
    {"decide", command_decide, "measure the decision alone, with a catalogue of any size"},
    {"seals", command_seals, "measure what sealed sessions cost, without sockets"},
    {"terminals", command_terminals, "enrol made-up terminals in a catalogue"},
    {"storm", command_storm, "connect terminals, or garbage, by the thousand"},
    {"day", command_day,
     "replay a day of the country as transactions, and keep a terminal's books"},
    {"disk", command_disk, "measure one write and sync after the other: what a ledger waits for"},
    {"report", command_report, "make tables and a page with charts of what was measured"},
    {"echo", command_echo, "serve frames back as they came: the reference for ratios"},
};

int main(int argc, char *argv[])
{
    return commands_run("eligbench",
                        "Synthetic countries, load and measurements for the eligibility engine.",
                        commands, sizeof(commands) / sizeof(commands[0]), argc, argv);
}
