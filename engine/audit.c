#include "engine/audit.h"

#include "engine/log.h"
#include "protocol/progress.h"
#include "protocol/subject.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define NICE_LOWEST  19
#define NS_PER_MS    1000000
#define ROUND_MS     20    /* a loop at its fastest fills some 40,000 rows in that time */
#define SYNC_MS      500   /* so that nothing waits for a second, with the sync itself */
#define TIDY_MS      60000 /* the signed head, and what is too old */
#define GROUP_MAX    INDEX_BATCH_MAX
#define TO_RING_ROWS (AUDIT_RING_COUNT / 4) /* so many at once from each, and then the next */

struct audit {
    struct audit_settings settings;
    struct audit_ring *rings;
    uint64_t *lost_seen; /* of each ring: what the file was told */
    const struct edition *edition;
    uint64_t sync_due_ms, tidy_due_ms; /* monotonic */

    struct identifier identifiers[GROUP_MAX];
    struct digest digests[GROUP_MAX];
    uint32_t views[GROUP_MAX];
    uint64_t slots[GROUP_MAX];
    uint64_t subjects[GROUP_MAX];
    uint8_t unknown[GROUP_MAX];

    pthread_t thread;
    bool is_started;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t woken;
    bool is_ending;
};

struct audit_ring *audit_ring(struct audit *audit, uint32_t loop)
{
    assert(loop < audit->settings.loop_count);
    return &audit->rings[loop];
}

bool audit_refuses(const struct audit *audit)
{
    return audit->settings.refuses;
}

static uint64_t monotonic_ms(void)
{
    return clock_monotonic_ns() / NS_PER_MS;
}

static uint64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / NS_PER_MS;
}

/* ---- whom rows are about ---- */

/* Where the snapshot has subjects, those of whom it knows. */
static void find_known(struct audit *audit, size_t count)
{
    const struct edition *edition = audit->edition;
    memset(audit->subjects, 0, count * sizeof(audit->subjects[0]));
    if (edition->identity == NULL)
        return;
    const struct index *index = &edition->tables->index;
    identity_digest_batch(audit->digests, edition->identity, audit->identifiers, count);
    index_find_slots(audit->views, audit->slots, index, audit->digests, count);
    for (size_t i = 0; i < count; i++)
        audit->subjects[i] = index_subject(index, audit->slots[i]);
}

/* The others' are made of what was shown; nobody was shown by ANYBODY. */
static void find_subjects(struct audit *audit, size_t count)
{
    struct identifier strangers[GROUP_MAX];
    uint64_t theirs[GROUP_MAX];
    size_t stranger_count = 0;
    find_known(audit, count);
    for (size_t i = 0; i < count; i++) {
        if (audit->subjects[i] != 0 || means_is_anybody(&audit->identifiers[i]))
            continue;
        audit->unknown[stranger_count] = (uint8_t)i;
        strangers[stranger_count++] = audit->identifiers[i];
    }
    if (stranger_count > 0)
        subject_batch(theirs, audit->settings.subject_key, strangers, stranger_count);
    for (size_t i = 0; i < stranger_count; i++)
        audit->subjects[audit->unknown[i]] = theirs[i];
    explicit_bzero(strangers, stranger_count * sizeof(strangers[0]));
}

static void wipe(struct audit *audit)
{
    explicit_bzero(audit->identifiers, sizeof(audit->identifiers));
    explicit_bzero(audit->digests, sizeof(audit->digests));
    explicit_bzero(audit->views, sizeof(audit->views));
    explicit_bzero(audit->slots, sizeof(audit->slots));
}

/* ---- rings ---- */

static void write_rows(struct audit *audit, const struct audit_row rows[], size_t count)
{
    uint64_t now_ms = wall_ms();
    for (size_t i = 0; i < count; i++)
        audit->identifiers[i] = rows[i].identifier;
    find_subjects(audit, count);
    for (size_t i = 0; i < count; i++) {
        struct asked asked = {
            .subject = audit->subjects[i],
            .time_s = rows[i].time_s,
            .terminal = rows[i].terminal,
            .product = rows[i].product,
            .point_of_sale = rows[i].point_of_sale,
            .status = rows[i].status,
            .entry = rows[i].entry,
            .means = rows[i].identifier.means,
            .profile = rows[i].profile,
        };
        audit_file_add(audit->settings.file, &asked, now_ms);
    }
    wipe(audit);
}

/* How many rows from `first` on stand beside each other and were made under our edition. */
static size_t run_of(const struct audit *audit, const struct audit_ring *ring, uint64_t first,
                     uint64_t end)
{
    uint32_t tag = audit_edition_tag(audit->edition);
    size_t at = first % AUDIT_RING_COUNT, count = 0;
    while (first + count < end && count < GROUP_MAX && at + count < AUDIT_RING_COUNT &&
           ring->rows[at + count].edition == tag)
        count++;
    return count;
}

/* Whether all rows of our edition that are there were taken. */
static bool ring_take(struct audit *audit, struct audit_ring *ring)
{
    uint64_t first = atomic_load_explicit(&ring->first, memory_order_relaxed);
    uint64_t end = atomic_load_explicit(&ring->end, memory_order_acquire);
    size_t count, taken = 0;
    while ((count = run_of(audit, ring, first, end)) > 0 && taken < TO_RING_ROWS) {
        if (audit->settings.refuses && !audit_file_works(audit->settings.file, wall_ms()))
            return false; /* they stay, until there is room for nobody's */
        struct audit_row *rows = &ring->rows[first % AUDIT_RING_COUNT];
        write_rows(audit, rows, count);
        explicit_bzero(rows, count * sizeof(rows[0]));
        first += count;
        taken += count;
        atomic_store_explicit(&ring->first, first, memory_order_release);
    }
    return count == 0;
}

static void take_losses(struct audit *audit, uint32_t loop)
{
    uint64_t lost = metric_read(&audit->rings[loop].lost);
    if (lost != audit->lost_seen[loop])
        audit_file_lose(audit->settings.file, lost - audit->lost_seen[loop]);
    audit->lost_seen[loop] = lost;
}

/* Rows are looked up in the edition that answered them. The next one is taken when no loop answers
 * under ours, and all rows that were are done; those of the next wait so long. True: there is no
 * more to do now. */
static bool take_rows(struct audit *audit)
{
    uint32_t tag = audit_edition_tag(audit->edition);
    bool is_left_by_all = true, is_done = true;
    for (uint32_t i = 0; i < audit->settings.loop_count; i++)
        is_left_by_all &=
            atomic_load_explicit(&audit->rings[i].edition, memory_order_acquire) != tag;
    for (uint32_t i = 0; i < audit->settings.loop_count; i++) {
        is_done &= ring_take(audit, &audit->rings[i]);
        take_losses(audit, i);
    }
    if (!is_left_by_all || !is_done)
        return is_done;
    audit->edition = audit->settings.take(audit->settings.context);
    return audit_edition_tag(audit->edition) == tag;
}

/* ---- the thread ---- */

static void tell_metrics(struct audit *audit)
{
    struct metrics *metrics = audit->settings.metrics;
    struct audit_counts counts = audit_file_counts(audit->settings.file);
    metric_set(&metrics->audit_rows, counts.rows);
    metric_set(&metrics->audit_blocks, counts.blocks);
    metric_set(&metrics->audit_lost, counts.lost);
    metric_set(&metrics->audit_failures, counts.failures);
}

static void do_what_is_due(struct audit *audit)
{
    uint64_t now_ms = monotonic_ms();
    if (now_ms >= audit->sync_due_ms) {
        audit->sync_due_ms = now_ms + SYNC_MS;
        audit_file_sync(audit->settings.file, wall_ms());
    }
    if (now_ms >= audit->tidy_due_ms) {
        audit->tidy_due_ms = now_ms + TIDY_MS;
        audit_file_tidy(audit->settings.file, wall_ms());
    }
    tell_metrics(audit);
}

/* Until the next round; false at the end. */
static bool sleep_a_round(struct audit *audit)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    uint64_t ns = (uint64_t)until.tv_nsec + (uint64_t)ROUND_MS * NS_PER_MS;
    until.tv_sec += (time_t)(ns / NS_PER_S);
    until.tv_nsec = (long)(ns % NS_PER_S);
    pthread_mutex_lock(&audit->lock);
    int rc = 0;
    while (rc == 0 && !audit->is_ending)
        rc = pthread_cond_timedwait(&audit->woken, &audit->lock, &until);
    bool goes_on = !audit->is_ending;
    pthread_mutex_unlock(&audit->lock);
    return goes_on;
}

static void *audit_run(void *argument)
{
    struct audit *audit = argument;
    if (setpriority(PRIO_PROCESS, (id_t)gettid(), NICE_LOWEST) != 0)
        log_event("note", "reason=\"the journal's thread keeps its priority\"");
    while (sleep_a_round(audit)) {
        while (!take_rows(audit))
            if (audit_file_works(audit->settings.file, wall_ms()))
                do_what_is_due(audit);
            else
                break;
        do_what_is_due(audit);
    }
    return NULL;
}

bool audit_open(struct audit **out, const struct audit_settings *settings, struct fault *fault)
{
    struct audit *audit = calloc(1, sizeof(*audit));
    if (audit == NULL)
        return fault_set(fault, "no memory for the journal of checks");
    audit->settings = *settings;
    audit->tidy_due_ms = monotonic_ms() + TIDY_MS; /* a machine that starts may not know the time */
    pthread_mutex_init(&audit->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&audit->woken, &attributes);
    pthread_condattr_destroy(&attributes);
    audit->rings = aligned_alloc(CACHE_LINE_SIZE, settings->loop_count * sizeof(audit->rings[0]));
    audit->lost_seen = calloc(settings->loop_count, sizeof(audit->lost_seen[0]));
    bool is_good = audit->rings != NULL && audit->lost_seen != NULL;
    if (audit->rings != NULL)
        memset(audit->rings, 0, settings->loop_count * sizeof(audit->rings[0]));
    audit->edition = settings->take(settings->context);
    for (uint32_t i = 0; is_good && i < settings->loop_count; i++) {
        size_t size = AUDIT_RING_COUNT * sizeof(struct audit_row);
        audit->rings[i].rows = aligned_alloc(CACHE_LINE_SIZE, size);
        is_good = audit->rings[i].rows != NULL;
        if (is_good)
            memset(audit->rings[i].rows, 0, size); /* here, so that no loop waits for pages */
        audit_use(&audit->rings[i], audit->edition);
    }
    if (!is_good) {
        audit_close(audit);
        return fault_set(fault, "no memory for the rows of %u loops", settings->loop_count);
    }
    *out = audit;
    return true;
}

bool audit_start(struct audit *audit, struct fault *fault)
{
    int rc = pthread_create(&audit->thread, NULL, audit_run, audit);
    if (rc != 0)
        return fault_set(fault, "thread of the journal: %s", strerror(rc));
    audit->is_started = true;
    return true;
}

static void end_thread(struct audit *audit)
{
    pthread_mutex_lock(&audit->lock);
    audit->is_ending = true;
    pthread_cond_signal(&audit->woken);
    pthread_mutex_unlock(&audit->lock);
    pthread_join(audit->thread, NULL);
}

/* What the disk does not take at the end was answered, and is lost. */
static void take_the_rest(struct audit *audit)
{
    for (uint32_t i = 0; i < audit->settings.loop_count; i++)
        atomic_store(&audit->rings[i].edition, 0); /* nobody answers any more */
    audit->settings.refuses = false;
    while (!take_rows(audit)) {
    }
}

void audit_close(struct audit *audit)
{
    if (audit == NULL)
        return;
    if (audit->is_started) {
        end_thread(audit);
        take_the_rest(audit);
        audit_file_sync(audit->settings.file, wall_ms());
        tell_metrics(audit);
    }
    for (uint32_t i = 0; audit->rings != NULL && i < audit->settings.loop_count; i++) {
        if (audit->rings[i].rows != NULL)
            explicit_bzero(audit->rings[i].rows, AUDIT_RING_COUNT * sizeof(struct audit_row));
        free(audit->rings[i].rows);
    }
    free(audit->rings);
    free(audit->lost_seen);
    pthread_cond_destroy(&audit->woken);
    pthread_mutex_destroy(&audit->lock);
    free(audit);
}
