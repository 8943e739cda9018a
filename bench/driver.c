#include "bench/driver.h"

#include "bench/pace.h"
#include "bench/seal.h"
#include "bench/take.h"
#include "engine/spin.h"
#include "protocol/address.h"
#include "protocol/progress.h"

#include <assert.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define IN_SIZE   65536
#define OUT_SIZE  (DRIVER_DEPTH_MAX * REQUEST_SIZE_MAX)
#define DRAIN_MS  3000
#define NS_PER_MS UINT64_C(1000000)

/* A request under way. */
struct pending {
    uint64_t id, due_ns;
};

struct link {
    ev_io reader, writer;
    struct driver *driver;
    int fd; /* -1: broken */
    /* Answers come in the order of requests: a ring of DRIVER_DEPTH_MAX. */
    struct pending *pending;
    uint64_t sent_count, answered_count;
    uint8_t *in, *out;
    size_t in_size, out_size, out_sent;
    uint64_t next_id;
    /* Reservations that are answered and not confirmed yet: at most as many as were under way. */
    uint64_t *held;
    size_t held_count;
    struct seal *seal; /* NULL: plain */
};

struct driver {
    const struct plan *plan;
    struct result *result;
    struct ev_loop *loop;
    struct spin spin;
    uint64_t wakeup_count;
    struct link *links;
    struct judgement *judgements; /* by frame; status 0: none yet */
    struct pace pace;
    uint64_t due_count; /* open loop: requests sent so far */
    bool is_measuring, is_sending, is_interrupted;
    uint64_t late_until_ns; /* drain of an open loop: what was due before still counts; or 0 */
};

int driver_connect(const char *text, bool is_blocking, struct fault *fault)
{
    struct address address;
    if (address_parse(&address, text) == ADDRESS_NOT_UNDERSTOOD) {
        fault_set(fault, "%s: wanted ADDRESS:PORT, numeric, or unix:PATH", text);
        return -1;
    }
    int fd = socket(address.socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address.socket, address.size) == 0 &&
        (address.socket.ss_family == AF_UNIX ||
         setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0) &&
        (is_blocking || fcntl(fd, F_SETFL, O_NONBLOCK) == 0))
        return fd;
    fault_set(fault, "%s: cannot connect: %s", text, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0)
        return 0;
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* CPU time that a process has used so far. */
static bool cpu_ns_of(uint64_t *ns, pid_t pid, struct fault *fault)
{
    clockid_t clock;
    if (clock_getcpuclockid(pid, &clock) != 0)
        return fault_set(fault, "process %ld: its CPU time cannot be read", (long)pid);
    *ns = clock_ns(clock);
    return true;
}

static void link_break(struct link *link)
{
    if (link->fd < 0)
        return;
    link->driver->result->failed_count += link->sent_count - link->answered_count;
    ev_io_stop(link->driver->loop, &link->reader);
    ev_io_stop(link->driver->loop, &link->writer);
    close(link->fd);
    link->fd = -1;
}

/* Frames that wait to go out become one record or several; what is sealed goes out as it is. */
static void link_seal(struct link *link)
{
    if (link->out_sent < link->out_size) /* of before, and sealed */
        return;
    link->out_sent = 0;
    link->out_size = seal_put(link->seal, link->out);
}

/* What came in, opened if it was sealed, is behind `in`; as recv returns. */
static ssize_t link_receive(struct link *link)
{
    if (link->seal == NULL) {
        ssize_t got = recv(link->fd, link->in + link->in_size, IN_SIZE - link->in_size, 0);
        link->in_size += got > 0 ? (size_t)got : 0;
        return got;
    }
    ssize_t got = recv(link->fd, link->seal->bytes, sizeof(link->seal->bytes), 0);
    if (got <= 0)
        return got;
    size_t frames_size;
    if (!seal_take(link->seal, (size_t)got, link->in + link->in_size, IN_SIZE - link->in_size,
                   &frames_size))
        return 0; /* as an end of the stream */
    link->in_size += frames_size;
    return got;
}

static void link_flush(struct link *link)
{
    if (link->seal != NULL)
        link_seal(link);
    while (link->fd >= 0 && link->out_sent < link->out_size) {
        ssize_t sent = send(link->fd, link->out + link->out_sent, link->out_size - link->out_sent,
                            MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN) {
            ev_io_start(link->driver->loop, &link->writer);
            return;
        }
        if (sent < 0) {
            link_break(link);
            return;
        }
        link->out_sent += (size_t)sent;
    }
    link->out_size = link->out_sent = 0;
    ev_io_stop(link->driver->loop, &link->writer);
}

/* Whether one more request fits. */
static bool link_has_room(const struct link *link)
{
    return link->fd >= 0 && link->sent_count - link->answered_count < DRIVER_DEPTH_MAX &&
           (link->seal != NULL ? seal_has_room(link->seal)
                               : link->out_size + REQUEST_SIZE_MAX <= OUT_SIZE);
}

/* What is held is confirmed before anything new is asked. */
static uint64_t link_take_id(struct link *link)
{
    if (link->held_count > 0)
        return link->held[--link->held_count] | ID_CONFIRM;
    uint64_t id = link->next_id;
    link->next_id += WORKLOAD_PRODUCT_COUNT;
    return id;
}

static void link_add(struct link *link, uint64_t due_ns)
{
    struct driver *driver = link->driver;
    uint64_t id = link_take_id(link);
    link->pending[link->sent_count % DRIVER_DEPTH_MAX] = (struct pending){id, due_ns};
    link->sent_count++;
    const struct dialect *dialect = driver->plan->dialect;
    if (link->seal != NULL) {
        uint8_t frame[REQUEST_SIZE_MAX];
        dialect->request(frame, driver->plan->workload, id);
        seal_add(link->seal, frame, id);
    } else {
        link->out_size += dialect->request(link->out + link->out_size, driver->plan->workload, id);
    }
}

static bool is_as_before(struct driver *driver, uint64_t id, const struct judgement *judgement)
{
    struct judgement *first = &driver->judgements[id % WORKLOAD_FRAME_COUNT];
    if (first->status == 0)
        *first = *judgement;
    return first->status == judgement->status && first->relief == judgement->relief &&
           first->relief_amount == judgement->relief_amount;
}

static void note_answer(struct driver *driver, const struct pending *pending, uint64_t now_ns,
                        enum outcome outcome, const struct judgement *judgement)
{
    struct result *result = driver->result;
    if (driver->judgements != NULL && !is_as_before(driver, pending->id, judgement))
        result->wrong_count++;
    /* A stall across the end is in the latencies, too, though nothing that came later is an answer
     * of the measured time. */
    if (driver->is_measuring || pending->due_ns < driver->late_until_ns)
        histogram_add(&result->latency, now_ns > pending->due_ns ? now_ns - pending->due_ns : 0);
    if (!driver->is_measuring)
        return;
    result->answer_count++;
    result->outcomes.by[outcome]++;
    if (judgement->status < STATUS_ROOM)
        result->outcomes.by_status[judgement->status]++;
}

/* Takes whole answers from the front of `in`; returns how many. */
static uint64_t link_take_answers(struct link *link, uint64_t now_ns)
{
    struct driver *driver = link->driver;
    uint64_t taken_count = 0;
    size_t at = 0;
    while (link->answered_count < link->sent_count) {
        const struct pending *pending = &link->pending[link->answered_count % DRIVER_DEPTH_MAX];
        enum outcome outcome;
        struct judgement judgement;
        int size = driver->plan->dialect->answer(link->in + at, link->in_size - at, pending->id,
                                                 &outcome, &judgement);
        if (size == 0)
            break;
        if (size < 0) {
            driver->result->wrong_count++;
            link_break(link);
            return taken_count;
        }
        note_answer(driver, pending, now_ns, outcome, &judgement);
        if (driver->plan->workload->kind == KIND_RESERVE && judgement.status == STATUS_APPLIES)
            link->held[link->held_count++] = pending->id;
        link->answered_count++;
        taken_count++;
        at += (size_t)size;
    }
    link->in_size -= at;
    memmove(link->in, link->in + at, link->in_size);
    return taken_count;
}

static void link_read(struct ev_loop *loop, ev_io *reader, int events)
{
    (void)loop, (void)events;
    struct link *link = reader->data;
    link->driver->wakeup_count++;
    ssize_t got = link_receive(link);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        link_break(link);
        return;
    }
    uint64_t now_ns = clock_monotonic_ns();
    uint64_t taken_count = link_take_answers(link, now_ns);
    bool is_closed_loop = link->driver->plan->rate_per_s == 0 && link->driver->is_sending;
    for (uint64_t i = 0; is_closed_loop && i < taken_count && link_has_room(link); i++)
        link_add(link, now_ns);
    link_flush(link); /* of a session also what it had no room for before these answers */
}

static void link_write(struct ev_loop *loop, ev_io *writer, int events)
{
    (void)loop, (void)events;
    link_flush(writer->data);
}

/* Requests with the same remainder are of one product; each connection begins elsewhere. */
static uint64_t first_id(uint32_t index)
{
    return (index * UINT64_C(5000011) + 1) * WORKLOAD_PRODUCT_COUNT +
           index % WORKLOAD_PRODUCT_COUNT;
}

static bool link_open(struct link *link, struct driver *driver, struct fault *fault)
{
    uint32_t index = driver->plan->connection_first + (uint32_t)(link - driver->links);
    link->driver = driver;
    link->next_id = driver->plan->id_first + first_id(index);
    link->fd = driver_connect(driver->plan->address, driver->plan->sealing != NULL, fault);
    if (link->fd < 0)
        return false;
    if (driver->plan->sealing != NULL) {
        link->seal = take(1, sizeof(*link->seal));
        if (!seal_open(link->seal, link->fd, driver->plan->sealing, index, fault) ||
            fcntl(link->fd, F_SETFL, O_NONBLOCK) != 0) {
            close(link->fd);
            free(link->seal);
            return false;
        }
    }
    link->pending = take(DRIVER_DEPTH_MAX, sizeof(link->pending[0]));
    link->held = take(DRIVER_DEPTH_MAX, sizeof(link->held[0]));
    link->in = take(IN_SIZE, 1);
    link->out = take(OUT_SIZE, 1);
    ev_io_init(&link->reader, link_read, link->fd, EV_READ);
    ev_io_init(&link->writer, link_write, link->fd, EV_WRITE);
    link->reader.data = link->writer.data = link;
    ev_io_start(driver->loop, &link->reader);
    return true;
}

/* Sends what is due by then; a connection that is full delays the rest, whose due times stay. */
static void send_due(struct driver *driver, uint64_t until_ns)
{
    const struct plan *plan = driver->plan;
    for (;;) {
        struct link *link = &driver->links[driver->due_count % plan->connection_count];
        uint64_t due_ns = pace_due_ns(&driver->pace, driver->due_count);
        if (due_ns > until_ns || !link_has_room(link))
            break;
        link_add(link, due_ns);
        driver->due_count++;
    }
    for (uint32_t i = 0; i < plan->connection_count; i++)
        if (driver->links[i].out_size > 0 || driver->links[i].seal != NULL)
            link_flush(&driver->links[i]);
}

static void fill_depth(struct driver *driver)
{
    uint64_t now_ns = clock_monotonic_ns();
    for (uint32_t i = 0; i < driver->plan->connection_count; i++) {
        for (uint32_t j = 0; j < driver->plan->depth; j++)
            link_add(&driver->links[i], now_ns);
        link_flush(&driver->links[i]);
    }
}

static uint32_t open_link_count(const struct driver *driver)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < driver->plan->connection_count; i++)
        count += driver->links[i].fd >= 0;
    return count;
}

/* Wakes a loop that would otherwise wait for a server that has gone silent. */
static void tick(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)timer, (void)events;
}

static void interrupt(struct ev_loop *loop, ev_signal *signal, int events)
{
    (void)loop, (void)events;
    struct driver *driver = signal->data;
    driver->is_interrupted = driver->result->is_interrupted = true;
}

static void run_until(struct driver *driver, uint64_t end_ns)
{
    bool is_open_loop = driver->plan->rate_per_s != 0;
    while (clock_monotonic_ns() < end_ns && open_link_count(driver) > 0 &&
           !driver->is_interrupted) {
        if (is_open_loop) {
            send_due(driver, clock_monotonic_ns());
            ev_run(driver->loop, EVRUN_NOWAIT);
        } else {
            spin_turn(&driver->spin);
        }
    }
}

static bool is_all_answered(const struct driver *driver)
{
    for (uint32_t i = 0; i < driver->plan->connection_count; i++) {
        const struct link *link = &driver->links[i];
        if (link->fd >= 0 && link->answered_count < link->sent_count)
            return false;
    }
    return true;
}

/* Whether something was due in the measured time and has not been sent. */
static bool is_behind(const struct driver *driver)
{
    return driver->late_until_ns != 0 &&
           pace_due_ns(&driver->pace, driver->due_count) < driver->late_until_ns;
}

static bool goes_on(const struct driver *driver)
{
    const struct link *next = &driver->links[driver->due_count % driver->plan->connection_count];
    return !is_all_answered(driver) || (is_behind(driver) && next->fd >= 0);
}

/* Waits for what is under way; what does not come has failed. Of an open loop what was due before
 * the end is sent, and has failed as well when it cannot be. */
static void drain(struct driver *driver, uint64_t measured_until_ns)
{
    uint64_t end_ns = clock_monotonic_ns() + DRAIN_MS * NS_PER_MS;
    driver->is_sending = false;
    driver->late_until_ns = driver->plan->rate_per_s != 0 ? measured_until_ns : 0;
    while (goes_on(driver) && clock_monotonic_ns() < end_ns) {
        if (is_behind(driver))
            send_due(driver, driver->late_until_ns - 1);
        ev_run(driver->loop, EVRUN_ONCE);
    }
    for (; is_behind(driver); driver->due_count++)
        driver->result->failed_count++;
}

/* Returns at the moment when all begin. */
static bool meet(const struct meeting *meeting, struct fault *fault)
{
    uint8_t word = 1;
    uint64_t start_ns;
    if (write(meeting->ready_fd, &word, 1) != 1 ||
        read(meeting->go_fd, &start_ns, sizeof(start_ns)) != (ssize_t)sizeof(start_ns))
        return fault_set(fault, "the other processes of the load do not begin");
    struct timespec start = {(time_t)(start_ns / NS_PER_S), (long)(start_ns % NS_PER_S)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &start, NULL);
    return true;
}

static bool measure(struct driver *driver, struct fault *fault)
{
    const struct plan *plan = driver->plan;
    struct result *result = driver->result;
    uint64_t server_before = 0, server_after = 0;
    if (plan->meeting != NULL && !meet(plan->meeting, fault))
        return false;
    uint64_t start_ns = clock_monotonic_ns();
    driver->pace = (struct pace){start_ns, plan->rate_per_s};
    driver->is_sending = true;
    if (plan->rate_per_s == 0)
        fill_depth(driver);
    run_until(driver, start_ns + plan->warm_ms * NS_PER_MS);

    if (plan->server_pid != 0 && !cpu_ns_of(&server_before, plan->server_pid, fault))
        return false;
    uint64_t client_before = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t measured_from_ns = clock_monotonic_ns();
    driver->is_measuring = true;
    run_until(driver, measured_from_ns + plan->measure_ms * NS_PER_MS);
    driver->is_measuring = false;
    uint64_t measured_until_ns = clock_monotonic_ns();
    result->elapsed_ns = measured_until_ns - measured_from_ns;
    result->client_cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - client_before;
    if (plan->server_pid != 0 && !cpu_ns_of(&server_after, plan->server_pid, fault))
        return false;
    result->server_cpu_ns = server_after - server_before;
    drain(driver, measured_until_ns);
    return true;
}

static void link_release(struct link *link)
{
    link_break(link);
    free(link->pending);
    free(link->held);
    free(link->in);
    free(link->out);
    free(link->seal);
}

bool driver_run(struct result *result, const struct plan *plan, struct fault *fault)
{
    assert(plan->connection_count >= 1 && plan->connection_count <= DRIVER_CONNECTION_MAX);
    assert(plan->depth >= 1 && plan->depth <= DRIVER_DEPTH_MAX);
    struct driver driver = {.plan = plan, .result = result};
    *result = (struct result){0};
    driver.loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    if (driver.loop == NULL)
        return fault_set(fault, "no event loop: %s", strerror(errno));
    driver.links = take(plan->connection_count, sizeof(driver.links[0]));
    if (plan->is_verified)
        driver.judgements = take(WORKLOAD_FRAME_COUNT, sizeof(driver.judgements[0]));

    spin_begin(&driver.spin, driver.loop, plan->busy_us, &driver.wakeup_count);
    ev_timer ticker;
    ev_timer_init(&ticker, tick, 0.05, 0.05);
    ev_timer_start(driver.loop, &ticker);
    ev_signal interrupter;
    ev_signal_init(&interrupter, interrupt, SIGINT);
    interrupter.data = &driver;
    ev_signal_start(driver.loop, &interrupter);
    uint32_t open_count = 0;
    while (open_count < plan->connection_count &&
           link_open(&driver.links[open_count], &driver, fault))
        open_count++;
    bool is_fine = open_count == plan->connection_count && measure(&driver, fault);

    ev_signal_stop(driver.loop, &interrupter);
    ev_timer_stop(driver.loop, &ticker);
    for (uint32_t i = 0; i < open_count; i++)
        link_release(&driver.links[i]);
    free(driver.links);
    free(driver.judgements);
    ev_loop_destroy(driver.loop);
    return is_fine;
}
