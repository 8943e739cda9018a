/* Backups of a ledger: one file, made while the ledger is written, and the way back. Neither ever
 * replaces a file. What is wrong with a copy is the verifier's to find: callers run it. */
#ifndef PROTOCOL_LEDGER_COPY_H
#define PROTOCOL_LEDGER_COPY_H

#include "protocol/fault.h"
#include "protocol/posting.h"

#define LEDGER_COPY_MODE 0600

/* Copies the ledger of `directory` into the new file `out`, synced, and tells the head of the copy.
 * It has its name only when it is whole. */
MUST_USE bool ledger_backup(struct ledger_head *head, const char *directory, const char *out,
                            struct fault *fault);

/* Puts a backup into `directory`, which is there and has no ledger. */
MUST_USE bool ledger_restore(const char *backup, const char *directory, struct fault *fault);

#endif
