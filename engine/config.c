#include "engine/config.h"

#include "engine/guard.h"
#include "engine/listener.h"
#include "engine/spin.h"
#include "protocol/identity_keys.h"
#include "protocol/nearest.h"
#include "protocol/profile.h"

#include <string.h>

#define AT(field) offsetof(struct config, field)

/* clang-format off */
static const struct option_row rows[] = {
    {"snapshots", OPTION_TEXT, AT(snapshots), "DIR", NULL, 0, 0,
     "required: directory in which snapshots are published"},
    {"identity-key", OPTION_TEXT, AT(identity_key), "FILE", NULL, 0, 0,
     "one key for the identifiers of all snapshots"},
    {"identity-keys", OPTION_TEXT, AT(identity_keys), "DIR", NULL, 0, 0,
     "folder where each snapshot has its own key, GENERATION.key; this or --identity-key"},
    {"signing-public", OPTION_TEXT, AT(signing_public), "FILE", NULL, 0, 0,
     "required: public key of who may sign snapshots"},
    {"listen", OPTION_TEXT, AT(listen), "ADDRESS", NULL, 0, 0,
     "serve sealed sessions of terminals, as 0.0.0.0:7447 or [::]:7447; port 0: any"},
    {"server-key", OPTION_TEXT, AT(server_key), "FILE", NULL, 0, 0,
     "the server's secret key, which terminals know the public half of"},
    {"server-key-next", OPTION_TEXT, AT(server_key_next), "FILE", NULL, 0, 0,
     "the key that will follow it: terminals may use it already"},
    {"merchant-keys", OPTION_TEXT, AT(merchant_keys), "DIR", NULL, 0, 0,
     "directory of the merchants' secret keys, PROVIDER.key each"},
    {"revocations", OPTION_TEXT, AT(revocations), "FILE", NULL, 0, 0,
     "signed list of terminals' keys that are good no longer; watched"},
    {"revoker-public", OPTION_TEXT, AT(revoker_public), "FILE", NULL, 0, 0,
     "public key of who may sign that list"},
    {"state", OPTION_TEXT, AT(state), "DIR", NULL, 0, 0,
     "directory for what must survive a restart: terminals' budgets and handshake counters"},
    {"per-minute", OPTION_NUMBER, AT(per_minute), "COUNT", "120", 0, GUARD_PER_MINUTE_MAX,
     "different people that a terminal may ask about in a minute, if the catalogue says nothing; 0: no bound"},
    {"per-day", OPTION_NUMBER, AT(per_day), "COUNT", "2000", 0, GUARD_PER_DAY_MAX,
     "the same in a day"},
    {"typed-per-day", OPTION_NUMBER, AT(typed_per_day), "COUNT", "200", 0, UINT32_MAX,
     "typed codes that a terminal may ask about in a day, likewise"},
    {"misses-per-day", OPTION_NUMBER, AT(misses_per_day), "COUNT", "1000", 0, UINT32_MAX,
     "different people in no register that a terminal may ask about in a day"},
    {"listen-plain", OPTION_TEXT, AT(listen_plain), "ADDRESS", NULL, 0, 0,
     "serve plain frames on a loopback address, as 127.0.0.1:7448; port 0: any"},
    {"unix", OPTION_TEXT, AT(unix_path), "PATH", NULL, 0, 0,
     "Unix socket that serves plain frames, open to owner and group"},
    {"port-file", OPTION_TEXT, AT(port_file), "FILE", NULL, 0, 0,
     "write the port of --listen there once it is served"},
    {"port-file-plain", OPTION_TEXT, AT(port_file_plain), "FILE", NULL, 0, 0,
     "write the port of --listen-plain there once it is served"},
    {"profile", OPTION_TEXT, AT(profile), "NAME", "till", 0, 0,
     "what is seen of answers to plain frames: gate, till, inspector or administrator"},
    {"loops", OPTION_NUMBER, AT(loops), "COUNT", "1", 1, CONFIG_LOOPS_MAX,
     "event loops, one thread each"},
    {"busy-poll", OPTION_NUMBER, AT(busy_poll_us), "US", "0", 0, SPIN_US_MAX,
     "before it sleeps a loop looks for more for so many microseconds: faster answers for a core each; 0: never"},
    {"connections-max", OPTION_NUMBER, AT(connections_max), "COUNT", "10000", 1,
     CONFIG_CONNECTIONS_MAX, "connections open at once, over all loops"},
    {"idle-ms", OPTION_NUMBER, AT(idle_ms), "MS", "300000", 10, 86400000,
     "close a connection that is silent this long"},
    {"frame-ms", OPTION_NUMBER, AT(frame_ms), "MS", "10000", 10, 86400000,
     "close a connection whose frame is not whole this long after its first byte"},
    {"hello-ms", OPTION_NUMBER, AT(hello_ms), "MS", "5000", 10, 86400000,
     "close a sealed connection that has not said HELLO, or not used its session, for so long"},
    {"write-ms", OPTION_NUMBER, AT(write_ms), "MS", "20000", 10, 86400000,
     "close a connection that has not taken its answers for this long"},
    {"drain-ms", OPTION_NUMBER, AT(drain_ms), "MS", "5000", 0, 600000,
     "on SIGTERM, wait at most this long for connections to leave"},
    {"poll-ms", OPTION_NUMBER, AT(poll_ms), "MS", "500", 10, 3600000,
     "look for a newly published snapshot this often"},
    {"ledger", OPTION_TEXT, AT(ledger), "DIR", NULL, 0, 0,
     "keep a ledger of transactions in this directory; wants --subject-key"},
    {"audit", OPTION_TEXT, AT(audit), "DIR", NULL, 0, 0,
     "keep a journal in this directory of who asked about whom; wants --subject-key"},
    {"audit-size", OPTION_NUMBER, AT(audit_size), "MIB", "4096", 1, 16777216,
     "the journal takes no more than so much: its oldest parts go"},
    {"audit-days", OPTION_NUMBER, AT(audit_days), "DAYS", "0", 0, 36500,
     "parts of the journal that are older go; 0: as long as there is room"},
    {"audit-full", OPTION_TEXT, AT(audit_full), "WHAT", CONFIG_AUDIT_LOSE, 0, 0,
     "when the disk is too slow or full: lose what does not fit, counted, or refuse to answer"},
    {"subject-key", OPTION_TEXT, AT(subject_key), "FILE", NULL, 0, 0,
     "the key by which ledger and journal know people: that of the snapshots, for as long as they live"},
    {"ledger-map", OPTION_NUMBER, AT(ledger_map), "MIB", "65536", 16, 16777216,
     "the ledger may grow to so much; more than is needed costs nothing"},
    {"ledger-keep-days", OPTION_NUMBER, AT(ledger_keep_days), "DAYS", "0", 0, 36500,
     "remove postings and closed counts that are older; 0: never"},
    {"ledger-keep-denied-days", OPTION_NUMBER, AT(ledger_keep_denied_days), "DAYS", "90", 0, 36500,
     "remove what stands of denials after so long, but for their hash; 0: never"},
    {"ledger-head-key", OPTION_TEXT, AT(ledger_head_key), "FILE", NULL, 0, 0,
     "secret signing key: every minute DIR/head says, signed, what ledger and journal have come to"},
    {"ledger-head", OPTION_TEXT, AT(ledger_head), "FILE", NULL, 0, 0,
     "a head that was kept elsewhere: an older ledger, or another one, refuses the start"},
    {"accept-older-ledger", OPTION_FLAG, AT(accept_older_ledger), NULL, NULL, 0, 0,
     "start all the same: the ledger was restored, and what came after is known to be lost"},
    {"trust-clock", OPTION_FLAG, AT(trust_clock), NULL, NULL, 0, 0,
     "the wall clock is right, though it is far ahead of the ledger's"},
    {"environment", OPTION_NUMBER, AT(environment), "NUMBER", "0", 0, UINT32_MAX,
     "number of the environment whose snapshots are served; 0 is production"},
    {"config", OPTION_TEXT, AT(config), "FILE", NULL, 0, 0,
     "read options from a file of \"name value\" lines first"},
    {"check-config", OPTION_FLAG, AT(check_config), NULL, NULL, 0, 0,
     "say whether the options and key files are good, and stop"},
    {"dump-config", OPTION_FLAG, AT(dump_config), NULL, NULL, 0, 0,
     "print all options in the form of a configuration file, and stop"},
};
/* clang-format on */

const struct option_table config_table = {
    .usage = "eligd --snapshots DIR --identity-keys DIR --signing-public FILE\n"
             "             [--listen ADDRESS] [--unix PATH] [options]",
    .about = "Answer whether a relief applies to a purchase, from a published snapshot.",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .footer = "Signals: HUP looks for a new snapshot at once; TERM and INT drain and stop.\n"
              "Exit status: 0 stopped as asked, 1 --check-config found a fault, 2 usage,\n"
              "3 could not start or go on.",
};

static bool check_profile(const char *name, struct fault *fault)
{
    if (profile_of_name(name) != 0)
        return true;
    const char *nearest = profile_nearest(name);
    return fault_set(fault, "--profile: want " PROFILE_NAMES ", found \"%.60s\"%s%s%s", name,
                     nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "",
                     nearest != NULL ? "?" : "");
}

/* Terminals are served with all that keeps them apart from thieves, or not at all. */
static bool check_sealed(const struct config *config, struct fault *fault)
{
    if (config->listen != NULL && (config->server_key == NULL || config->merchant_keys == NULL))
        return fault_set(fault, "--listen: sealed sessions want --server-key FILE and "
                                "--merchant-keys DIR; plain frames are served by --listen-plain on "
                                "a loopback address, or by --unix");
    if ((config->revocations != NULL) != (config->revoker_public != NULL))
        return fault_set(fault,
                         "--revocations and --revoker-public go together: a list counts only "
                         "when its signer is known");
    const struct {
        const char *name, *value;
    } sealed_only[] = {
        {"server-key", config->server_key},
        {"server-key-next", config->server_key_next},
        {"merchant-keys", config->merchant_keys},
        {"revocations", config->revocations},
        {"state", config->state},
    };
    for (size_t i = 0; i < sizeof(sealed_only) / sizeof(sealed_only[0]); i++)
        if (config->listen == NULL && sealed_only[i].value != NULL)
            return fault_set(fault,
                             "--%s: is about sealed sessions, which nobody has without --listen",
                             sealed_only[i].name);
    return true;
}

/* What is about a ledger wants one. */
static bool check_ledger(const struct config *config, struct fault *fault)
{
    const struct {
        const char *name;
        bool is_given;
    } ledger_only[] = {
        {"ledger-head", config->ledger_head != NULL},
        {"accept-older-ledger", config->accept_older_ledger},
        {"trust-clock", config->trust_clock},
    };
    for (size_t i = 0; i < sizeof(ledger_only) / sizeof(ledger_only[0]); i++)
        if (config->ledger == NULL && ledger_only[i].is_given)
            return fault_set(fault, "--%s: is about a ledger, and there is none without --ledger",
                             ledger_only[i].name);
    if (config->ledger != NULL && config->subject_key == NULL)
        return fault_set(fault, "--ledger: wants --subject-key FILE, the key with which the "
                                "snapshots' subjects were made (eligctl keygen subject)");
    if (config->ledger_head != NULL && config->ledger_head_key == NULL)
        return fault_set(fault, "--ledger-head: wants --ledger-head-key FILE, which signed it");
    if (config->accept_older_ledger && config->ledger_head == NULL)
        return fault_set(fault,
                         "--accept-older-ledger: older than what? It goes with --ledger-head");
    return true;
}

/* The keys that ledger and journal share, and the journal. */
static bool check_audit(const struct config *config, struct fault *fault)
{
    const struct {
        const char *name, *value;
    } shared[] = {
        {"subject-key", config->subject_key},
        {"ledger-head-key", config->ledger_head_key},
    };
    for (size_t i = 0; i < COUNT_OF(shared); i++)
        if (config->ledger == NULL && config->audit == NULL && shared[i].value != NULL)
            return fault_set(fault,
                             "--%s: is about a ledger or a journal of checks, and there is neither "
                             "--ledger nor --audit",
                             shared[i].name);
    if (config->audit != NULL && config->subject_key == NULL)
        return fault_set(fault, "--audit: wants --subject-key FILE, the key with which the "
                                "snapshots' subjects were made (eligctl keygen subject)");
    if (config->audit == NULL)
        return true;
    static const char *const ways[] = {CONFIG_AUDIT_LOSE, CONFIG_AUDIT_REFUSE};
    char near[NEAREST_TEXT_SIZE];
    for (size_t i = 0; i < COUNT_OF(ways); i++)
        if (strcmp(config->audit_full, ways[i]) == 0)
            return true;
    return fault_set(
        fault, "--audit-full: want lose or refuse, found \"%.60s\"%s", config->audit_full,
        nearest_text(near, "; did you mean ", "?", config->audit_full, ways, COUNT_OF(ways)));
}

bool config_check(const struct config *config, struct fault *fault)
{
    if (!identity_keys_choice(config->identity_key, config->identity_keys, fault))
        return false;
    if (config->listen == NULL && config->listen_plain == NULL && config->unix_path == NULL)
        return fault_set(fault,
                         "nowhere to listen: give --listen 0.0.0.0:7447 for sealed sessions, "
                         "--unix PATH or --listen-plain 127.0.0.1:7448 for plain frames");
    if (config->port_file != NULL && config->listen == NULL)
        return fault_set(fault, "--port-file: there is no port without --listen");
    if (config->port_file_plain != NULL && config->listen_plain == NULL)
        return fault_set(fault, "--port-file-plain: there is no port without --listen-plain");
    if (!check_sealed(config, fault) || !check_ledger(config, fault) ||
        !check_audit(config, fault) || !check_profile(config->profile, fault))
        return false;

    struct address address;
    if (config->listen != NULL && !listener_parse_sealed(&address, config->listen, fault))
        return fault_at(fault, "--listen");
    if (config->listen_plain != NULL &&
        !listener_parse_plain(&address, config->listen_plain, fault))
        return fault_at(fault, "--listen-plain");
    if (config->unix_path != NULL && !listener_parse_unix(&address, config->unix_path, fault))
        return fault_at(fault, "--unix");
    return true;
}
