/* Noise_IKpsk2_25519_ChaChaPoly_SHA512 (noiseprotocol.org, revision 34) on libsodium.
 *
 *     <- s                  the initiator knows the responder's key beforehand
 *     -> e, es, s, ss       hello
 *     <- e, ee, se, psk     accept
 *
 * No I/O, no memory, no randomness of its own. The order of calls is the caller's duty and is
 * asserted; what the other side sends is not trusted. After a refusal (false) the handshake is
 * wiped and of no more use. What a call of a handshake writes must not overlap what it reads. */
#ifndef PROTOCOL_NOISE_H
#define PROTOCOL_NOISE_H

#include "protocol/bytes.h"

#define NOISE_KEY_SIZE  32 /* X25519 and ChaCha20-Poly1305 */
#define NOISE_TAG_SIZE  16
#define NOISE_HASH_SIZE 64

/* What the two messages have beside their payload. */
#define NOISE_HELLO_OVERHEAD  (NOISE_KEY_SIZE + NOISE_KEY_SIZE + NOISE_TAG_SIZE + NOISE_TAG_SIZE)
#define NOISE_ACCEPT_OVERHEAD (NOISE_KEY_SIZE + NOISE_TAG_SIZE)

struct noise_keys {
    uint8_t public_key[NOISE_KEY_SIZE];
    uint8_t secret_key[NOISE_KEY_SIZE];
};

/* One direction of a session. Whoever copies it seals two things under one nonce. */
struct noise_cipher {
    uint8_t key[NOISE_KEY_SIZE];
    uint64_t counter;
};

/* Where a handshake stands. NOISE_OVER, all zeros, is what wiping leaves. */
enum noise_step {
    NOISE_OVER = 0,
    NOISE_WRITES_HELLO,
    NOISE_READS_HELLO,
    NOISE_WRITES_ACCEPT,
    NOISE_READS_ACCEPT,
    NOISE_SPLITS_INITIATOR,
    NOISE_SPLITS_RESPONDER,
};

/* Secret from its start to noise_split or noise_wipe. */
struct noise_handshake {
    uint8_t chaining_key[NOISE_HASH_SIZE];
    uint8_t hash[NOISE_HASH_SIZE];
    struct noise_cipher cipher;
    struct noise_keys own_static, own_ephemeral;
    uint8_t remote_static[NOISE_KEY_SIZE], remote_ephemeral[NOISE_KEY_SIZE];
    uint8_t psk[NOISE_KEY_SIZE]; /* the initiator's; the responder has it with its answer */
    enum noise_step step;
};

/* Lets libsodium choose its fastest code: once before the others; more often does no harm. */
MUST_USE bool noise_ready(void);

/* Zeros that the compiler does not leave out. */
void noise_wipe(void *secret, size_t size);

void noise_keys_of_secret(struct noise_keys *out, const uint8_t secret_key[static NOISE_KEY_SIZE]);

void noise_start_initiator(struct noise_handshake *hs, const struct noise_keys *own_static,
                           const uint8_t server_public[static NOISE_KEY_SIZE],
                           const uint8_t psk[static NOISE_KEY_SIZE], const uint8_t *prologue,
                           size_t prologue_size);
void noise_start_responder(struct noise_handshake *hs, const struct noise_keys *own_static,
                           const uint8_t *prologue, size_t prologue_size);

/* Writes NOISE_HELLO_OVERHEAD + payload_size bytes. False: the server's key is a point of low
 * order. `ephemeral_secret`: 32 random bytes that are used once, here. */
MUST_USE bool noise_write_hello(struct noise_handshake *hs, uint8_t *out, const uint8_t *payload,
                                size_t payload_size,
                                const uint8_t ephemeral_secret[static NOISE_KEY_SIZE]);

/* Says who it is, so that the responder can find the psk, and writes size - NOISE_HELLO_OVERHEAD
 * bytes of payload. That a hello is read proves nothing yet: it may be an old one, sent again. When
 * refused, remote_static is untouched and what was written of the payload is zeros. */
MUST_USE bool noise_read_hello(struct noise_handshake *hs,
                               uint8_t remote_static[static NOISE_KEY_SIZE], uint8_t *payload_out,
                               const uint8_t *message, size_t message_size);

/* Writes NOISE_ACCEPT_OVERHEAD + payload_size bytes. False: the terminal's ephemeral or static key
 * is a point of low order. */
MUST_USE bool noise_write_accept(struct noise_handshake *hs, uint8_t *out, const uint8_t *payload,
                                 size_t payload_size, const uint8_t psk[static NOISE_KEY_SIZE],
                                 const uint8_t ephemeral_secret[static NOISE_KEY_SIZE]);

/* Writes message_size - NOISE_ACCEPT_OVERHEAD bytes of payload; zeros, if any, when refused. */
MUST_USE bool noise_read_accept(struct noise_handshake *hs, uint8_t *payload_out,
                                const uint8_t *message, size_t message_size);

/* The two directions, each side its own way round, and a public name of the session that both have
 * and no other session has. Wipes the handshake. */
void noise_split(struct noise_handshake *hs, struct noise_cipher *send,
                 struct noise_cipher *receive, uint8_t handshake_hash[static NOISE_HASH_SIZE]);

/* Nonce: four zero bytes, then the counter, little-endian. Each call counts one up; a session ends
 * long before the counter does, which is asserted.
 *
 * Seal writes size + NOISE_TAG_SIZE bytes to `out`. Open reads `size` bytes, tag included, and
 * writes size - NOISE_TAG_SIZE. `out` may be `in`; otherwise the two must not overlap, and the
 * header must not overlap `out`. A failed open leaves the counter as it was and zeros in `out`,
 * except that less than a tag writes nothing. */
void noise_seal(struct noise_cipher *cipher, uint8_t *out, const uint8_t *header,
                size_t header_size, const uint8_t *in, size_t size);
MUST_USE bool noise_open(struct noise_cipher *cipher, uint8_t *out, const uint8_t *header,
                         size_t header_size, const uint8_t *in, size_t size);

#endif
