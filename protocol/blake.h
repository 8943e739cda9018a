/* Keyed BLAKE2b (RFC 7693) of short messages, digest of 16 bytes, key of 32, eight messages side by
 * side: the same steps for each, so that one instruction does them for all eight. Without branches
 * or look-ups that depend on key or message. tests/test_blake.c compares with libsodium. */
#ifndef PROTOCOL_BLAKE_H
#define PROTOCOL_BLAKE_H

#include "protocol/bytes.h"

#define BLAKE_KEY_SIZE    32
#define BLAKE_DIGEST_SIZE 16
#define BLAKE_LANES       8
#define BLAKE_WORDS       4  /* of a message, 8 bytes each */
#define BLAKE_SIZE_MAX    32 /* bytes of a message */

/* What the key's block leaves behind: worked out once for many messages. A secret: the caller wipes
 * it. */
struct blake_key {
    uint64_t chain[8];
};
void blake_key_take(struct blake_key *out, const uint8_t key[static BLAKE_KEY_SIZE]);

/* Compilers make of it whatever registers there are. */
typedef uint64_t blake_lanes __attribute__((vector_size(8 * BLAKE_LANES)));

/* Eight messages: their words (little-endian, zeros behind the end) lane by lane, and sizes. */
struct blake_eight {
    blake_lanes words[BLAKE_WORDS];
    blake_lanes sizes; /* bytes, 1..BLAKE_SIZE_MAX */
    blake_lanes digests[BLAKE_DIGEST_SIZE / 8];
};

/* Fills the digests, on the widest registers that the processor has. */
void blake_digest(struct blake_eight *eight, const struct blake_key *key);

/* The same on registers of a width; false when the processor does not have them. For tests. */
enum blake_width { BLAKE_ANY, BLAKE_AVX2, BLAKE_AVX512 };
MUST_USE bool blake_digest_on(enum blake_width width, struct blake_eight *eight,
                              const struct blake_key *key);

#endif
