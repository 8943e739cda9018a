#include "bench/commands.h"

#include "bench/compare.h"
#include "bench/load.h"
#include "protocol/commands.h"
#include "protocol/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM "eligbench compare"

struct settings {
    struct traffic_settings traffic;
    const char *depths, *only, *measures;
    uint64_t rounds;
    bool is_json, is_quiet;
};

#define FIELD(name) offsetof(struct settings, name)
static const struct option_row rows[] = {
    {"rounds", OPTION_NUMBER, FIELD(rounds), "N", "9", 1, COMPARE_ROUND_MAX,
     "rounds; all servers take their turn in each, and the medians count"},
    {"depths", OPTION_TEXT, FIELD(depths), "LIST", "1,64,256", 0, 0,
     "requests under way on each connection"},
    {"only", OPTION_TEXT, FIELD(only), "LIST", NULL, 0, 0,
     "of " CONTESTANT_NAMES "; not given: all that are installed"},
    TRAFFIC_ROWS(FIELD(traffic), "200", "500"),
    {"measures", OPTION_TEXT, FIELD(measures), "FILE", NULL, 0, 0,
     "append all figures to a file of measures, for eligbench report"},
    {"json", OPTION_FLAG, FIELD(is_json), NULL, NULL, 0, 0, "print JSON"},
    {"quiet", OPTION_FLAG, FIELD(is_quiet), NULL, NULL, 0, 0, "no progress"},
};
static const struct option_table table = {
    .usage = "eligbench compare [options] WORK",
    .about = "Starts the engine, the echo and key-value stores, and loads them alike, in turns.",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .operands_least = 1,
    .operands_most = 1,
    .footer = "WORK is a folder as make demo leaves it. Stores hold as many keys as the country "
              "has identifiers.\nAll listen on 127.0.0.1 alone and are ended afterwards.\n"
              "Exit status: 0 all answered rightly, 1 some failed or wrong, 3 no comparison.",
};

/* The next word of a list: its size, and `list` behind it and its comma. */
static size_t next_word(const char **list, const char **word)
{
    size_t size = strcspn(*list, ",");
    *word = *list;
    *list += size + ((*list)[size] == ',');
    return size;
}

static bool read_depths(struct compare *compare, const char *list, struct fault *fault)
{
    const char *word;
    do {
        size_t size = next_word(&list, &word);
        char *end;
        unsigned long depth =
            size > 0 && size <= 5 && *word >= '0' && *word <= '9' ? strtoul(word, &end, 10) : 0;
        if (depth < 1 || depth > DRIVER_DEPTH_MAX || end != word + size ||
            compare->depth_count == COMPARE_DEPTH_MAX)
            return fault_set(fault,
                             "--depths: want up to %d numbers from 1 to %d with commas between, "
                             "found \"%.*s\"",
                             COMPARE_DEPTH_MAX, DRIVER_DEPTH_MAX, (int)size, word);
        compare->depths[compare->depth_count++] = (uint32_t)depth;
    } while (*list != '\0');
    return true;
}

static bool read_only(bool is_wanted[static CONTESTANT_COUNT], const char *list,
                      struct fault *fault)
{
    const char *word;
    for (size_t i = 0; i < CONTESTANT_COUNT; i++)
        is_wanted[i] = list == NULL;
    while (list != NULL && *list != '\0') {
        size_t size = next_word(&list, &word);
        enum contestant_kind kind = contestant_of_name(word, size);
        if (kind == CONTESTANT_COUNT)
            return fault_set(fault, "--only: want %s, found \"%.*s\"", CONTESTANT_NAMES, (int)size,
                             word);
        is_wanted[kind] = true;
    }
    return true;
}

static void tell_left_out(const struct compare *compare)
{
    for (size_t kind = 0; kind < CONTESTANT_COUNT; kind++)
        if (compare->contestants.left_out[kind].text[0] != '\0')
            fprintf(stderr, PROGRAM ": %s is left out: %s\n",
                    contestant_name((enum contestant_kind)kind),
                    compare->contestants.left_out[kind].text);
}

/* The first core is the server's, the others are the load's, where there are others. */
static void share_cores(cpu_set_t *server, cpu_set_t *load)
{
    if (sched_getaffinity(0, sizeof(*load), load) != 0) {
        CPU_ZERO(load);
        CPU_SET(0, load);
    }
    size_t first = 0;
    while (first + 1 < CPU_SETSIZE && !CPU_ISSET(first, load))
        first++;
    CPU_ZERO(server);
    CPU_SET(first, server);
    if (CPU_COUNT(load) > 1)
        CPU_CLR(first, load);
}

static bool compare_in(struct compare *compare, const struct settings *settings, const char *work,
                       const bool is_wanted[static CONTESTANT_COUNT], struct fault *fault)
{
    cpu_set_t server_cores;
    struct contestants_setup setup = {.work = work, .cores = &server_cores};
    char truth[CONTESTANT_PATH];
    memcpy(setup.is_wanted, is_wanted, sizeof(setup.is_wanted));
    share_cores(&server_cores, &compare->load_cores);
    snprintf(truth, sizeof(truth), "%s/country/truth.csv", work);
    if (!load_read_workload(&compare->load, truth, &settings->traffic, KIND_CHECK, fault))
        return false;
    setup.key_count = compare->load.workload.identifier_count;
    setup.terminal_count = compare->load.plan.connection_count;
    children_watch();
    bool is_fine = contestants_start(&compare->contestants, &setup, fault);
    tell_left_out(compare);
    is_fine = is_fine && compare_run(compare, settings->rounds, settings->is_quiet, fault);
    contestants_stop(&compare->contestants);
    load_close(&compare->load);
    return is_fine;
}

int command_compare(int argc, char *argv[])
{
    static struct compare compare;
    bool is_wanted[CONTESTANT_COUNT];
    struct settings settings;
    struct operands operands;
    struct fault fault;
    options_read(&table, &settings, &operands, argc, argv);
    if (!read_depths(&compare, settings.depths, &fault) ||
        !read_only(is_wanted, settings.only, &fault) || !traffic_fits(&settings.traffic, &fault))
        return command_fail(PROGRAM, EXIT_USAGE, &fault);
    if (!compare_in(&compare, &settings, operands.words[0], is_wanted, &fault) ||
        (settings.measures != NULL && !compare_append(&compare, settings.measures, &fault)))
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    (settings.is_json ? compare_print_json : compare_print_text)(&compare);
    return command_finish(PROGRAM, compare_lost_count(&compare) == 0 ? EXIT_YES : EXIT_NO);
}
