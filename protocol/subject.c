#include "protocol/subject.h"

#include "protocol/blake.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

/* The first bytes of messages differ from one another and from those of identity.c (a means, below
 * 'A', or a label's 'e'), so that nothing made under a key is ever taken for something else. */
#define FIRST_OF_SUBJECT 's'
#define FIRST_OF_BODY    'b'
#define FRAME_BYTES      64

static const char CHECK_LABEL[] = "elig subject key v1";

/* 0 means nobody, and no key. */
static uint64_t never_zero(uint64_t number)
{
    return number + (number == 0);
}

/* 's', one byte of means, the text with the zeros behind it, as words. */
static void put_message(struct blake_eight *eight, size_t lane, const struct identifier *identifier)
{
    static_assert(IDENTIFIER_SIZE_MAX == 24 && BLAKE_WORDS == 4,
                  "three words of text, two bytes on");
    assert(identifier->size >= 1 && identifier->size <= IDENTIFIER_SIZE_MAX);
    const uint8_t *text = (const uint8_t *)identifier->text;
    uint64_t a = load_u64(text), b = load_u64(text + 8), c = load_u64(text + 16);
    eight->words[0][lane] = a << 16 | (uint64_t)identifier->means << 8 | FIRST_OF_SUBJECT;
    eight->words[1][lane] = b << 16 | a >> 48;
    eight->words[2][lane] = c << 16 | b >> 48;
    eight->words[3][lane] = c >> 48;
    eight->sizes[lane] = 2u + identifier->size;
}

void subject_batch(uint64_t out[], const struct identity_key *key,
                   const struct identifier identifiers[], size_t count)
{
    struct blake_key keyed;
    struct blake_eight eight;
    blake_key_take(&keyed, key->bytes);
    for (size_t first = 0; first < count; first += BLAKE_LANES) {
        size_t lane_count = count - first < BLAKE_LANES ? count - first : BLAKE_LANES;
        for (size_t i = 0; i < BLAKE_LANES; i++) /* lanes without a message do the first again */
            put_message(&eight, i, &identifiers[first + (i < lane_count ? i : 0)]);
        blake_digest(&eight, &keyed);
        for (size_t i = 0; i < lane_count; i++)
            out[first + i] = never_zero(eight.digests[0][i]);
    }
    sodium_memzero(&keyed, sizeof(keyed));
    sodium_memzero(&eight, sizeof(eight));
}

uint64_t subject_of(const struct identity_key *key, const struct identifier *identifier)
{
    uint64_t subject;
    subject_batch(&subject, key, identifier, 1);
    return subject;
}

/* The first 8 bytes of a digest of 16. */
static uint64_t digest_number(const struct identity_key *key, const uint8_t *message, size_t size)
{
    uint8_t digest[DIGEST_SIZE];
    crypto_generichash(digest, sizeof(digest), message, size, key->bytes, IDENTITY_KEY_SIZE);
    return load_u64(digest);
}

uint64_t subject_body(const struct identity_key *key, const uint8_t frame[static FRAME_BYTES])
{
    uint8_t message[1 + FRAME_BYTES] = {FIRST_OF_BODY};
    memcpy(message + 1, frame, FRAME_BYTES);
    uint64_t body = digest_number(key, message, sizeof(message));
    sodium_memzero(message, sizeof(message));
    return body;
}

uint64_t subject_key_check(const struct identity_key *key)
{
    return never_zero(digest_number(key, (const uint8_t *)CHECK_LABEL, sizeof(CHECK_LABEL) - 1));
}
