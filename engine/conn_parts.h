/* What the files of the connections share: conn.c has sockets, buffers and deadlines, conn_sealed.c
 * has sessions, from their HELLO to their end, conn_ledger.c waits for verdicts. Nobody else
 * includes this. */
#ifndef ENGINE_CONN_PARTS_H
#define ENGINE_CONN_PARTS_H

#include "engine/conn.h"

enum conn_state {
    CONN_FREE = 0,
    CONN_GREETING, /* sealed: its HELLO is awaited */
    CONN_SHAKING,  /* its HELLO is with the thread of handshakes; nothing is read */
    CONN_SERVING,
    CONN_COMMITTING, /* its transactions are with the ledger; nothing is read */
    CONN_ENDING,     /* nothing more is answered; unsent answers are flushed */
    CONN_LINGERING,  /* our side has ended; what comes in is thrown away */
};

/* What a connection is waiting for, and so which deadline holds. All deadlines of a class are the
 * same length: a list in order of beginning is in order of end. */
enum wait {
    WAIT_REQUEST,
    WAIT_FRAME,
    WAIT_WRITE,
    WAIT_LINGER,
    WAIT_HELLO,
    WAIT_COMMIT,
    WAIT_COUNT
};

/* What a read came to. */
struct taken {
    size_t size;        /* of the bytes that came in: whole frames or records */
    size_t answer_size; /* of the bytes that go out */
    bool is_over;
};

struct conn {
    ev_io io; /* reads or writes, never both */
    struct conns *conns;
    struct conn *before, *after; /* in the list of its wait; `after` in the list of the free */
    uint64_t deadline_tick;
    uint8_t *pending; /* from the pool; NULL: every answer is sent */
    uint32_t pending_from, pending_size;
    uint32_t linger_size;
    uint32_t serial; /* rises with every connection that has had this place */
    uint8_t state;
    uint8_t wait;
    uint8_t profile; /* of plain frames; 0: sealed, and it is the terminal's */
    uint16_t partial_size;
    uint8_t partial[HELLO_SIZE]; /* the beginning of a frame or a record, if it is short */
    uint8_t *stored;             /* from the pool: if it is long; NULL: it is short */
    uint64_t end_tick;           /* of a session: when its hour is over */
    struct sealed session;
    uint8_t
        *awaiting; /* answers that await verdicts, and those beside them; NULL: there are none */
    struct taken awaiting_taken; /* the read that they answer */
    uint16_t awaited_count;      /* verdicts that are still to come */
    uint16_t place;              /* in the round, counted from 1; 0: is in none */
};
static_assert(FRAME_SIZE <= HELLO_SIZE, "the beginning of a frame fits");

struct wait_list {
    struct conn *first, *last;
    uint64_t tick_count; /* how long such a wait may last */
};

/* Buffers for answers that await verdicts, apart from the others: nobody is closed for one. Small
 * ones are as many as requests may wait at all, so whoever asks little always has one. */
#define AWAIT_SMALL_SIZE  DATA_SIZE(4)
#define AWAIT_SMALL_COUNT LEDGER_WAITING_MAX
#define AWAIT_LARGE_COUNT 64
struct await_pool {
    uint8_t *all;  /* [count * size] */
    uint8_t *free; /* the first bytes of a free buffer point to the next */
    size_t size;
    uint32_t used_count, count;
};

/* What a ticket says, from its low bits on: place of the answer, connection, turn of the edition,
 * serial of the connection. */
#define TICKET_PLACE_STEP   4
#define TICKET_CONN_SHIFT   12
#define TICKET_TURN_SHIFT   31
#define TICKET_SERIAL_SHIFT 32
#define TICKET_CONN_COUNT   (UINT32_C(1) << (TICKET_TURN_SHIFT - TICKET_CONN_SHIFT))
static_assert(CONN_READ_SIZE / TICKET_PLACE_STEP <= 1 << TICKET_CONN_SHIFT, "places fit");
static_assert(FRAME_SIZE % TICKET_PLACE_STEP == 0 && HEADER_SIZE % TICKET_PLACE_STEP == 0 &&
                  NOISE_TAG_SIZE % TICKET_PLACE_STEP == 0,
              "answers stand on such places");

/* What a connection has asked in this round. */
struct served {
    struct conn *conn; /* NULL: is gone since */
    struct moment moment;
    struct taken taken;
    uint8_t *out; /* what it asked, and where that is answered */
};

/* A round: everybody who can be read from is read from before anybody is answered. Cache misses of
 * all questions overlap, and a client that answers brings with others is woken once for all.
 * Answers are made in the place of what was asked. */
#define ROUND_SIZE       (8 * CONN_READ_SIZE)
#define ROUND_SERVED_MAX 255
static_assert(ROUND_SERVED_MAX < CONN_BUFFERS_MAX,
              "when all buffers are in use, somebody has one who is in no round");
struct round {
    ev_prepare end; /* fed when somebody is in the round: comes when all have been read from */
    uint32_t served_count;
    size_t size; /* of `in` */
    struct served served[ROUND_SERVED_MAX];
    _Alignas(CACHE_LINE_SIZE) uint8_t in[ROUND_SIZE];
};

struct conns {
    struct conns_settings settings;
    struct moment moment; /* what those of all connections share */
    ev_timer ticker;
    uint64_t tick;
    struct wait_list waits[WAIT_COUNT];

    struct conn *all;    /* [settings.connection_count_max], locked memory: it has keys */
    struct conn *free;   /* those that were used before */
    uint32_t used_count; /* of `all`, from its beginning: ever used */
    uint32_t count;      /* open now */
    uint64_t wakeup_count;
    uint8_t *buffer_all;  /* [CONN_BUFFERS_MAX * CONN_READ_SIZE] */
    uint8_t *buffer_free; /* the first bytes of a free buffer point to the next */
    uint32_t buffer_used_count;

    /* Sealed sessions. */
    uint32_t epoch;            /* of the catalogue's terminals: another edition, or another day */
    uint32_t today;            /* civil day in Riga */
    uint32_t sweep_at;         /* of `all`: whose session is looked at next, though nothing comes */
    uint32_t revocation_count; /* of the handshakes, when it was last looked at */
    uint64_t session_ticks;    /* how long a session may last */
    uint64_t jitter;           /* state of a generator: who is sent away comes back by turns */

    /* With a ledger. */
    struct await_pool await_small, await_large;
    uint32_t edition_turn;        /* 0 or 1: changes with the edition */
    uint32_t under_way_counts[2]; /* transactions with the ledger, by turn */

    struct round round;
};

static inline bool is_sealed(const struct conn *conn)
{
    return conn->profile == 0;
}

/* From its ACCEPT to its close. A HELLO that was sent away has none. */
static inline bool has_session(const struct conn *conn)
{
    return conn->session.terminal_number != 0;
}

/* ---- conn.c ---- */

/* The wait begins now; one that began within this tick already stays where it is. */
void conn_wait(struct conn *conn, enum wait wait);

/* What the socket is watched for: EV_READ, EV_WRITE or, while others work for it, nothing. */
void conn_watch(struct conn *conn, int events);
void conn_close(struct conn *conn);

/* Sends answers; what the socket does not take waits, and until it is taken nothing is read. False
 * when the connection is gone. */
bool conn_write(struct conn *conn, const uint8_t *bytes, size_t size);

/* Keeps the beginning of the next frame or record; nothing else of what came in stays. */
void conn_keep(struct conn *conn, const uint8_t *rest, size_t rest_size);

/* Sends the answers to a read, sealed where that is due, and goes on as it says. */
void conn_answer(struct conn *conn, uint8_t *answers, const struct taken *taken);

/* The stream ends with these answers; what else came is none of ours. */
void conn_finish(struct conn *conn, const uint8_t *answers, size_t size);

/* Whoever is in the round is answered. Comes before all that is done for everybody: another
 * edition, verdicts, an end. */
void conns_end_round(struct conns *conns);

/* ---- conn_sealed.c ---- */

/* So much has come of a connection that has no session yet. */
void conn_greet(struct conn *conn, const uint8_t *in, size_t size);

/* Of one that has. */
void conn_take_records(struct served *served, uint8_t *in, size_t size);

/* Ends sessions whose terminal is gone from the catalogue, or whose hour is over, also when nothing
 * comes from them; a part of them each time. */
void conns_sweep(struct conns *conns);

/* ---- conn_ledger.c ---- */

MUST_USE bool conns_open_ledger(struct conns *conns);
void conns_close_ledger(struct conns *conns);

/* The transactions of the read that has been answered are submitted, and the connection waits for
 * their verdicts; false when the ledger took none of them: then all answers are there. */
MUST_USE bool conn_await(const struct served *served);

/* Its verdicts will find it gone. */
void conn_forget_awaited(struct conn *conn);

#endif
