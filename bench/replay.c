#include "bench/replay.h"

#include "bench/take.h"
#include "protocol/address.h"
#include "protocol/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS      (NS_PER_S / 1000)
#define POLL_MS        50
#define RECONNECT_MS   100
#define IN_SIZE        (REPLAY_DEPTH_MAX * FRAME_SIZE)
#define BUSY_MS_LEAST  1
#define PLAIN_TERMINAL 0 /* who asks in plain frames */

/* What is asked, or has to be. */
struct task {
    uint32_t visit;
    uint8_t step;
    bool is_repeat;            /* `first` was its answer; the next one must be like it */
    uint8_t first[FRAME_SIZE]; /* the answer that is taken for lost */
    uint64_t sent_ns;
};

/* What has become of a visit. */
struct course {
    uint64_t granted; /* 1/10000 EUR, when it is confirmed */
    bool is_under_way, is_held, is_confirmed;
    uint8_t due; /* a bit for each step whose time has come */
};

struct wire {
    int fd; /* -1: not connected */
    uint8_t in[IN_SIZE], out[IN_SIZE];
    size_t in_size, out_size, out_sent;
    struct task asked[REPLAY_DEPTH_MAX]; /* a ring: answers come in the order of requests */
    uint64_t asked_count, answered_count;
};

struct replay {
    const struct replay_plan *plan;
    struct replay_result *result;
    struct wire *wires;
    struct course *courses;
    /* A ring of what goes before anything new. There is at most one for each visit under way. */
    struct task *tasks;
    size_t task_room;
    uint64_t task_put, task_taken;
    uint32_t next_deed;
    uint64_t paused_until_ns, away_since_ns, connect_ns;
    FILE *journal;
    struct fault *fault;
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

/* ---- tasks ---- */

static void task_put(struct replay *r, const struct task *task)
{
    r->tasks[r->task_put++ % r->task_room] = *task;
}

/* Whether the step can be asked at all, as things stand: nobody confirms what was refused. */
static bool is_wanted(const struct course *course, enum step step)
{
    return step == STEP_BUY || (step == STEP_SETTLE && course->is_held) ||
           (step == STEP_REFUND && course->is_confirmed);
}

/* The next step of a visit that is due and wanted; others are forgotten. */
static bool next_step(struct replay *r, uint32_t visit, struct task *out)
{
    struct course *course = &r->courses[visit];
    for (uint8_t step = 0; step < STEP_COUNT; step++) {
        if ((course->due >> step & 1) == 0)
            continue;
        course->due &= (uint8_t) ~(1u << step);
        if (!is_wanted(course, step))
            continue;
        out->visit = visit;
        out->step = step;
        out->is_repeat = false;
        return true;
    }
    return false;
}

static bool take_task(struct replay *r, struct task *out)
{
    if (r->task_taken < r->task_put) {
        *out = r->tasks[r->task_taken++ % r->task_room];
        return true;
    }
    while (r->next_deed < r->plan->visits->deed_count && !interrupted) {
        const struct deed *deed = &r->plan->visits->deeds[r->next_deed++];
        struct course *course = &r->courses[deed->visit];
        course->due |= (uint8_t)(1u << deed->step);
        if (!course->is_under_way && next_step(r, deed->visit, out)) {
            course->is_under_way = true;
            return true;
        }
    }
    return false;
}

/* ---- answers ---- */

static uint64_t seller_of(const struct replay *r, uint32_t visit)
{
    return sellers_find(r->plan->sellers, r->plan->visits->list[visit].point_of_sale);
}

static bool is_given(uint16_t status)
{
    return status == STATUS_APPLIES || status == STATUS_CONFIRMED || status == STATUS_OVER_LIMIT;
}

static void keep_books(struct replay *r, const struct task *task, const struct response *answer)
{
    const struct visit *visit = &r->plan->visits->list[task->visit];
    struct course *course = &r->courses[task->visit];
    bool is_reservation = task->step == STEP_BUY && visit->kind == KIND_RESERVE;
    course->is_held = is_reservation && answer->status == STATUS_APPLIES;
    if (is_reservation || answer->kind == KIND_CANCEL)
        return;
    bool is_refund = task->step == STEP_REFUND;
    if (is_refund ? answer->status != STATUS_CONFIRMED && answer->status != STATUS_REFUNDED
                  : !is_given(answer->status))
        return;
    struct books_line *line =
        books_at(&r->result->books, seller_of(r, task->visit), answer->relief, r->plan->day);
    if (is_refund) {
        line->returned_count++;
        line->returned += answer->relief_amount;
        return;
    }
    line->given_count++;
    line->given += answer->relief_amount;
    course->is_confirmed = true;
    course->granted = answer->relief_amount;
}

static void write_journal(struct replay *r, const struct response *answer)
{
    if (r->journal != NULL && answer->ledger_sequence != 0)
        fprintf(r->journal, "%d %" PRIu64 " %u %" PRIu64 "\n", PLAIN_TERMINAL, answer->request_id,
                answer->status, answer->ledger_sequence);
}

/* What the second answer must have in common with the first: PROTOCOL.md, "Once". */
static bool is_alike(const struct response *a, const struct response *b)
{
    return a->status == b->status && a->split == b->split && a->remaining == b->remaining &&
           a->ledger_sequence == b->ledger_sequence && a->relief_amount == b->relief_amount &&
           a->payable == b->payable && a->relief == b->relief &&
           a->valid_until_s == b->valid_until_s;
}

static void note_repeat(struct replay *r, const struct task *task, const struct response *answer)
{
    struct response first;
    if (frame_decode_response(&first, task->first) && is_alike(&first, answer))
        r->result->alike_count++;
    else
        r->result->unlike_count++;
}

static void note_first(struct replay *r, struct task *task, const struct response *answer,
                       const uint8_t frame[static FRAME_SIZE])
{
    struct replay_result *result = r->result;
    uint64_t now_ns = clock_monotonic_ns();
    result->answered_count++;
    result->counts[answer->kind][answer->status]++;
    histogram_add(&result->latency, now_ns > task->sent_ns ? now_ns - task->sent_ns : 0);
    keep_books(r, task, answer);
    write_journal(r, answer);
    if ((r->plan->visits->list[task->visit].repeated >> task->step & 1) == 0)
        return;
    task->is_repeat = true;
    memcpy(task->first, frame, FRAME_SIZE);
    task_put(r, task);
}

static bool is_no_answer(uint16_t status)
{
    return status == STATUS_BUSY || status == STATUS_NOT_READY || status == STATUS_DRAINING;
}

static bool take_answer(struct replay *r, struct task *task, const uint8_t frame[static FRAME_SIZE])
{
    struct response answer;
    uint64_t id = visit_id(r->plan->id_first, &r->plan->visits->list[task->visit], task->step);
    if (!frame_decode_response(&answer, frame) || answer.request_id != id)
        return fault_set(r->fault, "%s: what came back is no answer to what was asked",
                         r->plan->address);
    if (is_no_answer(answer.status)) {
        uint64_t wait_ms = answer.wait_ms > 0 ? answer.wait_ms : BUSY_MS_LEAST;
        r->paused_until_ns = clock_monotonic_ns() + wait_ms * NS_PER_MS;
        r->result->resent_count++;
        task_put(r, task);
        return true;
    }
    bool was_repeat = task->is_repeat;
    if (was_repeat)
        note_repeat(r, task, &answer);
    else
        note_first(r, task, &answer, frame);
    if (!was_repeat && task->is_repeat) /* it is on its way once more */
        return true;
    struct task next;
    if (next_step(r, task->visit, &next))
        task_put(r, &next);
    else
        r->courses[task->visit].is_under_way = false;
    return true;
}

/* ---- connections ---- */

static int connect_to(const char *text)
{
    struct address address;
    int on = 1;
    if (address_parse(&address, text) != ADDRESS_FINE)
        return -1;
    int fd = socket(address.socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address.socket, address.size) == 0 &&
        (address.socket.ss_family == AF_UNIX ||
         setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0) &&
        fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* What was under way has no answer: it is asked again, in its order. */
static void wire_break(struct replay *r, struct wire *wire)
{
    close(wire->fd);
    wire->fd = -1;
    r->result->broken_count++;
    for (; wire->answered_count < wire->asked_count; wire->answered_count++) {
        task_put(r, &wire->asked[wire->answered_count % REPLAY_DEPTH_MAX]);
        r->result->resent_count++;
    }
    wire->in_size = wire->out_size = wire->out_sent = 0;
}

/* False when the server has been away for too long. */
static bool connect_wires(struct replay *r)
{
    uint64_t now_ns = clock_monotonic_ns();
    uint32_t open_count = 0;
    for (uint32_t i = 0; i < r->plan->connection_count; i++) {
        struct wire *wire = &r->wires[i];
        if (wire->fd < 0 && now_ns >= r->connect_ns)
            wire->fd = connect_to(r->plan->address);
        open_count += wire->fd >= 0;
    }
    if (now_ns >= r->connect_ns)
        r->connect_ns = now_ns + RECONNECT_MS * NS_PER_MS;
    if (open_count > 0) {
        r->away_since_ns = 0;
        return true;
    }
    if (r->away_since_ns == 0)
        r->away_since_ns = now_ns;
    if (now_ns - r->away_since_ns <= r->plan->patience_ms * NS_PER_MS)
        return true;
    return fault_set(r->fault,
                     "%s: nobody has answered for %u ms; start the server with its "
                     "ledger, on a loopback address or a Unix socket",
                     r->plan->address, r->plan->patience_ms);
}

static void wire_flush(struct replay *r, struct wire *wire)
{
    while (wire->fd >= 0 && wire->out_sent < wire->out_size) {
        ssize_t sent = send(wire->fd, wire->out + wire->out_sent, wire->out_size - wire->out_sent,
                            MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            return;
        if (sent < 0)
            wire_break(r, wire);
        else
            wire->out_sent += (size_t)sent;
    }
    wire->out_size = wire->out_sent = 0;
}

static void wire_ask(struct replay *r, struct wire *wire, struct task *task)
{
    const struct replay_plan *plan = r->plan;
    task->sent_ns = clock_monotonic_ns();
    visit_frame(wire->out + wire->out_size, plan->visits, plan->crowd, plan->id_first, task->visit,
                task->step, r->courses[task->visit].granted);
    wire->out_size += FRAME_SIZE;
    wire->asked[wire->asked_count++ % REPLAY_DEPTH_MAX] = *task;
    r->result->sent_count++;
}

static void fill_wires(struct replay *r)
{
    struct task task;
    if (clock_monotonic_ns() < r->paused_until_ns)
        return;
    for (uint32_t i = 0; i < r->plan->connection_count; i++) {
        struct wire *wire = &r->wires[i];
        while (wire->fd >= 0 && wire->out_sent == 0 && wire->out_size + FRAME_SIZE <= IN_SIZE &&
               wire->asked_count - wire->answered_count < r->plan->depth && take_task(r, &task))
            wire_ask(r, wire, &task);
        wire_flush(r, wire);
    }
}

static bool wire_read(struct replay *r, struct wire *wire)
{
    ssize_t got = recv(wire->fd, wire->in + wire->in_size, IN_SIZE - wire->in_size, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (got <= 0) {
        wire_break(r, wire);
        return true;
    }
    wire->in_size += (size_t)got;
    size_t at = 0;
    for (; at + FRAME_SIZE <= wire->in_size && wire->answered_count < wire->asked_count;
         at += FRAME_SIZE) {
        struct task task = wire->asked[wire->answered_count++ % REPLAY_DEPTH_MAX];
        if (!take_answer(r, &task, wire->in + at))
            return false;
    }
    wire->in_size -= at;
    memmove(wire->in, wire->in + at, wire->in_size);
    return true;
}

static bool read_wires(struct replay *r)
{
    struct pollfd waits[REPLAY_CONNECTION_MAX];
    for (uint32_t i = 0; i < r->plan->connection_count; i++) {
        const struct wire *wire = &r->wires[i];
        short wanted = wire->out_size > wire->out_sent ? POLLIN | POLLOUT : POLLIN;
        waits[i] = (struct pollfd){.fd = wire->fd, .events = wanted};
    }
    bool is_paused = clock_monotonic_ns() < r->paused_until_ns;
    if (poll(waits, r->plan->connection_count, is_paused ? BUSY_MS_LEAST : POLL_MS) < 0)
        return errno == EINTR || fault_set(r->fault, "poll: %s", strerror(errno));
    for (uint32_t i = 0; i < r->plan->connection_count; i++)
        if (r->wires[i].fd >= 0 && (waits[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
            !wire_read(r, &r->wires[i]))
            return false;
    return true;
}

static bool is_done(const struct replay *r)
{
    if (r->task_taken < r->task_put || (r->next_deed < r->plan->visits->deed_count && !interrupted))
        return false;
    for (uint32_t i = 0; i < r->plan->connection_count; i++)
        if (r->wires[i].asked_count > r->wires[i].answered_count)
            return false;
    return true;
}

/* ---- the whole ---- */

static bool play(struct replay *r)
{
    struct progress progress;
    uint64_t start_ns = clock_monotonic_ns();
    bool is_fine = true;
    progress_start(&progress, "the day", "requests", r->plan->visits->deed_count,
                   r->plan->is_quiet);
    while (is_fine && !is_done(r)) {
        is_fine = connect_wires(r);
        fill_wires(r);
        is_fine = is_fine && read_wires(r);
        progress_set(&progress, r->next_deed);
    }
    progress_end(&progress);
    r->result->elapsed_ns = clock_monotonic_ns() - start_ns;
    r->result->is_interrupted = interrupted && r->next_deed < r->plan->visits->deed_count;
    return is_fine;
}

static bool close_journal(struct replay *r)
{
    if (r->journal == NULL)
        return true;
    bool is_written = ferror(r->journal) == 0;
    is_written = fclose(r->journal) == 0 && is_written;
    return is_written ||
           fault_set(r->fault, "%s: could not be written whole", r->plan->journal_path);
}

bool replay_run(struct replay_result *result, const struct replay_plan *plan, struct fault *fault)
{
    struct replay r = {.plan = plan, .result = result, .fault = fault};
    struct fault second;
    struct sigaction action = {.sa_handler = interrupt};
    *result = (struct replay_result){0};
    books_start(&result->books);
    if (plan->journal_path != NULL && (r.journal = fopen(plan->journal_path, "we")) == NULL)
        return fault_set(fault, "%s: %s", plan->journal_path, strerror(errno));
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    r.wires = take(plan->connection_count, sizeof(r.wires[0]));
    for (uint32_t i = 0; i < plan->connection_count; i++)
        r.wires[i].fd = -1;
    r.courses = take(plan->visits->count, sizeof(r.courses[0]));
    r.task_room = (size_t)plan->connection_count * plan->depth + 1;
    r.tasks = take(r.task_room, sizeof(r.tasks[0]));
    bool is_fine = play(&r);
    if (!is_fine)
        r.fault = &second; /* the first one is told */
    is_fine = close_journal(&r) && is_fine;
    for (uint32_t i = 0; i < plan->connection_count; i++)
        if (r.wires[i].fd >= 0)
            close(r.wires[i].fd);
    free(r.wires);
    free(r.courses);
    free(r.tasks);
    return is_fine;
}
