/* A server of sealed sessions for tests: it serves one connection after the other in a thread, well
 * or badly, as it is told, and keeps a log of what it was asked. */
#ifndef TESTS_SEALED_SERVER_H
#define TESTS_SEALED_SERVER_H

#include "protocol/elig.h"
#include "protocol/record.h"

#define SEALED_TERMINAL_ID 4711
#define SEALED_LOG_MAX     8192
#define SEALED_HELLOS_MAX  256
#define SEALED_SALES_MAX   64

enum sealed_manner {
    SEALED_WELL = 0,
    /* connections */
    SEALED_NO_ACCEPT,   /* reads the HELLO and closes */
    SEALED_BAD_ACCEPT,  /* a bit of the ACCEPT is another one */
    SEALED_HALF_ACCEPT, /* half of it, then closes */
    SEALED_BUSY,        /* says so, with orders.busy_ms */
    /* records */
    SEALED_CLOSE,    /* closes instead of answering */
    SEALED_CUT,      /* half of the answer, then closes */
    SEALED_FLIP,     /* a bit of the answer is another one */
    SEALED_REPLAY,   /* the record comes twice */
    SEALED_DROP,     /* one answer fewer, or the whole record when it has one */
    SEALED_OTHER_ID, /* the first answer is to something else */
    SEALED_NONSENSE, /* a sealed frame that is no answer */
    SEALED_DRAINING, /* says that it stops, and does not yet */
    SEALED_NO_ROOM,  /* answers each frame BUSY, with orders.busy_ms */
    SEALED_LATE,     /* after orders.late_ms, unless it is left before */
    SEALED_SILENT,   /* reads and says nothing */
};

struct sealed_orders {
    enum sealed_manner manner;
    unsigned times;         /* so many connections or records, then well again */
    unsigned first;         /* after so many records that are treated well */
    uint32_t busy_ms;       /* what BUSY says, the record and the frames */
    uint32_t late_ms;       /* before a late answer */
    struct accept terms;    /* what ACCEPT says; frames_max 0: of the server's choice */
    bool has_now, has_next; /* the keys it has: its own, and the one it changes to */
};

struct sealed_log {
    size_t hello_count, busy_count, session_count, record_count, id_count;
    uint64_t counters[SEALED_HELLOS_MAX]; /* of HELLOs that were addressed to a key it has */
    uint32_t hello_ms[SEALED_HELLOS_MAX]; /* when they came, since the server started */
    struct {
        uint64_t id;
        uint32_t session; /* 1 and up */
        uint32_t record;  /* of its session, 0 and up */
    } asked[SEALED_LOG_MAX];
    size_t frames_most; /* in a record, padding counted */
    size_t sale_count;  /* transactions that were done: each once, however often it was asked for */
};

#define SEALED_SERVER_ENVIRONMENT 7

/* The keys of everybody in these tests: what a terminal has to know. */
struct elig_session_settings sealed_settings(void);

/* On a port of 127.0.0.1, the same one when it starts again; its address into `address`. */
void sealed_server_start(char address[static 32]);
/* The same with keys of the caller's. */
void sealed_server_start_with(char address[static 32],
                              const uint8_t server_secret[static NOISE_KEY_SIZE],
                              const uint8_t server_next_secret[static NOISE_KEY_SIZE],
                              const uint8_t terminal_public[static NOISE_KEY_SIZE],
                              const uint8_t psk[static NOISE_KEY_SIZE], uint32_t environment);
void sealed_server_stop(void);
/* Ends the connection that is open. */
void sealed_server_cut(void);

void sealed_server_order(struct sealed_orders orders);
void sealed_server_log(struct sealed_log *out);

#endif
