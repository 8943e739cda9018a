#include "bench/storm.h"

#include "bench/pace.h"
#include "bench/random.h"
#include "bench/seal.h"
#include "bench/take.h"
#include "bench/terminals.h"
#include "protocol/address.h"
#include "protocol/progress.h"
#include "protocol/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_A_TURN    256
#define BEGUN_A_TURN     64
#define RETRY_WAIT_MS    1000 /* after a connection that broke */
#define GIVE_UP_MS       60000
#define GARBAGE_OPEN_MAX 512
#define NS_PER_MS        UINT64_C(1000000)

/* A terminal on its way to a session. The core of one is large and needed for the handshake alone,
 * so that 10,000 of them are made ahead without it. */
struct caller {
    int fd;           /* -1: waits to come back */
    bool is_prepared; /* its HELLO is ready */
    uint64_t began_ns, retry_ns;
    bool is_accepted;
    struct elig_session *session;
};

static uint64_t cpu_ns_of(pid_t pid)
{
    clockid_t clock;
    struct timespec now = {0, 0};
    if (pid != 0 && clock_getcpuclockid(pid, &clock) == 0)
        clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* Private memory of a process: what it alone costs. */
static uint64_t memory_of(pid_t pid)
{
    char path[64], line[256];
    static const char wanted[] = "Private_Dirty:";
    uint64_t total = 0;
    snprintf(path, sizeof(path), "/proc/%ld/smaps_rollup", (long)pid);
    FILE *from = pid != 0 ? fopen(path, "re") : NULL;
    while (from != NULL && fgets(line, sizeof(line), from) != NULL)
        if (strncmp(line, wanted, sizeof(wanted) - 1) == 0)
            total += strtoull(line + sizeof(wanted) - 1, NULL, 10) * 1024;
    if (from != NULL)
        fclose(from);
    return total;
}

static bool raise_descriptors(uint32_t count, struct fault *fault)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max < count + 64u)
        return fault_set(fault, "the system allows too few descriptors for %u connections", count);
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 || fault_set(fault, "%s", strerror(errno));
}

static int connect_at_once(const char *text, struct fault *fault)
{
    struct address address;
    if (address_parse(&address, text) == ADDRESS_NOT_UNDERSTOOD) {
        fault_set(fault, "%s: wanted ADDRESS:PORT, numeric", text);
        return -1;
    }
    int fd = socket(address.socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && (connect(fd, (struct sockaddr *)&address.socket, address.size) == 0 ||
                    errno == EINPROGRESS))
        return fd;
    fault_set(fault, "%s: cannot connect: %s", text, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* ---- handshakes ---- */

struct storm {
    const struct storm_plan *plan;
    struct storm_result *result;
    int epoll_fd;
    struct caller *callers;
    uint8_t *hellos;
};

static void caller_leave(struct caller *caller, uint64_t retry_ns)
{
    close(caller->fd);
    caller->fd = -1;
    caller->retry_ns = retry_ns;
}

static bool caller_prepare(struct storm *storm, uint32_t i, struct fault *fault)
{
    struct caller *caller = &storm->callers[i];
    caller->is_prepared = seal_prepare(caller->session, storm->plan->sealing, i,
                                       storm->hellos + (size_t)i * ELIG_HELLO_SIZE, fault);
    return caller->is_prepared;
}

static bool caller_begin(struct storm *storm, uint32_t i, struct fault *fault)
{
    struct caller *caller = &storm->callers[i];
    if (!caller->is_prepared && !caller_prepare(storm, i, fault))
        return false;
    caller->is_prepared = false;
    caller->fd = connect_at_once(storm->plan->address, fault);
    struct epoll_event event = {.events = EPOLLOUT, .data.u32 = i};
    return caller->fd >= 0 && epoll_ctl(storm->epoll_fd, EPOLL_CTL_ADD, caller->fd, &event) == 0;
}

static void caller_write(struct storm *storm, uint32_t i)
{
    struct caller *caller = &storm->callers[i];
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
    if (send(caller->fd, storm->hellos + (size_t)i * ELIG_HELLO_SIZE, ELIG_HELLO_SIZE,
             MSG_NOSIGNAL) != ELIG_HELLO_SIZE ||
        epoll_ctl(storm->epoll_fd, EPOLL_CTL_MOD, caller->fd, &event) != 0) {
        storm->result->failed_count++;
        caller_leave(caller, clock_monotonic_ns() + RETRY_WAIT_MS * NS_PER_MS);
    }
}

/* Each says one thing, so that its session is used: the server keeps none that is not. */
static void caller_ping(struct storm *storm, uint32_t i)
{
    struct request ping = {.kind = KIND_PING, .request_id = i + 1};
    uint8_t frame[FRAME_SIZE], record[DATA_SIZE(1)];
    size_t size;
    frame_encode_request(frame, &ping);
    if (elig_session_put(storm->callers[i].session, frame, 1, record, sizeof(record), &size) !=
            ELIG_FINE ||
        send(storm->callers[i].fd, record, size, MSG_NOSIGNAL) != (ssize_t)size)
        storm->result->failed_count++;
}

static void caller_read(struct storm *storm, uint32_t i)
{
    struct caller *caller = &storm->callers[i];
    struct storm_result *result = storm->result;
    uint8_t bytes[ELIG_RECORD_SIZE_MAX];
    struct elig_event event = {.kind = ELIG_EVENT_OVER};
    uint64_t now_ns = clock_monotonic_ns();
    ssize_t got = recv(caller->fd, bytes, sizeof(bytes), 0);
    if (got > 0)
        elig_session_take(caller->session, bytes, (size_t)got, &event);
    if (event.kind == ELIG_EVENT_NONE || event.kind == ELIG_EVENT_FRAMES)
        return;
    if (event.kind == ELIG_EVENT_ACCEPTED) {
        caller->is_accepted = true;
        result->accepted_count++;
        histogram_add(&result->latency, now_ns - caller->began_ns);
        caller_ping(storm, i);
        return;
    }
    if (caller->is_accepted) { /* and lost again */
        caller->is_accepted = false;
        result->accepted_count--;
    }
    bool is_busy = event.kind == ELIG_EVENT_BUSY;
    result->busy_count += is_busy;
    result->failed_count += !is_busy;
    caller_leave(caller, now_ns + (is_busy ? event.wait_ms : RETRY_WAIT_MS) * NS_PER_MS);
}

/* Some of those whose wait is over come back: not so many at once that others wait for us. */
static bool retry_due(struct storm *storm, struct fault *fault)
{
    uint64_t now_ns = clock_monotonic_ns();
    uint32_t begun_count = 0;
    for (uint32_t i = 0; i < storm->plan->connection_count && begun_count < BEGUN_A_TURN; i++) {
        struct caller *caller = &storm->callers[i];
        if (caller->fd >= 0 || caller->is_accepted || caller->retry_ns > now_ns)
            continue;
        if (!caller_begin(storm, i, fault))
            return false;
        begun_count++;
    }
    return true;
}

static void turn(struct storm *storm)
{
    struct epoll_event events[EVENTS_A_TURN];
    int count = epoll_wait(storm->epoll_fd, events, EVENTS_A_TURN, 1);
    for (int e = 0; e < count; e++) {
        uint32_t i = events[e].data.u32;
        if (storm->callers[i].fd < 0)
            continue;
        if (events[e].events & EPOLLOUT)
            caller_write(storm, i);
        else
            caller_read(storm, i);
    }
}

static bool all_come(struct storm *storm, struct fault *fault)
{
    const struct storm_plan *plan = storm->plan;
    for (uint32_t i = 0; i < plan->connection_count; i++) {
        storm->callers[i] =
            (struct caller){.fd = -1, .session = take(1, sizeof(struct elig_session))};
        if (!caller_prepare(storm, i, fault)) /* ahead: terminals have a processor each */
            return false;
    }
    uint64_t began_ns = clock_monotonic_ns(), cpu_ns = cpu_ns_of(plan->server_pid);
    for (uint32_t i = 0; i < plan->connection_count; i++)
        storm->callers[i].began_ns = began_ns;
    while (storm->result->accepted_count < plan->connection_count) {
        if (!retry_due(storm, fault))
            return false;
        turn(storm);
        if (clock_monotonic_ns() - began_ns > GIVE_UP_MS * NS_PER_MS)
            return fault_set(fault, "%" PRIu64 " of %u were accepted within a minute",
                             storm->result->accepted_count, plan->connection_count);
    }
    storm->result->elapsed_ns = clock_monotonic_ns() - began_ns;
    storm->result->handshake_cpu_ns = cpu_ns_of(plan->server_pid) - cpu_ns;
    return true;
}

/* Nobody says anything. */
static void all_are_held(struct storm *storm)
{
    const struct storm_plan *plan = storm->plan;
    struct timespec settle = {1, 0},
                    hold = {plan->hold_ms / 1000, (long)(plan->hold_ms % 1000) * (long)NS_PER_MS};
    nanosleep(&settle, NULL);
    uint64_t cpu_ns = cpu_ns_of(plan->server_pid);
    nanosleep(&hold, NULL);
    storm->result->idle_cpu_ns = cpu_ns_of(plan->server_pid) - cpu_ns;
    storm->result->memory_held = memory_of(plan->server_pid);
}

bool storm_handshakes(struct storm_result *out, const struct storm_plan *plan, struct fault *fault)
{
    struct storm storm = {.plan = plan, .result = out, .epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
    *out = (struct storm_result){.memory_before = memory_of(plan->server_pid)};
    if (!raise_descriptors(plan->connection_count, fault))
        return false;
    storm.callers = take(plan->connection_count, sizeof(storm.callers[0]));
    storm.hellos = take(plan->connection_count, ELIG_HELLO_SIZE);
    bool is_fine = all_come(&storm, fault);
    if (is_fine && plan->hold_ms > 0)
        all_are_held(&storm);
    for (uint32_t i = 0; i < plan->connection_count; i++) {
        if (storm.callers[i].fd >= 0)
            close(storm.callers[i].fd);
        free(storm.callers[i].session);
    }
    free(storm.callers);
    free(storm.hellos);
    close(storm.epoll_fd);
    return is_fine;
}

/* ---- garbage ---- */

const char *garbage_name(enum garbage garbage)
{
    static const char *const names[GARBAGE_COUNT] = {"noise", "mac", "hello"};
    return names[garbage];
}

/* Noise: no record. Mac: a HELLO of random bytes. Hello: the same with a mac1 that fits, as whoever
 * knows the server's public key can make it. */
static void make_garbage(uint8_t record[static HELLO_SIZE], const struct garbage_plan *plan,
                         const struct server_name *server, uint64_t *state)
{
    for (size_t i = 0; i < HELLO_SIZE; i += sizeof(uint64_t))
        store_u64(record + i, random_next(state));
    if (plan->garbage == GARBAGE_NOISE)
        return;
    record_header_encode(record, &(struct record_header){RECORD_HELLO, HELLO_BODY_SIZE});
    memcpy(record + HEADER_SIZE + HELLO_KEY_ID, server->key_id, KEY_NAME_SIZE);
    if (plan->garbage == GARBAGE_HELLO)
        mac1_make(record + HEADER_SIZE + HELLO_MAC1, record, server);
}

bool storm_garbage(struct garbage_result *out, const struct garbage_plan *plan, struct fault *fault)
{
    static int open_fds[GARBAGE_OPEN_MAX];
    struct server_name server;
    uint64_t state = clock_monotonic_ns(), began_ns = clock_monotonic_ns();
    uint64_t end_ns = began_ns + plan->measure_ms * NS_PER_MS;
    uint64_t cpu_ns = cpu_ns_of(plan->server_pid);
    struct pace pace = {began_ns, plan->rate_per_s};
    *out = (struct garbage_result){0};
    server_name_make(&server, plan->sealing->server_public);
    for (size_t i = 0; i < GARBAGE_OPEN_MAX; i++)
        open_fds[i] = -1;
    for (uint64_t n = 0; clock_monotonic_ns() < end_ns; n++) {
        uint8_t record[HELLO_SIZE];
        while (pace_due_ns(&pace, n) > clock_monotonic_ns())
            continue;
        int *fd = &open_fds[n % GARBAGE_OPEN_MAX];
        if (*fd >= 0)
            close(*fd);
        *fd = driver_connect(plan->address, true, fault);
        make_garbage(record, plan, &server, &state);
        if (*fd < 0 || send(*fd, record, sizeof(record), MSG_NOSIGNAL) != HELLO_SIZE)
            out->failed_count++;
        out->sent_count++;
    }
    out->elapsed_ns = clock_monotonic_ns() - began_ns;
    out->server_cpu_ns = cpu_ns_of(plan->server_pid) - cpu_ns;
    for (size_t i = 0; i < GARBAGE_OPEN_MAX; i++)
        if (open_fds[i] >= 0)
            close(open_fds[i]);
    return true;
}
