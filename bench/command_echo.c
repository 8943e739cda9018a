#include "bench/commands.h"

#include "bench/echo.h"
#include "engine/spin.h"
#include "protocol/commands.h"
#include "protocol/options.h"

struct settings {
    const char *port_file;
    uint64_t busy_us;
};

static const struct option_row rows[] = {
    {"port-file", OPTION_TEXT, offsetof(struct settings, port_file), "FILE", NULL, 0, 0,
     "required: where to write the port"},
    {"busy-poll", OPTION_NUMBER, offsetof(struct settings, busy_us), "US", "0", 0, SPIN_US_MAX,
     "poll for so many microseconds before sleeping, as eligd --busy-poll does"},
};
static const struct option_table table = {
    .usage = "eligbench echo --port-file FILE [options]",
    .about = "Serves 64-byte frames back as they came, as the reference for ratios.",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
};

int command_echo(int argc, char *argv[])
{
    struct settings settings;
    struct operands operands;
    struct fault fault;
    options_read(&table, &settings, &operands, argc, argv);
    return echo_serve(settings.port_file, settings.busy_us, &fault)
               ? EXIT_YES
               : command_fail("eligbench echo", EXIT_FAILED, &fault);
}
