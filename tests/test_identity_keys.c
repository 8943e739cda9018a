/* Keys of generations: read from a folder that is guarded as well as they are, each for its own
 * snapshot alone, and never kept with the snapshots. */
#include "protocol/identity_keys.h"

#include "tests/fixture.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM 700

static struct fixture *f;

static void start(void)
{
    f = fixture_open(support_directory());
    fixture_use_keys(f);
    fixture_publish(f);
    fixture_publish(f);
}

static void stop(void)
{
    fixture_close(f);
}

static const char *key_path(const char *name)
{
    static char paths[4][PATH_ROOM];
    static size_t next;
    char *path = paths[next++ % 4];
    snprintf(path, PATH_ROOM, "%s/%s", fixture_keys(f), name);
    return path;
}

#define FIRST  "0000000000000001.key"
#define SECOND "0000000000000002.key"

static bool opens(uint64_t generation, struct fault *fault)
{
    struct identity_key *key = NULL;
    bool is_good = identity_keys_open(&key, fixture_keys(f), generation, fault);
    ck_assert(is_good == (key != NULL));
    keyfile_close_identity(key);
    return is_good;
}

static void check_refused(const char *wanted)
{
    struct fault fault = {""};
    ck_assert_msg(!opens(1, &fault), "taken, wanted: %s", wanted);
    ck_assert_msg(strstr(fault.text, wanted) != NULL, "wanted \"%s\", found: %s", wanted,
                  fault.text);
    ck_assert_ptr_nonnull(strstr(fault.text, fixture_keys(f)));
}

START_TEST(each_generation_has_its_own_key_and_opens_with_it)
{
    struct fault fault;
    struct identity_key *first = NULL, *second = NULL;
    ck_assert(identity_keys_open(&first, fixture_keys(f), 1, &fault));
    ck_assert(identity_keys_open(&second, fixture_keys(f), 2, &fault));
    ck_assert_mem_ne(first->bytes, second->bytes, IDENTITY_KEY_SIZE);
    keyfile_close_identity(first);
    keyfile_close_identity(second);

    struct snapshot_trust trust = fixture_trust(f);
    trust.identity = NULL;
    for (uint64_t generation = 1; generation <= 2; generation++) {
        struct snapshot *snapshot = NULL;
        ck_assert_msg(snapshot_open(&snapshot, fixture_directory(f), generation, &trust, &fault),
                      "%s", fault.text);
        uint8_t check[DIGEST_SIZE];
        identity_check_value(check, snapshot_identity(snapshot));
        ck_assert_mem_eq(check, snapshot_manifest(snapshot)->identity_check, DIGEST_SIZE);
        snapshot_close(snapshot);
    }
}
END_TEST

START_TEST(the_key_of_another_generation_is_refused)
{
    /* both ways, and as one key for all */
    struct fault fault;
    struct snapshot *snapshot = NULL;
    struct snapshot_trust trust = fixture_trust(f);
    trust.identity_keys = NULL; /* and the fixture's key is the second one's */
    ck_assert(!snapshot_open(&snapshot, fixture_directory(f), 1, &trust, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "another identity key"));
    trust = fixture_trust(f);
    ck_assert_int_eq(rename(key_path(FIRST), key_path("kept")), 0);
    ck_assert_int_eq(rename(key_path(SECOND), key_path(FIRST)), 0);
    ck_assert_int_eq(rename(key_path("kept"), key_path(SECOND)), 0);
    for (uint64_t generation = 1; generation <= 2; generation++) {
        ck_assert(!snapshot_open(&snapshot, fixture_directory(f), generation, &trust, &fault));
        ck_assert_ptr_nonnull(strstr(fault.text, "another identity key"));
    }
    ck_assert_ptr_null(snapshot);
}
END_TEST

START_TEST(a_key_that_is_not_there_is_said_to_be_gone)
{
    struct fault fault = {""};
    ck_assert(!opens(3, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "0000000000000003.key: there is none"));
}
END_TEST

static const struct {
    mode_t folder, key;
    const char *refused; /* NULL: taken */
} modes[] = {
    {0700, 0600, NULL},
    {0700, 0400, NULL},
    {0750, 0440, NULL},
    {02750, 0440, NULL},
    {0750, 0600, NULL},
    {0700, 0440, "chmod 600"},
    {0740, 0440, "chmod 600"}, /* whoever may not enter has no part in it */
    {0750, 0460, "chmod 440"},
    {0750, 0444, "chmod 440"},
    {0750, 0604, "chmod 440"},
    {0770, 0600, "lets others in"},
    {0705, 0600, "lets others in"},
    {0701, 0600, "lets others in"},
};

START_TEST(a_key_is_for_those_who_share_its_folder)
{
    struct fault fault = {""};
    ck_assert_int_eq(chmod(fixture_keys(f), modes[_i].folder), 0);
    ck_assert_int_eq(chmod(key_path(FIRST), modes[_i].key), 0);
    if (modes[_i].refused != NULL)
        check_refused(modes[_i].refused);
    else
        ck_assert_msg(opens(1, &fault), "%s", fault.text);
}
END_TEST

START_TEST(only_a_regular_file_with_a_key_is_a_key)
{
    ck_assert_int_eq(rename(key_path(FIRST), key_path("kept")), 0);
    ck_assert_int_eq(symlink("kept", key_path(FIRST)), 0);
    check_refused("symbolic link");
    unlink(key_path(FIRST));
    ck_assert_int_eq(mkfifo(key_path(FIRST), 0600), 0);
    check_refused("not a regular file"); /* and does not wait */
    unlink(key_path(FIRST));
    ck_assert_int_eq(mkdir(key_path(FIRST), 0700), 0);
    check_refused("not a regular file");
    rmdir(key_path(FIRST));
    support_write_file(key_path(FIRST), "", 0, 0600);
    check_refused("not a key of this kind");
    support_write_file(key_path(FIRST), "elig-identity-v1 00ff\n", 22, 0600);
    check_refused("not a key of this kind");
}
END_TEST

START_TEST(a_folder_that_is_none_is_a_fault)
{
    struct identity_key *key = NULL;
    struct fault fault;
    ck_assert(!identity_keys_open(&key, "/nonexistent/keys", 1, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "wanted the folder of identity keys"));
    ck_assert(!identity_keys_open(&key, key_path(FIRST), 1, &fault));
    ck_assert_ptr_null(key);
}
END_TEST

START_TEST(keys_and_snapshots_lie_apart)
{
    const char *top = support_directory();
    char keys[PATH_ROOM], snapshots[PATH_ROOM], within[PATH_ROOM], link[PATH_ROOM];
    struct fault fault = {""};
    snprintf(keys, sizeof(keys), "%s/k", top);
    snprintf(snapshots, sizeof(snapshots), "%s/s", top);
    snprintf(within, sizeof(within), "%s/s/deep", top);
    snprintf(link, sizeof(link), "%s/l", top);
    ck_assert_int_eq(mkdir(keys, 0700) + mkdir(snapshots, 0700) + mkdir(within, 0700), 0);
    ck_assert_int_eq(symlink(snapshots, link), 0);
    ck_assert_msg(identity_keys_are_apart(keys, snapshots, &fault), "%s", fault.text);

    const char *const pairs[][2] = {{snapshots, snapshots}, {within, snapshots},
                                    {snapshots, within},    {link, snapshots},
                                    {within, link},         {top, snapshots}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        ck_assert_msg(!identity_keys_are_apart(pairs[i][0], pairs[i][1], &fault), "%s and %s",
                      pairs[i][0], pairs[i][1]);
        ck_assert_ptr_nonnull(strstr(fault.text, "must not lie with the snapshots"));
    }
    ck_assert(!identity_keys_are_apart("/nonexistent", snapshots, &fault));
    ck_assert(!identity_keys_are_apart(keys, "/nonexistent", &fault));
}
END_TEST

START_TEST(one_kind_of_key_is_named)
{
    struct fault fault;
    ck_assert(identity_keys_choice("key", NULL, &fault));
    ck_assert(identity_keys_choice(NULL, "keys", &fault));
    ck_assert(!identity_keys_choice(NULL, NULL, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "no identity key: give --identity-keys DIR"));
    ck_assert(!identity_keys_choice("key", "keys", &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "both kinds"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("identity_keys");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, each_generation_has_its_own_key_and_opens_with_it);
    tcase_add_test(tcase, the_key_of_another_generation_is_refused);
    tcase_add_test(tcase, a_key_that_is_not_there_is_said_to_be_gone);
    tcase_add_loop_test(tcase, a_key_is_for_those_who_share_its_folder, 0,
                        sizeof(modes) / sizeof(modes[0]));
    tcase_add_test(tcase, only_a_regular_file_with_a_key_is_a_key);
    tcase_add_test(tcase, a_folder_that_is_none_is_a_fault);
    tcase_add_test(tcase, keys_and_snapshots_lie_apart);
    tcase_add_test(tcase, one_kind_of_key_is_named);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
