#include "loader/parallel.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

struct loop {
    void (*work)(void *context, uint32_t thread, size_t first, size_t end);
    void *context;
    size_t item_count, run_size;
    atomic_size_t next;
};

struct worker {
    struct loop *loop;
    uint32_t thread;
};

uint32_t parallel_core_count(void)
{
    cpu_set_t cores;
    if (sched_getaffinity(0, sizeof(cores), &cores) != 0)
        return 1;
    int count = CPU_COUNT(&cores);
    return count < 1 ? 1 : count > THREAD_COUNT_MAX ? THREAD_COUNT_MAX : (uint32_t)count;
}

static void *worker_run(void *data)
{
    struct worker *worker = data;
    struct loop *loop = worker->loop;
    for (;;) {
        size_t first = atomic_fetch_add(&loop->next, loop->run_size);
        if (first >= loop->item_count)
            return NULL;
        size_t left = loop->item_count - first;
        loop->work(loop->context, worker->thread, first,
                   first + (left < loop->run_size ? left : loop->run_size));
    }
}

void parallel_for(uint32_t thread_count, size_t item_count, size_t run_size,
                  void (*work)(void *context, uint32_t thread, size_t first, size_t end),
                  void *context)
{
    assert(thread_count >= 1 && thread_count <= THREAD_COUNT_MAX && run_size > 0);
    struct loop loop = {
        .work = work, .context = context, .item_count = item_count, .run_size = run_size};
    struct worker workers[THREAD_COUNT_MAX];
    pthread_t threads[THREAD_COUNT_MAX];

    uint32_t started_count = 1;
    size_t run_count = (item_count + run_size - 1) / run_size;
    while (started_count < thread_count && started_count < run_count) {
        workers[started_count] = (struct worker){&loop, started_count};
        if (pthread_create(&threads[started_count], NULL, worker_run, &workers[started_count]) != 0)
            break;
        started_count++;
    }
    workers[0] = (struct worker){&loop, 0};
    worker_run(&workers[0]);
    for (uint32_t i = 1; i < started_count; i++)
        pthread_join(threads[i], NULL);
}
