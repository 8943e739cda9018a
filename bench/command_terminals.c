#include "bench/commands.h"
#include "bench/terminals.h"
#include "protocol/commands.h"
#include "protocol/options.h"

#include <inttypes.h>
#include <stdio.h>

#define PROGRAM             "eligbench terminals"
#define TERMINAL_COUNT_MOST 65536

struct settings {
    const char *merchant_key, *merchant_keys;
    uint64_t count, seed;
    bool is_quiet;
};

#define OPTION(field) offsetof(struct settings, field)
static const struct option_row rows[] = {
    {"merchant-key", OPTION_TEXT, OPTION(merchant_key), "FILE", NULL, 0, 0,
     "required: the secret that all merchants get"},
    {"merchant-keys", OPTION_TEXT, OPTION(merchant_keys), "DIR", NULL, 0, 0,
     "required: directory for it, PROVIDER.key each, as eligd reads them"},
    {"terminals", OPTION_NUMBER, OPTION(count), "N", "8", 1, TERMINAL_COUNT_MOST,
     "how many terminals"},
    {"terminal-seed", OPTION_NUMBER, OPTION(seed), "N", "1", 0, UINT64_MAX,
     "what their keys follow from"},
    {"quiet", OPTION_FLAG, OPTION(is_quiet), NULL, NULL, 0, 0, "say nothing when it is written"},
};
static const struct option_table table = {
    .usage = "eligbench terminals --merchant-key FILE --merchant-keys DIR [options] CATALOGUE",
    .about = "Enrols terminals of a bench in a catalogue: its terminals.csv is written anew.",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .operands_least = 1,
    .operands_most = 1,
    .footer = "For test environments alone: whoever knows the seed is all of these terminals.\n"
              "Exit status: 0 written, 2 wrong usage, 3 could not be written.\n",
};

int command_terminals(int argc, char *argv[])
{
    struct settings settings;
    struct operands operands;
    struct fault fault;
    options_read(&table, &settings, &operands, argc, argv);
    const char *folder = operands.words[0];
    if (!noise_ready()) {
        fault_set(&fault, "libsodium does not start");
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    }
    if (!terminals_write(folder, (uint32_t)settings.count, settings.seed, &fault) ||
        !terminals_write_merchants(folder, settings.merchant_keys, settings.merchant_key, &fault))
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    if (!settings.is_quiet)
        printf("%s: %" PRIu64 " terminals, numbered from %d\n", folder, settings.count,
               TERMINAL_FIRST);
    return command_finish(PROGRAM, EXIT_YES);
}
