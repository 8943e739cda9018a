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
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(keyfile_suite());
}
