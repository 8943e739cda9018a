#include "loader/summary.h"

#include "protocol/json.h"
#include "protocol/options.h"
#include "protocol/progress.h"
#include "protocol/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096

#define QUARANTINE_SUFFIX ".quarantine"

static double seconds(uint64_t ns)
{
    return (double)ns / 1e9;
}

static double rows_per_second(const struct delivery *delivery)
{
    return delivery->parse_ns == 0 ? 0 : (double)delivery->row_count / seconds(delivery->parse_ns);
}

static uint64_t peak_memory_bytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)usage.ru_maxrss * 1024;
}

/* On a busy machine this says more than the clock. */
static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static uint64_t total_ns(const struct build *build)
{
    uint64_t ns = 0;
    for (size_t i = 0; i < build->stage_count; i++)
        ns += build->stages[i].ns;
    return ns;
}

static const char *outcome_name(const struct build *build, const struct build_settings *settings,
                                int outcome)
{
    if (build->is_published)
        return "published";
    if (outcome == EXIT_YES && settings->is_dry)
        return "dry-run";
    return build->gates.held_count > 0 ? "held" : outcome == EXIT_NO ? "refused" : "failed";
}

/* --- to people --- */

static void print_deliveries(const struct intake *intake, FILE *to)
{
    fprintf(to, "%-20s %-10s %12s %9s %9s  %s\n", "register", "as of", "rows", "refused",
            "warnings", "rows/s on one core");
    for (size_t i = 0; i < intake->delivery_count; i++) {
        const struct delivery *delivery = &intake->deliveries[i];
        char day[DAY_TEXT_SIZE];
        day_to_text(day, (int32_t)delivery->as_of_day);
        fprintf(to, "%-20s %-10s %12s %9s %9s  %.1f M%s\n", delivery->description->name, day,
                COUNT_TEXT(delivery->row_count), COUNT_TEXT(delivery->refused_count),
                COUNT_TEXT(delivery->warning_count), rows_per_second(delivery) / 1e6,
                delivery->is_as_before ? ", unchanged" : "");
        if (delivery->idle_count > 0)
            fprintf(to, "    %9s of no use: not capable, or not activated\n",
                    COUNT_TEXT(delivery->idle_count));
        for (int refusal = 1; refusal <= REFUSAL_LAST; refusal++)
            if (delivery->refused_by[refusal] > 0)
                fprintf(to, "    %9s refused: %s\n", COUNT_TEXT(delivery->refused_by[refusal]),
                        refusal_text((enum refusal)refusal));
    }
}

static void print_groups(const struct build *build, FILE *to)
{
    char day[DAY_TEXT_SIZE];
    day_to_text(day, (int32_t)build->as_of_day);
    fprintf(to, "\n%-32s %12s %12s  on %s\n", "group", "persons", "unknown", day);
    for (uint32_t i = GROUP_TEST + 1; i < build->catalogue.rules->group_count; i++)
        fprintf(to, "%-32.*s %12s %12s\n", NAME_SIZE, build->groups[i].name,
                COUNT_TEXT(build->groups[i].yes_count), COUNT_TEXT(build->groups[i].unknown_count));
}

static void print_sizes(const struct build *build, FILE *to)
{
    fprintf(to,
            "\n%s persons, %s of them in a group; %s base rows and %s rows of means replaced"
            " by others\n",
            COUNT_TEXT(build->people_count), COUNT_TEXT(build->memberships.published_count),
            COUNT_TEXT(build->repeated_person_count), COUNT_TEXT(build->repeated_means_count));
    fprintf(to, "%s sets", COUNT_TEXT(build->memberships.set_count));
    if (build->manifest.data_size > 0)
        fprintf(to, ", %s views, %s identifiers, %s bytes (%.1f an identifier)",
                COUNT_TEXT(build->views.count), COUNT_TEXT(build->manifest.identifier_count),
                COUNT_TEXT(build->manifest.data_size),
                (double)build->manifest.data_size / (double)build->manifest.identifier_count);
    fprintf(to, "\n");
}

static void print_times(const struct build *build, FILE *to)
{
    for (size_t i = 0; i < build->stage_count; i++)
        fprintf(to, "%s%s %.2f s (%.2f)", i == 0 ? "" : ", ", build->stages[i].name,
                seconds(build->stages[i].ns), seconds(build->stages[i].cpu_ns));
    if (build->spilled_size > 0)
        fprintf(to, "; %s bytes waited in files", COUNT_TEXT(build->spilled_size));
    fprintf(to,
            "; total %.2f s, %.2f s of processor time, at most %.2f GB of memory, %" PRIu32
            " threads\n",
            seconds(total_ns(build)), cpu_seconds(), (double)peak_memory_bytes() / 1e9,
            build->thread_count);
}

void summary_print_gates(const struct build *build, FILE *to)
{
    if (build->intake.parsed_fault.text[0] != '\0')
        fprintf(to, "warning: %s\n", build->intake.parsed_fault.text);
    for (size_t i = 0; i < build->gates.told_count; i++) {
        const struct finding *finding = &build->gates.list[i];
        const char *name = gate_name(finding->gate);
        const char *colon = finding->subject[0] != '\0' ? ":" : "";
        if (gate_is_warning(finding->gate))
            fprintf(to, "warning: %s\n", finding->text);
        else if (finding->is_accepted)
            fprintf(to, "accepted (%s): %s\n", name, finding->text);
        else
            fprintf(to, "held: %s\n      look at the data; when they are right: --accept %s%s%s\n",
                    finding->text, name, colon, finding->subject);
    }
    if (build->gates.count > build->gates.told_count)
        fprintf(to, "and %zu more\n", build->gates.count - build->gates.told_count);
}

void summary_print(const struct build *build, const struct build_settings *settings, int outcome,
                   FILE *to)
{
    if (build->intake.delivery_count > 0)
        print_deliveries(&build->intake, to);
    if (build->memberships.set_count > 0) {
        print_groups(build, to);
        print_sizes(build, to);
    }
    if (build->stage_count > 0)
        print_times(build, to);
    if (build->is_published) {
        char generation[GENERATION_TEXT_SIZE];
        generation_to_text(generation, build->manifest.generation);
        fprintf(to, "published: generation %s\n", generation);
    } else if (outcome == EXIT_YES) {
        fprintf(to, "%s: nothing was written\n", outcome_name(build, settings, outcome));
    }
}

/* --- to programs --- */

static void json_deliveries(struct json *json, const struct intake *intake)
{
    json_open_array(json, "deliveries");
    for (size_t i = 0; i < intake->delivery_count; i++) {
        const struct delivery *delivery = &intake->deliveries[i];
        json_open_object(json, NULL);
        json_text(json, "register", delivery->description->name);
        json_text(json, "file", delivery->file);
        json_day(json, "as_of", delivery->as_of_day);
        json_number(json, "rows", delivery->row_count);
        json_number(json, "bytes", delivery->byte_count);
        json_number(json, "refused", delivery->refused_count);
        json_open_object(json, "refused_by");
        for (int refusal = 1; refusal <= REFUSAL_LAST; refusal++)
            if (delivery->refused_by[refusal] > 0)
                json_number(json, refusal_name((enum refusal)refusal),
                            delivery->refused_by[refusal]);
        json_close_object(json);
        json_number(json, "warnings", delivery->warning_count);
        json_number(json, "idle", delivery->idle_count);
        json_bool(json, "unchanged", delivery->is_as_before);
        json_real(json, "rows_per_s_and_core", rows_per_second(delivery));
        json_close_object(json);
    }
    json_close_array(json);
}

static void json_groups(struct json *json, const struct build *build)
{
    json_open_array(json, "groups");
    for (uint32_t i = 0; i < build->catalogue.rules->group_count; i++) {
        json_open_object(json, NULL);
        json_text(json, "name", build->groups[i].name);
        json_number(json, "yes", build->groups[i].yes_count);
        json_number(json, "unknown", build->groups[i].unknown_count);
        json_close_object(json);
    }
    json_close_array(json);
}

static void json_gates(struct json *json, const struct gates *gates)
{
    json_open_array(json, "gates");
    for (size_t i = 0; i < gates->told_count; i++) {
        const struct finding *finding = &gates->list[i];
        json_open_object(json, NULL);
        json_text(json, "gate", gate_name(finding->gate));
        json_text(json, "subject", finding->subject);
        json_text(json, "text", finding->text);
        json_bool(json, "warning", gate_is_warning(finding->gate));
        json_bool(json, "accepted", finding->is_accepted);
        json_close_object(json);
    }
    json_close_array(json);
    json_number(json, "gates_held", gates->held_count);
}

static void json_times(struct json *json, const struct build *build)
{
    json_open_object(json, "seconds");
    for (size_t i = 0; i < build->stage_count; i++)
        json_real(json, build->stages[i].name, seconds(build->stages[i].ns));
    json_real(json, "total", seconds(total_ns(build)));
    json_close_object(json);
    json_open_object(json, "cpu_seconds_of");
    for (size_t i = 0; i < build->stage_count; i++)
        json_real(json, build->stages[i].name, seconds(build->stages[i].cpu_ns));
    json_close_object(json);
    json_number(json, "spilled_bytes", build->spilled_size);
    json_real(json, "cpu_seconds", cpu_seconds());
    json_number(json, "memory_peak_bytes", peak_memory_bytes());
    json_number(json, "threads", build->thread_count);
}

void summary_print_json(const struct build *build, const struct build_settings *settings,
                        int outcome, const struct fault *fault, FILE *to)
{
    struct json json;
    char generation[GENERATION_TEXT_SIZE];
    json_start(&json, to);
    json_open_object(&json, NULL);
    json_text(&json, "outcome", outcome_name(build, settings, outcome));
    if (outcome != EXIT_YES)
        json_text(&json, "fault", fault->text);
    if (build->is_published) {
        generation_to_text(generation, build->manifest.generation);
        json_text(&json, "generation", generation);
    }
    json_deliveries(&json, &build->intake);
    if (build->intake.parsed_fault.text[0] != '\0')
        json_text(&json, "not_kept", build->intake.parsed_fault.text);
    if (build->memberships.set_count > 0) {
        json_day(&json, "as_of", build->as_of_day);
        json_day(&json, "window_from", build->window.from_day);
        json_day(&json, "window_until", build->window.until_day);
        json_groups(&json, build);
        json_number(&json, "persons", build->people_count);
        json_number(&json, "persons_published", build->memberships.published_count);
        json_number(&json, "base_rows_replaced", build->repeated_person_count);
        json_number(&json, "means_rows_replaced", build->repeated_means_count);
        json_number(&json, "sets", build->memberships.set_count);
    }
    if (build->manifest.data_size > 0) {
        json_number(&json, "views", build->views.count);
        json_number(&json, "identifiers", build->manifest.identifier_count);
        json_number(&json, "bytes", build->manifest.data_size);
    }
    json_gates(&json, &build->gates);
    json_times(&json, build);
    json_close_object(&json);
    json_end(&json);
}

/* --- to whoever mends rows --- */

static void print_quarantine(const struct intake *intake, FILE *to)
{
    for (size_t i = 0; i < intake->quarantine_count; i++) {
        const struct quarantined *row = &intake->quarantine[i];
        fprintf(to, "%s:%" PRIu32 ":%u: %s (%u)\n", intake->deliveries[row->delivery].file,
                row->line, row->column, refusal_text((enum refusal)row->refusal), row->refusal);
    }
}

static bool generation_is_there(int directory_fd, const char *generation_text)
{
    char name[PATH_SIZE];
    snprintf(name, sizeof(name), "%s" MANIFEST_SUFFIX, generation_text);
    return faccessat(directory_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A list that cannot be removed is in nobody's way. */
void summary_sweep_quarantine(const char *directory)
{
    DIR *folder = opendir(directory);
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char text[GENERATION_TEXT_SIZE];
        uint64_t generation;
        snprintf(text, sizeof(text), "%.16s", entry->d_name);
        if (generation_of_text(&generation, text, strlen(text)) &&
            strcmp(entry->d_name + strlen(text), QUARANTINE_SUFFIX) == 0 &&
            !generation_is_there(dirfd(folder), text))
            unlinkat(dirfd(folder), entry->d_name, 0);
    }
    if (folder != NULL)
        closedir(folder);
}

bool summary_write_quarantine(const struct build *build, const struct build_settings *settings,
                              struct fault *fault)
{
    char path[PATH_SIZE], generation[GENERATION_TEXT_SIZE];
    if (settings->quarantine == NULL && build->publication == NULL)
        return true;
    if (settings->quarantine != NULL) {
        snprintf(path, sizeof(path), "%s", settings->quarantine);
    } else {
        generation_to_text(generation, publish_next_generation(build->publication));
        snprintf(path, sizeof(path), "%s/%s" QUARANTINE_SUFFIX, settings->snapshots, generation);
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    struct stat info; /* /dev/null keeps its mode: it is everybody's */
    bool is_ours =
        fd >= 0 && fstat(fd, &info) == 0 && (!S_ISREG(info.st_mode) || fchmod(fd, 0640) == 0);
    FILE *to = is_ours ? fdopen(fd, "w") : NULL;
    if (to == NULL) {
        fault_set(fault, "%s: the list of refused rows cannot be written: %s", path,
                  strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    print_quarantine(&build->intake, to);
    bool is_good = ferror(to) == 0;
    if (fclose(to) != 0 || !is_good)
        return fault_set(fault, "%s: the list of refused rows cannot be written: %s", path,
                         strerror(errno));
    return true;
}
