/* libelig: ask an eligibility engine from a validator, a card reader or a till.
 *
 * Public header; nothing else of this project is needed beside it, and of others libsodium. One
 * connection is used by one thread at a time. No call prints, keeps global state or installs signal
 * handlers. */
#ifndef ELIG_H
#define ELIG_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ELIG_FRAME_SIZE          64
#define ELIG_IDENTIFIER_SIZE_MAX 24

/* The identifier of means ELIG_CARD that is sent when nobody is identified. */
#define ELIG_ANYBODY "ANYBODY"

/* Of a response: which relief it is, is not told there; several reliefs with different splits. */
#define ELIG_RELIEF_UNTOLD 0xffffffffu
#define ELIG_SPLIT_SEVERAL 65535u

enum elig_means { ELIG_PERSONAL_CODE = 1, ELIG_EID = 2, ELIG_ETALONS = 3, ELIG_CARD = 4 };
enum elig_kind {
    ELIG_CHECK = 1,
    ELIG_PING = 2,
    ELIG_STATUS = 3, /* of the server; or of a transaction, with a target_id */
    /* transactions, see below */
    ELIG_USE = 4,
    ELIG_RESERVE = 5,
    ELIG_CONFIRM = 6,
    ELIG_CANCEL = 7,
    ELIG_REFUND = 8,
    ELIG_LATE = 9
};
enum elig_entry { ELIG_UNSTATED = 0, ELIG_CHIP, ELIG_CONTACTLESS, ELIG_OPTICAL, ELIG_TYPED };

/* Status numbers are those of PROTOCOL.md; these are the ones that a till acts on. */
enum elig_status {
    ELIG_OK = 0,
    ELIG_DRAINING = 201,
    ELIG_BUSY = 202,
    ELIG_NOT_READY = 203,
    ELIG_NOT_PERMITTED = 204,
    ELIG_UNKNOWN_PRODUCT = 301,
    ELIG_UNKNOWN_POINT_OF_SALE = 302,
    ELIG_OUTSIDE_WINDOW = 303,
    ELIG_NO_CONTRACT = 304,
    ELIG_APPLIES = 310,
    ELIG_NO_DATA = 311,
    ELIG_DOES_NOT_APPLY = 312,
    ELIG_NO_LEDGER = 401,
    ELIG_CONFLICT = 402,
    ELIG_UNKNOWN_TRANSACTION = 403,
    ELIG_EXCEEDS = 404,
    ELIG_LIMIT_REACHED = 410,
    ELIG_TOO_SOON = 411,
    ELIG_BUDGET_SPENT = 412,
    ELIG_TOO_MANY_HELD = 413,
    ELIG_RESERVED = 420,
    ELIG_CONFIRMED = 421,
    ELIG_OVER_LIMIT = 422,
    ELIG_CANCELLED = 423,
    ELIG_EXPIRED = 424,
    ELIG_REFUNDED = 425
};

/* A RESERVE holds for so many times ten seconds at most. */
#define ELIG_HOLD_10S_MAX 90

struct elig_request {
    uint8_t kind;                                  /* enum elig_kind */
    uint8_t means;                                 /* enum elig_means; 0 unless a purchase */
    uint8_t entry;                                 /* enum elig_entry */
    uint8_t companions;                            /* at most quantity - 1 of them count */
    uint16_t quantity;                             /* 1..10000 in purchases, theirs too; of CONFIRM
                                                      and REFUND units, 0: all; 0 else */
    char identifier[ELIG_IDENTIFIER_SIZE_MAX + 1]; /* canonical, with NUL; see elig_normalise */
    uint8_t hold_10s;                              /* of RESERVE, 1..ELIG_HOLD_10S_MAX; 0 else */
    uint32_t product; /* unless a purchase: terminal of the target, 0: this one's own */
    uint32_t point_of_sale;
    uint32_t unit_price;     /* 1/10000 EUR; of REFUND an amount to give back, 0: not by amount */
    uint32_t service_time_s; /* seconds since 1970 UTC; 0: now, but not in LATE */
    uint64_t request_id;     /* not 0; a terminal never has two requests under one */
    uint64_t target_id;      /* of CONFIRM, CANCEL, REFUND, and STATUS of a transaction: the
                                request_id of the purchase spoken of; 0 else */
};

struct elig_response {
    uint8_t kind;
    uint16_t status, split, remaining;
    uint64_t request_id, ledger_sequence, generation;
    uint64_t relief_amount, payable; /* 1/10000 EUR */
    uint32_t relief;
    uint32_t valid_until_s; /* 0: not told */
    uint32_t server_time_s;
    uint16_t stale_h, wait_ms;
};

struct elig_report {
    uint16_t status;
    uint64_t request_id, check_count, generation, identifier_count, person_count;
    uint32_t uptime_s, connection_count, server_time_s;
    uint16_t stale_h, wait_ms;
};

/* Errors of the calls below; 0 is success. elig_error_text has a sentence for each. */
enum elig_error {
    ELIG_FINE = 0,
    ELIG_BAD_ARGUMENT = -1,   /* a field is out of range */
    ELIG_BAD_IDENTIFIER = -2, /* no canonical form */
    ELIG_NO_ADDRESS = -3,     /* address not understood */
    ELIG_NO_CONNECTION = -4,  /* could not connect, or the connection broke */
    ELIG_TIMEOUT = -5,
    ELIG_BAD_ANSWER = -6, /* what came back is not this protocol, or not an answer to this */
    ELIG_NO_MEMORY = -7,
    ELIG_NOT_LOCAL = -8,  /* an address of another machine, and frames are plain */
    ELIG_NO_SESSION = -9, /* not accepted yet, or over */
    ELIG_IN_FLIGHT = -10, /* as many requests are unanswered as the server allows: take answers */
    ELIG_NO_RANDOMNESS = -11,
    ELIG_NO_ROOM = -12,      /* the server is busy for longer than the timeout: elig_wait_ms */
    ELIG_NOT_ACCEPTED = -13, /* the server wants no session with this terminal, or has other keys */
    ELIG_NO_COUNTER = -14    /* the counter of handshakes cannot be read or stored */
};

/* Frames: bytes in, bytes out, no I/O. */
int elig_encode_request(uint8_t frame[ELIG_FRAME_SIZE], const struct elig_request *request);
int elig_decode_request(struct elig_request *out, const uint8_t frame[ELIG_FRAME_SIZE]);
int elig_decode_response(struct elig_response *out, const uint8_t frame[ELIG_FRAME_SIZE]);
int elig_decode_report(struct elig_report *out, const uint8_t frame[ELIG_FRAME_SIZE]);

/* The canonical form of what was read or typed, into `out` with a NUL. */
int elig_normalise(char out[ELIG_IDENTIFIER_SIZE_MAX + 1], uint8_t means, const char *text);

/* A connection to "127.0.0.1:7447", "[::1]:7447" or "unix:/run/elig/eligd.sock"; names are not
 * looked up, and frames, being plain, go to loopback addresses only. `timeout_ms`, at least 1,
 * bounds connecting and each answer. The caller closes it; closing NULL does nothing. */
struct elig;
int elig_connect(struct elig **out, const char *address, uint32_t timeout_ms);
void elig_close(struct elig *elig);

/* Sends one request and waits for its answer: for all kinds but a STATUS of the server. After an
 * error other than ELIG_BAD_ARGUMENT and ELIG_BAD_IDENTIFIER a plain connection is of no more use:
 * close it, connect again and ask again. Servers close connections that are silent for some
 * minutes, so the first question after a quiet time may end so. A sealed one connects again by
 * itself. */
int elig_ask(struct elig *elig, const struct elig_request *request, struct elig_response *out);
/* The same for many, sent without waiting for each other: responses[i] answers requests[i]. After
 * an error the first `answered` have their answers (NULL: not wanted); that one request is wrong is
 * found before any is sent. The timeout bounds each answer, not all of them together. */
int elig_ask_many(struct elig *elig, const struct elig_request requests[], size_t count,
                  struct elig_response responses[], size_t *answered);
/* STATUS of the server. A server that refuses answers with a status that is not ELIG_OK; beside it
 * only request_id, generation, server_time_s, stale_h and wait_ms are set then. */
int elig_ask_status(struct elig *elig, uint64_t request_id, struct elig_report *out);

/* ---- Transactions: PROTOCOL.md, "Transactions" ----
 *
 * What is bought is named by the terminal and its request_id, for ever. Sent twice it is done once,
 * so a terminal stores each request before it sends it (the struct as it is, or its frame), sends
 * the same again until it is answered, and never has a new id for the same sale:
 *
 *     sale = check;  sale.kind = ELIG_USE;  sale.request_id = next_id();       at a gate; or
 *     sale = check;  sale.kind = ELIG_RESERVE;  sale.hold_10s = 30;            at a till
 *     store(&sale);
 *     while (elig_transact(elig, &sale, &answer) != ELIG_FINE)
 *         wait, and when it takes too long: sell as if offline, and go on asking behind it;
 *     forget(&sale);                                                      answer says what stands
 *     paid = elig_about(ELIG_CONFIRM, next_id(), sale.request_id);        store, send, forget alike
 *
 * A CANCEL is sent also when it is not known whether its RESERVE has arrived; one that arrives
 * later is answered ELIG_CANCELLED. What was given while nobody could be asked is an ELIG_LATE with
 * its service_time_s. */

/* CONFIRM, CANCEL, REFUND and STATUS of the purchase `target_id` of this terminal, as a whole. For
 * a part set quantity, or of a REFUND unit_price; for another terminal's purchase product. */
struct elig_request elig_about(uint8_t kind, uint64_t request_id, uint64_t target_id);

/* Sends one request and goes on until it has an answer that stays: BUSY and NOT_READY are waited
 * out, and a sealed connection connects again by itself, always with the same request_id. Gives up
 * after the timeout, at most twice as long. An error (other than ELIG_BAD_ARGUMENT and
 * ELIG_BAD_IDENTIFIER) means that it is not known whether it was done: send the same again, after
 * connecting again when the connection is plain. */
int elig_transact(struct elig *elig, const struct elig_request *request, struct elig_response *out);

/* 1: the request has its answer, and may be forgotten. 0: DRAINING, BUSY or NOT_READY: nothing was
 * done, or it is not known; send the same again. (NOT_PERMITTED and ELIG_UNKNOWN_PRODUCT to
 * ELIG_NO_CONTRACT say that nothing is recorded under this request_id.) */
int elig_is_final(const struct elig_response *response);

/* ---- Sealed sessions with a server on another machine: PROTOCOL.md, "Sealed sessions" ----
 *
 * Bytes in, bytes out: no I/O, no clock, no memory, no randomness of its own, so it fits under any
 * event loop. All that a session needs is in one struct of a fixed size; close it when done.
 *
 *     elig_session_open(&session, &settings);
 *     elig_session_start(&session, &fresh, hello);          connect, send the 144 bytes of hello
 *     for each piece received, until none of it is left:
 *         taken = elig_session_take(&session, piece, size, &event);
 *         event.kind says what there is: accepted, frames, busy with a wait, over with a cause
 *     elig_session_put(&session, frames, count, room, room_size, &record_size);        send record
 *     when elig_session_is_due(&session, now_ms): let the answers come, connect again, start again
 */
#define ELIG_KEY_SIZE        32
#define ELIG_FRAMES_MAX      255 /* in a record */
#define ELIG_HELLO_SIZE      144
#define ELIG_RECORD_SIZE_MAX 16340 /* 255 frames; a record of n frames has 20 + 64 * n bytes */
#define ELIG_SESSION_SIZE    17408

/* What a terminal is given when it is set up. */
struct elig_session_settings {
    uint8_t terminal_secret[ELIG_KEY_SIZE];    /* X25519; the server knows its public half */
    uint8_t server_public[ELIG_KEY_SIZE];      /* the key that servers have now */
    uint8_t server_public_next[ELIG_KEY_SIZE]; /* the one they change to; zeros: not told yet */
    uint8_t psk[ELIG_KEY_SIZE];                /* the merchant's secret */
    uint32_t environment; /* of the server: 0 production, anything else a test */
    uint32_t terminal_id; /* not 0 */
    uint32_t firmware;    /* version of what runs here, for the operator */
    uint8_t is_padded; /* 1: records are padded to few sizes, so that they do not tell how much is
                          asked; 0: they are not */
};

/* What is new each time. */
struct elig_session_fresh {
    uint8_t random[ELIG_KEY_SIZE]; /* from the system's source of randomness; never used twice */
    uint64_t counter; /* greater than ever before for this terminal: stored before it is used */
    uint64_t now_ms;  /* of a clock that never goes back */
    uint64_t time_ms; /* since 1970 UTC; 0: this terminal does not know */
};

/* What the server says at the beginning. */
struct elig_session_terms {
    uint64_t time_ms; /* the server's clock, since 1970 UTC */
    uint64_t generation;
    uint64_t session_id; /* for logs of both sides */
    uint16_t frames_max; /* in a record */
    uint16_t in_flight_max;
    uint32_t identifiers_per_min; /* 0: not told */
    uint32_t records_max;
    uint16_t idle_s;
    uint8_t is_draining; /* this server is about to stop: connect elsewhere soon */
};

enum elig_event_kind {
    ELIG_EVENT_NONE = 0, /* more bytes are wanted */
    ELIG_EVENT_ACCEPTED, /* terms */
    ELIG_EVENT_FRAMES,   /* frames, frame_count */
    ELIG_EVENT_BUSY,     /* wait_ms; the session is over, close and come back after the wait */
    ELIG_EVENT_OVER      /* cause; close the connection without a word */
};

/* Why a session is over. */
enum elig_cause {
    ELIG_CAUSE_NONE = 0,      /* it is not, or never started */
    ELIG_CAUSE_BUSY = 1,      /* the server has no room now */
    ELIG_CAUSE_RECORD = 2,    /* no record of this version, or not at this time */
    ELIG_CAUSE_SEAL = 3,      /* a seal does not fit: another server, key, psk or environment; or
                                 bytes were changed, repeated or lost on the way */
    ELIG_CAUSE_TERMS = 4,     /* what the server says of itself makes no sense */
    ELIG_CAUSE_FRAMES = 5,    /* frames that were not asked for, or behind padding */
    ELIG_CAUSE_SPENT = 6,     /* as many records as a session may have */
    ELIG_CAUSE_SERVER_KEY = 7 /* the server's public key in the settings is none */
};

struct elig_event {
    int kind;                        /* enum elig_event_kind */
    int cause;                       /* enum elig_cause */
    uint32_t wait_ms;                /* with its random part */
    const uint8_t *frames;           /* whole answers, in order, without padding; until the next
                                        call with the same struct */
    size_t frame_count;              /* how many; never 0 with ELIG_EVENT_FRAMES */
    struct elig_session_terms terms; /* of ELIG_EVENT_ACCEPTED; zeros otherwise */
};

/* Nothing in it is for anybody to read or copy: two copies would seal under one nonce. */
struct elig_session {
    uint64_t inside[ELIG_SESSION_SIZE / 8];
};

enum elig_session_state {
    ELIG_SESSION_CLOSED = 0, /* all zeros: not opened, or closed */
    ELIG_SESSION_START,
    ELIG_SESSION_HELLO_SENT,
    ELIG_SESSION_OPEN,
    ELIG_SESSION_OVER
};

/* Takes a copy of the settings: wipe yours. ELIG_BAD_ARGUMENT: terminal id 0, is_padded neither
 * 0 nor 1, or a secret, psk or server key of zeros. */
int elig_session_open(struct elig_session *session, const struct elig_session_settings *settings);

/* The first bytes of a new connection. A session may start as often as it is wanted, in any state;
 * what was under way is forgotten. */
int elig_session_start(struct elig_session *session, const struct elig_session_fresh *fresh,
                       uint8_t hello[ELIG_HELLO_SIZE]);

/* Takes received bytes up to the end of one record and says what they brought; returns how many it
 * took, at least one when there is one. Call again with the rest: nothing is left out or kept back.
 * A session that is over takes all and says so again. */
size_t elig_session_take(struct elig_session *session, const uint8_t *bytes, size_t size,
                         struct elig_event *event);

/* Seals requests into one record: 1 to terms.frames_max frames of 64 bytes each. Its answer is one
 * record with as many frames in the same order. `room` and `frames` may overlap in any way. After
 * an error nothing was sealed and answers under way still come: ELIG_NO_SESSION when the session is
 * not open or out of records, ELIG_IN_FLIGHT, and ELIG_BAD_ARGUMENT for a wrong count, too little
 * room or a frame of zeros. */
int elig_session_put(struct elig_session *session, const uint8_t *frames, size_t frame_count,
                     uint8_t *room, size_t room_size, size_t *record_size);

/* Room that elig_session_put wants for so many frames, padding included; 0: it would not take them.
 */
size_t elig_session_record_size(const struct elig_session *session, size_t frame_count);

/* 1 when it is time for a new session: nearly an hour old, or nearly out of records. */
int elig_session_is_due(const struct elig_session *session, uint64_t now_ms);

/* For a server that closes without an ACCEPT, as one does that no longer has the key it is asked
 * by: the other one of the two keys from the next start on. ELIG_BAD_ARGUMENT: there is no other.
 */
int elig_session_use_next_key(struct elig_session *session);

int elig_session_state(const struct elig_session *session); /* enum elig_session_state */
int elig_session_cause(const struct elig_session *session); /* enum elig_cause */
const char *elig_cause_text(int cause);

/* Frames sent and not yet answered, padding counted. */
size_t elig_session_in_flight(const struct elig_session *session);

/* Wipes it. */
void elig_session_close(struct elig_session *session);

/* ---- The same, done for you: a sealed connection for the blocking calls above ---- */

/* Where the number is kept that rises with each handshake, for ever: a server refuses one that does
 * not. Either `path`, or both functions. Store it where neither a loss of power nor an update of
 * the firmware takes it away. */
struct elig_counter {
    const char *path; /* a small file, no symbolic link, made when it is not there; several
                         processes may share it */
    int (*load)(void *context, uint64_t *counter); /* the last one that was stored, 0 when none was;
                                                      returns 0, or else it could not */
    int (*store)(void *context, uint64_t counter); /* returns 0 once it would outlive a loss of
                                                      power, or else it could not */
    void *context;
};

/* A sealed connection to a numeric address of any machine, for elig_ask, elig_ask_many and
 * elig_ask_status; elig_close ends it. Takes copies of settings and counter: wipe your secrets.
 *
 * Nothing is sent yet: the first question connects. So does every one that finds no session,
 * because the connection broke, the session came to its end, or the server stops or changed to its
 * next key; requests that were not answered are then sent again under the same request id, within
 * the timeout. So a server may be asked the same thing under the same id twice, and the caller gets
 * one answer to each. A CHECK changes nothing; a transaction is known by terminal and request id,
 * and not done twice either. After an error the connection is of use again, other than a plain one:
 * ask again, a request that stayed without an answer under its id.
 *
 * A busy server is left alone for as long as it says. When that is longer than the timeout, calls
 * return ELIG_NO_ROOM at once, until elig_wait_ms have passed. */
int elig_open_sealed(struct elig **out, const char *address,
                     const struct elig_session_settings *settings,
                     const struct elig_counter *counter, uint32_t timeout_ms);

/* For so long from now on the server is left alone; 0: it is not, or the connection is plain. */
uint32_t elig_wait_ms(const struct elig *elig);

/* More about the last error of a sealed connection, for a technician: what the counter's file
 * lacks, why a session ended. "" when there is no more to say. Until the next call. */
const char *elig_trouble(const struct elig *elig);

const char *elig_status_text(uint16_t status);
const char *elig_status_name(uint16_t status);
const char *elig_error_text(int error);

#ifdef __cplusplus
}
#endif

#endif
