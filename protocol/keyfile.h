/* Key files: one line of text, "elig-<what>-v1 <hex>". Secret ones are refused when anybody but
 * their owner can read or write them, and are never printed. */
#ifndef PROTOCOL_KEYFILE_H
#define PROTOCOL_KEYFILE_H

#include <sys/types.h>

#include "protocol/fault.h"
#include "protocol/identity.h"

#define SIGN_PUBLIC_SIZE 32
#define SIGN_SECRET_SIZE 64

struct sign_public {
    uint8_t bytes[SIGN_PUBLIC_SIZE];
};
struct sign_secret {
    uint8_t bytes[SIGN_SECRET_SIZE];
};

/* The key lives in guarded, locked memory until it is closed (closing NULL does nothing). */
MUST_USE bool keyfile_open_identity(struct identity_key **out, const char *path,
                                    struct fault *fault);
void keyfile_close_identity(struct identity_key *key);

/* The same from a file that is open and whose guard the caller has judged; `path` is for faults. */
MUST_USE bool keyfile_take_identity(struct identity_key **out, int fd, const char *path,
                                    struct fault *fault);
MUST_USE bool keyfile_open_secret(struct sign_secret **out, const char *path, struct fault *fault);
void keyfile_close_secret(struct sign_secret *key);

/* The key that verifies what the secret one signs. */
struct sign_public keyfile_public_of_secret(const struct sign_secret *key);

/* Public keys need no protection from readers, but from writers: refused when group or others can
 * write them. */
MUST_USE bool keyfile_read_public(struct sign_public *out, const char *path, struct fault *fault);

/* New random keys. Refuse to overwrite; mode 0600; synced before they count as written.
 * keyfile_create_signing writes `path` and, readable by all, `path`.pub. */
MUST_USE bool keyfile_create_identity(const char *path, struct fault *fault);
MUST_USE bool keyfile_create_signing(const char *path, struct fault *fault);

/* The two halves of keyfile_create_identity, for whoever uses a key before it is written: a new one
 * in guarded memory; and its file, of the caller's mode. */
MUST_USE bool keyfile_make_identity(struct identity_key **out, struct fault *fault);
MUST_USE bool keyfile_write_identity(const char *path, const struct identity_key *key, mode_t mode,
                                     struct fault *fault);

#endif
