/* The signed list of terminals' keys that are good no longer. Layout: KEYS.md. */
#ifndef PROTOCOL_REVOCATION_H
#define PROTOCOL_REVOCATION_H

#include "protocol/fault.h"
#include "protocol/keyfile.h"

#define REVOCATION_MAGIC        "ELIGREV1"
#define REVOCATION_FORMAT       1
#define REVOCATION_COUNT_MAX    65536
#define REVOCATION_HEAD_SIZE    56
#define REVOCATION_SIZE         48
#define REVOCATIONS_SIZE(count) (REVOCATION_HEAD_SIZE + (size_t)(count)*REVOCATION_SIZE + 64)
#define REVOCATIONS_SIZE_MAX    REVOCATIONS_SIZE(REVOCATION_COUNT_MAX)

struct revocation {
    uint8_t key[NOISE_KEY_SIZE]; /* the terminal's public one */
    uint32_t terminal;           /* its number when it was revoked; not 0 */
    uint64_t revoked_s;          /* UTC */
};

/* One piece of memory, and nobody changes it who does not own it. */
struct revocations {
    uint32_t environment; /* 0 production; anything else a test; must equal the reader's */
    uint32_t count;
    uint64_t sequence;           /* of lists that were signed: each one's is higher; 0: none was */
    uint64_t signed_s;           /* UTC */
    struct revocation entries[]; /* by key, none twice */
};

/* ---- the list ---- */

/* The list that holds nobody; NULL without memory. */
struct revocations *revocations_none(uint32_t environment);
void revocations_free(struct revocations *list); /* NULL: nothing */

bool revocations_has(const struct revocations *list, const uint8_t key[static NOISE_KEY_SIZE]);

/* Its entry, or NULL; lives as long as the list. */
const struct revocation *revocations_find(const struct revocations *list,
                                          const uint8_t key[static NOISE_KEY_SIZE]);

/* May move the list. A key that is there stays as it is. When it is false the list is as it was. */
MUST_USE bool revocations_add(struct revocations **list, const struct revocation *entry,
                              struct fault *fault);

/* ---- its bytes ---- */

/* REVOCATIONS_SIZE(list->count) bytes. The sequence must not be 0. */
void revocations_sign(uint8_t bytes[], const struct revocations *list,
                      const struct sign_secret *key);

/* Verifies the signature before a field is looked at, then every field. */
MUST_USE bool revocations_open(struct revocations **out, const uint8_t bytes[], size_t size,
                               const struct sign_public *signer, struct fault *fault);

/* The fields alone, whoever signed them: what sign and open do besides. What somebody else wrote
 * goes through revocations_open. */
void revocations_encode(uint8_t bytes[], const struct revocations *list);
MUST_USE bool revocations_decode(struct revocations **out, const uint8_t bytes[], size_t size,
                                 struct fault *fault);

/* ---- its file ---- */

/* Only the list that the signer signed, of this environment, whose sequence is at least
 * `sequence_least`: whoever has seen a list takes no older one. Regular files only. */
MUST_USE bool revocations_read(struct revocations **out, const char *path,
                               const struct sign_public *signer, uint32_t environment,
                               uint64_t sequence_least, struct fault *fault);

/* The same, but a file that is not there is the list that holds nobody, with sequence 0; not when
 * `sequence_least` is higher: then there was one. */
MUST_USE bool revocations_read_if_there(struct revocations **out, const char *path,
                                        const struct sign_public *signer, uint32_t environment,
                                        uint64_t sequence_least, struct fault *fault);

/* Signs it and puts it in the place of what is there, whole or not at all. */
MUST_USE bool revocations_write(const struct revocations *list, const char *path,
                                const struct sign_secret *key, struct fault *fault);

/* Begins a list that holds nobody, so that engines can watch it from their start on: its sequence
 * is
 * 1. Refused where there is a file. */
MUST_USE bool revocations_begin(const char *path, uint32_t environment, uint64_t signed_s,
                                const struct sign_secret *key, struct fault *fault);

/* Reads the list or begins one, adds the entry, writes it with the next sequence: nobody else can
 * do so between. `out` is what stands in the file then; a key that was on it already is said to be
 * so and nothing is written. */
struct revoking {
    bool was_there;
    uint64_t sequence;
    uint32_t count;
};
MUST_USE bool revocations_revoke(struct revoking *out, const char *path, uint32_t environment,
                                 const struct revocation *entry, const struct sign_secret *key,
                                 bool may_begin, struct fault *fault);

#endif
