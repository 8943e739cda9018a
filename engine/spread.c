#include "engine/spread.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* What waits for one loop: a ring. */
struct inbox {
    _Alignas(CACHE_LINE_SIZE) pthread_mutex_t lock;
    _Atomic uint32_t count; /* written under the lock, read by whoever accepts */
    uint32_t first;
    bool is_ended;
    struct spread_one waiting[SPREAD_WAITING_MAX];
};
static_assert(sizeof(struct inbox) % CACHE_LINE_SIZE == 0, "no line is two loops'");

struct spread {
    const struct metrics *loops;
    uint32_t loop_count;
    struct inbox *inboxes; /* [loop_count] */
};

bool spread_open(struct spread **out, const struct metrics loops[], uint32_t loop_count,
                 struct fault *fault)
{
    struct spread *spread = calloc(1, sizeof(*spread));
    struct inbox *inboxes = lines_take(loop_count, sizeof(inboxes[0]));
    if (spread == NULL || inboxes == NULL) {
        free(spread);
        free(inboxes);
        return fault_set(fault, "no memory for %u loops", loop_count);
    }
    for (uint32_t i = 0; i < loop_count; i++)
        pthread_mutex_init(&inboxes[i].lock, NULL);
    *spread = (struct spread){loops, loop_count, inboxes};
    *out = spread;
    return true;
}

void spread_close(struct spread *spread)
{
    if (spread == NULL)
        return;
    for (uint32_t i = 0; i < spread->loop_count; i++) {
        struct spread_one one;
        while (spread_take(spread, i, &one))
            close(one.fd);
        pthread_mutex_destroy(&spread->inboxes[i].lock);
    }
    free(spread->inboxes);
    free(spread);
}

uint32_t spread_load(const struct spread *spread, uint32_t loop)
{
    uint32_t waiting = atomic_load_explicit(&spread->inboxes[loop].count, memory_order_relaxed);
    return metrics_open_count(&spread->loops[loop]) + waiting;
}

uint32_t spread_choose(const struct spread *spread, uint32_t self)
{
    uint32_t own = spread_load(spread, self), least = own, chosen = self;
    for (uint32_t i = 0; i < spread->loop_count; i++) {
        uint32_t load = spread_load(spread, i);
        if (load < least) {
            least = load;
            chosen = i;
        }
    }
    return own > least + (least >> SPREAD_SLACK_SHIFT) ? chosen : self;
}

bool spread_give(struct spread *spread, uint32_t loop, struct spread_one one)
{
    struct inbox *inbox = &spread->inboxes[loop];
    pthread_mutex_lock(&inbox->lock);
    uint32_t count = atomic_load_explicit(&inbox->count, memory_order_relaxed);
    bool is_taken = !inbox->is_ended && count < SPREAD_WAITING_MAX;
    if (is_taken) {
        inbox->waiting[(inbox->first + count) % SPREAD_WAITING_MAX] = one;
        atomic_store_explicit(&inbox->count, count + 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&inbox->lock);
    return is_taken;
}

bool spread_take(struct spread *spread, uint32_t loop, struct spread_one *out)
{
    struct inbox *inbox = &spread->inboxes[loop];
    pthread_mutex_lock(&inbox->lock);
    uint32_t count = atomic_load_explicit(&inbox->count, memory_order_relaxed);
    if (count > 0) {
        *out = inbox->waiting[inbox->first];
        inbox->first = (inbox->first + 1) % SPREAD_WAITING_MAX;
        atomic_store_explicit(&inbox->count, count - 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&inbox->lock);
    return count > 0;
}

void spread_end(struct spread *spread, uint32_t loop)
{
    struct inbox *inbox = &spread->inboxes[loop];
    pthread_mutex_lock(&inbox->lock);
    inbox->is_ended = true;
    pthread_mutex_unlock(&inbox->lock);
}
