/* The server's end of a sealed stream, between its handshake and its end: records in, records out.
 * No sockets, no clock, no state but the session's. */
#ifndef ENGINE_SEALED_H
#define ENGINE_SEALED_H

#include "engine/answer.h"
#include "protocol/record.h"

/* What a connection is as long as it is sealed. Secret. */
struct sealed {
    struct noise_cipher receive, send;
    uint8_t terminal_key[NOISE_KEY_SIZE];
    uint32_t terminal_number, guard_slot;
    const struct terminal *terminal; /* its row in the edition of `epoch`; NULL: has none there */
    uint32_t epoch;                  /* which edition it was last looked up in */
    bool is_confirmed;               /* a record was opened: whoever sent the HELLO has the keys */
};

/* Why a sealed stream ends. All but the first two are closed without a word. */
enum sealed_end {
    SEALED_GOES_ON = 0,
    SEALED_IS_OVER, /* it was the last record that a session has */
    SEALED_BAD_TYPE,
    SEALED_BAD_VERSION,
    SEALED_BAD_SIZE,
    SEALED_UNOPENED, /* forged, replayed, out of order, of another session */
    SEALED_BAD_PADDING,
};

struct sealed_step {
    size_t taken_size;  /* of `in`: whole records, opened now */
    size_t answer_size; /* of `out` */
    size_t frame_count; /* padding not counted */
    enum sealed_end end;
};

/* Takes every whole record of `in` (answer_take); each is answered by one record of as many frames:
 * `out` has room for `size` bytes, or is `in`. A beginning of a record is left where it is, once
 * its header is known to be good. */
void sealed_take(struct sealed_step *out_step, struct sealed *session, struct answerer *answerer,
                 const struct moment *moment, uint8_t *out, uint8_t *in, size_t size);

/* Seals the records that stand in `out`: all answers are there. */
void sealed_seal(struct sealed *session, uint8_t *out, size_t size);

#endif
