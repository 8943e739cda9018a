#include "protocol/revocation.h"

#include "protocol/folder.h"
#include "protocol/manifest.h"
#include "protocol/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The file, described in KEYS.md. */
enum {
    LIST_MAGIC = 0,        /* 8 bytes */
    LIST_FORMAT = 8,       /* u32 */
    LIST_ENVIRONMENT = 12, /* u32 */
    LIST_SEQUENCE = 16,    /* u64 */
    LIST_SIGNED_S = 24,    /* u64 */
    LIST_SIGNER_ID = 32,   /* 16 bytes */
    LIST_COUNT = 48,       /* u32 */
    LIST_RESERVED = 52,    /* u32, zero */
    LIST_ENTRIES = 56,     /* of ENTRY_END bytes, then the signature over all before it */
};
enum {
    ENTRY_TERMINAL = 0,   /* u32 */
    ENTRY_RESERVED = 4,   /* u32, zero */
    ENTRY_KEY = 8,        /* 32 bytes */
    ENTRY_REVOKED_S = 40, /* u64 */
    ENTRY_END = 48,
};
static_assert(LIST_FORMAT == LIST_MAGIC + sizeof(REVOCATION_MAGIC) - 1, "list fields touch");
static_assert(LIST_ENVIRONMENT == LIST_FORMAT + 4, "list fields touch");
static_assert(LIST_SEQUENCE == LIST_ENVIRONMENT + 4, "list fields touch");
static_assert(LIST_SIGNED_S == LIST_SEQUENCE + 8, "list fields touch");
static_assert(LIST_SIGNER_ID == LIST_SIGNED_S + 8, "list fields touch");
static_assert(LIST_COUNT == LIST_SIGNER_ID + KEY_ID_SIZE, "list fields touch");
static_assert(LIST_RESERVED == LIST_COUNT + 4, "list fields touch");
static_assert(LIST_ENTRIES == LIST_RESERVED + 4, "list fields touch");
static_assert((int)LIST_ENTRIES == REVOCATION_HEAD_SIZE, "fields fill the head");
static_assert(ENTRY_RESERVED == ENTRY_TERMINAL + 4, "entry fields touch");
static_assert(ENTRY_KEY == ENTRY_RESERVED + 4, "entry fields touch");
static_assert(ENTRY_REVOKED_S == ENTRY_KEY + NOISE_KEY_SIZE, "entry fields touch");
static_assert(ENTRY_END == ENTRY_REVOKED_S + 8, "entry fields touch");
static_assert((int)ENTRY_END == REVOCATION_SIZE, "fields fill the entry");
static_assert(REVOCATIONS_SIZE(0) == REVOCATION_HEAD_SIZE + crypto_sign_BYTES, "Ed25519");

/* ---- the list ---- */

/* Public keys: how long it takes tells nothing. */
static int compare_keys(const uint8_t a[static NOISE_KEY_SIZE],
                        const uint8_t b[static NOISE_KEY_SIZE])
{
    return memcmp(a, b, NOISE_KEY_SIZE);
}

static struct revocations *list_of(uint32_t count)
{
    size_t size = sizeof(struct revocations) + (size_t)count * sizeof(struct revocation);
    return calloc(1, size);
}

struct revocations *revocations_none(uint32_t environment)
{
    struct revocations *list = list_of(0);
    if (list != NULL)
        list->environment = environment;
    return list;
}

void revocations_free(struct revocations *list)
{
    free(list);
}

/* Where the first key stands that is not lower. */
static uint32_t place_of(const struct revocations *list, const uint8_t key[static NOISE_KEY_SIZE])
{
    uint32_t from = 0, until = list->count;
    while (from < until) {
        uint32_t middle = from + (until - from) / 2;
        if (compare_keys(list->entries[middle].key, key) < 0)
            from = middle + 1;
        else
            until = middle;
    }
    return from;
}

const struct revocation *revocations_find(const struct revocations *list,
                                          const uint8_t key[static NOISE_KEY_SIZE])
{
    uint32_t place = place_of(list, key);
    if (place == list->count || compare_keys(list->entries[place].key, key) != 0)
        return NULL;
    return &list->entries[place];
}

bool revocations_has(const struct revocations *list, const uint8_t key[static NOISE_KEY_SIZE])
{
    return revocations_find(list, key) != NULL;
}

bool revocations_add(struct revocations **list, const struct revocation *entry, struct fault *fault)
{
    const struct revocations *old = *list;
    assert(entry->terminal != 0);
    if (revocations_has(old, entry->key))
        return true;
    if (old->count == REVOCATION_COUNT_MAX)
        return fault_set(fault, "the list is full: it holds at most %d keys", REVOCATION_COUNT_MAX);
    struct revocations *new = list_of(old->count + 1);
    if (new == NULL)
        return fault_set(fault, "no memory for %u revocations", old->count + 1);
    uint32_t place = place_of(old, entry->key);
    memcpy(new, old, sizeof(*old));
    memcpy(new->entries, old->entries, place * sizeof(*entry));
    new->entries[place] = *entry;
    memcpy(new->entries + place + 1, old->entries + place, (old->count - place) * sizeof(*entry));
    new->count++;
    free(*list);
    *list = new;
    return true;
}

/* ---- its bytes ---- */

void revocations_encode(uint8_t bytes[], const struct revocations *list)
{
    assert(list->sequence != 0 && list->count <= REVOCATION_COUNT_MAX);
    memset(bytes, 0, REVOCATIONS_SIZE(list->count));
    memcpy(bytes + LIST_MAGIC, REVOCATION_MAGIC, sizeof(REVOCATION_MAGIC) - 1);
    store_u32(bytes + LIST_FORMAT, REVOCATION_FORMAT);
    store_u32(bytes + LIST_ENVIRONMENT, list->environment);
    store_u64(bytes + LIST_SEQUENCE, list->sequence);
    store_u64(bytes + LIST_SIGNED_S, list->signed_s);
    store_u32(bytes + LIST_COUNT, list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        const struct revocation *entry = &list->entries[i];
        uint8_t *record = bytes + LIST_ENTRIES + (size_t)i * ENTRY_END;
        store_u32(record + ENTRY_TERMINAL, entry->terminal);
        memcpy(record + ENTRY_KEY, entry->key, NOISE_KEY_SIZE);
        store_u64(record + ENTRY_REVOKED_S, entry->revoked_s);
    }
}

void revocations_sign(uint8_t bytes[], const struct revocations *list,
                      const struct sign_secret *key)
{
    size_t signed_size = REVOCATIONS_SIZE(list->count) - crypto_sign_BYTES;
    struct sign_public public = keyfile_public_of_secret(key);
    revocations_encode(bytes, list);
    manifest_signing_key_id(bytes + LIST_SIGNER_ID, &public);
    /* The magic in front makes it a signature for nothing else. */
    crypto_sign_detached(bytes + signed_size, NULL, bytes, signed_size, key->bytes);
}

/* Whether it is a list at all, and as long as it says. */
static bool form_is_right(const uint8_t bytes[], size_t size, struct fault *fault)
{
    if (size < REVOCATIONS_SIZE(0) || size > REVOCATIONS_SIZE_MAX)
        return fault_set(fault, "%zu bytes; a list of revocations has %zu to %zu", size,
                         REVOCATIONS_SIZE(0), REVOCATIONS_SIZE_MAX);
    if (memcmp(bytes + LIST_MAGIC, REVOCATION_MAGIC, sizeof(REVOCATION_MAGIC) - 1) != 0)
        return fault_set(fault, "not a list of revocations: it does not begin "
                                "with " REVOCATION_MAGIC);
    if (load_u32(bytes + LIST_FORMAT) != REVOCATION_FORMAT)
        return fault_set(fault, "format %u: this program reads format %d",
                         load_u32(bytes + LIST_FORMAT), REVOCATION_FORMAT);
    uint32_t count = load_u32(bytes + LIST_COUNT);
    if (count > REVOCATION_COUNT_MAX || size != REVOCATIONS_SIZE(count))
        return fault_set(fault, "%zu bytes do not hold the %u revocations it speaks of", size,
                         count);
    return true;
}

static bool list_is_by(const uint8_t bytes[], size_t size, const struct sign_public *signer,
                       struct fault *fault)
{
    uint8_t id[KEY_ID_SIZE];
    size_t signed_size = size - crypto_sign_BYTES;
    manifest_signing_key_id(id, signer);
    if (memcmp(bytes + LIST_SIGNER_ID, id, KEY_ID_SIZE) != 0)
        return fault_set(fault, "signed by another key than the one that was given: give the "
                                "revoker's, its public key to an engine and its secret one to "
                                "who revokes");
    if (crypto_sign_verify_detached(bytes + signed_size, bytes, signed_size, signer->bytes) != 0)
        return fault_set(fault, "the signature does not fit: damaged or forged; fetch it again");
    return true;
}

static bool entry_decode(struct revocation *out, const uint8_t record[static ENTRY_END],
                         const struct revocation *before, struct fault *fault)
{
    out->terminal = load_u32(record + ENTRY_TERMINAL);
    out->revoked_s = load_u64(record + ENTRY_REVOKED_S);
    memcpy(out->key, record + ENTRY_KEY, NOISE_KEY_SIZE);
    if (out->terminal == 0)
        return fault_set(fault, "a terminal without a number");
    if (load_u32(record + ENTRY_RESERVED) != 0)
        return fault_set(fault, "reserved bytes are not zero");
    if (before != NULL && compare_keys(before->key, out->key) >= 0)
        return fault_set(fault, "keys out of order: they must rise");
    return true;
}

bool revocations_decode(struct revocations **out, const uint8_t bytes[], size_t size,
                        struct fault *fault)
{
    if (!form_is_right(bytes, size, fault))
        return false;
    if (load_u32(bytes + LIST_RESERVED) != 0 || load_u64(bytes + LIST_SEQUENCE) == 0)
        return fault_set(fault, "no sequence, or reserved bytes that are not zero");
    uint32_t count = load_u32(bytes + LIST_COUNT);
    struct revocations *list = list_of(count);
    if (list == NULL)
        return fault_set(fault, "no memory for %u revocations", count);
    list->environment = load_u32(bytes + LIST_ENVIRONMENT);
    list->sequence = load_u64(bytes + LIST_SEQUENCE);
    list->signed_s = load_u64(bytes + LIST_SIGNED_S);
    list->count = count;
    for (uint32_t i = 0; i < count; i++) {
        const struct revocation *before = i == 0 ? NULL : &list->entries[i - 1];
        if (!entry_decode(&list->entries[i], bytes + LIST_ENTRIES + (size_t)i * ENTRY_END, before,
                          fault)) {
            free(list);
            return false;
        }
    }
    *out = list;
    return true;
}

bool revocations_open(struct revocations **out, const uint8_t bytes[], size_t size,
                      const struct sign_public *signer, struct fault *fault)
{
    if (!form_is_right(bytes, size, fault) || !list_is_by(bytes, size, signer, fault))
        return false;
    return revocations_decode(out, bytes, size, fault) || fault_at(fault, "signed, but impossible");
}

/* ---- its file ---- */

/* Verified before it is used: what is not the signer's is not looked at. */
static bool read_bytes(struct revocations **out, int fd, uint64_t size,
                       const struct sign_public *signer, struct fault *fault)
{
    if (size > REVOCATIONS_SIZE_MAX)
        return fault_set(fault, "%" PRIu64 " bytes; a list of revocations has at most %zu", size,
                         REVOCATIONS_SIZE_MAX);
    uint8_t *bytes = malloc(REVOCATIONS_SIZE_MAX);
    if (bytes == NULL)
        return fault_set(fault, "no memory for a list of revocations");
    ssize_t found = folder_read(fd, bytes, (size_t)size);
    bool is_good = found == (ssize_t)size;
    if (!is_good)
        fault_set(fault, "could not be read whole");
    else
        is_good = revocations_open(out, bytes, (size_t)size, signer, fault);
    free(bytes);
    return is_good;
}

static bool list_is_ours(const struct revocations *list, uint32_t environment,
                         uint64_t sequence_least, struct fault *fault)
{
    if (list->environment != environment)
        return fault_set(fault,
                         "of environment %u, wanted one of environment %u: see --environment",
                         list->environment, environment);
    if (list->sequence < sequence_least)
        return fault_set(fault,
                         "number %" PRIu64 " of the signer's lists; number %" PRIu64
                         " was seen here already, so this one is old: fetch the newest",
                         list->sequence, sequence_least);
    return true;
}

bool revocations_read(struct revocations **out, const char *path, const struct sign_public *signer,
                      uint32_t environment, uint64_t sequence_least, struct fault *fault)
{
    uint64_t size = 0;
    errno = 0;
    int fd = folder_open_regular(AT_FDCWD, path, &size, fault);
    if (fd < 0)
        return errno == ENOENT
                   ? fault_set(fault,
                               "%s: there is no such list; when there has never been one, eligctl "
                               "terminal begin-list begins it",
                               path)
                   : false; /* which names the path */
    struct revocations *list = NULL;
    bool is_good = read_bytes(&list, fd, size, signer, fault) &&
                   list_is_ours(list, environment, sequence_least, fault);
    close(fd);
    if (!is_good) {
        revocations_free(list);
        return fault_at(fault, path);
    }
    *out = list;
    return true;
}

static bool file_is_there(const char *path)
{
    return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

bool revocations_read_if_there(struct revocations **out, const char *path,
                               const struct sign_public *signer, uint32_t environment,
                               uint64_t sequence_least, struct fault *fault)
{
    if (file_is_there(path) || sequence_least > 0)
        return revocations_read(out, path, signer, environment, sequence_least, fault);
    *out = revocations_none(environment);
    return *out != NULL || fault_set(fault, "%s: no memory for a list of revocations", path);
}

static bool write_locked(const struct revocations *list, const struct replacing *replacing,
                         const struct sign_secret *key, struct fault *fault)
{
    size_t size = REVOCATIONS_SIZE(list->count);
    uint8_t *bytes = malloc(size);
    if (bytes == NULL)
        return fault_set(fault, "no memory for a list of revocations");
    revocations_sign(bytes, list, key);
    bool is_good = replace_commit(replacing, bytes, size, NULL, fault);
    free(bytes);
    return is_good;
}

bool revocations_write(const struct revocations *list, const char *path,
                       const struct sign_secret *key, struct fault *fault)
{
    struct replacing replacing;
    if (!replace_begin(&replacing, path, fault))
        return false;
    bool is_good = write_locked(list, &replacing, key, fault);
    replace_end(&replacing);
    return is_good || fault_at(fault, path);
}

bool revocations_begin(const char *path, uint32_t environment, uint64_t signed_s,
                       const struct sign_secret *key, struct fault *fault)
{
    struct replacing replacing;
    struct revocations *list = revocations_none(environment);
    if (list == NULL)
        return fault_set(fault, "%s: no memory for a list of revocations", path);
    list->sequence = 1;
    list->signed_s = signed_s;
    bool is_begun = replace_begin(&replacing, path, fault);
    if (is_begun) {
        is_begun = (file_is_there(path) ? fault_set(fault, "exists; a list is never begun twice")
                                        : write_locked(list, &replacing, key, fault)) ||
                   fault_at(fault, path);
        replace_end(&replacing);
    }
    revocations_free(list);
    return is_begun;
}

/* The next list, unless the key is on this one. */
static bool revoke_locked(struct revoking *out, struct revocations **list,
                          const struct replacing *replacing, const struct revocation *entry,
                          const struct sign_secret *key, struct fault *fault)
{
    out->was_there = revocations_has(*list, entry->key);
    if (!out->was_there) {
        if ((*list)->sequence == UINT64_MAX)
            return fault_set(fault, "the sequence is used up");
        if (!revocations_add(list, entry, fault))
            return false;
        (*list)->sequence++;
        (*list)->signed_s = entry->revoked_s;
        if (!write_locked(*list, replacing, key, fault))
            return false;
    }
    out->sequence = (*list)->sequence;
    out->count = (*list)->count;
    return true;
}

bool revocations_revoke(struct revoking *out, const char *path, uint32_t environment,
                        const struct revocation *entry, const struct sign_secret *key,
                        bool may_begin, struct fault *fault)
{
    struct replacing replacing;
    struct revocations *list = NULL;
    struct sign_public signer = keyfile_public_of_secret(key);
    if (!replace_begin(&replacing, path, fault))
        return false;
    bool is_read = may_begin
                       ? revocations_read_if_there(&list, path, &signer, environment, 0, fault)
                       : revocations_read(&list, path, &signer, environment, 0, fault);
    bool is_good = is_read && (revoke_locked(out, &list, &replacing, entry, key, fault) ||
                               fault_at(fault, path));
    replace_end(&replacing);
    revocations_free(list);
    return is_good;
}
