#include "tests/relay.h"

#include "tests/support.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURN_MS    5
#define CHUNK_MAX  16384
#define NOISE_SIZE 84

const struct relay_plan RELAY_NOTHING = {
    .flip_at = RELAY_NEVER,
    .cut_at = RELAY_NEVER,
    .lost_from = RELAY_NEVER,
    .hold_from = RELAY_NEVER,
    .hold_behind = RELAY_NEVER,
    .repeat_to = RELAY_NEVER,
    .insert_at = RELAY_NEVER,
};

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

static void pair_close(struct relay_pair *pair)
{
    for (int way = 0; way < RELAY_WAYS; way++) {
        if (pair->fds[way] >= 0)
            close(pair->fds[way]);
        pair->fds[way] = -1;
    }
}

static void accept_one(struct relay *relay)
{
    int one = 1;
    uint32_t count = atomic_load(&relay->pair_count);
    int client = accept(relay->listener, NULL, NULL);
    if (client < 0)
        return;
    struct sockaddr_in to = loopback(relay->target);
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (count == RELAY_PAIRS_MAX ||
        connect(server, (const struct sockaddr *)&to, sizeof(to)) != 0) {
        close(client);
        close(server);
        return;
    }
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    struct relay_pair *pair = &relay->pairs[count];
    pair->fds[RELAY_UP] = client;
    pair->fds[RELAY_DOWN] = server;
    pthread_mutex_lock(&relay->lock);
    memcpy(pair->plans, relay->plans, sizeof(pair->plans));
    pthread_mutex_unlock(&relay->lock);
    for (int way = 0; way < RELAY_WAYS; way++)
        pair->seen[way] = malloc(RELAY_SEEN_MAX);
    atomic_store(&relay->pair_count, count + 1);
}

/* In pieces, each after a pause. */
static void send_pieces(struct relay *relay, struct relay_pair *pair, int way, const uint8_t *bytes,
                        size_t size)
{
    const struct relay_plan *plan = &pair->plans[way];
    int to = pair->fds[1 - way];
    for (size_t at = 0; at < size;) {
        size_t piece = plan->piece != 0 && plan->piece < size - at ? plan->piece : size - at;
        if (send(to, bytes + at, piece, MSG_NOSIGNAL) != (ssize_t)piece)
            return; /* it has closed: seen when it is read from */
        at += piece;
        if (plan->pause_us + plan->jitter_us != 0)
            usleep(plan->pause_us +
                   (uint32_t)(support_random(&relay->random) % (plan->jitter_us + 1)));
    }
}

static void put(uint8_t *out, size_t *size, const uint8_t *bytes, size_t byte_count)
{
    memcpy(out + *size, bytes, byte_count);
    *size += byte_count;
}

/* What becomes of one byte; false when the connection is to be cut before it. */
static bool pass(struct relay *relay, struct relay_pair *pair, int way, uint8_t byte, uint8_t *out,
                 size_t *size)
{
    const struct relay_plan *plan = &pair->plans[way];
    uint32_t offset = pair->offsets[way]++;
    uint32_t seen_size = atomic_load(&pair->seen_size[way]);
    if (offset == plan->cut_at)
        return false;
    if (seen_size < RELAY_SEEN_MAX) {
        pair->seen[way][seen_size] = byte;
        atomic_store(&pair->seen_size[way], seen_size + 1);
    }
    if (offset >= plan->lost_from)
        return true;
    if (offset == plan->insert_at)
        for (int i = 0; i < NOISE_SIZE; i++)
            out[(*size)++] = (uint8_t)support_random(&relay->random);
    byte ^= (uint8_t)(offset == plan->flip_at);
    if (offset >= plan->hold_from && offset < plan->hold_until &&
        pair->held_size < sizeof(pair->held))
        pair->held[pair->held_size++] = byte;
    else
        out[(*size)++] = byte;
    if (offset + 1 == plan->hold_behind)
        put(out, size, pair->held, pair->held_size);
    if (offset + 1 == plan->repeat_to)
        put(out, size, pair->seen[way] + plan->repeat_from, plan->repeat_to - plan->repeat_from);
    return true;
}

static void pass_on(struct relay *relay, struct relay_pair *pair, int way)
{
    static uint8_t in[CHUNK_MAX], out[2 * CHUNK_MAX + RELAY_SEEN_MAX];
    size_t size = 0;
    ssize_t got = recv(pair->fds[way], in, sizeof(in), 0);
    if (got <= 0) {
        if (pair->offsets[way] <= pair->plans[way].lost_from || way == RELAY_DOWN)
            pair_close(pair);
        return;
    }
    for (ssize_t i = 0; i < got; i++)
        if (!pass(relay, pair, way, in[i], out, &size)) {
            send_pieces(relay, pair, way, out, size);
            pair_close(pair);
            return;
        }
    send_pieces(relay, pair, way, out, size);
}

static void *relay_run(void *argument)
{
    static struct pollfd watches[1 + RELAY_WAYS * RELAY_PAIRS_MAX];
    struct relay *relay = argument;
    while (!atomic_load(&relay->is_ending)) {
        uint32_t count = atomic_load(&relay->pair_count), asked = atomic_load(&relay->cut_asked);
        for (uint32_t i = 0; asked != atomic_load(&relay->cut_done) && i < count; i++)
            pair_close(&relay->pairs[i]);
        atomic_store(&relay->cut_done, asked);
        watches[0] = (struct pollfd){.fd = relay->listener, .events = POLLIN};
        for (uint32_t i = 0; i < count; i++)
            for (int way = 0; way < RELAY_WAYS; way++)
                watches[1 + 2 * i + (uint32_t)way] =
                    (struct pollfd){.fd = relay->pairs[i].fds[way], .events = POLLIN};
        if (poll(watches, 1 + 2 * count, TURN_MS) <= 0)
            continue;
        for (uint32_t i = 0; i < count; i++)
            for (int way = 0; way < RELAY_WAYS; way++)
                if (watches[1 + 2 * i + (uint32_t)way].revents != 0 &&
                    relay->pairs[i].fds[way] >= 0)
                    pass_on(relay, &relay->pairs[i], way);
        if (watches[0].revents != 0)
            accept_one(relay);
    }
    return NULL;
}

void relay_open(struct relay *relay, uint16_t target)
{
    struct sockaddr_in at = loopback(0);
    socklen_t size = sizeof(at);
    memset(relay, 0, sizeof(*relay));
    relay->target = target;
    relay_plan_nothing(relay);
    pthread_mutex_init(&relay->lock, NULL);
    relay->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(relay->listener, 0);
    ck_assert_int_eq(bind(relay->listener, (const struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(listen(relay->listener, 512), 0);
    ck_assert_int_eq(getsockname(relay->listener, (struct sockaddr *)&at, &size), 0);
    relay->port = ntohs(at.sin_port);
    ck_assert_int_eq(pthread_create(&relay->thread, NULL, relay_run, relay), 0);
}

void relay_close(struct relay *relay)
{
    if (relay->port == 0)
        return;
    atomic_store(&relay->is_ending, true);
    pthread_join(relay->thread, NULL);
    for (uint32_t i = 0; i < atomic_load(&relay->pair_count); i++) {
        pair_close(&relay->pairs[i]);
        for (int way = 0; way < RELAY_WAYS; way++)
            free(relay->pairs[i].seen[way]);
    }
    close(relay->listener);
    pthread_mutex_destroy(&relay->lock);
    relay->port = 0;
}

void relay_plan(struct relay *relay, int way, struct relay_plan plan)
{
    pthread_mutex_lock(&relay->lock);
    relay->plans[way] = plan;
    pthread_mutex_unlock(&relay->lock);
}

void relay_plan_nothing(struct relay *relay)
{
    for (int way = 0; way < RELAY_WAYS; way++)
        relay->plans[way] = RELAY_NOTHING;
}

void relay_cut(struct relay *relay)
{
    uint32_t asked = atomic_fetch_add(&relay->cut_asked, 1) + 1;
    while (atomic_load(&relay->cut_done) != asked)
        usleep(1000);
}

uint32_t relay_seen(const struct relay *relay, uint32_t pair, int way, const uint8_t **bytes)
{
    ck_assert_uint_lt(pair, atomic_load(&relay->pair_count));
    *bytes = relay->pairs[pair].seen[way];
    return atomic_load(&relay->pairs[pair].seen_size[way]);
}
