/* The store: what is published goes into service, what is refused does not, nobody loses what he
 * still reads. */
#include "engine/store.h"
#include "protocol/subject.h"
#include "tests/fixture.h"
#include "tests/support.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS_MAX 20000
#define READERS     3
#define NEVER_MS    3600000

static struct fixture *fixture;
static struct store *store;
static atomic_uint wake_counts[READERS];
static char log_path[512];

static void wake(void *context, uint32_t reader)
{
    ck_assert_ptr_eq(context, wake_counts);
    atomic_fetch_add(&wake_counts[reader], 1);
}

static struct store_settings settings_of(uint32_t poll_ms)
{
    struct snapshot_trust trust = fixture_trust(fixture);
    return (struct store_settings){
        .directory = fixture_directory(fixture),
        .signer = trust.signer,
        .identity = trust.identity_keys == NULL ? trust.identity : NULL,
        .identity_keys = trust.identity_keys,
        .environment = trust.environment,
        .poll_ms = poll_ms,
        .reader_count = READERS,
        .wake = wake,
        .context = wake_counts,
    };
}

static void open_fixture(void)
{
    struct fault fault;
    ck_assert(identity_start(&fault));
    fixture = fixture_open(support_directory());
    fixture_person(fixture, MEANS_PERSONAL_CODE, "32000000001",
                   fixture_set_of(fixture, fixture_group(fixture, "some")));
    snprintf(log_path, sizeof(log_path), "%s/log", support_directory());
    unlink(log_path);
    /* The log goes to a file, so that lines can be counted. */
    int fd = open(log_path, O_CREAT | O_WRONLY | O_APPEND, 0600);
    ck_assert_int_ge(fd, 0);
    dup2(fd, STDERR_FILENO);
    close(fd);
    for (int i = 0; i < READERS; i++)
        atomic_store(&wake_counts[i], 0);
}

static void close_fixture(void)
{
    fixture_close(fixture);
}

static void start_store(uint32_t poll_ms)
{
    struct fault fault;
    struct store_settings settings = settings_of(poll_ms);
    ck_assert_msg(store_open(&store, &settings, &fault), "%s", fault.text);
    ck_assert_msg(store_start(store, &fault), "%s", fault.text);
}

static void stop_store(void)
{
    for (uint32_t i = 0; i < READERS; i++)
        store_leave(store, i);
    store_close(store);
}

/* How many lines of the log have the text. */
static uint32_t count_lines(const char *text)
{
    char line[4096];
    uint32_t count = 0;
    FILE *from = fopen(log_path, "r");
    while (fgets(line, sizeof(line), from) != NULL)
        count += strstr(line, text) != NULL;
    fclose(from);
    return count;
}

static void wait_for_line(const char *text, uint32_t count)
{
    for (int ms = 0; ms < WAIT_MS_MAX && count_lines(text) < count; ms++)
        usleep(1000);
    ck_assert_msg(count_lines(text) == count, "%s: %u lines", text, count_lines(text));
}

static void wait_for_wakes(uint32_t count)
{
    for (int i = 0; i < READERS; i++) {
        for (int ms = 0; ms < WAIT_MS_MAX && atomic_load(&wake_counts[i]) < count; ms++)
            usleep(1000);
        ck_assert_uint_eq(atomic_load(&wake_counts[i]), count);
    }
}

/* Changes one byte in the middle of a published file. */
static void damage(uint64_t generation, const char *end)
{
    char path[1024], text[GENERATION_TEXT_SIZE];
    struct stat status;
    uint8_t byte;
    generation_to_text(text, generation);
    snprintf(path, sizeof(path), "%s/%s%s", fixture_directory(fixture), text, end);
    ck_assert_int_eq(chmod(path, 0600), 0);
    int fd = open(path, O_RDWR);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, &status), 0);
    ck_assert_int_eq(pread(fd, &byte, 1, status.st_size / 2), 1);
    byte ^= 0x10;
    ck_assert_int_eq(pwrite(fd, &byte, 1, status.st_size / 2), 1);
    close(fd);
}

START_TEST(without_a_snapshot_there_is_no_store)
{
    struct fault fault = {""};
    struct store_settings settings = settings_of(NEVER_MS);
    ck_assert(!store_open(&store, &settings, &fault));
    ck_assert(fault.text[0] != '\0');
}
END_TEST

START_TEST(a_damaged_first_snapshot_is_refused)
{
    struct fault fault = {""};
    struct store_settings settings = settings_of(NEVER_MS);
    damage(fixture_publish(fixture), ".mdb");
    ck_assert(!store_open(&store, &settings, &fault));
    ck_assert(fault.text[0] != '\0');
}
END_TEST

START_TEST(another_environment_is_refused)
{
    struct fault fault = {""};
    fixture_publish(fixture);
    struct store_settings settings = settings_of(NEVER_MS);
    settings.environment++;
    ck_assert(!store_open(&store, &settings, &fault));
}
END_TEST

START_TEST(every_reader_gets_the_new_one_and_keeps_the_old_until_it_takes)
{
    const struct edition *old[READERS];
    uint64_t first = fixture_publish(fixture);
    start_store(NEVER_MS);
    for (uint32_t i = 0; i < READERS; i++) {
        old[i] = store_take(store, i);
        ck_assert_uint_eq(old[i]->manifest->generation, first);
    }
    uint64_t second = fixture_publish(fixture);
    store_look(store);
    wait_for_wakes(1);

    /* One reader after the other takes it; whoever has not can still read all of the old one. */
    for (uint32_t i = 0; i < READERS; i++) {
        usleep(5000);
        ck_assert_uint_eq(count_lines("event=swap"), 0);
        for (uint32_t j = i; j < READERS; j++) {
            ck_assert_uint_eq(old[j]->manifest->generation, first);
            ck_assert_str_eq(old[j]->tables->groups[1].name, "some");
        }
        ck_assert_uint_eq(store_take(store, i)->manifest->generation, second);
    }
    wait_for_line("event=swap", 1);
    ck_assert_uint_eq(store_swap_count(store), 1);
    stop_store();
}
END_TEST

static long switches_of(int who)
{
    struct rusage usage;
    ck_assert_int_eq(getrusage(who, &usage), 0);
    return usage.ru_nvcsw;
}

/* A loop takes its edition whenever it is woken, which is once for each handshake. */
START_TEST(who_takes_what_it_has_wakes_nobody)
{
    const int takes = 200;
    fixture_publish(fixture);
    start_store(NEVER_MS);
    const struct edition *edition = store_take(store, 0);
    usleep(50000);
    long ours = switches_of(RUSAGE_THREAD), all = switches_of(RUSAGE_SELF);
    for (int i = 0; i < takes; i++) {
        ck_assert_ptr_eq(store_take(store, 0), edition);
        usleep(1000); /* whoever was woken goes back to sleep */
    }
    ours = switches_of(RUSAGE_THREAD) - ours;
    all = switches_of(RUSAGE_SELF) - all;
    ck_assert_int_lt(all - ours, takes / 4);
    stop_store();
}
END_TEST

/* A reader that is not done with the old one uses the new one, and holds the next one up. */
START_TEST(a_reader_may_keep_the_old_one_beside_the_new_until_it_lets_go)
{
    uint64_t first = fixture_publish(fixture);
    start_store(NEVER_MS);
    const struct edition *old = store_take_beside(store, 0);
    store_let_go(store, 0);
    for (uint32_t i = 1; i < READERS; i++)
        (void)store_take(store, i);
    uint64_t second = fixture_publish(fixture);
    store_look(store);
    wait_for_wakes(1);
    for (uint32_t i = 1; i < READERS; i++)
        (void)store_take(store, i);
    for (int round = 0; round < 3; round++)
        ck_assert_uint_eq(store_take_beside(store, 0)->manifest->generation, second);
    usleep(5000);
    ck_assert_uint_eq(count_lines("event=swap"), 0);
    ck_assert_uint_eq(old->manifest->generation, first);
    ck_assert_str_eq(old->tables->groups[1].name, "some");
    store_let_go(store, 0);
    wait_for_line("event=swap", 1);
    stop_store();
}
END_TEST

/* The ledger goes on counting for the same people. */
START_TEST(a_snapshot_without_the_ledgers_subjects_is_refused)
{
    struct fault fault;
    fixture_publish(fixture);
    struct store_settings settings = settings_of(NEVER_MS);
    settings.subject_check = 5;
    ck_assert(!store_open(&store, &settings, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "has no subjects"));
    fixture_use_subjects(fixture);
    fixture_publish(fixture);
    ck_assert(!store_open(&store, &settings, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "with another key"));
    settings.subject_check = subject_key_check(fixture_subject_key(fixture));
    ck_assert(store_open(&store, &settings, &fault));
    store_close(store);
}
END_TEST

START_TEST(a_reader_that_leaves_holds_nobody_up)
{
    fixture_publish(fixture);
    start_store(NEVER_MS);
    for (uint32_t i = 0; i < READERS; i++)
        ck_assert_ptr_nonnull(store_take(store, i));
    fixture_publish(fixture);
    store_look(store);
    wait_for_wakes(1);
    for (uint32_t i = 0; i < READERS; i++)
        store_leave(store, i);
    wait_for_line("event=swap", 1);
    stop_store();
}
END_TEST

START_TEST(a_change_of_current_is_noticed_without_being_told)
{
    fixture_publish(fixture);
    start_store(10);
    uint64_t second = fixture_publish(fixture);
    wait_for_line("event=swap", 1);
    ck_assert_uint_eq(store_take(store, 0)->manifest->generation, second);
    ck_assert_uint_eq(count_lines("event=refused"), 0);
    stop_store();
}
END_TEST

START_TEST(what_is_refused_changes_nothing)
{
    uint64_t first = fixture_publish(fixture);
    start_store(NEVER_MS);
    damage(fixture_publish(fixture), _i == 0 ? ".mdb" : ".man");
    store_look(store);
    wait_for_line("event=refused", 1);
    ck_assert_uint_eq(store_take(store, 0)->manifest->generation, first);
    stop_store();
}
END_TEST

START_TEST(a_refused_one_is_tried_again_only_when_asked)
{
    fixture_publish(fixture);
    start_store(5);

    /* A CURRENT that names what is not there. */
    char path[1024], kept[1024];
    snprintf(path, sizeof(path), "%s/CURRENT", fixture_directory(fixture));
    snprintf(kept, sizeof(kept), "%s/CURRENT.kept", support_directory());
    ck_assert_int_eq(rename(path, kept), 0);
    wait_for_line("event=refused", 1);
    usleep(50000); /* several looks */
    ck_assert_uint_eq(count_lines("event=refused"), 1);
    store_look(store);
    wait_for_line("event=refused", 2);

    /* When it comes back, all is as it was, and what is new is served. */
    ck_assert_int_eq(rename(kept, path), 0);
    usleep(20000);
    fixture_publish(fixture);
    wait_for_line("event=swap", 1);
    ck_assert_uint_eq(count_lines("event=refused"), 2);
    stop_store();
}
END_TEST

START_TEST(a_damaged_one_is_tried_once)
{
    char path[1024], good[1024], bad[1024];
    uint64_t first = fixture_publish(fixture);
    snprintf(path, sizeof(path), "%s/CURRENT", fixture_directory(fixture));
    snprintf(good, sizeof(good), "%s/CURRENT.good", support_directory());
    snprintf(bad, sizeof(bad), "%s/CURRENT.bad", support_directory());
    ck_assert_int_eq(link(path, good), 0);
    damage(fixture_publish(fixture), ".mdb");
    ck_assert_int_eq(rename(path, bad), 0);
    ck_assert_int_eq(rename(good, path), 0);

    start_store(5);
    ck_assert_int_eq(rename(bad, path), 0);
    wait_for_line("event=refused", 1);
    usleep(50000); /* several looks */
    ck_assert_uint_eq(count_lines("event=refused"), 1);
    ck_assert_uint_eq(store_take(store, 0)->manifest->generation, first);
    store_look(store);
    wait_for_line("event=refused", 2);
    stop_store();
}
END_TEST

START_TEST(looking_at_the_one_in_service_changes_nothing)
{
    fixture_publish(fixture);
    start_store(NEVER_MS);
    store_look(store);
    wait_for_line("event=unchanged", 1);
    ck_assert_uint_eq(store_swap_count(store), 0);
    stop_store();
}
END_TEST

START_TEST(an_older_one_is_refused)
{
    char path[1024], kept[1024];
    fixture_publish(fixture);
    snprintf(path, sizeof(path), "%s/CURRENT", fixture_directory(fixture));
    snprintf(kept, sizeof(kept), "%s/CURRENT.kept", support_directory());
    ck_assert_int_eq(link(path, kept), 0);
    uint64_t second = fixture_publish(fixture);
    start_store(5);
    ck_assert_int_eq(rename(kept, path), 0);
    wait_for_line("event=refused", 1);
    usleep(50000);
    ck_assert_uint_eq(count_lines("event=refused"), 1);
    ck_assert_uint_eq(store_take(store, 0)->manifest->generation, second);
    store_look(store);
    wait_for_line("event=refused", 2);
    stop_store();
}
END_TEST

START_TEST(an_expired_one_is_said_once_and_stays)
{
    struct fault fault;
    struct store_settings settings = settings_of(5); /* it looks often */
    bool is_open = false;
    /* Good for seconds from now; more where publishing and opening take as long. */
    for (uint64_t good_s = 2; good_s < WAIT_MS_MAX / 1000 && !is_open; good_s *= 2) {
        fixture_manifest(fixture)->created_s = (uint64_t)time(NULL) - 10;
        fixture_manifest(fixture)->not_after_s = (uint64_t)time(NULL) + good_s;
        fixture_publish(fixture);
        is_open = store_open(&store, &settings, &fault);
    }
    ck_assert_msg(is_open, "%s", fault.text);
    ck_assert(store_start(store, &fault));
    wait_for_line("event=expired", 1);
    usleep(50000);
    ck_assert_uint_eq(count_lines("event=expired"), 1);
    ck_assert_ptr_nonnull(store_take(store, 0));
    stop_store();
}
END_TEST

START_TEST(many_swaps_leave_nothing_behind)
{
    fixture_publish(fixture);
    start_store(NEVER_MS);
    for (uint32_t i = 1; i <= 20; i++) {
        for (uint32_t reader = 0; reader < READERS; reader++)
            ck_assert_ptr_nonnull(store_take(store, reader));
        uint64_t generation = fixture_publish(fixture);
        store_look(store);
        wait_for_wakes(i);
        for (uint32_t reader = 0; reader < READERS; reader++)
            ck_assert_uint_eq(store_take(store, reader)->manifest->generation, generation);
        wait_for_line("event=swap", i);
    }
    ck_assert_uint_eq(store_swap_count(store), 20);
    stop_store();
}
END_TEST

/* ---- each generation its own key ---- */

static void key_path_of(char path[static 1024], uint64_t generation)
{
    char name[FOLDER_NAME_SIZE];
    folder_file_name(name, generation, ".key");
    snprintf(path, 1024, "%s/%s", fixture_keys(fixture), name);
}

/* Whether there is memory of ours: the kernel reads it for us and does not crash. */
static bool is_mapped(const void *bytes)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    bool is = write(ends[1], bytes, 1) == 1;
    close(ends[0]);
    close(ends[1]);
    return is;
}

/* The edition's key finds whoever is in it. */
static void check_knows_somebody(const struct edition *edition)
{
    struct identifier identifier;
    struct digest digest;
    ck_assert_int_eq(means_normalise(&identifier, MEANS_PERSONAL_CODE, "32000000001", 11),
                     MEANS_FINE);
    identity_digest(&digest, edition->identity, &identifier);
    ck_assert_uint_ne(index_find(&edition->tables->index, &digest), VIEW_NOBODY);
}

START_TEST(a_key_lives_as_long_as_its_edition)
{
    fixture_use_keys(fixture);
    fixture_publish(fixture);
    start_store(NEVER_MS);
    const struct edition *old = NULL, *new = NULL;
    for (uint32_t i = 0; i < READERS; i++)
        old = store_take(store, i);
    const struct identity_key *old_key = old->identity;
    check_knows_somebody(old);
    fixture_publish(fixture);
    store_look(store);
    wait_for_wakes(1);

    /* while one reader is left, both are there */
    for (uint32_t i = 0; i + 1 < READERS; i++)
        new = store_take(store, i);
    usleep(20000);
    ck_assert(is_mapped(old_key));
    check_knows_somebody(old);
    ck_assert_mem_ne(old_key->bytes, new->identity->bytes, IDENTITY_KEY_SIZE);
    check_knows_somebody(new);
    ck_assert_ptr_eq(store_take(store, READERS - 1), new);
    wait_for_line("event=swap", 1);
    for (int ms = 0; ms < WAIT_MS_MAX && is_mapped(old_key); ms++)
        usleep(1000);
    ck_assert(!is_mapped(old_key));
    check_knows_somebody(new);
    stop_store();
}
END_TEST

/* What is wrong with the new one's key. */
static const struct {
    const char *what, *said;
} broken_keys[] = {
    {"missing", "there is none"},
    {"another generation's", "another identity key"},
    {"open to others", "chmod 600"},
    {"cut short", "not a key of this kind"},
};

START_TEST(without_its_key_a_snapshot_is_refused_and_the_old_one_stays)
{
    char path[1024], old_path[1024], kept[1024];
    fixture_use_keys(fixture);
    uint64_t first = fixture_publish(fixture);
    start_store(NEVER_MS);
    const struct edition *old = NULL;
    for (uint32_t i = 0; i < READERS; i++)
        old = store_take(store, i);
    uint64_t second = fixture_publish(fixture);
    key_path_of(path, second);
    key_path_of(old_path, first);
    snprintf(kept, sizeof(kept), "%s/kept.key", support_directory());
    ck_assert_int_eq(rename(path, kept), 0);
    if (_i == 1)
        ck_assert_int_eq(link(old_path, path), 0);
    else if (_i == 2)
        ck_assert_int_eq(link(kept, path) + chmod(path, 0644), 0);
    else if (_i == 3)
        support_write_file(path, "elig-identity-v1 00\n", 20, 0600);
    store_look(store);
    wait_for_line("event=refused", 1);
    ck_assert_uint_eq(count_lines(broken_keys[_i].said), 1);
    ck_assert_ptr_eq(store_take(store, 0), old);
    check_knows_somebody(old);

    /* when it is there after all, asking is enough */
    unlink(path);
    ck_assert_int_eq(chmod(kept, 0600) + rename(kept, path), 0);
    store_look(store);
    wait_for_wakes(1);
    for (uint32_t i = 0; i < READERS; i++)
        ck_assert_uint_eq(store_take(store, i)->manifest->generation, second);
    wait_for_line("event=swap", 1);
    stop_store();
}
END_TEST

START_TEST(without_the_key_of_the_first_there_is_no_store)
{
    char path[1024];
    struct fault fault = {""};
    fixture_use_keys(fixture);
    key_path_of(path, fixture_publish(fixture));
    ck_assert_int_eq(unlink(path), 0);
    struct store_settings settings = settings_of(NEVER_MS);
    ck_assert(!store_open(&store, &settings, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "there is none"));
}
END_TEST

START_TEST(a_key_that_is_destroyed_serves_on_while_its_snapshot_does)
{
    char path[1024];
    fixture_use_keys(fixture);
    key_path_of(path, fixture_publish(fixture));
    start_store(5);
    const struct edition *edition = store_take(store, 0);
    ck_assert_int_eq(unlink(path), 0);
    usleep(50000); /* several looks */
    ck_assert_uint_eq(count_lines("event=refused"), 0);
    check_knows_somebody(edition);
    stop_store();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store");
    TCase *tcase = tcase_create("store");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, open_fixture, close_fixture);
    tcase_add_test(tcase, without_a_snapshot_there_is_no_store);
    tcase_add_test(tcase, a_damaged_first_snapshot_is_refused);
    tcase_add_test(tcase, another_environment_is_refused);
    tcase_add_test(tcase, every_reader_gets_the_new_one_and_keeps_the_old_until_it_takes);
    tcase_add_test(tcase, who_takes_what_it_has_wakes_nobody);
    tcase_add_test(tcase, a_reader_may_keep_the_old_one_beside_the_new_until_it_lets_go);
    tcase_add_test(tcase, a_snapshot_without_the_ledgers_subjects_is_refused);
    tcase_add_test(tcase, a_reader_that_leaves_holds_nobody_up);
    tcase_add_test(tcase, a_change_of_current_is_noticed_without_being_told);
    tcase_add_loop_test(tcase, what_is_refused_changes_nothing, 0, 2);
    tcase_add_test(tcase, a_refused_one_is_tried_again_only_when_asked);
    tcase_add_test(tcase, a_damaged_one_is_tried_once);
    tcase_add_test(tcase, looking_at_the_one_in_service_changes_nothing);
    tcase_add_test(tcase, an_older_one_is_refused);
    tcase_add_test(tcase, an_expired_one_is_said_once_and_stays);
    tcase_add_test(tcase, many_swaps_leave_nothing_behind);
    tcase_add_test(tcase, a_key_lives_as_long_as_its_edition);
    tcase_add_loop_test(tcase, without_its_key_a_snapshot_is_refused_and_the_old_one_stays, 0,
                        sizeof(broken_keys) / sizeof(broken_keys[0]));
    tcase_add_test(tcase, without_the_key_of_the_first_there_is_no_store);
    tcase_add_test(tcase, a_key_that_is_destroyed_serves_on_while_its_snapshot_does);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
