/* Any bytes, signed or not, either open and encode back to themselves, with every key found, or are
 * refused. */
#include "protocol/revocation.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIGNATURE_AT_MOST 8192 /* larger lists are signed by none: signing takes its time */

static struct sign_public public;
static struct sign_secret secret;

static void start(void)
{
    static const uint8_t seed[crypto_sign_SEEDBYTES] = {1};
    if (sodium_init() < 0)
        abort(); /* nothing can be tested without it */
    crypto_sign_seed_keypair(public.bytes, secret.bytes, seed);
}

static void look_up_all(const struct revocations *list)
{
    uint8_t key[SESSION_KEY_SIZE];
    for (uint32_t i = 0; i < list->count; i++) {
        assert(revocations_find(list, list->entries[i].key) == &list->entries[i]);
        assert(i == 0 || memcmp(list->entries[i - 1].key, list->entries[i].key, sizeof(key)) < 0);
    }
    memset(key, 0xff, sizeof(key));
    assert(revocations_has(list, key) ==
           (list->count > 0 && memcmp(list->entries[list->count - 1].key, key, sizeof(key)) == 0));
}

/* The fields alone, whoever signed them. */
static bool decode_and_compare(const uint8_t *data, size_t size)
{
    struct revocations *list = NULL;
    struct fault fault = {""};
    if (!revocations_decode(&list, data, size, &fault)) {
        assert(fault.text[0] != '\0' && list == NULL);
        return false;
    }
    assert(size == REVOCATIONS_SIZE(list->count));
    look_up_all(list);
    uint8_t *again = malloc(size);
    if (again == NULL)
        abort(); /* nothing can be compared without memory */
    revocations_encode(again, list);
    size_t signer_at = 32, behind = signer_at + KEY_ID_SIZE; /* which encode leaves zero */
    assert(memcmp(data, again, signer_at) == 0);
    assert(memcmp(data + behind, again + behind, size - behind - crypto_sign_BYTES) == 0);
    free(again);
    revocations_free(list);
    return true;
}

/* Whatever decodes opens once it is signed, and only then. */
static void sign_and_open(const uint8_t *data, size_t size)
{
    struct revocations *list = NULL, *opened = NULL;
    struct fault fault = {""};
    static uint8_t bytes[SIGNATURE_AT_MOST];
    if (!revocations_decode(&list, data, size, &fault))
        abort(); /* it has just done so */
    revocations_sign(bytes, list, &secret);
    if (!revocations_open(&opened, bytes, size, &public, &fault))
        abort(); /* our own signature */
    bytes[size / 2] ^= 1;
    struct revocations *forged = NULL;
    assert(!revocations_open(&forged, bytes, size, &public, &fault) && forged == NULL);
    revocations_free(list);
    revocations_free(opened);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool started;
    if (!started)
        start();
    started = true;

    struct revocations *opened = NULL;
    struct fault fault = {""};
    if (revocations_open(&opened, data, size, &public, &fault))
        look_up_all(opened); /* a seed that we signed */
    else
        assert(fault.text[0] != '\0' && opened == NULL);
    revocations_free(opened);
    if (decode_and_compare(data, size) && size <= SIGNATURE_AT_MOST)
        sign_and_open(data, size);
    return 0;
}
