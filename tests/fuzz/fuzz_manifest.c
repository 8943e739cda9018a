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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool started;
    if (!started)
        start();
    started = true;

    uint8_t page[MANIFEST_SIZE] = {0};
    memcpy(page, data, size < MANIFEST_SIZE ? size : MANIFEST_SIZE);
    open_and_compare(page);

    /* now as the publisher's own: past the signature every field is reached */
    static const char domain[] = "elig snapshot manifest v1";
    uint8_t message[sizeof(domain) + MANIFEST_SIZE - SIGNATURE_SIZE];
    memcpy(page, MANIFEST_MAGIC, 8);
    store_u32(page + 8, SNAPSHOT_FORMAT);
    manifest_signing_key_id(page + 120, &public);
    memcpy(message, domain, sizeof(domain));
    memcpy(message + sizeof(domain), page, MANIFEST_SIZE - SIGNATURE_SIZE);
    crypto_sign_detached(page + MANIFEST_SIZE - SIGNATURE_SIZE, NULL, message, sizeof(message),
                         secret.bytes);
    open_and_compare(page);
    return 0;
}
