#include "protocol/noise.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

/* mix_hash, mix_key, mix_key_and_hash, encrypt_and_hash and decrypt_and_hash are the operations
 * that the specification describes under these names in its section 5. */
static const char PROTOCOL_NAME[] = "Noise_IKpsk2_25519_ChaChaPoly_SHA512";

static_assert(sizeof(PROTOCOL_NAME) - 1 <= NOISE_HASH_SIZE, "the name is the first hash, padded");
static_assert(NOISE_HASH_SIZE == crypto_hash_sha512_BYTES, "SHA-512");
static_assert(NOISE_HASH_SIZE == crypto_auth_hmacsha512_BYTES, "HMAC-SHA-512");
static_assert(NOISE_KEY_SIZE == crypto_scalarmult_BYTES, "X25519 points");
static_assert(NOISE_KEY_SIZE == crypto_scalarmult_SCALARBYTES, "X25519 scalars");
static_assert(NOISE_KEY_SIZE == crypto_aead_chacha20poly1305_ietf_KEYBYTES, "ChaCha20 keys");
static_assert(NOISE_TAG_SIZE == crypto_aead_chacha20poly1305_ietf_ABYTES, "Poly1305 tags");

bool noise_ready(void)
{
    return sodium_init() >= 0;
}

void noise_wipe(void *secret, size_t size)
{
    sodium_memzero(secret, size);
}

void noise_keys_of_secret(struct noise_keys *out, const uint8_t secret_key[static NOISE_KEY_SIZE])
{
    memcpy(out->secret_key, secret_key, NOISE_KEY_SIZE);
    int never_fails = crypto_scalarmult_base(out->public_key, secret_key);
    assert(never_fails == 0); /* the base point is not of low order */
}

/* Ciphers */

static void make_nonce(uint8_t nonce[static crypto_aead_chacha20poly1305_ietf_NPUBBYTES],
                       uint64_t counter)
{
    static_assert(crypto_aead_chacha20poly1305_ietf_NPUBBYTES == 4 + 8, "4 zeros and a counter");
    assert(counter != UINT64_MAX); /* the specification keeps the last one for rekeying */
    memset(nonce, 0, 4);
    store_u64(nonce + 4, counter);
}

void noise_seal(struct noise_cipher *cipher, uint8_t *out, const uint8_t *header,
                size_t header_size, const uint8_t *in, size_t size)
{
    uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
    make_nonce(nonce, cipher->counter);
    crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, in, size, header, header_size, NULL, nonce,
                                              cipher->key);
    cipher->counter++;
}

bool noise_open(struct noise_cipher *cipher, uint8_t *out, const uint8_t *header,
                size_t header_size, const uint8_t *in, size_t size)
{
    uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
    make_nonce(nonce, cipher->counter);
    if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, in, size, header, header_size,
                                                  nonce, cipher->key) != 0)
        return false;
    cipher->counter++;
    return true;
}

/* The chaining key and the hash */

static void mix_hash(struct noise_handshake *hs, const uint8_t *data, size_t size)
{
    crypto_hash_sha512_state state;
    crypto_hash_sha512_init(&state);
    crypto_hash_sha512_update(&state, hs->hash, NOISE_HASH_SIZE);
    crypto_hash_sha512_update(&state, data, size);
    crypto_hash_sha512_final(&state, hs->hash);
    sodium_memzero(&state, sizeof(state)); /* once it has what was derived from the psk */
}

/* What HMACs under one key have in common: it is half of the work of one. */
static void hmac_key(crypto_auth_hmacsha512_state *keyed, const uint8_t key[static NOISE_HASH_SIZE])
{
    crypto_auth_hmacsha512_init(keyed, key, NOISE_HASH_SIZE);
}

/* HMAC of `data` and then of `number` as one byte, unless it is 0. */
static void hmac(uint8_t out[static NOISE_HASH_SIZE], const crypto_auth_hmacsha512_state *keyed,
                 const uint8_t *data, size_t size, uint8_t number)
{
    crypto_auth_hmacsha512_state state = *keyed;
    crypto_auth_hmacsha512_update(&state, data, size);
    crypto_auth_hmacsha512_update(&state, &number, number != 0);
    crypto_auth_hmacsha512_final(&state, out);
    sodium_memzero(&state, sizeof(state));
}

/* HKDF: its first output becomes the chaining key, the second is written, and the third when it is
 * asked for. */
static void derive(struct noise_handshake *hs, uint8_t second[static NOISE_HASH_SIZE],
                   uint8_t third[NOISE_HASH_SIZE], const uint8_t *material, size_t size)
{
    uint8_t extracted[NOISE_HASH_SIZE];
    crypto_auth_hmacsha512_state keyed;
    hmac_key(&keyed, hs->chaining_key);
    hmac(extracted, &keyed, material, size, 0);
    hmac_key(&keyed, extracted);
    hmac(hs->chaining_key, &keyed, extracted, 0, 1);
    hmac(second, &keyed, hs->chaining_key, NOISE_HASH_SIZE, 2);
    if (third != NULL)
        hmac(third, &keyed, second, NOISE_HASH_SIZE, 3);
    sodium_memzero(extracted, sizeof(extracted));
    sodium_memzero(&keyed, sizeof(keyed));
}

/* Keys are the first half of what SHA-512 gives. */
static void take_key(struct noise_cipher *cipher, const uint8_t derived[static NOISE_HASH_SIZE])
{
    memcpy(cipher->key, derived, NOISE_KEY_SIZE);
    cipher->counter = 0;
}

static void mix_key(struct noise_handshake *hs, const uint8_t material[static NOISE_KEY_SIZE])
{
    uint8_t second[NOISE_HASH_SIZE];
    derive(hs, second, NULL, material, NOISE_KEY_SIZE);
    take_key(&hs->cipher, second);
    sodium_memzero(second, sizeof(second));
}

static void mix_key_and_hash(struct noise_handshake *hs, const uint8_t psk[static NOISE_KEY_SIZE])
{
    uint8_t second[NOISE_HASH_SIZE], third[NOISE_HASH_SIZE];
    derive(hs, second, third, psk, NOISE_KEY_SIZE);
    mix_hash(hs, second, NOISE_HASH_SIZE);
    take_key(&hs->cipher, third);
    sodium_memzero(second, sizeof(second));
    sodium_memzero(third, sizeof(third));
}

static void encrypt_and_hash(struct noise_handshake *hs, uint8_t *out, const uint8_t *in,
                             size_t size)
{
    noise_seal(&hs->cipher, out, hs->hash, NOISE_HASH_SIZE, in, size);
    mix_hash(hs, out, size + NOISE_TAG_SIZE);
}

/* The hash takes what was received, so `out` must not be `in`. */
static bool decrypt_and_hash(struct noise_handshake *hs, uint8_t *out, const uint8_t *in,
                             size_t size)
{
    if (!noise_open(&hs->cipher, out, hs->hash, NOISE_HASH_SIZE, in, size))
        return false;
    mix_hash(hs, in, size);
    return true;
}

/* The tokens of the pattern */

/* e: with a psk in the pattern, ephemeral keys are mixed twice. */
static void mix_ephemeral(struct noise_handshake *hs, const uint8_t key[static NOISE_KEY_SIZE])
{
    mix_hash(hs, key, NOISE_KEY_SIZE);
    mix_key(hs, key);
}

static void write_ephemeral(struct noise_handshake *hs, uint8_t out[static NOISE_KEY_SIZE],
                            const uint8_t secret[static NOISE_KEY_SIZE])
{
    noise_keys_of_secret(&hs->own_ephemeral, secret);
    memcpy(out, hs->own_ephemeral.public_key, NOISE_KEY_SIZE);
    mix_ephemeral(hs, out);
}

static void read_ephemeral(struct noise_handshake *hs, const uint8_t key[static NOISE_KEY_SIZE])
{
    memcpy(hs->remote_ephemeral, key, NOISE_KEY_SIZE);
    mix_ephemeral(hs, key);
}

/* es, ss, ee, se: false for a point of low order, with which anybody would know the result. */
static bool mix_shared(struct noise_handshake *hs, const struct noise_keys *own,
                       const uint8_t remote[static NOISE_KEY_SIZE])
{
    uint8_t shared[NOISE_KEY_SIZE];
    bool is_good = crypto_scalarmult(shared, own->secret_key, remote) == 0;
    if (is_good)
        mix_key(hs, shared);
    sodium_memzero(shared, sizeof(shared));
    return is_good;
}

/* Handshakes */

static bool refuse(struct noise_handshake *hs)
{
    sodium_memzero(hs, sizeof(*hs));
    return false;
}

static void start(struct noise_handshake *hs, enum noise_step step,
                  const struct noise_keys *own_static,
                  const uint8_t server_public[static NOISE_KEY_SIZE], const uint8_t *prologue,
                  size_t prologue_size)
{
    *hs = (struct noise_handshake){.step = step, .own_static = *own_static};
    memcpy(hs->hash, PROTOCOL_NAME, sizeof(PROTOCOL_NAME) - 1);
    memcpy(hs->chaining_key, hs->hash, NOISE_HASH_SIZE);
    mix_hash(hs, prologue, prologue_size);
    mix_hash(hs, server_public, NOISE_KEY_SIZE);
}

void noise_start_initiator(struct noise_handshake *hs, const struct noise_keys *own_static,
                           const uint8_t server_public[static NOISE_KEY_SIZE],
                           const uint8_t psk[static NOISE_KEY_SIZE], const uint8_t *prologue,
                           size_t prologue_size)
{
    start(hs, NOISE_WRITES_HELLO, own_static, server_public, prologue, prologue_size);
    memcpy(hs->remote_static, server_public, NOISE_KEY_SIZE);
    memcpy(hs->psk, psk, NOISE_KEY_SIZE);
}

void noise_start_responder(struct noise_handshake *hs, const struct noise_keys *own_static,
                           const uint8_t *prologue, size_t prologue_size)
{
    start(hs, NOISE_READS_HELLO, own_static, own_static->public_key, prologue, prologue_size);
}

bool noise_write_hello(struct noise_handshake *hs, uint8_t *out, const uint8_t *payload,
                       size_t payload_size, const uint8_t ephemeral_secret[static NOISE_KEY_SIZE])
{
    assert(hs->step == NOISE_WRITES_HELLO);
    uint8_t *sealed_static = out + NOISE_KEY_SIZE;
    write_ephemeral(hs, out, ephemeral_secret);
    if (!mix_shared(hs, &hs->own_ephemeral, hs->remote_static)) /* es */
        return refuse(hs);
    encrypt_and_hash(hs, sealed_static, hs->own_static.public_key, NOISE_KEY_SIZE); /* s */
    if (!mix_shared(hs, &hs->own_static, hs->remote_static))                        /* ss */
        return refuse(hs);
    encrypt_and_hash(hs, sealed_static + NOISE_KEY_SIZE + NOISE_TAG_SIZE, payload, payload_size);
    hs->step = NOISE_READS_ACCEPT;
    return true;
}

bool noise_read_hello(struct noise_handshake *hs, uint8_t remote_static[static NOISE_KEY_SIZE],
                      uint8_t *payload_out, const uint8_t *message, size_t message_size)
{
    assert(hs->step == NOISE_READS_HELLO);
    const size_t sealed_size = NOISE_KEY_SIZE + NOISE_TAG_SIZE;
    if (message_size < NOISE_HELLO_OVERHEAD)
        return refuse(hs);
    const uint8_t *sealed_static = message + NOISE_KEY_SIZE;
    read_ephemeral(hs, message);
    if (!mix_shared(hs, &hs->own_static, hs->remote_ephemeral) ||               /* es */
        !decrypt_and_hash(hs, hs->remote_static, sealed_static, sealed_size) || /* s */
        !mix_shared(hs, &hs->own_static, hs->remote_static) ||                  /* ss */
        !decrypt_and_hash(hs, payload_out, sealed_static + sealed_size,
                          message_size - NOISE_KEY_SIZE - sealed_size))
        return refuse(hs);
    memcpy(remote_static, hs->remote_static, NOISE_KEY_SIZE);
    hs->step = NOISE_WRITES_ACCEPT;
    return true;
}

bool noise_write_accept(struct noise_handshake *hs, uint8_t *out, const uint8_t *payload,
                        size_t payload_size, const uint8_t psk[static NOISE_KEY_SIZE],
                        const uint8_t ephemeral_secret[static NOISE_KEY_SIZE])
{
    assert(hs->step == NOISE_WRITES_ACCEPT);
    write_ephemeral(hs, out, ephemeral_secret);
    if (!mix_shared(hs, &hs->own_ephemeral, hs->remote_ephemeral) || /* ee */
        !mix_shared(hs, &hs->own_ephemeral, hs->remote_static))      /* se */
        return refuse(hs);
    mix_key_and_hash(hs, psk);
    encrypt_and_hash(hs, out + NOISE_KEY_SIZE, payload, payload_size);
    hs->step = NOISE_SPLITS_RESPONDER;
    return true;
}

bool noise_read_accept(struct noise_handshake *hs, uint8_t *payload_out, const uint8_t *message,
                       size_t message_size)
{
    assert(hs->step == NOISE_READS_ACCEPT);
    if (message_size < NOISE_ACCEPT_OVERHEAD)
        return refuse(hs);
    read_ephemeral(hs, message);
    if (!mix_shared(hs, &hs->own_ephemeral, hs->remote_ephemeral) || /* ee */
        !mix_shared(hs, &hs->own_static, hs->remote_ephemeral))      /* se */
        return refuse(hs);
    mix_key_and_hash(hs, hs->psk);
    if (!decrypt_and_hash(hs, payload_out, message + NOISE_KEY_SIZE, message_size - NOISE_KEY_SIZE))
        return refuse(hs);
    hs->step = NOISE_SPLITS_INITIATOR;
    return true;
}

void noise_split(struct noise_handshake *hs, struct noise_cipher *send,
                 struct noise_cipher *receive, uint8_t handshake_hash[static NOISE_HASH_SIZE])
{
    assert(hs->step == NOISE_SPLITS_INITIATOR || hs->step == NOISE_SPLITS_RESPONDER);
    bool is_initiator = hs->step == NOISE_SPLITS_INITIATOR;
    uint8_t second[NOISE_HASH_SIZE];
    derive(hs, second, NULL, hs->hash, 0);
    take_key(is_initiator ? send : receive, hs->chaining_key);
    take_key(is_initiator ? receive : send, second);
    memcpy(handshake_hash, hs->hash, NOISE_HASH_SIZE);
    sodium_memzero(second, sizeof(second));
    sodium_memzero(hs, sizeof(*hs));
}
