/* What is done with snapshots that are published. */
#include "loader/commands.h"

#include "loader/diff.h"
#include "protocol/identity_keys.h"
#include "protocol/json.h"
#include "protocol/progress.h"
#include "protocol/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define GENERATIONS_TOLD_MAX 4096

struct folder_settings {
    const char *snapshots, *signing_public, *signing_key;
    const char *identity_key, *identity_keys, *identity_key_before;
    const char *generation, *above;
    uint64_t environment;
    bool is_json;
};

#define FOLDER_OPTION(name, type, field, argument, initial, most, help)                            \
    {                                                                                              \
        name, type, offsetof(struct folder_settings, field), argument, initial, 0, most, help      \
    }
#define OPTION_SNAPSHOTS                                                                           \
    FOLDER_OPTION("snapshots", OPTION_TEXT, snapshots, "DIR", NULL, 0,                             \
                  "required: folder of the snapshots")
#define OPTION_SIGNING_PUBLIC                                                                      \
    FOLDER_OPTION("signing-public", OPTION_TEXT, signing_public, "FILE", NULL, 0,                  \
                  "required: public key of the publisher")
#define OPTION_IDENTITY_KEY                                                                        \
    FOLDER_OPTION("identity-key", OPTION_TEXT, identity_key, "FILE", NULL, 0,                      \
                  "one key for the digests of identifiers, of all snapshots"),                     \
        FOLDER_OPTION("identity-keys", OPTION_TEXT, identity_keys, "DIR", NULL, 0,                 \
                      "folder where each snapshot has its own key; this or --identity-key")
#define OPTION_ENVIRONMENT                                                                         \
    FOLDER_OPTION("environment", OPTION_NUMBER, environment, "NUMBER", "0", UINT32_MAX,            \
                  "0: production; anything else: a test")
#define OPTION_JSON                                                                                \
    FOLDER_OPTION("json", OPTION_FLAG, is_json, NULL, NULL, 0, "JSON on standard output")

static bool open_keys(struct snapshot_keys *keys, struct snapshot_trust *trust,
                      const struct folder_settings *settings, struct fault *fault)
{
    bool is_good = snapshot_keys_open(keys, settings->signing_public, settings->identity_key,
                                      settings->identity_keys, fault);
    *trust = snapshot_trust_of(keys, (uint32_t)settings->environment);
    return is_good;
}

/* A generation as people write it: with or without the zeros in front. */
static bool read_generation(uint64_t *out, const char *word, struct fault *fault)
{
    char text[GENERATION_TEXT_SIZE] = "0000000000000000";
    size_t size = strlen(word);
    if (size <= GENERATION_TEXT_SIZE - 1)
        memcpy(text + GENERATION_TEXT_SIZE - 1 - size, word, size);
    if (size == 0 || size > GENERATION_TEXT_SIZE - 1 || !generation_of_text(out, text, 16))
        return fault_set(fault, "want a generation, up to 16 hexadecimal digits, found \"%.40s\"",
                         word);
    return true;
}

/* --- verify --- */

static const struct option_row verify_rows[] = {
    OPTION_SNAPSHOTS,
    OPTION_SIGNING_PUBLIC,
    OPTION_IDENTITY_KEY,
    OPTION_ENVIRONMENT,
    FOLDER_OPTION("generation", OPTION_TEXT, generation, "GENERATION", NULL, 0,
                  "which one; without it what CURRENT names"),
    FOLDER_OPTION("above", OPTION_TEXT, above, "GENERATION", NULL, 0,
                  "refuse this one and all older, as an engine does that serves it"),
    OPTION_JSON,
};

static const struct option_table verify_table = {
    .usage = "eligload verify --snapshots DIR --signing-public FILE --identity-keys DIR [options]",
    .about = "Opens a snapshot as an engine does and says what it is.",
    .rows = verify_rows,
    .row_count = sizeof(verify_rows) / sizeof(verify_rows[0]),
    .footer = "Exit status: 0 an engine would take it, 1 it would refuse, 2 usage, 3 could not be "
              "done.",
};

static void print_snapshot(const struct snapshot *snapshot)
{
    const struct manifest *m = snapshot_manifest(snapshot);
    const struct tables *t = snapshot_tables(snapshot);
    char generation[GENERATION_TEXT_SIZE], created[TIME_TEXT_SIZE], not_after[TIME_TEXT_SIZE],
        day[DAY_TEXT_SIZE];
    generation_to_text(generation, m->generation);
    time_to_text(created, m->created_s);
    time_to_text(not_after, m->not_after_s);
    printf("generation  %s, environment %" PRIu32 ", created %s, not after %s\n", generation,
           m->environment, created, not_after);
    day_to_text(day, (int32_t)m->as_of_day);
    printf("as of       %s", day);
    day_to_text(day, (int32_t)m->from_day);
    printf(", judging from %s", day);
    day_to_text(day, (int32_t)m->until_day);
    printf(" until %s\n", day);
    printf("holds       %s persons, %s identifiers, %s views, %s sets, %s bytes\n",
           COUNT_TEXT(m->person_count), COUNT_TEXT(m->identifier_count), COUNT_TEXT(t->view_count),
           COUNT_TEXT(t->set_count), COUNT_TEXT(m->data_size));
    printf("            %" PRIu32 " products, %" PRIu32 " reliefs, %" PRIu32 " clauses, %" PRIu32
           " terminals%s\n\n",
           t->product_count, t->relief_count, t->clause_count, t->terminal_count,
           m->subject_check != 0 ? ", subjects for a ledger" : "");
    printf("%-32s %-10s %12s %12s\n", "register", "as of", "rows", "refused");
    for (uint32_t i = 0; i < m->source_count; i++) {
        day_to_text(day, (int32_t)m->sources[i].as_of_day);
        printf("%-32.*s %-10s %12s %12s\n", SOURCE_NAME_SIZE, m->sources[i].name, day,
               COUNT_TEXT(m->sources[i].row_count), COUNT_TEXT(m->sources[i].refused_count));
    }
    printf("\n%-32s %12s %12s\n", "group", "persons", "unknown");
    for (uint32_t i = GROUP_TEST + 1; i < t->group_count; i++)
        printf("%-32.*s %12s %12s\n", NAME_SIZE, t->groups[i].name,
               COUNT_TEXT(t->groups[i].yes_count), COUNT_TEXT(t->groups[i].unknown_count));
}

static void json_manifest(struct json *json, const struct manifest *m)
{
    char text[GENERATION_TEXT_SIZE];
    generation_to_text(text, m->generation);
    json_text(json, "generation", text);
    generation_to_text(text, m->parent);
    json_text(json, "parent", text);
    json_number(json, "environment", m->environment);
    json_number(json, "created_s", m->created_s);
    json_number(json, "not_after_s", m->not_after_s);
    json_day(json, "as_of", m->as_of_day);
    json_day(json, "window_from", m->from_day);
    json_day(json, "window_until", m->until_day);
    json_number(json, "persons", m->person_count);
    json_number(json, "identifiers", m->identifier_count);
    json_number(json, "bytes", m->data_size);
    json_bool(json, "subjects", m->subject_check != 0);
}

static void print_snapshot_json(const struct snapshot *snapshot)
{
    const struct manifest *m = snapshot_manifest(snapshot);
    const struct tables *t = snapshot_tables(snapshot);
    struct json json;
    json_start(&json, stdout);
    json_open_object(&json, NULL);
    json_manifest(&json, m);
    json_number(&json, "views", t->view_count);
    json_number(&json, "sets", t->set_count);
    json_number(&json, "terminals", t->terminal_count);
    json_open_array(&json, "registers");
    for (uint32_t i = 0; i < m->source_count; i++) {
        json_open_object(&json, NULL);
        json_text(&json, "name", m->sources[i].name);
        json_day(&json, "as_of", m->sources[i].as_of_day);
        json_number(&json, "rows", m->sources[i].row_count);
        json_number(&json, "refused", m->sources[i].refused_count);
        json_close_object(&json);
    }
    json_close_array(&json);
    json_open_array(&json, "groups");
    for (uint32_t i = 0; i < t->group_count; i++) {
        json_open_object(&json, NULL);
        json_text(&json, "name", t->groups[i].name);
        json_number(&json, "yes", t->groups[i].yes_count);
        json_number(&json, "unknown", t->groups[i].unknown_count);
        json_close_object(&json);
    }
    json_close_array(&json);
    json_close_object(&json);
    json_end(&json);
}

int command_verify(int argc, char *argv[])
{
    struct folder_settings settings;
    struct operands operands;
    struct fault fault;
    struct snapshot_keys keys;
    struct snapshot_trust trust;
    struct snapshot *snapshot = NULL;
    uint64_t generation = 0, above = 0;
    options_read(&verify_table, &settings, &operands, argc, argv);
    if ((settings.generation != NULL &&
         !read_generation(&generation, settings.generation, &fault)) ||
        !identity_keys_choice(settings.identity_key, settings.identity_keys, &fault) ||
        (settings.above != NULL && !read_generation(&above, settings.above, &fault)))
        return command_fail(PROGRAM, EXIT_USAGE, &fault);

    bool has_keys = open_keys(&keys, &trust, &settings, &fault);
    trust.now_s = clock_wall_s();
    trust.generation_above = above;
    bool is_good =
        has_keys &&
        (generation != 0 ? snapshot_open(&snapshot, settings.snapshots, generation, &trust, &fault)
                         : snapshot_open_current(&snapshot, settings.snapshots, &trust, &fault));
    if (is_good && settings.is_json)
        print_snapshot_json(snapshot);
    else if (is_good)
        print_snapshot(snapshot);
    snapshot_close(snapshot);
    snapshot_keys_close(&keys);
    if (!is_good)
        return command_fail(PROGRAM, has_keys ? EXIT_NO : EXIT_FAILED, &fault);
    return command_finish(PROGRAM, EXIT_YES);
}

/* --- list --- */

static const struct option_row list_rows[] = {
    OPTION_SNAPSHOTS,
    OPTION_SIGNING_PUBLIC,
    FOLDER_OPTION("identity-keys", OPTION_TEXT, identity_keys, "DIR", NULL, 0,
                  "folder of each snapshot's key: says which have none, and are no way back"),
    OPTION_JSON,
};

static const struct option_table list_table = {
    .usage = "eligload list --snapshots DIR --signing-public FILE [options]",
    .about = "Lists the generations of a folder; data are not read, only signed pages and sizes.",
    .rows = list_rows,
    .row_count = sizeof(list_rows) / sizeof(list_rows[0]),
};

/* The signed page is good and the data file has the size that it says; else a fault. */
static bool look_at_generation(struct manifest *out, const struct folder_settings *settings,
                               uint64_t generation, const struct sign_public *signer,
                               struct fault *fault)
{
    char text[GENERATION_TEXT_SIZE], path[4096];
    struct stat info;
    generation_to_text(text, generation);
    snprintf(path, sizeof(path), "%s/%s" DATA_SUFFIX, settings->snapshots, text);
    if (!snapshot_read_manifest(out, settings->snapshots, generation, signer, NULL, fault))
        return false;
    if (stat(path, &info) != 0)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    if ((uint64_t)info.st_size != out->data_size)
        return fault_set(fault, "%s: want %" PRIu64 " bytes, found %" PRIu64, path, out->data_size,
                         (uint64_t)info.st_size);
    return true;
}

/* Whether the generation still has its key; true where keys are not asked about. */
static bool has_key(const struct folder_settings *settings, const struct manifest *m)
{
    struct identity_key *key;
    struct fault unsaid;
    uint8_t id[KEY_ID_SIZE];
    if (settings->identity_keys == NULL)
        return true;
    if (!identity_keys_open(&key, settings->identity_keys, m->generation, &unsaid))
        return false;
    identity_key_id(id, key);
    keyfile_close_identity(key);
    return memcmp(id, m->identity_key_id, sizeof(id)) == 0;
}

static void list_one(const struct folder_settings *settings, uint64_t generation, bool is_current,
                     const struct sign_public *signer, struct json *json)
{
    struct manifest m;
    struct fault fault;
    char text[GENERATION_TEXT_SIZE], parent[GENERATION_TEXT_SIZE], created[TIME_TEXT_SIZE],
        day[DAY_TEXT_SIZE];
    bool is_good = look_at_generation(&m, settings, generation, signer, &fault);
    generation_to_text(text, generation);
    if (settings->is_json) {
        json_open_object(json, NULL);
        if (is_good)
            json_manifest(json, &m);
        else
            json_text(json, "generation", text);
        json_bool(json, "current", is_current);
        if (is_good && settings->identity_keys != NULL)
            json_bool(json, "has_key", has_key(settings, &m));
        if (!is_good)
            json_text(json, "fault", fault.text);
        json_close_object(json);
        return;
    }
    if (!is_good) {
        printf("%s %s BAD: %s\n", is_current ? "*" : " ", text, fault.text);
        return;
    }
    generation_to_text(parent, m.parent);
    time_to_text(created, m.created_s);
    day_to_text(day, (int32_t)m.as_of_day);
    printf("%s %s %s %s %s %12s %14s%s\n", is_current ? "*" : " ", text, parent, created, day,
           COUNT_TEXT(m.person_count), COUNT_TEXT(m.data_size),
           has_key(settings, &m) ? "" : " no key");
}

int command_list(int argc, char *argv[])
{
    struct folder_settings settings;
    struct operands operands;
    struct fault fault;
    struct sign_public signer;
    struct json json;
    uint64_t generations[GENERATIONS_TOLD_MAX], current = 0;
    uint8_t hash[DATA_HASH_SIZE];
    options_read(&list_table, &settings, &operands, argc, argv);
    if (!identity_start(&fault) || !keyfile_read_public(&signer, settings.signing_public, &fault))
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    DIR *folder = opendir(settings.snapshots);
    if (folder == NULL) {
        fault_set(&fault, "%s: %s", settings.snapshots, strerror(errno));
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    }
    closedir(folder);

    size_t count = publish_list(settings.snapshots, generations, GENERATIONS_TOLD_MAX);
    bool has_current = snapshot_current(settings.snapshots, &current, hash, &fault);
    if (!has_current)
        fprintf(stderr, "eligload: %s\n", fault.text);
    else if (count > 0 && count <= GENERATIONS_TOLD_MAX && current < generations[count - 1])
        fprintf(stderr,
                "eligload: CURRENT names an older generation than the newest: restored from "
                "a backup, or a loader was ended before it could move CURRENT? engines that serve "
                "a newer one refuse it\n");
    if (settings.is_json) {
        json_start(&json, stdout);
        json_open_array(&json, NULL);
    } else {
        printf("  %-16s %-16s %-20s %-10s %12s %14s\n", "generation", "parent", "created", "as of",
               "persons", "bytes");
    }
    for (size_t i = 0; i < count && i < GENERATIONS_TOLD_MAX; i++)
        list_one(&settings, generations[i], has_current && generations[i] == current, &signer,
                 &json);
    if (settings.is_json) {
        json_close_array(&json);
        json_end(&json);
    }
    return command_finish(PROGRAM, EXIT_YES);
}

/* --- diff --- */

static const struct option_row diff_rows[] = {
    OPTION_SNAPSHOTS,
    OPTION_SIGNING_PUBLIC,
    OPTION_IDENTITY_KEY,
    FOLDER_OPTION("identity-key-before", OPTION_TEXT, identity_key_before, "FILE", NULL, 0,
                  "that of the first generation, when it is another one"),
    OPTION_ENVIRONMENT,
    OPTION_JSON,
};

static const struct option_table diff_table = {
    .usage = "eligload diff --snapshots DIR --signing-public FILE --identity-keys DIR [options] "
             "BEFORE NOW",
    .about = "Compares two generations: rows by register, persons by group and, in counts of five "
             "and more, changes by municipality and identifiers that gained and lost.",
    .rows = diff_rows,
    .row_count = sizeof(diff_rows) / sizeof(diff_rows[0]),
    .operands_least = 2,
    .operands_most = 2,
    .footer = "Exit status: 0 compared, 1 a snapshot is refused, 2 usage, 3 could not be done.",
};

static bool diff_open(struct snapshot **before, struct snapshot **now,
                      const struct folder_settings *settings, const uint64_t generations[static 2],
                      struct snapshot_trust trust, const struct identity_key *key_before,
                      struct fault *fault)
{
    if (!snapshot_open(now, settings->snapshots, generations[1], &trust, fault))
        return false;
    if (key_before != NULL) {
        trust.identity = key_before;
        trust.identity_keys = NULL;
    }
    return snapshot_open(before, settings->snapshots, generations[0], &trust, fault);
}

int command_diff(int argc, char *argv[])
{
    struct folder_settings settings;
    struct operands operands;
    struct fault fault;
    struct snapshot_keys keys;
    struct snapshot_trust trust;
    struct identity_key *key_before = NULL;
    struct snapshot *before = NULL, *now = NULL;
    uint64_t generations[2];
    options_read(&diff_table, &settings, &operands, argc, argv);
    for (int i = 0; i < 2; i++)
        if (!read_generation(&generations[i], operands.words[i], &fault))
            return command_fail(PROGRAM, EXIT_USAGE, &fault);
    if (!identity_keys_choice(settings.identity_key, settings.identity_keys, &fault))
        return command_fail(PROGRAM, EXIT_USAGE, &fault);

    bool has_keys = open_keys(&keys, &trust, &settings, &fault) &&
                    (settings.identity_key_before == NULL ||
                     keyfile_open_identity(&key_before, settings.identity_key_before, &fault));
    bool is_good =
        has_keys && diff_open(&before, &now, &settings, generations, trust, key_before, &fault);
    if (is_good) {
        struct diff diff;
        diff_compare(&diff, before, now);
        if (settings.is_json)
            diff_print_json(&diff, stdout);
        else
            diff_print(&diff, stdout);
        diff_free(&diff);
    }
    snapshot_close(before);
    snapshot_close(now);
    keyfile_close_identity(key_before);
    snapshot_keys_close(&keys);
    if (!is_good)
        return command_fail(PROGRAM, has_keys ? EXIT_NO : EXIT_FAILED, &fault);
    return command_finish(PROGRAM, EXIT_YES);
}

/* --- rollback --- */

static const struct option_row rollback_rows[] = {
    OPTION_SNAPSHOTS,
    FOLDER_OPTION("to", OPTION_TEXT, generation, "GENERATION", NULL, 0,
                  "required: the generation whose data come into service again"),
    FOLDER_OPTION("signing-key", OPTION_TEXT, signing_key, "FILE", NULL, 0,
                  "required: key that signs the snapshot"),
    OPTION_IDENTITY_KEY,
    OPTION_ENVIRONMENT,
};

static const struct option_table rollback_table = {
    .usage = "eligload rollback --snapshots DIR --to GENERATION --signing-key FILE --identity-keys "
             "DIR [options]",
    .about = "Publishes the data of an older generation under a new number, because engines never "
             "go back.",
    .rows = rollback_rows,
    .row_count = sizeof(rollback_rows) / sizeof(rollback_rows[0]),
    .footer = "Exit status: 0 published, 2 usage, 3 could not be done (nothing changed).",
};

static bool rollback(const struct folder_settings *settings, uint64_t generation,
                     uint64_t *new_generation, struct fault *fault)
{
    struct identity_key *identity = NULL;
    struct sign_secret *secret = NULL;
    struct publication *publication = NULL;
    struct sign_public signer;
    struct manifest manifest;
    bool is_done = false;
    bool has_keys = identity_start(fault) &&
                    (settings->identity_key == NULL ||
                     keyfile_open_identity(&identity, settings->identity_key, fault)) &&
                    keyfile_open_secret(&secret, settings->signing_key, fault);
    if (has_keys)
        signer = keyfile_public_of_secret(secret);
    struct snapshot_trust trust = {.signer = &signer,
                                   .identity = identity,
                                   .identity_keys = settings->identity_keys,
                                   .environment = (uint32_t)settings->environment};
    /* the page is read first: a folder that is not there is not made */
    if (has_keys &&
        snapshot_read_manifest(&manifest, settings->snapshots, generation, &signer, NULL, fault) &&
        publish_begin(&publication, settings->snapshots, &trust, fault))
        is_done = publish_rollback(publication, generation, secret, &trust, new_generation, fault);
    publish_end(publication);
    keyfile_close_secret(secret);
    keyfile_close_identity(identity);
    return is_done;
}

int command_rollback(int argc, char *argv[])
{
    struct folder_settings settings;
    struct operands operands;
    struct fault fault;
    uint64_t generation, new_generation;
    options_read(&rollback_table, &settings, &operands, argc, argv);
    if (!read_generation(&generation, settings.generation, &fault) ||
        !identity_keys_choice(settings.identity_key, settings.identity_keys, &fault))
        return command_fail(PROGRAM, EXIT_USAGE, &fault);
    if (!rollback(&settings, generation, &new_generation, &fault))
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    char from[GENERATION_TEXT_SIZE], to[GENERATION_TEXT_SIZE];
    generation_to_text(from, generation);
    generation_to_text(to, new_generation);
    printf("published: generation %s, with the data of %s\n", to, from);
    return command_finish(PROGRAM, EXIT_YES);
}
