#include "protocol/sealed_client.h"

#include "protocol/counter.h"
#include "protocol/frame.h"
#include "protocol/wire.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define RECORDS_UNDER_WAY_MAX 64
#define PIECE_SIZE            4096
#define RECORD_OVERHEAD       (ELIG_RECORD_SIZE_MAX - ELIG_FRAMES_MAX * ELIG_FRAME_SIZE)

/* Between attempts that fail: doubled each time, and up to half as long again by chance. */
#define PAUSE_MS_LEAST 100
#define PAUSE_MS_MAX   10000

/* Closed so often in a row without an ACCEPT, by each key that there is: this server does not want
 * this terminal. */
#define REFUSALS_MAX 3

struct sealed_client {
    struct elig_session session;
    struct address to;
    struct elig_counter counter;
    char *counter_path; /* our copy of its path */

    /* patience */
    int64_t resume_ms; /* no attempt before */
    uint32_t pause_ms; /* the last one; 0: all is well */
    unsigned refusals;
    bool is_other_key; /* the first of the two keys was refused, now it is the other one's turn */
    int last_error;

    /* of the connection */
    int fd; /* -1: none */
    struct elig_session_terms terms;
    int64_t heard_ms;
    bool has_answered, has_spoken; /* it brought answers; it brought anything at all */

    /* Of the requests that are asked: how many it has sealed. Those from
     * batch->answered up to here are under way, in records of these many frames. */
    size_t sealed;
    uint8_t record_frames[RECORDS_UNDER_WAY_MAX];
    size_t records_first, records_under_way;
    uint8_t out[ELIG_RECORD_SIZE_MAX];
    size_t out_size, out_sent;

    char trouble[FAULT_TEXT_SIZE];
};

/* Opening and closing */

static bool counter_is_sane(const struct elig_counter *counter)
{
    if (counter == NULL)
        return false;
    return counter->path != NULL ? counter->path[0] != '\0'
                                 : counter->load != NULL && counter->store != NULL;
}

int sealed_client_open(struct sealed_client **out, const struct address *to,
                       const struct elig_session_settings *settings,
                       const struct elig_counter *counter)
{
    if (!counter_is_sane(counter))
        return ELIG_BAD_ARGUMENT;
    struct sealed_client *client = calloc(1, sizeof(*client));
    if (client == NULL)
        return ELIG_NO_MEMORY;
    client->to = *to;
    client->fd = -1;
    client->counter = *counter;
    int error = elig_session_open(&client->session, settings);
    if (error == ELIG_FINE && counter->path != NULL) {
        client->counter.path = client->counter_path = strdup(counter->path);
        error = client->counter_path == NULL ? ELIG_NO_MEMORY : ELIG_FINE;
    }
    if (error != ELIG_FINE) {
        sealed_client_close(client);
        return error;
    }
    *out = client;
    return ELIG_FINE;
}

static void hang_up(struct sealed_client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

void sealed_client_close(struct sealed_client *client)
{
    if (client == NULL)
        return;
    hang_up(client);
    elig_session_close(&client->session);
    free(client->counter_path);
    free(client);
}

/* Trouble */

static int in_trouble(struct sealed_client *client, int error, const char *what)
{
    snprintf(client->trouble, sizeof(client->trouble), "%s", what);
    return error;
}

const char *sealed_client_trouble(const struct sealed_client *client)
{
    return client->trouble;
}

uint32_t sealed_client_wait_ms(const struct sealed_client *client)
{
    int64_t left_ms = client->resume_ms - wire_clock_ms();
    return left_ms > 0 ? (uint32_t)left_ms : 0;
}

/* What a handshake needs */

static int draw(void *out, size_t size)
{
    ssize_t got;
    do
        got = getrandom(out, size, 0);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)size ? ELIG_FINE : ELIG_NO_RANDOMNESS;
}

/* Stored before it is used: a handshake that fails costs a number, and that is all. */
static int next_counter(struct sealed_client *client, uint64_t *out)
{
    struct fault fault;
    const struct elig_counter *counter = &client->counter;
    if (counter->path != NULL)
        return counter_next(out, counter->path, &fault)
                   ? ELIG_FINE
                   : in_trouble(client, ELIG_NO_COUNTER, fault.text);
    uint64_t last = 0;
    if (counter->load(counter->context, &last) != 0)
        return in_trouble(client, ELIG_NO_COUNTER, "the counter cannot be loaded");
    if (last == UINT64_MAX)
        return in_trouble(client, ELIG_NO_COUNTER, "no greater counter is left");
    if (counter->store(counter->context, last + 1) != 0)
        return in_trouble(client, ELIG_NO_COUNTER, "the counter cannot be stored");
    *out = last + 1;
    return ELIG_FINE;
}

static int make_fresh(struct sealed_client *client, struct elig_session_fresh *fresh)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *fresh = (struct elig_session_fresh){
        .now_ms = (uint64_t)wire_clock_ms(),
        .time_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000,
    };
    int error = draw(fresh->random, sizeof(fresh->random));
    return error == ELIG_FINE ? next_counter(client, &fresh->counter) : error;
}

/* Bytes */

/* Sends what is sealed, as far as the connection takes it now. */
static int flush_out(struct sealed_client *client)
{
    while (client->out_sent < client->out_size) {
        ssize_t size = send(client->fd, client->out + client->out_sent,
                            client->out_size - client->out_sent, MSG_NOSIGNAL);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 && errno == EAGAIN)
            return ELIG_FINE;
        if (size < 0)
            return in_trouble(client, ELIG_NO_CONNECTION, strerror(errno));
        client->out_sent += (size_t)size;
    }
    client->out_size = client->out_sent = 0;
    return ELIG_FINE;
}

/* The server did nothing because it stops: to be asked again, where somebody stays. PING and a
 * STATUS of the server want to know just that. */
static bool is_sent_away(const struct elig_request *request, const uint8_t *frame)
{
    bool is_about_server =
        request->kind == KIND_PING || (request->kind == KIND_STATUS && request->target_id == 0);
    return load_u16(frame + RESPONSE_STATUS) == STATUS_DRAINING && !is_about_server;
}

/* One record has as many frames as the one that it answers, and each frame the id of its own. */
static int take_answers(struct sealed_client *client, struct sealed_batch *batch,
                        const struct elig_event *event)
{
    if (client->records_under_way == 0 ||
        client->record_frames[client->records_first] != event->frame_count)
        return in_trouble(client, ELIG_NO_CONNECTION, "a record came with answers missing");
    client->records_first = (client->records_first + 1) % RECORDS_UNDER_WAY_MAX;
    client->records_under_way--;
    for (size_t i = 0; i < event->frame_count; i++) {
        const uint8_t *frame = event->frames + i * ELIG_FRAME_SIZE;
        const struct elig_request *request = &batch->requests[batch->answered];
        if (frame_kind(frame) != request->kind || frame_request_id(frame) != request->request_id)
            return ELIG_BAD_ANSWER;
        if (is_sent_away(request, frame))
            return in_trouble(client, ELIG_NO_CONNECTION, "the server is stopping");
        if (!batch->take(batch->context, batch->answered, frame))
            return ELIG_BAD_ANSWER;
        batch->answered++;
        client->has_answered = true;
        client->pause_ms = 0;
    }
    return ELIG_FINE;
}

static int react(struct sealed_client *client, struct sealed_batch *batch,
                 const struct elig_event *event, bool was_open)
{
    switch ((enum elig_event_kind)event->kind) {
    case ELIG_EVENT_NONE:
        return ELIG_FINE;
    case ELIG_EVENT_ACCEPTED:
        client->terms = event->terms;
        return ELIG_FINE;
    case ELIG_EVENT_FRAMES:
        assert(batch != NULL); /* the core lets no frames through that were not asked for */
        return take_answers(client, batch, event);
    case ELIG_EVENT_BUSY:
        client->resume_ms = wire_clock_ms() + event->wait_ms;
        return in_trouble(client, ELIG_NO_ROOM, "");
    case ELIG_EVENT_OVER:
        break;
    }
    return in_trouble(client, was_open ? ELIG_NO_CONNECTION : ELIG_NOT_ACCEPTED,
                      elig_cause_text(event->cause));
}

/* Takes what has come. `batch` is NULL before the session is accepted. */
static int hear(struct sealed_client *client, struct sealed_batch *batch)
{
    uint8_t piece[PIECE_SIZE];
    ssize_t size = recv(client->fd, piece, sizeof(piece), 0);
    bool was_open = elig_session_state(&client->session) == ELIG_SESSION_OPEN;
    if (size < 0 && (errno == EINTR || errno == EAGAIN))
        return ELIG_FINE;
    if (size <= 0)
        return in_trouble(client, was_open ? ELIG_NO_CONNECTION : ELIG_NOT_ACCEPTED,
                          was_open ? "the connection broke off"
                                   : "the server closed the connection without a word");
    client->heard_ms = wire_clock_ms();
    client->has_spoken = true;
    for (size_t taken = 0; taken < (size_t)size;) {
        struct elig_event event;
        taken += elig_session_take(&client->session, piece + taken, (size_t)size - taken, &event);
        int error = react(client, batch, &event, was_open);
        if (error != ELIG_FINE)
            return error;
        was_open = elig_session_state(&client->session) == ELIG_SESSION_OPEN;
    }
    return ELIG_FINE;
}

/* Shaking hands */

static int send_hello(struct sealed_client *client)
{
    struct elig_session_fresh fresh;
    int error = make_fresh(client, &fresh);
    if (error == ELIG_FINE && elig_session_start(&client->session, &fresh, client->out) != 0)
        error = in_trouble(client, ELIG_BAD_ARGUMENT,
                           elig_cause_text(elig_session_cause(&client->session)));
    explicit_bzero(&fresh, sizeof(fresh));
    client->out_size = error == ELIG_FINE ? ELIG_HELLO_SIZE : 0;
    client->out_sent = 0;
    return error;
}

/* The counter is taken once there is a connection, so that a server which is away wears out no
 * memory of a terminal. */
static int shake_hands(struct sealed_client *client, int64_t deadline_ms)
{
    client->trouble[0] = '\0';
    client->has_answered = client->has_spoken = false;
    int error = wire_connect(&client->fd, &client->to, deadline_ms);
    if (error == ELIG_NO_CONNECTION)
        (void)in_trouble(client, error, strerror(errno));
    if (error == ELIG_FINE)
        error = send_hello(client);
    while (error == ELIG_FINE && elig_session_state(&client->session) != ELIG_SESSION_OPEN) {
        error = flush_out(client);
        if (error == ELIG_FINE)
            error = wire_wait(client->fd, client->out_size != 0 ? POLLIN | POLLOUT : POLLIN,
                              deadline_ms);
        if (error == ELIG_FINE)
            error = hear(client, NULL);
    }
    client->records_first = client->records_under_way = 0;
    return error;
}

static void pause_before_next(struct sealed_client *client)
{
    uint32_t random = 0;
    uint32_t pause_ms = client->pause_ms * 2;
    if (pause_ms < PAUSE_MS_LEAST)
        pause_ms = PAUSE_MS_LEAST;
    if (pause_ms > PAUSE_MS_MAX)
        pause_ms = PAUSE_MS_MAX;
    (void)draw(&random, sizeof(random)); /* without it all come back at once, and no worse */
    client->pause_ms = pause_ms;
    client->resume_ms = wire_clock_ms() + pause_ms + random % (pause_ms / 2 + 1);
}

/* A server that does not say a word may not have this key any more, or not yet. */
static bool try_again_refused(struct sealed_client *client)
{
    bool has_other =
        !client->has_spoken && elig_session_use_next_key(&client->session) == ELIG_FINE;
    client->is_other_key = has_other && !client->is_other_key;
    if (client->is_other_key)
        return true; /* at once */
    pause_before_next(client);
    client->refusals++;
    if (client->refusals < REFUSALS_MAX)
        return true;
    client->refusals = 0;
    return false;
}

/* False: it would not help. */
static bool try_again(struct sealed_client *client, int error)
{
    switch (error) {
    case ELIG_NO_ROOM:
        return true; /* resume_ms is what the server told */
    case ELIG_NO_CONNECTION:
        pause_before_next(client);
        return true;
    case ELIG_NOT_ACCEPTED:
        return try_again_refused(client);
    default:
        return false;
    }
}

/* A new session, as soon as the server lets us. */
static int establish(struct sealed_client *client, int64_t deadline_ms)
{
    for (;;) {
        if (client->resume_ms >= deadline_ms)
            return client->last_error;
        wire_sleep_until(client->resume_ms);
        int error = shake_hands(client, deadline_ms);
        if (error == ELIG_FINE) {
            client->refusals = 0;
            client->is_other_key = false;
            return ELIG_FINE;
        }
        hang_up(client);
        client->last_error = error;
        if (!try_again(client, error))
            return error;
    }
}

/* Asking */

/* Nothing is under way in it, and it is old, spent, or so quiet that the server has closed it. */
static bool is_worn(const struct sealed_client *client)
{
    int64_t now_ms = wire_clock_ms();
    return client->records_under_way == 0 && client->out_size == 0 &&
           (elig_session_is_due(&client->session, (uint64_t)now_ms) ||
            now_ms - client->heard_ms >= (int64_t)client->terms.idle_s * 1000);
}

/* How many of the requests go into the next record; 0: none for now. */
static size_t next_record_count(const struct sealed_client *client,
                                const struct sealed_batch *batch)
{
    size_t left = batch->count - client->sealed;
    size_t count = left < client->terms.frames_max ? left : client->terms.frames_max;
    if (count == 0 || client->out_size != 0 || client->records_under_way == RECORDS_UNDER_WAY_MAX ||
        elig_session_is_due(&client->session, (uint64_t)wire_clock_ms()))
        return 0;
    size_t size = elig_session_record_size(&client->session, count);
    size_t frames = (size - RECORD_OVERHEAD) / ELIG_FRAME_SIZE; /* padding among them */
    size_t in_flight = elig_session_in_flight(&client->session);
    return in_flight + frames <= client->terms.in_flight_max ? count : 0;
}

static int seal_next(struct sealed_client *client, const struct sealed_batch *batch)
{
    size_t count = next_record_count(client, batch);
    if (count == 0)
        return ELIG_FINE;
    for (size_t i = 0; i < count; i++) {
        int error = elig_encode_request(client->out + i * ELIG_FRAME_SIZE,
                                        &batch->requests[client->sealed + i]);
        assert(error == ELIG_FINE); /* looked at before anything was sent */
        (void)error;
    }
    int error = elig_session_put(&client->session, client->out, count, client->out,
                                 sizeof(client->out), &client->out_size);
    assert(error == ELIG_FINE); /* all that speaks against it was looked at */
    (void)error;
    size_t place = (client->records_first + client->records_under_way) % RECORDS_UNDER_WAY_MAX;
    client->record_frames[place] = (uint8_t)count;
    client->records_under_way++;
    client->sealed += count;
    return flush_out(client);
}

static int advance(struct sealed_client *client, struct sealed_batch *batch, int64_t deadline_ms)
{
    int error;
    size_t sealed;
    do { /* as much as is let out at once */
        sealed = client->sealed;
        error = seal_next(client, batch);
    } while (error == ELIG_FINE && client->sealed != sealed);
    if (error == ELIG_FINE && client->records_under_way == 0)
        return ELIG_FINE; /* the session became due this very moment: nobody would answer */
    if (error == ELIG_FINE)
        error =
            wire_wait(client->fd, client->out_size != 0 ? POLLIN | POLLOUT : POLLIN, deadline_ms);
    if (error == ELIG_FINE)
        error = flush_out(client);
    return error == ELIG_FINE ? hear(client, batch) : error;
}

/* What was not answered is asked again in the new session, under the same ids. */
static int have_session(struct sealed_client *client, struct sealed_batch *batch,
                        int64_t deadline_ms)
{
    if (client->fd >= 0 && !is_worn(client))
        return ELIG_FINE;
    hang_up(client);
    client->sealed = batch->answered;
    return establish(client, deadline_ms);
}

int sealed_client_ask(struct sealed_client *client, struct sealed_batch *batch, uint32_t timeout_ms)
{
    int64_t deadline_ms = wire_clock_ms() + timeout_ms;
    client->sealed = batch->answered;
    while (batch->answered < batch->count) {
        size_t answered = batch->answered;
        int error = have_session(client, batch, deadline_ms);
        if (error != ELIG_FINE)
            return error;
        error = advance(client, batch, deadline_ms);
        if (error != ELIG_FINE) {
            hang_up(client); /* answers may still be under way: never taken for others */
            client->last_error = error;
            if (error != ELIG_NO_CONNECTION)
                return error;
            if (!client->has_answered)
                pause_before_next(client);
        }
        if (batch->answered != answered)
            deadline_ms = wire_clock_ms() + timeout_ms;
    }
    client->trouble[0] = '\0';
    return ELIG_FINE;
}
