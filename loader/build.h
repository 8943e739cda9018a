/* From a folder of deliveries to a published snapshot: the stages of the loader, in order. */
#ifndef LOADER_BUILD_H
#define LOADER_BUILD_H

#include "loader/cases_run.h"
#include "loader/compile.h"
#include "loader/gates.h"
#include "loader/identifiers.h"
#include "loader/publish.h"
#include "loader/shelves.h"

/* What a person chose. Texts are borrowed from argv. */
struct build_settings {
    const char *exports, *registers,
        *catalogue;     /* registers, catalogue NULL: those that came with the program */
    const char *absent; /* registers, with commas; NULL: none */
    const char *snapshots, *identity_key, *identity_keys, *signing_key; /* one of the two */
    const char *subject_key;                   /* NULL: the snapshot has no subjects */
    const char *quarantine, *summary, *accept; /* NULL: the default, none, nothing */
    const char *work_dir;                      /* NULL: `snapshots` */
    const char *parsed_dir;                    /* NULL: every file is parsed */
    uint64_t memory_mib;                       /* for what waits; 0: as much as there is */
    uint64_t environment, thread_count;        /* 0: as many as there are cores */
    uint64_t back_days, ahead_days, not_after_days, keep_count, group_change_percent_max;
    uint32_t as_of_day; /* 0: that of the latest delivery */
    bool is_dry, is_json, is_quiet;
};

/* The inputs and everything that was made of them. Who asks about persons has all facts and people
 * in memory (build_read); who builds has them on shelves, part by part. Zero before the first call;
 * build_close releases whatever is there. */
struct build {
    struct registers registers;
    struct vocabulary vocabulary;
    struct catalogue catalogue;
    struct compiled compiled;
    struct cases_check cases;
    struct intake intake;
    struct facts facts;
    struct people people;
    struct parsed *parsed; /* NULL: nothing is kept */
    struct hoard_room *room;
    struct shelves *shelves;
    struct evaluation *evaluation;
    struct identifiers *identifiers;
    uint64_t people_count, repeated_person_count, repeated_means_count, spilled_size;
    struct window window;
    uint32_t as_of_day, thread_count;

    struct memberships memberships;
    struct views views;
    struct source sources[REGISTER_COUNT_MAX];
    size_t source_count;
    struct group groups[GROUP_COUNT_MAX];
    struct gates gates;

    struct identity_key *identity;    /* of this build; a new one where there is a folder of keys */
    struct identity_key *subject_key; /* NULL: none */
    struct sign_secret *secret;
    struct sign_public public;
    struct publication *publication;
    struct snapshot *parent;
    struct manifest parent_manifest; /* generation 0: there is none */
    struct fault parent_fault;       /* empty: none */
    struct manifest manifest;        /* of this build */
    bool is_published;

    struct {
        const char *name;
        uint64_t ns, cpu_ns; /* by the clock, and of all threads together */
    } stages[16];
    size_t stage_count;
    uint64_t stage_start_ns, stage_start_cpu_ns;
};

/* The days around `as_of_day` that can be judged; a fault when some of them are none that a
 * snapshot can speak of. */
MUST_USE bool build_window(struct window *out, uint32_t as_of_day, uint64_t back_days,
                           uint64_t ahead_days, struct fault *fault);

/* Registers, rules, deliveries, join: all that explain needs. On a fault the data are refused. */
MUST_USE bool build_read(struct build *build, const struct build_settings *settings,
                         struct fault *fault);

/* Everything. Returns the exit status; EXIT_NO and EXIT_FAILED with a sentence in `fault`. */
MUST_USE int build_run(struct build *build, const struct build_settings *settings,
                       struct fault *fault);
void build_close(struct build *build);

#endif
