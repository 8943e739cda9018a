/* The snapshot that a report looks things up in: names, limits, who somebody is. */
#ifndef PROTOCOL_REPORT_SNAPSHOT_H
#define PROTOCOL_REPORT_SNAPSHOT_H

#include "protocol/options.h"
#include "protocol/snapshot.h"

struct report_snapshot_settings {
    const char *snapshots, *signing_public, *identity_key, *identity_keys;
    uint64_t environment;
};

/* The options of a report whose settings have a member `struct report_snapshot_settings
 * snapshot`. */
#define SNAPSHOT_AT(settings, field) offsetof(settings, snapshot.field)
#define REPORT_ROWS_SNAPSHOT(settings)                                                             \
    {"snapshots",                                                                                  \
     OPTION_TEXT,                                                                                  \
     SNAPSHOT_AT(settings, snapshots),                                                             \
     "DIR",                                                                                        \
     NULL,                                                                                         \
     0,                                                                                            \
     0,                                                                                            \
     "folder of snapshots, for what the ledger does not know; with the next two"},                 \
        {"signing-public",                                                                         \
         OPTION_TEXT,                                                                              \
         SNAPSHOT_AT(settings, signing_public),                                                    \
         "FILE",                                                                                   \
         NULL,                                                                                     \
         0,                                                                                        \
         0,                                                                                        \
         "public key of who signs snapshots"},                                                     \
        {"identity-key",                                                                           \
         OPTION_TEXT,                                                                              \
         SNAPSHOT_AT(settings, identity_key),                                                      \
         "FILE",                                                                                   \
         NULL,                                                                                     \
         0,                                                                                        \
         0,                                                                                        \
         "key of the snapshots' identifiers"},                                                     \
        {"identity-keys",                                                                          \
         OPTION_TEXT,                                                                              \
         SNAPSHOT_AT(settings, identity_keys),                                                     \
         "DIR",                                                                                    \
         NULL,                                                                                     \
         0,                                                                                        \
         0,                                                                                        \
         "folder of the key of each snapshot, instead"},                                           \
    {                                                                                              \
        "environment", OPTION_NUMBER, SNAPSHOT_AT(settings, environment), "NUMBER", "0", 0,        \
            UINT32_MAX, "environment of the snapshots; 0 is production"                            \
    }

struct report_snapshot {
    struct snapshot_keys keys;
    struct snapshot *snapshot;   /* NULL: none was given */
    const struct tables *tables; /* likewise */
};

/* The snapshot in service, when one was given. Close it in any case. */
MUST_USE bool report_snapshot_open(struct report_snapshot *out,
                                   const struct report_snapshot_settings *settings,
                                   struct fault *fault);
void report_snapshot_close(struct report_snapshot *snapshot);

/* NULL: not known. */
const struct product *tables_find_product(const struct tables *tables, uint32_t number);
const struct point *tables_find_point(const struct tables *tables, uint32_t number);

#endif
