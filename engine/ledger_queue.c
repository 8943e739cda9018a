#include "engine/ledger_queue.h"

#include "engine/lines.h"

#include <assert.h>
#include <stdlib.h>

/* Both counts only rise; no ring overflows, because no more are under way than one has places. */
struct request_ring {
    _Alignas(CACHE_LINE_SIZE) _Atomic uint64_t end;
    _Alignas(CACHE_LINE_SIZE) _Atomic uint64_t first;
    struct ledger_request *places; /* [LEDGER_WAITING_MAX] */
};
struct verdict_ring {
    _Alignas(CACHE_LINE_SIZE) _Atomic uint64_t end;
    _Alignas(CACHE_LINE_SIZE) _Atomic uint64_t first;
    struct ledger_verdict *places; /* [LEDGER_WAITING_MAX] */
};

/* ---- for the loops ---- */

static _Atomic uint32_t *share_of(struct ledger_queue *queue, uint64_t asker)
{
    return &queue->shares[asker * UINT64_C(0x9e3779b97f4a7c15) >> (64 - SHARE_BITS)];
}

/* How many of `count`, for which there is room, their askers may have. */
static size_t shares_take(struct ledger_queue *queue, const struct ledger_request requests[],
                          size_t count)
{
    uint64_t under_way = atomic_load(&queue->under_way_count);
    size_t taken = 0;
    for (; taken < count; taken++) {
        _Atomic uint32_t *share = share_of(queue, requests[taken].asker);
        uint32_t had = atomic_fetch_add(share, 1);
        if (had >= LEDGER_SHARE_MAX && under_way - count + taken >= LEDGER_CROWD_MIN) {
            atomic_fetch_sub(share, 1);
            break;
        }
    }
    atomic_fetch_sub(&queue->under_way_count, count - taken);
    return taken;
}

/* Room for so many of `count`. */
static size_t room_take(struct ledger_queue *queue, size_t count)
{
    uint64_t under_way = atomic_load(&queue->under_way_count);
    size_t taken;
    do {
        uint64_t room = LEDGER_WAITING_MAX - under_way;
        taken = count < room ? count : (size_t)room;
    } while (taken > 0 &&
             !atomic_compare_exchange_weak(&queue->under_way_count, &under_way, under_way + taken));
    return taken;
}

size_t ledger_queue_submit(struct ledger_queue *queue, uint32_t loop,
                           const struct ledger_request requests[], size_t count)
{
    assert(loop < queue->loop_count);
    size_t taken = shares_take(queue, requests, room_take(queue, count));
    struct request_ring *ring = &queue->asked[loop];
    uint64_t end = atomic_load_explicit(&ring->end, memory_order_relaxed);
    for (size_t i = 0; i < taken; i++)
        ring->places[(end + i) % LEDGER_WAITING_MAX] = requests[i];
    atomic_store(&ring->end, end + taken);
    return taken;
}

size_t ledger_queue_take(struct ledger_queue *queue, uint32_t loop, struct ledger_verdict out[],
                         size_t room)
{
    assert(loop < queue->loop_count);
    struct verdict_ring *ring = &queue->done[loop];
    uint64_t first = atomic_load_explicit(&ring->first, memory_order_relaxed);
    uint64_t there = atomic_load_explicit(&ring->end, memory_order_acquire) - first;
    size_t count = there < room ? (size_t)there : room;
    for (size_t i = 0; i < count; i++)
        out[i] = ring->places[(first + i) % LEDGER_WAITING_MAX];
    atomic_store_explicit(&ring->first, first + count, memory_order_release);
    atomic_fetch_sub(&queue->under_way_count, count);
    return count;
}

uint64_t ledger_queue_waiting(const struct ledger_queue *queue)
{
    return atomic_load(&queue->under_way_count);
}

/* ---- for the thread ---- */

size_t ledger_queue_gather(struct ledger_queue *queue, struct member members[], size_t room)
{
    size_t count = 0;
    assert(queue->loop_count > 0);
    for (uint32_t i = 0; i < queue->loop_count && count < room; i++) {
        uint32_t loop = (queue->next_loop + i) % queue->loop_count;
        const struct request_ring *ring = &queue->asked[loop];
        uint64_t first = atomic_load_explicit(&ring->first, memory_order_relaxed);
        uint64_t end = atomic_load(&ring->end);
        for (; first < end && count < room; first++)
            members[count++] = (struct member){&ring->places[first % LEDGER_WAITING_MAX], loop};
    }
    queue->next_loop = (queue->next_loop + 1) % queue->loop_count;
    return count;
}

bool ledger_queue_has_asked(const struct ledger_queue *queue)
{
    for (uint32_t i = 0; i < queue->loop_count; i++)
        if (atomic_load(&queue->asked[i].end) !=
            atomic_load_explicit(&queue->asked[i].first, memory_order_relaxed))
            return true;
    return false;
}

size_t ledger_queue_give(struct ledger_queue *queue, const struct member members[],
                         const struct ledger_verdict verdicts[], size_t count)
{
    uint32_t loop = members[0].loop;
    struct verdict_ring *done = &queue->done[loop];
    uint64_t end = atomic_load_explicit(&done->end, memory_order_relaxed);
    size_t given = 0;
    for (; given < count && members[given].loop == loop; given++) {
        atomic_fetch_sub(share_of(queue, members[given].request->asker), 1);
        done->places[(end + given) % LEDGER_WAITING_MAX] = verdicts[given];
    }
    atomic_fetch_add_explicit(&queue->asked[loop].first, given, memory_order_release);
    atomic_store_explicit(&done->end, end + given, memory_order_release);
    return given;
}

/* ---- opening and closing ---- */

bool ledger_queue_open(struct ledger_queue *queue, uint32_t loop_count, struct fault *fault)
{
    queue->loop_count = loop_count;
    queue->asked = lines_take(loop_count, sizeof(queue->asked[0]));
    queue->done = lines_take(loop_count, sizeof(queue->done[0]));
    bool is_good = queue->asked != NULL && queue->done != NULL;
    for (uint32_t i = 0; is_good && i < loop_count; i++) {
        queue->asked[i].places = calloc(LEDGER_WAITING_MAX, sizeof(queue->asked[i].places[0]));
        queue->done[i].places = calloc(LEDGER_WAITING_MAX, sizeof(queue->done[i].places[0]));
        is_good = queue->asked[i].places != NULL && queue->done[i].places != NULL;
    }
    return is_good || fault_set(fault, "no memory for the ledger's queues");
}

void ledger_queue_close(struct ledger_queue *queue)
{
    for (uint32_t i = 0; i < queue->loop_count; i++) {
        if (queue->asked != NULL)
            free(queue->asked[i].places);
        if (queue->done != NULL)
            free(queue->done[i].places);
    }
    free(queue->asked);
    free(queue->done);
}
