#include "protocol/identity.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

/* Every label begins with a letter and every identifier with a means number below it, so that no
 * digest of an identifier is ever a key id or a check value. */
static const char KEY_ID_LABEL[] = "elig identity key id v1";
static const char CHECK_LABEL[] = "elig identity check value v1";

static_assert(DIGEST_SIZE >= crypto_generichash_BYTES_MIN, "a digest is a BLAKE2b of its own");
static_assert(IDENTITY_KEY_SIZE == crypto_generichash_KEYBYTES, "the key is BLAKE2b's");
static_assert(MEANS_LAST < 'A', "labels and identifiers differ in their first byte");

bool identity_start(struct fault *fault)
{
    if (sodium_init() < 0)
        return fault_set(fault, "libsodium did not start: it found no source of randomness");
    return true;
}

/* One digest from a state that has taken the key already. */
static void digest_from(struct digest *out, const crypto_generichash_state *keyed,
                        const struct identifier *identifier)
{
    assert(identifier->size >= 1 && identifier->size <= IDENTIFIER_SIZE_MAX);

    uint8_t input[1 + IDENTIFIER_SIZE_MAX];
    input[0] = identifier->means;
    memcpy(input + 1, identifier->text, identifier->size);
    crypto_generichash_state state = *keyed;
    crypto_generichash_update(&state, input, 1u + identifier->size);
    crypto_generichash_final(&state, out->bytes, DIGEST_SIZE); /* wipes the state */
    sodium_memzero(input, sizeof(input));
}

void identity_digest(struct digest *out, const struct identity_key *key,
                     const struct identifier *identifier)
{
    identity_digest_batch(out, key, identifier, 1);
}

void identity_digest_batch(struct digest out[], const struct identity_key *key,
                           const struct identifier identifiers[], size_t count)
{
    assert(count <= IDENTITY_BATCH_MAX);
    /* Taking the key costs a tenth of a digest: it is taken once. */
    crypto_generichash_state keyed;
    crypto_generichash_init(&keyed, key->bytes, IDENTITY_KEY_SIZE, DIGEST_SIZE);
    for (size_t i = 0; i < count; i++)
        digest_from(&out[i], &keyed, &identifiers[i]);
    sodium_memzero(&keyed, sizeof(keyed));
}

static void label_digest(uint8_t out[static DIGEST_SIZE], const struct identity_key *key,
                         const char *label)
{
    crypto_generichash(out, DIGEST_SIZE, (const uint8_t *)label, strlen(label), key->bytes,
                       IDENTITY_KEY_SIZE);
}

void identity_key_id(uint8_t id[static KEY_ID_SIZE], const struct identity_key *key)
{
    static_assert(KEY_ID_SIZE == DIGEST_SIZE, "a key id is a digest of a label");
    label_digest(id, key, KEY_ID_LABEL);
}

void identity_check_value(uint8_t value[static DIGEST_SIZE], const struct identity_key *key)
{
    label_digest(value, key, CHECK_LABEL);
}
