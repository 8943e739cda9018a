/* Keys are made with their snapshots and destroyed with them, and never those of another folder. */
#include "loader/generation_keys.h"

#include "loader/publish.h"
#include "protocol/keyfile.h"
#include "tests/fixture.h"
#include "tests/support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM 700

static struct fixture *f;
static struct identity_key *key;

static void start(void)
{
    struct fault fault;
    umask(0);
    f = fixture_open(support_directory());
    fixture_use_keys(f);
    ck_assert(keyfile_make_identity(&key, &fault));
}

static void stop(void)
{
    keyfile_close_identity(key);
    fixture_close(f);
}

static const char *path_in(const char *folder, const char *name)
{
    static char paths[4][PATH_ROOM];
    static size_t next;
    char *path = paths[next++ % 4];
    snprintf(path, PATH_ROOM, "%s/%s", folder, name);
    return path;
}

static const char *key_path(uint64_t generation)
{
    char name[FOLDER_NAME_SIZE];
    folder_file_name(name, generation, ".key");
    return path_in(fixture_keys(f), name);
}

static bool is_there(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

static unsigned mode_of(const char *path)
{
    struct stat info;
    ck_assert_int_eq(stat(path, &info), 0);
    return info.st_mode & 07777;
}

static bool begin(struct publication **out, const char *snapshots, struct fault *fault)
{
    struct snapshot_trust trust = fixture_trust(f);
    *out = NULL;
    return publish_begin(out, snapshots, &trust, fault);
}

/* A publisher comes and goes. */
static void sweep(void)
{
    struct publication *publication;
    struct fault fault;
    ck_assert_msg(begin(&publication, fixture_directory(f), &fault), "%s", fault.text);
    publish_end(publication);
}

static void check_refused(const char *snapshots, const char *wanted)
{
    struct publication *publication;
    struct fault fault = {""};
    ck_assert_msg(!begin(&publication, snapshots, &fault), "taken, wanted: %s", wanted);
    ck_assert_msg(strstr(fault.text, wanted) != NULL, "wanted %s, found: %s", wanted, fault.text);
}

/* ---- made ---- */

START_TEST(the_folder_is_made_and_keys_in_it_are_for_us_alone)
{
    fixture_publish(f);
    ck_assert_uint_eq(mode_of(fixture_keys(f)), 0700);
    ck_assert_uint_eq(mode_of(key_path(1)), 0600);
}
END_TEST

START_TEST(keys_in_a_shared_folder_are_for_its_group)
{
    ck_assert_int_eq(mkdir(fixture_keys(f), 0700), 0);
    ck_assert_int_eq(chmod(fixture_keys(f), _i == 0 ? 0750 : 02750), 0);
    fixture_publish(f);
    ck_assert_uint_eq(mode_of(key_path(1)), 0440);
    /* and can be destroyed all the same */
    struct fault fault;
    ck_assert_msg(generation_keys_destroy(fixture_keys(f), 1, &fault), "%s", fault.text);
    ck_assert(!is_there(key_path(1)));
}
END_TEST

START_TEST(a_folder_that_lets_others_in_gets_no_key)
{
    ck_assert_int_eq(mkdir(fixture_keys(f), 0755), 0);
    check_refused(fixture_directory(f), "lets others in");
}
END_TEST

START_TEST(a_key_would_not_become_another_users_or_groups)
{
    if (geteuid() != 0)
        return; /* only root gives folders away */
    ck_assert_int_eq(mkdir(fixture_keys(f), 0700), 0);
    ck_assert_int_eq(chown(fixture_keys(f), 12345, (gid_t)-1), 0);
    check_refused(fixture_directory(f), "owned by user 12345");
    ck_assert_int_eq(chown(fixture_keys(f), 0, 12345), 0);
    ck_assert_int_eq(chmod(fixture_keys(f), 0750), 0);
    check_refused(fixture_directory(f), "chmod g+s");
    ck_assert_int_eq(chmod(fixture_keys(f), 02750), 0);
    fixture_publish(f);
    struct stat info;
    ck_assert_int_eq(stat(key_path(1), &info), 0);
    ck_assert_uint_eq(info.st_gid, 12345);
}
END_TEST

START_TEST(a_key_is_never_written_over_another)
{
    struct fault fault;
    fixture_publish(f);
    ck_assert(!generation_keys_write(fixture_keys(f), 1, key, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "never overwritten"));
    ck_assert(generation_keys_write(fixture_keys(f), 9, key, &fault));
    struct identity_key *again;
    ck_assert(identity_keys_open(&again, fixture_keys(f), 9, &fault));
    ck_assert_mem_eq(again->bytes, key->bytes, IDENTITY_KEY_SIZE);
    keyfile_close_identity(again);
}
END_TEST

START_TEST(keys_with_the_snapshots_are_refused)
{
    struct snapshot_trust trust = fixture_trust(f);
    struct publication *publication = NULL;
    struct fault fault;
    fixture_publish(f);
    trust.identity_keys = path_in(fixture_directory(f), "keys");
    ck_assert(!publish_begin(&publication, fixture_directory(f), &trust, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "must not lie with the snapshots"));
    ck_assert_int_eq(chmod(fixture_directory(f), 0700), 0);
    trust.identity_keys = fixture_directory(f);
    ck_assert(!publish_begin(&publication, fixture_directory(f), &trust, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "must not lie with the snapshots"));
    ck_assert_ptr_null(publication);
}
END_TEST

/* ---- destroyed ---- */

START_TEST(a_destroyed_key_is_nowhere_not_even_under_another_name)
{
    char kept[256];
    uint8_t bytes[256];
    fixture_publish(f);
    snprintf(kept, sizeof(kept), "%s/kept", support_directory());
    ck_assert_int_eq(link(key_path(1), kept), 0);
    struct stat before;
    ck_assert_int_eq(stat(kept, &before), 0);
    struct fault fault;
    ck_assert_msg(generation_keys_destroy(fixture_keys(f), 1, &fault), "%s", fault.text);
    ck_assert(!is_there(key_path(1)));
    int fd = open(kept, O_RDONLY);
    ck_assert_int_eq(read(fd, bytes, sizeof(bytes)), before.st_size);
    close(fd);
    ck_assert(bytes_are_zero(bytes, (size_t)before.st_size));
    ck_assert(generation_keys_destroy(fixture_keys(f), 1, &fault)); /* gone is done */
}
END_TEST

START_TEST(what_a_link_leads_to_is_not_overwritten)
{
    char target[256], text[8] = "";
    fixture_publish(f);
    snprintf(target, sizeof(target), "%s/target", support_directory());
    support_write_file(target, "precious", 8, 0600);
    ck_assert_int_eq(symlink(target, key_path(7)), 0);
    struct fault fault;
    ck_assert(generation_keys_destroy(fixture_keys(f), 7, &fault));
    ck_assert(!is_there(key_path(7)));
    int fd = open(target, O_RDONLY);
    ck_assert_int_eq(read(fd, text, 8), 8);
    close(fd);
    ck_assert_mem_eq(text, "precious", 8);
}
END_TEST

START_TEST(a_key_that_cannot_be_destroyed_is_a_fault)
{
    struct fault fault;
    fixture_publish(f);
    ck_assert_int_eq(mkdir(key_path(9), 0700), 0);
    ck_assert(!generation_keys_destroy(fixture_keys(f), 9, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "remove it by hand"));
    ck_assert(!generation_keys_destroy("/nonexistent", 9, &fault));
}
END_TEST

START_TEST(keys_go_with_their_generations)
{
    struct publication *publication;
    struct fault fault;
    for (int i = 0; i < 5; i++)
        fixture_publish(f);
    ck_assert(begin(&publication, fixture_directory(f), &fault));
    ck_assert_msg(publish_sweep(publication, 2, &fault), "%s", fault.text);
    publish_end(publication);
    for (uint64_t generation = 1; generation <= 5; generation++)
        ck_assert_msg(is_there(key_path(generation)) == (generation > 3), "%d", (int)generation);
}
END_TEST

START_TEST(a_pruned_key_that_cannot_be_destroyed_is_said)
{
    struct publication *publication;
    struct fault fault = {""};
    for (int i = 0; i < 3; i++)
        fixture_publish(f);
    ck_assert(begin(&publication, fixture_directory(f), &fault));
    ck_assert_int_eq(unlink(key_path(1)), 0);
    ck_assert_int_eq(mkdir(key_path(1), 0700), 0);
    ck_assert(!publish_sweep(publication, 1, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "0000000000000001.key"));
    publish_end(publication);
    ck_assert(!is_there(key_path(2)) && is_there(key_path(3))); /* the others go */
}
END_TEST

/* ---- swept ---- */

START_TEST(keys_without_snapshot_are_swept_and_nothing_else)
{
    static const char *const others[] = {"notes.txt", "5.key", "000000000000000A.key",
                                         "0000000000000008.key.old", "0000000000000008.pub"};
    struct fault fault;
    fixture_publish(f);
    fixture_publish(f);
    ck_assert(generation_keys_write(fixture_keys(f), 7, key, &fault));
    support_write_file(key_path(8), "", 0, 0600); /* killed before it was written */
    for (size_t i = 0; i < 5; i++)
        support_write_file(path_in(fixture_keys(f), others[i]), "x", 1, 0600);
    sweep();
    ck_assert(is_there(key_path(1)) && is_there(key_path(2)));
    ck_assert(!is_there(key_path(7)) && !is_there(key_path(8)));
    for (size_t i = 0; i < 5; i++)
        ck_assert_msg(is_there(path_in(fixture_keys(f), others[i])), "%s", others[i]);
}
END_TEST

START_TEST(the_key_of_current_stays_when_its_files_are_gone)
{
    fixture_publish(f);
    fixture_publish(f);
    unlink(path_in(fixture_directory(f), "0000000000000002.mdb"));
    unlink(path_in(fixture_directory(f), "0000000000000002.man"));
    sweep();
    ck_assert(is_there(key_path(2)));
}
END_TEST

START_TEST(an_empty_folder_of_snapshots_takes_no_key_away)
{
    /* a volume that is not mounted, or somebody else's folder */
    char empty[256];
    fixture_publish(f);
    fixture_publish(f);
    snprintf(empty, sizeof(empty), "%s/empty", support_directory());
    check_refused(empty, "none belongs to a snapshot here");
    ck_assert(is_there(key_path(1)) && is_there(key_path(2)));
}
END_TEST

START_TEST(keys_of_another_folder_are_refused_and_stay)
{
    struct fixture *other = fixture_open(support_directory());
    for (int i = 0; i < 3; i++)
        fixture_publish(other);
    fixture_publish(f);
    fixture_publish(f);
    check_refused(fixture_directory(other), "none belongs to a snapshot here");
    ck_assert(is_there(key_path(1)) && is_there(key_path(2)));
    fixture_close(other);
}
END_TEST

START_TEST(a_page_of_another_signer_is_no_proof)
{
    struct fixture *other = fixture_open(support_directory());
    struct snapshot_trust trust = fixture_trust(f), others_trust = fixture_trust(other);
    struct publication *publication = NULL;
    struct fault fault;
    fixture_publish(f);
    trust.signer = others_trust.signer;
    ck_assert(!publish_begin(&publication, fixture_directory(f), &trust, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "none belongs to a snapshot here"));
    fixture_close(other);
}
END_TEST

START_TEST(when_keys_are_lost_a_new_build_makes_the_next)
{
    /* a folder in memory, after a cut of power */
    struct fault fault;
    fixture_publish(f);
    fixture_publish(f);
    ck_assert(generation_keys_destroy(fixture_keys(f), 1, &fault));
    ck_assert(generation_keys_destroy(fixture_keys(f), 2, &fault));
    ck_assert_uint_eq(fixture_publish(f), 3);
    ck_assert(is_there(key_path(3)));
    snapshot_close(fixture_snapshot(f));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("generation_keys");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, the_folder_is_made_and_keys_in_it_are_for_us_alone);
    tcase_add_loop_test(tcase, keys_in_a_shared_folder_are_for_its_group, 0, 2);
    tcase_add_test(tcase, a_folder_that_lets_others_in_gets_no_key);
    tcase_add_test(tcase, a_key_would_not_become_another_users_or_groups);
    tcase_add_test(tcase, a_key_is_never_written_over_another);
    tcase_add_test(tcase, keys_with_the_snapshots_are_refused);
    tcase_add_test(tcase, a_destroyed_key_is_nowhere_not_even_under_another_name);
    tcase_add_test(tcase, what_a_link_leads_to_is_not_overwritten);
    tcase_add_test(tcase, a_key_that_cannot_be_destroyed_is_a_fault);
    tcase_add_test(tcase, keys_go_with_their_generations);
    tcase_add_test(tcase, a_pruned_key_that_cannot_be_destroyed_is_said);
    tcase_add_test(tcase, keys_without_snapshot_are_swept_and_nothing_else);
    tcase_add_test(tcase, the_key_of_current_stays_when_its_files_are_gone);
    tcase_add_test(tcase, an_empty_folder_of_snapshots_takes_no_key_away);
    tcase_add_test(tcase, keys_of_another_folder_are_refused_and_stay);
    tcase_add_test(tcase, a_page_of_another_signer_is_no_proof);
    tcase_add_test(tcase, when_keys_are_lost_a_new_build_makes_the_next);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
