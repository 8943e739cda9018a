#include "protocol/keyfile.h"

#include "tests/support.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM 256

static char path[PATH_ROOM];

static const char *path_of(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", support_directory(), name);
    return path;
}

static void start(void)
{
    struct fault fault;
    ck_assert(identity_start(&fault));
}

static mode_t mode_of(const char *name)
{
    struct stat info;
    ck_assert_int_eq(stat(name, &info), 0);
    return info.st_mode & 07777;
}

START_TEST(an_identity_key_that_was_made_can_be_opened)
{
    struct fault fault;
    const char *name = path_of("identity");
    ck_assert(keyfile_create_identity(name, &fault));
    ck_assert_uint_eq(mode_of(name), 0600);
    struct identity_key *first = NULL, *second = NULL;
    ck_assert_msg(keyfile_open_identity(&first, name, &fault), "%s", fault.text);
    ck_assert(keyfile_open_identity(&second, name, &fault));
    ck_assert(memcmp(first, second, sizeof(*first)) == 0);
    ck_assert(!bytes_are_zero(first->bytes, sizeof(first->bytes)));
    keyfile_close_identity(first);
    keyfile_close_identity(second);
    keyfile_close_identity(NULL);
}
END_TEST

START_TEST(signing_keys_that_were_made_belong_together)
{
    struct fault fault;
    umask(0077);
    const char *name = path_of("signing");
    ck_assert(keyfile_create_signing(name, &fault));
    char public_name[PATH_ROOM + 8];
    snprintf(public_name, sizeof(public_name), "%s.pub", name);
    ck_assert_uint_eq(mode_of(name), 0600);
    ck_assert_uint_eq(mode_of(public_name), 0644); /* whatever the umask says */

    struct sign_secret *secret = NULL;
    struct sign_public public;
    ck_assert_msg(keyfile_open_secret(&secret, name, &fault), "%s", fault.text);
    ck_assert_msg(keyfile_read_public(&public, public_name, &fault), "%s", fault.text);
    uint8_t signature[crypto_sign_BYTES];
    crypto_sign_detached(signature, NULL, (const uint8_t *)"x", 1, secret->bytes);
    ck_assert_int_eq(crypto_sign_verify_detached(signature, (const uint8_t *)"x", 1, public.bytes),
                     0);
    keyfile_close_secret(secret);
    keyfile_close_secret(NULL);
}
END_TEST

START_TEST(two_keys_are_never_the_same)
{
    struct fault fault;
    char one[PATH_ROOM];
    snprintf(one, sizeof(one), "%s", path_of("one"));
    ck_assert(keyfile_create_identity(one, &fault));
    ck_assert(keyfile_create_identity(path_of("two"), &fault));
    struct identity_key *a, *b;
    ck_assert(keyfile_open_identity(&a, one, &fault));
    ck_assert(keyfile_open_identity(&b, path_of("two"), &fault));
    ck_assert(memcmp(a, b, sizeof(*a)) != 0);
    keyfile_close_identity(a);
    keyfile_close_identity(b);
}
END_TEST

START_TEST(a_key_is_never_overwritten)
{
    struct fault fault;
    const char *name = path_of("kept");
    support_write_file(name, "precious", 8, 0600);
    ck_assert(!keyfile_create_identity(name, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "exists"));
    ck_assert(!keyfile_create_signing(name, &fault));
    char content[16];
    FILE *file = fopen(name, "r");
    ck_assert_uint_eq(fread(content, 1, sizeof(content), file), 8);
    fclose(file);

    /* a public key in the way: no secret is left without its half */
    support_write_file(path_of("half.pub"), "x", 1, 0644);
    ck_assert(!keyfile_create_signing(path_of("half"), &fault));
    ck_assert_int_ne(access(path_of("half"), F_OK), 0);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_a_fault)
{
    struct fault fault;
    ck_assert(!keyfile_create_identity("/nonexistent-folder/key", &fault));
    ck_assert(!keyfile_create_signing("/nonexistent-folder/key", &fault));
    struct identity_key *key = NULL;
    ck_assert(!keyfile_open_identity(&key, "/nonexistent-folder/key", &fault));
    ck_assert_ptr_null(key);
}
END_TEST

/* ---- sessions ---- */

static const struct pair {
    const char *name;
    bool (*create)(const char *path, struct fault *fault);
    bool (*open)(struct noise_keys **out, const char *path, struct fault *fault);
    bool (*read_public)(uint8_t public_key[static NOISE_KEY_SIZE], const char *path,
                        struct fault *fault);
} pairs[] = {
    {"server", keyfile_create_server, keyfile_open_server, keyfile_read_server_public},
    {"terminal", keyfile_create_terminal, keyfile_open_terminal, keyfile_read_terminal_public},
};
#define PAIR_COUNT 2

START_TEST(the_halves_of_a_session_key_that_was_made_belong_together)
{
    const struct pair *pair = &pairs[_i];
    struct fault fault;
    char name[PATH_ROOM], public_name[PATH_ROOM + 8];
    umask(0077);
    snprintf(name, sizeof(name), "%s", path_of(pair->name));
    snprintf(public_name, sizeof(public_name), "%s.pub", name);
    ck_assert_msg(pair->create(name, &fault), "%s", fault.text);
    ck_assert_uint_eq(mode_of(name), 0600);
    struct stat info;
    ck_assert_int_eq(stat(public_name, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0644);

    struct noise_keys *keys = NULL;
    uint8_t public_key[NOISE_KEY_SIZE], derived[NOISE_KEY_SIZE];
    ck_assert_msg(pair->open(&keys, name, &fault), "%s", fault.text);
    ck_assert_msg(pair->read_public(public_key, public_name, &fault), "%s", fault.text);
    ck_assert_int_eq(crypto_scalarmult_base(derived, keys->secret_key), 0);
    ck_assert_int_eq(memcmp(derived, keys->public_key, NOISE_KEY_SIZE), 0);
    ck_assert_int_eq(memcmp(derived, public_key, NOISE_KEY_SIZE), 0);
    keyfile_close_session(keys);
    keyfile_close_session(NULL);

    ck_assert(!pair->create(name, &fault)); /* never overwritten */
    ck_assert_ptr_nonnull(strstr(fault.text, "exists"));
}
END_TEST

/* So that no terminal holds a server's key by mistake, nor a server a merchant's. */
START_TEST(a_key_of_one_kind_is_none_of_another)
{
    struct fault fault;
    char server[PATH_ROOM], terminal[PATH_ROOM], merchant[PATH_ROOM];
    snprintf(server, sizeof(server), "%s", path_of("server"));
    snprintf(terminal, sizeof(terminal), "%s", path_of("terminal"));
    snprintf(merchant, sizeof(merchant), "%s", path_of("merchant"));
    ck_assert(keyfile_create_server(server, &fault) && keyfile_create_terminal(terminal, &fault) &&
              keyfile_create_merchant(merchant, &fault));

    struct noise_keys *keys = NULL;
    uint8_t key[MERCHANT_KEY_SIZE];
    struct identity_key *identity = NULL;
    ck_assert(!keyfile_open_server(&keys, terminal, &fault));
    ck_assert(!keyfile_open_server(&keys, merchant, &fault));
    ck_assert(!keyfile_open_terminal(&keys, server, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "elig-terminal-secret-v1"));
    ck_assert(!keyfile_read_merchant(key, server, &fault));
    ck_assert(!keyfile_open_identity(&identity, merchant, &fault));
    ck_assert(!keyfile_read_server_public(key, path_of("terminal.pub"), &fault));
    ck_assert(!keyfile_read_terminal_public(key, path_of("server.pub"), &fault));
    ck_assert(!keyfile_read_terminal_public(key, terminal, &fault)); /* the secret half */
    ck_assert_ptr_nonnull(strstr(fault.text, "found a key of the kind elig-terminal-secret-v1"));
    ck_assert_ptr_null(keys);
    ck_assert_ptr_null(identity);
}
END_TEST

START_TEST(a_subject_key_is_a_kind_of_its_own)
{
    struct fault fault;
    char subject[PATH_ROOM], identity[PATH_ROOM];
    snprintf(subject, sizeof(subject), "%s", path_of("subject"));
    snprintf(identity, sizeof(identity), "%s", path_of("identity"));
    ck_assert(keyfile_create_subject(subject, &fault) && keyfile_create_identity(identity, &fault));
    ck_assert_uint_eq(mode_of(subject), 0600);
    ck_assert(!keyfile_create_subject(subject, &fault)); /* never overwritten */

    struct identity_key *key = NULL;
    ck_assert(!keyfile_open_subject(&key, identity, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "elig-subject-v1"));
    ck_assert(!keyfile_open_identity(&key, subject, &fault));
    ck_assert_int_eq(chmod(subject, 0640), 0);
    ck_assert(!keyfile_open_subject(&key, subject, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "mode 0640 lets others read"));
    ck_assert_ptr_null(key);
    ck_assert_int_eq(chmod(subject, 0600), 0);
    ck_assert_msg(keyfile_open_subject(&key, subject, &fault), "%s", fault.text);
    keyfile_close_identity(key);
}
END_TEST

START_TEST(a_merchants_key_is_read_into_the_callers_memory)
{
    struct fault fault;
    uint8_t one[MERCHANT_KEY_SIZE] = {0}, two[MERCHANT_KEY_SIZE] = {0};
    const char *name = path_of("merchant");
    ck_assert(keyfile_create_merchant(name, &fault));
    ck_assert_uint_eq(mode_of(name), 0600);
    ck_assert_int_ne(access(path_of("merchant.pub"), F_OK), 0);
    name = path_of("merchant");
    ck_assert_msg(keyfile_read_merchant(one, name, &fault), "%s", fault.text);
    ck_assert(keyfile_read_merchant(two, name, &fault));
    ck_assert(!bytes_are_zero(one, sizeof(one)));
    ck_assert_int_eq(memcmp(one, two, sizeof(one)), 0);

    ck_assert_int_eq(chmod(name, 0640), 0); /* a refusal writes nothing */
    memset(two, 0x5a, sizeof(two));
    ck_assert(!keyfile_read_merchant(two, name, &fault));
    for (size_t i = 0; i < sizeof(two); i++)
        ck_assert_uint_eq(two[i], 0x5a);
}
END_TEST

#define NO_KEY "0000000000000000000000000000000000000000000000000000000000000000"

START_TEST(what_is_nobodys_key_is_refused)
{
    static const char *const unsound[] = {
        NO_KEY,
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    struct fault fault;
    struct noise_keys *keys = NULL;
    uint8_t key[MERCHANT_KEY_SIZE];
    char line[128];
    for (size_t i = 0; i < sizeof(unsound) / sizeof(unsound[0]); i++) {
        snprintf(line, sizeof(line), "elig-terminal-public-v1 %s\n", unsound[i]);
        support_write_file(path_of("pub"), line, strlen(line), 0644);
        ck_assert(!keyfile_read_terminal_public(key, path_of("pub"), &fault));
        ck_assert_ptr_nonnull(strstr(fault.text, "nobody's"));
    }
    snprintf(line, sizeof(line), "elig-server-secret-v1 %s\n", NO_KEY);
    support_write_file(path_of("zero"), line, strlen(line), 0600);
    ck_assert(!keyfile_open_server(&keys, path_of("zero"), &fault));
    snprintf(line, sizeof(line), "elig-merchant-v1 %s\n", NO_KEY);
    support_write_file(path_of("zero"), line, strlen(line), 0600);
    ck_assert(!keyfile_read_merchant(key, path_of("zero"), &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "no secret"));
    ck_assert_ptr_null(keys);
}
END_TEST

/* By b2sum -l 128 of the 32 bytes. A promise: fingerprints are compared with printed ones. */
START_TEST(a_fingerprint_is_blake2b_of_the_public_key)
{
    char text[FINGERPRINT_TEXT_SIZE];
    uint8_t key[NOISE_KEY_SIZE];
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)i;
    keyfile_fingerprint(text, key);
    ck_assert_str_eq(text, "f39a 2cad 5841 1cd4 9f57 7e50 86b8 031f");
    key[31] ^= 1;
    keyfile_fingerprint(text, key);
    ck_assert_str_ne(text, "f39a 2cad 5841 1cd4 9f57 7e50 86b8 031f");
    ck_assert_uint_eq(strlen(text), 39);
}
END_TEST

/* ---- credentials of systemd ---- */

/* A folder in memory as systemd makes it, or NULL where a test may not. */
static const char *credentials_folder(mode_t mode)
{
    static char folder[64];
    snprintf(folder, sizeof(folder), "/dev/shm/elig-test-XXXXXX");
    if (geteuid() != 0 || mkdtemp(folder) == NULL)
        return NULL;
    ck_assert_int_eq(chmod(folder, mode), 0);
    ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
    return folder;
}

static const char *credential_of(const char *folder, const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static bool opens_credential(const char *folder, const char *name)
{
    struct fault fault;
    struct identity_key *key = NULL;
    bool is_open = keyfile_open_identity(&key, credential_of(folder, name), &fault);
    keyfile_close_identity(key);
    return is_open;
}

static void credentials_remove(const char *folder)
{
    static const char *const names[] = {"key", "link"};
    for (size_t i = 0; i < 2; i++)
        unlink(credential_of(folder, names[i]));
    ck_assert_int_eq(rmdir(folder), 0);
}

static void credential_make(const char *folder, mode_t mode)
{
    struct fault fault;
    ck_assert(keyfile_create_identity(credential_of(folder, "key"), &fault));
    ck_assert_int_eq(chmod(credential_of(folder, "key"), mode), 0);
}

/* mode of the folder, mode and owner of the file, whether it is taken */
static const struct credential {
    mode_t folder_mode, mode;
    uid_t owner;
    gid_t group;
    bool is_taken;
} credentials[] = {
    {0500, 0400, 0, 0, true},      {0550, 0440, 0, 0, true}, /* the access list's mask */
    {0500, 0440, 0, 0, true},      {0700, 0440, 0, 0, true},
    {0550, 0444, 0, 0, false},     {0550, 0640, 0, 0, false},
    {0550, 0460, 0, 0, false},     {0550, 0450, 0, 0, false},
    {0550, 0404, 0, 0, false},     {0551, 0440, 0, 0, false}, /* others get into the folder */
    {0555, 0440, 0, 0, false},     {0570, 0440, 0, 0, false}, /* or write in it */
    {0550, 0440, 12345, 0, false}, {0550, 0400, 12345, 0, false},
    {0550, 0440, 0, 12345, false}, /* a group that is neither root's nor ours */
};

START_TEST(a_credential_is_taken_as_systemd_makes_it_and_not_otherwise)
{
    const struct credential *c = &credentials[_i];
    const char *folder = credentials_folder(c->folder_mode);
    if (folder == NULL)
        return; /* only root makes what is root's */
    credential_make(folder, c->mode);
    ck_assert_int_eq(chown(credential_of(folder, "key"), c->owner, c->group), 0);
    ck_assert_int_eq(chmod(credential_of(folder, "key"), c->mode), 0);
    bool is_taken = opens_credential(folder, "key");
    credentials_remove(folder);
    ck_assert(is_taken == c->is_taken);
}
END_TEST

START_TEST(mode_0440_elsewhere_is_refused_as_ever)
{
    const char *folder = credentials_folder(0550);
    if (folder == NULL)
        return;
    credential_make(folder, 0440);
    bool is_taken = opens_credential(folder, "key");
    ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", "/dev/shm", 1), 0);
    bool is_taken_from_another = opens_credential(folder, "key");
    ck_assert_int_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    bool is_taken_unnamed = opens_credential(folder, "key");

    /* A file on a disk, whatever the environment says; and one elsewhere that has a credential's
     * name. */
    struct fault fault;
    struct identity_key *key = NULL;
    char on_disk[PATH_ROOM];
    snprintf(on_disk, sizeof(on_disk), "%s", path_of("key"));
    ck_assert(keyfile_create_identity(on_disk, &fault));
    ck_assert_int_eq(chmod(on_disk, 0440), 0);
    ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", support_directory(), 1), 0);
    bool is_taken_on_disk = keyfile_open_identity(&key, on_disk, &fault);
    ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
    bool is_taken_by_name = keyfile_open_identity(&key, on_disk, &fault);
    ck_assert_int_eq(symlink("key", credential_of(folder, "link")), 0);
    bool is_taken_by_link = opens_credential(folder, "link");
    credentials_remove(folder);
    ck_assert(is_taken);
    ck_assert(!is_taken_from_another && !is_taken_unnamed && !is_taken_on_disk &&
              !is_taken_by_name && !is_taken_by_link);
}
END_TEST

/* The folder's group stands for the access list. */
START_TEST(mode_0440_is_taken_of_root_only_and_not_of_the_service_itself)
{
    const char *folder = credentials_folder(0550);
    if (folder == NULL)
        return;
    credential_make(folder, 0440);
    bool is_taken[3];
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(chown(credential_of(folder, "key"), i == 1 ? 12345 : 0, 12345), 0);
        ck_assert_int_eq(chown(folder, i == 2 ? 12345 : 0, 12345), 0);
        ck_assert(setegid(12345) == 0 && seteuid(12345) == 0);
        is_taken[i] = opens_credential(folder, "key");
        ck_assert(seteuid(0) == 0 && setegid(0) == 0);
    }
    credentials_remove(folder);
    ck_assert(is_taken[0] && !is_taken[1] && !is_taken[2]);
}
END_TEST

/* Beside a credential of that name, and on the same file system. */
START_TEST(a_file_that_has_a_credentials_name_is_none)
{
    char elsewhere[64];
    const char *folder = credentials_folder(0550);
    if (folder == NULL)
        return;
    credential_make(folder, 0440);
    snprintf(elsewhere, sizeof(elsewhere), "%s", folder);
    folder = credentials_folder(0550); /* which the environment names now */
    credential_make(folder, 0440);
    bool is_taken = opens_credential(folder, "key");
    bool is_taken_elsewhere = opens_credential(elsewhere, "key");
    credentials_remove(folder);
    credentials_remove(elsewhere);
    ck_assert(is_taken && !is_taken_elsewhere);
}
END_TEST

/* ---- who may read it ---- */

static const mode_t forbidden_modes[] = {0640, 0604, 0620, 0602, 0610,
                                         0601, 0660, 0666, 0644, 0777};

START_TEST(a_secret_that_others_can_touch_is_refused)
{
    struct fault fault;
    const char *name = path_of("open");
    ck_assert(keyfile_create_identity(name, &fault));
    ck_assert_int_eq(chmod(name, forbidden_modes[_i]), 0);
    struct identity_key *key = NULL;
    ck_assert(!keyfile_open_identity(&key, name, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "chmod 600"));
    ck_assert_ptr_null(key);
    ck_assert_int_eq(chmod(name, 0400), 0);
    ck_assert(keyfile_open_identity(&key, name, &fault));
    keyfile_close_identity(key);
}
END_TEST

START_TEST(a_public_key_may_be_read_by_all_but_written_by_none)
{
    struct fault fault;
    const char *name = path_of("key");
    ck_assert(keyfile_create_signing(name, &fault));
    const char *public_name = path_of("key.pub");
    struct sign_public public;
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(chmod(public_name, i == 0 ? 0664 : 0646), 0);
        ck_assert(!keyfile_read_public(&public, public_name, &fault));
        ck_assert_ptr_nonnull(strstr(fault.text, "chmod 644"));
    }
    ck_assert_int_eq(chmod(public_name, 0444), 0);
    ck_assert(keyfile_read_public(&public, public_name, &fault));
}
END_TEST

START_TEST(a_key_of_another_user_is_refused)
{
    if (geteuid() != 0)
        return; /* only root can give files away */
    struct fault fault;
    const char *name = path_of("foreign");
    ck_assert(keyfile_create_identity(name, &fault));
    ck_assert_int_eq(chown(name, 12345, 0), 0);
    struct identity_key *key = NULL;
    ck_assert(!keyfile_open_identity(&key, name, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "owned by user 12345"));
}
END_TEST

START_TEST(only_a_regular_file_is_a_key)
{
    struct fault fault;
    struct identity_key *key = NULL;
    char target[PATH_ROOM];
    snprintf(target, sizeof(target), "%s", path_of("target"));
    ck_assert(keyfile_create_identity(target, &fault));
    ck_assert_int_eq(symlink(target, path_of("link")), 0);
    ck_assert(!keyfile_open_identity(&key, path_of("link"), &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "symbolic link"));
    ck_assert_int_eq(mkfifo(path_of("fifo"), 0600), 0);
    ck_assert(!keyfile_open_identity(&key, path_of("fifo"), &fault)); /* and does not wait */
    ck_assert_ptr_nonnull(strstr(fault.text, "regular"));
    ck_assert_int_eq(mkdir(path_of("folder"), 0700), 0);
    ck_assert(!keyfile_open_identity(&key, path_of("folder"), &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "regular"));
    ck_assert_ptr_null(key);
}
END_TEST

/* ---- what is in it ---- */

#define ZEROS_64 "0000000000000000000000000000000000000000000000000000000000000000"

static const char *const wrong_texts[] = {
    "",
    "\n",
    "elig-identity-v1",
    "elig-identity-v1 \n",
    "elig-identity-v1 " ZEROS_64,            /* no newline */
    "elig-identity-v1 " ZEROS_64 "\n\n",     /* one more line */
    "elig-identity-v1 " ZEROS_64 "00\n",     /* too long */
    "elig-identity-v1  " ZEROS_64 "\n",      /* two spaces */
    "elig-identity-v2 " ZEROS_64 "\n",       /* other version */
    "elig-signing-public-v1 " ZEROS_64 "\n", /* other key */
    "elig-signing-secret-v1 " ZEROS_64 ZEROS_64 "\n",
    "elig-identity-v1\t" ZEROS_64 "\n",
    "elig-identity-v1 g000000000000000000000000000000000000000000000000000000000000000\n",
    "elig-identity-v1 0000000000000000000000000000000 00000000000000000000000000000000\n",
    ZEROS_64 "\n",
    "elig-identity-v1 " ZEROS_64 "\r\n",
};

START_TEST(a_file_of_another_form_is_refused_and_not_shown)
{
    struct fault fault;
    const char *name = path_of("wrong");
    support_write_file(name, wrong_texts[_i], strlen(wrong_texts[_i]), 0600);
    struct identity_key *key = NULL;
    ck_assert(!keyfile_open_identity(&key, name, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "elig-identity-v1"));
    ck_assert_ptr_null(strstr(fault.text, "00000000"));
    ck_assert_ptr_nonnull(strstr(fault.text, ", found "));
    ck_assert_ptr_null(key);
}
END_TEST

START_TEST(a_file_larger_than_any_key_is_refused)
{
    struct fault fault;
    static char big[100000];
    memset(big, '0', sizeof(big));
    const char *name = path_of("big");
    support_write_file(name, big, sizeof(big), 0600);
    struct identity_key *key = NULL;
    ck_assert(!keyfile_open_identity(&key, name, &fault));
    ck_assert_ptr_null(key);
}
END_TEST

START_TEST(a_secret_whose_halves_differ_is_refused)
{
    struct fault fault;
    const char *name = path_of("halves");
    ck_assert(keyfile_create_signing(name, &fault));
    char line[256];
    FILE *file = fopen(name, "r");
    size_t size = fread(line, 1, sizeof(line), file);
    fclose(file);
    line[size - 2] = line[size - 2] == '0' ? '1' : '0';
    support_write_file(name, line, size, 0600);
    struct sign_secret *secret = NULL;
    ck_assert(!keyfile_open_secret(&secret, name, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "do not belong together"));
}
END_TEST

static Suite *keyfile_suite(void)
{
    Suite *suite = suite_create("keyfile");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, start, NULL);
    tcase_add_test(tcase, an_identity_key_that_was_made_can_be_opened);
    tcase_add_test(tcase, signing_keys_that_were_made_belong_together);
    tcase_add_test(tcase, two_keys_are_never_the_same);
    tcase_add_test(tcase, a_key_is_never_overwritten);
    tcase_add_test(tcase, a_folder_that_is_not_there_is_a_fault);
    tcase_add_loop_test(tcase, a_secret_that_others_can_touch_is_refused, 0,
                        sizeof(forbidden_modes) / sizeof(forbidden_modes[0]));
    tcase_add_test(tcase, a_public_key_may_be_read_by_all_but_written_by_none);
    tcase_add_test(tcase, a_key_of_another_user_is_refused);
    tcase_add_test(tcase, only_a_regular_file_is_a_key);
    tcase_add_loop_test(tcase, a_file_of_another_form_is_refused_and_not_shown, 0,
                        sizeof(wrong_texts) / sizeof(wrong_texts[0]));
    tcase_add_test(tcase, a_file_larger_than_any_key_is_refused);
    tcase_add_test(tcase, a_secret_whose_halves_differ_is_refused);
    tcase_add_loop_test(tcase, the_halves_of_a_session_key_that_was_made_belong_together, 0,
                        PAIR_COUNT);
    tcase_add_test(tcase, a_key_of_one_kind_is_none_of_another);
    tcase_add_test(tcase, a_subject_key_is_a_kind_of_its_own);
    tcase_add_test(tcase, a_merchants_key_is_read_into_the_callers_memory);
    tcase_add_test(tcase, what_is_nobodys_key_is_refused);
    tcase_add_test(tcase, a_fingerprint_is_blake2b_of_the_public_key);
    tcase_add_loop_test(tcase, a_credential_is_taken_as_systemd_makes_it_and_not_otherwise, 0,
                        sizeof(credentials) / sizeof(credentials[0]));
    tcase_add_test(tcase, mode_0440_elsewhere_is_refused_as_ever);
    tcase_add_test(tcase, mode_0440_is_taken_of_root_only_and_not_of_the_service_itself);
    tcase_add_test(tcase, a_file_that_has_a_credentials_name_is_none);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(keyfile_suite());
}
