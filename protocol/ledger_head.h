/* The signed head: what the ledger had come to at some time, in a file of its own, so that whoever
 * has kept a copy notices an older ledger in the place of the newer one. Offsets are normative in
 * LEDGER.md. */
#ifndef PROTOCOL_LEDGER_HEAD_H
#define PROTOCOL_LEDGER_HEAD_H

#include "protocol/keyfile.h"
#include "protocol/posting.h"

#define LEDGER_HEAD_FILE  "head"
#define LEDGER_HEAD_MAGIC "ELIGHEAD"

enum {
    SIGNED_HEAD_MAGIC = 0,       /* 8 bytes */
    SIGNED_HEAD_ROW = 8,         /* LEDGER_HEAD_SIZE bytes, as in the ledger */
    SIGNED_HEAD_SIGNATURE = 136, /* Ed25519 over all before */
    SIGNED_HEAD_SIZE = 200,
};
static_assert(SIGNED_HEAD_SIGNATURE == SIGNED_HEAD_ROW + LEDGER_HEAD_SIZE, "fields touch");

/* Puts it into the folder, in the place of the one before. */
MUST_USE bool ledger_head_write(const char *directory, const struct ledger_head *head,
                                const struct sign_secret *key, struct fault *fault);

/* Refuses what is damaged, or signed by somebody else. */
MUST_USE bool ledger_head_read(struct ledger_head *out, const char *path,
                               const struct sign_public *signer, struct fault *fault);

#endif
