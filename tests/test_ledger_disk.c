/* Every call by which a book writes fails in turn, in every way: what was answered stays. */
#include "tests/disk_calls.h"
#include "tests/ledger_scene.h"
#include "tests/support.h"

#include "protocol/ledger_verify.h"
#include "protocol/redo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROUP_COUNT   12
#define ASKED_AT_ONCE 3
#define SETTLED_EACH  3 /* groups */

/* ---- calls that fail ---- */

struct way {
    int error;       /* 0: the write is short */
    bool is_forever; /* from that call on, until the book is opened again */
};
static const struct way ways[] = {
    {EIO, false}, {ENOSPC, false}, {EINTR, false}, {0, false},     {EIO, true},   {ENOSPC, true},
    {0, true},    {EDQUOT, false}, {EFBIG, false}, {EDQUOT, true}, {EFBIG, true}, {EROFS, true},
};

static struct way way_now;
static bool was_write;                    /* what failed; of places another number is asked for */
static uint64_t call_count, failing_call; /* 1 and up; 0: none fails */

static struct disk_wish let_fail(int fd, enum disk_call call, size_t size)
{
    (void)fd;
    struct disk_wish wish = {.size_most = size, .is_skipped = true};
    call_count++;
    bool fails = failing_call != 0 &&
                 (call_count == failing_call || (way_now.is_forever && call_count > failing_call));
    if (fails) {
        wish.error = way_now.error;
        was_write = call != DISK_PLACE;
    }
    if (fails && way_now.error == 0 && call == DISK_WRITE)
        wish.size_most = size / 2;
    return wish;
}

/* ---- somebody who asks until it is answered ---- */

struct teller {
    struct ledger_scene scene;
    char directory[300];
    uint64_t promised; /* the last sequence that was answered */
    uint8_t promised_chain[CHAIN_SIZE];
    uint32_t reopened_count, full_count;
};

static void open_book(struct teller *teller)
{
    struct fault fault;
    struct book_settings settings = {.directory = teller->directory,
                                     .map_size = 1 << 24,
                                     .subject_key = 77,
                                     .ballast_size = 4096};
    failing_call = 0; /* the disk is well again */
    if (!book_open(&teller->scene.book, &settings, &fault))
        ck_abort_msg("%s", fault.text);
}

static enum book_end write_group(struct teller *teller, struct ledger_request requests[])
{
    struct book *book = teller->scene.book;
    enum book_end end = book_begin(book, teller->scene.now_ms);
    if (end != BOOK_DONE)
        return end;
    for (size_t i = 0; i < ASKED_AT_ONCE && end == BOOK_DONE; i++) {
        struct ledger_verdict verdict;
        end = book_apply(book, &requests[i], &verdict);
    }
    if (end != BOOK_DONE) {
        book_drop(book);
        return end;
    }
    return book_commit(book);
}

/* Opened anew after a failure: what was answered is there. */
static void reopen(struct teller *teller)
{
    teller->reopened_count++;
    book_close(teller->scene.book);
    open_book(teller);
    const struct ledger_head *head = book_head(teller->scene.book);
    ck_assert_uint_ge(head->sequence, teller->promised);
    if (head->sequence == teller->promised)
        ck_assert_mem_eq(head->chain, teller->promised_chain, CHAIN_SIZE);
}

/* Until the group is answered: on a full disk again, after a failure with the book opened anew. */
static void ask_until_answered(struct teller *teller, struct ledger_request requests[])
{
    for (int tries = 0; tries < 5; tries++) {
        enum book_end end = write_group(teller, requests);
        if (end == BOOK_DONE) {
            teller->promised = book_head(teller->scene.book)->sequence;
            memcpy(teller->promised_chain, book_head(teller->scene.book)->chain, CHAIN_SIZE);
            return;
        }
        if (end == BOOK_FULL) {
            teller->full_count++;
            failing_call = 0;
            continue;
        }
        reopen(teller);
    }
    ck_abort_msg("not answered after five attempts");
}

/* LMDB commits: what was answered before it fails stays answered. */
static void settle(struct teller *teller)
{
    if (book_settle(teller->scene.book) == BOOK_FAILED) {
        reopen(teller);
        ck_assert_uint_eq(book_head(teller->scene.book)->sequence, teller->promised);
    }
}

static void draw_group(struct teller *teller, struct ledger_request requests[], uint64_t group)
{
    static const uint8_t kinds[] = {KIND_USE, KIND_RESERVE, KIND_USE};
    for (size_t i = 0; i < ASKED_AT_ONCE; i++) {
        requests[i] = ls_purchase(&teller->scene, kinds[i], 1 + group % 5, LS_P_STACK);
        requests[i].edition = teller->scene.edition;
        requests[i].candidates = decide_candidates(teller->scene.edition, &requests[i].purchase);
        requests[i].body = requests[i].request_id;
    }
}

static void must_be_whole(struct teller *teller, uint64_t request_count)
{
    static struct verified verified;
    struct fault fault;
    struct verify_settings settings = {
        .path = teller->directory, .memory = VERIFY_MEMORY_LEAST, .is_quiet = true};
    verified = (struct verified){.findings.told_max = 1};
    if (!ledger_verify(&verified, &settings, &fault))
        ck_abort_msg("%s", fault.text);
    if (verified.findings.count > 0)
        ck_abort_msg("%s: %s", verified.findings.told[0].rule, verified.findings.told[0].text);
    ck_assert_uint_eq(verified.transaction_count, request_count); /* each once */
}

/* Returns how many calls there were. */
static uint64_t play(uint64_t call, const struct way *way)
{
    static uint32_t number;
    struct teller *teller = calloc(1, sizeof(*teller));
    snprintf(teller->directory, sizeof(teller->directory), "%s/b%u", support_directory(), number++);
    ck_assert_int_eq(mkdir(teller->directory, 0700), 0);
    ls_open(&teller->scene);
    book_close(teller->scene.book);
    open_book(teller);

    disk_calls_before = let_fail;
    call_count = 0;
    failing_call = call;
    way_now = *way;
    for (uint64_t group = 0; group < GROUP_COUNT; group++) {
        struct ledger_request requests[ASKED_AT_ONCE];
        draw_group(teller, requests, group);
        ask_until_answered(teller, requests);
        if (group % SETTLED_EACH == SETTLED_EACH - 1)
            settle(teller);
    }
    uint64_t count = call_count;
    disk_calls_before = NULL;
    if (call != 0 && call <= count && way->error == EIO && was_write)
        ck_assert_uint_ge(teller->reopened_count, 1); /* it did fail */
    book_close(teller->scene.book);
    teller->scene.book = NULL;
    must_be_whole(teller, GROUP_COUNT * ASKED_AT_ONCE);
    ls_close(&teller->scene);
    free(teller);
    return count;
}

/* ---- a commit that has returned is on the disk ---- */

static uint64_t unsynced; /* bytes that were written, and no sync came */

static void listen(int fd, enum disk_call call, const void *bytes, size_t size, uint64_t offset)
{
    (void)bytes;
    (void)offset;
    bool syncs_itself = (fcntl(fd, F_GETFL) & O_DSYNC) != 0;
    if (call == DISK_SYNC)
        unsynced = 0;
    else if (!syncs_itself)
        unsynced += size;
}

/* That of another environment. */
static void remove_ledger(void)
{
    static const char *const names[] = {LEDGER_FILE, REDO_FILE};
    char path[300];
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(path, sizeof(path), "%.280s/%s", support_directory(), names[i]);
        ck_assert_int_eq(unlink(path), 0);
    }
}

START_TEST(a_commit_that_has_returned_is_on_the_disk)
{
    struct teller *teller = calloc(1, sizeof(*teller));
    snprintf(teller->directory, sizeof(teller->directory), "%s", support_directory());
    ls_open(&teller->scene);
    book_close(teller->scene.book);
    remove_ledger();
    open_book(teller);
    disk_calls_after = listen;
    for (uint64_t group = 0; group < 5; group++) {
        struct ledger_request requests[ASKED_AT_ONCE];
        draw_group(teller, requests, group);
        unsynced = 0;
        ck_assert_uint_eq(write_group(teller, requests), BOOK_DONE);
        ck_assert_uint_eq(unsynced, 0);
        if (group % 2 == 1)
            ck_assert_uint_eq(book_settle(teller->scene.book), BOOK_DONE);
        ck_assert_uint_eq(unsynced, 0);
    }
    disk_calls_after = NULL;
    ls_close(&teller->scene);
    free(teller);
}
END_TEST

/* A new ledger, and what it will be asked first. */
static struct teller *begin_with(struct ledger_request requests[])
{
    struct teller *teller = calloc(1, sizeof(*teller));
    ck_assert_ptr_nonnull(teller);
    snprintf(teller->directory, sizeof(teller->directory), "%s", support_directory());
    ls_open(&teller->scene);
    book_close(teller->scene.book);
    remove_ledger();
    open_book(teller);
    draw_group(teller, requests, 0);
    return teller;
}

START_TEST(who_asks_what_stands_writes_nothing_and_syncs_nothing)
{
    struct ledger_request requests[ASKED_AT_ONCE];
    struct teller *teller = begin_with(requests);
    ck_assert_uint_eq(write_group(teller, requests), BOOK_DONE);
    disk_calls_before = let_fail;
    for (int is_settled = 0; is_settled < 2; is_settled++) {
        call_count = 0;
        ck_assert_uint_eq(write_group(teller, requests), BOOK_DONE);
        ck_assert_uint_eq(call_count, 0);
        ck_assert_uint_eq(book_settle(teller->scene.book), BOOK_DONE);
    }
    disk_calls_before = NULL;
    ls_close(&teller->scene);
    free(teller);
}
END_TEST

static struct disk_wish refuse_syncs(int fd, enum disk_call call, size_t size)
{
    (void)fd;
    return (struct disk_wish){.error = call == DISK_SYNC ? EIO : 0, .size_most = size};
}

/* Nor does it go on: what the disk has kept is only known once it is opened again. */
START_TEST(a_commit_whose_sync_fails_has_failed)
{
    struct ledger_request requests[ASKED_AT_ONCE];
    struct teller *teller = begin_with(requests);
    if (_i == 1)
        ck_assert_uint_eq(write_group(teller, requests), BOOK_DONE);
    disk_calls_before = refuse_syncs;
    ck_assert_uint_eq(_i == 0 ? write_group(teller, requests) : book_settle(teller->scene.book),
                      BOOK_FAILED);
    disk_calls_before = NULL;
    ck_assert_uint_eq(write_group(teller, requests), BOOK_FAILED);
    ls_close(&teller->scene);
    free(teller);
}
END_TEST

/* ---- a disk without places ---- */

static const int no_place[] = {ENOSPC, EDQUOT, EFBIG};
static int no_place_error;

static struct disk_wish refuse_places(int fd, enum disk_call call, size_t size)
{
    (void)fd;
    bool is_beyond = call == DISK_PLACE && size > (4 << 20);
    return (struct disk_wish){
        .error = is_beyond ? no_place_error : 0, .size_most = size, .is_skipped = true};
}

static enum book_end ask(struct ledger_scene *scene, struct ledger_request *request)
{
    struct ledger_verdict verdict;
    ls_fill(scene, request);
    enum book_end end = book_begin(scene->book, scene->now_ms);
    if (end == BOOK_DONE)
        end = book_apply(scene->book, request, &verdict);
    if (end == BOOK_DONE)
        return book_commit(scene->book);
    book_drop(scene->book);
    return end;
}

START_TEST(without_places_on_the_disk_nothing_is_bought_and_what_was_held_is_confirmed)
{
    struct ledger_scene scene;
    ls_open(&scene);
    disk_calls_before = refuse_places;
    no_place_error = no_place[_i];
    ls_reopen(&scene);
    struct ledger_request held = ls_purchase(&scene, KIND_RESERVE, 5, LS_P_HALF);
    ck_assert_uint_eq(ask(&scene, &held), BOOK_DONE);
    enum book_end end = BOOK_DONE;
    for (uint64_t i = 0; i < 20000 && end == BOOK_DONE; i++) {
        struct ledger_request use = ls_purchase(&scene, KIND_USE, 100 + i, LS_P_HALF);
        end = ask(&scene, &use);
    }
    ck_assert_uint_eq(end, BOOK_FULL);
    struct ledger_request confirm = ls_about(&scene, KIND_CONFIRM, &held);
    ck_assert_uint_eq(ask(&scene, &confirm), BOOK_DONE);
    disk_calls_before = NULL; /* there are places again */
    struct ledger_request use = ls_purchase(&scene, KIND_USE, 5, LS_P_HALF);
    ck_assert_uint_eq(ask(&scene, &use), BOOK_DONE);
    ls_close(&scene);
}
END_TEST

/* ---- opening ---- */

/* Groups that are in the redo file only: a process writes them and is killed. */
static void write_and_die(struct teller *teller, struct ledger_head *head)
{
    int pipes[2];
    ck_assert_int_eq(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        disk_calls_before = let_fail;
        open_book(teller);
        for (uint64_t group = 0; group < 3; group++) {
            struct ledger_request requests[ASKED_AT_ONCE];
            draw_group(teller, requests, group);
            ck_assert_uint_eq(write_group(teller, requests), BOOK_DONE);
        }
        _exit(write(pipes[1], book_head(teller->scene.book), sizeof(*head)) != sizeof(*head));
    }
    ck_assert_int_eq(read(pipes[0], head, sizeof(*head)), sizeof(*head));
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    close(pipes[0]);
    close(pipes[1]);
}

/* Of a new ledger, or after a kill. Returns how many calls there were. */
static uint64_t play_opening(bool is_new, uint64_t call, const struct way *way)
{
    static uint32_t number;
    struct fault fault;
    struct teller *teller = calloc(1, sizeof(*teller));
    struct ledger_head head;
    snprintf(teller->directory, sizeof(teller->directory), "%s/o%u", support_directory(), number++);
    ck_assert_int_eq(mkdir(teller->directory, 0700), 0);
    ls_open(&teller->scene);
    book_close(teller->scene.book);
    if (!is_new)
        write_and_die(teller, &head);
    struct book_settings settings = {.directory = teller->directory,
                                     .map_size = 1 << 24,
                                     .subject_key = 77,
                                     .ballast_size = 4096};
    disk_calls_before = let_fail;
    call_count = 0;
    failing_call = call;
    way_now = *way;
    if (!book_open(&teller->scene.book, &settings, &fault))
        teller->scene.book = NULL;
    uint64_t count = call_count;
    book_close(teller->scene.book);
    open_book(teller);
    if (!is_new)
        ck_assert_mem_eq(book_head(teller->scene.book), &head, sizeof(head));
    disk_calls_before = NULL;
    book_close(teller->scene.book);
    teller->scene.book = NULL;
    must_be_whole(teller, is_new ? 0 : 3 * ASKED_AT_ONCE);
    ls_close(&teller->scene);
    free(teller);
    return count;
}

START_TEST(whatever_call_fails_at_opening_nothing_that_was_answered_is_lost)
{
    /* Of a new file LMDB may leave half a head, and does not take it for its own afterwards. */
    for (int is_new = 0; is_new < (ways[_i].error != 0 ? 2 : 1); is_new++) {
        uint64_t count = play_opening(is_new, 0, &ways[0]);
        ck_assert_uint_gt(count, 5);
        for (uint64_t call = 1; call <= count; call++)
            play_opening(is_new, call, &ways[_i]);
    }
}
END_TEST

START_TEST(whatever_call_fails_nothing_that_was_answered_is_lost)
{
    uint64_t count = play(0, &ways[0]);
    ck_assert_uint_gt(count, 2 * GROUP_COUNT);
    for (uint64_t call = 1; call <= count; call++)
        play(call, &ways[_i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ledger_disk");
    TCase *tcase = tcase_create("ledger_disk");
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, whatever_call_fails_nothing_that_was_answered_is_lost, 0,
                        COUNT_OF(ways));
    tcase_add_loop_test(tcase, whatever_call_fails_at_opening_nothing_that_was_answered_is_lost, 0,
                        COUNT_OF(ways));
    suite_add_tcase(suite, tcase);
    TCase *places = tcase_create("places"), *synced = tcase_create("synced");
    tcase_add_loop_test(places,
                        without_places_on_the_disk_nothing_is_bought_and_what_was_held_is_confirmed,
                        0, COUNT_OF(no_place));
    tcase_add_test(synced, a_commit_that_has_returned_is_on_the_disk);
    tcase_add_loop_test(synced, a_commit_whose_sync_fails_has_failed, 0, 2);
    tcase_add_test(synced, who_asks_what_stands_writes_nothing_and_syncs_nothing);
    suite_add_tcase(suite, places);
    suite_add_tcase(suite, synced);
    return support_run(suite);
}
