/* The ledger's thread over a book that does as it is told: what makes a group, when verdicts come,
 * and what becomes of them when the disk is full or a commit fails. No test asserts a time. */
#include "engine/ledger_thread.h"
#include "protocol/ledger_head.h"
#include "tests/support.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOPS       2
#define WAIT_MS_MAX 20000
#define MANY        2000 /* requests of a loop in the long test */

/* ---- a book that does as it is told ---- */

enum step { STEP_BEGIN, STEP_EXPIRE, STEP_APPLY, STEP_PRUNE, STEP_COMMIT, STEP_SETTLE, STEP_COUNT };

struct book {
    pthread_mutex_t lock; /* of all */
    pthread_cond_t changed;
    bool is_commit_held; /* commits wait */
    bool is_in_commit, is_open;
    enum book_end ends[STEP_COUNT]; /* what each step comes to */
    bool is_purchase_full;          /* purchases find no room, others do */
    bool is_tight;                  /* and it says so before */
    struct ledger_head head;
    uint32_t due_count, old_count; /* to expire, to prune */
    uint32_t expired_most;
    size_t group_count, group_sizes[4096], size;
    uint64_t applied_count, last_now_ms;
    uint64_t begun_count, group_of_last; /* groups; the one in which request LAST was applied */
    uint64_t settled;                    /* sequence */
};
#define LAST   99999
#define STORED 88888 /* a request whose answer is there already */

static struct book book;
static struct ledger *ledger;
static struct metrics metrics;
static struct ledger_thread_settings settings;
static atomic_uint wake_counts[LOOPS];
static struct sign_secret *head_key;
static char folder[512];

static enum book_end step_end(enum step step)
{
    pthread_mutex_lock(&book.lock);
    enum book_end end = book.ends[step];
    pthread_mutex_unlock(&book.lock);
    return end;
}

enum book_end book_begin(struct book *self, uint64_t now_ms)
{
    ck_assert_ptr_eq(self, &book);
    ck_assert(!book.is_open);
    ck_assert_uint_ge(now_ms, book.last_now_ms);
    book.last_now_ms = now_ms;
    book.begun_count++;
    book.size = 0;
    enum book_end end = step_end(STEP_BEGIN);
    book.is_open = end == BOOK_DONE;
    return end;
}

bool book_is_settled(const struct book *self)
{
    return self->settled == self->head.sequence;
}

enum book_end book_settle(struct book *self)
{
    ck_assert(!self->is_open);
    enum book_end end = step_end(STEP_SETTLE);
    pthread_mutex_lock(&self->lock);
    if (end == BOOK_DONE)
        self->settled = self->head.sequence;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    return end;
}

bool book_is_tight(const struct book *self)
{
    return self->is_tight;
}

void book_check_readers(struct book *self)
{
    ck_assert(!self->is_open);
}

enum book_end book_apply(struct book *self, const struct ledger_request *request,
                         struct ledger_verdict *verdict)
{
    ck_assert(self->is_open);
    *verdict = (struct ledger_verdict){.status = STATUS_APPLIES, .sequence = request->request_id};
    book.size++;
    if (request->request_id == LAST)
        book.group_of_last = book.begun_count;
    if (kind_is_purchase(request->kind) && self->is_purchase_full)
        return BOOK_FULL;
    return step_end(STEP_APPLY);
}

bool book_answer(struct book *self, const struct ledger_request *request,
                 struct ledger_verdict *verdict)
{
    ck_assert(self->is_open);
    *verdict = (struct ledger_verdict){.ticket = request->ticket, .status = STATUS_CONFLICT};
    return request->request_id == STORED;
}

enum book_end book_expire(struct book *self, uint32_t count_max, uint32_t *count)
{
    ck_assert(self->is_open);
    pthread_mutex_lock(&book.lock);
    *count = book.due_count < count_max ? book.due_count : count_max;
    book.due_count -= *count;
    if (*count > book.expired_most)
        book.expired_most = *count;
    pthread_mutex_unlock(&book.lock);
    return step_end(STEP_EXPIRE);
}

enum book_end book_prune(struct book *self, const struct book_retention *retention,
                         uint32_t count_max, uint32_t *count)
{
    ck_assert(self->is_open);
    ck_assert(book_is_settled(self));
    ck_assert_uint_eq(retention->keep_days, 7);
    pthread_mutex_lock(&book.lock);
    *count = book.old_count < count_max ? book.old_count : count_max;
    book.old_count -= *count;
    pthread_mutex_unlock(&book.lock);
    return step_end(STEP_PRUNE);
}

enum book_end book_commit(struct book *self)
{
    ck_assert(self->is_open);
    pthread_mutex_lock(&book.lock);
    book.is_in_commit = true;
    pthread_cond_broadcast(&book.changed);
    while (book.is_commit_held)
        pthread_cond_wait(&book.changed, &book.lock);
    book.is_in_commit = false;
    enum book_end end = book.ends[STEP_COMMIT];
    if (end == BOOK_DONE) {
        book.group_sizes[book.group_count++] = book.size;
        book.applied_count += book.size;
        book.head.sequence += book.size;
    }
    pthread_mutex_unlock(&book.lock);
    book.is_open = false;
    return end;
}

void book_drop(struct book *self)
{
    ck_assert(self->is_open);
    self->is_open = false;
}

const struct ledger_head *book_head(const struct book *self)
{
    return &self->head;
}

uint32_t book_map_used_bp(struct book *self)
{
    (void)self;
    return 77;
}

uint64_t book_open_holds(struct book *self)
{
    ck_assert(!self->is_open);
    return 3;
}

uint64_t book_next_deadline_ms(struct book *self)
{
    pthread_mutex_lock(&self->lock);
    uint64_t deadline_ms = self->due_count > 0 ? 1 : UINT64_MAX;
    pthread_mutex_unlock(&self->lock);
    return deadline_ms;
}

void book_close(struct book *self)
{
    ck_assert_ptr_eq(self, &book);
}

/* ---- what suites do with it ---- */

static atomic_bool asks_without_end; /* one STATUS after the other, from within */

static void wake(void *context, uint32_t loop)
{
    struct ledger_verdict verdict;
    struct ledger_request next = {.kind = KIND_STATUS, .request_id = 1};
    ck_assert_ptr_eq(context, &book);
    atomic_fetch_add(&wake_counts[loop], 1);
    if (atomic_load(&asks_without_end)) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        ck_assert_uint_eq(ledger_take(ledger, loop, &verdict, 1), 1);
        ck_assert_uint_eq(ledger_submit(ledger, loop, &next, 1), 1);
    }
}

static void told(enum step step, enum book_end end)
{
    pthread_mutex_lock(&book.lock);
    book.ends[step] = end;
    pthread_mutex_unlock(&book.lock);
}

static void hold_commits(bool is_held)
{
    pthread_mutex_lock(&book.lock);
    book.is_commit_held = is_held;
    pthread_cond_broadcast(&book.changed);
    pthread_mutex_unlock(&book.lock);
}

static void wait_for_commit(void)
{
    pthread_mutex_lock(&book.lock);
    while (!book.is_in_commit)
        pthread_cond_wait(&book.changed, &book.lock);
    pthread_mutex_unlock(&book.lock);
}

static struct ledger_request request_of(uint8_t kind, uint64_t number)
{
    return (struct ledger_request){
        .ticket = number, .asker = number, .kind = kind, .request_id = number};
}

static void submit_one(uint32_t loop, uint8_t kind, uint64_t number)
{
    struct ledger_request request = request_of(kind, number);
    ck_assert_uint_eq(ledger_submit(ledger, loop, &request, 1), 1);
}

static struct ledger_verdict wait_for_verdict(uint32_t loop)
{
    struct ledger_verdict verdict;
    for (int ms = 0; ms < WAIT_MS_MAX; ms++) {
        if (ledger_take(ledger, loop, &verdict, 1) == 1)
            return verdict;
        usleep(1000);
    }
    ck_abort_msg("no verdict came");
    return verdict;
}

static void wait_for_failure(void)
{
    for (int ms = 0; ms < WAIT_MS_MAX && !ledger_has_failed(ledger); ms++)
        usleep(1000);
    ck_assert(ledger_has_failed(ledger));
}

static void open_ledger(void)
{
    struct fault fault;
    char key_path[600];
    ck_assert(identity_start(&fault));
    memset(&metrics, 0, sizeof(metrics));
    memset(&book, 0, sizeof(book));
    pthread_mutex_init(&book.lock, NULL);
    pthread_cond_init(&book.changed, NULL);
    for (int i = 0; i < LOOPS; i++)
        atomic_store(&wake_counts[i], 0);
    int log_fd = open("/dev/null", O_WRONLY);
    dup2(log_fd, STDERR_FILENO);
    close(log_fd);
    snprintf(folder, sizeof(folder), "%.400s", support_directory());
    snprintf(key_path, sizeof(key_path), "%s/head-key-%d", folder, (int)getpid());
    ck_assert(keyfile_create_signing(key_path, &fault));
    ck_assert(keyfile_open_secret(&head_key, key_path, &fault));
    settings = (struct ledger_thread_settings){
        .book = &book,
        .directory = folder,
        .head_key = head_key,
        .retention = {LEDGER_FOR_EVER, LEDGER_FOR_EVER},
        .trusts_clock = true,
        .loop_count = LOOPS,
        .metrics = &metrics,
        .wake = wake,
        .context = &book,
    };
    book.head = (struct ledger_head){.format = LEDGER_FORMAT, .subject_key = 5};
    ck_assert(ledger_thread_open(&ledger, &settings, &fault));
}

static void start(void)
{
    struct fault fault;
    ck_assert(ledger_thread_start(ledger, &fault));
}

static void close_ledger(void)
{
    hold_commits(false);
    ledger_close(ledger);
    keyfile_close_secret(head_key);
}

/* ---- the clock ---- */

/* The ledger has times of a clock that was wrong once: whoever looks must see it. */
START_TEST(a_wall_clock_far_behind_the_ledgers_is_told)
{
    struct fault fault;
    ledger_close(ledger);
    book.head.clock_ms = UINT64_C(4000000000000); /* 2096 */
    ck_assert(ledger_thread_open(&ledger, &settings, &fault));
    start();
    submit_one(0, KIND_USE, 1);
    (void)wait_for_verdict(0);
    ck_assert_uint_eq(metric_read(&metrics.ledger_clock_held), 1);
    ck_assert_uint_ge(book.last_now_ms, UINT64_C(4000000000000));
}
END_TEST

/* ---- its end ---- */

START_TEST(it_ends_when_it_is_told_to_and_its_group_is_over)
{
    start();
    ck_assert(ledger_thread_is_running(ledger));
    hold_commits(true);
    submit_one(0, KIND_USE, 1);
    wait_for_commit();
    ledger_thread_end(ledger);
    submit_one(0, KIND_USE, 2); /* never done */
    ck_assert(ledger_thread_is_running(ledger));
    hold_commits(false);
    for (int ms = 0; ms < WAIT_MS_MAX && ledger_thread_is_running(ledger); ms++)
        usleep(1000);
    ck_assert(!ledger_thread_is_running(ledger));
    ck_assert_uint_eq(wait_for_verdict(0).ticket, 1);
    ck_assert_uint_eq(book.group_count, 1);
}
END_TEST

/* ---- groups ---- */

START_TEST(a_lone_request_is_committed_at_once)
{
    start();
    for (uint64_t i = 1; i <= 5; i++) {
        submit_one(1, KIND_USE, i);
        struct ledger_verdict verdict = wait_for_verdict(1);
        ck_assert_uint_eq(verdict.ticket, i);
        ck_assert_uint_eq(verdict.sequence, i);
        ck_assert_uint_eq(verdict.status, STATUS_APPLIES);
    }
    ck_assert_uint_eq(book.group_count, 5);
    ck_assert_uint_ge(atomic_load(&wake_counts[1]), 5);
    ck_assert_uint_eq(atomic_load(&wake_counts[0]), 0);
    ck_assert_uint_eq(metric_read(&metrics.ledger_groups), 5);
    ck_assert_uint_eq(metric_read(&metrics.ledger_requests), 5);
    ck_assert_uint_eq(metric_read(&metrics.verdict_applies), 5);
    ck_assert_uint_eq(ledger_thread_waiting(ledger), 0);
}
END_TEST

START_TEST(no_verdict_comes_before_its_group_is_on_the_disk)
{
    struct ledger_verdict verdict;
    start();
    hold_commits(true);
    submit_one(0, KIND_USE, 1);
    wait_for_commit();
    ck_assert_uint_eq(ledger_take(ledger, 0, &verdict, 1), 0);
    ck_assert_uint_eq(ledger_thread_waiting(ledger), 1);
    hold_commits(false);
    ck_assert_uint_eq(wait_for_verdict(0).ticket, 1);
}
END_TEST

START_TEST(what_comes_while_a_group_is_written_is_the_next_group)
{
    start();
    hold_commits(true);
    submit_one(0, KIND_USE, 1);
    wait_for_commit();
    for (uint64_t i = 2; i <= 40; i++)
        submit_one(i % LOOPS, KIND_USE, i);
    hold_commits(false);
    (void)wait_for_verdict(0);
    for (uint64_t i = 2; i <= 40; i++)
        (void)wait_for_verdict(i % LOOPS);
    ck_assert_uint_eq(book.group_count, 2);
    ck_assert_uint_eq(book.group_sizes[0], 1);
    ck_assert_uint_eq(book.group_sizes[1], 39);
    ck_assert_uint_eq(metric_read(&metrics.ledger_group_most), 39);
}
END_TEST

/* Though more are written meanwhile. */
static size_t largest_group(void)
{
    size_t most = 0;
    pthread_mutex_lock(&book.lock);
    for (size_t i = 0; i < book.group_count; i++)
        most = book.group_sizes[i] > most ? book.group_sizes[i] : most;
    pthread_mutex_unlock(&book.lock);
    return most;
}

START_TEST(a_group_has_a_bound_and_so_has_what_waits)
{
    static struct ledger_request requests[LEDGER_WAITING_MAX + 10];
    static struct ledger_verdict verdicts[LEDGER_WAITING_MAX];
    for (uint64_t i = 0; i < LEDGER_WAITING_MAX + 10; i++)
        requests[i] = request_of(KIND_USE, i + 1);
    ck_assert_uint_eq(ledger_submit(ledger, 0, requests, 96), 96);
    ck_assert_uint_eq(ledger_submit(ledger, 1, requests + 96, LEDGER_WAITING_MAX),
                      LEDGER_WAITING_MAX - 96);
    ck_assert_uint_eq(ledger_submit(ledger, 0, requests, 1), 0);
    start();
    size_t have = 0;
    for (int ms = 0; ms < WAIT_MS_MAX && have < LEDGER_WAITING_MAX - 96; ms++) {
        have += ledger_take(ledger, 1, verdicts + have, LEDGER_WAITING_MAX - have);
        usleep(1000);
    }
    ck_assert_uint_eq(have, LEDGER_WAITING_MAX - 96);
    for (uint64_t i = 0; i < have; i++)
        ck_assert_uint_eq(verdicts[i].ticket, 97 + i);
    /* Those that nobody has taken back still count. */
    ck_assert_uint_eq(ledger_submit(ledger, 0, requests, LEDGER_WAITING_MAX),
                      LEDGER_WAITING_MAX - 96);
    ck_assert_uint_le(largest_group(), LEDGER_GROUP_MAX);
}
END_TEST

/* Whoever asks for all places at once has most of them only while few others wait. */
START_TEST(one_asker_leaves_places_for_others)
{
    static struct ledger_request requests[LEDGER_WAITING_MAX];
    for (uint64_t i = 0; i < LEDGER_WAITING_MAX; i++) {
        requests[i] = request_of(KIND_STATUS, i + 1);
        requests[i].asker = 77;
    }
    ck_assert_uint_eq(ledger_submit(ledger, 0, requests, LEDGER_WAITING_MAX), LEDGER_CROWD_MIN);
    ck_assert_uint_eq(ledger_submit(ledger, 1, requests, 1), 0);
    ck_assert_uint_eq(ledger_thread_waiting(ledger), LEDGER_CROWD_MIN);
    for (uint64_t i = 0; i < LEDGER_SHARE_MAX + 1; i++)
        requests[i].asker = 78;
    ck_assert_uint_eq(ledger_submit(ledger, 1, requests, LEDGER_SHARE_MAX + 1), LEDGER_SHARE_MAX);
    submit_one(1, KIND_USE, 79);
    start();
    for (uint32_t i = 0; i < LEDGER_CROWD_MIN; i++)
        (void)wait_for_verdict(0);
    for (uint32_t i = 0; i < LEDGER_SHARE_MAX + 1; i++)
        (void)wait_for_verdict(1);
    /* What was done takes no share any more. */
    ck_assert_uint_eq(ledger_submit(ledger, 0, requests + 1000, LEDGER_CROWD_MIN),
                      LEDGER_CROWD_MIN);
    ck_assert_uint_eq(ledger_submit(ledger, 1, requests, LEDGER_SHARE_MAX), LEDGER_SHARE_MAX);
}
END_TEST

/* A loop that asks without end does not keep another one waiting. */
START_TEST(loops_come_first_by_turns)
{
    for (uint64_t i = 1; i <= 3 * LEDGER_GROUP_MAX; i++)
        submit_one(0, KIND_USE, i);
    submit_one(1, KIND_USE, LAST);
    start();
    ck_assert_uint_eq(wait_for_verdict(1).ticket, LAST);
    ck_assert_uint_le(book.group_of_last, 2);
}
END_TEST

/* ---- full ---- */

START_TEST(without_room_purchases_are_busy_and_what_was_begun_is_ended)
{
    static const uint8_t kinds[] = {KIND_USE,  KIND_CONFIRM, KIND_RESERVE, KIND_CANCEL,
                                    KIND_LATE, KIND_REFUND,  KIND_STATUS};
    book.is_purchase_full = true;
    book.is_tight = _i == 1;
    for (uint64_t i = 0; i < sizeof(kinds); i++)
        submit_one(0, kinds[i], i + 1);
    start();
    for (uint64_t i = 0; i < sizeof(kinds); i++) {
        struct ledger_verdict verdict = wait_for_verdict(0);
        ck_assert_uint_eq(verdict.ticket, i + 1);
        ck_assert_uint_eq(verdict.status,
                          kind_is_purchase(kinds[i]) ? STATUS_BUSY : STATUS_APPLIES);
        ck_assert_uint_eq(verdict.sequence, kind_is_purchase(kinds[i]) ? 0 : i + 1);
    }
    ck_assert_uint_eq(metric_read(&metrics.ledger_full), 1);
    ck_assert_uint_eq(metric_read(&metrics.verdict_busy), 3);
    ck_assert(!ledger_has_failed(ledger));
}
END_TEST

START_TEST(what_was_answered_before_is_answered_without_room)
{
    book.is_purchase_full = true;
    book.is_tight = _i == 1;
    submit_one(0, KIND_USE, 1);
    submit_one(0, KIND_USE, STORED);
    start();
    ck_assert_uint_eq(wait_for_verdict(0).status, STATUS_BUSY);
    struct ledger_verdict verdict = wait_for_verdict(0);
    ck_assert_uint_eq(verdict.ticket, STORED);
    ck_assert_uint_eq(verdict.status, STATUS_CONFLICT);
}
END_TEST

static const enum step full_steps[] = {STEP_BEGIN, STEP_APPLY, STEP_COMMIT};

START_TEST(with_the_ballast_gone_all_are_busy_until_there_is_room)
{
    told(full_steps[_i], BOOK_FULL);
    submit_one(0, KIND_USE, 1);
    submit_one(0, KIND_CONFIRM, 2);
    start();
    ck_assert_uint_eq(wait_for_verdict(0).status, STATUS_BUSY);
    ck_assert_uint_eq(wait_for_verdict(0).status, STATUS_BUSY);
    ck_assert_uint_eq(book.applied_count, 0);
    told(full_steps[_i], BOOK_DONE);
    submit_one(0, KIND_USE, 1);
    ck_assert_uint_eq(wait_for_verdict(0).status, STATUS_APPLIES);
}
END_TEST

/* ---- failed ---- */

static const enum step failing_steps[] = {STEP_BEGIN, STEP_EXPIRE, STEP_APPLY, STEP_COMMIT};

START_TEST(when_it_has_failed_nobody_gets_a_verdict_and_all_loops_know)
{
    struct ledger_verdict verdict;
    struct ledger_request request = request_of(KIND_USE, 3);
    told(failing_steps[_i], BOOK_FAILED);
    submit_one(0, KIND_USE, 1);
    submit_one(1, KIND_CONFIRM, 2);
    start();
    wait_for_failure();
    for (uint32_t loop = 0; loop < LOOPS; loop++) {
        for (int ms = 0; ms < WAIT_MS_MAX && atomic_load(&wake_counts[loop]) == 0; ms++)
            usleep(1000);
        ck_assert_uint_eq(atomic_load(&wake_counts[loop]), 1);
        ck_assert_uint_eq(ledger_take(ledger, loop, &verdict, 1), 0);
        ck_assert_uint_eq(ledger_submit(ledger, loop, &request, 1), 0);
    }
    ck_assert_uint_eq(metric_read(&metrics.ledger_failed), 1);
}
END_TEST

START_TEST(what_was_on_the_disk_before_it_failed_has_its_verdict)
{
    start();
    submit_one(0, KIND_USE, 1);
    for (int ms = 0; ms < WAIT_MS_MAX && atomic_load(&wake_counts[0]) == 0; ms++)
        usleep(1000);
    told(STEP_COMMIT, BOOK_FAILED);
    submit_one(0, KIND_USE, 2);
    wait_for_failure();
    ck_assert_uint_eq(wait_for_verdict(0).ticket, 1);
}
END_TEST

/* ---- what is done beside ---- */

START_TEST(reservations_run_out_though_nobody_asks_so_many_at_a_time)
{
    book.due_count = 3 * LEDGER_EXPIRED_MAX + 5;
    start();
    for (int ms = 0; ms < WAIT_MS_MAX && metric_read(&metrics.ledger_expiries) < 305; ms++)
        usleep(1000);
    ck_assert_uint_eq(metric_read(&metrics.ledger_expiries), 305);
    ck_assert_uint_eq(book.expired_most, LEDGER_EXPIRED_MAX);
}
END_TEST

START_TEST(old_rows_are_removed_when_nobody_asks)
{
    struct fault fault;
    ledger_close(ledger);
    settings.retention = (struct book_retention){.keep_days = 7, .keep_denied_days = 3};
    ck_assert(ledger_thread_open(&ledger, &settings, &fault));
    book.old_count = 2 * LEDGER_PRUNED_MAX + 9;
    submit_one(0, KIND_USE, 1);
    start();
    for (int ms = 0; ms < WAIT_MS_MAX && metric_read(&metrics.ledger_pruned) < 409; ms++)
        usleep(1000);
    ck_assert_uint_eq(metric_read(&metrics.ledger_pruned), 409);
}
END_TEST

/* So that others see it, and the signed head is never ahead of what they see. */
START_TEST(what_was_written_is_settled_when_nobody_asks)
{
    start();
    for (uint64_t i = 1; i <= 3; i++) {
        submit_one(0, KIND_USE, i);
        (void)wait_for_verdict(0);
    }
    pthread_mutex_lock(&book.lock);
    while (book.settled != 3)
        pthread_cond_wait(&book.changed, &book.lock);
    pthread_mutex_unlock(&book.lock);
}
END_TEST

/* Who asks and asks, and changes nothing, does not keep others from seeing what was written. */
START_TEST(what_was_written_is_settled_though_somebody_asks_without_end)
{
    atomic_store(&asks_without_end, true);
    submit_one(0, KIND_USE, 1);
    start();
    pthread_mutex_lock(&book.lock);
    while (book.settled == 0)
        pthread_cond_wait(&book.changed, &book.lock);
    pthread_mutex_unlock(&book.lock);
    atomic_store(&asks_without_end, false);
}
END_TEST

START_TEST(it_is_settled_at_the_end)
{
    struct fault fault;
    start();
    submit_one(0, KIND_USE, 1);
    (void)wait_for_verdict(0);
    ledger_close(ledger);
    ck_assert_uint_eq(book.settled, 1);
    ck_assert(ledger_thread_open(&ledger, &settings, &fault));
}
END_TEST

/* The verdicts of before stand: the redo file has them. */
START_TEST(when_it_cannot_be_settled_it_has_failed)
{
    told(STEP_SETTLE, BOOK_FAILED);
    if (_i == 0) { /* not at the start, but of what was written */
        told(STEP_SETTLE, BOOK_DONE);
        start();
        submit_one(0, KIND_USE, 1);
        (void)wait_for_verdict(0);
        told(STEP_SETTLE, BOOK_FAILED);
        submit_one(0, KIND_USE, 2);
    } else {
        start();
    }
    wait_for_failure();
    ck_assert_uint_eq(metric_read(&metrics.ledger_failed), 1);
}
END_TEST

/* In each turn somebody asks, and the next turn does not come before the next one does. */
START_TEST(old_rows_are_removed_though_somebody_always_asks)
{
    struct fault fault;
    ledger_close(ledger);
    settings.retention = (struct book_retention){.keep_days = 7, .keep_denied_days = 3};
    ck_assert(ledger_thread_open(&ledger, &settings, &fault));
    book.old_count = 2 * LEDGER_PRUNED_MAX;
    hold_commits(true);
    submit_one(0, KIND_USE, 1);
    start();
    wait_for_commit(); /* of the request */
    ledger_thread_end(ledger);
    hold_commits(false);
    for (int ms = 0; ms < WAIT_MS_MAX && ledger_thread_is_running(ledger); ms++)
        usleep(1000);
    ck_assert_uint_eq(metric_read(&metrics.ledger_pruned), LEDGER_PRUNED_MAX);
    ck_assert_uint_eq(book.old_count, LEDGER_PRUNED_MAX); /* a share, and then others again */
}
END_TEST

START_TEST(the_head_is_signed_at_the_start_and_at_the_end)
{
    struct fault fault;
    struct ledger_head head;
    struct sign_public signer = keyfile_public_of_secret(head_key);
    char path[600];
    snprintf(path, sizeof(path), "%s/" LEDGER_HEAD_FILE, folder);
    start();
    submit_one(0, KIND_USE, 1);
    (void)wait_for_verdict(0);
    ck_assert(ledger_head_read(&head, path, &signer, &fault));
    ck_assert_uint_eq(head.sequence, 0);
    ck_assert_uint_eq(metric_read(&metrics.ledger_holds), 3);
    ck_assert_uint_eq(metric_read(&metrics.ledger_map_bp), 77);
    ledger_close(ledger);
    ck_assert(ledger_head_read(&head, path, &signer, &fault));
    ck_assert_uint_eq(head.sequence, 1);
    ck_assert(ledger_thread_open(&ledger, &settings, &fault));
}
END_TEST

START_TEST(closing_does_not_wait_for_what_waits)
{
    struct fault fault;
    for (uint64_t i = 1; i <= 3000; i++)
        submit_one(0, KIND_USE, i);
    start();
    ledger_close(ledger);
    ck_assert(!book.is_open);
    ck_assert(ledger_thread_open(&ledger, &settings, &fault));
}
END_TEST

/* ---- many at once: for ThreadSanitizer ---- */

static void *ask_and_take(void *argument)
{
    uint32_t loop = (uint32_t)(uintptr_t)argument;
    uint64_t asked = 0, have = 0;
    struct ledger_verdict verdicts[64];
    while (have < MANY) {
        struct ledger_request requests[7];
        size_t count = MANY - asked < 7 ? MANY - asked : 7;
        for (size_t i = 0; i < count; i++)
            requests[i] = request_of(KIND_USE, asked + i + 1);
        asked += ledger_submit(ledger, loop, requests, count);
        size_t now = ledger_take(ledger, loop, verdicts, 64);
        for (size_t i = 0; i < now; i++)
            if (verdicts[i].ticket != ++have)
                abort();
        if (now == 0)
            sched_yield();
    }
    return NULL;
}

START_TEST(each_loop_gets_its_own_verdicts_in_order_and_once)
{
    pthread_t threads[LOOPS];
    start();
    for (uintptr_t i = 0; i < LOOPS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_and_take, (void *)i), 0);
    for (int i = 0; i < LOOPS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(ledger_thread_waiting(ledger), 0);
    ck_assert_uint_eq(metric_read(&metrics.ledger_requests), LOOPS * MANY);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ledger_thread");
    TCase *tcase = tcase_create("ledger_thread");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, open_ledger, close_ledger);
    tcase_add_test(tcase, a_wall_clock_far_behind_the_ledgers_is_told);
    tcase_add_test(tcase, it_ends_when_it_is_told_to_and_its_group_is_over);
    tcase_add_test(tcase, a_lone_request_is_committed_at_once);
    tcase_add_test(tcase, no_verdict_comes_before_its_group_is_on_the_disk);
    tcase_add_test(tcase, what_comes_while_a_group_is_written_is_the_next_group);
    tcase_add_test(tcase, a_group_has_a_bound_and_so_has_what_waits);
    tcase_add_test(tcase, one_asker_leaves_places_for_others);
    tcase_add_test(tcase, loops_come_first_by_turns);
    tcase_add_loop_test(tcase, without_room_purchases_are_busy_and_what_was_begun_is_ended, 0, 2);
    tcase_add_loop_test(tcase, what_was_answered_before_is_answered_without_room, 0, 2);
    tcase_add_loop_test(tcase, with_the_ballast_gone_all_are_busy_until_there_is_room, 0, 3);
    tcase_add_loop_test(tcase, when_it_has_failed_nobody_gets_a_verdict_and_all_loops_know, 0, 4);
    tcase_add_test(tcase, what_was_on_the_disk_before_it_failed_has_its_verdict);
    tcase_add_test(tcase, reservations_run_out_though_nobody_asks_so_many_at_a_time);
    tcase_add_test(tcase, old_rows_are_removed_when_nobody_asks);
    tcase_add_test(tcase, what_was_written_is_settled_when_nobody_asks);
    tcase_add_test(tcase, what_was_written_is_settled_though_somebody_asks_without_end);
    tcase_add_test(tcase, it_is_settled_at_the_end);
    tcase_add_loop_test(tcase, when_it_cannot_be_settled_it_has_failed, 0, 2);
    tcase_add_test(tcase, old_rows_are_removed_though_somebody_always_asks);
    tcase_add_test(tcase, the_head_is_signed_at_the_start_and_at_the_end);
    tcase_add_test(tcase, closing_does_not_wait_for_what_waits);
    tcase_add_test(tcase, each_loop_gets_its_own_verdicts_in_order_and_once);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
