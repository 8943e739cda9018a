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
static_assert(DIGEST_SIZE == BLAKE_DIGEST_SIZE && IDENTITY_KEY_SIZE == BLAKE_KEY_SIZE,
              "blake.h makes the digests of identifiers");
static_assert(MEANS_LAST < 'A', "labels and identifiers differ in their first byte");

bool identity_start(struct fault *fault)
{
    if (sodium_init() < 0)
        return fault_set(fault, "libsodium did not start: it found no source of randomness");
    return true;
}

/* One byte of means, then the text with the zeros behind it, as words: never in memory of their own
 * that would have to be wiped. */
static void put_message(struct blake_eight *eight, size_t lane, const struct identifier *identifier)
{
    static_assert(IDENTIFIER_SIZE_MAX == 24 && BLAKE_WORDS == 4,
                  "three words of text, one byte on");
    assert(identifier->size >= 1 && identifier->size <= IDENTIFIER_SIZE_MAX);
    const uint8_t *text = (const uint8_t *)identifier->text;
    uint64_t a = load_u64(text), b = load_u64(text + 8), c = load_u64(text + 16);
    eight->words[0][lane] = a << 8 | identifier->means;
    eight->words[1][lane] = b << 8 | a >> 56;
    eight->words[2][lane] = c << 8 | b >> 56;
    eight->words[3][lane] = c >> 56;
    eight->sizes[lane] = 1u + identifier->size;
}

void identity_digest(struct digest *out, const struct identity_key *key,
                     const struct identifier *identifier)
{
    identity_digest_batch(out, key, identifier, 1);
}

void identity_digest_step(struct digest out[], const struct blake_key *keyed,
                          const struct identifier identifiers[], size_t count)
{
    assert(count >= 1 && count <= IDENTITY_STEP);
    struct blake_eight eight;
    for (size_t i = 0; i < BLAKE_LANES; i++) /* lanes without a message do the first once more */
        put_message(&eight, i, &identifiers[i < count ? i : 0]);
    blake_digest(&eight, keyed);
    for (size_t i = 0; i < count; i++) {
        store_u64(out[i].bytes, eight.digests[0][i]);
        store_u64(out[i].bytes + 8, eight.digests[1][i]);
    }
    sodium_memzero(&eight, sizeof(eight));
}

void identity_digest_batch(struct digest out[], const struct identity_key *key,
                           const struct identifier identifiers[], size_t count)
{
    assert(count <= IDENTITY_BATCH_MAX);
    struct blake_key keyed;
    blake_key_take(&keyed, key->bytes);
    for (size_t first = 0; first < count; first += IDENTITY_STEP)
        identity_digest_step(out + first, &keyed, identifiers + first,
                             count - first < IDENTITY_STEP ? count - first : IDENTITY_STEP);
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
