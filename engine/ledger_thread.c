#include "engine/ledger_thread.h"

#include "engine/ledger_clock.h"
#include "engine/ledger_queue.h"
#include "engine/log.h"
#include "protocol/ledger_head.h"
#include "protocol/progress.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS 1000000
#define NS_PER_US 1000
#define NICE_STEP 5 /* behind the loops: checks come first */

/* What the log said of the wall clock last. */
enum clock_word { CLOCK_FOLLOWED, CLOCK_AHEAD, CLOCK_BEHIND };

struct ledger_thread {
    struct ledger ledger;
    struct ledger_thread_settings settings;
    struct ledger_queue queue;
    atomic_bool has_failed, is_running;
    _Atomic uint64_t group_start_ns; /* of a group, and the head behind it; 0: none is under way */

    /* The thread's own. */
    struct ledger_clock clock;
    struct member members[LEDGER_GROUP_MAX];
    struct ledger_verdict verdicts[LEDGER_GROUP_MAX];
    uint64_t now_ms; /* the ledger's clock, of the present group */
    uint64_t head_due_ms, prune_due_ms, housekeeping_due_ms; /* monotonic */
    uint64_t settle_due_ms, settle_latest_ms;                /* of a book that is not settled */
    uint64_t pruned_ms;                                      /* when rows were removed last */
    uint64_t synchronised_due_ms;
    bool is_synchronised;
    bool is_tight;                /* of the last group */
    bool is_full, is_head_unsaid; /* so that each is said once */
    enum clock_word clock_said;

    pthread_t thread;
    bool is_started;
    pthread_mutex_t lock; /* of what follows: only to sleep, and to wake who sleeps */
    pthread_cond_t woken;
    atomic_bool is_asleep;
    bool is_ending;
};

static struct ledger_thread *thread_of(struct ledger *ledger)
{
    return (struct ledger_thread *)(void *)ledger;
}
static const struct ledger_thread *thread_of_const(const struct ledger *ledger)
{
    return (const struct ledger_thread *)(const void *)ledger;
}

static uint64_t monotonic_ms(void)
{
    return clock_monotonic_ns() / NS_PER_MS;
}

/* ---- for the loops ---- */

static void writer_wake(struct ledger_thread *t)
{
    pthread_mutex_lock(&t->lock);
    atomic_store(&t->is_asleep, false);
    pthread_cond_signal(&t->woken);
    pthread_mutex_unlock(&t->lock);
}

static size_t thread_submit(struct ledger *ledger, uint32_t loop,
                            const struct ledger_request requests[], size_t count)
{
    struct ledger_thread *t = thread_of(ledger);
    if (atomic_load(&t->has_failed))
        return 0;
    size_t taken = ledger_queue_submit(&t->queue, loop, requests, count);
    /* The thread looks for requests after it has said that it sleeps, and we the other way round:
     * one of us sees the other. */
    if (taken > 0 && atomic_load(&t->is_asleep))
        writer_wake(t);
    return taken;
}

static size_t thread_take(struct ledger *ledger, uint32_t loop, struct ledger_verdict out[],
                          size_t room)
{
    return ledger_queue_take(&thread_of(ledger)->queue, loop, out, room);
}

static bool thread_has_failed(const struct ledger *ledger)
{
    return atomic_load(&thread_of_const(ledger)->has_failed);
}

uint64_t ledger_thread_group_ms(const struct ledger *ledger)
{
    uint64_t start_ns = atomic_load(&thread_of_const(ledger)->group_start_ns);
    uint64_t now_ns = clock_monotonic_ns();
    return start_ns != 0 && now_ns > start_ns ? (now_ns - start_ns) / NS_PER_MS : 0;
}

uint64_t ledger_thread_waiting(const struct ledger *ledger)
{
    return ledger_queue_waiting(&thread_of_const(ledger)->queue);
}

/* ---- a group ---- */

static void answer_busy(struct ledger_verdict *verdict, const struct ledger_request *request)
{
    *verdict = (struct ledger_verdict){
        .ticket = request->ticket,
        .status = STATUS_BUSY,
        .remaining = REMAINING_UNPUBLISHED,
    };
}

/* On a full disk what was begun is still ended: confirmations are what the ballast is for. And what
 * was answered before is answered again. */
enum scope { ALL_KINDS, ALL_BUT_PURCHASES };

static enum book_end apply_all(struct ledger_thread *t, size_t count, enum scope scope)
{
    enum book_end end = BOOK_DONE;
    for (size_t i = 0; i < count && end == BOOK_DONE; i++) {
        const struct ledger_request *request = t->members[i].request;
        if (scope == ALL_BUT_PURCHASES && kind_is_purchase(request->kind)) {
            if (!book_answer(t->settings.book, request, &t->verdicts[i]))
                answer_busy(&t->verdicts[i], request);
            continue;
        }
        end = book_apply(t->settings.book, request, &t->verdicts[i]);
        t->verdicts[i].ticket = request->ticket;
    }
    return end;
}

static enum book_end commit(struct ledger_thread *t, size_t count, uint32_t expired_count)
{
    struct metrics *metrics = t->settings.metrics;
    uint64_t start_ns = clock_monotonic_ns();
    enum book_end end = book_commit(t->settings.book);
    if (end != BOOK_DONE)
        return end;
    uint64_t commit_us = (clock_monotonic_ns() - start_ns) / NS_PER_US;
    metric_add(&metrics->ledger_commit_us, commit_us);
    metric_most(&metrics->ledger_commit_us_most, commit_us);
    metric_add(&metrics->ledger_groups, 1);
    metric_add(&metrics->ledger_requests, count);
    metric_most(&metrics->ledger_group_most, count);
    metric_add(&metrics->ledger_expiries, expired_count);
    return BOOK_DONE;
}

/* One write transaction; nothing of it has happened unless it is BOOK_DONE. */
static enum book_end write_group(struct ledger_thread *t, size_t count, enum scope scope)
{
    struct book *book = t->settings.book;
    uint32_t expired_count = 0;
    enum book_end end = book_begin(book, t->now_ms);
    if (end != BOOK_DONE)
        return end;
    t->is_tight = book_is_tight(book);
    if (scope == ALL_KINDS)
        end = book_expire(book, LEDGER_EXPIRED_MAX, &expired_count);
    if (end == BOOK_DONE)
        end = apply_all(t, count, t->is_tight ? ALL_BUT_PURCHASES : scope);
    if (end == BOOK_DONE)
        return commit(t, count, expired_count);
    book_drop(book);
    return end;
}

static void count_verdict(struct metrics *metrics, uint16_t status)
{
    switch ((enum status)status) {
#define COUNTED(name, metric)                                                                      \
    case STATUS_##name:                                                                            \
        metric_add(&metrics->verdict_##metric, 1);                                                 \
        break
        COUNTED(APPLIES, applies);
        COUNTED(NO_DATA, no_data);
        COUNTED(DOES_NOT_APPLY, does_not_apply);
        COUNTED(CONFLICT, conflict);
        COUNTED(UNKNOWN_TRANSACTION, unknown_transaction);
        COUNTED(EXCEEDS, exceeds);
        COUNTED(LIMIT_REACHED, limit_reached);
        COUNTED(TOO_SOON, too_soon);
        COUNTED(BUDGET_SPENT, budget_spent);
        COUNTED(TOO_MANY_HELD, too_many_held);
        COUNTED(RESERVED, reserved);
        COUNTED(CONFIRMED, confirmed);
        COUNTED(OVER_LIMIT, over_limit);
        COUNTED(CANCELLED, cancelled);
        COUNTED(EXPIRED, expired);
        COUNTED(REFUNDED, refunded);
        COUNTED(BUSY, busy);
#undef COUNTED
    case STATUS_OK:
    case STATUS_BAD_VERSION:
    case STATUS_BAD_KIND:
    case STATUS_BAD_RESERVED:
    case STATUS_BAD_REQUEST_ID:
    case STATUS_BAD_MEANS:
    case STATUS_BAD_IDENTIFIER:
    case STATUS_BAD_ENTRY:
    case STATUS_BAD_QUANTITY:
    case STATUS_DRAINING:
    case STATUS_NOT_READY:
    case STATUS_NOT_PERMITTED:
    case STATUS_UNKNOWN_PRODUCT:
    case STATUS_UNKNOWN_POINT_OF_SALE:
    case STATUS_OUTSIDE_WINDOW:
    case STATUS_NO_CONTRACT:
    case STATUS_NO_LEDGER: /* not a ledger's to say */
        break;
    }
}

/* The group is on the disk: its verdicts go to their loops, its places are free. */
static void give_back(struct ledger_thread *t, size_t count)
{
    for (size_t i = 0; i < count; i++)
        count_verdict(t->settings.metrics, t->verdicts[i].status);
    for (size_t i = 0; i < count;) {
        uint32_t loop = t->members[i].loop;
        i += ledger_queue_give(&t->queue, &t->members[i], &t->verdicts[i], count - i);
        t->settings.wake(t->settings.context, loop);
    }
}

/* Each once, until it changes. Near the end a small group finds room where a large one did not:
 * there is room again when none has failed for a while. */
static void say_room(struct ledger_thread *t, bool is_full)
{
    if (is_full) {
        metric_add(&t->settings.metrics->ledger_full, 1);
        t->housekeeping_due_ms = monotonic_ms() + LEDGER_FULL_PAUSE_MS;
    }
    if (is_full && !t->is_full)
        log_event("ledger_full",
                  "map_bp=%u reason=\"no room for more purchases: confirmations, "
                  "cancellations and refunds go on while the ballast lasts\"",
                  book_map_used_bp(t->settings.book));
    bool has_room_again = t->is_full && monotonic_ms() >= t->housekeeping_due_ms;
    if (has_room_again)
        log_event("ledger_has_room", "map_bp=%u", book_map_used_bp(t->settings.book));
    t->is_full = is_full || (t->is_full && !has_room_again);
}

/* It is not known what is on the disk: only opening it anew will tell. */
static void fail(struct ledger_thread *t)
{
    metric_set(&t->settings.metrics->ledger_failed, 1);
    log_event("ledger_failed",
              "sequence=%" PRIu64 " reason=\"it is not known what of the last "
              "group is on the disk; checks go on, transactions are answered BUSY "
              "until the next start\"",
              book_head(t->settings.book)->sequence);
    atomic_store(&t->has_failed, true);
    for (uint32_t i = 0; i < t->settings.loop_count; i++)
        t->settings.wake(t->settings.context, i);
}

/* Until nobody asks for a moment; not for ever. */
static void put_off_settling(struct ledger_thread *t, bool was_settled)
{
    uint64_t now_ms = monotonic_ms();
    if (was_settled)
        t->settle_latest_ms = now_ms + LEDGER_UNSETTLED_MS;
    t->settle_due_ms = now_ms + LEDGER_SETTLE_MS;
    if (t->settle_due_ms > t->settle_latest_ms)
        t->settle_due_ms = t->settle_latest_ms;
}

/* False: it has failed, and nobody gets a verdict. */
static bool run_group(struct ledger_thread *t, size_t count)
{
    bool was_settled = book_is_settled(t->settings.book);
    enum book_end end = write_group(t, count, ALL_KINDS);
    if (end == BOOK_FULL && !was_settled) /* now it is, and there is all the room that there is */
        end = write_group(t, count, ALL_KINDS);
    if (end != BOOK_FAILED)
        say_room(t, end == BOOK_FULL || t->is_tight);
    if (end == BOOK_FULL && count > 0)
        end = write_group(t, count, ALL_BUT_PURCHASES);
    if (end == BOOK_FAILED)
        return false;
    for (size_t i = 0; end == BOOK_FULL && i < count; i++)
        answer_busy(&t->verdicts[i], t->members[i].request);
    give_back(t, count);
    put_off_settling(t, was_settled);
    return true;
}

/* ---- what is done beside ---- */

/* So that other processes see all of it. False: it has failed; on a full disk they see the clock
 * of before. */
static bool settle(struct ledger_thread *t)
{
    return book_settle(t->settings.book) != BOOK_FAILED;
}

static bool settles_now(const struct ledger_thread *t)
{
    return !book_is_settled(t->settings.book) && monotonic_ms() >= t->settle_due_ms;
}

/* Whether somebody who knows the time keeps the wall clock: looked at now and then. */
static bool is_synchronised(struct ledger_thread *t)
{
    uint64_t now_ms = monotonic_ms();
    if (now_ms >= t->synchronised_due_ms) {
        struct timex state = {.modes = 0};
        int rc = adjtimex(&state);
        t->is_synchronised = rc >= 0 && rc != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
        t->synchronised_due_ms = now_ms + LEDGER_IDLE_MS;
    }
    return t->is_synchronised;
}

static uint64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / NS_PER_MS;
}

/* Each once, until it changes. */
static void say_clock(struct ledger_thread *t)
{
    enum clock_word word = t->clock.is_ahead        ? CLOCK_AHEAD
                           : t->clock.is_far_behind ? CLOCK_BEHIND
                                                    : CLOCK_FOLLOWED;
    metric_set(&t->settings.metrics->ledger_clock_held, word != CLOCK_FOLLOWED);
    if (word == t->clock_said)
        return;
    if (word == CLOCK_AHEAD)
        log_event("ledger_clock_held",
                  "reason=\"the wall clock is far ahead of the ledger's and nobody vouches for it: "
                  "if it is right, start with --trust-clock\"");
    else if (word == CLOCK_BEHIND)
        log_event("ledger_clock_held",
                  "reason=\"the wall clock is far behind the ledger's, which never goes back: if "
                  "it is wrong, set it; if it is right, a wrong one was believed once, and what is "
                  "recorded has later times\"");
    else
        log_event("ledger_clock_follows", "reason=\"the wall clock is believed again\"");
    t->clock_said = word;
}

static void begin_clock(struct ledger_thread *t)
{
    uint64_t written_ms = book_head(t->settings.book)->clock_ms;
    clock_begin(&t->clock, written_ms, clock_ms(CLOCK_REALTIME), clock_ms(CLOCK_BOOTTIME),
                is_synchronised(t) || t->settings.trusts_clock);
}

static void read_clock(struct ledger_thread *t)
{
    t->now_ms = clock_next(&t->clock, clock_ms(CLOCK_REALTIME), clock_ms(CLOCK_BOOTTIME),
                           is_synchronised(t));
    say_clock(t);
}

/* Of what LMDB has committed. False: it has failed. */
static bool sign_head(struct ledger_thread *t)
{
    struct fault fault;
    char text[LOG_TEXT_SIZE];
    const struct ledger_thread_settings *settings = &t->settings;
    if (!settle(t))
        return false;
    t->head_due_ms = monotonic_ms() + LEDGER_HEAD_MS;
    book_check_readers(settings->book);
    metric_set(&settings->metrics->ledger_map_bp, book_map_used_bp(settings->book));
    metric_set(&settings->metrics->ledger_holds, book_open_holds(settings->book));
    if (settings->head_key == NULL)
        return true;
    bool is_written = ledger_head_write(settings->directory, book_head(settings->book),
                                        settings->head_key, &fault);
    if (is_written)
        metric_add(&settings->metrics->ledger_heads, 1);
    else if (!t->is_head_unsaid)
        log_event("ledger_head_unsaved", "fault=%s", log_text(text, fault.text));
    t->is_head_unsaid = !is_written;
    return true;
}

static bool prunes(const struct ledger_thread *t)
{
    return t->settings.retention.keep_days != LEDGER_FOR_EVER ||
           t->settings.retention.keep_denied_days != LEDGER_FOR_EVER;
}

/* A group of its own, small enough that who comes meanwhile hardly waits. */
static bool prune(struct ledger_thread *t)
{
    struct book *book = t->settings.book;
    uint32_t count = 0;
    if (!settle(t)) /* what finds nothing is dropped, and takes nothing along */
        return false;
    enum book_end end = book_begin(book, t->now_ms);
    if (end == BOOK_DONE) {
        end = book_prune(book, &t->settings.retention, LEDGER_PRUNED_MAX, &count);
        if (end != BOOK_DONE || count == 0)
            book_drop(book);
        else
            end = book_commit(book);
    }
    if (end == BOOK_FULL)
        say_room(t, true);
    else if (end == BOOK_DONE)
        metric_add(&t->settings.metrics->ledger_pruned, count);
    t->pruned_ms = monotonic_ms();
    t->prune_due_ms =
        t->pruned_ms + (end == BOOK_DONE && count == LEDGER_PRUNED_MAX ? 0 : LEDGER_PRUNE_MS);
    return end != BOOK_FAILED;
}

/* Old rows; now and then while others wait, too, or who is asked without end would never remove
 * any. False: it has failed. */
static bool prune_if_due(struct ledger_thread *t, uint64_t now_ms, bool is_asked)
{
    bool is_due = prunes(t) && now_ms >= t->prune_due_ms && now_ms >= t->housekeeping_due_ms;
    if (!is_due || (is_asked && now_ms < t->pruned_ms + LEDGER_PRUNE_LOAD_MS))
        return true;
    return prune(t);
}

/* When nobody asks: reservations that run out, and old rows. False: it has failed. */
static bool keep_house(struct ledger_thread *t)
{
    uint64_t now_ms = monotonic_ms();
    if (now_ms >= t->housekeeping_due_ms && book_next_deadline_ms(t->settings.book) <= t->now_ms &&
        !run_group(t, 0))
        return false;
    return prune_if_due(t, now_ms, false);
}

/* ---- the thread ---- */

/* How long there is nothing to do, unless somebody asks. */
static uint64_t idle_ms(struct ledger_thread *t)
{
    uint64_t now_ms = monotonic_ms(), ms = LEDGER_IDLE_MS;
    if (!book_is_settled(t->settings.book)) /* soon enough for all the rest */
        return now_ms < t->settle_due_ms ? t->settle_due_ms - now_ms : 0;
    uint64_t deadline_ms = book_next_deadline_ms(t->settings.book);
    if (now_ms < t->housekeeping_due_ms)
        return t->housekeeping_due_ms - now_ms;
    if (deadline_ms <= t->now_ms || (prunes(t) && t->prune_due_ms <= now_ms))
        return 0;
    return deadline_ms - t->now_ms < ms ? deadline_ms - t->now_ms : ms;
}

/* False at the end. */
static bool sleep_until_asked(struct ledger_thread *t)
{
    uint64_t ms = idle_ms(t);
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    uint64_t ns = (uint64_t)until.tv_nsec + ms * NS_PER_MS;
    until.tv_sec += (time_t)(ns / NS_PER_S);
    until.tv_nsec = (long)(ns % NS_PER_S);

    int rc = ms > 0 ? 0 : ETIMEDOUT;
    pthread_mutex_lock(&t->lock);
    atomic_store(&t->is_asleep, true);
    while (rc == 0 && !t->is_ending && atomic_load(&t->is_asleep) &&
           !ledger_queue_has_asked(&t->queue))
        rc = pthread_cond_timedwait(&t->woken, &t->lock, &until);
    atomic_store(&t->is_asleep, false);
    bool goes_on = !t->is_ending;
    pthread_mutex_unlock(&t->lock);
    return goes_on;
}

static bool is_ending(struct ledger_thread *t)
{
    pthread_mutex_lock(&t->lock);
    bool is = t->is_ending;
    pthread_mutex_unlock(&t->lock);
    return is;
}

/* One turn: what waits, or what is due. False: it has failed. */
static bool turn(struct ledger_thread *t)
{
    size_t count = ledger_queue_gather(&t->queue, t->members, LEDGER_GROUP_MAX);
    read_clock(t);
    atomic_store(&t->group_start_ns, clock_monotonic_ns());
    bool goes_on =
        count > 0 ? run_group(t, count) && prune_if_due(t, monotonic_ms(), true) : keep_house(t);
    if (goes_on && settles_now(t))
        goes_on = settle(t);
    if (goes_on && monotonic_ms() >= t->head_due_ms)
        goes_on = sign_head(t);
    atomic_store(&t->group_start_ns, 0);
    return goes_on;
}

/* Until it is to end. False: it has failed. */
static bool run(struct ledger_thread *t)
{
    while (!is_ending(t)) {
        if (!turn(t))
            return false;
        if (!ledger_queue_has_asked(&t->queue) && !sleep_until_asked(t))
            break;
    }
    return true;
}

static void *thread_run(void *argument)
{
    struct ledger_thread *t = argument;
    /* On Linux this is the thread's own priority. */
    int nice = getpriority(PRIO_PROCESS, 0);
    if (setpriority(PRIO_PROCESS, (id_t)gettid(), nice + NICE_STEP) != 0)
        log_event("note", "reason=\"the ledger's thread keeps its priority\"");
    if (!sign_head(t) || !run(t) || !sign_head(t))
        fail(t);
    atomic_store(&t->is_running, false);
    return NULL;
}

/* ---- opening and closing ---- */

void ledger_thread_end(struct ledger *ledger)
{
    struct ledger_thread *t = thread_of(ledger);
    pthread_mutex_lock(&t->lock);
    t->is_ending = true;
    pthread_cond_signal(&t->woken);
    pthread_mutex_unlock(&t->lock);
}

bool ledger_thread_is_running(const struct ledger *ledger)
{
    return atomic_load(&thread_of_const(ledger)->is_running);
}

static void thread_close(struct ledger *ledger)
{
    struct ledger_thread *t = thread_of(ledger);
    ledger_thread_end(ledger);
    if (t->is_started)
        pthread_join(t->thread, NULL);
    ledger_queue_close(&t->queue);
    book_close(t->settings.book);
    pthread_cond_destroy(&t->woken);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

static const struct ledger_methods thread_methods = {
    .submit = thread_submit,
    .take = thread_take,
    .has_failed = thread_has_failed,
    .close = thread_close,
};

bool ledger_thread_open(struct ledger **out, const struct ledger_thread_settings *settings,
                        struct fault *fault)
{
    assert(settings->loop_count > 0);
    struct ledger_thread *t = calloc(1, sizeof(*t));
    if (t == NULL) {
        book_close(settings->book);
        return fault_set(fault, "no memory for the ledger");
    }
    t->ledger.methods = &thread_methods;
    t->settings = *settings;
    pthread_mutex_init(&t->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&t->woken, &attributes);
    pthread_condattr_destroy(&attributes);
    if (!ledger_queue_open(&t->queue, settings->loop_count, fault)) {
        thread_close(&t->ledger);
        return false;
    }
    begin_clock(t);
    *out = &t->ledger;
    return true;
}

bool ledger_thread_start(struct ledger *ledger, struct fault *fault)
{
    struct ledger_thread *t = thread_of(ledger);
    atomic_store(&t->is_running, true);
    int rc = pthread_create(&t->thread, NULL, thread_run, t);
    if (rc != 0) {
        atomic_store(&t->is_running, false);
        return fault_set(fault, "thread of the ledger: %s", strerror(rc));
    }
    t->is_started = true;
    return true;
}
