#include "bench/fleet.h"

#include "protocol/progress.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define START_IN_NS 2000000 /* from the word to the first request: time for all to hear it */

/* What a process brings back, in memory that it shares with its parent. */
struct share {
    struct result result;
    struct fault fault;
    bool is_fine;
};

struct fleet {
    const struct plan *plan;
    struct share *shares;
    uint32_t process_count, started_count;
    pid_t pids[FLEET_PROCESS_MAX];
    int go_read, go_write;
};

static uint64_t share_of(uint64_t total, uint32_t count, uint32_t index)
{
    return total / count + (index < total % count ? 1 : 0);
}

/* Each rate at least 1: 0 would be a closed loop. */
static void plan_of_process(struct plan *out, const struct fleet *fleet, uint32_t index,
                            const struct meeting *meeting)
{
    const struct plan *plan = fleet->plan;
    *out = *plan;
    for (uint32_t i = 0; i < index; i++)
        out->connection_first +=
            (uint32_t)share_of(plan->connection_count, fleet->process_count, i);
    out->connection_count = (uint32_t)share_of(plan->connection_count, fleet->process_count, index);
    if (plan->rate_per_s != 0) {
        uint64_t rate = share_of(plan->rate_per_s, fleet->process_count, index);
        out->rate_per_s = rate > 0 ? rate : 1;
    }
    out->meeting = meeting;
}

static void run_process(struct fleet *fleet, uint32_t index, int ready_fd)
{
    struct share *share = &fleet->shares[index];
    struct meeting meeting = {ready_fd, fleet->go_read};
    struct plan plan;
    close(fleet->go_write);
    plan_of_process(&plan, fleet, index, &meeting);
    share->is_fine = driver_run(&share->result, &plan, &share->fault);
}

/* Starts process `index` and waits until its connections are open. One after the other, because
 * HELLOs of one terminal must come in the order of their counters. */
static bool start_process(struct fleet *fleet, const cpu_set_t *cores, struct fault *fault)
{
    uint32_t index = fleet->started_count;
    int ready[2];
    uint8_t word;
    if (pipe2(ready, O_CLOEXEC) != 0)
        return fault_set(fault, "no pipe: %s", strerror(errno));
    pid_t pid = child_fork(CHILD_LOAD, cores, fault);
    if (pid == 0) {
        close(ready[0]);
        run_process(fleet, index, ready[1]);
        _exit(EXIT_SUCCESS);
    }
    close(ready[1]);
    bool is_ready = pid > 0;
    if (is_ready) {
        fleet->pids[fleet->started_count++] = pid;
        is_ready = read(ready[0], &word, 1) == 1; /* the end, when it has failed */
        if (!is_ready)
            fault_set(fault, "a process of the load ended before it began");
    }
    close(ready[0]);
    return is_ready;
}

static bool say_go(const struct fleet *fleet, struct fault *fault)
{
    uint64_t start_ns = clock_monotonic_ns() + START_IN_NS;
    for (uint32_t i = 0; i < fleet->process_count; i++)
        if (write(fleet->go_write, &start_ns, sizeof(start_ns)) != (ssize_t)sizeof(start_ns))
            return fault_set(fault, "no word to a process of the load: %s", strerror(errno));
    return true;
}

static void add_up(struct result *total, const struct result *part)
{
    histogram_add_all(&total->latency, &part->latency);
    total->answer_count += part->answer_count;
    total->failed_count += part->failed_count;
    total->wrong_count += part->wrong_count;
    for (size_t i = 0; i < OUTCOME_COUNT; i++)
        total->outcomes.by[i] += part->outcomes.by[i];
    for (size_t i = 0; i < STATUS_ROOM; i++)
        total->outcomes.by_status[i] += part->outcomes.by_status[i];
    total->client_cpu_ns += part->client_cpu_ns;
    if (part->elapsed_ns > total->elapsed_ns) {
        total->elapsed_ns = part->elapsed_ns;
        total->server_cpu_ns = part->server_cpu_ns; /* the same server's, seen by each */
    }
    total->is_interrupted |= part->is_interrupted;
}

/* Waits for all; the first that failed says why. */
static bool collect(struct fleet *fleet, struct result *result, struct fault *fault)
{
    bool is_fine = true;
    for (uint32_t i = 0; i < fleet->started_count; i++) {
        const struct share *share = &fleet->shares[i];
        bool is_whole = child_wait(fleet->pids[i]) == 0;
        if (is_whole && share->is_fine)
            add_up(result, &share->result);
        if (is_fine && !share->is_fine && share->fault.text[0] != '\0')
            *fault = share->fault;
        else if (is_fine && !is_whole)
            fault_set(fault, "a process of the load was ended");
        is_fine = is_fine && is_whole && share->is_fine;
    }
    return is_fine;
}

static bool fleet_go(struct fleet *fleet, struct result *result, const cpu_set_t *cores,
                     struct fault *fault)
{
    bool is_fine = true;
    while (is_fine && fleet->started_count < fleet->process_count)
        is_fine = start_process(fleet, cores, fault);
    close(fleet->go_read);
    is_fine = is_fine && say_go(fleet, fault);
    close(fleet->go_write); /* who still waits for the word goes home */
    return collect(fleet, result, fault) && is_fine;
}

bool fleet_run(struct result *result, const struct plan *plan, uint32_t process_count,
               const cpu_set_t *cores, struct fault *fault)
{
    assert(process_count >= 1 && process_count <= FLEET_PROCESS_MAX);
    assert(process_count <= plan->connection_count);
    if (process_count == 1 && cores == NULL)
        return driver_run(result, plan, fault);
    struct fleet fleet = {.plan = plan, .process_count = process_count};
    size_t size = process_count * sizeof(fleet.shares[0]);
    int go[2];
    *result = (struct result){0};
    fleet.shares = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (fleet.shares == MAP_FAILED)
        return fault_set(fault, "no memory for results: %s", strerror(errno));
    bool is_fine = pipe2(go, O_CLOEXEC) == 0 || fault_set(fault, "no pipe: %s", strerror(errno));
    if (is_fine) {
        fleet.go_read = go[0];
        fleet.go_write = go[1];
        children_watch();
        is_fine = fleet_go(&fleet, result, cores, fault);
    }
    munmap(fleet.shares, size);
    return is_fine;
}
