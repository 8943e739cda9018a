#include "engine/store.h"

#include "engine/log.h"
#include "protocol/progress.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define NICE_LOWEST 19

/* A snapshot with what was worked out of it. */
struct holding {
    struct snapshot *snapshot;
    struct edition *edition;
};

/* What CURRENT says. */
struct pointer {
    uint64_t generation;
    uint8_t manifest_hash[DATA_HASH_SIZE];
};

struct store {
    struct store_settings settings;
    struct holding current; /* written by the side thread under the lock */
    pthread_t thread;
    bool is_started;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    bool is_ending, is_asked; /* asked to look now */
    uint64_t swap_count;
    const struct edition *held[STORE_READERS_MAX];   /* NULL: holds none */
    const struct edition *beside[STORE_READERS_MAX]; /* held before, and still; NULL: none */

    /* The side thread's own memory of what it has already judged. */
    struct pointer served, refused;
    bool is_served_known, is_refused_known;
    bool is_expiry_said;
    struct fault said; /* the last fault of CURRENT itself, so that it is said once */
};

static void holding_close(struct holding *holding)
{
    edition_close(holding->edition);
    snapshot_close(holding->snapshot);
    *holding = (struct holding){NULL, NULL};
}

/* The ledger goes on counting for the same people, whatever snapshot is in service. */
static bool subjects_fit(const struct store *store, const struct manifest *manifest,
                         struct fault *fault)
{
    char text[GENERATION_TEXT_SIZE];
    if (store->settings.subject_check == 0 ||
        manifest->subject_check == store->settings.subject_check)
        return true;
    generation_to_text(text, manifest->generation);
    if (manifest->subject_check == 0)
        return fault_set(fault,
                         "snapshot %s: has no subjects, and the ledger counts by them; build it "
                         "with eligload build --subject-key FILE, with the ledger's key",
                         text);
    return fault_set(fault,
                     "snapshot %s: its subjects were made with another key than --subject-key; "
                     "build it with the ledger's key, or everybody's counts begin anew",
                     text);
}

static bool holding_open(struct holding *out, const struct store *store, uint64_t generation_above,
                         struct fault *fault)
{
    struct snapshot_trust trust = {
        .signer = store->settings.signer,
        .identity = store->settings.identity,
        .identity_keys = store->settings.identity_keys,
        .environment = store->settings.environment,
        .generation_above = generation_above,
        .now_s = clock_wall_s(),
    };
    struct holding next = {NULL, NULL};
    if (!snapshot_open_current(&next.snapshot, store->settings.directory, &trust, fault))
        return false;
    if (!subjects_fit(store, snapshot_manifest(next.snapshot), fault) ||
        !edition_open(&next.edition, snapshot_tables(next.snapshot),
                      snapshot_manifest(next.snapshot), fault) ||
        !edition_take_identity(next.edition, snapshot_identity(next.snapshot), fault)) {
        holding_close(&next);
        return false;
    }
    *out = next;
    return true;
}

static bool pointers_equal(const struct pointer *a, const struct pointer *b)
{
    return a->generation == b->generation &&
           memcmp(a->manifest_hash, b->manifest_hash, sizeof(a->manifest_hash)) == 0;
}

/* ---- the side thread ---- */

static bool is_ending(struct store *store)
{
    pthread_mutex_lock(&store->lock);
    bool is = store->is_ending;
    pthread_mutex_unlock(&store->lock);
    return is;
}

static bool is_held(const struct store *store, const struct edition *edition)
{
    for (uint32_t i = 0; i < store->settings.reader_count; i++) {
        if (store->held[i] == edition || store->beside[i] == edition)
            return true;
    }
    return false;
}

/* Puts `next` in service and waits until no reader holds the old one. A reader that has taken
 * nothing yet holds none, and will take the new one. */
static void store_swap(struct store *store, struct holding next)
{
    pthread_mutex_lock(&store->lock);
    struct holding old = store->current;
    store->current = next;
    store->swap_count++;
    pthread_mutex_unlock(&store->lock);

    for (uint32_t i = 0; i < store->settings.reader_count; i++)
        store->settings.wake(store->settings.context, i);

    pthread_mutex_lock(&store->lock);
    while (is_held(store, old.edition))
        pthread_cond_wait(&store->changed, &store->lock);
    pthread_mutex_unlock(&store->lock);
    holding_close(&old);
}

static void log_refusal(const struct fault *fault)
{
    char text[LOG_TEXT_SIZE];
    log_event("refused", "fault=%s", log_text(text, fault->text));
}

/* CURRENT itself cannot be read: said once, until it says something else. */
static void refuse_current(struct store *store, const struct fault *fault, bool is_asked)
{
    if (is_asked || strcmp(store->said.text, fault->text) != 0)
        log_refusal(fault);
    store->said = *fault;
}

static void store_try(struct store *store, const struct pointer *pointer)
{
    struct fault fault = {""};
    struct holding next;
    char old_text[GENERATION_TEXT_SIZE], new_text[GENERATION_TEXT_SIZE];
    uint64_t old_generation = store->current.edition->manifest->generation;
    uint64_t start_ns = clock_monotonic_ns();

    if (!holding_open(&next, store, old_generation, &fault)) {
        store->refused = *pointer;
        store->is_refused_known = true;
        log_refusal(&fault);
        return;
    }
    uint64_t opened_ns = clock_monotonic_ns();
    uint64_t generation = next.edition->manifest->generation;
    uint64_t identifier_count = next.edition->manifest->identifier_count;
    store_swap(store, next);
    /* CURRENT may have moved on between the two looks at it. */
    store->is_served_known = pointer->generation == generation;
    store->served = *pointer;
    store->is_refused_known = false;
    store->is_expiry_said = false;

    generation_to_text(old_text, old_generation);
    generation_to_text(new_text, generation);
    log_event("swap",
              "generation=%s previous=%s identifiers=%" PRIu64 " open_ms=%" PRIu64
              " hand_over_us=%" PRIu64,
              new_text, old_text, identifier_count, (opened_ns - start_ns) / 1000000,
              (clock_monotonic_ns() - opened_ns) / 1000);
}

static void look_at_current(struct store *store, bool is_asked)
{
    struct pointer pointer;
    struct fault fault = {""};
    if (!snapshot_current(store->settings.directory, &pointer.generation, pointer.manifest_hash,
                          &fault)) {
        refuse_current(store, &fault, is_asked);
        return;
    }
    store->said.text[0] = '\0';

    if (!store->is_served_known &&
        pointer.generation == store->current.edition->manifest->generation) {
        store->served = pointer;
        store->is_served_known = true;
    }
    if (store->is_served_known && pointers_equal(&pointer, &store->served)) {
        store->is_refused_known = false;
        if (is_asked)
            log_event("unchanged", "reason=\"CURRENT names the snapshot in service\"");
        return;
    }
    if (!is_asked && store->is_refused_known && pointers_equal(&pointer, &store->refused))
        return;
    store_try(store, &pointer);
}

/* An old snapshot goes on serving and its answers say how stale it is; the log says it once. */
static void look_at_expiry(struct store *store)
{
    const struct manifest *manifest = store->current.edition->manifest;
    if (store->is_expiry_said || clock_wall_s() <= manifest->not_after_s)
        return;
    char text[GENERATION_TEXT_SIZE];
    generation_to_text(text, manifest->generation);
    log_event("expired", "generation=%s reason=\"the snapshot in service is past its not-after\"",
              text);
    store->is_expiry_said = true;
}

/* Sleeps until the next look is due; true when asked to look now. */
static bool wait_for_look(struct store *store)
{
    struct timespec due;
    clock_gettime(CLOCK_MONOTONIC, &due);
    uint64_t ns = (uint64_t)due.tv_nsec + (uint64_t)store->settings.poll_ms * 1000000;
    due.tv_sec += (time_t)(ns / NS_PER_S);
    due.tv_nsec = (long)(ns % NS_PER_S);

    pthread_mutex_lock(&store->lock);
    int rc = 0;
    while (!store->is_ending && !store->is_asked && rc == 0)
        rc = pthread_cond_timedwait(&store->changed, &store->lock, &due);
    bool is_asked = store->is_asked;
    store->is_asked = false;
    pthread_mutex_unlock(&store->lock);
    return is_asked;
}

static void *store_watch(void *argument)
{
    struct store *store = argument;
    /* On Linux this is the thread's own priority. Verifying is to disturb nobody; when the system
     * does not let us, it goes on all the same. */
    if (setpriority(PRIO_PROCESS, (id_t)gettid(), NICE_LOWEST) != 0)
        log_event("note", "reason=\"the side thread keeps its priority\"");
    while (!is_ending(store)) {
        bool is_asked = wait_for_look(store);
        if (is_ending(store))
            break;
        look_at_current(store, is_asked);
        look_at_expiry(store);
    }
    return NULL;
}

/* ---- everybody else ---- */

bool store_open(struct store **out, const struct store_settings *settings, struct fault *fault)
{
    assert(settings->reader_count <= STORE_READERS_MAX);
    struct store *store = calloc(1, sizeof(*store));
    if (store == NULL)
        return fault_set(fault, "no memory for the store");
    store->settings = *settings;

    /* What CURRENT says is remembered before it is opened: a change in between is seen later. */
    struct pointer pointer;
    if (!snapshot_current(settings->directory, &pointer.generation, pointer.manifest_hash, fault) ||
        !holding_open(&store->current, store, 0, fault)) {
        free(store);
        return false;
    }
    store->served = pointer;
    store->is_served_known = pointer.generation == store->current.edition->manifest->generation;

    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&store->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&store->lock, NULL);
    *out = store;
    return true;
}

bool store_start(struct store *store, struct fault *fault)
{
    int rc = pthread_create(&store->thread, NULL, store_watch, store);
    if (rc != 0)
        return fault_set(fault, "side thread: %s", strerror(rc));
    store->is_started = true;
    return true;
}

static const struct edition *take(struct store *store, uint32_t reader, bool is_beside)
{
    assert(reader < store->settings.reader_count);
    pthread_mutex_lock(&store->lock);
    const struct edition *edition = store->current.edition;
    if (store->held[reader] != edition) { /* loops wake for much else, too */
        assert(!is_beside || store->beside[reader] == NULL);
        if (is_beside)
            store->beside[reader] = store->held[reader];
        store->held[reader] = edition;
        pthread_cond_broadcast(&store->changed);
    }
    pthread_mutex_unlock(&store->lock);
    return edition;
}

const struct edition *store_take(struct store *store, uint32_t reader)
{
    return take(store, reader, false);
}

const struct edition *store_take_beside(struct store *store, uint32_t reader)
{
    return take(store, reader, true);
}

void store_let_go(struct store *store, uint32_t reader)
{
    assert(reader < store->settings.reader_count);
    pthread_mutex_lock(&store->lock);
    store->beside[reader] = NULL;
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->lock);
}

void store_leave(struct store *store, uint32_t reader)
{
    assert(reader < store->settings.reader_count);
    pthread_mutex_lock(&store->lock);
    store->held[reader] = store->beside[reader] = NULL;
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->lock);
}

void store_look(struct store *store)
{
    pthread_mutex_lock(&store->lock);
    store->is_asked = true;
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->lock);
}

uint64_t store_swap_count(struct store *store)
{
    pthread_mutex_lock(&store->lock);
    uint64_t swap_count = store->swap_count;
    pthread_mutex_unlock(&store->lock);
    return swap_count;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    pthread_mutex_lock(&store->lock);
    store->is_ending = true;
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->lock);
    if (store->is_started)
        pthread_join(store->thread, NULL);
    for (uint32_t i = 0; i < store->settings.reader_count; i++)
        assert(store->held[i] == NULL);
    holding_close(&store->current);
    pthread_cond_destroy(&store->changed);
    pthread_mutex_destroy(&store->lock);
    free(store);
}
