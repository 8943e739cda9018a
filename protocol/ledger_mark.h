/* A head of a ledger on one signed line, to be kept on another machine: what the ledger had come to
 * then, it must still have come to later. Whoever restores a backup learns from it how much is
 * missing.
 *
 *   elig-ledger-head-v1 ENVIRONMENT SEQUENCE CLOCK_MS CHAIN SIGNATURE
 *
 * Numbers are decimal, CHAIN and SIGNATURE hexadecimal; the signature (Ed25519) is over all before
 * it, without the space in front of it. */
#ifndef PROTOCOL_LEDGER_MARK_H
#define PROTOCOL_LEDGER_MARK_H

#include "protocol/fault.h"
#include "protocol/keyfile.h"
#include "protocol/posting.h"

#define MARK_LINE_SIZE 320

struct ledger_mark {
    uint32_t environment;
    uint64_t sequence, clock_ms;
    uint8_t chain[CHAIN_SIZE];
};

/* With a newline and a NUL at its end; its length. */
size_t mark_write(char line[static MARK_LINE_SIZE], const struct ledger_mark *mark,
                  const struct sign_secret *secret);
MUST_USE bool mark_read(struct ledger_mark *out, const char *line, size_t size,
                        const struct sign_public *signer, struct fault *fault);
MUST_USE bool mark_read_file(struct ledger_mark *out, const char *path,
                             const struct sign_public *signer, struct fault *fault);

#endif
