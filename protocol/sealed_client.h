/* The blocking client's side of sealed sessions: connects, shakes hands, asks, and does all of it
 * again when a connection breaks or a session is due. elig.h tells users; errors are its own. */
#ifndef PROTOCOL_SEALED_CLIENT_H
#define PROTOCOL_SEALED_CLIENT_H

#include "protocol/address.h"
#include "protocol/elig.h"

struct sealed_client;

/* Questions in order, and how many of them have their answer: answers come in that order. Requests
 * must be fit to be encoded. */
struct sealed_batch {
    const struct elig_request *requests;
    size_t count, answered;
    /* The answer to requests[place], which names the same kind and id; false: it makes no sense. */
    bool (*take)(void *context, size_t place, const uint8_t frame[static ELIG_FRAME_SIZE]);
    void *context;
};

/* Takes copies of all. Nothing is sent yet. */
int sealed_client_open(struct sealed_client **out, const struct address *to,
                       const struct elig_session_settings *settings,
                       const struct elig_counter *counter);
void sealed_client_close(struct sealed_client *client);

/* Until every request is answered. `timeout_ms` bounds the time without any answer. After an error
 * `answered` says how many are, and the same call may go on with the rest. */
int sealed_client_ask(struct sealed_client *client, struct sealed_batch *batch,
                      uint32_t timeout_ms);

/* How long it will leave the server alone from now on. */
uint32_t sealed_client_wait_ms(const struct sealed_client *client);

/* What was behind the last error; "" when there is no more to say than the error itself. */
const char *sealed_client_trouble(const struct sealed_client *client);

#endif
