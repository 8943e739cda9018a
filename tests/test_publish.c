#include "loader/publish.h"

#include "loader/builder.h"
#include "tests/fixture.h"
#include "tests/support.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_ROOM 600

static struct fixture *f;

/* ---- the disk's calls, noted and made to fail when asked ---- */

#define CALLS_MAX 256
static char calls[CALLS_MAX][96];
static size_t call_count;
static long fail_at = -1; /* number of the call that fails */
static long kill_at = -1; /* number of the call before which the process is killed */
static bool notes_unlinks;

/* Notes "<what> <file's name>"; whether this call shall fail. */
static bool note_call(const char *what, const char *name)
{
    if (call_count < CALLS_MAX)
        snprintf(calls[call_count], sizeof(calls[0]), "%s %.60s", what, name);
    if (kill_at >= 0 && call_count == (size_t)kill_at)
        raise(SIGKILL);
    bool fail = fail_at >= 0 && call_count == (size_t)fail_at;
    call_count++;
    if (fail)
        errno = EIO;
    return fail;
}

static const char *name_of_fd(int fd, char path[static PATH_ROOM])
{
    char link[64];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, PATH_ROOM - 1);
    path[size > 0 ? size : 0] = '\0';
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Definitions here take the place of the C library's for all that is linked into this program. */
int fsync(int fd)
{
    static int (*real)(int);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "fsync");
    char path[PATH_ROOM];
    return note_call("fsync", name_of_fd(fd, path)) ? -1 : real(fd);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    static int (*real)(int, const char *, int, const char *);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "renameat");
    return note_call("rename", to) ? -1 : real(from_fd, from, to_fd, to);
}

int fchmod(int fd, mode_t mode)
{
    static int (*real)(int, mode_t);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "fchmod");
    char path[PATH_ROOM];
    return note_call("fchmod", name_of_fd(fd, path)) ? -1 : real(fd, mode);
}

int unlinkat(int fd, const char *name, int flags)
{
    static int (*real)(int, const char *, int);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "unlinkat");
    return notes_unlinks && note_call("unlink", name) ? -1 : real(fd, name, flags);
}

static bool links_refused;

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    static int (*real)(int, const char *, int, const char *, int);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "linkat");
    if (links_refused) {
        errno = EPERM;
        return -1;
    }
    return real(from_fd, from, to_fd, to, flags);
}

/* ---- helpers ---- */

static void start(void)
{
    f = fixture_open(support_directory());
    fail_at = kill_at = -1;
    links_refused = notes_unlinks = false;
}

static void stop(void)
{
    fixture_close(f);
}

static const char *path_in(const char *name)
{
    static char paths[4][PATH_ROOM];
    static size_t next;
    char *path = paths[next++ % 4];
    snprintf(path, PATH_ROOM, "%s/%s", fixture_directory(f), name);
    return path;
}

static bool is_there(const char *name)
{
    struct stat info;
    return lstat(path_in(name), &info) == 0;
}

static mode_t mode_of(const char *name)
{
    struct stat info;
    ck_assert_msg(lstat(path_in(name), &info) == 0, "%s", name);
    return info.st_mode & 07777;
}

static void put(const char *name)
{
    support_write_file(path_in(name), "x", 1, 0644);
}

static uint64_t current_generation(void)
{
    uint64_t generation;
    uint8_t hash[DATA_HASH_SIZE];
    struct fault fault;
    return snapshot_current(fixture_directory(f), &generation, hash, &fault) ? generation : 0;
}

/* Opens what CURRENT names; its generation. */
static uint64_t opened_generation(void)
{
    struct snapshot *snapshot = fixture_snapshot(f);
    uint64_t generation = snapshot_manifest(snapshot)->generation;
    snapshot_close(snapshot);
    return generation;
}

static struct publication *begin(void)
{
    struct publication *publication = NULL;
    struct fault fault;
    struct snapshot_trust trust = fixture_trust(f);
    ck_assert_msg(publish_begin(&publication, fixture_directory(f), &trust, &fault), "%s",
                  fault.text);
    return publication;
}

/* ---- publishing ---- */

START_TEST(the_first_publication_makes_the_folder_and_is_generation_1)
{
    umask(0);
    ck_assert_uint_eq(fixture_publish(f), 1);
    struct stat info;
    ck_assert_int_eq(stat(fixture_directory(f), &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0750);
    ck_assert_uint_eq(mode_of("0000000000000001.mdb"), 0440);
    ck_assert_uint_eq(mode_of("0000000000000001.man"), 0440);
    ck_assert_uint_eq(mode_of("CURRENT"), 0444);
    ck_assert_uint_eq(opened_generation(), 1);
    ck_assert_uint_eq(fixture_manifest(f)->parent, 0);
    ck_assert(!is_there("CURRENT.tmp"));
}
END_TEST

START_TEST(every_publication_names_its_parent_and_rises)
{
    for (uint64_t i = 1; i <= 5; i++) {
        ck_assert_uint_eq(fixture_publish(f), i);
        ck_assert_uint_eq(fixture_manifest(f)->parent, i - 1);
        ck_assert_uint_eq(opened_generation(), i);
    }
}
END_TEST

/* The calls that were made, all of them and in this order. */
static void check_calls(const char *const wanted[], size_t wanted_count)
{
    for (size_t i = 0; i < wanted_count; i++)
        ck_assert_str_eq(calls[i], wanted[i]);
    ck_assert_uint_eq(call_count, wanted_count);
}

START_TEST(each_step_is_synced_before_the_next)
{
    fixture_publish(f);
    struct publication *publication = begin();
    publish_end(publication);
    call_count = 0;
    fixture_publish(f);
    static const char *const wanted[] = {
        "fchmod 0000000000000002.mdb.tmp",
        "fsync 0000000000000002.mdb.tmp",
        "fchmod 0000000000000002.man.tmp",
        "fsync 0000000000000002.man.tmp",
        "rename 0000000000000002.mdb",
        "rename 0000000000000002.man",
        "fsync snapshots",
        "fchmod CURRENT.tmp",
        "fsync CURRENT.tmp",
        "rename CURRENT",
        "fsync snapshots",
    };
    check_calls(wanted, COUNT_OF(wanted));
}
END_TEST

START_TEST(a_call_that_fails_changes_nothing_or_everything)
{
    fixture_publish(f);
    /* eleven calls as above: all but the last leave the old one in service */
    for (long i = 0; i < 11; i++) {
        uint64_t before = current_generation(), generation;
        struct fault fault;
        call_count = 0;
        fail_at = i;
        bool good = fixture_try_publish(f, &generation, &fault);
        fail_at = -1;
        ck_assert_msg(!good, "call %ld", i);
        ck_assert_uint_eq(opened_generation(), i == 10 ? before + 1 : before);
        if (i != 10) {
            char text[GENERATION_TEXT_SIZE], name[64];
            generation_to_text(text, before + 1);
            static const char *const suffixes[] = {".mdb", ".man", ".mdb.tmp", ".man.tmp"};
            for (size_t s = 0; s < 4; s++) {
                snprintf(name, sizeof(name), "%s%s", text, suffixes[s]);
                ck_assert_msg(!is_there(name), "%s after call %ld", name, i);
            }
            ck_assert(!is_there("CURRENT.tmp"));
        }
    }
    uint64_t before = current_generation();
    ck_assert_uint_eq(fixture_publish(f), before + 1);
}
END_TEST

START_TEST(what_does_not_open_is_not_published)
{
    fixture_publish(f);
    fixture_manifest(f)->identity_check[0] ^= 1;
    struct fault fault;
    uint64_t generation;
    ck_assert(!fixture_try_publish(f, &generation, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "does not open"));
    ck_assert_uint_eq(opened_generation(), 1);
    ck_assert(!is_there("0000000000000002.mdb") && !is_there("0000000000000002.man"));
    fixture_manifest(f)->identity_check[0] ^= 1;
    fixture_manifest(f)->until_day = 0;
    ck_assert(!fixture_try_publish(f, &generation, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "window"));
    ck_assert(!is_there("0000000000000002.mdb.tmp"));
}
END_TEST

START_TEST(one_publisher_at_a_time)
{
    struct publication *first = begin(), *second = NULL;
    struct snapshot_trust trust = fixture_trust(f);
    struct fault fault;
    ck_assert(!publish_begin(&second, fixture_directory(f), &trust, &fault));
    ck_assert_ptr_null(second);
    ck_assert_ptr_nonnull(strstr(fault.text, "another publisher"));
    publish_end(first);
    publish_end(begin());
    publish_end(NULL);
}
END_TEST

START_TEST(a_folder_that_cannot_be_had_is_a_fault)
{
    struct publication *publication = NULL;
    struct snapshot_trust trust = fixture_trust(f);
    struct fault fault;
    ck_assert(!publish_begin(&publication, "/nonexistent/snapshots", &trust, &fault));
    fixture_publish(f);
    ck_assert(!publish_begin(&publication, path_in("CURRENT"), &trust, &fault));
    char *longest = calloc(1, 5000);
    memset(longest, 'a', 4990);
    ck_assert(!publish_begin(&publication, longest, &trust, &fault));
    ck_assert_ptr_null(publication);
    free(longest);
}
END_TEST

START_TEST(leftovers_are_swept_and_nothing_else)
{
    fixture_publish(f);
    static const char *const leftovers[] = {"0000000000000005.mdb.tmp", "0000000000000005.man.tmp",
                                            "CURRENT.tmp", "0000000000000006.mdb",
                                            "0000000000000007.man"};
    static const char *const others[] = {"notes.txt", "0000000000000005.bak", "5.mdb.tmp",
                                         "000000000000000A.mdb", "0000000000000008.mdb.old"};
    for (size_t i = 0; i < 5; i++) {
        put(leftovers[i]);
        put(others[i]);
    }
    struct publication *publication = begin();
    for (size_t i = 0; i < 5; i++) {
        ck_assert_msg(!is_there(leftovers[i]), "%s", leftovers[i]);
        ck_assert_msg(is_there(others[i]), "%s", others[i]);
    }
    ck_assert(is_there("0000000000000001.mdb") && is_there("0000000000000001.man"));
    ck_assert_uint_eq(publish_next_generation(publication), 8); /* a number is never used twice */
    ck_assert_uint_eq(publish_current_generation(publication), 1);
    ck_assert_ptr_nonnull(strstr(publish_data_path(publication), "0000000000000008.mdb"));
    publish_end(publication);
    ck_assert_uint_eq(opened_generation(), 1);
}
END_TEST

START_TEST(current_counts_when_its_files_are_gone)
{
    fixture_publish(f);
    fixture_publish(f);
    unlink(path_in("0000000000000002.mdb"));
    unlink(path_in("0000000000000002.man"));
    struct publication *publication = begin();
    ck_assert_uint_eq(publish_next_generation(publication), 3);
    publish_end(publication);
}
END_TEST

START_TEST(a_damaged_current_is_replaced_by_the_next_publication)
{
    fixture_publish(f);
    unlink(path_in("CURRENT"));
    put("CURRENT");
    struct publication *publication = begin();
    ck_assert_uint_eq(publish_current_generation(publication), 0);
    publish_end(publication);
    ck_assert_uint_eq(fixture_publish(f), 2);
    ck_assert_uint_eq(opened_generation(), 2);
}
END_TEST

/* ---- rollback ---- */

static bool rollback(uint64_t generation, uint64_t now_s, uint64_t *new_generation,
                     struct fault *fault)
{
    struct publication *publication = begin();
    struct snapshot_trust trust = fixture_trust(f);
    trust.now_s = now_s;
    bool good =
        publish_rollback(publication, generation, fixture_secret(f), &trust, new_generation, fault);
    publish_end(publication);
    return good;
}

START_TEST(rolling_back_publishes_old_data_under_a_new_number)
{
    links_refused = _i == 1; /* a disk without second names: copied */
    fixture_publish(f);
    struct digest digest;
    fixture_person(f, MEANS_CARD, "MISTAKE1", 1);
    fixture_digest(f, &digest, MEANS_CARD, "MISTAKE1");
    fixture_publish(f);

    struct fault fault;
    uint64_t generation = 0;
    ck_assert_msg(rollback(1, FIXTURE_CREATED_S + 60, &generation, &fault), "%s", fault.text);
    ck_assert_uint_eq(generation, 3);
    struct snapshot *snapshot = fixture_snapshot(f);
    const struct manifest *m = snapshot_manifest(snapshot);
    ck_assert_uint_eq(m->generation, 3);
    ck_assert_uint_eq(m->parent, 2);
    ck_assert_uint_eq(m->created_s, FIXTURE_CREATED_S + 60);
    ck_assert_uint_eq(m->not_after_s, FIXTURE_NOT_AFTER_S); /* data get no younger */
    ck_assert_uint_eq(index_find(&snapshot_tables(snapshot)->index, &digest), VIEW_NOBODY);
    snapshot_close(snapshot);

    struct stat old, new;
    ck_assert_int_eq(stat(path_in("0000000000000001.mdb"), &old), 0);
    ck_assert_int_eq(stat(path_in("0000000000000003.mdb"), &new), 0);
    ck_assert((old.st_ino == new.st_ino) == (_i == 0));
    ck_assert_uint_eq(mode_of("0000000000000003.mdb"), 0440);
}
END_TEST

START_TEST(what_cannot_be_rolled_back_to_changes_nothing)
{
    fixture_publish(f);
    fixture_publish(f);
    struct fault fault;
    uint64_t generation = 0;
    ck_assert(!rollback(7, 0, &generation, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "No such file"));
    ck_assert(!rollback(1, FIXTURE_NOT_AFTER_S, &generation, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "has passed"));
    /* damaged meanwhile */
    ck_assert_int_eq(chmod(path_in("0000000000000001.mdb"), 0600), 0);
    int fd = open(path_in("0000000000000001.mdb"), O_RDWR);
    ck_assert_int_eq(pwrite(fd, "?", 1, 5000), 1);
    close(fd);
    ck_assert(!rollback(1, FIXTURE_CREATED_S + 1, &generation, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "does not open"));
    ck_assert_uint_eq(generation, 0);
    ck_assert_uint_eq(opened_generation(), 2);
    ck_assert(!is_there("0000000000000003.mdb"));
}
END_TEST

/* ---- lists ---- */

START_TEST(old_generations_go_and_the_current_one_stays)
{
    for (size_t i = 0; i < 6; i++)
        fixture_publish(f);
    uint64_t listed[10];
    ck_assert_uint_eq(publish_list(fixture_directory(f), listed, 10), 6);
    for (uint64_t i = 0; i < 6; i++)
        ck_assert_uint_eq(listed[i], i + 1);
    ck_assert_uint_eq(publish_list(fixture_directory(f), listed, 2), 6);
    ck_assert(listed[0] == 5 && listed[1] == 6);

    struct publication *publication = begin();
    struct fault fault;
    ck_assert(publish_sweep(publication, 3, &fault));
    ck_assert_uint_eq(publish_list(fixture_directory(f), listed, 10), 3);
    ck_assert_uint_eq(listed[0], 4);
    ck_assert(publish_sweep(publication, 0, &fault)); /* not even then */
    ck_assert_uint_eq(publish_list(fixture_directory(f), listed, 10), 1);
    ck_assert_uint_eq(listed[0], 6);
    publish_end(publication);
    ck_assert_uint_eq(opened_generation(), 6);
    ck_assert_uint_eq(publish_list("/nonexistent", listed, 10), 0);
}
END_TEST

/* ---- killed at any time ---- */

START_TEST(a_killed_publisher_leaves_the_old_or_the_new)
{
    fixture_publish(f);
    uint64_t state = (uint64_t)getpid(), last = 1, span_us = 30000;
    for (int i = 0; i < 60; i++) {
        pid_t child = fork();
        if (child == 0) {
            for (;;)
                fixture_publish(f);
        }
        usleep((useconds_t)(support_random(&state) % span_us));
        kill(child, SIGKILL);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        uint64_t generation = opened_generation(); /* aborts the test when it does not open */
        ck_assert_uint_ge(generation, last);
        last = generation;
        if (last == 1 && i % 10 == 9)
            span_us *= 2; /* a machine on which nothing is published in that time */
    }
    ck_assert_uint_gt(last, 1);
    uint64_t before = current_generation();
    ck_assert_uint_gt(fixture_publish(f), before);
}
END_TEST

/* ---- each generation its own key ---- */

static bool key_is_there(uint64_t generation)
{
    char name[FOLDER_NAME_SIZE], path[PATH_ROOM];
    struct stat info;
    folder_file_name(name, generation, ".key");
    snprintf(path, sizeof(path), "%s/%s", fixture_keys(f), name);
    return lstat(path, &info) == 0;
}

static bool is_whole(uint64_t generation)
{
    char data[FOLDER_NAME_SIZE], man[FOLDER_NAME_SIZE];
    folder_file_name(data, generation, ".mdb");
    folder_file_name(man, generation, ".man");
    return is_there(data) && is_there(man);
}

START_TEST(a_key_is_on_the_disk_before_its_snapshot_has_a_name)
{
    fixture_use_keys(f);
    fixture_publish(f);
    call_count = 0;
    fixture_publish(f);
    static const char *const wanted[] = {
        "fchmod 0000000000000002.mdb.tmp",
        "fsync 0000000000000002.mdb.tmp",
        "fchmod 0000000000000002.man.tmp",
        "fsync 0000000000000002.man.tmp",
        "fsync snapshots",
        "fchmod 0000000000000002.key",
        "fsync 0000000000000002.key",
        "fsync keys",
        "rename 0000000000000002.mdb",
        "rename 0000000000000002.man",
        "fsync snapshots",
        "fchmod CURRENT.tmp",
        "fsync CURRENT.tmp",
        "rename CURRENT",
        "fsync snapshots",
    };
    check_calls(wanted, COUNT_OF(wanted));
}
END_TEST

START_TEST(a_call_that_fails_leaves_no_key_behind)
{
    fixture_use_keys(f);
    fixture_publish(f);
    /* fifteen calls as above: all but the last leave the old one in service */
    for (long i = 0; i < 15; i++) {
        uint64_t before = current_generation(), generation;
        struct fault fault;
        call_count = 0;
        fail_at = i;
        bool good = fixture_try_publish(f, &generation, &fault);
        fail_at = -1;
        ck_assert_msg(!good, "call %ld", i);
        ck_assert_uint_eq(current_generation(), i == 14 ? before + 1 : before);
        ck_assert_msg(key_is_there(before), "call %ld took the old key", i);
        ck_assert_msg(key_is_there(before + 1) == (i == 14), "call %ld", i);
    }
    uint64_t before = current_generation();
    ck_assert_uint_eq(fixture_publish(f), before + 1);
}
END_TEST

START_TEST(a_key_is_gone_from_the_disk_before_its_data_are)
{
    fixture_use_keys(f);
    fixture_publish(f);
    fixture_publish(f);
    struct publication *publication = begin();
    struct fault fault;
    notes_unlinks = true;
    call_count = 0;
    ck_assert(publish_sweep(publication, 1, &fault));
    notes_unlinks = false;
    publish_end(publication);
    static const char *const wanted[] = {
        "unlink 0000000000000001.man", "unlink 0000000000000001.man.tmp", "fsync snapshots",
        "fsync 0000000000000001.key",  "unlink 0000000000000001.key",     "fsync keys",
        "unlink 0000000000000001.mdb", "unlink 0000000000000001.mdb.tmp",
    };
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        ck_assert_str_eq(calls[i], wanted[i]);
    ck_assert_uint_eq(call_count, sizeof(wanted) / sizeof(wanted[0]));
    ck_assert(!key_is_there(1) && key_is_there(2));
}
END_TEST

/* One more generation, and the ones before the last two away. */
static void publish_and_sweep(void)
{
    struct fault fault;
    fixture_publish(f);
    struct publication *publication = begin();
    if (!publish_sweep(publication, 2, &fault))
        abort();
    publish_end(publication);
}

/* Opens what CURRENT names, with the key that lies in the folder. */
static void open_current(long call)
{
    struct snapshot_trust trust = fixture_trust(f);
    struct snapshot *snapshot;
    struct fault fault;
    ck_assert_msg(snapshot_open_current(&snapshot, fixture_directory(f), &trust, &fault),
                  "killed before call %ld: %s", call, fault.text);
    snapshot_close(snapshot);
}

START_TEST(killed_before_any_call_no_snapshot_is_without_key_and_no_key_stays_without_snapshot)
{
    bool has_before = _i == 1; /* else it is the first that is killed */
    fixture_use_keys(f);
    for (int i = 0; has_before && i < 3; i++)
        publish_and_sweep();
    int status = 0, killed_count = 0;
    for (long call = 0; call == 0 || WIFSIGNALED(status); call++) {
        pid_t child = fork();
        if (child == 0) {
            notes_unlinks = true;
            call_count = 0;
            kill_at = call;
            publish_and_sweep();
            _exit(0);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFEXITED(status) || WTERMSIG(status) == SIGKILL);
        killed_count += WIFSIGNALED(status);
        uint64_t current = current_generation();
        if (has_before || current != 0)
            open_current(call);
        for (uint64_t g = 1; g < current + 8; g++)
            ck_assert_msg(!is_whole(g) || key_is_there(g), "call %ld: no key", call);

        /* the next publisher finds it */
        publish_end(begin());
        for (uint64_t g = 1; g < current + 8; g++)
            ck_assert_msg(is_whole(g) == key_is_there(g), "call %ld: %d key", call, (int)g);
        if (current != 0)
            open_current(call);
    }
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    ck_assert_int_ge(killed_count, has_before ? 24 : 16);
    ck_assert_uint_ge(opened_generation(), 1);
}
END_TEST

START_TEST(a_generation_that_comes_back_has_the_key_of_its_data)
{
    fixture_use_keys(f);
    fixture_publish(f);
    fixture_publish(f);
    struct fault fault;
    uint64_t generation = 0;
    ck_assert_msg(rollback(1, FIXTURE_CREATED_S + 60, &generation, &fault), "%s", fault.text);
    ck_assert_uint_eq(generation, 3);
    open_current(0);
    /* its forerunner goes, and what came back stays readable */
    struct publication *publication = begin();
    ck_assert(publish_sweep(publication, 1, &fault));
    publish_end(publication);
    ck_assert(!key_is_there(1) && !key_is_there(2) && key_is_there(3));
    open_current(0);
}
END_TEST

START_TEST(without_its_key_no_generation_comes_back)
{
    fixture_use_keys(f);
    fixture_publish(f);
    fixture_publish(f);
    char path[PATH_ROOM];
    snprintf(path, sizeof(path), "%s/0000000000000001.key", fixture_keys(f));
    ck_assert_int_eq(unlink(path), 0);
    struct fault fault;
    uint64_t generation = 0;
    ck_assert(!rollback(1, FIXTURE_CREATED_S + 60, &generation, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "cannot go back there"));
    ck_assert_ptr_nonnull(strstr(fault.text, "0000000000000001.key: there is none"));
    ck_assert_uint_eq(generation, 0);
    ck_assert_uint_eq(opened_generation(), 2);
    ck_assert(!key_is_there(3) && !is_there("0000000000000003.mdb"));
}
END_TEST

static Suite *publish_suite(void)
{
    Suite *suite = suite_create("publish");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, the_first_publication_makes_the_folder_and_is_generation_1);
    tcase_add_test(tcase, every_publication_names_its_parent_and_rises);
    tcase_add_test(tcase, each_step_is_synced_before_the_next);
    tcase_add_test(tcase, a_call_that_fails_changes_nothing_or_everything);
    tcase_add_test(tcase, what_does_not_open_is_not_published);
    tcase_add_test(tcase, one_publisher_at_a_time);
    tcase_add_test(tcase, a_folder_that_cannot_be_had_is_a_fault);
    tcase_add_test(tcase, leftovers_are_swept_and_nothing_else);
    tcase_add_test(tcase, current_counts_when_its_files_are_gone);
    tcase_add_test(tcase, a_damaged_current_is_replaced_by_the_next_publication);
    tcase_add_loop_test(tcase, rolling_back_publishes_old_data_under_a_new_number, 0, 2);
    tcase_add_test(tcase, what_cannot_be_rolled_back_to_changes_nothing);
    tcase_add_test(tcase, old_generations_go_and_the_current_one_stays);
    tcase_add_test(tcase, a_killed_publisher_leaves_the_old_or_the_new);
    tcase_add_test(tcase, a_key_is_on_the_disk_before_its_snapshot_has_a_name);
    tcase_add_test(tcase, a_call_that_fails_leaves_no_key_behind);
    tcase_add_test(tcase, a_key_is_gone_from_the_disk_before_its_data_are);
    tcase_add_loop_test(
        tcase, killed_before_any_call_no_snapshot_is_without_key_and_no_key_stays_without_snapshot,
        0, 2);
    tcase_add_test(tcase, a_generation_that_comes_back_has_the_key_of_its_data);
    tcase_add_test(tcase, without_its_key_no_generation_comes_back);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(publish_suite());
}
