#include "engine/conn.h"

#include "engine/conn_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define VERDICTS_A_TAKE 64
#define TAKES_A_WAKE    16 /* then it is others' turn */

static_assert(ANSWER_REQUESTS_MAX >= CONN_FRAMES_MAX, "every frame of a read may be a transaction");

/* ---- buffers for answers that are awaited ---- */

static bool pool_open(struct await_pool *pool, uint32_t count, size_t size)
{
    *pool = (struct await_pool){.size = size, .count = count};
    pool->all = calloc(count, size);
    return pool->all != NULL;
}

static bool pool_has(const struct await_pool *pool, const uint8_t *buffer)
{
    return buffer >= pool->all && buffer < pool->all + pool->count * pool->size;
}

static uint8_t *pool_take(struct await_pool *pool)
{
    uint8_t *buffer = pool->free;
    if (buffer != NULL)
        memcpy(&pool->free, buffer, sizeof(pool->free));
    else if (pool->used_count < pool->count)
        buffer = pool->all + pool->used_count++ * pool->size;
    return buffer;
}

static void pool_release(struct await_pool *pool, uint8_t *buffer)
{
    memcpy(buffer, &pool->free, sizeof(pool->free));
    pool->free = buffer;
}

/* NULL: none is free. */
static uint8_t *room_take(struct conns *conns, size_t size)
{
    uint8_t *buffer = size <= AWAIT_SMALL_SIZE ? pool_take(&conns->await_small) : NULL;
    return buffer != NULL ? buffer : pool_take(&conns->await_large);
}

static void room_release(struct conns *conns, uint8_t *buffer)
{
    pool_release(pool_has(&conns->await_small, buffer) ? &conns->await_small : &conns->await_large,
                 buffer);
}

void conn_forget_awaited(struct conn *conn)
{
    if (conn->awaiting != NULL)
        room_release(conn->conns, conn->awaiting);
    conn->awaiting = NULL;
    conn->awaited_count = 0;
}

bool conns_open_ledger(struct conns *conns)
{
    assert(conns->settings.connection_count_max <= TICKET_CONN_COUNT);
    return conns->settings.ledger == NULL ||
           (pool_open(&conns->await_small, AWAIT_SMALL_COUNT, AWAIT_SMALL_SIZE) &&
            pool_open(&conns->await_large, AWAIT_LARGE_COUNT, CONN_READ_SIZE));
}

void conns_close_ledger(struct conns *conns)
{
    free(conns->await_small.all);
    free(conns->await_large.all);
}

/* ---- tickets: which answer of which connection, under which edition ---- */

static uint64_t ticket_make(const struct conn *conn, size_t place)
{
    const struct conns *conns = conn->conns;
    uint64_t number = (uint64_t)(conn - conns->all);
    assert(place % TICKET_PLACE_STEP == 0 && place < CONN_READ_SIZE);
    return (uint64_t)conn->serial << TICKET_SERIAL_SHIFT |
           (uint64_t)conns->edition_turn << TICKET_TURN_SHIFT | number << TICKET_CONN_SHIFT |
           place / TICKET_PLACE_STEP;
}

static size_t ticket_place(uint64_t ticket)
{
    return (size_t)(ticket & ((UINT64_C(1) << TICKET_CONN_SHIFT) - 1)) * TICKET_PLACE_STEP;
}
static uint32_t ticket_conn(uint64_t ticket)
{
    return (uint32_t)(ticket >> TICKET_CONN_SHIFT) % TICKET_CONN_COUNT;
}
static uint32_t ticket_turn(uint64_t ticket)
{
    return ticket >> TICKET_TURN_SHIFT & 1;
}
static uint32_t ticket_serial(uint64_t ticket)
{
    return (uint32_t)(ticket >> TICKET_SERIAL_SHIFT);
}

/* ---- asking ---- */

#define ASKER_PLAIN (UINT64_C(1) << 63) /* no terminal has such a number */

/* Sessions of one terminal are one asker, however many; of plain frames each connection is. */
static uint64_t asker_of(const struct conn *conn)
{
    const struct conns *conns = conn->conns;
    if (is_sealed(conn))
        return conn->session.terminal_number;
    return ASKER_PLAIN | (uint64_t)conns->settings.loop << 32 | (uint64_t)(conn - conns->all);
}

static uint32_t submit(const struct served *served, struct transactions *transactions)
{
    struct conns *conns = served->conn->conns;
    uint64_t asker = asker_of(served->conn);
    for (uint32_t i = 0; i < transactions->count; i++) {
        transactions->requests[i].ticket =
            ticket_make(served->conn, (size_t)(transactions->places[i] - served->out));
        transactions->requests[i].asker = asker;
    }
    size_t count = ledger_submit(conns->settings.ledger, conns->settings.loop,
                                 transactions->requests, transactions->count);
    conns->under_way_counts[conns->edition_turn] += (uint32_t)count;
    return (uint32_t)count;
}

bool conn_await(const struct served *served)
{
    struct conn *conn = served->conn;
    const struct taken *taken = &served->taken;
    struct conns *conns = conn->conns;
    struct transactions *transactions = conns->settings.answerer->transactions;
    struct metrics *metrics = conns->settings.metrics;
    uint32_t count = transactions->count, submitted_count = 0;
    bool has_failed = ledger_has_failed(conns->settings.ledger);
    uint8_t *buffer = has_failed ? NULL : room_take(conns, taken->answer_size);
    if (buffer != NULL)
        submitted_count = submit(served, transactions);
    for (uint32_t i = submitted_count; i < count; i++)
        awaited_refuse(transactions->places[i], has_failed ? LEDGER_FAILED_MS : LEDGER_BUSY_MS);
    metric_add(&metrics->transactions, count);
    metric_add(&metrics->transactions_busy, count - submitted_count);
    explicit_bzero(transactions->requests, count * sizeof(transactions->requests[0]));
    transactions->count = 0;
    if (submitted_count == 0) {
        if (buffer != NULL)
            room_release(conns, buffer);
        return false;
    }
    answer_finish(conns->settings.answerer); /* CHECKs beside them may still be in the group */
    memcpy(buffer, served->out, taken->answer_size);
    conn->awaiting = buffer;
    conn->awaited_count = (uint16_t)submitted_count;
    conn->awaiting_taken = *taken;
    conn->state = CONN_COMMITTING;
    conn_wait(conn, WAIT_COMMIT);
    conn_watch(conn, 0);
    return true;
}

/* ---- verdicts ---- */

/* The last one is there: the answers go out as if they had been made now. */
static void conn_resume(struct conn *conn)
{
    struct conns *conns = conn->conns;
    struct taken taken = conn->awaiting_taken;
    uint8_t *answers = conns->round.in; /* nobody is in the round */
    memcpy(answers, conn->awaiting, taken.answer_size);
    conn_forget_awaited(conn);
    conn->state = CONN_SERVING;
    conn_answer(conn, answers, &taken);
    explicit_bzero(answers, taken.answer_size);
}

static void take_verdict(struct conns *conns, const struct ledger_verdict *verdict)
{
    uint64_t ticket = verdict->ticket;
    struct conn *conn = &conns->all[ticket_conn(ticket)];
    uint32_t *under_way_count = &conns->under_way_counts[ticket_turn(ticket)];
    assert(*under_way_count > 0);
    (*under_way_count)--;
    if (conn->state != CONN_COMMITTING || conn->serial != ticket_serial(ticket)) {
        metric_add(&conns->settings.metrics->transactions_unanswered, 1);
        return;
    }
    awaited_answer(conn->awaiting + ticket_place(ticket), verdict);
    if (--conn->awaited_count == 0)
        conn_resume(conn);
}

/* No verdict comes any more. What is not known is not answered. */
static void close_waiting(struct conns *conns)
{
    struct conn *conn;
    while ((conn = conns->waits[WAIT_COMMIT].first) != NULL) {
        metric_add(&conns->settings.metrics->commit_closed, 1);
        conn_close(conn);
    }
    memset(conns->under_way_counts, 0, sizeof(conns->under_way_counts));
}

bool conns_commit(struct conns *conns)
{
    struct ledger *ledger = conns->settings.ledger;
    struct ledger_verdict verdicts[VERDICTS_A_TAKE];
    conns_end_round(conns);
    for (int i = 0; i < TAKES_A_WAKE; i++) {
        bool has_failed = ledger_has_failed(ledger); /* before: what it gave until then is taken */
        size_t count = ledger_take(ledger, conns->settings.loop, verdicts, VERDICTS_A_TAKE);
        for (size_t v = 0; v < count; v++)
            take_verdict(conns, &verdicts[v]);
        if (count == 0 && has_failed)
            close_waiting(conns);
        if (count == 0)
            return false;
    }
    return true;
}

bool conns_need_old(const struct conns *conns)
{
    return conns->under_way_counts[1 - conns->edition_turn] > 0;
}
