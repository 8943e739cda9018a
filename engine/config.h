/* The settings of eligd: one table, from which flags, configuration file, --help and the manual's
 * list come. */
#ifndef ENGINE_CONFIG_H
#define ENGINE_CONFIG_H

#include "protocol/options.h"

#define CONFIG_LOOPS_MAX       64
#define CONFIG_CONNECTIONS_MAX 100000

/* Texts are borrowed from argv or owned by the options; times end in _ms. */
struct config {
    const char *snapshots;                   /* directory */
    const char *identity_key;                /* file; NULL: there is a folder */
    const char *identity_keys;               /* directory; NULL: there is a file */
    const char *signing_public;              /* file */
    const char *listen;                      /* "0.0.0.0:7447", sealed; NULL: nothing sealed */
    const char *listen_plain;                /* "127.0.0.1:7448"; NULL: no plain TCP */
    const char *unix_path;                   /* plain; NULL: no Unix socket */
    const char *port_file, *port_file_plain; /* NULL: none */
    const char *profile; /* of whoever sends plain frames: a name of protocol/profile.h */
    const char *server_key, *server_key_next;  /* files; NULL: none */
    const char *merchant_keys;                 /* directory; NULL: none */
    const char *revocations, *revoker_public;  /* files; NULL: none */
    const char *state;                         /* directory; NULL: nothing survives a restart */
    const char *ledger;                        /* directory; NULL: none is kept, as the next two */
    const char *subject_key, *ledger_head_key; /* files */
    const char *ledger_head;                   /* file of a head that was kept elsewhere; NULL */
    const char *audit;                         /* directory; NULL: no journal of checks */
    const char *audit_full;                    /* "lose" or "refuse" */
    const char *config;                        /* file; NULL: none */
    uint64_t loops;
    uint64_t busy_poll_us;    /* 0: loops sleep as soon as nothing is there */
    uint64_t connections_max; /* of all loops together */
    uint64_t idle_ms, frame_ms, write_ms, hello_ms, drain_ms, poll_ms;
    uint64_t per_minute, per_day, typed_per_day, misses_per_day; /* of terminals; 0: no budget */
    uint64_t environment;
    uint64_t ledger_map; /* MiB */
    uint64_t ledger_keep_days, ledger_keep_denied_days;
    uint64_t audit_size; /* MiB */
    uint64_t audit_days; /* 0: as long as there is room */
    bool accept_older_ledger, trust_clock;
    bool check_config, dump_config;
};

extern const struct option_table config_table;

#define CONFIG_AUDIT_LOSE   "lose"
#define CONFIG_AUDIT_REFUSE "refuse"

/* Whether the settings go together: somewhere to listen, and there where plain frames may be. */
MUST_USE bool config_check(const struct config *config, struct fault *fault);

#endif
