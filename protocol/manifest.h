/* The signed page that stands beside every snapshot and says exactly what it is. */
#ifndef PROTOCOL_MANIFEST_H
#define PROTOCOL_MANIFEST_H

#include "protocol/catalogue.h"
#include "protocol/fault.h"
#include "protocol/keyfile.h"

#define MANIFEST_SIZE    2048
#define MANIFEST_MAGIC   "ELIGMAN1"
#define SNAPSHOT_FORMAT  4
#define DATA_HASH_SIZE   32 /* BLAKE2b-256 */
#define VALUE_HASH_SIZE  16 /* XXH3-128, canonical bytes */
#define VALUE_COUNT_MAX  32
#define VALUE_NAME_SIZE  8
#define SOURCE_COUNT_MAX 24
#define SOURCE_NAME_SIZE 16
#define SIGNATURE_SIZE   64

/* One value of the data file. The name is filled with zeros and may take all eight bytes. */
struct manifest_value {
    char name[VALUE_NAME_SIZE];
    uint64_t size;
    uint8_t hash[VALUE_HASH_SIZE];
};

/* One delivery of a register: how old it is, and when it is overdue. */
struct manifest_source {
    char name[SOURCE_NAME_SIZE]; /* ends in NUL */
    uint32_t as_of_day, overdue_day;
    uint32_t row_count, refused_count;
};

struct manifest {
    uint32_t environment; /* 0 production; anything else a test; must equal the reader's */
    uint64_t generation, parent;
    uint64_t created_s, not_after_s; /* UTC */
    uint64_t data_size;
    uint8_t data_hash[DATA_HASH_SIZE];
    uint8_t identity_key_id[KEY_ID_SIZE];
    uint8_t identity_check[DIGEST_SIZE];
    uint8_t signing_key_id[KEY_ID_SIZE];
    uint32_t as_of_day;
    uint32_t from_day, until_day; /* the judging window */
    uint64_t person_count, identifier_count;
    uint64_t home_count;    /* of the index */
    uint64_t subject_check; /* of the key of its subjects (subject.h); 0: it has none */
    uint32_t value_count, source_count;
    struct manifest_value values[VALUE_COUNT_MAX];
    struct manifest_source sources[SOURCE_COUNT_MAX];
};

/* A public key's name: the first bytes of its BLAKE2b. */
void manifest_signing_key_id(uint8_t id[static KEY_ID_SIZE], const struct sign_public *key);

/* Whether every field is in its range; manifest_sign asserts it, manifest_open verifies it. */
MUST_USE bool manifest_check(const struct manifest *manifest, struct fault *fault);

/* The fields alone, without a signature: what manifest_sign and manifest_open do with a page
 * besides. A page that somebody else wrote goes through manifest_open. */
void manifest_encode(uint8_t page[static MANIFEST_SIZE], const struct manifest *in);
MUST_USE bool manifest_decode(struct manifest *out, const uint8_t page[static MANIFEST_SIZE],
                              struct fault *fault);

/* Encodes and signs; sets the signing key id from the secret. */
void manifest_sign(uint8_t page[static MANIFEST_SIZE], const struct manifest *in,
                   const struct sign_secret *key);

/* Checks the signature first, then every field's range and all reserved bytes. The sentence in
 * `fault` tells an unsigned or damaged page from one by a foreign key. */
MUST_USE bool manifest_open(struct manifest *out, const uint8_t page[static MANIFEST_SIZE],
                            const struct sign_public *key, struct fault *fault);

/* BLAKE2b-256 of the page, as CURRENT carries it. */
void manifest_hash(uint8_t hash[static DATA_HASH_SIZE], const uint8_t page[static MANIFEST_SIZE]);

#endif
