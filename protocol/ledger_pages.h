/* The verifier's own way to rows: one transaction of LMDB over the whole file, so that all it sees
 * is one state. */
#ifndef PROTOCOL_LEDGER_PAGES_H
#define PROTOCOL_LEDGER_PAGES_H

#include <lmdb.h>

#include "protocol/fault.h"
#include "protocol/ledger_rows.h"

#define PAGES_PATH_SIZE 4096

enum db { POSTINGS, TRANSACTIONS, TALLIES, HOLDS, ACCOUNTS, META, DB_COUNT };

struct pages {
    char path[PAGES_PATH_SIZE];
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbis[DB_COUNT];
};

/* The folder of a ledger, or a backup. Close it in any case. */
MUST_USE bool pages_open(struct pages *pages, const char *path, struct fault *fault);
void pages_close(struct pages *pages);
bool pages_fault(const struct pages *pages, int error, struct fault *fault); /* is false */

/* A row of the right size under a key; NULL: there is none, or it has another size. */
const uint8_t *pages_get(const struct pages *pages, enum db db, uint8_t *key, size_t key_size,
                         size_t size);
const uint8_t *pages_posting(const struct pages *pages, uint64_t sequence);
const uint8_t *pages_transaction(const struct pages *pages, uint32_t terminal, uint64_t id);
uint64_t pages_count(const struct pages *pages, enum db db);

/* Every row of a database, in its order, also those of other sizes: `take` looks. */
MUST_USE bool pages_each(const struct pages *pages, enum db db,
                         void (*take)(void *to, const MDB_val *key, const MDB_val *row), void *to,
                         struct fault *fault);
const char *pages_name(enum db db);

#endif
