/* Handshakes. A HELLO costs a fifth of a millisecond of curves, and loops have checks to answer: a
 * thread of its own opens HELLOs, judges the terminals that sent them, and hands what it made back
 * to their loops. It gives way to the loops, so handshakes never cost more than what they leave.
 *
 * It also watches the list of revoked keys, because both need the same eye on who may speak. */
#ifndef ENGINE_HANDSHAKES_H
#define ENGINE_HANDSHAKES_H

#include "engine/counters.h"
#include "engine/guard.h"
#include "engine/store.h"
#include "protocol/record.h"

/* HELLOs that wait, of all loops together; whoever comes beyond is answered BUSY. At 4000 a second
 * the last one waits a second. */
#define HANDSHAKES_WAITING_MAX 4096

/* Whoever knows the server's public key can make HELLOs that wait. Once so many do, a newcomer is
 * answered BUSY whose source has its share of them already: one machine cannot keep all others out.
 * Terminals that come back together from behind one address have the queue's beginning. */
#define HANDSHAKES_CROWD_MIN (HANDSHAKES_WAITING_MAX / 4)
#define HANDSHAKES_SHARE_MAX (HANDSHAKES_WAITING_MAX / 8)

/* How often the list of revoked keys is looked at: well within the second that is promised. */
#define REVOCATIONS_POLL_MS 200

/* Why a HELLO came to nothing. The terminal is not told; it is counted. */
enum hello_end {
    HELLO_ACCEPTED = 0,
    HELLO_UNREADABLE, /* not sealed for us, or for another environment */
    HELLO_STRANGER,   /* no such key in the catalogue, or another number */
    HELLO_ENDED,      /* not in force today */
    HELLO_REVOKED,
    HELLO_REPLAYED, /* its counter has not risen */
    HELLO_NO_MERCHANT_KEY,
    HELLO_END_COUNT
};

/* A HELLO on its way to the thread; `conn` and `serial` are its loop's own, and come back. */
struct handshake_asked {
    uint32_t loop, conn, serial;
    uint64_t source;   /* listener_source */
    uint8_t key_index; /* by which of the server's keys: 0 current, 1 next */
    uint8_t hello[HELLO_SIZE];
};

/* What became of it. The ciphers are secret: whoever takes it wipes it. */
struct handshake_done {
    uint32_t conn, serial;
    uint64_t source; /* as it was asked */
    enum hello_end end;
    uint32_t terminal_number, guard_slot;
    uint8_t terminal_key[NOISE_KEY_SIZE];
    struct noise_cipher receive, send;
    uint8_t accept[ACCEPT_SIZE];
};

/* The server's keys: current, and the one that will follow, which terminals may use already. */
#define SERVER_KEY_COUNT_MAX 2
struct server_identity {
    uint32_t key_count;
    const struct noise_keys *keys[SERVER_KEY_COUNT_MAX]; /* borrowed, locked memory */
    struct server_name names[SERVER_KEY_COUNT_MAX];
};

/* Everything is borrowed and outlives it. */
struct handshakes_settings {
    const struct server_identity *identity;
    const char *merchant_keys;         /* directory: PROVIDER.key each */
    const char *revocations;           /* file; NULL: none are looked for */
    const struct sign_public *revoker; /* who may sign it */
    uint32_t environment;              /* of sessions and of the list */
    struct store *store;               /* for the terminals of the catalogue */
    uint32_t reader;                   /* which of its readers the thread is */
    struct guard *guard;
    struct counters *counters;
    uint32_t loop_count;
    uint16_t idle_s;     /* what ACCEPT says of it */
    uint32_t per_minute; /* the server's own budget, where the terminal has none */
    /* Called from the thread: something is done for the loop, or a key was revoked. */
    void (*wake)(void *context, uint32_t loop);
    void *context;
};

struct handshakes;

/* Refuses to begin with a list of revocations that cannot be read: a server that does not know
 * which terminals were stolen must not serve them. */
MUST_USE bool handshakes_open(struct handshakes **out, const struct handshakes_settings *settings,
                              struct fault *fault);
MUST_USE bool handshakes_start(struct handshakes *handshakes, struct fault *fault);

/* The store has another edition for the thread. */
void handshakes_wake(struct handshakes *handshakes);

/* Whether a HELLO waits now. */
enum submitted {
    SUBMITTED,
    SUBMITTED_FULL,    /* as many wait as may */
    SUBMITTED_CROWDED, /* there is a crowd, and its source has its share */
};

/* From loops; all three take a lock, so not on the way of a check. Take: false when nothing is done
 * for the loop. */
MUST_USE enum submitted handshakes_submit(struct handshakes *handshakes,
                                          const struct handshake_asked *asked);
MUST_USE bool handshakes_take(struct handshakes *handshakes, uint32_t loop,
                              struct handshake_done *out);
bool handshakes_has_revoked(struct handshakes *handshakes,
                            const uint8_t terminal_key[static NOISE_KEY_SIZE]);

/* Rises whenever the list of revoked keys has changed. */
uint32_t handshakes_revocation_count(const struct handshakes *handshakes);

/* Ends the thread; no loop uses it any more. The store may still wake it. NULL: nothing. */
void handshakes_end(struct handshakes *handshakes);

/* Ends the thread if it runs, and frees all: nobody wakes it any more. NULL: nothing. */
void handshakes_close(struct handshakes *handshakes);

#endif
