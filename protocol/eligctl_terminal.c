/* eligctl terminal: who may ask, in the catalogue's table, and who may not any more, on the signed
 * list. */
#include "protocol/eligctl.h"

#include "protocol/commands.h"
#include "protocol/day.h"
#include "protocol/enrolment.h"
#include "protocol/identity.h"
#include "protocol/json.h"
#include "protocol/options.h"
#include "protocol/profile.h"
#include "protocol/progress.h"
#include "protocol/replace.h"
#include "protocol/revocation.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define TERMINALS_HELP      "required: the catalogue's table of terminals"
#define NUMBER_HELP         "required: number of the terminal"
#define REVOCATIONS_HELP    "the signed list of keys that are good no longer"
#define REVOKER_SECRET_HELP "the secret key that signs the list; not the one that signs snapshots"
#define ENVIRONMENT_HELP    "number of the environment whose list it is; 0 is production"
#define NEW_LIST_HELP       "begin a list where there is none"

/* ---- the table, from reading to writing nobody else's ---- */

struct editing {
    struct replacing replacing;
    struct enrolment enrolment;
    struct stat info;
};

/* After true, edit_end. */
static bool edit_begin(struct editing *editing, const char *path, struct fault *fault)
{
    if (!replace_begin(&editing->replacing, path, fault))
        return false;
    if (enrolment_read(&editing->enrolment, path, &editing->info, fault))
        return true;
    replace_end(&editing->replacing);
    return false;
}

static bool edit_commit(struct editing *editing, struct fault *fault)
{
    const struct enrolment *enrolment = &editing->enrolment;
    return replace_commit(&editing->replacing, enrolment->text, enrolment->size, &editing->info,
                          fault) ||
           fault_at(fault, enrolment->path);
}

static void edit_end(struct editing *editing)
{
    enrolment_free(&editing->enrolment);
    replace_end(&editing->replacing);
}

static void print_fingerprint(const uint8_t key[static NOISE_KEY_SIZE])
{
    char text[FINGERPRINT_TEXT_SIZE];
    keyfile_fingerprint(text, key);
    printf("Fingerprint: %s\n", text);
}

/* ---- add ---- */

struct add_settings {
    const char *terminals, *points, *profile, *products, *key;
    uint64_t number, per_minute, per_day, typed_per_day;
    uint32_t from, until;
};

#define ADD_AT(field) offsetof(struct add_settings, field)

static const struct option_row add_rows[] = {
    {"terminals", OPTION_TEXT, ADD_AT(terminals), "FILE", NULL, 0, 0, TERMINALS_HELP},
    {"number", OPTION_NUMBER, ADD_AT(number), "NUMBER", NULL, 1, UINT32_MAX,
     "required: number of the terminal, which no other has"},
    {"points", OPTION_TEXT, ADD_AT(points), "NUMBERS", NULL, 0, 0,
     "required: points of sale where it is, and spans of them, such as \"101-120 205\""},
    {"profile", OPTION_TEXT, ADD_AT(profile), "NAME", NULL, 0, 0,
     "required: what it may be told: gate, till, inspector or administrator"},
    {"key", OPTION_TEXT, ADD_AT(key), "FILE.pub", NULL, 0, 0,
     "required: its public key, as keygen wrote it on the terminal"},
    {"products", OPTION_TEXT, ADD_AT(products), "NUMBERS", NULL, 0, 0,
     "products that it may ask about, and spans of them; without it: all"},
    {"per-minute", OPTION_NUMBER, ADD_AT(per_minute), "COUNT", NULL, 1, UINT32_MAX,
     "different identifiers a minute; without it: as the server says"},
    {"per-day", OPTION_NUMBER, ADD_AT(per_day), "COUNT", NULL, 1, UINT32_MAX,
     "different identifiers a day; without it: as the server says"},
    {"typed-per-day", OPTION_NUMBER, ADD_AT(typed_per_day), "COUNT", NULL, 1, UINT32_MAX,
     "identifiers typed by hand a day; without it: as the server says"},
    {"from", OPTION_DAY, ADD_AT(from), "DAY", NULL, 0, 0, "first day on which it may ask"},
    {"until", OPTION_DAY, ADD_AT(until), "DAY", NULL, 0, 0,
     "first day on which it may not any more"},
};

static const struct option_table add_table = {
    .usage = "eligctl terminal add --terminals FILE --number NUMBER --points NUMBERS\n"
             "             --profile NAME --key FILE.pub [options]",
    .about = "Enrols a terminal: a row more in the table, and no other byte changed.",
    .rows = add_rows,
    .row_count = sizeof(add_rows) / sizeof(add_rows[0]),
    .footer = "exit status: 0 enrolled; 2 usage; 3 could not enrol it",
};

static bool add_row(const char *path, const struct enrolling *row, struct fault *fault)
{
    struct editing editing;
    if (!edit_begin(&editing, path, fault))
        return false;
    bool is_good = enrolment_add(&editing.enrolment, row, fault) && edit_commit(&editing, fault);
    edit_end(&editing);
    return is_good;
}

static int run_add(int argc, char *argv[])
{
    struct add_settings s;
    struct fault fault;
    options_read(&add_table, &s, NULL, argc, argv);
    struct enrolling row = {.number = (uint32_t)s.number,
                            .points = s.points,
                            .profile = s.profile,
                            .products = s.products,
                            .per_minute = (uint32_t)s.per_minute,
                            .per_day = (uint32_t)s.per_day,
                            .typed_per_day = (uint32_t)s.typed_per_day,
                            .from_day = s.from,
                            .until_day = s.until == 0 ? DAY_NEVER : s.until};
    if (!enrolling_check(&row, &fault))
        return command_fail("eligctl terminal add", EXIT_USAGE, &fault);
    if (!identity_start(&fault) || !keyfile_read_terminal_public(row.key, s.key, &fault) ||
        !add_row(s.terminals, &row, &fault))
        return command_fail("eligctl terminal add", EXIT_FAILED, &fault);
    printf("Terminal %" PRIu32 " is enrolled in %s: profile %s, points of sale %s.\n", row.number,
           s.terminals, row.profile, row.points);
    print_fingerprint(row.key);
    puts("Next: compare the fingerprint with what the terminal shows; build and publish a "
         "snapshot from this\ncatalogue: the terminal may ask as soon as it is in service.");
    return command_finish("eligctl terminal add", EXIT_YES);
}

/* ---- list ---- */

struct list_settings {
    const char *terminals, *revocations, *revoker_public;
    uint64_t environment;
    bool json;
};

#define LIST_AT(field) offsetof(struct list_settings, field)

static const struct option_row list_rows[] = {
    {"terminals", OPTION_TEXT, LIST_AT(terminals), "FILE", NULL, 0, 0, TERMINALS_HELP},
    {"revocations", OPTION_TEXT, LIST_AT(revocations), "FILE", NULL, 0, 0,
     REVOCATIONS_HELP "; without it nobody is told to be revoked"},
    {"revoker-public", OPTION_TEXT, LIST_AT(revoker_public), "FILE.pub", NULL, 0, 0,
     "the public key by which the list is known"},
    {"environment", OPTION_NUMBER, LIST_AT(environment), "NUMBER", "0", 0, UINT32_MAX,
     ENVIRONMENT_HELP},
    {"json", OPTION_FLAG, LIST_AT(json), NULL, NULL, 0, 0, "answer as JSON"},
};

static const struct option_table list_table = {
    .usage =
        "eligctl terminal list --terminals FILE [--revocations FILE --revoker-public FILE.pub]",
    .about = "Tells who is enrolled, and how it stands with each today.",
    .rows = list_rows,
    .row_count = sizeof(list_rows) / sizeof(list_rows[0]),
    .footer = "exit status: 0 told; 2 usage; 3 could not read it",
};

/* NULL: without a list. */
static const char *state_of(const struct enrolled *terminal, const struct revocations *list,
                            uint32_t today)
{
    if (!terminal->has_key)
        return "not enrolled";
    if (list != NULL && revocations_has(list, terminal->key))
        return "revoked";
    if (today >= terminal->until_day)
        return "ended";
    return today < terminal->from_day ? "not begun" : "active";
}

static const char *day_or_dash(char text[static DAY_TEXT_SIZE], uint32_t day)
{
    if (day == 0 || day == DAY_NEVER)
        return "-";
    day_to_text(text, (int32_t)day);
    return text;
}

#define LIST_LINE "%-10s  %-13s  %-12s  %-10s  %-10s  %-39s  %.*s\n"

static void print_list(const struct enrolment *enrolment, const struct revocations *list,
                       uint32_t today)
{
    char number[16], from[DAY_TEXT_SIZE], until[DAY_TEXT_SIZE], text[FINGERPRINT_TEXT_SIZE];
    printf(LIST_LINE, "number", "profile", "state", "from", "until", "fingerprint", 6, "points");
    for (uint32_t i = 0; i < enrolment->count; i++) {
        const struct enrolled *t = &enrolment->terminals[i];
        snprintf(number, sizeof(number), "%" PRIu32, t->number);
        keyfile_fingerprint(text, t->key);
        printf(LIST_LINE, number, profile_name(t->profile), state_of(t, list, today),
               day_or_dash(from, t->from_day), day_or_dash(until, t->until_day),
               t->has_key ? text : "-", (int)t->points_size, t->points);
    }
}

static void json_terminal(struct json *json, const struct enrolled *t,
                          const struct revocations *list, uint32_t today)
{
    char text[FINGERPRINT_TEXT_SIZE], points[4096];
    snprintf(points, sizeof(points), "%.*s", (int)t->points_size, t->points);
    json_open_object(json, NULL);
    json_number(json, "number", t->number);
    json_text(json, "points", points);
    json_text(json, "profile", profile_name(t->profile));
    if (t->has_key) {
        keyfile_fingerprint(text, t->key);
        json_text(json, "fingerprint", text);
    }
    if (t->from_day != 0)
        json_day(json, "from", t->from_day);
    if (t->until_day != DAY_NEVER)
        json_day(json, "until", t->until_day);
    json_text(json, "state", state_of(t, list, today));
    json_close_object(json);
}

static void print_list_json(const struct enrolment *enrolment, const struct revocations *list,
                            uint32_t today)
{
    struct json json;
    json_start(&json, stdout);
    json_open_object(&json, NULL);
    json_day(&json, "day", today);
    if (list != NULL) {
        json_open_object(&json, "revocations");
        json_number(&json, "environment", list->environment);
        json_number(&json, "sequence", list->sequence);
        json_number(&json, "signed_s", list->signed_s);
        json_number(&json, "count", list->count);
        json_close_object(&json);
    }
    json_open_array(&json, "terminals");
    for (uint32_t i = 0; i < enrolment->count; i++)
        json_terminal(&json, &enrolment->terminals[i], list, today);
    json_close_array(&json);
    json_close_object(&json);
    json_end(&json);
}

/* `list` stays NULL when none was asked for. */
static bool read_list(struct revocations **list, const struct list_settings *s, struct fault *fault)
{
    struct sign_public signer;
    return s->revocations == NULL ||
           (keyfile_read_public(&signer, s->revoker_public, fault) &&
            revocations_read(list, s->revocations, &signer, (uint32_t)s->environment, 0, fault));
}

static int run_list(int argc, char *argv[])
{
    struct list_settings s;
    struct enrolment enrolment = {0};
    struct revocations *list = NULL;
    struct fault fault;
    options_read(&list_table, &s, NULL, argc, argv);
    if ((s.revocations == NULL) != (s.revoker_public == NULL)) {
        fault_write(&fault, "want --revocations and --revoker-public, or neither");
        return command_fail("eligctl terminal list", EXIT_USAGE, &fault);
    }
    uint32_t today = riga_day_of_time(clock_wall_s());
    bool is_good = identity_start(&fault) && read_list(&list, &s, &fault) &&
                   enrolment_read(&enrolment, s.terminals, NULL, &fault);
    if (is_good && s.json)
        print_list_json(&enrolment, list, today);
    else if (is_good)
        print_list(&enrolment, list, today);
    revocations_free(list);
    enrolment_free(&enrolment);
    return is_good ? command_finish("eligctl terminal list", EXIT_YES)
                   : command_fail("eligctl terminal list", EXIT_FAILED, &fault);
}

/* ---- begin-list ---- */

struct begin_settings {
    const char *revocations, *secret;
    uint64_t environment;
};

#define BEGIN_AT(field) offsetof(struct begin_settings, field)

static const struct option_row begin_rows[] = {
    {"revocations", OPTION_TEXT, BEGIN_AT(revocations), "FILE", NULL, 0, 0,
     "required: " REVOCATIONS_HELP},
    {"revoker-secret", OPTION_TEXT, BEGIN_AT(secret), "FILE", NULL, 0, 0,
     "required: " REVOKER_SECRET_HELP},
    {"environment", OPTION_NUMBER, BEGIN_AT(environment), "NUMBER", "0", 0, UINT32_MAX,
     ENVIRONMENT_HELP},
};

static const struct option_table begin_table = {
    .usage = "eligctl terminal begin-list --revocations FILE --revoker-secret FILE [options]",
    .about = "Begins a signed list on which nobody is, so that engines can watch it.",
    .rows = begin_rows,
    .row_count = sizeof(begin_rows) / sizeof(begin_rows[0]),
    .footer = "exit status: 0 begun; 2 usage; 3 could not begin it",
};

static int run_begin_list(int argc, char *argv[])
{
    struct begin_settings s;
    struct sign_secret *secret = NULL;
    struct fault fault;
    options_read(&begin_table, &s, NULL, argc, argv);
    bool is_good =
        identity_start(&fault) && keyfile_open_secret(&secret, s.secret, &fault) &&
        revocations_begin(s.revocations, (uint32_t)s.environment, clock_wall_s(), secret, &fault);
    keyfile_close_secret(secret);
    if (!is_good)
        return command_fail("eligctl terminal begin-list", EXIT_FAILED, &fault);
    printf("%s, list number 1, holds nobody.\n"
           "Next: put it where the engines read it, and start them with --revocations and "
           "--revoker-public.\n",
           s.revocations);
    return command_finish("eligctl terminal begin-list", EXIT_YES);
}

/* ---- revoke ---- */

/* Where the list is, and who signs it. */
struct revoker {
    const char *revocations, *secret;
    uint64_t environment;
    bool new_list;
};

struct revoke_settings {
    const char *terminals;
    uint64_t number;
    struct revoker revoker;
};

#define REVOKE_AT(field) offsetof(struct revoke_settings, field)

static const struct option_row revoke_rows[] = {
    {"terminals", OPTION_TEXT, REVOKE_AT(terminals), "FILE", NULL, 0, 0, TERMINALS_HELP},
    {"number", OPTION_NUMBER, REVOKE_AT(number), "NUMBER", NULL, 1, UINT32_MAX, NUMBER_HELP},
    {"revocations", OPTION_TEXT, REVOKE_AT(revoker.revocations), "FILE", NULL, 0, 0,
     "required: " REVOCATIONS_HELP},
    {"revoker-secret", OPTION_TEXT, REVOKE_AT(revoker.secret), "FILE", NULL, 0, 0,
     "required: " REVOKER_SECRET_HELP},
    {"environment", OPTION_NUMBER, REVOKE_AT(revoker.environment), "NUMBER", "0", 0, UINT32_MAX,
     ENVIRONMENT_HELP},
    {"new-list", OPTION_FLAG, REVOKE_AT(revoker.new_list), NULL, NULL, 0, 0, NEW_LIST_HELP},
};

static const struct option_table revoke_table = {
    .usage = "eligctl terminal revoke --terminals FILE --number NUMBER --revocations FILE\n"
             "             --revoker-secret FILE [options]",
    .about = "Puts a terminal's key on the signed list: it is good no longer.",
    .rows = revoke_rows,
    .row_count = sizeof(revoke_rows) / sizeof(revoke_rows[0]),
    .footer = "exit status: 0 it is on the list; 2 usage; 3 could not put it there",
};

/* A list that is not there is begun only by who says so: a lost one would let everybody in again.
 */
static bool list_is_there(const struct revoker *revoker, struct fault *fault)
{
    return revoker->new_list || access(revoker->revocations, F_OK) == 0 || errno != ENOENT ||
           fault_set(fault,
                     "%s: there is no such list; when there has never been one, --new-list begins "
                     "it",
                     revoker->revocations);
}

static bool revoke_key(struct revoking *out, const struct revoker *revoker, uint32_t number,
                       const uint8_t key[static NOISE_KEY_SIZE], struct fault *fault)
{
    struct sign_secret *secret = NULL;
    struct revocation entry = {.terminal = number, .revoked_s = clock_wall_s()};
    memcpy(entry.key, key, NOISE_KEY_SIZE);
    if (!list_is_there(revoker, fault) || !keyfile_open_secret(&secret, revoker->secret, fault))
        return false;
    bool is_good = revocations_revoke(out, revoker->revocations, (uint32_t)revoker->environment,
                                      &entry, secret, revoker->new_list, fault);
    keyfile_close_secret(secret);
    return is_good;
}

/* The terminal's key as it stands in the table now. */
static bool read_key(uint8_t key[static NOISE_KEY_SIZE], bool *has_key, const char *path,
                     uint32_t number, struct fault *fault)
{
    struct enrolment enrolment;
    const struct enrolled *terminal;
    if (!enrolment_read(&enrolment, path, NULL, fault))
        return false;
    bool is_good = enrolment_find(&terminal, &enrolment, number, fault);
    if (is_good) {
        *has_key = terminal->has_key;
        memcpy(key, terminal->key, NOISE_KEY_SIZE);
    }
    enrolment_free(&enrolment);
    return is_good;
}

static void print_revoking(const struct revoking *done, const struct revoker *revoker,
                           const char *whose, uint32_t number)
{
    printf("%s %" PRIu32 " %s revoked%s: %s, list number %" PRIu64 ", holds %" PRIu32 " key%s.\n",
           whose, number, done->was_there ? "was" : "is", done->was_there ? " before" : "",
           revoker->revocations, done->sequence, done->count, done->count == 1 ? "" : "s");
}

static int run_revoke(int argc, char *argv[])
{
    struct revoke_settings s;
    struct revoking done;
    struct fault fault;
    uint8_t key[NOISE_KEY_SIZE];
    bool has_key = false;
    options_read(&revoke_table, &s, NULL, argc, argv);
    uint32_t number = (uint32_t)s.number;
    if (!identity_start(&fault) || !read_key(key, &has_key, s.terminals, number, &fault))
        return command_fail("eligctl terminal revoke", EXIT_FAILED, &fault);
    if (!has_key) {
        fault_write(&fault, "%s: terminal %" PRIu32 " has no key: there is nothing to revoke",
                    s.terminals, number);
        return command_fail("eligctl terminal revoke", EXIT_FAILED, &fault);
    }
    if (!revoke_key(&done, &s.revoker, number, key, &fault))
        return command_fail("eligctl terminal revoke", EXIT_FAILED, &fault);
    print_revoking(&done, &s.revoker, "Terminal", number);
    puts("Next: put the list where the engines read it: the terminal's sessions end within a "
         "second.\nThen give it a new key (eligctl terminal rotate), or an end in the table "
         "(until).");
    return command_finish("eligctl terminal revoke", EXIT_YES);
}

/* ---- rotate ---- */

struct rotate_settings {
    const char *terminals, *key;
    uint64_t number;
    struct revoker revoker;
};

#define ROTATE_AT(field) offsetof(struct rotate_settings, field)

static const struct option_row rotate_rows[] = {
    {"terminals", OPTION_TEXT, ROTATE_AT(terminals), "FILE", NULL, 0, 0, TERMINALS_HELP},
    {"number", OPTION_NUMBER, ROTATE_AT(number), "NUMBER", NULL, 1, UINT32_MAX, NUMBER_HELP},
    {"key", OPTION_TEXT, ROTATE_AT(key), "FILE.pub", NULL, 0, 0,
     "required: its new public key, as keygen wrote it on the terminal"},
    {"revocations", OPTION_TEXT, ROTATE_AT(revoker.revocations), "FILE", NULL, 0, 0,
     REVOCATIONS_HELP ", onto which the old key goes"},
    {"revoker-secret", OPTION_TEXT, ROTATE_AT(revoker.secret), "FILE", NULL, 0, 0,
     REVOKER_SECRET_HELP},
    {"environment", OPTION_NUMBER, ROTATE_AT(revoker.environment), "NUMBER", "0", 0, UINT32_MAX,
     ENVIRONMENT_HELP},
    {"new-list", OPTION_FLAG, ROTATE_AT(revoker.new_list), NULL, NULL, 0, 0, NEW_LIST_HELP},
};

static const struct option_table rotate_table = {
    .usage = "eligctl terminal rotate --terminals FILE --number NUMBER --key FILE.pub\n"
             "             [--revocations FILE --revoker-secret FILE] [options]",
    .about = "Gives a terminal another key, or its first; the old one goes onto the list when "
             "that is given.",
    .rows = rotate_rows,
    .row_count = sizeof(rotate_rows) / sizeof(rotate_rows[0]),
    .footer = "exit status: 0 it has the new key; 2 usage; 3 could not give it",
};

/* Without `is_meant` all is tried but the writing. */
static bool change_key(const char *path, uint32_t number, const uint8_t key[static NOISE_KEY_SIZE],
                       bool is_meant, struct fault *fault)
{
    struct editing editing;
    if (!edit_begin(&editing, path, fault))
        return false;
    bool is_good = enrolment_set_key(&editing.enrolment, number, key, fault) &&
                   (!is_meant || edit_commit(&editing, fault));
    edit_end(&editing);
    return is_good;
}

/* A key that was revoked once is good for no terminal. */
static bool key_is_not_revoked(const struct revoker *revoker,
                               const uint8_t key[static NOISE_KEY_SIZE], struct fault *fault)
{
    struct sign_secret *secret = NULL;
    struct revocations *list = NULL;
    if (!list_is_there(revoker, fault) || !keyfile_open_secret(&secret, revoker->secret, fault))
        return false;
    struct sign_public signer = keyfile_public_of_secret(secret);
    keyfile_close_secret(secret);
    uint32_t environment = (uint32_t)revoker->environment;
    bool is_good =
        revoker->new_list
            ? revocations_read_if_there(&list, revoker->revocations, &signer, environment, 0, fault)
            : revocations_read(&list, revoker->revocations, &signer, environment, 0, fault);
    if (is_good && revocations_has(list, key))
        is_good = fault_set(fault, "%s: the new key is on the list already: make another one",
                            revoker->revocations);
    revocations_free(list);
    return is_good;
}

/* First the list, then the table: when it stops between, doing it again does the rest. */
static bool rotate(struct revoking *done, bool *is_revoked, const struct rotate_settings *s,
                   const uint8_t new[static NOISE_KEY_SIZE], struct fault *fault)
{
    uint32_t number = (uint32_t)s->number;
    uint8_t old[NOISE_KEY_SIZE];
    bool has_key = false;
    *is_revoked = false;
    if (!change_key(s->terminals, number, new, false, fault) ||
        !read_key(old, &has_key, s->terminals, number, fault))
        return false;
    if (s->revoker.revocations != NULL) {
        if (!key_is_not_revoked(&s->revoker, new, fault) ||
            (has_key && !revoke_key(done, &s->revoker, number, old, fault)))
            return false;
        *is_revoked = has_key;
    }
    return change_key(s->terminals, number, new, true, fault) ||
           (*is_revoked && fault_at(fault, "the old key is revoked, the new one not in the table "
                                           "yet: do it again"));
}

static int run_rotate(int argc, char *argv[])
{
    struct rotate_settings s;
    struct revoking done;
    struct fault fault;
    uint8_t key[NOISE_KEY_SIZE];
    bool is_revoked = false;
    options_read(&rotate_table, &s, NULL, argc, argv);
    if ((s.revoker.revocations == NULL) != (s.revoker.secret == NULL)) {
        fault_write(&fault, "want --revocations and --revoker-secret, or neither");
        return command_fail("eligctl terminal rotate", EXIT_USAGE, &fault);
    }
    if (!identity_start(&fault) || !keyfile_read_terminal_public(key, s.key, &fault) ||
        !rotate(&done, &is_revoked, &s, key, &fault))
        return command_fail("eligctl terminal rotate", EXIT_FAILED, &fault);
    printf("Terminal %" PRIu64 " has a new key in %s.\n", s.number, s.terminals);
    print_fingerprint(key);
    if (is_revoked)
        print_revoking(&done, &s.revoker, "The old key of terminal", (uint32_t)s.number);
    puts("Next: compare the fingerprint with what the terminal shows; build and publish a "
         "snapshot from this\ncatalogue: the new key is good as soon as it is in service, and "
         "the old one no longer.");
    return command_finish("eligctl terminal rotate", EXIT_YES);
}

int run_terminal(int argc, char *argv[])
{
    static const struct command commands[] = {
        {"add", run_add, "enrol a terminal with its public key"},
        {"list", run_list, "tell who is enrolled, and how it stands with each"},
        {"begin-list", run_begin_list, "begin a signed list on which nobody is"},
        {"revoke", run_revoke, "put a terminal's key on the signed list"},
        {"rotate", run_rotate, "give a terminal another key"},
    };
    return commands_run("eligctl terminal", "Enrols terminals and revokes them.", commands,
                        sizeof(commands) / sizeof(commands[0]), argc, argv);
}
