/* Whom the ledger counts for. A subject follows the person through new cards and changed codes: it
 * is made from the first personal code that is known of somebody, under a key that stays the same
 * for as long as the ledger does (identity keys change with every snapshot).
 *
 * subject = the first 8 bytes of keyed BLAKE2b (RFC 7693, 16 bytes long) over the byte 's', one
 * byte of means and the canonical text, as a little-endian number; 1 in place of 0. Of 2,000,000
 * persons two share a subject with a chance of one in ten million. */
#ifndef PROTOCOL_SUBJECT_H
#define PROTOCOL_SUBJECT_H

#include "protocol/identity.h"

#define SUBJECT_NOBODY 0 /* ANYBODY: nothing can be counted for whoever it is */

/* Of a person: their first personal code. Of somebody whom no snapshot knows: the identifier that
 * was shown, so that a personal code that is never changed has the same subject before and after it
 * comes into a snapshot. */
uint64_t subject_of(const struct identity_key *key, const struct identifier *identifier);

/* Eight cost little more than one. */
void subject_batch(uint64_t out[], const struct identity_key *key,
                   const struct identifier identifiers[], size_t count);

/* What a ledger keeps of a request, to tell it from another one under the same id: the first 8
 * bytes of keyed BLAKE2b over the byte 'b' and the frame's 64 bytes. Keyed, because a frame has an
 * identifier in it. */
uint64_t subject_body(const struct identity_key *key, const uint8_t frame[static 64]);

/* By which a snapshot and a ledger know that they have the same key; not 0, and no help in finding
 * it: the first 8 bytes of keyed BLAKE2b over the label "elig subject key v1". */
uint64_t subject_key_check(const struct identity_key *key);

#endif
