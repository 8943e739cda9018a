/* Any page, signed or not, either opens and encodes back to the same bytes, or is refused. */
#include "protocol/manifest.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sign_public public;
static struct sign_secret secret;

static void start(void)
{
    static const uint8_t seed[crypto_sign_SEEDBYTES] = {1};
    if (sodium_init() < 0)
        abort(); /* nothing can be tested without it */
    crypto_sign_seed_keypair(public.bytes, secret.bytes, seed);
}

/* Opens, and gives the same page when it is written again. */
static void open_and_compare(const uint8_t page[static MANIFEST_SIZE])
{
    struct manifest manifest;
    struct fault fault = {""};
    if (!manifest_open(&manifest, page, &public, &fault)) {
        assert(fault.text[0] != '\0');
        return;
    }
    uint8_t again[MANIFEST_SIZE];
    manifest_sign(again, &manifest, &secret);
    assert(memcmp(page, again, MANIFEST_SIZE) == 0);
}

/* The fields alone, whoever signed them. */
static void decode_and_compare(const uint8_t page[static MANIFEST_SIZE])
{
    struct manifest manifest;
    struct fault fault = {""};
    if (!manifest_decode(&manifest, page, &fault)) {
        assert(fault.text[0] != '\0');
        return;
    }
    uint8_t again[MANIFEST_SIZE];
    manifest_encode(again, &manifest);
    assert(memcmp(page, again, MANIFEST_SIZE - SIGNATURE_SIZE) == 0);
}

/* As the publisher's own: past the signature every field is reached. */
static void sign(uint8_t page[static MANIFEST_SIZE])
{
    static const char domain[] = "elig snapshot manifest v1";
    uint8_t message[sizeof(domain) + MANIFEST_SIZE - SIGNATURE_SIZE];
    memcpy(message, domain, sizeof(domain));
    memcpy(message + sizeof(domain), page, MANIFEST_SIZE - SIGNATURE_SIZE);
    crypto_sign_detached(page + MANIFEST_SIZE - SIGNATURE_SIZE, NULL, message, sizeof(message),
                         secret.bytes);
}

/* Signing takes a hundred times as long as reading: one input in so many goes all the way. */
#define SIGNED_ONE_IN 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool started;
    if (!started)
        start();
    started = true;

    uint8_t page[MANIFEST_SIZE] = {0};
    memcpy(page, data, size < MANIFEST_SIZE ? size : MANIFEST_SIZE);
    uint32_t sum = 0;
    for (size_t i = 0; i < MANIFEST_SIZE; i++)
        sum = sum * 31 + page[i];
    bool all_the_way = sum % SIGNED_ONE_IN == 0;
    if (all_the_way)
        open_and_compare(page);

    memcpy(page, MANIFEST_MAGIC, 8);
    store_u32(page + 8, SNAPSHOT_FORMAT);
    decode_and_compare(page);
    if (all_the_way) {
        manifest_signing_key_id(page + 120, &public);
        sign(page);
        open_and_compare(page);
    }
    return 0;
}
