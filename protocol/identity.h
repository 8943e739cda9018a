/* The keyed digest that stands for an identifier in a snapshot, and its key.
 *
 * digest = BLAKE2b-128 (RFC 7693), 32-byte key, over one byte of means and the canonical text.
 * Personal codes are few enough to enumerate, so the key is what protects, not the hash. */
#ifndef PROTOCOL_IDENTITY_H
#define PROTOCOL_IDENTITY_H

#include "protocol/blake.h"
#include "protocol/fault.h"
#include "protocol/means.h"

#define DIGEST_SIZE       16
#define IDENTITY_KEY_SIZE 32
#define KEY_ID_SIZE       16

struct digest {
    uint8_t bytes[DIGEST_SIZE];
};

/* Locked memory, wiped on close. */
struct identity_key {
    uint8_t bytes[IDENTITY_KEY_SIZE];
};

/* Once per process before any other call here or in manifest.h. */
MUST_USE bool identity_start(struct fault *fault);

void identity_digest(struct digest *out, const struct identity_key *key,
                     const struct identifier *identifier);

/* Eight digests cost little more than one: ask for many at once. */
#define IDENTITY_BATCH_MAX 64
void identity_digest_batch(struct digest out[], const struct identity_key *key,
                           const struct identifier identifiers[], size_t count);

/* The same by and by, for whoever does something else in between. What the key comes to is worked
 * out once; it is as secret as the key, and the caller wipes it. */
#define IDENTITY_STEP BLAKE_LANES
void identity_digest_step(struct digest out[], const struct blake_key *keyed,
                          const struct identifier identifiers[], size_t count);

/* Public name of a key, and the value by which a snapshot recognises it. Neither helps to find it.
 */
void identity_key_id(uint8_t id[static KEY_ID_SIZE], const struct identity_key *key);
void identity_check_value(uint8_t value[static DIGEST_SIZE], const struct identity_key *key);

#endif
