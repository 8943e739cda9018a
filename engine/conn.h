/* The connections of one loop: bytes in, answers out, and the limits that keep one client from
 * harming another. An idle connection has no buffer; while a client does not take its answers, it
 * is not read from; silence, unfinished frames and unsent answers have deadlines of their own. */
#ifndef ENGINE_CONN_H
#define ENGINE_CONN_H

#include <ev.h>

#include "engine/handshakes.h"
#include "engine/sealed.h"

/* One bounded read per callback, so that nobody starves behind a fast client. */
#define CONN_FRAMES_MAX 256
#define CONN_READ_SIZE  (CONN_FRAMES_MAX * FRAME_SIZE)

static_assert(RECORD_SIZE_MAX <= CONN_READ_SIZE, "a whole record fits into a read");

/* Buffers of each loop, for answers that wait and for records that are not whole. When all are in
 * use, the connection that has had one longest is closed for the next one. */
#define CONN_BUFFERS_MAX 256

/* What a terminal is asked to wait that came when too many did, or when we were about to leave. */
#define CONN_BUSY_MS_LEAST 500
#define CONN_BUSY_MS_MOST  3000

/* After our last answer, what the client still sends is thrown away, so that closing does not
 * destroy answers on their way (TCP resets a connection that is closed with unread input). */
#define CONN_LINGER_MS   2000
#define CONN_LINGER_SIZE 65536

struct conns;

struct conns_settings {
    uint32_t connection_count_max;
    _Atomic uint32_t *connection_count; /* borrowed: open now, in all loops together */
    uint32_t idle_ms, frame_ms, write_ms;
    uint32_t hello_ms;   /* from connecting to a whole HELLO, and from ACCEPT to the first record */
    uint32_t session_ms; /* a session lasts at most so long */
    uint64_t seed;       /* any number: of what BUSY answers say */
    uint32_t loop;       /* which one this is, for the handshakes */
    struct handshakes *handshakes;          /* borrowed; NULL: nothing sealed is served */
    const struct server_identity *identity; /* borrowed; NULL likewise */
    struct ledger *ledger; /* borrowed; NULL: there is none. Else the answerer has transactions */
    struct ev_loop *ev;    /* borrowed, as the next two are */
    struct answerer *answerer;
    struct metrics *metrics;
};

/* All memory that connections ever take is taken here. */
MUST_USE bool conns_open(struct conns **out, const struct conns_settings *settings,
                         struct fault *fault);

/* Whoever accepts a socket counts it, for all loops together and whichever serves it. Over the
 * limit it is closed at once; false then. */
MUST_USE bool conns_admit(struct conns *conns, int fd);

/* Serves a connected socket that does not block and was admitted; takes it. What is seen of answers
 * there is for the profile to say (enum profile); 0: it is sealed, and its terminal has a profile.
 */
void conns_add(struct conns *conns, int fd, uint8_t profile);

/* The handshakes have something for this loop: sessions begin, or keys were revoked. Whether there
 * may be more. */
bool conns_shake(struct conns *conns);

/* From which snapshot frames are answered from now on. No transactions of an edition before the
 * present one are with the ledger any more (conns_need_old). */
void conns_use(struct conns *conns, const struct edition *edition);

/* The ledger has verdicts for this loop, or has failed. Whether there may be more. */
bool conns_commit(struct conns *conns);

/* Whether transactions of the edition before the present one are with the ledger: until they are
 * not, it must stand. */
bool conns_need_old(const struct conns *conns);

/* From now on every frame is answered DRAINING. */
void conns_drain(struct conns *conns, uint16_t wait_ms);

/* Ends every connection in good order: unsent answers first, then the end of the stream. */
void conns_end(struct conns *conns);

uint32_t conns_count(const struct conns *conns);

/* Rises whenever a connection has something for us. */
const uint64_t *conns_wakeups(const struct conns *conns);

/* Closes what is still open and frees all; NULL: nothing. */
void conns_close(struct conns *conns);

#endif
