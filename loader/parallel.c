#include "loader/parallel.h"

#include <assert.h>
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_SIZE_LEAST ((size_t)4 << 20)

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

/* Tables of millions are looked into at random: with pages of 2 MiB there are fewer page faults and
 * fewer misses of the page tables. Advice that is not taken changes nothing. */
static void ask_for_huge_pages(void *memory, size_t size)
{
    uintptr_t page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)memory + page_size - 1) / page_size * page_size;
    uintptr_t end = ((uintptr_t)memory + size) / page_size * page_size;
    if (size >= HUGE_SIZE_LEAST)
        madvise((void *)first, end - first, MADV_HUGEPAGE);
}

static void *memory_or_exit(void *memory, size_t count, size_t size)
{
    if (memory == NULL)
        errx(3, "out of memory: no room for %zu items of %zu bytes", count, size);
    ask_for_huge_pages(memory, count * size);
    return memory;
}

void *memory_take(size_t count, size_t size)
{
    assert(count <= SIZE_MAX / size);
    return memory_or_exit(malloc(count == 0 ? 1 : count * size), count, size);
}

void *memory_take_zeroed(size_t count, size_t size)
{
    return memory_or_exit(calloc(count == 0 ? 1 : count, size), count, size);
}

void *memory_grow(void *old, size_t count, size_t size)
{
    return memory_or_exit(reallocarray(old, count == 0 ? 1 : count, size), count, size);
}
