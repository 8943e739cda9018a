/* The real program and the disk under its ledger: full, at a limit, slow, broken, somebody else's.
 */
#include "tests/eligd_ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define FILL_MOST  100000 /* transactions: more than any map or disk here has room for */
#define BATCH_MOST 100

static uint64_t next_id;

static void skip(const char *why)
{
    printf("skipped: %s\n", why);
    fflush(stdout);
}

/* ---- full ---- */

/* Buys so many at a time until one is BUSY; its id. */
static uint64_t buy_until_busy(size_t batch)
{
    int fd = connect_unix();
    uint64_t busy_id = 0;
    while (busy_id == 0 && next_id < FILL_MOST) {
        for (size_t i = 0; i < batch; i++)
            put(i, KIND_USE, next_id + i, 0);
        send_frames(fd, batch);
        ck_assert_uint_eq(receive(fd, batch), batch);
        for (size_t i = 0; i < batch; i++) {
            uint16_t status = response_at(i).status;
            ck_assert(status == STATUS_BUSY || status == STATUS_APPLIES);
            if (status == STATUS_BUSY)
                busy_id = next_id + i;
        }
        next_id += batch;
    }
    close(fd);
    ck_assert_uint_ne(busy_id, 0);
    return busy_id;
}

/* A group finds no room sooner than one alone does. */
static uint64_t fill(void)
{
    for (size_t batch = BATCH_MOST; batch > 1; batch /= 10)
        buy_until_busy(batch);
    return buy_until_busy(1);
}

static void reserve_some(void)
{
    next_id = 1000;
    for (uint64_t id = 1; id <= 3; id++)
        ck_assert_uint_eq(ask(KIND_RESERVE, id, 0).status, STATUS_APPLIES);
    ck_assert_uint_eq(ask(KIND_USE, 4, 0).status, STATUS_APPLIES);
}

/* On a full disk what was begun is ended, checks go on, and nothing is bought. */
static void check_is_full(uint64_t busy_id)
{
    ck_assert_uint_eq(ask(KIND_CONFIRM, 11, 1).status, STATUS_CONFIRMED);
    ck_assert_uint_eq(ask(KIND_CANCEL, 12, 2).status, STATUS_CANCELLED);
    ck_assert_uint_eq(ask(KIND_REFUND, 13, 4).status, STATUS_REFUNDED);
    ck_assert_uint_eq(ask(KIND_STATUS, 14, 3).status, STATUS_RESERVED);
    ck_assert_uint_eq(ask(KIND_CHECK, 15, 0).status, STATUS_APPLIES);
    struct response busy = ask(KIND_USE, busy_id, 0);
    ck_assert_uint_eq(busy.status, STATUS_BUSY);
    ck_assert_uint_gt(busy.wait_ms, 0);
    ck_assert_uint_eq(ask(KIND_RESERVE, 16, 0).status, STATUS_BUSY);
    ck_assert_uint_eq(ask(KIND_STATUS, 17, busy_id).status, STATUS_UNKNOWN_TRANSACTION);
    /* by turns: on a slow machine smaller groups find room for a while */
    ck_assert_uint_eq(eligd_count_events("ledger_full"), eligd_count_events("ledger_has_room") + 1);
    ck_assert_uint_eq(eligd_count_events("ledger_failed"), 0);
}

/* There is room again: the same request is done now. */
static void check_goes_on(uint64_t busy_id)
{
    ck_assert_uint_eq(ask(KIND_USE, busy_id, 0).status, STATUS_APPLIES);
    ck_assert_uint_eq(ask(KIND_STATUS, 20, 1).status, STATUS_CONFIRMED);
    ck_assert_uint_eq(ask(KIND_STATUS, 21, 2).status, STATUS_CANCELLED);
    ck_assert_uint_eq(ask(KIND_STATUS, 22, 4).status, STATUS_REFUNDED);
    ck_assert_uint_eq(ask(KIND_CONFIRM, 23, 3).status, STATUS_CONFIRMED);
}

START_TEST(a_full_map_ends_what_was_begun_and_a_larger_one_goes_on)
{
    ledger_map = "20"; /* MiB, 16 of them ballast */
    START("--loops", "1");
    reserve_some();
    uint64_t busy_id = fill();
    check_is_full(busy_id);
    eligd_stop();
    ck_assert_uint_gt(eligd_total("ledger_full"), 0);
    ledger_map = "64";
    START("--loops", "1");
    check_goes_on(busy_id);
    eligd_stop();
}
END_TEST

START_TEST(a_limit_of_the_process_is_a_full_disk)
{
    struct rlimit before, limit;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = (struct rlimit){20 << 20, before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    START("--loops", "1");
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    reserve_some();
    uint64_t busy_id = fill();
    check_is_full(busy_id);
    eligd_stop();
    START("--loops", "1");
    check_goes_on(busy_id);
    eligd_stop();
}
END_TEST

/* A file system of its own at the ledger's folder; false: not on this machine. */
static bool mount_small(const char *image)
{
    char command[4000];
    snprintf(command, sizeof(command),
             "truncate -s 48M '%s' && mkfs.ext4 -q -m 0 '%s' >/dev/null 2>&1 && "
             "mount -o loop '%s' '%s' 2>/dev/null && chmod 700 '%s'",
             image, image, image, ledger, ledger);
    return system(command) == 0; /* NOLINT(cert-env33-c): nothing of it is foreign */
}

START_TEST(a_full_disk_ends_what_was_begun_and_goes_on_when_there_is_room)
{
    char image[600], other[600];
    snprintf(image, sizeof(image), "%s/image", folder);
    snprintf(other, sizeof(other), "%s/other", ledger);
    if (geteuid() != 0 || !mount_small(image)) {
        skip("a full disk: wants root, mkfs.ext4 and a loop device");
        unlink(image);
        return;
    }
    int fd = open(other, O_CREAT | O_WRONLY, 0600); /* whose files lie there, too */
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fallocate(fd, 0, 0, 12 << 20), 0);
    close(fd);
    START("--loops", "1");
    reserve_some();
    uint64_t busy_id = fill();
    check_is_full(busy_id);
    ck_assert_int_eq(unlink(other), 0);
    check_goes_on(busy_id);
    while (eligd_count_events("ledger_has_room") == 0) /* with a group after a while */
        ck_assert_uint_eq(ask(KIND_STATUS, 24, 3).status, STATUS_CONFIRMED);
    eligd_stop();
    ck_assert_int_eq(umount(ledger), 0);
    unlink(image);
}
END_TEST

/* ---- stopped for a while ---- */

START_TEST(who_is_stopped_and_goes_on_throws_nobody_out_and_ends_no_hold)
{
    START("--loops", "2", "--idle-ms", "3000");
    int fd = connect_unix();
    put(0, KIND_RESERVE, 1, 0);
    send_frames(fd, 1);
    ck_assert_uint_eq(receive(fd, 1), 1);
    uint32_t until_s = response_at(0).valid_until_s;
    ck_assert_int_eq(kill(eligd_pid(), SIGSTOP), 0);
    put(0, KIND_USE, 2, 0);
    put(1, KIND_STATUS, 3, 1);
    send_frames(fd, 2);
    usleep(4000000); /* longer than it waits for whoever is silent */
    ck_assert_int_eq(kill(eligd_pid(), SIGCONT), 0);
    ck_assert_uint_eq(receive(fd, 2), 2);
    ck_assert_uint_eq(response_at(0).status, STATUS_APPLIES);
    ck_assert_uint_eq(response_at(1).status, STATUS_RESERVED);
    ck_assert_uint_eq(response_at(1).valid_until_s, until_s);
    put(0, KIND_CONFIRM, 4, 1);
    send_frames(fd, 1);
    ck_assert_uint_eq(receive(fd, 1), 1);
    ck_assert_uint_eq(response_at(0).status, STATUS_CONFIRMED);
    close(fd);
    eligd_stop();
    ck_assert_uint_eq(eligd_total("ledger_expiries"), 0);
}
END_TEST

/* ---- broken, or slow: system calls of the real program fail ---- */

static char tracer[500];

/* From now on the server runs under strace, which lets calls fail; and no sanitizer looks for
 * leaks, which it cannot while another process looks at it. */
static bool inject(const char *what)
{
    char path[600], text[4000];
    const char *bin = getenv("ELIG_BIN");
    /* NOLINTNEXTLINE(cert-env33-c) */
    if (system("strace -o /dev/null -e trace=none true 2>/dev/null") != 0)
        return false;
    snprintf(tracer, sizeof(tracer), "%s/tracer", folder);
    snprintf(path, sizeof(path), "%s/eligd", tracer);
    snprintf(text, sizeof(text),
             "#!/bin/sh\nexport ASAN_OPTIONS=\"$ASAN_OPTIONS:detect_leaks=0\"\nexec strace -D -f "
             "-qq -o /dev/null -e trace=fdatasync -e inject=%s "
             "'%s/eligd' \"$@\"\n",
             what, bin != NULL ? bin : "build/bin");
    ck_assert_int_eq(mkdir(tracer, 0700), 0);
    support_write_file(path, text, strlen(text), 0700);
    ck_assert_int_eq(setenv("TRACED_BIN", bin != NULL ? bin : "build/bin", 1), 0);
    ck_assert_int_eq(setenv("ELIG_BIN", tracer, 1), 0);
    return true;
}

static void inject_no_more(void)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/eligd", tracer);
    unlink(path);
    rmdir(tracer);
    const char *bin = getenv("TRACED_BIN");
    ck_assert_ptr_nonnull(bin);
    ck_assert_int_eq(setenv("ELIG_BIN", bin != NULL ? bin : "", 1), 0);
}

/* Once, and from then on. */
static const char *const broken[] = {"fdatasync:error=EIO:when=30", "fdatasync:error=EIO:when=30+"};

START_TEST(a_sync_that_fails_is_not_answered_and_after_a_restart_all_is_known)
{
    enum { MOST = 60 };
    uint64_t sequences[MOST] = {0}, answered = 0;
    if (!inject(broken[_i])) {
        skip("a sync that fails: wants strace");
        return;
    }
    START("--loops", "1");
    int fd = connect_unix();
    for (; answered < MOST; answered++) {
        put(0, KIND_USE, answered + 1, 0);
        send_frames(fd, 1);
        if (receive(fd, 1) == 0)
            break; /* closed without an answer: not known */
        ck_assert_uint_eq(response_at(0).status, STATUS_APPLIES);
        sequences[answered] = response_at(0).ledger_sequence;
    }
    close(fd);
    ck_assert_uint_lt(answered, MOST);
    eligd_wait_for_events("ledger_failed", 1);
    ck_assert_uint_eq(ask(KIND_CHECK, 100, 0).status, STATUS_APPLIES);
    struct response busy = ask(KIND_USE, 101, 0);
    ck_assert_uint_eq(busy.status, STATUS_BUSY);
    ck_assert_uint_gt(busy.wait_ms, 0);
    ck_assert_uint_eq(ask(KIND_STATUS, 102, 1).status, STATUS_BUSY);
    eligd_stop();
    inject_no_more();

    START("--loops", "1");
    for (uint64_t i = 0; i <= answered; i++) {
        struct response again = ask(KIND_USE, i + 1, 0);
        ck_assert_uint_eq(again.status, STATUS_APPLIES);
        if (i < answered)
            ck_assert_uint_eq(again.ledger_sequence, sequences[i]);
        else
            ck_assert_uint_gt(again.ledger_sequence, sequences[answered - 1]);
    }
    ck_assert_uint_eq(ask(KIND_USE, 101, 0).status, STATUS_APPLIES);
    eligd_stop();
}
END_TEST

#define SLOW_MS 500 /* a quarter of what a sync takes then */

START_TEST(a_disk_that_is_slow_keeps_transactions_waiting_and_nobody_else)
{
    if (!inject("fdatasync:delay_enter=2000000:when=20+")) { /* microseconds */
        skip("a slow disk: wants strace");
        return;
    }
    START("--loops", "1");
    int fd = connect_unix();
    for (uint64_t id = 1; id <= 40; id++)
        put(id - 1, KIND_USE, id, 0);
    size_t check_count = 0;
    bool was_slow = false;
    for (uint64_t id = 1; id <= 40 && !was_slow;
         id++) { /* each a group of its own, until one is slow */
        memmove(stream, stream + (id > 1 ? FRAME_SIZE : 0), FRAME_SIZE * 40);
        send_frames(fd, 1);
        struct pollfd pollfd = {.fd = fd, .events = POLLIN};
        was_slow = poll(&pollfd, 1, SLOW_MS) == 0;
        while (was_slow && poll(&pollfd, 1, 0) == 0)
            check_count += ask(KIND_CHECK, 100, 0).status == STATUS_APPLIES;
        ck_assert_uint_eq(receive(fd, 1), 1);
        ck_assert_uint_eq(response_at(0).status, STATUS_APPLIES);
        was_slow = check_count > 0; /* else it was the machine that stood still */
    }
    ck_assert_uint_gt(check_count, 0);
    close(fd);
    eligd_stop();
    inject_no_more();
}
END_TEST

#define HANGS_MS 2500 /* so long no disk takes that works */

/* How long the disk has hung, where it was killed. */
static void check_group_is_told(void)
{
    static char text[1 << 16];
    eligd_read_log(text, sizeof(text));
    const char *killed = strstr(text, "eligd event=killed ");
    const char *ms = killed != NULL ? strstr(killed, " ledger_group_ms=") : NULL;
    ck_assert_ptr_nonnull(ms);
    ck_assert_uint_ge(strtoull(ms + strlen(" ledger_group_ms="), NULL, 10), 500);
}

/* Who stops it a second time does not wait for a disk that hangs. */
START_TEST(a_second_signal_does_not_wait_for_the_disk)
{
    if (!inject("fdatasync:delay_enter=12000000:when=20+")) { /* microseconds */
        skip("a disk that hangs: wants strace");
        return;
    }
    START("--loops", "1", "--drain-ms", "100");
    int fd = connect_unix();
    struct pollfd pollfd = {.fd = fd, .events = POLLIN};
    for (uint64_t id = 1; id <= 40; id++) {
        put(0, KIND_USE, id, 0);
        send_frames(fd, 1);
        if (poll(&pollfd, 1, HANGS_MS) == 0)
            break;
        ck_assert_uint_eq(receive(fd, 1), 1);
    }
    ck_assert_int_eq(kill(eligd_pid(), SIGTERM), 0);
    ck_assert_uint_eq(receive(fd, 1), 0); /* its drain is over: not known */
    close(fd);
    usleep(600000); /* so soon it would be the same request */
    ck_assert_int_eq(kill(eligd_pid(), SIGTERM), 0);
    ck_assert_int_eq(eligd_wait_for_exit(), 3);
    ck_assert_uint_eq(eligd_count_events("killed"), 1);
    check_group_is_told();
    inject_no_more();
}
END_TEST

/* When nobody is served any more the end of the journal of checks is written still: that it takes
 * long is said, and a second signal does not wait for it either. */
START_TEST(a_second_signal_does_not_wait_for_the_journal)
{
    static char text[1 << 16];
    char journal[600];
    if (!inject("fdatasync:delay_enter=20000000")) { /* microseconds; nobody else asks for it */
        skip("a disk that hangs: wants strace");
        return;
    }
    snprintf(journal, sizeof(journal), "%.500s/journal", support_directory());
    eligd_spawn(log_path,
                (const char *const[]){"--snapshots", fixture_directory(fixture), "--identity-key",
                                      fixture_identity_path(fixture), "--signing-public",
                                      fixture_public_path(fixture), "--environment", "7", "--unix",
                                      socket_path, "--subject-key", fixture_subject_path(fixture),
                                      "--loops", "1", "--audit", journal, NULL});
    eligd_wait_for_events("ready", 1);
    ck_assert_uint_eq(ask(KIND_CHECK, 1, 0).status, STATUS_APPLIES);
    ck_assert_int_eq(kill(eligd_pid(), SIGTERM), 0);
    eligd_wait_for_events("closing", 1);
    ck_assert_uint_eq(eligd_count_events("stopped"), 1);
    ck_assert_int_eq(kill(eligd_pid(), SIGTERM), 0);
    ck_assert_int_eq(eligd_wait_for_exit(), 3);
    eligd_read_log(text, sizeof(text));
    const char *killed = strstr(text, "eligd event=killed ");
    ck_assert(killed != NULL && strstr(killed, " closing=1") != NULL);
    inject_no_more();
}
END_TEST

/* ---- whose files they are ---- */

#define SUBJECT_KEY "--subject-key", fixture_subject_path(fixture)

START_TEST(a_second_server_has_not_the_same_ledger)
{
    char first_log[500];
    START("--loops", "1");
    pid_t first = eligd_pid();
    memcpy(first_log, log_path, sizeof(first_log));
    snprintf(log_path, sizeof(log_path), "%s/second.log", folder);
    snprintf(socket_path, sizeof(socket_path), "%.90s/second.sock", support_directory());
    check_refused((const char *const[]){SUBJECT_KEY, NULL},
                  "ledger.lock: another process has this ledger open");
    unlink(log_path);
    memcpy(log_path, first_log, sizeof(log_path));
    snprintf(socket_path, sizeof(socket_path), "%.90s/eligd.sock", support_directory());
    eligd_turn_to(first);
    ck_assert_uint_eq(ask(KIND_USE, 1, 0).status, STATUS_APPLIES);
    ck_assert_int_eq(kill(first, SIGTERM), 0);
    ck_assert_int_eq(eligd_wait_for_exit(), 0);
}
END_TEST

static const char *file_of(const char *name)
{
    static char path[600];
    snprintf(path, sizeof(path), "%s/%s", ledger, name);
    return path;
}

static const struct {
    const char *name;
    mode_t mode;
    const char *text;
} modes[] = {
    {"", 0770, "chmod go-w"},
    {"ledger.mdb", 0640, "ledger.mdb: is open to others (mode 640); chmod 600"},
    {"ledger.redo", 0620, "ledger.redo: is open to others (mode 620); chmod 600"},
    {"ledger.lock", 0604, "ledger.lock: is open to others (mode 604); chmod 600"},
};

START_TEST(files_that_others_may_touch_refuse_the_start)
{
    START("--loops", "1");
    ck_assert_uint_eq(ask(KIND_USE, 1, 0).status, STATUS_APPLIES);
    eligd_stop();
    ck_assert_int_eq(chmod(file_of(modes[_i].name), modes[_i].mode), 0);
    check_refused((const char *const[]){SUBJECT_KEY, NULL}, modes[_i].text);
}
END_TEST

START_TEST(a_ledger_in_memory_refuses_the_start)
{
    char before[sizeof(ledger)], memory[] = "/dev/shm/elig-test-XXXXXX";
    struct statfs system;
    if (statfs("/dev/shm", &system) != 0 || system.f_type != TMPFS_MAGIC ||
        mkdtemp(memory) == NULL) {
        skip("a ledger in memory: /dev/shm is none");
        return;
    }
    memcpy(before, ledger, sizeof(ledger));
    snprintf(ledger, sizeof(ledger), "%s", memory);
    check_refused((const char *const[]){SUBJECT_KEY, NULL}, "lies in memory");
    ck_assert_int_eq(rmdir(memory), 0);
    memcpy(ledger, before, sizeof(ledger));
}
END_TEST

/* What lies in the lock files is nobody's: only who holds them. */
START_TEST(lock_files_with_garbage_or_without_are_no_matter)
{
    static const char *const names[] = {"ledger.lock", "ledger.mdb-lock"};
    uint8_t garbage[8192];
    memset(garbage, 0x5a, sizeof(garbage));
    for (uint64_t round = 0; round < 3; round++) {
        START("--loops", "1");
        ck_assert_uint_eq(ask(KIND_USE, round + 1, 0).status, STATUS_APPLIES);
        ck_assert_uint_eq(ask(KIND_STATUS, 100, 1).status, STATUS_CONFIRMED);
        eligd_kill();
        for (size_t i = 0; i < 2; i++) {
            unlink(file_of(names[i]));
            if (round == 0)
                support_write_file(file_of(names[i]), garbage, sizeof(garbage), 0600);
        }
    }
    ck_assert_int_eq(symlink("/etc/passwd", file_of("ledger.lock")), 0);
    check_refused((const char *const[]){SUBJECT_KEY, NULL}, "ledger.lock: ");
    ck_assert_int_eq(unlink(file_of("ledger.lock")), 0);
    ck_assert_int_eq(mkdir(file_of("ledger.lock"), 0700), 0);
    check_refused((const char *const[]){SUBJECT_KEY, NULL}, "ledger.lock: ");
    ck_assert_int_eq(rmdir(file_of("ledger.lock")), 0);
}
END_TEST

START_TEST(what_is_no_ledger_refuses_the_start)
{
    uint8_t garbage[16384];
    memset(garbage, 0x5a, sizeof(garbage));
    support_write_file(file_of("ledger.mdb"), garbage, sizeof(garbage), 0600);
    check_refused((const char *const[]){SUBJECT_KEY, NULL}, "ledger.mdb: ");
    remove_ledger();
    ck_assert_int_eq(rmdir(ledger), 0);
    check_refused((const char *const[]){SUBJECT_KEY, NULL},
                  "a ledger wants a directory of its own");
    ck_assert_int_eq(mkdir(ledger, 0700), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eligd_disk");
    TCase *tcase = tcase_create("eligd_disk");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, open_scene, close_scene);
    tcase_add_test(tcase, a_full_map_ends_what_was_begun_and_a_larger_one_goes_on);
    tcase_add_test(tcase, a_limit_of_the_process_is_a_full_disk);
    tcase_add_test(tcase, a_full_disk_ends_what_was_begun_and_goes_on_when_there_is_room);
    tcase_add_test(tcase, who_is_stopped_and_goes_on_throws_nobody_out_and_ends_no_hold);
    tcase_add_loop_test(tcase, a_sync_that_fails_is_not_answered_and_after_a_restart_all_is_known,
                        0, COUNT_OF(broken));
    tcase_add_test(tcase, a_disk_that_is_slow_keeps_transactions_waiting_and_nobody_else);
    tcase_add_test(tcase, a_second_signal_does_not_wait_for_the_disk);
    tcase_add_test(tcase, a_second_signal_does_not_wait_for_the_journal);
    tcase_add_test(tcase, a_second_server_has_not_the_same_ledger);
    tcase_add_loop_test(tcase, files_that_others_may_touch_refuse_the_start, 0, COUNT_OF(modes));
    tcase_add_test(tcase, a_ledger_in_memory_refuses_the_start);
    tcase_add_test(tcase, lock_files_with_garbage_or_without_are_no_matter);
    tcase_add_test(tcase, what_is_no_ledger_refuses_the_start);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
