#include "bench/cast.h"
#include "bench/commands.h"
#include "bench/country.h"
#include "bench/exports.h"
#include "bench/truth.h"
#include "protocol/commands.h"
#include "protocol/json.h"
#include "protocol/options.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM "eligbench country" /* in front of what is said on stderr */

struct settings {
    uint64_t person_count, seed, broken_per_mille;
    uint32_t as_of_day;
    bool is_every_kind, has_no_truth, is_json, is_quiet;
};

#define OPTION(field) offsetof(struct settings, field)

static const struct option_row rows[] = {
    {"persons", OPTION_NUMBER, OPTION(person_count), "N", "1857000", COUNTRY_PERSONS_MIN,
     COUNTRY_PERSONS_MAX, "how many people live there; Latvia had 1857000"},
    {"seed", OPTION_NUMBER, OPTION(seed), "N", "1", 0, UINT64_MAX,
     "another number is another country; the same one is the same, byte for byte"},
    {"as-of", OPTION_DAY, OPTION(as_of_day), "DAY", COUNTRY_AS_OF, 0, 0,
     "the day on which all registers deliver, from 2010-01-01 to 2100-01-01"},
    {"broken", OPTION_NUMBER, OPTION(broken_per_mille), "N", "2", 0, 100,
     "so many broken rows for 1000 good ones; they add nothing"},
    {"every-kind", OPTION_FLAG, OPTION(is_every_kind), NULL, NULL, 0, 0,
     "at least one broken row of each kind in each file, however small"},
    {"no-truth", OPTION_FLAG, OPTION(has_no_truth), NULL, NULL, 0, 0, "leave truth.csv out"},
    {"json", OPTION_FLAG, OPTION(is_json), NULL, NULL, 0, 0, "tell what was written as JSON"},
    {"quiet", OPTION_FLAG, OPTION(is_quiet), NULL, NULL, 0, 0, "no progress, no summary"},
};

static const struct option_table table = {
    .usage = "eligbench country [options] FOLDER",
    .about = "Writes the registers of a country in which nobody is real.",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .operands_least = 1,
    .operands_most = 1,
    .footer = "Exit status: 0 written, 2 wrong usage, 3 could not be written.\n",
};

struct written {
    struct export_summary exports[SOURCE_COUNT];
    struct truth_summary truth;
    bool has_truth;
};

static uint64_t broken_sum(const struct export_summary *summary)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < DEFECT_COUNT; i++)
        sum += summary->broken_count[i];
    return sum;
}

static void tell_json(const struct country *country, const struct written *written)
{
    struct json json;
    json_start(&json, stdout);
    json_open_object(&json, NULL);
    json_number(&json, "persons", country->person_count);
    json_number(&json, "seed", country->seed);
    json_day(&json, "as_of", country->as_of_day);
    json_open_array(&json, "registers");
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        json_open_object(&json, NULL);
        json_text(&json, "register", written->exports[i].name);
        json_text(&json, "file", written->exports[i].file);
        json_number(&json, "rows", written->exports[i].row_count);
        json_number(&json, "broken", broken_sum(&written->exports[i]));
        json_number(&json, "bytes", written->exports[i].byte_count);
        json_close_object(&json);
    }
    json_close_array(&json);
    if (written->has_truth) {
        json_open_object(&json, "truth");
        json_number(&json, "persons", written->truth.person_count);
        json_number(&json, "means", written->truth.means_count);
        json_number(&json, "absent", written->truth.absent_count);
        json_number(&json, "bytes", written->truth.byte_count);
        json_open_array(&json, "groups");
        for (uint32_t group = 1; group < TRUTH_GROUP_COUNT; group++) {
            json_open_object(&json, NULL);
            json_text(&json, "group", truth_group_name(group));
            json_number(&json, "yes", written->truth.yes_count[group]);
            json_number(&json, "unknown", written->truth.unknown_count[group]);
            json_close_object(&json);
        }
        json_close_array(&json);
        json_close_object(&json);
    }
    json_close_object(&json);
    json_end(&json);
}

static void tell(const struct country *country, const struct written *written)
{
    char day[DAY_TEXT_SIZE];
    day_to_text(day, (int32_t)country->as_of_day);
    printf("%u persons as of %s, seed %" PRIu64 "\n\n", country->person_count, day, country->seed);
    printf("%-18s %-24s %10s %7s %10s\n", "register", "file", "rows", "broken", "KiB");
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        printf("%-18s %-24s %10" PRIu64 " %7" PRIu64 " %10" PRIu64 "\n", written->exports[i].name,
               written->exports[i].file, written->exports[i].row_count,
               broken_sum(&written->exports[i]), written->exports[i].byte_count / 1024);
    if (!written->has_truth)
        return;
    printf("\n%" PRIu64 " persons and %" PRIu64 " means to be found, %" PRIu64
           " not to be found\n\n",
           written->truth.person_count, written->truth.means_count, written->truth.absent_count);
    printf("%-20s %10s %10s\n", "group on that day", "yes", "unknown");
    for (uint32_t group = 1; group < TRUTH_GROUP_COUNT; group++)
        printf("%-20s %10" PRIu64 " %10" PRIu64 "\n", truth_group_name(group),
               written->truth.yes_count[group], written->truth.unknown_count[group]);
}

static bool write_all(const struct settings *settings, const char *folder, struct written *written,
                      const struct country *country, struct fault *fault)
{
    struct breakage breakage = {(uint32_t)settings->broken_per_mille, settings->is_every_kind};
    if (mkdir(folder, 0755) != 0 && errno != EEXIST)
        return fault_set(fault, "%s: cannot be made: %s", folder, strerror(errno));
    written->has_truth = !settings->has_no_truth;
    char truth_path[PATH_MAX]; /* an older country's would be taken for this one's */
    snprintf(truth_path, sizeof(truth_path), "%s/" TRUTH_FILE, folder);
    if (unlink(truth_path) != 0 && errno != ENOENT)
        return fault_set(fault, "%s: cannot be removed: %s", truth_path, strerror(errno));
    return exports_write(country, folder, breakage, settings->is_quiet, written->exports, fault) &&
           (settings->has_no_truth ||
            truth_write(country, folder, settings->is_quiet, &written->truth, fault)) &&
           cast_write(country, folder, fault);
}

int command_country(int argc, char *argv[])
{
    struct settings settings;
    struct operands operands;
    struct fault fault;
    options_read(&table, &settings, &operands, argc, argv);

    if (settings.as_of_day < COUNTRY_AS_OF_LEAST || settings.as_of_day > COUNTRY_AS_OF_MOST) {
        fault_set(&fault, "--as-of: want a day from 2010-01-01 to 2100-01-01");
        return command_fail(PROGRAM, EXIT_USAGE, &fault);
    }

    struct country country;
    struct written written = {0};
    country_make(&country, (uint32_t)settings.person_count, settings.seed, settings.as_of_day,
                 settings.is_quiet);
    bool is_written = write_all(&settings, operands.words[0], &written, &country, &fault);
    if (is_written && settings.is_json)
        tell_json(&country, &written);
    else if (is_written && !settings.is_quiet)
        tell(&country, &written);
    country_free(&country);
    return is_written ? command_finish(PROGRAM, EXIT_YES)
                      : command_fail(PROGRAM, EXIT_FAILED, &fault);
}
