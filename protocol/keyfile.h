/* Key files: one line of text, "elig-<what>-v1 <hex>". Secret ones are refused when anybody but
 * their owner can read or write them, and are never printed. A credential that systemd hands to a
 * service is read as it stands: in $CREDENTIALS_DIRECTORY, root's, mode 0400 or 0440. */
#ifndef PROTOCOL_KEYFILE_H
#define PROTOCOL_KEYFILE_H

#include <sys/types.h>

#include "protocol/fault.h"
#include "protocol/identity.h"
#include "protocol/noise.h"

#define SIGN_PUBLIC_SIZE 32
#define SIGN_SECRET_SIZE 64

#define KEYFILE_PUBLIC_SUFFIX ".pub"

#define MERCHANT_KEY_SIZE     32
#define FINGERPRINT_SIZE      16      /* bytes of BLAKE2b */
#define FINGERPRINT_TEXT_SIZE (8 * 5) /* eight groups of four digits, spaces between, NUL */

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

/* The key of subjects (subject.h), a kind of its own; close it as an identity key. */
MUST_USE bool keyfile_open_subject(struct identity_key **out, const char *path,
                                   struct fault *fault);

/* An identity key from a file that is open and whose guard the caller has judged; `path` is for
 * faults. */
MUST_USE bool keyfile_take_identity(struct identity_key **out, int fd, const char *path,
                                    struct fault *fault);
MUST_USE bool keyfile_open_secret(struct sign_secret **out, const char *path, struct fault *fault);
void keyfile_close_secret(struct sign_secret *key);
MUST_USE bool keyfile_open_server(struct noise_keys **out, const char *path, struct fault *fault);
MUST_USE bool keyfile_open_terminal(struct noise_keys **out, const char *path, struct fault *fault);
void keyfile_close_session(struct noise_keys *keys);

/* What a merchant's terminals and the server share, into memory of the caller's, who wipes it: for
 * whoever reads one for each handshake. Nothing is written when it is false. */
MUST_USE bool keyfile_read_merchant(uint8_t key[static MERCHANT_KEY_SIZE], const char *path,
                                    struct fault *fault);

/* The key that verifies what the secret one signs. */
struct sign_public keyfile_public_of_secret(const struct sign_secret *key);

/* Public keys need no protection from readers, but from writers: refused when group or others can
 * write them. */
MUST_USE bool keyfile_read_public(struct sign_public *out, const char *path, struct fault *fault);
MUST_USE bool keyfile_read_server_public(uint8_t public_key[static NOISE_KEY_SIZE],
                                         const char *path, struct fault *fault);
MUST_USE bool keyfile_read_terminal_public(uint8_t public_key[static NOISE_KEY_SIZE],
                                           const char *path, struct fault *fault);

/* Whether it can be anybody's: with zero, and with the few other points that give every pair the
 * same secret, nothing is secret. */
bool keyfile_public_is_sound(const uint8_t public_key[static NOISE_KEY_SIZE]);

/* BLAKE2b-128 of a public key, "3f0a 91c2 ...": what two people compare by eye. */
void keyfile_fingerprint(char text[static FINGERPRINT_TEXT_SIZE],
                         const uint8_t public_key[static NOISE_KEY_SIZE]);

/* New random keys. Refuse to overwrite; mode 0600; synced before they count as written. Those that
 * have a public half write it, readable by all, to `path`.pub. */
MUST_USE bool keyfile_create_identity(const char *path, struct fault *fault);
MUST_USE bool keyfile_create_subject(const char *path, struct fault *fault);
MUST_USE bool keyfile_create_signing(const char *path, struct fault *fault);
MUST_USE bool keyfile_create_server(const char *path, struct fault *fault);
MUST_USE bool keyfile_create_terminal(const char *path, struct fault *fault);
MUST_USE bool keyfile_create_merchant(const char *path, struct fault *fault);

/* The two halves of keyfile_create_identity, for whoever uses a key before it is written: a new one
 * in guarded memory; and its file, of the caller's mode. */
MUST_USE bool keyfile_make_identity(struct identity_key **out, struct fault *fault);
MUST_USE bool keyfile_write_identity(const char *path, const struct identity_key *key, mode_t mode,
                                     struct fault *fault);

#endif
