#include "protocol/manifest.h"

#include "protocol/index.h"
#include "protocol/snapshot.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <string.h>

/* The page, described in SNAPSHOT.md. */
enum {
    PAGE_MAGIC = 0,              /* 8 bytes */
    PAGE_FORMAT = 8,             /* u32 */
    PAGE_ENVIRONMENT = 12,       /* u32 */
    PAGE_GENERATION = 16,        /* u64 */
    PAGE_PARENT = 24,            /* u64 */
    PAGE_CREATED_S = 32,         /* u64 */
    PAGE_NOT_AFTER_S = 40,       /* u64 */
    PAGE_DATA_SIZE = 48,         /* u64 */
    PAGE_DATA_HASH = 56,         /* 32 bytes */
    PAGE_IDENTITY_KEY_ID = 88,   /* 16 bytes */
    PAGE_IDENTITY_CHECK = 104,   /* 16 bytes */
    PAGE_SIGNING_KEY_ID = 120,   /* 16 bytes */
    PAGE_AS_OF_DAY = 136,        /* u32 */
    PAGE_FROM_DAY = 140,         /* u32 */
    PAGE_UNTIL_DAY = 144,        /* u32 */
    PAGE_VALUE_COUNT = 148,      /* u32 */
    PAGE_PERSON_COUNT = 152,     /* u64 */
    PAGE_IDENTIFIER_COUNT = 160, /* u64 */
    PAGE_HOME_COUNT = 168,       /* u64 */
    PAGE_SOURCE_COUNT = 176,     /* u32 */
    PAGE_SUBJECT_CHECK = 180,    /* u64 */
    PAGE_RESERVED = 188,         /* 4 bytes, zero */
    PAGE_VALUES = 192,           /* VALUE_COUNT_MAX of PAGE_VALUE_SIZE bytes, unused ones zero */
    PAGE_SOURCES = 1216,         /* SOURCE_COUNT_MAX of PAGE_SOURCE_SIZE bytes, unused ones zero */
    PAGE_SIGNATURE = 1984,       /* 64 bytes, over all before it */
    PAGE_END = 2048,
};
enum {
    PAGE_VALUE_NAME = 0,  /* 8 bytes */
    PAGE_VALUE_BYTES = 8, /* u64 */
    PAGE_VALUE_HASH = 16, /* 16 bytes */
    PAGE_VALUE_SIZE = 32,
};
enum {
    PAGE_SOURCE_NAME = 0,           /* 16 bytes */
    PAGE_SOURCE_AS_OF_DAY = 16,     /* u32 */
    PAGE_SOURCE_OVERDUE_DAY = 20,   /* u32 */
    PAGE_SOURCE_ROW_COUNT = 24,     /* u32 */
    PAGE_SOURCE_REFUSED_COUNT = 28, /* u32 */
    PAGE_SOURCE_SIZE = 32,
};
static_assert(PAGE_FORMAT == PAGE_MAGIC + sizeof(MANIFEST_MAGIC) - 1, "page fields touch");
static_assert(PAGE_ENVIRONMENT == PAGE_FORMAT + 4, "page fields touch");
static_assert(PAGE_GENERATION == PAGE_ENVIRONMENT + 4, "page fields touch");
static_assert(PAGE_PARENT == PAGE_GENERATION + 8, "page fields touch");
static_assert(PAGE_CREATED_S == PAGE_PARENT + 8, "page fields touch");
static_assert(PAGE_NOT_AFTER_S == PAGE_CREATED_S + 8, "page fields touch");
static_assert(PAGE_DATA_SIZE == PAGE_NOT_AFTER_S + 8, "page fields touch");
static_assert(PAGE_DATA_HASH == PAGE_DATA_SIZE + 8, "page fields touch");
static_assert(PAGE_IDENTITY_KEY_ID == PAGE_DATA_HASH + DATA_HASH_SIZE, "page fields touch");
static_assert(PAGE_IDENTITY_CHECK == PAGE_IDENTITY_KEY_ID + KEY_ID_SIZE, "page fields touch");
static_assert(PAGE_SIGNING_KEY_ID == PAGE_IDENTITY_CHECK + DIGEST_SIZE, "page fields touch");
static_assert(PAGE_AS_OF_DAY == PAGE_SIGNING_KEY_ID + KEY_ID_SIZE, "page fields touch");
static_assert(PAGE_FROM_DAY == PAGE_AS_OF_DAY + 4, "page fields touch");
static_assert(PAGE_UNTIL_DAY == PAGE_FROM_DAY + 4, "page fields touch");
static_assert(PAGE_VALUE_COUNT == PAGE_UNTIL_DAY + 4, "page fields touch");
static_assert(PAGE_PERSON_COUNT == PAGE_VALUE_COUNT + 4, "page fields touch");
static_assert(PAGE_IDENTIFIER_COUNT == PAGE_PERSON_COUNT + 8, "page fields touch");
static_assert(PAGE_HOME_COUNT == PAGE_IDENTIFIER_COUNT + 8, "page fields touch");
static_assert(PAGE_SOURCE_COUNT == PAGE_HOME_COUNT + 8, "page fields touch");
static_assert(PAGE_SUBJECT_CHECK == PAGE_SOURCE_COUNT + 4, "page fields touch");
static_assert(PAGE_RESERVED == PAGE_SUBJECT_CHECK + 8, "page fields touch");
static_assert(PAGE_VALUES == PAGE_RESERVED + 4, "page fields touch");
static_assert((int)PAGE_SOURCES == (int)PAGE_VALUES + VALUE_COUNT_MAX * (int)PAGE_VALUE_SIZE,
              "page fields touch");
static_assert((int)PAGE_SIGNATURE == (int)PAGE_SOURCES + SOURCE_COUNT_MAX * (int)PAGE_SOURCE_SIZE,
              "page fields touch");
static_assert(PAGE_END == PAGE_SIGNATURE + SIGNATURE_SIZE, "page fields touch");
static_assert((int)PAGE_END == MANIFEST_SIZE, "fields fill the page");
static_assert(PAGE_VALUE_BYTES == PAGE_VALUE_NAME + VALUE_NAME_SIZE, "value fields touch");
static_assert(PAGE_VALUE_HASH == PAGE_VALUE_BYTES + 8, "value fields touch");
static_assert(PAGE_VALUE_SIZE == PAGE_VALUE_HASH + VALUE_HASH_SIZE, "value fields touch");
static_assert(PAGE_SOURCE_AS_OF_DAY == PAGE_SOURCE_NAME + SOURCE_NAME_SIZE, "source fields touch");
static_assert(PAGE_SOURCE_OVERDUE_DAY == PAGE_SOURCE_AS_OF_DAY + 4, "source fields touch");
static_assert(PAGE_SOURCE_ROW_COUNT == PAGE_SOURCE_OVERDUE_DAY + 4, "source fields touch");
static_assert(PAGE_SOURCE_REFUSED_COUNT == PAGE_SOURCE_ROW_COUNT + 4, "source fields touch");
static_assert(PAGE_SOURCE_SIZE == PAGE_SOURCE_REFUSED_COUNT + 4, "source fields touch");
static_assert(SIGNATURE_SIZE == crypto_sign_BYTES, "Ed25519");

/* In front of what is signed, so that a signature for a manifest is none for anything else. */
static const char DOMAIN[] = "elig snapshot manifest v1";

void manifest_signing_key_id(uint8_t id[static KEY_ID_SIZE], const struct sign_public *key)
{
    uint8_t hash[crypto_generichash_BYTES];
    crypto_generichash(hash, sizeof(hash), key->bytes, SIGN_PUBLIC_SIZE, NULL, 0);
    memcpy(id, hash, KEY_ID_SIZE);
}

void manifest_hash(uint8_t hash[static DATA_HASH_SIZE], const uint8_t page[static MANIFEST_SIZE])
{
    crypto_generichash(hash, DATA_HASH_SIZE, page, MANIFEST_SIZE, NULL, 0);
}

/* Lower-case letters, digits, dot, underscore; filled with zeros, which may be none. */
static bool value_name_is_sane(const char name[static VALUE_NAME_SIZE])
{
    size_t size = strnlen(name, VALUE_NAME_SIZE);
    for (size_t i = 0; i < size; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789._", name[i]) == NULL)
            return false;
    return size > 0 && bytes_are_zero((const uint8_t *)name + size, VALUE_NAME_SIZE - size);
}

/* Printable ASCII without spaces, at least one zero behind it. */
static bool source_name_is_sane(const char name[static SOURCE_NAME_SIZE])
{
    size_t size = strnlen(name, SOURCE_NAME_SIZE);
    for (size_t i = 0; i < size; i++)
        if (name[i] <= ' ' || name[i] > '~')
            return false;
    return size > 0 && size < SOURCE_NAME_SIZE &&
           bytes_are_zero((const uint8_t *)name + size, SOURCE_NAME_SIZE - size);
}

static bool values_are_sane(const struct manifest *m, struct fault *fault)
{
    uint64_t room = m->data_size;
    for (uint32_t i = 0; i < m->value_count; i++) {
        const struct manifest_value *v = &m->values[i];
        if (!value_name_is_sane(v->name))
            return fault_set(fault, "value %u has no proper name", i);
        if (i > 0 && memcmp(m->values[i - 1].name, v->name, VALUE_NAME_SIZE) >= 0)
            return fault_set(fault, "value %u is out of order: names must rise", i);
        if (v->size > room)
            return fault_set(fault,
                             "values up to number %u are larger than the data file's "
                             "%" PRIu64 " bytes",
                             i, m->data_size);
        room -= v->size;
    }
    return true;
}

static bool sources_are_sane(const struct manifest *m, struct fault *fault)
{
    for (uint32_t i = 0; i < m->source_count; i++) {
        const struct manifest_source *s = &m->sources[i];
        if (!source_name_is_sane(s->name))
            return fault_set(fault, "source %u has no proper name", i);
        if (s->refused_count > s->row_count)
            return fault_set(fault, "source %s refused %u rows of %u", s->name, s->refused_count,
                             s->row_count);
        if (s->overdue_day < s->as_of_day)
            return fault_set(fault, "source %s is overdue before its own day", s->name);
    }
    return true;
}

bool manifest_check(const struct manifest *m, struct fault *fault)
{
    const uint64_t bucket_count_max =
        (uint64_t)(VALUE_COUNT_MAX < SHARD_COUNT_MAX ? VALUE_COUNT_MAX : SHARD_COUNT_MAX)
        << SHARD_BUCKET_SHIFT;

    if (m->generation == 0 || m->parent >= m->generation)
        return fault_set(fault, "generation %" PRIu64 " does not follow its parent %" PRIu64,
                         m->generation, m->parent);
    if (m->not_after_s <= m->created_s)
        return fault_set(fault, "not-after %" PRIu64 " is not later than its creation %" PRIu64,
                         m->not_after_s, m->created_s);
    if (m->data_size == 0 || m->data_size > INT64_MAX)
        return fault_set(fault, "data size %" PRIu64 " is impossible", m->data_size);
    if (m->from_day >= m->until_day || m->until_day - m->from_day > WINDOW_DAYS_MAX)
        return fault_set(fault, "window from day %u until day %u: wanted 1 to %u days", m->from_day,
                         m->until_day, WINDOW_DAYS_MAX);
    if (m->as_of_day < m->from_day || m->as_of_day >= m->until_day)
        return fault_set(fault, "as-of day %u is outside the window from day %u until day %u",
                         m->as_of_day, m->from_day, m->until_day);
    if (m->home_count == 0 || m->home_count > bucket_count_max - BUCKET_REACH_MAX)
        return fault_set(fault, "home count %" PRIu64 ": wanted 1 to %" PRIu64, m->home_count,
                         bucket_count_max - BUCKET_REACH_MAX);
    if (m->identifier_count > index_bucket_count(m->home_count) * BUCKET_SLOT_COUNT)
        return fault_set(fault, "%" PRIu64 " identifiers do not fit %" PRIu64 " buckets",
                         m->identifier_count, index_bucket_count(m->home_count));
    if (m->person_count > INT64_MAX)
        return fault_set(fault, "person count %" PRIu64 " is impossible", m->person_count);
    if (m->value_count > VALUE_COUNT_MAX)
        return fault_set(fault, "%u values: at most %u", m->value_count, VALUE_COUNT_MAX);
    if (m->source_count > SOURCE_COUNT_MAX)
        return fault_set(fault, "%u sources: at most %u", m->source_count, SOURCE_COUNT_MAX);
    return values_are_sane(m, fault) && sources_are_sane(m, fault);
}

static void value_encode(uint8_t *record, const struct manifest_value *in)
{
    memcpy(record + PAGE_VALUE_NAME, in->name, VALUE_NAME_SIZE);
    store_u64(record + PAGE_VALUE_BYTES, in->size);
    memcpy(record + PAGE_VALUE_HASH, in->hash, VALUE_HASH_SIZE);
}

static void value_decode(struct manifest_value *out, const uint8_t *record)
{
    memcpy(out->name, record + PAGE_VALUE_NAME, VALUE_NAME_SIZE);
    out->size = load_u64(record + PAGE_VALUE_BYTES);
    memcpy(out->hash, record + PAGE_VALUE_HASH, VALUE_HASH_SIZE);
}

static void source_encode(uint8_t *record, const struct manifest_source *in)
{
    memcpy(record + PAGE_SOURCE_NAME, in->name, SOURCE_NAME_SIZE);
    store_u32(record + PAGE_SOURCE_AS_OF_DAY, in->as_of_day);
    store_u32(record + PAGE_SOURCE_OVERDUE_DAY, in->overdue_day);
    store_u32(record + PAGE_SOURCE_ROW_COUNT, in->row_count);
    store_u32(record + PAGE_SOURCE_REFUSED_COUNT, in->refused_count);
}

static void source_decode(struct manifest_source *out, const uint8_t *record)
{
    memcpy(out->name, record + PAGE_SOURCE_NAME, SOURCE_NAME_SIZE);
    out->as_of_day = load_u32(record + PAGE_SOURCE_AS_OF_DAY);
    out->overdue_day = load_u32(record + PAGE_SOURCE_OVERDUE_DAY);
    out->row_count = load_u32(record + PAGE_SOURCE_ROW_COUNT);
    out->refused_count = load_u32(record + PAGE_SOURCE_REFUSED_COUNT);
}

void manifest_encode(uint8_t page[static MANIFEST_SIZE], const struct manifest *in)
{
    struct fault fault;
    assert(manifest_check(in, &fault));
    memset(page, 0, MANIFEST_SIZE);
    memcpy(page + PAGE_MAGIC, MANIFEST_MAGIC, sizeof(MANIFEST_MAGIC) - 1);
    store_u32(page + PAGE_FORMAT, SNAPSHOT_FORMAT);
    store_u32(page + PAGE_ENVIRONMENT, in->environment);
    store_u64(page + PAGE_GENERATION, in->generation);
    store_u64(page + PAGE_PARENT, in->parent);
    store_u64(page + PAGE_CREATED_S, in->created_s);
    store_u64(page + PAGE_NOT_AFTER_S, in->not_after_s);
    store_u64(page + PAGE_DATA_SIZE, in->data_size);
    memcpy(page + PAGE_DATA_HASH, in->data_hash, DATA_HASH_SIZE);
    memcpy(page + PAGE_IDENTITY_KEY_ID, in->identity_key_id, KEY_ID_SIZE);
    memcpy(page + PAGE_IDENTITY_CHECK, in->identity_check, DIGEST_SIZE);
    memcpy(page + PAGE_SIGNING_KEY_ID, in->signing_key_id, KEY_ID_SIZE);
    store_u32(page + PAGE_AS_OF_DAY, in->as_of_day);
    store_u32(page + PAGE_FROM_DAY, in->from_day);
    store_u32(page + PAGE_UNTIL_DAY, in->until_day);
    store_u32(page + PAGE_VALUE_COUNT, in->value_count);
    store_u64(page + PAGE_PERSON_COUNT, in->person_count);
    store_u64(page + PAGE_IDENTIFIER_COUNT, in->identifier_count);
    store_u64(page + PAGE_HOME_COUNT, in->home_count);
    store_u32(page + PAGE_SOURCE_COUNT, in->source_count);
    store_u64(page + PAGE_SUBJECT_CHECK, in->subject_check);
    for (uint32_t i = 0; i < in->value_count; i++)
        value_encode(page + PAGE_VALUES + i * PAGE_VALUE_SIZE, &in->values[i]);
    for (uint32_t i = 0; i < in->source_count; i++)
        source_encode(page + PAGE_SOURCES + i * PAGE_SOURCE_SIZE, &in->sources[i]);
}

/* `out` must be all zero. Counts may be out of range: what they say is read as far as it fits. */
static void page_decode(struct manifest *out, const uint8_t page[static MANIFEST_SIZE])
{
    out->environment = load_u32(page + PAGE_ENVIRONMENT);
    out->generation = load_u64(page + PAGE_GENERATION);
    out->parent = load_u64(page + PAGE_PARENT);
    out->created_s = load_u64(page + PAGE_CREATED_S);
    out->not_after_s = load_u64(page + PAGE_NOT_AFTER_S);
    out->data_size = load_u64(page + PAGE_DATA_SIZE);
    memcpy(out->data_hash, page + PAGE_DATA_HASH, DATA_HASH_SIZE);
    memcpy(out->identity_key_id, page + PAGE_IDENTITY_KEY_ID, KEY_ID_SIZE);
    memcpy(out->identity_check, page + PAGE_IDENTITY_CHECK, DIGEST_SIZE);
    memcpy(out->signing_key_id, page + PAGE_SIGNING_KEY_ID, KEY_ID_SIZE);
    out->as_of_day = load_u32(page + PAGE_AS_OF_DAY);
    out->from_day = load_u32(page + PAGE_FROM_DAY);
    out->until_day = load_u32(page + PAGE_UNTIL_DAY);
    out->value_count = load_u32(page + PAGE_VALUE_COUNT);
    out->person_count = load_u64(page + PAGE_PERSON_COUNT);
    out->identifier_count = load_u64(page + PAGE_IDENTIFIER_COUNT);
    out->home_count = load_u64(page + PAGE_HOME_COUNT);
    out->source_count = load_u32(page + PAGE_SOURCE_COUNT);
    out->subject_check = load_u64(page + PAGE_SUBJECT_CHECK);
    for (uint32_t i = 0; i < out->value_count && i < VALUE_COUNT_MAX; i++)
        value_decode(&out->values[i], page + PAGE_VALUES + i * PAGE_VALUE_SIZE);
    for (uint32_t i = 0; i < out->source_count && i < SOURCE_COUNT_MAX; i++)
        source_decode(&out->sources[i], page + PAGE_SOURCES + i * PAGE_SOURCE_SIZE);
}

/* Reserved bytes and the places of values and sources that are not there. */
static bool unused_bytes_are_zero(const struct manifest *m, const uint8_t *page)
{
    size_t values_end = PAGE_VALUES + (size_t)m->value_count * PAGE_VALUE_SIZE;
    size_t sources_end = PAGE_SOURCES + (size_t)m->source_count * PAGE_SOURCE_SIZE;
    return bytes_are_zero(page + PAGE_RESERVED, PAGE_VALUES - PAGE_RESERVED) &&
           bytes_are_zero(page + values_end, PAGE_SOURCES - values_end) &&
           bytes_are_zero(page + sources_end, PAGE_SIGNATURE - sources_end);
}

/* What the signature is over: the domain with its NUL, then the page up to the signature. */
#define SIGNED_SIZE (sizeof(DOMAIN) + PAGE_SIGNATURE)

static void signed_bytes(uint8_t out[static SIGNED_SIZE], const uint8_t *page)
{
    memcpy(out, DOMAIN, sizeof(DOMAIN));
    memcpy(out + sizeof(DOMAIN), page, PAGE_SIGNATURE);
}

void manifest_sign(uint8_t page[static MANIFEST_SIZE], const struct manifest *in,
                   const struct sign_secret *key)
{
    struct manifest manifest = *in;
    struct sign_public public = keyfile_public_of_secret(key);
    manifest_signing_key_id(manifest.signing_key_id, &public);

    manifest_encode(page, &manifest);

    uint8_t message[SIGNED_SIZE];
    signed_bytes(message, page);
    crypto_sign_detached(page + PAGE_SIGNATURE, NULL, message, sizeof(message), key->bytes);
}

static bool page_is_by(const uint8_t page[static MANIFEST_SIZE], const struct sign_public *key,
                       struct fault *fault)
{
    uint8_t id[KEY_ID_SIZE];
    manifest_signing_key_id(id, key);
    if (memcmp(page + PAGE_SIGNING_KEY_ID, id, KEY_ID_SIZE) != 0)
        return fault_set(fault, "signed by another key than the one trusted here; if publishers "
                                "changed, install the new one's public key");
    if (bytes_are_zero(page + PAGE_SIGNATURE, SIGNATURE_SIZE))
        return fault_set(fault, "not signed; only signed manifests are taken");

    uint8_t message[SIGNED_SIZE];
    signed_bytes(message, page);
    if (crypto_sign_verify_detached(page + PAGE_SIGNATURE, message, sizeof(message), key->bytes) !=
        0)
        return fault_set(fault, "the signature does not fit: damaged or forged; fetch it again");
    return true;
}

bool manifest_decode(struct manifest *out, const uint8_t page[static MANIFEST_SIZE],
                     struct fault *fault)
{
    struct manifest manifest;
    memset(&manifest, 0, sizeof(manifest));
    page_decode(&manifest, page);
    if (!manifest_check(&manifest, fault))
        return false;
    if (!unused_bytes_are_zero(&manifest, page))
        return fault_set(fault, "reserved bytes are not zero: made by a newer publisher than this "
                                "program knows");
    *out = manifest;
    return true;
}

bool manifest_open(struct manifest *out, const uint8_t page[static MANIFEST_SIZE],
                   const struct sign_public *key, struct fault *fault)
{
    if (memcmp(page + PAGE_MAGIC, MANIFEST_MAGIC, sizeof(MANIFEST_MAGIC) - 1) != 0)
        return fault_set(fault, "not a manifest: it does not begin with " MANIFEST_MAGIC);
    if (load_u32(page + PAGE_FORMAT) != SNAPSHOT_FORMAT)
        return fault_set(fault, "snapshot format %u: this program reads format %u",
                         load_u32(page + PAGE_FORMAT), SNAPSHOT_FORMAT);
    if (!page_is_by(page, key, fault))
        return false;

    return manifest_decode(out, page, fault) || fault_at(fault, "signed, but impossible");
}
