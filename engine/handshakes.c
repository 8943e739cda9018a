#include "engine/handshakes.h"

#include "engine/locked.h"
#include "engine/log.h"
#include "protocol/keyfile.h"
#include "protocol/progress.h"
#include "protocol/revocation.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NICE_LOWER         19 /* than the loops: checks come first */
#define MERCHANT_PATH_SIZE 4096
#define NS_PER_MS          1000000
#define SHARE_COUNT        16384 /* so many that sources hardly ever meet in one */

/* What is done for one loop: as many places as may be under way at all. */
struct done_queue {
    struct handshake_done *places; /* [HANDSHAKES_WAITING_MAX] */
    uint32_t first, count;
};

/* When the list of revocations looked as it does: whether it must be read again. */
struct file_stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed; /* its bytes, its name, its owner or its mode */
};

struct handshakes {
    struct handshakes_settings settings;
    const struct edition *edition; /* the thread's alone */
    struct file_stamp stamp;       /* of the list that was read last, good or bad */
    struct fault refusal;          /* why it was not taken, as it was said; empty: it was */
    bool is_gone_said;             /* that there is none any more */
    pthread_t thread;
    bool is_started;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t asked_one;
    bool is_ending, is_edition_new;
    struct handshake_asked *asked; /* [HANDSHAKES_WAITING_MAX], a ring */
    uint32_t asked_first, asked_count;
    uint32_t under_way_count;     /* asked and not taken back yet */
    uint16_t shares[SHARE_COUNT]; /* of these, by a hash of their source */
    uint64_t share_seed;          /* random: nobody can choose whom to meet */
    struct done_queue *done;      /* [settings.loop_count] */
    struct revocations *revocations;
    _Atomic uint32_t revocation_count; /* written under the lock, read without */
};

/* ---- revoked keys ---- */

static bool stamp_read(struct file_stamp *out, const char *path)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return false;
    *out = (struct file_stamp){status.st_dev, status.st_ino, status.st_size, status.st_ctim};
    return true;
}

static bool stamps_equal(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* Puts a list that is newer than the present one in its place. A fault leaves the present one. */
static bool revocations_renew(struct handshakes *h, struct fault *fault)
{
    const struct handshakes_settings *settings = &h->settings;
    struct revocations *next = NULL;
    uint64_t sequence_least = h->revocations != NULL ? h->revocations->sequence : 0;
    if (!revocations_read(&next, settings->revocations, settings->revoker, settings->environment,
                          sequence_least, fault))
        return false;
    pthread_mutex_lock(&h->lock);
    struct revocations *old = h->revocations;
    h->revocations = next;
    atomic_fetch_add(&h->revocation_count, 1);
    pthread_mutex_unlock(&h->lock);
    revocations_free(old);
    return true;
}

/* Looks whether the file is another one, and says aloud what became of it. */
static void revocations_look(struct handshakes *h)
{
    struct file_stamp stamp;
    struct fault fault;
    char text[LOG_TEXT_SIZE];
    if (h->settings.revocations == NULL)
        return;
    bool is_there = stamp_read(&stamp, h->settings.revocations);
    if (!is_there && !h->is_gone_said)
        log_event("revocations_gone", "reason=\"the list that was read last stays in use\"");
    h->is_gone_said = !is_there;
    /* One that was refused is read again each time: what was in the way may have passed. */
    bool is_same = is_there && stamps_equal(&stamp, &h->stamp);
    if (!is_there || (is_same && h->refusal.text[0] == '\0'))
        return;
    h->stamp = stamp;
    if (!revocations_renew(h, &fault)) {
        if (!is_same || strcmp(fault.text, h->refusal.text) != 0)
            log_event("revocations_refused", "fault=%s", log_text(text, fault.text));
        h->refusal = fault;
        return;
    }
    h->refusal.text[0] = '\0';
    log_event("revocations", "sequence=%" PRIu64 " count=%u", h->revocations->sequence,
              h->revocations->count);
    for (uint32_t i = 0; i < h->settings.loop_count; i++)
        h->settings.wake(h->settings.context, i);
}

bool handshakes_has_revoked(struct handshakes *h, const uint8_t terminal_key[static NOISE_KEY_SIZE])
{
    pthread_mutex_lock(&h->lock);
    bool has = h->revocations != NULL && revocations_has(h->revocations, terminal_key);
    pthread_mutex_unlock(&h->lock);
    return has;
}

uint32_t handshakes_revocation_count(const struct handshakes *h)
{
    return atomic_load_explicit(&h->revocation_count, memory_order_acquire);
}

/* ---- one handshake ---- */

/* Who the key belongs to, and whether it may begin now. */
static enum hello_end judge_terminal(struct handshakes *h, const struct terminal **terminal,
                                     const uint8_t key[static NOISE_KEY_SIZE],
                                     const struct hello *hello, uint64_t now_s)
{
    const struct terminal *found = edition_find_terminal(h->edition, key);
    if (found == NULL || found->number != hello->terminal_id)
        return HELLO_STRANGER;
    uint32_t day = riga_day_of_time(now_s);
    if (day < found->from_day || day >= found->until_day)
        return HELLO_ENDED;
    if (handshakes_has_revoked(h, key))
        return HELLO_REVOKED;
    *terminal = found;
    return HELLO_ACCEPTED;
}

/* A file for each merchant, read when it is needed: a new merchant needs no restart, and its key
 * stands nowhere in this process for longer than a handshake. */
static bool read_merchant_key(const struct handshakes *h, uint64_t provider,
                              uint8_t key[static NOISE_KEY_SIZE])
{
    char path[MERCHANT_PATH_SIZE];
    struct fault fault;
    int length =
        snprintf(path, sizeof(path), "%s/%011" PRIu64 ".key", h->settings.merchant_keys, provider);
    return length > 0 && (size_t)length < sizeof(path) && keyfile_read_merchant(key, path, &fault);
}

static bool random_fill(void *out, size_t size)
{
    assert(size <= 256); /* so much comes whole */
    return getrandom(out, size, 0) == (ssize_t)size;
}

static struct accept accept_of(const struct handshakes *h, const struct terminal *terminal,
                               uint64_t session_id, uint64_t now_ms)
{
    return (struct accept){
        .time_ms = now_ms,
        .generation = h->edition->manifest->generation,
        .session_id = session_id,
        .frames_max = RECORD_FRAMES_MAX,
        .in_flight_max = RECORD_FRAMES_MAX,
        .identifiers_per_min =
            terminal->per_minute != 0 ? terminal->per_minute : h->settings.per_minute,
        .records_max = SESSION_RECORDS_MAX,
        .idle_s = h->settings.idle_s,
    };
}

/* The second message, and what both sides share from then on. */
static bool accept_make(struct handshakes *h, struct handshake_done *done,
                        struct noise_handshake *noise, const struct terminal *terminal,
                        const uint8_t merchant_key[static NOISE_KEY_SIZE], uint64_t now_ms)
{
    struct {
        uint8_t ephemeral[NOISE_KEY_SIZE];
        uint64_t session_id;
    } fresh;
    uint8_t handshake_hash[NOISE_HASH_SIZE];
    bool is_made = random_fill(&fresh, sizeof(fresh));
    struct accept accept = accept_of(h, terminal, fresh.session_id | 1, now_ms);
    is_made = is_made && accept_seal(done->accept, noise, &accept, merchant_key, fresh.ephemeral);
    if (is_made)
        noise_split(noise, &done->send, &done->receive, handshake_hash);
    explicit_bzero(&fresh, sizeof(fresh));
    return is_made;
}

static bool take_counter(struct handshakes *h, uint32_t terminal, uint64_t counter)
{
    const struct tables *tables = h->edition->tables;
    counters_make_room(h->settings.counters, tables->terminals, tables->terminal_count);
    return counters_rise(h->settings.counters, terminal, counter);
}

static enum hello_end shake(struct handshakes *h, struct handshake_done *done,
                            const struct handshake_asked *asked)
{
    const struct server_identity *identity = h->settings.identity;
    struct noise_handshake noise;
    struct hello hello;
    const struct terminal *terminal = NULL;
    uint64_t now_ms = clock_wall_s() * 1000;
    assert(asked->key_index < identity->key_count);
    if (!hello_open(&hello, done->terminal_key, &noise, identity->keys[asked->key_index],
                    &identity->names[asked->key_index], h->settings.environment, asked->hello))
        return HELLO_UNREADABLE;

    uint8_t merchant_key[NOISE_KEY_SIZE];
    enum hello_end end = judge_terminal(h, &terminal, done->terminal_key, &hello, now_ms / 1000);
    if (end == HELLO_ACCEPTED && !take_counter(h, terminal->number, hello.counter))
        end = HELLO_REPLAYED;
    if (end == HELLO_ACCEPTED && !read_merchant_key(h, terminal->provider, merchant_key))
        end = HELLO_NO_MERCHANT_KEY;
    if (end == HELLO_ACCEPTED && !accept_make(h, done, &noise, terminal, merchant_key, now_ms))
        end = HELLO_UNREADABLE;
    if (end == HELLO_ACCEPTED) {
        done->terminal_number = terminal->number;
        done->guard_slot = guard_slot(h->settings.guard, terminal->number, now_ms / 1000);
    }
    explicit_bzero(merchant_key, sizeof(merchant_key));
    noise_wipe(&noise, sizeof(noise));
    return end;
}

/* ---- the thread ---- */

/* The next HELLO; false when there was none for a while, or the end has come. */
static bool next_asked(struct handshakes *h, struct handshake_asked *out)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += REVOCATIONS_POLL_MS * NS_PER_MS;
    until.tv_sec += until.tv_nsec / (1000 * NS_PER_MS);
    until.tv_nsec %= 1000 * NS_PER_MS;
    int rc = 0;
    pthread_mutex_lock(&h->lock);
    while (rc == 0 && h->asked_count == 0 && !h->is_ending && !h->is_edition_new)
        rc = pthread_cond_timedwait(&h->asked_one, &h->lock, &until);
    bool is_one = h->asked_count > 0 && !h->is_ending && !h->is_edition_new;
    if (is_one) {
        *out = h->asked[h->asked_first];
        h->asked_first = (h->asked_first + 1) % HANDSHAKES_WAITING_MAX;
        h->asked_count--;
    }
    pthread_mutex_unlock(&h->lock);
    return is_one;
}

static void give_back(struct handshakes *h, uint32_t loop, const struct handshake_done *done)
{
    pthread_mutex_lock(&h->lock);
    struct done_queue *queue = &h->done[loop];
    assert(queue->count < HANDSHAKES_WAITING_MAX);
    queue->places[(queue->first + queue->count++) % HANDSHAKES_WAITING_MAX] = *done;
    pthread_mutex_unlock(&h->lock);
    h->settings.wake(h->settings.context, loop);
}

/* False at the end. */
static bool take_edition(struct handshakes *h)
{
    pthread_mutex_lock(&h->lock);
    bool is_new = h->is_edition_new, is_ending = h->is_ending;
    h->is_edition_new = false;
    pthread_mutex_unlock(&h->lock);
    if (is_new)
        h->edition = store_take(h->settings.store, h->settings.reader);
    return !is_ending;
}

static void *handshakes_run(void *argument)
{
    struct handshakes *h = argument;
    struct handshake_asked asked;
    setpriority(PRIO_PROCESS, (id_t)gettid(), NICE_LOWER); /* of this thread */
    uint64_t looked_ms = 0;
    while (take_edition(h)) {
        if (next_asked(h, &asked)) {
            struct handshake_done done = {
                .conn = asked.conn, .serial = asked.serial, .source = asked.source};
            done.end = shake(h, &done, &asked);
            give_back(h, asked.loop, &done);
            explicit_bzero(&done, sizeof(done));
        }
        uint64_t now_ms = clock_monotonic_ns() / NS_PER_MS;
        if (now_ms - looked_ms >= REVOCATIONS_POLL_MS) {
            revocations_look(h);
            looked_ms = now_ms;
        }
    }
    store_leave(h->settings.store, h->settings.reader);
    return NULL;
}

/* ---- for the loops ---- */

void handshakes_wake(struct handshakes *h)
{
    pthread_mutex_lock(&h->lock);
    h->is_edition_new = true;
    pthread_cond_signal(&h->asked_one);
    pthread_mutex_unlock(&h->lock);
}

static uint16_t *share_of(struct handshakes *h, uint64_t source)
{
    uint64_t x = (source ^ h->share_seed) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return &h->shares[(x >> 32) % SHARE_COUNT];
}
static_assert(HANDSHAKES_WAITING_MAX <= UINT16_MAX, "a share can be all that wait");

enum submitted handshakes_submit(struct handshakes *h, const struct handshake_asked *asked)
{
    assert(asked->loop < h->settings.loop_count);
    enum submitted submitted = SUBMITTED;
    pthread_mutex_lock(&h->lock);
    uint16_t *share = share_of(h, asked->source);
    if (h->under_way_count >= HANDSHAKES_WAITING_MAX)
        submitted = SUBMITTED_FULL;
    else if (h->under_way_count >= HANDSHAKES_CROWD_MIN && *share >= HANDSHAKES_SHARE_MAX)
        submitted = SUBMITTED_CROWDED;
    if (submitted == SUBMITTED) {
        h->asked[(h->asked_first + h->asked_count++) % HANDSHAKES_WAITING_MAX] = *asked;
        h->under_way_count++;
        (*share)++;
        pthread_cond_signal(&h->asked_one);
    }
    pthread_mutex_unlock(&h->lock);
    return submitted;
}

bool handshakes_take(struct handshakes *h, uint32_t loop, struct handshake_done *out)
{
    pthread_mutex_lock(&h->lock);
    struct done_queue *queue = &h->done[loop];
    bool is_one = queue->count > 0;
    if (is_one) {
        *out = queue->places[queue->first];
        explicit_bzero(&queue->places[queue->first], sizeof(queue->places[0]));
        queue->first = (queue->first + 1) % HANDSHAKES_WAITING_MAX;
        queue->count--;
        h->under_way_count--;
        (*share_of(h, out->source))--;
    }
    pthread_mutex_unlock(&h->lock);
    return is_one;
}

/* ---- opening and closing ---- */

static bool queues_open(struct handshakes *h, struct fault *fault)
{
    if (!random_fill(&h->share_seed, sizeof(h->share_seed)))
        return fault_set(fault, "no randomness for handshakes: %s", strerror(errno));
    uint32_t loop_count = h->settings.loop_count;
    h->asked = calloc(HANDSHAKES_WAITING_MAX, sizeof(h->asked[0]));
    h->done = calloc(loop_count, sizeof(h->done[0]));
    bool is_good = h->asked != NULL && h->done != NULL;
    for (uint32_t i = 0; is_good && i < loop_count; i++) {
        h->done[i].places = locked_take(HANDSHAKES_WAITING_MAX, sizeof(h->done[i].places[0]));
        is_good = h->done[i].places != NULL;
    }
    return is_good || fault_set(fault, "no memory for handshakes");
}

bool handshakes_open(struct handshakes **out, const struct handshakes_settings *settings,
                     struct fault *fault)
{
    struct handshakes *h = calloc(1, sizeof(*h));
    if (h == NULL)
        return fault_set(fault, "no memory for handshakes");
    h->settings = *settings;
    pthread_mutex_init(&h->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&h->asked_one, &attributes);
    pthread_condattr_destroy(&attributes);
    h->is_edition_new = true;
    if (settings->revocations != NULL)
        (void)stamp_read(&h->stamp, settings->revocations); /* reading it says what is wrong */
    if (!queues_open(h, fault) || (settings->revocations != NULL && !revocations_renew(h, fault))) {
        handshakes_close(h);
        return false;
    }
    *out = h;
    return true;
}

bool handshakes_start(struct handshakes *h, struct fault *fault)
{
    int rc = pthread_create(&h->thread, NULL, handshakes_run, h);
    if (rc != 0)
        return fault_set(fault, "thread of handshakes: %s", strerror(rc));
    h->is_started = true;
    return true;
}

void handshakes_end(struct handshakes *h)
{
    if (h == NULL || !h->is_started)
        return;
    pthread_mutex_lock(&h->lock);
    h->is_ending = true;
    pthread_cond_signal(&h->asked_one);
    pthread_mutex_unlock(&h->lock);
    pthread_join(h->thread, NULL);
    h->is_started = false;
}

void handshakes_close(struct handshakes *h)
{
    if (h == NULL)
        return;
    handshakes_end(h);
    for (uint32_t i = 0; h->done != NULL && i < h->settings.loop_count; i++)
        locked_free(h->done[i].places, HANDSHAKES_WAITING_MAX, sizeof(h->done[i].places[0]));
    free(h->done);
    free(h->asked);
    revocations_free(h->revocations);
    pthread_cond_destroy(&h->asked_one);
    pthread_mutex_destroy(&h->lock);
    free(h);
}
