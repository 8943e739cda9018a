#include "protocol/keyfile.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define IDENTITY_WHAT        "elig-identity-v1"
#define SECRET_WHAT          "elig-signing-secret-v1"
#define PUBLIC_WHAT          "elig-signing-public-v1"
#define SERVER_SECRET_WHAT   "elig-server-secret-v1"
#define SERVER_PUBLIC_WHAT   "elig-server-public-v1"
#define TERMINAL_SECRET_WHAT "elig-terminal-secret-v1"
#define TERMINAL_PUBLIC_WHAT "elig-terminal-public-v1"
#define MERCHANT_WHAT        "elig-merchant-v1"
#define SUBJECT_WHAT         "elig-subject-v1"

#define KEYFILE_SIZE_MAX 256 /* the longest line, a signing secret's, is 152 bytes */

#define FORBIDDEN_OF_SECRET (S_IRWXG | S_IRWXO)
#define FORBIDDEN_OF_PUBLIC (S_IWGRP | S_IWOTH)

/* What systemd makes its credentials: where it can, root keeps them and the service's user gets in
 * by an access list, whose mask then stands in the place of the group's rights. */
#define CREDENTIALS_VARIABLE     "CREDENTIALS_DIRECTORY"
#define CREDENTIAL_MODE          (S_IRUSR | S_IRGRP)
#define FORBIDDEN_OF_CREDENTIALS (S_IWGRP | S_IRWXO)
#define RAMFS_FILE_SYSTEM        0x858458f6
#define TMPFS_FILE_SYSTEM        0x01021994

static_assert(sizeof(SECRET_WHAT) + 2 * SIGN_SECRET_SIZE + 1 <= KEYFILE_SIZE_MAX, "a line fits");
static_assert(SIGN_SECRET_SIZE == crypto_sign_SECRETKEYBYTES, "Ed25519");
static_assert(SIGN_PUBLIC_SIZE == crypto_sign_PUBLICKEYBYTES, "Ed25519");
static_assert(NOISE_KEY_SIZE == crypto_scalarmult_BYTES, "X25519");
static_assert(NOISE_KEY_SIZE == crypto_scalarmult_SCALARBYTES, "X25519");

/* ---- reading ---- */

/* Whether this is the folder of credentials that a service manager made: in memory, root's, and
 * nobody else writes in it or, beyond an access list, gets in. */
static bool folder_holds_credentials(int folder_fd)
{
    struct stat info;
    struct statfs system;
    return fstat(folder_fd, &info) == 0 && fstatfs(folder_fd, &system) == 0 && info.st_uid == 0 &&
           (info.st_mode & FORBIDDEN_OF_CREDENTIALS) == 0 &&
           (system.f_type == RAMFS_FILE_SYSTEM || system.f_type == TMPFS_FILE_SYSTEM);
}

/* Whether the open file is a credential that its group may read as well: a file of that name in
 * the folder that the environment names. An ordinary file never is, wherever the path leads. */
static bool file_is_credential(const struct stat *info, const char *path)
{
    const char *folder = secure_getenv(CREDENTIALS_VARIABLE);
    if (folder == NULL || folder[0] != '/' || info->st_uid != 0 ||
        (info->st_gid != 0 && info->st_gid != getegid()) ||
        (info->st_mode & 07777) != CREDENTIAL_MODE)
        return false;
    int folder_fd = open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder_fd < 0)
        return false;
    const char *slash = strrchr(path, '/');
    struct stat there;
    bool is_good =
        folder_holds_credentials(folder_fd) &&
        fstatat(folder_fd, slash == NULL ? path : slash + 1, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
        there.st_dev == info->st_dev && there.st_ino == info->st_ino;
    close(folder_fd);
    return is_good;
}

/* Whether nobody but its owner could have read (secret) or written the file. */
static bool file_is_guarded(int fd, const char *path, mode_t forbidden, struct fault *fault)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return fault_set(fault, "%s: not a regular file; a key is a small text file", path);
    if (info.st_uid != geteuid() && info.st_uid != 0)
        return fault_set(fault, "%s: owned by user %u; must be ours (user %u) or root's", path,
                         (unsigned)info.st_uid, (unsigned)geteuid());
    if ((info.st_mode & forbidden) != 0 && !file_is_credential(&info, path))
        return fault_set(fault, "%s: mode %04o lets others %s it; chmod %s it", path,
                         (unsigned)(info.st_mode & 07777),
                         forbidden & S_IRGRP ? "read or write" : "write",
                         forbidden & S_IRGRP ? "600" : "644");
    return true;
}

/* Reads the whole small file into `line`; its size, or -1 with a fault. */
static ssize_t read_line(char line[static KEYFILE_SIZE_MAX], const char *path, mode_t forbidden,
                         struct fault *fault)
{
    /* NONBLOCK: opening a FIFO must not wait for a writer. */
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ELOOP)
            fault_set(fault, "%s: a symbolic link; name the key file itself", path);
        else
            fault_set(fault, "%s: %s", path, strerror(errno));
        return -1;
    }
    ssize_t size = -1;
    if (file_is_guarded(fd, path, forbidden, fault)) {
        size = read(fd, line, KEYFILE_SIZE_MAX);
        if (size < 0)
            fault_set(fault, "%s: %s", path, strerror(errno));
    }
    close(fd);
    return size;
}

/* "<what> <hex>\n" -> bytes. sodium_hex2bin takes the same time whatever the digits are. */
static bool parse_line(uint8_t *bytes, size_t bytes_size, const char *what, const char *line,
                       size_t line_size)
{
    size_t what_size = strlen(what);
    size_t hex_size = 2 * bytes_size;
    if (line_size != what_size + 1 + hex_size + 1 || memcmp(line, what, what_size) != 0 ||
        line[what_size] != ' ' || line[line_size - 1] != '\n')
        return false;
    size_t done = 0;
    return sodium_hex2bin(bytes, bytes_size, line + what_size + 1, hex_size, NULL, &done, NULL) ==
               0 &&
           done == bytes_size;
}

/* The first word of a key file says which kind it is, and is no secret; NULL: it is none of them.
 */
static const char *kind_of_line(const char *line, size_t line_size)
{
    static const char *const kinds[] = {
        IDENTITY_WHAT,      SECRET_WHAT,          PUBLIC_WHAT,          SERVER_SECRET_WHAT,
        SERVER_PUBLIC_WHAT, TERMINAL_SECRET_WHAT, TERMINAL_PUBLIC_WHAT, MERCHANT_WHAT};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t size = strlen(kinds[i]);
        if (line_size > size && memcmp(line, kinds[i], size) == 0 && line[size] == ' ')
            return kinds[i];
    }
    return NULL;
}

static bool refuse_other_kind(const char *line, size_t line_size, const char *what,
                              size_t bytes_size, const char *path, struct fault *fault)
{
    const char *kind = kind_of_line(line, line_size);
    bool is_other = kind != NULL && strcmp(kind, what) != 0;
    return fault_set(fault,
                     "%s: not a key of this kind: wanted one line, \"%s\" and %zu hexadecimal "
                     "digits, found %s%s",
                     path, what, 2 * bytes_size, is_other ? "a key of the kind " : "another text",
                     is_other ? kind : "");
}

/* By way of a line that the caller wipes. */
static bool read_key_by(char line[static KEYFILE_SIZE_MAX], uint8_t *bytes, size_t bytes_size,
                        const char *what, const char *path, mode_t forbidden, struct fault *fault)
{
    ssize_t size = read_line(line, path, forbidden, fault);
    return size >= 0 && (parse_line(bytes, bytes_size, what, line, (size_t)size) ||
                         refuse_other_kind(line, (size_t)size, what, bytes_size, path, fault));
}

static bool read_key(uint8_t *bytes, size_t bytes_size, const char *what, const char *path,
                     mode_t forbidden, struct fault *fault)
{
    char *line = sodium_malloc(KEYFILE_SIZE_MAX);
    if (line == NULL)
        return fault_set(fault, "%s: no guarded memory for a key: %s", path, strerror(errno));
    bool is_good = read_key_by(line, bytes, bytes_size, what, path, forbidden, fault);
    sodium_free(line);
    return is_good;
}

/* A key in memory of its own that is read-only from then on; NULL with a fault. */
static void *open_secret(size_t size, const char *what, const char *path, struct fault *fault)
{
    void *key = sodium_malloc(size);
    if (key == NULL) {
        fault_set(fault, "%s: no guarded memory for a key: %s", path, strerror(errno));
        return NULL;
    }
    if (!read_key(key, size, what, path, FORBIDDEN_OF_SECRET, fault)) {
        sodium_free(key);
        return NULL;
    }
    sodium_mprotect_readonly(key);
    return key;
}

static bool open_digest_key(struct identity_key **out, const char *what, const char *path,
                            struct fault *fault)
{
    struct identity_key *key = open_secret(sizeof(*key), what, path, fault);
    if (key == NULL)
        return false;
    *out = key;
    return true;
}

bool keyfile_open_identity(struct identity_key **out, const char *path, struct fault *fault)
{
    return open_digest_key(out, IDENTITY_WHAT, path, fault);
}

bool keyfile_open_subject(struct identity_key **out, const char *path, struct fault *fault)
{
    return open_digest_key(out, SUBJECT_WHAT, path, fault);
}

void keyfile_close_identity(struct identity_key *key)
{
    sodium_free(key);
}

bool keyfile_take_identity(struct identity_key **out, int fd, const char *path, struct fault *fault)
{
    char *line = sodium_malloc(KEYFILE_SIZE_MAX);
    struct identity_key *key = sodium_malloc(sizeof(*key));
    bool is_good = line != NULL && key != NULL;
    if (!is_good)
        fault_set(fault, "%s: no guarded memory for a key: %s", path, strerror(errno));
    ssize_t size = is_good ? read(fd, line, KEYFILE_SIZE_MAX) : -1;
    if (is_good && size < 0)
        is_good = fault_set(fault, "%s: %s", path, strerror(errno));
    if (is_good && !parse_line(key->bytes, sizeof(key->bytes), IDENTITY_WHAT, line, (size_t)size))
        is_good =
            refuse_other_kind(line, (size_t)size, IDENTITY_WHAT, sizeof(key->bytes), path, fault);
    sodium_free(line);
    if (!is_good) {
        sodium_free(key);
        return false;
    }
    sodium_mprotect_readonly(key);
    *out = key;
    return true;
}

/* An Ed25519 secret carries its public key; a file in which they differ would sign what nobody can
 * verify. */
static bool secret_is_whole(const struct sign_secret *key)
{
    uint8_t public[SIGN_PUBLIC_SIZE];
    struct sign_secret again;
    crypto_sign_seed_keypair(public, again.bytes, key->bytes);
    bool same = sodium_memcmp(again.bytes, key->bytes, SIGN_SECRET_SIZE) == 0;
    sodium_memzero(&again, sizeof(again));
    return same;
}

bool keyfile_open_secret(struct sign_secret **out, const char *path, struct fault *fault)
{
    struct sign_secret *key = open_secret(sizeof(*key), SECRET_WHAT, path, fault);
    if (key == NULL)
        return false;
    if (!secret_is_whole(key)) {
        sodium_free(key);
        return fault_set(fault, "%s: damaged: its two halves do not belong together", path);
    }
    *out = key;
    return true;
}

void keyfile_close_secret(struct sign_secret *key)
{
    sodium_free(key);
}

struct sign_public keyfile_public_of_secret(const struct sign_secret *key)
{
    struct sign_public public;
    crypto_sign_ed25519_sk_to_pk(public.bytes, key->bytes);
    return public;
}

bool keyfile_read_public(struct sign_public *out, const char *path, struct fault *fault)
{
    struct sign_public key = {{0}};
    if (!read_key(key.bytes, sizeof(key.bytes), PUBLIC_WHAT, path, FORBIDDEN_OF_PUBLIC, fault))
        return false;
    *out = key;
    return true;
}

/* ---- sessions ---- */

/* The pair in memory of its own; its public half is made from the secret one each time, so that the
 * two always belong together. */
static bool open_session(struct noise_keys **out, const char *what, const char *path,
                         struct fault *fault)
{
    struct noise_keys *keys = sodium_malloc(sizeof(*keys));
    if (keys == NULL)
        return fault_set(fault, "%s: no guarded memory for a key: %s", path, strerror(errno));
    bool is_good = read_key(keys->secret_key, sizeof(keys->secret_key), what, path,
                            FORBIDDEN_OF_SECRET, fault);
    if (is_good && bytes_are_zero(keys->secret_key, sizeof(keys->secret_key)))
        is_good = fault_set(fault, "%s: all zeros, which is nobody's key; make a new one", path);
    if (is_good && crypto_scalarmult_base(keys->public_key, keys->secret_key) != 0)
        is_good = fault_set(fault, "%s: a secret that has no public key; make a new one", path);
    if (!is_good) {
        sodium_free(keys);
        return false;
    }
    sodium_mprotect_readonly(keys);
    *out = keys;
    return true;
}

bool keyfile_open_server(struct noise_keys **out, const char *path, struct fault *fault)
{
    return open_session(out, SERVER_SECRET_WHAT, path, fault);
}

bool keyfile_open_terminal(struct noise_keys **out, const char *path, struct fault *fault)
{
    return open_session(out, TERMINAL_SECRET_WHAT, path, fault);
}

void keyfile_close_session(struct noise_keys *keys)
{
    sodium_free(keys);
}

/* On the stack: guarded memory is four mappings and their end, too much for every handshake. */
bool keyfile_read_merchant(uint8_t key[static MERCHANT_KEY_SIZE], const char *path,
                           struct fault *fault)
{
    char line[KEYFILE_SIZE_MAX];
    uint8_t bytes[MERCHANT_KEY_SIZE];
    bool is_good =
        read_key_by(line, bytes, sizeof(bytes), MERCHANT_WHAT, path, FORBIDDEN_OF_SECRET, fault);
    if (is_good && bytes_are_zero(bytes, sizeof(bytes)))
        is_good = fault_set(fault, "%s: all zeros, which is no secret; make a new one", path);
    if (is_good)
        memcpy(key, bytes, sizeof(bytes));
    sodium_memzero(line, sizeof(line));
    sodium_memzero(bytes, sizeof(bytes));
    return is_good;
}

bool keyfile_public_is_sound(const uint8_t public_key[static NOISE_KEY_SIZE])
{
    static const uint8_t any_secret[NOISE_KEY_SIZE] = {1};
    uint8_t shared[NOISE_KEY_SIZE];
    return crypto_scalarmult(shared, any_secret, public_key) == 0;
}

static bool read_session_public(uint8_t public_key[static NOISE_KEY_SIZE], const char *what,
                                const char *path, struct fault *fault)
{
    uint8_t bytes[NOISE_KEY_SIZE];
    if (!read_key(bytes, sizeof(bytes), what, path, FORBIDDEN_OF_PUBLIC, fault))
        return false;
    if (!keyfile_public_is_sound(bytes))
        return fault_set(fault, "%s: damaged: nobody's public key is like this", path);
    memcpy(public_key, bytes, sizeof(bytes));
    return true;
}

bool keyfile_read_server_public(uint8_t public_key[static NOISE_KEY_SIZE], const char *path,
                                struct fault *fault)
{
    return read_session_public(public_key, SERVER_PUBLIC_WHAT, path, fault);
}

bool keyfile_read_terminal_public(uint8_t public_key[static NOISE_KEY_SIZE], const char *path,
                                  struct fault *fault)
{
    return read_session_public(public_key, TERMINAL_PUBLIC_WHAT, path, fault);
}

void keyfile_fingerprint(char text[static FINGERPRINT_TEXT_SIZE],
                         const uint8_t public_key[static NOISE_KEY_SIZE])
{
    uint8_t hash[FINGERPRINT_SIZE];
    crypto_generichash(hash, sizeof(hash), public_key, NOISE_KEY_SIZE, NULL, 0);
    for (size_t i = 0; i < FINGERPRINT_SIZE / 2; i++) {
        char *group = text + 5 * i;
        snprintf(group, 5, "%02x%02x", hash[2 * i], hash[2 * i + 1]);
        if (i > 0)
            group[-1] = ' ';
    }
}

/* ---- making ---- */

/* A name counts as written when its folder is synced. */
static bool sync_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    if (folder == NULL)
        return false;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd < 0)
        return false;
    bool is_good = fsync(fd) == 0;
    return close(fd) == 0 && is_good;
}

static bool write_synced(int fd, const char *line, size_t size, mode_t mode)
{
    bool is_good =
        write(fd, line, size) == (ssize_t)size && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    return close(fd) == 0 && is_good;
}

static bool create_key(const char *path, const char *what, const uint8_t *bytes, size_t bytes_size,
                       mode_t mode, struct fault *fault)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        if (errno == EEXIST)
            return fault_set(fault, "%s: exists; a key is never overwritten", path);
        if (errno == ENOENT)
            return fault_set(fault, "%s: there is no such folder; make it first", path);
        return fault_set(fault, "%s: %s", path, strerror(errno));
    }

    char line[KEYFILE_SIZE_MAX];
    size_t head_size = strlen(what) + 1;
    size_t size = head_size + 2 * bytes_size + 1;
    assert(size < sizeof(line));
    snprintf(line, sizeof(line), "%s ", what);
    sodium_bin2hex(line + head_size, 2 * bytes_size + 1, bytes, bytes_size);
    line[size - 1] = '\n';

    bool is_good = write_synced(fd, line, size, mode) && sync_folder_of(path);
    sodium_memzero(line, sizeof(line));
    if (!is_good) {
        fault_set(fault, "%s: could not be written: %s", path, strerror(errno));
        unlink(path);
    }
    return is_good;
}

static bool create_digest_key(const char *path, const char *what, struct fault *fault)
{
    struct identity_key key;
    randombytes_buf(key.bytes, sizeof(key.bytes));
    bool is_good = create_key(path, what, key.bytes, sizeof(key.bytes), 0600, fault);
    sodium_memzero(&key, sizeof(key));
    return is_good;
}

bool keyfile_create_identity(const char *path, struct fault *fault)
{
    return create_digest_key(path, IDENTITY_WHAT, fault);
}

bool keyfile_create_subject(const char *path, struct fault *fault)
{
    return create_digest_key(path, SUBJECT_WHAT, fault);
}

/* The secret half, then the public one beside it. */
static bool create_pair(const char *path, const char *secret_what, const uint8_t *secret,
                        size_t secret_size, const char *public_what, const uint8_t *public,
                        size_t public_size, struct fault *fault)
{
    char public_path[PATH_MAX];
    int length = snprintf(public_path, sizeof(public_path), "%s" KEYFILE_PUBLIC_SUFFIX, path);
    if (length < 0 || (size_t)length >= sizeof(public_path))
        return fault_set(fault, "%s: the name is too long", path);
    if (!create_key(path, secret_what, secret, secret_size, 0600, fault))
        return false;
    if (create_key(public_path, public_what, public, public_size, 0644, fault))
        return true;
    unlink(path); /* new and useless without its public half */
    return false;
}

bool keyfile_create_signing(const char *path, struct fault *fault)
{
    struct sign_secret secret;
    struct sign_public public;
    crypto_sign_keypair(public.bytes, secret.bytes);
    bool is_good = create_pair(path, SECRET_WHAT, secret.bytes, sizeof(secret.bytes), PUBLIC_WHAT,
                               public.bytes, sizeof(public.bytes), fault);
    sodium_memzero(&secret, sizeof(secret));
    return is_good;
}

static bool create_session(const char *path, const char *secret_what, const char *public_what,
                           struct fault *fault)
{
    struct noise_keys keys;
    crypto_box_keypair(keys.public_key, keys.secret_key); /* X25519 */
    bool is_good = create_pair(path, secret_what, keys.secret_key, sizeof(keys.secret_key),
                               public_what, keys.public_key, sizeof(keys.public_key), fault);
    sodium_memzero(&keys, sizeof(keys));
    return is_good;
}

bool keyfile_create_server(const char *path, struct fault *fault)
{
    return create_session(path, SERVER_SECRET_WHAT, SERVER_PUBLIC_WHAT, fault);
}

bool keyfile_create_terminal(const char *path, struct fault *fault)
{
    return create_session(path, TERMINAL_SECRET_WHAT, TERMINAL_PUBLIC_WHAT, fault);
}

bool keyfile_create_merchant(const char *path, struct fault *fault)
{
    uint8_t key[MERCHANT_KEY_SIZE];
    randombytes_buf(key, sizeof(key));
    bool is_good = create_key(path, MERCHANT_WHAT, key, sizeof(key), 0600, fault);
    sodium_memzero(key, sizeof(key));
    return is_good;
}

bool keyfile_make_identity(struct identity_key **out, struct fault *fault)
{
    struct identity_key *key = sodium_malloc(sizeof(*key));
    if (key == NULL)
        return fault_set(fault, "no guarded memory for a key: %s", strerror(errno));
    randombytes_buf(key->bytes, sizeof(key->bytes));
    sodium_mprotect_readonly(key);
    *out = key;
    return true;
}

bool keyfile_write_identity(const char *path, const struct identity_key *key, mode_t mode,
                            struct fault *fault)
{
    return create_key(path, IDENTITY_WHAT, key->bytes, sizeof(key->bytes), mode, fault);
}
