/* How a command reaches a server: in plain frames, or sealed when it is given keys. */
#ifndef PROTOCOL_REACH_H
#define PROTOCOL_REACH_H

#include "protocol/elig.h"
#include "protocol/options.h"

struct reach {
    const char *connect;
    const char *server_public, *server_public_next, *terminal_key, *merchant_key, *counter_file;
    uint64_t terminal, environment, timeout_ms;
    bool padded;
};

#define REACH_ADDRESS_DEFAULT "127.0.0.1:7447"
#define REACH_TIMEOUT_DEFAULT "3000"
#define REACH_TIMEOUT_MS_MAX  600000

/* The options of a command whose settings have a member `struct reach reach`. */
#define REACH_AT(settings, field) offsetof(settings, reach.field)
#define REACH_ROW_CONNECT(settings)                                                                \
    {                                                                                              \
        "connect", OPTION_TEXT, REACH_AT(settings, connect), "ADDRESS", REACH_ADDRESS_DEFAULT, 0,  \
            0,                                                                                     \
            "where the server listens: 127.0.0.1:7447, [::1]:7447 or unix:PATH; with keys, any "   \
            "numeric address"                                                                      \
    }
#define REACH_ROWS(settings)                                                                       \
    {"timeout-ms",                                                                                 \
     OPTION_NUMBER,                                                                                \
     REACH_AT(settings, timeout_ms),                                                               \
     "MS",                                                                                         \
     REACH_TIMEOUT_DEFAULT,                                                                        \
     1,                                                                                            \
     REACH_TIMEOUT_MS_MAX,                                                                         \
     "how long to wait for the connection and for each answer, in milliseconds"},                  \
        {"server-public",                                                                          \
         OPTION_TEXT,                                                                              \
         REACH_AT(settings, server_public),                                                        \
         "FILE",                                                                                   \
         NULL,                                                                                     \
         0,                                                                                        \
         0,                                                                                        \
         "public key of the server; seals the session, together with the next three"},             \
        {"terminal-key",                                                                           \
         OPTION_TEXT,                                                                              \
         REACH_AT(settings, terminal_key),                                                         \
         "FILE",                                                                                   \
         NULL,                                                                                     \
         0,                                                                                        \
         0,                                                                                        \
         "secret key of this terminal"},                                                           \
        {"merchant-key",                                                                           \
         OPTION_TEXT,                                                                              \
         REACH_AT(settings, merchant_key),                                                         \
         "FILE",                                                                                   \
         NULL,                                                                                     \
         0,                                                                                        \
         0,                                                                                        \
         "what the merchant's terminals share with the server"},                                   \
        {"terminal", OPTION_NUMBER, REACH_AT(settings, terminal), "NUMBER", NULL,                  \
         1,          UINT32_MAX,    "number of this terminal"},                                    \
        {"server-public-next",                                                                     \
         OPTION_TEXT,                                                                              \
         REACH_AT(settings, server_public_next),                                                   \
         "FILE",                                                                                   \
         NULL,                                                                                     \
         0,                                                                                        \
         0,                                                                                        \
         "public key to which the server changes"},                                                \
        {"counter-file",                                                                           \
         OPTION_TEXT,                                                                              \
         REACH_AT(settings, counter_file),                                                         \
         "FILE",                                                                                   \
         NULL,                                                                                     \
         0,                                                                                        \
         0,                                                                                        \
         "where the terminal's sessions are counted, one file for each terminal; without it the "  \
         "name of the terminal's key and .counter"},                                               \
        {"environment",                                                                            \
         OPTION_NUMBER,                                                                            \
         REACH_AT(settings, environment),                                                          \
         "NUMBER",                                                                                 \
         "0",                                                                                      \
         0,                                                                                        \
         UINT32_MAX,                                                                               \
         "environment of the server; 0 is production"},                                            \
    {                                                                                              \
        "padded", OPTION_FLAG, REACH_AT(settings, padded), NULL, NULL, 0, 0,                       \
            "hide from the network how much is asked"                                              \
    }

/* Whether a sealed session is wanted. */
bool reach_is_sealed(const struct reach *reach);

/* EXIT_YES, or another exit status after saying why not. The caller closes `out`. */
int reach_server(struct elig **out, const char *command, const struct reach *reach);

/* Says what became of a question, and more than that where libelig knows it; EXIT_FAILED. */
int reach_failed(const char *command, const struct reach *reach, const struct elig *elig,
                 int error);

#endif
