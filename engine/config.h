/* The settings of eligd: one table, from which flags, configuration file, --help and the manual's
 * list come. */
#ifndef ENGINE_CONFIG_H
#define ENGINE_CONFIG_H

#include "protocol/options.h"

#define CONFIG_LOOPS_MAX       64
#define CONFIG_CONNECTIONS_MAX 100000

/* Texts are borrowed from argv or owned by the options; times end in _ms. */
struct config {
    const char *snapshots;      /* directory */
    const char *identity_key;   /* file; NULL: there is a folder */
    const char *identity_keys;  /* folder; NULL: there is a file */
    const char *signing_public; /* file */
    const char *listen;         /* "127.0.0.1:7447"; NULL: no TCP */
    const char *unix_path;      /* NULL: no Unix socket */
    const char *port_file;      /* NULL: none */
    const char *profile;        /* of whoever asks there: a name of protocol/profile.h */
    const char *config;         /* file; NULL: none */
    uint64_t loops;
    uint64_t connections_max; /* of all loops together */
    uint64_t idle_ms, frame_ms, write_ms, drain_ms, poll_ms;
    uint64_t environment;
    bool check_config, dump_config;
};

extern const struct option_table config_table;

/* Whether the settings go together: somewhere to listen, and there where plain frames may be. */
MUST_USE bool config_check(const struct config *config, struct fault *fault);

#endif
