/* What is inside a struct elig_session: for session.c and its tests. elig.h says how it is used. */
#ifndef PROTOCOL_SESSION_H
#define PROTOCOL_SESSION_H

#include "protocol/elig.h"
#include "protocol/record.h"

/* A new session is due so long before the old one has to end, and when a sixteenth of its records
 * is left: what is under way still gets its answers. */
#define SESSION_DUE_MS            (SESSION_MS_MAX - 60000)
#define SESSION_DUE_RECORDS_SHARE 16

/* may_alias: callers declare the same memory as a struct elig_session. */
struct __attribute__((may_alias)) session {
    /* settings */
    struct noise_keys terminal;
    struct server_name servers[2]; /* the key of now, the one of next */
    bool has_next;
    uint8_t psk[NOISE_KEY_SIZE];
    uint32_t environment;
    uint32_t terminal_id, firmware;
    bool is_padded;

    /* of this start */
    size_t server_index;
    enum elig_session_state state;
    enum elig_cause cause;
    struct noise_handshake handshake;  /* HELLO_SENT */
    struct noise_cipher send, receive; /* OPEN */
    struct accept terms;               /* OPEN */
    uint64_t started_ms;
    uint32_t random; /* public: spreads the waits after a BUSY */
    size_t in_flight;

    /* the record that is arriving, and then the frames of its answer */
    size_t have_size;
    uint8_t record[RECORD_SIZE_MAX];
};
static_assert(sizeof(struct session) <= ELIG_SESSION_SIZE, "a session fits what elig.h reserves");
static_assert(_Alignof(struct session) <= _Alignof(struct elig_session), "and is aligned there");

#endif
