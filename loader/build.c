#include "loader/build.h"

#include "loader/assemble.h"
#include "loader/parallel.h"
#include "loader/parsed.h"
#include "loader/shared_files.h"
#include "loader/summary.h"
#include "protocol/calendar.h"
#include "protocol/options.h"
#include "protocol/progress.h"
#include "protocol/snapshot.h"
#include "protocol/subject.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t clock_cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void stage_end(struct build *build, const char *name)
{
    assert(build->stage_count < sizeof(build->stages) / sizeof(build->stages[0]));
    uint64_t now = clock_monotonic_ns(), cpu_now = clock_cpu_ns();
    build->stages[build->stage_count].name = name;
    build->stages[build->stage_count].ns = now - build->stage_start_ns;
    build->stages[build->stage_count++].cpu_ns = cpu_now - build->stage_start_cpu_ns;
    build->stage_start_ns = now;
    build->stage_start_cpu_ns = cpu_now;
}

/* --- reading --- */

static bool read_descriptions(struct build *build, const struct build_settings *settings,
                              struct fault *fault)
{
    char *registers = shared_file_find(settings->registers, "registers");
    char *catalogue = shared_file_find(settings->catalogue, "catalogue");
    bool is_good = registers_read(&build->registers, &build->vocabulary, registers, fault) &&
                   catalogue_read(&build->catalogue, catalogue, &build->vocabulary, fault);
    free(registers);
    free(catalogue);
    return is_good;
}

bool build_window(struct window *out, uint32_t as_of_day, uint64_t back_days, uint64_t ahead_days,
                  struct fault *fault)
{
    if (as_of_day <= back_days)
        return fault_set(fault,
                         "--back-days %" PRIu64 ": the window would not begin after 1970-01-01",
                         back_days);
    if (as_of_day + ahead_days > CALENDAR_DAY_END)
        return fault_set(fault, "--ahead-days %" PRIu64 ": the window would end after 9999",
                         ahead_days);
    *out = (struct window){as_of_day - (uint32_t)back_days, as_of_day + (uint32_t)ahead_days};
    return true;
}

static bool set_window(struct build *build, const struct build_settings *settings,
                       struct fault *fault)
{
    build->as_of_day =
        settings->as_of_day != 0 ? settings->as_of_day : intake_latest_as_of(&build->intake);
    return build_window(&build->window, build->as_of_day, settings->back_days, settings->ahead_days,
                        fault);
}

static void begin(struct build *build, const struct build_settings *settings)
{
    build->stage_start_ns = clock_monotonic_ns();
    build->thread_count =
        settings->thread_count != 0 ? (uint32_t)settings->thread_count : parallel_core_count();
}

/* After all deliveries: which days, and what the catalogue says of them. */
static bool compile(struct build *build, const struct build_settings *settings, struct fault *fault)
{
    if (!set_window(build, settings, fault) ||
        !compile_catalogue(&build->compiled, &build->catalogue, build->window, build->as_of_day,
                           false, fault))
        return false;
    vocabulary_renew_places(&build->vocabulary, &build->catalogue.trade);
    return true;
}

static struct intake_settings intake_settings_of(const struct build *build,
                                                 const struct build_settings *settings)
{
    return (struct intake_settings){.folder = settings->exports,
                                    .absent = settings->absent,
                                    .thread_count = build->thread_count,
                                    .is_quiet = settings->is_quiet,
                                    .parsed = build->parsed};
}

bool build_read(struct build *build, const struct build_settings *settings, struct fault *fault)
{
    begin(build, settings);
    struct intake_settings intake = intake_settings_of(build, settings);
    if (!read_descriptions(build, settings, fault) ||
        !intake_read(&build->intake, &build->facts, &build->vocabulary, &build->registers, &intake,
                     fault) ||
        !compile(build, settings, fault))
        return false;
    facts_renew_places(&build->facts, &build->catalogue.trade);
    return people_join(&build->people, &build->facts, &build->intake, build->thread_count, fault);
}

/* --- a country in parts --- */

static void put_on_shelves(void *context, struct facts *piece)
{
    shelves_add(context, piece);
}

static void base_is_on_shelves(void *context)
{
    shelves_know_kin(context);
}

static bool read_parts(struct build *build, const struct build_settings *settings,
                       struct fault *fault)
{
    if (!read_descriptions(build, settings, fault))
        return false;
    stage_end(build, "describe");
    build->room =
        hoard_room_open(settings->memory_mib << 20,
                        settings->work_dir != NULL ? settings->work_dir : settings->snapshots);
    if (settings->memory_mib != 0 && !hoard_room_try_folder(build->room, fault))
        return false;
    build->shelves = shelves_open(build->room);
    struct intake_sink sink = {put_on_shelves, base_is_on_shelves, build->shelves};
    struct intake_settings intake = intake_settings_of(build, settings);
    if (!intake_read_into(&build->intake, &sink, &build->vocabulary, &build->registers, &intake,
                          fault) ||
        !hoard_room_is_whole(build->room, fault) || !compile(build, settings, fault))
        return false;
    parsed_close(build->parsed);
    build->parsed = NULL;
    stage_end(build, "read");
    return true;
}

/* Facts -> whom they are about -> memberships and digests; what is missing may be known from
 * before. */
static bool assemble_parts(struct build *build, const struct build_settings *settings,
                           const struct prior_source *prior, struct fault *fault)
{
    build->evaluation = evaluation_open(build->catalogue.rules, &build->vocabulary, prior,
                                        build->window, build->as_of_day, build->thread_count);
    build->identifiers = identifiers_open(build->room, build->window, build->identity,
                                          build->subject_key, build->thread_count);
    struct assembly assembly = {.shelves = build->shelves,
                                .trade = &build->catalogue.trade,
                                .intake = &build->intake,
                                .evaluation = build->evaluation,
                                .identifiers = build->identifiers};
    identifiers_add_tests(build->identifiers, evaluation_test_set(build->evaluation));
    if (!assemble(&assembly, build->thread_count, settings->is_quiet, fault) ||
        !hoard_room_is_whole(build->room, fault))
        return false;
    build->people_count = assembly.person_count;
    build->repeated_person_count = assembly.repeated_person_count;
    shelves_close(build->shelves);
    build->shelves = NULL;
    stage_end(build, "evaluate");
    return true;
}

static bool settle_parts(struct build *build, struct fault *fault)
{
    evaluation_finish(&build->memberships, build->evaluation);
    if (!identifiers_settle(build->identifiers, &build->views, build->evaluation, &build->intake,
                            fault) ||
        !hoard_room_is_whole(build->room, fault))
        return false;
    build->repeated_means_count = identifiers_repeated_count(build->identifiers);
    build->spilled_size = hoard_room_spilled(build->room);
    intake_order_quarantine(&build->intake);
    evaluation_close(build->evaluation);
    build->evaluation = NULL;
    hoard_room_trim(build->room);
    stage_end(build, "settle");
    return true;
}

/* --- what is in service --- */

static struct snapshot_trust trust_of(const struct build *build,
                                      const struct build_settings *settings)
{
    return (struct snapshot_trust){.signer = &build->public,
                                   .identity = build->identity,
                                   .identity_keys = settings->identity_keys,
                                   .environment = (uint32_t)settings->environment,
                                   .is_mapped = true};
}

/* A parent that cannot be read is for the gates to judge: whoever rotates keys or mends a damaged
 * folder must be able to publish, and must say so. */
static void open_parent(struct build *build, const struct build_settings *settings)
{
    uint64_t generation, newest;
    uint8_t hash[DATA_HASH_SIZE];
    struct snapshot_trust trust = trust_of(build, settings);
    if (!snapshot_current(settings->snapshots, &generation, hash, &build->parent_fault)) {
        if (publish_list(settings->snapshots, &newest, 1) == 0)
            build->parent_fault.text[0] = '\0'; /* nothing was published here yet */
        return;
    }
    struct manifest manifest;
    if (snapshot_read_manifest(&manifest, settings->snapshots, generation, &build->public, NULL,
                               &build->parent_fault))
        build->parent_manifest = manifest;
    else
        return;
    if (snapshot_open(&build->parent, settings->snapshots, generation, &trust,
                      &build->parent_fault))
        build->parent_fault.text[0] = '\0';
}

static const struct prior_source *find_prior(struct prior_source *out, const struct build *build)
{
    if (build->parent == NULL)
        return NULL;
    *out = (struct prior_source){.tables = snapshot_tables(build->parent),
                                 .as_of_day = build->parent_manifest.as_of_day,
                                 .key = snapshot_identity(build->parent)};
    return out;
}

/* With a folder of keys a new one, in memory until the snapshot is there. */
static bool open_identity(struct build *build, const struct build_settings *settings,
                          struct fault *fault)
{
    return settings->identity_keys != NULL
               ? keyfile_make_identity(&build->identity, fault)
               : keyfile_open_identity(&build->identity, settings->identity_key, fault);
}

/* Fails early: before minutes of reading, and while nothing has been touched. */
static bool open_keys(struct build *build, const struct build_settings *settings,
                      struct fault *fault)
{
    if (!identity_start(fault) || !open_identity(build, settings, fault) ||
        (settings->subject_key != NULL &&
         !keyfile_open_subject(&build->subject_key, settings->subject_key, fault)) ||
        !keyfile_open_secret(&build->secret, settings->signing_key, fault))
        return false;
    build->public = keyfile_public_of_secret(build->secret);
    return true;
}

/* --- gates --- */

/* What givers expect of their reliefs. */
static bool check_cases(struct build *build, const struct build_settings *settings,
                        struct fault *fault)
{
    char *catalogue = shared_file_find(settings->catalogue, "catalogue");
    bool is_good =
        cases_check(&build->cases, catalogue, &build->catalogue, &build->vocabulary, fault);
    free(catalogue);
    return is_good;
}

/* Registers as delivered; one that came in several files is as old as its oldest. */
static void collect_sources(struct build *build)
{
    for (size_t r = 0; r < build->registers.count; r++) {
        const struct register_description *description = &build->registers.list[r];
        struct source source = {.as_of_day = DAY_NEVER,
                                .refused_per_mille_max = description->refused_per_mille_max,
                                .change_percent_max = description->change_percent_max};
        snprintf(source.name, sizeof(source.name), "%s", description->name);
        for (size_t i = 0; i < build->intake.delivery_count; i++) {
            const struct delivery *delivery = &build->intake.deliveries[i];
            if (delivery->description != description)
                continue;
            if (delivery->as_of_day < source.as_of_day)
                source.as_of_day = delivery->as_of_day;
            source.row_count += delivery->row_count;
            source.refused_count += delivery->refused_count;
        }
        source.overdue_day = source.as_of_day + description->fresh_days + 1;
        if (source.as_of_day != DAY_NEVER)
            build->sources[build->source_count++] = source;
    }
}

static void fill_groups(struct build *build)
{
    for (uint32_t i = 0; i < build->catalogue.rules->group_count; i++) {
        struct group *group = &build->groups[i];
        memcpy(group->name, build->catalogue.rules->groups[i].name, sizeof(group->name));
        group->yes_count = build->memberships.yes_counts[i];
        group->unknown_count = build->memberships.unknown_counts[i];
    }
}

static void check_gates(struct build *build, const struct build_settings *settings)
{
    const struct tables *parent = build->parent != NULL ? snapshot_tables(build->parent) : NULL;
    bool has_fault = build->parent_fault.text[0] != '\0';
    struct gate_input in = {
        .sources = build->sources,
        .source_count = build->source_count,
        .groups = build->groups,
        .group_count = build->catalogue.rules->group_count,
        .parent = build->parent_manifest.generation != 0 ? &build->parent_manifest : NULL,
        .parent_groups = parent != NULL ? parent->groups : NULL,
        .parent_group_count = parent != NULL ? parent->group_count : 0,
        .reliefs = build->compiled.reliefs,
        .relief_count = build->compiled.relief_count,
        .parent_reliefs = parent != NULL ? parent->reliefs : NULL,
        .parent_relief_count = parent != NULL ? parent->relief_count : 0,
        .failed_case_count = build->cases.failed_count,
        .case_count = build->cases.passed_count + build->cases.failed_count,
        .first_failed_case = build->cases.first,
        .from_day = build->window.from_day,
        .until_day = build->window.until_day,
        .parent_fault = has_fault ? build->parent_fault.text : NULL,
        .today = riga_day_of_time(clock_wall_s()),
        .group_change_percent_max = (uint32_t)settings->group_change_percent_max,
        .accept = settings->accept};
    gates_check(&build->gates, &in);
}

/* --- writing --- */

static bool fill_sources(struct build *build, struct fault *fault)
{
    if (build->source_count > SOURCE_COUNT_MAX)
        return fault_set(fault, "%zu registers: a snapshot has room for %d", build->source_count,
                         SOURCE_COUNT_MAX);
    for (size_t i = 0; i < build->source_count; i++) {
        const struct source *source = &build->sources[i];
        struct manifest_source *to = &build->manifest.sources[i];
        source_short_name(to->name, source->name);
        for (size_t other = 0; other < i; other++)
            if (strcmp(to->name, build->manifest.sources[other].name) == 0)
                return fault_set(fault,
                                 "registers %s and %s: names must differ in the first %d"
                                 " characters",
                                 build->sources[other].name, source->name, SOURCE_NAME_SIZE - 1);
        if (source->row_count > UINT32_MAX)
            return fault_set(fault, "%s: %" PRIu64 " rows are more than a snapshot can tell",
                             source->name, source->row_count);
        to->as_of_day = source->as_of_day;
        to->overdue_day = source->overdue_day;
        to->row_count = (uint32_t)source->row_count;
        to->refused_count = (uint32_t)source->refused_count;
    }
    build->manifest.source_count = (uint32_t)build->source_count;
    return true;
}

static void fill_manifest(struct build *build, const struct build_settings *settings)
{
    struct manifest *manifest = &build->manifest;
    manifest->environment = (uint32_t)settings->environment;
    manifest->generation = publish_next_generation(build->publication);
    manifest->parent = publish_current_generation(build->publication);
    manifest->created_s = clock_wall_s();
    manifest->not_after_s = manifest->created_s + settings->not_after_days * SECONDS_PER_DAY;
    identity_key_id(manifest->identity_key_id, build->identity);
    identity_check_value(manifest->identity_check, build->identity);
    manifest->as_of_day = build->as_of_day;
    manifest->from_day = build->window.from_day;
    manifest->until_day = build->window.until_day;
    manifest->person_count = build->memberships.published_count;
}

static bool write_snapshot(struct build *build, const struct build_settings *settings,
                           struct fault *fault)
{
    const struct memberships *memberships = &build->memberships;
    const struct compiled *compiled = &build->compiled;
    struct tables tables = {.views = build->views.list,
                            .set_first = memberships->set_first,
                            .memberships = memberships->list,
                            .groups = build->groups,
                            .census = memberships->census,
                            .view_count = build->views.count,
                            .set_count = memberships->set_count,
                            .group_count = build->catalogue.rules->group_count,
                            .census_count = memberships->census_count};
    compiled_fill(&tables, compiled);
    struct index_parts parts = identifiers_parts(build->identifiers);
    struct content content = {
        .parts = &parts,
        .entry_count = identifiers_count(build->identifiers),
        .tables = &tables,
        .subject_check = build->subject_key == NULL ? 0 : subject_key_check(build->subject_key)};
    struct progress progress;
    progress_start(&progress, "writing", "identifiers", content.entry_count, settings->is_quiet);
    if (!builder_write(publish_data_path(build->publication), &content, build->thread_count,
                       &build->manifest, fault))
        return false;
    progress_set(&progress, content.entry_count);
    progress_end(&progress);
    return true;
}

static bool publish(struct build *build, const struct build_settings *settings, struct fault *fault)
{
    fill_manifest(build, settings);
    if (!write_snapshot(build, settings, fault))
        return false;
    identifiers_close(build->identifiers);
    hoard_room_close(build->room);
    build->identifiers = NULL;
    build->room = NULL;
    stage_end(build, "write");

    struct snapshot_trust trust = trust_of(build, settings);
    trust.generation_above = build->manifest.parent;
    trust.now_s = build->manifest.created_s;
    if (!publish_commit(build->publication, &build->manifest, build->secret, &trust, fault))
        return false;
    build->is_published = true;
    bool is_swept = publish_sweep(build->publication, (uint32_t)settings->keep_count, fault);
    summary_sweep_quarantine(settings->snapshots);
    if (!is_swept)
        return fault_at(fault, "published, but an old key is not gone");
    stage_end(build, "publish");
    return true;
}

/* --- the whole --- */

int build_run(struct build *build, const struct build_settings *settings, struct fault *fault)
{
    begin(build, settings);

    /* nothing is read before it is clear that something could be published */
    if (!open_keys(build, settings, fault))
        return EXIT_FAILED;
    struct snapshot_trust trust = trust_of(build, settings);
    if (settings->parsed_dir != NULL && !parsed_open(&build->parsed, settings->parsed_dir, fault))
        return EXIT_FAILED;
    if (!settings->is_dry &&
        !publish_begin(&build->publication, settings->snapshots, &trust, fault))
        return EXIT_FAILED;

    /* rows -> facts -> people -> memberships; what is missing may be known from before */
    if (!read_parts(build, settings, fault) || !check_cases(build, settings, fault)) {
        struct fault unsaid;
        return build->room == NULL || hoard_room_is_whole(build->room, &unsaid) ? EXIT_NO
                                                                                : EXIT_FAILED;
    }
    stage_end(build, "cases");
    open_parent(build, settings);
    struct prior_source prior;
    if (!assemble_parts(build, settings, find_prior(&prior, build), fault) ||
        !settle_parts(build, fault))
        return EXIT_FAILED;
    collect_sources(build);
    fill_groups(build);
    if (!fill_sources(build, fault))
        return EXIT_FAILED;

    /* may it become current? */
    check_gates(build, settings);
    stage_end(build, "compare");
    if (!summary_write_quarantine(build, settings, fault))
        return EXIT_FAILED;
    if (build->gates.held_count > 0) {
        fault_set(fault, "held back by %zu gate%s: nothing was published", build->gates.held_count,
                  build->gates.held_count == 1 ? "" : "s");
        return EXIT_NO;
    }

    /* memberships -> snapshot -> CURRENT */
    if (!settings->is_dry && !publish(build, settings, fault))
        return EXIT_FAILED;
    return EXIT_YES;
}

void build_close(struct build *build)
{
    snapshot_close(build->parent);
    publish_end(build->publication);
    keyfile_close_identity(build->identity);
    keyfile_close_identity(build->subject_key);
    keyfile_close_secret(build->secret);
    parsed_close(build->parsed);
    shelves_close(build->shelves);
    evaluation_close(build->evaluation);
    identifiers_close(build->identifiers);
    hoard_room_close(build->room);
    views_free(&build->views);
    memberships_free(&build->memberships);
    people_free(&build->people);
    facts_free(&build->facts);
    intake_free(&build->intake);
    catalogue_free(&build->catalogue);
    compiled_free(&build->compiled);
    registers_free(&build->registers);
    *build = (struct build){0};
}
